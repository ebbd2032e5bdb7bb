//! The one in-memory table of the house: named columns of five kinds. Arrow stays behind it, so no other crate meets Arrow.

pub mod day;
mod order;

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, RecordBatchOptions, StringArray, UInt64Array,
};
use arrow_schema::{DataType, Field, Schema};

pub use day::Day;
pub(crate) use order::ContentHash;

use crate::error::{Error, Result};

/// What a column holds. Money is `Int` in fen; codes are `Text`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ColumnKind {
    /// UTF-8 text.
    Text,
    /// Whole numbers, 64 bits.
    Int,
    /// 64-bit floats, never NaN.
    Real,
    /// Calendar days.
    Date,
    /// True or false.
    Flag,
}

impl ColumnKind {
    pub(crate) fn data_type(self) -> DataType {
        match self {
            ColumnKind::Text => DataType::Utf8,
            ColumnKind::Int => DataType::Int64,
            ColumnKind::Real => DataType::Float64,
            ColumnKind::Date => DataType::Date32,
            ColumnKind::Flag => DataType::Boolean,
        }
    }
}

#[derive(Clone, Debug)]
enum Values {
    Text(StringArray),
    Int(Int64Array),
    Real(Float64Array),
    Date(Date32Array),
    Flag(BooleanArray),
}

/// One column: one array of one of the five kinds. Cloning shares the values.
#[derive(Clone, Debug)]
pub struct Column {
    values: Values,
    array: ArrayRef,
}

impl Column {
    /// A column of text; `None` is null.
    pub fn from_text<S: AsRef<str>>(v: impl IntoIterator<Item = Option<S>>) -> Self {
        Self::of(Values::Text(v.into_iter().collect()))
    }

    /// A column of whole numbers.
    pub fn from_int(v: impl IntoIterator<Item = Option<i64>>) -> Self {
        Self::of(Values::Int(v.into_iter().collect()))
    }

    /// A column of floats; NaN becomes null, and -0.0 becomes 0.0 so that equal values have equal bytes.
    pub fn from_real(v: impl IntoIterator<Item = Option<f64>>) -> Self {
        Self::of(Values::Real(v.into_iter().map(|x| x.filter(|x| !x.is_nan()).map(|x| x + 0.0)).collect()))
    }

    /// A column of days.
    pub fn from_date(v: impl IntoIterator<Item = Option<Day>>) -> Self {
        Self::of(Values::Date(v.into_iter().collect()))
    }

    /// A column of flags.
    pub fn from_flag(v: impl IntoIterator<Item = Option<bool>>) -> Self {
        Self::of(Values::Flag(v.into_iter().collect()))
    }

    /// A column of `len` nulls.
    pub fn nulls(kind: ColumnKind, len: usize) -> Self {
        match kind {
            ColumnKind::Text => Self::from_text(std::iter::repeat_n(None::<&str>, len)),
            ColumnKind::Int => Self::from_int(std::iter::repeat_n(None, len)),
            ColumnKind::Real => Self::from_real(std::iter::repeat_n(None, len)),
            ColumnKind::Date => Self::from_date(std::iter::repeat_n(None, len)),
            ColumnKind::Flag => Self::from_flag(std::iter::repeat_n(None, len)),
        }
    }

    /// Wraps an Arrow array; `None` where it is not of the five kinds.
    pub fn from_array(array: &ArrayRef) -> Option<Self> {
        let any = array.as_any();
        let values = match array.data_type() {
            DataType::Utf8 => Values::Text(any.downcast_ref::<StringArray>()?.clone()),
            DataType::Int64 => Values::Int(any.downcast_ref::<Int64Array>()?.clone()),
            DataType::Float64 => Values::Real(any.downcast_ref::<Float64Array>()?.clone()),
            DataType::Date32 => Values::Date(any.downcast_ref::<Date32Array>()?.clone()),
            DataType::Boolean => Values::Flag(any.downcast_ref::<BooleanArray>()?.clone()),
            _ => return None,
        };
        Some(Self { values, array: Arc::clone(array) })
    }

    fn of(values: Values) -> Self {
        let array: ArrayRef = match &values {
            Values::Text(a) => Arc::new(a.clone()),
            Values::Int(a) => Arc::new(a.clone()),
            Values::Real(a) => Arc::new(a.clone()),
            Values::Date(a) => Arc::new(a.clone()),
            Values::Flag(a) => Arc::new(a.clone()),
        };
        Self { values, array }
    }

