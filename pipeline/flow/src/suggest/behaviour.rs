//! What is suggested for whom: each test is one debtor.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::fixture::{Fact, act, answered_none, fact, of, plain, suggestions, suggestions_on};
use super::*;

fn eligible(rows: &[Suggestion]) -> Vec<&str> {
    rows.iter().filter(|r| r.eligible).map(|r| r.measure.as_str()).collect()
}

fn blockers<'s>(rows: &'s [Suggestion], measure: &str) -> &'s str {
    of(rows, measure).blocked_by.as_deref().unwrap_or_default()
}

fn deposit(fen: &str) -> Fact {
    fact("assets", &[("asset_ref", "D1"), ("class", "deposit"), ("gross_fen", fen), ("document_no", "查控反馈1")])
}

#[test]
fn ranks_run_from_one_and_each_row_says_what_blocks_it_or_nothing() {
    let rows = suggestions(&[plain(true), answered_none()].concat());
    let ranks: Vec<i64> = rows.iter().filter_map(|r| r.rank).collect();
    assert_eq!(ranks, (1..=ranks.len() as i64).collect::<Vec<_>>());
    for row in &rows {
        assert_eq!(row.eligible, row.rank.is_some(), "{}", row.measure);
        assert_eq!(row.eligible, row.blocked_by.is_none(), "{}", row.measure);
        assert!(!row.text_zh.is_empty() && !row.text_en.is_empty(), "{}", row.measure);
        assert!(!row.text_zh.contains('{') && !row.text_zh.contains("待核"), "{}: {}", row.measure, row.text_zh);
        assert!(row.eligible || !row.blocked_by.as_deref().unwrap_or_default().is_empty());
    }
}

#[test]
fn before_the_notice_only_the_first_steps_are_open() {
    let rows = suggestions(&plain(false));
    assert_eq!(eligible(&rows), ["enforcement_notice", "property_report_order"]);
    let notice = of(&rows, "enforcement_notice");
    assert_eq!(notice.due_on.map(luheng_lake::columns::day::format).as_deref(), Some("2025-01-16"));
    assert!(notice.legal_basis.as_deref().unwrap().contains("第251条"));
    assert!(blockers(&rows, "deposit_freeze").contains("notice_served"));
}

#[test]
fn a_deposit_is_frozen_up_to_the_debt_and_this_case_s_share() {
    let rows = suggestions(&[plain(true), vec![deposit("4000000")]].concat());
    let freeze = of(&rows, "deposit_freeze");
    assert!(freeze.eligible, "{:?}", freeze.blocked_by);
    assert_eq!((freeze.gain_fen, freeze.gain_basis), (Some(4_000_000), "prior"));
    assert!(freeze.text_zh.contains("4.00万元") && freeze.text_zh.contains("银行存款1项"), "{}", freeze.text_zh);
    assert!(freeze.evidence.as_deref().unwrap().contains("assets:"));
    let rich = suggestions(&[plain(true), vec![deposit("90000000")]].concat());
    assert_eq!(of(&rich, "deposit_freeze").gain_fen, Some(10_000_000));
}

#[test]
fn what_is_controlled_never_passes_the_debt() {
    let house = fact("assets", &[("asset_ref", "H1"), ("class", "real_estate"), ("gross_fen", "500000000")]);
    let rows = suggestions(&[plain(true), vec![deposit("20000000"), house.clone()]].concat());
    assert!(of(&rows, "deposit_freeze").eligible);
    assert_eq!(blockers(&rows, "real_estate_seizure"), "milder_set_suffices");
    let held = fact("seizures", &[("asset_ref", "D1"), ("kind", "freeze"), ("from_on", "2025-02-01"), ("expires_on", "2026-01-31")]);
    let rows = suggestions(&[plain(true), vec![deposit("20000000"), house, held]].concat());
    for measure in ["real_estate_seizure", "consumption_limit", "reward_notice"] {
        assert!(blockers(&rows, measure).contains("not_control_suffices"), "{measure}: {}", blockers(&rows, measure));
    }
    assert!(of(&rows, "deposit_transfer").eligible);
}

