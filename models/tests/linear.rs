//! Linear models and what is printed of them: offsets, linfa beside ours, coefficients, points exact and whole, SQL.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod truth;

use luheng_models::linear::{Logistic, Standing};
use luheng_models::points::whole::rank_loss;
use luheng_models::{Calibration, LinfaParams, LogisticParams, Model, Params, PointsTable, Scale, ScorecardParams, TrainingSet};
use truth::{Draws, fit, sealed, suited, town};

fn close(got: f64, wanted: f64, tolerance: f64) {
    assert!((got - wanted).abs() <= tolerance, "found {got}, expected {wanted} ± {tolerance}");
}

fn logistic(model: Model) -> Logistic {
    match model {
        Model::Logistic(model) | Model::Linfa(model) => model,
        other => panic!("{other:?}"),
    }
}

/// The set with good and bad changed about.
fn turned(set: &TrainingSet) -> TrainingSet {
    let label = set.label().iter().map(|y| 1.0 - y).collect();
    TrainingSet::new(set.design().clone(), label, set.weight().to_vec(), set.group().to_vec(), set.day().to_vec()).unwrap()
}

#[test]
fn linfa_finds_our_optimum_whichever_class_is_the_more_frequent() {
    // Its "positive" class is the more frequent one: one of these two sets would come out with every sign turned.
    let (set, _) = town(3_000, 41);
    for (l2, set) in [(1.0, set.clone()), (25.0, set.clone()), (1.0, turned(&set))] {
        let theirs = Params::Linfa(LinfaParams { l2, ..Default::default() });
        let set = suited(&theirs, &set);
        let ours = logistic(fit(&Params::Logistic(LogisticParams { l2, ..Default::default() }), &set));
        let theirs = logistic(fit(&theirs, &set));
        close(theirs.intercept, ours.intercept, 1e-4);
        for (their, our) in theirs.coefficients().iter().zip(ours.coefficients()) {
            assert_eq!((&their.feature, their.is_missing), (&our.feature, our.is_missing));
            close(their.estimate, our.estimate, 1e-4);
            close(their.standard_error, our.standard_error, 1e-4);
        }
    }
}

#[test]
fn equal_weights_of_any_size_are_as_rows_given_so_often() {
    // The penalty is against the sum: three times the weight, a third of the penalty a row. linfa itself ignores weights.
    let (set, _) = town(900, 42);
    let params = Params::Linfa(LinfaParams { l2: 30.0, ..Default::default() });
    let set = suited(&params, &set);
    let heavy = TrainingSet::new(set.design().clone(), set.label().to_vec(), vec![3.0; 900], set.group().to_vec(), set.day().to_vec());
    let ours = logistic(fit(&Params::Logistic(LogisticParams { l2: 30.0, ..Default::default() }), heavy.as_ref().unwrap()));
    let theirs = logistic(params.check().unwrap().fit(&heavy.unwrap(), 1).unwrap());
    theirs.coefficients().iter().zip(ours.coefficients()).for_each(|(their, our)| close(their.estimate, our.estimate, 1e-4));
}

#[test]
fn what_is_known_beforehand_is_not_learnt_again() {
    let (set, _) = town(4_000, 43);
    let set = set.without_directions();
    let params = Params::Logistic(LogisticParams { l2: 1e-9, ..Default::default() });
    let plain = logistic(fit(&params, &set));
    // Known beforehand: 0.4 of log-odds, and 0.5 for every standard deviation of `fall`.
    let fall = plain.lines.iter().position(|line| line.id == "fall").unwrap();
    let mut parts = Model::Logistic(plain.clone()).contributions(set.design()).unwrap().by_feature.column(fall).to_vec();
    parts.iter_mut().for_each(|part| *part = 0.4 + 0.5 * *part / plain.lines[fall].slope);
    let known = set.clone().with_offset(parts).unwrap();
    let rest = logistic(params.check().unwrap().fit(&known, 1).unwrap());
    close(rest.intercept, plain.intercept - 0.4, 1e-6);
    for (j, (rest, plain)) in rest.lines.iter().zip(&plain.lines).enumerate() {
        close(rest.slope, plain.slope - if j == fall { 0.5 } else { 0.0 }, 1e-6);
    }
    rest.coefficients().iter().zip(plain.coefficients()).for_each(|(r, p)| close(r.standard_error, p.standard_error, 1e-6));
    // The order of rows does not part an offset from its row.
    let shuffled = known.take(&Draws(9).shuffle(known.rows())).unwrap();
    assert_eq!(logistic(params.check().unwrap().fit(&shuffled, 1).unwrap()), rest);
    assert_eq!(set.clone().with_offset(vec![0.0]).unwrap_err().to_string(), "offsets: found 1, expected 4000");
    let odd = set.with_offset([vec![0.0, f64::INFINITY], vec![0.0; 3_998]].concat()).unwrap_err().to_string();
    assert_eq!(odd, "offset in row 1: found inf, expected a finite number");
    let refused = Params::Scorecard(ScorecardParams::default()).check().unwrap().fit(&known, 1).unwrap_err().to_string();
    assert_eq!(refused, "scorecard does not take an offset (remedy: a set without one, or the logistic)");
}

