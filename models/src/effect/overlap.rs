//! Where like was treated and not treated: without that, a difference of arms is a difference of people.

use serde::{Deserialize, Serialize};

use super::study::by_group;
use super::{Abstained, Answer, Limits, Study, Target, Why};

/// Standard errors by which a difference of means must pass its limit before it is held against the data.
const BEYOND_CHANCE: f64 = 3.0;

/// One arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArmOverlap {
    /// Rows.
    pub rows: u64,
    /// Their weight.
    pub weight: f64,
    /// Weight of those left out because their propensity has no like in the other arm.
    pub trimmed_weight: f64,
    /// Propensity: least, quantiles 0.1, 0.25, 0.5, 0.75, 0.9 (by weight), greatest; all rows of the arm. Empty without rows.
    pub propensity: Vec<f64>,
    /// What its groups are worth after weighting: (Σ weight)² / Σ weight², by group (Kish 1965).
    pub effective: f64,
}

/// How far apart the means of a feature lie between the arms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Balance {
    /// The feature; for the mark that it is missing, its id with ` missing` behind.
    pub feature: String,
    /// Difference of means, treated less control, in standard deviations (root of the mean of the arms' variances before): all rows.
    #[serde(with = "crate::exact::one")]
    pub before: f64,
    /// The same after trimming and weighting, in the same unit.
    #[serde(with = "crate::exact::one")]
    pub after: f64,
}

/// What can be seen of overlap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overlap {
    /// Whose effect was asked for.
    pub target: Target,
    /// The treated arm.
    pub treated: ArmOverlap,
    /// The control arm.
    pub control: ArmOverlap,
    /// Share of those asked for that is left out.
    pub trimmed_share: f64,
    /// One line a feature, and one for its missing values where it has any.
    pub balance: Vec<Balance>,
}

/// The rows looked at, and how each is to count.
pub(crate) struct Weighing<'a> {
    pub study: &'a Study,
    /// Probability of treatment of each row.
    pub propensity: &'a [f64],
    /// Rows looked at.
    pub among: &'a [bool],
    /// Rows of them that are kept.
    pub keep: &'a [bool],
    /// What makes the arms alike, one a row, before the row's own weight.
    pub balancing: &'a [f64],
    pub target: Target,
}

impl Weighing<'_> {
    pub fn overlap(&self) -> Overlap {
        let [mut asked, mut left_out] = [0.0; 2];
        for i in self.rows(|i| self.target == Target::Everyone || self.study.treated()[i]) {
            asked += self.study.set().weight()[i];
            left_out += if self.keep[i] { 0.0 } else { self.study.set().weight()[i] };
        }
        Overlap {
            target: self.target,
            treated: self.arm(true),
            control: self.arm(false),
            trimmed_share: if asked > 0.0 { left_out / asked } else { 1.0 },
            balance: self.balance(),
        }
    }

    fn rows(&self, which: impl Fn(usize) -> bool) -> impl Iterator<Item = usize> {
        (0..self.study.len()).filter(move |i| self.among[*i] && which(*i))
    }

    fn arm(&self, treated: bool) -> ArmOverlap {
        let weight = self.study.set().weight();
        let rows: Vec<usize> = self.rows(|i| self.study.treated()[i] == treated).collect();
        let mut by_propensity: Vec<(f64, f64)> = rows.iter().map(|i| (self.propensity[*i], weight[*i])).collect();
        by_propensity.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let kept: Vec<bool> = (0..self.study.len()).map(|i| self.among[i] && self.keep[i] && self.study.treated()[i] == treated).collect();
        let sums = by_group(self.study.group(), &kept, |i| weight[i] * self.balancing[i]);
        let (sum, squares) = (sums.iter().sum::<f64>(), sums.iter().map(|s| s * s).sum::<f64>());
        ArmOverlap {
            rows: rows.len() as u64,
            weight: rows.iter().map(|i| weight[*i]).sum(),
            trimmed_weight: rows.iter().filter(|i| !self.keep[**i]).map(|i| weight[*i]).sum(),
            propensity: quantiles(&by_propensity),
            effective: if squares > 0.0 { sum * sum / squares } else { 0.0 },
        }
    }

    fn balance(&self) -> Vec<Balance> {
        let design = self.study.set().design();
        let mut lines = Vec::new();
        for (j, feature) in design.features().iter().enumerate() {
            let x = design.x().column(j);
            let finite = || self.rows(|i| x[i].is_finite()).map(|i| x[i]);
            let (low, high) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
            if low < high {
                // Halves first, so that the widest range is still a number; infinite values count as its ends.
                let place = |i: usize| (x[i].clamp(low, high) / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0);
                lines.push(self.line(feature.id.clone(), &|i| (!x[i].is_nan()).then(|| place(i))));
            }
            if self.rows(|i| x[i].is_nan()).next().is_some() {
                lines.push(self.line(format!("{} missing", feature.id), &|i| Some(f64::from(u8::from(x[i].is_nan())))));
            }
        }
        lines
    }

    fn line(&self, feature: String, value: &dyn Fn(usize) -> Option<f64>) -> Balance {
        let moments = |treated: bool, after: bool| {
            let (mut n, mut sum, mut squares) = (0.0, 0.0, 0.0);
            for i in self.rows(|i| self.study.treated()[i] == treated && (!after || self.keep[i])) {
                if let Some(v) = value(i) {
                    let w = self.study.set().weight()[i] * if after { self.balancing[i] } else { 1.0 };
                    (n, sum, squares) = (n + w, sum + w * v, squares + w * v * v);
                }
            }
            if n > 0.0 { (sum / n, (squares / n - sum / n * (sum / n)).max(0.0)) } else { (f64::NAN, 0.0) }
        };
        let (treated, control) = (moments(true, false), moments(false, false));
        let unit = ((treated.1 + control.1) / 2.0).sqrt();
        // A feature that is known in one arm alone, or constant in both and not the same, differs without bound.
        let apart = |d: f64| match () {
            () if d.is_nan() => f64::INFINITY,
            () if d == 0.0 => 0.0,
            () => d / unit,
        };
        let after = moments(true, true).0 - moments(false, true).0;
        Balance { feature, before: apart(treated.0 - control.0), after: apart(after) }
    }
}

