//! Single trees whose every leaf is known beforehand: labels are the values, so a step of a leaf is a mean.
use super::*;

/// One tree of whole steps.
const ONE: BoostParams = BoostParams { trees: 1, learning_rate: 1.0, max_leaves: 3, min_rows: 1.0, l2: 0.0, held_share: 0.0, ..SMALL };

fn values(ensemble: &Ensemble, features: &[FeatureMeta], rows: &[&[f64]]) -> Vec<f64> {
    let columns = (0..features.len()).map(|j| rows.iter().map(|row| row[j]).collect()).collect();
    ensemble.values(&Design::from_columns(features.to_vec(), columns).unwrap()).unwrap()
}

#[test]
fn a_bounded_node_is_split_where_its_bounds_leave_most_to_save() {
    let mut columns = vec![Vec::new(); 3];
    let mut label = Vec::new();
    for i in 0..2_000 {
        let (u, a, b) = (i / 1_000, usize::from(i % 20 < 2), i % 2);
        // Where u is 0, a parts most, but beyond what u leaves room for.
        label.push(if u == 1 { 0.5 } else { 0.05 + 0.3 * b as f64 + 0.7 * a as f64 - 0.2 * (a * b) as f64 });
        columns.iter_mut().zip([u, a, b]).for_each(|(column, x)| column.push(x as f64));
    }
    let mean_of = |want: &dyn Fn(usize) -> bool| mean((0..2_000).filter(|i| want(*i)).map(|i| label[i]));
    let (low, high) = (mean_of(&|i| i < 1_000), mean_of(&|i| i >= 1_000));
    let below = mean_of(&|i| i < 1_000 && i % 2 == 0);
    for (direction, is_bound) in [(Direction::Free, false), (Direction::Up, true)] {
        let features = vec![meta("u", direction), meta("a", Direction::Free), meta("b", Direction::Free)];
        let set = set_of(features.clone(), columns.clone(), label.clone());
        let tree = fit_values(&set, &ONE, Objective::Squared, 1).unwrap();
        let said = values(&tree, &features, &[&[0.0, 0.0, 0.0], &[0.0, 1.0, 0.0], &[0.0, 0.0, 1.0], &[1.0, 0.0, 0.0]]);
        assert!((said[3] - high).abs() < 1e-6, "{direction:?}: {said:?}");
        if is_bound {
            assert!(said[0] == said[1] && (said[0] - below).abs() < 1e-6, "split by b: {said:?}, expected {below}");
            assert!((said[2] - 0.5 * (low + high)).abs() < 1e-6, "up to the middle of what both sides promise: {said:?}, {low} {high}");
        } else {
            assert!(said[0] == said[2] && said[1] > high, "split by a: {said:?}");
        }
    }
}

#[test]
fn the_leaf_that_saves_most_is_split_next_and_the_margin_is_the_least() {
    let features = vec![meta("x", Direction::Up)];
    let x: Vec<f64> = (0..400).map(|i| f64::from(i % 4)).collect();
    let set = |levels: [f64; 4]| set_of(features.clone(), vec![x.clone()], x.iter().map(|x| levels[*x as usize]).collect());
    let of = |ensemble: &Ensemble| values(ensemble, &features, &[&[0.0], &[1.0], &[2.0], &[3.0]]);
    for (levels, left_is_split) in [([0.0, 0.05, 0.7, 1.0], false), ([0.0, 0.3, 0.95, 1.0], true)] {
        let said = of(&fit_values(&set(levels), &ONE, Objective::Squared, 1).unwrap());
        assert_eq!((said[0] < said[1], said[2] < said[3]), (left_is_split, !left_is_split), "{said:?}");
    }
    let tree = fit_values(&set([0.0, 0.5, 0.6, 1.0]), &BoostParams { max_leaves: 4, ..ONE }, Objective::Squared, 1).unwrap();
    assert!((tree.certificate.margin(0).unwrap() - 0.1).abs() < 1e-6, "{:?} of {:?}", tree.certificate.margin(0), of(&tree));
}

