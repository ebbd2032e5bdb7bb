//! What each feature adds to a score: Shapley values, a feature not yet known being averaged over the training rows that came this way
//! (path-dependent TreeSHAP: Lundberg, Erion and Lee, *Consistent individualized feature attribution for tree ensembles*, 2018).
//!
//! The weights of a Shapley value are an integral, |S|! (d − 1 − |S|)! / d! = ∫ tˢ (1 − t)^(d−1−s) dt from 0 to 1, so the value of a feature is the
//! integral of a product over the other features of its leaf: of t where the row agrees with the path, and of (1 − t) z, z the share of training
//! rows that took it. Such a product is a polynomial, and Gauss and Legendre's rule of half as many points as features integrates it exactly. A tree is
//! then two sweeps over its splits with a few numbers each (as in linear TreeSHAP: Yu et al., 2022), whose factors are known beforehand for the
//! three ways a row can stand to a split: off the path in the same feature further up, going left, going right. With P the product above a split,
//! U the sums below its sides, F = t + (1 − t) z′ the factor that earlier splits on the same feature left (z′ = 1, F = 1 without them) and z the share
//! of the side not taken, the split adds z z′ ∫ P (U taken − U not taken) / F².
//!
//! Base, parts and scores are multiples of 2⁻³² below 2²⁰. What rounding leaves over, some 2⁻³² a row, goes to the row's greatest part; so
//! base and parts summed in any order are bit by bit the score.

use ndarray::Array2;
use rayon::prelude::*;

use super::ensemble::{Feature, Tree};
use super::walk::{Lane, ROWS, Walk};
use super::{MOST_LEAVES, UNITS, nearest, score_of};

/// Numbers of points there is code for: even ones, since a processor takes two numbers at a time.
const POINTS: [usize; 6] = [2, 4, 6, 8, 16, 32];
/// Rows that a sweep takes together: neither waits for the other.
const ABREAST: usize = 2;

/// Trees ready to explain.
#[derive(Clone, Debug)]
pub(super) struct Shapley {
    base: i64,
    /// Features that some tree splits: only these can have a part.
    used: Vec<usize>,
    trees: Vec<Paths>,
}

/// One tree.
#[derive(Clone, Debug)]
struct Paths {
    points: usize,
    splits: Vec<Turn>,
    /// For each split and way to stand to it three rows of one number a point: factors of the left and right side, weights of the difference.
    factors: Vec<f64>,
    /// Values of leaves.
    leaves: Vec<f64>,
}

/// One split.
#[derive(Clone, Copy, Debug)]
struct Turn {
    feature: usize,
    /// The split above and the side of it, for all but the root.
    above: usize,
    side: usize,
    /// Splits on the same feature further up, and the turns there that lead here.
    mask: u64,
    want: u64,
    /// Where the sums of the two sides are kept: splits first, then leaves.
    below: [usize; 2],
}

/// Nodes and weights of Gauss and Legendre's rule on 0 to 1.
fn rule(points: usize) -> Vec<(f64, f64)> {
    let n = points as f64;
    let root = |k: usize| {
        let mut x = libm::cos(std::f64::consts::PI * (k as f64 + 0.75) / (n + 0.5));
        let mut slope = 1.0;
        // Newton's steps double the digits: three of the seven are needed.
        for _ in 0..7 {
            let (mut before, mut p) = (1.0, x);
            for j in 2..=points {
                let j = j as f64;
                (before, p) = (p, ((2.0 * j - 1.0) * x * p - (j - 1.0) * before) / j);
            }
            slope = n * (x * p - before) / (x * x - 1.0);
            x -= p / slope;
        }
        (0.5 * (1.0 + x), 1.0 / ((1.0 - x * x) * slope * slope))
    };
    (0..points).map(root).collect()
}

impl Shapley {
    pub(super) fn new(start: f64, features: &[Feature], trees: &[Tree]) -> Self {
        let expected = |tree: &Tree| {
            let of_all: f64 = tree.cover.iter().sum();
            tree.value.iter().zip(&tree.cover).map(|(v, c)| score_of(*v) * (c / of_all)).sum::<f64>()
        };
        let base = nearest((start + trees.iter().map(expected).sum::<f64>()) * UNITS);
        let is_used = |j: &usize| trees.iter().any(|tree| tree.feature.iter().any(|f| usize::from(*f) == *j));
        let used = (0..features.len()).filter(is_used).collect();
        Shapley { base, used, trees: trees.iter().map(Paths::new).collect() }
    }

