//! The stage `disposals`: what courts' sales brought, beside what the things were reckoned at the day before; from it the haircut of each class.
//!
//! A sale counts if it says what a court's sale of that class brings: the thing was held, first, for some case on the day before (a debtor's own sale
//! of a thing under seal does not stand against the creditor, so what was sold then the court sold); it went to no related person;
//! the debtor owned all of it (of a part nobody says whether the price is of the part); its price and the value it was reckoned at are there and not
//! nothing, and one is not a hundred times the other, which is a slip of the unit. Liens lower neither: the price is of the thing. All is read through
//! views, so voided rows, later dates and what was known only later fall away by themselves.

use std::collections::BTreeMap;

use luheng_lake::columns::{Columns, Day};

use crate::bundle::column;
use crate::context::Context;
use crate::cutoff::{Facts, Row};
use crate::error::Result;
use crate::haircut::Haircuts;
use crate::means;
use crate::rating::Disposals;

/// What is read; inquiries, for they end assets.
pub const TABLES: [&str; 3] = ["assets", "inquiries", "seizures"];

/// One sale, as known on some days.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Sale<'a> {
    class: &'a str,
    reckoned_fen: i64,
    price_fen: i64,
}

/// The table `disposals` of one bucket: class, reckoned_fen, price_fen, and the days on which that was what the court knew: from `from_on`, before
/// `until_on` (none: to this day). No debtor, no case.
///
/// # Errors
/// A column read that no table has.
pub fn of_bucket(facts: &Facts, ctx: &Context) -> Result<Columns> {
    let mut told: Vec<(Sale<'_>, Day, Option<Day>)> = Vec::new();
    for debtor in facts.debtors() {
        let mut open: BTreeMap<&str, (Sale<'_>, Day)> = BTreeMap::new();
        for day in facts.days_of(debtor, "assets", "disposed_on").into_iter().filter(|day| *day <= ctx.as_of) {
            let known = sales_on(facts, debtor, day, &ctx.ratings.means.disposals);
            open.retain(|asset, (sale, from)| {
                let stays = known.get(asset) == Some(sale);
                if !stays {
                    told.push((*sale, *from, Some(day)));
                }
                stays
            });
            for (asset, sale) in known {
                open.entry(asset).or_insert((sale, day));
            }
        }
        told.extend(open.into_values().map(|(sale, from)| (sale, from, None)));
    }
    facts.check()?;
    Ok(Columns::new()
        .text("class", told.iter().map(|(sale, _, _)| Some(sale.class)))
        .int("reckoned_fen", told.iter().map(|(sale, _, _)| Some(sale.reckoned_fen)))
        .int("price_fen", told.iter().map(|(sale, _, _)| Some(sale.price_fen)))
        .date("from_on", told.iter().map(|(_, from, _)| Some(*from)))
        .date("until_on", told.iter().map(|(_, _, until)| *until)))
}

/// The haircuts by what was known before a day; without one, or without sales, they are the law's.
///
/// # Errors
/// A column that is not there.
pub fn learn(rows: &Columns, before: Option<Day>, ctx: &Context) -> Result<Haircuts> {
    let means = &ctx.ratings.means;
    let named = means.haircut.keys().map(String::as_str).chain(ctx.codes.codes("assets.class").map(|(code, _)| code));
    let mut ratios: BTreeMap<String, Vec<f64>> = named.map(|class| (class.to_owned(), Vec::new())).collect();
    let (class, from, until) = (column(rows, "class")?, column(rows, "from_on")?, column(rows, "until_on")?);
    let (reckoned, price) = (column(rows, "reckoned_fen")?, column(rows, "price_fen")?);
    for at in 0..rows.len() {
        let is_known = before.is_some_and(|before| {
            from.date_at(at).is_some_and(|from| from < before) && until.date_at(at).is_none_or(|until| until >= before)
        });
        if let (true, Some(class), Some(reckoned), Some(price)) = (is_known, class.text_at(at), reckoned.int_at(at), price.int_at(at)) {
            ratios.entry(class.to_owned()).or_default().push(price as f64 / reckoned as f64);
        }
    }
    Ok(Haircuts::learn(ratios, &|class| means.legal(class), means.disposals.weight, before))
}

/// What was known of sales on a day, by asset.
fn sales_on<'a>(facts: &'a Facts, debtor: &str, day: Day, spec: &Disposals) -> BTreeMap<&'a str, Sale<'a>> {
    let now = facts.view_of(debtor, day, &["assets", "inquiries"]);
    let sale = |asset: &Row<'a>| Some((asset.text("asset_ref")?, sale_of(facts, debtor, asset, spec)?));
    now.rows("assets").iter().filter_map(sale).collect()
}

/// An asset's sale, if it is one that tells what a court's sale brings.
fn sale_of<'a>(facts: &'a Facts, debtor: &str, asset: &Row<'a>, spec: &Disposals) -> Option<Sale<'a>> {
    let before = asset.date("disposed_on")?.saturating_sub(1);
    if asset.flag("disposed_to_related") == Some(true) || !is_whole(asset) {
        return None;
    }
    let then = facts.view_of(debtor, before, &TABLES);
    let reference = asset.text("asset_ref");
    let reckoned = then.rows("assets").iter().find(|earlier| earlier.text("asset_ref") == reference)?;
    let holds = |s: &Row<'_>| s.text("asset_ref") == reference && s.text("kind") != Some("waiting") && means::in_force(s, before);
    if !then.rows("seizures").iter().any(holds) {
        return None;
    }
    let sale = Sale {
        class: reckoned.text("class").unwrap_or("other"),
        reckoned_fen: reckoned.fen("gross_fen").filter(|fen| *fen > 0)?,
        price_fen: asset.fen("disposal_fen").filter(|fen| *fen > 0)?,
    };
    let ratio = sale.price_fen as f64 / sale.reckoned_fen as f64;
    (spec.least_ratio..=spec.most_ratio).contains(&ratio).then_some(sale)
}

/// Is the whole thing the debtor's, as far as is known?
fn is_whole(asset: &Row<'_>) -> bool {
    matches!(asset.text("co_ownership"), None | Some("sole")) && asset.real("ownership_share").is_none_or(|share| share >= 1.0)
}

#[cfg(test)]
mod tests;
