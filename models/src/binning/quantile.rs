//! Bins of equal weight, merged until each is heavy enough and, where the feature has a direction, until the odds go one way (pool adjacent
//! violators: Ayer et al., *An empirical distribution function for sampling with incomplete information*, 1955).
//!
//! Edges are values that occurred, never midpoints, so that any growing rescaling of a feature leaves every row in its bin. Cost: one sort.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::{Bin, Bins, Whole};
use crate::data::Direction;
use crate::error::{Error, Result};

/// Comparisons of summed weights allow for rounding, so that a row of weight 2 and a row given twice fall alike.
const ROUNDING: f64 = 1e-9;

/// How to cut.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cutting {
    /// Most bins a feature may have, missing apart. 2 to 1,000, default 8.
    pub max_bins: u32,
    /// Least share of all weight in a bin; lighter ones join the neighbour whose rate is nearer. 0 to 0.5, default 0.04.
    pub min_share: f64,
    /// Least share of all weight at which missing has a weight of evidence of its own; below it is 0. 0 to 1, default 0.01.
    pub min_missing_share: f64,
    /// Weight of the imaginary rows, at the rate of all rows, that are added to each bin: draws small bins towards 0. Above 0, default 10.
    pub smoothing: f64,
}

impl Default for Cutting {
    fn default() -> Self {
        Cutting { max_bins: 8, min_share: 0.04, min_missing_share: 0.01, smoothing: 10.0 }
    }
}

impl Cutting {
    /// # Errors
    /// [`Error::Parameter`] for a number outside the range given with it.
    pub(crate) fn check(&self) -> Result<()> {
        let wrong = |name, found, expected| Err(Error::Parameter { name, found, expected });
        if !(2..=1000).contains(&self.max_bins) {
            return wrong("max_bins", f64::from(self.max_bins), "2 to 1000");
        }
        if !(0.0..=0.5).contains(&self.min_share) {
            return wrong("min_share", self.min_share, "0 to 0.5");
        }
        if !(0.0..=1.0).contains(&self.min_missing_share) {
            return wrong("min_missing_share", self.min_missing_share, "0 to 1");
        }
        if !(self.smoothing > 0.0 && self.smoothing.is_finite()) {
            return wrong("smoothing", self.smoothing, "above 0 and finite");
        }
        Ok(())
    }
}

/// Rows between two edges.
#[derive(Clone, Copy, Debug)]
struct Span {
    upper: f64,
    weight: f64,
    good: f64,
}

impl Span {
    /// Takes in the span above.
    fn join(&mut self, above: &Span) {
        *self = Span { upper: above.upper, weight: self.weight + above.weight, good: self.good + above.good };
    }
}

/// Cuts one feature: `x` (NaN = missing, ±∞ are its least and greatest values), `label` 0 to 1 and `weight` above 0, one entry a row. The
/// labels must not be all 0 or all 1; the order of rows matters only to rounding.
pub fn cut(x: &[f64], label: &[f64], weight: &[f64], direction: Direction, how: &Cutting) -> Bins {
    let total = weight.iter().sum();
    let whole = Whole { weight: total, good: weight.iter().zip(label).map(|(w, y)| w * y).sum(), smoothing: how.smoothing };
    let mut gap = Bin { weight: 0.0, good: 0.0, woe: 0.0 };
    let mut rows: Vec<usize> = Vec::with_capacity(x.len());
    for i in 0..x.len() {
        if x[i].is_nan() {
            gap.weight += weight[i];
            gap.good += weight[i] * label[i];
        } else {
            rows.push(i);
        }
    }
    rows.sort_by(|a, b| x[*a].total_cmp(&x[*b]));
    let mut spans: Vec<Span> = Vec::new();
    for i in rows {
        let one = Span { upper: x[i], weight: weight[i], good: weight[i] * label[i] };
        match spans.last_mut() {
            Some(last) if last.upper == one.upper => last.join(&one),
            _ => spans.push(one),
        }
    }
    let mut spans = by_weight(&spans, how.max_bins as usize, how.min_share * total);
    merge_light(&mut spans, how.min_share * total, &whole);
    match direction {
        Direction::Up => pool(&mut spans, |low, high| rate(&whole, low) >= rate(&whole, high)),
        Direction::Down => pool(&mut spans, |low, high| rate(&whole, low) <= rate(&whole, high)),
        Direction::Free => {}
    }
    if gap.weight > 0.0 && gap.weight >= how.min_missing_share * total * (1.0 - ROUNDING) {
        gap.woe = whole.woe(gap.weight, gap.good);
    }
    finish(&spans, gap, &whole)
}

