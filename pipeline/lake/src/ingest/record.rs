//! A row between the two passes: a header that says whose it is and what tells it apart, and a body of plain canonical values.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::{BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, StringBuilder};

use crate::columns::{Column, ColumnKind, Day};
use crate::error::{Error, Result};

/// 128 bits: a debtor, a key, a content.
pub(super) type Id = [u8; 16];

/// `known_on` of tables without one.
pub(super) const NO_DAY: Day = Day::MIN;

/// Key, day known, day exported: rows that agree in these must say the same.
pub(super) type Said = (u64, Day, Day);

/// What the header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Header {
    /// Whose copy this is; zero for whole tables.
    pub debtor: Id,
    /// What makes rows versions of one fact.
    pub key: u64,
    pub known_on: Day,
    pub seen_on: Day,
    /// Everything the source said but the day of the export, identity values included.
    pub content: u64,
    /// A version of a fact that was this debtor's or this case's and is another's in this version: it ends the fact here.
    pub elsewhere: bool,
    /// Read tonight; false for a row of the lake as it was, which is thereby the first of equal ones.
    pub fresh: bool,
    /// Position in the list of input files; of a row of the lake, its place among those of its bucket.
    pub file: u32,
    pub line: u64,
    /// The one copy by which a source row is counted.
    pub primary: bool,
    /// Own (true), another's (false), or unsaid.
    pub own: Option<bool>,
    /// Whether equal rows of one file are distinct facts.
    pub repeats: bool,
    /// Void rows of such facts come after the others.
    pub void: bool,
    /// Whether the debtor in the header is one: false in whole tables and among waiting rows.
    pub placed: bool,
    /// Whether the export gave the row its id; else the key is the id.
    pub given: bool,
    /// The day another version of the same day of knowledge was exported that waits for its case or debtor: a row exported after it that says what one
    /// before it said says it anew. [`NO_DAY`] where none waits.
    pub awaited: Day,
    /// The own pseudonym of him for whom this copy lies here: another than `debtor` only while he is linked.
    pub base: Id,
}

const HEADER: usize = 16 + 8 * 2 + 4 * 2 + 4 + 8 + 2 + 4 + 16;

/// Appends a record.
pub(super) fn push_record(out: &mut Vec<u8>, header: &Header, body: &[u8]) {
    out.extend(((HEADER + body.len()) as u32).to_le_bytes());
    out.extend(header.debtor);
    out.extend(header.key.to_be_bytes());
    out.extend(header.content.to_be_bytes());
    out.extend(header.known_on.to_le_bytes());
    out.extend(header.seen_on.to_le_bytes());
    out.extend(header.file.to_le_bytes());
    out.extend(header.line.to_le_bytes());
    let own = match header.own {
        None => 0,
        Some(false) => 2,
        Some(true) => 4,
    };
    out.push(u8::from(header.primary) | own | u8::from(header.repeats) << 3 | u8::from(header.void) << 4 | u8::from(header.placed) << 5);
    out.push(u8::from(header.elsewhere) | u8::from(header.given) << 1 | u8::from(header.fresh) << 2);
    out.extend(header.awaited.to_le_bytes());
    out.extend(header.base);
    out.extend_from_slice(body);
}

/// All records in these bytes.
pub(super) fn records(bytes: &[u8]) -> Result<Vec<(Header, &[u8])>> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (record, after) = split_record(rest).ok_or_else(|| Error::fault("a record is cut short"))?;
        out.push(parse_record(record).ok_or_else(|| Error::fault("a record's header is cut short"))?);
        rest = after;
    }
    Ok(out)
}

fn split_record(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}

