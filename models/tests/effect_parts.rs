//! The parts of an effect, each by itself: what a figure of overlap is, and which rows a prediction may know.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod study;
mod truth;

use luheng_models::effect::{Learner, Limits, Propensity, Resampling, Study, Subclasses, Target, Why};
use luheng_models::{Design, Direction, Params, ScorecardParams, TrainingSet};
use study::World;

fn close(got: f64, wanted: f64) {
    assert!((got - wanted).abs() < 1e-12, "found {got}, expected {wanted}");
}

#[test]
fn no_row_speaks_for_itself() {
    let (set, arm) = World { rows: 400, ..World::default() }.draw(31);
    let expected = |set: &TrainingSet| Learner::default().fit(&Study::new(set, &arm, 1).unwrap()).unwrap().expected();
    let before = expected(&set);
    let mut label = set.label().to_vec();
    label[17] = 1.0 - label[17];
    let weight = set.weight().to_vec();
    let changed = TrainingSet::new(set.design().clone(), label, weight, set.group().to_vec(), set.day().to_vec()).unwrap();
    let after = expected(&changed);
    assert_eq!(before[17], after[17], "its own outcome is not known to its own prediction");
    let touched = (0..400).filter(|i| before[*i] != after[*i]).count();
    assert!((250..400).contains(&touched), "but to the other folds': {touched}");
}

#[test]
fn directions_speak_of_the_outcome_and_not_of_the_treatment() {
    // Said to raise the outcome, the feature lowers the chance of treatment.
    let mut draws = truth::Draws(5);
    let x: Vec<f64> = (0..4_000).map(|_| draws.normal()).collect();
    let arm: Vec<u32> = x.iter().map(|x| draws.yes(luheng_models::linear::link::sigmoid(-x)) as u32).collect();
    let label: Vec<f64> = x.iter().map(|x| draws.yes(luheng_models::linear::link::sigmoid(*x))).collect();
    let design = Design::from_columns(vec![truth::meta("x", Direction::Up)], vec![x.clone()]).unwrap();
    let set = TrainingSet::new(design, label, vec![1.0; 4_000], (0..4_000).map(|i| i.to_string()).collect(), vec![0; 4_000]).unwrap();
    let study = Study::new(&set, &arm, 1).unwrap();
    for params in [Learner::default().treated, Params::Scorecard(ScorecardParams::default())] {
        let fit = Learner { propensity: Propensity::Fitted(params), ..Learner::default() }.fit(&study).unwrap();
        let propensity = fit.propensity();
        let mean = |which: fn(f64) -> bool| {
            let rows: Vec<usize> = (0..4_000).filter(|i| which(x[*i])).collect();
            rows.iter().map(|i| propensity[*i]).sum::<f64>() / rows.len() as f64
        };
        assert!(mean(|x| x < -1.0) > 0.75 && mean(|x| x > 1.0) < 0.25);
        assert!(fit.effect(Target::Everyone).unwrap().estimated().unwrap().estimate.holds(0.0), "there is no effect");
    }
}

