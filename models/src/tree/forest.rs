//! The random forest of smartcore, as a challenger (Breiman, *Random forests*, 2001): fitted there, kept and walked here.
//!
//! It panics on missing values and its classifier only votes; so it is given a regression on labels, of codes in the place of values: the position
//! of a value among those seen, and a code below all for a missing one. What it cuts between two codes is kept as a cut between two values, so
//! units do not matter and ±∞ are values like others. Its weights choose which rows are drawn, which is not "the row twice": they are not declared.
//! It runs on one thread.

use ndarray::Array2;
use serde::{Deserialize, Serialize};
use smartcore::ensemble::random_forest_regressor::{RandomForestRegressor, RandomForestRegressorParameters};
use smartcore::linalg::basic::matrix::DenseMatrix;

use crate::algorithm::{Algorithm, Fitted, Traits};
use crate::data::TrainingSet;
use crate::error::{Error, Result};
use crate::linear::link::logit;
use crate::model::Model;

/// Code of a missing value: below that of every value, which begin at 0.
const MISSING: f64 = -1.0;
/// Differences of probability below this are rounding.
const ROUNDING: f64 = 1e-12;

/// How to grow it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ForestParams {
    /// Trees. 1 to 10,000, default 100.
    pub trees: u32,
    /// Greatest depth of a tree. 1 to 64, default 10.
    pub max_depth: u16,
    /// Fewest rows of a leaf. At least 1, default 20.
    pub min_leaf: u32,
    /// Features looked at for each cut; 0, the default, for the square root of their number.
    pub columns: u32,
}

impl Default for ForestParams {
    fn default() -> Self {
        ForestParams { trees: 100, max_depth: 10, min_leaf: 20, columns: 0 }
    }
}

impl Algorithm for ForestParams {
    fn name(&self) -> &'static str {
        "forest"
    }

    fn traits(&self) -> Traits {
        Traits {
            weights: false,
            shares: true,
            offsets: false,
            monotone: false,
            categories: false,
            additive: false,
            scale_free: true,
            standard_error: false,
        }
    }

    fn check(&self) -> Result<()> {
        let within = |name, found: u32, is_fine: bool, expected| {
            if is_fine { Ok(()) } else { Err(Error::Parameter { name, found: f64::from(found), expected }) }
        };
        within("trees", self.trees, (1..=10_000).contains(&self.trees), "1 to 10000")?;
        within("max_depth", u32::from(self.max_depth), (1..=64).contains(&self.max_depth), "1 to 64")?;
        within("min_leaf", self.min_leaf, self.min_leaf >= 1, "1 or more")
    }

    fn fit(&self, set: &TrainingSet, seed: u64) -> Result<Model> {
        Ok(Model::Forest(Forest::fit(set, self, seed)?))
    }
}

/// One node: a leaf, or a cut. Children come after their parent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Mean label of its rows.
    pub mean: f64,
    /// How it is cut; `None` for a leaf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<Cut>,
}

/// Missing values, and values up to an edge, go low; the others high.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    /// Column of the design.
    pub feature: u32,
    /// Greatest value that goes low; `None` if missing ones alone do.
    #[serde(with = "edge")]
    pub edge: Option<f64>,
    /// Node of the low ones.
    pub low: u32,
    /// Node of the high ones.
    pub high: u32,
}

/// An edge that may be infinite, or none.
mod edge {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Edge(#[serde(with = "crate::exact::one")] f64);

    pub fn serialize<S: Serializer>(edge: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
        edge.map(Edge).serialize(serializer)
    }
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
        Ok(Option::<Edge>::deserialize(deserializer)?.map(|edge| edge.0))
    }
}

impl Cut {
    fn next(&self, x: f64) -> usize {
        let is_low = x.is_nan() || self.edge.is_some_and(|edge| x <= edge);
        (if is_low { self.low } else { self.high }) as usize
    }
}

/// A grown forest. Its probability is the mean of its trees', with one imaginary row at the rate of all, so that log-odds are finite.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forest {
    /// The features.
    pub features: Vec<String>,
    /// Training rows.
    pub rows: u64,
    /// Mean label of them.
    pub rate: f64,
    /// The trees, root first.
    pub trees: Vec<Vec<Node>>,
}

/// What smartcore writes of a forest, as far as it is read here.
#[derive(Deserialize)]
struct Theirs {
    forest_regressor: Option<TheirTrees>,
}

#[derive(Deserialize)]
struct TheirTrees {
    trees: Option<Vec<TheirTree>>,
}

#[derive(Deserialize)]
struct TheirTree {
    nodes: Vec<TheirNode>,
}

#[derive(Deserialize)]
struct TheirNode {
    output: f64,
    split_feature: usize,
    split_value: Option<f64>,
    true_child: Option<usize>,
    false_child: Option<usize>,
}

