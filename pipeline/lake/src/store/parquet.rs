//! The canonical Parquet writer and its reader: same columns, same bytes. zstd 3, fixed row groups, no timestamps, no version string.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatch;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::arrow::arrow_writer::{ArrowWriter, ArrowWriterOptions};
use parquet::arrow::{ProjectionMask, parquet_to_arrow_schema};
use parquet::basic::{Compression, ZstdLevel};
use parquet::encryption::decrypt::FileDecryptionProperties;
use parquet::encryption::encrypt::FileEncryptionProperties;
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use super::{FileEntry, atomic, hash_bytes, input};
use crate::columns::Columns;
use crate::error::{Error, Result, explain};

const ROW_GROUP_ROWS: usize = 131_072;

/// Writes a table. Equal columns give equal bytes.
pub fn write(path: &Path, table: &Columns) -> Result<FileEntry> {
    let bytes = encode(table, None)?;
    atomic::write_bytes(path, &bytes)?;
    Ok(FileEntry { content: table.content_hash(), file: Some(hash_bytes(&bytes)), bytes: bytes.len() as u64 })
}

/// Writes a table encrypted with AES-256-GCM, footer included. Bytes differ at each writing (nonces); `content` does not.
pub fn write_encrypted(path: &Path, table: &Columns, key: &[u8; 32]) -> Result<FileEntry> {
    let bytes = encode(table, Some(key))?;
    atomic::write_bytes(path, &bytes)?;
    Ok(FileEntry { content: table.content_hash(), file: Some(hash_bytes(&bytes)), bytes: bytes.len() as u64 })
}

/// Reads a table that [`write`] wrote.
pub fn read(path: &Path) -> Result<Columns> {
    decode(path, input::open(path)?, None, None)
}

/// Reads a table, or `None` where there is no such file: an absent bucket is an empty one.
pub fn read_if_present(path: &Path) -> Result<Option<Columns>> {
    if path.exists() { read(path).map(Some) } else { Ok(None) }
}

/// Reads some columns only, in the order asked for.
pub fn read_columns(path: &Path, names: &[&str]) -> Result<Columns> {
    decode(path, input::open(path)?, None, Some(names))?.select(names)
}

/// Reads a table that [`write_encrypted`] wrote. [`Error::Config`] where the key is not the one it was written with.
pub fn read_encrypted(path: &Path, key: &[u8; 32]) -> Result<Columns> {
    decode(path, input::open(path)?, Some(key), None)
}

fn encode(table: &Columns, key: Option<&[u8; 32]>) -> Result<Vec<u8>> {
    let batch = table.to_batch()?;
    let level = ZstdLevel::try_new(3).map_err(|e| fault("zstd level", &e))?;
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_created_by("luheng".to_owned());
    if let Some(key) = key {
        let encryption = FileEncryptionProperties::builder(key.to_vec()).build().map_err(|e| fault("encryption", &e))?;
        properties = properties.with_file_encryption_properties(encryption);
    }
    // Without the Arrow schema in its metadata the file says only what Parquet itself can say, to every reader alike.
    let options = ArrowWriterOptions::new().with_properties(properties.build()).with_skip_arrow_metadata(true);
    let mut bytes = Vec::new();
    let mut writer =
        ArrowWriter::try_new_with_options(&mut bytes, batch.schema(), options).map_err(|e| fault("opening a Parquet writer", &e))?;
    writer.write(&batch).map_err(|e| fault("writing Parquet", &e))?;
    writer.close().map_err(|e| fault("closing Parquet", &e))?;
    Ok(bytes)
}

fn decode(path: &Path, file: File, key: Option<&[u8; 32]>, names: Option<&[&str]>) -> Result<Columns> {
    let mut options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    if let Some(key) = key {
        let decryption = FileDecryptionProperties::builder(key.to_vec()).build().map_err(|e| fault("decryption", &e))?;
        options = options.with_file_decryption_properties(decryption);
    }
    let refused = |e: &ParquetError| unreadable(path, e, key.is_some());
    let mut builder = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options).map_err(|e| refused(&e))?;
    if let Some(names) = names {
        builder = {
            let mask = ProjectionMask::columns(builder.parquet_schema(), names.iter().copied());
            builder.with_projection(mask)
        };
    }
    let parquet_schema = builder.metadata().file_metadata().schema_descr_ptr();
    let empty = RecordBatch::new_empty(Arc::new(parquet_to_arrow_schema(&parquet_schema, None).map_err(|e| refused(&e))?));
    let reader = builder.with_batch_size(ROW_GROUP_ROWS).build().map_err(|e| refused(&e))?;
    let mut parts = Vec::new();
    for batch in reader {
        let batch = batch.map_err(|e| refused(&ParquetError::ArrowError(e.to_string())))?;
        parts.push(Columns::from_batch(&batch).ok_or_else(|| foreign(path))?);
    }
    match parts.len() {
        0 => Columns::from_batch(&empty).ok_or_else(|| foreign(path)),
        1 => Ok(parts.swap_remove(0)),
        _ => Columns::concat(&parts),
    }
}

fn fault(doing: &str, e: &ParquetError) -> Error {
    Error::fault(format!("{doing}: {e}"))
}

fn foreign(path: &Path) -> Error {
    explain("a file of the work folder holds a type luheng does not write")
        .at(path.display())
        .expected("text, whole numbers, floats, days and flags")
        .remedy("it was written by something else: restore it, or run the night again")
        .input()
}

fn unreadable(path: &Path, e: &ParquetError, encrypted: bool) -> Error {
    if encrypted {
        return explain("cannot decrypt")
            .at(path.display())
            .found("a file written with another key, or damaged")
            .expected("the key this work folder was made with")
            .remedy("set LUHENG_KEY or [identity] key_file to it; `luheng key` shows the key id in use")
            .config();
    }
    explain("cannot read Parquet")
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
        let entry = write(&a, &sample()).unwrap();
        assert_eq!(entry, write(&b, &sample()).unwrap());
        let back = read(&a).unwrap();
        assert_eq!(back.content_hash(), entry.content);
        assert_eq!(read_columns(&a, &["paid_on", "case_no"]).unwrap().names().collect::<Vec<_>>(), ["paid_on", "case_no"]);
        assert!(read_if_present(&dir.path().join("none")).unwrap().is_none());
    }

    #[test]
    fn an_empty_table_keeps_its_columns() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.parquet");
        write(&path, &sample().take(&[])).unwrap();
        let back = read(&path).unwrap();
        assert_eq!((back.len(), back.names().count()), (0, 5));
        assert_eq!(back.content_hash(), sample().take(&[]).content_hash());
    }

    #[test]
    fn an_encrypted_file_opens_with_its_key_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.parquet");
        write_encrypted(&path, &sample(), &[7; 32]).unwrap();
        assert_eq!(read_encrypted(&path, &[7; 32]).unwrap().content_hash(), sample().content_hash());
        assert_eq!(read_encrypted(&path, &[8; 32]).unwrap_err().exit_status(), 4);
        assert!(read(&path).is_err());
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(7).any(|w| w == b"case_no"));
    }

    #[test]
    fn a_truncated_file_is_refused_with_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.parquet");
        write(&path, &sample()).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        let error = read(&path).unwrap_err();
        assert_eq!(error.exit_status(), 3);
        assert!(error.to_string().contains("a.parquet"));
    }
}
