//! What conditions read of one party on one day, and what they answer. Facts only come through the party's view; the rating is kept apart, so that a
//! condition that reads it can be told by its flag.

use std::collections::BTreeMap;

use luheng_lake::columns::Day;

use super::template::Language;
use crate::context::Context;
use crate::cutoff::{Party, Row};
use crate::means::{Means, in_force, share_of};
use crate::standing;
use crate::tables::Rating;
use crate::wording;

/// What a condition says.
#[derive(Clone, Debug)]
pub enum Verdict<'s> {
    /// It holds, and these rows show it.
    Met(Found<'s>),
    /// It does not hold, as far as the court knows.
    Unmet,
    /// The facts do not say; this is what to obtain.
    Unknown(Need),
}

/// What to obtain before a condition can be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// Chinese.
    pub zh: &'static str,
    /// English.
    pub en: &'static str,
}

/// The rows that show a condition, and the day and sum they give.
#[derive(Clone, Debug, Default)]
pub struct Found<'s> {
    /// Evidence.
    pub rows: Vec<Row<'s>>,
    /// The day it turns on: a deadline, a beginning.
    pub on: Option<Day>,
    /// The sum it turns on, in fen.
    pub fen: Option<i64>,
    /// Inquiry channels it names.
    pub channels: Vec<&'s str>,
}

impl<'s> Verdict<'s> {
    /// Met if there are rows, else unmet.
    pub fn of_rows(rows: Vec<Row<'s>>) -> Self {
        if rows.is_empty() { Self::Unmet } else { Self::Met(Found { rows, ..Found::default() }) }
    }

    /// Met with one row, else unmet.
    pub fn when(holds: bool, row: Row<'s>) -> Self {
        if holds { Self::of_rows(vec![row]) } else { Self::Unmet }
    }

    /// Is it met?
    pub fn is_met(&self) -> bool {
        matches!(self, Self::Met(_))
    }

    /// `met`, `unmet` or `unknown`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Met(_) => "met",
            Self::Unmet => "unmet",
            Self::Unknown(_) => "unknown",
        }
    }
}

impl Found<'_> {
    /// What was found, in words: acts with day and document, property by class, channels by name.
    pub fn what(&self, language: Language, situation: &Situation<'_>) -> String {
        if !self.channels.is_empty() {
            let names: Vec<String> = self.channels.iter().map(|c| situation.word(language, "channel", c)).collect();
            return names.join(comma(language));
        }
        let acts: Vec<&Row<'_>> = self.rows.iter().filter(|r| r.table() == "conduct").collect();
        if !acts.is_empty() {
            return acts_in_words(language, situation, &acts);
        }
        let mut groups: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for row in &self.rows {
            let (list, code) = match row.table() {
                "assets" => ("assets.class", row.text("class")),
                "incomes" => ("incomes.kind", row.text("kind")),
                "obligations" => ("obligations.kind", row.text("kind")),
                "registers" => ("registers.register", row.text("register")),
                "parties" => ("obligations.kind", Some("enforcement")),
                _ => continue,
            };
            *groups.entry((list, code.unwrap_or("other"))).or_default() += 1;
        }
        let words: Vec<String> = groups
            .iter()
            .map(|((list, code), n)| match (language, *list) {
                (_, "registers.register") => situation.word(language, list, code),
                (Language::Zh, _) => format!("{}{n}项", situation.word(language, list, code)),
                (Language::En, _) => format!("{} ({n})", situation.word(language, list, code)),
            })
            .collect();
        words.join(comma(language))
    }

    /// Numbers of the documents that show it; registers alone name none.
    pub fn documents(&self, language: Language) -> String {
        let mut numbers: Vec<&str> = self.rows.iter().filter(|r| r.table() != "registers").filter_map(|r| r.text("document_no")).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.join(comma(language))
    }
}

fn comma(language: Language) -> &'static str {
    match language {
        Language::Zh => "、",
        Language::En => ", ",
    }
}

/// The newest three acts; a sentence that lists twenty is not read.
fn acts_in_words(language: Language, situation: &Situation<'_>, acts: &[&Row<'_>]) -> String {
    const SHOWN: usize = 3;
    let mut acts = acts.to_vec();
    acts.sort_by_key(|a| (std::cmp::Reverse(a.date("happened_on")), a.row_id().to_owned()));
    let words: Vec<String> = acts
        .iter()
        .take(SHOWN)
        .map(|act| {
            let kind = situation.word(language, "conduct.kind", act.text("kind").unwrap_or_default());
            let number = act.text("document_no").unwrap_or_default();
            match (language, act.date("happened_on")) {
                (Language::Zh, Some(on)) => format!("{}{kind}（{number}）", wording::day_zh(on)),
                (Language::En, Some(on)) => format!("{kind} on {} ({number})", luheng_lake::columns::day::format(on)),
                (_, None) => format!("{kind} ({number})"),
            }
        })
        .collect();
    let text = words.join(comma(language));
    match (language, acts.len()) {
        (_, n) if n <= SHOWN => text,
        (Language::Zh, n) => format!("{text}等{n}项"),
        (Language::En, n) => format!("{text} and {} more", n - SHOWN),
    }
}

