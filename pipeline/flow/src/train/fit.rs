//! One rating: rows to a fitted, calibrated, assessed model, or the reason why there is none.

use std::collections::{BTreeMap, BTreeSet};

use luheng_lake::columns::Columns;
use luheng_models::interval::rate_coverage;
use luheng_models::{
    Assessment, Calibration, Conformal, Draft, Explanation, Interval, Model, ModelArtifact, Params, RateInterval, Scale, Support,
    TrainingSet, assess, split,
};

use super::calibrate::{Calibrated, calibrated, intervals};
use super::censor::{self, Censored};
use super::compete::{Entrant, Field, compete, spared};
use super::held::{BLOCK, Held, HeldOut, Part};
use super::rows::Rows;
use super::sample::{Sample, Use};
use crate::bundle::{CHAMPION, CUTS, column};
use crate::context::Context;
use crate::error::Result;
use crate::features;
use crate::rating::{Spec, Target};

/// Most held-out rows that are explained; of more, those of cases by hash.
const MOST_EXPLAINED: usize = 10_000;
/// Level of the intervals.
pub const LEVEL: f64 = 0.9;

/// What came of fitting a rating.
#[derive(Debug)]
pub enum Fitted {
    /// A model, with what was found of it.
    Model {
        /// The artifact.
        artifact: Box<ModelArtifact>,
        /// Its worth.
        judged: Box<Judged>,
    },
    /// None, why, and the figures of the model that was not good enough, if one was fitted.
    Unrated(String, Option<Box<Assessment>>),
}

/// What was found of a model.
#[derive(Debug)]
pub struct Judged {
    /// Every algorithm that competed.
    pub entrants: Vec<Entrant>,
    /// Why the champion.
    pub why: String,
    /// Why the calibration.
    pub calibration: Calibrated,
    /// Cases cut off.
    pub censored: Censored,
    /// Rows of held-out time.
    pub held_out: HeldOut,
    /// What the intervals held there.
    pub held: Held,
    /// Those rows by the share of their score that rests on values few training rows had.
    pub support: Vec<Part>,
    /// Share of all points, up or down, that each family of features gave there.
    pub families: BTreeMap<&'static str, f64>,
}

/// The rows of a rating by what they do.
struct Parts {
    train: TrainingSet,
    choosing: Option<TrainingSet>,
    held: TrainingSet,
}

/// A champion, calibrated on rows it had not seen.
struct Learned {
    field: Field,
    params: Params,
    model: Model,
    calibration: Calibration,
    told: Calibrated,
    share_interval: Option<Conformal>,
    rate_interval: Option<RateInterval>,
}

