//! Logistic regression on the values themselves: one slope a feature, and one shift where the value is missing.
//!
//! A value is first held within the range seen in training (so ±∞ count as its ends, and nothing is extrapolated), then brought to mean 0 and
//! spread 1, so that the penalty and the result do not depend on units. A missing value counts as the mean; where missing is frequent enough
//! to tell, a column of its own says how far such rows lie off.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::newton::{Problem, Solution};
use super::signed::{Side, fit_signed};
use super::{Convergence, Covariance, Standing};
use crate::algorithm::{Algorithm, Fitted, Traits};
use crate::data::{Direction, TrainingSet};
use crate::error::{Error, Result};
use crate::model::Model;

/// How to fit a [`Logistic`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogisticParams {
    /// Penalty ½ l2 Σ slope², slopes per standard deviation, against the *sum* of losses: so it fades as rows grow. At least 0, default 1.
    pub l2: f64,
    /// Least share of all weight at which missing is told apart from the mean. 0 to 1, default 0.01.
    pub min_missing_share: f64,
}

impl Default for LogisticParams {
    fn default() -> Self {
        LogisticParams { l2: 1.0, min_missing_share: 0.01 }
    }
}

impl Algorithm for LogisticParams {
    fn name(&self) -> &'static str {
        "logistic"
    }

    fn traits(&self) -> Traits {
        Traits {
            weights: true,
            shares: true,
            offsets: true,
            monotone: true,
            categories: false,
            additive: true,
            scale_free: true,
            standard_error: true,
        }
    }

    fn check(&self) -> Result<()> {
        check_l2(self.l2)?;
        if !(0.0..=1.0).contains(&self.min_missing_share) {
            return Err(Error::Parameter { name: "min_missing_share", found: self.min_missing_share, expected: "0 to 1" });
        }
        Ok(())
    }

    fn fit(&self, set: &TrainingSet, _seed: u64) -> Result<Model> {
        Ok(Model::Logistic(Logistic::fit(set, self)?))
    }
}

/// # Errors
/// [`Error::Parameter`] unless `l2` is finite and not below 0.
pub(crate) fn check_l2(l2: f64) -> Result<()> {
    if l2 >= 0.0 && l2.is_finite() { Ok(()) } else { Err(Error::Parameter { name: "l2", found: l2, expected: "0 or more, finite" }) }
}

/// One feature of a [`Logistic`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The feature.
    pub id: String,
    /// Least finite value seen; lower ones count as it.
    pub low: f64,
    /// Greatest finite value seen; higher ones count as it.
    pub high: f64,
    /// Mean of the position between `low` (0) and `high` (1), over rows with a value.
    pub mean: f64,
    /// Standard deviation of that position.
    pub spread: f64,
    /// Log-odds per standard deviation; 0 unless `standing` is kept.
    pub slope: f64,
    /// Log-odds added where the value is missing; `None` where missing was too rare, or all there was.
    pub missing: Option<f64>,
    /// Standard deviation of the mark "is missing", the unit in which its coefficient was fitted.
    pub missing_spread: f64,
    /// What became of the slope.
    pub standing: Standing,
}

