//! A rated party as the whole-table stages see it: its standing in the case (facts) beside its rating, in order of case and debtor.

use luheng_lake::columns::{Columns, Day};

use crate::error::Result;
use crate::frame;

/// One row of `ratings` with its row of `standing` beside it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Party {
    /// Case number.
    pub case_no: String,
    /// Debtor.
    pub debtor_id: String,
    /// Day rated.
    pub as_of: Day,
    /// Court.
    pub court_code: Option<String>,
    /// Judge.
    pub judge_code: Option<String>,
    /// `none`, `wages`, `support`, `injury`, `other`.
    pub livelihood: Option<String>,
    /// `principal`, `joint`, `guarantor`, `joined`.
    pub role: Option<String>,
    /// How far he is liable; absent = solidary.
    pub liability: Option<String>,
    /// Limit of a limited liability.
    pub limit_fen: Option<i64>,
    /// The debtor to be exhausted first.
    pub after_party: Option<String>,
    /// `open`, `stayed`, `closed`.
    pub case_status: String,
    /// How the case was closed.
    pub close_kind: Option<String>,
    /// Due on the whole case.
    pub case_due_fen: i64,
    /// Due from this party.
    pub outstanding_fen: i64,
    /// Means evidenced for this case, each fen in one case only; none where they are not known.
    pub evidenced_means_fen: Option<i64>,
    /// `natural`, `legal`, `other_org`.
    pub debtor_kind: Option<String>,
    /// Share of the required channels answered and fresh.
    pub coverage: Option<f64>,
    /// `rated`, or why not.
    pub capacity_status: String,
    /// Probability that his due is covered.
    pub capacity_p: Option<f64>,
    /// C1 to C5.
    pub capacity_grade: Option<String>,
    /// `whole`, `part`, `none_found`, `unknown`.
    pub capacity_extent: String,
    /// Probability that he meets his means-free duties.
    pub willingness_p: Option<f64>,
    /// Its points.
    pub willingness_score: Option<f64>,
    /// Both axes in one word.
    pub quadrant: String,
    /// Expected recovery, and its ends, in fen.
    pub recovery_fen: Option<[i64; 3]>,
    /// Last day the rating may be used.
    pub valid_until: Option<Day>,
}

const STANDING: [&str; 17] = [
    "case_no",
    "debtor_id",
    "court_code",
    "judge_code",
    "livelihood",
    "role",
    "liability",
    "limit_fen",
    "after_party",
    "case_status",
    "close_kind",
    "case_due_fen",
    "outstanding_fen",
    "evidenced_means_fen",
    "debtor_kind",
    "coverage",
    "is_live",
];

const RATING: [&str; 16] = [
    "case_no",
    "debtor_id",
    "as_of",
    "capacity_status",
    "capacity_p",
    "capacity_grade",
    "capacity_extent",
    "willingness_p",
    "willingness_score",
    "quadrant",
    "recovery_share",
    "recovery_low",
    "recovery_high",
    "expected_recovery_fen",
    "valid_until",
    "capacity_model",
];

impl Party {
    /// Every rated party, by case number and debtor.
    ///
    /// # Errors
    /// A column that either table lacks.
    pub fn read(standing: &Columns, ratings: &Columns) -> Result<Vec<Self>> {
        let ratings = ratings.select(&RATING)?.sorted_by(&["case_no", "debtor_id"])?;
        let both = frame::beside(&ratings, &standing.select(&STANDING)?, &["case_no", "debtor_id"])?;
        let mut parties = Vec::with_capacity(both.len());
        for row in frame::rows(&both, &["case_due_fen", "outstanding_fen"])? {
            let outstanding_fen = row.int("outstanding_fen").unwrap_or(0);
            let of_due = |share: &str| row.real(share).map(|s| crate::means::times(outstanding_fen, s));
            let recovery_fen = match (of_due("recovery_low"), row.int("expected_recovery_fen"), of_due("recovery_high")) {
                (low, Some(expected), high) => {
                    Some([low.unwrap_or(expected).min(expected), expected, high.unwrap_or(expected).max(expected)])
                }
                _ => None,
            };
            parties.push(Self {
                case_no: row.owned("case_no").unwrap_or_default(),
                debtor_id: row.owned("debtor_id").unwrap_or_default(),
                as_of: row.date("as_of").unwrap_or_default(),
                court_code: row.owned("court_code"),
                judge_code: row.owned("judge_code"),
                livelihood: row.owned("livelihood"),
                role: row.owned("role"),
                liability: row.owned("liability"),
                limit_fen: row.int("limit_fen"),
                after_party: row.owned("after_party"),
                case_status: row.owned("case_status").unwrap_or_default(),
                close_kind: row.owned("close_kind"),
                case_due_fen: row.int("case_due_fen").unwrap_or(0),
                outstanding_fen,
                evidenced_means_fen: row.int("evidenced_means_fen"),
                debtor_kind: row.owned("debtor_kind"),
                coverage: row.real("coverage"),
                capacity_status: row.owned("capacity_status").unwrap_or_default(),
                capacity_p: row.real("capacity_p"),
                capacity_grade: row.owned("capacity_grade"),
                capacity_extent: row.owned("capacity_extent").unwrap_or_default(),
                willingness_p: row.real("willingness_p"),
                willingness_score: row.real("willingness_score"),
                quadrant: row.owned("quadrant").unwrap_or_default(),
                recovery_fen,
                valid_until: row.date("valid_until"),
            });
        }
        Ok(parties)
    }

    /// Is the case closed for want of property?
    pub fn is_no_property(&self) -> bool {
        self.case_status == "closed" && self.close_kind.as_deref() == Some("no_property")
    }

    /// Is it a claim for a livelihood?
    pub fn is_livelihood(&self) -> bool {
        self.livelihood.as_deref().is_some_and(|l| l != "none")
    }
}

/// The parties of each case, one slice a case; the list must be in order of case.
pub fn by_case(parties: &[Party]) -> impl Iterator<Item = &[Party]> {
    parties.chunk_by(|a, b| a.case_no == b.case_no)
}

/// The grade of a probability, by the fixed bands of the contract: 1 below 0.2 to 5 from 0.8.
pub fn grade(letter: char, p: f64) -> String {
    let band = 1 + [0.2, 0.4, 0.6, 0.8].iter().filter(|cut| p >= **cut).count();
    format!("{letter}{band}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_those_of_the_contract() {
        let grades: Vec<_> = [0.0, 0.199_999, 0.2, 0.5, 0.6, 0.799, 0.8, 1.0].iter().map(|p| grade('C', *p)).collect();
        assert_eq!(grades, ["C1", "C1", "C2", "C3", "C4", "C4", "C5", "C5"]);
    }
}
