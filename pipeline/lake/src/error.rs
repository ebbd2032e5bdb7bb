//! One error for the whole lake, so that every message has the same order: what, where, found, expected, remedy.
//!
//! Identity values never enter a message: whoever builds one masks them first (see [`crate::store::key`] and the checks).

use std::fmt;
use std::path::{Path, PathBuf};

/// What the lake returns.
pub type Result<T> = std::result::Result<T, Error>;

/// Why the lake stopped. Each variant belongs to one exit status of contract.md §4.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A fault in the program itself (exit 1): an invariant did not hold.
    #[error("fault in luheng: {0} (please report it: no input should lead here)")]
    Fault(String),
    /// The input, or the machine it needs, is refused (exit 3).
    #[error("{0}")]
    Input(Box<Explained>),
    /// Configuration, catalog or key (exit 4).
    #[error("{0}")]
    Config(Box<Explained>),
    /// Another luheng works in this work folder (exit 75).
    #[error("the work folder is in use: {}{}; expected it free; wait until the other run has ended, or give another --work", .path.display(), holder_text(.holder))]
    InUse {
        /// The work folder.
        path: PathBuf,
        /// What the lock file says of the process that holds it; may be empty.
        holder: String,
    },
    /// The file system refused (exit 3: a full disk, a missing right, a file gone).
    #[error("cannot {what}: {}: {source}; {}", .path.display(), io_remedy(.source))]
    Io {
        /// What was being done, as a verb: `read`, `write`, `rename`.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
}

impl Error {
    /// An [`Error::Fault`].
    pub fn fault(what: impl Into<String>) -> Error {
        Error::Fault(what.into())
    }

    /// An [`Error::Io`].
    pub fn io(what: &'static str, path: &Path, source: std::io::Error) -> Error {
        Error::Io { what, path: path.to_path_buf(), source }
    }

    /// Refused input at a file and perhaps a line: what was found there, what was expected, what to do.
    pub fn input(file: &str, line: Option<u64>, found: impl Into<String>, expected: impl Into<String>, remedy: impl Into<String>) -> Error {
        let place = line.map_or_else(|| file.to_owned(), |line| format!("{file} line {line}"));
        explain("the input is refused").at(place).found(found.into()).expected(expected.into()).remedy(remedy.into()).input()
    }

    /// The exit status contract.md §4 gives this error.
    pub fn exit_status(&self) -> u8 {
        match self {
            Error::Fault(_) => 1,
            Error::Input(_) | Error::Io { .. } => 3,
            Error::Config(_) => 4,
            Error::InUse { .. } => 75,
        }
    }
}

/// A message in the house's order. Build it with [`explain`] and end with [`Explained::input`] or [`Explained::config`].
#[derive(Debug, Clone, Default)]
pub struct Explained {
    what: String,
    place: String,
    found: String,
    expected: String,
    remedy: String,
}

/// Starts a message: `what` is a short clause without a full stop.
pub fn explain(what: impl Into<String>) -> Explained {
    Explained { what: what.into(), ..Explained::default() }
}

impl Explained {
    /// Where: a file and line, a key of a configuration, a table and column.
    #[must_use]
    pub fn at(mut self, place: impl fmt::Display) -> Self {
        self.place = place.to_string();
        self
    }

    /// What stood there, identity values masked.
    #[must_use]
    pub fn found(mut self, found: impl fmt::Display) -> Self {
        self.found = found.to_string();
        self
    }

    /// What should have stood there.
    #[must_use]
    pub fn expected(mut self, expected: impl fmt::Display) -> Self {
        self.expected = expected.to_string();
        self
    }

    /// What the reader can do about it.
    #[must_use]
    pub fn remedy(mut self, remedy: impl fmt::Display) -> Self {
        self.remedy = remedy.to_string();
        self
    }

    /// Ends the message as refused input (exit 3).
    pub fn input(self) -> Error {
        Error::Input(Box::new(self))
    }

    /// Ends the message as a fault of configuration or catalog (exit 4).
    pub fn config(self) -> Error {
        Error::Config(Box::new(self))
    }
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if !self.place.is_empty() {
            write!(f, ": {}", self.place)?;
        }
        if !self.found.is_empty() {
            write!(f, "; found {}", self.found)?;
        }
        if !self.expected.is_empty() {
            write!(f, "; expected {}", self.expected)?;
        }
        if !self.remedy.is_empty() {
            write!(f, "; {}", self.remedy)?;
        }
        Ok(())
    }
}

fn holder_text(holder: &str) -> String {
    if holder.is_empty() { String::new() } else { format!("; found {holder}") }
}

fn io_remedy(source: &std::io::Error) -> &'static str {
    match source.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => "free some space and run again: nothing was published",
        std::io::ErrorKind::PermissionDenied => "check the rights of this file and of its folder",
        std::io::ErrorKind::NotFound => "check the path",
        _ => "check the disk and run again: nothing was published",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_what_where_found_expected_remedy() {
        let error = explain("required table is missing")
            .at("exports/")
            .found("no file named parties")
            .expected("parties.csv")
            .remedy("add it")
            .input();
        assert_eq!(error.to_string(), "required table is missing: exports/; found no file named parties; expected parties.csv; add it");
        assert_eq!(error.exit_status(), 3);
    }

    #[test]
    fn a_full_disk_is_an_input_error_with_a_remedy() {
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let error = Error::io("write", Path::new("work/lake"), full);
        assert_eq!(error.exit_status(), 3);
        assert!(error.to_string().contains("free some space"));
    }
}
