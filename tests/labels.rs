//! What a party is held to have done: duties to report that were never done, windows that stays lengthen, cases that ended for reasons of their own.

use std::collections::BTreeMap;

use luheng::config::Config;
use luheng::cutoff::Facts;
use luheng::means::means_of;
use luheng::standing::Standing;
use luheng::targets::{Outcome, outcome};
use luheng_lake::catalog::CatalogFiles;
use luheng_lake::columns::Columns;
use luheng_lake::schema::Schema;

use crate::means::{DAY, context, rows};

const A: &str = "（2025）测9901执1号";
const B: &str = "（2025）测9901执2号";
/// The half year of the catalog.
const HORIZON: i32 = 180;

/// What the court recorded of one debtor, `d`, in case A.
#[derive(Default)]
struct Story {
    /// Due on and done on of reports of property.
    reports: Vec<(i32, Option<i32>)>,
    /// Kind and day of acts, each found in a document.
    acts: Vec<(&'static str, i32)>,
    /// From and to of stays.
    stays: Vec<(i32, Option<i32>)>,
    /// Day, kind and ground of closing.
    closed: Option<(i32, &'static str, Option<&'static str>)>,
    /// Receipts of the debtor's own.
    paid: Vec<(i32, i64)>,
    /// A deposit nobody holds, in fen.
    deposit: i64,
    /// Another one: the day it was found, and its value in fen.
    found: Option<(i32, i64)>,
}

fn schema() -> Schema {
    Schema::load(&CatalogFiles::embedded()).unwrap()
}

fn ids(table: &str, n: usize) -> Columns {
    let ids: Vec<String> = (0..n).map(|at| format!("{table}{at}")).collect();
    rows(&ids.iter().map(String::as_str).collect::<Vec<_>>())
}

impl Story {
    /// With these parties of the case, the debtor first.
    fn facts(&self, parties: &[&str]) -> Facts {
        let of = |table: &str, n: usize| ids(table, n).text("case_no", vec![Some(A); n]);
        let (reports, acts, stays, paid) = (&self.reports, &self.acts, &self.stays, &self.paid);
        let closed = self.closed;
        let case = of("c", 1)
            .text("duty_kind", [Some("money")])
            .int("principal_fen", [Some(1_000_000)])
            .date("filed_on", [Some(DAY - 90)])
            .date("notice_served_on", [Some(DAY - 80)])
            .text("status", [closed.map(|_| "closed").or(Some("open"))])
            .date("closed_on", [closed.map(|c| c.0)])
            .text("close_kind", [closed.map(|c| c.1)])
            .text("close_ground", [closed.and_then(|c| c.2)])
            .text("resumed_from", [None::<&str>]);
        let tables = BTreeMap::from([
            ("parties", of("p", parties.len()).flag("is_own", parties.iter().map(|party| Some(*party == "d")))),
            ("cases", case),
            // The debtor was met before: an axis of willingness has something to go by.
            (
                "listings",
                ids("l", 1)
                    .text("case_no", [Some(B)])
                    .text("list", [Some("consumption_limit")])
                    .date("listed_on", [Some(DAY - 300)])
                    .date("removed_on", [None])
                    .date("expires_on", [Some(DAY - 10)])
                    .date("suspended_from_on", [None])
                    .date("suspended_to_on", [None]),
            ),
            (
                "milestones",
                of("m", reports.len())
                    .text("node", reports.iter().map(|_| Some("property_report")))
                    .date("due_on", reports.iter().map(|r| Some(r.0)))
                    .date("done_on", reports.iter().map(|r| r.1)),
            ),
            (
                "conduct",
                of("k", acts.len())
                    .text("kind", acts.iter().map(|a| Some(a.0)))
                    .date("happened_on", acts.iter().map(|a| Some(a.1)))
                    .text("document_no", acts.iter().map(|_| Some("笔录1")))
                    .text("finding", acts.iter().map(|_| Some("found"))),
            ),
            ("stays", of("s", stays.len()).date("from_on", stays.iter().map(|s| Some(s.0))).date("to_on", stays.iter().map(|s| s.1))),
            (
                "payments",
                of("r", paid.len())
                    .flag("is_own", paid.iter().map(|_| Some(true)))
                    .date("paid_on", paid.iter().map(|p| Some(p.0)))
                    .int("amount_fen", paid.iter().map(|p| Some(p.1)))
                    .text("source", paid.iter().map(|_| Some("voluntary"))),
            ),
            (
                "assets",
                ids("a", 2)
                    .without("known_on")
                    .date("known_on", [Some(DAY - 100), Some(self.found.map_or(DAY + 9_999, |found| found.0))])
                    .text("asset_ref", [Some("x"), Some("y")])
                    .text("class", [Some("deposit"); 2])
                    .int("gross_fen", [Some(self.deposit), self.found.map(|found| found.1)]),
            ),
        ]);
        Facts::new(&schema(), |name| Ok(tables.get(name).cloned())).unwrap()
    }

