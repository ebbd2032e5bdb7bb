//! A feature as at most 255 bins and one for missing values: one byte a row. Edges are values that occurred, so that any growing rescaling of a
//! feature leaves every row in its bin.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::step::{self, CELLS, Histogram, How};
use crate::data::{Direction, Kind};
use crate::error::{Error, Result};

/// Most bins, missing apart: the codes of rows are bytes.
pub(super) const MOST_BINS: u32 = 255;

/// What belongs to which bin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Edges {
    /// Numbers: the greatest value of each bin but the last, ascending. A value belongs to the first bin whose greatest value is not below it;
    /// what is above all belongs to the last bin.
    Upper(#[serde(with = "crate::exact::many")] Vec<f64>),
    /// Categories, ascending: each has a bin of its own. The last bin holds all others: those too rare in training, and those it never met.
    Values(#[serde(with = "crate::exact::many")] Vec<f64>),
}

impl Edges {
    /// Bin of a value, from 0; [`Edges::bins`] for a missing one.
    pub fn index(&self, x: f64) -> usize {
        match self {
            _ if x.is_nan() => self.bins(),
            Edges::Upper(upper) => upper.partition_point(|edge| *edge < x),
            Edges::Values(values) => values.binary_search_by(|v| v.total_cmp(&x)).unwrap_or(values.len()),
        }
    }

    /// Number of bins, missing apart.
    pub fn bins(&self) -> usize {
        let (Edges::Upper(inner) | Edges::Values(inner)) = self;
        inner.len() + 1
    }

    /// Values in the bin lie above the first and up to the second; NaN for categories and for missing values.
    pub fn range(&self, bin: usize) -> (f64, f64) {
        match self {
            Edges::Upper(upper) if bin < self.bins() => {
                let above = bin.checked_sub(1).and_then(|below| upper.get(below));
                (above.copied().unwrap_or(f64::NEG_INFINITY), upper.get(bin).copied().unwrap_or(f64::INFINITY))
            }
            _ => (f64::NAN, f64::NAN),
        }
    }

    /// # Errors
    /// [`Error::Contradiction`] for edges out of order.
    pub(super) fn check(&self, id: &str) -> Result<()> {
        let (Edges::Upper(inner) | Edges::Values(inner)) = self;
        match inner.windows(2).find(|pair| pair[0] >= pair[1]) {
            Some(pair) => Err(Error::Contradiction { what: format!("edges {} and {} of feature {id} are out of order", pair[0], pair[1]) }),
            None => Ok(()),
        }
    }
}

/// One feature in training.
pub(super) struct Axis {
    pub edges: Edges,
    pub direction: Direction,
    /// Bin of each row.
    pub codes: Vec<u8>,
    /// Weight of the rows of each bin, missing last.
    pub weight: Vec<f64>,
}

impl Axis {
    pub fn new(x: &[f64], weight: &[f64], kind: Kind, direction: Direction, most: usize, min_leaf: f64) -> Self {
        let values = distinct(x, weight);
        let edges = match kind {
            Kind::Number => Edges::Upper(by_weight(&values, most)),
            Kind::Category => Edges::Values(frequent(values, most - 1, min_leaf)),
        };
        let codes: Vec<u8> = x.iter().map(|x| edges.index(*x) as u8).collect();
        let mut sums = vec![0.0; edges.bins() + 1];
        codes.iter().zip(weight).for_each(|(c, w)| sums[usize::from(*c)] += w);
        Axis { edges, direction, codes, weight: sums }
    }

    /// Position of the bin of missing values.
    pub fn missing(&self) -> usize {
        self.edges.bins()
    }
}

impl step::Term for Axis {
    type Code = u8;

    fn codes(&self) -> &[u8] {
        &self.codes
    }

    fn cells(&self) -> usize {
        self.weight.len()
    }

    fn is_flat(&self) -> bool {
        self.weight.iter().filter(|w| **w > 0.0).count() < 2
    }

    fn step(&self, histogram: &Histogram, score: &[f64], how: &How) -> Option<(f64, [f64; CELLS])> {
        step::line(self, histogram, score, how)
    }
}

/// Values in ascending order with their weight, missing left out.
fn distinct(x: &[f64], weight: &[f64]) -> Vec<(f64, f64)> {
    // Sorting bits that rise with the value is several times faster than comparing numbers.
    let rising = |x: f64| {
        let bits = x.to_bits();
        if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
    };
    let mut rows: Vec<(u64, f64, f64)> = x.iter().zip(weight).filter(|(x, _)| !x.is_nan()).map(|(x, w)| (rising(*x), *x, *w)).collect();
    rows.sort_by_key(|row| row.0);
    let mut values: Vec<(f64, f64)> = Vec::new();
    for (_, x, w) in rows {
        match values.last_mut() {
            Some(last) if last.0 == x => last.1 += w,
            _ => values.push((x, w)),
        }
    }
    values
}

/// Inner edges of at most `most` bins of about equal weight; each value its own bin where they are few. A value heavier than a bin should be stands alone.
pub(super) fn by_weight(values: &[(f64, f64)], most: usize) -> Vec<f64> {
    if values.len() <= most {
        return values.iter().take(values.len().saturating_sub(1)).map(|v| v.0).collect();
    }
    let mut left: f64 = values.iter().map(|v| v.1).sum();
    let (mut upper, mut open) = (Vec::new(), 0.0);
    for (at, (value, weight)) in values.iter().enumerate().take(values.len() - 1) {
        let fair = left / (most - upper.len()) as f64;
        if open > 0.0 && *weight >= fair && upper.len() + 2 < most {
            upper.push(values[at - 1].0);
            left -= open;
            open = 0.0;
        }
        open += weight;
        let fair = left / (most - upper.len()) as f64;
        if open >= fair * (1.0 - 1e-9) && upper.len() + 1 < most {
            upper.push(*value);
            left -= open;
            open = 0.0;
        }
    }
    upper
}

/// The heaviest categories, at least `least` in weight, in ascending order; equals by value.
fn frequent(mut values: Vec<(f64, f64)>, most: usize, least: f64) -> Vec<f64> {
    values.retain(|v| v.1 >= least * (1.0 - 1e-9));
    values.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.total_cmp(&b.0)));
    values.truncate(most);
    let kept: BTreeMap<_, _> = values.iter().map(|v| (v.0.to_bits(), v.0)).collect();
    let mut kept: Vec<f64> = kept.into_values().collect();
    kept.sort_by(f64::total_cmp);
    kept
}
