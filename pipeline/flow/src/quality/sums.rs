//! What a bucket gives the page of data quality: sums that add up over buckets, and their table. Nothing in it names a person, a case or a document:
//! of texts only hashes are kept, of codes only those of the catalog.

use std::collections::BTreeMap;

use luheng_lake::columns::{Column as Values, Columns, Day};

use super::sketch::Distinct;
use crate::error::Result;

/// One column's values.
#[derive(Clone, Debug, Default)]
pub struct ColumnSums {
    /// Rows with a value.
    pub values: u64,
    /// Values of a list of codes that are not in it.
    pub unlisted: u64,
    /// The newest day on which a row with a value was known.
    pub newest: Option<Day>,
    /// Least number or day.
    pub min: Option<f64>,
    /// Greatest number or day.
    pub max: Option<f64>,
    /// Numbers by bin, days as they are.
    pub bins: BTreeMap<i64, u64>,
    /// Rows by code of the catalog.
    pub codes: BTreeMap<String, u64>,
    /// Different texts and numbers; days and codes are told by their counts.
    pub distinct: Distinct,
}

/// One source's rows of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceSums {
    /// Rows known by the day.
    pub rows: u64,
    /// The newest day on which one was known.
    pub known: Option<Day>,
    /// The newest export.
    pub seen: Option<Day>,
}

/// One table.
#[derive(Clone, Debug, Default)]
pub struct TableSums {
    /// Rows known by the day, each source row once, all versions.
    pub rows: u64,
    /// Rows known later: not read, and in no other figure.
    pub later: u64,
    /// By source.
    pub sources: BTreeMap<String, SourceSums>,
    /// By column.
    pub columns: BTreeMap<String, ColumnSums>,
}

/// One inquiry channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChannelSums {
    /// Inquiries sent.
    pub sent: u64,
    /// Answered with word.
    pub answered: u64,
    /// Something found.
    pub found: u64,
    /// Answered inquiries by days to the answer.
    pub days: BTreeMap<i64, u64>,
    /// Debtors of live cases whose newest answer is older than allowed.
    pub stale: u64,
    /// Debtors of live cases who were asked about and have no answer.
    pub unanswered: u64,
}

/// One procedural step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepSums {
    /// Steps due by the day, done or not.
    pub due: u64,
    /// Due and not done.
    pub overdue: u64,
    /// Done after the day they were due.
    pub late: u64,
    /// Days since the oldest open one was due.
    pub oldest: i64,
}

/// All sums of some buckets.
#[derive(Clone, Debug, Default)]
pub struct Sums {
    /// By table.
    pub tables: BTreeMap<String, TableSums>,
    /// By channel.
    pub channels: BTreeMap<String, ChannelSums>,
    /// By step.
    pub steps: BTreeMap<String, StepSums>,
}

/// A row of the table: table, column, what is counted, key, place, number, value.
type Line<'a> = (&'a str, &'a str, &'static str, &'a str, i64, u64, Option<f64>);

impl Sums {
    /// The sums as a table.
    pub fn columns(&mut self) -> Columns {
        let mut lines: Vec<Line<'_>> = Vec::new();
        for (name, table) in &mut self.tables {
            lines.push((name, "", "rows", "", 0, table.rows, None));
            lines.push((name, "", "later", "", 0, table.later, None));
            for (source, sums) in &table.sources {
                lines.push((name, "", "source", source, 0, sums.rows, None));
                lines.extend(sums.known.map(|on| (&**name, "", "known", &**source, i64::from(on), 0, None)));
                lines.extend(sums.seen.map(|on| (&**name, "", "seen", &**source, i64::from(on), 0, None)));
            }
            for (column, sums) in &mut table.columns {
                of_column(name, column, sums, &mut lines);
            }
        }
        for (channel, sums) in &self.channels {
            let counts = [("sent", sums.sent), ("answered", sums.answered), ("found", sums.found), ("stale", sums.stale)];
            lines.extend(counts.iter().map(|(what, n)| ("", "channel", *what, &**channel, 0, *n, None)));
            lines.push(("", "channel", "unanswered", channel, 0, sums.unanswered, None));
            lines.extend(sums.days.iter().map(|(days, n)| ("", "channel", "days", &**channel, *days, *n, None)));
        }
        for (node, sums) in &self.steps {
            let counts = [("due", sums.due), ("overdue", sums.overdue), ("late", sums.late)];
            lines.extend(counts.iter().map(|(what, n)| ("", "step", *what, &**node, sums.oldest, *n, None)));
        }
        Columns::new()
            .text("table", lines.iter().map(|l| Some(l.0)))
            .text("column", lines.iter().map(|l| Some(l.1)))
            .text("what", lines.iter().map(|l| Some(l.2)))
            .text("key", lines.iter().map(|l| Some(l.3)))
            .int("at", lines.iter().map(|l| Some(l.4)))
            .int("n", lines.iter().map(|l| i64::try_from(l.5).ok()))
            .real("value", lines.iter().map(|l| l.6))
    }

