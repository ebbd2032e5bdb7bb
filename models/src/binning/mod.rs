//! A feature cut into a few bins, each with its weight of evidence: how far its odds lie from the odds of all rows, in log-odds.

pub mod quantile;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

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
    /// Information value: Σ (share of the good − share of the bad) × weight of evidence, missing included; 0 tells nothing, 0.02 little, 0.3
    /// much (Siddiqi 2006, chapter 5).
    pub information: f64,
}

impl Bins {
    /// Bin of a value, from 0; `None` for a missing one.
    pub fn index(&self, x: f64) -> Option<usize> {
        if x.is_nan() { None } else { Some(self.upper.partition_point(|edge| *edge < x)) }
    }

    /// Weight of evidence of a value, NaN = missing.
    pub fn woe(&self, x: f64) -> f64 {
        self.index(x).and_then(|i| self.bins.get(i)).unwrap_or(&self.missing).woe
    }

    /// Whether all values, missing included, are worth the same.
    pub fn is_flat(&self) -> bool {
        self.missing.woe == 0.0 && self.bins.iter().all(|bin| bin.woe == 0.0)
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
