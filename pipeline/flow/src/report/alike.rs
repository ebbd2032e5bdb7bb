//! The closed cases most like a party's on its sheet: who they were is not said, what was done and came in is.

use super::cells::Cells;
use super::{CaseTables, SheetContext, wording};
use crate::wording::percent;
use luheng_lake::columns::{Day, day};
use luheng_sheet::{Align, Bi, Block, Cell, Head, Tone};

/// How many are told of where there are enough.
const ASKED: usize = 5;
/// How many measures are named of each; the rest are counted. All are in the table `alike`.
const MEASURES_SHOWN: usize = 3;

/// What is said of similar cases beside a party; nothing beside one whose capacity is not rated, and in a run that looked for none.
pub(super) fn blocks(rating: &Cells<'_>, case: &CaseTables<'_>, ctx: &SheetContext) -> Vec<Block> {
    if rating.number("capacity_p").is_none() || !case.has_alike {
        return Vec::new();
    }
    let id = rating.str("debtor_id");
    let near: Vec<&Cells<'_>> = case.alike.iter().filter(|row| row.str("debtor_id") == id).collect();
    let Some(first) = near.first() else {
        return vec![Block::Text { text: wording::NONE_ALIKE, tone: Tone::Small }];
    };
    let few = if near.len() < ASKED { Bi::fixed("，可比的仅有这些", "; no more to compare with") } else { Bi::default() };
    let of = first.int("compared_n").unwrap_or(0);
    let caption = Bi::new(
        format!("最相似的{}件已结案件（从{of}名当事人中找出{}）", near.len(), few.zh),
        format!("the {} closed cases most alike, of {of} parties{}", near.len(), few.en),
    );
    let head = |zh, en, align| Head { label: Bi::fixed(zh, en), align };
    let columns = vec![
        head("代号", "key", Align::Left),
        head("相近度", "likeness", Align::Left),
        head("结案", "closed", Align::Left),
        head("历时", "days open", Align::Left),
        head("措施", "measures", Align::Left),
        head("此后到位", "came in since", Align::Right),
    ];
    let why = Bi::new(format!("第一件{}。", first.str("text_zh")), format!("The first: {}.", first.str("text_en")));
    let note = wording::ALIKE_IS_NOT;
    vec![
        Block::Table { caption, columns, rows: near.iter().map(|row| cells(row, ctx)).collect() },
        Block::Text { text: Bi::new(format!("{}{}", why.zh, note.zh), format!("{} {}", why.en, note.en)), tone: Tone::Small },
    ]
}

fn cells(row: &Cells<'_>, ctx: &SheetContext) -> Vec<Cell> {
    let closed = wording::closing(row.str("close_kind"), row.str("close_ground"));
    let on = row.date("closed_on").map(month).unwrap_or_default();
    let text = [
        wording::alike_key(row.str("alike_key")),
        percent(row.number("likeness").unwrap_or(0.0)),
        format!("{}\u{a0}{on}", closed.zh),
        row.int("open_days").map(|days| format!("{days}天")).unwrap_or_default(),
        measures(row, ctx),
        came_in(row),
    ];
    text.into_iter().map(|text| Bi::plain(text).into()).collect()
}

/// The month alone: the day would tell more of the case than its reader needs.
fn month(on: Day) -> String {
    let (year, month, _) = day::ymd(on);
    format!("{year}年{month}月")
}

/// How many kinds of measure were applied before the day of comparison, and which after it.
fn measures(row: &Cells<'_>, ctx: &SheetContext) -> String {
    let before = row.list("measures_before").count();
    let lead = if before > 0 { format!("此前{before}种，此后") } else { "此后".to_owned() };
    let all: Vec<&str> = row.list("measures_after").collect();
    let one = |told: &&str| match told.split_once('*') {
        Some((code, n)) => format!("{}×{n}", ctx.label("measure", code).zh),
        None => ctx.label("measure", told).zh.into_owned(),
    };
    let shown = all.iter().take(MEASURES_SHOWN).map(one).collect::<Vec<_>>().join("、");
    match all.len() {
        0 => format!("{lead}无"),
        n if n > MEASURES_SHOWN => format!("{lead}{shown}等{n}种"),
        _ => format!("{lead}{shown}"),
    }
}

/// What came in from the party, and where others paid too, on the whole case.
fn came_in(row: &Cells<'_>) -> String {
    let (own, all) = (row.number("recovered_share").unwrap_or(0.0), row.number("case_recovered_share").unwrap_or(0.0));
    let (own, all) = (percent(own), percent(all));
    if own == all { own } else { format!("{own}（全案{all}）") }
}
