//! One rating: rows to a fitted, calibrated, assessed model, or the reason why there is none.

use std::collections::BTreeMap;

use luheng_lake::columns::{Column, Columns, Day};
use luheng_models::{Calibration, Conformal, Draft, Model, ModelArtifact, Params, Scale, TrainingSet, assess, split};

use crate::bundle::{CUTS, column, design};
use crate::config::Moment;
use crate::context::Context;
use crate::error::Result;
use crate::rating::{Spec, Target};

/// Level of the interval of the recovered share.
pub const LEVEL: f64 = 0.9;
/// Most rows a model is trained on; more are thinned by hash of the case.
const MOST_ROWS: usize = 2_000_000;

/// What came of fitting a rating.
#[derive(Debug)]
pub enum Fitted {
    /// A model, with the rows it was assessed on.
    Model {
        /// The artifact.
        artifact: Box<ModelArtifact>,
        /// Rows of held-out time.
        held_out: HeldOut,
    },
    /// None, and why.
    Unrated(String),
}

/// Predicted against what came, on rows the model never saw.
#[derive(Debug)]
pub struct HeldOut {
    /// Predicted.
    pub p: Vec<f64>,
    /// What came.
    pub label: Vec<f64>,
    /// Money received over due, where known.
    pub recovered: Vec<Option<f64>>,
}

/// How the rows are used.
struct Use {
    train: Vec<usize>,
    calibrate: Vec<usize>,
    assess: Vec<usize>,
    notes: Vec<String>,
    /// Fit again on training and calibrating rows together once the calibration is known.
    refit: bool,
}

/// Fits a rating.
///
/// # Errors
/// A feature without its column.
pub fn fit(rows: &Columns, spec: &Spec, ctx: &Context) -> Result<Fitted> {
    let label_name = match spec.target {
        Target::Covered => "capacity_label",
        Target::MeansFreeDuties => "willingness_label",
        Target::RecoveredShare => "recovery_label",
    };
    let label = column(rows, label_name)?;
    let recovered = column(rows, "recovery_label")?;
    let mut kept: Vec<usize> = (0..rows.len()).filter(|at| label.real_at(*at).is_some()).collect();
    let cases = column(rows, "case_no")?;
    let folds = u32::try_from(kept.len().div_ceil(MOST_ROWS)).unwrap_or(u32::MAX);
    if folds > 1 {
        kept.retain(|at| split::fold_of(cases.text_at(*at).unwrap_or_default(), folds, ctx.seed) == 0);
    }
    let set = training_set(rows, &kept, spec, label)?;
    let known = column(rows, if spec.target == Target::MeansFreeDuties { "willingness_end" } else { "capacity_end" })?;
    let known: Vec<Day> = kept.iter().map(|at| known.date_at(*at).unwrap_or(Day::MAX)).collect();
    let usage = usage(&set, &known, spec, ctx);
    let train = set.take(&usage.train)?;
    let (good, bad) = (train.good(), train.bad());
    if good < spec.min_good || bad < spec.min_bad {
        return Ok(Fitted::Unrated(format!(
            "{good} good and {bad} bad training rows, expected at least {} and {}; more closed windows are needed",
            spec.min_good, spec.min_bad
        )));
    }
    let checked = spec.params.check()?;
    let mut model = checked.fit(&train, ctx.seed)?;
    let baseline = Params::Baseline.check()?.fit(&train, ctx.seed)?;
    let held = set.take(&usage.assess)?;
    let calibration = calibrated(&set, &usage, &model)?;
    let share_interval = match spec.target {
        Target::RecoveredShare => {
            let part = set.take(if usage.calibrate.is_empty() { &usage.assess } else { &usage.calibrate })?;
            let logit = model.logit(part.design())?;
            let p: Vec<f64> = logit.iter().map(|l| sigmoid(calibration.apply(*l))).collect();
            Some(Conformal::fit(&p, part.label(), LEVEL, 5)?)
        }
        _ => None,
    };
    // Only now: calibration and interval were fitted on rows the model had not seen.
    if usage.refit {
        let all: Vec<usize> = usage.train.iter().chain(&usage.calibrate).copied().collect();
        model = checked.fit(&set.take(&all)?, ctx.seed)?;
    }
    let p: Vec<f64> = model.logit(held.design())?.iter().map(|l| sigmoid(calibration.apply(*l))).collect();
    let base = baseline.predict(held.design())?;
    let assessment = assess::assess(&p, held.label(), held.weight(), &CUTS)?;
    let baseline_assessment = assess::assess(&base, held.label(), held.weight(), &CUTS)?;
    if assessment.brier >= baseline_assessment.brier {
        return Ok(Fitted::Unrated(format!(
            "Brier score {:.5} on held-out rows does not beat the base rate's {:.5}",
            assessment.brier, baseline_assessment.brier
        )));
    }
    let recovered = usage.assess.iter().map(|at| recovered.real_at(kept[*at])).collect();
    let held_out = HeldOut { p, label: held.label().to_vec(), recovered };
    let artifact = Draft {
        target: spec.id.clone(),
        horizon_days: u32::try_from(spec.horizon_days).unwrap_or_default(),
        features: set.design().features().to_vec(),
        window: train.window(),
        rows: train.rows() as u64,
        good,
        bad,
        seed: ctx.seed,
        params: spec.params,
        model,
        calibration,
        scale: Scale::default(),
        share_interval,
        assessment,
        baseline_assessment,
        fitted: BTreeMap::new(),
        notes: usage.notes,
    }
    .seal()?;
    Ok(Fitted::Model { artifact: Box::new(artifact), held_out })
}

