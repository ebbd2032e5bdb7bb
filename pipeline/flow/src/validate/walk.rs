//! Through time: each period is judged by a model that knew only what was known before it began.
//!
//! Periods are months, or quarters where months have few rows. Where the configuration itself holds out time (`moment = "filing+Nd"` with `train_until`),
//! windows are as long as the history and leave nothing to purge: one model of the cases filed until then is judged by the months after.

use luheng_lake::columns::{Columns, Day, day};
use luheng_models::{Interval, split};

use super::fold::{Fitted, Fold, Recipe, Split};
use super::sample::Sample;
use super::stability;
use crate::bundle::design;
use crate::config::Moment;
use crate::context::Context;
use crate::error::Result;
use crate::validate::figures::Shift;

/// Median rows of a month below which quarters are judged.
const FEW_ROWS: usize = 200;
/// Newest share of the cases filed until the day that calibrates, where nothing can be purged: as training has it.
const CALIBRATING_SHARE: f64 = 0.2;

/// What every period's model said of rows it could not know.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// `month` or `quarter`.
    pub span: &'static str,
    /// Whether models learned only outcomes known before their period.
    pub purged: bool,
    /// The periods judged, the earliest first.
    pub runs: Vec<Run>,
    /// Those that could not be, and why.
    pub skipped: Vec<(String, String)>,
}

/// One period.
#[derive(Debug)]
pub(super) struct Run {
    /// Its name.
    pub name: String,
    /// Rows its model learned from.
    pub learned: u64,
    /// Rows of the sample in it.
    pub rows: Vec<usize>,
    /// What was said of them.
    pub p: Vec<f64>,
    /// Interval of each, where the target is a share.
    pub interval: Vec<Interval>,
    /// Whether the debtor had been learned from.
    pub returning: Vec<bool>,
    /// Scores against those of the rows learned from.
    pub psi: Shift,
    /// Features against the same.
    pub csi: Vec<Shift>,
}

/// A stretch of days: its name, first day and the first day after it.
type Stretch = (String, Day, Day);

/// Judges period by period.
pub(super) fn walk(training: &Columns, sample: &Sample, recipe: &Recipe<'_>, ctx: &Context) -> Result<Walk> {
    let held = match (ctx.config.moment(), ctx.config.train_until()) {
        (Moment::Filing(after), Some(until)) => Some(until.saturating_add(after)),
        _ => None,
    };
    let (span, stretches) = stretches(&sample.day);
    let mut walk = Walk { span, purged: held.is_none(), ..Walk::default() };
    // Of the cases filed until a day there is one model for all periods after.
    let one = held.map(|until| filed_until(training, sample, recipe, until, ctx)).transpose()?;
    for (name, from, to) in stretches {
        let rows: Vec<usize> = (0..sample.len())
            .filter(|row| (from..to).contains(&sample.day[*row]) && held.is_none_or(|until| sample.day[*row] > until))
            .collect();
        if rows.is_empty() {
            continue;
        }
        let own;
        let fitted = match &one {
            Some(fitted) => fitted,
            None => {
                let known: Vec<usize> = (0..sample.len()).filter(|row| sample.known[*row] < from).collect();
                own = recipe.fit(training, sample, recipe.split(sample, &known, ctx), ctx)?;
                &own
            }
        };
        match fitted {
            Fitted::Fold(fold) => walk.runs.push(run(name, rows, fold, training, sample, recipe)?),
            Fitted::Not(why) => walk.skipped.push((name, why.clone())),
        }
    }
    Ok(walk)
}

fn filed_until(training: &Columns, sample: &Sample, recipe: &Recipe<'_>, until: Day, ctx: &Context) -> Result<Fitted> {
    let known: Vec<usize> = (0..sample.len()).filter(|row| sample.day[*row] <= until).collect();
    let days: Vec<Day> = known.iter().map(|row| sample.day[*row]).collect();
    let cut = split::cut_for(&days, CALIBRATING_SHARE).unwrap_or(until);
    let (train, calibrate) = known.into_iter().partition(|row| sample.day[*row] < cut);
    recipe.fit(training, sample, Split { train, calibrate }, ctx)
}

