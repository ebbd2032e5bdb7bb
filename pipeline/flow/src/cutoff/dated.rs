//! Facts in order of day, so that a window is a slice and a streak is walked from its end.

use luheng_lake::columns::Day;

use super::Row;

/// One fact with its day and kind read once.
#[derive(Clone, Copy, Debug)]
pub struct Dated<'a> {
    /// The day it happened.
    pub on: Day,
    /// Its kind, as coded; empty where none is stated.
    pub kind: &'a str,
    /// The fact.
    pub row: Row<'a>,
}

impl<'a> Dated<'a> {
    /// The rows that have come by their day, by day, then row id.
    pub fn in_order(rows: impl Iterator<Item = Row<'a>>, on: &'static str, kind: &'static str) -> Vec<Self> {
        let dated = |row: Row<'a>| row.date(on).map(|on| Self { on, kind: row.text(kind).unwrap_or_default(), row });
        let mut facts: Vec<Self> = rows.filter_map(dated).filter(|f| f.on <= f.row.day).collect();
        facts.sort_by_key(|f| (f.on, f.row.row_id()));
        facts
    }

    /// Those of the last `days` days up to `day`: the day itself is the first of them.
    pub fn last(facts: &[Self], day: Day, days: i32) -> &[Self] {
        &facts[facts.partition_point(|f| f.on <= day.saturating_sub(days))..]
    }
}
