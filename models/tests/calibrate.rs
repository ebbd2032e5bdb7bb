//! Calibration against scipy, and what a calibration must keep: parts that add up, rows in order, the simplest kind that does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod truth;

use luheng_models::calibrate::{Kind, choose};
use luheng_models::linear::link::{logit, sigmoid};
use luheng_models::{Beta, Calibration, Centred, Direction, Error, ModelArtifact, Params, Platt, ScorecardParams, split};
use truth::{Draws, sealed, town};

fn close(found: f64, wanted: f64, tolerance: f64) {
    assert!((found - wanted).abs() <= tolerance, "found {found}, wanted {wanted}");
}

/// As `Judged` of tests/assess.rs: two tied scores in log-odds, outcomes, weights.
fn judged(rows: usize, seed: u64) -> [Vec<f64>; 4] {
    let mut draws = Draws(seed);
    let mut set = [vec![], vec![], vec![], vec![]];
    for _ in 0..rows {
        let t = draws.unit();
        set[0].push(logit((libm::floor(t * 20.0) + 1.0) / 22.0));
        set[1].push(logit((libm::floor(0.5 * (t + draws.unit()) * 40.0) + 1.0) / 42.0));
        set[2].push(draws.yes(0.15 + 0.6 * t));
        set[3].push(1.0 + (draws.bits() % 3) as f64);
    }
    set
}

#[test]
fn fits_are_those_of_scipy() {
    // scipy 1.17.1 on the same rows: the weighted loss plus the pull to 1, Nelder–Mead (Platt) and trust-constr with bounds of 0.05 (beta).
    let [p, q, label, weight] = judged(600, 20);
    let platt = Platt::fit(&p, &label, &weight).unwrap();
    close(platt.slope, 0.446_579_165_159_033_4, 1e-7);
    close(platt.shift, -0.269_549_513_336_776_5, 1e-7);
    let beta = Beta::fit(&q, &label, &weight).unwrap();
    close(beta.a, 0.742_061_174_760_042_5, 1e-6);
    close(beta.b, 0.230_642_388_582_864_87, 1e-6);
    close(beta.c, 0.104_030_681_149_167_28, 1e-6);
    assert!(!beta.floored);
    let bound = Beta::fit(&p, &label, &weight).unwrap();
    close(bound.a, 0.834_134_298_811_843_2, 1e-6);
    close(bound.b, 0.05, 0.0);
    close(bound.c, 0.412_166_880_124_914_2, 1e-6);
    assert!(bound.floored);
}

#[test]
fn a_row_of_weight_two_is_the_row_twice_and_order_does_not_matter() {
    let [p, _, label, weight] = judged(900, 21);
    let group: Vec<String> = (0..900).map(|i| format!("{:04}", i / 2)).collect();
    let rows: Vec<usize> = (0..900).flat_map(|i| vec![i; weight[i] as usize]).collect();
    let of = |column: &[f64], rows: &[usize]| rows.iter().map(|i| column[*i]).collect::<Vec<f64>>();
    let names = |rows: &[usize]| rows.iter().map(|i| group[*i].clone()).collect::<Vec<String>>();
    let once = choose((&p, &label, &weight), &group, &Kind::ALL, 5, 3).unwrap();
    let twice = choose((&of(&p, &rows), &of(&label, &rows), &vec![1.0; rows.len()]), &names(&rows), &Kind::ALL, 5, 3).unwrap();
    assert_eq!(once.kind, twice.kind);
    for (a, b) in once.candidates.iter().zip(&twice.candidates) {
        assert!((a.loss - b.loss).abs() < 1e-9 && (a.error - b.error).abs() < 1e-9, "{a:?} {b:?}");
    }
    for kind in Kind::ALL {
        let (a, b) =
            (kind.fit(&p, &label, &weight).unwrap(), kind.fit(&of(&p, &rows), &of(&label, &rows), &vec![1.0; rows.len()]).unwrap());
        for z in [-4.0, -0.3, 0.0, 0.1, 2.0] {
            close(a.apply(z), b.apply(z), 1e-9);
        }
    }
    let turned = Draws(1).shuffle(900);
    let other = choose((&of(&p, &turned), &of(&label, &turned), &of(&weight, &turned)), &names(&turned), &Kind::ALL, 5, 3).unwrap();
    assert_eq!(once, other, "bit by bit");
}

