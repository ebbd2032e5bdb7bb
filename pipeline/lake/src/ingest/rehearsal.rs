//! What an ingest would find when it brings a table's rows together, for a check that writes nothing: conflicts and duplicates, from short
//! hashes of every row in memory.

use std::collections::{BTreeMap, BTreeSet};

use super::layout::Layout;
use super::record::{Header, hex, records};
use super::reject::Reject;
use super::retention::Leaving;
use super::settle::Settled;
use super::settled::conflict_at;
use super::split::Split;
use crate::columns::Day;
use crate::error::Result;

/// The file of what a waiting row left to be compared with.
const SHADOW: u32 = u32::MAX;

/// A row in short.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Short {
    /// Key and days, hashed.
    said: u64,
    content: u64,
    file: u32,
    line: u64,
    /// Whether equal rows of one file are distinct.
    repeats: bool,
}

/// The rows of one table.
#[derive(Default)]
pub(super) struct Rehearsal {
    rows: Vec<Short>,
    is_sorted: bool,
    /// The days on which rows were known.
    known: BTreeSet<Day>,
    /// Rows whose period of retention is over, by file.
    expired: BTreeMap<u32, u64>,
    leaving: Option<(String, Leaving)>,
}

impl Rehearsal {
    /// For a table of whose rows those leave whose period is over, where periods are applied.
    pub(super) fn of(table: &str, leaving: &Leaving) -> Rehearsal {
        Rehearsal { leaving: leaving.apply.then(|| (table.to_owned(), leaving.clone())), ..Rehearsal::default() }
    }

    /// Takes records as the first pass makes them; those that would leave are counted and no more.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<()> {
        for (header, _) in records(bytes)?.iter().filter(|(header, _)| header.primary) {
            if self.leaving.as_ref().is_some_and(|(table, leaving)| leaving.is_over(table, &hex(&header.debtor), header.known_on)) {
                *self.expired.entry(header.file).or_default() += 1;
                continue;
            }
            self.rows.push(short(header));
            self.is_sorted = false;
            self.known.insert(header.known_on);
        }
        Ok(())
    }

    /// A waiting row that others contradict: it takes part in the comparison and is counted elsewhere.
    pub(super) fn shadow(&mut self, header: &Header) {
        self.rows.push(Short { file: SHADOW, ..short(header) });
        self.is_sorted = false;
    }

    /// What rows say that agree with this one in key and days.
    pub(super) fn contents_of(&mut self, header: &Header) -> Vec<u64> {
        if !self.is_sorted {
            self.rows.sort_unstable();
            self.is_sorted = true;
        }
        let said = short(header).said;
        let from = self.rows.partition_point(|row| row.said < said);
        self.rows[from..].iter().take_while(|row| row.said == said).map(|row| row.content).collect()
    }

    /// The newest of the days up to this one on which a row was known.
    pub(super) fn newest(&self, until: Day) -> Option<Day> {
        self.known.range(..=until).next_back().copied()
    }

    /// What became of the rows, by file, and those that contradict each other.
    pub(super) fn finish(mut self, layout: &Layout, split: &Split) -> (BTreeMap<u32, Settled>, Vec<Reject>) {
        self.rows.sort_unstable();
        let expired = |(file, expired): (u32, u64)| (file, Settled { expired, ..Settled::default() });
        let mut files: BTreeMap<u32, Settled> = self.expired.into_iter().map(expired).collect();
        let mut rejects = Vec::new();
        for same_day in self.rows.chunk_by(|a, b| a.said == b.said) {
            let contents = same_day.chunk_by(|a, b| a.content == b.content);
            if contents.clone().count() > 1 && !same_day[0].repeats {
                for &Short { file, line, .. } in same_day.iter().filter(|row| row.file != SHADOW) {
                    files.entry(file).or_default().conflicts += 1;
                    rejects.push(conflict_at(layout, file, line, split));
                }
                continue;
            }
            for equal in contents {
                let of_a_file = equal.chunk_by(|a, b| a.file == b.file).map(<[Short]>::len);
                let stay = if equal[0].repeats { of_a_file.max().unwrap_or_default() } else { 1 };
                for row in equal.iter().skip(stay) {
                    files.entry(row.file).or_default().duplicates += 1;
                }
            }
        }
        rejects.sort();
        (files, rejects)
    }
}

fn short(header: &Header) -> Short {
    // Odd multipliers keep the two days apart from each other and from the key, which is a hash already.
    let days = (header.known_on as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (header.seen_on as u64).wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
    Short { said: header.key ^ days, content: header.content, file: header.file, line: header.line, repeats: header.repeats }
}
