//! One tree after another, each on its sample of rows and columns, until there are trees enough or the rows held out are served no better.

use rayon::prelude::*;

use super::codes::Codes;
use super::ensemble::Stopping;
use super::grow::{Grown, Soil};
use super::histogram::Weights;
use super::objective::{Objective, Slope};
use super::sample::{self, Purpose};
use super::settle::{Settled, settle};
use super::{BoostParams, UNITS, nearest, score_of};
use crate::data::{TrainingSet, check_classes};

/// Rows per block: part of what a sum is, never to be tuned to a machine.
const BLOCK: usize = 4096;

/// What a fit has found.
pub(super) struct Run {
    pub codes: Codes,
    /// The score where every row starts, in units.
    pub start: i64,
    pub trees: Vec<(Grown, Settled)>,
    pub stopping: Stopping,
}

/// Rows with where they stand.
pub(super) struct Rows<'a> {
    pub label: &'a [f64],
    pub weight: &'a [f64],
    pub score: Vec<f64>,
    pub slopes: Vec<Slope>,
}

impl Rows<'_> {
    /// Slopes of all rows at their scores.
    fn slope(&mut self, objective: Objective) {
        let (label, score) = (self.label, &self.score);
        let block = |(at, slopes): (usize, &mut [Slope])| {
            let (label, score) = (&label[at * BLOCK..], &score[at * BLOCK..]);
            let each = slopes.iter_mut().zip(label.iter().zip(score));
            // One loop an objective: a choice within the loop would keep the compiler from taking several rows at once.
            match objective {
                Objective::Logistic => each.for_each(|(slope, (y, s))| *slope = Objective::Logistic.slope(*y, *s)),
                _ => each.for_each(|(slope, (y, s))| *slope = objective.slope(*y, *s)),
            }
        };
        self.slopes.par_chunks_mut(BLOCK).enumerate().for_each(block);
    }

    /// Mean loss of some rows, added up in blocks.
    fn loss(&self, numbers: &[u32], objective: Objective) -> f64 {
        let one = |row: &u32| {
            let row = *row as usize;
            self.weight[row] * objective.loss(self.label[row], self.score[row])
        };
        let blocks: Vec<f64> = numbers.par_chunks(BLOCK).map(|block| block.iter().map(one).sum()).collect();
        blocks.iter().sum::<f64>() / numbers.iter().map(|row| self.weight[*row as usize]).sum::<f64>()
    }

    /// Moves every row by its leaf: those of the sample by the list of their leaf, the others by a walk.
    fn move_on(&mut self, grown: &Grown, settled: &Settled, codes: &Codes, others: &[u32]) {
        let value: Vec<f64> = settled.value.iter().map(|units| score_of(*units)).collect();
        let moves: Vec<f64> = others.par_iter().with_min_len(BLOCK).map(|row| value[grown.leaf(codes, *row as usize)]).collect();
        others.iter().zip(moves).for_each(|(row, by)| self.score[*row as usize] += by);
        for (range, value) in grown.leaves.iter().zip(value) {
            grown.rows[range.clone()].iter().for_each(|row| self.score[*row as usize] += value);
        }
    }
}

/// Rows to learn from and rows held out, ascending; none held out where that would leave a side without both kinds of label.
fn parts(set: &TrainingSet, hashes: &[u64], share: f64) -> (Vec<u32>, Vec<u32>) {
    let all = 0..set.rows() as u32;
    let (held, learn): (Vec<u32>, Vec<u32>) = all.clone().partition(|row| sample::is_taken(hashes[*row as usize], Purpose::Held, share));
    let serves = |rows: &[u32]| check_classes(&rows.iter().map(|row| set.label()[*row as usize]).collect::<Vec<f64>>()).is_ok();
    if share > 0.0 && serves(&held) && serves(&learn) { (learn, held) } else { (all.collect(), Vec::new()) }
}

/// The rows that are not in a list of ascending ones.
fn outside(rows: &[u32], n: usize) -> Vec<u32> {
    let mut next = rows.iter().copied().peekable();
    (0..n as u32).filter(|row| next.next_if_eq(row).is_none()).collect()
}

/// Tells when to stop: after `patience` trees without a better loss on the rows held out.
struct Watch {
    best: f64,
    kept: usize,
}

/// Fits to rows that lie in order; parameters have been checked.
pub(super) fn run(set: &TrainingSet, params: &BoostParams, objective: Objective, seed: u64) -> Run {
    let codes = Codes::of(set, params.max_bins as usize);
    let weights = Weights::of(set.weight());
    let hashes = sample::hashes(set.group(), seed);
    let (learn, held) = parts(set, &hashes, params.held_share);
    let of = |values: &[f64]| learn.iter().map(|row| values[*row as usize]).collect::<Vec<f64>>();
    let start = nearest(objective.start(&of(set.label()), &of(set.weight())) * UNITS);
    let (score, slopes) = (vec![score_of(start); set.rows()], vec![(0.0, 0.0); set.rows()]);
    let mut rows = Rows { label: set.label(), weight: set.weight(), score, slopes };
    let mut watch = Watch { best: rows.loss(&held, objective), kept: 0 };
    let mut trees = Vec::new();
    let mut grown_n = 0;
    for tree in 0..params.trees {
        rows.slope(objective);
        let is_taken =
            |row: &u32| params.row_share >= 1.0 || sample::is_taken(hashes[*row as usize], Purpose::Tree(tree), params.row_share);
        let sampled: Vec<u32> = learn.iter().copied().filter(is_taken).collect();
        let columns = sample::columns(&codes.useful, seed, tree, params.column_share);
        let others = if sampled.len() == learn.len() { held.clone() } else { outside(&sampled, set.rows()) };
        let soil = Soil { codes: &codes, features: set.design().features(), params, weights: &weights, slopes: &rows.slopes };
        let settled = |grown: Grown| {
            let settled = settle(&grown, &rows, objective, params);
            // A tree that moves nobody, as where a quantile sits on a value that many rows share.
            settled.value.iter().any(|units| *units != 0).then_some((grown, settled))
        };
        let Some((grown, settled)) = soil.grow(sampled, &columns).and_then(settled) else {
            // Another sample may have more to say; the same rows and columns will not.
            if params.row_share < 1.0 || params.column_share < 1.0 { continue } else { break }
        };
        grown_n += 1;
        rows.move_on(&grown, &settled, &codes, &others);
        trees.push((Grown { rows: Vec::new(), ..grown }, settled));
        if !held.is_empty() {
            let loss = rows.loss(&held, objective);
            if loss < watch.best {
                watch = Watch { best: loss, kept: trees.len() };
            } else if trees.len() - watch.kept >= params.patience as usize {
                break;
            }
        }
    }
    if !held.is_empty() {
        trees.truncate(watch.kept);
    }
    let stopping =
        Stopping { grown: grown_n, kept: trees.len() as u32, held: held.len() as u64, held_loss: (!held.is_empty()).then_some(watch.best) };
    Run { codes, start, trees, stopping }
}
