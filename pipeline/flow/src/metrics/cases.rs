//! `cases`: one row a case, each fen once, with the lane it goes down, whom to pursue first and what is due next.

use std::collections::BTreeMap;

use luheng_lake::columns::{Columns, Day};

use crate::error::Result;
use crate::frame;
use crate::metrics::case_facts::CaseFacts;
use crate::metrics::joint;
use crate::metrics::party::{Party, by_case};

/// A lane: its code in `cases.lane`, its Chinese and its English name. A lane orders work; no measure reads it.
pub const LANES: [(&str, &str, &str); 7] = [
    ("quick", "简案快执", "simple case, quick enforcement"),
    ("ordinary", "普通执行", "ordinary enforcement"),
    ("hard", "难案精执", "hard case, careful enforcement"),
    ("no_means", "无财产审查", "nothing found: review for closing, clearing or aid"),
    ("inquire", "先行查明", "facts are missing: inquire first"),
    ("stayed", "中止", "stayed"),
    ("closed_no_property", "终本监管", "closed for want of property, watched"),
];

/// Share of the due from which a case counts as quick: the good share of the contract.
const QUICK_SHARE: f64 = 0.8;

/// The table `cases` from the parties' standing and ratings, the suggestions, and the party facts of all buckets.
///
/// # Errors
/// A column that a table lacks.
pub fn cases(standing: &Columns, ratings: &Columns, suggestions: &Columns, party_facts: &Columns) -> Result<Columns> {
    let parties = Party::read(standing, ratings)?;
    let facts = CaseFacts::read(party_facts)?;
    let mandatory = first_mandatory(suggestions)?;
    let rows: Vec<CaseRow> = by_case(&parties)
        .filter_map(|case| {
            let first = case.first()?;
            Some(CaseRow::of(first, case, facts.get(&first.case_no), mandatory.get(&first.case_no)))
        })
        .collect();
    Ok(CaseRow::columns(&rows))
}

/// The mandatory step of each case that is due first: day and measure.
fn first_mandatory(suggestions: &Columns) -> Result<BTreeMap<String, (Day, String)>> {
    let mut first: BTreeMap<String, (Day, String)> = BTreeMap::new();
    for row in frame::rows(suggestions, &["case_no", "kind", "eligible", "due_on", "measure"])? {
        let due = (row.text("kind") == Some("mandatory") && row.flag("eligible") == Some(true)).then(|| row.date("due_on")).flatten();
        if let (Some(case_no), Some(on), Some(measure)) = (row.text("case_no"), due, row.owned("measure")) {
            let step = (on, measure);
            let held = first.entry(case_no.to_owned()).or_insert_with(|| step.clone());
            if step < *held {
                *held = step;
            }
        }
    }
    Ok(first)
}

struct CaseRow {
    case_no: String,
    as_of: Day,
    court_code: Option<String>,
    judge_code: Option<String>,
    due_fen: i64,
    recovery_fen: Option<[i64; 3]>,
    parties_n: i64,
    order_of_pursuit: String,
    lane: &'static str,
    next_deadline: Option<(Day, String)>,
}

impl CaseRow {
    fn of(first: &Party, case: &[Party], facts: Option<&CaseFacts>, mandatory: Option<&(Day, String)>) -> Self {
        // Copies of a case agree; were they ever to differ, the greatest due is the careful one.
        let due_fen = case.iter().map(|p| p.case_due_fen).max().unwrap_or(0);
        let recovery_fen = joint::recovery_fen(case, due_fen);
        Self {
            case_no: first.case_no.clone(),
            as_of: case.iter().map(|p| p.as_of).max().unwrap_or(first.as_of),
            court_code: first.court_code.clone(),
            judge_code: first.judge_code.clone(),
            due_fen,
            recovery_fen,
            parties_n: i64::try_from(case.len()).unwrap_or(i64::MAX),
            order_of_pursuit: joint::order_of_pursuit(case).join(";"),
            lane: lane(case, due_fen, recovery_fen),
            next_deadline: next_deadline(facts, mandatory),
        }
    }

