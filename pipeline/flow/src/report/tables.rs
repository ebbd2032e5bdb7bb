//! The tables of a run as the report reads them: all of them, and the rows of one case.

use super::cells::{Cells, rows_by};
use luheng_lake::columns::Columns;
use std::collections::BTreeMap;

/// The run tables that documents are made from (contract.md §6); an empty table where there is none. `reasons` and `suggestions`, too large to hold
/// whole, may have the rows of some cases alone, or none where [`Long`] brings them.
#[derive(Clone, Debug, Default)]
pub struct RunTables {
    /// One row a party.
    pub ratings: Columns,
    /// The points of each score.
    pub reasons: Columns,
    /// One row a case; the cases that get a sheet.
    pub cases: Columns,
    /// Measures, ranked or blocked.
    pub suggestions: Columns,
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
    cases: BTreeMap<&'a str, Vec<usize>>,
    ratings: BTreeMap<&'a str, Vec<usize>>,
    reasons: BTreeMap<&'a str, Vec<usize>>,
    suggestions: BTreeMap<&'a str, Vec<usize>>,
    alerts: BTreeMap<&'a str, Vec<usize>>,
    paths: BTreeMap<&'a str, Vec<usize>>,
    debtors: BTreeMap<&'a str, Vec<usize>>,
}

/// The reasons and suggestions of some cases, found by case.
#[derive(Debug)]
pub struct Long<'a> {
    reasons: (&'a Columns, BTreeMap<&'a str, Vec<usize>>),
    suggestions: (&'a Columns, BTreeMap<&'a str, Vec<usize>>),
}

impl<'a> Long<'a> {
    /// Finds the rows of every case once.
    pub fn of(reasons: &'a Columns, suggestions: &'a Columns) -> Self {
        Self { reasons: (reasons, rows_by(reasons, "case_no")), suggestions: (suggestions, rows_by(suggestions, "case_no")) }
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
            cases: rows_by(&tables.cases, "case_no"),
            ratings: rows_by(&tables.ratings, "case_no"),
            reasons: rows_by(&tables.reasons, "case_no"),
            suggestions: rows_by(&tables.suggestions, "case_no"),
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
        let tables = self.tables;
        let case = self.cases.get(case_no)?.first().map(|at| Cells::of(&tables.cases, *at));
        let rows = |found: &BTreeMap<&'a str, Vec<usize>>, table: &'a Columns| rows_of(found, table, case_no);
        let ratings = rows(&self.ratings, &tables.ratings);
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
            reasons: rows(&self.reasons, &tables.reasons),
            suggestions: rows(&self.suggestions, &tables.suggestions),
            alerts: rows(&self.alerts, &tables.alerts),
            paths: rows(&self.paths, &tables.paths),
            debtors,
        })
    }

    /// The rows of a case, its reasons and suggestions from elsewhere.
    pub fn case_with<'b>(&self, case_no: &str, long: &Long<'b>) -> Option<CaseTables<'b>>
    where
        'a: 'b,
    {
        let case: CaseTables<'b> = self.case(case_no)?;
        let (reasons, suggestions) = (&long.reasons, &long.suggestions);
        Some(CaseTables {
            reasons: rows_of(&reasons.1, reasons.0, case_no),
            suggestions: rows_of(&suggestions.1, suggestions.0, case_no),
            ..case
        })
    }
}
