//! How far one axis leaks into the other, on rows that both were assessed on.
//!
//! Two axes may go together in life. What must not be is that one reads the other's facts: so the report gives how their scores go together, whether
//! one's score still tells the other's outcome among parties whom the other's own score holds alike, and which families of facts its points come from.

use std::collections::BTreeMap;

use luheng_models::assess::auc_interval;
use serde::Serialize;

use super::fit::Judged;

/// Strata of the own score within which the other's is looked at.
const STRATA: usize = 10;
/// Fewest rows for a report.
const FEWEST: usize = 200;

/// Both axes beside each other.
#[derive(Debug, Serialize)]
pub struct Cross {
    /// Rows that both axes were assessed on.
    pub(super) rows: usize,
    /// Rank correlation (Spearman) of the two probabilities, and of the two outcomes.
    pub(super) scores_correlation: Option<f64>,
    pub(super) outcomes_correlation: Option<f64>,
    pub(super) axes: Vec<Leak>,
}

/// What the other axis' score says of this axis' outcome.
#[derive(Debug, Serialize)]
pub struct Leak {
    pub(super) axis: &'static str,
    /// Area of the own score.
    pub(super) own_auc: Option<f64>,
    /// Area of the other axis' score for this axis' outcome, alone.
    pub(super) other_auc: Option<f64>,
    /// The same within tenths of the own score: a half, if the other says nothing that the own does not.
    pub(super) other_auc_given_own: Option<f64>,
    pub(super) given_own_low95: Option<f64>,
    pub(super) given_own_high95: Option<f64>,
    /// Share of the axis' points by family of fact.
    pub(super) points_by_family: BTreeMap<&'static str, f64>,
    /// Of them, of the other axis' own family: property for willingness, behaviour for capacity.
    pub(super) points_of_others_family: f64,
}

/// One axis on the rows of both.
struct Side<'a> {
    p: Vec<f64>,
    label: Vec<f64>,
    weight: Vec<f64>,
    case: &'a [String],
}

/// Compares the two axes; none where too few rows were assessed on both.
pub fn cross(capacity: &Judged, willingness: &Judged) -> Option<Cross> {
    let place: BTreeMap<usize, usize> = willingness.held_out.at.iter().enumerate().map(|(at, row)| (*row, at)).collect();
    let both: Vec<(usize, usize)> = capacity.held_out.at.iter().enumerate().filter_map(|(at, row)| Some((at, *place.get(row)?))).collect();
    if both.len() < FEWEST {
        return None;
    }
    let case: Vec<String> = both.iter().map(|(at, _)| capacity.held_out.case[*at].clone()).collect();
    let side = |judged: &Judged, of: &dyn Fn(&(usize, usize)) -> usize| {
        let take = |values: &[f64]| both.iter().map(|at| values[of(at)]).collect::<Vec<f64>>();
        Side { p: take(&judged.held_out.p), label: take(&judged.held_out.label), weight: take(&judged.held_out.weight), case: &case }
    };
    let (can, will) = (side(capacity, &|at| at.0), side(willingness, &|at| at.1));
    Some(Cross {
        rows: both.len(),
        scores_correlation: spearman(&can.p, &will.p),
        outcomes_correlation: spearman(&can.label, &will.label),
        axes: vec![
            leak("capacity", &can, &will.p, &capacity.families, "behaviour"),
            leak("willingness", &will, &can.p, &willingness.families, "property"),
        ],
    })
}

fn leak(axis: &'static str, own: &Side<'_>, other: &[f64], families: &BTreeMap<&'static str, f64>, foreign: &'static str) -> Leak {
    let area = |p: &[f64]| auc_interval(p, &own.label, &own.weight, None, 0.95).ok().map(|a| a.auc);
    let given = given(own, other);
    Leak {
        axis,
        own_auc: area(&own.p),
        other_auc: area(other),
        other_auc_given_own: given.map(|g| g.0),
        given_own_low95: given.map(|g| g.0 - 1.96 * g.1),
        given_own_high95: given.map(|g| g.0 + 1.96 * g.1),
        points_by_family: families.clone(),
        points_of_others_family: families.get(foreign).copied().unwrap_or(0.0),
    }
}

