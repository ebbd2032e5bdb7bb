//! The end of an ingest: whole tables, counts that must close, the limit on rejects, `lake.json`, and the swap of the old lake for the new.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::agreed::write_disputed;
use super::held::Held;
use super::layout::Layout;
use super::mapping::Absent;
use super::settle::{self, BucketOutcome, TableOutcome};
use super::split::{self, REJECTS_FILE, Split};
use super::state::{Counted, Loaded, State};
use super::tally::{self, FileCounts};
use super::{IngestReport, Request, layouts};
use crate::columns::{Columns, Day, day};
use crate::error::{Error, Result};
use crate::store::lake::{self, LakeInfo};
use crate::store::paths::{STAGING, Work};
use crate::store::{atomic, hash_bytes, parquet};

/// Marks a staging folder whose lake is complete: from here on the swap is carried through, also after a crash.
const READY_FILE: &str = "ready";
/// What is swapped.
const SWAPPED: [&str; 2] = ["lake", "vault"];

/// Closes an ingest whose buckets are all settled, and puts its lake and vault in place of the old ones.
pub fn finish(request: &Request, staging: &Path) -> Result<IngestReport> {
    let mut split = split::load(staging, &request.seal)?;
    settle::run(request, staging, &split, split.buckets)?;
    let mut closed = Closed::default();
    let mut rejects = vec![parquet::read(&staging.join(REJECTS_FILE), &request.seal)?];
    for bucket in 0..=split.buckets {
        let (outcome, conflicts) = settle::load(staging, bucket, &request.seal)?
            .ok_or_else(|| Error::fault(format!("bucket {bucket} of {} was not settled", split.buckets)))?;
        closed.take(outcome, &mut split)?;
        rejects.extend(conflicts);
    }
    let held = if split.adds { Held::open(request)? } else { None };
    closed.check(&mut split, held.as_ref())?;
    tally::check_limit(&split.files, request.max_reject_share, &rejects)?;
    closed.warn(request, &mut split);
    let retained = closed.retained(&mut split, held.as_ref());
    let absent = closed.totals.iter().filter(|(_, t)| t.absent > 0).map(|(table, t)| (table.clone(), t.absent)).collect();
    let layouts = layouts(request)?;
    let info = describe(request, &split, &layouts, &closed.tables);
    let rejects = Columns::concat(&rejects)?.sorted_by(&["table", "file", "line", "column", "rule"])?;
    let lake = staging.join("lake");
    lake::write(&lake, &info)?;
    parquet::write(&rejects_file(&lake), &rejects, &request.seal)?;
    write_disputed(&lake, &split.disputed_cases, &request.seal)?;
    State { retained: retained.clone(), ..closed.state(&split, held, &layouts) }.write(&lake)?;
    atomic::create_dir(&staging.join("vault"))?;
    atomic::write_bytes(&staging.join(READY_FILE), b"")?;
    swap(&request.work, staging)?;
    Ok(report(split, info, rejects, absent, retained))
}

/// The rejected rows of the last ingest, in a lake folder.
pub fn rejects_file(lake: &Path) -> PathBuf {
    lake.join("_rejects.parquet")
}

/// What retention did to a lake.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retained {
    /// Rows of the lake that left tonight, by table.
    pub expired: BTreeMap<String, u64>,
    /// Rows that would leave, were retention applied, by table.
    pub due: BTreeMap<String, u64>,
    /// The first day whose ratings can still be repeated exactly, over all nights; `None` while nobody who was rated has left.
    pub exact_from: Option<Day>,
}

/// The sums of all buckets.
#[derive(Default)]
struct Closed {
    /// Counted rows of each table and the sum of their hashes.
    tables: BTreeMap<String, (u64, u128)>,
    /// The same a bucket, for the next night.
    counted: BTreeMap<String, Vec<Counted>>,
    /// What happened to the lake's own rows.
    totals: BTreeMap<String, TableOutcome>,
}

impl Closed {
    fn take(&mut self, outcome: BucketOutcome, split: &mut Split) -> Result<()> {
        for (file, settled) in outcome.files {
            let counts = split.files.get_mut(file as usize).ok_or_else(|| Error::fault("a bucket counts a file that was not read"))?;
            counts.loaded += settled.loaded;
            counts.unchanged += settled.unchanged;
            counts.duplicates += settled.duplicates;
            counts.rejected += settled.conflicts;
            counts.expired += settled.expired;
        }
        for (table, part) in outcome.tables {
            let sum = u128::from_str_radix(&part.sum, 16).map_err(|e| Error::fault(format!("a content sum: {e}")))?;
            let slot = self.tables.entry(table.clone()).or_default();
            slot.0 += part.rows;
            slot.1 = slot.1.wrapping_add(sum);
            let total = self.totals.entry(table.clone()).or_default();
            total.retired += part.retired;
            total.left += part.left;
            total.met += part.met;
            total.contradicted += part.contradicted;
            total.moved += part.moved;
            total.absent += part.absent;
            total.again += part.again;
            total.retracted += part.retracted;
            total.expired += part.expired;
            total.due += part.due;
            total.exact_from = total.exact_from.max(part.exact_from);
            self.counted.entry(table).or_default().push(Counted { rows: part.rows, sum: part.sum, stored: part.stored });
        }
        Ok(())
    }

