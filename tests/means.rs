//! Means seen from the cases that compete for them: what rank decides, what a resumed debt keeps, and that no fen is promised twice.

use std::collections::BTreeMap;

use luheng::config::Config;
use luheng::context::Context;
use luheng::cutoff::Facts;
use luheng::means::{Control, means_of, share_of};
use luheng::rating::Ratings;
use luheng::standing::Standing;
use luheng_lake::catalog::CatalogFiles;
use luheng_lake::columns::Columns;
use luheng_lake::schema::{Codes, Schema};
use luheng_lake::store::paths::Work;

const A: &str = "（2025）测9901执1号";
const B: &str = "（2025）测9901执2号";
/// The day rated.
pub const DAY: i32 = 20_000;

/// Surroundings of a test that has no work folder.
pub fn context(config: Config) -> Context {
    let files = CatalogFiles::embedded();
    Context {
        schema: Schema::load(&files).unwrap(),
        codes: Codes::load(&files).unwrap(),
        ratings: Ratings::load(&files, &config).unwrap(),
        work: Work::at("nowhere"),
        seals: luheng_lake::store::seal::Seals::default(),
        as_of: DAY,
        seed: 0,
        buckets: 1,
        range_bytes: luheng_lake::ingest::RANGE_BYTES,
        files,
        config,
    }
}

/// Rows of the debtor `d`, known a hundred days before the day.
pub fn rows(ids: &[&str]) -> Columns {
    Columns::new()
        .text("debtor_id", ids.iter().map(|_| Some("d")))
        .text("row_id", ids.iter().map(|id| Some(*id)))
        .date("known_on", ids.iter().map(|_| Some(DAY - 100)))
}

/// A debtor with a deposit of 1,000,000 fen in two cases of 600,000 fen each; the holds, and what sets case B apart, are the test's.
fn debtor(holds: &[(&str, &str, i64)], duty_of_b: &str, b_resumes: Option<&str>) -> Facts {
    let n = holds.len();
    let ids: Vec<String> = (0..n).map(|at| format!("h{at}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let tables = BTreeMap::from([
        ("parties", rows(&["p1", "p2"]).text("case_no", [Some(A), Some(B)])),
        (
            "cases",
            rows(&["c1", "c2"])
                .text("case_no", [Some(A), Some(B)])
                .text("duty_kind", [Some("money"), Some(duty_of_b)])
                .int("principal_fen", [Some(600_000), Some(600_000)])
                .date("filed_on", [Some(DAY - 300), Some(DAY - 200)])
                .text("resumed_from", [None, b_resumes]),
        ),
        ("assets", rows(&["a1"]).text("asset_ref", [Some("x")]).text("class", [Some("deposit")]).int("gross_fen", [Some(1_000_000)])),
        (
            "seizures",
            rows(&ids)
                .text("asset_ref", holds.iter().map(|_| Some("x")))
                .text("case_no", holds.iter().map(|h| Some(h.0)))
                .text("kind", holds.iter().map(|h| Some(h.1)))
                .int("rank", holds.iter().map(|h| Some(h.2)))
                .int("amount_fen", holds.iter().map(|_| Some(600_000)))
                .date("from_on", holds.iter().map(|h| Some(DAY - 50 + h.2 as i32))),
        ),
    ]);
    Facts::new(&Schema::load(&CatalogFiles::embedded()).unwrap(), |name| Ok(tables.get(name).cloned())).unwrap()
}

fn evidenced(facts: &Facts, case_no: &str) -> (i64, Control) {
    let view = facts.view("d", DAY);
    let means = means_of(&view.party(case_no).unwrap(), &context(Config::default()));
    (means.evidenced_fen, means.assets[0].control)
}

#[test]
fn of_two_freezes_the_earlier_in_rank_comes_first_and_no_fen_counts_twice() {
    let facts = debtor(&[(A, "freeze", 1), (B, "freeze", 2)], "money", None);
    let (first, second) = (evidenced(&facts, A), evidenced(&facts, B));
    assert_eq!((first.1, second.1), (Control::Own, Control::Waiting));
    assert_eq!(first.0, 600_000);
    assert!(first.0 + second.0 <= 1_000_000, "{first:?} {second:?}");
}

#[test]
fn free_means_are_shared_by_due_and_only_among_debts_of_money() {
    let both = debtor(&[], "money", None);
    assert_eq!((evidenced(&both, A).0, evidenced(&both, B).0), (500_000, 500_000));
    let act = debtor(&[], "act", None);
    let view = act.view("d", DAY);
    assert_eq!((share_of(&view.party(A).unwrap()), share_of(&view.party(B).unwrap())), (1.0, 0.0));
}

#[test]
fn a_resumed_debt_keeps_what_was_held_under_its_earlier_number() {
    let facts = debtor(&[(A, "freeze", 1)], "money", Some(A));
    assert_eq!(evidenced(&facts, B), (600_000, Control::Own));
    assert!(!facts.view("d", DAY).party(A).unwrap().is_live(), "the debt goes on under the new number alone");
}

/// Standing of a person without property who earns so much a month, every channel answered; the configuration is the test's.
fn earner(monthly: i64, config: &str, deposit: Option<i64>) -> Standing {
    let mut ctx = context(Config::parse(config, "test").unwrap());
    ctx.ratings.capacity.required_channels = vec!["bank".into()];
    let mut tables = BTreeMap::from([
        ("debtors", rows(&["d1"]).text("kind", [Some("natural")])),
        ("parties", rows(&["p1"]).text("case_no", [Some(A)])),
        (
            "cases",
            rows(&["c1"])
                .text("case_no", [Some(A)])
                .text("duty_kind", [Some("money")])
                .int("principal_fen", [Some(600_000)])
                .date("filed_on", [Some(DAY - 300)]),
        ),
        ("incomes", rows(&["i1"]).text("kind", [Some("wage")]).date("from_on", [Some(DAY - 300)]).int("monthly_fen", [Some(monthly)])),
        (
            "inquiries",
            rows(&["q1"])
                .text("case_no", [Some(A)])
                .text("channel", [Some("bank")])
                .date("sent_on", [Some(DAY - 20)])
                .date("returned_on", [Some(DAY - 10)])
                .text("outcome", [Some("none")]),
        ),
    ]);
    if let Some(fen) = deposit {
        tables
            .insert("assets", rows(&["a1"]).text("asset_ref", [Some("x")]).text("class", [Some("deposit")]).int("gross_fen", [Some(fen)]));
    }
    let facts = Facts::new(&Schema::load(&CatalogFiles::embedded()).unwrap(), |name| Ok(tables.get(name).cloned())).unwrap();
    let view = facts.view("d", DAY);
    let party = view.party(A).unwrap();
    Standing::of(&party, &means_of(&party, &ctx), &ctx)
}

#[test]
fn a_known_income_without_a_living_cost_is_not_nothing_but_unknown() {
    let said = |s: &Standing| (s.extent, s.evidenced_fen, s.ask_for.contains(&"living_cost"));
    const LIVING: &str = "[means]\nliving_cost_monthly_fen = 120000";
    assert_eq!(said(&earner(300_000, "", None)), ("unknown", None, true));
    assert_eq!(said(&earner(300_000, LIVING, None)), ("whole", Some(1_080_000), false));
    assert_eq!(said(&earner(120_000, LIVING, None)), ("none_found", Some(0), false), "all of it is needed to live");
    assert_eq!(said(&earner(0, "", None)), ("none_found", Some(0), false), "no income is known");
    assert_eq!(said(&earner(300_000, "", Some(100_000))), ("part", Some(100_000), true), "something else is known: at least that");
}
