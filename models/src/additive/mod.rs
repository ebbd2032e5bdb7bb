//! The additive model: a step function a feature, boosted by turns (the explainable boosting machine: Lou, Caruana and Gehrke, *Intelligible models for
//! classification and regression*, 2012; Nori, Jenkins, Koch and Caruana, *InterpretML*, 2019), and, if asked for, a few pairs of features (Lou, Caruana, Gehrke and
//! Hooker, *Accurate intelligible models with pairwise interactions*, 2013). It prints as a scorecard.
//!
//! | | |
//! |---|---|
//! | `axis` | a feature as bins, one byte a row |
//! | `step` | one step: a tree of few leaves on the sums of one feature |
//! | `boost` | rounds of steps over bags; where to stop |
//! | `pairs` | which pairs, their grids, and what of them belongs to their features alone |
//! | `shape` | what is fitted |
//!
//! Directions: every step keeps the whole shape on its way, so the mean of the bags keeps it too; missing values stand outside the order. Categories: each has a
//! bin of its own, the rare ones share one, and one that training never met counts as rare (0 where none was). A missing value has a bin of its own, worth 0
//! where such rows weigh less than `min_leaf`.

pub mod axis;
mod boost;
mod pairs;
pub mod shape;
mod step;

use ndarray::Array2;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::algorithm::{Algorithm, Fitted, Traits};
use crate::data::TrainingSet;
use crate::error::{Error, Result};
use crate::linear::link::{logit, sigmoid};
use crate::linear::logistic::check_l2;
use crate::model::Model;
use crate::points::Steps;
use crate::split::fold_for;
use axis::Axis;
use boost::{Bag, Limits, Outcome, Rows, Scores, boost};
pub use shape::{Cell, Pair, Shape};
use step::{How, Term};

/// How to fit an [`Additive`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdditiveParams {
    /// Most bins a feature may have, missing apart. 2 to 255, default 255.
    pub max_bins: u32,
    /// Bags, each holding out the groups of one fold; the model is their mean. 2 to 64, default 8.
    pub bags: u32,
    /// Share of each Newton step that is taken. Above 0, at most 1, default 0.2.
    pub rate: f64,
    /// Most leaves of the tree of one step. 2 to 16, default 2: one cut a step.
    pub leaves: u32,
    /// Most rounds; each takes a step on every feature. 1 to 100,000, default 2,000.
    pub max_rounds: u32,
    /// Rounds without a gain on the rows held out after which to stop. 1 to 100,000, default 12.
    pub patience: u32,
    /// Least weight of a leaf, of a category with a bin of its own, and of the missing values of a feature if they are to be worth more than 0. At least 0, default 5.
    pub min_leaf: f64,
    /// Added to the sum of second derivatives of each leaf: steps on few rows are shorter. Above 0 and finite, default 1.
    pub l2: f64,
    /// Most pairs; only features without a direction, and numbers, are joined. 0 to 100, default 0.
    pub pairs: u32,
    /// Most bins of a feature in a pair, missing apart. 2 to 16, default 16.
    pub pair_bins: u32,
}

impl Default for AdditiveParams {
    fn default() -> Self {
        AdditiveParams {
            max_bins: 255,
            bags: 8,
            rate: 0.2,
            leaves: 2,
            max_rounds: 2_000,
            patience: 12,
            min_leaf: 5.0,
            l2: 1.0,
            pairs: 0,
            pair_bins: 16,
        }
    }
}

impl AdditiveParams {
    fn how(&self) -> How {
        How { rate: self.rate, l2: self.l2, leaves: self.leaves as usize, min_leaf: self.min_leaf * (1.0 - 1e-9) }
    }

    fn limits(&self) -> Limits {
        Limits { most: self.max_rounds, patience: self.patience }
    }
}

