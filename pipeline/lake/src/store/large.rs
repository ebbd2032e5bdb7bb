//! Tables too large to hold whole: joined and hashed a column at a time, read back a run of rows at a time. Files and hashes are those that
//! [`parquet::write`] makes of the whole.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, ArrowWriter, compute_leaves};
use parquet::file::writer::SerializedFileWriter;

use super::parquet::{Batches, Pick, ROW_GROUP_ROWS, batches, fault, writer, writer_into};
use super::seal::Seal;
use super::{FileEntry, atomic, hash_bytes, input, parquet as file};
use crate::columns::{Column, Columns, ContentHash};
use crate::error::{Error, Result};

/// Rows read at once where a file is read in order.
const BATCH_ROWS: usize = 16_384;

/// Joins the parts of a table into one file, in the order of the sorted keys; gives the columns to be kept in memory.
///
/// `keys` gives a part's columns by which rows are sorted, already in the form that sorts, and `order` names them. One column of all parts is held
/// at a time, beside the compressed ones before it.
///
/// # Errors
/// No part; a part that is missing or has other columns; a full disk.
pub fn join(
    path: &Path,
    parts: &[std::path::PathBuf],
    keys: &dyn Fn(Columns) -> Result<Columns>,
    order: &[&str],
    keep: &[&str],
    seal: &Seal,
) -> Result<(FileEntry, Columns)> {
    let first = parts.first().ok_or_else(|| Error::fault("a table without parts cannot be joined"))?;
    let shape = batches(first, input::open(first)?, seal, Pick::All, 1)?.empty;
    let rows = places(parts, keys, order, seal)?;
    let mut out = ByColumn::new(&shape, rows.len(), seal)?;
    let mut hash = ContentHash::new(rows.len());
    let mut kept = Columns::new();
    for (name, empty) in shape.iter() {
        let pieces =
            parts.iter().map(|part| Ok(file::read_columns(part, &[name], seal)?.require(name)?.clone())).collect::<Result<Vec<_>>>()?;
        hash.column(name, empty.kind(), || rows.iter().map(|&(part, row)| (&pieces[part], row)));
        for (group, rows) in rows.chunks(ROW_GROUP_ROWS).enumerate() {
            out.write(group, name, &Column::gathered(&pieces, rows)?)?;
        }
        if keep.contains(&name) {
            kept = kept.with(name, Column::gathered(&pieces, &rows)?);
        }
    }
    let bytes = out.close()?;
    atomic::write_bytes(path, &bytes)?;
    Ok((FileEntry { content: hash.finish(), file: Some(hash_bytes(&bytes)), bytes: bytes.len() as u64 }, kept))
}

/// Where each row of the sorted whole lies: part, and row in it.
fn places(
    parts: &[std::path::PathBuf],
    keys: &dyn Fn(Columns) -> Result<Columns>,
    order: &[&str],
    seal: &Seal,
) -> Result<Vec<(usize, usize)>> {
    let sorting = parts.iter().map(|part| keys(file::read_columns(part, order, seal)?)).collect::<Result<Vec<_>>>()?;
    let all: Vec<(usize, usize)> =
        sorting.iter().enumerate().flat_map(|(part, rows)| (0..rows.len()).map(move |row| (part, row))).collect();
    let sorted = Columns::concat(&sorting)?.sorted_positions(order)?;
    Ok(sorted.into_iter().map(|at| all[at]).collect())
}

/// A Parquet file that gets a column of all row groups after the other. Encoded columns wait in memory, since a file holds them by row group.
struct ByColumn {
    file: SerializedFileWriter<Vec<u8>>,
    schema: arrow_schema::SchemaRef,
    groups: Vec<(std::vec::IntoIter<ArrowColumnWriter>, Vec<ArrowColumnChunk>)>,
}

impl ByColumn {
    fn new(shape: &Columns, rows: usize, seal: &Seal) -> Result<Self> {
        let schema = shape.to_batch()?.schema();
        let (file, factory): (_, ArrowRowGroupWriterFactory) =
            writer(shape, seal)?.into_serialized_writer().map_err(|e| fault("opening a Parquet writer", &e))?;
        let group = |at| Ok((factory.create_column_writers(at).map_err(|e| fault("opening a row group", &e))?.into_iter(), Vec::new()));
        Ok(Self { groups: (0..rows.div_ceil(ROW_GROUP_ROWS)).map(group).collect::<Result<_>>()?, file, schema })
    }