fn parse_record(record: &[u8]) -> Option<(Header, &[u8])> {
    let (debtor, rest) = record.split_first_chunk::<16>()?;
    let (key, rest) = rest.split_first_chunk::<8>()?;
    let (content, rest) = rest.split_first_chunk::<8>()?;
    let (known, rest) = rest.split_first_chunk::<4>()?;
    let (seen, rest) = rest.split_first_chunk::<4>()?;
    let (file, rest) = rest.split_first_chunk::<4>()?;
    let (line, rest) = rest.split_first_chunk::<8>()?;
    let (&flags, rest) = rest.split_first()?;
    let (&more, rest) = rest.split_first()?;
    let (awaited, rest) = rest.split_first_chunk::<4>()?;
    let (base, body) = rest.split_first_chunk::<16>()?;
    let header = Header {
        debtor: *debtor,
        key: u64::from_be_bytes(*key),
        known_on: Day::from_le_bytes(*known),
        seen_on: Day::from_le_bytes(*seen),
        content: u64::from_be_bytes(*content),
        fresh: more >> 2 & 1 != 0,
        file: u32::from_le_bytes(*file),
        line: u64::from_le_bytes(*line),
        primary: flags & 1 != 0,
        own: match flags >> 1 & 3 {
            1 => Some(false),
            2 => Some(true),
            _ => None,
        },
        repeats: flags >> 3 & 1 != 0,
        void: flags >> 4 & 1 != 0,
        placed: flags >> 5 & 1 != 0,
        elsewhere: more & 1 != 0,
        given: more >> 1 & 1 != 0,
        awaited: Day::from_le_bytes(*awaited),
        base: *base,
    };
    Some((header, body))
}

/// One value of a body.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Text(&'a str),
    Int(i64),
    Real(f64),
    Date(Day),
    Flag(bool),
}

