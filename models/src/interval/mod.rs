//! How sure a figure is: [`Interval`] around a probability by the delta method or, where the algorithm has none, by held-out rows alike
//! ([`RateInterval`]); around a share by conformal prediction.
//!
//! | around a share | needs of the model | how wide |
//! |---|---|---|
//! | [`Conformal`] | a prediction | one width a bin of the prediction |
//! | [`LocalConformal`] | a prediction and a spread | a multiple of each row's spread |
//! | [`QuantileConformal`] | two quantiles | as the quantiles, moved alike |
//!
//! The last two promise each group its share as well ([`Promise`]); [`coverage()`] says what was held on rows not seen.

mod by_group;
pub mod conformal;
mod coverage;
pub mod local;
pub mod normal;
pub mod quantile;
pub mod rate;

pub use by_group::{ByGroup, Promise};
pub use conformal::Conformal;
pub use coverage::{Coverage, coverage};
pub use local::LocalConformal;
pub use quantile::QuantileConformal;
pub use rate::{RateCoverage, RateInterval, rate_coverage};

use crate::assess::subjects::Subjects;

use crate::linear::link::sigmoid;

/// An estimate and the ends between which it should lie; low <= estimate <= high, all within 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// The estimate.
    pub estimate: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// A probability, from log-odds and how far they reach to either side.
    pub(crate) fn on_logit(logit: f64, reach: f64) -> Self {
        Interval { low: sigmoid(logit - reach), estimate: sigmoid(logit), high: sigmoid(logit + reach) }
    }
}

/// Weights that count each subject once: one over its number of rows. With them a promise is of subjects drawn blindly, one row of each (Dunn,
/// Wasserman and Ramdas, *Distribution-free prediction sets for two-layer hierarchical models*, JASA 2023, pooling of distributions).
pub fn subject_weights(subject: &[String]) -> Vec<f64> {
    let subjects = Subjects::new(subject);
    let mut rows = vec![0.0; subjects.count];
    subjects.of.iter().for_each(|number| rows[*number] += 1.0);
    subjects.of.iter().map(|number| 1.0 / rows[*number]).collect()
}
