//! `alerts`: what changed, what is about to lapse and what was not done; per bucket from the facts, then for the whole from the ratings.

use std::collections::BTreeMap;

use luheng_lake::columns::{Columns, Day, day};

use crate::context::Context;
use crate::cutoff::{Party, Row, View};
use crate::error::Result;
use crate::frame;
use crate::means;
use crate::metrics::counts;
use crate::procedure;

/// A hold that lapses within so many days is told.
const LAPSE_DAYS: Day = 30;
/// An answer to an objection due within so many days is told (domain.md §1: 15 days).
const OBJECTION_DAYS: Day = 15;
/// Months between inquiries after closing for want of property, and years they go on (法〔2016〕373号 article 9).
const REQUERY_MONTHS: i32 = 6;
const REQUERY_YEARS: i32 = 5;
/// Working days to delete an entry (法释〔2017〕7号 article 10).
const DELIST_WORKING_DAYS: i32 = 3;
/// Property below this in a closed case is no news (the pilot's rule for closing: deposits under 1,000 yuan are ignored), in fen.
const WORTH_TELLING_FEN: i64 = 100_000;

/// One alert.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Alert {
    /// Case number.
    pub case_no: Option<String>,
    /// Debtor; null where the alert is the case's, not a party's.
    pub debtor_id: Option<String>,
    /// One of the kinds of the contract.
    pub kind: &'static str,
    /// The day by which to act.
    pub due_on: Option<Day>,
    /// What it was.
    pub before: Option<String>,
    /// What it is.
    pub after: Option<String>,
    /// `facts`, `time` or `model`, for a changed grade.
    pub cause: Option<&'static str>,
    /// `table:row_id;…`.
    pub evidence: Option<String>,
}

impl Alert {
    fn new(kind: &'static str, case_no: Option<&str>, debtor_id: Option<&str>, due_on: Option<Day>, evidence: &[Row<'_>]) -> Self {
        let rows: Vec<String> = evidence.iter().map(Row::evidence).collect();
        Self {
            case_no: case_no.map(str::to_owned),
            debtor_id: debtor_id.map(str::to_owned),
            kind,
            due_on,
            evidence: (!rows.is_empty()).then(|| rows.join(";")),
            ..Self::default()
        }
    }

    /// The table of these alerts.
    pub fn columns(as_of: Day, rows: &[Self]) -> Columns {
        Columns::new()
            .date("as_of", rows.iter().map(|_| Some(as_of)))
            .text("kind", rows.iter().map(|r| Some(r.kind)))
            .text("case_no", rows.iter().map(|r| r.case_no.as_ref()))
            .text("debtor_id", rows.iter().map(|r| r.debtor_id.as_ref()))
            .date("due_on", rows.iter().map(|r| r.due_on))
            .text("before", rows.iter().map(|r| r.before.as_ref()))
            .text("after", rows.iter().map(|r| r.after.as_ref()))
            .text("cause", rows.iter().map(|r| r.cause))
            .text("evidence", rows.iter().map(|r| r.evidence.as_ref()))
    }
}

/// A hold of a case on one asset that is still the debtor's.
#[derive(Clone, Debug)]
pub struct Hold<'a> {
    /// The seizures that make it, the last to lapse at the end.
    pub seizures: Vec<Row<'a>>,
    /// The day it lapses: a renewed hold has several rows, and the latest counts.
    pub expires_on: Option<Day>,
}

/// The holds of this case in force on the day, by asset; an asset that is gone holds nothing.
pub fn holds<'a>(party: &Party<'_, 'a>) -> Vec<Hold<'a>> {
    let day = party.day();
    let mut holds = Vec::new();
    for asset in party.view.rows("assets").iter().filter(|a| a.date("disposed_on").is_none()) {
        let reference = asset.text("asset_ref");
        let of_asset = |s: &Row<'_>| s.text("asset_ref") == reference && s.text("kind") != Some("waiting") && means::in_force(s, day);
        let mut seizures: Vec<Row<'a>> = party.rows("seizures").into_iter().filter(of_asset).collect();
        seizures.sort_by_key(|s| (s.date("expires_on").unwrap_or(Day::MAX), s.row_id()));
        if let Some(last) = seizures.last() {
            holds.push(Hold { expires_on: last.date("expires_on"), seizures });
        }
    }
    holds
}

/// The first day each row of a table was known, by debtor and row: a later version of an asset is no news of it.
pub type FirstKnown = BTreeMap<(String, String), Day>;

