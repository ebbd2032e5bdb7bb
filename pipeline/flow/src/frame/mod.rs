//! Where polars begins: a stage that joins, groups or sorts whole tables takes `Columns` to a lazy frame and back, and nothing else knows polars.

pub mod bridge;

use luheng_lake::columns::{Column, Columns};
use polars::prelude::{IntoLazy, LazyFrame, SortMultipleOptions};

use crate::error::Result;

/// A table of the house as a lazy frame.
///
/// # Errors
/// Columns of unequal length.
pub fn lazy(table: &Columns) -> Result<LazyFrame> {
    Ok(bridge::to_frame(table)?.lazy())
}

/// Runs a lazy frame and brings its result back as a table of the house.
///
/// # Errors
/// What polars refuses, or a column of a kind the house does not have.
pub fn collect(frame: LazyFrame) -> Result<Columns> {
    bridge::to_columns(&frame.collect()?)
}

/// Ascending, nulls first, equal rows in their old order: the one way a frame is sorted, so that rows come out the same on any machine.
pub fn ascending() -> SortMultipleOptions {
    SortMultipleOptions::default().with_maintain_order(true).with_nulls_last(false)
}

/// The rows of a left table with the columns of a right one beside them, by equal key columns; row order is the left table's. A right table must hold a
/// key once. Columns that both have are the left's, the right's with `_right` after the name.
///
/// # Errors
/// A key column that one of the two lacks.
pub fn beside(left: &Columns, right: &Columns, keys: &[&str]) -> Result<Columns> {
    use polars::prelude::{JoinArgs, JoinType, MaintainOrderJoin, col};
    let on: Vec<_> = keys.iter().map(|key| col(*key)).collect();
    let args = JoinArgs { maintain_order: MaintainOrderJoin::Left, ..JoinArgs::new(JoinType::Left) };
    collect(lazy(left)?.join(lazy(right)?, on.clone(), on, args))
}

/// One row of a table, read by column name; a stage's own row type is built from it.
#[derive(Clone, Copy, Debug)]
pub struct Cells<'a> {
    table: &'a Columns,
    row: usize,
}

impl<'a> Cells<'a> {
    fn column(&self, name: &str) -> Option<&'a Column> {
        self.table.get(name)
    }

    /// A text; `None` where null. So with the others.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.column(name).and_then(|c| c.text_at(self.row))
    }

    /// A text that owns itself.
    pub fn owned(&self, name: &str) -> Option<String> {
        self.text(name).map(str::to_owned)
    }

    /// A whole number.
    pub fn int(&self, name: &str) -> Option<i64> {
        self.column(name).and_then(|c| c.int_at(self.row))
    }

    /// A number, whole or not.
    pub fn real(&self, name: &str) -> Option<f64> {
        let column = self.column(name)?;
        column.real_at(self.row).or_else(|| column.int_at(self.row).map(|whole| whole as f64))
    }

    /// A day.
    pub fn date(&self, name: &str) -> Option<luheng_lake::columns::Day> {
        self.column(name).and_then(|c| c.date_at(self.row))
    }

    /// A flag.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.column(name).and_then(|c| c.flag_at(self.row))
    }
}

/// Every row of a table, which must have the columns named: a column that is missing is a fault, never a table of nulls.
///
/// # Errors
/// A named column that the table lacks.
pub fn rows<'a>(table: &'a Columns, needs: &[&str]) -> Result<impl Iterator<Item = Cells<'a>> + use<'a>> {
    for name in needs {
        table.require(name)?;
    }
    Ok((0..table.len()).map(move |row| Cells { table, row }))
}
