//! Values as codes of one byte. A number's code says between which edges it lies; edges are values that occurred, never midpoints, so that any
//! growing rescaling of a feature leaves every row its code. A category's code is its place among those known.

use std::fmt;
use std::str::FromStr;

use rayon::prelude::*;

use super::MISSING;
use crate::data::{Kind, TrainingSet};

/// Comparisons of summed weights allow for rounding, so that a row of weight 2 and a row given twice fall alike.
const ROUNDING: f64 = 1e-9;

/// The code of a value: for numbers the count of edges below it, for a category its place in `edges`; [`MISSING`] for NaN and for a category
/// that is not there. `edges` ascend and are at most 255.
pub(super) fn code(kind: Kind, edges: &[f64], x: f64) -> u8 {
    match kind {
        _ if x.is_nan() => MISSING,
        Kind::Number => edges.partition_point(|edge| *edge < x) as u8,
        Kind::Category => edges.binary_search_by(|edge| edge.total_cmp(&x)).map_or(MISSING, |at| at as u8),
    }
}

/// Edges of one column: for numbers the greatest value of each bin but the last, bins of about equal weight and at most `most`; for categories
/// the `most` heaviest.
pub(super) fn edges(kind: Kind, x: &[f64], weight: &[f64], most: usize) -> Vec<f64> {
    let mut distinct = runs(x, weight);
    match kind {
        Kind::Number if distinct.len() <= most => {
            distinct.pop();
            distinct.into_iter().map(|run| run.0).collect()
        }
        Kind::Number => cuts(&distinct, most),
        Kind::Category => {
            distinct.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.total_cmp(&b.0)));
            distinct.truncate(most);
            let mut known: Vec<f64> = distinct.into_iter().map(|run| run.0).collect();
            known.sort_by(f64::total_cmp);
            known
        }
    }
}

/// Distinct values, ascending, with their weight; missing left out.
fn runs(x: &[f64], weight: &[f64]) -> Vec<(f64, f64)> {
    // The bits of a float, turned so that they ascend as the numbers do.
    let key = |x: f64| x.to_bits() ^ (((x.to_bits() as i64) >> 63) as u64 | 1 << 63);
    let value = |key: u64| f64::from_bits(key ^ (!((key as i64) >> 63) as u64 | 1 << 63));
    let mut runs: Vec<(f64, f64)> = Vec::new();
    let mut add = |key: u64, weight: f64| match runs.last_mut() {
        Some(last) if last.0 == value(key) => last.1 += weight,
        _ => runs.push((value(key), weight)),
    };
    if weight.windows(2).all(|pair| pair[0] == pair[1]) {
        let mut keys: Vec<u64> = x.iter().filter(|x| !x.is_nan()).map(|x| key(*x)).collect();
        keys.sort_unstable();
        keys.into_iter().for_each(|key| add(key, weight[0]));
    } else {
        let mut pairs: Vec<(u64, u64)> = x.iter().zip(weight).filter(|(x, _)| !x.is_nan()).map(|(x, w)| (key(*x), w.to_bits())).collect();
        pairs.sort_unstable();
        pairs.into_iter().for_each(|(key, weight)| add(key, f64::from_bits(weight)));
    }
    runs
}

/// Ends of `most` bins of about equal weight over more values than that. A value heavier than a bin should be has a bin of its own.
fn cuts(distinct: &[(f64, f64)], most: usize) -> Vec<f64> {
    let total: f64 = distinct.iter().map(|run| run.1).sum();
    let is_heavy = |at: usize| distinct[at].1 * (1.0 + ROUNDING) >= total / most as f64;
    let heavy = (0..distinct.len()).filter(|at| is_heavy(*at));
    let (heavy_n, heavy_weight) = heavy.fold((0, 0.0), |(n, w), at| (n + 1, w + distinct[at].1));
    let (mut bins, mut left) = (most.saturating_sub(heavy_n).max(1) as f64, total - heavy_weight);
    let mut wanted = left / bins;
    let (mut cuts, mut open) = (Vec::new(), 0.0);
    for (at, (value, weight)) in distinct[..distinct.len() - 1].iter().enumerate() {
        left -= if is_heavy(at) { 0.0 } else { *weight };
        open += weight;
        let is_full = open * (1.0 + ROUNDING) >= wanted || is_heavy(at + 1) && open * (1.0 + ROUNDING) >= 0.5 * wanted;
        if !is_heavy(at) && !is_full {
            continue;
        }
        cuts.push(*value);
        open = 0.0;
        if cuts.len() + 1 == most {
            break;
        }
        if !is_heavy(at) {
            bins = (bins - 1.0).max(1.0);
            wanted = left / bins;
        }
    }
    cuts
}

