//! Behaviour towards money: payments, instalments, duties performed before any enforcement. These say something of means too, so they serve capacity
//! and recovery, never willingness.

use luheng_models::Direction::{Down, Up};

use super::{Disclose, Family, Feature, Unit, Value, conduct, within};
use crate::cutoff::Row;

/// The features of payment.
pub const FEATURES: &[Feature] = &[
    Feature {
        id: "payments_own_share_365d",
        version: 1,
        zh: "近一年本人已付占当时应付",
        en: "paid by the debtor in a year over what was then due",
        unit: Unit::Share,
        direction: Up,
        family: Family::Behaviour,
        ground: "MSF 251",
        disclose: Disclose::Now,
        compute: |s| {
            let day = s.party.day();
            let recent = |r: &Row<'_>| s.party.is_own(r) && r.date("paid_on").is_some_and(|d| d > day - 365);
            let rows: Vec<Row<'_>> = s.party.receipts().into_iter().filter(recent).collect();
            let paid = rows.iter().filter_map(|r| r.fen("amount_fen")).fold(0_i64, i64::saturating_add);
            Value::share(paid, s.party.due_fen().saturating_add(paid), 1.0, rows)
        },
    },
    Feature {
        id: "payments_own_last_days",
        version: 1,
        zh: "距本人最近一次付款",
        en: "days since the debtor's last payment",
        unit: Unit::Days,
        direction: Down,
        family: Family::Behaviour,
        ground: "MSF 251",
        disclose: Disclose::Now,
        compute: |s| {
            let last = s.party.receipts().into_iter().filter(|r| s.party.is_own(r)).max_by_key(|r| (r.date("paid_on"), r.row_id()));
            match last.and_then(|row| row.date("paid_on").map(|on| (on, row))) {
                Some((on, row)) => Value::of(f64::from(s.party.day() - on), vec![row]),
                None => Value::unknown(),
            }
        },
    },
    Feature {
        id: "instalments_kept_n_365d",
        version: 1,
        zh: "近一年按期履行分期",
        en: "instalments kept in a year",
        unit: Unit::Count,
        direction: Up,
        family: Family::Behaviour,
        ground: "MSF 241",
        disclose: Disclose::Now,
        compute: |s| Value::count(conduct::acts(s, &["instalment_kept", "settlement_kept"], 365)),
    },
    Feature {
        id: "instalments_broken_n_1095d",
        version: 1,
        zh: "近三年分期或和解未履行",
        en: "instalments or settlements broken in three years",
        unit: Unit::Count,
        direction: Down,
        family: Family::Behaviour,
        ground: "MSF 241",
        disclose: Disclose::Now,
        compute: |s| Value::count(conduct::acts(s, &["instalment_broken", "settlement_breached"], 1095)),
    },
    Feature {
        id: "judgments_performed_share",
        version: 1,
        zh: "此前生效裁判自动履行的比例",
        en: "earlier judgments performed without enforcement",
        unit: Unit::Share,
        direction: Up,
        family: Family::Behaviour,
        ground: "MSF 251",
        disclose: Disclose::Now,
        compute: |s| {
            let rows: Vec<Row<'_>> = within(s, "judgments", "effective_on", 3650);
            if rows.is_empty() {
                return Value::unknown();
            }
            let done = rows.iter().filter(|r| r.date("performed_on").is_some()).count();
            Value::of(done as f64 / rows.len() as f64, rows)
        },
    },
];
