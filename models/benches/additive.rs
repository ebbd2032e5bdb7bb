//! The additive model on its own: seconds of the fit, rounds, pairs, and a score a test row.

use std::time::Instant;

use luheng_models::{Model, Params, TrainingSet};
use serde_json::json;

pub fn run(arguments: &[String]) {
    let [train, test, params] = arguments else { panic!("additive TRAIN TEST PARAMS") };
    let (names, columns, label) = super::read(train);
    let n = label.len();
    let group = (0..n).map(|i| i.to_string()).collect();
    let set = TrainingSet::new(super::design(&names, columns), label, vec![1.0; n], group, vec![0; n]).unwrap();
    let mut params: serde_json::Value = serde_json::from_str(params).unwrap();
    params["algorithm"] = json!("additive");
    let params: Params = serde_json::from_value(params).unwrap();
    let began = Instant::now();
    let model = params.check().unwrap().fit(&set, 1).unwrap();
    let seconds = began.elapsed().as_secs_f64();
    let (names, columns, _) = super::read(test);
    let score = model.logit(&super::design(&names, columns)).unwrap();
    let Model::Additive(model) = model else { unreachable!() };
    let pairs: Vec<_> = model.pairs.iter().map(|pair| (pair.features, pair.z)).collect();
    let bins: usize = model.shapes.iter().map(|shape| shape.cells.len()).sum();
    println!("{}", json!({ "seconds": seconds, "score": score, "rounds": model.features_progress.rounds, "pairs": pairs, "bins": bins }));
}
