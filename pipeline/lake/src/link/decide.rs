//! Who is linked to whom. A link needs the probability, a lead over the next candidate, and no word of a person against it; what lacks one of these is
//! left apart and listed for review. Two known numbers are never merged.

use std::collections::{BTreeMap, BTreeSet};

use super::blocks::Pairing;
use super::cluster::cluster;
use super::model::Model;
use super::records::{Pseudonym, Records};
use super::score::{Pair, Step, score};
use crate::error::{Result, explain};

/// What is asked of a link.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demand {
    /// The least probability, above 0.5 and below 1.
    pub threshold: f64,
    /// Bits by which the best candidate leads the second.
    pub margin_bits: f64,
    /// The least probability of a pair that is listed for review, above 0 and at most `threshold`.
    pub review: f64,
}

impl Default for Demand {
    /// 0.99, a lead of 16 times, review from 0.5.
    fn default() -> Demand {
        Demand { threshold: 0.99, margin_bits: 4.0, review: 0.5 }
    }
}

/// What persons have said. It overrides every score, `not_same` also `same`.
#[derive(Clone, Debug, Default)]
pub struct Declared {
    /// Pairs that are one person.
    pub same: Vec<(Pseudonym, Pseudonym)>,
    /// Pairs that are two.
    pub not_same: Vec<(Pseudonym, Pseudonym)>,
    /// Unknown pseudonyms that stood for a group before: they go on doing so, that no identity changes its name overnight.
    pub standing: Vec<Pseudonym>,
}

impl Declared {
    pub(super) fn apart(&self) -> BTreeSet<(Pseudonym, Pseudonym)> {
        self.not_same.iter().flat_map(|(a, b)| [(*a, *b), (*b, *a)]).collect()
    }
}

/// What became of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The unknown left is the known right.
    Linked,
    /// Both are unknown and one person.
    Grouped,
    /// A person said so.
    Declared,
    /// Likely enough to be looked at, not to be merged.
    Review,
}

impl Decision {
    /// As tables have it.
    pub fn code(self) -> &'static str {
        match self {
            Decision::Linked => "linked",
            Decision::Grouped => "grouped",
            Decision::Declared => "declared",
            Decision::Review => "review",
        }
    }
}

/// One row of the list of merges.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The unknown pseudonym.
    pub left: Pseudonym,
    /// What it is compared with.
    pub right: Pseudonym,
    /// 1 where a person said so.
    pub probability: f64,
    /// Bits; the sum of the steps. 0 where a person said so.
    pub bits: f64,
    /// Level and bits of each comparison.
    pub steps: Vec<Step>,
    /// What became of it.
    pub decision: Decision,
}

/// The outcome of a linkage.
pub struct Links {
    /// From each merged unknown pseudonym to whom it stands for now, with the least probability on the way. Nobody else is in it.
    pub stands_for: BTreeMap<Pseudonym, (Pseudonym, f64)>,
    /// Every merge and every pair for review, by left, then right.
    pub rows: Vec<Row>,
    /// Pairs of records compared.
    pub compared: u64,
    /// Warnings in words, without a value of anybody.
    pub warnings: Vec<String>,
}

/// Links records without a known number to known ones, and to each other where no known one is in question.
///
/// Errors: a demand outside its range, or a model that names a field the records lack (exit 4).
pub fn link(records: &Records, model: &Model, demand: Demand, declared: &Declared) -> Result<Links> {
    check(demand)?;
    let scores = score(records, model, Pairing::Unknown, demand.review)?;
    let apart = declared.apart();
    let pairs: Vec<&Pair> = scores.pairs.iter().filter(|p| !apart.contains(&(p.left, p.right))).collect();
    let mut links = Links { stands_for: BTreeMap::new(), rows: Vec::new(), compared: scores.compared, warnings: scores.warnings };
    declared_links(&mut links, records, declared, &apart);
    let mut by_left: BTreeMap<Pseudonym, Vec<&Pair>> = BTreeMap::new();
    for pair in pairs.iter().filter(|p| p.right_known) {
        by_left.entry(pair.left).or_default().push(pair);
    }
    for (left, candidates) in &by_left {
        let best = unique_best(candidates, demand);
        for pair in candidates {
            let decision = match best {
                _ if links.stands_for.contains_key(left) => Decision::Review,
                Some(best) if best == pair.right => Decision::Linked,
                _ => Decision::Review,
            };
            links.rows.push(row(pair, decision));
        }
        if let Some((right, probability)) = best.and_then(|b| candidates.iter().find(|p| p.right == b)).map(|p| (p.right, p.probability)) {
            links.stands_for.entry(*left).or_insert((right, probability));
        }
    }
    let free = |id: &Pseudonym| !by_left.contains_key(id) && !links.stands_for.contains_key(id);
    let (open, rest): (Vec<&Pair>, Vec<&Pair>) = pairs.iter().filter(|p| !p.right_known).partition(|p| free(&p.left) && free(&p.right));
    let (open, undecided) = group(&mut links, &open, demand, &apart, declared);
    links.rows.extend(open.into_iter().chain(undecided).chain(rest.into_iter().map(|p| row(p, Decision::Review))));
    links.rows.sort_by(|a, b| (a.left, a.right, a.decision.code()).cmp(&(b.left, b.right, b.decision.code())));
    Ok(links)
}

