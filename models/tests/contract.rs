//! What every algorithm must keep, whatever it is. A new variant of `Params` joins `every()` and passes, or is not done.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod truth;

use luheng_models::{Binning, Calibration, Model};
use luheng_models::{Design, Direction, Error, LogisticParams, ModelArtifact, Params, Platt, ScorecardParams, TrainingSet, assess};
use proptest::prelude::*;
use truth::{Draws, fit, meta, sealed, town};

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
    ];
    // Does not compile until a new variant has been thought of here.
    all.iter().for_each(|p| match p {
        Params::Baseline | Params::Logistic(_) | Params::Scorecard(_) => {}
    });
    all
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

#[test]
fn same_bytes_on_one_and_two_threads_and_in_any_order_of_rows() {
    let (set, _) = town(9_000, 1);
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    for params in every() {
        let once = bytes(&pool(1).install(|| fit(&params, &set)));
        assert_eq!(once, bytes(&pool(2).install(|| fit(&params, &set))), "{params:?}: threads");
        for seed in [2, 3] {
            let turned = set.take(&Draws(seed).shuffle(set.rows())).unwrap();
            assert_eq!(once, bytes(&fit(&params, &turned)), "{params:?}: order of rows");
        }
    }
}

#[test]
fn a_row_of_weight_two_is_the_row_twice() {
    let (set, _) = town(3_000, 4);
    let twice: Vec<usize> = (0..set.rows()).flat_map(|i| vec![i; set.weight()[i] as usize]).collect();
    let rows = set.take(&twice).unwrap();
    let ones = vec![1.0; twice.len()];
    let rows = TrainingSet::new(rows.design().clone(), rows.label().to_vec(), ones, rows.group().to_vec(), rows.day().to_vec()).unwrap();
    for params in every() {
        let (weighted, repeated) = (fit(&params, &set), fit(&params, &rows));
        let both = |model: &Model| (model.predict(set.design()).unwrap(), model.standard_error(set.design()).unwrap());
        let ((p, se), (q, sf)) = (both(&weighted), both(&repeated));
        assert!(near(&p, &q, 1e-9) && near(&se, &sf, 1e-9), "{params:?}");
    }
}

#[test]
fn a_batch_is_its_rows_one_by_one() {
    let (set, _) = town(2_000, 5);
    for params in every() {
        let model = fit(&params, &set);
        let batch = model.predict(set.design()).unwrap();
        for i in (0..set.rows()).step_by(97) {
            assert_eq!(model.predict(&set.design().take(&[i]).unwrap()).unwrap(), [batch[i]], "{params:?} row {i}");
        }
        assert!(model.predict(&set.design().take(&[]).unwrap()).unwrap().is_empty());
    }
}

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
        let share = fit(&of(Direction::Up, vec![3.0], vec![0.25])).unwrap();
        assert!(near(&share.predict(&of(Direction::Up, vec![9.0], vec![0.0]).design().clone()).unwrap(), &[0.25], 1e-9));
    }
}

#[test]
fn missing_infinite_huge_and_constant_values_give_finite_answers() {
    let nan = f64::NAN;
    let odd = vec![nan, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, f64::MIN_POSITIVE, -0.0, 5e-324];
    let columns = [vec![nan; 8], vec![4.0; 8], odd.clone(), vec![f64::INFINITY; 8], vec![nan, 1.0, nan, 1.0, nan, 1.0, nan, 1.0]];
    for params in every() {
        for column in &columns {
            let set = of(Direction::Free, column.clone(), vec![0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.3]);
            let model = fit(&params, &set);
            for p in model.predict(of(Direction::Free, odd.clone(), vec![0.0; 8]).design()).unwrap() {
                assert!(p > 0.0 && p < 1.0, "{params:?} on {column:?}: {p}");
            }
            serde_json::from_str::<Model>(&bytes(&model)).unwrap();
        }
    }
}

#[test]
fn a_constant_feature_adds_nothing() {
    let (set, _) = town(2_000, 6);
    for params in every() {
        let parts = fit(&params, &set).contributions(set.design()).unwrap();
        for constant in [4, 5] {
            assert!(parts.by_feature.column(constant).iter().all(|c| *c == 0.0), "{params:?}");
        }
    }
}

