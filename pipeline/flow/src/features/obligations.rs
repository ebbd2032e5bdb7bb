//! Other debts: how much, secured or not, and what their service takes each month. Who is owed is never read.

use luheng_models::Direction::{Down, Free};

use super::assets::CAP;
use super::incomes::months;
use super::missing::{NO_DEBT, NO_DEBT_OR_INCOME};
use super::{Family, Feature, Missing, Subject, Unit, Value};
use crate::cutoff::Row;

fn sum<'a>(rows: Vec<Row<'a>>) -> (i64, Vec<Row<'a>>) {
    (rows.iter().filter_map(|r| r.fen("outstanding_fen")).fold(0, i64::saturating_add), rows)
}

fn is_service(debt: &Row<'_>) -> bool {
    debt.text("kind") == Some("monthly_service")
}

/// Debts of a kind, in fen, with their rows; what is paid on debts each month is none.
pub(super) fn owed<'a>(s: &Subject<'_, 'a>, keep: impl Fn(&Row<'a>) -> bool) -> (i64, Vec<Row<'a>>) {
    sum(s.party.view.rows("obligations").iter().filter(|debt| !is_service(debt) && keep(debt)).copied().collect())
}

/// What is paid on other debts each month, in fen.
pub(super) fn service<'a>(s: &Subject<'_, 'a>) -> (i64, Vec<Row<'a>>) {
    sum(s.party.view.rows("obligations").iter().filter(|debt| is_service(debt)).copied().collect())
}

const BASE: Feature = Feature { direction: Down, ground: "CCDC 3", missing: Missing::Unknown(NO_DEBT), ..Feature::of(Family::Property) };

/// The features of other debts.
pub const FEATURES: &[Feature] = &[
    Feature {
        id: "obligations_fen",
        zh: "其他已知债务",
        en: "other known debts",
        unit: Unit::Fen,
        direction: Free,
        compute: |s| {
            let (owed, rows) = owed(s, |_| true);
            if rows.is_empty() { Value::unknown() } else { Value::of(owed as f64, rows) }
        },
        ..BASE
    },
    Feature {
        id: "obligations_income_months",
        zh: "其他债务相当于",
        en: "other debts, in months of known income",
        unit: Unit::Months,
        missing: Missing::Unknown(NO_DEBT_OR_INCOME),
        compute: |s| {
            let (owed, rows) = owed(s, |_| true);
            if rows.is_empty() { Value::unknown() } else { months(s, owed, rows, 240.0) }
        },
        ..BASE
    },
    Feature {
        id: "service_income_share",
        zh: "每月固定还债占月收入",
        en: "monthly debt service over monthly income",
        unit: Unit::Share,
        missing: Missing::Unknown(NO_DEBT_OR_INCOME),
        compute: |s| {
            let (owed, rows) = service(s);
            if rows.is_empty() { Value::unknown() } else { months(s, owed, rows, CAP) }
        },
        ..BASE
    },
    Feature {
        id: "obligations_secured_share",
        zh: "其他债务中有担保的比例",
        en: "share of other debts that is secured",
        unit: Unit::Share,
        direction: Free,
        compute: |s| {
            let (all, rows) = owed(s, |_| true);
            if all <= 0 { Value::unknown() } else { Value::share(owed(s, |debt| debt.flag("secured") == Some(true)).0, all, 1.0, rows) }
        },
        ..BASE
    },
    Feature {
        id: "obligations_unsecured_due_share",
        zh: "其他无担保债务相当于本案应付金额",
        en: "other debts without security over what is due here",
        unit: Unit::Share,
        compute: |s| {
            let (owed, rows) = owed(s, |debt| debt.flag("secured") != Some(true));
            if rows.is_empty() { Value::unknown() } else { Value::share(owed, s.means.due_fen, 20.0, rows) }
        },
        ..BASE
    },
];