    /// The rows of a column that lies in pieces: which piece, and which row of it. [`Error::Fault`] where the pieces are not of one kind.
    pub(crate) fn gathered(pieces: &[Column], rows: &[(usize, usize)]) -> Result<Self> {
        let arrays: Vec<&dyn Array> = pieces.iter().map(|p| p.array.as_ref()).collect();
        let array = arrow_select::interleave::interleave(&arrays, rows).map_err(|e| Error::fault(format!("gathering a column: {e}")))?;
        Self::from_array(&array).ok_or_else(|| Error::fault("gathering changed a column's kind"))
    }

    /// The kind of the column.
    pub fn kind(&self) -> ColumnKind {
        match self.values {
            Values::Text(_) => ColumnKind::Text,
            Values::Int(_) => ColumnKind::Int,
            Values::Real(_) => ColumnKind::Real,
            Values::Date(_) => ColumnKind::Date,
            Values::Flag(_) => ColumnKind::Flag,
        }
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.array.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether row `i` is null; true beyond the end.
    pub fn is_null(&self, i: usize) -> bool {
        match &self.values {
            Values::Text(a) => i >= a.len() || a.is_null(i),
            Values::Int(a) => i >= a.len() || a.is_null(i),
            Values::Real(a) => i >= a.len() || a.is_null(i),
            Values::Date(a) => i >= a.len() || a.is_null(i),
            Values::Flag(a) => i >= a.len() || a.is_null(i),
        }
    }

    /// The text of row `i`; `None` where null, beyond the end, or not a text column. So with the four below.
    pub fn text_at(&self, i: usize) -> Option<&str> {
        match &self.values {
            Values::Text(a) if i < a.len() && a.is_valid(i) => Some(a.value(i)),
            _ => None,
        }
    }

    /// The whole number of row `i`.
    pub fn int_at(&self, i: usize) -> Option<i64> {
        match &self.values {
            Values::Int(a) if i < a.len() && a.is_valid(i) => Some(a.value(i)),
            _ => None,
        }
    }

    /// The float of row `i`.
    pub fn real_at(&self, i: usize) -> Option<f64> {
        match &self.values {
            Values::Real(a) if i < a.len() && a.is_valid(i) => Some(a.value(i)),
            _ => None,
        }
    }

    /// The day of row `i`.
    pub fn date_at(&self, i: usize) -> Option<Day> {
        match &self.values {
            Values::Date(a) if i < a.len() && a.is_valid(i) => Some(a.value(i)),
            _ => None,
        }
    }

    /// The flag of row `i`.
    pub fn flag_at(&self, i: usize) -> Option<bool> {
        match &self.values {
            Values::Flag(a) if i < a.len() && a.is_valid(i) => Some(a.value(i)),
            _ => None,
        }
    }

    /// The Arrow array, for the bridge to polars and nothing else.
    pub fn array(&self) -> &ArrayRef {
        &self.array
    }
}

/// A table in memory: named columns of equal length. Lengths are checked where a table is written, joined or sorted.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    names: Vec<String>,
    columns: Vec<Column>,
}

impl Columns {
    /// A table without columns.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text column. A name given twice replaces the earlier column in its place; so with the four below.
    #[must_use]
    pub fn text<S: AsRef<str>>(self, name: &str, v: impl IntoIterator<Item = Option<S>>) -> Self {
        self.with(name, Column::from_text(v))
    }

    /// Adds a column of whole numbers (money: fen).
    #[must_use]
    pub fn int(self, name: &str, v: impl IntoIterator<Item = Option<i64>>) -> Self {
        self.with(name, Column::from_int(v))
    }

    /// Adds a column of floats; NaN becomes null.
    #[must_use]
    pub fn real(self, name: &str, v: impl IntoIterator<Item = Option<f64>>) -> Self {
        self.with(name, Column::from_real(v))
    }

    /// Adds a column of days.
    #[must_use]
    pub fn date(self, name: &str, v: impl IntoIterator<Item = Option<Day>>) -> Self {
        self.with(name, Column::from_date(v))
    }

    /// Adds a column of flags.
    #[must_use]
    pub fn flag(self, name: &str, v: impl IntoIterator<Item = Option<bool>>) -> Self {
        self.with(name, Column::from_flag(v))
    }

    /// Adds a column, or replaces the one of that name in its place.
    #[must_use]
    pub fn with(mut self, name: &str, column: Column) -> Self {
        match self.position(name) {
            Some(i) => self.columns[i] = column,
            None => {
                self.names.push(name.to_owned());
                self.columns.push(column);
            }
        }
        self
    }

