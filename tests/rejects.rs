//! What is turned away is kept and counted; and no identity value leaves the vault, neither with a rejected row nor with a published night.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use luheng_lake::columns::ColumnKind;
use luheng_lake::store::seal::Seal;
use luheng_lake::store::{manifest, parquet};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::town::{configuration, lake, must, sample_town, table, texts, town};
use crate::verify::{Court, current};

const DAY: &str = "2026-06-30";
const BEFORE: &str = "2026-05-31";

/// Numbers of `rejects.parquet` by table, and that every row of it says all it must.
fn rejects(work: &Path) -> BTreeMap<String, u64> {
    let rows = table(work, "rejects");
    let mut counts = BTreeMap::new();
    for at in 0..rows.len() {
        for name in ["table", "file", "rule", "found", "expected"] {
            assert!(rows.require(name).unwrap().text_at(at).is_some_and(|text| !text.is_empty()), "row {at}: {name}");
        }
        assert!(rows.require("line").unwrap().int_at(at).is_some_and(|line| line > 1));
        *counts.entry(rows.require("table").unwrap().text_at(at).unwrap().to_owned()).or_default() += 1;
    }
    counts
}

#[test]
fn a_rejected_row_is_kept_with_its_identity_masked() {
    let court = Court::of(60);
    let append = |name: &str, row: &str| {
        let path = court.exports.join(name);
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().count() as i64;
        fs::write(path, format!("{text}{row}\n")).unwrap();
        lines + 1
    };
    let person =
        "X1,natural,resident_id,990104200206280001,欧阳不存,19900001234,戊县无名路9号,2002-06-28,990104,990105,,,active,,2024-08-28";
    let (debtor, party) =
        (append("debtors.csv", person), append("parties.csv", "（2023）测9901执25号,D000009,chief,solidary,,,,,,,2023-01-09"));
    court.night(DAY, &[]);
    assert_eq!(rejects(&court.work), manifest::read(&court.work.join("current")).unwrap().rejects);
    let rows = table(&court.work, "rejects");
    for (name, line, column, rule) in [("debtors", debtor, "id_no", "check_digit"), ("parties", party, "role", "enumeration")] {
        let at = (0..rows.len()).find(|at| {
            rows.require("table").unwrap().text_at(*at) == Some(name) && rows.require("line").unwrap().int_at(*at) == Some(line)
        });
        let at = at.unwrap_or_else(|| panic!("no reject for line {line} of {name}"));
        let text = |column: &str| rows.require(column).unwrap().text_at(at).unwrap().to_owned();
        assert_eq!((text("column").as_str(), text("rule").as_str(), text("file").as_str()), (column, rule, format!("{name}.csv").as_str()));
        assert!(if column == "id_no" { text("found").contains("***") } else { text("found").contains("chief") }, "{}", text("found"));
    }
    let page = fs::read_to_string(court.work.join("current/quality.html")).unwrap();
    assert!(page.contains("check_digit") && page.contains("enumeration"), "the page of data quality counts them");
    no_identity(&court.work, &identity(&court.exports));
}

/// Puts a value that no one knows into the first rows of an export.
fn spoil(path: &Path, column: &str, rows: usize) {
    let text = fs::read_to_string(path).unwrap();
    let at = text.lines().next().unwrap().split(',').position(|name| name == column).unwrap();
    let spoilt = text.lines().enumerate().map(|(line, row)| {
        let mut cells: Vec<&str> = row.split(',').collect();
        if (1..=rows).contains(&line) {
            cells[at] = "nonsense";
        }
        cells.join(",") + "\n"
    });
    fs::write(path, spoilt.collect::<String>()).unwrap();
}

#[test]
fn as_many_rejects_as_the_limit_allows_pass_and_one_more_stops_the_run() {
    let court = Court::of(60);
    for (name, column) in [("parties", "role"), ("inquiries", "outcome")] {
        let path = court.exports.join(format!("{name}.csv"));
        let good = fs::read_to_string(&path).unwrap();
        let read = good.lines().count() - 1;
        // A twentieth of a table, and never under twenty rows.
        let limit = (read / 20).max(20);
        assert_eq!(limit > 20, name == "inquiries", "{name} has {read} rows: one table for each side of the rule");
        spoil(&path, column, limit);
        court.night(DAY, &[]);
        let published = current(&court.work);
        assert_eq!(rejects(&court.work).get(name), Some(&(limit as u64)));
        fs::write(&path, &good).unwrap();
        spoil(&path, column, limit + 1);
        let output = court.command(&["nightly", "--as-of", DAY]).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{text}");
        assert!(text.contains(&format!("{name}: {} of {read} rows rejected, limit {limit}", limit + 1)), "{text}");
        assert_eq!(current(&court.work), published);
        fs::write(&path, good).unwrap();
    }
}

