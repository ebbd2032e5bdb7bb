//! Why: how a case ends, sleeps and wakes: performed, closed for want of property and asked about again, resumed when property appears, or one
//! of the rarer ends.
use luheng_lake::columns::Day;

use super::cell::Cell;
use super::court::{export_party, set_requery, step, tell, tick_requery};
use super::export::Export;
use super::life::{Chapter, Life};
use super::{control, sanction};

/// Closes the case where its time has come, sends reminders after closing, and resumes it when property appears.
pub fn close(life: &mut Life<'_>, cell: &mut Cell, today: Day, month: i32, out: &mut Export) {
    let s = &mut life.draws.court;
    let (luck, on, chance, filed_lag) = (s.unit(), today + s.days(20, 29), s.unit(), s.days(5, 40));
    if life.stayed.is_some() {
        return;
    }
    if !life.plan.is_money() || life.plan.case_type == "preservation" {
        let served = life.plan.served.is_some();
        let kept = life.sides[0].acts.iter().any(|act| act.kind == "summons_kept" && act.day < today);
        if life.plan.case_type == "preservation" && month >= 2 {
            end(life, cell, on, "terminated", Some("other"), out);
        } else if served && kept && month >= 2 && chance < 0.15 {
            end(life, cell, on, "performed", None, out);
        }
        return;
    }
    if life.due <= 0 {
        let last = life.receipts.last().map_or(today, |receipt| receipt.day).max(today);
        if life.is_dormant() {
            resume(life, cell, last + 1, 0, out);
        }
        return end(life, cell, last + 2 + filed_lag / 8, "performed", None, out);
    }
    if life.is_dormant() {
        let closed = life.chapters.last().and_then(|chapter| chapter.closed).map_or(today, |(day, ..)| day);
        let fresh = life.plan.parties.iter().enumerate().filter(|(place, _)| life.stands(*place, today)).find_map(|(_, party)| {
            let assets = &cell.assets[party.person];
            let worth = |at: usize| {
                assets[at].net(&life.plan.number) > life.due / 30 && !cell.is_held_before(party.person, at, life.plan.index, today)
            };
            (0..assets.len()).find(|at| {
                assets[*at].known.is_some_and(|known| known > closed && known < today) && assets[*at].is_held(today) && worth(*at)
            })
        });
        if fresh.is_some() && life.chapters.len() < 7 {
            resume(life, cell, today + filed_lag / 2, life.due, out);
        }
        return;
    }
    let who = &cell.people[life.plan.parties[0].person];
    let alone = life.plan.parties.len() == 1;
    if alone && who.dead_on.is_some_and(|dead| dead + 120 < today) {
        return end(life, cell, on, "terminated", Some("no_estate"), out);
    }
    let odd: &[(&str, Option<&str>, f64)] = &[
        ("terminated", Some("withdrawn"), 0.0020),
        ("terminated", Some("transferred"), 0.0006),
        ("terminated", Some("bankruptcy"), if who.is_natural() { 0.0 } else { 0.0020 }),
        ("refused", None, 0.0003),
        ("dismissed", None, 0.0003),
        ("cancelled", None, 0.0002),
    ];
    let mut mark = 0.0;
    for (kind, ground, weight) in odd {
        mark += weight;
        if luck < mark {
            return end(life, cell, on, kind, *ground, out);
        }
    }
    if life.sides[0].settlement.is_some_and(|settlement| settlement.kept >= 5) && chance < 0.08 {
        return end(life, cell, on, "terminated", Some("settlement_long"), out);
    }
    let pending = cell.holds.iter().any(|hold| hold.plan == life.plan.index && hold.sell_on.is_some_and(|on| on > today));
    let flow: i64 = life.receipts.iter().filter(|receipt| receipt.day > today - 65).map(|receipt| receipt.amount).sum();
    let since = today - life.chapters.last().map_or(life.plan.filed, |chapter| chapter.filed);
    if since > 100 && !pending && flow < life.due / 40 && chance < 0.32 {
        no_property(life, on, out);
    }
}

/// Closes for want of property: interview, review, ruling; the next inquiry follows within half a year.
fn no_property(life: &mut Life<'_>, on: Day, out: &mut Export) {
    step(life, "interview", on - 5, Some(on - 8), on - 12, out);
    step(life, "close_review", on, Some(on - 2), on - 8, out);
    life.now().closed = Some((on, "no_property", None));
    tell(life, on, "closed", out);
    set_requery(life, on + 180, on + 1, out);
    let late = if life.draws.court.chance(0.1) { life.draws.court.days(5, 60) } else { -life.draws.court.days(0, 12) };
    life.next_round = on + 180 + late;
}

/// Opens a new chapter for the rest of the debt.
fn resume(life: &mut Life<'_>, cell: &mut Cell, filed: Day, due: i64, out: &mut Export) {
    tick_requery(life, filed, out);
    let number = life.resumed_number(filed);
    let amounts = if due > 0 { [due, 0, 0] } else { [life.receipts.last().map_or(0, |receipt| receipt.amount), 0, 0] };
    life.chapters.push(Chapter { number: number.clone(), case_type: "resumed", filed, closed: None, amounts, told: filed });
    tell(life, filed, "open", out);
    for place in 0..life.plan.parties.len() {
        if life.stands(place, filed) {
            export_party(life.plan, &number, life.plan.parties[place].person, &cell.people, filed, out);
            sanction::measure(life, cell, place, "resumption", filed, None, out);
        }
    }
    control::carry_over(life, cell, filed, out);
    life.next_round = life.next_round.min(filed + 3);
}

fn end(life: &mut Life<'_>, cell: &mut Cell, on: Day, kind: &'static str, ground: Option<&'static str>, out: &mut Export) {
    life.now().closed = Some((on, kind, ground));
    tell(life, on + 1, "closed", out);
    life.over = Some(on);
    control::lift_all(life, cell, on + 1, out);
}