    /// Takes a column out; nothing happens where there is none of that name.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        if let Some(i) = self.position(name) {
            self.names.remove(i);
            self.columns.remove(i);
        }
        self
    }

    /// The named columns in the order asked for. Errors with [`Error::Fault`] where one is missing.
    pub fn select(&self, names: &[&str]) -> Result<Columns> {
        let mut out = Columns::new();
        for name in names {
            out = out.with(name, self.require(name)?.clone());
        }
        Ok(out)
    }

    /// How many rows: the length of the first column.
    pub fn len(&self) -> usize {
        self.columns.first().map_or(0, Column::len)
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// A column by name.
    pub fn get(&self, name: &str) -> Option<&Column> {
        self.position(name).map(|i| &self.columns[i])
    }

    /// A column by name; [`Error::Fault`] where there is none.
    pub fn require(&self, name: &str) -> Result<&Column> {
        self.get(name).ok_or_else(|| Error::fault(format!("no column named {name} among {}", self.names.join(", "))))
    }

    /// Names and columns in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Column)> {
        self.names.iter().map(String::as_str).zip(&self.columns)
    }

    /// The rows of these positions, in this order, repeats allowed; positions beyond the end give nulls.
    #[must_use]
    pub fn take(&self, rows: &[usize]) -> Columns {
        let n = self.len();
        let index: UInt64Array = rows.iter().map(|&i| (i < n).then_some(i as u64)).collect();
        let columns = self.columns.iter().map(|c| take_column(c, &index, rows.len())).collect();
        Columns { names: self.names.clone(), columns }
    }

    /// The parts below each other. All must have the same names and kinds in the same order; no part gives a table without columns.
    pub fn concat(parts: &[Columns]) -> Result<Columns> {
        let Some(first) = parts.first() else {
            return Ok(Columns::new());
        };
        for part in parts {
            part.check_lengths()?;
            if part.names != first.names || part.columns.iter().zip(&first.columns).any(|(a, b)| a.kind() != b.kind()) {
                return Err(Error::fault(format!(
                    "tables of different columns cannot be joined: {} and {}",
                    first.names.join(", "),
                    part.names.join(", ")
                )));
            }
        }
        let mut columns = Vec::with_capacity(first.columns.len());
        for i in 0..first.columns.len() {
            let arrays: Vec<&dyn Array> = parts.iter().map(|p| p.columns[i].array.as_ref()).collect();
            let joined =
                arrow_select::concat::concat(&arrays).map_err(|e| Error::fault(format!("joining column {}: {e}", first.names[i])))?;
            columns.push(Column::from_array(&joined).ok_or_else(|| Error::fault("joining changed a column's kind"))?);
        }
        Ok(Columns { names: first.names.clone(), columns })
    }

    /// Stable sort by these columns: nulls first, text by bytes, floats by value, false before true.
    pub fn sorted_by(&self, keys: &[&str]) -> Result<Columns> {
        self.check_lengths()?;
        Ok(self.take(&order::sorted_positions(self, keys)?))
    }

    /// Positions of the rows in that order.
    pub fn sorted_positions(&self, keys: &[&str]) -> Result<Vec<usize>> {
        self.check_lengths()?;
        order::sorted_positions(self, keys)
    }

    /// A run of rows that shares the values of this table; both ends within it.
    #[must_use]
    pub fn slice(&self, from: usize, len: usize) -> Columns {
        let columns = self.columns.iter().filter_map(|c| Column::from_array(&c.array.slice(from, len))).collect();
        Columns { names: self.names.clone(), columns }
    }

    /// blake3 (hex) of the plain canonical bytes: names, kinds and values in column order; independent of any file.
    pub fn content_hash(&self) -> String {
        order::content_hash(self)
    }

    /// Errors with [`Error::Fault`] where columns differ in length.
    pub fn check_lengths(&self) -> Result<()> {
        let n = self.len();
        match self.iter().find(|(_, c)| c.len() != n) {
            None => Ok(()),
            Some((name, c)) => Err(Error::fault(format!("column {name} has {} rows, the first one {n}", c.len()))),
        }
    }

    pub(crate) fn to_batch(&self) -> Result<RecordBatch> {
        self.check_lengths()?;
        let fields: Vec<Field> = self.iter().map(|(n, c)| Field::new(n, c.kind().data_type(), true)).collect();
        let arrays = self.columns.iter().map(|c| Arc::clone(&c.array)).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.len()));
        RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
            .map_err(|e| Error::fault(format!("building a batch: {e}")))
    }

    pub(crate) fn from_batch(batch: &RecordBatch) -> Option<Columns> {
        let mut out = Columns::new();
        for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
            out = out.with(field.name(), Column::from_array(array)?);
        }
        Some(out)
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|n| n == name)
    }
}

fn take_column(column: &Column, index: &UInt64Array, len: usize) -> Column {
    // `take` fails only on positions out of bounds, which the caller turned into nulls.
    arrow_select::take::take(column.array.as_ref(), index, None)
        .ok()
        .and_then(|a| Column::from_array(&a))
        .unwrap_or_else(|| Column::nulls(column.kind(), len))
}
