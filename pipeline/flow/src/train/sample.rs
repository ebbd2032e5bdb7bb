//! The rows of one rating: what came of each, when that was known, and which of them train, choose, calibrate and assess.

use luheng_lake::columns::{Column, Columns, Day, day};
use luheng_models::{TrainingSet, split};

use super::rows::Rows;
use crate::bundle::column;
use crate::config::Moment;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::features::IS_ORGANISATION;
use crate::rating::{Spec, Target};

/// Most rows, held-out ones included, of a rating; more are thinned by hash of the case. Landmarks of a party say much the same: benches/README.md tells
/// what the rest would add.
const MOST_ROWS: usize = 300_000;
/// Newest share of the training cases that calibrates in a back-test by filing day.
const CALIBRATES: f64 = 0.2;

/// The rows of the training table that this rating has an outcome for, or whose outcome was cut off.
#[derive(Debug)]
pub struct Sample {
    /// Rows of the table.
    pub at: Vec<usize>,
    /// What came; none where the case ended before for a reason of its own.
    pub label: Vec<Option<f64>>,
    /// The day rated.
    pub day: Vec<Day>,
    /// The day on which the outcome was known: the last of its window.
    pub known: Vec<Day>,
    /// Days for which the case could have been cut off: until it was, until it ended, or the window.
    pub at_risk: Vec<i32>,
    /// The case: its parties are never on two sides.
    pub case: Vec<String>,
    /// The debtor, who may have other cases.
    pub debtor: Vec<String>,
    /// Is the debtor an organisation? Bankruptcy is theirs alone.
    pub is_organisation: Vec<bool>,
}

/// Which rows of a sample do what; those whose outcome was cut off are in none.
#[derive(Debug)]
pub struct Use {
    /// Learn.
    pub train: Vec<usize>,
    /// Choose among algorithms and calibrations, and calibrate.
    pub calibrate: Vec<usize>,
    /// Assess.
    pub assess: Vec<usize>,
    /// Cut off, of the days that train.
    pub cut_train: Vec<usize>,
    /// Cut off, of the days and cases that assess.
    pub cut_assess: Vec<usize>,
    /// How, in words.
    pub notes: Vec<String>,
    /// Fit again on training and calibrating rows together once the calibration is known.
    pub refit: bool,
}

/// The columns of the training table that a target reads: its label, and the prefix of `_end`, `_censored_on` and `_risk_days`.
fn names(target: Target) -> (&'static str, &'static str) {
    match target {
        Target::Covered => ("capacity_label", "capacity"),
        Target::RecoveredShare => ("recovery_label", "capacity"),
        Target::MeansFreeDuties => ("willingness_label", "willingness"),
        Target::Revived => ("revival_label", "revival"),
    }
}

/// The prefix of the columns of a target.
pub fn prefix(target: Target) -> &'static str {
    names(target).1
}

/// Of these rows, where they are too many, those of the cases that are kept.
fn thinned(at: &[usize], cases: &Column, seed: u64) -> Vec<usize> {
    split::thinned(at, |row| cases.text_at(row).unwrap_or_default(), MOST_ROWS, ("most rows", seed))
}

/// The first day that a rating which learns from these rows of a table holds out; none where they are fewer than a model of it needs.
///
/// # Errors
/// A table without `case_no` or `day`.
pub fn first_held_out(rows: &Columns, learns: &dyn Fn(usize) -> bool, spec: &Spec, ctx: &Context) -> Result<Option<Day>> {
    let (cases, day) = (column(rows, "case_no")?, column(rows, "day")?);
    let at = thinned(&(0..rows.len()).filter(|at| learns(*at)).collect::<Vec<_>>(), cases, ctx.seed);
    if (at.len() as u64) < spec.min_good.saturating_add(spec.min_bad) {
        return Ok(None);
    }
    let mut days: Vec<Day> = at.iter().map(|at| day.date_at(*at).unwrap_or_default()).collect();
    if let (Moment::Filing(after), Some(until)) = (ctx.config.moment(), ctx.config.train_until()) {
        let first = days.iter().copied().min();
        days.retain(|day| *day - after <= until);
        return Ok(split::cut_for(&days, CALIBRATES).or(first));
    }
    Ok(split::cut_for(&days, spec.test_share))
}

