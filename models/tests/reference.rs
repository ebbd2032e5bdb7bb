//! Artifacts written by earlier releases must load and predict what they predicted then.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod truth;

use luheng_models::{Conformal, ModelArtifact, Params, ScorecardParams};

fn file(name: &str) -> std::path::PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "reference", name].iter().collect()
}

/// What an artifact says of the first six rows of the town of seed 99: its id, then each probability as its bits.
fn says(artifact: &ModelArtifact) -> String {
    let (rows, _) = truth::town(6, 99);
    let p = artifact.predict(rows.design()).unwrap();
    p.iter().fold(artifact.id.clone(), |said, p| said + &format!("\n{:016x}", p.to_bits())) + "\n"
}

/// `artifact-v1.json` was written by release 0.1.0 and is never written again: a new format gets a new file beside it.
#[test]
fn format_1_still_loads_and_predicts_the_same_bits() {
    let artifact = ModelArtifact::from_json(&std::fs::read_to_string(file("artifact-v1.json")).unwrap()).unwrap();
    assert_eq!(artifact.format, 1);
    assert_eq!(says(&artifact), std::fs::read_to_string(file("artifact-v1.predicted")).unwrap());
}

#[test]
#[ignore = "writes the sample of a new format; run by hand, once a format"]
fn write_a_sample() {
    let ((set, _), (held, _)) = (truth::town(400, 98), truth::town(300, 97));
    let mut draft = truth::sealed(&Params::Scorecard(ScorecardParams::default()), &set, &held).content;
    let p = draft.model.predict(held.design()).unwrap();
    draft.share_interval = Some(Conformal::fit(&p, held.label(), 0.9, 5).unwrap());
    let artifact = draft.seal().unwrap();
    std::fs::write(file("artifact-new.json"), artifact.to_json().unwrap()).unwrap();
    std::fs::write(file("artifact-new.predicted"), says(&artifact)).unwrap();
}
