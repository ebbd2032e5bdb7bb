//! `catalog/measures/*.toml`: one measure a file, read and checked together with the law. All faults come at once, each with its file and key.

use std::collections::BTreeMap;

use luheng_lake::catalog::CatalogFiles;
use luheng_lake::columns::Day;
use luheng_lake::schema::Fault;
use serde::Deserialize;

use super::conditions;
use super::due::{Due, From, Written};
use super::gain::{self, Basis};
use super::law::{Article, Law};
use super::template::Template;
use crate::rating::Title;

/// From this intrusiveness on no condition may read a rating, and a measure needs law, not only policy.
pub const COERCIVE: u8 = 3;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    id: String,
    kind: Kind,
    policy_ref: String,
    legal_basis: Vec<String>,
    debtor_kinds: Vec<String>,
    stages: Vec<StageOf>,
    duties: Vec<String>,
    concerns: Vec<String>,
    requires: Vec<String>,
    forbids: Vec<String>,
    intrusiveness: u8,
    cost_days: i64,
    cooldown_days: i32,
    is_lasting: bool,
    initiator: String,
    approver: String,
    target: String,
    profile: Vec<String>,
    title: Title,
    due: Option<Written>,
    gain: gain::Spec,
    text: Title,
}

/// Owed by law, or the court's choice.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A statutory step.
    Mandatory,
    /// A choice.
    Discretionary,
}

impl Kind {
    /// The word of the output table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Mandatory => "mandatory",
            Self::Discretionary => "discretionary",
        }
    }
}

/// Where a case stands.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum StageOf {
    /// Open or stayed.
    Open,
    /// Closed for want of property.
    Closed,
}

/// One measure, checked.
#[derive(Clone, Debug)]
pub struct Measure {
    /// Its code, the name of its file.
    pub id: String,
    /// Title.
    pub title: Title,
    /// Owed or chosen.
    pub kind: Kind,
    /// Section of the provincial policy.
    pub policy_ref: String,
    /// Articles it rests on.
    pub legal_basis: Vec<Article>,
    /// Kinds of debtor it applies to.
    pub debtor_kinds: Vec<String>,
    /// Where the case must stand.
    pub stages: Vec<StageOf>,
    /// Kinds of duty it enforces.
    pub duties: Vec<String>,
    /// Conditions without which it is not the party's matter at all and is not listed.
    pub concerns: Vec<usize>,
    /// Conditions that must hold.
    pub requires: Vec<usize>,
    /// Conditions that must not hold.
    pub forbids: Vec<usize>,
    /// 1 (felt by nobody) to 5.
    pub intrusiveness: u8,
    /// Working days of court staff; a judgement of this project.
    pub cost_days: i64,
    /// Days before it is suggested again.
    pub cooldown_days: i32,
    /// Is it in force until lifted?
    pub is_lasting: bool,
    /// Who starts it.
    pub initiator: String,
    /// Who decides.
    pub approver: String,
    /// What it aims at.
    pub target: String,
    /// Whom it fits (`W+ W- C+ C- C? P`): for order only.
    pub profile: Vec<String>,
    /// Its deadline.
    pub due: Due,
    /// What it may bring in.
    pub gain: gain::Spec,
    /// Its sentence.
    pub text: Sentences,
}

/// A sentence in both languages.
#[derive(Clone, Debug, Default)]
pub struct Sentences {
    /// Chinese.
    pub zh: Template,
    /// English.
    pub en: Template,
}

impl Measure {
    /// Citations of the articles in force on a day.
    pub fn basis_on(&self, on: Day) -> Vec<String> {
        self.legal_basis.iter().filter(|a| a.is_in_force(on)).map(Article::citation).collect()
    }

    /// Does any condition of it read the rating?
    pub fn reads_rating(&self) -> bool {
        let mut used = self.concerns.iter().chain(&self.requires).chain(&self.forbids);
        used.any(|at| conditions::all().nth(*at).is_some_and(|c| c.reads_rating))
    }
}

/// Every measure, by id, with the law.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// The articles.
    pub law: Law,
    measures: BTreeMap<String, Measure>,
}

impl Catalog {
    /// Reads law and measures.
    ///
    /// # Errors
    /// Every fault of every file.
    pub fn load(files: &CatalogFiles) -> Result<Self, Vec<Fault>> {
        let law = Law::load(files)?;
        let (mut measures, mut faults) = (BTreeMap::new(), Vec::new());
        for (path, text) in files.files("measures/") {
            match toml::from_str::<File>(text) {
                Ok(file) => {
                    let before = faults.len();
                    let measure = check(path, file, &law, &mut faults);
                    if faults.len() == before {
                        measures.insert(measure.id.clone(), measure);
                    }
                }
                Err(error) => faults.push(Fault::toml(path, text, &error)),
            }
        }
        if faults.is_empty() { Ok(Self { law, measures }) } else { Err(faults) }
    }

    /// Every measure in order of id.
    pub fn measures(&self) -> impl Iterator<Item = &Measure> {
        self.measures.values()
    }

    /// The measure of an id.
    pub fn measure(&self, id: &str) -> Option<&Measure> {
        self.measures.get(id)
    }
}

const PROFILES: [&str; 6] = ["W+", "W-", "C+", "C-", "C?", "P"];
const KINDS: [&str; 3] = ["natural", "legal", "other_org"];
const DUTIES: [&str; 4] = ["money", "delivery", "act", "mixed"];

