//! The stage `backtest`: what the verb reads of one bucket of the lake. Whose landmarks they were and where, the newest landmarks with their features
//! (training rows have only those whose outcome is known), and what becomes of today's grades without a channel's answers.

use std::collections::BTreeMap;

use luheng_lake::columns::{Columns, Day};
use luheng_lake::store::tables;

use super::channels;
use crate::bundle::Bundle;
use crate::context::Context;
use crate::cutoff::{Facts, Party, TABLES, View};
use crate::error::Result;
use crate::features::{self, Subject};
use crate::means;
use crate::standing::Standing;
use crate::targets;

/// The tables `landmarks`, `awaited` and `channels` of one bucket.
///
/// # Errors
/// A lake that cannot be read; a model of other features.
pub fn of_bucket(ctx: &Context, bucket: u32, models: &Bundle) -> Result<Vec<(&'static str, Columns)>> {
    let mut held = BTreeMap::new();
    for name in TABLES {
        if let Some(columns) = tables::read(&ctx.work.lake(), name, bucket, &ctx.seals.lake)? {
            held.insert(name, columns);
        }
    }
    let facts = Facts::new(&ctx.schema, |table| Ok(held.get(table).cloned()))?;
    let (landmarks, awaited) = landmarks(&facts, ctx)?;
    Ok(vec![("landmarks", landmarks), ("awaited", awaited), ("channels", channels::of_bucket(&held, models, ctx)?)])
}

/// A party on a landmark.
struct Mark {
    case_no: String,
    debtor_id: String,
    day: Day,
    court: Option<String>,
    county: Option<String>,
    kind: Option<String>,
    assumed: bool,
}

/// Every landmark of training, and those of them whose window had not ended by the day, with features and the axes they are rated on.
fn landmarks(facts: &Facts, ctx: &Context) -> Result<(Columns, Columns)> {
    let features = features::rated(ctx);
    // Those of a case closed for want of property, which wait longest, are not told.
    let specs = [&ctx.ratings.capacity, &ctx.ratings.willingness, &ctx.ratings.recovery];
    let longest = specs.iter().map(|spec| spec.horizon_days.saturating_add(spec.grace_days)).max().unwrap_or_default();
    let (mut marks, mut newest, mut rated) = (Vec::new(), Vec::new(), Vec::new());
    let mut values: Vec<Vec<Option<f64>>> = vec![Vec::new(); features.len()];
    for debtor in facts.debtors() {
        let now = facts.view(debtor, ctx.as_of);
        let mut wanted: Vec<(Day, &str)> = Vec::new();
        for party in now.parties_ever() {
            wanted.extend(targets::landmarks(&party, ctx).into_iter().map(|day| (day, party.case_no)));
        }
        wanted.sort_unstable();
        wanted.dedup();
        for same_day in wanted.chunk_by(|a, b| a.0 == b.0) {
            let then = facts.view(debtor, same_day[0].0);
            let assumed = is_assumed(&then);
            for party in same_day.iter().filter_map(|(_, case_no)| then.party(case_no)) {
                // As the stage `targets` takes them; a training row without its landmark stops the report.
                if !party.is_live() || !party.is_money() || party.due_fen() <= 0 {
                    continue;
                }
                marks.push(mark(&party, assumed));
                if party.day().saturating_add(longest) <= ctx.as_of {
                    continue;
                }
                let means = means::means_of(&party, ctx);
                let standing = Standing::of(&party, &means, ctx);
                newest.push(marks.len() - 1);
                rated.push((standing.capacity_status == "rated", standing.willingness_status == "rated"));
                let subject = Subject { party, means, ctx };
                for (at, feature) in features.iter().enumerate() {
                    values[at].push((feature.compute)(&subject).number.filter(|n| !n.is_nan()));
                }
            }
        }
    }
    facts.check()?;
    let all: Vec<usize> = (0..marks.len()).collect();
    let table = keys(&marks, &all)
        .text("court", marks.iter().map(|m| m.court.as_ref()))
        .text("county", marks.iter().map(|m| m.county.as_ref()))
        .text("kind", marks.iter().map(|m| m.kind.as_ref()))
        .flag("assumed", marks.iter().map(|m| Some(m.assumed)));
    let mut awaited = keys(&marks, &newest)
        .flag("capacity_rated", rated.iter().map(|r| Some(r.0)))
        .flag("willingness_rated", rated.iter().map(|r| Some(r.1)));
    for (feature, column) in features.iter().zip(values) {
        awaited = awaited.real(feature.id, column);
    }
    Ok((table, awaited))
}

