//! The best bins there are: of all ways to cut a feature that keep the constraints, the one that tells most, with its certificate.
//!
//! Values are first cut finely (pre-bins), a dynamic programme (`search.rs`) joins them exactly, and the neighbourhoods of its cuts are cut
//! finer and joined again, until nothing is gained. The objectives are sums over bins and convex, as in Navas-Palencia, *Optimal binning:
//! mathematical programming formulation*, 2020, who solves the same problem by integer programming.

use serde::{Deserialize, Serialize};

use super::cells::{Cells, Value};
use super::certificate::{Certificate, Constraint, Tried, certify};
use super::search::{Found, ROUNDING, Rules, Search, Step, Sums};
use super::{Bin, Bins, Special, Whole};
use crate::data::Direction;
use crate::error::{Error, Result};

/// Rounds of finer cutting, at most: each cuts a cell beside a cut into four.
const ROUNDS: usize = 5;

/// No more cells than so many times the pre-bins: the search is quadratic in them.
const MOST_FINER: usize = 3;

/// What the bins are to tell apart: a sum over bins, missing and special ones included. p and q are a bin's shares of the good and of the bad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Objective {
    /// Information value: (p − q) × weight of evidence.
    #[default]
    Information,
    /// Jensen–Shannon divergence: ½ p ln(2p ∕ (p + q)) + ½ q ln(2q ∕ (p + q)).
    #[serde(rename = "jensen_shannon")]
    JensenShannon,
    /// Squared Hellinger distance: ½ (√p − √q)².
    Hellinger,
    /// Variance of the label between bins, per unit of weight. The label may be any number.
    #[serde(rename = "squared_error")]
    SquaredError,
}

/// Which way rates may go from bin to bin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trend {
    /// Any way.
    None,
    /// Up.
    Ascending,
    /// Down.
    Descending,
    /// Up, then down; either part may be empty.
    Peak,
    /// Down, then up; either part may be empty.
    Valley,
    /// The better of ascending and descending; or of peak and valley, where that tells more by [`Optimal::turn_penalty`].
    #[default]
    Auto,
}

impl Trend {
    /// The way a feature of a direction must go.
    pub fn of(direction: Direction) -> Trend {
        match direction {
            Direction::Up => Trend::Ascending,
            Direction::Down => Trend::Descending,
            Direction::Free => Trend::Auto,
        }
    }

    fn steps(self) -> (Step, Option<Step>) {
        match self {
            Trend::None | Trend::Auto => (Step::Any, None),
            Trend::Ascending => (Step::Up, None),
            Trend::Descending => (Step::Down, None),
            Trend::Peak => (Step::Up, Some(Step::Down)),
            Trend::Valley => (Step::Down, Some(Step::Up)),
        }
    }
}

/// How to cut. Shares are of all weight, missing and special values included; weights count as rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Optimal {
    /// What to make as great as possible.
    pub objective: Objective,
    /// Which way rates go.
    pub trend: Trend,
    /// Share of the objective that a turn must gain over the best way without one, for `auto`. 0 to 1, default 0.05.
    pub turn_penalty: f64,
    /// Most bins, missing and special ones apart. 1 to 1,000, default 8.
    pub max_bins: u32,
    /// Pre-bins of about equal weight, at most; around a cut they are cut finer. 2 to 1,000, default 100.
    pub prebins: u32,
    /// Least share of a bin; where fewer rows have a value, these are one bin. 0 to 0.5, default 0.04.
    pub min_share: f64,
    /// Greatest share of a bin. Above 0 to 1, default 1.
    pub max_share: f64,
    /// Least good and least bad rows of a bin. At least 0, default 0.
    pub min_events: f64,
    /// Least difference between the rates of neighbours. 0 to 1, default 0; for squared error any unit.
    pub min_gap: f64,
    /// Greatest p-value of the difference between neighbours (two-sided z test). Above 0 to 1, default 1: no such constraint.
    pub max_p: f64,
    /// Least share at which a missing or special value has a weight of evidence of its own; below it is 0. 0 to 1, default 0.01.
    pub min_missing_share: f64,
    /// Weight of the imaginary rows, at the rate of all rows, that are added to each bin. Above 0, default 10.
    pub smoothing: f64,
    /// Cuts that must be: each ends a bin, whatever else.
    #[serde(with = "crate::exact::many")]
    pub fixed: Vec<f64>,
    /// Values with a bin of their own, outside all order: codes such as −999; −∞ and ∞ too, if named.
    #[serde(with = "crate::exact::many")]
    pub special: Vec<f64>,
}

