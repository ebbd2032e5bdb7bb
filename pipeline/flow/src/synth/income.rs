//! Why: what a person earns and what else he owes. Income follows ability and ends with a lost job; other debts follow fortune, which a town
//! without ability keeps.
use luheng_lake::columns::Day;

use super::export::Export;
use super::line::Line;
use super::people::{Person, history_start};
use super::random::{Concern, Stream, fen, logistic};
use super::tables::Table;
use super::{AbilityMode, Spec};

/// Living costs of a natural person a month that no one may touch, in fen.
pub const LIVING_FEN: i64 = 250_000;

/// A stream of income.
#[derive(Clone, Debug)]
pub struct Income {
    kind: &'static str,
    monthly: i64,
    from: Day,
    to: Option<Day>,
    is_natural: bool,
    /// Day the court first knew it.
    pub known: Option<Day>,
}

impl Income {
    /// What is left a month after living costs, on a day; an organisation's income is already net of running costs.
    pub fn free(&self, day: Day) -> i64 {
        if self.from > day || self.to.is_some_and(|to| to < day) {
            0
        } else if self.is_natural {
            (self.monthly - LIVING_FEN).max(0)
        } else {
            self.monthly
        }
    }

    /// An employer or a payer stands behind it, so it can be withheld.
    pub fn is_attachable(&self) -> bool {
        matches!(self.kind, "wage" | "pension" | "rent")
    }

    /// Writes it as the court came to know it, and its end if that came later.
    pub fn export(&self, out: &mut Export, person: &Person) {
        let Some(known) = self.known else { return };
        let line = Line::of(Table::Incomes)
            .text("debtor_ref", person.reference.as_str())
            .text("kind", self.kind)
            .day("from_on", self.from)
            .int("monthly_fen", self.monthly);
        match self.to {
            Some(to) if to <= known => out.know(known, line.day("to_on", to)),
            Some(to) => {
                out.know(known, line.clone());
                out.know(to + 30, line.day("to_on", to));
            }
            None => out.know(known, line),
        }
    }
}

/// Draws a person's income; none where ability is zero.
pub fn draw(spec: &Spec, person: &Person, job_lost_on: Option<Day>) -> Option<Income> {
    let mut s = Stream::new(spec.seed, Concern::Income, person.index, 0);
    let start = history_start(spec.as_of);
    let age_years = person.born.map(|born| (spec.as_of - born) / 365);
    let is_old = age_years.is_some_and(|years| years >= 61);
    let z = person.fortune;
    let noise = s.normal();
    let (kind, chance, yuan) = match (person.is_natural(), is_old) {
        (true, true) => ("pension", logistic(1.2 + 0.5 * z), libm::exp(7.9 + 0.3 * z + 0.25 * noise)),
        (true, false) => ("wage", logistic(0.6 + 0.9 * z), libm::exp(8.4 + 0.45 * z + 0.25 * noise)),
        _ => ("business", logistic(-0.3 + z), libm::exp(9.0 + 1.0 * z + 0.6 * noise)),
    };
    let exists = s.chance(chance);
    let from = start - s.days(30, 2500);
    if spec.ability == AbilityMode::Zero || !exists || person.is_minor {
        return None;
    }
    let lost = job_lost_on.filter(|_| kind == "wage");
    let to = match (lost, person.dead_on) {
        (Some(lost), Some(dead)) => Some(lost.min(dead)),
        (lost, dead) => lost.or(dead),
    };
    Some(Income { kind, monthly: fen(yuan), from, to, is_natural: person.is_natural(), known: None })
}

/// Writes a person's other debts as known on a day: none to three, more and larger where fortune is poor.
pub fn export_obligations(spec: &Spec, person: &Person, out: &mut Export, known_on: Day) {
    let mut s = Stream::new(spec.seed, Concern::Income, person.index, 1);
    let kinds: &[(&str, bool, f64)] = &[
        ("bank_loan", false, 10.6),
        ("private", false, 11.0),
        ("guarantee", false, 11.6),
        ("mortgage", true, 12.9),
        ("revolving", false, 9.8),
    ];
    for (number, (kind, secured, mean)) in kinds.iter().enumerate() {
        let exists = s.chance(logistic(-1.9 - 0.5 * person.fortune));
        let amount = fen(libm::exp(mean + 0.7 * s.normal()));
        let late = s.days(0, 60);
        if exists {
            let line = Line::of(Table::Obligations)
                .text("debtor_ref", person.reference.as_str())
                .text("kind", *kind)
                .text("creditor_no", format!("{}", number + 1));
            out.know(known_on + late, line.int("outstanding_fen", amount).flag("secured", *secured));
        }
    }
}
