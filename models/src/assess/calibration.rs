//! Whether predictions mean what they say.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::{Row, Scored};
use crate::calibrate::Isotonic;
use crate::error::Result;
use crate::linear::link::logit;
use crate::linear::{Problem, newton};

/// Predictions of 0 and 1 count as this far from them where a logarithm is taken.
const EDGE: f64 = 1e-12;
/// Bins of the expected calibration error.
const BINS: usize = 10;

/// Brier score = `miscalibration` − `discrimination` + `uncertainty`, exactly, and without bins to choose: the predictions are held against
/// their own isotonic recalibration (CORP: Dimitriadis, Gneiting and Jordan, *Stable reliability diagrams for probabilistic classifiers*,
/// PNAS 2021).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrierParts {
    /// What perfect calibration would save; 0 is best.
    pub miscalibration: f64,
    /// What telling rows apart saves against the base rate; more is better.
    pub discrimination: f64,
    /// Score of the base rate.
    pub uncertainty: f64,
}

/// Mean squared error, and its parts.
///
/// # Errors
/// None in practice: what [`Isotonic::fit`] refuses, [`Scored`] has refused before.
pub fn brier(scored: &Scored) -> Result<(f64, BrierParts)> {
    let rows = scored.rows();
    let column = |of: fn(&Row) -> f64| rows.iter().map(of).collect::<Vec<f64>>();
    let recalibrated = Isotonic::fit(&column(|r| r.p), &column(|r| r.label), &column(|r| r.weight))?;
    let base = scored.mean(|r| r.label);
    let score = scored.mean(|r| (r.label - r.p) * (r.label - r.p));
    let uncertainty = scored.mean(|r| (r.label - base) * (r.label - base));
    let best = scored.mean(|r| {
        let error = r.label - recalibrated.value(r.p);
        error * error
    });
    Ok((score, BrierParts { miscalibration: score - best, discrimination: uncertainty - best, uncertainty }))
}

/// Mean |prediction − rate| over ten bins of about equal weight, each weighted by its weight; equal predictions share a bin.
pub fn calibration_error(scored: &Scored) -> f64 {
    let total = scored.weight();
    let (mut error, mut seen) = (0.0, 0.0);
    let (mut gap, mut bin) = (0.0, 1);
    for tie in scored.ties() {
        for row in tie {
            gap += row.weight * (row.p - row.label);
            seen += row.weight;
        }
        if seen >= total * bin as f64 / BINS as f64 * (1.0 - 1e-9) {
            error += f64::abs(gap);
            gap = 0.0;
            while bin < BINS && seen >= total * bin as f64 / BINS as f64 * (1.0 - 1e-9) {
                bin += 1;
            }
        }
    }
    (error + f64::abs(gap)) / total
}

/// Slope and shift of the labels on the predicted log-odds; `None` where they have no finite best.
pub fn slope_and_shift(scored: &Scored) -> Option<(f64, f64)> {
    let rows = scored.rows();
    let z = Array2::from_shape_fn((rows.len(), 1), |(i, _)| logit(held(rows[i].p)));
    let (label, weight): (Vec<f64>, Vec<f64>) = rows.iter().map(|r| (r.label, r.weight)).unzip();
    crate::data::check_classes(&label).ok()?;
    let fit = newton(&Problem { z: &z, label: &label, weight: &weight, offset: None, l2: 0.0 }, None).ok()?;
    Some((fit.beta[1], fit.beta[0]))
}

/// Negative log-likelihood of one row.
pub(super) fn log_loss(row: &Row) -> f64 {
    let p = held(row.p);
    -(row.label * libm::log(p) + (1.0 - row.label) * libm::log1p(-p))
}

fn held(p: f64) -> f64 {
    p.clamp(EDGE, 1.0 - EDGE)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::linear::link::sigmoid;

    #[test]
    fn parts_add_up_and_perfect_shares_are_calibrated() {
        let p: Vec<f64> = (1..100).map(|i| f64::from(i) / 100.0).collect();
        let scored = Scored::new(&p, &p, &vec![1.0; 99]).unwrap();
        let (score, parts) = brier(&scored).unwrap();
        assert_eq!((score, parts.miscalibration), (0.0, 0.0));
        let y: Vec<f64> = (1..100).map(|i| f64::from(i % 2)).collect();
        let (score, parts) = brier(&Scored::new(&p, &y, &vec![1.0; 99]).unwrap()).unwrap();
        assert!((parts.miscalibration - parts.discrimination + parts.uncertainty - score).abs() < 1e-15);
        assert!(parts.miscalibration > 0.0 && parts.discrimination >= 0.0);
    }

    #[test]
    fn calibration_error_is_the_mean_gap() {
        // All predicted 0.6; half are good: one bin, a gap of 0.1.
        let scored = Scored::new(&[0.6; 10], &[0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0], &[1.0; 10]).unwrap();
        assert!((calibration_error(&scored) - 0.1).abs() < 1e-12);
    }

    #[test]
    fn overconfidence_shows_as_a_slope_below_one() {
        let x: Vec<f64> = (0..2001).map(|i| f64::from(i) / 500.0 - 2.0).collect();
        let p: Vec<f64> = x.iter().map(|x| sigmoid(*x)).collect();
        let y: Vec<f64> = x.iter().map(|x| sigmoid(0.5 * x + 0.25)).collect();
        let (slope, shift) = slope_and_shift(&Scored::new(&p, &y, &vec![1.0; 2001]).unwrap()).unwrap();
        assert!((slope - 0.5).abs() < 1e-9 && (shift - 0.25).abs() < 1e-9);
    }
}
