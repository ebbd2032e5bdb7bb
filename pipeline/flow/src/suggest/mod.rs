//! What may be done next for one party, and why: the catalog's measures against the facts of its day. Statutory steps first; what is blocked is listed
//! with what blocks it and what to obtain. Advice never acts by itself, and from intrusiveness 3 on it rests on facts with document numbers alone.

pub mod catalog;
pub mod conditions;
mod dictionary;
pub mod due;
pub mod facts;
pub mod gain;
pub mod law;
pub mod rank;
pub mod template;

use std::collections::BTreeSet;

use luheng_lake::catalog::CatalogFiles;
use luheng_lake::columns::{Columns, Day};
use luheng_lake::schema::Fault;

pub use self::catalog::{Catalog, Kind, Measure};
use self::conditions::Condition;
pub use self::dictionary::{dictionary, law_dictionary};
use self::facts::{Situation, Verdict};
use self::rank::Candidate;
use self::template::{Figures, Language};
use crate::context::Context;
use crate::cutoff::{Facts, Party, Row};
use crate::error::{Error, Result};
use crate::means::{Means, means_of};
use crate::tables::Rating;

/// One row of `suggestions`, in the columns of the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// Case number.
    pub case_no: String,
    /// Debtor.
    pub debtor_id: String,
    /// 1, 2, 3 … among what may be done now; none for what is blocked.
    pub rank: Option<i64>,
    /// Code of the measure.
    pub measure: String,
    /// `mandatory` or `discretionary`.
    pub kind: &'static str,
    /// May it be done now?
    pub eligible: bool,
    /// `name=met;not_name=unknown`.
    pub preconditions: Option<String>,
    /// What blocks it.
    pub blocked_by: Option<String>,
    /// What to obtain.
    pub evidence_needed: Option<String>,
    /// Who starts it.
    pub initiator: String,
    /// Who decides.
    pub approver: String,
    /// Deadline.
    pub due_on: Option<Day>,
    /// What it aims at.
    pub target: String,
    /// Expected gain.
    pub gain_fen: Option<i64>,
    /// What already lies in this case's hands.
    pub gain_low_fen: Option<i64>,
    /// What it would be if no other case took its share.
    pub gain_high_fen: Option<i64>,
    /// `prior` or `none`.
    pub gain_basis: &'static str,
    /// Working days of court staff.
    pub cost_days: i64,
    /// 1 to 5.
    pub intrusiveness: i64,
    /// Articles in force on the day.
    pub legal_basis: Option<String>,
    /// Section of the policy.
    pub policy_ref: String,
    /// Chinese sentence.
    pub text_zh: String,
    /// English sentence.
    pub text_en: String,
    /// `table:row_id;…`.
    pub evidence: Option<String>,
}

/// Why a measure cannot be taken now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blocker {
    Unmet(usize),
    Excluded(usize),
    Unknown(usize),
    InForce,
    Cooldown,
    BasisNotInForce,
    MilderSuffices,
}

/// Reads law and measures.
///
/// # Errors
/// Every fault of the catalog in one error.
pub fn load(files: &CatalogFiles) -> Result<Catalog> {
    Catalog::load(files).map_err(|faults| Error::from(Fault::error(&faults)))
}

/// Suggestions for every rated party of a bucket, each on the day it was rated.
///
/// # Errors
/// A faulty catalog; a rating of a party its bucket does not hold.
pub fn of_bucket(facts: &Facts, ratings: &[Rating], ctx: &Context) -> Result<Columns> {
    let catalog = load(&ctx.files)?;
    let mut by_debtor: Vec<&Rating> = ratings.iter().collect();
    by_debtor.sort_by_key(|r| (&r.debtor_id, r.as_of, &r.case_no));
    let mut rows = Vec::new();
    // One view serves every case a debtor is rated in on one day.
    for same in by_debtor.chunk_by(|a, b| (&a.debtor_id, a.as_of) == (&b.debtor_id, b.as_of)) {
        let view = facts.view(&same[0].debtor_id, same[0].as_of);
        let parties = view.parties();
        for rating in same {
            let party = parties.iter().find(|p| p.case_no == rating.case_no).ok_or_else(|| {
                Error::Fault(format!("suggest: rating of {} in {}, but its bucket holds no such party", rating.debtor_id, rating.case_no))
            })?;
            rows.extend(suggest(&catalog, party, rating, &means_of(party, ctx), ctx));
        }
    }
    Ok(table(rows))
}

