//! Groups of records from scored pairs, safe against chains: A like B and B like C does not make A and C one person.

use std::collections::{BTreeMap, BTreeSet};

use super::records::Pseudonym;
use super::score::Pair;

/// Two groups merge where at least this share of the pairs between them is likelier one person than two; pairs that no rule looked at are not.
const COHESION: f64 = 1.0 / 3.0;
const LIKELIER: f64 = 0.5;

/// Groups in the making.
struct Groups {
    group_of: BTreeMap<Pseudonym, usize>,
    members: Vec<Vec<Pseudonym>>,
}

/// From each pseudonym of a pair to the least of its group.
///
/// Pairs of at least `threshold` are taken in order of weight, the heaviest first. Two groups merge only where enough of the pairs between them agree
/// (so no single pair chains two groups), no pair of them is `apart`, and they hold at most one of `known` between them.
pub fn cluster(
    pairs: &[&Pair],
    known: &BTreeSet<Pseudonym>,
    apart: &BTreeSet<(Pseudonym, Pseudonym)>,
    threshold: f64,
) -> BTreeMap<Pseudonym, Pseudonym> {
    let mut sure: Vec<&&Pair> = pairs.iter().filter(|p| p.probability >= threshold).collect();
    sure.sort_by(|a, b| b.bits.total_cmp(&a.bits).then((a.left, a.right).cmp(&(b.left, b.right))));
    let likely = pairs.iter().filter(|p| p.probability >= LIKELIER);
    let agree: BTreeSet<(Pseudonym, Pseudonym)> = likely.flat_map(|p| [(p.left, p.right), (p.right, p.left)]).collect();
    let ids: BTreeSet<Pseudonym> = pairs.iter().flat_map(|p| [p.left, p.right]).collect();
    let members: Vec<Vec<Pseudonym>> = ids.iter().map(|id| vec![*id]).collect();
    let mut groups = Groups { group_of: ids.iter().enumerate().map(|(n, id)| (*id, n)).collect(), members };
    // A pair held back because its groups agreed too little may pass when they have grown: until nothing changes.
    loop {
        let before = groups.open();
        for pair in &sure {
            groups.merge(pair, known, apart, &agree);
        }
        if groups.open() == before {
            break;
        }
    }
    groups.least()
}

impl Groups {
    fn open(&self) -> usize {
        self.members.iter().filter(|m| !m.is_empty()).count()
    }

    fn merge(
        &mut self,
        pair: &Pair,
        known: &BTreeSet<Pseudonym>,
        apart: &BTreeSet<(Pseudonym, Pseudonym)>,
        agree: &BTreeSet<(Pseudonym, Pseudonym)>,
    ) {
        let (Some(&a), Some(&b)) = (self.group_of.get(&pair.left), self.group_of.get(&pair.right)) else { return };
        if a == b {
            return;
        }
        let (left, right) = (&self.members[a], &self.members[b]);
        let across = || left.iter().flat_map(|x| right.iter().map(move |y| (*x, *y)));
        let numbers = left.iter().chain(right).filter(|id| known.contains(*id)).count();
        let agreeing = across().filter(|pair| agree.contains(pair)).count();
        let cohesive = agreeing as f64 >= COHESION * (left.len() * right.len()) as f64;
        if numbers > 1 || !cohesive || across().any(|pair| apart.contains(&pair)) {
            return;
        }
        let moved = std::mem::take(&mut self.members[b]);
        for id in &moved {
            self.group_of.insert(*id, a);
        }
        self.members[a].extend(moved);
    }

    fn least(&self) -> BTreeMap<Pseudonym, Pseudonym> {
        let heads: Vec<Option<Pseudonym>> = self.members.iter().map(|m| m.iter().min().copied()).collect();
        self.group_of.iter().filter_map(|(id, group)| heads[*group].map(|head| (*id, head))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::probability;

    fn pair(left: u8, right: u8, bits: f64) -> Pair {
        Pair { left: [left; 16], right: [right; 16], right_known: false, bits, probability: probability(bits), steps: Vec::new() }
    }

    fn clustered(pairs: &[Pair], known: &[u8], apart: &[(u8, u8)]) -> Vec<(u8, u8)> {
        let pairs: Vec<&Pair> = pairs.iter().collect();
        let known = known.iter().map(|k| [*k; 16]).collect();
        let apart = apart.iter().flat_map(|(a, b)| [([*a; 16], [*b; 16]), ([*b; 16], [*a; 16])]).collect();
        cluster(&pairs, &known, &apart, 0.99).iter().map(|(id, head)| (id[0], head[0])).collect()
    }

    #[test]
    fn one_pair_does_not_chain_two_groups() {
        let threes = [pair(1, 2, 20.0), pair(1, 3, 20.0), pair(2, 3, 20.0), pair(4, 5, 20.0), pair(4, 6, 20.0), pair(5, 6, 20.0)];
        let bridged: Vec<Pair> = threes.iter().cloned().chain([pair(3, 4, 8.0)]).collect();
        assert_eq!(clustered(&bridged, &[], &[]), [(1, 1), (2, 1), (3, 1), (4, 4), (5, 4), (6, 4)]);
        let held: Vec<Pair> = bridged.iter().cloned().chain([pair(2, 4, 1.0), pair(3, 5, 1.0)]).collect();
        assert!(clustered(&held, &[], &[]).iter().all(|(_, head)| *head == 1));
    }

    #[test]
    fn numbers_and_persons_keep_apart() {
        let three = [pair(1, 2, 20.0), pair(2, 3, 19.0), pair(1, 3, 18.0)];
        assert_eq!(clustered(&three, &[], &[]), [(1, 1), (2, 1), (3, 1)]);
        assert_eq!(clustered(&three, &[1, 3], &[]), [(1, 1), (2, 1), (3, 3)]);
        assert_eq!(clustered(&three, &[], &[(1, 3)]), [(1, 1), (2, 1), (3, 3)]);
        assert_eq!(clustered(&[pair(1, 2, 5.0)], &[], &[]), [(1, 1), (2, 2)], "below the threshold");
    }
}
