//! A lake of a few debtors: who is counted, on which day, and what is told.
#![allow(clippy::unwrap_used)]

use luheng_lake::catalog::CatalogFiles;
use luheng_lake::columns::{Column, ColumnKind, Day, day};
use luheng_lake::schema::{Codes, Schema};
use luheng_lake::store::paths::Work;

use super::*;
use crate::config::Config;
use crate::rating::Ratings;

const TODAY: &str = "2025-06-30";
const CASE: &str = "（2025）浙0106执1号";

/// A row: its table, its debtor, and the values that are not null, as text.
type Fact<'a> = (&'static str, &'a str, Vec<(&'a str, &'a str)>);

fn context() -> Context {
    let files = CatalogFiles::embedded();
    let config = Config::default();
    Context {
        ratings: Ratings::load(&files, &config).unwrap(),
        schema: Schema::load(&files).unwrap(),
        codes: Codes::load(&files).unwrap(),
        config,
        files,
        work: Work::at("nowhere"),
        seals: luheng_lake::store::seal::Seals::default(),
        as_of: day::parse(TODAY).unwrap(),
        seed: 1,
        buckets: 1,
        range_bytes: luheng_lake::ingest::RANGE_BYTES,
    }
}

fn column(kind: ColumnKind, values: &[Option<&str>]) -> Column {
    let each = |read: fn(&str) -> Option<i64>| values.iter().map(move |v| v.and_then(read)).collect::<Vec<_>>();
    match kind {
        ColumnKind::Text => Column::from_text(values.iter().copied()),
        ColumnKind::Date => Column::from_date(values.iter().map(|v| v.and_then(day::parse))),
        ColumnKind::Int => Column::from_int(each(|v| v.parse().ok())),
        ColumnKind::Real => Column::from_real(values.iter().map(|v| v.and_then(|v| v.parse().ok()))),
        ColumnKind::Flag => Column::from_flag(values.iter().map(|v| v.map(|v| v == "true"))),
    }
}

/// The rows of one table as the lake keeps them: by debtor, then row.
fn lake(ctx: &Context, table: &'static str, rows: &[&Fact<'_>]) -> Columns {
    let described = ctx.schema.tables.get(table).unwrap();
    let own = described.columns.iter().filter(|c| !c.identity && c.name != "debtor_ref").map(|c| (c.name.clone(), c.kind.stored()));
    let always = [
        ("debtor_id", ColumnKind::Text),
        ("minor_until_on", ColumnKind::Date),
        ("is_own", ColumnKind::Flag),
        ("identity_basis", ColumnKind::Text),
        ("link_probability", ColumnKind::Real),
    ];
    let names = own.chain(always.map(|(name, kind)| (name.to_owned(), kind)));
    let ids: Vec<String> = (0..rows.len()).map(|at| format!("{table}{at}")).collect();
    let mut columns = Columns::new();
    for (name, kind) in names {
        let value = |(at, row): (usize, &&Fact<'_>)| -> Option<String> {
            let given = row.2.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
            given.or_else(|| match name.as_str() {
                "debtor_id" => Some(row.1.to_owned()),
                "case_no" => Some(CASE.to_owned()),
                "row_id" => Some(ids[at].clone()),
                "known_on" => Some("2025-01-11".to_owned()),
                _ => None,
            })
        };
        let values: Vec<Option<String>> = rows.iter().enumerate().map(value).collect();
        columns = columns.with(&name, column(kind, &values.iter().map(Option::as_deref).collect::<Vec<_>>()));
    }
    columns
}

fn of(facts: &[Fact<'_>]) -> OfBucket {
    let ctx = context();
    let held = Facts::new(&ctx.schema, |table| {
        let rows: Vec<&Fact<'_>> = facts.iter().filter(|f| f.0 == table).collect();
        Ok((!rows.is_empty()).then(|| lake(&ctx, table, &rows)))
    })
    .unwrap();
    let ratings = Columns::new().text("case_no", [Some(CASE)]).text("debtor_id", [Some("a")]).text("capacity_status", [Some("rated")]);
    let ratings = ratings.text("capacity_grade", [Some("C2")]).text("willingness_grade", [None::<&str>]);
    let tables = of_bucket(&held, &ratings, &ctx).unwrap();
    held.check().unwrap();
    tables
}

/// A natural person with a party in an open case of 1,000.00 yuan.
fn person<'a>(id: &'a str) -> Vec<Fact<'a>> {
    vec![
        ("debtors", id, vec![("kind", "natural"), ("residence_region", "330106")]),
        ("cases", id, vec![("status", "open"), ("duty_kind", "money"), ("court_code", "浙0106"), ("principal_fen", "100000")]),
        ("parties", id, vec![("role", "principal")]),
    ]
}

fn sum(tables: &OfBucket, metric: &str) -> i64 {
    let rows = frame::rows(&tables.sums, &["metric", "part", "numerator"]).unwrap();
    rows.filter(|r| r.text("metric") == Some(metric) && r.text("part").is_none()).filter_map(|r| r.int("numerator")).sum()
}

fn told(tables: &OfBucket) -> Vec<(String, Option<Day>)> {
    frame::rows(&tables.alerts, &["kind", "due_on"]).unwrap().map(|r| (r.owned("kind").unwrap(), r.date("due_on"))).collect()
}