    /// Writes the next column of a row group.
    fn write(&mut self, group: usize, name: &str, column: &Column) -> Result<()> {
        let field = self.schema.field_with_name(name).map_err(|e| Error::fault(format!("writing {name}: {e}")))?;
        let (writers, done) = self.groups.get_mut(group).ok_or_else(|| Error::fault("a row group that was not opened"))?;
        let mut writer = writers.next().ok_or_else(|| Error::fault(format!("writing {name}: no column left in the row group")))?;
        for leaf in compute_leaves(field, column.array()).map_err(|e| fault("writing Parquet", &e))? {
            writer.write(&leaf).map_err(|e| fault("writing Parquet", &e))?;
        }
        done.push(writer.close().map_err(|e| fault("writing Parquet", &e))?);
        Ok(())
    }

    fn close(mut self) -> Result<Vec<u8>> {
        for (_, chunks) in self.groups {
            let mut group = self.file.next_row_group().map_err(|e| fault("writing a row group", &e))?;
            for chunk in chunks {
                chunk.append_to_row_group(&mut group).map_err(|e| fault("writing a row group", &e))?;
            }
            group.close().map_err(|e| fault("writing a row group", &e))?;
        }
        self.file.into_inner().map_err(|e| fault("closing Parquet", &e))
    }
}

/// [`Columns::content_hash`] of a file, with one column in memory at a time.
///
/// # Errors
/// As of [`parquet::read`](file::read).
pub fn content_hash(path: &Path, seal: &Seal) -> Result<String> {
    let shape = batches(path, input::open(path)?, seal, Pick::All, 1)?;
    let mut hash = ContentHash::new(usize::try_from(shape.rows).unwrap_or(usize::MAX));
    for (name, empty) in shape.empty.iter() {
        let mut read = batches(path, input::open(path)?, seal, Pick::Only(&[name]), ROW_GROUP_ROWS)?;
        let mut pieces = Vec::new();
        while let Some(rows) = read.next()? {
            pieces.push(rows.require(name)?.clone());
        }
        hash.column(name, empty.kind(), || pieces.iter().flat_map(|piece| (0..piece.len()).map(move |row| (piece, row))));
    }
    Ok(hash.finish())
}

/// How many rows a file has, by its footer.
///
/// # Errors
/// As of [`parquet::read`](file::read).
pub fn rows(path: &Path, seal: &Seal) -> Result<u64> {
    Ok(batches(path, input::open(path)?, seal, Pick::All, 1)?.rows)
}

/// A file sorted by a text column, read forward in runs of whole keys.
#[derive(Debug)]
pub struct Forward {
    batches: Batches,
    key: &'static str,
    /// Read, and not given yet.
    held: Columns,
}

impl Forward {
    /// Opens a file sorted by `key`.
    ///
    /// # Errors
    /// As of [`parquet::read`](file::read).
    pub fn open(path: &Path, key: &'static str, seal: &Seal) -> Result<Self> {
        Self::picked(path, key, Pick::All, seal)
    }

    /// As [`Forward::open`], with some columns alone; `key` is among them where an end is named.
    pub(crate) fn open_columns(path: &Path, key: &'static str, names: &[&str], seal: &Seal) -> Result<Self> {
        Self::picked(path, key, Pick::Only(names), seal)
    }

    fn picked(path: &Path, key: &'static str, pick: Pick<'_>, seal: &Seal) -> Result<Self> {
        let batches = batches(path, input::open(path)?, seal, pick, BATCH_ROWS)?;
        Ok(Self { held: batches.empty.clone(), batches, key })
    }

    /// How many rows the file has.
    pub(crate) fn rows(&self) -> u64 {
        self.batches.rows
    }

    /// The rows not given yet whose key is less than `end` (without one: all of them).
    ///
    /// # Errors
    /// A damaged file.
    pub fn before(&mut self, end: Option<&str>) -> Result<Columns> {
        let mut given = vec![self.batches.empty.clone()];
        loop {
            let n = self.held_before(end)?;
            given.push(self.held.slice(0, n));
            self.held = self.held.slice(n, self.held.len() - n);
            if !self.held.is_empty() {
                break;
            }
            let Some(next) = self.batches.next()? else { break };
            self.held = next;
        }
        Columns::concat(&given)
    }