/// Rows whose truth is `map` of their log-odds, one subject a row.
fn world(rows: usize, seed: u64, map: impl Fn(f64) -> f64) -> ([Vec<f64>; 3], Vec<String>) {
    let mut draws = Draws(seed);
    let z: Vec<f64> = (0..rows).map(|_| 1.5 * draws.normal()).collect();
    let y = z.iter().map(|z| draws.yes(sigmoid(map(*z)))).collect();
    ([z, y, vec![1.0; rows]], (0..rows).map(|i| format!("{i:06}")).collect())
}

#[test]
fn the_simplest_kind_that_does_is_chosen() {
    let beta = Beta { a: 0.3, b: 2.0, c: 0.2, covariance: [0.0; 6], floored: false };
    let wave = |z: f64| {
        if z < -1.0 {
            -3.0
        } else if z < 1.0 {
            0.0
        } else {
            3.0
        }
    };
    let worlds: [(Kind, &dyn Fn(f64) -> f64); 4] =
        [(Kind::None, &|z| z), (Kind::Platt, &|z| 0.5 * z - 0.4), (Kind::Beta, &|z| beta.apply(z)), (Kind::Isotonic, &wave)];
    for (wanted, map) in worlds {
        let mut times = 0;
        for seed in 0..20 {
            let ([z, y, w], group) = world(8_000, 100 + seed, map);
            let choice = choose((&z, &y, &w), &group, &Kind::ALL, 5, 1).unwrap();
            times += usize::from(choice.kind == wanted);
            let least = choice.candidates.iter().map(|c| c.loss).fold(f64::INFINITY, f64::min);
            let taken = choice.candidates.iter().find(|c| c.kind == choice.kind).unwrap();
            assert!(taken.behind <= taken.error && (taken.loss - least - taken.behind).abs() < 1e-15);
            assert!(choice.candidates.iter().take_while(|c| c.kind != choice.kind).all(|c| c.behind > c.error));
        }
        println!("where {wanted:?} is the truth it is chosen {times} times of 20");
        assert!(times >= 16, "{wanted:?}: {times}");
    }
}

#[test]
fn losses_are_those_of_folds_by_subject_and_errors_are_counted_by_subject() {
    // 150 subjects of 20 rows, one outcome each.
    let mut draws = Draws(5);
    let (mut z, mut y, mut group) = (vec![], vec![], vec![]);
    for s in 0..150 {
        let (at, good) = (draws.normal(), draws.yes(0.5));
        for _ in 0..20 {
            z.push(at + 0.3 * draws.normal());
            y.push(good);
            group.push(format!("{s:03}"));
        }
    }
    let w: Vec<f64> = (0..z.len()).map(|i| 1.0 + (i % 3) as f64).collect();
    let choice = choose((&z, &y, &w), &group, &Kind::ALL, 5, 9).unwrap();
    let total: f64 = w.iter().sum();
    let losses = |kind: Kind| {
        let mut loss = vec![0.0; z.len()];
        for fold in 0..5 {
            let (others, own): (Vec<usize>, Vec<usize>) =
                (0..z.len()).partition(|i| split::fold_for("choice of calibration", &group[*i], 5, 9) != fold);
            let of = |column: &[f64]| others.iter().map(|i| column[*i]).collect::<Vec<f64>>();
            let fit = kind.fit(&of(&z), &of(&y), &of(&w)).unwrap();
            own.iter().for_each(|i| {
                let p = sigmoid(fit.apply(z[*i]));
                loss[*i] = -(if y[*i] == 1.0 { libm::log(p) } else { libm::log(1.0 - p) });
            });
        }
        loss
    };
    let best = losses(choice.candidates.iter().min_by(|a, b| a.loss.total_cmp(&b.loss)).unwrap().kind);
    for candidate in &choice.candidates {
        let own = losses(candidate.kind);
        let mean = (0..z.len()).map(|i| w[i] * own[i]).sum::<f64>() / total;
        close(candidate.loss, mean, 1e-9);
        let behind = (0..z.len()).map(|i| w[i] * (own[i] - best[i])).sum::<f64>() / total;
        let by_subject = (0..150).map(|s| (20 * s..20 * s + 20).map(|i| w[i] * (own[i] - best[i] - behind)).sum::<f64>());
        close(candidate.error, (150.0 / 149.0 * by_subject.map(|d| d * d).sum::<f64>()).sqrt() / total, 1e-9);
    }
}

