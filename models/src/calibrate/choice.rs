//! Which calibration, by rows held out: none, Platt, beta or isotonic.
//!
//! Each is fitted on all folds but one and judged on that one, by log loss; subjects are never on two sides. The simplest is taken whose loss is
//! within one standard error of the least (Breiman, Friedman, Olshen and Stone, *Classification and Regression Trees*, 1984, section 3.4.3). The
//! standard error is that of the difference of the two losses on the same rows, counted by subject: rows that are hard for all do not blur it.

use serde::{Deserialize, Serialize};

use super::platt::{FARTHEST, checked};
use super::{Beta, Calibration, Centred, Platt};
use crate::assess::subjects::Subjects;
use crate::data::same;
use crate::error::{Error, Result};
use crate::linear::link::softplus;
use crate::split::fold_for;

/// A kind of calibration, the simplest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The model as it is.
    None,
    /// A slope and a shift.
    Platt,
    /// Two slopes and a shift.
    Beta,
    /// A rising line.
    Isotonic,
}

impl Kind {
    /// All, the simplest first.
    pub const ALL: [Kind; 4] = [Kind::None, Kind::Platt, Kind::Beta, Kind::Isotonic];

    /// Fits this kind to log-odds, outcomes (0 to 1) and weights of held-out rows.
    ///
    /// # Errors
    /// As [`Platt::fit`], even for [`Kind::None`].
    pub fn fit(self, logit: &[f64], label: &[f64], weight: &[f64]) -> Result<Calibration> {
        Ok(match self {
            Kind::None => checked(logit, label, weight).map(|_| Calibration::None)?,
            Kind::Platt => Calibration::Platt(Platt::fit(logit, label, weight)?),
            Kind::Beta => Calibration::Beta(Beta::fit(logit, label, weight)?),
            Kind::Isotonic => Calibration::Isotonic(Centred::fit(logit, label, weight)?),
        })
    }
}

/// How one kind did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// The kind.
    pub kind: Kind,
    /// Mean log loss on the folds it was not fitted on.
    pub loss: f64,
    /// How much greater that is than the least.
    pub behind: f64,
    /// Standard error of `behind`, by subject; 0 for the best.
    pub error: f64,
}

/// The calibration chosen, fitted on all rows, and what it was chosen from.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The kind chosen.
    pub kind: Kind,
    /// It, fitted on all rows.
    pub calibration: Calibration,
    /// Every kind asked for, the simplest first.
    pub candidates: Vec<Candidate>,
}

/// Chooses among `kinds` by `folds` folds (2 or more; by hash of group and seed, see [`fold_for`]). `logit`: of held-out rows, one entry a row,
/// as `label`, `weight`, `group` (their subject). The order of rows never matters. To keep a score a fixed sum of points, ask for
/// [`Kind::None`] and [`Kind::Platt`] only.
///
/// # Errors
/// As [`Platt::fit`]; [`Error::Parameter`] for fewer than 2 folds; [`Error::Empty`] for no kinds or where a fold leaves no rows to fit on;
/// [`Error::SingleClass`] where it leaves rows of one class (remedy: more rows, or no choice).
pub fn choose((logit, label, weight): (&[f64], &[f64], &[f64]), group: &[String], kinds: &[Kind], folds: u32, seed: u64) -> Result<Choice> {
    checked(logit, label, weight)?;
    same("groups", group.len(), logit.len())?;
    if folds < 2 {
        return Err(Error::Parameter { name: "folds", found: f64::from(folds), expected: "2 or more" });
    }
    let mut kinds = kinds.to_vec();
    kinds.sort_unstable();
    kinds.dedup();
    let subjects = Subjects::new(group);
    let mut order: Vec<usize> = (0..logit.len()).collect();
    order.sort_by(|a, b| {
        (subjects.of[*a].cmp(&subjects.of[*b]))
            .then_with(|| (logit[*a] + 0.0).total_cmp(&(logit[*b] + 0.0)))
            .then_with(|| label[*a].total_cmp(&label[*b]))
            .then_with(|| weight[*a].total_cmp(&weight[*b]))
    });
    let fold: Vec<u32> = subjects.first.iter().map(|row| fold_for("choice of calibration", &group[*row], folds, seed)).collect();
    let rows = Rows {
        logit: order.iter().map(|i| logit[*i] + 0.0).collect(),
        label: order.iter().map(|i| label[*i] + 0.0).collect(),
        weight: order.iter().map(|i| weight[*i]).collect(),
        fold: order.iter().map(|i| fold[subjects.of[*i]]).collect(),
        subject: subjects.take(&order),
        subjects: subjects.count,
    };
    let losses = kinds.iter().map(|kind| rows.losses(*kind, folds)).collect::<Result<Vec<Vec<f64>>>>()?;
    let means: Vec<f64> = losses.iter().map(|loss| rows.mean(loss)).collect();
    let best = (0..kinds.len()).min_by(|a, b| means[*a].total_cmp(&means[*b])).ok_or(Error::Empty { what: "kinds of calibration" })?;
    let candidate = |k: usize| {
        let behind = means[k] - means[best];
        Candidate { kind: kinds[k], loss: means[k], behind, error: rows.error(&losses[k], &losses[best], behind) }
    };
    let candidates: Vec<Candidate> = (0..kinds.len()).map(candidate).collect();
    let kind = candidates.iter().find(|c| c.behind <= c.error).map_or(kinds[best], |c| c.kind);
    Ok(Choice { kind, calibration: kind.fit(&rows.logit, &rows.label, &rows.weight)?, candidates })
}

/// Held-out rows in an order of their own.
struct Rows {
    logit: Vec<f64>,
    label: Vec<f64>,
    weight: Vec<f64>,
    fold: Vec<u32>,
    subject: Vec<usize>,
    subjects: usize,
}

impl Rows {
    /// Log loss of each row under a calibration fitted on the other folds.
    fn losses(&self, kind: Kind, folds: u32) -> Result<Vec<f64>> {
        let mut losses = vec![0.0; self.logit.len()];
        for fold in 0..folds {
            let (others, inside): (Vec<usize>, Vec<usize>) = (0..self.logit.len()).partition(|i| self.fold[*i] != fold);
            if inside.is_empty() {
                continue;
            }
            let part = |of: &[f64]| others.iter().map(|i| of[*i]).collect::<Vec<f64>>();
            let calibration = kind.fit(&part(&self.logit), &part(&self.label), &part(&self.weight))?;
            for i in inside {
                let z = calibration.apply(self.logit[i]).clamp(-FARTHEST, FARTHEST);
                losses[i] = softplus(z) - self.label[i] * z;
            }
        }
        Ok(losses)
    }

    fn mean(&self, loss: &[f64]) -> f64 {
        let all: f64 = self.weight.iter().sum();
        loss.iter().zip(&self.weight).map(|(loss, weight)| weight / all * loss).sum()
    }

    /// Standard error of the mean of `loss` − `least`, which is `behind`: by the spread of its sums by subject.
    fn error(&self, loss: &[f64], least: &[f64], behind: f64) -> f64 {
        let all: f64 = self.weight.iter().sum();
        let mut sums = vec![0.0; self.subjects];
        for (i, subject) in self.subject.iter().enumerate() {
            sums[*subject] += self.weight[i] / all * (loss[i] - least[i] - behind);
        }
        let n = self.subjects as f64;
        (n / (n - 1.0).max(1.0) * sums.iter().map(|s| s * s).sum::<f64>()).sqrt()
    }
}
