//! What holds for every algorithm that declares it.
use super::*;

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
    for params in every().into_iter().filter(|p| p.traits().weights) {
        let (weighted, repeated) = (fit(&params, &set), fit(&params, &rows));
        let said = |model: &Model| model.predict(set.design()).unwrap();
        assert!(near(&said(&weighted), &said(&repeated), 1e-9), "{params:?}");
        if params.traits().standard_error {
            let error = |model: &Model| model.standard_error(set.design()).unwrap();
            assert!(near(&error(&weighted), &error(&repeated), 1e-9), "{params:?}");
        }
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
    for params in every().into_iter().filter(|p| p.traits().scale_free) {
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
        for params in every().into_iter().filter(|p| p.traits().monotone) {
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
fn an_additive_part_depends_on_its_own_value_alone() {
    let (set, _) = town(2_000, 17);
    // Every feature but the first as other rows have it.
    let turned = Draws(18).shuffle(set.rows());
    let x = set.design().x();
    let mixed = ndarray::Array2::from_shape_fn(x.dim(), |(i, j)| if j == 0 { x[(i, 0)] } else { x[(turned[i], j)] });
    let mixed = Design::new(mixed, set.design().features().to_vec()).unwrap();
    for params in every().into_iter().filter(|p| p.traits().additive) {
        let model = fit(&params, &set);
        let first = |design: &Design| model.contributions(design).unwrap().by_feature.column(0).to_vec();
        assert_eq!(first(set.design()), first(&mixed), "{params:?}");
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
    for params in every().into_iter().filter(|p| p.traits().standard_error) {
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

/// 32 draws, or as many as `PROPTEST_CASES` asks for.
fn often() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: if usual.cases == 256 { 32 } else { usual.cases }, failure_persistence: None, ..usual }
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
            let set = suited(&params, &set);
            match params.check().unwrap().fit(&set, seed) {
                Ok(model) => {
                    prop_assert!(model.predict(set.design()).unwrap().iter().all(|p| (0.0..=1.0).contains(p)));
                    let intervals = if params.traits().standard_error { model.predict_interval(set.design(), 0.9).unwrap() } else { vec![] };
                    for interval in intervals {
                        // An end of the scale itself only where weights a million apart leave one row far out on its own.
                        prop_assert!((0.0..=1.0).contains(&interval.estimate));
                        prop_assert!(0.0 <= interval.low && interval.low <= interval.estimate && interval.estimate <= interval.high && interval.high <= 1.0);
                    }
                    prop_assert!(model.logit(set.design()).unwrap().iter().all(|x| x.is_finite()));
                    let turned = set.take(&Draws(seed).shuffle(set.rows())).unwrap();
                    prop_assert_eq!(bytes(&model), bytes(&params.check().unwrap().fit(&turned, seed).unwrap()));
                }
                Err(Error::SingleClass { .. }) => {}
                Err(other) => prop_assert!(false, "{:?}: {}", params, other),
            }
        }
    }
}
