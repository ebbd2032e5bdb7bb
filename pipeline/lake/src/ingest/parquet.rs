//! Input Parquet: any text, integer, decimal, date or midnight timestamp, as other systems write them.

mod limits;

use std::collections::VecDeque;
use std::fs::File;
use std::io::Read as _;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowTimestampType, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, DecimalType, Float32Type, Int8Type,
    Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, Float64Array, PrimitiveArray, RecordBatch, StringArray};
use arrow_schema::{DataType, TimeUnit};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::file::reader::ChunkReader;

use super::bytes::{read_error, unpack};
use super::cast::Raw;
use super::check::Batch;
use super::discover::{InputFile, Pack};
use super::plan::{Plan, Source};
use crate::columns::{Day, day};
use crate::error::{Error, Result};
use crate::schema::Kind;
use crate::store::input;

/// Rows of a batch, and batches read at a time.
const ROWS: usize = 16_384;
const BATCHES: usize = 8;

/// China Standard Time is eight hours ahead of UTC, all year.
const CHINA: i64 = 8 * 3600;

/// An opened file.
pub(crate) struct Rows<'f> {
    file: &'f InputFile,
    reader: ParquetRecordBatchReader,
    /// The number of the next row, from 1.
    next: u64,
    /// What was read and not yet handed on.
    pending: VecDeque<RecordBatch>,
    /// How much text the file may still hold.
    text_left: u64,
}

/// The headers of a file with what they hold, before anything is read.
pub(crate) struct Opened<'f> {
    file: &'f InputFile,
    builder: Builder,
    /// Size of the file.
    bytes: u64,
}

enum Builder {
    Plain(ParquetRecordBatchReaderBuilder<File>),
    Unpacked(ParquetRecordBatchReaderBuilder<Bytes>),
}

fn damaged(file: &InputFile, error: &dyn std::fmt::Display) -> Error {
    let text = error.to_string();
    if text.contains("encrypt") {
        let remedy = "export it without encryption: only luheng's own lake is read encrypted";
        return Error::input(&file.name, None, "an encrypted Parquet file", "Parquet that can be read without a key", remedy);
    }
    let remedy = "export or copy the file again; nothing was changed";
    Error::input(&file.name, None, format!("what cannot be read: {text}"), "a whole Parquet file", remedy)
}

impl<'f> Opened<'f> {
    /// Reads the footer. Errors: a file that is no Parquet, was cut off or is encrypted, or whose footer promises what no export holds.
    pub(crate) fn open(file: &'f InputFile) -> Result<Self> {
        if file.pack == Pack::Plain {
            let source = input::open(&file.path)?;
            let bytes = source.metadata().map_err(|e| Error::io("read", &file.path, e))?.len();
            let metadata = limits::metadata(file, &source, bytes)?;
            return Ok(Self { file, builder: Builder::Plain(ParquetRecordBatchReaderBuilder::new_with_metadata(source, metadata)), bytes });
        }
        let mut bytes = Vec::new();
        let mut unpacked = unpack(&file.path, file.pack)?.take(limits::PACKED + 1);
        unpacked.read_to_end(&mut bytes).map_err(|e| read_error(file, None, e))?;
        let size = bytes.len() as u64;
        if size > limits::PACKED {
            let found = format!("more than {} MiB of packed Parquet", limits::PACKED >> 20);
            return Err(Error::input(&file.name, None, found, "Parquet as it is: it is compressed within", "unpack the file"));
        }
        let source = Bytes::from(bytes);
        let metadata = limits::metadata(file, &source, size)?;
        Ok(Self { file, builder: Builder::Unpacked(ParquetRecordBatchReaderBuilder::new_with_metadata(source, metadata)), bytes: size })
    }

    pub(crate) fn headers(&self) -> Vec<String> {
        self.schema().fields().iter().map(|f| f.name().clone()).collect()
    }

