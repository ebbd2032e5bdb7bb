//! How good predictions are, on rows the model has not seen: whether they put rows in the right order, and whether they mean what they say.
//!
//! Labels may be shares: a row of weight w and label y counts as w·y good and w·(1 − y) bad, in ranking; and as its share in squared errors.
//!
//! | figure | where |
//! |---|---|
//! | [`assess`]: area, Gini, KS, Brier and its parts, log loss, calibration error, slope, bands | this module |
//! | area with its interval, two areas compared | [`auc_interval`], [`auc_difference`] (DeLong; by subject: Obuchowski) |
//! | lift, capture and precision of a list | [`tops`], [`top_list`] |
//! | stability of scores, shares and features | [`psi`], [`psi_of_shares`], [`psi_of_scores`], [`csi`] |
//! | groups against the rest | [`group_gaps`] |
//! | an interval for any figure | [`bootstrap()`] |
//!
//! Only [`Assessment`] is stored in an artifact. The other figures are results of their own: they need more than predictions and outcomes
//! (subjects, groups, a second model, today's rows), belong to a day rather than to the model, and would give old artifacts new bytes.

mod bootstrap;
mod calibration;
mod delong;
mod groups;
mod lift;
mod order;
mod stability;
pub(crate) mod subjects;

use serde::{Deserialize, Serialize};

pub use bootstrap::{Bootstrap, Figure, bootstrap};
pub use calibration::{BrierParts, brier, calibration_error, slope_and_shift};
pub use delong::{AucDifference, AucInterval, auc_difference, auc_interval, auc_interval_of};
pub use groups::{Gaps, Group, GroupFigures, group_gaps};
pub use lift::{End, Top, top_list, tops};
pub use order::{auc, ks};
pub use stability::{Cell, Characteristic, Stability, csi, psi, psi_of_scores, psi_of_shares};

use crate::data::{check_labels, check_weights, same};
use crate::error::{Error, Result};

/// Rows whose prediction lies in `low..high` (in the last band, up to and with 1).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Lower end, inside.
    pub low: f64,
    /// Upper end, outside but for the last band.
    pub high: f64,
    /// Number of rows.
    pub rows: u64,
    /// Their weight.
    pub weight: f64,
    /// Their mean prediction; `None` without rows.
    pub mean_predicted: Option<f64>,
    /// Their rate of good; `None` without rows.
    pub rate: Option<f64>,
}

/// All figures of one set of predictions. Rates and errors are weighted; those that need both good and bad rows are `None` without.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// Number of rows.
    pub rows: u64,
    /// Their weight.
    pub weight: f64,
    /// Mean label.
    pub base_rate: f64,
    /// Mean prediction.
    pub mean_predicted: f64,
    /// Probability that a good row is predicted above a bad one, ties counted half; 0.5 tells nothing, 1 all.
    pub auc: Option<f64>,
    /// 2 AUC − 1.
    pub gini: Option<f64>,
    /// Greatest distance between the distributions of good and of bad (Kolmogorov and Smirnov), 0 to 1.
    pub ks: Option<f64>,
    /// Mean squared error (Brier 1950); lower is better.
    pub brier: f64,
    /// Its parts.
    pub brier_parts: BrierParts,
    /// Mean negative log-likelihood, predictions held 1e-12 away from 0 and 1.
    pub log_loss: f64,
    /// Mean distance of prediction and rate over ten bins of equal weight (expected calibration error).
    pub calibration_error: f64,
    /// Slope of label on predicted log-odds; 1 is right, below 1 too sure (Cox 1958).
    pub calibration_slope: Option<f64>,
    /// Shift that goes with that slope; 0 is right.
    pub calibration_shift: Option<f64>,
    /// Rows by prediction, ascending.
    pub bands: Vec<Band>,
}

/// Judges predictions `p` (0 to 1), one a row; `cuts` are the inner ends of the bands, ascending. The order of rows never matters.
///
/// # Errors
/// [`Error::Shape`], [`Error::Empty`], [`Error::Value`] for a prediction or label outside 0 to 1 or a weight not above 0, and
/// [`Error::Parameter`] for cuts that do not rise or lie outside 0 to 1.
pub fn assess(p: &[f64], label: &[f64], weight: &[f64], cuts: &[f64]) -> Result<Assessment> {
    let scored = Scored::new(p, label, weight)?;
    let auc = auc(&scored);
    let (brier, brier_parts) = brier(&scored)?;
    let line = slope_and_shift(&scored);
    Ok(Assessment {
        rows: scored.0.len() as u64,
        weight: scored.weight(),
        base_rate: scored.mean(|r| r.label),
        mean_predicted: scored.mean(|r| r.p),
        auc,
        gini: auc.map(|a| 2.0 * a - 1.0),
        ks: ks(&scored),
        brier,
        brier_parts,
        log_loss: scored.mean(calibration::log_loss),
        calibration_error: calibration_error(&scored),
        calibration_slope: line.map(|(slope, _)| slope),
        calibration_shift: line.map(|(_, shift)| shift),
        bands: bands(&scored, cuts)?,
    })
}

/// One prediction and what came of it.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Prediction, 0 to 1.
    pub p: f64,
    /// Outcome, 0 to 1.
    pub label: f64,
    /// Weight, above 0.
    pub weight: f64,
}

/// Predictions with outcomes, checked and in ascending order of prediction.
#[derive(Clone, Debug)]
pub struct Scored(Vec<Row>);

