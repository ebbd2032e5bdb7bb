//! The features: each one entry in the file of its source, giving value *and* evidence from the same rows, so that they cannot drift apart.
//!
//! A feature is a plain function of one debtor in one case on one day ([`Subject`]); it can read nothing else, and above all no later fact. What the law
//! forbids as a feature does not exist here (contract §3); `tests/house.rs` holds the list. To add one: CONTRIBUTING.md.

mod behaviour;
pub mod conduct;
mod property;
mod setting;
mod stage;
mod trajectory;

use luheng_models::{Direction, FeatureMeta, Kind};

use crate::context::Context;
use crate::cutoff::{Party, Row};
use crate::error::{Error, Result};
use crate::means::Means;
use crate::wording;

pub use stage::{Written, moment_of, of_bucket, subject_values};

/// One debtor in one case on one day, with its means counted once.
#[derive(Debug)]
pub struct Subject<'v, 'a> {
    /// The party.
    pub party: Party<'v, 'a>,
    /// Its means.
    pub means: Means<'a>,
    /// Surroundings.
    pub ctx: &'v Context,
}

/// A value with the rows it rests on. `None` is unknown, never a magic number.
#[derive(Clone, Debug, Default)]
pub struct Value<'a> {
    /// The number.
    pub number: Option<f64>,
    /// Its evidence.
    pub rows: Vec<Row<'a>>,
}

impl<'a> Value<'a> {
    fn of(number: f64, rows: Vec<Row<'a>>) -> Self {
        Self { number: Some(number), rows }
    }
    fn unknown() -> Self {
        Self::default()
    }
    fn count(rows: Vec<Row<'a>>) -> Self {
        Self { number: Some(rows.len() as f64), rows }
    }
    /// Money over money, in 0 to `cap`; unknown where nothing is due.
    fn share(part: i64, of: i64, cap: f64, rows: Vec<Row<'a>>) -> Self {
        if of <= 0 { Self { number: None, rows } } else { Self::of((part as f64 / of as f64).clamp(0.0, cap), rows) }
    }
}

/// What kind of fact a feature is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// 财产.
    Property,
    /// 行为.
    Behaviour,
    /// 轨迹.
    Trajectory,
    /// The case itself.
    Case,
}

impl Family {
    /// The code in `reasons`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Property => "property",
            Self::Behaviour => "behaviour",
            Self::Trajectory => "trajectory",
            Self::Case => "case",
        }
    }
}

/// What a value is measured in; decides how a sentence prints it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Money.
    Fen,
    /// A share of something, 1 = all of it.
    Share,
    /// A number of things.
    Count,
    /// Days.
    Days,
    /// Months of income.
    Months,
    /// 1 yes, 0 no, −1 the reverse.
    Sign,
}

impl Unit {
    /// The code in the model artifact.
    pub fn code(self) -> &'static str {
        match self {
            Self::Fen => "fen",
            Self::Share => "share",
            Self::Count => "n",
            Self::Days => "days",
            Self::Months => "months",
            Self::Sign => "sign",
        }
    }

    fn say(self, value: f64) -> (String, String) {
        match self {
            Self::Fen => (wording::yuan(value as i64), wording::yuan_en(value as i64)),
            Self::Share => (wording::percent(value), wording::percent(value)),
            Self::Count => (format!("{value:.0}次（项）"), format!("{value:.0}")),
            Self::Days => (format!("{value:.0}天"), format!("{value:.0} days")),
            Self::Months => (format!("{value:.1}个月收入"), format!("{value:.1} months of income")),
            Self::Sign => {
                let (zh, en) = if value > 0.0 {
                    ("是", "yes")
                } else if value < 0.0 {
                    ("否（有相反记录）", "no, the reverse is recorded")
                } else {
                    ("否", "no")
                };
                (zh.into(), en.into())
            }
        }
    }
}

/// When the debtor may be told of a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disclose {
    /// At once.
    Now,
    /// When the asset is under control: telling earlier invites transfer.
    AfterControl,
}

impl Disclose {
    /// The code in `reasons`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::AfterControl => "after_control",
        }
    }
}

