//! The fitted trees, as they are used and stored.
//!
//! Thresholds that no split uses are dropped, so a feature's codes are as few as the trees can tell apart. A tree is a handful of short lists, each
//! one line of text in an artifact; leaves are whole numbers of 2⁻³². A damaged tree (a side that leads nowhere or back, a code that its
//! feature does not have, a leaf out of bounds) is refused when it is loaded, and so is one that breaks a direction, see [`super::certify`].

use std::sync::OnceLock;

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::certify::Certificate;
use super::codes::CodeSet;
use super::grow::{Child, Grown};
use super::objective::Objective;
use super::rounds::Run;
use super::settle::Settled;
use super::shap::Shapley;
use super::walk::Walk;
use super::{FURTHEST, MISSING, MOST_LEAVES, UNITS, score_of};
use crate::data::{Design, Direction, FeatureMeta, Kind};
use crate::error::{Error, Result};
use crate::model::same_ids;

/// One feature of an [`Ensemble`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// The feature.
    pub id: String,
    /// The direction that every tree keeps.
    pub direction: Direction,
    /// Numbers or categories.
    #[serde(default)]
    pub kind: Kind,
    /// Ascending. For numbers the values at which some split parts, each the greatest of its lower side; for categories those known. None if
    /// no split parts known values.
    #[serde(with = "super::text")]
    pub edges: Vec<f64>,
}

/// How a fit ended.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stopping {
    /// Trees grown.
    pub grown: u32,
    /// Of them kept.
    pub kept: u32,
    /// Rows held out to tell when to stop.
    pub held: u64,
    /// Their mean loss with the trees kept; none if no row was held out.
    pub held_loss: Option<f64>,
}

/// One tree. Splits are numbered from the root, each before those of its left side and these before those of its right side; leaves from left to
/// right. A side is the number of a split, or, below 0, −1 − the number of a leaf.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tree {
    /// Position of the feature of each split.
    #[serde(with = "super::text")]
    pub(super) feature: Vec<u16>,
    /// For numbers: the greatest code that goes left (a code is the count of edges below a value). For categories: which of `sets`.
    #[serde(with = "super::text")]
    pub(super) code: Vec<u8>,
    /// 1 where missing values and unseen categories go left.
    #[serde(with = "super::text")]
    pub(super) missing_left: Vec<u8>,
    #[serde(with = "super::text")]
    pub(super) left: Vec<i16>,
    #[serde(with = "super::text")]
    pub(super) right: Vec<i16>,
    /// Known categories that go left.
    #[serde(with = "super::text", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) sets: Vec<CodeSet>,
    /// What each leaf adds to a score, in units of 2⁻³².
    #[serde(with = "super::text")]
    pub(super) value: Vec<i64>,
    /// Weight of the training rows of each leaf.
    #[serde(with = "super::text")]
    pub(super) cover: Vec<f64>,
}

/// Trees whose values add up to a score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ensemble {
    /// What the score stands for.
    pub objective: Objective,
    /// In the order of the design.
    pub features: Vec<Feature>,
    /// The score before any tree, a multiple of 2⁻³².
    pub start: f64,
    /// The trees.
    pub trees: Vec<Tree>,
    /// That every tree keeps every direction.
    pub certificate: Certificate,
    /// How the fit ended.
    pub stopping: Stopping,
    #[serde(skip)]
    ready: Ready,
}

/// What is derived from the trees when first needed; no part of what they are.
#[derive(Clone, Debug, Default)]
struct Ready {
    walk: OnceLock<Walk>,
    shapley: OnceLock<Shapley>,
}

impl PartialEq for Ready {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Ensemble {
    /// Stores and certifies what a fit has found.
    pub(super) fn new(features: &[FeatureMeta], objective: Objective, run: Run) -> Result<Self> {
        let mut used = vec![[false; 256]; features.len()];
        for split in run.trees.iter().flat_map(|(grown, _)| &grown.splits) {
            used[split.column][usize::from(split.last.unwrap_or(0))] = true;
        }
        let feature = |(j, meta): (usize, &FeatureMeta)| {
            let edges = match meta.kind {
                Kind::Number => run.codes.edges[j].iter().enumerate().filter(|(code, _)| used[j][*code]).map(|(_, edge)| *edge).collect(),
                Kind::Category if used[j][0] => run.codes.edges[j].clone(),
                Kind::Category => Vec::new(),
            };
            Feature { id: meta.id.clone(), direction: meta.direction, kind: meta.kind, edges }
        };
        let features: Vec<Feature> = features.iter().enumerate().map(feature).collect();
        // A code's new name: how many used ones lie below it.
        let renamed = |column: usize, last: u8| used[column][..usize::from(last)].iter().filter(|u| **u).count() as u8;
        let trees: Vec<Tree> = run.trees.iter().map(|(grown, settled)| Tree::new(grown, settled, &features, &renamed)).collect();
        let certificate = Certificate::of(&features, &trees)?;
        let (start, stopping) = (score_of(run.start), run.stopping);
        let ensemble = Ensemble { objective, features, start, trees, certificate, stopping, ready: Ready::default() };
        ensemble.check()?;
        Ok(ensemble)
    }