/// Refuses training rows whose features rest on what was fitted after a day that one of the ratings holds out.
///
/// # Errors
/// A fault of the stages before.
pub fn check_fitted_before(rows: &Columns, before: Option<Day>, ctx: &Context) -> Result<()> {
    let Some(before) = before else { return Ok(()) };
    for spec in ctx.ratings.all() {
        let (label, prefix) = names(spec.target);
        let (label, censored) = (column(rows, label)?, column(rows, &format!("{prefix}_censored_on"))?);
        let learns = |at: usize| label.real_at(at).is_some() || censored.date_at(at).is_some();
        let first = first_held_out(rows, &learns, spec, ctx)?;
        if let Some(first) = first.filter(|first| *first < before) {
            let (first, before) = (day::format(first), day::format(before));
            return Err(Error::Fault(format!(
                "{}: held out from {first}, and haircuts were learned up to {before}; the stages disposals and targets differ",
                spec.id
            )));
        }
    }
    Ok(())
}

impl Sample {
    /// Reads the rows of a rating.
    ///
    /// # Errors
    /// A column that is not there.
    pub fn read(rows: &Columns, spec: &Spec, ctx: &Context) -> Result<Self> {
        let (label, prefix) = names(spec.target);
        let of = |suffix: &str| column(rows, &format!("{prefix}_{suffix}"));
        let (label, end, censored, at_risk) = (column(rows, label)?, of("end")?, of("censored_on")?, of("risk_days")?);
        let (cases, debtors, days) = (column(rows, "case_no")?, column(rows, "debtor_id")?, column(rows, "day")?);
        let at: Vec<usize> = (0..rows.len()).filter(|at| label.real_at(*at).is_some() || censored.date_at(*at).is_some()).collect();
        let text = |from: &Column, at: usize| from.text_at(at).unwrap_or_default().to_owned();
        let at = thinned(&at, cases, ctx.seed);
        let organisation = rows.get(IS_ORGANISATION);
        Ok(Self {
            label: at.iter().map(|row| label.real_at(*row)).collect(),
            day: at.iter().map(|row| days.date_at(*row).unwrap_or_default()).collect(),
            known: at.iter().map(|row| end.date_at(*row).unwrap_or(Day::MAX)).collect(),
            at_risk: at.iter().map(|row| at_risk.int_at(*row).and_then(|n| i32::try_from(n).ok()).unwrap_or(spec.horizon_days)).collect(),
            case: at.iter().map(|row| text(cases, *row)).collect(),
            debtor: at.iter().map(|row| text(debtors, *row)).collect(),
            is_organisation: at.iter().map(|row| organisation.and_then(|c| c.real_at(*row)) == Some(1.0)).collect(),
            at,
        })
    }

    /// The rows as models take them, with these weights. A row that was cut off reads as bad: it is never taken but for a bound.
    ///
    /// # Errors
    /// A feature without its column; a weight not above 0.
    pub fn training_set(&self, rows: &Rows<'_>, spec: &Spec, weight: Vec<f64>) -> Result<TrainingSet> {
        let label = self.label.iter().map(|label| label.unwrap_or(0.0)).collect();
        Ok(TrainingSet::new(rows.design(&self.at, spec)?, label, weight, self.case.clone(), self.day.clone())?)
    }

