//! Linking inside an ingest: debtors without a number go where their likes are, and back; no identity value goes with them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

mod exports;
#[path = "../imaginary/mod.rs"]
mod imaginary;
mod merges;
mod owned;
mod same;
mod sealed;
#[path = "../town/mod.rs"]
mod town;
mod truth;
mod undone;
