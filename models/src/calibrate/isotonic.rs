//! Isotonic regression: the nondecreasing step function nearest to the outcomes in weighted squared error, by pooling adjacent violators
//! (Ayer et al. 1955; Barlow et al., *Statistical Inference under Order Restrictions*, 1972).

use serde::{Deserialize, Serialize};

use crate::data::{check_weights, same};
use crate::error::{Error, Result};

/// Weighted sums of numbers no farther from 0 cannot overflow.
const FARTHEST: f64 = 1e280;

/// A fitted nondecreasing function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Isotonic {
    /// Where values are known: both ends of each block, ascending.
    x: Vec<f64>,
    /// The value at each, nondecreasing.
    y: Vec<f64>,
}

/// Neighbouring x of one value.
pub(super) struct Block {
    pub low: f64,
    pub high: f64,
    pub weight: f64,
    /// Σ weight × y.
    pub sum: f64,
    /// Σ weight × x.
    pub sum_x: f64,
}

impl Block {
    pub fn value(&self) -> f64 {
        self.sum / self.weight
    }

    pub fn join(&mut self, above: &Block) {
        self.high = above.high;
        self.weight += above.weight;
        self.sum += above.sum;
        self.sum_x += above.sum_x;
    }
}

/// The blocks of equal value, ascending, of numbers that were checked.
pub(super) fn blocks(x: &[f64], y: &[f64], weight: &[f64]) -> Vec<Block> {
    let mut rows: Vec<usize> = (0..x.len()).collect();
    rows.sort_by(|a, b| x[*a].total_cmp(&x[*b]).then_with(|| y[*a].total_cmp(&y[*b])).then_with(|| weight[*a].total_cmp(&weight[*b])));
    let mut points: Vec<Block> = Vec::new();
    for i in rows {
        let one = Block { low: x[i], high: x[i], weight: weight[i], sum: weight[i] * y[i], sum_x: weight[i] * x[i] };
        match points.last_mut() {
            Some(last) if last.high == one.high => last.join(&one),
            _ => points.push(one),
        }
    }
    pool(points)
}

/// Joins neighbours until their values rise.
pub(super) fn pool(points: Vec<Block>) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for mut block in points {
        while let Some(below) = blocks.pop_if(|below| below.value() >= block.value()) {
            let above = std::mem::replace(&mut block, below);
            block.join(&above);
        }
        blocks.push(block);
    }
    blocks
}

impl Isotonic {
    /// Fits `y` on `x`, one entry a row, in any order; equal x are one point.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Empty`], or [`Error::Value`] for an x or y that is not finite, or so great that sums could overflow, or a weight not above 0.
    pub fn fit(x: &[f64], y: &[f64], weight: &[f64]) -> Result<Self> {
        same("y", y.len(), x.len())?;
        same("weights", weight.len(), x.len())?;
        check_weights(weight)?;
        if x.is_empty() {
            return Err(Error::Empty { what: "isotonic regression" });
        }
        for (what, numbers) in [("x", x), ("y", y)] {
            if let Some(row) = numbers.iter().position(|v| v.is_nan() || v.abs() > FARTHEST) {
                return Err(Error::Value { what, row, found: numbers[row], expected: "a number within 1e280 of 0" });
            }
        }
        let blocks = blocks(x, y, weight);
        let ends = |block: &Block| {
            if block.low == block.high { vec![block.low] } else { vec![block.low, block.high] }
        };
        let knots: Vec<(f64, f64)> = blocks.iter().flat_map(|b| ends(b).into_iter().map(|x| (x, b.value()))).collect();
        let (x, y) = knots.into_iter().unzip();
        Ok(Isotonic { x, y })
    }

    /// The fitted value at `x`; between two blocks on the straight line from one to the other, beyond the ends that of the end. NaN for NaN.
    pub fn value(&self, x: f64) -> f64 {
        if x.is_nan() {
            return f64::NAN;
        }
        let above = self.x.partition_point(|knot| *knot < x);
        match (above.checked_sub(1).map(|i| (self.x[i], self.y[i])), self.x.get(above).zip(self.y.get(above))) {
            (Some((x0, y0)), Some((x1, y1))) if x < *x1 => y0 + (y1 - y0) * ((x - x0) / (x1 - x0)),
            (_, Some((_, y1))) => *y1,
            (Some((_, y0)), None) => y0,
            (None, None) => f64::NAN,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn pools_what_violates_in_any_order_of_rows() {
        // 1, 3, 2, 4 pools the middle two; given here out of order, where linfa 0.8 goes wrong.
        let fit = Isotonic::fit(&[30.0, 10.0, 40.0, 20.0], &[2.0, 1.0, 4.0, 3.0], &[1.0; 4]).unwrap();
        assert_eq!([10.0, 20.0, 25.0, 30.0, 40.0].map(|x| fit.value(x)), [1.0, 2.5, 2.5, 2.5, 4.0]);
        assert_eq!((fit.value(0.0), fit.value(99.0), fit.value(15.0)), (1.0, 4.0, 1.75));
    }

    #[test]
    fn weights_count() {
        let fit = Isotonic::fit(&[1.0, 2.0], &[1.0, 0.0], &[3.0, 1.0]).unwrap();
        assert_eq!((fit.value(1.0), fit.value(2.0)), (0.75, 0.75));
    }

    #[test]
    fn equal_x_are_one_point() {
        let fit = Isotonic::fit(&[1.0, 1.0, 2.0], &[0.0, 1.0, 1.0], &[1.0; 3]).unwrap();
        assert_eq!((fit.value(1.0), fit.value(2.0)), (0.5, 1.0));
    }
}