    /// Which rows train, choose and calibrate, and assess. Training outcomes were `known` (stays lengthen windows) before the first held-out day; in a
    /// back-test by filing day the newest fifth of the training cases calibrates instead (their windows overlap: a horizon of years leaves no room to
    /// purge, and the note says so).
    pub fn split(&self, spec: &Spec, ctx: &Context) -> Use {
        if let (Moment::Filing(after), Some(until)) = (ctx.config.moment(), ctx.config.train_until()) {
            return self.by_filing(after, until);
        }
        let fold = |at: &usize| split::fold_of(&self.case[*at], 2, ctx.seed) == 0;
        if let Some(cut) = split::cut_for(&self.day, spec.test_share) {
            let parts = split::split_by_time(&self.day, &self.known, cut);
            let good = parts.train.iter().filter(|at| self.label[**at].is_some_and(|y| y >= 0.5)).count() as u64;
            let bad = parts.train.iter().filter(|at| self.label[**at].is_some_and(|y| y < 0.5)).count() as u64;
            let (calibrate, assess): (Vec<usize>, Vec<usize>) = parts.test.iter().partition(|at| fold(at));
            let some = |side: &[usize]| side.iter().any(|at| self.label[*at].is_some());
            if good >= spec.min_good && bad >= spec.min_bad && some(&calibrate) && some(&assess) {
                let note = format!(
                    "held out: the newest landmarks from day {cut}; {} rows purged whose windows, stays included, overlap them; half of the held-out cases choose \
                     and calibrate, half assess",
                    parts.purged.len()
                );
                return self.used(parts.train, calibrate, assess, note, false);
            }
        }
        let (train, assess): (Vec<usize>, Vec<usize>) = (0..self.day.len()).partition(fold);
        let note =
            "history too short to hold out time: half of the cases train, half assess; no choice of algorithm, not calibrated".to_owned();
        self.used(train, Vec::new(), assess, note, false)
    }

    fn by_filing(&self, after: Day, until: Day) -> Use {
        let (mut train, assess): (Vec<usize>, Vec<usize>) = (0..self.day.len()).partition(|at| self.day[*at] - after <= until);
        let of_train: Vec<Day> = train.iter().map(|at| self.day[*at]).collect();
        let mut calibrate = Vec::new();
        if let Some(cut) = split::cut_for(&of_train, CALIBRATES) {
            (train, calibrate) = train.into_iter().partition(|at| self.day[*at] < cut);
        }
        let note = "train: cases filed up to train_until; chosen and calibrated on the newest fifth of them by day by a fit on the rest (windows overlap: a \
                    horizon of years leaves no room to purge), then fitted on all of them; assessed on later cases only"
            .to_owned();
        if assess.is_empty() {
            return self.used(train, calibrate.clone(), calibrate, note, false);
        }
        self.used(train, calibrate, assess, note, true)
    }

    /// Parts whose cut-off rows are laid apart.
    fn used(&self, train: Vec<usize>, calibrate: Vec<usize>, assess: Vec<usize>, note: String, refit: bool) -> Use {
        let labelled = |side: Vec<usize>| -> (Vec<usize>, Vec<usize>) { side.into_iter().partition(|at| self.label[*at].is_some()) };
        let (train, cut_train) = labelled(train);
        let (assess, cut_assess) = labelled(assess);
        Use { train, calibrate: labelled(calibrate).0, assess, cut_train, cut_assess, notes: vec![note], refit }
    }
}

