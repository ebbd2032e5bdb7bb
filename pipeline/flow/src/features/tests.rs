//! Every feature by hand: value, evidence, window, treatment of what is missing, and what must never move one. The lakes are written as text, one row a
//! line: table and its columns; `+` changes the row that is there.
#![cfg(test)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod worked;

use std::collections::{BTreeMap, BTreeSet};

use luheng_lake::columns::day;

use super::stage::evidence_of;
use super::{Feature, Missing, Subject, Unit, all};
use crate::context::Context;
use crate::fixture::{CASE, DEBTOR, Fact, context, held, plain};
use crate::means::means_of;

/// Number and evidence of every feature, by id.
type Values = BTreeMap<&'static str, (Option<f64>, Option<String>)>;

fn pairs(words: &'static str) -> Vec<(&'static str, String)> {
    words.split_whitespace().map(|word| word.split_once('=').unwrap()).map(|(name, value)| (name, value.replace("CASE", CASE))).collect()
}

/// A debtor in one case with 100,000.00 yuan due, and what the text adds.
fn facts(text: &'static str) -> Vec<Fact> {
    let mut facts = plain(true);
    for line in text.split(['|', '\n']).map(str::trim).filter(|line| !line.is_empty()) {
        let (table, columns) = line.split_once(' ').unwrap();
        match table.strip_prefix('+') {
            None => facts.push((table, pairs(columns))),
            Some(table) => {
                let row = &mut facts.iter_mut().find(|(name, _)| *name == table).unwrap().1;
                row.retain(|(name, _)| pairs(columns).iter().all(|(changed, _)| changed != name));
                row.extend(pairs(columns));
            }
        }
    }
    facts
}

/// What every feature says on a day so many days after the rating day of the fixture.
fn values(ctx: &Context, facts: &[Fact], later: i32) -> Values {
    let facts = held(ctx, facts);
    let view = facts.view(DEBTOR, ctx.as_of + later);
    let party = view.party(CASE).unwrap();
    let subject = Subject { party, means: means_of(&party, ctx), ctx };
    let value = |feature: &'static Feature| {
        let value = (feature.compute)(&subject);
        (feature.id, (value.number, evidence_of(&value.rows)))
    };
    let values = all().map(value).collect();
    facts.check().unwrap();
    values
}

