//! The figures of the whole night, from the sums of its buckets, the record of the ingest and the last published night.

use std::collections::BTreeMap;

use luheng_lake::columns::{Day, day};
use luheng_lake::ingest::waiting_since;
use luheng_lake::schema::{Column, Kind};

use super::figures::*;
use super::shift::Spread;
use super::sketch::{bin_floor, quantile};
use super::sums::{ChannelSums, ColumnSums, Sums, TableSums};
use super::turned_away;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::intake::LakeRecord;
use crate::publish;
use crate::run::Parts;

/// Quantiles printed, in hundredths.
const QUANTILES: [u64; 7] = [1, 5, 25, 50, 75, 95, 99];
/// Codes named a column.
const CODES: usize = 20;

/// The figures of a published run; `None` where it has none that this version reads.
///
/// # Errors
/// The file is there and cannot be read.
pub fn last_published(ctx: &Context, run_id: &str) -> Result<Option<Quality>> {
    publish::read_json(&ctx.work.run(run_id).join("quality.json"))
}

/// The data quality of the night whose sums are in `parts`, compared with a published run.
///
/// # Errors
/// A bucket whose sums are missing; a file beside the lake that cannot be read.
pub fn figures_of(ctx: &Context, lake: &LakeRecord, parts: &Parts, previous: Option<&str>) -> Result<Quality> {
    let mut sums = Sums::default();
    for bucket in 0..ctx.buckets {
        sums.add(&parts.read("quality_sums", bucket)?)?;
    }
    let before = previous.map(|id| last_published(ctx, id)).transpose()?.flatten();
    let rules = turned_away::rules(&lake.rejected(ctx)?, &ctx.schema)?;
    let mut tables = Vec::new();
    for (name, table) in &ctx.schema.tables {
        let counts = lake.tables.get(name).cloned().unwrap_or_default();
        let of_table = sums.tables.remove(name).unwrap_or_default();
        let then = before.as_ref().and_then(|q| q.tables.iter().find(|t| t.table == *name));
        tables.push(TableQuality {
            table: name.clone(),
            title_zh: table.title.zh.clone(),
            read: counts.read,
            loaded: counts.loaded,
            unchanged: counts.unchanged,
            waiting: counts.waiting,
            rejected: counts.rejected,
            duplicates: counts.duplicates,
            expired: counts.expired,
            absent: lake.absent.get(name).copied().unwrap_or(0),
            rows: of_table.rows,
            later: of_table.later,
            sources: sources(&of_table, ctx.as_of),
            columns: columns(&table.columns, of_table, then, &rules_of(&rules, name), ctx.as_of)?,
        });
    }
    Ok(Quality {
        as_of: day::format(ctx.as_of),
        previous: before.and(previous.map(str::to_owned)),
        broken_gates: Vec::new(),
        tables,
        files: lake.files.iter().map(file).collect(),
        rules,
        waiting: waiting(ctx)?,
        channels: sums.channels.into_iter().map(|(channel, sums)| of_channel(channel, &sums)).collect(),
        steps: sums
            .steps
            .into_iter()
            .map(|(node, s)| StepQuality { node, due: s.due, overdue: s.overdue, late: s.late, oldest_days: s.oldest })
            .collect(),
        warnings: lake.warnings().iter().map(|text| turned_away::warning(text)).collect(),
    })
}

/// Rows of a table turned away for what stood in a column. A value that is missing is no value.
fn rules_of(rules: &[RuleQuality], table: &str) -> BTreeMap<String, u64> {
    let mut rows = BTreeMap::new();
    for rule in rules.iter().filter(|r| r.table == table && r.rule != luheng_lake::ingest::reject::rule::REQUIRED) {
        *rows.entry(rule.column.clone()).or_default() += rule.rows;
    }
    rows
}

fn sources(table: &TableSums, as_of: Day) -> Vec<SourceQuality> {
    let ago = |on: Option<Day>| on.map(|on| as_of - on);
    let of = |(source, sums): (&String, &super::sums::SourceSums)| SourceQuality {
        source: source.clone(),
        rows: sums.rows,
        newest_known_on: sums.known.map(day::format),
        known_days_ago: ago(sums.known),
        newest_seen_on: sums.seen.map(day::format),
        seen_days_ago: ago(sums.seen),
    };
    table.sources.iter().map(of).collect()
}

fn columns(
    described: &[Column],
    mut table: TableSums,
    then: Option<&TableQuality>,
    rejected: &BTreeMap<String, u64>,
    as_of: Day,
) -> Result<Vec<ColumnQuality>> {
    let mut out = Vec::new();
    for column in described {
        let Some(sums) = table.columns.remove(&column.name) else { continue };
        let then = then.and_then(|t| t.columns.iter().find(|c| c.column == column.name)).map(|c| &c.spread);
        out.push(of_column(column, table.rows, sums, then, rejected.get(&column.name).copied().unwrap_or(0), as_of)?);
    }
    Ok(out)
}

