//! Which column of a file feeds which column of a table, settled once a file, before any row.

use std::collections::{BTreeMap, BTreeSet};

use super::discover::InputFile;
use super::mapping::{KnownOn, Mapping, OnlyIf, Part, Piece, pieces};
use super::reject::{Warning, nearest_of};
use super::values;
use crate::columns::Day;
use crate::error::{Error, Result, explain};
use crate::schema::{Codes, Column, Kind, Table};

/// The most columns a file may have: a header of thousands is no header.
pub(crate) const MOST_COLUMNS: usize = 10_000;

/// How the rows of one file are read.
pub(crate) struct Plan<'a> {
    pub file: &'a InputFile,
    pub table: &'a Table,
    pub mapping: &'a Mapping,
    pub codes: &'a Codes,
    /// For each row that one row of the file can give: one entry a column of the table, in its order.
    pub groups: Vec<Group<'a>>,
    /// The headers that are read, each once; [`Source`] points here.
    pub inputs: Vec<String>,
    /// Which rows of the file give rows: the place of the header in [`Plan::inputs`], and the rule.
    pub only_if: Option<(usize, &'a OnlyIf)>,
    /// The export's day.
    pub seen_on: Day,
    /// The as-of day of the run.
    pub as_of: Day,
}

/// How one row of the table is made of a row of the file.
pub(crate) struct Group<'a> {
    pub columns: Vec<ColumnPlan<'a>>,
    /// The inputs of a `repeat` by which it is seen whether there is a row; empty = always.
    pub own: Vec<usize>,
}

/// How one column is read.
pub(crate) struct ColumnPlan<'a> {
    pub column: &'a Column,
    /// Where its values are.
    pub source: Source<'a>,
    /// Which part of them.
    pub part: Option<&'a Part>,
    /// The power of ten that makes its money fen.
    pub shift: i32,
    /// Their value -> ours.
    pub values: Option<&'a BTreeMap<String, String>>,
    /// The format of its dates.
    pub format: Option<&'a str>,
}

/// Where the values of a column are.
pub(crate) enum Source<'a> {
    /// Nowhere: the file has no such header.
    Absent,
    /// In the mapping, one for every row.
    Constant(&'a str),
    /// In this place of [`Plan::inputs`].
    Input(usize),
    /// In several.
    Template(Vec<TemplatePiece<'a>>),
}

/// A piece of a template.
pub(crate) enum TemplatePiece<'a> {
    Text(&'a str),
    Input(usize),
}

impl Source<'_> {
    /// The places in [`Plan::inputs`] it reads.
    pub(crate) fn inputs(&self) -> Vec<usize> {
        match self {
            Source::Absent | Source::Constant(_) => Vec::new(),
            Source::Input(input) => vec![*input],
            Source::Template(pieces) => {
                pieces.iter().filter_map(|p| if let TemplatePiece::Input(i) = p { Some(*i) } else { None }).collect()
            }
        }
    }
}

/// The headers that are read, as a plan grows; `None` where they are known only row by row (JSON), so that all are looked for.
struct Inputs<'h> {
    headers: Option<&'h [String]>,
    names: Vec<String>,
}

impl Inputs<'_> {
    fn place(&mut self, header: &str) -> Option<usize> {
        if self.headers.is_some_and(|all| all.iter().all(|x| x != header)) {
            return None;
        }
        Some(self.names.iter().position(|i| i == header).unwrap_or_else(|| {
            self.names.push(header.to_owned());
            self.names.len() - 1
        }))
    }
}

impl<'a> Plan<'a> {
    /// A plan for a file with these headers; `None` where the headers are known only row by row (JSON), so that all are looked for.
    ///
    /// Errors: more headers than a file can mean, one of those read twice, the header of `only_if` missing.
    pub(crate) fn new(
        file: &'a InputFile,
        table: &'a Table,
        mapping: &'a Mapping,
        codes: &'a Codes,
        days: (Day, Day),
        headers: Option<&[String]>,
    ) -> Result<Self> {
        let (seen_on, as_of) = days;
        if let Some(n) = headers.map(<[String]>::len).filter(|n| *n > MOST_COLUMNS) {
            return Err(too_many_columns(&file.name, n));
        }
        let mut inputs = Inputs { headers, names: Vec::new() };
        let groups = (0..mapping.groups()).map(|group| Group::new(table, mapping, group, &mut inputs)).collect();
        let only_if = match &mapping.only_if {
            None => None,
            Some(rule) => Some((inputs.place(&rule.from).ok_or_else(|| no_such_header(file, table, rule, headers))?, rule)),
        };
        let plan = Plan { file, table, mapping, codes, groups, inputs: inputs.names, only_if, seen_on, as_of };
        if let Some(headers) = headers {
            plan.check_twice(headers)?;
        }
        Ok(plan)
    }

