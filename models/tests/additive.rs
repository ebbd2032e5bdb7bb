//! The additive model on data whose truth is known.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod truth;

use luheng_models::additive::axis::Edges;
use luheng_models::linear::link::sigmoid;
use luheng_models::split::fold_of;
use luheng_models::{
    Additive, AdditiveParams, Calibration, Design, Direction, FeatureMeta, Kind, Model, Params, PointsTable, Scale, TrainingSet,
};
use truth::{Draws, fit, meta, sealed, town};

fn additive(params: AdditiveParams, set: &TrainingSet) -> Additive {
    let Model::Additive(model) = fit(&Params::Additive(params), set) else { unreachable!() };
    model
}

/// `columns` with labels drawn from their log-odds, each row a group of its own.
fn drawn(
    draws: &mut Draws,
    features: Vec<FeatureMeta>,
    columns: Vec<Vec<f64>>,
    logit: impl Fn(&dyn Fn(usize) -> f64) -> f64,
) -> TrainingSet {
    let n = columns[0].len();
    let label = (0..n).map(|i| draws.yes(sigmoid(logit(&|j| columns[j][i])))).collect();
    let design = Design::from_columns(features, columns).unwrap();
    TrainingSet::new(design, label, vec![1.0; n], (0..n).map(|i| i.to_string()).collect(), vec![0; n]).unwrap()
}

fn normal(draws: &mut Draws, rows: usize, columns: usize) -> Vec<Vec<f64>> {
    (0..columns).map(|_| (0..rows).map(|_| draws.normal()).collect()).collect()
}

fn free(n: usize) -> Vec<FeatureMeta> {
    (0..n).map(|j| meta(&format!("x{j}"), Direction::Free)).collect()
}

#[test]
fn shapes_are_those_of_the_truth() {
    let mut draws = Draws(1);
    let columns = normal(&mut draws, 40_000, 4);
    let truth: [fn(f64) -> f64; 4] = [|x| libm::sin(2.0 * x), |x| if x > 0.5 { 1.0 } else { 0.0 }, |x| 0.5 * x * x, |_| 0.0];
    let set = drawn(&mut draws, free(4), columns, |x| (0..4).map(|j| truth[j](x(j))).sum::<f64>() - 1.0);
    let model = additive(AdditiveParams::default(), &set);
    for (j, truth) in truth.iter().enumerate() {
        let x: Vec<f64> = set.design().x().column(j).to_vec();
        let mean = x.iter().map(|x| truth(*x)).sum::<f64>() / x.len() as f64;
        let off = |x: &f64| model.shapes[j].contribution(*x) - (truth(*x) - mean);
        let error = (x.iter().map(|x| off(x) * off(x)).sum::<f64>() / x.len() as f64).sqrt();
        // The square runs to 8 where rows are few.
        assert!(error < [0.09, 0.09, 0.16, 0.04][j], "feature {j}: {error}");
    }
    let step = &model.shapes[1];
    assert!(step.contribution(0.45) < -0.2 && step.contribution(0.55) > 0.5, "a step stays a step");
}

#[test]
fn shapes_keep_their_direction_between_all_neighbours() {
    for seed in 0..4 {
        let mut draws = Draws(seed);
        let columns = normal(&mut draws, 3_000, 3);
        let features = vec![meta("a", Direction::Up), meta("b", Direction::Down), meta("c", Direction::Free)];
        // Waves: the data go both ways for every feature.
        let set = drawn(&mut draws, features, columns, |x| (0..3).map(|j| libm::sin(2.0 * x(j) + seed as f64)).sum());
        for leaves in [2, 5] {
            let model = additive(AdditiveParams { leaves, rate: 0.5, ..AdditiveParams::default() }, &set);
            let pairs = |j: usize| model.shapes[j].cells.windows(2).map(|pair| pair[0].score - pair[1].score).collect::<Vec<_>>();
            assert!(pairs(0).iter().all(|d| *d <= 0.0) && pairs(1).iter().all(|d| *d >= 0.0));
            assert!(pairs(0).len() > 2 && pairs(1).len() > 2, "held, not flat");
            assert!(pairs(2).iter().any(|d| *d > 0.0) && pairs(2).iter().any(|d| *d < 0.0));
        }
    }
}

#[test]
fn a_model_that_goes_against_its_direction_is_refused() {
    let (set, _) = town(2_000, 3);
    let artifact = sealed(&Params::Additive(AdditiveParams::default()), &set, &set);
    let refused = |change: &dyn Fn(&mut Additive)| {
        let mut draft = artifact.content.clone();
        let Model::Additive(model) = &mut draft.model else { unreachable!() };
        change(model);
        draft.seal().unwrap_err().to_string()
    };
    assert!(refused(&|m| m.shapes[0].cells.reverse()).contains("go against direction Up"));
    assert!(refused(&|m| m.shapes[2].cells[0].score = 0.1).contains("no multiple of 2^-32"));
    assert!(refused(&|m| m.shapes[2].missing.score = 4096.0).contains("no multiple of 2^-32 up to 1024"));
    assert!(
        refused(&|m| {
            m.shapes[2].cells.pop();
        })
        .contains("cells for")
    );
    assert!(refused(&|m| m.shapes[2].edges = Edges::Upper(vec![1.0, 1.0])).contains("out of order"));
    assert!(refused(&|m| m.intercept = 0.1).contains("intercept"));
}