/// The area of the other's score within strata of the own, by their pairs of good and bad, and its standard error.
fn given(own: &Side<'_>, other: &[f64]) -> Option<(f64, f64)> {
    let mut order: Vec<usize> = (0..own.p.len()).collect();
    order.sort_by(|a, b| own.p[*a].total_cmp(&own.p[*b]).then(a.cmp(b)));
    let (mut sum, mut pairs, mut variance) = (0.0, 0.0, 0.0);
    for at in 0..STRATA {
        let rows = &order[at * order.len() / STRATA..(at + 1) * order.len() / STRATA];
        let of = |values: &[f64]| rows.iter().map(|at| values[*at]).collect::<Vec<f64>>();
        let case: Vec<String> = rows.iter().map(|at| own.case[*at].clone()).collect();
        let Ok(found) = auc_interval(&of(other), &of(&own.label), &of(&own.weight), Some(&case), 0.95) else { continue };
        let Some(error) = found.standard_error else { continue };
        let weight = found.good * found.bad;
        (sum, pairs, variance) = (sum + weight * found.auc, pairs + weight, variance + (weight * error) * (weight * error));
    }
    (pairs > 0.0).then(|| (sum / pairs, variance.sqrt() / pairs))
}

/// Rank correlation, ties at their mean rank; none where one side is constant.
fn spearman(a: &[f64], b: &[f64]) -> Option<f64> {
    let (a, b) = (ranks(a), ranks(b));
    let mean = (a.len() as f64 - 1.0) / 2.0;
    let sum = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| (x - mean) * (y - mean)).sum::<f64>();
    let scale = (sum(&a, &a) * sum(&b, &b)).sqrt();
    (scale > 0.0).then(|| sum(&a, &b) / scale)
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let (mut ranks, mut from) = (vec![0.0; values.len()], 0);
    for same in order.chunk_by(|a, b| values[*a] == values[*b]) {
        same.iter().for_each(|at| ranks[*at] = from as f64 + (same.len() - 1) as f64 / 2.0);
        from += same.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use crate::train::sample::tests::draw;

    /// Rows whose outcome follows `own` and, so far as `leaks`, a second fact that the own score does not hold.
    fn side(leaks: f64, case: &[String]) -> (Side<'_>, Vec<f64>) {
        let rows = case.len();
        let p: Vec<f64> = (0..rows).map(|at| draw(at, "own")).collect();
        let second: Vec<f64> = (0..rows).map(|at| draw(at, "second")).collect();
        let label = (0..rows).map(|at| f64::from(u8::from(draw(at, "luck") < (1.0 - leaks) * p[at] + leaks * second[at])));
        // The other's score goes with the own one, as in life.
        let other = (0..rows).map(|at| 0.5 * p[at] + 0.5 * second[at]).collect();
        (Side { label: label.collect(), p, weight: vec![1.0; rows], case }, other)
    }

    #[test]
    fn a_score_that_only_goes_along_tells_nothing_more_and_a_leak_is_seen() {
        let case: Vec<String> = (0..5_000).map(|at| at.to_string()).collect();
        let (own, other) = side(0.0, &case);
        assert!(spearman(&own.p, &other).unwrap() > 0.6);
        let alone = auc_interval(&other, &own.label, &own.weight, None, 0.95).unwrap().auc;
        let (auc, error) = given(&own, &other).unwrap();
        assert!(alone > 0.65 && (auc - 0.5).abs() < 0.06 && error < 0.02, "{alone} alone, {auc} given its own");
        let (own, other) = side(0.5, &case);
        let (auc, error) = given(&own, &other).unwrap();
        assert!(auc - 4.0 * error > 0.55, "{auc}");
    }

    #[test]
    fn ranks_share_ties() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0]), [1.5, 0.0, 1.5]);
        assert_eq!(spearman(&[1.0, 2.0, 3.0], &[2.0, 4.0, 9.0]), Some(1.0));
        assert_eq!(spearman(&[1.0, 2.0], &[5.0, 5.0]), None);
    }
}
