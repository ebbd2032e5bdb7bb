//! Files whose very bytes the lake holds already need no second reading.

use std::collections::BTreeSet;

use super::discover::InputFile;
use super::finish;
use super::mapping::{Mapping, Mode};
use super::plan::Plan;
use super::split::Splitter;
use super::state::{Loaded, State};
use super::tally::FileCounts;
use crate::columns::{Columns, Day, day};
use crate::error::Result;
use crate::store::{hash_bytes, parquet};

impl Splitter<'_> {
    /// The files whose very bytes are in the lake already, read through the same tables, codes and mapping. A table exported in full is passed over as
    /// a whole or not at all: of a part nobody could tell which keys are missing.
    pub(super) fn loaded_before(&self) -> Vec<(InputFile, Loaded)> {
        // Where facts leave, a file is read again, so that each of its rows is counted for what became of it.
        let Some(held) = self.held.as_ref().filter(|_| !self.request.retention.apply) else { return Vec::new() };
        let known = |file: &InputFile| -> Option<Loaded> {
            let entry = self.out.inputs.iter().find(|e| e.path == file.name && e.table == file.table)?;
            let loaded = held.state.files.get(&State::key(&file.table, &entry.hash))?;
            // Changes of another day that say the same say it of that day.
            let plain = Mapping::default();
            let stated = Plan::export_day(file, self.mapping(&file.table).unwrap_or(&plain), loaded.seen_on);
            let is_same = !self.is_delta(&file.table) || stated == loaded.seen_on;
            (is_same && self.out.through.get(&file.table) == Some(&loaded.through)).then(|| loaded.clone())
        };
        let known = |file: &InputFile| self.was_last(&file.table).then(|| known(file)).flatten();
        let mut out: Vec<(InputFile, Loaded)> = self.found.iter().filter_map(|file| Some((file.clone(), known(file)?))).collect();
        let whole =
            |table: &str| self.is_delta(table) || self.files_of(table).len() == out.iter().filter(|(f, _)| f.table == table).count();
        let tables: BTreeSet<String> = out.iter().map(|(f, _)| f.table.clone()).filter(|table| whole(table)).collect();
        out.retain(|(file, _)| tables.contains(&file.table));
        out
    }

    fn is_delta(&self, table: &str) -> bool {
        self.mapping(table).is_some_and(|m| m.mode == Mode::Delta)
    }

    /// Whether tonight's files of a table are changes, or the very export that was loaded last: one of earlier says anew what later ones took back.
    fn was_last(&self, table: &str) -> bool {
        let last = self.held.as_ref().and_then(|held| held.state.full.get(table));
        self.is_delta(table) || last == Some(&self.out.hashes_of(table))
    }

    /// Counts files that need no reading as they were counted when they were loaded, with the rows they lost.
    pub(super) fn pass_over(&mut self, loaded: Vec<(InputFile, Loaded)>) -> Result<()> {
        let refused = loaded.iter().any(|(_, l)| l.counts.rejected > 0);
        let rejects =
            if refused { parquet::read(&finish::rejects_file(&self.request.work.lake()), &self.request.seal)? } else { Columns::new() };
        for (file, Loaded { counts, .. }) in loaded {
            let of_file = |at: &usize| {
                let is = |name: &str, text: &str| rejects.get(name).and_then(|c| c.text_at(*at)) == Some(text);
                is("table", &counts.table) && is("file", &counts.file)
            };
            let lost: Vec<usize> = (0..rejects.len()).filter(of_file).collect();
            if !lost.is_empty() {
                let name = file.name.clone();
                self.rejects.push(rejects.take(&lost).text("file", lost.iter().map(|_| Some(&name))));
            }
            let held = counts.read - counts.rejected - counts.duplicates - counts.expired;
            let entry = self.out.inputs.iter_mut().find(|e| e.path == file.name && e.table == file.table);
            if let Some(entry) = entry {
                entry.rows_read = counts.read;
            }
            self.found.retain(|f| *f != file);
            self.out.files.push(FileCounts { file: file.name, loaded: held, unchanged: held, waiting: 0, ..counts });
        }
        Ok(())
    }

    /// Warns where a file is older than what was loaded of its table: the lake keeps the day a fact was first said so, not the last.
    pub(super) fn warn_of_older(&mut self, table: &str, file: &str, seen_on: Day) {
        let Some(newest) = self.held.as_ref().and_then(|held| held.days_of(table).last().copied()).filter(|newest| seen_on < *newest)
        else {
            return;
        };
        self.out.warnings.push(format!(
            "{table}: {file} is an export of {}, loaded after one of {}: where the later one only repeated what was known before both, the word of the \
             older one now stands; load exports in the order of their days",
            day::format(seen_on),
            day::format(newest)
        ));
    }

    /// What a file is read through, hashed: another catalog or mapping reads it anew.
    pub(super) fn through(&self, table: &str) -> String {
        let mapping = self.mapping(table).cloned().unwrap_or_default();
        let text = format!("{:?}{mapping:?}{:?}", self.request.schema.table(table), self.request.codes);
        hash_bytes(text.as_bytes())
    }

    pub(super) fn mapping(&self, table: &str) -> Option<&Mapping> {
        self.request.sources.get(table)
    }

    /// The day a file of no stated day is from: the as-of of the night that first loaded it.
    pub(super) fn first_seen(&self, file: &InputFile) -> Option<Day> {
        let entry = self.out.inputs.iter().find(|e| e.path == file.name && e.table == file.table)?;
        self.held.as_ref().filter(|_| self.was_last(&file.table))?.state.files.get(&State::key(&file.table, &entry.hash)).map(|l| l.seen_on)
    }

    /// A table's files, the oldest export first: whether a row is said anew depends on those exported before it that wait.
    pub(super) fn files_by_day(&self, table: &str) -> Vec<InputFile> {
        let plain = Mapping::default();
        let mapping = self.request.sources.get(table).unwrap_or(&plain);
        let mut files = self.files_of(table);
        files.sort_by_key(|file| Plan::export_day(file, mapping, self.first_seen(file).unwrap_or(self.request.as_of)));
        files
    }
}
