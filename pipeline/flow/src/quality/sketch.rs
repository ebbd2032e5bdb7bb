//! Counts that add up in any order and any grouping: how many different values, and how numbers are spread. No draw and no clock is in them.

use std::collections::BTreeMap;

/// Different values counted one by one; from there they are estimated.
const KEPT: usize = 256;
/// Bits of a float below its sign, exponent and seven digits of its fraction.
const DROPPED_BITS: u32 = 45;

/// How many different values: the `KEPT` smallest of their hashes. Exact below; above, (k-1)/(the k-th smallest, as a share of all hashes), whose
/// standard error is 1/sqrt(k-2), 6.3 % (Bar-Yossef et al. 2002; Beyer et al. 2007).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distinct {
    /// Sorted, each once.
    hashes: Vec<u64>,
    /// Hashes that may be among the smallest, not yet sorted in.
    waiting: Vec<u64>,
}

impl Distinct {
    /// Takes a value's hash.
    pub fn push(&mut self, hash: u64) {
        if self.hashes.len() < KEPT || self.hashes.last().is_some_and(|last| hash < *last) {
            self.waiting.push(hash);
            if self.waiting.len() >= 4 * KEPT {
                self.settle();
            }
        }
    }

    fn settle(&mut self) {
        if !self.waiting.is_empty() {
            self.hashes.append(&mut self.waiting);
            self.hashes.sort_unstable();
            self.hashes.dedup();
            self.hashes.truncate(KEPT);
        }
    }

    /// The hashes kept, smallest first.
    pub fn hashes(&mut self) -> impl Iterator<Item = u64> + '_ {
        self.settle();
        self.hashes.iter().copied()
    }

    /// How many different values, and whether that is exact.
    pub fn count(&mut self) -> (u64, bool) {
        self.settle();
        match self.hashes.last() {
            Some(last) if self.hashes.len() == KEPT => {
                let share = (*last as f64 + 1.0) / (u64::MAX as f64);
                (((KEPT - 1) as f64 / share).round() as u64, false)
            }
            _ => (self.hashes.len() as u64, true),
        }
    }
}

/// Hash of a text: FNV-1a, then the end of `splitmix64`, so that all bits count.
pub fn hash_text(text: &str) -> u64 {
    hash_number(text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
}

/// Hash of a number's bits: `splitmix64` (Steele et al. 2014), which maps different numbers to different hashes.
pub fn hash_number(bits: u64) -> u64 {
    let mut x = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// The bin of a number: sign, exponent and seven binary digits, so that a bin is narrower than 1/128 of its value and whole numbers below 256 have one
/// each (as HdrHistogram does). Bins are in the order of the numbers.
pub fn bin_of(x: f64) -> i64 {
    let place = ((x.to_bits() & (u64::MAX >> 1)) >> DROPPED_BITS) as i64;
    if x < 0.0 { -place - 1 } else { place }
}

/// The least number of a bin; of a bin below zero, the bound it stays above.
pub fn bin_floor(bin: i64) -> f64 {
    let number = |place: i64| f64::from_bits((place as u64) << DROPPED_BITS);
    if bin < 0 { -number(-bin) } else { number(bin) }
}

/// The bin that holds the value of this rank, from 1.
fn bin_at(bins: &BTreeMap<i64, u64>, rank: u64) -> Option<i64> {
    let mut below = 0;
    bins.iter()
        .find(|(_, n)| {
            below += **n;
            below >= rank
        })
        .map(|(bin, _)| *bin)
}

/// The bin in which a share of all values is reached.
pub fn quantile(bins: &BTreeMap<i64, u64>, hundredths: u64) -> Option<i64> {
    let all: u64 = bins.values().sum();
    bin_at(bins, (all * hundredths).div_ceil(100).max(1))
}

/// Where the tenths of all values begin: up to nine bins, each once, without the first of all.
pub fn deciles(bins: &BTreeMap<i64, u64>) -> Vec<i64> {
    let first = bins.keys().next().copied();
    let mut edges: Vec<i64> = (1..10).filter_map(|tenth| quantile(bins, tenth * 10)).filter(|bin| Some(*bin) != first).collect();
    edges.dedup();
    edges
}

/// How many values lie below the first edge, from each edge to the next, and from the last one on.
pub fn between(bins: &BTreeMap<i64, u64>, edges: &[i64]) -> Vec<u64> {
    let mut counts = vec![0; edges.len() + 1];
    for (bin, n) in bins {
        counts[edges.partition_point(|edge| edge <= bin)] += n;
    }
    counts
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn different_values_are_counted_exactly_and_then_nearly_in_any_grouping() {
        let of = |values: std::ops::Range<u64>| {
            let mut distinct = Distinct::default();
            values.clone().chain(values).for_each(|v| distinct.push(hash_number(v)));
            distinct
        };
        assert_eq!(of(0..255).count(), (255, true));
        let (count, exact) = of(0..100_000).count();
        assert!(!exact && (80_000..120_000).contains(&count), "{count}");
        let mut joined = of(60_000..100_000);
        of(0..70_000).hashes().for_each(|h| joined.push(h));
        assert_eq!(joined.count().0, count);
    }

    #[test]
    fn bins_keep_the_order_and_whole_numbers_below_256_are_exact() {
        let numbers = [-1e12, -300.0, -1.0, 0.0, 0.25, 1.0, 2.0, 255.0, 256.0, 1e6, 1e15];
        assert!(numbers.windows(2).all(|w| bin_of(w[0]) < bin_of(w[1])));
        assert!((0..256).all(|n| bin_floor(bin_of(f64::from(n))) == f64::from(n)));
        for x in [1_000.0, 123_456_789.0, -987_654.0] {
            let floor = bin_floor(bin_of(x));
            assert!(floor <= x && (x - floor) / x.abs() < 1.0 / 128.0, "{x} {floor}");
        }
    }

    #[test]
    fn deciles_part_a_hundred_values_in_tens() {
        let bins: BTreeMap<i64, u64> = (1..=100).map(|n| (n, 1)).collect();
        assert_eq!(deciles(&bins), [10, 20, 30, 40, 50, 60, 70, 80, 90]);
        assert_eq!(between(&bins, &deciles(&bins)), [9, 10, 10, 10, 10, 10, 10, 10, 10, 11]);
        assert_eq!(quantile(&bins, 50), Some(50));
        // One value in nine of ten rows: one edge is left.
        let tied = BTreeMap::from([(0, 90), (7, 10)]);
        assert_eq!((deciles(&tied), between(&tied, &[7])), (vec![], vec![90, 10]));
        assert!(deciles(&BTreeMap::new()).is_empty());
    }
}
