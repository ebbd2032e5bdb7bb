//! Counts of what became of every row, and the limit on rejects. What was read is loaded, waiting, rejected or a duplicate: nothing is lost.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::columns::Columns;
use crate::error::{Error, Result, explain};

/// Fewer rejects than this never stop a run.
const ALWAYS_ALLOWED: u64 = 20;
/// How many rules the message names.
const RULES_NAMED: usize = 5;

/// What became of the rows of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileCounts {
    /// The table.
    pub table: String,
    /// Name below the input folder; `lake/_waiting/<table>` for rows kept from earlier nights.
    pub file: String,
    /// The source of its mapping.
    pub source: String,
    /// Rows read.
    pub read: u64,
    /// Rows that are in the lake, counted once however many parties they were copied to.
    pub loaded: u64,
    /// Of those, the rows that the lake held before.
    #[serde(default)]
    pub unchanged: u64,
    /// Rows that wait for their case, debtor or asset.
    pub waiting: u64,
    /// Rows that broke a rule or contradict each other.
    pub rejected: u64,
    /// Rows exactly equal to a loaded or waiting one.
    pub duplicates: u64,
    /// Rows whose period of retention is over.
    #[serde(default)]
    pub expired: u64,
}

impl FileCounts {
    /// Adds another file's counts.
    pub fn add(&mut self, other: &FileCounts) {
        self.read += other.read;
        self.loaded += other.loaded;
        self.unchanged += other.unchanged;
        self.waiting += other.waiting;
        self.rejected += other.rejected;
        self.duplicates += other.duplicates;
        self.expired += other.expired;
    }

    /// [`Error::Fault`] where rows were lost or counted twice.
    pub(super) fn check_sum(&self) -> Result<()> {
        let found = self.loaded + self.waiting + self.rejected + self.duplicates + self.expired;
        if found == self.read {
            return Ok(());
        }
        Err(Error::fault(format!(
            "{}: {} rows were read, but {} loaded, {} waiting, {} rejected, {} duplicates, {} expired make {found}",
            self.file, self.read, self.loaded, self.waiting, self.rejected, self.duplicates, self.expired
        )))
    }
}

/// The counts of each table.
pub(super) fn by_table(files: &[FileCounts]) -> BTreeMap<String, FileCounts> {
    let mut tables: BTreeMap<String, FileCounts> = BTreeMap::new();
    for file in files {
        let table = tables.entry(file.table.clone()).or_default();
        table.table.clone_from(&file.table);
        table.add(file);
    }
    tables
}

/// [`Error::Input`] where a table has more rejects than its share allows, naming the rules most rows broke.
pub(super) fn check_limit(files: &[FileCounts], max_share: f64, rejects: &[Columns]) -> Result<()> {
    let mut over = Vec::new();
    for (name, table) in by_table(files) {
        let limit = ((table.read as f64 * max_share).floor() as u64).max(ALWAYS_ALLOWED);
        if table.rejected > limit {
            over.push(format!(
                "{name}: {} of {} rows rejected, limit {limit} ({})",
                table.rejected,
                table.read,
                worst_rules(&name, rejects)
            ));
        }
    }
    if over.is_empty() {
        return Ok(());
    }
    Err(explain("too many rows were rejected; nothing was changed")
        .at(over.join("; "))
        .expected(format!("at most a share of {max_share} of a table's rows"))
        .remedy("correct the export or its mapping ([sources.<table>]); `luheng check` lists every reject; max_reject_share sets the limit")
        .input())
}

fn worst_rules(table: &str, rejects: &[Columns]) -> String {
    let mut rules: BTreeMap<(String, String), (u64, String)> = BTreeMap::new();
    for part in rejects {
        let text = |name: &str, row| part.get(name).and_then(|c| c.text_at(row)).unwrap_or_default();
        for row in (0..part.len()).filter(|&row| text("table", row) == table) {
            let line = part.get("line").and_then(|c| c.int_at(row)).unwrap_or_default();
            let rule = (text("rule", row).to_owned(), text("column", row).to_owned());
            let slot = rules.entry(rule).or_insert_with(|| (0, format!("{} line {line}", text("file", row))));
            slot.0 += 1;
        }
    }
    let mut worst: Vec<_> = rules.into_iter().collect();
    worst.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
    let named: Vec<String> = worst
        .iter()
        .take(RULES_NAMED)
        .map(|((rule, column), (count, first))| {
            let place = if column.is_empty() { String::new() } else { format!(" in {column}") };
            format!("{rule}{place}: {count}, first {first}")
        })
        .collect();
    named.join("; ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn counts(read: u64, rejected: u64) -> FileCounts {
        FileCounts { table: "debtors".into(), file: "debtors.csv".into(), read, rejected, loaded: read - rejected, ..Default::default() }
    }

    #[test]
    fn twenty_rejects_are_always_allowed_and_then_the_share_counts() {
        assert!(check_limit(&[counts(21, 20)], 0.05, &[]).is_ok());
        assert!(check_limit(&[counts(1_000, 50)], 0.05, &[]).is_ok());
        let rejects = Columns::new()
            .text("table", [Some("debtors"), Some("debtors")])
            .text("file", [Some("debtors.csv"), Some("debtors.csv")])
            .int("line", [Some(7), Some(9)])
            .text("column", [Some("id_no"), Some("id_no")])
            .text("rule", [Some("check_digit"), Some("check_digit")]);
        let error = check_limit(&[counts(1_000, 51)], 0.05, &[rejects]).unwrap_err();
        assert_eq!(error.exit_status(), 3);
        assert!(error.to_string().contains("check_digit in id_no: 2, first debtors.csv line 7"), "{error}");
    }

    #[test]
    fn a_lost_row_is_a_fault() {
        assert!(counts(10, 2).check_sum().is_ok());
        let lost = FileCounts { loaded: 7, ..counts(10, 2) };
        assert_eq!(lost.check_sum().unwrap_err().exit_status(), 1);
    }
}
