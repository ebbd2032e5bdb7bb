//! The record of one run: every cause and every file it left, without a clock, so that equal causes give an equal manifest.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::seal::Seal;
use super::{FileEntry, atomic, hash_bytes, input, large, text};
use crate::error::{Error, Result, explain};

/// The manifest's format; a reader refuses any it does not know.
pub const FORMAT: u32 = 1;
/// The manifest's file name in a run folder.
pub const MANIFEST_FILE: &str = "manifest.json";
/// Files of a run that hold times or progress: no part of its content, so neither hashed nor counted as added.
pub const UNSEALED: [&str; 3] = [MANIFEST_FILE, "timings.json", "events.jsonl"];

/// Which catalog the run used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogEntry {
    /// Hash of every catalog file after the overlay.
    pub hash: String,
    /// Files an overlay replaced or added.
    pub overridden: Vec<String>,
}

/// One input file.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct InputEntry {
    /// Name below the input folder, with `/`.
    pub path: String,
    /// Size in bytes.
    pub bytes: u64,
    /// blake3 of its bytes.
    pub hash: String,
    /// The table it belongs to.
    pub table: String,
    /// Rows read from it, good and bad.
    pub rows_read: u64,
}

/// One finished stage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageEntry {
    /// The stage's name.
    pub name: String,
    /// Hash over what it read; `--resume` reuses a stage whose inputs hash alike.
    pub inputs: String,
    /// What it wrote: table or file and content hash.
    pub outputs: BTreeMap<String, String>,
    /// Rows it wrote.
    pub rows: u64,
}

/// What retention took from the lake that a run was made from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionEntry {
    /// Rows that left in the ingest before the run, by table.
    pub expired: BTreeMap<String, u64>,
    /// The oldest day whose ratings can still be repeated exactly, `YYYY-MM-DD`: runs as of an earlier day cannot. Empty while all can.
    pub exact_from: String,
}

/// The manifest of a run: `manifest.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunManifest {
    /// [`FORMAT`].
    pub format: u32,
    /// The run's id, also its folder's name.
    pub run_id: String,
    /// Version of luheng.
    pub version: String,
    /// The as-of day, `YYYY-MM-DD`.
    pub as_of: String,
    /// Seed of every random choice.
    pub seed: u64,
    /// Bucket count.
    pub buckets: u32,
    /// Hash of the configuration as resolved.
    pub config_hash: String,
    /// The catalog.
    pub catalog: CatalogEntry,
    /// Which key made the pseudonyms.
    pub key_id: String,
    /// How much was encrypted: `none`, `lake` or `all`; absent in runs of the time before there was a choice.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub encrypt: String,
    /// Order-free content hash of each lake table.
    pub lake: BTreeMap<String, String>,
    /// The models used, by rating.
    pub models: BTreeMap<String, String>,
    /// Which algorithm each of them is and why, by rating; absent for models made before algorithms competed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub champions: BTreeMap<String, String>,
    /// Input files, sorted by path.
    pub inputs: Vec<InputEntry>,
    /// Stages in the order they ran.
    pub stages: Vec<StageEntry>,
    /// Every file of the run folder, by path with `/`, but [`UNSEALED`].
    pub files: BTreeMap<String, FileEntry>,
    /// Rows of each output table.
    pub tables: BTreeMap<String, u64>,
    /// Rejected rows of each input table.
    pub rejects: BTreeMap<String, u64>,
    /// What retention took from the lake before this run; absent where it took nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<RetentionEntry>,
    /// Warnings, in the order they arose.
    pub warnings: Vec<String>,
    /// `complete`, or what held the run back.
    pub outcome: String,
    /// The run whose grades and figures this one is compared with; built again, it is compared with the same.
    #[serde(default)]
    pub previous: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    #[serde(flatten)]
    manifest: RunManifest,
    /// Hash of the manifest itself without this line.
    seal: String,
}

/// One difference between a run folder and its manifest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Breach {
    /// A file's bytes are not those that were written.
    Changed(String),
    /// A file is gone.
    Missing(String),
    /// A file is there that the run did not write.
    Added(String),
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Breach::Changed(path) => write!(f, "changed: {path} is not what the run wrote"),
            Breach::Missing(path) => write!(f, "missing: {path}"),
            Breach::Added(path) => write!(f, "added: {path} is not in the manifest"),
        }
    }
}

/// Writes `manifest.json` into a run folder.
pub fn write(run: &Path, manifest: &RunManifest) -> Result<()> {
    atomic::write_bytes(&run.join(MANIFEST_FILE), sealed_text(manifest)?.as_bytes())
}

/// Reads a run's manifest. [`Error::Input`] where it is missing, damaged, or of a format this version does not know.
pub fn read(run: &Path) -> Result<RunManifest> {
    let path = run.join(MANIFEST_FILE);
    let sealed = parse(&path, &text::read_to_string(&path)?)?;
    Ok(sealed.manifest)
}

