//! What could be done next: first what the law requires, by its deadline; then what is open to the judge, ranked; then what is blocked, and
//! by what. A rating never stands between a party and a statutory step, so the three are never mixed.

use super::cells::Cells;
use super::sheets::{fact, money, on};
use super::{CaseTables, SheetContext, wording};
use luheng_sheet::{Basis, Bi, Block, Fact, Step, Tone};

/// The blocks of the section.
pub(super) fn blocks(case: &CaseTables<'_>, ctx: &SheetContext) -> Vec<Block> {
    let mut must = Vec::new();
    let mut may = Vec::new();
    let mut blocked = Vec::new();
    for row in &case.suggestions {
        match (row.str("kind"), row.is("eligible")) {
            ("mandatory", true) => must.push(row),
            (_, true) => may.push(row),
            (_, false) => blocked.push(row),
        }
    }
    must.sort_by_key(|row| (row.date("due_on").is_none(), row.date("due_on"), row.int("rank")));
    may.sort_by_key(|row| (row.int("rank").is_none(), row.int("rank")));
    let mut out = Vec::new();
    let heading = |zh, en| Block::Heading { level: 3, text: Bi::fixed(zh, en) };
    if !must.is_empty() {
        out.push(heading("法定步骤（不因评级增减或延后）", "required by law, whatever the rating"));
        out.push(Block::Steps(must.iter().map(|row| step("必".into(), row, case, ctx)).collect()));
    }
    if !may.is_empty() {
        out.push(heading("可选措施（按预期净到位与强度排序）", "open to the judge, ranked by expected gain and mildness"));
        out.push(Block::Steps(may.iter().enumerate().map(|(at, row)| step((at + 1).to_string(), row, case, ctx)).collect()));
    }
    if !blocked.is_empty() {
        out.push(heading("暂不具备条件", "blocked for now"));
        out.push(Block::Legal(blocked.iter().map(|row| block(row, case, ctx)).collect()));
    }
    if out.is_empty() {
        out.push(Block::Text { text: Bi::fixed("今日无建议。", "Nothing is suggested today."), tone: Tone::Plain });
    }
    out
}

fn step(mark: String, row: &Cells<'_>, case: &CaseTables<'_>, ctx: &SheetContext) -> Step {
    let mut facts = Vec::new();
    facts.extend(whom(row, case));
    facts.extend(gain(row));
    if let Some(days) = row.number("cost_days") {
        facts.push(fact("工作量", "effort", Bi::plain(format!("{days}日"))));
    }
    if let Some(level) = row.int("intrusiveness") {
        facts.push(fact("强度", "intrusiveness", Bi::plain(format!("{level}/5"))));
    }
    // That the court starts and the judge decides goes without saying.
    for (name, zh, en, usual) in [("initiator", "启动", "started by", "court"), ("approver", "决定", "decided by", "judge")] {
        if let Some(who) = row.text(name).filter(|who| *who != usual) {
            facts.push(fact(zh, en, chinese(wording::actor(who))));
        }
    }
    let basis: Vec<&str> = row.list("legal_basis").collect();
    if !basis.is_empty() {
        facts.push(fact("依据", "basis", Bi::plain(basis.join("、"))));
    }
    if let Some(policy) = row.text("policy_ref") {
        facts.push(fact("政策", "policy", Bi::plain(policy.to_owned())));
    }
    let aside = match row.date("due_on") {
        Some(d) if d < ctx.as_of => Bi::new(format!("已逾期 {}", on(Some(d)).zh), "overdue"),
        Some(d) => Bi::new(format!("期限 {}", on(Some(d)).zh), "deadline"),
        None => Bi::default(),
    };
    Step {
        mark,
        title: ctx.label("measure", row.str("measure")),
        aside,
        text: Bi::new(row.str("text_zh").to_owned(), row.str("text_en").to_owned()),
        facts,
    }
}

/// The short facts of a step carry English at their labels alone: there are eight to a line, and a hundred thousand sheets a night.
fn chinese(text: Bi) -> Bi {
    Bi::plain(text.zh)
}

/// The party a measure is aimed at, where the case has several, and the asset, where it names one.
fn whom(row: &Cells<'_>, case: &CaseTables<'_>) -> Vec<Fact> {
    let mut facts = Vec::new();
    if let Some(at) = place(row, case) {
        facts.push(fact("对象", "party", Bi::plain(wording::stem(at))));
    }
    if let Some(target) = row.text("target").filter(|t| *t != "debtor") {
        facts.push(fact("标的", "target", Bi::plain(target.to_owned())));
    }
    facts
}

fn gain(row: &Cells<'_>) -> Option<Fact> {
    let fen = row.int("gain_fen")?;
    let basis = wording::gain_basis(row.str("gain_basis"));
    let mut text = money(Some(fen));
    if let Some((low, high)) = row.int("gain_low_fen").zip(row.int("gain_high_fen")) {
        text.zh = format!("{}（{}—{}，{}）", text.zh, money(Some(low)).zh, money(Some(high)).zh, basis.zh).into();
    }
    text.en = basis.en;
    Some(fact("预期增加到位", "expected gain", text))
}

/// A blocked measure: the stage that suggests has put what blocks it into words, after the measure's title.
fn block(row: &Cells<'_>, case: &CaseTables<'_>, ctx: &SheetContext) -> Basis {
    let mut name = ctx.label("measure", row.str("measure"));
    let why = row.str("text_zh");
    let why = why.strip_prefix(name.zh.as_ref()).and_then(|w| w.strip_prefix('：')).unwrap_or(why);
    let mut zh = why.to_owned();
    let needed: Vec<&str> = row.list("evidence_needed").map(|n| n.split(" / ").next().unwrap_or(n)).collect();
    if !needed.is_empty() {
        zh.push_str(&format!("（需补：{}）", needed.join("、")));
    }
    if let Some(at) = place(row, case) {
        name.zh = format!("{}（{}）", name.zh, wording::stem(at)).into();
    }
    // The longest list of the sheet: what blocks is printed in Chinese alone.
    Basis { name, text: Bi::plain(zh) }
}

/// Which party of several a row is about; nothing where the case has one.
fn place(row: &Cells<'_>, case: &CaseTables<'_>) -> Option<usize> {
    let is_one_of_several = case.ratings.len() > 1;
    case.ratings.iter().position(|r| r.str("debtor_id") == row.str("debtor_id")).filter(|_| is_one_of_several)
}
