//! Learns a model without labels. Sources: Fellegi & Sunter, A Theory for Record Linkage, JASA 64 (1969); Winkler, Using the EM algorithm for weight
//! computation in the Fellegi–Sunter model, ASA 1988; Linacre et al., Splink, IJPDS 7 (2022), for m by blocking rule and the prior by certain rules.
//!
//! u comes from random pairs; m by expectation–maximisation over the pairs of each learning rule, a rule teaching nothing of the fields it speaks of.
//! Unlike Splink, the matches among the random pairs are then taken out of u, and both are repeated: in small sets they weigh as much as chance does.

use super::blocks::{Blocks, Pairing};
use super::model::{Basis, Model, Shares};
use super::patterns::{self, Patterns};
use super::prepared::Prepared;
use super::records::Records;
use super::spec::Spec;
use crate::error::Result;

/// Matches a comparison needs before it is learned.
const LEAST_MATCHES: f64 = 30.0;
/// Random pairs with both values that u needs; below it stays assumed.
const LEAST_PAIRS: f64 = 1_000.0;
/// Rounds of expectation–maximisation at most, and the change below which they end.
const ROUNDS: usize = 500;
const SETTLED: f64 = 1e-7;
/// Times u is freed of matches and m learned anew.
const PASSES: usize = 3;
/// The share of matches among a rule's pairs that the first round assumes.
const FIRST_LAMBDA: f64 = 0.2;

/// A model, and what a person should know of how it came about.
pub struct Trained {
    /// The model.
    pub model: Model,
    /// Warnings in words, without a value of anybody.
    pub warnings: Vec<String>,
}

/// Learns `spec` from the records. The same records in any order, on any number of threads, give the same model to the last bit.
///
/// Where pairs of one known number are at hand (records of one known pseudonym) they teach m; else the learning rules do; else it stays assumed, and
/// both the model and a warning say so. Errors: a spec that names a field the records lack (exit 4).
pub fn train(records: &Records, spec: &Spec, pairing: Pairing) -> Result<Trained> {
    let prepared = Prepared::new(records, spec)?;
    let mut warnings = Vec::new();
    let random = patterns::of_random(&prepared, pairing);
    let lambda = prior(&prepared, spec, pairing, &mut warnings)?;
    let same_number = patterns::of_same_number(&prepared);
    let mut rules = Vec::new();
    for rule in &spec.learning {
        let blocks = Blocks::new(&prepared, pairing, std::slice::from_ref(rule), spec)?;
        warnings.extend(blocks.warnings.iter().map(|w| format!("learning, {w}")));
        let taught: Vec<bool> = spec.comparisons.iter().map(|c| !rule.uses(&c.field)).collect();
        rules.push((patterns::of_blocks(&prepared, &blocks), taught));
    }
    let mut shares = assumed(spec);
    let all = marginals(&random, &shares);
    for _ in 0..PASSES {
        set_u(&mut shares, &all, lambda);
        learn(&mut shares, &rules, &same_number);
    }
    set_u(&mut shares, &all, lambda);
    let unlearned = shares.iter().filter(|s| s.basis == Basis::Assumed).map(|s| s.field.as_str()).collect::<Vec<_>>().join(" ");
    if !unlearned.is_empty() {
        warnings.push(format!("m is assumed, for want of {LEAST_MATCHES} matches to learn from: {unlearned}"));
    }
    Ok(Trained { model: Model::new(spec, lambda, records.len() as u64, shares), warnings })
}

/// The share of matches among all pairs: pairs of the certain rules over their recall.
fn prior(prepared: &Prepared, spec: &Spec, pairing: Pairing, warnings: &mut Vec<String>) -> Result<f64> {
    let blocks = Blocks::new(prepared, pairing, &spec.certain, spec)?;
    warnings.extend(blocks.warnings.iter().map(|w| format!("prior, {w}")));
    let n = prepared.records.len() as f64;
    let leaders = match pairing {
        Pairing::Within => n,
        Pairing::Unknown => prepared.records.known.iter().filter(|k| !**k).count() as f64,
    };
    let all = (leaders * n - leaders * (leaders + 1.0) / 2.0).max(1.0);
    let matches = blocks.count().max(1) as f64 / spec.recall;
    Ok((matches / all).clamp(1e-12, 0.5))
}

fn assumed(spec: &Spec) -> Vec<Shares> {
    let shares = spec.comparisons.iter().map(|c| {
        let m = c.measure.assumed_m().to_vec();
        Shares { field: c.field.clone(), basis: Basis::Assumed, u: c.measure.assumed_u().to_vec(), m }
    });
    shares.collect()
}

