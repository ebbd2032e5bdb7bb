//! How sure a probability is where the algorithm itself does not say: by the rows held out whose prediction was like it.
//!
//! Held-out rows are cut into bins by their prediction. In each, the spread of outcome − prediction, counted by subject (Obuchowski's way: rows
//! of one subject go together), says how far the rate of such rows could lie from what is predicted; what is off on average in the bin is added.
//! No bin is surer than as many independent rows would be.
//!
//! It speaks of the rate among rows that are predicted alike. What the features of a row could tell beyond its prediction it does not know; an
//! algorithm that declares a standard error says that for itself.

use serde::{Deserialize, Serialize};

use super::{Interval, normal};
use crate::assess::subjects::Subjects;
use crate::data::{check_labels, check_weights, same};
use crate::error::{Error, Result};
use crate::linear::link::logit;

/// Fewest held-out rows a bin.
const FEWEST: usize = 100;
/// Predictions nearer to 0 or 1 than this count as no nearer.
const NEAREST: f64 = 1e-6;

/// Standard errors of calibrated log-odds, by bins of the calibrated probability.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateInterval {
    /// Greatest prediction of each bin but the last, ascending.
    pub upper: Vec<f64>,
    /// Standard error of the log-odds, one a bin, above 0.
    pub error: Vec<f64>,
}

impl RateInterval {
    /// Learns from predictions and outcomes (0 to 1), weights and subjects of held-out rows, in at most `bins` bins of at least 100 rows (fewer
    /// rows: one bin). The order of rows never matters.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Empty`], [`Error::Value`] for a number outside 0 to 1 or a weight not above 0.
    pub fn fit(predicted: &[f64], actual: &[f64], weight: &[f64], group: &[String], bins: usize) -> Result<Self> {
        same("outcomes", actual.len(), predicted.len())?;
        same("weights", weight.len(), predicted.len())?;
        same("groups", group.len(), predicted.len())?;
        check_labels(actual)?;
        check_weights(weight)?;
        if let Some(row) = predicted.iter().position(|p| !(0.0..=1.0).contains(p)) {
            return Err(Error::Value { what: "prediction", row, found: predicted[row], expected: "0 to 1" });
        }
        if predicted.is_empty() {
            return Err(Error::Empty { what: "interval of a rate" });
        }
        let mut order: Vec<usize> = (0..predicted.len()).collect();
        order.sort_by(|a, b| {
            (predicted[*a].total_cmp(&predicted[*b]))
                .then_with(|| group[*a].cmp(&group[*b]))
                .then_with(|| actual[*a].total_cmp(&actual[*b]))
                .then_with(|| weight[*a].total_cmp(&weight[*b]))
        });
        let bins = bins.min(order.len() / FEWEST).max(1);
        let size = order.len().div_ceil(bins);
        let mut rate = RateInterval { upper: Vec::new(), error: Vec::new() };
        let mut from = 0;
        while from < order.len() {
            let mut to = (from + size).min(order.len());
            // Equal predictions share a bin; a remainder too small to stand joins the bin below it.
            while to < order.len() && (predicted[order[to]] == predicted[order[to - 1]] || order.len() - to < FEWEST) {
                to += 1;
            }
            rate.error.push(error_of(&order[from..to], predicted, actual, weight, group));
            if to < order.len() {
                rate.upper.push(predicted[order[to - 1]]);
            }
            from = to;
        }
        Ok(rate)
    }

    /// The interval around a probability: within 0 to 1, the probability inside.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless 0 < level < 1, or for a probability outside 0 to 1.
    pub fn interval(&self, predicted: f64, level: f64) -> Result<Interval> {
        let reach = normal::two_sided(level)?;
        if !(0.0..=1.0).contains(&predicted) {
            return Err(Error::Parameter { name: "prediction", found: predicted, expected: "0 to 1" });
        }
        let bin = self.upper.partition_point(|edge| *edge < predicted);
        let error = self.error.get(bin).copied().unwrap_or(0.0);
        let around = Interval::on_logit(logit(predicted.clamp(NEAREST, 1.0 - NEAREST)), reach * error);
        Ok(Interval { low: around.low.min(predicted), estimate: predicted, high: around.high.max(predicted) })
    }

