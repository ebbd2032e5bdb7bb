//! The only road from the lake to a feature, a rating or a suggestion: what the court knew of one debtor on one day.
//!
//! A [`View`] applies, once and in one place, the rules of the contract (§1): only rows known by the day; of several versions of a key the newest;
//! nothing voided by then, and nothing ever of the wrong person; a date later than the day reads as unknown, and with it what it reveals; an asset
//! that a later answered inquiry no longer shows has ended. Feature code cannot reach the lake otherwise, so leakage is impossible by shape.

mod dated;
mod view;

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use luheng_lake::columns::{Column, Columns, Day};
use luheng_lake::schema::{Kind, Schema, Table};

use crate::error::{Error, Result};
pub use crate::party::Party;
pub use dated::Dated;
pub use view::View;

/// The lake tables that hold facts of a debtor, in the order of the contract.
pub const TABLES: [&str; 19] = [
    "debtors",
    "cases",
    "parties",
    "payments",
    "assets",
    "seizures",
    "incomes",
    "obligations",
    "inquiries",
    "conduct",
    "trajectory",
    "measures",
    "listings",
    "stays",
    "milestones",
    "judgments",
    "decisions",
    "objections",
    "registers",
];

fn place(table: &str) -> Option<usize> {
    TABLES.iter().position(|name| *name == table)
}

/// How a column is read on a day before what it says had happened.
#[derive(Clone, Debug)]
enum Mask {
    /// Known with its row.
    Plain,
    /// A date that reads as unknown until it has come.
    LaterDate,
    /// Hidden until the date in that column has come; reads as this text meanwhile.
    RevealedBy { date: usize, before: Option<String> },
}

#[derive(Debug)]
struct Field {
    name: String,
    column: Column,
    mask: Mask,
}

/// One lake table of one bucket, with its masks resolved.
#[derive(Debug)]
struct Held {
    name: &'static str,
    fields: Vec<Field>,
    debtors: BTreeMap<String, Range<usize>>,
    row_id: usize,
    known_on: Option<usize>,
    voided_on: Option<usize>,
    void_reason: Option<usize>,
    elsewhere: Option<usize>,
    /// Where the literal names that code asks by lead, by address and length: searching the names took most of the time of training rows.
    found: [Cell<(usize, usize, usize)>; SLOTS],
}

/// Names remembered a table, a power of two.
const SLOTS: usize = 64;

/// One bucket of the lake in memory.
#[derive(Debug)]
pub struct Facts {
    tables: BTreeMap<&'static str, Held>,
    debtors: Vec<String>,
    unknown: RefCell<BTreeSet<String>>,
}

impl Facts {
    /// Builds the facts of a bucket from its lake tables (rows sorted by debtor, row, known day, seen day, as the lake keeps them).
    ///
    /// # Errors
    /// A table that lacks the columns every lake table has.
    pub fn new(schema: &Schema, mut read: impl FnMut(&'static str) -> Result<Option<Columns>>) -> Result<Self> {
        let mut tables = BTreeMap::new();
        let mut debtors = BTreeSet::new();
        for name in TABLES {
            let Some(columns) = read(name)? else { continue };
            let table = schema.tables.get(name).ok_or_else(|| Error::Fault(format!("table {name} is not in the catalog")))?;
            let held = Held::new(name, table, &columns)?;
            debtors.extend(held.debtors.keys().cloned());
            tables.insert(name, held);
        }
        Ok(Self { tables, debtors: debtors.into_iter().collect(), unknown: RefCell::default() })
    }

    /// Every debtor of the bucket, in order of id.
    pub fn debtors(&self) -> impl Iterator<Item = &str> {
        self.debtors.iter().map(String::as_str)
    }

    /// What was known of a debtor on a day. A debtor without rows gives an empty view.
    pub fn view(&self, debtor_id: &str, day: Day) -> View<'_> {
        self.view_of(debtor_id, day, &TABLES)
    }