fn run(name: String, rows: Vec<usize>, fold: &Fold, training: &Columns, sample: &Sample, recipe: &Recipe<'_>) -> Result<Run> {
    let met: std::collections::BTreeSet<&str> = fold.learned.iter().map(|row| sample.debtor[*row].as_str()).collect();
    let p = fold.predict(training, sample, &rows, recipe.spec)?;
    let before = fold.predict(training, sample, &fold.learned, recipe.spec)?;
    let designs = |rows: &[usize]| design(training, &rows.iter().map(|row| sample.at[*row]).collect::<Vec<_>>(), recipe.spec);
    Ok(Run {
        learned: fold.learned.len() as u64,
        interval: p.iter().filter_map(|p| fold.interval(*p)).collect(),
        returning: rows.iter().map(|row| met.contains(sample.debtor[*row].as_str())).collect(),
        psi: stability::of_scores("score", &before, &p)?,
        csi: stability::of_features(&designs(&fold.learned)?, &designs(&rows)?)?,
        name,
        rows,
        p,
    })
}

/// The months of these days, or their quarters where months have few rows, in order.
fn stretches(days: &[Day]) -> (&'static str, Vec<Stretch>) {
    let of = |months: u8| {
        let mut starts: Vec<(Day, usize)> = Vec::new();
        let mut firsts: Vec<Day> = days.iter().map(|on| first_of(*on, months)).collect();
        firsts.sort_unstable();
        for same in firsts.chunk_by(|a, b| a == b) {
            starts.push((same[0], same.len()));
        }
        starts
    };
    let by_month = of(1);
    let mut sizes: Vec<usize> = by_month.iter().map(|(_, rows)| *rows).collect();
    sizes.sort_unstable();
    let few = sizes.get(sizes.len() / 2).is_some_and(|median| *median < FEW_ROWS);
    let (span, months, starts) = if few { ("quarter", 3, of(3)) } else { ("month", 1, by_month) };
    let named = |start: Day| {
        let (year, month, _) = day::ymd(start);
        if few { format!("{year:04}-Q{}", (month - 1) / 3 + 1) } else { format!("{year:04}-{month:02}") }
    };
    (span, starts.into_iter().map(|(start, _)| (named(start), start, day::add_months(start, months))).collect())
}

/// The first day of the stretch of so many months that a day lies in.
fn first_of(on: Day, months: u8) -> Day {
    let (year, month, _) = day::ymd(on);
    day::from_ymd(year, (month - 1) / months * months + 1, 1).unwrap_or(on)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::fixture::context;
    use crate::validate::fold::tests_of_folds::{recipe, rows, sample_of};

    #[test]
    fn months_with_few_rows_are_judged_by_quarter() {
        let on = |text| day::parse(text).unwrap();
        let few = stretches(&[on("2025-02-28"), on("2025-04-01"), on("2025-12-31")]);
        let names: Vec<&str> = few.1.iter().map(|s| s.0.as_str()).collect();
        assert_eq!((few.0, names), ("quarter", vec!["2025-Q1", "2025-Q2", "2025-Q4"]));
        assert_eq!((few.1[2].1, few.1[2].2), (on("2025-10-01"), on("2026-01-01")));
        let many = stretches(&[vec![on("2025-02-28"); FEW_ROWS], vec![on("2025-04-01"); FEW_ROWS]].concat());
        assert_eq!((many.0, many.1.len(), many.1[1].0.as_str()), ("month", 2, "2025-04"));
    }

    #[test]
    fn no_period_is_judged_by_a_model_that_knew_an_outcome_of_its_time() {
        let ctx = context();
        // From row 2,100 on the world turns round; it is known half a year later.
        let training = rows(|at, x| if at < 2_100 { x } else { 1.0 - x }, |_| 180);
        let sample = sample_of(&training, &ctx);
        let walk = walk(&training, &sample, &recipe(&training, &ctx), &ctx).unwrap();
        assert!(walk.purged && walk.runs.len() > 10, "{:?}", walk.skipped);
        // Until then every period is told as if nothing had happened, as surely as before.
        let turn = sample.day[2_100];
        let blind: Vec<&Run> = walk.runs.iter().filter(|run| (turn..turn + 180).contains(&sample.day[run.rows[0]])).collect();
        assert!(blind.len() >= 2, "{} periods began in that half year", blind.len());
        for run in blind {
            let hits: f64 = run.rows.iter().zip(&run.p).map(|(row, p)| (p - 0.5) * (sample.label[*row] - 0.5)).sum();
            let mean = hits / run.rows.len() as f64;
            assert!(mean < -0.05, "{}: the model knew of the turn before anybody could: {mean}", run.name);
        }
    }

    #[test]
    fn a_period_whose_windows_no_day_before_it_closed_is_skipped_with_its_reason() {
        let ctx = context();
        let training = rows(|_, x| x, |_| 100_000);
        let walk = walk(&training, &sample_of(&training, &ctx), &recipe(&training, &ctx), &ctx).unwrap();
        assert!(walk.runs.is_empty() && walk.skipped.iter().all(|(_, why)| why.contains("0 good and 0 bad")), "{:?}", walk.skipped.first());
    }
}
