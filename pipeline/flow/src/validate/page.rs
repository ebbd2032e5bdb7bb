//! `backtest.html`: the report as a page and model card that a court can publish, Chinese first.

use std::collections::BTreeMap;

use luheng_sheet::{Bar, Bi, Block, Doc, Figure, Tone, html};

use super::figures::{Axis, Channel, Gate, Moved, Period, Report};
use super::page_cells::{cell, fact, feature, heading, measured, named, number, small, table};
use super::page_groups::{of_groups, of_parts};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::features;
use crate::wording::percent;

/// Features of a table of movements.
const MOVED_SHOWN: usize = 10;

/// The page as HTML.
///
/// # Errors
/// A page that cannot be rendered.
pub(super) fn page(report: &Report, ctx: &Context) -> Result<String> {
    let mut blocks = vec![Block::Notice {
        text: Bi::fixed("评估参考，不构成对有履行能力或拒不履行的认定", "For reference; no finding of ability to perform or of refusal"),
        tone: Tone::Strong,
    }];
    blocks.extend(held(&report.gates));
    blocks.push(Block::Figures(report.axes.iter().filter_map(large).collect()));
    blocks.push(section("模型说明", "what the models are", about(report)));
    for axis in &report.axes {
        let (zh, en) = title(&axis.axis);
        blocks.push(section(zh, en, of_axis(axis, &report.region_names, ctx)));
    }
    blocks.push(section("缺少查控反馈的影响", "without a channel's answers", channels(report, ctx)));
    blocks.push(section("方法", "how it was done", methods(report)));
    let doc = Doc {
        kicker: Bi::fixed("履衡 · 模型说明卡", "luheng · model card"),
        title: Bi::fixed("回溯检验", "back-test through time"),
        subtitle: Bi::new(format!("{} · 结果截至 {}", report.model_id, report.as_of), format!("outcomes known by {}", report.as_of)),
        lang: "zh-CN",
        running: report.model_id.clone(),
        blocks,
        foot: Bi::fixed("本页不含任何个人、案件或文书信息。", "Nothing on this page names a person, a case or a document."),
    };
    html::render(&doc).map_err(|e| Error::Fault(format!("backtest.html: {e}")))
}

fn section(zh: &'static str, en: &'static str, blocks: Vec<Block>) -> Block {
    Block::Section { title: Bi::fixed(zh, en), blocks }
}

fn title(axis: &str) -> (&'static str, &'static str) {
    match axis {
        "capacity" => ("履行能力", "performance capacity"),
        "willingness" => ("履行意愿", "willingness"),
        "recovery" => ("预期回收率", "recovered share"),
        _ => ("终本后恢复可能", "revival"),
    }
}

fn large(axis: &Axis) -> Option<Figure> {
    let pooled = axis.pooled.as_ref()?;
    let (zh, en) = title(&axis.axis);
    let shown = pooled.auc.map_or_else(|| "—".to_owned(), |auc| format!("AUC {:.3}", auc.value));
    let error = pooled.calibration_error;
    Some(Figure {
        label: Bi::fixed(zh, en), value: Bi::plain(shown), note: Bi::new(format!("校准误差 {error:.3}"), "calibration error")
    })
}

fn held(gates: &[Gate]) -> Option<Block> {
    let line = |gate: &Gate| {
        let place = if gate.place.is_empty() { String::new() } else { format!(" {}", gate.place) };
        format!("{} {}{place} {} / {}", gate.gate, gate.axis, number(gate.found), gate.limit)
    };
    let broken: Vec<String> = gates.iter().filter(|gate| gate.is_broken).map(line).collect();
    (!broken.is_empty()).then(|| Block::Notice {
        text: Bi::new(format!("未通过门槛，不投入使用：{}", broken.join("；")), "held back by these gates: found / limit"),
        tone: Tone::Strong,
    })
}

