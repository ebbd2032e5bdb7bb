//! `card.html`: the model card, for people who must decide whether to use it. It prints what `validation.json` holds, and nothing else.

use std::collections::BTreeMap;

use luheng_sheet::{Align, Bi, Block, Cell, Doc, Fact, Head, Tone, html};

use super::Validation;
use super::censor::Censored;
use super::compete::Entrant;
use super::cross::{Cross, Leak};
use super::held::Part;
use super::validation::Axis;
use crate::error::{Error, Result};
use crate::haircut::Haircuts;

fn plain(text: impl Into<String>) -> Bi {
    Bi::plain(text.into())
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "—".to_owned(), |v| format!("{v:.4}"))
}

fn fact(zh: &'static str, en: &'static str, value: String) -> Fact {
    Fact { label: Bi::fixed(zh, en), value: plain(value) }
}

/// A table of figures: its caption, its heads in both languages, and its rows as text.
fn table(caption: (&'static str, &'static str), heads: &[(&'static str, &'static str)], rows: impl Iterator<Item = Vec<String>>) -> Block {
    Block::Table {
        caption: Bi::fixed(caption.0, caption.1),
        columns: heads.iter().map(|(zh, en)| Head { label: Bi::fixed(zh, en), align: Align::Right }).collect(),
        rows: rows.map(|row| row.into_iter().map(|text| Cell::from(plain(text))).collect()).collect(),
    }
}

/// The card as HTML.
pub fn card(validation: &Validation) -> Result<String> {
    let mut blocks = vec![Block::Notice {
        text: Bi::fixed("评估参考，不构成对有履行能力或拒不履行的认定", "For reference; no finding of ability to perform or of refusal"),
        tone: Tone::Strong,
    }];
    for axis in &validation.axes {
        blocks.push(Block::Section { title: plain(format!("{} {}", title(&axis.axis), axis.axis)), blocks: of_axis(axis) });
    }
    if let Some(cross) = &validation.cross_axis {
        blocks.push(Block::Section {
            title: Bi::fixed("两轴互不混同", "how far one axis leaks into the other"), blocks: of_both(cross)
        });
    }
    if let Some(learned) = &validation.haircuts {
        let title = Bi::fixed("变价折扣", "what a sale brings of the reckoned value");
        blocks.push(Block::Section { title, blocks: haircuts(learned, &validation.class_names) });
    }
    let doc = Doc {
        kicker: Bi::fixed("履衡", "luheng"),
        title: Bi::fixed("模型说明卡", "Model card"),
        subtitle: plain(format!("{} · {}", validation.model_id, validation.as_of)),
        lang: "zh-CN",
        running: validation.model_id.clone(),
        blocks,
        foot: Bi::default(),
    };
    html::render(&doc).map_err(|e| Error::Fault(format!("model card: {e}")))
}

fn title(axis: &str) -> &'static str {
    match axis {
        "capacity" => "履行能力",
        "willingness" => "履行意愿",
        "revival" => "终本后恢复可能",
        _ => "预期回收率",
    }
}

fn of_axis(axis: &Axis) -> Vec<Block> {
    if let Some(why) = &axis.why {
        return vec![Block::Text { text: Bi::new("未评级：证据不足", why.clone()), tone: Tone::Plain }];
    }
    let mut blocks = vec![Block::Facts(facts(axis)), by_grade(axis), by_debtor(axis), by_support(axis), field(&axis.entrants)];
    blocks.extend(axis.why_champion.iter().map(|why| Block::Text { text: Bi::new("选用理由", why.clone()), tone: Tone::Plain }));
    let calibration = axis.calibration.iter().map(|c| format!("{}: {}", c.kind, c.why));
    blocks.extend(calibration.map(|text| Block::Text { text: Bi::new("校准方法", text), tone: Tone::Plain }));
    blocks.extend(axis.notes.iter().map(|note| Block::Text { text: plain(note.clone()), tone: Tone::Small }));
    blocks
}

