//! The stage `features`: one bucket's facts to the tables `features`, `evidence` and `standing`.

use luheng_lake::columns::{Columns, Day};

use super::{Feature, Subject, all};
use crate::config::Moment;
use crate::context::Context;
use crate::cutoff::{Facts, Party, Row};
use crate::error::Result;
use crate::means;
use crate::standing::{self, Standing};

/// What the stage writes for one bucket.
#[derive(Debug)]
pub struct Written {
    /// One row a rated party, one real a feature.
    pub features: Columns,
    /// Which rows each value rests on, of the features that may be a reason: `party` (its row in `features`), `feature`, `rows`; party by party.
    pub evidence: Columns,
    /// Where each party stands before any model.
    pub standing: Columns,
}

/// Rows as reasons cite them, `table:row_id;…`, each once and in order; none for no rows.
pub(super) fn evidence_of(rows: &[Row<'_>]) -> Option<String> {
    let mut keys: Vec<(&str, &str)> = rows.iter().map(|row| (row.table(), row.row_id())).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut text = String::with_capacity(keys.iter().map(|(table, id)| table.len() + id.len() + 2).sum());
    for (table, id) in keys {
        for part in [if text.is_empty() { "" } else { ";" }, table, ":", id] {
            text.push_str(part);
        }
    }
    (!text.is_empty()).then_some(text)
}

/// Runs the stage on a bucket.
///
/// # Errors
/// A column read that no table has.
pub fn of_bucket(facts: &Facts, ctx: &Context) -> Result<Written> {
    let features: Vec<&'static Feature> = all().collect();
    // Only the two axes give reasons; evidence of the rest would be written for nobody.
    let axes = [&ctx.ratings.capacity, &ctx.ratings.willingness];
    let cited: Vec<bool> = features.iter().map(|f| axes.iter().any(|spec| spec.features.iter().any(|id| id == f.id))).collect();
    let mut standings = Vec::new();
    let mut values: Vec<Vec<Option<f64>>> = vec![Vec::new(); features.len()];
    let mut evidence: Vec<(usize, &'static str, String)> = Vec::new();
    let mut rate = |party: &Party<'_, '_>| {
        let means = means::means_of(party, ctx);
        standings.push(Standing::of(party, &means, ctx));
        let subject = Subject { party: *party, means, ctx };
        for (at, feature) in features.iter().enumerate() {
            let value = (feature.compute)(&subject);
            values[at].push(value.number.filter(|n| !n.is_nan()));
            if let Some(rows) = cited[at].then(|| evidence_of(&value.rows)).flatten() {
                evidence.push((standings.len() - 1, feature.id, rows));
            }
        }
    };
    for debtor in facts.debtors() {
        let now = facts.view(debtor, ctx.as_of);
        for party in now.parties_ever() {
            match ctx.config.moment() {
                Moment::AsOf => {
                    if party.party.date("left_on").is_none() && standing::is_to_be_rated(&party) {
                        rate(&party);
                    }
                }
                Moment::Filing(days) => {
                    let Some(day) = moment_of(&party, days, ctx.as_of) else { continue };
                    let then = facts.view(debtor, day);
                    if let Some(party) = then.party(party.case_no).filter(standing::is_to_be_rated) {
                        rate(&party);
                    }
                }
            }
        }
    }
    facts.check()?;
    let mut table = Columns::new()
        .text("case_no", standings.iter().map(|s| Some(&s.case_no)))
        .text("debtor_id", standings.iter().map(|s| Some(&s.debtor_id)))
        .date("as_of", standings.iter().map(|s| Some(s.as_of)));
    for (feature, column) in features.iter().zip(values) {
        table = table.real(feature.id, column);
    }
    let evidence = Columns::new()
        .int("party", evidence.iter().map(|(at, _, _)| i64::try_from(*at).ok()))
        .text("feature", evidence.iter().map(|(_, id, _)| Some(*id)))
        .text("rows", evidence.iter().map(|(_, _, rows)| Some(rows)));
    Ok(Written { features: table, evidence, standing: Standing::table(&standings) })
}

/// The day a party is rated on when the moment counts from filing; none if it has not come.
pub fn moment_of(party: &Party<'_, '_>, days: i32, as_of: Day) -> Option<Day> {
    party.case.date("filed_on").map(|on| on.saturating_add(days)).filter(|day| *day <= as_of)
}