fn keys(marks: &[Mark], at: &[usize]) -> Columns {
    Columns::new()
        .text("case_no", at.iter().map(|at| Some(&marks[*at].case_no)))
        .text("debtor_id", at.iter().map(|at| Some(&marks[*at].debtor_id)))
        .date("day", at.iter().map(|at| Some(marks[*at].day)))
}

fn mark(party: &Party<'_, '_>, assumed: bool) -> Mark {
    let debtor = party.view.debtor();
    let of_debtor = |column: &'static str| debtor.and_then(|d| d.text(column)).map(str::to_owned);
    Mark {
        case_no: party.case_no.to_owned(),
        debtor_id: party.view.debtor_id.to_owned(),
        day: party.day(),
        court: party.case.text("court_code").map(str::to_owned),
        county: of_debtor("residence_region"),
        kind: of_debtor("kind"),
        assumed,
    }
}

/// Does anything known of the debtor rest on a day that was assumed, not stated? Registers state none.
fn is_assumed(view: &View<'_>) -> bool {
    let dated = TABLES.iter().filter(|table| **table != "registers");
    dated.into_iter().any(|table| view.rows(table).iter().any(|row| row.text("known_on_basis") == Some("assumed")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use luheng_lake::columns::day;

    use super::*;
    use crate::fixture::{answered_none, context, fact, held, plain};

    fn tables(assumed: bool) -> (Columns, Columns, Columns) {
        let mut ctx = context();
        ctx.ratings.capacity.required_channels.clear();
        ctx.as_of = day::parse("2026-06-30").unwrap();
        let mut facts = plain(true);
        facts.extend(answered_none());
        if assumed {
            facts.push(fact(
                "payments",
                &[("paid_on", "2025-03-01"), ("amount_fen", "100"), ("known_on", "2025-03-02"), ("known_on_basis", "assumed")],
            ));
        }
        let facts = held(&ctx, &facts);
        let (landmarks, awaited) = landmarks(&facts, &ctx).unwrap();
        (landmarks, awaited, targets::of_bucket(&facts, &ctx).unwrap())
    }

    fn days(table: &Columns) -> Vec<String> {
        (0..table.len()).map(|at| day::format(table.get("day").unwrap().date_at(at).unwrap())).collect()
    }

    #[test]
    fn every_training_row_has_its_landmark_and_the_newest_wait_for_their_outcome() {
        let (landmarks, awaited, training) = tables(false);
        assert_eq!(days(&landmarks), ["2025-02-05", "2025-04-06", "2025-07-05", "2026-01-06"]);
        assert!(days(&training).iter().all(|day| days(&landmarks).contains(day)) && !training.is_empty());
        assert_eq!(days(&awaited), ["2026-01-06"], "half a year and the grace after it had not passed");
    }

    #[test]
    fn a_landmark_rests_on_an_assumed_day_from_the_day_that_fact_was_known() {
        let flags = |table: &Columns| (0..table.len()).map(|at| table.get("assumed").unwrap().flag_at(at).unwrap()).collect::<Vec<_>>();
        assert_eq!(flags(&tables(false).0), [false; 4]);
        assert_eq!(flags(&tables(true).0), [false, true, true, true]);
    }
}
