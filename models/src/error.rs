//! What can go wrong in learning. Each message says what was found, what was expected and, where there is one, the remedy; it is a
//! fragment in small letters, so that a caller can put the place before it.

/// The result of every fallible call of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// A refusal. Nothing in this crate panics on its input.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Two things that must be of one length or width are not.
    #[error("{what}: found {found}, expected {expected}")]
    Shape {
        /// What was counted.
        what: &'static str,
        /// The count found.
        found: usize,
        /// The count that the other arguments call for.
        expected: usize,
    },
    /// A number outside its range.
    #[error("{what} in row {row}: found {found}, expected {expected}")]
    Value {
        /// Which number.
        what: &'static str,
        /// Its row, from 0.
        row: usize,
        /// The number.
        found: f64,
        /// The range it must lie in.
        expected: &'static str,
    },
    /// A parameter outside its range.
    #[error("parameter {name}: found {found}, expected {expected}")]
    Parameter {
        /// The parameter.
        name: &'static str,
        /// Its value.
        found: f64,
        /// The range it must lie in.
        expected: &'static str,
    },
    /// A feature named twice in one design.
    #[error("feature {id} is named twice, expected each feature once")]
    Twice {
        /// The feature.
        id: String,
    },
    /// No rows to work on.
    #[error("{what}: found no rows, expected at least one")]
    Empty {
        /// What was asked for.
        what: &'static str,
    },
    /// Every label is the same: there is nothing to tell apart.
    #[error("all {rows} labels are {label}, expected both good and bad rows (remedy: a longer training window or another target)")]
    SingleClass {
        /// Number of rows.
        rows: usize,
        /// The label they share.
        label: f64,
    },
    /// No bins keep all constraints.
    #[error("no bins keep all constraints (remedy: relax {})", remedy(relax))]
    Infeasible {
        /// Constraints of which relaxing one alone would do; none where it takes several.
        relax: Vec<&'static str>,
    },
    /// Something asked of an algorithm that it does not declare.
    #[error("{algorithm} does not take {what} (remedy: {remedy})")]
    Unsupported {
        /// The algorithm.
        algorithm: &'static str,
        /// What was asked of it, with the feature or row.
        what: String,
        /// What to do.
        remedy: &'static str,
    },
    /// Another library's algorithm gave up.
    #[error("{name} gave up: {reason} (remedy: another algorithm for these rows)")]
    Challenger {
        /// The algorithm.
        name: &'static str,
        /// In its own words.
        reason: String,
    },
    /// A model meets features that it was not trained on.
    #[error(
        "feature {position}: found {found}, the model was trained on {expected} (remedy: train a new model, or score with the release that trained this one)"
    )]
    Features {
        /// Position of the first difference, from 0.
        position: usize,
        /// The feature given, `none` where the list ends early.
        found: String,
        /// The feature of the model, `none` where it has fewer.
        expected: String,
    },
    /// Newton's method did not settle.
    #[error("no convergence after {iterations} steps, gradient {gradient:e} (remedy: a greater l2, now {l2})")]
    NotConverged {
        /// Steps taken.
        iterations: u32,
        /// Greatest absolute entry of the gradient, per unit of weight.
        gradient: f64,
        /// The penalty in force.
        l2: f64,
    },
    /// Columns that are sums of one another, and no penalty to choose between them.
    #[error("column {column} is a sum of the others, expected independent columns (remedy: an l2 above 0)")]
    Singular {
        /// The first column at fault, in the order of the design; 0 is the intercept.
        column: usize,
    },
    /// A calibration under which a feature's value has no fixed points.
    #[error("{kind} calibration bends, expected one slope for all rows (remedy: calibrate with none or platt)")]
    Bent {
        /// Its kind.
        kind: &'static str,
    },
    /// An artifact of another format.
    #[error("model format {found}, this release reads format {expected} (remedy: {remedy})")]
    Format {
        /// The format found.
        found: u64,
        /// The format this release writes.
        expected: u32,
        /// What to do.
        remedy: &'static str,
    },
    /// An artifact whose content is not what its id says.
    #[error(
        "model id {found}, its content hashes to {expected}: it was changed after it was sealed (remedy: restore the file, or train again)"
    )]
    Identity {
        /// The id written in the artifact.
        found: String,
        /// The id of its content.
        expected: String,
    },
    /// Not an artifact at all.
    #[error("model is not readable at line {line}, column {column}: {reason}")]
    Json {
        /// Line, from 1; 0 where unknown.
        line: usize,
        /// Column, from 1; 0 where unknown.
        column: usize,
        /// What the reader met.
        reason: String,
    },
    /// A sealed artifact that contradicts itself.
    #[error("model contradicts itself: {what}")]
    Contradiction {
        /// The two things that do not go together.
        what: String,
    },
}

/// What to relax.
fn remedy(relax: &[&str]) -> String {
    if relax.is_empty() { "two or more at once".to_owned() } else { relax.join(" or ") }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Error::Json { line: error.line(), column: error.column(), reason: error.to_string() }
    }
}