#[test]
fn an_entry_counts_while_it_is_in_force_and_known() {
    let cases: [(&[(&str, &str)], i64); 12] = [
        (&[], 1),
        (&[("listed_on", "2025-06-30"), ("known_on", "2025-06-30")], 1),
        (&[("listed_on", "2025-06-30"), ("known_on", "2025-07-01")], 0),
        (&[("removed_on", "2025-06-30")], 0),
        (&[("removed_on", "2025-07-01")], 1),
        (&[("expires_on", "2025-06-30")], 1),
        (&[("expires_on", "2025-06-29")], 0),
        (&[("suspended_from_on", "2025-06-01")], 0),
        (&[("suspended_from_on", "2025-06-01"), ("suspended_to_on", "2025-06-29")], 1),
        (&[("suspended_from_on", "2025-07-01")], 1),
        (&[("voided_on", "2025-06-30"), ("void_reason", "repaired")], 0),
        (&[("list", "consumption_limit")], 0),
    ];
    for (at, (more, expected)) in cases.into_iter().enumerate() {
        let mut entry = more.to_vec();
        for (name, value) in [("list", "dishonest"), ("listed_on", "2025-01-10")] {
            if !entry.iter().any(|(n, _)| *n == name) {
                entry.push((name, value));
            }
        }
        let mut facts = person("a");
        facts.push(("listings", "a", entry));
        assert_eq!(sum(&of(&facts), crate::metrics::definitions::HEADLINE), expected, "case {at}: {more:?}");
    }
}

#[test]
fn a_person_counts_once_an_entry_each_time_and_an_organisation_apart() {
    let mut facts = person("a");
    for case in ["（2024）浙0106执7号", "（2024）浙0106执8号"] {
        facts.push(("listings", "a", vec![("case_no", case), ("list", "dishonest"), ("listed_on", "2025-01-10")]));
    }
    facts.push(("debtors", "b", vec![("kind", "legal")]));
    facts.push(("listings", "b", vec![("list", "dishonest"), ("listed_on", "2025-01-10")]));
    let tables = of(&facts);
    let counted = ["dishonesty_rate_per_10k", "listed_entries_n", "organisations_listed_n", "rated_share"].map(|m| sum(&tables, m));
    assert_eq!(counted, [1, 2, 1, 1]);
}

#[test]
fn each_party_has_the_case_and_the_case_its_money_once() {
    let mut facts = person("a");
    facts.extend(person("b"));
    for id in ["a", "b"] {
        facts.push(("payments", id, vec![("row_id", "p1"), ("paid_on", "2025-03-01"), ("amount_fen", "30000"), ("source", "voluntary")]));
    }
    facts.sort_by_key(|f| (f.0, f.1));
    let tables = of(&facts);
    assert_eq!(tables.party_facts.len(), 2);
    let cases = CaseFacts::read(&tables.party_facts).unwrap();
    assert_eq!(cases.len(), 1);
    assert_eq!(cases.values().map(|c| (c.due_fen, c.received_365d_fen)).collect::<Vec<_>>(), [(70_000, 30_000)]);
}

#[test]
fn what_lapses_is_late_or_should_be_gone_is_told() {
    let mut facts = person("a");
    facts.push(("assets", "a", vec![("asset_ref", "x"), ("class", "deposit"), ("gross_fen", "500000")]));
    for (id, expires) in [("s1", "2025-07-05"), ("s2", "2025-07-20")] {
        facts.push((
            "seizures",
            "a",
            vec![("row_id", id), ("asset_ref", "x"), ("kind", "freeze"), ("from_on", "2024-07-05"), ("expires_on", expires)],
        ));
    }
    facts.push(("milestones", "a", vec![("node", "notice"), ("due_on", "2025-02-01")]));
    facts.push(("milestones", "a", vec![("node", "survey"), ("due_on", "2025-02-01"), ("done_on", "2025-02-02")]));
    facts.push(("listings", "a", vec![("list", "dishonest"), ("listed_on", "2023-06-26"), ("expires_on", "2025-06-26")]));
    facts.push(("objections", "a", vec![("subject", "fact"), ("filed_on", "2025-06-20")]));
    let on = |text: &str| day::parse(text);
    let expected = [
        ("seizure_lapses", on("2025-07-20")),
        ("step_overdue", on("2025-02-01")),
        ("delist_due", on("2025-07-01")),
        ("objection_due", on("2025-07-05")),
    ];
    assert_eq!(told(&of(&facts)), expected.map(|(kind, day)| (kind.to_owned(), day)));
}

#[test]
fn a_case_closed_for_want_of_property_is_watched() {
    let mut facts = person("a");
    facts[1].2 = vec![
        ("status", "closed"),
        ("close_kind", "no_property"),
        ("closed_on", "2024-11-01"),
        ("duty_kind", "money"),
        ("principal_fen", "100000"),
    ];
    facts.push(("milestones", "a", vec![("node", "survey"), ("due_on", "2024-10-01")]));
    facts.push((
        "inquiries",
        "a",
        vec![("channel", "bank"), ("sent_on", "2024-12-30"), ("known_on", "2024-12-30"), ("outcome", "no_reply")],
    ));
    facts.push(("assets", "a", vec![("row_id", "old"), ("class", "deposit"), ("gross_fen", "900000"), ("known_on", "2024-10-01")]));
    let without_news = of(&facts);
    assert_eq!(told(&without_news), [("requery_due".to_owned(), day::parse("2025-06-30"))]);
    facts.push(("assets", "a", vec![("row_id", "z"), ("class", "deposit"), ("gross_fen", "900000"), ("known_on", "2025-05-01")]));
    assert!(told(&of(&facts)).contains(&("asset_in_closed_case".to_owned(), None)));
}
