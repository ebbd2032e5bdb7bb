//! Why: money that comes in. What a debtor pays of his own will is willingness times what he can spend; what is withheld from income is
//! enforcement times ability. Settlements spread it over months.
use luheng_lake::columns::Day;

use super::cell::Cell;
use super::court;
use super::export::Export;
use super::life::{Life, Receipt, Settlement, Side};
use super::line::Line;
use super::people::Person;
use super::random::part_of;
use super::sanction;
use super::tables::Table;

/// The smallest payment the unwilling make, in fen.
const LEAST_FEN: i64 = 20_000;
/// Balances below this are paid over at once by those who pay, in fen.
const SMALL_FEN: i64 = 100_000;

/// How much a consumption limit and a listing add to the share a debtor pays of what he can spend: most where he wavers.
pub fn pressure(willingness: f64) -> (f64, f64) {
    let wavers = 4.0 * willingness * (1.0 - willingness);
    (0.08 * wavers, 0.14 * wavers)
}

/// The share of his spendable means that a debtor pays: clamp(1.6 w + 0.02 + pressure, 0, 0.95); in a settlement at least 0.75.
pub fn pay_share(person: &Person, side: &Side) -> f64 {
    let (limit, listing) = pressure(person.willingness);
    let mut share = 1.6 * person.willingness + 0.02;
    share += if side.limit.is_some() { limit } else { 0.0 };
    share += if side.listing.is_some() || side.refusal.is_some() { listing } else { 0.0 };
    let share = share.clamp(0.0, 0.95);
    if side.settlement.is_some() { share.max(0.75) } else { share }
}

/// Books money received and writes it, with its paying out.
pub fn receive(life: &mut Life<'_>, place: usize, on: Day, amount: i64, source: &str, out: &mut Export) {
    let (reversed, after) = (life.draws.court.chance(0.003), life.draws.court.days(9, 30));
    life.due -= amount;
    life.sides[place].paid += amount;
    life.receipts.push(Receipt { place, day: on, amount });
    life.serial += 1;
    let s = &mut life.draws.court;
    let (lag, pay_lag, named) = (s.days(0, 2), s.days(6, 32), s.chance(0.96));
    let voluntary = matches!(source, "voluntary" | "settlement");
    let number = life.number_on(on);
    let serial = life.serial;
    let line = Line::of(Table::Payments).text("payment_ref", format!("P{}-{serial}", life.plan.serial)).text("case_no", number);
    let line = line
        .maybe("debtor_ref", named.then(|| life.reference(place)).as_deref())
        .day("paid_on", on)
        .int("amount_fen", amount)
        .text("source", source);
    if reversed {
        // Booked by mistake: the money was another case's. It counts until the day it is reversed, and the debt stands again.
        out.know(on + lag, line.clone());
        out.know(on + after, line.day("reversed_on", on + after));
        life.due += amount;
        life.sides[place].paid -= amount;
        life.receipts.pop();
        return;
    }
    if voluntary {
        return out.know(on + lag, line.day("paid_out_on", on));
    }
    out.know(on + lag, line.clone());
    out.know(on + pay_lag, line.day("paid_out_on", on + pay_lag));
    court::step(life, "payout", on + 30, Some(on + pay_lag), on + lag, out);
}

/// A month's payment of every party's own will.
pub fn pay(life: &mut Life<'_>, cell: &mut Cell, today: Day, month: i32, out: &mut Export) {
    for place in 0..life.plan.parties.len() {
        let party = &life.plan.parties[place];
        let person = party.person;
        let s = &mut life.draws.payment;
        let (on, luck, noise, help, helped) =
            (today + s.days(0, 27), s.unit(), 0.85 + 0.3 * s.unit(), s.chance(0.012), 0.05 + 0.3 * s.unit());
        let room = life.room(place);
        let waits = party.after.is_some() && month < 4;
        let served = life.plan.served.is_some_and(|served| served <= on);
        let who = &cell.people[person];
        if room <= 0 || !served || waits || who.is_minor || who.dead_on.is_some_and(|dead| dead <= on) || !life.stands(place, on) {
            continue;
        }
        let share = pay_share(who, &life.sides[place]);
        let free = cell.free_income(person, on);
        let mut amount = if luck < 0.93 { part_of(free, share * noise) } else { 0 };
        let mut spent = Vec::new();
        for (at, asset) in cell.assets[person].iter().enumerate() {
            if !asset.class.is_liquid
                || (asset.is_concealed && asset.known.is_none_or(|known| known > on))
                || !asset.is_held(on)
                || cell.is_bound(person, at, on)
                || share < 0.15
            {
                continue;
            }
            // Who pays at all pays small balances at once, and larger ones over some months.
            let part = if asset.left() < SMALL_FEN && share >= 0.5 { 1.0 } else { 0.55 * share };
            let taken = part_of(asset.left(), part).min(room - amount.min(room));
            spent.push((at, taken));
            amount += taken;
        }
        let family = help && who.ability > 0.0 && share > 0.4;
        if family {
            amount += part_of(room, helped * who.ability);
        }
        let amount = amount.min(room);
        let least = if share >= 0.5 { 100 } else { LEAST_FEN };
        if amount < least.min(room) || amount <= 0 {
            continue;
        }
        for (at, taken) in spent {
            let asset = &mut cell.assets[person][at];
            asset.taken.push((on, taken));
            // Who pays out of a known account shows its balance.
            if asset.known.is_some_and(|known| known <= on) {
                cell.seen.insert((person, at, on));
            }
        }
        let source = match life.sides[place].settlement {
            Some(_) => "settlement",
            None if family && free == 0 => "third_party",
            None => "voluntary",
        };
        receive(life, place, on, amount, source, out);
    }
}