/// What a bucket can tell of one party.
pub fn of_party(party: &Party<'_, '_>, holds: &[Hold<'_>], assets: &FirstKnown, ctx: &Context, out: &mut Vec<Alert>) {
    let (case_no, debtor, today) = (Some(party.case_no), Some(party.view.debtor_id), party.day());
    if !party.is_live() {
        return;
    }
    for hold in holds.iter().filter(|h| h.expires_on.is_some_and(|on| on <= today + LAPSE_DAYS)) {
        out.push(Alert::new("seizure_lapses", case_no, debtor, hold.expires_on, &hold.seizures));
    }
    for step in &procedure::overdue_steps(party) {
        let alert = Alert::new("step_overdue", case_no, None, step.date("due_on"), &[*step]);
        out.push(Alert { after: step.text("node").map(str::to_owned), ..alert });
    }
    if party.case.text("close_kind") == Some("no_property") {
        closed_for_want_of_property(party, assets, ctx, out);
    }
}

fn closed_for_want_of_property(party: &Party<'_, '_>, assets: &FirstKnown, ctx: &Context, out: &mut Vec<Alert>) {
    let (case_no, debtor, today) = (Some(party.case_no), Some(party.view.debtor_id), party.day());
    let Some(closed_on) = party.case.date("closed_on") else { return };
    let last = party.rows("inquiries").into_iter().filter(|i| i.date("sent_on").is_some()).max_by_key(|i| (i.date("sent_on"), i.row_id()));
    let from = last.and_then(|i| i.date("sent_on")).unwrap_or(closed_on).max(closed_on);
    let due_on = day::add_months(from, REQUERY_MONTHS);
    if due_on <= today && today <= day::add_months(closed_on, 12 * REQUERY_YEARS) {
        out.push(Alert::new("requery_due", case_no, debtor, Some(due_on), &[last.unwrap_or(party.case)]));
    }
    for asset in means::means_of(party, ctx).assets {
        let key = (party.view.debtor_id.to_owned(), asset.asset.row_id().to_owned());
        if assets.get(&key).is_some_and(|first| *first > closed_on) && asset.net_fen >= WORTH_TELLING_FEN {
            let alert = Alert::new("asset_in_closed_case", case_no, debtor, None, &[asset.asset]);
            out.push(Alert { after: asset.asset.text("class").map(str::to_owned), ..alert });
        }
    }
}

/// What a bucket can tell of one debtor whatever the case: entries that should be gone, challenges that wait for an answer.
pub fn of_debtor(view: &View<'_>, out: &mut Vec<Alert>) {
    let debtor = Some(view.debtor_id);
    for entry in counts::entries(view, "dishonest").iter().filter(|r| r.date("removed_on").is_none()) {
        if let Some((from, why)) = exit(view, entry) {
            let alert =
                Alert::new("delist_due", entry.text("case_no"), debtor, Some(working_days_after(from, DELIST_WORKING_DAYS)), &[*entry]);
            out.push(Alert { after: Some(why.to_owned()), ..alert });
        }
    }
    for objection in view.rows("objections").iter().filter(|o| o.date("decided_on").is_none()) {
        let due_on = objection.date("due_on").or_else(|| objection.date("filed_on").map(|on| on + OBJECTION_DAYS));
        if due_on.is_some_and(|on| on <= view.day + OBJECTION_DAYS) {
            out.push(Alert::new("objection_due", objection.text("case_no"), debtor, due_on, &[*objection]));
        }
    }
}

/// The day from which an entry has to go, and why. An entry with a term goes when it has run out (article 10 does not reach it); one without, when
/// the case is performed or ended.
fn exit(view: &View<'_>, entry: &Row<'_>) -> Option<(Day, &'static str)> {
    if let Some(on) = entry.date("expires_on") {
        return (on < view.day).then_some((on, "term_ended"));
    }
    let case = view.rows("cases").iter().find(|c| c.text("case_no") == entry.text("case_no"))?;
    let why = match case.text("close_kind") {
        Some("performed") => "performed",
        Some("terminated") => "terminated",
        Some("refused") => "refused",
        _ => return None,
    };
    Some((case.date("closed_on")?, why))
}

/// A number of working days later: Saturdays and Sundays do not count. Public holidays and the days worked for them are not known here.
fn working_days_after(from: Day, days: i32) -> Day {
    let (mut on, mut left) = (from, days);
    while left > 0 {
        on += 1;
        // 1970-01-01 was a Thursday: 2 and 3 days later come Saturday and Sunday.
        if !matches!(on.rem_euclid(7), 2 | 3) {
            left -= 1;
        }
    }
    on
}

/// The table `alerts`: those of the buckets, each once, and those that ratings tell, by case, debtor, kind and day.
///
/// # Errors
/// A column that the table lacks.
pub fn alerts(of_buckets: &Columns, of_ratings: &Columns) -> Result<Columns> {
    let all = Columns::concat(&[of_buckets.clone(), of_ratings.clone()])?;
    // A case's alert comes once from every party's bucket; the copies are equal in every column.
    let keys = ["case_no", "debtor_id", "kind", "due_on", "evidence", "before", "after", "cause", "as_of"];
    let once = frame::lazy(&all)?.unique_stable(None, polars::prelude::UniqueKeepStrategy::First).sort(keys, frame::ascending());
    frame::collect(once)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn working_days_leave_out_the_weekend() {
        let friday = day::parse("2025-06-27").unwrap();
        assert_eq!(day::format(working_days_after(friday, 3)), "2025-07-02");
        assert_eq!(day::format(working_days_after(friday + 3, 1)), "2025-07-01");
    }

    #[test]
    fn copies_of_an_alert_are_told_once() {
        let alert = |evidence: &str| Alert {
            case_no: Some("a".into()),
            kind: "step_overdue",
            due_on: Some(3),
            evidence: Some(evidence.into()),
            ..Alert::default()
        };
        let rows = Alert::columns(10, &[alert("milestones:2"), alert("milestones:1"), alert("milestones:2")]);
        let table = alerts(&rows, &Alert::columns(10, &[])).unwrap();
        let evidence: Vec<_> = frame::rows(&table, &["evidence"]).unwrap().filter_map(|r| r.owned("evidence")).collect();
        assert_eq!(evidence, ["milestones:1", "milestones:2"]);
    }
}
