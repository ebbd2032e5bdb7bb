//! The table that a statistician reads first: each coefficient with its standard error, and how likely one so far from zero is by chance.

use serde::Serialize;

use super::{Covariance, Logistic, Scorecard, Standing};
use crate::error::Result;
use crate::interval::normal;

/// One fitted coefficient. Its error is that of [`Covariance`]: by group, unless groups are few. The choice of bins, the features left out and
/// the signs held are taken as given, so errors are too small rather than too great.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Coefficient {
    /// The feature; `None` for the intercept.
    pub feature: Option<String>,
    /// Whether it stands for "the value is missing" rather than for the value.
    pub is_missing: bool,
    /// Log-odds per standard deviation (logistic) or per unit of weight of evidence (scorecard), drawn towards 0 by the penalty.
    pub estimate: f64,
    /// Standard error, in the same unit.
    pub standard_error: f64,
    /// Estimate over standard error (Wald); infinite or NaN where the error is 0.
    pub z: f64,
    /// Two-sided p-value of `z` under the normal distribution.
    pub p: f64,
}

impl Coefficient {
    fn new(feature: Option<&str>, is_missing: bool, estimate: f64, standard_error: f64) -> Self {
        let z = estimate / standard_error;
        Coefficient { feature: feature.map(str::to_owned), is_missing, estimate, standard_error, z, p: normal::two_sided_p(z) }
    }

    /// Lower and upper end at `level`, such as 0.95.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] unless 0 < level < 1.
    pub fn interval(&self, level: f64) -> Result<(f64, f64)> {
        let reach = normal::two_sided(level)? * self.standard_error;
        Ok((self.estimate - reach, self.estimate + reach))
    }
}

/// Names and estimates with the errors on the diagonal, in its order.
fn table<'a>(terms: impl Iterator<Item = (Option<&'a str>, bool, f64)>, covariance: &Covariance) -> Vec<Coefficient> {
    terms
        .enumerate()
        .map(|(i, (feature, is_missing, estimate))| Coefficient::new(feature, is_missing, estimate, covariance.error(i)))
        .collect()
}

impl Logistic {
    /// The intercept, then feature by feature the slope if kept and the shift of missing values if told apart, per standard deviation of their
    /// columns.
    pub fn coefficients(&self) -> Vec<Coefficient> {
        let of_line = self.lines.iter().flat_map(|line| {
            let slope = (line.standing == Standing::Kept).then_some((Some(line.id.as_str()), false, line.slope));
            let missing = line.missing.map(|shift| (Some(line.id.as_str()), true, shift * line.missing_spread));
            slope.into_iter().chain(missing)
        });
        table([(None, false, self.intercept)].into_iter().chain(of_line), &self.covariance)
    }
}

impl Scorecard {
    /// The intercept, then one for every kept feature.
    pub fn coefficients(&self) -> Vec<Coefficient> {
        let kept = self.attributes.iter().filter(|a| a.standing == Standing::Kept);
        table(
            [(None, false, self.intercept)].into_iter().chain(kept.map(|a| (Some(a.id.as_str()), false, a.coefficient))),
            &self.covariance,
        )
    }
}
