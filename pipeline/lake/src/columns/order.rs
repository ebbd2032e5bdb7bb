//! The canonical order and the canonical bytes of a table: what makes "same causes, same bytes" checkable.

use std::cmp::Ordering;

use super::{Column, ColumnKind, Columns};
use crate::error::Result;

/// Positions of the rows in sorted order; stable.
pub(super) fn sorted_positions(table: &Columns, keys: &[&str]) -> Result<Vec<usize>> {
    let mut columns = Vec::with_capacity(keys.len());
    for key in keys {
        columns.push(table.require(key)?);
    }
    let mut rows: Vec<usize> = (0..table.len()).collect();
    rows.sort_by(|&a, &b| columns.iter().map(|c| compare(c, a, b)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal));
    Ok(rows)
}

fn compare(c: &Column, a: usize, b: usize) -> Ordering {
    match c.kind() {
        ColumnKind::Text => c.text_at(a).cmp(&c.text_at(b)),
        ColumnKind::Int => c.int_at(a).cmp(&c.int_at(b)),
        ColumnKind::Date => c.date_at(a).cmp(&c.date_at(b)),
        ColumnKind::Flag => c.flag_at(a).cmp(&c.flag_at(b)),
        ColumnKind::Real => match (c.real_at(a), c.real_at(b)) {
            (Some(x), Some(y)) => x.total_cmp(&y),
            (x, y) => x.is_some().cmp(&y.is_some()),
        },
    }
}

/// blake3 over a header, then per column: name, kind, one byte of validity a row, and the values (zero where null). Columns come one at a time,
/// and each in as many pieces as there are: a table need not be whole in memory to be hashed.
pub(crate) struct ContentHash {
    hasher: blake3::Hasher,
    buffer: Vec<u8>,
}

/// Bytes gathered before they are hashed.
const GATHERED: usize = 1 << 16;

impl ContentHash {
    /// The hash of a table of so many rows.
    pub(crate) fn new(rows: usize) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"luheng-columns-1\0");
        hasher.update(&(rows as u64).to_le_bytes());
        Self { hasher, buffer: Vec::with_capacity(2 * GATHERED) }
    }

    /// Adds a column: `cells` walks its rows in order, each as a position in a piece, as often as it is asked.
    pub(crate) fn column<'a, I: Iterator<Item = (&'a Column, usize)>>(&mut self, name: &str, kind: ColumnKind, cells: impl Fn() -> I) {
        self.add(&(name.len() as u64).to_le_bytes());
        self.add(name.as_bytes());
        self.add(&[match kind {
            ColumnKind::Text => 1,
            ColumnKind::Int => 2,
            ColumnKind::Real => 3,
            ColumnKind::Date => 4,
            ColumnKind::Flag => 5,
        }]);
        cells().for_each(|(c, i)| self.add(&[u8::from(!c.is_null(i))]));
        match kind {
            ColumnKind::Text => {
                cells().for_each(|(c, i)| self.add(&(c.text_at(i).map_or(0, str::len) as u64).to_le_bytes()));
                cells().for_each(|(c, i)| self.add(c.text_at(i).unwrap_or_default().as_bytes()));
            }
            ColumnKind::Int => cells().for_each(|(c, i)| self.add(&c.int_at(i).unwrap_or_default().to_le_bytes())),
            ColumnKind::Real => cells().for_each(|(c, i)| self.add(&c.real_at(i).unwrap_or_default().to_bits().to_le_bytes())),
            ColumnKind::Date => cells().for_each(|(c, i)| self.add(&c.date_at(i).unwrap_or_default().to_le_bytes())),
            ColumnKind::Flag => cells().for_each(|(c, i)| self.add(&[u8::from(c.flag_at(i).unwrap_or_default())])),
        }
    }

    /// The hash in hex.
    pub(crate) fn finish(mut self) -> String {
        self.hasher.update(&self.buffer);
        self.hasher.finalize().to_hex().to_string()
    }

    fn add(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= GATHERED {
            self.hasher.update(&self.buffer);
            self.buffer.clear();
        }
    }
}

pub(super) fn content_hash(table: &Columns) -> String {
    let mut hash = ContentHash::new(table.len());
    for (name, column) in table.iter() {
        hash.column(name, column.kind(), || (0..column.len()).map(move |i| (column, i)));
    }
    hash.finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn sample() -> Columns {
        Columns::new()
            .text("case_no", [Some("b"), None, Some("a"), Some("a")])
            .int("amount_fen", [Some(1), Some(2), None, Some(-4)])
            .real("share", [Some(0.5), Some(f64::NAN), None, Some(-0.0)])
            .date("paid_on", [Some(3), None, Some(1), Some(2)])
            .flag("is_own", [Some(true), None, Some(false), Some(true)])
    }

    #[test]
    fn nulls_come_first_and_ties_keep_their_order() {
        let sorted = sample().sorted_by(&["case_no", "amount_fen"]).unwrap();
        let amounts: Vec<_> = (0..4).map(|i| sorted.get("amount_fen").unwrap().int_at(i)).collect();
        assert_eq!(amounts, [Some(2), None, Some(-4), Some(1)]);
        assert!(sample().sorted_by(&["nothing"]).is_err());
    }

    #[test]
    fn nan_is_null_and_minus_zero_is_zero() {
        let shares = sample();
        let share = shares.get("share").unwrap();
        assert_eq!(share.real_at(1), None);
        assert_eq!(share.real_at(3).unwrap().to_bits(), 0);
    }

    #[test]
    fn the_content_hash_sees_values_names_kinds_and_nulls_only() {
        let a = sample();
        let halves = Columns::concat(&[a.take(&[0, 1]), a.take(&[2, 3])]).unwrap();
        assert_eq!(a.content_hash(), halves.content_hash());
        assert_ne!(a.content_hash(), a.take(&[1, 0, 2, 3]).content_hash());
        assert_ne!(a.content_hash(), a.clone().without("is_own").content_hash());
        let zero = Columns::new().int("x", [Some(0)]);
        assert_ne!(zero.content_hash(), Columns::new().int("x", [None]).content_hash());
        assert_ne!(zero.content_hash(), Columns::new().int("y", [Some(0)]).content_hash());
    }

    #[test]
    fn unequal_lengths_are_refused() {
        let bad = Columns::new().int("a", [Some(1)]).int("b", [Some(1), Some(2)]);
        assert!(Columns::concat(&[bad]).is_err());
    }
}
