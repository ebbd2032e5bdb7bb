//! The stage `quality`: one bucket's tables read once, its columns counted, its channels and steps looked at through views.

use luheng_lake::columns::{Column as Values, Columns, Day};
use luheng_lake::schema::{Codes, Column, Kind, Table};
use luheng_lake::store::tables;

use super::sketch::{bin_of, hash_number, hash_text};
use super::sums::{ColumnSums, Sums, TableSums};
use crate::context::Context;
use crate::cutoff::{Facts, View};
use crate::error::Result;
use crate::procedure;

/// Tables the views of channels and steps are made of.
const VIEWED: [&str; 5] = ["debtors", "cases", "parties", "inquiries", "milestones"];

/// The sums of one bucket; the first one also has those of the tables that are kept whole.
///
/// # Errors
/// A lake that cannot be read.
pub fn of_bucket(ctx: &Context, bucket: u32) -> Result<Columns> {
    let (lake, seal) = (ctx.work.lake(), &ctx.seals.lake);
    let codes = known_codes(ctx)?;
    let mut sums = Sums::default();
    let mut viewed: Vec<(&str, Columns)> = Vec::new();
    for table in ctx.schema.tables.values() {
        let whole = table.bucket_by == luheng_lake::schema::BucketBy::Whole;
        let rows = match (whole, bucket) {
            (false, _) => tables::read_counted(&lake, &table.name, Some(bucket), seal)?,
            (true, 0) => tables::read_counted(&lake, &table.name, None, seal)?,
            (true, _) => None,
        };
        let Some(rows) = rows else { continue };
        count(table, &rows, &codes, ctx.as_of, sums.tables.entry(table.name.clone()).or_default())?;
        if let Some(name) = VIEWED.iter().find(|name| **name == table.name) {
            viewed.push((name, rows));
        }
    }
    let facts = Facts::new(&ctx.schema, |name| Ok(viewed.iter().position(|(n, _)| *n == name).map(|at| viewed.swap_remove(at).1)))?;
    for debtor in facts.debtors() {
        look(&facts.view_of(debtor, ctx.as_of, &VIEWED), ctx.ratings.capacity.stale_days, &codes, &mut sums);
    }
    facts.check()?;
    Ok(sums.columns())
}

/// The catalog's codes with the regions of the input, which are known codes too.
fn known_codes(ctx: &Context) -> Result<Codes> {
    let mut codes = ctx.codes.clone();
    if let Some(regions) = tables::read_whole(&ctx.work.lake(), "regions", &ctx.seals.lake)? {
        let code = regions.require("code")?;
        for code in (0..regions.len()).filter_map(|at| code.text_at(at)) {
            if !codes.contains("region", code) {
                codes.extend("region", code, luheng_lake::schema::Label::default());
            }
        }
    }
    Ok(codes)
}

/// Counts a table's rows: each source row once, those known by the day.
fn count(table: &Table, rows: &Columns, codes: &Codes, as_of: Day, sums: &mut TableSums) -> Result<()> {
    let (known, seen) = (rows.get("known_on").filter(|_| table.fact), rows.get("seen_on"));
    let (primary, source) = (rows.get(tables::PRIMARY), rows.get("source_id"));
    let counted: Vec<usize> = (0..rows.len()).filter(|&at| primary.is_none_or(|p| p.flag_at(at) == Some(true))).collect();
    let known_at = |at: usize| known.and_then(|c| c.date_at(at));
    let (now, later): (Vec<usize>, Vec<usize>) = counted.into_iter().partition(|&at| known_at(at).is_none_or(|on| on <= as_of));
    sums.rows += now.len() as u64;
    sums.later += later.len() as u64;
    for &at in &now {
        let name = source.and_then(|c| c.text_at(at)).unwrap_or_default();
        if !sums.sources.contains_key(name) {
            sums.sources.insert(name.to_owned(), super::sums::SourceSums::default());
        }
        if let Some(of_source) = sums.sources.get_mut(name) {
            of_source.rows += 1;
            of_source.known = of_source.known.max(known_at(at));
            of_source.seen = of_source.seen.max(seen.and_then(|c| c.date_at(at)));
        }
    }
    // Identity data is not in the lake, and the court's keys of persons only as pseudonyms.
    for column in table.columns.iter().filter(|c| !c.identity && !c.masked) {
        let Some(values) = rows.get(&column.name) else { continue };
        let of_column = sums.columns.entry(column.name.clone()).or_default();
        let there = now.iter().copied().filter(|&at| !values.is_null(at));
        for at in there.clone() {
            of_column.values += 1;
            of_column.newest = of_column.newest.max(known_at(at));
        }
        match column.kind {
            Kind::Text => there.for_each(|at| of_column.distinct.push(hash_text(values.text_at(at).unwrap_or_default()))),
            Kind::Code | Kind::Flag => of_codes(column, values, there, codes, of_column),
            Kind::Int | Kind::Money | Kind::Real => of_numbers(values, there, of_column),
            Kind::Date => of_days(values, there, of_column),
        }
    }
    Ok(())
}

