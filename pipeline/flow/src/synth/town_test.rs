//! Why: a town is only as good a judge as it is sound: same seed, same bytes; every reference resolves; nothing is known before it happened;
//! and taking away all ability leaves conduct as it was.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use luheng_lake::store::text;

use super::tables::LAYOUTS;
use super::{AbilityMode, Spec, write_town};

type Row = BTreeMap<&'static str, String>;
type Town = BTreeMap<&'static str, Vec<Row>>;

fn read(folder: &Path) -> Town {
    let mut town = Town::new();
    for (name, columns) in LAYOUTS {
        let content = text::read_to_string(&folder.join(format!("{name}.csv"))).unwrap();
        let rows = content.lines().skip(1).map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            assert_eq!(cells.len(), columns.len(), "{name}: {line}");
            columns.iter().copied().zip(cells.into_iter().map(str::to_owned)).collect()
        });
        town.insert(name, rows.collect());
    }
    town
}

fn town(spec: &Spec) -> Town {
    let folder = tempfile::tempdir().unwrap();
    write_town(spec, folder.path()).unwrap();
    read(folder.path())
}

#[test]
fn same_seed_same_town_and_a_small_town_begins_a_large_one() {
    let small = town(&Spec::new(60, 3));
    assert_eq!(small, town(&Spec::new(60, 3)));
    assert_ne!(small["debtors"], town(&Spec::new(60, 4))["debtors"]);
    let large = town(&Spec::new(120, 3));
    for table in ["debtors", "cases", "parties", "conduct", "payments", "assets", "inquiries"] {
        let begin = &large[table][..small[table].len()];
        assert_eq!(begin, &small[table][..], "{table}");
    }
}

#[test]
fn every_reference_resolves_and_nothing_is_known_before_it_happened() {
    let town = town(&Spec::new(600, 5));
    let set = |table: &str, column: &str| -> BTreeSet<String> { town[table].iter().map(|row| row[column].clone()).collect() };
    let (debtors, cases, assets) = (set("debtors", "debtor_ref"), set("cases", "case_no"), set("assets", "asset_ref"));
    let parties: BTreeSet<_> = town["parties"].iter().map(|row| (row["case_no"].clone(), row["debtor_ref"].clone())).collect();
    // Set in advance, so it may lie after the day of knowledge.
    let ahead = ["due_on", "duty_due_on", "expires_on", "suspended_to_on", "published_on"];
    for (table, rows) in &town {
        for row in rows {
            let filled = |column: &str| row.get(column).filter(|cell| !cell.is_empty());
            if let Some(known) = filled("known_on") {
                assert!(known.as_str() <= "2026-06-30", "{table}: {row:?}");
                for (column, cell) in row.iter().filter(|(column, _)| column.ends_with("_on") && !ahead.contains(column)) {
                    assert!(cell <= known, "{table}.{column}: {row:?}");
                }
            }
            assert!(filled("debtor_ref").is_none_or(|debtor| debtors.contains(debtor)), "{table}: {row:?}");
            if *table == "seizures" {
                assert!(assets.contains(&row["asset_ref"]), "{row:?}");
                continue;
            }
            assert!(filled("case_no").is_none_or(|case| cases.contains(case)), "{table}: {row:?}");
            if let (Some(case), Some(debtor)) = (filled("case_no"), filled("debtor_ref")) {
                assert!(parties.contains(&(case.clone(), debtor.clone())), "{table}: {row:?}");
            }
        }
    }
}

#[test]
fn versions_of_one_key_never_share_a_day() {
    let town = town(&Spec::new(600, 6));
    let keys: &[(&str, &[&str])] = &[
        ("debtors", &["debtor_ref"]),
        ("cases", &["case_no"]),
        ("parties", &["case_no", "debtor_ref"]),
        ("payments", &["payment_ref"]),
        ("assets", &["asset_ref"]),
        ("seizures", &["asset_ref", "case_no", "kind", "from_on"]),
        ("inquiries", &["case_no", "debtor_ref", "channel", "sent_on"]),
        ("conduct", &["debtor_ref", "case_no", "kind", "happened_on", "document_no"]),
        ("measures", &["case_no", "debtor_ref", "measure", "applied_on"]),
        ("listings", &["debtor_ref", "case_no", "list", "listed_on"]),
        ("milestones", &["case_no", "node", "due_on"]),
        ("stays", &["case_no", "from_on"]),
        ("judgments", &["basis_doc_no", "debtor_ref"]),
    ];
    for (table, key) in keys {
        let mut seen = BTreeSet::new();
        for row in &town[table] {
            let mut id: Vec<&str> = key.iter().map(|column| row[column].as_str()).collect();
            id.push(&row["known_on"]);
            assert!(seen.insert(id), "{table}: {row:?}");
        }
    }
}

