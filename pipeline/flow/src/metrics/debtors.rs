//! `debtors`: one row a debtor over all his rated cases.
//!
//! Averages are weighted by what he owes in each case (at least one fen, so that a case without a balance still has a voice), and run in order of case
//! number: the same sum on every machine. His means add up over cases because `evidenced_means_fen` holds each fen in one case only.

use std::collections::BTreeMap;

use luheng_lake::columns::{Columns, Day};
use polars::prelude::{col, lit};

use crate::error::Result;
use crate::frame;
use crate::metrics::party::{Party, grade};

/// Least share of the required channels answered before missing means may suggest insolvency.
const ENOUGH_COVERAGE: f64 = 0.8;

/// The families whose points are printed.
const FAMILIES: [&str; 3] = ["property", "behaviour", "trajectory"];

/// The table `debtors` from the parties' standing, ratings and reasons, and the party facts of all buckets.
///
/// # Errors
/// A column that a table lacks.
pub fn debtors(standing: &Columns, ratings: &Columns, reasons: &Columns, party_facts: &Columns, as_of: Day) -> Result<Columns> {
    let mut parties = Party::read(standing, ratings)?;
    parties.sort_by(|a, b| (&a.debtor_id, &a.case_no).cmp(&(&b.debtor_id, &b.case_no)));
    let points = family_points(reasons)?;
    let listed = flags_by_debtor(party_facts)?;
    let rows: Vec<DebtorRow> = parties
        .chunk_by(|a, b| a.debtor_id == b.debtor_id)
        .filter_map(|own| {
            let first = own.first()?;
            let flags = listed.get(&first.debtor_id).copied().unwrap_or((false, false));
            Some(DebtorRow::of(first, own, points.get(&first.debtor_id), flags))
        })
        .collect();
    Ok(DebtorRow::columns(&rows, as_of))
}

fn flags_by_debtor(party_facts: &Columns) -> Result<BTreeMap<String, (bool, bool)>> {
    let mut flags: BTreeMap<String, (bool, bool)> = BTreeMap::new();
    for row in frame::rows(party_facts, &["debtor_id", "is_listed", "is_limited"])? {
        if let Some(debtor) = row.owned("debtor_id") {
            let held = flags.entry(debtor).or_default();
            *held = (held.0 || row.flag("is_listed") == Some(true), held.1 || row.flag("is_limited") == Some(true));
        }
    }
    Ok(flags)
}

/// Points of each debtor by family, both axes together, summed over his cases in a fixed order; the base and the rest belong to no family.
fn family_points(reasons: &Columns) -> Result<BTreeMap<String, [f64; 3]>> {
    let wanted = reasons.select(&["case_no", "debtor_id", "axis", "rank", "family", "points"])?;
    let of_families = frame::lazy(&wanted)?
        .filter(col("family").is_not_null().and(col("points").is_not_null()).and(col("points").neq(lit(0.0))))
        .sort(["debtor_id", "case_no", "axis", "rank"], frame::ascending());
    let table = frame::collect(of_families)?;
    let mut sums: BTreeMap<String, [f64; 3]> = BTreeMap::new();
    for row in frame::rows(&table, &["family", "points"])? {
        let family = FAMILIES.iter().position(|f| row.text("family") == Some(f));
        if let (Some(debtor), Some(at), Some(points)) = (row.owned("debtor_id"), family, row.real("points")) {
            sums.entry(debtor).or_default()[at] += points;
        }
    }
    Ok(sums)
}

struct DebtorRow {
    debtor_id: String,
    kind: Option<String>,
    open_cases_n: i64,
    courts_n: i64,
    no_property_cases_n: i64,
    due_all_fen: i64,
    net_means_all_fen: Option<i64>,
    overall_capacity_p: Option<f64>,
    willingness_p: Option<f64>,
    credit_score: Option<f64>,
    points: Option<[f64; 3]>,
    is_listed: bool,
    is_limited: bool,
    insolvent_candidate: bool,
    valid_until: Option<Day>,
}

