//! Tables of all buckets to the report.

use std::collections::{BTreeMap, BTreeSet};

use luheng_lake::columns::{Columns, day};
use luheng_lake::store::tables;
use luheng_models::{Design, ModelArtifact};

use super::figures::{Axis, FORMAT, Period, Report};
use super::fold::{Recipe, members};
use super::groups::How;
use super::judge::Judged;
use super::people::{KNOWN, People};
use super::sample::Sample;
use super::walk::{Run, Walk, walk};
use super::{LEVEL, channels, expected, gates, groups, judge, stability};
use crate::bundle::{Bundle, column, design};
use crate::context::Context;
use crate::error::Result;
use crate::rating::{Spec, Target};

/// Most rows that groups are told from; more are thinned by hash of the case.
const MOST_GROUP_ROWS: usize = 50_000;

/// What the buckets left, joined.
#[derive(Debug)]
pub(super) struct Tables {
    /// Training rows.
    pub training: Columns,
    /// Whose landmarks, where.
    pub landmarks: Columns,
    /// The newest, with features.
    pub awaited: Columns,
    /// Grades without a channel.
    pub channels: Columns,
}

/// The report of a bundle.
pub(super) fn report(ctx: &Context, models: &Bundle, basis: &str, joined: &Tables, advance: &dyn Fn(u64)) -> Result<Report> {
    let debtors = column(&joined.landmarks, "debtor_id")?;
    let wanted: BTreeSet<&str> = (0..joined.landmarks.len()).filter_map(|at| debtors.text_at(at)).collect();
    let people = People::read(ctx, &wanted)?;
    let mut axes = Vec::new();
    for (spec, model) in members(models, ctx) {
        axes.push(axis(ctx, spec, model, joined, &people)?);
        advance(1);
    }
    let (channels, rated_parties) = channels::whole(&joined.channels)?;
    Ok(Report {
        format: FORMAT,
        model_id: models.id.clone(),
        basis: basis.to_owned(),
        as_of: day::format(ctx.as_of),
        level: LEVEL,
        min_group: ctx.config.validate.min_group,
        gates: gates::of_report(&axes, &ctx.config.validate),
        region_names: names(ctx, &axes)?,
        axes,
        rated_parties,
        channels,
        haircuts_before: models.haircuts.as_ref().and_then(|learned| learned.before.clone()),
    })
}

/// Names of the counties that axes tell of: those of the lake, else of the built-in list.
fn names(ctx: &Context, axes: &[Axis]) -> Result<BTreeMap<String, String>> {
    let told: BTreeSet<&str> = axes.iter().flat_map(|axis| &axis.counties).map(|county| county.name.as_str()).collect();
    let known = |code: &&str| ctx.codes.label("regions", code).map(|label| ((*code).to_owned(), label.zh.clone()));
    let mut names: BTreeMap<String, String> = told.iter().filter_map(known).collect();
    if let Some(regions) = tables::read_whole(&ctx.work.lake(), "regions", &ctx.seals.lake)? {
        let (codes, titles) = (column(&regions, "code")?, column(&regions, "name")?);
        let of = |at: usize| Some((codes.text_at(at)?.to_owned(), titles.text_at(at)?.to_owned()));
        names.extend((0..regions.len()).filter_map(of).filter(|(code, _)| told.contains(code.as_str())));
    }
    Ok(names)
}

fn axis(ctx: &Context, spec: &Spec, model: Option<&ModelArtifact>, joined: &Tables, people: &People) -> Result<Axis> {
    let mut axis = Axis {
        axis: spec.id.clone(),
        status: "no_evidence".into(),
        horizon_days: spec.horizon_days,
        good_share: spec.good_share,
        features: spec.features.clone(),
        ..Axis::default()
    };
    let Some(artifact) = model else {
        axis.why = Some("the bundle has no model of it".into());
        return Ok(axis);
    };
    (axis.model, axis.algorithm) = (Some(artifact.id.clone()), Some(artifact.params.name().to_owned()));
    let sample = Sample::read(&joined.training, &joined.landmarks, spec)?;
    let recipe = Recipe::of(artifact, spec, &joined.training)?;
    let walk = walk(&joined.training, &sample, &recipe, ctx)?;
    (axis.span, axis.purged) = (walk.span.to_owned(), walk.purged);
    axis.skipped.clone_from(&walk.skipped);
    let newest = stability::awaited_of(&joined.awaited, spec, ctx)?;
    axis.stability = stability::moved(artifact, spec, (&joined.training, &sample), (&joined.awaited, &newest))?;
    axis.expected = expected_of(ctx, spec, artifact, &joined.awaited, &newest)?;
    if walk.runs.is_empty() {
        (axis.status, axis.why) = ("not_judged".into(), Some("before no period were enough outcomes known to learn from".into()));
        return Ok(axis);
    }
    axis.status = "judged".into();
    of_periods(&mut axis, &walk, &sample, ctx)?;
    of_parts(&mut axis, &walk, &sample, joined, ctx)?;
    of_groups(&mut axis, artifact, (&walk, &sample, spec), (joined, people), ctx)?;
    Ok(axis)
}

/// Expected worth of the newest ratings.
fn expected_of(
    ctx: &Context,
    spec: &Spec,
    artifact: &ModelArtifact,
    awaited: &Columns,
    newest: &[usize],
) -> Result<Option<super::figures::Expected>> {
    if newest.is_empty() {
        return Ok(None);
    }
    let debtors = column(awaited, "debtor_id")?;
    let debtor: Vec<String> = newest.iter().map(|at| debtors.text_at(*at).unwrap_or_default().to_owned()).collect();
    expected::of(&artifact.predict(&design(awaited, newest, spec)?)?, &debtor, spec.target == Target::RecoveredShare, ctx.seed)
}

