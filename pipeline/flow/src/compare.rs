//! Two nights side by side: which grades changed, and how much of each change came by time, by facts and by the model.
//!
//! The score is walked from the earlier night to the later one in three steps, each with the features that the nights published: first those features move
//! that move by themselves (time), then the others (facts), both under the earlier model; last the model is changed. The parts sum to the change of the
//! score, for each is a difference of two scores in a row. What comes first gets what two steps do together; the order is the same for everybody.

use std::collections::BTreeMap;

use luheng_lake::columns::Columns;
use luheng_models::{Design, ModelArtifact};

use crate::bundle::{Bundle, column};
use crate::error::{Error, Result};
use crate::frame;
use crate::metrics::changes::moves_by_itself;

/// The axes that have grades, with the Chinese title.
pub const AXES: [(&str, &str); 2] = [("capacity", "履行能力"), ("willingness", "履行意愿")];

/// What a score's change is split into, in the order of the walk.
pub const PARTS: [(&str, &str); 3] = [("time", "时间"), ("facts", "事实"), ("model", "模型")];

/// One night.
#[derive(Debug)]
pub struct Night {
    /// Its `ratings`.
    pub ratings: Columns,
    /// Its `features`, row for row those of `ratings`.
    pub features: Columns,
    /// Its models.
    pub models: Bundle,
}

/// One party on one axis in both nights.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Case number.
    pub case_no: String,
    /// Debtor.
    pub debtor_id: String,
    /// Grade in each night; none where the axis was not rated.
    pub grade: [Option<String>; 2],
    /// Score in each night.
    pub score: [Option<f64>; 2],
    /// Points by time, facts and model, which sum to the change of the score; none where a night has no score.
    pub parts: Option<[f64; 3]>,
    /// Ids of the features that differ.
    pub moved: Vec<String>,
}

impl Change {
    /// Whether the grade is another one.
    pub fn is_changed(&self) -> bool {
        self.grade[0] != self.grade[1]
    }

    /// The part that did most of it: its code; none where a night has no score.
    pub fn cause(&self) -> Option<&'static str> {
        let parts = self.parts?;
        let most = (0..PARTS.len()).rev().max_by(|a, b| parts[*a].abs().total_cmp(&parts[*b].abs()))?;
        Some(PARTS[most].0)
    }
}

/// Two nights compared.
#[derive(Debug)]
pub struct Comparison {
    /// Parties that the later night alone has, and the earlier alone.
    pub come: usize,
    /// Parties of the earlier night that the later one has no more.
    pub gone: usize,
    /// By axis as in [`AXES`]: the parties of both, in the order of the tables.
    pub axes: [Vec<Change>; 2],
}

/// Compares two nights.
///
/// # Errors
/// A table without a column; a model that was trained on features the night has not; a score that is not the one published.
pub fn compare(before: &Night, after: &Night) -> Result<Comparison> {
    let (old, new) = (places(&before.ratings)?, places(&after.ratings)?);
    let both: Vec<(usize, usize)> = new.iter().filter_map(|(party, &at)| Some((*old.get(party)?, at))).collect();
    let mut axes = [Vec::new(), Vec::new()];
    for (changes, (axis, _)) in axes.iter_mut().zip(AXES) {
        *changes = of_axis(axis, before, after, &both)?;
    }
    Ok(Comparison { come: new.len() - both.len(), gone: old.len() - both.len(), axes })
}

/// Case and debtor.
type Party = (String, String);

fn places(ratings: &Columns) -> Result<BTreeMap<Party, usize>> {
    let rows = frame::rows(ratings, &["case_no", "debtor_id"])?;
    Ok(rows.enumerate().filter_map(|(at, r)| Some(((r.owned("case_no")?, r.owned("debtor_id")?), at))).collect())
}

