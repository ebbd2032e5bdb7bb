//! A mapping against its table: slips and contradictions are found before any file is opened, all at once.

use std::collections::BTreeSet;

use super::{ColumnMap, KnownOn, Mapping, NamedPart, Part, pieces};
use crate::ingest::reject::nearest;
use crate::ingest::values;
use crate::schema::{Codes, Column, Fault, Kind, Table};

/// Takes a fault: key, found, expected.
type Say<'s> = dyn FnMut(&str, &str, &str) + 's;

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
        self.check_rows(&mut say);
        for (name, map) in &self.columns {
            check_named(table, name, map, codes, &format!("columns.{name}"), &mut say);
        }
        self.check_groups(table, codes, &mut say);
        self.check_ignored(&mut say);
        self.check_persons(table, &mut say);
        faults
    }

    /// Which files and rows it takes.
    fn check_rows(&self, say: &mut Say) {
        for pattern in &self.file {
            if pattern.is_empty() || pattern.starts_with('/') || pattern.split('/').any(|part| part == "..") {
                let found = if pattern.is_empty() { "nothing" } else { pattern };
                say("file", found, "a file name below the input folder, with * for any signs: 执行案件*.csv");
            }
        }
        let Some(only_if) = &self.only_if else { return };
        if only_if.from.is_empty() {
            say("only_if.from", "nothing", "the header whose text decides");
        }
        for text in only_if.is.iter().filter(|text| only_if.not.contains(text)) {
            say("only_if", &format!("{text} both in is and in not"), "each text in one of them");
        }
    }

    fn check_groups(&self, table: &Table, codes: &Codes, say: &mut Say) {
        let Some(first) = self.repeat.first() else { return };
        if self.repeat.len() == 1 {
            say("repeat", "one group", "two groups or more; the columns of a single one belong in columns");
        }
        let names: BTreeSet<&String> = first.keys().collect();
        for (n, group) in self.repeat.iter().enumerate() {
            for (name, map) in group {
                let key = format!("repeat.{}.{name}", n + 1);
                if self.columns.contains_key(name) {
                    say(&key, &format!("{name}, which columns has too"), "each column in one of them");
                }
                check_named(table, name, map, codes, &key, say);
            }
            if group.keys().collect::<BTreeSet<_>>() != names {
                let list = |names: &mut dyn Iterator<Item = &String>| names.cloned().collect::<Vec<_>>().join(", ");
                let expected = format!("the columns of the first group: {}", list(&mut names.iter().copied()));
                say(&format!("repeat.{}", n + 1), &list(&mut group.keys()), &expected);
            }
            if self.own_headers(n).is_empty() {
                let expected = "at least one header that nothing else reads: by its text it is seen whether there is a row";
                say(&format!("repeat.{}", n + 1), "no header of its own", expected);
            }
        }
    }

    /// What feeds a column of the vault may feed no other whole: it would stand in the lake in clear.
    fn check_persons(&self, table: &Table, say: &mut Say) {
        let mapped = || self.columns.iter().chain(self.repeat.iter().flatten());
        let masked = |name: &str| table.column(name).is_some_and(|c| c.masked);
        let of_persons: BTreeSet<&str> = mapped().filter(|(name, _)| masked(name)).flat_map(|(_, map)| map.headers()).collect();
        for (name, map) in mapped().filter(|(name, map)| !masked(name) && table.column(name).is_some() && map.part.is_none()) {
            if let Some(header) = map.headers().into_iter().find(|header| of_persons.contains(header)) {
                let expected = "another header: this one feeds a column of the vault, and would stand in the lake in clear";
                say(&format!("columns.{name}"), header, expected);
            }
        }
    }

    fn check_ignored(&self, say: &mut Say) {
        let mapped = || self.columns.iter().chain(self.repeat.iter().flatten());
        for header in &self.ignore {
            if let Some((name, _)) = mapped().find(|(_, map)| map.headers().contains(&header.as_str())) {
                say("ignore", header, &format!("a header that no column uses; {name} does"));
            } else if self.only_if.as_ref().is_some_and(|only_if| only_if.from == *header) {
                say("ignore", header, "a header that nothing uses; only_if does");
            }
        }
    }
}

fn check_named(table: &Table, name: &str, map: &ColumnMap, codes: &Codes, place: &str, say: &mut Say) {
    match table.column(name) {
        Some(column) => {
            check_source(map, &mut |key, found, expected| say(&format!("{place}{key}"), found, expected));
            check_column(column, map, codes, &mut |key, found, expected| say(&format!("{place}{key}"), found, expected));
        }
        None => say(place, name, &unknown_column(table, name)),
    }
}

fn unknown_column(table: &Table, name: &str) -> String {
    let near = nearest(name, table.columns.iter().map(|c| c.name.as_str()));
    let near = near.map(|n| format!("; perhaps {n}")).unwrap_or_default();
    format!("a column of {} by its canonical name, on the left{near}", table.name)
}

/// Where the values come from: one place, and a part that can be.
fn check_source(map: &ColumnMap, say: &mut Say) {
    let stated = [("from", map.from.is_some()), ("template", map.template.is_some()), ("constant", map.constant.is_some())];
    let stated: Vec<&str> = stated.iter().filter(|(_, is)| *is).map(|(name, _)| *name).collect();
    match stated.as_slice() {
        [] | [_] => {}
        [one, other] => say("", &format!("both {one} and {other}"), "one of them"),
        more => say("", &more.join(", "), "one of them"),
    }
    if map.from.as_deref() == Some("") {
        say(".from", "nothing", "a header of the file");
    }
    if let Some(template) = &map.template {
        match pieces(template) {
            None => say(".template", template, "headers in braces, each closed: {案号}-{序号}"),
            Some(_) if map.headers().is_empty() => say(".template", template, "a header in braces; text alone is a constant"),
            Some(_) => {}
        }
    }
    if map.constant.is_some() && map.part.is_some() {
        say(".part", "a part of a constant", "the part itself as the constant");
    }
    if let Some(Part::Between { by, at }) = &map.part {
        if by.is_empty() {
            say(".part.by", "nothing", "the sign between the pieces: |, / or 、");
        }
        if *at == 0 {
            say(".part.at", "0", "which piece, from 1");
        }
    }
}

/// What the values are, against what the column holds.
fn check_column(column: &Column, map: &ColumnMap, codes: &Codes, say: &mut Say) {
    if map.unit.is_some() && column.kind != Kind::Money {
        say(".unit", "a unit", "nothing: only columns of money have one");
    }
    if let Some(format) = &map.format {
        if column.kind != Kind::Date {
            say(".format", format, "nothing: only dates have one");
        } else if map.part == Some(Part::Named(NamedPart::BirthDate)) {
            say(".format", format, "nothing: birth_date is a day already");
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