/// A scorecard whose calibration bends.
fn bent(kind: Kind) -> (ModelArtifact, luheng_models::Design) {
    let (set, _) = town(4_000, 8);
    let (held, _) = town(1_500, 9);
    let mut draft = sealed(&Params::Scorecard(ScorecardParams::default()), &set, &held).content;
    // Outcomes that lean: sure where low, unsure where high.
    let z = draft.model.logit(held.design()).unwrap();
    let label: Vec<f64> = z.iter().map(|z| sigmoid(if *z < 0.0 { 2.5 * z } else { 0.4 * z } + 0.3)).collect();
    draft.calibration = kind.fit(&z, &label, held.weight()).unwrap();
    (draft.seal().unwrap(), held.design().clone())
}

#[test]
fn a_bent_calibration_leaves_a_score_the_sum_of_its_parts_bit_by_bit() {
    for kind in [Kind::Beta, Kind::Isotonic] {
        let (artifact, design) = bent(kind);
        let (raw, explained) = (artifact.model.contributions(&design).unwrap(), artifact.explain(&design).unwrap());
        assert_eq!(explained.p, artifact.predict(&design).unwrap());
        close(explained.base, artifact.calibration.apply(raw.base), 0.0);
        let mut factors = (f64::INFINITY, 0.0_f64);
        for (i, z) in raw.logits().into_iter().enumerate() {
            let sum = |base: f64, row: ndarray::ArrayView1<'_, f64>| row.iter().fold(base, |s, c| s + c);
            assert_eq!(explained.score[i].to_bits(), sum(explained.base_points, explained.points.row(i)).to_bits());
            let calibrated = sum(explained.base, explained.by_feature.row(i));
            assert_eq!(explained.p[i].to_bits(), sigmoid(calibrated).to_bits());
            close(calibrated, artifact.calibration.apply(z), 1e-12);
            close(explained.score[i], artifact.scale.score_of(calibrated), 1e-9);
            for j in 0..design.features().len() {
                let (before, after) = (raw.by_feature[(i, j)], explained.by_feature[(i, j)]);
                assert!(before.signum() == after.signum() || before == 0.0, "signs stay");
                if before != 0.0 {
                    factors = (factors.0.min(after / before), factors.1.max(after / before));
                    let first = (0..design.features().len()).find(|j| raw.by_feature[(i, *j)] != 0.0).unwrap();
                    close(after * raw.by_feature[(i, first)], before * explained.by_feature[(i, first)], 1e-12);
                }
            }
        }
        assert!(factors.0 > 0.0 && factors.1 > 1.5 * factors.0, "it does bend: {factors:?}");
        let refused = artifact.calibration.line().unwrap_err().to_string();
        assert!(
            refused.ends_with("calibration bends, expected one slope for all rows (remedy: calibrate with none or platt)"),
            "{refused}"
        );
    }
}

#[test]
fn a_bent_calibration_keeps_rows_in_order_holds_its_estimate_and_comes_back() {
    for kind in [Kind::Beta, Kind::Isotonic] {
        let (artifact, design) = bent(kind);
        let z = artifact.model.logit(&design).unwrap();
        let explained = artifact.explain(&design).unwrap();
        let mut order: Vec<usize> = (0..z.len()).collect();
        order.sort_by(|a, b| z[*a].total_cmp(&z[*b]));
        for pair in order.windows(2).filter(|pair| z[pair[0]] < z[pair[1]] - 1e-12) {
            assert!(explained.score[pair[0]] < explained.score[pair[1]] && explained.p[pair[0]] < explained.p[pair[1]]);
        }
        let (narrow, wide) = (artifact.predict_interval(&design, 0.5).unwrap(), artifact.predict_interval(&design, 0.95).unwrap());
        for ((p, narrow), wide) in explained.p.iter().zip(narrow).zip(wide) {
            assert!(wide.low < narrow.low && narrow.low < *p && *p < narrow.high && narrow.high < wide.high);
        }
        let text = artifact.to_json().unwrap();
        let back = ModelArtifact::from_json(&text).unwrap();
        assert_eq!((&back, back.to_json().unwrap()), (&artifact, text.clone()));
        assert_eq!(back.predict(&design).unwrap(), explained.p);
        assert!(text.contains(if kind == Kind::Beta { "\"kind\": \"beta\"" } else { "\"kind\": \"isotonic\"" }));
    }
}

