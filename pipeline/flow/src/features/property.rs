//! Property: what assets, incomes and other debts say, at their net value for this case.

use luheng_models::Direction::{Down, Free, Up};

use super::{Disclose, Family, Feature, Subject, Unit, Value};
use crate::cutoff::Row;
use crate::means::{AssetMeans, Control};
use crate::standing;

/// Shares of the due beyond which more makes no difference.
const CAP: f64 = 5.0;

fn net<'a>(s: &Subject<'_, 'a>, keep: impl Fn(&AssetMeans<'a>) -> bool) -> Value<'a> {
    let kept: Vec<&AssetMeans<'a>> = s.means.assets.iter().filter(|a| keep(a)).collect();
    let sum = kept.iter().fold(0_i64, |total, a| total.saturating_add(a.net_fen));
    Value::share(sum, s.party.due_fen(), CAP, kept.iter().map(|a| a.asset).collect())
}

fn class<'a>(a: &AssetMeans<'a>) -> &'a str {
    a.asset.text("class").unwrap_or("other")
}

fn monthly<'a>(s: &Subject<'_, 'a>) -> (i64, Vec<Row<'a>>) {
    let rows = s.means.incomes.clone();
    (rows.iter().filter_map(|r| r.fen("monthly_fen")).fold(0, i64::saturating_add), rows)
}

fn debts<'a>(s: &Subject<'_, 'a>, service: bool) -> (i64, Vec<Row<'a>>) {
    let rows: Vec<Row<'a>> =
        s.party.view.rows("obligations").iter().filter(|o| (o.text("kind") == Some("monthly_service")) == service).copied().collect();
    (rows.iter().filter_map(|r| r.fen("outstanding_fen")).fold(0, i64::saturating_add), rows)
}

/// Money over a month's income; unknown without income on record.
fn months<'a>(s: &Subject<'_, 'a>, money: i64, mut rows: Vec<Row<'a>>, cap: f64) -> Value<'a> {
    let (income, of) = monthly(s);
    if income <= 0 {
        return Value::unknown();
    }
    rows.extend(of);
    Value::of((money as f64 / income as f64).min(cap), rows)
}

