//! The records most like one, as a model sees them: what became of them says more to a reader than a number.
//!
//! Two records are far apart by the sum, over features, of how far apart their contributions to the model's log-odds are. So what does not
//! matter to the outcome does not make records unlike, units and missing values are the model's affair (a weight of evidence for each bin in a
//! scorecard, missing included), no distance is without bound, and the scores of two records never differ by more than their distance.
//! Standardised values would have none of this: a feature that tells nothing would count as much as the one that tells most.
//!
//! [`Records`] takes records in, [`Records::index`] builds a k-d tree over them (linfa-nn), [`Index::nearest`] asks it. The answer is that of a
//! search through all, ties and all: by distance, then by key. What linfa-nn leaves to its caller, and what would go wrong without, is in
//! `tree.rs`.

mod search;
mod tree;

use std::collections::BTreeMap;

use ndarray::Array2;

use crate::data::{Design, same};
use crate::error::{Error, Result};
use crate::model::Model;

pub use tree::Index;

/// Records to look among.
#[derive(Clone, Debug)]
pub struct Records {
    model: Model,
    /// Distinct places: contributions of the features that vary, in an order by hash.
    places: Array2<f64>,
    /// Records at each place, ascending by rank.
    at_place: Vec<Vec<usize>>,
    /// Place of each record.
    place: Vec<usize>,
    /// Features whose contributions vary, the widest first, and the others with the one contribution they all have.
    vary: Vec<usize>,
    fixed: Vec<(usize, f64)>,
    key: Vec<String>,
    closed: Vec<i32>,
    /// Standing of each record by key, then day and group: what decides between equal distances.
    rank: Vec<usize>,
    /// Records by the day they were closed, and those days.
    by_day: Vec<usize>,
    days: Vec<i32>,
    of_group: BTreeMap<String, Vec<usize>>,
    of_key: BTreeMap<String, Vec<usize>>,
}

/// For whom neighbours are sought. The record of that key and all of that group are left out: nobody is a neighbour of his own.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Its own key.
    pub key: &'a str,
    /// Its own group.
    pub group: &'a str,
    /// Only records closed before this day (days since 1970-01-01), so that nothing is known before it happened; `None` for all.
    pub before: Option<i32>,
}

/// One neighbour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Near {
    /// Row of the record among those taken in.
    pub record: usize,
    /// Sum of the differences of contributions, in log-odds; 0 is alike in all that matters.
    pub distance: f64,
}

/// The neighbours of one.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Nearest first; equal distances by key.
    pub near: Vec<Near>,
    /// How many were asked for.
    pub asked: usize,
    /// How many records there were to choose from: closed before the day, of another key and group.
    pub eligible: usize,
}

impl Found {
    /// Whether there are fewer than were asked for: all that were eligible.
    pub fn is_short(&self) -> bool {
        self.near.len() < self.asked
    }
}

impl Records {
    /// Takes records in, as `model` sees them. `key` names each (ties go by it), `group` its subject, `closed` the day on which its outcome was
    /// known (days since 1970-01-01).
    ///
    /// # Errors
    /// [`Error::Features`] for a design of other features than the model's, [`Error::Shape`] for unequal lengths, [`Error::Empty`] without
    /// records, [`Error::Value`] for a contribution that is not finite.
    pub fn new(model: Model, design: &Design, key: Vec<String>, group: Vec<String>, closed: Vec<i32>) -> Result<Self> {
        let rows = design.rows();
        same("keys", key.len(), rows)?;
        same("groups", group.len(), rows)?;
        same("closing days", closed.len(), rows)?;
        if rows == 0 {
            return Err(Error::Empty { what: "records" });
        }
        let seen = seen(&model, design)?;
        let varies = |j: &usize| seen.column(*j).iter().any(|c| *c != seen[(0, *j)]);
        let (mut vary, still): (Vec<usize>, Vec<usize>) = (0..seen.ncols()).partition(varies);
        let spread: Vec<f64> = (0..seen.ncols()).map(|j| spread(&seen, j)).collect();
        vary.sort_by(|a, b| spread[*b].total_cmp(&spread[*a]).then(a.cmp(b)));
        let fixed = still.into_iter().map(|j| (j, seen[(0, j)])).collect();
        let mut order: Vec<usize> = (0..rows).collect();
        order
            .sort_by(|a, b| key[*a].cmp(&key[*b]).then(closed[*a].cmp(&closed[*b])).then_with(|| group[*a].cmp(&group[*b])).then(a.cmp(b)));
        let mut rank = vec![0; rows];
        order.iter().enumerate().for_each(|(at, row)| rank[*row] = at);
        let mut by_day = order.clone();
        by_day.sort_by_key(|row| closed[*row]);
        let days = by_day.iter().map(|row| closed[*row]).collect();
        let (mut of_group, mut of_key) = (BTreeMap::<String, Vec<usize>>::new(), BTreeMap::<String, Vec<usize>>::new());
        for row in 0..rows {
            of_group.entry(group[row].clone()).or_default().push(row);
            of_key.entry(key[row].clone()).or_default().push(row);
        }
        let tree::Places { places, at_place, place } = tree::Places::of(&seen, &vary, &order);
        Ok(Records { model, places, at_place, place, vary, fixed, key, closed, rank, by_day, days, of_group, of_key })
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.key.len()
    }

    /// Never: there is at least one.
    pub fn is_empty(&self) -> bool {
        self.key.is_empty()
    }

    /// Key of a record; `None` outside.
    pub fn key(&self, record: usize) -> Option<&str> {
        self.key.get(record).map(String::as_str)
    }

    /// Day on which a record was closed; `None` outside.
    pub fn closed(&self, record: usize) -> Option<i32> {
        self.closed.get(record).copied()
    }

    /// Records that are not to be named to `asked`, ascending.
    fn own(&self, asked: &Asked<'_>) -> Vec<usize> {
        let of = |map: &BTreeMap<String, Vec<usize>>, name: &str| map.get(name).cloned().unwrap_or_default();
        let mut own = of(&self.of_group, asked.group);
        own.extend(of(&self.of_key, asked.key));
        own.sort_unstable();
        own.dedup();
        own
    }

    /// Records closed before a day.
    fn closed_before(&self, before: Option<i32>) -> &[usize] {
        &self.by_day[..before.map_or(self.len(), |day| self.days.partition_point(|d| *d < day))]
    }
}

/// Width of a column: its order is the same whatever the order of rows, which that of a sum is not.
fn spread(seen: &Array2<f64>, j: usize) -> f64 {
    let end = |from: f64, of: fn(f64, f64) -> f64| seen.column(j).iter().fold(from, |a, b| of(a, *b));
    end(f64::NEG_INFINITY, f64::max) - end(f64::INFINITY, f64::min)
}

/// Contributions, rows × features; −0 is 0.
fn seen(model: &Model, design: &Design) -> Result<Array2<f64>> {
    let seen = model.contributions(design)?.by_feature;
    match seen.indexed_iter().find(|(_, c)| !c.is_finite()) {
        Some(((row, _), found)) => Err(Error::Value { what: "contribution", row, found: *found, expected: "a finite number" }),
        None => Ok(seen.mapv(|c| c + 0.0)),
    }
}
