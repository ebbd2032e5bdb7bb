//! Where things lie in the work folder (contract.md §5): the only place that puts these paths together.

use std::path::PathBuf;

/// How the names of staging folders begin.
pub(crate) const STAGING: &str = ".ingest.";

/// A work folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// The folder itself.
    pub root: PathBuf,
}

impl Work {
    /// The work folder at `root`; nothing is created.
    pub fn at(root: impl Into<PathBuf>) -> Work {
        Work { root: root.into() }
    }

    /// `lake/`.
    pub fn lake(&self) -> PathBuf {
        self.root.join("lake")
    }

    /// `keys.json`, the wrapped keys of all that is encrypted.
    pub fn keys_json(&self) -> PathBuf {
        self.root.join("keys.json")
    }

    /// `lake/lake.json`.
    pub fn lake_json(&self) -> PathBuf {
        self.lake().join("lake.json")
    }

    /// `lake/<table>/`.
    pub fn lake_table(&self, table: &str) -> PathBuf {
        self.lake().join(table)
    }

    /// `vault/`.
    pub fn vault(&self) -> PathBuf {
        self.root.join("vault")
    }

    /// `models/`.
    pub fn models(&self) -> PathBuf {
        self.root.join("models")
    }

    /// `models/<model_id>/`.
    pub fn model(&self, id: &str) -> PathBuf {
        self.models().join(id)
    }

    /// `runs/`.
    pub fn runs(&self) -> PathBuf {
        self.root.join("runs")
    }

    /// `runs/<run_id>/`.
    pub fn run(&self, id: &str) -> PathBuf {
        self.runs().join(id)
    }

    /// `runs/.<run_id>.<pid>/`, where a run is built.
    pub fn building(&self, id: &str, pid: u32) -> PathBuf {
        self.runs().join(format!(".{id}.{pid}"))
    }

    /// `current`, the link to the published run.
    pub fn current(&self) -> PathBuf {
        self.root.join("current")
    }

    /// `.ingest.<pid>/`, where a new lake is built.
    pub fn staging(&self, pid: u32) -> PathBuf {
        self.root.join(format!("{STAGING}{pid}"))
    }
}
