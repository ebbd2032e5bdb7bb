//! Contributions beside Shapley's own formula: every subset of features, the tree averaged by cover over features outside it.
use super::*;
use serde_json::Value;

/// A tree as stored.
struct Stored {
    feature: Vec<usize>,
    left_codes: Vec<Vec<bool>>,
    sides: Vec<[i64; 2]>,
    value: Vec<f64>,
    cover: Vec<f64>,
}

fn list<T: std::str::FromStr>(tree: &Value, name: &str) -> Vec<T> {
    let text = tree[name].as_str().unwrap_or_default();
    text.split_ascii_whitespace().map(|v| v.parse().unwrap_or_else(|_| panic!("{name} {v}"))).collect()
}

impl Stored {
    fn of(tree: &Value, kinds: &[Kind]) -> Self {
        let (feature, code): (Vec<usize>, Vec<usize>) = (list(tree, "feature"), list(tree, "code"));
        let (missing, sets): (Vec<u8>, Vec<String>) = (list(tree, "missing_left"), list(tree, "sets"));
        let in_set = |set: &str, code: usize| u8::from_str_radix(&set[63 - code / 4..64 - code / 4], 16).unwrap() >> (code % 4) & 1 == 1;
        let left = |k: usize| {
            let known = |c: usize| if kinds[feature[k]] == Kind::Number { c <= code[k] } else { in_set(&sets[code[k]], c) };
            (0..256).map(|c| if c == 255 { missing[k] == 1 } else { known(c) }).collect()
        };
        let sides = list::<i64>(tree, "left").into_iter().zip(list(tree, "right")).map(|(l, r)| [l, r]).collect();
        let value = list::<i64>(tree, "value").into_iter().map(|units| units as f64 / 4_294_967_296.0).collect();
        Stored { left_codes: (0..feature.len()).map(left).collect(), feature, sides, value, cover: list(tree, "cover") }
    }

    fn weight(&self, side: i64) -> f64 {
        usize::try_from(side).map_or_else(|_| self.cover[(-1 - side) as usize], |k| self.sides[k].iter().map(|s| self.weight(*s)).sum())
    }

    /// The tree's value where only the features of `known` are known.
    fn expected(&self, side: i64, codes: &[usize], known: u32) -> f64 {
        let Ok(k) = usize::try_from(side) else { return self.value[(-1 - side) as usize] };
        if known >> self.feature[k] & 1 == 1 {
            return self.expected(self.sides[k][usize::from(!self.left_codes[k][codes[self.feature[k]]])], codes, known);
        }
        let part = |s: i64| self.weight(s) / self.weight(side) * self.expected(s, codes, known);
        part(self.sides[k][0]) + part(self.sides[k][1])
    }
}

fn factorial(n: u32) -> f64 {
    (1..=n).map(f64::from).product()
}

/// Shapley's formula over all subsets.
fn shapley(tree: &Stored, codes: &[usize]) -> Vec<f64> {
    let d = codes.len() as u32;
    let of = |j: u32| {
        let subsets = (0..1_u32 << d).filter(|s| s >> j & 1 == 0);
        let gain = |s: u32| {
            let weight = factorial(s.count_ones()) * factorial(d - 1 - s.count_ones()) / factorial(d);
            weight * (tree.expected(0, codes, s | 1 << j) - tree.expected(0, codes, s))
        };
        subsets.map(gain).sum()
    };
    (0..d).map(of).collect()
}

