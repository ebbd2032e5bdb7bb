//! Centred isotonic regression as a calibration: any rising shape, and no steps (Oron and Flournoy, *Centered isotonic regression: point and
//! interval estimation for dose-response studies*, Statistics in Biopharmaceutical Research 2017).
//!
//! Plain isotonic regression makes steps: rows of one step lose their order, and an explanation of them has nothing to say. Here each step
//! shrinks to its centre, and between centres log-odds run straight: rows keep their order. Steps of fewer than 50 rows join their neighbour,
//! one imaginary row at the base rate holds each off 0 and 1, and nowhere, the ends included, is the slope below 0.05 (as in
//! [`super::Platt`]).

use serde::{Deserialize, Serialize};

use super::isotonic::{Block, blocks, pool};
use super::platt::{FARTHEST, LEAST_SLOPE, checked};
use crate::error::{Error, Result};
use crate::linear::link::logit as log_odds;

/// Least weight of a step.
const FEWEST: f64 = 50.0;
/// Weight of the imaginary row in each step.
const IMAGINARY: f64 = 1.0;
/// Two centres nearer than this are one.
const APART: f64 = 1e-9;

/// A rising line from knot to knot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Centred {
    /// Log-odds of the model at each knot, ascending.
    pub x: Vec<f64>,
    /// Calibrated log-odds there, ascending; beyond the ends the line goes on with slope 0.05.
    pub y: Vec<f64>,
    /// Standard error of each `y`.
    pub error: Vec<f64>,
}

impl Centred {
    /// Fits to log-odds, outcomes (0 to 1) and weights of held-out rows, one entry a row, in any order.
    ///
    /// # Errors
    /// As [`super::Platt::fit`].
    pub fn fit(logit: &[f64], label: &[f64], weight: &[f64]) -> Result<Self> {
        let held = checked(logit, label, weight)?;
        let mut steps = heavy(blocks(&held, label, weight));
        let (all, good) = steps.iter().fold((0.0, 0.0), |(all, good), step| (all + step.weight, good + step.sum));
        for step in &mut steps {
            // The imaginary row lies at the centre of its step, which it does not move.
            let (centre, weight) = (step.sum_x / step.weight, step.weight + IMAGINARY);
            *step = Block { sum: step.sum + IMAGINARY * (good / all), sum_x: centre * weight, weight, low: centre, high: centre };
        }
        let mut fitted = Centred { x: Vec::new(), y: Vec::new(), error: Vec::new() };
        // A light step is drawn farther than a heavy one: pooled again, so that values rise.
        for step in pool(steps) {
            let x = step.sum_x / step.weight;
            let mut y = log_odds(step.value()).clamp(-FARTHEST, FARTHEST);
            if let (Some(x0), Some(y0)) = (fitted.x.last(), fitted.y.last()) {
                if x - x0 < APART {
                    continue;
                }
                y = y.max(y0 + LEAST_SLOPE * (x - x0));
            }
            let rate = step.value().clamp(1e-15, 1.0 - 1e-15);
            fitted.x.push(x);
            fitted.y.push(y);
            fitted.error.push(1.0 / (step.weight * rate * (1.0 - rate)).sqrt());
        }
        Ok(fitted)
    }

    /// Calibrated log-odds.
    pub fn apply(&self, logit: f64) -> f64 {
        let above = self.x.partition_point(|knot| *knot < logit);
        let on = |i: usize| Some((*self.x.get(i)?, *self.y.get(i)?));
        match (above.checked_sub(1).and_then(on), on(above)) {
            (Some((x0, y0)), Some((x1, y1))) => y0 + (y1 - y0) * ((logit - x0) / (x1 - x0)),
            (Some((x, y)), None) | (None, Some((x, y))) => y + LEAST_SLOPE * (logit - x),
            (None, None) => logit,
        }
    }

