//! Alerts that two nights tell together: a grade that changed, and why; and a rating about to run out.
//!
//! The cause of a changed grade is the *model* if the axis was scored by another one; else *time* if every feature that moved is one that moves by
//! itself (days since something, or a windowed count that only fell as the window moved on); else *facts*.
//!
//! A probability that wavers about a cut is no news: what is told is the grade once the probability lies [`MARGIN`] beyond the cut. The table `told` keeps
//! what each party's grades were told as last, so that a slow drift is told as well, once.

use std::collections::{BTreeMap, BTreeSet};

use luheng_lake::columns::{Columns, Day};

use crate::bundle::CUTS;
use crate::error::Result;
use crate::frame::{self, Cells};
use crate::metrics::alerts::Alert;

/// A rating that may be used for so few days more is told.
const STALE_DAYS: Day = 7;

/// How far beyond a cut a probability must lie before the grade is told as another.
const MARGIN: f64 = 0.02;

/// The published night before: its ratings and features.
#[derive(Clone, Copy, Debug)]
pub struct Previous<'a> {
    /// Its `ratings`.
    pub ratings: &'a Columns,
    /// Its `features`.
    pub features: &'a Columns,
    /// Its `told`; none of a night before there was one: then its grades are what was told.
    pub told: Option<&'a Columns>,
}

const RATING: [&str; 10] = [
    "case_no",
    "debtor_id",
    "as_of",
    "capacity_p",
    "willingness_p",
    "capacity_grade",
    "willingness_grade",
    "valid_until",
    "capacity_model",
    "willingness_model",
];

/// The axes with the letter of their grades.
const AXES: [(&str, char); 2] = [("capacity", 'C'), ("willingness", 'W')];

/// The alerts that ratings tell, and the table `told`: case_no, debtor_id, and each axis' grade as it was told last.
///
/// # Errors
/// A column that a table lacks.
pub fn of_ratings(
    ratings: &Columns,
    features: &Columns,
    reasons: &Columns,
    previous: Option<Previous<'_>>,
    as_of: Day,
) -> Result<(Columns, Columns)> {
    let now = ratings.select(&RATING)?;
    let mut alerts = stale(&now, as_of)?;
    let Some(before) = previous else { return Ok((Alert::columns(as_of, &alerts), as_rated(&now)?)) };
    let both = frame::beside(&now, &before.ratings.select(&RATING)?, &["case_no", "debtor_id"])?;
    let (new, old) = (by_party(features)?, by_party(before.features)?);
    let last_told = before.told.map(told_by_party).transpose()?;
    let (mut changed, mut told) = (Vec::new(), Vec::new());
    for row in frame::rows(&both, &["as_of_right"])? {
        let party = (row.owned("case_no").unwrap_or_default(), row.owned("debtor_id").unwrap_or_default());
        let mut grades = [None, None];
        for ((axis, letter), grade) in AXES.iter().zip(&mut grades) {
            let is = row.text(&format!("{axis}_grade"));
            let earlier = last_told.as_ref().and_then(|told| told.get(&party)).map(|grades| grades[usize::from(*letter == 'W')].clone());
            // A party who is rated for the first time has nothing to change from.
            let Some(was) = row.date("as_of_right").map(|_| earlier.unwrap_or_else(|| row.owned(&format!("{axis}_grade_right")))) else {
                *grade = is.map(str::to_owned);
                continue;
            };
            *grade = as_told(was.as_deref(), is, row.real(&format!("{axis}_p")), *letter);
            if *grade != was {
                changed.push(change(&row, axis, (was, grade.clone()), features, &new, before.features, &old));
            }
        }
        told.push((party, grades));
    }
    let wanted: BTreeSet<Key> = changed.iter().map(|c| c.key.clone()).collect();
    let evidence = evidence_of(reasons, &wanted)?;
    alerts.extend(changed.into_iter().map(|c| c.into_alert(&evidence)));
    Ok((Alert::columns(as_of, &alerts), told_table(&told)))
}

