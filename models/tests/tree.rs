//! Boosted trees: the truth comes back, directions hold everywhere, the certificate sees through what is forged, contributions are Shapley's.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "tree/certificate.rs"]
mod certificate;
#[path = "tree/growth.rs"]
mod growth;
#[path = "tree/shapley.rs"]
mod shapley;
mod truth;

use luheng_models::tree::{Ensemble, Objective, fit_values};
use luheng_models::{Boost, BoostParams, Design, Direction, FeatureMeta, Kind, Model, Params, TrainingSet, assess};
use truth::{Draws, meta, town};

fn boost(set: &TrainingSet, params: BoostParams, seed: u64) -> Boost {
    match Params::Boost(params).check().unwrap().fit(set, seed).unwrap() {
        Model::Boost(model) => model,
        other => panic!("{other:?}"),
    }
}

/// A set of equal weights, each row a group of its own.
fn set_of(features: Vec<FeatureMeta>, columns: Vec<Vec<f64>>, label: Vec<f64>) -> TrainingSet {
    let n = label.len();
    let design = Design::from_columns(features, columns).unwrap();
    TrainingSet::new(design, label, vec![1.0; n], (0..n).map(|i| format!("{i:07}")).collect(), vec![0; n]).unwrap()
}

fn category(id: &str) -> FeatureMeta {
    FeatureMeta { kind: Kind::Category, ..meta(id, Direction::Free) }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (n, sum) = values.fold((0.0, 0.0), |(n, sum), v| (n + 1.0, sum + v));
    sum / n
}

/// Few and quick.
const SMALL: BoostParams = BoostParams {
    trees: 40,
    learning_rate: 0.2,
    max_leaves: 15,
    max_depth: 6,
    min_rows: 5.0,
    min_hessian: 1e-3,
    l2: 1.0,
    min_gain: 0.0,
    max_bins: 64,
    row_share: 1.0,
    column_share: 1.0,
    category_smoothing: 10.0,
    held_share: 0.0,
    patience: 10,
};

#[test]
fn a_known_truth_comes_back() {
    let (set, _) = town(20_000, 1);
    let (held, truth) = town(4_000, 2);
    let model = Model::Boost(boost(&set, BoostParams::default(), 1));
    let p = model.predict(held.design()).unwrap();
    let gap = mean(p.iter().zip(&truth).map(|(p, t)| (p - t).abs()));
    assert!(gap < 0.03, "mean gap to the true probability {gap}");
    let auc = |p: &[f64]| assess::assess(p, held.label(), held.weight(), &[0.5]).unwrap().auc.unwrap();
    assert!(auc(&p) > auc(&truth) - 0.005, "{} of {}", auc(&p), auc(&truth));
}

#[test]
fn two_features_whose_product_alone_matters_are_found() {
    let mut draws = Draws(3);
    let (a, b): (Vec<f64>, Vec<f64>) = (0..6_000).map(|_| (draws.normal(), draws.normal())).unzip();
    let label = a.iter().zip(&b).map(|(a, b)| draws.yes(if a * b > 0.0 { 0.9 } else { 0.1 })).collect();
    let set = set_of(vec![meta("a", Direction::Free), meta("b", Direction::Free)], vec![a, b], label);
    let model = Model::Boost(boost(&set, SMALL, 1));
    let at = |a: f64, b: f64| {
        let features = set.design().features().to_vec();
        model.predict(&Design::from_columns(features, vec![vec![a], vec![b]]).unwrap()).unwrap()[0]
    };
    assert!(at(1.0, 1.0) > 0.8 && at(-1.0, -1.0) > 0.8 && at(1.0, -1.0) < 0.2 && at(-1.0, 1.0) < 0.2);
}