    /// As [`super::Beta::secant`]: the mean of the slopes on the way, each by its length.
    pub(super) fn secant(&self, from: f64, to: f64) -> f64 {
        let (low, high) = (from.min(to), from.max(to));
        let (first, last) = (self.x.partition_point(|x| *x <= low), self.x.partition_point(|x| *x < high));
        if first >= last {
            return self.slope(first);
        }
        let (mut rise, mut at) = (0.0, low);
        for i in first..last {
            rise += self.slope(i) * (self.x[i] - at);
            at = self.x[i];
        }
        (rise + self.slope(last) * (high - at)) / (high - low)
    }

    /// Slope between knots `i` − 1 and `i`.
    fn slope(&self, i: usize) -> f64 {
        match i.checked_sub(1) {
            Some(below) if i < self.x.len() => (self.y[i] - self.y[below]) / (self.x[i] - self.x[below]),
            _ => LEAST_SLOPE,
        }
    }

    /// Standard error that the calibration itself adds at these log-odds: straight between knots.
    pub fn standard_error(&self, logit: f64) -> f64 {
        let above = self.x.partition_point(|knot| *knot < logit);
        let on = |i: usize| Some((*self.x.get(i)?, *self.error.get(i)?));
        match (above.checked_sub(1).and_then(on), on(above)) {
            (Some((x0, e0)), Some((x1, e1))) => e0 + (e1 - e0) * ((logit - x0) / (x1 - x0)),
            (Some((_, e)), None) | (None, Some((_, e))) => e,
            (None, None) => 0.0,
        }
    }

    /// # Errors
    /// [`Error::Contradiction`] if it is no rising line.
    pub(super) fn check(&self) -> Result<()> {
        let rising = |xs: &[f64]| xs.iter().all(|x| x.is_finite()) && xs.windows(2).all(|pair| pair[0] < pair[1]);
        let whole = !self.x.is_empty() && self.y.len() == self.x.len() && self.error.len() == self.x.len();
        if whole && rising(&self.x) && rising(&self.y) && self.error.iter().all(|e| *e >= 0.0 && e.is_finite()) {
            return Ok(());
        }
        Err(Error::Contradiction { what: format!("isotonic calibration of {} knots does not rise", self.x.len()) })
    }
}