#[test]
fn units_do_not_matter() {
    let (set, _) = town(3_000, 7);
    let x = set.design().x().mapv(|x| x * 1e6);
    let design = Design::new(x, set.design().features().to_vec()).unwrap();
    let scaled = TrainingSet::new(design, set.label().to_vec(), set.weight().to_vec(), set.group().to_vec(), set.day().to_vec()).unwrap();
    for params in every() {
        let (p, q) = (fit(&params, &set).predict(set.design()).unwrap(), fit(&params, &scaled).predict(scaled.design()).unwrap());
        assert!(near(&p, &q, 1e-9), "{params:?}");
    }
}

#[test]
fn directions_hold_even_where_the_data_point_the_other_way() {
    let mut ladder: Vec<f64> = (-400..=400).map(|i| f64::from(i) / 100.0).collect();
    ladder.insert(0, f64::NEG_INFINITY);
    ladder.push(f64::INFINITY);
    for seed in 0..6 {
        let mut draws = Draws(seed);
        let x: Vec<f64> = (0..600).map(|_| draws.normal()).collect();
        // Rising, falling, or waved: only a model that holds its direction passes all three.
        let truth = |x: f64| [x, -x, 3.0 * libm::sin(3.0 * x)][seed as usize % 3];
        let label: Vec<f64> = x.iter().map(|x| draws.yes(luheng_models::linear::link::sigmoid(truth(*x)))).collect();
        for params in every() {
            for direction in [Direction::Up, Direction::Down] {
                let model = fit(&params, &of(direction, x.clone(), label.clone()));
                let p = model.predict(of(direction, ladder.clone(), vec![0.0; ladder.len()]).design()).unwrap();
                let holds = |pair: &[f64]| {
                    if direction == Direction::Up { pair[0] <= pair[1] } else { pair[0] >= pair[1] }
                };
                assert!(p.windows(2).all(holds), "{params:?} {direction:?} seed {seed}");
            }
        }
    }
}

#[test]
fn parts_add_up_to_the_prediction_and_points_to_the_score_bit_by_bit() {
    let (set, _) = town(4_000, 8);
    let (held, _) = town(1_500, 9);
    for params in every() {
        let artifact = sealed(&params, &set, &held);
        let explained = artifact.explain(held.design()).unwrap();
        let (raw, parts) = (artifact.model.logit(held.design()).unwrap(), artifact.model.contributions(held.design()).unwrap());
        for (i, logit_i) in raw.iter().enumerate() {
            let sum = |base: f64, row: ndarray::ArrayView1<'_, f64>| row.iter().fold(base, |s, c| s + c);
            assert_eq!(logit_i.to_bits(), sum(parts.base, parts.by_feature.row(i)).to_bits());
            assert_eq!(explained.score[i].to_bits(), sum(explained.base_points, explained.points.row(i)).to_bits());
            let logit = sum(explained.base, explained.by_feature.row(i));
            assert!((explained.score[i] - artifact.scale.score_of(logit)).abs() < 1e-9, "{params:?}");
            assert!((logit - artifact.calibration.apply(*logit_i)).abs() < 1e-12);
            let ranked = explained.ranked(i, 3).unwrap();
            let total = ranked.reasons.iter().fold(ranked.base_points, |s, r| s + r.points) + ranked.rest_points;
            assert!((total - ranked.score).abs() < 1e-9 && ranked.reasons.len() <= 3);
            assert!(ranked.reasons.windows(2).all(|r| r[0].points.abs() >= r[1].points.abs()));
        }
        assert_eq!(explained.p, artifact.predict(held.design()).unwrap());
        assert!(explained.ranked(held.rows(), 3).is_err());
    }
}

