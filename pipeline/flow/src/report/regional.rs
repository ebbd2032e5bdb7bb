//! The regional page and its two data files: 万人失信率 first, with its definition, interval, numerator, denominator and year beside every
//! figure, because no official formula exists and a rate without its definition invites the wrong comparison. Regions are ranked only where
//! the numerator is the national list; otherwise the page is titled 本院数据口径 and keeps the order of region codes.

use super::cells::{Cells, rows_by};
use super::{SheetContext, context::MetricLabel, wording};
use crate::error::{Error, Result};
use crate::wording::{day_zh, percent, yuan};
use luheng_lake::columns::{Column, ColumnKind, Columns, day};
use luheng_sheet::{Align, Bar, Basis, Bi, Block, Cell, Doc, Fact, Figure, Head, Tone};
use serde_json::{Map, Value};
use std::fmt::Write;

/// The headline metric.
const HEADLINE: &str = "dishonesty_rate_per_10k";

/// What stands in a cell too small to publish.
const SUPPRESSED: &str = "<10 不公布";

/// Levels from the largest region to the smallest, with their titles.
const LEVELS: [(&str, Bi); 3] = [
    ("province", Bi::fixed("全省", "province")),
    ("city", Bi::fixed("设区市", "cities")),
    ("county", Bi::fixed("县（市、区）", "counties")),
];

/// The page.
pub fn page(regional: &Columns, ctx: &SheetContext) -> Doc {
    let by_metric = rows_by(regional, "metric");
    let rows = |metric: &str| -> Vec<Cells<'_>> {
        by_metric.get(metric).map(|at| at.iter().map(|at| Cells::of(regional, *at)).collect()).unwrap_or_default()
    };
    let headline = rows(HEADLINE);
    let scope = headline.first().map_or("this_court", |r| r.str("numerator_scope"));
    let is_national = scope == "national_list";
    let mut blocks = Vec::new();
    if !is_national {
        blocks.push(Block::Notice {
            text: Bi::fixed(
                "本院数据口径：分子仅含所列法院的名单记录，不是全国名单，各地不作排名，不得与其他口径比较",
                "Court-data scope: the numerator holds these courts' entries only, not the national list; regions are not ranked or compared.",
            ),
            tone: Tone::Strong,
        });
    }
    if headline.is_empty() {
        blocks.push(Block::Text {
            text: Bi::fixed("本次没有可发布的区域指标。", "No regional figure in this run."), tone: Tone::Plain
        });
    } else {
        blocks.extend(headline_blocks(&headline, ctx, is_national));
    }
    let mut others: Vec<&str> = by_metric.keys().copied().filter(|m| *m != HEADLINE).collect();
    // In the order of the catalog of metrics, breakdowns after their whole, strangers last.
    others.sort_by_key(|m| (ctx.metrics.iter().position(|(id, _)| *id == whole(m)).unwrap_or(usize::MAX), *m));
    if !others.is_empty() {
        let mut inner = vec![];
        for metric in others {
            inner.extend(companion(&rows(metric), metric, ctx));
        }
        blocks.push(Block::Section { title: Bi::fixed("配套指标", "companion figures"), blocks: inner });
    }
    let title = if is_national {
        Bi::fixed("万人失信率", "dishonest debtors per 10,000 residents")
    } else {
        Bi::fixed("万人失信率（本院数据口径）", "dishonest debtors per 10,000 residents, court-data scope")
    };
    Doc {
        kicker: Bi::fixed("区域指标", "regional figures"),
        title,
        subtitle: Bi::new(format!("截至 {} 24时", day_zh(ctx.as_of)), format!("at the end of {}", day::format(ctx.as_of))),
        lang: "zh-CN",
        running: String::new(),
        blocks,
        foot: Bi::fixed(
            "限制消费不计入失信率；单位不除以人口。",
            "Limits on consumption never count; organisations are never divided by people.",
        ),
    }
}

