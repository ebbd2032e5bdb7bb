//! Raw values to typed columns. Every fault of a value becomes a fault of its row; nothing is repaired but what exports are known to vary in
//! (full-width digits, brackets, spaces, thousands separators).

use std::borrow::Cow;

use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray, UInt64Array};

use super::case_no;
use super::plan::ColumnPlan;
use super::reject::{Counts, mask, rule, shown};
use super::values::{self, Bad, is_space};
use crate::columns::{Column, day};
use crate::error::{Error, Result};
use crate::schema::{self, Codes, Grammar, Kind, Unit};

/// One column of a file as its format gives it.
#[derive(Clone, Debug)]
pub(crate) enum Raw {
    Text(StringArray),
    /// Whole numbers, or decimals of this scale.
    Whole {
        numbers: Vec<Option<i128>>,
        scale: i32,
    },
    Real(Float64Array),
    Date(Date32Array),
    Flag(BooleanArray),
}

impl Raw {
    pub(crate) fn len(&self) -> usize {
        match self {
            Raw::Text(a) => a.len(),
            Raw::Whole { numbers, .. } => numbers.len(),
            Raw::Real(a) => a.len(),
            Raw::Date(a) => a.len(),
            Raw::Flag(a) => a.len(),
        }
    }

    /// These rows of it. Errors only with a fault of the program.
    pub(crate) fn take(&self, rows: &[usize]) -> Result<Raw> {
        if let Raw::Whole { numbers, scale } = self {
            let numbers = rows.iter().map(|row| numbers.get(*row).copied().flatten()).collect();
            return Ok(Raw::Whole { numbers, scale: *scale });
        }
        let places: UInt64Array = rows.iter().map(|row| *row as u64).collect();
        let take = |array: &dyn Array| {
            arrow_select::take::take(array, &places, None).map_err(|e| Error::fault(format!("taking rows of a file: {e}")))
        };
        Ok(match self {
            Raw::Text(a) => Raw::Text(take(a)?.as_string::<i32>().clone()),
            Raw::Real(a) => Raw::Real(take(a)?.as_primitive::<Float64Type>().clone()),
            Raw::Date(a) => Raw::Date(take(a)?.as_primitive::<Date32Type>().clone()),
            Raw::Flag(a) => Raw::Flag(take(a)?.as_boolean().clone()),
            Raw::Whole { .. } => self.clone(),
        })
    }

    /// The values as an export in text would write them.
    pub(crate) fn to_text(&self) -> StringArray {
        match self {
            Raw::Text(a) => a.clone(),
            Raw::Whole { numbers, scale } => numbers.iter().map(|n| n.map(|n| decimal_text(n, *scale))).collect(),
            Raw::Real(a) => a.iter().map(|x| x.map(|x| x.to_string())).collect(),
            Raw::Date(a) => a.iter().map(|d| d.map(day::format)).collect(),
            Raw::Flag(a) => a.iter().map(|f| f.map(|f| f.to_string())).collect(),
        }
    }
}

fn decimal_text(number: i128, scale: i32) -> String {
    match usize::try_from(scale) {
        Ok(0) => number.to_string(),
        Ok(scale) => {
            let digits = format!("{:0>width$}", number.unsigned_abs(), width = scale + 1);
            let (whole, decimals) = digits.split_at(digits.len() - scale);
            format!("{}{whole}.{decimals}", if number < 0 { "-" } else { "" })
        }
        Err(_) => format!("{number}e{}", -scale),
    }
}

/// The first fault of a row.
#[derive(Clone, Debug)]
pub(crate) struct RowFault {
    /// The place of the column in the table.
    pub column: usize,
    pub rule: &'static str,
    pub found: String,
    pub expected: String,
}

/// The faults of a piece, by row.
pub(crate) struct Faults {
    rows: Vec<Option<Box<RowFault>>>,
    pub any: bool,
}

impl Faults {
    pub(crate) fn new(rows: usize) -> Self {
        Self { rows: vec![None; rows], any: false }
    }

    /// Notes a fault, unless the row has one already.
    pub(crate) fn note(&mut self, row: usize, fault: impl FnOnce() -> RowFault) {
        if let Some(slot @ None) = self.rows.get_mut(row) {
            *slot = Some(Box::new(fault()));
            self.any = true;
        }
    }

    pub(crate) fn get(&self, row: usize) -> Option<&RowFault> {
        self.rows.get(row)?.as_deref()
    }
}