#[test]
fn intervals_of_coefficients_hold_the_truth_as_often_as_they_say() {
    let params = Params::Logistic(LogisticParams { l2: 1e-9, ..Default::default() });
    let mut held = 0;
    for seed in 0..200 {
        let (set, _) = town(700, 1_000 + seed);
        let model = logistic(fit(&params, &set));
        let line = model.lines.iter().find(|line| line.id == "noise").unwrap();
        assert_eq!(line.standing, Standing::Kept);
        let noise = model.coefficients().into_iter().find(|c| c.feature.as_deref() == Some("noise")).unwrap();
        let (low, high) = noise.interval(0.9).unwrap();
        held += i32::from(low <= 0.0 && 0.0 <= high);
        assert_eq!(noise.p < 0.1, !(low <= 0.0 && 0.0 <= high), "the interval and the p-value say the same");
    }
    // 180 expected of 200, four standard errors of 4.2 to each side.
    assert!((163..=197).contains(&held), "{held} of 200");
}

#[test]
fn a_table_of_points_says_what_the_model_says() {
    let (set, _) = town(5_000, 24);
    let scale = Scale { base_score: 600.0, points_to_double: 20.0 };
    let model = fit(&Params::Scorecard(ScorecardParams::default()), &set);
    let table = PointsTable::new(&model, &Calibration::None, &scale).unwrap().rows();
    let parts = model.contributions(set.design()).unwrap();
    for i in (0..set.rows()).step_by(211) {
        let x = set.design().value(i, 0);
        let row = table.iter().find(|r| r.id == "rise" && x.map_or(r.above.is_nan(), |x| r.above < x && x <= r.up_to)).unwrap();
        close(row.points, scale.factor() * parts.by_feature[(i, 0)], 1e-12);
    }
    close(table.iter().filter(|r| r.id == "rise").map(|r| r.share).sum(), 1.0, 1e-12);
    assert!(table.iter().all(|r| r.rate.is_some_and(|rate| (0.0..=1.0).contains(&rate))));
    assert!(table.iter().any(|r| r.id == "rise" && r.above.is_nan()), "one row in ten has no `rise`");
    // An infinite value lies in the last bin, and a missing bin is listed only where training had one.
    assert!(table.iter().all(|r| r.id != "fall" || !r.above.is_nan()));
}

#[test]
fn a_table_of_points_gives_the_scores_of_the_artifact_bit_by_bit() {
    let (set, _) = town(3_000, 44);
    let (held, _) = town(900, 45);
    let artifact = sealed(&Params::Scorecard(ScorecardParams::default()), &set, &held);
    let table = artifact.points().unwrap();
    // Training rows too: edges are values that occur there.
    for design in [held.design(), set.design()] {
        assert_eq!(table.scores(design).unwrap(), artifact.explain(design).unwrap().score);
    }
    assert!(table.steps.len() < held.design().features().len(), "what adds nothing is not printed");
    let refused = sealed(&Params::Logistic(LogisticParams::default()), &set, &held).points().unwrap_err().to_string();
    assert_eq!(refused, "logistic does not take a table of points (remedy: a scorecard)");
    let (logit, label) = (artifact.model.logit(held.design()).unwrap(), held.label());
    let bent = Calibration::Beta(luheng_models::Beta::fit(&logit, label, held.weight()).unwrap());
    let refused = PointsTable::new(&artifact.model, &bent, &Scale::default()).unwrap_err().to_string();
    assert_eq!(refused, "beta calibration bends, expected one slope for all rows (remedy: calibrate with none or platt)");
}

