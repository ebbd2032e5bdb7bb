//! The targets of the contract (§3), each from facts within the window, and where a case was cut off before it said anything.

use std::collections::BTreeSet;

use luheng_lake::columns::Day;

use crate::conduct;
use crate::context::Context;
use crate::cutoff::{Facts, Party, Row, View};
use crate::means::{self, Control};
use crate::standing::{self, Standing};

/// Tables that say what is held on the horizon day.
const HELD: [&str; 8] = ["debtors", "cases", "parties", "payments", "assets", "seizures", "incomes", "inquiries"];

/// What came of a party within the horizon; `None` where the axis says nothing of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// 1 covered to the good share, else 0.
    pub capacity: Option<f64>,
    /// The window of `capacity` and `recovery`.
    pub capacity_window: Window,
    /// 1 every means-free duty met and half of the spendable means paid, else 0.
    pub willingness: Option<f64>,
    /// The window of `willingness`; its outcome is known only after the grace where a report fell due.
    pub willingness_window: Window,
    /// Money received over due, 0 to 1.
    pub recovery: Option<f64>,
    /// Of a case closed for want of property: 1 money came in or a disposable asset was found, else 0.
    pub revival: Option<f64>,
    /// The window of `revival`.
    pub revival_window: Window,
}

/// When an outcome was known, or why it never will be.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Window {
    /// The day on which the outcome was known: the last of the window, stays and grace included. None where there is neither outcome nor end.
    pub end: Option<Day>,
    /// The day on which the case ended for a reason of its own, before there was an outcome.
    pub censored_on: Option<Day>,
    /// Days for which the case could have ended so: until it did, until it ended for good otherwise, or the window.
    pub risk_days: Option<i32>,
}

impl Outcome {
    /// Does no axis learn from it, not even that it was cut off?
    pub fn is_empty(&self) -> bool {
        let labels = [self.capacity, self.willingness, self.recovery, self.revival];
        let windows = [self.capacity_window, self.willingness_window, self.revival_window];
        labels.iter().all(Option::is_none) && windows.iter().all(|window| window.censored_on.is_none())
    }
}

/// Which axes learn from a party on its day, whatever came of it: those that have an outcome, or were cut off.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Learns {
    /// Capacity, and with it the recovered share.
    pub capacity: bool,
    /// Willingness.
    pub willingness: bool,
    /// Revival.
    pub revival: bool,
}

/// Which axes learn from a party on its day. No means are reckoned for it, and none decide it.
pub fn learns<'a>(now: &View<'a>, party: &Party<'_, 'a>, ctx: &Context) -> Learns {
    let (capacity, willingness) = standing::statuses(party, ctx);
    Learns {
        capacity: capacity_span(now, party, capacity, ctx).is_some(),
        willingness: willingness_span(now, party, willingness, ctx).is_some_and(|(span, reports, _)| span.has_duty(&reports, party)),
        revival: revival_span(now, party, capacity, ctx).is_some(),
    }
}

/// Reads the outcome of a party from its day; `now` is what is known on the training day.
pub fn outcome<'a>(facts: &Facts, now: &View<'a>, party: &Party<'_, 'a>, standing: &Standing, ctx: &Context) -> Outcome {
    let mut outcome = Outcome::default();
    if let Some(span) = capacity_span(now, party, standing.capacity_status, ctx) {
        covered(&span, facts, party, ctx, &mut outcome);
    }
    if let Some((span, reports, known)) = willingness_span(now, party, standing.willingness_status, ctx) {
        let (willing, is_cut_off) = willing(&span, &reports, party, standing, ctx);
        outcome.willingness = willing.map(|w| f64::from(u8::from(w)));
        outcome.willingness_window = span.window(willing.is_some(), is_cut_off);
        outcome.willingness_window.end = outcome.willingness_window.end.map(|_| known);
    }
    if let Some(span) = revival_span(now, party, standing.capacity_status, ctx) {
        let revived = span.received() > 0 || span.has_found(facts, party, ctx);
        let is_cut_off = !revived && span.censored_on().is_some();
        outcome.revival = (!is_cut_off).then_some(f64::from(u8::from(revived)));
        outcome.revival_window = span.window(!is_cut_off, is_cut_off);
    }
    outcome
}

/// The window of capacity, once it has ended.
fn capacity_span<'v, 'a>(now: &'v View<'a>, party: &Party<'_, 'a>, status: &str, ctx: &Context) -> Option<Span<'v, 'a>> {
    let of_axis = || Span::of(now, party, ctx.ratings.capacity.horizon_days);
    (status == "rated").then(of_axis).flatten().filter(|span| span.end <= ctx.as_of)
}

