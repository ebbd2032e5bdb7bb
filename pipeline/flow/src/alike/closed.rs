//! One bucket's closed parties on their landmarks: the features of then, and what became of them.

use std::collections::BTreeMap;

use luheng_lake::columns::{Columns, Day};

use crate::bundle::Bundle;
use crate::config::Moment;
use crate::context::Context;
use crate::cutoff::{Facts, Party, View};
use crate::error::Result;
use crate::features::{self, Feature, Subject};
use crate::means;
use crate::rating::AlikeSpec;
use crate::standing::Standing;

/// What is read of every debtor before it is known whether any of his debts is closed.
const ENDS: [&str; 4] = ["cases", "parties", "payments", "measures"];

/// One closed party on one landmark.
struct Closed {
    case_no: String,
    debtor_id: String,
    debt_no: String,
    key: String,
    landmark_days: i32,
    was_closed: bool,
    close_kind: String,
    close_ground: Option<String>,
    closed_on: Day,
    open_days: i32,
    measures_before: Option<String>,
    measures_after: Option<String>,
    recovered_share: f64,
    case_recovered_share: f64,
    values: Vec<Option<f64>>,
}

/// The table `closed` of a bucket: case_no, debtor_id, debt_no, alike_key, landmark_days, was_closed, what `alike` prints of it, and a real a feature
/// of the capacity rating. Empty without a capacity model, and in a back-test: each of its parties has a day of its own, and what was known of the others
/// by that day would have to be told anew for each.
///
/// # Errors
/// A feature the catalog names and nobody has; a column read that no table has.
pub fn of_bucket(facts: &Facts, models: &Bundle, ctx: &Context) -> Result<Columns> {
    let features = features::named(&ctx.ratings.capacity.features)?;
    let mut rows = Vec::new();
    if let (Some(model), Moment::AsOf) = (&models.capacity, ctx.config.moment()) {
        for debtor in facts.debtors() {
            let now = facts.view_of(debtor, ctx.as_of, &ENDS);
            let ended = now.parties().into_iter().filter(|last| tells(last, &ctx.ratings.alike));
            for last in ended.filter(|last| is_kept(last.debt_no(), model.rows, ctx.ratings.alike.most_records)) {
                let landmarks = ctx.ratings.capacity.landmarks_days.iter();
                rows.extend(landmarks.filter_map(|after| on_landmark(facts, &now, &last, *after, &features, ctx)));
            }
        }
    }
    facts.check()?;
    Ok(table(&rows, &features))
}

/// Is the debt closed, by its last case, for a reason that tells something?
fn tells(last: &Party<'_, '_>, spec: &AlikeSpec) -> bool {
    let (Some("closed"), Some(kind)) = (last.case.text("status"), last.case.text("close_kind")) else { return false };
    let named = |closing: &String| match closing.split_once(':') {
        None => closing == kind,
        Some((of, ground)) => of == kind && Some(ground) == last.case.text("close_ground"),
    };
    let carried_on = || last.view.rows("cases").iter().any(|c| c.text("resumed_from") == Some(last.case_no));
    last.is_money() && spec.closings.iter().any(named) && !carried_on()
}

/// Whether a debt is among those kept, by the hash of its first number: all up to `most` of the rows trained on, then as many in all likelihood. Neither
/// the buckets nor what comes to be known later has a say in it.
fn is_kept(debt_no: &str, rows: u64, most: u64) -> bool {
    let mut head = [0; 8];
    head.copy_from_slice(&blake3::hash(debt_no.as_bytes()).as_bytes()[..8]);
    u128::from(u64::from_le_bytes(head)) * u128::from(rows) < u128::from(most) << 64
}

