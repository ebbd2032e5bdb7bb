//! luheng 履衡: exports in; ratings, suggestions, the 万人失信率 and score sheets out.
//!
//! Reading order: [`cutoff`] (what was known when), [`features`], [`haircut`], [`means`], [`standing`], [`disposals`], [`targets`], [`train`], [`score`], [`alike`],
//! [`suggest`], [`metrics`], [`report`], [`validate`]; then [`stage`], [`run`], [`driver`], [`night`] and [`cli`] run them. `pipeline/README.md` draws the whole.

pub mod acts;
pub mod alike;
pub mod bundle;
pub mod cli;
pub mod compare;
pub mod conduct;
pub mod config;
pub mod context;
pub mod cutoff;
pub mod disposals;
pub mod driver;
pub mod error;
pub mod event;
pub mod features;
#[cfg(test)]
mod fixture;
pub mod frame;
pub mod haircut;
pub mod intake;
pub mod learn;
pub mod means;
pub mod metrics;
pub mod night;
pub mod party;
pub mod procedure;
pub mod progress;
pub mod publish;
pub mod quality;
pub mod rating;
pub mod report;
pub mod run;
pub mod score;
pub mod stage;
pub mod standing;
pub mod suggest;
pub mod synth;
pub mod tables;
pub mod targets;
pub mod train;
pub mod validate;
pub mod wording;
