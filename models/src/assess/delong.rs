//! How sure an area under the curve is, and whether two models differ in it (DeLong, DeLong and Clarke-Pearson, *Comparing the areas under two
//! or more correlated receiver operating characteristic curves*, Biometrics 1988), by one sort and weighted midranks (Sun and Xu, *Fast
//! implementation of DeLong's algorithm*, IEEE Signal Processing Letters 2014).
//!
//! A row of weight w and label y is w·y good rows and w·(1 − y) bad ones. Where rows repeat a subject, their errors go together and the plain
//! variance is too small: with `group` given, the components are summed by subject first (Obuchowski, *Nonparametric analysis of clustered ROC
//! curve data*, Biometrics 1997). A subject may have good and bad rows; with one row a subject it is DeLong's variance again.

use super::Scored;
use super::subjects::Subjects;
use crate::data::{check_classes, check_labels, check_weights, same};
use crate::error::{Error, Result};
use crate::interval::normal;
use crate::linear::link::{logit, sigmoid};

/// An area under the curve and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AucInterval {
    /// As [`super::auc`].
    pub auc: f64,
    /// Its standard error; `None` where there are too few good or bad rows (subjects, if grouped) to tell: not more than one.
    pub standard_error: Option<f64>,
    /// Ends at the level asked for, symmetric in log-odds, so never outside 0 to 1. `None` without a standard error, and where the area is
    /// exactly 0 or 1: then the standard error is 0, which is no knowledge.
    pub ends: Option<(f64, f64)>,
    /// Weight of good.
    pub good: f64,
    /// Weight of bad.
    pub bad: f64,
}

/// Two areas under the curve on the same rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AucDifference {
    /// Area of the first.
    pub first: f64,
    /// Area of the second.
    pub second: f64,
    /// First − second.
    pub difference: f64,
    /// Standard error of the difference; `None` as in [`AucInterval`].
    pub standard_error: Option<f64>,
    /// Ends of the difference at the level asked for, within −1 to 1.
    pub ends: Option<(f64, f64)>,
    /// Probability of a difference as great as this, to either side, were the two equal; `None` where the standard error is 0 or unknown, as
    /// for two models that order rows alike.
    pub p_value: Option<f64>,
}

/// The area under the curve of `score` (any number, ±∞ too), with its interval at `level`. `label` 0 to 1, `weight` above 0, one entry a row;
/// `group`, if given, names the subject of each row. The order of rows never matters.
///
/// # Errors
/// [`Error::Shape`], [`Error::Empty`], [`Error::SingleClass`], [`Error::Value`] for a score of NaN, a label outside 0 to 1 or a weight not above
/// 0, [`Error::Parameter`] unless 0 < level < 1.
pub fn auc_interval(score: &[f64], label: &[f64], weight: &[f64], group: Option<&[String]>, level: f64) -> Result<AucInterval> {
    let reach = normal::two_sided(level)?;
    let rows = Rows::new(&[score], label, weight, group)?;
    let parts = rows.parts(0);
    let standard_error = rows.standard_error(&parts);
    let auc = parts.auc;
    let ends = standard_error.and_then(|error| match auc {
        a if a > 0.0 && a < 1.0 => {
            let (at, far) = (logit(a), reach * error / (a * (1.0 - a)));
            Some((sigmoid(at - far).min(a), sigmoid(at + far).max(a)))
        }
        _ => None,
    });
    Ok(AucInterval { auc, standard_error, ends, good: rows.good_weight, bad: rows.bad_weight })
}

