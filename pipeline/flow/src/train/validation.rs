//! `validation.json`: what a bundle is worth on rows it never saw, by axis and by grade.

use luheng_models::{Assessment, ModelArtifact};
use serde::Serialize;

use super::fit::HeldOut;
use crate::bundle::grade_of;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::rating::Spec;

/// Format of the file.
const FORMAT: u32 = 1;

/// Validation of a bundle.
#[derive(Debug, Serialize)]
pub struct Validation {
    format: u32,
    /// The bundle.
    pub model_id: String,
    /// The day it was trained as of.
    pub as_of: String,
    train_until: Option<String>,
    pub(super) axes: Vec<Axis>,
}

#[derive(Debug, Serialize)]
pub(super) struct Axis {
    pub(super) axis: String,
    pub(super) status: &'static str,
    pub(super) why: Option<String>,
    pub(super) model: Option<String>,
    pub(super) horizon_days: i32,
    pub(super) good_share: f64,
    pub(super) train_rows: u64,
    pub(super) train_good: u64,
    pub(super) train_bad: u64,
    pub(super) assessed_rows: usize,
    pub(super) assessment: Option<Assessment>,
    pub(super) baseline: Option<Assessment>,
    pub(super) by_grade: Vec<Grade>,
    pub(super) notes: Vec<String>,
}

/// What came of the held-out parties of one grade.
#[derive(Debug, Serialize)]
pub(super) struct Grade {
    pub(super) grade: usize,
    pub(super) rows: usize,
    pub(super) mean_predicted: Option<f64>,
    pub(super) rate: Option<f64>,
    pub(super) repaid_share: Option<f64>,
}

impl Validation {
    /// An empty validation of a run.
    pub fn new(ctx: &Context) -> Self {
        Self {
            format: FORMAT,
            model_id: String::new(),
            as_of: luheng_lake::columns::day::format(ctx.as_of),
            train_until: ctx.config.rating.train_until.clone(),
            axes: Vec::new(),
        }
    }

    /// Adds an axis that has a model.
    ///
    /// # Errors
    /// None at present; kept fallible with its caller.
    pub fn add(&mut self, spec: &Spec, artifact: &ModelArtifact, held: &HeldOut) -> Result<()> {
        let by_grade = (1..=5).map(|grade| Grade::of(grade, held)).collect();
        self.axes.push(Axis {
            axis: spec.id.clone(),
            status: "rated",
            why: None,
            model: Some(artifact.id.clone()),
            horizon_days: spec.horizon_days,
            good_share: spec.good_share,
            train_rows: artifact.rows,
            train_good: artifact.good,
            train_bad: artifact.bad,
            assessed_rows: held.p.len(),
            assessment: Some(artifact.assessment.clone()),
            baseline: Some(artifact.baseline_assessment.clone()),
            by_grade,
            notes: artifact.notes.clone(),
        });
        Ok(())
    }

    /// Adds an axis that has none.
    pub fn unrated(&mut self, spec: &Spec, why: &str) {
        self.axes.push(Axis {
            axis: spec.id.clone(),
            status: "no_evidence",
            why: Some(why.to_owned()),
            model: None,
            horizon_days: spec.horizon_days,
            good_share: spec.good_share,
            train_rows: 0,
            train_good: 0,
            train_bad: 0,
            assessed_rows: 0,
            assessment: None,
            baseline: None,
            by_grade: Vec::new(),
            notes: Vec::new(),
        });
    }

    /// The model card as HTML.
    ///
    /// # Errors
    /// A page that cannot be rendered.
    pub fn card(&self) -> Result<String> {
        super::card::card(self)
    }

    /// As JSON.
    ///
    /// # Errors
    /// A number that JSON cannot hold.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string_pretty(self).map_err(|e| Error::Fault(format!("validation: {e}")))
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
