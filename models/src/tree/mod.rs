//! Trees.

pub mod forest;

pub use forest::{Forest, ForestParams};