    fn schema(&self) -> &arrow_schema::SchemaRef {
        match &self.builder {
            Builder::Plain(b) => b.schema(),
            Builder::Unpacked(b) => b.schema(),
        }
    }

    /// Begins reading the columns of the plan. Errors: a column whose type cannot hold what the table's column needs.
    pub(crate) fn rows(self, plan: &Plan) -> Result<Rows<'f>> {
        for column in plan.groups.iter().flat_map(|group| &group.columns) {
            // Text is made of what a part or a template reads.
            let (kind, inputs) = match (&column.source, column.part) {
                (Source::Input(input), None) => (column.column.kind, vec![*input]),
                (source, _) => (Kind::Text, source.inputs()),
            };
            inputs.into_iter().filter_map(|i| plan.inputs.get(i)).try_for_each(|header| self.check_type(header, kind))?;
        }
        if let Some(header) = plan.only_if.and_then(|(input, _)| plan.inputs.get(input)) {
            self.check_type(header, Kind::Text)?;
        }
        let roots: Vec<usize> = self.headers().iter().enumerate().filter(|(_, h)| plan.inputs.contains(h)).map(|(i, _)| i).collect();
        let reader = match self.builder {
            Builder::Plain(b) => projected(b, roots),
            Builder::Unpacked(b) => projected(b, roots),
        };
        Ok(Rows {
            file: self.file,
            reader: reader.map_err(|e| damaged(self.file, &e))?,
            next: 1,
            pending: VecDeque::new(),
            text_left: limits::text(self.bytes),
        })
    }
}

impl Opened<'_> {
    /// The first rows, all columns, at most so many and not more text than a batch has; `None` where there are none.
    pub(crate) fn first(self, rows: usize) -> Result<Option<RecordBatch>> {
        let first = limits::guarded(|| {
            let mut reader = match self.builder {
                Builder::Plain(b) => b.with_batch_size(rows).build(),
                Builder::Unpacked(b) => b.with_batch_size(rows).build(),
            }?;
            Ok(reader.next().transpose()?)
        });
        let first = first.map_err(|e| damaged(self.file, &e))?;
        let mut pieces = VecDeque::new();
        first.map_or(Ok(()), |batch| limits::pieces(self.file, 1, batch, &mut pieces))?;
        Ok(pieces.pop_front())
    }

    fn check_type(&self, header: &str, kind: Kind) -> Result<()> {
        let Ok(field) = self.schema().field_with_name(header) else { return Ok(()) };
        if holds(kind, field.data_type()) {
            return Ok(());
        }
        let money = if kind == Kind::Money { "; floats lose fen" } else { "" };
        Err(Error::input(
            &self.file.name,
            None,
            format!("column {header} of type {}", field.data_type()),
            format!("text, an integer, a decimal, a date or a midnight timestamp that can be a {}{money}", kind.name()),
            "export the column in one of these types",
        ))
    }
}

fn projected<T: ChunkReader + 'static>(
    builder: ParquetRecordBatchReaderBuilder<T>,
    roots: Vec<usize>,
) -> parquet::errors::Result<ParquetRecordBatchReader> {
    let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
    limits::guarded(|| builder.with_projection(mask).with_batch_size(ROWS).build())
}

/// Whether a column of this kind can be read from this type.
fn holds(kind: Kind, data: &DataType) -> bool {
    use DataType::{Binary, BinaryView, Boolean, Date32, Date64, Dictionary, LargeBinary, LargeUtf8, Null, Timestamp, Utf8, Utf8View};
    match data {
        Utf8 | LargeUtf8 | Utf8View | Binary | LargeBinary | BinaryView | Null => true,
        Dictionary(_, values) => holds(kind, values),
        Boolean => matches!(kind, Kind::Flag | Kind::Text | Kind::Code),
        Date32 | Date64 | Timestamp(..) => matches!(kind, Kind::Date | Kind::Text),
        d if d.is_integer() || d.is_decimal() => true,
        d if d.is_floating() => matches!(kind, Kind::Real | Kind::Int),
        _ => false,
    }
}

