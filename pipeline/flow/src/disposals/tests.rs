//! Which sales count, from when, and what is learned of them.
#![allow(clippy::unwrap_used)]

use luheng_lake::columns::{Columns, Day, day};

use super::{learn, of_bucket};
use crate::context::Context;
use crate::fixture::{CASE, Fact, context, fact, held};
use crate::haircut::Haircuts;

type Values<'a> = Vec<(&'static str, &'a str)>;

/// A vehicle of 10,000 yuan, known and sealed in January, sold on 1 March for 6,500 and known to be so four days later. The values given stand in the
/// place of those of the sale, the seal and the vehicle before it.
fn sold(sale: &[(&'static str, &str)], seal: &[(&'static str, &str)], vehicle: &[(&'static str, &str)]) -> Vec<Fact> {
    let with = |table: &'static str, plain: &[(&'static str, &str)], other: &[(&'static str, &str)]| {
        let kept = plain.iter().filter(|(name, _)| !other.iter().any(|(n, _)| n == name));
        let values: Values<'_> = kept.chain(other).copied().filter(|(_, value)| !value.is_empty()).collect();
        fact(table, &values)
    };
    let known = [("row_id", "a1"), ("asset_ref", "A1"), ("class", "vehicle"), ("gross_fen", "1000000"), ("co_ownership", "sole")];
    let end = [("known_on", "2025-03-05"), ("disposed_on", "2025-03-01"), ("disposal_fen", "650000")];
    let hold = [("asset_ref", "A1"), ("kind", "seal"), ("from_on", "2025-01-12"), ("known_on", "2025-01-12"), ("expires_on", "2027-01-12")];
    vec![with("assets", &known, vehicle), with("assets", &[&known[..], &end[..]].concat(), sale), with("seizures", &hold, seal)]
}

/// Class, reckoned value, price, first day and the day it ends of each row, as text.
fn told(facts: &[Fact]) -> Vec<String> {
    let ctx = context();
    let table = of_bucket(&held(&ctx, facts), &ctx).unwrap();
    let text = |at: usize| {
        let int = |name: &str| table.get(name).unwrap().int_at(at).unwrap();
        let on = |name: &str| table.get(name).unwrap().date_at(at).map_or_else(|| "-".to_owned(), day::format);
        let class = table.get("class").unwrap().text_at(at).unwrap();
        format!("{class} {} {} {} {}", int("reckoned_fen"), int("price_fen"), on("from_on"), on("until_on"))
    };
    (0..table.len()).map(text).collect()
}

#[test]
fn a_courts_sale_is_known_from_its_day_with_the_value_reckoned_before() {
    assert_eq!(told(&sold(&[], &[], &[])), ["vehicle 1000000 650000 2025-03-05 -"], "{CASE}");
    // What the row of the sale says of the value is not what was reckoned before it; a later version before it is.
    let mut appraised = sold(&[("gross_fen", "1")], &[], &[]);
    let again = [("row_id", "a1"), ("asset_ref", "A1"), ("class", "vehicle"), ("gross_fen", "800000"), ("known_on", "2025-02-20")];
    appraised.insert(1, fact("assets", &again));
    assert_eq!(told(&appraised), ["vehicle 800000 650000 2025-03-05 -"]);
    // Liens do not lower the price of the thing; a sale announced ahead is none before its day.
    assert_eq!(told(&sold(&[("lien_fen", "900000")], &[], &[("lien_fen", "900000")])).len(), 1);
    let ahead = sold(&[("known_on", "2025-02-01")], &[], &[]);
    assert_eq!(told(&ahead), ["vehicle 1000000 650000 2025-03-01 -"]);
}

#[test]
fn what_is_no_price_of_a_courts_sale_does_not_count() {
    let nothing = [
        ("to a related person", sold(&[("disposed_to_related", "true")], &[], &[])),
        ("no price", sold(&[("disposal_fen", "")], &[], &[])),
        ("a price of nothing", sold(&[("disposal_fen", "0")], &[], &[])),
        ("reckoned at nothing", sold(&[], &[], &[("gross_fen", "0")])),
        ("not reckoned", sold(&[], &[], &[("gross_fen", "")])),
        ("yuan for fen", sold(&[("disposal_fen", "6500")], &[], &[])),
        ("fen for yuan", sold(&[("disposal_fen", "65000000")], &[], &[])),
        ("first known with its sale", sold(&[], &[], &[("known_on", "2025-03-02")])),
        ("not held: the debtor sold it", sold(&[], &[("asset_ref", "A2")], &[])),
        ("held behind another", sold(&[], &[("kind", "waiting")], &[])),
        ("let go before", sold(&[], &[("lifted_on", "2025-02-01")], &[])),
        ("lapsed before", sold(&[], &[("expires_on", "2025-02-01")], &[])),
        ("held later", sold(&[], &[("from_on", "2025-03-01"), ("known_on", "2025-03-01")], &[])),
        ("a share of it", sold(&[("co_ownership", "by_share"), ("ownership_share", "0.5")], &[], &[])),
        ("another's on every day", sold(&[("voided_on", "2025-04-01"), ("void_reason", "wrong_person")], &[], &[])),
        ("joint", sold(&[("co_ownership", "joint_unstated")], &[], &[])),
    ];
    let counted: Vec<&str> = nothing.iter().filter(|(_, facts)| !told(facts).is_empty()).map(|(what, _)| *what).collect();
    assert!(counted.is_empty(), "{counted:?}");
}

#[test]
fn what_proves_void_or_is_corrected_counts_until_that_was_known() {
    let mut void = sold(&[], &[], &[]);
    let later = |values: &[(&'static str, &str)]| {
        let plain = [("row_id", "a1"), ("asset_ref", "A1"), ("class", "vehicle"), ("disposed_on", "2025-03-01")];
        fact("assets", &[&plain[..], values].concat())
    };
    void.insert(2, later(&[("known_on", "2025-04-01"), ("voided_on", "2025-04-01"), ("void_reason", "set_aside")]));
    assert_eq!(told(&void), ["vehicle 1000000 650000 2025-03-05 2025-04-01"]);
    let mut corrected = sold(&[], &[], &[]);
    corrected.insert(2, later(&[("known_on", "2025-05-01"), ("disposal_fen", "700000")]));
    assert_eq!(told(&corrected), ["vehicle 1000000 650000 2025-03-05 2025-05-01", "vehicle 1000000 700000 2025-05-01 -"]);
}

/// Rows of `disposals`: price in hundredths of the reckoned value, from, until.
fn rows(sales: &[(&str, i64, Day, Option<Day>)]) -> Columns {
    Columns::new()
        .text("class", sales.iter().map(|s| Some(s.0)))
        .int("reckoned_fen", sales.iter().map(|_| Some(100)))
        .int("price_fen", sales.iter().map(|s| Some(s.1)))
        .date("from_on", sales.iter().map(|s| Some(s.2)))
        .date("until_on", sales.iter().map(|s| s.3))
}

/// 101 sales of vehicles at 20 to 120 hundredths, one a day from day 1,000.
fn many() -> Vec<(&'static str, i64, Day, Option<Day>)> {
    (0..101).map(|at| ("vehicle", 20 + (at * 37) % 101, 1_000 + at as Day, None)).collect()
}

fn learned(sales: &[(&str, i64, Day, Option<Day>)], before: Option<Day>, ctx: &Context) -> Haircuts {
    learn(&rows(sales), before, ctx).unwrap()
}

#[test]
fn what_is_known_later_moves_nothing() {
    let ctx = context();
    let base = learned(&many(), Some(1_050), &ctx);
    assert_eq!(base.classes["vehicle"].sales, 50, "known before the day: those of 50 days");
    let mut more = many();
    more.extend((0..500).map(|at| ("vehicle", 1, 1_050 + at, None)));
    more.extend((0..500).map(|at| ("equity", 1, 1_050 + at, None)));
    assert_eq!(learned(&more, Some(1_050), &ctx), base);
    // Void on the day or after it counts as it did; void before it does not.
    let voided = |on: Day| many().iter().map(|s| (s.0, s.1, s.2, Some(on))).collect::<Vec<_>>();
    assert_eq!(learned(&voided(1_050), Some(1_050), &ctx), base);
    assert_eq!(learned(&voided(1_049), Some(1_050), &ctx).classes["vehicle"].sales, 0);
    let none = learned(&many(), None, &ctx);
    assert!(none.before.is_none() && none.classes.values().all(|h| h.sales == 0 && h.value == h.legal), "no day held out: the law's");
}

#[test]
fn the_law_stands_where_nothing_was_sold_and_every_class_is_told() {
    let ctx = context();
    let learned = learned(&many(), Some(9_999), &ctx);
    let value = |class: &str| learned.classes[class].value;
    assert_eq!((value("deposit"), value("real_estate"), value("receivable"), value("ip")), (1.0, 0.7, 0.7, 0.7));
    // The median of 20 to 120 is 70, as the law has it; fewer than 42 of 101 coins show heads with 0.037, and the 42nd sale is at 61.
    assert_eq!((value("vehicle"), learned.classes["vehicle"].low, learned.classes["vehicle"].sales), (0.7, Some(0.61), 101));
    let mut ctx = context();
    ctx.ratings.means.learned = Some(learned);
    assert_eq!(ctx.ratings.means.share("vehicle"), 0.7);
    ctx.ratings.means.learned.as_mut().unwrap().classes.get_mut("vehicle").unwrap().value = 0.5;
    assert_eq!((ctx.ratings.means.share("vehicle"), ctx.ratings.means.share("deposit")), (0.5, 1.0));
    assert_eq!(ctx.ratings.means.share("a class of no list"), 0.7, "the law's for the rest, whatever `other` taught");
}

#[test]
fn buckets_and_the_order_of_rows_are_nothing() {
    let ctx = context();
    let all = many();
    let base = learned(&all, Some(1_090), &ctx);
    for buckets in [1, 3, 64] {
        // Those of each bucket, the last first.
        let parts: Vec<Columns> =
            (0..buckets).rev().map(|b| rows(&all.iter().skip(b).step_by(buckets).copied().collect::<Vec<_>>())).collect();
        assert_eq!(learn(&Columns::concat(&parts).unwrap(), Some(1_090), &ctx).unwrap().line(), base.line(), "{buckets} buckets");
    }
}
