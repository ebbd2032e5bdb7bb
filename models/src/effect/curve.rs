//! Whether a ranking finds those who gain: the targeting operator characteristic (Yadlowsky, Fleming, Shah, Brunskill and Wager, *Evaluating
//! treatment prioritization rules via rank-weighted average treatment effects*, 2021).
//!
//! TOC(u) is the effect on the share u ranked highest, less the effect on all. Its area, AUTOC = ∫ TOC(u) du, is great where a few gain much;
//! weighted by u, QINI = ∫ u TOC(u) du, where many gain something. A ranking that tells nothing has 0 in both. Effects come from doubly robust
//! scores, so the same holds for drawn and for chosen treatment. Ranked equal counts as in random order; the area is that of the curve between
//! rows as well, so a row of weight 2 is the row twice to the last digit.

use serde::{Deserialize, Serialize};

use super::learner::CrossFit;
use super::resample::Resampling;
use super::{Answer, Estimate, Overlap, Target};
use crate::error::{Error, Result};

/// Shares at which the curve is given.
const SHARES: [f64; 12] = [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0];

/// One point of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CurvePoint {
    /// Share ranked highest, by weight.
    pub share: f64,
    /// Its effect less that on all.
    pub toc: Estimate,
}

/// What a ranking finds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Curve {
    /// Area under the curve.
    pub autoc: Estimate,
    /// The same, weighted by the share.
    pub qini: Estimate,
    /// The curve, each point with its own interval.
    pub points: Vec<CurvePoint>,
    /// Rows it rests on: those with their like in the other arm.
    pub rows: u64,
    /// Where like was and was not treated.
    pub overlap: Overlap,
}

impl CrossFit<'_> {
    /// How well `priority`, one a row of the study, the greater the sooner, finds those who gain. The ranking must come from other rows than
    /// these, or it is judged by what it learnt from.
    ///
    /// # Errors
    /// [`Error::Shape`] for another length or fewer than two groups, [`Error::Value`] for NaN, [`Error::Parameter`].
    pub fn curve(&self, priority: &[f64], resampling: &Resampling) -> Result<Answer<Curve>> {
        let ranked = Ranked::of(self, priority)?;
        self.overlap(Target::Everyone).unless(&self.limits, |overlap| {
            let gain: Vec<f64> = (0..self.study.len()).map(|i| self.gain(i)).collect();
            let figures = |within: &[bool]| {
                let cumulated = ranked.cumulated(self, &gain, within);
                [cumulated.autoc(), cumulated.qini()].into_iter().chain(SHARES.map(|u| cumulated.toc(u))).collect()
            };
            let found = resampling.estimates(&ranked.names(self), figures)?;
            let points = SHARES.iter().zip(&found[2..]).map(|(share, toc)| CurvePoint { share: *share, toc: *toc }).collect();
            Ok(Curve { autoc: found[0], qini: found[1], points, rows: ranked.order.len() as u64, overlap })
        })
    }
}

/// Rows in descending order of priority, and where each run of equal ones ends.
pub(crate) struct Ranked {
    pub order: Vec<usize>,
    ends: Vec<usize>,
    /// Number of each row's group among those that have a row here.
    group: Vec<usize>,
    /// A row of each such group.
    first: Vec<usize>,
}

impl Ranked {
    /// Ranks the rows with overlap.
    pub fn of(fit: &CrossFit<'_>, priority: &[f64]) -> Result<Self> {
        check_priority(priority)?;
        let priority = fit.study.inwards("priorities", priority)?;
        let keep = fit.keep(Target::Everyone);
        Ok(Ranked::among(fit.study.group(), &priority, |i| keep[i]))
    }

