//! The one list of algorithms. Parameters are checked once, into another type; only checked parameters can be fitted.
//!
//! To add an algorithm: its file under its family, a variant in [`Params`] and in [`Model`], an arm in each match below. The compiler finds
//! the arms and `tests/contract.rs` the rest.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::baseline::Baseline;
use crate::data::{Design, FeatureMeta, TrainingSet};
use crate::error::{Error, Result};
use crate::explain::Contributions;
use crate::interval::{Interval, normal};
use crate::linear::link::sigmoid;
use crate::linear::{Logistic, LogisticParams, Scorecard, ScorecardParams};

/// Which algorithm, and how. In TOML: `algorithm = "scorecard"` with its parameters beside it; those left out have their defaults.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "algorithm", rename_all = "lowercase")]
pub enum Params {
    /// The base rate.
    Baseline,
    /// Logistic regression on the values.
    Logistic(LogisticParams),
    /// Logistic regression on weights of evidence, in points.
    Scorecard(ScorecardParams),
}

/// Parameters found to be within their ranges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Checked(Params);

impl Params {
    /// # Errors
    /// [`Error::Parameter`] for the first parameter out of its range.
    pub fn check(self) -> Result<Checked> {
        match &self {
            Params::Baseline => {}
            Params::Logistic(params) => params.check()?,
            Params::Scorecard(params) => params.check()?,
        }
        Ok(Checked(self))
    }
}

impl Checked {
    /// The parameters.
    pub fn params(&self) -> &Params {
        &self.0
    }

    /// Learns. Rows are first brought into one order (group, day, content), so the order given never matters; neither does the number of
    /// threads. A label between 0 and 1 is fitted as a share. `seed` is for algorithms that draw; none of the present ones does.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::SingleClass`]; without penalty also [`Error::Singular`] and [`Error::NotConverged`].
    pub fn fit(&self, set: &TrainingSet, seed: u64) -> Result<Model> {
        let _ = seed;
        set.check_classes()?;
        let set = set.in_order()?;
        Ok(match &self.0 {
            Params::Baseline => Model::Baseline(Baseline::fit(&set)?),
            Params::Logistic(params) => Model::Logistic(Logistic::fit(&set, params)?),
            Params::Scorecard(params) => Model::Scorecard(Scorecard::fit(&set, params)?),
        })
    }
}

/// A fitted model. Everything it says is additive: a base and one contribution a feature, in log-odds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "algorithm", rename_all = "lowercase")]
pub enum Model {
    /// See [`Params::Baseline`].
    Baseline(Baseline),
    /// See [`Params::Logistic`].
    Logistic(Logistic),
    /// See [`Params::Scorecard`].
    Scorecard(Scorecard),
}

impl Model {
    /// Probability of a good outcome (or expected share), one a row.
    ///
    /// # Errors
    /// [`Error::Features`] if the design has other features than those trained on, or another order.
    pub fn predict(&self, design: &Design) -> Result<Vec<f64>> {
        Ok(self.logit(design)?.into_iter().map(sigmoid).collect())
    }

    /// Log-odds of a good outcome, one a row: exactly the contributions, summed from the base in the order of features.
    ///
    /// # Errors
    /// As [`Model::predict`].
    pub fn logit(&self, design: &Design) -> Result<Vec<f64>> {
        Ok(self.contributions(design)?.logits())
    }

    /// What each feature adds to the log-odds of each row.
    ///
    /// # Errors
    /// As [`Model::predict`].
    pub fn contributions(&self, design: &Design) -> Result<Contributions> {
        self.knows(design)?;
        let x = design.x();
        let (base, by_feature) = match self {
            Model::Baseline(model) => (model.intercept, Array2::zeros(x.dim())),
            Model::Logistic(model) => (model.intercept, Array2::from_shape_fn(x.dim(), |(i, j)| model.lines[j].contribution(x[(i, j)]))),
            Model::Scorecard(model) => {
                (model.intercept, Array2::from_shape_fn(x.dim(), |(i, j)| model.attributes[j].contribution(x[(i, j)])))
            }
        };
        Ok(Contributions { base, by_feature })
    }

    /// Standard error of the log-odds, one a row (delta method on the covariance of the coefficients). It speaks of the fitted probability,
    /// not of the single outcome, and not of a world that changes.
    ///
    /// # Errors
    /// As [`Model::predict`].
    pub fn standard_error(&self, design: &Design) -> Result<Vec<f64>> {
        self.knows(design)?;
        let error = |row: ndarray::ArrayView1<'_, f64>| match self {
            Model::Baseline(model) => model.covariance.standard_error(&[1.0]),
            Model::Logistic(model) => model.covariance.standard_error(&model.columns(row.iter())),
            Model::Scorecard(model) => model.covariance.standard_error(&model.columns(row.iter())),
        };
        Ok(design.x().rows().into_iter().map(error).collect())
    }

    /// Interval of the probability at `level` (such as 0.9), before any calibration; it always holds the estimate.
    ///
    /// # Errors
    /// As [`Model::predict`], and [`Error::Parameter`] unless 0 < level < 1.
    pub fn predict_interval(&self, design: &Design, level: f64) -> Result<Vec<Interval>> {
        let reach = normal::two_sided(level)?;
        let errors = self.standard_error(design)?;
        Ok(self.logit(design)?.into_iter().zip(errors).map(|(logit, error)| Interval::on_logit(logit, reach * error)).collect())
    }

    /// Ids of the features it was trained on, in order.
    pub fn features(&self) -> Vec<&str> {
        match self {
            Model::Baseline(model) => model.features.iter().map(String::as_str).collect(),
            Model::Logistic(model) => model.lines.iter().map(|l| l.id.as_str()).collect(),
            Model::Scorecard(model) => model.attributes.iter().map(|a| a.id.as_str()).collect(),
        }
    }

    /// Whether these parameters could have made this model.
    pub(crate) fn is_of(&self, params: &Params) -> bool {
        matches!(
            (self, params),
            (Model::Baseline(_), Params::Baseline)
                | (Model::Logistic(_), Params::Logistic(_))
                | (Model::Scorecard(_), Params::Scorecard(_))
        )
    }

    /// # Errors
    /// [`Error::Contradiction`] if its parts do not go together, so that a damaged file is refused rather than used.
    pub(crate) fn check(&self) -> Result<()> {
        match self {
            Model::Baseline(model) => model.covariance.check(1),
            Model::Logistic(model) => model.check(),
            Model::Scorecard(model) => model.check(),
        }
    }

    fn knows(&self, design: &Design) -> Result<()> {
        same_ids(design.features(), &self.features())
    }
}

/// Refuses features whose ids or order differ from those expected, naming the first difference.
pub(crate) fn same_ids(found: &[FeatureMeta], expected: &[&str]) -> Result<()> {
    for position in 0..found.len().max(expected.len()) {
        let (given, wanted) = (found.get(position).map(|f| f.id.as_str()), expected.get(position).copied());
        if given != wanted {
            let name = |id: Option<&str>| id.unwrap_or("none").to_owned();
            return Err(Error::Features { position, found: name(given), expected: name(wanted) });
        }
    }
    Ok(())
}