#[test]
fn figures_of_overlap_are_what_they_say() {
    // Treated: 1, 2, missing (weight 2). Control: 0, 0, 4 (weight 1), of which two are one group.
    let x = vec![1.0, 2.0, f64::NAN, 0.0, 0.0, 4.0];
    let group = ["a", "b", "c", "d", "d", "e"].map(str::to_owned).to_vec();
    let set = study::set(vec![("x", x)], vec![1.0, 0.0, 1.0, 0.0, 1.0, 0.0], group);
    let weight = vec![1.0, 1.0, 2.0, 1.0, 1.0, 1.0];
    let set = TrainingSet::new(set.design().clone(), set.label().to_vec(), weight, set.group().to_vec(), set.day().to_vec()).unwrap();
    let study = Study::new(&set, &[1, 1, 1, 0, 0, 0], 1).unwrap();
    let fit = Learner { propensity: Propensity::Known(0.4), seed: 3, ..Learner::default() }.fit(&study).unwrap();
    let overlap = fit.overlap(Target::Everyone);
    assert_eq!((overlap.treated.rows, overlap.control.rows, overlap.trimmed_share), (3, 3, 0.0));
    // Groups of weight 1, 1, 2; and of 2 and 1.
    close(overlap.treated.effective, 16.0 / 6.0);
    close(overlap.control.effective, 9.0 / 5.0);
    // Known values: treated mean 1.5, variance 0.25; control mean 4/3, variance 32/9.
    let unit = ((0.25_f64 + 32.0 / 9.0) / 2.0).sqrt();
    close(overlap.balance[0].before, (1.5 - 4.0 / 3.0) / unit);
    close(overlap.balance[0].after, overlap.balance[0].before);
    // Missing: half the treated weight, none of the control.
    assert_eq!(overlap.balance[1].feature, "x missing");
    close(overlap.balance[1].before, 0.5 / (0.25_f64 / 2.0).sqrt());
    assert_eq!(overlap.treated.propensity, [0.4; 7]);
    let known = Learner { propensity: Propensity::Known(0.95), seed: 3, ..Learner::default() };
    let out = known.fit(&study).unwrap().overlap(Target::Treated);
    assert_eq!((out.trimmed_share, out.treated.trimmed_weight, out.control.trimmed_weight), (1.0, 4.0, 3.0));
    assert!(known.fit(&study).unwrap().pseudo_outcomes().iter().all(Option::is_none));
}

#[test]
fn quantiles_of_propensity_go_by_weight() {
    let (set, arm) = World { rows: 2_000, ..World::default() }.draw(33);
    let study = Study::new(&set, &arm, 1).unwrap();
    let fit = Learner::default().fit(&study).unwrap();
    let overlap = fit.overlap(Target::Everyone);
    let mut treated: Vec<f64> = fit.propensity().into_iter().zip(&arm).filter(|(_, a)| **a == 1).map(|(e, _)| e).collect();
    treated.sort_by(f64::total_cmp);
    let n = treated.len() as f64;
    let wanted = [0.1, 0.25, 0.5, 0.75, 0.9].map(|q| treated[(q * n - 1e-9) as usize]);
    assert_eq!(overlap.treated.propensity[1..6], wanted);
    assert_eq!((overlap.treated.propensity[0], overlap.treated.propensity[6]), (treated[0], treated[treated.len() - 1]));
}

#[test]
fn each_limit_is_kept_by_itself() {
    let (set, arm) = World { rows: 3_000, ..World::default() }.draw(34);
    let study = Study::new(&set, &arm, 1).unwrap();
    let with = |limits: Limits, propensity: Propensity| {
        let fit = Learner { limits, propensity, ..Learner::default() }.fit(&study).unwrap();
        fit.effect(Target::Everyone).unwrap().abstained().map(|a| a.why.clone())
    };
    let fitted = Learner::default().propensity;
    assert_eq!(with(Limits::default(), fitted.clone()), None);
    let why = with(Limits { max_trimmed: 0.01, ..Limits::default() }, fitted.clone()).unwrap();
    assert!(matches!(why[..], [Why::Trimmed { most: 0.01, .. }]), "{why:?}");
    let why = with(Limits { min_effective: 5_000.0, ..Limits::default() }, fitted).unwrap();
    assert!(matches!(why[..], [Why::Few { treated: true, .. }, Why::Few { treated: false, .. }]), "{why:?}");
    // Said to be drawn, which it was not: the arms show it.
    let why = with(Limits::default(), Propensity::Known(0.5)).unwrap();
    assert!(matches!(&why[0], Why::Imbalance { feature, found, most: 0.25 } if feature == "rise" && *found > 0.5), "{why:?}");
}

