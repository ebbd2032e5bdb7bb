//! A model as a file: back as it was, or refused.
use luheng_models::Draft;
use serde_json::{Value, json};

use super::*;

#[test]
fn an_artifact_comes_back_as_it_was() {
    let (set, _) = town(3_000, 11);
    for params in every() {
        let artifact = sealed(&params, &set, &set);
        let text = artifact.to_json().unwrap();
        let back = ModelArtifact::from_json(&text).unwrap();
        assert_eq!((&back, back.to_json().unwrap()), (&artifact, text.clone()));
        assert_eq!(back.predict(set.design()).unwrap(), artifact.predict(set.design()).unwrap());
        assert_eq!(artifact.id.len(), 16);
        assert_eq!(artifact.id, sealed(&params, &set, &set).id, "same causes, same id");
        assert!(text.contains("\"no_limit\": \"inf\""));
    }
}

#[test]
fn an_artifact_that_is_not_what_it_says_is_refused() {
    let (set, _) = town(500, 12);
    let artifact = sealed(&Params::Scorecard(ScorecardParams::default()), &set, &set);
    let text = artifact.to_json().unwrap();
    let said = |text: &str| ModelArtifact::from_json(text).unwrap_err().to_string();
    let newer = said(&text.replacen("\"format\": 1", "\"format\": 2, \"shape\": []", 1));
    assert_eq!(newer, "model format 2, this release reads format 1 (remedy: use the release that wrote it, or a later one)");
    assert!(said(&text.replacen("\"format\": 1", "\"format\": 0", 1)).contains("remedy: train a new model"));
    let changed = said(&text.replacen("\"horizon_days\": 180", "\"horizon_days\": 365", 1));
    assert!(changed.contains(&artifact.id) && changed.contains("changed after it was sealed"), "{changed}");
    assert!(said(&text[..text.len() / 2]).starts_with("model is not readable at line "));
    assert!(said(&text.replacen("\"target\"", "\"targets\"", 1)).contains("unknown field `targets`"));
    assert!(said("{}").contains("missing field `format`"));
}

#[test]
fn other_features_are_refused_by_name() {
    let (set, _) = town(500, 13);
    for params in every() {
        let artifact = sealed(&params, &set, &set);
        artifact.fits(set.design().features()).unwrap();
        let mut features = set.design().features().to_vec();
        features[2].version = 2;
        let newer = artifact.fits(&features).unwrap_err().to_string();
        assert!(
            newer.starts_with("feature 2: found hill version 2 in \"n\", direction Free, the model was trained on hill version 1"),
            "{newer}"
        );
        assert!(artifact.predict(&Design::new(set.design().x().clone(), features).unwrap()).is_err());
        let fewer = Design::from_columns(vec![meta("rise", Direction::Up)], vec![vec![1.0]]).unwrap();
        let refused = artifact.model.predict(&fewer).unwrap_err().to_string();
        assert!(refused.starts_with("feature 1: found none, the model was trained on fall"), "{refused}");
    }
}

#[test]
fn a_draft_that_contradicts_itself_is_not_sealed() {
    let (set, _) = town(500, 14);
    let draft = || sealed(&Params::Baseline, &set, &set).content;
    let refused = |change: fn(&mut luheng_models::Draft)| {
        let mut draft = draft();
        change(&mut draft);
        draft.seal().unwrap_err().to_string()
    };
    assert!(refused(|d| d.params = Params::Logistic(LogisticParams::default())).contains("another algorithm"));
    assert!(refused(|d| d.good += 1).contains("good and"));
    assert!(refused(|d| d.features.truncate(3)).starts_with("feature 3: found none"));
    assert!(refused(|d| d.scale.points_to_double = 0.0).starts_with("parameter points_to_double: found 0"));
    assert!(refused(|d| d.fitted = [("rate".to_owned(), f64::NAN)].into()).contains("NaN"));
    let down = Platt { slope: -1.0, shift: 0.0, covariance: [0.0; 3], floored: false };
    let mut turned = draft();
    turned.calibration = Calibration::Platt(down);
    assert!(turned.seal().unwrap_err().to_string().contains("calibration of slope -1"));
}

/// One place in a document, chosen by draw, spoilt by draw.
fn spoilt(document: &Value, draws: &mut Draws) -> Value {
    fn places(value: &Value, at: String, found: &mut Vec<String>) {
        match value {
            Value::Array(all) => all.iter().enumerate().for_each(|(i, v)| places(v, format!("{at}/{i}"), found)),
            Value::Object(all) => all.iter().for_each(|(k, v)| places(v, format!("{at}/{k}"), found)),
            _ => {}
        }
        found.push(at);
    }
    let mut found = Vec::new();
    places(&document["model"], "/model".to_owned(), &mut found);
    let mut pick = |n: usize| (draws.bits() % n as u64) as usize;
    let mut document = document.clone();
    let Some(place) = document.pointer_mut(&found[pick(found.len())]) else { unreachable!() };
    let odd = [
        json!(null),
        json!(-1),
        json!(0),
        json!(1e300),
        json!(4_294_967_295_u64),
        json!("inf"),
        json!("-inf"),
        json!(0.5),
        json!([]),
        json!(3),
    ];
    match place {
        Value::Array(all) if !all.is_empty() && pick(2) == 0 => {
            let i = pick(all.len());
            match pick(3) {
                0 => drop(all.remove(i)),
                1 => all.push(all[i].clone()),
                _ => all.swap(i, 0),
            }
        }
        Value::Number(number) if pick(2) == 0 => *place = json!(-number.as_f64().unwrap_or(1.0)),
        _ => *place = odd[pick(odd.len())].clone(),
    }
    document
}

#[test]
fn a_damaged_model_is_refused_or_answers_but_never_panics() {
    let (set, _) = town(400, 61);
    let mut draws = Draws(62);
    let (mut refused, mut answered) = (0, 0);
    for params in every() {
        let whole = serde_json::to_value(sealed(&params, &set, &set).content).unwrap();
        for _ in 0..120 {
            // The hash is made anew, as one who tampers would: only the checks of the parts stand in the way.
            let Some(artifact) = serde_json::from_value::<Draft>(spoilt(&whole, &mut draws)).ok().and_then(|draft| draft.seal().ok())
            else {
                refused += 1;
                continue;
            };
            answered += 1;
            let rows = set.design().take(&[0, 1, 2, 3, 4, 5, 6, 7]).unwrap();
            let _ = (artifact.predict(&rows), artifact.explain(&rows), artifact.predict_interval(&rows, 0.9));
            let _ = artifact.points().map(|points| (points.scores(&rows), points.whole(), points.sql(), points.rows()));
        }
    }
    assert!(refused > 0 && answered > 0, "{refused} refused, {answered} answered");
}
