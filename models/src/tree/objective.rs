//! What the trees make small, with its first and second derivative.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::linear::link::{logit, softplus};

/// What the score stands for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Objective {
    /// Log-odds; labels may be shares.
    Logistic,
    /// The mean itself.
    Squared,
    /// The value below which this share of labels lies (Koenker and Bassett, *Regression quantiles*, 1978). Above 0, below 1.
    Quantile(f64),
}

/// First and second derivative of the loss of one row by its score.
pub(super) type Slope = (f64, f64);

impl Objective {
    /// # Errors
    /// [`Error::Parameter`] for a level outside 0 to 1.
    pub(super) fn check(self) -> Result<()> {
        match self {
            Objective::Quantile(found) if !(found > 0.0 && found < 1.0) => {
                Err(Error::Parameter { name: "quantile", found, expected: "above 0, below 1" })
            }
            _ => Ok(()),
        }
    }

    /// The best single score for all rows.
    pub(super) fn start(self, label: &[f64], weight: &[f64]) -> f64 {
        let total: f64 = weight.iter().sum();
        let mean = || weight.iter().zip(label).map(|(w, y)| w * y).sum::<f64>() / total;
        match self {
            // Labels all of one kind are legal where a value is fitted; log-odds then stop short of infinity.
            Objective::Logistic => logit(mean()).clamp(-FLAT, FLAT),
            Objective::Squared => mean(),
            Objective::Quantile(level) => {
                let mut pairs: Vec<(f64, f64)> = label.iter().copied().zip(weight.iter().copied()).collect();
                quantile(&mut pairs, level)
            }
        }
    }

    /// Derivatives at `score`.
    #[inline]
    pub(super) fn slope(self, label: f64, score: f64) -> Slope {
        match self {
            Objective::Logistic => {
                let (p, steepness) = chance(score);
                (p - label, steepness)
            }
            Objective::Squared => (score - label, 1.0),
            Objective::Quantile(level) => (if score >= label { 1.0 - level } else { -level }, 1.0),
        }
    }

    /// Loss of one row.
    pub(super) fn loss(self, label: f64, score: f64) -> f64 {
        match self {
            Objective::Logistic => softplus(score) - label * score,
            Objective::Squared => 0.5 * (score - label) * (score - label),
            Objective::Quantile(level) => (label - score) * if score >= label { level - 1.0 } else { level },
        }
    }
}

/// Log-odds beyond which a start never goes: one good row of weight 1 in e³⁰.
const FLAT: f64 = 60.0;

/// The least value with at least `level` of all weight at or below it, pairs of value and weight; 0 for none.
pub(super) fn quantile(pairs: &mut [(f64, f64)], level: f64) -> f64 {
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    // Allows for rounding, so that a row of weight 2 and a row given twice fall alike.
    let wanted = level * pairs.iter().map(|p| p.1).sum::<f64>() * (1.0 - 1e-12);
    let mut reached = 0.0;
    for (value, weight) in pairs.iter() {
        reached += weight;
        if reached >= wanted {
            return *value;
        }
    }
    pairs.last().map_or(0.0, |p| p.0)
}

/// Coefficients of eʳ for |r| ≤ ½ ln 2, highest power first: 1/12! to 1/0!.
const TAYLOR: [f64; 13] = [
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    0.5,
    1.0,
    1.0,
];

/// The probability of the log-odds and its derivative. Training asks for it rows × trees times: additions and multiplications alone, so that
/// the compiler takes several rows at once and every machine gives the same bits. Within 1e-15 of [`crate::linear::link::sigmoid`].
#[inline]
fn chance(score: f64) -> (f64, f64) {
    // Past 700 e⁻ˣ is no longer a normal number.
    let x = score.abs().min(700.0);
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    let shifted = x * -std::f64::consts::LOG2_E + SHIFT;
    let n = shifted - SHIFT;
    // ln 2 in two parts, the first with zeros at its end: n times it is exact.
    let r = (-x - n * 6.931_471_803_691_238e-1) - n * 1.908_214_929_270_587_7e-10;
    let mut power = TAYLOR[0];
    for c in &TAYLOR[1..] {
        power = power * r + c;
    }
    let e = power * f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52);
    let low = e / (1.0 + e);
    let high = 1.0 / (1.0 + e);
    (if score >= 0.0 { high } else { low }, low * high)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::linear::link::sigmoid;

    #[test]
    fn the_fast_probability_is_the_probability() {
        for i in -69_000..69_000 {
            let x = f64::from(i) / 99.7;
            let (p, steep) = chance(x);
            assert!((p / sigmoid(x) - 1.0).abs() < 1e-14, "{x}: {p}");
            let wanted = sigmoid(x) * sigmoid(-x);
            assert!((steep - wanted).abs() <= 1e-14 * wanted, "{x}: {steep}");
        }
        assert!(chance(1e9).0 == 1.0 && chance(-1e9).0 < 1e-300);
    }

    #[test]
    fn slopes_are_derivatives_of_the_loss() {
        for objective in [Objective::Logistic, Objective::Squared, Objective::Quantile(0.3)] {
            for (label, score) in [(0.0, 0.4), (1.0, -2.0), (0.3, 0.9), (0.7, -0.2)] {
                let step = 1e-6;
                let wanted = (objective.loss(label, score + step) - objective.loss(label, score - step)) / (2.0 * step);
                assert!((objective.slope(label, score).0 - wanted).abs() < 1e-8, "{objective:?}");
            }
        }
    }

    #[test]
    fn a_quantile_counts_weight() {
        let mut pairs = [(3.0, 1.0), (1.0, 1.0), (2.0, 2.0)];
        assert_eq!([0.1, 0.25, 0.26, 0.75, 0.76, 0.99].map(|level| quantile(&mut pairs, level)), [1.0, 1.0, 2.0, 2.0, 3.0, 3.0]);
    }
}