/// Fits a rating.
///
/// # Errors
/// A feature without its column; no algorithm that can be fitted.
pub fn fit(rows: &Rows<'_>, spec: &Spec, ctx: &Context) -> Result<Fitted> {
    let sample = Sample::read(rows.index(), spec, ctx)?;
    let usage = sample.split(spec, ctx);
    let (weight, mut censored) = censor::weights(&sample, &usage, spec.censoring.max_weight);
    let set = sample.training_set(rows, spec, weight)?;
    let choosing = if usage.calibrate.is_empty() { None } else { Some(set.take(&usage.calibrate)?) };
    let parts = Parts { train: set.take(&usage.train)?, choosing, held: set.take(&usage.assess)? };
    if let Some(why) = too_few(&parts, spec) {
        return Ok(Fitted::Unrated(why, None));
    }
    let learned = learn(&set, &usage, &parts, spec, ctx.seed)?;
    let held = &parts.held;
    let baseline = Params::Baseline.check()?.fit(&parts.train, ctx.seed)?.predict(held.design())?;
    let judge = |p: &[f64]| assess::assess(p, held.label(), held.weight(), &CUTS);
    let (assessment, baseline_assessment) = (judge(&learned.predict(held)?)?, judge(&baseline)?);
    if assessment.brier >= baseline_assessment.brier {
        let why =
            format!("Brier score {:.5} on held-out rows does not beat the base rate's {:.5}", assessment.brier, baseline_assessment.brier);
        return Ok(Fitted::Unrated(why, Some(Box::new(assessment))));
    }
    censor::bounds(&set, &usage, &mut censored, &|set| learned.predict(set))?;
    let draft = Draft {
        target: spec.id.clone(),
        horizon_days: u32::try_from(spec.horizon_days).unwrap_or_default(),
        features: set.design().features().to_vec(),
        window: parts.train.window(),
        rows: parts.train.rows() as u64,
        good: parts.train.good(),
        bad: parts.train.bad(),
        seed: ctx.seed,
        params: learned.params,
        model: learned.model,
        calibration: learned.calibration,
        scale: Scale::default(),
        share_interval: learned.share_interval,
        rate_interval: None,
        support: Some(Support::of(parts.train.design(), spec.support.least_rows)?),
        assessment,
        baseline_assessment,
        fitted: BTreeMap::new(),
        notes: usage.notes.iter().cloned().chain([format!("{CHAMPION}{}", learned.field.why)]).collect(),
    };
    let artifact = sealed(draft, learned.rate_interval, parts.choosing.as_ref())?;
    let held_out = held_out(rows.index(), &sample, &usage, held, artifact.predict_interval(held.design(), LEVEL)?)?;
    let looked_at = split::thinned(&(0..held.rows()).collect::<Vec<_>>(), |at| &held.group()[at], MOST_EXPLAINED, ("explained", ctx.seed));
    let part = held.take(&looked_at)?;
    let explained = artifact.explain(part.design())?;
    let thin = artifact.support.iter().flat_map(|support| support.thin(part.design(), &explained.points)).map(|thin| thin.share);
    let judged = Judged {
        support: held_out.by_thin_share(&looked_at.iter().copied().zip(thin).collect())?,
        why: learned.field.why.clone(),
        entrants: learned.field.entrants(held),
        calibration: learned.told,
        censored,
        held: held_out.held(spec.target == Target::RecoveredShare, made_by(&artifact), LEVEL)?,
        held_out,
        families: families(&explained, spec)?,
    };
    Ok(Fitted::Model { artifact: Box::new(artifact), judged: Box::new(judged) })
}

/// Why there are too few rows, if there are.
fn too_few(parts: &Parts, spec: &Spec) -> Option<String> {
    let (good, bad) = (parts.train.good(), parts.train.bad());
    if good < spec.min_good || bad < spec.min_bad {
        return Some(format!(
            "{good} good and {bad} bad training rows, expected at least {} and {}; more closed windows are needed",
            spec.min_good, spec.min_bad
        ));
    }
    (parts.held.rows() == 0).then(|| "no held-out rows to assess; more closed windows are needed".to_owned())
}

/// Chooses the algorithm, then the calibration, then fits the interval.
fn learn(set: &TrainingSet, usage: &Use, parts: &Parts, spec: &Spec, seed: u64) -> Result<Learned> {
    let field = compete(&parts.train, parts.choosing.as_ref(), spec, seed)?;
    let (params, winner) = field.winner()?;
    let again = |set: &TrainingSet| -> Result<Model> { Ok(params.check()?.fit(&spared(&params, set)?.0, seed)?) };
    let mut model = if field.whole { winner.clone() } else { again(&parts.train)? };
    let (calibration, told) = match &parts.choosing {
        Some(part) => calibrated(part, &model, &params, (spec.competition.line_price, seed))?,
        None => (Calibration::None, Calibrated { kind: "none", why: "no rows to calibrate by".into(), candidates: Vec::new() }),
    };
    let unseen = parts.choosing.as_ref().unwrap_or(&parts.held);
    let (share_interval, rate_interval) = intervals(unseen, &model, &calibration, spec.target == Target::RecoveredShare)?;
    // Only now: choice, calibration and interval are of rows the model had not seen.
    if usage.refit {
        let all: Vec<usize> = usage.train.iter().chain(&usage.calibrate).copied().collect();
        model = again(&set.take(&all)?)?;
    }
    Ok(Learned { field, params, model, calibration, told, share_interval, rate_interval })
}

impl Learned {
    /// Calibrated probabilities of the rows of a set.
    fn predict(&self, set: &TrainingSet) -> Result<Vec<f64>> {
        Ok(self.model.logit(set.design())?.iter().map(|l| sigmoid(self.calibration.apply(*l))).collect())
    }
}

