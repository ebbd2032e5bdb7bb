//! A model as it would have been made by a day: the algorithm, features and kind of calibration of the model judged, fitted on what was known then. All
//! that the back-test asks of training stands here.

use luheng_lake::columns::{Columns, Day};
use luheng_models::calibrate::Kind;
use luheng_models::{Calibration, Conformal, Interval, Model, ModelArtifact, Params, TrainingSet, split};

use super::sample::Sample;
use crate::bundle::{Bundle, design};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::rating::{Spec, Target};

/// Level of the interval of the recovered share, as training makes it.
pub(super) const SHARE_LEVEL: f64 = 0.9;
/// Bins of that interval.
const SHARE_BINS: usize = 5;
/// Most rows a fold learns from; more are thinned by hash of the case.
const MOST_ROWS: usize = 200_000;

/// Every rating of a bundle, with its model where it has one.
pub(super) fn members<'a>(models: &'a Bundle, ctx: &'a Context) -> Vec<(&'a Spec, Option<&'a ModelArtifact>)> {
    vec![
        (&ctx.ratings.capacity, models.capacity.as_ref()),
        (&ctx.ratings.willingness, models.willingness.as_ref()),
        (&ctx.ratings.recovery, models.recovery.as_ref()),
        (&ctx.ratings.revival, models.revival.as_ref()),
    ]
}

/// How a model was made.
#[derive(Debug)]
pub(super) struct Recipe<'a> {
    /// What is predicted, from which features.
    pub spec: &'a Spec,
    params: Params,
    kind: Kind,
}

/// What a model is fitted on.
#[derive(Clone, Debug, Default)]
pub(super) struct Split {
    /// Rows learned from.
    pub train: Vec<usize>,
    /// Later rows, which calibrate.
    pub calibrate: Vec<usize>,
}

/// What came of fitting.
#[derive(Debug)]
pub(super) enum Fitted {
    /// A model.
    Fold(Box<Fold>),
    /// None, and why.
    Not(String),
}

/// A model of one day.
#[derive(Debug)]
pub(super) struct Fold {
    model: Model,
    calibration: Calibration,
    share: Option<Conformal>,
    /// Rows of the sample it learned from.
    pub learned: Vec<usize>,
}

impl<'a> Recipe<'a> {
    /// The recipe of a model.
    ///
    /// # Errors
    /// The model has other features than the catalog names.
    pub fn of(artifact: &ModelArtifact, spec: &'a Spec, training: &Columns) -> Result<Self> {
        artifact.fits(design(training, &[], spec)?.features()).map_err(|e| Error::Input(format!("model {}: {e}", artifact.id)))?;
        let kind = match artifact.calibration {
            Calibration::None => Kind::None,
            Calibration::Platt(_) => Kind::Platt,
            Calibration::Beta(_) => Kind::Beta,
            Calibration::Isotonic(_) => Kind::Isotonic,
        };
        // Made where history was too short to calibrate: the back-test may have more of it.
        let kind = if kind == Kind::None { Kind::Platt } else { kind };
        Ok(Self { spec, params: artifact.params, kind })
    }

    /// How rows whose outcomes were known are used: the newest share calibrates, and what overlaps it in time is left out.
    pub fn split(&self, sample: &Sample, known: &[usize], ctx: &Context) -> Split {
        let known = sample.thinned(known, MOST_ROWS, ctx.seed);
        let days: Vec<Day> = known.iter().map(|row| sample.day[*row]).collect();
        let ends: Vec<Day> = known.iter().map(|row| sample.known[*row]).collect();
        let Some(cut) = split::cut_for(&days, self.spec.test_share) else { return Split::default() };
        let parts = split::split_by_time(&days, &ends, cut);
        let of = |rows: Vec<usize>| rows.into_iter().map(|at| known[at]).collect();
        Split { train: of(parts.train), calibrate: of(parts.test) }
    }

    /// Fits a model.
    ///
    /// # Errors
    /// A feature without its column.
    pub fn fit(&self, training: &Columns, sample: &Sample, split: Split, ctx: &Context) -> Result<Fitted> {
        let train = self.set(training, sample, &split.train)?;
        let (good, bad) = (train.good(), train.bad());
        if good < self.spec.min_good || bad < self.spec.min_bad {
            let least = (self.spec.min_good, self.spec.min_bad);
            return Ok(Fitted::Not(format!("{good} good and {bad} bad rows, expected at least {} and {}", least.0, least.1)));
        }
        let train = if self.params.traits().monotone { train } else { train.without_directions() };
        let model = match self.params.check()?.fit(&train, ctx.seed) {
            Ok(model) => model,
            Err(why) => return Ok(Fitted::Not(why.to_string())),
        };
        let mut fold = Fold { model, calibration: Calibration::None, share: None, learned: split.train };
        if !split.calibrate.is_empty() {
            let part = self.set(training, sample, &split.calibrate)?;
            // A single class calibrates nothing: the model's own probabilities stand.
            fold.calibration = self.kind.fit(&fold.model.logit(part.design())?, part.label(), part.weight()).unwrap_or(Calibration::None);
            if self.spec.target == Target::RecoveredShare {
                let p = fold.predict(training, sample, &split.calibrate, self.spec)?;
                fold.share = Some(Conformal::fit(&p, part.label(), SHARE_LEVEL, SHARE_BINS)?);
            }
        }
        Ok(Fitted::Fold(Box::new(fold)))
    }

