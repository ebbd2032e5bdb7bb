//! How good the night's data was: what came in, what was turned away and why, which channels answer. Narrow on purpose: a count that cannot
//! be traced to a file does not belong here.

use super::SheetContext;
use super::sheets::section;
use crate::error::{Error, Result};
use crate::wording::{day_zh, percent};
use luheng_lake::columns::day;
use luheng_sheet::{Align, Bar, Bi, Block, Cell, Doc, Head, Tone};
use serde::{Deserialize, Serialize};

/// The data quality of one run. Written as `quality.json`, printed as `quality.html`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Each input table.
    pub tables: Vec<TableQuality>,
    /// Rules that turned rows away, most rows first.
    pub rules: Vec<RuleQuality>,
    /// Each inquiry channel.
    pub channels: Vec<ChannelQuality>,
    /// What else should be known, in words.
    pub warnings: Vec<Warning>,
}

/// One input table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableQuality {
    /// Its name.
    pub table: String,
    /// Its Chinese title.
    pub title_zh: String,
    /// Rows read from files this night.
    pub read: u64,
    /// Rows in the lake after it.
    pub loaded: u64,
    /// Rows that wait for their case or debtor.
    pub waiting: u64,
    /// Rows turned away.
    pub rejected: u64,
    /// Rows equal to another.
    pub duplicates: u64,
    /// Rows whose period of retention is over.
    pub expired: u64,
}

/// One rule that turned rows away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleQuality {
    /// The table.
    pub table: String,
    /// The column, empty where the rule is about the row.
    pub column: String,
    /// The rule's name.
    pub rule: String,
    /// What it expects.
    pub expected: String,
    /// Rows it turned away.
    pub rows: u64,
}

/// One inquiry channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelQuality {
    /// Its code.
    pub channel: String,
    /// Inquiries sent.
    pub sent: u64,
    /// Those answered by the as-of day.
    pub answered: u64,
}

/// A remark about the data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// Where: a file, a table, a stage.
    pub place: String,
    /// What was found.
    pub text: String,
    /// How often.
    pub times: u64,
}

/// Rules printed; the rest are in `rejects.parquet`.
const RULES_SHOWN: usize = 20;

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
    blocks.push(section("各表", "tables", vec![tables(quality)]));
    let rules = if quality.rules.is_empty() {
        Block::Text { text: Bi::fixed("没有退回的行。", "No row was rejected."), tone: Tone::Plain }
    } else {
        rules(quality)
    };
    blocks.push(section("退回原因", "why rows were rejected", vec![rules]));
    if !quality.channels.is_empty() {
        blocks.push(section("网络查控反馈率", "inquiries answered", vec![channels(quality, ctx)]));
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

fn cell(text: impl ToString) -> Cell {
    Cell { text: Bi::plain(text.to_string()), link: None }
}

fn tables(quality: &Quality) -> Block {
    let row = |t: &TableQuality| {
        let share = if t.read > 0 { percent(t.rejected as f64 / t.read as f64) } else { "—".to_owned() };
        let name = Cell { text: Bi::new(t.title_zh.clone(), t.table.clone()), link: None };
        vec![name, cell(t.read), cell(t.loaded), cell(t.waiting), cell(t.rejected), cell(share), cell(t.duplicates), cell(t.expired)]
    };
    Block::Table {
        caption: Bi::default(),
        columns: vec![
            head("表", "table", Align::Left),
            head("读入", "read", Align::Right),
            head("在库", "loaded", Align::Right),
            head("等待", "waiting", Align::Right),
            head("退回", "rejected", Align::Right),
            head("退回率", "share", Align::Right),
            head("重复", "duplicates", Align::Right),
            head("期满", "expired", Align::Right),
        ],
        rows: quality.tables.iter().map(row).collect(),
    }
}

fn rules(quality: &Quality) -> Block {
    let row = |r: &RuleQuality| {
        let place = if r.column.is_empty() { r.table.clone() } else { format!("{}.{}", r.table, r.column) };
        vec![cell(place), cell(&r.rule), cell(&r.expected), cell(r.rows)]
    };
    Block::Table {
        caption: Bi::default(),
        columns: vec![
            head("位置", "place", Align::Left),
            head("规则", "rule", Align::Left),
            head("应为", "expected", Align::Left),
            head("行数", "rows", Align::Right),
        ],
        rows: quality.rules.iter().take(RULES_SHOWN).map(row).collect(),
    }
}

fn channels(quality: &Quality, ctx: &SheetContext) -> Block {
    let bar = |c: &ChannelQuality| {
        let share = (c.sent > 0).then(|| c.answered as f64 / c.sent as f64);
        let shown = share.map_or_else(|| "—".to_owned(), percent);
        Bar {
            label: ctx.label("channel", &c.channel),
            value: share,
            interval: None,
            shown: Bi::plain(format!("{shown}（{}/{}）", c.answered, c.sent)),
        }
    };
    Block::Bars { caption: Bi::default(), bars: quality.channels.iter().map(bar).collect() }
}

fn warnings(quality: &Quality) -> Block {
    let row = |w: &Warning| vec![cell(&w.place), cell(&w.text), cell(w.times)];
    Block::Table {
        caption: Bi::default(),
        columns: vec![head("位置", "place", Align::Left), head("内容", "found", Align::Left), head("次数", "times", Align::Right)],
        rows: quality.warnings.iter().map(row).collect(),
    }
}