#[test]
fn rows_of_one_subject_in_several_strata_are_one_subject() {
    // Every subject has a row in each of two strata, of one outcome: as sure as one stratum with one row a subject, not surer.
    let (set, arm) = World { rows: 1_200, ..World::default() }.draw(35);
    let both: Vec<usize> = (0..1_200).flat_map(|i| [i, i]).collect();
    let twice = set.take(&both).unwrap();
    let arms: Vec<u32> = both.iter().map(|i| arm[*i]).collect();
    let stratum: Vec<u32> = (0..2_400).map(|i| i % 2).collect();
    let error = |set: &TrainingSet, arm: &[u32], stratum: &[u32]| {
        let limits = Limits { max_imbalance: f64::INFINITY, ..Limits::default() };
        let study = Study::new(set, arm, 1).unwrap();
        let stratified = Subclasses { limits, ..Subclasses::default() }.within(&study, stratum).unwrap();
        stratified.effect.estimated().unwrap().estimate.standard_error
    };
    let (once, repeated) = (error(&set, &arm, &vec![0; 1_200]), error(&twice, &arms, &stratum));
    assert!((once / repeated - 1.0).abs() < 1e-9, "{once} {repeated}");
}

#[test]
fn controls_above_all_treated_belong_to_the_last_stratum() {
    // The likelier the higher, but for the very top, where nobody was treated.
    let mut draws = truth::Draws(39);
    let x: Vec<f64> = (0..2_000).map(|_| draws.unit()).collect();
    let arm: Vec<u32> = x.iter().map(|x| if *x > 0.95 { 0 } else { draws.yes(0.1 + 0.6 * x) as u32 }).collect();
    let label = x.iter().map(|x| draws.yes(0.2 + 0.5 * x)).collect();
    let set = study::set(vec![("x", x)], label, (0..2_000).map(|i| i.to_string()).collect());
    let study = Study::new(&set, &arm, 1).unwrap();
    let found = Subclasses { target: Target::Treated, ..Subclasses::default() }.fit(&study).unwrap();
    assert_eq!(found.strata.len(), 5);
    assert!(found.strata.iter().all(|s| s.difference.as_estimated().is_some() && (s.share - 0.2).abs() < 0.01), "{:?}", found.strata);
}

#[test]
fn a_stratum_without_an_answer_is_left_out_of_the_average() {
    let (set, arm) = World { rows: 3_000, ..World::default() }.draw(40);
    let stratum: Vec<u32> = (0..3_000).map(|i| [7, 7, 8, 9][i % 4]).collect();
    let arm: Vec<u32> = (0..3_000).map(|i| if stratum[i] == 8 { 0 } else { arm[i] }).collect();
    let study = Study::new(&set, &arm, 1).unwrap();
    let limits = Limits { max_imbalance: 9.0, ..Limits::default() };
    let found = Subclasses { limits, ..Subclasses::default() }.within(&study, &stratum).unwrap();
    let [first, none, last] = &found.strata[..] else { panic!("{:?}", found.strata) };
    assert!(none.difference.as_estimated().is_none() && (none.share, first.share) == (0.25, 0.5));
    let (a, b) = (first.difference.as_estimated().unwrap(), last.difference.as_estimated().unwrap());
    let whole = found.effect.estimated().unwrap();
    close(whole.estimate.value, (2.0 * a.value + b.value) / 3.0);
    close(whole.estimate.standard_error, ((4.0 * a.standard_error * a.standard_error + b.standard_error * b.standard_error) / 9.0).sqrt());
    assert_eq!((whole.overlap.trimmed_share, whole.rows), (0.25, 2_250));
}

