//! Conduct: documented acts that need no means. Which of them count stands in [`crate::conduct`].

use luheng_models::Direction::{Down, Up};

use super::assets::duty_day;
use super::missing::NO_ACT;
use super::{Dated, Family, Feature, Missing, Subject, Unit, Value};
pub use crate::conduct::{BREACHED, EVASION, MET, counts, in_force};
use crate::cutoff::Row;

/// Duties met that fall due by themselves; security and settlement are offered, not owed.
const OWED_AND_MET: &[&str] = &["summons_kept", "report_filed", "clue_volunteered"];
const REPORT_BREACHED: &[&str] = &["report_late", "report_false", "report_missing"];
const TRANSFER: &[&str] = &["transfer_below_value", "transfer_to_related"];
const COOPERATION: &[&str] = &["clue_volunteered", "guarantee_given", "settlement_signed"];

/// As far back as anybody may look: acts in a row and the last one of a kind.
const EVER: i32 = 3650;

/// Acts of these kinds in the last days, in every case of the debtor.
pub fn acts<'a>(s: &Subject<'_, 'a>, kinds: &[&str], days: i32) -> Vec<Row<'a>> {
    window(s, days).iter().filter(|act| kinds.contains(&act.kind)).map(|act| act.row).collect()
}

fn window<'s, 'a>(s: &'s Subject<'_, 'a>, days: i32) -> &'s [Dated<'a>] {
    Dated::last(s.party.view.acts(), s.party.day(), days)
}

/// The newest act of these kinds.
pub(super) fn newest<'s, 'a>(s: &'s Subject<'_, 'a>, kinds: &[&str]) -> Option<&'s Dated<'a>> {
    window(s, EVER).iter().rfind(|act| kinds.contains(&act.kind))
}

/// The good of two sets of kinds over both; unknown where neither was.
pub(super) fn part_of_acts<'a>(s: &Subject<'_, 'a>, good: &[&str], bad: &[&str], days: i32) -> Value<'a> {
    let (mut good_n, mut rows) = (0, Vec::new());
    for act in window(s, days) {
        let is_good = good.contains(&act.kind);
        if is_good || bad.contains(&act.kind) {
            good_n += u32::from(is_good);
            rows.push(act.row);
        }
    }
    if rows.is_empty() { Value::unknown() } else { Value::of(f64::from(good_n) / rows.len() as f64, rows) }
}

/// Acts of the one set since the last of the other.
pub(super) fn streak<'a>(s: &Subject<'_, 'a>, these: &[&str], others: &[&str]) -> Vec<Row<'a>> {
    let acts = window(s, EVER).iter().rev().filter(|act| these.contains(&act.kind) || others.contains(&act.kind));
    acts.take_while(|act| these.contains(&act.kind)).map(|act| act.row).collect()
}

/// Was the newest act of two sets one of the good? 1 or −1.
fn last_is_good<'a>(s: &Subject<'_, 'a>, good: &[&str], bad: &[&str]) -> Value<'a> {
    match window(s, EVER).iter().rfind(|act| good.contains(&act.kind) || bad.contains(&act.kind)) {
        Some(act) => Value::of(if good.contains(&act.kind) { 1.0 } else { -1.0 }, vec![act.row]),
        None => Value::unknown(),
    }
}

const BASE: Feature = Feature { ground: "MSF 252", missing: Missing::Zero(NO_ACT), ..Feature::of(Family::Behaviour) };
/// A number of good acts, and of bad ones.
const GOOD: Feature = Feature { direction: Up, ..BASE };
const BAD: Feature = Feature { direction: Down, ..BASE };
/// A share of acts that are good; unknown where there was none.
const SHARE: Feature = Feature { unit: Unit::Share, missing: Missing::Unknown(NO_ACT), ..GOOD };
/// Was the last one good?
const LAST: Feature = Feature { unit: Unit::Sign, ..SHARE };
/// Days since the last bad act, and since the last good one.
const SINCE_BAD: Feature = Feature { unit: Unit::Days, ..SHARE };
const SINCE_GOOD: Feature = Feature { direction: Down, ..SINCE_BAD };

/// The features of conduct.
pub const FEATURES: &[Feature] = &[
    Feature {
        id: "reports_filed_n_1095d",
        zh: "近三年如实申报财产",
        en: "property reports filed in three years",
        compute: |s| Value::count(acts(s, &["report_filed"], 1095)),
        ..GOOD
    },
    Feature {
        id: "reports_breached_n_365d",
        zh: "近一年逾期、虚假或拒绝申报财产",
        en: "property reports late, false or missing in a year",
        compute: |s| Value::count(acts(s, REPORT_BREACHED, 365)),
        ..BAD
    },
    Feature {
        id: "reports_breached_n_1095d",
        zh: "近三年逾期、虚假或拒绝申报财产",
        en: "property reports late, false or missing in three years",
        compute: |s| Value::count(acts(s, REPORT_BREACHED, 1095)),
        ..BAD
    },
    Feature {
        id: "reports_in_time_share_1095d",
        zh: "近三年按期如实申报财产的比例",
        en: "property reports in time and true, of those due in three years",
        compute: |s| part_of_acts(s, &["report_filed"], REPORT_BREACHED, 1095),
        ..SHARE
    },
    Feature {
        id: "report_last",
        zh: "最近一次财产申报合规",
        en: "the last property report was in order",
        compute: |s| last_is_good(s, &["report_filed"], REPORT_BREACHED),
        ..LAST
    },
    Feature {
        id: "summons_kept_n_365d",
        zh: "近一年按传唤到院",
        en: "summonses kept in a year",
        ground: "MSJ 482",
        compute: |s| Value::count(acts(s, &["summons_kept"], 365)),
        ..GOOD
    },
    Feature {
        id: "summons_ignored_n_90d",
        zh: "近九十日传唤不到",
        en: "summonses ignored in ninety days",
        ground: "MSJ 482",
        compute: |s| Value::count(acts(s, &["summons_ignored"], 90)),
        ..BAD
    },
    Feature {
        id: "summons_ignored_n_365d",
        zh: "近一年传唤不到",
        en: "summonses ignored in a year",
        ground: "MSJ 482",
        compute: |s| Value::count(acts(s, &["summons_ignored"], 365)),
        ..BAD
    },
    Feature {
        id: "summons_kept_share_365d",
        zh: "近一年传唤到院的比例",
        en: "summonses kept, of those of a year",
        ground: "MSJ 482",
        compute: |s| part_of_acts(s, &["summons_kept"], &["summons_ignored"], 365),
        ..SHARE
    },
    Feature {
        id: "evasions_n_365d",
        zh: "近一年经认定的隐匿、转移财产",
        en: "hiding or moving of property found in a year",
        ground: "MSF 114",
        compute: |s| Value::count(acts(s, EVASION, 365)),
        ..BAD
    },
    Feature {
        id: "evasions_n_1095d",
        zh: "近三年经认定的隐匿、转移财产",
        en: "hiding or moving of property found in three years",
        ground: "MSF 114",
        compute: |s| Value::count(acts(s, EVASION, 1095)),
        ..BAD
    },
    Feature {
        id: "evasion_last_days",
        zh: "距最近一次经认定的隐匿、转移财产",
        en: "days since property was last found hidden or moved",
        ground: "MSF 114",
        compute: |s| Value::since(s.party.day(), newest(s, EVASION)),
        ..SINCE_BAD
    },
    Feature {
        id: "transfers_below_value_n_1095d",
        zh: "近三年经认定的低价转让财产",
        en: "transfers of property below value found in three years",
        ground: "MSF 114",
        compute: |s| Value::count(acts(s, &["transfer_below_value"], 1095)),
        ..BAD
    },
    Feature {
        id: "transfers_to_related_n_1095d",
        zh: "近三年经认定的向关联人转移财产",
        en: "transfers of property to a related person found in three years",
        ground: "MSF 114",
        compute: |s| Value::count(acts(s, &["transfer_to_related"], 1095)),
        ..BAD
    },
    Feature {
        id: "transfers_after_duty_n",
        zh: "履行期限届满后经认定的转移财产",
        en: "transfers of property found after the duty fell due",
        ground: "MSF 114",
        compute: |s| {
            let after = |act: &&Dated<'_>| TRANSFER.contains(&act.kind) && duty_day(s).is_some_and(|due| act.on > due);
            Value::count(s.party.view.acts().iter().filter(after).map(|act| act.row).collect())
        },
        ..BAD
    },
    Feature {
        id: "limits_breached_n_365d",
        zh: "近一年违反限制消费令",
        en: "consumption limits breached in a year",
        ground: "法释〔2015〕17号 3",
        compute: |s| Value::count(acts(s, &["limit_breached"], 365)),
        ..BAD
    },
    Feature {
        id: "limits_breached_n_1095d",
        zh: "近三年违反限制消费令",
        en: "consumption limits breached in three years",
        ground: "法释〔2015〕17号 3",
        compute: |s| Value::count(acts(s, &["limit_breached"], 1095)),
        ..BAD
    },
    Feature {
        id: "obstructions_n_1095d",
        zh: "近三年妨害执行或因此被罚款、拘留",
        en: "obstruction, or fines and detention for it, in three years",
        ground: "MSF 114",
        compute: |s| Value::count(acts(s, &["obstruction", "violence", "fined", "detained"], 1095)),
        ..BAD
    },
    Feature {
        id: "sanctions_n_1095d",
        zh: "近三年被罚款、拘留",
        en: "fines and detentions in three years",
        ground: "MSF 114",
        compute: |s| Value::count(acts(s, &["fined", "detained"], 1095)),
        ..BAD
    },
    Feature {
        id: "service_evaded_n_1095d",
        zh: "近三年逃避送达",
        en: "evasions of service in three years",
        ground: "CCDC 15",
        compute: |s| Value::count(acts(s, &["evaded_service"], 1095)),
        ..BAD
    },
    Feature {
        id: "service_accepted_share_1095d",
        zh: "近三年送达中签收的比例",
        en: "services accepted, of those of three years",
        ground: "CCDC 15",
        compute: |s| part_of_acts(s, &["served"], &["evaded_service"], 1095),
        ..SHARE
    },
    Feature {
        id: "cooperation_n_365d",
        zh: "近一年主动配合（提供线索、担保、签订和解）",
        en: "acts of cooperation in a year (clues, security, settlement signed)",
        ground: "MSF 241",
        compute: |s| Value::count(acts(s, COOPERATION, 365)),
        ..GOOD
    },
    Feature {
        id: "cooperation_last_days",
        zh: "距最近一次主动配合",
        en: "days since the last act of cooperation",
        ground: "MSF 241",
        compute: |s| Value::since(s.party.day(), newest(s, COOPERATION)),
        ..SINCE_GOOD
    },
    Feature {
        id: "duties_met_n_90d",
        zh: "近九十日履行的配合义务",
        en: "means-free duties met in ninety days",
        compute: |s| Value::count(acts(s, OWED_AND_MET, 90)),
        ..GOOD
    },
    Feature {
        id: "duties_met_n_365d",
        zh: "近一年履行的配合义务",
        en: "means-free duties met in a year",
        compute: |s| Value::count(acts(s, OWED_AND_MET, 365)),
        ..GOOD
    },
    Feature {
        id: "duties_breached_n_30d",
        zh: "近三十日违反的配合义务",
        en: "means-free duties breached in thirty days",
        compute: |s| Value::count(acts(s, BREACHED, 30)),
        ..BAD
    },
    Feature {
        id: "duties_breached_n_90d",
        zh: "近九十日违反的配合义务",
        en: "means-free duties breached in ninety days",
        compute: |s| Value::count(acts(s, BREACHED, 90)),
        ..BAD
    },
    Feature {
        id: "duties_breached_n_365d",
        zh: "近一年违反的配合义务",
        en: "means-free duties breached in a year",
        compute: |s| Value::count(acts(s, BREACHED, 365)),
        ..BAD
    },
    Feature {
        id: "duties_breached_n_1095d",
        zh: "近三年违反的配合义务",
        en: "means-free duties breached in three years",
        compute: |s| Value::count(acts(s, BREACHED, 1095)),
        ..BAD
    },
    Feature {
        id: "breach_last_days",
        zh: "距最近一次违反配合义务",
        en: "days since a means-free duty was last breached",
        compute: |s| Value::since(s.party.day(), newest(s, BREACHED)),
        ..SINCE_BAD
    },
    Feature {
        id: "duty_met_last_days",
        zh: "距最近一次履行配合义务",
        en: "days since a means-free duty was last met",
        compute: |s| Value::since(s.party.day(), newest(s, OWED_AND_MET)),
        ..SINCE_GOOD
    },
    Feature {
        id: "conduct_good_share_90d",
        zh: "近九十日配合义务的履行比例",
        en: "share of means-free duties met in ninety days",
        compute: |s| part_of_acts(s, OWED_AND_MET, BREACHED, 90),
        ..SHARE
    },
    Feature {
        id: "conduct_good_share_365d",
        zh: "近一年配合义务的履行比例",
        en: "share of means-free duties met in a year",
        compute: |s| part_of_acts(s, OWED_AND_MET, BREACHED, 365),
        ..SHARE
    },
    Feature {
        id: "conduct_good_share_1095d",
        zh: "近三年配合义务的履行比例",
        en: "share of means-free duties met in three years",
        compute: |s| part_of_acts(s, OWED_AND_MET, BREACHED, 1095),
        ..SHARE
    },
    Feature {
        id: "conduct_last_good",
        zh: "最近一次配合义务已履行",
        en: "the last means-free duty was met",
        compute: |s| last_is_good(s, OWED_AND_MET, BREACHED),
        ..LAST
    },
    Feature {
        id: "duties_met_streak_n",
        zh: "连续履行配合义务",
        en: "means-free duties met in a row",
        compute: |s| Value::count(streak(s, OWED_AND_MET, BREACHED)),
        ..GOOD
    },
    Feature {
        id: "duties_breached_streak_n",
        zh: "连续违反配合义务",
        en: "means-free duties breached in a row",
        compute: |s| Value::count(streak(s, BREACHED, OWED_AND_MET)),
        ..BAD
    },
];
