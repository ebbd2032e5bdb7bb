//! One file of an export to checked, typed chunks, in the order of the file: the entrance of the lake. Reading runs beside parsing, and parsing
//! on all cores; what comes out does not depend on how many there are.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::blocks::{Block, Blocks};
use super::bytes::TextSource;
use super::check::{Checked, checked};
use super::discover::{Format, InputFile};
use super::mapping::Mapping;
use super::plan::{MOST_COLUMNS, Plan, too_many_columns};
use super::reject::Counts;
pub use super::reject::{Reject, Warning, mask, rule};
use super::{csv, json, parquet};
use crate::columns::{Columns, Day};
use crate::error::{Error, Result};
use crate::schema::{Codes, Label, Table};

/// Rows parsed as one piece of work.
const PIECE: usize = 8192;

/// What a run says of all files.
#[derive(Clone, Copy, Debug)]
pub struct ReadOptions {
    /// The as-of day: rows known later are warned of.
    pub as_of: Day,
    /// The export's day where neither mapping nor file name say; else the as-of day.
    pub seen_on: Option<Day>,
}

/// Some rows of a file, checked.
#[derive(Clone, Debug)]
pub struct Chunk {
    /// Every column of the table in the catalog's order, identity columns included, absent ones null; for fact tables then
    /// `known_on_basis` (stated, assumed) and `seen_on`. Case numbers, court codes and identity numbers are normalised.
    pub columns: Columns,
    /// For each row the line where it begins (the header is line 1); in Parquet the number of the row, from 1.
    pub lines: Vec<u64>,
    /// The rows that are not in `columns`, by line.
    pub rejects: Vec<Reject>,
}

/// What became of a file.
#[derive(Clone, Debug, Default)]
pub struct FileReport {
    /// The file, below the input folder.
    pub file: String,
    /// Its table.
    pub table: String,
    /// The export's day.
    pub seen_on: Day,
    /// Rows read, good or not.
    pub rows: u64,
    /// Rows handed on.
    pub good: u64,
    /// Rows rejected.
    pub rejected: u64,
    /// Rows of the file that by its mapping (`only_if`, empty groups of `repeat`) are no rows of this table; not in `rows`.
    pub passed_over: u64,
    /// What should be looked at.
    pub warnings: Vec<Warning>,
}

/// Reads one file; `sink` gets its chunks in order.
///
/// Errors stop the run: an undecodable or truncated file, an unterminated quote, a missing required column, a Parquet column of a type that
/// cannot be read exactly; and whatever the sink returns.
pub fn read_file(
    file: &InputFile,
    table: &Table,
    mapping: &Mapping,
    codes: &Codes,
    options: &ReadOptions,
    sink: &mut dyn FnMut(Chunk) -> Result<()>,
) -> Result<FileReport> {
    let seen_on = Plan::export_day(file, mapping, options.seen_on.unwrap_or(options.as_of));
    let plan = |headers: Option<&[String]>| Plan::new(file, table, mapping, codes, (seen_on, options.as_of), headers);
    let report = FileReport { file: file.name.clone(), table: table.name.clone(), seen_on, ..FileReport::default() };
    let mut delivery = Delivery { report, counts: Counts::default(), slots: 0, sink };
    match file.format {
        Format::Csv => {
            let mut blocks = Blocks::new(file, TextSource::open(file, mapping.encoding)?, true);
            let mut first = blocks.next()?;
            let headers = first.as_mut().map(csv::header).transpose()?.unwrap_or_default();
            let plan = plan(Some(&headers))?;
            let names: BTreeSet<&str> = headers.iter().map(String::as_str).collect();
            plan.check_required(&names)?;
            let split = |block: &Block, piece: &_| checked(&plan, csv::split(block, piece, &headers, &plan)?);
            over_blocks(first, &mut blocks, split, |checked| delivery.deliver(checked))?;
            delivery.finish(&plan, &names)
        }
        Format::JsonLines => read_json(file, &plan(None)?, delivery),
        Format::Parquet => {
            let opened = parquet::Opened::open(file)?;
            let headers = opened.headers();
            let plan = plan(Some(&headers))?;
            let names: BTreeSet<&str> = headers.iter().map(String::as_str).collect();
            plan.check_required(&names)?;
            let mut rows = opened.rows(&plan)?;
            let mut batches = rows.next()?;
            while !batches.is_empty() {
                let parse = || {
                    batches
                        .par_iter()
                        .map(|(first, batch)| checked(&plan, parquet::split(*first, batch, &plan)?))
                        .collect::<Result<Vec<_>>>()
                };
                let (next, done) = rayon::join(|| rows.next(), parse);
                done?.into_iter().try_for_each(|c| delivery.deliver(c))?;
                batches = next?;
            }
            delivery.finish(&plan, &names)
        }
    }
}

