//! Whether the rows of today are like the rows learnt from: population stability (PSI) of scores and of any shares, characteristic stability
//! (CSI) of a feature over its bins (Siddiqi, *Credit Risk Scorecards*, 2006, chapter 9; Yurdakul and Naranjo, *Statistical properties of the
//! population stability index*, Journal of Risk Model Validation 2020).
//!
//! PSI = Σ (today − expected) × ln(today ÷ expected) over the cells. A cell that is empty on one side would make it infinite, so there is one
//! rule: **a share counts as no less than half a row of its own side** (0.5 ÷ weight of that side); a cell empty on both sides counts nothing.
//! How many cells the rule touched is said.
//!
//! PSI is never below 0 and above 0 by chance alone: about (cells − 1)(1/n + 1/m). The figure above which chance explains it in one of twenty
//! samples stands beside it, since fixed rules of thumb (0.1, 0.25) mean nothing for few rows.

use crate::binning::Bins;
use crate::data::{check_weights, same};
use crate::error::{Error, Result};
use crate::interval::normal;

/// What one cell adds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// Share of the rows learnt from, the rule of the module applied.
    pub expected: f64,
    /// Share of today's rows.
    pub actual: f64,
    /// Its part of the sum, never below 0.
    pub part: f64,
}

/// How far two sets of shares lie apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Stability {
    /// The sum; 0 is no change.
    pub psi: f64,
    /// Its parts, one a cell, in the order given.
    pub cells: Vec<Cell>,
    /// Cells whose share on one side was raised to half a row.
    pub raised: u64,
    /// What chance alone gives on average, were both sides drawn from one population.
    pub by_chance: f64,
    /// What chance alone exceeds once in twenty times.
    pub limit: f64,
}

/// PSI of two vectors of weights or counts (for shares: [`psi_of_shares`]), one entry a cell.
///
/// # Errors
/// [`Error::Shape`], [`Error::Empty`], [`Error::Value`] for a weight below 0, above 1e18 or not a number, [`Error::Parameter`] if one side
/// sums to 0.
pub fn psi(expected: &[f64], actual: &[f64]) -> Result<Stability> {
    same("cells", actual.len(), expected.len())?;
    if expected.is_empty() {
        return Err(Error::Empty { what: "stability" });
    }
    let (n, m) = (total("expected weight", expected)?, total("actual weight", actual)?);
    let cells: Vec<(Cell, bool)> = expected.iter().zip(actual).map(|(e, a)| cell(*e, n, *a, m)).collect();
    let used = expected.iter().zip(actual).filter(|(e, a)| **e > 0.0 || **a > 0.0).count();
    let chance = 1.0 / n + 1.0 / m;
    let freedom = used.saturating_sub(1) as f64;
    Ok(Stability {
        psi: cells.iter().map(|(cell, _)| cell.part).sum(),
        raised: cells.iter().filter(|(_, raised)| *raised).count() as u64,
        cells: cells.into_iter().map(|(cell, _)| cell).collect(),
        by_chance: freedom * chance,
        limit: chi_squared_95(freedom)? * chance,
    })
}

/// PSI of two vectors of shares, which are scaled to sum to 1; `rows` is the weight that stands behind each side, for the rule of the module.
///
/// # Errors
/// As [`psi`], and [`Error::Parameter`] unless both weights lie above 0, at most 1e18.
pub fn psi_of_shares(expected: &[f64], actual: &[f64], rows: (f64, f64)) -> Result<Stability> {
    let scaled = |what: &'static str, shares: &[f64], rows: f64| {
        if !(rows > 0.0 && rows <= 1e18) {
            return Err(Error::Parameter { name: what, found: rows, expected: "rows above 0, at most 1e18" });
        }
        let sum = total(what, shares)?;
        Ok(shares.iter().map(|share| share / sum * rows).collect::<Vec<f64>>())
    };
    psi(&scaled("expected share", expected, rows.0)?, &scaled("actual share", actual, rows.1)?)
}

fn total(what: &'static str, weights: &[f64]) -> Result<f64> {
    if let Some(row) = weights.iter().position(|w| !(0.0..=1e18).contains(w)) {
        return Err(Error::Value { what, row, found: weights[row], expected: "0 to 1e18" });
    }
    let sum: f64 = weights.iter().sum();
    if sum >= f64::MIN_POSITIVE {
        return Ok(sum);
    }
    Err(Error::Parameter { name: what, found: sum, expected: "a sum above 0" })
}

/// One cell, and whether the rule of the module changed it.
fn cell(expected: f64, n: f64, actual: f64, m: f64) -> (Cell, bool) {
    if expected == 0.0 && actual == 0.0 {
        return (Cell { expected: 0.0, actual: 0.0, part: 0.0 }, false);
    }
    // On a side of less than half a row, half a row is more than all.
    let floor = |weight: f64, total: f64| (weight / total).max((0.5 / total).min(1.0));
    let (e, a) = (floor(expected, n), floor(actual, m));
    let raised = e > expected / n || a > actual / m;
    (Cell { expected: e, actual: a, part: (a - e) * (libm::log(a) - libm::log(e)) }, raised)
}

