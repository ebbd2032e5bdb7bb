//! The features: each one entry in the file of its source, giving value *and* evidence from the same rows, so that they cannot drift apart.
//!
//! A feature is a plain function of one debtor in one case on one day ([`Subject`]); it can read nothing else, and above all no later fact. What the law
//! forbids as a feature does not exist here (contract §3); `tests/house.rs` holds the list. To add one: CONTRIBUTING.md.
//!
//! What several entries of a table ask for is read once: acts and changes in order of day and answers of channels by the [`crate::cutoff::View`], assets,
//! the due and what was paid by [`Means`].

mod assets;
mod cases;
pub mod conduct;
mod dictionary;
mod incomes;
mod inquiries;
mod judgments;
mod listings;
mod measures;
mod missing;
mod obligations;
mod payments;
mod promises;
mod seizures;
mod stage;
#[cfg(test)]
mod tests;
mod trajectory;

use luheng_models::{Direction, FeatureMeta, Kind};

use crate::context::Context;
use crate::cutoff::{Dated, Party, Row};
use crate::error::{Error, Result};
use crate::means::Means;
use crate::wording;

pub use dictionary::dictionary;
pub use missing::Missing;
pub use stage::{Written, moment_of, of_bucket};

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
    /// One row says yes or no.
    fn sign(is: bool, row: Row<'a>) -> Self {
        Self::of(f64::from(u8::from(is)), vec![row])
    }
    /// Those of the rows that are good, over all of them; unknown without any.
    fn part(rows: Vec<Row<'a>>, is_good: impl Fn(&Row<'a>) -> bool) -> Self {
        if rows.is_empty() {
            return Self::unknown();
        }
        let good = rows.iter().filter(|row| is_good(row)).count();
        Self::of(good as f64 / rows.len() as f64, rows)
    }
    /// Days from a fact to the subject's day; unknown without one.
    fn since(day: i32, last: Option<&Dated<'a>>) -> Self {
        last.map_or_else(Self::unknown, |fact| Self::of(f64::from(day - fact.on), vec![fact.row]))
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

    /// A value to show a sentence with.
    fn example(self) -> f64 {
        match self {
            Self::Fen => 12_345_600.0,
            Self::Share => 0.42,
            Self::Count => 2.0,
            Self::Days => 45.0,
            Self::Months => 7.5,
            Self::Sign => 1.0,
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
    /// How a value is read that the record does not give.
    pub missing: Missing,
    /// When the debtor may be told.
    pub disclose: Disclose,
    /// Value and evidence.
    pub compute: for<'v, 'a> fn(&Subject<'v, 'a>) -> Value<'a>,
}

impl Feature {
    /// What an entry of a family is unless it says otherwise: in its first version, a number of things, told at once.
    const fn of(family: Family) -> Self {
        Self {
            id: "",
            version: 1,
            zh: "",
            en: "",
            unit: Unit::Count,
            direction: Direction::Free,
            family,
            ground: "",
            missing: Missing::Never,
            disclose: Disclose::Now,
            compute: |_| Value::unknown(),
        }
    }

    /// Days that its window counts back, as its id says; none where it has none.
    pub fn window(&self) -> Option<i32> {
        self.id.rsplit_once('_')?.1.strip_suffix('d')?.parse().ok()
    }

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
            None => match self.missing {
                Missing::Unknown((zh, en)) => (format!("{}：不明（{zh}）", self.zh), format!("{}: unknown ({en})", self.en)),
                _ => (format!("{}：不明", self.zh), format!("{}: unknown", self.en)),
            },
            Some(value) => {
                let (zh, en) = self.unit.say(value);
                (format!("{}：{zh}", self.zh), format!("{}: {en}", self.en))
            }
        }
    }
}

/// The feature that training reads for itself: bankruptcy, which cuts windows off, is of organisations alone.
pub const IS_ORGANISATION: &str = "is_organisation";

/// Every feature there is, in the order of the tables.
pub fn all() -> impl Iterator<Item = &'static Feature> {
    let tables = [
        assets::FEATURES,
        seizures::FEATURES,
        incomes::FEATURES,
        obligations::FEATURES,
        inquiries::FEATURES,
        payments::FEATURES,
        promises::FEATURES,
        judgments::FEATURES,
        measures::FEATURES,
        conduct::FEATURES,
        listings::FEATURES,
        trajectory::FEATURES,
        cases::FEATURES,
    ];
    tables.into_iter().flatten()
}

/// Those that some rating reads, in the order of the tables: what training learns from.
pub fn rated(ctx: &Context) -> Vec<&'static Feature> {
    let specs = ctx.ratings.all();
    all().filter(|f| f.id == IS_ORGANISATION || specs.iter().any(|spec| spec.features.iter().any(|id| id == f.id))).collect()
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

/// Rows of a table whose date lies in the last `days` days up to the subject's day.
fn within<'a>(subject: &Subject<'_, 'a>, table: &'static str, date: &'static str, days: i32) -> Vec<Row<'a>> {
    let day = subject.party.day();
    subject.party.view.rows(table).iter().filter(|r| r.date(date).is_some_and(|d| d > day - days && d <= day)).copied().collect()
}
