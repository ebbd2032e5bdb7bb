//! Promises: instalments and settlements kept and broken. Keeping them takes money, so they serve capacity and recovery, never willingness.

use luheng_models::Direction::{Down, Up};

use super::conduct::{acts, newest, part_of_acts, streak};
use super::missing::NO_ACT;
use super::{Family, Feature, Missing, Unit, Value};

const KEPT: &[&str] = &["instalment_kept", "settlement_kept"];
const BROKEN: &[&str] = &["instalment_broken", "settlement_breached"];

const BASE: Feature = Feature { direction: Up, ground: "MSF 241", missing: Missing::Zero(NO_ACT), ..Feature::of(Family::Behaviour) };

/// The features of promises.
pub const FEATURES: &[Feature] = &[
    Feature {
        id: "instalments_kept_n_365d",
        zh: "近一年按期履行分期",
        en: "instalments kept in a year",
        compute: |s| Value::count(acts(s, KEPT, 365)),
        ..BASE
    },
    Feature {
        id: "instalments_broken_n_1095d",
        zh: "近三年分期或和解未履行",
        en: "instalments or settlements broken in three years",
        direction: Down,
        compute: |s| Value::count(acts(s, BROKEN, 1095)),
        ..BASE
    },
    Feature {
        id: "promises_kept_share_365d",
        zh: "近一年到期分期、和解的履行比例",
        en: "instalments and settlements kept over those that fell due in a year",
        unit: Unit::Share,
        missing: Missing::Unknown(NO_ACT),
        compute: |s| part_of_acts(s, KEPT, BROKEN, 365),
        ..BASE
    },
    Feature {
        id: "promises_kept_share_1095d",
        zh: "近三年到期分期、和解的履行比例",
        en: "instalments and settlements kept over those that fell due in three years",
        unit: Unit::Share,
        missing: Missing::Unknown(NO_ACT),
        compute: |s| part_of_acts(s, KEPT, BROKEN, 1095),
        ..BASE
    },
    Feature {
        id: "promises_kept_streak_n",
        zh: "至今连续履行的分期、和解",
        en: "instalments and settlements kept in a row, up to now",
        compute: |s| Value::count(streak(s, KEPT, BROKEN)),
        ..BASE
    },
    Feature {
        id: "promise_broken_last_days",
        zh: "距最近一次分期或和解未履行",
        en: "days since an instalment or a settlement was last broken",
        unit: Unit::Days,
        missing: Missing::Unknown(NO_ACT),
        compute: |s| Value::since(s.party.day(), newest(s, BROKEN)),
        ..BASE
    },
];