impl Rows<'_> {
    /// The next batches with the number of their first row; empty at the end. Errors: damage, more text than the file can mean.
    pub(crate) fn next(&mut self) -> Result<Vec<(u64, RecordBatch)>> {
        let mut out = Vec::new();
        let mut text = 0;
        while out.len() < BATCHES && text < limits::BATCH_TEXT {
            if self.pending.is_empty() {
                let reader = &mut self.reader;
                let batch = limits::guarded(|| Ok(reader.next().transpose()?)).map_err(|e| damaged(self.file, &e))?;
                let Some(batch) = batch else { break };
                let size = limits::text_of(&batch);
                self.text_left = self.text_left.checked_sub(size).ok_or_else(|| limits::too_much_text(self.file))?;
                limits::pieces(self.file, self.next, batch, &mut self.pending)?;
            }
            let Some(batch) = self.pending.pop_front() else { continue };
            text += limits::text_of(&batch);
            let first = self.next;
            self.next += batch.num_rows() as u64;
            out.push((first, batch));
        }
        Ok(out)
    }
}

/// A batch as the plan reads it.
pub(crate) fn split(first: u64, batch: &RecordBatch, plan: &Plan) -> Result<Batch> {
    let rows = batch.num_rows();
    let mut inputs = Vec::with_capacity(plan.inputs.len());
    for input in &plan.inputs {
        let Some(array) = batch.column_by_name(input) else {
            return Err(Error::fault(format!("column {input} was not read")));
        };
        inputs.push(raw(array).map_err(|found| damaged(plan.file, &format!("column {input}: {found}")))?);
    }
    Ok(Batch { inputs, lines: (first..first + rows as u64).collect(), broken: Vec::new() })
}

/// A column as the cast takes it; what it cannot be read from is named.
pub(crate) fn raw(array: &ArrayRef) -> std::result::Result<Raw, String> {
    Ok(match array.data_type() {
        DataType::Utf8 => Raw::Text(array.as_string::<i32>().clone()),
        DataType::LargeUtf8 => Raw::Text(array.as_string::<i64>().iter().collect()),
        DataType::Utf8View => Raw::Text(array.as_string_view().iter().collect()),
        DataType::Binary => text_of_bytes(array.as_binary::<i32>().iter())?,
        DataType::LargeBinary => text_of_bytes(array.as_binary::<i64>().iter())?,
        DataType::BinaryView => text_of_bytes(array.as_binary_view().iter())?,
        DataType::Null => Raw::Text(StringArray::new_null(array.len())),
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let plain = arrow_select::take::take(dictionary.values(), dictionary.keys(), None).map_err(|e| e.to_string())?;
            return raw(&plain);
        }
        DataType::Boolean => Raw::Flag(array.as_boolean().clone()),
        DataType::Int8 => whole::<Int8Type>(array),
        DataType::Int16 => whole::<Int16Type>(array),
        DataType::Int32 => whole::<Int32Type>(array),
        DataType::Int64 => whole::<Int64Type>(array),
        DataType::UInt8 => whole::<UInt8Type>(array),
        DataType::UInt16 => whole::<UInt16Type>(array),
        DataType::UInt32 => whole::<UInt32Type>(array),
        DataType::UInt64 => whole::<UInt64Type>(array),
        DataType::Decimal32(_, scale) => decimal::<Decimal32Type>(array, *scale),
        DataType::Decimal64(_, scale) => decimal::<Decimal64Type>(array, *scale),
        DataType::Decimal128(_, scale) => decimal::<Decimal128Type>(array, *scale),
        // Beyond 128 bits as text: the cast finds it too large.
        DataType::Decimal256(_, scale) => {
            let numbers = array.as_primitive::<Decimal256Type>();
            Raw::Text(numbers.iter().map(|n| n.map(|n| format!("{n}e{}", -i32::from(*scale)))).collect())
        }
        DataType::Float32 => Raw::Real(array.as_primitive::<Float32Type>().iter().map(|x| x.map(f64::from)).collect()),
        DataType::Float64 => Raw::Real(array.as_primitive::<arrow_array::types::Float64Type>().iter().collect::<Float64Array>()),
        DataType::Date32 => Raw::Date(array.as_primitive::<arrow_array::types::Date32Type>().clone()),
        DataType::Date64 => days(array.as_primitive::<Date64Type>().iter(), 1000, false),
        DataType::Timestamp(unit, zone) => {
            let zoned = zone.is_some();
            match unit {
                TimeUnit::Second => days(instants::<TimestampSecondType>(array).iter(), 1, zoned),
                TimeUnit::Millisecond => days(instants::<TimestampMillisecondType>(array).iter(), 1000, zoned),
                TimeUnit::Microsecond => days(instants::<TimestampMicrosecondType>(array).iter(), 1_000_000, zoned),
                TimeUnit::Nanosecond => days(instants::<TimestampNanosecondType>(array).iter(), 1_000_000_000, zoned),
            }
        }
        other => return Err(format!("type {other}")),
    })
}

