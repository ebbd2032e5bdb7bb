//! What a model learns from: checked once, here, so that nothing behind this door has to check again.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use ndarray::{Array2, Axis};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// How the prediction may move when a feature grows and all else stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// A larger value never lowers the probability.
    Up,
    /// A larger value never raises the probability.
    Down,
    /// Any shape the data show.
    Free,
}

/// What the values of a feature are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Numbers, in order.
    #[default]
    Number,
    /// Names in the guise of numbers: only equality means anything. Has no direction.
    Category,
}

impl Kind {
    fn is_number(&self) -> bool {
        *self == Kind::Number
    }
}

/// What is known of one feature beside its values. A model stores it and refuses data that differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureMeta {
    /// Stable name, unique within a design.
    pub id: String,
    /// Grows whenever the meaning of the values changes.
    pub version: u16,
    /// Unit of the values, such as `days` or `n`; text, never computed with.
    pub unit: String,
    /// The side on which larger values lie.
    pub direction: Direction,
    /// Numbers, or categories.
    #[serde(default, skip_serializing_if = "Kind::is_number")]
    pub kind: Kind,
}

/// Values of features: rows × features, missing = NaN, ±∞ allowed.
///
/// All NaN become one NaN and −0 becomes 0, so that equal designs have equal bytes.
#[derive(Clone, Debug)]
pub struct Design {
    x: Array2<f64>,
    features: Vec<FeatureMeta>,
}

impl Design {
    /// Takes `x` (rows × features) and one description a column.
    ///
    /// # Errors
    /// [`Error::Shape`] if widths differ, [`Error::Twice`] if two features share an id, [`Error::Contradiction`] for categories with a direction.
    pub fn new(x: Array2<f64>, features: Vec<FeatureMeta>) -> Result<Self> {
        same("feature descriptions", features.len(), x.ncols())?;
        let mut seen = BTreeSet::new();
        if let Some(again) = features.iter().find(|f| !seen.insert(f.id.as_str())) {
            return Err(Error::Twice { id: again.id.clone() });
        }
        if let Some(odd) = features.iter().find(|f| f.kind == Kind::Category && f.direction != Direction::Free) {
            return Err(Error::Contradiction { what: format!("feature {} has categories and a direction", odd.id) });
        }
        // + 0.0 turns −0 into 0 and leaves every other number as it is. Rows lie one after another in memory whatever came in.
        let clean = |v: f64| if v.is_nan() { f64::NAN } else { v + 0.0 };
        let x = Array2::from_shape_fn(x.dim(), |at| clean(x[at]));
        Ok(Design { x, features })
    }

    /// Takes one vector a feature, all of one length.
    ///
    /// # Errors
    /// As [`Design::new`], and [`Error::Shape`] if lengths differ.
    pub fn from_columns(features: Vec<FeatureMeta>, columns: Vec<Vec<f64>>) -> Result<Self> {
        same("columns", columns.len(), features.len())?;
        let rows = columns.first().map_or(0, Vec::len);
        for column in &columns {
            same("rows of a column", column.len(), rows)?;
        }
        Design::new(Array2::from_shape_fn((rows, columns.len()), |(i, j)| columns[j][i]), features)
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.x.nrows()
    }

    /// One description a column, in order.
    pub fn features(&self) -> &[FeatureMeta] {
        &self.features
    }

    /// Rows × features, NaN = missing.
    pub fn x(&self) -> &Array2<f64> {
        &self.x
    }

    /// One value; `None` if it is missing or outside the design.
    pub fn value(&self, row: usize, feature: usize) -> Option<f64> {
        self.x.get((row, feature)).copied().filter(|v| !v.is_nan())
    }

    /// The rows named, in that order; a row may be named twice.
    ///
    /// # Errors
    /// [`Error::Shape`] if a row lies outside.
    pub fn take(&self, rows: &[usize]) -> Result<Self> {
        inside(rows, self.rows())?;
        Ok(Design { x: self.x.select(Axis(0), rows), features: self.features.clone() })
    }
}

