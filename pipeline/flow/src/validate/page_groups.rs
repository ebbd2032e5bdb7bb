//! The part of the page on people and places: groups, features that stand in for them, regions.

use std::collections::BTreeMap;

use luheng_sheet::{Bar, Bi, Block};

use super::figures::{Attribute, Axis, GroupRow, Slice};
use super::groups::PROXY;
use super::page_cells::{FIGURES, cell, feature, figures, heading, measured, named, number, small, table};
use crate::context::Context;

type Names = BTreeMap<String, String>;
/// The words for the code of a part.
type Words<'a> = &'a dyn Fn(&str) -> Bi;

/// The words for an attribute.
fn attribute(code: &str) -> Bi {
    match code {
        "sex" => Bi::fixed("性别", "sex"),
        "age" => Bi::fixed("年龄段", "age band"),
        "urban" => Bi::fixed("城乡", "urban or rural"),
        "registered" => Bi::fixed("户籍与住所", "registered where they live"),
        "kind" => Bi::fixed("主体类型", "kind of debtor"),
        "county" => Bi::fixed("住所地区县", "county of residence"),
        other => Bi::plain(other.to_owned()),
    }
}

/// The words for a group; of a place its name.
fn group(of: &str, code: &str, names: &Names, ctx: &Context) -> Bi {
    match (of, code) {
        ("sex", "female") => Bi::fixed("女", "female"),
        ("sex", "male") => Bi::fixed("男", "male"),
        ("age", "under_18") => Bi::fixed("未满18岁", "under 18"),
        ("age", "18_29") => Bi::fixed("18–29岁", "18–29"),
        ("age", "30_44") => Bi::fixed("30–44岁", "30–44"),
        ("age", "45_59") => Bi::fixed("45–59岁", "45–59"),
        ("age", "60_over") => Bi::fixed("60岁及以上", "60 and over"),
        ("urban", "urban") => Bi::fixed("市辖区", "district of a city"),
        ("urban", "rural") => Bi::fixed("县、县级市", "county"),
        ("registered", "same_city") => Bi::fixed("同市", "same city"),
        ("registered", "other_city") => Bi::fixed("本省他市", "other city"),
        ("registered", "other_province") => Bi::fixed("外省", "other province"),
        ("county", code) => place(code, names),
        (_, code) => {
            ctx.codes.label("debtors.kind", code).map_or_else(|| Bi::plain(code.to_owned()), |l| Bi::new(l.zh.clone(), l.en.clone()))
        }
    }
}

fn place(code: &str, names: &Names) -> Bi {
    names.get(code).map_or_else(|| Bi::plain(code.to_owned()), |name| Bi::plain(format!("{name}（{code}）")))
}

/// Groups, proxies and equal facts of an axis.
pub(super) fn of_groups(axis: &Axis, names: &Names, ctx: &Context) -> Vec<Block> {
    let mut blocks = vec![heading("群体差异", "gaps between groups"), reading()];
    for of in &axis.groups {
        blocks.extend(of_attribute(of, names, ctx));
    }
    blocks.extend(follows(axis, names, ctx));
    let rows = axis.equal_facts.iter().map(|e| vec![named(attribute(&e.attribute)), cell(e.pairs), cell(number(e.greatest_difference))]);
    let heads = [("属性", "attribute"), ("事实相同而群体不同的对数", "pairs alike in facts"), ("概率最大差", "greatest difference")];
    blocks.push(heading("同样事实，同样评级", "equal facts, equal ratings"));
    blocks.push(table(Bi::default(), &heads, 1, rows.collect()));
    blocks
}

fn reading() -> Block {
    small(
        "校准差＝该群体的（预测－实际）减去其他人的（预测－实际）：大于零为评得偏高，小于零为偏低。平均预测或“较强”比例的差别可能来自事实本身；校准差不会。",
        "Calibration gap: predicted less came, of the group less of all others; above 0 it is rated too high. Mean predictions may differ because facts do; \
         the calibration gap may not.",
    )
}