impl Scored {
    /// Takes one entry a row, in any order.
    ///
    /// # Errors
    /// As [`assess`], cuts aside.
    pub fn new(p: &[f64], label: &[f64], weight: &[f64]) -> Result<Self> {
        same("labels", label.len(), p.len())?;
        same("weights", weight.len(), p.len())?;
        check_labels(label)?;
        check_weights(weight)?;
        if p.is_empty() {
            return Err(Error::Empty { what: "assessment" });
        }
        if let Some(row) = p.iter().position(|p| !(0.0..=1.0).contains(p)) {
            return Err(Error::Value { what: "prediction", row, found: p[row], expected: "0 to 1" });
        }
        let mut rows: Vec<Row> = (0..p.len()).map(|i| Row { p: p[i] + 0.0, label: label[i] + 0.0, weight: weight[i] }).collect();
        rows.sort_by(by_prediction);
        Ok(Scored(rows))
    }

    /// Rows in ascending order of prediction.
    pub fn rows(&self) -> &[Row] {
        &self.0
    }

    /// Runs of rows that share one prediction, ascending.
    fn ties(&self) -> impl Iterator<Item = &[Row]> {
        self.0.chunk_by(|a, b| a.p == b.p)
    }

    fn weight(&self) -> f64 {
        self.0.iter().map(|r| r.weight).sum()
    }

    fn mean(&self, of: impl Fn(&Row) -> f64) -> f64 {
        self.0.iter().map(|r| r.weight * of(r)).sum::<f64>() / self.weight()
    }
}

/// A total order of rows; equal only for rows that are equal in every bit.
fn by_prediction(a: &Row, b: &Row) -> std::cmp::Ordering {
    a.p.total_cmp(&b.p).then_with(|| a.label.total_cmp(&b.label)).then_with(|| a.weight.total_cmp(&b.weight))
}

fn bands(scored: &Scored, cuts: &[f64]) -> Result<Vec<Band>> {
    let mut below = 0.0;
    for cut in cuts {
        if cut.is_nan() || *cut <= below || *cut >= 1.0 {
            return Err(Error::Parameter { name: "cuts", found: *cut, expected: "rising numbers between 0 and 1" });
        }
        below = *cut;
    }
    let ends: Vec<f64> = [0.0].into_iter().chain(cuts.iter().copied()).chain([1.0]).collect();
    let last = ends.len() - 2;
    let band = |i: usize| {
        let (low, high) = (ends[i], ends[i + 1]);
        let rows: Vec<&Row> = scored.0.iter().filter(|r| r.p >= low && (r.p < high || i == last)).collect();
        let weight: f64 = rows.iter().map(|r| r.weight).sum();
        let mean = |of: fn(&Row) -> f64| (!rows.is_empty()).then(|| rows.iter().map(|r| r.weight * of(r)).sum::<f64>() / weight);
        Band { low, high, rows: rows.len() as u64, weight, mean_predicted: mean(|r| r.p), rate: mean(|r| r.label) }
    };
    Ok((0..=last).map(band).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn bands_take_their_lower_end_and_the_last_takes_one() {
        let got = assess(&[0.2, 0.1999, 1.0, 0.8], &[1.0, 0.0, 1.0, 0.0], &[1.0; 4], &[0.2, 0.8]).unwrap();
        let rows: Vec<u64> = got.bands.iter().map(|b| b.rows).collect();
        assert_eq!(rows, [1, 1, 2]);
        assert_eq!((got.bands[0].rate, got.bands[2].rate), (Some(0.0), Some(0.5)));
    }

    #[test]
    fn one_class_leaves_the_order_unknown_and_the_rest_known() {
        let got = assess(&[0.2, 0.4], &[0.0, 0.0], &[1.0; 2], &[]).unwrap();
        assert_eq!((got.auc, got.gini, got.ks, got.calibration_slope), (None, None, None, None));
        assert!((got.brier - 0.1).abs() < 1e-15);
        assert!(got.bands.len() == 1 && got.bands[0].rows == 2);
    }

    #[test]
    fn order_of_rows_and_doubling_do_not_matter() {
        let (p, y) = ([0.1, 0.7, 0.4, 0.4], [0.0, 1.0, 1.0, 0.0]);
        let once = assess(&p, &y, &[1.0, 2.0, 1.0, 1.0], &[0.5]).unwrap();
        let turned = assess(&[0.4, 0.4, 0.7, 0.1], &[0.0, 1.0, 1.0, 0.0], &[1.0, 1.0, 2.0, 1.0], &[0.5]).unwrap();
        assert_eq!(once, turned);
        let twice = assess(&[0.1, 0.7, 0.7, 0.4, 0.4], &[0.0, 1.0, 1.0, 1.0, 0.0], &[1.0; 5], &[0.5]).unwrap();
        assert_eq!((once.auc, once.ks), (twice.auc, twice.ks));
        assert!((once.brier - twice.brier).abs() < 1e-15 && (once.calibration_error - twice.calibration_error).abs() < 1e-15);
    }

    #[test]
    fn wrong_numbers_are_named() {
        let error = assess(&[0.1, f64::NAN], &[0.0, 1.0], &[1.0; 2], &[]).unwrap_err();
        assert_eq!(error.to_string(), "prediction in row 1: found NaN, expected 0 to 1");
        assert!(assess(&[0.5], &[0.5], &[1.0], &[0.7, 0.3]).is_err());
        assert!(assess(&[], &[], &[], &[]).is_err());
    }
}
