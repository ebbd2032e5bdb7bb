//! What a treatment does must come out where it is known, with the error that is stated; and where it cannot be known, no number.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod study;
mod truth;

use luheng_models::effect::{Answer, Learner, Limits, Propensity, Resampling, Study, Subclasses, Target, Why, qini};
use luheng_models::{Error, Params, TrainingSet};
use proptest::prelude::*;
use study::{World, truth_of};

const WIDE: Limits = Limits { low: 0.02, high: 0.98, max_trimmed: 0.5, min_effective: 30.0, max_imbalance: 0.25, level: 0.95 };

fn close(got: f64, wanted: f64, tolerance: f64) {
    assert!((got - wanted).abs() <= tolerance, "found {got}, expected {wanted} ± {tolerance}");
}

#[test]
fn the_naive_difference_is_wrong_and_both_roads_are_right() {
    let world = World { rows: 20_000, ..World::default() };
    let (set, arm) = world.draw(1);
    let study = Study::new(&set, &arm, 1).unwrap();
    let truth = truth_of(&world);
    let mean = |a: u32| {
        let rows: Vec<usize> = (0..set.rows()).filter(|i| arm[*i] == a).collect();
        rows.iter().map(|i| set.label()[*i]).sum::<f64>() / rows.len() as f64
    };
    let naive = mean(1) - mean(0);
    assert!(naive - truth.everyone > 0.1, "confounded by more than a tenth: {naive} against {}", truth.everyone);

    let fit = Learner { limits: WIDE, ..Learner::default() }.fit(&study).unwrap();
    for (target, wanted) in [(Target::Everyone, truth.everyone), (Target::Treated, truth.treated)] {
        let effect = fit.effect(target).unwrap().estimated().unwrap();
        assert!(effect.estimate.holds(wanted), "{target:?}: {:?}, truth {wanted}", effect.estimate);
        assert!(effect.estimate.standard_error < 0.01 && effect.groups > 19_500, "{:?}", effect.estimate);
        // Before weighting the arms differ in what led to treatment; after it they do not.
        let rise = &effect.overlap.balance[0];
        assert!(rise.feature == "rise" && rise.before > 0.5 && rise.after.abs() < 0.03, "{rise:?}");

        let strata = Subclasses { target, strata: 20, ..Subclasses::default() }.fit(&study).unwrap();
        assert_eq!(strata.strata.len(), 20);
        let got = strata.effect.estimated().unwrap().estimate;
        assert!((got.value - wanted).abs() < 0.15 * (naive - wanted).abs(), "{target:?}: {got:?} against {wanted}, naive {naive}");
    }
    assert!((truth.everyone - truth.treated).abs() > 0.01, "the two targets are not the same thing here");
}

#[test]
fn one_wrong_model_is_forgiven_by_either_side() {
    let world = World { rows: 20_000, ..World::default() };
    let (set, arm) = world.draw(2);
    let study = Study::new(&set, &arm, 1).unwrap();
    let truth = truth_of(&world).everyone;
    let right = Learner { limits: Limits { max_imbalance: 9.0, ..WIDE }, ..Learner::default() };
    let without_outcome = Learner { treated: Params::Baseline, control: Params::Baseline, ..right.clone() };
    let without_treatment = Learner { propensity: Propensity::Fitted(Params::Baseline), ..right.clone() };
    for learner in [&without_outcome, &without_treatment] {
        let got = learner.fit(&study).unwrap().effect(Target::Everyone).unwrap().estimated().unwrap().estimate;
        assert!(got.holds(truth), "{got:?}, truth {truth}");
    }
    let neither = Learner { treated: Params::Baseline, control: Params::Baseline, ..without_treatment };
    let got = neither.fit(&study).unwrap().effect(Target::Everyone).unwrap().estimated().unwrap().estimate;
    assert!(!got.holds(truth) && got.low > truth, "with both wrong it is the naive difference: {got:?}");
}