/// Whether two scores of the same rows differ in the area under their curves: the paired test. Arguments as in [`auc_interval`].
///
/// # Errors
/// As [`auc_interval`].
pub fn auc_difference(
    first: &[f64],
    second: &[f64],
    label: &[f64],
    weight: &[f64],
    group: Option<&[String]>,
    level: f64,
) -> Result<AucDifference> {
    let reach = normal::two_sided(level)?;
    let rows = Rows::new(&[first, second], label, weight, group)?;
    let (a, b) = (rows.parts(0), rows.parts(1));
    // The difference of the components, not of two variances: models that order rows alike differ by exactly nothing.
    let both = a.less(&b);
    let standard_error = rows.standard_error(&both);
    let difference = a.auc - b.auc;
    let ends = standard_error.map(|error| ((difference - reach * error).max(-1.0), (difference + reach * error).min(1.0)));
    let p_value =
        standard_error.filter(|error| *error > 0.0).map(|error| libm::erfc(f64::abs(difference / error) / std::f64::consts::SQRT_2));
    Ok(AucDifference { first: a.auc, second: b.auc, difference, standard_error, ends, p_value })
}

/// The area under the curve of checked predictions with its interval, each row a subject of its own.
///
/// # Errors
/// As [`auc_interval`].
pub fn auc_interval_of(scored: &Scored, level: f64) -> Result<AucInterval> {
    let column = |of: fn(&super::Row) -> f64| scored.rows().iter().map(of).collect::<Vec<f64>>();
    auc_interval(&column(|r| r.p), &column(|r| r.label), &column(|r| r.weight), None, level)
}

/// Checked rows in an order of their own.
struct Rows {
    /// One list of scores a model.
    score: Vec<Vec<f64>>,
    /// Share of all good that each row is.
    good: Vec<f64>,
    /// Share of all bad.
    bad: Vec<f64>,
    good_weight: f64,
    bad_weight: f64,
    subject: Option<(Vec<usize>, usize)>,
}

/// What each row adds to an area, less the area (of two: the difference of both).
struct Parts {
    auc: f64,
    /// Of a row as a good one: the share of bad rows that it beats, less the area.
    good: Vec<f64>,
    /// Of a row as a bad one: the share of good rows that beat it, less the area.
    bad: Vec<f64>,
}

impl Parts {
    fn less(&self, other: &Parts) -> Parts {
        let less = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect();
        Parts { auc: self.auc - other.auc, good: less(&self.good, &other.good), bad: less(&self.bad, &other.bad) }
    }
}

impl Rows {
    fn new(scores: &[&[f64]], label: &[f64], weight: &[f64], group: Option<&[String]>) -> Result<Self> {
        for score in scores {
            same("scores", score.len(), label.len())?;
            if let Some(row) = score.iter().position(|s| s.is_nan()) {
                return Err(Error::Value { what: "score", row, found: f64::NAN, expected: "a number" });
            }
        }
        same("weights", weight.len(), label.len())?;
        same("groups", group.map_or(label.len(), <[String]>::len), label.len())?;
        check_labels(label)?;
        check_weights(weight)?;
        check_classes(label)?;
        let subjects = group.map(Subjects::new);
        let subject = |row: usize| subjects.as_ref().map_or(0, |s| s.of[row]);
        let mut order: Vec<usize> = (0..label.len()).collect();
        order.sort_by(|a, b| {
            let by_score = scores.iter().map(|s| (s[*a] + 0.0).total_cmp(&(s[*b] + 0.0))).find(|o| o.is_ne());
            (by_score.unwrap_or(std::cmp::Ordering::Equal))
                .then_with(|| label[*a].total_cmp(&label[*b]))
                .then_with(|| weight[*a].total_cmp(&weight[*b]))
                .then_with(|| subject(*a).cmp(&subject(*b)))
        });
        let good: Vec<f64> = order.iter().map(|i| weight[*i] * label[*i]).collect();
        let bad: Vec<f64> = order.iter().map(|i| weight[*i] * (1.0 - label[*i])).collect();
        let (good_weight, bad_weight) = (good.iter().sum::<f64>(), bad.iter().sum::<f64>());
        if !(good_weight > 0.0 && bad_weight > 0.0) {
            // Labels so near 0 or 1, or weights so small, that one side rounds to nothing.
            return Err(Error::SingleClass { rows: label.len(), label: if good_weight > 0.0 { 1.0 } else { 0.0 } });
        }
        Ok(Rows {
            score: scores.iter().map(|s| order.iter().map(|i| s[*i] + 0.0).collect()).collect(),
            good: good.into_iter().map(|g| g / good_weight).collect(),
            bad: bad.into_iter().map(|b| b / bad_weight).collect(),
            good_weight,
            bad_weight,
            subject: subjects.map(|s| (s.take(&order), s.count)),
        })
    }

