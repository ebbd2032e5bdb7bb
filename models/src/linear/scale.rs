//! From log-odds to points: the affine scale of credit scorecards (Siddiqi, *Credit Risk Scorecards*, 2006, chapter 6).

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// score = `base_score` + factor × log-odds, where factor = `points_to_double` / ln 2. Nothing is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scale {
    /// Score at even odds (p = 0.5). Default 500.
    pub base_score: f64,
    /// Points by which the score grows when the odds double. Default 40, so p = 0.8 scores 580.
    pub points_to_double: f64,
}

impl Default for Scale {
    fn default() -> Self {
        Scale { base_score: 500.0, points_to_double: 40.0 }
    }
}

impl Scale {
    /// Points per unit of log-odds.
    pub fn factor(&self) -> f64 {
        self.points_to_double / std::f64::consts::LN_2
    }

    /// Score of a row with these log-odds.
    pub fn score_of(&self, logit: f64) -> f64 {
        self.base_score + self.factor() * logit
    }

    /// # Errors
    /// [`Error::Parameter`] unless both numbers are finite and `points_to_double` is above 0.
    pub(crate) fn check(&self) -> Result<()> {
        if !self.base_score.is_finite() {
            return Err(Error::Parameter { name: "base_score", found: self.base_score, expected: "a finite number" });
        }
        if !(self.points_to_double.is_finite() && self.points_to_double > 0.0) {
            return Err(Error::Parameter { name: "points_to_double", found: self.points_to_double, expected: "above 0 and finite" });
        }
        Ok(())
    }
}
