//! The stage `score`: features, standing and models to the tables `ratings`, `reasons` and `paths`.

pub mod path;
mod reasons;
mod support;

use luheng_lake::columns::{Column, Columns};
use luheng_models::{Design, Explanation, Interval, ModelArtifact, Thin};

use crate::bundle::{self, Bundle, CUTS, grade_of};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::features;
use crate::means;
use crate::rating::Spec;
use crate::tables::{Rating, Reason};

/// Level of the intervals printed.
const LEVEL: f64 = 0.9;

/// What an axis says of the rows that stand to be rated on it.
struct Axis<'a> {
    rows: Rows,
    explanation: Explanation,
    intervals: Vec<Interval>,
    artifact: &'a ModelArtifact,
    /// What of each score rests on values few training rows had, where the model says which those are.
    thin: Option<Vec<Thin>>,
}

impl<'a> Axis<'a> {
    /// None where the axis has no model.
    fn of(model: Option<&'a ModelArtifact>, features: &Columns, spec: &Spec, rows: Rows) -> Result<Option<Self>> {
        let Some(artifact) = model else { return Ok(None) };
        let design = design(artifact, features, spec, &rows)?;
        let explanation = artifact.explain(&design)?;
        Ok(Some(Self {
            thin: artifact.support.as_ref().map(|support| support.thin(&design, &explanation.points)),
            intervals: artifact.interval_around(&design, explanation.p.clone(), LEVEL)?,
            artifact,
            explanation,
            rows,
        }))
    }

    /// The estimate of a row with its interval.
    fn interval(&self, at: usize) -> Option<(usize, &Interval)> {
        let row = self.rows.place(at)?;
        Some((row, self.intervals.get(row)?))
    }
}

/// Some rows of a bucket, and where each stands among them.
struct Rows {
    kept: Vec<usize>,
    place: Vec<Option<usize>>,
}

impl Rows {
    fn of(len: usize, keep: impl Fn(usize) -> bool) -> Self {
        let kept: Vec<usize> = (0..len).filter(|at| keep(*at)).collect();
        let mut place = vec![None; len];
        kept.iter().enumerate().for_each(|(row, at)| place[*at] = Some(row));
        Self { kept, place }
    }

    fn place(&self, at: usize) -> Option<usize> {
        self.place.get(at).copied().flatten()
    }
}

/// The features of a model; refused where it was trained on others.
fn design(artifact: &ModelArtifact, features: &Columns, spec: &Spec, rows: &Rows) -> Result<Design> {
    let design = bundle::design(features, &rows.kept, spec)?;
    artifact.fits(design.features()).map_err(|e| Error::Input(format!("model {}: {e}", artifact.id)))?;
    Ok(design)
}

/// A rating that gives no reasons.
struct Estimates {
    rows: Rows,
    intervals: Vec<Interval>,
}

impl Estimates {
    /// None without a model.
    fn of(model: Option<&ModelArtifact>, features: &Columns, spec: &Spec, rows: Rows) -> Result<Option<Self>> {
        let Some(artifact) = model else { return Ok(None) };
        let intervals = artifact.predict_interval(&design(artifact, features, spec, &rows)?, LEVEL)?;
        Ok(Some(Self { rows, intervals }))
    }

    fn interval(&self, at: usize) -> Option<&Interval> {
        self.intervals.get(self.rows.place(at)?)
    }
}

/// Scores one bucket.
///
/// # Errors
/// A model trained on other features; a table without its columns.
pub fn of_bucket(features: &Columns, evidence: &Columns, standing: &Columns, models: &Bundle, ctx: &Context) -> Result<(Columns, Columns)> {
    let [can, will, ended] = ["capacity_status", "willingness_status", "close_kind"].map(|name| column(standing, name));
    let (can, will, ended) = (can?, will?, ended?);
    let rated = |status: &Column| Rows::of(features.len(), |at| status.text_at(at) == Some("rated"));
    let capacity = Axis::of(models.capacity.as_ref(), features, &ctx.ratings.capacity, rated(can))?;
    let willingness = Axis::of(models.willingness.as_ref(), features, &ctx.ratings.willingness, rated(will))?;
    let recovery = Estimates::of(models.recovery.as_ref(), features, &ctx.ratings.recovery, rated(can))?;
    let closed = Rows::of(features.len(), |at| ended.text_at(at) == Some("no_property"));
    let revival = Estimates::of(models.revival.as_ref(), features, &ctx.ratings.revival, closed)?;
    let [can, will] = [&ctx.ratings.capacity, &ctx.ratings.willingness].map(|spec| features::named(&spec.features));
    let named = [can?, will?];
    let mut ratings = Vec::with_capacity(features.len());
    let mut reasons = Vec::new();
    let evidence = reasons::Evidence::read(evidence, features.len())?;
    for at in 0..features.len() {
        let mut rating = rate(at, standing, [&capacity, &willingness], recovery.as_ref(), ctx)?;
        revive(&mut rating, at, standing, revival.as_ref())?;
        let cited = evidence.of(at);
        for (name, axis, named, rated) in [
            ("capacity", &capacity, &named[0], rating.capacity_p.is_some()),
            ("willingness", &willingness, &named[1], rating.willingness_p.is_some()),
        ] {
            if let (Some((axis, row)), true) = (axis.as_ref().and_then(|axis| Some((axis, axis.rows.place(at)?))), rated) {
                reasons::of_axis(name, (row, &axis.explanation), named, &rating, &cited, &mut reasons)?;
            }
        }
        ratings.push(rating);
    }
    Ok((Rating::table(&ratings), Reason::table(&reasons)))
}

