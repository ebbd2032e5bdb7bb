//! Exports to lake, in two passes: `split` checks, pseudonymises and sorts rows into buckets; `settle` makes each bucket's tables; `finish`
//! closes the counts and puts the new lake in the old one's place.

mod agreed;
mod audit;
mod blocks;
pub mod bytes;
pub mod case_no;
mod cast;
mod check;
mod contradicted;
mod csv;
pub mod discover;
mod finish;
mod held;
mod identities;
mod identity;
pub mod identity_no;
mod json;
mod layout;
mod linking;
mod links;
mod loaded;
pub mod mapping;
mod maps;
mod merge;
mod moves;
mod parquet;
mod people;
mod place;
mod plan;
mod ranges;
pub mod reader;
mod record;
mod references;
mod rehearsal;
pub mod reject;
mod retention;
mod rows;
mod settle;
mod settled;
mod split;
mod state;
mod stored;
pub mod suggest;
mod tally;
mod told;
mod values;
mod waiting;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use finish::{Retained, finish, recover, rejects_file};
pub use linking::Linking;
pub use ranges::RANGE_BYTES;
pub use settle::{BucketOutcome, Settled, TableOutcome, settle};
pub use split::Split;
pub use tally::FileCounts;
pub use waiting::waiting_since;

use crate::bucket::check_buckets;
use crate::columns::{Columns, Day};
use crate::error::Result;
use crate::schema::{Codes, Retention, Schema};
use crate::store::atomic;
use crate::store::key::PseudonymKey;
use crate::store::lake::LakeInfo;
use crate::store::manifest::InputEntry;
use crate::store::paths::Work;
use crate::store::seal::{Encrypt, Seal};

/// What an ingest needs to know. The same request serves every process that takes part.
#[derive(Clone, Debug)]
pub struct Request {
    /// The work folder.
    pub work: Work,
    /// The folder of exports.
    pub input: PathBuf,
    /// The tables.
    pub schema: Schema,
    /// The code lists.
    pub codes: Codes,
    /// The mapping of each table; a table without one already uses the catalog's names.
    pub sources: BTreeMap<String, mapping::Mapping>,
    /// The deployment's key.
    pub key: PseudonymKey,
    /// How much is encrypted; `lake.json` says so.
    pub encrypt: Encrypt,
    /// With which keys the lake's files are written and opened, those of the staging folder too.
    pub seal: Seal,
    /// With which key the vault is written; it always is encrypted.
    pub vault: Seal,
    /// The as-of day.
    pub as_of: Day,
    /// Bucket count, a power of two.
    pub buckets: u32,
    /// Share of a table's rows that may be rejected; 20 rows always may.
    pub max_reject_share: f64,
    /// Days after which a waiting row is reported.
    pub max_wait_days: i32,
    /// How debtors without a number are linked; `None` leaves each under his source's key.
    pub linking: Option<Linking>,
    /// How long facts stay, and whether those whose period is over leave.
    pub retention: Retention,
    /// Bytes of a bucket's records that are settled at once: [`RANGE_BYTES`], or fewer where memory is short. It changes no byte of what is written.
    pub range_bytes: u64,
}

impl Request {
    /// Whether warnings may quote what they are about: they are kept beside the lake and in manifests, in the clear.
    fn may_quote(&self) -> bool {
        self.encrypt != Encrypt::All
    }
}

/// What happens during the first pass, for those who show progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A file is being read.
    FileStarted {
        /// Its table.
        table: String,
        /// Its name below the input folder.
        file: String,
    },
    /// A file was read.
    FileRead {
        /// Its table.
        table: String,
        /// Its name below the input folder.
        file: String,
        /// Rows, good and bad.
        rows: u64,
        /// Rows that broke a rule.
        rejected: u64,
    },
    /// Something to look at.
    Warned(String),
}