/// First and last day of a set of rows, in days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Day of the earliest row.
    pub first_day: i32,
    /// Day of the latest row.
    pub last_day: i32,
}

/// A design with what came of each row.
#[derive(Clone, Debug)]
pub struct TrainingSet {
    design: Design,
    label: Vec<f64>,
    weight: Vec<f64>,
    group: Vec<String>,
    day: Vec<i32>,
    offset: Option<Vec<f64>>,
}

impl TrainingSet {
    /// Joins a design with its outcomes; every vector has one entry a row.
    ///
    /// - `label`: 1 good, 0 bad, or a share between them (fitted as a fractional logit: Papke and Wooldridge, *Econometric methods for
    ///   fractional response variables*, 1996).
    /// - `weight`: how often the row counts; 2 is the row twice.
    /// - `group`: rows of one group are repeats of one subject: they share a fold, and uncertainty is counted by group, not by row.
    /// - `day`: when the row was looked at, days since 1970-01-01.
    ///
    /// # Errors
    /// [`Error::Shape`] for unequal lengths, [`Error::Value`] for a label outside 0 to 1 or a weight outside 0 (itself refused) to 1e12.
    pub fn new(design: Design, label: Vec<f64>, weight: Vec<f64>, group: Vec<String>, day: Vec<i32>) -> Result<Self> {
        let rows = design.rows();
        same("labels", label.len(), rows)?;
        same("weights", weight.len(), rows)?;
        same("groups", group.len(), rows)?;
        same("days", day.len(), rows)?;
        check_labels(&label)?;
        check_weights(&weight)?;
        let label = label.into_iter().map(|y| y + 0.0).collect();
        Ok(TrainingSet { design, label, weight, group, day, offset: None })
    }

    /// The same rows, of which the log-odds `offset` (one a row) are known beforehand: a model learns what comes on top, and predicts that alone.
    ///
    /// # Errors
    /// [`Error::Shape`] for another length, [`Error::Value`] for an entry that is not finite.
    pub fn with_offset(mut self, offset: Vec<f64>) -> Result<Self> {
        same("offsets", offset.len(), self.rows())?;
        if let Some(row) = offset.iter().position(|x| !x.is_finite()) {
            return Err(Error::Value { what: "offset", row, found: offset[row], expected: "a finite number" });
        }
        self.offset = Some(offset.into_iter().map(|x| x + 0.0).collect());
        Ok(self)
    }

    /// Log-odds known beforehand, one a row.
    pub fn offset(&self) -> Option<&[f64]> {
        self.offset.as_deref()
    }

    /// The values.
    pub fn design(&self) -> &Design {
        &self.design
    }

    /// What came of each row, 0 to 1.
    pub fn label(&self) -> &[f64] {
        &self.label
    }

    /// How often each row counts.
    pub fn weight(&self) -> &[f64] {
        &self.weight
    }

    /// The subject of each row.
    pub fn group(&self) -> &[String] {
        &self.group
    }

    /// The day of each row.
    pub fn day(&self) -> &[i32] {
        &self.day
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.design.rows()
    }

    /// Number of rows with a label of at least one half, weights aside.
    pub fn good(&self) -> u64 {
        self.label.iter().filter(|y| **y >= 0.5).count() as u64
    }

    /// Number of rows with a label below one half, weights aside.
    pub fn bad(&self) -> u64 {
        self.rows() as u64 - self.good()
    }

    /// First and last day; both 0 for no rows.
    pub fn window(&self) -> Window {
        let first_day = self.day.iter().copied().min().unwrap_or(0);
        Window { first_day, last_day: self.day.iter().copied().max().unwrap_or(0) }
    }

