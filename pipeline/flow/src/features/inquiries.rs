//! Inquiries: how far the court's own questions about property reach. Channels that look for a person, telecommunications and police, are not read: that
//! somebody has no phone says nothing.

use luheng_models::Direction::{Free, Up};

use super::missing::{NOT_ANSWERED, NOT_ASKED};
use super::{Disclose, Family, Feature, Missing, Subject, Unit, Value};
use crate::cutoff::Row;
use crate::procedure::Answers;

/// Channels that show property.
const OF_PROPERTY: [&str; 9] = ["bank", "securities", "equity", "real_estate", "vehicle", "wealth", "provident_fund", "tax", "insurance"];

/// What each channel of property that was asked has said.
fn asked<'s, 'a>(s: &'s Subject<'_, 'a>) -> impl Iterator<Item = &'s Answers<'a>> {
    s.party.view.answers().iter().filter(|(channel, _)| OF_PROPERTY.contains(channel)).map(|(_, answers)| answers)
}

/// The newest answer of each channel of property.
fn newest<'a>(s: &Subject<'_, 'a>) -> Vec<Row<'a>> {
    asked(s).filter_map(|answers| answers.newest).collect()
}

fn has_found(answer: &Row<'_>) -> bool {
    answer.text("outcome") == Some("found")
}

const BASE: Feature = Feature { ground: "MSF 253", missing: Missing::Zero(NOT_ANSWERED), ..Feature::of(Family::Property) };

/// The features of inquiries.
pub const FEATURES: &[Feature] = &[
    Feature {
        id: "channels_found_share",
        version: 2,
        zh: "已答复的财产查控渠道中查到财产的比例",
        en: "answered channels of property that found some",
        unit: Unit::Share,
        direction: Up,
        missing: Missing::Unknown(NOT_ANSWERED),
        disclose: Disclose::AfterControl,
        compute: |s| Value::part(newest(s), has_found),
        ..BASE
    },
    Feature {
        id: "channels_found_n",
        zh: "查到财产的查控渠道",
        en: "channels that found property at their last answer",
        direction: Up,
        disclose: Disclose::AfterControl,
        compute: |s| Value::count(newest(s).into_iter().filter(has_found).collect()),
        ..BASE
    },
    Feature {
        id: "channels_answered_share",
        zh: "已查询的财产渠道中有答复的比例",
        en: "channels of property asked that have answered",
        unit: Unit::Share,
        direction: Free,
        missing: Missing::Unknown(NOT_ASKED),
        compute: |s| match asked(s).count() {
            0 => Value::unknown(),
            all => {
                let rows = newest(s);
                Value::of(rows.len() as f64 / all as f64, rows)
            }
        },
        ..BASE
    },
    Feature {
        id: "channels_stale_n",
        zh: "答复已过时的财产渠道",
        en: "channels of property whose last answer is stale",
        direction: Free,
        ground: "CCDC 12",
        compute: |s| {
            let stale = |r: &Row<'_>| r.date("returned_on").is_some_and(|on| s.party.day() - on > s.ctx.ratings.capacity.stale_days);
            Value::count(newest(s).into_iter().filter(stale).collect())
        },
        ..BASE
    },
    Feature {
        id: "answer_last_days",
        zh: "距财产渠道最近一次答复",
        en: "days since a channel of property last answered",
        unit: Unit::Days,
        direction: Free,
        ground: "CCDC 12",
        missing: Missing::Unknown(NOT_ANSWERED),
        compute: |s| {
            let last =
                newest(s).into_iter().filter_map(|r| r.date("returned_on").map(|on| (on, r))).max_by_key(|(on, r)| (*on, r.row_id()));
            last.map_or_else(Value::unknown, |(on, row)| Value::of(f64::from(s.party.day() - on), vec![row]))
        },
        ..BASE
    },
];
