//! The scorecard: every feature cut into bins, every bin worth fixed points, the score their sum (Siddiqi, *Credit Risk Scorecards*, 2006).
//!
//! A logistic regression on the weights of evidence of the bins. A coefficient below zero would turn a feature against what its own bins
//! show, and against its direction; such a feature is set aside and the others fitted again.

use ndarray::Array2;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::logistic::check_l2;
use super::newton::Problem;
use super::signed::{Side, fit_signed};
use super::{Convergence, Covariance, Standing};
use crate::algorithm::{Algorithm, Fitted, Traits};
use crate::binning::optimal::{self, Optimal, Trend};
use crate::binning::quantile::{self, Cutting};
use crate::binning::{Bin, Bins, certificate::Certificate};
use crate::data::{Direction, TrainingSet};
use crate::error::{Error, Result};
use crate::model::Model;
use crate::points::{Step, Steps};

/// How a feature is cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Binning {
    /// Into parts of equal weight, see [`quantile`].
    #[default]
    Quantile,
    /// Into the parts that tell most, see [`optimal`]: information value, the feature's direction, one turn at most where it has none.
    Optimal,
}

impl Binning {
    fn is_quantile(&self) -> bool {
        *self == Binning::Quantile
    }
}

/// How to fit a [`Scorecard`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScorecardParams {
    /// Penalty ½ l2 Σ coefficient², coefficients of weights of evidence, against the *sum* of losses. At least 0, default 1.
    pub l2: f64,
    /// How features are cut; `quantile` by default, as in models made before there was a choice.
    #[serde(skip_serializing_if = "Binning::is_quantile")]
    pub binning: Binning,
    /// As [`Cutting::max_bins`].
    pub max_bins: u32,
    /// As [`Cutting::min_share`].
    pub min_share: f64,
    /// As [`Cutting::min_missing_share`].
    pub min_missing_share: f64,
    /// As [`Cutting::smoothing`].
    pub smoothing: f64,
    /// Least information value of a feature that may enter. At least 0, default 0.002.
    pub min_iv: f64,
}

impl Default for ScorecardParams {
    fn default() -> Self {
        let Cutting { max_bins, min_share, min_missing_share, smoothing } = Cutting::default();
        ScorecardParams { l2: 1.0, binning: Binning::Quantile, max_bins, min_share, min_missing_share, smoothing, min_iv: 0.002 }
    }
}

impl ScorecardParams {
    fn cutting(&self) -> Cutting {
        Cutting { max_bins: self.max_bins, min_share: self.min_share, min_missing_share: self.min_missing_share, smoothing: self.smoothing }
    }

    /// Cuts one feature of a checked set.
    fn cut(&self, x: &[f64], set: &TrainingSet, direction: Direction) -> Result<(Bins, Option<Certificate>)> {
        let ScorecardParams { max_bins, min_share, min_missing_share, smoothing, .. } = *self;
        match self.binning {
            Binning::Quantile => Ok((quantile::cut(x, set.label(), set.weight(), direction, &self.cutting()), None)),
            Binning::Optimal => {
                let how = Optimal { trend: Trend::of(direction), max_bins, min_share, min_missing_share, smoothing, ..Optimal::default() };
                let found = optimal::cut(x, set.label(), set.weight(), &how)?;
                Ok((found.bins, Some(found.certificate)))
            }
        }
    }
}

impl Algorithm for ScorecardParams {
    fn name(&self) -> &'static str {
        "scorecard"
    }

    fn traits(&self) -> Traits {
        Traits {
            weights: true,
            shares: true,
            offsets: false,
            monotone: true,
            categories: false,
            additive: true,
            scale_free: true,
            standard_error: true,
        }
    }

    fn check(&self) -> Result<()> {
        check_l2(self.l2)?;
        if !(self.min_iv >= 0.0 && self.min_iv.is_finite()) {
            return Err(Error::Parameter { name: "min_iv", found: self.min_iv, expected: "0 or more, finite" });
        }
        self.cutting().check()
    }

    fn fit(&self, set: &TrainingSet, _seed: u64) -> Result<Model> {
        Ok(Model::Scorecard(Scorecard::fit(set, self)?))
    }
}

/// One feature of a [`Scorecard`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    /// The feature.
    pub id: String,
    /// Its bins, whether it entered or not.
    pub bins: Bins,
    /// Why these bins, where they are the best there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
    /// Log-odds per unit of weight of evidence, never below 0; 0 unless `standing` is kept.
    pub coefficient: f64,
    /// What became of the feature.
    pub standing: Standing,
}

