//! The path to a better grade: the acts of least effort, lawful and in the debtor's power, after which the very model that rated him would give the next
//! grade. Acts and what they do to the features are data (`catalog/ratings/acts.toml`); what is tried is scored by the model itself, so that a path holds
//! for every algorithm. (Recourse as a choice among acts: Ustun, Spangher and Liu, *Actionable recourse in linear classification*, 2019.)
//!
//! An act moves features the good way alone, and more acts never less: where all of them together do not reach the grade, nothing is searched.

use luheng_lake::columns::Columns;
use luheng_models::{Design, Direction, ModelArtifact};

use crate::acts::{Act, Acts, Effect};
use crate::bundle::{self, Bundle, CUTS, grade_of};
use crate::context::Context;
use crate::error::Result;
use crate::tables::Rating;

/// Acts of a path, repeated ones each time, at most.
const MOST_ACTS: u32 = 4;

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
    let best = artifact.predict_about(&after(design, rows, &open, &all, acts)?)?;
    open = open.iter().zip(best).filter(|(at, p)| grade_of(*p) > grade_of(rows[**at].1)).map(|(at, _)| *at).collect();
    let rises = |at: usize, p: f64| grade_of(p) > grade_of(rows[at].1);
    for plan in plans(acts, &known) {
        if open.is_empty() {
            break;
        }
        let about = artifact.predict_about(&after(design, rows, &open, &plan, acts)?)?;
        let likely: Vec<usize> = open.iter().zip(about).filter(|(at, p)| rises(**at, *p)).map(|(at, _)| *at).collect();
        for (at, p) in likely.iter().zip(artifact.predict(&after(design, rows, &likely, &plan, acts)?)?) {
            if rises(*at, p) {
                found[*at] = Some(Path { grade: grade_of(p), p, acts: plan.clone() });
            }
        }
        open.retain(|at| found[*at].is_none());
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

/// Some rows after a plan.
fn after(design: &Design, rows: &[(usize, f64)], open: &[usize], plan: &[(usize, u32)], acts: &Acts) -> Result<Design> {
    let columns = design.features().iter().enumerate().map(|(column, feature)| {
        let effects: Vec<(Effect, u32)> = plan.iter().filter_map(|&(at, n)| Some((*acts.acts[at].effects.get(&feature.id)?, n))).collect();
        let value = |at: &usize| {
            let start = design.value(rows[*at].0, column).unwrap_or(f64::NAN);
            effects.iter().fold(start, |value, (effect, n)| applied(value, *effect, *n, feature.direction))
        };
        open.iter().map(value).collect::<Vec<f64>>()
    });
    Ok(Design::from_columns(design.features().to_vec(), columns.collect())?)
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

/// The table `paths` of a bucket.
///
/// # Errors
/// A table without its columns; the model's own.
pub fn of_bucket(features: &Columns, ratings: &Columns, models: &Bundle, ctx: &Context) -> Result<Columns> {
    let mut told = Told::default();
    let ratings = Rating::read(ratings)?;
    let acts = &ctx.ratings.acts;
    for (axis, letter, model, spec) in
        [("capacity", 'C', &models.capacity, &ctx.ratings.capacity), ("willingness", 'W', &models.willingness, &ctx.ratings.willingness)]
    {
        let Some(artifact) = model else { continue };
        let p = |rating: &Rating| if letter == 'C' { rating.capacity_p } else { rating.willingness_p };
        let rows: Vec<(usize, f64)> = ratings.iter().enumerate().filter_map(|(at, rating)| Some((at, p(rating)?))).collect();
        if rows.is_empty() {
            continue;
        }
        let all: Vec<usize> = (0..features.len()).collect();
        let found = paths(artifact, &bundle::design(features, &all, spec)?, &rows, acts)?;
        for ((at, _), path) in rows.iter().zip(&found).filter_map(|(row, path)| Some((row, path.as_ref()?))) {
            told.add(axis, letter, &ratings[*at], path, acts);
        }
    }
    Ok(told.table())
}

/// The rows of the table `paths`.
#[derive(Debug, Default)]
struct Told {
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
    fn add(&mut self, axis: &'static str, letter: char, rating: &Rating, path: &Path, acts: &Acts) {
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

    fn table(&self) -> Columns {
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
