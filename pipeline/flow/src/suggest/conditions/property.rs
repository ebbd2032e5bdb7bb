//! Conditions on known property: what nobody holds, what this case holds, whether that suffices, whether it can be sold. Figures come from `means`,
//! which leaves out what is exempt, charged or held by others; thin inquiries make an answer unknown, never poor.

use super::{Condition, case};
use crate::cutoff::Row;
use crate::means::{AssetMeans, Control};
use crate::suggest::facts::{Found, Need, Situation, Verdict};

const RIGHTS: [&str; 7] = ["equity", "security", "wealth_product", "provident_fund", "tax_refund", "insurance", "ip"];
const MOVABLES: [&str; 3] = ["vehicle", "movable", "other"];
/// Held property that is turned into money by a sale.
const SOLD: [&str; 5] = ["real_estate", "vehicle", "movable", "equity", "ip"];
const OPERATING: [&str; 4] = ["real_estate", "vehicle", "movable", "equity"];
/// Valuations that serve as a reference price.
const PRICED: [&str; 4] = ["appraisal", "online_inquiry", "agreed", "tax"];

/// Papers without which means are not proof of capacity.
pub(super) const CAPACITY_PAPERS: Need = Need {
    zh: "财产、收入的查控反馈或者权属文书编号",
    en: "document numbers of the answers or titles that show property and income",
};

const LIVING_COSTS: Need = Need {
    zh: "当地最低生活保障标准（配置 means.living_cost_monthly_fen）",
    en: "the local minimum living cost (means.living_cost_monthly_fen)",
};