/// Every measure that concerns the party: eligible ones ranked, then the blocked ones by code.
pub fn suggest(catalog: &Catalog, party: &Party<'_, '_>, rating: &Rating, means: &Means<'_>, ctx: &Context) -> Vec<Suggestion> {
    let situation = Situation::of(party, rating, means, ctx);
    let verdicts = conditions::read(&situation);
    let conditions: Vec<&'static Condition> = conditions::all().collect();
    let stage = Stage { situation: &situation, verdicts: &verdicts, conditions: &conditions };
    let (mut eligible, mut blocked) = (Vec::new(), Vec::new());
    for measure in catalog.measures().filter(|m| stage.concerns(m)) {
        let blockers = stage.blockers(measure);
        if blockers.is_empty() {
            let due_on = measure.due.on(&situation, &verdicts);
            eligible.push(Candidate { measure, gain: measure.gain.of(&situation), due_on });
        } else {
            blocked.push((measure, blockers));
        }
    }
    let rest = situation.due_fen.saturating_sub(means.controlled_fen).max(0);
    let mut beyond = rank::beyond_need(&eligible, situation.due_fen, rest);
    beyond.sort_unstable();
    beyond.dedup();
    for at in beyond.into_iter().rev() {
        blocked.push((eligible.remove(at).measure, vec![Blocker::MilderSuffices]));
    }
    let failed = conditions::position("failure_recorded").and_then(|at| verdicts.get(at)).is_some_and(Verdict::is_met);
    rank::order(&mut eligible, rating, failed);
    blocked.sort_by(|a, b| a.0.id.cmp(&b.0.id));
    let ranked = eligible.iter().zip(1_i64..).map(|(candidate, rank)| stage.eligible(candidate, rank));
    ranked.chain(blocked.iter().map(|(measure, blockers)| stage.blocked(measure, blockers))).collect()
}

struct Stage<'a, 's> {
    situation: &'a Situation<'s>,
    verdicts: &'a [Verdict<'s>],
    conditions: &'a [&'static Condition],
}

impl Stage<'_, '_> {
    /// Is the measure this party's matter at all?
    fn concerns(&self, measure: &Measure) -> bool {
        let party = self.situation.party;
        let kind = party.view.debtor().and_then(|d| d.text("kind")).unwrap_or("natural");
        let duty = party.case.text("duty_kind").unwrap_or("money");
        let stage = if party.case.text("status") == Some("closed") { catalog::StageOf::Closed } else { catalog::StageOf::Open };
        measure.debtor_kinds.iter().any(|k| k == kind)
            && measure.duties.iter().any(|d| d == duty)
            && measure.stages.contains(&stage)
            && !measure.concerns.iter().any(|at| matches!(self.verdicts[*at], Verdict::Unmet))
    }

    fn blockers(&self, measure: &Measure) -> Vec<Blocker> {
        let mut blockers = Vec::new();
        for at in measure.concerns.iter().chain(&measure.requires) {
            match self.verdicts[*at] {
                Verdict::Met(_) => {}
                Verdict::Unmet => blockers.push(Blocker::Unmet(*at)),
                Verdict::Unknown(_) => blockers.push(Blocker::Unknown(*at)),
            }
        }
        for at in &measure.forbids {
            match self.verdicts[*at] {
                Verdict::Met(_) => blockers.push(Blocker::Excluded(*at)),
                Verdict::Unmet => {}
                Verdict::Unknown(_) => blockers.push(Blocker::Unknown(*at)),
            }
        }
        let s = self.situation;
        let mut applied = s.applied.iter().filter(|m| m.text("measure") == Some(measure.id.as_str()));
        let last = applied.clone().filter_map(|m| m.date("applied_on")).max();
        let runs = |m: &Row<'_>| m.date("lifted_on").is_none() && !matches!(m.text("result"), Some("failed"));
        if measure.is_lasting && applied.any(runs) {
            blockers.push(Blocker::InForce);
        } else if last.is_some_and(|on| measure.cooldown_days > 0 && on.saturating_add(measure.cooldown_days) > s.day) {
            blockers.push(Blocker::Cooldown);
        }
        if !measure.legal_basis.is_empty() && !measure.legal_basis.iter().any(|a| a.is_in_force(s.day)) {
            blockers.push(Blocker::BasisNotInForce);
        }
        blockers
    }

