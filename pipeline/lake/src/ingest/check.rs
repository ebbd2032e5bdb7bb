//! What must hold within a row once its values are typed: required values, ranges, the order of dates, identity numbers, and that nothing is
//! known before it happened. Then rows are parted into good ones and rejects.

use std::sync::Arc;

use arrow_array::builder::StringBuilder;

use super::cast::{self, Faults, Raw, RowFault, visible};
use super::identity_no;
use super::plan::{Group, Plan};
use super::reject::{Counts, Reject, rule};
use super::rows;
use crate::columns::{Column, ColumnKind, Columns, day};
use crate::error::{Error, Result};
use crate::schema::{Check, Kind};

/// Some rows of a file as its format gives them.
pub(crate) struct Batch {
    /// One entry for each of [`Plan::inputs`].
    pub inputs: Vec<Raw>,
    /// The line of each row.
    pub lines: Vec<u64>,
    /// Rows that never became values: ragged, badly quoted. They are not in `inputs`.
    pub broken: Vec<(u64, RowFault)>,
}

/// Some rows of a file, typed and checked.
pub(crate) struct Checked {
    pub columns: Columns,
    pub lines: Vec<u64>,
    pub rejects: Vec<Reject>,
    pub counts: Counts,
    /// Rows the file could have given: each of its rows once for every group of the mapping, and each broken one once.
    pub slots: u64,
    /// Those that by the mapping are no rows of this table.
    pub passed_over: u64,
}

/// Casts and checks; one result for each group of a mapping that repeats, else one.
pub(crate) fn checked(plan: &Plan, batch: Batch) -> Result<Vec<Checked>> {
    let Batch { inputs, lines, broken } = batch;
    let slots = (lines.len() * plan.groups.len() + broken.len()) as u64;
    let taken = rows::taken_by_rule(plan, &inputs, lines.len());
    let mut broken = Some(broken);
    let mut out = Vec::with_capacity(plan.groups.len());
    for group in &plan.groups {
        let rows = rows::taken_by_group(group, &inputs, taken.as_deref(), lines.len());
        let broken = broken.take().unwrap_or_default();
        out.push(match rows {
            None if plan.groups.len() == 1 => {
                return Ok(vec![one_group(plan, group, Batch { inputs, lines, broken })?.of(slots, 0)]);
            }
            None => one_group(plan, group, Batch { inputs: inputs.clone(), lines: lines.clone(), broken })?.of(0, 0),
            Some(rows) => {
                let inputs = inputs.iter().map(|raw| raw.take(&rows)).collect::<Result<Vec<_>>>()?;
                let passed_over = (lines.len() - rows.len()) as u64;
                let lines = rows.iter().filter_map(|row| lines.get(*row).copied()).collect();
                one_group(plan, group, Batch { inputs, lines, broken })?.of(0, passed_over)
            }
        });
    }
    if let Some(first) = out.first_mut() {
        first.slots = slots;
    }
    Ok(out)
}

impl Checked {
    fn of(self, slots: u64, passed_over: u64) -> Self {
        Checked { slots, passed_over, ..self }
    }
}

/// Casts and checks the rows of one group.
fn one_group(plan: &Plan, group: &Group, batch: Batch) -> Result<Checked> {
    let rows = batch.lines.len();
    let mut faults = Faults::new(rows);
    let mut counts = Counts::default();
    let mut columns = Vec::with_capacity(group.columns.len());
    for (place, column) in group.columns.iter().enumerate() {
        let raw = rows::raw(column, &batch.inputs, rows);
        columns.push(match raw {
            Some(raw) if raw.len() == rows => cast::cast(&raw, column, place, plan.codes, &mut faults, &mut counts),
            Some(raw) => return Err(Error::fault(format!("column {} has {} of {rows} rows", column.column.name, raw.len()))),
            None => Column::nulls(column.column.kind.stored(), rows),
        });
    }
    let basis = assume_known_on(plan, &mut columns, rows);
    for (place, column) in plan.table.columns.iter().enumerate() {
        required_and_range(column, place, &columns[place], &mut faults);
    }
    happenings(plan, &columns, &mut faults);
    for check in &plan.table.checks {
        match check {
            Check::Order { earlier, later } => order(plan, &columns, earlier, later, &mut faults),
            Check::CheckDigit { number, kind } => check_digit(plan, &mut columns, number, kind, &mut faults),
        }
    }
    Ok(part(plan, batch, columns, basis, &faults, counts))
}

/// Fills `known_on` by the mapping's rule where the file states none; says for each row how it is known.
fn assume_known_on(plan: &Plan, columns: &mut [Column], rows: usize) -> Option<Column> {
    let place = plan.table.position("known_on").filter(|_| plan.table.fact)?;
    let stated = columns[place].clone();
    if plan.mapping.known_on.is_some() {
        let assumed = |row: usize| match plan.assumed_from() {
            Some((from, lag)) => columns[from].date_at(row).and_then(|d| d.checked_add(lag)),
            None => Some(plan.seen_on),
        };
        let filled: Vec<_> = (0..rows).map(|row| stated.date_at(row).or_else(|| assumed(row))).collect();
        columns[place] = Column::from_date(filled);
    }
    Some(Column::from_text((0..rows).map(|row| Some(if stated.is_null(row) { "assumed" } else { "stated" }))))
}

