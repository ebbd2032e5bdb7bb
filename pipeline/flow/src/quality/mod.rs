//! How good the night's data was: what came in, what was turned away and why, how each table and column is filled and spread, how far it has moved
//! since the last published night, which channels answer, which steps are overdue; and the gates that hold a night back.
//!
//! A bucket gives [`sums`], which add up; [`whole`] makes the figures of them; [`crate::report::quality`] prints those. Nothing here names a person, a
//! case or a document, so that `quality.json` and `quality.html` may be read where all else is encrypted.

mod bucket;
pub mod figures;
pub mod gates;
pub mod shift;
pub mod sketch;
pub mod sums;
mod turned_away;
mod whole;

pub use bucket::of_bucket;
pub use figures::Quality;
pub use turned_away::rules;
pub use whole::{figures_of, last_published};
