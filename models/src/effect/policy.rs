//! What a ranking is worth where there is not enough for all: the outcome if the top of it were treated and nobody else, off policy, from rows
//! that were treated otherwise (doubly robust: Dudík, Langford and Li, *Doubly robust policy evaluation and learning*, 2011).

use serde::{Deserialize, Serialize};

use super::curve::Ranked;
use super::learner::CrossFit;
use super::resample::Resampling;
use super::{Answer, Estimate, Overlap, Target};
use crate::error::{Error, Result};

/// Outcomes under a budget. All are means over the rows with overlap; the four are estimated from the same rows, so `gain` is surer than the
/// difference of two intervals would say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Share of the weight that can be treated.
    pub budget: f64,
    /// Mean outcome if that share, ranked highest, is treated and the rest is not.
    pub value: Estimate,
    /// Mean outcome if as many are treated at random.
    pub random: Estimate,
    /// Mean outcome if nobody is.
    pub nobody: Estimate,
    /// `value` − `random`: what the ranking is worth.
    pub gain: Estimate,
    /// Rows it rests on.
    pub rows: u64,
    /// Where like was and was not treated.
    pub overlap: Overlap,
}

impl CrossFit<'_> {
    /// The value of treating the share `budget` (0 to 1, by weight) of highest `priority`, one a row of the study. Where the end of the budget
    /// falls among rows ranked equal, they are treated at random. The ranking must come from other rows than these.
    ///
    /// # Errors
    /// As [`CrossFit::curve`], and [`Error::Parameter`] for a budget out of its range.
    pub fn policy(&self, priority: &[f64], budget: f64, resampling: &Resampling) -> Result<Answer<Policy>> {
        if !(0.0..=1.0).contains(&budget) {
            return Err(Error::Parameter { name: "budget", found: budget, expected: "0 to 1" });
        }
        let ranked = Ranked::of(self, priority)?;
        self.overlap(Target::Everyone).unless(&self.limits, |overlap| {
            let rows = 0..self.study.len();
            let (gain, control): (Vec<f64>, Vec<f64>) = rows.map(|i| (self.gain(i), self.score_control(i))).unzip();
            let figures = |within: &[bool]| {
                let gains = ranked.cumulated(self, &gain, within);
                let nobody = ranked.cumulated(self, &control, within).mean();
                let (top, random) = (gains.of_top(budget), budget * gains.mean());
                vec![nobody + top, nobody + random, nobody, top - random]
            };
            let found = resampling.estimates(&ranked.names(self), figures)?;
            let rows = ranked.order.len() as u64;
            Ok(Policy { budget, value: found[0], random: found[1], nobody: found[2], gain: found[3], rows, overlap })
        })
    }
}
