//! The end of an ingest: whole tables, counts that must close, the limit on rejects, `lake.json`, and the swap of the old lake for the new.

use std::collections::BTreeMap;
use std::path::Path;

use super::layout::Layout;
use super::split::{self, REJECTS_FILE, Split};
use super::tally::{self, FileCounts};
use super::{IngestReport, Request, layouts, settle};
use crate::columns::{Columns, day};
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
    let mut split = split::load(staging)?;
    settle::run(request, staging, &split, split.buckets)?;
    let mut tables: BTreeMap<String, (u64, u128)> = BTreeMap::new();
    let mut rejects = vec![parquet::read(&staging.join(REJECTS_FILE), &request.seal)?];
    for bucket in 0..=split.buckets {
        let (outcome, conflicts) = settle::load(staging, bucket, &request.seal)?
            .ok_or_else(|| Error::fault(format!("bucket {bucket} of {} was not settled", split.buckets)))?;
        for (file, settled) in outcome.files {
            let counts = split.files.get_mut(file as usize).ok_or_else(|| Error::fault("a bucket counts a file that was not read"))?;
            counts.loaded += settled.loaded;
            counts.duplicates += settled.duplicates;
            counts.rejected += settled.conflicts;
        }
        for (table, part) in outcome.tables {
            let sum = u128::from_str_radix(&part.sum, 16).map_err(|e| Error::fault(format!("a content sum: {e}")))?;
            let slot = tables.entry(table).or_default();
            slot.0 += part.rows;
            slot.1 = slot.1.wrapping_add(sum);
        }
        rejects.extend(conflicts);
    }
    for file in &split.files {
        file.check_sum()?;
    }
    tally::check_limit(&split.files, request.max_reject_share, &rejects)?;
    let layouts = layouts(request)?;
    let info = describe(request, &split, &layouts, &tables);
    lake::write(&staging.join("lake"), &info)?;
    atomic::create_dir(&staging.join("vault"))?;
    atomic::write_bytes(&staging.join(READY_FILE), b"")?;
    swap(&request.work, staging)?;
    let rejects = Columns::concat(&rejects)?.sorted_by(&["table", "file", "line", "column", "rule"])?;
    Ok(report(split, info, rejects))
}

fn describe(request: &Request, split: &Split, layouts: &[Layout], tables: &BTreeMap<String, (u64, u128)>) -> LakeInfo {
    let of = |name: &str| tables.get(name).copied().unwrap_or_default();
    let content = |layout: &Layout| {
        let (rows, sum) = of(&layout.name);
        hash_bytes(format!("{} {} {rows} {sum:032x}", layout.name, layout.version).as_bytes())
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

fn report(split: Split, info: LakeInfo, rejects: Columns) -> IngestReport {
    let mut tables: BTreeMap<String, FileCounts> = tally::by_table(&split.files);
    for name in info.tables.keys() {
        tables.entry(name.clone()).or_insert_with(|| FileCounts { table: name.clone(), ..FileCounts::default() });
    }
    IngestReport { files: split.files, tables, inputs: split.inputs, ignored: split.ignored, warnings: split.warnings, rejects, lake: info }
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