    fn held_before(&self, end: Option<&str>) -> Result<usize> {
        let Some(end) = end else { return Ok(self.held.len()) };
        let key = self.held.require(self.key)?;
        Ok((0..self.held.len()).collect::<Vec<_>>().partition_point(|&row| key.text_at(row).is_none_or(|found| found < end)))
    }
}

/// A file written a run of rows after the other, in their order: its bytes are the same however long the runs. A few thousand rows wait in memory, and what is compressed up to some size; beyond that it grows under a name of its own.
pub(crate) struct Growing {
    writer: Option<ArrowWriter<Sink>>,
    waiting: Vec<Columns>,
    waiting_rows: usize,
    rows: usize,
    seal: Seal,
    beside: PathBuf,
    most: usize,
}

/// Compressed bytes that stay in memory.
const IN_MEMORY: usize = 4 << 20;
/// Rows handed to the writer at once: pages end by what it is handed, so it is always handed as many.
const PIECE_ROWS: usize = ROW_GROUP_ROWS / 16;

impl Growing {
    /// A file yet without rows; `beside` is where it grows if it is large.
    pub(crate) fn new(beside: PathBuf, seal: &Seal) -> Self {
        Self { writer: None, waiting: Vec::new(), waiting_rows: 0, rows: 0, seal: seal.clone(), beside, most: IN_MEMORY }
    }

    /// Adds rows; all have the columns of the first.
    pub(crate) fn push(&mut self, rows: Columns) -> Result<()> {
        self.rows += rows.len();
        self.waiting_rows += rows.len();
        self.waiting.push(rows);
        if self.waiting_rows < PIECE_ROWS {
            return Ok(());
        }
        let all = joined(std::mem::take(&mut self.waiting))?;
        let whole = all.len() - all.len() % PIECE_ROWS;
        for first in (0..whole).step_by(PIECE_ROWS) {
            self.encode(&all.slice(first, PIECE_ROWS))?;
        }
        // Copied, so that the rows written can be let go.
        self.waiting_rows = all.len() - whole;
        self.waiting = vec![all.take(&(whole..all.len()).collect::<Vec<_>>())];
        Ok(())
    }

    fn encode(&mut self, rows: &Columns) -> Result<()> {
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => {
                let sink = Sink { held: Vec::new(), file: None, beside: self.beside.clone(), most: self.most };
                none.insert(writer_into(sink, rows, &self.seal)?)
            }
        };
        writer.write(&rows.to_batch()?).map_err(|e| fault("writing Parquet", &e))
    }

    /// How many rows were added.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Puts the file in its place; none where nothing was added.
    pub(crate) fn write(mut self, path: &Path) -> Result<()> {
        if self.waiting_rows > 0 {
            let rest = joined(std::mem::take(&mut self.waiting))?;
            self.encode(&rest)?;
        }
        let Some(writer) = self.writer else { return Ok(()) };
        let sink = writer.into_inner().map_err(|e| fault("closing Parquet", &e))?;
        match sink.file {
            None => atomic::write_bytes(path, &sink.held),
            Some(file) => {
                file.sync_all().map_err(|e| Error::io("write", path, e))?;
                atomic::rename(&sink.beside, path)
            }
        }
    }
}

/// Runs as one; a single one is not copied.
fn joined(mut runs: Vec<Columns>) -> Result<Columns> {
    if runs.len() == 1 { Ok(runs.swap_remove(0)) } else { Columns::concat(&runs) }
}