#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    let world = World { rows: 800, ..World::default() };
    let truth = truth_of(&world);
    let resampling = Resampling { draws: 100, ..Resampling::default() };
    let names = ["everyone", "treated", "autoc", "qini", "policy gain", "policy value"];
    let wanted = [truth.everyone, truth.treated, truth.autoc, truth.qini, truth.top_gain, truth.top_value];
    let (mut held, runs) = ([0_u32; 6], 300_u32);
    for seed in 0..runs {
        let (set, arm) = world.draw(1_000 + u64::from(seed));
        let study = Study::new(&set, &arm, 1).unwrap();
        let fit = Learner { limits: Limits { max_imbalance: 1.0, ..WIDE }, ..Learner::default() }.fit(&study).unwrap();
        let priority = set.design().x().column(2).to_vec();
        let curve = fit.curve(&priority, &resampling).unwrap().estimated().unwrap();
        let policy = fit.policy(&priority, 0.3, &resampling).unwrap().estimated().unwrap();
        let effect = |target| fit.effect(target).unwrap().estimated().unwrap().estimate;
        let got = [effect(Target::Everyone), effect(Target::Treated), curve.autoc, curve.qini, policy.gain, policy.value];
        got.iter().zip(wanted).zip(&mut held).for_each(|((e, t), n)| *n += u32::from(e.holds(t)));
    }
    for (n, name) in held.iter().zip(names) {
        let share = f64::from(*n) / f64::from(runs);
        println!("coverage of 95 % intervals, {runs} runs, {name}: {:.1} %", 100.0 * share);
        // 0.95 ± 3 standard errors of a share of 300.
        assert!((0.912..=0.988).contains(&share), "{name}: {share}");
    }
}

#[test]
fn repeats_of_one_subject_are_not_taken_for_many() {
    // Each subject is treated or not as a whole and has its own level: rows are worth far less than they are many.
    let world = World { rows: 900, repeats: 6, ..World::default() };
    let truth = truth_of(&world).everyone;
    let (mut held, mut as_rows) = (0_u32, 0_u32);
    for seed in 0..200 {
        let (set, arm) = world.draw(5_000 + seed);
        let limits = Limits { max_imbalance: 1.0, min_effective: 10.0, ..WIDE };
        let of = |set: &TrainingSet| {
            let study = Study::new(set, &arm, 1).unwrap();
            Learner { limits, ..Learner::default() }.fit(&study).unwrap().effect(Target::Everyone).unwrap().estimated().unwrap().estimate
        };
        held += u32::from(of(&set).holds(truth));
        let each = (0..set.rows()).map(|i| format!("{i:06}")).collect();
        let alone = TrainingSet::new(set.design().clone(), set.label().to_vec(), set.weight().to_vec(), each, set.day().to_vec()).unwrap();
        as_rows += u32::from(of(&alone).holds(truth));
    }
    println!(
        "coverage with six rows a subject, 200 runs: by group {:.1} %, by row {:.1} %",
        f64::from(held) / 2.0,
        f64::from(as_rows) / 2.0
    );
    assert!((180..=199).contains(&held), "{held} of 200");
    assert!(as_rows < 170, "by row it is too sure: {as_rows} of 200");
}

#[test]
fn without_overlap_there_is_no_number() {
    // The treated all lie above, the control below.
    let world = World { rows: 4_000, confounding: 40.0, ..World::default() };
    let (set, arm) = world.draw(3);
    let study = Study::new(&set, &arm, 1).unwrap();
    let fit = Learner::default().fit(&study).unwrap();
    for target in [Target::Everyone, Target::Treated] {
        let answer = fit.effect(target).unwrap();
        let abstained = answer.abstained().expect("no overlap");
        let Why::Trimmed { share, most } = &abstained.why[0] else { panic!("{:?}", abstained.why) };
        assert!(*share > 0.5 && *most == 0.5 && abstained.overlap.trimmed_share == *share, "{abstained:?}");
        assert!(abstained.why[0].to_string().ends_with("have no like in the other arm, at most 0.5 may"));
    }
    assert!(fit.gains(1.0).unwrap().abstained().is_some());
    let priority = vec![1.0; study.len()];
    assert!(fit.curve(&priority, &Resampling::default()).unwrap().abstained().is_some());
    assert!(fit.policy(&priority, 0.2, &Resampling::default()).unwrap().abstained().is_some());
    assert!(Subclasses::default().fit(&study).unwrap().effect.abstained().is_some());
}

