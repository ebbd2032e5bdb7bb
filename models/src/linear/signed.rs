//! Coefficients that keep the side they were told: the optimum under sign constraints.
//!
//! One that comes out on the wrong side is held at zero and the others are fitted again, the worst first, rather than all at once, since a wrong
//! sign is often the shadow of another column that goes with it. What that leaves need not be the optimum: a column held early may be wanted
//! once others are held. So each held column that would lower the objective on its side is let go again, and the coefficients move towards the
//! new optimum until one meets zero and is held (Lawson and Hanson, *Solving Least Squares Problems*, 1974, chapter 23). The objective is convex
//! and falls with each round, so the end is the optimum: no column pulls towards its side (Karush, Kuhn and Tucker).

use ndarray::{Array2, Axis};

use super::newton::{Problem, Solution, newton};
use crate::data::TrainingSet;
use crate::error::Result;

/// A held column pulls if the gradient, per unit of weight, exceeds this.
const PULLS: f64 = 1e-9;

/// The side on which a coefficient may lie.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Side {
    Any,
    NotBelowZero,
    NotAboveZero,
}

impl Side {
    /// How far a coefficient lies on the wrong side; 0 or less if it does not.
    fn wrong(self, coefficient: f64) -> f64 {
        match self {
            Side::Any => 0.0,
            Side::NotBelowZero => -coefficient,
            Side::NotAboveZero => coefficient,
        }
    }
}

/// A fit in which every coefficient lies on its side.
pub(crate) struct Signed {
    /// The fit over the kept columns alone: intercept, then one for each of `kept`.
    pub solution: Solution,
    /// Columns of `z` that remain, ascending.
    pub kept: Vec<usize>,
    /// The kept columns, rows × `kept`.
    pub z: Array2<f64>,
}

/// What is fitted, whatever columns are kept.
struct Task<'a> {
    all: Array2<f64>,
    side: &'a [Side],
    set: &'a TrainingSet,
    l2: f64,
}

/// Fits the label on `z`, column j on `side[j]`.
///
/// # Errors
/// As [`newton`].
pub(crate) fn fit_signed(z: Array2<f64>, side: &[Side], set: &TrainingSet, l2: f64) -> Result<Signed> {
    let task = Task { all: z, side, set, l2 };
    let mut signed = task.fit((0..task.all.ncols()).collect(), None, 1)?;
    while let Some(worst) = task.worst(&signed) {
        signed = task.without(signed, worst)?;
    }
    // Each column is let go a few times at most; the bound is for rounding alone.
    for _ in 0..2 * side.len() {
        let Some(column) = task.pulling(&signed) else { break };
        match task.with(&signed, column)? {
            better if better.solution.report.objective < signed.solution.report.objective => signed = better,
            _ => break,
        }
    }
    Ok(signed)
}

