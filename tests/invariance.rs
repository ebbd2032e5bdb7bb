//! Same causes, same bytes: however many processes work, however the exports lie in files, formats and orders. Show 2 of the nightly batch.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::rewrite::{self, Export};
use crate::town;

/// Every table of a run.
const TABLES: [&str; 11] =
    ["features", "ratings", "reasons", "alike", "suggestions", "cases", "debtors", "worklist", "alerts", "regional", "oversight"];

/// What a night left: its id and the content of every file.
struct Night {
    run_id: String,
    files: BTreeMap<String, String>,
    work: TempDir,
}

impl Night {
    fn of(input: &Path, more: &[&str]) -> Self {
        let work = tempfile::tempdir().unwrap();
        town::night(input, work.path(), more);
        Self::left(work)
    }

    fn left(work: TempDir) -> Self {
        let run_id = luheng_lake::store::manifest::read(&work.path().join("current")).unwrap().run_id;
        Self { run_id, files: town::contents(work.path()), work }
    }

    /// Fails with the files that differ, not with their hashes.
    fn must_equal(&self, other: &Self, what: &str) {
        let names = self.files.keys().chain(other.files.keys());
        let mut differing: Vec<&String> = names.filter(|name| self.files.get(*name) != other.files.get(*name)).collect();
        differing.sort();
        differing.dedup();
        assert!(differing.is_empty(), "{what}: {} files differ, such as {:?}", differing.len(), &differing[..differing.len().min(12)]);
        assert_eq!(self.run_id, other.run_id, "{what}: the run's id");
    }
}

/// A base night rates parties, writes sheets and all tables: else equality would say nothing.
fn base(town: &Path) -> Night {
    let night = Night::of(town, &["--jobs", "2"]);
    for table in TABLES {
        assert!(night.files.contains_key(&format!("{table}.parquet")), "{table} is missing");
        assert!(!town::table(night.work.path(), table).is_empty(), "{table} is empty");
    }
    let grades = town::texts(&town::table(night.work.path(), "ratings"), "capacity_grade");
    assert!(grades.iter().flatten().count() > 50, "few parties are rated");
    assert!(night.files.keys().filter(|name| name.starts_with("sheets/")).count() > 100);
    night
}

#[test]
fn the_form_of_the_exports_and_the_number_of_processes_change_no_byte() {
    let town = town::town(500, &[]);
    let base = base(town.path());
    base.must_equal(&Night::of(town.path(), &["--jobs", "1"]), "--jobs 1");
    let tables = rewrite::exports(town.path());
    for (what, write) in [
        ("JSON Lines", Export::json_lines as fn(&Export, &Path)),
        ("GB18030", Export::csv_gb18030),
        ("Parquet with string views and decimals", Export::parquet),
    ] {
        let folder = rewrite::folder(&tables, write);
        base.must_equal(&Night::of(folder.path(), &[]), what);
    }
    let eight = with_buckets(8, town.path());
    for table in TABLES {
        let rows = |night: &Night| town::table(night.work.path(), table).content_hash();
        assert_eq!(rows(&base), rows(&eight), "{table} with 8 buckets");
    }
    assert_ne!(base.run_id, eight.run_id, "another bucket count is another configuration");
}

/// Orders and splits on a dirty town, with receipts that bear no number: what is a conflict, a duplicate or a second receipt must not depend on who
/// comes first.
#[test]
fn the_order_of_rows_and_their_files_change_no_byte() {
    let town = town::town(500, &["--dirty", "0.05"]);
    let mut tables = rewrite::exports(town.path());
    tables.iter_mut().filter(|table| table.name == "payments").for_each(Export::unnumbered);
    let base = base(rewrite::folder(&tables, Export::csv).path());
    for (what, write) in [("shuffled rows", Export::csv_shuffled as fn(&Export, &Path)), ("tables in two files", Export::csv_in_two)] {
        let folder = rewrite::folder(&tables, write);
        base.must_equal(&Night::of(folder.path(), &[]), what);
    }
}

fn with_buckets(buckets: u32, town: &Path) -> Night {
    let folder = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(town::configuration()).unwrap();
    let config = folder.path().join("luheng.toml");
    fs::write(&config, format!("buckets = {buckets}\n{text}")).unwrap();
    let work = tempfile::tempdir().unwrap();
    town::must(&[
        "nightly".as_ref(),
        "--config".as_ref(),
        config.as_os_str(),
        "--input".as_ref(),
        town.as_os_str(),
        "--work".as_ref(),
        work.path().as_os_str(),
    ]);
    Night::left(work)
}
