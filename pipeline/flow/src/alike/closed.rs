//! One bucket's closed parties on their landmarks: the features of then, and what became of them.

use std::collections::BTreeMap;

use luheng_lake::columns::{Columns, Day};

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
/// of the capacity rating. `trained` is how many rows the capacity model learned from. Empty without such a model, and in a back-test: each of its parties
/// has a day of its own, and what was known of the others by that day would have to be told anew for each.
///
/// # Errors
/// A feature the catalog names and nobody has; a column read that no table has.
pub fn of_bucket(facts: &Facts, trained: Option<u64>, ctx: &Context) -> Result<Columns> {
    let features = features::named(&ctx.ratings.capacity.features)?;
    let mut rows = Vec::new();
    if let (Some(trained), Moment::AsOf) = (trained, ctx.config.moment()) {
        for debtor in facts.debtors() {
            let now = facts.view_of(debtor, ctx.as_of, &ENDS);
            let ended = now.parties().into_iter().filter(|last| tells(last, &ctx.ratings.alike));
            for last in ended.filter(|last| is_kept(last.debt_no(), trained, ctx.ratings.alike.most_records)) {
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
    let is_watched =
        last.case.text("close_kind") == Some("no_property") && day.saturating_add(ctx.ratings.capacity.horizon_days) <= ctx.as_of;
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
        p.text("case_no").is_some_and(|c| chain.contains(&c))
            && p.date("paid_on").is_some_and(|on| on > day)
            && p.date("reversed_on").is_none()
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use luheng_lake::columns::day;

    use super::*;
    use crate::fixture::{CASE, DEBTOR, Fact, context, fact, held, plain};

    fn of(facts: &[Fact]) -> Columns {
        let mut ctx = context();
        ctx.ratings.capacity.required_channels.clear();
        of_bucket(&held(&ctx, facts), Some(1), &ctx).unwrap()
    }

    /// Filed on 2025-01-06, closed for want of property on 2025-04-25; of 10,000,000 fen some came in.
    fn ended(kind: &str, ground: &str) -> Vec<Fact> {
        let mut facts = plain(true);
        facts.retain(|(table, _)| *table != "cases");
        let case = [("duty_kind", "money"), ("filed_on", "2025-01-06"), ("principal_fen", "10000000"), ("status", "closed")];
        facts.push(fact("cases", &[&case[..], &[("closed_on", "2025-04-25"), ("close_kind", kind), ("close_ground", ground)]].concat()));
        let paid = |on: &str, fen: &str, own: &str| fact("payments", &[("paid_on", on), ("amount_fen", fen), ("is_own", own)]);
        facts.extend([
            paid("2025-02-01", "1000000", "true"),
            paid("2025-03-01", "3000000", "true"),
            paid("2025-03-15", "600000", "false"),
            paid("2025-05-20", "1500000", "true"),
        ]);
        let measure = |code: &str, on: &str| fact("measures", &[("measure", code), ("applied_on", on)]);
        facts.extend([measure("sale", "2025-03-05"), measure("report", "2025-01-20"), measure("report", "2025-02-10")]);
        facts.push(measure("sale", "2025-04-01"));
        facts
    }

    #[test]
    fn what_became_of_a_case_is_counted_from_its_landmark() {
        let table = of(&ended("no_property", "other"));
        // The 30th and the 90th day; the 180th has not come.
        assert_eq!(table.len(), 2);
        let text = |name: &str, at: usize| table.require(name).unwrap().text_at(at).map(str::to_owned);
        let real = |name: &str, at: usize| table.require(name).unwrap().real_at(at).unwrap();
        assert_eq!(text("alike_key", 0), Some(super::super::key_of(CASE, DEBTOR)));
        assert_eq!((text("debt_no", 0), text("close_kind", 0)), (Some(CASE.to_owned()), Some("no_property".to_owned())));
        assert_eq!(table.require("closed_on").unwrap().date_at(0), day::parse("2025-04-25"));
        // January has 25 days left, then 28, 31 and 25.
        assert_eq!(table.require("open_days").unwrap().int_at(0), Some(25 + 28 + 31 + 25));
        assert_eq!((text("measures_before", 0), text("measures_after", 0)), (Some("report".into()), Some("report;sale*2".into())));
        assert_eq!((text("measures_before", 1), text("measures_after", 1)), (Some("report*2;sale*2".into()), None));
        // On 5 February 9,000,000 were due; 4,500,000 came from the debtor and 600,000 from another.
        assert_eq!((real("recovered_share", 0), real("case_recovered_share", 0)), (4.5 / 9.0, 5.1 / 9.0));
        // On 6 April 5,400,000 were due, and 1,500,000 came.
        assert_eq!((real("recovered_share", 1), real("case_recovered_share", 1)), (15.0 / 54.0, 15.0 / 54.0));
        assert_eq!(table.require("was_closed").unwrap().flag_at(1), Some(false));
    }

    #[test]
    fn what_is_known_later_changes_nothing() {
        let facts = ended("no_property", "other");
        let before = of(&facts).content_hash();
        let known = ("known_on", "2025-07-10");
        let mut told = facts.clone();
        told.push(fact("payments", &[("paid_on", "2025-03-20"), ("amount_fen", "2000000"), ("is_own", "true"), known]));
        told.push(fact("payments", &[("paid_on", "2025-07-09"), ("amount_fen", "2000000"), ("is_own", "true")]));
        told.push(fact("measures", &[("measure", "sale"), ("applied_on", "2025-03-20"), known]));
        told.push(fact("assets", &[("asset_ref", "later"), ("class", "deposit"), ("gross_fen", "500000000"), known]));
        told.push(fact("cases", &[("case_no", "（2025）浙0106执恢1号"), ("status", "open"), ("resumed_from", CASE), known]));
        assert_eq!(of(&told).content_hash(), before);
        told.push(fact("cases", &[("case_no", "（2025）浙0106执恢2号"), ("status", "open"), ("resumed_from", CASE)]));
        assert!(of(&told).is_empty(), "carried on, and known to be");
    }

    #[test]
    fn only_an_end_that_tells_something_is_told_of() {
        let n = |kind: &str, ground: &str| of(&ended(kind, ground)).len();
        assert_eq!([n("performed", "other"), n("terminated", "settlement_long"), n("no_property", "other")], [2; 3]);
        for ground in ["bankruptcy", "withdrawn", "transferred", "no_estate", "other"] {
            assert_eq!(n("terminated", ground), 0, "{ground}");
        }
        assert_eq!(["cancelled", "refused", "dismissed"].map(|kind| n(kind, "other")), [0; 3]);
        // Still open as far as is known.
        let mut open = ended("performed", "other");
        open.iter_mut()
            .for_each(|(_, row)| row.iter_mut().filter(|(n, _)| *n == "closed_on").for_each(|(_, on)| *on = "2025-07-01".into()));
        assert_eq!(of(&open).len(), 0);
    }

    #[test]
    fn closed_for_want_of_property_on_its_landmark_it_was_watched_for_a_horizon() {
        let mut ctx = context();
        ctx.ratings.capacity.required_channels.clear();
        let facts = ended("no_property", "other");
        let mut classes = |as_of: &str| -> Vec<(i64, bool)> {
            ctx.as_of = day::parse(as_of).unwrap();
            let table = of_bucket(&held(&ctx, &facts), Some(1), &ctx).unwrap();
            let (after, was) = (table.require("landmark_days").unwrap(), table.require("was_closed").unwrap());
            (0..table.len()).map(|at| (after.int_at(at).unwrap(), was.flag_at(at).unwrap())).collect()
        };
        // The 180th day is 5 July 2025; 180 days later it is New Year.
        assert_eq!(classes("2025-12-31"), [(30, false), (90, false)]);
        assert_eq!(classes("2026-01-01"), [(30, false), (90, false), (180, true)]);
    }

    #[test]
    fn of_many_debts_some_are_kept_whoever_asks() {
        let kept = |rows: u64| (0..10_000).filter(|n| is_kept(&format!("（2025）浙0106执{n}号"), rows, 20_000)).count();
        assert_eq!((kept(0), kept(20_000)), (10_000, 10_000));
        assert!((4_800..5_200).contains(&kept(40_000)), "{}", kept(40_000));
    }
}
