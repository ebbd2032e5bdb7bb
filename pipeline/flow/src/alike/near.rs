//! The search: live parties against the closed ones of their age and state.

use std::collections::BTreeMap;

use luheng_lake::columns::{Column, Columns, Day};
use luheng_models::neighbours::{Asked, Found, Index, Near, Records};
use luheng_models::{Design, Model, ModelArtifact};

use super::nearest;
use crate::bundle::{column, design};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::features::{self, Feature};
use crate::rating::Ratings;

/// Columns of `closed` that are told as they are.
const TOLD: [&str; 9] = [
    "landmark_days",
    "close_kind",
    "close_ground",
    "closed_on",
    "open_days",
    "measures_before",
    "measures_after",
    "recovered_share",
    "case_recovered_share",
];

/// Closed for want of property on the day of comparison, and the landmark.
type Class = (bool, i32);

/// The closed parties of every bucket, by class.
#[derive(Debug)]
pub struct Reference<'a> {
    model: Option<&'a ModelArtifact>,
    ratings: &'a Ratings,
    named: Vec<&'static Feature>,
    classes: BTreeMap<Class, Kept>,
}

/// The closed parties of one class.
#[derive(Debug)]
struct Kept {
    table: Columns,
    debts: Vec<String>,
    records: Records,
    /// What each feature contributes, a row a record.
    parts: Vec<Vec<f64>>,
    /// The middle of each feature's contributions.
    middle: Vec<f64>,
}

impl<'a> Reference<'a> {
    /// Takes in the table `closed`, joined and sorted by debt, case, debtor and landmark.
    ///
    /// # Errors
    /// A model of other features; a table without its columns.
    pub fn of(closed: &Columns, model: Option<&'a ModelArtifact>, ctx: &'a Context) -> Result<Self> {
        let named = features::named(&ctx.ratings.capacity.features)?;
        let mut rows: BTreeMap<Class, Vec<usize>> = BTreeMap::new();
        let (was, after) = (column(closed, "was_closed")?, column(closed, "landmark_days")?);
        for at in 0..closed.len() {
            if let (Some(was), Some(after)) = (was.flag_at(at), after.int_at(at).and_then(|days| i32::try_from(days).ok())) {
                rows.entry((was, after)).or_default().push(at);
            }
        }
        let mut classes = BTreeMap::new();
        if let Some(model) = model {
            for (class, rows) in rows {
                classes.insert(class, Kept::of(closed.take(&rows), model, ctx)?);
            }
        }
        Ok(Self { model, ratings: &ctx.ratings, named, classes })
    }

    /// Ready to be asked.
    ///
    /// # Errors
    /// None in practice; see [`Records::index`].
    pub fn ready(&self) -> Result<Ready<'_>> {
        let mut indexes = BTreeMap::new();
        // An index borrows the records, and so is not kept beside them.
        for (class, kept) in &self.classes {
            indexes.insert(*class, kept.records.index()?);
        }
        Ok(Ready { of: self, indexes })
    }
}

impl Kept {
    fn of(table: Columns, model: &ModelArtifact, ctx: &Context) -> Result<Self> {
        let design = design(&table, &(0..table.len()).collect::<Vec<_>>(), &ctx.ratings.capacity)?;
        model.fits(design.features()).map_err(|e| Error::Input(format!("model {}: {e}", model.id)))?;
        let (debts, debtors) = (texts(&table, "debt_no")?, texts(&table, "debtor_id")?);
        let on = column(&table, "closed_on")?;
        let days = (0..table.len()).map(|at| on.date_at(at).unwrap_or_default()).collect();
        let parts = parts(&model.model, &design)?;
        let records = Records::new(model.model.clone(), &design, debts.clone(), debtors, days)?;
        let middle = (0..design.features().len()).map(|j| middle(parts.iter().map(|row| row[j]).collect())).collect();
        Ok(Self { table, debts, records, parts, middle })
    }
}

/// Contributions to the log-odds, a row a party.
fn parts(model: &Model, design: &Design) -> Result<Vec<Vec<f64>>> {
    let parts = model.contributions(design)?.by_feature;
    Ok((0..design.rows()).map(|row| parts.row(row).to_vec()).collect())
}

/// The lower median: one of the values, whatever their order.
fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(0.0)
}

fn texts(table: &Columns, name: &str) -> Result<Vec<String>> {
    let found = column(table, name)?;
    Ok((0..table.len()).map(|at| found.text_at(at).unwrap_or_default().to_owned()).collect())
}

