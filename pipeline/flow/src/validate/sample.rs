//! The rows of one rating: who, when, what came and when that was known, and where it was.

use std::collections::BTreeMap;

use luheng_lake::columns::{Column, Columns, Day};
use luheng_models::split;

use crate::bundle::column;
use crate::error::{Error, Result};
use crate::rating::Spec;

/// Landmarks whose outcome is known.
#[derive(Debug, Default)]
pub(super) struct Sample {
    /// Rows of the training table.
    pub at: Vec<usize>,
    /// Whose.
    pub debtor: Vec<String>,
    /// In which case.
    pub case_no: Vec<String>,
    /// On which day.
    pub day: Vec<Day>,
    /// The day its outcome was known.
    pub known: Vec<Day>,
    /// What came, 0 to 1.
    pub label: Vec<f64>,
    /// Rows of the landmarks table.
    pub place: Vec<usize>,
}

impl Sample {
    /// Reads the rows of a rating that have an outcome.
    pub fn read(training: &Columns, landmarks: &Columns, spec: &Spec) -> Result<Self> {
        let label = column(training, &format!("{}_label", spec.id))?;
        // The recovered share is known with the cover of the due.
        let own = training.get(&format!("{}_end", spec.id));
        let known = own.map_or_else(|| column(training, "capacity_end"), Ok)?;
        let [(cases, debtors), (of_case, of_debtor)] = [keys(training)?, keys(landmarks)?];
        let (days, mark_days) = (column(training, "day")?, column(landmarks, "day")?);
        let key = |cases: &Column, debtors: &Column, days: &Column, at: usize| {
            let text = |column: &Column| column.text_at(at).unwrap_or_default().to_owned();
            (text(debtors), text(cases), days.date_at(at).unwrap_or_default())
        };
        let places: BTreeMap<(String, String, Day), usize> =
            (0..landmarks.len()).map(|at| (key(of_case, of_debtor, mark_days, at), at)).collect();
        let mut sample = Self::default();
        for at in 0..training.len() {
            let Some(came) = label.real_at(at) else { continue };
            let found = key(cases, debtors, days, at);
            let Some(place) = places.get(&found) else {
                return Err(Error::Fault("validate: a training row has no landmark; the stages targets and backtest differ".into()));
            };
            sample.at.push(at);
            sample.place.push(*place);
            sample.known.push(known.date_at(at).unwrap_or(Day::MAX));
            sample.label.push(came);
            sample.debtor.push(found.0);
            sample.case_no.push(found.1);
            sample.day.push(found.2);
        }
        Ok(sample)
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.at.len()
    }

    /// Of these rows at most about so many, whole cases left out by hash.
    pub fn thinned(&self, rows: &[usize], most: usize, seed: u64) -> Vec<usize> {
        split::thinned(rows, |row| &self.case_no[row], most, ("back-test", seed))
    }
}

fn keys(table: &Columns) -> Result<(&Column, &Column)> {
    Ok((column(table, "case_no")?, column(table, "debtor_id")?))
}