    /// Adds the table of a bucket.
    ///
    /// # Errors
    /// A column that the table lacks.
    pub fn add(&mut self, part: &Columns) -> Result<()> {
        let [table, column, what, key] = [part.require("table")?, part.require("column")?, part.require("what")?, part.require("key")?];
        let (at, n, value) = (part.require("at")?, part.require("n")?, part.require("value")?);
        let text = |c: &Values, row| c.text_at(row).unwrap_or_default().to_owned();
        let place = |row| (table.text_at(row).unwrap_or_default(), column.text_at(row).unwrap_or_default());
        let mut start = 0;
        while start < part.len() {
            // The lines of one place lie together.
            let here = place(start);
            let end = (start..part.len()).find(|row| place(*row) != here).unwrap_or(part.len());
            let line = |row: usize| {
                let n = n.int_at(row).and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
                (what.text_at(row).unwrap_or_default(), at.int_at(row).unwrap_or(0), n)
            };
            if here.0.is_empty() || here.1.is_empty() {
                for row in start..end {
                    let ((what, at, n), key) = (line(row), text(key, row));
                    match here {
                        ("", "channel") => self.channels.entry(key).or_default().add(what, at, n),
                        ("", _) => self.steps.entry(key).or_default().add(what, at, n),
                        (name, _) => self.tables.entry(name.to_owned()).or_default().add(what, key, at, n),
                    }
                }
            } else {
                let sums = self.tables.entry(here.0.to_owned()).or_default().columns.entry(here.1.to_owned()).or_default();
                for row in start..end {
                    let (what, at, n) = line(row);
                    sums.add(what, || text(key, row), at, n, value.real_at(row));
                }
            }
            start = end;
        }
        Ok(())
    }
}

fn of_column<'a>(table: &'a str, column: &'a str, sums: &'a mut ColumnSums, lines: &mut Vec<Line<'a>>) {
    lines.push((table, column, "values", "", 0, sums.values, None));
    lines.push((table, column, "unlisted", "", 0, sums.unlisted, None));
    lines.extend(sums.newest.map(|on| (table, column, "newest", "", i64::from(on), 0, None)));
    lines.extend(sums.min.map(|x| (table, column, "min", "", 0, 0, Some(x))));
    lines.extend(sums.max.map(|x| (table, column, "max", "", 0, 0, Some(x))));
    lines.extend(sums.bins.iter().map(|(bin, n)| (table, column, "bin", "", *bin, *n, None)));
    lines.extend(sums.codes.iter().map(|(code, n)| (table, column, "code", code.as_str(), 0, *n, None)));
    lines.extend(sums.distinct.hashes().map(|hash| (table, column, "hash", "", hash.cast_signed(), 0, None)));
}

fn day(at: i64) -> Option<Day> {
    Day::try_from(at).ok()
}

impl ColumnSums {
    fn add(&mut self, what: &str, key: impl FnOnce() -> String, at: i64, n: u64, value: Option<f64>) {
        match what {
            "values" => self.values += n,
            "unlisted" => self.unlisted += n,
            "newest" => self.newest = self.newest.max(day(at)),
            "min" => self.min = [self.min, value].into_iter().flatten().reduce(f64::min),
            "max" => self.max = [self.max, value].into_iter().flatten().reduce(f64::max),
            "bin" => *self.bins.entry(at).or_default() += n,
            "code" => *self.codes.entry(key()).or_default() += n,
            _ => self.distinct.push(at.cast_unsigned()),
        }
    }
}

impl TableSums {
    fn add(&mut self, what: &str, key: String, at: i64, n: u64) {
        match what {
            "rows" => self.rows += n,
            "later" => self.later += n,
            _ => {
                let source = self.sources.entry(key).or_default();
                match what {
                    "source" => source.rows += n,
                    "known" => source.known = source.known.max(day(at)),
                    _ => source.seen = source.seen.max(day(at)),
                }
            }
        }
    }

    /// The newest day on which a row was known, of any source.
    pub fn newest(&self) -> Option<Day> {
        self.sources.values().filter_map(|s| s.known).max()
    }
}

impl ChannelSums {
    fn add(&mut self, what: &str, at: i64, n: u64) {
        match what {
            "sent" => self.sent += n,
            "answered" => self.answered += n,
            "found" => self.found += n,
            "stale" => self.stale += n,
            "unanswered" => self.unanswered += n,
            _ => *self.days.entry(at).or_default() += n,
        }
    }
}

impl StepSums {
    fn add(&mut self, what: &str, at: i64, n: u64) {
        self.oldest = self.oldest.max(at);
        match what {
            "due" => self.due += n,
            "overdue" => self.overdue += n,
            _ => self.late += n,
        }
    }
}
