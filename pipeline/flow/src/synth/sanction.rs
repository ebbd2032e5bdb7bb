//! Why: limits on consumption, entries on the list of dishonest debtors with their six grounds, terms, suspensions and removals, and the record
//! of every measure applied.
use luheng_lake::columns::{Day, day};

use super::cell::Cell;
use super::export::Export;
use super::life::Life;
use super::line::Line;
use super::money;
use super::random::{Concern, Stream};
use super::tables::Table;

/// An entry in force.
#[derive(Clone, Debug)]
pub struct Listing {
    line: Line,
    listed: Day,
    expires: Option<Day>,
    /// Day of the newest version written.
    told: Day,
}

/// Writes a measure applied, once a day, and its result when known.
pub fn measure(
    life: &mut Life<'_>,
    cell: &Cell,
    place: usize,
    code: &'static str,
    on: Day,
    result: Option<(Day, &'static str)>,
    out: &mut Export,
) {
    if !life.sides[place].measures.insert((code, on)) {
        return;
    }
    let line = Line::of(Table::Measures)
        .text("case_no", life.number_on(on))
        .text("debtor_ref", cell.people[life.plan.parties[place].person].reference.as_str())
        .text("measure", code)
        .day("applied_on", on);
    match result {
        Some((result_on, result)) if result_on > on => {
            out.know(on, line.clone());
            out.know(result_on, line.text("result", result).day("result_on", result_on));
        }
        _ => out.know(on, line),
    }
}

/// Puts debtors on lists, and takes them off when terms end. Entries for acts hang on acts and the month alone, so that a town without ability has them
/// too.
pub fn apply(life: &mut Life<'_>, cell: &mut Cell, today: Day, month: i32, out: &mut Export) {
    for place in 0..life.plan.parties.len() {
        let person = life.plan.parties[place].person;
        let mut s = Stream::new(life.spec.seed, Concern::Measure, life.plan.index, (place as u64) << 32 | month as u64);
        let (on, luck, by_fact, by_means) = (today + s.days(0, 26), s.unit(), s.chance(0.35), s.chance(0.16));
        let served = life.plan.served.is_some_and(|served| served + 10 <= on);
        let who = &cell.people[person];
        let gone = who.dead_on.is_some_and(|dead| dead <= on);
        if let Some(listing) = life.sides[place].listing.clone()
            && let Some(expires) = listing.expires.filter(|expires| *expires < today)
        {
            let removed = expires + 2;
            out.know(removed.max(listing.told + 1), listing.line.day("removed_on", removed).text("removal_ground", "term_ended"));
            life.sides[place].listing = None;
        }
        if !served || life.room(place) <= 0 || who.is_minor || gone || !life.stands(place, on) {
            continue;
        }
        if life.sides[place].limit.is_none() && luck < 0.85 {
            list(life, cell, place, on, None, &mut s, out);
        }
        if month < 2 {
            continue;
        }
        let ground = misconduct(life, place, today).filter(|_| by_fact && life.sides[place].listing.is_none());
        if ground.is_some() {
            list(life, cell, place, on, ground, &mut s, out);
            continue;
        }
        let side = &life.sides[place];
        let is_free = side.refusal.is_none() && side.settlement.is_none() && !life.is_dormant();
        if is_free && by_means && refuses(life, cell, place, today) {
            list(life, cell, place, on, Some(1), &mut s, out);
        }
    }
}

/// The ground that documented conduct of the last half year gives, by article 1 of 法释〔2017〕7号.
fn misconduct(life: &Life<'_>, place: usize, today: Day) -> Option<i64> {
    if life.sides[place].has_breached {
        return Some(6);
    }
    let recent = life.sides[place].acts.iter().filter(|act| act.is_found() && act.known < today && act.known > today - 180);
    recent.filter_map(|act| ground_of(act.kind)).next()
}

fn ground_of(kind: &str) -> Option<i64> {
    match kind {
        "violence" | "obstruction" => Some(2),
        "transfer_to_related" | "transfer_below_value" | "asset_hidden" | "sham_litigation" => Some(3),
        "report_missing" | "report_false" => Some(4),
        "limit_breached" => Some(5),
        _ => None,
    }
}

/// Ground 1: means are in evidence, and not paid.
fn refuses(life: &Life<'_>, cell: &Cell, place: usize, today: Day) -> bool {
    let person = life.plan.parties[place].person;
    let earns =
        cell.incomes[person].as_ref().is_some_and(|income| income.known.is_some_and(|known| known < today) && income.free(today) > 0);
    let owns = cell.assets[person]
        .iter()
        .any(|asset| asset.known.is_some_and(|known| known < today) && asset.is_held(today) && asset.net("") > life.due / 10);
    money::pay_share(&cell.people[person], &life.sides[place]) < 0.4 && (earns || owns)
}

fn list(life: &mut Life<'_>, cell: &Cell, place: usize, on: Day, ground: Option<i64>, s: &mut Stream, out: &mut Export) {
    let (lag, longer, error, error_after, pause, pause_after) =
        (s.days(1, 5), s.between(1, 3), s.chance(0.015), s.days(10, 60), s.chance(0.04), s.days(30, 200));
    let taken = [&life.sides[place].listing, &life.sides[place].refusal].into_iter().flatten().any(|entry| entry.listed == on + lag);
    let listed = on + lag + i32::from(taken);
    let number = life.number_on(listed);
    let document = format!("决{}-{}-{}", life.plan.serial, place + 1, ground.unwrap_or(0));
    let line = Line::of(Table::Listings)
        .text("debtor_ref", cell.people[life.plan.parties[place].person].reference.as_str())
        .text("case_no", number)
        .text("list", if ground.is_some() { "dishonest" } else { "consumption_limit" })
        .day("listed_on", listed)
        .day("decided_on", on)
        .text("document_no", document);
    let (line, expires) = match ground {
        Some(1) => (line.int("ground", 1), None),
        Some(ground) => {
            let months = 24 + if ground == 2 { 12 * longer } else { 0 };
            let expires = day::add_months(listed, months as i32);
            (line.int("ground", ground).int("term_months", months).day("expires_on", expires), Some(expires))
        }
        None => (line, None),
    };
    out.know(listed, line.clone());
    let mut entry = Listing { line: line.clone(), listed, expires, told: listed };
    if ground.is_some() {
        measure(life, cell, place, "dishonest_listing", listed, None, out);
        if error {
            let day = listed + error_after;
            out.know(day, line.day("voided_on", day).text("void_reason", "entered_in_error"));
            return;
        }
        if pause {
            let from = listed + pause_after;
            entry.line = line.day("suspended_from_on", from).day("suspended_to_on", from + 30);
            entry.told = from;
            out.know(from, entry.line.clone());
        }
        if ground == Some(1) {
            life.sides[place].refusal = Some(entry);
        } else {
            life.sides[place].listing = Some(entry);
        }
    } else {
        measure(life, cell, place, "consumption_limit", listed, None, out);
        life.sides[place].limit = Some(entry);
    }
}

/// Takes debtors off the lists when the case has come to its end.
pub fn finish(life: &mut Life<'_>, cell: &Cell, last: Day, out: &mut Export) {
    let Some(over) = life.over else { return };
    let performed = life.due <= 0;
    for place in 0..life.sides.len() {
        let (late, slow) = (life.draws.measure.days(1, 5), life.draws.measure.chance(0.06));
        let removed = over.max(last) + late + if slow { 40 } else { 0 };
        let side = &mut life.sides[place];
        for entry in [side.limit.take(), side.listing.take(), side.refusal.take()].into_iter().flatten() {
            // Entries with a term run on, unless the debtor corrects himself.
            let has_term = entry.expires.is_some();
            let ground = match (performed, has_term) {
                (true, false) => "performed",
                (true, true) => "early_correction",
                (false, _) => "terminated",
            };
            if !has_term || performed {
                let on = removed.max(entry.told + 1);
                out.know(on, entry.line.day("removed_on", on).text("removal_ground", ground));
            }
        }
    }
    if performed && life.draws.measure.chance(0.5) {
        measure(life, cell, 0, "list_deletion", over + 2, None, out);
    }
}
