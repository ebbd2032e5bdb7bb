//! Conditions on the list of dishonest debtors and on consumption limits: what is in force, and what must go and by when.

use super::Condition;
use crate::cutoff::Row;
use crate::suggest::facts::{Found, Situation, Verdict};

pub(super) const LIST: &[Condition] = &[
    Condition::of("listed", "已列入失信名单", "on the list of dishonest debtors", |s| in_force(s, "dishonest")),
    Condition::of("limited", "已限制消费", "limited in consumption", |s| in_force(s, "consumption_limit")),
    Condition::of("listing_grace_running", "列入前宽限期内", "the grace before listing is running", |s| {
        let step = s.pending(&["listing_grace"]).filter(|m| m.date("due_on").is_some_and(|due| due >= s.day));
        Verdict::of_rows(step.into_iter().collect())
    }),
    Condition::of("delisting_due", "失信条目具备删除条件", "an entry is to be deleted", delisting),
];

fn in_force<'s>(s: &Situation<'s>, list: &str) -> Verdict<'s> {
    let rows = s.entries_in_force(list);
    match rows.iter().filter_map(|r| r.date("listed_on")).min() {
        Some(on) => Verdict::Met(Found { rows, on: Some(on), ..Found::default() }),
        None => Verdict::Unmet,
    }
}

/// Article 10: an entry with a term goes when the term has run; one without goes when its ground has: all paid, two empty queries after closing, a stay
/// for retrial or bankruptcy. Entries with a term do not use those exits.
fn delisting<'s>(s: &Situation<'s>) -> Verdict<'s> {
    let standing: Vec<Row<'s>> =
        s.entries.iter().filter(|e| e.text("list") == Some("dishonest") && e.date("removed_on").is_none()).copied().collect();
    let mut found = Found::default();
    for entry in standing {
        let exit = match entry.date("expires_on") {
            Some(on) => (on < s.day).then(|| (on, Vec::new())),
            None => exit(s),
        };
        if let Some((on, rows)) = exit {
            found.rows.push(entry);
            found.rows.extend(rows);
            found.on = Some(found.on.map_or(on, |earliest| earliest.min(on)));
        }
    }
    if found.rows.is_empty() { Verdict::Unmet } else { Verdict::Met(found) }
}

fn exit<'s>(s: &Situation<'s>) -> Option<(i32, Vec<Row<'s>>)> {
    if s.party.is_money() && s.due_fen == 0 {
        let last = s.party.receipts().into_iter().max_by_key(|p| (p.date("paid_on"), p.row_id()));
        return Some((last.and_then(|p| p.date("paid_on")).unwrap_or(s.day), last.into_iter().collect()));
    }
    if let Some(stay) = s.stays().into_iter().find(|t| matches!(t.text("reason"), Some("retrial" | "bankruptcy"))) {
        return stay.date("from_on").map(|on| (on, vec![stay]));
    }
    two_empty_queries(s)
}

/// After closing, two rounds of queries that found nothing, and no free property known.
fn two_empty_queries<'s>(s: &Situation<'s>) -> Option<(i32, Vec<Row<'s>>)> {
    if s.party.case.text("close_kind") != Some("no_property") || s.means.evidenced_fen > 0 || s.pending(&["clue_check"]).is_some() {
        return None;
    }
    let closed = s.party.case.date("closed_on")?;
    let later: Vec<Row<'s>> = s.party.rows("inquiries").into_iter().filter(|i| i.date("sent_on").is_some_and(|on| on > closed)).collect();
    if later.iter().any(|i| i.text("outcome") == Some("found")) {
        return None;
    }
    let mut rounds: Vec<i32> = later.iter().filter(|i| i.text("outcome") == Some("none")).filter_map(|i| i.date("sent_on")).collect();
    rounds.sort_unstable();
    rounds.dedup();
    let second = *rounds.get(1)?;
    let rows: Vec<Row<'s>> = later.into_iter().filter(|i| i.text("outcome") == Some("none") && i.date("sent_on") <= Some(second)).collect();
    let on = rows.iter().filter_map(|i| i.date("returned_on")).max()?;
    Some((on, rows))
}