/// Shares that waver in the directed features and turn with the free ones: what tempts a tree to break its word.
fn tempting(rows: usize, seed: u64) -> TrainingSet {
    let mut draws = Draws(seed);
    let mut columns = vec![Vec::new(); 5];
    let mut label = Vec::new();
    for _ in 0..rows {
        let x: Vec<f64> = (0..5).map(|_| draws.normal()).collect();
        let logit = if x[2] > 0.3 { 2.0 } else { -2.0 } * x[0] + 2.0 * libm::sin(3.0 * x[1]) * x[3] - x[0] * x[1] + x[4].abs();
        label.push(luheng_models::linear::link::sigmoid(logit + draws.normal()));
        let gone = draws.unit();
        for (j, x) in x.into_iter().enumerate() {
            columns[j].push(if (j as f64 * 0.02..(j + 1) as f64 * 0.02).contains(&gone) { f64::NAN } else { x });
        }
    }
    let features = vec![
        meta("up", Direction::Up),
        meta("down", Direction::Down),
        meta("free", Direction::Free),
        meta("other", Direction::Free),
        meta("third", Direction::Up),
    ];
    set_of(features, columns, label)
}

/// The greatest step against a direction over a grid of the directed features, free ones as rows have them, missing among them.
fn worst_step(ensemble: &Ensemble, set: &TrainingSet) -> f64 {
    let features = set.design().features().to_vec();
    let ladder: Vec<f64> = [f64::NEG_INFINITY].into_iter().chain((-60..=60).map(|i| f64::from(i) / 20.0)).chain([f64::INFINITY]).collect();
    let mut worst = f64::NEG_INFINITY;
    for (j, feature) in features.iter().enumerate() {
        let sign = match feature.direction {
            Direction::Up => 1.0,
            Direction::Down => -1.0,
            Direction::Free => continue,
        };
        for i in (0..set.rows()).step_by(set.rows() / 150) {
            let row = |x: &f64| {
                let mut row = set.design().x().row(i).to_vec();
                row[j] = *x;
                row
            };
            let x: Vec<f64> = ladder.iter().flat_map(row).collect();
            let design =
                Design::new(ndarray::Array2::from_shape_vec((ladder.len(), features.len()), x).unwrap(), features.clone()).unwrap();
            let scores = ensemble.values(&design).unwrap();
            worst = scores.windows(2).map(|s| sign * (s[0] - s[1])).fold(worst, f64::max);
        }
    }
    worst
}

#[test]
fn directions_hold_beside_free_features_for_every_objective() {
    for seed in 0..3 {
        let set = tempting(3_000, seed);
        for objective in [Objective::Logistic, Objective::Squared, Objective::Quantile(0.2), Objective::Quantile(0.9)] {
            let params = BoostParams { max_leaves: 31, max_depth: 20, learning_rate: 0.5, l2: 0.0, ..SMALL };
            let ensemble = fit_values(&set, &params, objective, seed).unwrap();
            assert!(ensemble.trees.len() > 10, "{objective:?}");
            let worst = worst_step(&ensemble, &set);
            assert!(worst <= 0.0, "{objective:?}, seed {seed}: a step of {worst} against a direction");
            for (j, feature) in set.design().features().iter().enumerate() {
                let margin = ensemble.certificate.margin(j);
                assert_eq!(margin.is_some(), feature.direction != Direction::Free, "{objective:?} {}", feature.id);
                assert!(margin.is_none_or(|m| m >= 0.0));
            }
        }
    }
}

#[test]
fn without_its_directions_the_same_data_break_them() {
    let set = tempting(3_000, 0).without_directions();
    let ensemble = boost(&set, SMALL, 1).ensemble;
    let directed = tempting(3_000, 0);
    assert!(worst_step(&ensemble, &directed) > 0.3, "the data tempt no one: the test of directions would prove nothing");
}

