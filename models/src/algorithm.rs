//! What an algorithm says it can do, and what it must answer. What it does not declare it refuses by name; `tests/contract` holds it to both.

use ndarray::Array2;

use crate::data::{Direction, Kind, TrainingSet};
use crate::error::{Error, Result};
use crate::model::Model;
use crate::points::Steps;

/// What an algorithm can do. What is false is refused with [`Error::Unsupported`], never passed over in silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traits {
    /// A row of weight 2 is the row twice. If false, unequal weights are refused.
    pub weights: bool,
    /// Labels may be shares between 0 and 1. If false, all must be 0 or 1.
    pub shares: bool,
    /// Log-odds known beforehand are taken into account. If false, a set with an offset is refused.
    pub offsets: bool,
    /// The prediction never moves against a feature's direction. If false, a feature with a direction is refused
    /// ([`TrainingSet::without_directions`] waives it).
    pub monotone: bool,
    /// Features may be categories. If false, they are refused.
    pub categories: bool,
    /// What a feature contributes depends on its own value alone, so that the model prints as a table. If false, contributions are shares of
    /// a joint effect, and still sum to the prediction.
    pub additive: bool,
    /// Values may be stretched a million-fold without a change.
    pub scale_free: bool,
    /// Says how far its log-odds could be off. If false, [`Model::standard_error`] is refused.
    pub standard_error: bool,
}

/// Parameters of one algorithm.
pub(crate) trait Algorithm {
    /// As in `algorithm = "..."`.
    fn name(&self) -> &'static str;

    /// What it can do.
    fn traits(&self) -> Traits;

    /// # Errors
    /// [`Error::Parameter`] for the first number out of its range.
    fn check(&self) -> Result<()>;

    /// Learns from rows that lie in order, have both classes, and ask for nothing that is not declared. `seed` is for algorithms that draw.
    ///
    /// # Errors
    /// What can go wrong in it.
    fn fit(&self, set: &TrainingSet, seed: u64) -> Result<Model>;
}

/// A fitted model of one algorithm.
pub(crate) trait Fitted {
    /// Ids of the features, in order.
    fn features(&self) -> Vec<&str>;

    /// Log-odds where every row starts.
    fn base(&self) -> f64;

    /// Log-odds that each feature adds, rows × features, for values of the right width.
    fn parts(&self, x: &Array2<f64>) -> Array2<f64>;

    /// Log-odds of each row: bit by bit the base and the parts summed in the order of features. To be overridden where it can be had faster.
    fn logit(&self, x: &Array2<f64>) -> Vec<f64> {
        crate::explain::sums(self.base(), &self.parts(x))
    }

    /// Every feature as a step function of its own value, in log-odds and in order; `None` if it is not.
    fn steps(&self) -> Option<Vec<Steps>> {
        None
    }

    /// Standard error of the log-odds, one a row; `None` where the algorithm does not declare it.
    fn standard_error(&self, x: &Array2<f64>) -> Option<Vec<f64>>;

    /// # Errors
    /// [`Error::Contradiction`] if its parts do not go together, so that a damaged file is refused rather than used.
    fn check(&self) -> Result<()>;
}

/// Refuses a set that asks for more than is declared.
///
/// # Errors
/// [`Error::Unsupported`] naming the first thing asked for, with the feature or row.
pub(crate) fn refuse(name: &'static str, traits: Traits, set: &TrainingSet) -> Result<()> {
    let not = |what: String, remedy| Err(Error::Unsupported { algorithm: name, what, remedy });
    if !traits.weights
        && let Some(row) = set.weight().iter().position(|w| *w != set.weight()[0])
    {
        let what = format!("weights that differ (row {row}: {}, row 0: {})", set.weight()[row], set.weight()[0]);
        return not(what, "equal weights, or an algorithm with weights");
    }
    if !traits.shares
        && let Some(row) = set.label().iter().position(|y| *y != 0.0 && *y != 1.0)
    {
        return not(
            format!("a label between 0 and 1 (row {row}: {})", set.label()[row]),
            "labels of 0 and 1, or an algorithm that fits shares",
        );
    }
    if !traits.offsets && set.offset().is_some() {
        return not("an offset".to_owned(), "a set without one, or the logistic");
    }
    for feature in set.design().features() {
        if !traits.monotone && feature.direction != Direction::Free {
            return not(format!("the direction of feature {}", feature.id), "a set without directions, or a monotone algorithm");
        }
        if !traits.categories && feature.kind == Kind::Category {
            return not(format!("the categories of feature {}", feature.id), "numbers in their place, or an algorithm with categories");
        }
    }
    Ok(())
}
