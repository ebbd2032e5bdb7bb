//! Who gains more: the effect as a function of the features, in the plainest form that can be judged.
//!
//! The second stage of a DR-learner (Kennedy, *Towards optimal doubly robust estimation of heterogeneous causal effects*, 2020) is a regression of
//! the doubly robust scores. They are not within 0 to 1, so no model of `Params` fits them; and they are so noisy (a score divides by the
//! propensity) that a flexible one would fit noise. What stands here is a ridge regression on standardised features: the best linear projection
//! of the effect (Semenova and Chernozhukov, *Debiased machine learning of conditional average treatment effects*, 2021), which has standard
//! errors that hold whether or not the effect is linear. It was preferred to the contrast of the two outcome models (T-learner), whose errors
//! do not cancel and which has no standard error of its own; that contrast is [`super::CrossFit::expected`].

use serde::{Deserialize, Serialize};

use super::learner::CrossFit;
use super::study::by_group;
use super::{Answer, Estimate, Overlap, Target};
use crate::data::Design;
use crate::error::{Error, Result};
use crate::interval::normal;
use crate::linear::logistic::check_l2;
use crate::linear::solve::{Cholesky, at, packed};
use crate::model::same_ids;

/// Least share of the weight at which missing is told apart from the mean.
const MIN_MISSING_SHARE: f64 = 0.01;

/// One feature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GainLine {
    /// The feature.
    pub id: String,
    /// Least finite value seen; lower ones count as it.
    pub low: f64,
    /// Greatest finite value seen; higher ones count as it.
    pub high: f64,
    /// Mean of the position between `low` (0) and `high` (1).
    pub mean: f64,
    /// Standard deviation of that position; 0 where there is one value, or none: then the feature tells nothing.
    pub spread: f64,
    /// Effect per standard deviation.
    pub slope: f64,
    /// Effect added where the value is missing; `None` where that was too rare to tell, and the mean stands in.
    pub missing: Option<f64>,
}

/// The effect as a function of the features.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gains {
    /// Effect on a row with every value at its mean.
    pub intercept: f64,
    /// One a feature, in the order of the design.
    pub lines: Vec<GainLine>,
    /// Covariance by group of the intercept and, feature by feature, of the slope and the missing mark where there is one; lower half, row by row.
    pub covariance: Vec<f64>,
    /// Level of its intervals.
    pub level: f64,
    /// Rows it rests on.
    pub rows: u64,
    /// Where like was and was not treated, when it was learnt.
    pub overlap: Overlap,
}

impl GainLine {
    fn of(id: &str, x: &[f64], weight: &[f64]) -> Self {
        let finite = || x.iter().copied().filter(|v| v.is_finite());
        let (low, high) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
        let total: f64 = weight.iter().sum();
        let absent: f64 = x.iter().zip(weight).filter(|(v, _)| v.is_nan()).map(|(_, w)| w).sum();
        let told = absent > 0.0 && absent < total && absent >= MIN_MISSING_SHARE * total * (1.0 - 1e-9);
        let mut line = GainLine { id: id.to_owned(), low, high, mean: 0.0, spread: 0.0, slope: 0.0, missing: told.then_some(0.0) };
        if (high / 2.0 - low / 2.0) < f64::MIN_POSITIVE || low > high {
            (line.low, line.high) = (0.0, 0.0);
            return line;
        }
        let mean = |of: &dyn Fn(f64) -> f64| {
            x.iter().zip(weight).filter(|(v, _)| !v.is_nan()).map(|(v, w)| w * of(*v)).sum::<f64>() / (total - absent)
        };
        line.mean = mean(&|v| line.position(v));
        line.spread = mean(&|v| (line.position(v) - line.mean) * (line.position(v) - line.mean)).sqrt();
        line
    }

    /// Where a value lies between `low` and `high`; halves first, so that the widest range is still a number.
    fn position(&self, x: f64) -> f64 {
        (x.clamp(self.low, self.high) / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0)
    }

    /// Pushes the columns of one value.
    fn push(&self, x: f64, row: &mut Vec<f64>) {
        if self.spread > 0.0 {
            row.push(if x.is_nan() { 0.0 } else { (self.position(x) - self.mean) / self.spread });
        }
        if self.missing.is_some() {
            row.push(f64::from(u8::from(x.is_nan())));
        }
    }
}