fn sigmoid(logit: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-logit))
}

fn training_set(rows: &Columns, kept: &[usize], spec: &Spec, label: &Column) -> Result<TrainingSet> {
    let (cases, days) = (column(rows, "case_no")?, column(rows, "day")?);
    // Folds derive from the case: the parties of one case are never on two sides.
    let group = kept.iter().map(|at| cases.text_at(*at).unwrap_or_default().to_owned()).collect();
    Ok(TrainingSet::new(
        design(rows, kept, spec)?,
        kept.iter().map(|at| label.real_at(*at).unwrap_or(0.0)).collect(),
        vec![1.0; kept.len()],
        group,
        kept.iter().map(|at| days.date_at(*at).unwrap_or_default()).collect(),
    )?)
}

/// Which rows train, calibrate and assess. Training labels were `known` (stays lengthen windows) before the first held-out day; in a back-test by filing
/// day the newest fifth of the training cases calibrates instead (their windows overlap: a horizon of years leaves no room to purge, and the note says so).
fn usage(set: &TrainingSet, known: &[Day], spec: &Spec, ctx: &Context) -> Use {
    let days = set.day();
    let fold = |at: &usize| split::fold_of(&set.group()[*at], 2, ctx.seed) == 0;
    if let (Moment::Filing(after), Some(until)) = (ctx.config.moment(), ctx.config.train_until()) {
        let (mut train, assess): (Vec<usize>, Vec<usize>) = (0..days.len()).partition(|at| days[*at] - after <= until);
        let of_train: Vec<i32> = train.iter().map(|at| days[*at]).collect();
        let mut calibrate = Vec::new();
        if let Some(cut) = split::cut_for(&of_train, 0.2) {
            (train, calibrate) = train.into_iter().partition(|at| days[*at] < cut);
        }
        let notes = vec![
            "train: cases filed up to train_until; calibrated on the newest fifth of them by day by a fit on the rest (windows overlap: a horizon of years \
             leaves no room to purge), then fitted on all of them; assessed on later cases only"
                .to_owned(),
        ];
        if assess.is_empty() {
            return Use { assess: calibrate.clone(), train, calibrate, notes, refit: false };
        }
        return Use { train, calibrate, assess, notes, refit: true };
    }
    if let Some(cut) = split::cut_for(days, spec.test_share) {
        let parts = split::split_by_time(days, known, cut);
        let good = parts.train.iter().filter(|at| set.label()[**at] >= 0.5).count() as u64;
        let bad = parts.train.len() as u64 - good;
        let (calibrate, assess): (Vec<usize>, Vec<usize>) = parts.test.iter().partition(|at| fold(at));
        if good >= spec.min_good && bad >= spec.min_bad && !calibrate.is_empty() && !assess.is_empty() {
            let notes = vec![format!(
                "held out: the newest landmarks from day {cut}; {} rows purged whose windows, stays included, overlap them; half of the held-out cases calibrate, half assess",
                parts.purged.len()
            )];
            return Use { train: parts.train, calibrate, assess, notes, refit: false };
        }
    }
    let (train, assess): (Vec<usize>, Vec<usize>) = (0..days.len()).partition(fold);
    let notes = vec!["history too short to hold out time: half of the cases train, half assess; not calibrated".to_owned()];
    Use { train, calibrate: Vec::new(), assess, notes, refit: false }
}