/// What a grade is told as: what it is, but where it left the one told before by less than the margin.
fn as_told(was: Option<&str>, is: Option<&str>, p: Option<f64>, letter: char) -> Option<String> {
    let number = |grade: Option<&str>| grade.and_then(|g| g.strip_prefix(letter)).and_then(|n| n.parse::<usize>().ok());
    let (Some(from), Some(to), Some(p)) = (number(was), number(is), p) else { return is.map(str::to_owned) };
    // The cut above a grade stands at its place less one, that below at its place less two.
    let wavers = match to.cmp(&from) {
        std::cmp::Ordering::Greater => CUTS.get(from - 1).is_some_and(|cut| p < cut + MARGIN),
        std::cmp::Ordering::Less => CUTS.get(from.wrapping_sub(2)).is_some_and(|cut| p >= cut - MARGIN),
        std::cmp::Ordering::Equal => false,
    };
    if wavers { was } else { is }.map(str::to_owned)
}

/// Case and debtor.
type Party = (String, String);
/// Grades by [`AXES`].
type Grades = [Option<String>; 2];
/// A party and its grades.
type Told = (Party, Grades);

fn as_rated(ratings: &Columns) -> Result<Columns> {
    let rows = frame::rows(ratings, &["case_no", "debtor_id"])?;
    let of = |row: Cells<'_>| {
        let party = (row.owned("case_no").unwrap_or_default(), row.owned("debtor_id").unwrap_or_default());
        (party, [row.owned("capacity_grade"), row.owned("willingness_grade")])
    };
    Ok(told_table(&rows.map(of).collect::<Vec<Told>>()))
}

fn told_table(told: &[Told]) -> Columns {
    Columns::new()
        .text("case_no", told.iter().map(|t| Some(&t.0.0)))
        .text("debtor_id", told.iter().map(|t| Some(&t.0.1)))
        .text("capacity_grade", told.iter().map(|t| t.1[0].as_ref()))
        .text("willingness_grade", told.iter().map(|t| t.1[1].as_ref()))
}

fn told_by_party(told: &Columns) -> Result<BTreeMap<Party, Grades>> {
    let rows = frame::rows(told, &["case_no", "debtor_id", "capacity_grade", "willingness_grade"])?;
    let of = |row: Cells<'_>| {
        let grades = [row.owned("capacity_grade"), row.owned("willingness_grade")];
        Some(((row.owned("case_no")?, row.owned("debtor_id")?), grades))
    };
    Ok(rows.filter_map(of).collect())
}

/// Ratings of the run's own day that run out soon; a back-test rates other days and is in nobody's use.
fn stale(ratings: &Columns, as_of: Day) -> Result<Vec<Alert>> {
    let of_today = frame::rows(ratings, &RATING)?.filter(|r| r.date("as_of") == Some(as_of));
    let soon = of_today.filter(|r| r.date("valid_until").is_some_and(|on| on <= as_of + STALE_DAYS));
    Ok(soon
        .map(|r| Alert {
            case_no: r.owned("case_no"),
            debtor_id: r.owned("debtor_id"),
            kind: "rating_stale",
            due_on: r.date("valid_until"),
            ..Alert::default()
        })
        .collect())
}

