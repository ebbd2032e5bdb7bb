//! The path to a better grade: the acts of least effort, lawful and in the debtor's power, after which the very model that rated him would give the next
//! grade. Acts and what they do to the features are data (`catalog/ratings/acts.toml`); what is tried is scored by the model itself, so that a path holds
//! for every algorithm. (Recourse as a choice among acts: Ustun, Spangher and Liu, *Actionable recourse in linear classification*, 2019.)
//!
//! An act moves features the good way alone, and more acts never less: where all of them together do not reach the grade, nothing is searched.

use std::collections::BTreeMap;

use luheng_lake::columns::Columns;
use luheng_models::{Design, Direction, FeatureMeta, ModelArtifact};
use serde::Deserialize;

use crate::bundle::{CUTS, grade_of};
use crate::error::{Error, Result};
use crate::rating::Title;
use crate::tables::Rating;

/// Acts of a path, repeated ones each time, at most.
const MOST_ACTS: u32 = 4;

/// Something that a debtor can do.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// Its code.
    pub id: String,
    /// Title.
    pub title: Title,
    /// Article it rests on.
    pub ground: String,
    /// How often a path may ask it.
    pub most: u32,
    /// What it costs, to put paths in order.
    pub effort: f64,
    /// What it does to features, one time.
    pub effects: BTreeMap<String, Effect>,
}

/// What an act does to one feature.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Effect {
    /// So much more, where a value is known.
    Add(f64),
    /// This value.
    Set(f64),
}

/// All acts, as the catalog has them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acts {
    /// In the order of the catalog.
    pub acts: Vec<Act>,
}

impl Acts {
    /// Checks that each effect is on a feature there is, in a way that cannot lower a rating.
    ///
    /// # Errors
    /// [`Error::Config`] naming the act and the feature.
    pub fn check(&self, features: &[FeatureMeta]) -> Result<()> {
        for act in &self.acts {
            let wrong = |what: String| Err(Error::Config(format!("catalog/ratings/acts.toml: {}: {what}", act.id)));
            if !(act.effort > 0.0 && act.effort.is_finite()) || act.most == 0 {
                return wrong("effort and most must be greater than nothing".to_owned());
            }
            for (id, effect) in &act.effects {
                let Some(feature) = features.iter().find(|f| f.id == *id) else { return wrong(format!("there is no feature {id}")) };
                let is_good = match (feature.direction, effect) {
                    (Direction::Up, Effect::Add(by)) => *by >= 0.0,
                    (Direction::Down, Effect::Add(by)) => *by <= 0.0,
                    (Direction::Up | Direction::Down, Effect::Set(_)) => true,
                    (Direction::Free, _) => false,
                };
                if !is_good {
                    return wrong(format!("{id} has no direction in which the act is good for the debtor"));
                }
            }
        }
        Ok(())
    }
}

/// What one party can do for the next grade on one axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// The grade it leads to, 2 to 5.
    pub grade: usize,
    /// Probability after it.
    pub p: f64,
    /// Acts by their place in the catalog, with how often.
    pub acts: Vec<(usize, u32)>,
}

/// The paths of rated parties: for each row of `rows` and its probability, the acts of least effort that lead to the next grade or beyond; none where
/// the grade is the highest, or no path of [`MOST_ACTS`] acts reaches the next.
///
/// # Errors
/// A feature of the model without its column; the model's own.
pub fn paths(artifact: &ModelArtifact, design: &Design, rows: &[(usize, f64)], acts: &Acts) -> Result<Vec<Option<Path>>> {
    let mut found: Vec<Option<Path>> = vec![None; rows.len()];
    let known: Vec<usize> = (0..acts.acts.len()).filter(|&at| touches(artifact, &acts.acts[at])).collect();
    let all: Vec<(usize, u32)> = known.iter().map(|&at| (at, acts.acts[at].most)).collect();
    let mut open: Vec<usize> = (0..rows.len()).filter(|&at| grade_of(rows[at].1) <= CUTS.len()).collect();
    if all.is_empty() || open.is_empty() {
        return Ok(found);
    }
    // What all acts together do not reach, some of them do not.
    let best = after(artifact, design, rows, &open, &all, acts)?;
    open = open.iter().zip(best).filter(|(at, p)| grade_of(*p) > grade_of(rows[**at].1)).map(|(at, _)| *at).collect();
    for plan in plans(acts, &known) {
        if open.is_empty() {
            break;
        }
        let p = after(artifact, design, rows, &open, &plan, acts)?;
        let mut left = Vec::with_capacity(open.len());
        for (at, p) in open.into_iter().zip(p) {
            if grade_of(p) > grade_of(rows[at].1) {
                found[at] = Some(Path { grade: grade_of(p), p, acts: plan.clone() });
            } else {
                left.push(at);
            }
        }
        open = left;
    }
    Ok(found)
}

fn touches(artifact: &ModelArtifact, act: &Act) -> bool {
    artifact.features.iter().any(|f| act.effects.contains_key(&f.id))
}