/// Casts one column; `place` is its place in the table.
pub(crate) fn cast(raw: &Raw, plan: &ColumnPlan, place: usize, codes: &Codes, faults: &mut Faults, counts: &mut Counts) -> Column {
    let kind = plan.column.kind;
    let cells = match (raw, kind) {
        _ if plan.values.is_some() => Cells::new(Cow::Owned(raw.to_text()), plan, place),
        (Raw::Text(text), _) => Cells::new(Cow::Borrowed(text), plan, place),
        (Raw::Whole { numbers, scale }, Kind::Money | Kind::Int) => {
            let shift = plan.shift - scale;
            let cast = numbers.iter().enumerate().map(|(row, n)| match values::rescaled((*n)?, shift) {
                Ok(value) => Some(value),
                Err(bad) => {
                    faults.note(row, || fault(plan, place, bad, &n.map(|n| decimal_text(n, *scale)).unwrap_or_default()));
                    None
                }
            });
            return Column::from_int(cast.collect::<Vec<_>>());
        }
        (Raw::Real(a), Kind::Real) => return Column::from_real(a.iter()),
        (Raw::Date(a), Kind::Date) => return Column::from_date(a.iter()),
        (Raw::Flag(a), Kind::Flag) => return Column::from_flag(a.iter()),
        _ => Cells::new(Cow::Owned(raw.to_text()), plan, place),
    };
    match kind {
        Kind::Money => wrap(Arc::new(cells.parse(faults, |t| values::money(t, plan.shift)).collect::<Int64Array>())),
        Kind::Int => wrap(Arc::new(cells.parse(faults, values::int).collect::<Int64Array>())),
        Kind::Real => {
            let percent = plan.column.unit == Unit::Share;
            Column::from_real(cells.parse(faults, |t| values::real(t, percent)).collect::<Vec<_>>())
        }
        Kind::Flag => wrap(Arc::new(cells.parse(faults, values::flag).collect::<BooleanArray>())),
        Kind::Date => {
            let parse = |text: &str| plan.format.map_or_else(|| values::date(text), |f| values::date_as(text, f));
            wrap(Arc::new(cells.parse(faults, parse).collect::<Date32Array>()))
        }
        Kind::Code => wrap(Arc::new(cells.codes(codes, faults, counts))),
        Kind::Text => wrap(Arc::new(cells.text(faults))),
    }
}

/// A constant of the mapping, for `rows` rows.
pub(crate) fn constant(text: &str, rows: usize) -> Raw {
    Raw::Text(StringArray::from_iter_values(std::iter::repeat_n(text, rows)))
}

fn wrap(array: ArrayRef) -> Column {
    // The five kinds are all that is built here.
    Column::from_array(&array).unwrap_or_else(|| Column::from_text(std::iter::repeat_n(None::<&str>, array.len())))
}

/// A column of text on its way to its kind.
struct Cells<'a> {
    text: Cow<'a, StringArray>,
    plan: &'a ColumnPlan<'a>,
    place: usize,
}

impl<'a> Cells<'a> {
    fn new(text: Cow<'a, StringArray>, plan: &'a ColumnPlan<'a>, place: usize) -> Self {
        Self { text, plan, place }
    }

