//! One tree: the leaf whose split saves most is split next, until there are leaves enough or nothing is left to save.
//!
//! Bounds that a split on a feature with a direction sets are handed to *every* descendant of its two sides, also through splits on other
//! features. Two rows that differ in that feature alone part ways first at such a split, so bounds on the leaves below it are all it takes.

use std::ops::Range;

use rayon::prelude::*;

use super::BoostParams;
use super::codes::{CodeSet, Codes};
use super::histogram::{Cell, Grid, Layout, Sums, Weights, subtract};
use super::objective::Slope;
use super::split::{Node, Search, Split, bounds};
use crate::data::{Direction, FeatureMeta};

/// Fewer cells than this are searched on one thread.
const ALONE: usize = 2048;

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
            self.fill(&mut leaf);
            self.find(&mut leaf);
        }
        self.open.push(leaf);
    }

    fn could_split(&self, leaf: &Open<N>) -> bool {
        leaf.depth < self.soil.params.max_depth && self.search.could_split(leaf.node.sums)
    }

    fn fill(&mut self, leaf: &mut Open<N>) {
        let rows = &self.rows[leaf.rows.clone()];
        self.spare_cells.clear();
        self.spare_cells.extend(rows.iter().map(|row| self.cells[*row as usize]));
        self.layout.fill(self.soil.codes, rows, &self.spare_cells, &mut leaf.histogram);
    }

    /// Searches all columns of a leaf; the first of equals wins, whatever thread found it.
    fn find(&self, leaf: &mut Open<N>) {
        let one = |(column, cells): &(usize, Range<usize>)| {
            self.search.best(&leaf.node, &self.soil.features[*column], *column, &leaf.histogram[cells.clone()])
        };
        let found: Vec<Option<Split>> = if leaf.histogram.len() < ALONE {
            self.layout.columns.iter().map(one).collect()
        } else {
            self.layout.columns.par_iter().with_min_len(4).map(one).collect()
        };
        leaf.best = found.into_iter().flatten().reduce(|a, b| if b.gain > a.gain { b } else { a });
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
        self.fill(small);
        large.histogram = parent;
        subtract(&mut large.histogram, &small.histogram);
        for leaf in [small, large] {
            if self.could_split(leaf) {
                self.find(leaf);
            }
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
        rows[l..].copy_from_slice(&right[..r]);
        l
    }
}
