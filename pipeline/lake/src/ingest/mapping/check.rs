//! A mapping against its table: slips are found before any file is opened, all at once.

use super::{ColumnMap, KnownOn, Mapping};
use crate::ingest::reject::nearest;
use crate::ingest::values;
use crate::schema::{Codes, Column, Fault, Kind, Table};

impl Mapping {
    /// Every fault of this mapping against its table. `place` is the key it stands under: `sources.cases`.
    pub fn check(&self, table: &Table, codes: &Codes, file: &str, place: &str) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut say = |key: &str, found: &str, expected: &str| faults.push(Fault::new(file, format!("{place}.{key}"), found, expected));
        if let Some(text) = &self.seen_on
            && values::date(text).is_err()
        {
            say("seen_on", text, "a day, as 2025-06-30");
        }
        if let Some(KnownOn::From { from, .. }) = &self.known_on
            && table.column(from).is_none_or(|c| c.kind != Kind::Date || c.name == "known_on")
        {
            say("known_on.from", from, "another date of this table, by its canonical name");
        }
        if self.known_on.is_some() && table.column("known_on").is_none() {
            say("known_on", "a rule", "nothing: this table has no known_on");
        }
        for (name, map) in &self.columns {
            match table.column(name) {
                Some(column) => {
                    check_column(column, map, codes, &mut |key, found, expected| say(&format!("columns.{name}{key}"), found, expected))
                }
                None => say(&format!("columns.{name}"), name, &unknown_column(table, name)),
            }
        }
        for header in &self.ignore {
            if let Some((name, _)) = self.columns.iter().find(|(_, map)| map.from.as_ref() == Some(header)) {
                say("ignore", header, &format!("a header that no column uses; {name} does"));
            }
        }
        faults
    }
}

fn unknown_column(table: &Table, name: &str) -> String {
    let near = nearest(name, table.columns.iter().map(|c| c.name.as_str()));
    let near = near.map(|n| format!("; perhaps {n}")).unwrap_or_default();
    format!("a column of {} by its canonical name, on the left{near}", table.name)
}

fn check_column(column: &Column, map: &ColumnMap, codes: &Codes, say: &mut dyn FnMut(&str, &str, &str)) {
    if map.from.is_some() && map.constant.is_some() {
        say("", "both from and constant", "one of them");
    }
    if map.unit.is_some() && column.kind != Kind::Money {
        say(".unit", "a unit", "nothing: only columns of money have one");
    }
    if let Some(format) = &map.format {
        if column.kind != Kind::Date {
            say(".format", format, "nothing: only dates have one");
        } else if !values::is_date_format(format) {
            say(".format", format, "%Y, %m and %d once each, perhaps %H %M %S, and the signs between them");
        }
    }
    let closed = column.codes.as_ref().filter(|_| column.closed);
    let written = map.values.values().map(|ours| (".values", ours)).chain(map.constant.iter().map(|c| (".constant", c)));
    for (key, ours) in written.filter(|(_, ours)| !ours.is_empty()) {
        let fits = match (column.kind, closed) {
            (Kind::Code, Some(list)) => codes.contains(list, ours),
            (Kind::Date, _) => map.format.is_some() || values::date(ours).is_ok(),
            (Kind::Flag, _) => values::flag(ours).is_ok(),
            (Kind::Int, _) => values::int(ours).is_ok(),
            (Kind::Real, _) => values::real(ours, true).is_ok(),
            (Kind::Money, _) => values::money(ours, 6).is_ok(),
            (Kind::Text | Kind::Code, _) => true,
        };
        if !fits {
            say(key, ours, &format!("a value of {}, of kind {}", column.name, column.kind.name()));
        }
    }
}
