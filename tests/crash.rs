//! A night that dies before any of its store operations leaves `current` as it was, and the next night is as if nothing had happened.
//!
//! Every kind of operation is met, but not every operation: a night is let die before every fifth one, before each in the last part (pages, manifest,
//! the switch), and only at the edges of the score sheets, which are a hundred times the same. `LUHENG_SOAK=1` takes each and every one, and a whole
//! clean night after each of the last.

use std::fs;
use std::path::Path;
use std::process::Output;

use luheng_lake::store::manifest;
use luheng_lake::store::paths::Work;

use crate::town::contents;
use crate::verify::{Court, copy, current, leavings};

const BEFORE: &str = "2026-05-31";
const TONIGHT: &str = "2026-06-30";
/// Operations between two deaths, coprime to the two (create, rename) that most files take.
const STRIDE: usize = 5;

fn soak() -> bool {
    std::env::var("LUHENG_SOAK").is_ok_and(|v| v == "1")
}

/// A night that aborts before its n-th store operation, or a child of it before the child's n-th.
fn dying(court: &Court, work: &Path, n: usize, more: &[&str]) -> Output {
    let arguments = [&["nightly", "--as-of", TONIGHT], more].concat();
    court.command_in(work, &arguments).env(luheng_lake::store::atomic::ABORT_AT, n.to_string()).output().unwrap()
}

/// Did it die as it was told to? Anything else that ends a night is a fault of its own.
fn died(output: &Output, n: usize) -> bool {
    let text = String::from_utf8_lossy(&output.stderr);
    match output.status.code() {
        Some(0) => false,
        None => true,
        Some(1) if text.contains("SIGABRT") => true,
        other => panic!("operation {n}: {other:?}\n{text}"),
    }
}

/// Sheets in the folder where a night was being built.
fn sheets_begun(work: &Path) -> usize {
    leavings(&work.join("runs")).iter().filter_map(|run| fs::read_dir(run.join("sheets")).ok()).map(Iterator::count).sum()
}

/// The stages of the current run with the rows they made.
fn timings(work: &Path) -> Vec<(String, u64)> {
    let text = fs::read_to_string(work.join("current/timings.json")).unwrap();
    let stages: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    stages.iter().map(|s| (s["stage"].as_str().unwrap().to_owned(), s["rows"].as_u64().unwrap())).collect()
}

fn rows(timings: &[(String, u64)], stage: &str) -> Option<u64> {
    timings.iter().find(|(name, _)| name == stage).map(|(_, rows)| *rows)
}

/// A court whose last night is published, what tonight leaves where nothing dies, and how many sheets that are.
fn before_tonight() -> (Court, std::collections::BTreeMap<String, String>, usize) {
    let court = Court::of(150);
    court.night(BEFORE, &[]);
    let whole = court.path("whole");
    copy(&court.work, &whole);
    court.night_in(&whole, TONIGHT, &[]);
    let sheets = fs::read_dir(whole.join("current/sheets")).unwrap().count();
    assert!(sheets > 60, "{sheets}");
    (court, contents(&whole), sheets)
}

#[test]
fn a_night_may_die_before_any_store_operation() {
    let (court, expected, sheets) = before_tonight();
    let last_night = current(&court.work);
    let work = court.path("dying");
    copy(&court.work, &work);
    // Deaths upon deaths in one work folder: each night meets what the one before it left.
    let (mut n, mut step, mut deaths) = (1, if soak() { 1 } else { STRIDE }, 0);
    loop {
        let output = dying(&court, &work, n, &[]);
        if !died(&output, n) {
            break;
        }
        deaths += 1;
        assert_eq!(current(&work), last_night, "operation {n}");
        let left = leavings(&work);
        for place in [work.join(".ingest"), work.join("runs").join("."), work.join("models").join(".")] {
            let of_place = left.iter().filter(|l| l.display().to_string().starts_with(&place.display().to_string()));
            assert!(of_place.count() <= 1, "operation {n}: what earlier nights left is not swept: {left:?}");
        }
        let begun = sheets_begun(&work);
        if !soak() && (1..sheets).contains(&begun) {
            step = 1;
            n += (sheets - 3).saturating_sub(begun);
        }
        n += step;
    }
    assert!(deaths > 30, "only {deaths} nights died");
    // The last one was told to die later than it had work to do: it is whole.
    assert!(current(&work).starts_with(TONIGHT));
    assert_eq!(contents(&work), expected);
    assert_eq!(leavings(&work), Vec::<std::path::PathBuf>::new());

    // The last operations once more, each from the state of last night: so that the death between the run's rename and the link's is met too.
    let mut switched = false;
    for n in n.saturating_sub(if soak() { 15 } else { 5 }).. {
        let work = court.path("fresh");
        copy(&court.work, &work);
        let is_dead = died(&dying(&court, &work, n, &[]), n);
        let runs = fs::read_dir(work.join("runs"))
            .unwrap()
            .filter(|e| e.as_ref().unwrap().file_name().to_str().unwrap().starts_with(TONIGHT))
            .count();
        switched |= is_dead && runs == 1;
        if is_dead {
            assert_eq!(current(&work), last_night, "operation {n}");
        }
        // Where the run was there already, only the link was missing.
        if runs == 1 || soak() {
            let (said, _) = court.night_in(&work, TONIGHT, &[]);
            assert_eq!(said.contains("already published"), runs == 1, "operation {n}: {said}");
            assert!(current(&work).starts_with(TONIGHT));
            assert_eq!(contents(&work), expected, "operation {n}");
            assert!(leavings(&work).is_empty(), "operation {n}: {:?}", leavings(&work));
        }
        fs::remove_dir_all(&work).unwrap();
        if !is_dead {
            break;
        }
    }
    assert!(switched, "no night died between the rename of its run and the switch of the link");
}