fn about(report: &Report) -> Vec<Block> {
    let basis = match report.basis.as_str() {
        "person" => "已批准 approved",
        "first" => "试用模型 trial model",
        _ => "待批准 proposed",
    };
    let mut facts = vec![fact("模型", "bundle", report.model_id.clone()), fact("状态", "status", basis)];
    let gates = format!("{} / {}", report.gates.iter().filter(|gate| !gate.is_broken).count(), report.gates.len());
    facts.push(fact("门槛（通过／设定）", "gates kept / set", gates));
    vec![
        Block::Facts(facts),
        small(
            "用途：为承办法官排列已属合法的工作次序提供参考。不用于认定有履行能力或拒不履行，不作为采取任何强制措施的条件，不用于执行以外的目的。",
            "Use: to order work that is lawful already. Not for finding ability or refusal, no condition of any coercive measure, and for nothing outside enforcement.",
        ),
        small(
            "不得入模：民族、宗教、性别、婚姻、出生地与户籍、住所与法院、党员身份、法官、姓氏、健康、亲属、申请人身份、行使救济权利、已撤销或仅被指称的事实。年龄仅用于排除未成年人。",
            "Never features: ethnicity, religion, sex, marriage, birthplace or household registration, residence or court, party membership, judge, surname, health, \
             relatives, who the creditor is, use of remedies, facts voided or merely alleged. Age only excludes minors.",
        ),
    ]
}

fn of_axis(axis: &Axis, names: &BTreeMap<String, String>, ctx: &Context) -> Vec<Block> {
    let mut blocks = vec![Block::Facts(facts(axis))];
    if let Some(why) = &axis.why {
        blocks.push(small(if axis.status == "no_evidence" { "无模型：证据不足。" } else { "无法回溯检验。" }, why.clone()));
    }
    if axis.pooled.is_some() {
        blocks.extend(through_time(axis));
        blocks.extend(meaning(axis));
        blocks.extend(of_parts(axis, names, ctx));
    }
    blocks.extend(ahead(axis));
    if let Some(moved) = &axis.stability {
        blocks.extend(stability(moved));
    }
    if axis.pooled.is_some() {
        blocks.extend(of_groups(axis, names, ctx));
    }
    if axis.model.is_some() {
        blocks.extend(used(axis));
    }
    blocks.extend(axis.notes.iter().map(|note| small("说明", note.clone())));
    blocks
}

fn facts(axis: &Axis) -> Vec<luheng_sheet::Fact> {
    let mut facts = vec![
        fact("模型", "model", axis.model.clone().unwrap_or_else(|| "—".into())),
        fact("算法", "algorithm", axis.algorithm.clone().unwrap_or_else(|| "—".into())),
        fact("期限（天）", "horizon in days", axis.horizon_days.to_string()),
    ];
    if axis.axis != "recovery" {
        facts.push(fact("良好标准", "good from", percent(axis.good_share)));
    }
    if let Some(all) = &axis.pooled {
        let span = if axis.span == "month" { "按月 by month" } else { "按季 by quarter" };
        facts.push(fact("检验期", "periods", format!("{}（{span}）", axis.periods.len())));
        facts.push(fact("评估点／被执行人", "landmarks / debtors", format!("{} / {}", all.rows, all.debtors)));
        facts.push(fact("AUC", "area under the ROC curve", measured(all.auc)));
        facts.push(fact("Brier", "mean squared error", number(Some(all.brier))));
    }
    if let Some(held) = axis.coverage {
        let text =
            format!("{}（应为 {}；偏低 {}，偏高 {}）", percent(held.held), percent(held.level), percent(held.below), percent(held.above));
        facts.push(fact("区间覆盖率", "outcomes inside the intervals; below, above", text));
    }
    facts
}

fn through_time(axis: &Axis) -> Vec<Block> {
    let bar = |p: &Period| Bar {
        label: Bi::plain(whole(&p.period)),
        value: p.figures.auc.map(|auc| auc.value),
        interval: p.figures.auc.and_then(|auc| Some((auc.low?, auc.high?))),
        shown: Bi::plain(format!("{} · n={}", measured(p.figures.auc), p.figures.rows)),
    };
    let mut blocks = vec![
        heading("逐期检验", "period by period"),
        Block::Bars {
            caption: Bi::fixed("各期AUC及95%区间", "AUC of each period, 95 % interval"),
            bars: axis.periods.iter().map(bar).collect(),
        },
        outcomes(axis),
        movements(axis),
    ];
    if let (Some(first), Some(last)) = (axis.skipped.first(), axis.skipped.last()) {
        blocks.push(small(
            format!("{}至{}共{}期已知结果过少，未检验。", first.0, last.0, axis.skipped.len()),
            format!(
                "{} periods, {} to {}, are not judged: too few outcomes were known before them ({}).",
                axis.skipped.len(),
                first.0,
                last.0,
                first.1
            ),
        ));
    }
    blocks
}

