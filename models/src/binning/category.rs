//! Categories joined into groups: ordered by their rate and then cut as numbers are, for joining neighbours by rate is best for every convex
//! objective (Breiman et al., *Classification and Regression Trees*, 1984, section 4.2); under constraints, the best of those joinings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::certificate::{Certificate, certify};
use super::optimal::{Optimal, Problem, Trend, infeasible, sums_of};
use super::search::{ROUNDING, Sums};
use super::{Bin, Bins, Whole};
use crate::error::{Error, Result};

/// Categories of one weight of evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Their names, sorted.
    pub members: Vec<String>,
    /// Whether the pool of rare categories is among them; these are not in `members`.
    pub holds_rare: bool,
    /// Their rows.
    pub bin: Bin,
}

/// Where a category falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A group, by position.
    Group(usize),
    /// No category.
    Missing,
    /// A category that training did not meet: worth what the rare ones are, or nothing where none was rare.
    Unseen,
}

/// The groups of one feature, by rising rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Groups {
    /// At least one.
    pub groups: Vec<Group>,
    /// Categories too rare to stand alone, sorted: one pool.
    pub rare: Vec<String>,
    /// Rows without a category; weight of evidence 0 where they are too few to tell.
    pub missing: Bin,
    /// As [`Bins::information`].
    pub information: f64,
    /// Why these groups. A cut's `at` is the position of the group below it.
    pub certificate: Certificate,
}

impl Groups {
    /// The group of a category.
    pub fn place(&self, category: Option<&str>) -> Place {
        let Some(category) = category else { return Place::Missing };
        let is_of = |names: &[String]| names.binary_search_by(|name| name.as_str().cmp(category)).is_ok();
        let is_rare = is_of(&self.rare);
        let found = self.groups.iter().position(|g| is_of(&g.members) || is_rare && g.holds_rare);
        found.map_or(Place::Unseen, Place::Group)
    }

    /// Weight of evidence of a category.
    pub fn woe(&self, category: Option<&str>) -> f64 {
        match self.place(category) {
            Place::Group(at) => self.groups.get(at).map_or(0.0, |g| g.bin.woe),
            Place::Missing => self.missing.woe,
            Place::Unseen => self.groups.iter().find(|g| g.holds_rare).map_or(0.0, |g| g.bin.woe),
        }
    }
}

/// Joins the categories of one feature; `None` is missing. Categories below `min_category_share` of all weight are pooled first. Of `how`, trend,
/// pre-bins, fixed and special values mean nothing here.
///
/// # Errors
/// As [`super::optimal::cut`].
pub fn join(category: &[Option<&str>], label: &[f64], weight: &[f64], how: &Optimal, min_category_share: f64) -> Result<Groups> {
    how.check()?;
    if !(0.0..=1.0).contains(&min_category_share) {
        return Err(Error::Parameter { name: "min_category_share", found: min_category_share, expected: "0 to 1" });
    }
    let how = Optimal { trend: Trend::None, fixed: Vec::new(), special: Vec::new(), ..how.clone() };
    let whole = Whole::of(category.len(), label, weight, &how)?;
    let mut by_name: BTreeMap<Option<&str>, Sums> = BTreeMap::new();
    for ((name, y), w) in category.iter().zip(label).zip(weight) {
        by_name.entry(*name).or_default().add(&Sums { weight: *w, good: w * y, square: w * y * y });
    }
    let absent = by_name.remove(&None).unwrap_or_default();
    let is_rare = |sums: &Sums| sums.weight < min_category_share * whole.weight * (1.0 - ROUNDING);
    let (mut cells, mut rare, mut pool): (Vec<(Option<&str>, Sums)>, Vec<String>, _) = (Vec::new(), Vec::new(), Sums::default());
    for (name, sums) in &by_name {
        if is_rare(sums) {
            rare.extend(name.map(str::to_owned));
            pool.add(sums);
        } else {
            cells.push((*name, *sums));
        }
    }
    if pool.weight > 0.0 {
        cells.push((None, pool));
    }
    // By name before, so that equal rates have one order.
    cells.sort_by(|a, b| whole.smoothed(a.1.weight, a.1.good).total_cmp(&whole.smoothed(b.1.weight, b.1.good)));
    let sums = cells.iter().map(|(_, sums)| *sums).collect::<Vec<_>>();
    let problem = Problem { how: &how, whole, fixed: vec![false; sums.len()], cells: sums };
    let found = if problem.cells.is_empty() { None } else { Some(problem.best(Trend::None, None).ok_or_else(|| infeasible(&problem))?) };
    let missing = whole.apart(absent.weight, absent.good, &how);
    let Some(found) = found else {
        let bin = Bin { weight: 0.0, good: 0.0, woe: 0.0 };
        let certificate = Certificate::of_nothing(Trend::None);
        let groups = vec![Group { members: Vec::new(), holds_rare: false, bin }];
        return Ok(Groups { groups, rare, missing: Bin { woe: 0.0, ..missing }, information: 0.0, certificate });
    };
    let mut groups = Vec::new();
    for (at, first) in found.starts.iter().enumerate() {
        let end = found.starts.get(at + 1).copied().unwrap_or(cells.len());
        let mut members: Vec<String> = cells[*first..end].iter().filter_map(|(name, _)| name.map(str::to_owned)).collect();
        members.sort();
        let sums = sums_of(&problem.cells, &found, at);
        let bin = Bin { weight: sums.weight, good: sums.good, woe: whole.woe(sums.weight, sums.good) };
        groups.push(Group { members, holds_rare: cells[*first..end].iter().any(|(name, _)| name.is_none()), bin });
    }
    if groups.len() == 1 && missing.weight == 0.0 {
        groups[0].bin.woe = 0.0;
    }
    let information = groups.iter().map(|g| &g.bin).chain([&missing]).map(|bin| whole.information(bin)).sum();
    let upper = (0..groups.len() - 1).map(|at| at as f64).collect();
    let bins = Bins { upper, bins: groups.iter().map(|g| g.bin).collect(), missing, special: Vec::new(), information };
    let certificate = certify(&problem, &bins, Trend::None, &found, Vec::new(), true);
    Ok(Groups { groups, rare, missing, information, certificate })
}