impl Line {
    /// The range, mean and spread of one column.
    fn of(id: &str, x: &[f64], weight: &[f64], min_missing_share: f64) -> Self {
        let finite = || x.iter().copied().filter(|v| v.is_finite());
        let (low, high) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
        let total: f64 = weight.iter().sum();
        let absent: f64 = x.iter().zip(weight).filter(|(v, _)| v.is_nan()).map(|(_, w)| w).sum();
        let share = absent / total;
        let told = absent > 0.0 && absent < total && share >= min_missing_share * (1.0 - 1e-9);
        let mut line = Line {
            id: id.to_owned(),
            low,
            high,
            mean: 0.0,
            spread: 0.0,
            slope: 0.0,
            missing: told.then_some(0.0),
            missing_spread: (share * (1.0 - share)).max(0.0).sqrt(),
            standing: Standing::Flat,
        };
        if line.half_width() < f64::MIN_POSITIVE {
            // One value, or none that is finite.
            (line.low, line.high) = (0.0, 0.0);
            return line;
        }
        let present = total - absent;
        let mean =
            |of: &dyn Fn(f64) -> f64| x.iter().zip(weight).filter(|(v, _)| !v.is_nan()).map(|(v, w)| w * of(*v)).sum::<f64>() / present;
        line.mean = mean(&|v| line.position(v));
        line.spread = mean(&|v| (line.position(v) - line.mean) * (line.position(v) - line.mean)).sqrt();
        if line.spread > 0.0 {
            line.standing = Standing::Kept;
        }
        line
    }

    /// Halves before subtracting, so that the width of the widest range is still a number.
    fn half_width(&self) -> f64 {
        self.high / 2.0 - self.low / 2.0
    }

    /// Where a value lies between `low` (0) and `high` (1), held within.
    fn position(&self, x: f64) -> f64 {
        (x.clamp(self.low, self.high) / 2.0 - self.low / 2.0) / self.half_width()
    }

    /// The value in standard deviations from the mean; 0 where missing.
    fn standardised(&self, x: f64) -> f64 {
        if x.is_nan() || self.standing == Standing::Flat { 0.0 } else { (self.position(x) - self.mean) / self.spread }
    }

    /// Log-odds that a value contributes, NaN = missing.
    pub fn contribution(&self, x: f64) -> f64 {
        if x.is_nan() { self.missing.unwrap_or(0.0) } else { self.slope * self.standardised(x) }
    }

    /// Log-odds per unit of the feature, within the range seen.
    pub fn slope_per_unit(&self) -> f64 {
        if self.standing == Standing::Flat { 0.0 } else { self.slope / (self.spread * self.half_width()) / 2.0 }
    }

    /// The value at the mean position.
    pub(crate) fn centre(&self) -> f64 {
        self.low + self.mean * self.half_width() + self.mean * self.half_width()
    }

    fn has_slope(&self) -> bool {
        self.standing == Standing::Kept
    }
}

/// A fitted logistic regression.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Logistic {
    /// Log-odds of a row with every value at its mean.
    pub intercept: f64,
    /// One a feature, in the order of the design.
    pub lines: Vec<Line>,
    /// Covariance of the intercept and, feature by feature, of the slope if kept and the missing mark if told apart, in standard deviations.
    pub covariance: Covariance,
    /// How the fit ended.
    pub convergence: Convergence,
}

/// The columns that a fit sees, and what they stand for.
pub(super) struct Columns {
    lines: Vec<Line>,
    plan: Vec<Column>,
    /// Rows × `plan`, mean 0 and spread 1 but for marks of missing values.
    pub z: Array2<f64>,
}

impl Columns {
    /// Of rows that already lie in order.
    pub(super) fn of(set: &TrainingSet, min_missing_share: f64) -> Self {
        let design = set.design();
        let column = |j: usize| design.x().column(j).to_vec();
        let lines: Vec<Line> =
            (design.features().iter().enumerate()).map(|(j, f)| Line::of(&f.id, &column(j), set.weight(), min_missing_share)).collect();
        let plan = plan(&lines);
        let z = Array2::from_shape_fn((set.rows(), plan.len()), |(i, c)| entry(&lines, plan[c], design.x()[(i, plan[c].feature)]));
        Columns { lines, plan, z }
    }

