//! What each metric counts in the facts: whole numbers only, so that buckets add up in any grouping.

use std::collections::BTreeMap;

use luheng_lake::columns::{Columns, Day};

use crate::cutoff::{Row, View};
use crate::metrics::case_facts::CaseFacts;

/// Days of the year that ends with the day itself.
pub const YEAR: Day = 365;

/// Did it happen on the day or in the 364 before it?
pub fn within_year(on: Option<Day>, day: Day) -> bool {
    on.is_some_and(|on| on <= day && on > day - YEAR)
}

/// Is an entry on a list in force at 24:00 of the day? Listed by then, not removed, not expired before it, not suspended. A void row is in no view.
pub fn in_force(listing: &Row<'_>, day: Day) -> bool {
    let listed = listing.date("listed_on").is_some_and(|on| on <= day);
    let removed = listing.date("removed_on").is_some_and(|on| on <= day);
    let expired = listing.date("expires_on").is_some_and(|on| on < day);
    let suspended =
        listing.date("suspended_from_on").is_some_and(|from| from <= day) && listing.date("suspended_to_on").is_none_or(|to| to >= day);
    listed && !removed && !expired && !suspended
}

/// Entries of a list, oldest first; ties by case number.
pub fn entries<'a>(view: &View<'a>, list: &str) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'a>> = view.rows("listings").iter().filter(|r| r.text("list") == Some(list)).copied().collect();
    rows.sort_by_key(|r| (r.date("listed_on"), r.text("case_no"), r.row_id()));
    rows
}

/// The court of a case: as the case says, else as its number says (`（2025）浙0106执1234号` is of 浙0106).
pub fn court_of<'a>(view: &View<'a>, case_no: Option<&'a str>) -> Option<&'a str> {
    let case_no = case_no?;
    let case = view.rows("cases").iter().find(|c| c.text("case_no") == Some(case_no));
    case.and_then(|c| c.text("court_code")).or_else(|| court_in(case_no))
}

/// The court's prefix inside a case number.
pub fn court_in(case_no: &str) -> Option<&str> {
    let after = case_no.split_once('）')?.1;
    let end = after.char_indices().skip(1).find(|(_, c)| !c.is_ascii_digit()).map(|(at, _)| at)?;
    Some(&after[..end])
}

/// Where a unit is counted: by residence with a court to fall back on, or by court.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    metric: &'static str,
    part: Option<String>,
    by_court: bool,
    residence: Option<String>,
    court: Option<String>,
}

/// Sums of one bucket by metric, part and place, before places become counties (the list of regions is the whole stage's).
#[derive(Debug, Default)]
pub struct Tally {
    metric: &'static str,
    cells: BTreeMap<Place, (i64, i64, i64)>,
}

impl Tally {
    /// Says which metric the next units belong to.
    pub fn start(&mut self, metric: &'static str) {
        self.metric = metric;
    }

    /// One unit of a debtor by residence; `court` is where it counts if no residence is known.
    fn at_home(&mut self, view: &View<'_>, part: Option<&str>, court: Option<&str>) {
        let residence = view.debtor().and_then(|d| d.text("residence_region")).map(str::to_owned);
        self.add(part, false, residence, court, (1, 0, 1));
    }

    /// One unit of a share, by court.
    pub fn at_court(&mut self, court: Option<&str>, counts: bool) {
        self.add(None, true, None, court, (i64::from(counts), 1, 1));
    }

    fn add(&mut self, part: Option<&str>, by_court: bool, residence: Option<String>, court: Option<&str>, by: (i64, i64, i64)) {
        let place = Place { metric: self.metric, part: part.map(str::to_owned), by_court, residence, court: court.map(str::to_owned) };
        let cell = self.cells.entry(place).or_default();
        *cell = (cell.0 + by.0, cell.1 + by.1, cell.2 + by.2);
    }

    /// The sums as a table, in a fixed order.
    pub fn into_columns(self) -> Columns {
        let (places, sums): (Vec<Place>, Vec<(i64, i64, i64)>) = self.cells.into_iter().unzip();
        Columns::new()
            .text("metric", places.iter().map(|p| Some(p.metric)))
            .text("part", places.iter().map(|p| p.part.as_deref()))
            .flag("by_court", places.iter().map(|p| Some(p.by_court)))
            .text("residence", places.iter().map(|p| p.residence.as_deref()))
            .text("court_code", places.iter().map(|p| p.court.as_deref()))
            .int("numerator", sums.iter().map(|s| Some(s.0)))
            .int("denominator", sums.iter().map(|s| Some(s.1)))
            .int("units", sums.iter().map(|s| Some(s.2)))
    }
}

fn kind<'a>(view: &View<'a>) -> Option<&'a str> {
    view.debtor().and_then(|d| d.text("kind"))
}