/// The party as it stood on a landmark; none where it was not live then, or not rated, or where what came of it cannot be told yet.
fn on_landmark(
    facts: &Facts,
    now: &View<'_>,
    last: &Party<'_, '_>,
    after: i32,
    features: &[&'static Feature],
    ctx: &Context,
) -> Option<Closed> {
    let closed_on = last.case.date("closed_on")?;
    let filed_on = last.debt_filed_on()?;
    let day = filed_on.saturating_add(after);
    let is_watched = last.case.text("close_kind") == Some("no_property") && day.saturating_add(ctx.ratings.capacity.horizon_days) <= ctx.as_of;
    if day >= closed_on && !is_watched {
        return None;
    }
    let (chain, then) = (last.chain(), facts.view(now.debtor_id, day));
    let live = |case_no: &&str| then.party(case_no).filter(|p| p.is_live() && p.is_money() && p.due_fen() > 0);
    let party = chain.iter().find_map(live)?;
    let means = means::means_of(&party, ctx);
    if Standing::of(&party, &means, ctx).capacity_status != "rated" {
        return None;
    }
    let (due, case_due) = (party.due_fen(), party.case_due_fen());
    let (own, all) = received(now, &chain, day);
    let (measures_before, measures_after) = applied(now, &chain, day);
    let was_closed = party.case.text("status") == Some("closed");
    let subject = Subject { party, means, ctx };
    Some(Closed {
        case_no: last.case_no.to_owned(),
        debtor_id: now.debtor_id.to_owned(),
        debt_no: last.debt_no().to_owned(),
        key: super::key_of(last.case_no, now.debtor_id),
        landmark_days: after,
        was_closed,
        close_kind: last.case.text("close_kind")?.to_owned(),
        close_ground: last.case.text("close_ground").map(str::to_owned),
        closed_on,
        open_days: closed_on.saturating_sub(filed_on),
        measures_before,
        measures_after,
        recovered_share: own.min(due) as f64 / due as f64,
        case_recovered_share: all.min(case_due) as f64 / case_due.max(1) as f64,
        values: features.iter().map(|f| (f.compute)(&subject).number.filter(|n| !n.is_nan())).collect(),
    })
}

/// What came in on the debt after a day: from this party, and from whomever; in fen, never below 0.
fn received(now: &View<'_>, chain: &[&str], day: Day) -> (i64, i64) {
    let later = now.rows("payments").iter().filter(|p| {
        p.text("case_no").is_some_and(|c| chain.contains(&c)) && p.date("paid_on").is_some_and(|on| on > day) && p.date("reversed_on").is_none()
    });
    later.fold((0, 0), |(own, all): (i64, i64), receipt| {
        let fen = receipt.fen("amount_fen").unwrap_or(0);
        (if now.is_own(receipt) { own.saturating_add(fen) } else { own }, all.saturating_add(fen))
    })
}

/// The measures applied to this party up to a day and after it, each in order of first use: `code`, or `code*n` where it was used n times.
fn applied(now: &View<'_>, chain: &[&str], day: Day) -> (Option<String>, Option<String>) {
    let mut used: Vec<(Day, &str)> = now
        .rows("measures")
        .iter()
        .filter(|m| m.text("case_no").is_some_and(|c| chain.contains(&c)))
        .filter_map(|m| Some((m.date("applied_on")?, m.text("measure")?)))
        .collect();
    used.sort_unstable();
    let (before, after) = used.split_at(used.partition_point(|(on, _)| *on <= day));
    (counted(before), counted(after))
}

fn counted(used: &[(Day, &str)]) -> Option<String> {
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    used.iter().for_each(|(_, code)| *times.entry(code).or_default() += 1);
    let mut told: Vec<String> = Vec::new();
    for (_, code) in used {
        match times.remove(code) {
            Some(1) => told.push((*code).to_owned()),
            Some(n) => told.push(format!("{code}*{n}")),
            None => {}
        }
    }
    (!told.is_empty()).then(|| told.join(";"))
}

fn table(rows: &[Closed], features: &[&'static Feature]) -> Columns {
    let text = |f: fn(&Closed) -> &str| rows.iter().map(move |r| Some(f(r)));
    let mut table = Columns::new()
        .text("case_no", text(|r| &r.case_no))
        .text("debtor_id", text(|r| &r.debtor_id))
        .text("debt_no", text(|r| &r.debt_no))
        .text("alike_key", text(|r| &r.key))
        .int("landmark_days", rows.iter().map(|r| Some(i64::from(r.landmark_days))))
        .flag("was_closed", rows.iter().map(|r| Some(r.was_closed)))
        .text("close_kind", text(|r| &r.close_kind))
        .text("close_ground", rows.iter().map(|r| r.close_ground.as_deref()))
        .date("closed_on", rows.iter().map(|r| Some(r.closed_on)))
        .int("open_days", rows.iter().map(|r| Some(i64::from(r.open_days))))
        .text("measures_before", rows.iter().map(|r| r.measures_before.as_deref()))
        .text("measures_after", rows.iter().map(|r| r.measures_after.as_deref()))
        .real("recovered_share", rows.iter().map(|r| Some(r.recovered_share)))
        .real("case_recovered_share", rows.iter().map(|r| Some(r.case_recovered_share)));
    for (at, feature) in features.iter().enumerate() {
        table = table.real(feature.id, rows.iter().map(|r| r.values[at]));
    }
    table
}
