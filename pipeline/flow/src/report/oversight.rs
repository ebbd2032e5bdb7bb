//! The page on the court's own work: whether effort follows the ratings in a way the law does not allow, what became of the advice, and of objections.

use std::collections::BTreeMap;

use luheng_lake::columns::{Columns, day};
use luheng_sheet::{Align, Bi, Block, Cell, Doc, Head, Tone};

use super::SheetContext;
use super::cells::Cells;
use crate::wording::{day_zh, percent};

/// What effort is grouped by.
const GROUPINGS: [(&str, Bi); 4] = [
    ("capacity_grade", Bi::fixed("按履行能力等级", "by grade of capacity")),
    ("willingness_grade", Bi::fixed("按履行意愿等级", "by grade of willingness")),
    ("claim", Bi::fixed("按未履行金额", "by amount due")),
    ("livelihood", Bi::fixed("按是否涉民生", "by livelihood")),
];

/// The order of groups that do not sort by their code.
const ORDER: [&str; 6] = ["below_10k", "below_100k", "below_1m", "from_1m", "yes", "no"];

/// What is known of one group: numerator, denominator, what is made of them, and its interval.
#[derive(Clone, Copy, Default)]
struct Count {
    part: i64,
    of: i64,
    value: f64,
    interval: Option<(f64, f64)>,
}

/// By indicator, grouping and group.
type Counts<'a> = BTreeMap<(&'a str, &'a str, &'a str), Count>;

/// The page.
pub fn page(oversight: &Columns, ctx: &SheetContext) -> Doc {
    let counts = counts(oversight);
    let mut blocks = Vec::new();
    for ((_, _, grade), behind) in counts.iter().filter(|(key, _)| key.0 == "left_behind") {
        blocks.push(Block::Notice {
            text: Bi::new(
                format!(
                    "{grade}级被执行人中{}（{}名中{}名）有法定步骤逾期，比其他等级高{}个百分点（95%区间{}），超出偶然波动。法定步骤不因评级延后，请核查。",
                    share(*behind),
                    behind.of,
                    behind.part,
                    points(behind.value),
                    behind.interval.map(|(low, high)| format!("{}—{}", points(low), points(high))).unwrap_or_default()
                ),
                "Parties of the lowest grade have a statutory step overdue more often than others, beyond chance. No rating may delay such a step.",
            ),
            tone: Tone::Strong,
        });
    }
    blocks.push(effort(&counts));
    blocks.push(advice(&counts, ctx));
    blocks.push(objections(&counts, ctx));
    Doc {
        kicker: Bi::fixed("内部工作文件", "internal working paper"),
        title: Bi::fixed("办理监督", "oversight of the court's own work"),
        subtitle: Bi::new(format!("评估日 {}", day_zh(ctx.as_of)), format!("as of {}", day::format(ctx.as_of))),
        lang: "zh-CN",
        running: String::new(),
        blocks,
        foot: Bi::fixed(
            "评级只排序合法可为之事，不决定是否作为；本页各项均不进入模型。",
            "Ratings order what is lawful and decide nothing; no figure of this page enters a model.",
        ),
    }
}

fn counts(oversight: &Columns) -> Counts<'_> {
    let rows = (0..oversight.len()).map(|at| Cells::of(oversight, at));
    let count = |r: &Cells<'_>| Count {
        part: r.int("numerator").unwrap_or(0),
        of: r.int("denominator").unwrap_or(0),
        value: r.number("value").unwrap_or(0.0),
        interval: r.number("low95").zip(r.number("high95")),
    };
    rows.map(|r| ((r.str("indicator"), r.str("grouped_by"), r.str("group")), count(&r))).collect()
}

/// The groups of a grouping that an indicator has, in order.
fn groups<'a>(counts: &Counts<'a>, indicator: &str, by: &str) -> Vec<&'a str> {
    let mut groups: Vec<&str> = counts.keys().filter(|k| k.0 == indicator && k.1 == by).map(|k| k.2).collect();
    groups.sort_by_key(|g| (ORDER.iter().position(|o| o == g), *g == "unrated", *g));
    groups
}

fn effort(counts: &Counts<'_>) -> Block {
    let mut blocks = vec![Block::Text {
        text: Bi::fixed(
            "近180日的步骤：措施、查控、控制和流程节点，同一日计一次。逾期：到期未完成的法定节点。区间为95%。",
            "Steps of 180 days: measures, inquiries, holds and procedural steps, one a day. Overdue: statutory steps due and not done. Intervals are 95 %.",
        ),
        tone: Tone::Small,
    }];
    for (by, title) in GROUPINGS {
        let rows = groups(counts, "steps_180d", by).into_iter().map(|group| {
            let of = |indicator: &str| counts.get(&(indicator, by, group)).copied().unwrap_or_default();
            let steps = of("steps_180d");
            vec![
                group_title(group),
                plain(steps.of.to_string()),
                plain(mean(steps)),
                plain(mean(of("step_age_days"))),
                plain(share(of("untouched"))),
                plain(with_interval(of("step_overdue"))),
            ]
        });
        blocks.push(table(
            title,
            &[
                ("组", "group"),
                ("被执行人", "parties"),
                ("人均步骤", "steps each"),
                ("距上一步骤（天）", "days since the last"),
                ("未有步骤", "without any"),
                ("有逾期", "with one overdue"),
            ],
            rows.collect(),
        ));
    }
    Block::Section { title: Bi::fixed("力度与评级", "effort and ratings"), blocks }
}