#[test]
fn directions_hold_through_every_calibration() {
    // One feature that may only rise, from −∞ to ∞, under each kind.
    let mut draws = Draws(4);
    let x: Vec<f64> = (0..3000).map(|_| draws.normal()).collect();
    let label: Vec<f64> = x.iter().map(|x| draws.yes(sigmoid(1.5 * x))).collect();
    let features = vec![truth::meta("x", Direction::Up)];
    let names = || (0..3000).map(|i| i.to_string()).collect();
    let design = luheng_models::Design::from_columns(features.clone(), vec![x]).unwrap();
    let set = luheng_models::TrainingSet::new(design, label, vec![1.0; 3000], names(), vec![0; 3000]).unwrap();
    let mut ladder: Vec<f64> = (-500..=500).map(|i| f64::from(i) / 100.0).collect();
    ladder.insert(0, f64::NEG_INFINITY);
    ladder.push(f64::INFINITY);
    let ladder = luheng_models::Design::from_columns(features, vec![ladder]).unwrap();
    for params in
        [Params::Logistic(Default::default()), Params::Scorecard(ScorecardParams { max_bins: 30, min_share: 0.0, ..Default::default() })]
    {
        let mut draft = sealed(&params, &set, &set).content;
        let z = draft.model.logit(set.design()).unwrap();
        for kind in Kind::ALL {
            draft.calibration = kind.fit(&z, set.label(), set.weight()).unwrap();
            let p = draft.clone().seal().unwrap().predict(&ladder).unwrap();
            assert!(p.windows(2).all(|pair| pair[0] <= pair[1]), "{params:?} {kind:?}");
        }
    }
}

#[test]
fn what_turns_rows_round_is_not_sealed() {
    let (set, _) = town(500, 14);
    let draft = sealed(&Params::Baseline, &set, &set).content;
    let beta = Beta { a: 1.0, b: 1.0, c: 0.0, covariance: [0.0; 6], floored: false };
    let line = Centred { x: vec![-1.0, 1.0], y: vec![-0.5, 0.5], error: vec![0.1, 0.1] };
    for wrong in [
        Calibration::Beta(Beta { a: -0.1, ..beta }),
        Calibration::Beta(Beta { b: 0.0, ..beta }),
        Calibration::Beta(Beta { c: f64::NAN, ..beta }),
        Calibration::Isotonic(Centred { y: vec![0.5, -0.5], ..line.clone() }),
        Calibration::Isotonic(Centred { x: vec![1.0, 1.0], ..line.clone() }),
        Calibration::Isotonic(Centred { error: vec![0.1], ..line.clone() }),
        Calibration::Isotonic(Centred { x: vec![], y: vec![], error: vec![] }),
        Calibration::Isotonic(Centred { error: vec![0.1, f64::INFINITY], ..line.clone() }),
    ] {
        let draft = luheng_models::Draft { calibration: wrong.clone(), ..draft.clone() };
        assert!(matches!(draft.seal(), Err(Error::Contradiction { .. })), "{wrong:?}");
    }
    for right in [Calibration::Beta(beta), Calibration::Isotonic(line)] {
        luheng_models::Draft { calibration: right, ..draft.clone() }.seal().unwrap();
    }
}

#[test]
fn what_cannot_be_chosen_is_refused() {
    let ([z, y, w], group) = world(60, 1, |z| z);
    let of = |y: &[f64], kinds: &[Kind], folds| choose((&z, y, &w), &group, kinds, folds, 1);
    assert!(matches!(of(&y, &Kind::ALL, 1), Err(Error::Parameter { name: "folds", .. })));
    assert!(matches!(of(&y, &[], 5), Err(Error::Empty { .. })));
    assert!(matches!(of(&[1.0; 60], &Kind::ALL, 5), Err(Error::SingleClass { .. })));
    let one = vec!["a".to_owned(); 60];
    assert!(matches!(choose((&z, &y, &w), &one, &Kind::ALL, 5, 1), Err(Error::Empty { .. })), "one subject leaves no other fold");
    let got = of(&y, &[Kind::Platt, Kind::None, Kind::Platt], 3).unwrap();
    assert_eq!(got.candidates.iter().map(|c| c.kind).collect::<Vec<_>>(), [Kind::None, Kind::Platt]);
}
