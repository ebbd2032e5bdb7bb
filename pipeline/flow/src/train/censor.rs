//! Cases that ended before their window for a reason of their own (bankruptcy, transfer, withdrawal, death without estate): what they would have come to
//! is not known, and leaving them out would count the others as if such ends fell blindly.
//!
//! A row whose outcome is known counts as one over the chance that its case was not cut off by then (inverse-probability-of-censoring weights: Robins and
//! Finkelstein, *Biometrics* 2000), by Kaplan and Meier over the days at risk, apart for organisations, which alone go bankrupt, and persons. A case that
//! ended otherwise can be cut off no more, so its risk stops there. The curve is fitted on the training rows alone. Weights are held under a bound of the
//! catalog, and normed to a mean of one over the training rows.

use luheng_models::{TrainingSet, assess};
use serde::Serialize;

use super::sample::{Sample, Use};
use crate::bundle::CUTS;
use crate::error::Result;

/// Fewest rows of a stratum with a curve of its own.
const FEWEST: usize = 200;

/// What censoring did, in `validation.json`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Censored {
    /// Rows whose case was cut off inside its window, of the days that train and of the rows that assess.
    pub(super) train_rows: usize,
    pub(super) assess_rows: usize,
    /// Their share of all rows of those days.
    pub(super) train_share: f64,
    pub(super) assess_share: f64,
    /// Greatest weight of a training row after norming, and how many were held under the bound.
    pub(super) greatest_weight: f64,
    pub(super) truncated_rows: usize,
    /// The assessing rows with those cut off put in, all of them good or all of them bad: between the two lies the truth.
    pub(super) if_all_good: Option<Bound>,
    pub(super) if_all_bad: Option<Bound>,
}

/// Figures of one bound.
#[derive(Clone, Debug, Serialize)]
pub struct Bound {
    pub(super) rate: f64,
    pub(super) auc: Option<f64>,
    pub(super) brier: f64,
}

/// The chance of not having been cut off, day by day: steps of Kaplan and Meier.
struct Curve(Vec<(i32, f64)>);

impl Curve {
    /// From days at risk and whether the row was cut off then.
    fn fit(mut rows: Vec<(i32, bool)>) -> Self {
        rows.sort_unstable();
        let (mut steps, mut left, mut at) = (Vec::new(), 1.0, 0);
        while at < rows.len() {
            let same = rows[at..].iter().take_while(|row| row.0 == rows[at].0);
            let (n, cut) = same.fold((0, 0), |(n, cut), row| (n + 1, cut + usize::from(row.1)));
            if cut > 0 {
                left *= 1.0 - cut as f64 / (rows.len() - at) as f64;
                steps.push((rows[at].0, left));
            }
            at += n;
        }
        Self(steps)
    }

    /// The chance of having lasted through the days before this one: an outcome comes before what would cut it off on its own day.
    fn before(&self, day: i32) -> f64 {
        let at = self.0.partition_point(|step| step.0 < day);
        at.checked_sub(1).map_or(1.0, |at| self.0[at].1)
    }
}

/// The weight of every row of a sample, and what to say of it. Rows that were cut off weigh 1; they are only read for bounds.
pub fn weights(sample: &Sample, usage: &Use, most: f64) -> (Vec<f64>, Censored) {
    let (train, cut) = (&usage.train, &usage.cut_train);
    let share = |cut: &[usize], kept: &[usize]| cut.len() as f64 / (cut.len() + kept.len()).max(1) as f64;
    let mut censored = Censored {
        train_rows: cut.len(),
        assess_rows: usage.cut_assess.len(),
        train_share: share(cut, train),
        assess_share: share(&usage.cut_assess, &usage.assess),
        greatest_weight: 1.0,
        ..Censored::default()
    };
    let mut weight = vec![1.0; sample.at.len()];
    if cut.is_empty() {
        return (weight, censored);
    }
    let of = |keep: &dyn Fn(usize) -> bool| -> Vec<(i32, bool)> {
        let kept = train.iter().map(|at| (*at, false)).chain(cut.iter().map(|at| (*at, true)));
        kept.filter(|(at, _)| keep(*at)).map(|(at, cut)| (sample.at_risk[at], cut)).collect()
    };
    let all = Curve::fit(of(&|_| true));
    let strata =
        [false, true].map(|kind| Some(of(&|at| sample.is_organisation[at] == kind)).filter(|rows| rows.len() >= FEWEST).map(Curve::fit));
    for (at, weight) in weight.iter_mut().enumerate().filter(|(at, _)| sample.label[*at].is_some()) {
        let curve = strata[usize::from(sample.is_organisation[at])].as_ref().unwrap_or(&all);
        let left = curve.before(sample.at_risk[at]);
        *weight = if left * most > 1.0 { 1.0 / left } else { most };
        censored.truncated_rows += usize::from(left * most < 1.0);
    }
    let mean = train.iter().map(|at| weight[*at]).sum::<f64>() / train.len().max(1) as f64;
    if mean > 0.0 {
        (0..weight.len()).filter(|at| sample.label[*at].is_some()).for_each(|at| weight[at] /= mean);
    }
    censored.greatest_weight = train.iter().map(|at| weight[*at]).fold(0.0, f64::max);
    (weight, censored)
}

