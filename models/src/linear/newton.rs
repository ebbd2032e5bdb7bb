//! Weighted logistic regression with an L2 penalty, by Newton steps.
//!
//! The sums over rows run in blocks of [`BLOCK`] rows: threads share out the blocks, and the blocks are added in their order, so the number of
//! threads never changes a bit. Labels may be shares between 0 and 1 (quasi-likelihood: McCullagh and Nelder, *Generalized Linear Models*,
//! 1989, chapter 9).

use ndarray::Array2;
use rayon::prelude::*;

use super::Convergence;
use super::link::{sigmoid, softplus};
use super::solve::{Cholesky, at, packed};
use crate::error::{Error, Result};

/// Rows per block: part of what a result is, never to be tuned to a machine.
const BLOCK: usize = 4096;
/// Data that can be told apart without error, and no penalty, need e-fold steps for ever; all else settles in about six.
const MOST_STEPS: u32 = 35;
/// Stop after the step whose Newton decrement, per unit of weight, is this small: the error left behind is of its square.
const SETTLED: f64 = 1e-18;

/// What to fit. Column 0 of the answer is the intercept, never penalised; column 1 + j belongs to column j of `z`.
pub(crate) struct Problem<'a> {
    /// Rows × columns, finite.
    pub z: &'a Array2<f64>,
    /// Labels, 0 to 1.
    pub label: &'a [f64],
    /// Weights, above 0.
    pub weight: &'a [f64],
    /// Log-odds known beforehand, one a row.
    pub offset: Option<&'a [f64]>,
    /// Penalty: ½ l2 Σ coefficient².
    pub l2: f64,
}

/// The optimum.
pub(crate) struct Solution {
    /// Intercept, then one a column.
    pub beta: Vec<f64>,
    /// Factor of the penalised Hessian there.
    pub factor: Cholesky,
    pub report: Convergence,
}

/// Sums over rows at one point.
struct Sums {
    objective: f64,
    gradient: Vec<f64>,
    /// Packed lower half.
    hessian: Vec<f64>,
}

/// Minimises Σ weight × negative log-likelihood + ½ l2 Σ coefficient², from `start` (intercept, then one a column) or from zero.
///
/// # Errors
/// [`Error::Singular`] for dependent columns without penalty, [`Error::NotConverged`] for data without a finite optimum.
pub(crate) fn newton(problem: &Problem<'_>, start: Option<Vec<f64>>) -> Result<Solution> {
    let n = problem.z.ncols() + 1;
    let total: f64 = problem.weight.iter().sum();
    let mut beta = start.unwrap_or_else(|| vec![0.0; n]);
    let mut here = problem.sums(&beta);
    for iterations in 1..=MOST_STEPS {
        let factor = Cholesky::new(&here.hessian, n).map_err(|column| Error::Singular { column })?;
        let step = factor.solve(&here.gradient);
        let decrement: f64 = step.iter().zip(&here.gradient).map(|(s, g)| s * g).sum();
        let (next, sums) = problem.descend(&beta, &step, here.objective);
        (beta, here) = (next, sums);
        if decrement <= SETTLED * total {
            let factor = Cholesky::new(&here.hessian, n).map_err(|column| Error::Singular { column })?;
            let report = Convergence { iterations, fits: 1, objective: here.objective, gradient: here.steepest() / total };
            return Ok(Solution { beta, factor, report });
        }
    }
    Err(Error::NotConverged { iterations: MOST_STEPS, gradient: here.steepest() / total, l2: problem.l2 })
}

/// `beta`, found elsewhere, with what else a solution says; refused unless it is the optimum to `tolerance`, the greatest absolute entry of the
/// gradient per unit of weight.
///
/// # Errors
/// As [`newton`].
pub(crate) fn settled(problem: &Problem<'_>, beta: Vec<f64>, (tolerance, iterations): (f64, u32)) -> Result<Solution> {
    let here = problem.sums(&beta);
    let total: f64 = problem.weight.iter().sum();
    let gradient = here.steepest() / total;
    // A greatest entry passes over NaN; the objective does not.
    if here.objective.is_nan() || gradient > tolerance {
        return Err(Error::NotConverged { iterations, gradient, l2: problem.l2 });
    }
    let factor = Cholesky::new(&here.hessian, beta.len()).map_err(|column| Error::Singular { column })?;
    Ok(Solution { beta, factor, report: Convergence { iterations: 0, fits: 1, objective: here.objective, gradient } })
}

