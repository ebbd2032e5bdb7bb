//! Split conformal intervals as wide as each row is uncertain: errors are counted in units of a spread that any model gives for each row (Lei,
//! G'Sell, Rinaldo, Tibshirani and Wasserman, *Distribution-free predictive inference for regression*, JASA 2018, section 5.2). The promise is
//! that of [`super::quantile`].

use serde::{Deserialize, Serialize};

use super::Interval;
use super::by_group::{ByGroup, Promise, check_columns};
use crate::error::{Error, Result};

/// How many spreads an interval reaches to either side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalConformal {
    /// Share of outcomes that an interval is to hold.
    pub level: f64,
    /// Spreads to either side.
    pub reach: ByGroup,
}

impl LocalConformal {
    /// Learns from predictions (0 to 1), spreads (above 0) and outcomes (0 to 1) of held-out rows, one entry a row, in any order; `group` as in
    /// [`super::QuantileConformal::fit`].
    ///
    /// # Errors
    /// As [`super::QuantileConformal::fit`]; [`Error::Value`] for a prediction outside 0 to 1 or a spread not above 0 and finite.
    pub fn fit(
        predicted: &[f64],
        spread: &[f64],
        actual: &[f64],
        weight: &[f64],
        group: Option<&[String]>,
        promise: &Promise,
    ) -> Result<Self> {
        promise.check()?;
        check_columns(&[("prediction", predicted), ("spread", spread)], actual, weight, group)?;
        let wrong = |what, row: usize, found: f64, expected| Err(Error::Value { what, row, found, expected });
        if let Some(row) = predicted.iter().position(|p| !(0.0..=1.0).contains(p)) {
            return wrong("prediction", row, predicted[row], "0 to 1");
        }
        if let Some(row) = spread.iter().position(|s| !(*s > 0.0 && s.is_finite())) {
            return wrong("spread", row, spread[row], "above 0, finite");
        }
        let scores: Vec<Option<f64>> = (0..actual.len()).map(|i| Some((actual[i] - predicted[i]).abs() / spread[i])).collect();
        Ok(LocalConformal { level: promise.level, reach: ByGroup::rank(&scores, weight, group, promise) })
    }

    /// The interval around a prediction: within 0 to 1, the prediction inside.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a prediction outside 0 to 1 or a spread not above 0 and finite.
    pub fn interval(&self, predicted: f64, spread: f64, group: Option<&str>) -> Result<Interval> {
        if !(0.0..=1.0).contains(&predicted) {
            return Err(Error::Parameter { name: "prediction", found: predicted, expected: "0 to 1" });
        }
        if !(spread > 0.0 && spread.is_finite()) {
            return Err(Error::Parameter { name: "spread", found: spread, expected: "above 0, finite" });
        }
        let reach = self.reach.of(group) * spread;
        Ok(Interval { low: (predicted - reach).max(0.0), estimate: predicted + 0.0, high: (predicted + reach).min(1.0) })
    }

    /// # Errors
    /// [`Error::Contradiction`] or [`Error::Parameter`] if its parts do not go together: for one read from a file.
    pub fn check(&self) -> Result<()> {
        Promise { level: self.level, ..Promise::default() }.check()?;
        match self.reach.groups.values().chain([&self.reach.pooled]).find(|reach| **reach < 0.0) {
            Some(reach) => Err(Error::Contradiction { what: format!("an interval that reaches {reach} spreads") }),
            None => self.reach.check(),
        }
    }
}
