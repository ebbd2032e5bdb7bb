//! What a treatment does, from a CSV: `treated` (0 or 1) and `priority` first, then the features; the outcome is last.

use std::time::Instant;

use luheng_models::effect::{Learner, Limits, Resampling, Study, Target, qini};
use luheng_models::split::fold_of;
use luheng_models::{Design, Direction, FeatureMeta, Kind, TrainingSet};
use serde_json::json;

/// `effect DATA`: the average effects, the line of the effect, the curves; with the folds and scores, so that the peer can be given the same.
pub fn effect(arguments: &[String]) {
    let [data] = arguments else { panic!("effect DATA") };
    let (names, mut columns, label) = crate::read(data);
    let priority = columns.remove(1);
    let arm: Vec<u32> = columns.remove(0).iter().map(|t| *t as u32).collect();
    let meta =
        |id: &String| FeatureMeta { id: id.clone(), version: 1, unit: String::new(), direction: Direction::Free, kind: Kind::Number };
    let design = Design::from_columns(names[2..].iter().map(meta).collect(), columns).unwrap();
    let n = label.len();
    let group: Vec<String> = (0..n).map(|i| i.to_string()).collect();
    let set = TrainingSet::new(design, label, vec![1.0; n], group, vec![0; n]).unwrap();
    let limits = Limits { low: 1e-3, high: 1.0 - 1e-3, max_imbalance: 10.0, ..Limits::default() };
    let learner = Learner { limits, ..Learner::default() };
    let study = Study::new(&set, &arm, 1).unwrap();
    let began = Instant::now();
    let fit = learner.fit(&study).unwrap();
    let effect = |target| fit.effect(target).unwrap().estimated().unwrap().estimate;
    let (everyone, treated) = (effect(Target::Everyone), effect(Target::Treated));
    let seconds = began.elapsed().as_secs_f64();
    let began = Instant::now();
    let curve = fit.curve(&priority, &Resampling::default()).unwrap().estimated().unwrap();
    let seconds_curve = began.elapsed().as_secs_f64();
    let by_hand = qini(&study, &priority, &Resampling::default()).unwrap();
    let gains = fit.gains(0.0).unwrap().estimated().unwrap();
    let per_unit = gains.lines.iter().map(|l| l.slope / (l.spread * (l.high - l.low))).collect::<Vec<f64>>();
    let fold: Vec<u32> = set.group().iter().map(|g| fold_of(g, learner.folds, learner.seed)).collect();
    println!(
        "{}",
        json!({
            "seconds": seconds, "seconds_curve": seconds_curve, "everyone": everyone, "treated": treated, "slopes": per_unit,
            "autoc": curve.autoc, "qini": curve.qini, "qini_drawn": by_hand.coefficient, "fold": fold, "scores": fit.pseudo_outcomes(),
        })
    );
}
