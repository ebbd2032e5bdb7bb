//! One error for the hub: each variant is one exit status, so that a message and its status cannot drift apart.

/// Result of anything in the hub.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a verb stopped. The text says what, where, what was found, what was expected and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The program is wrong (exit 1).
    #[error("fault in the program: {0}")]
    Fault(String),
    /// The command line is wrong (exit 2).
    #[error("{0}")]
    Usage(String),
    /// The input is refused (exit 3).
    #[error("{0}")]
    Input(String),
    /// Configuration or catalog is wrong (exit 4).
    #[error("{0}")]
    Config(String),
    /// A gate held the run back (exit 5).
    #[error("{0}")]
    Gate(String),
    /// The work folder is in use (exit 75).
    #[error("{0}")]
    InUse(String),
}

impl From<luheng_lake::Error> for Error {
    fn from(error: luheng_lake::Error) -> Self {
        let text = error.to_string();
        match error.exit_status() {
            3 => Self::Input(text),
            4 => Self::Config(text),
            75 => Self::InUse(text),
            _ => Self::Fault(text),
        }
    }
}

impl Error {
    /// The documented exit status.
    pub fn exit_status(&self) -> u8 {
        match self {
            Self::Fault(_) => 1,
            Self::Usage(_) => 2,
            Self::Input(_) => 3,
            Self::Config(_) => 4,
            Self::Gate(_) => 5,
            Self::InUse(_) => 75,
        }
    }
}

impl From<luheng_models::Error> for Error {
    fn from(error: luheng_models::Error) -> Self {
        Self::Fault(error.to_string())
    }
}

impl From<polars::error::PolarsError> for Error {
    fn from(error: polars::error::PolarsError) -> Self {
        Self::Fault(format!("polars: {error}"))
    }
}
