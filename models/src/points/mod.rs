//! A model as a table of points: every feature a step function of its own value, the score their sum.
//!
//! What can be printed so can be added up by hand ([`PointsTable::rows`]), rounded to whole points with a bound on what that costs
//! ([`whole`]), and run inside a database ([`sql`]).

pub mod sql;
pub mod whole;

use crate::calibrate::Calibration;
use crate::data::Design;
use crate::error::{Error, Result};
use crate::linear::Scale;
use crate::model::{Model, same_ids};

/// One step of a feature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// What it adds: log-odds in a model, points in a table.
    pub adds: f64,
    /// Its share of the training weight, 0 to 1.
    pub share: f64,
    /// Rate of good among its training rows; `None` if it has none.
    pub rate: Option<f64>,
}

/// One feature as a step function.
#[derive(Clone, Debug, PartialEq)]
pub struct Steps {
    /// The feature.
    pub id: String,
    /// Greatest value of each step but the last, ascending; −∞ may stand alone in the first.
    pub upper: Vec<f64>,
    /// One more than `upper`.
    pub steps: Vec<Step>,
    /// A row without a value.
    pub missing: Step,
    /// Values outside the order, each with its own step.
    pub special: Vec<(f64, Step)>,
}

impl Steps {
    /// The step of a value, NaN = missing.
    pub fn step(&self, x: f64) -> &Step {
        let special = self.special.iter().find(|(value, _)| *value == x).map(|(_, step)| step);
        let ordered = || if x.is_nan() { None } else { self.steps.get(self.upper.partition_point(|edge| *edge < x)) };
        special.or_else(ordered).unwrap_or(&self.missing)
    }

    fn all(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().chain([&self.missing]).chain(self.special.iter().map(|(_, step)| step))
    }

    fn adds(mut self, change: impl Fn(f64) -> f64) -> Self {
        let steps = self.steps.iter_mut().chain([&mut self.missing]).chain(self.special.iter_mut().map(|(_, step)| step));
        steps.for_each(|step| step.adds = change(step.adds));
        self
    }

    /// Steps that add the same, side by side, as one.
    fn joined(mut self) -> Self {
        for i in (0..self.upper.len()).rev() {
            if self.steps[i].adds == self.steps[i + 1].adds {
                let above = self.steps.remove(i + 1);
                let below = &mut self.steps[i];
                let share = below.share + above.share;
                let good = |step: &Step| step.rate.map_or(0.0, |rate| rate * step.share);
                below.rate = (share > 0.0 && (below.rate.is_some() || above.rate.is_some())).then(|| (good(below) + good(&above)) / share);
                below.share = share;
                self.upper.remove(i);
            }
        }
        self
    }
}

/// One line of a printed table.
#[derive(Clone, Debug, PartialEq)]
pub struct PointsRow {
    /// The feature.
    pub id: String,
    /// Values above this (−∞ in the first step)...
    pub above: f64,
    /// ... and up to this (+∞ in the last step). Both NaN for missing values; both the value itself for a special one.
    pub up_to: f64,
    /// Its share of the training weight.
    pub share: f64,
    /// Rate of good among its training rows; `None` if it has none.
    pub rate: Option<f64>,
    /// Points it adds, unrounded.
    pub points: f64,
}

/// A score as a sum of points.
#[derive(Clone, Debug, PartialEq)]
pub struct PointsTable {
    /// Ids of all features of the model, in the order of the design.
    features: Vec<String>,
    /// Points where every row starts.
    pub base: f64,
    /// Features that add anything at all, in the order of the design.
    pub steps: Vec<Steps>,
}

impl PointsTable {
    /// The table of a calibrated model: its sums are the scores of [`crate::ModelArtifact::explain`], bit by bit.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a model whose parts are not step functions of one feature each; [`Error::Bent`] for a calibration that is no
    /// line.
    pub fn new(model: &Model, calibration: &Calibration, scale: &Scale) -> Result<Self> {
        let (base, steps) = model.steps().ok_or(Error::Unsupported {
            algorithm: model.name(),
            what: "a table of points".to_owned(),
            remedy: "a scorecard",
        })?;
        let (slope, shift) = calibration.line()?;
        let features = steps.iter().map(|s| s.id.clone()).collect();
        // The same operations in the same order as an explanation's.
        let steps = steps.into_iter().map(|s| s.adds(|adds| scale.factor() * (slope * adds)).joined());
        let steps = steps.filter(|s| s.all().any(|step| step.adds != 0.0)).collect();
        Ok(PointsTable { features, base: scale.score_of(slope * base + shift), steps })
    }

    /// Score of each row: base and points summed in the order of features.
    ///
    /// # Errors
    /// [`Error::Features`] if the design has other features than the model, or another order.
    pub fn scores(&self, design: &Design) -> Result<Vec<f64>> {
        let columns = self.columns(design)?;
        let score = |i: usize| self.steps.iter().zip(&columns).fold(self.base, |sum, (s, j)| sum + s.step(design.x()[(i, *j)]).adds);
        Ok((0..design.rows()).map(score).collect())
    }

    /// The table line by line: every step of every feature that counts, special values and missing last, where training had any.
    pub fn rows(&self) -> Vec<PointsRow> {
        let mut rows = Vec::new();
        for s in &self.steps {
            let above = [f64::NEG_INFINITY].into_iter().chain(s.upper.iter().copied());
            let up_to = s.upper.iter().copied().chain([f64::INFINITY]);
            let ordered = above.zip(up_to).zip(&s.steps).map(|((above, up_to), step)| (above, up_to, step));
            let special = s.special.iter().map(|(value, step)| (*value, *value, step));
            let missing = (s.missing.share > 0.0).then_some((f64::NAN, f64::NAN, &s.missing));
            rows.extend(ordered.chain(special).chain(missing).map(|(above, up_to, step)| PointsRow {
                id: s.id.clone(),
                above,
                up_to,
                share: step.share,
                rate: step.rate,
                points: step.adds,
            }));
        }
        rows
    }

    /// The column of the design that each of `steps` reads.
    fn columns(&self, design: &Design) -> Result<Vec<usize>> {
        let ids: Vec<&str> = self.features.iter().map(String::as_str).collect();
        same_ids(design.features(), &ids)?;
        Ok(self.steps.iter().filter_map(|s| ids.iter().position(|id| *id == s.id)).collect())
    }
}
