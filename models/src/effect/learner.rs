//! What every row's outcome would be, treated and not, and how likely its treatment was: learnt on the other folds, so that no row speaks for
//! itself (cross-fitting: Chernozhukov et al. 2018).

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Limits, Study};
use crate::data::{Design, TrainingSet};
use crate::error::{Error, Result};
use crate::linear::LogisticParams;
use crate::model::{Checked, Params};
use crate::split::fold_for;

/// Where the probability of treatment comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Propensity {
    /// It was drawn: this share was treated, whoever it was.
    Known(f64),
    /// It is learnt from the features, whose directions are let go: they speak of the outcome.
    Fitted(Params),
}

/// How to learn what a treatment does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Learner {
    /// Folds, by group. 2 to 100, default 5.
    pub folds: u32,
    /// Seed of folds and models.
    pub seed: u64,
    /// The model of treatment; a logistic regression by default.
    pub propensity: Propensity,
    /// The model of outcomes with treatment; a logistic regression by default.
    pub treated: Params,
    /// The model of outcomes without.
    pub control: Params,
    /// Where the data are taken to be able to tell.
    pub limits: Limits,
}

impl Default for Learner {
    fn default() -> Self {
        let logistic = Params::Logistic(LogisticParams::default());
        Learner {
            folds: 5,
            seed: 1,
            propensity: Propensity::Fitted(logistic),
            treated: logistic,
            control: logistic,
            limits: Limits::default(),
        }
    }
}

/// What was learnt of the rows of a study. Everything else of this module asks it.
#[derive(Clone, Debug)]
pub struct CrossFit<'a> {
    pub(crate) study: &'a Study,
    pub(crate) limits: Limits,
    /// Standard errors to either side of an estimate.
    pub(crate) reach: f64,
    /// Probability of treatment, in the order within.
    pub(crate) propensity: Vec<f64>,
    /// Outcome expected with treatment.
    pub(crate) if_treated: Vec<f64>,
    /// Outcome expected without.
    pub(crate) if_control: Vec<f64>,
}

impl Learner {
    /// Learns, fold by fold.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a number out of its range; [`Error::Empty`] if all rows of an arm lie in one fold; those of the models.
    pub fn fit<'a>(&self, study: &'a Study) -> Result<CrossFit<'a>> {
        let reach = self.limits.check()?;
        if !(2..=100).contains(&self.folds) {
            return Err(Error::Parameter { name: "folds", found: f64::from(self.folds), expected: "2 to 100" });
        }
        let models = self.models()?;
        let fold: Vec<u32> = study.set().group().iter().map(|g| fold_for("effect learner", g, self.folds, self.seed)).collect();
        let by_treatment = study.by_treatment()?;
        let parts: Vec<Part> =
            (0..self.folds).into_par_iter().map(|f| models.part(study, &by_treatment, &fold, f)).collect::<Result<_>>()?;
        let mut fit = CrossFit {
            study,
            limits: self.limits,
            reach,
            propensity: vec![0.0; study.len()],
            if_treated: vec![0.0; study.len()],
            if_control: vec![0.0; study.len()],
        };
        for part in parts {
            for (at, row) in part.rows.iter().enumerate() {
                fit.propensity[*row] = part.propensity[at];
                fit.if_treated[*row] = part.if_treated[at];
                fit.if_control[*row] = part.if_control[at];
            }
        }
        Ok(fit)
    }

    fn models(&self) -> Result<Models> {
        let (known, propensity) = match &self.propensity {
            Propensity::Known(p) if *p > 0.0 && *p < 1.0 => (Some(*p), None),
            Propensity::Known(p) => return Err(Error::Parameter { name: "known propensity", found: *p, expected: "between 0 and 1" }),
            Propensity::Fitted(params) => (None, Some(params.check()?)),
        };
        Ok(Models { seed: self.seed, known, propensity, treated: self.treated.check()?, control: self.control.check()? })
    }
}

/// Checked parameters.
struct Models {
    seed: u64,
    known: Option<f64>,
    propensity: Option<Checked>,
    treated: Checked,
    control: Checked,
}

/// One fold, predicted from the others.
struct Part {
    rows: Vec<usize>,
    propensity: Vec<f64>,
    if_treated: Vec<f64>,
    if_control: Vec<f64>,
}

impl Models {
    fn part(&self, study: &Study, by_treatment: &TrainingSet, fold: &[u32], f: u32) -> Result<Part> {
        let rows: Vec<usize> = (0..study.len()).filter(|i| fold[*i] == f).collect();
        if rows.is_empty() {
            return Ok(Part { rows, propensity: Vec::new(), if_treated: Vec::new(), if_control: Vec::new() });
        }
        let here = study.set().design().take(&rows)?;
        let others = |which: &dyn Fn(usize) -> bool| (0..study.len()).filter(|i| fold[*i] != f && which(*i)).collect::<Vec<usize>>();
        let propensity = match &self.propensity {
            Some(model) => predict(model, self.seed, &by_treatment.take(&others(&|_| true))?, by_treatment.design(), &rows)?,
            None => vec![self.known.unwrap_or(0.5); rows.len()],
        };
        let outcome = |model: &Checked, treated: bool| {
            let set = study.set().take(&others(&|i| study.treated()[i] == treated))?;
            if set.rows() == 0 {
                let what = if treated { "treated rows outside one of the folds" } else { "control rows outside one of the folds" };
                return Err(Error::Empty { what });
            }
            learn(model, self.seed, &set, &here)
        };
        Ok(Part { propensity, if_treated: outcome(&self.treated, true)?, if_control: outcome(&self.control, false)?, rows })
    }
}

fn predict(model: &Checked, seed: u64, set: &TrainingSet, design: &Design, rows: &[usize]) -> Result<Vec<f64>> {
    learn(model, seed, set, &design.take(rows)?)
}

/// Predictions for `here` of a model fitted to `set`. Where every label is the same there is nothing to fit: that label is what to expect.
pub(crate) fn learn(model: &Checked, seed: u64, set: &TrainingSet, here: &Design) -> Result<Vec<f64>> {
    match model.fit(set, seed) {
        Ok(model) => model.predict(here),
        Err(Error::SingleClass { label, .. }) => Ok(vec![label; here.rows()]),
        Err(other) => Err(other),
    }
}
