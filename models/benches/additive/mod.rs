//! The additive model on its own: seconds of the fit, rounds, pairs, and a score a test row.

use std::time::Instant;

use luheng_models::additive::axis::Edges;
use luheng_models::additive::{Cell, Progress, Shape};
use luheng_models::{Additive, Ask, Direction, Model, Params, TrainingSet, Way};
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

/// SplitMix64, from 0 to 1.
fn draw(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Questions to a table of 20 features of 8 bins, all of which may be acted upon, half of them one way only.
pub fn counterfactual() {
    const FEATURES: usize = 20;
    const BINS: usize = 8;
    const QUERIES: usize = 5_000;
    let mut state = 1;
    let whole = |x: f64| (x * 4_294_967_296.0).round() / 4_294_967_296.0;
    let names: Vec<String> = (0..FEATURES).map(|j| format!("x{j}")).collect();
    let mut shape = |id: &String| {
        let mut cell = || Cell { weight: 1.0 + 99.0 * draw(&mut state), good: 0.0, score: whole(draw(&mut state) - 0.5) };
        let cells = (0..BINS).map(|_| cell()).collect();
        let edges = Edges::Upper((1..BINS).map(|edge| edge as f64).collect());
        Shape { id: id.clone(), direction: Direction::Free, edges, cells, missing: cell() }
    };
    let shapes: Vec<Shape> = names.iter().map(&mut shape).collect();
    let progress = Progress { rounds: 1, loss_before: 1.0, loss_after: 0.5 };
    let model = Model::Additive(Additive { intercept: 0.0, shapes, pairs: Vec::new(), features_progress: progress, pairs_progress: None });
    let columns = (0..FEATURES).map(|_| (0..QUERIES).map(|_| draw(&mut state) * BINS as f64).collect()).collect();
    let design = super::design(&names, columns);
    let asks: Vec<Ask> = names.iter().enumerate().map(|(j, id)| Ask::any(id, if j % 2 == 0 { Way::Either } else { Way::Up })).collect();
    let now = model.logit(&design).unwrap();
    let (mut micros, mut reached) = (Vec::new(), 0);
    for (row, now) in now.iter().enumerate() {
        let goal = now + 0.2 + 6.0 * draw(&mut state);
        let began = Instant::now();
        let plan = model.counterfactual(&design, row, goal, &asks, None).unwrap();
        micros.push(began.elapsed().as_secs_f64() * 1e6);
        reached += usize::from(plan.is_reached);
    }
    micros.sort_by(f64::total_cmp);
    println!(
        "{}",
        json!({ "features": FEATURES, "bins": BINS, "queries": QUERIES, "reached": reached, "median": micros[QUERIES / 2], "p99": micros[QUERIES * 99 / 100], "longest": micros[QUERIES - 1] })
    );
}
