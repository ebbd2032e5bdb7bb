//! The score sheet of one case: what a judge reads in a minute first, then who the parties are, what could be done next, and how to object.

use super::cells::Cells;
use super::{CaseTables, SheetContext, advice, party, wording};
use crate::wording::{day_zh, yuan, yuan_en};
use luheng_lake::columns::day;
use luheng_sheet::{Align, Bi, Block, Cell, Doc, Fact, Figure, Head, Step, Tone};

/// The sheet of a case.
pub fn case_sheet(case_no: &str, case: &CaseTables<'_>, ctx: &SheetContext) -> Doc {
    let mut blocks = vec![Block::Notice { text: wording::FIXED_LINE, tone: Tone::Strong }];
    if ctx.is_trial {
        blocks.push(Block::Notice { text: wording::TRIAL, tone: Tone::Strong });
    }
    blocks.push(Block::Figures(figures(case, ctx)));
    blocks.push(Block::Text { text: both(&wording::NO_LATER_INTEREST, &wording::EACH_FEN_ONCE), tone: Tone::Small });
    blocks.push(Block::Facts(facts(case, ctx)));
    if !case.alerts.is_empty() {
        blocks.push(section("今日提醒", "alerts of the day", vec![Block::Steps(alerts(case, ctx))]));
    }
    if !case.ratings.is_empty() {
        blocks.push(section("被执行人一览", "the parties", vec![parties(case)]));
    }
    blocks.push(section("措施建议", "suggested measures", advice::blocks(case, ctx)));
    for (at, rating) in case.ratings.iter().enumerate() {
        blocks.push(party::section(at, rating, case, ctx));
    }
    blocks.push(section("依据与异议", "basis and how to object", basis(case, ctx)));
    let court = case.case.map(|c| ctx.court(c.str("court_code"))).unwrap_or_default();
    Doc {
        kicker: Bi::new(format!("{court}　内部工作文件"), "internal working paper"),
        title: Bi::fixed("执行案件评估单", "case assessment sheet"),
        subtitle: Bi::plain(case_no.to_owned()),
        lang: "zh-CN",
        running: format!("{case_no}　评估参考"),
        blocks,
        foot: Bi::new(
            format!("评估日 {}。由履衡自动生成，供办案参考；姓名和证件号码不在本单。", day_zh(ctx.as_of)),
            format!("As of {}. Made by luheng, for reference; names and identity numbers are not on this sheet.", day::format(ctx.as_of)),
        ),
    }
}

/// A part of the document.
pub(super) fn section(zh: &'static str, en: &'static str, blocks: Vec<Block>) -> Block {
    Block::Section { title: Bi::fixed(zh, en), blocks }
}

/// A label and a value.
pub(super) fn fact(zh: &'static str, en: &'static str, value: Bi) -> Fact {
    Fact { label: Bi::fixed(zh, en), value }
}

/// Money in both languages.
pub(super) fn money(fen: Option<i64>) -> Bi {
    fen.map_or(wording::UNKNOWN, |fen| Bi::new(yuan(fen), yuan_en(fen)))
}

/// A day; its figures read the same in both languages.
pub(super) fn on(date: Option<luheng_lake::columns::Day>) -> Bi {
    date.map_or(wording::NONE, |d| Bi::plain(day_zh(d)))
}

/// Two sentences as one.
fn both(first: &Bi, second: &Bi) -> Bi {
    Bi::new(format!("{}{}", first.zh, second.zh), format!("{} {}", first.en, second.en))
}

/// An interval of money, or nothing.
fn between(low: Option<i64>, high: Option<i64>) -> Bi {
    match low.zip(high) {
        Some((low, high)) => Bi::new(format!("九成区间 {}—{}", yuan(low), yuan(high)), "90 % interval"),
        None => Bi::default(),
    }
}