#[test]
fn one_stratum_may_abstain_while_others_answer() {
    let (set, arm) = World { rows: 9_000, ..World::default() }.draw(4);
    // In the third stratum nobody is treated but a few.
    let stratum: Vec<u32> = (0..set.rows()).map(|i| (i % 3) as u32).collect();
    let arm: Vec<u32> = (0..set.rows()).map(|i| if stratum[i] == 2 && i % 300 != 2 { 0 } else { arm[i] }).collect();
    let study = Study::new(&set, &arm, 1).unwrap();
    let fit = Learner { limits: WIDE, ..Learner::default() }.fit(&study).unwrap();
    let by = fit.effect_by(&stratum, Target::Treated).unwrap();
    assert_eq!(by.keys().copied().collect::<Vec<_>>(), [0, 1, 2]);
    assert!(by[&0].as_estimated().is_some() && by[&1].as_estimated().is_some());
    assert!(matches!(by[&2].abstained().unwrap().why[0], Why::Few { treated: true, .. }), "{:?}", by[&2]);
    let given = Subclasses { min_groups: 30, ..Subclasses::default() }.within(&study, &stratum).unwrap();
    let answers: Vec<bool> = given.strata.iter().map(|s| s.difference.as_estimated().is_some()).collect();
    assert_eq!(answers, [true, true, false]);
    let Answer::Abstained(abstained) = &given.strata[2].difference else { panic!() };
    assert!(abstained.overlap.treated.rows < 30 && abstained.overlap.control.rows > 2_900);
}

#[test]
fn strata_give_neymans_variance() {
    // Two strata, hand-made: (outcomes treated, outcomes control).
    let strata: [(&[f64], &[f64]); 2] = [(&[1.0, 0.0, 1.0, 1.0], &[0.0, 0.0, 1.0]), (&[1.0, 0.5], &[0.25, 0.0, 0.0, 1.0])];
    let (mut label, mut arm, mut stratum) = (vec![], vec![], vec![]);
    for (s, (treated, control)) in strata.iter().enumerate() {
        for (a, outcomes) in [(1, treated), (0, control)] {
            outcomes.iter().for_each(|y| (label.push(*y), arm.push(a), stratum.push(s as u32)).0);
        }
    }
    let n = label.len();
    let set = study::set(vec![("x", vec![0.0; n])], label, (0..n).map(|i| i.to_string()).collect());
    let study = Study::new(&set, &arm, 1).unwrap();
    let limits = Limits { min_effective: 2.0, max_imbalance: f64::INFINITY, ..Limits::default() };
    let got = Subclasses { min_groups: 2, limits, ..Subclasses::default() }.within(&study, &stratum).unwrap();
    let moments = |y: &[f64]| {
        let mean = y.iter().sum::<f64>() / y.len() as f64;
        (mean, y.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (y.len() - 1) as f64 / y.len() as f64)
    };
    let (mut value, mut variance) = (0.0, 0.0);
    for (s, (treated, control)) in strata.iter().enumerate() {
        let ((m1, v1), (m0, v0)) = (moments(treated), moments(control));
        let Answer::Estimated(difference) = &got.strata[s].difference else { panic!() };
        close(difference.value, m1 - m0, 1e-12);
        close(difference.standard_error, (v1 + v0).sqrt(), 1e-12);
        let share = (treated.len() + control.len()) as f64 / n as f64;
        value += share * (m1 - m0);
        variance += share * share * (v1 + v0);
    }
    let whole = got.effect.estimated().unwrap();
    let with = strata.iter().map(|(t, c)| (t.len() + c.len()) as f64 / n as f64 * moments(t).0).sum::<f64>();
    close(whole.with, with, 1e-12);
    close(whole.without, with - value, 1e-12);
    let whole = whole.estimate;
    close(whole.value, value, 1e-12);
    close(whole.standard_error, variance.sqrt(), 1e-12);
}

