//! The estimators on public experiments (../shared/data/uplift). Skipped, saying so, where the data are not there.
//!
//! `nsw` and `cps` are LaLonde's (1986) test of estimators, in the sample of Dehejia and Wahba (1999). Its covariates include age, ethnicity and
//! marriage: that is the benchmark as everyone runs it. They are used here, in a test of an estimator, and nowhere else: nothing that ships may
//! know them (contract.md §3).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

mod study;
mod truth;

use std::path::PathBuf;

use luheng_models::effect::{Answer, Effect, Learner, Limits, Propensity, Resampling, Study, Subclasses, Target, qini};
use luheng_models::split::fold_of;
use luheng_models::{LogisticParams, Params, ScorecardParams, TrainingSet};

/// Names and cells of a set; `None` where the data are not on this machine.
fn read(name: &str) -> Option<(Vec<String>, Vec<Vec<String>>)> {
    let near = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data");
    let roots = [std::env::var("LUHENG_DATA").unwrap_or_default(), near.to_owned(), "/work/shared/data".to_owned()];
    let text = roots.iter().find_map(|root| std::fs::read_to_string(PathBuf::from(root).join("uplift").join(name)).ok());
    let Some(text) = text else {
        println!("skipped: {name} is not on this machine (LUHENG_DATA names the folder it is in)");
        return None;
    };
    let mut lines = text.lines().map(cells);
    Some((lines.next()?, lines.collect()))
}

/// The cells of a line; commas within quotes part nothing.
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut quoted) = (vec![String::new()], false);
    for c in line.chars() {
        match (c, quoted) {
            ('"', _) => quoted = !quoted,
            (',', false) => cells.push(String::new()),
            _ => cells.last_mut().unwrap().push(c),
        }
    }
    cells
}

fn column(table: &(Vec<String>, Vec<Vec<String>>), name: &str) -> Vec<String> {
    let at = table.0.iter().position(|n| n == name).expect(name);
    table.1.iter().map(|row| row[at].clone()).collect()
}

fn numbers(table: &(Vec<String>, Vec<Vec<String>>), name: &str) -> Vec<f64> {
    column(table, name).iter().map(|cell| cell.parse().unwrap()).collect()
}

/// 1 where a cell is `value`.
fn mark(table: &(Vec<String>, Vec<Vec<String>>), name: &str, value: &str) -> Vec<f64> {
    column(table, name).iter().map(|cell| f64::from(u8::from(cell == value))).collect()
}

/// The e-mail experiment: visits; arm 1 the men's mail, arm 2 the women's, 0 none. Sex is not among its columns: `mens` and `womens` say what was
/// bought before.
fn hillstrom() -> Option<(TrainingSet, Vec<u32>)> {
    let table = read("hillstrom.csv")?;
    let columns = vec![
        ("recency", numbers(&table, "recency")),
        ("history", numbers(&table, "history")),
        ("bought_mens", numbers(&table, "mens")),
        ("bought_womens", numbers(&table, "womens")),
        ("newbie", numbers(&table, "newbie")),
        ("web", mark(&table, "channel", "Web")),
        ("phone", mark(&table, "channel", "Phone")),
    ];
    let arm = column(&table, "segment")
        .into_iter()
        .map(|s| ["No E-Mail", "Mens E-Mail", "Womens E-Mail"].iter().position(|n| *n == s).unwrap() as u32);
    let label = numbers(&table, "visit");
    let n = label.len();
    Some((study::set(columns, label, (0..n).map(|i| i.to_string()).collect()), arm.collect()))
}

#[test]
fn the_mail_experiment_comes_out() {
    let Some((set, arm)) = hillstrom() else { return };
    assert_eq!(set.rows(), 32_000);
    let rate = |a: u32| {
        let rows: Vec<usize> = (0..set.rows()).filter(|i| arm[*i] == a).collect();
        rows.iter().map(|i| set.label()[*i]).sum::<f64>() / rows.len() as f64
    };
    println!("visits: none {:.4}, women's {:.4}, men's {:.4}", rate(0), rate(2), rate(1));
    let learner = Learner { propensity: Propensity::Known(0.5), ..Learner::default() };
    for (against, published) in [(1, 0.183 - 0.106), (2, 0.151 - 0.106)] {
        let study = Study::new(&set, &arm, against).unwrap();
        let naive = rate(against) - rate(0);
        for (road, learner) in [("drawn", learner.clone()), ("learnt", Learner::default())] {
            let got = learner.fit(&study).unwrap().effect(Target::Everyone).unwrap().estimated().unwrap();
            println!("arm {against}, propensity {road}: {:?}; difference of means {naive:.5}", got.estimate);
            assert!((got.estimate.value - published).abs() < 0.002 && (got.estimate.value - naive).abs() < 0.001);
            assert!(got.estimate.standard_error < 0.005 && got.estimate.holds(published));
            assert!(got.overlap.balance.iter().all(|b| b.before.abs() < 0.03), "it was drawn: {:?}", got.overlap.balance);
        }
    }
}