    fn eligible(&self, candidate: &Candidate<'_>, rank: i64) -> Suggestion {
        let (measure, gain) = (candidate.measure, candidate.gain.as_ref());
        let figures = Figures { gain_fen: gain.map(|g| g.fen), due_on: candidate.due_on };
        let fill = |language, text: &template::Template| text.fill(language, self.situation, self.verdicts, figures);
        Suggestion {
            rank: Some(rank),
            eligible: true,
            due_on: candidate.due_on,
            gain_fen: gain.map(|g| g.fen),
            gain_low_fen: gain.map(|g| g.low_fen),
            gain_high_fen: gain.map(|g| g.high_fen),
            gain_basis: if gain.is_some() { "prior" } else { "none" },
            text_zh: fill(Language::Zh, &measure.text.zh),
            text_en: fill(Language::En, &measure.text.en),
            evidence: self.evidence(measure.concerns.iter().chain(&measure.requires)),
            ..self.plain(measure)
        }
    }

    fn blocked(&self, measure: &Measure, blockers: &[Blocker]) -> Suggestion {
        let needs: Vec<String> = blockers
            .iter()
            .filter_map(|b| match b {
                Blocker::Unknown(at) => match &self.verdicts[*at] {
                    Verdict::Unknown(need) => Some(format!("{} / {}", need.zh, need.en)),
                    _ => None,
                },
                _ => None,
            })
            .collect();
        let words = |language| {
            let blockers: Vec<String> = blockers.iter().map(|b| self.words(*b, language)).collect();
            blockers.join(if language == Language::Zh { "；" } else { "; " })
        };
        let excluded = blockers.iter().filter_map(|b| match b {
            Blocker::Excluded(at) => Some(at),
            _ => None,
        });
        Suggestion {
            blocked_by: list(blockers.iter().map(|b| self.code(*b))),
            evidence_needed: list(needs.into_iter()),
            due_on: (measure.kind == Kind::Mandatory).then(|| measure.due.on(self.situation, self.verdicts)).flatten(),
            text_zh: format!("{}：{}", measure.title.zh, words(Language::Zh)),
            text_en: format!("{}: {}", measure.title.en, words(Language::En)),
            evidence: self.evidence(excluded),
            ..self.plain(measure)
        }
    }

    /// What does not depend on whether it is eligible.
    fn plain(&self, measure: &Measure) -> Suggestion {
        let party = self.situation.party;
        let name = |at: &usize| format!("{}={}", self.conditions[*at].name, self.verdicts[*at].word());
        let not = |at: &usize| {
            let word = match self.verdicts[*at] {
                Verdict::Met(_) => "unmet",
                Verdict::Unmet => "met",
                Verdict::Unknown(_) => "unknown",
            };
            format!("not_{}={word}", self.conditions[*at].name)
        };
        let held = measure.concerns.iter().chain(&measure.requires).map(name);
        Suggestion {
            case_no: party.case_no.to_owned(),
            debtor_id: party.view.debtor_id.to_owned(),
            rank: None,
            measure: measure.id.clone(),
            kind: measure.kind.word(),
            eligible: false,
            preconditions: list(held.chain(measure.forbids.iter().map(not))),
            blocked_by: None,
            evidence_needed: None,
            initiator: measure.initiator.clone(),
            approver: measure.approver.clone(),
            due_on: None,
            target: measure.target.clone(),
            gain_fen: None,
            gain_low_fen: None,
            gain_high_fen: None,
            gain_basis: "none",
            cost_days: measure.cost_days,
            intrusiveness: i64::from(measure.intrusiveness),
            legal_basis: list(measure.basis_on(self.situation.day).into_iter()),
            policy_ref: measure.policy_ref.clone(),
            text_zh: String::new(),
            text_en: String::new(),
            evidence: None,
        }
    }

