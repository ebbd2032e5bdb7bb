//! Where a party stands on its day before any model speaks: rated at all or why not, how far the inquiries reach, what the facts alone say of its means.

use std::collections::BTreeMap;

use luheng_lake::columns::{Columns, Day};

use crate::conduct;
use crate::context::Context;
use crate::cutoff::{Party, Row, View};
use crate::means::{self, Means};
use crate::procedure;

/// One party's standing.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Case number.
    pub case_no: String,
    /// Debtor.
    pub debtor_id: String,
    /// The day.
    pub as_of: Day,
    /// `rated`, or why capacity is not.
    pub capacity_status: &'static str,
    /// `rated`, or why willingness is not.
    pub willingness_status: &'static str,
    /// `whole`, `part`, `none_found`, `unknown`.
    pub extent: &'static str,
    /// Means evidenced for this case, in fen; none where only an income is known and what of it is free is not.
    pub evidenced_fen: Option<i64>,
    /// What could be paid out of hand on this case: its share of what the debtor can spend, in fen.
    pub spendable_fen: i64,
    /// Net value of all known assets here, in fen.
    pub net_assets_fen: i64,
    /// Due by this party, in fen.
    pub outstanding_fen: i64,
    /// Due on the case, in fen.
    pub case_due_fen: i64,
    /// Share of the required channels answered and fresh.
    pub coverage: Option<f64>,
    /// Channels not answered or stale.
    pub missing: Vec<String>,
    /// What to ask for.
    pub ask_for: Vec<&'static str>,
    /// Text columns that later stages group and order by, as known on the day.
    pub text: BTreeMap<&'static str, Option<String>>,
    /// First filing of the case.
    pub filed_on: Option<Day>,
    /// First filing of the debt.
    pub debt_filed_on: Option<Day>,
    /// Steps of the case that fell due and are not done.
    pub overdue_steps_n: i64,
    /// Limit of liability, in fen.
    pub limit_fen: Option<i64>,
    /// Share of a divided liability, in fen.
    pub share_fen: Option<i64>,
    /// Where rows were joined by likeness, how likely they are one person's.
    pub link_probability: Option<f64>,
}

/// The latest answer of each channel, by channel.
pub fn answers<'a>(view: &View<'a>) -> BTreeMap<&'a str, Row<'a>> {
    view.answers().iter().filter_map(|(channel, answers)| Some((*channel, answers.newest?))).collect()
}

/// Has a means-free duty fallen due by the day? A report ordered, a summons, a limit on consumption, or any act that answers one.
pub fn had_opportunity(party: &Party<'_, '_>) -> bool {
    let day = party.day();
    let report =
        party.rows("milestones").iter().any(|m| m.text("node") == Some("property_report") && m.date("due_on").is_some_and(|d| d <= day));
    let limited = party.view.rows("listings").iter().any(|l| l.text("list") == Some("consumption_limit") && conduct::in_force(l, day));
    let acted = party.view.acts().iter().any(|act| conduct::MET.contains(&act.kind) || conduct::BREACHED.contains(&act.kind));
    report || limited || acted
}

/// Why an axis cannot be rated whatever the model: nothing in money, a minor, a dead debtor.
pub fn barred(party: &Party<'_, '_>) -> Option<&'static str> {
    let debtor = party.view.debtor();
    if !party.is_money() {
        Some("not_money")
    } else if debtor.is_some_and(|d| matches!(d.text("status"), Some("deceased" | "dead"))) {
        Some("deceased")
    } else if debtor.is_some_and(|d| d.date("minor_until_on").is_some_and(|until| until > party.day())) {
        Some("minor")
    } else {
        None
    }
}

/// Is the party to be rated: a live case with something due, in money or in kind?
pub fn is_to_be_rated(party: &Party<'_, '_>) -> bool {
    party.is_live() && (!party.is_money() || party.due_fen() > 0)
}

/// The required channels not answered or stale on the party's day, and the share of them that is answered and fresh.
fn reach(party: &Party<'_, '_>, ctx: &Context) -> (Vec<String>, Option<f64>) {
    let (spec, day) = (&ctx.ratings.capacity, party.day());
    let answered_on = |channel: &str| party.view.answers().get(channel).and_then(|a| a.newest).and_then(|r| r.date("returned_on"));
    let fresh = |channel: &str| answered_on(channel).is_some_and(|on| day - on <= spec.stale_days);
    let missing: Vec<String> = spec.required_channels.iter().filter(|c| !fresh(c)).cloned().collect();
    let coverage = match spec.required_channels.len() {
        0 => None,
        n => Some((n - missing.len()) as f64 / n as f64),
    };
    (missing, coverage)
}

/// `rated`, or why not, of capacity and of willingness. The debtor's means decide neither.
pub fn statuses(party: &Party<'_, '_>, ctx: &Context) -> (&'static str, &'static str) {
    statuses_by(party, reach(party, ctx).1.is_none_or(|c| c >= ctx.ratings.capacity.min_coverage))
}

fn statuses_by(party: &Party<'_, '_>, covered: bool) -> (&'static str, &'static str) {
    let barred = barred(party);
    let capacity = barred.unwrap_or(if covered { "rated" } else { "no_evidence" });
    let willingness = barred.unwrap_or(match (party.notice_served_on().is_some(), had_opportunity(party)) {
        (false, _) => "notice_not_served",
        (true, false) => "no_opportunity",
        (true, true) => "rated",
    });
    (capacity, willingness)
}

