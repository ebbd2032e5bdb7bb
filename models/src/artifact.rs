//! A model with all that is needed to use it, to judge it and to trace it, as JSON named by the hash of its content.
//!
//! The text is the same bytes for the same content: fields in the order of the types, maps by key, floats exact. Format 1 is kept readable:
//! `tests/reference/artifact-v1.json` must load for ever. A later field that is left out when empty keeps old ids; any other change is a new
//! format, with its migration in [`ModelArtifact::from_json`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::assess::Assessment;
use crate::calibrate::Calibration;
use crate::data::{Design, FeatureMeta, Window, same};
use crate::error::{Error, Result};
use crate::explain::Explanation;
use crate::interval::{Conformal, Interval, RateInterval, normal};
use crate::linear::Scale;
use crate::linear::link::sigmoid;
use crate::model::{Model, Params, same_ids};
use crate::points::PointsTable;
use crate::support::Support;

/// The format this release writes, and the only one it reads.
pub const FORMAT: u32 = 1;

/// A model about to be sealed: everything but the id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// What is predicted, by the caller's name for it.
    pub target: String,
    /// Days over which it is predicted.
    pub horizon_days: u32,
    /// Features in the order of the design.
    pub features: Vec<FeatureMeta>,
    /// First and last training day.
    pub window: Window,
    /// Training rows.
    pub rows: u64,
    /// Of them, with a label of at least one half.
    pub good: u64,
    /// Of them, with a label below one half.
    pub bad: u64,
    /// Seed of the fit.
    pub seed: u64,
    /// How the model was asked for.
    pub params: Params,
    /// The model.
    pub model: Model,
    /// Fitted on held-out rows.
    pub calibration: Calibration,
    /// From calibrated log-odds to points.
    pub scale: Scale,
    /// For a target that is a share: its errors on held-out rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share_interval: Option<Conformal>,
    /// For a probability whose algorithm has no standard error: how sure it is, by held-out rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_interval: Option<RateInterval>,
    /// Which values the training rows had; of models made before nothing is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support: Option<Support>,
    /// The calibrated model on rows seen neither in fitting nor in calibrating.
    pub assessment: Assessment,
    /// The base rate on the same rows.
    pub baseline_assessment: Assessment,
    /// Numbers fitted outside the model that enter features, by name.
    #[serde(with = "crate::exact::map")]
    pub fitted: BTreeMap<String, f64>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

/// A sealed model. Reads as its content (`artifact.target`), which nothing changes without changing its id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelArtifact {
    /// Format of the text, see [`FORMAT`].
    pub format: u32,
    /// First 16 hex digits of the BLAKE3 hash of format and content.
    pub id: String,
    /// The rest.
    pub content: Draft,
}

impl std::ops::Deref for ModelArtifact {
    type Target = Draft;

    fn deref(&self) -> &Draft {
        &self.content
    }
}

impl Draft {
    /// Checks that the parts go together, gives the model its id, and reads it back once: what is sealed can be loaded.
    ///
    /// # Errors
    /// [`Error::Contradiction`], [`Error::Parameter`] or [`Error::Features`] naming what does not; [`Error::Json`] for a number without a
    /// text, such as NaN.
    pub fn seal(self) -> Result<ModelArtifact> {
        self.check()?;
        let artifact = ModelArtifact { format: FORMAT, id: self.id(FORMAT)?, content: self };
        ModelArtifact::from_json(&artifact.to_json()?)?;
        Ok(artifact)
    }

    fn id(&self, format: u32) -> Result<String> {
        let text = serde_json::to_string(&(format, self))?;
        Ok(blake3::hash(text.as_bytes()).to_hex()[..16].to_owned())
    }

    fn check(&self) -> Result<()> {
        self.params.check()?;
        self.scale.check()?;
        self.calibration.check()?;
        self.model.check()?;
        self.share_interval.as_ref().map_or(Ok(()), Conformal::check)?;
        self.rate_interval.as_ref().map_or(Ok(()), RateInterval::check)?;
        self.support.as_ref().map_or(Ok(()), |support| support.check(self.features.len()))?;
        same_ids(&self.features, &self.model.features())?;
        if !self.model.is_of(&self.params) {
            return Err(Error::Contradiction { what: "the model is of another algorithm than its parameters".to_owned() });
        }
        if self.good.checked_add(self.bad) != Some(self.rows) {
            return Err(Error::Contradiction { what: format!("{} good and {} bad rows of {}", self.good, self.bad, self.rows) });
        }
        Ok(())
    }
}

