//! The part of a sheet that is about one party: where it stands, on what facts, and which reasons make its scores.

use super::cells::Cells;
use super::sheets::{fact, money, on};
use super::{CaseTables, SheetContext, alike, wording};
use crate::wording::percent;
use luheng_sheet::{Axis, Bi, Block, Fact, Interval, Tone, Turn};

/// How many evidence keys stand under a reason; the rest are counted. All are in the table `reasons`.
const EVIDENCE_SHOWN: usize = 3;

/// The section of the party at this place of the case.
pub(super) fn section(at: usize, rating: &Cells<'_>, case: &CaseTables<'_>, ctx: &SheetContext) -> Block {
    let id = rating.str("debtor_id");
    let name = wording::party(at);
    let mut blocks = vec![standing(rating)];
    if let Some(text) = asking(rating, ctx) {
        blocks.push(Block::Notice { text, tone: Tone::Plain });
    }
    if let Some(probability) = rating.number("link_probability") {
        blocks.push(Block::Notice { text: wording::linked(probability), tone: Tone::Plain });
    }
    blocks.push(Block::Facts(facts(rating, case.debtors.get(id), ctx)));
    let own =
        |axis: &str| -> Vec<&Cells<'_>> { case.reasons.iter().filter(|r| r.str("debtor_id") == id && r.str("axis") == axis).collect() };
    blocks.extend(waterfall(
        Bi::fixed("能力分的由来", "how the ability score comes about"),
        &own("capacity"),
        rating.number("capacity_score"),
    ));
    blocks.extend(waterfall(
        Bi::fixed("意愿分的由来", "how the willingness score comes about"),
        &own("willingness"),
        rating.number("willingness_score"),
    ));
    blocks.extend(paths(case, id));
    blocks.extend(alike::blocks(rating, case, ctx));
    Block::Section { title: Bi::new(format!("{} · {}", name.zh, wording::pseudonym(id)), name.en), blocks }
}

/// What the debtor could do for the next grade, on each axis; nothing where no path is known.
fn paths(case: &CaseTables<'_>, id: &str) -> Vec<Block> {
    let of = |axis: &str| -> Vec<&Cells<'_>> {
        case.paths.iter().filter(|path| path.str("debtor_id") == id && path.str("axis") == axis).collect()
    };
    let line = |steps: Vec<&Cells<'_>>, zh: &str, en: &str| -> Option<Fact> {
        let first = steps.first()?;
        let all = |name: &'static str, by: &str| steps.iter().map(|s| s.str(name)).collect::<Vec<_>>().join(by);
        let p = percent(first.number("p_after").unwrap_or(0.0));
        let grade = first.str("to_grade");
        Some(Fact {
            label: Bi::new(format!("{zh}升至{grade}"), format!("{en} {grade}")),
            value: Bi::new(format!("{}（届时约{p}）", all("text_zh", "；")), format!("{} (then about {p})", all("text_en", "; "))),
        })
    };
    let facts: Vec<Fact> =
        [line(of("capacity"), "能力", "ability to"), line(of("willingness"), "意愿", "willingness to")].into_iter().flatten().collect();
    if facts.is_empty() {
        return Vec::new();
    }
    let note = Bi::fixed(
        "改善评估的途径：均为合法、本人可为之事，以现有模型推算，不是承诺，也不替代法定义务。",
        "Paths to a better grade: lawful and in the debtor's power, by the present model; no promise, and no substitute for any duty.",
    );
    vec![Block::Text { text: note, tone: Tone::Small }, Block::Facts(facts)]
}

fn standing(rating: &Cells<'_>) -> Block {
    let confidence = wording::confidence(rating.str("confidence"));
    let kind = wording::rating(rating.str("rating_id"));
    Block::Standing {
        words: wording::quadrant(rating.str("quadrant")),
        note: Bi::new(format!("{}　可信度：{}", kind.zh, confidence.zh), format!("{}; confidence: {}", kind.en, confidence.en)),
        across: axis(rating, "capacity", Bi::fixed("能力", "ability"), 'C'),
        up: axis(rating, "willingness", Bi::fixed("意愿", "willingness"), 'W'),
    }
}

fn axis(rating: &Cells<'_>, axis: &str, name: Bi, letter: char) -> Axis {
    let of = |part: &str| rating.number(&format!("{axis}_{part}"));
    let share = of("p").map(|value| Interval { value, low: of("low"), high: of("high") });
    let grade = rating.text(&format!("{axis}_grade")).and_then(|g| g.strip_prefix(letter)).and_then(|g| g.parse().ok());
    let words = match share {
        Some(Interval { value, low: Some(low), high: Some(high) }) => {
            Bi::plain(format!("{}（{}—{}）", percent(value), percent(low), percent(high)))
        }
        Some(Interval { value, .. }) => Bi::plain(percent(value)),
        None => wording::status(rating.str(&format!("{axis}_status")), letter == 'C'),
    };
    Axis { name, letter, grade, share, words }
}

