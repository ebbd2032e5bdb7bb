//! Scores of many rows at a time (after Lucchese et al., *QuickScorer*, 2015, with rows side by side as in its vectorised form, 2016).
//!
//! A row goes right at a split: then no leaf of the left side is its leaf. So every split is asked of a whole block of rows, and where the answer is
//! "right" its mask takes the leaves of its left side out of the row's set; the first leaf still in the set is the row's. A set is at most 64
//! bits, kept as eight planes of one byte a row: a split touches the planes that its left side lies in, mostly one, and the compiler does that
//! for 16 or more rows in a few instructions, without branches. Values are whole numbers, so the order of trees does not matter.
//!
//! Codes are made so that one comparison answers every split: missing values have the greatest code, or, for splits where they go left, a copy
//! of the feature has them as the least; a split by category has a copy of its own, of zeros and ones.

use std::collections::BTreeMap;

use ndarray::Array2;
use rayon::prelude::*;

use super::codes::{Ladder, code};
use super::ensemble::{Feature, Tree};
use super::{MISSING, UNITS, nearest, score_of};
use crate::data::Kind;

/// Rows side by side.
pub(super) const ROWS: usize = 64;
/// Rows that a thread takes at once.
const BATCH: usize = 64 * ROWS;

/// One entry a row of a block.
pub(super) type Lane<T> = [T; ROWS];

/// Trees ready to score.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    start: i64,
    coders: Vec<Coder>,
    columns: Vec<Column>,
    trees: Vec<Masks>,
}

/// A feature that some split asks about.
#[derive(Clone, Debug)]
struct Coder {
    feature: usize,
    kind: Kind,
    ladder: Ladder,
    edges: Vec<f64>,
}

/// A copy of a feature's codes in which "at most this" answers a split.
#[derive(Clone, Debug)]
struct Column {
    coder: usize,
    table: Vec<u8>,
}

/// One plane of one split.
#[derive(Clone, Copy, Debug)]
struct Mask {
    column: u32,
    last: u8,
    /// What stays in the plane if the row goes right.
    stays: u8,
}

#[derive(Clone, Debug)]
struct Masks {
    /// Column and last code that goes left of each split.
    splits: Vec<(u32, u8)>,
    planes: Vec<Vec<Mask>>,
    values: Vec<i64>,
}

impl Walk {
    pub(super) fn new(start: f64, features: &[Feature], trees: &[Tree]) -> Self {
        let mut walk = Walk { start: nearest(start * UNITS), coders: Vec::new(), columns: Vec::new(), trees: Vec::new() };
        let mut known = BTreeMap::new();
        for tree in trees {
            let splits: Vec<(u32, u8)> = (0..tree.splits()).map(|split| walk.question(tree, split, features, &mut known)).collect();
            let mut planes = vec![Vec::new(); tree.leaves().div_ceil(8)];
            left_sides(tree, &mut |split, leaves| {
                let gone = leaves.fold(0_u64, |gone, leaf| gone | 1 << leaf);
                for (plane, gone) in planes.iter_mut().zip(gone.to_le_bytes()) {
                    if gone != 0 {
                        plane.push(Mask { column: splits[split].0, last: splits[split].1, stays: !gone });
                    }
                }
            });
            let mut values = tree.value.clone();
            values.resize(64, 0);
            walk.trees.push(Masks { splits, planes, values });
        }
        walk
    }

    /// The column and last code that answer a split. Splits of numbers share columns, `known` by coder and side of missing values.
    fn question(&mut self, tree: &Tree, split: usize, features: &[Feature], known: &mut BTreeMap<(usize, bool), u32>) -> (u32, u8) {
        let j = usize::from(tree.feature[split]);
        let feature = &features[j];
        let coder = self.coders.iter().position(|c| c.feature == j).unwrap_or_else(|| {
            let (edges, ladder) = (feature.edges.clone(), Ladder::of(if feature.kind == Kind::Number { &feature.edges } else { &[] }));
            self.coders.push(Coder { feature: j, kind: feature.kind, ladder, edges });
            self.coders.len() - 1
        });
        let left = tree.left_codes(split, features);
        let (table, last): (Vec<u8>, u8) = match feature.kind {
            Kind::Number if left.contains(MISSING) => ((0..MISSING).chain([0]).collect(), tree.code[split]),
            Kind::Number => ((0..=MISSING).collect(), tree.code[split]),
            Kind::Category => ((0..=MISSING).map(|code| u8::from(!left.contains(code))).collect(), 0),
        };
        let new = self.columns.len() as u32;
        let at = if feature.kind == Kind::Number { *known.entry((coder, left.contains(MISSING))).or_insert(new) } else { new };
        if at == new {
            self.columns.push(Column { coder, table });
        }
        (at, last)
    }

