//! Beta calibration: ln of the odds = a ln p − b ln(1 − p) + c (Kull, Silva Filho and Flach, *Beta calibration: a well-founded and easily
//! implemented improvement on logistic calibration for binary classifiers*, AISTATS 2017). With a = b it is Platt scaling; with a ≠ b low and
//! high predictions are stretched by different amounts: in log-odds z the slope runs from a (z low) to b (z high).
//!
//! As in [`super::Platt`], a and b are drawn towards 1 (a = b is drawn exactly as Platt's slope) and are nowhere below 0.05. The paper's bound
//! is 0, which would let the order of rows vanish at one end.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::platt::{LEAST_SLOPE, PULL, checked};
use crate::error::{Error, Result};
use crate::linear::link::{sigmoid, softplus};
use crate::linear::{Problem, newton};

/// Below this distance a secant is the slope half way.
const CLOSE: f64 = 1e-5;

/// calibrated log-odds = `a` ln p − `b` ln(1 − p) + `c`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beta {
    /// Slope of low log-odds, 0.05 or more.
    pub a: f64,
    /// Slope of high log-odds, 0.05 or more.
    pub b: f64,
    /// Log-odds added to all.
    pub c: f64,
    /// Covariance of a, b, c: lower half row by row; 0 for what was put to its bound.
    pub covariance: [f64; 6],
    /// Whether a or b was below 0.05 and was put there.
    pub floored: bool,
}

/// ln p and −ln(1 − p) of log-odds.
fn logs(z: f64) -> (f64, f64) {
    (-softplus(-z), softplus(z))
}

/// One way to hold a and b: each free, or at its bound.
struct Held {
    a: bool,
    b: bool,
}

impl Beta {
    /// Fits to log-odds, outcomes (0 to 1) and weights of held-out rows, one entry a row; the order of rows matters only to rounding.
    ///
    /// # Errors
    /// As [`super::Platt::fit`].
    pub fn fit(logit: &[f64], label: &[f64], weight: &[f64]) -> Result<Self> {
        let held = checked(logit, label, weight)?;
        let fit = |at: Held| Beta::held(&held, label, weight, &at);
        let (free, _) = fit(Held { a: false, b: false })?;
        if free.a >= LEAST_SLOPE && free.b >= LEAST_SLOPE {
            return Ok(free);
        }
        // The objective is convex: the best with bounds is the best of the faces that keep them.
        let (mut best, mut least) = fit(Held { a: true, b: true })?;
        for at in [Held { a: true, b: false }, Held { a: false, b: true }] {
            let (face, objective) = fit(at)?;
            if face.a >= LEAST_SLOPE && face.b >= LEAST_SLOPE && objective < least {
                (best, least) = (face, objective);
            }
        }
        Ok(best)
    }

    /// The best with some of a and b at their bound, and its objective.
    fn held(logit: &[f64], label: &[f64], weight: &[f64], at: &Held) -> Result<(Beta, f64)> {
        let start = |held: bool| if held { LEAST_SLOPE } else { 1.0 };
        let (mut a, mut b) = (start(at.a), start(at.b));
        let offset: Vec<f64> = logit.iter().map(|z| a * logs(*z).0 + b * logs(*z).1).collect();
        let columns: Vec<fn((f64, f64)) -> f64> =
            [(at.a, (|l| l.0) as fn((f64, f64)) -> f64), (at.b, |l| l.1)].into_iter().filter(|(held, _)| !held).map(|(_, of)| of).collect();
        let z = Array2::from_shape_fn((logit.len(), columns.len()), |(i, j)| columns[j](logs(logit[i])));
        // Half of Platt's pull on each: together, where they are equal, it is Platt's.
        let l2 = PULL / 2.0;
        let fitted = newton(&Problem { z: &z, label, weight, offset: Some(&offset), l2 }, None)?;
        let inverse = fitted.factor.inverse();
        let entry = |i: usize, j: usize| inverse[i.max(j) * (i.max(j) + 1) / 2 + i.min(j)];
        // Place of a and b among the coefficients; the shift is first.
        let place = [(!at.a).then_some(1), (!at.b).then_some(if at.a { 1 } else { 2 }), Some(0)];
        a += place[0].map_or(0.0, |i| fitted.beta[i]);
        b += place[1].map_or(0.0, |i| fitted.beta[i]);
        let mut covariance = [0.0; 6];
        for i in 0..3 {
            for j in 0..=i {
                covariance[i * (i + 1) / 2 + j] = place[i].zip(place[j]).map_or(0.0, |(i, j)| entry(i, j));
            }
        }
        let fixed = [at.a, at.b].iter().filter(|held| **held).count() as f64;
        let objective = fitted.report.objective + fixed * 0.5 * l2 * (1.0 - LEAST_SLOPE) * (1.0 - LEAST_SLOPE);
        Ok((Beta { a, b, c: fitted.beta[0], covariance, floored: at.a || at.b }, objective))
    }

    /// Calibrated log-odds.
    pub fn apply(&self, logit: f64) -> f64 {
        let (low, high) = logs(logit);
        self.a * low + self.b * high + self.c
    }