impl CrossFit<'_> {
    /// Learns who gains more from the rows with overlap, with the penalty ½ `l2` Σ slope² against the sum of half squared errors: 1 is as if one
    /// more row of the mean had been seen.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an `l2` below 0; without penalty [`Error::Singular`].
    pub fn gains(&self, l2: f64) -> Result<Answer<Gains>> {
        check_l2(l2)?;
        self.overlap(Target::Everyone).unless(&self.limits, |overlap| self.project(l2, overlap))
    }

    fn project(&self, l2: f64, overlap: Overlap) -> Result<Gains> {
        let keep = self.keep(Target::Everyone);
        let kept: Vec<usize> = (0..self.study.len()).filter(|i| keep[*i]).collect();
        let (design, weight) = (self.study.set().design(), self.study.set().weight());
        let weights: Vec<f64> = kept.iter().map(|i| weight[*i]).collect();
        let column = |j: usize| kept.iter().map(|i| design.x()[(*i, j)]).collect::<Vec<f64>>();
        let lines = design.features().iter().enumerate().map(|(j, f)| GainLine::of(&f.id, &column(j), &weights)).collect();
        let mut gains = Gains { intercept: 0.0, lines, covariance: Vec::new(), level: self.limits.level, rows: kept.len() as u64, overlap };
        let rows: Vec<Vec<f64>> = (0..self.study.len()).map(|i| if keep[i] { gains.columns(design, i) } else { Vec::new() }).collect();
        let n = kept.first().map_or(1, |i| rows[*i].len());
        let (mut square, mut right) = (vec![0.0; packed(n)], vec![0.0; n]);
        for i in kept.iter().copied() {
            for a in 0..n {
                right[a] += weight[i] * rows[i][a] * self.gain(i);
                for b in 0..=a {
                    square[at(a, b)] += weight[i] * rows[i][a] * rows[i][b];
                }
            }
        }
        (1..n).for_each(|a| square[at(a, a)] += l2);
        let factor = Cholesky::new(&square, n).map_err(|column| Error::Singular { column })?;
        let beta = factor.solve(&right);
        let residual = |i: usize| weight[i] * (self.gain(i) - dot(&beta, &rows[i]));
        let scores: Vec<Vec<f64>> = (0..n).map(|a| by_group(self.study.group(), &keep, |i| residual(i) * rows[i][a])).collect();
        gains.covariance = sandwich(&factor, &scores, n);
        gains.place(&beta);
        Ok(gains)
    }
}

/// Σ over groups of (bread × score)(bread × score)ᵀ, with the factor G / (G − 1).
fn sandwich(factor: &Cholesky, scores: &[Vec<f64>], n: usize) -> Vec<f64> {
    let groups = scores.first().map_or(0, Vec::len);
    let few = groups as f64 / (groups as f64 - 1.0).max(1.0);
    let mut lower = vec![0.0; packed(n)];
    for g in 0..groups {
        let moved = factor.solve(&scores.iter().map(|column| column[g]).collect::<Vec<f64>>());
        for a in 0..n {
            for b in 0..=a {
                lower[at(a, b)] += few * moved[a] * moved[b];
            }
        }
    }
    lower
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).fold(0.0, |sum, (a, b)| sum + a * b)
}

impl Gains {
    /// The columns of a row, 1 for the intercept first.
    fn columns(&self, design: &Design, row: usize) -> Vec<f64> {
        let mut columns = vec![1.0];
        self.lines.iter().zip(design.x().row(row)).for_each(|(line, x)| line.push(*x, &mut columns));
        columns
    }

    /// Takes the coefficients apart.
    fn place(&mut self, beta: &[f64]) {
        let mut next = beta.iter().copied();
        self.intercept = next.next().unwrap_or(0.0);
        for line in &mut self.lines {
            if line.spread > 0.0 {
                line.slope = next.next().unwrap_or(0.0);
            }
            line.missing = line.missing.map(|_| next.next().unwrap_or(0.0));
        }
    }

    /// The coefficients put together again.
    fn beta(&self) -> Vec<f64> {
        let of = |line: &GainLine| (line.spread > 0.0).then_some(line.slope).into_iter().chain(line.missing);
        [self.intercept].into_iter().chain(self.lines.iter().flat_map(of)).collect()
    }

    /// The effect to expect on each row, with the interval of the projection: how sure the line is, not how far a row may lie off it.
    ///
    /// # Errors
    /// [`Error::Features`] if the design has other features than those trained on, or another order; [`Error::Contradiction`] if a hand has
    /// been at it.
    pub fn predict(&self, design: &Design) -> Result<Vec<Estimate>> {
        same_ids(design.features(), &self.lines.iter().map(|l| l.id.as_str()).collect::<Vec<_>>())?;
        let reach = normal::two_sided(self.level)?;
        let beta = self.beta();
        if self.covariance.len() != packed(beta.len()) {
            return Err(Error::Contradiction {
                what: format!("a covariance of {} entries for {} columns", self.covariance.len(), beta.len()),
            });
        }
        let predict = |row: usize| {
            let columns = self.columns(design, row);
            let mut variance = 0.0;
            for (a, x) in columns.iter().enumerate() {
                variance += columns[..a].iter().enumerate().map(|(b, y)| 2.0 * x * y * self.covariance[at(a, b)]).sum::<f64>();
                variance += x * x * self.covariance[at(a, a)];
            }
            Estimate::around(dot(&beta, &columns), variance.max(0.0).sqrt(), reach)
        };
        Ok((0..design.rows()).map(predict).collect())
    }
}
