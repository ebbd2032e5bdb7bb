//! Lists: entries in force on the day, by the number of their decision. Removed, expired, suspended and voided ones count for nothing, nor do those
//! without a number.

use luheng_models::Direction::Down;

use super::missing::NO_ENTRY;
use super::{Family, Feature, Missing, Subject, Value};
use crate::conduct::in_force;
use crate::cutoff::Row;

fn listed<'a>(s: &Subject<'_, 'a>, keep: impl Fn(&Row<'a>) -> bool) -> Value<'a> {
    let is_entry = |r: &Row<'a>| r.text("list") == Some("dishonest") && r.text("document_no").is_some();
    let counts = |r: &&Row<'a>| is_entry(r) && in_force(r, s.party.day()) && keep(r);
    Value::count(s.party.view.rows("listings").iter().filter(counts).copied().collect())
}

const BASE: Feature =
    Feature { direction: Down, ground: "法释〔2017〕7号 1", missing: Missing::Zero(NO_ENTRY), ..Feature::of(Family::Behaviour) };

/// The features of lists.
pub const FEATURES: &[Feature] = &[
    Feature {
        id: "listings_for_acts_n",
        zh: "因妨害、规避执行在列的失信记录",
        en: "entries in force on the dishonest list for acts, not for capacity",
        // Ground 1 presupposes capacity.
        compute: |s| listed(s, |r| r.int("ground").is_some_and(|g| g >= 2)),
        ..BASE
    },
    Feature {
        id: "listings_in_force_n",
        zh: "在列的失信记录",
        en: "entries in force on the dishonest list",
        compute: |s| listed(s, |_| true),
        ..BASE
    },
];
