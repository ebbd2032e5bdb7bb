//! Tables and columns as data: the vocabulary in which `catalog/tables/*.toml` is written.

use serde::Deserialize;

use crate::columns::ColumnKind;

/// A name for people, in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Title {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// One input table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Its name in files, code and messages.
    pub name: String,
    /// Its name for people.
    pub title: Title,
    /// What one row is.
    pub about: String,
    /// Grows when a column changes its kind; kept in `lake/lake.json`.
    pub version: u16,
    /// The columns of its key; empty = all columns.
    pub key: Vec<String>,
    /// Whether the key may be absent: then all columns are the key, and equal rows of one file are distinct facts (payments).
    pub key_optional: bool,
    /// Whether it is a fact table: with known_on, row_id, voided_on, void_reason, document_no.
    pub fact: bool,
    /// Whether an input folder must hold it.
    pub required: bool,
    /// What decides the bucket of a row.
    pub bucket_by: BucketBy,
    /// All columns, those of every fact table included, in the order of the catalog.
    pub columns: Vec<Column>,
    /// What must hold between columns of a row.
    pub checks: Vec<Check>,
}

impl Table {
    /// A column by name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|c| c.name == name)
    }

    /// The place of a column in [`Table::columns`].
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name == name)
    }
}

/// What decides the bucket of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BucketBy {
    /// Its debtor.
    Debtor,
    /// Every party of its case: the row is copied to each.
    Case,
    /// The debtor of its asset.
    Asset,
    /// The person whose identity number stands in the row itself.
    Subject,
    /// None: the table is kept whole.
    Whole,
}

/// One column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its canonical name.
    pub name: String,
    /// Its name for people.
    pub title: Title,
    /// More, where the title does not say enough; may be empty.
    pub about: String,
    /// What its values are.
    pub kind: Kind,
    /// What its numbers count.
    pub unit: Unit,
    /// Whether the column must be in the file and filled in every row.
    pub required: bool,
    /// Identity data: goes to the vault and nowhere else.
    pub identity: bool,
    /// Never shown in messages or rejects: identity data, and the court's own keys of persons.
    pub masked: bool,
    /// The list its codes are from.
    pub codes: Option<String>,
    /// Whether a code outside the list rejects the row; else it is kept, counted and warned of.
    pub closed: bool,
    /// The grammar its text must follow or is normalised by.
    pub grammar: Option<Grammar>,
    /// The table whose key it names: a row whose key is not known yet waits. A null value refers to nothing.
    pub refers: Option<String>,
    /// The date that reveals it: where that date is later than the day of view, the column reads [`Column::before`].
    pub revealed_by: Option<String>,
    /// How it reads before it is revealed; `None` = null.
    pub before: Option<String>,
    /// A date known with its row though it lies in the future (due dates). Any other date later than the day of view reads as null.
    pub set_in_advance: bool,
    /// A date that `known_on` cannot precede.
    pub happening: bool,
    /// Least value.
    pub min: Option<f64>,
    /// Greatest value.
    pub max: Option<f64>,
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Text.
    Text,
    /// Whole numbers.
    Int,
    /// Numbers.
    Real,
    /// Money, in whole fen; never negative unless the column says otherwise.
    Money,
    /// Calendar days.
    Date,
    /// True or false.
    Flag,
    /// Codes of a list.
    Code,
}

impl Kind {
    /// The kind of column that holds it in memory.
    pub fn stored(self) -> ColumnKind {
        match self {
            Kind::Text | Kind::Code => ColumnKind::Text,
            Kind::Int | Kind::Money => ColumnKind::Int,
            Kind::Real => ColumnKind::Real,
            Kind::Date => ColumnKind::Date,
            Kind::Flag => ColumnKind::Flag,
        }
    }

    /// Its name as the catalog writes it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Text => "text",
            Kind::Int => "int",
            Kind::Real => "real",
            Kind::Money => "money",
            Kind::Date => "date",
            Kind::Flag => "flag",
            Kind::Code => "code",
        }
    }
}

/// What a column's numbers count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Nothing: text, days, flags, plain counts.
    #[default]
    None,
    /// Fen, hundredths of a yuan.
    Fen,
    /// A share of one, 0 to 1.
    Share,
    /// Months.
    Months,
    /// A calendar year.
    Year,
    /// A place in an order, from 1.
    Rank,
}

/// Grammars that text must follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grammar {
    /// A case number of an enforcement case, normalised; anything else rejects the row.
    CaseNo,
    /// A number of any document: normalised where it is a case number, else kept as it is.
    DocumentNo,
    /// A court's prefix of case numbers.
    CourtCode,
    /// Six digits of GB/T 2260.
    Region,
}

/// What must hold between columns of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// One date is not later than another, where both are there.
    Order {
        /// The earlier date.
        earlier: String,
        /// The later date.
        later: String,
    },
    /// An identity number has the form and check digit of its kind.
    CheckDigit {
        /// The column of the number.
        number: String,
        /// The column of its kind.
        kind: String,
    },
}
