//! The tables of a run as the report reads them: all of them, and the rows of one case.

use super::cells::{Cells, rows_by};
use luheng_lake::columns::Columns;
use std::collections::BTreeMap;

/// The tables of a run too large to hold whole: the rows of some cases.
#[derive(Clone, Debug, Default)]
pub struct LongTables {
    /// The points of each score.
    pub reasons: Columns,
    /// Measures, ranked or blocked.
    pub suggestions: Columns,
    /// The closed cases most like each party's.
    pub alike: Columns,
}

/// The run tables that documents are made from (contract.md §6); an empty table where there is none.
#[derive(Clone, Debug, Default)]
pub struct RunTables {
    /// One row a party.
    pub ratings: Columns,
    /// The long ones: of some cases alone, or none where [`Long`] brings them.
    pub long: LongTables,
    /// One row a case; the cases that get a sheet.
    pub cases: Columns,
    /// One row a debtor.
    pub debtors: Columns,
    /// What changed or falls due.
    pub alerts: Columns,
    /// Regional figures.
    pub regional: Columns,
    /// What the court did, by what the ratings said.
    pub oversight: Columns,
    /// What each party could do for the next grade.
    pub paths: Columns,
}

/// The rows of one case.
#[derive(Clone, Debug, Default)]
pub struct CaseTables<'a> {
    /// Its row of `cases`.
    pub case: Option<Cells<'a>>,
    /// Its parties' ratings, by debtor.
    pub ratings: Vec<Cells<'a>>,
    /// Their reasons, by debtor, axis and rank.
    pub reasons: Vec<Cells<'a>>,
    /// Suggestions, by debtor and rank, blocked ones last.
    pub suggestions: Vec<Cells<'a>>,
    /// The closed cases most like its parties', by debtor and rank.
    pub alike: Vec<Cells<'a>>,
    /// Whether similar cases were looked for: runs before them have no such table.
    pub has_alike: bool,
    /// Alerts.
    pub alerts: Vec<Cells<'a>>,
    /// Its parties' paths to the next grade, by debtor, axis and rank.
    pub paths: Vec<Cells<'a>>,
    /// Its parties over all their cases, by `debtor_id`.
    pub debtors: BTreeMap<&'a str, Cells<'a>>,
}

/// The tables of a run with their rows found by case.
#[derive(Debug)]
pub struct ByCase<'a> {
    tables: &'a RunTables,
    long: Long<'a>,
    cases: BTreeMap<&'a str, Vec<usize>>,
    ratings: BTreeMap<&'a str, Vec<usize>>,
    alerts: BTreeMap<&'a str, Vec<usize>>,
    paths: BTreeMap<&'a str, Vec<usize>>,
    debtors: BTreeMap<&'a str, Vec<usize>>,
}

/// The long tables of some cases, found by case.
#[derive(Debug)]
pub struct Long<'a> {
    tables: &'a LongTables,
    reasons: BTreeMap<&'a str, Vec<usize>>,
    suggestions: BTreeMap<&'a str, Vec<usize>>,
    alike: BTreeMap<&'a str, Vec<usize>>,
}

impl<'a> Long<'a> {
    /// Finds the rows of every case once.
    pub fn of(tables: &'a LongTables) -> Self {
        Self {
            tables,
            reasons: rows_by(&tables.reasons, "case_no"),
            suggestions: rows_by(&tables.suggestions, "case_no"),
            alike: rows_by(&tables.alike, "case_no"),
        }
    }
}

/// The rows of a case in a table.
fn rows_of<'a>(found: &BTreeMap<&'a str, Vec<usize>>, table: &'a Columns, case_no: &str) -> Vec<Cells<'a>> {
    found.get(case_no).map(|at| at.iter().map(|at| Cells::of(table, *at)).collect()).unwrap_or_default()
}

impl<'a> ByCase<'a> {
    /// Finds the rows of every case once.
    pub fn of(tables: &'a RunTables) -> Self {
        Self {
            tables,
            long: Long::of(&tables.long),
            cases: rows_by(&tables.cases, "case_no"),
            ratings: rows_by(&tables.ratings, "case_no"),
            alerts: rows_by(&tables.alerts, "case_no"),
            paths: rows_by(&tables.paths, "case_no"),
            debtors: rows_by(&tables.debtors, "debtor_id"),
        }
    }

    /// The case numbers that have a sheet, in order.
    pub fn case_numbers(&self) -> Vec<&'a str> {
        self.cases.keys().copied().collect()
    }

    /// The rows of a case; `None` where `cases` has no such case.
    pub fn case(&self, case_no: &str) -> Option<CaseTables<'a>> {
        self.case_with(case_no, &self.long)
    }

    /// The rows of a case, those of the long tables from elsewhere.
    pub fn case_with<'b>(&self, case_no: &str, long: &Long<'b>) -> Option<CaseTables<'b>>
    where
        'a: 'b,
    {
        let tables = self.tables;
        let case = self.cases.get(case_no)?.first().map(|at| Cells::of(&tables.cases, *at));
        let ratings = rows_of(&self.ratings, &tables.ratings, case_no);
        let debtors = ratings
            .iter()
            .filter_map(|rating| {
                let (id, rows) = self.debtors.get_key_value(rating.str("debtor_id"))?;
                Some((*id, Cells::of(&tables.debtors, *rows.first()?)))
            })
            .collect();
        Some(CaseTables {
            case,
            ratings,
            reasons: rows_of(&long.reasons, &long.tables.reasons, case_no),
            suggestions: rows_of(&long.suggestions, &long.tables.suggestions, case_no),
            alike: rows_of(&long.alike, &long.tables.alike, case_no),
            has_alike: long.tables.alike.get("alike_key").is_some(),
            alerts: rows_of(&self.alerts, &tables.alerts, case_no),
            paths: rows_of(&self.paths, &tables.paths, case_no),
            debtors,
        })
    }
}
