//! Pairs of features: which, how much, and what of it belongs to either feature alone.
//!
//! Every pair of free numbers is screened by the best four-leaf tree on what the features leave unexplained (FAST: Lou, Caruana, Gehrke and Hooker, *Accurate
//! intelligible models with pairwise interactions*, 2013), each row told by the bag that held it out, half of the folds. The best are boosted together on coarse grids, the features'
//! own shapes standing. Pairs that take nothing clear from the loss of the rows held out in the other half are dropped, and none stay unless together they take more than chance
//! would. What a grid says along one axis alone then
//! goes to that feature, until the grid's weighted mean is 0 along every row and column (Lengerich et al., *Purifying interaction effects with the functional
//! ANOVA*, 2020). A feature with a direction is never joined: a grid could turn it.

use rayon::prelude::*;

use super::axis::{Axis, Edges, by_weight};
use super::boost::{Bag, Rows, Scores, boost, loss};
use super::shape::{Pair, rounded};
use super::step::{CELLS, Histogram, How, Sums, Term};
use super::{AdditiveParams, Progress};
use crate::data::Direction;
use crate::linear::link::sigmoid;

/// Most bins of a feature in a grid, missing apart: with 17 × 17 cells a histogram stays within [`CELLS`].
pub(super) const MOST_BINS: f64 = 16.0;
/// Least gain of all pairs together on the rows that judge them, in standard errors: chance alone gives it once in a hundred sets.
const LEAST_JOINT_Z: f64 = 2.33;
/// The same of each pair beside the others.
const LEAST_Z: f64 = 0.5;

/// A feature on coarser bins; each is a union of its own.
struct Coarse {
    feature: usize,
    edges: Edges,
    /// Coarse bin of each of its own, missing last in both.
    of: Vec<u8>,
}

impl Coarse {
    fn new(feature: usize, axis: &Axis, most: usize) -> Option<Self> {
        let Edges::Upper(upper) = &axis.edges else { return None };
        if axis.direction != Direction::Free || axis.is_flat() {
            return None;
        }
        let bins: Vec<(f64, f64)> = axis.weight[..axis.missing()].iter().enumerate().map(|(bin, w)| (bin as f64, *w)).collect();
        let cuts: Vec<usize> = by_weight(&bins, most).into_iter().map(|bin| bin as usize).collect();
        let mut of: Vec<u8> = (0..axis.missing()).map(|bin| cuts.partition_point(|cut| *cut < bin) as u8).collect();
        of.push(cuts.len() as u8 + 1);
        Some(Coarse { feature, edges: Edges::Upper(cuts.into_iter().map(|cut| upper[cut]).collect()), of })
    }

    fn size(&self) -> usize {
        self.edges.bins() + 1
    }
}

/// A pair in training.
pub(super) struct Grid {
    features: [usize; 2],
    edges: [Edges; 2],
    /// Coarse bin of each bin of the two features.
    of: [Vec<u8>; 2],
    size: [usize; 2],
    codes: Vec<u16>,
    weight: Vec<f64>,
}

impl Grid {
    fn new(a: &Coarse, b: &Coarse, axes: &[Axis], rows: &Rows) -> Self {
        let size = [a.size(), b.size()];
        let pair = axes[a.feature].codes.iter().zip(&axes[b.feature].codes);
        let codes: Vec<u16> =
            pair.map(|(p, q)| u16::from(a.of[usize::from(*p)]) * size[1] as u16 + u16::from(b.of[usize::from(*q)])).collect();
        let mut weight = vec![0.0; size[0] * size[1]];
        codes.iter().zip(&rows.weight).for_each(|(code, w)| weight[usize::from(*code)] += w);
        Grid {
            features: [a.feature, b.feature],
            edges: [a.edges.clone(), b.edges.clone()],
            of: [a.of.clone(), b.of.clone()],
            size,
            codes,
            weight,
        }
    }

    /// Position of row `i` on the first axis.
    pub fn row(&self, i: usize) -> usize {
        usize::from(self.codes[i]) / self.size[1]
    }

    /// Position of row `i` on the second.
    pub fn column(&self, i: usize) -> usize {
        usize::from(self.codes[i]) % self.size[1]
    }

