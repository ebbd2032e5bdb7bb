//! Pairs collapsed to patterns of agreement with their counts, before anything is computed of them: sums of whole numbers come out the same in any
//! order and on any number of threads, and what follows costs by patterns, not by pairs.

use rayon::prelude::*;

use super::blocks::{Blocks, Pairing};
use super::prepared::{Levels, MOST, Prepared};

/// Random pairs looked at for the shares among non-matches.
const SAMPLE: u64 = 2_000_000;
/// Draws of one task.
const DRAWS: u64 = 16_384;

/// How many pairs show each pattern; patterns in a fixed order.
pub(super) struct Patterns(pub Vec<(Levels, f64)>);

/// Numbers patterns: mixed radix over the levels.
struct Numbering(Vec<usize>);

impl Numbering {
    fn new(prepared: &Prepared) -> Numbering {
        Numbering(prepared.fields.iter().map(|f| f.comparison.measure.levels().len() + 1).collect())
    }

    fn size(&self) -> usize {
        self.0.iter().product()
    }

    fn number(&self, levels: &Levels) -> usize {
        self.0.iter().zip(levels).fold(0, |number, (radix, level)| number * radix + usize::from(*level))
    }

    fn pattern(&self, mut number: usize) -> Levels {
        let mut levels = [0; MOST];
        for (place, radix) in self.0.iter().enumerate().rev() {
            levels[place] = (number % radix) as u8;
            number /= radix;
        }
        levels
    }

    fn patterns(&self, counts: &[u64]) -> Patterns {
        let shown = counts.iter().enumerate().filter(|(_, n)| **n > 0);
        Patterns(shown.map(|(number, n)| (self.pattern(number), *n as f64)).collect())
    }
}

fn added(mut a: Vec<u64>, b: Vec<u64>) -> Vec<u64> {
    if a.is_empty() {
        return b;
    }
    for (x, y) in a.iter_mut().zip(b) {
        *x += y;
    }
    a
}

/// The patterns of candidate pairs.
pub(super) fn of_blocks(prepared: &Prepared, blocks: &Blocks) -> Patterns {
    let numbering = Numbering::new(prepared);
    let size = numbering.size();
    // A task has some 65,536 pairs: 32 bits hold any count of it.
    let tasks = blocks.tasks(|| vec![0u32; size], |counts, a, b| counts[numbering.number(&prepared.levels(a, b))] += 1);
    let mut counts = vec![0u64; size];
    for task in tasks {
        counts.iter_mut().zip(task).for_each(|(sum, n)| *sum += u64::from(n));
    }
    numbering.patterns(&counts)
}

/// The patterns of pairs of records that share a known pseudonym: certain matches.
pub(super) fn of_same_number(prepared: &Prepared) -> Patterns {
    let (numbering, records) = (Numbering::new(prepared), prepared.records);
    let mut counts = vec![0u64; numbering.size()];
    for a in 0..records.len() {
        let same = (a + 1..records.len()).take_while(|&b| records.known[a] && records.ids[a] == records.ids[b]);
        for b in same {
            counts[numbering.number(&prepared.levels(a as u32, b as u32))] += 1;
        }
    }
    numbering.patterns(&counts)
}

/// The patterns of pairs drawn at random: all of them where there are few, else by hashes of the draw's number, never by dice.
pub(super) fn of_random(prepared: &Prepared, pairing: Pairing) -> Patterns {
    let (numbering, records) = (Numbering::new(prepared), prepared.records);
    let n = records.len() as u64;
    let leaders: Vec<u32> = (0..n as u32).filter(|&row| pairing == Pairing::Within || !records.known[row as usize]).collect();
    let all = leaders.len() as u64 * n;
    let draws = all.min(SAMPLE * 2);
    let drawn = |draw: u64| {
        let place = if all <= SAMPLE * 2 { draw } else { ((u128::from(mixed(draw)) * u128::from(all)) >> 64) as u64 };
        (leaders[(place / n) as usize], (place % n) as u32)
    };
    let counts = (0..draws.div_ceil(DRAWS))
        .into_par_iter()
        .fold(Vec::new, |mut counts: Vec<u64>, task| {
            counts.resize(numbering.size(), 0);
            for draw in task * DRAWS..((task + 1) * DRAWS).min(draws) {
                let (a, b) = drawn(draw);
                let twice = a >= b && (pairing == Pairing::Within || !records.known[b as usize]);
                if !twice && records.ids[a as usize] != records.ids[b as usize] {
                    counts[numbering.number(&prepared.levels(a, b))] += 1;
                }
            }
            counts
        })
        .reduce(Vec::new, added);
    numbering.patterns(&counts)
}

/// SplitMix64 (Steele, Lea and Flood 2014).
fn mixed(draw: u64) -> u64 {
    let mut z = draw.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