/// What came of each period; the areas stand in the bars above.
fn outcomes(axis: &Axis) -> Block {
    let row = |p: &Period| {
        let f = &p.figures;
        let figures = [Some(f.base_rate), Some(f.mean_predicted), f.ks, Some(f.brier), Some(f.calibration_error), f.calibration_slope];
        [whole(&p.period), p.learned.to_string(), f.rows.to_string()].into_iter().chain(figures.map(number)).map(cell).collect()
    };
    let heads = [
        ("期间", "period"),
        ("训练行", "learned from"),
        ("评估点", "rows"),
        ("实际", "came"),
        ("预测", "predicted"),
        ("KS", ""),
        ("Brier", ""),
        ("校准误差", "calibration error"),
        ("校准斜率", "slope"),
    ];
    table(Bi::default(), &heads, 1, axis.periods.iter().map(row).collect())
}

/// How far each period lay from what its model had learned from.
fn movements(axis: &Axis) -> Block {
    let mut heads = vec![
        ("期间", "period"),
        ("变动最大的特征", "feature moved most"),
        ("CSI", ""),
        ("评分PSI", "score PSI"),
        ("偶然上限", "chance alone"),
    ];
    heads.extend([("AUC", ""), ("事前预期AUC", "expected before")]);
    if axis.coverage.is_some() {
        heads.push(("区间覆盖", "intervals held"));
    }
    let row = |p: &Period| {
        let most = p.csi.iter().max_by(|a, b| a.psi.total_cmp(&b.psi).then_with(|| b.of.cmp(&a.of)));
        let mut cells =
            vec![cell(whole(&p.period)), named(most.map_or_else(Bi::default, |s| feature(&s.of))), cell(number(most.map(|s| s.psi)))];
        let expected = p.expected.as_ref().and_then(|e| e.auc).map(|a| a.value);
        cells.extend([Some(p.psi.psi), Some(p.psi.limit), p.figures.auc.map(|a| a.value), expected].map(number).map(cell));
        if axis.coverage.is_some() {
            cells.push(cell(p.coverage.map_or_else(|| "—".to_owned(), |c| percent(c.held))));
        }
        cells
    };
    table(Bi::fixed("与训练行相比", "against the rows learned from"), &heads, 2, axis.periods.iter().map(row).collect())
}

/// A period's name that no line breaks.
fn whole(period: &str) -> String {
    period.replace('-', "\u{2011}")
}

fn meaning(axis: &Axis) -> Vec<Block> {
    let rows = axis.bands.iter().map(|b| vec![cell(b.grade), cell(b.rows), cell(number(b.mean_predicted)), cell(number(b.rate))]);
    let heads = [("等级", "grade"), ("评估点", "rows"), ("平均预测", "mean predicted"), ("实际", "came")];
    vec![heading("概率是否如其所言", "does a probability mean what it says"), table(Bi::default(), &heads, 1, rows.collect())]
}

fn ahead(axis: &Axis) -> Vec<Block> {
    let Some(e) = &axis.expected else { return Vec::new() };
    let facts = vec![
        fact("评估点", "landmarks", e.rows.to_string()),
        fact("预期比例", "expected rate", number(Some(e.rate))),
        fact("预期AUC", "expected AUC", measured(e.auc)),
        fact("预期Brier", "expected Brier score", measured(e.brier)),
        fact("以往逐期偏差", "mean distance from what came, past periods", number(axis.expected_error)),
    ];
    vec![heading("结果未知的最新评级", "the newest ratings, before outcomes are known"), Block::Facts(facts)]
}

fn stability(moved: &Moved) -> Vec<Block> {
    let facts = vec![
        fact("训练行／最新评估点", "learned from / newest", format!("{} / {}", moved.learned, moved.newest)),
        fact("评分PSI（偶然上限）", "score PSI (chance alone, 1 in 20)", format!("{:.3}（{:.3}）", moved.psi.psi, moved.psi.limit)),
    ];
    let rows =
        moved.csi.iter().take(MOVED_SHOWN).map(|s| vec![named(feature(&s.of)), cell(number(Some(s.psi))), cell(number(Some(s.limit)))]);
    let heads = [("特征", "feature"), ("CSI", ""), ("偶然上限", "chance alone")];
    vec![heading("与训练时相比的变化", "moved since it was trained"), Block::Facts(facts), table(Bi::default(), &heads, 1, rows.collect())]
}

fn used(axis: &Axis) -> Vec<Block> {
    let Ok(named) = features::named(&axis.features) else { return Vec::new() };
    let zh: Vec<&str> = named.iter().map(|f| f.zh).collect();
    let en: Vec<&str> = named.iter().map(|f| f.en).collect();
    vec![heading("所用特征", "features"), small(zh.join("、"), en.join(", "))]
}