impl Default for Optimal {
    fn default() -> Self {
        Optimal {
            objective: Objective::Information,
            trend: Trend::Auto,
            turn_penalty: 0.05,
            max_bins: 8,
            prebins: 100,
            min_share: 0.04,
            max_share: 1.0,
            min_events: 0.0,
            min_gap: 0.0,
            max_p: 1.0,
            min_missing_share: 0.01,
            smoothing: 10.0,
            fixed: Vec::new(),
            special: Vec::new(),
        }
    }
}

impl Optimal {
    /// # Errors
    /// [`Error::Parameter`] for a number outside the range given with it.
    pub fn check(&self) -> Result<()> {
        let within =
            |name, found: f64, is_fine: bool, expected| if is_fine { Ok(()) } else { Err(Error::Parameter { name, found, expected }) };
        let share = |x: f64| (0.0..=1.0).contains(&x);
        let least = |x: f64| x >= 0.0 && x.is_finite();
        within("max_bins", f64::from(self.max_bins), (1..=1000).contains(&self.max_bins), "1 to 1000")?;
        within("prebins", f64::from(self.prebins), (2..=1000).contains(&self.prebins), "2 to 1000")?;
        within("turn_penalty", self.turn_penalty, share(self.turn_penalty), "0 to 1")?;
        within("min_share", self.min_share, (0.0..=0.5).contains(&self.min_share), "0 to 0.5")?;
        within("max_share", self.max_share, share(self.max_share) && self.max_share > 0.0, "above 0, at most 1")?;
        within("min_events", self.min_events, least(self.min_events), "0 or more, finite")?;
        within("min_gap", self.min_gap, least(self.min_gap), "0 or more, finite")?;
        within("max_p", self.max_p, share(self.max_p) && self.max_p > 0.0, "above 0, at most 1")?;
        within("min_missing_share", self.min_missing_share, share(self.min_missing_share), "0 to 1")?;
        within("smoothing", self.smoothing, self.smoothing > 0.0 && self.smoothing.is_finite(), "above 0 and finite")?;
        for (name, all) in [("fixed", &self.fixed), ("special", &self.special)] {
            if let Some(found) = all.iter().find(|x| x.is_nan()) {
                return Err(Error::Parameter { name, found: *found, expected: "numbers; missing values have their bin anyway" });
            }
        }
        Ok(())
    }
}

/// The bins, and the proof that there are no better ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Optimum {
    /// The bins; `information` is theirs whatever the objective.
    pub bins: Bins,
    /// Why these.
    pub certificate: Certificate,
}

/// One feature's problem, at one fineness.
pub(super) struct Problem<'a> {
    pub how: &'a Optimal,
    pub whole: Whole,
    pub cells: Vec<Sums>,
    pub fixed: Vec<bool>,
    search: Search,
}

