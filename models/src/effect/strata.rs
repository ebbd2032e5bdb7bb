//! Differences within strata: like is held against like, and nothing else is assumed.

use serde::{Deserialize, Serialize};

use super::learner::learn;
use super::overlap::Weighing;
use super::{Answer, Effect, Estimate, Limits, Overlap, Study, Target};
use crate::error::{Error, Result};
use crate::linear::LogisticParams;
use crate::model::Params;

/// How to subclassify by the propensity score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Subclasses {
    /// The model of treatment, fitted once on all rows; a logistic regression by default.
    pub propensity: Params,
    /// Seed of the model.
    pub seed: u64,
    /// Strata of equal weight among those asked for. 1 to 1,000, default 5: five take away nine tenths of the bias of one feature (Cochran 1968).
    pub strata: u32,
    /// Whose effect is asked for.
    pub target: Target,
    /// Where the data are taken to be able to tell. `low` and `high` stay out of it: a stratum without one of the arms speaks for itself.
    pub limits: Limits,
    /// Fewest groups of each arm in a stratum. At least 2, default 10.
    pub min_groups: u32,
}

impl Default for Subclasses {
    fn default() -> Self {
        Subclasses {
            propensity: Params::Logistic(LogisticParams::default()),
            seed: 1,
            strata: 5,
            target: Target::Everyone,
            limits: Limits::default(),
            min_groups: 10,
        }
    }
}

/// One stratum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stratum {
    /// Its number.
    pub stratum: u32,
    /// Least propensity in it.
    pub low: f64,
    /// Greatest propensity in it.
    pub high: f64,
    /// Its share of the weight of those asked for.
    pub share: f64,
    /// Difference of mean outcomes, with Neyman's variance; or why there is none.
    pub difference: Answer<Estimate>,
}

/// An effect by strata.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stratified {
    /// Average of the strata that have an answer, by their share of those asked for; the rest counts as left out. Or why there is none.
    pub effect: Answer<Effect>,
    /// All strata, ascending.
    pub strata: Vec<Stratum>,
}

impl Subclasses {
    /// Fits the propensity, cuts it, and compares within.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a number out of its range, and those of the model.
    pub fn fit(&self, study: &Study) -> Result<Stratified> {
        if !(1..=1000).contains(&self.strata) {
            return Err(Error::Parameter { name: "strata", found: f64::from(self.strata), expected: "1 to 1000" });
        }
        let propensity = self.scores(study)?;
        let asked = |i: &usize| self.target == Target::Everyone || study.treated()[*i];
        let mut rows: Vec<usize> = (0..study.len()).filter(asked).collect();
        rows.sort_by(|a, b| propensity[*a].total_cmp(&propensity[*b]).then(a.cmp(b)));
        let total: f64 = rows.iter().map(|i| study.set().weight()[*i]).sum();
        let (mut below, mut cuts) = (0.0, Vec::new());
        for i in rows {
            below += study.set().weight()[i];
            if below >= (cuts.len() + 1) as f64 / f64::from(self.strata) * total * (1.0 - 1e-9) && cuts.last() != Some(&propensity[i]) {
                cuts.push(propensity[i]);
            }
        }
        // The last cut is the greatest of those asked for; what lies above it, nobody asked for, belongs to the last stratum.
        cuts.pop();
        let stratum: Vec<u32> = propensity.iter().map(|e| cuts.partition_point(|cut| cut < e) as u32).collect();
        self.compare(study, &propensity, &stratum)
    }

    /// Compares within given strata, `stratum` with one entry a row of the study: exact where the strata are all that led to the treatment.
    ///
    /// # Errors
    /// [`Error::Shape`] for another length, and as [`Subclasses::fit`].
    pub fn within(&self, study: &Study, stratum: &[u32]) -> Result<Stratified> {
        let stratum = study.inwards("strata", stratum)?;
        self.compare(study, &self.scores(study)?, &stratum)
    }

    fn scores(&self, study: &Study) -> Result<Vec<f64>> {
        let set = study.by_treatment()?;
        learn(&self.propensity.check()?, self.seed, &set, set.design())
    }

    fn compare(&self, study: &Study, propensity: &[f64], stratum: &[u32]) -> Result<Stratified> {
        let reach = self.limits.check()?;
        if self.min_groups < 2 {
            return Err(Error::Parameter { name: "min_groups", found: f64::from(self.min_groups), expected: "2 or more" });
        }
        let weight = study.set().weight();
        let asked: f64 = (0..study.len()).filter(|i| self.target == Target::Everyone || study.treated()[*i]).map(|i| weight[i]).sum();
        let mut names: Vec<u32> = stratum.to_vec();
        names.sort_unstable();
        names.dedup();
        let mut sum = Sum { keep: vec![false; study.len()], balancing: vec![0.0; study.len()], ..Sum::default() };
        let mut strata = Vec::new();
        for name in names {
            let among: Vec<bool> = stratum.iter().map(|s| *s == name).collect();
            let apart = Apart::of(study, &among);
            let share = if self.target == Target::Everyone { apart.weight[0] + apart.weight[1] } else { apart.weight[1] } / asked;
            let seen = self.look(study, propensity, &among, &among, &among.iter().map(|a| f64::from(u8::from(*a))).collect::<Vec<_>>());
            let limits = Limits { min_effective: f64::from(self.min_groups), max_imbalance: f64::INFINITY, ..self.limits };
            let within = (0..study.len()).filter(|i| among[*i]).map(|i| propensity[i]);
            let (low, high) = within.fold((1.0_f64, 0.0_f64), |(low, high), e| (low.min(e), high.max(e)));
            let difference = seen.unless(&limits, |_| Ok::<_, Error>(Estimate::around(apart.difference, apart.error(), reach)))?;
            if difference.as_estimated().is_some() {
                sum.add(study, &apart, &among, share);
            }
            strata.push(Stratum { stratum: name, low, high, share, difference });
        }
        let effect = self.overall(study, propensity, &sum, reach)?;
        Ok(Stratified { effect, strata })
    }