/// What is due next in a case: `milestone:closing`, `seizure:lapses`, `measure:property_report`.
pub(super) fn deadline(code: &str, ctx: &SheetContext) -> Bi {
    match code.split_once(':') {
        Some(("milestone", node)) => ctx.label("milestones.node", node),
        Some(("measure", measure)) => ctx.label("measure", measure),
        Some(("seizure", _)) => Bi::fixed("查封冻结届满", "a hold lapses"),
        _ => Bi::plain(code.to_owned()),
    }
}

fn figures(case: &CaseTables<'_>, ctx: &SheetContext) -> Vec<Figure> {
    let of = |name: &str| case.case.and_then(|c| c.int(name));
    let next = case.case.map(|c| deadline(c.str("next_deadline"), ctx)).unwrap_or_default();
    let next_on = case.case.and_then(|c| c.date("next_deadline_on"));
    let overdue = next_on.is_some_and(|d| d < ctx.as_of);
    let late = |b: Bi| if overdue { Bi::new(format!("{}（已逾期）", b.zh), format!("{}, overdue", b.en)) } else { b };
    vec![
        Figure { label: Bi::fixed("本案未履行", "due in this case"), value: money(of("due_fen")), note: Bi::default() },
        Figure {
            label: Bi::fixed("预期到位", "expected recovery"),
            value: of("expected_recovery_fen").map_or(Bi::fixed("未评", "not rated"), |f| money(Some(f))),
            note: between(of("low_fen"), of("high_fen")),
        },
        Figure {
            label: Bi::fixed("办理路径", "lane"),
            value: case.case.map_or(wording::UNKNOWN, |c| wording::lane(c.str("lane"))),
            note: Bi::default(),
        },
        Figure { label: Bi::fixed("下一期限", "next deadline"), value: on(next_on), note: late(next) },
    ]
}

fn facts(case: &CaseTables<'_>, ctx: &SheetContext) -> Vec<Fact> {
    let Some(row) = case.case else { return vec![] };
    let until = case.ratings.iter().filter_map(|r| r.date("valid_until")).min();
    let mut facts = vec![
        fact("评估日", "as of", on(row.date("as_of").or(Some(ctx.as_of)))),
        fact("有效期至", "valid until", on(until)),
        fact("承办", "judge in charge", row.text("judge_code").map_or(wording::UNKNOWN, |j| Bi::plain(j.to_owned()))),
        fact("被执行人", "parties", Bi::new(format!("{}名", row.int("parties_n").unwrap_or(0)), "")),
    ];
    let order: Vec<Bi> = row
        .list("order_of_pursuit")
        .filter_map(|id| case.ratings.iter().position(|r| r.str("debtor_id") == id))
        .map(wording::party)
        .collect();
    if order.len() > 1 {
        facts.push(fact("追索顺序", "order of pursuit", wording::joined(order)));
    }
    facts
}

fn alerts(case: &CaseTables<'_>, ctx: &SheetContext) -> Vec<Step> {
    let step = |row: &Cells<'_>| {
        let who = case.ratings.iter().position(|r| row.text("debtor_id").is_some_and(|id| r.str("debtor_id") == id));
        let mut facts = Vec::new();
        if let Some(at) = who.filter(|_| case.ratings.len() > 1) {
            facts.push(fact("对象", "party", wording::party(at)));
        }
        match (row.text("before"), row.text("after")) {
            (Some(before), Some(after)) => facts.push(fact("变化", "change", Bi::plain(format!("{before} → {after}")))),
            (None, Some(what)) => facts.push(fact("内容", "what", subject(what, ctx))),
            _ => {}
        }
        if let Some(cause) = row.text("cause") {
            facts.push(fact("原因", "cause", wording::cause(cause)));
        }
        let aside = row.date("due_on").map(|d| on(Some(d))).unwrap_or_default();
        Step { mark: "!".into(), title: wording::alert(row.str("kind")), aside, text: Bi::default(), facts }
    };
    case.alerts.iter().map(step).collect()
}