/// The closed parties with their indexes.
#[derive(Debug)]
pub struct Ready<'r> {
    of: &'r Reference<'r>,
    indexes: BTreeMap<Class, Index<'r>>,
}

/// One row of `alike`.
struct Row<'r> {
    /// Row of the party among those asked for.
    at: usize,
    rank: usize,
    kept: &'r Kept,
    near: Near,
    likeness: f64,
    compared: usize,
    like: Vec<usize>,
    unlike: Vec<usize>,
}

impl<'r> Row<'r> {
    /// A column of the records the neighbour is among.
    fn of(&self, name: &str) -> Option<&'r Column> {
        self.kept.table.get(name)
    }
}

/// The table `alike` of some parties: their features, ratings and standing lie row beside row. One row a party and rank; none for a party whose
/// capacity is not rated, fewer where fewer debts were closed.
///
/// # Errors
/// A table without its columns; a model of other features.
pub fn of_parties(features: &Columns, ratings: &Columns, standing: &Columns, ready: &Ready<'_>) -> Result<Columns> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    if let Some(model) = ready.of.model {
        for (class, asking) in classes(ratings, standing, ready.of.ratings)? {
            if let (Some(kept), Some(index)) = (ready.of.classes.get(&class), ready.indexes.get(&class)) {
                let design = design(features, &asking, &ready.of.ratings.capacity)?;
                let debts = column(standing, "debt_no")?;
                let debtors = column(standing, "debtor_id")?;
                let asked = asking.iter().map(|at| (debts.text_at(*at).unwrap_or_default(), debtors.text_at(*at).unwrap_or_default()));
                let asked: Vec<Asked<'_>> = asked.map(|(key, group)| Asked { key, group, before: None }).collect();
                let found = of_other_debts(kept, index, &design, &asked, ready.of.ratings.alike.cases)?;
                let here = parts(&model.model, &design)?;
                for ((at, found), here) in asking.iter().zip(found).zip(here) {
                    rows.extend(told(*at, found, &here, kept, ready.of.ratings));
                }
            }
        }
    }
    rows.sort_by_key(|row| (row.at, row.rank));
    table(&rows, ratings, &ready.of.named)
}

/// The rated parties by class.
fn classes(ratings: &Columns, standing: &Columns, of: &Ratings) -> Result<BTreeMap<Class, Vec<usize>>> {
    let (p, day, filed) = (column(ratings, "capacity_p")?, column(standing, "as_of")?, column(standing, "debt_filed_on")?);
    let status = column(standing, "case_status")?;
    let mut classes: BTreeMap<Class, Vec<usize>> = BTreeMap::new();
    for at in (0..ratings.len()).filter(|at| p.real_at(*at).is_some()) {
        let age = |filed: Day| day.date_at(at).unwrap_or(filed).saturating_sub(filed);
        // Of those that are rated only the ones closed for want of property are closed.
        let is_closed = status.text_at(at) == Some("closed");
        if let Some(landmark) = filed.date_at(at).and_then(|filed| nearest(age(filed), &of.capacity.landmarks_days)) {
            classes.entry((is_closed, landmark)).or_default().push(at);
        }
    }
    Ok(classes)
}

/// The nearest records, each of another debt: of a debt's parties the nearest speaks for it.
fn of_other_debts(kept: &Kept, index: &Index<'_>, design: &Design, asked: &[Asked<'_>], cases: usize) -> Result<Vec<Found>> {
    let mut all: Vec<Option<Found>> = vec![None; asked.len()];
    let mut waiting: Vec<usize> = (0..asked.len()).collect();
    let mut k = 2 * cases;
    while !waiting.is_empty() {
        let of_waiting: Vec<Asked<'_>> = waiting.iter().map(|at| asked[*at]).collect();
        let found = index.nearest(&design.take(&waiting)?, &of_waiting, k)?;
        let mut again = Vec::new();
        for (at, mut found) in waiting.into_iter().zip(found) {
            let is_short = found.is_short();
            let mut met: Vec<&str> = Vec::new();
            found.near.retain(|near| {
                let debt = kept.debts[near.record].as_str();
                let is_new = !met.contains(&debt);
                met.push(debt);
                is_new
            });
            if is_short || found.near.len() >= cases {
                found.near.truncate(cases);
                all[at] = Some(found);
            } else {
                again.push(at);
            }
        }
        (waiting, k) = (again, 4 * k);
    }
    Ok(all.into_iter().flatten().collect())
}

