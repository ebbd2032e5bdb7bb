//! Studies whose truth is known.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use luheng_models::linear::link::sigmoid;
use luheng_models::{Design, Direction, TrainingSet};

use crate::truth::{Draws, meta};

/// A confounded world. Log-odds of treatment: `confounding` × (0.8 rise − 0.5 fall + 0.4 more); of the outcome: −0.5 + 0.9 rise − 0.3 fall + 0.2 more, and
/// with treatment 0.5 + 0.6 more on top. `noise` tells nothing.
#[derive(Clone, Copy)]
pub struct World {
    pub rows: usize,
    /// Rows a subject; its features are its own, and so is a level that no feature tells.
    pub repeats: usize,
    pub confounding: f64,
}

impl Default for World {
    fn default() -> Self {
        World { rows: 1_000, repeats: 1, confounding: 1.0 }
    }
}

pub struct Subject {
    pub x: [f64; 4],
    pub propensity: f64,
    /// Probability without and with treatment.
    pub p: [f64; 2],
}

impl World {
    pub fn subject(&self, draws: &mut Draws) -> Subject {
        let x = [draws.normal(), draws.normal(), draws.normal(), draws.normal()];
        let level = if self.repeats > 1 { 1.5 * draws.normal() } else { 0.0 };
        let logit = -0.5 + 0.9 * x[0] - 0.3 * x[1] + 0.2 * x[2] + level;
        Subject {
            x,
            propensity: sigmoid(self.confounding * (0.8 * x[0] - 0.5 * x[1] + 0.4 * x[2])),
            p: [sigmoid(logit), sigmoid(logit + 0.5 + 0.6 * x[2])],
        }
    }

    /// Rows with their arms, 0 or 1.
    pub fn draw(&self, seed: u64) -> (TrainingSet, Vec<u32>) {
        let mut draws = Draws(seed);
        let mut columns = vec![Vec::new(); 4];
        let (mut label, mut group, mut arm) = (vec![], vec![], vec![]);
        for s in 0..self.rows / self.repeats {
            let subject = self.subject(&mut draws);
            let treated = draws.yes(subject.propensity) as u32;
            for _ in 0..self.repeats {
                columns.iter_mut().zip(subject.x).for_each(|(column, x)| column.push(x));
                label.push(draws.yes(subject.p[treated as usize]));
                group.push(format!("s{s:06}"));
                arm.push(treated);
            }
        }
        let names = ["rise", "fall", "more", "noise"];
        (set(names.into_iter().zip(columns).collect(), label, group), arm)
    }
}

pub fn set(columns: Vec<(&str, Vec<f64>)>, label: Vec<f64>, group: Vec<String>) -> TrainingSet {
    let n = label.len();
    let features = columns.iter().map(|(id, _)| meta(id, Direction::Free)).collect();
    let design = Design::from_columns(features, columns.into_iter().map(|c| c.1).collect()).unwrap();
    TrainingSet::new(design, label, vec![1.0; n], group, vec![0; n]).unwrap()
}

/// What is true of a world, from so many subjects that chance no longer counts. Rankings are by `more`.
pub struct Truth {
    pub everyone: f64,
    pub treated: f64,
    pub autoc: f64,
    pub qini: f64,
    /// Gain over chance, and value, of treating the top 0.3.
    pub top_gain: f64,
    pub top_value: f64,
}

pub fn truth_of(world: &World) -> Truth {
    let mut draws = Draws(99);
    let n = 400_000;
    let mut subjects: Vec<Subject> = (0..n).map(|_| world.subject(&mut draws)).collect();
    subjects.sort_by(|a, b| b.x[2].total_cmp(&a.x[2]));
    let gain: Vec<f64> = subjects.iter().map(|s| s.p[1] - s.p[0]).collect();
    let everyone = gain.iter().sum::<f64>() / n as f64;
    let share: f64 = subjects.iter().map(|s| s.propensity).sum();
    let treated = subjects.iter().zip(&gain).map(|(s, g)| s.propensity * g).sum::<f64>() / share;
    let (mut sum, mut autoc, mut qini, mut top) = (0.0, 0.0, 0.0, 0.0);
    for (i, g) in gain.iter().enumerate() {
        sum += g;
        let u = (i + 1) as f64 / n as f64;
        autoc += (sum / (i + 1) as f64 - everyone) / n as f64;
        qini += (sum / n as f64 - u * everyone) / n as f64;
        top = if u <= 0.3 { sum / n as f64 } else { top };
    }
    let nobody = subjects.iter().map(|s| s.p[0]).sum::<f64>() / n as f64;
    Truth { everyone, treated, autoc, qini, top_gain: top - 0.3 * everyone, top_value: nobody + top }
}
