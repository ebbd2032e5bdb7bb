//! Why: holds on what is known, their renewal and lapse, waiting holds behind other courts, and the day a held asset becomes money.
use luheng_lake::columns::{Day, day};

use super::cell::{Cell, Hold};
use super::court;
use super::export::Export;
use super::life::Life;
use super::line::Line;
use super::property::Ended;
use super::random::part_of;
use super::tables::Table;
use super::{money, sanction};

/// Balances below this are left alone, in fen.
const SMALL_FEN: i64 = 100_000;

/// Holds every known asset not yet held, until the claim is secured.
pub fn hold(life: &mut Life<'_>, cell: &mut Cell, today: Day, out: &mut Export) {
    if life.is_dormant() || life.due <= 0 {
        return;
    }
    for place in 0..life.plan.parties.len() {
        let person = life.plan.parties[place].person;
        if !life.stands(place, today) {
            continue;
        }
        for at in 0..cell.assets[person].len() {
            let lag = life.draws.enforcement.days(1, 6);
            let acts = life.draws.enforcement.chance(0.92);
            let Some(known) = cell.assets[person][at].known.filter(|known| *known < today + 30) else {
                continue;
            };
            let from = known.max(today) + lag;
            let asset = &cell.assets[person][at];
            let small = asset.class.code == "deposit" && asset.left() < SMALL_FEN;
            let secured: i64 = secured(life, cell, from);
            let liquid = asset.class.is_liquid;
            let too_much = !liquid && secured > life.due + life.due / 4;
            // Money of a debtor who has begun to pay by himself is left to him.
            let trusted = liquid && known < today && money::pay_share(&cell.people[person], &life.sides[place]) >= 0.5;
            let has_own = cell.holds.iter().any(|hold| {
                hold.person == person && hold.asset == at && hold.plan == life.plan.index && hold.expires > from && hold.lifted.is_none()
            });
            if small || has_own || !acts || !asset.is_held(from) || too_much || trusted {
                continue;
            }
            let is_waiting = cell.is_held_before(person, at, life.plan.index, from);
            take(life, cell, (place, at), from, is_waiting, out);
        }
    }
}

/// What the first holds of this case would bring, in fen.
fn secured(life: &Life<'_>, cell: &Cell, on: Day) -> i64 {
    let number = &life.plan.number;
    let own = cell.holds.iter().filter(|hold| hold.plan == life.plan.index && !hold.is_waiting && hold.binds(on));
    own.map(|hold| cell.assets[hold.person][hold.asset].net(number)).sum()
}

/// Makes one hold and writes it, with the foreign hold before it if there is one.
fn take(life: &mut Life<'_>, cell: &mut Cell, (place, at): (usize, usize), from: Day, is_waiting: bool, out: &mut Export) {
    let person = life.plan.parties[place].person;
    let case_no = life.number_on(from);
    let willing = money::pay_share(&cell.people[person], &life.sides[place]) >= 0.5;
    let s = &mut life.draws.enforcement;
    let (sold, wait, handed, hand_lag, value_lag) = (s.unit(), s.unit(), s.unit(), s.days(0, 40), s.days(25, 75));
    let asset = &mut cell.assets[person][at];
    let class = asset.class;
    let (least, most) = if willing && class.is_liquid { (5, 25) } else { class.sale_days };
    let sell_on = from + least + (wait * f64::from(most - least)) as i32;
    let hand = match class.code {
        "vehicle" | "movable" => 0.30 + 0.5 * cell.people[person].willingness,
        _ => 1.0,
    };
    if !is_waiting && handed < hand && asset.in_hand_on.is_none() {
        let on = if hand < 1.0 { from + hand_lag } else { from };
        asset.in_hand_on = Some(on);
        cell.seen.insert((person, at, on));
    }
    if !is_waiting && asset.valued_on.is_none() {
        let on = from + value_lag;
        asset.valued_on = Some(on);
        cell.seen.insert((person, at, on));
    }
    let sells = !is_waiting && sold < class.sale_chance && handed < hand && asset.net(&life.plan.number) > 0;
    let hold = Hold {
        person,
        asset: at,
        plan: life.plan.index,
        case_no: case_no.clone(),
        is_waiting,
        from,
        expires: day::add_months(from, class.hold_years * 12),
        amount: asset.gross_at(from).min(life.due),
        lifted: None,
        sell_on: sells.then_some(sell_on),
        is_renewed: false,
    };
    tell(life, cell, &hold, from, out);
    let foreign = cell.assets[person][at].foreign.clone();
    if let Some((number, since, until)) = foreign
        && since <= from
        && cell.foreign_told.insert((person, at))
    {
        let asset = &cell.assets[person][at];
        let line = Line::of(Table::Seizures)
            .text("asset_ref", asset.reference.as_str())
            .text("case_no", number.as_str())
            .text("kind", class.hold)
            .day("from_on", since);
        let court: String = number.chars().skip_while(|c| *c != '测').take_while(|c| *c != '执').collect();
        let line = line.text("court_code", court).int("rank", 1);
        out.know(from, line.int("amount_fen", part_of(asset.gross, 0.8)).day("expires_on", until));
    }
    cell.holds.push(hold);
    let code = match class.code {
        "deposit" => "deposit_freeze",
        "vehicle" => "vehicle_seizure",
        "real_estate" => "real_estate_seizure",
        "receivable" => "third_party_debt",
        _ => "rights_seizure",
    };
    sanction::measure(life, cell, place, code, from, (!is_waiting).then_some((from + 2, "succeeded")), out);
}

