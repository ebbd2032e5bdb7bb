//! Intervals that hold whatever the model is worth: the spread of its errors on rows it has not seen (split conformal prediction: Lei et al.,
//! *Distribution-free predictive inference for regression*, 2018), apart for low, middling and high predictions (Mondrian: Vovk et al.,
//! *Algorithmic Learning in a Random World*, 2005, chapter 4).
//!
//! For rows exchangeable with those held out, the outcome lies inside with probability of at least `level`, in every bin of the prediction.
//! Every row counts once: the promise is of rows, not of weights.

use serde::{Deserialize, Serialize};

use super::Interval;
use super::normal::out_of_range;
use crate::data::{check_labels, same};
use crate::error::{Error, Result};

/// Fewest held-out rows a bin.
const FEWEST: usize = 50;

/// Errors of a prediction of shares, by bins of the prediction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conformal {
    /// Share of outcomes that the interval is to hold.
    pub level: f64,
    /// Greatest prediction of each bin but the last, ascending.
    pub upper: Vec<f64>,
    /// How far the interval reaches to either side, one a bin, 0 to 1.
    pub reach: Vec<f64>,
}

impl Conformal {
    /// Learns from predictions and outcomes, both 0 to 1, of held-out rows, in at most `bins` bins of at least 50 rows (fewer rows: one bin;
    /// so few that no error can stand for the level: the interval is all of 0 to 1).
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Empty`], [`Error::Value`] for a number outside 0 to 1, [`Error::Parameter`] unless 0 < level < 1.
    pub fn fit(predicted: &[f64], actual: &[f64], level: f64, bins: usize) -> Result<Self> {
        same("outcomes", actual.len(), predicted.len())?;
        check_labels(actual)?;
        if let Some(row) = predicted.iter().position(|p| !(0.0..=1.0).contains(p)) {
            return Err(Error::Value { what: "prediction", row, found: predicted[row], expected: "0 to 1" });
        }
        if predicted.is_empty() {
            return Err(Error::Empty { what: "conformal interval" });
        }
        if !(level > 0.0 && level < 1.0) {
            return Err(out_of_range(level));
        }
        let mut rows: Vec<(f64, f64)> = predicted.iter().zip(actual).map(|(p, y)| (*p, (y - p).abs())).collect();
        rows.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.total_cmp(&b.1)));
        let bins = bins.min(rows.len() / FEWEST).max(1);
        let size = rows.len().div_ceil(bins);
        let mut conformal = Conformal { level, upper: Vec::new(), reach: Vec::new() };
        let mut from = 0;
        while from < rows.len() {
            let mut to = (from + size).min(rows.len());
            // Equal predictions share a bin; a remainder too small to stand joins the bin below it.
            while to < rows.len() && (rows[to].0 == rows[to - 1].0 || rows.len() - to < FEWEST) {
                to += 1;
            }
            conformal.reach.push(reach(&rows[from..to], level));
            if to < rows.len() {
                conformal.upper.push(rows[to - 1].0);
            }
            from = to;
        }
        Ok(conformal)
    }

    /// The interval around a prediction: within 0 to 1, the prediction inside.
    pub fn interval(&self, predicted: f64) -> Interval {
        let bin = self.upper.partition_point(|edge| *edge < predicted);
        let reach = self.reach.get(bin).copied().unwrap_or(1.0);
        Interval { low: (predicted - reach).max(0.0), estimate: predicted, high: (predicted + reach).min(1.0) }
    }

    /// # Errors
    /// [`Error::Contradiction`] if its parts do not go together.
    pub(crate) fn check(&self) -> Result<()> {
        let ordered = self.upper.windows(2).all(|pair| pair[0] < pair[1]);
        if ordered && self.reach.len() == self.upper.len() + 1 && self.reach.iter().all(|r| (0.0..=1.0).contains(r)) {
            return Ok(());
        }
        Err(Error::Contradiction { what: format!("{} reaches for {} bins of the share", self.reach.len(), self.upper.len() + 1) })
    }
}

/// The ⌈(n + 1) level⌉-th smallest error; 1 (all there is) if n is too small for it.
fn reach(rows: &[(f64, f64)], level: f64) -> f64 {
    let mut errors: Vec<f64> = rows.iter().map(|(_, error)| *error).collect();
    errors.sort_by(f64::total_cmp);
    let rank = libm::ceil((errors.len() as f64 + 1.0) * level - 1e-9) as usize;
    rank.checked_sub(1).and_then(|i| errors.get(i)).copied().unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn rank_is_that_of_the_paper() {
        let errors: Vec<(f64, f64)> = (1..=9).map(|i| (0.5, f64::from(i) / 10.0)).collect();
        assert_eq!(reach(&errors, 0.9), 0.9, "9 rows: the 9th of 9");
        assert_eq!(reach(&errors[..8], 0.9), 1.0, "8 rows cannot stand for 0.9");
    }

    #[test]
    fn bins_are_full_and_edges_rise() {
        let p: Vec<f64> = (0..1000).map(|i| f64::from(i) / 999.0).collect();
        let y: Vec<f64> = p.iter().enumerate().map(|(i, p)| if i % 2 == 0 { p * 0.5 } else { *p }).collect();
        let fit = Conformal::fit(&p, &y, 0.9, 10).unwrap();
        assert_eq!((fit.reach.len(), fit.upper.len()), (10, 9));
        assert!(fit.reach[0] < fit.reach[9], "errors grow with the prediction");
        fit.check().unwrap();
        let ties = Conformal::fit(&[0.3; 200], &vec![0.0; 200], 0.9, 4).unwrap();
        assert_eq!(ties.reach.len(), 1);
    }
}