    /// # Errors
    /// [`Error::Contradiction`] if its parts do not go together.
    pub(crate) fn check(&self) -> Result<()> {
        let ordered = self.upper.windows(2).all(|pair| pair[0] < pair[1]);
        if ordered && self.error.len() == self.upper.len() + 1 && self.error.iter().all(|e| *e > 0.0 && e.is_finite()) {
            return Ok(());
        }
        Err(Error::Contradiction { what: format!("{} errors for {} bins of the rate", self.error.len(), self.upper.len() + 1) })
    }
}

/// Standard error of the log-odds in one bin, rows in order.
fn error_of(rows: &[usize], predicted: &[f64], actual: &[f64], weight: &[f64], group: &[String]) -> f64 {
    let (chance, gap, p) = spread(rows, predicted, actual, weight, group);
    libm::hypot(chance, gap) / (p * (1.0 - p))
}

/// How far chance moves the rate of these rows (one standard error), how far it lies from their mean prediction, and that prediction.
fn spread(rows: &[usize], predicted: &[f64], actual: &[f64], weight: &[f64], group: &[String]) -> (f64, f64, f64) {
    let all: f64 = rows.iter().map(|i| weight[*i]).sum();
    let mean = |of: &dyn Fn(usize) -> f64| rows.iter().map(|i| weight[*i] / all * of(*i)).sum::<f64>();
    let p = mean(&|i| predicted[i]).clamp(NEAREST, 1.0 - NEAREST);
    let gap = mean(&|i| actual[i] - predicted[i]);
    let names: Vec<String> = rows.iter().map(|i| group[*i].clone()).collect();
    let subjects = Subjects::new(&names);
    let mut sums = vec![0.0; subjects.count];
    for (at, row) in rows.iter().enumerate() {
        sums[subjects.of[at]] += weight[*row] / all * (actual[*row] - predicted[*row] - gap);
    }
    let n = subjects.count as f64;
    let by_subject = n / (n - 1.0).max(1.0) * sums.iter().map(|s| s * s).sum::<f64>();
    let independent = p * (1.0 - p) * rows.iter().map(|i| (weight[*i] / all) * (weight[*i] / all)).sum::<f64>();
    (by_subject.max(independent).sqrt(), gap, p)
}

/// What intervals of a rate held: `rows` held-out rows, ordered by their estimate and cut into `blocks`, of whose rates the share `held` lay no
/// farther from the mean estimate than the mean interval and the chance of so few rows together allow.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RateCoverage {
    /// Rows.
    pub rows: u64,
    /// Blocks they were cut into.
    pub blocks: u64,
    /// Share of the blocks held.
    pub held: f64,
    /// Mean width of the intervals.
    pub mean_width: f64,
}

