//! Why a score is what it is: points of the base, of the features that weigh most, and of the rest, which sum to the score in every row.

use std::collections::BTreeMap;

use luheng_lake::columns::{Column, Columns};
use luheng_models::Explanation;

use crate::error::{Error, Result};
use crate::features;
use crate::rating::Spec;
use crate::tables::{Rating, Reason};

/// Reasons named on an axis before the rest is summed.
const NAMED: usize = 8;

/// The evidence of every value of a bucket.
#[derive(Debug)]
pub struct Evidence(BTreeMap<(String, String, String), String>);

impl Evidence {
    /// Reads the internal table `evidence`.
    ///
    /// # Errors
    /// A missing column.
    pub fn read(columns: &Columns) -> Result<Self> {
        let column = |name: &str| -> Result<&Column> {
            columns.get(name).ok_or_else(|| Error::Fault(format!("table evidence has no column {name}")))
        };
        let (case, debtor, feature, rows) = (column("case_no")?, column("debtor_id")?, column("feature")?, column("rows")?);
        let own = |c: &Column, at: usize| c.text_at(at).unwrap_or_default().to_owned();
        Ok(Self((0..columns.len()).map(|at| ((own(case, at), own(debtor, at), own(feature, at)), own(rows, at))).collect()))
    }

    fn of(&self, rating: &Rating, feature: &str) -> Option<String> {
        self.0.get(&(rating.case_no.clone(), rating.debtor_id.clone(), feature.to_owned())).cloned()
    }
}

/// Adds the reasons of one axis of one party.
///
/// # Errors
/// A feature the program lacks.
pub fn of_axis(
    axis: &'static str,
    at: usize,
    explanation: &Explanation,
    spec: &Spec,
    rating: &Rating,
    evidence: &Evidence,
    into: &mut Vec<Reason>,
) -> Result<()> {
    let named = features::named(&spec.features)?;
    let ranked = explanation.ranked(at, NAMED)?;
    let row = |rank: usize, feature: &str, points: f64, zh: String, en: String| Reason {
        case_no: rating.case_no.clone(),
        debtor_id: rating.debtor_id.clone(),
        axis: axis.into(),
        rank: rank as i64,
        feature: feature.into(),
        points,
        direction: direction(points).into(),
        disclose: "now".into(),
        text_zh: zh,
        text_en: en,
        ..Reason::default()
    };
    into.push(Reason { direction: "none".into(), ..row(0, "base", ranked.base_points, "基准分".into(), "base".into()) });
    for (rank, reason) in ranked.reasons.iter().enumerate() {
        let feature = named.get(reason.feature).ok_or_else(|| Error::Fault(format!("no feature {}", reason.id)))?;
        let (zh, en) = feature.sentence(reason.value);
        into.push(Reason {
            family: Some(feature.family.code().into()),
            value: reason.value,
            disclose: feature.disclose.code().into(),
            evidence: evidence.of(rating, feature.id),
            ..row(rank + 1, feature.id, reason.points, zh, en)
        });
    }
    let rest = ranked.reasons.len() + 1;
    into.push(row(rest, "rest", ranked.rest_points, "其余各项合计".into(), "all other items together".into()));
    Ok(())
}

fn direction(points: f64) -> &'static str {
    match points {
        p if p > 0.0 => "raises",
        p if p < 0.0 => "lowers",
        _ => "none",
    }
}
