//! Why a score is what it is: points of the base, of the features that weigh most, and of the rest, which sum to the score in every row.

use std::collections::BTreeMap;
use std::ops::Range;

use luheng_lake::columns::{Column, Columns};
use luheng_models::Explanation;

use crate::error::{Error, Result};
use crate::features::Feature;
use crate::tables::{Rating, Reason};

/// Reasons named on an axis before the rest is summed.
const NAMED: usize = 8;

/// The evidence of every value of a bucket. The rows of a party lie together, as the stage `features` writes them.
#[derive(Debug)]
pub struct Evidence {
    feature: Column,
    rows: Column,
    parties: BTreeMap<(String, String), Range<usize>>,
}

impl Evidence {
    /// Reads the internal table `evidence`.
    ///
    /// # Errors
    /// A missing column.
    pub fn read(columns: &Columns) -> Result<Self> {
        let column = |name: &str| -> Result<&Column> {
            columns.get(name).ok_or_else(|| Error::Fault(format!("table evidence has no column {name}")))
        };
        let (case, debtor) = (column("case_no")?, column("debtor_id")?);
        let (mut parties, mut start) = (BTreeMap::new(), 0);
        for at in 0..columns.len() {
            let key = |at: usize| (case.text_at(at), debtor.text_at(at));
            if at + 1 == columns.len() || key(at + 1) != key(at) {
                let (case, debtor) = key(at);
                parties.insert((case.unwrap_or_default().to_owned(), debtor.unwrap_or_default().to_owned()), start..at + 1);
                start = at + 1;
            }
        }
        Ok(Self { feature: column("feature")?.clone(), rows: column("rows")?.clone(), parties })
    }

    /// Of a party.
    pub fn of(&self, rating: &Rating) -> Cited<'_> {
        let rows = self.parties.get(&(rating.case_no.clone(), rating.debtor_id.clone())).cloned();
        Cited { evidence: self, rows: rows.unwrap_or_default() }
    }
}

/// The evidence of one party.
#[derive(Debug)]
pub struct Cited<'a> {
    evidence: &'a Evidence,
    rows: Range<usize>,
}

impl Cited<'_> {
    fn of(&self, feature: &str) -> Option<String> {
        let at = self.rows.clone().find(|at| self.evidence.feature.text_at(*at) == Some(feature))?;
        self.evidence.rows.text_at(at).map(str::to_owned)
    }
}

/// Adds the reasons of one axis of one party, which is row `at` of its explanation; `named` are the features of the axis in order.
///
/// # Errors
/// A feature the program lacks.
pub fn of_axis(
    axis: &'static str,
    (at, explanation): (usize, &Explanation),
    named: &[&'static Feature],
    rating: &Rating,
    cited: &Cited<'_>,
    into: &mut Vec<Reason>,
) -> Result<()> {
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
            evidence: cited.of(feature.id),
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
