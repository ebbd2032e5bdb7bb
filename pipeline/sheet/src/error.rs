//! What can be wrong with a document: it names the block, so that the caller's code can be found.

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a document could not be rendered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A row of a table has another number of cells than the table has columns.
    #[error("table \"{table}\", row {row}: found {found} cells, expected {expected}, one for each column")]
    RowLength {
        /// The caption of the table, or the heading of its first column.
        table: String,
        /// The row, counted from 1.
        row: usize,
        /// How many cells it has.
        found: usize,
        /// How many columns the table has.
        expected: usize,
    },
    /// A heading has a level that the page does not style.
    #[error("heading \"{text}\": found level {level}, expected 2, 3 or 4 (the title is level 1)")]
    HeadingLevel {
        /// The Chinese text of the heading.
        text: String,
        /// The level that was asked for.
        level: u8,
    },
    /// The template engine gave up: a fault of this crate, not of the document.
    #[error("the page template failed: {0}")]
    Template(#[from] askama::Error),
}
