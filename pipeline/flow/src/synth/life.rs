//! Why: the life of one case from filing to its end, month by month: the court asks, learns, holds, sells; the debtor pays or does not; lists
//! follow; it closes, is asked about again, is resumed. The order within a month is the order of the functions here. Lives run half a year
//! beyond the as-of day: what happens there is never written, only measured, as the truth.
use std::collections::BTreeSet;

use luheng_lake::columns::{Day, day};

use super::Spec;
use super::cell::Cell;
use super::conduct::{self, Act};
use super::export::Export;
use super::plan::Plan;
use super::random::{Concern, Stream};
use super::sanction::Listing;
use super::truth::{self, Truth};
use super::{closing, control, court, inquiry, money, sanction};

/// Days lived beyond the as-of day.
pub const HORIZON: i32 = 180;

/// A case number under which the debt was enforced.
#[derive(Clone, Debug)]
pub struct Chapter {
    /// Case number.
    pub number: String,
    /// first, resumed, entrusted, preservation.
    pub case_type: &'static str,
    /// Filing.
    pub filed: Day,
    /// Closing: day, kind, ground.
    pub closed: Option<(Day, &'static str, Option<&'static str>)>,
    /// Principal, interest, costs at filing.
    pub amounts: [i64; 3],
    /// Day of the newest version written: versions of one case never share a day.
    pub told: Day,
}

/// Money received.
#[derive(Clone, Copy, Debug)]
pub struct Receipt {
    /// Which party paid.
    pub place: usize,
    /// Day it arrived.
    pub day: Day,
    /// Amount in fen.
    pub amount: i64,
}

/// A settlement being kept.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settlement {
    /// Months kept.
    pub kept: u32,
    /// Instalments broken.
    pub broken: u32,
}

/// One party's side of the life.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// The party's key.
    pub reference: String,
    /// Acts of the party.
    pub acts: Vec<Act>,
    /// Paid so far, in fen.
    pub paid: i64,
    /// Day of the consumption limit.
    pub limit: Option<Listing>,
    /// Entry on the list of dishonest debtors for what he did (grounds 2 to 6).
    pub listing: Option<Listing>,
    /// Entry for refusing although able (ground 1).
    pub refusal: Option<Listing>,
    /// Settlement in force.
    pub settlement: Option<Settlement>,
    /// A settlement was breached.
    pub has_breached: bool,
    /// Income is withheld (decided once).
    pub withheld: Option<bool>,
    /// Measures written: code and day.
    pub measures: BTreeSet<(&'static str, Day)>,
    /// Number of the next document of this party's money acts.
    pub documents: u32,
}