fn column<'a>(standing: &'a Columns, name: &str) -> Result<&'a Column> {
    standing.get(name).ok_or_else(|| Error::Fault(format!("table standing has no column {name}")))
}

fn rate(at: usize, standing: &Columns, axes: [&Option<Axis<'_>>; 2], recovery: Option<&Estimates>, ctx: &Context) -> Result<Rating> {
    let column = |name: &str| column(standing, name);
    let text = |name: &str| -> Result<Option<String>> { Ok(column(name)?.text_at(at).map(str::to_owned)) };
    let [capacity, willingness] = axes;
    let as_of = column("as_of")?.date_at(at).unwrap_or(ctx.as_of);
    let mut rating = Rating {
        case_no: text("case_no")?.unwrap_or_default(),
        debtor_id: text("debtor_id")?.unwrap_or_default(),
        as_of,
        rating_id: "standard".into(),
        horizon_days: i64::from(ctx.ratings.capacity.horizon_days),
        good_share: ctx.ratings.capacity.good_share,
        capacity_status: status(text("capacity_status")?, capacity.is_some()),
        capacity_extent: text("capacity_extent")?.unwrap_or_default(),
        evidenced_means_fen: column("evidenced_means_fen")?.int_at(at),
        willingness_status: status(text("willingness_status")?, willingness.is_some()),
        net_assets_fen: column("net_assets_fen")?.int_at(at),
        outstanding_fen: column("outstanding_fen")?.int_at(at).unwrap_or(0),
        coverage: column("coverage")?.real_at(at),
        missing_channels: text("missing_channels")?,
        ask_for: text("ask_for")?,
        identity_basis: text("identity_basis")?,
        link_probability: column("link_probability")?.real_at(at),
        valid_until: as_of.saturating_add(ctx.ratings.capacity.valid_days),
        ..Rating::default()
    };
    support::withhold(&mut rating, at, capacity.as_ref(), willingness.as_ref(), ctx)?;
    if let (Some((axis, (row, interval))), "rated") = (of_axis(capacity, at), rating.capacity_status.as_str()) {
        let p = axis.explanation.p[row];
        rating.capacity_p = Some(p);
        (rating.capacity_low, rating.capacity_high) = (Some(interval.low), Some(interval.high));
        rating.capacity_score = Some(axis.explanation.score[row]);
        rating.capacity_grade = Some(format!("C{}", grade_of(p)));
        rating.capacity_model = Some(axis.artifact.id.clone());
        if let Some(interval) = recovery.and_then(|recovery| recovery.interval(at)) {
            let share = interval.estimate.clamp(0.0, 1.0);
            rating.recovery_share = Some(share);
            rating.recovery_low = Some(interval.low.clamp(0.0, share));
            rating.recovery_high = Some(interval.high.clamp(share, 1.0));
            rating.expected_recovery_fen = Some(means::times(rating.outstanding_fen, share));
        }
    }
    if let (Some((axis, (row, interval))), "rated") = (of_axis(willingness, at), rating.willingness_status.as_str()) {
        let p = axis.explanation.p[row];
        rating.willingness_p = Some(p);
        (rating.willingness_low, rating.willingness_high) = (Some(interval.low), Some(interval.high));
        rating.willingness_score = Some(axis.explanation.score[row]);
        rating.willingness_grade = Some(format!("W{}", grade_of(p)));
        rating.willingness_model = Some(axis.artifact.id.clone());
    }
    rating.quadrant = quadrant(&rating).into();
    rating.confidence = confidence(&rating).into();
    Ok(rating)
}

/// An axis with its row and interval of a party; none where it does not stand to be rated.
fn of_axis<'x, 'a>(axis: &'x Option<Axis<'a>>, at: usize) -> Option<(&'x Axis<'a>, (usize, &'x Interval))> {
    let axis = axis.as_ref()?;
    Some((axis, axis.interval(at)?))
}

/// What a case closed for want of property may still bring; any other case has no such rating.
fn revive(rating: &mut Rating, at: usize, standing: &Columns, estimates: Option<&Estimates>) -> Result<()> {
    let text = |name: &str| -> Result<Option<&str>> { Ok(column(standing, name)?.text_at(at)) };
    if text("close_kind")? != Some("no_property") {
        rating.revival_status = "not_applicable".into();
        return Ok(());
    }
    // Nothing but what bars every rating bars this one: whether the answers are fresh is among its features.
    let barred = text("capacity_status")?.filter(|status| matches!(*status, "not_money" | "minor" | "deceased"));
    rating.revival_status = status(Some(barred.unwrap_or("rated").to_owned()), estimates.is_some());
    if let (Some(interval), "rated") = (estimates.and_then(|e| e.interval(at)), rating.revival_status.as_str()) {
        rating.revival_p = Some(interval.estimate);
        (rating.revival_low, rating.revival_high) = (Some(interval.low), Some(interval.high));
    }
    Ok(())
}

/// An axis without a model is unrated for everyone; a bar that stands whatever the model stays.
fn status(standing: Option<String>, has_model: bool) -> String {
    let standing = standing.unwrap_or_default();
    if has_model || matches!(standing.as_str(), "not_money" | "minor" | "deceased") { standing } else { "no_evidence".into() }
}

/// Able or not, willing or not; borderline where a grade is 3 or an interval straddles the edge of its side.
fn quadrant(rating: &Rating) -> &'static str {
    if rating.capacity_status == "not_money" {
        return "not_applicable";
    }
    let side = |p: Option<f64>, low: Option<f64>, high: Option<f64>| -> Option<Option<bool>> {
        let (p, low, high) = (p?, low?, high?);
        Some(match p {
            p if p >= CUTS[2] && low >= CUTS[2] => Some(true),
            p if p < CUTS[1] && high < CUTS[1] => Some(false),
            _ => None,
        })
    };
    let able = side(rating.capacity_p, rating.capacity_low, rating.capacity_high);
    let willing = side(rating.willingness_p, rating.willingness_low, rating.willingness_high);
    match (able, willing) {
        (Some(Some(true)), Some(Some(true))) => "able_willing",
        (Some(Some(true)), Some(Some(false))) => "able_unwilling",
        (Some(Some(false)), Some(Some(true))) => "unable_willing",
        (Some(Some(false)), Some(Some(false))) => "unable_unwilling",
        (Some(_), Some(_)) => "borderline",
        _ => "unrated",
    }
}

/// From this probability on a linked identity lets a rating be leaned on in part.
const SURE_LINK: f64 = 0.999;

/// How far the rating may be leaned on: coverage of the inquiries and width of the interval, and never more than the identity behind it.
fn confidence(rating: &Rating) -> &'static str {
    match (of_facts(rating), rating.link_probability) {
        ("high", Some(p)) if p >= SURE_LINK => "medium",
        ("high" | "medium", Some(p)) if p < SURE_LINK => "low",
        (found, _) => found,
    }
}