#[test]
fn where_missing_is_frequent_the_line_has_a_mark_for_it() {
    let (set, arm) = World { rows: 2_000, ..World::default() }.draw(41);
    let hide = |above: f64| {
        let x = ndarray::Array2::from_shape_fn((2_000, 4), |(i, j)| {
            let x = set.design().x()[(i, j)];
            if j == 2 && x > above { f64::NAN } else { x }
        });
        let design = Design::new(x, set.design().features().to_vec()).unwrap();
        let weight = set.weight().to_vec();
        TrainingSet::new(design, set.label().to_vec(), weight, set.group().to_vec(), set.day().to_vec()).unwrap()
    };
    let limits = Limits { max_imbalance: 9.0, ..Limits::default() };
    let of = |set: &TrainingSet| {
        let study = Study::new(set, &arm, 1).unwrap();
        let gains = Learner { limits, ..Learner::default() }.fit(&study).unwrap().gains(1.0).unwrap().estimated().unwrap();
        let at = |row: [f64; 4]| {
            let design =
                Design::new(ndarray::Array2::from_shape_vec((1, 4), row.to_vec()).unwrap(), set.design().features().to_vec()).unwrap();
            gains.predict(&design).unwrap()[0]
        };
        let zero = [0.0; 4];
        (gains.lines[2].missing, at(zero), at([0.0, 0.0, f64::NAN, 0.0]), at([0.0, 0.0, f64::INFINITY, 0.0]), at([0.0, 0.0, 1e300, 0.0]))
    };
    // Those who gain most are hidden: missing speaks for itself.
    let (mark, plain, missing, infinite, far) = of(&hide(1.0));
    assert!(mark.is_some_and(|m| m > 0.05) && missing.value > plain.value + 0.05, "{mark:?} {plain:?} {missing:?}");
    assert_eq!(infinite, far, "what lies beyond the range seen counts as its end");
    // Eleven rows of two thousand tell nothing: the mean stands in.
    let rare = of(&hide(2.5));
    assert!(rare.0.is_none() && (rare.2.value - rare.1.value).abs() < 0.02);
}

#[test]
fn the_effect_is_projected_by_the_least_squares_line() {
    let (set, arm) = World { rows: 2_000, ..World::default() }.draw(36);
    let study = Study::new(&set, &arm, 1).unwrap();
    let limits = Limits { low: 0.001, high: 0.999, ..Limits::default() };
    let fit = Learner { limits, ..Learner::default() }.fit(&study).unwrap();
    let gains = fit.gains(0.0).unwrap().estimated().unwrap();
    let predicted = gains.predict(set.design()).unwrap();
    // Residuals are at right angles to every column.
    let residual: Vec<f64> = fit.pseudo_outcomes().iter().zip(&predicted).map(|(y, p)| y.unwrap() - p.value).collect();
    assert!(residual.iter().sum::<f64>().abs() < 1e-8);
    for j in 0..4 {
        assert!(residual.iter().zip(set.design().x().column(j)).map(|(r, x)| r * x).sum::<f64>().abs() < 1e-8, "column {j}");
    }
    let shrunk = fit.gains(1e6).unwrap().estimated().unwrap();
    assert!(shrunk.lines.iter().all(|l| l.slope.abs() < 1e-2 * gains.lines[2].slope));
    assert!((shrunk.intercept - gains.intercept).abs() < 1e-12, "the penalty leaves the mean alone");
    assert!(gains.predict(&Design::from_columns(vec![truth::meta("x", Direction::Free)], vec![vec![1.0]]).unwrap()).is_err());
}

#[test]
fn a_line_is_as_sure_as_it_says() {
    // The effect of the world is not a line, so hold the line to that of many rows.
    let world = World { rows: 1_000, ..World::default() };
    let limits = Limits { low: 0.001, high: 0.999, max_imbalance: 1.0, ..Limits::default() };
    let of = |rows: usize, seed: u64| {
        let (set, arm) = World { rows, ..world }.draw(seed);
        let study = Study::new(&set, &arm, 1).unwrap();
        Learner { limits, ..Learner::default() }.fit(&study).unwrap().gains(1.0).unwrap().estimated().unwrap()
    };
    let at = study::set(
        vec![("rise", vec![0.0, 1.0]), ("fall", vec![0.0, 0.0]), ("more", vec![1.0, -1.0]), ("noise", vec![0.0, 0.0])],
        vec![0.0, 1.0],
        vec![String::new(); 2],
    );
    let truth = of(100_000, 1).predict(at.design()).unwrap();
    let mut held = [0; 2];
    for seed in 0..200 {
        let got = of(1_000, 7_000 + seed).predict(at.design()).unwrap();
        held.iter_mut().zip(got).zip(&truth).for_each(|((n, e), t)| *n += i32::from(e.holds(t.value)));
    }
    println!("coverage of the line at two rows, 200 runs: {:.1} % {:.1} %", f64::from(held[0]) / 2.0, f64::from(held[1]) / 2.0);
    assert!(held.iter().all(|n| (179..=199).contains(n)), "{held:?}");
}

