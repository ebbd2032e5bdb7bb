//! Why: who owes what to whom, and since when. A plan is a case as it stands on its first day; nothing in it depends on ability or willingness
//! but the size of debts, which follows fortune (those who have more borrow more).
use luheng_lake::columns::{Day, day};

use super::Spec;
use super::people::{Person, history_start};
use super::random::{Concern, Stream, fen, part_of};
use super::region::COURTS;

/// Debtors of one cell: cases never reach beyond it, so a town is made cell by cell.
pub const CELL: usize = 10;
/// Case numbers set aside for one cell.
const NUMBERS: u64 = 32;

/// A debtor's place in a case.
#[derive(Clone, Debug)]
pub struct Party {
    /// Index in the cell.
    pub person: usize,
    /// principal, joint, guarantor, joined.
    pub role: &'static str,
    /// Kind of liability; none where the export does not say.
    pub liability: Option<&'static str>,
    /// Own share, in fen.
    pub share: Option<i64>,
    /// Limit, in fen.
    pub limit: Option<i64>,
    /// Index in the cell of who is to be exhausted first.
    pub after: Option<usize>,
    /// Day joined, if later than filing.
    pub joined: Option<Day>,
    /// Day the creditor released him.
    pub left: Option<Day>,
}

/// A case on its first day.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Unique in the town.
    pub index: u64,
    /// Case number.
    pub number: String,
    /// Order in the court's register, also used when the case is resumed.
    pub serial: u64,
    /// Court.
    pub court: &'static str,
    /// first, entrusted, preservation.
    pub case_type: &'static str,
    /// Filing.
    pub filed: Day,
    /// Service of the notice; none if it never succeeded.
    pub served: Option<Day>,
    /// money, delivery, act, mixed.
    pub duty_kind: &'static str,
    /// Cause and livelihood.
    pub cause: (&'static str, &'static str),
    /// Principal, fixed interest, costs, in fen.
    pub amounts: [i64; 3],
    /// Basis: kind, document, effective on, duty due on.
    pub basis: (&'static str, String, Day, Day),
    /// Judge.
    pub judge: String,
    /// The parties, principal first.
    pub parties: Vec<Party>,
    /// The principal's mortgage secures this very claim.
    pub is_mortgage: bool,
}

impl Plan {
    /// Everything due on the first day, in fen.
    pub fn due(&self) -> i64 {
        self.amounts.iter().sum()
    }

    /// Is any money due at all?
    pub fn is_money(&self) -> bool {
        matches!(self.duty_kind, "money" | "mixed")
    }
}

const CAUSES: &[((&str, &str), f64)] = &[
    (("private_loan", "none"), 0.30),
    (("financial_loan", "none"), 0.18),
    (("credit_card", "none"), 0.08),
    (("sale", "none"), 0.14),
    (("construction", "none"), 0.05),
    (("wages", "wages"), 0.07),
    (("traffic_injury", "injury"), 0.05),
    (("support", "support"), 0.03),
    (("lease", "none"), 0.04),
    (("guarantee", "none"), 0.03),
    (("criminal_restitution", "none"), 0.03),
];

/// Draws the plans of a cell, in order of filing. `people` are the cell's debtors, the last of them without a case of his own.
pub fn draw(spec: &Spec, cell: u64, people: &[Person]) -> Vec<Plan> {
    let mut plans = Vec::new();
    let mut s = Stream::new(spec.seed, Concern::Case, cell, u64::MAX);
    let host = s.between(0, CELL as i64 - 2) as usize;
    for lead in 0..people.len() {
        // Each draw is made whether used or not, so that a cell cut short by the size of the town keeps its first debtors' cases.
        let more = s.weighted(&[(1, 0.80), (2, 0.14), (3, 0.06)]);
        let sends = s.chance(0.08);
        let other = (lead + 1) % (CELL - 1);
        for again in 0..more {
            if lead == CELL - 1 {
                break;
            }
            let ordinal = (lead * 3 + again) as u64;
            let mut with = Vec::new();
            if again == 0 && lead == host && people.len() == CELL {
                with.push(CELL - 1);
            }
            if again == 0 && sends && other < people.len() && other != lead {
                with.push(other);
            }
            plans.push(draw_one(spec, cell * NUMBERS + ordinal, people, lead, &with));
        }
    }
    plans.sort_by_key(|plan| (plan.filed, plan.index));
    plans
}

