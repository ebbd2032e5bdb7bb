//! Why: the court's own side of a case: its register entry in every version, procedural steps with their days, stays and waivers.
use luheng_lake::columns::Day;

use super::Spec;
use super::conduct::{self, REPORT_DAYS};
use super::export::Export;
use super::life::Life;
use super::line::Line;
use super::people::Person;
use super::plan::Plan;
use super::random::part_of;
use super::tables::Table;

/// Writes what never changes: parties and judgments.
pub fn export_plan(spec: &Spec, plan: &Plan, people: &[Person], out: &mut Export) {
    for party in &plan.parties {
        let person = &people[party.person];
        export_party(plan, &plan.number, party.person, people, plan.filed, out);
        conduct::export_judgments(spec, plan, person, party.role == "principal", out);
    }
}

fn party_line(plan: &Plan, number: &str, person: usize, people: &[Person]) -> Option<Line> {
    let party = plan.parties.iter().find(|party| party.person == person)?;
    let line = Line::of(Table::Parties)
        .text("case_no", number)
        .text("debtor_ref", people[person].reference.as_str())
        .text("role", party.role)
        .maybe("liability", party.liability)
        .above("share_fen", party.share.unwrap_or(0))
        .above("limit_fen", party.limit.unwrap_or(0))
        .maybe("after_party", party.after.map(|after| people[after].reference.as_str()));
    Some(line.on("joined_on", party.joined))
}

/// Writes a party under a case number.
pub fn export_party(plan: &Plan, number: &str, person: usize, people: &[Person], known_on: Day, out: &mut Export) {
    if let Some(line) = party_line(plan, number, person, people) {
        let joined = plan.parties.iter().find(|party| party.person == person).and_then(|party| party.joined);
        let left = plan.parties.iter().find(|party| party.person == person).and_then(|party| party.left);
        let known = joined.map_or(known_on, |joined| joined.max(known_on));
        out.know(known, line.clone());
        if let Some(left) = left.filter(|left| *left + 3 > known) {
            out.know(left + 3, line.day("left_on", left).text("left_reason", "released"));
        }
    }
}

/// Writes a version of the chapter in use: what the register says on a day. Two versions never share a day.
pub fn tell(life: &mut Life<'_>, on: Day, status: &str, out: &mut Export) {
    let plan = life.plan;
    let before = (life.chapters.len() > 1).then(|| life.chapters[life.chapters.len() - 2].number.clone());
    let served = plan.served;
    let waived = life.waived;
    let chapter = life.now();
    let known_on = if on > chapter.told || (on == chapter.filed && chapter.told == on) { on } else { chapter.told + 1 };
    chapter.told = known_on.max(chapter.told);
    let (basis, document, effective, duty_due) = &plan.basis;
    let [principal, interest, costs] = chapter.amounts;
    let line = Line::of(Table::Cases)
        .text("case_no", chapter.number.as_str())
        .text("court_code", plan.court)
        .text("case_type", chapter.case_type)
        .day("filed_on", chapter.filed)
        .on("notice_served_on", served.filter(|served| *served <= known_on))
        .text("duty_kind", plan.duty_kind)
        .text("cause", plan.cause.0)
        .text("livelihood", plan.cause.1)
        .above("claim_fen", principal + interest + costs)
        .above("principal_fen", principal)
        .above("interest_fen", interest)
        .above("costs_fen", costs)
        .text("basis_kind", *basis)
        .text("basis_doc_no", document.as_str())
        .day("basis_effective_on", *effective)
        .day("duty_due_on", *duty_due)
        .text("judge_code", plan.judge.as_str())
        .text("status", status)
        .maybe("resumed_from", before.as_deref());
    let line = match waived.filter(|(day, _)| *day <= known_on && *day >= chapter.filed) {
        Some((day, amount)) => line.int("waived_fen", amount).day("waived_on", day),
        None => line,
    };
    let line = match chapter.closed {
        Some((day, kind, ground)) => line.day("closed_on", day).text("close_kind", kind).maybe("close_ground", ground),
        None => line,
    };
    out.know(known_on, line);
}

/// Writes a procedural step: as open when it is set, as done when it is done.
pub fn step(life: &mut Life<'_>, node: &'static str, due: Day, done: Option<Day>, set_on: Day, out: &mut Export) {
    if !life.steps.insert((node, due)) {
        return;
    }
    let line = Line::of(Table::Milestones).text("case_no", life.number_on(set_on)).text("node", node).day("due_on", due);
    // Steps done within a week of being set are exported once, as done.
    if done.is_none_or(|done| done > set_on + 7) {
        out.know(set_on, line.clone());
    }
    if let Some(done) = done {
        out.know(done.max(set_on), line.day("done_on", done));
    }
}

/// Sets the next periodic inquiry after closing.
pub fn set_requery(life: &mut Life<'_>, due: Day, set_on: Day, out: &mut Export) {
    step(life, "requery", due, None, set_on, out);
    life.requery = Some((life.number_on(set_on), due, set_on));
}

/// Ticks off the periodic inquiry that was due, if any.
pub fn tick_requery(life: &mut Life<'_>, done: Day, out: &mut Export) {
    if let Some((number, due, set_on)) = life.requery.take() {
        let done = done.max(set_on + 1);
        let line = Line::of(Table::Milestones).text("case_no", number).text("node", "requery").day("due_on", due);
        out.know(done, line.day("done_on", done));
    }
}

/// Files the case, serves the notice, orders the report.
pub fn open(life: &mut Life<'_>, out: &mut Export) {
    let plan = life.plan;
    tell(life, plan.filed, "open", out);
    step(life, "notice", plan.filed + 10, plan.served.map(|served| served - 2).filter(|sent| *sent > plan.filed), plan.filed, out);
    let Some(served) = plan.served else { return };
    tell(life, served + 1, "open", out);
    if plan.case_type != "preservation" {
        for place in 0..plan.parties.len() {
            let done = life.sides[place].acts.iter().find(|act| matches!(act.kind, "report_filed" | "report_late")).map(|act| act.day);
            // One row a case and day due: the principal's order stands for the case, co-debtors' are served the day after.
            step(life, "property_report", served + REPORT_DAYS + place as i32, done, served, out);
        }
    }
}

/// Starts and ends stays and waivers; true where the case runs in this month.
pub fn is_running(life: &mut Life<'_>, today: Day, out: &mut Export) -> bool {
    let s = &mut life.draws.court;
    let (stays, lasts, waives, share) = (s.chance(0.0035), s.days(30, 180), s.chance(0.002), 0.05 + 0.2 * s.unit());
    let reason = s.pick(&["settlement", "objection", "appraisal", "retrial", "force_majeure"]);
    if let Some((from, to, reason)) = life.stayed {
        if today < to {
            return false;
        }
        life.stayed = None;
        let line = Line::of(Table::Stays).text("case_no", life.number_on(from)).day("from_on", from).day("to_on", to);
        out.know(today + 1, line.text("reason", reason));
        tell(life, today + 1, "open", out);
    } else if stays && !life.is_dormant() {
        life.stayed = Some((today, today + lasts, reason));
        let line = Line::of(Table::Stays).text("case_no", life.number_on(today)).day("from_on", today);
        out.know(today, line.text("reason", reason));
        tell(life, today, "stayed", out);
        return false;
    }
    if waives && life.waived.is_none() && life.due > 0 && !life.is_dormant() {
        let amount = part_of(life.due, share);
        life.waived = Some((today, amount));
        life.due -= amount;
        tell(life, today, "open", out);
    }
    true
}
