//! Conditions on the case and its steps: open, due, served, on which day something falls due.

use luheng_lake::columns::day;

use super::Condition;
use crate::cutoff::Row;
use crate::suggest::facts::{Found, Need, Situation, Verdict};

/// Stays that only stop a clock; enforcement goes on.
const CLOCK_ONLY: [&str; 4] = ["appraisal", "auction", "jurisdiction", "objection"];

/// Receipts that pass through the court's account.
const THROUGH_COURT: [&str; 4] = ["under_measure", "deducted", "auction", "third_party"];

pub(super) const LIST: &[Condition] = &[
    Condition::of("case_open", "案件执行中", "the case is open and not stayed", |s| {
        let stopped = s.stays().iter().any(|stay| !stay.text("reason").is_some_and(|r| CLOCK_ONLY.contains(&r)));
        Verdict::when(matches!(s.party.case.text("status"), None | Some("open")) && !stopped, s.party.case)
    }),
    Condition::of("closed_no_property", "已终本", "closed for want of property", |s| {
        Verdict::when(s.party.case.text("status") == Some("closed") && s.party.case.text("close_kind") == Some("no_property"), s.party.case)
    }),
    Condition::of("money_due", "尚有金钱未履行", "money is due", |s| {
        Verdict::when(s.party.is_money() && s.due_fen > 0, s.party.case)
    }),
    Condition::of("money_duty", "金钱给付义务", "a duty to pay money", |s| Verdict::when(s.party.is_money(), s.party.case)),
    Condition::of("thing_duty", "交付财物义务", "a duty to deliver a thing", |s| {
        Verdict::when(matches!(s.party.case.text("duty_kind"), Some("delivery" | "mixed")), s.party.case)
    }),
    Condition::of("notice_served", "执行通知已送达", "the enforcement notice is served", served),
    Condition::of("notice_unmet", "通知后仍未履行", "the duty is unmet after the notice", |s| {
        // On the day of service itself there has been no time to perform.
        let after = s.party.notice_served_on().is_some_and(|on| on < s.day);
        Verdict::when(after && (s.due_fen > 0 || !s.party.is_money()), s.party.case)
    }),
    Condition::of("over_three_months", "立案超过三个月", "more than three months since filing", |s| {
        match s.party.case.date("filed_on") {
            Some(on) => Verdict::when(day::add_months(on, 3) < s.day, s.party.case),
            None => Verdict::Unknown(Need { zh: "立案日期", en: "the filing day" }),
        }
    }),
    Condition::of("within_five_years", "终本后五年内", "within five years of closing", |s| match s.party.case.date("closed_on") {
        Some(on) => Verdict::when(day::add_months(on, 60) >= s.day, s.party.case),
        None => Verdict::Unknown(CLOSING_DAY),
    }),
    Condition::of("requery_due", "六个月查询将到期", "the six-monthly query falls due", requery),
    Condition::of("livelihood_claim", "涉民生案件", "a claim people live on", |s| match s.party.case.text("livelihood") {
        Some("none") => Verdict::Unmet,
        Some(_) => Verdict::of_rows(vec![s.party.case]),
        None => Verdict::Unknown(Need { zh: "是否涉民生的标注", en: "whether people live on the claim" }),
    }),
    Condition::of("later_in_rank", "履行顺序在后", "liable only after another", |s| {
        Verdict::when(s.party.party.text("liability") == Some("supplementary"), s.party.party)
    }),
    Condition::of("clue_pending", "有线索待核查", "a clue awaits checking", |s| pending(s, &["clue_check"])),
    Condition::of("interview_pending", "终本约谈待办", "the interview before closing is open", |s| pending(s, &["interview"])),
    Condition::of("payout_pending", "案款待发放", "money awaits payment", payout),
    Condition::of("third_party_objection", "案外人异议审查中", "a third person’s objection is pending", |s| {
        Verdict::of_rows(s.stays().into_iter().filter(|t| t.text("reason") == Some("objection")).collect())
    }),
    Condition::of("inquiry_outstanding", "有渠道未查询、未反馈或过期", "a channel is not asked, not answered or stale", |s| {
        if s.missing.is_empty() {
            return Verdict::Unmet;
        }
        let unanswered = |r: &Row<'_>| r.date("returned_on").is_none() && r.text("channel").is_some_and(|c| s.missing.contains(&c));
        let rows = s.party.rows("inquiries").into_iter().filter(unanswered).collect();
        Verdict::Met(Found { rows, channels: s.missing.clone(), ..Found::default() })
    }),
    Condition::of("inquiry_complete", "各渠道均已反馈且在有效期内", "every channel has answered and is fresh", |s| {
        if s.missing.is_empty() && !s.answered.is_empty() { Verdict::of_rows(s.answered.clone()) } else { Verdict::Unknown(ANSWERS) }
    }),
    Condition::of("report_ordered", "已责令报告财产", "a property report is ordered", report_ordered),
    Condition::of("report_overdue", "报告期限已过", "the report is overdue", report_overdue),
];