#[test]
fn missing_values_go_where_they_belong_and_otherwise_to_the_heavier_side() {
    let mut draws = Draws(5);
    let x: Vec<f64> = (0..4_000).map(|i| if i % 4 == 0 { f64::NAN } else { draws.normal() }).collect();
    let label: Vec<f64> = x
        .iter()
        .map(|x| {
            draws.yes(if x.is_nan() {
                0.9
            } else if *x > 1.0 {
                0.2
            } else {
                0.5
            })
        })
        .collect();
    for direction in [Direction::Free, Direction::Up, Direction::Down] {
        let set = set_of(vec![meta("x", direction)], vec![x.clone()], label.clone());
        let model = Model::Boost(boost(&set, SMALL, 1));
        let features = set.design().features().to_vec();
        let p = model.predict(&Design::from_columns(features, vec![vec![f64::NAN, 0.0, 2.0]]).unwrap()).unwrap();
        assert!((p[0] - 0.9).abs() < 0.05, "{direction:?}: missing is outside the order, {p:?}");
        assert!(p[1] > 0.35 && (direction == Direction::Up || p[2] < 0.3), "{direction:?}: {p:?}");
    }
    // Never missing in training: as the heavier side, here the lower one.
    let x: Vec<f64> = (0..1_000).map(|i| f64::from(i % 10)).collect();
    let label = x.iter().map(|x| f64::from(u8::from(*x > 6.5))).collect();
    let set = set_of(vec![meta("x", Direction::Up)], vec![x], label);
    let model = Model::Boost(boost(&set, BoostParams { max_leaves: 2, ..SMALL }, 1));
    let p = model.predict(&Design::from_columns(set.design().features().to_vec(), vec![vec![f64::NAN, 0.0, 9.0]]).unwrap()).unwrap();
    assert!(p[0] == p[1] && p[1] < 0.1 && p[2] > 0.9, "{p:?}");
}

#[test]
fn categories_are_sets_not_numbers() {
    let mut draws = Draws(6);
    // Good and bad categories alternate, so that no order of the numbers tells; 3 in 8 are missing now and then.
    let code: Vec<f64> = (0..8_000).map(|_| (draws.bits() % 40) as f64 * 7.0).collect();
    let label: Vec<f64> = code.iter().map(|c| draws.yes(if (*c as u64 / 7).is_multiple_of(2) { 0.8 } else { 0.2 })).collect();
    let set = set_of(vec![category("kind")], vec![code.clone()], label.clone());
    let params = BoostParams { max_leaves: 2, trees: 40, ..SMALL };
    let model = Model::Boost(boost(&set, params, 1));
    let p = |x: f64| model.predict(&Design::from_columns(vec![category("kind")], vec![vec![x]]).unwrap()).unwrap()[0];
    for k in 0..40 {
        let wanted = if k % 2 == 0 { 0.8 } else { 0.2 };
        assert!((p(f64::from(k) * 7.0) - wanted).abs() < 0.1, "category {k}: {}", p(f64::from(k) * 7.0));
    }
    for unseen in [3.5, -1.0, 1e9, f64::INFINITY] {
        assert_eq!(p(unseen), p(f64::NAN), "{unseen} was never seen");
    }
    let as_number = Model::Boost(boost(&set_of(vec![meta("kind", Direction::Free)], vec![code], label), params, 1));
    let q = as_number.predict(&Design::from_columns(vec![meta("kind", Direction::Free)], vec![vec![0.0, 7.0, 140.0]]).unwrap()).unwrap();
    assert!((q[0] - 0.8).abs() > 0.1 || (q[1] - 0.2).abs() > 0.1, "one cut a tree cannot part them as numbers: {q:?}");
}

#[test]
fn a_missing_category_is_learnt_apart_from_the_known() {
    let mut draws = Draws(7);
    let code: Vec<f64> = (0..4_000).map(|i| if i % 5 == 0 { f64::NAN } else { (draws.bits() % 6) as f64 }).collect();
    let label = code.iter().map(|c| draws.yes(if c.is_nan() { 0.9 } else { 0.3 })).collect();
    let set = set_of(vec![category("kind")], vec![code], label);
    let model = Model::Boost(boost(&set, SMALL, 1));
    let p = model.predict(&Design::from_columns(vec![category("kind")], vec![vec![f64::NAN, 77.0, 2.0]]).unwrap()).unwrap();
    assert!((p[0] - 0.9).abs() < 0.05 && p[1] == p[0] && (p[2] - 0.3).abs() < 0.08, "{p:?}");
}