#[cfg(test)]
pub mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use std::collections::BTreeSet;

    use super::*;
    use crate::fixture::context;

    /// Rows of the made table.
    pub const ROWS: usize = 2_000;
    /// Its only feature.
    pub const FEATURE: &str = "channels_found_share";

    /// A value from 0 to 1 that looks drawn.
    pub fn draw(at: usize, of: &str) -> f64 {
        f64::from(split::fold_of(&format!("{of}{at}"), 1_000, 7)) / 1_000.0
    }

    /// Two parties a case, a case a day; the recovered share is as the feature says.
    pub fn rows(stayed: impl Fn(usize) -> i32) -> Columns {
        let day = |at: usize| 10_000 + (at / 2) as i32;
        let all = || 0..ROWS;
        Columns::new()
            .text("case_no", all().map(|at| Some(format!("case {}", at / 2))))
            .text("debtor_id", all().map(|at| Some(format!("debtor {at}"))))
            .date("day", all().map(|at| Some(day(at))))
            .date("capacity_end", all().map(|at| Some(day(at) + 180 + stayed(at))))
            .date("capacity_censored_on", all().map(|_| None))
            .int("capacity_risk_days", all().map(|_| Some(180)))
            .real("recovery_label", all().map(|at| Some(draw(at, "x"))))
            .real(FEATURE, all().map(|at| Some(draw(at, "x"))))
    }

    /// The rating of the made table.
    pub fn spec(ctx: &Context) -> Spec {
        Spec { features: vec![FEATURE.into()], challengers: Vec::new(), ..ctx.ratings.recovery.clone() }
    }

    fn used(rows: &Columns, ctx: &Context) -> (Sample, Use) {
        let spec = spec(ctx);
        let sample = Sample::read(rows, &spec, ctx).unwrap();
        let usage = sample.split(&spec, ctx);
        (sample, usage)
    }

    #[test]
    fn a_row_trains_only_if_its_own_window_had_ended_before_the_held_out_days() {
        let ctx = context();
        let (sample, usage) = used(&rows(|_| 0), &ctx);
        let cut = sample.day[usage.calibrate.iter().chain(&usage.assess).copied().min().unwrap()];
        assert!(usage.train.iter().all(|at| sample.day[*at] + 180 < cut) && !usage.train.is_empty());
        // Every tenth row was stayed for as long as all the days there are: none of them may be learnt from.
        let stay = |at: usize| if at.is_multiple_of(10) { 1_000 } else { 0 };
        let (_, stayed) = used(&rows(stay), &ctx);
        assert!(stayed.train.iter().all(|at| at % 10 != 0));
        assert_eq!(stayed.train, usage.train.iter().copied().filter(|at| at % 10 != 0).collect::<Vec<_>>());
        assert_eq!((&stayed.calibrate, &stayed.assess), (&usage.calibrate, &usage.assess));
    }

    #[test]
    fn two_parties_of_one_case_are_never_on_two_sides() {
        let mut ctx = context();
        let all = rows(|_| 0);
        let cases = |sample: &Sample, side: &[usize]| side.iter().map(|at| sample.case[*at].clone()).collect::<BTreeSet<String>>();
        let (sample, usage) = used(&all, &ctx);
        assert!(!usage.calibrate.is_empty() && usage.calibrate.len() + usage.assess.len() < ROWS);
        assert!(cases(&sample, &usage.calibrate).is_disjoint(&cases(&sample, &usage.assess)));
        // A history too short to hold out time: the cases are halved.
        ctx.ratings.recovery.min_good = ROWS as u64;
        let (sample, usage) = used(&all, &ctx);
        assert!(usage.calibrate.is_empty() && usage.train.len() + usage.assess.len() == ROWS);
        assert!(cases(&sample, &usage.train).is_disjoint(&cases(&sample, &usage.assess)));
    }

    #[test]
    fn what_was_cut_off_is_on_no_side_and_counted_on_its_own() {
        let ctx = context();
        let cut = |at: usize| at.is_multiple_of(20);
        let all = rows(|_| 0);
        let cut_off = all
            .without("recovery_label")
            .without("capacity_censored_on")
            .real("recovery_label", (0..ROWS).map(|at| (!cut(at)).then(|| draw(at, "x"))))
            .date("capacity_censored_on", (0..ROWS).map(|at| cut(at).then_some(10_050 + (at / 2) as i32)));
        let (sample, usage) = used(&cut_off, &ctx);
        assert_eq!(sample.at.len(), ROWS);
        let sides = [&usage.train, &usage.calibrate, &usage.assess];
        assert!(sides.iter().all(|side| side.iter().all(|at| !cut(*at))));
        assert!(!usage.cut_train.is_empty() && !usage.cut_assess.is_empty());
        assert!(usage.cut_train.iter().chain(&usage.cut_assess).all(|at| cut(*at)));
        let (_, whole) = used(&rows(|_| 0), &ctx);
        assert_eq!(usage.assess.len() + usage.cut_assess.len(), whole.assess.len());
    }
}