#[test]
fn every_feature_is_worked_by_hand() {
    let ctx = context();
    let mut wrong = Vec::new();
    for (id, text, number, evidence) in worked::CASES {
        let keys: Vec<String> =
            evidence.split_whitespace().map(|row| format!("{}:{row}", row.trim_end_matches(|c: char| c.is_ascii_digit()))).collect();
        let wanted = (Some(*number), (!keys.is_empty()).then(|| keys.join(";")));
        let values = values(&ctx, &facts(text), 0);
        let got = values.get(id).unwrap_or_else(|| panic!("{id}: no such feature"));
        let close = got.0.zip(wanted.0).is_some_and(|(got, wanted)| (got - wanted).abs() < 1e-12 * wanted.abs().max(1.0));
        if !close || got.1 != wanted.1 {
            wrong.push(format!("{id}: {got:?}, by hand {wanted:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} are not as worked by hand:\n{}", wrong.len(), wrong.join("\n"));
    let worked: BTreeSet<&str> = worked::CASES.iter().map(|(id, ..)| *id).collect();
    let unworked: Vec<&str> = all().map(|f| f.id).filter(|id| !worked.contains(id)).collect();
    assert!(unworked.is_empty(), "not worked by hand: {unworked:?}");
}

#[test]
fn what_is_missing_is_read_as_the_entry_says() {
    let ctx = context();
    // A debtor of whom nothing is known but the case, and a case that states no more than what is due.
    let bare = facts("+debtors identity_basis=number\n+cases filed_on=2025-01-06");
    let mut bare: Vec<Fact> = bare
        .into_iter()
        .map(|(table, mut row)| {
            row.retain(|(name, _)| !["kind", "role", "filed_on"].contains(name));
            (table, row)
        })
        .collect();
    let named = |values: &Values, id: &str| values[id].0;
    let without = values(&ctx, &bare, 0);
    for feature in all() {
        let value = named(&without, feature.id);
        match feature.missing {
            Missing::Zero(_) => assert_eq!(value, Some(0.0), "{}", feature.id),
            // What the case states of itself, and what its configuration says of living costs, is known here.
            Missing::Unknown(_) if ["due_left_share", "income_cover_share"].contains(&feature.id) => assert!(value.is_some()),
            Missing::Unknown(_) => assert_eq!(value, None, "{}", feature.id),
            Missing::Never => assert!(value.is_some(), "{}", feature.id),
        }
    }
    // Those two in their turn.
    for (table, row) in &mut bare {
        row.retain(|(name, _)| *table != "cases" || *name != "principal_fen");
    }
    assert_eq!(named(&values(&ctx, &bare, 0), "due_left_share"), None);
    let mut ctx = context();
    ctx.config.means.living_cost_monthly_fen = None;
    let earning = values(&ctx, &facts("incomes kind=wage from_on=2024-01-01 monthly_fen=320000"), 0);
    assert_eq!((named(&earning, "income_cover_share"), named(&earning, "income_free_monthly_fen")), (None, None));
}

const CONDUCT: &str = "served evaded_service summons_kept summons_ignored report_filed report_late report_false report_missing \
    instalment_kept instalment_broken settlement_signed settlement_kept settlement_breached guarantee_given \
    clue_volunteered transfer_below_value transfer_to_related asset_hidden limit_breached obstruction violence \
    sham_litigation fined detained";
const CHANGES: &str = "address_changed contact_lost contact_found employed unemployed role_taken role_left business_opened \
    business_closed licence_granted licence_revoked penalised sued suing bankruptcy_filed custody";
/// Acts for a debtor, which need no document.
const GOOD: &str = "served summons_kept report_filed instalment_kept settlement_signed settlement_kept guarantee_given clue_volunteered";
const AGES: [i32; 11] = [0, 29, 30, 89, 90, 364, 365, 1094, 1095, 3649, 3650];

/// A window of a feature: its days, its unit, value and evidence.
type Window = (i32, Unit, f64, BTreeSet<String>);

/// A lake with a fact of every kind at the edge of every window; with each row its age in days.
fn edges(ctx: &Context) -> (Vec<Fact>, BTreeMap<String, i32>) {
    let (mut facts, mut ages) = (plain(true), BTreeMap::new());
    let mut next: BTreeMap<&str, usize> = BTreeMap::from([("cases", 1), ("parties", 1)]);
    for age in AGES {
        let on = || day::format(ctx.as_of - age);
        let mut add = |table: &'static str, columns: Vec<(&'static str, String)>| {
            let at = next.entry(table).or_default();
            ages.insert(format!("{table}:{table}{at}"), age);
            *at += 1;
            facts.push((table, columns));
        };
        let own = |name: &'static str, value: &str| (name, value.to_owned());
        for kind in CONDUCT.split_whitespace() {
            add("conduct", vec![own("kind", kind), ("happened_on", on()), own("document_no", "d")]);
        }
        for kind in CHANGES.split_whitespace() {
            add("trajectory", vec![own("kind", kind), ("happened_on", on()), own("document_no", "d")]);
        }
        add("payments", vec![("paid_on", on()), own("amount_fen", "100"), own("source", "voluntary")]);
        for result in ["succeeded", "failed"] {
            add("measures", vec![own("measure", "fine"), ("applied_on", on()), own("result", result)]);
        }
        add("incomes", vec![own("kind", "wage"), own("from_on", "2010-01-01"), own("monthly_fen", "100"), ("to_on", on())]);
        add("cases", vec![("case_no", format!("（2010）浙0106执{age}号")), ("filed_on", on())]);
        add("parties", vec![("case_no", format!("（2010）浙0106执{age}号"))]);
        let gone = vec![own("class", "vehicle"), ("disposed_on", on()), own("disposed_to_related", "true"), own("document_no", "d")];
        add("assets", gone);
    }
    (facts, ages)
}

#[test]
fn a_window_is_as_long_as_its_name_says_and_a_longer_one_holds_a_shorter() {
    let ctx = context();
    let (facts, ages) = edges(&ctx);
    let values = values(&ctx, &facts, 0);
    let mut stems: BTreeMap<&str, Vec<Window>> = BTreeMap::new();
    for feature in all().filter(|f| f.window().is_some()) {
        let window = feature.window().unwrap();
        let (number, evidence) = &values[feature.id];
        let rows: BTreeSet<String> = evidence.as_ref().unwrap().split(';').map(str::to_owned).collect();
        let oldest = rows.iter().filter_map(|row| ages.get(row)).max().unwrap();
        assert_eq!(*oldest, window - 1, "{}", feature.id);
        stems.entry(feature.id.rsplit_once('_').unwrap().0).or_default().push((window, feature.unit, number.unwrap(), rows));
    }
    let mut several = 0;
    for (stem, mut windows) in stems {
        windows.sort_by_key(|w| w.0);
        for pair in windows.windows(2) {
            several += 1;
            assert!(pair[0].3.is_subset(&pair[1].3), "{stem}: {} days hold what {} days do not", pair[0].0, pair[1].0);
            assert!(pair[0].1 != Unit::Count || pair[0].2 <= pair[1].2, "{stem}: {} counts more than {}", pair[0].0, pair[1].0);
        }
    }
    assert!(several > 8, "{several} pairs of windows");
}

#[test]
fn what_does_not_count_moves_no_feature() {
    let ctx = context();
    let (mut facts, _) = edges(&ctx);
    facts.extend(super::tests::facts("listings list=dishonest listed_on=2025-02-01 ground=4").into_iter().skip(3));
    let before = values(&ctx, &facts, 0);
    let own = |name: &'static str, value: &str| (name, value.to_owned());
    let spoilt = [
        " finding=alleged document_no=d",
        " finding=set_aside document_no=d",
        " document_no=d voided_on=2025-06-30 void_reason=repaired",
        " document_no=d voided_on=2025-06-30 void_reason=expired",
        " document_no=d voided_on=2026-06-30 void_reason=wrong_person",
        " ",
    ];
    let mut more = facts.clone();
    for (at, how) in spoilt.iter().enumerate() {
        for kind in CONDUCT.split_whitespace().filter(|kind| at < 5 || !GOOD.split_whitespace().any(|good| good == *kind)) {
            let mut row = vec![own("kind", kind), own("happened_on", "2025-06-20")];
            row.extend(pairs(how));
            more.push(("conduct", row));
        }
        for kind in CHANGES.split_whitespace().filter(|_| at >= 2) {
            let mut row = vec![own("kind", kind), own("happened_on", "2025-06-20")];
            row.extend(pairs(how));
            more.push(("trajectory", row));
        }
    }
    // Suits of one's own and custody are documented and still not read; neither are lists that ended, channels that look for a person, places.
    for kind in "suing custody released".split_whitespace() {
        more.push(("trajectory", vec![own("kind", kind), own("happened_on", "2025-06-20"), own("document_no", "d")]));
    }
    let ended = super::tests::facts(
        "listings list=dishonest listed_on=2025-02-01 ground=4 removed_on=2025-06-30
         listings list=dishonest listed_on=2023-02-01 ground=4 expires_on=2025-06-29
         listings list=dishonest listed_on=2025-02-01 ground=4 suspended_from_on=2025-06-30
         listings list=dishonest listed_on=2025-02-01 ground=4 voided_on=2025-06-30 void_reason=repaired
         inquiries channel=telecom sent_on=2025-06-01 returned_on=2025-06-02 outcome=none
         inquiries channel=police sent_on=2025-06-01 returned_on=2025-06-02 outcome=found
         assets class=vehicle disposed_on=2025-06-20 disposed_to_related=true",
    );
    more.extend(ended.into_iter().skip(3));
    let after = values(&ctx, &more, 0);
    let moved: Vec<&str> = before.keys().copied().filter(|id| before[id] != after[id]).collect();
    assert!(moved.is_empty(), "{moved:?}");
}

#[test]
fn ids_are_unique_and_entries_are_whole() {
    let ids: BTreeSet<&str> = all().map(|f| f.id).collect();
    assert_eq!(ids.len(), all().count());
    assert!(ids.len() >= 120, "{}", ids.len());
    for f in all() {
        let said = [f.id, f.zh, f.en, f.ground].iter().all(|text| !text.is_empty());
        assert!(said && f.version > 0, "{}", f.id);
        assert_eq!(f.id.contains(|c: char| c.is_ascii_digit()), f.window().is_some(), "{}", f.id);
        let unit = match f.unit {
            Unit::Fen => f.id.ends_with("_fen"),
            Unit::Share => f.id.contains("_share"),
            Unit::Count => f.id.contains("_n"),
            Unit::Days => f.id.ends_with("_days"),
            Unit::Months => f.id.ends_with("_months"),
            Unit::Sign => ["is_", "_now", "_last", "_good"].iter().any(|part| f.id.contains(part)),
        };
        assert!(unit, "{} does not say its unit", f.id);
    }
}

#[test]
fn a_sentence_carries_the_value_or_why_there_is_none() {
    let of = |id: &str| all().find(|f| f.id == id).unwrap();
    let (zh, en) = of("liquid_net_share").sentence(Some(0.5));
    assert!(zh.contains("50.0%") && en.contains("50.0%"), "{zh} {en}");
    let (zh, en) = of("income_monthly_fen").sentence(None);
    assert_eq!((&*zh, &*en), ("已知月收入：不明（无已知收入）", "known monthly income: unknown (no income known)"));
}