#[test]
fn intervals_hold_the_estimate_and_widen_with_the_level() {
    let (set, _) = town(2_000, 10);
    for params in every() {
        let artifact = sealed(&params, &set, &set);
        let (p, narrow) = (artifact.predict(set.design()).unwrap(), artifact.predict_interval(set.design(), 0.5).unwrap());
        let wide = artifact.predict_interval(set.design(), 0.95).unwrap();
        for ((p, narrow), wide) in p.into_iter().zip(narrow).zip(wide) {
            assert_eq!((narrow.estimate, wide.estimate), (p, p));
            assert!(0.0 <= wide.low && wide.low < narrow.low && narrow.low < p, "{params:?}");
            assert!(p < narrow.high && narrow.high < wide.high && wide.high <= 1.0, "{params:?}");
        }
        assert!(artifact.predict_interval(set.design(), 1.0).is_err());
    }
}

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

#[test]
fn all_but_the_baseline_beat_the_baseline_on_rows_not_seen() {
    let (set, _) = town(6_000, 15);
    let (fresh, _) = town(4_000, 16);
    let judge =
        |params: &Params| assess::assess(&fit(params, &set).predict(fresh.design()).unwrap(), fresh.label(), fresh.weight(), &[]).unwrap();
    let bar = judge(&Params::Baseline);
    assert_eq!(bar.auc, Some(0.5));
    for params in every().into_iter().filter(|p| *p != Params::Baseline) {
        let got = judge(&params);
        assert!(got.brier < bar.brier - 0.02 && got.log_loss < bar.log_loss && got.auc > Some(0.75), "{params:?}: {got:?}");
        assert!(got.calibration_error < 0.03, "{params:?}: {got:?}");
    }
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

/// Any number at all, the awkward ones often.
fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -3.0..3.0,
        2 => (0_i8..3).prop_map(f64::from),
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, 5e-324, -0.0]),
    ]
}

/// One row: two values, label, weight, group, day.
type AnyRow = (f64, f64, f64, f64, u8, i32);

fn any_row() -> impl Strategy<Value = AnyRow> {
    (any_value(), any_value(), prop_oneof![Just(0.0), Just(1.0), 0.0..=1.0], 1e-3..1e3, 0_u8..4, -5_i32..5)
}

/// 64 draws, or as many as `PROPTEST_CASES` asks for.
fn often() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: if usual.cases == 256 { 64 } else { usual.cases }, failure_persistence: None, ..usual }
}

/// One row as it comes: two values, label, weight, group, day.
type Row = (f64, f64, f64, f64, u8, i32);

proptest! {
    #![proptest_config(often())]

    #[test]
    fn whatever_comes_in_the_answer_is_a_probability_or_a_refusal(
        rows in prop::collection::vec(any_row(), 1..60),
        seed in any::<u64>(),
    ) {
        let column = |of: fn(&Row) -> f64| rows.iter().map(of).collect::<Vec<f64>>();
        let features = vec![meta("a", Direction::Up), meta("b", Direction::Down)];
        let design = Design::from_columns(features, vec![column(|r| r.0), column(|r| r.1)]).unwrap();
        let group = rows.iter().map(|r| r.4.to_string()).collect();
        let set = TrainingSet::new(design, column(|r| r.2), column(|r| r.3), group, rows.iter().map(|r| r.5).collect()).unwrap();
        for params in every() {
            match params.check().unwrap().fit(&set, seed) {
                Ok(model) => {
                    for interval in model.predict_interval(set.design(), 0.9).unwrap() {
                        // An end of the scale itself only where weights a million apart leave one row far out on its own.
                        prop_assert!((0.0..=1.0).contains(&interval.estimate));
                        prop_assert!(0.0 <= interval.low && interval.low <= interval.estimate && interval.estimate <= interval.high && interval.high <= 1.0);
                    }
                    prop_assert!(model.logit(set.design()).unwrap().iter().all(|x| x.is_finite()));
                    let turned = set.take(&Draws(seed).shuffle(set.rows())).unwrap();
                    prop_assert_eq!(bytes(&model), bytes(&fit(&params, &turned)));
                }
                Err(Error::SingleClass { .. }) => {}
                Err(other) => prop_assert!(false, "{:?}: {}", params, other),
            }
        }
    }
}
