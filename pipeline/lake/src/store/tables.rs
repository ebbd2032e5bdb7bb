//! The files of one lake table: a folder a bucket, in it one file of the whole and, after nights that changed little, a few of what came since.

use std::path::{Path, PathBuf};

use super::seal::Seal;
use super::{atomic, parquet};
use crate::bucket::folder_name;
use crate::columns::Columns;
use crate::error::Result;

/// Keyed hash of all the source said in a row but the day of the export: equal rows are told by it without a look at their values.
pub const CONTENT: &str = "content_hash";
/// The one copy by which a source row is counted.
pub const PRIMARY: &str = "is_primary";
/// Whether the export gave the row its id.
pub const GIVEN: &str = "row_id_given";
/// How the columns end that hold a linked debtor's own pseudonym: what a link joined, they part again.
pub const UNLINKED: &str = "_unlinked";
/// Whether the ingest alone reads a column.
fn is_bookkeeping(name: &str) -> bool {
    [CONTENT, PRIMARY, GIVEN].contains(&name) || name.ends_with(UNLINKED)
}
/// The order of the lake's rows; a table without one of these columns is sorted by the others. Versions of one fact lie together, also where they
/// name different cases.
pub(crate) const ORDER: [&str; 5] = ["debtor_id", "row_id", "known_on", "seen_on", CONTENT];
/// The file of the whole.
const BASE: &str = "part.parquet";

/// `<lake>/<table>/bucket=NNN`, or `<lake>/<table>` for tables without a debtor.
pub(crate) fn folder(lake: &Path, table: &str, bucket: Option<u32>) -> PathBuf {
    let folder = lake.join(table);
    bucket.map_or(folder.clone(), |bucket| folder.join(folder_name(bucket)))
}

/// The name of the n-th file of a table's folder, from 0.
pub(crate) fn part_name(bucket: Option<u32>, n: usize) -> String {
    match (bucket, n) {
        (None, _) => "all.parquet".to_owned(),
        (Some(_), 0) => BASE.to_owned(),
        (Some(_), n) => format!("part-{n:03}.parquet"),
    }
}

/// The files of a table's folder, the whole first.
pub(crate) fn parts(lake: &Path, table: &str, bucket: Option<u32>) -> Result<Vec<PathBuf>> {
    let folder = folder(lake, table, bucket);
    let mut names: Vec<String> = atomic::names_in(&folder)?.into_iter().filter(|n| n.ends_with(".parquet")).collect();
    names.sort_by_key(|name| (name.len(), name.clone()));
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}

/// The rows of a table in one bucket, in the lake's order, without what the ingest alone reads; `None` where there is none.
pub fn read(lake: &Path, table: &str, bucket: u32, seal: &Seal) -> Result<Option<Columns>> {
    joined(lake, table, Some(bucket), seal)
}

/// The rows of a table without a debtor.
pub fn read_whole(lake: &Path, table: &str, seal: &Seal) -> Result<Option<Columns>> {
    joined(lake, table, None, seal)
}

/// The rows of a table in a bucket, or of one kept whole, in the lake's order, with the column [`PRIMARY`] by which source rows are counted.
pub fn read_counted(lake: &Path, table: &str, bucket: Option<u32>, seal: &Seal) -> Result<Option<Columns>> {
    let parts = parts(lake, table, bucket)?;
    if parts.is_empty() {
        return Ok(None);
    }
    let read = parts.iter().map(|path| {
        if parts.len() == 1 {
            parquet::read_without(path, &|name| name != PRIMARY && is_bookkeeping(name), seal)
        } else {
            parquet::read(path, seal)
        }
    });
    let rows = Columns::concat(&read.collect::<Result<Vec<_>>>()?)?;
    let rows = if parts.len() == 1 { rows } else { sorted(&rows)? };
    Ok(Some(without(rows, &|name| name != PRIMARY && is_bookkeeping(name))))
}

fn joined(lake: &Path, table: &str, bucket: Option<u32>, seal: &Seal) -> Result<Option<Columns>> {
    let parts = parts(lake, table, bucket)?;
    if parts.is_empty() {
        return Ok(None);
    }
    let read = parts
        .iter()
        .map(|path| if parts.len() == 1 { parquet::read_without(path, &is_bookkeeping, seal) } else { parquet::read(path, seal) });
    let rows = Columns::concat(&read.collect::<Result<Vec<_>>>()?)?;
    let rows = if parts.len() == 1 { rows } else { sorted(&rows)? };
    Ok(Some(without(rows, &is_bookkeeping)))
}

fn without(rows: Columns, is_out: &dyn Fn(&str) -> bool) -> Columns {
    let names: Vec<String> = rows.names().filter(|name| is_out(name)).map(str::to_owned).collect();
    names.iter().fold(rows, |rows, name| rows.without(name))
}

/// Rows in the lake's order.
pub(crate) fn sorted(rows: &Columns) -> Result<Columns> {
    let keys: Vec<&str> = ORDER.into_iter().filter(|name| rows.get(name).is_some()).collect();
    rows.sorted_by(&keys)
}
