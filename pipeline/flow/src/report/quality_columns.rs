//! The page of data quality, column by column.

use super::SheetContext;
use super::quality::{cell, named, said, table};
use crate::quality::figures::{ColumnQuality, Mark, Quality, TableQuality};
use crate::quality::shift::{SHIFTED, WATCH};
use crate::wording::{percent, yuan};
use luheng_sheet::{Bi, Block, Cell};

/// Codes printed a column; more are in `quality.json`.
const CODES_SHOWN: usize = 4;

fn share(of: Option<f64>) -> Cell {
    cell(of.map_or_else(|| "—".to_owned(), percent))
}

fn or_dash(text: Option<impl ToString>) -> Cell {
    cell(text.map_or_else(|| "—".to_owned(), |t| t.to_string()))
}

/// Columns that moved, the furthest first.
pub(super) fn moved(quality: &Quality) -> Vec<Block> {
    let Some(previous) = &quality.previous else {
        return vec![said("此前没有可比较的发布。", "There is no earlier published night to compare with.")];
    };
    let mut columns: Vec<(&str, &ColumnQuality, f64)> = Vec::new();
    for of_table in &quality.tables {
        columns.extend(of_table.columns.iter().filter_map(|c| Some((of_table.table.as_str(), c, c.psi?))));
    }
    let compared = columns.len();
    columns.retain(|(_, _, psi)| *psi > WATCH);
    columns.sort_by(|a, b| b.2.total_cmp(&a.2));
    let note = said(
        format!("与{previous}比较{compared}列的群体稳定性指数（PSI）：高于{WATCH}应关注，高于{SHIFTED}为显著变化。"),
        format!("PSI of {compared} columns against {previous}: above {WATCH} is watched, above {SHIFTED} moved."),
    );
    if columns.is_empty() {
        return vec![note, said("没有超过界限的列。", "No column is above either.")];
    }
    let row = |(name, column, psi): &(&str, &ColumnQuality, f64)| {
        let verdict = if *psi > SHIFTED { named("显著变化", "moved") } else { named("关注", "watch") };
        vec![cell(format!("{name}.{}", column.column)), named(&column.title_zh, ""), verdict, cell(format!("{psi:.3}"))]
    };
    vec![note, table(&[("列", "column"), ("名称", "title"), ("判断", "finding"), ("PSI", "PSI")], 3, columns.iter().map(row).collect())]
}

/// The newest rows of each table and source.
pub(super) fn freshness(quality: &Quality) -> Block {
    let mut rows = Vec::new();
    for of_table in &quality.tables {
        for s in of_table.sources.iter().filter(|s| s.newest_known_on.is_some()) {
            rows.push(vec![
                named(&of_table.title_zh, &of_table.table),
                cell(if s.source.is_empty() { "—" } else { &s.source }),
                or_dash(s.newest_known_on.as_ref()),
                or_dash(s.newest_seen_on.as_ref()),
                or_dash(s.known_days_ago),
                or_dash(s.seen_days_ago),
                cell(s.rows),
            ]);
        }
    }
    let heads = [
        ("表", "table"),
        ("来源", "source"),
        ("最新知悉日", "newest known"),
        ("最新导出日", "newest export"),
        ("距知悉（天）", "days since known"),
        ("距导出（天）", "days since export"),
        ("行数", "rows"),
    ];
    table(&heads, 4, rows)
}

/// One table, a row a column.
pub(super) fn columns(of_table: &TableQuality, ctx: &SheetContext) -> Block {
    let row = |c: &ColumnQuality| {
        let distinct = if c.distinct_is_exact { c.distinct.to_string() } else { format!("≈{}", c.distinct) };
        vec![
            named(&c.title_zh, &c.column),
            Cell { text: spread(c, ctx), link: None },
            share(c.completeness),
            share(c.validity),
            cell(distinct),
            or_dash(c.known_days_ago),
            or_dash(c.psi.map(|psi| format!("{psi:.3}"))),
        ]
    };
    let heads = [
        ("列", "column"),
        ("分布", "spread"),
        ("完整率", "filled"),
        ("有效率", "valid"),
        ("不同值", "distinct"),
        ("最新（天前）", "newest, days ago"),
        ("PSI", "PSI"),
    ];
    let rows = of_table.columns.iter().map(row).collect();
    let title = Bi::new(format!("{}（{}行）", of_table.title_zh, of_table.rows), format!("{}, {} rows", of_table.table, of_table.rows));
    Block::Section { title, blocks: vec![table(&heads, 2, rows)] }
}

/// How a column is spread, in a line.
fn spread(c: &ColumnQuality, ctx: &SheetContext) -> Bi {
    let number = |x: f64| if c.kind == "money" { yuan(x.round() as i64) } else { format!("{}", (x * 1000.0).round() / 1000.0) };
    let at = |wanted: u64| c.quantiles.iter().find(|(p, _)| *p == wanted).map(|(_, x)| number(*x)).unwrap_or_default();
    match (&c.min, &c.max) {
        (Some(Mark::Number(min)), Some(Mark::Number(max))) => {
            Bi::plain(format!("{} · {} · {} · {} · {}", number(*min), at(25), at(50), at(75), number(*max)))
        }
        (Some(Mark::Day(first)), Some(Mark::Day(last))) => Bi::plain(format!("{first} – {last}")),
        _ => {
            let all: u64 = c.spread.rows - c.spread.missing;
            let part = |(code, n): &(String, u64)| format!("{} {}", label(c, code, ctx).zh, percent(*n as f64 / all.max(1) as f64));
            Bi::plain(c.codes.iter().take(CODES_SHOWN).map(part).collect::<Vec<_>>().join(" · "))
        }
    }
}

fn label(c: &ColumnQuality, code: &str, ctx: &SheetContext) -> Bi {
    if c.kind == "flag" {
        return if code == "true" { Bi::fixed("是", "yes") } else { Bi::fixed("否", "no") };
    }
    ctx.label(&c.list, code)
}
