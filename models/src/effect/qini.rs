//! The Qini curve of a drawn treatment, as its author draws it (Radcliffe, *Using control groups to target on predicted lift: building and
//! assessing uplift models*, 2007): what the treated of the top did beyond as many controls of the top. No model enters; for treatment that was
//! not drawn it is wrong, and [`super::CrossFit::curve`] is the one to ask.

use serde::{Deserialize, Serialize};

use super::curve::{Ranked, check_priority};
use super::resample::Resampling;
use super::{Estimate, Study};
use crate::error::Result;

/// Shares of the treated at which the curve is given.
const SHARES: [f64; 10] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0];

/// One point of the curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QiniPoint {
    /// Share ranked highest, by weight of both arms.
    pub share: f64,
    /// Outcomes won there by treating, per treated row of all.
    pub won: Estimate,
}

/// The curve and its coefficient.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Qini {
    /// Area between the curve and the straight line to its end, shares from 0 to 1 and outcomes per treated row; 0 tells nothing.
    pub coefficient: Estimate,
    /// The curve; the last point is the effect on all.
    pub points: Vec<QiniPoint>,
}

/// The curve of `priority`, one a row of the study, the greater the sooner. The ranking must come from other rows than these.
///
/// # Errors
/// [`crate::Error::Shape`] for another length or fewer than two groups, [`crate::Error::Value`] for NaN, [`crate::Error::Parameter`].
pub fn qini(study: &Study, priority: &[f64], resampling: &Resampling) -> Result<Qini> {
    check_priority(priority)?;
    let priority = study.inwards("priorities", priority)?;
    let ranked = Ranked::among(study.group(), &priority, |_| true);
    let names = {
        let mut names: Vec<&str> = study.set().group().iter().map(String::as_str).collect();
        names.dedup();
        names
    };
    let figures = |within: &[bool]| {
        let steps = steps(study, &ranked, within);
        [area(&steps)].into_iter().chain(SHARES.map(|u| at(&steps, u))).collect()
    };
    let found = resampling.estimates(&names, figures)?;
    let points = SHARES.iter().zip(&found[1..]).map(|(share, won)| QiniPoint { share: *share, won: *won }).collect();
    Ok(Qini { coefficient: found[0], points })
}

/// Share of the weight, and outcomes won per treated row of all, at the end of each run; begins with (0, 0).
fn steps(study: &Study, ranked: &Ranked, within: &[bool]) -> Vec<(f64, f64)> {
    let (weight, label) = (study.set().weight(), study.set().label());
    let (mut n, mut sum) = ([0.0; 2], [0.0; 2]);
    let mut steps = vec![(0.0, 0.0)];
    for run in ranked.runs(within) {
        for i in run {
            let arm = usize::from(study.treated()[i]);
            n[arm] += weight[i];
            sum[arm] += weight[i] * label[i];
        }
        // Without controls yet, nothing is known to take away.
        let without = if n[0] > 0.0 { sum[0] * n[1] / n[0] } else { 0.0 };
        steps.push((n[0] + n[1], sum[1] - without));
    }
    let all = n[0] + n[1];
    steps.into_iter().map(|(share, won)| (share / all, if n[1] > 0.0 { won / n[1] } else { 0.0 })).collect()
}

fn area(steps: &[(f64, f64)]) -> f64 {
    let under: f64 = steps.windows(2).map(|pair| 0.5 * (pair[0].1 + pair[1].1) * (pair[1].0 - pair[0].0)).sum();
    under - 0.5 * steps.last().map_or(0.0, |last| last.1)
}

/// The curve at a share, straight between the ends of runs.
fn at(steps: &[(f64, f64)], share: f64) -> f64 {
    let above = steps.partition_point(|(u, _)| *u < share);
    match (above.checked_sub(1).and_then(|b| steps.get(b)), steps.get(above)) {
        (Some(low), Some(high)) => low.1 + (high.1 - low.1) * (share - low.0) / (high.0 - low.0),
        (None, _) => 0.0,
        (Some(low), None) => low.1,
    }
}
