//! The first pass: every input file once, its rows checked, pseudonymised and sorted into buckets on disk.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::discover::{self, InputFile};
use super::held::{Held, Maps};
use super::identities::IdentitySpill;
use super::identity::Identity;
use super::layout::Layout;
use super::mapping::{Mapping, Mode};
use super::moves::{Ledger, Moves, copy_elsewhere};
use super::place::{Batch, Placed, Placer};
use super::reader::{self, Chunk, ReadOptions};
use super::record::records;
use super::references::References;
use super::rehearsal::Rehearsal;
use super::reject::{Reject, warning_lines};
use super::retention::Leaving;
use super::tally::{self, FileCounts};
use super::waiting::{self, Kept, Versions};
use super::{Event, Request, layouts};
use crate::columns::{Columns, Day};
use crate::error::{Error, Result, explain};
use crate::schema::{Codes, Table};
use crate::store::manifest::InputEntry;
use crate::store::seal::Seal;
use crate::store::spill::{self, Spill};
use crate::store::{input, lake, parquet};

/// What the first pass leaves for the second, kept in the staging folder, sealed as the rows there are.
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
    /// What of the lake lies elsewhere from tonight on.
    pub moves: Moves,
    /// Whether there is a lake that these rows are added to.
    pub adds: bool,
    /// Whether files of that lake may stay as they are: not where it is to be encrypted otherwise.
    pub keeps_files: bool,
    /// The day of the export of each file that was read.
    pub seen: BTreeMap<u32, Day>,
    /// What the files of each table are read through ([`Loaded`](super::state::Loaded)).
    pub through: BTreeMap<String, String>,
    /// Whose facts leave tonight.
    pub leaving: Leaving,
    /// The tables of which all was exported tonight, with the day of the export.
    pub full: BTreeMap<String, Day>,
    /// Names of the sources met so far.
    pub sources: Vec<String>,
    /// Divisions known tonight, by code: those of the catalog, the lake and the input.
    pub regions: BTreeMap<String, String>,
    /// Cases that rows named which contradict each other, of all nights.
    pub disputed_cases: BTreeSet<String>,
    /// In a dry run: the newest day, up to the as-of, on which a row of each table was known.
    pub newest: BTreeMap<String, Day>,
}

impl Split {
    /// The hashes of a table's files, sorted.
    pub(super) fn hashes_of(&self, table: &str) -> Vec<String> {
        let mut hashes: Vec<String> = self.inputs.iter().filter(|e| e.table == table).map(|e| e.hash.clone()).collect();
        hashes.sort();
        hashes
    }
}

/// The record of the first pass, in one frame.
const RECORD_FOLDER: &str = "split";
pub(super) const REJECTS_FILE: &str = "rejects.parquet";

/// Rows placed by one thread at a time.
const RANGE_ROWS: usize = 4_096;

/// Where records of a table go in the staging folder.
pub(super) fn rows_folder(staging: &Path, table: &str) -> PathBuf {
    staging.join("rows").join(table)
}

pub(super) struct Splitter<'a> {
    pub(super) request: &'a Request,
    /// `None` in a dry run.
    pub(super) staging: Option<&'a Path>,
    pub(super) identity: Identity,
    pub(super) references: References,
    pub(super) sources: Vec<String>,
    pub(super) found: Vec<InputFile>,
    pub(super) held: Option<Held>,
    pub(super) out: Split,
    pub(super) rejects: Vec<Columns>,
}

