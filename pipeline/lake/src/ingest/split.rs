//! The first pass: every input file once, its rows checked, pseudonymised and sorted into buckets on disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::discover::{self, InputFile};
use super::identities::IdentitySpill;
use super::identity::Identity;
use super::layout::Layout;
use super::place::{Batch, Placed, Placer};
use super::reader::{self, Chunk, ReadOptions};
use super::references::References;
use super::rehearsal::Rehearsal;
use super::reject::{Reject, Warning};
use super::tally::{self, FileCounts};
use super::waiting::{self, Kept};
use super::{Event, Request, layouts};
use crate::columns::Columns;
use crate::error::{Error, Result, explain};
use crate::schema::{Codes, Table};
use crate::store::manifest::InputEntry;
use crate::store::spill::Spill;
use crate::store::{atomic, input, lake, parquet, text};

/// What the first pass leaves for the second, kept in the staging folder as `split.json`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Split {
    /// Bucket count.
    pub buckets: u32,
    /// Which key made the pseudonyms.
    pub key_id: String,
    /// What became of each file's rows so far; the second pass adds loaded rows, conflicts and duplicates.
    pub files: Vec<FileCounts>,
    /// The input files with their hashes.
    pub inputs: Vec<InputEntry>,
    /// Files of the input folder that belong to no table.
    pub ignored: Vec<String>,
    /// What should be looked at, a line each.
    pub warnings: Vec<String>,
}

pub(super) const SPLIT_FILE: &str = "split.json";
pub(super) const REJECTS_FILE: &str = "rejects.parquet";

/// Rows placed by one thread at a time.
const RANGE_ROWS: usize = 4_096;

/// Where records of a table go in the staging folder.
pub(super) fn rows_folder(staging: &Path, table: &str) -> PathBuf {
    staging.join("rows").join(table)
}

struct Splitter<'a> {
    request: &'a Request,
    /// `None` in a dry run.
    staging: Option<&'a Path>,
    identity: Identity,
    references: References,
    sources: Vec<String>,
    found: Vec<InputFile>,
    out: Split,
    rejects: Vec<Columns>,
}

/// Runs the first pass into `staging`, or without writing anything where that is `None`. Returns the counts and the rejects.
pub(super) fn run(request: &Request, staging: Option<&Path>, events: &mut dyn FnMut(Event)) -> Result<(Split, Columns)> {
    lake::check_key(&request.work, &request.key.key_id())?;
    let found = discover::discover_mapped(&request.input, &request.schema, &request.sources)?;
    // The input's own regions are known codes; the built-in list is what stands where it brings none.
    let request = &Request { codes: known_codes(request, &found.files)?, ..request.clone() };
    let layouts = layouts(request)?;
    let mut kept = Vec::new();
    for layout in &layouts {
        kept.push(Kept::load(&request.work.lake(), layout, request.as_of)?);
    }
    let mut sources: Vec<String> = request.sources.values().map(|m| m.source.clone()).collect();
    sources.extend(kept.iter().flatten().flat_map(|k| k.sources.iter().cloned()));
    sources.push(String::new());
    sources.sort();
    sources.dedup();
    let mut splitter = Splitter {
        request,
        staging,
        identity: Identity::new(&request.key),
        references: References::new(request.as_of, request.buckets, sources.len()),
        sources,
        out: Split {
            buckets: request.buckets,
            key_id: request.key.key_id(),
            inputs: hash_inputs(&found.files)?,
            ignored: found.ignored,
            warnings: found.warnings,
            ..Split::default()
        },
        found: found.files,
        rejects: Vec::new(),
    };
    splitter.read_maps(kept.iter().zip(&layouts).filter_map(|(k, l)| (l.name == "cases").then_some(k.as_ref()?)))?;
    if kept.iter().any(Option::is_some) {
        splitter.references.index_by_ref_id();
    }
    // Parties and assets first: they complete the maps that the others need.
    let mut order: Vec<usize> = (0..layouts.len()).collect();
    order.sort_by_key(|&i| match layouts[i].name.as_str() {
        "parties" => 0,
        "assets" => 1,
        _ => 2,
    });
    for i in order {
        splitter.table(&layouts[i], kept[i].as_mut(), events)?;
        tally::check_limit(&splitter.out.files, request.max_reject_share, &splitter.rejects)?;
    }
    splitter.finish()
}

