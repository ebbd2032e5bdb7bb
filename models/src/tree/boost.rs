//! The parameters of boosted trees, and the two ways to fit them: [`Boost`], a model of log-odds like any other, and [`fit_values`], which fits a
//! mean or a quantile of the label itself.
//!
//! A [`crate::Model`] speaks of log-odds and nothing else, so a quantile of a share has no place in it: it comes as an [`Ensemble`] whose
//! [`Ensemble::values`] are shares, for conformalized quantile regression to widen.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::ensemble::Ensemble;
use super::objective::Objective;
use super::{MOST_LEAVES, rounds};
use crate::algorithm::{Algorithm, Fitted, Traits};
use crate::data::TrainingSet;
use crate::error::{Error, Result};
use crate::model::Model;

/// How to grow an [`Ensemble`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BoostParams {
    /// Most trees. 1 to 4,096, default 300.
    pub trees: u32,
    /// Share of its best step that each tree takes. Above 0, at most 1, default 0.05.
    pub learning_rate: f64,
    /// Most leaves of a tree. 2 to 64, default 15.
    pub max_leaves: u32,
    /// Most splits above a leaf. 1 to 63, default 6.
    pub max_depth: u32,
    /// Least weight of the rows of a leaf. At least 0, default 20.
    pub min_rows: f64,
    /// Least sum of second derivatives of the rows of a leaf. Above 0, default 0.001.
    pub min_hessian: f64,
    /// Penalty ½ l2 Σ step² on the steps of leaves, against the sum of losses. At least 0, default 1.
    pub l2: f64,
    /// Least saving of a split, as twice the loss. At least 0, default 0.
    pub min_gain: f64,
    /// Most codes of a feature, missing apart. 2 to 255, default 255.
    pub max_bins: u32,
    /// Share of groups that a tree sees. Above 0, at most 1, default 1.
    pub row_share: f64,
    /// Share of features that a tree sees. Above 0, at most 1, default 1.
    pub column_share: f64,
    /// Second derivatives of the imaginary rows of gradient 0 that are added to each category before categories are ordered, and the penalty
    /// added to `l2` for splits by category. At least 0, default 10.
    pub category_smoothing: f64,
    /// Share of groups held out of all trees, to tell when to stop; 0 grows all trees. 0 to 0.5, default 0.1.
    pub held_share: f64,
    /// Stop after this many trees without a better loss on rows held out, and keep those up to the best. At least 1, default 50.
    pub patience: u32,
}

impl Default for BoostParams {
    fn default() -> Self {
        BoostParams {
            trees: 300,
            learning_rate: 0.05,
            max_leaves: 15,
            max_depth: 6,
            min_rows: 20.0,
            min_hessian: 1e-3,
            l2: 1.0,
            min_gain: 0.0,
            max_bins: 255,
            row_share: 1.0,
            column_share: 1.0,
            category_smoothing: 10.0,
            held_share: 0.1,
            patience: 50,
        }
    }
}

impl Algorithm for BoostParams {
    fn name(&self) -> &'static str {
        "boost"
    }

    fn traits(&self) -> Traits {
        Traits {
            weights: true,
            shares: true,
            offsets: false,
            monotone: true,
            categories: true,
            additive: false,
            scale_free: true,
            standard_error: false,
        }
    }

    fn check(&self) -> Result<()> {
        let within =
            |name, found: f64, is_right: bool, expected| if is_right { Ok(()) } else { Err(Error::Parameter { name, found, expected }) };
        let count =
            |name, found: u32, least: u32, most: u32, expected| within(name, f64::from(found), (least..=most).contains(&found), expected);
        let share = |name, found: f64| within(name, found, found > 0.0 && found <= 1.0, "above 0, at most 1");
        let from_zero = |name, found: f64| within(name, found, found >= 0.0 && found.is_finite(), "0 or more, finite");
        count("trees", self.trees, 1, 4096, "1 to 4096")?;
        share("learning_rate", self.learning_rate)?;
        count("max_leaves", self.max_leaves, 2, MOST_LEAVES as u32, "2 to 64")?;
        count("max_depth", self.max_depth, 1, MOST_LEAVES as u32 - 1, "1 to 63")?;
        from_zero("min_rows", self.min_rows)?;
        within("min_hessian", self.min_hessian, self.min_hessian > 0.0 && self.min_hessian.is_finite(), "above 0, finite")?;
        from_zero("l2", self.l2)?;
        from_zero("min_gain", self.min_gain)?;
        count("max_bins", self.max_bins, 2, 255, "2 to 255")?;
        share("row_share", self.row_share)?;
        share("column_share", self.column_share)?;
        from_zero("category_smoothing", self.category_smoothing)?;
        within("held_share", self.held_share, (0.0..=0.5).contains(&self.held_share), "0 to 0.5")?;
        count("patience", self.patience, 1, u32::MAX, "1 or more")
    }

    fn fit(&self, set: &TrainingSet, seed: u64) -> Result<Model> {
        Ok(Model::Boost(Boost { ensemble: ensemble(set, self, Objective::Logistic, seed)? }))
    }
}

/// Fits a mean or a quantile of labels (0 to 1), or log-odds; labels may be all alike. What [`Ensemble::values`] then gives is in units of the
/// label, not bound to 0 to 1, except for [`Objective::Logistic`]. Rows are first brought into one order, as in [`crate::Checked::fit`].
///
/// # Errors
/// [`Error::Empty`] without rows; [`Error::Parameter`] for the first number out of its range.
pub fn fit_values(set: &TrainingSet, params: &BoostParams, objective: Objective, seed: u64) -> Result<Ensemble> {
    Algorithm::check(params)?;
    objective.check()?;
    if set.rows() == 0 {
        return Err(Error::Empty { what: "training" });
    }
    ensemble(&set.in_order()?, params, objective, seed)
}

fn ensemble(set: &TrainingSet, params: &BoostParams, objective: Objective, seed: u64) -> Result<Ensemble> {
    // Within the pool of threads from here on: a thread from outside would be put to sleep and woken for every piece of every node.
    rayon::scope(|_| Ensemble::new(set.design().features(), objective, rounds::run(set, params, objective, seed)))
}

/// Boosted trees whose sum is the log-odds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Boost {
    /// The trees; their objective is [`Objective::Logistic`].
    pub ensemble: Ensemble,
}

impl Fitted for Boost {
    fn features(&self) -> Vec<&str> {
        self.ensemble.ids()
    }

    fn base(&self) -> f64 {
        self.ensemble.base()
    }

    fn parts(&self, x: &Array2<f64>) -> Array2<f64> {
        self.ensemble.parts(x)
    }

    fn logit(&self, x: &Array2<f64>) -> Vec<f64> {
        self.ensemble.scores(x)
    }

    fn standard_error(&self, _x: &Array2<f64>) -> Option<Vec<f64>> {
        None
    }

    fn check(&self) -> Result<()> {
        if self.ensemble.objective != Objective::Logistic {
            return Err(Error::Contradiction { what: format!("a model of log-odds whose trees fit {:?}", self.ensemble.objective) });
        }
        self.ensemble.check()
    }
}