impl Forest {
    fn fit(set: &TrainingSet, params: &ForestParams, seed: u64) -> Result<Self> {
        let x = set.design().x();
        let features: Vec<String> = set.design().features().iter().map(|f| f.id.clone()).collect();
        let rate = set.label().iter().sum::<f64>() / set.rows() as f64;
        let seen: Vec<Vec<f64>> = x.columns().into_iter().map(|column| distinct(column.iter().copied())).collect();
        let mut forest = Forest { features, rows: set.rows() as u64, rate, trees: Vec::new() };
        if seen.is_empty() {
            return Ok(forest);
        }
        let code = |(i, j): (usize, usize)| if x[(i, j)].is_nan() { MISSING } else { seen[j].partition_point(|v| *v < x[(i, j)]) as f64 };
        let codes: Vec<f64> = (0..x.nrows()).flat_map(|i| (0..x.ncols()).map(move |j| (i, j))).map(code).collect();
        let gave_up = |reason: String| Error::Challenger { name: "forest", reason };
        let codes = DenseMatrix::new(x.nrows(), x.ncols(), codes, false).map_err(|error| gave_up(error.to_string()))?;
        let columns = if params.columns == 0 { libm::round(libm::sqrt(x.ncols() as f64)) as usize } else { params.columns as usize };
        let how = RandomForestRegressorParameters {
            max_depth: Some(params.max_depth),
            min_samples_leaf: params.min_leaf as usize,
            min_samples_split: 2,
            n_trees: params.trees as usize,
            m: Some(columns.clamp(1, x.ncols())),
            keep_samples: false,
            seed,
        };
        let theirs = RandomForestRegressor::fit(&codes, &set.label().to_vec(), how).map_err(|error| gave_up(error.to_string()))?;
        forest.trees = converted(&theirs, &seen)?;
        forest.check()?;
        Ok(forest)
    }

    /// Log-odds of a probability of the trees.
    fn log_odds(&self, p: f64) -> f64 {
        let rows = self.rows as f64;
        logit((p * rows + self.rate) / (rows + 1.0))
    }

    /// Mean of the trees' roots, where every row starts.
    fn root(&self) -> f64 {
        if self.trees.is_empty() { self.rate } else { self.trees.iter().map(|tree| tree[0].mean).sum::<f64>() / self.trees.len() as f64 }
    }
}

/// Values seen, ascending.
fn distinct(x: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut seen: Vec<f64> = x.filter(|v| !v.is_nan()).collect();
    seen.sort_by(f64::total_cmp);
    seen.dedup();
    seen
}

/// Their trees as ours, cuts between codes as cuts between values.
fn converted<T: Serialize>(theirs: &T, seen: &[Vec<f64>]) -> Result<Vec<Vec<Node>>> {
    let trees = serde_json::from_value::<Theirs>(serde_json::to_value(theirs)?)?.forest_regressor.and_then(|forest| forest.trees);
    let node = |of: &TheirNode| -> Node {
        let cut = match (of.split_value, of.true_child, of.false_child) {
            (Some(between), Some(low), Some(high)) => {
                // Codes from 0 to floor(between) go low.
                let edge = seen.get(of.split_feature).and_then(|seen| seen.get(libm::floor(between) as i64 as usize)).copied();
                let edge = if between < 0.0 { None } else { edge };
                Some(Cut { feature: of.split_feature as u32, edge, low: low as u32, high: high as u32 })
            }
            _ => None,
        };
        Node { mean: of.output, cut }
    };
    Ok(trees.unwrap_or_default().iter().map(|tree| tree.nodes.iter().map(node).collect()).collect())
}

impl Fitted for Forest {
    fn features(&self) -> Vec<&str> {
        self.features.iter().map(String::as_str).collect()
    }

    fn base(&self) -> f64 {
        self.log_odds(self.root())
    }

    /// How the mean moves from node to node, feature by feature (Palczewska et al., *Interpreting random forest models using a feature
    /// contribution method*, 2013), stretched from probability to log-odds.
    fn parts(&self, x: &Array2<f64>) -> Array2<f64> {
        let mut parts = Array2::zeros(x.dim());
        for (row, mut part) in x.rows().into_iter().zip(parts.rows_mut()) {
            let mut sum = 0.0;
            for tree in &self.trees {
                let mut at = &tree[0];
                while let Some(cut) = at.cut {
                    let next = &tree[cut.next(row[cut.feature as usize])];
                    part[cut.feature as usize] += next.mean - at.mean;
                    at = next;
                }
                sum += at.mean;
            }
            let moved = sum / self.trees.len().max(1) as f64 - self.root();
            let stretch = if moved.abs() > ROUNDING { (self.log_odds(self.root() + moved) - self.base()) / moved } else { 0.0 };
            part.iter_mut().for_each(|p| *p = *p / self.trees.len().max(1) as f64 * stretch);
        }
        parts
    }

