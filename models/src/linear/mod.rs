//! Linear models in log-odds: one Newton solver, and two models on top of it that differ only in what a column is.

pub mod coefficient;
pub mod linfa;
pub mod link;
pub mod logistic;
mod newton;
pub mod scale;
pub mod scorecard;
mod signed;
pub(crate) mod solve;
pub mod uncertainty;

use serde::{Deserialize, Serialize};

pub use coefficient::Coefficient;
pub use linfa::LinfaParams;
pub use logistic::{Logistic, LogisticParams};
pub(crate) use newton::{Problem, newton};
pub use scale::Scale;
pub use scorecard::{Binning, Scorecard, ScorecardParams};
pub use uncertainty::{Covariance, Spread};

/// What became of a feature in a fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// It contributes.
    Kept,
    /// It has one value, or none: nothing to tell apart.
    Flat,
    /// It tells too little: its information value is below `min_iv`.
    Weak,
    /// Its coefficient came out against its direction, so it was set to zero and the others fitted again.
    Reversed,
}

/// How a fit ended.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Convergence {
    /// Newton steps of the last fit.
    pub iterations: u32,
    /// Fits done: one, and one more whenever a coefficient was held at zero or let go again.
    pub fits: u32,
    /// Penalised negative log-likelihood at the end.
    pub objective: f64,
    /// Greatest absolute entry of its gradient at the end, per unit of weight.
    pub gradient: f64,
}
