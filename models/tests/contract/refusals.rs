//! What cannot be learnt from, or is not declared, is refused by name.
use super::*;

#[test]
fn one_class_or_no_rows_is_an_error_and_one_row_is_not_a_fault() {
    for params in every() {
        let fit = |set: &TrainingSet| params.check().unwrap().fit(set, 1);
        for label in [0.0, 1.0] {
            let refused = fit(&of(Direction::Up, vec![1.0, 2.0], vec![label; 2])).unwrap_err();
            assert!(matches!(refused, Error::SingleClass { rows: 2, .. }), "{params:?}: {refused}");
        }
        assert!(matches!(fit(&of(Direction::Up, vec![], vec![])), Err(Error::Empty { .. })));
        assert!(matches!(fit(&of(Direction::Up, vec![3.0], vec![1.0])), Err(Error::SingleClass { rows: 1, .. })));
        if !params.traits().shares {
            continue;
        }
        let share = fit(&suited(&params, &of(Direction::Up, vec![3.0], vec![0.25]))).unwrap();
        assert!(near(&share.predict(&of(Direction::Up, vec![9.0], vec![0.0]).design().clone()).unwrap(), &[0.25], 1e-9));
    }
}

#[test]
fn what_is_not_declared_is_refused_and_what_is_declared_is_not() {
    let (town, _) = town(400, 19);
    let x = town.design().x().column(0).to_vec();
    let label = town.label();
    let set = |direction, kind, share: f64, weight: f64| {
        let feature = FeatureMeta { kind, ..meta("x", direction) };
        let design = Design::from_columns(vec![feature], vec![x.iter().map(|x| x.round()).collect()]).unwrap();
        let label = [share].into_iter().chain(label[1..].iter().copied()).collect();
        let weight = [weight].into_iter().chain(vec![1.0; x.len() - 1]).collect();
        TrainingSet::new(design, label, weight, town.group().to_vec(), town.day().to_vec()).unwrap()
    };
    for params in every() {
        let traits = params.traits();
        let asked = [
            (traits.weights, set(Direction::Free, Kind::Number, 0.0, 2.0), "weights that differ (row 1"),
            (traits.shares, set(Direction::Free, Kind::Number, 0.5, 1.0), "a label between 0 and 1 (row 0: 0.5)"),
            (traits.monotone, set(Direction::Up, Kind::Number, 0.0, 1.0), "the direction of feature x"),
            (traits.categories, set(Direction::Free, Kind::Category, 0.0, 1.0), "the categories of feature x"),
        ];
        for (is_declared, set, what) in asked {
            match params.check().unwrap().fit(&set, 1) {
                Ok(model) => {
                    assert!(is_declared, "{params:?} takes {what}");
                    assert_eq!(model.standard_error(set.design()).is_ok(), traits.standard_error, "{params:?}");
                }
                Err(refused) => {
                    assert!(!is_declared && matches!(refused, Error::Unsupported { .. }), "{params:?}: {refused}");
                    assert!(refused.to_string().starts_with(&format!("{} does not take {what}", params.name())), "{refused}");
                }
            }
        }
    }
    let odd = FeatureMeta { kind: Kind::Category, ..meta("x", Direction::Up) };
    let refused = Design::from_columns(vec![odd], vec![vec![]]).unwrap_err().to_string();
    assert_eq!(refused, "model contradicts itself: feature x has categories and a direction");
}

#[test]
fn parameters_out_of_range_are_named_with_their_range() {
    let said = |params: Params| params.check().unwrap_err().to_string();
    let card = ScorecardParams::default();
    assert_eq!(
        said(Params::Logistic(LogisticParams { l2: -1.0, ..Default::default() })),
        "parameter l2: found -1, expected 0 or more, finite"
    );
    assert_eq!(said(Params::Scorecard(ScorecardParams { max_bins: 1, ..card })), "parameter max_bins: found 1, expected 2 to 1000");
    assert_eq!(said(Params::Scorecard(ScorecardParams { min_share: 0.6, ..card })), "parameter min_share: found 0.6, expected 0 to 0.5");
    assert!(said(Params::Scorecard(ScorecardParams { smoothing: f64::NAN, ..card })).contains("smoothing: found NaN"));
}

#[test]
fn wrong_data_are_named_with_their_row() {
    let design = || Design::from_columns(vec![meta("x", Direction::Free)], vec![vec![1.0, 2.0]]).unwrap();
    let said = |label: Vec<f64>, weight: Vec<f64>| {
        TrainingSet::new(design(), label, weight, vec![String::new(); 2], vec![0; 2]).unwrap_err().to_string()
    };
    assert_eq!(said(vec![0.0, 1.5], vec![1.0; 2]), "label in row 1: found 1.5, expected 0 to 1");
    assert_eq!(said(vec![0.0, f64::NAN], vec![1.0; 2]), "label in row 1: found NaN, expected 0 to 1");
    assert_eq!(said(vec![0.0, 1.0], vec![0.0, 1.0]), "weight in row 0: found 0, expected above 0, at most 1e12");
    assert_eq!(said(vec![0.0], vec![1.0; 2]), "labels: found 1, expected 2");
    let twice = Design::from_columns(vec![meta("x", Direction::Up), meta("x", Direction::Up)], vec![vec![], vec![]]).unwrap_err();
    assert_eq!(twice.to_string(), "feature x is named twice, expected each feature once");
}

#[test]
fn params_read_as_toml_would_give_them() {
    let read = |text: &str| serde_json::from_str::<Params>(text);
    assert_eq!(read(r#"{"algorithm": "baseline"}"#).unwrap(), Params::Baseline);
    let card = ScorecardParams { max_bins: 12, l2: 2.0, ..Default::default() };
    assert_eq!(read(r#"{"algorithm": "scorecard", "max_bins": 12, "l2": 2}"#).unwrap(), Params::Scorecard(card));
    assert!(read(r#"{"algorithm": "scorecard", "max_bin": 12}"#).unwrap_err().to_string().contains("unknown field `max_bin`"));
}
