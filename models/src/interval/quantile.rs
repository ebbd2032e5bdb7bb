//! Conformalized quantile regression: the ends that any model gives for each row, moved outward or inward until they hold what they promise
//! (Romano, Patterson and Candès, *Conformalized quantile regression*, NeurIPS 2019), for a share that lies between 0 and 1.
//!
//! For rows exchangeable with those held out, the outcome lies inside with probability of at least `level`, over all rows and within each group
//! that was large enough. Rows of one subject are not exchangeable with each other: fit and check on folds by subject
//! ([`crate::split::fold_of`]), and weigh by [`super::subject_weights`] if subjects, not rows, are to be counted.
//!
//! **Ends on the bound of the scale.** Many shares are exactly 0 or exactly 1. An end that the model puts on 0 (or 1) cannot be missed and is
//! not moved; a row with both ends there is held whatever is done, and is no witness for the others: the promise is kept among the intervals
//! that say something, and over all rows more is held ([`super::Coverage::telling`], [`super::Coverage::held`]). Where ends are moved alike, as in the
//! paper, outcomes of exactly 0 and 1 tie there: all are held or all are lost, and the share held jumps over the level. Both are nested sets,
//! to which the promise applies (Gupta, Kuchibhotla and Ramdas, *Nested conformal prediction and quantile out-of-bag ensemble methods*,
//! Pattern Recognition 2022).

use serde::{Deserialize, Serialize};

use super::Interval;
use super::by_group::{ByGroup, Promise, check_columns};
use crate::error::{Error, Result};

/// How far the ends of a quantile model are to be moved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuantileConformal {
    /// Share of outcomes that an interval is to hold.
    pub level: f64,
    /// How far each end moves outward (below 0: inward).
    pub shift: ByGroup,
}

/// The ends of a model, within 0 to 1 and in order.
fn ends(low: f64, high: f64) -> (f64, f64) {
    let (low, high) = ((low + 0.0).clamp(0.0, 1.0), (high + 0.0).clamp(0.0, 1.0));
    (low.min(high), low.max(high))
}

impl QuantileConformal {
    /// Learns from `low` and `high`, such as the predicted 5 % and 95 % quantiles (any number; held within 0 to 1, exchanged where they
    /// cross), and the outcomes (0 to 1) of held-out rows, one entry a row, in any order. `group`, if given, names the group of each row that
    /// is promised its own share.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Empty`], [`Error::Value`] for a NaN end, an outcome outside 0 to 1 or a weight not above 0, and as
    /// [`Promise::check`].
    pub fn fit(low: &[f64], high: &[f64], actual: &[f64], weight: &[f64], group: Option<&[String]>, promise: &Promise) -> Result<Self> {
        promise.check()?;
        check_columns(&[("lower end", low), ("upper end", high)], actual, weight, group)?;
        let score = |i: usize| {
            let (low, high) = ends(low[i], high[i]);
            match (low > 0.0, high < 1.0) {
                (true, true) => Some((low - actual[i]).max(actual[i] - high)),
                // An outcome on the bound where the other end stands is inside however far this one moves.
                (true, false) => Some(if actual[i] == 1.0 { f64::NEG_INFINITY } else { low - actual[i] }),
                (false, true) => Some(if actual[i] == 0.0 { f64::NEG_INFINITY } else { actual[i] - high }),
                (false, false) => None,
            }
        };
        // How far the ends that can move must move for the outcome to be inside.
        let scores: Vec<Option<f64>> = (0..actual.len()).map(score).collect();
        Ok(QuantileConformal { level: promise.level, shift: ByGroup::rank(&scores, weight, group, promise) })
    }

    /// The interval of one row from the model's ends and its estimate, which it always holds; ends that pass each other meet half way.
    ///
    /// # Errors
    /// [`Error::Parameter`] for NaN, or an estimate outside 0 to 1.
    pub fn interval(&self, low: f64, estimate: f64, high: f64, group: Option<&str>) -> Result<Interval> {
        if !(0.0..=1.0).contains(&estimate) {
            return Err(Error::Parameter { name: "estimate", found: estimate, expected: "0 to 1" });
        }
        if let Some(found) = [low, high].into_iter().find(|x| x.is_nan()) {
            return Err(Error::Parameter { name: "end", found, expected: "a number" });
        }
        let (low, high) = ends(low, high);
        let shift = self.shift.of(group);
        let moved_low = if low > 0.0 { (low - shift).clamp(0.0, 1.0) } else { low };
        let moved_high = if high < 1.0 { (high + shift).clamp(0.0, 1.0) } else { high };
        let (low, high) = if moved_low <= moved_high {
            (moved_low, moved_high)
        } else {
            let middle = 0.5 * (moved_low + moved_high);
            (middle, middle)
        };
        Ok(Interval { low: low.min(estimate), estimate: estimate + 0.0, high: high.max(estimate) })
    }

    /// # Errors
    /// [`Error::Contradiction`] or [`Error::Parameter`] if its parts do not go together: for one read from a file.
    pub fn check(&self) -> Result<()> {
        Promise { level: self.level, ..Promise::default() }.check()?;
        self.shift.check()
    }
}
