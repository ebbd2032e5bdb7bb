//! What was learned, as a document: it saves to JSON, loads anywhere, and holds no value of anybody.

use serde::{Deserialize, Serialize};

use super::spec::Spec;
use crate::error::{Result, explain};

/// The format this program writes.
const FORMAT: u32 = 1;

/// Where the m of a comparison come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Expectation–maximisation over candidate pairs.
    Learned,
    /// Records of one known number, exported more than once.
    SameNumber,
    /// Too little to learn from: the program's own assumption.
    Assumed,
}

/// Shares of each level (best first, the missing one left out) among matches and among others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shares {
    /// The field compared.
    pub field: String,
    /// Where `m` comes from.
    pub basis: Basis,
    /// Among pairs of one person.
    pub m: Vec<f64>,
    /// Among pairs of two.
    pub u: Vec<f64>,
}

/// A Fellegi–Sunter model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// Version of this document.
    pub format: u32,
    /// What is compared.
    pub spec: Spec,
    /// The share of matches among all pairs of the records learned from.
    pub lambda: f64,
    /// How many records those were: among more of them a chance pair is likelier, and the prior falls in proportion.
    pub records: u64,
    /// By comparison, in the spec's order.
    pub shares: Vec<Shares>,
}

impl Model {
    pub(super) fn new(spec: &Spec, lambda: f64, records: u64, shares: Vec<Shares>) -> Model {
        Model { format: FORMAT, spec: spec.clone(), lambda, records, shares }
    }

    /// The document, the same bytes for the same model.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string_pretty(self).map_err(|e| crate::Error::fault(format!("a linkage model does not serialise: {e}")))
    }

    /// Reads a document; exit 4 where it is of another format or does not hold together.
    pub fn from_json(text: &str) -> Result<Model> {
        let refused = |found: String| {
            let what = explain("the linkage model cannot be used").found(found);
            what.expected(format!("format {FORMAT}, shares for every level of every comparison")).remedy("train it again").config()
        };
        let model: Model = serde_json::from_str(text).map_err(|e| refused(e.to_string()))?;
        if model.format != FORMAT {
            return Err(refused(format!("format {}", model.format)));
        }
        let share = |x: &f64| *x > 0.0 && *x < 1.0;
        let whole = model.shares.len() == model.spec.comparisons.len()
            && model.shares.iter().zip(&model.spec.comparisons).all(|(s, c)| {
                let levels = c.measure.levels().len();
                s.field == c.field && s.m.len() == levels && s.u.len() == levels && s.m.iter().chain(&s.u).all(share)
            });
        if whole && share(&model.lambda) { Ok(model) } else { Err(refused("shares that do not fit the comparisons".to_owned())) }
    }

    /// The prior for this many records, as odds in bits.
    pub(super) fn prior_bits(&self, records: usize) -> f64 {
        let lambda = (self.lambda * self.records as f64 / records.max(1) as f64).clamp(1e-15, 0.5);
        libm::log2(lambda / (1.0 - lambda))
    }
}

/// No likelihood is a certainty: a probability of 1 is a person's word alone, though as a float it is reached at 53 bits.
const LIKELIEST: f64 = 1.0 - 1e-9;

/// The probability of a match weight in bits, below 1.
pub fn probability(bits: f64) -> f64 {
    let odds = libm::exp2(bits.clamp(-1_000.0, 1_000.0));
    (odds / (1.0 + odds)).min(LIKELIEST)
}