    /// Ids of the features it was fitted to, in order.
    pub fn ids(&self) -> Vec<&str> {
        self.features.iter().map(|f| f.id.as_str()).collect()
    }

    /// What it predicts, one a row: the sum of start and trees, which for [`Objective::Logistic`] are log-odds, and else in units of the label.
    ///
    /// # Errors
    /// [`Error::Features`] if the design has other features, or another order.
    pub fn values(&self, design: &Design) -> Result<Vec<f64>> {
        same_ids(design.features(), &self.ids())?;
        Ok(self.scores(design.x()))
    }

    /// The mean score of the training rows of each tree, summed: where contributions start.
    pub(crate) fn base(&self) -> f64 {
        self.shapley().base()
    }

    /// Scores of rows of the right width.
    pub(crate) fn scores(&self, x: &Array2<f64>) -> Vec<f64> {
        self.walk().scores(x)
    }

    /// Contributions of rows of the right width: base and parts summed are bit by bit the score.
    pub(crate) fn parts(&self, x: &Array2<f64>) -> Array2<f64> {
        self.shapley().parts(self.walk(), x)
    }

    fn walk(&self) -> &Walk {
        self.ready.walk.get_or_init(|| Walk::new(self.start, &self.features, &self.trees))
    }

    fn shapley(&self) -> &Shapley {
        self.ready.shapley.get_or_init(|| Shapley::new(self.start, &self.features, &self.trees))
    }

    /// # Errors
    /// [`Error::Contradiction`] naming the first thing that is not as a fit would have left it, or the tree and feature that break a direction.
    pub(crate) fn check(&self) -> Result<()> {
        let wrong = |what: String| Err(Error::Contradiction { what });
        self.objective.check()?;
        if !(self.start.abs() <= 1024.0 && self.start * UNITS == libm::trunc(self.start * UNITS)) {
            return wrong(format!("trees that start at {}, expected a multiple of 2^-32 within 1024", self.start));
        }
        if self.trees.len() > 4096 || self.stopping.kept as usize != self.trees.len() {
            return wrong(format!("{} trees, expected {} and at most 4096", self.trees.len(), self.stopping.kept));
        }
        if self.features.len() > usize::from(u16::MAX) {
            return wrong(format!("{} features under trees, expected at most 65535", self.features.len()));
        }
        for feature in &self.features {
            let most = if feature.kind == Kind::Number { 254 } else { 255 };
            let is_right = |e: &[f64]| e.windows(2).all(|pair| pair[0] < pair[1]) && e.iter().all(|e| !e.is_nan());
            if feature.edges.len() > most || !is_right(&feature.edges) {
                return wrong(format!("edges of feature {} that do not ascend or are more than {most}", feature.id));
            }
            if feature.kind == Kind::Category && feature.direction != Direction::Free {
                return wrong(format!("feature {} has categories and a direction", feature.id));
            }
        }
        for (number, tree) in self.trees.iter().enumerate() {
            tree.check(&self.features).or_else(|what| wrong(format!("tree {number}: {what}")))?;
        }
        self.certificate.check(&self.features, &self.trees)
    }
}

impl Tree {
    /// A grown tree in its stored form.
    fn new(grown: &Grown, settled: &Settled, features: &[Feature], renamed: &dyn Fn(usize, u8) -> u8) -> Self {
        let mut tree = Tree {
            feature: Vec::new(),
            code: Vec::new(),
            missing_left: Vec::new(),
            left: Vec::new(),
            right: Vec::new(),
            sets: Vec::new(),
            value: Vec::new(),
            cover: Vec::new(),
        };
        tree.add(Child::Split(0), grown, settled, features, renamed);
        tree
    }

