//! Lawful counterfactuals: the cheapest changes, among features that may be acted upon and in the ways they may move, that bring a row to a score. Exact on the
//! additive forms (scorecard, logistic, additive without pairs), where every feature adds its own part: a multiple-choice knapsack, solved in whole multiples of 2⁻³²
//! log-odds and of a millionth of a unit of cost. Gains are rounded down and the need up, so that what is found does reach the score.
//!
//! Of equal costs the fewest changes win, then the first features. (The question: Wachter, Mittelstadt and Russell, *Counterfactual explanations without opening the
//! black box*, 2018; actionable recourse on linear models: Ustun, Spangher and Liu, *Actionable recourse in linear classification*, 2019.)

use crate::artifact::ModelArtifact;
use crate::data::Design;
use crate::error::{Error, Result};
use crate::explain::knapsack::{self, Choice, Level, MOST_FEATURES, Problem, Slope};
use crate::explain::moves::{Line, Move, Moves, moves};
use crate::linear::link::logit;
use crate::model::Model;

/// Log-odds to a whole number, and cost to a whole number.
const GAIN: f64 = 4_294_967_296.0;
const COST: f64 = 1e6;
/// Asked for beyond the score, in log-odds: more than calibration and points can lose by rounding.
const MARGIN: f64 = 1e-9;

/// Which way a value may move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It may only grow.
    Up,
    /// It may only shrink.
    Down,
    /// Either; the only way for categories, which have no order.
    Either,
}

/// What a change costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Price {
    /// So much for moving past all training rows, and in proportion for fewer: half of the value's own bin and the whole of every bin passed over. Does not depend
    /// on units. On a logistic model, whose features have no bins: so much a standard deviation.
    Share(f64),
    /// So much for each bin moved. Not for a logistic model.
    Step(f64),
    /// So much for each unit of the feature.
    Unit(f64),
}

/// What may be asked of one feature. A feature without one is never proposed.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// Id of the feature.
    pub feature: String,
    /// Which way it may move.
    pub way: Way,
    /// What that costs. For a category, and beyond `filing` for a missing value, see [`Ask::filing`].
    pub price: Price,
    /// Least value that may be proposed.
    pub at_least: f64,
    /// Greatest value that may be proposed.
    pub at_most: f64,
    /// Cost of giving a value where there is none ("file the report"); `None` if that may not be asked. On top of it comes the distance from the middle training row, for a
    /// common value is nearer at hand than a rare one ([`Price::Unit`]: nothing).
    pub filing: Option<f64>,
}

impl Ask {
    /// Any value, at 1 for all training rows; missing stays missing.
    pub fn any(feature: &str, way: Way) -> Self {
        Ask { feature: feature.to_owned(), way, price: Price::Share(1.0), at_least: f64::MIN, at_most: f64::MAX, filing: None }
    }

    fn check(&self) -> Result<()> {
        let (Price::Share(price) | Price::Step(price) | Price::Unit(price)) = self.price;
        for (name, found) in [("price", price), ("filing", self.filing.unwrap_or(0.0))] {
            if !(0.0..=1e9).contains(&found) {
                return Err(Error::Parameter { name, found, expected: "0 to 1e9" });
            }
        }
        if !(self.at_least.is_finite() && self.at_most >= self.at_least && self.at_most.is_finite()) {
            return Err(Error::Parameter { name: "at_least", found: self.at_least, expected: "finite, and at most at_most" });
        }
        Ok(())
    }
}

/// What is to be reached, after calibration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// A probability above 0 and below 1.
    Probability(f64),
    /// A score on the artifact's scale.
    Points(f64),
}

/// One change of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Position of the feature.
    pub feature: usize,
    /// Its id.
    pub id: String,
    /// Present value; `None` if missing.
    pub from: Option<f64>,
    /// The nearest value that will do.
    pub to: f64,
    /// Any value above this ...
    pub above: f64,
    /// ... and up to this does as well; both `to` for a category and on a logistic model.
    pub up_to: f64,
    /// What it costs.
    pub cost: f64,
    /// Log-odds it gains, before calibration.
    pub log_odds: f64,
    /// Points it gains; `None` where no scale was given.
    pub points: Option<f64>,
}