#[test]
fn thin_inquiries_are_unknown_and_never_poverty() {
    let rows = suggestions(&plain(true));
    let closing = of(&rows, "closing_no_property");
    assert!(!closing.eligible && closing.preconditions.as_deref().unwrap().contains("no_means_known=unknown"));
    assert!(closing.evidence_needed.as_deref().unwrap().contains("未反馈不等于无财产"));
    let inquiry = of(&rows, "network_inquiry");
    assert!(inquiry.eligible && inquiry.rank.unwrap() <= 3);
    assert!(inquiry.text_zh.contains("银行"), "{}", inquiry.text_zh);
}

#[test]
fn inability_leads_to_ways_out_and_never_to_the_list() {
    let rows = suggestions(&[plain(true), answered_none()].concat());
    for measure in ["dishonest_listing", "fine", "detention", "prosecution_referral", "exit_ban", "search_premises"] {
        assert!(!of(&rows, measure).eligible, "{measure}");
    }
    assert!(of(&rows, "settlement").eligible && of(&rows, "labour_for_debt").eligible);
    // A broken instalment without means to pay it is not a ground either.
    let broken = [plain(true), answered_none(), vec![act("instalment_broken", "2025-04-01", "found")]].concat();
    assert!(blockers(&suggestions(&broken), "dishonest_listing").contains("listing_ground_found"));
}

#[test]
fn an_act_counts_when_found_with_a_document_and_only_once() {
    let base = [plain(true), answered_none()].concat();
    let with = |more: Vec<Fact>| suggestions(&[base.clone(), more].concat());
    let alleged = with(vec![act("asset_hidden", "2025-03-01", "alleged")]);
    assert!(!of(&alleged, "detention").eligible && !of(&alleged, "dishonest_listing").eligible);
    let found = with(vec![act("asset_hidden", "2025-03-01", "found")]);
    for measure in ["detention", "fine", "dishonest_listing", "exit_ban"] {
        assert!(of(&found, measure).eligible, "{measure}: {:?}", of(&found, measure).blocked_by);
    }
    assert!(of(&found, "detention").text_zh.contains("2025年3月1日隐匿财产"), "{}", of(&found, "detention").text_zh);
    let sanctioned = with(vec![act("asset_hidden", "2025-03-01", "found"), act("fined", "2025-03-20", "found")]);
    assert!(blockers(&sanctioned, "detention").contains("grave_unsanctioned_act_found"));
    let again =
        with(vec![act("asset_hidden", "2025-03-01", "found"), act("fined", "2025-03-20", "found"), act("violence", "2025-05-01", "found")]);
    assert!(of(&again, "detention").eligible && of(&again, "police_response").eligible);
}

#[test]
fn prosecution_needs_documents_of_capacity_and_refusal_after_a_sanction() {
    let acts = vec![
        act("report_false", "2025-03-01", "found"),
        act("fined", "2025-03-20", "found"),
        act("report_false", "2025-05-01", "admitted"),
    ];
    let undocumented = fact("assets", &[("asset_ref", "D1"), ("class", "deposit"), ("gross_fen", "3000000")]);
    let rows = suggestions(&[plain(true), acts.clone(), vec![undocumented]].concat());
    assert_eq!(blockers(&rows, "prosecution_referral"), "unknown_capacity_documented");
    let rows = suggestions(&[plain(true), acts, vec![deposit("3000000")]].concat());
    let referral = of(&rows, "prosecution_referral");
    assert!(referral.eligible, "{:?}", referral.blocked_by);
    assert!(referral.text_zh.contains("查控反馈1"), "{}", referral.text_zh);
}

#[test]
fn minors_are_never_listed_and_a_wrong_entry_is_withdrawn() {
    let mut facts = plain(true);
    facts[0] = fact("debtors", &[("kind", "natural"), ("minor_until_on", "2027-01-01")]);
    facts.push(act("asset_hidden", "2025-03-01", "found"));
    let rows = suggestions(&facts);
    assert!(rows.iter().filter(|r| r.intrusiveness >= 4).all(|r| !r.eligible || r.measure == "police_response"));
    facts.push(fact("listings", &[("list", "dishonest"), ("listed_on", "2025-04-01"), ("ground", "3")]));
    assert!(of(&suggestions(&facts), "list_withdrawal").eligible);
}

