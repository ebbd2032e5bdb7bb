//! Comma-separated values: the csv crate splits the fields; where records begin and which line they are on comes from [`super::blocks`].

use std::ops::Range;

use arrow_array::builder::StringBuilder;
use csv::{Reader, ReaderBuilder, StringRecord};

use super::blocks::Block;
use super::cast::{Raw, RowFault};
use super::check::Batch;
use super::plan::Plan;
use super::reject::rule;
use super::values::is_space;
use crate::error::{Error, Result};

fn reader(bytes: &[u8]) -> Reader<&[u8]> {
    ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes)
}

fn impossible(error: &csv::Error) -> Error {
    // The text is UTF-8 and in memory: nothing is left that the csv crate refuses.
    Error::fault(format!("splitting records: {error}"))
}

/// Takes the header off the first block of a file; empty where the file is.
pub(crate) fn header(block: &mut Block) -> Result<Vec<String>> {
    if block.starts.is_empty() {
        return Ok(Vec::new());
    }
    let mut record = StringRecord::new();
    reader(block.bytes(&(0..1))).read_record(&mut record).map_err(|e| impossible(&e))?;
    block.starts.remove(0);
    Ok(record.iter().map(|name| name.trim_matches(is_space).to_owned()).collect())
}

/// Splits the records of a piece into the columns the plan reads. Errors only with a fault of the program.
pub(crate) fn split(block: &Block, records: &Range<usize>, headers: &[String], plan: &Plan) -> Result<Batch> {
    let bytes = block.bytes(records);
    let starts = block.starts.get(records.clone()).unwrap_or_default();
    let wanted: Vec<usize> = plan.inputs.iter().filter_map(|input| headers.iter().position(|h| h == input)).collect();
    let room = bytes.len() / headers.len().max(1);
    let mut columns: Vec<StringBuilder> = wanted.iter().map(|_| StringBuilder::with_capacity(starts.len(), room)).collect();
    let mut lines = Vec::with_capacity(starts.len());
    let mut broken = Vec::new();
    let mut reader = reader(bytes);
    let mut record = StringRecord::new();
    let mut n = 0;
    while reader.read_record(&mut record).map_err(|e| impossible(&e))? {
        let Some(start) = starts.get(n) else { return Err(Error::fault("more records than were counted")) };
        n += 1;
        if let Some(fault) = fault_of(&record, headers, start.bad_quote) {
            broken.push((start.line, fault));
            continue;
        }
        lines.push(start.line);
        for (column, field) in columns.iter_mut().zip(&wanted) {
            match record.get(*field) {
                Some(text) if !text.is_empty() => column.append_value(text),
                _ => column.append_null(),
            }
        }
    }
    if n != starts.len() {
        return Err(Error::fault("fewer records than were counted"));
    }
    let inputs = columns.iter_mut().map(|c| Raw::Text(c.finish())).collect();
    Ok(Batch { inputs, lines, broken })
}

/// Every record of a piece as its fields. Errors only with a fault of the program.
pub(crate) fn records(block: &Block, records: &Range<usize>, mut each: impl FnMut(&StringRecord)) -> Result<()> {
    let mut reader = reader(block.bytes(records));
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(|e| impossible(&e))? {
        each(&record);
    }
    Ok(())
}

/// Why a record is no row. What it holds is not shown: which field is which is just what is not known.
fn fault_of(record: &StringRecord, headers: &[String], bad_quote: bool) -> Option<RowFault> {
    let fault = |rule, found: String, expected: String| Some(RowFault { column: usize::MAX, rule, found, expected });
    if bad_quote {
        return fault(rule::QUOTE, "text after a closing quote".to_owned(), "quotes within a field doubled".to_owned());
    }
    if record.len() != headers.len() {
        return fault(rule::RAGGED, format!("{} fields", record.len()), format!("{} fields, as in the header", headers.len()));
    }
    if record.iter().any(|field| field.as_bytes().contains(&0)) {
        return fault(rule::NUL, "a NUL byte".to_owned(), "text".to_owned());
    }
    None
}
