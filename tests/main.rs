//! The tests that need the whole house, in one binary so that it is linked once.
//! `house` holds the rules; the others run the batch and look at what it leaves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking and may look at any file"
)]

mod alike;
mod compare;
mod crash;
mod cutoff;
mod encryption;
mod exits;
mod foretold;
mod golden;
mod grounds;
mod haircuts;
mod house;
mod identity;
mod invariance;
mod labels;
mod linked;
mod means;
mod never;
mod nightly;
mod nights;
mod paths;
mod quality;
mod rejects;
mod retention;
mod rewrite;
mod support;
mod town;
mod truth;
mod unseen;
mod validate;
mod verify;