#[test]
fn averages_are_those_of_the_formulas() {
    let (set, arm) = World { rows: 900, repeats: 3, ..World::default() }.draw(37);
    let study = Study::new(&set, &arm, 1).unwrap();
    let limits = Limits { low: 0.25, high: 0.8, max_imbalance: 9.0, min_effective: 10.0, ..Limits::default() };
    let fit = Learner { limits, ..Learner::default() }.fit(&study).unwrap();
    let (e, m) = (fit.propensity(), fit.expected());
    let y = set.label();
    for target in [Target::Everyone, Target::Treated] {
        let all = target == Target::Everyone;
        let rows: Vec<usize> = (0..900).filter(|i| e[*i] <= 0.8 && (!all || e[*i] >= 0.25)).collect();
        assert!((300..890).contains(&rows.len()), "some are left out: {}", rows.len());
        let t = |i: usize| f64::from(arm[i]);
        let score = |i: usize| {
            let (m1, m0) = m[i];
            let everyone = m1 - m0 + t(i) * (y[i] - m1) / e[i] - (1.0 - t(i)) * (y[i] - m0) / (1.0 - e[i]);
            let treated = t(i) * (y[i] - m0) - (1.0 - t(i)) * e[i] / (1.0 - e[i]) * (y[i] - m0);
            if all { everyone } else { treated }
        };
        let size = |i: usize| if all { 1.0 } else { t(i) };
        let n: f64 = rows.iter().map(|i| size(*i)).sum();
        let value = rows.iter().map(|i| score(*i)).sum::<f64>() / n;
        let mut by_group = std::collections::BTreeMap::<&str, f64>::new();
        rows.iter().for_each(|i| *by_group.entry(set.group()[*i].as_str()).or_insert(0.0) += (score(*i) - size(*i) * value) / n);
        let groups = by_group.len() as f64;
        let error = (groups / (groups - 1.0) * by_group.values().map(|u| u * u).sum::<f64>()).sqrt();
        let got = fit.effect(target).unwrap().estimated().unwrap();
        close(got.estimate.value, value);
        close(got.estimate.standard_error, error);
        assert_eq!((got.groups as f64, got.weight), (groups, n));
        let with = rows.iter().map(|i| if all { m[*i].0 + t(*i) * (y[*i] - m[*i].0) / e[*i] } else { t(*i) * y[*i] }).sum::<f64>() / n;
        close(got.with, with);
        close(got.without, with - value);
        let mut worth = [std::collections::BTreeMap::<&str, f64>::new(), std::collections::BTreeMap::new()];
        for i in rows.iter().copied() {
            let balancing = match (all, arm[i]) {
                (true, 1) => 1.0 / e[i],
                (true, _) => 1.0 / (1.0 - e[i]),
                (false, 1) => 1.0,
                (false, _) => e[i] / (1.0 - e[i]),
            };
            *worth[arm[i] as usize].entry(set.group()[i].as_str()).or_insert(0.0) += balancing;
        }
        let [control, treated] = worth.map(|w| w.values().sum::<f64>() * w.values().sum::<f64>() / w.values().map(|v| v * v).sum::<f64>());
        assert!((got.overlap.control.effective - control).abs() < 1e-9 && (got.overlap.treated.effective - treated).abs() < 1e-9);
        if all {
            let scores = fit.pseudo_outcomes();
            (0..900)
                .for_each(|i| assert!(scores[i].is_some() == rows.contains(&i) && scores[i].is_none_or(|s| (s - score(i)).abs() < 1e-12)));
        }
    }
}