/// What an alert is about: a step, a class of asset, or why an entry has to go.
fn subject(code: &str, ctx: &SheetContext) -> Bi {
    let listed = ctx.known("milestones.node", code).or_else(|| ctx.known("assets.class", code));
    listed.or_else(|| wording::exit(code)).unwrap_or_else(|| Bi::plain(code.to_owned()))
}

fn parties(case: &CaseTables<'_>) -> Block {
    let head = |zh, en, align| Head { label: Bi::fixed(zh, en), align };
    let cell = |text: Bi| Cell { text, link: None };
    let rows = case
        .ratings
        .iter()
        .enumerate()
        .map(|(at, r)| {
            vec![
                cell(Bi::new(wording::stem(at), wording::pseudonym(r.str("debtor_id")))),
                cell(Bi::plain(wording::quadrant(r.str("quadrant")).zh)),
                cell(Bi::plain(format!(
                    "{}\u{a0}{}",
                    r.text("capacity_grade").unwrap_or("C–"),
                    r.text("willingness_grade").unwrap_or("W–")
                ))),
                cell(Bi::plain(money(r.int("outstanding_fen")).zh)),
                cell(Bi::plain(r.int("expected_recovery_fen").map_or("未评".into(), |f| money(Some(f)).zh))),
            ]
        })
        .collect();
    Block::Table {
        caption: Bi::default(),
        columns: vec![
            head("被执行人", "party", Align::Left),
            head("倾向", "tendency", Align::Left),
            head("等级", "grades", Align::Left),
            head("未履行", "due", Align::Right),
            head("预期到位", "expected", Align::Right),
        ],
        rows,
    }
}

fn basis(case: &CaseTables<'_>, ctx: &SheetContext) -> Vec<Block> {
    let mut models: Vec<&str> =
        case.ratings.iter().flat_map(|r| [r.text("capacity_model"), r.text("willingness_model")]).flatten().collect();
    models.sort_unstable();
    models.dedup();
    let ids: Vec<String> = models.iter().map(|id| id.chars().take(12).collect()).collect();
    let horizon = case.ratings.first().and_then(|r| r.int("horizon_days")).unwrap_or(180);
    let good = case.ratings.first().and_then(|r| r.number("good_share")).unwrap_or(0.8) * 100.0;
    let state = if ctx.is_trial { Bi::fixed("（试用）", " (trial)") } else { Bi::fixed("（已批准）", " (approved)") };
    vec![
        Block::Facts(vec![
            fact(
                "能力 C",
                "ability",
                Bi::new(
                    format!("{horizon}日内该被执行人应履行额获足{good:.0}%以上的概率；1至5级，界限为20、40、60、80%"),
                    format!(
                        "chance that at least {good:.0} % of this party's due is covered within {horizon} days; grades cut at 20, 40, 60, 80 %"
                    ),
                ),
            ),
            fact(
                "意愿 W",
                "willingness",
                Bi::new(
                    format!("{horizon}日内报告、到庭、交付等不以财产为前提的义务均履行的概率；无力履行不作不配合"),
                    "chance that every duty that needs no means is met; want of means is not unwillingness",
                ),
            ),
            fact(
                "模型",
                "models",
                if ids.is_empty() { wording::NONE } else { Bi::new(format!("{}{}", ids.join("、"), state.zh), state.en) },
            ),
        ]),
        Block::Notice {
            text: Bi::fixed(
                "对评估或所列事实有异议：被执行人、申请执行人可向执行法院书面提出，指明错误的事实并附证据；核实有误的，更正后重新评估。\
                 对执行行为的异议，依民事诉讼法第236条：法院十五日内审查，不服裁定的十日内可向上一级法院申请复议。本单不是裁定，不影响任何救济。",
                "To object to the rating or a fact: write to the enforcing court, name the fact and enclose proof; a fact found wrong is corrected \
                 and the rating made anew. Objections to acts of enforcement follow art. 236 of the Civil Procedure Law: examined in 15 days, \
                 reconsideration by the higher court within 10 days. This sheet is not a ruling and limits no remedy.",
            ),
            tone: Tone::Plain,
        },
    ]
}
