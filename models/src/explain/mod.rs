//! A prediction as a sum. Nothing is approximated: the parts are what the model added up, and adding them up again gives the same bits.

pub mod counterfactual;
mod knapsack;
mod moves;

use ndarray::Array2;

use crate::error::{Error, Result};

/// A base and one contribution a feature, in log-odds.
#[derive(Clone, Debug, PartialEq)]
pub struct Contributions {
    /// Where every row starts.
    pub base: f64,
    /// Rows × features.
    pub by_feature: Array2<f64>,
}

impl Contributions {
    /// Log-odds of each row: the base, then every feature in order.
    pub fn logits(&self) -> Vec<f64> {
        sums(self.base, &self.by_feature)
    }

    /// The same after log-odds → `slope` × log-odds + `shift`: the slope stretches every part, the shift goes to the base.
    pub(crate) fn affine(&self, slope: f64, shift: f64) -> Self {
        Contributions { base: slope * self.base + shift, by_feature: self.by_feature.mapv(|c| slope * c) }
    }

    /// The same from another base, each row's parts multiplied by what `factor` makes of its log-odds.
    pub(crate) fn stretched(&self, base: f64, factor: impl Fn(f64) -> f64) -> Self {
        let factors: Vec<f64> = self.logits().into_iter().map(factor).collect();
        Contributions { base, by_feature: Array2::from_shape_fn(self.by_feature.dim(), |at| factors[at.0] * self.by_feature[at]) }
    }
}

/// Each row of `parts` added up from `base`, left to right.
pub(crate) fn sums(base: f64, parts: &Array2<f64>) -> Vec<f64> {
    parts.rows().into_iter().map(|row| row.iter().fold(base, |sum, part| sum + part)).collect()
}

/// Calibrated predictions with their reasons, in log-odds and in points.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// Ids of the features, in the order of the columns below.
    pub features: Vec<String>,
    /// Values explained, rows × features, NaN = missing.
    pub values: Array2<f64>,
    /// Calibrated log-odds where every row starts.
    pub base: f64,
    /// Calibrated log-odds that each feature adds, rows × features.
    pub by_feature: Array2<f64>,
    /// Calibrated probability, one a row: of base and contributions summed in order.
    pub p: Vec<f64>,
    /// Points where every row starts.
    pub base_points: f64,
    /// Points that each feature adds, rows × features, unrounded.
    pub points: Array2<f64>,
    /// Score, one a row: exactly `base_points` and points summed in order.
    pub score: Vec<f64>,
}

/// What one feature did to one score.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// Its column.
    pub feature: usize,
    /// Its id.
    pub id: String,
    /// Its value; `None` if missing.
    pub value: Option<f64>,
    /// Points added; below 0 it lowered the score.
    pub points: f64,
    /// The same in calibrated log-odds.
    pub log_odds: f64,
}

/// One score, its greatest reasons first.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    /// Where the score starts.
    pub base_points: f64,
    /// By absolute points, greatest first, equals in the order of features; features that added nothing are left out.
    pub reasons: Vec<Reason>,
    /// What the features not listed add together; exactly 0 if none is left.
    pub rest_points: f64,
    /// The score: base, reasons and rest, to rounding.
    pub score: f64,
}

impl Explanation {
    /// The features with their contributions turned to points on a scale, and their sums.
    pub(crate) fn new(features: Vec<String>, values: Array2<f64>, calibrated: Contributions, scale: &crate::linear::Scale) -> Self {
        let points = calibrated.by_feature.mapv(|c| scale.factor() * c);
        let base_points = scale.score_of(calibrated.base);
        let p = calibrated.logits().into_iter().map(crate::linear::link::sigmoid).collect();
        let score = sums(base_points, &points);
        Explanation { features, values, base: calibrated.base, by_feature: calibrated.by_feature, p, base_points, points, score }
    }

    /// The `top` greatest reasons of one row.
    ///
    /// # Errors
    /// [`Error::Shape`] if there is no such row.
    pub fn ranked(&self, row: usize, top: usize) -> Result<Ranked> {
        if row >= self.score.len() {
            return Err(Error::Shape { what: "row number", found: row, expected: self.score.len().saturating_sub(1) });
        }
        let mut order: Vec<usize> = (0..self.features.len()).filter(|j| self.points[(row, *j)] != 0.0).collect();
        order.sort_by(|a, b| self.points[(row, *b)].abs().total_cmp(&self.points[(row, *a)].abs()).then(a.cmp(b)));
        let rest = order.split_off(top.min(order.len()));
        let reason = |j: usize| {
            let value = self.values[(row, j)];
            Reason {
                feature: j,
                id: self.features[j].clone(),
                value: (!value.is_nan()).then_some(value),
                points: self.points[(row, j)],
                log_odds: self.by_feature[(row, j)],
            }
        };
        Ok(Ranked {
            base_points: self.base_points,
            reasons: order.into_iter().map(reason).collect(),
            rest_points: rest.into_iter().fold(0.0, |sum, j| sum + self.points[(row, j)]),
            score: self.score[row],
        })
    }
}
