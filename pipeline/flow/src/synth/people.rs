//! Why: who lives in the town. A person's three latent traits are drawn here and nowhere else: ability (what he has), willingness (what he
//! does) and a tendency to conceal; all the rest of the town follows from them.
use luheng_lake::columns::{Day, day};

use super::export::Export;
use super::line::Line;
use super::names;
use super::random::{Concern, Stream, logistic};
use super::region::COUNTIES;
use super::tables::Table;
use super::{AbilityMode, Spec};

/// What a person is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A natural person.
    Natural,
    /// A legal person.
    Legal,
    /// Another organisation.
    Other,
}

/// One debtor with latent traits.
#[derive(Clone, Debug)]
pub struct Person {
    /// Order in the town, from 0.
    pub index: u64,
    /// The court's own key.
    pub reference: String,
    /// Natural, legal or other.
    pub kind: Kind,
    /// Fortune: the normal score behind ability, kept also where ability is set to zero (debts depend on it, property does not).
    pub fortune: f64,
    /// Latent ability in [0, 1].
    pub ability: f64,
    /// Latent willingness in [0, 1].
    pub willingness: f64,
    /// Latent tendency to conceal in [0, 1].
    pub conceal: f64,
    /// County of residence, an index of `COUNTIES`.
    pub county: usize,
    /// Birth of a natural person.
    pub born: Option<Day>,
    /// Death, if it fell into the town's history.
    pub dead_on: Option<Day>,
    /// Born after 2008 or so: a minor heir.
    pub is_minor: bool,
    identity: Identity,
}

#[derive(Clone, Debug)]
struct Identity {
    id_kind: &'static str,
    id_no: Option<String>,
    name: String,
    phone: Option<String>,
    address: String,
    home_region: usize,
    industry: Option<&'static str>,
    established: Option<Day>,
    is_official: bool,
    /// The court knows where he lives.
    is_located: bool,
}

impl Person {
    /// Draws debtor number `index`.
    pub fn draw(spec: &Spec, index: u64) -> Self {
        let mut latent = Stream::new(spec.seed, Concern::Latent, index, 0);
        let fortune = latent.normal();
        let will = latent.normal();
        let conceal = logistic(1.2 * latent.normal() - 0.5 * will - 1.4);
        let willingness = logistic(1.8 * will + 0.2);
        let ability = match spec.ability {
            AbilityMode::Drawn => logistic(1.5 * fortune - 0.2),
            AbilityMode::Zero => 0.0,
        };
        let mut s = Stream::new(spec.seed, Concern::Identity, index, 0);
        let kind = s.weighted(&[(Kind::Natural, 0.79), (Kind::Legal, 0.19), (Kind::Other, 0.02)]);
        let county = s.between(0, COUNTIES.len() as i64 - 1) as usize;
        let home_region = if s.chance(0.8) { county } else { s.between(0, COUNTIES.len() as i64 - 1) as usize };
        let natural = kind == Kind::Natural;
        let is_minor = s.chance(0.006) && natural;
        let age_days = if is_minor { s.days(8 * 365, 14 * 365) } else { s.days(22 * 365, 74 * 365) };
        let born = natural.then(|| spec.as_of - age_days);
        let dead_on = (s.chance(0.008) && natural && !is_minor).then(|| spec.as_of - s.days(20, 900));
        let identity = Identity::draw(&mut s, kind, index, county, home_region, born, spec.as_of);
        Self {
            index,
            reference: format!("D{:06}", index + 1),
            kind,
            fortune,
            ability,
            willingness,
            conceal,
            county,
            born,
            dead_on,
            is_minor,
            identity,
        }
    }

    /// A natural person?
    pub fn is_natural(&self) -> bool {
        self.kind == Kind::Natural
    }

    /// Writes the person as the court came to know him, on the day of his first case.
    pub fn export(&self, out: &mut Export, known_on: Day) {
        let id = &self.identity;
        let kind = match self.kind {
            Kind::Natural => "natural",
            Kind::Legal => "legal",
            Kind::Other => "other_org",
        };
        let row = Line::of(Table::Debtors)
            .text("debtor_ref", self.reference.as_str())
            .text("kind", kind)
            .text("id_kind", id.id_kind)
            .maybe("id_no", id.id_no.as_deref())
            .text("name", id.name.as_str())
            .maybe("phone", id.phone.as_deref())
            .text("address", id.address.as_str())
            .on("born_on", self.born)
            .maybe("home_region", self.is_natural().then_some(COUNTIES[id.home_region].0))
            .maybe("residence_region", id.is_located.then_some(COUNTIES[self.county].0))
            .maybe("industry", id.industry)
            .on("established_on", id.established);
        out.know(known_on, row.clone().text("status", "active"));
        if let Some(dead) = self.dead_on.filter(|dead| *dead > known_on) {
            out.know(dead + 25, row.text("status", "deceased").day("status_on", dead));
        }
        if id.is_official
            && let Some(number) = id.id_no.as_deref()
        {
            let line = Line::of(Table::Registers).text("register", "public_official").text("id_kind", id.id_kind).text("id_no", number);
            out.know(known_on, line.text("unit", format!("{}某单位", COUNTIES[self.county].1)));
        }
    }
}

impl Identity {
    fn draw(s: &mut Stream, kind: Kind, index: u64, county: usize, home: usize, born: Option<Day>, as_of: Day) -> Self {
        let address = names::address(s, COUNTIES[county].1);
        let phone = s.chance(0.93).then(|| names::phone(s));
        let established_days = s.days(400, 9000);
        let is_located = s.chance(0.96);
        let is_official = s.chance(0.01) && kind == Kind::Natural;
        let paper = s.unit();
        match (kind, born) {
            (Kind::Natural, Some(born)) => {
                let (id_kind, id_no) = if paper < 0.97 {
                    ("resident_id", Some(names::identity_number(COUNTIES[home].0, born, (index % 1000) as u32)))
                } else if paper < 0.98 {
                    ("passport", Some(format!("99X{:06}", index + 1)))
                } else {
                    ("other", None)
                };
                Self {
                    id_kind,
                    id_no,
                    name: names::person(s),
                    phone,
                    address,
                    home_region: home,
                    industry: None,
                    established: None,
                    is_official,
                    is_located,
                }
            }
            _ => {
                let form = if kind == Kind::Legal { "有限公司" } else { "经营部" };
                let (name, industry) = names::company(s, COUNTIES[county].1, form);
                let id_no = Some(names::credit_code(COUNTIES[county].0, index + 1));
                Self {
                    id_kind: "uscc",
                    id_no,
                    name,
                    phone,
                    address,
                    home_region: county,
                    industry: Some(industry),
                    established: Some(as_of - 1300 - established_days),
                    is_official,
                    is_located,
                }
            }
        }
    }
}

/// The earliest day of the town's history.
pub fn history_start(as_of: Day) -> Day {
    day::add_months(as_of, -42)
}