fn facts(axis: &Axis) -> Vec<Fact> {
    let mut facts = vec![
        fact("模型", "model", axis.model.clone().unwrap_or_default()),
        fact("算法", "algorithm", axis.champion.unwrap_or_default().to_owned()),
        fact("期限（天）", "horizon in days", axis.horizon_days.to_string()),
        fact("训练样本（好／差）", "training rows (good / bad)", format!("{} ({} / {})", axis.train_rows, axis.train_good, axis.train_bad)),
        fact("检验样本", "held-out rows", axis.assessed_rows.to_string()),
    ];
    if let (Some(own), Some(base)) = (&axis.assessment, &axis.baseline) {
        facts.push(fact("AUC", "area under the ROC curve", number(own.auc)));
        facts.push(fact("KS", "Kolmogorov–Smirnov", number(own.ks)));
        facts.push(fact("Brier（基准率）", "Brier score (base rate's)", format!("{:.4} ({:.4})", own.brier, base.brier)));
        facts.push(fact("校准误差", "calibration error", format!("{:.4}", own.calibration_error)));
        facts.push(fact("校准斜率", "calibration slope (1 is right)", number(own.calibration_slope)));
    }
    if let Some(held) = &axis.intervals {
        let text = format!("{:.3} / {:.2} ({:.3}, {}, {})", held.held, held.level, held.mean_width, held.of, held.by);
        facts.push(fact("区间覆盖率／应有（平均宽度）", "held by intervals / promised (mean width, of what, by what)", text));
    }
    facts.extend(axis.censored.iter().flat_map(cut_off));
    let family = axis.points_by_family.iter().map(|(family, share)| format!("{family} {share:.3}"));
    facts.push(fact("各类事实的分值占比", "share of points by family of fact", family.collect::<Vec<_>>().join(", ")));
    facts
}

/// Cases that ended for a reason of their own, and what the figures would be had all of them been good, or bad.
fn cut_off(censored: &Censored) -> Vec<Fact> {
    let share = |rows: usize, share: f64| format!("{rows} ({:.2} %)", 100.0 * share);
    let mut facts = vec![
        fact("删失：训练样本", "cut off: training rows", share(censored.train_rows, censored.train_share)),
        fact("删失：检验样本", "cut off: held-out rows", share(censored.assess_rows, censored.assess_share)),
        fact(
            "最大权重（截断数）",
            "greatest weight (held under the bound)",
            format!("{:.3} ({})", censored.greatest_weight, censored.truncated_rows),
        ),
    ];
    if let (Some(good), Some(bad)) = (&censored.if_all_good, &censored.if_all_bad) {
        let two = |of: &dyn Fn(&super::censor::Bound) -> Option<f64>| format!("{} / {}", number(of(good)), number(of(bad)));
        facts.push(fact("删失全好／全差：比例", "rate if all cut off were good / bad", two(&|b| Some(b.rate))));
        facts.push(fact("删失全好／全差：AUC", "area if all cut off were good / bad", two(&|b| b.auc)));
        facts.push(fact("删失全好／全差：Brier", "Brier score if all cut off were good / bad", two(&|b| Some(b.brier))));
    }
    facts
}

fn by_grade(axis: &Axis) -> Block {
    let rows = axis
        .by_grade
        .iter()
        .map(|g| vec![g.grade.to_string(), g.rows.to_string(), number(g.mean_predicted), number(g.rate), number(g.repaid_share)]);
    table(
        ("按等级的实际结果（检验样本）", "What came of each grade (held-out rows)"),
        &[("等级", "grade"), ("数量", "rows"), ("平均预测", "mean predicted"), ("实际比例", "rate"), ("回收率", "repaid share")],
        rows,
    )
}

fn by_debtor(axis: &Axis) -> Block {
    by_part(
        ("首次与再次被执行人", "Debtors met for the first time, and again"),
        ("被执行人", "debtors"),
        &axis.debtors,
        &|part| if part.debtors == "new" { "首次 new" } else { "再次 returning" }.to_owned(),
    )
}

fn by_support(axis: &Axis) -> Block {
    let caption = ("评分取决于训练中少见取值的份额", "By the share of the score that rests on values few training rows had");
    by_part(caption, ("份额", "share"), &axis.support, &|part| part.debtors.trim_start_matches("thin ").to_owned())
}

fn by_part(
    caption: (&'static str, &'static str),
    lead: (&'static str, &'static str),
    parts: &[Part],
    name: &dyn Fn(&Part) -> String,
) -> Block {
    let rows = parts.iter().map(|part| {
        let ends = format!("{}–{}", number(part.auc_low95), number(part.auc_high95));
        let figures = [part.rate, part.mean_predicted, part.auc].map(number);
        let mut row = vec![name(part), part.rows.to_string()];
        row.extend(figures);
        row.extend([ends, number(part.brier), number(part.calibration_error)]);
        row
    });
    table(
        caption,
        &[
            lead,
            ("数量", "rows"),
            ("实际比例", "rate"),
            ("平均预测", "mean predicted"),
            ("AUC", "area"),
            ("95 % 区间", "95 % interval"),
            ("Brier", "Brier score"),
            ("校准误差", "calibration error"),
        ],
        rows,
    )
}