impl Task<'_> {
    fn problem<'b>(&'b self, z: &'b Array2<f64>) -> Problem<'b> {
        Problem { z, label: self.set.label(), weight: self.set.weight(), offset: self.set.offset(), l2: self.l2 }
    }

    fn fit(&self, kept: Vec<usize>, start: Option<Vec<f64>>, fits: u32) -> Result<Signed> {
        let z = self.all.select(Axis(1), &kept);
        let mut solution = newton(&self.problem(&z), start)?;
        solution.report.fits = fits;
        Ok(Signed { solution, kept, z })
    }

    /// Position among the kept of the coefficient farthest on the wrong side, the first of equals.
    fn worst(&self, signed: &Signed) -> Option<usize> {
        let mut worst: Option<(usize, f64)> = None;
        for (position, (c, column)) in signed.solution.beta[1..].iter().zip(&signed.kept).enumerate() {
            let wrong = self.side[*column].wrong(*c);
            if wrong > worst.map_or(0.0, |(_, most)| most) {
                worst = Some((position, wrong));
            }
        }
        worst.map(|(position, _)| position)
    }

    /// The fit without the column at `position`.
    fn without(&self, signed: Signed, position: usize) -> Result<Signed> {
        let Signed { solution, mut kept, .. } = signed;
        let mut start = solution.beta;
        kept.remove(position);
        start.remove(position + 1);
        self.fit(kept, Some(start), solution.report.fits + 1)
    }

    /// The held column that would lower the objective fastest on its side, the first of equals.
    fn pulling(&self, signed: &Signed) -> Option<usize> {
        let residual = self.problem(&signed.z).residuals(&signed.solution.beta);
        let total: f64 = self.set.weight().iter().sum();
        let mut most: Option<(usize, f64)> = None;
        for column in (0..self.all.ncols()).filter(|column| signed.kept.binary_search(column).is_err()) {
            let gain: f64 = residual.iter().zip(self.all.column(column)).map(|(r, z)| r * z).sum();
            let gain = -self.side[column].wrong(gain) / total;
            if gain > most.map_or(PULLS, |(_, gain)| gain) {
                most = Some((column, gain));
            }
        }
        most.map(|(column, _)| column)
    }

    /// The fit with `column` let go: towards the optimum with it, and whenever a coefficient meets zero on the way, it is held and the way
    /// begins anew from there.
    fn with(&self, signed: &Signed, column: usize) -> Result<Signed> {
        let mut kept = signed.kept.clone();
        let mut here = signed.solution.beta.clone();
        let position = kept.partition_point(|k| *k < column);
        kept.insert(position, column);
        here.insert(position + 1, 0.0);
        let mut fits = signed.solution.report.fits;
        loop {
            fits += 1;
            let there = self.fit(kept.clone(), Some(here.clone()), fits)?;
            let Some((first, way)) = self.first_zero(&here, &there) else { return Ok(there) };
            here.iter_mut().zip(&there.solution.beta).for_each(|(from, to)| *from += way * (to - *from));
            kept.remove(first);
            here.remove(first + 1);
        }
    }

    /// The coefficient that meets zero first on the straight way from `here`, and after which part of it.
    fn first_zero(&self, here: &[f64], there: &Signed) -> Option<(usize, f64)> {
        let mut first: Option<(usize, f64)> = None;
        for (position, column) in there.kept.iter().enumerate() {
            let (from, to) = (here[position + 1], there.solution.beta[position + 1]);
            if self.side[*column].wrong(to) > 0.0 {
                let way = if from == to { 0.0 } else { (from / (from - to)).clamp(0.0, 1.0) };
                if first.is_none_or(|(_, least)| way < least) {
                    first = Some((position, way));
                }
            }
        }
        first
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::data::Design;
    use crate::split::fold_of;

    /// Correlated columns and labels that follow some of them the wrong way round.
    fn drawn(seed: u64, columns: usize) -> (Array2<f64>, TrainingSet) {
        let draw = |name: String| f64::from(fold_of(&name, 2_001, seed)) / 1_000.0 - 1.0;
        let z = Array2::from_shape_fn((120, columns), |(i, j)| draw(format!("x{i} {j}")) + 1.5 * draw(format!("x{i} {}", j / 3)));
        let slope: Vec<f64> = (0..columns).map(|j| 1.5 * draw(format!("b{j}"))).collect();
        let label = (0..120).map(|i| {
            let eta: f64 = z.row(i).iter().zip(&slope).map(|(z, b)| z * b).sum();
            f64::from(u8::from(draw(format!("y{i}")) < 2.0 * crate::linear::link::sigmoid(eta) - 1.0))
        });
        let label = label.collect();
        let design = Design::new(Array2::zeros((120, 0)), Vec::new()).unwrap();
        let group = (0..120).map(|i| i.to_string()).collect();
        (z, TrainingSet::new(design, label, vec![1.0; 120], group, vec![0; 120]).unwrap())
    }

    #[test]
    fn no_choice_of_columns_on_their_sides_does_better() {
        let side = [Side::NotBelowZero, Side::NotAboveZero, Side::NotBelowZero, Side::NotBelowZero, Side::NotAboveZero, Side::Any];
        let mut let_go = 0;
        for seed in 0..40 {
            let (z, set) = drawn(seed, side.len());
            let task = Task { all: z.clone(), side: &side, set: &set, l2: 0.5 };
            let best = (0..1_u32 << side.len())
                .map(|chosen| task.fit((0..side.len()).filter(|j| chosen >> j & 1 == 1).collect(), None, 1).unwrap())
                .filter(|fit| task.worst(fit).is_none())
                .map(|fit| fit.solution.report.objective)
                .fold(f64::INFINITY, f64::min);
            let found = fit_signed(z, &side, &set, 0.5).unwrap();
            assert!((found.solution.report.objective - best).abs() < 1e-9, "seed {seed}: {} for {best}", found.solution.report.objective);
            assert!(task.worst(&found).is_none());
            let held = side.len() - found.kept.len();
            let_go += usize::from(found.solution.report.fits as usize > 1 + held);
        }
        assert!(let_go > 0, "no draw in which a column held early is wanted later: the test tells nothing");
    }
}