    /// Calibrated log-odds at `to` less those at `from`, over their distance; where both are one, the slope there.
    pub(super) fn secant(&self, from: f64, to: f64) -> f64 {
        if (to - from).abs() < CLOSE {
            let middle = from + 0.5 * (to - from);
            return self.a * sigmoid(-middle) + self.b * sigmoid(middle);
        }
        let (x, y) = (logs(from), logs(to));
        (self.a * (y.0 - x.0) + self.b * (y.1 - x.1)) / (to - from)
    }

    /// Standard error that the calibration itself adds at these log-odds.
    pub fn standard_error(&self, logit: f64) -> f64 {
        let (low, high) = logs(logit);
        let [aa, ab, bb, ac, bc, cc] = self.covariance;
        let squares = low * low * aa + high * high * bb + cc;
        (squares + 2.0 * (low * high * ab + low * ac + high * bc)).max(0.0).sqrt()
    }

    /// # Errors
    /// [`Error::Contradiction`] if it turns the order of rows round.
    pub(super) fn check(&self) -> Result<()> {
        let finite = [self.a, self.b, self.c].iter().chain(&self.covariance).all(|x| x.is_finite());
        if finite && self.a > 0.0 && self.b > 0.0 {
            return Ok(());
        }
        Err(Error::Contradiction { what: format!("beta calibration of slopes {} and {} and shift {}", self.a, self.b, self.c) })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    /// Shares as labels: the known map without noise.
    fn known(a: f64, b: f64, c: f64) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let logit: Vec<f64> = (0..4001).map(|i| f64::from(i) / 500.0 - 4.0).collect();
        let truth = Beta { a, b, c, covariance: [0.0; 6], floored: false };
        let label = logit.iter().map(|x| sigmoid(truth.apply(*x))).collect();
        (logit, label, vec![1000.0; 4001])
    }

    #[test]
    fn two_slopes_and_a_shift_come_back() {
        let (logit, label, weight) = known(0.5, 1.7, -0.3);
        let beta = Beta::fit(&logit, &label, &weight).unwrap();
        assert!((beta.a - 0.5).abs() < 1e-4 && (beta.b - 1.7).abs() < 1e-4 && (beta.c + 0.3).abs() < 1e-4, "{beta:?}");
        assert!(!beta.floored && beta.standard_error(1.0) > 0.0);
    }

    #[test]
    fn with_equal_slopes_it_is_platt() {
        let (logit, label, weight) = known(0.6, 0.6, 0.4);
        let (beta, platt) = (Beta::fit(&logit, &label, &weight).unwrap(), super::super::Platt::fit(&logit, &label, &weight).unwrap());
        for z in [-6.0, -1.0, 0.0, 0.5, 9.0] {
            assert!((beta.apply(z) - (platt.slope * z + platt.shift)).abs() < 1e-4);
        }
    }

    #[test]
    fn a_slope_below_its_bound_stays_there_and_the_rest_is_the_best_that_is_left() {
        for (a, b, c) in [(-0.4, 1.2, 0.1), (1.2, -0.4, 0.1), (-0.3, -0.6, 0.2)] {
            let (logit, label, weight) = known(a, b, c);
            let beta = Beta::fit(&logit, &label, &weight).unwrap();
            assert!(beta.floored && beta.a >= LEAST_SLOPE && beta.b >= LEAST_SLOPE, "{beta:?}");
            let objective = |a: f64, b: f64, c: f64| {
                let one = Beta { a, b, c, covariance: [0.0; 6], floored: false };
                let rows = logit.iter().zip(&label).map(|(z, y)| softplus(one.apply(*z)) - y * one.apply(*z));
                1000.0 * rows.sum::<f64>() + 0.5 * PULL / 2.0 * ((a - 1.0) * (a - 1.0) + (b - 1.0) * (b - 1.0))
            };
            let here = objective(beta.a, beta.b, beta.c);
            for (da, db, dc) in
                [(0.01, 0.0, 0.0), (0.0, 0.01, 0.0), (-0.01, 0.0, 0.0), (0.0, -0.01, 0.0), (0.0, 0.0, 0.01), (0.0, 0.0, -0.01)]
            {
                let (a, b) = (beta.a + da, beta.b + db);
                assert!(a < LEAST_SLOPE || b < LEAST_SLOPE || objective(a, b, beta.c + dc) >= here, "{beta:?}: better at {a} {b}");
            }
        }
    }

    #[test]
    fn a_secant_is_the_rise_over_the_run_however_short() {
        let beta = Beta { a: 0.4, b: 1.6, c: 0.0, covariance: [0.0; 6], floored: false };
        for from in [-8.0, 0.3, 5.0] {
            for run in [-3.0, 1e-3, 2e-5, 9e-6, 1e-12, 0.0] {
                let slope = beta.secant(from, from + run);
                assert!((slope * run - (beta.apply(from + run) - beta.apply(from))).abs() < 1e-14 && slope > 0.4 - 1e-9 && slope < 1.6);
            }
        }
    }
}
