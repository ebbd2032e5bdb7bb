//! The canonical Parquet writer and its reader: same columns, same bytes. zstd 3, fixed row groups, no timestamps, no version string.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use arrow_array::RecordBatch;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection};
use parquet::arrow::arrow_writer::{ArrowWriter, ArrowWriterOptions};
use parquet::arrow::{ProjectionMask, parquet_to_arrow_schema};
use parquet::basic::{Compression, ZstdLevel};
use parquet::encryption::decrypt::{FileDecryptionProperties, KeyRetriever};
use parquet::encryption::encrypt::FileEncryptionProperties;
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use super::seal::{DataKey, Seal};
use super::secret::hex_text;
use super::{FileEntry, atomic, cipher, hash_bytes, input};
use crate::columns::Columns;
use crate::error::{Error, Result, explain};

pub(super) const ROW_GROUP_ROWS: usize = 131_072;

/// Writes a table. In the clear, equal columns give equal bytes. Under a [`Seal`] with a key the file is encrypted with AES-256-GCM, footer and every
/// column; bytes then differ at each writing (nonces), `content` does not.
pub fn write(path: &Path, table: &Columns, seal: &Seal) -> Result<FileEntry> {
    let bytes = encode(table, seal)?;
    atomic::write_bytes(path, &bytes)?;
    Ok(FileEntry { content: table.content_hash(), file: Some(hash_bytes(&bytes)), bytes: bytes.len() as u64 })
}

/// Reads a table that [`write`] wrote. [`Error::Config`] where it is encrypted with a key the seal has not, or in the clear where none may be.
pub fn read(path: &Path, seal: &Seal) -> Result<Columns> {
    decode(path, input::open(path)?, seal, Pick::All)
}

/// Reads all columns but those of which `without` is true.
pub fn read_without(path: &Path, without: &dyn Fn(&str) -> bool, seal: &Seal) -> Result<Columns> {
    decode(path, input::open(path)?, seal, Pick::Without(without))
}

/// Reads a table, or `None` where there is no such file: an absent bucket is an empty one.
pub fn read_if_present(path: &Path, seal: &Seal) -> Result<Option<Columns>> {
    if path.exists() { read(path, seal).map(Some) } else { Ok(None) }
}

/// Reads some columns only, in the order asked for.
pub fn read_columns(path: &Path, names: &[&str], seal: &Seal) -> Result<Columns> {
    decode(path, input::open(path)?, seal, Pick::Only(names))?.select(names)
}

/// Reads some columns of some rows only, in the order of the file; `rows` are ascending positions.
pub(crate) fn read_rows(path: &Path, names: &[&str], rows: &[usize], seal: &Seal) -> Result<Columns> {
    let ranges = rows.chunk_by(|a, b| a + 1 == *b).map(|run| run[0]..run[0] + run.len());
    let mut batches = batches_of(path, input::open(path)?, seal, Pick::Only(names), ROW_GROUP_ROWS, &|all| {
        Some(RowSelection::from_consecutive_ranges(ranges.clone(), all))
    })?;
    all(&mut batches)?.select(names)
}

fn encode(table: &Columns, seal: &Seal) -> Result<Vec<u8>> {
    let batch = table.to_batch()?;
    let mut writer = writer(table, seal)?;
    writer.write(&batch).map_err(|e| fault("writing Parquet", &e))?;
    writer.into_inner().map_err(|e| fault("closing Parquet", &e))
}

/// A writer of the canonical form for tables of these columns.
pub(super) fn writer(table: &Columns, seal: &Seal) -> Result<ArrowWriter<Vec<u8>>> {
    writer_into(Vec::new(), table, seal)
}

/// As [`writer`], into something else than memory.
pub(super) fn writer_into<W: Write + Send>(sink: W, table: &Columns, seal: &Seal) -> Result<ArrowWriter<W>> {
    let level = ZstdLevel::try_new(3).map_err(|e| fault("zstd level", &e))?;
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_created_by("luheng".to_owned());
    if let Some(key) = seal.writes() {
        properties = properties.with_file_encryption_properties(encryption(key, table)?);
    }
    // Without the Arrow schema in its metadata the file says only what Parquet itself can say, to every reader alike.
    let options = ArrowWriterOptions::new().with_properties(properties.build()).with_skip_arrow_metadata(true);
    let schema = table.slice(0, 0).to_batch()?.schema();
    ArrowWriter::try_new_with_options(sink, schema, options).map_err(|e| fault("opening a Parquet writer", &e))
}