/// Joins light blocks to the one below until each is heavy enough; what is left over joins the last.
fn heavy(blocks: Vec<Block>) -> Vec<Block> {
    let mut steps: Vec<Block> = Vec::new();
    for block in blocks {
        match steps.last_mut() {
            // Allow for rounding, so that a row of weight 2 and a row given twice fall alike.
            Some(open) if open.weight < FEWEST * (1.0 - 1e-9) => open.join(&block),
            _ => steps.push(block),
        }
    }
    if let Some(rest) = steps.pop_if(|step| step.weight < FEWEST * (1.0 - 1e-9)) {
        match steps.last_mut() {
            Some(last) => last.join(&rest),
            None => steps.push(rest),
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::linear::link::sigmoid;

    #[test]
    fn steps_shrink_to_their_centres() {
        // 100 rows at each of −2, 0, 1, 3 with rates 0.2, 0.6, 0.4, 0.9: the middle two violate and pool to 0.5 at their centre, 0.5.
        let mut rows = (vec![], vec![], vec![]);
        for (x, rate) in [(3.0, 0.9), (-2.0, 0.2), (1.0, 0.4), (0.0, 0.6)] {
            for (label, share) in [(1.0, rate), (0.0, 1.0 - rate)] {
                rows.0.push(x);
                rows.1.push(label);
                rows.2.push(100.0 * share);
            }
        }
        let fit = Centred::fit(&rows.0, &rows.1, &rows.2).unwrap();
        let base = 210.0 / 400.0;
        let smoothed = |good: f64, n: f64| log_odds((good + base) / (n + 1.0));
        assert_eq!(fit.x, [-2.0, 0.5, 3.0]);
        for (got, wanted) in fit.y.iter().zip([smoothed(20.0, 100.0), smoothed(100.0, 200.0), smoothed(90.0, 100.0)]) {
            assert!((got - wanted).abs() < 1e-12);
        }
        let half_way = 0.5 * (fit.y[0] + fit.y[1]);
        assert!((fit.apply(-0.75) - half_way).abs() < 1e-12);
        assert!((fit.apply(5.0) - (fit.y[2] + 0.1)).abs() < 1e-12 && (fit.apply(-4.0) - (fit.y[0] - 0.1)).abs() < 1e-12);
        let rate = sigmoid(fit.y[0]);
        assert!((fit.standard_error(-9.0) - 1.0 / (101.0 * rate * (1.0 - rate)).sqrt()).abs() < 1e-12);
        fit.check().unwrap();
    }

    #[test]
    fn steps_that_the_imaginary_row_turns_round_are_one_and_flat_ones_are_tilted() {
        // 0.95 of 5,000 and 0.96 of 50: drawn to the base of 0.18, the light one falls below the heavy one.
        // Where, how many, at what rate.
        let rows = |parts: &[(f64, f64, f64)]| {
            let x = parts.iter().flat_map(|p| [p.0; 2]).collect::<Vec<f64>>();
            let weight = parts.iter().flat_map(|p| [p.1 * p.2, p.1 * (1.0 - p.2)]).collect::<Vec<f64>>();
            (x, [1.0, 0.0].repeat(parts.len()), weight)
        };
        let (x, y, w) = rows(&[(-1.0, 50_000.0, 0.1), (0.0, 5_000.0, 0.95), (1.0, 50.0, 0.96)]);
        let fit = Centred::fit(&x, &y, &w).unwrap();
        assert!(fit.x.len() == 2 && (fit.x[1] - 51.0 / 5052.0).abs() < 1e-12, "{fit:?}");
        let (x, y, w) = rows(&[(-1.0, 5_000.0, 0.5), (1.0, 5_000.0, 0.501)]);
        let fit = Centred::fit(&x, &y, &w).unwrap();
        assert!((fit.apply(1.0) - fit.apply(-1.0) - 2.0 * LEAST_SLOPE).abs() < 1e-12, "{fit:?}");
    }

    #[test]
    fn no_step_is_light_and_none_is_lost() {
        let logit: Vec<f64> = (0..1037).map(|i| f64::from(i) / 100.0).collect();
        let label: Vec<f64> = (0..1037).map(|i| f64::from(i) / 1040.0).collect();
        let fit = Centred::fit(&logit, &label, &[1.0; 1037]).unwrap();
        assert_eq!(fit.x.len(), 20, "1,037 rows in steps of 50, the rest in the last");
        assert!(fit.y.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn one_outcome_at_an_end_stays_finite_and_a_model_that_tells_nothing_is_flat() {
        let logit: Vec<f64> = (0..400).map(|i| f64::from(i) / 100.0 - 2.0).collect();
        let label: Vec<f64> = (0..400).map(|i| f64::from(u8::from(i >= 200))).collect();
        let fit = Centred::fit(&logit, &label, &[1.0; 400]).unwrap();
        assert!(fit.apply(-2.0) > -10.0 && fit.apply(2.0) < 10.0);
        let turned: Vec<f64> = label.iter().map(|y| 1.0 - y).collect();
        let flat = Centred::fit(&logit, &turned, &[1.0; 400]).unwrap();
        assert_eq!(flat.x.len(), 1);
        assert!((flat.secant(-2.0, 2.0) - LEAST_SLOPE).abs() < 1e-15 && flat.apply(flat.x[0]).abs() < 1e-12);
    }

    #[test]
    fn a_secant_is_the_rise_over_the_run() {
        let line = Centred { x: vec![-1.0, 0.0, 2.0], y: vec![-3.0, 0.5, 1.0], error: vec![0.1; 3] };
        for from in [-4.0, -1.0, -0.5, 0.0, 1.0, 2.0, 3.0] {
            for to in [-3.0, -1.0, -0.2, 0.0, 0.1, 2.0, 2.5] {
                let rise = line.apply(to) - line.apply(from);
                assert!((line.secant(from, to) * (to - from) - rise).abs() < 1e-13, "{from} {to}");
            }
        }
        assert!((line.secant(-0.5, -0.5) - 3.5).abs() < 1e-15);
    }
}