#[test]
fn no_step_goes_further_than_eight() {
    let x: Vec<f64> = (0..1_000).map(f64::from).collect();
    let set = set_of(vec![meta("x", Direction::Free)], vec![x], (0..1_000).map(|i| f64::from(u8::from(i == 999))).collect());
    let params =
        BoostParams { max_leaves: 2, max_bins: 255, min_hessian: 1e-9, trees: 1, learning_rate: 1.0, min_rows: 1.0, l2: 0.0, ..SMALL };
    let ensemble = boost(&set, params, 1).ensemble;
    let said = values(&ensemble, set.design().features(), &[&[0.0], &[999.0]]);
    // The one row alone would take a step of about a thousand.
    assert!(said[1] - ensemble.start > 7.9 && said[1] - ensemble.start <= 8.0, "{said:?} from {}", ensemble.start);
}

#[test]
fn missing_values_part_from_known_ones_against_any_order() {
    for (direction, of_missing) in [(Direction::Up, 0.1), (Direction::Down, 0.9)] {
        for known in [1, 2] {
            let x: Vec<f64> = (0..600).map(|i| if i % 3 == 0 { f64::NAN } else { f64::from(i / 3 % known) }).collect();
            let label = x.iter().map(|x| if x.is_nan() { of_missing } else { 0.5 }).collect();
            let features = vec![meta("x", direction)];
            let tree = fit_values(&set_of(features.clone(), vec![x], label), &ONE, Objective::Squared, 1).unwrap();
            let said = values(&tree, &features, &[&[f64::NAN], &[0.0]]);
            assert!((said[0] - of_missing).abs() < 1e-6 && (said[1] - 0.5).abs() < 1e-6, "{direction:?}, {known}: {said:?}");
        }
    }
}

#[test]
fn weight_counts_where_rows_are_held_out() {
    let mut draws = Draws(41);
    let x: Vec<f64> = (0..1_500).map(|_| draws.normal()).collect();
    // Heavy rows follow x, light ones turn against it: which trees serve best depends on the weights.
    let weight: Vec<f64> = (0..1_500).map(|i| f64::from(1 + 4 * (i % 2))).collect();
    let label: Vec<f64> = x.iter().zip(&weight).map(|(x, w)| draws.yes(if (*x > 0.0) == (*w > 1.0) { 0.9 } else { 0.2 })).collect();
    let rows = |copies: &dyn Fn(usize) -> usize, weight_of: &dyn Fn(usize) -> f64| {
        let of: Vec<usize> = (0..1_500).flat_map(|i| vec![i; copies(i)]).collect();
        let design = Design::from_columns(vec![meta("x", Direction::Free)], vec![of.iter().map(|i| x[*i]).collect()]).unwrap();
        let group = of.iter().map(|i| format!("{i:05}")).collect();
        let column = |value: &dyn Fn(usize) -> f64| of.iter().map(|i| value(*i)).collect::<Vec<f64>>();
        TrainingSet::new(design, column(&|i| label[i]), column(weight_of), group, vec![0; of.len()]).unwrap()
    };
    let params = BoostParams { held_share: 0.3, patience: 3, learning_rate: 0.5, ..SMALL };
    let heavy = boost(&rows(&|_| 1, &|i| weight[i]), params, 1).ensemble.stopping;
    let often = boost(&rows(&|i| weight[i] as usize, &|_| 1.0), params, 1).ensemble.stopping;
    assert_eq!((heavy.grown, heavy.kept), (often.grown, often.kept));
    assert!((heavy.held_loss.unwrap() - often.held_loss.unwrap()).abs() < 1e-9, "{heavy:?} {often:?}");
    assert!(often.held > heavy.held && heavy.kept > 0, "{heavy:?} {often:?}");
}

#[test]
fn of_columns_that_say_the_same_the_first_is_read() {
    // Six of them: more than are searched as one group, and enough rows that groups go to several threads.
    let features: Vec<FeatureMeta> = (0..6).map(|j| meta(&format!("x{j}"), Direction::Free)).collect();
    let x: Vec<f64> = (0..30_000).map(|i| f64::from(i * 7 % 64)).collect();
    let label = x.iter().map(|x| f64::from(u8::from(*x > 20.0)) * 0.5 + f64::from(u8::from(*x > 50.0)) * 0.25).collect();
    let set = set_of(features.clone(), vec![x; 6], label);
    let tree = fit_values(&set, &BoostParams { max_leaves: 8, ..ONE }, Objective::Squared, 1).unwrap();
    let (low, high) = ([0.0; 6], 60.0);
    let mut first = low;
    first[0] = high;
    let mut others = [high; 6];
    others[0] = 0.0;
    let said = values(&tree, &features, &[&low, &first, &others]);
    assert!(said[1] > said[0] + 0.5 && said[2] == said[0], "{said:?}");
}
