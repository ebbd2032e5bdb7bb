//! Conduct: documented acts that need no means. A bad act counts only with a document number and a finding; alleged and set-aside ones never do.

use luheng_models::Direction::{Down, Up};

use super::{Disclose, Family, Feature, Subject, Unit, Value, within};
use crate::cutoff::Row;

/// Acts of evasion: hiding or moving property away from execution.
pub const EVASION: &[&str] = &["transfer_below_value", "transfer_to_related", "asset_hidden", "sham_litigation"];
/// Duties met that cost nothing.
pub const MET: &[&str] = &["summons_kept", "report_filed", "clue_volunteered", "guarantee_given", "settlement_signed"];
/// Duties breached, for which want of means is no excuse.
pub const BREACHED: &[&str] = &[
    "summons_ignored",
    "report_late",
    "report_false",
    "report_missing",
    "evaded_service",
    "transfer_below_value",
    "transfer_to_related",
    "asset_hidden",
    "limit_breached",
    "obstruction",
    "violence",
    "sham_litigation",
];

/// Does the row count: found or admitted, and, for a bad act, documented?
pub fn counts(row: &Row<'_>) -> bool {
    let found = matches!(row.text("finding"), None | Some("found" | "admitted"));
    let good = row.text("kind").is_some_and(|k| MET.contains(&k) || matches!(k, "instalment_kept" | "settlement_kept" | "served"));
    found && (good || row.text("document_no").is_some())
}

/// Acts of these kinds in the last days, in every case of the debtor.
pub fn acts<'a>(s: &Subject<'_, 'a>, kinds: &[&str], days: i32) -> Vec<Row<'a>> {
    let mut rows = within(s, "conduct", "happened_on", days);
    rows.retain(|r| r.text("kind").is_some_and(|k| kinds.contains(&k)) && counts(r));
    rows
}

/// Acts in order of day, then row.
fn in_order<'a>(s: &Subject<'_, 'a>, kinds: &[&str], days: i32) -> Vec<Row<'a>> {
    let mut rows = acts(s, kinds, days);
    rows.sort_by_key(|r| (r.date("happened_on"), r.row_id()));
    rows
}

/// Duties met that fall due by themselves; security and settlement are offered, not owed.
const OWED_AND_MET: &[&str] = &["summons_kept", "report_filed", "clue_volunteered"];

/// Every act that answers a means-free duty, met or breached.
fn duties() -> Vec<&'static str> {
    [OWED_AND_MET, BREACHED].concat()
}

fn is_met(row: &Row<'_>) -> bool {
    row.text("kind").is_some_and(|k| MET.contains(&k))
}

