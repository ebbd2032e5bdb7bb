//! What the court did, by what the ratings said: so that a rating does not come true because it was believed. Effort, the time since the last step and
//! overdue statutory steps by grade, size of the claim and livelihood; what judges made of the advice; what came of objections.
//!
//! None of it is ever a feature. A bucket counts whole numbers; the whole adds them up and divides.

use std::collections::BTreeMap;

use luheng_lake::columns::{Columns, Day};
use polars::prelude::col;

use crate::cutoff::{Party, Row, View};
use crate::error::Result;
use crate::frame;
use crate::metrics::counts::within_year;
use crate::metrics::interval::{difference, wilson};
use crate::procedure::overdue_steps;

/// Steps of so many days back are effort.
const EFFORT_DAYS: Day = 180;
/// The step that is the debtor's to do, not the court's.
const OF_DEBTOR: &str = "property_report";
/// Upper ends of the bands of claims, in fen, with their codes; the last has none.
const BANDS: [(i64, &str); 3] = [(1_000_000, "below_10k"), (10_000_000, "below_100k"), (100_000_000, "below_1m")];
const LARGEST: &str = "from_1m";

/// The lowest grade of each axis.
const LOWEST: [(&str, &str); 2] = [("capacity_grade", "C1"), ("willingness_grade", "W1")];

/// Indicators that are shares of what is counted, and so have an interval.
const SHARES: [&str; 5] = ["untouched", "step_overdue", "advice_adopted", "grade_overridden", "objection_upheld"];

/// The indicator of a lowest grade that is left behind.
const LEFT_BEHIND: &str = "left_behind";

/// Numerator and denominator of one indicator in one group.
type Cell = (i64, i64);
/// Indicator, what it is grouped by, group.
type Key = (&'static str, &'static str, String);

/// The counts of one bucket.
#[derive(Debug, Default)]
pub struct Tally {
    cells: BTreeMap<Key, Cell>,
}

/// What the ratings said of a party.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rated<'a> {
    /// C1 to C5; none where not rated.
    pub capacity_grade: Option<&'a str>,
    /// W1 to W5; none where not rated.
    pub willingness_grade: Option<&'a str>,
}

/// The rated parties of a bucket, by debtor and case.
///
/// # Errors
/// A column that `ratings` lacks.
pub fn rated(ratings: &Columns) -> Result<BTreeMap<(&str, &str), Rated<'_>>> {
    let rows = frame::rows(ratings, &["case_no", "debtor_id", "capacity_grade", "willingness_grade"])?;
    Ok(rows
        .filter_map(|r| {
            let grades = Rated { capacity_grade: r.text("capacity_grade"), willingness_grade: r.text("willingness_grade") };
            Some(((r.text("debtor_id")?, r.text("case_no")?), grades))
        })
        .collect())
}

impl Tally {
    /// Counts a rated party.
    pub fn party(&mut self, party: &Party<'_, '_>, rated: Rated<'_>) {
        let day = party.day();
        let steps = steps(party);
        let recent = steps.iter().filter(|on| **on > day - EFFORT_DAYS).count() as i64;
        let last = steps.last().map(|on| i64::from(day - on));
        let overdue = i64::from(overdue_steps(party).iter().any(|step| step.text("node") != Some(OF_DEBTOR)));
        let livelihood = if matches!(party.case.text("livelihood"), None | Some("none")) { "no" } else { "yes" };
        let groups = [
            ("capacity_grade", rated.capacity_grade.unwrap_or("unrated")),
            ("willingness_grade", rated.willingness_grade.unwrap_or("unrated")),
            ("claim", band(party.case_due_fen())),
            ("livelihood", livelihood),
        ];
        for (by, group) in groups {
            self.add("steps_180d", by, group, (recent, 1));
            self.add("step_age_days", by, group, last.map_or((0, 0), |days| (days, 1)));
            self.add("untouched", by, group, (i64::from(last.is_none()), 1));
            self.add("step_overdue", by, group, (overdue, 1));
        }
    }