fn field(entrants: &[Entrant]) -> Block {
    let rows = entrants.iter().map(|e| {
        let chosen = e.chosen_on.as_ref();
        let assessed = e.assessed_on.as_ref();
        let ahead = assessed.and_then(|f| f.champion_ahead.as_ref());
        let test = ahead.map_or_else(|| "—".to_owned(), |a| format!("{:.4} ({})", a.auc, number(a.p_value)));
        let told = e.why_not.clone().unwrap_or_else(|| e.waived.join(", "));
        vec![
            format!("{} ({})", e.algorithm, e.role),
            number(chosen.and_then(|f| f.auc)),
            number(chosen.map(|f| f.brier)),
            number(assessed.and_then(|f| f.auc)),
            number(assessed.map(|f| f.brier)),
            test,
            told,
        ]
    });
    table(
        ("候选算法（由易解释到难解释）", "Champion and challengers, the most explainable first"),
        &[
            ("算法", "algorithm"),
            ("AUC（选择）", "area, choosing rows"),
            ("Brier（选择）", "Brier score, choosing rows"),
            ("AUC（检验）", "area, held-out rows"),
            ("Brier（检验）", "Brier score, held-out rows"),
            ("领先（DeLong p）", "champion ahead (DeLong p)"),
            ("备注", "remarks"),
        ],
        rows,
    )
}

/// Which share of its reckoned value each class counts with, and what it rests on.
fn haircuts(learned: &Haircuts, names: &BTreeMap<String, String>) -> Vec<Block> {
    let share = |value: f64| format!("{value:.4}");
    let rows = learned.classes.iter().map(|(class, h)| {
        let ends = h.low.zip(h.high).map_or_else(|| "—".to_owned(), |(low, high)| format!("{low:.4}–{high:.4}"));
        let name = names.get(class).map_or_else(|| class.clone(), |zh| format!("{zh} {class}"));
        vec![name, share(h.legal), share(h.value), h.sales.to_string(), number(h.median), ends]
    });
    let table = table(
        ("各类财产按估值计入的比例", "Share of the reckoned value that counts, by class"),
        &[
            ("类别", "class"),
            ("法定值", "the law's"),
            ("采用值", "in use"),
            ("成交数", "sales"),
            ("成交价与估值之比（中位数）", "price over reckoned value, median"),
            ("90 % 区间", "90 % interval"),
        ],
        rows,
    );
    let known = learned.before.as_deref();
    let zh = known.map_or_else(
        || "样本期过短，未留出检验期：采用法定值。".to_owned(),
        |on| format!("仅用 {on} 之前已知的法院变价；法定值计为 {} 笔成交。区间为中位数的区间，并放宽至采用值。", learned.weight),
    );
    let en = known.map_or_else(
        || "no time was held out: the law's values count".to_owned(),
        |on| {
            format!(
                "from court sales known before {on} alone; the law's value is worth {} of them; the interval is of the median, widened to the value in use",
                learned.weight
            )
        },
    );
    vec![table, Block::Text { text: Bi::new(zh, en), tone: Tone::Small }]
}

fn of_both(cross: &Cross) -> Vec<Block> {
    let facts = vec![
        fact("共同样本", "rows of both", cross.rows.to_string()),
        fact("两分数的秩相关", "rank correlation of the scores", number(cross.scores_correlation)),
        fact("两结果的秩相关", "rank correlation of the outcomes", number(cross.outcomes_correlation)),
    ];
    let row = |leak: &Leak| {
        vec![
            format!("{} {}", title(leak.axis), leak.axis),
            number(leak.own_auc),
            number(leak.other_auc),
            format!("{} ({}–{})", number(leak.other_auc_given_own), number(leak.given_own_low95), number(leak.given_own_high95)),
            format!("{:.3}", leak.points_of_others_family),
        ]
    };
    let table = table(
        ("另一轴分数对本轴结果的区分力", "What the other axis' score tells of this axis' outcome"),
        &[
            ("轴", "axis"),
            ("本轴 AUC", "own area"),
            ("另一轴 AUC", "other's area"),
            ("本轴同分之内", "other's area given the own (a half: nothing)"),
            ("来自另一轴事实的分值占比", "share of points from the other's facts"),
        ],
        cross.axes.iter().map(row),
    );
    vec![Block::Facts(facts), table]
}