#[test]
fn without_ability_there_is_no_money_and_conduct_stays() {
    let drawn = town(&Spec::new(600, 7));
    let zero = town(&Spec { ability: AbilityMode::Zero, ..Spec::new(600, 7) });
    for table in ["assets", "incomes", "payments", "seizures"] {
        assert!(!drawn[table].is_empty() && zero[table].is_empty(), "{table}");
    }
    // Acts that need no means carry document numbers of their own; the case number may differ (a case resumed only where money was found).
    let acts = |town: &Town| -> BTreeMap<(String, String), (String, String, String)> {
        let free = town["conduct"].iter().filter(|row| row["document_no"].starts_with("笔录"));
        free.map(|row| {
            (
                (row["debtor_ref"].clone(), row["document_no"].clone()),
                (row["kind"].clone(), row["happened_on"].clone(), row["known_on"].clone()),
            )
        })
        .collect()
    };
    let (with, without) = (acts(&drawn), acts(&zero));
    let both = with.iter().filter(|(key, _)| without.contains_key(*key)).count();
    assert!(both as f64 > 0.95 * with.len() as f64, "{both} of {}", with.len());
    for (key, act) in with.iter().filter(|(key, _)| without.contains_key(*key)) {
        assert_eq!(act, &without[key]);
    }
}

#[test]
fn everything_the_issue_names_occurs() {
    let town = town(&Spec::new(2000, 1));
    let has = |table: &str, column: &str, value: &str| town[table].iter().any(|row| row[column] == value);
    for (table, column, values) in [
        ("parties", "liability", &["solidary", "by_share", "supplementary", "limited_amount", "limited_estate", "limited_asset", ""][..]),
        ("parties", "left_reason", &["released"]),
        ("cases", "case_type", &["first", "resumed", "entrusted", "preservation"]),
        ("cases", "status", &["open", "stayed", "closed"]),
        ("cases", "close_kind", &["performed", "no_property", "terminated"]),
        ("cases", "duty_kind", &["money", "delivery", "act", "mixed"]),
        ("seizures", "kind", &["seal", "freeze", "waiting"]),
        ("inquiries", "outcome", &["found", "none", "no_reply"]),
        ("payments", "source", &["voluntary", "under_measure", "settlement", "deducted", "auction", "in_kind", "third_party"]),
        ("listings", "ground", &["1", "2", "3", "4", "5", "6", ""]),
        ("listings", "removal_ground", &["performed", "term_ended"]),
        ("conduct", "void_reason", &["entered_in_error", "wrong_person", "set_aside", "repaired"]),
        ("conduct", "finding", &["found", "alleged"]),
        ("debtors", "kind", &["natural", "legal", "other_org"]),
        ("debtors", "status", &["deceased"]),
    ] {
        for value in values {
            assert!(has(table, column, value), "{table}.{column} = {value:?}");
        }
    }
    let filled = |table: &str, column: &str| town[table].iter().any(|row| !row[column].is_empty());
    for (table, column) in [
        ("assets", "lien_for_case"),
        ("assets", "disposed_to_related"),
        ("cases", "resumed_from"),
        ("cases", "waived_fen"),
        ("payments", "reversed_on"),
        ("listings", "suspended_from_on"),
        ("stays", "to_on"),
        ("parties", "joined_on"),
    ] {
        assert!(filled(table, column), "{table}.{column}");
    }
}

#[test]
fn a_dirty_town_stays_under_the_limit_of_rejects() {
    let clean = Spec::new(300, 8);
    let dirty = Spec { dirty: 0.02, ..clean.clone() };
    let (clean, dirty) = (town(&clean), town(&dirty));
    let mut spoilt = 0;
    let mut fatal = 0;
    for (table, rows) in &dirty {
        let known: BTreeSet<&Row> = clean[table].iter().collect();
        for row in rows.iter().filter(|row| !known.contains(row)) {
            spoilt += 1;
            fatal += usize::from(row.values().any(|cell| cell.contains("-02-30") || cell == "其他情形"));
        }
    }
    let all: usize = clean.values().map(Vec::len).sum();
    assert!(spoilt * 200 > all, "{spoilt} of {all}");
    assert!(fatal > 0 && fatal * 100 < all, "{fatal} of {all}");
}