fn calibrated(set: &TrainingSet, usage: &Use, model: &Model) -> Result<Calibration> {
    if usage.calibrate.is_empty() {
        return Ok(Calibration::None);
    }
    let part = set.take(&usage.calibrate)?;
    let logit = model.logit(part.design())?;
    // A single class calibrates nothing: the model's own probabilities stand.
    Ok(Calibration::fit(&logit, part.label(), part.weight()).unwrap_or(Calibration::None))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use std::collections::BTreeSet;

    use super::*;
    use crate::fixture::context;

    const ROWS: usize = 2_000;
    const FEATURE: &str = "channels_found_share";

    /// A value from 0 to 1 that looks drawn.
    fn draw(at: usize, of: &str) -> f64 {
        f64::from(split::fold_of(&format!("{of}{at}"), 1_000, 7)) / 1_000.0
    }

    /// Two parties a case, a case a day; the recovered share is as the feature says.
    fn rows(stayed: impl Fn(usize) -> i32) -> Columns {
        let day = |at: usize| 10_000 + (at / 2) as i32;
        let all = || 0..ROWS;
        Columns::new()
            .text("case_no", all().map(|at| Some(format!("case {}", at / 2))))
            .text("debtor_id", all().map(|at| Some(format!("debtor {at}"))))
            .date("day", all().map(|at| Some(day(at))))
            .date("capacity_end", all().map(|at| Some(day(at) + 180 + stayed(at))))
            .real("recovery_label", all().map(|at| Some(draw(at, "x"))))
            .real(FEATURE, all().map(|at| Some(draw(at, "x"))))
    }

    fn spec(ctx: &Context) -> Spec {
        Spec { features: vec![FEATURE.into()], ..ctx.ratings.recovery.clone() }
    }

    fn used(rows: &Columns, ctx: &Context) -> (TrainingSet, Use) {
        let spec = spec(ctx);
        let all: Vec<usize> = (0..rows.len()).collect();
        let set = training_set(rows, &all, &spec, column(rows, "recovery_label").unwrap()).unwrap();
        let known: Vec<Day> = all.iter().map(|at| column(rows, "capacity_end").unwrap().date_at(*at).unwrap()).collect();
        let usage = usage(&set, &known, &spec, ctx);
        (set, usage)
    }

    #[test]
    fn a_row_trains_only_if_its_own_window_had_ended_before_the_held_out_days() {
        let ctx = context();
        let (set, usage) = used(&rows(|_| 0), &ctx);
        let cut = set.take(&[usage.calibrate.iter().chain(&usage.assess).copied().min().unwrap()]).unwrap().day()[0];
        assert!(usage.train.iter().all(|at| set.day()[*at] + 180 < cut) && !usage.train.is_empty());
        // Every tenth row was stayed for as long as all the days there are: none of them may be learnt from.
        let stay = |at: usize| if at.is_multiple_of(10) { 1_000 } else { 0 };
        let (_, stayed) = used(&rows(stay), &ctx);
        assert!(stayed.train.iter().all(|at| at % 10 != 0));
        assert_eq!(stayed.train, usage.train.iter().copied().filter(|at| at % 10 != 0).collect::<Vec<_>>());
        assert_eq!((&stayed.calibrate, &stayed.assess), (&usage.calibrate, &usage.assess));
        // And the fit itself takes the days from its own column.
        let fitted = |rows: &Columns| match fit(rows, &spec(&ctx), &ctx).unwrap() {
            Fitted::Model { artifact, .. } => artifact.rows,
            Fitted::Unrated(why) => panic!("{why}"),
        };
        assert_eq!((fitted(&rows(|_| 0)), fitted(&rows(stay))), (usage.train.len() as u64, stayed.train.len() as u64));
    }

    #[test]
    fn two_parties_of_one_case_are_never_on_two_sides() {
        let mut ctx = context();
        let all = rows(|_| 0);
        let cases = |set: &TrainingSet, side: &[usize]| side.iter().map(|at| set.group()[*at].clone()).collect::<BTreeSet<String>>();
        let (set, usage) = used(&all, &ctx);
        assert!(!usage.calibrate.is_empty() && usage.calibrate.len() + usage.assess.len() < ROWS);
        assert!(cases(&set, &usage.calibrate).is_disjoint(&cases(&set, &usage.assess)));
        // A history too short to hold out time: the cases are halved.
        ctx.ratings.recovery.min_good = ROWS as u64;
        let (set, usage) = used(&all, &ctx);
        assert!(usage.calibrate.is_empty() && usage.train.len() + usage.assess.len() == ROWS);
        assert!(cases(&set, &usage.train).is_disjoint(&cases(&set, &usage.assess)));
    }

    /// The interval by the errors of a model that was fitted without the rows that calibrate, on those rows.
    fn unseen(rows: &Columns, ctx: &Context) -> Conformal {
        let (set, usage) = used(rows, ctx);
        let model = spec(ctx).params.check().unwrap().fit(&set.take(&usage.train).unwrap(), ctx.seed).unwrap();
        let calibration = calibrated(&set, &usage, &model).unwrap();
        let part = set.take(&usage.calibrate).unwrap();
        let p: Vec<f64> = model.logit(part.design()).unwrap().iter().map(|l| sigmoid(calibration.apply(*l))).collect();
        Conformal::fit(&p, part.label(), LEVEL, 5).unwrap()
    }

    #[test]
    fn the_interval_is_of_errors_on_rows_the_model_never_saw() {
        let mut ctx = context();
        // The held-out days are not like those before: only their rows know how wrong the model can be.
        let label = |at: usize| if at >= ROWS / 2 && at.is_multiple_of(4) { 1.0 - draw(at, "x") } else { draw(at, "x") };
        let troubled = rows(|_| 0).without("recovery_label").real("recovery_label", (0..ROWS).map(|at| Some(label(at))));
        for moment in ["as_of", "filing+0d"] {
            ctx.config.rating.moment = Some(moment.into());
            ctx.config.rating.train_until = Some("1999-06-30".into());
            let (_, usage) = used(&troubled, &ctx);
            assert_eq!(usage.refit, moment != "as_of", "then the model sees the calibrating rows, but only after the interval");
            match fit(&troubled, &spec(&ctx), &ctx).unwrap() {
                Fitted::Model { artifact, .. } => assert_eq!(artifact.share_interval, Some(unseen(&troubled, &ctx)), "{moment}"),
                Fitted::Unrated(why) => panic!("{moment}: {why}"),
            }
        }
    }
}
