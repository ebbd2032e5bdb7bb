//! What one bucket gives the regional figures, the lists of cases and debtors, the alerts and the oversight: four small tables, made in one pass over its debtors.
//!
//! They are inner tables of a night and never published: cells are not yet suppressed in them.

use std::collections::BTreeMap;

use luheng_lake::columns::Columns;

use crate::context::Context;
use crate::cutoff::Facts;
use crate::error::Result;
use crate::frame;
use crate::metrics::alerts::{self, Alert};
use crate::metrics::case_facts::CaseFacts;
use crate::metrics::counts::{self, Tally};
use crate::metrics::definitions::{METRICS, Sums};
use crate::metrics::oversight;

/// The four tables of one bucket.
#[derive(Clone, Debug)]
pub struct OfBucket {
    /// Sums of the metrics that are counted debtor by debtor.
    pub sums: Columns,
    /// Alerts that the bucket alone can tell.
    pub alerts: Columns,
    /// One row a debtor and case: the case's facts, and whether the debtor is on a list.
    pub party_facts: Columns,
    /// What was done and decided, by what the ratings said.
    pub oversight: Columns,
}

/// The tables of one bucket as of the run's day; `ratings` are the bucket's own.
///
/// # Errors
/// A column that `ratings` lacks.
pub fn of_bucket(facts: &Facts, ratings: &Columns, ctx: &Context) -> Result<OfBucket> {
    let mut tally = Tally::default();
    let mut cases = Vec::new();
    let mut alerts: Vec<Alert> = Vec::new();
    let rated = rated_by_debtor(ratings)?;
    let (graded, mut done) = (oversight::rated(ratings)?, oversight::Tally::default());
    let assets = facts.first_known("assets");
    for debtor in facts.debtors() {
        let view = facts.view(debtor, ctx.as_of);
        for metric in METRICS {
            tally.start(metric.id);
            match metric.sums {
                Sums::Debtor(count) => count(&view, &mut tally),
                Sums::Rated => {
                    for (case_no, is_rated) in rated.get(debtor).into_iter().flatten() {
                        tally.at_court(counts::court_of(&view, Some(case_no)), *is_rated);
                    }
                }
                Sums::Case(_) => {}
            }
        }
        let on = |list: &str| counts::entries(&view, list).iter().any(|r| counts::in_force(r, view.day));
        let (is_listed, is_limited) = (on("dishonest"), on("consumption_limit"));
        for party in view.parties() {
            let holds = alerts::holds(&party);
            let lapses_on = holds.iter().filter_map(|h| h.expires_on).min();
            cases.push(CaseFacts { lapses_on, is_listed, is_limited, ..CaseFacts::of(&party) });
            alerts::of_party(&party, &holds, &assets, ctx, &mut alerts);
            if let Some(grades) = graded.get(&(debtor, party.case_no)) {
                done.party(&party, *grades);
            }
        }
        alerts::of_debtor(&view, &mut alerts);
        done.debtor(&view, &graded);
    }
    Ok(OfBucket {
        sums: tally.into_columns(),
        alerts: Alert::columns(ctx.as_of, &alerts),
        party_facts: CaseFacts::columns(&cases),
        oversight: done.into_columns(),
    })
}

/// Cases of each debtor due for rating, and whether his capacity is rated there.
fn rated_by_debtor(ratings: &Columns) -> Result<BTreeMap<&str, Vec<(&str, bool)>>> {
    let mut by_debtor: BTreeMap<&str, Vec<(&str, bool)>> = BTreeMap::new();
    for row in frame::rows(ratings, &["case_no", "debtor_id", "capacity_status"])? {
        if let (Some(debtor), Some(case_no)) = (row.text("debtor_id"), row.text("case_no")) {
            by_debtor.entry(debtor).or_default().push((case_no, row.text("capacity_status") == Some("rated")));
        }
    }
    Ok(by_debtor)
}

#[cfg(test)]
mod tests;
