//! A feature cut into a few bins, each with its weight of evidence: how far its odds lie from the odds of all rows, in log-odds.

pub mod category;
mod cells;
pub mod certificate;
pub mod optimal;
pub mod quantile;
mod search;

use serde::{Deserialize, Serialize};

use crate::data::{check_classes, check_labels, check_weights, same};
use crate::error::{Error, Result};
use crate::linear::link::logit;
use optimal::{Objective, Optimal};
use search::Sums;

/// One bin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bin {
    /// Weight of its training rows.
    pub weight: f64,
    /// Weight × label of its training rows.
    pub good: f64,
    /// Weight of evidence: smoothed log-odds of the bin less log-odds of all rows. Above 0 speaks for a good outcome.
    pub woe: f64,
}

/// A value with a bin of its own, such as a code; as missing, its weight of evidence is 0 where it is too rare to tell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Special {
    /// The value.
    #[serde(with = "crate::exact::one")]
    pub value: f64,
    /// Its rows.
    pub bin: Bin,
}

/// The bins of one feature: values in ascending order, and missing apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bins {
    /// Greatest value of each bin but the last, ascending; −∞ may stand alone in the first. A value belongs to the first bin whose greatest
    /// value is not below it; what is above all belongs to the last bin.
    #[serde(with = "crate::exact::many")]
    pub upper: Vec<f64>,
    /// One more than `upper`.
    pub bins: Vec<Bin>,
    /// Rows without a value. Its weight of evidence is 0 where they are too few to tell.
    pub missing: Bin,
    /// Values outside the order, each with a bin of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub special: Vec<Special>,
    /// Information value: Σ (share of the good − share of the bad) × weight of evidence, missing included; 0 tells nothing, 0.02 little, 0.3
    /// much (Siddiqi 2006, chapter 5).
    pub information: f64,
}

impl Bins {
    /// Bin of a value among the ordered ones, from 0; `None` for a missing or special one.
    pub fn index(&self, x: f64) -> Option<usize> {
        if x.is_nan() || self.special(x).is_some() { None } else { Some(self.upper.partition_point(|edge| *edge < x)) }
    }

    /// Weight of evidence of a value, NaN = missing.
    pub fn woe(&self, x: f64) -> f64 {
        self.special(x).or_else(|| self.index(x).and_then(|i| self.bins.get(i))).unwrap_or(&self.missing).woe
    }

    fn special(&self, x: f64) -> Option<&Bin> {
        self.special.iter().find(|s| s.value == x).map(|s| &s.bin)
    }

    /// Whether all values, missing and special ones included, are worth the same.
    pub fn is_flat(&self) -> bool {
        self.bins.iter().chain([&self.missing]).chain(self.special.iter().map(|s| &s.bin)).all(|bin| bin.woe == 0.0)
    }

    /// # Errors
    /// [`Error::Contradiction`] if a hand has been at it: edges out of order, or their number wrong.
    pub(crate) fn check(&self) -> Result<()> {
        if self.bins.len() != self.upper.len() + 1 {
            return Err(Error::Contradiction { what: format!("{} bins with {} inner edges", self.bins.len(), self.upper.len()) });
        }
        match self.upper.windows(2).find(|pair| pair[0] >= pair[1]) {
            Some(pair) => Err(Error::Contradiction { what: format!("bin edges {} and {} out of order", pair[0], pair[1]) }),
            None => Ok(()),
        }
    }
}

/// What every bin is held against.
#[derive(Clone, Copy, Debug)]
struct Whole {
    weight: f64,
    good: f64,
    smoothing: f64,
}

impl Whole {
    /// The sums of a feature's rows, checked.
    fn of(rows: usize, label: &[f64], weight: &[f64], how: &Optimal) -> Result<Whole> {
        same("labels", label.len(), rows)?;
        same("weights", weight.len(), rows)?;
        check_weights(weight)?;
        if how.objective == Objective::SquaredError {
            if let Some(row) = label.iter().position(|y| !y.is_finite()) {
                return Err(Error::Value { what: "label", row, found: label[row], expected: "a finite number" });
            }
            if label.is_empty() {
                return Err(Error::Empty { what: "training" });
            }
        } else {
            check_labels(label)?;
            check_classes(label)?;
        }
        let good = weight.iter().zip(label).map(|(w, y)| w * y).sum();
        Ok(Whole { weight: weight.iter().sum(), good, smoothing: how.smoothing })
    }

    fn rate(&self) -> f64 {
        self.good / self.weight
    }

    /// Rate of a bin with the imaginary rows added; strictly between 0 and 1.
    fn smoothed(&self, weight: f64, good: f64) -> f64 {
        (good + self.smoothing * self.rate()) / (weight + self.smoothing)
    }

    fn woe(&self, weight: f64, good: f64) -> f64 {
        if weight == 0.0 { 0.0 } else { logit(self.smoothed(weight, good)) - logit(self.rate()) }
    }

    /// A bin outside the order: too light, it tells nothing.
    fn apart(&self, weight: f64, good: f64, how: &Optimal) -> Bin {
        let tells = weight >= how.min_missing_share * self.weight * (1.0 - search::ROUNDING);
        Bin { weight, good, woe: if tells { self.woe(weight, good) } else { 0.0 } }
    }

    /// What a bin adds to the information value.
    fn information(&self, bin: &Bin) -> f64 {
        let (p, q) = self.shares(bin.weight, bin.good);
        (p - q) * bin.woe
    }

    /// Shares of the good and of the bad.
    fn shares(&self, weight: f64, good: f64) -> (f64, f64) {
        (good / self.good, (weight - good) / (self.weight - self.good))
    }

    /// What a bin adds to an objective; never below 0 but for what smoothing turns.
    fn worth(&self, objective: Objective, sums: &Sums) -> f64 {
        let (p, q) = self.shares(sums.weight, sums.good);
        // 0 ln 0 is 0, whatever it is divided by.
        let part = |of: f64| if of > 0.0 { 0.5 * of * libm::log(2.0 * of / (p + q)) } else { 0.0 };
        match objective {
            Objective::Information => (p - q) * self.woe(sums.weight, sums.good),
            Objective::JensenShannon => part(p) + part(q),
            Objective::Hellinger => {
                let apart = libm::sqrt(p.max(0.0)) - libm::sqrt(q.max(0.0));
                0.5 * apart * apart
            }
            Objective::SquaredError => sums.weight * (sums.mean() - self.rate()) * (sums.mean() - self.rate()) / self.weight,
        }
    }
}
