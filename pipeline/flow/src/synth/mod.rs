//! Why: `luheng synth` writes an imaginary town in the input tables with known truth, so that every stage can be judged by what it should have
//! found. The equations stand in README.md beside this file. Nothing here reads a clock or the rest of the flow; nothing else may read
//! `truth.parquet`.
mod cell;
mod classes;
mod closing;
mod conduct;
mod control;
mod court;
mod dirt;
mod export;
mod income;
mod inquiry;
mod life;
mod line;
mod money;
mod names;
mod people;
mod plan;
mod property;
mod random;
mod region;
mod sanction;
mod tables;
mod truth;
mod voices;

#[cfg(test)]
mod town_test;

use std::path::Path;

use luheng_lake::columns::{Day, day};
use luheng_lake::store::parquet;
use luheng_lake::store::seal::Seal;

/// Is ability drawn, or nought for everyone (same people, same debts, same conduct)?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AbilityMode {
    /// Ability is drawn.
    #[default]
    Drawn,
    /// Nobody has anything.
    Zero,
}

/// Which town to make.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Number of debtors.
    pub debtors: usize,
    /// Seed of every draw.
    pub seed: u64,
    /// Share of rows with a fault of real exports, 0 to 1.
    pub dirty: f64,
    /// Ability drawn or nought.
    pub ability: AbilityMode,
    /// The last day of which the court knows anything.
    pub as_of: Day,
}

impl Spec {
    /// A clean town of so many debtors as of 2026-06-30.
    pub fn new(debtors: usize, seed: u64) -> Self {
        let as_of = day::from_ymd(2026, 6, 30).unwrap_or_default();
        Self { debtors, seed, dirty: 0.0, ability: AbilityMode::Drawn, as_of }
    }
}

/// The share of a thing's value that a court's sale brings in the town, by class that is sold whole: what haircuts learned of its sales must find.
pub fn planted_haircuts() -> impl Iterator<Item = (&'static str, f64)> {
    classes::CLASSES.iter().filter(|class| class.is_sold_whole()).map(|class| (class.code, class.realised))
}

/// What was written.
#[derive(Clone, Debug)]
pub struct Report {
    /// Rows by table, in the order of the contract.
    pub rows: Vec<(&'static str, u64)>,
    /// Rows of `truth.parquet`.
    pub truths: usize,
}

/// Writes the town's input tables as CSV into `out`, with `truth.parquet` beside them.
///
/// # Errors
/// If a file cannot be written.
pub fn write_town(spec: &Spec, out: &Path) -> luheng_lake::Result<Report> {
    let mut truths = Vec::new();
    let mut export = export::Export::new(out, spec.as_of, dirt::Dirt::new(spec.dirty, spec.seed));
    region::export(&mut export, spec.debtors);
    for number in 0..spec.debtors.div_ceil(plan::CELL) as u64 {
        cell::write(spec, number, &mut export, &mut truths);
        export.flush_full()?;
    }
    let rows = export.finish()?;
    parquet::write(&out.join("truth.parquet"), &truth::columns(&truths), &Seal::none())?;
    Ok(Report { rows, truths: truths.len() })
}