/// One party on its day, with the rows most conditions read.
#[derive(Debug)]
pub struct Situation<'s> {
    /// The party.
    pub party: &'s Party<'s, 's>,
    /// Its rating, for the few mild conditions that may read it and for order.
    pub rating: &'s Rating,
    /// Its means.
    pub means: &'s Means<'s>,
    /// Configuration, catalog, labels.
    pub ctx: &'s Context,
    /// The day.
    pub day: Day,
    /// Due by this party, in fen.
    pub due_fen: i64,
    /// This case's share of the debtor's means.
    pub share: f64,
    /// Documented acts in this case that count: found or admitted, with a document.
    pub acts: Vec<Row<'s>>,
    /// Measures applied in this case to this debtor.
    pub applied: Vec<Row<'s>>,
    /// Entries on lists in this case.
    pub entries: Vec<Row<'s>>,
    /// Steps of this case.
    pub steps: Vec<Row<'s>>,
    /// Required channels without a fresh answer.
    pub missing: Vec<&'s str>,
    /// Rows of the answers that are fresh.
    pub answered: Vec<Row<'s>>,
}

impl<'s> Situation<'s> {
    /// Reads a party.
    pub fn of(party: &'s Party<'s, 's>, rating: &'s Rating, means: &'s Means<'s>, ctx: &'s Context) -> Self {
        let day = party.day();
        let spec = &ctx.ratings.capacity;
        let answers = standing::answers(party.view);
        let (mut missing, mut answered) = (Vec::new(), Vec::new());
        for channel in &spec.required_channels {
            match answers.get(channel.as_str()) {
                Some(row) if row.date("returned_on").is_some_and(|on| day - on <= spec.stale_days) => answered.push(*row),
                _ => missing.push(channel.as_str()),
            }
        }
        Self {
            party,
            rating,
            means,
            ctx,
            day,
            due_fen: party.due_fen(),
            share: share_of(party),
            acts: party.rows("conduct").into_iter().filter(counts).collect(),
            applied: party.rows("measures"),
            entries: party.rows("listings"),
            steps: party.rows("milestones"),
            missing,
            answered,
        }
    }

    /// The words of a code, or the code itself where it has none.
    pub fn word(&self, language: Language, list: &str, code: &str) -> String {
        self.ctx.codes.label(list, code).map_or_else(
            || code.to_owned(),
            |label| match language {
                Language::Zh => label.zh.clone(),
                Language::En => label.en.clone(),
            },
        )
    }

    /// Counted acts of these kinds.
    pub fn acts_of(&self, kinds: &[&str]) -> Vec<Row<'s>> {
        self.acts.iter().filter(|a| a.text("kind").is_some_and(|k| kinds.contains(&k))).copied().collect()
    }

    /// The latest day of a counted act of these kinds.
    pub fn latest(&self, kinds: &[&str]) -> Option<Day> {
        self.acts_of(kinds).iter().filter_map(|a| a.date("happened_on")).max()
    }

    /// A step of one of these names that is not done, the earliest first.
    pub fn pending(&self, nodes: &[&str]) -> Option<Row<'s>> {
        let open = self.steps.iter().filter(|s| s.text("node").is_some_and(|n| nodes.contains(&n)) && s.date("done_on").is_none());
        open.min_by_key(|s| (s.date("due_on"), s.row_id())).copied()
    }

    /// A step of one of these names that is done, the latest.
    pub fn done(&self, nodes: &[&str]) -> Option<Row<'s>> {
        let done = self.steps.iter().filter(|s| s.text("node").is_some_and(|n| nodes.contains(&n)) && s.date("done_on").is_some());
        done.max_by_key(|s| (s.date("done_on"), s.row_id())).copied()
    }

    /// Stays of the case that run on the day.
    pub fn stays(&self) -> Vec<Row<'s>> {
        let runs = |s: &Row<'s>| s.date("from_on").is_some_and(|d| d <= self.day) && s.date("to_on").is_none_or(|d| d >= self.day);
        self.party.rows("stays").into_iter().filter(runs).collect()
    }

    /// Entries of a list in this case that are in force: not removed, not run out, not suspended.
    pub fn entries_in_force(&self, list: &str) -> Vec<Row<'s>> {
        let holds = |e: &Row<'s>| {
            let suspended =
                e.date("suspended_from_on").is_some_and(|d| d <= self.day) && e.date("suspended_to_on").is_none_or(|d| d >= self.day);
            e.text("list") == Some(list)
                && e.date("listed_on").is_some_and(|d| d <= self.day)
                && e.date("removed_on").is_none()
                && e.date("expires_on").is_none_or(|d| d >= self.day)
                && !suspended
        };
        self.entries.iter().filter(|e| holds(e)).copied().collect()
    }

    /// Holds of this case that are in force, waiting ones too.
    pub fn holds(&self) -> Vec<Row<'s>> {
        self.party.rows("seizures").into_iter().filter(|s| in_force(s, self.day)).collect()
    }
}

/// Does an act count against or for anyone? Only as found or admitted, and only with the document that records it.
fn counts(act: &Row<'_>) -> bool {
    matches!(act.text("finding"), None | Some("found" | "admitted")) && act.text("document_no").is_some_and(|d| !d.is_empty())
}
