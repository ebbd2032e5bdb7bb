//! The fuzz corpus, and every broken sample, through the entries of `fuzz/`: no panic, no fault of the program, in bounded time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods, missing_docs)]

#[path = "../../../fuzz/entries.rs"]
mod entries;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What one input may take: a hang, not a slow machine, is looked for.
const MOST: Duration = Duration::from_secs(60);

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_file()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files
}

fn replay(target: &str, entry: fn(&[u8])) {
    for path in files(&format!("fuzz/corpus/{target}")) {
        let begun = Instant::now();
        entry(&std::fs::read(&path).unwrap());
        assert!(begun.elapsed() < MOST, "{}: {:?}", path.display(), begun.elapsed());
    }
}

#[test]
fn the_corpus_replays() {
    replay("csv", entries::csv);
    replay("json", entries::json);
    replay("parquet", entries::parquet);
    replay("mapping", entries::mapping);
    replay("case_no", entries::case_no);
    replay("identity_no", entries::identity_no);
}

#[test]
fn every_broken_sample_goes_through_the_entries() {
    for path in files("data-samples/broken") {
        let name = path.file_name().unwrap().to_str().unwrap();
        let begun = Instant::now();
        entries::existing(&path, name.split('-').next().unwrap());
        assert!(begun.elapsed() < MOST, "{}: {:?}", path.display(), begun.elapsed());
    }
}
