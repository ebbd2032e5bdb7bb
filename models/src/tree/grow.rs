//! One tree: the leaf whose split saves most is split next, until there are leaves enough or nothing is left to save.
//!
//! Bounds that a split on a feature with a direction sets are handed to *every* descendant of its two sides, also through splits on other
//! features. Two rows that differ in that feature alone part ways first at such a split, so bounds on the leaves below it are all it takes.

use std::ops::Range;

use rayon::prelude::*;

use super::BoostParams;
use super::codes::{CodeSet, Codes};
use super::histogram::{Cell, Grid, Group, Layout, PIECE, Sums, Weights, subtract};
use super::objective::Slope;
use super::split::{Node, Search, Split, bounds};
use crate::data::{Direction, FeatureMeta};

/// Less work than this, counted in groups of rows, is done on one thread.
const ALONE: usize = 1 << 13;

/// What a side of a split leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Child {
    Split(usize),
    Leaf(usize),
}

/// A split of a grown tree.
#[derive(Clone, Debug)]
pub(super) struct GrownSplit {
    pub column: usize,
    /// Codes that go left.
    pub left: CodeSet,
    /// For numbers: the last known code that goes left.
    pub last: Option<u8>,
    /// The direction that its sides must keep.
    pub order: Direction,
    pub children: [Child; 2],
}

/// A grown tree, without values yet: split 0 is the root.
pub(super) struct Grown {
    pub splits: Vec<GrownSplit>,
    /// Where the rows of each leaf lie in `rows`.
    pub leaves: Vec<Range<usize>>,
    /// Rows of the sample, leaf by leaf, ascending within a leaf.
    pub rows: Vec<u32>,
}

impl Grown {
    /// The leaf of a row of codes.
    pub(super) fn leaf(&self, codes: &Codes, row: usize) -> usize {
        let mut at = 0;
        loop {
            let split = &self.splits[at];
            match split.children[usize::from(!split.left.contains(codes.at(row, split.column)))] {
                Child::Split(next) => at = next,
                Child::Leaf(leaf) => return leaf,
            }
        }
    }
}

/// What a tree is grown from.
pub(super) struct Soil<'a> {
    pub codes: &'a Codes,
    pub features: &'a [FeatureMeta],
    pub params: &'a BoostParams,
    pub weights: &'a Weights,
    pub slopes: &'a [Slope],
}

impl Soil<'_> {
    /// Grows a tree on these rows (ascending) and columns; `None` if no split is worth it.
    pub(super) fn grow(&self, rows: Vec<u32>, columns: &[usize]) -> Option<Grown> {
        if self.weights.is_narrow() { Growth::<2>::grow(self, rows, columns) } else { Growth::<3>::grow(self, rows, columns) }
    }
}

/// A leaf while the tree grows.
struct Open<const N: usize> {
    rows: Range<usize>,
    node: Node,
    depth: u32,
    histogram: Vec<Cell<N>>,
    best: Option<Split>,
    /// The split and side that lead here.
    from: Option<(usize, usize)>,
}

struct Growth<'a, const N: usize> {
    soil: &'a Soil<'a>,
    search: Search<'a>,
    cells: Vec<Cell<N>>,
    layout: Layout,
    rows: Vec<u32>,
    spare_rows: Vec<u32>,
    spare_cells: Vec<Cell<N>>,
    spare: Vec<Vec<Cell<N>>>,
    open: Vec<Open<N>>,
    splits: Vec<GrownSplit>,
}