impl Attribute {
    /// Log-odds that a value contributes, NaN = missing.
    pub fn contribution(&self, x: f64) -> f64 {
        self.coefficient * self.bins.woe(x)
    }

    fn steps(&self) -> Steps {
        let Bins { upper, bins, missing, special, .. } = &self.bins;
        let total: f64 = bins.iter().chain([missing]).chain(special.iter().map(|s| &s.bin)).map(|b| b.weight).sum();
        let step = |bin: &Bin| Step {
            adds: self.coefficient * bin.woe,
            share: bin.weight / total,
            rate: (bin.weight > 0.0).then(|| bin.good / bin.weight),
        };
        Steps {
            id: self.id.clone(),
            upper: upper.clone(),
            steps: bins.iter().map(step).collect(),
            missing: step(missing),
            special: special.iter().map(|s| (s.value, step(&s.bin))).collect(),
        }
    }
}

/// A fitted scorecard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scorecard {
    /// Log-odds of a row whose every bin is worth nothing: about those of all rows.
    pub intercept: f64,
    /// One a feature, in the order of the design.
    pub attributes: Vec<Attribute>,
    /// Covariance of the intercept and the coefficients of the kept features, bins taken as given.
    pub covariance: Covariance,
    /// How the fit ended.
    pub convergence: Convergence,
}

impl Scorecard {
    /// Fits to rows that already lie in order; labels may be shares.
    ///
    /// # Errors
    /// [`Error::Singular`] and [`Error::NotConverged`], both only without penalty.
    pub(crate) fn fit(set: &TrainingSet, params: &ScorecardParams) -> Result<Self> {
        let design = set.design();
        let attribute = |j: usize| -> Result<Attribute> {
            let feature = &design.features()[j];
            let (bins, certificate) = params.cut(&design.x().column(j).to_vec(), set, feature.direction)?;
            let standing = match () {
                () if bins.is_flat() => Standing::Flat,
                () if bins.information < params.min_iv => Standing::Weak,
                () => Standing::Kept,
            };
            Ok(Attribute { id: feature.id.clone(), bins, certificate, coefficient: 0.0, standing })
        };
        let mut attributes = (0..design.features().len()).into_par_iter().map(attribute).collect::<Result<Vec<_>>>()?;
        let entering: Vec<usize> = (0..attributes.len()).filter(|j| attributes[*j].standing == Standing::Kept).collect();
        let z =
            Array2::from_shape_fn((set.rows(), entering.len()), |(i, c)| attributes[entering[c]].bins.woe(design.x()[(i, entering[c])]));
        let fit = fit_signed(z, &vec![Side::NotBelowZero; entering.len()], set, params.l2)?;
        let beta = &fit.solution.beta;
        for (c, j) in entering.iter().enumerate() {
            match fit.kept.iter().position(|k| *k == c) {
                Some(k) => attributes[*j].coefficient = beta[k + 1],
                None => attributes[*j].standing = Standing::Reversed,
            }
        }
        let problem = Problem { z: &fit.z, label: set.label(), weight: set.weight(), offset: set.offset(), l2: params.l2 };
        let covariance = Covariance::of(&problem, &fit.solution, set.group());
        Ok(Scorecard { intercept: beta[0], attributes, covariance, convergence: fit.solution.report })
    }

    /// The columns of one row that the covariance speaks of, 1 for the intercept first.
    fn columns<'a>(&'a self, row: impl Iterator<Item = &'a f64>) -> Vec<f64> {
        let kept = self.attributes.iter().zip(row).filter(|(a, _)| a.standing == Standing::Kept);
        [1.0].into_iter().chain(kept.map(|(a, x)| a.bins.woe(*x))).collect()
    }
}

impl Fitted for Scorecard {
    fn features(&self) -> Vec<&str> {
        self.attributes.iter().map(|part| part.id.as_str()).collect()
    }

    fn base(&self) -> f64 {
        self.intercept
    }

    fn parts(&self, x: &Array2<f64>) -> Array2<f64> {
        Array2::from_shape_fn(x.dim(), |(i, j)| self.attributes[j].contribution(x[(i, j)]))
    }

    fn steps(&self) -> Option<Vec<Steps>> {
        Some(self.attributes.iter().map(Attribute::steps).collect())
    }

    fn standard_error(&self, x: &Array2<f64>) -> Option<Vec<f64>> {
        Some(x.rows().into_iter().map(|row| self.covariance.standard_error(&self.columns(row.iter()))).collect())
    }

    fn check(&self) -> Result<()> {
        self.attributes.iter().try_for_each(|a| a.bins.check())?;
        self.covariance.check(1 + self.attributes.iter().filter(|a| a.standing == Standing::Kept).count())
    }
}
