//! What a treatment does to an outcome: how much on average, for whom most, and what it is worth to rank by that. And where the data cannot
//! tell, the answer is [`Answer::Abstained`]: not an error, and not a number.
//!
//! Rows were treated or not, by chance or by choice; the outcome is 0 to 1. All here rests on two things that no data can prove: what led to the
//! treatment and touches the outcome is among the features, and one row's treatment leaves the others' outcomes alone. What data can show is
//! whether like was treated and not treated: [`Overlap`].
//!
//! | road | where |
//! |---|---|
//! | differences within strata of a propensity score (Rosenbaum and Rubin, *Reducing bias in observational studies using subclassification on the propensity score*, 1984) | [`strata`] |
//! | cross-fitted doubly robust scores (Robins, Rotnitzky and Zhao 1994; Chernozhukov et al., *Double/debiased machine learning*, 2018) | [`learner`], [`average`] |
//! | who gains more: the best linear projection of those scores (Semenova and Chernozhukov 2021; a DR-learner in the sense of Kennedy 2020) | [`gains`] |
//! | whether a ranking finds them: TOC, RATE (Yadlowsky et al. 2021) and Qini (Radcliffe 2007) curves | [`curve`] |
//! | what treating the top of a ranking is worth, against as many at random | [`policy`] |
//!
//! Groups, not rows, are what is independent: folds, standard errors and resampling go by group, so a row of weight 2 is the row twice.

pub mod average;
pub mod curve;
pub mod gains;
pub mod learner;
pub mod overlap;
pub mod policy;
pub mod qini;
mod resample;
pub mod strata;
pub mod study;

use serde::{Deserialize, Serialize};

pub use average::Effect;
pub use curve::{Curve, CurvePoint};
pub use gains::Gains;
pub use learner::{CrossFit, Learner, Propensity};
pub use overlap::{ArmOverlap, Balance, Overlap};
pub use policy::Policy;
pub use qini::{Qini, QiniPoint, qini};
pub use resample::Resampling;
pub use strata::{Stratified, Stratum, Subclasses};
pub use study::Study;

use crate::error::{Error, Result};
use crate::interval::normal;

/// Whose effect is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// All rows.
    #[default]
    Everyone,
    /// The rows that were treated.
    Treated,
}

/// Where the data are taken to be able to tell, and how sure an interval is to be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Rows whose propensity is below this are left out, unless the effect on the treated is asked for: a row that is hardly ever treated then
    /// counts for little by itself. Above 0, default 0.1 (Crump, Hotz, Imbens and Mitnik, *Dealing with limited overlap*, 2009).
    pub low: f64,
    /// Rows whose propensity is above this are left out. Above `low`, below 1, default 0.9 (the same source).
    pub high: f64,
    /// Abstain where a greater share of those asked for is left out: the rest is another population. 0 to 1, default 0.5.
    pub max_trimmed: f64,
    /// Abstain where an arm is worth fewer groups than this after weighting (Kish 1965). At least 2, default 30.
    pub min_effective: f64,
    /// Abstain where, after weighting, a feature's means lie further apart than this, in standard deviations, and further than three standard
    /// errors, so that few rows are not taken for bad balance. Above 0, default 0.25 (Rubin 2001).
    pub max_imbalance: f64,
    /// Level of intervals. Default 0.95.
    pub level: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { low: 0.1, high: 0.9, max_trimmed: 0.5, min_effective: 30.0, max_imbalance: 0.25, level: 0.95 }
    }
}

impl Limits {
    /// Standard errors to either side of an estimate.
    ///
    /// # Errors
    /// [`Error::Parameter`] for the first number out of its range.
    pub(crate) fn check(&self) -> Result<f64> {
        let within = |name, found: f64, holds: bool, expected| if holds { Ok(()) } else { Err(Error::Parameter { name, found, expected }) };
        within("low", self.low, self.low > 0.0 && self.low < 1.0, "between 0 and 1")?;
        within("high", self.high, self.high > self.low && self.high < 1.0, "above low, below 1")?;
        within("max_trimmed", self.max_trimmed, (0.0..=1.0).contains(&self.max_trimmed), "0 to 1")?;
        within("min_effective", self.min_effective, self.min_effective >= 2.0 && self.min_effective.is_finite(), "2 or more, finite")?;
        within("max_imbalance", self.max_imbalance, self.max_imbalance > 0.0, "above 0")?;
        normal::two_sided(self.level)
    }
}

/// A number with its standard error and the interval at the level asked for. Effects are differences of outcomes: −1 to 1 in truth, but an
/// estimate from few rows may lie outside.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Its standard error, by group.
    #[serde(with = "crate::exact::one")]
    pub standard_error: f64,
    /// Lower end of the interval.
    #[serde(with = "crate::exact::one")]
    pub low: f64,
    /// Upper end.
    #[serde(with = "crate::exact::one")]
    pub high: f64,
}

impl Estimate {
    pub(crate) fn around(value: f64, standard_error: f64, reach: f64) -> Self {
        Estimate { value, standard_error, low: value - reach * standard_error, high: value + reach * standard_error }
    }

    /// Whether the interval holds a number.
    pub fn holds(&self, x: f64) -> bool {
        self.low <= x && x <= self.high
    }
}

/// What the data say, or that they do not say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer<T> {
    /// They say this.
    Estimated(T),
    /// They cannot tell.
    Abstained(Box<Abstained>),
}

impl<T> Answer<T> {
    /// What they say; `None` where they cannot tell.
    pub fn estimated(self) -> Option<T> {
        match self {
            Answer::Estimated(it) => Some(it),
            Answer::Abstained(_) => None,
        }
    }

    /// The same, by reference.
    pub fn as_estimated(&self) -> Option<&T> {
        match self {
            Answer::Estimated(it) => Some(it),
            Answer::Abstained(_) => None,
        }
    }

    /// Why they cannot tell; `None` where they can.
    pub fn abstained(&self) -> Option<&Abstained> {
        match self {
            Answer::Estimated(_) => None,
            Answer::Abstained(it) => Some(it),
        }
    }
}

/// Why there is no number, and what was seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Abstained {
    /// Every limit that was not kept, at least one.
    pub why: Vec<Why>,
    /// Where like was and was not treated.
    pub overlap: Overlap,
}

/// A limit that was not kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Why {
    /// Too many of those asked for have nobody like them in the other arm.
    Trimmed {
        /// Share left out.
        share: f64,
        /// [`Limits::max_trimmed`].
        most: f64,
    },
    /// An arm has too few groups, counted by what they are worth after weighting.
    Few {
        /// Whether it is the treated arm.
        treated: bool,
        /// What they are worth.
        effective: f64,
        /// [`Limits::min_effective`].
        least: f64,
    },
    /// The arms still differ in a feature after weighting.
    Imbalance {
        /// The feature.
        feature: String,
        /// Standardised mean difference.
        #[serde(with = "crate::exact::one")]
        found: f64,
        /// The greatest that is allowed with so many rows.
        most: f64,
    },
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Why::Trimmed { share, most } => write!(f, "{share:.3} of those asked for have no like in the other arm, at most {most} may"),
            Why::Few { treated, effective, least } => {
                let arm = if *treated { "treated" } else { "control" };
                write!(f, "the {arm} arm is worth {effective:.1} groups, at least {least} are needed")
            }
            Why::Imbalance { feature, found, most } => {
                write!(f, "{feature} differs by {found:.3} standard deviations between the arms, at most {most:.3} may")
            }
        }
    }
}
