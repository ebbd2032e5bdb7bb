//! The best split of one node on one column.
//!
//! Missing values go to the side where they help; where a node has none, to the heavier side. On a feature with a direction the lower side may not
//! promise more than the upper one; missing values lie outside the order, so parting them from all known values is free. Categories are ordered by
//! their mean gradient, smoothed, which makes the best two sets neighbours in that order (Fisher, *On grouping for maximum homogeneity*, 1958);
//! categories a node has not seen go with the missing ones.

use super::codes::CodeSet;
use super::histogram::{Cell, Grid, Sums, add};
use super::{BoostParams, MISSING};
use crate::data::{Direction, FeatureMeta, Kind};

/// A gain must rise above what it is compared with by more than rounding.
const ROUNDING: f64 = 1e-12;
/// What a saving counted in haste could be off.
const ALLOWANCE: f64 = 1e-9;

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
        let (known, missing) = (cells.len() - 1, cells[cells.len() - 1]);
        // What the node would save without its bounds: where they hold a node down, splitting it must still pay beside leaves that are free. Measured
        // against the bounded step, bounded leaves are split first, and on three of four data sets the trees serve worse (test AUC, by 0.001 to 0.002).
        let free = self.step(node.sums, f64::NEG_INFINITY, f64::INFINITY);
        let floor = self.saved(node.sums, free, self.params.l2) + self.params.min_gain;
        match feature.kind {
            Kind::Number => {
                let (bins, direction, l2) = (&cells[..known], feature.direction, self.params.l2);
                let way = Scan { search: self, node, bins, missing, direction, l2, best: None }.run(floor)?;
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
                let (direction, l2) = (Direction::Free, self.params.l2 + self.params.category_smoothing);
                let way = Scan { search: self, node, bins: &bins, missing, direction, l2, best: None }.run(floor)?;
                let left = sets(&order, &way);
                Some(Split { column, gain: way.gain - floor, left, last: None, order: Direction::Free, left_sums: way.left_sums })
            }
        }
    }

    /// Codes seen in the node by their smoothed mean gradient, equals by code; and their cells in that order.
    fn in_gradient_order<const N: usize>(&self, cells: &[Cell<N>]) -> (Vec<u8>, Vec<Cell<N>>) {
        let sums: Vec<Sums> = cells[..cells.len() - 1].iter().map(|cell| self.grid.sums(cell)).collect();
        let mean = |code: &u8| {
            let of = sums[usize::from(*code)];
            self.gradient(of) / (self.hessian(of) + self.params.category_smoothing)
        };
        let mut order: Vec<u8> = (0..sums.len() as u8).filter(|code| sums[usize::from(*code)].weight > 0).collect();
        order.sort_by(|a, b| mean(a).total_cmp(&mean(b)).then(a.cmp(b)));
        let bins = order.iter().map(|code| cells[usize::from(*code)]).collect();
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
struct Scan<'a, const N: usize> {
    search: &'a Search<'a>,
    node: &'a Node,
    bins: &'a [Cell<N>],
    missing: Cell<N>,
    direction: Direction,
    l2: f64,
    best: Option<Way>,
}

/// Places looked at together.
const ABREAST: usize = 64;

/// What lies left of some places to part a node, and what parting there saves.
struct Places<const N: usize> {
    left: [Cell<N>; ABREAST],
    gradient: [f64; ABREAST],
    hessian: [f64; ABREAST],
    weight: [f64; ABREAST],
    gain: [f64; ABREAST],
}