impl Algorithm for AdditiveParams {
    fn name(&self) -> &'static str {
        "additive"
    }

    fn traits(&self) -> Traits {
        let additive = self.pairs == 0;
        Traits {
            weights: true,
            shares: true,
            offsets: false,
            monotone: true,
            categories: true,
            additive,
            scale_free: true,
            standard_error: false,
        }
    }

    fn check(&self) -> Result<()> {
        let within = |name, found: f64, least: f64, most: f64, expected| {
            if (least..=most).contains(&found) { Ok(()) } else { Err(Error::Parameter { name, found, expected }) }
        };
        within("max_bins", f64::from(self.max_bins), 2.0, f64::from(axis::MOST_BINS), "2 to 255")?;
        within("bags", f64::from(self.bags), 2.0, 64.0, "2 to 64")?;
        within("rate", self.rate, f64::MIN_POSITIVE, 1.0, "above 0, at most 1")?;
        within("leaves", f64::from(self.leaves), 2.0, 16.0, "2 to 16")?;
        within("max_rounds", f64::from(self.max_rounds), 1.0, 1e5, "1 to 100000")?;
        within("patience", f64::from(self.patience), 1.0, 1e5, "1 to 100000")?;
        within("min_leaf", self.min_leaf, 0.0, f64::MAX, "0 or more, finite")?;
        within("pairs", f64::from(self.pairs), 0.0, 100.0, "0 to 100")?;
        within("pair_bins", f64::from(self.pair_bins), 2.0, pairs::MOST_BINS, "2 to 16")?;
        within("l2", self.l2, f64::MIN_POSITIVE, f64::MAX, "above 0, finite")?;
        check_l2(self.l2)
    }

    fn fit(&self, set: &TrainingSet, seed: u64) -> Result<Model> {
        Ok(Model::Additive(Additive::fit(set, self, seed)))
    }
}

/// How boosting went.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// Rounds taken: where the rows held out were told best.
    pub rounds: u32,
    /// Log-loss of the rows held out before the first round, per unit of weight.
    pub loss_before: f64,
    /// The same after the last round.
    pub loss_after: f64,
}

impl Progress {
    fn of(outcome: &Outcome) -> Self {
        Progress { rounds: outcome.rounds, loss_before: outcome.loss[0], loss_after: outcome.loss[1] }
    }
}

/// A fitted additive model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Additive {
    /// Log-odds where every row starts: a multiple of 2⁻³².
    pub intercept: f64,
    /// One a feature, in the order of the design.
    pub shapes: Vec<Shape>,
    /// What pairs add beyond their features.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pairs: Vec<Pair>,
    /// How the features were boosted.
    pub features_progress: Progress,
    /// How the pairs were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pairs_progress: Option<Progress>,
}

impl Additive {
    /// Fits to rows that already lie in order; labels may be shares.
    pub(crate) fn fit(set: &TrainingSet, params: &AdditiveParams, seed: u64) -> Self {
        let (first, rows) = merged(set, params.bags, seed);
        let features = set.design().features();
        let axis = |j: usize| {
            let x: Vec<f64> = first.iter().map(|i| set.design().x()[(*i, j)]).collect();
            Axis::new(&x, &rows.weight, features[j].kind, features[j].direction, params.max_bins as usize, params.min_leaf)
        };
        let axes: Vec<Axis> = (0..features.len()).into_par_iter().map(axis).collect();
        let start = logit(rows.rate());
        let mut bags: Vec<Bag> = (0..params.bags).map(|number| Bag::new(number, rows.label.len(), start)).collect();
        let outcome = boost(&mut bags, &rows, &axes, &params.how(), params.limits());
        let mut scores = mean(&outcome.scores);
        let joint = pairs::find(&mut bags, &rows, &axes, params);
        let pairs: Vec<Pair> = (joint.grids.iter().zip(mean(&joint.scores)).zip(&joint.z))
            .map(|((grid, score), z)| grid.purified(score, &mut scores, *z))
            .collect();
        let ids = features.iter().map(|f| f.id.as_str());
        let mut shapes: Vec<Shape> = ids.zip(&axes).zip(scores).map(|((id, axis), score)| shape(id, axis, &score, &rows)).collect();
        let mut sums = vec![0.0; rows.label.len()];
        for (shape, axis) in shapes.iter_mut().zip(&axes) {
            axis.codes.iter().zip(&mut sums).for_each(|(code, sum)| *sum += shape.at(usize::from(*code)).score);
            shape.collapse();
        }
        for (pair, grid) in pairs.iter().zip(&joint.grids) {
            (0..sums.len()).for_each(|i| sums[i] += pair.scores[grid.row(i)][grid.column(i)]);
        }
        Additive {
            intercept: shape::rounded(level(&rows, &sums, start), 1.0),
            shapes,
            pairs,
            features_progress: Progress::of(&outcome),
            pairs_progress: joint.progress,
        }
    }
}

impl Fitted for Additive {
    fn features(&self) -> Vec<&str> {
        self.shapes.iter().map(|shape| shape.id.as_str()).collect()
    }

    fn base(&self) -> f64 {
        self.intercept
    }

    fn parts(&self, x: &Array2<f64>) -> Array2<f64> {
        let mut parts = Array2::from_shape_fn(x.dim(), |(i, j)| self.shapes[j].contribution(x[(i, j)]));
        for pair in &self.pairs {
            let [a, b] = pair.features;
            for (mut part, x) in parts.rows_mut().into_iter().zip(x.rows()) {
                let half = 0.5 * pair.score(x[a], x[b]);
                part[a] += half;
                part[b] += half;
            }
        }
        parts
    }