fn channels(report: &Report, ctx: &Context) -> Vec<Block> {
    let label = |list: &str, code: &str| {
        ctx.codes.label(list, code).map_or_else(|| Bi::plain(code.to_owned()), |l| Bi::new(l.zh.clone(), l.en.clone()))
    };
    let row = |c: &Channel| {
        let share = if report.rated_parties > 0 { percent(c.changed as f64 / report.rated_parties as f64) } else { "—".to_owned() };
        let mut changes = c.changes.clone();
        changes.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| (&a.0, &a.1).cmp(&(&b.0, &b.1))));
        let told: Vec<String> = changes.iter().take(6).map(|(before, after, n)| format!("{before}→{after} {n}")).collect();
        let (zh, en) = title(&c.axis);
        vec![named(label("channel", &c.channel)), named(Bi::fixed(zh, en)), cell(c.changed), cell(share), cell(told.join("，"))]
    };
    let mut rows: Vec<Vec<luheng_sheet::Cell>> = Vec::new();
    rows.extend(report.channels.iter().filter(|c| c.changed > 0).map(row));
    let heads = [
        ("渠道", "channel"),
        ("评级", "rating"),
        ("等级改变", "grades changed"),
        ("占比", "share"),
        ("由何至何（最多六种）", "from what to what, six at most"),
    ];
    let mut blocks = vec![small(
        format!("对当日{}个当事人，逐一去掉某一渠道的全部反馈及其所示财产后重新评级。", report.rated_parties),
        format!(
            "The {} parties of the day rated again without all answers of one channel and the assets these showed.",
            report.rated_parties
        ),
    )];
    if rows.is_empty() {
        blocks.push(small("没有等级改变。", "No grade changes."));
    } else {
        blocks.push(table(Bi::default(), &heads, 2, rows));
    }
    blocks
}

fn methods(report: &Report) -> Vec<Block> {
    let purged = report.axes.iter().filter(|axis| axis.model.is_some()).all(|axis| axis.purged);
    let learned = if purged {
        small(
            "每一期的模型只用该期开始之前结果已知的评估点训练（含中止期间），较新的一部分用于校准，与之时间重叠的不用；算法、特征与校准方式同所检验的模型。",
            "The model of a period learns only landmarks whose outcome, stays included, was known before it began; the newest of them calibrate, what overlaps these \
             in time is left out; algorithm, features and kind of calibration are those of the model judged.",
        )
    } else {
        small(
            "配置按立案日划分训练与检验（train_until）：结果期限长于历史，无法剔除时间重叠；此前立案的案件训练，此后逐期检验。",
            "The configuration splits by filing day (train_until): windows are as long as the history and leave nothing to purge; cases filed until then train, later \
             periods judge.",
        )
    };
    let mut told = vec![learned];
    told.extend(report.haircuts_before.as_ref().map(|before| {
        small(
            format!("财产变价折扣取自所检验的模型（{before} 之前已知的法院变价），此前各期亦用之。"),
            format!("What a sale brings of the reckoned value is the judged model's (court sales known before {before}), also in earlier periods."),
        )
    }));
    told.extend([
        small(
            format!(
                "AUC 的区间按被执行人聚类（DeLong 1988；Obuchowski 1997），群体差异的区间按被执行人重抽样；置信水平 {}。少于 {} 人的群体、地区不列，且不能由差额推得。",
                percent(report.level),
                report.min_group
            ),
            format!(
                "Intervals of AUC count by debtor (DeLong 1988; Obuchowski 1997), those of groups draw debtors; level {}. Figures of fewer than {} debtors are left out, and cannot be had by difference.",
                percent(report.level),
                report.min_group
            ),
        ),
        small(
            "结果未知时的预期表现：置信度估计法（Kivimäki 等，arXiv:2505.05295，2025）。其前提是概率经过校准，看不见事实与结果之间关系的变化。",
            "Expected performance: confidence-based estimation (Kivimäki et al., arXiv:2505.05295, 2025). It rests on calibration and sees no change in what follows from facts.",
        ),
        small(
            "因破产、移送、撤回、无遗产而终结且未清偿的案件不计入结果。",
            "Cases that ended unpaid by bankruptcy, transfer, withdrawal or death without estate have no outcome and are not in these figures.",
        ),
    ]);
    told
}
