//! The case itself: how much, for how long, beside what else. Never who the creditor is, which court, or which judge.

use luheng_models::Direction::{Down, Free, Up};

use super::assets::duty_day;
use super::missing::{NO_AMOUNT, NO_CAUSE, NO_CLOSED_CASE, NO_DUE_DAY, NO_FILING, NO_KIND, NO_OTHER_CASE, NO_ROLE};
use super::{Family, Feature, Missing, Subject, Unit, Value};
use crate::cutoff::Row;
use crate::means::share_of;

fn live_cases<'a>(s: &Subject<'_, 'a>) -> Vec<Row<'a>> {
    s.party.view.parties().into_iter().filter(|p| p.is_live()).map(|p| p.case).collect()
}

/// Every case the debtor was known to be a party of. A row of a case alone does not say that: its rows lie with all who ever are.
fn cases<'a>(s: &Subject<'_, 'a>) -> Vec<Row<'a>> {
    s.party.view.parties_ever().into_iter().map(|p| p.case).collect()
}

fn is_for<'a>(s: &Subject<'_, 'a>, causes: &[String]) -> Value<'a> {
    let cause = s.party.case.text("cause");
    cause.map_or_else(Value::unknown, |cause| Value::sign(causes.iter().any(|c| c == cause), s.party.case))
}

fn closed_as(case: &Row<'_>, kind: &str) -> bool {
    case.text("status") == Some("closed") && case.text("close_kind") == Some(kind)
}

/// What the case states as due on its filing day, in fen.
fn stated_fen(case: &Row<'_>) -> i64 {
    let parts = ["interest_fen", "costs_fen"].map(|part| case.fen(part).unwrap_or(0));
    let principal = case.fen("principal_fen").map(|principal| parts.into_iter().fold(principal, i64::saturating_add));
    principal.or(case.fen("claim_fen")).unwrap_or(0)
}

/// Days since a day that the case states; unknown where it does not.
fn since<'a>(s: &Subject<'_, 'a>, on: Option<i32>) -> Value<'a> {
    on.map_or_else(Value::unknown, |on| Value::of(f64::from(s.party.day() - on), vec![s.party.case]))
}

const BASE: Feature = Feature { direction: Down, ground: "MSF 253", ..Feature::of(Family::Case) };
/// Yes or no, where nobody can say which is better.
const SIGN: Feature = Feature { unit: Unit::Sign, direction: Free, ..BASE };
const CAUSE: Feature = Feature { missing: Missing::Unknown(NO_CAUSE), ..SIGN };

