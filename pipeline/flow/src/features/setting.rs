//! The case itself: how much, for how long, beside what else. Never who the creditor is, which court, or which judge.

use luheng_models::Direction::{Down, Free};

use super::{Disclose, Family, Feature, Unit, Value};
use crate::cutoff::Row;

fn live_cases<'a>(s: &super::Subject<'_, 'a>) -> Vec<Row<'a>> {
    s.party.view.parties().into_iter().filter(|p| p.is_live()).map(|p| p.case).collect()
}

fn is_for<'a>(s: &super::Subject<'_, 'a>, causes: &[String]) -> Value<'a> {
    match s.party.case.text("cause") {
        Some(cause) => Value::of(f64::from(u8::from(causes.iter().any(|c| c == cause))), vec![s.party.case]),
        None => Value::unknown(),
    }
}

/// The features of the case.
pub const FEATURES: &[Feature] = &[
    Feature {
        id: "due_fen",
        version: 1,
        zh: "本案应付金额",
        en: "due in this case",
        unit: Unit::Fen,
        direction: Down,
        family: Family::Case,
        ground: "MSF 253",
        disclose: Disclose::Now,
        compute: |s| Value::of(s.party.due_fen() as f64, vec![s.party.case]),
    },
    Feature {
        id: "due_all_fen",
        version: 1,
        zh: "全部未结案件应付金额",
        en: "due over all live cases",
        unit: Unit::Fen,
        direction: Down,
        family: Family::Case,
        ground: "MSF 253",
        disclose: Disclose::Now,
        compute: |s| Value::of(s.party.view.due_all_fen() as f64, live_cases(s)),
    },
    Feature {
        id: "live_cases_n",
        version: 1,
        zh: "未结及终本案件",
        en: "live cases",
        unit: Unit::Count,
        direction: Down,
        family: Family::Case,
        ground: "MSF 253",
        disclose: Disclose::Now,
        compute: |s| Value::count(live_cases(s)),
    },
    Feature {
        id: "debt_age_days",
        version: 1,
        zh: "债务首次立案执行至今",
        en: "days since the debt was first filed",
        unit: Unit::Days,
        direction: Free,
        family: Family::Case,
        ground: "MSF 250",
        disclose: Disclose::Now,
        compute: |s| match s.party.debt_filed_on() {
            Some(on) => Value::of(f64::from(s.party.day() - on), vec![s.party.case]),
            None => Value::unknown(),
        },
    },
    Feature {
        id: "is_no_property",
        version: 1,
        zh: "曾以无财产可供执行终本",
        en: "closed for want of property",
        unit: Unit::Sign,
        direction: Down,
        family: Family::Case,
        ground: "MSJ 517",
        disclose: Disclose::Now,
        compute: |s| {
            let closed = s.party.case.text("status") == Some("closed") && s.party.case.text("close_kind") == Some("no_property");
            Value::of(f64::from(u8::from(closed)), vec![s.party.case])
        },
    },
    Feature {
        id: "is_organisation",
        version: 1,
        zh: "被执行人为单位",
        en: "the debtor is an organisation",
        unit: Unit::Sign,
        direction: Free,
        family: Family::Case,
        ground: "MSF 253",
        disclose: Disclose::Now,
        compute: |s| match s.party.view.debtor() {
            Some(row) => {
                let organisation = row.text("kind").is_some_and(|k| k != "natural");
                Value::of(f64::from(u8::from(organisation)), vec![row])
            }
            None => Value::unknown(),
        },
    },
    Feature {
        id: "is_business_debt",
        version: 1,
        zh: "经营性债务",
        en: "the debt arose from a business",
        unit: Unit::Sign,
        direction: Free,
        family: Family::Case,
        ground: "MSF 253",
        disclose: Disclose::Now,
        compute: |s| is_for(s, &s.ctx.ratings.causes.business),
    },
    Feature {
        id: "is_refinancing_debt",
        version: 1,
        zh: "为偿还其他债务而借",
        en: "the debt was taken up to repay others",
        unit: Unit::Sign,
        direction: Free,
        family: Family::Case,
        ground: "MSF 253",
        disclose: Disclose::Now,
        compute: |s| is_for(s, &s.ctx.ratings.causes.refinancing),
    },
    Feature {
        id: "is_purchase_debt",
        version: 1,
        zh: "为购置而借",
        en: "the debt was for a purchase",
        unit: Unit::Sign,
        direction: Free,
        family: Family::Case,
        ground: "MSF 253",
        disclose: Disclose::Now,
        compute: |s| is_for(s, &s.ctx.ratings.causes.purchase),
    },
];
