//! A table of a bucket that is too large to be held at once, a range of debtors after the other: rows of one debtor are settled together, and the lake's
//! files are sorted by debtor. What one range takes does not grow with the input, but where one debtor has more rows than a range should.

use std::path::{Path, PathBuf};

use super::held::{Held, Index};
use super::identity::Identity;
use super::layout::{Layout, added};
use super::record::{Id, push_record, records};
use super::told::{Told, header};
use crate::columns::Columns;
use crate::error::Result;
use crate::store::large::Forward;
use crate::store::seal::Seal;
use crate::store::spill::{self, Spill};
use crate::store::{atomic, parquet, tables};

/// What the records of a range should not exceed. A row takes about three times its record while it is settled: header, values, and the column it goes to.
pub const RANGE_BYTES: u64 = 16 << 20;
/// More ranges than this are not made: each rests on the same share of pseudonyms, of which the first four digits are looked at.
const MOST: u64 = 4_096;
/// A row of the lake beside such a record: as it is compared, as one that tonight does not name, and with all its values.
pub(super) const COMPARED: u64 = 100;
pub(super) const PASSED: u64 = 40;
pub(super) const WHOLE: u64 = 250;

/// Where each of the ranges of so many bytes ends, of which one should not exceed `most`, as pseudonyms sort; the last has no end.
pub(super) fn ends(bytes: u64, most: u64) -> Vec<Option<String>> {
    let ranges = bytes.div_ceil(most.max(1)).clamp(1, MOST);
    (1..=ranges).map(|n| (n < ranges).then(|| format!("{:04x}", (n << 16).div_ceil(ranges)))).collect()
}

fn range_of(debtor: &Id, ranges: usize) -> usize {
    (usize::from(u16::from_be_bytes([debtor[0], debtor[1]])) * ranges) >> 16
}

/// The rows of one table and bucket that the first pass left.
pub(super) struct Fresh<'a> {
    /// Where they lie; `None` where they are at hand.
    pub folder: &'a Path,
    pub bucket: u32,
    pub seal: &'a Seal,
    /// Bytes of their records.
    pub size: u64,
}

impl<'a> Fresh<'a> {
    pub(super) fn of(folder: &'a Path, bucket: u32, seal: &'a Seal) -> Result<Fresh<'a>> {
        Ok(Fresh { folder, bucket, seal, size: spill::size(folder, bucket as usize)? })
    }

    /// Sorts them into ranges on disk, where there are several.
    pub(super) fn sorted(&self, ranges: usize) -> Result<Sorted<'_>> {
        let folder = self.folder.join(format!("{:03}.ranges", self.bucket));
        let fresh = Sorted { fresh: self, folder: (ranges > 1).then(|| folder.clone()) };
        if ranges > 1 {
            atomic::remove_dir(&folder)?;
            let mut spill = Spill::new(Some(folder), ranges, self.seal)?;
            spill::each_frame(self.folder, self.bucket as usize, self.seal, &mut |frame| {
                let mut record = Vec::new();
                for (header, body) in records(frame)? {
                    record.clear();
                    push_record(&mut record, &header, body);
                    spill.push(range_of(&header.debtor, ranges), &record);
                }
                spill.flush(false)
            })?;
            spill.flush(true)?;
        }
        Ok(fresh)
    }
}

/// Rows of the first pass by range.
pub(super) struct Sorted<'a> {
    fresh: &'a Fresh<'a>,
    folder: Option<PathBuf>,
}

impl Sorted<'_> {
    /// The records of a range.
    pub(super) fn range(&self, n: usize) -> Result<Vec<u8>> {
        match &self.folder {
            Some(folder) => spill::read(folder, n, self.fresh.seal),
            None => spill::read(self.fresh.folder, self.fresh.bucket as usize, self.fresh.seal),
        }
    }

    /// Removes what was written for it.
    pub(super) fn done(self) -> Result<()> {
        self.folder.map_or(Ok(()), |folder| atomic::remove_dir(&folder))
    }
}

/// The lake's rows of one table and bucket, read forward.
pub(super) struct Lying {
    parts: Vec<(PathBuf, Forward)>,
    /// How many rows of each part were given.
    given: Vec<u64>,
    seal: Seal,
}

impl Lying {
    /// All columns, or those of these names.
    pub(super) fn open(held: &Held, layout: &Layout, bucket: Option<u32>, names: Option<&[&str]>, seal: &Seal) -> Result<Lying> {
        let open = |part: PathBuf| {
            let forward = match names {
                Some(names) => Forward::open_columns(&part, added::DEBTOR_ID, names, seal),
                None => Forward::open(&part, added::DEBTOR_ID, seal),
            };
            forward.map(|forward| (part, forward))
        };
        let parts = held.parts(layout, bucket)?.into_iter().map(open).collect::<Result<Vec<_>>>()?;
        Ok(Lying { given: vec![0; parts.len()], parts, seal: seal.clone() })
    }

