//! The neighbours found must be those of a search through all; and the reasons for each care taken of linfa-nn.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

mod truth;

use linfa_nn::distance::{L1Dist, L2Dist};
use linfa_nn::{BallTreeIndex, KdTree, KdTreeIndex, NearestNeighbour};
use luheng_models::neighbours::{Asked, Found, Records};
use luheng_models::{Design, Error, LogisticParams, Model, Params, ScorecardParams, TrainingSet};
use ndarray::Array2;
use proptest::prelude::*;
use truth::{Draws, fit, town};

fn keys(n: usize) -> Vec<String> {
    // Not in the order of rows.
    (0..n).map(|i| format!("k{:06}", (i * 7919) % 1_000_003)).collect()
}

fn models(set: &TrainingSet) -> Vec<Model> {
    let all = [Params::Scorecard(ScorecardParams::default()), Params::Logistic(LogisticParams::default()), Params::Baseline];
    all.iter().map(|p| fit(p, set)).collect()
}

/// Every record looked at, by the words of the documentation: (distance, row), nearest first.
fn through_all(
    model: &Model,
    set: &TrainingSet,
    key: &[String],
    here: &Design,
    asked: &[Asked<'_>],
    k: usize,
) -> Vec<(Vec<(f64, usize)>, usize)> {
    let (there, here) = (model.contributions(set.design()).unwrap().by_feature, model.contributions(here).unwrap().by_feature);
    let one = |(row, asked): (usize, &Asked<'_>)| {
        let eligible =
            |i: &usize| key[*i] != asked.key && set.group()[*i] != asked.group && asked.before.is_none_or(|day| set.day()[*i] < day);
        let distance = |i: usize| here.row(row).iter().zip(there.row(i)).map(|(a, b)| (a - b).abs()).sum::<f64>();
        let mut all: Vec<(f64, usize)> = (0..set.rows()).filter(eligible).map(|i| (distance(i), i)).collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| key[a.1].cmp(&key[b.1])));
        let eligible = all.len();
        all.truncate(k);
        (all, eligible)
    };
    asked.iter().enumerate().map(one).collect()
}

fn asked<'a>(set: &'a TrainingSet, key: &'a [String], before: impl Fn(usize) -> Option<i32>) -> Vec<Asked<'a>> {
    (0..set.rows()).map(|i| Asked { key: &key[i], group: &set.group()[i], before: before(i) }).collect()
}

/// More features than the tree is asked for, each place taken by four records.
fn wide(rows: usize, seed: u64) -> TrainingSet {
    let mut draws = Draws(seed);
    let features = (0..12).map(|j| truth::meta(&format!("x{j}"), luheng_models::Direction::Free)).collect();
    let mut columns = vec![Vec::new(); 12];
    let (mut label, mut group, mut day) = (vec![], vec![], vec![]);
    for i in 0..rows / 4 {
        let x: Vec<f64> = (0..12).map(|_| draws.normal()).collect();
        let p = luheng_models::linear::link::sigmoid(x.iter().sum::<f64>() / 2.0);
        for _ in 0..4 {
            columns.iter_mut().zip(&x).for_each(|(column, x)| column.push(*x));
            label.push(draws.yes(p));
            group.push(format!("g{i:06}-{}", draws.bits() % 2));
            day.push((draws.bits() % 900) as i32);
        }
    }
    TrainingSet::new(Design::from_columns(features, columns).unwrap(), label, vec![1.0; rows], group, day).unwrap()
}

#[test]
fn the_tree_says_what_a_search_through_all_says() {
    the_same_as_through_all(&town(4_000, 21).0, false);
}

#[test]
fn so_do_the_blocks_of_many_features_and_equal_records_go_by_key() {
    the_same_as_through_all(&wide(4_000, 27), true);
}