fn advice(counts: &Counts<'_>, ctx: &SheetContext) -> Block {
    let mut blocks = Vec::new();
    let labelled = |list: &str, code: &str| ctx.known(list, code).unwrap_or_else(|| unlisted(code));
    for (indicator, by, list, title) in [
        ("advice_adopted", "subject", "decisions.subject", Bi::fixed("采纳率（近一年）", "advice adopted, in a year")),
        ("advice_adopted", "measure", "measure", Bi::fixed("各措施建议的采纳率", "adopted, by measure")),
        ("grade_overridden", "capacity_grade", "", Bi::fixed("等级被改的比例，按现能力等级", "grades overridden, by capacity now")),
        ("grade_overridden", "willingness_grade", "", Bi::fixed("等级被改的比例，按现意愿等级", "grades overridden, by willingness now")),
    ] {
        let rows = groups(counts, indicator, by).into_iter().map(|group| {
            let count = counts.get(&(indicator, by, group)).copied().unwrap_or_default();
            let name = if list.is_empty() { group_title(group) } else { labelled(list, group) };
            vec![name, plain(count.of.to_string()), plain(with_interval(count))]
        });
        let rows: Vec<Vec<Bi>> = rows.collect();
        if !rows.is_empty() {
            blocks.push(table(title, &[("项目", "item"), ("决定数", "decisions"), ("比例", "share")], rows));
        }
    }
    let reasons: Vec<Vec<Bi>> = groups(counts, "advice_not_adopted", "reason")
        .into_iter()
        .map(|reason| {
            let count = counts.get(&("advice_not_adopted", "reason", reason)).copied().unwrap_or_default();
            vec![labelled("decisions.reason_code", reason), plain(count.part.to_string())]
        })
        .collect();
    if !reasons.is_empty() {
        blocks.push(table(Bi::fixed("不采纳或变更的理由", "why not adopted"), &[("理由", "reason"), ("次数", "times")], reasons));
    }
    if blocks.is_empty() {
        blocks.push(nothing());
    }
    Block::Section { title: Bi::fixed("建议的采纳", "what judges made of the advice"), blocks }
}

fn objections(counts: &Counts<'_>, ctx: &SheetContext) -> Block {
    let mut subjects = groups(counts, "objection_upheld", "subject");
    subjects.extend(groups(counts, "objection_overdue", "subject"));
    subjects.sort_unstable();
    subjects.dedup();
    let rows: Vec<Vec<Bi>> = subjects
        .into_iter()
        .map(|subject| {
            let of = |indicator: &str| counts.get(&(indicator, "subject", subject)).copied().unwrap_or_default();
            let overdue = of("objection_overdue");
            vec![
                ctx.known("objections.subject", subject).unwrap_or_else(|| unlisted(subject)),
                plain(of("objection_upheld").of.to_string()),
                plain(with_interval(of("objection_upheld"))),
                plain(mean(of("objection_days"))),
                plain(overdue.of.to_string()),
                plain(overdue.part.to_string()),
            ]
        })
        .collect();
    let block = if rows.is_empty() {
        nothing()
    } else {
        table(
            Bi::fixed("近一年答复的异议", "objections answered in a year"),
            &[
                ("对象", "about"),
                ("已答复", "answered"),
                ("成立或部分成立", "upheld or in part"),
                ("更正用时（天）", "days to correction"),
                ("未答复", "open"),
                ("其中逾期", "of them late"),
            ],
            rows,
        )
    };
    Block::Section { title: Bi::fixed("异议", "objections"), blocks: vec![block] }
}

fn nothing() -> Block {
    Block::Text { text: Bi::fixed("近一年没有记录。", "Nothing on record in a year."), tone: Tone::Plain }
}

fn unlisted(code: &str) -> Bi {
    if code == "unstated" { Bi::fixed("未注明", "unstated") } else { Bi::plain(code.to_owned()) }
}

fn group_title(group: &str) -> Bi {
    match group {
        "unrated" => Bi::fixed("未评级", "not rated"),
        "below_10k" => Bi::fixed("1万元以下", "below 10,000 yuan"),
        "below_100k" => Bi::fixed("1万至10万元", "10,000 to 100,000"),
        "below_1m" => Bi::fixed("10万至100万元", "100,000 to 1 million"),
        "from_1m" => Bi::fixed("100万元以上", "1 million and more"),
        "yes" => Bi::fixed("涉民生", "livelihood"),
        "no" => Bi::fixed("不涉民生", "not livelihood"),
        grade => Bi::plain(grade.to_owned()),
    }
}

fn table(caption: Bi, heads: &[(&'static str, &'static str)], rows: Vec<Vec<Bi>>) -> Block {
    let column = |(at, (zh, en)): (usize, &(&'static str, &'static str))| Head {
        label: Bi::fixed(zh, en),
        align: if at == 0 { Align::Left } else { Align::Right },
    };
    let cells = |row: Vec<Bi>| row.into_iter().map(|text| Cell { text, link: None }).collect();
    Block::Table { caption, columns: heads.iter().enumerate().map(column).collect(), rows: rows.into_iter().map(cells).collect() }
}

fn plain(text: String) -> Bi {
    Bi::plain(text)
}

/// A difference of shares in points of a hundred.
fn points(share: f64) -> String {
    format!("{:.1}", share * 100.0)
}

fn mean(count: Count) -> String {
    if count.of > 0 { format!("{:.1}", count.part as f64 / count.of as f64) } else { "—".to_owned() }
}

fn share(count: Count) -> String {
    if count.of > 0 { percent(count.part as f64 / count.of as f64) } else { "—".to_owned() }
}

fn with_interval(count: Count) -> String {
    match count.interval {
        Some((low, high)) => format!("{}（{}—{}）", share(count), percent(low), percent(high)),
        None => "—".to_owned(),
    }
}