/// These codes with the regions of the input's own `regions` files, so that other tables may use them without a warning.
///
/// Errors: as [`read_file`]; rows it rejects are passed over here, the reading of the table itself reports them.
pub fn with_regions(codes: &Codes, files: &[InputFile], table: &Table, mapping: &Mapping, options: &ReadOptions) -> Result<Codes> {
    let mut known = codes.clone();
    for file in files.iter().filter(|f| f.table == table.name) {
        read_file(file, table, mapping, codes, options, &mut |chunk| {
            known = add_regions(std::mem::take(&mut known), &chunk.columns);
            Ok(())
        })?;
    }
    Ok(known)
}

/// The codes and the regions of a table.
pub(crate) fn add_regions(mut codes: Codes, regions: &Columns) -> Codes {
    let column = |name, row| regions.get(name).and_then(|c| c.text_at(row));
    for row in 0..regions.len() {
        if let (Some(code), Some(name)) = (column("code", row), column("name", row)) {
            codes.extend("region", code, Label { zh: name.to_owned(), en: name.to_owned() });
        }
    }
    codes
}

/// Parses block after block, the next one being read meanwhile.
fn over_blocks<T: Send>(
    first: Option<Block>,
    blocks: &mut Blocks,
    split: impl Fn(&Block, &std::ops::Range<usize>) -> Result<T> + Sync,
    mut deliver: impl FnMut(T) -> Result<()>,
) -> Result<()> {
    let mut present = first;
    while let Some(block) = present {
        let parse = || block.pieces(PIECE).par_iter().map(|piece| split(&block, piece)).collect::<Result<Vec<T>>>();
        let (next, done) = rayon::join(|| blocks.next(), parse);
        done?.into_iter().try_for_each(&mut deliver)?;
        present = next?;
    }
    Ok(())
}

fn read_json(file: &InputFile, plan: &Plan, mut delivery: Delivery) -> Result<FileReport> {
    let mut blocks = Blocks::new(file, TextSource::open(file, plan.mapping.encoding)?, false);
    let first = blocks.next()?;
    first.iter().try_for_each(|block| json::refuse_list(file, block))?;
    let mut keys: BTreeMap<String, u64> = BTreeMap::new();
    let mut required_seen = false;
    let mut broken_end = None;
    let split = |block: &Block, piece: &std::ops::Range<usize>| {
        let lines = json::split(block, piece, plan)?;
        let counted = (lines.keys, lines.broken_end);
        Ok((counted, checked(plan, lines.batch)?))
    };
    over_blocks(first, &mut blocks, split, |((met, broken), checked)| {
        for (key, n) in met {
            *keys.entry(key).or_default() += n;
        }
        if keys.len() > MOST_COLUMNS {
            return Err(too_many_columns(&file.name, keys.len()));
        }
        broken_end = broken;
        // A key that no row of the first piece has is missing from the file, not from rows.
        if !required_seen && !keys.is_empty() {
            plan.check_required(&keys.keys().map(String::as_str).collect())?;
            required_seen = true;
        }
        delivery.deliver(checked)
    })?;
    if let Some(line) = broken_end.filter(|_| blocks.ended_inside_a_line()) {
        return Err(Error::input(
            &file.name,
            Some(line),
            "a last line that breaks off",
            "a whole JSON object",
            "export or copy the file again",
        ));
    }
    let names: BTreeSet<&str> = keys.keys().map(String::as_str).collect();
    delivery.finish(plan, &names)
}

/// Adds up what became of the rows on their way to the sink.
struct Delivery<'s> {
    report: FileReport,
    counts: Counts,
    /// Rows the file could have given.
    slots: u64,
    sink: &'s mut dyn FnMut(Chunk) -> Result<()>,
}

impl Delivery<'_> {
    fn deliver(&mut self, checked: Vec<Checked>) -> Result<()> {
        for Checked { columns, lines, rejects, counts, slots, passed_over } in checked {
            self.counts.add(&counts);
            self.slots += slots;
            self.report.good += lines.len() as u64;
            self.report.rejected += rejects.len() as u64;
            self.report.rows += (lines.len() + rejects.len()) as u64;
            self.report.passed_over += passed_over;
            (self.sink)(Chunk { columns, lines, rejects })?;
        }
        Ok(())
    }

    fn finish(mut self, plan: &Plan, headers: &BTreeSet<&str>) -> Result<FileReport> {
        let (rows, passed_over) = (self.report.rows, self.report.passed_over);
        if rows + passed_over != self.slots {
            let name = &plan.file.name;
            return Err(Error::fault(format!("{name}: {} rows could be read, but {rows} were, and {passed_over} passed over", self.slots)));
        }
        let names: Vec<&str> = plan.table.columns.iter().map(|c| c.name.as_str()).collect();
        // A JSON file without rows has no keys to miss.
        if plan.file.format != Format::JsonLines || self.report.rows > 0 {
            self.report.warnings = plan.header_warnings(headers, self.report.rows);
        }
        self.report.warnings.extend(self.counts.warnings(&plan.file.name, &names));
        if rows == 0 && passed_over > 0 {
            let text = "the mapping takes none of its rows: check only_if and repeat".to_owned();
            let file = plan.file.name.clone();
            let (column, value) = Default::default();
            self.report.warnings.push(Warning { kind: "no_row_taken", file, column, value, count: passed_over, text });
        }
        Ok(self.report)
    }
}