/// What a thin picture asks for.
pub(super) const ANSWERS: Need = Need {
    zh: "各查询渠道的有效反馈（未反馈不等于无财产）",
    en: "a fresh answer from every channel (no answer does not mean no property)",
};

const CLOSING_DAY: Need = Need { zh: "终本日期", en: "the day of closing" };

/// Names of the report's steps: when it is due from the debtor, and when the order goes out.
const REPORT_DUE: [&str; 1] = ["property_report"];
const REPORT_ORDER: [&str; 1] = ["report_order"];
const REPORTED: [&str; 4] = ["report_filed", "report_late", "report_false", "report_missing"];

fn served<'s>(s: &Situation<'s>) -> Verdict<'s> {
    match s.party.notice_served_on() {
        Some(on) => Verdict::Met(Found { rows: vec![s.party.case], on: Some(on), ..Found::default() }),
        None => Verdict::Unmet,
    }
}

fn pending<'s>(s: &Situation<'s>, nodes: &[&str]) -> Verdict<'s> {
    match s.pending(nodes) {
        Some(step) => Verdict::Met(Found { rows: vec![step], on: Some(step.known_on()), ..Found::default() }),
        None => Verdict::Unmet,
    }
}

/// Six months after the last query, or after closing; it is shown a month ahead.
fn requery<'s>(s: &Situation<'s>) -> Verdict<'s> {
    const AHEAD: i32 = 30;
    if s.party.case.text("status") != Some("closed") {
        return Verdict::Unmet;
    }
    let Some(closed) = s.party.case.date("closed_on") else { return Verdict::Unknown(CLOSING_DAY) };
    let inquiries = s.party.rows("inquiries");
    let last =
        inquiries.iter().filter(|i| i.date("sent_on").is_some_and(|on| on >= closed)).max_by_key(|i| (i.date("sent_on"), i.row_id()));
    let step = s.pending(&["requery"]);
    let from = last.and_then(|i| i.date("sent_on")).unwrap_or(closed);
    let due = step.and_then(|row| row.date("due_on")).unwrap_or_else(|| day::add_months(from, 6));
    if due - AHEAD > s.day {
        return Verdict::Unmet;
    }
    let rows = step.or(last.copied()).map_or_else(|| vec![s.party.case], |row| vec![s.party.case, row]);
    Verdict::Met(Found { rows, on: Some(due), ..Found::default() })
}

/// Money the court holds: an open step says so, or receipts of a court that records its payments out.
fn payout<'s>(s: &Situation<'s>) -> Verdict<'s> {
    let recorded = s.party.view.rows("payments").iter().any(|p| p.date("paid_out_on").is_some());
    let held = |p: &Row<'_>| {
        s.party.is_own(p) && p.date("paid_out_on").is_none() && p.text("source").is_some_and(|source| THROUGH_COURT.contains(&source))
    };
    let receipts: Vec<Row<'s>> = s.party.receipts().into_iter().filter(held).collect();
    let step = s.pending(&["payout"]);
    if step.is_none() && (!recorded || receipts.is_empty()) {
        return Verdict::Unmet;
    }
    let sum = receipts.iter().filter_map(|p| p.fen("amount_fen")).fold(0_i64, i64::saturating_add);
    let rows: Vec<Row<'s>> = step.into_iter().chain(receipts).collect();
    Verdict::Met(Found { rows, fen: (sum > 0).then_some(sum), ..Found::default() })
}

fn report_ordered<'s>(s: &Situation<'s>) -> Verdict<'s> {
    let mut rows: Vec<Row<'s>> = s.steps.iter().filter(|m| m.text("node").is_some_and(|n| REPORT_DUE.contains(&n))).copied().collect();
    rows.extend(s.done(&REPORT_ORDER));
    rows.extend(s.applied.iter().filter(|m| m.text("measure") == Some("property_report_order")));
    rows.extend(s.acts_of(&REPORTED));
    Verdict::of_rows(rows)
}

/// The day as ordered has passed and nothing has come. Without that day nobody is late.
fn report_overdue<'s>(s: &Situation<'s>) -> Verdict<'s> {
    if !s.acts_of(&["report_filed", "report_late", "report_false"]).is_empty() {
        return Verdict::Unmet;
    }
    let overdue = s.pending(&REPORT_DUE).filter(|m| m.date("due_on").is_some_and(|due| due < s.day));
    if let Some(step) = overdue {
        return Verdict::Met(Found { rows: vec![step], on: step.date("due_on"), ..Found::default() });
    }
    let missing = s.acts_of(&["report_missing"]);
    if let Some(act) = missing.last() {
        return Verdict::Met(Found { rows: vec![*act], on: act.date("happened_on"), ..Found::default() });
    }
    if s.steps.iter().any(|m| m.text("node").is_some_and(|n| REPORT_DUE.contains(&n))) {
        return Verdict::Unmet;
    }
    Verdict::Unknown(Need {
        zh: "报告财产令载明的期限及送达回证", en: "the day set by the report order, and proof of its service"
    })
}