/// The life of one case.
#[derive(Debug)]
pub struct Life<'a> {
    /// The town.
    pub spec: &'a Spec,
    /// The case on its first day.
    pub plan: &'a Plan,
    /// Its numbers, in order.
    pub chapters: Vec<Chapter>,
    /// Due now, in fen.
    pub due: i64,
    /// Waived: day and amount.
    pub waived: Option<(Day, i64)>,
    /// Money received.
    pub receipts: Vec<Receipt>,
    /// Parties, in the order of the plan.
    pub sides: Vec<Side>,
    /// Day of the next inquiry.
    pub next_round: Day,
    /// Inquiries made.
    pub rounds: u64,
    /// The periodic inquiry now due after closing: case number, day due, day set.
    pub requery: Option<(String, Day, Day)>,
    /// Stayed from, until, why.
    pub stayed: Option<(Day, Day, &'static str)>,
    /// Receipts numbered so far.
    pub serial: u64,
    /// Over for good, since.
    pub over: Option<Day>,
    /// Steps written: node and day due.
    pub steps: BTreeSet<(&'static str, Day)>,
    /// Draws of enforcement, payment, lists, court.
    pub draws: Draws,
}

/// The streams of one life.
#[derive(Debug)]
pub struct Draws {
    /// Holds and sales.
    pub enforcement: Stream,
    /// Payments.
    pub payment: Stream,
    /// Lists and measures.
    pub measure: Stream,
    /// Closing, stays.
    pub court: Stream,
}

/// Lives a case through and writes it.
pub fn live(spec: &Spec, plan: &Plan, cell: &mut Cell, out: &mut Export) -> Vec<Truth> {
    let end = spec.as_of + HORIZON;
    let stream = |concern| Stream::new(spec.seed, concern, plan.index, 1 << 32);
    let draws = Draws {
        enforcement: stream(Concern::Enforcement),
        payment: stream(Concern::Payment),
        measure: stream(Concern::Measure),
        court: stream(Concern::Court),
    };
    let sides = plan
        .parties
        .iter()
        .enumerate()
        .map(|(place, party)| Side {
            reference: cell.people[party.person].reference.clone(),
            acts: conduct::draw(spec, plan, place, &cell.people[party.person], end),
            ..Side::default()
        })
        .collect();
    let chapter = Chapter {
        number: plan.number.clone(),
        case_type: plan.case_type,
        filed: plan.filed,
        closed: None,
        amounts: plan.amounts,
        told: plan.filed,
    };
    let mut life = Life {
        spec,
        plan,
        chapters: vec![chapter],
        due: plan.due(),
        waived: None,
        receipts: Vec::new(),
        sides,
        next_round: plan.filed + 3,
        rounds: 0,
        requery: None,
        stayed: None,
        serial: 0,
        over: None,
        steps: BTreeSet::new(),
        draws,
    };
    court::open(&mut life, out);
    let mut today = plan.filed + 3;
    let mut month = 0;
    while today < end && life.over.is_none() {
        inquiry::ask(&mut life, cell, today, out);
        inquiry::learn(&mut life, cell, today, month, out);
        if plan.is_money() {
            control::hold(&mut life, cell, today, out);
            control::renew(&mut life, cell, today, out);
            if court::is_running(&mut life, today, out) && plan.case_type != "preservation" {
                control::sell(&mut life, cell, today, out);
                money::settle(&mut life, cell, today, month, out);
                money::pay(&mut life, cell, today, month, out);
                money::withhold(&mut life, cell, today, month, out);
                sanction::apply(&mut life, cell, today, month, out);
            }
        }
        closing::close(&mut life, cell, today, month, out);
        today += 30;
        month += 1;
    }
    let last = life.over.unwrap_or(end);
    if let Some(over) = life.over {
        cell.end_span(plan.index, over);
    }
    for (place, party) in plan.parties.iter().enumerate() {
        let number_on = |on: Day| life.number_on(on);
        let until = party.left.map_or(last, |left| left.min(last));
        conduct::export(plan, place, &cell.people[party.person], &life.sides[place].acts, until, &number_on, out);
    }
    sanction::finish(&mut life, cell, last, out);
    truth::of_life(&life, cell)
}

impl Life<'_> {
    /// The case number in use on a day.
    pub fn number_on(&self, on: Day) -> String {
        let chapter = self.chapters.iter().rev().find(|chapter| chapter.filed <= on).unwrap_or(&self.chapters[0]);
        chapter.number.clone()
    }

    /// The chapter in use.
    pub fn now(&mut self) -> &mut Chapter {
        let last = self.chapters.len() - 1;
        &mut self.chapters[last]
    }

    /// Closed for want of property, and not resumed?
    pub fn is_dormant(&self) -> bool {
        self.chapters.last().is_some_and(|chapter| chapter.closed.is_some())
    }

    /// Is a party still in the case on a day?
    pub fn stands(&self, place: usize, on: Day) -> bool {
        self.plan.parties[place].joined.is_none_or(|joined| joined <= on) && self.plan.parties[place].left.is_none_or(|left| left > on)
    }

    /// The key of a party.
    pub fn reference(&self, place: usize) -> String {
        self.sides[place].reference.clone()
    }

    /// What a party still owes, by its liability.
    pub fn room(&self, place: usize) -> i64 {
        let party = &self.plan.parties[place];
        let paid = self.sides[place].paid;
        let cap = match (party.share, party.limit) {
            (Some(share), _) => share - paid,
            (None, Some(limit)) => limit - paid,
            (None, None) => self.due,
        };
        cap.min(self.due).max(0)
    }

    /// The number of a resumed case.
    pub fn resumed_number(&self, filed: Day) -> String {
        format!("（{}）{}执恢{}号", day::ymd(filed).0, self.plan.court, self.plan.serial * 8 + self.chapters.len() as u64)
    }
}