pub(super) const LIST: &[Condition] = &[
    Condition::of("free_deposit_known", "有未被控制的存款", "a deposit nobody holds is known", |s| {
        assets(s, Control::Free, &["deposit"])
    }),
    Condition::of("frozen_deposit_held", "本案已冻结存款", "this case has frozen a deposit", |s| {
        assets(s, Control::Own, &["deposit"])
    }),
    Condition::of("free_real_estate_known", "有未被控制的不动产", "real estate nobody holds is known", |s| {
        assets(s, Control::Free, &["real_estate"])
    }),
    Condition::of("free_rights_known", "有未被控制的财产权", "a right nobody holds is known", |s| {
        assets(s, Control::Free, &RIGHTS)
    }),
    Condition::of("free_movable_known", "有未被控制的车辆、动产", "a vehicle or movable nobody holds is known", |s| {
        assets(s, Control::Free, &MOVABLES)
    }),
    Condition::of("receivable_known", "有到期债权", "a claim due from a third person is known", |s| {
        assets(s, Control::Free, &["receivable"])
    }),
    Condition::of("free_income_known", "有可扣留的收入", "income beyond living costs is known", income),
    Condition::of("vehicle_not_in_hand", "车辆已查封未扣押", "a vehicle is sealed but not in hand", |s| {
        found(s, |a| a.control == Control::Own && !a.in_hand && a.asset.text("class") == Some("vehicle"))
    }),
    Condition::of("operating_property_held", "已控制可继续使用的财产", "property in use is held", |s| {
        assets(s, Control::Own, &OPERATING)
    }),
    Condition::of("held_saleable", "已控制可处置财产", "held property can be sold", |s| found(s, is_saleable)),
    Condition::of("held_without_price", "已控制财产未确定参考价", "held property has no reference price", |s| {
        match found(s, |a| is_saleable(a) && !is_priced(a)) {
            Verdict::Met(mut met) => {
                let held = s.means.assets.iter().filter(|a| is_saleable(a) && !is_priced(a));
                met.on = held.filter_map(|a| a.hold.and_then(|h| h.date("from_on"))).min();
                Verdict::Met(met)
            }
            other => other,
        }
    }),
    Condition::of("reference_price_set", "参考价已确定", "the reference price is set", |s| {
        if let Some(step) = s.done(&["reference_price", "valuation"]) {
            return Verdict::of_rows(vec![step]);
        }
        let saleable: Vec<&AssetMeans<'_>> = s.means.assets.iter().filter(|a| is_saleable(a)).collect();
        let all = !saleable.is_empty() && saleable.iter().all(|a| is_priced(a));
        if all { Verdict::of_rows(saleable.iter().map(|a| a.asset).collect()) } else { Verdict::Unmet }
    }),
    Condition::of("sale_running", "拍卖进行中", "a sale is running", |s| {
        let running =
            |m: &&Row<'_>| m.text("measure") == Some("online_sale") && m.text("result").is_none() && m.date("lifted_on").is_none();
        let mut rows: Vec<Row<'_>> = s.applied.iter().filter(running).copied().collect();
        rows.extend(s.stays().into_iter().filter(|t| t.text("reason") == Some("auction")));
        Verdict::of_rows(rows)
    }),
    Condition::of("sale_failed", "已流拍或者变价不成", "a sale has failed", |s| {
        let failed = |m: &&Row<'_>| m.text("measure") == Some("online_sale") && matches!(m.text("result"), Some("failed" | "no_effect"));
        Verdict::of_rows(s.applied.iter().filter(failed).copied().collect())
    }),
    Condition::of("hold_lapsing", "控制期限将届满", "a hold is about to lapse", lapsing),
    Condition::of("control_suffices", "已控制财产足以清偿", "what this case holds suffices", |s| {
        let enough = s.party.is_money() && s.due_fen > 0 && s.means.controlled_fen >= s.due_fen;
        if enough { found(s, |a| a.control == Control::Own) } else { Verdict::Unmet }
    }),
    Condition::of("excess_releasable", "控制超标的且可解除部分", "more is held than needed, and some can go", excess),
    Condition::of("means_known", "有已知财产", "means are known", |s| {
        if s.means.evidenced_fen <= 0 {
            return Verdict::Unmet;
        }
        Verdict::Met(Found { rows: means_rows(s), fen: Some(s.means.evidenced_fen), ..Found::default() })
    }),
    Condition::of("no_means_known", "穷尽查询未发现财产", "every channel has answered and nothing is found", |s| {
        match complete(s) {
            _ if s.means.net_assets_fen > 0 || s.means.evidenced_fen > 0 => Verdict::Unmet,
            _ if s.means.is_income_uncounted => Verdict::Unknown(LIVING_COSTS),
            Some(rows) => Verdict::of_rows(rows),
            None => Verdict::Unknown(case::ANSWERS),
        }
    }),
    Condition::of("no_sufficient_means_known", "已知财产不足清偿", "known means fall short of what is due", |s| {
        match complete(s) {
            _ if s.means.evidenced_fen >= s.due_fen => Verdict::Unmet,
            _ if s.means.is_income_uncounted => Verdict::Unknown(LIVING_COSTS),
            Some(rows) => Verdict::Met(Found { rows, fen: Some(s.means.evidenced_fen), ..Found::default() }),
            None => Verdict::Unknown(case::ANSWERS),
        }
    }),
    Condition::of("insolvent_on_known_facts", "已知财产不足清偿全部已知债务", "known means fall short of all known debts", insolvent),
    Condition::of("capacity_documented", "有履行能力的书证", "capacity is shown by documents", capacity_documented),
    Condition::of("other_creditors_known", "另有债权人", "other creditors are known", |s| {
        let other = |p: &Row<'_>| p.text("case_no").is_some_and(|c| c != s.party.case_no) && p.date("left_on").is_none();
        let mut rows: Vec<Row<'_>> = s.party.view.rows("parties").iter().filter(|p| other(p)).copied().collect();
        rows.extend(s.party.view.rows("obligations").iter().filter(|o| o.fen("outstanding_fen").is_some_and(|f| f > 0)));
        Verdict::of_rows(rows)
    }),
    Condition::of("property_found_after_closing", "终本后查到财产", "property was found after closing", |s| {
        let Some(closed) = s.party.case.date("closed_on") else { return Verdict::Unmet };
        // What this case held when it closed is no news, however often it is seen again.
        let held_since = |a: &AssetMeans<'_>| a.hold.and_then(|h| h.date("from_on")).is_some_and(|on| on > closed);
        let is_new = |a: &AssetMeans<'_>| a.control == Control::Free || (a.control == Control::Own && held_since(a));
        match found(s, |a| is_new(a) && a.asset.known_on() > closed) {
            Verdict::Met(mut met) => {
                met.on = met.rows.iter().map(Row::known_on).min();
                Verdict::Met(met)
            }
            other => other,
        }
    }),
];

fn found<'s>(s: &Situation<'s>, keep: impl Fn(&AssetMeans<'s>) -> bool) -> Verdict<'s> {
    let kept: Vec<&AssetMeans<'s>> = s.means.assets.iter().filter(|a| a.net_fen > 0 && keep(a)).collect();
    if kept.is_empty() {
        return Verdict::Unmet;
    }
    let fen = kept.iter().fold(0_i64, |sum, a| sum.saturating_add(a.net_fen));
    Verdict::Met(Found { rows: kept.iter().map(|a| a.asset).collect(), fen: Some(fen), ..Found::default() })
}

fn assets<'s>(s: &Situation<'s>, control: Control, classes: &[&str]) -> Verdict<'s> {
    found(s, |a| a.control == control && a.asset.text("class").is_some_and(|c| classes.contains(&c)))
}

fn is_saleable(a: &AssetMeans<'_>) -> bool {
    a.control == Control::Own && a.net_fen > 0 && a.asset.text("class").is_some_and(|c| SOLD.contains(&c))
}

fn is_priced(a: &AssetMeans<'_>) -> bool {
    a.asset.text("valuation_kind").is_some_and(|v| PRICED.contains(&v))
}