    /// Trimmed and mapped; empty is null.
    fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        self.text.iter().map(|cell| {
            let mut text = trim(cell?);
            if let Some(ours) = self.plan.values.and_then(|values| values.get(text)) {
                text = ours;
            }
            Some(text).filter(|t| !t.is_empty())
        })
    }

    fn parse<'f, T>(
        &'f self,
        faults: &'f mut Faults,
        parse: impl Fn(&str) -> std::result::Result<T, Bad> + 'f,
    ) -> impl Iterator<Item = Option<T>> + 'f {
        self.iter().enumerate().map(move |(row, cell)| {
            let text = cell?;
            match parse(text) {
                Ok(value) => Some(value),
                Err(bad) => {
                    faults.note(row, || fault(self.plan, self.place, bad, text));
                    None
                }
            }
        })
    }

    fn codes(&self, codes: &Codes, faults: &mut Faults, counts: &mut Counts) -> StringArray {
        let list = self.plan.column.codes.as_deref().unwrap_or_default();
        let mut out = self.builder();
        // Codes repeat: the last one known is most often the next.
        let mut known = String::new();
        for (row, cell) in self.iter().enumerate() {
            let code = cell.map(values::plain);
            if let Some(code) = code.as_deref().filter(|c| *c != known) {
                if codes.contains(list, code) {
                    known = code.to_owned();
                } else if self.plan.column.closed {
                    faults.note(row, || {
                        let values: Vec<&str> = codes.codes(list).map(|(c, _)| c).collect();
                        self.row_fault(rule::ENUMERATION, code, format!("one of {}", values.join(", ")))
                    });
                } else {
                    counts.unknown_code(self.place, code);
                }
            }
            out.append_option(code);
        }
        out.finish()
    }

    fn text(&self, faults: &mut Faults) -> StringArray {
        let Some(grammar) = self.plan.column.grammar else {
            let untouched = self.plan.values.is_none() && self.text.iter().flatten().all(|t| !t.is_empty() && trim(t).len() == t.len());
            return if untouched { self.text.clone().into_owned() } else { self.iter().collect() };
        };
        let mut out = self.builder();
        // Rows of one case often follow each other.
        let mut last: (String, Option<String>) = Default::default();
        for (row, cell) in self.iter().enumerate() {
            let Some(text) = cell else {
                out.append_null();
                continue;
            };
            if last.0 != text {
                last = (text.to_owned(), normalised(grammar, text));
            }
            if last.1.is_none() {
                let (rule, expected) = grammar_rule(grammar);
                faults.note(row, || self.row_fault(rule, text, expected.to_owned()));
            }
            out.append_option(last.1.as_deref());
        }
        out.finish()
    }

    fn builder(&self) -> StringBuilder {
        StringBuilder::with_capacity(self.text.len(), self.text.values().len())
    }

    fn row_fault(&self, rule: &'static str, found: &str, expected: String) -> RowFault {
        RowFault { column: self.place, rule, found: visible(self.plan.column, found), expected }
    }
}

fn normalised(grammar: Grammar, text: &str) -> Option<String> {
    match grammar {
        Grammar::CaseNo => case_no::normalise(text),
        Grammar::DocumentNo => Some(case_no::normalise_document(text)),
        Grammar::CourtCode => case_no::court_code(text),
        Grammar::Region => Some(values::plain(text).into_owned()).filter(|t| t.len() == 6 && t.bytes().all(|b| b.is_ascii_digit())),
    }
}

fn grammar_rule(grammar: Grammar) -> (&'static str, &'static str) {
    match grammar {
        Grammar::CaseNo | Grammar::DocumentNo => (rule::CASE_NO, "the number of an enforcement case, as （2025）浙0106执1234号"),
        Grammar::CourtCode => (rule::COURT_CODE, "the prefix of a court's case numbers, as 浙0106"),
        Grammar::Region => (rule::REGION, "six digits of GB/T 2260"),
    }
}

/// A value as messages may show it.
pub(crate) fn visible(column: &schema::Column, found: &str) -> String {
    if column.masked { mask(found) } else { shown(found) }
}

fn fault(plan: &ColumnPlan, place: usize, bad: Bad, found: &str) -> RowFault {
    let unit = match plan.shift {
        0 => "fen",
        2 => "yuan, no part of a fen",
        _ => "万元, no part of a fen",
    };
    let expected = match (plan.column.kind, bad) {
        (Kind::Money, Bad::TooLarge) => "an amount below 92 million billion yuan".to_owned(),
        (Kind::Money, _) => format!("an amount in {unit}"),
        (Kind::Int, _) => "a whole number".to_owned(),
        (Kind::Real, _) => "a number".to_owned(),
        (Kind::Flag, _) => "true, false, 1, 0, 是 or 否".to_owned(),
        (Kind::Date, Bad::TooLarge) => "a day between 1850 and 2200, or nothing".to_owned(),
        (Kind::Date, _) => format!("a day that exists, as {}", plan.format.unwrap_or("2019-07-13, 20190713 or 2019年7月13日")),
        (Kind::Text | Kind::Code, _) => "text".to_owned(),
    };
    let rule = if bad == Bad::TooLarge { rule::RANGE } else { rule::KIND };
    RowFault { column: place, rule, found: visible(plan.column, found), expected }
}

/// Without surrounding space; quick where there is none.
pub(crate) fn trim(text: &str) -> &str {
    match text.as_bytes() {
        [] => text,
        [one] if one.is_ascii_graphic() => text,
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim_matches(is_space),
    }
}
