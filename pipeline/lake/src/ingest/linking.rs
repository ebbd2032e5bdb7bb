//! Who is linked to whom tonight: a function of the debtors known, of what persons have decided, and of the model kept. Nothing of earlier nights but
//! that model enters, so that full exports, changes and all at once come to the same links.

use std::collections::{BTreeMap, BTreeSet};

use super::links::{self, Listed, Models, Standing};
use super::people::{People, Sort};
use super::record::{Id, hex};
use super::references::{Basis, References};
use super::split::Splitter;
use crate::error::{Error, Result};
use crate::link::{self, Declared, Demand, Model, Pairing};
use crate::store::vault::Vault;

/// How debtors without a number are linked; none of it where linking is off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Linking {
    /// The least probability of a link, above 0.5 and below 1.
    pub threshold: f64,
    /// The least probability of a pair that is listed for a person to look at, above 0 and at most `threshold`.
    pub review: f64,
    /// Which training of the model this is: another number has it trained anew.
    pub training: i64,
}

/// The probabilities that the lake knows: a link is said to be at least as likely as one of these. The exact one changes with every debtor that
/// comes and stands in the vault's list; rows of the lake need not be written anew for it.
const SAID: [f64; 9] = [0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 0.9999, 0.99999, 1.0];

/// A probability rounded down to what the lake says of it.
fn said(probability: f64) -> f64 {
    SAID.into_iter().rev().find(|said| *said <= probability).unwrap_or_default()
}

impl Splitter<'_> {
    /// Links debtors, in the maps and in the vault's list, and notes whose rows move for it.
    pub(super) fn link(&mut self, people: Option<People>) -> Result<()> {
        let vault = Vault::open(&self.request.work.vault(), &self.request.vault);
        let mut models = links::models(&vault)?;
        let before = if self.held.is_some() { links::standing(&vault)? } else { Standing::new() };
        let (mut now, mut listed) = (BTreeMap::new(), Vec::new());
        if let (Some(people), Some(how)) = (people, self.request.linking) {
            let declared = self.declared()?;
            for sort in Sort::ALL {
                let found = linked(&people, sort, &self.references, &mut models, how, &declared)?;
                let Some((links, model)) = found else { continue };
                self.out.warnings.extend(links.warnings.iter().map(|w| format!("identity: {}: {w}", sort.name())));
                now.extend(resolved(&links.stands_for));
                listed.extend(links.rows.into_iter().map(|row| Listed::of(row, &model)));
            }
        }
        self.check_links(&now)?;
        let said: BTreeMap<Id, (Id, f64)> = now.into_iter().map(|(base, (to, p))| (base, (to, said(p)))).collect();
        self.references.link(&said);
        self.note_links(&said, &before);
        if let Some(staging) = self.staging {
            let staged = Vault::open(&staging.join("vault"), &self.request.vault);
            links::write((&vault, &staged), listed, &self.out.moves.links, &models, self.request.as_of)?;
        }
        Ok(())
    }

    /// What persons have decided, as pairs of own pseudonyms.
    fn declared(&mut self) -> Result<Declared> {
        let decisions = self.read_decisions()?;
        let own = |source: &str, reference: &str| {
            let id = self.identity.of_ref(source, reference);
            self.references.debtor_by_ref_id(&id).map_or(id, |d| d.base)
        };
        let mut declared = Declared::default();
        for ((a, b), is_same) in decisions {
            let (a, b) = (own(&a.0, &a.1), own(&b.0, &b.1));
            if a != b {
                let pairs = if is_same { &mut declared.same } else { &mut declared.not_same };
                pairs.push((a.min(b), a.max(b)));
            }
        }
        for pairs in [&mut declared.same, &mut declared.not_same] {
            pairs.sort_unstable();
            pairs.dedup();
        }
        Ok(declared)
    }

    /// Two known numbers are two debtors: a link never leaves one.
    fn check_links(&self, now: &BTreeMap<Id, (Id, f64)>) -> Result<()> {
        let numbers: BTreeSet<Id> = self.references.all().filter(|d| d.basis == Basis::Number).map(|d| d.base).collect();
        match now.keys().find(|base| numbers.contains(*base)) {
            Some(base) => {
                let who = if self.request.may_quote() { format!("debtor {}", hex(base)) } else { "a debtor".to_owned() };
                Err(Error::fault(format!("{who} is known by number and was linked to another")))
            }
            None => Ok(()),
        }
    }

    /// Notes who is linked otherwise than the lake has it.
    fn note_links(&mut self, now: &BTreeMap<Id, (Id, f64)>, before: &Standing) {
        let moves = &mut self.out.moves;
        moves.links = now.iter().map(|(base, (to, p))| (hex(base), (hex(to), *p))).collect();
        for base in before.keys().chain(moves.links.keys()) {
            match (before.get(base), moves.links.get(base)) {
                (Some((a, p)), Some((b, q))) if a == b => {
                    if p != q {
                        moves.reweighed.insert(base.clone());
                    }
                }
                _ => {
                    moves.relinked.insert(base.clone());
                }
            }
        }
    }
}

