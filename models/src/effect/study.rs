//! Rows of a study: what was known, what was done, what came of it.

use std::cmp::Ordering;

use crate::data::{Design, Direction, TrainingSet, same};
use crate::error::{Error, Result};

/// Two arms side by side: one treatment against the control. Rows lie in one order (group, day, content, arm) within, whatever order they came
/// in; what goes in or comes out by row is in the order of [`Study::rows`].
#[derive(Clone, Debug)]
pub struct Study {
    set: TrainingSet,
    treated: Vec<bool>,
    rows: Vec<usize>,
    /// For each row within, its place among `rows`.
    place: Vec<usize>,
    /// For each row within, the number of its group; equal numbers lie together.
    group: Vec<usize>,
}

impl Study {
    /// Takes the rows of `arm` 0, the control, and of the arm `against` it; rows of other arms are left out, so several treatments are several
    /// studies. `arm` has one entry a row of `set`, whose label is the outcome.
    ///
    /// # Errors
    /// [`Error::Shape`] for unequal lengths, [`Error::Parameter`] if `against` is 0, [`Error::Empty`] if an arm has no rows.
    pub fn new(set: &TrainingSet, arm: &[u32], against: u32) -> Result<Self> {
        same("arms", arm.len(), set.rows())?;
        if against == 0 {
            return Err(Error::Parameter { name: "against", found: 0.0, expected: "an arm other than 0, the control" });
        }
        let rows: Vec<usize> = (0..set.rows()).filter(|i| arm[*i] == 0 || arm[*i] == against).collect();
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by(|a, b| compare(set, rows[*a], rows[*b]).then_with(|| arm[rows[*a]].cmp(&arm[rows[*b]])));
        let within: Vec<usize> = order.iter().map(|p| rows[*p]).collect();
        let treated: Vec<bool> = within.iter().map(|i| arm[*i] == against).collect();
        if !treated.contains(&true) {
            return Err(Error::Empty { what: "treated arm" });
        }
        if !treated.contains(&false) {
            return Err(Error::Empty { what: "control arm" });
        }
        let set = set.take(&within)?;
        let group = numbers(set.group());
        Ok(Study { set, treated, rows, place: order, group })
    }

    /// The rows taken, by their numbers in the set given, ascending.
    pub fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// Number of rows taken.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Never: a study has rows in both arms.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows in the order within.
    pub(crate) fn set(&self) -> &TrainingSet {
        &self.set
    }

    /// Whether each row, in the order within, was treated.
    pub(crate) fn treated(&self) -> &[bool] {
        &self.treated
    }

    /// Number of the group of each row within.
    pub(crate) fn group(&self) -> &[usize] {
        &self.group
    }

    /// From the order of [`Study::rows`] to that within.
    ///
    /// # Errors
    /// [`Error::Shape`] for another length.
    pub(crate) fn inwards<T: Clone>(&self, what: &'static str, given: &[T]) -> Result<Vec<T>> {
        same(what, given.len(), self.len())?;
        Ok(self.place.iter().map(|p| given[*p].clone()).collect())
    }

    /// From the order within to that of [`Study::rows`].
    pub(crate) fn outwards<T: Clone>(&self, within: &[T]) -> Vec<T> {
        let mut at = vec![0; within.len()];
        self.place.iter().enumerate().for_each(|(i, p)| at[*p] = i);
        at.into_iter().map(|i| within[i].clone()).collect()
    }

    /// The same rows, labelled by whether they were treated. Directions are let go: they speak of the outcome.
    ///
    /// # Errors
    /// None in practice.
    pub(crate) fn by_treatment(&self) -> Result<TrainingSet> {
        let mut features = self.set.design().features().to_vec();
        features.iter_mut().for_each(|f| f.direction = Direction::Free);
        let design = Design::new(self.set.design().x().clone(), features)?;
        let label = self.treated.iter().map(|t| f64::from(u8::from(*t))).collect();
        TrainingSet::new(design, label, self.set.weight().to_vec(), self.set.group().to_vec(), self.set.day().to_vec())
    }
}

/// A total order of rows; equal only for rows that are equal in every bit.
fn compare(set: &TrainingSet, a: usize, b: usize) -> Ordering {
    let x = set.design().x();
    let values = || x.row(a).iter().zip(x.row(b)).map(|(p, q)| p.total_cmp(q)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal);
    (set.group()[a].as_bytes().cmp(set.group()[b].as_bytes()))
        .then_with(|| set.day()[a].cmp(&set.day()[b]))
        .then_with(values)
        .then_with(|| set.label()[a].total_cmp(&set.label()[b]))
        .then_with(|| set.weight()[a].total_cmp(&set.weight()[b]))
}

/// Numbers of groups that lie together, from 0.
fn numbers(group: &[String]) -> Vec<usize> {
    let mut number = 0;
    let mut of = |i: usize| {
        number += usize::from(i > 0 && group[i] != group[i - 1]);
        number
    };
    (0..group.len()).map(&mut of).collect()
}

/// Sums of `of` by group over the rows that `keep` names, for rows that lie group by group; groups without such a row are left out.
pub(crate) fn by_group(group: &[usize], keep: &[bool], of: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut sums: Vec<f64> = Vec::new();
    let mut last = None;
    for i in (0..group.len()).filter(|i| keep[*i]) {
        if last != Some(group[i]) {
            sums.push(0.0);
            last = Some(group[i]);
        }
        if let Some(sum) = sums.last_mut() {
            *sum += of(i);
        }
    }
    sums
}

/// Standard error of a sum of influences over independent groups, with the factor G / (G − 1); infinite for a single group.
pub(crate) fn error_by_group(influence: &[f64]) -> f64 {
    let groups = influence.len() as f64;
    if groups < 2.0 {
        return f64::INFINITY;
    }
    (groups / (groups - 1.0) * influence.iter().map(|u| u * u).sum::<f64>()).sqrt()
}