    /// The score that contributions start from.
    pub(super) fn base(&self) -> f64 {
        score_of(self.base)
    }

    /// Parts of rows of the right width.
    pub(super) fn parts(&self, walk: &Walk, x: &Array2<f64>) -> Array2<f64> {
        let width = x.ncols();
        let mut parts = Array2::zeros(x.dim());
        if width == 0 {
            return parts;
        }
        let x = x.as_standard_layout();
        if let (Some(parts), Some(values)) = (parts.as_slice_mut(), x.as_slice()) {
            let block = |(parts, values): (&mut [f64], &[f64])| self.block(walk, values, width, parts);
            parts.par_chunks_mut(ROWS * width).zip(values.par_chunks(ROWS * width)).with_min_len(8).for_each(block);
        }
        parts
    }

    /// Parts of up to 64 rows.
    fn block(&self, walk: &Walk, x: &[f64], width: usize, parts: &mut [f64]) {
        let mut lanes = Vec::new();
        walk.codes(x, width, &mut lanes);
        // Rows are taken so many abreast: the last may be one that is not asked for.
        let mut sums = vec![0.0; (parts.len() / width).next_multiple_of(ABREAST) * width];
        for (number, tree) in self.trees.iter().enumerate() {
            tree.explain(&walk.turns(number, &lanes), width, &mut sums);
        }
        parts.copy_from_slice(&sums[..parts.len()]);
        for (row, score) in parts.chunks_exact_mut(width).zip(walk.units(&lanes)) {
            self.round(row, score);
        }
    }

    /// Brings the parts of a row to the grid, and to the sum they must have.
    fn round(&self, row: &mut [f64], score: i64) {
        let (mut left, mut greatest) = (score.wrapping_sub(self.base), None);
        let mut most = -1;
        for j in &self.used {
            let units = nearest(row[*j] * UNITS);
            left = left.wrapping_sub(units);
            if units.wrapping_abs() > most {
                (most, greatest) = (units.wrapping_abs(), Some(*j));
            }
            row[*j] = score_of(units);
        }
        // Only features that a tree splits take part: a constant one adds exactly nothing.
        if let Some(j) = greatest {
            row[j] += score_of(left);
        }
    }
}

impl Paths {
    fn new(tree: &Tree) -> Self {
        let mut cover = vec![0.0; tree.splits()];
        for split in (0..tree.splits()).rev() {
            cover[split] = side(tree, tree.left[split], &cover) + side(tree, tree.right[split], &cover);
        }
        let root = Turn { feature: 0, above: 0, side: 0, mask: 0, want: 0, below: [0; 2] };
        let mut splits = vec![root; tree.splits()];
        let mut above: Vec<Vec<Seen>> = vec![Vec::new(); tree.splits()];
        let mut features_n = 1;
        let mut shares = Vec::new();
        for split in 0..tree.splits() {
            let feature = usize::from(tree.feature[split]);
            let before = above[split].iter().find(|seen| seen.feature == feature).copied();
            let before = before.unwrap_or(Seen { feature, mask: 0, want: 0, share: 1.0 });
            let sides = [tree.left[split], tree.right[split]];
            let part = sides.map(|at| side(tree, at, &cover) / cover[split]);
            shares.push((before.share, part));
            splits[split] = Turn { feature, mask: before.mask, want: before.want, below: sides.map(place), ..splits[split] };
            for (turn, at) in sides.into_iter().enumerate() {
                let mut seen: Vec<Seen> = above[split].iter().filter(|seen| seen.feature != feature).copied().collect();
                let (mask, want) = (before.mask | 1 << split, before.want | (turn as u64) << split);
                seen.push(Seen { feature, mask, want, share: before.share * part[turn] });
                features_n = features_n.max(seen.len());
                if let Ok(below) = usize::try_from(at) {
                    (splits[below].above, splits[below].side) = (split, turn);
                    above[below] = seen;
                }
            }
        }
        let points = POINTS.into_iter().find(|points| 2 * points >= features_n).unwrap_or(MOST_LEAVES / 2);
        let rule = rule(points);
        let factors = shares.iter().flat_map(|(before, part)| factors(*before, *part, &rule)).collect();
        Paths { points, splits, factors, leaves: tree.value.iter().map(|units| score_of(*units)).collect() }
    }

