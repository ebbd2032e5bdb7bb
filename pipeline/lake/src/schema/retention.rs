//! How long facts stay: `catalog/retention.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Deserialize;

use super::fault::Fault;
use super::load::Schema;
use super::table::{BucketBy, Title};
use crate::catalog::CatalogFiles;

const FILE: &str = "retention.toml";
/// Tables that say when a debtor's last case ended: they stay as long as any other.
const LONGEST: [&str; 3] = ["cases", "parties", "debtors"];

/// Periods by table, and whether they are applied.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Retention {
    /// Whether facts leave; else it is only reported how many would.
    pub apply: bool,
    /// Months after the end of the debtor's last case, by table. A table that is not here is kept.
    pub months: BTreeMap<String, i32>,
    /// What each table's period rests on.
    pub grounds: BTreeMap<String, Title>,
    /// Kinds and grounds of closing after which a case is not at an end.
    pub live_closings: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RetentionFile {
    format: u32,
    live_closings: BTreeSet<String>,
    about: BTreeMap<String, Title>,
    periods: Vec<PeriodEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PeriodEntry {
    tables: Vec<String>,
    months: Option<i32>,
    ground: String,
}

impl Retention {
    /// Reads and checks the periods; nothing is applied yet. Errors: every fault of the file, a table of debtors that it leaves out included.
    pub fn load(files: &CatalogFiles, schema: &Schema) -> Result<Self, Vec<Fault>> {
        let Some(text) = files.get(FILE) else { return Err(vec![Fault::new(FILE, "file", "no such file", "the periods of retention")]) };
        let file: RetentionFile = toml::from_str(text).map_err(|e| vec![Fault::toml(FILE, text, &e)])?;
        let mut out = Retention { live_closings: file.live_closings, ..Retention::default() };
        let mut faults = Vec::new();
        if file.format != 1 {
            faults.push(Fault::new(FILE, "format", file.format.to_string(), "1"));
        }
        for entry in file.periods {
            for table in entry.tables {
                let place = format!("periods.{table}");
                if schema.table(&table).is_none_or(|t| t.bucket_by == BucketBy::Whole) {
                    faults.push(Fault::new(FILE, &place, "no table of debtors", "the name of one, such as conduct"));
                }
                match file.about.get(&entry.ground) {
                    Some(title) if !out.grounds.contains_key(&table) => drop(out.grounds.insert(table.clone(), title.clone())),
                    Some(_) => faults.push(Fault::new(FILE, &place, "a second period", "each table once")),
                    None => faults.push(Fault::new(FILE, &place, format!("ground \"{}\"", entry.ground), "a ground of [about]")),
                }
                if let Some(months) = entry.months {
                    if !(1..=1200).contains(&months) {
                        faults.push(Fault::new(FILE, &place, format!("{months} months"), "1 to 1200"));
                    }
                    out.months.insert(table, months);
                }
            }
        }
        for table in schema.tables.values().filter(|t| t.bucket_by != BucketBy::Whole && !out.grounds.contains_key(&t.name)) {
            faults.push(Fault::new(FILE, format!("periods.{}", table.name), "nothing", "a period, or an entry without months: kept"));
        }
        let longest = out.months.values().copied().max();
        for table in LONGEST.into_iter().filter(|t| out.months.get(*t).is_some_and(|months| Some(*months) < longest)) {
            faults.push(Fault::new(
                FILE,
                format!("periods.{table}"),
                "a shorter period than another table's",
                "the longest: it says when the last case ended",
            ));
        }
        if faults.is_empty() { Ok(out) } else { Err(faults) }
    }
}

impl Retention {
    /// The periods as Markdown, for `luheng catalog`: what a court reviews before it sets `[retention] apply = true`.
    pub fn dictionary(&self, schema: &Schema) -> String {
        let mut out = String::from(
            "# 保存期限 / retention\n\n| table | 名称 | months after the last case | 依据 | ground |\n|---|---|---|---|---|\n",
        );
        for (name, ground) in &self.grounds {
            let title = schema.table(name).map_or("", |table| &table.title.zh);
            let months = self.months.get(name).map_or("kept".to_owned(), i32::to_string);
            // Writing to a String cannot fail.
            let _ = writeln!(out, "| {name} | {title} | {months} | {} | {} |", ground.zh, ground.en);
        }
        let live: Vec<&str> = self.live_closings.iter().map(String::as_str).collect();
        let _ = writeln!(out, "\nNo end of a case: {}.", live.join(", "));
        let then =
            if self.apply { "leave the lake and the vault" } else { "stay, and are counted each night, until [retention] apply = true" };
        let _ = writeln!(out, "Rows whose period is over {then}.");
        out
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_catalog_has_a_period_or_a_reason_for_every_table_of_debtors() {
        let files = CatalogFiles::embedded();
        let retention = Retention::load(&files, &Schema::load(&files).unwrap()).unwrap();
        assert_eq!((retention.apply, retention.months["conduct"]), (false, 60));
        assert!(!retention.months.contains_key("registers"));
        // No article is named: none that sets such a period was read.
        let article = |t: &Title| ["条", "art.", "Art"].iter().any(|sign| t.zh.contains(sign) || t.en.contains(sign));
        assert!(!retention.grounds.values().any(article));
    }

    #[test]
    fn every_period_and_what_keeps_a_case_alive_is_in_the_dictionary() {
        let files = CatalogFiles::embedded();
        let schema = Schema::load(&files).unwrap();
        let mut retention = Retention::load(&files, &schema).unwrap();
        let text = retention.dictionary(&schema);
        for (table, ground) in &retention.grounds {
            let months = retention.months.get(table).map_or("kept".to_owned(), i32::to_string);
            let line = text.lines().find(|line| line.starts_with(&format!("| {table} |"))).unwrap();
            assert!(line.contains(&format!("| {months} | {} |", ground.zh)), "{line}");
        }
        assert!(
            text.contains("No end of a case: no_property, settlement_long.") && text.contains("until [retention] apply = true"),
            "{text}"
        );
        retention.apply = true;
        assert!(retention.dictionary(&schema).contains("leave the lake and the vault"));
    }

    #[test]
    #[allow(clippy::disallowed_methods)]
    fn what_says_when_the_last_case_ended_stays_longest() {
        let folder = tempfile::tempdir().unwrap();
        let text =
            CatalogFiles::embedded().get(FILE).unwrap().replacen("months = 60", "months = 24", 1).replace("\"registers\"", "\"regions\"");
        std::fs::write(folder.path().join(FILE), text).unwrap();
        let files = CatalogFiles::embedded().overlay(folder.path()).unwrap();
        let faults = Retention::load(&files, &Schema::load(&files).unwrap()).unwrap_err();
        let places: Vec<&str> = faults.iter().map(|f| f.place.as_str()).collect();
        assert_eq!(places, ["periods.regions", "periods.registers", "periods.cases", "periods.parties", "periods.debtors"]);
    }
}