    /// Rows that show the conditions, each once, in order.
    fn evidence<'i>(&self, conditions: impl Iterator<Item = &'i usize>) -> Option<String> {
        let mut keys = BTreeSet::new();
        for at in conditions {
            if let Verdict::Met(found) = &self.verdicts[*at] {
                keys.extend(found.rows.iter().map(Row::evidence));
            }
        }
        list(keys.into_iter())
    }

    fn code(&self, blocker: Blocker) -> String {
        match blocker {
            Blocker::Unmet(at) => self.conditions[at].name.to_owned(),
            Blocker::Excluded(at) => format!("not_{}", self.conditions[at].name),
            Blocker::Unknown(at) => format!("unknown_{}", self.conditions[at].name),
            Blocker::InForce => "in_force".into(),
            Blocker::Cooldown => "cooldown".into(),
            Blocker::BasisNotInForce => "basis_not_in_force".into(),
            Blocker::MilderSuffices => "milder_set_suffices".into(),
        }
    }

    fn words(&self, blocker: Blocker, language: Language) -> String {
        let (zh, en) = match blocker {
            Blocker::Unmet(at) => (format!("不具备：{}", self.conditions[at].zh), format!("not so: {}", self.conditions[at].en)),
            Blocker::Excluded(at) => (format!("排除：{}", self.conditions[at].zh), format!("excluded: {}", self.conditions[at].en)),
            Blocker::Unknown(at) => (format!("待查：{}", self.conditions[at].zh), format!("not known: {}", self.conditions[at].en)),
            Blocker::InForce => ("措施已在执行中".into(), "already in force".into()),
            Blocker::Cooldown => ("近期已采取，间隔未满".into(), "taken recently, the interval is not over".into()),
            Blocker::BasisNotInForce => ("目录中无当日有效的依据文本".into(), "the catalog holds no text in force that day".into()),
            Blocker::MilderSuffices => ("较轻措施已足以清偿".into(), "milder measures reach what is due".into()),
        };
        match language {
            Language::Zh => zh,
            Language::En => en,
        }
    }
}

/// Parts joined by `;`, nothing if there are none.
fn list(parts: impl Iterator<Item = String>) -> Option<String> {
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { None } else { Some(parts.join(";")) }
}

/// The table `suggestions`: by case, debtor and rank, what is blocked after what may be done.
pub fn table(mut rows: Vec<Suggestion>) -> Columns {
    rows.sort_by(|a, b| (&a.case_no, &a.debtor_id).cmp(&(&b.case_no, &b.debtor_id)));
    let text = |of: fn(&Suggestion) -> &str| rows.iter().map(move |r| Some(of(r)));
    let maybe = |of: fn(&Suggestion) -> Option<&str>| rows.iter().map(of);
    let int = |of: fn(&Suggestion) -> Option<i64>| rows.iter().map(of);
    Columns::new()
        .text("case_no", text(|r| &r.case_no))
        .text("debtor_id", text(|r| &r.debtor_id))
        .int("rank", int(|r| r.rank))
        .text("measure", text(|r| &r.measure))
        .text("kind", text(|r| r.kind))
        .flag("eligible", rows.iter().map(|r| Some(r.eligible)))
        .text("preconditions", maybe(|r| r.preconditions.as_deref()))
        .text("blocked_by", maybe(|r| r.blocked_by.as_deref()))
        .text("evidence_needed", maybe(|r| r.evidence_needed.as_deref()))
        .text("initiator", text(|r| &r.initiator))
        .text("approver", text(|r| &r.approver))
        .date("due_on", rows.iter().map(|r| r.due_on))
        .text("target", text(|r| &r.target))
        .int("gain_fen", int(|r| r.gain_fen))
        .int("gain_low_fen", int(|r| r.gain_low_fen))
        .int("gain_high_fen", int(|r| r.gain_high_fen))
        .text("gain_basis", text(|r| r.gain_basis))
        .int("cost_days", int(|r| Some(r.cost_days)))
        .int("intrusiveness", int(|r| Some(r.intrusiveness)))
        .text("legal_basis", maybe(|r| r.legal_basis.as_deref()))
        .text("policy_ref", text(|r| &r.policy_ref))
        .text("text_zh", text(|r| &r.text_zh))
        .text("text_en", text(|r| &r.text_en))
        .text("evidence", maybe(|r| r.evidence.as_deref()))
}

#[cfg(test)]
mod behaviour;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;