/// The 95 % point of χ² (Wilson and Hilferty 1931; within 2 % from 2 degrees on, 3.75 for 3.84 at one).
fn chi_squared_95(freedom: f64) -> Result<f64> {
    if freedom == 0.0 {
        return Ok(0.0);
    }
    let spread = 2.0 / (9.0 * freedom);
    let root = 1.0 - spread + normal::two_sided(0.9)? * spread.sqrt();
    Ok(freedom * root * root * root)
}

/// PSI of scores, in at most `cells` cells of about equal weight of the scores expected; equal scores share a cell, missing ones (NaN) have
/// their own. Weights above 0, one entry a row.
///
/// # Errors
/// [`Error::Shape`], [`Error::Empty`], [`Error::Value`] for a weight not above 0, [`Error::Parameter`] unless `cells` is 2 to 1,000.
pub fn psi_of_scores(expected: (&[f64], &[f64]), actual: (&[f64], &[f64]), cells: usize) -> Result<Stability> {
    if !(2..=1000).contains(&cells) {
        return Err(Error::Parameter { name: "cells", found: cells as f64, expected: "2 to 1000" });
    }
    for (score, weight) in [expected, actual] {
        same("weights", weight.len(), score.len())?;
        check_weights(weight)?;
        if score.is_empty() {
            return Err(Error::Empty { what: "stability" });
        }
    }
    let edges = edges(expected.0, expected.1, cells);
    psi(&weigh(expected, &edges), &weigh(actual, &edges))
}

/// Greatest score of each cell but the last.
fn edges(score: &[f64], weight: &[f64], cells: usize) -> Vec<f64> {
    let mut rows: Vec<(f64, f64)> = score.iter().zip(weight).filter(|(s, _)| !s.is_nan()).map(|(s, w)| (*s + 0.0, *w)).collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.total_cmp(&b.1)));
    let all: f64 = rows.iter().map(|r| r.1).sum();
    let (mut edges, mut below, mut next) = (Vec::new(), 0.0, 1);
    for tie in rows.chunk_by(|a, b| a.0 == b.0) {
        below += tie.iter().map(|r| r.1).sum::<f64>();
        // Allow for rounding, so that a row of weight 2 and a row given twice fall alike.
        let passed = |k: usize| k < cells && below >= all * (k as f64 / cells as f64) * (1.0 - 1e-9);
        if passed(next) {
            edges.push(tie[0].0);
        }
        // A tie that spans several cells is one of them.
        while passed(next) {
            next += 1;
        }
    }
    // Nothing lies above the last score: it closes the last cell.
    if rows.last().is_some_and(|last| edges.last() == Some(&last.0)) {
        edges.pop();
    }
    edges
}

/// Weight in each cell, in ascending order, missing last.
fn weigh((score, weight): (&[f64], &[f64]), edges: &[f64]) -> Vec<f64> {
    let mut rows: Vec<(usize, f64)> = score.iter().zip(weight).map(|(s, w)| (cell_of(*s, edges), *w)).collect();
    // Summed in ascending order of weight, whatever the order of rows.
    rows.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.total_cmp(&b.1)));
    let mut cells = vec![0.0; edges.len() + 2];
    rows.iter().for_each(|(cell, weight)| cells[*cell] += weight);
    cells
}

fn cell_of(score: f64, edges: &[f64]) -> usize {
    if score.is_nan() { edges.len() + 1 } else { edges.partition_point(|edge| *edge < score) }
}

/// How far a feature moved since the model was trained.
#[derive(Clone, Debug, PartialEq)]
pub struct Characteristic {
    /// Over its bins, then missing, then special values.
    pub stability: Stability,
    /// Σ (today's share − training's share) × weight of evidence: log-odds by which the feature moved the average row, at a coefficient of 1.
    /// Shares as they are, no rule applied.
    pub shift: f64,
}

/// CSI of one feature: `values` (NaN = missing) of today's rows against the bins that the model learnt. Weights above 0, one entry a row.
///
/// # Errors
/// As [`psi`]; [`Error::Contradiction`] for bins that do not go together.
pub fn csi(bins: &Bins, values: &[f64], weight: &[f64]) -> Result<Characteristic> {
    bins.check()?;
    same("weights", weight.len(), values.len())?;
    check_weights(weight)?;
    if values.is_empty() {
        return Err(Error::Empty { what: "stability" });
    }
    let learnt: Vec<(f64, f64)> =
        (bins.bins.iter().chain([&bins.missing]).chain(bins.special.iter().map(|s| &s.bin))).map(|bin| (bin.weight, bin.woe)).collect();
    let place = |x: f64| match bins.special.iter().position(|s| s.value == x) {
        Some(code) => bins.bins.len() + 1 + code,
        None => bins.index(x).unwrap_or(bins.bins.len()),
    };
    let mut rows: Vec<(usize, f64)> = values.iter().zip(weight).map(|(x, w)| (place(*x), *w)).collect();
    rows.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.total_cmp(&b.1)));
    let mut today = vec![0.0; learnt.len()];
    rows.iter().for_each(|(cell, weight)| today[*cell] += weight);
    let expected: Vec<f64> = learnt.iter().map(|(weight, _)| *weight).collect();
    let stability = psi(&expected, &today)?;
    let (n, m): (f64, f64) = (expected.iter().sum(), today.iter().sum());
    let shift = learnt.iter().zip(&today).map(|((weight, woe), now)| (now / m - weight / n) * woe).sum();
    Ok(Characteristic { stability, shift })
}