/// Writes a hold as known on a day.
fn tell(life: &Life<'_>, cell: &Cell, hold: &Hold, known_on: Day, out: &mut Export) {
    let asset = &cell.assets[hold.person][hold.asset];
    let kind = if hold.is_waiting { "waiting" } else { asset.class.hold };
    let line = Line::of(Table::Seizures)
        .text("asset_ref", asset.reference.as_str())
        .text("case_no", hold.case_no.as_str())
        .text("kind", kind)
        .day("from_on", hold.from)
        .text("court_code", life.plan.court)
        .int("rank", if hold.is_waiting { 2 } else { 1 })
        .above("amount_fen", hold.amount)
        .day("expires_on", hold.expires);
    out.know(known_on, line.on("lifted_on", hold.lifted));
}

/// Renews holds about to lapse, mostly; and turns a waiting hold into a first one when those before it are gone.
pub fn renew(life: &mut Life<'_>, cell: &mut Cell, today: Day, out: &mut Export) {
    for index in 0..cell.holds.len() {
        let hold = cell.holds[index].clone();
        if hold.plan != life.plan.index || !hold.binds(today) || hold.is_renewed {
            continue;
        }
        let place = life.plan.parties.iter().position(|party| party.person == hold.person).unwrap_or(0);
        let asset = &cell.assets[hold.person][hold.asset];
        if !asset.is_held(today) {
            continue;
        }
        if hold.expires <= today + 45 {
            let from = (hold.expires - life.draws.enforcement.days(2, 25)).max(today);
            let forgotten = life.draws.enforcement.chance(0.07);
            cell.holds[index].is_renewed = true;
            if !forgotten && from > hold.from {
                let next = Hold { from, expires: day::add_months(from, asset.class.hold_years * 12), is_renewed: false, ..hold };
                tell(life, cell, &next, from, out);
                cell.holds.push(next);
            }
        } else if hold.is_waiting && !cell.is_held_before(hold.person, hold.asset, life.plan.index, today) && hold.from < today {
            cell.holds[index].lifted = Some(today);
            let done = cell.holds[index].clone();
            tell(life, cell, &done, today, out);
            take(life, cell, (place, hold.asset), today, false, out);
        }
    }
}

/// Turns held assets into money on their day.
pub fn sell(life: &mut Life<'_>, cell: &mut Cell, today: Day, out: &mut Export) {
    for index in 0..cell.holds.len() {
        let hold = cell.holds[index].clone();
        let Some(on) = hold.sell_on.filter(|on| hold.plan == life.plan.index && *on < today + 30) else {
            continue;
        };
        cell.holds[index].sell_on = None;
        let on = on.max(today);
        let Some(place) = life.plan.parties.iter().position(|party| party.person == hold.person) else {
            continue;
        };
        let asset = &mut cell.assets[hold.person][hold.asset];
        let class = asset.class;
        let room = life.room(place);
        if !asset.is_held(on) || room <= 0 || life.is_dormant() {
            continue;
        }
        let net = asset.net(&life.plan.number);
        let amount = net.min(room);
        if amount <= 0 {
            continue;
        }
        let whole = class.is_sold_whole();
        let told = on + life.draws.enforcement.days(1, 8);
        if whole {
            asset.ended = Some(Ended { day: on, price: part_of(asset.gross, class.realised), to_related: false });
            cell.seen.insert((hold.person, hold.asset, told));
        } else {
            asset.taken.push((on, part_of(amount, 1.0 / class.realised).min(asset.left())));
        }
        let willing = money::pay_share(&cell.people[hold.person], &life.sides[place]) >= 0.5;
        let source = match class.code {
            "receivable" => "third_party",
            _ if whole && life.draws.enforcement.chance(0.05) => "in_kind",
            _ if whole => "auction",
            _ if willing => "under_measure",
            _ => "deducted",
        };
        if whole && class.code != "receivable" {
            let start = hold.from + 30;
            let began = (start + life.draws.enforcement.days(-15, 20)).min(on - 2);
            court::step(life, "reference_price", start, Some(began), hold.from, out);
            court::step(life, "auction", on - 20, Some(on - 20), began, out);
            sanction::measure(life, cell, place, "reference_price", began, Some((on - 20, "succeeded")), out);
            sanction::measure(life, cell, place, "online_sale", on - 20, Some((on, "succeeded")), out);
        } else if source == "deducted" {
            sanction::measure(life, cell, place, "deposit_transfer", on, Some((on + 1, "succeeded")), out);
        }
        money::receive(life, place, on, amount, source, out);
        cell.holds[index].lifted = (whole || life.due <= 0).then_some(on + 1);
        if cell.holds[index].lifted.is_some() {
            let done = cell.holds[index].clone();
            tell(life, cell, &done, on + 1, out);
        }
    }
}

/// Lifts every hold of a case that is over.
pub fn lift_all(life: &Life<'_>, cell: &mut Cell, on: Day, out: &mut Export) {
    for index in 0..cell.holds.len() {
        let hold = &cell.holds[index];
        if hold.plan == life.plan.index && hold.binds(on) && hold.from < on {
            cell.holds[index].lifted = Some(on);
            let done = cell.holds[index].clone();
            tell(life, cell, &done, on, out);
        }
    }
}

/// Holds go on under the number of the resumed case.
pub fn carry_over(life: &Life<'_>, cell: &mut Cell, on: Day, out: &mut Export) {
    for index in 0..cell.holds.len() {
        let hold = cell.holds[index].clone();
        if hold.plan != life.plan.index || !hold.binds(on) || hold.is_renewed || hold.from >= on {
            continue;
        }
        let next = Hold { case_no: life.number_on(on), from: on, ..hold };
        cell.holds[index].lifted = Some(on);
        cell.holds[index].sell_on = None;
        let done = cell.holds[index].clone();
        tell(life, cell, &done, on, out);
        tell(life, cell, &next, on, out);
        cell.holds.push(next);
    }
}
