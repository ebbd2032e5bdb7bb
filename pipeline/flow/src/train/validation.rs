//! `validation.json`: what a bundle is worth on rows it never saw, by axis and by grade.

use std::collections::BTreeMap;

use luheng_models::{Assessment, ModelArtifact};
use serde::Serialize;

use super::calibrate::Calibrated;
use super::censor::Censored;
use super::compete::Entrant;
use super::cross::Cross;
use super::fit::Judged;
use super::held::{Grade, Held, Part};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::haircut::Haircuts;
use crate::rating::Spec;

/// Format of the file.
const FORMAT: u32 = 3;

/// Validation of a bundle.
#[derive(Debug, Serialize)]
pub struct Validation {
    format: u32,
    /// The bundle.
    pub model_id: String,
    /// The day it was trained as of.
    pub as_of: String,
    train_until: Option<String>,
    pub(super) axes: Vec<Axis>,
    /// What a thing brings of its reckoned value, by class: the law's value and what was learned.
    pub(super) haircuts: Option<Haircuts>,
    /// The words of each class, for the card.
    #[serde(skip)]
    pub(super) class_names: BTreeMap<String, String>,
    /// The two axes beside each other; null where too few rows were assessed on both.
    pub(super) cross_axis: Option<Cross>,
}

#[derive(Debug, Serialize)]
pub(super) struct Axis {
    pub(super) axis: String,
    pub(super) status: &'static str,
    pub(super) why: Option<String>,
    pub(super) model: Option<String>,
    pub(super) horizon_days: i32,
    pub(super) good_share: f64,
    pub(super) train_rows: u64,
    pub(super) train_good: u64,
    pub(super) train_bad: u64,
    pub(super) assessed_rows: usize,
    pub(super) assessment: Option<Assessment>,
    pub(super) baseline: Option<Assessment>,
    pub(super) by_grade: Vec<Grade>,
    /// Which algorithm, and why.
    pub(super) champion: Option<&'static str>,
    pub(super) why_champion: Option<String>,
    /// All that competed, from the most to the least explainable.
    pub(super) entrants: Vec<Entrant>,
    pub(super) calibration: Option<Calibrated>,
    /// What the intervals held on the assessing rows.
    pub(super) intervals: Option<Held>,
    /// Debtors met for the first time, and those the model learned from in this case or another.
    pub(super) debtors: Vec<Part>,
    /// Rows by the share of their score that rests on values few training rows had.
    pub(super) support: Vec<Part>,
    pub(super) censored: Option<Censored>,
    /// Share of all points by family of fact.
    pub(super) points_by_family: BTreeMap<&'static str, f64>,
    pub(super) notes: Vec<String>,
}

impl Validation {
    /// An empty validation of a run.
    pub fn new(ctx: &Context) -> Self {
        Self {
            format: FORMAT,
            model_id: String::new(),
            as_of: luheng_lake::columns::day::format(ctx.as_of),
            train_until: ctx.config.rating.train_until.clone(),
            axes: Vec::new(),
            haircuts: None,
            class_names: ctx.codes.codes("assets.class").map(|(code, label)| (code.to_owned(), label.zh.clone())).collect(),
            cross_axis: None,
        }
    }

    /// Adds an axis that has a model.
    ///
    /// # Errors
    /// Those of judging.
    pub fn add(&mut self, spec: &Spec, artifact: &ModelArtifact, judged: Judged) -> Result<()> {
        let held = &judged.held_out;
        self.axes.push(Axis {
            status: "rated",
            model: Some(artifact.id.clone()),
            train_rows: artifact.rows,
            train_good: artifact.good,
            train_bad: artifact.bad,
            assessed_rows: held.p.len(),
            assessment: Some(artifact.assessment.clone()),
            baseline: Some(artifact.baseline_assessment.clone()),
            by_grade: held.by_grade(),
            champion: Some(artifact.params.name()),
            why_champion: Some(judged.why),
            entrants: judged.entrants,
            calibration: Some(judged.calibration),
            intervals: Some(judged.held),
            debtors: held.parts()?,
            support: judged.support,
            censored: Some(judged.censored),
            points_by_family: judged.families,
            notes: artifact.notes.clone(),
            ..Axis::empty(spec)
        });
        Ok(())
    }

    /// Adds an axis that has none, with the figures of the model that was not good enough.
    pub fn unrated(&mut self, spec: &Spec, why: &str, assessment: Option<Assessment>) {
        self.axes.push(Axis { why: Some(why.to_owned()), assessment, ..Axis::empty(spec) });
    }

    /// Sets the two axes beside each other.
    pub fn set_beside(&mut self, cross: Option<Cross>) {
        self.cross_axis = cross;
    }

    /// The model card as HTML.
    ///
    /// # Errors
    /// A page that cannot be rendered.
    pub fn card(&self) -> Result<String> {
        super::card::card(self)
    }

    /// As JSON.
    ///
    /// # Errors
    /// A number that JSON cannot hold.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string_pretty(self).map_err(|e| Error::Fault(format!("validation: {e}")))
    }
}

impl Axis {
    fn empty(spec: &Spec) -> Self {
        Self {
            axis: spec.id.clone(),
            status: "no_evidence",
            why: None,
            model: None,
            horizon_days: spec.horizon_days,
            good_share: spec.good_share,
            train_rows: 0,
            train_good: 0,
            train_bad: 0,
            assessed_rows: 0,
            assessment: None,
            baseline: None,
            by_grade: Vec::new(),
            champion: None,
            why_champion: None,
            entrants: Vec::new(),
            calibration: None,
            intervals: None,
            debtors: Vec::new(),
            support: Vec::new(),
            censored: None,
            points_by_family: BTreeMap::new(),
            notes: Vec::new(),
        }
    }
}
