//! The k-d tree of linfa-nn, and what it needs around it. Each point is shown by a test of `tests/neighbours.rs`:
//!
//! - It panics on a value that is not finite: contributions are checked on the way in.
//! - Of equal distances it keeps those it met first, and says nothing: here a search goes on until the farthest place found is strictly farther
//!   than the last one needed.
//! - Points in ascending order make it as deep as they are many (it halves a leaf's own range, and each new point lies beyond it): places are
//!   put in by the order of a hash.
//! - Its ball tree splits one point off at a time where many are equal, and overflows the stack on a hundred thousand; and equal records fill
//!   the answer: each place is put in once, with its records beside it, and the ball tree is not used.

use linfa_nn::distance::Distance;
use linfa_nn::{KdTree, NearestNeighbour, NearestNeighbourIndex};
use ndarray::{Array2, ArrayView, Dimension};
use rayon::prelude::*;

use super::{Asked, Found, Records, search, seen};
use crate::data::{Design, same};
use crate::error::{Error, Result};

/// Places a leaf of the tree holds.
const LEAF: usize = 16;

/// Features that vary up to which the tree is quicker than looking at all: measured with 100,000 records (`make bench-models`). Beyond, every
/// box of the tree lies near to everything.
const MOST_FOR_TREE: usize = 8;
/// Searches that pass through the blocks together.
const TOGETHER: usize = 32;
/// Columns added up before it is looked at how far it has come.
const LOOKED_AT: usize = 8;
/// Places looked at side by side where there is no tree.
pub(super) const SIDE_BY_SIDE: usize = 8;

/// Records by place.
pub(super) struct Places {
    pub places: Array2<f64>,
    pub at_place: Vec<Vec<usize>>,
    pub place: Vec<usize>,
}

impl Places {
    /// `by_rank` names the records in order of rank.
    pub fn of(seen: &Array2<f64>, vary: &[usize], by_rank: &[usize]) -> Self {
        let compare = |a: usize, b: usize| vary.iter().map(|j| seen[(a, *j)].total_cmp(&seen[(b, *j)])).find(|o| o.is_ne());
        let mut order = by_rank.to_vec();
        // Stable: within a place, records stay in order of rank.
        order.sort_by(|a, b| compare(*a, *b).unwrap_or(std::cmp::Ordering::Equal));
        let mut at_place: Vec<Vec<usize>> = order.chunk_by(|a, b| compare(*a, *b).is_none()).map(<[usize]>::to_vec).collect();
        let mut shuffled: Vec<(u64, Vec<usize>)> =
            at_place.drain(..).enumerate().map(|(at, records)| (mixed(at as u64), records)).collect();
        shuffled.sort_by_key(|(number, _)| *number);
        let at_place: Vec<Vec<usize>> = shuffled.into_iter().map(|(_, records)| records).collect();
        let mut place = vec![0; by_rank.len()];
        at_place.iter().enumerate().for_each(|(p, records)| records.iter().for_each(|r| place[*r] = p));
        let places = Array2::from_shape_fn((at_place.len(), vary.len()), |(p, c)| seen[(at_place[p][0], vary[c])]);
        Places { places, at_place, place }
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014): one to one, so no two places share a number.
fn mixed(at: u64) -> u64 {
    let mut z = at.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Sum of absolute differences, in the order of columns. linfa-nn's own does the same through a general zip, at several times the cost; and one
/// function for tree and scan gives one distance to the last bit, so neither has to allow for rounding.
#[derive(Clone, Debug)]
struct Apart;

pub(super) fn apart(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).fold(0.0, |sum, (a, b)| sum + (a - b).abs())
}

impl Distance<f64> for Apart {
    fn distance<D: Dimension>(&self, a: ArrayView<'_, f64, D>, b: ArrayView<'_, f64, D>) -> f64 {
        match (a.as_slice(), b.as_slice()) {
            (Some(a), Some(b)) => apart(a, b),
            _ => a.iter().zip(b.iter()).fold(0.0, |sum, (a, b)| sum + (a - b).abs()),
        }
    }
}

/// Records ready to be asked.
pub struct Index<'a> {
    pub(super) records: &'a Records,
    tree: Option<Box<dyn NearestNeighbourIndex<f64> + Send + Sync + 'a>>,
    /// Without a tree, the places column by column in blocks: the same sums in the same order, several at a time.
    blocks: Vec<[f64; SIDE_BY_SIDE]>,
}