#[test]
fn those_who_gain_are_found_and_the_curves_say_so() {
    let world = World { rows: 12_000, ..World::default() };
    let ((learn, arm), (judge, judged)) = (world.draw(6), world.draw(7));
    let study = Study::new(&learn, &arm, 1).unwrap();
    let learner = Learner { limits: WIDE, ..Learner::default() };
    let gains = learner.fit(&study).unwrap().gains(1.0).unwrap().estimated().unwrap();
    // The effect grows with the third feature alone.
    assert!(gains.lines[2].slope > 0.05 && gains.lines[3].slope.abs() < 0.02, "{:?}", gains.lines);
    let predicted = gains.predict(judge.design()).unwrap();
    let study = Study::new(&judge, &judged, 1).unwrap();
    let fit = learner.fit(&study).unwrap();
    let priority: Vec<f64> = predicted.iter().map(|e| e.value).collect();
    let found = fit.curve(&priority, &Resampling::default()).unwrap().estimated().unwrap();
    assert!(found.autoc.low > 0.05 && found.qini.low > 0.01, "{found:?}");
    close(found.points.last().unwrap().toc.value, 0.0, 1e-12);
    let noise = judge.design().x().column(3).to_vec();
    let none = fit.curve(&noise, &Resampling::default()).unwrap().estimated().unwrap();
    assert!(none.autoc.holds(0.0) && none.qini.holds(0.0), "{none:?}");
    let policy = fit.policy(&priority, 0.3, &Resampling::default()).unwrap().estimated().unwrap();
    close(policy.gain.value, policy.value.value - policy.random.value, 1e-12);
    assert!(policy.gain.low > 0.02 && policy.nobody.value < policy.random.value);
    // Nothing to choose where all or nobody can be treated.
    for budget in [0.0, 1.0] {
        let all = fit.policy(&priority, budget, &Resampling::default()).unwrap().estimated().unwrap();
        close(all.gain.value, 0.0, 1e-12);
    }
}

#[test]
fn the_qini_curve_is_that_of_its_author() {
    // Five rows, by hand, ranked 5 to 1: treated 1, control 0, treated 0 and control 1 (equal), treated 1.
    let set = study::set(vec![("x", vec![0.0; 5])], vec![1.0, 0.0, 0.0, 1.0, 1.0], (0..5).map(|i| i.to_string()).collect());
    let study = Study::new(&set, &[1, 0, 1, 0, 1], 1).unwrap();
    let resampling = Resampling { draws: 10, ..Resampling::default() };
    let got = qini(&study, &[5.0, 4.0, 3.0, 3.0, 1.0], &resampling).unwrap();
    // Won: 1; 1 − 0·1/1 = 1; 1 − 1·2/2 = 0; 2 − 1·3/2 = 0.5; per treated row a third of that, at shares 0.2, 0.4, 0.8, 1.
    let wanted = [(0.2, 1.0), (0.4, 1.0), (0.6, 0.5), (0.8, 0.0), (1.0, 0.5)];
    for (share, won) in wanted {
        let point = got.points.iter().find(|p| p.share == share).unwrap();
        close(point.won.value, won / 3.0, 1e-12);
    }
    let under = (0.5 * 0.2 + 1.0 * 0.2 + 0.5 * 0.4 + 0.25 * 0.2) / 3.0;
    close(got.coefficient.value, under - 0.5 * 0.5 / 3.0, 1e-12);
}

