//! What was put into the data must come back out; and what others have computed must be computed here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod truth;

use luheng_models::linear::link::{logit, sigmoid};
use luheng_models::linear::{Logistic, Scorecard, Spread, Standing};
use luheng_models::{Calibration, Conformal, Design, Direction, LogisticParams, Model, Params, ScorecardParams, TrainingSet, assess};
use truth::{Draws, fit, meta, town};

fn set_of(columns: Vec<(&str, Direction, Vec<f64>)>, label: Vec<f64>, group: Vec<String>) -> TrainingSet {
    let n = label.len();
    let features = columns.iter().map(|(id, direction, _)| meta(id, *direction)).collect();
    let design = Design::from_columns(features, columns.into_iter().map(|c| c.2).collect()).unwrap();
    TrainingSet::new(design, label, vec![1.0; n], group, vec![0; n]).unwrap()
}

fn alone(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("{i:07}")).collect()
}

fn plain(set: &TrainingSet, l2: f64) -> Logistic {
    match fit(&Params::Logistic(LogisticParams { l2, ..Default::default() }), set) {
        Model::Logistic(model) => model,
        other => panic!("{other:?}"),
    }
}

fn card(set: &TrainingSet) -> Scorecard {
    match fit(&Params::Scorecard(ScorecardParams::default()), set) {
        Model::Scorecard(model) => model,
        other => panic!("{other:?}"),
    }
}

fn close(got: f64, wanted: f64, tolerance: f64) {
    assert!((got - wanted).abs() <= tolerance, "found {got}, expected {wanted} ± {tolerance}");
}

/// Spector and Mazzeo (1980), as in Greene, *Econometric Analysis*, table of the logit model: grade point average, test score, whether taught
/// by the new method; whether the grade improved.
const SPECTOR: [(f64, f64, f64, f64); 32] = [
    (2.66, 20.0, 0.0, 0.0),
    (2.89, 22.0, 0.0, 0.0),
    (3.28, 24.0, 0.0, 0.0),
    (2.92, 12.0, 0.0, 0.0),
    (4.00, 21.0, 0.0, 1.0),
    (2.86, 17.0, 0.0, 0.0),
    (2.76, 17.0, 0.0, 0.0),
    (2.87, 21.0, 0.0, 0.0),
    (3.03, 25.0, 0.0, 0.0),
    (3.92, 29.0, 0.0, 1.0),
    (2.63, 20.0, 0.0, 0.0),
    (3.32, 23.0, 0.0, 0.0),
    (3.57, 23.0, 0.0, 0.0),
    (3.26, 25.0, 0.0, 1.0),
    (3.53, 26.0, 0.0, 0.0),
    (2.74, 19.0, 0.0, 0.0),
    (2.75, 25.0, 0.0, 0.0),
    (2.83, 19.0, 0.0, 0.0),
    (3.12, 23.0, 1.0, 0.0),
    (3.16, 25.0, 1.0, 1.0),
    (2.06, 22.0, 1.0, 0.0),
    (3.62, 28.0, 1.0, 1.0),
    (2.89, 14.0, 1.0, 0.0),
    (3.51, 26.0, 1.0, 0.0),
    (3.54, 24.0, 1.0, 1.0),
    (2.83, 27.0, 1.0, 1.0),
    (3.39, 17.0, 1.0, 1.0),
    (2.67, 24.0, 1.0, 0.0),
    (3.65, 21.0, 1.0, 1.0),
    (4.00, 23.0, 1.0, 1.0),
    (3.10, 21.0, 1.0, 0.0),
    (2.39, 19.0, 1.0, 1.0),
];