impl Standing {
    /// Reads a party's standing.
    pub fn of(party: &Party<'_, '_>, means: &Means<'_>, ctx: &Context) -> Self {
        let spec = &ctx.ratings.capacity;
        let day = party.day();
        let asked = party.view.answers();
        // A channel that has not answered is chased; one that was not asked, or long ago, is asked.
        let waits = |channel: &str| asked.get(channel).and_then(|a| a.waits_since).is_some_and(|on| day - on <= spec.stale_days);
        let (missing, coverage) = reach(party, ctx);
        let covered = coverage.is_none_or(|c| c >= spec.min_coverage);
        let outstanding = party.due_fen();
        let extent = if outstanding > 0 && means.evidenced_fen >= outstanding {
            "whole"
        } else if means.evidenced_fen > 0 {
            "part"
        } else if covered && !means.is_income_uncounted {
            "none_found"
        } else {
            "unknown"
        };
        let (capacity_status, willingness_status) = statuses_by(party, covered);
        let mut ask_for = Vec::new();
        if capacity_status == "no_evidence" {
            ask_for.push("inquiry");
            if missing.iter().any(|channel| waits(channel)) {
                ask_for.push("answer");
            }
        }
        if means.is_income_uncounted {
            ask_for.push("living_cost");
        }
        match willingness_status {
            "notice_not_served" => ask_for.push("serve_notice"),
            "no_opportunity" => ask_for.push("property_report"),
            _ => {}
        }
        let debtor = party.view.debtor();
        let (identity_basis, link_probability) = party.view.identity();
        let own = |row: Row<'_>, column: &'static str| row.text(column).map(str::to_owned);
        let text = BTreeMap::from([
            ("court_code", own(party.case, "court_code")),
            ("judge_code", own(party.case, "judge_code")),
            ("livelihood", own(party.case, "livelihood")),
            ("duty_kind", own(party.case, "duty_kind")),
            ("case_status", own(party.case, "status")),
            ("close_kind", own(party.case, "close_kind")),
            ("role", own(party.party, "role")),
            ("liability", own(party.party, "liability")),
            ("after_party", own(party.party, "after_party")),
            ("debt_no", Some(party.debt_no().to_owned())),
            ("residence_region", debtor.and_then(|d| own(d, "residence_region"))),
            ("debtor_kind", debtor.and_then(|d| own(d, "kind"))),
            ("identity_basis", identity_basis.map(str::to_owned)),
        ]);
        Self {
            case_no: party.case_no.to_owned(),
            debtor_id: party.view.debtor_id.to_owned(),
            as_of: day,
            capacity_status,
            willingness_status,
            extent,
            evidenced_fen: Some(means.evidenced_fen).filter(|fen| *fen > 0 || !means.is_income_uncounted),
            spendable_fen: means::times(means.spendable_fen, means::share_of(party)),
            net_assets_fen: means.net_assets_fen,
            outstanding_fen: outstanding,
            case_due_fen: party.case_due_fen(),
            coverage,
            missing,
            ask_for,
            text,
            filed_on: party.case.date("filed_on"),
            debt_filed_on: party.debt_filed_on(),
            overdue_steps_n: procedure::overdue_steps(party).len() as i64,
            limit_fen: party.party.fen("limit_fen"),
            share_fen: party.party.fen("share_fen"),
            link_probability,
        }
    }

    /// The internal table `standing`.
    pub fn table(rows: &[Self]) -> Columns {
        let text = |f: fn(&Self) -> &str| rows.iter().map(move |r| Some(f(r)));
        let int = |f: fn(&Self) -> Option<i64>| rows.iter().map(f);
        let join = |items: &[String]| (!items.is_empty()).then(|| items.join(";"));
        let mut columns = Columns::new()
            .text("case_no", text(|r| &r.case_no))
            .text("debtor_id", text(|r| &r.debtor_id))
            .date("as_of", rows.iter().map(|r| Some(r.as_of)))
            .text("capacity_status", text(|r| r.capacity_status))
            .text("willingness_status", text(|r| r.willingness_status))
            .text("capacity_extent", text(|r| r.extent))
            .int("evidenced_means_fen", int(|r| r.evidenced_fen))
            .int("spendable_fen", int(|r| Some(r.spendable_fen)))
            .int("net_assets_fen", int(|r| Some(r.net_assets_fen)))
            .int("outstanding_fen", int(|r| Some(r.outstanding_fen)))
            .int("case_due_fen", int(|r| Some(r.case_due_fen)))
            .real("coverage", rows.iter().map(|r| r.coverage))
            .text("missing_channels", rows.iter().map(|r| join(&r.missing)))
            .text("ask_for", rows.iter().map(|r| (!r.ask_for.is_empty()).then(|| r.ask_for.join(";"))))
            .date("filed_on", rows.iter().map(|r| r.filed_on))
            .date("debt_filed_on", rows.iter().map(|r| r.debt_filed_on))
            .int("overdue_steps_n", int(|r| Some(r.overdue_steps_n)))
            .int("limit_fen", int(|r| r.limit_fen))
            .int("share_fen", int(|r| r.share_fen))
            .real("link_probability", rows.iter().map(|r| r.link_probability))
            .flag("is_live", rows.iter().map(|_| Some(true)));
        for name in [
            "court_code",
            "judge_code",
            "livelihood",
            "duty_kind",
            "case_status",
            "close_kind",
            "role",
            "liability",
            "after_party",
            "debt_no",
            "residence_region",
            "debtor_kind",
            "identity_basis",
        ] {
            columns = columns.text(name, rows.iter().map(|r| r.text.get(name).cloned().flatten()));
        }
        columns
    }
}