/// Runs the first pass into `staging`, or without writing anything where that is `None`. Returns the counts and the rejects.
pub(super) fn run(request: &Request, staging: Option<&Path>, events: &mut dyn FnMut(Event)) -> Result<(Split, Columns)> {
    lake::check_key(&request.work, &request.key)?;
    let held = Held::open(request)?;
    let found = discover::discover_mapped(&request.input, &request.schema, &request.sources, held.is_some())?;
    // The input's own regions are known codes; the built-in list is what stands where it brings none.
    let request = &Request { codes: known_codes(request, &found.files, held.as_ref())?, ..request.clone() };
    let layouts = layouts(request)?;
    let mut kept = Vec::new();
    for layout in &layouts {
        kept.push(Kept::load(&request.work.lake(), layout, request.as_of, &request.seal)?);
    }
    let mut sources: Vec<String> = request.sources.values().map(|m| m.source.clone()).collect();
    sources.extend(kept.iter().flatten().flat_map(|k| k.sources.iter().cloned()));
    sources.extend(held.iter().flat_map(|held| held.state.sources.iter().cloned()));
    sources.push(String::new());
    sources.sort();
    sources.dedup();
    let mut splitter = Splitter {
        request,
        staging,
        identity: Identity::new(&request.key),
        references: References::new(request.as_of, request.buckets, sources.len()),
        out: Split {
            buckets: request.buckets,
            key_id: request.key.key_id(),
            inputs: hash_inputs(&found.files)?,
            ignored: found.ignored,
            warnings: found.warnings.into_iter().chain(beginnings(request, held.is_some())).collect(),
            adds: held.is_some(),
            keeps_files: held.as_ref().is_some_and(|held| held.info.encrypt == request.encrypt.name()),
            sources: sources.clone(),
            regions: request.codes.codes("region").map(|(code, label)| (code.to_owned(), label.zh.clone())).collect(),
            ..Split::default()
        },
        sources,
        found: found.files,
        held,
        rejects: Vec::new(),
    };
    splitter.out.through = layouts.iter().map(|l| (l.name.clone(), splitter.through(&l.name))).collect();
    let loaded = splitter.loaded_before();
    splitter.pass_over(loaded)?;
    splitter.read_maps(&layouts, &kept)?;
    // Assets before the seizures that need their owners.
    let mut order: Vec<usize> = (0..layouts.len()).collect();
    order.sort_by_key(|&i| layouts[i].name != "assets");
    for i in order {
        splitter.table(&layouts[i], kept[i].as_mut(), events)?;
        tally::check_limit(&splitter.out.files, request.max_reject_share, &splitter.rejects)?;
    }
    splitter.finish()
}

