//! The second pass: one bucket's rows become its lake tables. Keys, versions and conflicts are settled here, and the canonical order made.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::layout::{Layout, added};
use super::record::{Builder, Header, Value, hex, records, staying};
use super::reject::{Reject, rule};
use super::split::{self, Split};
use super::{Request, identities, layouts};
use crate::columns::Columns;
use crate::error::{Error, Result};
use crate::store::seal::Seal;
use crate::store::{atomic, parquet, paths, spill, text};

/// What became of one file's rows in one bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// Source rows counted here that are in the lake.
    pub loaded: u64,
    /// Rows exactly equal to one of those.
    pub duplicates: u64,
    /// Rows that contradict each other.
    pub conflicts: u64,
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

/// A row that stays, with the key it gets in the lake.
struct Fact<'a> {
    header: Header,
    body: &'a [u8],
    row_id: String,
    case_no: Option<&'a str>,
}

/// Settles one bucket from what the first pass left in the staging folder. May run in another process; running it twice gives one result.
pub fn settle(request: &Request, staging: &Path, bucket: u32) -> Result<BucketOutcome> {
    let split = split::load(staging)?;
    if bucket >= split.buckets {
        return Err(Error::fault(format!("bucket {bucket} of {}", split.buckets)));
    }
    run(request, staging, &split, bucket)
}

/// Settles a bucket, or the whole tables where `bucket` is the bucket count.
pub(super) fn run(request: &Request, staging: &Path, split: &Split, bucket: u32) -> Result<BucketOutcome> {
    let whole = bucket == split.buckets;
    let lake = staging.join("lake");
    let mut outcome = BucketOutcome { bucket, ..BucketOutcome::default() };
    let mut rejects = Vec::new();
    for layout in layouts(request)?.iter().filter(|l| l.bucketed() != whole) {
        let bytes = spill::read(&split::rows_folder(staging, &layout.name), if whole { 0 } else { bucket as usize }, &request.seal)?;
        let mut rows = records(&bytes)?;
        rows.sort_unstable_by_key(|row| row.0);
        let facts = resolve(layout, &rows, split, &mut outcome, &mut rejects)?;
        if !facts.is_empty() {
            let path = if whole { paths::whole_file(&lake, &layout.name) } else { paths::bucket_file(&lake, &layout.name, bucket) };
            parquet::write(&path, &stored(layout, &facts)?, &request.seal)?;
        }
        if !whole && !layout.identity.is_empty() {
            identities::settle(staging, layout, bucket, &request.vault)?;
        }
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

/// Keys, versions and conflicts. `rows` are sorted by header: debtor, key, known_on, seen_on, content, file, line.
fn resolve<'a>(
    layout: &Layout,
    rows: &[(Header, &'a [u8])],
    split: &Split,
    outcome: &mut BucketOutcome,
    rejects: &mut Vec<Reject>,
) -> Result<Vec<Fact<'a>>> {
    let mut facts = Vec::new();
    let mut sum = 0u128;
    let mut counted = 0u64;
    let day = |h: &Header| (h.debtor, h.key, h.known_on, h.seen_on);
    for same_day in rows.chunk_by(|a, b| day(&a.0) == day(&b.0)) {
        let mut contents: Vec<&[(Header, &[u8])]> = same_day.chunk_by(|a, b| a.0.content == b.0.content).collect();
        let repeats = same_day[0].0.repeats;
        if contents.len() > 1 && !repeats {
            for (header, _) in same_day.iter().filter(|(h, _)| h.primary) {
                outcome.files.entry(header.file).or_default().conflicts += 1;
                rejects.push(conflict(layout, header.file, header.line, split));
            }
            continue;
        }
        contents.sort_by_key(|equal| (equal[0].0.void, equal[0].0.content));
        let mut ordinal = 0u32;
        for equal in contents {
            let stay = staying(equal);
            for (at, (header, body)) in equal.iter().enumerate() {
                let settled = outcome.files.entry(header.file).or_default();
                if !stay.contains(&at) {
                    settled.duplicates += u64::from(header.primary);
                    continue;
                }
                ordinal += 1;
                let ordinal = if repeats { ordinal } else { 0 };
                if header.primary {
                    settled.loaded += 1;
                    counted += 1;
                    sum = sum.wrapping_add(row_hash(header, ordinal));
                }
                facts.push(fact(layout, header, body, ordinal)?);
            }
        }
    }
    let order = |f: &Fact<'_>| (f.header.debtor, f.header.known_on, f.header.seen_on, f.header.content);
    facts.sort_unstable_by(|a, b| {
        let ids = |f: &Fact<'a>| (f.header.debtor, f.case_no);
        ids(a).cmp(&ids(b)).then_with(|| a.row_id.cmp(&b.row_id)).then_with(|| order(a).cmp(&order(b)))
    });
    outcome.tables.insert(layout.name.clone(), TableOutcome { stored: facts.len() as u64, rows: counted, sum: format!("{sum:032x}") });
    Ok(facts)
}

/// One source row in the order-free content of its table.
fn row_hash(header: &Header, ordinal: u32) -> u128 {
    let mut h = blake3::Hasher::new();
    h.update(&header.content);
    h.update(&ordinal.to_le_bytes());
    h.update(&header.seen_on.to_le_bytes());
    let mut cut = [0u8; 16];
    cut.copy_from_slice(&h.finalize().as_bytes()[..16]);
    u128::from_be_bytes(cut)
}

fn fact<'a>(layout: &Layout, header: &Header, body: &'a [u8], ordinal: u32) -> Result<Fact<'a>> {
    let row_id_at = layout.body_position(added::ROW_ID);
    let case_no_at = layout.body_position("case_no");
    let mut row_id = None;
    let mut case_no = None;
    let mut rest = body;
    for at in 0..=row_id_at.max(case_no_at).unwrap_or_default() {
        let value = Value::decode(&mut rest)?;
        if let Value::Text(text) = value {
            if Some(at) == row_id_at {
                row_id = Some(text.to_owned());
            } else if Some(at) == case_no_at {
                case_no = Some(text);
            }
        }
    }
    let made = || {
        if ordinal == 0 {
            return hex(&header.key)[..16].to_owned();
        }
        let mut h = blake3::Hasher::new();
        h.update(&header.key);
        h.update(&ordinal.to_le_bytes());
        h.finalize().to_hex()[..16].to_owned()
    };
    Ok(Fact { header: *header, body, row_id: row_id.unwrap_or_else(made), case_no })
}