/// Every choice of acts, of least effort first, then of fewest acts, then in the order of the catalog.
fn plans(acts: &Acts, known: &[usize]) -> Vec<Vec<(usize, u32)>> {
    let mut plans: Vec<Vec<(usize, u32)>> = vec![Vec::new()];
    for &at in known {
        let with = |plan: &Vec<(usize, u32)>| -> Vec<Vec<(usize, u32)>> {
            let done: u32 = plan.iter().map(|(_, n)| n).sum();
            let more = (1..=acts.acts[at].most.min(MOST_ACTS.saturating_sub(done))).map(|n| [plan.as_slice(), &[(at, n)]].concat());
            std::iter::once(plan.clone()).chain(more).collect()
        };
        plans = plans.iter().flat_map(with).collect();
    }
    plans.retain(|plan| !plan.is_empty());
    let effort = |plan: &Vec<(usize, u32)>| plan.iter().map(|&(at, n)| acts.acts[at].effort * f64::from(n)).sum::<f64>();
    let number = |plan: &Vec<(usize, u32)>| plan.iter().map(|(_, n)| n).sum::<u32>();
    plans.sort_by(|a, b| effort(a).total_cmp(&effort(b)).then_with(|| number(a).cmp(&number(b))).then_with(|| a.cmp(b)));
    plans
}

/// The probability of some rows after a plan.
fn after(
    artifact: &ModelArtifact,
    design: &Design,
    rows: &[(usize, f64)],
    open: &[usize],
    plan: &[(usize, u32)],
    acts: &Acts,
) -> Result<Vec<f64>> {
    let columns = design.features().iter().enumerate().map(|(column, feature)| {
        let effects: Vec<(Effect, u32)> =
            plan.iter().filter_map(|&(at, n)| Some((*acts.acts[at].effects.get(&feature.id)?, n))).collect();
        let value = |at: &usize| {
            let start = design.value(rows[*at].0, column).unwrap_or(f64::NAN);
            effects.iter().fold(start, |value, (effect, n)| applied(value, *effect, *n, feature.direction))
        };
        open.iter().map(value).collect::<Vec<f64>>()
    });
    let changed = Design::from_columns(design.features().to_vec(), columns.collect())?;
    Ok(artifact.predict(&changed)?)
}

/// A value after an act, never worse than before.
fn applied(value: f64, effect: Effect, times: u32, direction: Direction) -> f64 {
    match effect {
        Effect::Add(by) => value + by * f64::from(times),
        Effect::Set(to) if value.is_nan() => to,
        Effect::Set(to) if direction == Direction::Down => value.min(to),
        Effect::Set(to) => value.max(to),
    }
}

/// The rows of the table `paths` of one axis.
#[derive(Debug, Default)]
pub struct Told {
    rows: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    case_no: String,
    debtor_id: String,
    axis: &'static str,
    grade: String,
    p: f64,
    rank: i64,
    act: String,
    times: i64,
    ground: String,
    text_zh: String,
    text_en: String,
}

impl Told {
    /// Adds a party's path.
    pub fn add(&mut self, axis: &'static str, letter: char, rating: &Rating, path: &Path, acts: &Acts) {
        for (rank, &(at, times)) in path.acts.iter().enumerate() {
            let act = &acts.acts[at];
            let often = |zh: bool| match (times, zh) {
                (1, _) => String::new(),
                (n, true) => format!("（{n}次）"),
                (n, false) => format!(", {n} times"),
            };
            self.rows.push(Step {
                case_no: rating.case_no.clone(),
                debtor_id: rating.debtor_id.clone(),
                axis,
                grade: format!("{letter}{}", path.grade),
                p: path.p,
                rank: rank as i64 + 1,
                act: act.id.clone(),
                times: i64::from(times),
                ground: act.ground.clone(),
                text_zh: format!("{}{}", act.title.zh, often(true)),
                text_en: format!("{}{}", act.title.en, often(false)),
            });
        }
    }

    /// The table.
    pub fn table(&self) -> Columns {
        let rows = &self.rows;
        Columns::new()
            .text("case_no", rows.iter().map(|r| Some(&r.case_no)))
            .text("debtor_id", rows.iter().map(|r| Some(&r.debtor_id)))
            .text("axis", rows.iter().map(|r| Some(r.axis)))
            .text("to_grade", rows.iter().map(|r| Some(&r.grade)))
            .real("p_after", rows.iter().map(|r| Some(r.p)))
            .int("rank", rows.iter().map(|r| Some(r.rank)))
            .text("act", rows.iter().map(|r| Some(&r.act)))
            .int("times", rows.iter().map(|r| Some(r.times)))
            .text("legal_basis", rows.iter().map(|r| Some(&r.ground)))
            .text("text_zh", rows.iter().map(|r| Some(&r.text_zh)))
            .text("text_en", rows.iter().map(|r| Some(&r.text_en)))
    }
}