    /// The rows named, in that order; a row may be named twice.
    ///
    /// # Errors
    /// [`Error::Shape`] if a row lies outside.
    pub fn take(&self, rows: &[usize]) -> Result<Self> {
        Ok(TrainingSet {
            design: self.design.take(rows)?,
            label: rows.iter().map(|i| self.label[*i]).collect(),
            weight: rows.iter().map(|i| self.weight[*i]).collect(),
            group: rows.iter().map(|i| self.group[*i].clone()).collect(),
            day: rows.iter().map(|i| self.day[*i]).collect(),
            offset: self.offset.as_ref().map(|offset| rows.iter().map(|i| offset[*i]).collect()),
        })
    }

    /// The same rows with every direction waived, for an algorithm that cannot keep one.
    pub fn without_directions(&self) -> Self {
        let mut set = self.clone();
        set.design.features.iter_mut().for_each(|feature| feature.direction = Direction::Free);
        set
    }

    /// The same rows by group, day and content: the order every fit works in, so that the order given never matters.
    pub(crate) fn in_order(&self) -> Result<Self> {
        let mut rows: Vec<usize> = (0..self.rows()).collect();
        rows.sort_by(|a, b| self.compare(*a, *b));
        self.take(&rows)
    }

    /// A total order of rows; equal only for rows that are equal in every bit.
    fn compare(&self, a: usize, b: usize) -> Ordering {
        let values = || self.design.x.row(a).iter().zip(self.design.x.row(b)).map(|(p, q)| p.total_cmp(q)).find(|o| o.is_ne());
        (self.group[a].as_bytes().cmp(self.group[b].as_bytes()))
            .then_with(|| self.day[a].cmp(&self.day[b]))
            .then_with(|| values().unwrap_or(Ordering::Equal))
            .then_with(|| self.label[a].total_cmp(&self.label[b]))
            .then_with(|| self.weight[a].total_cmp(&self.weight[b]))
            .then_with(|| self.offset.as_ref().map_or(Ordering::Equal, |offset| offset[a].total_cmp(&offset[b])))
    }

    /// Refuses a set from which nothing can be learnt.
    ///
    /// # Errors
    /// [`Error::Empty`], or [`Error::SingleClass`] if every label is 0 or every label is 1.
    pub(crate) fn check_classes(&self) -> Result<()> {
        check_classes(&self.label)
    }
}

/// Refuses labels from which nothing can be learnt: none, all 0 or all 1.
pub(crate) fn check_classes(label: &[f64]) -> Result<()> {
    let first = *label.first().ok_or(Error::Empty { what: "training" })?;
    if (first == 0.0 || first == 1.0) && label.iter().all(|y| *y == first) {
        return Err(Error::SingleClass { rows: label.len(), label: first });
    }
    Ok(())
}

/// Refuses labels outside 0 to 1.
pub(crate) fn check_labels(label: &[f64]) -> Result<()> {
    match label.iter().position(|y| !(0.0..=1.0).contains(y)) {
        Some(row) => Err(Error::Value { what: "label", row, found: label[row], expected: "0 to 1" }),
        None => Ok(()),
    }
}

/// Refuses weights that are not above 0, or so great that their sums could overflow.
pub(crate) fn check_weights(weight: &[f64]) -> Result<()> {
    match weight.iter().position(|w| !(*w > 0.0 && *w <= 1e12)) {
        Some(row) => Err(Error::Value { what: "weight", row, found: weight[row], expected: "above 0, at most 1e12" }),
        None => Ok(()),
    }
}

/// Refuses two lengths that differ.
pub(crate) fn same(what: &'static str, found: usize, expected: usize) -> Result<()> {
    if found == expected { Ok(()) } else { Err(Error::Shape { what, found, expected }) }
}

/// Refuses rows outside `0..rows`.
fn inside(rows_named: &[usize], rows: usize) -> Result<()> {
    match rows_named.iter().find(|i| **i >= rows) {
        Some(found) => Err(Error::Shape { what: "row number", found: *found, expected: rows.saturating_sub(1) }),
        None => Ok(()),
    }
}
