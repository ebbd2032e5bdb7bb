//! Average effects by doubly robust scores: right if the model of treatment or the models of outcomes are (Robins, Rotnitzky and Zhao,
//! *Estimation of regression coefficients when some regressors are not always observed*, 1994).
//!
//! Score of a row, with outcome y, treatment t, propensity e and expected outcomes m₁, m₀:
//! m₁ − m₀ + t (y − m₁) / e − (1 − t)(y − m₀) / (1 − e). For the effect on the treated: t (y − m₀) − (1 − t) e / (1 − e) (y − m₀), over the
//! treated. Standard errors come from the influence of each group.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::learner::CrossFit;
use super::overlap::{Weighing, balancing};
use super::study::{by_group, error_by_group};
use super::{Answer, Estimate, Overlap, Target};
use crate::error::Result;

/// An average effect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effect {
    /// Difference of mean outcomes, treated less not treated.
    pub estimate: Estimate,
    /// Mean outcome with treatment, of those asked for.
    pub with: f64,
    /// Mean outcome without.
    pub without: f64,
    /// Rows it speaks of: those kept, and for the effect on the treated those of them that were treated.
    pub rows: u64,
    /// Their weight.
    pub weight: f64,
    /// Groups that entered.
    pub groups: u64,
    /// Where like was and was not treated.
    pub overlap: Overlap,
}

impl CrossFit<'_> {
    /// Probability of treatment, one a row of the study.
    pub fn propensity(&self) -> Vec<f64> {
        self.study.outwards(&self.propensity)
    }

    /// Outcomes expected with treatment and without, one a row of the study.
    pub fn expected(&self) -> Vec<(f64, f64)> {
        let pairs: Vec<(f64, f64)> = self.if_treated.iter().copied().zip(self.if_control.iter().copied()).collect();
        self.study.outwards(&pairs)
    }

    /// Doubly robust scores, one a row of the study; their mean is the effect on everyone. `None` for rows without overlap.
    pub fn pseudo_outcomes(&self) -> Vec<Option<f64>> {
        let keep = self.keep(Target::Everyone);
        let scores: Vec<Option<f64>> = (0..self.study.len()).map(|i| keep[i].then(|| self.gain(i))).collect();
        self.study.outwards(&scores)
    }

    /// What can be seen of overlap.
    pub fn overlap(&self, target: Target) -> Overlap {
        self.among(&vec![true; self.study.len()], target)
    }

    /// The average effect on a target, or why there is none.
    ///
    /// # Errors
    /// None in practice.
    pub fn effect(&self, target: Target) -> Result<Answer<Effect>> {
        self.effect_among(&vec![true; self.study.len()], target)
    }

    /// The same for each stratum, ascending; `stratum` has one entry a row of the study. Each stratum stands or abstains by itself.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] for another length.
    pub fn effect_by(&self, stratum: &[u32], target: Target) -> Result<BTreeMap<u32, Answer<Effect>>> {
        let stratum = self.study.inwards("strata", stratum)?;
        let names: BTreeSet<u32> = stratum.iter().copied().collect();
        let answer = |name: u32| Ok((name, self.effect_among(&stratum.iter().map(|s| *s == name).collect::<Vec<bool>>(), target)?));
        names.into_iter().map(answer).collect()
    }

    /// Score of a row for the outcome with treatment.
    pub(crate) fn score_treated(&self, i: usize) -> f64 {
        let seen = if self.study.treated()[i] { (self.label(i) - self.if_treated[i]) / self.propensity[i] } else { 0.0 };
        self.if_treated[i] + seen
    }

    /// Score of a row for the outcome without.
    pub(crate) fn score_control(&self, i: usize) -> f64 {
        let seen = if self.study.treated()[i] { 0.0 } else { (self.label(i) - self.if_control[i]) / (1.0 - self.propensity[i]) };
        self.if_control[i] + seen
    }

    /// Score of a row for the difference.
    pub(crate) fn gain(&self, i: usize) -> f64 {
        self.score_treated(i) - self.score_control(i)
    }

    /// Score of a row for the effect on the treated, to be divided by the share treated.
    fn gain_of_treated(&self, i: usize) -> f64 {
        let residual = self.label(i) - self.if_control[i];
        if self.study.treated()[i] { residual } else { -self.propensity[i] / (1.0 - self.propensity[i]) * residual }
    }

    fn label(&self, i: usize) -> f64 {
        self.study.set().label()[i]
    }

    /// Rows with their like in the other arm.
    pub(crate) fn keep(&self, target: Target) -> Vec<bool> {
        let low = if target == Target::Everyone { self.limits.low } else { 0.0 };
        self.propensity.iter().map(|e| (low..=self.limits.high).contains(e)).collect()
    }

    fn among(&self, among: &[bool], target: Target) -> Overlap {
        let keep = self.keep(target);
        let balancing = balancing(&self.propensity, self.study.treated(), &keep, target);
        Weighing { study: self.study, propensity: &self.propensity, among, keep: &keep, balancing: &balancing, target }.overlap()
    }

    fn effect_among(&self, among: &[bool], target: Target) -> Result<Answer<Effect>> {
        let entering: Vec<bool> = self.keep(target).into_iter().zip(among).map(|(keep, among)| keep && *among).collect();
        let weight = self.study.set().weight();
        let speaks = |i: usize| target == Target::Everyone || self.study.treated()[i];
        self.among(among, target).unless(&self.limits, |overlap| {
            let rows: Vec<usize> = (0..self.study.len()).filter(|i| entering[*i] && speaks(*i)).collect();
            let total: f64 = rows.iter().map(|i| weight[*i]).sum();
            let score = |i: usize| if target == Target::Everyone { self.gain(i) } else { self.gain_of_treated(i) };
            let sum: f64 = (0..self.study.len()).filter(|i| entering[*i]).map(|i| weight[i] * score(i)).sum();
            let value = sum / total;
            let influence = |i: usize| weight[i] * (score(i) - if speaks(i) { value } else { 0.0 }) / total;
            // Of the treated, the outcome with treatment has been seen.
            let seen = |i: &usize| weight[*i] * if target == Target::Everyone { self.score_treated(*i) } else { self.label(*i) };
            let with = rows.iter().map(seen).sum::<f64>() / total;
            let influences = by_group(self.study.group(), &entering, influence);
            let estimate = Estimate::around(value, error_by_group(&influences), self.reach);
            Ok(Effect {
                estimate,
                with,
                without: with - value,
                rows: rows.len() as u64,
                weight: total,
                groups: influences.len() as u64,
                overlap,
            })
        })
    }
}
