//! How much a Parquet file may hold for its size. Run lengths and dictionaries let a few bytes stand for billions of rows, or one long text for
//! terabytes: such a file is refused by its footer, or while it is read, before it fills the memory.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::ChunkReader;

use super::super::discover::InputFile;
use super::damaged;
use crate::error::{Error, Result};

/// The most bytes of a Parquet file that is packed once more, since it must be unpacked whole.
pub(super) const PACKED: u64 = 512 << 20;

/// Text handed on at a time.
pub(super) const BATCH_TEXT: u64 = 32 << 20;

/// The longest text of one row.
const ROW_TEXT: u64 = 16 << 20;

/// Rows and bytes any file may hold, and how many more for each of its bytes. A million rows with a key of their own take more than a byte each.
const ROWS: u64 = 10_000_000;
const ROWS_A_BYTE: u64 = 20;
const UNFOLDED: u64 = 256 << 20;
const RATIO: u64 = 1_000;

/// How much text a file of this size may hold.
pub(super) fn text(bytes: u64) -> u64 {
    UNFOLDED.saturating_add(bytes.saturating_mul(RATIO))
}

/// What the crate that decodes says or, where damaged bytes make it panic (found by fuzzing: negative offsets, lengths beyond a buffer), that it did.
pub(super) fn guarded<T>(decode: impl FnOnce() -> parquet::errors::Result<T>) -> parquet::errors::Result<T> {
    let gave_up = || parquet::errors::ParquetError::General("the decoder met lengths that cannot be".to_owned());
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(decode)).unwrap_or_else(|_| Err(gave_up()))
}

/// The footer, held against the size of the file. Texts are read as views, so that a long one that repeats is not copied row by row.
pub(super) fn metadata<T: ChunkReader>(file: &InputFile, source: &T, bytes: u64) -> Result<ArrowReaderMetadata> {
    let read = guarded(|| ArrowReaderMetadata::load(source, ArrowReaderOptions::new())).map_err(|e| damaged(file, &e))?;
    check(file, read.metadata(), bytes)?;
    let fields: Vec<Arc<Field>> = read.schema().fields().iter().map(viewed).collect();
    let schema = Arc::new(Schema::new(fields));
    let options = ArrowReaderOptions::new().with_schema(schema);
    // Where the crate cannot give views the types stay as they are.
    Ok(ArrowReaderMetadata::try_new(Arc::clone(read.metadata()), options).unwrap_or(read))
}

fn viewed(field: &Arc<Field>) -> Arc<Field> {
    let text = |t: &DataType| matches!(t, DataType::Utf8 | DataType::LargeUtf8);
    let view = match field.data_type() {
        t if text(t) => DataType::Utf8View,
        DataType::Dictionary(_, values) if text(values) => DataType::Utf8View,
        DataType::Binary | DataType::LargeBinary => DataType::BinaryView,
        _ => return Arc::clone(field),
    };
    Arc::new(Field::new(field.name(), view, field.is_nullable()))
}

fn check(file: &InputFile, metadata: &ParquetMetaData, bytes: u64) -> Result<()> {
    let refuse = |found: String, expected: String| {
        let remedy = "find out who made it; export or copy the file again";
        Err(Error::input(&file.name, None, found, expected, remedy))
    };
    let count = |n: i64| u64::try_from(n).ok();
    let rows = count(metadata.file_metadata().num_rows());
    let sum = metadata.row_groups().iter().map(|g| count(g.num_rows())).try_fold(0u64, |sum, n| sum.checked_add(n?));
    let (Some(rows), Some(sum)) = (rows, sum) else {
        return refuse("a footer with negative or overflowing numbers of rows".to_owned(), "numbers of rows".to_owned());
    };
    if rows != sum {
        return refuse(format!("{rows} rows in the footer, {sum} in its row groups"), "one number of rows".to_owned());
    }
    let most = ROWS.saturating_add(bytes.saturating_mul(ROWS_A_BYTE));
    if rows > most {
        return refuse(format!("{rows} rows in {bytes} bytes"), format!("at most {most} rows in a file of that size"));
    }
    let columns = metadata.row_groups().iter().flat_map(|g| g.columns());
    let unfolded = columns.map(|c| count(c.uncompressed_size())).try_fold(0u64, |sum, n| sum.checked_add(n?));
    match unfolded {
        Some(n) if n <= text(bytes) => Ok(()),
        Some(n) => {
            refuse(format!("{bytes} bytes that unfold to {n}"), format!("at most {} MiB from a file of that size", text(bytes) >> 20))
        }
        None => refuse("a footer with negative or overflowing sizes".to_owned(), "sizes".to_owned()),
    }
}

pub(super) fn too_much_text(file: &InputFile) -> Error {
    let found = format!("a text that repeats beyond {RATIO} times the size of the file and {} MiB", UNFOLDED >> 20);
    Error::input(&file.name, None, found, "texts of the size exports have", "find out who made it; export or copy the file again")
}

/// Bytes of text in a batch.
pub(super) fn text_of(batch: &RecordBatch) -> u64 {
    // The length of a view stands in its lowest 32 bits.
    let long = |views: &[u128]| views.iter().map(|v| (*v & u128::from(u32::MAX)) as u64).sum::<u64>();
    let columns = batch.columns().iter().map(|array| match array.data_type() {
        DataType::Utf8View => long(array.as_string_view().views()),
        DataType::BinaryView => long(array.as_binary_view().views()),
        _ => 0,
    });
    columns.sum()
}

/// A batch in pieces whose texts are few enough to be copied. Errors: one row with more text than any export has.
pub(super) fn pieces(file: &InputFile, first: u64, batch: RecordBatch, out: &mut VecDeque<RecordBatch>) -> Result<()> {
    let rows = batch.num_rows();
    let text = text_of(&batch);
    if rows <= 1 && text > ROW_TEXT {
        let found = format!("{text} bytes of text in one row");
        let expected = format!("at most {} MiB", ROW_TEXT >> 20);
        return Err(Error::input(&file.name, Some(first), found, expected, "leave such columns out of the export"));
    }
    if rows <= 1 || text <= BATCH_TEXT {
        out.push_back(batch);
        return Ok(());
    }
    let half = rows / 2;
    pieces(file, first, batch.slice(0, half), out)?;
    pieces(file, first + half as u64, batch.slice(half, rows - half), out)
}
