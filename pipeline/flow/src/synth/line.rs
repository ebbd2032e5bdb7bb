//! Why: what one row of an input table looks like on its way to a file: cells by the name of their column, so that no row depends on the
//! order of columns and what is never named stays empty.
use luheng_lake::columns::{Day, day};

use super::tables::Table;

/// One row of a table on its way to a file; a column never named stays empty.
#[derive(Clone, Debug)]
pub struct Line {
    table: Table,
    cells: Vec<String>,
    stray: Option<&'static str>,
}

impl Line {
    /// An empty row.
    pub fn of(table: Table) -> Self {
        Self { table, cells: vec![String::new(); table.columns().len()], stray: None }
    }

    /// Which table.
    pub fn table(&self) -> Table {
        self.table
    }

    /// The cells, to be spoilt.
    pub fn cells_mut(&mut self) -> &mut [String] {
        &mut self.cells
    }

    /// The cells.
    pub fn cells(&self) -> &[String] {
        &self.cells
    }

    /// A column that was named but does not exist: a fault of the generator.
    pub fn stray(&self) -> Option<&'static str> {
        self.stray
    }

    /// Sets a text cell.
    pub fn text(mut self, column: &'static str, value: impl Into<String>) -> Self {
        match self.table.columns().iter().position(|c| *c == column) {
            Some(at) => self.cells[at] = value.into(),
            None => self.stray = Some(column),
        }
        self
    }

    /// Sets a text cell if there is a value.
    pub fn maybe(self, column: &'static str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.text(column, value),
            None => self,
        }
    }

    /// Sets a whole number.
    pub fn int(self, column: &'static str, value: i64) -> Self {
        self.text(column, value.to_string())
    }

    /// Sets a whole number if it is not nought.
    pub fn above(self, column: &'static str, value: i64) -> Self {
        if value > 0 { self.int(column, value) } else { self }
    }

    /// Sets a share with three digits.
    pub fn share(self, column: &'static str, value: f64) -> Self {
        self.text(column, format!("{value:.3}"))
    }

    /// Sets a day.
    pub fn day(self, column: &'static str, value: Day) -> Self {
        self.text(column, day::format(value))
    }

    /// Sets a day if there is one.
    pub fn on(self, column: &'static str, value: Option<Day>) -> Self {
        match value {
            Some(value) => self.day(column, value),
            None => self,
        }
    }

    /// Sets a flag.
    pub fn flag(self, column: &'static str, value: bool) -> Self {
        self.text(column, if value { "true" } else { "false" })
    }

    /// Appends the row as CSV.
    pub fn write_to(&self, out: &mut String) {
        for (at, cell) in self.cells.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            if cell.contains([',', '"', '\n', '\r']) {
                out.push('"');
                out.push_str(&cell.replace('"', "\"\""));
                out.push('"');
            } else {
                out.push_str(cell);
            }
        }
        out.push('\n');
    }
}
