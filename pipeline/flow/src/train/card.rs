//! `card.html`: the model card, for people who must decide whether to use it. It prints what `validation.json` holds, and nothing else.

use luheng_sheet::{Align, Bi, Block, Cell, Doc, Fact, Head, Tone, html};

use super::Validation;
use super::validation::Axis;
use crate::error::{Error, Result};

fn plain(text: impl Into<String>) -> Bi {
    Bi::plain(text.into())
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "—".to_owned(), |v| format!("{v:.4}"))
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
        _ => "预期回收率",
    }
}

fn of_axis(axis: &Axis) -> Vec<Block> {
    if let Some(why) = &axis.why {
        return vec![Block::Text { text: Bi::new("未评级：证据不足", why.clone()), tone: Tone::Plain }];
    }
    let fact = |zh: &'static str, en: &'static str, value: String| Fact { label: Bi::fixed(zh, en), value: plain(value) };
    let mut facts = vec![
        fact("模型", "model", axis.model.clone().unwrap_or_default()),
        fact("期限（天）", "horizon in days", axis.horizon_days.to_string()),
        fact("训练样本（好／差）", "training rows (good / bad)", format!("{} ({} / {})", axis.train_rows, axis.train_good, axis.train_bad)),
        fact("检验样本", "held-out rows", axis.assessed_rows.to_string()),
    ];
    if let (Some(own), Some(base)) = (&axis.assessment, &axis.baseline) {
        facts.push(fact("AUC", "area under the ROC curve", number(own.auc)));
        facts.push(fact("KS", "Kolmogorov–Smirnov", number(own.ks)));
        facts.push(fact("Brier（基准率）", "Brier score (base rate's)", format!("{:.4} ({:.4})", own.brier, base.brier)));
        facts.push(fact("校准误差", "calibration error", format!("{:.4}", own.calibration_error)));
    }
    let head = |zh: &'static str, en: &'static str| Head { label: Bi::fixed(zh, en), align: Align::Right };
    let rows = axis.by_grade.iter().map(|g| {
        [g.grade.to_string(), g.rows.to_string(), number(g.mean_predicted), number(g.rate), number(g.repaid_share)]
            .map(|text| Cell::from(plain(text)))
            .to_vec()
    });
    let table = Block::Table {
        caption: Bi::fixed("按等级的实际结果（检验样本）", "What came of each grade (held-out rows)"),
        columns: vec![
            head("等级", "grade"),
            head("数量", "rows"),
            head("平均预测", "mean predicted"),
            head("实际比例", "rate"),
            head("回收率", "repaid share"),
        ],
        rows: rows.collect(),
    };
    let notes = axis.notes.iter().map(|note| Block::Text { text: plain(note.clone()), tone: Tone::Small });
    std::iter::once(Block::Facts(facts)).chain(std::iter::once(table)).chain(notes).collect()
}
