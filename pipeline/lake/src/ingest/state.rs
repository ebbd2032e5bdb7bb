//! What one ingest leaves for the next: counts a bucket, so that an untouched one need not be read, and the files that were loaded.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::finish::Retained;
use super::tally::FileCounts;
use crate::columns::Day;
use crate::error::{Error, Result, explain};
use crate::store::{atomic, text};

const FILE: &str = "_state.json";

/// Rows of one table and bucket: counted source rows, their sum (see [`super::settle::TableOutcome`]), and rows stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counted {
    pub rows: u64,
    pub sum: String,
    pub stored: u64,
}

impl Counted {
    /// The sum as a number; of a bucket that was never counted, none.
    pub(super) fn sum(&self) -> Result<u128> {
        if self.sum.is_empty() {
            return Ok(0);
        }
        u128::from_str_radix(&self.sum, 16).map_err(|e| Error::fault(format!("a content sum: {e}")))
    }
}

impl Counted {
    /// The counts without those of these rows: stored ones, counted ones, the sum of their hashes.
    pub(super) fn less(&self, (stored, rows, sum): (u64, u64, u128)) -> Result<Counted> {
        let sum = format!("{:032x}", self.sum()?.wrapping_sub(sum));
        Ok(Counted { rows: self.rows - rows, sum, stored: self.stored - stored })
    }
}

/// A file that was loaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Loaded {
    /// The export's day its rows were given.
    pub seen_on: Day,
    /// Table, mapping and codes it was read through, hashed.
    pub through: String,
    pub counts: FileCounts,
}

/// The record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    /// By table, then bucket; the whole tables have one entry.
    pub tables: BTreeMap<String, Vec<Counted>>,
    /// The columns of each table's files.
    pub columns: BTreeMap<String, Vec<String>>,
    /// Names of the sources met so far.
    pub sources: Vec<String>,
    /// The hashes of the files of each table's last full export, sorted.
    pub full: BTreeMap<String, Vec<String>>,
    /// By table and hash of the file.
    pub files: BTreeMap<String, Loaded>,
    /// What retention took so far.
    #[serde(default)]
    pub retained: Retained,
}

impl State {
    /// The record in a lake folder.
    pub(super) fn read(lake: &Path) -> Result<Option<State>> {
        let path = lake.join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        serde_json::from_str(&text::read_to_string(&path)?).map(Some).map_err(|e| {
            explain("the lake's record of what was loaded cannot be read")
                .at(path.display())
                .found(e)
                .expected("what `luheng ingest` wrote")
                .remedy("remove the lake and vault folders and load full exports")
                .input()
        })
    }

    /// Writes it into a lake folder.
    pub(super) fn write(&self, lake: &Path) -> Result<()> {
        let json = serde_json::to_string(self).map_err(|e| Error::fault(format!("writing {FILE}: {e}")))?;
        atomic::write_bytes(&lake.join(FILE), json.as_bytes())
    }

    /// What a table's bucket held.
    pub(super) fn counted(&self, table: &str, bucket: u32) -> Counted {
        self.tables.get(table).and_then(|all| all.get(bucket as usize)).cloned().unwrap_or_default()
    }

    /// Source rows of a table.
    pub(super) fn rows(&self, table: &str) -> u64 {
        self.tables.get(table).map_or(0, |all| all.iter().map(|c| c.rows).sum())
    }

    /// The key of a file in [`State::files`].
    pub(super) fn key(table: &str, hash: &str) -> String {
        format!("{table}/{hash}")
    }
}