    fn overall(&self, study: &Study, propensity: &[f64], sum: &Sum, reach: f64) -> Result<Answer<Effect>> {
        let overlap = self.look(study, propensity, &vec![true; study.len()], &sum.keep, &sum.balancing);
        overlap.unless(&self.limits, |overlap| {
            let kept = |i: &usize| sum.keep[*i] && (self.target == Target::Everyone || study.treated()[*i]);
            let rows: Vec<usize> = (0..study.len()).filter(kept).collect();
            let influence: Vec<f64> = sum.influence.values().map(|u| u / sum.share).collect();
            let with = sum.with / sum.share;
            Ok(Effect {
                with,
                without: with - sum.value / sum.share,
                estimate: Estimate::around(sum.value / sum.share, norm(&influence), reach),
                rows: rows.len() as u64,
                weight: rows.iter().map(|i| study.set().weight()[*i]).sum(),
                groups: influence.len() as u64,
                overlap,
            })
        })
    }

    fn look(&self, study: &Study, propensity: &[f64], among: &[bool], keep: &[bool], balancing: &[f64]) -> Overlap {
        Weighing { study, propensity, among, keep, balancing, target: self.target }.overlap()
    }
}

/// Strata added up, each by its share.
#[derive(Default)]
struct Sum {
    value: f64,
    /// Mean outcome with treatment.
    with: f64,
    share: f64,
    influence: std::collections::BTreeMap<usize, f64>,
    keep: Vec<bool>,
    balancing: Vec<f64>,
}

impl Sum {
    fn add(&mut self, study: &Study, apart: &Apart, among: &[bool], share: f64) {
        self.value += share * apart.difference;
        self.with += share * apart.with;
        self.share += share;
        // A group may have rows in several strata: its influences add up before they are squared.
        apart.influence.iter().for_each(|(group, u)| *self.influence.entry(*group).or_insert(0.0) += share * u);
        for i in (0..study.len()).filter(|i| among[*i]) {
            self.keep[i] = true;
            self.balancing[i] = share / apart.weight[usize::from(study.treated()[i])];
        }
    }
}

/// The arms of some rows held against each other.
struct Apart {
    /// Weight of the control arm and of the treated.
    weight: [f64; 2],
    difference: f64,
    /// Mean outcome of the treated.
    with: f64,
    /// Influence of each group, with the arms' factors G / (G − 1) within: where no group has rows in both arms, the root of the sum of squares
    /// is Neyman's s₁²/n₁ + s₀²/n₀.
    influence: Vec<(usize, f64)>,
}

impl Apart {
    fn of(study: &Study, among: &[bool]) -> Self {
        let (weight, label, group) = (study.set().weight(), study.set().label(), study.group());
        let rows: Vec<usize> = (0..study.len()).filter(|i| among[*i]).collect();
        let arm = |i: usize| usize::from(study.treated()[i]);
        let (mut n, mut sum, mut groups, mut last) = ([0.0; 2], [0.0; 2], [0.0_f64; 2], [None; 2]);
        for i in rows.iter().copied() {
            n[arm(i)] += weight[i];
            sum[arm(i)] += weight[i] * label[i];
            if last[arm(i)] != Some(group[i]) {
                groups[arm(i)] += 1.0;
                last[arm(i)] = Some(group[i]);
            }
        }
        let mean = [sum[0] / n[0], sum[1] / n[1]];
        let factor = groups.map(|g| if g > 1.0 { (g / (g - 1.0)).sqrt() } else { f64::INFINITY });
        let mut influence: Vec<(usize, f64)> = Vec::new();
        for i in rows {
            let sign = if study.treated()[i] { 1.0 } else { -1.0 };
            let part = sign * factor[arm(i)] * weight[i] * (label[i] - mean[arm(i)]) / n[arm(i)];
            match influence.last_mut() {
                Some((g, u)) if *g == group[i] => *u += part,
                _ => influence.push((group[i], part)),
            }
        }
        Apart { weight: n, difference: mean[1] - mean[0], with: mean[1], influence }
    }

    fn error(&self) -> f64 {
        norm(&self.influence.iter().map(|(_, u)| *u).collect::<Vec<_>>())
    }
}

fn norm(influence: &[f64]) -> f64 {
    influence.iter().map(|u| u * u).sum::<f64>().sqrt()
}
