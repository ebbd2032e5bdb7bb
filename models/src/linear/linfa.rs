//! The logistic regression of linfa, as a challenger to ours: the same columns, another solver (L-BFGS), and a model of the same form.
//!
//! Its traps are handled here. Its positive class is the more frequent one, so coefficients turn their signs where good rows are the majority:
//! its labels are read. It takes weights and ignores them, so they are not declared. Told to come too near, it never returns: it is stopped where
//! the objective still tells points apart. It says nothing of an optimum that it did not reach: the
//! gradient is looked at here, and what has not settled is refused.

use linfa::Dataset;
use linfa::traits::Fit;
use linfa_logistic::LogisticRegression;
use ndarray::Array1;
use serde::{Deserialize, Serialize};

use super::link::logit;
use super::logistic::{Columns, LogisticParams};
use super::newton::{Problem, settled};
use crate::algorithm::{Algorithm, Traits};
use crate::data::TrainingSet;
use crate::error::{Error, Result};
use crate::model::Model;

/// Steps of its solver, at most.
const MOST_STEPS: u32 = 300;
/// Norm of the gradient, per row, at which its solver is told to stop. Not nearer: below some 1e-8 the objective no longer changes in its last
/// digit, and its line search (argmin's, which has no limit of its own) goes on for ever.
const STOPS: f64 = 2e-6;
/// Greatest entry of the gradient, per row, that is taken for an optimum.
const REFUSED: f64 = 1e-5;

/// How to fit it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LinfaParams {
    /// As [`LogisticParams::l2`], but above 0: without a penalty its solver does not stop where classes can be told apart.
    pub l2: f64,
    /// As [`LogisticParams::min_missing_share`].
    pub min_missing_share: f64,
}

impl Default for LinfaParams {
    fn default() -> Self {
        let LogisticParams { l2, min_missing_share } = LogisticParams::default();
        LinfaParams { l2, min_missing_share }
    }
}

impl Algorithm for LinfaParams {
    fn name(&self) -> &'static str {
        "linfa"
    }

    fn traits(&self) -> Traits {
        Traits {
            weights: false,
            shares: false,
            offsets: false,
            monotone: false,
            categories: false,
            additive: true,
            scale_free: true,
            standard_error: true,
        }
    }

    fn check(&self) -> Result<()> {
        if !(self.l2 > 0.0 && self.l2.is_finite()) {
            return Err(Error::Parameter { name: "l2", found: self.l2, expected: "above 0 and finite" });
        }
        LogisticParams { l2: self.l2, min_missing_share: self.min_missing_share }.check()
    }

    fn fit(&self, set: &TrainingSet, _seed: u64) -> Result<Model> {
        let mut columns = Columns::of(set, self.min_missing_share);
        let z = std::mem::take(&mut columns.z);
        // All weights are one number; the penalty is against the sum of weighted losses.
        let l2 = self.l2 / set.weight()[0];
        let beta = if z.ncols() == 0 { vec![base_rate(set)] } else { solve(z.clone(), set.label(), l2)? };
        let problem = Problem { z: &z, label: set.label(), weight: set.weight(), offset: None, l2: self.l2 };
        let solution = settled(&problem, beta, (REFUSED, MOST_STEPS))?;
        let all: Vec<usize> = (0..z.ncols()).collect();
        Ok(Model::Linfa(columns.model(&problem, &solution, &all, set.group())))
    }
}

/// Log-odds of all rows: its solver wants a column.
fn base_rate(set: &TrainingSet) -> f64 {
    logit(set.label().iter().sum::<f64>() / set.rows() as f64)
}

/// Intercept and coefficients of a good label.
fn solve(z: ndarray::Array2<f64>, label: &[f64], l2: f64) -> Result<Vec<f64>> {
    let rows = z.nrows() as f64;
    let good: Array1<bool> = label.iter().map(|y| *y == 1.0).collect();
    let solver = LogisticRegression::default().alpha(l2).max_iterations(u64::from(MOST_STEPS)).gradient_tolerance(STOPS * rows);
    let fitted = solver.fit(&Dataset::new(z, good)).map_err(|error| Error::Challenger { name: "linfa", reason: error.to_string() })?;
    let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
    Ok([fitted.intercept()].into_iter().chain(fitted.params().iter().copied()).map(|b| sign * b).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn an_answer_that_is_no_optimum_is_refused() {
        let z = ndarray::Array2::from_shape_fn((40, 1), |(i, _)| (i as f64 - 19.5) / 11.5);
        let label: Vec<f64> = (0..40).map(|i| f64::from(u8::from(i % 3 > 0 || i > 20))).collect();
        let problem = Problem { z: &z, label: &label, weight: &[1.0; 40], offset: None, l2: 1.0 };
        let optimum = solve(z.clone(), &label, 1.0).unwrap();
        assert!(settled(&problem, optimum.clone(), (REFUSED, MOST_STEPS)).is_ok());
        for moved in [vec![optimum[0] + 1e-3, optimum[1]], vec![optimum[0], f64::NAN]] {
            assert!(matches!(settled(&problem, moved, (REFUSED, MOST_STEPS)), Err(Error::NotConverged { iterations: MOST_STEPS, .. })));
        }
    }
}