fn the_same_as_through_all(set: &TrainingSet, by_key: bool) {
    let key = keys(4_000);
    let some: Vec<usize> = (0..4_000).step_by(41).collect();
    let here = set.take(&some).unwrap();
    let here_key: Vec<String> = some.iter().map(|i| key[*i].clone()).collect();
    for model in models(set) {
        // All are equally near to a model that tells nothing apart; and only places, not sums of bins, are never equal by chance.
        let by_key = by_key && matches!(model, Model::Logistic(_)) || matches!(model, Model::Baseline(_));
        let records = Records::new(model.clone(), set.design(), key.clone(), set.group().to_vec(), set.day().to_vec()).unwrap();
        let index = records.index().unwrap();
        for (k, before) in [(1, None), (5, None), (40, None), (5, Some(800)), (5, Some(300)), (5, Some(40))] {
            let asked = asked(&here, &here_key, |_| before);
            let found = index.nearest(here.design(), &asked, k).unwrap();
            let wanted = through_all(&model, set, &key, here.design(), &asked, k);
            for (row, (found, (wanted, eligible))) in found.iter().zip(wanted).enumerate() {
                assert_eq!((found.near.len(), found.eligible), (wanted.len(), eligible));
                for (near, (distance, i)) in found.near.iter().zip(&wanted) {
                    // Sums in another order may differ in the last digit, and then change places.
                    assert!((near.distance - distance).abs() < 1e-9, "row {row}: {near:?}, expected {distance}");
                    let exact = near.record == *i || wanted.iter().filter(|w| (w.0 - distance).abs() < 1e-9).count() > 1;
                    assert!(near.record == *i || exact && !by_key, "row {row}: {near:?}, expected {i}");
                    assert!(before.is_none_or(|day| records.closed(near.record).unwrap() < day));
                }
                let of = |near: &luheng_models::neighbours::Near| (near.distance, records.key(near.record).unwrap());
                assert!(found.near.windows(2).all(|w| of(&w[0]) < of(&w[1])), "by distance, then key");
            }
        }
    }
}

#[test]
fn scores_never_differ_by_more_than_the_distance() {
    let (set, _) = town(2_000, 22);
    let key = keys(2_000);
    // Records alike in one feature, in which those asked about differ: that counts as well.
    let light: Vec<usize> = (0..2_000).filter(|i| set.design().x()[(*i, 6)] == 0.0 && set.design().x()[(*i, 0)] > 0.5).collect();
    for model in models(&set) {
        let logit = model.logit(set.design()).unwrap();
        let parts = model.contributions(set.design()).unwrap().by_feature;
        let there = set.take(&light).unwrap();
        let names: Vec<String> = light.iter().map(|i| key[*i].clone()).collect();
        let records = Records::new(model, there.design(), names, there.group().to_vec(), there.day().to_vec()).unwrap();
        let found = records.index().unwrap().nearest(set.design(), &asked(&set, &key, |_| None), 3).unwrap();
        for (row, found) in found.iter().enumerate() {
            for near in &found.near {
                let record = light[near.record];
                assert!((logit[row] - logit[record]).abs() <= near.distance + 1e-9);
                let sum: f64 = parts.row(row).iter().zip(parts.row(record)).map(|(a, b)| (a - b).abs()).sum();
                assert!((sum - near.distance).abs() < 1e-9, "all features count: {sum}, found {}", near.distance);
            }
        }
    }
}

#[test]
fn order_of_rows_threads_and_size_of_a_batch_do_not_matter() {
    let (set, _) = town(3_000, 23);
    let key = keys(3_000);
    let model = &models(&set)[0];
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let answer = |rows: &[usize], threads: usize| -> Vec<Vec<(String, u64)>> {
        let turned = set.take(rows).unwrap();
        let turned_key: Vec<String> = rows.iter().map(|i| key[*i].clone()).collect();
        let records = Records::new(model.clone(), turned.design(), turned_key, turned.group().to_vec(), turned.day().to_vec()).unwrap();
        let index = records.index().unwrap();
        let found = pool(threads).install(|| index.nearest(set.design(), &asked(&set, &key, |i| Some(set.day()[i])), 4).unwrap());
        let named = |found: &Found| found.near.iter().map(|n| (records.key(n.record).unwrap().to_owned(), n.distance.to_bits())).collect();
        found.iter().map(named).collect()
    };
    let plain: Vec<usize> = (0..3_000).collect();
    let once = answer(&plain, 1);
    assert_eq!(once, answer(&plain, 2), "threads");
    assert_eq!(once, answer(&Draws(5).shuffle(3_000), 2), "order of rows");
    let records = Records::new(model.clone(), set.design(), key.clone(), set.group().to_vec(), set.day().to_vec()).unwrap();
    let index = records.index().unwrap();
    for i in (0..3_000).step_by(173) {
        let one = Asked { key: &key[i], group: &set.group()[i], before: Some(set.day()[i]) };
        let found = index.nearest(&set.design().take(&[i]).unwrap(), &[one], 4).unwrap();
        let named: Vec<(String, u64)> =
            found[0].near.iter().map(|n| (records.key(n.record).unwrap().to_owned(), n.distance.to_bits())).collect();
        assert_eq!(named, once[i], "one by one, row {i}");
    }
}