#[test]
fn a_learnt_ranking_of_the_womens_mail_is_better_than_chance() {
    let Some((set, arm)) = hillstrom() else { return };
    // Learnt on one half, judged on the other.
    let half = |h: u32| -> Vec<usize> { (0..set.rows()).filter(|i| fold_of(&set.group()[*i], 2, 11) == h).collect() };
    let of = |rows: &[usize]| (set.take(rows).unwrap(), rows.iter().map(|i| arm[*i]).collect::<Vec<u32>>());
    let ((learn, learn_arm), (judge, judge_arm)) = (of(&half(0)), of(&half(1)));
    let learner = Learner { propensity: Propensity::Known(0.5), ..Learner::default() };
    for against in [2, 1] {
        let study = Study::new(&learn, &learn_arm, against).unwrap();
        let gains = learner.fit(&study).unwrap().gains(1.0).unwrap().estimated().unwrap();
        for line in &gains.lines {
            println!("arm {against}: {} {:+.4} per standard deviation", line.id, line.slope);
        }
        let study = Study::new(&judge, &judge_arm, against).unwrap();
        let rows = judge.design().take(study.rows()).unwrap();
        let priority: Vec<f64> = gains.predict(&rows).unwrap().iter().map(|e| e.value).collect();
        let by_hand = qini(&study, &priority, &Resampling::default()).unwrap();
        let fit = learner.fit(&study).unwrap();
        let curve = fit.curve(&priority, &Resampling::default()).unwrap().estimated().unwrap();
        let policy = fit.policy(&priority, 0.3, &Resampling::default()).unwrap().estimated().unwrap();
        println!(
            "arm {against}: Qini {:?}\n  AUTOC {:?}\n  QINI {:?}\n  top 0.3 {:?}",
            by_hand.coefficient, curve.autoc, curve.qini, policy.gain
        );
        // Two roads to one area: the author's counts and the doubly robust scores.
        assert!((by_hand.coefficient.value - curve.qini.value).abs() < 0.002);
        if against == 2 {
            // The women's mail wins over those who bought women's goods before.
            assert!(curve.autoc.low > 0.0 && by_hand.coefficient.low > 0.0 && policy.gain.low > 0.0);
        }
    }
}

/// Greatest earnings that enter, in dollars: what is above counts as it, and the outcome is the share of it. The greatest of the experiment is
/// 60,308; of the comparison group 25,565 (top-coded).
const MOST: f64 = 60_308.0;
const COVARIATES: [&str; 8] = ["age", "educ", "black", "hisp", "marr", "nodegree", "re74", "re75"];

type Table = (Vec<String>, Vec<Vec<String>>);

/// Earnings after, as a share; covariates, and whether there were earnings at all (as in Dehejia and Wahba).
fn jobs(tables: &[&Table]) -> (TrainingSet, Vec<u32>) {
    let all = |name: &str| tables.iter().flat_map(|t| numbers(t, name)).collect::<Vec<f64>>();
    let mut columns: Vec<(&str, Vec<f64>)> = COVARIATES.iter().map(|name| (*name, all(name))).collect();
    columns.push(("none74", all("re74").iter().map(|x| f64::from(u8::from(*x == 0.0))).collect()));
    columns.push(("none75", all("re75").iter().map(|x| f64::from(u8::from(*x == 0.0))).collect()));
    let label: Vec<f64> = all("re78").iter().map(|x| x.min(MOST) / MOST).collect();
    let n = label.len();
    (study::set(columns, label, (0..n).map(|i| i.to_string()).collect()), all("treat").iter().map(|t| *t as u32).collect())
}

fn said(name: &str, answer: &Answer<Effect>) -> Option<f64> {
    match answer {
        Answer::Estimated(effect) => {
            let [value, error, low, high] =
                [effect.estimate.value, effect.estimate.standard_error, effect.estimate.low, effect.estimate.high].map(|x| x * MOST);
            let worst = effect.overlap.balance.iter().map(|b| b.after.abs()).fold(0.0, f64::max);
            println!(
                "{name}: {value:.0} ± {error:.0} ({low:.0} to {high:.0}), {} rows, left out {:.3}, worst balance {worst:.2}",
                effect.rows, effect.overlap.trimmed_share
            );
            Some(value)
        }
        Answer::Abstained(abstained) => {
            let why: Vec<String> = abstained.why.iter().map(ToString::to_string).collect();
            println!("{name}: no number, since {}", why.join("; "));
            None
        }
    }
}