/// The two bounds on the assessing rows: `predict` gives the probability of each row of a set.
///
/// # Errors
/// Those of predicting and of judging.
pub fn bounds(set: &TrainingSet, usage: &Use, censored: &mut Censored, predict: &dyn Fn(&TrainingSet) -> Result<Vec<f64>>) -> Result<()> {
    if usage.cut_assess.is_empty() {
        return Ok(());
    }
    let rows: Vec<usize> = usage.assess.iter().chain(&usage.cut_assess).copied().collect();
    let part = set.take(&rows)?;
    let p = predict(&part)?;
    let bound = |cut_off: f64| -> Result<Bound> {
        let mut label = part.label().to_vec();
        label[usage.assess.len()..].fill(cut_off);
        let found = assess::assess(&p, &label, &vec![1.0; label.len()], &CUTS)?;
        Ok(Bound { rate: found.base_rate, auc: found.auc, brier: found.brier })
    };
    (censored.if_all_good, censored.if_all_bad) = (Some(bound(1.0)?), Some(bound(0.0)?));
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use crate::train::sample::tests::draw;

    #[test]
    fn the_curve_is_kaplan_and_meiers() {
        // 10 rows; cut off on day 3 (one of nine) and on day 5 (one of the seven left); an outcome on day 5 comes before what is cut off then.
        let rows = [(2, false), (3, true), (4, false), (5, true), (5, false), (9, false), (9, false), (9, false), (9, false), (9, false)];
        let curve = Curve::fit(rows.to_vec());
        assert_eq!([2, 3, 4, 5].map(|day| curve.before(day)), [1.0, 1.0, 1.0 - 1.0 / 9.0, 1.0 - 1.0 / 9.0]);
        assert!((curve.before(6) - (8.0 / 9.0) * (6.0 / 7.0)).abs() < 1e-12);
    }

    /// Rows good or bad as drawn; the bad go bankrupt on day 60 in half of the cases, and then say nothing. The weights know the days alone.
    fn town() -> (Sample, Use, f64) {
        let rows = 4_000;
        // Good ones are paid up on day 30 and can be cut off no more.
        let good: Vec<bool> = (0..rows).map(|at| draw(at, "good") < 0.4).collect();
        let cut: Vec<bool> = (0..rows).map(|at| !good[at] && draw(at, "cut") < 0.5).collect();
        let labels = (0..rows).map(|at| (!cut[at]).then_some(f64::from(u8::from(good[at]))));
        let at_risk = (0..rows).map(|at| {
            if good[at] {
                30
            } else if cut[at] {
                60
            } else {
                180
            }
        });
        let sample = Sample {
            at: (0..rows).collect(),
            label: labels.collect(),
            day: vec![0; rows],
            known: vec![180; rows],
            at_risk: at_risk.collect(),
            case: (0..rows).map(|at| at.to_string()).collect(),
            debtor: (0..rows).map(|at| at.to_string()).collect(),
            is_organisation: vec![false; rows],
        };
        let (cut_train, train): (Vec<usize>, Vec<usize>) = (0..rows).partition(|at| cut[*at]);
        let usage =
            Use { train, calibrate: Vec::new(), assess: Vec::new(), cut_train, cut_assess: Vec::new(), notes: Vec::new(), refit: false };
        let rate = good.iter().filter(|g| **g).count() as f64 / rows as f64;
        (sample, usage, rate)
    }

    #[test]
    fn weights_bring_back_the_rate_of_those_who_were_cut_off() {
        let (sample, usage, truth) = town();
        let rate = |weight: &[f64]| {
            let all: f64 = usage.train.iter().map(|at| weight[*at]).sum();
            usage.train.iter().map(|at| weight[*at] * sample.label[*at].unwrap()).sum::<f64>() / all
        };
        let (weight, censored) = weights(&sample, &usage, 10.0);
        let plain = rate(&vec![1.0; sample.at.len()]);
        assert!(plain > truth + 0.1 && (rate(&weight) - truth).abs() < 1e-9, "{plain} without, {} with, {truth} in truth", rate(&weight));
        assert!((censored.train_share - 0.3).abs() < 0.03 && censored.truncated_rows == 0 && censored.greatest_weight > 1.0);
        let (held, told) = weights(&sample, &usage, 1.5);
        assert!(told.truncated_rows > 0 && rate(&held) > rate(&weight), "a bound on the weights gives up part of it, and is told");
    }
}
