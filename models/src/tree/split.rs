//! The best split of one node on one column.
//!
//! Missing values go to the side where they help; where a node has none, to the heavier side. On a feature with a direction the lower side may not
//! promise more than the upper one; missing values lie outside the order, so parting them from all known values is free. Categories are ordered by
//! their mean gradient, smoothed, which makes the best two sets neighbours in that order (Fisher, *On grouping for maximum homogeneity*, 1958);
//! categories a node has not seen go with the missing ones.

use super::codes::CodeSet;
use super::histogram::{Cell, Grid, Sums};
use super::{BoostParams, MISSING};
use crate::data::{Direction, FeatureMeta, Kind};

/// A gain must rise above what it is compared with by more than rounding.
const ROUNDING: f64 = 1e-12;

/// A node about to be split.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub sums: Sums,
    /// Bounds that splits above set on every leaf below.
    pub low: f64,
    pub high: f64,
}

/// A split.
#[derive(Clone, Debug)]
pub(super) struct Split {
    pub column: usize,
    /// Less loss, twice over.
    pub gain: f64,
    /// Codes that go left, missing among them if it does.
    pub left: CodeSet,
    /// For numbers: the last known code that goes left.
    pub last: Option<u8>,
    /// Whether its sides are ordered by a direction; the upper side is to promise more if up, less if down.
    pub order: Direction,
    pub left_sums: Sums,
}

/// One way to part a node, as found on the way.
#[derive(Clone, Copy)]
struct Way {
    gain: f64,
    at: usize,
    is_missing_left: bool,
    left_sums: Sums,
}

/// What a search needs to know beside the cells.
pub(super) struct Search<'a> {
    pub grid: Grid,
    pub params: &'a BoostParams,
    /// As [`BoostParams::min_rows`], in units of the grid.
    least: i64,
}

impl<'a> Search<'a> {
    pub(super) fn new(grid: Grid, params: &'a BoostParams) -> Self {
        // Allows for rounding, and a number too great for any node is too great still.
        let least = libm::ceil((params.min_rows / grid.weight) * (1.0 - 1e-9)).min(1e18) as i64;
        Search { grid, params, least: least.max(1) }
    }

    /// Whether a node could be split at all, whatever its columns.
    pub(super) fn could_split(&self, sums: Sums) -> bool {
        sums.weight >= self.least.saturating_mul(2)
    }

    /// The step that a node would take, within its bounds.
    pub(super) fn step(&self, sums: Sums, low: f64, high: f64) -> f64 {
        (-self.gradient(sums) / (self.hessian(sums) + self.params.l2)).clamp(low, high)
    }

    #[inline]
    fn gradient(&self, sums: Sums) -> f64 {
        sums.gradient as f64 * self.grid.gradient
    }

    #[inline]
    fn hessian(&self, sums: Sums) -> f64 {
        sums.hessian as f64 * self.grid.hessian
    }

    /// Twice the loss saved by a step.
    fn saved(&self, sums: Sums, step: f64, l2: f64) -> f64 {
        -(2.0 * self.gradient(sums) + (self.hessian(sums) + l2) * step) * step
    }

    /// The best split on one column, if any is worth it.
    pub(super) fn best<const N: usize>(&self, node: &Node, feature: &FeatureMeta, column: usize, cells: &[Cell<N>]) -> Option<Split> {
        let known = cells.len() - 1;
        let missing = self.grid.sums(&cells[known]);
        let floor = self.saved(node.sums, self.step(node.sums, node.low, node.high), self.params.l2) + self.params.min_gain;
        match feature.kind {
            Kind::Number => {
                let bins: Vec<Sums> = cells[..known].iter().map(|cell| self.grid.sums(cell)).collect();
                let mut scan = Scan::new(self, node, &bins, missing, feature.direction, self.params.l2);
                let way = scan.run(floor)?;
                let last = way.at as u8;
                let mut left = CodeSet::up_to(last);
                if way.is_missing_left {
                    left.insert(MISSING);
                }
                let order = if way.at + 1 == known { Direction::Free } else { feature.direction };
                Some(Split { column, gain: way.gain - floor, left, last: Some(last), order, left_sums: way.left_sums })
            }
            Kind::Category => {
                let (order, bins) = self.in_gradient_order(cells);
                let mut scan = Scan::new(self, node, &bins, missing, Direction::Free, self.params.l2 + self.params.category_smoothing);
                let way = scan.run(floor)?;
                let left = sets(&order, &way);
                Some(Split { column, gain: way.gain - floor, left, last: None, order: Direction::Free, left_sums: way.left_sums })
            }
        }
    }

    /// Codes seen in the node by their smoothed mean gradient, equals by code; and their sums in that order.
    fn in_gradient_order<const N: usize>(&self, cells: &[Cell<N>]) -> (Vec<u8>, Vec<Sums>) {
        let sums: Vec<Sums> = cells[..cells.len() - 1].iter().map(|cell| self.grid.sums(cell)).collect();
        let mean = |code: &u8| {
            let of = sums[usize::from(*code)];
            self.gradient(of) / (self.hessian(of) + self.params.category_smoothing)
        };
        let mut order: Vec<u8> = (0..sums.len() as u8).filter(|code| sums[usize::from(*code)].weight > 0).collect();
        order.sort_by(|a, b| mean(a).total_cmp(&mean(b)).then(a.cmp(b)));
        let bins = order.iter().map(|code| sums[usize::from(*code)]).collect();
        (order, bins)
    }
}