fn judged<'a>(runs: impl Iterator<Item = &'a Run>, sample: &Sample) -> Judged {
    let mut judged = Judged::default();
    for run in runs {
        judged.p.extend(&run.p);
        judged.label.extend(run.rows.iter().map(|row| sample.label[*row]));
        judged.debtor.extend(run.rows.iter().map(|row| sample.debtor[*row].clone()));
    }
    judged
}

fn of_periods(axis: &mut Axis, walk: &Walk, sample: &Sample, ctx: &Context) -> Result<()> {
    let (mut distance, mut rows) = (0.0, 0.0);
    for run in &walk.runs {
        let own = judged(std::iter::once(run), sample);
        let figures = own.figures()?;
        let expected = expected::of(&own.p, &own.debtor, !run.interval.is_empty(), ctx.seed)?;
        if let (Some(came), Some(expected)) = (figures.auc, expected.as_ref().and_then(|e| e.auc)) {
            distance += figures.rows as f64 * (came.value - expected.value).abs();
            rows += figures.rows as f64;
        }
        axis.periods.push(Period {
            period: run.name.clone(),
            learned: run.learned,
            figures,
            coverage: judge::held(&run.interval, &own.label)?,
            expected,
            psi: run.psi.clone(),
            csi: run.csi.clone(),
        });
    }
    axis.expected_error = (rows > 0.0).then(|| distance / rows);
    Ok(())
}

/// All periods together, and parts of them.
fn of_parts(axis: &mut Axis, walk: &Walk, sample: &Sample, joined: &Tables, ctx: &Context) -> Result<()> {
    let all = judged(walk.runs.iter(), sample);
    let intervals: Vec<_> = walk.runs.iter().flat_map(|run| run.interval.iter().copied()).collect();
    (axis.pooled, axis.bands, axis.coverage) = (Some(all.figures()?), all.bands()?, judge::held(&intervals, &all.label)?);
    let least = ctx.config.validate.min_group;
    let returning: Vec<bool> = walk.runs.iter().flat_map(|run| run.returning.iter().copied()).collect();
    let named = |flag: &bool, yes: &str, no: &str| Some(if *flag { yes } else { no }.to_owned());
    axis.slices = all.slices(&returning.iter().map(|r| named(r, "returning", "new")).collect::<Vec<_>>(), least)?;
    let rows: Vec<usize> = walk.runs.iter().flat_map(|run| run.rows.iter().copied()).collect();
    let assumed = column(&joined.landmarks, "assumed")?;
    let assumed: Vec<bool> = rows.iter().map(|row| assumed.flag_at(sample.place[*row]).unwrap_or_default()).collect();
    axis.slices.extend(all.slices(&assumed.iter().map(|a| named(a, "assumed", "stated")).collect::<Vec<_>>(), least)?);
    axis.courts = all.slices(&places(joined, "court", sample, &rows)?, least)?;
    axis.counties = all.slices(&places(joined, "county", sample, &rows)?, least)?;
    Ok(())
}

fn places(joined: &Tables, name: &str, sample: &Sample, rows: &[usize]) -> Result<Vec<Option<String>>> {
    let column = column(&joined.landmarks, name)?;
    Ok(rows.iter().map(|row| column.text_at(sample.place[*row]).map(str::to_owned)).collect())
}

fn of_groups(
    axis: &mut Axis,
    artifact: &ModelArtifact,
    (walk, sample, spec): (&Walk, &Sample, &Spec),
    (joined, people): (&Tables, &People),
    ctx: &Context,
) -> Result<()> {
    let rows: Vec<usize> = walk.runs.iter().flat_map(|run| run.rows.iter().copied()).collect();
    let kept: BTreeSet<usize> = sample.thinned(&rows, MOST_GROUP_ROWS, ctx.seed).into_iter().collect();
    let at: Vec<usize> = (0..rows.len()).filter(|at| kept.contains(&rows[*at])).collect();
    if at.len() < rows.len() {
        axis.notes.push(format!("groups are told from {} of {} rows, whole cases left out by hash", at.len(), rows.len()));
    }
    let judged = judged(walk.runs.iter(), sample).take(&at);
    let rows: Vec<usize> = at.iter().map(|at| rows[*at]).collect();
    let design: Design = design(&joined.training, &rows.iter().map(|row| sample.at[*row]).collect::<Vec<_>>(), spec)?;
    // Of one model: those of two periods may differ.
    let p = artifact.predict(&design)?;
    let how = How { least: ctx.config.validate.min_group, seed: ctx.seed };
    for name in KNOWN {
        let group = |row: &usize| people.group(name, &sample.debtor[*row], sample.day[*row]).map(str::to_owned);
        let by: Vec<Option<String>> = rows.iter().map(group).collect();
        let attribute = groups::attribute(name, &judged, &by, how)?;
        axis.follows.extend(groups::follows(&attribute, &design, &judged.debtor, &by)?);
        axis.equal_facts.push(groups::equal_facts(name, &design, &p, &by));
        axis.groups.push(attribute);
    }
    for name in ["kind", "county"] {
        axis.groups.push(groups::attribute(name, &judged, &places(joined, name, sample, &rows)?, how)?);
    }
    Ok(())
}
