//! One row of a run table, read by column name; absent columns and nulls read as nothing, because a sheet prints what there is.

use luheng_lake::columns::{Columns, Day};
use std::collections::BTreeMap;

/// A row of a table.
#[derive(Clone, Copy, Debug)]
pub struct Cells<'a> {
    table: &'a Columns,
    at: usize,
}

impl<'a> Cells<'a> {
    /// The row of a table at a position.
    pub fn of(table: &'a Columns, at: usize) -> Self {
        Self { table, at }
    }

    /// Text; empty text reads as nothing.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.table.get(name)?.text_at(self.at).filter(|t| !t.is_empty())
    }

    /// Text, or nothing as an empty text.
    pub fn str(&self, name: &str) -> &'a str {
        self.text(name).unwrap_or_default()
    }

    /// A whole number; fen where the column says so.
    pub fn int(&self, name: &str) -> Option<i64> {
        self.table.get(name)?.int_at(self.at)
    }

    /// A number, whole or not.
    pub fn number(&self, name: &str) -> Option<f64> {
        let column = self.table.get(name)?;
        column.real_at(self.at).or_else(|| column.int_at(self.at).map(|v| v as f64))
    }

    /// A day.
    pub fn date(&self, name: &str) -> Option<Day> {
        self.table.get(name)?.date_at(self.at)
    }

    /// Whether a flag is known to be set.
    pub fn is(&self, name: &str) -> bool {
        self.table.get(name).and_then(|c| c.flag_at(self.at)).unwrap_or(false)
    }

    /// The parts of a list joined by `;`.
    pub fn list(&self, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.str(name).split(';').map(str::trim).filter(|p| !p.is_empty())
    }
}

/// The rows of a table by the text of one column, each in table order.
pub(super) fn rows_by<'a>(table: &'a Columns, key: &str) -> BTreeMap<&'a str, Vec<usize>> {
    let mut rows: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let Some(column) = table.get(key) else { return rows };
    // Tables are sorted by case: take runs of equal keys at once instead of looking each row up.
    let mut at = 0;
    while at < table.len() {
        let text = column.text_at(at);
        let start = at;
        while at < table.len() && column.text_at(at) == text {
            at += 1;
        }
        if let Some(text) = text {
            rows.entry(text).or_default().extend(start..at);
        }
    }
    rows
}