impl<'a, const N: usize> Growth<'a, N> {
    fn grow(soil: &'a Soil<'a>, rows: Vec<u32>, columns: &[usize]) -> Option<Grown> {
        let (grid, cells) = Grid::cells::<N>(soil.slopes, soil.weights);
        let n = rows.len();
        let layout = Layout::of(soil.codes, columns);
        let search = Search::new(grid, soil.params);
        let (open, splits, spare) = (Vec::new(), Vec::new(), Vec::new());
        let mut growth =
            Growth { soil, search, cells, layout, rows, spare_rows: vec![0; n], spare_cells: Vec::with_capacity(n), spare, open, splits };
        growth.root();
        while growth.open.len() < soil.params.max_leaves as usize {
            let best = |at: usize| growth.open[at].best.as_ref().map(|split| (split.gain, at));
            let Some((_, at)) = (0..growth.open.len()).filter_map(best).reduce(|a, b| if b.0 > a.0 { b } else { a }) else { break };
            growth.split(at);
        }
        if growth.splits.is_empty() {
            return None;
        }
        let leaves = growth.open.into_iter().map(|leaf| leaf.rows).collect();
        Some(Grown { splits: growth.splits, leaves, rows: growth.rows })
    }

    fn root(&mut self) {
        let rows = 0..self.rows.len();
        let sums = self.rows.iter().fold(Sums::default(), |sum, row| sum.plus(self.search.grid.sums(&self.cells[*row as usize])));
        let node = Node { sums, low: f64::NEG_INFINITY, high: f64::INFINITY };
        let mut leaf = Open { rows, node, depth: 0, histogram: Vec::new(), best: None, from: None };
        if self.could_split(&leaf) {
            leaf.histogram = self.layout.empty();
            self.search(&mut leaf, None);
        }
        self.open.push(leaf);
    }

    fn could_split(&self, leaf: &Open<N>) -> bool {
        leaf.depth < self.soil.params.max_depth && self.search.could_split(leaf.node.sums)
    }

    /// Fills the histogram of a leaf, takes it from its sibling's, which is still their parent's, and searches both; group by group, while the
    /// cells are at hand. The first of equals wins, whatever thread found it.
    fn search(&mut self, small: &mut Open<N>, mut large: Option<&mut Open<N>>) {
        let (codes, rows) = (self.soil.codes, &self.rows[small.rows.clone()]);
        self.spare_cells.clear();
        self.spare_cells.par_extend(rows.par_iter().with_min_len(PIECE).map(|row| self.cells[*row as usize]));
        let could = |leaf: &Open<N>| self.could_split(leaf).then_some(leaf.node);
        let nodes = [could(small), large.as_deref().and_then(could)];
        let other: &mut [Cell<N>] = large.as_deref_mut().map_or(&mut [], |large| &mut large.histogram);
        let parts = self.layout.by_group(&mut small.histogram).into_iter().zip(self.layout.by_group(other));
        let one = |(group, (own, other)): (&Group, (&mut [Cell<N>], &mut [Cell<N>]))| {
            group.fill(codes, rows, &self.spare_cells, own);
            subtract(other, own);
            [self.best(group, nodes[0], own), self.best(group, nodes[1], other)]
        };
        let work: Vec<_> = self.layout.groups.iter().zip(parts).collect();
        let found: Vec<[Option<Split>; 2]> = if rows.len() * work.len() + 2 * self.layout.len < ALONE {
            work.into_iter().map(one).collect()
        } else {
            work.into_par_iter().map(one).collect()
        };
        for [of_small, of_large] in found {
            small.best = better(small.best.take(), of_small);
            if let Some(large) = large.as_deref_mut() {
                large.best = better(large.best.take(), of_large);
            }
        }
    }

    /// The best split of a node, if it can be split, on the columns of a group.
    fn best(&self, group: &Group, node: Option<Node>, cells: &[Cell<N>]) -> Option<Split> {
        let node = node?;
        let one = |(column, at): &(usize, Range<usize>)| self.search.best(&node, &self.soil.features[*column], *column, &cells[at.clone()]);
        group.columns.iter().map(one).fold(None, better)
    }