#[test]
fn different_places_at_one_distance_go_by_key() {
    // A grid around the mean: what one feature gives on one side it takes on the other, to the last bit.
    let mut grid = Vec::new();
    for (a, b) in [(0.0, 0.0), (1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0), (2.0, 2.0), (2.0, -2.0), (-2.0, 2.0), (-2.0, -2.0)] {
        grid.extend([(a, b, 0.0), (a, b, 1.0), (a, b, if a > 0.0 || a == 0.0 && b > 0.0 { 1.0 } else { 0.0 })]);
    }
    let column = |of: fn(&(f64, f64, f64)) -> f64| grid.iter().map(of).collect::<Vec<f64>>();
    let features = vec![truth::meta("a", luheng_models::Direction::Free), truth::meta("b", luheng_models::Direction::Free)];
    let design = Design::from_columns(features, vec![column(|r| r.0), column(|r| r.1)]).unwrap();
    let n = grid.len();
    let set = TrainingSet::new(design, column(|r| r.2), vec![1.0; n], (0..n).map(|i| i.to_string()).collect(), vec![0; n]).unwrap();
    let model = fit(&Params::Logistic(LogisticParams::default()), &set);
    let places: Vec<usize> = (0..n).step_by(3).collect();
    let there = set.design().take(&places[1..]).unwrap();
    let here = set.design().take(&places[..1]).unwrap();
    let distances = |row: usize| model.contributions(&there).unwrap().by_feature.row(row).iter().fold(0.0, |s, c: &f64| s + c.abs());
    assert!((1..4).all(|row| distances(row) == distances(0)) && (4..8).all(|row| distances(row) > distances(0)), "equal to the last bit");
    for seed in 0..20 {
        let names: Vec<String> = Draws(seed).shuffle(8).into_iter().map(|i| format!("k{i}")).collect();
        let records = Records::new(model.clone(), &there, names.clone(), names.clone(), vec![0; 8]).unwrap();
        let mut near = names[..4].to_vec();
        near.sort();
        for k in 1..=4 {
            let found = records.index().unwrap().nearest(&here, &[Asked { key: "", group: "", before: None }], k).unwrap();
            let found: Vec<&str> = found[0].near.iter().map(|n| records.key(n.record).unwrap()).collect();
            assert_eq!(found, near[..k], "seed {seed}");
        }
    }
}

#[test]
fn nobody_is_his_own_neighbour() {
    let (set, _) = town(200, 28);
    let key = keys(200);
    let records = Records::new(models(&set)[0].clone(), set.design(), key.clone(), set.group().to_vec(), set.day().to_vec()).unwrap();
    let index = records.index().unwrap();
    let of = |key: &str, group: &str| {
        let found = index.nearest(&set.design().take(&[10]).unwrap(), &[Asked { key, group, before: None }], 200).unwrap().remove(0);
        (found.eligible, found.near.iter().map(|n| n.record).collect::<Vec<usize>>())
    };
    // Rows 10 and 11 are of one group.
    let (all, own_key, own_group) = (of("", ""), of(&key[10], ""), of("", &set.group()[10]));
    assert!(all.0 == 200 && all.1[0] == 10);
    assert!(own_key.0 == 199 && !own_key.1.contains(&10) && own_key.1.contains(&11));
    assert!(own_group.0 == 198 && !own_group.1.contains(&10) && !own_group.1.contains(&11));
    assert_eq!(of(&key[10], &set.group()[10]), own_group, "left out once");
}

