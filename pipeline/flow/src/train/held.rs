//! What a model said of rows it never saw, and what came of them: by grade, of debtors met for the first time and of those met before, and how often its
//! intervals held.

use std::collections::BTreeMap;

use luheng_models::assess::{assess, auc_interval};
use luheng_models::interval::{coverage, rate_coverage};
use luheng_models::{Interval, TrainingSet};
use serde::Serialize;

use crate::bundle::grade_of;
use crate::error::Result;

/// Rows alike that are judged together where an interval is of a rate.
pub const BLOCK: usize = 100;
/// Fewest rows of a part with figures of its own.
const FEWEST: usize = 50;

/// Shares of a score that rest on values few training rows had, each up to and with its bound.
const THIN: [(&str, f64); 8] = [
    ("", -1.0),
    ("thin 0", 0.0),
    ("thin to 0.05", 0.05),
    ("thin to 0.1", 0.1),
    ("thin to 0.2", 0.2),
    ("thin to 0.3", 0.3),
    ("thin to 0.5", 0.5),
    ("thin to 1", 1.0),
];

/// Predicted against what came.
#[derive(Debug)]
pub struct HeldOut {
    /// Rows of the training table.
    pub at: Vec<usize>,
    /// Predicted.
    pub p: Vec<f64>,
    /// With its interval.
    pub interval: Vec<Interval>,
    /// What came.
    pub label: Vec<f64>,
    /// What the row counts.
    pub weight: Vec<f64>,
    /// The case.
    pub case: Vec<String>,
    /// Is the debtor one whom the model learned from, in this case or another?
    pub returning: Vec<bool>,
    /// Money received over due, where known.
    pub recovered: Vec<Option<f64>>,
}

/// What came of the held-out parties of one grade.
#[derive(Debug, Serialize)]
pub struct Grade {
    pub(super) grade: usize,
    pub(super) rows: usize,
    pub(super) mean_predicted: Option<f64>,
    pub(super) rate: Option<f64>,
    pub(super) repaid_share: Option<f64>,
}

/// The held-out rows of one kind of debtor, or of score.
#[derive(Debug, Serialize)]
pub struct Part {
    /// `new`, or `returning`; of scores, how much of them rests on values few training rows had.
    pub(super) debtors: &'static str,
    pub(super) rows: usize,
    pub(super) rate: Option<f64>,
    pub(super) mean_predicted: Option<f64>,
    pub(super) auc: Option<f64>,
    pub(super) auc_low95: Option<f64>,
    pub(super) auc_high95: Option<f64>,
    pub(super) brier: Option<f64>,
    pub(super) calibration_error: Option<f64>,
}

/// What intervals held on the assessing rows.
#[derive(Debug, Serialize)]
pub struct Held {
    /// `share` (of outcomes within their interval) or `rate` (of blocks of a hundred rows alike whose rate lies within the mean interval and chance).
    pub(super) of: &'static str,
    /// How they were made: `standard_error`, `held_out_rows`, `conformal`.
    pub(super) by: &'static str,
    pub(super) level: f64,
    pub(super) held: f64,
    pub(super) mean_width: f64,
    pub(super) rows: u64,
}

impl HeldOut {
    /// What came of each grade.
    pub fn by_grade(&self) -> Vec<Grade> {
        (1..=5).map(|grade| Grade::of(grade, self)).collect()
    }

    /// New and returning debtors apart.
    ///
    /// # Errors
    /// Those of judging.
    pub fn parts(&self) -> Result<Vec<Part>> {
        let part = |(debtors, returning): (&'static str, bool)| self.part(debtors, &|at| self.returning[at] == returning);
        [("new", false), ("returning", true)].into_iter().map(part).collect()
    }

    /// Rows apart by the share of their score that rests on values few training rows had, of those rows of which it is given.
    ///
    /// # Errors
    /// Those of judging.
    pub fn by_thin_share(&self, thin: &BTreeMap<usize, f64>) -> Result<Vec<Part>> {
        let part = |window: &[(&'static str, f64)]| {
            let (name, from, to) = (window[1].0, window[0].1, window[1].1);
            self.part(name, &|at| thin.get(&at).is_some_and(|share| *share > from && *share <= to))
        };
        THIN.windows(2).map(part).collect()
    }

    fn part(&self, debtors: &'static str, keep: &dyn Fn(usize) -> bool) -> Result<Part> {
        let rows: Vec<usize> = (0..self.p.len()).filter(|at| keep(*at)).collect();
        let of = |values: &[f64]| rows.iter().map(|at| values[*at]).collect::<Vec<f64>>();
        let (p, label, weight) = (of(&self.p), of(&self.label), of(&self.weight));
        let mut part = Part {
            debtors,
            rows: rows.len(),
            rate: None,
            mean_predicted: None,
            auc: None,
            auc_low95: None,
            auc_high95: None,
            brier: None,
            calibration_error: None,
        };
        if rows.len() < FEWEST {
            return Ok(part);
        }
        let found = assess(&p, &label, &weight, &[])?;
        let case: Vec<String> = rows.iter().map(|at| self.case[*at].clone()).collect();
        let ends = auc_interval(&p, &label, &weight, Some(&case), 0.95).ok().and_then(|a| a.ends);
        (part.rate, part.mean_predicted, part.auc) = (Some(found.base_rate), Some(found.mean_predicted), found.auc);
        (part.auc_low95, part.auc_high95) = (ends.map(|e| e.0), ends.map(|e| e.1));
        (part.brier, part.calibration_error) = (Some(found.brier), Some(found.calibration_error));
        Ok(part)
    }

    /// How often the intervals held: of a share itself, else of the rate of rows alike.
    ///
    /// # Errors
    /// Those of judging.
    pub fn held(&self, is_share: bool, by: &'static str, level: f64) -> Result<Held> {
        if is_share {
            let all = coverage(&self.interval, &self.label, &self.weight, None)?;
            let found = &all[0];
            return Ok(Held { of: "share", by, level, held: found.held, mean_width: found.mean_width, rows: found.rows });
        }
        let found = rate_coverage(&self.interval, &self.label, &self.weight, &self.case, (BLOCK, level))?;
        Ok(Held { of: "rate", by, level, held: found.held, mean_width: found.mean_width, rows: found.rows })
    }

    /// The rows as a set would give them, with predictions for each.
    pub fn new(set: &TrainingSet, at: Vec<usize>, interval: Vec<Interval>, returning: Vec<bool>, recovered: Vec<Option<f64>>) -> Self {
        Self {
            at,
            p: interval.iter().map(|i| i.estimate).collect(),
            interval,
            label: set.label().to_vec(),
            weight: set.weight().to_vec(),
            case: set.group().to_vec(),
            returning,
            recovered,
        }
    }
}

impl Grade {
    fn of(grade: usize, held: &HeldOut) -> Self {
        let rows: Vec<usize> = (0..held.p.len()).filter(|at| grade_of(held.p[*at]) == grade).collect();
        let mean = |of: &dyn Fn(usize) -> Option<f64>| {
            let values: Vec<f64> = rows.iter().filter_map(|at| of(*at)).collect();
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
        };
        Self {
            grade,
            rows: rows.len(),
            mean_predicted: mean(&|at| Some(held.p[at])),
            rate: mean(&|at| Some(held.label[at])),
            repaid_share: mean(&|at| held.recovered[at]),
        }
    }
}
