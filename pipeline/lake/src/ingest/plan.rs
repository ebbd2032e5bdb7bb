//! Which column of a file feeds which column of a table, settled once a file, before any row.

use std::collections::{BTreeMap, BTreeSet};

use super::discover::InputFile;
use super::mapping::{ColumnMap, KnownOn, Mapping};
use super::reject::{Warning, nearest};
use super::values;
use crate::columns::Day;
use crate::error::{Error, Result, explain};
use crate::schema::{Codes, Column, Kind, Table};

/// How the rows of one file are read.
pub(crate) struct Plan<'a> {
    pub file: &'a InputFile,
    pub table: &'a Table,
    pub mapping: &'a Mapping,
    pub codes: &'a Codes,
    /// One entry a column of the table, in its order.
    pub columns: Vec<ColumnPlan<'a>>,
    /// The headers that are read, each once; [`ColumnPlan::input`] points here.
    pub inputs: Vec<String>,
    /// The export's day.
    pub seen_on: Day,
    /// The as-of day of the run.
    pub as_of: Day,
}

/// How one column is read.
pub(crate) struct ColumnPlan<'a> {
    pub column: &'a Column,
    /// Its place in [`Plan::inputs`].
    pub input: Option<usize>,
    /// One value for every row.
    pub constant: Option<&'a str>,
    /// The power of ten that makes its money fen.
    pub shift: i32,
    /// Their value -> ours.
    pub values: Option<&'a BTreeMap<String, String>>,
    /// The format of its dates.
    pub format: Option<&'a str>,
}

impl<'a> Plan<'a> {
    /// A plan for a file with these headers; `None` where the headers are known only row by row (JSON), so that all are looked for.
    pub(crate) fn new(
        file: &'a InputFile,
        table: &'a Table,
        mapping: &'a Mapping,
        codes: &'a Codes,
        days: (Day, Day),
        headers: Option<&[String]>,
    ) -> Result<Self> {
        let (seen_on, as_of) = days;
        let mut inputs: Vec<String> = Vec::new();
        let mut columns = Vec::with_capacity(table.columns.len());
        for column in &table.columns {
            let header = mapping.header(&column.name).filter(|h| headers.is_none_or(|all| all.iter().any(|x| x == h)));
            let input = header.map(|header| {
                inputs.iter().position(|i| i == header).unwrap_or_else(|| {
                    inputs.push(header.to_owned());
                    inputs.len() - 1
                })
            });
            let map = mapping.columns.get(&column.name);
            let unit = map.and_then(|m| m.unit).or(mapping.unit).filter(|_| column.kind == Kind::Money);
            columns.push(ColumnPlan {
                column,
                input,
                constant: map.and_then(|m| m.constant.as_deref()),
                shift: unit.map_or(0, |u| u.shift()),
                values: map.map(|m: &ColumnMap| &m.values).filter(|v| !v.is_empty()),
                format: map.and_then(|m| m.format.as_deref()),
            });
        }
        let plan = Plan { file, table, mapping, codes, columns, inputs, seen_on, as_of };
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

    /// Errors where a required column is neither in the file nor given by the mapping; all missing ones are named.
    pub(crate) fn check_required(&self, headers: &BTreeSet<&str>) -> Result<()> {
        let given = |c: &ColumnPlan| c.constant.is_some() || (c.column.name == "known_on" && self.mapping.known_on.is_some());
        let missing: Vec<&str> = self
            .columns
            .iter()
            .filter(|c| c.column.required && !given(c))
            .filter_map(|c| self.mapping.header(&c.column.name))
            .filter(|header| !headers.contains(header))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let found: Vec<&str> = headers.iter().copied().collect();
        let known_on =
            if missing.contains(&"known_on") { "; or state known_on = { from = \"…\", lag_days = 0 } or \"export\" there" } else { "" };
        Err(explain("required columns are missing")
            .at(&self.file.name)
            .found(if found.is_empty() { "no column at all".to_owned() } else { found.join(", ") })
            .expected(format!("also {}", missing.join(", ")))
            .remedy(format!("name their headers in [sources.{}] columns{known_on}", self.table.name))
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
        for header in headers {
            if self.inputs.iter().any(|i| i == header) || self.mapping.ignore.iter().any(|i| i == header) {
                continue;
            }
            let near = nearest(header, self.table.columns.iter().filter(|c| !headers.contains(c.name.as_str())).map(|c| c.name.as_str()));
            let near = near.map(|n| format!("; perhaps {n}: map it, with its unit")).unwrap_or_default();
            warn("unknown_column", header, rows, format!("no column of {} reads it, its values are not loaded{near}", self.table.name));
        }
        for (name, map) in &self.mapping.columns {
            if let Some(from) = map.from.as_ref().filter(|from| !headers.contains(from.as_str())) {
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

    /// The date and lag that give `known_on` where the file does not.
    pub(crate) fn assumed_from(&self) -> Option<(usize, i32)> {
        match &self.mapping.known_on {
            Some(KnownOn::From { from, lag_days }) => Some((self.table.position(from)?, *lag_days)),
            _ => None,
        }
    }
}
