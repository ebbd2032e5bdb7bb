//! The one list of algorithms. Parameters are checked once, into another type; only checked parameters can be fitted.
//!
//! To add an algorithm: its file under its family with its [`Algorithm`] and its [`Fitted`], a variant in [`Params`] and in [`Model`], an arm in each
//! match below. The compiler finds the arms and `tests/contract` the rest.

use serde::{Deserialize, Serialize};

use crate::additive::{Additive, AdditiveParams};
use crate::algorithm::{Algorithm, Fitted, Traits, refuse};
use crate::baseline::{BaseRate, Baseline};
use crate::data::{Design, FeatureMeta, TrainingSet};
use crate::error::{Error, Result};
use crate::explain::Contributions;
use crate::interval::{Interval, normal};
use crate::linear::link::sigmoid;
use crate::linear::{LinfaParams, Logistic, LogisticParams, Scorecard, ScorecardParams};
use crate::points::Steps;
use crate::tree::{Boost, BoostParams, Forest, ForestParams};

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
    /// Logistic regression by linfa, a challenger.
    Linfa(LinfaParams),
    /// Random forest by smartcore, a challenger.
    Forest(ForestParams),
    /// Boosted step functions, one a feature.
    Additive(AdditiveParams),
    /// Boosted trees.
    Boost(BoostParams),
}

/// Parameters found to be within their ranges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Checked(Params);

impl Params {
    fn algorithm(&self) -> &dyn Algorithm {
        match self {
            Params::Baseline => &BaseRate,
            Params::Logistic(params) => params,
            Params::Scorecard(params) => params,
            Params::Linfa(params) => params,
            Params::Forest(params) => params,
            Params::Additive(params) => params,
            Params::Boost(params) => params,
        }
    }

    /// As in `algorithm = "..."`.
    pub fn name(&self) -> &'static str {
        self.algorithm().name()
    }

    /// What the algorithm can do.
    pub fn traits(&self) -> Traits {
        self.algorithm().traits()
    }

    /// # Errors
    /// [`Error::Parameter`] for the first parameter out of its range.
    pub fn check(self) -> Result<Checked> {
        self.algorithm().check()?;
        Ok(Checked(self))
    }
}

impl Checked {
    /// The parameters.
    pub fn params(&self) -> &Params {
        &self.0
    }

    /// Learns. Rows are first brought into one order (group, day, content), so the order given never matters; neither does the number of
    /// threads. `seed` is for algorithms that draw: the same seed, the same model.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::SingleClass`]; [`Error::Unsupported`] for what the algorithm does not declare; and what can go wrong in it:
    /// without penalty a linear model may be [`Error::Singular`] or [`Error::NotConverged`].
    pub fn fit(&self, set: &TrainingSet, seed: u64) -> Result<Model> {
        let algorithm = self.0.algorithm();
        set.check_classes()?;
        refuse(algorithm.name(), algorithm.traits(), set)?;
        algorithm.fit(&set.in_order()?, seed)
    }
}

/// A fitted model. Whatever it says is a sum: a base and one contribution a feature, in log-odds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "algorithm", rename_all = "lowercase")]
pub enum Model {
    /// See [`Params::Baseline`].
    Baseline(Baseline),
    /// See [`Params::Logistic`].
    Logistic(Logistic),
    /// See [`Params::Scorecard`].
    Scorecard(Scorecard),
    /// See [`Params::Linfa`]; of the same form as ours.
    Linfa(Logistic),
    /// See [`Params::Forest`].
    Forest(Forest),
    /// See [`Params::Additive`].
    Additive(Additive),
    /// See [`Params::Boost`].
    Boost(Boost),
}

impl Model {
    fn fitted(&self) -> &dyn Fitted {
        match self {
            Model::Baseline(model) => model,
            Model::Logistic(model) | Model::Linfa(model) => model,
            Model::Scorecard(model) => model,
            Model::Forest(model) => model,
            Model::Additive(model) => model,
            Model::Boost(model) => model,
        }
    }

    /// As in `algorithm = "..."`.
    pub fn name(&self) -> &'static str {
        match self {
            Model::Baseline(_) => "baseline",
            Model::Logistic(_) => "logistic",
            Model::Scorecard(_) => "scorecard",
            Model::Linfa(_) => "linfa",
            Model::Forest(_) => "forest",
            Model::Additive(_) => "additive",
            Model::Boost(_) => "boost",
        }
    }

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
        self.knows(design)?;
        Ok(self.fitted().logit(design.x()))
    }

    /// What each feature adds to the log-odds of each row.
    ///
    /// # Errors
    /// As [`Model::predict`].
    pub fn contributions(&self, design: &Design) -> Result<Contributions> {
        self.knows(design)?;
        Ok(Contributions { base: self.fitted().base(), by_feature: self.fitted().parts(design.x()) })
    }

    /// The base and every feature as a step function of its own value, in log-odds; `None` if the model is not made so.
    pub fn steps(&self) -> Option<(f64, Vec<Steps>)> {
        Some((self.fitted().base(), self.fitted().steps()?))
    }

    /// Standard error of the log-odds, one a row (delta method on the covariance of the coefficients). It speaks of the fitted probability,
    /// not of the single outcome, and not of a world that changes.
    ///
    /// # Errors
    /// As [`Model::predict`], and [`Error::Unsupported`] where the algorithm has none.
    pub fn standard_error(&self, design: &Design) -> Result<Vec<f64>> {
        self.knows(design)?;
        self.fitted().standard_error(design.x()).ok_or(Error::Unsupported {
            algorithm: self.name(),
            what: "a standard error".to_owned(),
            remedy: "a conformal interval from held-out rows, or an algorithm with standard errors",
        })
    }

    /// Interval of the probability at `level` (such as 0.9), before any calibration; it always holds the estimate.
    ///
    /// # Errors
    /// As [`Model::standard_error`], and [`Error::Parameter`] unless 0 < level < 1.
    pub fn predict_interval(&self, design: &Design, level: f64) -> Result<Vec<Interval>> {
        let reach = normal::two_sided(level)?;
        let errors = self.standard_error(design)?;
        Ok(self.logit(design)?.into_iter().zip(errors).map(|(logit, error)| Interval::on_logit(logit, reach * error)).collect())
    }

    /// Ids of the features it was trained on, in order.
    pub fn features(&self) -> Vec<&str> {
        self.fitted().features()
    }

    /// Whether these parameters could have made this model.
    pub(crate) fn is_of(&self, params: &Params) -> bool {
        self.name() == params.name()
    }

    /// # Errors
    /// [`Error::Contradiction`] if its parts do not go together, so that a damaged file is refused rather than used.
    pub(crate) fn check(&self) -> Result<()> {
        self.fitted().check()
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