    /// Counts what was decided on advice about a debtor, and his objections, within the year.
    pub fn debtor(&mut self, view: &View<'_>, rated: &BTreeMap<(&str, &str), Rated<'_>>) {
        for decision in view.rows("decisions").iter().filter(|r| within_year(r.date("decided_on"), view.day)) {
            let Some(said) = decision.text("decision") else { continue };
            let subject = decision.text("subject").unwrap_or("unstated");
            let adopted = (i64::from(said == "adopted"), 1);
            self.add("advice_adopted", "subject", subject, adopted);
            if let Some(measure) = decision.text("measure") {
                self.add("advice_adopted", "measure", measure, adopted);
            }
            if subject == "grade" {
                let grades = decision.text("case_no").and_then(|case| rated.get(&(view.debtor_id, case))).copied().unwrap_or_default();
                let overridden = (1 - adopted.0, 1);
                self.add("grade_overridden", "capacity_grade", grades.capacity_grade.unwrap_or("unrated"), overridden);
                self.add("grade_overridden", "willingness_grade", grades.willingness_grade.unwrap_or("unrated"), overridden);
            }
            if let (Some(reason), true) = (decision.text("reason_code"), said != "adopted") {
                self.add("advice_not_adopted", "reason", reason, (1, 0));
            }
        }
        for objection in view.rows("objections") {
            let subject = objection.text("subject").unwrap_or("unstated");
            let (filed, decided) = (objection.date("filed_on"), objection.date("decided_on"));
            if within_year(decided, view.day) {
                let upheld = matches!(objection.text("outcome"), Some("upheld" | "partly"));
                self.add("objection_upheld", "subject", subject, (i64::from(upheld), 1));
                if let (Some(filed), Some(decided), true) = (filed, decided, upheld) {
                    self.add("objection_days", "subject", subject, (i64::from(decided - filed), 1));
                }
            } else if decided.is_none() && filed.is_some() {
                let late = objection.date("due_on").is_some_and(|due| due < view.day);
                self.add("objection_overdue", "subject", subject, (i64::from(late), 1));
            }
        }
    }

    fn add(&mut self, indicator: &'static str, by: &'static str, group: &str, by_cell: Cell) {
        let cell = self.cells.entry((indicator, by, group.to_owned())).or_default();
        *cell = (cell.0 + by_cell.0, cell.1 + by_cell.1);
    }

    /// The counts as a table, in a fixed order.
    pub fn into_columns(self) -> Columns {
        let (keys, cells): (Vec<Key>, Vec<Cell>) = self.cells.into_iter().unzip();
        Columns::new()
            .text("indicator", keys.iter().map(|k| Some(k.0)))
            .text("grouped_by", keys.iter().map(|k| Some(k.1)))
            .text("group", keys.iter().map(|k| Some(&k.2)))
            .int("numerator", cells.iter().map(|c| Some(c.0)))
            .int("denominator", cells.iter().map(|c| Some(c.1)))
    }
}

/// The days on which the court did something in the case that touches this party, each once, oldest first.
fn steps(party: &Party<'_, '_>) -> Vec<Day> {
    let day = party.day();
    let on = |table: &'static str, date: &'static str| -> Vec<Day> {
        let of = |row: Row<'_>| row.date(date).filter(|on| *on <= day);
        party.rows(table).into_iter().filter_map(of).collect()
    };
    let mut days =
        [on("measures", "applied_on"), on("milestones", "done_on"), on("inquiries", "sent_on"), on("seizures", "from_on")].concat();
    days.sort_unstable();
    days.dedup();
    days
}

fn band(due_fen: i64) -> &'static str {
    BANDS.iter().find(|(end, _)| due_fen < *end).map_or(LARGEST, |(_, code)| code)
}

/// The table `oversight` from the counts of all buckets: `value` = numerator over denominator, null where nothing was counted; of a share with Wilson's
/// 95 % interval. After them a row `left_behind` for each lowest grade that is: its share with a statutory step overdue less that of the others.
///
/// # Errors
/// A column that the counts lack.
pub fn oversight(sums: &Columns, as_of: Day) -> Result<Columns> {
    let keys = ["indicator", "grouped_by", "group"];
    let added = frame::lazy(sums)?.group_by(keys.map(col)).agg([col("numerator").sum(), col("denominator").sum()]);
    let table = frame::collect(added.sort(keys, frame::ascending()))?;
    let (mut dates, mut values, mut intervals) = (Vec::new(), Vec::new(), Vec::new());
    for row in frame::rows(&table, &["indicator", "numerator", "denominator"])? {
        let (part, of) = (row.int("numerator").unwrap_or(0), row.int("denominator").unwrap_or(0));
        dates.push(Some(as_of));
        values.push((of > 0).then(|| part as f64 / of as f64));
        let is_share = row.text("indicator").is_some_and(|i| SHARES.contains(&i));
        intervals.push(if is_share { wilson(part, of) } else { None });
    }
    let text = |name: &str| -> Vec<Option<String>> {
        let column = table.get(name);
        (0..table.len()).map(|at| column.and_then(|c| c.text_at(at)).map(str::to_owned)).collect()
    };
    let int = |name: &str| -> Vec<Option<i64>> { (0..table.len()).map(|at| table.get(name).and_then(|c| c.int_at(at))).collect() };
    let (mut indicators, mut groupings, mut groups) = (text("indicator"), text("grouped_by"), text("group"));
    let (mut numerators, mut denominators) = (int("numerator"), int("denominator"));
    for behind in left_behind(&table)? {
        indicators.push(Some(LEFT_BEHIND.to_owned()));
        groupings.push(Some(behind.by.to_owned()));
        groups.push(Some(behind.grade.to_owned()));
        numerators.push(Some(behind.lowest.0));
        denominators.push(Some(behind.lowest.1));
        dates.push(Some(as_of));
        let share = |(part, of): Cell| part as f64 / of as f64;
        values.push(Some(share(behind.lowest) - share(behind.others)));
        intervals.push(difference(behind.lowest, behind.others));
    }
    Ok(Columns::new()
        .date("as_of", dates)
        .text("indicator", indicators)
        .text("grouped_by", groupings)
        .text("group", groups)
        .int("numerator", numerators)
        .int("denominator", denominators)
        .real("value", values)
        .real("low95", intervals.iter().map(|i| i.map(|(low, _)| low)))
        .real("high95", intervals.iter().map(|i| i.map(|(_, high)| high))))
}

