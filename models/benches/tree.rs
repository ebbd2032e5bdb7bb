//! Boosted trees for `peers_tree.py`: `peers tree SPEC`, one fit a process.
//!
//! The specification is JSON: names, directions and categories of the columns, parameters, and files of numbers (f64, row by row, the label last). Scores go to
//! files, seconds to standard output.

use luheng_models::{Design, Direction, FeatureMeta, Kind, Params, TrainingSet};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Spec {
    names: Vec<String>,
    directions: BTreeMap<String, Direction>,
    categories: Vec<String>,
    params: serde_json::Value,
    train: String,
    /// Rows to score, and where the scores go.
    score: Vec<(String, String)>,
    /// Rows to time scores and contributions on, and how often; none to leave it out.
    speed: Option<(String, u32)>,
}

fn numbers(path: &str) -> Vec<f64> {
    std::fs::read(path).unwrap().chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect()
}

/// Design and labels of a file of numbers.
fn rows(spec: &Spec, path: &str) -> (Design, Vec<f64>) {
    let width = spec.names.len();
    let values = numbers(path);
    let n = values.len() / (width + 1);
    let label = values.chunks_exact(width + 1).map(|row| row[width]).collect();
    let x = ndarray::Array2::from_shape_fn((n, width), |(i, j)| values[i * (width + 1) + j]);
    let meta = |id: &String| FeatureMeta {
        id: id.clone(),
        version: 1,
        unit: String::new(),
        direction: spec.directions.get(id).copied().unwrap_or(Direction::Free),
        kind: if spec.categories.contains(id) { Kind::Category } else { Kind::Number },
    };
    (Design::new(x, spec.names.iter().map(meta).collect()).unwrap(), label)
}

/// Seconds since some point: of the clock, or, on a machine that is busy with other things (`PEERS_CPU`), of this process on its cores.
fn seconds() -> f64 {
    if std::env::var_os("PEERS_CPU").is_none() {
        return std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs_f64();
    }
    let of = |task: std::io::Result<std::fs::DirEntry>| std::fs::read_to_string(task.unwrap().path().join("schedstat")).unwrap();
    let nanoseconds = |text: String| text.split(' ').next().unwrap().parse::<f64>().unwrap();
    std::fs::read_dir("/proc/self/task").unwrap().map(|task| nanoseconds(of(task))).sum::<f64>() / 1e9
}

fn best(repeat: u32, work: impl Fn()) -> f64 {
    let one = |_| {
        let began = seconds();
        work();
        seconds() - began
    };
    (0..repeat).map(one).fold(f64::INFINITY, f64::min)
}

pub fn run(arguments: &[String]) {
    let [path] = arguments else { panic!("tree SPEC") };
    let spec: Spec = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let (design, label) = rows(&spec, &spec.train);
    let n = label.len();
    let set = TrainingSet::new(design, label, vec![1.0; n], (0..n).map(|i| format!("{i:07}")).collect(), vec![0; n]).unwrap();
    let params: Params = serde_json::from_value(spec.params.clone()).unwrap();
    let began = seconds();
    let model = params.check().unwrap().fit(&set, 1).unwrap();
    let took = seconds() - began;
    drop(set);
    for (from, to) in &spec.score {
        let scores = model.logit(&rows(&spec, from).0).unwrap();
        std::fs::write(to, scores.into_iter().flat_map(f64::to_le_bytes).collect::<Vec<u8>>()).unwrap();
    }
    let speed = spec.speed.as_ref().map(|(from, repeat)| {
        let design = rows(&spec, from).0;
        let n = design.rows() as f64;
        let scores = best(*repeat, || drop(std::hint::black_box(model.logit(&design).unwrap())));
        let parts = best(*repeat, || drop(std::hint::black_box(model.contributions(&design).unwrap())));
        [n / scores, n / parts]
    });
    println!("{}", json!({ "seconds": took, "rows_per_second": speed, "bytes": serde_json::to_string(&model).unwrap().len() }));
}