/// What a finished ingest did.
#[derive(Clone, Debug)]
pub struct IngestReport {
    /// What became of each file's rows.
    pub files: Vec<FileCounts>,
    /// The same by table; tables without a file are there with zeros.
    pub tables: BTreeMap<String, FileCounts>,
    /// The input files with their hashes, for the manifest.
    pub inputs: Vec<InputEntry>,
    /// Files of the input folder that belong to no table.
    pub ignored: Vec<String>,
    /// What should be looked at, a line each.
    pub warnings: Vec<String>,
    /// The table `rejects`: table, source, file, line, column, rule, found (masked), expected.
    pub rejects: Columns,
    /// Keys of the lake that tonight's full exports no longer have, by table.
    pub absent: BTreeMap<String, u64>,
    /// The new lake.
    pub lake: LakeInfo,
    /// What left it, or would.
    pub retention: Retained,
}

/// What [`check`] found; nothing was written.
#[derive(Clone, Debug)]
pub struct CheckReport {
    /// What would become of each file's rows.
    pub files: Vec<FileCounts>,
    /// The same by table.
    pub tables: BTreeMap<String, FileCounts>,
    /// The input files with their hashes.
    pub inputs: Vec<InputEntry>,
    /// Files of the input folder that belong to no table.
    pub ignored: Vec<String>,
    /// What should be looked at, a line each.
    pub warnings: Vec<String>,
    /// The table `rejects`.
    pub rejects: Columns,
    /// The newest day, up to the as-of, on which a row read was known, by table.
    pub newest: BTreeMap<String, Day>,
}

/// Reads all input and says what an ingest would do with it; writes nothing. Rejects over the limit are reported, not refused.
pub fn check(request: &Request, events: &mut dyn FnMut(Event)) -> Result<CheckReport> {
    check_buckets(request.buckets)?;
    let lenient = Request { max_reject_share: 1.0, ..request.clone() };
    let (mut split, rejects) = split::run(&lenient, None, events)?;
    for file in &mut split.files {
        file.loaded = file.read - file.rejected - file.waiting - file.duplicates - file.expired;
    }
    Ok(CheckReport {
        tables: tally::by_table(&split.files),
        files: split.files,
        inputs: split.inputs,
        ignored: split.ignored,
        warnings: split.warnings,
        newest: split.newest,
        rejects: rejects.sorted_by(&["table", "file", "line", "column", "rule"])?,
    })
}

/// The first pass, into a new staging folder, which it returns. The caller holds the work folder's lock and has called [`recover`].
pub fn split(request: &Request, events: &mut dyn FnMut(Event)) -> Result<(PathBuf, Split)> {
    check_buckets(request.buckets)?;
    let staging = request.work.staging(std::process::id());
    atomic::remove_dir(&staging)?;
    atomic::create_dir(&staging)?;
    match split::run(request, Some(&staging), events) {
        Ok((split, _)) => Ok((staging, split)),
        Err(error) => {
            discard(&staging)?;
            Err(error)
        }
    }
}

/// Removes a staging folder whose ingest is given up. One whose swap has begun is left for [`recover`]: it may hold the only lake.
pub fn discard(staging: &Path) -> Result<()> {
    if finish::is_ready(staging) { Ok(()) } else { atomic::remove_dir(staging) }
}

/// A whole ingest in this process: recover, split, settle every bucket, finish.
pub fn ingest(request: &Request, events: &mut dyn FnMut(Event)) -> Result<IngestReport> {
    recover(&request.work)?;
    let (staging, split) = split(request, events)?;
    let settled: Result<()> = (0..split.buckets).try_for_each(|bucket| settle(request, &staging, bucket).map(|_| ()));
    match settled.and_then(|()| finish(request, &staging)) {
        Ok(report) => Ok(report),
        Err(error) => {
            discard(&staging)?;
            Err(error)
        }
    }
}

/// The layout of every table, in the order of the catalog.
fn layouts(request: &Request) -> Result<Vec<layout::Layout>> {
    request.schema.tables.values().map(layout::Layout::of).collect()
}
