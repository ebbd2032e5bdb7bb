//! A case as any of its parties' buckets sees it, so that figures of cases count each case, and each fen, once.
//!
//! Case-level facts are copied to every party's bucket; each bucket writes one row a case and party, and [`CaseFacts::read`] joins the copies: the case
//! is taken from the first party by id, the nearest lapse of a hold from all of them (a hold is known only where the asset's owner is).

use std::collections::BTreeMap;

use luheng_lake::columns::{Columns, Day};
use polars::prelude::col;

use crate::cutoff::{Party, Row};
use crate::error::Result;
use crate::frame;
use crate::metrics::counts::within_year;
use crate::procedure::open_steps;

/// What regional figures and the list of cases need to know of one case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseFacts {
    /// Case number.
    pub case_no: String,
    /// The party whose copy this is; empty once copies are joined.
    pub debtor_id: String,
    /// Court.
    pub court_code: Option<String>,
    /// Judge.
    pub judge_code: Option<String>,
    /// `open`, `stayed` or `closed`.
    pub status: String,
    /// How it was closed.
    pub close_kind: Option<String>,
    /// Was it closed on the day or in the 364 before?
    pub closed_within_year: bool,
    /// Is it carried on under a new number?
    pub is_superseded: bool,
    /// Due on the whole case.
    pub due_fen: i64,
    /// Received on the case in 365 days, reversed receipts left out.
    pub received_365d_fen: i64,
    /// The open step due first.
    pub next_node: Option<String>,
    /// Its due day.
    pub next_node_on: Option<Day>,
    /// The first day on which a hold of this case on an asset of this debtor lapses.
    pub lapses_on: Option<Day>,
    /// Is the debtor on the list of dishonest debtors at 24:00 of the day? Of the party, not of the case.
    pub is_listed: bool,
    /// Is the debtor under a limit on consumption?
    pub is_limited: bool,
}

impl CaseFacts {
    /// The case of a party; `lapses_on` and the lists are left to whoever knows the holds and the entries.
    pub fn of(party: &Party<'_, '_>) -> Self {
        let day = party.day();
        let mut open: Vec<(Day, &str)> = open_steps(party).iter().filter_map(|m| Some((m.date("due_on")?, m.text("node")?))).collect();
        open.sort_unstable();
        let receipts = party.receipts();
        let received = receipts.iter().filter(|r| within_year(r.date("paid_on"), day)).filter_map(|r| r.fen("amount_fen"));
        let resumed = |c: &Row<'_>| c.text("resumed_from") == Some(party.case_no);
        Self {
            case_no: party.case_no.to_owned(),
            debtor_id: party.view.debtor_id.to_owned(),
            court_code: party.case.text("court_code").or_else(|| crate::metrics::counts::court_in(party.case_no)).map(str::to_owned),
            judge_code: party.case.text("judge_code").map(str::to_owned),
            status: party.case.text("status").unwrap_or("open").to_owned(),
            close_kind: party.case.text("close_kind").map(str::to_owned),
            closed_within_year: party.case.text("status") == Some("closed") && within_year(party.case.date("closed_on"), day),
            is_superseded: party.view.rows("cases").iter().any(resumed),
            due_fen: party.case_due_fen(),
            received_365d_fen: received.fold(0, i64::saturating_add),
            next_node: open.first().map(|o| o.1.to_owned()),
            next_node_on: open.first().map(|o| o.0),
            lapses_on: None,
            is_listed: false,
            is_limited: false,
        }
    }

    /// Is the case closed, in whatever way?
    pub fn is_closed(&self) -> bool {
        self.status == "closed"
    }

    /// Is it closed for want of property (终本)?
    pub fn is_no_property(&self) -> bool {
        self.is_closed() && self.close_kind.as_deref() == Some("no_property")
    }

