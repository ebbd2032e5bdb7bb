//! One fault of a catalog or configuration file. They are collected, so that all are reported at once.

use std::fmt;

use crate::error::{Error, explain};

/// A fault: where, what was found, what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file, as a path below the catalog or as the user named it.
    pub file: String,
    /// The key within the file: `columns.status.before`, `sources.cases.columns.claim_fen`; or a line.
    pub place: String,
    /// What stands there.
    pub found: String,
    /// What should stand there.
    pub expected: String,
}

impl Fault {
    /// A fault at a place of a file.
    pub fn new(file: &str, place: impl Into<String>, found: impl Into<String>, expected: impl Into<String>) -> Self {
        Fault { file: file.to_owned(), place: place.into(), found: found.into(), expected: expected.into() }
    }

    /// What the TOML reader refused, with the line it stopped at.
    pub fn toml(file: &str, text: &str, error: &toml::de::Error) -> Self {
        let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        Fault::new(file, format!("line {line}"), error.message().replace('\n', " "), "a key and value of this kind of file")
    }

    /// All faults as one error of configuration or catalog (exit 4), one fault a line.
    pub fn error(faults: &[Fault]) -> Error {
        let lines: Vec<String> = faults.iter().map(|f| format!("\n  {f}")).collect();
        explain(format!(
            "{} fault{} in configuration or catalog:{}",
            faults.len(),
            if faults.len() == 1 { "" } else { "s" },
            lines.concat()
        ))
        .remedy("\ncorrect them and run again; nothing was changed")
        .config()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: found {}; expected {}", self.file, self.place, self.found, self.expected)
    }
}
