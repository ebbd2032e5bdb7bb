//! How far scores and features have moved: population and characteristic stability index against the rows a model learned from, over ten cells of about
//! equal weight of these, missing values a cell of their own (`luheng_models::assess` has the sources).

use luheng_lake::columns::Columns;
use luheng_models::{Design, ModelArtifact, assess};

use super::figures::{Moved, Shift};
use super::sample::Sample;
use crate::bundle::{column, design};
use crate::context::Context;
use crate::error::Result;
use crate::rating::{Spec, Target};

/// Cells of an index.
const CELLS: usize = 10;

/// Index of scores.
pub(super) fn of_scores(name: &str, before: &[f64], now: &[f64]) -> Result<Shift> {
    let (ones_before, ones_now) = (vec![1.0; before.len()], vec![1.0; now.len()]);
    let found = assess::psi_of_scores((before, &ones_before), (now, &ones_now), CELLS)?;
    Ok(Shift { of: name.to_owned(), psi: found.psi, limit: found.limit })
}

/// Index of each feature, in order.
pub(super) fn of_features(before: &Design, now: &Design) -> Result<Vec<Shift>> {
    let ids = before.features().iter().map(|f| f.id.clone()).enumerate();
    ids.map(|(at, id)| of_scores(&id, &before.x().column(at).to_vec(), &now.x().column(at).to_vec())).collect()
}

/// Rows of the newest landmarks whose outcome is not known yet and which are rated on an axis.
pub(super) fn awaited_of(awaited: &Columns, spec: &Spec, ctx: &Context) -> Result<Vec<usize>> {
    let rated = match spec.target {
        Target::Covered | Target::RecoveredShare => column(awaited, "capacity_rated")?,
        Target::MeansFreeDuties => column(awaited, "willingness_rated")?,
        // The landmarks of a case closed for want of property are not among these.
        Target::Revived => return Ok(Vec::new()),
    };
    let days = column(awaited, "day")?;
    let waits = |at: &usize| days.date_at(*at).is_some_and(|on| on.saturating_add(spec.horizon_days) > ctx.as_of);
    Ok((0..awaited.len()).filter(|at| rated.flag_at(*at) == Some(true)).filter(waits).collect())
}

/// The newest landmarks against those the model itself learned from, by its own window; none where either side is empty.
pub(super) fn moved(
    artifact: &ModelArtifact,
    spec: &Spec,
    (training, sample): (&Columns, &Sample),
    (awaited, newest): (&Columns, &[usize]),
) -> Result<Option<Moved>> {
    let learned = (0..sample.len()).filter(|row| (artifact.window.first_day..=artifact.window.last_day).contains(&sample.day[*row]));
    let learned: Vec<usize> = learned.map(|row| sample.at[row]).collect();
    if learned.is_empty() || newest.is_empty() {
        return Ok(None);
    }
    let (before, now) = (design(training, &learned, spec)?, design(awaited, newest, spec)?);
    let mut csi = of_features(&before, &now)?;
    csi.sort_by(|a, b| b.psi.total_cmp(&a.psi).then_with(|| a.of.cmp(&b.of)));
    let psi = of_scores("score", &artifact.predict(&before)?, &artifact.predict(&now)?)?;
    Ok(Some(Moved { learned: learned.len() as u64, newest: newest.len() as u64, psi, csi }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_moved_score_is_told_and_one_drawn_alike_is_not() {
        let scores = |from: f64| (0..1_000).map(|at| from + f64::from(at % 100) / 200.0).collect::<Vec<f64>>();
        let still = of_scores("score", &scores(0.0), &scores(0.0)).unwrap();
        let moved = of_scores("score", &scores(0.0), &scores(0.3)).unwrap();
        assert!(still.psi <= still.limit && moved.psi > 0.25, "{still:?} {moved:?}");
    }
}