    /// Moves what belongs to one feature alone to its scores, and keeps the rest.
    pub fn purified(&self, mut score: Vec<f64>, features: &mut Scores, z: f64) -> Pair {
        let [rows, columns] = self.size;
        let mut own = [vec![0.0; rows], vec![0.0; columns]];
        for _ in 0..10_000 {
            let mut most = 0.0_f64;
            for (side, own) in own.iter_mut().enumerate() {
                for (at, own) in own.iter_mut().enumerate() {
                    let line: Vec<usize> =
                        (0..self.size[1 - side]).map(|k| if side == 0 { at * columns + k } else { k * columns + at }).collect();
                    let weight: f64 = line.iter().map(|cell| self.weight[*cell]).sum();
                    if weight > 0.0 {
                        let mean = line.iter().map(|cell| self.weight[*cell] * score[*cell]).sum::<f64>() / weight;
                        line.iter().for_each(|cell| score[*cell] -= mean);
                        *own += mean;
                        most = most.max(mean.abs());
                    }
                }
            }
            if most < 1e-14 {
                break;
            }
        }
        for side in [0, 1] {
            let feature = &mut features[self.features[side]];
            feature.iter_mut().zip(&self.of[side]).for_each(|(score, bin)| *score += own[side][usize::from(*bin)]);
        }
        // A cell that training never met says nothing beyond its two features.
        let worth = |cell: usize| if self.weight[cell] > 0.0 { rounded(score[cell], 2.0) } else { 0.0 };
        let grid = |of: &dyn Fn(usize) -> f64| (0..rows).map(|r| (0..columns).map(|c| of(r * columns + c)).collect()).collect();
        Pair { features: self.features, edges: self.edges.clone(), scores: grid(&worth), weights: grid(&|cell| self.weight[cell]), z }
    }
}

impl Term for Grid {
    type Code = u16;

    fn codes(&self) -> &[u16] {
        &self.codes
    }

    fn cells(&self) -> usize {
        self.weight.len()
    }

    fn is_flat(&self) -> bool {
        false
    }

    fn step(&self, histogram: &Histogram, _score: &[f64], how: &How) -> Option<(f64, [f64; CELLS])> {
        Tree::best(histogram, &self.weight, self.size, how).map(|tree| (tree.gain, tree.step(self.size, how)))
    }
}

/// A cut along one axis, and one along the other on each side of it.
#[derive(Clone, Copy)]
struct Tree {
    gain: f64,
    /// The axis cut first.
    side: usize,
    /// Last position below the first cut, and below the cut on either side of it.
    cut: usize,
    cuts: [usize; 2],
    /// Newton steps below and above each of `cuts`.
    values: [[f64; 2]; 2],
}

impl Tree {
    fn best(histogram: &Histogram, weight: &[f64], size: [usize; 2], how: &How) -> Option<Tree> {
        let mut best: Option<Tree> = None;
        for side in [0, 1] {
            let (lines, across) = (size[side], size[1 - side]);
            let cell = |line: usize, k: usize| {
                let at = if side == 0 { line * size[1] + k } else { k * size[1] + line };
                Sums { slope: histogram[at][0], bend: histogram[at][1], weight: weight[at] }
            };
            let mut above = [Sums::default(); 32];
            (0..lines).for_each(|line| (0..across).for_each(|k| above[k].add(&cell(line, k))));
            let mut all = Sums::default();
            above[..across].iter().for_each(|sums| all.add(sums));
            let mut below = [Sums::default(); 32];
            for cut in 0..lines - 1 {
                for k in 0..across {
                    let moved = cell(cut, k);
                    below[k].add(&moved);
                    above[k] = above[k].less(&moved);
                }
                let (Some(low), Some(high)) = (halves(&below[..across], how), halves(&above[..across], how)) else { continue };
                let gain = low.0 + high.0 - all.gain(how);
                if gain > best.map_or(1e-9, |b| b.gain) {
                    best = Some(Tree { gain, side, cut, cuts: [low.1, high.1], values: [low.2, high.2] });
                }
            }
        }
        best
    }

    fn step(&self, size: [usize; 2], how: &How) -> [f64; CELLS] {
        let mut step = [0.0; CELLS];
        for r in 0..size[0] {
            for c in 0..size[1] {
                let (first, second) = if self.side == 0 { (r, c) } else { (c, r) };
                let half = usize::from(first > self.cut);
                step[r * size[1] + c] = how.rate * self.values[half][usize::from(second > self.cuts[half])];
            }
        }
        step
    }
}

/// The best cut of a line of cells: its gain, the last position below it, and the steps of its two sides.
fn halves(cells: &[Sums], how: &How) -> Option<(f64, usize, [f64; 2])> {
    let mut all = Sums::default();
    cells.iter().for_each(|cell| all.add(cell));
    let mut below = Sums::default();
    let mut best: Option<(f64, usize, [f64; 2])> = None;
    for (at, cell) in cells[..cells.len() - 1].iter().enumerate() {
        below.add(cell);
        let above = all.less(&below);
        if below.weight < how.min_leaf || above.weight < how.min_leaf {
            continue;
        }
        let gain = below.gain(how) + above.gain(how);
        if best.is_none_or(|b| gain > b.0) {
            best = Some((gain, at, [below.value(how), above.value(how)]));
        }
    }
    best
}

/// The pairs that stayed.
pub(super) struct Joint {
    pub grids: Vec<Grid>,
    /// One a bag.
    pub scores: Vec<Scores>,
    pub z: Vec<f64>,
    pub progress: Option<Progress>,
}

