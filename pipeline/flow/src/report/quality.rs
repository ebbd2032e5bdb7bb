//! The page of data quality: what came in, what was turned away and why, how each column is filled and has moved, which channels answer, which steps are
//! overdue. Narrow on purpose: a count that cannot be traced to a file or a column does not belong here.

use super::SheetContext;
use super::quality_columns::{columns, freshness, moved};
use super::sheets::section;
use crate::error::{Error, Result};
use crate::quality::figures::{Quality, TableQuality, Warning};
use crate::wording::{day_zh, percent};
use luheng_lake::columns::day;
use luheng_sheet::{Align, Bar, Bi, Block, Cell, Doc, Head, Tone};

/// Rules printed; the rest are in `rejects.parquet`.
const RULES_SHOWN: usize = 20;
/// Files printed; all are in `quality.json`.
const FILES_SHOWN: usize = 60;

/// The page.
pub fn page(quality: &Quality, ctx: &SheetContext) -> Doc {
    let sum = |of: fn(&TableQuality) -> u64| quality.tables.iter().map(of).sum::<u64>();
    let (read, rejected) = (sum(|t| t.read), sum(|t| t.rejected));
    let mut blocks = vec![Block::Text {
        text: Bi::new(
            format!("读入{read}行，退回{rejected}行，等待{}行。", sum(|t| t.waiting)),
            format!(
                "{read} rows read, {rejected} rejected, {} waiting. No row is dropped: rejects.parquet holds each with file and line.",
                sum(|t| t.waiting)
            ),
        ),
        tone: Tone::Plain,
    }];
    if let Some(gates) = gates(quality) {
        blocks.push(gates);
    }
    blocks.push(section("各表", "tables", vec![tables(quality)]));
    blocks.push(section("各文件", "files", vec![files(quality)]));
    let rules = if quality.rules.is_empty() { said("没有退回的行。", "No row was rejected.") } else { rules(quality) };
    blocks.push(section("退回原因", "why rows were rejected", vec![rules]));
    blocks.push(section("与上次发布相比的变化", "change since the last published night", moved(quality)));
    if !quality.waiting.is_empty() {
        blocks.push(section("等待中的行", "rows that wait", vec![waiting(quality)]));
    }
    if !quality.channels.is_empty() {
        blocks.push(section("网络查控反馈率", "inquiries answered", channels(quality, ctx)));
    }
    if !quality.steps.is_empty() {
        blocks.push(section("流程节点", "procedural steps", vec![steps(quality, ctx)]));
    }
    blocks.push(section("数据新旧", "freshness", vec![freshness(quality)]));
    for table in quality.tables.iter().filter(|t| t.rows > 0) {
        blocks.push(columns(table, ctx));
    }
    if !quality.warnings.is_empty() {
        blocks.push(section("提醒", "warnings", vec![warnings(quality)]));
    }
    Doc {
        kicker: Bi::fixed("内部工作文件", "internal working paper"),
        title: Bi::fixed("数据质量", "data quality"),
        subtitle: Bi::new(format!("评估日 {}", day_zh(ctx.as_of)), format!("as of {}", day::format(ctx.as_of))),
        lang: "zh-CN",
        running: String::new(),
        blocks,
        foot: Bi::fixed("退回行中的身份信息已遮盖。", "Identity data in rejected rows is masked."),
    }
}

/// The figures as JSON.
///
/// # Errors
/// [`Error::Fault`] never in practice.
pub fn json(quality: &Quality) -> Result<String> {
    serde_json::to_string_pretty(quality).map(|text| text + "\n").map_err(|e| Error::Fault(format!("quality.json: {e}")))
}

fn head(zh: &'static str, en: &'static str, align: Align) -> Head {
    Head { label: Bi::fixed(zh, en), align }
}

pub(super) fn cell(text: impl ToString) -> Cell {
    Cell { text: Bi::plain(text.to_string()), link: None }
}

/// A line of plain text.
pub(super) fn said(zh: impl Into<String>, en: impl Into<String>) -> Block {
    Block::Text { text: Bi::new(zh.into(), en.into()), tone: Tone::Plain }
}

/// A table without a caption; the first heads are of words, the rest of numbers.
pub(super) fn table(heads: &[(&'static str, &'static str)], words: usize, rows: Vec<Vec<Cell>>) -> Block {
    let align = |at: usize| if at < words { Align::Left } else { Align::Right };
    let columns = heads.iter().enumerate().map(|(at, (zh, en))| head(zh, en, align(at))).collect();
    Block::Table { caption: Bi::default(), columns, rows }
}

/// A cell in both languages.
pub(super) fn named(zh: &str, en: &str) -> Cell {
    Cell { text: Bi::new(zh.to_owned(), en.to_owned()), link: None }
}

fn gates(quality: &Quality) -> Option<Block> {
    let of = |b: &crate::quality::figures::Broken| {
        let place = if b.column.is_empty() { b.table.clone() } else { format!("{}.{}", b.table, b.column) };
        format!("{} {place} {:.4} > {}", b.gate, b.found, b.limit)
    };
    let list: Vec<String> = quality.broken_gates.iter().map(of).collect();
    (!list.is_empty()).then(|| Block::Notice {
        text: Bi::new(format!("未通过质量门槛，本次未发布：{}", list.join("；")), "held back by these gates; not published"),
        tone: Tone::Strong,
    })
}