    fn columns(rows: &[Self]) -> Columns {
        let end = |at: usize| rows.iter().map(move |r| r.recovery_fen.map(|f| f[at]));
        Columns::new()
            .text("case_no", rows.iter().map(|r| Some(&r.case_no)))
            .date("as_of", rows.iter().map(|r| Some(r.as_of)))
            .text("court_code", rows.iter().map(|r| r.court_code.as_ref()))
            .text("judge_code", rows.iter().map(|r| r.judge_code.as_ref()))
            .int("due_fen", rows.iter().map(|r| Some(r.due_fen)))
            .int("expected_recovery_fen", end(1))
            .int("low_fen", end(0))
            .int("high_fen", end(2))
            .int("parties_n", rows.iter().map(|r| Some(r.parties_n)))
            .text("order_of_pursuit", rows.iter().map(|r| Some(&r.order_of_pursuit)))
            .text("lane", rows.iter().map(|r| Some(r.lane)))
            .text("next_deadline", rows.iter().map(|r| r.next_deadline.as_ref().map(|d| &d.1)))
            .date("next_deadline_on", rows.iter().map(|r| r.next_deadline.as_ref().map(|d| d.0)))
            .text("sheet", rows.iter().map(|r| Some(crate::report::sheet_name(&r.case_no))))
    }
}

/// The lane of a case, by what is known of all its parties.
fn lane(case: &[Party], due_fen: i64, recovery_fen: Option<[i64; 3]>) -> &'static str {
    let rated = || case.iter().filter(|p| p.capacity_status == "rated");
    let weak = |p: &Party| matches!(p.capacity_grade.as_deref(), Some("C1" | "C2")) && p.capacity_extent == "none_found";
    if case.iter().any(Party::is_no_property) {
        "closed_no_property"
    } else if case.iter().any(|p| p.case_status == "stayed") {
        "stayed"
    } else if rated().next().is_none() {
        "inquire"
    } else if rated().any(|p| p.quadrant == "able_unwilling") {
        "hard"
    } else if recovery_fen.is_some_and(|r| r[1] as f64 >= QUICK_SHARE * due_fen as f64) {
        "quick"
    } else if case.iter().all(weak) {
        "no_means"
    } else {
        "ordinary"
    }
}

/// What is due first: an open step, a hold that lapses, or a statutory measure. The text says which (`milestone:closing`, `seizure:lapses`,
/// `measure:…`); a day gone by is still the next, since it is not done.
fn next_deadline(facts: Option<&CaseFacts>, mandatory: Option<&(Day, String)>) -> Option<(Day, String)> {
    let step = facts.and_then(|f| Some((f.next_node_on?, format!("milestone:{}", f.next_node.as_ref()?))));
    let lapse = facts.and_then(|f| Some((f.lapses_on?, "seizure:lapses".to_owned())));
    let measure = mandatory.map(|(on, measure)| (*on, format!("measure:{measure}")));
    [step, lapse, measure].into_iter().flatten().min()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn party(quadrant: &str, grade: &str) -> Party {
        Party {
            case_no: "（2025）浙0106执1号".into(),
            case_status: "open".into(),
            capacity_status: "rated".into(),
            capacity_grade: Some(grade.into()),
            capacity_extent: "none_found".into(),
            quadrant: quadrant.into(),
            ..Party::default()
        }
    }

    #[test]
    fn lanes_follow_what_is_known() {
        let lane_of = |p: &Party, expected: i64| lane(std::slice::from_ref(p), 1_000, Some([0, expected, 1_000]));
        assert_eq!(lane_of(&party("able_unwilling", "C5"), 900), "hard");
        assert_eq!(lane_of(&party("able_willing", "C5"), 900), "quick");
        assert_eq!(lane_of(&party("unable_willing", "C1"), 10), "no_means");
        assert_eq!(lane_of(&party("borderline", "C3"), 500), "ordinary");
        assert_eq!(lane_of(&Party { capacity_status: "no_evidence".into(), ..party("unrated", "C1") }, 0), "inquire");
        let closed = Party { case_status: "closed".into(), close_kind: Some("no_property".into()), ..party("able_willing", "C5") };
        assert_eq!(lane_of(&closed, 900), "closed_no_property");
        assert!(LANES.iter().any(|l| l.0 == "stayed"));
    }

    #[test]
    fn the_earliest_day_is_next_even_if_gone_by() {
        let facts = CaseFacts { next_node: Some("closing".into()), next_node_on: Some(20), lapses_on: Some(15), ..CaseFacts::default() };
        assert_eq!(next_deadline(Some(&facts), None), Some((15, "seizure:lapses".into())));
        assert_eq!(next_deadline(Some(&facts), Some(&(3, "property_report".into()))), Some((3, "measure:property_report".into())));
        assert_eq!(next_deadline(None, None), None);
    }
}