/// Pairs at each level of each comparison, the missing left out.
fn marginals(patterns: &Patterns, shares: &[Shares]) -> Vec<Vec<f64>> {
    let mut sums: Vec<Vec<f64>> = shares.iter().map(|s| vec![0.0; s.m.len()]).collect();
    for (levels, n) in &patterns.0 {
        for (sum, level) in sums.iter_mut().zip(levels).filter(|(_, level)| **level > 0) {
            sum[usize::from(*level) - 1] += n;
        }
    }
    sums
}

/// u of the random pairs, freed of the matches among them: seen = λ m + (1 − λ) u. Half a pair is the least any level has.
fn set_u(shares: &mut [Shares], seen: &[Vec<f64>], lambda: f64) {
    for (share, seen) in shares.iter_mut().zip(seen).filter(|(_, seen)| seen.iter().sum::<f64>() >= LEAST_PAIRS) {
        let all = seen.iter().sum::<f64>();
        let freed = |(n, m): (&f64, &f64)| (n - lambda * m * all).max(0.5).max(n * 0.01);
        let counts: Vec<f64> = seen.iter().zip(&share.m).map(freed).collect();
        let sum = counts.iter().sum::<f64>();
        share.u = counts.iter().map(|n| n / sum).collect();
    }
}

/// m of every comparison, from certain matches where there are enough, else from the rules that may teach it, weighted by their matches.
fn learn(shares: &mut [Shares], rules: &[(Patterns, Vec<bool>)], same_number: &Patterns) {
    let taught: Vec<Taught> = rules.iter().map(|(patterns, taught)| maximise(patterns, shares, taught)).collect();
    let certain = marginals(same_number, shares);
    for (place, share) in shares.iter_mut().enumerate() {
        if certain[place].iter().sum::<f64>() >= LEAST_MATCHES {
            (share.m, share.basis) = (smoothed(&certain[place], share), Basis::SameNumber);
            continue;
        }
        let mut sums = vec![0.0; share.m.len()];
        for (taught, _) in taught.iter().zip(rules).filter(|(_, (_, may))| may[place]) {
            sums.iter_mut().zip(&taught.matches[place]).for_each(|(sum, n)| *sum += n);
        }
        if sums.iter().sum::<f64>() >= LEAST_MATCHES {
            (share.m, share.basis) = (smoothed(&sums, share), Basis::Learned);
        }
    }
}

/// Shares with one match added, spread evenly, so that none is 0.
fn smoothed(counts: &[f64], share: &Shares) -> Vec<f64> {
    let all = counts.iter().sum::<f64>() + 1.0;
    let spread = 1.0 / share.m.len() as f64;
    counts.iter().map(|n| (n + spread) / all).collect()
}

/// Expected matches at each level of each comparison.
struct Taught {
    matches: Vec<Vec<f64>>,
}

/// Expectation–maximisation over patterns; u stays. Products and sums run in the order of the patterns: the same bits everywhere.
fn maximise(patterns: &Patterns, shares: &[Shares], taught: &[bool]) -> Taught {
    let mut m: Vec<Vec<f64>> = shares.iter().map(|s| s.m.clone()).collect();
    let mut lambda = FIRST_LAMBDA;
    let mut matches = Vec::new();
    let pairs = patterns.0.iter().map(|(_, n)| n).sum::<f64>();
    for _ in 0..ROUNDS {
        let mut expected = 0.0;
        matches = shares.iter().map(|s| vec![0.0; s.m.len()]).collect::<Vec<_>>();
        for (levels, n) in &patterns.0 {
            let (mut of_match, mut of_other) = (lambda, 1.0 - lambda);
            for place in (0..shares.len()).filter(|&place| taught[place] && levels[place] > 0) {
                let level = usize::from(levels[place]) - 1;
                of_match *= m[place][level];
                of_other *= shares[place].u[level];
            }
            let share = n * of_match / (of_match + of_other);
            expected += share;
            for place in (0..shares.len()).filter(|&place| levels[place] > 0) {
                matches[place][usize::from(levels[place]) - 1] += share;
            }
        }
        lambda = ((expected + 0.5) / (pairs + 1.0)).clamp(1e-12, 1.0 - 1e-12);
        let next: Vec<Vec<f64>> = matches.iter().zip(shares).map(|(counts, share)| smoothed(counts, share)).collect();
        let change = m.iter().flatten().zip(next.iter().flatten()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        m = next;
        if change < SETTLED {
            break;
        }
    }
    Taught { matches }
}