/// Withholds income of those who pay little, where an employer stands behind it.
pub fn withhold(life: &mut Life<'_>, cell: &mut Cell, today: Day, month: i32, out: &mut Export) {
    for place in 0..life.plan.parties.len() {
        let person = life.plan.parties[place].person;
        let on = today + life.draws.enforcement.days(5, 28);
        let decided = life.draws.enforcement.chance(0.55);
        let room = life.room(place);
        let Some(income) = cell.incomes[person].as_ref() else {
            continue;
        };
        let share = pay_share(&cell.people[person], &life.sides[place]);
        let known = income.known.is_some_and(|known| known < today);
        if !known || !income.is_attachable() || month < 3 || room <= 0 || share >= 0.5 || !life.stands(place, on) || life.is_dormant() {
            continue;
        }
        let first = life.sides[place].withheld.is_none();
        if !*life.sides[place].withheld.get_or_insert(decided) {
            continue;
        }
        let amount = part_of(cell.free_income(person, on), 0.6 * (1.0 - share)).min(room);
        if amount < LEAST_FEN.min(room) {
            continue;
        }
        if first {
            sanction::measure(life, cell, place, "income_garnishment", on, Some((on + 3, "succeeded")), out);
        }
        receive(life, place, on, amount, "deducted", out);
    }
}

/// Signs, keeps and breaks settlements.
pub fn settle(life: &mut Life<'_>, cell: &mut Cell, today: Day, month: i32, out: &mut Export) {
    for place in 0..life.plan.parties.len() {
        let person = life.plan.parties[place].person;
        let s = &mut life.draws.payment;
        let (on, signs, breaks, secures) = (today + s.days(0, 20), s.chance(0.10), s.unit(), s.chance(0.08));
        let who = &cell.people[person];
        let free = cell.free_income(person, on);
        let served = life.plan.served.is_some_and(|served| served < today);
        let can = free > LEAST_FEN && life.room(place) > 4 * free && !who.is_minor && served;
        match life.sides[place].settlement {
            None if can
                && signs
                && (2..14).contains(&month)
                && who.willingness > 0.4
                && !life.sides[place].has_breached
                && !life.is_dormant() =>
            {
                life.sides[place].settlement = Some(Settlement::default());
                act(life, cell, place, "settlement_signed", on, out);
                sanction::measure(life, cell, place, "settlement", on, None, out);
                if secures {
                    act(life, cell, place, "guarantee_given", on, out);
                }
            }
            None => {}
            Some(mut settlement) => {
                let fails = if free <= LEAST_FEN { 0.7 } else { 0.12 * (1.0 - who.willingness) };
                if breaks < fails {
                    settlement.broken += 1;
                    act(life, cell, place, "instalment_broken", on, out);
                } else {
                    settlement.kept += 1;
                    if settlement.kept % 3 == 1 {
                        act(life, cell, place, "instalment_kept", on, out);
                    }
                }
                life.sides[place].settlement = Some(settlement);
                if settlement.broken >= 2 {
                    life.sides[place].settlement = None;
                    life.sides[place].has_breached = true;
                    act(life, cell, place, "settlement_breached", on, out);
                } else if life.room(place) <= 0 {
                    act(life, cell, place, "settlement_kept", on, out);
                    life.sides[place].settlement = None;
                }
            }
        }
    }
}

/// Writes an act that does depend on means.
fn act(life: &mut Life<'_>, cell: &Cell, place: usize, kind: &str, on: Day, out: &mut Export) {
    life.sides[place].documents += 1;
    let document = format!("和解{}-{}-{}", life.plan.serial, place + 1, life.sides[place].documents);
    let line = Line::of(Table::Conduct)
        .text("debtor_ref", cell.people[life.plan.parties[place].person].reference.as_str())
        .text("case_no", life.number_on(on))
        .text("kind", kind)
        .day("happened_on", on)
        .text("finding", "found");
    out.know(on + 2, line.text("document_no", document));
}