/// All that is said of a study, as text: the same bits, the same text.
fn all_of(set: &TrainingSet, arm: &[u32], priority: &[f64]) -> String {
    let study = Study::new(set, arm, 1).unwrap();
    let fit = Learner { limits: Limits { max_imbalance: 1.0, ..WIDE }, ..Learner::default() }.fit(&study).unwrap();
    let resampling = Resampling { draws: 20, ..Resampling::default() };
    let strata: Vec<u32> = set.design().x().column(1).iter().map(|x| u32::from(*x > 0.0)).collect();
    let text = |value: serde_json::Result<String>| value.unwrap();
    [
        text(serde_json::to_string(&fit.effect(Target::Everyone).unwrap())),
        text(serde_json::to_string(&fit.effect(Target::Treated).unwrap())),
        text(serde_json::to_string(&fit.effect_by(&strata, Target::Everyone).unwrap())),
        text(serde_json::to_string(&fit.gains(1.0).unwrap())),
        text(serde_json::to_string(&fit.curve(priority, &resampling).unwrap())),
        text(serde_json::to_string(&fit.policy(priority, 0.37, &resampling).unwrap())),
        text(serde_json::to_string(&qini(&study, priority, &resampling).unwrap())),
        text(serde_json::to_string(&Subclasses::default().fit(&study).unwrap())),
    ]
    .join("\n")
}

/// A study with missing and infinite values, weights, two rows a group, and many rows ranked equal.
fn odd(rows: usize, seed: u64) -> (TrainingSet, Vec<u32>, Vec<f64>) {
    let (set, arm) = World { rows, ..World::default() }.draw(seed);
    let mut draws = truth::Draws(seed);
    let x = set.design().x().mapv(|x| match draws.unit() {
        u if u < 0.05 => f64::NAN,
        u if u < 0.07 => f64::INFINITY,
        _ => x,
    });
    let weight = (0..rows).map(|_| 1.0 + (draws.bits() % 3) as f64).collect();
    let group = (0..rows).map(|i| format!("g{:05}", i / 2)).collect();
    let design = luheng_models::Design::new(x, set.design().features().to_vec()).unwrap();
    let priority = (0..rows).map(|_| (draws.bits() % 40) as f64).collect();
    (TrainingSet::new(design, set.label().to_vec(), weight, group, set.day().to_vec()).unwrap(), arm, priority)
}

#[test]
fn order_of_rows_and_threads_do_not_matter() {
    let (set, arm, priority) = odd(3_000, 9);
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let once = pool(1).install(|| all_of(&set, &arm, &priority));
    assert!(!once.contains("abstained") && once.contains("rise missing"), "{once}");
    assert_eq!(once, pool(2).install(|| all_of(&set, &arm, &priority)), "threads");
    let order = truth::Draws(3).shuffle(set.rows());
    let turned: (Vec<u32>, Vec<f64>) = order.iter().map(|i| (arm[*i], priority[*i])).unzip();
    assert_eq!(once, all_of(&set.take(&order).unwrap(), &turned.0, &turned.1), "order of rows");
    // What is said by row comes back in the order given, rows of other arms left out.
    let three: Vec<u32> = arm.iter().enumerate().map(|(i, a)| if i % 5 == 0 { 2 } else { *a }).collect();
    let (study, shuffled) = (Study::new(&set, &three, 1).unwrap(), order.iter().map(|i| three[*i]).collect::<Vec<u32>>());
    let turned = set.take(&order).unwrap();
    let other = Study::new(&turned, &shuffled, 1).unwrap();
    let by_row = |study: &Study, row: &dyn Fn(usize) -> usize| {
        let fit = Learner::default().fit(study).unwrap();
        let scores = study.rows().iter().map(|i| row(*i)).zip(fit.pseudo_outcomes()).zip(fit.propensity()).zip(fit.expected());
        let mut rows: Vec<_> = scores.map(|(((i, a), b), c)| (i, format!("{a:?} {b} {c:?}"))).collect();
        rows.sort();
        rows
    };
    assert_eq!(study.len(), 2_400);
    assert_eq!(by_row(&study, &|i| i), by_row(&other, &|i| order[i]));
}