#[test]
fn job_training_by_experiment() {
    let Some(nsw) = read("nsw.csv") else { return };
    let (set, arm) = jobs(&[&nsw]);
    let study = Study::new(&set, &arm, 1).unwrap();
    let mean = |a: u32| {
        let rows: Vec<usize> = (0..set.rows()).filter(|i| arm[*i] == a).collect();
        rows.iter().map(|i| set.label()[*i]).sum::<f64>() / rows.len() as f64 * MOST
    };
    println!("difference of means: {:.1}", mean(1) - mean(0));
    assert!((mean(1) - mean(0) - 1794.3).abs() < 0.5, "the published figure");
    // Drawn, yet by chance (and by who is in this sample) the arms differ in schooling by more than three standard errors: by its own limits
    // the learner abstains unless told that the draw is known, or lets the propensity be learnt and so takes the difference out.
    let drawn = Learner { propensity: Propensity::Known(185.0 / 445.0), ..Learner::default() };
    assert_eq!(said("doubly robust, drawn", &drawn.fit(&study).unwrap().effect(Target::Everyone).unwrap()), None);
    let told = Learner { limits: Limits { max_imbalance: 0.35, ..Limits::default() }, ..drawn };
    for (name, learner) in [("doubly robust, drawn, difference allowed", told.clone()), ("doubly robust, learnt", Learner::default())] {
        let got = said(name, &learner.fit(&study).unwrap().effect(Target::Everyone).unwrap()).unwrap();
        assert!((got - 1794.0).abs() < 300.0);
    }
    // One stratum, all rows: the difference of means with Neyman's error, 671 in the literature.
    let all = Subclasses { limits: told.limits, ..Subclasses::default() }.within(&study, &vec![0; study.len()]).unwrap();
    let neyman = all.effect.as_estimated().unwrap().estimate;
    assert!((neyman.value * MOST - 1794.3).abs() < 0.5 && (neyman.standard_error * MOST - 671.0).abs() < 1.0, "{neyman:?}");
}

#[test]
fn job_training_against_a_comparison_group() {
    let (Some(nsw), Some(cps)) = (read("nsw.csv"), read("cps.csv")) else { return };
    let treated = (nsw.0.clone(), nsw.1.iter().filter(|row| row[1] == "1").cloned().collect());
    let (set, arm) = jobs(&[&treated, &cps]);
    assert_eq!(set.rows(), 185 + 15_992);
    let study = Study::new(&set, &arm, 1).unwrap();
    let (logistic, scorecard) = (Params::Logistic(LogisticParams::default()), Params::Scorecard(ScorecardParams::default()));
    let mut found = Vec::new();
    for (name, propensity, outcome) in
        [("logistic", logistic, logistic), ("scorecard", scorecard, scorecard), ("scorecard, outcomes logistic", scorecard, logistic)]
    {
        let learner = Learner { propensity: Propensity::Fitted(propensity), treated: outcome, control: outcome, ..Learner::default() };
        let fit = learner.fit(&study).unwrap();
        let everyone = fit.effect(Target::Everyone).unwrap();
        said(&format!("{name}, everyone"), &everyone);
        assert!(everyone.abstained().is_some(), "nearly nobody of the comparison group is like the treated");
        found.extend(said(&format!("{name}, treated"), &fit.effect(Target::Treated).unwrap()));
        let some = Learner { limits: Limits { max_trimmed: 1.0, ..Limits::default() }, ..learner }.fit(&study).unwrap();
        said(&format!("{name}, those of propensity 0.1 to 0.9, whoever is left"), &some.effect(Target::Everyone).unwrap());
    }
    let strata = Subclasses { target: Target::Treated, ..Subclasses::default() }.fit(&study).unwrap();
    found.extend(said("five strata, treated", &strata.effect));
    let rows: Vec<f64> = (0..2)
        .map(|a| (0..set.rows()).filter(|i| arm[*i] == a).map(|i| set.label()[i]).sum::<f64>() / [15_992.0, 185.0][a as usize])
        .collect();
    let naive = (rows[1] - rows[0]) * MOST;
    println!("difference of means: {naive:.0}");
    assert!(naive < -8_000.0, "the naive difference is absurd");
    assert!(!found.is_empty() && found.iter().all(|f| (f - 1794.0).abs() < 2_000.0), "{found:?}");
}
