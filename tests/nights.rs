//! Night after night through the whole house: changes give what full exports give, a past day can be repeated, what moved counts once.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::rewrite::{Export, exports, folder};
use crate::town::{configuration, contents, lake, must, table, texts, town};

const FIRST: &str = "2026-05-31";
const SECOND: &str = "2026-06-30";

/// What had been exported by the first night: rows known by then.
fn by_first(tables: &[Export]) -> Vec<Export> {
    let known = |table: &Export, row: &[String]| table.at("known_on").is_none_or(|at| row[at].as_str() <= FIRST);
    tables.iter().map(|t| Export { rows: t.rows.iter().filter(|r| known(t, r)).cloned().collect(), ..t.clone() }).collect()
}

/// The rows of `after` that `before` has not.
fn changes(before: &[Export], after: &[Export]) -> Vec<Export> {
    let mut out = Vec::new();
    for (old, new) in before.iter().zip(after) {
        let mut there: BTreeMap<&Vec<String>, usize> = BTreeMap::new();
        old.rows.iter().for_each(|row| *there.entry(row).or_default() += 1);
        let mut rows = new.rows.clone();
        rows.retain(|row| match there.get_mut(row) {
            Some(n) if *n > 0 => {
                *n -= 1;
                false
            }
            _ => true,
        });
        out.push(Export { rows, ..new.clone() });
    }
    out
}

/// Corrections of the second night: an asset found worth half, one that is another debtor's now, a receipt void.
fn correct(tables: &mut [Export]) {
    let of = |tables: &[Export], name: &str| tables.iter().position(|t| t.name == name).unwrap();
    let (assets, payments) = (of(tables, "assets"), of(tables, "payments"));
    let owners = &tables[assets];
    let (owner, fen, known) = (owners.at("debtor_ref").unwrap(), owners.at("gross_fen").unwrap(), owners.at("known_on").unwrap());
    let early: Vec<Vec<String>> = owners.rows.iter().filter(|row| row[known].as_str() < FIRST).cloned().collect();
    let asset = owners.at("asset_ref").unwrap();
    let sold = early.iter().find(|row| row[asset] != early[0][asset]).unwrap();
    let other = early.iter().find(|row| row[owner] != sold[owner]).unwrap()[owner].clone();
    let mut half = early[0].clone();
    half[fen] = (half[fen].parse::<i64>().unwrap_or(200) / 2).to_string();
    half[known] = SECOND.to_owned();
    let mut sold = sold.clone();
    (sold[owner], sold[known]) = (other, SECOND.to_owned());
    tables[assets].rows.extend([half, sold]);
    let voided = tables[payments].ensure("voided_on");
    let known = tables[payments].at("known_on").unwrap();
    let mut gone = tables[payments].rows.iter().find(|row| row[known].as_str() < FIRST).unwrap().clone();
    (gone[voided], gone[known]) = (SECOND.to_owned(), SECOND.to_owned());
    tables[payments].rows.push(gone);
}

struct Court {
    folder: TempDir,
    tables: Vec<String>,
}

impl Court {
    fn work(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn night(&self, work: &str, input: &Path, as_of: &str, mode: &str) -> String {
        let config = self.folder.path().join(format!("{mode}.toml"));
        let sources: String = self.tables.iter().map(|table| format!("[sources.{table}]\nmode = \"{mode}\"\n")).collect();
        fs::write(&config, format!("{}\n{sources}", fs::read_to_string(configuration()).unwrap())).unwrap();
        let (config, work) = (config.display().to_string(), self.work(work).display().to_string());
        let input = input.display().to_string();
        must(&["nightly", "--config", &config, "--input", &input, "--work", &work, "--as-of", as_of, "--jobs", "2"])
    }
}

#[test]
fn changes_give_what_full_exports_give_and_the_past_can_be_repeated() {
    let town = town(250, &[]);
    let mut all = exports(town.path());
    let payments = all.iter().position(|t| t.name == "payments").unwrap();
    all[payments].ensure("voided_on");
    // Rows of the wrong person count on no day (contract.md §1), not even on one before it was known: they alone change the past.
    for table in &mut all {
        if let Some(at) = table.at("void_reason") {
            table.rows.retain(|row| row[at] != "wrong_person");
        }
    }
    let before = by_first(&all);
    correct(&mut all);
    let csv = |table: &Export, place: &Path| table.csv(place);
    let (first, full) = (folder(&before, csv), folder(&all, csv));
    let changed = changes(&before, &all);
    let delta = folder(&changed, csv);
    let more: usize = changed.iter().map(|t| t.rows.len()).sum();
    assert!(more > 20 && more < all.iter().map(|t| t.rows.len()).sum::<usize>() / 4, "{more} rows changed");

    let court = Court { folder: tempfile::tempdir().unwrap(), tables: all.iter().map(|t| t.name.clone()).collect() };
    court.night("full", first.path(), FIRST, "full");
    court.night("delta", first.path(), FIRST, "full");
    let then = contents(&court.work("full"));
    assert_eq!(contents(&court.work("delta")), then);
    let (a, b) = (court.night("full", full.path(), SECOND, "full"), court.night("delta", delta.path(), SECOND, "delta"));
    let run = |said: &str| said.lines().find(|l| l.starts_with("run ")).unwrap().rsplit('/').next().unwrap().to_owned();
    assert_eq!(run(&a), run(&b), "the run is named by what the lake holds, not by how it came");
    assert_eq!(contents(&court.work("delta")), contents(&court.work("full")));
    assert_ne!(contents(&court.work("delta")), then);

    // The first night again, over a lake that has been corrected since.
    court.night("delta", delta.path(), FIRST, "delta");
    let again = contents(&court.work("delta"));
    for name in ["features", "ratings", "reasons", "cases", "debtors", "suggestions", "worklist", "alerts", "regional", "oversight"] {
        let file = format!("{name}.parquet");
        assert_eq!(again[&file], then[&file], "{name}");
    }

    // Nothing is left of an asset with the debtor who had it, and no evidence names it there.
    let assets = lake(&court.work("full"), "assets");
    let elsewhere = assets.require("elsewhere").unwrap();
    let gone: Vec<(String, String)> = (0..assets.len())
        .filter(|&at| elsewhere.flag_at(at) == Some(true))
        .map(|at| (texts(&assets, "debtor_id")[at].clone().unwrap(), texts(&assets, "row_id")[at].clone().unwrap()))
        .filter(|(debtor, row)| {
            let newest = (0..assets.len()).rev().find(|&at| {
                texts(&assets, "debtor_id")[at].as_deref() == Some(debtor) && texts(&assets, "row_id")[at].as_deref() == Some(row)
            });
            newest.is_some_and(|at| elsewhere.flag_at(at) == Some(true))
        })
        .collect();
    assert_eq!(gone.len(), 1, "{gone:?}");
    let reasons = table(&court.work("full"), "reasons");
    let (debtors, evidence) = (texts(&reasons, "debtor_id"), texts(&reasons, "evidence"));
    for (debtor, row) in gone {
        let named = |at: &usize| debtors[*at].as_deref() == Some(&debtor) && evidence[*at].as_deref().is_some_and(|e| e.contains(&row));
        assert_eq!((0..reasons.len()).filter(named).count(), 0);
    }
}