    /// Makes two leaves of one. The left one takes its place, the right one is the newest.
    fn split(&mut self, at: usize) {
        let number = self.splits.len();
        let Some(split) = self.open[at].best.take() else { return };
        let (rows, node, depth) = (self.open[at].rows.clone(), self.open[at].node, self.open[at].depth + 1);
        if let Some((parent, side)) = self.open[at].from {
            self.splits[parent].children[side] = Child::Split(number);
        }
        let middle = rows.start + self.partition(rows.clone(), &split);
        let sums = [split.left_sums, node.sums.minus(split.left_sums)];
        let steps = sums.map(|sums| self.search.step(sums, node.low, node.high));
        let kept = bounds(split.order, node.low, node.high, steps[0], steps[1]);
        let child = |side: usize, rows: Range<usize>| Open {
            rows,
            node: Node { sums: sums[side], low: kept[side].0, high: kept[side].1 },
            depth,
            histogram: Vec::new(),
            best: None,
            from: Some((number, side)),
        };
        let mut pair = [child(0, rows.start..middle), child(1, middle..rows.end)];
        let parent = std::mem::take(&mut self.open[at].histogram);
        self.histograms(&mut pair, parent);
        let [left, right] = pair;
        let children = [Child::Leaf(at), Child::Leaf(self.open.len())];
        self.splits.push(GrownSplit { column: split.column, left: split.left, last: split.last, order: split.order, children });
        self.open[at] = left;
        self.open.push(right);
    }

    /// Gives two new leaves what they need to be split in turn: the smaller is summed, the larger is what is left of the parent.
    fn histograms(&mut self, pair: &mut [Open<N>; 2], parent: Vec<Cell<N>>) {
        // Leaves that are full after this one need no histogram.
        let is_last = self.open.len() + 1 >= self.soil.params.max_leaves as usize;
        if is_last || !pair.iter().any(|leaf| self.could_split(leaf)) {
            self.spare.push(parent);
            return;
        }
        let small = usize::from(pair[1].rows.len() < pair[0].rows.len());
        let [first, second] = pair;
        let (small, large) = if small == 0 { (first, second) } else { (second, first) };
        small.histogram = self.spare.pop().unwrap_or_else(|| self.layout.empty());
        large.histogram = parent;
        self.search(small, Some(&mut *large));
        for leaf in [small, large] {
            if leaf.best.is_none() {
                self.spare.push(std::mem::take(&mut leaf.histogram));
            }
        }
    }

    /// Parts the rows of a leaf, each side in its old order; how many go left.
    fn partition(&mut self, range: Range<usize>, split: &Split) -> usize {
        let goes_left: [bool; 256] = std::array::from_fn(|code| split.left.contains(code as u8));
        let (group, lane) = (&self.soil.codes.groups[split.column / 4], split.column % 4);
        let rows = &mut self.rows[range];
        let right = &mut self.spare_rows[..rows.len()];
        let part = |(rows, right): (&mut [u32], &mut [u32])| {
            let (mut l, mut r) = (0_usize, 0_usize);
            for at in 0..rows.len() {
                let row = rows[at];
                let is_left = goes_left[usize::from(group[row as usize][lane])];
                // Written to both sides and counted on one: no branch to guess.
                rows[l] = row;
                right[r] = row;
                l = l.wrapping_add(usize::from(is_left));
                r = r.wrapping_add(usize::from(!is_left));
            }
            l
        };
        let lefts: Vec<usize> = rows.par_chunks_mut(PIECE).zip(right.par_chunks_mut(PIECE)).map(part).collect();
        join(rows, right, &lefts)
    }
}

/// Brings pieces that have been parted together, `lefts` to the left in each; how many are left in all.
fn join(rows: &mut [u32], right: &mut [u32], lefts: &[usize]) -> usize {
    let (mut l, mut r) = (0, 0);
    for (piece, left) in lefts.iter().enumerate() {
        let from = piece * PIECE;
        let of_right = PIECE.min(rows.len() - from) - left;
        rows.copy_within(from..from + left, l);
        right.copy_within(from..from + of_right, r);
        (l, r) = (l + left, r + of_right);
    }
    rows[l..].copy_from_slice(&right[..r]);
    l
}

/// The better of two splits, the first of equals.
fn better(one: Option<Split>, other: Option<Split>) -> Option<Split> {
    match (one, other) {
        (Some(a), Some(b)) => Some(if b.gain > a.gain { b } else { a }),
        (one, other) => one.or(other),
    }
}
