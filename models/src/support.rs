//! How much of what a model says of a row rests on values that few training rows had.
//!
//! A value is *known* where at least so many training rows had one as low and as many one as high; a missing value where as many had none. What a row
//! has beyond that, its model has seen too seldom to speak of: trees and bins give it what they gave to the nearest they knew, a line goes on for ever. The
//! share of a row's score that rests on such values is the sum of the sizes of their contributions over that of all. Two numbers a feature are kept, so it
//! costs nothing to ask, holds for every algorithm, and says which values they are. It knows each feature by itself: a strange meeting of usual values is
//! for intervals and stability to tell.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::data::Design;
use crate::error::{Error, Result};

/// What the training rows had.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Support {
    /// How many training rows make a value known.
    pub least: u64,
    /// One a feature, in the order of the design.
    pub known: Vec<Known>,
}

/// The known values of one feature.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// The least and the greatest known value; none where fewer rows had any.
    pub range: Option<(f64, f64)>,
    /// Whether as many rows had none.
    pub missing: bool,
}

/// What of a row's score rests on values that are not known.
#[derive(Clone, Debug, PartialEq)]
pub struct Thin {
    /// Their share, 0 to 1; 0 where no feature contributes anything.
    pub share: f64,
    /// Features whose value is not known and contributes, by the size of what they do, the greatest first.
    pub features: Vec<usize>,
}

impl Support {
    /// Learns from the rows a model was trained on. The order of rows never matters.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a `least` of 0.
    pub fn of(design: &Design, least: u64) -> Result<Self> {
        if least == 0 {
            return Err(Error::Parameter { name: "least", found: 0.0, expected: "1 or more" });
        }
        let n = usize::try_from(least).unwrap_or(usize::MAX);
        let known = |j: usize| {
            let mut values: Vec<f64> = (0..design.rows()).filter_map(|row| design.value(row, j)).collect();
            let missing = design.rows() - values.len() >= n;
            values.sort_unstable_by(f64::total_cmp);
            let ends = values.get(n - 1).copied().zip(values.len().checked_sub(n).map(|at| values[at]));
            // With fewer rows than twice as many the ends may have passed each other: then no value has so many on either side.
            Known { range: ends.filter(|(low, high)| low <= high), missing }
        };
        Ok(Support { least, known: (0..design.features().len()).map(known).collect() })
    }

    /// # Errors
    /// [`Error::Contradiction`] for another number of features, or an end that is not finite or before the other.
    pub(crate) fn check(&self, features: usize) -> Result<()> {
        let is_sound = |known: &Known| known.range.is_none_or(|(low, high)| low.is_finite() && high.is_finite() && low <= high);
        if self.known.len() != features || self.least == 0 || !self.known.iter().all(is_sound) {
            return Err(Error::Contradiction { what: "the support is not one of these features".to_owned() });
        }
        Ok(())
    }

    /// Is the value of a feature known? `None` is a missing one.
    pub fn knows(&self, feature: usize, value: Option<f64>) -> bool {
        let Some(known) = self.known.get(feature) else { return false };
        value.map_or(known.missing, |x| known.range.is_some_and(|(low, high)| low <= x && x <= high))
    }

    /// What rests on values that are not known, one a row. `parts` are the contributions of each row's features, in log-odds or in points.
    pub fn thin(&self, design: &Design, parts: &Array2<f64>) -> Vec<Thin> {
        let size = |row: usize, j: usize| parts.get((row, j)).copied().unwrap_or(0.0).abs();
        let of = |row: usize| {
            let all = 0..self.known.len();
            let whole: f64 = all.clone().map(|j| size(row, j)).sum();
            let mut features: Vec<usize> = all.filter(|j| size(row, *j) > 0.0 && !self.knows(*j, design.value(row, *j))).collect();
            let thin: f64 = features.iter().map(|j| size(row, *j)).sum();
            features.sort_by(|a, b| size(row, *b).total_cmp(&size(row, *a)).then(a.cmp(b)));
            Thin { share: if whole > 0.0 { thin / whole } else { 0.0 }, features }
        };
        (0..design.rows()).map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use ndarray::arr2;

    use super::*;
    use crate::data::{Direction, FeatureMeta, Kind};

    fn design(columns: Vec<Vec<f64>>) -> Design {
        let meta =
            |j: usize| FeatureMeta { id: format!("x{j}"), version: 1, unit: String::new(), direction: Direction::Free, kind: Kind::Number };
        Design::from_columns((0..columns.len()).map(meta).collect(), columns).unwrap()
    }

    /// 1 to 100; 0 but for five times 1 and twice 2; ninety-eight missing.
    fn trained() -> Support {
        let seldom = (0..100)
            .map(|at| {
                if at < 93 {
                    0.0
                } else if at < 98 {
                    1.0
                } else {
                    2.0
                }
            })
            .collect();
        let missing = (0..100).map(|at| if at < 98 { f64::NAN } else { 7.0 }).collect();
        Support::of(&design(vec![(1..=100).map(f64::from).collect(), seldom, missing]), 5).unwrap()
    }

    #[test]
    fn a_value_is_known_where_enough_rows_had_one_as_low_and_as_high() {
        let support = trained();
        let knows = |j: usize, values: &[f64]| values.iter().map(|x| support.knows(j, Some(*x))).collect::<Vec<_>>();
        assert_eq!(knows(0, &[4.9, 5.0, 50.5, 96.0, 96.1]), [false, true, true, true, false]);
        assert_eq!(knows(1, &[-1.0, 0.0, 1.0, 2.0]), [false, true, true, false]);
        assert_eq!(knows(2, &[7.0]), [false], "two rows had it");
        assert_eq!([0, 1, 2].map(|j| support.knows(j, None)), [false, false, true]);
        assert!(!support.knows(3, None), "no such feature");
        // Nine rows, of which five had one as low as the fifth, and five one as high: that one value is known.
        let nine = Support::of(&design(vec![(1..=9).map(f64::from).collect()]), 5).unwrap();
        assert_eq!(nine.known[0].range, Some((5.0, 5.0)));
        let eight = Support::of(&design(vec![(1..=8).map(f64::from).collect()]), 5).unwrap();
        assert_eq!(eight.known[0].range, None);
    }

    #[test]
    fn the_share_is_of_what_contributes() {
        let rows = design(vec![vec![1.0, 1.0, 50.0], vec![2.0, 0.0, 0.0], vec![f64::NAN; 3]]);
        let thin = trained().thin(&rows, &arr2(&[[-1.0, 2.0, 1.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]));
        assert_eq!((thin[0].share, thin[0].features.as_slice()), (0.75, &[1, 0][..]));
        // What is not known and contributes nothing takes nothing away.
        assert_eq!((thin[1].share, thin[1].features.len()), (0.0, 0));
        assert_eq!(thin[2].share, 0.0);
    }

    #[test]
    fn a_support_of_other_features_is_refused() {
        let support = trained();
        assert!(support.check(3).is_ok() && support.check(2).is_err());
        let crossed = Support { least: 1, known: vec![Known { range: Some((2.0, 1.0)), missing: false }] };
        assert!(crossed.check(1).is_err());
        assert!(Support::of(&design(vec![vec![1.0]]), 0).is_err());
    }
}