#[test]
fn the_textbook_logit_comes_out_with_its_standard_errors() {
    let column = |of: fn(&(f64, f64, f64, f64)) -> f64| SPECTOR.iter().map(of).collect::<Vec<f64>>();
    let columns = vec![
        ("gpa", Direction::Free, column(|r| r.0)),
        ("tuce", Direction::Free, column(|r| r.1)),
        ("psi", Direction::Free, column(|r| r.2)),
    ];
    let set = set_of(columns, column(|r| r.3), alone(32));
    let model = plain(&set, 0.0);
    for (line, slope) in model.lines.iter().zip([2.826_112_6, 0.095_157_66, 2.378_687_6]) {
        close(line.slope_per_unit(), slope, 1e-6);
    }
    close(model.convergence.objective, 12.889_63, 1e-5);
    // Few groups: the inverse Hessian. Its diagonal, back in the units of the features, is that of the book.
    assert_eq!(model.covariance.spread, Spread::Model);
    for (j, error) in [1.262_941, 0.141_554_2, 1.064_564].into_iter().enumerate() {
        let (i, line) = (j + 1, &model.lines[j]);
        let per_unit = line.slope_per_unit() / line.slope;
        close(model.covariance.lower[i * (i + 3) / 2].sqrt() * per_unit, error, 1e-5);
    }
    // Its column of z, and the p-values that go with it.
    for (coefficient, (z, p)) in
        model.coefficients()[1..].iter().zip([(2.237_723, 0.025_239), (0.672_235, 0.501_436), (2.234_425, 0.025_456)])
    {
        close(coefficient.z, z, 1e-5);
        close(coefficient.p, p, 1e-5);
        let (low, high) = coefficient.interval(0.95).unwrap();
        close((high - low) / 2.0, 1.959_963_985 * coefficient.standard_error, 1e-9);
    }
    // The intercept of the book is the log-odds at zero, outside the range seen: reached here along the slopes.
    let at_zero = (model.lines.iter()).fold(logit_of(&model, &set), |at, line| at - line.slope_per_unit() * line.low);
    close(at_zero, -13.021_35, 1e-4);
}

/// Log-odds with every feature at its least value.
fn logit_of(model: &Logistic, set: &TrainingSet) -> f64 {
    let lowest = model.lines.iter().map(|l| vec![l.low]).collect();
    let design = Design::from_columns(set.design().features().to_vec(), lowest).unwrap();
    Model::Logistic(model.clone()).logit(&design).unwrap()[0]
}

#[test]
fn slopes_come_back_within_their_standard_errors() {
    let (set, _) = town(40_000, 21);
    let model = plain(&set, 1e-6);
    let error = |i: usize| model.covariance.lower[i * (i + 3) / 2].sqrt();
    assert_eq!(model.covariance.spread, Spread::Robust);
    assert_eq!(model.covariance.groups, 20_000);
    // Order of the covariance: intercept, rise, rise missing, fall, ...
    let (rise, fall) = (&model.lines[0], &model.lines[1]);
    for (i, line, wanted) in [(1, rise, 1.2), (3, fall, -0.8)] {
        let per_unit = (line.slope_per_unit() / line.slope).abs();
        close(line.slope_per_unit(), wanted, 4.0 * error(i) * per_unit);
        assert!(error(i) * per_unit < 0.05);
    }
    // A row without `rise` lies 0.5 below one at its mean of 0.
    close(rise.missing.unwrap(), -0.5, 4.0 * error(2) / rise.missing_spread);
    let standing: Vec<Standing> = model.lines.iter().map(|l| l.standing).collect();
    assert_eq!(standing[4..6], [Standing::Flat; 2]);
}

#[test]
fn a_scorecard_orders_rows_nearly_as_well_as_the_truth_itself() {
    let (set, _) = town(20_000, 22);
    let (fresh, truth) = town(20_000, 23);
    let model = Model::Scorecard(card(&set));
    let auc = |p: &[f64]| assess::assess(p, fresh.label(), fresh.weight(), &[]).unwrap().auc.unwrap();
    let (ours, best) = (auc(&model.predict(fresh.design()).unwrap()), auc(&truth));
    assert!(ours > best - 0.012 && ours < best + 0.005, "{ours} against {best}");
    // `hill` counts by its distance from 0: bins see it, one slope cannot.
    let line = Model::Logistic(plain(&set, 1.0));
    assert!(ours > auc(&line.predict(fresh.design()).unwrap()));
    let Model::Scorecard(card) = model else { unreachable!() };
    let hill = |x: f64| card.attributes[2].contribution(x);
    assert!(hill(-2.0) > hill(0.0) + 0.5 && hill(2.0) > hill(0.0) + 0.5);
}

