//! The list of a run's cases, 2,000 a page, with the run at a glance on the first.

use super::sheets::{deadline, money, on};
use super::{ByCase, SheetContext, cells::Cells, sheet_name, wording};
use crate::wording::day_zh;
use luheng_lake::columns::day;
use luheng_sheet::{Align, Bar, Bi, Block, Cell, Doc, Figure, Head, Page, Tone};
use std::collections::BTreeMap;

/// Cases on one page: a table a browser on an old office machine still scrolls.
pub const PAGE_ROWS: usize = 2_000;

/// The pages of the list: file below the run's folder and document, the first one `sheets/index.html`.
pub fn pages(by_case: &ByCase<'_>, ctx: &SheetContext) -> Vec<(String, Doc)> {
    let numbers = by_case.case_numbers();
    let pages_n = numbers.len().div_ceil(PAGE_ROWS).max(1);
    (0..pages_n)
        .map(|page| {
            let rows = numbers.iter().skip(page * PAGE_ROWS).take(PAGE_ROWS);
            let mut blocks = vec![Block::Notice { text: wording::FIXED_LINE, tone: Tone::Strong }];
            if page == 0 {
                blocks.extend(overview(by_case, &numbers));
            }
            let pager = pager(page, pages_n);
            blocks.extend(pager.clone());
            blocks.push(list(rows.filter_map(|case_no| row(case_no, by_case, ctx)).collect()));
            blocks.extend(pager);
            (format!("sheets/{}", page_name(page)), document(blocks, ctx))
        })
        .collect()
}

fn page_name(page: usize) -> String {
    if page == 0 { "index.html".to_owned() } else { format!("index-{}.html", page + 1) }
}

fn document(blocks: Vec<Block>, ctx: &SheetContext) -> Doc {
    Doc {
        kicker: Bi::fixed("内部工作文件", "internal working paper"),
        title: Bi::fixed("执行案件评估总览", "cases assessed"),
        subtitle: Bi::new(format!("评估日 {}", day_zh(ctx.as_of)), format!("as of {}", day::format(ctx.as_of))),
        lang: "zh-CN",
        running: String::new(),
        blocks,
        foot: Bi::new(format!("{}{}", wording::NO_LATER_INTEREST.zh, wording::EACH_FEN_ONCE.zh), wording::NO_LATER_INTEREST.en),
    }
}

fn pager(page: usize, pages_n: usize) -> Option<Block> {
    (pages_n > 1).then(|| {
        let entry = |at: usize| Page { label: (at + 1).to_string(), link: (at != page).then(|| page_name(at)) };
        Block::Pages((0..pages_n).map(entry).collect())
    })
}

/// The run in figures: cases, money, roads, tendencies.
fn overview(by_case: &ByCase<'_>, numbers: &[&str]) -> Vec<Block> {
    let (mut due, mut expected, mut parties) = (0_i64, 0_i64, 0_usize);
    let mut lanes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut quadrants: BTreeMap<&str, usize> = BTreeMap::new();
    for case in numbers.iter().filter_map(|n| by_case.case(n)) {
        let Some(row) = case.case else { continue };
        due = due.saturating_add(row.int("due_fen").unwrap_or(0));
        expected = expected.saturating_add(row.int("expected_recovery_fen").unwrap_or(0));
        *lanes.entry(row.str("lane")).or_default() += 1;
        parties += case.ratings.len();
        for rating in &case.ratings {
            *quadrants.entry(rating.str("quadrant")).or_default() += 1;
        }
    }
    let bars = |counts: &BTreeMap<&str, usize>, words: fn(&str) -> Bi| {
        let bar = |(code, n): (&&str, &usize)| Bar {
            label: words(code),
            value: Some(*n as f64),
            interval: None,
            shown: Bi::plain(n.to_string()),
        };
        counts.iter().map(bar).collect()
    };
    let figure = |zh, en, value| Figure { label: Bi::fixed(zh, en), value, note: Bi::default() };
    vec![
        Block::Figures(vec![
            figure("案件", "cases", Bi::plain(numbers.len().to_string())),
            figure("被执行人（一案一人）", "parties", Bi::plain(parties.to_string())),
            figure("未履行合计", "due", money(Some(due))),
            figure("预期到位合计", "expected recovery", money(Some(expected))),
        ]),
        Block::Columns(vec![
            vec![Block::Bars { caption: Bi::fixed("办理路径（案件）", "lanes, cases"), bars: bars(&lanes, wording::lane) }],
            vec![Block::Bars {
                caption: Bi::fixed("倾向（被执行人）", "tendency, parties"), bars: bars(&quadrants, wording::quadrant)
            }],
        ]),
    ]
}

fn list(rows: Vec<Vec<Cell>>) -> Block {
    let head = |zh, en, align| Head { label: Bi::fixed(zh, en), align };
    Block::Table {
        caption: Bi::default(),
        columns: vec![
            head("案号", "case", Align::Left),
            head("未履行", "due", Align::Right),
            head("预期到位", "expected", Align::Right),
            head("等级", "grades", Align::Left),
            head("办理路径", "lane", Align::Left),
            head("下一期限", "next deadline", Align::Left),
        ],
        rows,
    }
}

fn row(case_no: &str, by_case: &ByCase<'_>, ctx: &SheetContext) -> Option<Vec<Cell>> {
    let case = by_case.case(case_no)?;
    let row = case.case?;
    let cell = |text: String| Cell { text: Bi::plain(text), link: None };
    let grades: Vec<String> = case
        .ratings
        .iter()
        .map(|r| format!("{} {}", r.text("capacity_grade").unwrap_or("C–"), r.text("willingness_grade").unwrap_or("W–")))
        .collect();
    let next = row.date("next_deadline_on").map(|d| format!("{} {}", on(Some(d)).zh, deadline(row.str("next_deadline"), ctx).zh));
    Some(vec![
        Cell { text: Bi::plain(case_no.to_owned()), link: Some(link(&row, case_no)) },
        cell(money(row.int("due_fen")).zh.into_owned()),
        cell(row.int("expected_recovery_fen").map_or("未评".into(), |f| money(Some(f)).zh.into_owned())),
        cell(grades.join("；")),
        cell(wording::lane(row.str("lane")).zh.into_owned()),
        cell(next.unwrap_or_default()),
    ])
}

/// The sheet as seen from the list, which lies in the same folder.
fn link(row: &Cells<'_>, case_no: &str) -> String {
    let name = row.text("sheet").map_or_else(|| sheet_name(case_no), str::to_owned);
    name.strip_prefix("sheets/").map_or(name.clone(), str::to_owned)
}