fn check(path: &str, file: File, law: &Law, faults: &mut Vec<Fault>) -> Measure {
    let mut wrong = |place: String, found: String, expected: &str| faults.push(Fault::new(path, place, found, expected));
    if file.format != 1 {
        wrong("format".into(), file.format.to_string(), "1");
    }
    if path != format!("measures/{}.toml", file.id) {
        wrong("id".into(), file.id.clone(), "the name of its file");
    }
    if !(1..=5).contains(&file.intrusiveness) {
        wrong("intrusiveness".into(), file.intrusiveness.to_string(), "1 to 5");
    }
    if file.cost_days < 1 {
        wrong("cost_days".into(), file.cost_days.to_string(), "at least 1");
    }
    if file.cooldown_days < 0 {
        wrong("cooldown_days".into(), file.cooldown_days.to_string(), "0 or more");
    }
    if file.policy_ref.is_empty() {
        wrong("policy_ref".into(), "nothing".into(), "a section of the policy");
    }
    let mut one_of = |key: &str, values: &[String], allowed: &[&str], may_be_empty: bool| {
        for value in values.iter().filter(|v| !allowed.contains(&v.as_str())) {
            wrong(key.into(), value.clone(), &format!("one of {}", allowed.join(", ")));
        }
        if values.is_empty() && !may_be_empty {
            wrong(key.into(), "nothing".into(), &format!("at least one of {}", allowed.join(", ")));
        }
    };
    one_of("debtor_kinds", &file.debtor_kinds, &KINDS, false);
    one_of("duties", &file.duties, &DUTIES, false);
    one_of("profile", &file.profile, &PROFILES, true);
    if file.stages.is_empty() {
        wrong("stages".into(), "nothing".into(), "open, closed");
    }
    if file.legal_basis.is_empty() && file.intrusiveness >= COERCIVE {
        wrong("legal_basis".into(), "nothing".into(), "an article: policy alone is no ground for coercion");
    }
    let mut legal_basis = Vec::new();
    for key in &file.legal_basis {
        match law.article(key) {
            Some(article) => legal_basis.push(article.clone()),
            None => wrong("legal_basis".into(), key.clone(), "a key of legal.toml"),
        }
    }
    let mut named = |key: &str, names: &[String]| {
        let mut places = Vec::new();
        for name in names {
            match conditions::all().enumerate().find(|(_, c)| c.name == name) {
                Some((_, c)) if c.reads_rating && file.intrusiveness >= COERCIVE => {
                    wrong(key.into(), name.clone(), "a condition over facts: from intrusiveness 3 on none may read a rating");
                }
                Some((at, _)) => places.push(at),
                None => wrong(key.into(), name.clone(), "the name of a condition (luheng catalog lists them)"),
            }
        }
        places
    };
    let (concerns, requires, forbids) =
        (named("concerns", &file.concerns), named("requires", &file.requires), named("forbids", &file.forbids));
    let held = |at: usize| concerns.contains(&at) || requires.contains(&at);
    let due = due(&file, &held, &mut wrong);
    if (file.gain.basis == Basis::None) != (file.gain.reaches.is_empty() && file.gain.holds.is_empty()) {
        wrong("gain".into(), format!("{:?}", file.gain), "reaches and holds with basis = \"prior\", neither with \"none\"");
    }
    let mut sentence = |key: &str, text: &str| match Template::parse(text) {
        Ok(template) => {
            for at in template.conditions().filter(|at| !held(*at)) {
                let name = conditions::all().nth(at).map_or("", |c| c.name);
                wrong(key.into(), format!("{{{name}.…}}"), "facts of a condition the measure requires");
            }
            if template.names_gain() && file.gain.basis == Basis::None {
                wrong(key.into(), "{gain}".into(), "no figure where gain.basis is none");
            }
            if template.names_due_on() && file.due.is_none() {
                wrong(key.into(), "{due_on}".into(), "a [due] rule for it");
            }
            template
        }
        Err(marks) => {
            wrong(key.into(), marks.join(" "), "due, gain, due_on, filed_on, notice_on, or condition.on, .fen, .what, .documents");
            Template::default()
        }
    };
    let text = Sentences { zh: sentence("text.zh", &file.text.zh), en: sentence("text.en", &file.text.en) };
    Measure {
        id: file.id,
        title: file.title,
        kind: file.kind,
        policy_ref: file.policy_ref,
        legal_basis,
        debtor_kinds: file.debtor_kinds,
        stages: file.stages,
        duties: file.duties,
        concerns,
        requires,
        forbids,
        intrusiveness: file.intrusiveness,
        cost_days: file.cost_days,
        cooldown_days: file.cooldown_days,
        is_lasting: file.is_lasting,
        initiator: file.initiator,
        approver: file.approver,
        target: file.target,
        profile: file.profile,
        due,
        gain: file.gain,
        text,
    }
}

fn due(file: &File, held: &impl Fn(usize) -> bool, wrong: &mut impl FnMut(String, String, &str)) -> Due {
    let Some(written) = &file.due else { return Due::default() };
    let mut due = Due { milestone: written.milestone.clone(), from: None };
    match (&written.from, written.days) {
        (None, None) if !due.milestone.is_empty() => {}
        (Some(name), Some(days)) if days >= 0 => {
            let from = match name.as_str() {
                "filed" => Some(From::Filed),
                "as_of" => Some(From::AsOf),
                name => conditions::position(name).filter(|at| held(*at)).map(From::Condition),
            };
            match from {
                Some(from) => due.from = Some((from, days, written.unit)),
                None => wrong("due.from".into(), name.clone(), "filed, as_of, or a condition the measure requires"),
            }
        }
        (from, days) => {
            wrong("due".into(), format!("from {from:?}, days {days:?}"), "a milestone, or from together with days of 0 or more")
        }
    }
    due
}
