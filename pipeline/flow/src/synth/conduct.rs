//! Why: what a person does that needs no means: accept service, report, answer summons, notify, keep limits, abstain from transfers and hiding.
//! It is drawn from willingness and the tendency to conceal alone, on days that hang on the filing alone, from a stream of its own. So a
//! town without ability holds the same acts.
use luheng_lake::columns::{Day, day};

use super::Spec;
use super::export::Export;
use super::line::Line;
use super::people::Person;
use super::plan::Plan;
use super::random::{Concern, Stream, logistic, part_of};
use super::region::COUNTIES;
use super::tables::Table;

/// Days between two summons while a case lives.
const SUMMONS_EVERY: i32 = 75;
/// A debtor must report within so many days of service.
pub const REPORT_DAYS: i32 = 10;

/// One act.
#[derive(Clone, Debug)]
pub struct Act {
    /// Code of `conduct.kind`.
    pub kind: &'static str,
    /// Day it happened.
    pub day: Day,
    /// Day the court knew.
    pub known: Day,
    amount: Option<i64>,
    finding: &'static str,
    voided: Option<(Day, &'static str)>,
}

impl Act {
    /// Found, not merely alleged, and never voided.
    pub fn is_found(&self) -> bool {
        self.finding == "found" && self.voided.is_none()
    }
}

/// The probability that a duty that needs no means is met when it falls due.
pub fn duty_met(willingness: f64) -> f64 {
    logistic(7.0 * (willingness - 0.30))
}

/// The probability of at least one finding of evasion within `days`: transfers, hiding, breach of limits, obstruction.
pub fn evasion(person: &Person, days: f64) -> f64 {
    1.0 - libm::exp(-(evasion_rates(person).iter().map(|(_, rate)| rate).sum::<f64>()) * days / 180.0)
}

/// Rates of evasion per 180 days.
fn evasion_rates(person: &Person) -> [(&'static str, f64); 6] {
    let unwilling = 1.0 - person.willingness;
    let conceal = person.conceal;
    [
        ("transfer_to_related", 0.10 * unwilling * conceal + 0.02 * unwilling * unwilling),
        ("transfer_below_value", 0.06 * unwilling * conceal + 0.01 * unwilling),
        ("asset_hidden", 0.45 * conceal * conceal * (0.4 + 0.6 * unwilling)),
        ("limit_breached", 0.14 * unwilling * unwilling),
        ("obstruction", 0.04 * unwilling * unwilling),
        ("violence", 0.008 * unwilling * unwilling),
    ]
}

/// All acts of one party in one case, up to `end`, in order of the day.
pub fn draw(spec: &Spec, plan: &Plan, place: usize, person: &Person, end: Day) -> Vec<Act> {
    let mut s = Stream::new(spec.seed, Concern::Conduct, plan.index, place as u64);
    let met = duty_met(person.willingness);
    let mut acts = Vec::new();
    let add = |acts: &mut Vec<Act>, kind, day: Day, lag: i32| {
        acts.push(Act { kind, day, known: day + lag, amount: None, finding: "found", voided: None })
    };
    let evades = s.chance(0.30 * (1.0 - person.willingness));
    let evaded_on = plan.filed + s.days(5, 20);
    if evades {
        add(&mut acts, "evaded_service", evaded_on, s.days(1, 10));
    }
    let Some(served) = plan.served else {
        return acts;
    };
    add(&mut acts, "served", served, s.days(0, 2));
    if plan.case_type == "preservation" {
        return acts;
    }
    report(&mut s, person, met, served, &mut acts);
    let mut summons = served + 25 + s.days(0, 20);
    let mut round = 0;
    while summons < end {
        let kept = s.chance(met);
        add(&mut acts, if kept { "summons_kept" } else { "summons_ignored" }, summons, s.days(0, 3));
        round += 1;
        // After two years the court asks only at its periodic reviews.
        summons += if round < 10 { SUMMONS_EVERY + s.days(-10, 10) } else { 180 };
    }
    evade(&mut s, plan, person, served, end, &mut acts);
    if s.chance(0.25 * person.willingness * person.willingness) {
        add(&mut acts, "clue_volunteered", served + s.days(10, 90), s.days(0, 5));
    }
    spoil(&mut s, &mut acts);
    acts.sort_by_key(|act| act.day);
    acts
}

fn report(s: &mut Stream, person: &Person, met: f64, served: Day, acts: &mut Vec<Act>) {
    let due = served + REPORT_DAYS;
    let in_time = s.chance(met);
    let late = s.chance(0.35);
    let early = s.days(0, 6);
    let delay = s.days(4, 45);
    let lag = s.days(0, 4);
    let is_false = s.chance(0.7 * person.conceal * person.conceal + 0.1 * person.conceal);
    let found_after = s.days(60, 400);
    let (kind, day) = match (in_time, late) {
        (true, _) => ("report_filed", due - early),
        (false, true) => ("report_late", due + delay),
        (false, false) => ("report_missing", due + 15),
    };
    acts.push(Act { kind, day, known: day + lag, amount: None, finding: "found", voided: None });
    if is_false && kind != "report_missing" {
        acts.push(Act { kind: "report_false", day, known: day + found_after, amount: None, finding: "found", voided: None });
    }
}

fn evade(s: &mut Stream, plan: &Plan, person: &Person, served: Day, end: Day, acts: &mut Vec<Act>) {
    for (kind, rate) in evasion_rates(person) {
        let mut at = f64::from(served + 20);
        for _ in 0..4 {
            at += s.waiting(180.0 / rate.max(1e-6)).min(100_000.0);
            let lag = s.days(5, 60);
            let alleged = s.chance(0.12);
            let share = 0.02 + 0.15 * s.unit();
            let sanction = s.unit();
            let happened = at as Day;
            if happened >= end {
                break;
            }
            let amount =
                matches!(kind, "transfer_to_related" | "transfer_below_value" | "asset_hidden").then(|| part_of(plan.due(), share));
            let finding = if alleged { "alleged" } else { "found" };
            acts.push(Act { kind, day: happened, known: happened + lag, amount, finding, voided: None });
            if !alleged && sanction < 0.25 {
                let punished = if sanction < 0.10 && person.is_natural() { "detained" } else { "fined" };
                acts.push(Act {
                    kind: punished,
                    day: happened + lag + 10,
                    known: happened + lag + 12,
                    amount: None,
                    finding: "found",
                    voided: None,
                });
            }
        }
    }
}

/// One act in a hundred proves wrong later, is set aside, or repaired.
fn spoil(s: &mut Stream, acts: &mut [Act]) {
    for act in acts {
        let reason = s.weighted(&[("entered_in_error", 0.35), ("wrong_person", 0.25), ("set_aside", 0.2), ("repaired", 0.2)]);
        let after = s.days(20, 200);
        if s.chance(0.012) {
            act.voided = Some((act.known + after, reason));
        }
    }
}

/// Writes the acts that happened before the case came to its end.
pub fn export(plan: &Plan, place: usize, person: &Person, acts: &[Act], last: Day, number_on: &dyn Fn(Day) -> String, out: &mut Export) {
    for (order, act) in acts.iter().enumerate().filter(|(_, act)| act.day <= last) {
        let line = Line::of(Table::Conduct)
            .text("debtor_ref", person.reference.as_str())
            .text("case_no", number_on(act.day))
            .text("kind", act.kind)
            .day("happened_on", act.day)
            .text("finding", act.finding)
            .text("document_no", format!("笔录{}-{}-{}", plan.serial, place + 1, order + 1));
        let line = match act.amount {
            Some(amount) => line.int("amount_fen", amount),
            None => line,
        };
        out.know(act.known, line.clone());
        if let Some((day, reason)) = act.voided {
            out.know(day, line.day("voided_on", day).text("void_reason", reason));
        }
    }
}

/// The day a person lost his job, if he did: a change of circumstance that ends his wage.
pub fn job_lost_on(spec: &Spec, person: &Person) -> Option<Day> {
    let mut s = Stream::new(spec.seed, Concern::Trajectory, person.index, 0);
    let lost = s.chance(logistic(-1.7 - 0.5 * person.fortune));
    let on = super::people::history_start(spec.as_of) + s.days(60, 1250);
    (lost && person.is_natural() && !person.is_minor).then_some(on)
}

/// Writes changes of circumstance from the day the court first met the person.
pub fn export_trajectory(spec: &Spec, person: &Person, met_on: Day, out: &mut Export) {
    let mut s = Stream::new(spec.seed, Concern::Trajectory, person.index, 1);
    let w = person.willingness;
    let z = person.fortune;
    let natural = person.is_natural();
    let poor = logistic(-0.9 * z - 1.5);
    // Kind, probability within the years seen, for natural persons and for organisations.
    let kinds: &[(&str, f64, f64)] = &[
        ("address_changed", 0.16, 0.08),
        ("contact_lost", 0.45 * (1.0 - w) * (1.0 - w), 0.35 * (1.0 - w) * (1.0 - w)),
        ("employed", 0.12 * (1.0 - poor), 0.0),
        ("role_taken", 0.05, 0.0),
        ("role_left", 0.04, 0.0),
        ("business_opened", 0.04, 0.02),
        ("business_closed", 0.10 * poor, 0.45 * poor),
        ("licence_granted", 0.01, 0.06),
        ("licence_revoked", 0.01, 0.25 * poor),
        ("penalised", 0.04, 0.08),
        ("sued", 0.35 * poor, 0.5 * poor),
        ("suing", 0.05, 0.12),
        ("bankruptcy_filed", 0.0, 0.06 * poor),
        ("custody", 0.012, 0.0),
    ];
    let mut serial = 0;
    let mut write = |kind: &str, on: Day, lag: i32, region: Option<usize>| {
        serial += 1;
        let line = Line::of(Table::Trajectory).text("debtor_ref", person.reference.as_str()).text("kind", kind).day("happened_on", on);
        let line = line.maybe("region", region.map(|at| COUNTIES[at].0)).text("document_no", format!("登记{}-{serial}", person.index + 1));
        out.know((on + lag).max(met_on), line);
    };
    for (kind, of_person, of_firm) in kinds {
        let occurs = s.chance(if natural { *of_person } else { *of_firm });
        let on = met_on - 200 + s.days(0, 900);
        let lag = s.days(3, 45);
        let region = s.between(0, COUNTIES.len() as i64 - 1) as usize;
        let after = s.days(60, 300);
        let returns = s.chance(0.2 + 0.6 * w);
        if !occurs {
            continue;
        }
        write(kind, on, lag, (*kind == "address_changed").then_some(region));
        match *kind {
            "contact_lost" if returns => write("contact_found", on + after, lag, None),
            "custody" => write("released", on + after, lag, None),
            _ => {}
        }
    }
    if let Some(lost) = job_lost_on(spec, person) {
        write("unemployed", lost, 30, None);
    }
}

/// Writes the judgment behind a case, and for some an earlier one performed without enforcement.
pub fn export_judgments(spec: &Spec, plan: &Plan, person: &Person, is_principal: bool, out: &mut Export) {
    let mut s = Stream::new(spec.seed, Concern::Judgment, plan.index, person.index);
    let (kind, document, effective, due) = &plan.basis;
    let line = Line::of(Table::Judgments)
        .text("basis_doc_no", document.as_str())
        .text("debtor_ref", person.reference.as_str())
        .text("basis_kind", *kind)
        .text("court_code", plan.court)
        .day("effective_on", *effective)
        .day("due_on", *due)
        .int("amount_fen", plan.due());
    let known = *effective + 5;
    out.know(known.min(plan.filed), line.clone());
    out.know(plan.filed, line.text("enforcement_case_no", plan.number.as_str()));
    let has_earlier = s.chance(0.15) && is_principal;
    let performs = s.chance(person.willingness * (0.3 + 0.7 * person.ability)) && person.ability > 0.0;
    let effective = plan.filed - s.days(400, 900);
    let amount = part_of(plan.due(), 0.05 + 0.2 * s.unit());
    let after = s.days(1, 40);
    if has_earlier && amount > 0 {
        let year = day::ymd(effective).0;
        let line = Line::of(Table::Judgments)
            .text("basis_doc_no", format!("（{year}）{}民初{}号", plan.court, 500_000 + plan.serial))
            .text("debtor_ref", person.reference.as_str())
            .text("basis_kind", "judgment")
            .text("court_code", plan.court)
            .day("effective_on", effective)
            .day("due_on", effective + 30)
            .int("amount_fen", amount);
        out.know(effective + 5, line.clone());
        if performs {
            out.know(effective + after + 10, line.day("performed_on", effective + after).int("performed_fen", amount));
        }
    }
}