fn of_column(column: &Column, rows: u64, mut sums: ColumnSums, then: Option<&Spread>, rejected: u64, as_of: Day) -> Result<ColumnQuality> {
    let missing = rows.checked_sub(sums.values).ok_or_else(|| Error::Fault(format!("{}: more values than rows", column.name)))?;
    let share = |part: u64, all: u64| (all > 0).then(|| part as f64 / all as f64);
    let is_date = column.kind == Kind::Date;
    let (distinct, distinct_is_exact) = match sums.distinct.count() {
        _ if is_date => (sums.bins.len() as u64, true),
        (unnamed, exact) => (unnamed + sums.codes.len() as u64, exact),
    };
    if is_date {
        sums.bins = by_month(&sums.bins);
    }
    // The lake keeps days as whole numbers; so does a float.
    let mark = |x: f64| if is_date { Mark::Day(day::format(x as Day)) } else { Mark::Number(x) };
    let at = |hundredths: u64| {
        let floor = bin_floor(quantile(&sums.bins, hundredths)?);
        Some((hundredths, floor.clamp(sums.min.unwrap_or(floor), sums.max.unwrap_or(floor))))
    };
    let month = |(at, n): (&i64, &u64)| (format!("{:04}-{:02}", at.div_euclid(12), at.rem_euclid(12) + 1), *n);
    let mut codes: Vec<(String, u64)> = sums.codes.iter().map(|(code, n)| (code.clone(), *n)).collect();
    codes.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
    codes.truncate(CODES);
    Ok(ColumnQuality {
        column: column.name.clone(),
        title_zh: column.title.zh.clone(),
        list: column.codes.clone().unwrap_or_default(),
        kind: column.kind.name().to_owned(),
        completeness: share(sums.values, rows),
        rejected,
        unlisted: sums.unlisted,
        validity: share(sums.values - sums.unlisted, sums.values + rejected),
        newest_known_on: sums.newest.map(day::format),
        known_days_ago: sums.newest.map(|on| as_of - on),
        distinct,
        distinct_is_exact,
        min: sums.min.map(mark),
        max: sums.max.map(mark),
        quantiles: if is_date { Vec::new() } else { QUANTILES.into_iter().filter_map(at).collect() },
        codes,
        months: if is_date { sums.bins.iter().map(month).collect() } else { Vec::new() },
        spread: Spread::of(rows, missing, &sums.bins, &sums.codes),
        psi: then.and_then(|then| then.psi(rows, missing, &sums.bins, &sums.codes)),
    })
}

/// Days by month: the year times 12, plus the month from 0.
fn by_month(days: &BTreeMap<i64, u64>) -> BTreeMap<i64, u64> {
    let mut months = BTreeMap::new();
    for (on, n) in days {
        let (year, month, _) = day::ymd(Day::try_from(*on).unwrap_or_default());
        *months.entry(i64::from(year) * 12 + i64::from(month) - 1).or_default() += n;
    }
    months
}

fn file(counts: &luheng_lake::ingest::FileCounts) -> FileQuality {
    FileQuality {
        table: counts.table.clone(),
        file: counts.file.clone(),
        read: counts.read,
        appended: counts.loaded - counts.unchanged.min(counts.loaded),
        unchanged: counts.unchanged,
        waiting: counts.waiting,
        rejected: counts.rejected,
        duplicates: counts.duplicates,
        expired: counts.expired,
    }
}

fn waiting(ctx: &Context) -> Result<Vec<WaitingQuality>> {
    let mut out = Vec::new();
    for table in ctx.schema.tables.keys() {
        let mut of_table = WaitingQuality { table: table.clone(), ..WaitingQuality::default() };
        for (on, rows) in waiting_since(&ctx.work.lake(), table, &ctx.seals.lake)? {
            let days = ctx.as_of - on;
            of_table.oldest_days = of_table.oldest_days.max(days);
            *match days {
                ..=7 => &mut of_table.week,
                8..=30 => &mut of_table.month,
                31..=90 => &mut of_table.quarter,
                _ => &mut of_table.longer,
            } += rows;
        }
        if of_table.week + of_table.month + of_table.quarter + of_table.longer > 0 {
            out.push(of_table);
        }
    }
    Ok(out)
}

fn of_channel(channel: String, sums: &ChannelSums) -> ChannelQuality {
    ChannelQuality {
        channel,
        sent: sums.sent,
        answered: sums.answered,
        found: sums.found,
        median_days: quantile(&sums.days, 50),
        stale: sums.stale,
        unanswered: sums.unanswered,
    }
}
