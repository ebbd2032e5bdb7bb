//! Speed of neighbours: imaginary records with correlated features, the metric of a scorecard and of a logistic regression.

use std::time::Instant;

use luheng_models::linear::link::sigmoid;
use luheng_models::neighbours::{Asked, Records};
use luheng_models::{Design, Direction, FeatureMeta, Kind, Params, TrainingSet};
use serde_json::json;

/// SplitMix64 (Steele, Lea and Flood 2014); sums of twelve uniform numbers for normal ones.
struct Draws(u64);

impl Draws {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

/// Rows with four causes behind all features, one value in twenty missing.
fn imaginary(rows: usize, features: usize) -> TrainingSet {
    let mut draws = Draws(1);
    let mut columns = vec![Vec::with_capacity(rows); features];
    let mut label = Vec::with_capacity(rows);
    for _ in 0..rows {
        let cause: Vec<f64> = (0..4).map(|_| draws.normal()).collect();
        let mut logit = -0.3;
        for (j, column) in columns.iter_mut().enumerate() {
            let x = 0.7 * cause[j % 4] + 0.7 * draws.normal();
            logit += 0.6 * x / (1.0 + j as f64 / 4.0);
            column.push(if draws.unit() < 0.05 { f64::NAN } else { x });
        }
        label.push(f64::from(u8::from(draws.unit() < sigmoid(logit))));
    }
    let meta =
        |j: usize| FeatureMeta { id: format!("x{j}"), version: 1, unit: String::new(), direction: Direction::Free, kind: Kind::Number };
    let design = Design::from_columns((0..features).map(meta).collect(), columns).unwrap();
    TrainingSet::new(
        design,
        label,
        vec![1.0; rows],
        (0..rows).map(|i| format!("{i:07}")).collect(),
        (0..rows).map(|i| (i % 3000) as i32).collect(),
    )
    .unwrap()
}

/// `neighbours ROWS FEATURES K QUERIES`: seconds to build, queries a second through the tree and through all, all on the threads given.
pub fn neighbours(arguments: &[String]) {
    let [rows, features, k, queries] = arguments else { panic!("neighbours ROWS FEATURES K QUERIES") };
    let (rows, features): (usize, usize) = (rows.parse().unwrap(), features.parse().unwrap());
    let (k, queries): (usize, usize) = (k.parse().unwrap(), queries.parse().unwrap());
    let set = imaginary(rows, features);
    let some: Vec<usize> = (0..queries).map(|q| q * (rows / queries)).collect();
    let here = set.design().take(&some).unwrap();
    let mut answer = serde_json::Map::new();
    for algorithm in ["scorecard", "logistic"] {
        let params: Params = serde_json::from_value(json!({ "algorithm": algorithm })).unwrap();
        let model = params.check().unwrap().fit(&set, 1).unwrap();
        let began = Instant::now();
        let records = Records::new(model.clone(), set.design(), set.group().to_vec(), set.group().to_vec(), set.day().to_vec()).unwrap();
        let taken = began.elapsed().as_secs_f64();
        let began = Instant::now();
        let index = records.index().unwrap();
        let built = began.elapsed().as_secs_f64();
        let mut told = serde_json::Map::new();
        told.insert("seconds_take_in".to_owned(), json!(taken));
        told.insert("seconds_index".to_owned(), json!(built));
        told.insert("index".to_owned(), json!(format!("{index:?}")));
        let mut sum = 0.0;
        for (name, day) in [("all", None), ("half_by_day", Some(1500)), ("tenth_by_day", Some(300))] {
            let asked: Vec<Asked<'_>> =
                some.iter().map(|i| Asked { key: &set.group()[*i], group: &set.group()[*i], before: day }).collect();
            let began = Instant::now();
            let found = index.nearest(&here, &asked, k).unwrap();
            told.insert(format!("per_second_{name}"), json!(queries as f64 / began.elapsed().as_secs_f64()));
            if day.is_none() {
                sum = found.iter().flat_map(|f| &f.near).map(|n| n.distance).sum();
            }
        }
        // The plainest way: every record, then the k least.
        let (there, asked) = (model.contributions(set.design()).unwrap().by_feature, model.contributions(&here).unwrap().by_feature);
        let (began, mut plain) = (Instant::now(), 0.0);
        for (q, own) in some.iter().enumerate() {
            let near = |i: usize| asked.row(q).iter().zip(there.row(i)).map(|(a, b)| (a - b).abs()).sum::<f64>();
            let mut all: Vec<f64> = (0..rows).filter(|i| i != own).map(near).collect();
            all.select_nth_unstable_by(k - 1, f64::total_cmp);
            plain += all[..k].iter().sum::<f64>();
        }
        told.insert("per_second_plain".to_owned(), json!(queries as f64 / began.elapsed().as_secs_f64()));
        told.insert("apart_from_plain".to_owned(), json!((sum - plain).abs() / plain.abs()));
        answer.insert(algorithm.to_owned(), told.into());
    }
    println!("{}", serde_json::Value::Object(answer));
}