impl ModelArtifact {
    /// The artifact as text: the same bytes for the same content, with a newline at the end.
    ///
    /// # Errors
    /// [`Error::Json`], in practice never for a sealed artifact.
    pub fn to_json(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// Reads what [`ModelArtifact::to_json`] wrote.
    ///
    /// # Errors
    /// [`Error::Format`] for another format, before anything else is looked at; [`Error::Json`] with line and column for text that is not an
    /// artifact; [`Error::Identity`] if the content was changed; [`Error::Contradiction`] if its parts do not go together.
    pub fn from_json(text: &str) -> Result<Self> {
        #[derive(Deserialize)]
        struct Head {
            format: u64,
        }
        let Head { format } = serde_json::from_str(text)?;
        if format != u64::from(FORMAT) {
            let remedy = if format > u64::from(FORMAT) { "use the release that wrote it, or a later one" } else { "train a new model" };
            return Err(Error::Format { found: format, expected: FORMAT, remedy });
        }
        let artifact: ModelArtifact = serde_json::from_str(text)?;
        let expected = artifact.content.id(artifact.format)?;
        if artifact.id != expected {
            return Err(Error::Identity { found: artifact.id, expected });
        }
        artifact.content.check()?;
        Ok(artifact)
    }

    /// Whether these features are those it was trained on: ids, versions, units, directions and order.
    ///
    /// # Errors
    /// [`Error::Features`] naming the first difference.
    pub fn fits(&self, features: &[FeatureMeta]) -> Result<()> {
        let name = |f: Option<&FeatureMeta>| {
            f.map_or("none".to_owned(), |f| format!("{} version {} in {:?}, direction {:?}", f.id, f.version, f.unit, f.direction))
        };
        for position in 0..features.len().max(self.features.len()) {
            let (given, wanted) = (features.get(position), self.features.get(position));
            if given != wanted {
                return Err(Error::Features { position, found: name(given), expected: name(wanted) });
            }
        }
        Ok(())
    }

    /// Calibrated probability (or share), one a row.
    ///
    /// # Errors
    /// [`Error::Features`], as [`ModelArtifact::fits`].
    pub fn predict(&self, design: &Design) -> Result<Vec<f64>> {
        self.fits(design.features())?;
        Ok(self.calibration.contributions(&self.model.contributions(design)?).logits().into_iter().map(sigmoid).collect())
    }

    /// As [`ModelArtifact::predict`] but for the last digits: by the shortest way, not as the sum of what features contribute. Of trees that is twenty times
    /// as fast; for a search among many rows, whose answer `predict` then confirms.
    ///
    /// # Errors
    /// As [`ModelArtifact::predict`].
    pub fn predict_about(&self, design: &Design) -> Result<Vec<f64>> {
        self.fits(design.features())?;
        Ok(self.model.logit(design)?.into_iter().map(|logit| sigmoid(self.calibration.apply(logit))).collect())
    }

    /// Calibrated probability with its interval at `level`, one a row: by the delta method, with what calibration adds; where the artifact holds
    /// a [`RateInterval`], by held-out rows alike; where it holds a [`Conformal`], the interval in which the share itself should lie. It always
    /// holds the estimate.
    ///
    /// # Errors
    /// As [`ModelArtifact::predict`], and [`Error::Parameter`] unless 0 < level < 1, or, with a [`Conformal`], unless `level` is its level.
    pub fn predict_interval(&self, design: &Design, level: f64) -> Result<Vec<Interval>> {
        self.interval_around(design, self.predict(design)?, level)
    }

    /// The intervals of [`ModelArtifact::predict_interval`] around `p`, which is what [`ModelArtifact::predict`] or [`ModelArtifact::explain`] gave for these
    /// rows: who has it need not have it reckoned twice.
    ///
    /// # Errors
    /// As [`ModelArtifact::predict_interval`], and [`Error::Shape`] for another number of rows.
    pub fn interval_around(&self, design: &Design, p: Vec<f64>, level: f64) -> Result<Vec<Interval>> {
        let reach = normal::two_sided(level)?;
        self.fits(design.features())?;
        same("probabilities", p.len(), design.rows())?;
        if let Some(conformal) = &self.share_interval {
            if conformal.level != level {
                return Err(Error::Parameter { name: "level", found: level, expected: "the level of the artifact's share interval" });
            }
            return Ok(p.into_iter().map(|p| conformal.interval(p)).collect());
        }
        if let Some(rate) = &self.rate_interval {
            return p.into_iter().map(|p| rate.interval(p, level)).collect();
        }
        let logits = self.model.logit(design)?;
        let errors = self.model.standard_error(design)?;
        let interval = |((p, logit), error)| {
            let around = Interval::on_logit(self.calibration.apply(logit), reach * self.calibration.standard_error(logit, error));
            // The estimate is the one that `predict` gives, to the last bit.
            Interval { low: around.low.min(p), estimate: p, high: around.high.max(p) }
        };
        Ok(p.into_iter().zip(logits).zip(errors).map(interval).collect())
    }

    /// The score as a table of points, to print, to round, or to run in a database.
    ///
    /// # Errors
    /// As [`PointsTable::new`].
    pub fn points(&self) -> Result<PointsTable> {
        PointsTable::new(&self.model, &self.calibration, &self.scale)
    }

    /// Calibrated predictions as sums of features, in log-odds and in points.
    ///
    /// # Errors
    /// As [`ModelArtifact::predict`].
    pub fn explain(&self, design: &Design) -> Result<Explanation> {
        self.fits(design.features())?;
        let calibrated = self.calibration.contributions(&self.model.contributions(design)?);
        let ids = self.features.iter().map(|f| f.id.clone()).collect();
        Ok(Explanation::new(ids, design.x().clone(), calibrated, &self.scale))
    }
}