/// What to ask for before this party can be rated, or rated better; nothing where nothing is missing.
fn asking(rating: &Cells<'_>, ctx: &SheetContext) -> Option<Bi> {
    let channels: Vec<Bi> = rating.list("missing_channels").map(|c| ctx.label("channel", c)).collect();
    let asks: Vec<Bi> = rating.list("ask_for").map(|a| asked(a, ctx)).collect();
    let (mut zh, mut en) = (String::new(), String::new());
    if !channels.is_empty() {
        let list = wording::joined(channels);
        zh.push_str(&format!("未反馈或已过期的查控渠道：{}。", list.zh));
        en.push_str(&format!("Channels without a fresh answer: {}. ", list.en));
    }
    if !asks.is_empty() {
        let list = wording::joined(asks);
        zh.push_str(&format!("请补充：{}。", list.zh));
        en.push_str(&format!("Please obtain: {}.", if list.en.is_empty() { &list.zh } else { &list.en }));
    }
    if let Some((rare_zh, rare_en)) = rating.text("rare_zh").zip(rating.text("rare_en")) {
        zh.push_str(&format!("评分过多取决于训练中少见的情况：{rare_zh}。"));
        en.push_str(&format!(" Too much of the score would rest on what few training cases had: {rare_en}."));
    }
    (!zh.is_empty()).then(|| Bi::new(zh, en.trim_end().to_owned()))
}

/// Something to ask for: a code of its own, else a measure.
fn asked(code: &str, ctx: &SheetContext) -> Bi {
    wording::ask(code).unwrap_or_else(|| ctx.label("measure", code))
}

fn facts(rating: &Cells<'_>, debtor: Option<&Cells<'_>>, ctx: &SheetContext) -> Vec<Fact> {
    let mut facts = vec![
        fact("应履行", "due from this party", money(rating.int("outstanding_fen"))),
        fact("已查明可用财产", "evidenced means", money(rating.int("evidenced_means_fen"))),
        fact("财产覆盖", "extent", wording::extent(rating.str("capacity_extent"))),
        fact("查控覆盖", "inquiry coverage", rating.number("coverage").map_or(wording::UNKNOWN, |c| Bi::plain(percent(c)))),
        fact("预期到位", "expected recovery", expected(rating)),
        fact("有效期至", "valid until", on(rating.date("valid_until"))),
    ];
    // The usual basis goes without saying; the others are a caveat.
    if let Some(basis) = rating.text("identity_basis").filter(|b| *b != "number") {
        facts.push(fact("身份依据", "identity by", wording::identity(basis)));
    }
    if let Some(debtor) = debtor {
        if let Some(kind) = debtor.text("kind") {
            facts.push(fact("主体", "kind", ctx.label("debtors.kind", kind)));
        }
        let n = |name: &str| debtor.int(name).unwrap_or(0);
        facts.push(fact(
            "在办案件",
            "open cases",
            Bi::new(
                format!("{}件，终本{}件，合计应履行{}", n("open_cases_n"), n("no_property_cases_n"), money(debtor.int("due_all_fen")).zh),
                format!("{} open, {} closed for want of property", n("open_cases_n"), n("no_property_cases_n")),
            ),
        ));
        facts.push(fact("名单状态", "lists", lists(debtor)));
        if debtor.is("insolvent_candidate") {
            facts.push(fact(
                "资不抵债线索",
                "insolvency",
                Bi::fixed(
                    "已查明财产少于全部应履行额，可审查执转破或个债清理",
                    "known means fall short of all debts: bankruptcy or clearing may be considered",
                ),
            ));
        }
    }
    facts
}

fn lists(debtor: &Cells<'_>) -> Bi {
    match (debtor.is("is_listed"), debtor.is("is_limited")) {
        (true, true) => Bi::fixed("失信名单、限制消费", "listed and limited"),
        (true, false) => Bi::fixed("失信名单", "listed"),
        (false, true) => Bi::fixed("限制消费", "limited"),
        (false, false) => wording::NONE,
    }
}

fn expected(rating: &Cells<'_>) -> Bi {
    let Some(fen) = rating.int("expected_recovery_fen") else {
        return Bi::fixed("未评", "not rated");
    };
    let mut text = money(Some(fen));
    if let Some(share) = rating.number("recovery_share") {
        let interval = rating.number("recovery_low").zip(rating.number("recovery_high"));
        let interval = interval.map(|(low, high)| format!("，{}—{}", percent(low), percent(high))).unwrap_or_default();
        text.zh = format!("{}（{}{interval}）", text.zh, percent(share)).into();
    }
    text
}

/// The reasons of one axis; nothing where the axis has none.
fn waterfall(caption: Bi, reasons: &[&Cells<'_>], score: Option<f64>) -> Option<Block> {
    let (first, rest) = reasons.split_first()?;
    let text = |r: &Cells<'_>| Bi::new(r.str("text_zh").to_owned(), r.str("text_en").to_owned());
    let points = |r: &Cells<'_>| r.number("points").unwrap_or(0.0);
    let sum: f64 = reasons.iter().map(|r| points(r)).sum();
    let turns = rest.iter().map(|r| Turn {
        text: text(r),
        points: points(r),
        evidence: evidence(r),
        tag: match r.str("disclose") {
            "after_control" => wording::AFTER_CONTROL,
            "never" => wording::INTERNAL,
            _ => Bi::default(),
        },
    });
    Some(Block::Waterfall {
        caption,
        base: (text(first), points(first)),
        turns: turns.collect(),
        total: (Bi::fixed("合计得分", "score"), score.unwrap_or(sum)),
    })
}

fn evidence(reason: &Cells<'_>) -> String {
    let keys: Vec<&str> = reason.list("evidence").collect();
    let shown = keys.iter().take(EVIDENCE_SHOWN).copied().collect::<Vec<_>>().join(" ");
    match keys.len().checked_sub(EVIDENCE_SHOWN) {
        Some(more) if more > 0 => format!("{shown} +{more}"),
        _ => shown,
    }
}
