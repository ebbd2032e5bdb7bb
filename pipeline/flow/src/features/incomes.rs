//! Incomes: what comes in each month and what of it living costs leave free.

use luheng_models::Direction::{Down, Up};

use super::assets::CAP;
use super::missing::{NO_FREE_INCOME, NO_INCOME, NO_LIVING_COST};
use super::{Disclose, Family, Feature, Missing, Subject, Unit, Value, within};
use crate::cutoff::Row;

fn monthly<'a>(s: &Subject<'_, 'a>) -> (i64, Vec<Row<'a>>) {
    let rows = s.means.incomes.clone();
    (rows.iter().filter_map(|r| r.fen("monthly_fen")).fold(0, i64::saturating_add), rows)
}

/// Money over a month's income; unknown without income on record.
pub(super) fn months<'a>(s: &Subject<'_, 'a>, money: i64, mut rows: Vec<Row<'a>>, cap: f64) -> Value<'a> {
    let (income, of) = monthly(s);
    if income <= 0 {
        return Value::unknown();
    }
    rows.extend(of);
    Value::of((money as f64 / income as f64).min(cap), rows)
}

/// Is it said what a person of this kind needs to live?
fn is_living_cost_known(s: &Subject<'_, '_>) -> bool {
    let natural = s.party.view.debtor().and_then(|d| d.text("kind")).is_none_or(|k| k == "natural");
    !natural || s.ctx.config.means.living_cost_monthly_fen.is_some()
}

const BASE: Feature = Feature {
    direction: Up,
    ground: "MSF 254",
    disclose: Disclose::AfterControl,
    missing: Missing::Unknown(NO_INCOME),
    ..Feature::of(Family::Property)
};

/// The features of incomes.
pub const FEATURES: &[Feature] = &[
    Feature {
        id: "income_monthly_fen",
        zh: "已知月收入",
        en: "known monthly income",
        unit: Unit::Fen,
        compute: |s| {
            let (income, rows) = monthly(s);
            if rows.is_empty() { Value::unknown() } else { Value::of(income as f64, rows) }
        },
        ..BASE
    },
    Feature {
        id: "income_cover_share",
        zh: "评估期内扣除生活费后的收入占应付金额",
        en: "income of the horizon after living costs over what is due",
        unit: Unit::Share,
        missing: Missing::Unknown(NO_LIVING_COST),
        compute: |s| {
            if !is_living_cost_known(s) {
                return Value::unknown();
            }
            let free = s.means.income_free_monthly_fen.saturating_mul(s.ctx.ratings.income_months());
            Value::share(free, s.means.due_fen, CAP, s.means.incomes.clone())
        },
        ..BASE
    },
    Feature {
        id: "due_income_months",
        zh: "应付金额相当于",
        en: "what is due, in months of known income",
        unit: Unit::Months,
        direction: Down,
        disclose: Disclose::Now,
        compute: |s| months(s, s.means.due_fen, vec![s.party.case], 240.0),
        ..BASE
    },
    Feature {
        id: "income_free_monthly_fen",
        zh: "扣除生活费和每月固定还债后的月收入",
        en: "monthly income after living costs and the monthly service of other debts",
        unit: Unit::Fen,
        missing: Missing::Unknown(NO_FREE_INCOME),
        compute: |s| {
            if s.means.incomes.is_empty() || !is_living_cost_known(s) {
                return Value::unknown();
            }
            let (service, mut rows) = super::obligations::service(s);
            rows.extend(&s.means.incomes);
            Value::of(s.means.income_free_monthly_fen.saturating_sub(service).max(0) as f64, rows)
        },
        ..BASE
    },
    Feature {
        id: "income_attachable_share",
        zh: "工资、养老金、租金占月收入",
        en: "wages, pension and rent, which a third person pays out, over monthly income",
        unit: Unit::Share,
        compute: |s| {
            let (income, rows) = monthly(s);
            if income <= 0 {
                return Value::unknown();
            }
            let paid_out = rows.iter().filter(|r| matches!(r.text("kind"), Some("wage" | "pension" | "rent")));
            Value::share(paid_out.filter_map(|r| r.fen("monthly_fen")).fold(0, i64::saturating_add), income, 1.0, rows)
        },
        ..BASE
    },
    Feature {
        id: "income_running_days",
        zh: "最长一项收入已持续",
        en: "days the oldest running stream of income has run",
        unit: Unit::Days,
        compute: |s| {
            let oldest = s.means.incomes.iter().filter_map(|r| r.date("from_on").map(|on| (on, r))).min_by_key(|(on, r)| (*on, r.row_id()));
            oldest.map_or_else(Value::unknown, |(on, row)| Value::of(f64::from(s.party.day() - on), vec![*row]))
        },
        ..BASE
    },
    Feature {
        id: "incomes_ended_n_1095d",
        zh: "近三年终止的收入",
        en: "streams of income that ended in three years",
        direction: Down,
        missing: Missing::Zero(NO_INCOME),
        compute: |s| Value::count(within(s, "incomes", "to_on", 1095)),
        ..BASE
    },
];