/// The window of willingness with the reports that fell due in it and the day on which its outcome was known, once that has come.
fn willingness_span<'v, 'a>(
    now: &'v View<'a>,
    party: &Party<'_, 'a>,
    status: &str,
    ctx: &Context,
) -> Option<(Span<'v, 'a>, Vec<Row<'a>>, Day)> {
    let spec = &ctx.ratings.willingness;
    let span = (status == "rated").then(|| Span::of(now, party, spec.horizon_days)).flatten()?;
    let reports = span.reports();
    let known = if reports.is_empty() { span.end } else { span.end.saturating_add(spec.grace_days) };
    (known <= ctx.as_of).then_some((span, reports, known))
}

/// The window of revival of a case closed for want of property, once it has ended.
fn revival_span<'v, 'a>(now: &'v View<'a>, party: &Party<'_, 'a>, status: &str, ctx: &Context) -> Option<Span<'v, 'a>> {
    let is_asked = is_closed_for_want(party) && !matches!(status, "not_money" | "minor" | "deceased");
    let of_axis = || Span::of(now, party, ctx.ratings.revival.horizon_days);
    is_asked.then(of_axis).flatten().filter(|span| span.end <= ctx.as_of)
}

/// Is the case closed for want of property on the party's day?
fn is_closed_for_want(party: &Party<'_, '_>) -> bool {
    party.case.text("status") == Some("closed") && party.case.text("close_kind") == Some("no_property")
}

/// Was the due covered, and how much of it was received?
fn covered(span: &Span<'_, '_>, facts: &Facts, party: &Party<'_, '_>, ctx: &Context, outcome: &mut Outcome) {
    let received = span.received();
    let horizon = facts.view_of(party.view.debtor_id, span.end, &HELD);
    let held = span.chain.iter().filter_map(|case_no| horizon.party(case_no)).filter(Party::is_live);
    let held = held.map(|p| means::means_of(&p, ctx).controlled_fen).fold(0_i64, i64::saturating_add);
    let due = party.due_fen();
    let covered = received.saturating_add(held) as f64 >= ctx.ratings.capacity.good_share * due as f64;
    let is_cut_off = !covered && span.censored_on().is_some();
    if !is_cut_off {
        outcome.capacity = Some(f64::from(u8::from(covered)));
        outcome.recovery = Some((received.min(due) as f64 / due as f64).clamp(0.0, 1.0));
    }
    outcome.capacity_window = span.window(!is_cut_off, is_cut_off);
}

