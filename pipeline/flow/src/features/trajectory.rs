//! Trajectory: documented changes of circumstance, at county level at the finest; no track of a person's movements, and no place is read at all.

use luheng_models::Direction::{Down, Free, Up};

use super::missing::NO_CHANGE;
use super::{Dated, Family, Feature, Missing, Subject, Unit, Value};
use crate::cutoff::Row;

/// As far back as the record goes.
const EVER: i32 = 36_500;

/// Changes that speak of how settled somebody is. Custody says where a person was, and a suit of one's own is a right: neither is read.
const UNSETTLING: &[&str] = &[
    "address_changed",
    "contact_lost",
    "employed",
    "unemployed",
    "role_taken",
    "role_left",
    "business_opened",
    "business_closed",
    "licence_revoked",
    "penalised",
    "sued",
];

fn window<'s, 'a>(s: &'s Subject<'_, 'a>, days: i32) -> &'s [Dated<'a>] {
    Dated::last(s.party.view.changes(), s.party.day(), days)
}

fn changes<'a>(s: &Subject<'_, 'a>, kinds: &[&str], days: i32) -> Vec<Row<'a>> {
    window(s, days).iter().filter(|change| kinds.contains(&change.kind)).map(|change| change.row).collect()
}

fn newest<'s, 'a>(s: &'s Subject<'_, 'a>, kinds: &[&str]) -> Option<&'s Dated<'a>> {
    window(s, EVER).iter().rfind(|change| kinds.contains(&change.kind))
}

fn count<'a>(s: &Subject<'_, 'a>, kinds: &[&str], days: i32) -> Value<'a> {
    Value::count(changes(s, kinds, days))
}

fn since<'a>(s: &Subject<'_, 'a>, kinds: &[&str]) -> Value<'a> {
    Value::since(s.party.day(), newest(s, kinds))
}

/// Days since the newest of two changes if it is the first of them, 0 if it is the other.
fn lasting<'a>(s: &Subject<'_, 'a>, begun: &str, ended: &str) -> Value<'a> {
    match newest(s, &[begun, ended]) {
        Some(last) if last.kind == begun => Value::since(s.party.day(), Some(last)),
        Some(last) => Value::of(0.0, vec![last.row]),
        None => Value::unknown(),
    }
}

const BASE: Feature = Feature { ground: "CCDC 12", missing: Missing::Zero(NO_CHANGE), ..Feature::of(Family::Trajectory) };
/// A number of changes for the worse, and for the better.
const WORSE: Feature = Feature { direction: Down, ..BASE };
const BETTER: Feature = Feature { direction: Up, ..BASE };
/// Days since a change, or in a state.
const DAYS: Feature = Feature { unit: Unit::Days, direction: Up, missing: Missing::Unknown(NO_CHANGE), ..BASE };

/// The features of trajectory.
pub const FEATURES: &[Feature] = &[
    Feature {
        id: "contact_lost_now",
        zh: "目前下落不明",
        en: "whereabouts unknown at present",
        unit: Unit::Sign,
        ground: "CCDC 15",
        compute: |s| match newest(s, &["contact_lost", "contact_found", "address_changed"]) {
            Some(last) => Value::sign(last.kind == "contact_lost", last.row),
            None => Value::of(0.0, Vec::new()),
        },
        ..WORSE
    },
    Feature {
        id: "contacts_lost_n_1095d",
        zh: "近三年失去联系",
        en: "times contact was lost in three years",
        ground: "CCDC 15",
        compute: |s| count(s, &["contact_lost"], 1095),
        ..WORSE
    },
    Feature {
        id: "addresses_notified_n_1095d",
        zh: "近三年主动告知地址变更",
        en: "changes of address notified in three years",
        ground: "CCDC 7",
        compute: |s| count(s, &["address_changed"], 1095),
        ..BETTER
    },
    Feature {
        id: "address_unchanged_days",
        zh: "地址最近一次变更至今",
        en: "days since the address last changed",
        direction: Free,
        compute: |s| since(s, &["address_changed"]),
        ..DAYS
    },
    Feature {
        id: "employed_days",
        zh: "现工作持续",
        en: "days in the present work",
        ground: "MSF 254",
        compute: |s| lasting(s, "employed", "unemployed"),
        ..DAYS
    },
    Feature {
        id: "unemployed_days",
        zh: "失业持续",
        en: "days without work",
        direction: Down,
        ground: "MSF 254",
        compute: |s| lasting(s, "unemployed", "employed"),
        ..DAYS
    },
    Feature {
        id: "work_changed_n_1095d",
        zh: "近三年就业、失业变化",
        en: "changes of work in three years",
        ground: "MSF 254",
        compute: |s| count(s, &["employed", "unemployed"], 1095),
        ..WORSE
    },
    Feature {
        id: "roles_changed_n_1095d",
        zh: "近三年任职、卸任",
        en: "roles in organisations taken or left in three years",
        direction: Free,
        compute: |s| count(s, &["role_taken", "role_left"], 1095),
        ..BASE
    },
    Feature {
        id: "business_lost_n_1095d",
        zh: "近三年停业、吊销或受行政处罚",
        en: "business closed, licence revoked or penalised in three years",
        compute: |s| count(s, &["business_closed", "licence_revoked", "penalised"], 1095),
        ..WORSE
    },
    Feature {
        id: "business_gained_n_1095d",
        zh: "近三年新设经营或取得许可",
        en: "business opened or licence granted in three years",
        compute: |s| count(s, &["business_opened", "licence_granted", "role_taken"], 1095),
        ..BETTER
    },
    Feature {
        id: "business_closed_last_days",
        zh: "距最近一次停业",
        en: "days since a business last closed",
        compute: |s| since(s, &["business_closed"]),
        ..DAYS
    },
    Feature {
        id: "licences_revoked_n_1095d",
        zh: "近三年许可被吊销",
        en: "licences revoked in three years",
        compute: |s| count(s, &["licence_revoked"], 1095),
        ..WORSE
    },
    Feature {
        id: "penalties_n_365d",
        zh: "近一年受行政处罚",
        en: "administrative penalties in a year",
        compute: |s| count(s, &["penalised"], 365),
        ..WORSE
    },
    Feature {
        id: "penalties_n_1095d",
        zh: "近三年受行政处罚",
        en: "administrative penalties in three years",
        compute: |s| count(s, &["penalised"], 1095),
        ..WORSE
    },
    Feature {
        id: "sued_n_365d",
        zh: "近一年作为被告的诉讼",
        en: "suits as defendant in a year",
        compute: |s| count(s, &["sued"], 365),
        ..WORSE
    },
    Feature {
        id: "sued_n_3650d",
        zh: "近十年作为被告的诉讼",
        en: "suits as defendant in ten years",
        compute: |s| count(s, &["sued"], 3650),
        ..WORSE
    },
    Feature {
        id: "sued_last_days",
        zh: "距最近一次被起诉",
        en: "days since the debtor was last sued",
        compute: |s| since(s, &["sued"]),
        ..DAYS
    },
    Feature {
        id: "bankruptcies_n",
        zh: "破产申请记录",
        en: "bankruptcy filings on record",
        ground: "MSJ 511",
        compute: |s| count(s, &["bankruptcy_filed"], EVER),
        ..WORSE
    },
    Feature {
        id: "changes_n_365d",
        zh: "近一年地址、工作、任职、经营等变化",
        en: "changes of address, contact, work, role, business or suit in a year",
        direction: Free,
        compute: |s| count(s, UNSETTLING, 365),
        ..BASE
    },
    Feature {
        id: "settled_days",
        zh: "最近一次地址、工作、任职、经营等变化至今",
        en: "days since the last change of address, contact, work, role, business or suit",
        direction: Free,
        compute: |s| since(s, UNSETTLING),
        ..DAYS
    },
];