/// How the intervals of an artifact are made.
fn made_by(artifact: &ModelArtifact) -> &'static str {
    match (&artifact.share_interval, &artifact.rate_interval) {
        (Some(_), _) => "conformal",
        (_, Some(_)) => "held_out_rows",
        _ => "standard_error",
    }
}

/// Log-odds to probability.
pub fn sigmoid(logit: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-logit))
}

/// The artifact. What an algorithm says of its own standard error stands if it holds on the rows that chose; else, and where it says nothing, the
/// interval is that of held-out rows alike.
fn sealed(draft: Draft, by_rows: Option<RateInterval>, choosing: Option<&TrainingSet>) -> Result<ModelArtifact> {
    if draft.params.traits().standard_error || by_rows.is_none() {
        let artifact = draft.clone().seal()?;
        let (Some(part), true) = (choosing, by_rows.is_some()) else { return Ok(artifact) };
        let own = artifact.predict_interval(part.design(), LEVEL)?;
        if rate_coverage(&own, part.label(), part.weight(), part.group(), (BLOCK, LEVEL))?.held >= LEVEL {
            return Ok(artifact);
        }
    }
    Ok(Draft { rate_interval: by_rows, ..draft }.seal()?)
}

fn held_out(rows: &Columns, sample: &Sample, usage: &Use, held: &TrainingSet, interval: Vec<Interval>) -> Result<HeldOut> {
    let recovered = column(rows, "recovery_label")?;
    let met: BTreeSet<&String> = usage.train.iter().chain(&usage.cut_train).map(|at| &sample.debtor[*at]).collect();
    let at: Vec<usize> = usage.assess.iter().map(|at| sample.at[*at]).collect();
    let returning = usage.assess.iter().map(|at| met.contains(&sample.debtor[*at])).collect();
    let recovered = at.iter().map(|at| recovered.real_at(*at)).collect();
    Ok(HeldOut::new(held, at, interval, returning, recovered))
}