impl Sums {
    fn zero(n: usize) -> Self {
        Sums { objective: 0.0, gradient: vec![0.0; n], hessian: vec![0.0; packed(n)] }
    }

    fn add(&mut self, other: &Sums) {
        self.objective += other.objective;
        self.gradient.iter_mut().zip(&other.gradient).for_each(|(a, b)| *a += b);
        self.hessian.iter_mut().zip(&other.hessian).for_each(|(a, b)| *a += b);
    }

    fn steepest(&self) -> f64 {
        self.gradient.iter().fold(0.0, |most, g| most.max(g.abs()))
    }
}

impl Problem<'_> {
    /// Half steps until the objective no longer grows (beyond rounding); the smallest step tried is taken as it is.
    fn descend(&self, beta: &[f64], step: &[f64], objective: f64) -> (Vec<f64>, Sums) {
        let mut length = 1.0;
        loop {
            let next: Vec<f64> = beta.iter().zip(step).map(|(b, s)| b - length * s).collect();
            let sums = self.sums(&next);
            if sums.objective <= objective + 1e-12 * objective.abs() || length < 1e-9 {
                return (next, sums);
            }
            length *= 0.5;
        }
    }

    /// Objective, gradient and Hessian at `beta`, penalty included.
    fn sums(&self, beta: &[f64]) -> Sums {
        let rows = self.z.nrows();
        let starts: Vec<usize> = (0..rows).step_by(BLOCK).collect();
        let blocks: Vec<Sums> = starts.into_par_iter().map(|from| self.block(beta, from, (from + BLOCK).min(rows))).collect();
        let mut sums = Sums::zero(beta.len());
        blocks.iter().for_each(|block| sums.add(block));
        for (i, b) in beta.iter().enumerate().skip(1) {
            sums.objective += 0.5 * self.l2 * b * b;
            sums.gradient[i] += self.l2 * b;
            sums.hessian[at(i, i)] += self.l2;
        }
        sums
    }

    fn block(&self, beta: &[f64], from: usize, to: usize) -> Sums {
        let n = beta.len();
        let mut sums = Sums::zero(n);
        let mut row = vec![1.0; n];
        for r in from..to {
            row[1..].iter_mut().zip(self.z.row(r)).for_each(|(to, from)| *to = *from);
            let eta = self.eta(beta, &row, r);
            let (y, w) = (self.label[r], self.weight[r]);
            let p = sigmoid(eta);
            sums.objective += w * (softplus(eta) - y * eta);
            let (slope, bend) = (w * (p - y), w * p * (1.0 - p));
            for i in 0..n {
                sums.gradient[i] += slope * row[i];
                let scaled = bend * row[i];
                let line = at(i, 0);
                sums.hessian[line..=line + i].iter_mut().zip(&row).for_each(|(h, v)| *h += scaled * v);
            }
        }
        sums
    }

    /// Log-odds of row `r`, whose values (1 for the intercept first) are `row`.
    fn eta(&self, beta: &[f64], row: &[f64], r: usize) -> f64 {
        let known = self.offset.map_or(0.0, |offset| offset[r]);
        beta.iter().zip(row).fold(known, |sum, (b, v)| sum + b * v)
    }

    /// The score of each row at `beta` (weight × (label − p)), for robust covariances.
    pub fn residuals(&self, beta: &[f64]) -> Vec<f64> {
        let mut row = vec![1.0; beta.len()];
        let residual = |r: usize| {
            row[1..].iter_mut().zip(self.z.row(r)).for_each(|(to, from)| *to = *from);
            self.weight[r] * (self.label[r] - sigmoid(self.eta(beta, &row, r)))
        };
        (0..self.z.nrows()).map(residual).collect()
    }
}