fn required_and_range(column: &crate::schema::Column, place: usize, values: &Column, faults: &mut Faults) {
    if column.required {
        for row in (0..values.len()).filter(|row| values.is_null(*row)) {
            faults.note(row, || RowFault {
                column: place,
                rule: rule::REQUIRED,
                found: "nothing".to_owned(),
                expected: "a value".to_owned(),
            });
        }
    }
    if column.min.is_none() && column.max.is_none() {
        return;
    }
    // Money beyond 2^53 fen loses digits as f64, but not its side of a bound.
    #[allow(clippy::cast_precision_loss)]
    let number = |row| match column.kind {
        Kind::Real => values.real_at(row),
        _ => values.int_at(row).map(|n| n as f64),
    };
    for row in 0..values.len() {
        let Some(value) = number(row) else { continue };
        if column.min.is_some_and(|min| value < min) || column.max.is_some_and(|max| value > max) {
            let expected = match (column.min, column.max) {
                (Some(min), Some(max)) => format!("{min} to {max}"),
                (Some(min), None) => format!("at least {min}"),
                (_, max) => format!("at most {}", max.unwrap_or_default()),
            };
            faults.note(row, || RowFault { column: place, rule: rule::RANGE, found: visible(column, &value.to_string()), expected });
        }
    }
}

/// No row is known before what it tells of has happened.
fn happenings(plan: &Plan, columns: &[Column], faults: &mut Faults) {
    let Some(known) = plan.table.position("known_on").map(|place| &columns[place]) else { return };
    for (place, column) in plan.table.columns.iter().enumerate().filter(|(_, c)| c.happening) {
        for row in 0..known.len() {
            if let (Some(happened), Some(known)) = (columns[place].date_at(row), known.date_at(row))
                && known < happened
            {
                faults.note(row, || RowFault {
                    column: place,
                    rule: rule::KNOWN_BEFORE,
                    found: format!("{} {}, known_on {}", column.name, day::format(happened), day::format(known)),
                    expected: "known_on on that day or later".to_owned(),
                });
            }
        }
    }
}

fn order(plan: &Plan, columns: &[Column], earlier: &str, later: &str, faults: &mut Faults) {
    let (Some(first), Some(second)) = (plan.table.position(earlier), plan.table.position(later)) else { return };
    for row in 0..columns[first].len() {
        if let (Some(a), Some(b)) = (columns[first].date_at(row), columns[second].date_at(row))
            && a > b
        {
            faults.note(row, || RowFault {
                column: second,
                rule: rule::ORDER,
                found: format!("{later} {} before {earlier} {}", day::format(b), day::format(a)),
                expected: format!("{earlier} not after {later}"),
            });
        }
    }
}

/// Normalises identity numbers by their kind and refuses those that cannot be.
fn check_digit(plan: &Plan, columns: &mut [Column], number: &str, kind: &str, faults: &mut Faults) {
    let (Some(number), Some(kind)) = (plan.table.position(number), plan.table.position(kind)) else { return };
    let mut out = StringBuilder::new();
    for row in 0..columns[number].len() {
        let text = columns[number].text_at(row);
        let result = text.map(|t| identity_no::normalise(columns[kind].text_at(row).unwrap_or_default(), t));
        match result {
            Some(Ok(normal)) => out.append_value(normal),
            Some(Err(expected)) => {
                let found = visible(&plan.table.columns[number], text.unwrap_or_default());
                faults.note(row, || RowFault { column: number, rule: rule::CHECK_DIGIT, found, expected: expected.to_owned() });
                out.append_null();
            }
            None => out.append_null(),
        }
    }
    let array: arrow_array::ArrayRef = Arc::new(out.finish());
    if let Some(column) = Column::from_array(&array) {
        columns[number] = column;
    }
}

/// Good rows apart from rejects.
fn part(plan: &Plan, batch: Batch, columns: Vec<Column>, basis: Option<Column>, faults: &Faults, mut counts: Counts) -> Checked {
    let mut table = Columns::new();
    for (column, values) in plan.table.columns.iter().zip(columns) {
        table = table.with(&column.name, values);
    }
    let rows = batch.lines.len();
    if let Some(basis) = basis {
        table = table.with("known_on_basis", basis).date("seen_on", std::iter::repeat_n(Some(plan.seen_on), rows));
    }
    let mut rejects: Vec<Reject> = batch.broken.into_iter().map(|(line, fault)| reject(plan, line, &fault)).collect();
    let mut lines = batch.lines;
    if faults.any {
        let good: Vec<usize> = (0..rows).filter(|row| faults.get(*row).is_none()).collect();
        rejects.extend(lines.iter().enumerate().filter_map(|(row, line)| Some(reject(plan, *line, faults.get(row)?))));
        table = table.take(&good);
        lines = good.iter().filter_map(|row| lines.get(*row).copied()).collect();
    }
    rejects.sort_by_key(|r| r.line);
    if let Some(known) = table.get("known_on").filter(|c| c.kind() == ColumnKind::Date) {
        counts.known_later((0..known.len()).filter(|row| known.date_at(*row).is_some_and(|d| d > plan.as_of)).count() as u64);
    }
    Checked { columns: table, lines, rejects, counts, slots: 0, passed_over: 0 }
}

fn reject(plan: &Plan, line: u64, fault: &RowFault) -> Reject {
    Reject {
        table: plan.table.name.clone(),
        source: plan.mapping.source.clone(),
        file: plan.file.name.clone(),
        line,
        column: plan.table.columns.get(fault.column).map(|c| c.name.clone()).unwrap_or_default(),
        rule: fault.rule,
        found: fault.found.clone(),
        expected: fault.expected.clone(),
    }
}
