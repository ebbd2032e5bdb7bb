//! Conditions on who the debtor is and where he stands: only what exempts, protects or redirects a measure, never who he is as a person.

use super::Condition;
use crate::cutoff::Row;
use crate::suggest::facts::{Found, Need, Situation, Verdict};

pub(super) const LIST: &[Condition] = &[
    Condition::of("minor", "未成年人", "a minor", |s| {
        let row = s.party.view.debtor().filter(|d| d.date("minor_until_on").is_some_and(|until| until > s.day));
        Verdict::of_rows(row.into_iter().collect())
    }),
    Condition::of("party_ended", "死亡或者注销，未变更当事人", "dead or deregistered, and not yet replaced", |s| {
        let row = s.party.view.debtor().filter(|d| matches!(d.text("status"), Some("deceased" | "deregistered")));
        Verdict::of_rows(row.into_iter().collect())
    }),
    Condition::of("special_subject", "特殊主体", "a special subject", |s| Verdict::of_rows(s.party.view.rows("registers").to_vec())),
    Condition::of("state_organ", "国家机关", "a state organ", |s| {
        let organ = |r: &&Row<'_>| r.text("register") == Some("state_organ");
        Verdict::of_rows(s.party.view.rows("registers").iter().filter(organ).copied().collect())
    }),
    Condition::of("in_custody", "在押", "in custody", |s| state(s, "custody", "released", "in_custody")),
    Condition::of("whereabouts_lost", "下落不明", "out of contact", |s| state(s, "contact_lost", "contact_found", "missing")),
    Condition::of("bankruptcy_pending", "已进入破产程序", "bankruptcy is pending", |s| {
        let mut rows: Vec<Row<'_>> = s.party.view.debtor().filter(|d| d.text("status") == Some("in_bankruptcy")).into_iter().collect();
        rows.extend(s.party.view.rows("trajectory").iter().filter(|t| t.text("kind") == Some("bankruptcy_filed")));
        rows.extend(s.stays().into_iter().filter(|t| t.text("reason") == Some("bankruptcy")));
        Verdict::of_rows(rows)
    }),
    Condition::of("zhejiang_resident", "居住在浙江", "resident in Zhejiang", |s| match s.party.view.debtor() {
        Some(debtor) => match debtor.text("residence_region") {
            // 99 is the unassigned prefix of invented people: it lies nowhere.
            Some(region) if !region.starts_with("99") => Verdict::when(region.starts_with("33"), debtor),
            _ => Verdict::Unknown(RESIDENCE),
        },
        None => Verdict::Unknown(RESIDENCE),
    }),
];

const RESIDENCE: Need = Need { zh: "居住地证明", en: "proof of residence" };

/// A state that one kind of event opens and another closes, or that the debtor's own row states.
fn state<'s>(s: &Situation<'s>, opens: &str, closes: &str, status: &str) -> Verdict<'s> {
    let last = |kind: &str| {
        let rows = s.party.view.rows("trajectory").iter().filter(|t| t.text("kind") == Some(kind));
        rows.max_by_key(|t| (t.date("happened_on"), t.row_id())).copied()
    };
    let opened = last(opens);
    let closed = last(closes).and_then(|t| t.date("happened_on"));
    if let Some(row) = opened.filter(|t| closed.is_none_or(|c| t.date("happened_on").is_some_and(|on| on > c))) {
        return Verdict::Met(Found { rows: vec![row], on: row.date("happened_on"), ..Found::default() });
    }
    match s.party.view.debtor().filter(|d| d.text("status") == Some(status)) {
        Some(row) => Verdict::Met(Found { rows: vec![row], on: row.date("status_on"), ..Found::default() }),
        None => Verdict::Unmet,
    }
}