fn check(demand: Demand) -> Result<()> {
    let whole = demand.threshold > 0.5 && demand.threshold < 1.0 && demand.review > 0.0 && demand.review <= demand.threshold;
    if whole && demand.margin_bits >= 0.0 {
        return Ok(());
    }
    let found = format!("threshold {}, review {}, margin_bits {}", demand.threshold, demand.review, demand.margin_bits);
    let expected = "0.5 < threshold < 1, 0 < review <= threshold, margin_bits >= 0";
    Err(explain("a linkage cannot be asked this")
        .found(found)
        .expected(expected)
        .remedy("correct [identity] in the configuration")
        .config())
}

fn row(pair: &Pair, decision: Decision) -> Row {
    Row { left: pair.left, right: pair.right, probability: pair.probability, bits: pair.bits, steps: pair.steps.clone(), decision }
}

/// The known pseudonym that reaches the threshold and leads every other by the margin.
fn unique_best(candidates: &[&Pair], demand: Demand) -> Option<Pseudonym> {
    let mut order: Vec<&&Pair> = candidates.iter().collect();
    order.sort_by(|a, b| b.bits.total_cmp(&a.bits).then(a.right.cmp(&b.right)));
    let (best, second) = (order.first()?, order.get(1));
    let leads = second.is_none_or(|second| best.bits - second.bits >= demand.margin_bits);
    (best.probability >= demand.threshold && leads).then_some(best.right)
}

/// What persons declared the same: an unknown stands for the known one, or for the lesser of two unknown. Known with known is refused, with a warning.
fn declared_links(links: &mut Links, records: &Records, declared: &Declared, apart: &BTreeSet<(Pseudonym, Pseudonym)>) {
    let known = |id: &Pseudonym| records.ids.binary_search(id).ok().map(|at| records.known[at]);
    let mut same: Vec<(Pseudonym, Pseudonym)> = declared.same.iter().map(|(a, b)| (*a.max(b), *a.min(b))).collect();
    same.sort_unstable();
    same.dedup();
    for (mut left, mut right) in same {
        if known(&left) == Some(true) {
            (left, right) = (right, left);
        }
        let taken = links.stands_for.contains_key(&left) || links.stands_for.values().any(|(to, _)| *to == left);
        let onward = links.stands_for.get(&right).map_or(right, |(to, _)| *to);
        if known(&left) != Some(false) || known(&right).is_none() || apart.contains(&(left, right)) || taken {
            links.warnings.push(
                "a pair declared the same was not merged: both numbers known, one not in the lake, contradicted or said twice".to_owned(),
            );
            continue;
        }
        links.stands_for.insert(left, (onward, 1.0));
        links.rows.push(Row { left, right, probability: 1.0, bits: 0.0, steps: Vec::new(), decision: Decision::Declared });
    }
}

/// Groups unknown records among themselves. Returns the rows of merges and those left for review.
fn group(
    links: &mut Links,
    open: &[&Pair],
    demand: Demand,
    apart: &BTreeSet<(Pseudonym, Pseudonym)>,
    declared: &Declared,
) -> (Vec<Row>, Vec<Row>) {
    let standing: BTreeSet<Pseudonym> = declared.standing.iter().copied().collect();
    let clusters = cluster(open, &BTreeSet::new(), apart, demand.threshold);
    let (mut merged, mut review) = (Vec::new(), Vec::new());
    for pair in open {
        let together = clusters.get(&pair.left).is_some_and(|c| Some(c) == clusters.get(&pair.right));
        let sure = together && pair.probability >= demand.threshold;
        if sure { &mut merged } else { &mut review }.push(row(pair, if sure { Decision::Grouped } else { Decision::Review }));
    }
    let mut members: BTreeMap<Pseudonym, Vec<Pseudonym>> = BTreeMap::new();
    for (member, cluster) in &clusters {
        members.entry(*cluster).or_default().push(*member);
    }
    for members in members.values().filter(|m| m.len() > 1) {
        let head = members.iter().find(|m| standing.contains(*m)).or(members.first()).copied();
        for (member, head) in members.iter().filter_map(|m| head.filter(|h| h != m).map(|h| (*m, h))) {
            let of_member = merged.iter().filter(|r| r.left == member || r.right == member);
            let least = of_member.map(|r| r.probability).fold(1.0, f64::min);
            links.stands_for.insert(member, (head, least));
        }
    }
    (merged, review)
}
