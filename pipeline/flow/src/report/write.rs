//! Writes every document of a run. Sheets are made in parallel; each is a file of its own, so the order of work never shows.

use super::{ByCase, Long, LongTables, RunTables, SheetContext, index, oversight, quality, regional, sheet_name, sheets};
use crate::error::{Error, Result};
use crate::quality::Quality;
use luheng_lake::store::{FileEntry, atomic::create_dir, text::write_unseen};
use luheng_sheet::{Doc, html};
use rayon::prelude::*;
use std::path::Path;

/// Cases whose sheets are made before the long tables of more are read.
const CASES_AT_ONCE: usize = 4_096;

/// Gives what was not given yet of the long tables: of the cases before the one named, or of all that are left.
pub type NextLong<'a> = dyn FnMut(Option<&str>) -> Result<LongTables> + 'a;

/// Writes `sheets/*.html` (where `sheets` says so), `regional.html .csv .json`, `oversight.html` and `quality.html .json` below the run's folder; gives each file's name, relative to
/// it, with its entry for the manifest, in order of name.
///
/// # Errors
/// A file that cannot be written, or a document that cannot be rendered, by name.
pub fn write_all(
    run: &Path,
    tables: &RunTables,
    long: &mut NextLong<'_>,
    quality_figures: &Quality,
    ctx: &SheetContext,
    sheets: bool,
) -> Result<Vec<(String, FileEntry)>> {
    let mut written = if sheets { write_sheets(run, tables, long, ctx)? } else { Vec::new() };
    written.push(write_doc(run, "regional.html".into(), &regional::page(&tables.regional, ctx))?);
    written.push(write_plain(run, "regional.csv", &regional::csv(&tables.regional))?);
    written.push(write_plain(run, "regional.json", &regional::json(&tables.regional)?)?);
    written.push(write_doc(run, "oversight.html".into(), &oversight::page(&tables.oversight, ctx))?);
    written.push(write_doc(run, "quality.html".into(), &quality::page(quality_figures, ctx))?);
    written.push(write_plain(run, "quality.json", &quality::json(quality_figures)?)?);
    written.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(written)
}

/// A sheet a case, and the pages that list them.
fn write_sheets(run: &Path, tables: &RunTables, long: &mut NextLong<'_>, ctx: &SheetContext) -> Result<Vec<(String, FileEntry)>> {
    // Made once before the threads start, so that a crash test counts the same operations each time.
    create_dir(&run.join("sheets"))?;
    let by_case = ByCase::of(tables);
    let numbers = by_case.case_numbers();
    let mut written: Vec<(String, FileEntry)> = Vec::with_capacity(numbers.len());
    for (block, case_numbers) in numbers.chunks(CASES_AT_ONCE).enumerate() {
        let tables = long(numbers.get((block + 1) * CASES_AT_ONCE).copied())?;
        let long = Long::of(&tables);
        let sheets: Vec<(String, FileEntry)> = case_numbers
            .par_iter()
            .filter_map(|case_no| by_case.case_with(case_no, &long).map(|case| (case_no, case)))
            .map(|(case_no, case)| {
                let name = case.case.and_then(|c| c.text("sheet")).map_or_else(|| sheet_name(case_no), str::to_owned);
                write_doc(run, name, &sheets::case_sheet(case_no, &case, ctx))
            })
            .collect::<Result<_>>()?;
        written.extend(sheets);
    }
    for (name, doc) in index::pages(&by_case, ctx) {
        written.push(write_doc(run, name, &doc)?);
    }
    Ok(written)
}

fn write_doc(run: &Path, name: String, doc: &Doc) -> Result<(String, FileEntry)> {
    let page = html::render(doc).map_err(|e| Error::Fault(format!("{name}: {e}")))?;
    let entry = write_unseen(&run.join(&name), &page)?;
    Ok((name, entry))
}

fn write_plain(run: &Path, name: &str, text: &str) -> Result<(String, FileEntry)> {
    Ok((name.to_owned(), write_unseen(&run.join(name), text)?))
}