#[test]
fn contributions_are_shapley_values() {
    let mut draws = Draws(31);
    let mut columns = vec![Vec::new(); 6];
    let mut label = Vec::new();
    for _ in 0..2_500 {
        let row: Vec<f64> = (0..6).map(|j| if j == 5 { (draws.bits() % 12) as f64 } else { draws.normal() }).collect();
        let logit = row[0] * row[1] + row[2].abs() + if row[3] > 0.5 { row[4] } else { -row[0] } + libm::sin(row[5] * 2.0);
        label.push(draws.yes(luheng_models::linear::link::sigmoid(logit)));
        row.into_iter().zip(&mut columns).for_each(|(x, column)| column.push(if draws.unit() < 0.05 { f64::NAN } else { x }));
    }
    let mut features: Vec<FeatureMeta> = (0..5).map(|j| meta(&format!("x{j}"), Direction::Free)).collect();
    features[2].direction = Direction::Up;
    features.push(category("kind"));
    let kinds: Vec<Kind> = features.iter().map(|f| f.kind).collect();
    let set = set_of(features.clone(), columns, label);
    // Shallow trees with few features a path, and deep ones that ask the same feature again and again.
    for (max_leaves, max_depth) in [(2, 1), (4, 2), (15, 6), (64, 30)] {
        let model = boost(&set, BoostParams { trees: 3, max_leaves, max_depth, min_rows: 3.0, ..SMALL }, 1);
        let stored = serde_json::to_value(&model.ensemble).unwrap();
        let trees: Vec<Stored> = stored["trees"].as_array().unwrap().iter().map(|tree| Stored::of(tree, &kinds)).collect();
        assert_eq!(trees.len(), 3);
        let edges: Vec<Vec<f64>> = stored["features"].as_array().unwrap().iter().map(|f| list(f, "edges")).collect();
        let code = |x: f64, j: usize| match kinds[j] {
            _ if x.is_nan() => 255,
            Kind::Number => edges[j].iter().filter(|e| **e < x).count(),
            Kind::Category => edges[j].iter().position(|e| *e == x).unwrap_or(255),
        };
        let rows: Vec<usize> = (0..set.rows()).step_by(31).collect();
        let design = set.design().take(&rows).unwrap();
        let parts = Model::Boost(model.clone()).contributions(&design).unwrap();
        let base: f64 = trees.iter().map(|t| t.expected(0, &[], 0)).sum::<f64>() + stored["start"].as_f64().unwrap();
        assert!((parts.base - base).abs() < 1e-9, "{} {base}", parts.base);
        for (i, x) in design.x().rows().into_iter().enumerate() {
            let codes: Vec<usize> = x.iter().enumerate().map(|(j, x)| code(*x, j)).collect();
            let mut wanted = vec![0.0; 6];
            for tree in &trees {
                shapley(tree, &codes).into_iter().zip(&mut wanted).for_each(|(part, sum)| *sum += part);
            }
            for (found, wanted) in parts.by_feature.row(i).iter().zip(&wanted) {
                assert!((found - wanted).abs() < 1e-8, "{max_leaves} leaves, row {i}: {:?}, expected {wanted:?}", parts.by_feature.row(i));
            }
        }
    }
}

#[test]
fn parts_in_any_order_are_the_score_bit_by_bit_and_the_mean_part_is_nothing() {
    let (set, _) = town(3_001, 32);
    let model = Model::Boost(boost(&set, BoostParams { max_leaves: 40, max_depth: 12, ..SMALL }, 1));
    let (parts, scores) = (model.contributions(set.design()).unwrap(), model.logit(set.design()).unwrap());
    for (i, score) in scores.iter().enumerate() {
        let row = parts.by_feature.row(i);
        let forward = row.iter().fold(parts.base, |s, c| s + c);
        let backward = row.iter().rev().sum::<f64>() + parts.base;
        assert_eq!((forward.to_bits(), backward.to_bits()), (score.to_bits(), score.to_bits()), "row {i}");
        let one = model.contributions(&set.design().take(&[i]).unwrap()).unwrap();
        assert_eq!(one.by_feature.row(0), row, "row {i} alone");
    }
    let total: f64 = set.weight().iter().sum();
    let at = |i: usize| set.weight()[i] * scores[i];
    // The base is the mean score of the training rows, weighted.
    assert!(((0..set.rows()).map(at).sum::<f64>() / total - parts.base).abs() < 1e-7);
}