/// One feature.
#[derive(Debug)]
pub struct Feature {
    /// Name: subject_what_window.
    pub id: &'static str,
    /// Version of its definition; a change of meaning is a new version, so that an old model refuses it.
    pub version: u16,
    /// Chinese title, with which its sentence begins.
    pub zh: &'static str,
    /// English title.
    pub en: &'static str,
    /// Unit.
    pub unit: Unit,
    /// Which way it may move a probability.
    pub direction: Direction,
    /// What kind of fact.
    pub family: Family,
    /// Article that lets the court hold and use the fact (keys of `domain.md`; checked against `catalog/legal.toml` where printed).
    pub ground: &'static str,
    /// When the debtor may be told.
    pub disclose: Disclose,
    /// Value and evidence.
    pub compute: for<'v, 'a> fn(&Subject<'v, 'a>) -> Value<'a>,
}

impl Feature {
    /// The feature as the models know it.
    pub fn meta(&self) -> FeatureMeta {
        FeatureMeta {
            id: self.id.into(),
            version: self.version,
            unit: self.unit.code().into(),
            direction: self.direction,
            kind: Kind::Number,
        }
    }

    /// The sentence a reason prints, with the case's own value.
    pub fn sentence(&self, value: Option<f64>) -> (String, String) {
        match value {
            None => (format!("{}：不明", self.zh), format!("{}: unknown", self.en)),
            Some(value) => {
                let (zh, en) = self.unit.say(value);
                (format!("{}：{zh}", self.zh), format!("{}: {en}", self.en))
            }
        }
    }
}

/// Every feature there is, in the order of the tables.
pub fn all() -> impl Iterator<Item = &'static Feature> {
    property::FEATURES.iter().chain(behaviour::FEATURES).chain(conduct::FEATURES).chain(trajectory::FEATURES).chain(setting::FEATURES)
}

/// The features of a rating, in its order.
///
/// # Errors
/// A name that no feature has.
pub fn named(ids: &[String]) -> Result<Vec<&'static Feature>> {
    let missing: Vec<&str> = ids.iter().filter(|id| !all().any(|f| f.id == id.as_str())).map(String::as_str).collect();
    if !missing.is_empty() {
        return Err(Error::Config(format!(
            "catalog/ratings: no such features: {}; `luheng catalog features` lists them",
            missing.join(", ")
        )));
    }
    Ok(ids.iter().filter_map(|id| all().find(|f| f.id == id.as_str())).collect())
}

/// Every feature with unit, direction, family and ground, as a Markdown table.
pub fn dictionary() -> String {
    let mut text = String::from(
        "| feature | v | 名称 | title | unit | direction | family | ground | disclose |\n|---|---|---|---|---|---|---|---|---|\n",
    );
    for f in all() {
        let direction = match f.direction {
            Direction::Up => "up",
            Direction::Down => "down",
            Direction::Free => "free",
        };
        text += &format!(
            "| {} | {} | {} | {} | {} | {direction} | {} | {} | {} |\n",
            f.id,
            f.version,
            f.zh,
            f.en,
            f.unit.code(),
            f.family.code(),
            f.ground,
            f.disclose.code()
        );
    }
    text
}

/// Rows of a table whose date lies in the last `days` days up to the subject's day.
fn within<'a>(subject: &Subject<'_, 'a>, table: &'static str, date: &'static str, days: i32) -> Vec<Row<'a>> {
    let day = subject.party.day();
    subject.party.view.rows(table).iter().filter(|r| r.date(date).is_some_and(|d| d > day - days && d <= day)).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_unique_and_say_their_unit() {
        let ids: BTreeSet<&str> = all().map(|f| f.id).collect();
        assert_eq!(ids.len(), all().count());
        assert!(ids.len() >= 30, "{}", ids.len());
    }

    #[test]
    fn a_sentence_carries_the_value() {
        let (zh, en) = all().next().map(|f| f.sentence(Some(0.5))).unwrap_or_default();
        assert!(zh.contains("50.0%") && en.contains("50.0%"), "{zh} {en}");
    }
}
