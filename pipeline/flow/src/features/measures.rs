//! Measures applied and what came of them. What works depends on means, so they serve capacity and recovery, never willingness.

use luheng_models::Direction::{Down, Free, Up};

use super::missing::{NO_MEASURE, NO_RESULT};
use super::{Family, Feature, Missing, Unit, Value, within};
use crate::cutoff::Row;

const BASE: Feature = Feature { ground: "MSF 251", missing: Missing::Zero(NO_MEASURE), ..Feature::of(Family::Behaviour) };

/// The features of measures.
pub const FEATURES: &[Feature] = &[
    Feature {
        id: "measures_n_365d",
        zh: "近一年已采取的措施",
        en: "measures applied in a year",
        direction: Free,
        compute: |s| Value::count(within(s, "measures", "applied_on", 365)),
        ..BASE
    },
    Feature {
        id: "measures_succeeded_share_1095d",
        zh: "近三年有结果的措施中有效果的比例",
        en: "measures that succeeded at least in part, of those of three years whose result is known",
        unit: Unit::Share,
        direction: Up,
        missing: Missing::Unknown(NO_RESULT),
        compute: |s| {
            let mut rows: Vec<Row<'_>> = within(s, "measures", "applied_on", 1095);
            rows.retain(|r| r.text("result").is_some());
            Value::part(rows, |r| matches!(r.text("result"), Some("succeeded" | "partly")))
        },
        ..BASE
    },
    Feature {
        id: "measures_in_vain_n_1095d",
        zh: "近三年无效果或未能实施的措施",
        en: "measures of three years without effect or that could not be carried out",
        direction: Down,
        compute: |s| {
            let mut rows: Vec<Row<'_>> = within(s, "measures", "applied_on", 1095);
            rows.retain(|r| matches!(r.text("result"), Some("no_effect" | "failed")));
            Value::count(rows)
        },
        ..BASE
    },
];