impl DebtorRow {
    fn of(first: &Party, own: &[Party], points: Option<&[f64; 3]>, (is_listed, is_limited): (bool, bool)) -> Self {
        let count = |keep: fn(&Party) -> bool| own.iter().filter(|p| keep(p)).map(|_| 1_i64).sum::<i64>();
        let mut courts: Vec<&str> = own.iter().filter_map(|p| p.court_code.as_deref()).collect();
        courts.sort_unstable();
        courts.dedup();
        let due_all_fen = own.iter().map(|p| p.outstanding_fen).fold(0_i64, i64::saturating_add);
        // Means that are not known in one case are not known in all.
        let net_means_all_fen = own.iter().map(|p| p.evidenced_means_fen).try_fold(0_i64, |sum, fen| Some(sum.saturating_add(fen?)));
        let covered = own.iter().all(|p| p.coverage.is_some_and(|c| c >= ENOUGH_COVERAGE));
        let scored = count(|p| p.capacity_p.is_some() || p.willingness_p.is_some());
        Self {
            debtor_id: first.debtor_id.clone(),
            kind: first.debtor_kind.clone(),
            open_cases_n: count(|p| p.case_status != "closed"),
            courts_n: i64::try_from(courts.len()).unwrap_or(i64::MAX),
            no_property_cases_n: count(Party::is_no_property),
            due_all_fen,
            net_means_all_fen,
            overall_capacity_p: by_due(own, |p| p.capacity_p),
            willingness_p: by_due(own, |p| p.willingness_p),
            credit_score: by_due(own, |p| p.willingness_score),
            points: (scored > 0).then(|| points.copied().unwrap_or_default().map(|sum| sum / scored as f64)),
            is_listed,
            is_limited,
            insolvent_candidate: covered && net_means_all_fen.is_some_and(|means| means < due_all_fen),
            valid_until: own.iter().filter_map(|p| p.valid_until).min(),
        }
    }

    fn columns(rows: &[Self], as_of: Day) -> Columns {
        let points = |at: usize| rows.iter().map(move |r| r.points.map(|p| p[at]));
        Columns::new()
            .text("debtor_id", rows.iter().map(|r| Some(&r.debtor_id)))
            .date("as_of", rows.iter().map(|_| Some(as_of)))
            .text("kind", rows.iter().map(|r| r.kind.as_ref()))
            .int("open_cases_n", rows.iter().map(|r| Some(r.open_cases_n)))
            .int("courts_n", rows.iter().map(|r| Some(r.courts_n)))
            .int("no_property_cases_n", rows.iter().map(|r| Some(r.no_property_cases_n)))
            .int("due_all_fen", rows.iter().map(|r| Some(r.due_all_fen)))
            .int("net_means_all_fen", rows.iter().map(|r| r.net_means_all_fen))
            .real("overall_capacity_p", rows.iter().map(|r| r.overall_capacity_p))
            .text("overall_capacity_grade", rows.iter().map(|r| r.overall_capacity_p.map(|p| grade('C', p))))
            .real("credit_score", rows.iter().map(|r| r.credit_score))
            .text("credit_grade", rows.iter().map(|r| r.willingness_p.map(|p| grade('W', p))))
            .real("property_points", points(0))
            .real("behaviour_points", points(1))
            .real("trajectory_points", points(2))
            .flag("is_listed", rows.iter().map(|r| Some(r.is_listed)))
            .flag("is_limited", rows.iter().map(|r| Some(r.is_limited)))
            .flag("insolvent_candidate", rows.iter().map(|r| Some(r.insolvent_candidate)))
            .date("valid_until", rows.iter().map(|r| r.valid_until))
    }
}

/// Mean over his rated cases, weighted by what he owes in each.
fn by_due(own: &[Party], value: fn(&Party) -> Option<f64>) -> Option<f64> {
    let rated = || own.iter().filter_map(|p| Some((p.outstanding_fen.max(1) as f64, value(p)?)));
    let weight: f64 = rated().map(|(w, _)| w).sum();
    (weight > 0.0).then(|| rated().map(|(w, v)| w * v).sum::<f64>() / weight)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn party(case: &str, outstanding_fen: i64, p: Option<f64>) -> Party {
        Party {
            case_no: case.into(),
            debtor_id: "d".into(),
            outstanding_fen,
            capacity_p: p,
            coverage: Some(1.0),
            case_status: "open".into(),
            evidenced_means_fen: Some(0),
            ..Party::default()
        }
    }

    #[test]
    fn the_mean_is_weighted_by_what_he_owes() {
        let own = [party("a", 300, Some(0.2)), party("b", 100, Some(0.6)), party("c", 5_000, None)];
        assert!((by_due(&own, |p| p.capacity_p).unwrap() - 0.3).abs() < 1e-12);
        let row = DebtorRow::of(&own[0], &own, Some(&[6.0, -3.0, 0.0]), (true, false));
        assert_eq!((row.due_all_fen, row.open_cases_n, row.is_listed), (5_400, 3, true));
        assert_eq!(row.points, Some([3.0, -1.5, 0.0]));
        assert!(row.insolvent_candidate);
    }

    #[test]
    fn unknown_means_are_no_sign_of_insolvency() {
        let own = [Party { coverage: Some(0.5), ..party("a", 300, Some(0.1)) }];
        assert!(!DebtorRow::of(&own[0], &own, None, (false, false)).insolvent_candidate);
        // Nor is an income that cannot be counted nothing, in whichever of his cases it shows.
        let own = [party("a", 300, Some(0.1)), Party { evidenced_means_fen: None, ..party("b", 300, Some(0.1)) }];
        let row = DebtorRow::of(&own[0], &own, None, (false, false));
        assert!(!row.insolvent_candidate && row.net_means_all_fen.is_none());
        assert!(DebtorRow::of(&own[0], &own[..1], None, (false, false)).insolvent_candidate);
    }
}
