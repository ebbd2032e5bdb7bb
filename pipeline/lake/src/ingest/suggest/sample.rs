//! The first rows of an export, as text, whatever its form.

use std::collections::BTreeSet;

use arrow_array::RecordBatch;

use super::super::blocks::Blocks;
use super::super::bytes::TextSource;
use super::super::cast::trim;
use super::super::discover::{Format, InputFile};
use super::super::mapping::Encoding;
use super::super::plan::{MOST_COLUMNS, too_many_columns};
use super::super::{csv, json, parquet};
use crate::error::{Error, Result};

/// Rows looked at.
const ROWS: usize = 2_000;

/// Signs of a value looked at: no number, day or code is longer.
const SIGNS: usize = 200;

/// Headers and values of the first rows.
pub(crate) struct Sample {
    /// The headers, in the order of the file.
    pub headers: Vec<String>,
    /// For each header its values that are not empty, trimmed.
    pub values: Vec<Vec<String>>,
    /// Rows looked at.
    pub rows: usize,
}

impl Sample {
    fn new(headers: Vec<String>) -> Self {
        let values = headers.iter().map(|_| Vec::new()).collect();
        Sample { headers, values, rows: 0 }
    }

    fn add(&mut self, place: usize, text: &str) {
        let text = trim(text);
        if let Some(values) = self.values.get_mut(place).filter(|_| !text.is_empty()) {
            values.push(text.chars().take(SIGNS).collect());
        }
    }
}

/// Errors: a file that cannot be read, one without a header.
pub(crate) fn sample(file: &InputFile) -> Result<Sample> {
    let sample = match file.format {
        Format::Csv => csv_sample(file)?,
        Format::JsonLines => json_sample(file)?,
        Format::Parquet => parquet_sample(file)?,
    };
    if sample.headers.len() > MOST_COLUMNS {
        return Err(too_many_columns(&file.name, sample.headers.len()));
    }
    if sample.headers.is_empty() {
        return Err(Error::input(
            &file.name,
            Some(1),
            "no column at all",
            "a header, or objects with keys",
            "export the file with its header",
        ));
    }
    Ok(sample)
}

fn csv_sample(file: &InputFile) -> Result<Sample> {
    let mut blocks = Blocks::new(file, TextSource::open(file, Encoding::Auto)?, true);
    let mut first = blocks.next()?;
    let headers = first.as_mut().map(csv::header).transpose()?.unwrap_or_default();
    let mut sample = Sample::new(headers);
    let Some(block) = first else { return Ok(sample) };
    let fields = sample.headers.len();
    csv::records(&block, &(0..ROWS.min(block.starts.len())), |record| {
        if record.len() == fields {
            sample.rows += 1;
            record.iter().enumerate().for_each(|(place, text)| sample.add(place, text));
        }
    })?;
    Ok(sample)
}

fn json_sample(file: &InputFile) -> Result<Sample> {
    let mut blocks = Blocks::new(file, TextSource::open(file, Encoding::Auto)?, false);
    let mut sample = Sample::new(Vec::new());
    let Some(block) = blocks.next()? else { return Ok(sample) };
    json::refuse_list(file, &block)?;
    let mut known = BTreeSet::new();
    for record in 0..ROWS.min(block.starts.len()) {
        let Some(pairs) = json::pairs(block.bytes(&(record..record + 1)).trim_ascii()) else { continue };
        sample.rows += 1;
        for (key, text) in pairs {
            if known.insert(key.clone()) {
                sample.headers.push(key.clone());
                sample.values.push(Vec::new());
            }
            if let Some(place) = sample.headers.iter().position(|h| *h == key) {
                sample.add(place, &text);
            }
        }
    }
    Ok(sample)
}

fn parquet_sample(file: &InputFile) -> Result<Sample> {
    let opened = parquet::Opened::open(file)?;
    let mut sample = Sample::new(opened.headers());
    let batch: Option<RecordBatch> = opened.first(ROWS)?;
    let Some(batch) = batch else { return Ok(sample) };
    sample.rows = batch.num_rows();
    for (place, array) in batch.columns().iter().enumerate() {
        // A nested column stays without values: it cannot be loaded either.
        let Ok(raw) = parquet::raw(array) else { continue };
        raw.to_text().iter().flatten().for_each(|text| sample.add(place, text));
    }
    Ok(sample)
}
