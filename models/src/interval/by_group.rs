//! Ranks of nonconformity scores, for all rows and for each group that is large enough (Mondrian: Vovk, Gammerman and Shafer, *Algorithmic
//! Learning in a Random World*, 2005, chapter 4).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::normal::out_of_range;
use crate::assess::subjects::Subjects;
use crate::data::{check_weights, same};
use crate::error::{Error, Result};

/// What an interval is to hold, and of whom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Promise {
    /// Share of outcomes to be held. Between 0 and 1, default 0.9.
    pub level: f64,
    /// Least weight of the held-out rows of a group that is promised its own share; a lighter one gets what all rows get. 1 or more, default
    /// 200: the share held then comes out within about 4 percentage points of 0.9 (two standard deviations).
    pub min_rows: f64,
}

impl Default for Promise {
    fn default() -> Self {
        Promise { level: 0.9, min_rows: 200.0 }
    }
}

impl Promise {
    /// # Errors
    /// [`Error::Parameter`] for a number outside the range given with it.
    pub fn check(&self) -> Result<()> {
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(out_of_range(self.level));
        }
        if self.min_rows >= 1.0 && self.min_rows.is_finite() {
            return Ok(());
        }
        Err(Error::Parameter { name: "min_rows", found: self.min_rows, expected: "1 or more, finite" })
    }
}

/// A number for all rows and one for each group of its own; ∞ where there are too few rows to stand for the level, −∞ where more rows than the
/// level asks for are held whatever is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByGroup {
    /// Of all rows.
    #[serde(with = "crate::exact::one")]
    pub pooled: f64,
    /// By name of group; a group that is not here gets `pooled`.
    #[serde(with = "crate::exact::map")]
    pub groups: BTreeMap<String, f64>,
}

impl ByGroup {
    /// The number of a group.
    pub fn of(&self, group: Option<&str>) -> f64 {
        group.and_then(|name| self.groups.get(name)).copied().unwrap_or(self.pooled)
    }

    /// The least score that, with those below it, weighs the level of all rows and one row more. `None` stands for a row whose interval is
    /// known beforehand to hold its outcome: it is no witness for the others.
    pub(super) fn rank(score: &[Option<f64>], weight: &[f64], group: Option<&[String]>, promise: &Promise) -> Self {
        let witnesses =
            |rows: &mut dyn Iterator<Item = usize>| -> Vec<(f64, f64)> { rows.filter_map(|i| Some((score[i]?, weight[i]))).collect() };
        let pooled = rank(witnesses(&mut (0..score.len())), promise.level);
        let mut groups = BTreeMap::new();
        if let Some(names) = group {
            let numbers = Subjects::new(names);
            let mut members = vec![Vec::new(); numbers.count];
            numbers.of.iter().enumerate().for_each(|(row, number)| members[*number].push(row));
            for (rows, first) in members.into_iter().zip(&numbers.first) {
                let own = witnesses(&mut rows.into_iter());
                // Allow for rounding, so that a row of weight 2 and a row given twice fall alike.
                if own.iter().map(|row| row.1).sum::<f64>() >= promise.min_rows * (1.0 - 1e-9) {
                    groups.insert(names[*first].clone(), rank(own, promise.level));
                }
            }
        }
        ByGroup { pooled, groups }
    }

    /// # Errors
    /// [`Error::Contradiction`] if a number is NaN.
    pub(super) fn check(&self) -> Result<()> {
        match self.groups.values().chain([&self.pooled]).find(|shift| shift.is_nan()) {
            Some(shift) => Err(Error::Contradiction { what: format!("an interval that is moved by {shift}") }),
            None => Ok(()),
        }
    }
}

fn rank(mut rows: Vec<(f64, f64)>, level: f64) -> f64 {
    rows.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.total_cmp(&b.1)));
    let all: f64 = rows.iter().map(|row| row.1).sum();
    let wanted = (all + 1.0) * level - 1e-9 * (all + 1.0).min(1e6);
    let mut below = 0.0;
    for (score, weight) in rows {
        below += weight;
        if below >= wanted {
            return score;
        }
    }
    f64::INFINITY
}

/// Refuses columns that do not go together: outcomes 0 to 1, weights above 0, groups one a row, and the columns named, which may not hold NaN.
pub(super) fn check_columns(columns: &[(&'static str, &[f64])], actual: &[f64], weight: &[f64], group: Option<&[String]>) -> Result<()> {
    for (what, column) in columns {
        same(what, column.len(), actual.len())?;
        if let Some(row) = column.iter().position(|x| x.is_nan()) {
            return Err(Error::Value { what, row, found: f64::NAN, expected: "a number" });
        }
    }
    if let Some(row) = actual.iter().position(|y| !(0.0..=1.0).contains(y)) {
        return Err(Error::Value { what: "outcome", row, found: actual[row], expected: "0 to 1" });
    }
    same("weights", weight.len(), actual.len())?;
    same("groups", group.map_or(actual.len(), <[String]>::len), actual.len())?;
    check_weights(weight)?;
    if actual.is_empty() { Err(Error::Empty { what: "conformal interval" }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn rank_is_that_of_the_paper_and_weights_are_repeats() {
        let ones = |n: u32| (1..=n).map(|i| (f64::from(i), 1.0)).collect::<Vec<_>>();
        assert_eq!((rank(ones(9), 0.9), rank(ones(8), 0.9)), (9.0, f64::INFINITY));
        for n in 1..200 {
            let wanted = libm::ceil(f64::from(n + 1) * 0.8 - 1e-9);
            assert_eq!(rank(ones(n), 0.8), if wanted <= f64::from(n) { wanted } else { f64::INFINITY }, "{n} rows");
        }
        let (thrice, once) = (vec![(1.0, 3.0), (2.0, 2.0), (3.0, 1.0)], vec![1.0, 1.0, 1.0, 2.0, 2.0, 3.0]);
        for level in [0.1, 0.3, 0.5, 0.6, 0.7, 0.8] {
            assert_eq!(rank(thrice.clone(), level), rank(once.iter().map(|x| (*x, 1.0)).collect(), level), "{level}");
        }
    }

    #[test]
    fn a_light_group_gets_what_all_get() {
        let score: Vec<Option<f64>> = (0..300).map(|i| Some(f64::from(i % 100) + if i < 200 { 0.0 } else { 500.0 })).collect();
        let group: Vec<String> = (0..300).map(|i| if i < 200 { "many" } else { "few" }.to_owned()).collect();
        let by = ByGroup::rank(&score, &[1.0; 300], Some(&group), &Promise { level: 0.9, min_rows: 150.0 });
        assert_eq!(by.groups.keys().collect::<Vec<_>>(), ["many"]);
        assert_eq!((by.of(Some("many")), by.of(Some("few")), by.of(None)), (90.0, 570.0, 570.0));
    }
}
