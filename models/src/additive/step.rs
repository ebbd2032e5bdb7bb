//! One step of boosting: a tree of few leaves on the sums of one term (a feature, or a pair), fitted by Newton's method (Friedman, Hastie and
//! Tibshirani, *Additive logistic regression*, 2000).

use super::axis::{Axis, Edges};
use crate::data::Direction;

/// Most cells a term may have: 256 of a feature, 17 × 17 of a pair, up to a power of two so that a masked code needs no look at the length.
pub(super) const CELLS: usize = 512;

/// Sums of slope and bend (first and second derivative of the loss) of the rows of each cell.
pub(super) type Histogram = [[f64; 2]; CELLS];

/// How steps are fitted.
#[derive(Clone, Copy)]
pub(super) struct How {
    /// Share of each Newton step that is taken.
    pub rate: f64,
    /// Added to the bend of every leaf.
    pub l2: f64,
    /// Most leaves of a feature's tree.
    pub leaves: usize,
    /// Least weight of a leaf.
    pub min_leaf: f64,
}

/// A code of a cell.
pub(super) trait Code: Copy + Sync {
    fn at(self) -> usize;
}

impl Code for u8 {
    fn at(self) -> usize {
        usize::from(self)
    }
}

impl Code for u16 {
    fn at(self) -> usize {
        usize::from(self) & (CELLS - 1)
    }
}

/// What is boosted: rows fall into cells, every cell has a score.
pub(super) trait Term: Sync {
    type Code: Code;
    /// Cell of each row.
    fn codes(&self) -> &[Self::Code];
    /// Number of cells.
    fn cells(&self) -> usize;
    /// Whether there is nothing to tell apart.
    fn is_flat(&self) -> bool;
    /// What to add to the score of each cell, scaled by the rate; `None` where there is nothing to gain.
    fn step(&self, histogram: &Histogram, score: &[f64], how: &How) -> Option<(f64, [f64; CELLS])>;
}

/// A longest Newton step, in log-odds before the rate: a leaf of few rows of a rare class would leap.
const LONGEST: f64 = 4.0;

/// Sums over cells.
#[derive(Clone, Copy, Default)]
pub(super) struct Sums {
    pub slope: f64,
    pub bend: f64,
    pub weight: f64,
}

impl Sums {
    pub fn add(&mut self, other: &Sums) {
        self.slope += other.slope;
        self.bend += other.bend;
        self.weight += other.weight;
    }

    pub fn less(&self, other: &Sums) -> Sums {
        Sums { slope: self.slope - other.slope, bend: self.bend - other.bend, weight: self.weight - other.weight }
    }

    /// Where Newton's method would have the leaf go.
    pub fn value(&self, how: &How) -> f64 {
        (-self.slope / (self.bend.max(0.0) + how.l2)).clamp(-LONGEST, LONGEST)
    }

    /// Twice the loss that takes away.
    pub fn gain(&self, how: &How) -> f64 {
        self.slope * self.slope / (self.bend.max(0.0) + how.l2)
    }
}

/// Neighbouring cells that move together.
#[derive(Clone, Copy)]
struct Leaf {
    from: usize,
    to: usize,
    sums: Sums,
    step: f64,
}

