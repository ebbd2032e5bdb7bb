//! The figures of data quality, as `quality.json` holds them.

use serde::{Deserialize, Serialize};

use super::shift::Spread;

/// The data quality of one run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Quality {
    /// The run's day.
    pub as_of: String,
    /// The run whose figures these are compared with.
    pub previous: Option<String>,
    /// Gates that held the night back; empty for a published one.
    pub broken_gates: Vec<Broken>,
    /// Each input table.
    pub tables: Vec<TableQuality>,
    /// What became of each file's rows.
    pub files: Vec<FileQuality>,
    /// Rules that turned rows away, most rows first.
    pub rules: Vec<RuleQuality>,
    /// Rows that wait for their case, debtor or asset, by age.
    pub waiting: Vec<WaitingQuality>,
    /// Each inquiry channel.
    pub channels: Vec<ChannelQuality>,
    /// Each procedural step.
    pub steps: Vec<StepQuality>,
    /// What else should be known, in words.
    pub warnings: Vec<Warning>,
}

/// A gate of the configuration that the night does not pass.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Broken {
    /// Its key below `[gates]`.
    pub gate: String,
    /// The table.
    pub table: String,
    /// The column, empty where the gate is about the table.
    pub column: String,
    /// What was found.
    pub found: f64,
    /// What is allowed.
    pub limit: f64,
}

/// One input table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TableQuality {
    /// Its name.
    pub table: String,
    /// Its Chinese title.
    pub title_zh: String,
    /// Rows read from files this night.
    pub read: u64,
    /// Of those, the rows in the lake after it.
    pub loaded: u64,
    /// Of those, the rows that the lake held before.
    pub unchanged: u64,
    /// Rows that wait for their case or debtor.
    pub waiting: u64,
    /// Rows turned away.
    pub rejected: u64,
    /// Rows equal to another.
    pub duplicates: u64,
    /// Rows whose period of retention is over.
    pub expired: u64,
    /// Keys of the lake that tonight's full export no longer has.
    pub absent: u64,
    /// Rows of the lake known by the day: each source row once, all versions. What follows is of these.
    pub rows: u64,
    /// Rows of the lake known later, which nothing reads yet.
    pub later: u64,
    /// By source; the unnamed source of a configuration without mappings is empty.
    pub sources: Vec<SourceQuality>,
    /// Each column that is in the lake.
    pub columns: Vec<ColumnQuality>,
}

/// How fresh one source's rows of a table are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceQuality {
    /// Its name in the mapping.
    pub source: String,
    /// Its rows.
    pub rows: u64,
    /// The newest day on which one was known.
    pub newest_known_on: Option<String>,
    /// Days from then to the run's day.
    pub known_days_ago: Option<i32>,
    /// The newest export with one of them.
    pub newest_seen_on: Option<String>,
    /// Days from then to the run's day.
    pub seen_days_ago: Option<i32>,
}

/// One column of a table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ColumnQuality {
    /// Its name.
    pub column: String,
    /// Its Chinese title.
    pub title_zh: String,
    /// Its list of codes, for the words of them.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub list: String,
    /// What its values are: text, int, real, money (in fen), date, flag, code.
    pub kind: String,
    /// Share of rows with a value.
    pub completeness: Option<f64>,
    /// Rows turned away tonight for a value of this column.
    pub rejected: u64,
    /// Values in the lake that their list of codes does not have.
    pub unlisted: u64,
    /// Share of values accepted: of those in the lake and those turned away tonight, the ones neither turned away nor unlisted.
    pub validity: Option<f64>,
    /// The newest day on which a row with a value was known.
    pub newest_known_on: Option<String>,
    /// Days from then to the run's day.
    pub known_days_ago: Option<i32>,
    /// Different values.
    pub distinct: u64,
    /// Whether that is counted; else it is estimated with a standard error of 6 %.
    pub distinct_is_exact: bool,
    /// Least number or day; never of text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<Mark>,
    /// Greatest number or day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Mark>,
    /// Numbers: what 1, 5, 25, 50, 75, 95 and 99 of a hundred values do not exceed, from below and to within 1/128.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub quantiles: Vec<(u64, f64)>,
    /// Codes of the catalog by rows, the most frequent first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<(String, u64)>,
    /// Days by month, `YYYY-MM`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub months: Vec<(String, u64)>,
    /// For the next night to compare with.
    pub spread: Spread,
    /// Population stability index against the last published night; null without one, or with fewer than 100 rows in either.
    pub psi: Option<f64>,
}

/// A number, or a day as text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Mark {
    /// A number; money in fen.
    Number(f64),
    /// `YYYY-MM-DD`.
    Day(String),
}

/// What became of one file's rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileQuality {
    /// The table.
    pub table: String,
    /// Its name below the input folder.
    pub file: String,
    /// Rows read.
    pub read: u64,
    /// Rows new to the lake.
    pub appended: u64,
    /// Rows the lake held before.
    pub unchanged: u64,
    /// Rows that wait.
    pub waiting: u64,
    /// Rows turned away.
    pub rejected: u64,
    /// Rows equal to another.
    pub duplicates: u64,
    /// Rows whose period of retention is over.
    #[serde(default)]
    pub expired: u64,
}

/// One rule that turned rows away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleQuality {
    /// The table.
    pub table: String,
    /// The column, empty where the rule is about the row.
    pub column: String,
    /// The rule's name.
    pub rule: String,
    /// What it expects.
    pub expected: String,
    /// Rows it turned away.
    pub rows: u64,
    /// Up to three of them: file, line and what was found there, or its shape where it might tell of somebody.
    pub examples: Vec<String>,
}

/// Rows of a table that wait, by the days they have waited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingQuality {
    /// The table.
    pub table: String,
    /// Up to 7 days.
    pub week: u64,
    /// 8 to 30 days.
    pub month: u64,
    /// 31 to 90 days.
    pub quarter: u64,
    /// Longer.
    pub longer: u64,
    /// Days the oldest has waited.
    pub oldest_days: i32,
}

/// One inquiry channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChannelQuality {
    /// Its code.
    pub channel: String,
    /// Inquiries sent.
    pub sent: u64,
    /// Those answered by the as-of day.
    pub answered: u64,
    /// Those that found something.
    pub found: u64,
    /// Half of the answers took no longer than this many days.
    pub median_days: Option<i64>,
    /// Debtors of live cases whose newest answer is older than `stale_days` of catalog/ratings (90).
    pub stale: u64,
    /// Debtors of live cases who were asked about and have no answer at all.
    pub unanswered: u64,
}

/// One procedural step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepQuality {
    /// Its code; `other` for those that no list has.
    pub node: String,
    /// Steps due before the as-of day.
    pub due: u64,
    /// Of open cases, due and not done.
    pub overdue: u64,
    /// Done after their day.
    pub late: u64,
    /// Days the oldest open one is overdue.
    pub oldest_days: i64,
}

/// A remark about the data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// Where: a file, a table, a stage.
    pub place: String,
    /// What was found.
    pub text: String,
    /// How often.
    pub times: u64,
}
