//! One debt, several debtors: what the case may expect when each fen counts once, and in which order they are pursued.
//!
//! A fen of a joint debt is recovered if anyone pays it, so parties who owe the same fens combine as due × (1 − Π(1 − share)), where a party's share is
//! its expected recovery over the case's due; it never adds up. A party is bounded by what it owes itself and by the limit of its liability. Parties who
//! owe by share owe different fens: their recoveries add up to one group first, bounded by the due, and the group combines with the rest. The ends
//! combine the parties' low ends, and their high ends: wider than a 90 % interval of the case, since all would have to turn out badly (well) together;
//! the dependence between parties is not known, and this holds for any.

use crate::means::times;
use crate::metrics::party::Party;

/// Low end, expectation and high end of what the case recovers, in fen; `None` where no party has an expectation. A party without one adds nothing
/// but at the high end, where it may pay all it owes.
pub fn recovery_fen(parties: &[Party], due_fen: i64) -> Option<[i64; 3]> {
    if parties.iter().all(|p| p.recovery_fen.is_none()) {
        return None;
    }
    Some([0, 1, 2].map(|end| combined_fen(parties, due_fen, end)))
}

fn combined_fen(parties: &[Party], due_fen: i64, end: usize) -> i64 {
    if due_fen <= 0 {
        return 0;
    }
    let bounded = |p: &Party| {
        // Unrated is not unable: at the high end such a party may still pay all it owes.
        let expected = p.recovery_fen.map_or(if end == 2 { p.outstanding_fen } else { 0 }, |r| r[end]);
        expected.min(p.outstanding_fen).min(p.limit_fen.unwrap_or(i64::MAX)).clamp(0, due_fen)
    };
    let by_share = |p: &&Party| p.liability.as_deref() == Some("by_share");
    let apart = parties.iter().filter(by_share).map(bounded).fold(0_i64, i64::saturating_add).min(due_fen);
    let share = |fen: i64| fen as f64 / due_fen as f64;
    let left = parties.iter().filter(|p| !by_share(p)).map(bounded).fold(1.0 - share(apart), |left, fen| left * (1.0 - share(fen)));
    times(due_fen, (1.0 - left).clamp(0.0, 1.0))
}

/// Debtors in order of pursuit: who owes it first (principal and joint debtors, then guarantors and joined parties), a supplementary debtor only after
/// the one to be exhausted before him; among equals the greater expected recovery, then the id.
pub fn order_of_pursuit(parties: &[Party]) -> Vec<&str> {
    let is_supplementary = |p: &&Party| p.liability.as_deref() == Some("supplementary");
    let mut waiting: Vec<&Party> = parties.iter().collect();
    waiting.sort_by_key(|p| {
        let behind = !matches!(p.role.as_deref(), None | Some("principal" | "joint"));
        let expected = p.recovery_fen.map_or(0, |r| r[1]);
        (is_supplementary(p), behind, -expected, p.debtor_id.as_str())
    });
    let mut order: Vec<&str> = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let free = |p: &&Party| {
            let before = p.after_party.as_deref().filter(|b| *b != p.debtor_id);
            // Whoever is not in this case (any more) keeps nobody waiting.
            before.is_none_or(|b| order.contains(&b) || !parties.iter().any(|q| q.debtor_id == b))
        };
        // Parties that wait for each other are taken as they stand rather than lost.
        let next = waiting.iter().position(free).unwrap_or(0);
        order.push(&waiting.remove(next).debtor_id);
    }
    order
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn party(id: &str, liability: &str, outstanding_fen: i64, expected: i64) -> Party {
        Party {
            debtor_id: id.into(),
            role: Some("principal".into()),
            liability: Some(liability.into()),
            outstanding_fen,
            recovery_fen: Some([0, expected, outstanding_fen]),
            ..Party::default()
        }
    }

    #[test]
    fn solidary_debtors_never_add_up() {
        let parties = [party("a", "solidary", 1_000, 500), party("b", "solidary", 1_000, 500)];
        assert_eq!(recovery_fen(&parties, 1_000), Some([0, 750, 1_000]));
        assert_eq!(recovery_fen(&parties[..1], 1_000), Some([0, 500, 1_000]));
    }

    #[test]
    fn shares_add_up_to_the_due_and_no_further() {
        let parties = [party("a", "by_share", 600, 300), party("b", "by_share", 400, 400)];
        assert_eq!(recovery_fen(&parties, 1_000), Some([0, 700, 1_000]));
        let too_much = [party("a", "by_share", 900, 900), party("b", "by_share", 900, 900)];
        assert_eq!(recovery_fen(&too_much, 1_000).unwrap()[1], 1_000);
    }

    #[test]
    fn a_limit_bounds_a_party_and_an_unrated_one_adds_nothing() {
        let mut limited = party("a", "limited_amount", 1_000, 900);
        limited.limit_fen = Some(200);
        let unrated = Party { debtor_id: "b".into(), outstanding_fen: 1_000, ..Party::default() };
        assert_eq!(recovery_fen(&[limited, unrated.clone()], 1_000).unwrap()[1], 200);
        assert_eq!(recovery_fen(&[unrated], 1_000), None);
    }

    #[test]
    fn at_the_high_end_an_unrated_party_may_pay_all_it_owes() {
        let unrated = |outstanding_fen| Party { debtor_id: "b".into(), outstanding_fen, ..Party::default() };
        let rated = || Party { recovery_fen: Some([100, 200, 300]), ..party("a", "solidary", 1_000, 0) };
        // One rated party alone keeps its own ends; beside an unrated one only the high end moves, by what that one owes and no more.
        assert_eq!(recovery_fen(&[rated()], 1_000), Some([100, 200, 300]));
        assert_eq!(recovery_fen(&[rated(), unrated(1_000)], 1_000), Some([100, 200, 1_000]));
        assert_eq!(recovery_fen(&[rated(), unrated(500)], 1_000), Some([100, 200, 650]));
        let limited = Party { limit_fen: Some(200), ..unrated(500) };
        assert_eq!(recovery_fen(&[rated(), limited], 1_000), Some([100, 200, 440]));
        let by_share = Party { liability: Some("by_share".into()), ..unrated(400) };
        let shared = Party { recovery_fen: Some([100, 200, 300]), ..party("a", "by_share", 600, 0) };
        assert_eq!(recovery_fen(&[shared, by_share], 1_000), Some([100, 200, 700]));
    }

    #[test]
    fn the_supplementary_debtor_waits_for_the_one_before_him() {
        let mut guarantor = party("a", "supplementary", 1_000, 900);
        guarantor.role = Some("guarantor".into());
        guarantor.after_party = Some("c".into());
        let mut joined = party("b", "solidary", 1_000, 999);
        joined.role = Some("joined".into());
        let parties = [guarantor, joined, party("c", "solidary", 1_000, 10), party("d", "solidary", 1_000, 20)];
        assert_eq!(order_of_pursuit(&parties), ["d", "c", "b", "a"]);
        let mut ring = [party("a", "supplementary", 1, 0), party("b", "supplementary", 1, 0)];
        ring[0].after_party = Some("b".into());
        ring[1].after_party = Some("a".into());
        assert_eq!(order_of_pursuit(&ring), ["a", "b"]);
    }
}
