//! Why: what the court comes to know of property, when, and what it does not: channels that never answer, answers that take days, reports that
//! leave things out, clues that come years later.
use luheng_lake::columns::Day;

use super::cell::{Ask, Cell};
use super::court;
use super::export::Export;
use super::life::Life;
use super::property::Ended;
use super::random::{Concern, Stream, part_of};
use super::sanction;

/// Channels, the probability that each answers, and whether it is asked again at every later inquiry.
pub const CHANNELS: &[(&str, f64, bool)] = &[
    ("bank", 0.95, true),
    ("securities", 0.92, true),
    ("equity", 0.96, true),
    ("real_estate", 0.88, true),
    ("vehicle", 0.94, true),
    ("wealth", 0.85, true),
    ("provident_fund", 0.88, true),
    ("tax", 0.80, true),
    ("insurance", 0.75, true),
    ("telecom", 0.90, false),
    ("police", 0.93, false),
];

/// Sends the inquiry if its day has come: three days after filing, each three months while the case is open, twice a year after 终本.
pub fn ask(life: &mut Life<'_>, cell: &mut Cell, today: Day, out: &mut Export) {
    if life.next_round >= today + 30 {
        return;
    }
    let sent = life.next_round;
    let number = life.number_on(sent);
    for place in 0..life.plan.parties.len() {
        let party = &life.plan.parties[place];
        if !life.stands(place, sent) {
            continue;
        }
        let mut s = Stream::new(life.spec.seed, Concern::Inquiry, life.plan.index, life.rounds * 8 + place as u64);
        for (channel, answers, again) in CHANNELS {
            let lag = s.days(1, 10);
            let returned = s.chance(*answers).then_some(sent + lag);
            if life.rounds > 0 && !again {
                continue;
            }
            if let Some(returned) = returned {
                for asset in &mut cell.assets[party.person] {
                    let shown =
                        asset.class.channel == Some(*channel) && !asset.is_concealed && asset.visible_on.is_some_and(|day| day <= returned);
                    if shown && asset.is_held(returned) {
                        asset.known = Some(asset.known.map_or(returned, |known| known.min(returned)));
                    }
                }
                if matches!(*channel, "provident_fund" | "tax") && s.chance(0.35) {
                    know_income(cell, party.person, returned);
                }
            }
            cell.asks.push(Ask { person: party.person, case_no: number.clone(), channel, sent, returned });
        }
        if life.rounds == 0 {
            sanction::measure(life, cell, place, "network_inquiry", sent, None, out);
        }
    }
    if life.is_dormant() {
        court::tick_requery(life, sent, out);
        court::set_requery(life, sent + 180, sent + 1, out);
    } else {
        let due = if life.rounds == 0 { life.plan.filed + 10 } else { sent + 5 };
        court::step(life, "inquiry", due, Some(sent), sent, out);
    }
    life.rounds += 1;
    let gap = if life.is_dormant() { 180 } else { 84 };
    let late = if life.draws.court.chance(0.1) { life.draws.court.days(5, 40) } else { -life.draws.court.days(0, 8) };
    life.next_round = sent + gap + late;
}

/// Learns what no channel shows: from the debtor's own report, a survey, a clue, the police.
pub fn learn(life: &mut Life<'_>, cell: &mut Cell, today: Day, month: i32, out: &mut Export) {
    for place in 0..life.plan.parties.len() {
        let person = life.plan.parties[place].person;
        if !life.stands(place, today) {
            continue;
        }
        let acts = &life.sides[place].acts;
        let known_in_month = |kinds: &[&str]| {
            acts.iter().find(|act| kinds.contains(&act.kind) && act.known >= today && act.known < today + 30).map(|act| act.known)
        };
        let reported = known_in_month(&["report_filed", "report_late"]);
        let hidden_found = known_in_month(&["asset_hidden", "report_false"]);
        let honest = !acts.iter().any(|act| act.kind == "report_false");
        if let Some(day) = reported.filter(|_| honest) {
            know_income(cell, person, day);
        }
        let moved: Vec<(Day, Day, &'static str)> = acts
            .iter()
            .filter(|act| act.is_found() && act.known >= today && act.known < today + 30)
            .map(|act| (act.day, act.known, act.kind))
            .collect();
        for (day, known, kind) in moved {
            transfer(cell, person, (day, known), kind);
        }
        let mut clues = Vec::new();
        for at in 0..cell.assets[person].len() {
            let s = &mut life.draws.enforcement;
            let (survey, clue, lag) = (s.chance(0.3), s.chance(0.012), s.days(0, 25));
            let asset = &mut cell.assets[person][at];
            if asset.known.is_some() {
                continue;
            }
            let open = asset.class.channel.is_none() && asset.visible_on.is_some_and(|day| day <= today);
            let day = match (open, asset.is_concealed) {
                (true, _) => reported.filter(|_| honest).or((month == 1 && survey).then_some(today + lag)),
                (false, true) => hidden_found.or(clue.then_some(today + lag)),
                (false, false) => None,
            };
            if let Some(day) = day.filter(|day| asset.is_held(*day)) {
                asset.known = Some(day);
                asset.visible_on = Some(asset.visible_on.unwrap_or(day));
                cell.seen.insert((person, at, day));
                if asset.is_concealed {
                    clues.push(day);
                }
            }
        }
        for day in clues {
            let done = day + life.draws.enforcement.days(1, 10);
            court::step(life, "clue_check", day + 7, Some(done), day, out);
            sanction::measure(life, cell, place, "clue_check", done, None, out);
        }
    }
}

/// A transfer found by the court: the first unheld thing the debtor had that day is gone, at a third of its worth.
fn transfer(cell: &mut Cell, person: usize, (day, known): (Day, Day), kind: &'static str) {
    if !matches!(kind, "transfer_to_related" | "transfer_below_value") {
        return;
    }
    let free = |at: &usize| {
        let asset = &cell.assets[person][*at];
        let whole = matches!(asset.class.code, "vehicle" | "real_estate" | "equity" | "movable");
        whole && asset.is_held(day) && asset.foreign.is_none() && !cell.holds.iter().any(|hold| hold.person == person && hold.asset == *at)
    };
    let Some(at) = (0..cell.assets[person].len()).find(free) else {
        return;
    };
    let asset = &mut cell.assets[person][at];
    asset.ended = Some(Ended { day, price: part_of(asset.gross, 0.3), to_related: kind == "transfer_to_related" });
    asset.known = asset.known.filter(|known| *known <= day);
    cell.seen.insert((person, at, known));
}

fn know_income(cell: &mut Cell, person: usize, day: Day) {
    if let Some(income) = cell.incomes[person].as_mut() {
        income.known = Some(income.known.map_or(day, |known| known.min(day)));
    }
}