fn families(explained: &Explanation, spec: &Spec) -> Result<BTreeMap<&'static str, f64>> {
    let mut sums: BTreeMap<&'static str, f64> = BTreeMap::new();
    for (at, feature) in features::named(&spec.features)?.iter().enumerate() {
        let points: f64 = explained.points.column(at).iter().map(|points| points.abs()).sum();
        *sums.entry(feature.family.code()).or_default() += points;
    }
    let all: f64 = sums.values().sum();
    if all > 0.0 {
        sums.values_mut().for_each(|points| *points /= all);
    }
    Ok(sums)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use luheng_models::BoostParams;

    use super::*;
    use crate::bundle::Bundle;
    use crate::fixture::context;
    use crate::train::sample::tests::{ROWS, draw, rows, spec};

    fn model(rows: &Columns, spec: &Spec, ctx: &Context) -> (ModelArtifact, Judged) {
        match fit(&Rows::held(rows.clone()), spec, ctx).unwrap() {
            Fitted::Model { artifact, judged } => (*artifact, *judged),
            Fitted::Unrated(why, _) => panic!("{why}"),
        }
    }

    #[test]
    fn the_fit_takes_the_days_outcomes_were_known_from_its_own_column() {
        let ctx = context();
        let stay = |at: usize| if at.is_multiple_of(10) { 1_000 } else { 0 };
        let trained = |rows: &Columns| {
            let sample = Sample::read(rows, &spec(&ctx), &ctx).unwrap();
            (model(rows, &spec(&ctx), &ctx).0.rows, sample.split(&spec(&ctx), &ctx).train.len() as u64)
        };
        let (plain, stayed) = (trained(&rows(|_| 0)), trained(&rows(stay)));
        assert_eq!((plain.0, stayed.0), (plain.1, stayed.1));
        assert!(stayed.0 < plain.0);
    }

    /// The interval by the errors of a model that was fitted without the rows that calibrate, on those rows.
    fn unseen(rows: &Columns, ctx: &Context) -> Conformal {
        let spec = spec(ctx);
        let sample = Sample::read(rows, &spec, ctx).unwrap();
        let usage = sample.split(&spec, ctx);
        let set = sample.training_set(&Rows::held(rows.clone()), &spec, vec![1.0; ROWS]).unwrap();
        let model = spec.params.check().unwrap().fit(&set.take(&usage.train).unwrap(), ctx.seed).unwrap();
        let part = set.take(&usage.calibrate).unwrap();
        let (calibration, _) = calibrated(&part, &model, &spec.params, (spec.competition.line_price, ctx.seed)).unwrap();
        let p: Vec<f64> = model.logit(part.design()).unwrap().iter().map(|l| sigmoid(calibration.apply(*l))).collect();
        Conformal::fit(&p, part.label(), LEVEL, 5).unwrap()
    }

    /// The held-out days are not like those before: only their rows know how wrong the model can be.
    fn troubled() -> Columns {
        let label = |at: usize| if at >= ROWS / 2 && at.is_multiple_of(4) { 1.0 - draw(at, "x") } else { draw(at, "x") };
        rows(|_| 0).without("recovery_label").real("recovery_label", (0..ROWS).map(|at| Some(label(at))))
    }

    #[test]
    fn the_interval_is_of_errors_on_rows_the_model_never_saw() {
        let mut ctx = context();
        let troubled = troubled();
        for moment in ["as_of", "filing+0d"] {
            ctx.config.rating.moment = Some(moment.into());
            ctx.config.rating.train_until = Some("1999-06-30".into());
            let usage = Sample::read(&troubled, &spec(&ctx), &ctx).unwrap().split(&spec(&ctx), &ctx);
            assert_eq!(usage.refit, moment != "as_of", "then the model sees the calibrating rows, but only after the interval");
            assert_eq!(model(&troubled, &spec(&ctx), &ctx).0.share_interval, Some(unseen(&troubled, &ctx)), "{moment}");
        }
    }

    #[test]
    fn every_algorithm_has_its_intervals_and_they_hold() {
        let ctx = context();
        let boost = Spec { params: Params::Boost(BoostParams::default()), ..spec(&ctx) };
        let (artifact, judged) = model(&troubled(), &boost, &ctx);
        assert_eq!((artifact.params.name(), judged.held.by), ("boost", "conformal"));
        assert!((0.85..=0.95).contains(&judged.held.held), "{:?}", judged.held);
        // A probability of trees, which declare no standard error.
        let label = (0..ROWS).map(|at| Some(f64::from(u8::from(draw(at, "luck") < draw(at, "x")))));
        let yes_or_no = rows(|_| 0).real("capacity_label", label).without("recovery_label").real("recovery_label", (0..ROWS).map(|_| None));
        let boost = Spec { target: Target::Covered, ..boost };
        let (artifact, judged) = model(&yes_or_no, &boost, &ctx);
        assert!(artifact.rate_interval.is_some() && judged.held.by == "held_out_rows");
        assert!(judged.held.held > 0.5 && judged.held.mean_width > 0.01 && judged.held.mean_width < 0.4, "{:?}", judged.held);
        let inside = |i: &Interval| i.low <= i.estimate && i.estimate <= i.high && (0.0..=1.0).contains(&i.low) && i.high <= 1.0;
        assert!(judged.held_out.interval.iter().all(inside));
        // Each member of a bundle comes back under its own name.
        let bundle = Bundle::seal(None, None, None, Some(artifact.clone()), None).unwrap();
        let read = Bundle::from_json(&bundle.to_json().unwrap(), "model.json").unwrap();
        assert_eq!((read.id, read.revival, read.recovery), (bundle.id, Some(artifact), None));
    }

    #[test]
    fn shuffled_outcomes_teach_nothing() {
        let ctx = context();
        for seed in ["a", "b", "c"] {
            let label = (0..ROWS).map(|at| Some(f64::from(u8::from(draw(at, seed) < 0.4))));
            let shuffled =
                rows(|_| 0).real("capacity_label", label).without("recovery_label").real("recovery_label", (0..ROWS).map(|_| None));
            let spec = Spec { target: Target::Covered, challengers: ctx.ratings.capacity.challengers.clone(), ..spec(&ctx) };
            let auc = match fit(&Rows::held(shuffled), &spec, &ctx).unwrap() {
                Fitted::Model { artifact, .. } => artifact.assessment.auc,
                Fitted::Unrated(_, figures) => figures.and_then(|f| f.auc),
            };
            // About 350 rows assess: three standard errors of an area of a half.
            assert!((auc.unwrap() - 0.5).abs() < 0.1, "{auc:?}");
        }
    }
}