/// A key for the footer and one for every column: a column without one would stay in the clear. Each is derived from the data key, a salt of the
/// file and the column's name; the metadata beside it says from which, so that reading needs the data key alone.
fn encryption(key: &DataKey, table: &Columns) -> Result<Arc<FileEncryptionProperties>> {
    let mut salt = [0u8; 16];
    cipher::random(&mut salt)?;
    let salt = hex_text(&salt);
    let part = |name: &str| -> Result<Vec<u8>> { Ok(key.derive(salt.as_bytes(), name)?.to_vec()) };
    let metadata = |name: &str| format!("{}/{salt}/{name}", key.id()).into_bytes();
    let mut builder = FileEncryptionProperties::builder(part("")?).with_footer_key_metadata(metadata(""));
    for name in table.names() {
        builder = builder.with_column_key_and_metadata(name, part(name)?, metadata(name));
    }
    builder.build().map_err(|e| fault("encryption", &e))
}

/// Finds the key of a footer or column by what [`encryption`] wrote beside it, and remembers a key it was asked for and has not.
struct Retriever {
    seal: Seal,
    missing: OnceLock<String>,
}

impl KeyRetriever for Retriever {
    fn retrieve_key(&self, metadata: &[u8]) -> std::result::Result<Vec<u8>, ParquetError> {
        let metadata = String::from_utf8_lossy(metadata);
        let mut parts = metadata.splitn(3, '/');
        let (id, salt, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if id.is_empty() {
            // Format 1 names no key: one key for all of the file.
            return self.seal.legacy().map(|key| key.to_vec()).ok_or_else(|| self.lacks("of luheng 0.1.0"));
        }
        let key = self.seal.key(id).ok_or_else(|| self.lacks(id))?;
        key.derive(salt.as_bytes(), name).map(|key| key.to_vec()).map_err(|e| ParquetError::General(e.to_string()))
    }
}

impl Retriever {
    fn lacks(&self, id: &str) -> ParquetError {
        // The first one asked for is the one to tell.
        let _ = self.missing.set(id.to_owned());
        ParquetError::General(format!("no data key {id}"))
    }
}

/// Whether a file is encrypted, by the four bytes all Parquet begins with.
fn is_encrypted(path: &Path, file: &mut File) -> Result<bool> {
    let mut magic = [0u8; 4];
    let read = file.read(&mut magic).and_then(|n| file.rewind().map(|()| n)).map_err(|e| Error::io("read", path, e))?;
    Ok(magic[..read] == *b"PARE")
}

/// Which columns to read.
#[derive(Clone, Copy)]
pub(super) enum Pick<'a> {
    All,
    Only(&'a [&'a str]),
    Without(&'a dyn Fn(&str) -> bool),
}

fn decode(path: &Path, file: File, seal: &Seal, pick: Pick<'_>) -> Result<Columns> {
    all(&mut batches(path, file, seal, pick, ROW_GROUP_ROWS)?)
}

fn all(batches: &mut Batches) -> Result<Columns> {
    let mut parts = Vec::new();
    while let Some(part) = batches.next()? {
        parts.push(part);
    }
    match parts.len() {
        0 => Ok(batches.empty.clone()),
        1 => Ok(parts.swap_remove(0)),
        _ => Columns::concat(&parts),
    }
}

/// The rows of a file, some at a time.
pub(super) struct Batches {
    reader: ParquetRecordBatchReader,
    path: PathBuf,
    is_encrypted: bool,
    retriever: Arc<Retriever>,
    /// The columns without a row.
    pub(super) empty: Columns,
    /// How many rows the file has.
    pub(super) rows: u64,
}

impl std::fmt::Debug for Batches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} rows of {}", self.rows, self.path.display())
    }
}

impl Batches {
    /// The next rows; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Columns>> {
        let refused = |e: arrow_schema::ArrowError| {
            unreadable(&self.path, &ParquetError::ArrowError(e.to_string()), self.is_encrypted, self.retriever.missing.get())
        };
        let Some(batch) = self.reader.next().transpose().map_err(refused)? else { return Ok(None) };
        Columns::from_batch(&batch).map(Some).ok_or_else(|| foreign(&self.path))
    }
}

/// Opens a file to be read so many rows at a time.
pub(super) fn batches(path: &Path, file: File, seal: &Seal, pick: Pick<'_>, rows: usize) -> Result<Batches> {
    batches_of(path, file, seal, pick, rows, &|_| None)
}