/// Six features that act alone, and two that act together only.
fn with_pair(seed: u64, strength: f64) -> TrainingSet {
    let mut draws = Draws(seed);
    let columns = normal(&mut draws, 6_000, 6);
    drawn(&mut draws, free(6), columns, |x| 0.6 * x(0) - 0.4 * x(1) + strength * x(2) * x(4))
}

#[test]
fn a_planted_pair_is_found_and_purified() {
    let set = with_pair(1, 0.7);
    let model = additive(AdditiveParams { pairs: 5, ..AdditiveParams::default() }, &set);
    let (found, others): (Vec<_>, Vec<_>) = model.pairs.iter().partition(|pair| pair.features == [2, 4]);
    let pair = found[0];
    assert!(pair.z > 5.0, "{}", pair.z);
    assert!(others.iter().all(|other| other.z < 3.0 && other.scores.iter().flatten().all(|s| s.abs() < 0.3)), "{others:?}");
    assert!(pair.score(1.5, 1.5) > 0.5 && pair.score(-1.5, 1.5) < -0.5);
    let sum = |cells: Vec<(f64, f64)>| cells.iter().map(|(s, w)| s * w).sum::<f64>() / cells.iter().map(|(_, w)| w).sum::<f64>().max(1.0);
    for r in 0..pair.scores.len() {
        let line = pair.scores[r].iter().copied().zip(pair.weights[r].iter().copied()).collect();
        assert!(sum(line).abs() < 1e-9, "row {r}");
    }
    for c in 0..pair.scores[0].len() {
        let line = pair.scores.iter().zip(&pair.weights).map(|(s, w)| (s[c], w[c])).collect();
        assert!(sum(line).abs() < 1e-9, "column {c}");
    }
    let alone = additive(AdditiveParams::default(), &set);
    assert!(model.pairs_progress.unwrap().loss_after < alone.features_progress.loss_after - 0.01);
}

#[test]
fn a_pair_is_shared_equally_and_one_with_a_direction_never_joined() {
    let set = with_pair(2, 0.7);
    let model = fit(&Params::Additive(AdditiveParams { pairs: 3, ..AdditiveParams::default() }), &set);
    let Model::Additive(additive_model) = &model else { unreachable!() };
    let parts = model.contributions(set.design()).unwrap().by_feature;
    for i in (0..set.rows()).step_by(101) {
        let x = set.design().x().row(i);
        for j in 0..6 {
            let of = additive_model.pairs.iter().filter(|pair| pair.features.contains(&j));
            let halves: f64 = of.map(|pair| 0.5 * pair.score(x[pair.features[0]], x[pair.features[1]])).sum();
            assert_eq!(parts[(i, j)], additive_model.shapes[j].contribution(x[j]) + halves);
            assert!(halves != 0.0 || ![2, 4].contains(&j));
        }
    }
    let mut features = free(6);
    features[4].direction = Direction::Up;
    let design = Design::new(set.design().x().clone(), features).unwrap();
    let held = TrainingSet::new(design, set.label().to_vec(), set.weight().to_vec(), set.group().to_vec(), set.day().to_vec()).unwrap();
    let pairs = additive(AdditiveParams { pairs: 15, ..AdditiveParams::default() }, &held).pairs;
    assert!(pairs.iter().all(|pair| !pair.features.contains(&4)));
}

#[test]
fn noise_has_no_pairs() {
    let pairs = |seed: u64| additive(AdditiveParams { pairs: 10, ..AdditiveParams::default() }, &with_pair(100 + seed, 0.0)).pairs.len();
    let fooled = (0..60_u64).filter(|seed| pairs(*seed) > 0).count();
    assert!(fooled <= 2, "pairs in {fooled} of 60 sets without any");
}

