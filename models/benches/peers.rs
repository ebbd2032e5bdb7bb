//! What `peers.py` measures on our side: one command a process, rows read from a CSV of numbers, one JSON object on standard output.
//!
//!     peers binning DATA TREND MAX_BINS MIN_SHARE REPEAT    each column: seconds, cuts
//!     peers scorecard TRAIN TEST quantile|optimal           seconds of the fit, a score a test row
//!     peers effect DATA                                     effects, curves, folds and scores
//!     peers neighbours ROWS FEATURES K QUERIES              seconds to build, queries a second
//!     peers counterfactual                                  microseconds a question on a table of 20 features of 8 bins
//!     peers additive TRAIN TEST PARAMS                      the same, with rounds and pairs; PARAMS as JSON
//!     peers tree SPEC                                       see `tree.rs`
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    missing_docs
)]

mod additive;
mod effect;
mod neighbours;
mod tree;

use std::time::Instant;

use luheng_models::binning::optimal::{Optimal, Trend, cut};
use luheng_models::{Design, Direction, FeatureMeta, Kind, Params, TrainingSet};
use serde_json::json;

/// Names and columns; an empty cell is missing; the label is last.
fn read(path: &str) -> (Vec<String>, Vec<Vec<f64>>, Vec<f64>) {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let mut names: Vec<String> = lines.next().unwrap().split(',').map(str::to_owned).collect();
    let mut columns = vec![Vec::new(); names.len()];
    for line in lines {
        for (column, cell) in columns.iter_mut().zip(line.split(',')) {
            column.push(if cell.is_empty() { f64::NAN } else { cell.parse().unwrap() });
        }
    }
    names.pop();
    let label = columns.pop().unwrap();
    (names, columns, label)
}

fn binning(arguments: &[String]) {
    let [data, trend, max_bins, min_share, repeat] = arguments else { panic!("binning DATA TREND MAX_BINS MIN_SHARE REPEAT") };
    let (names, columns, label) = read(data);
    let trend: Trend = serde_json::from_value(json!(trend)).unwrap();
    let how = Optimal {
        trend,
        max_bins: max_bins.parse().unwrap(),
        min_share: min_share.parse().unwrap(),
        // What the peer asks of a bin by itself: an event and a non-event.
        min_events: 1.0,
        smoothing: 1e-9,
        min_missing_share: 0.0,
        ..Optimal::default()
    };
    let weight = vec![1.0; label.len()];
    let mut found = serde_json::Map::new();
    for (name, x) in names.into_iter().zip(&columns) {
        let mut seconds: Vec<f64> = Vec::new();
        let mut result = None;
        for _ in 0..repeat.parse().unwrap() {
            let began = Instant::now();
            result = Some(cut(x, &label, &weight, &how));
            seconds.push(began.elapsed().as_secs_f64());
        }
        seconds.sort_by(f64::total_cmp);
        let cuts = match result.unwrap() {
            Ok(optimum) => json!(optimum.bins.upper),
            Err(error) => json!(error.to_string()),
        };
        found.insert(name, json!({ "seconds": seconds[seconds.len() / 2], "cuts": cuts }));
    }
    println!("{}", serde_json::Value::Object(found));
}

fn design(names: &[String], columns: Vec<Vec<f64>>) -> Design {
    let meta =
        |id: &String| FeatureMeta { id: id.clone(), version: 1, unit: String::new(), direction: Direction::Free, kind: Kind::Number };
    Design::from_columns(names.iter().map(meta).collect(), columns).unwrap()
}

fn scorecard(arguments: &[String]) {
    let [train, test, binning] = arguments else { panic!("scorecard TRAIN TEST BINNING") };
    let (names, columns, label) = read(train);
    let n = label.len();
    let set = TrainingSet::new(design(&names, columns), label, vec![1.0; n], (0..n).map(|i| i.to_string()).collect(), vec![0; n]).unwrap();
    let params: Params = serde_json::from_value(json!({ "algorithm": "scorecard", "binning": binning })).unwrap();
    let began = Instant::now();
    let model = params.check().unwrap().fit(&set, 1).unwrap();
    let seconds = began.elapsed().as_secs_f64();
    let (names, columns, _) = read(test);
    let score = model.logit(&design(&names, columns)).unwrap();
    println!("{}", json!({ "seconds": seconds, "score": score }));
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    match arguments.first().map(String::as_str) {
        Some("binning") => binning(&arguments[1..]),
        Some("scorecard") => scorecard(&arguments[1..]),
        Some("effect") => effect::effect(&arguments[1..]),
        Some("neighbours") => neighbours::neighbours(&arguments[1..]),
        Some("additive") => additive::run(&arguments[1..]),
        Some("counterfactual") => additive::counterfactual(),
        Some("tree") => tree::run(&arguments[1..]),
        _ => println!("run by models/benches/peers.py"),
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map_or("0", |rest| rest.trim().trim_end_matches(" kB"));
    eprintln!("peak KiB {peak}");
}
