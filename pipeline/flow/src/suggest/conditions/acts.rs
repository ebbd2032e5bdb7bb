//! Conditions on documented acts. An act counts only as found or admitted, with its document (`Situation::acts`); want of means is never an act.

use luheng_lake::columns::Day;

use super::{Condition, property};
use crate::cutoff::Row;
use crate::suggest::facts::{Found, Need, Situation, Verdict};

/// Acts for which the court may fine or detain: report duty (MSF 252), hiding and moving, obstruction, sham suits (MSF 114–116), breach of limits.
const SANCTIONABLE: [&str; 9] = [
    "report_false",
    "report_missing",
    "asset_hidden",
    "transfer_below_value",
    "transfer_to_related",
    "limit_breached",
    "obstruction",
    "violence",
    "sham_litigation",
];

/// Those grave enough for detention to be named at all.
const GRAVE: [&str; 5] = ["report_false", "asset_hidden", "obstruction", "violence", "sham_litigation"];

/// Acts that go on refusing after a sanction (JZ art 3).
const AFTER_SANCTION: [&str; 8] = [
    "report_false",
    "report_missing",
    "limit_breached",
    "asset_hidden",
    "transfer_below_value",
    "transfer_to_related",
    "obstruction",
    "violence",
];

/// Acts that say no without words.
const REFUSING: [&str; 4] = ["summons_ignored", "evaded_service", "instalment_broken", "settlement_breached"];

const HIDING: [&str; 3] = ["asset_hidden", "transfer_below_value", "transfer_to_related"];
const REPORT_BREACH: [&str; 2] = ["report_false", "report_missing"];
const SANCTIONS: [&str; 2] = ["fined", "detained"];

pub(super) const LIST: &[Condition] = &[
    Condition::of("summons_ignored_found", "经认定传唤未到", "a summons was ignored", |s| {
        let kept = s.latest(&["summons_kept"]);
        let ignored =
            s.acts_of(&["summons_ignored"]).into_iter().filter(|a| kept.is_none_or(|k| a.date("happened_on").is_some_and(|on| on > k)));
        Verdict::of_rows(ignored.collect())
    }),
    Condition::of("concealment_found", "经认定隐匿财产", "hiding of property is found", |s| acts(s, &["asset_hidden"])),
    Condition::of("violence_found", "经认定暴力抗拒", "violence is found", |s| acts(s, &["violence"])),
    Condition::of("collusion_found", "经认定恶意串通", "collusion is found", |s| acts(s, &["sham_litigation"])),
    Condition::of(
        "report_or_hiding_found",
        "经认定违反报告义务或者隐匿转移",
        "breach of the report duty, or hiding, is found",
        |s| Verdict::of_rows([s.acts_of(&REPORT_BREACH), s.acts_of(&HIDING)].concat()),
    ),
    Condition::of("flight_facts_found", "有逃避迹象的认定", "facts that point to flight are found", |s| {
        Verdict::of_rows([s.acts_of(&["evaded_service"]), s.acts_of(&HIDING)].concat())
    }),
    Condition::of("refusal_or_evasion_found", "经认定拒不履行或者规避", "refusal or evasion is found", |s| {
        Verdict::of_rows([s.acts_of(&SANCTIONABLE), s.acts_of(&REFUSING)].concat())
    }),
    Condition::of("unsanctioned_act_found", "有经认定且未处罚的妨害行为", "an act found and not yet sanctioned", |s| {
        unsanctioned(s, &SANCTIONABLE)
    }),
    Condition::of(
        "grave_unsanctioned_act_found",
        "有经认定且未处罚的严重妨害行为",
        "a grave act found and not yet sanctioned",
        |s| unsanctioned(s, &GRAVE),
    ),
    Condition::of("breach_after_sanction", "罚款、拘留后仍拒不执行", "refusal goes on after a sanction", |s| {
        match sanctions(s).first() {
            Some((first, sanction)) => {
                let later: Vec<Row<'_>> = after(s.acts_of(&AFTER_SANCTION), *first);
                if later.is_empty() { Verdict::Unmet } else { Verdict::of_rows(later.into_iter().chain([*sanction]).collect()) }
            }
            None => Verdict::Unmet,
        }
    }),
    Condition::of("listing_ground_found", "有失信名单规定第一条情形的证据", "evidence of a ground of listing", listing_ground),
    Condition::of("settlement_in_force", "和解协议履行中", "a settlement is in force", settlement),
    Condition::of("security_sufficient", "已提供足额担保", "sufficient security is given", security),
    Condition::of("cooperation_found", "有积极配合的记录", "cooperation is on record", |s| {
        let good = s.acts_of(&["settlement_kept", "instalment_kept", "guarantee_given", "report_filed", "clue_volunteered"]);
        let last_bad = s.latest(&SANCTIONABLE).max(s.latest(&REFUSING));
        Verdict::of_rows(last_bad.map_or_else(|| good.clone(), |bad| after(good.clone(), bad)))
    }),
    Condition::of("failure_recorded", "较轻措施未奏效的记录", "a milder measure is on record as failed", |s| {
        let failed = |m: &&Row<'_>| matches!(m.text("result"), Some("failed" | "no_effect"));
        let rows: Vec<Row<'_>> = s.applied.iter().filter(failed).copied().collect();
        Verdict::of_rows([rows, s.acts_of(&SANCTIONABLE), s.acts_of(&REFUSING)].concat())
    }),
];