/// Codes by their rows. What no list of the catalog has is counted, never named: anything may stand in a column that was shifted.
fn of_codes(column: &Column, values: &Values, there: impl Iterator<Item = usize>, codes: &Codes, sums: &mut ColumnSums) {
    for at in there {
        let code = match values.flag_at(at) {
            Some(flag) => {
                if flag {
                    "true"
                } else {
                    "false"
                }
            }
            None => values.text_at(at).unwrap_or_default(),
        };
        if let Some(n) = sums.codes.get_mut(code) {
            *n += 1;
        } else if column.kind == Kind::Flag || column.codes.as_ref().is_some_and(|list| codes.contains(list, code)) {
            sums.codes.insert(code.to_owned(), 1);
        } else {
            // Kept apart so that they are counted as different, and never named.
            sums.unlisted += u64::from(column.codes.is_some());
            sums.distinct.push(hash_text(code));
        }
    }
}

fn of_numbers(values: &Values, there: impl Iterator<Item = usize>, sums: &mut ColumnSums) {
    let number = |at: usize| values.real_at(at).or_else(|| values.int_at(at).map(|n| n as f64));
    let mut numbers: Vec<f64> = there.filter_map(number).collect();
    numbers.sort_unstable_by(f64::total_cmp);
    (sums.min, sums.max) = (numbers.first().copied(), numbers.last().copied());
    for equal in numbers.chunk_by(|a, b| a == b) {
        sums.distinct.push(hash_number(equal[0].to_bits()));
        *sums.bins.entry(bin_of(equal[0])).or_default() += equal.len() as u64;
    }
}

fn of_days(values: &Values, there: impl Iterator<Item = usize>, sums: &mut ColumnSums) {
    let mut days: Vec<Day> = there.filter_map(|at| values.date_at(at)).collect();
    days.sort_unstable();
    (sums.min, sums.max) = (days.first().map(|d| f64::from(*d)), days.last().map(|d| f64::from(*d)));
    for equal in days.chunk_by(|a, b| a == b) {
        *sums.bins.entry(i64::from(equal[0])).or_default() += equal.len() as u64;
    }
}