/// The columns of a training set as codes. Four columns lie side by side: one fetch of a row serves four histograms.
pub(super) struct Codes {
    /// Group of four columns, then row.
    pub groups: Vec<Vec<[u8; 4]>>,
    /// Edges of each column.
    pub edges: Vec<Vec<f64>>,
    /// Codes of known values of each column.
    pub known: Vec<usize>,
    /// Columns on which rows differ, ascending; no other is ever split.
    pub useful: Vec<usize>,
}

impl Codes {
    /// Codes all rows of a checked set.
    pub(super) fn of(set: &TrainingSet, most: usize) -> Self {
        let (x, features) = (set.design().x(), set.design().features());
        let column = |j: usize| {
            let values = x.column(j).to_vec();
            let edges = edges(features[j].kind, &values, set.weight(), most);
            let codes: Vec<u8> = match features[j].kind {
                Kind::Number => numbers(&edges, &values),
                Kind::Category => values.iter().map(|x| code(Kind::Category, &edges, *x)).collect(),
            };
            (edges, codes)
        };
        let columns: Vec<(Vec<f64>, Vec<u8>)> = (0..features.len()).into_par_iter().map(column).collect();
        let known = (columns.iter().zip(features))
            .map(|((edges, codes), feature)| match feature.kind {
                // A column that is missing throughout has no code of its own.
                Kind::Number if codes.iter().all(|c| *c == MISSING) => 0,
                Kind::Number => edges.len() + 1,
                Kind::Category => edges.len(),
            })
            .collect();
        let useful = (0..features.len()).filter(|j| columns[*j].1.iter().any(|c| *c != columns[*j].1[0])).collect();
        let groups = columns.par_chunks(4).map(|four| side_by_side(four, set.rows())).collect();
        Codes { groups, edges: columns.into_iter().map(|c| c.0).collect(), known, useful }
    }

    /// The code of one row in one column.
    #[inline]
    pub(super) fn at(&self, row: usize, column: usize) -> u8 {
        self.groups[column / 4][row][column % 4]
    }
}

fn side_by_side(columns: &[(Vec<f64>, Vec<u8>)], rows: usize) -> Vec<[u8; 4]> {
    let mut group = vec![[0; 4]; rows];
    for (k, (_, codes)) in columns.iter().enumerate() {
        group.iter_mut().zip(codes).for_each(|(four, code)| four[k] = *code);
    }
    group
}

/// Codes of many numbers: a binary search without branches, over edges filled up with ∞ to 256.
pub(super) fn numbers(edges: &[f64], values: &[f64]) -> Vec<u8> {
    let ladder = Ladder::of(edges);
    values.iter().map(|x| ladder.code(*x)).collect()
}

/// Edges ready for a search without branches.
#[derive(Clone, Debug)]
pub(super) struct Ladder {
    edges: Box<[f64; 256]>,
    /// Highest step: the least power of two above half the edges.
    step: u8,
}

impl Ladder {
    pub(super) fn of(edges: &[f64]) -> Self {
        let mut ladder = Box::new([f64::INFINITY; 256]);
        ladder.iter_mut().zip(edges).for_each(|(to, from)| *to = *from);
        let step = ((edges.len() + 1).next_power_of_two() / 2).min(128) as u8;
        Ladder { edges: ladder, step }
    }

    /// As [`code`] of a number.
    #[inline]
    pub(super) fn code(&self, x: f64) -> u8 {
        let (mut at, mut step) = (0_u8, self.step);
        while step > 0 {
            let further = at.wrapping_add(step);
            at = if self.edges[usize::from(further.wrapping_sub(1))] < x { further } else { at };
            step >>= 1;
        }
        if x.is_nan() { MISSING } else { at }
    }
}

/// A set of codes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CodeSet([u64; 4]);

impl CodeSet {
    /// Every code.
    pub(crate) fn all() -> Self {
        CodeSet([u64::MAX; 4])
    }

    /// Codes up to `last`.
    pub(crate) fn up_to(last: u8) -> Self {
        let mut set = CodeSet::default();
        (0..=last).for_each(|code| set.insert(code));
        set
    }

    /// Adds a code.
    pub(crate) fn insert(&mut self, code: u8) {
        self.0[usize::from(code >> 6)] |= 1 << (code & 63);
    }

    /// Takes a code out.
    pub(crate) fn remove(&mut self, code: u8) {
        self.0[usize::from(code >> 6)] &= !(1 << (code & 63));
    }

    /// Whether a code is in it.
    #[inline]
    pub(crate) fn contains(&self, code: u8) -> bool {
        self.0[usize::from(code >> 6)] >> (code & 63) & 1 == 1
    }

    /// What is in both.
    pub(crate) fn and(&self, other: &CodeSet) -> CodeSet {
        CodeSet([0, 1, 2, 3].map(|k| self.0[k] & other.0[k]))
    }

