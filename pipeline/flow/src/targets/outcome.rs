//! The three targets of the contract (§3), each from facts within the window.

use std::collections::BTreeSet;

use luheng_lake::columns::Day;

use crate::context::Context;
use crate::cutoff::{Facts, Party, Row, View};
use crate::features::conduct;
use crate::means;
use crate::standing::Standing;

/// Tables that say what is held on the horizon day.
const HELD: [&str; 8] = ["debtors", "cases", "parties", "payments", "assets", "seizures", "incomes", "inquiries"];

/// What came of a party within the horizon; `None` where the axis says nothing of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// 1 covered to the good share, else 0.
    pub capacity: Option<f64>,
    /// 1 every means-free duty met and half of the spendable means paid, else 0.
    pub willingness: Option<f64>,
    /// Money received over due, 0 to 1.
    pub recovery: Option<f64>,
}

impl Outcome {
    /// Does no axis learn from it?
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Reads the outcome of a party from its day; `now` is what is known on the training day.
pub fn outcome(facts: &Facts, now: &View<'_>, party: &Party<'_, '_>, standing: &Standing, ctx: &Context) -> Outcome {
    let chain = carried_on(now, party.case_no);
    let money = |spec: &crate::rating::Spec| window(now, &chain, party.day(), spec.horizon_days).filter(|end| *end <= ctx.as_of);
    let mut outcome = Outcome::default();
    if let Some(end) = money(&ctx.ratings.capacity) {
        let received = received(now, &chain, party.day(), end);
        let horizon = facts.view_of(party.view.debtor_id, end, &HELD);
        let held = chain.iter().filter_map(|case_no| horizon.party(case_no)).filter(Party::is_live);
        let held = held.map(|p| means::means_of(&p, ctx).controlled_fen).fold(0_i64, i64::saturating_add);
        let due = party.due_fen();
        let covered = received.saturating_add(held) as f64 >= ctx.ratings.capacity.good_share * due as f64;
        if standing.capacity_status == "rated" && (covered || !is_censored(now, &chain, party.day(), end)) {
            outcome.capacity = Some(f64::from(u8::from(covered)));
            let share = received.min(due) as f64 / due as f64;
            outcome.recovery = Some(share.clamp(0.0, 1.0));
        }
    }
    if let Some(end) = money(&ctx.ratings.willingness)
        && standing.willingness_status == "rated"
    {
        outcome.willingness = willing(now, &chain, party, standing, end, ctx).map(|w| f64::from(u8::from(w)));
    }
    outcome
}

/// The case and those that carried its debt on.
fn carried_on<'v>(now: &View<'v>, case_no: &'v str) -> BTreeSet<&'v str> {
    let mut chain = BTreeSet::from([case_no]);
    for _ in 0..now.rows("cases").len() {
        let next = now.rows("cases").iter().filter(|c| c.text("resumed_from").is_some_and(|from| chain.contains(from)));
        let next: Vec<&str> = next.filter_map(|c| c.text("case_no")).collect();
        let before = chain.len();
        chain.extend(next);
        if chain.len() == before {
            break;
        }
    }
    chain
}

/// The last day of the window: the horizon, longer by the days a stay took out of it. None while a stay has no end.
fn window(now: &View<'_>, chain: &BTreeSet<&str>, from: Day, horizon: i32) -> Option<Day> {
    let mut end = from.saturating_add(horizon);
    let mut stays: Vec<(Day, Option<Day>)> = now
        .rows("stays")
        .iter()
        .filter(|s| s.text("case_no").is_some_and(|c| chain.contains(c)))
        .filter_map(|s| s.date("from_on").map(|start| (start, s.date("to_on"))))
        .collect();
    stays.sort_unstable();
    stays.dedup();
    for (start, stop) in stays {
        if start < end && stop.is_none_or(|stop| stop > from) {
            end = end.saturating_add(stop? - start.max(from));
        }
    }
    Some(end)
}

fn own_payments<'a>(now: &View<'a>, chain: &BTreeSet<&str>, from: Day, end: Day) -> Vec<Row<'a>> {
    let counts = |p: &&Row<'_>| {
        p.text("case_no").is_some_and(|c| chain.contains(c))
            && now.is_own(p)
            && p.date("paid_on").is_some_and(|on| on > from && on <= end)
            && p.date("reversed_on").is_none()
    };
    now.rows("payments").iter().filter(counts).copied().collect()
}

fn received(now: &View<'_>, chain: &BTreeSet<&str>, from: Day, end: Day) -> i64 {
    own_payments(now, chain, from, end).iter().filter_map(|p| p.fen("amount_fen")).fold(0_i64, i64::saturating_add)
}

/// Did the case end inside the window for a reason that says nothing of the debtor?
fn is_censored(now: &View<'_>, chain: &BTreeSet<&str>, from: Day, end: Day) -> bool {
    now.rows("cases").iter().any(|c| {
        c.text("case_no").is_some_and(|no| chain.contains(no))
            && c.date("closed_on").is_some_and(|on| on > from && on <= end)
            && matches!(c.text("close_ground"), Some("bankruptcy" | "transferred" | "withdrawn" | "no_estate"))
    })
}

/// Met every means-free duty that fell due in the window, and paid half of what could be spent? None where no duty fell due. Bad prevails over good.
fn willing(now: &View<'_>, chain: &BTreeSet<&str>, party: &Party<'_, '_>, standing: &Standing, end: Day, ctx: &Context) -> Option<bool> {
    let from = party.day();
    let inside = |on: Option<Day>| on.is_some_and(|on| on > from && on <= end);
    let acts: Vec<&Row<'_>> = now.rows("conduct").iter().filter(|c| inside(c.date("happened_on")) && conduct::counts(c)).collect();
    let any = |kinds: &[&str]| acts.iter().any(|c| c.text("kind").is_some_and(|k| kinds.contains(&k)));
    if any(conduct::BREACHED) {
        return Some(false);
    }
    let reported = now.rows("milestones").iter().any(|m| {
        m.text("case_no").is_some_and(|c| chain.contains(c)) && m.text("node") == Some("property_report") && inside(m.date("due_on"))
    });
    let limited = party.view.rows("listings").iter().any(|l| l.text("list") == Some("consumption_limit") && conduct::in_force(l, from));
    if !reported && !limited && !any(conduct::MET) {
        return None;
    }
    let paid = own_payments(now, chain, from, end);
    let paid = paid.iter().filter(|p| matches!(p.text("source"), None | Some("voluntary" | "settlement")));
    let paid = paid.filter_map(|p| p.fen("amount_fen")).fold(0_i64, i64::saturating_add);
    let spendable = standing.spendable_fen.min(standing.outstanding_fen);
    let paid_enough = paid as f64 >= ctx.ratings.willingness.good_share * spendable as f64;
    // A case that ended for a reason of its own left no time to pay.
    if !paid_enough && is_censored(now, chain, from, end) { None } else { Some(paid_enough) }
}