#[test]
fn growing_stops_when_rows_held_out_are_served_no_better() {
    let mut draws = Draws(8);
    let x: Vec<f64> = (0..2_000).map(|_| draws.normal()).collect();
    let noise: Vec<Vec<f64>> = (0..5).map(|_| (0..2_000).map(|_| draws.normal()).collect()).collect();
    let label = x.iter().map(|x| draws.yes(luheng_models::linear::link::sigmoid(*x))).collect();
    let features = (0..6).map(|j| meta(&format!("x{j}"), Direction::Free)).collect();
    let set = set_of(features, [x].into_iter().chain(noise).collect(), label);
    let params = BoostParams { trees: 400, held_share: 0.3, patience: 15, ..SMALL };
    let stopped = boost(&set, params, 1).ensemble;
    let stopping = stopped.stopping;
    assert!(stopping.grown < 400 && stopping.kept > 0, "{stopping:?}");
    assert_eq!((stopping.grown, stopping.kept as usize), (stopping.kept + 15, stopped.trees.len()));
    assert!((500..700).contains(&stopping.held) && stopping.held_loss.is_some(), "{stopping:?}");
    let (one, two) = (boost(&set, params, 1), boost(&set, params, 2));
    assert_ne!(one, two, "another seed holds out other groups");
    assert_eq!(one.ensemble, stopped);
    let all = boost(&set, BoostParams { trees: 30, held_share: 0.0, ..params }, 1).ensemble.stopping;
    assert_eq!((all.grown, all.kept, all.held, all.held_loss), (30, 30, 0, None));
}

#[test]
fn samples_of_rows_and_columns_follow_the_seed() {
    let (set, _) = town(2_000, 9);
    for params in [BoostParams { row_share: 0.5, ..SMALL }, BoostParams { column_share: 0.4, ..SMALL }] {
        assert_eq!(boost(&set, params, 1), boost(&set, params, 1));
        assert_ne!(boost(&set, params, 1), boost(&set, params, 2));
    }
    assert_eq!(boost(&set, SMALL, 1), boost(&set, SMALL, 2), "without samples nothing is drawn");
}

/// Labels are shares: their mean and quantiles are known for each x.
fn shares(rows: usize, seed: u64) -> TrainingSet {
    let mut draws = Draws(seed);
    let x: Vec<f64> = (0..rows).map(|_| draws.unit()).collect();
    let label = x.iter().map(|x| (0.2 + 0.4 * x + 0.3 * (draws.unit() - 0.5)).clamp(0.0, 1.0)).collect();
    set_of(vec![meta("x", Direction::Up)], vec![x], label)
}

#[test]
fn means_and_quantiles_of_a_share_come_back() {
    let (set, held) = (shares(12_000, 10), shares(6_000, 11));
    let params = BoostParams { min_rows: 50.0, learning_rate: 0.1, trees: 80, ..SMALL };
    for level in [0.05, 0.5, 0.95] {
        let ensemble = fit_values(&set, &params, Objective::Quantile(level), 1).unwrap();
        let values = ensemble.values(held.design()).unwrap();
        let below = mean(values.iter().zip(held.label()).map(|(q, y)| f64::from(u8::from(y <= q))));
        assert!((below - level).abs() < 0.015, "level {level}: {below} of the labels lie below");
        let gap = mean(values.iter().zip(held.design().x()).map(|(q, x)| (q - (0.2 + 0.4 * x + 0.3 * (level - 0.5))).abs()));
        assert!(gap < 0.02, "level {level}: mean gap {gap}");
    }
    let ensemble = fit_values(&set, &params, Objective::Squared, 1).unwrap();
    let gap = mean(ensemble.values(held.design()).unwrap().iter().zip(held.design().x()).map(|(m, x)| (m - (0.2 + 0.4 * x)).abs()));
    assert!(gap < 0.01, "mean gap {gap}");
    assert!(fit_values(&set, &params, Objective::Quantile(1.0), 1).unwrap_err().to_string().starts_with("parameter quantile: found 1"));
    let alike = set_of(vec![meta("x", Direction::Free)], vec![vec![1.0, 2.0]], vec![1.0, 1.0]);
    assert_eq!(fit_values(&alike, &params, Objective::Squared, 1).unwrap().values(alike.design()).unwrap(), [1.0, 1.0]);
}

