//! Why: ten debtors and the cases among them are one cell; no case reaches beyond it. A cell is drawn, lived through and written on its own,
//! which keeps memory flat and makes a small town the beginning of a large one.
use std::collections::BTreeSet;

use luheng_lake::columns::Day;

use super::Spec;
use super::export::Export;
use super::income::{self, Income};
use super::life::{self, HORIZON};
use super::line::Line;
use super::people::Person;
use super::plan::{self, CELL};
use super::property::{self, Asset};
use super::tables::Table;
use super::truth::Truth;
use super::{conduct, court, voices};

/// One question put to one channel.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Who is asked about.
    pub person: usize,
    /// In which case.
    pub case_no: String,
    /// Where.
    pub channel: &'static str,
    /// Sent.
    pub sent: Day,
    /// Answered, if ever.
    pub returned: Option<Day>,
}

/// One hold of one of our cases on one asset.
#[derive(Clone, Debug)]
pub struct Hold {
    /// Whose asset.
    pub person: usize,
    /// Which of his assets.
    pub asset: usize,
    /// The plan it serves.
    pub plan: u64,
    /// The case number it was made under.
    pub case_no: String,
    /// Behind another court's or case's hold.
    pub is_waiting: bool,
    /// First day.
    pub from: Day,
    /// Last day, unless renewed.
    pub expires: Day,
    /// Amount held, in fen.
    pub amount: i64,
    /// Lifted.
    pub lifted: Option<Day>,
    /// Day it becomes money, if it does.
    pub sell_on: Option<Day>,
    /// Replaced by a renewal.
    pub is_renewed: bool,
}

impl Hold {
    /// In force on a day?
    pub fn binds(&self, day: Day) -> bool {
        self.from <= day && day < self.expires && self.lifted.is_none_or(|lifted| lifted > day)
    }
}

/// Ten debtors, what they have, and what courts do about it.
#[derive(Debug)]
pub struct Cell {
    /// Debtors.
    pub people: Vec<Person>,
    /// Assets of each.
    pub assets: Vec<Vec<Asset>>,
    /// Income of each.
    pub incomes: Vec<Option<Income>>,
    /// The cases of each: plan, filing, end if it has come.
    pub spans: Vec<Vec<(u64, Day, Option<Day>)>>,
    /// Holds of our cases.
    pub holds: Vec<Hold>,
    /// Questions asked.
    pub asks: Vec<Ask>,
    /// Days on which an asset was seen otherwise than by a channel, or changed: (person, asset, day).
    pub seen: BTreeSet<(usize, usize, Day)>,
    /// Assets whose foreign hold has been written.
    pub foreign_told: BTreeSet<(usize, usize)>,
}

/// Draws, lives and writes cell number `number`.
pub fn write(spec: &Spec, number: u64, out: &mut Export, truths: &mut Vec<Truth>) {
    let first = number * CELL as u64;
    let size = CELL.min(spec.debtors - first as usize);
    let people: Vec<Person> = (0..size as u64).map(|at| Person::draw(spec, first + at)).collect();
    let plans = plan::draw(spec, number, &people);
    let mut assets: Vec<Vec<Asset>> = people.iter().map(|person| property::draw(spec, person)).collect();
    let mut spans = vec![Vec::new(); size];
    let mut met = vec![None::<Day>; size];
    for plan in &plans {
        for party in &plan.parties {
            spans[party.person].push((plan.index, plan.filed, None));
            let on = party.joined.unwrap_or(plan.filed);
            met[party.person] = Some(met[party.person].map_or(on, |day| day.min(on)));
        }
        let house =
            assets[plan.parties[0].person].iter_mut().find(|asset| asset.class.code == "real_estate" && asset.lien_for_case.is_none());
        if let Some(house) = house.filter(|_| plan.is_mortgage && plan.case_type == "first") {
            house.lien_for_case = Some(plan.number.clone());
            house.lien = plan.amounts[0].min(house.gross);
            house.is_home = false;
        }
    }
    let incomes = people.iter().map(|person| income::draw(spec, person, conduct::job_lost_on(spec, person))).collect();
    let mut cell =
        Cell { people, assets, incomes, spans, holds: Vec::new(), asks: Vec::new(), seen: BTreeSet::new(), foreign_told: BTreeSet::new() };
    for (person, met_on) in met.iter().enumerate() {
        if let Some(met_on) = *met_on {
            let who = &cell.people[person];
            who.export(out, met_on);
            conduct::export_trajectory(spec, who, met_on, out);
            income::export_obligations(spec, who, out, met_on + 10);
        }
    }
    for plan in &plans {
        court::export_plan(spec, plan, &cell.people, out);
        voices::export(spec, plan, &cell.people, out);
        truths.extend(life::live(spec, plan, &mut cell, out));
    }
    cell.export(out, spec.as_of + HORIZON);
}

