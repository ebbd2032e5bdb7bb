//! Values of the leaves of a grown tree: each the step that is best for its rows, held within the bounds that the directions of the splits above
//! it set, and rounded to the grid of scores.
//!
//! Growing works with rounded gradients, here the exact ones are summed, so the bounds are laid anew from what each side of a split would take by
//! itself. Rounding keeps order, so what holds before it holds after.

use std::ops::Range;

use rayon::prelude::*;

use super::grow::{Child, Grown};
use super::histogram::PIECE;
use super::objective::{Objective, quantile};
use super::rounds::Rows;
use super::split::bounds;
use super::{BoostParams, FURTHEST, UNITS, nearest};

/// A leaf's value in units of a score, and the weight of its rows.
pub(super) struct Settled {
    pub value: Vec<i64>,
    pub cover: Vec<f64>,
}

/// A step as numerator and denominator: those of a split are the sums of its leaves'.
type Step = (f64, f64);

/// Settles one tree. `rows` are as they were when it was grown.
pub(super) fn settle(grown: &Grown, rows: &Rows<'_>, objective: Objective, params: &BoostParams) -> Settled {
    let l2 = if let Objective::Quantile(_) = objective { 0.0 } else { params.l2 };
    let one = |range: &Range<usize>| leaf(&grown.rows[range.clone()], rows, objective);
    let leaves: Vec<(Step, f64)> =
        if grown.rows.len() < PIECE { grown.leaves.iter().map(one).collect() } else { grown.leaves.par_iter().map(one).collect() };
    let mut splits = vec![(0.0, 0.0); grown.splits.len()];
    // A split's number is above its parent's.
    for at in (0..splits.len()).rev() {
        let [l, r] = grown.splits[at].children.map(|child| of(child, &splits, &leaves));
        splits[at] = (l.0 + r.0, l.1 + r.1);
    }
    let value = |step: Step| if step.1 + l2 > 0.0 { (step.0 / (step.1 + l2)).clamp(-FURTHEST, FURTHEST) } else { 0.0 };
    let free = (f64::NEG_INFINITY, f64::INFINITY);
    let (mut split_bounds, mut settled) = (vec![free; splits.len()], vec![0; leaves.len()]);
    for (at, split) in grown.splits.iter().enumerate() {
        let (low, high) = split_bounds[at];
        let [l, r] = split.children.map(|child| value(of(child, &splits, &leaves)).clamp(low, high));
        for (child, kept) in split.children.into_iter().zip(bounds(split.order, low, high, l, r)) {
            match child {
                Child::Split(next) => split_bounds[next] = kept,
                Child::Leaf(leaf) => {
                    settled[leaf] = nearest(value(leaves[leaf].0).clamp(kept.0, kept.1) * params.learning_rate * UNITS);
                }
            }
        }
    }
    Settled { value: settled, cover: leaves.into_iter().map(|leaf| leaf.1).collect() }
}

fn of(child: Child, splits: &[Step], leaves: &[(Step, f64)]) -> Step {
    match child {
        Child::Split(at) => splits[at],
        Child::Leaf(leaf) => leaves[leaf].0,
    }
}

/// The step of one leaf and its weight, summed in the order of rows.
fn leaf(numbers: &[u32], rows: &Rows<'_>, objective: Objective) -> (Step, f64) {
    let (mut g, mut h, mut cover) = (0.0, 0.0, 0.0);
    for row in numbers {
        let row = *row as usize;
        let (weight, slope) = (rows.weight[row], rows.slopes[row]);
        g += weight * slope.0;
        h += weight * slope.1;
        cover += weight;
    }
    match objective {
        Objective::Quantile(level) => {
            let left = |row: &u32| (rows.label[*row as usize] - rows.score[*row as usize], rows.weight[*row as usize]);
            let mut pairs: Vec<(f64, f64)> = numbers.iter().map(left).collect();
            ((quantile(&mut pairs, level) * cover, cover), cover)
        }
        Objective::Logistic | Objective::Squared => ((-g, h), cover),
    }
}
