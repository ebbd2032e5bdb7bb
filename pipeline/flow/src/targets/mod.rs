//! What happened within the horizon of a day: the labels that training learns from, and the landmarks it learns at.
//!
//! A label is read only from what was known by the training day, and counts only if its whole window had ended by then. A case that ends by bankruptcy,
//! transfer, withdrawal or death without estate inside the window, its due not covered, is censored on that day: it says nothing about the debtor, and
//! training counts those like it the more (`train/censor.rs`). Stayed days do not count: they lengthen the window, each of them once.

mod calendar;
mod outcome;

use luheng_lake::columns::{Columns, Day};

use crate::config::Moment;
use crate::context::Context;
use crate::cutoff::{Facts, Party};
use crate::error::Result;
use crate::features::{self, Subject};
use crate::means;
use crate::standing::Standing;

pub use calendar::{TABLES as CALENDAR, calendar};
pub use outcome::{Outcome, Window, outcome};

/// The training rows of one bucket: case_no, debtor_id, day, the features that some rating reads; `capacity_label`, `willingness_label`, `recovery_label`, `revival_label` (null where
/// the axis has none); and of `capacity` (for recovery too), `willingness` and `revival` each `_end` (the day on which the outcome was known),
/// `_censored_on` and `_risk_days` (see [`Window`]).
///
/// # Errors
/// A column read that no table has.
pub fn of_bucket(facts: &Facts, ctx: &Context) -> Result<Columns> {
    let features = features::rated(ctx);
    let mut keys: Vec<(String, String, Day)> = Vec::new();
    let mut values: Vec<Vec<Option<f64>>> = vec![Vec::new(); features.len()];
    let mut labels: Vec<Outcome> = Vec::new();
    for debtor in facts.debtors() {
        let now = facts.view(debtor, ctx.as_of);
        let mut wanted: Vec<(Day, &str)> = Vec::new();
        for party in now.parties_ever() {
            wanted.extend(landmarks(&party, ctx).into_iter().map(|day| (day, party.case_no)));
        }
        wanted.sort_unstable();
        wanted.dedup();
        for same_day in wanted.chunk_by(|a, b| a.0 == b.0) {
            let then = facts.view(debtor, same_day[0].0);
            for party in same_day.iter().filter_map(|(_, case_no)| then.party(case_no)) {
                if !party.is_live() || !party.is_money() || party.due_fen() <= 0 {
                    continue;
                }
                let means = means::means_of(&party, ctx);
                let standing = Standing::of(&party, &means, ctx);
                let label = outcome(facts, &now, &party, &standing, ctx);
                if label.is_empty() {
                    continue;
                }
                keys.push((party.case_no.to_owned(), debtor.to_owned(), party.day()));
                labels.push(label);
                let subject = Subject { party, means, ctx };
                for (at, feature) in features.iter().enumerate() {
                    values[at].push((feature.compute)(&subject).number.filter(|n| !n.is_nan()));
                }
            }
        }
    }
    facts.check()?;
    let mut table = Columns::new()
        .text("case_no", keys.iter().map(|k| Some(&k.0)))
        .text("debtor_id", keys.iter().map(|k| Some(&k.1)))
        .date("day", keys.iter().map(|k| Some(k.2)))
        .real("capacity_label", labels.iter().map(|l| l.capacity))
        .real("willingness_label", labels.iter().map(|l| l.willingness))
        .real("recovery_label", labels.iter().map(|l| l.recovery))
        .real("revival_label", labels.iter().map(|l| l.revival));
    type OfOutcome = fn(&Outcome) -> Window;
    let windows: [(&str, OfOutcome); 3] =
        [("capacity", |l| l.capacity_window), ("willingness", |l| l.willingness_window), ("revival", |l| l.revival_window)];
    for (axis, window) in windows {
        table = table
            .date(&format!("{axis}_end"), labels.iter().map(|l| window(l).end))
            .date(&format!("{axis}_censored_on"), labels.iter().map(|l| window(l).censored_on))
            .int(&format!("{axis}_risk_days"), labels.iter().map(|l| window(l).risk_days.map(i64::from)));
    }
    for (feature, column) in features.iter().zip(values) {
        table = table.real(feature.id, column);
    }
    Ok(table)
}

/// The days a party is learned from: its own moment in a back-test; else days after the debt's first filing, and each re-query after 终本.
pub fn landmarks(party: &Party<'_, '_>, ctx: &Context) -> Vec<Day> {
    let mut days: Vec<Day> = match ctx.config.moment() {
        Moment::Filing(after) => features::moment_of(party, after, ctx.as_of).into_iter().collect(),
        Moment::AsOf => {
            let (Some(debt), Some(filed)) = (party.debt_filed_on(), party.case.date("filed_on")) else { return Vec::new() };
            let mut days: Vec<Day> =
                ctx.ratings.capacity.landmarks_days.iter().map(|after| debt.saturating_add(*after)).filter(|day| *day >= filed).collect();
            if let (Some("no_property"), Some(closed)) = (party.case.text("close_kind"), party.case.date("closed_on")) {
                let requeries = party.rows("inquiries").into_iter().filter_map(|i| i.date("returned_on")).filter(|on| *on > closed);
                days.extend(requeries);
            }
            days
        }
    };
    days.retain(|day| *day <= ctx.as_of);
    days.sort_unstable();
    days.dedup();
    days
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use luheng_lake::columns::day;

    use super::*;
    use crate::fixture::{CASE, answered_none, context, fact, held, plain};

    /// Days learned from of a party who left the case on a day, or never.
    fn learned(left: Option<&str>) -> Vec<String> {
        let mut ctx = context();
        ctx.ratings.capacity.required_channels.clear();
        ctx.as_of = day::parse("2026-06-30").unwrap();
        let mut facts = plain(true);
        facts.extend(answered_none());
        if let Some(left) = left {
            facts.retain(|(table, _)| *table != "parties");
            facts.push(fact("parties", &[("role", "principal"), ("left_on", left)]));
        }
        let facts = held(&ctx, &facts);
        let rows = of_bucket(&facts, &ctx).unwrap();
        (0..rows.len()).map(|at| day::format(rows.get("day").unwrap().date_at(at).unwrap())).collect()
    }

    #[test]
    fn a_party_released_later_is_learned_from_on_the_days_before() {
        // Filed on 2025-01-06: 30, 90, 180 and 365 days after; the last has no closed window.
        let all = ["2025-02-05", "2025-04-06", "2025-07-05"];
        assert_eq!(learned(None), all, "{CASE}");
        assert_eq!(learned(Some("2026-01-01")), all, "the release was not known on those days");
        assert_eq!(learned(Some("2025-05-01")), all[..2]);
    }
}