/// Bytes in memory, or in a file once they are many.
struct Sink {
    held: Vec<u8>,
    file: Option<File>,
    beside: PathBuf,
    most: usize,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if let Some(file) = &mut self.file {
            return file.write(bytes);
        }
        self.held.extend_from_slice(bytes);
        if self.held.len() > self.most {
            atomic::operation();
            self.beside.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            let mut file = File::create(&self.beside)?;
            file.write_all(&self.held)?;
            (self.file, self.held) = (Some(file), Vec::new());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn table(rows: usize, odd: usize) -> Columns {
        let cases = (0..rows).map(|i| Some(format!("c{:05}", (i * 7_919 + odd) % 50_021)));
        Columns::new()
            .text("case_no", cases)
            .int("rank", (0..rows).map(|i| (i % 5 > 0).then_some((i % 5) as i64)))
            .real("share", (0..rows).map(|i| (i % 3 > 0).then_some(i as f64 / 7.0)))
            .text("text_zh", (0..rows).map(|i| (i % 11 > 0).then(|| format!("第{}行的句子", i % 997))))
            .date("due_on", (0..rows).map(|i| Some(20_000 + (i % 300) as i32)))
            .flag("eligible", (0..rows).map(|i| Some(i % 2 == 0)))
    }

    #[test]
    fn a_joined_file_has_the_bytes_of_the_whole_written_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let seal = Seal::none();
        // More than two row groups, and an empty part.
        let parts = [table(150_000, 1), table(0, 2), table(140_000, 3)];
        let paths: Vec<_> = (0..parts.len()).map(|n| dir.path().join(format!("{n}.parquet"))).collect();
        for (path, part) in paths.iter().zip(&parts) {
            file::write(path, part, &seal).unwrap();
        }
        let order = ["case_no", "rank", "share"];
        let whole = Columns::concat(&parts).unwrap().sorted_by(&order).unwrap();
        let at_once = file::write(&dir.path().join("whole.parquet"), &whole, &seal).unwrap();
        let path = dir.path().join("joined.parquet");
        let (entry, kept) = join(&path, &paths, &Ok, &order, &["due_on", "case_no"], &seal).unwrap();
        assert_eq!(entry, at_once);
        assert_eq!(std::fs::read(&path).unwrap(), std::fs::read(dir.path().join("whole.parquet")).unwrap());
        assert_eq!(kept.content_hash(), whole.select(&["case_no", "due_on"]).unwrap().content_hash());
        assert_eq!(content_hash(&path, &seal).unwrap(), at_once.content);
        assert_eq!(rows(&path, &seal).unwrap(), 290_000);
    }

    #[test]
    fn a_growing_file_has_the_same_bytes_however_long_its_runs() {
        let dir = tempfile::tempdir().unwrap();
        let (seal, whole) = (Seal::none(), table(290_000, 3));
        let at = |name: &str| dir.path().join(name);
        for (run, most) in [(290_000, IN_MEMORY), (131_072, 1 << 10), (100_000, 1 << 20), (7_001, IN_MEMORY), (501, 1 << 10)] {
            let mut growing = Growing { most, ..Growing::new(at("beside"), &seal) };
            for first in (0..whole.len()).step_by(run) {
                growing.push(whole.slice(first, run.min(whole.len() - first))).unwrap();
            }
            assert_eq!(growing.rows(), 290_000);
            growing.write(&at(&run.to_string())).unwrap();
            assert!(std::fs::read(at(&run.to_string())).unwrap() == std::fs::read(at("290000")).unwrap(), "{run}");
        }
        assert_eq!(file::read(&at("290000"), &seal).unwrap().content_hash(), whole.content_hash());
        Growing::new(at("beside"), &seal).write(&at("none")).unwrap();
        assert!(!at("none").exists() && !at("beside").exists());
    }

    #[test]
    fn a_file_read_forward_gives_every_row_once_and_keys_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.parquet");
        let whole = table(60_000, 0).sorted_by(&["case_no", "rank", "share"]).unwrap();
        file::write(&path, &whole, &Seal::none()).unwrap();
        let mut forward = Forward::open(&path, "case_no", &Seal::none()).unwrap();
        let mut given = Vec::new();
        for end in [Some("c00000"), Some("c01234"), Some("c01234"), Some("c40000"), None, None] {
            let rows = forward.before(end).unwrap();
            let column = rows.get("case_no").unwrap();
            assert!((0..rows.len()).all(|i| end.is_none_or(|end| column.text_at(i).unwrap() < end)), "{end:?}");
            given.push(rows);
        }
        assert_eq!(given.iter().map(|g| usize::from(g.is_empty())).collect::<Vec<_>>(), [1, 0, 1, 0, 0, 1]);
        assert_eq!(Columns::concat(&given).unwrap().content_hash(), whole.content_hash());
    }

    #[test]
    fn an_empty_table_joins_to_an_empty_table() {
        let dir = tempfile::tempdir().unwrap();
        let (part, out) = (dir.path().join("p.parquet"), dir.path().join("out.parquet"));
        let written = file::write(&part, &table(0, 0), &Seal::none()).unwrap();
        let (entry, kept) = join(&out, std::slice::from_ref(&part), &Ok, &["case_no"], &["rank"], &Seal::none()).unwrap();
        assert_eq!((entry, kept.len(), kept.names().count()), (written, 0, 1));
        assert!(join(&out, &[], &Ok, &["case_no"], &[], &Seal::none()).is_err());
    }
}
