//! luheng-lake: raw exports in, trusted and pseudonymous Parquet out; the only crate that touches files.
//!
//! Read in this order: [`columns`] (the table in memory), [`schema`] (what a table may hold), [`ingest`] (exports to lake), [`store`]
//! (everything that is written, atomically); [`link`] stands beside them: who is who where no number says so.
#![deny(missing_docs)]

pub mod bucket;
pub mod catalog;
pub mod columns;
pub mod error;
pub mod ingest;
pub mod link;
pub mod schema;
// The one place of the house that may touch files, environment and entropy: clippy.toml bans them everywhere else.
#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod store;

pub use error::{Error, Result};