    /// The outcome as read so many days after the rating.
    fn outcome_after(&self, days: i32, parties: &[&str]) -> Outcome {
        let facts = self.facts(parties);
        let mut ctx = context(Config::default());
        ctx.ratings.capacity.required_channels.clear();
        ctx.as_of = DAY + days;
        let (then, now) = (facts.view("d", DAY), facts.view("d", ctx.as_of));
        let party = then.party(A).unwrap();
        let mut standing = Standing::of(&party, &means_of(&party, &ctx), &ctx);
        standing.willingness_status = "rated";
        outcome(&facts, &now, &party, &standing, &ctx)
    }

    fn willingness_after(&self, days: i32) -> Option<f64> {
        self.outcome_after(days, &["d"]).willingness
    }
}

fn reported(due: i32, done: Option<i32>) -> Story {
    Story { reports: vec![(due, done)], ..Story::default() }
}

#[test]
fn a_report_never_done_is_a_breach_without_any_row_of_conduct() {
    let never = reported(DAY + 20, None);
    assert_eq!(never.willingness_after(HORIZON + 30), Some(0.0));
    assert_eq!(reported(DAY + 20, Some(DAY + 15)).willingness_after(HORIZON + 30), Some(1.0));
    assert_eq!(reported(DAY + 20, Some(DAY + HORIZON)).willingness_after(HORIZON + 30), Some(1.0), "late, and done");
    assert_eq!(reported(DAY + 20, Some(DAY + HORIZON + 1)).willingness_after(HORIZON + 30), Some(0.0), "done after the horizon");
    // What was not recorded yet is not known yet, of the good as of the bad.
    assert_eq!(never.willingness_after(HORIZON + 29), None);
    assert_eq!(reported(DAY + 20, Some(DAY + 15)).willingness_after(HORIZON + 29), None);
    assert_eq!(reported(DAY, None).willingness_after(HORIZON + 30), None, "fell due before the window");
    assert_eq!(reported(DAY + HORIZON + 1, None).willingness_after(HORIZON + 90), None, "falls due after it");
}

#[test]
fn in_a_case_of_several_the_step_says_not_whose_it_was() {
    let never = reported(DAY + 20, None);
    assert_eq!(never.outcome_after(HORIZON + 30, &["d", "e"]).willingness, None, "neither met nor breached");
    let met = Story { acts: vec![("summons_kept", DAY + 30)], ..reported(DAY + 20, None) };
    assert_eq!(met.outcome_after(HORIZON + 30, &["d", "e"]).willingness, Some(1.0), "his own acts still count");
    let breached = Story { acts: vec![("report_missing", DAY + 30)], ..reported(DAY + 20, Some(DAY + 19)) };
    assert_eq!(breached.outcome_after(HORIZON + 30, &["d", "e"]).willingness, Some(0.0));
}

#[test]
fn a_duty_ends_with_its_case_but_not_for_want_of_property() {
    let closed = |kind, after| Story { closed: Some((DAY + after, kind, None)), ..reported(DAY + 20, None) };
    assert_eq!(closed("performed", 10).willingness_after(HORIZON + 30), None, "never fell due");
    assert_eq!(closed("performed", 40).willingness_after(HORIZON + 30), Some(1.0), "ended before it was pursued");
    assert_eq!(closed("performed", 50).willingness_after(HORIZON + 30), Some(0.0));
    assert_eq!(closed("no_property", 10).willingness_after(HORIZON + 30), Some(0.0));
}

#[test]
fn a_case_that_ended_for_a_reason_of_its_own_labels_no_axis() {
    let met = |closed, paid| Story { closed, acts: vec![("summons_kept", DAY + 5)], paid, deposit: 400_000, ..Story::default() };
    let bankrupt = Some((DAY + 60, "terminated", Some("bankruptcy")));
    let [open, censored] = [None, bankrupt].map(|closed| met(closed, Vec::new()).outcome_after(HORIZON, &["d"]));
    assert_eq!((open.willingness, open.capacity, open.recovery), (Some(0.0), Some(0.0), Some(0.0)));
    assert_eq!((censored.willingness, censored.capacity, censored.recovery), (None, None, None), "{censored:?}");
    // But that it was cut off, and when, is known: those like it count the more.
    let cut_off = luheng::targets::Window { end: Some(DAY + HORIZON), censored_on: Some(DAY + 60), risk_days: Some(60) };
    assert_eq!((censored.capacity_window, censored.willingness_window), (cut_off, cut_off));
    let risk = |outcome: Outcome| (outcome.capacity_window.censored_on, outcome.capacity_window.risk_days);
    assert_eq!(risk(open), (None, Some(HORIZON)));
    // What was done before the case ended stays done, and what was breached stays breached.
    let paid = met(bankrupt, vec![(DAY + 10, 800_000)]).outcome_after(HORIZON, &["d"]);
    assert_eq!((paid.willingness, paid.capacity, paid.recovery), (Some(1.0), Some(1.0), Some(0.8)));
    assert_eq!(risk(paid), (None, Some(60)), "what ended otherwise or in time is cut off no more");
    let performed = met(Some((DAY + 90, "performed", None)), vec![(DAY + 10, 800_000)]).outcome_after(HORIZON, &["d"]);
    assert_eq!(risk(performed), (None, Some(90)));
    let wanting = met(Some((DAY + 90, "no_property", None)), Vec::new()).outcome_after(HORIZON, &["d"]);
    assert_eq!(risk(wanting), (None, Some(HORIZON)), "want of property is no end");
    let bad = Story { acts: vec![("asset_hidden", DAY + 5)], closed: bankrupt, ..Story::default() };
    assert_eq!(bad.willingness_after(HORIZON), Some(0.0));
    let after = met(Some((DAY + HORIZON + 1, "terminated", Some("bankruptcy"))), Vec::new());
    assert_eq!(after.willingness_after(HORIZON + 10), Some(0.0), "it ended after the window");
}

#[test]
fn days_that_two_stays_share_lengthen_the_window_once() {
    let end = |stays: &[(i32, Option<i32>)]| {
        let story = Story { stays: stays.to_vec(), acts: vec![("summons_kept", DAY + 5)], ..Story::default() };
        let outcome = story.outcome_after(900, &["d"]);
        assert_eq!(outcome.capacity_window.end, outcome.willingness_window.end);
        outcome.capacity_window.end.map(|end| end - DAY - HORIZON)
    };
    assert_eq!(end(&[]), Some(0));
    assert_eq!(end(&[(DAY + 10, Some(DAY + 40))]), Some(30));
    assert_eq!(end(&[(DAY + 10, Some(DAY + 40)), (DAY + 20, Some(DAY + 60))]), Some(50), "overlapping");
    assert_eq!(end(&[(DAY + 10, Some(DAY + 60)), (DAY + 20, Some(DAY + 40))]), Some(50), "one within the other");
    assert_eq!(end(&[(DAY + 10, Some(DAY + 40)), (DAY + 10, Some(DAY + 40))]), Some(30), "the same twice");
    assert_eq!(end(&[(DAY - 20, Some(DAY + 40)), (DAY + 50, Some(DAY + 60))]), Some(50), "days before the rating do not count");
    assert_eq!(end(&[(DAY - 60, Some(DAY - 20))]), Some(0));
    assert_eq!(end(&[(DAY + 170, Some(DAY + 200)), (DAY + 200, Some(DAY + 220))]), Some(50), "the second lies in the time the first added");
    assert_eq!(end(&[(DAY + HORIZON, Some(DAY + 300))]), Some(0), "after the window");
    assert_eq!(end(&[(DAY + 10, None)]), None, "a stay without an end");
}

#[test]
fn who_was_released_later_stays_in_its_own_past() {
    let left = ids("p", 1).text("case_no", [Some(A)]).date("left_on", [Some(DAY + 10)]).flag("is_own", [Some(true)]);
    let case = ids("c", 1).text("case_no", [Some(A)]).date("filed_on", [Some(DAY - 90)]);
    let tables = BTreeMap::from([("parties", left), ("cases", case)]);
    let facts = Facts::new(&schema(), |name| Ok(tables.get(name).cloned())).unwrap();
    let (before, after) = (facts.view("d", DAY), facts.view("d", DAY + 10));
    assert_eq!((before.parties().len(), before.parties_ever().len()), (1, 1), "the release was not known");
    assert_eq!((after.parties().len(), after.parties_ever().len()), (0, 1));
    // So a landmark before the release is one for whoever trains after it.
    let mut ctx = context(Config::default());
    ctx.as_of = DAY + 10;
    let landmarks: Vec<i32> = after.parties_ever().iter().flat_map(|p| luheng::targets::landmarks(p, &ctx)).collect();
    assert_eq!(landmarks, [DAY - 60, DAY]);
    assert!(after.is_alone(A));
}

#[test]
fn what_a_closed_case_still_brought_is_money_or_a_thing_not_known_before() {
    let year = 365;
    let story = |paid, found| Story { closed: Some((DAY - 30, "no_property", None)), deposit: 400_000, paid, found, ..Story::default() };
    let revival = |story: &Story| {
        let outcome = story.outcome_after(year, &["d"]);
        assert_eq!(outcome.revival_window.end, Some(DAY + year));
        outcome.revival
    };
    assert_eq!(revival(&story(Vec::new(), None)), Some(0.0), "the deposit known all along is no find");
    assert_eq!(revival(&story(vec![(DAY + 300, 1)], None)), Some(1.0));
    assert_eq!(revival(&story(vec![(DAY, 5_000)], None)), Some(0.0), "received by the day itself");
    assert_eq!(revival(&story(Vec::new(), Some((DAY + 200, 1_000)))), Some(1.0));
    assert_eq!(revival(&story(Vec::new(), Some((DAY + 200, 0)))), Some(0.0), "worth nothing");
    assert_eq!(revival(&story(Vec::new(), Some((DAY - 10, 1_000)))), Some(0.0), "found before");
    let early = story(vec![(DAY + 10, 5_000)], None).outcome_after(year - 1, &["d"]);
    assert_eq!((early.revival, early.revival_window.end), (None, None), "its window has not closed");
    let open = Story { paid: vec![(DAY + 10, 5_000)], ..Story::default() };
    assert_eq!(open.outcome_after(year, &["d"]).revival, None, "an open case has nothing to be revived");
}