#[test]
fn a_dirty_town_runs_through_and_every_row_is_accounted_for() {
    let court = Court::of(30);
    let dirty = town(300, &["--dirty", "0.02"]);
    let input = dirty.path().to_str().unwrap();
    let (config, work) = (court.config.to_str().unwrap(), court.work.to_str().unwrap());
    must(&["nightly", "--config", config, "--input", input, "--as-of", DAY, "--work", work, "--jobs", "1"]);
    current(&court.work);
    let record = manifest::read(&court.work.join("current")).unwrap();
    let counts = rejects(&court.work);
    assert_eq!(counts, record.rejects);
    assert!(counts.len() >= 3 && counts.values().sum::<u64>() >= 10, "{counts:?}");
    assert!(record.warnings.iter().any(|w| w.contains("unknown_code")), "{:?}", record.warnings);
    let intake: serde_json::Value = serde_json::from_str(&fs::read_to_string(court.work.join("lake/_intake.json")).unwrap()).unwrap();
    for (name, table) in intake["tables"].as_object().unwrap() {
        let of = |key: &str| table[key].as_u64().unwrap();
        assert_eq!(of("read"), of("loaded") + of("waiting") + of("rejected") + of("duplicates"), "{name}");
        assert_eq!(of("rejected"), counts.get(name).copied().unwrap_or(0), "{name}");
    }
    no_identity(&court.work, &identity(dirty.path()));
}