fn of_attribute(of: &Attribute, names: &Names, ctx: &Context) -> Vec<Block> {
    if of.groups.is_empty() {
        return vec![small(format!("{}：无可用数据。", attribute(&of.attribute).zh), "nothing known")];
    }
    let row = |g: &GroupRow| {
        let mut cells = vec![named(group(&of.attribute, &g.group, names, ctx))];
        let Some(debtors) = g.debtors else {
            cells.push(named(Bi::fixed("人数过少，不列", "too few")));
            cells.resize(7, cell("—"));
            return cells;
        };
        let (own, gap) = (g.own.as_ref(), g.gap.as_ref());
        cells.push(cell(debtors));
        cells.push(cell(number(own.map(|o| o.mean_predicted.value))));
        cells.push(cell(number(own.map(|o| o.mean_outcome.value))));
        cells.push(cell(measured(own.and_then(|o| o.auc))));
        cells.push(cell(measured(gap.map(|g| g.selection_rate))));
        cells.push(cell(measured(gap.map(|g| g.calibration_gap))));
        cells
    };
    let heads = [
        ("群体", "group"),
        ("人数", "debtors"),
        ("预测", "predicted"),
        ("实际", "came"),
        ("AUC", "within the group"),
        ("“较强”比例之差", "gap in the share of grades 4 and 5"),
        ("校准差", "calibration gap"),
    ];
    vec![table(attribute(&of.attribute), &heads, 1, of.groups.iter().map(row).collect())]
}

fn follows(axis: &Axis, names: &Names, ctx: &Context) -> Vec<Block> {
    let mut blocks = vec![
        heading("替身特征检查", "features that stand in for an attribute"),
        small(
            format!("每个群体列出最能分辨它的特征；系数为 2AUC－1，绝对值达到 {PROXY} 视为替身，须说明理由或弃用。"),
            format!(
                "Of each group the features that tell it best: 2 AUC − 1; from {PROXY} on, either way, a feature stands in for the group and needs a reason, or goes."
            ),
        ),
    ];
    let bars = axis.follows.iter().map(|f| {
        let words = group(&f.attribute, &f.group, names, ctx);
        let feature = feature(&f.feature);
        let mark = if f.is_proxy { "⚠ " } else { "" };
        Bar {
            label: Bi::new(format!("{mark}{} · {}", words.zh, feature.zh), format!("{} · {}", words.en, feature.en)),
            value: Some(f.gini.value.abs()),
            interval: None,
            shown: Bi::plain(measured(Some(f.gini))),
        }
    });
    let bars: Vec<Bar> = bars.collect();
    if bars.is_empty() {
        blocks.push(small("没有可比较的群体。", "No group could be compared."));
    } else {
        blocks.push(Block::Bars { caption: Bi::default(), bars });
    }
    blocks
}

/// Figures by part: debtors, days, courts, counties.
pub(super) fn of_parts(axis: &Axis, names: &Names, ctx: &Context) -> Vec<Block> {
    let words = |name: &str| match name {
        "new" => Bi::fixed("首次出现的被执行人", "new debtors"),
        "returning" => Bi::fixed("训练中出现过的被执行人", "returning debtors"),
        "stated" => Bi::fixed("知悉日均有记载", "every known day stated"),
        "assumed" => Bi::fixed("部分知悉日为推定", "some known days assumed"),
        other => Bi::plain(other.to_owned()),
    };
    let court =
        |code: &str| ctx.codes.court(code).map_or_else(|| Bi::plain(code.to_owned()), |c| Bi::plain(format!("{}（{code}）", c.name)));
    let mut blocks = vec![heading("分项表现", "by part")];
    let parts: [(Bi, &[Slice], Words<'_>); 3] = [
        (Bi::fixed("被执行人与知悉日", "debtors and known days"), &axis.slices, &words),
        (Bi::fixed("承办法院（只报告，不入模）", "court: reported, never a feature"), &axis.courts, &court),
        (
            Bi::fixed("住所地区县（只报告，不入模）", "county of residence: reported, never a feature"),
            &axis.counties,
            &|code| place(code, names),
        ),
    ];
    for (caption, slices, words) in parts {
        let mut heads = vec![("分项", "part")];
        heads.extend(FIGURES);
        let row = |s: &Slice| [named(words(&s.name))].into_iter().chain(figures(s.figures.as_ref())).collect();
        blocks.push(table(caption, &heads, 1, slices.iter().map(row).collect()));
    }
    blocks
}