/// Case, debtor and axis.
type Key = (String, String, &'static str);

struct Change {
    key: Key,
    before: Option<String>,
    after: Option<String>,
    cause: &'static str,
    moved: Vec<String>,
}

fn by_party(features: &Columns) -> Result<BTreeMap<(String, String), usize>> {
    let rows = frame::rows(features, &["case_no", "debtor_id"])?;
    Ok(rows.enumerate().filter_map(|(at, r)| Some(((r.owned("case_no")?, r.owned("debtor_id")?), at))).collect())
}

fn change(
    row: &Cells<'_>,
    axis: &'static str,
    (before, after): (Option<String>, Option<String>),
    new: &Columns,
    new_at: &BTreeMap<(String, String), usize>,
    old: &Columns,
    old_at: &BTreeMap<(String, String), usize>,
) -> Change {
    let model = format!("{axis}_model");
    let party = (row.owned("case_no").unwrap_or_default(), row.owned("debtor_id").unwrap_or_default());
    let moved = match (new_at.get(&party), old_at.get(&party)) {
        (Some(&n), Some(&o)) => moved(new, n, old, o),
        _ => Vec::new(),
    };
    let cause = if row.text(&model) != row.text(&format!("{model}_right")) {
        "model"
    } else if moved.iter().all(|m| m.by_time) {
        "time"
    } else {
        "facts"
    };
    let key = (party.0, party.1, axis);
    Change { key, before, after, cause, moved: moved.into_iter().map(|m| m.feature).collect() }
}

struct Moved {
    feature: String,
    by_time: bool,
}

/// Features that differ between two rows.
fn moved(new: &Columns, new_at: usize, old: &Columns, old_at: usize) -> Vec<Moved> {
    let mut moved = Vec::new();
    for (name, column) in new.iter() {
        let Some(earlier) = old.get(name) else { continue };
        let (a, b) = (column.real_at(new_at), earlier.real_at(old_at));
        if a != b {
            moved.push(Moved { feature: name.to_owned(), by_time: moves_by_itself(name, b, a) });
        }
    }
    moved
}

/// Does a feature of this name move so without a new fact? House names (architecture.md §7): `_days` is an age; `_365d` is a window.
pub(crate) fn moves_by_itself(name: &str, before: Option<f64>, after: Option<f64>) -> bool {
    let is_age = name.ends_with("_days") || name.contains("days_since");
    let window = name.rsplit('_').next().and_then(|end| end.strip_suffix('d'));
    let is_window = window.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    match (before, after) {
        (Some(before), Some(after)) => (is_age && after > before) || (is_window && after < before),
        (Some(_), None) => is_window,
        _ => false,
    }
}

/// Evidence of each reason of the parties wanted, by party, axis and feature.
fn evidence_of(reasons: &Columns, wanted: &BTreeSet<Key>) -> Result<BTreeMap<(Key, String), String>> {
    let mut evidence = BTreeMap::new();
    if wanted.is_empty() {
        return Ok(evidence);
    }
    for row in frame::rows(reasons, &["case_no", "debtor_id", "axis", "feature", "evidence"])? {
        let axis = if row.text("axis") == Some("capacity") { "capacity" } else { "willingness" };
        let (Some(case_no), Some(debtor), Some(feature), Some(rows)) =
            (row.owned("case_no"), row.owned("debtor_id"), row.owned("feature"), row.owned("evidence"))
        else {
            continue;
        };
        let key = (case_no, debtor, axis);
        if wanted.contains(&key) {
            evidence.insert((key, feature), rows);
        }
    }
    Ok(evidence)
}

impl Change {
    fn into_alert(self, evidence: &BTreeMap<(Key, String), String>) -> Alert {
        let lists = self.moved.iter().filter_map(|f| evidence.get(&(self.key.clone(), f.clone())));
        let rows: BTreeSet<&str> = lists.flat_map(|list| list.split(';')).filter(|r| !r.is_empty()).collect();
        let evidence = (!rows.is_empty()).then(|| rows.into_iter().collect::<Vec<_>>().join(";"));
        let (case_no, debtor_id, _) = self.key;
        Alert {
            case_no: Some(case_no),
            debtor_id: Some(debtor_id),
            kind: "grade_changed",
            due_on: None,
            before: self.before,
            after: self.after,
            cause: Some(self.cause),
            evidence,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn ratings(grade: &str, model: &str, valid_until: Day) -> Columns {
        rated(Some(0.5), grade, model, valid_until)
    }

    fn rated(p: Option<f64>, grade: &str, model: &str, valid_until: Day) -> Columns {
        Columns::new()
            .real("capacity_p", [p])
            .real("willingness_p", [None])
            .text("case_no", [Some("c")])
            .text("debtor_id", [Some("d")])
            .date("as_of", [Some(100)])
            .text("capacity_grade", [Some(grade)])
            .text("willingness_grade", [None::<&str>])
            .date("valid_until", [Some(valid_until)])
            .text("capacity_model", [Some(model)])
            .text("willingness_model", [None::<&str>])
    }

    fn features(age: f64, broken: f64) -> Columns {
        Columns::new()
            .text("case_no", [Some("c")])
            .text("debtor_id", [Some("d")])
            .real("report_age_days", [Some(age)])
            .real("instalments_broken_n_365d", [Some(broken)])
    }

    fn cause(model: &str, now: &Columns) -> Option<String> {
        let reasons = Columns::new()
            .text("case_no", [Some("c")])
            .text("debtor_id", [Some("d")])
            .text("axis", [Some("capacity")])
            .text("feature", [Some("instalments_broken_n_365d")])
            .text("evidence", [Some("conduct:2;conduct:1")]);
        let before = Previous { ratings: &ratings("C3", "m1", 190), features: &features(10.0, 1.0), told: None };
        let (table, _) = of_ratings(&rated(Some(0.7), "C4", model, 190), now, &reasons, Some(before), 100).unwrap();
        assert_eq!(table.len(), 1);
        frame::rows(&table, &["cause"]).unwrap().find_map(|r| r.owned("cause"))
    }

    #[test]
    fn a_change_has_one_cause() {
        assert_eq!(cause("m2", &features(10.0, 2.0)).as_deref(), Some("model"));
        assert_eq!(cause("m1", &features(40.0, 0.0)).as_deref(), Some("time"));
        assert_eq!(cause("m1", &features(40.0, 2.0)).as_deref(), Some("facts"));
    }

    #[test]
    fn an_unchanged_grade_is_no_news_and_an_old_rating_is() {
        let now = ratings("C3", "m2", 105);
        let empty = Columns::new();
        let before = Previous { ratings: &now, features: &features(1.0, 1.0), told: None };
        let (table, _) = of_ratings(&now, &features(1.0, 1.0), &empty, Some(before), 100).unwrap();
        let kinds: Vec<_> = frame::rows(&table, &["kind"]).unwrap().filter_map(|r| r.owned("kind")).collect();
        assert_eq!(kinds, ["rating_stale"]);
    }

    #[test]
    fn a_grade_that_wavers_about_a_cut_is_told_once() {
        let reasons =
            ["case_no", "debtor_id", "axis", "feature", "evidence"].iter().fold(Columns::new(), |t, name| t.text(name, [Some("x")]));
        let grade = |p: f64| format!("C{}", crate::bundle::grade_of(p));
        let nights = |all: &[f64]| {
            let mut before: Option<(Columns, Columns)> = None;
            let mut alerts = Vec::new();
            for p in all {
                let now = rated(Some(*p), &grade(*p), "m", 190);
                let facts = features(1.0, 1.0);
                let previous = before.as_ref().map(|(ratings, told)| Previous { ratings, features: &facts, told: Some(told) });
                let (table, told) = of_ratings(&now, &facts, &reasons, previous, 100).unwrap();
                let changes = frame::rows(&table, &["before", "after"]).unwrap();
                alerts.extend(changes.map(|r| format!("{} {}", r.text("before").unwrap(), r.text("after").unwrap())));
                before = Some((now, told));
            }
            alerts
        };
        assert_eq!(nights(&[0.39, 0.41, 0.39, 0.41, 0.39]), Vec::<String>::new());
        assert_eq!(nights(&[0.39, 0.41, 0.43, 0.41, 0.39, 0.37]), ["C2 C3", "C3 C2"]);
        assert_eq!(nights(&[0.39, 0.61]), ["C2 C4"]);
        assert_eq!(nights(&[0.81, 0.79, 0.785, 0.777]), ["C5 C4"]);
    }

    #[test]
    fn what_is_not_rated_any_more_is_told_at_once() {
        assert_eq!(as_told(Some("C2"), None, None, 'C'), None);
        assert_eq!(as_told(None, Some("C2"), Some(0.39), 'C').as_deref(), Some("C2"));
        assert_eq!(as_told(Some("W1"), Some("W2"), Some(0.219), 'W').as_deref(), Some("W1"));
        assert_eq!(as_told(Some("W1"), Some("W2"), Some(0.22), 'W').as_deref(), Some("W2"));
    }
}