    /// Pairs are no step functions of one feature.
    fn steps(&self) -> Option<Vec<Steps>> {
        self.pairs.is_empty().then(|| self.shapes.iter().map(Shape::steps).collect())
    }

    fn standard_error(&self, _x: &Array2<f64>) -> Option<Vec<f64>> {
        None
    }

    fn check(&self) -> Result<()> {
        if shape::rounded(self.intercept, 1.0) != self.intercept {
            return Err(Error::Contradiction { what: format!("an intercept of {} is no multiple of 2^-32 up to 1024", self.intercept) });
        }
        self.shapes.iter().try_for_each(Shape::check)?;
        self.pairs.iter().try_for_each(|pair| pair.check(&self.shapes))
    }
}

/// Rows that are equal but for their day and weight made one, so that a row of weight 2 and a row given twice are the same from here on; each by its first position.
fn merged(set: &TrainingSet, bags: u32, seed: u64) -> (Vec<usize>, Rows) {
    let x = set.design().x();
    let same = |a: usize, b: usize| {
        set.label()[a] == set.label()[b]
            && set.group()[a] == set.group()[b]
            && x.row(a).iter().zip(x.row(b)).all(|(p, q)| p.to_bits() == q.to_bits())
    };
    let mut first: Vec<usize> = Vec::new();
    let mut rows = Rows { label: Vec::new(), weight: Vec::new(), fold: Vec::new(), group: Vec::new() };
    for i in 0..set.rows() {
        match (first.last(), rows.weight.last_mut()) {
            (Some(last), Some(weight)) if same(*last, i) => *weight += set.weight()[i],
            (last, _) => {
                // Rows lie group by group.
                let known = last.filter(|last| set.group()[**last] == set.group()[i]).and(rows.fold.last().copied());
                rows.group.push(rows.group.last().map_or(0, |group| group + u32::from(known.is_none())));
                rows.fold.push(known.unwrap_or_else(|| fold_for("additive bags", &set.group()[i], bags, seed)));
                rows.label.push(set.label()[i]);
                rows.weight.push(set.weight()[i]);
                first.push(i);
            }
        }
    }
    (first, rows)
}

/// The mean over bags, term by term, cell by cell.
fn mean(bags: &[Scores]) -> Scores {
    let mut sum = bags.first().cloned().unwrap_or_default();
    for bag in bags.iter().skip(1) {
        sum.iter_mut().flatten().zip(bag.iter().flatten()).for_each(|(to, from)| *to += from);
    }
    sum.iter_mut().flatten().for_each(|score| *score /= bags.len() as f64);
    sum
}

/// A shape whose mean over the training rows is about 0, in whole units.
fn shape(id: &str, axis: &Axis, score: &[f64], rows: &Rows) -> Shape {
    let total: f64 = axis.weight.iter().sum();
    let middle = score.iter().zip(&axis.weight).map(|(s, w)| s * w).sum::<f64>() / total;
    let mut good = vec![0.0; score.len()];
    axis.codes.iter().zip(rows.weight.iter().zip(&rows.label)).for_each(|(code, (w, y))| good[usize::from(*code)] += w * y);
    // What training never met is worth nothing, and a feature of one bin says nothing.
    let worth = |at: usize| if axis.weight[at] > 0.0 && !axis.is_flat() { shape::rounded(score[at] - middle, 1.0) } else { 0.0 };
    let mut cells: Vec<Cell> = (0..score.len()).map(|at| Cell { weight: axis.weight[at], good: good[at], score: worth(at) }).collect();
    let gap = Cell { weight: 0.0, good: 0.0, score: 0.0 };
    let missing = cells.pop().unwrap_or(gap);
    Shape { id: id.to_owned(), direction: axis.direction, edges: axis.edges.clone(), cells, missing }
}

/// The intercept with which the mean prediction is the mean label, by Newton steps of at most one.
fn level(rows: &Rows, sums: &[f64], start: f64) -> f64 {
    let mut level = start;
    for _ in 0..100 {
        let (mut slope, mut bend) = (0.0, 0.0);
        for (i, sum) in sums.iter().enumerate() {
            let p = sigmoid(level + sum);
            slope += rows.weight[i] * (p - rows.label[i]);
            bend += rows.weight[i] * p * (1.0 - p);
        }
        let step = if bend > 0.0 { (slope / bend).clamp(-1.0, 1.0) } else { 0.0 };
        level -= step;
        if step.abs() < 1e-11 {
            break;
        }
    }
    level
}
