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

/// Parts of the tree that looks for steps: as many as the peers take.
const LEAVES: usize = 20;

/// A run of values, and where it is best cut.
#[derive(Clone, Copy, Debug)]
struct Part {
    from: usize,
    to: usize,
    /// First value above the cut, and what it gains.
    cut: Option<(usize, f64)>,
}

/// The best cut of the values `from..to` whose sums lie `below` each; no side lighter than `least`.
fn split(below: &[Sums], from: usize, to: usize, least: f64) -> Part {
    let part = |from: usize, to: usize| below[to].less(&below[from]);
    let square = |s: &Sums| s.good * s.good / s.weight;
    let (whole, least) = (part(from, to), least * (1.0 - ROUNDING));
    let mut best: Option<(usize, f64)> = None;
    for at in from + 1..to {
        let low = part(from, at);
        if low.weight < least || whole.weight - low.weight < least {
            continue;
        }
        let gain = square(&low) + square(&part(at, to)) - square(&whole);
        if gain > best.map_or(0.0, |(_, most)| most * (1.0 + ROUNDING)) + ROUNDING * ROUNDING * whole.weight {
            best = Some((at, gain));
        }
    }
    Part { from, to, cut: best }
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

    /// These cells, and a cut wherever a tree on this one feature would cut: at the value that leaves the least variance on both sides, in the part
    /// where that gains most, until there are [`LEAVES`] parts (Breiman et al., *Classification and Regression Trees*, 1984). Equal weight alone
    /// misses steps that fall within a cell.
    pub(super) fn with_steps(&self, values: &[Value], least: f64) -> Cells {
        let mut below = vec![Sums::default(); values.len() + 1];
        for (i, value) in values.iter().enumerate() {
            below[i + 1] = below[i];
            below[i + 1].add(&value.sums);
        }
        let mut parts = vec![split(&below, 0, values.len(), least)];
        while parts.len() < LEAVES {
            let gain = |part: &Part| part.cut.map_or(0.0, |(_, gain)| gain);
            let Some(at) = (0..parts.len()).max_by(|a, b| gain(&parts[*a]).total_cmp(&gain(&parts[*b])).then(b.cmp(a))) else { break };
            let Part { from, to, cut: Some((cut, _)) } = parts[at] else { break };
            parts[at] = split(&below, from, cut, least);
            parts.push(split(&below, cut, to, least));
        }
        self.with(self.ends.iter().copied().chain(parts.iter().filter_map(|part| part.to.checked_sub(1))).collect())
    }

    /// The values of the cells on both sides of each cut, as ranges of positions.
    pub(super) fn around(&self, starts: &[usize]) -> Vec<(usize, usize)> {
        let beside = starts[1..].iter().flat_map(|start| [start - 1, *start]);
        beside.map(|cell| (if cell == 0 { 0 } else { self.ends[cell - 1] + 1 }, self.ends[cell] + 1)).collect()
    }

    /// Cells that cut each of these ranges on, and no others but what is fixed.
    pub(super) fn near(&self, values: &[Value], ranges: &[(usize, usize)]) -> Cells {
        let mut ends: Vec<usize> = self.ends.iter().zip(&self.fixed).filter(|(_, is_fixed)| **is_fixed).map(|(end, _)| *end).collect();
        for &(from, to) in ranges {
            // Where the range begins is a cut as well.
            ends.extend(from.checked_sub(1));
            ends.extend(equal(values, from, to, FINER));
        }
        ends.extend(values.len().checked_sub(1));
        self.with(ends)
    }

    /// These cells cut on wherever those end.
    pub(super) fn finer(&self, those: &Cells) -> Cells {
        self.with(self.ends.iter().chain(&those.ends).copied().collect())
    }

    fn with(&self, mut ends: Vec<usize>) -> Cells {
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
    for (at, value) in values.iter().enumerate().take(to).skip(from) {
        let weight = value.sums.weight;
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