/// The cheapest way to a score, or the best there is.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Whether the goal is reached. If not, these are the changes that gain most.
    pub is_reached: bool,
    /// In the order of features; none where the row is there already, or nothing helps.
    pub changes: Vec<Change>,
    /// Sum of their costs.
    pub cost: f64,
    /// Log-odds of the row as it is, before calibration.
    pub before: f64,
    /// The same after the changes.
    pub after: f64,
    /// The row after the changes, NaN = missing.
    pub row: Vec<f64>,
}

impl Model {
    /// The cheapest changes of row `row` that bring its log-odds, before calibration, to `goal`; at most `most` features change.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a model that is not a sum of tables or lines, for a price it cannot tell, and for more than 64 features to act upon;
    /// [`Error::Features`] for other features or an ask that names none of them; [`Error::Shape`] for a row that is not there; [`Error::Parameter`].
    pub fn counterfactual(&self, design: &Design, row: usize, goal: f64, asks: &[Ask], most: Option<usize>) -> Result<Plan> {
        if row >= design.rows() {
            return Err(Error::Shape { what: "row number", found: row, expected: design.rows().saturating_sub(1) });
        }
        if !goal.is_finite() {
            return Err(Error::Parameter { name: "goal", found: goal, expected: "a finite number" });
        }
        if asks.len() > MOST_FEATURES {
            let what = format!("{} features to act upon", asks.len());
            return Err(Error::Unsupported { algorithm: "counterfactual", what, remedy: "at most 64" });
        }
        let one = design.take(&[row])?;
        let before = self.logit(&one)?[0];
        let values = one.x().row(0).to_vec();
        let offered = asks.iter().map(|ask| self.offered(ask, &values)).collect::<Result<Vec<_>>>()?;
        let mut offered: Vec<(usize, Moves)> = offered;
        offered.sort_by_key(|(feature, _)| *feature);
        if let Some(pair) = offered.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(Error::Twice { id: self.features()[pair[0].0].to_owned() });
        }
        let need = libm::ceil((goal - before) * GAIN);
        let changes = if need <= 0.0 { Vec::new() } else { self.plan(&values, &offered, need, most.unwrap_or(MOST_FEATURES))? };
        let mut after = values.clone();
        changes.iter().for_each(|change| after[change.feature] = change.to);
        let changed = Design::from_columns(design.features().to_vec(), after.iter().map(|x| vec![*x]).collect())?;
        let reached = self.logit(&changed)?[0];
        let cost = changes.iter().map(|change| change.cost).sum();
        Ok(Plan { is_reached: reached >= goal, changes, cost, before, after: reached, row: after })
    }

    fn offered(&self, ask: &Ask, values: &[f64]) -> Result<(usize, Moves)> {
        ask.check()?;
        let ids = self.features();
        let Some(feature) = ids.iter().position(|id| *id == ask.feature) else {
            return Err(Error::Features { position: ids.len(), found: ask.feature.clone(), expected: ids.join(", ") });
        };
        Ok((feature, moves(self, feature, values[feature], ask)?))
    }

    /// The changes themselves.
    fn plan(&self, values: &[f64], offered: &[(usize, Moves)], need: f64, most: usize) -> Result<Vec<Change>> {
        let levels: Vec<Vec<Level>> = offered.iter().map(|(_, moves)| moves.fixed.iter().map(level).collect()).collect();
        // Beyond all that can be gained, and beyond whole numbers, it is out of reach alike.
        let need = need.min(9e15) as i64;
        let mut best = knapsack::least(&Problem { levels: &levels, slope: None, need, most })?;
        for (at, line) in offered.iter().enumerate().filter_map(|(at, (_, moves))| moves.line.as_ref().map(|line| (at, line))) {
            let mut others = levels.clone();
            others[at].clear();
            let slope = slope(at, line);
            let found = knapsack::least(&Problem { levels: &others, slope: Some(slope), need, most })?;
            if let Some(found) = found.filter(|found| best.as_ref().is_none_or(|best| found.is_better(best))) {
                best = Some(Choice { picks: with_line(found.picks, at), ..found });
            }
        }
        let best = best.unwrap_or_else(|| greatest(&levels, most));
        let change = |(at, pick): &(usize, usize)| {
            let (feature, moves) = &offered[*at];
            let part = match (&moves.line, *pick == usize::MAX) {
                (Some(line), true) => line.at(best.amount as f64 / GAIN),
                _ => moves.fixed[*pick],
            };
            let from = Some(values[*feature]).filter(|x| !x.is_nan());
            let Move { to, above, up_to, cost, gain } = part;
            Change {
                feature: *feature,
                id: self.features()[*feature].to_owned(),
                from,
                to,
                above,
                up_to,
                cost,
                log_odds: gain,
                points: None,
            }
        };
        Ok(best.picks.iter().map(change).collect())
    }
}