/// One lowest grade that is left behind.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftBehind {
    /// The column of the grade.
    pub by: &'static str,
    /// `C1` or `W1`.
    pub grade: &'static str,
    /// Its parties with a statutory step overdue, and all its parties.
    pub lowest: (i64, i64),
    /// The same of the higher grades.
    pub others: (i64, i64),
}

/// The lowest grades whose parties have a statutory step overdue more often than those of higher grades, beyond what chance gives (95 %, Newcombe's
/// interval of the difference of two shares): steps that the law sets are owed to every case alike.
///
/// # Errors
/// A column that `oversight` lacks.
pub fn left_behind(oversight: &Columns) -> Result<Vec<LeftBehind>> {
    let mut found = Vec::new();
    for (by, grade) in LOWEST {
        let (mut lowest, mut others) = ((0, 0), (0, 0));
        for row in frame::rows(oversight, &["indicator", "grouped_by", "group", "numerator", "denominator"])? {
            let group = row.text("group").unwrap_or_default();
            if row.text("indicator") != Some("step_overdue") || row.text("grouped_by") != Some(by) || group == "unrated" {
                continue;
            }
            let side: &mut Cell = if group == grade { &mut lowest } else { &mut others };
            *side = (side.0 + row.int("numerator").unwrap_or(0), side.1 + row.int("denominator").unwrap_or(0));
        }
        if difference(lowest, others).is_some_and(|(low, _)| low > 0.0) {
            found.push(LeftBehind { by, grade, lowest, others });
        }
    }
    Ok(found)
}

impl LeftBehind {
    /// In a line, for the manifest and the terminal.
    pub fn line(&self) -> String {
        let share = |(part, of): Cell| format!("{part} of {of} ({:.1} %)", 100.0 * part as f64 / of.max(1) as f64);
        format!(
            "oversight: parties of grade {} have a statutory step overdue more often, {}, than those of higher grades, {}; no rating may delay such a step: see \
             oversight.html",
            self.grade,
            share(self.lowest),
            share(self.others)
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn counted(cells: &[(&'static str, &'static str, &str, Cell)]) -> Columns {
        let mut tally = Tally::default();
        cells.iter().for_each(|(indicator, by, group, cell)| tally.add(indicator, by, group, *cell));
        tally.into_columns()
    }

    #[test]
    fn buckets_add_up_and_nothing_over_nothing_is_null() {
        let one = counted(&[("steps_180d", "claim", "below_10k", (3, 1)), ("objection_days", "subject", "fact", (0, 0))]);
        let two = counted(&[("steps_180d", "claim", "below_10k", (2, 3))]);
        let table = oversight(&Columns::concat(&[one, two]).unwrap(), 100).unwrap();
        let values: Vec<Option<f64>> = (0..table.len()).map(|at| table.get("value").unwrap().real_at(at)).collect();
        assert_eq!(values, [None, Some(1.25)]);
    }

    #[test]
    fn the_lowest_grade_is_told_where_chance_does_not_explain_it() {
        let of = |c1: Cell, c3: Cell| {
            let sums = counted(&[
                ("step_overdue", "capacity_grade", "C1", c1),
                ("step_overdue", "capacity_grade", "C3", c3),
                ("step_overdue", "capacity_grade", "unrated", (90, 100)),
                ("untouched", "capacity_grade", "C3", (90, 100)),
            ]);
            left_behind(&oversight(&sums, 100).unwrap()).unwrap()
        };
        let found = of((40, 100), (10, 100));
        assert_eq!(found, [LeftBehind { by: "capacity_grade", grade: "C1", lowest: (40, 100), others: (10, 100) }]);
        assert!(found[0].line().contains("40 of 100 (40.0 %)"), "{}", found[0].line());
        assert_eq!(of((12, 100), (10, 100)), []);
        assert_eq!(of((10, 100), (40, 100)), []);
        assert_eq!(of((0, 0), (10, 100)), []);
    }

    #[test]
    fn a_claim_has_one_band() {
        assert_eq!(
            [0, 999_999, 1_000_000, 99_999_999, 100_000_000].map(band),
            ["below_10k", "below_10k", "below_100k", "below_1m", "from_1m"]
        );
    }
}
