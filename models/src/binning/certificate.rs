//! Why these bins: what they are worth, what was tried, which constraints bind, and what each cut is for.

use serde::{Deserialize, Serialize};

use super::Bins;
use super::optimal::{Objective, Problem, Trend, sums_of};
use super::search::{Found, Sums};

/// Less than this share of the objective is rounding.
const ROUNDING: f64 = 1e-9;

/// A constraint of [`super::optimal::Optimal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub enum Constraint {
    /// `max_bins`.
    MaxBins,
    /// `min_share`.
    MinShare,
    /// `max_share`.
    MaxShare,
    /// `min_events`.
    MinEvents,
    /// `min_gap`.
    MinGap,
    /// `max_p`.
    MaxP,
    /// `trend`.
    Trend,
    /// `fixed`.
    Fixed,
}

impl Constraint {
    /// All of them.
    pub(super) fn all() -> [Constraint; 8] {
        use Constraint::{Fixed, MaxBins, MaxP, MaxShare, MinEvents, MinGap, MinShare, Trend};
        [MaxBins, MinShare, MaxShare, MinEvents, MinGap, MaxP, Trend, Fixed]
    }

    /// Its name among the parameters.
    pub fn name(self) -> &'static str {
        match self {
            Constraint::MaxBins => "max_bins",
            Constraint::MinShare => "min_share",
            Constraint::MaxShare => "max_share",
            Constraint::MinEvents => "min_events",
            Constraint::MinGap => "min_gap",
            Constraint::MaxP => "max_p",
            Constraint::Trend => "trend",
            Constraint::Fixed => "fixed",
        }
    }
}

impl From<Constraint> for &'static str {
    fn from(constraint: Constraint) -> &'static str {
        constraint.name()
    }
}

impl TryFrom<String> for Constraint {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Constraint::all()
            .into_iter()
            .find(|c| c.name() == name)
            .ok_or_else(|| format!("constraint {name:?}, expected the name of a parameter"))
    }
}

/// A constraint without which there would be better bins.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// Which.
    pub constraint: Constraint,
    /// The objective of the best bins without it, all else as it is.
    pub without: f64,
}

/// A trend that was tried, and the best objective under it; `None` where no bins keep it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tried {
    /// Which.
    pub trend: Trend,
    /// What it is worth.
    pub objective: Option<f64>,
}

/// What a cut is for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    /// Greatest value of the bin below it.
    #[serde(with = "crate::exact::one")]
    pub at: f64,
    /// What the objective loses without it, its two bins joined.
    pub gains: f64,
    /// Mean label of the bin above less that of the bin below.
    pub rise: f64,
    /// Two-sided p-value of that difference.
    pub p_value: f64,
}

/// The proof. Objectives are of the ordered bins alone: missing and special values have theirs whatever the cuts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// The objective of the bins: the greatest of all that keep the constraints and cut between pre-bins.
    pub objective: f64,
    /// The objective of the best bins between the same pre-bins without any constraint.
    pub bound: f64,
    /// Pre-bins of the last search.
    pub prebins: u32,
    /// Whether every distinct value was a pre-bin: then there are no better bins at all.
    pub is_exact: bool,
    /// The trend of the bins.
    pub trend: Trend,
    /// Trends that were tried.
    pub tried: Vec<Tried>,
    /// Constraints that bind.
    pub binding: Vec<Binding>,
    /// Why each cut, ascending.
    pub cuts: Vec<Cut>,
}

impl Certificate {
    /// Of a feature without a value.
    pub(super) fn of_nothing(trend: Trend) -> Certificate {
        let (tried, binding, cuts) = (Vec::new(), Vec::new(), Vec::new());
        Certificate { objective: 0.0, bound: 0.0, prebins: 0, is_exact: true, trend, tried, binding, cuts }
    }
}

/// Standard errors that a p-value calls for; 0 for none.
pub(super) fn reach(max_p: f64) -> f64 {
    if max_p >= 1.0 { 0.0 } else { crate::interval::normal::two_sided(1.0 - max_p).unwrap_or(f64::INFINITY) }
}

/// Squared standard errors between the means of two bins: pooled for rates, each its own variance for other labels.
pub(super) fn distance(is_error: bool, low: &Sums, high: &Sums) -> f64 {
    let rise = high.mean() - low.mean();
    if rise == 0.0 {
        return 0.0;
    }
    let variance = |s: &Sums| (s.square / s.weight - s.mean() * s.mean()).max(0.0) / s.weight;
    let error = if is_error {
        variance(low) + variance(high)
    } else {
        let mut both = *low;
        both.add(high);
        both.mean() * (1.0 - both.mean()) * (1.0 / low.weight + 1.0 / high.weight)
    };
    rise * rise / error
}

pub(super) fn certify(problem: &Problem<'_>, bins: &Bins, trend: Trend, found: &Found, tried: Vec<Tried>, is_exact: bool) -> Certificate {
    let objective = found.worth;
    let bound = problem.bound();
    let mut binding = Vec::new();
    for constraint in Constraint::all().into_iter().filter(|c| problem.constrains(*c, trend)) {
        let without = problem.best(trend, Some(constraint)).map_or(objective, |f| f.worth);
        if without > objective + ROUNDING * bound {
            binding.push(Binding { constraint, without });
        }
    }
    let worth = |sums: &Sums| problem.whole.worth(problem.how.objective, sums);
    let cut = |(at, upper): (usize, &f64)| {
        let (low, high) = (sums_of(&problem.cells, found, at), sums_of(&problem.cells, found, at + 1));
        let mut both = low;
        both.add(&high);
        let z = distance(problem.how.objective == Objective::SquaredError, &low, &high).sqrt();
        Cut {
            at: *upper,
            gains: worth(&low) + worth(&high) - worth(&both),
            rise: high.mean() - low.mean(),
            p_value: libm::erfc(z / std::f64::consts::SQRT_2),
        }
    };
    let cuts = bins.upper.iter().enumerate().map(cut).collect();
    Certificate { objective, bound, prebins: problem.cells.len() as u32, is_exact, trend, tried, binding, cuts }
}

impl Problem<'_> {
    /// Whether a constraint could bind at all.
    fn constrains(&self, constraint: Constraint, trend: Trend) -> bool {
        match constraint {
            Constraint::MaxBins => (self.how.max_bins as usize) < self.cells.len(),
            Constraint::MinShare => self.how.min_share > 0.0,
            Constraint::MaxShare => self.how.max_share < 1.0,
            Constraint::MinEvents => self.how.min_events > 0.0,
            Constraint::MinGap => self.how.min_gap > 0.0,
            Constraint::MaxP => self.how.max_p < 1.0,
            Constraint::Trend => trend != Trend::None,
            Constraint::Fixed => self.fixed.contains(&true),
        }
    }
}