/// Re-hashes every file of a run folder against its manifest. Empty = nothing changed.
pub fn verify(run: &Path) -> Result<Vec<Breach>> {
    let path = run.join(MANIFEST_FILE);
    let changed = || Ok(vec![Breach::Changed(MANIFEST_FILE.to_owned())]);
    let Ok(written) = String::from_utf8(input::read(&path)?) else { return changed() };
    let manifest = match parse(&path, &written) {
        Ok(sealed) => sealed.manifest,
        // Another release's manifest is whole, but not ours to judge.
        Err(other) if format_of(&written).is_ok_and(|format| format != FORMAT) => return Err(other),
        Err(_) => return changed(),
    };
    let mut breaches = Vec::new();
    // Written again it must be the same to the byte: that finds a flipped byte in the manifest too.
    if sealed_text(&manifest)? != written {
        breaches.push(Breach::Changed(MANIFEST_FILE.to_owned()));
    }
    for (name, entry) in &manifest.files {
        let file = run.join(name);
        if !file.is_file() {
            breaches.push(Breach::Missing(name.clone()));
        } else if !matches(&file, entry)? {
            breaches.push(Breach::Changed(name.clone()));
        }
    }
    for name in files_of(run)? {
        if !manifest.files.contains_key(&name) && !UNSEALED.contains(&name.as_str()) {
            breaches.push(Breach::Added(name));
        }
    }
    Ok(breaches)
}

/// Every file below a run folder, hidden ones too, by path with `/`.
pub fn files_of(run: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut waiting = vec![String::new()];
    while let Some(folder) = waiting.pop() {
        for name in atomic::names_in(&run.join(&folder))? {
            let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            if run.join(&path).is_dir() {
                waiting.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The entry of a file already written, for a manifest built from a folder.
pub fn entry_of(file: &Path, seal: &Seal) -> Result<FileEntry> {
    let (hash, bytes) = input::hash_file(file)?;
    if file.extension().is_some_and(|e| e == "parquet") {
        return Ok(FileEntry { content: large::content_hash(file, seal)?, file: Some(hash), bytes });
    }
    Ok(FileEntry { content: hash, file: None, bytes })
}

fn matches(file: &Path, entry: &FileEntry) -> Result<bool> {
    let (hash, bytes) = input::hash_file(file)?;
    Ok(bytes == entry.bytes && hash == *entry.file.as_ref().unwrap_or(&entry.content))
}

fn sealed_text(manifest: &RunManifest) -> Result<String> {
    let broken = |e: serde_json::Error| Error::fault(format!("writing the manifest: {e}"));
    let plain = serde_json::to_string(manifest).map_err(broken)?;
    let sealed = Sealed { manifest: manifest.clone(), seal: hash_bytes(plain.as_bytes()) };
    Ok(serde_json::to_string_pretty(&sealed).map_err(broken)? + "\n")
}

fn format_of(written: &str) -> serde_json::Result<u32> {
    #[derive(Deserialize)]
    struct FormatOnly {
        format: u32,
    }
    Ok(serde_json::from_str::<FormatOnly>(written)?.format)
}

fn parse(path: &Path, written: &str) -> Result<Sealed> {
    let damaged = |found: String| {
        explain("a manifest cannot be read")
            .at(path.display())
            .found(found)
            .expected(format!("a manifest of format {FORMAT}"))
            .remedy("the run folder is damaged or newer than this luheng; `luheng runs` lists the others")
            .input()
    };
    let format = format_of(written).map_err(|e| damaged(e.to_string()))?;
    if format != FORMAT {
        return Err(damaged(format!("format {format}")));
    }
    serde_json::from_str(written).map_err(|e| damaged(e.to_string()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::columns::Columns;
    use crate::store::parquet;
    use std::fs;

    fn run() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let table = Columns::new().text("case_no", [Some("a")]);
        let mut manifest = RunManifest { format: FORMAT, run_id: "x".into(), outcome: "complete".into(), ..Default::default() };
        let entry = parquet::write(&dir.path().join("ratings.parquet"), &table, &Seal::none()).unwrap();
        assert_eq!(entry, entry_of(&dir.path().join("ratings.parquet"), &Seal::none()).unwrap());
        manifest.files.insert("ratings.parquet".into(), entry);
        let sheet = text::write_text(&dir.path().join("sheets/a.html"), "<p>").unwrap();
        manifest.files.insert("sheets/a.html".into(), sheet);
        write(dir.path(), &manifest).unwrap();
        assert_eq!(read(dir.path()).unwrap(), manifest);
        dir
    }

    #[test]
    fn an_untouched_run_verifies_with_its_timings() {
        let dir = run();
        fs::write(dir.path().join("timings.json"), "{}").unwrap();
        assert_eq!(verify(dir.path()).unwrap(), []);
    }

    #[test]
    fn every_flipped_byte_is_found_in_every_file() {
        let dir = run();
        for name in ["ratings.parquet", "sheets/a.html", MANIFEST_FILE] {
            let path = dir.path().join(name);
            let good = fs::read(&path).unwrap();
            for at in 0..good.len() {
                let mut bad = good.clone();
                bad[at] ^= 1;
                fs::write(&path, &bad).unwrap();
                let found = verify(dir.path());
                assert!(found.is_err() || found.is_ok_and(|b| !b.is_empty()), "{name} byte {at}");
            }
            fs::write(&path, &good).unwrap();
        }
        assert_eq!(verify(dir.path()).unwrap(), []);
    }

    #[test]
    fn missing_and_added_files_are_named() {
        let dir = run();
        fs::remove_file(dir.path().join("sheets/a.html")).unwrap();
        fs::write(dir.path().join("sheets/.b"), "").unwrap();
        let expected = [Breach::Missing("sheets/a.html".into()), Breach::Added("sheets/.b".into())];
        assert_eq!(verify(dir.path()).unwrap(), expected);
    }

    #[test]
    fn a_newer_format_is_refused() {
        let dir = run();
        let path = dir.path().join(MANIFEST_FILE);
        let text = fs::read_to_string(&path).unwrap().replace("\"format\": 1", "\"format\": 2");
        fs::write(&path, text).unwrap();
        let error = read(dir.path()).unwrap_err();
        assert_eq!(error.exit_status(), 3);
        assert!(error.to_string().contains("format 2"));
    }
}
