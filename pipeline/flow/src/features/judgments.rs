//! Judgments: duties before any enforcement, and whether they were performed.

use luheng_models::Direction::Up;

use super::missing::{NO_JUDGMENT, NO_JUDGMENT_DUE};
use super::{Family, Feature, Missing, Unit, Value, within};
use crate::cutoff::Row;

const BASE: Feature = Feature { unit: Unit::Share, direction: Up, ground: "MSF 251", ..Feature::of(Family::Behaviour) };

/// The features of judgments.
pub const FEATURES: &[Feature] = &[
    Feature {
        id: "judgments_performed_share",
        zh: "此前生效裁判自动履行的比例",
        en: "earlier judgments performed without enforcement",
        missing: Missing::Unknown(NO_JUDGMENT),
        compute: |s| {
            let freely = |r: &Row<'_>| r.date("performed_on").is_some() && r.text("enforcement_case_no").is_none();
            Value::part(within(s, "judgments", "effective_on", 3650), freely)
        },
        ..BASE
    },
    Feature {
        id: "judgments_in_time_share",
        zh: "已届履行期的生效裁判按期履行的比例",
        en: "judgments performed in time, of those whose time to perform is over",
        missing: Missing::Unknown(NO_JUDGMENT_DUE),
        compute: |s| {
            let mut due: Vec<Row<'_>> = within(s, "judgments", "effective_on", 3650);
            due.retain(|r| r.date("due_on").is_some_and(|on| on < s.party.day()));
            Value::part(due, |r| r.date("performed_on").zip(r.date("due_on")).is_some_and(|(done, due)| done <= due))
        },
        ..BASE
    },
];