fn instants<T: ArrowTimestampType>(array: &ArrayRef) -> &PrimitiveArray<T> {
    array.as_primitive::<T>()
}

fn whole<T: arrow_array::types::ArrowPrimitiveType>(array: &ArrayRef) -> Raw
where
    T::Native: Into<i128>,
{
    Raw::Whole { numbers: array.as_primitive::<T>().iter().map(|n| n.map(Into::into)).collect(), scale: 0 }
}

fn decimal<T: DecimalType>(array: &ArrayRef, scale: i8) -> Raw
where
    T::Native: Into<i128>,
{
    Raw::Whole { numbers: array.as_primitive::<T>().iter().map(|n| n.map(Into::into)).collect(), scale: scale.into() }
}

fn text_of_bytes<'a>(values: impl Iterator<Item = Option<&'a [u8]>>) -> std::result::Result<Raw, String> {
    let texts: std::result::Result<Vec<Option<&str>>, _> = values.map(|v| v.map(std::str::from_utf8).transpose()).collect();
    texts.map(|t| Raw::Text(StringArray::from(t))).map_err(|_| "bytes that are not UTF-8".to_owned())
}

/// Midnights as days. A time with a zone is midnight in China, or in UTC as some libraries write days; any other time stays text, which the
/// cast refuses row by row.
fn days(values: impl Iterator<Item = Option<i64>>, per_second: i64, zoned: bool) -> Raw {
    let values: Vec<Option<i64>> = values.collect();
    let day_of = |value: i64| -> std::result::Result<Day, String> {
        let unit = 86_400 * per_second;
        let in_china = value.checked_add(CHINA * per_second).filter(|v| zoned && v.rem_euclid(unit) == 0);
        let midnight = in_china.or_else(|| (value.rem_euclid(unit) == 0).then_some(value));
        let day = midnight.and_then(|v| Day::try_from(v.div_euclid(unit)).ok());
        day.ok_or_else(|| {
            let seconds = value.rem_euclid(unit) / per_second;
            let day = Day::try_from(value.div_euclid(unit)).map(day::format).unwrap_or_default();
            let part = value.rem_euclid(unit) % per_second;
            format!("{day} {:02}:{:02}:{:02}.{part}", seconds / 3600, seconds / 60 % 60, seconds % 60)
        })
    };
    if values.iter().flatten().all(|v| day_of(*v).is_ok()) {
        let array: arrow_array::Date32Array = values.iter().map(|v| v.and_then(|v| day_of(v).ok())).collect();
        return Raw::Date(array);
    }
    Raw::Text(values.iter().map(|v| v.map(|v| day_of(v).map_or_else(|text| text, day::format))).collect())
}
