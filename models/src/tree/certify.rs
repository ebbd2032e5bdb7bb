//! The proof that a tree keeps its directions, over every row there could be, not over some that were.
//!
//! A leaf is a box: for each feature the codes that reach it, the intervals of the splits above it handed down. Two rows that differ in one feature
//! alone fall into two leaves only if the boxes of these are apart in that feature and in no other. So for every pair of leaves whose boxes are
//! apart in exactly one feature, and that one has a direction, the values must be in order; and if all such pairs are, no two rows can break
//! the direction. Nothing is left out and nothing is demanded in vain, since every code stands for some value. Missing values lie outside the order.
//! A sum of trees that keep a direction keeps it.
//!
//! The proof is stored with the trees and made again when they are loaded.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::codes::CodeSet;
use super::ensemble::{Feature, Tree};
use super::{MISSING, score_of};
use crate::data::{Direction, Kind};
use crate::error::{Error, Result};

/// That every tree keeps every direction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// One a tree, in order.
    pub proofs: Vec<Proof>,
}

/// That one tree does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// First 16 hex digits of the BLAKE3 hash of the tree.
    pub tree: String,
    /// Positions of the features with a direction in which two leaves are compared, ascending.
    #[serde(with = "super::text")]
    pub features: Vec<u16>,
    /// For each of these the least that the upper of two leaves is ahead, in units of 2⁻³²; never below 0.
    #[serde(with = "super::text")]
    pub margins: Vec<i64>,
}

impl Certificate {
    /// Proves checked trees.
    ///
    /// # Errors
    /// [`Error::Contradiction`] naming the first tree, feature and leaves that break a direction.
    pub(super) fn of(features: &[Feature], trees: &[Tree]) -> Result<Self> {
        let proofs: Vec<Result<Proof>> = trees.par_iter().enumerate().map(|(number, tree)| Proof::of(features, tree, number)).collect();
        // Whatever thread was first: the error is that of the first tree.
        Ok(Certificate { proofs: proofs.into_iter().collect::<Result<_>>()? })
    }

    /// Makes the proofs again.
    ///
    /// # Errors
    /// As [`Certificate::of`], and [`Error::Contradiction`] if the stored proof is not the one made.
    pub(super) fn check(&self, features: &[Feature], trees: &[Tree]) -> Result<()> {
        let made = Certificate::of(features, trees)?;
        let differs = (0..made.proofs.len().max(self.proofs.len())).find(|at| made.proofs.get(*at) != self.proofs.get(*at));
        match differs {
            Some(at) => Err(Error::Contradiction { what: format!("the proof of tree {at} is not that of its leaves") }),
            None => Ok(()),
        }
    }

    /// The least that the upper of any two leaves is ahead in this feature, as a score; none where no two leaves are compared.
    pub fn margin(&self, feature: usize) -> Option<f64> {
        let of = |proof: &Proof| proof.features.iter().position(|f| usize::from(*f) == feature).map(|at| proof.margins[at]);
        self.proofs.iter().filter_map(of).min().map(score_of)
    }
}

impl Proof {
    fn of(features: &[Feature], tree: &Tree, number: usize) -> Result<Self> {
        let text = serde_json::to_string(tree)?;
        let boxes = Boxes::of(features, tree);
        let mut least = vec![i64::MAX; boxes.columns.len()];
        for a in 0..tree.leaves() {
            for b in a + 1..tree.leaves() {
                let Some(k) = boxes.apart(a, b) else { continue };
                let feature = &features[usize::from(boxes.columns[k])];
                for (lower, upper) in [(a, b), (b, a)] {
                    if feature.direction == Direction::Free || !boxes.is_below(k, lower, upper) {
                        continue;
                    }
                    let (low, high) = (tree.value[lower], tree.value[upper]);
                    // Values have been checked to be far from overflow.
                    let ahead = if feature.direction == Direction::Up { high - low } else { low - high };
                    if ahead < 0 {
                        return Err(broken(number, feature, (lower, low), (upper, high)));
                    }
                    least[k] = least[k].min(ahead);
                }
            }
        }
        let compared: Vec<usize> = (0..least.len()).filter(|k| least[*k] < i64::MAX).collect();
        Ok(Proof {
            tree: blake3::hash(text.as_bytes()).to_hex()[..16].to_owned(),
            features: compared.iter().map(|k| boxes.columns[*k]).collect(),
            margins: compared.iter().map(|k| least[*k]).collect(),
        })
    }
}

fn broken(number: usize, feature: &Feature, lower: (usize, i64), upper: (usize, i64)) -> Error {
    let (from, to) = (score_of(lower.1), score_of(upper.1));
    let what = format!(
        "tree {number} goes from {from} (leaf {}) to {to} (leaf {}) where {} grows, against its direction {:?}",
        lower.0, upper.0, feature.id, feature.direction
    );
    Error::Contradiction { what }
}

/// The codes that reach each leaf.
struct Boxes {
    /// Features that the tree splits, ascending.
    columns: Vec<u16>,
    /// Leaf, then column.
    leaves: Vec<Vec<CodeSet>>,
}

impl Boxes {
    fn of(features: &[Feature], tree: &Tree) -> Self {
        let mut columns = tree.feature.clone();
        columns.sort_unstable();
        columns.dedup();
        let whole = columns.iter().map(|column| domain(&features[usize::from(*column)])).collect();
        let mut leaves = vec![Vec::new(); tree.leaves()];
        let mut open: Vec<(i16, Vec<CodeSet>)> = vec![(0, whole)];
        while let Some((side, codes)) = open.pop() {
            let Ok(split) = usize::try_from(side) else {
                leaves[usize::from((-1 - side).unsigned_abs())] = codes;
                continue;
            };
            let left = tree.left_codes(split, features);
            let at = columns.iter().position(|column| *column == tree.feature[split]);
            for (side, part) in [(tree.left[split], left), (tree.right[split], left.not())] {
                let mut codes = codes.clone();
                at.into_iter().for_each(|at| codes[at] = codes[at].and(&part));
                open.push((side, codes));
            }
        }
        Boxes { columns, leaves }
    }

    /// The one column in which two leaves are apart; none if they are apart in more, or if nothing reaches one of them.
    fn apart(&self, a: usize, b: usize) -> Option<usize> {
        let (a, b) = (&self.leaves[a], &self.leaves[b]);
        let mut found = None;
        for k in 0..self.columns.len() {
            if a[k].is_empty() || b[k].is_empty() {
                return None;
            }
            if a[k].and(&b[k]).is_empty() && found.replace(k).is_some() {
                return None;
            }
        }
        found
    }

    /// Whether some known value of the one lies below some known value of the other.
    fn is_below(&self, k: usize, lower: usize, upper: usize) -> bool {
        let known = |leaf: usize| {
            let mut set = self.leaves[leaf][k];
            set.remove(MISSING);
            set
        };
        known(lower).least().zip(known(upper).greatest()).is_some_and(|(low, high)| low < high)
    }
}

/// Every code a feature can have.
fn domain(feature: &Feature) -> CodeSet {
    let known = feature.edges.len() + usize::from(feature.kind == Kind::Number);
    let mut set = known.checked_sub(1).map_or(CodeSet::default(), |last| CodeSet::up_to(last.min(254) as u8));
    set.insert(MISSING);
    set
}
