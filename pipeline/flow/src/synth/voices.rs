//! Why: the few rows that tell what people made of it: objections of debtors, and what judges did with advice.
use super::Spec;
use super::export::Export;
use super::line::Line;
use super::people::Person;
use super::plan::Plan;
use super::random::{Concern, Stream};
use super::tables::Table;

/// Writes a few objections and decisions on advice.
pub fn export(spec: &Spec, plan: &Plan, people: &[Person], out: &mut Export) {
    let mut s = Stream::new(spec.seed, Concern::Court, plan.index, 1);
    let person = &people[plan.parties[0].person];
    let (objects, on, answered, outcome) =
        (s.chance(0.01), plan.filed + s.days(40, 300), s.days(8, 20), s.weighted(&[("dismissed", 0.6), ("partly", 0.2), ("upheld", 0.2)]));
    let subject = s.pick(&["listing", "measure", "fact"]);
    let base = |table| Line::of(table).text("case_no", plan.number.as_str()).text("debtor_ref", person.reference.as_str());
    if objects {
        let line = base(Table::Objections).text("subject", subject).day("filed_on", on).day("due_on", on + 15);
        // One row when decided: an objection has no key of its own, so an open and a decided version would be two objections.
        let known = on + answered;
        if known <= spec.as_of {
            out.know(known, line.day("decided_on", known).text("outcome", outcome));
        } else {
            out.know(on, line);
        }
    }
    let (judged, decided, decision) =
        (s.chance(0.02), spec.as_of - s.days(1, 60), s.weighted(&[("adopted", 0.6), ("declined", 0.25), ("changed", 0.15)]));
    let measure = s.pick(&["network_inquiry", "income_garnishment", "settlement", "online_sale"]);
    if judged && decided > plan.filed + 30 {
        let line = base(Table::Decisions).text("subject", "measure").text("measure", measure).text("decision", decision);
        let line = if decision == "adopted" { line } else { line.text("reason_code", "not_proportionate") };
        out.know(decided, line.text("judge_code", plan.judge.as_str()).day("decided_on", decided));
    }
}