fn income<'s>(s: &Situation<'s>) -> Verdict<'s> {
    if s.means.incomes.is_empty() {
        return Verdict::Unmet;
    }
    let natural = s.party.view.debtor().and_then(|d| d.text("kind")).is_none_or(|k| k == "natural");
    if natural && s.ctx.config.means.living_cost_monthly_fen.is_none() {
        return Verdict::Unknown(LIVING_COSTS);
    }
    if s.means.income_free_monthly_fen <= 0 {
        return Verdict::Unmet;
    }
    Verdict::Met(Found { rows: s.means.incomes.clone(), fen: Some(s.means.income_free_monthly_fen), ..Found::default() })
}

/// A hold of this case that lapses within a month.
fn lapsing<'s>(s: &Situation<'s>) -> Verdict<'s> {
    const AHEAD: i32 = 30;
    let soon = |h: &Row<'s>| h.date("expires_on").is_some_and(|on| on <= s.day.saturating_add(AHEAD));
    let holds: Vec<Row<'s>> = s.holds().into_iter().filter(soon).collect();
    let Some(on) = holds.iter().filter_map(|h| h.date("expires_on")).min() else { return Verdict::Unmet };
    let asset = |h: &Row<'s>| s.party.view.rows("assets").iter().find(|a| a.text("asset_ref") == h.text("asset_ref")).copied();
    let mut rows: Vec<Row<'s>> = holds.iter().filter_map(asset).collect();
    rows.extend(holds);
    Verdict::Met(Found { rows, on: Some(on), ..Found::default() })
}

/// Assets without which what this case holds still suffices. What is as good as money stays longest: it is the mildest to realise.
fn excess<'s>(s: &Situation<'s>) -> Verdict<'s> {
    if !s.party.is_money() {
        return Verdict::Unmet;
    }
    let mut own: Vec<&AssetMeans<'s>> = s.means.assets.iter().filter(|a| a.control == Control::Own && a.net_fen > 0).collect();
    own.sort_by_key(|a| (a.is_liquid, std::cmp::Reverse(a.net_fen), a.asset.row_id()));
    let mut left = s.means.controlled_fen;
    let mut rows = Vec::new();
    for asset in own {
        if left.saturating_sub(asset.net_fen) >= s.due_fen {
            left -= asset.net_fen;
            rows.push(asset.asset);
        }
    }
    if rows.is_empty() {
        return Verdict::Unmet;
    }
    Verdict::Met(Found { rows, on: Some(s.day), fen: Some(s.means.controlled_fen.saturating_sub(left)), ..Found::default() })
}

fn means_rows<'s>(s: &Situation<'s>) -> Vec<Row<'s>> {
    let mut rows: Vec<Row<'s>> = s.means.assets.iter().filter(|a| a.net_fen > 0).map(|a| a.asset).collect();
    if s.means.income_free_monthly_fen > 0 {
        rows.extend(s.means.incomes.iter());
    }
    rows
}

fn complete<'s>(s: &Situation<'s>) -> Option<Vec<Row<'s>>> {
    (s.missing.is_empty() && !s.answered.is_empty()).then(|| s.answered.clone())
}

/// Net property and the horizon's free income against every live case and every unsecured debt known. A secured debt is left out: its security has
/// already been taken off the property.
fn insolvent<'s>(s: &Situation<'s>) -> Verdict<'s> {
    let Some(mut rows) = complete(s) else { return Verdict::Unknown(case::ANSWERS) };
    let income = s.means.income_free_monthly_fen.saturating_mul(s.ctx.ratings.income_months());
    let means = s.means.net_assets_fen.saturating_add(income);
    let open: Vec<Row<'s>> = s.party.view.rows("obligations").iter().filter(|o| o.flag("secured") != Some(true)).copied().collect();
    let debts = open.iter().filter_map(|o| o.fen("outstanding_fen")).fold(s.party.view.due_all_fen(), i64::saturating_add);
    if means >= debts {
        return Verdict::Unmet;
    }
    if s.means.is_income_uncounted {
        return Verdict::Unknown(LIVING_COSTS);
    }
    rows.extend(open);
    Verdict::Met(Found { rows, fen: Some(means), ..Found::default() })
}

/// Means beyond living costs that a document shows. Means without a document are a reason to get one, not proof.
pub(super) fn capacity_documented<'s>(s: &Situation<'s>) -> Verdict<'s> {
    let reachable = |a: &&AssetMeans<'s>| a.net_fen > 0 && matches!(a.control, Control::Free | Control::Own);
    let mut rows: Vec<Row<'s>> = s.means.assets.iter().filter(reachable).map(|a| a.asset).collect();
    if s.means.income_free_monthly_fen > 0 {
        rows.extend(s.means.incomes.iter());
    }
    if rows.is_empty() {
        return Verdict::Unmet;
    }
    rows.retain(|r| r.text("document_no").is_some_and(|d| !d.is_empty()));
    if rows.is_empty() {
        return Verdict::Unknown(CAPACITY_PAPERS);
    }
    Verdict::Met(Found { rows, fen: Some(s.means.evidenced_fen), ..Found::default() })
}
