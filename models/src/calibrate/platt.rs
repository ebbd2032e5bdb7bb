//! Platt scaling: one slope and one shift in log-odds (Platt, *Probabilistic outputs for support vector machines*, 1999).
//!
//! The slope is drawn towards 1, as by four imaginary units of information, so that a small held-out set cannot turn a model upside down or
//! blow it up. This takes the place of Platt's softened labels, and leaves shares as they are.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::data::{check_classes, check_labels, check_weights, same};
use crate::error::{Error, Result};
use crate::linear::{Problem, newton};

/// Prior of the slope: mean 1, variance 1/4.
pub(super) const PULL: f64 = 4.0;
/// The slope of a model that tells nothing on the held-out rows: small, so that all probabilities draw near the base rate, yet above 0, so
/// that the order of rows stays.
pub(super) const LEAST_SLOPE: f64 = 0.05;
/// Log-odds count as no farther than this when fitting.
pub(super) const FARTHEST: f64 = 35.0;

/// calibrated log-odds = `slope` × log-odds + `shift`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Platt {
    /// Above 0. Below 1 the model was too sure of itself, above 1 not sure enough.
    pub slope: f64,
    /// Log-odds added to all.
    pub shift: f64,
    /// Variance of the slope, covariance of slope and shift, variance of the shift.
    pub covariance: [f64; 3],
    /// Whether the fitted slope was below 0.05 and was put there: on held-out rows the model tells next to nothing.
    pub floored: bool,
}

impl Platt {
    /// Fits to log-odds, outcomes (0 to 1) and weights of held-out rows, one entry a row; the order of rows matters only to rounding.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Empty`], [`Error::SingleClass`], or [`Error::Value`] for NaN log-odds, a label outside 0 to 1, a weight not
    /// above 0.
    pub fn fit(logit: &[f64], label: &[f64], weight: &[f64]) -> Result<Self> {
        let held = checked(logit, label, weight)?;
        let z = Array2::from_shape_fn((held.len(), 1), |(i, _)| held[i]);
        // With the log-odds as offset the coefficient is slope − 1, and the penalty draws the slope to 1.
        let fitted = newton(&Problem { z: &z, label, weight, offset: Some(&held), l2: PULL }, None)?;
        let slope = 1.0 + fitted.beta[1];
        if slope >= LEAST_SLOPE {
            let inverse = fitted.factor.inverse();
            return Ok(Platt { slope, shift: fitted.beta[0], covariance: [inverse[2], inverse[1], inverse[0]], floored: false });
        }
        let known: Vec<f64> = held.iter().map(|x| LEAST_SLOPE * x).collect();
        let none = Array2::zeros((held.len(), 0));
        let fitted = newton(&Problem { z: &none, label, weight, offset: Some(&known), l2: PULL }, None)?;
        Ok(Platt { slope: LEAST_SLOPE, shift: fitted.beta[0], covariance: [0.0, 0.0, fitted.factor.inverse()[0]], floored: true })
    }

    /// Standard error that the calibration itself adds at these log-odds.
    pub fn standard_error(&self, logit: f64) -> f64 {
        let [slope, both, shift] = self.covariance;
        (logit * logit * slope + 2.0 * logit * both + shift).max(0.0).sqrt()
    }
}

/// The log-odds, held within bounds, if all three go together.
///
/// # Errors
/// As [`Platt::fit`].
pub(super) fn checked(logit: &[f64], label: &[f64], weight: &[f64]) -> Result<Vec<f64>> {
    same("labels", label.len(), logit.len())?;
    same("weights", weight.len(), logit.len())?;
    check_labels(label)?;
    check_weights(weight)?;
    check_classes(label)?;
    if let Some(row) = logit.iter().position(|x| x.is_nan()) {
        return Err(Error::Value { what: "log-odds", row, found: f64::NAN, expected: "a number" });
    }
    Ok(logit.iter().map(|x| x.clamp(-FARTHEST, FARTHEST)).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::linear::link::sigmoid;

    /// Shares as labels: the known slope and shift without noise.
    fn known(slope: f64, shift: f64) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let logit: Vec<f64> = (0..4001).map(|i| f64::from(i) / 1000.0 - 2.0).collect();
        let label = logit.iter().map(|x| sigmoid(slope * x + shift)).collect();
        (logit, label, vec![100.0; 4001])
    }

    #[test]
    fn slope_and_shift_come_back() {
        let (logit, label, weight) = known(0.6, -0.4);
        let platt = Platt::fit(&logit, &label, &weight).unwrap();
        assert!((platt.slope - 0.6).abs() < 1e-3 && (platt.shift + 0.4).abs() < 1e-3, "{platt:?}");
        assert!(!platt.floored);
    }

    #[test]
    fn a_model_that_points_the_wrong_way_is_flattened_not_turned() {
        let (logit, label, weight) = known(-1.0, 0.3);
        let platt = Platt::fit(&logit, &label, &weight).unwrap();
        assert!(platt.floored && platt.slope == LEAST_SLOPE);
    }

    #[test]
    fn perfect_separation_stays_finite() {
        let platt = Platt::fit(&[-1.0, 1.0, f64::INFINITY], &[0.0, 1.0, 1.0], &[1.0; 3]).unwrap();
        assert!(platt.slope.is_finite() && platt.slope >= 1.0 && platt.slope < 2.0);
    }
}