    /// The export's day: the mapping's, else the file name's, else the run's.
    pub(crate) fn export_day(file: &InputFile, mapping: &Mapping, otherwise: Day) -> Day {
        let stated = mapping.seen_on.as_deref().and_then(|text| values::date(text).ok());
        stated.or_else(|| file.seen_on()).unwrap_or(otherwise)
    }

    /// The column of the table that an input feeds: a masked one where there is one, so that messages show no more than they may.
    pub(crate) fn column_of(&self, input: usize) -> Option<usize> {
        let all = || self.groups.iter().flat_map(|g| g.columns.iter().enumerate()).filter(|(_, c)| c.source.inputs().contains(&input));
        all().find(|(_, c)| c.column.masked).or_else(|| all().next()).map(|(place, _)| place)
    }

    /// Errors where a required column is neither in the file nor given by the mapping; all missing ones are named.
    pub(crate) fn check_required(&self, headers: &BTreeSet<&str>) -> Result<()> {
        let given = |c: &Column| c.name == "known_on" && self.mapping.known_on.is_some();
        let required = || self.table.columns.iter().filter(|c| c.required && !given(c));
        let mut missing: Vec<&str> = Vec::new();
        for header in required().flat_map(|c| (0..self.groups.len()).flat_map(|group| self.mapping.wants(&c.name, group))) {
            if !headers.contains(header) && !missing.contains(&header) {
                missing.push(header);
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let found: Vec<&str> = headers.iter().copied().collect();
        let known_on =
            if missing.contains(&"known_on") { "; or state known_on = { from = \"…\", lag_days = 0 } or \"export\" there" } else { "" };
        Err(explain("required columns are missing")
            .at(&self.file.name)
            .found(if found.is_empty() { "no column at all".to_owned() } else { listed(&found) })
            .expected(format!("also {}", missing.join(", ")))
            .remedy(format!(
                "name their headers in [sources.{}] columns{known_on}; `luheng check --suggest FILE` drafts it",
                self.table.name
            ))
            .input())
    }

    fn check_twice(&self, headers: &[String]) -> Result<()> {
        let twice = self.inputs.iter().find(|input| headers.iter().filter(|h| h == input).count() > 1);
        match twice {
            None => Ok(()),
            Some(name) => Err(Error::input(
                &self.file.name,
                Some(1),
                format!("two columns named {name}"),
                "each header once",
                "rename one of them in the export",
            )),
        }
    }

    /// Warnings about headers nothing reads, and about mapped headers the file does not have.
    pub(crate) fn header_warnings(&self, headers: &BTreeSet<&str>, rows: u64) -> Vec<Warning> {
        let mut out = Vec::new();
        let mut warn = |kind, column: &str, count, text: String| {
            out.push(Warning { kind, file: self.file.name.clone(), column: column.to_owned(), value: String::new(), count, text });
        };
        // Of a file that feeds several tables the first one speaks for all.
        let shared = self.file.shared.as_deref();
        let speaks = shared.is_none_or(|s| s.tables.first() == Some(&self.table.name));
        let read: BTreeSet<&str> = self.mapping.headers(self.table).collect();
        let read_by_others = |header: &str| shared.is_some_and(|s| s.headers.contains(header));
        let known = self.known_names(headers);
        for header in headers.iter().filter(|h| speaks && !read.contains(*h) && !read_by_others(h)) {
            let near = nearest_of(header, known.iter().map(|(name, column)| (name.as_str(), column)));
            let near = near.map(|(_, column)| format!("; perhaps {column}: map it, with its unit")).unwrap_or_default();
            let tables = shared.map_or(self.table.name.clone(), |s| s.tables.join(", "));
            warn("unknown_column", header, rows, format!("no column of {tables} reads it, its values are not loaded{near}"));
        }
        let mapped = self.mapping.columns.iter().chain(self.mapping.repeat.iter().flatten());
        for (name, from) in mapped.flat_map(|(name, map)| map.headers().into_iter().map(move |from| (name, from))) {
            if !headers.contains(from) {
                warn(
                    "missing_column",
                    from,
                    0,
                    format!("the mapping reads {name} from it, but the file has no such column: {name} is empty"),
                );
            }
        }
        out
    }

    /// What an unknown header may have meant: names and Chinese titles of columns that the file does not feed yet, with how to call them.
    fn known_names(&self, headers: &BTreeSet<&str>) -> Vec<(String, String)> {
        if let Some(shared) = self.file.shared.as_deref() {
            return shared.names.clone();
        }
        let free = self.table.columns.iter().filter(|c| self.mapping.wants(&c.name, 0).iter().all(|h| !headers.contains(h)));
        free.flat_map(|c| [(c.name.clone(), c.name.clone()), (c.title.zh.clone(), format!("{} ({})", c.name, c.title.zh))]).collect()
    }

    /// The date and lag that give `known_on` where the file does not.
    pub(crate) fn assumed_from(&self) -> Option<(usize, i32)> {
        match &self.mapping.known_on {
            Some(KnownOn::From { from, lag_days }) => Some((self.table.position(from)?, *lag_days)),
            _ => None,
        }
    }
}

impl<'a> Group<'a> {
    fn new(table: &'a Table, mapping: &'a Mapping, group: usize, inputs: &mut Inputs) -> Self {
        let columns = table.columns.iter().map(|column| ColumnPlan::new(column, mapping, group, inputs)).collect();
        let own = mapping.own_headers(group).into_iter().filter_map(|header| inputs.place(header)).collect();
        Group { columns, own }
    }
}

impl<'a> ColumnPlan<'a> {
    fn new(column: &'a Column, mapping: &'a Mapping, group: usize, inputs: &mut Inputs) -> Self {
        let map = mapping.column(&column.name, group);
        let unit = map.and_then(|m| m.unit).or(mapping.unit).filter(|_| column.kind == Kind::Money);
        let template = map.and_then(|m| m.template.as_deref()).and_then(pieces);
        let source = match (map.and_then(|m| m.constant.as_deref()), template) {
            (Some(constant), _) => Source::Constant(constant),
            (None, Some(pieces)) => template_source(pieces, inputs),
            (None, None) => {
                mapping.wants(&column.name, group).first().and_then(|header| inputs.place(header)).map_or(Source::Absent, Source::Input)
            }
        };
        ColumnPlan {
            column,
            source,
            part: map.and_then(|m| m.part.as_ref()),
            shift: unit.map_or(0, |u| u.shift()),
            values: map.map(|m| &m.values).filter(|v| !v.is_empty()),
            format: map.and_then(|m| m.format.as_deref()),
        }
    }
}

fn template_source<'a>(pieces: Vec<Piece<'a>>, inputs: &mut Inputs) -> Source<'a> {
    let placed = pieces.into_iter().map(|piece| match piece {
        Piece::Text(text) => Some(TemplatePiece::Text(text)),
        Piece::Header(header) => inputs.place(header).map(TemplatePiece::Input),
    });
    placed.collect::<Option<Vec<_>>>().map_or(Source::Absent, Source::Template)
}

/// The refusal of a file whose header, or whose objects together, name more columns than any export has.
pub(crate) fn too_many_columns(file: &str, n: usize) -> Error {
    let expected = format!("at most {MOST_COLUMNS} columns");
    Error::input(file, Some(1), format!("{n} columns"), expected, "check that the file is a table with one row a line, and export it again")
}

fn no_such_header(file: &InputFile, table: &Table, rule: &OnlyIf, headers: Option<&[String]>) -> Error {
    let found: Vec<&str> = headers.unwrap_or_default().iter().map(String::as_str).collect();
    explain("the header that decides which rows count is missing")
        .at(&file.name)
        .found(listed(&found))
        .expected(format!("also {}", rule.from))
        .remedy(format!("correct [sources.{}] only_if, or export the column", table.name))
        .input()
}

/// Headers as a message lists them: not more than a person reads.
fn listed(headers: &[&str]) -> String {
    const SHOWN: usize = 60;
    let shown: Vec<String> = headers.iter().take(SHOWN).map(|h| super::reject::shown(h)).collect();
    let more = headers.len().saturating_sub(SHOWN);
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}
