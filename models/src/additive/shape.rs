//! What is fitted: a step function a feature, and a grid a pair, in log-odds.

use serde::{Deserialize, Serialize};

use super::axis::Edges;
use crate::data::Direction;
use crate::error::{Error, Result};
use crate::points::{Step, Steps};

/// Scores are whole multiples of this, so that sums of them are exact in any order.
const UNIT: f64 = 1.0 / 4_294_967_296.0;
/// Greatest score: with it, sums of a thousand features stay within the 53 bits of a number.
const GREATEST: f64 = 1024.0;

/// Rounds to whole multiples of `units` × 2⁻³², in one direction of the whole line, so that order is kept.
pub(super) fn rounded(x: f64, units: f64) -> f64 {
    let unit = units * UNIT;
    libm::rint(x.clamp(-GREATEST, GREATEST) / unit) * unit + 0.0
}

/// One bin of a feature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// Weight of its training rows.
    pub weight: f64,
    /// Weight × label of its training rows.
    pub good: f64,
    /// Log-odds it adds: a multiple of 2⁻³².
    pub score: f64,
}

/// The step function of one feature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// The feature.
    pub id: String,
    /// The direction it keeps: proved anew whenever the model is read.
    pub direction: Direction,
    /// What belongs to which bin.
    pub edges: Edges,
    /// One a bin, in order; for categories the last is that of all others.
    pub cells: Vec<Cell>,
    /// Rows without a value.
    pub missing: Cell,
}

impl Shape {
    /// The cell of a value, NaN = missing.
    pub fn cell(&self, x: f64) -> &Cell {
        self.cells.get(self.edges.index(x)).unwrap_or(&self.missing)
    }

    /// Log-odds that a value adds of itself, pairs aside.
    pub fn contribution(&self, x: f64) -> f64 {
        self.cell(x).score
    }

    /// Whether it says nothing.
    pub fn is_flat(&self) -> bool {
        self.cells.iter().chain([&self.missing]).all(|cell| cell.score == 0.0)
    }

    /// The cell of a bin, by its position; missing last.
    pub(super) fn at(&self, bin: usize) -> &Cell {
        self.cells.get(bin).unwrap_or(&self.missing)
    }

    /// As a step function; categories are values outside the order, and all others the one step within it.
    pub(super) fn steps(&self) -> Steps {
        let total: f64 = self.cells.iter().chain([&self.missing]).map(|cell| cell.weight).sum();
        let step =
            |cell: &Cell| Step { adds: cell.score, share: cell.weight / total, rate: (cell.weight > 0.0).then(|| cell.good / cell.weight) };
        let (upper, ordered, special) = match &self.edges {
            Edges::Upper(upper) => (upper.clone(), self.cells.as_slice(), Vec::new()),
            Edges::Values(values) => {
                let (named, others) = self.cells.split_at(values.len());
                (Vec::new(), others, values.iter().copied().zip(named.iter().map(step)).collect())
            }
        };
        Steps { id: self.id.clone(), upper, steps: ordered.iter().map(step).collect(), missing: step(&self.missing), special }
    }

    /// Joins neighbouring bins of numbers of one score.
    pub(super) fn collapse(&mut self) {
        let Edges::Upper(upper) = &mut self.edges else { return };
        let mut at = 0;
        while at + 1 < self.cells.len() {
            if self.cells[at].score == self.cells[at + 1].score {
                let above = self.cells.remove(at + 1);
                self.cells[at].weight += above.weight;
                self.cells[at].good += above.good;
                upper.remove(at);
            } else {
                at += 1;
            }
        }
    }

    /// Keeps the shape, and proves its direction.
    ///
    /// # Errors
    /// [`Error::Contradiction`] for edges out of order, cells that do not match them, scores that are no multiples of 2⁻³², or a shape that goes against its direction.
    pub(super) fn check(&self) -> Result<()> {
        let wrong = |what: String| Err(Error::Contradiction { what: format!("feature {}: {what}", self.id) });
        self.edges.check(&self.id)?;
        if self.cells.len() != self.edges.bins() {
            return wrong(format!("{} cells for {} bins", self.cells.len(), self.edges.bins()));
        }
        if let Some(cell) = self.cells.iter().chain([&self.missing]).find(|cell| rounded(cell.score, 1.0) != cell.score) {
            return wrong(format!("a score of {} is no multiple of 2^-32 up to {GREATEST}", cell.score));
        }
        let against = |pair: &[Cell]| match self.direction {
            Direction::Up => pair[0].score > pair[1].score,
            Direction::Down => pair[0].score < pair[1].score,
            Direction::Free => false,
        };
        if self.direction != Direction::Free && matches!(self.edges, Edges::Values(_)) {
            return wrong("categories with a direction".to_owned());
        }
        match self.cells.windows(2).position(against) {
            Some(at) => wrong(format!("bins {at} and {} go against direction {:?}", at + 1, self.direction)),
            None => Ok(()),
        }
    }
}

/// What two features add together beyond what each adds alone: a grid on coarser bins, its weighted mean 0 along every row and column. Each of the two is
/// credited with half (the Shapley value of a pair), so a score is an even multiple of 2⁻³².
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// Positions of the two features, ascending.
    pub features: [usize; 2],
    /// Bins of each.
    pub edges: [Edges; 2],
    /// Scores, bin of the first × bin of the second, missing last in each.
    pub scores: Vec<Vec<f64>>,
    /// Weight of the training rows of each cell.
    pub weights: Vec<Vec<f64>>,
    /// What it took from the log-loss of the rows held out, per unit of weight, over the standard error of that.
    pub z: f64,
}

impl Pair {
    /// Log-odds that two values add together, half of it for each.
    pub fn score(&self, a: f64, b: f64) -> f64 {
        self.scores.get(self.edges[0].index(a)).and_then(|row| row.get(self.edges[1].index(b))).copied().unwrap_or(0.0)
    }

    /// # Errors
    /// [`Error::Contradiction`] where its parts do not go together, or a feature it joins has a direction.
    pub(super) fn check(&self, shapes: &[Shape]) -> Result<()> {
        let wrong = |what: String| Err(Error::Contradiction { what: format!("pair {:?}: {what}", self.features) });
        let [a, b] = self.features;
        let (Some(first), Some(second)) = (shapes.get(a), shapes.get(b)) else { return wrong("no such features".to_owned()) };
        if a >= b || first.direction != Direction::Free || second.direction != Direction::Free {
            return wrong("expected two features in order without directions".to_owned());
        }
        self.edges.iter().zip([first, second]).try_for_each(|(edges, shape)| edges.check(&shape.id))?;
        let (rows, columns) = (self.edges[0].bins() + 1, self.edges[1].bins() + 1);
        if [&self.scores, &self.weights].iter().any(|grid| grid.len() != rows || grid.iter().any(|row| row.len() != columns)) {
            return wrong(format!("expected a grid of {rows} × {columns}"));
        }
        match self.scores.iter().flatten().find(|score| rounded(**score, 2.0) != **score) {
            Some(score) => wrong(format!("a score of {score} is no even multiple of 2^-32 up to {GREATEST}")),
            None => Ok(()),
        }
    }
}
