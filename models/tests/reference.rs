//! Artifacts written by earlier releases must load and predict what they predicted then.
//!
//! `artifact-v1.json` was written by release 0.1.0: a scorecard with default parameters on `town(400, 98)`, calibrated and judged on
//! `town(300, 97)`, with a share interval. `artifact-v1.predicted` holds its id and what it said of `town(6, 99)`, each probability as its
//! bits. Neither is ever written again: a new format gets new files beside them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod truth;

use luheng_models::ModelArtifact;

#[test]
fn format_1_still_loads_and_predicts_the_same_bits() {
    let artifact = ModelArtifact::from_json(include_str!("reference/artifact-v1.json")).unwrap();
    assert_eq!(artifact.format, 1);
    let (rows, _) = truth::town(6, 99);
    let p = artifact.predict(rows.design()).unwrap();
    let said = p.iter().fold(artifact.id.clone(), |said, p| said + &format!("\n{:016x}", p.to_bits()));
    assert_eq!(said + "\n", include_str!("reference/artifact-v1.predicted"));
    let intervals = artifact.predict_interval(rows.design(), 0.9).unwrap();
    assert!(intervals.iter().all(|i| 0.0 <= i.low && i.low <= i.estimate && i.estimate <= i.high && i.high <= 1.0));
}