impl ModelArtifact {
    /// The cheapest changes of row `row` that bring its calibrated prediction to `goal`, at most `most` of them; with the points each gains.
    ///
    /// # Errors
    /// As [`Model::counterfactual`], and [`Error::Parameter`] for a probability not between 0 and 1.
    pub fn counterfactual(&self, design: &Design, row: usize, goal: Goal, asks: &[Ask], most: Option<usize>) -> Result<Plan> {
        self.fits(design.features())?;
        let wanted = match goal {
            Goal::Probability(p) if p > 0.0 && p < 1.0 => logit(p),
            Goal::Probability(found) => return Err(Error::Parameter { name: "goal", found, expected: "above 0 and below 1" }),
            Goal::Points(score) => (score - self.scale.base_score) / self.scale.factor(),
        };
        if !wanted.is_finite() {
            return Err(Error::Parameter { name: "goal", found: wanted, expected: "a finite number" });
        }
        let mut plan = self.model.counterfactual(design, row, self.uncalibrated(wanted), asks, most)?;
        let rows = [design.x().row(row).to_vec(), plan.row.clone()];
        let columns = (0..plan.row.len()).map(|j| rows.iter().map(|row| row[j]).collect()).collect();
        let explained = self.explain(&Design::from_columns(design.features().to_vec(), columns)?)?;
        for change in &mut plan.changes {
            change.points = Some(explained.points[(1, change.feature)] - explained.points[(0, change.feature)]);
        }
        plan.is_reached = match goal {
            Goal::Probability(p) => explained.p[1] >= p,
            Goal::Points(score) => explained.score[1] >= score,
        };
        Ok(plan)
    }

    /// The least log-odds before calibration that give `wanted` after it, and a little more, by halving: calibration never falls.
    fn uncalibrated(&self, wanted: f64) -> f64 {
        let (mut low, mut high) = (-1e6, 1e6);
        for _ in 0..100 {
            let middle = f64::midpoint(low, high);
            if self.calibration.apply(middle) >= wanted { high = middle } else { low = middle }
        }
        high + MARGIN
    }
}

fn level(of: &Move) -> Level {
    Level { cost: libm::ceil(of.cost * COST) as i64, gain: libm::floor(of.gain * GAIN) as i64 }
}

fn slope(feature: usize, line: &Line) -> Slope {
    let start = Level { cost: libm::ceil(line.start_cost * COST) as i64, gain: libm::floor(line.start_gain * GAIN) as i64 };
    Slope { feature, start, price: line.price * COST / GAIN, most: libm::floor(line.most * GAIN) as i64 }
}

/// The picks with that of the line in its place.
fn with_line(mut picks: Vec<(usize, usize)>, at: usize) -> Vec<(usize, usize)> {
    picks.push((at, usize::MAX));
    picks.sort_unstable();
    picks
}

/// The changes that gain most, at most `most` of them; of equal gains the cheaper, then the first.
fn greatest(levels: &[Vec<Level>], most: usize) -> Choice {
    let top = |levels: &Vec<Level>| (0..levels.len()).min_by_key(|at| (-levels[*at].gain, levels[*at].cost, *at));
    let mut picks: Vec<(usize, usize)> = levels.iter().enumerate().filter_map(|(f, levels)| top(levels).map(|at| (f, at))).collect();
    picks.sort_by_key(|(f, at)| (-levels[*f][*at].gain, levels[*f][*at].cost, *f));
    picks.truncate(most);
    picks.sort_unstable();
    Choice { cost: 0, changed: picks.len(), features: 0, picks, amount: 0 }
}