fn of_facts(rating: &Rating) -> &'static str {
    let (Some(low), Some(high)) = (rating.capacity_low, rating.capacity_high) else {
        return if rating.willingness_p.is_some() { "low" } else { "none" };
    };
    let coverage = rating.coverage.unwrap_or(1.0);
    match high - low {
        width if coverage >= 0.9 && width <= 0.2 => "high",
        width if coverage >= 0.6 && width <= 0.35 => "medium",
        _ => "low",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_rating_is_surer_than_the_identity_behind_it() {
        let of = |width: f64, link_probability| {
            let ends = (Some(0.5), Some(0.5 + width));
            confidence(&Rating { capacity_low: ends.0, capacity_high: ends.1, coverage: Some(0.95), link_probability, ..Rating::default() })
        };
        assert_eq!([0.1, 0.3, 0.5].map(|width| of(width, None)), ["high", "medium", "low"]);
        assert_eq!([0.1, 0.3, 0.5].map(|width| of(width, Some(0.999))), ["medium", "medium", "low"]);
        assert_eq!([0.1, 0.3, 0.5].map(|width| of(width, Some(0.99))), ["low", "low", "low"]);
        // A judge's word is an identity like a link: it is not the person's number.
        assert_eq!(of(0.1, Some(1.0)), "medium");
        assert_eq!(confidence(&Rating { link_probability: Some(0.9999), ..Rating::default() }), "none");
    }
}