/// Least, quantiles by weight, greatest, of rows in ascending order.
fn quantiles(rows: &[(f64, f64)]) -> Vec<f64> {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Vec::new() };
    let total: f64 = rows.iter().map(|r| r.1).sum();
    let at = |share: f64| {
        let mut below = 0.0;
        let reaches = |r: &&(f64, f64)| {
            below += r.1;
            below >= share * total * (1.0 - 1e-9)
        };
        rows.iter().find(reaches).unwrap_or(last).0
    };
    [first.0].into_iter().chain([0.1, 0.25, 0.5, 0.75, 0.9].map(at)).chain([last.0]).collect()
}

impl Overlap {
    /// The limits that are not kept.
    pub(crate) fn why(&self, limits: &Limits) -> Vec<Why> {
        let mut why = Vec::new();
        if self.trimmed_share > limits.max_trimmed {
            why.push(Why::Trimmed { share: self.trimmed_share, most: limits.max_trimmed });
        }
        for (treated, arm) in [(true, &self.treated), (false, &self.control)] {
            if arm.effective < limits.min_effective * (1.0 - 1e-9) {
                why.push(Why::Few { treated, effective: arm.effective, least: limits.min_effective });
            }
        }
        if !why.is_empty() {
            return why;
        }
        let chance = BEYOND_CHANCE * (1.0 / self.treated.effective + 1.0 / self.control.effective).sqrt();
        let most = limits.max_imbalance.max(chance);
        let unlike = self.balance.iter().filter(|b| b.after.abs() > most);
        unlike.map(|b| Why::Imbalance { feature: b.feature.clone(), found: b.after, most }).collect()
    }

    /// The answer, unless a limit is not kept.
    ///
    /// # Errors
    /// Those of `answer`.
    pub(crate) fn unless<T, E>(self, limits: &Limits, answer: impl FnOnce(Overlap) -> Result<T, E>) -> Result<Answer<T>, E> {
        let why = self.why(limits);
        if why.is_empty() { answer(self).map(Answer::Estimated) } else { Ok(Answer::Abstained(Box::new(Abstained { why, overlap: self }))) }
    }
}

/// Weights that make the arms alike, one a row, from propensities; 0 where the row is left out.
pub(crate) fn balancing(propensity: &[f64], treated: &[bool], keep: &[bool], target: Target) -> Vec<f64> {
    let of = |i: usize| match (keep[i], target, treated[i]) {
        (false, ..) => 0.0,
        (_, Target::Everyone, true) => 1.0 / propensity[i],
        (_, Target::Everyone, false) => 1.0 / (1.0 - propensity[i]),
        (_, Target::Treated, true) => 1.0,
        (_, Target::Treated, false) => propensity[i] / (1.0 - propensity[i]),
    };
    (0..propensity.len()).map(of).collect()
}
