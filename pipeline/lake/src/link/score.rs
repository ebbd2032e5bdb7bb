//! The match weight of a pair: the prior and, for each comparison, log2(m / u) and what the rarity of the shared value adds. Weights are bits; their
//! sum is the log2 of the odds. The steps are the explanation (Splink's waterfall): they add up to the weight.

use super::blocks::{Blocks, Pairing};
use super::measure::Measure;
use super::model::{Model, probability};
use super::prepared::Prepared;
use super::records::{Pseudonym, Records};
use crate::error::Result;

/// What one comparison adds.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The field, or `prior`.
    pub field: String,
    /// The level's name; `missing` where a side has no value.
    pub level: &'static str,
    /// Bits for (or against) a match.
    pub bits: f64,
}

/// A pair with its score.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The lesser pseudonym, or the unknown one where the other is known.
    pub left: Pseudonym,
    /// The other.
    pub right: Pseudonym,
    /// Whether the right one is known.
    pub right_known: bool,
    /// Log2 of the odds of a match.
    pub bits: f64,
    /// The same as a probability.
    pub probability: f64,
    /// Prior first, then the comparisons in the spec's order.
    pub steps: Vec<Step>,
}

/// The pairs that reach a weight, and what the caps left out.
pub struct Scores {
    /// One a pair of pseudonyms (the best of its records), by left, then right.
    pub pairs: Vec<Pair>,
    /// How many pairs of records were compared.
    pub compared: u64,
    /// Warnings in words, without a value of anybody.
    pub warnings: Vec<String>,
}

/// Weights ready for use.
struct Weights {
    prior: f64,
    /// By comparison and level; level 0 weighs nothing.
    bits: Vec<Vec<f64>>,
    /// Comparisons in the order in which they are computed: cheap ones first.
    order: Vec<usize>,
    /// The most that the comparisons from this place of the order can still add.
    still: Vec<f64>,
}

impl Weights {
    fn new(model: &Model, prepared: &Prepared) -> Weights {
        let bits = model.shares.iter().map(|share| {
            let of_level = share.m.iter().zip(&share.u).map(|(m, u)| libm::log2(m / u));
            std::iter::once(0.0).chain(of_level).collect::<Vec<f64>>()
        });
        let bits: Vec<Vec<f64>> = bits.collect();
        let mut order: Vec<usize> = (0..bits.len()).collect();
        order.sort_by_key(|&place| cost(prepared.fields[place].comparison.measure));
        let rarest = |place: usize| prepared.fields[place].rarity.iter().flatten().copied().fold(0.0, f64::max);
        let most = |place: usize| bits[place].iter().copied().fold(0.0, f64::max) + rarest(place);
        let mut still: Vec<f64> = order
            .iter()
            .rev()
            .scan(0.0, |sum, &place| {
                *sum += most(place);
                Some(*sum)
            })
            .collect();
        still.reverse();
        Weights { prior: model.prior_bits(prepared.records.len()), bits, order, still }
    }

    /// The weight of a pair, or nothing as soon as it cannot reach `least`.
    fn weigh(&self, prepared: &Prepared, a: u32, b: u32, least: f64) -> Option<f64> {
        let mut sum = self.prior;
        for (place, still) in self.order.iter().zip(&self.still) {
            if sum + still < least {
                return None;
            }
            let level = prepared.level(*place, a, b);
            sum += self.bits[*place][usize::from(level)] + prepared.rarity(*place, level, a, b);
        }
        (sum >= least).then_some(sum)
    }

    fn steps(&self, prepared: &Prepared, a: u32, b: u32) -> Vec<Step> {
        let compared = prepared.fields.iter().enumerate().map(|(place, field)| {
            let level = prepared.level(place, a, b);
            let bits = self.bits[place][usize::from(level)] + prepared.rarity(place, level, a, b);
            let names = field.comparison.measure.levels();
            let name = usize::from(level).checked_sub(1).and_then(|l| names.get(l)).copied().unwrap_or("missing");
            Step { field: field.comparison.field.clone(), level: name, bits }
        });
        std::iter::once(Step { field: "prior".to_owned(), level: "", bits: self.prior }).chain(compared).collect()
    }
}

/// What a comparison costs, roughly.
fn cost(measure: Measure) -> u8 {
    match measure {
        Measure::Exact => 0,
        Measure::Region => 1,
        Measure::Birth => 2,
        Measure::Address => 3,
        Measure::Number | Measure::Email | Measure::Text | Measure::CompanyName | Measure::PersonName => 4,
    }
}

/// Scores the candidate pairs and keeps those of at least `least` as a probability.
pub fn score(records: &Records, model: &Model, pairing: Pairing, least: f64) -> Result<Scores> {
    let prepared = Prepared::new(records, &model.spec)?;
    let weights = Weights::new(model, &prepared);
    let blocks = Blocks::new(&prepared, pairing, &model.spec.candidates, &model.spec)?;
    let least = libm::log2(least / (1.0 - least));
    let tasks = blocks.tasks(
        || (0u64, Vec::new()),
        |(compared, kept): &mut (u64, Vec<(u32, u32, f64)>), a, b| {
            *compared += 1;
            kept.extend(weights.weigh(&prepared, a, b, least).map(|bits| (a, b, bits)));
        },
    );
    let compared = tasks.iter().map(|(n, _)| n).sum();
    let mut kept: Vec<(u32, u32, f64)> = tasks.into_iter().flat_map(|(_, kept)| kept).collect();
    let ids = |(a, b, _): &(u32, u32, f64)| (records.ids[*a as usize], records.ids[*b as usize]);
    kept.sort_by(|x, y| ids(x).cmp(&ids(y)).then(y.2.total_cmp(&x.2)).then((x.0, x.1).cmp(&(y.0, y.1))));
    kept.dedup_by(|later, best| ids(later) == ids(best));
    let pairs = kept.into_iter().map(|(a, b, bits)| {
        let steps = weights.steps(&prepared, a, b);
        let (left, right) = if records.known[a as usize] { (b, a) } else { (a, b) };
        let of = |row: u32| records.ids[row as usize];
        let right_known = records.known[right as usize];
        Pair { left: of(left), right: of(right), right_known, bits, probability: probability(bits), steps }
    });
    let mut pairs: Vec<Pair> = pairs.collect();
    pairs.sort_by_key(|pair| (pair.left, pair.right));
    Ok(Scores { pairs, compared, warnings: blocks.warnings })
}