    /// The table of one bucket.
    pub fn columns(rows: &[Self]) -> Columns {
        Columns::new()
            .text("case_no", rows.iter().map(|r| Some(&r.case_no)))
            .text("debtor_id", rows.iter().map(|r| Some(&r.debtor_id)))
            .text("court_code", rows.iter().map(|r| r.court_code.as_ref()))
            .text("judge_code", rows.iter().map(|r| r.judge_code.as_ref()))
            .text("status", rows.iter().map(|r| Some(&r.status)))
            .text("close_kind", rows.iter().map(|r| r.close_kind.as_ref()))
            .flag("closed_within_year", rows.iter().map(|r| Some(r.closed_within_year)))
            .flag("is_superseded", rows.iter().map(|r| Some(r.is_superseded)))
            .int("due_fen", rows.iter().map(|r| Some(r.due_fen)))
            .int("received_365d_fen", rows.iter().map(|r| Some(r.received_365d_fen)))
            .text("next_node", rows.iter().map(|r| r.next_node.as_ref()))
            .date("next_node_on", rows.iter().map(|r| r.next_node_on))
            .date("lapses_on", rows.iter().map(|r| r.lapses_on))
            .flag("is_listed", rows.iter().map(|r| Some(r.is_listed)))
            .flag("is_limited", rows.iter().map(|r| Some(r.is_limited)))
    }

    /// Every case once, by case number, from the joined tables of all buckets.
    ///
    /// # Errors
    /// A column that is missing.
    pub fn read(parts: &Columns) -> Result<BTreeMap<String, Self>> {
        let firsts = [
            "court_code",
            "judge_code",
            "status",
            "close_kind",
            "closed_within_year",
            "due_fen",
            "received_365d_fen",
            "next_node",
            "next_node_on",
        ];
        // Superseded for one party is superseded for the debt: a party who was not carried over has no copy of the later case.
        let mut aggregates: Vec<_> = firsts.iter().map(|name| col(*name).first()).collect();
        aggregates.push(col("is_superseded").max());
        aggregates.push(col("lapses_on").min());
        let once = frame::lazy(parts)?
            .sort(["case_no", "debtor_id"], frame::ascending())
            .group_by_stable([col("case_no")])
            .agg(aggregates)
            .sort(["case_no"], frame::ascending());
        let table = frame::collect(once)?;
        let mut cases = BTreeMap::new();
        for row in frame::rows(&table, &firsts)? {
            let case_no = row.owned("case_no").unwrap_or_default();
            let case = Self {
                case_no: case_no.clone(),
                debtor_id: String::new(),
                court_code: row.owned("court_code"),
                judge_code: row.owned("judge_code"),
                status: row.owned("status").unwrap_or_default(),
                close_kind: row.owned("close_kind"),
                closed_within_year: row.flag("closed_within_year").unwrap_or(false),
                is_superseded: row.flag("is_superseded").unwrap_or(false),
                due_fen: row.int("due_fen").unwrap_or(0),
                received_365d_fen: row.int("received_365d_fen").unwrap_or(0),
                next_node: row.owned("next_node"),
                next_node_on: row.date("next_node_on"),
                lapses_on: row.date("lapses_on"),
                is_listed: false,
                is_limited: false,
            };
            cases.insert(case_no, case);
        }
        Ok(cases)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn copies_of_a_case_count_once_and_the_nearest_lapse_wins() {
        let copy = |debtor: &str, lapses_on| CaseFacts {
            case_no: "（2025）浙0106执1号".into(),
            debtor_id: debtor.into(),
            status: "open".into(),
            due_fen: 100,
            received_365d_fen: 40,
            lapses_on,
            ..CaseFacts::default()
        };
        let rows = [copy("b", Some(20_010)), copy("a", None), copy("c", Some(20_005))];
        let cases = CaseFacts::read(&CaseFacts::columns(&rows)).unwrap();
        assert_eq!(cases.len(), 1);
        let case = cases.values().next().unwrap();
        assert_eq!((case.due_fen, case.received_365d_fen, case.lapses_on), (100, 40, Some(20_005)));
    }
}