    /// [`Error::Fault`] where a row was lost or made: what a file had, and what a table had and has, must add up.
    fn check(&self, split: &mut Split, held: Option<&Held>) -> Result<()> {
        for (table, total) in self.totals.iter().filter(|(_, t)| t.contradicted > 0) {
            let rows = total.contradicted;
            let file = format!("lake/{table}");
            split.files.push(FileCounts { table: table.clone(), file, read: rows, rejected: rows, ..FileCounts::default() });
        }
        for file in &split.files {
            file.check_sum()?;
        }
        for (table, counts) in tally::by_table(&split.files) {
            let (after, _) = self.tables.get(&table).copied().unwrap_or_default();
            let total = self.totals.get(&table).cloned().unwrap_or_default();
            let before = held.map_or(0, |held| held.state.rows(&table));
            // Under another bucket count all rows of the lake come as moved ones.
            let is_anew = split.moves.all && self.counted.get(&table).is_some_and(|c| c.len() > 1);
            let left = if is_anew { before } else { total.left };
            let new = counts.loaded - counts.unchanged;
            let arrived = total.moved + total.met;
            if left != arrived || after + total.retired + total.met != before + new + total.retracted {
                return Err(Error::fault(format!(
                    "{table}: the lake held {before} rows, lost {}, moved {left} of which {arrived} arrived ({} were there), got {new} new ones and {} retractions, \
                     but holds {after}",
                    total.retired, total.met, total.retracted
                )));
            }
        }
        Ok(())
    }

    /// Says which keys full exports no longer have, and where changes cannot tell two facts from one said twice.
    fn warn(&self, request: &Request, split: &mut Split) {
        for (table, total) in self.totals.iter().filter(|(table, t)| t.again > 0 && !split.full.contains_key(*table)) {
            split.warnings.push(format!(
                "{table}: {} rows of tonight's changes have neither a key nor row_id and say what a row of an earlier export said; each is taken for that row said \
                 again: give such rows a key, or export in full, if they are facts of their own",
                total.again
            ));
        }
        for (table, total) in self.totals.iter().filter(|(_, t)| t.absent > 0) {
            let retracts = request.sources.get(table).is_some_and(|m| m.absent == Absent::Retracted);
            let then = if retracts { "retracted" } else { "they stay as they are" };
            split.warnings.push(format!("{table}: {} keys of the lake are missing from tonight's full export; {then}", total.absent));
        }
    }

    /// What left tonight, or would, added to what left before; said in a line.
    fn retained(&self, split: &mut Split, held: Option<&Held>) -> Retained {
        let mut out = held.map(|held| held.state.retained.clone()).unwrap_or_default();
        let of = |take: fn(&TableOutcome) -> u64| -> BTreeMap<String, u64> {
            self.totals.iter().map(|(table, total)| (table.clone(), take(total))).filter(|(_, rows)| *rows > 0).collect()
        };
        let lines = |rows: &BTreeMap<String, u64>| rows.iter().map(|(table, n)| format!("{table} {n}")).collect::<Vec<_>>().join(", ");
        (out.expired, out.due) = (of(|t| t.expired), of(|t| t.due));
        out.exact_from = out.exact_from.max(self.totals.values().filter_map(|t| t.exact_from).max());
        if !out.due.is_empty() {
            let rows = lines(&out.due);
            split.warnings.push(format!("retention: the period of rows is over ({rows}); they stay until [retention] apply = true"));
        }
        if !out.expired.is_empty() {
            let from = out.exact_from.map(|on| format!("; ratings of days before {} can no longer be repeated exactly", day::format(on)));
            split.warnings.push(format!("retention: rows left the lake ({}){}", lines(&out.expired), from.unwrap_or_default()));
        }
        out
    }

    fn state(self, split: &Split, held: Option<Held>, layouts: &[Layout]) -> State {
        let State { mut files, mut full, .. } = held.map(|held| held.state).unwrap_or_default();
        full.extend(split.full.keys().map(|table| (table.clone(), split.hashes_of(table))));
        for (number, counts) in split.files.iter().enumerate() {
            let entry = split.inputs.iter().find(|e| e.path == counts.file && e.table == counts.table);
            if let (Some(entry), Some(seen)) = (entry, split.seen.get(&(number as u32))) {
                let through = split.through.get(&counts.table).cloned().unwrap_or_default();
                files.insert(State::key(&counts.table, &entry.hash), Loaded { seen_on: *seen, through, counts: counts.clone() });
            }
        }
        let columns = layouts.iter().map(|l| (l.name.clone(), l.stored_names())).collect();
        State { tables: self.counted, columns, sources: split.sources.clone(), full, files, retained: Retained::default() }
    }
}

