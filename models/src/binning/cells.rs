//! Pre-bins: the fine cuts among which the search chooses.

use super::search::{ROUNDING, Sums};

/// Into how many a cell beside a cut is cut on.
const FINER: usize = 4;

/// A distinct value and its rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    pub upper: f64,
    pub sums: Sums,
}

/// Runs of values.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cells {
    /// The last value of each cell, by position, ascending.
    pub ends: Vec<usize>,
    /// Whether a bin must end with the cell; one a cell.
    pub fixed: Vec<bool>,
}

impl Cells {
    /// At most `most` cells of about equal weight, and no cell across a fixed cut.
    pub(super) fn coarse(values: &[Value], most: usize, fixed: &[f64]) -> Cells {
        // A fixed cut above all values, or below, cuts nothing.
        let must = |i: usize| i + 1 < values.len() && fixed.iter().any(|cut| values[i].upper <= *cut && *cut < values[i + 1].upper);
        let forced: Vec<usize> = if fixed.is_empty() { Vec::new() } else { (0..values.len()).filter(|i| must(*i)).collect() };
        let mut ends = if values.len() <= most { (0..values.len()).collect() } else { equal(values, 0, values.len(), most) };
        ends.extend(&forced);
        ends.sort_unstable();
        ends.dedup();
        Cells { fixed: ends.iter().map(|end| forced.binary_search(end).is_ok()).collect(), ends }
    }

    /// The same, with the cells on both sides of each cut cut on.
    pub(super) fn finer(&self, values: &[Value], starts: &[usize]) -> Cells {
        let mut ends = self.ends.clone();
        for cell in starts[1..].iter().flat_map(|start| [start - 1, *start]) {
            let from = if cell == 0 { 0 } else { self.ends[cell - 1] + 1 };
            ends.extend(equal(values, from, self.ends[cell] + 1, FINER));
        }
        ends.sort_unstable();
        ends.dedup();
        let is_fixed = |end: &usize| self.ends.binary_search(end).is_ok_and(|at| self.fixed[at]);
        Cells { fixed: ends.iter().map(is_fixed).collect(), ends }
    }

    /// What each cell holds.
    pub(super) fn sums(&self, values: &[Value]) -> Vec<Sums> {
        let mut from = 0;
        let cell = |end: &usize| {
            let sums = values[from..=*end].iter().fold(Sums::default(), |mut sums, value| {
                sums.add(&value.sums);
                sums
            });
            from = end + 1;
            sums
        };
        self.ends.iter().map(cell).collect()
    }
}

/// The ends of at most `most` cells of about equal weight among the values `from..to`. A value heavier than its cell should be ends the cell below
/// it and stands alone.
fn equal(values: &[Value], from: usize, to: usize, most: usize) -> Vec<usize> {
    let mut left: f64 = values[from..to].iter().map(|v| v.sums.weight).sum();
    let (mut ends, mut open) = (Vec::new(), 0.0);
    for at in from..to {
        let weight = values[at].sums.weight;
        let fair = |left: f64, done: usize| left / most.saturating_sub(done).max(1) as f64 * (1.0 - ROUNDING);
        if open > 0.0 && weight >= fair(left, ends.len()) && ends.len() + 2 <= most {
            ends.push(at - 1);
            left -= open;
            open = 0.0;
        }
        open += weight;
        if open >= fair(left, ends.len()) && ends.len() + 1 < most {
            ends.push(at);
            left -= open;
            open = 0.0;
        }
    }
    if open > 0.0 {
        ends.push(to - 1);
    }
    ends
}