#[test]
fn neighbours_worth_the_same_are_one_line() {
    let (set, _) = town(3_000, 44);
    let Model::Scorecard(mut card) = fit(&Params::Scorecard(ScorecardParams::default()), &set) else { panic!("a scorecard") };
    let lines = |model: &Model| PointsTable::new(model, &Calibration::None, &Scale::default()).unwrap();
    let before = lines(&Model::Scorecard(card.clone()));
    let bins = &mut card.attributes[0].bins;
    bins.bins[1].woe = bins.bins[0].woe;
    let (together, good) = (bins.bins[0].weight + bins.bins[1].weight, bins.bins[0].good + bins.bins[1].good);
    let total = bins.bins.iter().map(|b| b.weight).sum::<f64>() + bins.missing.weight;
    let model = Model::Scorecard(card);
    let after = lines(&model);
    assert_eq!(after.rows().len(), before.rows().len() - 1);
    let first = &after.rows()[0];
    assert_eq!((first.above, first.up_to), (f64::NEG_INFINITY, before.rows()[1].up_to));
    close(first.share, together / total, 1e-12);
    close(first.rate.unwrap(), good / together, 1e-12);
    let wanted: Vec<f64> = model.logit(set.design()).unwrap().into_iter().map(|l| Scale::default().score_of(l)).collect();
    after.scores(set.design()).unwrap().iter().zip(wanted).for_each(|(found, wanted)| close(*found, wanted, 1e-9));
}

#[test]
fn whole_points_stay_within_their_bound_and_lose_little_order() {
    let (set, _) = town(6_000, 46);
    let (held, _) = town(3_000, 47);
    let table = sealed(&Params::Scorecard(ScorecardParams::default()), &set, &held).points().unwrap();
    let whole = table.whole();
    let (exact, rounded) = (table.scores(held.design()).unwrap(), whole.scores(held.design()).unwrap());
    let error = exact.iter().zip(&rounded).fold(0.0_f64, |most, (e, r)| most.max((e - *r as f64).abs()));
    assert!(error <= whole.largest_error && whole.largest_error <= 0.5 * (1 + table.steps.len()) as f64);
    // The bound is met by a row made of each feature's worst step, above or below.
    let mut sides = [0; 2];
    for tenth in 0..20 {
        let table =
            sealed_with(Scale { base_score: 500.0 + f64::from(tenth) / 10.0, points_to_double: 40.0 - f64::from(tenth) }, &set, &held);
        let worst = |sign: f64| {
            let step = |s: &luheng_models::points::Steps| {
                let all = s.steps.iter().chain([&s.missing]).map(|step| sign * (libm::round(step.adds) - step.adds));
                all.fold(f64::NEG_INFINITY, f64::max)
            };
            sign * (libm::round(table.base) - table.base) + table.steps.iter().map(step).sum::<f64>()
        };
        close(table.whole().largest_error, worst(1.0).max(worst(-1.0)), 1e-9);
        sides[usize::from(worst(1.0) > worst(-1.0))] += 1;
        // A row whose every value is missing is a row as well.
        let none = luheng_models::Design::new(ndarray::Array2::from_elem((1, 7), f64::NAN), set.design().features().to_vec()).unwrap();
        let (exact, whole) = (table.scores(&none).unwrap()[0], table.whole().scores(&none).unwrap()[0]);
        assert!((exact - whole as f64).abs() <= table.whole().largest_error);
        assert_eq!(whole as f64, table.steps.iter().fold(libm::round(table.base), |sum, s| sum + libm::round(s.missing.adds)));
    }
    assert!(sides[0] > 0 && sides[1] > 0, "{sides:?}");
    let loss = rank_loss(&exact, &rounded, held.weight()).unwrap();
    assert!(loss.reversed < 0.003 && loss.tied < 0.02, "{loss:?}");
    // At a twentieth of the points, much more is lost.
    let coarse = sealed_with(Scale { base_score: 25.0, points_to_double: 2.0 }, &set, &held);
    let lost = rank_loss(&exact, &coarse.whole().scores(held.design()).unwrap(), held.weight()).unwrap();
    assert!(lost.reversed + lost.tied > 5.0 * (loss.reversed + loss.tied), "{lost:?}");
}

fn sealed_with(scale: Scale, set: &TrainingSet, held: &TrainingSet) -> PointsTable {
    let artifact = sealed(&Params::Scorecard(ScorecardParams::default()), set, held);
    PointsTable::new(&artifact.model, &artifact.calibration, &scale).unwrap()
}
