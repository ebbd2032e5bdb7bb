//! Regional figures, cases, debtors, worklist and alerts: what a court reads over many ratings at once.
//!
//! A bucket gives three small inner tables in one pass ([`of_bucket`]); everything here then takes whole tables and gives the published one:
//! [`regional::regional`], [`cases::cases`], [`debtors::debtors`], [`worklist::worklist`], [`oversight::oversight`], [`changes::of_ratings`] and [`alerts::alerts`].
//! To add a regional figure, add an entry to [`definitions::METRICS`].

pub mod alerts;
pub mod bucket;
pub mod case_facts;
pub mod cases;
pub mod changes;
pub mod counts;
pub mod debtors;
pub mod definitions;
pub mod grid;
pub mod interval;
pub mod joint;
pub mod oversight;
pub mod party;
pub mod places;
pub mod regional;
pub mod smooth;
pub mod suppress;
pub mod worklist;

pub use bucket::{OfBucket, of_bucket};
pub use definitions::dictionary;