    /// As [`Self::view`], of these tables only: the others read as empty. Whoever asks for `assets` asks for `inquiries` too, which end them.
    pub fn view_of(&self, debtor_id: &str, day: Day, tables: &[&str]) -> View<'_> {
        let mut view = View {
            debtor_id: self.own_id(debtor_id),
            day,
            rows: Default::default(),
            shared: BTreeSet::new(),
            left: BTreeSet::new(),
            due_all_fen: OnceCell::new(),
            answers: BTreeMap::new(),
            acts: Vec::new(),
            changes: Vec::new(),
        };
        for (at, name) in TABLES.iter().enumerate().filter(|(_, name)| tables.contains(name)) {
            if let Some((held, range)) = self.tables.get(name).and_then(|held| held.debtors.get(debtor_id).map(|range| (held, range))) {
                view.rows[at] = held.known(&self.unknown, range.clone(), day, &mut |row| {
                    if *name == "assets" {
                        view.left.extend(row.text("asset_ref"));
                    }
                });
            }
        }
        view.part_others();
        view.end_assets();
        view.order_facts();
        view
    }

    /// Every day, in order, on which what views show of a debtor's rows of a table may change, where any of them ever has a date in the column: a
    /// version is known, a date has come, a row is void. Empty where none has.
    pub fn days_of(&self, debtor_id: &str, table: &str, column: &str) -> Vec<Day> {
        let Some((held, range)) = self.tables.get(table).and_then(|held| Some((held, held.debtors.get(debtor_id)?))) else {
            return Vec::new();
        };
        let dates = |field: &Field| range.clone().filter_map(|at| field.column.date_at(at)).collect::<Vec<Day>>();
        if !held.fields.iter().any(|f| f.name == column && !dates(f).is_empty()) {
            return Vec::new();
        }
        let changes =
            |at: usize, field: &Field| matches!(field.mask, Mask::LaterDate) || [held.known_on, held.voided_on].contains(&Some(at));
        let fields = held.fields.iter().enumerate().filter(|(at, field)| changes(*at, field));
        let days: BTreeSet<Day> = fields.flat_map(|(_, field)| dates(field)).collect();
        days.into_iter().collect()
    }

    fn own_id(&self, debtor_id: &str) -> &str {
        self.debtors.binary_search_by(|d| d.as_str().cmp(debtor_id)).map_or("", |at| self.debtors[at].as_str())
    }

    /// Columns that code asked for and no table has: a fault in the program, never a missing fact.
    ///
    /// # Errors
    /// Where any such column was asked for.
    pub fn check(&self) -> Result<()> {
        let unknown = self.unknown.borrow();
        if unknown.is_empty() {
            return Ok(());
        }
        Err(Error::Fault(format!(
            "columns read that no lake table has: {}; name them in pipeline/catalog/tables or correct the code",
            unknown.iter().cloned().collect::<Vec<_>>().join(", ")
        )))
    }

    /// Every row id of a table with the first day it was known, for checking evidence: (debtor, row id) to day.
    pub fn first_known(&self, table: &str) -> BTreeMap<(String, String), Day> {
        let mut first = BTreeMap::new();
        let Some(held) = self.tables.get(table) else { return first };
        for (debtor, range) in &held.debtors {
            for at in range.clone() {
                let id = held.fields[held.row_id].column.text_at(at).unwrap_or_default().to_owned();
                let known = held.known_at(at);
                first.entry((debtor.clone(), id)).and_modify(|day: &mut Day| *day = known.min(*day)).or_insert(known);
            }
        }
        first
    }
}

impl Held {
    fn new(name: &'static str, table: &Table, columns: &Columns) -> Result<Self> {
        let mut names: Vec<&str> = columns.names().collect();
        names.sort_unstable();
        let at = |column: &str| names.binary_search(&column).ok();
        let need = |column: &str| at(column).ok_or_else(|| Error::Fault(format!("lake table {name} has no column {column}")));
        let mut fields = Vec::with_capacity(names.len());
        for column_name in &names {
            let Some(column) = columns.get(column_name) else { continue };
            let described = table.columns.iter().find(|c| c.name == *column_name);
            let mask = match described {
                Some(c) if c.revealed_by.is_some() => {
                    Mask::RevealedBy { date: need(c.revealed_by.as_deref().unwrap_or_default())?, before: c.before.clone() }
                }
                Some(c) if c.kind == Kind::Date && !c.set_in_advance && !matches!(c.name.as_str(), "known_on" | "seen_on") => {
                    Mask::LaterDate
                }
                _ => Mask::Plain,
            };
            fields.push(Field { name: (*column_name).to_owned(), column: column.clone(), mask });
        }
        let debtor = &fields[need("debtor_id")?].column;
        let mut debtors: BTreeMap<String, Range<usize>> = BTreeMap::new();
        let mut start = 0;
        for row in 0..columns.len() {
            let here = debtor.text_at(row).unwrap_or_default();
            if row + 1 == columns.len() || debtor.text_at(row + 1) != Some(here) {
                debtors.insert(here.to_owned(), start..row + 1);
                start = row + 1;
            }
        }
        Ok(Self {
            name,
            row_id: need("row_id")?,
            known_on: at("known_on"),
            voided_on: at("voided_on"),
            void_reason: at("void_reason"),
            elsewhere: at("elsewhere"),
            fields,
            debtors,
            found: std::array::from_fn(|_| Cell::default()),
        })
    }

