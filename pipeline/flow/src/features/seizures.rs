//! Holds: what this case controls, how soon that lapses, and what the holds of others take.

use luheng_models::Direction::{Down, Up};

use super::assets::CAP;
use super::missing::{NO_END, NO_FOREIGN_HOLD, NO_HOLD};
use super::{Disclose, Family, Feature, Missing, Subject, Unit, Value};
use crate::cutoff::Row;
use crate::means::{AssetMeans, Control};

fn held<'s, 'a>(s: &'s Subject<'_, 'a>, by: &'static [Control]) -> impl Iterator<Item = &'s AssetMeans<'a>> {
    s.means.assets.iter().filter(|a| by.contains(&a.control))
}

/// The first holds of this case that have a day on which they end, with what they hold.
fn ending<'a>(s: &Subject<'_, 'a>) -> impl Iterator<Item = (i32, Row<'a>, i64)> {
    held(s, &[Control::Own]).filter_map(|a| a.hold.and_then(|hold| hold.date("expires_on").map(|on| (on, hold, a.net_fen))))
}

const BASE: Feature = Feature { disclose: Disclose::Now, ..Feature::of(Family::Property) };

/// The features of holds.
pub const FEATURES: &[Feature] = &[
    Feature {
        id: "foreign_holds_n",
        zh: "被其他案件先行控制的财产",
        en: "assets another case holds first",
        direction: Down,
        ground: "CKD 26",
        missing: Missing::Zero(NO_FOREIGN_HOLD),
        compute: |s| Value::count(held(s, &[Control::Foreign, Control::Waiting]).map(|a| a.asset).collect()),
        ..BASE
    },
    Feature {
        id: "foreign_taken_share",
        zh: "被其他案件先行控制的价值占应付金额",
        en: "value that holds of other cases take over what is due",
        unit: Unit::Share,
        direction: Down,
        ground: "CKD 26",
        missing: Missing::Zero(NO_FOREIGN_HOLD),
        compute: |s| {
            let taken = held(s, &[Control::Foreign, Control::Waiting]).map(|a| a.unheld_fen.saturating_sub(a.net_fen));
            let rows = held(s, &[Control::Foreign, Control::Waiting]).map(|a| a.asset).collect();
            Value::share(taken.fold(0, i64::saturating_add), s.means.due_fen, CAP, rows)
        },
        ..BASE
    },
    Feature {
        id: "waiting_holds_n",
        zh: "本案轮候的财产",
        en: "assets for which this case waits",
        direction: Down,
        ground: "CKD 26",
        missing: Missing::Zero(NO_FOREIGN_HOLD),
        compute: |s| Value::count(held(s, &[Control::Waiting]).map(|a| a.asset).collect()),
        ..BASE
    },
    Feature {
        id: "own_holds_n",
        zh: "本案首先控制的财产",
        en: "assets under this case's own first hold",
        direction: Up,
        ground: "MSF 253",
        missing: Missing::Zero(NO_HOLD),
        compute: |s| Value::count(held(s, &[Control::Own]).map(|a| a.asset).collect()),
        ..BASE
    },
    Feature {
        id: "hold_lapses_days",
        zh: "距本案最早一项控制届满",
        en: "days until the first of this case's own holds lapses",
        unit: Unit::Days,
        direction: Up,
        ground: "CKD 27",
        missing: Missing::Unknown(NO_END),
        compute: |s| match ending(s).min_by_key(|(on, hold, _)| (*on, hold.row_id())) {
            Some((on, hold, _)) => Value::of(f64::from(on - s.party.day()), vec![hold]),
            None => Value::unknown(),
        },
        ..BASE
    },
    Feature {
        id: "lapsing_soon_share",
        zh: "本案控制的财产中九十日内届满的比例",
        en: "share of what this case holds first whose hold lapses within ninety days",
        unit: Unit::Share,
        direction: Down,
        ground: "CKD 27",
        missing: Missing::Unknown(NO_HOLD),
        compute: |s| {
            let soon: Vec<(Row<'_>, i64)> =
                ending(s).filter(|(on, ..)| *on - s.party.day() <= 90).map(|(_, hold, fen)| (hold, fen)).collect();
            let lapsing = soon.iter().fold(0_i64, |sum, (_, fen)| sum.saturating_add(*fen));
            if s.means.controlled_fen <= 0 {
                return Value::unknown();
            }
            Value::share(lapsing, s.means.controlled_fen, 1.0, soon.into_iter().map(|(hold, _)| hold).collect())
        },
        ..BASE
    },
];
