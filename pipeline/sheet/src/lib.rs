//! A document in, bytes out: the paper luheng lays before a judge.
//!
//! The flow says *what* is printed, as a [`Doc`] of [`Block`]s; this crate says how it looks: one self-contained HTML file (no script, no
//! network, readable on a phone, printable on A4) or plain text for a terminal. It knows nothing of courts, cases or ratings, does no
//! input or output, and gives the same bytes for the same document.
#![deny(missing_docs)]

pub mod chart;
pub mod doc;
pub mod error;
pub mod html;
mod style;
pub mod text;

pub use doc::{Align, Axis, Bar, Basis, Bi, Block, Cell, Doc, Fact, Figure, Head, Interval, Page, Step, Tone, Turn};
pub use error::{Error, Result};