impl<const N: usize> Scan<'_, N> {
    /// The best way whose saving is above `floor`; the first of equals.
    fn run(&mut self, floor: f64) -> Option<Way> {
        if self.bins.is_empty() {
            return None;
        }
        let has_missing = self.search.grid.sums(&self.missing).weight > 0;
        self.pass([0; N], false, self.bins.len() - usize::from(!has_missing), floor);
        if has_missing {
            self.pass(self.missing, true, self.bins.len() - 1, floor);
        } else if let Some(way) = &mut self.best {
            way.is_missing_left = 2 * way.left_sums.weight >= self.node.sums.weight;
        }
        self.best
    }

    /// Tries the first `ends` places to part, the left side beginning from `from`.
    fn pass(&mut self, from: Cell<N>, is_missing_left: bool, ends: usize, floor: f64) {
        let zeros = [0.0; ABREAST];
        let mut places = Places { left: [[0; N]; ABREAST], gradient: zeros, hessian: zeros, weight: zeros, gain: zeros };
        let mut sum = from;
        for (block, bins) in self.bins[..ends].chunks(ABREAST).enumerate() {
            for (k, bin) in bins.iter().enumerate() {
                add(&mut sum, bin);
                places.left[k] = sum;
            }
            self.gains(&mut places, bins.len());
            for k in 0..bins.len() {
                let floor = self.best.map_or(floor, |way| way.gain);
                // Cheap first: nearly all places end here. Bounds only take from a saving; what rounding adds is far less than the allowance.
                if places.gain[k] * (1.0 + ALLOWANCE) <= floor {
                    continue;
                }
                let (at, left) = (block * ABREAST + k, self.search.grid.sums(&places.left[k]));
                let order = if at + 1 == self.bins.len() { Direction::Free } else { self.direction };
                if let Some(gain) = self.kept(left, order).filter(|gain| gain * (1.0 - ROUNDING) > floor) {
                    self.best = Some(Way { gain, at, is_missing_left, left_sums: left });
                }
            }
        }
    }

    /// Savings without bounds and without an order, −∞ where a side is too small; of `n` places.
    fn gains(&self, places: &mut Places<N>, n: usize) {
        let (total, search) = (self.node.sums, self.search);
        let (gt, ht, wt) = (search.gradient(total), search.hessian(total), total.weight as f64);
        let (least, low) = (search.least as f64, search.params.min_hessian);
        for k in 0..n {
            let left = search.grid.sums(&places.left[k]);
            (places.gradient[k], places.hessian[k], places.weight[k]) = (search.gradient(left), search.hessian(left), left.weight as f64);
        }
        // Apart from the loop above, so that the compiler takes several places at once.
        for k in 0..n {
            let (gl, hl, wl) = (places.gradient[k], places.hessian[k], places.weight[k]);
            let (gr, hr) = (gt - gl, ht - hl);
            let (a, b) = (hl + self.l2, hr + self.l2);
            let saved = (gl * gl * b + gr * gr * a) / (a * b);
            let is_right = (wl >= least) & (wt - wl >= least) & (hl >= low) & (hr >= low);
            places.gain[k] = if is_right { saved } else { f64::NEG_INFINITY };
        }
    }

    /// The saving with the sides' steps held within the node's bounds, unless the sides go against the order.
    fn kept(&self, left: Sums, order: Direction) -> Option<f64> {
        let (right, search) = (self.node.sums.minus(left), self.search);
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::super::histogram::Weights;
    use super::*;

    /// Cells of rows of one weight whose second derivative is 1, and their grid.
    fn cells(gradients: &[f64]) -> (Grid, Vec<Cell<2>>) {
        let slopes: Vec<(f64, f64)> = gradients.iter().map(|g| (*g, 1.0)).collect();
        Grid::cells::<2>(&slopes, &Weights::of(&vec![1.0; gradients.len()]))
    }

    fn sum(cells: &[Cell<2>]) -> Cell<2> {
        let mut sum = [0; 2];
        cells.iter().for_each(|cell| add(&mut sum, cell));
        sum
    }

    #[test]
    fn a_rare_category_stands_near_the_middle() {
        let gradients: Vec<f64> = [(2, -1.0), (100, -0.5), (100, 0.5)].iter().flat_map(|(n, g)| vec![*g; *n]).collect();
        let (grid, rows) = cells(&gradients);
        let of_codes = [sum(&rows[..2]), sum(&rows[2..102]), sum(&rows[102..]), [0; 2]];
        let order = |category_smoothing: f64| {
            let params = BoostParams { category_smoothing, ..BoostParams::default() };
            Search::new(grid, &params).in_gradient_order(&of_codes).0
        };
        assert_eq!((order(0.0), order(10.0)), (vec![0, 1, 2], vec![1, 0, 2]));
    }

    fn number(direction: Direction) -> FeatureMeta {
        FeatureMeta { id: "x".to_owned(), version: 1, unit: String::new(), direction, kind: Kind::Number }
    }

    #[test]
    fn a_node_that_bounds_hold_down_is_split_only_if_that_pays_without_them_too() {
        // Steps 0 and 2 on either side, 1 for both.
        let (grid, mut of_codes) = cells(&[0.0, -2.0]);
        let sums = grid.sums(&sum(&of_codes));
        of_codes.push([0; 2]);
        let params = BoostParams { min_rows: 1.0, l2: 0.0, ..BoostParams::default() };
        let gain = |high: f64| {
            let node = Node { sums, low: f64::NEG_INFINITY, high };
            Search::new(grid, &params).best(&node, &number(Direction::Free), 0, &of_codes).map(|split| split.gain)
        };
        // Sides held at 1.5 save 0 and 3.75, sides held at 0.1 save 0 and 0.39; both rows together 2.
        assert!((gain(f64::INFINITY).unwrap() - 2.0).abs() < 1e-9 && (gain(1.5).unwrap() - 1.75).abs() < 1e-9);
        assert_eq!(gain(0.1), None);
    }

    #[test]
    fn places_beyond_the_first_block_are_found_and_the_first_of_equals_wins() {
        for (ups, wanted) in [(vec![150], 149), (vec![64], 63), (vec![65], 64), (vec![199], 198), (vec![70, 71, 72], 69)] {
            // Codes without rows of their own part nothing: the first place of several alike is taken.
            let gradients: Vec<f64> = (0..200).map(|code| if code < ups[0] { 0.5 } else { -0.5 }).collect();
            let (grid, mut of_codes) = cells(&gradients);
            ups[1..].iter().for_each(|code| of_codes[*code - 1] = [0; 2]);
            let node = Node { sums: grid.sums(&sum(&of_codes)), low: f64::NEG_INFINITY, high: f64::INFINITY };
            of_codes.push([0; 2]);
            let params = BoostParams { min_rows: 1.0, ..BoostParams::default() };
            let split = Search::new(grid, &params).best(&node, &number(Direction::Up), 0, &of_codes).unwrap();
            assert_eq!((split.last, split.left_sums.weight), (Some(wanted), i64::from(wanted) + 1), "{ups:?}");
        }
    }
}
