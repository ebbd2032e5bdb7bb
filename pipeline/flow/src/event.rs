//! What happens in a run, as the driver tells it. Only the driver speaks; libraries never print.

/// One thing that happened.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A stage began, with so many pieces of work.
    Started {
        /// Stage.
        stage: String,
        /// Buckets, files or documents to do.
        pieces: u64,
    },
    /// Pieces of it are done.
    Advanced {
        /// Stage.
        stage: String,
        /// How many more.
        pieces: u64,
    },
    /// The stage ended.
    Finished {
        /// Stage.
        stage: String,
        /// Rows written.
        rows: u64,
        /// Milliseconds.
        millis: u64,
    },
    /// Something to know.
    Warned {
        /// The warning.
        text: String,
    },
    /// Something to read.
    Said {
        /// The line.
        text: String,
    },
}
