//! Alerts that two nights tell together: a grade that changed, and why; and a rating about to run out.
//!
//! The cause of a changed grade is the *model* if the axis was scored by another one; else *time* if every feature that moved is one that moves by
//! itself (days since something, or a windowed count that only fell as the window moved on); else *facts*.

use std::collections::{BTreeMap, BTreeSet};

use luheng_lake::columns::{Columns, Day};

use crate::error::Result;
use crate::frame::{self, Cells};
use crate::metrics::alerts::Alert;

/// A rating that may be used for so few days more is told.
const STALE_DAYS: Day = 7;

/// The published night before: its ratings and features.
#[derive(Clone, Copy, Debug)]
pub struct Previous<'a> {
    /// Its `ratings`.
    pub ratings: &'a Columns,
    /// Its `features`.
    pub features: &'a Columns,
}

const RATING: [&str; 8] =
    ["case_no", "debtor_id", "as_of", "capacity_grade", "willingness_grade", "valid_until", "capacity_model", "willingness_model"];

/// The alerts that ratings tell.
///
/// # Errors
/// A column that a table lacks.
pub fn of_ratings(ratings: &Columns, features: &Columns, reasons: &Columns, previous: Option<Previous<'_>>, as_of: Day) -> Result<Columns> {
    let now = ratings.select(&RATING)?;
    let mut alerts = stale(&now, as_of)?;
    if let Some(before) = previous {
        let both = frame::beside(&now, &before.ratings.select(&RATING)?, &["case_no", "debtor_id"])?;
        let (new, old) = (by_party(features)?, by_party(before.features)?);
        let mut changed = Vec::new();
        for row in frame::rows(&both, &["as_of_right"])?.filter(|r| r.date("as_of_right").is_some()) {
            for axis in ["capacity", "willingness"] {
                changed.extend(change(&row, axis, features, &new, before.features, &old));
            }
        }
        let wanted: BTreeSet<Key> = changed.iter().map(|c| c.key.clone()).collect();
        let evidence = evidence_of(reasons, &wanted)?;
        alerts.extend(changed.into_iter().map(|c| c.into_alert(&evidence)));
    }
    Ok(Alert::columns(as_of, &alerts))
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
    new: &Columns,
    new_at: &BTreeMap<(String, String), usize>,
    old: &Columns,
    old_at: &BTreeMap<(String, String), usize>,
) -> Option<Change> {
    let (grade, model) = (format!("{axis}_grade"), format!("{axis}_model"));
    let (after, before) = (row.owned(&grade), row.owned(&format!("{grade}_right")));
    if after == before {
        return None;
    }
    let party = (row.owned("case_no")?, row.owned("debtor_id")?);
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
    Some(Change { key, before, after, cause, moved: moved.into_iter().map(|m| m.feature).collect() })
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
        Columns::new()
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
        let before = Previous { ratings: &ratings("C3", "m1", 190), features: &features(10.0, 1.0) };
        let table = of_ratings(&ratings("C4", model, 190), now, &reasons, Some(before), 100).unwrap();
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
        let table =
            of_ratings(&now, &features(1.0, 1.0), &empty, Some(Previous { ratings: &now, features: &features(1.0, 1.0) }), 100).unwrap();
        let kinds: Vec<_> = frame::rows(&table, &["kind"]).unwrap().filter_map(|r| r.owned("kind")).collect();
        assert_eq!(kinds, ["rating_stale"]);
    }
}