/// What is told of each neighbour of a party. Its likeness is 1 where all that counts to the model is the same, and a half where the two are as far apart
/// as the party is from the middle of the records. Named as alike is what both have on the same side of the middle, the most of it first.
fn told<'r>(at: usize, found: Found, here: &[f64], kept: &'r Kept, ratings: &Ratings) -> Vec<Row<'r>> {
    let (like_n, unlike_n) = (ratings.alike.features, ratings.alike.features.saturating_sub(1));
    let own: f64 = here.iter().zip(&kept.middle).map(|(a, middle)| (a - middle).abs()).sum();
    let row = |(rank, near): (usize, Near)| {
        let there = &kept.parts[near.record];
        let common: Vec<f64> = (0..here.len()).map(|j| common(here[j] - kept.middle[j], there[j] - kept.middle[j])).collect();
        let like = greatest(&common, like_n);
        let apart = |j: usize| if like.contains(&j) { 0.0 } else { (here[j] - there[j]).abs() };
        let unlike = greatest(&(0..here.len()).map(apart).collect::<Vec<_>>(), unlike_n);
        let likeness = if near.distance > 0.0 { own / (own + near.distance) } else { 1.0 };
        Row { at, rank: rank + 1, kept, near, likeness, compared: found.eligible, like, unlike }
    };
    found.near.iter().copied().enumerate().map(row).collect()
}

/// What two have in common on one side of the middle.
fn common(a: f64, b: f64) -> f64 {
    if (a > 0.0) == (b > 0.0) { a.abs().min(b.abs()) } else { 0.0 }
}

/// The places of the greatest values above 0, the greatest first, of equal ones the first.
fn greatest(values: &[f64], n: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..values.len()).filter(|j| values[*j] > 0.0).collect();
    places.sort_by(|a, b| values[*b].total_cmp(&values[*a]).then(a.cmp(b)));
    places.truncate(n);
    places
}

fn table(rows: &[Row<'_>], ratings: &Columns, named: &[&'static Feature]) -> Result<Columns> {
    let (case_no, debtor_id) = (column(ratings, "case_no")?, column(ratings, "debtor_id")?);
    let joined = |places: &[usize], by: &str, of: fn(&Feature) -> &str| {
        let told: Vec<&str> = places.iter().map(|j| of(named[*j])).collect();
        (!told.is_empty()).then(|| told.join(by))
    };
    let sentence = |row: &Row<'_>, by: &str, like: &str, unlike: &str, end: &str, of: fn(&Feature) -> &str| {
        let part = |lead: &str, places: &[usize]| joined(places, by, of).map(|told| format!("{lead}{told}"));
        [part(like, &row.like), part(unlike, &row.unlike)].into_iter().flatten().collect::<Vec<_>>().join(end)
    };
    let mut table = Columns::new()
        .text("case_no", rows.iter().map(|r| case_no.text_at(r.at)))
        .text("debtor_id", rows.iter().map(|r| debtor_id.text_at(r.at)))
        .int("rank", rows.iter().map(|r| Some(r.rank as i64)))
        .text("alike_key", rows.iter().map(|r| r.of("alike_key")?.text_at(r.near.record)))
        .real("distance", rows.iter().map(|r| Some(r.near.distance)))
        .real("likeness", rows.iter().map(|r| Some(r.likeness)))
        .int("compared_n", rows.iter().map(|r| Some(r.compared as i64)))
        .text("alike_in", rows.iter().map(|r| joined(&r.like, ";", |f| f.id)))
        .text("unlike_in", rows.iter().map(|r| joined(&r.unlike, ";", |f| f.id)));
    for name in TOLD {
        table = table.with(name, told_of(rows, name));
    }
    Ok(table
        .text("text_zh", rows.iter().map(|r| Some(sentence(r, "、", "相近：", "相异：", "；", |f| f.zh))))
        .text("text_en", rows.iter().map(|r| Some(sentence(r, ", ", "alike in ", "unlike in ", "; ", |f| f.en)))))
}

/// A column of the neighbours, row by row.
fn told_of(rows: &[Row<'_>], name: &str) -> Column {
    match name {
        "landmark_days" | "open_days" => Column::from_int(rows.iter().map(|r| r.of(name)?.int_at(r.near.record))),
        "closed_on" => Column::from_date(rows.iter().map(|r| r.of(name)?.date_at(r.near.record))),
        "recovered_share" | "case_recovered_share" => Column::from_real(rows.iter().map(|r| r.of(name)?.real_at(r.near.record))),
        _ => Column::from_text(rows.iter().map(|r| r.of(name)?.text_at(r.near.record))),
    }
}
