//! Making a probability mean what it says, on rows that the model has not seen.
//!
//! | kind | in log-odds | what a score is |
//! |---|---|---|
//! | none, [`Platt`] | one line | a fixed sum of points: a value of a feature is worth the same in every row |
//! | [`Beta`] | a bend | a sum of points, stretched row by row |
//! | isotonic ([`Centred`]) | a rising line from knot to knot | the same |
//!
//! A map that bends cannot leave each feature its fixed points. It still leaves the score a sum: a row whose log-odds lie d from the base, and
//! whose calibrated log-odds lie e from the calibrated base, has each of its parts multiplied by e ÷ d, the secant of the map. The map rises, so
//! the factor is above 0: parts keep their signs, their order and their proportions, and base plus parts is the calibrated log-odds. What is
//! lost is said by [`Calibration::line`], which refuses: without a line there is no table of points. Rows keep their order, to the rounding of their sums.
//!
//! [`Isotonic`] itself makes steps, and with them ties; it serves to judge ([`crate::assess`]), not to score. [`choose`] takes the simplest
//! kind that held-out rows allow.

pub mod beta;
pub mod centred;
pub mod choice;
pub mod isotonic;
pub mod platt;

use serde::{Deserialize, Serialize};

pub use beta::Beta;
pub use centred::Centred;
pub use choice::{Candidate, Choice, Kind, choose};
pub use isotonic::Isotonic;
pub use platt::Platt;

use crate::error::{Error, Result};
use crate::explain::Contributions;

/// What is done to a model's log-odds before they are read as a probability.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Calibration {
    /// Nothing.
    None,
    /// A slope above 0 and a shift.
    Platt(Platt),
    /// Two slopes above 0 and a shift.
    Beta(Beta),
    /// A rising line from knot to knot.
    Isotonic(Centred),
}

impl Calibration {
    /// Platt scaling fitted to the log-odds and outcomes of held-out rows; [`choose`] looks at the other kinds too.
    ///
    /// # Errors
    /// As [`Platt::fit`].
    pub fn fit(logit: &[f64], label: &[f64], weight: &[f64]) -> Result<Self> {
        Ok(Calibration::Platt(Platt::fit(logit, label, weight)?))
    }

    /// Slope and shift, 1 and 0 for none: what a table of points is made with.
    ///
    /// # Errors
    /// [`Error::Bent`] for a map that bends, under which a feature's value has no fixed points.
    pub fn line(&self) -> Result<(f64, f64)> {
        match self {
            Calibration::None => Ok((1.0, 0.0)),
            Calibration::Platt(platt) => Ok((platt.slope, platt.shift)),
            Calibration::Beta(_) => Err(Error::Bent { kind: "beta" }),
            Calibration::Isotonic(_) => Err(Error::Bent { kind: "isotonic" }),
        }
    }

    /// Calibrated log-odds.
    pub fn apply(&self, logit: f64) -> f64 {
        match self {
            Calibration::None => logit,
            Calibration::Platt(platt) => platt.slope * logit + platt.shift,
            Calibration::Beta(beta) => beta.apply(logit),
            Calibration::Isotonic(line) => line.apply(logit),
        }
    }

    /// The parts of calibrated log-odds: under a line every contribution stretched alike, the shift in the base; under a map that bends, each
    /// row stretched by its own secant.
    pub fn contributions(&self, raw: &Contributions) -> Contributions {
        match self {
            Calibration::None => raw.affine(1.0, 0.0),
            Calibration::Platt(platt) => raw.affine(platt.slope, platt.shift),
            Calibration::Beta(beta) => raw.stretched(beta.apply(raw.base), |logit| beta.secant(raw.base, logit)),
            Calibration::Isotonic(line) => raw.stretched(line.apply(raw.base), |logit| line.secant(raw.base, logit)),
        }
    }

    /// Standard error of the calibrated log-odds, from those of the model's; calibration adds its own, fitted on other rows.
    pub(crate) fn standard_error(&self, logit: f64, error: f64) -> f64 {
        // Where the map bends: half of what it does to one standard error to either side.
        let around = |secant: f64| secant * error;
        match self {
            Calibration::None => error,
            Calibration::Platt(platt) => libm::hypot(platt.slope * error, platt.standard_error(logit)),
            Calibration::Beta(beta) => libm::hypot(around(beta.secant(logit - error, logit + error)), beta.standard_error(logit)),
            Calibration::Isotonic(line) => libm::hypot(around(line.secant(logit - error, logit + error)), line.standard_error(logit)),
        }
    }

    /// # Errors
    /// [`Error::Contradiction`] if it turns the order of rows round.
    pub(crate) fn check(&self) -> Result<()> {
        match self {
            Calibration::None => Ok(()),
            Calibration::Platt(Platt { slope, shift, .. }) if *slope > 0.0 && slope.is_finite() && shift.is_finite() => Ok(()),
            Calibration::Platt(Platt { slope, shift, .. }) => {
                Err(Error::Contradiction { what: format!("calibration of slope {slope} and shift {shift}") })
            }
            Calibration::Beta(beta) => beta.check(),
            Calibration::Isotonic(line) => line.check(),
        }
    }
}