/// The links of one sort, and the hash of the model they are made with; `None` where nobody lacks a number.
fn linked(
    people: &People,
    sort: Sort,
    references: &References,
    models: &mut Models,
    how: Linking,
    declared: &Declared,
) -> Result<Option<(link::Links, String)>> {
    let own = |ref_id: &Id| references.debtor_by_ref_id(ref_id).map(|d| (d.base, d.basis == Basis::Number));
    let (records, [unknown, _]) = people.records(sort, &own);
    if unknown == 0 || records.len() < 2 {
        return Ok(None);
    }
    let spec = sort.spec();
    let kept = models.get(sort.name()).filter(|kept| kept.training == how.training);
    let kept = kept.map(|kept| Model::from_json(&kept.json)).transpose()?.filter(|model| model.spec == spec);
    let mut warnings = Vec::new();
    let model = match kept {
        Some(model) => model,
        None => {
            let trained = link::train(&records, &spec, Pairing::Unknown)?;
            warnings = trained.warnings;
            warnings.push(format!("a linkage model was trained of {} records", records.len()));
            models.insert(sort.name().to_owned(), links::Kept { training: how.training, json: trained.model.to_json()? });
            trained.model
        }
    };
    let demand = Demand { threshold: how.threshold, review: how.review, ..Demand::default() };
    let mut links = link::link(&records, &model, demand, declared)?;
    links.warnings.splice(0..0, warnings);
    Ok(Some((links, links::hash_of(&model.to_json()?))))
}

/// From each own pseudonym to the last it stands for, with the least probability on the way.
fn resolved(stands_for: &BTreeMap<Id, (Id, f64)>) -> BTreeMap<Id, (Id, f64)> {
    let last = |(to, probability): (Id, f64)| {
        let (mut to, mut least) = (to, probability);
        // No way is longer than there are steps.
        for _ in 0..stands_for.len() {
            let Some((next, p)) = stands_for.get(&to) else { break };
            (to, least) = (*next, least.min(*p));
        }
        (to, least)
    };
    stands_for.iter().map(|(base, step)| (*base, last(*step))).filter(|(base, (to, _))| base != to).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_said_to_be_no_likelier_than_it_is() {
        assert_eq!([0.5, 0.994, 0.999, 0.99899, 0.999_999_9, 1.0].map(said), [0.5, 0.99, 0.999, 0.99, 0.99999, 1.0]);
    }

    #[test]
    fn links_are_followed_to_their_end() {
        let id = |n: u8| [n; 16];
        let steps = BTreeMap::from([(id(1), (id(2), 0.995)), (id(2), (id(3), 0.999)), (id(4), (id(5), 1.0)), (id(5), (id(4), 1.0))]);
        let ends = resolved(&steps);
        assert_eq!(ends.get(&id(1)), Some(&(id(3), 0.995)));
        assert_eq!(ends.get(&id(2)), Some(&(id(3), 0.999)));
    }
}