/// A debtor's channels and the steps of his cases; a step stands in every party's bucket and counts where its own copy is.
pub(super) fn look(view: &View<'_>, stale_days: Day, codes: &Codes, sums: &mut Sums) {
    let is_live = view.parties().iter().any(crate::party::Party::is_live);
    for (channel, answers) in procedure::answers(view) {
        if answers.sent == 0 {
            continue;
        }
        let of_channel = sums.channels.entry(channel.to_owned()).or_default();
        of_channel.sent += answers.sent;
        of_channel.answered += answers.answered;
        of_channel.found += answers.found;
        for days in &answers.days {
            *of_channel.days.entry(i64::from(*days)).or_default() += 1;
        }
        let newest = answers.newest.and_then(|row| row.date("returned_on"));
        of_channel.unanswered += u64::from(is_live && newest.is_none());
        of_channel.stale += u64::from(is_live && newest.is_some_and(|on| view.day - on > stale_days));
    }
    for party in view.parties_ever() {
        let counted = |step: &&crate::cutoff::Row<'_>| step.flag(tables::PRIMARY) == Some(true);
        // A step that no list has stays unnamed, as any such code.
        let node = |step: &crate::cutoff::Row<'_>| {
            step.text("node").filter(|n| codes.contains("milestones.node", n)).unwrap_or("other").to_owned()
        };
        for step in party.rows("milestones").iter().filter(counted).filter(|s| s.date("due_on").is_some_and(|on| on < view.day)) {
            sums.steps.entry(node(step)).or_default().due += 1;
        }
        for step in procedure::late_steps(&party).iter().filter(counted) {
            sums.steps.entry(node(step)).or_default().late += 1;
        }
        for step in procedure::overdue_steps(&party).iter().filter(counted) {
            let of_node = sums.steps.entry(node(step)).or_default();
            of_node.overdue += 1;
            of_node.oldest = of_node.oldest.max(step.date("due_on").map_or(0, |on| i64::from(view.day - on)));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;

    use luheng_lake::store::parquet;
    use luheng_lake::store::paths::Work;

    use super::*;
    use crate::fixture::{DEBTOR, context, fact, held, plain};

    /// One inquiry: debtor, key, channel, sent, returned and known so many days before the as-of day, outcome.
    type Inquiry = (&'static str, &'static str, &'static str, Option<Day>, Option<Day>, Day, Option<&'static str>);

    fn lake(as_of: Day, rows: &[Inquiry]) -> Columns {
        Columns::new()
            .text("debtor_id", rows.iter().map(|r| Some(r.0)))
            .text("row_id", rows.iter().map(|r| Some(r.1)))
            .text("channel", rows.iter().map(|r| Some(r.2)))
            .date("sent_on", rows.iter().map(|r| r.3.map(|ago| as_of - ago)))
            .date("returned_on", rows.iter().map(|r| r.4.map(|ago| as_of - ago)))
            .date("known_on", rows.iter().map(|r| Some(as_of - r.5)))
            .text("outcome", rows.iter().map(|r| r.6))
    }

    #[test]
    fn a_channel_has_answered_only_what_came_back_by_the_day_with_word() {
        let folder = tempfile::tempdir().unwrap();
        let mut ctx = context();
        (ctx.work, ctx.buckets) = (Work::at(folder.path()), 2);
        let rows: [&[Inquiry]; 2] = [
            &[
                ("a", "1", "bank", Some(9), Some(5), 5, Some("found")),
                ("a", "2", "bank", Some(9), Some(5), 5, Some("none")),
                ("a", "3", "bank", Some(9), Some(5), 5, Some("no_reply")),
                ("a", "4", "bank", Some(9), None, 9, None),
                // Came back after the day, which the snapshot already tells.
                ("a", "5", "bank", Some(9), Some(-1), 9, Some("found")),
                // Two versions of one inquiry, and one that nobody knew of on the day.
                ("b", "6", "bank", Some(9), None, 9, None),
                ("b", "6", "bank", Some(9), Some(2), 2, Some("none")),
                ("b", "7", "bank", Some(9), Some(5), -1, Some("found")),
                ("b", "8", "tax", None, Some(5), 5, Some("found")),
            ],
            &[("c", "9", "tax", Some(3), Some(0), 0, Some("found")), ("c", "10", "bank", Some(3), Some(3), 3, Some("found"))],
        ];
        for (bucket, rows) in (0_u32..).zip(rows) {
            let folder = ctx.work.lake_table("inquiries").join(luheng_lake::bucket::folder_name(bucket));
            parquet::write(&folder.join("part.parquet"), &lake(ctx.as_of, rows), &ctx.seals.lake).unwrap();
        }
        let mut sums = Sums::default();
        for bucket in 0..2 {
            sums.add(&of_bucket(&ctx, bucket).unwrap()).unwrap();
        }
        let counted: Vec<_> = sums.channels.iter().map(|(c, s)| (c.as_str(), s.sent, s.answered, s.found)).collect();
        assert_eq!(counted, [("bank", 7, 4, 2), ("tax", 1, 1, 1)]);
        assert_eq!(sums.channels["bank"].days, BTreeMap::from([(0, 1), (4, 2), (7, 1)]));
        // What was not known on the day is counted apart, and every version of a key that was is a row.
        let inquiries = &sums.tables["inquiries"];
        assert_eq!((inquiries.rows, inquiries.later, inquiries.newest()), (10, 1, Some(ctx.as_of)));
    }

    /// A channel: its name, unanswered and stale.
    type Channel = (String, u64, u64);
    /// Steps of a node: its name, due, overdue, late and the oldest's days.
    type Steps = (String, u64, u64, u64, i64);

    /// What a debtor's channels and steps come to on 2025-06-30, an answer being stale after 90 days.
    fn looked_at(status: &str) -> (Vec<Channel>, Vec<Steps>) {
        let ctx = context();
        let asked = |channel, returned_on: &'static str, known_on| {
            let mut cells = vec![("channel", channel), ("sent_on", "2025-02-01"), ("outcome", "none"), ("known_on", known_on)];
            cells.extend(Some(("returned_on", returned_on)).filter(|(_, on)| !on.is_empty()));
            fact("inquiries", &cells)
        };
        let step = |node, due_on, done_on: &'static str, is_primary| {
            let mut cells = vec![("node", node), ("due_on", due_on), ("is_primary", is_primary)];
            cells.extend(Some(("done_on", done_on)).filter(|(_, on)| !on.is_empty()));
            fact("milestones", &cells)
        };
        let mut facts = plain(true);
        facts[1].1[0].1 = status.to_owned();
        facts.extend([
            asked("bank", "", "2025-02-01"),
            asked("tax", "2025-04-01", "2025-04-01"),
            asked("vehicle", "2025-03-31", "2025-03-31"),
            step("inquiry", "2025-06-29", "", "true"),
            step("inquiry", "2025-03-01", "2025-03-02", "true"),
            step("inquiry", "2025-06-30", "", "true"),
            // Another party's copy of a step is not counted again.
            step("inquiry", "2025-05-01", "", "false"),
            step("not in any list", "2025-06-20", "", "true"),
        ]);
        let facts = held(&ctx, &facts);
        let mut sums = Sums::default();
        look(&facts.view_of(DEBTOR, ctx.as_of, &VIEWED), ctx.ratings.capacity.stale_days, &known_codes(&ctx).unwrap(), &mut sums);
        let channels = sums.channels.iter().map(|(name, c)| (name.clone(), c.unanswered, c.stale)).collect();
        (channels, sums.steps.iter().map(|(name, s)| (name.clone(), s.due, s.overdue, s.late, s.oldest)).collect())
    }

    #[test]
    fn what_waits_is_stale_or_overdue_is_told_of_the_living() {
        let (channels, steps) = looked_at("open");
        let of = |name: &str, unanswered, stale| (name.to_owned(), unanswered, stale);
        // 90 days after 2025-04-01 is the day itself; 91 after 2025-03-31.
        assert_eq!(channels, [of("bank", 1, 0), of("tax", 0, 0), of("vehicle", 0, 1)]);
        assert_eq!(steps, [("inquiry".to_owned(), 2, 1, 1, 1), ("other".to_owned(), 1, 1, 0, 10)]);
        // Of a debtor without a live case nothing is awaited.
        let (channels, _) = looked_at("closed");
        assert!(channels.iter().all(|(_, unanswered, stale)| (*unanswered, *stale) == (0, 0)), "{channels:?}");
    }
}
