//! Columns to DataFrame and back: the one place that knows both the lake's tables and polars'.
//!
//! Values are copied through plain vectors. polars carries an Arrow of its own, and handing arrays over without a copy needs `unsafe`, which the house
//! forbids; a stage's tables are small beside the lake, so the copy costs little.

use luheng_lake::columns::{Column as Held, ColumnKind, Columns};
use polars::prelude::{Column, DataFrame, DataType, Int32Chunked, IntoSeries, NamedFrom, NewChunkedArray, PlSmallStr, Series};

use crate::error::{Error, Result};

/// A table of the house as a polars frame: Utf8, Int64, Float64, Date and Boolean columns of the same names in the same order.
///
/// # Errors
/// Columns of unequal length.
pub fn to_frame(table: &Columns) -> Result<DataFrame> {
    let columns: Vec<Column> = table.iter().map(|(name, held)| Column::from(series(name, held))).collect();
    Ok(DataFrame::new(table.len(), columns)?)
}

fn series(name: &str, held: &Held) -> Series {
    let name = PlSmallStr::from_str(name);
    let rows = 0..held.len();
    match held.kind() {
        ColumnKind::Text => Series::new(name, rows.map(|i| held.text_at(i)).collect::<Vec<Option<&str>>>()),
        ColumnKind::Int => Series::new(name, rows.map(|i| held.int_at(i)).collect::<Vec<Option<i64>>>()),
        ColumnKind::Real => Series::new(name, rows.map(|i| held.real_at(i)).collect::<Vec<Option<f64>>>()),
        ColumnKind::Flag => Series::new(name, rows.map(|i| held.flag_at(i)).collect::<Vec<Option<bool>>>()),
        ColumnKind::Date => Int32Chunked::from_iter_options(name, rows.map(|i| held.date_at(i))).into_date().into_series(),
    }
}

/// A polars frame as a table of the house. Counts and ranks (unsigned or 32-bit whole numbers) become whole numbers; NaN becomes null.
///
/// # Errors
/// A column of a type the house does not have.
pub fn to_columns(frame: &DataFrame) -> Result<Columns> {
    let mut table = Columns::new();
    for column in frame.columns() {
        let series = column.as_materialized_series();
        table = table.with(column.name().as_str(), held(series)?);
    }
    Ok(table)
}

fn held(series: &Series) -> Result<Held> {
    Ok(match series.dtype() {
        DataType::String => Held::from_text(series.str()?.iter()),
        DataType::Int64 => Held::from_int(series.i64()?.iter()),
        DataType::Float64 => Held::from_real(series.f64()?.iter()),
        DataType::Boolean => Held::from_flag(series.bool()?.iter()),
        DataType::Date => Held::from_date(series.date()?.physical().iter()),
        DataType::UInt32 | DataType::Int32 | DataType::UInt64 => Held::from_int(series.cast(&DataType::Int64)?.i64()?.iter()),
        other => {
            return Err(Error::Fault(format!("column {}: found {other}, expected text, whole number, real, day or flag", series.name())));
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn town() -> Columns {
        Columns::new()
            .text("case_no", [Some("（2025）浙0106执1号"), None, Some("")])
            .int("due_fen", [Some(i64::MAX), None, Some(-1)])
            .real("share", [Some(0.1), None, Some(f64::MIN_POSITIVE)])
            .date("filed_on", [Some(20_000), None, Some(-1)])
            .flag("is_listed", [Some(true), None, Some(false)])
    }

    #[test]
    fn every_kind_goes_and_returns() {
        let there = to_frame(&town()).unwrap();
        assert_eq!(there.height(), 3);
        let back = to_columns(&there).unwrap();
        assert_eq!(back.content_hash(), town().content_hash());
    }

    #[test]
    fn an_empty_table_keeps_its_columns() {
        let empty = town().take(&[]);
        let back = to_columns(&to_frame(&empty).unwrap()).unwrap();
        assert_eq!(back.names().collect::<Vec<_>>(), town().names().collect::<Vec<_>>());
        assert_eq!(back.content_hash(), empty.content_hash());
    }

    #[test]
    fn a_join_keeps_the_order_of_the_left_table() {
        let left = Columns::new().text("case_no", [Some("b"), Some("a"), Some("c")]).int("n", [Some(1), Some(2), Some(3)]);
        let right = Columns::new().text("case_no", [Some("a"), Some("b")]).int("m", [Some(20), Some(10)]);
        let both = crate::frame::beside(&left, &right, &["case_no"]).unwrap();
        let m: Vec<_> = crate::frame::rows(&both, &["m"]).unwrap().map(|r| (r.owned("case_no").unwrap(), r.int("m"))).collect();
        assert_eq!(m, [("b".to_owned(), Some(10)), ("a".to_owned(), Some(20)), ("c".to_owned(), None)]);
    }
}
