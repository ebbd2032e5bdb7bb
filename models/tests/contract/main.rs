//! What every algorithm must keep, whatever it is. A new variant of `Params` joins `every()` and passes, or is not done.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod artifact;
mod promises;
mod refusals;
#[path = "../truth/mod.rs"]
mod truth;

use luheng_models::{
    AdditiveParams, BoostParams, Design, Direction, Error, FeatureMeta, ForestParams, Kind, LinfaParams, LogisticParams, ModelArtifact,
    Params, Platt, ScorecardParams, TrainingSet, assess,
};
use luheng_models::{Binning, Calibration, Model};
use proptest::prelude::*;
use truth::{Draws, fit, meta, sealed, suited, town};

/// Every algorithm, as it comes and with its parameters away from their defaults.
fn every() -> Vec<Params> {
    let all = vec![
        Params::Baseline,
        Params::Logistic(LogisticParams::default()),
        Params::Logistic(LogisticParams { l2: 50.0, min_missing_share: 0.2 }),
        Params::Scorecard(ScorecardParams::default()),
        Params::Scorecard(ScorecardParams {
            max_bins: 30,
            min_share: 0.0,
            smoothing: 0.5,
            min_iv: 0.0,
            l2: 0.1,
            min_missing_share: 0.0,
            ..ScorecardParams::default()
        }),
        Params::Scorecard(ScorecardParams { binning: Binning::Optimal, ..ScorecardParams::default() }),
        Params::Scorecard(ScorecardParams {
            binning: Binning::Optimal,
            max_bins: 20,
            min_share: 0.0,
            smoothing: 0.5,
            ..ScorecardParams::default()
        }),
        Params::Linfa(LinfaParams::default()),
        Params::Linfa(LinfaParams { l2: 50.0, min_missing_share: 0.2 }),
        // Single-threaded, so few trees here.
        Params::Forest(ForestParams { trees: 20, ..ForestParams::default() }),
        Params::Forest(ForestParams { trees: 12, max_depth: 8, min_leaf: 2, columns: 4 }),
        Params::Additive(AdditiveParams::default()),
        Params::Additive(AdditiveParams {
            max_bins: 20,
            bags: 3,
            rate: 0.7,
            leaves: 5,
            max_rounds: 9,
            min_leaf: 0.0,
            l2: 0.01,
            pairs: 2,
            pair_bins: 5,
            ..AdditiveParams::default()
        }),
        Params::Boost(BoostParams { trees: 80, learning_rate: 0.15, ..BoostParams::default() }),
        Params::Boost(BoostParams {
            trees: 30,
            learning_rate: 0.3,
            max_leaves: 64,
            max_depth: 12,
            min_rows: 5.5,
            min_hessian: 0.5,
            l2: 20.0,
            min_gain: 0.1,
            max_bins: 40,
            row_share: 0.7,
            column_share: 0.6,
            held_share: 0.0,
            ..BoostParams::default()
        }),
    ];
    // Does not compile until a new variant has been thought of here.
    all.iter().for_each(|p| match p {
        Params::Baseline | Params::Logistic(_) | Params::Scorecard(_) => {}
        Params::Additive(_) | Params::Boost(_) | Params::Linfa(_) | Params::Forest(_) => {}
    });
    all
}

/// Each variant carries the name of its parameters.
#[test]
fn a_model_is_called_what_its_parameters_are() {
    let (set, _) = town(300, 3);
    for params in every() {
        let tag = |text: String| text.split('"').nth(3).unwrap().to_owned();
        let model = fit(&params, &set);
        assert_eq!((model.name(), tag(bytes(&model))), (params.name(), params.name().to_owned()));
        assert_eq!(tag(serde_json::to_string(&params).unwrap()), params.name());
    }
}

fn bytes(model: &Model) -> String {
    serde_json::to_string(model).unwrap()
}

fn near(a: &[f64], b: &[f64], tolerance: f64) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= tolerance)
}

/// A set of one feature called `x`, each row a group of its own.
fn of(direction: Direction, x: Vec<f64>, label: Vec<f64>) -> TrainingSet {
    let n = x.len();
    let design = Design::from_columns(vec![meta("x", direction)], vec![x]).unwrap();
    TrainingSet::new(design, label, vec![1.0; n], (0..n).map(|i| i.to_string()).collect(), vec![0; n]).unwrap()
}