impl<'a> Value<'a> {
    /// A column's value at a row; null where there is no column.
    pub(super) fn at(column: Option<&'a Column>, row: usize) -> Value<'a> {
        let Some(column) = column else { return Value::Null };
        match column.kind() {
            ColumnKind::Text => column.text_at(row).map(Value::Text),
            ColumnKind::Int => column.int_at(row).map(Value::Int),
            ColumnKind::Real => column.real_at(row).map(Value::Real),
            ColumnKind::Date => column.date_at(row).map(Value::Date),
            ColumnKind::Flag => column.flag_at(row).map(Value::Flag),
        }
        .unwrap_or(Value::Null)
    }

    /// Appends its canonical bytes: a tag, then the value; texts with their length.
    pub(super) fn encode(self, out: &mut Vec<u8>) {
        match self {
            Value::Null => out.push(0),
            Value::Text(text) => {
                out.push(1);
                out.extend((text.len() as u32).to_le_bytes());
                out.extend_from_slice(text.as_bytes());
            }
            Value::Int(v) => {
                out.push(2);
                out.extend(v.to_le_bytes());
            }
            Value::Real(v) => {
                out.push(3);
                out.extend(v.to_bits().to_le_bytes());
            }
            Value::Date(v) => {
                out.push(4);
                out.extend(v.to_le_bytes());
            }
            Value::Flag(v) => out.push(5 + u8::from(v)),
        }
    }

    /// Takes one value off the front of a body.
    pub(super) fn decode(bytes: &mut &'a [u8]) -> Result<Value<'a>> {
        Self::take(bytes).ok_or_else(|| Error::fault("a record's body is cut short"))
    }

    fn take(bytes: &mut &'a [u8]) -> Option<Value<'a>> {
        let (&tag, rest) = bytes.split_first()?;
        let (value, rest) = match tag {
            0 => (Value::Null, rest),
            1 => {
                let (length, rest) = rest.split_first_chunk::<4>()?;
                let (text, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
                (Value::Text(std::str::from_utf8(text).ok()?), rest)
            }
            2 => {
                let (v, rest) = rest.split_first_chunk::<8>()?;
                (Value::Int(i64::from_le_bytes(*v)), rest)
            }
            3 => {
                let (v, rest) = rest.split_first_chunk::<8>()?;
                (Value::Real(f64::from_bits(u64::from_le_bytes(*v))), rest)
            }
            4 => {
                let (v, rest) = rest.split_first_chunk::<4>()?;
                (Value::Date(Day::from_le_bytes(*v)), rest)
            }
            5 | 6 => (Value::Flag(tag == 6), rest),
            _ => return None,
        };
        *bytes = rest;
        Some(value)
    }
}

/// Collects the values of one column.
pub(super) enum Builder {
    Text(StringBuilder),
    Int(Int64Builder),
    Real(Float64Builder),
    Date(Date32Builder),
    Flag(BooleanBuilder),
}

impl Builder {
    pub(super) fn new(kind: ColumnKind) -> Builder {
        match kind {
            ColumnKind::Text => Builder::Text(StringBuilder::new()),
            ColumnKind::Int => Builder::Int(Int64Builder::new()),
            ColumnKind::Real => Builder::Real(Float64Builder::new()),
            ColumnKind::Date => Builder::Date(Date32Builder::new()),
            ColumnKind::Flag => Builder::Flag(BooleanBuilder::new()),
        }
    }

    /// Adds a value; one of another kind is a fault, as the body was written by the same layout.
    pub(super) fn push(&mut self, value: Value<'_>) -> Result<()> {
        match (self, value) {
            (Builder::Text(b), Value::Text(v)) => b.append_value(v),
            (Builder::Int(b), Value::Int(v)) => b.append_value(v),
            (Builder::Real(b), Value::Real(v)) => b.append_value(v),
            (Builder::Date(b), Value::Date(v)) => b.append_value(v),
            (Builder::Flag(b), Value::Flag(v)) => b.append_value(v),
            (Builder::Text(b), Value::Null) => b.append_null(),
            (Builder::Int(b), Value::Null) => b.append_null(),
            (Builder::Real(b), Value::Null) => b.append_null(),
            (Builder::Date(b), Value::Null) => b.append_null(),
            (Builder::Flag(b), Value::Null) => b.append_null(),
            _ => return Err(Error::fault("a record holds a value of another kind than its layout")),
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Column> {
        let array: ArrayRef = match self {
            Builder::Text(mut b) => Arc::new(b.finish()),
            Builder::Int(mut b) => Arc::new(b.finish()),
            Builder::Real(mut b) => Arc::new(b.finish()),
            Builder::Date(mut b) => Arc::new(b.finish()),
            Builder::Flag(mut b) => Arc::new(b.finish()),
        };
        Column::from_array(&array).ok_or_else(|| Error::fault("a builder gave another kind of array"))
    }
}

/// Lower-case hex of an id.
pub(super) fn hex(id: &Id) -> String {
    let mut out = String::with_capacity(32);
    for b in id {
        out.push(char::from(b"0123456789abcdef"[usize::from(b >> 4)]));
        out.push(char::from(b"0123456789abcdef"[usize::from(b & 15)]));
    }
    out
}

/// The id of 32 hex digits.
pub(super) fn unhex(text: &str) -> Option<Id> {
    u128::from_str_radix(text, 16).ok().filter(|_| text.len() == 32).map(u128::to_be_bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn header(file: u32, line: u64, repeats: bool) -> Header {
        Header {
            debtor: [1; 16],
            key: 2,
            known_on: 20_000,
            seen_on: NO_DAY,
            content: 3,
            fresh: true,
            file,
            line,
            primary: true,
            own: Some(false),
            repeats,
            void: true,
            placed: false,
            elsewhere: true,
            given: true,
            awaited: 20_001,
            base: [0; 16],
        }
    }

    #[test]
    fn headers_and_values_go_and_return() {
        let values =
            [Value::Null, Value::Text("案"), Value::Int(-1), Value::Real(0.5), Value::Date(-3), Value::Flag(true), Value::Flag(false)];
        let mut body = Vec::new();
        values.iter().for_each(|v| v.encode(&mut body));
        let mut bytes = Vec::new();
        for own in [None, Some(true), Some(false)] {
            push_record(&mut bytes, &Header { own, ..header(7, 9, true) }, &body);
        }
        let rows = records(&bytes).unwrap();
        assert_eq!(rows.iter().map(|(h, _)| h.own).collect::<Vec<_>>(), [None, Some(true), Some(false)]);
        assert_eq!(rows[2].0, header(7, 9, true));
        let mut rest = rows[0].1;
        for value in values {
            assert_eq!(Value::decode(&mut rest).unwrap(), value);
        }
        assert!(rest.is_empty());
        for cut in 1..bytes.len() / 3 {
            assert!(records(&bytes[..cut]).is_err(), "{cut}");
        }
    }

    #[test]
    fn ids_are_32_hex_digits() {
        let id = [0x0f; 16];
        assert_eq!(unhex(&hex(&id)), Some(id));
        assert_eq!(unhex("0f"), None);
        assert_eq!(unhex(&"+".repeat(32)), None);
    }
}