    fn set(&self, training: &Columns, sample: &Sample, rows: &[usize]) -> Result<TrainingSet> {
        let at: Vec<usize> = rows.iter().map(|row| sample.at[*row]).collect();
        Ok(TrainingSet::new(
            design(training, &at, self.spec)?,
            rows.iter().map(|row| sample.label[*row]).collect(),
            vec![1.0; rows.len()],
            rows.iter().map(|row| sample.case_no[*row].clone()).collect(),
            rows.iter().map(|row| sample.day[*row]).collect(),
        )?)
    }
}

impl Fold {
    /// Calibrated predictions for rows of the sample.
    pub fn predict(&self, training: &Columns, sample: &Sample, rows: &[usize], spec: &Spec) -> Result<Vec<f64>> {
        let at: Vec<usize> = rows.iter().map(|row| sample.at[*row]).collect();
        let logit = self.model.logit(&design(training, &at, spec)?)?;
        Ok(logit.iter().map(|logit| 1.0 / (1.0 + libm::exp(-self.calibration.apply(*logit)))).collect())
    }

    /// The interval of a share around its prediction, where the fold has one.
    pub fn interval(&self, p: f64) -> Option<Interval> {
        self.share.as_ref().map(|share| share.interval(p))
    }
}

/// Rows for tests of what stands on folds.
#[cfg(test)]
pub(super) mod tests_of_folds {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    pub const ROWS: usize = 6_000;
    pub const FEATURE: &str = "channels_found_share";

    /// A value from 0 to 1 that looks drawn.
    pub fn draw(at: usize, of: &str) -> f64 {
        f64::from(split::fold_of(&format!("{of}{at}"), 1_000, 7)) / 1_000.0
    }

    pub fn spec(ctx: &Context) -> Spec {
        Spec { features: vec![FEATURE.into()], ..ctx.ratings.capacity.clone() }
    }

    /// Three rows a day; the probability of good is what `p` makes of row and feature, known so many days later.
    pub fn rows(p: impl Fn(usize, f64) -> f64, later: impl Fn(usize) -> i32) -> Columns {
        let day = |at: usize| 10_000 + (at / 3) as i32;
        let all = || 0..ROWS;
        Columns::new()
            .text("case_no", all().map(|at| Some(format!("case {at}"))))
            .text("debtor_id", all().map(|at| Some(format!("debtor {}", at / 2))))
            .date("day", all().map(|at| Some(day(at))))
            .date("capacity_end", all().map(|at| Some(day(at) + later(at))))
            .real("capacity_label", all().map(|at| Some(f64::from(u8::from(draw(at, "luck") < p(at, draw(at, "x")))))))
            .real("recovery_label", all().map(|at| Some(draw(at, "x"))))
            .text("court", all().map(|_| Some("990001")))
            .real(FEATURE, all().map(|at| Some(draw(at, "x"))))
    }

    pub fn sample_of(training: &Columns, ctx: &Context) -> Sample {
        Sample::read(training, training, &ctx.ratings.capacity).unwrap()
    }

    /// The recipe of a model that training made of rows like these.
    pub fn recipe(training: &Columns, ctx: &Context) -> Recipe<'static> {
        let spec: &'static Spec = Box::leak(Box::new(spec(ctx)));
        assert!(design(training, &[], spec).is_ok());
        Recipe { spec, params: spec.params, kind: Kind::Platt }
    }

    #[test]
    fn what_overlaps_the_rows_that_calibrate_is_not_learned_from() {
        let ctx = crate::fixture::context();
        let training = rows(|_, x| x, |at| if at.is_multiple_of(10) { 1_500 } else { 180 });
        let sample = sample_of(&training, &ctx);
        let all: Vec<usize> = (0..sample.len()).collect();
        let split = recipe(&training, &ctx).split(&sample, &all, &ctx);
        let cut = split.calibrate.iter().map(|row| sample.day[*row]).min().unwrap();
        assert!(split.train.iter().all(|row| sample.known[*row] < cut) && split.train.len() > 1_000);
        assert!(split.train.iter().all(|row| !row.is_multiple_of(10)), "a stayed row's outcome was not known yet");
    }
}
