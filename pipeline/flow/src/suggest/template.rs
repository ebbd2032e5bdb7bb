//! The sentence of a measure: fixed words of the catalog with facts in their places, so that nothing is said of a debtor that no row shows.

use luheng_lake::columns::day;

use super::conditions;
use super::facts::{Situation, Verdict};
use crate::wording;

/// A language of the sentences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Chinese.
    Zh,
    /// English.
    En,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    On,
    Fen,
    What,
    Documents,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Words(String),
    Due,
    Gain,
    DueOn,
    FiledOn,
    NoticeOn,
    Fact { condition: usize, of: Of },
}

/// A parsed sentence.
#[derive(Clone, Debug, Default)]
pub struct Template {
    parts: Vec<Part>,
}

/// What a sentence is filled from beside the facts.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    /// Gain of the measure.
    pub gain_fen: Option<i64>,
    /// Its deadline.
    pub due_on: Option<i32>,
}

impl Template {
    /// Reads `{place}` marks: `due gain due_on filed_on notice_on`, or `condition.on fen what documents`.
    ///
    /// # Errors
    /// The marks that name nothing.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        let (mut parts, mut wrong) = (Vec::new(), Vec::new());
        let mut rest = text;
        while let Some((words, after)) = rest.split_once('{') {
            parts.push(Part::Words(words.to_owned()));
            let Some((mark, tail)) = after.split_once('}') else {
                wrong.push(format!("{{{after}"));
                return Err(wrong);
            };
            match part(mark) {
                Some(part) => parts.push(part),
                None => wrong.push(format!("{{{mark}}}")),
            }
            rest = tail;
        }
        parts.push(Part::Words(rest.to_owned()));
        if wrong.is_empty() { Ok(Self { parts }) } else { Err(wrong) }
    }

    /// Conditions whose facts the sentence names.
    pub fn conditions(&self) -> impl Iterator<Item = usize> {
        self.parts.iter().filter_map(|p| match p {
            Part::Fact { condition, .. } => Some(*condition),
            _ => None,
        })
    }

    /// Does the sentence name the gain?
    pub fn names_gain(&self) -> bool {
        self.parts.contains(&Part::Gain)
    }

    /// Does the sentence name the deadline?
    pub fn names_due_on(&self) -> bool {
        self.parts.contains(&Part::DueOn)
    }

    /// The sentence of a party.
    pub fn fill(&self, language: Language, situation: &Situation<'_>, verdicts: &[Verdict<'_>], figures: Figures) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Words(words) => text.push_str(words),
                Part::Due => text.push_str(&money(language, Some(situation.due_fen))),
                Part::Gain => text.push_str(&money(language, figures.gain_fen)),
                Part::DueOn => text.push_str(&date(language, figures.due_on)),
                Part::FiledOn => text.push_str(&date(language, situation.party.case.date("filed_on"))),
                Part::NoticeOn => text.push_str(&date(language, situation.party.notice_served_on())),
                Part::Fact { condition, of } => {
                    let found = match verdicts.get(*condition) {
                        Some(Verdict::Met(found)) => Some(found),
                        _ => None,
                    };
                    match of {
                        Of::On => text.push_str(&date(language, found.and_then(|f| f.on))),
                        Of::Fen => text.push_str(&money(language, found.and_then(|f| f.fen))),
                        Of::What => text.push_str(&found.map(|f| f.what(language, situation)).unwrap_or_else(|| open(language))),
                        Of::Documents => text.push_str(&found.map(|f| f.documents(language)).unwrap_or_else(|| open(language))),
                    }
                }
            }
        }
        text
    }
}

fn part(mark: &str) -> Option<Part> {
    match mark {
        "due" => return Some(Part::Due),
        "gain" => return Some(Part::Gain),
        "due_on" => return Some(Part::DueOn),
        "filed_on" => return Some(Part::FiledOn),
        "notice_on" => return Some(Part::NoticeOn),
        _ => {}
    }
    let (name, of) = mark.split_once('.')?;
    let of = match of {
        "on" => Of::On,
        "fen" => Of::Fen,
        "what" => Of::What,
        "documents" => Of::Documents,
        _ => return None,
    };
    Some(Part::Fact { condition: conditions::position(name)?, of })
}

/// What is printed where no row gives the figure.
fn open(language: Language) -> String {
    match language {
        Language::Zh => "（待核）".into(),
        Language::En => "(to be checked)".into(),
    }
}

fn money(language: Language, fen: Option<i64>) -> String {
    match (language, fen) {
        (Language::Zh, None) => "（金额待核）".into(),
        (Language::En, None) => "(a sum to be checked)".into(),
        (Language::Zh, Some(fen)) => wording::yuan(fen),
        (Language::En, Some(fen)) => wording::yuan_en(fen),
    }
}

fn date(language: Language, on: Option<i32>) -> String {
    match (language, on) {
        (_, None) => open(language),
        (Language::Zh, Some(on)) => wording::day_zh(on),
        (Language::En, Some(on)) => day::format(on),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn marks_are_read_and_wrong_ones_all_named() {
        assert_eq!(Template::parse("a {due} b {listed.on}").unwrap().parts.len(), 5);
        let wrong = Template::parse("{dew} {listed.why} {nothing.on}").unwrap_err();
        assert_eq!(wrong, ["{dew}", "{listed.why}", "{nothing.on}"]);
        assert_eq!(Template::parse("open {due").unwrap_err(), ["{due"]);
    }
}