    /// The model of a fit over the columns `kept`, in the order of `problem`.
    pub(super) fn model(mut self, problem: &Problem<'_>, solution: &Solution, kept: &[usize], group: &[String]) -> Logistic {
        for (c, column) in self.plan.iter().enumerate() {
            let line = &mut self.lines[column.feature];
            match (kept.iter().position(|k| *k == c), column.is_mark) {
                (Some(k), true) => line.missing = Some(solution.beta[k + 1] / line.missing_spread),
                (Some(k), false) => line.slope = solution.beta[k + 1],
                (None, _) => line.standing = Standing::Reversed,
            }
        }
        let covariance = Covariance::of(problem, solution, group);
        Logistic { intercept: solution.beta[0], lines: self.lines, covariance, convergence: solution.report }
    }
}

impl Logistic {
    /// Fits to rows that already lie in order; labels may be shares.
    ///
    /// # Errors
    /// [`Error::Singular`] and [`Error::NotConverged`], both only without penalty.
    pub(crate) fn fit(set: &TrainingSet, params: &LogisticParams) -> Result<Self> {
        let mut columns = Columns::of(set, params.min_missing_share);
        let side = |c: &Column| match (c.is_mark, set.design().features()[c.feature].direction) {
            (true, _) | (_, Direction::Free) => Side::Any,
            (_, Direction::Up) => Side::NotBelowZero,
            (_, Direction::Down) => Side::NotAboveZero,
        };
        let side: Vec<Side> = columns.plan.iter().map(side).collect();
        let fit = fit_signed(std::mem::take(&mut columns.z), &side, set, params.l2)?;
        let problem = Problem { z: &fit.z, label: set.label(), weight: set.weight(), offset: set.offset(), l2: params.l2 };
        Ok(columns.model(&problem, &fit.solution, &fit.kept, set.group()))
    }

    /// The columns of one row that the covariance speaks of, 1 for the intercept first.
    fn columns<'a>(&'a self, row: impl Iterator<Item = &'a f64>) -> Vec<f64> {
        let mut columns = vec![1.0];
        for (line, x) in self.lines.iter().zip(row) {
            if line.has_slope() {
                columns.push(line.standardised(*x));
            }
            if line.missing.is_some() {
                columns.push(mark(line, *x));
            }
        }
        columns
    }
}

impl Fitted for Logistic {
    fn features(&self) -> Vec<&str> {
        self.lines.iter().map(|part| part.id.as_str()).collect()
    }

    fn base(&self) -> f64 {
        self.intercept
    }

    fn parts(&self, x: &Array2<f64>) -> Array2<f64> {
        Array2::from_shape_fn(x.dim(), |(i, j)| self.lines[j].contribution(x[(i, j)]))
    }

    fn standard_error(&self, x: &Array2<f64>) -> Option<Vec<f64>> {
        Some(x.rows().into_iter().map(|row| self.covariance.standard_error(&self.columns(row.iter()))).collect())
    }

    fn check(&self) -> Result<()> {
        if let Some(line) = self.lines.iter().find(|line| line.low > line.high) {
            return Err(Error::Contradiction { what: format!("feature {} ranges from {} to {}", line.id, line.low, line.high) });
        }
        let told = |line: &Line| usize::from(line.has_slope()) + usize::from(line.missing.is_some());
        self.covariance.check(1 + self.lines.iter().map(told).sum::<usize>())
    }
}

/// A column of the fit: a feature's value, or the mark that it is missing.
#[derive(Clone, Copy)]
struct Column {
    feature: usize,
    is_mark: bool,
}

fn plan(lines: &[Line]) -> Vec<Column> {
    let mut plan = Vec::new();
    for (feature, line) in lines.iter().enumerate() {
        if line.has_slope() {
            plan.push(Column { feature, is_mark: false });
        }
        if line.missing.is_some() {
            plan.push(Column { feature, is_mark: true });
        }
    }
    plan
}

fn entry(lines: &[Line], column: Column, x: f64) -> f64 {
    let line = &lines[column.feature];
    if column.is_mark { mark(line, x) } else { line.standardised(x) }
}

fn mark(line: &Line, x: f64) -> f64 {
    if x.is_nan() { 1.0 / line.missing_spread } else { 0.0 }
}