fn acts<'s>(s: &Situation<'s>, kinds: &[&str]) -> Verdict<'s> {
    Verdict::of_rows(s.acts_of(kinds))
}

fn after(rows: Vec<Row<'_>>, day: Day) -> Vec<Row<'_>> {
    rows.into_iter().filter(|a| a.date("happened_on").is_some_and(|on| on > day)).collect()
}

/// Fines and detentions of this debtor in this case, by day, whether recorded as acts or as measures.
fn sanctions<'s>(s: &Situation<'s>) -> Vec<(Day, Row<'s>)> {
    let mut found: Vec<(Day, Row<'s>)> = s.acts_of(&SANCTIONS).into_iter().filter_map(|a| Some((a.date("happened_on")?, a))).collect();
    let measures = s.applied.iter().filter(|m| matches!(m.text("measure"), Some("fine" | "detention")));
    found.extend(measures.filter_map(|m| Some((m.date("applied_on")?, *m))));
    found.sort_by_key(|(on, row)| (*on, row.table(), row.row_id()));
    found
}

/// Acts later than the last sanction: one act is not sanctioned twice (MSJ art 184), and where in doubt the sanction covers it.
fn unsanctioned<'s>(s: &Situation<'s>, kinds: &[&str]) -> Verdict<'s> {
    let acts = s.acts_of(kinds);
    Verdict::of_rows(match sanctions(s).last() {
        Some((last, _)) => after(acts, *last),
        None => acts,
    })
}

/// Article 1 of the list rules. Grounds 2 to 5 are acts that need no means; ground 6 and ground 1 need money that could have been spent, shown by
/// documents. An act that has led to an earlier entry does not lead to another.
fn listing_ground<'s>(s: &Situation<'s>) -> Verdict<'s> {
    let mut rows = s.acts_of(&["violence", "sham_litigation", "limit_breached"]);
    rows.extend(s.acts_of(&HIDING));
    rows.extend(s.acts_of(&REPORT_BREACH));
    let mut unproved = false;
    let refusing = s.acts_of(&REFUSING);
    if !refusing.is_empty() && s.means.spendable_fen > 0 {
        match property::capacity_documented(s) {
            Verdict::Met(capacity) => {
                rows.extend(refusing);
                rows.extend(capacity.rows);
            }
            Verdict::Unknown(_) => unproved = true,
            Verdict::Unmet => {}
        }
    }
    let earlier = s.entries.iter().filter(|e| e.text("list") == Some("dishonest")).filter_map(|e| e.date("listed_on")).max();
    if let Some(earlier) = earlier {
        rows.retain(|r| r.table() != "conduct" || r.date("happened_on").is_some_and(|on| on > earlier));
        if !rows.iter().any(|r| r.table() == "conduct") {
            rows.clear();
        }
    }
    match (rows.is_empty(), unproved) {
        (false, _) => Verdict::of_rows(rows),
        (true, true) => Verdict::Unknown(property::CAPACITY_PAPERS),
        (true, false) => Verdict::Unmet,
    }
}

fn settlement<'s>(s: &Situation<'s>) -> Verdict<'s> {
    let signed = s.acts_of(&["settlement_signed", "settlement_kept"]);
    let breached = s.latest(&["settlement_breached", "instalment_broken"]);
    let mut rows = breached.map_or_else(|| signed.clone(), |b| after(signed.clone(), b));
    rows.extend(s.stays().into_iter().filter(|t| t.text("reason") == Some("settlement")));
    Verdict::of_rows(rows)
}

/// Security whose value is stated and reaches what is due.
fn security<'s>(s: &Situation<'s>) -> Verdict<'s> {
    let given = s.acts_of(&["guarantee_given"]);
    if given.is_empty() {
        return Verdict::Unmet;
    }
    let stated: Vec<i64> = given.iter().filter_map(|g| g.fen("amount_fen")).collect();
    if stated.iter().copied().fold(0_i64, i64::saturating_add) >= s.due_fen {
        return Verdict::Met(Found { rows: given, ..Found::default() });
    }
    if stated.len() < given.len() {
        return Verdict::Unknown(Need { zh: "所提供担保的价值", en: "the value of the security given" });
    }
    Verdict::Unmet
}