    /// What is not in it.
    pub(crate) fn not(&self) -> CodeSet {
        CodeSet(self.0.map(|word| !word))
    }

    /// Whether nothing is in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.0 == [0; 4]
    }

    /// Least code in it.
    pub(crate) fn least(&self) -> Option<u8> {
        let at = self.0.iter().position(|word| *word != 0)?;
        Some((64 * at) as u8 + self.0[at].trailing_zeros() as u8)
    }

    /// Greatest code in it.
    pub(crate) fn greatest(&self) -> Option<u8> {
        let at = self.0.iter().rposition(|word| *word != 0)?;
        Some((64 * at) as u8 + (63 - self.0[at].leading_zeros()) as u8)
    }
}

/// As hexadecimal words, the codes from 192 first.
impl fmt::Display for CodeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().rev().try_for_each(|word| write!(f, "{word:016x}"))
    }
}

impl FromStr for CodeSet {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            return Err(());
        }
        let word = |k: usize| text.get(48 - 16 * k..64 - 16 * k).and_then(|t| u64::from_str_radix(t, 16).ok()).ok_or(());
        Ok(CodeSet([word(0)?, word(1)?, word(2)?, word(3)?]))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn the_search_without_branches_counts_edges_below() {
        for n in [0, 1, 2, 3, 4, 7, 8, 100, 127, 128, 253, 254] {
            let mut edges: Vec<f64> = (0..n).map(|i| f64::from(i) * 2.0).collect();
            if n > 2 {
                edges[0] = f64::NEG_INFINITY;
            }
            let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, 0.0];
            let values: Vec<f64> = (-2..600).map(f64::from).chain(odd).collect();
            let wanted: Vec<u8> = values.iter().map(|x| code(Kind::Number, &edges, *x)).collect();
            assert_eq!(numbers(&edges, &values), wanted, "{n} edges");
        }
    }

    #[test]
    fn edges_are_values_that_occurred_and_a_heavy_one_stands_alone() {
        let x: Vec<f64> = (0..1000).map(|i| if i < 400 { 500.5 } else { f64::from(i) }).collect();
        let cuts = edges(Kind::Number, &x, &[1.0; 1000], 10);
        assert!(cuts.len() <= 9 && cuts.windows(2).all(|e| e[0] < e[1]), "{cuts:?}");
        assert!(cuts.iter().all(|e| x.contains(e)));
        let at = cuts.iter().position(|e| *e == 500.5).unwrap();
        assert_eq!(cuts[at - 1], 500.0, "alone in its bin");
        assert_eq!(edges(Kind::Number, &[3.0, f64::NAN, 1.0, 3.0], &[1.0; 4], 10), [1.0]);
        assert!(edges(Kind::Number, &[f64::NAN; 4], &[1.0; 4], 10).is_empty());
        assert_eq!(edges(Kind::Number, &[f64::INFINITY, 1.0, f64::NEG_INFINITY], &[1.0, 2.0, 1.0], 10), [f64::NEG_INFINITY, 1.0]);
    }

    #[test]
    fn weight_counts_as_rows_do() {
        let x: Vec<f64> = (0..3000).map(|i| f64::from(i * 7919 % 3001)).collect();
        let weight: Vec<f64> = (0..3000).map(|i| f64::from(1 + i % 3)).collect();
        let twice: Vec<f64> = x.iter().zip(&weight).flat_map(|(x, w)| vec![*x; *w as usize]).collect();
        assert_eq!(edges(Kind::Number, &x, &weight, 40), edges(Kind::Number, &twice, &vec![1.0; twice.len()], 40));
    }

    #[test]
    fn the_heaviest_categories_are_known_and_the_rest_are_missing() {
        let x = [5.0, 5.0, 2.0, 2.0, 1.0, f64::NEG_INFINITY, f64::NEG_INFINITY];
        let known = edges(Kind::Category, &x, &[1.0; 7], 3);
        assert_eq!(known, [f64::NEG_INFINITY, 2.0, 5.0]);
        assert_eq!([5.0, 1.0, 2.0, f64::NAN].map(|x| code(Kind::Category, &known, x)), [2, MISSING, 1, MISSING]);
    }

    #[test]
    fn a_set_of_codes_comes_back_from_its_text() {
        let mut set = CodeSet::up_to(2);
        set.insert(MISSING);
        set.insert(130);
        set.remove(1);
        let back: CodeSet = set.to_string().parse().unwrap();
        assert_eq!(back, set);
        assert_eq!((set.least(), set.greatest(), set.contains(2), set.contains(1)), (Some(0), Some(255), true, false));
        assert!(set.and(&set.not()).is_empty() && CodeSet::all().not().is_empty());
        assert!("xyz".parse::<CodeSet>().is_err());
    }
}