#[test]
fn the_table_gives_the_same_scores() {
    let (set, _) = town(3_000, 5);
    let model = fit(&Params::Additive(AdditiveParams::default()), &set);
    let Model::Additive(sum) = &model else { unreachable!() };
    let scale = Scale::default();
    let table = PointsTable::new(&model, &Calibration::None, &scale).unwrap().rows();
    let points = |id: &str, x: f64| {
        let mut lines = table.iter().filter(|line| line.id == id).peekable();
        if lines.peek().is_none() {
            return 0.0;
        }
        let found = lines.find(|line| {
            if x.is_nan() { line.above.is_nan() } else { line.above < x && x <= line.up_to || x == line.above && x == f64::NEG_INFINITY }
        });
        found.map_or(0.0, |line| line.points)
    };
    let said = model.logit(set.design()).unwrap();
    for (i, said) in said.iter().enumerate() {
        let ids = set.design().features().iter().map(|f| f.id.as_str());
        let score = scale.score_of(sum.intercept) + ids.enumerate().map(|(j, id)| points(id, set.design().x()[(i, j)])).sum::<f64>();
        assert!((score - scale.score_of(*said)).abs() < 1e-9, "row {i}");
    }
    for pair in table.windows(2).filter(|pair| pair[0].id == pair[1].id && !pair[1].above.is_nan()) {
        assert!(pair[0].up_to == pair[1].above && pair[0].points != pair[1].points, "joined where equal");
    }
    let (all, weight) = (set.weight().iter().sum::<f64>(), set.weight());
    for (j, id) in ["rise", "fall", "hill"].iter().enumerate() {
        for line in table.iter().filter(|line| line.id == *id) {
            let falls = |x: f64| if line.above.is_nan() { x.is_nan() } else { line.above < x && x <= line.up_to };
            let (mut w, mut good) = (0.0, 0.0);
            for i in (0..set.rows()).filter(|i| falls(set.design().x()[(*i, j)])) {
                w += weight[i];
                good += weight[i] * set.label()[i];
            }
            assert!((line.share - w / all).abs() < 1e-12 && (line.rate.unwrap() - good / w).abs() < 1e-12, "{line:?}");
        }
    }
}

#[test]
fn categories_have_their_own_bins_and_the_unseen_count_as_rare() {
    let mut draws = Draws(9);
    let rate = |name: f64| [1.0, -1.0, 0.5, -0.5, 1.5][name as usize % 5];
    // Twenty common names without order, and some met once.
    let x: Vec<f64> = (0..8_000).map(|i| if i % 400 == 0 { 1_000.0 + f64::from(i) } else { (draws.bits() % 20) as f64 }).collect();
    let mut feature = free(1);
    feature[0].kind = Kind::Category;
    let set = drawn(&mut draws, feature, vec![x], |x| if x(0) >= 1_000.0 { -2.0 } else { rate(x(0)) });
    let model = additive(AdditiveParams::default(), &set);
    let shape = &model.shapes[0];
    assert_eq!(shape.edges, Edges::Values((0..20).map(f64::from).collect()));
    for name in 0..20 {
        let said = model.intercept + shape.contribution(f64::from(name));
        assert!((said - rate(f64::from(name))).abs() < 0.5, "{name}: {said}");
    }
    assert!(model.intercept + shape.contribution(1_000.0) < -0.7);
    assert_eq!(shape.contribution(77.5), shape.contribution(1_000.0));
    assert_eq!(shape.missing.score, 0.0);
}

#[test]
fn few_missing_values_are_worth_nothing_and_many_what_they_tell() {
    let mut draws = Draws(11);
    for (every, tells) in [(2_000, false), (10, true)] {
        let x: Vec<f64> = (0..8_000).map(|i| if i % every == 0 { f64::NAN } else { draws.normal() }).collect();
        let set = drawn(&mut draws, free(1), vec![x], |x| if x(0).is_nan() { 2.0 } else { 0.5 * x(0) });
        let shape = &additive(AdditiveParams::default(), &set).shapes[0];
        assert!(if tells { (shape.missing.score - 1.8).abs() < 0.4 } else { shape.missing.score.abs() < 0.05 }, "{}", shape.missing.score);
    }
}

#[test]
fn labels_may_be_shares() {
    let mut draws = Draws(12);
    let x: Vec<f64> = (0..4_000).map(|_| draws.normal()).collect();
    let label: Vec<f64> = x.iter().map(|x| sigmoid(1.5 * x)).collect();
    let design = Design::from_columns(free(1), vec![x.clone()]).unwrap();
    let set =
        TrainingSet::new(design, label.clone(), vec![1.0; 4_000], (0..4_000).map(|i| i.to_string()).collect(), vec![0; 4_000]).unwrap();
    let p = fit(&Params::Additive(AdditiveParams::default()), &set).predict(set.design()).unwrap();
    let worst = p.iter().zip(&label).map(|(p, y)| (p - y).abs()).fold(0.0, f64::max);
    assert!(worst < 0.06, "{worst}");
}

#[test]
fn rows_kept_by_a_fold_of_the_same_seed_still_teach() {
    // Whoever thins rows by hash and seed must not lay all that is left into one bag.
    let mut draws = Draws(11);
    let columns = normal(&mut draws, 16_000, 1);
    let set = drawn(&mut draws, free(1), columns, |x| 1.5 * x(0));
    let kept: Vec<usize> = (0..set.rows()).filter(|i| fold_of(&set.group()[*i], 8, 1) == 0).collect();
    let model = additive(AdditiveParams::default(), &set.take(&kept).unwrap());
    assert!(model.features_progress.rounds > 5, "{:?}", model.features_progress);
    assert!(model.shapes[0].contribution(1.0) - model.shapes[0].contribution(-1.0) > 2.0);
}