fn tables(quality: &Quality) -> Block {
    let row = |t: &TableQuality| {
        let share = if t.read > 0 { percent(t.rejected as f64 / t.read as f64) } else { "—".to_owned() };
        let counts = [t.read, t.loaded - t.unchanged.min(t.loaded), t.unchanged, t.waiting, t.rejected];
        let mut cells = vec![named(&t.title_zh, &t.table)];
        cells.extend(counts.iter().map(cell));
        cells.extend([cell(share), cell(t.duplicates), cell(t.expired), cell(t.absent), cell(t.rows)]);
        cells
    };
    let heads = [
        ("表", "table"),
        ("读入", "read"),
        ("新增", "appended"),
        ("未变", "unchanged"),
        ("等待", "waiting"),
        ("退回", "rejected"),
        ("退回率", "share"),
        ("重复", "duplicates"),
        ("期满", "expired"),
        ("缺失主键", "absent keys"),
        ("在库", "in the lake"),
    ];
    table(&heads, 1, quality.tables.iter().map(row).collect())
}

fn files(quality: &Quality) -> Block {
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for f in quality.files.iter().take(FILES_SHOWN) {
        let counts = [f.read, f.appended, f.unchanged, f.waiting, f.rejected, f.duplicates, f.expired];
        rows.push([cell(&f.file)].into_iter().chain(counts.iter().map(cell)).collect());
    }
    let heads = [
        ("文件", "file"),
        ("读入", "read"),
        ("新增", "appended"),
        ("未变", "unchanged"),
        ("等待", "waiting"),
        ("退回", "rejected"),
        ("重复", "duplicates"),
        ("期满", "expired"),
    ];
    table(&heads, 1, rows)
}

fn rules(quality: &Quality) -> Block {
    let mut rows = Vec::new();
    for r in quality.rules.iter().take(RULES_SHOWN) {
        let place = if r.column.is_empty() { r.table.clone() } else { format!("{}.{}", r.table, r.column) };
        rows.push(vec![cell(place), cell(&r.rule), cell(&r.expected), cell(r.examples.join("；")), cell(r.rows)]);
    }
    table(
        &[("位置", "place"), ("规则", "rule"), ("应为", "expected"), ("示例（文件:行）", "examples, file:line"), ("行数", "rows")],
        4,
        rows,
    )
}

fn waiting(quality: &Quality) -> Block {
    let mut rows = Vec::new();
    for w in &quality.waiting {
        rows.push(
            [cell(&w.table)]
                .into_iter()
                .chain([w.week, w.month, w.quarter, w.longer].iter().map(cell))
                .chain([cell(w.oldest_days)])
                .collect(),
        );
    }
    let heads = [
        ("表", "table"),
        ("7天内", "up to 7 days"),
        ("8–30天", "8–30"),
        ("31–90天", "31–90"),
        ("90天以上", "over 90"),
        ("最久（天）", "oldest, days"),
    ];
    table(&heads, 1, rows)
}

fn channels(quality: &Quality, ctx: &SheetContext) -> Vec<Block> {
    let mut bars = Vec::new();
    let mut rows = Vec::new();
    for c in &quality.channels {
        let share = (c.sent > 0).then(|| c.answered as f64 / c.sent as f64);
        let shown = share.map_or_else(|| "—".to_owned(), percent);
        let label = ctx.label("channel", &c.channel);
        bars.push(Bar {
            label: label.clone(),
            value: share,
            interval: None,
            shown: Bi::plain(format!("{shown}（{}/{}）", c.answered, c.sent)),
        });
        let days = c.median_days.map_or_else(|| "—".to_owned(), |days| days.to_string());
        let found = if c.answered > 0 { percent(c.found as f64 / c.answered as f64) } else { "—".to_owned() };
        rows.push(vec![Cell { text: label, link: None }, cell(c.found), cell(found), cell(days), cell(c.stale), cell(c.unanswered)]);
    }
    let heads = [
        ("渠道", "channel"),
        ("查到", "found"),
        ("查到率", "of answers"),
        ("反馈中位天数", "median days"),
        ("反馈过期人数", "debtors with a stale answer"),
        ("无反馈人数", "debtors without one"),
    ];
    let note = said(
        "过期：最新反馈距评估日超过90天（目录stale_days）。过期、无反馈只计有在办案件的被执行人。",
        "Stale: the newest answer is over 90 days old (stale_days of the catalog). Both counts are of debtors with a live case.",
    );
    vec![Block::Bars { caption: Bi::default(), bars }, table(&heads, 1, rows), note]
}

fn steps(quality: &Quality, ctx: &SheetContext) -> Block {
    let mut rows = Vec::new();
    for s in &quality.steps {
        let label = Cell { text: ctx.label("milestones.node", &s.node), link: None };
        rows.push(vec![label, cell(s.due), cell(s.overdue), cell(s.late), cell(s.oldest_days)]);
    }
    let heads =
        [("节点", "step"), ("已到期", "due"), ("逾期未办", "overdue"), ("逾期办结", "done late"), ("最久逾期（天）", "oldest, days")];
    table(&heads, 1, rows)
}

fn warnings(quality: &Quality) -> Block {
    let row = |w: &Warning| vec![cell(&w.place), cell(&w.text), cell(w.times)];
    Block::Table {
        caption: Bi::default(),
        columns: vec![head("位置", "place", Align::Left), head("内容", "found", Align::Left), head("次数", "times", Align::Right)],
        rows: quality.warnings.iter().map(row).collect(),
    }
}
