//! Coefficients that keep the side they were told: one that comes out on the wrong side is set to zero and the others are fitted again.
//!
//! Dropping the worst one at a time, rather than all at once, since a wrong sign is often the shadow of another column that goes with it.

use ndarray::{Array2, Axis};

use super::newton::{Problem, Solution, newton};
use crate::error::Result;

/// The side on which a coefficient may lie.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Side {
    Any,
    NotBelowZero,
    NotAboveZero,
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

/// Fits label on `z`, column j on `side[j]`.
///
/// # Errors
/// As [`newton`].
pub(crate) fn fit_signed(z: Array2<f64>, side: &[Side], label: &[f64], weight: &[f64], l2: f64) -> Result<Signed> {
    let mut kept: Vec<usize> = (0..z.ncols()).collect();
    let mut z = z;
    let mut start = None;
    let mut fits = 0;
    loop {
        let mut solution = newton(&Problem { z: &z, label, weight, offset: None, l2 }, start)?;
        fits += 1;
        solution.report.fits = fits;
        let Some(worst) = worst(&solution.beta[1..], &kept, side) else {
            return Ok(Signed { solution, kept, z });
        };
        kept.remove(worst);
        let rest: Vec<usize> = (0..z.ncols()).filter(|j| *j != worst).collect();
        z = z.select(Axis(1), &rest);
        solution.beta.remove(worst + 1);
        start = Some(solution.beta);
    }
}

/// Position of the coefficient farthest on the wrong side, the first of equals.
fn worst(coefficient: &[f64], kept: &[usize], side: &[Side]) -> Option<usize> {
    let mut worst: Option<(usize, f64)> = None;
    for (position, (c, column)) in coefficient.iter().zip(kept).enumerate() {
        let wrong = match side[*column] {
            Side::Any => 0.0,
            Side::NotBelowZero => -c,
            Side::NotAboveZero => *c,
        };
        if wrong > worst.map_or(0.0, |(_, most)| most) {
            worst = Some((position, wrong));
        }
    }
    worst.map(|(position, _)| position)
}
