//! Whole points: what a sheet of paper can carry, and what rounding costs.

use super::PointsTable;
use crate::data::{Design, same};
use crate::error::Result;

/// A table in whole points.
#[derive(Clone, Debug, PartialEq)]
pub struct WholePoints {
    /// Points rounded to whole numbers, half away from zero: base and steps.
    pub table: PointsTable,
    /// Greatest distance between a rounded score and the exact one, over every row there could be: the worst step of each feature at once.
    pub largest_error: f64,
}

/// What rounding does to the order of rows: of all pairs of rows whose exact scores differ, by product of weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankLoss {
    /// Share of pairs that the rounded scores order the other way round.
    pub reversed: f64,
    /// Share of pairs whose rounded scores are equal.
    pub tied: f64,
}

impl PointsTable {
    /// The table in whole points.
    pub fn whole(&self) -> WholePoints {
        let mut table = self.clone();
        table.base = libm::round(self.base);
        let (mut over, mut under) = (table.base - self.base, table.base - self.base);
        for s in &mut table.steps {
            let (mut most, mut least) = (f64::NEG_INFINITY, f64::INFINITY);
            for step in s.steps.iter_mut().chain([&mut s.missing]).chain(s.special.iter_mut().map(|(_, step)| step)) {
                let rounded = libm::round(step.adds);
                (most, least) = (most.max(rounded - step.adds), least.min(rounded - step.adds));
                step.adds = rounded;
            }
            over += most;
            under += least;
        }
        WholePoints { table, largest_error: over.max(-under) }
    }
}

impl WholePoints {
    /// Whole score of each row.
    ///
    /// # Errors
    /// As [`PointsTable::scores`].
    pub fn scores(&self, design: &Design) -> Result<Vec<i64>> {
        // Sums of whole numbers far below 2^53: exact.
        Ok(self.table.scores(design)?.into_iter().map(|score| score as i64).collect())
    }
}

/// How far `whole` loses the order of `exact`, one entry a row; both 0 where no pair differs. Takes n log n steps.
///
/// # Errors
/// [`crate::Error::Shape`] for unequal lengths.
pub fn rank_loss(exact: &[f64], whole: &[i64], weight: &[f64]) -> Result<RankLoss> {
    same("whole scores", whole.len(), exact.len())?;
    same("weights", weight.len(), exact.len())?;
    let mut levels = whole.to_vec();
    levels.sort_unstable();
    levels.dedup();
    let level = |i: usize| levels.partition_point(|l| *l < whole[i]);
    let mut order: Vec<usize> = (0..exact.len()).collect();
    order.sort_by(|a, b| exact[*a].total_cmp(&exact[*b]).then(whole[*a].cmp(&whole[*b])).then(weight[*a].total_cmp(&weight[*b])));
    let mut below = Tree(vec![0.0; levels.len() + 1]);
    let (mut pairs, mut reversed, mut tied) = (0.0, 0.0, 0.0);
    for run in order.chunk_by(|a, b| exact[*a] == exact[*b]) {
        // Rows of one exact score are no pairs of each other: all are looked up before any enters.
        let entered = below.up_to(levels.len());
        for i in run {
            let (at_most, less) = (below.up_to(level(*i) + 1), below.up_to(level(*i)));
            pairs += weight[*i] * entered;
            reversed += weight[*i] * (entered - at_most);
            tied += weight[*i] * (at_most - less);
        }
        run.iter().for_each(|i| below.add(level(*i), weight[*i]));
    }
    let share = |of: f64| if pairs > 0.0 { (of / pairs).max(0.0) } else { 0.0 };
    Ok(RankLoss { reversed: share(reversed), tied: share(tied) })
}

/// Sums over the first entries of a list that grows (Fenwick, *A new data structure for cumulative frequency tables*, 1994).
struct Tree(Vec<f64>);

impl Tree {
    fn add(&mut self, at: usize, weight: f64) {
        let mut i = at + 1;
        while i < self.0.len() {
            self.0[i] += weight;
            i += i & i.wrapping_neg();
        }
    }

    /// Sum of the first `n`.
    fn up_to(&self, n: usize) -> f64 {
        let (mut i, mut sum) = (n, 0.0);
        while i > 0 {
            sum += self.0[i];
            i &= i - 1;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::split::fold_of;

    #[test]
    fn pairs_are_counted_as_one_by_one() {
        let draw = |i: usize, of: &str, folds| fold_of(&format!("{of}{i}"), folds, 3);
        let exact: Vec<f64> = (0..300).map(|i| f64::from(draw(i, "e", 90)) / 7.0).collect();
        let whole: Vec<i64> = (0..300).map(|i| i64::from(draw(i, "n", 5)) + libm::round(exact[i]) as i64).collect();
        let weight: Vec<f64> = (0..300).map(|i| f64::from(1 + draw(i, "w", 3))).collect();
        let (mut pairs, mut reversed, mut tied) = (0.0, 0.0, 0.0);
        for i in 0..300 {
            for j in (0..300).filter(|j| exact[*j] < exact[i]) {
                pairs += weight[i] * weight[j];
                reversed += if whole[j] > whole[i] { weight[i] * weight[j] } else { 0.0 };
                tied += if whole[j] == whole[i] { weight[i] * weight[j] } else { 0.0 };
            }
        }
        let found = rank_loss(&exact, &whole, &weight).unwrap();
        assert!((found.reversed - reversed / pairs).abs() < 1e-12 && (found.tied - tied / pairs).abs() < 1e-12);
        assert!(found.reversed > 0.01 && found.tied > 0.01);
        assert_eq!(rank_loss(&[1.0, 1.0], &[0, 5], &[1.0; 2]).unwrap(), RankLoss { reversed: 0.0, tied: 0.0 });
        assert!(rank_loss(&[1.0], &[], &[1.0]).is_err());
    }
}
