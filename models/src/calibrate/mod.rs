//! Making a probability mean what it says, on rows that the model has not seen.
//!
//! Only a map that is linear in log-odds leaves a score a sum of its parts, so that is the one a model may carry ([`Calibration`]). Isotonic
//! regression makes steps, and with them ties; it serves to judge ([`crate::assess`]), not to score.

pub mod isotonic;
pub mod platt;

use serde::{Deserialize, Serialize};

pub use isotonic::Isotonic;
pub use platt::Platt;

use crate::error::{Error, Result};
use crate::explain::Contributions;

/// What is done to a model's log-odds before they are read as a probability.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Calibration {
    /// Nothing.
    None,
    /// A slope above 0 and a shift.
    Platt(Platt),
}

impl Calibration {
    /// Platt scaling fitted to the log-odds and outcomes of held-out rows.
    ///
    /// # Errors
    /// As [`Platt::fit`].
    pub fn fit(logit: &[f64], label: &[f64], weight: &[f64]) -> Result<Self> {
        Ok(Calibration::Platt(Platt::fit(logit, label, weight)?))
    }

    /// Slope and shift; 1 and 0 for none.
    pub fn slope_and_shift(&self) -> (f64, f64) {
        match self {
            Calibration::None => (1.0, 0.0),
            Calibration::Platt(platt) => (platt.slope, platt.shift),
        }
    }

    /// Calibrated log-odds.
    pub fn apply(&self, logit: f64) -> f64 {
        let (slope, shift) = self.slope_and_shift();
        slope * logit + shift
    }

    /// The parts of calibrated log-odds: every contribution stretched, the shift in the base.
    pub fn contributions(&self, raw: &Contributions) -> Contributions {
        let (slope, shift) = self.slope_and_shift();
        raw.affine(slope, shift)
    }

    /// Standard error of the calibrated log-odds, from those of the model's; calibration adds its own, fitted on other rows.
    pub(crate) fn standard_error(&self, logit: f64, error: f64) -> f64 {
        match self {
            Calibration::None => error,
            Calibration::Platt(platt) => libm::hypot(platt.slope * error, platt.standard_error(logit)),
        }
    }

    /// # Errors
    /// [`Error::Contradiction`] if it turns the order of rows round.
    pub(crate) fn check(&self) -> Result<()> {
        let (slope, shift) = self.slope_and_shift();
        if slope > 0.0 && slope.is_finite() && shift.is_finite() {
            return Ok(());
        }
        Err(Error::Contradiction { what: format!("calibration of slope {slope} and shift {shift}") })
    }
}
