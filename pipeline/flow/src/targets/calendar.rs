//! The table `calendar`: on which days which axis learns from a party, before anything of its means is reckoned. From it comes the first day that a training
//! holds out, and so what may be fitted that enters a feature (`pipeline/decisions/0008-haircuts-learned-before-the-cut.md`).

use luheng_lake::columns::{Columns, Day};

use super::landmarks;
use super::outcome::{Learns, learns};
use crate::context::Context;
use crate::cutoff::Facts;
use crate::error::Result;

/// What decides that an axis learns: nothing of property.
pub const TABLES: [&str; 9] = ["debtors", "cases", "parties", "payments", "inquiries", "conduct", "listings", "stays", "milestones"];

/// The table `calendar` of one bucket: case_no, day, and a flag an axis (`capacity`, for recovery too, `willingness`, `revival`), a row for each row of
/// [`super::of_bucket`].
///
/// # Errors
/// A column read that no table has.
pub fn calendar(facts: &Facts, ctx: &Context) -> Result<Columns> {
    let mut keys: Vec<(String, Day)> = Vec::new();
    let mut axes: Vec<Learns> = Vec::new();
    for debtor in facts.debtors() {
        let now = facts.view_of(debtor, ctx.as_of, &TABLES);
        let mut wanted: Vec<(Day, &str)> = Vec::new();
        for party in now.parties_ever() {
            wanted.extend(landmarks(&party, ctx).into_iter().map(|day| (day, party.case_no)));
        }
        wanted.sort_unstable();
        wanted.dedup();
        for same_day in wanted.chunk_by(|a, b| a.0 == b.0) {
            let then = facts.view_of(debtor, same_day[0].0, &TABLES);
            for party in same_day.iter().filter_map(|(_, case_no)| then.party(case_no)) {
                if !party.is_live() || !party.is_money() || party.due_fen() <= 0 {
                    continue;
                }
                let learns = learns(&now, &party, ctx);
                if learns != Learns::default() {
                    keys.push((party.case_no.to_owned(), party.day()));
                    axes.push(learns);
                }
            }
        }
    }
    facts.check()?;
    Ok(Columns::new()
        .text("case_no", keys.iter().map(|(case_no, _)| Some(case_no)))
        .date("day", keys.iter().map(|(_, day)| Some(*day)))
        .flag("capacity", axes.iter().map(|l| Some(l.capacity)))
        .flag("willingness", axes.iter().map(|l| Some(l.willingness)))
        .flag("revival", axes.iter().map(|l| Some(l.revival))))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use luheng_lake::columns::day;

    use super::*;
    use crate::fixture::{Fact, answered_none, context, fact, held, plain};
    use crate::targets;

    /// Day and axes of each row of the calendar, and of the training rows.
    fn both(facts: &[Fact], ctx: &Context) -> [Vec<(Day, [bool; 3])>; 2] {
        let facts = held(ctx, facts);
        let (calendar, training) = (calendar(&facts, ctx).unwrap(), targets::of_bucket(&facts, ctx).unwrap());
        let day = |table: &Columns, at: usize| table.get("day").unwrap().date_at(at).unwrap();
        let axes = ["capacity", "willingness", "revival"];
        let told = |at: usize| axes.map(|axis| calendar.get(axis).unwrap().flag_at(at).unwrap());
        let came = |at: usize| {
            axes.map(|axis| {
                let label = training.get(&format!("{axis}_label")).unwrap().real_at(at);
                label.is_some() || training.get(&format!("{axis}_censored_on")).unwrap().date_at(at).is_some()
            })
        };
        [
            (0..calendar.len()).map(|at| (day(&calendar, at), told(at))).collect(),
            (0..training.len()).map(|at| (day(&training, at), came(at))).collect(),
        ]
    }

    #[test]
    fn it_has_the_days_and_axes_of_the_training_rows() {
        let mut ctx = context();
        ctx.as_of = day::parse("2027-06-30").unwrap();
        let mut open = plain(true);
        open.extend(answered_none());
        let mut dutiful = open.clone();
        dutiful.push(fact("milestones", &[("node", "property_report"), ("due_on", "2025-06-20")]));
        dutiful.push(fact("listings", &[("list", "consumption_limit"), ("listed_on", "2025-02-01"), ("known_on", "2025-02-01")]));
        let closed = |kind: &'static str, ground: &'static str| {
            let mut facts = dutiful.clone();
            facts.retain(|(table, _)| *table != "cases");
            let case = [("status", "closed"), ("duty_kind", "money"), ("filed_on", "2025-01-06"), ("principal_fen", "10000000")];
            let end = [("notice_served_on", "2025-01-10"), ("closed_on", "2025-06-15"), ("close_kind", kind), ("close_ground", ground)];
            facts.push(fact("cases", &[&case[..], &end[..]].concat()));
            facts
        };
        let stories = [
            ("open", open.clone()),
            ("not served", plain(false)),
            ("duties", dutiful.clone()),
            ("for want of property", closed("no_property", "other")),
            ("bankrupt", closed("terminated", "bankruptcy")),
        ];
        let mut seen = [0; 3];
        for (what, facts) in stories {
            for channels in [true, false] {
                let mut ctx = Context { as_of: ctx.as_of, ..context() };
                if !channels {
                    ctx.ratings.capacity.required_channels.clear();
                }
                let [told, came] = both(&facts, &ctx);
                assert_eq!(told, came, "{what}, channels asked for: {channels}");
                told.iter().for_each(|(_, axes)| axes.iter().zip(&mut seen).for_each(|(is, n)| *n += usize::from(*is)));
            }
        }
        assert!(seen.iter().all(|n| *n > 0), "each axis learns somewhere: {seen:?}");
    }
}