#[test]
fn a_sign_against_its_direction_is_dropped_and_the_rest_fitted_again() {
    // `shadow` goes with `real`, and given `real` it lowers the odds; told to be Up, it must not.
    let mut draws = Draws(31);
    let n = 4_000;
    let real: Vec<f64> = (0..n).map(|_| draws.normal()).collect();
    let shadow: Vec<f64> = real.iter().map(|x| x + 0.5 * draws.normal()).collect();
    let label: Vec<f64> = real.iter().zip(&shadow).map(|(r, s)| sigmoid(2.0 * r - 0.7 * s)).collect();
    let set = set_of(vec![("real", Direction::Up, real.clone()), ("shadow", Direction::Up, shadow)], label.clone(), alone(n));
    let model = plain(&set, 1.0);
    assert_eq!((model.lines[0].standing, model.lines[1].standing), (Standing::Kept, Standing::Reversed));
    assert_eq!((model.lines[1].slope, model.convergence.fits), (0.0, 2));
    let without = plain(&set_of(vec![("real", Direction::Up, real)], label, alone(n)), 1.0);
    close(model.lines[0].slope, without.lines[0].slope, 1e-12);
    let binned = card(&set);
    assert_eq!((binned.attributes[0].standing, binned.attributes[1].standing), (Standing::Kept, Standing::Reversed));
}

#[test]
fn repeats_of_one_subject_are_not_new_evidence() {
    // Every row four times under one group: the same fit, and the same robust errors as from the rows once.
    let (once, _) = town(1_000, 25);
    let rows: Vec<usize> = (0..once.rows()).flat_map(|i| [i; 4]).collect();
    let again = once.take(&rows).unwrap();
    let (a, b) = (Model::Logistic(plain(&once, 0.0)), Model::Logistic(plain(&again, 0.0)));
    let (a, b) = (a.standard_error(once.design()).unwrap(), b.standard_error(once.design()).unwrap());
    a.iter().zip(&b).for_each(|(a, b)| close(*b, *a, 1e-9));
}

#[test]
fn ninety_in_a_hundred_intervals_hold_the_true_probability() {
    let (mut inside, mut all) = (0, 0);
    for seed in 0..80 {
        let mut draws = Draws(1000 + seed);
        let x: Vec<f64> = (0..400).map(|_| draws.normal()).collect();
        let truth: Vec<f64> = x.iter().map(|x| sigmoid(0.4 + 0.9 * x)).collect();
        let label = truth.iter().map(|p| draws.yes(*p)).collect();
        let set = set_of(vec![("x", Direction::Up, x)], label, alone(400));
        let intervals = Model::Logistic(plain(&set, 1e-3)).predict_interval(set.design(), 0.9).unwrap();
        inside += intervals.iter().zip(&truth).filter(|(i, p)| i.low <= **p && **p <= i.high).count();
        all += truth.len();
    }
    close(inside as f64 / all as f64, 0.9, 0.04);
}

/// A share as often 0 or 1 as between, with the mean given.
fn share(draws: &mut Draws, mean: f64) -> f64 {
    match draws.unit() {
        u if u < 0.4 => draws.yes(mean),
        _ => mean * (0.5 + 0.5 * draws.unit()) + mean * 0.25 * draws.yes(1.0 - mean).min(1.0 - mean),
    }
}

