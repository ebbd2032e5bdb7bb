//! What ratings are worth before outcomes are known: confidence-based performance estimation. If a calibrated probability means what it says, a row of
//! probability p is p of a good row and 1 − p of a bad one, and every figure has an expectation (Kivimäki, Białek, Kuberski and Nurminen, *Performance
//! Estimation in Binary Classification Using Calibrated Confidence*, arXiv:2505.05295, 2025). The area under the curve is the expected number of pairs in
//! right order over the expected number of pairs, a row never paired with itself; the Brier score is the mean of p (1 − p). Of a share the first holds as
//! well, for a share counts as part good and part bad there; the second does not.
//!
//! It rests on calibration and sees no change in what outcomes follow from facts: so each period says what would have been expected of it, beside what came.

use luheng_models::assess::{self, Bootstrap, Figure, Scored};

use super::LEVEL;
use super::figures::{Expected, Measured};
use crate::error::Result;

/// Sets drawn for an interval.
const SETS: u32 = 200;

/// A figure with its ends as the report has it.
pub(super) fn measured(figure: Figure) -> Measured {
    Measured { value: figure.value, low: figure.ends.map(|e| e.0), high: figure.ends.map(|e| e.1) }
}

/// The figures expected of predictions, of a share or of yes and no; intervals by drawing debtors. None without rows.
pub(super) fn of(p: &[f64], debtor: &[String], is_share: bool, seed: u64) -> Result<Option<Expected>> {
    if p.is_empty() {
        return Ok(None);
    }
    let ones = vec![1.0; p.len()];
    let how = Bootstrap { sets: SETS, level: LEVEL, seed };
    let auc = assess::bootstrap(p, p, &ones, debtor, &how, auc)?;
    let brier = if is_share { None } else { assess::bootstrap(p, p, &ones, debtor, &how, |rows| Some(brier(rows)))? };
    let rate = p.iter().sum::<f64>() / p.len() as f64;
    Ok(Some(Expected { rows: p.len() as u64, rate, auc: auc.map(measured), brier: brier.map(measured) }))
}

/// Expected pairs in right order over expected pairs; labels are the predictions themselves.
fn auc(scored: &Scored) -> Option<f64> {
    let sum = |of: fn(f64) -> f64| scored.rows().iter().map(|row| row.weight * of(row.p)).sum::<f64>();
    let (good, bad, both) = (sum(|p| p), sum(|p| 1.0 - p), sum(|p| p * (1.0 - p)));
    let pairs = good * bad - both;
    let right = assess::auc(scored)? * good * bad - 0.5 * both;
    (pairs > 0.0).then(|| (right / pairs).clamp(0.0, 1.0))
}

fn brier(scored: &Scored) -> f64 {
    let rows = scored.rows();
    rows.iter().map(|row| row.weight * row.p * (1.0 - row.p)).sum::<f64>() / rows.iter().map(|row| row.weight).sum::<f64>()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::fold::tests_of_folds::draw;
    use super::*;

    #[test]
    fn what_is_expected_of_calibrated_predictions_comes() {
        let p: Vec<f64> = (0..4_000).map(|at| draw(at, "p")).collect();
        let label: Vec<f64> = (0..4_000).map(|at| f64::from(u8::from(draw(at, "luck") < p[at]))).collect();
        let debtor: Vec<String> = (0..4_000).map(|at| at.to_string()).collect();
        let expected = of(&p, &debtor, false, 1).unwrap().unwrap();
        let came = assess::assess(&p, &label, &[1.0; 4_000], &[]).unwrap();
        let auc = expected.auc.unwrap();
        assert!((auc.value - came.auc.unwrap()).abs() < 0.015, "{auc:?} {:?}", came.auc);
        assert!((expected.brier.unwrap().value - came.brier).abs() < 0.01, "{:?} {}", expected.brier, came.brier);
        assert!(auc.low.unwrap() < auc.value && auc.value < auc.high.unwrap());
    }

    #[test]
    fn no_row_is_paired_with_itself() {
        // Two sure rows and nothing else: one pair, in right order.
        let two = Scored::new(&[1.0, 0.0], &[1.0, 0.0], &[1.0; 2]).unwrap();
        assert_eq!(auc(&two), Some(1.0));
        // 0.8 and 0.2: 0.8 × 0.8 of a pair right, 0.2 × 0.2 wrong.
        let unsure = Scored::new(&[0.8, 0.2], &[0.8, 0.2], &[1.0; 2]).unwrap();
        assert!((auc(&unsure).unwrap() - 0.64 / 0.68).abs() < 1e-12);
        assert_eq!(auc(&Scored::new(&[0.5], &[0.5], &[1.0]).unwrap()), None);
    }
}