/// The features of property.
pub const FEATURES: &[Feature] = &[
    Feature {
        id: "liquid_net_share",
        version: 1,
        zh: "可用存款、理财等占应付金额",
        en: "net liquid assets over what is due",
        unit: Unit::Share,
        direction: Up,
        family: Family::Property,
        ground: "MSF 253",
        disclose: Disclose::AfterControl,
        compute: |s| net(s, |a| a.is_liquid && a.control != Control::Own),
    },
    Feature {
        id: "controlled_net_share",
        version: 1,
        zh: "本案首先控制的财产净值占应付金额",
        en: "net value under this case's own first hold over what is due",
        unit: Unit::Share,
        direction: Up,
        family: Family::Property,
        ground: "MSF 253",
        disclose: Disclose::Now,
        compute: |s| net(s, |a| a.control == Control::Own),
    },
    Feature {
        id: "real_estate_net_share",
        version: 1,
        zh: "不动产净值占应付金额",
        en: "net real estate over what is due",
        unit: Unit::Share,
        direction: Up,
        family: Family::Property,
        ground: "MSF 255",
        disclose: Disclose::AfterControl,
        compute: |s| net(s, |a| class(a) == "real_estate" && a.control != Control::Own),
    },
    Feature {
        id: "other_net_share",
        version: 1,
        zh: "车辆、股权等其他财产净值占应付金额",
        en: "net vehicles, equity and other assets over what is due",
        unit: Unit::Share,
        direction: Up,
        family: Family::Property,
        ground: "MSF 255",
        disclose: Disclose::AfterControl,
        compute: |s| net(s, |a| !a.is_liquid && class(a) != "real_estate" && a.control != Control::Own),
    },
    Feature {
        id: "home_owned_n",
        version: 1,
        zh: "登记在名下的不动产",
        en: "real estate registered in the debtor's name",
        unit: Unit::Count,
        direction: Up,
        family: Family::Property,
        ground: "MSF 255",
        disclose: Disclose::AfterControl,
        compute: |s| Value::count(s.means.assets.iter().filter(|a| class(a) == "real_estate").map(|a| a.asset).collect()),
    },
    Feature {
        id: "income_monthly_fen",
        version: 1,
        zh: "已知月收入",
        en: "known monthly income",
        unit: Unit::Fen,
        direction: Up,
        family: Family::Property,
        ground: "MSF 254",
        disclose: Disclose::AfterControl,
        compute: |s| {
            let (income, rows) = monthly(s);
            if rows.is_empty() { Value::unknown() } else { Value::of(income as f64, rows) }
        },
    },
    Feature {
        id: "income_cover_share",
        version: 1,
        zh: "评估期内扣除生活费后的收入占应付金额",
        en: "income of the horizon after living costs over what is due",
        unit: Unit::Share,
        direction: Up,
        family: Family::Property,
        ground: "MSF 254",
        disclose: Disclose::AfterControl,
        compute: |s| {
            let natural = s.party.view.debtor().and_then(|d| d.text("kind")).is_none_or(|k| k == "natural");
            if natural && s.ctx.config.means.living_cost_monthly_fen.is_none() {
                return Value::unknown();
            }
            let free = s.means.income_free_monthly_fen.saturating_mul(s.ctx.ratings.income_months());
            Value::share(free, s.party.due_fen(), CAP, s.means.incomes.clone())
        },
    },
    Feature {
        id: "due_income_months",
        version: 1,
        zh: "应付金额相当于",
        en: "what is due, in months of known income",
        unit: Unit::Months,
        direction: Down,
        family: Family::Property,
        ground: "MSF 254",
        disclose: Disclose::Now,
        compute: |s| months(s, s.party.due_fen(), vec![s.party.case], 240.0),
    },
    Feature {
        id: "obligations_fen",
        version: 1,
        zh: "其他已知债务",
        en: "other known debts",
        unit: Unit::Fen,
        direction: Free,
        family: Family::Property,
        ground: "CCDC 3",
        disclose: Disclose::Now,
        compute: |s| {
            let (owed, rows) = debts(s, false);
            if rows.is_empty() { Value::unknown() } else { Value::of(owed as f64, rows) }
        },
    },
    Feature {
        id: "obligations_income_months",
        version: 1,
        zh: "其他债务相当于",
        en: "other debts, in months of known income",
        unit: Unit::Months,
        direction: Down,
        family: Family::Property,
        ground: "CCDC 3",
        disclose: Disclose::Now,
        compute: |s| {
            let (owed, rows) = debts(s, false);
            if rows.is_empty() { Value::unknown() } else { months(s, owed, rows, 240.0) }
        },
    },
    Feature {
        id: "service_income_share",
        version: 1,
        zh: "每月固定还债占月收入",
        en: "monthly debt service over monthly income",
        unit: Unit::Share,
        direction: Down,
        family: Family::Property,
        ground: "CCDC 3",
        disclose: Disclose::Now,
        compute: |s| {
            let (owed, rows) = debts(s, true);
            if rows.is_empty() { Value::unknown() } else { months(s, owed, rows, CAP) }
        },
    },
    Feature {
        id: "foreign_holds_n",
        version: 1,
        zh: "被其他案件先行控制的财产",
        en: "assets another case holds first",
        unit: Unit::Count,
        direction: Down,
        family: Family::Property,
        ground: "CKD 26",
        disclose: Disclose::Now,
        compute: |s| {
            let held = |a: &&AssetMeans<'_>| matches!(a.control, Control::Foreign | Control::Waiting);
            Value::count(s.means.assets.iter().filter(held).map(|a| a.asset).collect())
        },
    },
    Feature {
        id: "channels_found_share",
        version: 1,
        zh: "已答复的查控渠道中查到财产的比例",
        en: "answered inquiry channels that found property",
        unit: Unit::Share,
        direction: Up,
        family: Family::Property,
        ground: "MSF 253",
        disclose: Disclose::AfterControl,
        compute: |s| {
            let rows: Vec<Row<'_>> = standing::answers(s.party.view).into_values().collect();
            if rows.is_empty() {
                return Value::unknown();
            }
            let found = rows.iter().filter(|r| r.text("outcome") == Some("found")).count();
            Value::of(found as f64 / rows.len() as f64, rows)
        },
    },
];
