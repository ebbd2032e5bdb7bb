//! Why: finished rows become files here, table by table and in blocks, so that a town of any size is written in bounded memory; and what the
//! court did not yet know on the as-of day is held back here, in one place.
use std::path::{Path, PathBuf};

use luheng_lake::columns::Day;
use luheng_lake::store::text;

use super::dirt::Dirt;
use super::line::Line;
use super::tables::LAYOUTS;

/// A table's text is written out when it has grown to this many bytes.
const BLOCK_BYTES: usize = 24 << 20;

/// One table being written.
#[derive(Debug, Default)]
struct Sheet {
    text: String,
    blocks: usize,
    rows: u64,
}

/// All tables being written.
#[derive(Debug)]
pub struct Export {
    folder: PathBuf,
    as_of: Day,
    dirt: Dirt,
    sheets: Vec<Sheet>,
    strays: Vec<&'static str>,
}

impl Export {
    /// An empty export into a folder.
    pub fn new(folder: &Path, as_of: Day, dirt: Dirt) -> Self {
        let sheets = LAYOUTS.iter().map(|_| Sheet::default()).collect();
        Self { folder: folder.to_path_buf(), as_of, dirt, sheets, strays: Vec::new() }
    }

    /// Takes a fact row the court came to know on a day. Not written if that day is still to come.
    pub fn know(&mut self, known_on: Day, line: Line) {
        if known_on <= self.as_of {
            self.put(line.day("known_on", known_on));
        }
    }

    /// Takes a row without a day of knowledge (divisions, population).
    pub fn put(&mut self, line: Line) {
        self.strays.extend(line.stray());
        let sheet = &mut self.sheets[line.table() as usize];
        self.dirt.spoil(line, |row| {
            row.write_to(&mut sheet.text);
            sheet.rows += 1;
        });
    }

    /// Writes out every table that has grown past its block.
    pub fn flush_full(&mut self) -> luheng_lake::Result<()> {
        for at in 0..self.sheets.len() {
            if self.sheets[at].text.len() >= BLOCK_BYTES {
                self.flush(at, false)?;
            }
        }
        Ok(())
    }

    /// Writes out what is left, and counts rows by table.
    ///
    /// # Errors
    /// If a file cannot be written, or if a row named a column its table does not have (a fault of the generator).
    pub fn finish(mut self) -> luheng_lake::Result<Vec<(&'static str, u64)>> {
        if let Some(column) = self.strays.first() {
            return Err(luheng_lake::Error::Fault(format!("synth named a column that does not exist: {column}")));
        }
        for at in 0..self.sheets.len() {
            if !self.sheets[at].text.is_empty() || self.sheets[at].blocks == 0 {
                self.flush(at, true)?;
            }
        }
        Ok(self.sheets.iter().zip(LAYOUTS).map(|(sheet, (name, _))| (*name, sheet.rows)).collect())
    }

    /// One block becomes `name.csv` if it is the whole table, else `name-0001.csv`, `name-0002.csv`, …
    fn flush(&mut self, at: usize, last: bool) -> luheng_lake::Result<()> {
        let (name, columns) = LAYOUTS[at];
        let sheet = &mut self.sheets[at];
        let file = if last && sheet.blocks == 0 { format!("{name}.csv") } else { format!("{name}-{:04}.csv", sheet.blocks + 1) };
        let mut text = columns.join(",");
        text.push('\n');
        text.push_str(&sheet.text);
        text::write_text(&self.folder.join(file), &text)?;
        sheet.blocks += 1;
        sheet.text.clear();
        Ok(())
    }
}