/// As [`batches`], of the rows that `select` takes out of so many.
fn batches_of(
    path: &Path,
    mut file: File,
    seal: &Seal,
    pick: Pick<'_>,
    rows: usize,
    select: &dyn Fn(usize) -> Option<RowSelection>,
) -> Result<Batches> {
    let is_encrypted = is_encrypted(path, &mut file)?;
    if !is_encrypted && seal.is_strict() {
        return Err(in_the_clear(path));
    }
    let mut options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let retriever = Arc::new(Retriever { seal: seal.clone(), missing: OnceLock::new() });
    if is_encrypted {
        let decryption = FileDecryptionProperties::with_key_retriever(retriever.clone()).build().map_err(|e| fault("decryption", &e))?;
        options = options.with_file_decryption_properties(decryption);
    }
    let refused = |e: &ParquetError| unreadable(path, e, is_encrypted, retriever.missing.get());
    let mut builder = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options).map_err(|e| refused(&e))?;
    let parquet_schema = builder.metadata().file_metadata().schema_descr_ptr();
    let empty = RecordBatch::new_empty(Arc::new(parquet_to_arrow_schema(&parquet_schema, None).map_err(|e| refused(&e))?));
    let there = |name: &str| match pick {
        Pick::All => true,
        Pick::Only(names) => names.contains(&name),
        Pick::Without(without) => !without(name),
    };
    let wanted: Vec<String> = empty.schema().fields().iter().map(|f| f.name().clone()).filter(|name| there(name)).collect();
    let mask = ProjectionMask::columns(builder.parquet_schema(), wanted.iter().map(String::as_str));
    builder = builder.with_projection(mask);
    let in_file = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or_default();
    if let Some(selection) = select(usize::try_from(in_file).unwrap_or(usize::MAX)) {
        builder = builder.with_row_selection(selection);
    }
    let reader = builder.with_batch_size(rows).build().map_err(|e| refused(&e))?;
    let empty = Columns::from_batch(&empty).ok_or_else(|| foreign(path))?.select(&wanted.iter().map(String::as_str).collect::<Vec<_>>())?;
    Ok(Batches { reader, path: path.to_owned(), is_encrypted, retriever, empty, rows: in_file })
}

pub(super) fn fault(doing: &str, e: &ParquetError) -> Error {
    Error::fault(format!("{doing}: {e}"))
}

fn foreign(path: &Path) -> Error {
    explain("a file of the work folder holds a type luheng does not write")
        .at(path.display())
        .expected("text, whole numbers, floats, days and flags")
        .remedy("it was written by something else: restore it, or run the night again")
        .input()
}

fn in_the_clear(path: &Path) -> Error {
    explain("a file is not encrypted, and all beside it are to be")
        .at(path.display())
        .found("Parquet in the clear")
        .expected("what `encrypt` of the configuration says")
        .remedy("`luheng ingest` writes the lake anew; if it does not help, somebody put the file there: remove it")
        .config()
}