#[test]
fn curve_and_policy_are_those_of_the_definitions() {
    let (set, arm) = World { rows: 600, ..World::default() }.draw(38);
    let study = Study::new(&set, &arm, 1).unwrap();
    let limits = Limits { low: 0.001, high: 0.999, max_imbalance: 9.0, ..Limits::default() };
    let fit = Learner { limits, ..Learner::default() }.fit(&study).unwrap();
    let priority = set.design().x().column(2).to_vec();
    let scores: Vec<f64> = fit.pseudo_outcomes().into_iter().map(Option::unwrap).collect();
    let mut order: Vec<usize> = (0..600).collect();
    order.sort_by(|a, b| priority[*b].total_cmp(&priority[*a]));
    let mean = scores.iter().sum::<f64>() / 600.0;
    let top = |n: usize| order[..n].iter().map(|i| scores[*i]).sum::<f64>();
    let resampling = Resampling { draws: 10, ..Resampling::default() };
    let curve = fit.curve(&priority, &resampling).unwrap().estimated().unwrap();
    for (share, n) in [(0.1, 60), (0.5, 300), (0.9, 540)] {
        let point = curve.points.iter().find(|p| p.share == share).unwrap();
        assert!((point.toc.value - (top(n) / n as f64 - mean)).abs() < 1e-12);
    }
    // The area between rows differs from the sum over rows by the order of 1 / rows.
    let sum = (1..=600).map(|n| top(n) / n as f64 - mean).sum::<f64>() / 600.0;
    assert!((curve.autoc.value - sum).abs() < 0.01, "{} {sum}", curve.autoc.value);
    let sum = (1..=600).map(|n| (top(n) - n as f64 * mean) / 600.0).sum::<f64>() / 600.0;
    assert!((curve.qini.value - sum).abs() < 0.001 && sum.abs() > 0.005, "{} {sum}", curve.qini.value);
    let (e, m) = (fit.propensity(), fit.expected());
    let control = |i: usize| m[i].1 + f64::from(1 - arm[i]) * (set.label()[i] - m[i].1) / (1.0 - e[i]);
    let policy = fit.policy(&priority, 0.25, &resampling).unwrap().estimated().unwrap();
    let nobody = (0..600).map(control).sum::<f64>() / 600.0;
    close(policy.nobody.value, nobody);
    close(policy.value.value, nobody + top(150) / 600.0);
    close(policy.random.value, nobody + 0.25 * mean);
    close(policy.gain.value, top(150) / 600.0 - 0.25 * mean);
}

#[test]
fn an_arm_of_one_outcome_is_expected_to_keep_it() {
    let (set, arm) = World { rows: 1_000, ..World::default() }.draw(42);
    let label = (0..1_000).map(|i| if arm[i] == 0 { 0.0 } else { set.label()[i] }).collect();
    let weight = set.weight().to_vec();
    let set = TrainingSet::new(set.design().clone(), label, weight, set.group().to_vec(), set.day().to_vec()).unwrap();
    let study = Study::new(&set, &arm, 1).unwrap();
    let fit = Learner { limits: Limits { max_imbalance: 9.0, ..Limits::default() }, ..Learner::default() }.fit(&study).unwrap();
    assert!(fit.expected().iter().all(|(with, without)| *with > 0.0 && *without == 0.0));
    let effect = fit.effect(Target::Everyone).unwrap().estimated().unwrap();
    assert!(effect.without == 0.0 && effect.estimate.value == effect.with);
}

#[test]
fn few_rows_are_not_taken_for_bad_balance() {
    // Drawn by chance: of 120 rows, means lie 0.25 apart often, and three standard errors hardly ever.
    let drawn = Learner { propensity: Propensity::Known(0.5), ..Learner::default() };
    let mut far = 0;
    let abstained = (0..20).filter(|seed| {
        let (set, arm) = World { rows: 120, confounding: 0.0, ..World::default() }.draw(100 + seed);
        let study = Study::new(&set, &arm, 1).unwrap();
        let fit = drawn.fit(&study).unwrap();
        far += usize::from(fit.overlap(Target::Everyone).balance.iter().any(|b| b.after.abs() > 0.25));
        fit.effect(Target::Everyone).unwrap().abstained().is_some()
    });
    let abstained = abstained.count();
    assert!(abstained <= 1 && far >= 5, "{abstained} abstained, {far} lay far apart");
}