fn hash_inputs(files: &[InputFile]) -> Result<Vec<InputEntry>> {
    let mut entries: Vec<InputEntry> = files
        .par_iter()
        .map(|file| {
            let (hash, bytes) = input::hash_file(&file.path)?;
            Ok(InputEntry { path: file.name.clone(), bytes, hash, table: file.table.clone(), rows_read: 0 })
        })
        .collect::<Result<_>>()?;
    entries.sort();
    Ok(entries)
}

impl Splitter<'_> {
    /// Reads the debtors' keys and the case numbers, before any row is placed.
    fn read_maps<'k>(&mut self, kept_cases: impl Iterator<Item = &'k Kept>) -> Result<()> {
        for (name, files) in [("debtors", self.files_of("debtors")), ("cases", self.files_of("cases"))] {
            let Some(table) = self.request.schema.table(name) else { continue };
            let source = self.source_of(name);
            for file in files {
                let (references, identity, source_name) = (&mut self.references, &self.identity, self.sources[source].as_str());
                read(self.request, &file, table, &mut |chunk| {
                    if name == "cases" {
                        references.add_cases(&chunk.columns);
                        return Ok(());
                    }
                    let place = |row: usize| format!("{} line {}", file.name, chunk.lines.get(row).copied().unwrap_or_default());
                    references.add_debtors(identity, (source, source_name), &chunk.columns, &place)
                })?;
            }
        }
        for kept in kept_cases {
            self.references.add_cases(&kept.columns);
        }
        Ok(())
    }

    /// One table: tonight's files, then the rows kept from earlier nights that tonight's files do not hold.
    fn table(&mut self, layout: &Layout, mut kept: Option<&mut Kept>, events: &mut dyn FnMut(Event)) -> Result<()> {
        let Some(table) = self.request.schema.table(&layout.name) else { return Ok(()) };
        let buckets = if layout.bucketed() { self.request.buckets as usize } else { 1 };
        let mut spill = Spill::new(self.staging.map(|s| rows_folder(s, &layout.name)), buckets)?;
        let mut identities = IdentitySpill::new(self.staging, layout, &self.request.key);
        let mut waiting = Vec::new();
        let mut warned = Vec::new();
        let mut rehearsal = Rehearsal::default();
        let source = self.source_of(&layout.name);
        if let Some(kept) = kept.as_deref_mut() {
            let contents = self.place_kept(layout, kept, &(0..kept.lines.len()).collect::<Vec<_>>(), 0)?.contents;
            kept.set_contents(contents);
        }
        for file in self.files_of(&layout.name) {
            events(Event::FileStarted { table: layout.name.clone(), file: file.name.clone() });
            let number = self.out.files.len() as u32;
            let mut counts = FileCounts {
                table: layout.name.clone(),
                file: file.name.clone(),
                source: self.sources[source].clone(),
                ..FileCounts::default()
            };
            let report = read(self.request, &file, table, &mut |chunk| {
                let source_name = self.sources[source].clone();
                let source_of = |_: usize| (source, source_name.as_str());
                let batch = Batch::over(layout, &chunk.columns, &source_of, number, &chunk.lines);
                let placed = self.place(&batch, chunk.lines.len(), buckets, kept.is_some())?;
                for part in placed {
                    if let Some(kept) = kept.as_deref_mut() {
                        kept.meet(&part.contents);
                    }
                    counts.waiting += part.waiting_rows;
                    identities.push(&chunk.columns, &source_name, &part.identities)?;
                    self.take(part, &mut spill, &mut waiting, &mut rehearsal)?;
                }
                counts.read += (chunk.lines.len() + chunk.rejects.len()) as u64;
                counts.rejected += chunk.rejects.len() as u64;
                if !chunk.rejects.is_empty() {
                    self.rejects.push(Reject::to_columns(&chunk.rejects));
                }
                spill.flush(false)
            })?;
            if (report.rows, report.rejected) != (counts.read, counts.rejected) {
                return Err(Error::fault(format!(
                    "{}: the reader counts {} rows and {} rejects, its pieces {} and {}",
                    file.name, report.rows, report.rejected, counts.read, counts.rejected
                )));
            }
            warned.extend(report.warnings);
            events(Event::FileRead { table: layout.name.clone(), file: file.name, rows: counts.read, rejected: counts.rejected });
            if let Some(entry) = self.out.inputs.iter_mut().find(|e| e.path == counts.file && e.table == counts.table) {
                entry.rows_read = counts.read;
            }
            self.out.files.push(counts);
        }
        for line in warning_lines(&layout.name, warned) {
            events(Event::Warned(line.clone()));
            self.out.warnings.push(line);
        }
        if let Some(kept) = kept.as_deref_mut() {
            let absent = kept.absent();
            let number = self.out.files.len() as u32;
            let placed = self.place_kept(layout, kept, &absent, number)?;
            self.out.files.push(FileCounts {
                table: layout.name.clone(),
                file: format!("lake/{}/{}", waiting::FOLDER, layout.name),
                read: absent.len() as u64,
                waiting: placed.waiting_rows,
                ..FileCounts::default()
            });
            self.take(placed, &mut spill, &mut waiting, &mut rehearsal)?;
        }
        self.count_rehearsed(layout, rehearsal);
        spill.flush(true)?;
        identities.finish()?;
        self.write_waiting(layout, &waiting, kept.as_deref(), events)
    }

    /// Places rows in ranges over all threads; the parts come in the order of the rows.
    fn place(&self, batch: &Batch<'_>, rows: usize, buckets: usize, want_contents: bool) -> Result<Vec<Placed>> {
        let placer = Placer { identity: &self.identity, references: &self.references, buckets, want_contents };
        let starts: Vec<usize> = (0..rows).step_by(RANGE_ROWS).collect();
        starts.par_iter().map(|&start| placer.place(batch, start..(start + RANGE_ROWS).min(rows))).collect()
    }

    fn place_kept(&self, layout: &Layout, kept: &Kept, rows: &[usize], file: u32) -> Result<Placed> {
        let columns = kept.columns.take(rows);
        let lines: Vec<u64> = rows.iter().map(|&row| kept.lines[row]).collect();
        let source = |row: usize| {
            let name = kept.sources[rows[row]].as_str();
            (self.sources.binary_search_by(|s| s.as_str().cmp(name)).unwrap_or_default(), name)
        };
        let mut batch = Batch::over(layout, &columns, &source, file, &lines);
        batch.hashed = true;
        let buckets = if layout.bucketed() { self.request.buckets as usize } else { 1 };
        let placer = Placer { identity: &self.identity, references: &self.references, buckets, want_contents: true };
        placer.place(&batch, 0..lines.len())
    }

    /// Takes in what was placed: records to their buckets, effects to the maps.
    fn take(&mut self, part: Placed, spill: &mut Spill, waiting: &mut Vec<u8>, rehearsal: &mut Rehearsal) -> Result<()> {
        for (bucket, records) in part.buckets.iter().enumerate() {
            match self.staging {
                Some(_) => spill.push(bucket, records),
                None => rehearsal.push(records)?,
            }
        }
        waiting.extend(part.waiting);
        for effect in part.effects {
            self.references.apply(effect);
        }
        Ok(())
    }

    /// Counts what a second pass would find.
    fn count_rehearsed(&mut self, layout: &Layout, rehearsal: Rehearsal) {
        let (files, rejects) = rehearsal.finish(layout, &self.out);
        for (file, settled) in files {
            let counts = &mut self.out.files[file as usize];
            counts.duplicates += settled.duplicates;
            counts.rejected += settled.conflicts;
        }
        if !rejects.is_empty() {
            self.rejects.push(Reject::to_columns(&rejects));
        }
    }

    fn write_waiting(&mut self, layout: &Layout, bytes: &[u8], kept: Option<&Kept>, events: &mut dyn FnMut(Event)) -> Result<()> {
        let lake = self.staging.map(|s| s.join("lake"));
        let days = self.request.max_wait_days;
        let written = waiting::write(lake.as_deref(), layout, bytes, kept, self.request.as_of, days)?;
        for (file, duplicates) in written.duplicates {
            let counts = &mut self.out.files[file as usize];
            counts.waiting -= duplicates;
            counts.duplicates += duplicates;
        }
        if written.overdue > 0 {
            let line = format!(
                "{}: {} rows have waited more than {days} days for their case, debtor or asset; see lake/{}/{}.parquet",
                layout.name,
                written.overdue,
                waiting::FOLDER,
                layout.name
            );
            events(Event::Warned(line.clone()));
            self.out.warnings.push(line);
        }
        Ok(())
    }

    fn finish(self) -> Result<(Split, Columns)> {
        let rejects = if self.rejects.is_empty() { Reject::to_columns(&[]) } else { Columns::concat(&self.rejects)? };
        if let Some(staging) = self.staging {
            parquet::write(&staging.join(REJECTS_FILE), &rejects)?;
            let json = serde_json::to_string(&self.out).map_err(|e| Error::fault(format!("writing split.json: {e}")))?;
            atomic::write_bytes(&staging.join(SPLIT_FILE), json.as_bytes())?;
        }
        Ok((self.out, rejects))
    }

    fn files_of(&self, table: &str) -> Vec<InputFile> {
        self.found.iter().filter(|f| f.table == table).cloned().collect()
    }

    fn source_of(&self, table: &str) -> usize {
        let name = self.request.sources.get(table).map_or("", |m| m.source.as_str());
        self.sources.binary_search_by(|s| s.as_str().cmp(name)).unwrap_or_default()
    }
}

