//! How far fitted coefficients could be off.
//!
//! Rows of one group are repeats of one subject, so they are not independent: the covariance is the sandwich summed by group (Liang and Zeger,
//! *Longitudinal data analysis using generalized linear models*, 1986), with the factor G / (G − 1). With few groups the sandwich is too
//! narrow; then the inverse Hessian, that of independent rows, stands in its place. What the choice of bins adds is not counted.

use serde::{Deserialize, Serialize};

use super::newton::{Problem, Solution};
use super::solve::{at, packed};
use crate::error::{Error, Result};

/// Fewest groups, and fewest groups a coefficient, from which the sandwich is trusted.
const FEWEST_GROUPS: (usize, usize) = (50, 5);

/// Where a covariance comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Spread {
    /// Sandwich by group.
    Robust,
    /// Inverse Hessian: too few groups for the sandwich.
    Model,
}

/// Covariance of the fitted coefficients: intercept first, then the columns the model kept, in its own order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Covariance {
    /// Where it comes from.
    pub spread: Spread,
    /// Number of groups seen.
    pub groups: u64,
    /// Lower half, row by row: entry (i, j), j <= i, at i(i+1)/2 + j.
    pub lower: Vec<f64>,
}

impl Covariance {
    /// The covariance of a fit whose rows lie group by group.
    pub(crate) fn of(problem: &Problem<'_>, solution: &Solution, group: &[String]) -> Self {
        let n = solution.beta.len();
        let bread = solution.factor.inverse();
        let scores = scores_by_group(problem, &solution.beta, group);
        let groups = scores.len();
        let (least, each) = FEWEST_GROUPS;
        if groups < least.max(each * n) {
            return Covariance { spread: Spread::Model, groups: groups as u64, lower: bread };
        }
        // bread × (Σ s sᵀ) × bread = Σ (bread s)(bread s)ᵀ, one group at a time.
        let mut lower = vec![0.0; packed(n)];
        let few = groups as f64 / (groups as f64 - 1.0);
        for score in &scores {
            let moved = solution.factor.solve(score);
            for i in 0..n {
                for j in 0..=i {
                    lower[at(i, j)] += few * moved[i] * moved[j];
                }
            }
        }
        Covariance { spread: Spread::Robust, groups: groups as u64, lower }
    }

    /// Standard error of coefficient `i`.
    pub(crate) fn error(&self, i: usize) -> f64 {
        self.lower.get(at(i, i)).map_or(f64::NAN, |variance| variance.max(0.0).sqrt())
    }

    /// Standard error of the log-odds of a row, whose columns are `row` (1 for the intercept first).
    pub(crate) fn standard_error(&self, row: &[f64]) -> f64 {
        let mut variance = 0.0;
        for (i, a) in row.iter().enumerate() {
            for (j, b) in row[..i].iter().enumerate() {
                variance += 2.0 * a * b * self.lower[at(i, j)];
            }
            variance += a * a * self.lower[at(i, i)];
        }
        variance.max(0.0).sqrt()
    }

    /// # Errors
    /// [`Error::Contradiction`] unless it is that of `n` coefficients.
    pub(crate) fn check(&self, n: usize) -> Result<()> {
        if self.lower.len() == packed(n) {
            return Ok(());
        }
        Err(Error::Contradiction { what: format!("a covariance of {} entries for {n} coefficients", self.lower.len()) })
    }
}

/// Sum of the scores of each group, in order.
fn scores_by_group(problem: &Problem<'_>, beta: &[f64], group: &[String]) -> Vec<Vec<f64>> {
    let mut scores: Vec<Vec<f64>> = Vec::new();
    for (r, residual) in problem.residuals(beta).into_iter().enumerate() {
        if r == 0 || group[r] != group[r - 1] {
            scores.push(vec![0.0; beta.len()]);
        }
        if let Some(sum) = scores.last_mut() {
            sum[0] += residual;
            sum[1..].iter_mut().zip(problem.z.row(r)).for_each(|(s, v)| *s += residual * v);
        }
    }
    scores
}