#[test]
fn a_share_is_fitted_and_its_interval_holds() {
    let draw = |seed: u64, n: usize| {
        let mut draws = Draws(seed);
        let x: Vec<f64> = (0..n).map(|_| draws.normal()).collect();
        let label = x.iter().map(|x| share(&mut draws, sigmoid(-0.5 + x))).collect();
        set_of(vec![("x", Direction::Up, x)], label, alone(n))
    };
    let (set, held, fresh) = (draw(41, 4_000), draw(42, 2_000), draw(43, 4_000));
    let mean = |y: &[f64]| y.iter().sum::<f64>() / y.len() as f64;
    for params in [Params::Logistic(LogisticParams::default()), Params::Scorecard(ScorecardParams::default())] {
        let model = fit(&params, &set);
        close(mean(&model.predict(set.design()).unwrap()), mean(set.label()), 1e-6);
        let conformal = Conformal::fit(&model.predict(held.design()).unwrap(), held.label(), 0.9, 5).unwrap();
        let p = model.predict(fresh.design()).unwrap();
        let held_in = |rows: &mut dyn Iterator<Item = usize>| {
            let hits: Vec<f64> = rows
                .map(|i| (conformal.interval(p[i]), fresh.label()[i]))
                .map(|(i, y)| f64::from(u8::from(i.low <= y && y <= i.high)))
                .collect();
            mean(&hits)
        };
        let rate = held_in(&mut (0..p.len()));
        assert!(rate > 0.88 && rate < 0.95, "{rate}: many shares are 0 or 1 alike, so a little above 0.9");
        // Not by being too wide below and too narrow above.
        for (low, high) in [(0.0, 0.3), (0.3, 0.6), (0.6, 1.0)] {
            assert!(held_in(&mut (0..p.len()).filter(|i| p[*i] >= low && p[*i] < high)) > 0.85, "{params:?} {low}");
        }
        assert!(p.iter().all(|p| conformal.interval(*p).low <= *p && *p <= conformal.interval(*p).high));
    }
}

#[test]
fn calibration_mends_overconfidence_and_keeps_values_apart() {
    // Learnt from few rows with many useless features and next to no penalty: too sure of itself.
    let mut draws = Draws(51);
    let mut draw = |n: usize| {
        let columns: Vec<Vec<f64>> = (0..25).map(|_| (0..n).map(|_| draws.normal()).collect()).collect();
        let label = (0..n).map(|i| sigmoid(columns[0][i])).collect::<Vec<f64>>().into_iter().map(|p| draws.yes(p)).collect();
        let ids: Vec<String> = (0..25).map(|j| format!("x{j}")).collect();
        set_of(ids.iter().map(String::as_str).zip(columns).map(|(id, x)| (id, Direction::Free, x)).collect(), label, alone(n))
    };
    let (set, held, fresh) = (draw(150), draw(400), draw(20_000));
    let model = Model::Logistic(plain(&set, 0.01));
    let calibration = Calibration::fit(&model.logit(held.design()).unwrap(), held.label(), held.weight()).unwrap();
    assert!(calibration.line().unwrap().0 < 0.7);
    let raw = model.logit(fresh.design()).unwrap();
    let judge = |p: Vec<f64>| assess::assess(&p, fresh.label(), fresh.weight(), &[]).unwrap();
    let before = judge(raw.iter().map(|x| sigmoid(*x)).collect());
    let calibrated: Vec<f64> = raw.iter().map(|x| sigmoid(calibration.apply(*x))).collect();
    let mut distinct = calibrated.clone();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    let after = judge(calibrated);
    assert!(after.calibration_error < 0.04 && after.calibration_error < before.calibration_error / 2.0, "{before:?} {after:?}");
    close(after.calibration_slope.unwrap(), 1.0, 0.2);
    assert!((after.auc.unwrap() - before.auc.unwrap()).abs() < 1e-9, "a slope above 0 keeps the order");
    assert!(distinct.len() > 19_000);
}

#[test]
fn log_odds_and_probability_undo_each_other() {
    for x in [-30.0, -2.5, 0.0, 1e-9, 3.0, 20.0] {
        close(logit(sigmoid(x)), x, 1e-6 * f64::abs(x).max(1e-3));
    }
    assert_eq!((sigmoid(-800.0), sigmoid(800.0), sigmoid(0.0)), (0.0, 1.0, 0.5));
}