impl std::fmt::Debug for Index<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").field("records", &self.records.len()).field("places", &self.records.at_place.len()).finish()
    }
}

impl Records {
    /// Builds the index.
    ///
    /// # Errors
    /// None in practice: what the tree refuses has been refused before.
    pub fn index(&self) -> Result<Index<'_>> {
        if self.vary.is_empty() || self.vary.len() > MOST_FOR_TREE {
            return Ok(Index { records: self, tree: None, blocks: self.blocks() });
        }
        let refused = |e: linfa_nn::BuildError| Error::Contradiction { what: format!("the index of records: {e}") };
        let tree = KdTree::new().from_batch_with_leaf_size(&self.places, LEAF, Apart).map_err(refused)?;
        Ok(Index { records: self, tree: Some(tree), blocks: Vec::new() })
    }

    fn blocks(&self) -> Vec<[f64; SIDE_BY_SIDE]> {
        let (all, columns) = self.places.dim();
        let entry =
            |block: usize, c: usize| std::array::from_fn(|lane| self.places.get((block * SIDE_BY_SIDE + lane, c)).copied().unwrap_or(0.0));
        (0..all.div_ceil(SIDE_BY_SIDE)).flat_map(|block| (0..columns).map(move |c| entry(block, c))).collect()
    }
}

impl Index<'_> {
    /// The `k` records nearest to each row of `design`, for whom `asked` has one entry a row.
    ///
    /// # Errors
    /// [`Error::Features`], [`Error::Shape`] for unequal lengths, [`Error::Parameter`] for a `k` of 0, [`Error::Value`] for a contribution that
    /// is not finite.
    pub fn nearest(&self, design: &Design, asked: &[Asked<'_>], k: usize) -> Result<Vec<Found>> {
        same("rows asked for", asked.len(), design.rows())?;
        if k == 0 {
            return Err(Error::Parameter { name: "k", found: 0.0, expected: "1 or more" });
        }
        let seen = seen(&self.records.model, design)?;
        let search = |row: usize| {
            let here: Vec<f64> = self.records.vary.iter().map(|j| seen[(row, *j)]).collect();
            let still = self.records.fixed.iter().fold(0.0, |sum, (j, c)| sum + (seen[(row, *j)] - c).abs());
            search::Search::new(self.records, here, still, &asked[row], k)
        };
        let rows: Vec<usize> = (0..design.rows()).collect();
        let found = rows.par_chunks(TOGETHER).map(|rows| search::run(self, rows.iter().map(|row| search(*row)).collect()));
        Ok(found.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    }

    pub(super) fn has_tree(&self) -> bool {
        self.tree.is_some()
    }

    /// Distances of the places of a block. A block whose every place turns out to be farther than `beyond` on the way is passed over: `None`. The widest
    /// columns come first, so most blocks are passed over after the first few.
    pub(super) fn block(&self, block: usize, here: &[f64], beyond: f64) -> Option<[f64; SIDE_BY_SIDE]> {
        let columns = self.blocks.get(block * here.len()..(block + 1) * here.len())?;
        let mut sums = [0.0; SIDE_BY_SIDE];
        let add = |sums: &mut [f64; SIDE_BY_SIDE], from: usize, to: usize| {
            for (there, here) in columns[from..to].iter().zip(&here[from..to]) {
                sums.iter_mut().zip(there).for_each(|(sum, there)| *sum += (here - there).abs());
            }
        };
        for from in (0..here.len()).step_by(LOOKED_AT) {
            if sums.iter().all(|sum| *sum > beyond) {
                return None;
            }
            add(&mut sums, from, (from + LOOKED_AT).min(here.len()));
        }
        Some(sums)
    }

    /// The `most` places nearest to `here`, with their distances, ascending; all of them if there are not so many.
    pub(super) fn places(&self, here: &[f64], most: usize) -> Result<Vec<(usize, f64)>> {
        let places = &self.records.places;
        let of = |p: usize| (p, places.row(p).as_slice().map_or(f64::INFINITY, |there| apart(here, there)));
        let Some(tree) = &self.tree else { return Ok((0..places.nrows()).map(of).collect()) };
        let refused = |e: linfa_nn::NnError| Error::Contradiction { what: format!("the index of records: {e}") };
        Ok(tree.k_nearest(ndarray::aview1(here), most).map_err(refused)?.into_iter().map(|(_, p)| of(p)).collect())
    }
}
