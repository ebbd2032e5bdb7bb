//! The second pass: one bucket's rows become its lake tables.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::held::Held;
use super::identity::Identity;
use super::merge::Merge;
use super::ranges::Fresh;
use super::reject::Reject;
use super::split::{self, Split};
use super::{Request, audit, identities, layouts};
use crate::columns::{Columns, Day};
use crate::error::{Error, Result};
use crate::store::seal::Seal;
use crate::store::{atomic, parquet, text};

/// What became of one file's rows in one bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// Source rows counted here that are in the lake.
    pub loaded: u64,
    /// Of those, the rows that the lake held before.
    pub unchanged: u64,
    /// Rows exactly equal to one of those.
    pub duplicates: u64,
    /// Rows that contradict each other.
    pub conflicts: u64,
    /// Rows whose period of retention is over.
    pub expired: u64,
}

impl Settled {
    pub(super) fn add(&mut self, other: &Settled) {
        self.loaded += other.loaded;
        self.unchanged += other.unchanged;
        self.duplicates += other.duplicates;
        self.conflicts += other.conflicts;
        self.expired += other.expired;
    }
}

/// What one table of one bucket holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableOutcome {
    /// Rows stored, copies for every party included.
    pub stored: u64,
    /// Source rows counted here.
    pub rows: u64,
    /// Sum of their hashes: 32 hex digits, to be added up over buckets in any order.
    pub sum: String,
    /// Source rows counted here before tonight.
    pub before: u64,
    /// Of those, the rows that are gone: contradicted, or replaced by the export of the same day.
    pub retired: u64,
    /// Of those, the rows that are to be counted elsewhere from tonight on.
    pub left: u64,
    /// Of those, the contradicted ones.
    pub contradicted: u64,
    /// Rows of the lake counted here that were counted elsewhere.
    pub moved: u64,
    /// Rows of the lake that were counted elsewhere and say here what another one said.
    pub met: u64,
    /// Rows of keys that a full export no longer has.
    pub absent: u64,
    /// Rows without a key of tonight's files that say what one of an earlier export said.
    pub again: u64,
    /// Of those, the keys retracted for it: each gives a void version.
    pub retracted: u64,
    /// Rows of the lake that left because their period of retention is over; those counted here before are among `retired`.
    pub expired: u64,
    /// Rows that would leave, were retention applied.
    pub due: u64,
    /// The first day whose ratings read none of the rows that left, or that were not loaded for it.
    pub exact_from: Option<Day>,
}

/// What the second pass did in one bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketOutcome {
    /// The bucket; the bucket count itself stands for the tables kept whole.
    pub bucket: u32,
    /// By position in [`Split::files`].
    pub files: BTreeMap<u32, Settled>,
    /// By table.
    pub tables: BTreeMap<String, TableOutcome>,
}

/// Settles one bucket from what the first pass left in the staging folder. May run in another process; running it twice gives one result.
pub fn settle(request: &Request, staging: &Path, bucket: u32) -> Result<BucketOutcome> {
    let split = split::load(staging, &request.seal)?;
    if bucket >= split.buckets {
        return Err(Error::fault(format!("bucket {bucket} of {}", split.buckets)));
    }
    run(request, staging, &split, bucket)
}

/// Settles a bucket, or the whole tables where `bucket` is the bucket count.
pub(super) fn run(request: &Request, staging: &Path, split: &Split, bucket: u32) -> Result<BucketOutcome> {
    let whole = bucket == split.buckets;
    let (lake, identity) = (staging.join("lake"), Identity::new(&request.key));
    // Under another bucket count every row of the lake comes with tonight's.
    let held = if split.adds && (whole || !split.moves.all) { Held::open(request)? } else { None };
    let mut outcome = BucketOutcome { bucket, ..BucketOutcome::default() };
    let mut rejects = Vec::new();
    for layout in &layouts(request)? {
        if layout.bucketed() == whole {
            continue;
        }
        let place = (!whole).then_some(bucket);
        let folder = split::rows_folder(staging, &layout.name);
        let fresh = Fresh::of(&folder, place.unwrap_or_default(), &request.seal)?;
        let merge = Merge { request, split, layout, identity: &identity, held: held.as_ref(), lake: &lake, bucket: place };
        merge.run(&fresh, &mut outcome, &mut rejects)?;
        if !layout.identity.is_empty() {
            identities::settle(request, staging, split, layout, place.unwrap_or_default())?;
        }
    }
    if !whole {
        audit::settle(request, staging, split, bucket, &identity)?;
    }
    if !rejects.is_empty() {
        rejects.sort();
        parquet::write(&rejects_file(staging, bucket), &Reject::to_columns(&rejects), &request.seal)?;
    }
    let json = serde_json::to_string(&outcome).map_err(|e| Error::fault(format!("writing a bucket's outcome: {e}")))?;
    atomic::write_bytes(&outcome_file(staging, bucket), json.as_bytes())?;
    Ok(outcome)
}

fn outcome_file(staging: &Path, bucket: u32) -> PathBuf {
    staging.join("settled").join(format!("{bucket:03}.json"))
}

fn rejects_file(staging: &Path, bucket: u32) -> PathBuf {
    staging.join("settled").join(format!("{bucket:03}.rejects.parquet"))
}

/// A settled bucket's outcome and its conflicts; `None` where it was not settled.
pub(super) fn load(staging: &Path, bucket: u32, seal: &Seal) -> Result<Option<(BucketOutcome, Option<Columns>)>> {
    let path = outcome_file(staging, bucket);
    if !path.exists() {
        return Ok(None);
    }
    let outcome =
        serde_json::from_str(&text::read_to_string(&path)?).map_err(|e| Error::fault(format!("reading {}: {e}", path.display())))?;
    Ok(Some((outcome, parquet::read_if_present(&rejects_file(staging, bucket), seal)?)))
}