#[test]
fn rows_that_differ_in_the_outcome_alone_have_an_order_too() {
    let (set, arm, _) = odd(2_000, 12);
    let x = set.design().x().mapv(|x| f64::from(u8::from(x > 0.0)));
    let design = luheng_models::Design::new(x, set.design().features().to_vec()).unwrap();
    let label: Vec<f64> = (0..2_000).map(|i| ((i * 37) % 100) as f64 / 99.0).collect();
    let weight = (0..2_000).map(|i| 1.0 / (1.0 + (i % 7) as f64)).collect();
    let set = TrainingSet::new(design, label, weight, (0..2_000).map(|i| format!("g{}", i % 60)).collect(), set.day().to_vec()).unwrap();
    let priority = set.design().x().column(2).to_vec();
    let once = all_of(&set, &arm, &priority);
    for seed in 0..3 {
        let order = truth::Draws(seed).shuffle(2_000);
        let turned: (Vec<u32>, Vec<f64>) = order.iter().map(|i| (arm[*i], priority[*i])).unzip();
        assert_eq!(once, all_of(&set.take(&order).unwrap(), &turned.0, &turned.1));
    }
}

#[test]
fn a_row_of_weight_two_is_the_row_twice() {
    let (set, arm, priority) = odd(2_000, 10);
    let twice: Vec<usize> = (0..set.rows()).flat_map(|i| vec![i; set.weight()[i] as usize]).collect();
    let rows = set.take(&twice).unwrap();
    let ones = vec![1.0; twice.len()];
    let rows = TrainingSet::new(rows.design().clone(), rows.label().to_vec(), ones, rows.group().to_vec(), rows.day().to_vec()).unwrap();
    let once = all_of(&set, &arm, &priority);
    let repeated =
        all_of(&rows, &twice.iter().map(|i| arm[*i]).collect::<Vec<_>>(), &twice.iter().map(|i| priority[*i]).collect::<Vec<_>>());
    let numbers = |text: &str| -> Vec<f64> {
        // Numbers of rows differ, and should.
        let parts = text.split(|c: char| ",:{}[]\n".contains(c)).collect::<Vec<_>>();
        let after_rows = |i: usize| i > 0 && parts[i - 1] == "\"rows\"";
        (0..parts.len()).filter(|i| !after_rows(*i)).filter_map(|i| parts[i].parse().ok()).collect()
    };
    let (once, repeated) = (numbers(&once), numbers(&repeated));
    assert!(once.len() == repeated.len() && once.len() > 300);
    let unlike = once.iter().zip(&repeated).filter(|(a, b)| (*a - *b).abs() > 1e-9 * (1.0 + a.abs())).collect::<Vec<_>>();
    assert!(unlike.is_empty(), "{unlike:?}");
}

fn often() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: if usual.cases == 256 { 64 } else { usual.cases }, failure_persistence: None, ..usual }
}

