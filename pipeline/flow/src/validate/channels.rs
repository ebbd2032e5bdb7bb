//! Sensitivity to missing channels: today's parties rated with each channel's answers taken away, by the very code of the night.

use std::collections::BTreeMap;

use luheng_lake::columns::{Column, Columns};

use super::figures::Channel;
use crate::bundle::Bundle;
use crate::context::Context;
use crate::cutoff::Facts;
use crate::error::{Error, Result};
use crate::features;
use crate::score;
use crate::tables::Rating;

type Tables = BTreeMap<&'static str, Columns>;
/// Grade or status of a party on both axes.
type Grades = BTreeMap<(String, String, String), [String; 2]>;

const AXES: [&str; 2] = ["capacity", "willingness"];

/// How many parties go from which grade to which, by channel and axis; those that stay are counted too. Whole numbers: buckets add up.
pub(super) fn of_bucket(held: &Tables, models: &Bundle, ctx: &Context) -> Result<Columns> {
    let before = grades(held, None, models, ctx)?;
    let mut counts: BTreeMap<(String, &str, String, String), i64> = BTreeMap::new();
    for channel in &ctx.ratings.capacity.required_channels {
        let after = grades(held, Some(channel), models, ctx)?;
        for (party, before) in &before {
            let Some(after) = after.get(party) else { continue };
            for (at, axis) in AXES.into_iter().enumerate() {
                *counts.entry((channel.clone(), axis, before[at].clone(), after[at].clone())).or_default() += 1;
            }
        }
    }
    Ok(Columns::new()
        .text("channel", counts.keys().map(|k| Some(&k.0)))
        .text("axis", counts.keys().map(|k| Some(k.1)))
        .text("before", counts.keys().map(|k| Some(&k.2)))
        .text("after", counts.keys().map(|k| Some(&k.3)))
        .int("parties", counts.values().map(|n| Some(*n))))
}

fn grades(held: &Tables, without: Option<&str>, models: &Bundle, ctx: &Context) -> Result<Grades> {
    let facts = Facts::new(&ctx.schema, |table| {
        let columns = held.get(table).cloned();
        Ok(match without {
            Some(channel) => columns.map(|columns| silenced(table, columns, channel)),
            None => columns,
        })
    })?;
    let written = features::of_bucket(&facts, ctx)?;
    let (ratings, _) = score::of_bucket(&written.features, &written.evidence, &written.standing, models, ctx)?;
    let shown = |grade: Option<String>, status: String| grade.unwrap_or(status);
    let of = |r: Rating| {
        let grades = [shown(r.capacity_grade, r.capacity_status), shown(r.willingness_grade, r.willingness_status)];
        ((r.case_no, r.debtor_id, r.rating_id), grades)
    };
    Ok(Rating::read(&ratings)?.into_iter().map(of).collect())
}

/// A table as it would be had the channel never answered: what it was asked stays, what it said and the assets it showed do not.
fn silenced(table: &str, columns: Columns, channel: &str) -> Columns {
    let is_its = |at: usize| columns.get("channel").and_then(|c| c.text_at(at)) == Some(channel);
    match table {
        "assets" => {
            let others: Vec<usize> = (0..columns.len()).filter(|at| !is_its(*at)).collect();
            columns.take(&others)
        }
        "inquiries" => {
            let (outcome, returned) = (columns.get("outcome"), columns.get("returned_on"));
            let said = |at: usize| if is_its(at) { Some("no_reply") } else { outcome.and_then(|c| c.text_at(at)) };
            let outcomes = Column::from_text((0..columns.len()).map(said));
            let came = |at: usize| returned.and_then(|c| c.date_at(at)).filter(|_| !is_its(at));
            let days = Column::from_date((0..columns.len()).map(came));
            columns.clone().with("outcome", outcomes).with("returned_on", days)
        }
        _ => columns,
    }
}

/// The counts of all buckets, by channel and axis, with the parties rated.
pub(super) fn whole(counts: &Columns) -> Result<(Vec<Channel>, u64)> {
    let column = |name: &str| counts.get(name).ok_or_else(|| Error::Fault(format!("table channels has no column {name}")));
    let text = |name: &str, at: usize| -> Result<String> { Ok(column(name)?.text_at(at).unwrap_or_default().to_owned()) };
    let mut sums: BTreeMap<(String, String), BTreeMap<(String, String), u64>> = BTreeMap::new();
    for at in 0..counts.len() {
        let parties = column("parties")?.int_at(at).and_then(|n| u64::try_from(n).ok()).unwrap_or_default();
        let changes = sums.entry((text("channel", at)?, text("axis", at)?)).or_default();
        *changes.entry((text("before", at)?, text("after", at)?)).or_default() += parties;
    }
    let rated = sums.values().map(|changes| changes.values().sum()).max().unwrap_or_default();
    let of = |((channel, axis), changes): ((String, String), BTreeMap<(String, String), u64>)| {
        let moved = changes.into_iter().filter(|((before, after), _)| before != after);
        let changes: Vec<(String, String, u64)> = moved.map(|((before, after), n)| (before, after, n)).collect();
        Channel { channel, axis, changed: changes.iter().map(|c| c.2).sum(), changes }
    };
    Ok((sums.into_iter().map(of).collect(), rated))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_silenced_channel_loses_its_answers_and_what_it_showed_and_no_other_does() {
        let two = || [Some("bank"), Some("vehicle")];
        let inquiries = Columns::new()
            .text("channel", two())
            .text("outcome", [Some("found"), Some("none")])
            .date("returned_on", [Some(10), Some(20)])
            .date("sent_on", [Some(1), Some(2)]);
        let silent = silenced("inquiries", inquiries.clone(), "bank");
        let (outcome, returned) = (silent.get("outcome").unwrap(), silent.get("returned_on").unwrap());
        assert_eq!((outcome.text_at(0), outcome.text_at(1)), (Some("no_reply"), Some("none")));
        assert_eq!((returned.date_at(0), returned.date_at(1)), (None, Some(20)));
        assert_eq!(silent.get("sent_on").unwrap().date_at(0), Some(1), "it was asked");
        let assets = Columns::new().text("channel", two()).text("asset_ref", [Some("a"), Some("b")]);
        let left = silenced("assets", assets, "bank");
        assert_eq!((left.len(), left.get("asset_ref").unwrap().text_at(0)), (1, Some("b")));
        assert_eq!(silenced("payments", inquiries.clone(), "bank").content_hash(), inquiries.content_hash());
    }

    #[test]
    fn counts_of_buckets_add_up() {
        let counts = Columns::new()
            .text("channel", ["bank"; 3].map(Some))
            .text("axis", ["capacity"; 3].map(Some))
            .text("before", ["C3", "C3", "C4"].map(Some))
            .text("after", ["C3", "C2", "no_evidence"].map(Some))
            .int("parties", [5, 2, 1].map(Some));
        let (channels, rated) = whole(&Columns::concat(&[counts.clone(), counts]).unwrap()).unwrap();
        assert_eq!((rated, channels.len(), channels[0].changed), (16, 1, 6));
        assert_eq!(channels[0].changes[0], ("C3".into(), "C2".into(), 4));
    }
}
