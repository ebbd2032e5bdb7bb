//! One run's folder while it is built: parts by bucket, their markers, the joined tables.

use std::collections::BTreeMap;
use std::path::PathBuf;

use luheng_lake::bucket::folder_name;
use luheng_lake::columns::Columns;
use luheng_lake::store::seal::Seal;
use luheng_lake::store::{large, parquet, text};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::stage::{STAGES, Stage};

/// The folder of the parts in the folder of a run being built.
pub const PARTS: &str = "parts";

/// The parts of a run being built, one file a table and bucket, with a marker a stage and bucket that says from what they were made.
#[derive(Clone, Debug)]
pub struct Parts {
    folder: PathBuf,
    /// Everything that decides the parts' content beside the lake itself: see [`crate::publish::run_id`].
    cause: String,
    seal: Seal,
}

/// What a finished bucket of a stage left: `--resume` reuses it only if cause, inputs and outputs still match.
#[derive(Debug, Deserialize, Serialize, PartialEq)]
struct Marker {
    inputs: String,
    outputs: BTreeMap<String, String>,
}

impl Parts {
    /// The parts of a run in a folder, written and opened under a seal.
    pub fn new(folder: PathBuf, cause: String, seal: &Seal) -> Self {
        Self { folder, cause, seal: seal.clone().strict() }
    }

    /// Where the run is built.
    pub fn folder(&self) -> &PathBuf {
        &self.folder
    }

    /// What decides the parts' content.
    pub fn cause(&self) -> &str {
        &self.cause
    }

    fn file(&self, table: &str, bucket: u32) -> PathBuf {
        self.folder.join(PARTS).join(table).join(folder_name(bucket)).join("part.parquet")
    }

    fn marker(&self, stage: &str, bucket: u32) -> PathBuf {
        self.folder.join(PARTS).join("_done").join(stage).join(format!("{}.json", folder_name(bucket)))
    }

    fn read_marker(&self, stage: &str, bucket: u32) -> Option<Marker> {
        let path = self.marker(stage, bucket);
        serde_json::from_str(&text::read_to_string(&path).ok()?).ok()
    }

    /// Cause, and the content of the parts read.
    fn inputs(&self, stage: &Stage, bucket: u32) -> String {
        let mut hash = blake3::Hasher::new();
        hash.update(self.cause.as_bytes());
        for read in stage.reads {
            let writer = STAGES.iter().find(|s| s.writes.contains(read)).map_or("", |s| s.name);
            let content = self.read_marker(writer, bucket).and_then(|m| m.outputs.get(*read).cloned()).unwrap_or_default();
            hash.update(format!("|{read}={content}").as_bytes());
        }
        hash.finalize().to_hex().to_string()
    }

    /// Was this bucket finished from the very same inputs, and are its parts still what was written?
    ///
    /// # Errors
    /// Never for a missing or damaged part: that is simply not done.
    pub fn is_done(&self, stage: &Stage, bucket: u32) -> Result<bool> {
        let Some(marker) = self.read_marker(stage.name, bucket) else { return Ok(false) };
        let same = |(table, content): (&String, &String)| {
            parquet::read(&self.file(table, bucket), &self.seal).is_ok_and(|columns| columns.content_hash() == *content)
        };
        Ok(marker.inputs == self.inputs(stage, bucket) && marker.outputs.iter().all(same))
    }

    /// Reads a part.
    ///
    /// # Errors
    /// It is missing or broken.
    pub fn read(&self, table: &str, bucket: u32) -> Result<Columns> {
        Ok(parquet::read(&self.file(table, bucket), &self.seal)?)
    }

    /// Reads some columns of a part, in the order asked for.
    ///
    /// # Errors
    /// It is missing or broken, or has no such column.
    pub fn read_columns(&self, table: &str, bucket: u32, names: &[&str]) -> Result<Columns> {
        Ok(parquet::read_columns(&self.file(table, bucket), names, &self.seal)?)
    }

    /// Reads the columns of a part but those of which `without` is true.
    ///
    /// # Errors
    /// It is missing or broken.
    pub fn read_without(&self, table: &str, bucket: u32, without: &dyn Fn(&str) -> bool) -> Result<Columns> {
        Ok(parquet::read_without(&self.file(table, bucket), without, &self.seal)?)
    }

    fn whole(&self, table: &str) -> PathBuf {
        self.folder.join(format!("{table}.parquet"))
    }

    /// Reads a table of the whole.
    ///
    /// # Errors
    /// It is missing or broken.
    pub fn read_whole(&self, table: &str) -> Result<Columns> {
        Ok(parquet::read(&self.whole(table), &self.seal)?)
    }

    /// Writes a table of the whole that stages by bucket read.
    ///
    /// # Errors
    /// A full or broken disk.
    pub fn write_whole(&self, table: &str, columns: &Columns) -> Result<()> {
        parquet::write(&self.whole(table), columns, &self.seal)?;
        Ok(())
    }

    /// Writes a stage's parts of a bucket, then its marker.
    ///
    /// # Errors
    /// A full or broken disk.
    pub fn write(&self, stage: &Stage, bucket: u32, tables: Vec<(&'static str, Columns)>) -> Result<()> {
        let mut outputs = BTreeMap::new();
        for (name, columns) in tables {
            let entry = parquet::write(&self.file(name, bucket), &columns, &self.seal)?;
            outputs.insert(name.to_owned(), entry.content);
        }
        let marker = Marker { inputs: self.inputs(stage, bucket), outputs };
        let json = serde_json::to_string(&marker).map_err(|e| Error::Fault(e.to_string()))?;
        text::write_text(&self.marker(stage.name, bucket), &json)?;
        Ok(())
    }

    /// Joins a table too large to hold whole into the run's folder, in the order given after `keys` made of a part's columns what sorts; gives its
    /// rows and the columns to be kept.
    ///
    /// # Errors
    /// A part is missing, and which.
    pub fn join_large(
        &self,
        table: &str,
        buckets: u32,
        keys: &dyn Fn(Columns) -> luheng_lake::Result<Columns>,
        order: &[&str],
        keep: &[&str],
    ) -> Result<Columns> {
        let parts: Vec<PathBuf> = (0..buckets).map(|bucket| self.file(table, bucket)).collect();
        let (_, kept) = large::join(&self.folder.join(format!("{table}.parquet")), &parts, keys, order, keep, &self.seal)?;
        Ok(kept)
    }

    /// Joins a table over all buckets, in the order given.
    ///
    /// # Errors
    /// A part is missing, and which.
    pub fn join(&self, table: &str, buckets: u32, order: &[&str]) -> Result<Columns> {
        // The parts go before the whole is sorted: of the largest tables two copies at once are enough.
        let whole = {
            let parts: Result<Vec<Columns>> = (0..buckets).map(|bucket| self.read(table, bucket)).collect();
            Columns::concat(&parts?)?
        };
        Ok(whole.sorted_by(order)?)
    }
}