#[test]
fn an_entry_that_has_run_out_goes_within_three_working_days() {
    let entry = fact("listings", &[("list", "dishonest"), ("listed_on", "2023-06-27"), ("ground", "4"), ("expires_on", "2025-06-27")]);
    let rows = suggestions(&[plain(true), vec![entry]].concat());
    let deletion = of(&rows, "list_deletion");
    assert!(deletion.eligible && deletion.kind == "mandatory");
    assert_eq!(deletion.due_on.map(luheng_lake::columns::day::format).as_deref(), Some("2025-07-02"));
    assert!(deletion.evidence.as_deref().unwrap().contains("listings:"));
}

#[test]
fn the_rating_moves_nothing_that_is_felt_and_no_statutory_step() {
    let facts = [plain(true), answered_none(), vec![deposit("3000000"), act("summons_ignored", "2025-04-01", "found")]].concat();
    let felt = |quadrant: &str, grades: Option<(&str, &str)>| {
        let rating = Rating {
            quadrant: quadrant.into(),
            capacity_grade: grades.map(|g| g.0.to_owned()),
            willingness_grade: grades.map(|g| g.1.to_owned()),
            ..Rating::default()
        };
        let rows = suggestions_on(&facts, "2025-06-30", &rating);
        let lawful: BTreeSet<String> = rows.iter().filter(|r| r.intrusiveness >= 3 && r.eligible).map(|r| r.measure.clone()).collect();
        let owed: Vec<(String, Option<i64>)> = rows.iter().filter(|r| r.kind == "mandatory").map(|r| (r.measure.clone(), r.rank)).collect();
        (lawful, owed)
    };
    let unrated = felt("unrated", None);
    assert!(unrated.0.contains("compelled_appearance"));
    for (quadrant, grades) in [("able_unwilling", ("C5", "W1")), ("unable_willing", ("C1", "W5")), ("able_willing", ("C5", "W5"))] {
        assert_eq!(felt(quadrant, Some(grades)), unrated, "{quadrant}");
    }
}

#[test]
fn what_is_closed_is_queried_every_six_months_and_resumed_when_property_appears() {
    let mut facts = plain(true);
    facts[1] = fact(
        "cases",
        &[
            ("status", "closed"),
            ("close_kind", "no_property"),
            ("closed_on", "2025-01-15"),
            ("duty_kind", "money"),
            ("filed_on", "2024-09-01"),
            ("notice_served_on", "2024-09-10"),
            ("principal_fen", "10000000"),
        ],
    );
    let rows = suggestions(&facts);
    let requery = of(&rows, "requery");
    assert_eq!(requery.due_on.map(luheng_lake::columns::day::format).as_deref(), Some("2025-07-15"));
    assert!(requery.eligible && rows.iter().all(|r| r.measure != "deposit_freeze" && r.measure != "resumption"));
    facts.push(fact("assets", &[("asset_ref", "D1"), ("class", "deposit"), ("gross_fen", "800000"), ("known_on", "2025-06-01")]));
    let resumption = suggestions(&facts);
    assert_eq!(of(&resumption, "resumption").gain_fen, Some(800_000));
}

#[test]
fn nothing_rests_on_a_text_that_was_not_in_force() {
    let rows = suggestions_on(&plain(true), "2025-01-20", &Rating::default());
    assert!(rows.iter().all(|r| r.legal_basis.as_deref().is_none_or(|l| !l.contains("法发〔2025〕8号"))));
    let mut early = plain(false);
    early[1] = fact(
        "cases",
        &[("status", "open"), ("duty_kind", "money"), ("filed_on", "2016-01-06"), ("principal_fen", "100"), ("known_on", "2016-01-06")],
    );
    early[0].1.push(("known_on", "2016-01-06".into()));
    early[2].1.push(("known_on", "2016-01-06".into()));
    let rows = suggestions_on(&early, "2016-06-30", &Rating::default());
    assert_eq!(blockers(&rows, "enforcement_notice"), "basis_not_in_force");
    assert!(rows.iter().filter(|r| r.intrusiveness >= 3).all(|r| !r.eligible));
}
