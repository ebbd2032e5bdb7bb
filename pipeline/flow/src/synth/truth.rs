//! Why: what no court can know and no other stage may read: the latent traits behind each party, what did happen in the half year after the
//! as-of day, what was to be expected from the equations, and what each measure would change.
use luheng_lake::columns::{Columns, Day};

use super::cell::Cell;
use super::conduct;
use super::life::{HORIZON, Life};
use super::money;
use super::random::logistic;

/// The truth about one party.
#[derive(Clone, Debug)]
pub struct Truth {
    case_no: String,
    debtor_ref: String,
    ability: f64,
    willingness: f64,
    conceal: f64,
    is_live: bool,
    due_fen: i64,
    means_fen: i64,
    concealed_fen: i64,
    covered: Option<f64>,
    expected: Option<f64>,
    p_covered: Option<f64>,
    p_willing: f64,
    effects: [f64; 6],
}

/// Measures whose effect is written, in the order of `effects`.
pub const EFFECTS: [&str; 6] = ["effect_freeze", "effect_limit", "effect_listing", "effect_settlement", "effect_garnish", "effect_search"];

/// The truth about every party of a life, as of the as-of day.
pub fn of_life(life: &Life<'_>, cell: &Cell) -> Vec<Truth> {
    let filed = life.plan.filed <= life.spec.as_of;
    (0..life.plan.parties.len()).filter(|_| filed).map(|place| of_party(life, cell, place)).collect()
}

fn of_party(life: &Life<'_>, cell: &Cell, place: usize) -> Truth {
    let now = life.spec.as_of;
    let party = &life.plan.parties[place];
    let person = &cell.people[party.person];
    let paid = |who: Option<usize>, from: Day, to: Day| -> i64 {
        let receipts = life.receipts.iter().filter(|r| who.is_none_or(|place| place == r.place) && r.day > from && r.day <= to);
        receipts.map(|r| r.amount).sum()
    };
    let waived = life.waived.map_or(0, |(day, amount)| if day <= now { amount } else { 0 });
    let whole = life.plan.due() - waived - paid(None, Day::MIN, now);
    let mine = paid(Some(place), Day::MIN, now);
    let due = party.share.or(party.limit).map_or(whole, |cap| (cap - mine).min(whole)).max(0);
    let chapter = life.chapters.iter().rev().find(|chapter| chapter.filed <= now).unwrap_or(&life.chapters[0]);
    let over = life.over.is_some_and(|day| day <= now);
    let is_live = due > 0 && !over && life.plan.is_money() && life.plan.case_type != "preservation" && life.stands(place, now);
    let side = &life.sides[place];
    let share = money::pay_share(person, side);
    let free = cell.free_income(party.person, now);
    let (mut controlled_then, mut held, mut loose, mut found, mut hidden) = (0_i64, 0_i64, 0_i64, 0_i64, 0_i64);
    for (at, asset) in cell.assets[party.person].iter().enumerate() {
        let number = &life.plan.number;
        let owned = cell.own_hold(party.person, at, life.plan.index, now + HORIZON).is_some_and(|hold| !hold.is_waiting);
        if owned && asset.is_held(now + HORIZON) {
            controlled_then += asset.net(number);
        }
        if !asset.is_held(now) {
            continue;
        }
        // What it is worth today: what is taken out later is still in it.
        let later: i64 = asset.taken.iter().filter(|(day, _)| *day > now).map(|(_, amount)| amount).sum();
        let net = asset.net(number) + later;
        match cell.own_hold(party.person, at, life.plan.index, now) {
            Some(hold) if !hold.is_waiting => held += net,
            _ if asset.visible_on.is_none_or(|day| day > now) => hidden += net,
            _ if cell.is_bound(party.person, at, now) => {}
            _ if asset.class.is_liquid => loose += net,
            _ => found += net,
        }
    }
    let withheld = if share < 0.5 { 0.25 * (1.0 - share) } else { 0.0 };
    let six_months = 6.0 * free as f64;
    let secured = held as f64
        + 0.9 * (1.0 - share) * loose as f64
        + if life.is_dormant() { 0.05 } else { 0.75 } * found as f64
        + 0.07 * hidden as f64;
    let expected = (share + withheld) * six_months + share * loose as f64 + secured;
    let owed = due.max(1) as f64;
    let spendable = (six_months + loose as f64) / owed;
    let (limit, listing) = money::pressure(person.willingness);
    let gain = |amount: f64| (amount / owed).clamp(0.0, 1.0);
    let covered = (paid(Some(place), now, now + HORIZON) + controlled_then) as f64 / owed;
    let is_natural = person.is_natural();
    let duties = libm::pow(conduct::duty_met(person.willingness), 2.4) * (1.0 - conduct::evasion(person, 180.0));
    Truth {
        case_no: chapter.number.clone(),
        debtor_ref: person.reference.clone(),
        ability: person.ability,
        willingness: person.willingness,
        conceal: person.conceal,
        is_live,
        due_fen: due,
        means_fen: held + loose + found + hidden,
        concealed_fen: hidden,
        covered: is_live.then_some(covered.clamp(0.0, 1.0)),
        expected: is_live.then_some((expected / owed).clamp(0.0, 1.0)),
        p_covered: is_live.then(|| logistic(libm::log((expected + 1.0) / (0.8 * owed)) / 0.45)),
        p_willing: duties,
        effects: [
            gain(0.9 * (1.0 - share) * loose as f64),
            (limit * spendable).clamp(0.0, 1.0),
            (listing * spendable).clamp(0.0, 1.0),
            if person.willingness > 0.4 { gain((0.75 - share).max(0.0) * six_months) } else { 0.0 },
            if is_natural { gain(0.6 * (1.0 - share) * six_months) } else { 0.0 },
            gain(0.3 * hidden as f64),
        ],
    }
}

/// The truth as one table, a row a party.
pub fn columns(truths: &[Truth]) -> Columns {
    let real = |of: fn(&Truth) -> f64| truths.iter().map(move |t| Some(of(t)));
    let mut table = Columns::new()
        .text("case_no", truths.iter().map(|t| Some(t.case_no.as_str())))
        .text("debtor_ref", truths.iter().map(|t| Some(t.debtor_ref.as_str())))
        .real("ability", real(|t| t.ability))
        .real("willingness", real(|t| t.willingness))
        .real("conceal", real(|t| t.conceal))
        .flag("is_live", truths.iter().map(|t| Some(t.is_live)))
        .int("due_fen", truths.iter().map(|t| Some(t.due_fen)))
        .int("means_fen", truths.iter().map(|t| Some(t.means_fen)))
        .int("concealed_fen", truths.iter().map(|t| Some(t.concealed_fen)))
        .real("true_covered_180", truths.iter().map(|t| t.covered))
        .real("expected_covered_180", truths.iter().map(|t| t.expected))
        .real("p_covered", truths.iter().map(|t| t.p_covered))
        .real("p_willing", real(|t| t.p_willing));
    for (at, name) in EFFECTS.iter().enumerate() {
        table = table.real(name, truths.iter().map(|t| Some(t.effects[at])));
    }
    table
}