#[test]
fn least_weights_and_most_leaves_are_kept() {
    let (set, _) = town(3_000, 12);
    let total: f64 = set.weight().iter().sum();
    for (max_leaves, max_depth, min_rows) in [(2, 63, 0.0), (64, 2, 0.0), (64, 63, 333.0), (7, 63, 0.0)] {
        let ensemble = boost(&set, BoostParams { max_leaves, max_depth, min_rows, ..SMALL }, 1).ensemble;
        let text = serde_json::to_value(&ensemble).unwrap();
        for tree in text["trees"].as_array().unwrap() {
            let cover: Vec<f64> = tree["cover"].as_str().unwrap().split(' ').map(|c| c.parse().unwrap()).collect();
            assert!(cover.iter().all(|c| *c >= min_rows) && (cover.iter().sum::<f64>() - total).abs() < 1e-6);
            assert!(cover.len() <= max_leaves as usize && cover.len() <= 1 << max_depth.min(6));
        }
        assert!(ensemble.trees.iter().any(|tree| tree.leaves() == (max_leaves as usize).min(1 << max_depth.min(6))) || min_rows > 0.0);
    }
}

#[test]
fn each_restraint_restrains() {
    let (set, _) = town(3_000, 13);
    let leaves = |params: BoostParams| boost(&set, params, 1).ensemble.trees.iter().map(|tree| tree.leaves()).sum::<usize>();
    let reach = |params: BoostParams| {
        let model = Model::Boost(boost(&set, params, 1));
        let scores = model.logit(set.design()).unwrap();
        scores.iter().map(|s| (s - scores[0]).abs()).fold(0.0, f64::max)
    };
    // A second derivative is at most a quarter, so a leaf weighs four times as much at least.
    let text = serde_json::to_value(boost(&set, BoostParams { min_hessian: 60.0, ..SMALL }, 1)).unwrap();
    let tree = text["ensemble"]["trees"][0]["cover"].as_str().unwrap();
    assert!(tree.split(' ').all(|cover| cover.parse::<f64>().unwrap() >= 240.0), "{tree}");
    assert!(leaves(BoostParams { min_gain: 5.0, ..SMALL }) < leaves(SMALL) && leaves(BoostParams { min_gain: 1e9, ..SMALL }) == 0);
    assert!(reach(BoostParams { l2: 1e7, ..SMALL }) < 0.1 && reach(SMALL) > 1.0);
    assert!(reach(BoostParams { learning_rate: 0.001, ..SMALL }) < 0.2);
    let mut draws = Draws(14);
    let code: Vec<f64> = (0..600).map(|_| (draws.bits() % 100) as f64).collect();
    let label = code.iter().map(|_| draws.yes(0.5)).collect();
    let set = set_of(vec![category("kind")], vec![code], label);
    let leaves = |category_smoothing: f64| boost(&set, BoostParams { category_smoothing, trees: 1, ..SMALL }, 1).ensemble.trees[0].leaves();
    assert!(leaves(0.0) > 6 && leaves(1e9) == 2, "{} {}: noise is fitted without smoothing, and not with much", leaves(0.0), leaves(1e9));
}

#[test]
fn parameters_out_of_range_are_named() {
    let said = |params: BoostParams| Params::Boost(params).check().unwrap_err().to_string();
    assert_eq!(said(BoostParams { max_leaves: 65, ..SMALL }), "parameter max_leaves: found 65, expected 2 to 64");
    assert_eq!(said(BoostParams { trees: 0, ..SMALL }), "parameter trees: found 0, expected 1 to 4096");
    assert_eq!(said(BoostParams { learning_rate: 0.0, ..SMALL }), "parameter learning_rate: found 0, expected above 0, at most 1");
    assert_eq!(said(BoostParams { min_hessian: 0.0, ..SMALL }), "parameter min_hessian: found 0, expected above 0, finite");
    assert_eq!(said(BoostParams { held_share: 0.6, ..SMALL }), "parameter held_share: found 0.6, expected 0 to 0.5");
    for bad in [BoostParams { l2: f64::NAN, ..SMALL }, BoostParams { min_rows: -1.0, ..SMALL }, BoostParams { max_bins: 256, ..SMALL }] {
        assert!(Params::Boost(bad).check().is_err());
    }
    let read: Params = serde_json::from_str(r#"{"algorithm": "boost", "trees": 7}"#).unwrap();
    assert_eq!(read, Params::Boost(BoostParams { trees: 7, ..BoostParams::default() }));
}