/// Met every means-free duty that fell due in the window, and paid half of what could be spent? None where no duty fell due, and where the case was cut
/// off before it could be told, which is the second answer. Bad prevails over good.
fn willing(span: &Span<'_, '_>, reports: &[Row<'_>], party: &Party<'_, '_>, standing: &Standing, ctx: &Context) -> (Option<bool>, bool) {
    if span.has_act(conduct::BREACHED) || reports.iter().any(|step| span.is_neglected(step, ctx.ratings.willingness.grace_days)) {
        return (Some(false), false);
    }
    if !span.has_duty(reports, party) {
        return (None, false);
    }
    let paid = span.own_payments();
    let paid = paid.iter().filter(|p| matches!(p.text("source"), None | Some("voluntary" | "settlement")));
    let paid = paid.filter_map(|p| p.fen("amount_fen")).fold(0_i64, i64::saturating_add);
    let spendable = standing.spendable_fen.min(standing.outstanding_fen);
    let paid_enough = paid as f64 >= ctx.ratings.willingness.good_share * spendable as f64;
    // A case that ended for a reason of its own left no time to pay.
    let is_cut_off = !paid_enough && span.censored_on().is_some();
    ((!is_cut_off).then_some(paid_enough), is_cut_off)
}

/// The days after a rating that an outcome is read from, over the debt's case and those that carried it on.
struct Span<'v, 'a> {
    now: &'v View<'a>,
    chain: BTreeSet<&'a str>,
    from: Day,
    end: Day,
}

impl<'v, 'a> Span<'v, 'a> {
    /// The horizon after the party's day, longer by the days a stay took out of it. None while a stay has no end.
    fn of(now: &'v View<'a>, party: &Party<'_, 'a>, horizon: i32) -> Option<Self> {
        let (chain, from) = (carried_on(now, party.case_no), party.day());
        let mut stays: Vec<(Day, Option<Day>)> = now
            .rows("stays")
            .iter()
            .filter(|s| s.text("case_no").is_some_and(|c| chain.contains(c)))
            .filter_map(|s| s.date("from_on").map(|start| (start, s.date("to_on"))))
            .collect();
        stays.sort_unstable();
        let (mut end, mut counted) = (from.saturating_add(horizon), from);
        for (start, stop) in stays.into_iter().filter(|(_, stop)| stop.is_none_or(|stop| stop > from)) {
            if start >= end {
                break;
            }
            // Days that two stays share count once.
            let (start, stop) = (start.max(counted), stop?);
            end = end.saturating_add((stop - start).max(0));
            counted = counted.max(stop);
        }
        Some(Self { now, chain, from, end })
    }

    fn holds(&self, on: Option<Day>) -> bool {
        on.is_some_and(|on| on > self.from && on <= self.end)
    }

    fn of_chain(&self, row: &Row<'_>) -> bool {
        row.text("case_no").is_some_and(|c| self.chain.contains(c))
    }

    /// Was there an act of one of these kinds that counts?
    fn has_act(&self, kinds: &[&str]) -> bool {
        let of_kind = |c: &Row<'_>| c.text("kind").is_some_and(|k| kinds.contains(&k));
        self.now.rows("conduct").iter().any(|c| of_kind(c) && self.holds(c.date("happened_on")) && conduct::counts(c))
    }

    /// Did a means-free duty fall due: a report, what a limit on consumption forbids, or what an act met or breached?
    fn has_duty(&self, reports: &[Row<'_>], party: &Party<'_, '_>) -> bool {
        let limits = |l: &Row<'_>| l.text("list") == Some("consumption_limit") && conduct::in_force(l, self.from);
        !reports.is_empty()
            || party.view.rows("listings").iter().any(limits)
            || self.has_act(conduct::MET)
            || self.has_act(conduct::BREACHED)
    }

    fn own_payments(&self) -> Vec<Row<'a>> {
        let counts =
            |p: &&Row<'_>| self.of_chain(p) && self.now.is_own(p) && self.holds(p.date("paid_on")) && p.date("reversed_on").is_none();
        self.now.rows("payments").iter().filter(counts).copied().collect()
    }

    fn received(&self) -> i64 {
        self.own_payments().iter().filter_map(|p| p.fen("amount_fen")).fold(0_i64, i64::saturating_add)
    }

    /// The day inside the window on which the case ended for a reason that says nothing of the debtor.
    fn censored_on(&self) -> Option<Day> {
        let ended = self.now.rows("cases").iter().filter(|c| {
            self.of_chain(c) && matches!(c.text("close_ground"), Some("bankruptcy" | "transferred" | "withdrawn" | "no_estate"))
        });
        ended.filter_map(|c| c.date("closed_on").filter(|on| self.holds(Some(*on)))).min()
    }

    /// The window of an outcome that is there, or was cut off.
    fn window(&self, is_known: bool, is_cut_off: bool) -> Window {
        if !is_known && !is_cut_off {
            return Window::default();
        }
        let censored_on = self.censored_on().filter(|_| is_cut_off);
        // A case that ended for good cannot end again; want of property is no end.
        let ended = |c: &&Row<'_>| self.of_chain(c) && c.text("close_kind").is_some_and(|kind| kind != "no_property");
        let ended = self.now.rows("cases").iter().filter(ended).filter_map(|c| c.date("closed_on").filter(|on| self.holds(Some(*on))));
        let until = censored_on.or_else(|| ended.max()).unwrap_or(self.end);
        Window { end: Some(self.end), censored_on, risk_days: Some(until.saturating_sub(self.from)) }
    }

    /// Is there on the last day an asset of value, free or held for this debt, that was not known on the first?
    fn has_found(&self, facts: &Facts, party: &Party<'_, 'a>, ctx: &Context) -> bool {
        let known: BTreeSet<&str> = party.view.rows("assets").iter().filter_map(|a| a.text("asset_ref")).collect();
        let horizon = facts.view_of(party.view.debtor_id, self.end, &HELD);
        let parties = self.chain.iter().filter_map(|case_no| horizon.party(case_no));
        let mut assets = parties.flat_map(|p| means::means_of(&p, ctx).assets);
        assets.any(|a| {
            a.net_fen > 0
                && matches!(a.control, Control::Free | Control::Own)
                && a.asset.text("asset_ref").is_some_and(|reference| !known.contains(reference))
        })
    }

    /// Reports of property that fell due in the window and were this debtor's to make. A step of a case with several parties says not whose it was,
    /// and none falls due once the case has ended (CCDC 11).
    fn reports(&self) -> Vec<Row<'a>> {
        let counts = |m: &&Row<'_>| {
            m.text("node") == Some("property_report")
                && self.of_chain(m)
                && self.holds(m.date("due_on"))
                && m.text("case_no").is_some_and(|c| self.now.is_alone(c))
                && self.ended_on(m).is_none_or(|ended| m.date("due_on").is_some_and(|due| due <= ended))
        };
        self.now.rows("milestones").iter().filter(counts).copied().collect()
    }

    /// Was the step not done by the end of the window, though its case went on for the grace after it fell due?
    fn is_neglected(&self, step: &Row<'_>, grace: i32) -> bool {
        let went_on = || self.ended_on(step).is_none_or(|ended| step.date("due_on").is_some_and(|due| due.saturating_add(grace) <= ended));
        step.date("done_on").is_none_or(|done| done > self.end) && went_on()
    }

    /// The day the step's case was closed for good; want of property ends no duty.
    fn ended_on(&self, step: &Row<'_>) -> Option<Day> {
        let case = self.now.rows("cases").iter().find(|c| c.text("case_no") == step.text("case_no"))?;
        case.date("closed_on").filter(|_| case.text("close_kind") != Some("no_property"))
    }
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