    /// The rows of each part up to an end, with the position of the first among those of all parts.
    fn pieces(&mut self, end: Option<&str>) -> Result<Vec<(u64, Columns)>> {
        let (mut pieces, mut before) = (Vec::new(), 0);
        for ((_, part), given) in self.parts.iter_mut().zip(&mut self.given) {
            let rows = part.before(end)?;
            let first = before + *given;
            *given += rows.len() as u64;
            before += part.rows();
            pieces.push((first, rows));
        }
        Ok(pieces)
    }

    /// The rows up to an end, each with its position among all.
    pub(super) fn before(&mut self, end: Option<&str>) -> Result<(Columns, Vec<u64>)> {
        let pieces = self.pieces(end)?;
        let lines = pieces.iter().flat_map(|(first, rows)| (0..rows.len() as u64).map(move |at| first + at)).collect();
        let rows: Vec<Columns> = pieces.into_iter().map(|(_, rows)| rows).collect();
        Ok((if rows.is_empty() { Columns::new() } else { Columns::concat(&rows)? }, lines))
    }

    /// The rows of these keys, which are sorted, up to an end, with the columns of these names.
    pub(super) fn of_keys(
        &mut self,
        identity: &Identity,
        layout: &Layout,
        keys: &[u64],
        names: &[&str],
        end: Option<&str>,
    ) -> Result<(Columns, Vec<u64>)> {
        let starts: Vec<u64> = self.given.clone();
        let (mut read, mut lines) = (Vec::new(), Vec::new());
        for (at, (first, rows)) in self.pieces(end)?.into_iter().enumerate() {
            let told = Told::by(&rows);
            let mut at_keys = Vec::new();
            for row in 0..rows.len() {
                if keys.binary_search(&told.key(identity, layout, row)?).is_ok() {
                    at_keys.push(row);
                }
            }
            lines.extend(at_keys.iter().map(|&row| first + row as u64));
            let in_part: Vec<usize> = at_keys.iter().map(|&row| starts[at] as usize + row).collect();
            read.push(parquet::read_rows(&self.parts[at].0, names, &in_part, &self.seal)?);
        }
        Ok((if read.is_empty() { Columns::new() } else { Columns::concat(&read)? }, lines))
    }
}

/// The columns by which rows are compared.
pub(super) fn compared(layout: &Layout) -> Vec<&'static str> {
    let mut names = vec![added::ROW_ID, added::SOURCE_ID, tables::CONTENT, tables::PRIMARY, tables::GIVEN];
    if layout.bucketed() {
        names.extend([added::DEBTOR_ID, added::ELSEWHERE]);
    }
    if layout.known_on.is_some() {
        names.push("known_on");
    }
    if layout.fact {
        names.push(added::SEEN_ON);
    }
    names.extend(["voided_on", "void_reason"].into_iter().filter(|name| layout.columns.iter().any(|(n, _)| n == name)));
    names
}

/// The columns by which keys are told, and ranges.
pub(super) fn keyed(layout: &Layout) -> Vec<&'static str> {
    let mut names = vec![added::ROW_ID, added::SOURCE_ID, tables::GIVEN];
    names.extend(Some(added::DEBTOR_ID).filter(|_| layout.bucketed()));
    names
}

/// Rows as the second pass compares them, with their positions among all of the bucket.
pub(super) fn index(identity: &Identity, layout: &Layout, rows: &Columns, lines: &[u64]) -> Result<Index> {
    if rows.is_empty() {
        return Ok(Index::default());
    }
    let told = Told::by(rows);
    let mut headers = (0..rows.len()).map(|at| header(identity, layout, &told, at)).collect::<Result<Vec<_>>>()?;
    headers.iter_mut().zip(lines).for_each(|(header, line)| header.line = *line);
    Ok(Index { headers, row_ids: Some(rows.require(added::ROW_ID)?.clone()) })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::record::hex;
    use super::*;

    #[test]
    fn every_pseudonym_lies_before_the_end_of_its_range_and_not_before_the_one_before() {
        for ranges in [1usize, 2, 3, 7, 64, 4_096] {
            let ends = ends(ranges as u64 * 1_000, 1_000);
            assert_eq!((ends.len(), ends.last()), (ranges, Some(&None)));
            for first in (0..=u16::MAX).step_by(13).chain([u16::MAX]) {
                let mut debtor = [0xff; 16];
                debtor[..2].copy_from_slice(&first.to_be_bytes());
                let (range, text) = (range_of(&debtor, ranges), hex(&debtor));
                assert!(ends[range].as_deref().is_none_or(|end| text.as_str() < end), "{text} of {ranges}");
                assert!(range == 0 || ends[range - 1].as_deref().unwrap() <= text.as_str(), "{text} of {ranges}");
            }
        }
        assert_eq!(ends(u64::MAX, 1).len(), MOST as usize);
    }
}