fn rate(whole: &Whole, span: &Span) -> f64 {
    whole.smoothed(span.weight, span.good)
}

/// Joins distinct values, in order, into at most `most` spans of about equal weight. A value heavier than its span should be stands alone,
/// unless what lies below it is too light to.
fn by_weight(values: &[Span], most: usize, least: f64) -> Vec<Span> {
    let mut left: f64 = values.iter().map(|v| v.weight).sum();
    let mut done: Vec<Span> = Vec::new();
    let mut open: Option<Span> = None;
    for value in values {
        let fair = left / most.saturating_sub(done.len()).max(1) as f64 * (1.0 - ROUNDING);
        if let Some(below) = open.filter(|below| value.weight >= fair && below.weight >= least * (1.0 - ROUNDING) && done.len() + 2 <= most)
        {
            left -= below.weight;
            done.push(below);
            open = None;
        }
        let span = open.map_or(*value, |mut below| {
            below.join(value);
            below
        });
        let fair = left / most.saturating_sub(done.len()).max(1) as f64 * (1.0 - ROUNDING);
        if span.weight >= fair && done.len() + 1 < most {
            left -= span.weight;
            done.push(span);
            open = None;
        } else {
            open = Some(span);
        }
    }
    done.extend(open);
    done
}

/// Joins each span lighter than `least`, the lightest first, to the neighbour whose rate is nearer (the lower of equals).
fn merge_light(spans: &mut Vec<Span>, least: f64, whole: &Whole) {
    while spans.len() > 1 {
        let by_weight = |a: &usize, b: &usize| spans[*a].weight.total_cmp(&spans[*b].weight);
        let Some(i) = (0..spans.len()).min_by(by_weight).filter(|i| spans[*i].weight < least * (1.0 - ROUNDING)) else {
            return;
        };
        let distance = |j: usize| (rate(whole, &spans[i]) - rate(whole, &spans[j])).abs();
        let below = match i {
            0 => 0,
            _ if i + 1 == spans.len() => i - 1,
            _ if distance(i - 1).total_cmp(&distance(i + 1)) == Ordering::Greater => i,
            _ => i - 1,
        };
        let above = spans.remove(below + 1);
        spans[below].join(&above);
    }
}

/// Joins neighbours until none violates. Smoothing draws light spans harder than heavy ones, so the joined span is looked at anew on both
/// sides rather than trusted to lie between its parts.
fn pool(spans: &mut Vec<Span>, violates: impl Fn(&Span, &Span) -> bool) {
    let mut i = 0;
    while i + 1 < spans.len() {
        if violates(&spans[i], &spans[i + 1]) {
            let above = spans.remove(i + 1);
            spans[i].join(&above);
            i = i.saturating_sub(1);
        } else {
            i += 1;
        }
    }
}