#[test]
fn fewer_than_asked_is_said() {
    let (set, _) = town(20, 24);
    let key = keys(20);
    let records = Records::new(models(&set)[0].clone(), set.design(), key.clone(), set.group().to_vec(), set.day().to_vec()).unwrap();
    let index = records.index().unwrap();
    let all = index.nearest(set.design(), &asked(&set, &key, |_| None), 18).unwrap();
    // Each group has two rows: eighteen others are left.
    assert!(all.iter().all(|f| f.near.len() == 18 && f.eligible == 18 && !f.is_short()));
    let more = index.nearest(set.design(), &asked(&set, &key, |_| None), 50).unwrap();
    assert!(more.iter().all(|f| f.near.len() == 18 && f.asked == 50 && f.is_short()));
    let none = index.nearest(set.design(), &asked(&set, &key, |_| Some(i32::MIN)), 3).unwrap();
    assert!(none.iter().all(|f| f.near.is_empty() && f.eligible == 0 && f.is_short()));
}

#[test]
fn wrong_input_is_named() {
    let (set, _) = town(50, 25);
    let key = keys(50);
    let model = models(&set)[0].clone();
    let new = |key: Vec<String>, group: Vec<String>, day: Vec<i32>| Records::new(model.clone(), set.design(), key, group, day);
    let said = |e: Error| e.to_string();
    assert_eq!(said(new(keys(49), set.group().to_vec(), set.day().to_vec()).unwrap_err()), "keys: found 49, expected 50");
    assert_eq!(said(new(key.clone(), vec![], set.day().to_vec()).unwrap_err()), "groups: found 0, expected 50");
    assert_eq!(said(new(key.clone(), set.group().to_vec(), vec![1]).unwrap_err()), "closing days: found 1, expected 50");
    let none = Records::new(model.clone(), &set.design().take(&[]).unwrap(), vec![], vec![], vec![]).unwrap_err();
    assert_eq!(said(none), "records: found no rows, expected at least one");
    let records = new(key.clone(), set.group().to_vec(), set.day().to_vec()).unwrap();
    let index = records.index().unwrap();
    assert_eq!(said(index.nearest(set.design(), &asked(&set, &key, |_| None), 0).unwrap_err()), "parameter k: found 0, expected 1 or more");
    assert_eq!(said(index.nearest(set.design(), &[], 1).unwrap_err()), "rows asked for: found 0, expected 50");
    let other = Design::from_columns(vec![truth::meta("x", luheng_models::Direction::Up)], vec![vec![1.0]]).unwrap();
    let one = [Asked { key: "", group: "", before: None }];
    assert!(matches!(index.nearest(&other, &one, 1), Err(Error::Features { .. })));
    assert!(matches!(Records::new(model.clone(), &other, vec![String::new()], vec![String::new()], vec![0]), Err(Error::Features { .. })));
}

/// How deep a tree is, from what it prints of itself.
fn depth(printed: &str, open: &str) -> usize {
    let (mut depth, mut deepest, mut braces) = (0_usize, 0, Vec::new());
    for (at, c) in printed.char_indices() {
        if c == '{' {
            let opens = printed[..at].trim_end().ends_with(open);
            braces.push(opens);
            depth += usize::from(opens);
            deepest = deepest.max(depth);
        } else if c == '}' && braces.pop() == Some(true) {
            depth -= 1;
        }
    }
    deepest
}

#[test]
fn linfas_ball_tree_is_as_deep_as_equal_points_are_many() {
    let equal = Array2::from_elem((1_000, 2), 1.5);
    let tree = format!("{:?}", BallTreeIndex::new(&equal, 16, L2Dist).unwrap());
    assert_eq!(depth(&tree, "Branch"), 984, "a hundred thousand would overflow the stack");
}