/// `LUHENG_SOAK=1` draws new towns, and many.
fn draws() -> ProptestConfig {
    let soak = std::env::var_os("LUHENG_SOAK").is_some();
    let (cases, rng_seed) = if soak { (200, RngSeed::Random) } else { (6, RngSeed::Fixed(20_261_123)) };
    ProptestConfig { cases, rng_seed, max_shrink_iters: 4, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(draws())]

    /// Rows read = distinct source rows in the lake + waiting + rejected + exact duplicates, each counted here from where it lies.
    #[test]
    fn no_row_of_a_random_dirty_town_is_lost(seed in 1_u32..10_000, debtors in 20_u32..90, dirt in 0.0..0.12_f64) {
        let (exports, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = |folder: &tempfile::TempDir| folder.path().to_str().unwrap().to_owned();
        let (of, seed, dirt) = (debtors.to_string(), seed.to_string(), dirt.to_string());
        must(&["synth", "--debtors", &of, "--seed", &seed, "--dirty", &dirt, "--out", &path(&exports)]);
        fs::remove_file(exports.path().join("truth.parquet")).unwrap();
        // A share of a small table is soon over the limit, which is not what is looked at here.
        let text = format!("max_reject_share = 1.0\n{}", fs::read_to_string(configuration()).unwrap());
        let config = exports.path().join("luheng.toml");
        fs::write(&config, text).unwrap();
        must(&["ingest", "--config", config.to_str().unwrap(), "--input", &path(&exports), "--as-of", DAY, "--work", &path(&work)]);
        let intake: serde_json::Value = serde_json::from_str(&fs::read_to_string(work.path().join("lake/_intake.json")).unwrap()).unwrap();
        let rejects = parquet::read(&work.path().join("lake/_rejects.parquet"), &Seal::none()).unwrap();
        for (name, table) in intake["tables"].as_object().unwrap() {
            let of = |key: &str| table[key].as_u64().unwrap();
            let file = exports.path().join(format!("{name}.csv"));
            prop_assert_eq!(of("read"), csv_rows(&file), "{}", name);
            // Tables of places are kept whole, not by bucket.
            if name == "population" || name == "regions" {
                continue;
            }
            let held = lake(work.path(), name);
            let day = |column: &str, at: usize| held.get(column).and_then(|c| c.date_at(at));
            // Versions of one key share its id; copies of a row share all three.
            let ids = if held.is_empty() { Vec::new() } else { texts(&held, "row_id") };
            let ids = ids.into_iter().enumerate();
            let in_lake: BTreeSet<_> = ids.map(|(at, id)| (id, day("known_on", at), day("seen_on", at))).collect();
            let turned_away = texts(&rejects, "table").iter().flatten().filter(|t| *t == name).count() as u64;
            prop_assert_eq!(of("read"), in_lake.len() as u64 + of("waiting") + turned_away + of("duplicates"), "{} of seed {} dirt {}", name, seed, dirt);
        }
    }
}

/// Records of an export below its head; none where there is no such export.
fn csv_rows(path: &Path) -> u64 {
    if !path.exists() {
        return 0;
    }
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(path).unwrap();
    reader.byte_records().count() as u64
}

/// Every value of an identity column in a folder of exports.
fn identity(exports: &Path) -> BTreeSet<String> {
    let mut values = BTreeSet::new();
    for (file, columns) in [("debtors.csv", &["id_no", "name", "phone", "address"][..]), ("registers.csv", &["id_no"])] {
        let Ok(text) = fs::read_to_string(exports.join(file)) else { continue };
        let mut lines =
            text.lines().map(|line| line.split(',').map(|cell| cell.trim().trim_matches('"').to_owned()).collect::<Vec<String>>());
        let head = lines.next().unwrap();
        let at: Vec<usize> =
            columns.iter().map(|c| head.iter().position(|h| h == c).unwrap_or_else(|| panic!("{file} has no {c}"))).collect();
        values.extend(lines.flat_map(|row| at.iter().filter_map(|at| row.get(*at).cloned()).collect::<Vec<_>>()));
    }
    values.retain(|value| value.chars().count() >= 2);
    assert!(values.len() > 100, "{}", values.len());
    values
}

/// No value stands in any file of the work folder: not in text, not in a text column of a table; the vault's tables are sealed, and searched as bytes.
fn no_identity(work: &Path, values: &BTreeSet<String>) {
    let (mut searched, mut waiting) = (0, vec![work.to_owned()]);
    while let Some(folder) = waiting.pop() {
        let inner: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).filter(|p| !p.is_symlink()).collect();
        for path in inner {
            if path.is_dir() {
                waiting.push(path);
                continue;
            }
            let sealed = path.starts_with(work.join("vault"));
            let text = if path.extension().is_some_and(|e| e == "parquet") && !sealed {
                let rows = parquet::read(&path, &Seal::none()).unwrap();
                let of_text = rows.iter().filter(|(_, column)| column.kind() == ColumnKind::Text).map(|(name, _)| name);
                let cells: BTreeSet<String> = of_text.flat_map(|name| texts(&rows, name)).flatten().collect();
                cells.into_iter().collect::<Vec<_>>().join("\n")
            } else {
                assert!(!sealed || parquet::read(&path, &Seal::none()).is_err(), "{} opens without a key", path.display());
                String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned()
            };
            if let Some(found) = values.iter().find(|value| text.contains(value.as_str())) {
                let start = text.find(found.as_str()).unwrap();
                let around: String = text[start..].chars().take(60).collect();
                panic!("{}: identity \"{found}\" in \"{around}\"", path.display());
            }
            searched += 1;
        }
    }
    assert!(searched > 60, "{searched}");
}

#[test]
fn no_identity_value_leaves_the_vault() {
    let court = Court::of(100);
    let (_, may) = court.night(BEFORE, &[]);
    let (said, told) = court.night(DAY, &["--log", "json"]);
    let values = identity(&court.exports);
    no_identity(&court.work, &values);
    let case = texts(&table(&court.work, "ratings"), "case_no").into_iter().flatten().next().unwrap();
    let work = court.work.to_str().unwrap();
    let explained = must(&["explain", &case, "--work", work]);
    assert!(explained.contains(&case));
    let mut check = court.command(&["check", "--as-of", DAY]);
    let checked = String::from_utf8(check.output().unwrap().stdout).unwrap();
    for text in [may, said, told, explained, checked] {
        assert!(values.iter().all(|value| !text.contains(value.as_str())), "{text}");
    }
    // The search would find one: the sample's own exports are full of them.
    let name = values.iter().find(|v| fs::read_to_string(court.exports.join("debtors.csv")).unwrap().contains(v.as_str()));
    assert!(name.is_some() && !identity(&sample_town()).is_empty());
}
