//! How sure a figure is: [`Interval`] around a probability by the delta method, around a share by split conformal prediction.

pub mod conformal;
pub mod normal;

pub use conformal::Conformal;

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