/// One line for each thing to look at, however many files of the table it is in.
fn warning_lines(table: &str, warned: Vec<Warning>) -> Vec<String> {
    type Thing = (&'static str, String, String, String);
    let mut lines: BTreeMap<Thing, (u64, Vec<String>)> = BTreeMap::new();
    for w in warned {
        let slot = lines.entry((w.kind, w.column, w.value, w.text)).or_default();
        slot.0 += w.count;
        slot.1.push(w.file);
    }
    lines
        .into_iter()
        .map(|((kind, column, value, text), (rows, files))| {
            let mut line = format!("{table}: {kind}");
            for part in [column, value].into_iter().filter(|p| !p.is_empty()) {
                line += &format!(" {part}");
            }
            let more = if files.len() > 1 { format!(" and {} more", files.len() - 1) } else { String::new() };
            let file = files.first().map_or("", String::as_str);
            let rows = if rows > 0 { format!(", {rows} rows") } else { String::new() };
            format!("{line} ({file}{more}{rows}): {text}")
        })
        .collect()
}

fn known_codes(request: &Request, files: &[InputFile]) -> Result<Codes> {
    let Some(table) = request.schema.table("regions") else { return Ok(request.codes.clone()) };
    let options = ReadOptions { as_of: request.as_of, seen_on: None };
    let plain = super::mapping::Mapping::default();
    let mapping = request.sources.get("regions").unwrap_or(&plain);
    reader::with_regions(&request.codes, files, table, mapping, &options)
}

/// Reads one file through the mapping of its table.
fn read(request: &Request, file: &InputFile, table: &Table, sink: &mut dyn FnMut(Chunk) -> Result<()>) -> Result<reader::FileReport> {
    let options = ReadOptions { as_of: request.as_of, seen_on: None };
    let plain = super::mapping::Mapping::default();
    let mapping = request.sources.get(&table.name).unwrap_or(&plain);
    reader::read_file(file, table, mapping, &request.codes, &options, sink)
}

/// The record of the first pass in a staging folder.
pub(super) fn load(staging: &Path) -> Result<Split> {
    let path = staging.join(SPLIT_FILE);
    serde_json::from_str(&text::read_to_string(&path)?).map_err(|e| {
        explain("the first pass left no record that can be read")
            .at(path.display())
            .found(e)
            .expected("what `luheng ingest` wrote")
            .remedy("run the ingest again from its start")
            .input()
    })
}