/// The features of conduct.
pub const FEATURES: &[Feature] = &[
    Feature {
        id: "reports_filed_n_1095d",
        version: 1,
        zh: "近三年如实申报财产",
        en: "property reports filed in three years",
        unit: Unit::Count,
        direction: Up,
        family: Family::Behaviour,
        ground: "MSF 252",
        disclose: Disclose::Now,
        compute: |s| Value::count(acts(s, &["report_filed"], 1095)),
    },
    Feature {
        id: "reports_breached_n_1095d",
        version: 1,
        zh: "近三年逾期、虚假或拒绝申报财产",
        en: "property reports late, false or missing in three years",
        unit: Unit::Count,
        direction: Down,
        family: Family::Behaviour,
        ground: "MSF 252",
        disclose: Disclose::Now,
        compute: |s| Value::count(acts(s, &["report_late", "report_false", "report_missing"], 1095)),
    },
    Feature {
        id: "report_last",
        version: 1,
        zh: "最近一次财产申报合规",
        en: "the last property report was in order",
        unit: Unit::Sign,
        direction: Up,
        family: Family::Behaviour,
        ground: "MSF 252",
        disclose: Disclose::Now,
        compute: |s| match in_order(s, &["report_filed", "report_late", "report_false", "report_missing"], 3650).pop() {
            Some(row) => Value::of(if is_met(&row) { 1.0 } else { -1.0 }, vec![row]),
            None => Value::unknown(),
        },
    },
    Feature {
        id: "summons_kept_n_365d",
        version: 1,
        zh: "近一年按传唤到院",
        en: "summonses kept in a year",
        unit: Unit::Count,
        direction: Up,
        family: Family::Behaviour,
        ground: "MSJ 482",
        disclose: Disclose::Now,
        compute: |s| Value::count(acts(s, &["summons_kept"], 365)),
    },
    Feature {
        id: "summons_ignored_n_365d",
        version: 1,
        zh: "近一年传唤不到",
        en: "summonses ignored in a year",
        unit: Unit::Count,
        direction: Down,
        family: Family::Behaviour,
        ground: "MSJ 482",
        disclose: Disclose::Now,
        compute: |s| Value::count(acts(s, &["summons_ignored"], 365)),
    },
    Feature {
        id: "evasions_n_1095d",
        version: 1,
        zh: "近三年经认定的隐匿、转移财产",
        en: "hiding or moving of property found in three years",
        unit: Unit::Count,
        direction: Down,
        family: Family::Behaviour,
        ground: "MSF 114",
        disclose: Disclose::Now,
        compute: |s| Value::count(acts(s, EVASION, 1095)),
    },
    Feature {
        id: "limits_breached_n_1095d",
        version: 1,
        zh: "近三年违反限制消费令",
        en: "consumption limits breached in three years",
        unit: Unit::Count,
        direction: Down,
        family: Family::Behaviour,
        ground: "法释〔2015〕17号 3",
        disclose: Disclose::Now,
        compute: |s| Value::count(acts(s, &["limit_breached"], 1095)),
    },
    Feature {
        id: "obstructions_n_1095d",
        version: 1,
        zh: "近三年妨害执行或因此被罚款、拘留",
        en: "obstruction, or fines and detention for it, in three years",
        unit: Unit::Count,
        direction: Down,
        family: Family::Behaviour,
        ground: "MSF 114",
        disclose: Disclose::Now,
        compute: |s| Value::count(acts(s, &["obstruction", "violence", "fined", "detained"], 1095)),
    },
    Feature {
        id: "service_evaded_n_1095d",
        version: 1,
        zh: "近三年逃避送达",
        en: "evasions of service in three years",
        unit: Unit::Count,
        direction: Down,
        family: Family::Behaviour,
        ground: "CCDC 15",
        disclose: Disclose::Now,
        compute: |s| Value::count(acts(s, &["evaded_service"], 1095)),
    },
    Feature {
        id: "cooperation_n_365d",
        version: 1,
        zh: "近一年主动配合（提供线索、担保、签订和解）",
        en: "acts of cooperation in a year (clues, security, settlement signed)",
        unit: Unit::Count,
        direction: Up,
        family: Family::Behaviour,
        ground: "MSF 241",
        disclose: Disclose::Now,
        compute: |s| Value::count(acts(s, &["clue_volunteered", "guarantee_given", "settlement_signed"], 365)),
    },
    Feature {
        id: "conduct_good_share_1095d",
        version: 1,
        zh: "近三年配合义务的履行比例",
        en: "share of means-free duties met in three years",
        unit: Unit::Share,
        direction: Up,
        family: Family::Behaviour,
        ground: "MSF 252",
        disclose: Disclose::Now,
        compute: |s| {
            let rows = acts(s, &duties(), 1095);
            if rows.is_empty() {
                return Value::unknown();
            }
            let met = rows.iter().filter(|r| is_met(r)).count();
            Value::of(met as f64 / rows.len() as f64, rows)
        },
    },
    Feature {
        id: "conduct_last_good",
        version: 1,
        zh: "最近一次配合义务已履行",
        en: "the last means-free duty was met",
        unit: Unit::Sign,
        direction: Up,
        family: Family::Behaviour,
        ground: "MSF 252",
        disclose: Disclose::Now,
        compute: |s| match in_order(s, &duties(), 3650).pop() {
            Some(row) => Value::of(if is_met(&row) { 1.0 } else { -1.0 }, vec![row]),
            None => Value::unknown(),
        },
    },
    Feature {
        id: "duties_met_streak_n",
        version: 1,
        zh: "连续履行配合义务",
        en: "means-free duties met in a row",
        unit: Unit::Count,
        direction: Up,
        family: Family::Behaviour,
        ground: "MSF 252",
        disclose: Disclose::Now,
        compute: |s| Value::count(in_order(s, &duties(), 3650).into_iter().rev().take_while(is_met).collect()),
    },
    Feature {
        id: "listings_for_acts_n",
        version: 1,
        zh: "因妨害、规避执行在列的失信记录",
        en: "entries in force on the dishonest list for acts, not for capacity",
        unit: Unit::Count,
        direction: Down,
        family: Family::Behaviour,
        ground: "法释〔2017〕7号 1",
        disclose: Disclose::Now,
        compute: |s| {
            // Ground 1 presupposes capacity, and repaired or expired entries count for nothing.
            let act =
                |r: &&Row<'_>| r.text("list") == Some("dishonest") && r.int("ground").is_some_and(|g| g >= 2) && in_force(r, s.party.day());
            Value::count(s.party.view.rows("listings").iter().filter(act).copied().collect())
        },
    },
    Feature {
        id: "listings_in_force_n",
        version: 1,
        zh: "在列的失信记录",
        en: "entries in force on the dishonest list",
        unit: Unit::Count,
        direction: Down,
        family: Family::Behaviour,
        ground: "法释〔2017〕7号 1",
        disclose: Disclose::Now,
        compute: |s| {
            let listed = |r: &&Row<'_>| r.text("list") == Some("dishonest") && in_force(r, s.party.day());
            Value::count(s.party.view.rows("listings").iter().filter(listed).copied().collect())
        },
    },
];

/// Is an entry on a list in force on the day? Not removed, not expired, not suspended.
pub fn in_force(entry: &Row<'_>, day: i32) -> bool {
    let suspended = entry.date("suspended_from_on").is_some_and(|d| d <= day) && entry.date("suspended_to_on").is_none_or(|d| d >= day);
    entry.date("listed_on").is_some_and(|d| d <= day)
        && entry.date("removed_on").is_none()
        && entry.date("expires_on").is_none_or(|d| d >= day)
        && !suspended
}
