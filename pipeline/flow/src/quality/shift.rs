//! How far a column has moved since the last published night: the population stability index, Σ (a − e)·ln(a/e) over the bins of the earlier night
//! (Siddiqi, Credit Risk Scorecards, 2006; its sampling spread: Yurdakul, Statistical Properties of Population Stability Index, 2018).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::sketch::{between, deciles};

/// Worth a look (Siddiqi 2006).
pub const WATCH: f64 = 0.1;
/// Moved.
pub const SHIFTED: f64 = 0.25;
/// The share an empty bin is taken to hold, so that its logarithm exists.
pub const EPSILON: f64 = 0.0001;
/// Rows each night must have: by chance alone the index is near (bins − 1)·(1/n + 1/m) (Yurdakul 2018), 0.2 for ten bins and a hundred rows of each.
pub const LEAST_ROWS: u64 = 100;
/// Codes kept by name; the rest are counted together.
const NAMED: usize = 50;

/// How a column was spread one night, kept for the next one to compare.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spread {
    /// Rows.
    pub rows: u64,
    /// Those without a value: a bin of its own.
    pub missing: u64,
    /// Where the bins of numbers and days begin: bins of [`super::sketch::bin_of`], or months (year times 12, plus the month from 0).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edges: Vec<i64>,
    /// Values in each bin: one more than edges.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counts: Vec<u64>,
    /// Codes of the catalog by their rows, the most frequent; the others are what is left.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub codes: BTreeMap<String, u64>,
}

impl Spread {
    /// The spread of a column tonight.
    pub fn of(rows: u64, missing: u64, bins: &BTreeMap<i64, u64>, codes: &BTreeMap<String, u64>) -> Self {
        let edges = deciles(bins);
        let counts = if bins.is_empty() { Vec::new() } else { between(bins, &edges) };
        let mut frequent: Vec<(&String, u64)> = codes.iter().map(|(code, n)| (code, *n)).collect();
        frequent.sort_by_key(|(code, n)| (std::cmp::Reverse(*n), *code));
        let codes = frequent.into_iter().take(NAMED).map(|(code, n)| (code.clone(), n)).collect();
        Self { rows, missing, edges, counts, codes }
    }

    /// The rows of each bin of this night, of a night with these counts. The last bin holds what is in no other.
    fn bins(&self, rows: u64, missing: u64, bins: &BTreeMap<i64, u64>, codes: &BTreeMap<String, u64>) -> Vec<u64> {
        let mut counts = vec![missing];
        if !self.counts.is_empty() {
            counts.extend(between(bins, &self.edges));
        }
        counts.extend(self.codes.keys().map(|code| codes.get(code).copied().unwrap_or(0)));
        let named: u64 = counts.iter().sum();
        counts.push(rows.saturating_sub(named));
        counts
    }

    /// The index of a later night against this one; `None` where either has too few rows.
    pub fn psi(&self, rows: u64, missing: u64, bins: &BTreeMap<i64, u64>, codes: &BTreeMap<String, u64>) -> Option<f64> {
        if self.rows.min(rows) < LEAST_ROWS {
            return None;
        }
        let mut before = vec![self.missing];
        before.extend(&self.counts);
        before.extend(self.codes.values());
        let named: u64 = before.iter().sum();
        before.push(self.rows.saturating_sub(named));
        Some(psi(&before, &self.bins(rows, missing, bins, codes)))
    }
}

/// The index of two nights' rows in the same bins; bins empty in both say nothing.
pub fn psi(before: &[u64], now: &[u64]) -> f64 {
    let all = |counts: &[u64]| counts.iter().sum::<u64>().max(1) as f64;
    let (all_before, all_now) = (all(before), all(now));
    let share = |n: u64, all: f64| (n as f64 / all).max(EPSILON);
    let term = |(e, a): (&u64, &u64)| {
        let (e, a) = (share(*e, all_before), share(*a, all_now));
        (a - e) * libm::log(a / e)
    };
    before.iter().zip(now).map(term).sum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_index_is_what_the_hand_computes() {
        assert_eq!(psi(&[10, 20, 70], &[100, 200, 700]), 0.0);
        // Halves become a quarter and three: -0.25·ln(0.5) + 0.25·ln(1.5) = 0.173287 + 0.101366.
        assert!((psi(&[500, 500], &[250, 750]) - 0.274_653).abs() < 1e-6);
        // 60/30/10 become 50/30/20: -0.1·ln(5/6) + 0 + 0.1·ln(2) = 0.018232 + 0.069315.
        assert!((psi(&[60, 30, 10], &[50, 30, 20]) - 0.087_547).abs() < 1e-6);
        // An empty bin counts as 0.0001: (0.1-0.0001)·ln(1000) + (0.9-1)·ln(0.9) = 0.690085 + 0.010536.
        assert!((psi(&[100, 0], &[90, 10]) - 0.700_621).abs() < 1e-6);
        assert_eq!(psi(&[1, 0], &[5, 0]), 0.0);
    }

    #[test]
    fn numbers_are_compared_in_the_earlier_nights_tenths() {
        let even: BTreeMap<i64, u64> = (0..100).map(|n| (n, 10)).collect();
        let none = BTreeMap::new();
        let spread = Spread::of(1000, 0, &even, &none);
        assert_eq!(spread.counts.len(), 10);
        assert_eq!(spread.psi(1000, 0, &even, &none), Some(0.0));
        let moved: BTreeMap<i64, u64> = (50..150).map(|n| (n, 10)).collect();
        assert!(spread.psi(1000, 0, &moved, &none).unwrap() > SHIFTED);
        // Half of the values gone.
        let half: BTreeMap<i64, u64> = (0..100).map(|n| (n, 5)).collect();
        assert!(spread.psi(1000, 500, &half, &none).unwrap() > SHIFTED);
        assert_eq!(spread.psi(99, 0, &even, &none), None);
    }

    #[test]
    fn a_code_never_seen_before_is_a_move() {
        let codes = |pairs: &[(&str, u64)]| pairs.iter().map(|(c, n)| ((*c).to_owned(), *n)).collect::<BTreeMap<_, _>>();
        let none = BTreeMap::new();
        let spread = Spread::of(200, 0, &none, &codes(&[("open", 150), ("closed", 50)]));
        assert_eq!(spread.psi(400, 0, &none, &codes(&[("open", 300), ("closed", 100)])), Some(0.0));
        assert!(spread.psi(200, 0, &none, &codes(&[("open", 100), ("closed", 50), ("stayed", 50)])).unwrap() > SHIFTED);
    }
}