    /// Adds a side and all below it; its number.
    fn add(&mut self, child: Child, grown: &Grown, settled: &Settled, features: &[Feature], renamed: &dyn Fn(usize, u8) -> u8) -> i16 {
        let at = match child {
            Child::Split(at) => at,
            Child::Leaf(leaf) => {
                self.value.push(settled.value[leaf]);
                self.cover.push(settled.cover[leaf]);
                return -(self.value.len() as i16);
            }
        };
        let (split, number) = (&grown.splits[at], self.feature.len());
        let code = match split.last {
            Some(last) => renamed(split.column, last),
            None => {
                let known = features[split.column].edges.len() as u8;
                let mut set = split.left;
                (known..=u8::MAX).for_each(|code| set.remove(code));
                self.sets.push(set);
                (self.sets.len() - 1) as u8
            }
        };
        self.feature.push(split.column as u16);
        self.code.push(code);
        self.missing_left.push(u8::from(split.left.contains(MISSING)));
        self.left.push(0);
        self.right.push(0);
        let left = self.add(split.children[0], grown, settled, features, renamed);
        let right = self.add(split.children[1], grown, settled, features, renamed);
        (self.left[number], self.right[number]) = (left, right);
        number as i16
    }

    /// Number of leaves.
    pub fn leaves(&self) -> usize {
        self.value.len()
    }

    /// Number of splits.
    pub(super) fn splits(&self) -> usize {
        self.feature.len()
    }

    /// The codes that go left at a split, missing among them if it does.
    pub(super) fn left_codes(&self, split: usize, features: &[Feature]) -> CodeSet {
        let mut set = match features[usize::from(self.feature[split])].kind {
            Kind::Number => CodeSet::up_to(self.code[split]),
            Kind::Category => self.sets[usize::from(self.code[split])],
        };
        if self.missing_left[split] == 1 {
            set.insert(MISSING)
        } else {
            set.remove(MISSING)
        }
        set
    }

    /// What is wrong with it, if anything.
    fn check(&self, features: &[Feature]) -> std::result::Result<(), String> {
        let (n, leaves) = (self.splits(), self.leaves());
        if !(2..=MOST_LEAVES).contains(&leaves) || n + 1 != leaves || self.cover.len() != leaves {
            return Err(format!(
                "{n} splits and {leaves} leaves of {} covers, expected one split less than leaves, of 2 to 64",
                self.cover.len()
            ));
        }
        if [self.code.len(), self.missing_left.len(), self.left.len(), self.right.len()] != [n; 4] {
            return Err("lists of unequal length, expected one entry a split".to_owned());
        }
        for split in 0..n {
            let Some(feature) = features.get(usize::from(self.feature[split])) else {
                return Err(format!("split {split} on feature {} of {}", self.feature[split], features.len()));
            };
            let codes = if feature.kind == Kind::Number { feature.edges.len() + 1 } else { self.sets.len() };
            if usize::from(self.code[split]) >= codes || self.missing_left[split] > 1 {
                return Err(format!("split {split}: code {} of {codes}, missing {}", self.code[split], self.missing_left[split]));
            }
        }
        let bound = (FURTHEST * UNITS) as i64;
        if let Some(leaf) = (0..leaves).find(|leaf| !(-bound..=bound).contains(&self.value[*leaf]) || !self.covers(*leaf)) {
            return Err(format!(
                "leaf {leaf}: value {} of cover {}, expected a step below 8 of cover above 0",
                self.value[leaf], self.cover[leaf]
            ));
        }
        self.check_order()
    }

    fn covers(&self, leaf: usize) -> bool {
        self.cover[leaf] > 0.0 && self.cover[leaf].is_finite()
    }

    /// Sides must lead to each split and each leaf once, in order: no loops, nothing left over.
    fn check_order(&self) -> std::result::Result<(), String> {
        let (mut next_split, mut next_leaf, mut open) = (0, 0, vec![0_i16]);
        while let Some(side) = open.pop() {
            if side < 0 {
                if side != -1 - next_leaf {
                    return Err(format!("a side leads to leaf {}, expected leaf {next_leaf}", -1 - i32::from(side)));
                }
                next_leaf += 1;
                continue;
            }
            if side != next_split || usize::from(side.unsigned_abs()) >= self.splits() {
                return Err(format!("a side leads to split {side}, expected split {next_split} of {}", self.splits()));
            }
            next_split += 1;
            open.push(self.right[usize::from(side.unsigned_abs())]);
            open.push(self.left[usize::from(side.unsigned_abs())]);
        }
        if (next_split as usize, next_leaf as usize) == (self.splits(), self.leaves()) {
            Ok(())
        } else {
            Err(format!("{next_split} splits and {next_leaf} leaves are reached of {} and {}", self.splits(), self.leaves()))
        }
    }
}
