//! Records made ready for one spec: each distinct text prepared once, its frequency, and the keys of a rule.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::fold;
use super::measure::{Form, Measure, folded_text, level, stand_in};
use super::records::{MISSING, Records};
use super::spec::{Comparison, Part, Rule, Spec};
use crate::error::Result;

/// The most comparisons of a spec.
pub(super) const MOST: usize = 12;
/// Levels of one pair, in the order of the spec's comparisons.
pub(super) type Levels = [u8; MOST];

/// One comparison with its prepared values, by the code of the text.
pub(super) struct PreparedField {
    pub comparison: Comparison,
    pub field: usize,
    pub forms: Vec<Form>,
    /// How much rarer than usual agreement on this folded text, and on this sound, is, in bits; empty without `by_frequency`.
    pub rarity: Vec<[f64; 2]>,
}

/// Records and their prepared values.
pub(super) struct Prepared<'a> {
    pub records: &'a Records,
    pub fields: Vec<PreparedField>,
}

impl<'a> Prepared<'a> {
    pub(super) fn new(records: &'a Records, spec: &Spec) -> Result<Prepared<'a>> {
        if spec.comparisons.len() > MOST || !(spec.recall > 0.0 && spec.recall <= 1.0) {
            let what = crate::error::explain("a linkage cannot be made of this spec");
            let found = format!("{} comparisons, recall {}", spec.comparisons.len(), spec.recall);
            return Err(what.found(found).expected(format!("at most {MOST}; above 0, at most 1")).remedy("correct the spec").config());
        }
        let fields = spec.comparisons.iter().map(|comparison| {
            let field = records.field(&comparison.field)?;
            let measure = comparison.measure;
            let forms: Vec<Form> = records.values[field].par_iter().map(|text| Form::new(measure, text)).collect();
            let rarity = if comparison.by_frequency { rarities(&records.codes[field], &forms) } else { Vec::new() };
            Ok(PreparedField { comparison: comparison.clone(), field, forms, rarity })
        });
        Ok(Prepared { fields: fields.collect::<Result<_>>()?, records })
    }

    /// The level of one comparison of two records.
    pub(super) fn level(&self, place: usize, a: u32, b: u32) -> u8 {
        let field = &self.fields[place];
        let codes = &self.records.codes[field.field];
        let (a, b) = (codes[a as usize], codes[b as usize]);
        level(field.comparison.measure, a == b, &field.forms[a as usize], &field.forms[b as usize])
    }

    /// All levels of two records.
    pub(super) fn levels(&self, a: u32, b: u32) -> Levels {
        let mut levels = [0; MOST];
        for (place, level) in levels.iter_mut().enumerate().take(self.fields.len()) {
            *level = self.level(place, a, b);
        }
        levels
    }

    /// How much rarer than usual what the two share is, in bits (negative for a common name); 0 where the level shares neither text nor sound.
    pub(super) fn rarity(&self, place: usize, level: u8, a: u32, b: u32) -> f64 {
        let field = &self.fields[place];
        let kind = match (field.comparison.measure, level) {
            (_, 1) | (Measure::PersonName | Measure::CompanyName, 2) => 0,
            (Measure::PersonName | Measure::CompanyName, 3) => 1,
            _ => return 0.0,
        };
        let codes = &self.records.codes[field.field];
        let of = |row: u32| field.rarity.get(codes[row as usize] as usize).map_or(0.0, |bits| bits[kind]);
        of(a).min(of(b))
    }

    /// The key of every record under a rule; 0 where a part is missing.
    pub(super) fn keys(&self, rule: &Rule) -> Result<Vec<u64>> {
        let mut keys = vec![1u64; self.records.len()];
        for (name, part) in &rule.keys {
            let field = self.records.field(name)?;
            let measure = self.fields.iter().find(|f| f.field == field).map_or(Measure::Exact, |f| f.comparison.measure);
            let parts: Vec<u64> = self.records.values[field].par_iter().map(|text| part_key(measure, *part, text)).collect();
            for (key, code) in keys.iter_mut().zip(&self.records.codes[field]) {
                *key = joined(*key, parts[*code as usize]);
            }
        }
        Ok(keys)
    }
}

fn joined(key: u64, part: u64) -> u64 {
    if key == 0 || part == 0 { 0 } else { (key.rotate_left(23) ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15).max(1) }
}

fn part_key(measure: Measure, part: Part, text: &str) -> u64 {
    let folded = folded_text(measure, text);
    // A masked or cut number is compared, but what it hides is no key.
    let count = folded.chars().count();
    let taken: String = match part {
        Part::Whole => folded,
        Part::Sound => fold::syllables(&folded).join(" "),
        Part::Surname => fold::surname_sound(&folded),
        Part::Initials => fold::initials(&folded),
        Part::Core => format!("{} {}", fold::company_core(&folded), fold::branch(&folded).1),
        Part::First(n) if count >= usize::from(n) => folded.chars().take(n.into()).collect(),
        Part::Last(n) if count >= usize::from(n) => folded.chars().skip(count - usize::from(n)).collect(),
        Part::First(_) | Part::Last(_) => String::new(),
    };
    if taken.trim().is_empty() || taken.contains('*') { 0 } else { stand_in(&taken) }
}

/// Term frequency as bits for each code: log2 of the chance that two records agree on anything, over the share of this one value.
///
/// A pair that agrees on a value of share f is worth log2(m / f) instead of log2(m / u) (Winkler 1989; Splink does the same); u being about the sum
/// of the squared shares, the difference is what stands here. Values without a form have 0.
fn rarities(codes: &[u32], forms: &[Form]) -> Vec<[f64; 2]> {
    let mut by_code = vec![0u64; forms.len()];
    for code in codes.iter().filter(|c| **c != MISSING) {
        by_code[*code as usize] += 1;
    }
    let bits = |of: fn(&Form) -> u64| {
        let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
        for (form, n) in forms.iter().zip(&by_code).filter(|(f, _)| of(f) != 0) {
            *counts.entry(of(form)).or_default() += n;
        }
        let all = counts.values().sum::<u64>() as f64;
        let squares = counts.values().map(|n| u128::from(*n) * u128::from(*n)).sum::<u128>() as f64;
        let usual = squares / all;
        let rarity = |form: &Form| counts.get(&of(form)).map_or(0.0, |n| libm::log2(usual / (*n).max(1) as f64));
        forms.iter().map(rarity).collect::<Vec<f64>>()
    };
    bits(|f| f.folded).into_iter().zip(bits(|f| f.weaker)).map(|(text, sound)| [text, sound]).collect()
}
