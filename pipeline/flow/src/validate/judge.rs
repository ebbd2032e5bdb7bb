//! Predicted against what came, of all rows or of some; figures of few are left out, and so that they cannot be told by difference, those of the next
//! smallest with them.

use std::collections::{BTreeMap, BTreeSet};

use luheng_models::{Interval, assess, interval};

use super::LEVEL;
use super::figures::{Band, Figures, Held, Measured, Slice};
use super::fold::SHARE_LEVEL;
use crate::bundle::CUTS;
use crate::error::Result;

/// Rows judged, all of one axis.
#[derive(Clone, Debug, Default)]
pub(super) struct Judged {
    /// What was said.
    pub p: Vec<f64>,
    /// What came.
    pub label: Vec<f64>,
    /// Whose.
    pub debtor: Vec<String>,
}

impl Judged {
    /// Some of the rows.
    pub fn take(&self, rows: &[usize]) -> Self {
        Self {
            p: rows.iter().map(|row| self.p[*row]).collect(),
            label: rows.iter().map(|row| self.label[*row]).collect(),
            debtor: rows.iter().map(|row| self.debtor[*row].clone()).collect(),
        }
    }

    /// Their figures.
    pub fn figures(&self) -> Result<Figures> {
        let ones = vec![1.0; self.p.len()];
        let found = assess::assess(&self.p, &self.label, &ones, &[])?;
        let auc = found.auc.map(|_| assess::auc_interval(&self.p, &self.label, &ones, Some(&self.debtor), LEVEL)).transpose()?;
        Ok(Figures {
            rows: found.rows,
            debtors: self.debtor.iter().collect::<BTreeSet<_>>().len() as u64,
            base_rate: found.base_rate,
            mean_predicted: found.mean_predicted,
            auc: auc.map(|a| Measured { value: a.auc, low: a.ends.map(|e| e.0), high: a.ends.map(|e| e.1) }),
            ks: found.ks,
            brier: found.brier,
            calibration_error: found.calibration_error,
            calibration_slope: found.calibration_slope,
        })
    }

    /// What came of each grade's band.
    pub fn bands(&self) -> Result<Vec<Band>> {
        let found = assess::assess(&self.p, &self.label, &vec![1.0; self.p.len()], &CUTS)?;
        let of = |(at, band): (usize, assess::Band)| Band {
            grade: at + 1,
            rows: band.rows,
            mean_predicted: band.mean_predicted,
            rate: band.rate,
        };
        Ok(found.bands.into_iter().enumerate().map(of).collect())
    }

    /// Figures by name, in order of the names; rows without one are left out. Those of fewer than `least` debtors are not told.
    pub fn slices(&self, names: &[Option<String>], least: u64) -> Result<Vec<Slice>> {
        let mut rows: BTreeMap<&String, Vec<usize>> = BTreeMap::new();
        for (row, name) in names.iter().enumerate() {
            if let Some(name) = name {
                rows.entry(name).or_default().push(row);
            }
        }
        let debtors = |rows: &Vec<usize>| rows.iter().map(|row| &self.debtor[*row]).collect::<BTreeSet<_>>().len() as u64;
        let sizes: Vec<u64> = rows.values().map(debtors).collect();
        let slices = rows.into_iter().zip(told(&sizes, least)).map(|((name, rows), is_told)| {
            Ok(Slice { name: name.clone(), figures: is_told.then(|| self.take(&rows).figures()).transpose()? })
        });
        slices.collect()
    }
}

/// Of which groups figures may be told: of those with so many debtors; where what is left untold has fewer together, the smallest told one is left out
/// too, for the whole less all others would tell it.
pub(super) fn told(sizes: &[u64], least: u64) -> Vec<bool> {
    let mut told: Vec<bool> = sizes.iter().map(|size| *size >= least).collect();
    let untold = |told: &[bool]| sizes.iter().zip(told).filter(|(_, told)| !**told).map(|(size, _)| *size).sum::<u64>();
    if (1..least).contains(&untold(&told))
        && let Some(next) = (0..sizes.len()).filter(|at| told[*at]).min_by_key(|at| (sizes[*at], *at))
    {
        told[next] = false;
    }
    told
}

/// What the intervals of shares held.
pub(super) fn held(intervals: &[Interval], label: &[f64]) -> Result<Option<Held>> {
    if intervals.is_empty() || intervals.len() != label.len() {
        return Ok(None);
    }
    let found = interval::coverage(intervals, label, &vec![1.0; label.len()], None)?;
    Ok(found.first().map(|c| Held { level: SHARE_LEVEL, held: c.held, below: c.below, above: c.above, mean_width: c.mean_width }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn figures_of_few_are_not_told_nor_to_be_had_by_difference() {
        assert_eq!(told(&[100, 40, 120, 300], 100), [false, false, true, true], "all less the others would tell the 40");
        assert_eq!(told(&[100, 60, 60, 300], 100), [true, false, false, true], "the untold are 120 together");
        assert_eq!(told(&[100, 300], 100), [true, true]);
        assert_eq!(told(&[3], 100), [false]);
    }

    #[test]
    fn a_slice_has_its_own_figures_and_a_small_one_none() {
        let rows: Vec<usize> = (0..400).collect();
        let all = Judged {
            p: rows.iter().map(|at| if at % 2 == 0 { 0.8 } else { 0.2 }).collect(),
            label: rows
                .iter()
                .map(|at| if *at < 200 { f64::from(u8::from(at % 2 == 0)) } else { f64::from(u8::from(at % 2 == 1)) })
                .collect(),
            debtor: rows.iter().map(|at| format!("d{at}")).collect(),
        };
        let names: Vec<Option<String>> = rows.iter().map(|at| Some(if *at < 200 { "early" } else { "late" }.to_owned())).collect();
        let slices = all.slices(&names, 100).unwrap();
        let auc = |at: usize| slices[at].figures.as_ref().unwrap().auc.unwrap().value;
        assert_eq!((slices.len(), auc(0), auc(1)), (2, 1.0, 0.0));
        assert!(all.slices(&names, 300).unwrap().iter().all(|s| s.figures.is_none()));
    }
}
