//! Trees, each fitted to what the trees before it left unexplained (Friedman, *Greedy function approximation: a gradient boosting machine*, 2001),
//! with second-order steps (Chen and Guestrin, *XGBoost*, 2016) over histograms, best leaf first (Ke et al., *LightGBM*, 2017).
//!
//! | file | what it holds |
//! |---|---|
//! | `boost` | [`BoostParams`], [`Boost`]: the logistic model, and [`fit_values`] for any [`Objective`] |
//! | `codes` | values as codes of one byte, edges at values that occurred |
//! | `rounds` | one tree after another, samples, early stopping |
//! | `histogram`, `split`, `grow` | one tree: sums per code, the best split, best leaf first |
//! | `settle` | values of leaves, kept within the bounds that directions set |
//! | [`ensemble`] | the fitted trees as they are stored |
//! | [`certify`] | the proof that every tree keeps every direction over its whole domain |
//! | `walk` | scores of 64 rows at a time by masks of leaves |
//! | [`forest`] | the random forest of smartcore, a challenger |
//! | `shap` | contributions, exact in the sense of Shapley |
//!
//! Three decisions make the promises of this crate hold to the last bit. *Gradients are whole numbers*: each tree rounds them to a grid, so sums
//! per code are the same in any order and a histogram is exactly its parent's less its sibling's. *Scores are whole numbers*: leaves, base and
//! contributions are multiples of 2⁻³², and stay below 2²⁰, so their sums are exact in any order. *Directions bind descendants*: a split on a
//! feature with a direction bounds every leaf below it, also those reached by splits on other features, which is where others break.

mod boost;
pub mod certify;
mod codes;
pub mod ensemble;
pub mod forest;
mod grow;
mod histogram;
mod objective;
mod rounds;
mod sample;
mod settle;
mod shap;
mod split;
mod text;
mod walk;

pub use boost::{Boost, BoostParams, fit_values};
pub use certify::Certificate;
pub use ensemble::{Ensemble, Feature, Stopping, Tree};
pub use forest::{Forest, ForestParams};
pub use objective::Objective;

/// Scores are whole multiples of one over this.
pub(crate) const UNITS: f64 = 4_294_967_296.0;
/// Code of a value that is missing, or of a category never seen.
pub(crate) const MISSING: u8 = u8::MAX;
/// Most leaves of a tree: as many as the bits of a word, see `walk`.
pub(crate) const MOST_LEAVES: usize = 64;
/// No leaf moves a score further than this in one tree: e⁸ is odds of 3,000.
pub(crate) const FURTHEST: f64 = 8.0;

/// The nearest whole number, halves to even; for numbers below 2⁵¹. Branchless, and the same on every machine.
#[inline]
pub(crate) fn nearest(x: f64) -> i64 {
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    (x + SHIFT).to_bits().wrapping_sub(SHIFT.to_bits()) as i64
}

/// A score from its whole number of units; exact below 2⁵³ units.
#[inline]
pub(crate) fn score_of(units: i64) -> f64 {
    units as f64 / UNITS
}