proptest! {
    #![proptest_config(often())]

    #[test]
    fn whatever_bits_come_in_there_is_an_answer_or_a_refusal(
        rows in prop::collection::vec((any::<u64>(), any::<u64>(), prop_oneof![Just(0.0), Just(1.0), 0.0..=1.0], 1e-3..1e3, 0_u8..20, 0_u32..3), 1..80),
        ranks in prop::collection::vec(any::<u64>(), 80),
        budget in 0.0..=1.0,
    ) {
        let columns = vec![("a", rows.iter().map(|r| f64::from_bits(r.0)).collect()), ("b", rows.iter().map(|r| f64::from_bits(r.1)).collect())];
        let set = study::set(columns, rows.iter().map(|r| r.2).collect(), rows.iter().map(|r| r.4.to_string()).collect());
        let set = TrainingSet::new(set.design().clone(), set.label().to_vec(), rows.iter().map(|r| r.3).collect(), set.group().to_vec(), set.day().to_vec()).unwrap();
        let arm: Vec<u32> = rows.iter().map(|r| r.5).collect();
        let Ok(study) = Study::new(&set, &arm, 1) else { return Ok(()) };
        let priority: Vec<f64> = ranks[..study.len()].iter().map(|bits| f64::from_bits(*bits)).collect();
        let limits = Limits { low: 1e-6, high: 1.0 - 1e-6, max_trimmed: 1.0, min_effective: 2.0, max_imbalance: f64::INFINITY, level: 0.9 };
        let resampling = Resampling { draws: 10, ..Resampling::default() };
        let _ = qini(&study, &priority, &resampling);
        let strata = Subclasses { limits, min_groups: 2, ..Subclasses::default() }.fit(&study).unwrap();
        if let Some(effect) = strata.effect.as_estimated() {
            prop_assert!(effect.estimate.value.abs() <= 1.0 + 1e-9 && effect.estimate.standard_error.is_finite());
        }
        for propensity in [Propensity::Known(0.3), Propensity::Fitted(Params::Baseline), Learner::default().propensity] {
            let Ok(fit) = (Learner { propensity, limits, ..Learner::default() }).fit(&study) else { continue };
            for target in [Target::Everyone, Target::Treated] {
                if let Some(effect) = fit.effect(target).unwrap().estimated() {
                    prop_assert!(effect.estimate.value.is_finite() && !effect.estimate.standard_error.is_nan());
                }
            }
            if let Some(gains) = fit.gains(1.0).unwrap().estimated() {
                prop_assert!(gains.predict(set.design()).unwrap().iter().all(|e| e.value.is_finite() && e.standard_error.is_finite()));
            }
            if let Ok(Answer::Estimated(policy)) = fit.policy(&priority, budget, &resampling) {
                prop_assert!(policy.value.value.is_finite() && policy.gain.value.is_finite());
            }
            if let Ok(Answer::Estimated(curve)) = fit.curve(&priority, &resampling) {
                prop_assert!(curve.autoc.value.is_finite() && curve.qini.standard_error.is_finite());
            }
        }
    }
}

#[test]
fn wrong_input_is_named() {
    let (set, arm) = World { rows: 200, ..World::default() }.draw(8);
    let said = |e: Error| e.to_string();
    assert_eq!(said(Study::new(&set, &arm[1..], 1).unwrap_err()), "arms: found 199, expected 200");
    assert!(said(Study::new(&set, &arm, 0).unwrap_err()).starts_with("parameter against: found 0"));
    assert_eq!(said(Study::new(&set, &arm, 7).unwrap_err()), "treated arm: found no rows, expected at least one");
    assert_eq!(said(Study::new(&set, &[1; 200], 1).unwrap_err()), "control arm: found no rows, expected at least one");
    let study = Study::new(&set, &arm, 1).unwrap();
    let refused = |learner: Learner| said(learner.fit(&study).unwrap_err());
    assert_eq!(refused(Learner { folds: 1, ..Learner::default() }), "parameter folds: found 1, expected 2 to 100");
    assert!(refused(Learner { propensity: Propensity::Known(1.0), ..Learner::default() }).starts_with("parameter known propensity"));
    let limits = |limits| refused(Learner { limits, ..Learner::default() });
    assert!(limits(Limits { low: 0.0, ..Limits::default() }).starts_with("parameter low: found 0, expected between 0 and 1"));
    assert!(limits(Limits { high: 0.05, ..Limits::default() }).starts_with("parameter high"));
    assert!(limits(Limits { level: 1.0, ..Limits::default() }).starts_with("parameter level"));
    let fit = Learner { limits: Limits { min_effective: 2.0, ..WIDE }, ..Learner::default() }.fit(&study).unwrap();
    let mut priority = vec![0.0; 200];
    assert!(fit.curve(&priority[1..], &Resampling::default()).is_err());
    assert!(said(fit.policy(&priority, 1.5, &Resampling::default()).unwrap_err()).starts_with("parameter budget"));
    assert!(fit.curve(&priority, &Resampling { draws: 1, ..Resampling::default() }).is_err());
    priority[7] = f64::NAN;
    assert_eq!(said(fit.curve(&priority, &Resampling::default()).unwrap_err()), "priority in row 7: found NaN, expected a number");
    assert!(said(fit.gains(-1.0).unwrap_err()).starts_with("parameter l2"));
}
