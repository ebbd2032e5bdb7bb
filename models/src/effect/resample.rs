//! How far a curve could be off, by half-sampling groups: half of them, without replacement, have as great a spread around the whole as the
//! whole has around the truth (Politis and Romano 1994; used for RATE by Yadlowsky et al. 2021 and in the R package grf).

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Estimate;
use crate::error::{Error, Result};
use crate::interval::normal;

/// How to draw half-samples. Nothing is drawn by chance: a hash of seed, draw and group decides.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Resampling {
    /// Half-samples. 10 to 100,000, default 200.
    pub draws: u32,
    /// Seed.
    pub seed: u64,
    /// Level of intervals. Default 0.95.
    pub level: f64,
}

impl Default for Resampling {
    fn default() -> Self {
        Resampling { draws: 200, seed: 1, level: 0.95 }
    }
}

impl Resampling {
    /// Standard errors to either side of an estimate.
    pub(crate) fn check(&self) -> Result<f64> {
        if !(10..=100_000).contains(&self.draws) {
            return Err(Error::Parameter { name: "draws", found: f64::from(self.draws), expected: "10 to 100000" });
        }
        normal::two_sided(self.level)
    }

    /// The figures of `of`, which gets the share of each group that counts (1 or 0), with their spread over half-samples. `names` are the names
    /// of the groups, one each.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a number out of its range, [`Error::Shape`] for fewer than two groups.
    pub(crate) fn estimates(&self, names: &[&str], of: impl Fn(&[bool]) -> Vec<f64> + Sync) -> Result<Vec<Estimate>> {
        let reach = self.check()?;
        if names.len() < 2 {
            return Err(Error::Shape { what: "groups", found: names.len(), expected: 2 });
        }
        let whole = of(&vec![true; names.len()]);
        let hashes: Vec<u64> = names.iter().map(|name| hash(self.seed, name)).collect();
        let drawn: Vec<Vec<f64>> = (0..self.draws).into_par_iter().map(|draw| of(&half(&hashes, draw))).collect();
        let draws = f64::from(self.draws);
        let figure = |(f, value): (usize, f64)| {
            let mean = drawn.iter().map(|d| d[f]).sum::<f64>() / draws;
            let squares: f64 = drawn.iter().map(|d| (d[f] - mean) * (d[f] - mean)).sum();
            Estimate::around(value, (squares / (draws - 1.0)).sqrt(), reach)
        };
        Ok(whole.into_iter().enumerate().map(figure).collect())
    }
}

fn hash(seed: u64, name: &str) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"half-sample");
    hasher.update(&seed.to_le_bytes());
    hasher.update(name.as_bytes());
    let mut head = [0; 8];
    head.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(head)
}

/// SplitMix64's mixing (Steele, Lea and Flood 2014): a number for each group and draw.
fn mix(hash: u64, draw: u32) -> u64 {
    let mut z = hash.wrapping_add(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(u64::from(draw) + 1));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The half of the groups whose numbers are least.
fn half(hashes: &[u64], draw: u32) -> Vec<bool> {
    let mut numbers: Vec<(u64, usize)> = hashes.iter().enumerate().map(|(g, h)| (mix(*h, draw), g)).collect();
    let size = numbers.len() / 2;
    numbers.select_nth_unstable(size);
    let mut within = vec![false; hashes.len()];
    numbers[..size].iter().for_each(|(_, g)| within[*g] = true);
    within
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn the_spread_of_a_mean_is_that_of_the_textbook() {
        let names: Vec<String> = (0..2000).map(|i| format!("g{i}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let value = |g: usize| (g % 7) as f64;
        let mean = |within: &[bool]| {
            let kept: Vec<f64> = (0..within.len()).filter(|g| within[*g]).map(value).collect();
            vec![kept.iter().sum::<f64>() / kept.len() as f64]
        };
        let got = Resampling { draws: 2000, ..Resampling::default() }.estimates(&names, mean).unwrap()[0];
        // Standard deviation 2 of 0 to 6, over √2000.
        assert!((got.standard_error / (2.0 / 2000_f64.sqrt()) - 1.0).abs() < 0.05, "{got:?}");
        let other = Resampling { draws: 2000, seed: 2, ..Resampling::default() }.estimates(&names, mean).unwrap()[0];
        assert!(other != got && (other.value - got.value).abs() < 1e-15);
    }
}