/// Finds pairs and boosts them, in bags that hold the features' own steps.
pub(super) fn find(bags: &mut [Bag], rows: &Rows, axes: &[Axis], params: &AdditiveParams) -> Joint {
    let how = params.how();
    let mut grids = if params.pairs > 0 { screen(bags, rows, axes, params) } else { Vec::new() };
    let mut is_first = true;
    while !grids.is_empty() {
        let mut trial = bags.to_vec();
        let outcome = boost(&mut trial, rows, &grids, &how, params.limits());
        let every: Vec<usize> = (0..grids.len()).collect();
        let z = |named: &[usize]| significance(&trial, rows, &grids, &outcome.scores, named);
        // Asked before any is dropped: of those that are left, chance would make much.
        if std::mem::take(&mut is_first) && z(&every) < LEAST_JOINT_Z {
            grids.clear();
            break;
        }
        let each: Vec<f64> = every.par_iter().map(|at| z(&[*at])).collect();
        if each.iter().all(|z| *z >= LEAST_Z) {
            return Joint { grids, scores: outcome.scores.clone(), z: each, progress: Some(Progress::of(&outcome)) };
        }
        // Those that stay are boosted anew, without the others' company.
        let mut kept = each.iter().map(|z| *z >= LEAST_Z);
        grids.retain(|_| kept.next().unwrap_or(false));
    }
    Joint { grids, scores: Vec::new(), z: Vec::new(), progress: None }
}

/// The most telling pairs, in order of their features.
fn screen(bags: &[Bag], rows: &Rows, axes: &[Axis], params: &AdditiveParams) -> Vec<Grid> {
    let slope: Vec<[f64; 2]> = (0..rows.label.len())
        .map(|i| {
            if judges(rows, i, bags.len()) {
                return [0.0; 2];
            }
            let p = sigmoid(bags[rows.fold[i] as usize].logit(i));
            [rows.weight[i] * (p - rows.label[i]), rows.weight[i] * p * (1.0 - p)]
        })
        .collect();
    let coarse: Vec<Coarse> = axes.iter().enumerate().filter_map(|(j, axis)| Coarse::new(j, axis, params.pair_bins as usize)).collect();
    let candidates: Vec<(usize, usize)> = (0..coarse.len()).flat_map(|a| (a + 1..coarse.len()).map(move |b| (a, b))).collect();
    let gain = |(a, b): &(usize, usize)| {
        let grid = Grid::new(&coarse[*a], &coarse[*b], axes, rows);
        let mut histogram = [[0.0; 2]; CELLS];
        for (code, slope) in grid.codes.iter().zip(&slope) {
            let cell = &mut histogram[usize::from(*code)];
            *cell = [cell[0] + slope[0], cell[1] + slope[1]];
        }
        Tree::best(&histogram, &grid.weight, grid.size, &params.how()).map_or(0.0, |tree| tree.gain)
    };
    let gains: Vec<f64> = candidates.par_iter().map(gain).collect();
    let mut order: Vec<usize> = (0..candidates.len()).filter(|at| gains[*at] > 0.0).collect();
    order.sort_by(|a, b| gains[*b].total_cmp(&gains[*a]).then(a.cmp(b)));
    order.truncate(params.pairs as usize);
    order.sort_unstable();
    order.into_iter().map(|at| Grid::new(&coarse[candidates[at].0], &coarse[candidates[at].1], axes, rows)).collect()
}

/// Whether a row judges pairs. Half the folds do, the other half chooses them: a row that did both would find in noise what was sought in it.
fn judges(rows: &Rows, i: usize, bags: usize) -> bool {
    rows.fold[i] as usize >= bags / 2
}

/// What the pairs named take from the loss of the rows held out that judge, over the standard error of that sum: rows of one group count as one.
fn significance(bags: &[Bag], rows: &Rows, grids: &[Grid], scores: &[Scores], named: &[usize]) -> f64 {
    let (mut gains, mut group): (Vec<f64>, Option<u32>) = (Vec::new(), None);
    for i in (0..rows.label.len()).filter(|i| judges(rows, *i, bags.len())) {
        let bag = rows.fold[i] as usize;
        let with = bags[bag].logit(i);
        let without = with - named.iter().map(|at| scores[bag][*at][usize::from(grids[*at].codes[i])]).sum::<f64>();
        if group.replace(rows.group[i]) != Some(rows.group[i]) {
            gains.push(0.0);
        }
        if let Some(gain) = gains.last_mut() {
            *gain += rows.weight[i] * (loss(without, rows.label[i]) - loss(with, rows.label[i]));
        }
    }
    let sum: f64 = gains.iter().sum();
    let mean = sum / gains.len().max(1) as f64;
    let variance: f64 = gains.iter().map(|gain| (gain - mean) * (gain - mean)).sum();
    if variance > 0.0 { sum / variance.sqrt() } else { 0.0 }
}