    /// The day a row became known; a register without such a day has always been known.
    fn known_at(&self, at: usize) -> Day {
        self.known_on.map_or(Day::MIN, |f| self.fields[f].column.date_at(at).unwrap_or(Day::MAX))
    }

    /// The version of each key that counts on a day, in the lake's order; `left` gets those by which a fact has become another's.
    fn known<'a>(
        &'a self,
        unknown: &'a RefCell<BTreeSet<String>>,
        range: Range<usize>,
        day: Day,
        left: &mut dyn FnMut(Row<'a>),
    ) -> Vec<Row<'a>> {
        let ids = &self.fields[self.row_id].column;
        let mut rows = Vec::with_capacity(range.len());
        let mut at = range.start;
        while at < range.end {
            let id = ids.text_at(at);
            let (mut newest, mut wrong_person) = (None, false);
            while at < range.end && ids.text_at(at) == id {
                wrong_person |= self.void_reason.is_some_and(|f| self.fields[f].column.text_at(at) == Some("wrong_person"));
                if self.known_at(at) <= day {
                    newest = Some(at);
                }
                at += 1;
            }
            if let (Some(at), false) = (newest, wrong_person) {
                let row = Row { held: self, unknown, at, day };
                let voided = self.voided_on.and_then(|f| self.fields[f].column.date_at(at));
                if self.elsewhere.is_some_and(|f| self.fields[f].column.flag_at(at) == Some(true)) {
                    left(row);
                } else if voided.is_none_or(|on| on > day) {
                    rows.push(row);
                }
            }
        }
        rows
    }
}

/// One fact as it was known on the day of its view.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    held: &'a Held,
    unknown: &'a RefCell<BTreeSet<String>>,
    at: usize,
    day: Day,
}

impl<'a> Row<'a> {
    fn field(&self, column: &'static str) -> Option<&'a Field> {
        let (address, length) = (column.as_ptr().addr(), column.len());
        let slot = &self.held.found[(address ^ (address >> 6)) % SLOTS];
        if let (known, of, at) = slot.get()
            && (known, of) == (address, length)
        {
            return self.held.fields.get(at);
        }
        let found = self.held.fields.binary_search_by(|f| f.name.as_str().cmp(column));
        if found.is_err() {
            self.unknown.borrow_mut().insert(format!("{}.{column}", self.held.name));
        }
        let at = found.ok()?;
        slot.set((address, length, at));
        self.held.fields.get(at)
    }

    /// The field, unless the day has not come that reveals it; then what it reads as.
    fn open(&self, column: &'static str) -> std::result::Result<Option<&'a Column>, Option<&'a str>> {
        let Some(field) = self.field(column) else { return Ok(None) };
        match &field.mask {
            Mask::RevealedBy { date, before } if self.held.fields[*date].column.date_at(self.at).is_some_and(|d| d > self.day) => {
                Err(before.as_deref())
            }
            _ => Ok(Some(&field.column)),
        }
    }

    /// A text or code.
    pub fn text(&self, column: &'static str) -> Option<&'a str> {
        match self.open(column) {
            Ok(found) => found.and_then(|c| c.text_at(self.at)),
            Err(before) => before,
        }
    }

    /// Money in fen.
    pub fn fen(&self, column: &'static str) -> Option<i64> {
        self.int(column)
    }

    /// A whole number.
    pub fn int(&self, column: &'static str) -> Option<i64> {
        self.open(column).ok().flatten().and_then(|c| c.int_at(self.at))
    }

    /// A real number.
    pub fn real(&self, column: &'static str) -> Option<f64> {
        self.open(column).ok().flatten().and_then(|c| c.real_at(self.at))
    }

    /// A day; one that had not come reads as unknown unless it was set in advance.
    pub fn date(&self, column: &'static str) -> Option<Day> {
        let field = self.field(column)?;
        let found = field.column.date_at(self.at);
        match field.mask {
            Mask::LaterDate => found.filter(|d| *d <= self.day),
            _ => found,
        }
    }

    /// A flag; hidden ones read false.
    pub fn flag(&self, column: &'static str) -> Option<bool> {
        match self.open(column) {
            Ok(found) => found.and_then(|c| c.flag_at(self.at)),
            Err(_) => Some(false),
        }
    }

    /// The row's id in the lake; versions of one key share it.
    pub fn row_id(&self) -> &'a str {
        self.held.fields[self.held.row_id].column.text_at(self.at).unwrap_or_default()
    }

    /// The day this version became known.
    pub fn known_on(&self) -> Day {
        self.held.known_at(self.at)
    }

    /// The table the row stands in.
    pub fn table(&self) -> &'static str {
        self.held.name
    }

    /// `table:row_id`, which resolves in the lake.
    pub fn evidence(&self) -> String {
        format!("{}:{}", self.held.name, self.row_id())
    }
}
