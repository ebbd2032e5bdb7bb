//! Learning and nothing else: binning, scorecards, calibration, assessment.
//!
//! This crate knows numbers, not where they come from: no files, no clock, no entropy, no data frames, and none of the words of the trade it
//! serves. A caller hands over a [`TrainingSet`] and gets a [`Model`]; a model with all that is needed to use and to judge it is a
//! [`ModelArtifact`].
//!
//! | module | what it holds |
//! |---|---|
//! | [`data`] | [`Design`], [`FeatureMeta`], [`TrainingSet`]: checked once, on the way in |
//! | [`model`] | [`Params`] → [`Checked`] → [`Model`]: the one list of algorithms |
//! | [`algorithm`] | what an algorithm declares, and refuses |
//! | [`baseline`] | the base rate, the bar that every other model must pass |
//! | [`binning`] | weight of evidence of bins: the best there are, with their certificate, or by quantiles; monotone where asked; categories |
//! | [`linear`] | Newton steps on fixed blocks; the plain logistic and the scorecard built on it; points |
//! | [`points`] | the score as a table of points: exact, in whole points, as SQL |
//! | [`effect`] | what a treatment does, where the data can tell; who gains most; what a ranking is worth |
//! | [`neighbours`] | the records most like one, as a model sees them |
//! | [`calibrate`] | none, Platt, beta or isotonic, chosen on held-out rows; isotonic regression |
//! | [`interval`] | intervals of a probability (delta method, held-out rows alike) and of a share (split conformal, conformalized quantiles) |
//! | [`assess`] | AUC with its interval, KS, Brier and its parts, calibration error, lift, stability, gaps between groups |
//! | [`additive`] | boosted step functions, one a feature, monotone where asked; pairs; prints as a scorecard |
//! | [`explain`] | a score as a sum: base, one figure a feature, nothing left over; the cheapest lawful change that lifts it |
//! | [`tree`] | boosted trees that keep every direction, with the proof; Shapley contributions; the smartcore forest as a challenger |
//! | [`split`] | purged splits by time, folds by hash |
//! | [`support`] | how much of a score rests on values that few training rows had |
//! | [`artifact`] | the model as JSON, named by the hash of its content |
//!
//! Three promises hold for every algorithm and are kept by `tests/contract`: the order of rows, the number of threads and the size of a
//! batch never change a bit of the result; a row of weight 2 is the row twice; what a feature contributes sums to what is predicted.
#![deny(missing_docs)]

pub mod additive;
pub mod algorithm;
pub mod artifact;
pub mod assess;
pub mod baseline;
pub mod binning;
pub mod calibrate;
pub mod data;
pub mod effect;
pub mod error;
mod exact;
pub mod explain;
pub mod interval;
pub mod linear;
pub mod model;
pub mod neighbours;
pub mod points;
pub mod split;
pub mod support;
pub mod tree;

pub use additive::{Additive, AdditiveParams};
pub use algorithm::Traits;
pub use artifact::{Draft, ModelArtifact};
pub use assess::Assessment;
pub use calibrate::{Beta, Calibration, Centred, Isotonic, Platt};
pub use data::{Design, Direction, FeatureMeta, Kind, TrainingSet, Window};
pub use error::{Error, Result};
pub use explain::counterfactual::{Ask, Change, Goal, Plan, Price, Way};
pub use explain::{Contributions, Explanation, Ranked, Reason};
pub use interval::{Conformal, Interval, LocalConformal, QuantileConformal, RateInterval};
pub use linear::{Binning, LinfaParams, LogisticParams, Scale, ScorecardParams};
pub use model::{Checked, Model, Params};
pub use points::PointsTable;
pub use support::{Known, Support, Thin};
pub use tree::{Boost, BoostParams, Forest, ForestParams};