    /// The codes of up to 64 rows of `width` values, one lane a column.
    pub(super) fn codes(&self, x: &[f64], width: usize, lanes: &mut Vec<Lane<u8>>) {
        lanes.resize(self.columns.len(), [0; ROWS]);
        let mut raw = vec![[0_u8; ROWS]; self.coders.len()];
        for (coder, lane) in self.coders.iter().zip(&mut raw) {
            for (code_of, row) in lane.iter_mut().zip(x.chunks_exact(width)) {
                let value = row[coder.feature];
                *code_of = if coder.kind == Kind::Number { coder.ladder.code(value) } else { code(Kind::Category, &coder.edges, value) };
            }
        }
        for (column, lane) in self.columns.iter().zip(lanes) {
            if let Ok(table) = <&[u8; 256]>::try_from(column.table.as_slice()) {
                lane.iter_mut().zip(&raw[column.coder]).for_each(|(to, code)| *to = table[usize::from(*code)]);
            }
        }
    }

    /// Scores in units, of up to 64 coded rows.
    pub(super) fn units(&self, lanes: &[Lane<u8>]) -> Lane<i64> {
        let mut sums = [self.start; ROWS];
        self.trees.iter().for_each(|tree| tree.add(lanes, &mut sums));
        sums
    }

    /// For each row of a block, the splits of one tree at which it goes right, as bits.
    pub(super) fn turns(&self, tree: usize, lanes: &[Lane<u8>]) -> Lane<u64> {
        let mut turns = [0_u64; ROWS];
        for (bit, (column, last)) in self.trees[tree].splits.iter().enumerate() {
            let lane = &lanes[*column as usize];
            turns.iter_mut().zip(lane).for_each(|(turns, code)| *turns |= u64::from(*code > *last) << bit);
        }
        turns
    }

    /// Scores of rows of the right width.
    pub(super) fn scores(&self, x: &Array2<f64>) -> Vec<f64> {
        let (rows, width) = x.dim();
        if width == 0 {
            return vec![score_of(self.start); rows];
        }
        let mut scores = vec![0.0; rows];
        let x = x.as_standard_layout();
        let values = x.as_slice().unwrap_or_default();
        scores.par_chunks_mut(BATCH).zip(values.par_chunks(BATCH * width)).for_each(|(scores, values)| {
            let mut lanes = Vec::new();
            for (scores, values) in scores.chunks_mut(ROWS).zip(values.chunks(ROWS * width)) {
                self.codes(values, width, &mut lanes);
                let units = self.units(&lanes);
                scores.iter_mut().zip(units).for_each(|(score, units)| *score = score_of(units));
            }
        });
        scores
    }
}

impl Masks {
    fn add(&self, lanes: &[Lane<u8>], sums: &mut Lane<i64>) {
        let mut planes = [[0_u8; ROWS]; 8];
        for (plane, masks) in planes.iter_mut().zip(&self.planes) {
            let mut left = [u8::MAX; ROWS];
            for mask in masks {
                let lane = &lanes[mask.column as usize];
                for i in 0..ROWS {
                    left[i] &= mask.stays | if lane[i] <= mask.last { u8::MAX } else { 0 };
                }
            }
            *plane = left;
        }
        let Ok(values) = <&[i64; 64]>::try_from(self.values.as_slice()) else { return };
        let [a, b, c, d, e, f, g, h] = &planes;
        if self.planes.len() <= 4 {
            for i in 0..ROWS {
                let leaf = u32::from_le_bytes([a[i], b[i], c[i], d[i]]).trailing_zeros() & 63;
                sums[i] = sums[i].wrapping_add(values[leaf as usize]);
            }
        } else {
            for i in 0..ROWS {
                let leaf = u64::from_le_bytes([a[i], b[i], c[i], d[i], e[i], f[i], g[i], h[i]]).trailing_zeros() & 63;
                sums[i] = sums[i].wrapping_add(values[leaf as usize]);
            }
        }
    }
}

/// Calls `each` with every split and the range of leaves on its left side.
fn left_sides(tree: &Tree, each: &mut dyn FnMut(usize, std::ops::Range<usize>)) {
    // Leaves are numbered from left to right, so a side's leaves are a range; the last leaf of a split is its right side's.
    let mut ends = vec![0; tree.splits()];
    let end = |side: i16, ends: &[usize]| usize::try_from(side).map_or_else(|_| usize::from((-side).unsigned_abs()), |at| ends[at]);
    for split in (0..tree.splits()).rev() {
        ends[split] = end(tree.right[split], &ends);
    }
    let mut first = vec![0; tree.splits()];
    for split in 0..tree.splits() {
        let middle = end(tree.left[split], &ends);
        each(split, first[split]..middle);
        for (side, from) in [(tree.left[split], first[split]), (tree.right[split], middle)] {
            if let Ok(at) = usize::try_from(side) {
                first[at] = from;
            }
        }
    }
}