/// The features of the case.
pub const FEATURES: &[Feature] = &[
    Feature {
        id: "due_fen",
        zh: "本案应付金额",
        en: "due in this case",
        unit: Unit::Fen,
        compute: |s| Value::of(s.means.due_fen as f64, vec![s.party.case]),
        ..BASE
    },
    Feature {
        id: "due_all_fen",
        zh: "全部未结案件应付金额",
        en: "due over all live cases",
        unit: Unit::Fen,
        compute: |s| Value::of(s.party.view.due_all_fen() as f64, live_cases(s)),
        ..BASE
    },
    Feature {
        id: "due_left_share",
        zh: "本案应付占立案时金额",
        en: "what is still due over what the case stated",
        unit: Unit::Share,
        missing: Missing::Unknown(NO_AMOUNT),
        compute: |s| Value::share(s.means.due_fen, stated_fen(&s.party.case), 1.0, vec![s.party.case]),
        ..BASE
    },
    Feature {
        id: "due_all_share",
        zh: "本案应付占全部未结案件应付",
        en: "what is due here over what is due in all live cases",
        unit: Unit::Share,
        direction: Free,
        compute: |s| Value::of(share_of(&s.party), live_cases(s)),
        ..BASE
    },
    Feature { id: "live_cases_n", zh: "未结及终本案件", en: "live cases", compute: |s| Value::count(live_cases(s)), ..BASE },
    Feature {
        id: "cases_filed_n_365d",
        zh: "近一年立案执行的案件",
        en: "cases filed against the debtor in a year",
        compute: |s| {
            let recent = |c: &Row<'_>| c.date("filed_on").is_some_and(|on| on > s.party.day() - 365);
            Value::count(cases(s).into_iter().filter(recent).collect())
        },
        ..BASE
    },
    Feature {
        id: "cases_no_property_n",
        zh: "以无财产可供执行终本的案件",
        en: "cases closed for want of property",
        ground: "MSJ 517",
        missing: Missing::Zero(NO_OTHER_CASE),
        compute: |s| Value::count(cases(s).into_iter().filter(|c| closed_as(c, "no_property")).collect()),
        ..BASE
    },
    Feature {
        id: "cases_performed_share",
        zh: "已结案件中执行完毕的比例",
        en: "closed cases that were performed",
        unit: Unit::Share,
        direction: Up,
        missing: Missing::Unknown(NO_CLOSED_CASE),
        compute: |s| {
            let closed = cases(s).into_iter().filter(|c| c.text("status") == Some("closed")).collect();
            Value::part(closed, |c| closed_as(c, "performed"))
        },
        ..BASE
    },
    Feature {
        id: "debt_age_days",
        zh: "债务首次立案执行至今",
        en: "days since the debt was first filed",
        unit: Unit::Days,
        direction: Free,
        ground: "MSF 250",
        missing: Missing::Unknown(NO_FILING),
        compute: |s| since(s, s.party.debt_filed_on()),
        ..BASE
    },
    Feature {
        id: "duty_overdue_days",
        zh: "履行期限届满至今",
        en: "days since the duty fell due",
        unit: Unit::Days,
        ground: "MSF 251",
        missing: Missing::Unknown(NO_DUE_DAY),
        compute: |s| since(s, duty_day(s)),
        ..BASE
    },
    Feature {
        id: "resumed_n",
        zh: "债务恢复执行",
        en: "times the debt was resumed",
        direction: Free,
        ground: "MSJ 517",
        missing: Missing::Zero(NO_OTHER_CASE),
        compute: |s| Value::of((s.party.chain().len() - 1) as f64, vec![s.party.case]),
        ..BASE
    },
    Feature {
        id: "is_no_property",
        zh: "曾以无财产可供执行终本",
        en: "closed for want of property",
        direction: Down,
        ground: "MSJ 517",
        compute: |s| Value::sign(closed_as(&s.party.case, "no_property"), s.party.case),
        ..SIGN
    },
    Feature {
        id: "is_organisation",
        zh: "被执行人为单位",
        en: "the debtor is an organisation",
        missing: Missing::Unknown(NO_KIND),
        compute: |s| {
            let kind = s.party.view.debtor().and_then(|row| row.text("kind").map(|kind| (kind, row)));
            kind.map_or_else(Value::unknown, |(kind, row)| Value::sign(kind != "natural", row))
        },
        ..SIGN
    },
    Feature {
        id: "is_guarantor",
        zh: "被执行人为保证人",
        en: "the debtor is a guarantor",
        missing: Missing::Unknown(NO_ROLE),
        compute: |s| {
            let role = s.party.party.text("role");
            role.map_or_else(Value::unknown, |role| Value::sign(role == "guarantor", s.party.party))
        },
        ..SIGN
    },
    Feature {
        id: "is_business_debt",
        zh: "经营性债务",
        en: "the debt arose from a business",
        compute: |s| is_for(s, &s.ctx.ratings.causes.business),
        ..CAUSE
    },
    Feature {
        id: "is_refinancing_debt",
        zh: "为偿还其他债务而借",
        en: "the debt was taken up to repay others",
        compute: |s| is_for(s, &s.ctx.ratings.causes.refinancing),
        ..CAUSE
    },
    Feature {
        id: "is_purchase_debt",
        zh: "为购置而借",
        en: "the debt was for a purchase",
        compute: |s| is_for(s, &s.ctx.ratings.causes.purchase),
        ..CAUSE
    },
];