fn of_axis(axis: &str, before: &Night, after: &Night, both: &[(usize, usize)]) -> Result<Vec<Change>> {
    let (grade, score) = (format!("{axis}_grade"), format!("{axis}_score"));
    let of = |night: &Night, name: &str| -> Result<_> { column(&night.ratings, name).cloned() };
    let grades = [of(before, &grade)?, of(after, &grade)?];
    let scores = [of(before, &score)?, of(after, &score)?];
    let (cases, debtors) = (of(after, "case_no")?, of(after, "debtor_id")?);
    let mut changes: Vec<Change> = both
        .iter()
        .map(|&(old, new)| Change {
            case_no: cases.text_at(new).unwrap_or_default().to_owned(),
            debtor_id: debtors.text_at(new).unwrap_or_default().to_owned(),
            grade: [grades[0].text_at(old), grades[1].text_at(new)].map(|g| g.map(str::to_owned)),
            score: [scores[0].real_at(old), scores[1].real_at(new)],
            parts: None,
            moved: moved(before, after, (old, new)),
        })
        .collect();
    let model = |night: &'_ Night| if axis == "capacity" { night.models.capacity.clone() } else { night.models.willingness.clone() };
    let scored: Vec<usize> = (0..both.len()).filter(|&at| changes[at].score.iter().all(Option::is_some)).collect();
    let (Some(was), Some(is)) = (model(before), model(after)) else { return Ok(changes) };
    if scored.is_empty() {
        return Ok(changes);
    }
    let rows: Vec<(usize, usize)> = scored.iter().map(|&at| both[at]).collect();
    let walk = [
        scores_of(&was, &rows, &|id, old, _| value(&before.features, id, old))?,
        scores_of(&was, &rows, &|id, old, new| {
            let (then, now) = (value(&before.features, id, old)?, value(&after.features, id, new)?);
            Ok(if moves_by_itself(id, then, now) { now } else { then })
        })?,
        scores_of(&was, &rows, &|id, _, new| value(&after.features, id, new))?,
        scores_of(&is, &rows, &|id, _, new| value(&after.features, id, new))?,
    ];
    for (place, &at) in scored.iter().enumerate() {
        let change = &mut changes[at];
        for (walked, told) in [(walk[0][place], change.score[0]), (walk[3][place], change.score[1])] {
            if told.is_none_or(|told| (told - walked).abs() > 1e-6) {
                return Err(Error::Fault(format!(
                    "{}: {axis} scores {walked} by the features that were published, and {told:?} was published with them",
                    change.case_no
                )));
            }
        }
        change.parts = Some([0, 1, 2].map(|step| walk[step + 1][place] - walk[step][place]));
    }
    Ok(changes)
}

fn value(features: &Columns, id: &str, row: usize) -> Result<Option<f64>> {
    let column = features.get(id).ok_or_else(|| {
        Error::Input(format!("features: no column {id}, which a model of these runs reads; compare runs of one release, or of later ones"))
    })?;
    Ok(column.real_at(row))
}

/// The value of a feature for a row of the earlier night and one of the later.
type Pick<'a> = dyn Fn(&str, usize, usize) -> Result<Option<f64>> + 'a;

/// What a model says of values that are picked for each row of two nights.
fn scores_of(model: &ModelArtifact, rows: &[(usize, usize)], pick: &Pick<'_>) -> Result<Vec<f64>> {
    let columns = model
        .features
        .iter()
        .map(|feature| rows.iter().map(|&(old, new)| Ok(pick(&feature.id, old, new)?.unwrap_or(f64::NAN))).collect::<Result<Vec<f64>>>());
    let design = Design::from_columns(model.features.clone(), columns.collect::<Result<_>>()?)?;
    Ok(model.explain(&design)?.score)
}

fn moved(before: &Night, after: &Night, (old, new): (usize, usize)) -> Vec<String> {
    let differs = |(name, column): (&str, &luheng_lake::columns::Column)| {
        let earlier = before.features.get(name)?;
        (column.real_at(new) != earlier.real_at(old)).then(|| name.to_owned())
    };
    after.features.iter().filter_map(differs).collect()
}