impl<'a> Problem<'a> {
    pub fn new(how: &'a Optimal, whole: Whole, cells: Vec<Sums>, fixed: Vec<bool>) -> Problem<'a> {
        let is_error = how.objective == Objective::SquaredError;
        let rate = |sums: &Sums| if is_error { sums.mean() } else { whole.smoothed(sums.weight, sums.good) };
        let search = Search::new(&cells, &|sums| whole.worth(how.objective, sums), &rate);
        Problem { how, whole, cells, fixed, search }
    }

    /// The rules, without the one lifted.
    fn rules(&self, trend: Trend, lifted: Option<Constraint>) -> Rules {
        let (how, all) = (self.how, self.whole.weight);
        let lift = |constraint, free: f64, rule: f64| if lifted == Some(constraint) { free } else { rule };
        Rules {
            max_bins: if lifted == Some(Constraint::MaxBins) { self.cells.len() } else { how.max_bins as usize },
            min_weight: lift(Constraint::MinShare, 0.0, (how.min_share * all).min(self.ordered())),
            max_weight: lift(Constraint::MaxShare, all, how.max_share * all),
            min_events: lift(Constraint::MinEvents, 0.0, how.min_events),
            min_gap: lift(Constraint::MinGap, 0.0, how.min_gap),
            reach: lift(Constraint::MaxP, 0.0, super::certificate::reach(how.max_p)),
            steps: if lifted == Some(Constraint::Trend) { Trend::None.steps() } else { trend.steps() },
        }
    }

    /// Weight of the rows with an ordered value.
    fn ordered(&self) -> f64 {
        self.cells.iter().map(|cell| cell.weight).sum()
    }

    /// The optimum with one constraint lifted, if any.
    pub fn best(&self, trend: Trend, lifted: Option<Constraint>) -> Option<Found> {
        let free = vec![false; self.cells.len()];
        self.search(if lifted == Some(Constraint::Fixed) { &free } else { &self.fixed }, self.rules(trend, lifted))
    }

    /// The objective of the best bins without any constraint.
    pub fn bound(&self) -> f64 {
        let n = self.cells.len();
        let free = Rules {
            max_bins: n,
            min_weight: 0.0,
            max_weight: self.whole.weight,
            min_events: 0.0,
            min_gap: 0.0,
            reach: 0.0,
            steps: Trend::None.steps(),
        };
        self.search(&vec![false; n], free).map_or(0.0, |found| found.worth)
    }

    fn search(&self, fixed: &[bool], rules: Rules) -> Option<Found> {
        let is_error = self.how.objective == Objective::SquaredError;
        self.search.best(fixed, &rules, &|low, high| super::certificate::distance(is_error, low, high))
    }

    /// The trend asked for, or for `auto` the best one, with what each is worth.
    fn choose(&self) -> (Option<(Trend, Found)>, Vec<Tried>) {
        if self.how.trend != Trend::Auto {
            let found = self.best(self.how.trend, None);
            let tried = vec![Tried { trend: self.how.trend, objective: found.as_ref().map(|f| f.worth) }];
            return (found.map(|found| (self.how.trend, found)), tried);
        }
        let mut tried = Vec::new();
        let mut chosen: Option<(Trend, Found)> = None;
        for trend in [Trend::Ascending, Trend::Descending, Trend::Peak, Trend::Valley] {
            let found = self.best(trend, None);
            tried.push(Tried { trend, objective: found.as_ref().map(|f| f.worth) });
            let Some(found) = found else { continue };
            let turns = |trend| matches!(trend, Trend::Peak | Trend::Valley);
            let penalty = if chosen.as_ref().is_some_and(|(t, _)| turns(trend) && !turns(*t)) { self.how.turn_penalty } else { 0.0 };
            if chosen.as_ref().is_none_or(|(_, best)| found.worth * (1.0 - penalty) > best.worth * (1.0 + ROUNDING)) {
                chosen = Some((trend, found));
            }
        }
        (chosen, tried)
    }
}

/// Cuts one feature: `x` (NaN = missing), `label` and `weight` above 0, one entry a row. Labels lie between 0 and 1 and are not all 0 or all 1,
/// but for [`Objective::SquaredError`], which takes any. The order of rows matters only to rounding.
///
/// # Errors
/// [`Error::Parameter`]; [`Error::Infeasible`] where no bins keep the constraints, with those to relax; [`Error::Shape`], [`Error::Value`],
/// [`Error::SingleClass`] and [`Error::Empty`] for what is no feature.
pub fn cut(x: &[f64], label: &[f64], weight: &[f64], how: &Optimal) -> Result<Optimum> {
    how.check()?;
    let whole = Whole::of(x.len(), label, weight, how)?;
    let (apart, values) = values(x, label, weight, how);
    let bin = |sums: &Bin| whole.apart(sums.weight, sums.good, how);
    let missing = bin(&apart[0]);
    let special: Vec<Special> =
        how.special.iter().zip(&apart[1..]).map(|(value, sums)| Special { value: *value, bin: bin(sums) }).collect();
    let coarse = Cells::coarse(&values, how.prebins as usize, &how.fixed).with_steps(&values, how.min_share * whole.weight);
    let posed = |cells: &Cells| Problem::new(how, whole, cells.sums(&values), cells.fixed.clone());
    let mut problem = posed(&coarse);
    let (mut chosen, mut tried) = problem.choose();
    let mut cells = coarse.clone();
    // Nearer and nearer to each cut, among cells around the cuts alone; then all of these together with the coarse ones.
    let mut near = chosen.as_ref().map(|(trend, found)| (*trend, coarse.around(&found.starts)));
    for _ in 0..ROUNDS {
        let Some((trend, ranges)) = near else { break };
        let close = coarse.near(&values, &ranges);
        let all = coarse.finer(&close);
        if all.ends == cells.ends || all.ends.len() > MOST_FINER * how.prebins as usize {
            break;
        }
        cells = all;
        near = posed(&close).best(trend, None).map(|found| (trend, close.around(&found.starts)));
    }
    if cells.ends != coarse.ends {
        problem = posed(&cells);
        (chosen, tried) = problem.choose();
    }
    if problem.cells.is_empty() {
        // All rows are missing or special: one bin that nothing falls into.
        chosen = Some((how.trend, Found { worth: 0.0, starts: vec![0] }));
    }
    let Some((trend, found)) = chosen else {
        return Err(infeasible(&problem));
    };
    let bins = bins(&problem, &cells, &values, &found, missing, special);
    let is_exact = cells.ends.len() == values.len();
    let certificate = certify(&problem, &bins, trend, &found, tried, is_exact);
    Ok(Optimum { bins, certificate })
}

/// No bins keep the constraints: which one to relax.
pub(super) fn infeasible(problem: &Problem<'_>) -> Error {
    let helps = |c: &Constraint| problem.best(Trend::None, Some(*c)).is_some();
    Error::Infeasible { relax: Constraint::all().into_iter().filter(helps).map(Constraint::name).collect() }
}

/// Missing and special rows, in this order, and the distinct values of the others, ascending.
fn values(x: &[f64], label: &[f64], weight: &[f64], how: &Optimal) -> (Vec<Bin>, Vec<Value>) {
    let mut apart = vec![Bin { weight: 0.0, good: 0.0, woe: 0.0 }; 1 + how.special.len()];
    let mut rows: Vec<(f64, u32)> = Vec::with_capacity(x.len());
    for (i, value) in x.iter().enumerate() {
        let place = if value.is_nan() { Some(0) } else { how.special.iter().position(|s| s == value).map(|at| at + 1) };
        match place {
            Some(place) => {
                apart[place].weight += weight[i];
                apart[place].good += weight[i] * label[i];
            }
            None => rows.push((value + 0.0, i as u32)),
        }
    }
    // By value, then by row: sums over equal values are then those of the order given, whatever the sort does.
    rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut values: Vec<Value> = Vec::new();
    for (upper, i) in rows {
        let (w, y) = (weight[i as usize], label[i as usize]);
        let sums = Sums { weight: w, good: w * y, square: w * y * y };
        match values.last_mut() {
            Some(last) if last.upper == upper => last.sums.add(&sums),
            _ => values.push(Value { upper, sums }),
        }
    }
    (apart, values)
}

fn bins(problem: &Problem<'_>, cells: &Cells, values: &[Value], found: &Found, mut missing: Bin, special: Vec<Special>) -> Bins {
    let whole = &problem.whole;
    let joined: Vec<Sums> = (0..found.starts.len()).map(|b| sums_of(&problem.cells, found, b)).collect();
    let mut bins: Vec<Bin> = joined.iter().map(|s| Bin { weight: s.weight, good: s.good, woe: whole.woe(s.weight, s.good) }).collect();
    // One bin of all rows says nothing; rounding may not say otherwise.
    if values.is_empty() && special.iter().all(|s| s.bin.weight == 0.0) {
        missing.woe = 0.0;
    }
    if bins.len() == 1 && missing.weight == 0.0 && special.iter().all(|s| s.bin.weight == 0.0) {
        bins[0].woe = 0.0;
    }
    let information = bins.iter().chain([&missing]).chain(special.iter().map(|s| &s.bin)).map(|bin| whole.information(bin)).sum();
    let upper = found.starts[1..].iter().map(|start| values[cells.ends[start - 1]].upper).collect();
    Bins { upper, bins, missing, special, information }
}

/// The sums of one bin of a joining.
pub(super) fn sums_of(cells: &[Sums], found: &Found, bin: usize) -> Sums {
    let end = found.starts.get(bin + 1).copied().unwrap_or(cells.len());
    cells[found.starts[bin]..end].iter().fold(Sums::default(), |mut sums, cell| {
        sums.add(cell);
        sums
    })
}