    /// Midranks of one model: one walk over its ties.
    fn parts(&self, model: usize) -> Parts {
        let score = &self.score[model];
        let mut order: Vec<usize> = (0..score.len()).collect();
        order.sort_by(|a, b| score[*a].total_cmp(&score[*b]));
        let (mut good, mut bad) = (vec![0.0; score.len()], vec![0.0; score.len()]);
        let (mut good_below, mut bad_below, mut auc) = (0.0, 0.0, 0.0);
        for tie in order.chunk_by(|a, b| score[*a] == score[*b]) {
            let (good_here, bad_here): (f64, f64) = (tie.iter().map(|i| self.good[*i]).sum(), tie.iter().map(|i| self.bad[*i]).sum());
            let (beats, beaten) = (bad_below + 0.5 * bad_here, 1.0 - good_below - 0.5 * good_here);
            for i in tie {
                (good[*i], bad[*i]) = (beats, beaten);
            }
            auc += good_here * beats;
            good_below += good_here;
            bad_below += bad_here;
        }
        let auc = auc.clamp(0.0, 1.0);
        good.iter_mut().chain(bad.iter_mut()).for_each(|part| *part -= auc);
        Parts { auc, good, bad }
    }

    fn standard_error(&self, parts: &Parts) -> Option<f64> {
        match &self.subject {
            None => self.by_row(parts),
            Some((subject, count)) => self.by_subject(parts, subject, *count),
        }
        .map(|variance| variance.max(0.0).sqrt())
    }

    /// DeLong: the variance of the components of good, over their number, and the same of bad.
    fn by_row(&self, parts: &Parts) -> Option<f64> {
        let spread = |share: &[f64], part: &[f64], weight: f64| {
            (weight > 1.0).then(|| share.iter().zip(part).map(|(s, x)| s * x * x).sum::<f64>() / (weight - 1.0))
        };
        Some(spread(&self.good, &parts.good, self.good_weight)? + spread(&self.bad, &parts.bad, self.bad_weight)?)
    }

    /// Obuchowski: the same over sums by subject, and what good and bad rows of one subject have in common.
    fn by_subject(&self, parts: &Parts, subject: &[usize], count: usize) -> Option<f64> {
        let mut sums = vec![(0.0_f64, 0.0_f64); count];
        let mut has = vec![(false, false); count];
        for (row, subject) in subject.iter().enumerate() {
            sums[*subject].0 += self.good[row] * parts.good[row];
            sums[*subject].1 += self.bad[row] * parts.bad[row];
            has[*subject].0 |= self.good[row] > 0.0;
            has[*subject].1 |= self.bad[row] > 0.0;
        }
        let unbiased = |n: usize| (n > 1).then(|| n as f64 / (n as f64 - 1.0));
        let (with_good, with_bad) = (has.iter().filter(|h| h.0).count(), has.iter().filter(|h| h.1).count());
        let sum = |of: fn(&(f64, f64)) -> f64| sums.iter().map(of).sum::<f64>();
        let of_good = unbiased(with_good)? * sum(|s| s.0 * s.0);
        let of_bad = unbiased(with_bad)? * sum(|s| s.1 * s.1);
        Some(of_good + of_bad + 2.0 * unbiased(count)? * sum(|s| s.0 * s.1))
    }
}