    /// Ranks the rows that `keep` names; all in the order within.
    pub fn among(groups: &[usize], priority: &[f64], keep: impl Fn(usize) -> bool) -> Self {
        let mut order: Vec<usize> = (0..groups.len()).filter(|i| keep(*i)).collect();
        let (mut group, mut first) = (vec![0; groups.len()], Vec::new());
        let mut last = None;
        for i in order.iter().copied() {
            if last != Some(groups[i]) {
                first.push(i);
                last = Some(groups[i]);
            }
            group[i] = first.len() - 1;
        }
        // + 0.0: −0 and 0 are equal.
        let key = |i: usize| priority[i] + 0.0;
        order.sort_by(|a, b| key(*b).total_cmp(&key(*a)).then(a.cmp(b)));
        let ends = (1..=order.len()).filter(|at| *at == order.len() || key(order[*at]) != key(order[*at - 1])).collect();
        Ranked { order, ends, group, first }
    }

    /// Names of the groups, in order.
    pub fn names<'a>(&self, fit: &CrossFit<'a>) -> Vec<&'a str> {
        self.first.iter().map(|i| fit.study.set().group()[*i].as_str()).collect()
    }

    /// Runs of rows ranked equal that lie in the groups named.
    pub fn runs<'a>(&'a self, within: &'a [bool]) -> impl Iterator<Item = impl Iterator<Item = usize> + 'a> {
        let mut from = 0;
        self.ends.iter().map(move |end| {
            let run = &self.order[from..*end];
            from = *end;
            run.iter().copied().filter(|i| within[self.group[*i]])
        })
    }

    /// Weight and weighted score, added up from the top.
    pub fn cumulated(&self, fit: &CrossFit<'_>, score: &[f64], within: &[bool]) -> Cumulated {
        let weight = fit.study.set().weight();
        let (mut n, mut sum) = (0.0, 0.0);
        let mut steps = vec![(0.0, 0.0)];
        for run in self.runs(within) {
            for i in run {
                n += weight[i];
                sum += weight[i] * score[i];
            }
            steps.push((n, sum));
        }
        Cumulated(steps)
    }
}

/// # Errors
/// [`Error::Value`] for a priority that is not a number.
pub(crate) fn check_priority(priority: &[f64]) -> Result<()> {
    match priority.iter().position(|p| p.is_nan()) {
        Some(row) => Err(Error::Value { what: "priority", row, found: f64::NAN, expected: "a number" }),
        None => Ok(()),
    }
}

/// Weight and weighted score from the top of a ranking, at the end of each run; a straight line between. Begins with (0, 0).
pub(crate) struct Cumulated(Vec<(f64, f64)>);

impl Cumulated {
    fn total(&self) -> (f64, f64) {
        self.0.last().copied().unwrap_or((0.0, 0.0))
    }

    /// Mean score of all.
    pub fn mean(&self) -> f64 {
        let (n, sum) = self.total();
        sum / n
    }

    /// Score of the share ranked highest, per unit of weight of all.
    pub fn of_top(&self, share: f64) -> f64 {
        let (n, all) = self.total();
        let wanted = share * n;
        let at = self.0.partition_point(|(w, _)| *w < wanted);
        match (at.checked_sub(1).and_then(|b| self.0.get(b)), self.0.get(at)) {
            (Some(below), Some(above)) => (below.1 + (above.1 - below.1) * (wanted - below.0) / (above.0 - below.0)) / n,
            (None, _) => 0.0,
            (_, None) => all / n,
        }
    }

    fn toc(&self, share: f64) -> f64 {
        self.of_top(share) / share - self.mean()
    }

    /// ∫ (mean score of the top) du − mean score. Along a run from (v, s) to (w, t) with slope b the top's mean is b + (s − b v) / x.
    fn autoc(&self) -> f64 {
        let mut area = 0.0;
        for pair in self.0.windows(2) {
            let ((v, s), (w, t)) = (pair[0], pair[1]);
            if w > v {
                let slope = (t - s) / (w - v);
                area += slope * (w - v) + if v > 0.0 { (s - slope * v) * libm::log(w / v) } else { 0.0 };
            }
        }
        area / self.total().0 - self.mean()
    }

    /// ∫ (score of the top, per unit of all − u × mean score) du.
    fn qini(&self) -> f64 {
        let (n, _) = self.total();
        let area: f64 = self.0.windows(2).map(|pair| 0.5 * (pair[0].1 + pair[1].1) * (pair[1].0 - pair[0].0)).sum();
        area / (n * n) - 0.5 * self.mean()
    }
}