    /// Adds this tree's parts of up to 64 rows, as many as there is room for, not yet rounded.
    fn explain(&self, turns: &Lane<u64>, width: usize, parts: &mut [f64]) {
        match self.points {
            2 => self.sweep::<2>(turns, width, parts),
            4 => self.sweep::<4>(turns, width, parts),
            6 => self.sweep::<6>(turns, width, parts),
            8 => self.sweep::<8>(turns, width, parts),
            16 => self.sweep::<16>(turns, width, parts),
            _ => self.sweep::<32>(turns, width, parts),
        }
    }

    fn sweep<const M: usize>(&self, turns: &Lane<u64>, width: usize, parts: &mut [f64]) {
        let (factors, _) = self.factors.as_chunks::<M>();
        let mut above = [[[1.0; M]; ABREAST]; MOST_LEAVES];
        let mut below = [[[0.0; M]; ABREAST]; 2 * MOST_LEAVES];
        for (sums, value) in below[MOST_LEAVES..].iter_mut().zip(&self.leaves) {
            *sums = [[*value; M]; ABREAST];
        }
        let mut stands = [[0_usize; ABREAST]; MOST_LEAVES];
        let (turns, _) = turns.as_chunks::<ABREAST>();
        for (turns, parts) in turns.iter().zip(parts.chunks_exact_mut(ABREAST * width)) {
            for (at, split) in self.splits.iter().enumerate() {
                for k in 0..ABREAST {
                    let is_on = usize::from((turns[k] ^ split.want) & split.mask == 0);
                    stands[at % MOST_LEAVES][k] = 9 * at + 3 * (is_on * (1 + (turns[k] >> at & 1) as usize));
                    if at > 0 {
                        let factor = &factors[stands[split.above % MOST_LEAVES][k] + split.side];
                        let from = above[split.above % MOST_LEAVES][k];
                        above[at % MOST_LEAVES][k] = std::array::from_fn(|m| from[m] * factor[m]);
                    }
                }
            }
            for (at, split) in self.splits.iter().enumerate().rev() {
                for k in 0..ABREAST {
                    let [left, right] = split.below.map(|at| below[at % (2 * MOST_LEAVES)][k]);
                    let (product, stand) = (&above[at % MOST_LEAVES][k], stands[at % MOST_LEAVES][k]);
                    let Some([by_left, by_right, weight]) = factors.get(stand..stand + 3) else { continue };
                    let mut part = [0.0; 2];
                    for m in 0..M {
                        part[m % 2] += weight[m] * product[m] * (left[m] - right[m]);
                    }
                    below[at % MOST_LEAVES][k] = std::array::from_fn(|m| left[m] * by_left[m] + right[m] * by_right[m]);
                    parts[k * width + split.feature] += part[0] + part[1];
                }
            }
        }
    }
}

/// What the path to a split has asked of one feature: at which splits, the turns there, and the share of rows that took them.
#[derive(Clone, Copy, Debug)]
struct Seen {
    feature: usize,
    mask: u64,
    want: u64,
    share: f64,
}

/// Weight of the training rows of a side.
fn side(tree: &Tree, side: i16, splits: &[f64]) -> f64 {
    usize::try_from(side).map_or_else(|_| tree.cover[usize::from((-1 - side).unsigned_abs())], |at| splits[at])
}

/// Where the sums of a side are kept.
fn place(side: i16) -> usize {
    usize::try_from(side).unwrap_or_else(|_| MOST_LEAVES + usize::from((-1 - side).unsigned_abs()))
}

/// Factors and weights of a split for a row off the path, going left, going right; `before` is the share of rows that earlier splits on the
/// same feature let through, `part` the shares of the two sides.
fn factors(before: f64, part: [f64; 2], rule: &[(f64, f64)]) -> Vec<f64> {
    let known = |t: f64| t + (1.0 - t) * before;
    let taken = |t: f64, part: f64| (t + (1.0 - t) * before * part) / known(t);
    let not_taken = |t: f64, part: f64| (1.0 - t) * before * part / known(t);
    let weight = |t: f64, w: f64, other: f64| w * before * other / (known(t) * known(t));
    let mut out = Vec::with_capacity(9 * rule.len());
    let mut row = |of: &dyn Fn(f64, f64) -> f64| out.extend(rule.iter().map(|(t, w)| of(*t, *w)));
    row(&|_, _| part[0]);
    row(&|_, _| part[1]);
    row(&|_, _| 0.0);
    row(&|t, _| taken(t, part[0]));
    row(&|t, _| not_taken(t, part[1]));
    row(&|t, w| weight(t, w, part[1]));
    row(&|t, _| not_taken(t, part[0]));
    row(&|t, _| taken(t, part[1]));
    row(&|t, w| -weight(t, w, part[0]));
    out
}