/// The reject of a row that contradicts another one.
pub(super) fn conflict(layout: &Layout, file: u32, line: u64, split: &Split) -> Reject {
    let file = split.files.get(file as usize);
    let key: Vec<&str> = match layout.key.as_slice() {
        [] => vec!["all columns"],
        key => key.iter().map(|&i| layout.columns[i].0.as_str()).collect(),
    };
    Reject {
        table: layout.name.clone(),
        source: file.map(|f| f.source.clone()).unwrap_or_default(),
        file: file.map(|f| f.file.clone()).unwrap_or_default(),
        line,
        column: String::new(),
        rule: rule::CONFLICT,
        found: format!("another row of the same key ({}), known_on and export day with other values", key.join(", ")),
        expected: "one row, or rows known or exported on different days".to_owned(),
    }
}

/// The rows as the lake stores them.
fn stored(layout: &Layout, facts: &[Fact<'_>]) -> Result<Columns> {
    let mut builders: Vec<Builder> = layout.body.iter().map(|(_, kind)| Builder::new(*kind)).collect();
    let row_id_at = layout.body_position(added::ROW_ID);
    for fact in facts {
        let mut rest = fact.body;
        for (at, builder) in builders.iter_mut().enumerate() {
            let value = Value::decode(&mut rest)?;
            builder.push(if Some(at) == row_id_at { Value::Text(&fact.row_id) } else { value })?;
        }
        if !rest.is_empty() {
            return Err(Error::fault(format!("a record of {} holds more than its layout", layout.name)));
        }
    }
    let mut values: BTreeMap<&str, crate::columns::Column> = BTreeMap::new();
    for ((name, _), builder) in layout.body.iter().zip(builders) {
        values.insert(name, builder.finish()?);
    }
    let extra = Columns::new()
        .text(added::DEBTOR_ID, facts.iter().map(|f| Some(hex(&f.header.debtor))))
        .text(added::ROW_ID, facts.iter().map(|f| Some(&f.row_id)))
        .flag(added::IS_OWN, facts.iter().map(|f| f.header.own));
    let mut table = Columns::new();
    for (name, _) in &layout.stored {
        let column = match values.remove(name.as_str()) {
            Some(column) => column,
            None => extra.require(name)?.clone(),
        };
        table = table.with(name, column);
    }
    Ok(table)
}
