//! Data whose truth is known, for every test of this crate: drawn by a fixed generator, so that a failure can be repeated.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use luheng_models::linear::link::sigmoid;
use luheng_models::{Calibration, Design, Direction, Draft, FeatureMeta, Kind, Model, ModelArtifact, Params, TrainingSet, assess};

/// SplitMix64 (Steele, Lea and Flood 2014).
pub struct Draws(pub u64);

impl Draws {
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform, above 0 and below 1.
    pub fn unit(&mut self) -> f64 {
        ((self.bits() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    /// Standard normal (Box and Muller).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * libm::log(self.unit())).sqrt();
        radius * libm::cos(2.0 * std::f64::consts::PI * self.unit())
    }

    pub fn yes(&mut self, p: f64) -> f64 {
        f64::from(u8::from(self.unit() < p))
    }

    /// A permutation of `0..n` (Fisher and Yates).
    pub fn shuffle(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for i in (1..n).rev() {
            order.swap(i, (self.bits() % (i as u64 + 1)) as usize);
        }
        order
    }
}

pub fn meta(id: &str, direction: Direction) -> FeatureMeta {
    FeatureMeta { id: id.to_owned(), version: 1, unit: "n".to_owned(), direction, kind: Kind::Number }
}

/// A set with every kind of trouble, and the true probability of each row. Log-odds = −0.5 + 1.2 rise − 0.8 fall + 0.6 |hill| − 0.5 where rise
/// is missing (one row in ten). `noise` and `same` tell nothing, `lost` is never known; `heavy` is 0 for most and now and then infinite.
pub fn town(rows: usize, seed: u64) -> (TrainingSet, Vec<f64>) {
    let mut draws = Draws(seed);
    let mut columns = vec![Vec::new(); 7];
    let (mut label, mut weight, mut group, mut day, mut truth) = (vec![], vec![], vec![], vec![], vec![]);
    for i in 0..rows {
        let (rise, fall, hill, noise) = (draws.normal(), draws.normal(), draws.normal(), draws.normal());
        let gone = draws.unit() < 0.1;
        let heavy = match draws.unit() {
            u if u < 0.7 => 0.0,
            u if u < 0.98 => 1.0 + draws.unit(),
            _ => f64::INFINITY,
        };
        let logit = -0.5 + if gone { -0.5 } else { 1.2 * rise } - 0.8 * fall + 0.6 * hill.abs() + 0.3 * f64::from(u8::from(heavy > 0.0));
        let row = [if gone { f64::NAN } else { rise }, fall, hill, noise, 7.0, f64::NAN, heavy];
        columns.iter_mut().zip(row).for_each(|(column, x)| column.push(x));
        truth.push(sigmoid(logit));
        label.push(draws.yes(sigmoid(logit)));
        weight.push(1.0 + (draws.bits() % 3) as f64);
        group.push(format!("g{:06}", i / 2));
        day.push((draws.bits() % 900) as i32);
    }
    let features = vec![
        meta("rise", Direction::Up),
        meta("fall", Direction::Down),
        meta("hill", Direction::Free),
        meta("noise", Direction::Free),
        meta("same", Direction::Up),
        meta("lost", Direction::Down),
        meta("heavy", Direction::Up),
    ];
    let design = Design::from_columns(features, columns).unwrap();
    (TrainingSet::new(design, label, weight, group, day).unwrap(), truth)
}

/// The set without what the algorithm does not take: weights and labels made whole, directions waived.
pub fn suited(params: &Params, set: &TrainingSet) -> TrainingSet {
    let traits = params.traits();
    let weight = if traits.weights { set.weight().to_vec() } else { vec![1.0; set.rows()] };
    let label = set.label().iter().map(|y| if traits.shares { *y } else { f64::from(u8::from(*y >= 0.5)) }).collect();
    let set = TrainingSet::new(set.design().clone(), label, weight, set.group().to_vec(), set.day().to_vec()).unwrap();
    if traits.monotone { set } else { set.without_directions() }
}

pub fn fit(params: &Params, set: &TrainingSet) -> Model {
    params.check().unwrap().fit(&suited(params, set), 1).unwrap()
}

/// A whole artifact: fitted on `set`, calibrated and judged on `held`.
pub fn sealed(params: &Params, set: &TrainingSet, held: &TrainingSet) -> ModelArtifact {
    let model = fit(params, set);
    let calibration = Calibration::fit(&model.logit(held.design()).unwrap(), held.label(), held.weight()).unwrap();
    let judge = |p: &[f64]| assess::assess(p, held.label(), held.weight(), &[0.2, 0.4, 0.6, 0.8]).unwrap();
    Draft {
        target: "good".to_owned(),
        horizon_days: 180,
        features: set.design().features().to_vec(),
        window: set.window(),
        rows: set.rows() as u64,
        good: set.good(),
        bad: set.bad(),
        seed: 1,
        params: *params,
        assessment: judge(&model.predict(held.design()).unwrap()),
        baseline_assessment: judge(&fit(&Params::Baseline, set).predict(held.design()).unwrap()),
        model,
        calibration,
        scale: luheng_models::Scale::default(),
        share_interval: None,
        rate_interval: None,
        support: None,
        fitted: [("median_days".to_owned(), 41.5), ("no_limit".to_owned(), f64::INFINITY)].into(),
        notes: vec!["imaginary".to_owned()],
    }
    .seal()
    .unwrap()
}
