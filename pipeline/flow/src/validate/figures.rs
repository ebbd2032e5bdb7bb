//! What the report holds, as it is written to `backtest.json`. Nothing in it names a person, a case or a document; figures of few are left out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Format of the file; another is not read.
pub const FORMAT: u32 = 1;

/// The report of one bundle.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Report {
    /// [`FORMAT`].
    pub format: u32,
    /// The bundle judged.
    pub model_id: String,
    /// `first` (a trial model), `person` (approved) or `proposed`.
    pub basis: String,
    /// The day up to which outcomes are known, `YYYY-MM-DD`.
    pub as_of: String,
    /// Level of the intervals.
    pub level: f64,
    /// Fewest debtors of whom a figure is given where people are told apart.
    pub min_group: u64,
    /// One for each rating.
    pub axes: Vec<Axis>,
    /// Names of the counties in it.
    pub region_names: BTreeMap<String, String>,
    /// Parties rated on the day, for [`Report::channels`].
    pub rated_parties: u64,
    /// What becomes of the grades without a channel's answers.
    pub channels: Vec<Channel>,
    /// The haircuts are of sales known before this day, also where earlier periods are judged; none: the catalog's, or nothing was learned.
    #[serde(default)]
    pub haircuts_before: Option<String>,
    /// Every limit of the configuration, kept or broken.
    pub gates: Vec<Gate>,
}

/// One rating through time.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Axis {
    /// `capacity`, `willingness`, `recovery`.
    pub axis: String,
    /// `judged`; `no_evidence`: the bundle has no model of it; `not_judged`: no outcome was known early enough.
    pub status: String,
    /// Why it was not judged.
    pub why: Option<String>,
    /// Id of the model.
    pub model: Option<String>,
    /// Its algorithm, with which every period is fitted anew.
    pub algorithm: Option<String>,
    /// Days of the outcome window.
    pub horizon_days: i32,
    /// Share from which an outcome is good.
    pub good_share: f64,
    /// Its features.
    pub features: Vec<String>,
    /// `month` or `quarter`.
    pub span: String,
    /// Whether each period's model learned only outcomes known before the period.
    pub purged: bool,
    /// Period by period, the earliest first.
    pub periods: Vec<Period>,
    /// Periods in which no model could be fitted: name and reason.
    pub skipped: Vec<(String, String)>,
    /// All periods together.
    pub pooled: Option<Figures>,
    /// What the intervals of a share held, all periods together.
    pub coverage: Option<Held>,
    /// What came of each band of probability.
    pub bands: Vec<Band>,
    /// New and returning debtors; rows with and without assumed days.
    pub slices: Vec<Slice>,
    /// By court.
    pub courts: Vec<Slice>,
    /// By county of residence.
    pub counties: Vec<Slice>,
    /// What is to be expected of ratings whose outcome is not known yet.
    pub expected: Option<Expected>,
    /// How far such an estimate lay from what came, period by period: mean distance of the areas under the curve.
    pub expected_error: Option<f64>,
    /// The newest landmarks against those learned from.
    pub stability: Option<Moved>,
    /// Groups of people against the rest.
    pub groups: Vec<Attribute>,
    /// Features that tell a group apart.
    pub follows: Vec<Follows>,
    /// Rows alike in every feature and unlike in group.
    pub equal_facts: Vec<EqualFacts>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

/// A figure with the ends of its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The figure.
    pub value: f64,
    /// Lower end.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

/// Predicted against what came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Landmarks.
    pub rows: u64,
    /// Their debtors.
    pub debtors: u64,
    /// Mean outcome.
    pub base_rate: f64,
    /// Mean prediction.
    pub mean_predicted: f64,
    /// Area under the curve; its interval counts by debtor.
    pub auc: Option<Measured>,
    /// Kolmogorov–Smirnov.
    pub ks: Option<f64>,
    /// Mean squared error.
    pub brier: f64,
    /// Mean distance of prediction and rate over ten bins.
    pub calibration_error: f64,
    /// Slope of outcome on predicted log-odds; 1 is right.
    pub calibration_slope: Option<f64>,
}

/// What intervals held.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// Share they were made for.
    pub level: f64,
    /// Share of outcomes inside.
    pub held: f64,
    /// Share below.
    pub below: f64,
    /// Share above.
    pub above: f64,
    /// Mean width.
    pub mean_width: f64,
}