#[test]
fn linfas_kd_tree_is_deep_where_points_come_in_order() {
    let n = 2_000;
    let deep = |order: &[usize]| {
        let points = Array2::from_shape_fn((n, 1), |(i, _)| order[i] as f64);
        depth(&format!("{:?}", KdTreeIndex::new(&points, 16, L1Dist).unwrap()), "KdTree")
    };
    let (ascending, shuffled) = (deep(&(0..n).collect::<Vec<_>>()), deep(&Draws(1).shuffle(n)));
    assert!(ascending > 200 && shuffled < 20, "ascending {ascending}, shuffled {shuffled}");
}

#[test]
fn linfas_answer_among_equals_depends_on_the_order_they_came_in() {
    let points = [[0.0], [1.0], [-1.0], [1.0], [-1.0]];
    let nearest = |order: [usize; 5]| {
        let turned = Array2::from_shape_fn((5, 1), |(i, _)| points[order[i]][0]);
        let tree = KdTree::new().from_batch_with_leaf_size(&turned, 1, L1Dist).unwrap();
        let mut found: Vec<usize> = tree.k_nearest(ndarray::aview1(&[0.0]), 3).unwrap().into_iter().map(|(_, i)| order[i]).collect();
        found.sort_unstable();
        found
    };
    assert_ne!(nearest([0, 1, 2, 3, 4]), nearest([4, 3, 2, 1, 0]));
}

#[test]
fn linfa_panics_on_what_is_not_a_number() {
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let built = std::panic::catch_unwind(|| KdTreeIndex::new(&Array2::from_elem((3, 1), f64::NAN), 16, L1Dist).is_ok());
    let asked = std::panic::catch_unwind(|| {
        let points = Array2::from_elem((3, 1), 1.0);
        let tree = KdTree::new().from_batch(&points, L1Dist).unwrap();
        tree.k_nearest(ndarray::aview1(&[f64::INFINITY]), 1).is_ok()
    });
    std::panic::set_hook(quiet);
    assert!(built.is_err() && asked.is_err());
}

fn often() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: if usual.cases == 256 { 64 } else { usual.cases }, failure_persistence: None, ..usual }
}

proptest! {
    #![proptest_config(often())]

    #[test]
    fn whatever_bits_come_in_there_is_an_answer(
        there in prop::collection::vec((any::<u64>(), any::<u64>(), 0_u8..4, any::<i32>()), 1..40),
        here in prop::collection::vec((any::<u64>(), any::<u64>(), 0_u8..4, any::<Option<i32>>()), 1..10),
        k in 1_usize..60,
    ) {
        let (set, _) = town(400, 26);
        let design = |bits: Vec<(u64, u64)>| {
            let columns = (0..7).map(|j| bits.iter().map(|(a, b)| f64::from_bits(if j % 2 == 0 { *a } else { *b })).collect()).collect();
            Design::from_columns(set.design().features().to_vec(), columns).unwrap()
        };
        let names: Vec<String> = there.iter().map(|r| r.2.to_string()).collect();
        let asked: Vec<(String, Option<i32>)> = here.iter().map(|r| (r.2.to_string(), r.3)).collect();
        let asked: Vec<Asked<'_>> = asked.iter().map(|(name, before)| Asked { key: name, group: name, before: *before }).collect();
        for model in models(&set) {
            let days = there.iter().map(|r| r.3).collect();
            let records = Records::new(model, &design(there.iter().map(|r| (r.0, r.1)).collect()), names.clone(), names.clone(), days).unwrap();
            let found = records.index().unwrap().nearest(&design(here.iter().map(|r| (r.0, r.1)).collect()), &asked, k).unwrap();
            for (found, asked) in found.iter().zip(&asked) {
                let eligible = there.iter().filter(|r| r.2.to_string() != asked.key && asked.before.is_none_or(|day| r.3 < day)).count();
                prop_assert_eq!((found.eligible, found.near.len()), (eligible, eligible.min(k)));
                prop_assert!(found.near.iter().all(|n| n.distance.is_finite() && n.distance >= 0.0));
            }
        }
    }
}