/// `removals_365d_n:performed` is a part of `removals_365d_n`.
fn whole(metric: &str) -> &str {
    metric.split(':').next().unwrap_or(metric)
}

fn label(metric: &str, ctx: &SheetContext) -> MetricLabel {
    let found = ctx.metrics.iter().find(|(id, _)| id == whole(metric)).map(|(_, label)| label.clone());
    let mut label = found.unwrap_or_else(|| MetricLabel { title: Bi::plain(whole(metric).to_owned()), unit: String::new() });
    if let Some((_, part)) = metric.split_once(':') {
        let part = ctx.known("listings.removal_ground", part).unwrap_or_else(|| Bi::plain(part.to_owned()));
        label.title = Bi::new(
            format!("{}：{}", label.title.zh, part.zh),
            format!("{}: {}", label.title.en, if part.en.is_empty() { &part.zh } else { &part.en }),
        );
    }
    label
}

fn headline_blocks(rows: &[Cells<'_>], ctx: &SheetContext, is_national: bool) -> Vec<Block> {
    let mut blocks = Vec::new();
    let label = label(HEADLINE, ctx);
    if let Some(top) = LEVELS.iter().find_map(|(level, _)| rows.iter().find(|r| r.str("level") == *level)) {
        let figure = |zh, en, value: String, note: Bi| Figure { label: Bi::fixed(zh, en), value: Bi::plain(value), note };
        let year = top.int("denominator_year").map(|y| Bi::new(format!("{y}年末"), format!("end of {y}"))).unwrap_or_default();
        blocks.push(Block::Figures(vec![
            Figure {
                label: Bi::new(top.str("region_name").to_owned(), "per 10,000"),
                value: Bi::plain(shown(top, "value", &label.unit)),
                note: interval(top, &label.unit),
            },
            figure("在册自然人", "persons listed", shown(top, "numerator", "n"), Bi::default()),
            figure("常住人口", "residents", shown(top, "denominator", "n"), year),
            figure("较上期", "change", change(top, &label.unit), Bi::default()),
        ]));
    }
    if let Some(definition) = definition(rows) {
        blocks.push(Block::Legal(vec![Basis { name: Bi::fixed("定义", "definition"), text: definition }]));
    }
    for (level, title) in &LEVELS {
        let mut level_rows: Vec<&Cells<'_>> = rows.iter().filter(|r| r.str("level") == *level).collect();
        if level_rows.is_empty() {
            continue;
        }
        level_rows.sort_by(|a, b| {
            let by_value = || b.number("value").unwrap_or(-1.0).total_cmp(&a.number("value").unwrap_or(-1.0));
            let ranked = if is_national { by_value() } else { std::cmp::Ordering::Equal };
            ranked.then_with(|| a.str("region").cmp(b.str("region")))
        });
        let mut inner = Vec::new();
        if level_rows.len() > 1 {
            inner.push(Block::Bars {
                caption: Bi::fixed("每万人（横线为95%区间）", "per 10,000, lines are 95 % intervals"),
                bars: bars(&level_rows),
            });
        }
        inner.push(table(&level_rows, &label.unit, true));
        blocks.push(Block::Section { title: title.clone(), blocks: inner });
    }
    blocks.push(Block::Section { title: Bi::fixed("数据来源", "sources"), blocks: vec![Block::Facts(sources(rows))] });
    blocks
}

/// The definition as the table has it: Chinese, ` / `, English.
fn definition(rows: &[Cells<'_>]) -> Option<Bi> {
    let text = rows.iter().find_map(|r| r.text("definition"))?;
    Some(match text.split_once(" / ") {
        Some((zh, en)) => Bi::new(zh.to_owned(), en.to_owned()),
        None => Bi::plain(text.to_owned()),
    })
}

fn bars(rows: &[&Cells<'_>]) -> Vec<Bar> {
    rows.iter()
        .map(|r| Bar {
            label: Bi::plain(r.str("region_name").to_owned()),
            value: if r.is("suppressed") { None } else { r.number("value") },
            interval: if r.is("suppressed") { None } else { r.number("low95").zip(r.number("high95")) },
            shown: Bi::plain(shown(r, "value", "per_10k")),
        })
        .collect()
}

fn companion(rows: &[Cells<'_>], metric: &str, ctx: &SheetContext) -> Vec<Block> {
    let label = label(metric, ctx);
    let mut blocks = vec![Block::Heading { level: 3, text: label.title }];
    if let Some(text) = definition(rows) {
        blocks.push(Block::Text { text, tone: Tone::Small });
    }
    let order = |r: &&Cells<'_>| (LEVELS.iter().position(|(l, _)| *l == r.str("level")), r.str("region").to_owned());
    let mut rows: Vec<&Cells<'_>> = rows.iter().collect();
    rows.sort_by_key(order);
    blocks.push(table(&rows, &label.unit, false));
    blocks
}

fn table(rows: &[&Cells<'_>], unit: &str, is_headline: bool) -> Block {
    let head = |zh, en, align| Head { label: Bi::fixed(zh, en), align };
    let has = |name: &str| rows.iter().any(|r| r.number(name).is_some());
    let (has_interval, has_parts) = (has("low95"), has("denominator"));
    let mut columns = vec![head("地区", "region", Align::Left), head("数值", "value", Align::Right)];
    if has_interval {
        columns.push(head("95%区间", "95 % interval", Align::Right));
    }
    if has_parts {
        columns.push(head("分子", "numerator", Align::Right));
        columns.push(head("分母", "denominator", Align::Right));
    }
    if is_headline {
        columns.push(head("年份", "year", Align::Right));
    }
    columns.push(head("较上期", "change", Align::Right));
    // A share of counts has an interval; one without is a share of money, in fen.
    let part_unit = if unit == "share" && !has_interval { "fen" } else { "n" };
    let rows = rows.iter().map(|r| {
        let mut cells = vec![r.str("region_name").to_owned(), shown(r, "value", unit)];
        if has_interval {
            cells.push(interval(r, unit).zh.into_owned());
        }
        if has_parts {
            cells.push(shown(r, "numerator", part_unit));
            cells.push(shown(r, "denominator", part_unit));
        }
        if is_headline {
            cells.push(r.int("denominator_year").map(|y| y.to_string()).unwrap_or_default());
        }
        cells.push(change(r, unit));
        cells.into_iter().map(|text| Cell { text: Bi::plain(text), link: None }).collect()
    });
    Block::Table { caption: Bi::default(), rows: rows.collect(), columns }
}

/// A figure of a row in its unit; the suppression mark where the cell is too small, a dash where there is none.
fn shown(row: &Cells<'_>, name: &str, unit: &str) -> String {
    if row.is("suppressed") && name != "denominator" {
        return SUPPRESSED.to_owned();
    }
    row.number(name).map_or_else(|| "—".to_owned(), |v| in_unit(v, unit))
}

fn in_unit(value: f64, unit: &str) -> String {
    match unit {
        "per_10k" => format!("{value:.2}"),
        "share" => percent(value),
        "fen" => yuan(value.round() as i64),
        _ if value.fract() == 0.0 => grouped(value),
        _ => format!("{value:.2}"),
    }
}

/// A whole number with commas.
fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut out = if value < 0.0 { String::from("-") } else { String::new() };
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn interval(row: &Cells<'_>, unit: &str) -> Bi {
    match row.number("low95").zip(row.number("high95")).filter(|_| !row.is("suppressed")) {
        Some((low, high)) => Bi::new(format!("{}—{}", in_unit(low, unit), in_unit(high, unit)), "95 % interval"),
        None => Bi::default(),
    }
}

/// The change since the run before, with its sign in words of its own so that it cannot be missed in print.
fn change(row: &Cells<'_>, unit: &str) -> String {
    match row.number("change").filter(|_| !row.is("suppressed")) {
        None => "—".to_owned(),
        Some(v) if v > 0.0 => format!("▲ {}", in_unit(v, unit)),
        Some(v) if v < 0.0 => format!("▼ {}", in_unit(-v, unit)),
        Some(_) => "持平".to_owned(),
    }
}

fn sources(rows: &[Cells<'_>]) -> Vec<Fact> {
    let Some(row) = rows.first() else { return vec![] };
    let fact = |zh, en, value| Fact { label: Bi::fixed(zh, en), value };
    let mut facts = vec![fact("分子范围", "numerator", wording::scope(row.str("numerator_scope")))];
    if let Some(n) = row.int("courts_reporting_n") {
        facts.push(fact("报送法院", "courts reporting", Bi::plain(n.to_string())));
    }
    if let Some(n) = row.int("unlocated_n") {
        facts.push(fact("无法归属地区", "not located", Bi::new(format!("{n}人"), format!("{n} persons"))));
    }
    if let Some(share) = row.number("fallback_share") {
        facts.push(fact("按法院所在地归属", "located by court", Bi::plain(percent(share))));
    }
    let vintage = match row.str("vintage") {
        "as_known" => Bi::fixed("按当日已知", "as known on the day"),
        "revised" => Bi::fixed("事后修订", "revised since"),
        _ => wording::UNKNOWN,
    };
    facts.push(fact("数据版本", "vintage", vintage));
    facts.push(fact("定义编号", "definition id", Bi::plain(row.str("definition_id").to_owned())));
    facts
}

/// The table as CSV: a header, one line a row, fields quoted as RFC 4180 asks, null as nothing, floats unrounded.
pub fn csv(regional: &Columns) -> String {
    let mut out = String::new();
    let header: Vec<String> = regional.names().map(quoted).collect();
    let _ = writeln!(out, "{}", header.join(","));
    for at in 0..regional.len() {
        for (n, (_, column)) in regional.iter().enumerate() {
            if n > 0 {
                out.push(',');
            }
            out.push_str(&quoted(&plain(column, at)));
        }
        out.push('\n');
    }
    out
}

fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field.to_owned() }
}

fn plain(column: &Column, at: usize) -> String {
    match column.kind() {
        ColumnKind::Text => column.text_at(at).map(str::to_owned),
        ColumnKind::Int => column.int_at(at).map(|v| v.to_string()),
        ColumnKind::Real => column.real_at(at).map(|v| v.to_string()),
        ColumnKind::Date => column.date_at(at).map(day::format),
        ColumnKind::Flag => column.flag_at(at).map(|v| v.to_string()),
    }
    .unwrap_or_default()
}

/// The table as a JSON array of objects: keys sorted, null where null, dates as text.
///
/// # Errors
/// [`Error::Fault`] where a float has no JSON form; the tables hold none.
pub fn json(regional: &Columns) -> Result<String> {
    let row = |at: usize| {
        let cells = regional.iter().map(|(name, column)| {
            let value = match column.kind() {
                ColumnKind::Text => column.text_at(at).map(Value::from),
                ColumnKind::Int => column.int_at(at).map(Value::from),
                ColumnKind::Real => column.real_at(at).map(Value::from),
                ColumnKind::Date => column.date_at(at).map(|d| Value::from(day::format(d))),
                ColumnKind::Flag => column.flag_at(at).map(Value::from),
            };
            (name.to_owned(), value.unwrap_or(Value::Null))
        });
        Value::Object(cells.collect::<Map<String, Value>>())
    };
    let rows = Value::Array((0..regional.len()).map(row).collect());
    serde_json::to_string_pretty(&rows).map(|text| text + "\n").map_err(|e| Error::Fault(format!("regional.json: {e}")))
}
