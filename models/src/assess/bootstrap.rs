//! How sure any figure is: the same figure on many sets of subjects drawn with replacement (Efron and Tibshirani, *An Introduction to the
//! Bootstrap*, 1993, chapter 13; drawing subjects, not rows: Davison and Hinkley, *Bootstrap Methods and their Application*, 1997, section
//! 3.8).
//!
//! Draw `t` of set `b` is a hash of seed, `b` and `t`: no state is carried from one to the next, so sets may be drawn on any thread in any
//! order. Subjects are numbered by name, so the order of rows does not matter either.

use rayon::prelude::*;

use super::subjects::Subjects;
use super::{Row, Scored};
use crate::data::same;
use crate::error::{Error, Result};
use crate::interval::normal::out_of_range;

/// How to draw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bootstrap {
    /// Sets to draw, 100 to 10,000. Default 1,000.
    pub sets: u32,
    /// Share of the sets whose figure lies between the ends. Between 0 and 1, default 0.9.
    pub level: f64,
    /// Another seed, other draws.
    pub seed: u64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Bootstrap { sets: 1000, level: 0.9, seed: 0 }
    }
}

impl Bootstrap {
    /// # Errors
    /// [`Error::Parameter`] for a number outside the range given with it.
    pub fn check(&self) -> Result<()> {
        if !(100..=10_000).contains(&self.sets) {
            return Err(Error::Parameter { name: "sets", found: f64::from(self.sets), expected: "100 to 10000" });
        }
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(out_of_range(self.level));
        }
        Ok(())
    }

    /// `figure` of each set, in order of their numbers. It is given how often each subject was drawn.
    pub(super) fn each<T: Send>(&self, subjects: usize, figure: impl Fn(&[u32]) -> T + Sync) -> Vec<T> {
        (0..self.sets).into_par_iter().map(|set| figure(&self.draw(set, subjects))).collect()
    }

    /// How often each subject is in set `set`: as many draws as subjects.
    fn draw(&self, set: u32, subjects: usize) -> Vec<u32> {
        let mut times = vec![0; subjects];
        let start = mix(self.seed ^ mix(u64::from(set).wrapping_add(GOLDEN)));
        for t in 0..subjects as u64 {
            let bits = mix(start.wrapping_add(GOLDEN.wrapping_mul(t.wrapping_add(1))));
            // The high half of the product: an even draw of 0..subjects without division.
            times[((u128::from(bits) * subjects as u128) >> 64) as usize] += 1;
        }
        times
    }

    /// The ends between which the middle `level` of the figures lies (linear between neighbours); `None` if more than one set in twenty has no
    /// figure.
    pub(super) fn ends(&self, figures: impl Iterator<Item = Option<f64>>) -> Option<(f64, f64)> {
        let (mut known, mut all) = (Vec::new(), 0_usize);
        for figure in figures {
            all += 1;
            known.extend(figure.filter(|f| !f.is_nan()));
        }
        if known.is_empty() || known.len() * 20 < all * 19 {
            return None;
        }
        known.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let place = share * (known.len() - 1) as f64;
            let below = (place as usize).min(known.len() - 1);
            let above = (below + 1).min(known.len() - 1);
            known[below] + (known[above] - known[below]) * (place - below as f64)
        };
        Some((at((1.0 - self.level) / 2.0), at((1.0 + self.level) / 2.0)))
    }
}

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// The finisher of SplitMix64 (Steele, Lea and Flood, *Fast splittable pseudorandom number generators*, 2014).
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A figure with the ends of its bootstrap interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// On the rows themselves.
    pub value: f64,
    /// Ends of the interval; `None` where too many sets had no figure.
    pub ends: Option<(f64, f64)>,
}

/// Any figure of an assessment (lift, capture, KS, Brier, precision of a list...) with its interval: `figure` is called on the rows and on each
/// set drawn from them, in which a subject drawn twice has twice the weight. `None` where the rows themselves have no figure.
///
/// Arguments as in [`super::assess`]; `group` names the subject of each row.
///
/// # Errors
/// As [`super::Scored::new`] and [`Bootstrap::check`]; [`Error::Shape`] for groups of another number than rows.
pub fn bootstrap(
    p: &[f64],
    label: &[f64],
    weight: &[f64],
    group: &[String],
    how: &Bootstrap,
    figure: impl Fn(&Scored) -> Option<f64> + Sync,
) -> Result<Option<Figure>> {
    how.check()?;
    same("groups", group.len(), p.len())?;
    let scored = Scored::new(p, label, weight)?;
    let Some(value) = figure(&scored) else { return Ok(None) };
    let subjects = Subjects::new(group);
    let rows = in_order(p, label, weight, &subjects.of);
    let drawn = how.each(subjects.count, |times| {
        let set = rows.iter().filter(|(_, subject)| times[*subject] > 0);
        let set: Vec<Row> = set.map(|(row, subject)| Row { weight: row.weight * f64::from(times[*subject]), ..*row }).collect();
        figure(&Scored(set))
    });
    Ok(Some(Figure { value, ends: how.ends(drawn.into_iter()) }))
}

/// Rows with their number of subject (or another), by prediction, label, weight and that number.
pub(super) fn in_order(p: &[f64], label: &[f64], weight: &[f64], of: &[usize]) -> Vec<(Row, usize)> {
    let row = |i: usize| (Row { p: p[i] + 0.0, label: label[i] + 0.0, weight: weight[i] }, of[i]);
    let mut rows: Vec<(Row, usize)> = (0..p.len()).map(row).collect();
    rows.sort_by(|(a, i), (b, j)| super::by_prediction(a, b).then_with(|| i.cmp(j)));
    rows
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn draws_are_even_and_as_many_as_subjects() {
        let how = Bootstrap { sets: 400, seed: 3, ..Bootstrap::default() };
        let mut times = vec![0_u32; 50];
        for drawn in how.each(50, <[u32]>::to_vec) {
            assert_eq!(drawn.iter().sum::<u32>(), 50);
            times.iter_mut().zip(&drawn).for_each(|(all, one)| *all += one);
        }
        // 20,000 draws over 50 subjects: 400 each, standard deviation 20.
        assert!(times.iter().all(|n| (300..500).contains(n)), "{times:?}");
        assert_ne!(how.draw(0, 50), how.draw(1, 50));
        assert_ne!(how.draw(0, 50), Bootstrap { seed: 4, ..how }.draw(0, 50));
    }

    #[test]
    fn ends_are_those_of_the_middle() {
        let how = Bootstrap { level: 0.8, ..Bootstrap::default() };
        let (low, high) = how.ends((0..=100).rev().map(|i| Some(f64::from(i)))).unwrap();
        assert!((low - 10.0).abs() < 1e-9 && (high - 90.0).abs() < 1e-9, "{low} {high}");
        assert!(how.ends((0..100).map(|i| (i >= 6).then_some(1.0))).is_none(), "six in a hundred have none");
        assert!(how.ends((0..100).map(|i| (i >= 5).then_some(1.0))).is_some());
    }
}
