//! A table against itself and the code lists, so that no fault of the catalog is met at night.

use std::collections::BTreeSet;

use super::codes::Codes;
use super::fault::Fault;
use super::table::{Check, Column, Kind, Table};

/// A fault of a column.
pub(super) fn fault(table: &Table, column: &Column, key: &str, found: &str, expected: &str) -> Fault {
    Fault::new(&format!("tables/{}.toml", table.name), format!("columns.{}.{key}", column.name), found, expected)
}

/// Collects what contradicts itself within a table, or names what is not there.
pub(super) fn check_table(path: &str, table: &Table, codes: &Codes, faults: &mut Vec<Fault>) {
    if path != format!("tables/{}.toml", table.name) {
        faults.push(Fault::new(path, "name", &table.name, "the name of the file"));
    }
    let mut seen = BTreeSet::new();
    for column in &table.columns {
        if !seen.insert(column.name.as_str()) {
            faults.push(fault(table, column, "name", "a second column of this name", "each name once"));
        }
        check_column(table, column, codes, faults);
    }
    for name in &table.key {
        if table.column(name).is_none() {
            faults.push(Fault::new(path, "key", name, "a column of the table"));
        }
    }
    for check in &table.checks {
        let (names, kinds) = match check {
            Check::Order { earlier, later } => ([earlier, later], [Kind::Date, Kind::Date]),
            Check::CheckDigit { number, kind } => ([number, kind], [Kind::Text, Kind::Code]),
        };
        for (name, kind) in names.into_iter().zip(kinds) {
            if table.column(name).is_none_or(|c| c.kind != kind) {
                faults.push(Fault::new(path, "checks", name, format!("a column of kind {}", kind.name())));
            }
        }
    }
}

fn check_column(table: &Table, column: &Column, codes: &Codes, faults: &mut Vec<Fault>) {
    let mut say = |key: &str, found: &str, expected: &str| faults.push(fault(table, column, key, found, expected));
    match (column.kind, &column.codes) {
        (Kind::Code, None) => say("codes", "nothing", "the name of a list in catalog/codes"),
        (Kind::Code, Some(list)) if !codes.has_list(list) => say("codes", list, "the name of a list in catalog/codes"),
        (Kind::Code, Some(_)) => {}
        (_, Some(list)) => say("codes", list, "nothing: only columns of kind code have a list"),
        (_, None) => {}
    }
    if column.kind == Kind::Money && !column.name.ends_with("_fen") {
        say("name", &column.name, "a name ending in _fen: columns of money say so");
    }
    if column.grammar.is_some() && column.kind != Kind::Text {
        say("grammar", "a grammar", "nothing: only columns of kind text have one");
    }
    if (column.set_in_advance || column.happening) && column.kind != Kind::Date {
        say("set_in_advance", "true", "nothing: only dates are set in advance or happen");
    }
    if (column.min.is_some() || column.max.is_some()) && !matches!(column.kind, Kind::Int | Kind::Real | Kind::Money) {
        say("min", "a range", "nothing: only numbers have one");
    }
    let Some(by) = &column.revealed_by else {
        if let Some(before) = &column.before {
            say("before", before, "nothing: the column is not revealed by a date");
        }
        return;
    };
    if table.column(by).is_none_or(|c| c.kind != Kind::Date || c.set_in_advance) {
        say("revealed_by", by, "a date of this table that is not set in advance");
    }
    if let Some(before) = &column.before {
        let fits = match (column.kind, &column.codes) {
            (Kind::Flag, _) => before == "true" || before == "false",
            (Kind::Code, Some(list)) => codes.contains(list, before),
            (Kind::Text, _) => true,
            _ => false,
        };
        if !fits {
            say("before", before, "a value of the column, or nothing for null");
        }
    }
}