/// What to say where changes are loaded and there is nothing to change.
fn beginnings(request: &Request, is_held: bool) -> Vec<String> {
    let deltas = request.sources.iter().filter(|(_, mapping)| !is_held && mapping.mode == Mode::Delta);
    deltas
        .map(|(table, _)| {
            format!("{table}: there is no lake yet that changes could be added to; what is exported is taken for all there is")
        })
        .collect()
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
    /// One table: tonight's files, then the rows kept from earlier nights.
    fn table(&mut self, layout: &Layout, mut kept: Option<&mut Kept>, events: &mut dyn FnMut(Event)) -> Result<()> {
        let Some(table) = self.request.schema.table(&layout.name) else { return Ok(()) };
        let buckets = if layout.bucketed() { self.request.buckets as usize } else { 1 };
        let mut spill = Spill::new(self.staging.map(|s| rows_folder(s, &layout.name)), buckets, &self.request.seal)?;
        let mut identities = IdentitySpill::new(self.staging, layout, &self.request.vault);
        let mut waiting = Vec::new();
        let mut warned = Vec::new();
        let mut rehearsal = if self.staging.is_none() { Rehearsal::of(&layout.name, &self.out.leaving) } else { Rehearsal::default() };
        let ledger_folder = self.staging.map(|s| s.join("ledger").join(&layout.name));
        let mut ledger = Ledger::new(ledger_folder.as_deref().filter(|_| layout.bucketed()), self.held.is_some(), &self.request.seal)?;
        let source = self.source_of(&layout.name);
        let mut awaited = Versions::default();
        if let Some(kept) = kept.as_deref_mut() {
            let placed = self.place_kept(layout, kept, &(0..kept.lines.len()).collect::<Vec<_>>(), 0, &awaited)?;
            records(&placed.waiting)?.iter().for_each(|(header, _)| awaited.add(header));
            kept.set_contents(placed.contents);
        }
        for file in self.files_by_day(&layout.name) {
            events(Event::FileStarted { table: layout.name.clone(), file: file.name.clone() });
            let number = self.out.files.len() as u32;
            let mut counts = FileCounts {
                table: layout.name.clone(),
                file: file.name.clone(),
                source: self.sources[source].clone(),
                ..FileCounts::default()
            };
            let seen_on = self.first_seen(&file);
            let waited = waiting.len();
            let report = read(self.request, &file, table, seen_on, &mut |chunk| {
                let source_name = self.sources[source].clone();
                let source_of = |_: usize| (source, source_name.as_str());
                let batch = Batch::over(layout, &chunk.columns, &source_of, number, &chunk.lines);
                let placed = self.place(&batch, chunk.lines.len(), buckets, &awaited)?;
                for part in placed {
                    counts.waiting += part.waiting_rows;
                    identities.push(&chunk.columns, &source_name, &part.identities)?;
                    self.take(part, &mut spill, &mut ledger, &mut waiting, &mut rehearsal)?;
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
            records(&waiting[waited..])?.iter().for_each(|(header, _)| awaited.add(header));
            warned.extend(report.warnings);
            self.warn_of_older(&layout.name, &counts.file, report.seen_on);
            events(Event::FileRead { table: layout.name.clone(), file: file.name, rows: counts.read, rejected: counts.rejected });
            if let Some(entry) = self.out.inputs.iter_mut().find(|e| e.path == counts.file && e.table == counts.table) {
                entry.rows_read = counts.read;
            }
            if self.mapping(&layout.name).is_none_or(|m| m.mode == Mode::Full) {
                let day = self.out.full.entry(layout.name.clone()).or_insert(report.seen_on);
                *day = report.seen_on.max(*day);
            }
            self.out.seen.insert(number, report.seen_on);
            self.out.files.push(counts);
        }
        for line in warning_lines(&layout.name, warned, self.request.may_quote()) {
            events(Event::Warned(line.clone()));
            self.out.warnings.push(line);
        }
        if let Some(kept) = kept.as_deref_mut() {
            let number = self.out.files.len() as u32;
            let all: Vec<usize> = (0..kept.lines.len()).collect();
            let placed = self.place_kept(layout, kept, &all, number, &awaited)?;
            self.out.files.push(FileCounts {
                table: layout.name.clone(),
                file: format!("lake/{}/{}", waiting::FOLDER, layout.name),
                read: all.len() as u64,
                waiting: placed.waiting_rows,
                ..FileCounts::default()
            });
            self.take(placed, &mut spill, &mut ledger, &mut waiting, &mut rehearsal)?;
        }
        spill.flush(true)?;
        if self.staging.is_some() {
            self.lay_anew(layout, ledger, &mut spill, &mut identities)?;
        }
        identities.finish()?;
        let (waiting, placed) = self.refuse_contradicted(layout, waiting, &mut spill, &mut rehearsal)?;
        self.count_rehearsed(layout, rehearsal);
        self.write_waiting(layout, &waiting, kept.as_deref(), placed, events)
    }

    /// Places rows in ranges over all threads; the parts come in the order of the rows.
    fn place(&self, batch: &Batch<'_>, rows: usize, buckets: usize, awaited: &Versions) -> Result<Vec<Placed>> {
        let placer = Placer { identity: &self.identity, references: &self.references, buckets, want_contents: false, awaited };
        let starts: Vec<usize> = (0..rows).step_by(RANGE_ROWS).collect();
        starts.par_iter().map(|&start| placer.place(batch, start..(start + RANGE_ROWS).min(rows))).collect()
    }

    fn place_kept(&self, layout: &Layout, kept: &Kept, rows: &[usize], file: u32, awaited: &Versions) -> Result<Placed> {
        let columns = kept.columns.take(rows);
        let lines: Vec<u64> = rows.iter().map(|&row| kept.lines[row]).collect();
        let source = |row: usize| {
            let name = kept.sources[rows[row]].as_str();
            (self.sources.binary_search_by(|s| s.as_str().cmp(name)).unwrap_or_default(), name)
        };
        let mut batch = Batch::over(layout, &columns, &source, file, &lines);
        batch.hashed = true;
        let buckets = if layout.bucketed() { self.request.buckets as usize } else { 1 };
        let placer = Placer { identity: &self.identity, references: &self.references, buckets, want_contents: true, awaited };
        placer.place(&batch, 0..lines.len())
    }

    /// Takes in what was placed: records to their buckets, effects to the maps.
    fn take(
        &mut self,
        part: Placed,
        spill: &mut Spill,
        ledger: &mut Ledger,
        waiting: &mut Vec<u8>,
        rehearsal: &mut Rehearsal,
    ) -> Result<()> {
        for (bucket, records) in part.buckets.iter().enumerate() {
            match self.staging {
                Some(_) => spill.push(bucket, records),
                None => rehearsal.push(records)?,
            }
        }
        waiting.extend(part.waiting);
        if self.staging.is_some() {
            ledger.push(&part.entries)?;
        }
        Ok(())
    }

    /// Rows of the lake that moved, and copies of those whose key lies in several places.
    fn lay_anew(&self, layout: &Layout, ledger: Ledger, spill: &mut Spill, identities: &mut IdentitySpill) -> Result<()> {
        let folder = self.staging.map(|s| rows_folder(s, &layout.name)).filter(|_| layout.bucketed());
        let maps = Maps { identity: &self.identity, references: &self.references, sources: &self.sources };
        match &self.held {
            Some(held) => {
                held.lay_anew(layout, maps, &self.out.moves, ledger, spill, folder.as_deref())?;
                held.lay_identities(layout, &self.out.moves, &self.references, identities)
            }
            None => {
                let moved = ledger.finish()?;
                folder.filter(|_| !moved.is_empty()).map_or(Ok(()), |f| copy_elsewhere(&f, &moved, spill, &self.request.seal))
            }
        }
    }

    /// Counts what a second pass would find.
    fn count_rehearsed(&mut self, layout: &Layout, rehearsal: Rehearsal) {
        self.out.newest.extend(rehearsal.newest(self.request.as_of).filter(|_| layout.fact).map(|on| (layout.name.clone(), on)));
        let (files, rejects) = rehearsal.finish(layout, &self.out);
        for (file, settled) in files {
            let counts = &mut self.out.files[file as usize];
            counts.duplicates += settled.duplicates;
            counts.rejected += settled.conflicts;
            counts.expired += settled.expired;
        }
        self.rejects.extend((!rejects.is_empty()).then(|| Reject::to_columns(&rejects)));
    }

    fn write_waiting(
        &mut self,
        layout: &Layout,
        bytes: &[u8],
        kept: Option<&Kept>,
        placed: Versions,
        events: &mut dyn FnMut(Event),
    ) -> Result<()> {
        let lake = self.staging.map(|s| s.join("lake"));
        let days = self.request.max_wait_days;
        let place = lake.as_deref().map(|lake| (lake, &self.request.seal));
        let months = self.out.leaving.of_waiting(&layout.name);
        let written = waiting::write(place, layout, bytes, kept, placed, (self.request.as_of, days, months))?;
        for (file, expired) in written.expired {
            let counts = &mut self.out.files[file as usize];
            counts.waiting -= expired;
            counts.expired += expired;
        }
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
            parquet::write(&staging.join(REJECTS_FILE), &rejects, &self.request.seal)?;
            // It names cases that moved and debtors who leave: it is sealed as the rows are.
            let json = serde_json::to_vec(&self.out).map_err(|e| Error::fault(format!("writing the first pass's record: {e}")))?;
            let mut record = Spill::new(Some(staging.join(RECORD_FOLDER)), 1, &self.request.seal)?;
            record.push(0, &json);
            record.flush(true)?;
        }
        Ok((self.out, rejects))
    }

    pub(super) fn files_of(&self, table: &str) -> Vec<InputFile> {
        self.found.iter().filter(|f| f.table == table).cloned().collect()
    }

    pub(super) fn source_of(&self, table: &str) -> usize {
        let name = self.request.sources.get(table).map_or("", |m| m.source.as_str());
        self.sources.binary_search_by(|s| s.as_str().cmp(name)).unwrap_or_default()
    }
}

fn known_codes(request: &Request, files: &[InputFile], held: Option<&Held>) -> Result<Codes> {
    let Some(table) = request.schema.table("regions") else { return Ok(request.codes.clone()) };
    let options = ReadOptions { as_of: request.as_of, seen_on: None };
    let plain = Mapping::default();
    let mapping = request.sources.get("regions").unwrap_or(&plain);
    let codes = match held.map(|held| held.regions()).transpose()?.flatten() {
        Some(regions) => reader::add_regions(request.codes.clone(), &regions),
        None => request.codes.clone(),
    };
    reader::with_regions(&codes, files, table, mapping, &options)
}

/// Reads one file through the mapping of its table.
pub(super) fn read(
    request: &Request,
    file: &InputFile,
    table: &Table,
    seen_on: Option<Day>,
    sink: &mut dyn FnMut(Chunk) -> Result<()>,
) -> Result<reader::FileReport> {
    let options = ReadOptions { as_of: request.as_of, seen_on };
    let plain = Mapping::default();
    let mapping = request.sources.get(&table.name).unwrap_or(&plain);
    reader::read_file(file, table, mapping, &request.codes, &options, sink)
}

/// The record of the first pass in a staging folder.
pub(super) fn load(staging: &Path, seal: &Seal) -> Result<Split> {
    let folder = staging.join(RECORD_FOLDER);
    serde_json::from_slice(&spill::read(&folder, 0, seal)?).map_err(|e| {
        explain("the first pass left no record that can be read")
            .at(folder.display())
            .found(e)
            .expected("what `luheng ingest` wrote")
            .remedy("run the ingest again from its start")
            .input()
    })
}