fn draw_one(spec: &Spec, index: u64, people: &[Person], lead: usize, with: &[usize]) -> Plan {
    let mut s = Stream::new(spec.seed, Concern::Case, index, 0);
    let debtor = &people[lead];
    let start = history_start(spec.as_of);
    let filed = s.days(start, spec.as_of - 8);
    let year = day::ymd(filed).0;
    let court = COURTS[debtor.county % COURTS.len()];
    let case_type = s.weighted(&[("first", 0.965), ("preservation", 0.02), ("entrusted", 0.015)]);
    let letters = if case_type == "preservation" { "执保" } else { "执" };
    let serial = index + 1;
    let cause = s.weighted(CAUSES);
    let duty_kind = s.weighted(&[("money", 0.955), ("mixed", 0.015), ("delivery", 0.015), ("act", 0.015)]);
    let size = s.normal();
    let principal = match debtor.is_natural() {
        true => fen(libm::exp(10.9 + 0.35 * debtor.fortune + 1.1 * size)),
        false => fen(libm::exp(12.3 + 0.45 * debtor.fortune + 1.2 * size)),
    }
    .max(200_000);
    let rate = 0.02 + 0.12 * s.unit();
    let amounts = if matches!(duty_kind, "money" | "mixed") {
        [principal, part_of(principal, rate), part_of(principal, 0.015) + 5_000]
    } else {
        [0, 0, 0]
    };
    let basis_kind = match cause.0 {
        "criminal_restitution" => "criminal",
        _ => s.weighted(&[
            ("judgment", 0.62),
            ("mediation", 0.24),
            ("arbitration", 0.07),
            ("notarised", 0.03),
            ("payment_order", 0.02),
            ("administrative", 0.02),
        ]),
    };
    let due = filed - s.days(10, 300);
    let effective = due - s.days(10, 30);
    let document = format!("（{}）{court}民初{serial}号", day::ymd(effective).0);
    let first_try = filed + s.days(3, 14);
    let later = filed + s.days(45, 120);
    let luck = s.unit();
    let served = if luck < 0.86 { Some(first_try) } else { (luck < 0.95).then_some(later) };
    let judge = format!("J{}{:02}", &court[court.len() - 1..], s.between(1, 12));
    let is_mortgage = cause.0 == "financial_loan" && s.chance(0.45);
    let mut parties = vec![Party {
        person: lead,
        role: "principal",
        liability: s.chance(0.9).then_some("solidary"),
        share: None,
        limit: None,
        after: None,
        joined: None,
        left: None,
    }];
    let whole: i64 = amounts.iter().sum();
    for person in with {
        let form = s.unit();
        let part = part_of(whole, 0.2 + 0.4 * s.unit());
        let joined = filed + s.days(60, 200);
        let released = filed + s.days(120, 500);
        let left = s.chance(0.05).then_some(released);
        let party = |role, liability| Party {
            person: *person,
            role,
            liability: Some(liability),
            share: None,
            limit: None,
            after: None,
            joined: None,
            left,
        };
        parties.push(match form {
            x if x < 0.40 => party("joint", "solidary"),
            x if x < 0.58 => party("guarantor", "solidary"),
            x if x < 0.72 => Party { after: Some(lead), ..party("guarantor", "supplementary") },
            x if x < 0.84 => Party { limit: Some(part), ..party("guarantor", "limited_amount") },
            x if x < 0.94 => Party { share: Some(part), ..party("joint", "by_share") },
            x if x < 0.97 => Party { limit: Some(part), ..party("guarantor", "limited_asset") },
            _ => Party { limit: Some(part), joined: Some(joined), ..party("joined", "limited_amount") },
        });
        // Shares add up to the whole: what one joint debtor does not owe, the principal does.
        if (0.84..0.94).contains(&form) {
            parties[0].liability = Some("by_share");
            parties[0].share = Some(parties[0].share.unwrap_or(whole) - part);
        }
    }
    if debtor.is_minor {
        parties[0].liability = Some("limited_estate");
        parties[0].limit = Some(part_of(whole, 0.4));
    }
    Plan {
        index,
        number: format!("（{year}）{court}{letters}{serial}号"),
        serial,
        court,
        case_type,
        filed,
        served,
        duty_kind,
        cause,
        amounts,
        basis: (basis_kind, document, effective, due),
        judge,
        parties,
        is_mortgage,
    }
}