#[test]
fn a_first_night_that_dies_publishes_nothing_and_the_next_one_is_the_first() {
    let court = Court::of(60);
    let (whole, work) = (court.path("whole"), court.path("dying"));
    court.night_in(&whole, TONIGHT, &[]);
    for n in (1..).step_by(if soak() { 1 } else { 23 }) {
        if !died(&dying(&court, &work, n, &[]), n) {
            break;
        }
        assert!(!work.join("current").is_symlink(), "operation {n}");
    }
    current(&work);
    assert_eq!(contents(&work), contents(&whole));
    assert!(leavings(&work).is_empty(), "{:?}", leavings(&work));
}

/// A work folder in which tonight died while it wrote its sheets.
fn dead_in_the_sheets(court: &Court, sheets: usize, name: &str) -> std::path::PathBuf {
    let work = court.path(name);
    for n in (100..).step_by(sheets - 10) {
        copy(&court.work, &work);
        assert!(died(&dying(court, &work, n, &[]), n), "no night died in its sheets");
        if sheets_begun(&work) > 0 {
            break;
        }
        fs::remove_dir_all(&work).unwrap();
    }
    work
}

#[test]
fn resuming_goes_on_from_what_was_finished_and_ends_the_same() {
    let (court, expected, sheets) = before_tonight();
    let stages = ["features", "score", "suggest", "sums"];
    let made = timings(&court.path("whole"));
    assert!(stages.iter().all(|stage| rows(&made, stage) > Some(0)), "{made:?}");

    let work = dead_in_the_sheets(&court, sheets, "resumed");
    let kept = court.path("kept");
    copy(&work, &kept);
    let (_, told) = court.night_in(&work, TONIGHT, &["--resume"]);
    assert!(told.contains("ingest: the lake was made from these very inputs; kept"), "{told}");
    let again = timings(&work);
    assert_eq!(rows(&again, "ingest"), None, "{again:?}");
    assert!(stages.iter().all(|stage| rows(&again, stage) == Some(0)), "parts were made again: {again:?}");
    assert_eq!(contents(&work), expected);
    current(&work);
    assert!(leavings(&work).is_empty());

    // A part that is no longer what its stage wrote is made again, and that one alone.
    let part = leavings(&kept.join("runs"))[0].join("parts/features/bucket=001/part.parquet");
    let mut bytes = fs::read(&part).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&part, bytes).unwrap();
    let work = court.path("damaged");
    copy(&kept, &work);
    court.night_in(&work, TONIGHT, &["--resume"]);
    let features = rows(&timings(&work), "features").unwrap();
    assert!(features > 0 && Some(features) < rows(&made, "features"), "{features}");
    assert_eq!(contents(&work), expected);

    // Other exports: nothing of the dead night is taken over.
    let assets = court.exports.join("assets.csv");
    let text = fs::read_to_string(&assets).unwrap();
    let more: String = text.lines().skip(1).map(|line| format!("X{line}\n")).collect();
    fs::write(&assets, text + &more).unwrap();
    court.night_in(&kept, TONIGHT, &["--resume"]);
    assert!(rows(&timings(&kept), "features") > Some(0));
    assert!(leavings(&kept).is_empty());
    let clean = court.path("clean");
    copy(&court.work, &clean);
    court.night_in(&clean, TONIGHT, &[]);
    assert_eq!(contents(&kept), contents(&clean));
    assert_ne!(contents(&kept), expected);
}

#[test]
fn what_a_death_cut_short_is_never_published() {
    let (court, expected, sheets) = before_tonight();
    let work = dead_in_the_sheets(&court, sheets, "torn");
    let building = leavings(&work.join("runs")).remove(0);
    for name in [".ratings.parquet.1.tmp", "sheets/torn.html", "parts/features/bucket=000/.part.parquet.1.tmp"] {
        fs::write(building.join(name), "half a fi").unwrap();
    }
    for name in ["models/.approved.json.1.tmp", ".current.1.tmp"] {
        fs::write(work.join(name), "half a fi").unwrap();
    }
    let model = fs::read_dir(work.join("models")).unwrap().map(|e| e.unwrap().path()).find(|p| p.is_dir()).unwrap();
    fs::write(model.join(".model.json.1.tmp"), "half a fi").unwrap();
    court.night_in(&work, TONIGHT, &["--resume"]);
    assert_eq!(contents(&work), expected);
    current(&work);
    assert!(leavings(&work).is_empty(), "{:?}", leavings(&work));

    // What is being sealed for a scheduler is swept the same way, and a seal that died just before the switch is completed.
    let staged = court.path("staged");
    for verb in ["ingest", "train", "features", "score", "suggest", "metrics", "report"] {
        assert!(court.command_in(&staged, &[verb, "--as-of", TONIGHT]).output().unwrap().status.success(), "{verb}");
    }
    let building = leavings(&staged.join("runs")).remove(0);
    fs::write(building.join(".regional.json.1.tmp"), "half a fi").unwrap();
    let seal = || {
        let output = court.command_in(&staged, &["seal", "--as-of", TONIGHT]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(seal().contains("published"));
    let id = current(&staged);
    assert!(!manifest::read(&staged.join("current")).unwrap().files.keys().any(|name| name.contains(".tmp")));
    fs::remove_file(Work::at(&staged).current()).unwrap();
    assert!(seal().contains(&format!("already published: {id}")));
    assert_eq!(current(&staged), id);
    assert!(leavings(&staged).is_empty());
}
