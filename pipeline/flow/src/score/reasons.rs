//! Why a score is what it is: points of the base, of the features that weigh most, and of the rest, which sum to the score in every row.

use std::ops::Range;

use luheng_lake::columns::{Column, Columns};
use luheng_models::Explanation;

use crate::error::{Error, Result};
use crate::features::Feature;
use crate::tables::{Rating, Reason};

/// Reasons named on an axis before the rest is summed.
const NAMED: usize = 8;

/// The evidence of every value of a bucket, party by party, as the stage `features` writes it.
#[derive(Debug)]
pub struct Evidence {
    feature: Column,
    rows: Column,
    /// Where each party's begins; one more at the end.
    starts: Vec<usize>,
}

impl Evidence {
    /// Reads the internal table `evidence` of so many parties.
    ///
    /// # Errors
    /// A missing column; parties out of order.
    pub fn read(columns: &Columns, parties: usize) -> Result<Self> {
        let column = |name: &str| -> Result<&Column> {
            columns.get(name).ok_or_else(|| Error::Fault(format!("table evidence has no column {name}")))
        };
        let party = column("party")?;
        let mut starts = Vec::with_capacity(parties + 1);
        for at in 0..columns.len() {
            let here = party.int_at(at).and_then(|row| usize::try_from(row).ok()).filter(|row| *row < parties && row + 1 >= starts.len());
            let here = here.ok_or_else(|| Error::Fault(format!("table evidence: row {at} is of no party, or out of order")))?;
            starts.resize(here + 1, at);
        }
        starts.resize(parties + 1, columns.len());
        Ok(Self { feature: column("feature")?.clone(), rows: column("rows")?.clone(), starts })
    }

    /// Of the party in this row of `features`.
    pub fn of(&self, at: usize) -> Cited<'_> {
        let start = |at: usize| self.starts.get(at).copied().unwrap_or(self.rows.len());
        Cited { evidence: self, rows: start(at)..start(at + 1) }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(parties: &[i64], of: usize) -> Result<Vec<Vec<Option<String>>>> {
        let table = Columns::new()
            .int("party", parties.iter().map(|p| Some(*p)))
            .text("feature", (0..parties.len()).map(|at| Some(if at % 2 == 0 { "a" } else { "b" })))
            .text("rows", (0..parties.len()).map(|at| Some(format!("row {at}"))));
        let evidence = Evidence::read(&table, of)?;
        Ok((0..of).map(|at| ["a", "b"].map(|feature| evidence.of(at).of(feature)).to_vec()).collect())
    }

    #[test]
    fn each_party_has_its_own_rows_and_those_without_any_have_none() {
        let row = |at: usize| Some(format!("row {at}"));
        assert_eq!(
            read(&[1, 1, 3], 5).unwrap(),
            [vec![None, None], vec![row(0), row(1)], vec![None; 2], vec![row(2), None], vec![None; 2]]
        );
        assert_eq!(read(&[], 1).unwrap(), [vec![None, None]]);
        assert!(read(&[1, 0], 2).is_err() && read(&[2], 2).is_err(), "out of order; of no party");
    }
}