fn describe(request: &Request, split: &Split, layouts: &[Layout], tables: &BTreeMap<String, (u64, u128)>) -> LakeInfo {
    let of = |name: &str| tables.get(name).copied().unwrap_or_default();
    let content = |layout: &Layout| {
        let (rows, sum) = of(&layout.name);
        // Whose rows are gathered under whom is content too, though no row says more for it.
        let links = if layout.is_debtors() && !split.moves.links.is_empty() { format!(" {:?}", split.moves.links) } else { String::new() };
        hash_bytes(format!("{} {} {rows} {sum:032x}{links}", layout.name, layout.version).as_bytes())
    };
    LakeInfo {
        format: lake::FORMAT,
        buckets: split.buckets,
        hash: lake::HASH.to_owned(),
        key_id: split.key_id.clone(),
        pseudonym: request.key.algorithm().name().to_owned(),
        encrypt: request.encrypt.name().to_owned(),
        tables: layouts.iter().map(|l| (l.name.clone(), l.version)).collect(),
        content: layouts.iter().map(|l| (l.name.clone(), content(l))).collect(),
        rows: layouts.iter().map(|l| (l.name.clone(), of(&l.name).0)).collect(),
        as_of: day::format(request.as_of),
    }
}

fn report(split: Split, info: LakeInfo, rejects: Columns, absent: BTreeMap<String, u64>, retention: Retained) -> IngestReport {
    let mut tables: BTreeMap<String, FileCounts> = tally::by_table(&split.files);
    for name in info.tables.keys() {
        tables.entry(name.clone()).or_insert_with(|| FileCounts { table: name.clone(), ..FileCounts::default() });
    }
    let Split { files, inputs, ignored, warnings, .. } = split;
    IngestReport { files, tables, inputs, ignored, warnings, rejects, absent, lake: info, retention }
}

/// Puts the staged lake and vault in place. Each step can be repeated: after a crash [`recover`] goes on from where it stopped.
fn swap(work: &Work, staging: &Path) -> Result<()> {
    for name in SWAPPED {
        let (new, place, old) = (staging.join(name), work.root.join(name), staging.join(format!("old-{name}")));
        if !new.exists() {
            continue;
        }
        if place.exists() {
            atomic::remove_dir(&old)?;
            atomic::rename_dir(&place, &old)?;
        }
        atomic::rename_dir(&new, &place)?;
    }
    atomic::remove_dir(staging)
}

/// Whether a staging folder's lake is complete.
pub(super) fn is_ready(staging: &Path) -> bool {
    staging.join(READY_FILE).exists()
}

/// Repairs what an ingest that died left in a work folder: a finished lake is put in place, an unfinished one removed. Call it under the
/// work folder's lock, before anything reads the lake.
pub fn recover(work: &Work) -> Result<()> {
    for name in atomic::names_in(&work.root)? {
        let staging = work.root.join(&name);
        if !name.starts_with(STAGING) || !staging.is_dir() {
            continue;
        }
        if is_ready(&staging) {
            swap(work, &staging)?;
        } else {
            atomic::remove_dir(&staging)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn counts(loaded: u64, duplicates: u64) -> FileCounts {
        FileCounts { table: "cases".into(), file: "cases.csv".into(), read: 5, loaded, duplicates, ..FileCounts::default() }
    }

    fn check(file: FileCounts, rows: u64, total: TableOutcome) -> Result<()> {
        let (tables, totals) = (BTreeMap::from([("cases".to_owned(), (rows, 0))]), BTreeMap::from([("cases".to_owned(), total)]));
        Closed { tables, totals, ..Closed::default() }.check(&mut Split { files: vec![file], ..Split::default() }, None)
    }

    #[test]
    fn a_sum_that_does_not_close_stops_the_ingest() {
        let none = TableOutcome::default;
        check(counts(5, 0), 5, none()).unwrap();
        check(counts(3, 2), 3, none()).unwrap();
        // A row lost on the way to the lake, one made there, one lost of a file, and rows that moved and did not arrive or were counted twice.
        for (file, rows, total) in [
            (counts(5, 0), 4, none()),
            (counts(5, 0), 6, none()),
            (counts(4, 0), 4, none()),
            (counts(5, 0), 5, TableOutcome { left: 1, ..none() }),
            (counts(5, 0), 6, TableOutcome { moved: 1, ..none() }),
            (counts(5, 0), 5, TableOutcome { retired: 1, ..none() }),
        ] {
            let error = check(file, rows, total).unwrap_err();
            assert_eq!(error.exit_status(), 1, "{error}");
            assert!(error.to_string().contains("cases"), "{error}");
        }
    }
}
