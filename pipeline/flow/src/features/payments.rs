//! Money the debtor itself paid: how much, how lately, how regularly, how freely. It says something of means too, so it serves capacity and recovery,
//! never willingness.

use luheng_models::Direction::{Down, Up};

use super::missing::NO_PAYMENT;
use super::{Dated, Family, Feature, Missing, Subject, Unit, Value};

/// Days that count as one period of payment.
const PERIOD: i32 = 30;

fn last<'s, 'a>(s: &'s Subject<'_, 'a>, days: i32) -> &'s [Dated<'a>] {
    Dated::last(&s.means.paid, s.party.day(), days)
}

fn sum<'s, 'a: 's>(paid: impl Iterator<Item = &'s Dated<'a>>) -> i64 {
    paid.filter_map(|p| p.row.fen("amount_fen")).fold(0_i64, i64::saturating_add)
}

/// Paid in a window over that and what is still due: what others paid on the debt meanwhile is in neither.
fn paid_share<'a>(s: &Subject<'_, 'a>, days: i32) -> Value<'a> {
    let (rows, paid) = (last(s, days).iter().map(|p| p.row).collect(), sum(last(s, days).iter()));
    Value::share(paid, s.means.due_fen.saturating_add(paid), 1.0, rows)
}

/// Periods counted back from the day in which something was paid, the present one being 0, each once and the latest first.
fn periods(s: &Subject<'_, '_>, days: i32) -> Vec<i32> {
    let mut periods: Vec<i32> = last(s, days).iter().rev().map(|p| (s.party.day() - p.on) / PERIOD).collect();
    periods.dedup();
    periods
}

const BASE: Feature = Feature { direction: Up, ground: "MSF 251", missing: Missing::Zero(NO_PAYMENT), ..Feature::of(Family::Behaviour) };
const PAID: Feature = Feature { unit: Unit::Share, ..BASE };

/// The features of payment.
pub const FEATURES: &[Feature] = &[
    Feature {
        id: "payments_own_share_30d",
        zh: "近三十日本人已付占该款与尚欠之和",
        en: "paid by the debtor in thirty days over that and what is still due",
        compute: |s| paid_share(s, 30),
        ..PAID
    },
    Feature {
        id: "payments_own_share_90d",
        zh: "近九十日本人已付占该款与尚欠之和",
        en: "paid by the debtor in ninety days over that and what is still due",
        compute: |s| paid_share(s, 90),
        ..PAID
    },
    Feature {
        id: "payments_own_share_365d",
        zh: "近一年本人已付占该款与尚欠之和",
        en: "paid by the debtor in a year over that and what is still due",
        compute: |s| paid_share(s, 365),
        ..PAID
    },
    Feature {
        id: "payments_own_share_1095d",
        zh: "近三年本人已付占该款与尚欠之和",
        en: "paid by the debtor in three years over that and what is still due",
        compute: |s| paid_share(s, 1095),
        ..PAID
    },
    Feature {
        id: "payments_own_last_days",
        zh: "距本人最近一次付款",
        en: "days since the debtor's last payment",
        unit: Unit::Days,
        direction: Down,
        missing: Missing::Unknown(NO_PAYMENT),
        compute: |s| Value::since(s.party.day(), s.means.paid.last()),
        ..BASE
    },
    Feature {
        id: "payments_voluntary_share_365d",
        zh: "近一年本人付款中主动或依和解支付的比例",
        en: "of what the debtor paid in a year, what was paid freely or under a settlement",
        unit: Unit::Share,
        missing: Missing::Unknown(NO_PAYMENT),
        compute: |s| {
            let free = last(s, 365).iter().filter(|p| matches!(p.kind, "" | "voluntary" | "settlement"));
            Value::share(sum(free), sum(last(s, 365).iter()), 1.0, last(s, 365).iter().map(|p| p.row).collect())
        },
        ..BASE
    },
    Feature {
        id: "payments_periods_n_365d",
        zh: "近一年有付款的三十日周期",
        en: "periods of thirty days in a year in which the debtor paid",
        compute: |s| Value::of(periods(s, 365).len() as f64, last(s, 365).iter().map(|p| p.row).collect()),
        ..BASE
    },
    Feature {
        id: "payments_streak_n",
        zh: "至今连续付款的三十日周期",
        en: "periods of thirty days in a row, up to now, in which the debtor paid",
        compute: |s| {
            let periods = periods(s, 36_500);
            // The present period is not over: a row may end with the one before it.
            let first = periods.first().copied().filter(|first| *first <= 1);
            let streak = first.map_or(0, |first| (first..).zip(&periods).take_while(|(wanted, got)| wanted == *got).count() as i32);
            let oldest = first.unwrap_or(0) + streak;
            let within = s.means.paid.iter().filter(|p| streak > 0 && (s.party.day() - p.on) / PERIOD < oldest);
            Value::of(f64::from(streak), within.map(|p| p.row).collect())
        },
        ..BASE
    },
];