    fn standard_error(&self, _x: &Array2<f64>) -> Option<Vec<f64>> {
        None
    }

    fn check(&self) -> Result<()> {
        let wrong = |what: String| Err(Error::Contradiction { what });
        if !(0.0..=1.0).contains(&self.rate) || self.rows == 0 {
            return wrong(format!("a forest of {} rows at rate {}", self.rows, self.rate));
        }
        for (t, tree) in self.trees.iter().enumerate() {
            if tree.is_empty() {
                return wrong(format!("tree {t} has no root"));
            }
            for (n, node) in tree.iter().enumerate() {
                let is_after = |child: u32| child as usize > n && (child as usize) < tree.len();
                let is_fine = node.cut.is_none_or(|c| is_after(c.low) && is_after(c.high) && (c.feature as usize) < self.features.len());
                // Means of labels: rounding apart, within 0 and 1.
                if !is_fine || !(-1e-9..=1.0 + 1e-9).contains(&node.mean) {
                    return wrong(format!("node {n} of tree {t} leads nowhere or is worth {}", node.mean));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::data::{Design, Direction, FeatureMeta, Kind};
    use crate::split::fold_of;

    fn set() -> TrainingSet {
        let draw = |name: String| f64::from(fold_of(&name, 1_000, 5)) / 1_000.0;
        let meta =
            |id: &str| FeatureMeta { id: id.to_owned(), version: 1, unit: "n".to_owned(), direction: Direction::Free, kind: Kind::Number };
        let column = |j: usize| -> Vec<f64> {
            let value = |i: usize| match draw(format!("{j} {i}")) {
                u if u < 0.1 => f64::NAN,
                u if u < 0.15 => f64::INFINITY,
                u => libm::floor(40.0 * u) / 4.0,
            };
            (0..600).map(value).collect()
        };
        let columns = vec![column(0), column(1), column(2)];
        let label = (0..600).map(|i| {
            let p = if columns[0][i].is_nan() {
                0.8
            } else {
                0.1 + 0.08 * columns[0][i].min(5.0) + if columns[1][i] > 4.0 { 0.3 } else { 0.0 }
            };
            f64::from(u8::from(draw(format!("y{i}")) < p))
        });
        let label = label.collect();
        let design = Design::from_columns(["a", "b", "c"].map(meta).to_vec(), columns).unwrap();
        TrainingSet::new(design, label, vec![1.0; 600], (0..600).map(|i| format!("{i:04}")).collect(), vec![0; 600]).unwrap()
    }

    #[test]
    fn our_walk_gives_what_smartcore_predicts() {
        let set = set();
        let (x, params) = (set.design().x(), ForestParams { trees: 12, min_leaf: 5, ..Default::default() });
        let seen: Vec<Vec<f64>> = x.columns().into_iter().map(|c| distinct(c.iter().copied())).collect();
        let code = |(i, j): (usize, usize)| if x[(i, j)].is_nan() { MISSING } else { seen[j].partition_point(|v| *v < x[(i, j)]) as f64 };
        let codes = (0..600).flat_map(|i| (0..3).map(move |j| (i, j))).map(code).collect();
        let codes = DenseMatrix::new(600, 3, codes, false).unwrap();
        let how = RandomForestRegressorParameters {
            max_depth: Some(10),
            min_samples_leaf: 5,
            min_samples_split: 2,
            n_trees: 12,
            m: Some(2),
            keep_samples: false,
            seed: 7,
        };
        let theirs = RandomForestRegressor::fit(&codes, &set.label().to_vec(), how).unwrap().predict(&codes).unwrap();
        let ours = Forest::fit(&set, &params, 7).unwrap();
        assert!(ours.trees.iter().flatten().any(|n| n.cut.is_some_and(|c| c.edge.is_none())), "no cut between missing and the rest");
        for (logit, p) in ours.logit(x).into_iter().zip(theirs) {
            assert!((logit - ours.log_odds(p)).abs() < 1e-9, "{logit} for {p}");
        }
        // Another seed, another forest.
        assert_ne!(ours, Forest::fit(&set, &params, 8).unwrap());
    }

    #[test]
    fn a_tree_that_leads_nowhere_is_refused() {
        let forest = Forest::fit(&set(), &ForestParams { trees: 2, ..Default::default() }, 1).unwrap();
        let at = forest.trees[0].iter().position(|n| n.cut.is_some()).unwrap();
        let damaged = |damage: fn(&mut Cut)| {
            let mut forest = forest.clone();
            damage(forest.trees[0][at].cut.as_mut().unwrap());
            forest.check()
        };
        assert!(forest.check().is_ok());
        assert!(damaged(|cut| cut.low = 0).is_err() && damaged(|cut| cut.high = 9_999).is_err() && damaged(|cut| cut.feature = 3).is_err());
    }
}