/// One unit where the debtor has an entry in force; it falls back on the court of the oldest.
fn listed_once(view: &View<'_>, list: &str, natural: bool, tally: &mut Tally) {
    let right_kind = kind(view).is_some_and(|k| (k == "natural") == natural);
    let oldest = entries(view, list).into_iter().find(|r| in_force(r, view.day));
    if let (true, Some(entry)) = (right_kind, oldest) {
        tally.at_home(view, None, court_of(view, entry.text("case_no")));
    }
}

/// Entries of a natural person on the list of dishonest debtors.
fn natural_entries<'a>(view: &View<'a>) -> Vec<Row<'a>> {
    if kind(view) == Some("natural") { entries(view, "dishonest") } else { Vec::new() }
}

/// The numerator of the headline.
pub fn dishonest_persons(view: &View<'_>, tally: &mut Tally) {
    listed_once(view, "dishonest", true, tally);
}

/// Organisations with an entry in force.
pub fn organisations_listed(view: &View<'_>, tally: &mut Tally) {
    listed_once(view, "dishonest", false, tally);
}

/// Persons under a limit in force.
pub fn limited_persons(view: &View<'_>, tally: &mut Tally) {
    listed_once(view, "consumption_limit", true, tally);
}

/// Entries in force.
pub fn dishonest_entries(view: &View<'_>, tally: &mut Tally) {
    for entry in natural_entries(view).iter().filter(|r| in_force(r, view.day)) {
        tally.at_home(view, None, court_of(view, entry.text("case_no")));
    }
}

/// Entries made within the year.
pub fn new_listings(view: &View<'_>, tally: &mut Tally) {
    for entry in natural_entries(view).iter().filter(|r| within_year(r.date("listed_on"), view.day)) {
        tally.at_home(view, None, court_of(view, entry.text("case_no")));
    }
}

/// Entries removed or run out within the year, whole and by ground.
pub fn removals(view: &View<'_>, tally: &mut Tally) {
    for entry in natural_entries(view) {
        // An entry is out from the day after its last day, unless it was removed before.
        let ran_out = entry.date("expires_on").map(|on| on + 1).filter(|on| *on <= view.day);
        let (out_on, ground) = match entry.date("removed_on") {
            Some(on) if ran_out.is_none_or(|out| on <= out) => (Some(on), entry.text("removal_ground").unwrap_or("unstated")),
            _ => (ran_out, "term_ended"),
        };
        if within_year(out_on, view.day) {
            let court = court_of(view, entry.text("case_no"));
            tally.at_home(view, None, court);
            tally.at_home(view, Some(ground), court);
        }
    }
}

/// Inquiries of the year, and those answered.
pub fn inquiries_answered(view: &View<'_>, tally: &mut Tally) {
    for inquiry in view.rows("inquiries").iter().filter(|r| within_year(r.date("sent_on"), view.day)) {
        let answered = matches!(inquiry.text("outcome"), Some("found" | "none"));
        tally.at_court(court_of(view, inquiry.text("case_no")), answered);
    }
}

/// Property reports of the year, and those in time.
pub fn reports_on_time(view: &View<'_>, tally: &mut Tally) {
    let stands = |r: &&Row<'_>| !matches!(r.text("finding"), Some("alleged" | "set_aside"));
    for act in view.rows("conduct").iter().filter(|r| within_year(r.date("happened_on"), view.day)).filter(stands) {
        let in_time = match act.text("kind") {
            Some("report_filed") => true,
            Some("report_late" | "report_missing" | "report_false") => false,
            _ => continue,
        };
        tally.at_court(court_of(view, act.text("case_no")), in_time);
    }
}

/// An open or stayed case.
pub fn open_case(case: &CaseFacts) -> Option<(i64, i64)> {
    (!case.is_closed()).then_some((1, 0))
}

/// Money received in the year, over it and what is still due.
pub fn recovered(case: &CaseFacts) -> Option<(i64, i64)> {
    let in_hand = !case.is_closed() || case.is_no_property() || case.closed_within_year;
    let base = case.received_365d_fen.saturating_add(case.due_fen);
    // A case carried on under a new number hands its debt over; counting it here too would count each fen twice.
    let due = if case.is_superseded { case.received_365d_fen } else { base };
    (in_hand && due > 0).then_some((case.received_365d_fen, due))
}

/// A case closed in the year, and whether for want of property.
pub fn closed_without_property(case: &CaseFacts) -> Option<(i64, i64)> {
    case.closed_within_year.then_some((i64::from(case.is_no_property()), 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_number_names_its_court() {
        assert_eq!(court_in("（2025）浙0106执1234号"), Some("浙0106"));
        assert_eq!(court_in("（2025）浙01执恢7号"), Some("浙01"));
        assert_eq!(court_in("浙0106"), None);
    }

    #[test]
    fn a_year_is_365_days_ending_today() {
        assert!(within_year(Some(1000), 1000) && within_year(Some(636), 1000));
        assert!(!within_year(Some(635), 1000) && !within_year(Some(1001), 1000) && !within_year(None, 1000));
    }
}