/// One period.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Period {
    /// `2025-03` or `2025-Q1`.
    pub period: String,
    /// Rows its model learned from.
    pub learned: u64,
    /// What came.
    pub figures: Figures,
    /// Coverage, where the target is a share.
    pub coverage: Option<Held>,
    /// What could be expected of it before outcomes were known.
    pub expected: Option<Expected>,
    /// Its scores against those of the rows learned from.
    pub psi: Shift,
    /// Features against the rows learned from, in order of the features.
    pub csi: Vec<Shift>,
}

/// How far something moved: population or characteristic stability index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shift {
    /// `score`, or the feature.
    pub of: String,
    /// The index.
    pub psi: f64,
    /// What chance alone exceeds once in twenty times.
    pub limit: f64,
}

/// The newest landmarks against those learned from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Moved {
    /// Rows learned from.
    pub learned: u64,
    /// Newest landmarks.
    pub newest: u64,
    /// Their scores by the model itself.
    pub psi: Shift,
    /// Features, the farthest moved first.
    pub csi: Vec<Shift>,
}

/// Rows whose prediction lies in a grade's band.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Band {
    /// 1 to 5.
    pub grade: usize,
    /// Rows.
    pub rows: u64,
    /// Their mean prediction.
    pub mean_predicted: Option<f64>,
    /// Their mean outcome.
    pub rate: Option<f64>,
}

/// Some of the rows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Slice {
    /// Which.
    pub name: String,
    /// Their figures; none where they are of too few.
    pub figures: Option<Figures>,
}

/// Worth of predictions whose outcomes are not known, if they mean what they say.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Expected {
    /// Landmarks.
    pub rows: u64,
    /// Mean prediction.
    pub rate: f64,
    /// Expected area under the curve.
    pub auc: Option<Measured>,
    /// Expected Brier score; none of a share, whose spread its mean does not tell.
    pub brier: Option<Measured>,
}

/// One attribute.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attribute {
    /// `sex`, `age`, `kind`, `county`, `urban`, `registered`.
    pub attribute: String,
    /// Rows of whom it is not known; none where these are few.
    pub unknown: Option<u64>,
    /// Its groups.
    pub groups: Vec<GroupRow>,
}

/// One group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GroupRow {
    /// Which.
    pub group: String,
    /// Its debtors; none where they are too few, and then nothing else is said.
    pub debtors: Option<u64>,
    /// Its figures.
    pub own: Option<GroupFigures>,
    /// Its figures less those of all others.
    pub gap: Option<GroupFigures>,
}

/// Figures of a group.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct GroupFigures {
    /// Mean prediction.
    pub mean_predicted: Measured,
    /// Mean outcome.
    pub mean_outcome: Measured,
    /// Mean prediction less mean outcome: above 0 the group is rated too high.
    pub calibration_gap: Measured,
    /// Share rated able, or willing (grades 4 and 5).
    pub selection_rate: Measured,
    /// Area under the curve within it.
    pub auc: Option<Measured>,
}

/// How well a feature tells a group from the others.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Follows {
    /// The attribute.
    pub attribute: String,
    /// The group.
    pub group: String,
    /// The feature.
    pub feature: String,
    /// 2 AUC − 1 of the feature as a test for the group, −1 to 1: 0 tells nothing.
    pub gini: Measured,
    /// Whether that is so much that the feature stands in for the attribute.
    pub is_proxy: bool,
}

/// Rows alike in every feature, of several groups.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EqualFacts {
    /// The attribute.
    pub attribute: String,
    /// Pairs of rows of two groups with equal facts.
    pub pairs: u64,
    /// Greatest difference of their probabilities; none without pairs.
    pub greatest_difference: Option<f64>,
}

/// Grades without one channel's answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Channel {
    /// The channel.
    pub channel: String,
    /// `capacity` or `willingness`.
    pub axis: String,
    /// Parties whose grade or status changes.
    pub changed: u64,
    /// From what to what, and how many.
    pub changes: Vec<(String, String, u64)>,
}

/// One limit of the configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    /// Its key.
    pub gate: String,
    /// The rating.
    pub axis: String,
    /// Where the figure stands: a group, or empty.
    pub place: String,
    /// The figure; none where it could not be found.
    pub found: Option<f64>,
    /// The limit.
    pub limit: f64,
    /// Whether the model is held back by it.
    pub is_broken: bool,
}

impl Report {
    /// As JSON.
    ///
    /// # Errors
    /// A number that JSON cannot hold.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string_pretty(self).map(|text| text + "\n").map_err(|e| Error::Fault(format!("backtest.json: {e}")))
    }
}
