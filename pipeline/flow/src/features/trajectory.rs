//! Trajectory: documented changes of circumstance, at county level at the finest; no track of a person's movements.

use luheng_models::Direction::{Down, Up};

use super::{Disclose, Family, Feature, Subject, Unit, Value, within};
use crate::cutoff::Row;

fn events<'a>(s: &Subject<'_, 'a>, kinds: &[&str], days: i32) -> Vec<Row<'a>> {
    let mut rows = within(s, "trajectory", "happened_on", days);
    rows.retain(|r| r.text("kind").is_some_and(|k| kinds.contains(&k)) && r.text("document_no").is_some());
    rows.sort_by_key(|r| (r.date("happened_on"), r.row_id()));
    rows
}

/// The features of trajectory.
pub const FEATURES: &[Feature] = &[
    Feature {
        id: "contact_lost_now",
        version: 1,
        zh: "目前下落不明",
        en: "whereabouts unknown at present",
        unit: Unit::Sign,
        direction: Down,
        family: Family::Trajectory,
        ground: "CCDC 15",
        disclose: Disclose::Now,
        compute: |s| match events(s, &["contact_lost", "contact_found", "address_changed"], 36_500).pop() {
            Some(row) => Value::of(if row.text("kind") == Some("contact_lost") { 1.0 } else { 0.0 }, vec![row]),
            None => Value::of(0.0, Vec::new()),
        },
    },
    Feature {
        id: "addresses_notified_n_1095d",
        version: 1,
        zh: "近三年主动告知地址变更",
        en: "changes of address notified in three years",
        unit: Unit::Count,
        direction: Up,
        family: Family::Trajectory,
        ground: "CCDC 7",
        disclose: Disclose::Now,
        compute: |s| Value::count(events(s, &["address_changed"], 1095)),
    },
    Feature {
        id: "employed_days",
        version: 1,
        zh: "现工作持续",
        en: "days in the present work",
        unit: Unit::Days,
        direction: Up,
        family: Family::Trajectory,
        ground: "MSF 254",
        disclose: Disclose::Now,
        compute: |s| match events(s, &["employed", "unemployed"], 36_500).pop() {
            Some(row) if row.text("kind") == Some("employed") => {
                let since = row.date("happened_on").map_or(0, |on| s.party.day() - on);
                Value::of(f64::from(since), vec![row])
            }
            Some(row) => Value::of(0.0, vec![row]),
            None => Value::unknown(),
        },
    },
    Feature {
        id: "business_lost_n_1095d",
        version: 1,
        zh: "近三年停业、吊销或受行政处罚",
        en: "business closed, licence revoked or penalised in three years",
        unit: Unit::Count,
        direction: Down,
        family: Family::Trajectory,
        ground: "CCDC 12",
        disclose: Disclose::Now,
        compute: |s| Value::count(events(s, &["business_closed", "licence_revoked", "penalised"], 1095)),
    },
    Feature {
        id: "business_gained_n_1095d",
        version: 1,
        zh: "近三年新设经营或取得许可",
        en: "business opened or licence granted in three years",
        unit: Unit::Count,
        direction: Up,
        family: Family::Trajectory,
        ground: "CCDC 12",
        disclose: Disclose::Now,
        compute: |s| Value::count(events(s, &["business_opened", "licence_granted", "role_taken"], 1095)),
    },
    Feature {
        id: "sued_n_3650d",
        version: 1,
        zh: "近十年作为被告的诉讼",
        en: "suits as defendant in ten years",
        unit: Unit::Count,
        direction: Down,
        family: Family::Trajectory,
        ground: "CCDC 12",
        disclose: Disclose::Now,
        compute: |s| Value::count(events(s, &["sued"], 3650)),
    },
    Feature {
        id: "bankruptcies_n",
        version: 1,
        zh: "破产申请记录",
        en: "bankruptcy filings on record",
        unit: Unit::Count,
        direction: Down,
        family: Family::Trajectory,
        ground: "MSJ 511",
        disclose: Disclose::Now,
        compute: |s| Value::count(events(s, &["bankruptcy_filed"], 36_500)),
    },
];