/// The step of one feature. The tree grows leaf by leaf, the greatest gain first. Where the feature has a direction, only cuts after which the whole shape still
/// goes that way are looked at, so that every shape is monotone at every moment and so is any mean of them. Missing values are a leaf of their own; categories
/// are put in the order of their own steps first (Fisher, *On grouping for maximum homogeneity*, 1958).
pub(super) fn line(axis: &Axis, histogram: &Histogram, score: &[f64], how: &How) -> Option<(f64, [f64; CELLS])> {
    let bins = axis.missing();
    let of = |at: usize| Sums { slope: histogram[at][0], bend: histogram[at][1], weight: axis.weight[at] };
    let order = order(axis, histogram, how);
    let cells: Vec<Sums> = order.iter().map(|at| of(usize::from(*at))).collect();
    let leaves = grow(&cells, &Held { direction: axis.direction, score, bins }, how);
    let mut step = [0.0; CELLS];
    let gap = of(bins);
    if gap.weight >= how.min_leaf {
        step[bins] = how.rate * gap.value(how);
    }
    if leaves.len() > 1 || step[bins] != 0.0 {
        for leaf in &leaves {
            order[leaf.from..leaf.to].iter().for_each(|at| step[usize::from(*at)] = leaf.step);
        }
    }
    let gap_gain = if step[bins] != 0.0 { gap.gain(how) } else { 0.0 };
    let gain = gap_gain + if leaves.len() > 1 || gap_gain > 0.0 { leaves.iter().map(|leaf| leaf.sums.gain(how)).sum() } else { 0.0 };
    (gain > 0.0).then_some((gain, step))
}

/// The cells in the order in which they may be neighbours.
fn order(axis: &Axis, histogram: &Histogram, how: &How) -> Vec<u8> {
    let mut order: Vec<u8> = (0..axis.missing()).map(|at| at as u8).collect();
    if let Edges::Values(_) = axis.edges {
        // Light categories are drawn to the middle, so that they do not take the ends by chance.
        let pull = |at: &u8| histogram[usize::from(*at)][0] / (histogram[usize::from(*at)][1] + 10.0 * how.l2.max(1e-9));
        order.sort_by(|a, b| pull(a).total_cmp(&pull(b)));
    }
    order
}

/// What a step must not break.
struct Held<'a> {
    direction: Direction,
    score: &'a [f64],
    bins: usize,
}

impl Held<'_> {
    /// Whether the shape still goes its way between cells `at` and `at + 1` after these steps.
    fn holds(&self, at: usize, below: f64, above: f64) -> bool {
        let (below, above) = (self.score[at] + below, self.score[at + 1] + above);
        match self.direction {
            Direction::Free => true,
            Direction::Up => below <= above,
            Direction::Down => below >= above,
        }
    }

    /// Whether it does all along a list of leaves with `at` replaced by two.
    fn allows(&self, leaves: &[Leaf], at: usize, low: &Leaf, high: &Leaf) -> bool {
        self.direction == Direction::Free
            || self.holds(low.to - 1, low.step, high.step)
                && (at == 0 || self.holds(low.from - 1, leaves[at - 1].step, low.step))
                && (high.to == self.bins || self.holds(high.to - 1, high.step, leaves[at + 1].step))
    }
}

fn grow(cells: &[Sums], held: &Held<'_>, how: &How) -> Vec<Leaf> {
    let mut all = Sums::default();
    cells.iter().for_each(|cell| all.add(cell));
    let leaf = |from, to, sums: Sums| Leaf { from, to, sums, step: how.rate * sums.value(how) };
    let mut leaves = vec![leaf(0, cells.len(), all)];
    while leaves.len() < how.leaves {
        let mut best: Option<(f64, usize, Leaf, Leaf)> = None;
        for (at, whole) in leaves.iter().enumerate() {
            let (mut below, worth) = (Sums::default(), whole.sums.gain(how));
            let floor = worth + 1e-12 * worth.max(1e-6);
            let mut most = best.map_or(floor, |b| b.0 + worth).max(floor);
            for (cut, cell) in cells.iter().enumerate().take(whole.to.saturating_sub(1)).skip(whole.from) {
                below.add(cell);
                let above = whole.sums.less(&below);
                if below.weight < how.min_leaf || above.weight < how.min_leaf {
                    continue;
                }
                let gain = below.gain(how) + above.gain(how);
                if gain <= most {
                    continue;
                }
                let (low, high) = (leaf(whole.from, cut + 1, below), leaf(cut + 1, whole.to, above));
                if held.allows(&leaves, at, &low, &high) {
                    most = gain;
                    best = Some((gain - worth, at, low, high));
                }
            }
        }
        let Some((_, at, low, high)) = best else { break };
        leaves[at] = low;
        leaves.insert(at + 1, high);
    }
    leaves
}