fn unreadable(path: &Path, e: &ParquetError, encrypted: bool, missing: Option<&String>) -> Error {
    if let Some(id) = missing {
        return explain("cannot decrypt")
            .at(path.display())
            .found(format!("a file written with data key {id}, which is not among the keys at hand"))
            .expected("a data key of this work folder's keys.json, opened by its master key")
            .remedy("restore keys.json beside the file; `luheng key` shows the keys in use")
            .config();
    }
    explain(if encrypted { "cannot read encrypted Parquet" } else { "cannot read Parquet" })
        .at(path.display())
        .found(e)
        .expected("a whole file as luheng wrote it")
        .remedy("`luheng verify` tells which files changed; run the night again to rebuild them")
        .input()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn sample() -> Columns {
        Columns::new()
            .text("case_no", [Some("（2025）浙0106执1号"), None])
            .int("amount_fen", [Some(1), None])
            .real("share", [Some(0.25), None])
            .date("paid_on", [None, Some(20_000)])
            .flag("is_own", [Some(true), None])
    }

    #[test]
    fn five_kinds_go_and_return_with_the_same_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a.parquet"), dir.path().join("b.parquet"));
        let plain = Seal::none();
        let entry = write(&a, &sample(), &plain).unwrap();
        assert_eq!(entry, write(&b, &sample(), &plain).unwrap());
        let back = read(&a, &plain).unwrap();
        assert_eq!(back.content_hash(), entry.content);
        assert_eq!(read_columns(&a, &["paid_on", "case_no"], &plain).unwrap().names().collect::<Vec<_>>(), ["paid_on", "case_no"]);
        assert!(read_if_present(&dir.path().join("none"), &plain).unwrap().is_none());
    }

    #[test]
    fn chosen_rows_are_read_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.parquet");
        // More than two row groups.
        let table = Columns::new().int("amount_fen", (0..300_000).map(Some)).text("case_no", (0..300_000).map(|i| Some(format!("c{i}"))));
        write(&path, &table, &Seal::none()).unwrap();
        for rows in [vec![], vec![0], vec![3, 4, 5, 131_071, 131_072, 299_999]] {
            let read = read_rows(&path, &["case_no"], &rows, &Seal::none()).unwrap();
            assert_eq!(read.content_hash(), table.take(&rows).select(&["case_no"]).unwrap().content_hash(), "{rows:?}");
        }
    }

    #[test]
    fn an_empty_table_keeps_its_columns() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.parquet");
        write(&path, &sample().take(&[]), &Seal::none()).unwrap();
        let back = read(&path, &Seal::none()).unwrap();
        assert_eq!((back.len(), back.names().count()), (0, 5));
        assert_eq!(back.content_hash(), sample().take(&[]).content_hash());
    }

    fn key(byte: u8) -> DataKey {
        DataKey::new(zeroize::Zeroizing::new([byte; 32])).unwrap()
    }

    #[test]
    fn an_encrypted_file_opens_with_its_key_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.parquet");
        let (own, other) = (Seal::new(Some(key(7)), []), Seal::new(Some(key(8)), []));
        let entry = write(&path, &sample(), &own).unwrap();
        assert_eq!(entry.content, sample().content_hash());
        assert_eq!(read(&path, &own).unwrap().content_hash(), entry.content);
        // One that writes with another key, or none, opens it too where it holds the key.
        assert_eq!(read(&path, &Seal::new(Some(key(8)), [key(7)]).strict()).unwrap().content_hash(), entry.content);
        assert_eq!(read_columns(&path, &["share"], &Seal::new(None, [key(7)])).unwrap().names().collect::<Vec<_>>(), ["share"]);
        for wrong in [&other, &Seal::none()] {
            let error = read(&path, wrong).unwrap_err();
            assert_eq!(error.exit_status(), 4);
            assert!(error.to_string().contains(key(7).id()) && !error.to_string().contains("0707"), "{error}");
        }
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(7).any(|w| w == b"case_no"));
        assert_ne!(write(&path, &sample(), &own).unwrap().file, entry.file);
    }

    #[test]
    fn every_column_has_a_key_of_its_own() {
        let properties = encryption(&key(7), &sample()).unwrap();
        let (mut names, keys, metadata) = properties.column_keys();
        names.sort();
        assert_eq!(names, ["amount_fen", "case_no", "is_own", "paid_on", "share"]);
        let distinct: std::collections::BTreeSet<&Vec<u8>> = keys.iter().chain([properties.footer_key()]).collect();
        assert_eq!((distinct.len(), metadata.len()), (6, 5));
        assert!(properties.encrypt_footer());
        assert!(!distinct.contains(&[7u8; 32].to_vec()), "the data key itself encrypts no file");
        // Nor do two files share one, so that no nonce can meet another.
        let other = encryption(&key(7), &sample()).unwrap();
        assert!(other.column_keys().1.iter().chain([other.footer_key()]).all(|key| !distinct.contains(key)));
    }

    #[test]
    fn where_all_is_encrypted_nothing_else_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.parquet");
        write(&path, &sample(), &Seal::none()).unwrap();
        let lenient = Seal::new(Some(key(7)), []);
        assert!(read(&path, &lenient).is_ok());
        assert_eq!(read(&path, &lenient.strict()).unwrap_err().exit_status(), 4);
        // Without a key to write with there is nothing to be strict about.
        assert!(read(&path, &Seal::none().strict()).is_ok());
    }

    #[test]
    fn every_changed_byte_of_an_encrypted_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.parquet");
        let seal = Seal::new(Some(key(7)), []).strict();
        write(&path, &sample(), &seal).unwrap();
        let good = std::fs::read(&path).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            std::fs::write(&path, &bad).unwrap();
            let read = read(&path, &seal);
            assert!(read.is_err() || read.is_ok_and(|t| t.content_hash() == sample().content_hash()), "byte {at}");
        }
    }

    #[test]
    fn a_truncated_file_is_refused_with_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.parquet");
        write(&path, &sample(), &Seal::none()).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        let error = read(&path, &Seal::none()).unwrap_err();
        assert_eq!(error.exit_status(), 3);
        assert!(error.to_string().contains("a.parquet"));
    }
}