/// The codes that go left; those the node has not seen go with the missing ones.
fn sets(order: &[u8], way: &Way) -> CodeSet {
    let mut left = if way.is_missing_left { CodeSet::all() } else { CodeSet::default() };
    for (at, code) in order.iter().enumerate() {
        if at <= way.at { left.insert(*code) } else { left.remove(*code) }
    }
    left
}

/// One pass over the bins of a column, in order.
struct Scan<'a> {
    search: &'a Search<'a>,
    node: &'a Node,
    bins: &'a [Sums],
    missing: Sums,
    direction: Direction,
    l2: f64,
    best: Option<Way>,
}

impl<'a> Scan<'a> {
    fn new(search: &'a Search<'a>, node: &'a Node, bins: &'a [Sums], missing: Sums, direction: Direction, l2: f64) -> Self {
        Scan { search, node, bins, missing, direction, l2, best: None }
    }

    /// The best way whose saving is above `floor`; the first of equals.
    fn run(&mut self, floor: f64) -> Option<Way> {
        if self.bins.is_empty() {
            return None;
        }
        let has_missing = self.missing.weight > 0;
        self.pass(Sums::default(), false, self.bins.len() - usize::from(!has_missing), floor);
        if has_missing {
            self.pass(self.missing, true, self.bins.len() - 1, floor);
        } else if let Some(way) = &mut self.best {
            way.is_missing_left = 2 * way.left_sums.weight >= self.node.sums.weight;
        }
        self.best
    }

    /// Tries the first `ends` places to part, the left side beginning from `from`.
    fn pass(&mut self, from: Sums, is_missing_left: bool, ends: usize, floor: f64) {
        let mut left = [Sums::default(); 256];
        let mut sum = from;
        for (to, bin) in left.iter_mut().zip(&self.bins[..ends]) {
            sum = sum.plus(*bin);
            *to = sum;
        }
        let left = &left[..ends];
        let is_bounded = self.node.low > f64::NEG_INFINITY || self.node.high < f64::INFINITY;
        let mut gains = [f64::NEG_INFINITY; 256];
        if !is_bounded {
            self.gains(left, &mut gains);
        }
        for at in 0..ends {
            let floor = self.best.map_or(floor, |way| way.gain);
            // Cheap first: without bounds nearly all places end here.
            if !is_bounded && gains[at] * (1.0 - ROUNDING) <= floor {
                continue;
            }
            let order = if at + 1 == self.bins.len() { Direction::Free } else { self.direction };
            let Some(gain) = (if is_bounded { self.bounded(left[at], order) } else { self.ordered(left[at], gains[at], order) }) else {
                continue;
            };
            if gain * (1.0 - ROUNDING) > floor {
                self.best = Some(Way { gain, at, is_missing_left, left_sums: left[at] });
            }
        }
    }

    /// Savings without bounds, −∞ where a side is too small.
    fn gains(&self, left: &[Sums], gains: &mut [f64; 256]) {
        let (total, search) = (self.node.sums, self.search);
        let (gt, ht, wt) = (search.gradient(total), search.hessian(total), total.weight);
        let (least, low) = (search.least, search.params.min_hessian);
        for (gain, left) in gains.iter_mut().zip(left) {
            let (gl, hl) = (search.gradient(*left), search.hessian(*left));
            let (gr, hr) = (gt - gl, ht - hl);
            let (a, b) = (hl + self.l2, hr + self.l2);
            let saved = (gl * gl * b + gr * gr * a) / (a * b);
            let is_right = left.weight >= least && wt.wrapping_sub(left.weight) >= least && hl >= low && hr >= low;
            *gain = if is_right { saved } else { f64::NEG_INFINITY };
        }
    }

    /// The saving, unless the sides go against the direction.
    fn ordered(&self, left: Sums, gain: f64, order: Direction) -> Option<f64> {
        let right = self.node.sums.minus(left);
        let step = |sums: Sums| -self.search.gradient(sums) / (self.search.hessian(sums) + self.l2);
        goes(order, step(left), step(right)).then_some(gain)
    }

    /// The saving with the sides' steps held within the node's bounds.
    fn bounded(&self, left: Sums, order: Direction) -> Option<f64> {
        let right = self.node.sums.minus(left);
        let search = self.search;
        let is_right = |side: Sums| side.weight >= search.least && search.hessian(side) >= search.params.min_hessian;
        if !is_right(left) || !is_right(right) {
            return None;
        }
        let step = |sums: Sums| (-search.gradient(sums) / (search.hessian(sums) + self.l2)).clamp(self.node.low, self.node.high);
        let (l, r) = (step(left), step(right));
        goes(order, l, r).then(|| search.saved(left, l, self.l2) + search.saved(right, r, self.l2))
    }
}

/// Whether two sides, the lower values first, keep a direction.
pub(super) fn goes(direction: Direction, lower: f64, upper: f64) -> bool {
    match direction {
        Direction::Up => lower <= upper,
        Direction::Down => lower >= upper,
        Direction::Free => true,
    }
}

/// Bounds of the two sides of a split, lower values first: a split with an order parts them in the middle of what the sides promise.
pub(super) fn bounds(order: Direction, low: f64, high: f64, lower: f64, upper: f64) -> [(f64, f64); 2] {
    let middle = (0.5 * (lower + upper)).clamp(low, high);
    match order {
        Direction::Up => [(low, middle), (middle, high)],
        Direction::Down => [(middle, high), (low, middle)],
        Direction::Free => [(low, high); 2],
    }
}