fn finish(spans: &[Span], mut missing: Bin, whole: &Whole) -> Bins {
    let mut bins: Vec<Bin> = (spans.iter()).map(|s| Bin { weight: s.weight, good: s.good, woe: whole.woe(s.weight, s.good) }).collect();
    // One bin of all rows says nothing; rounding may not say otherwise.
    match bins.as_mut_slice() {
        [] => {
            missing.woe = 0.0;
            bins.push(Bin { weight: 0.0, good: 0.0, woe: 0.0 });
        }
        [only] if missing.weight == 0.0 => only.woe = 0.0,
        _ => {}
    }
    let information = bins.iter().chain([&missing]).map(|bin| whole.information(bin)).sum();
    let upper = spans.iter().take(bins.len() - 1).map(|span| span.upper).collect();
    Bins { upper, bins, missing, special: Vec::new(), information }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn ones(n: usize) -> Vec<f64> {
        vec![1.0; n]
    }

    #[test]
    fn quantiles_have_equal_weight_and_observed_edges() {
        let x: Vec<f64> = (0..100).map(f64::from).collect();
        let y: Vec<f64> = (0..100).map(|i| f64::from(i % 2)).collect();
        let bins = cut(&x, &y, &ones(100), Direction::Free, &Cutting { max_bins: 4, ..Cutting::default() });
        assert_eq!(bins.upper, [24.0, 49.0, 74.0]);
        assert!(bins.bins.iter().all(|b| b.weight == 25.0));
    }

    #[test]
    fn a_heavy_zero_stands_alone() {
        let x: Vec<f64> = (0..100).map(|i| if i < 60 { 0.0 } else { f64::from(i) }).collect();
        let y: Vec<f64> = (0..100).map(|i| f64::from(i % 3 / 2)).collect();
        let bins = cut(&x, &y, &ones(100), Direction::Free, &Cutting::default());
        assert_eq!(bins.upper[0], 0.0);
        assert!(bins.bins.len() > 4 && bins.bins.len() <= 8);
    }

    #[test]
    fn weight_of_evidence_is_the_log_odds_against_all() {
        // 20 rows of rate 0.25, 20 of rate 0.75, smoothing next to nothing: ±ln 3.
        let x: Vec<f64> = (0..40).map(|i| f64::from(i / 20)).collect();
        let y: Vec<f64> = (0..40).map(|i| f64::from(u8::from(if i < 20 { i % 4 == 0 } else { i % 4 != 0 }))).collect();
        let how = Cutting { smoothing: 1e-9, ..Cutting::default() };
        let bins = cut(&x, &y, &ones(40), Direction::Up, &how);
        assert!((bins.woe(0.0) + libm::log(3.0)).abs() < 1e-9);
        assert!((bins.woe(1.0) - libm::log(3.0)).abs() < 1e-9);
        assert!((bins.information - libm::log(3.0)).abs() < 1e-9); // (0.75 − 0.25) ln 3, twice
    }

    #[test]
    fn direction_holds_even_where_smoothing_pulls_bins_apart() {
        // A light bin of rate 0 below a heavy one of rate 0.01, all rows at about one half: smoothed, the light one lies higher.
        let mut x = vec![0.0; 10];
        let mut y = vec![0.0; 10];
        for (value, n, good) in [(1.0, 1000, 10), (2.0, 1000, 990)] {
            x.extend(vec![value; n]);
            y.extend((0..n).map(|i| f64::from(u8::from(i < good))));
        }
        let how = Cutting { min_share: 0.0, ..Cutting::default() };
        let bins = cut(&x, &y, &ones(x.len()), Direction::Up, &how);
        assert!(bins.bins.windows(2).all(|b| b[0].woe < b[1].woe));
    }

    #[test]
    fn missing_and_infinite_values_have_a_place() {
        let mut x = vec![f64::NEG_INFINITY; 50];
        x.extend(vec![f64::INFINITY; 50]);
        x.push(f64::NAN);
        let y: Vec<f64> = (0..101).map(|i| f64::from(u8::from(i > 40))).collect();
        let bins = cut(&x, &y, &ones(101), Direction::Free, &Cutting { min_missing_share: 0.02, ..Cutting::default() });
        assert_eq!(bins.upper, [f64::NEG_INFINITY]);
        assert_eq!(bins.woe(f64::NAN), 0.0, "one missing row in a hundred is too few to tell");
        assert!(bins.woe(-3.0) > bins.woe(f64::NEG_INFINITY));
    }

    #[test]
    fn all_missing_is_flat() {
        let bins = cut(&[f64::NAN; 4], &[0.0, 1.0, 0.0, 1.0], &ones(4), Direction::Up, &Cutting::default());
        assert!(bins.is_flat() && bins.upper.is_empty() && bins.bins.len() == 1);
    }
}