impl Cell {
    /// The first hold in force on an asset on a day that is not this plan's: ours of another case, or a foreign court's.
    pub fn is_held_before(&self, person: usize, asset: usize, plan: u64, day: Day) -> bool {
        let foreign = self.assets[person][asset].foreign.as_ref().is_some_and(|(_, from, to)| *from <= day && day < *to);
        foreign
            || self
                .holds
                .iter()
                .any(|hold| hold.person == person && hold.asset == asset && hold.plan != plan && !hold.is_waiting && hold.binds(day))
    }

    /// This plan's hold in force on an asset on a day.
    pub fn own_hold(&self, person: usize, asset: usize, plan: u64, day: Day) -> Option<&Hold> {
        self.holds.iter().find(|hold| hold.person == person && hold.asset == asset && hold.plan == plan && hold.binds(day))
    }

    /// What a person can spend a month on one of his cases: free income over the cases alive that day.
    pub fn free_income(&self, person: usize, on: Day) -> i64 {
        let alive = self.spans[person].iter().filter(|(_, filed, over)| *filed <= on && over.is_none_or(|over| over > on)).count();
        self.incomes[person].as_ref().map_or(0, |income| income.free(on)) / (alive.max(1) as i64)
    }

    /// Writes down that a case is over.
    pub fn end_span(&mut self, plan: u64, on: Day) {
        for span in self.spans.iter_mut().flatten().filter(|(index, ..)| *index == plan) {
            span.2 = Some(on);
        }
    }

    /// Any hold in force, ours or foreign.
    pub fn is_bound(&self, person: usize, asset: usize, day: Day) -> bool {
        self.is_held_before(person, asset, u64::MAX, day)
    }

    /// Writes what was learned about property once all lives are lived: answers, sightings, incomes.
    fn export(&mut self, out: &mut Export, end: Day) {
        for ask in &self.asks {
            let person = &self.people[ask.person];
            let mut found = false;
            if let Some(returned) = ask.returned {
                for (at, asset) in self.assets[ask.person].iter().enumerate() {
                    if asset.class.channel == Some(ask.channel)
                        && !asset.is_concealed
                        && asset.visible_on.is_some_and(|day| day <= returned)
                        && asset.is_held(returned)
                    {
                        found = true;
                        self.seen.insert((ask.person, at, returned));
                    }
                }
            }
            let outcome = match (ask.returned, found) {
                (None, _) => "no_reply",
                (Some(_), true) => "found",
                (Some(_), false) => "none",
            };
            let line = Line::of(Table::Inquiries)
                .text("case_no", ask.case_no.as_str())
                .text("debtor_ref", person.reference.as_str())
                .text("channel", ask.channel);
            out.know(
                ask.returned.unwrap_or(ask.sent + 15),
                line.day("sent_on", ask.sent).on("returned_on", ask.returned).text("outcome", outcome),
            );
        }
        for (person, asset, day) in &self.seen {
            if *day <= end {
                self.assets[*person][*asset].export(out, &self.people[*person], *day, *day);
            }
        }
        for (person, income) in self.incomes.iter().enumerate() {
            if let Some(income) = income {
                income.export(out, &self.people[person]);
            }
        }
    }
}