/// Checks intervals of a probability on rows they were not fitted on, in blocks of about `size` rows alike; rows of one subject count together.
///
/// # Errors
/// [`Error::Shape`], [`Error::Empty`], [`Error::Parameter`] unless 0 < level < 1 and `size` is above 0.
pub fn rate_coverage(
    intervals: &[Interval],
    actual: &[f64],
    weight: &[f64],
    group: &[String],
    (size, level): (usize, f64),
) -> Result<RateCoverage> {
    let reach = normal::two_sided(level)?;
    same("outcomes", actual.len(), intervals.len())?;
    same("weights", weight.len(), intervals.len())?;
    same("groups", group.len(), intervals.len())?;
    check_labels(actual)?;
    check_weights(weight)?;
    if intervals.is_empty() {
        return Err(Error::Empty { what: "coverage of a rate" });
    }
    if size == 0 {
        return Err(Error::Parameter { name: "size", found: 0.0, expected: "1 or more" });
    }
    let estimate: Vec<f64> = intervals.iter().map(|i| i.estimate).collect();
    let mut order: Vec<usize> = (0..actual.len()).collect();
    order.sort_by(|a, b| {
        estimate[*a].total_cmp(&estimate[*b]).then_with(|| group[*a].cmp(&group[*b])).then_with(|| actual[*a].total_cmp(&actual[*b]))
    });
    let blocks = (order.len() / size).max(1);
    let held = (0..blocks).filter(|at| {
        let rows = &order[at * order.len() / blocks..(at + 1) * order.len() / blocks];
        let all: f64 = rows.iter().map(|i| weight[*i]).sum();
        let mean = |of: &dyn Fn(usize) -> f64| rows.iter().map(|i| weight[*i] / all * of(*i)).sum::<f64>();
        let (p, rate) = (mean(&|i| estimate[i]).clamp(NEAREST, 1.0 - NEAREST), mean(&|i| actual[i]));
        let side = if rate >= p { mean(&|i| intervals[i].high) - p } else { p - mean(&|i| intervals[i].low) };
        let chance = reach * spread(rows, &estimate, actual, weight, group).0;
        (rate - p).abs() <= libm::hypot(side.max(0.0), chance)
    });
    let held = held.count() as f64 / blocks as f64;
    let mean_width = intervals.iter().map(|i| i.high - i.low).sum::<f64>() / intervals.len() as f64;
    Ok(RateCoverage { rows: order.len() as u64, blocks: blocks as u64, held, mean_width })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::split::fold_of;

    /// Rows of which as many are good as is predicted, `each` a subject alike, drawn by hash.
    fn drawn(rows: usize, each: usize, off: f64) -> (Vec<f64>, Vec<f64>, Vec<String>) {
        let uniform = |what: &str, at: usize| f64::from(fold_of(&format!("{what}{at}"), 1_000_000, 3)) / 1e6;
        let p: Vec<f64> = (0..rows).map(|at| 0.02 + 0.96 * uniform("p", at / each)).collect();
        let y = (0..rows).map(|at| f64::from(u8::from(uniform("y", at / each) < p[at] + off))).collect();
        (p, y, (0..rows).map(|at| format!("s{}", at / each)).collect())
    }

    #[test]
    fn the_rate_of_rows_alike_lies_within_as_often_as_said() {
        let (p, y, group) = drawn(40_000, 1, 0.0);
        let half = 20_000;
        let weight = vec![1.0; half];
        let fitted = RateInterval::fit(&p[..half], &y[..half], &weight, &group[..half], 10).unwrap();
        let intervals: Vec<Interval> = p[half..].iter().map(|p| fitted.interval(*p, 0.9).unwrap()).collect();
        let held = rate_coverage(&intervals, &y[half..], &weight, &group[half..], (200, 0.9)).unwrap();
        assert!(held.blocks == 100 && held.held >= 0.86 && held.mean_width < 0.1, "{held:?}");
        // Predictions that are off by a tenth are not held by chance alone.
        let (p, y, group) = drawn(20_000, 1, 0.1);
        let narrow: Vec<Interval> = p.iter().map(|p| Interval { low: *p, estimate: *p, high: *p }).collect();
        let lost = rate_coverage(&narrow, &y, &weight, &group, (200, 0.9)).unwrap();
        assert!(lost.held < 0.3, "{lost:?}");
        let honest = RateInterval::fit(&p, &y, &weight, &group, 10).unwrap();
        assert!(honest.error.iter().sum::<f64>() > 2.0 * fitted.error.iter().sum::<f64>(), "what is off on average is in the interval");
    }

    #[test]
    fn rows_of_one_subject_are_one_witness() {
        let of = |each| {
            let (p, y, group) = drawn(10_000, each, 0.0);
            RateInterval::fit(&p, &y, &vec![1.0; 10_000], &group, 1).unwrap().error[0]
        };
        assert!(of(20) > 3.0 * of(1), "{} {}", of(20), of(1));
    }

    #[test]
    fn few_rows_without_a_single_good_one_still_leave_room() {
        let p = vec![0.002; 150];
        let fitted = RateInterval::fit(&p, &[0.0; 150], &[1.0; 150], &vec!["a".to_owned(); 150], 5).unwrap();
        let interval = fitted.interval(0.002, 0.9).unwrap();
        assert!(fitted.error.len() == 1 && interval.low < 0.001 && interval.high > 0.01, "{interval:?}");
        assert!(fitted.interval(1.5, 0.9).is_err() && fitted.interval(0.5, 1.0).is_err());
    }
}
