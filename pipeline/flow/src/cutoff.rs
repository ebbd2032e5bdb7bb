//! The only road from the lake to a feature, a rating or a suggestion: what the court knew of one debtor on one day.
//!
//! A [`View`] applies, once and in one place, the rules of the contract (§1): only rows known by the day; of several versions of a key the newest;
//! nothing voided by then, and nothing ever of the wrong person; a date later than the day reads as unknown, and with it what it reveals; an asset
//! that a later answered inquiry no longer shows has ended. Feature code cannot reach the lake otherwise, so leakage is impossible by shape.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use luheng_lake::columns::{Column, Columns, Day};
use luheng_lake::schema::{Kind, Schema, Table};

use crate::error::{Error, Result};
pub use crate::party::Party;

/// The lake tables that hold facts of a debtor, in the order of the contract.
pub const TABLES: [&str; 18] = [
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
    "objections",
    "registers",
];

/// `identity_basis` of rows that were joined by likeness.
const LINKED: &str = "linked";

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
        view
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

/// All that the court knew of one debtor on one day.
#[derive(Debug)]
pub struct View<'a> {
    /// The debtor.
    pub debtor_id: &'a str,
    /// The day.
    pub day: Day,
    /// In the order of [`TABLES`].
    rows: [Vec<Row<'a>>; TABLES.len()],
    /// Cases with another party.
    shared: BTreeSet<&'a str>,
    /// Assets that are another's now.
    left: BTreeSet<&'a str>,
    due_all_fen: OnceCell<i64>,
}

impl<'a> View<'a> {
    /// The rows of a table that count on the day.
    pub fn rows(&self, table: &'static str) -> &[Row<'a>] {
        place(table).map_or(&[], |at| self.rows[at].as_slice())
    }

    /// Money due over all live cases, in fen; counted once.
    pub fn due_all_fen(&self) -> i64 {
        *self.due_all_fen.get_or_init(|| {
            let live = self.parties().into_iter().filter(|p| p.is_live() && p.is_money());
            live.map(|p| p.due_fen()).fold(0_i64, i64::saturating_add)
        })
    }

    /// The debtor's own row; one that was only linked to him where there is no other.
    pub fn debtor(&self) -> Option<Row<'a>> {
        let rows = self.rows("debtors");
        rows.iter().rev().find(|row| row.text("identity_basis") != Some(LINKED)).or(rows.last()).copied()
    }

    /// What says who the debtor is: `number`, `ref`, or `linked` where any of the rows were joined by likeness; with the least probability of those.
    pub fn identity(&self) -> (Option<&'a str>, Option<f64>) {
        let linked = self.rows("debtors").iter().filter(|row| row.text("identity_basis") == Some(LINKED));
        let least = linked.filter_map(|row| row.real("link_probability")).min_by(f64::total_cmp);
        let basis = if least.is_some() { Some(LINKED) } else { self.debtor().and_then(|row| row.text("identity_basis")) };
        (basis, least)
    }

    /// Every case of this debtor known on the day, by case number; parties who have left are not in it.
    pub fn parties(&self) -> Vec<Party<'_, 'a>> {
        self.parties_ever().into_iter().filter(|p| p.party.date("left_on").is_none()).collect()
    }

    /// As [`Self::parties`], with those who have left: who is looked at on an earlier day must not depend on who left later.
    pub fn parties_ever(&self) -> Vec<Party<'_, 'a>> {
        let mut parties: Vec<Party<'_, 'a>> = self
            .rows("parties")
            .iter()
            .filter_map(|party| {
                let case_no = party.text("case_no")?;
                let case = self.rows("cases").iter().find(|c| c.text("case_no") == Some(case_no))?;
                Some(Party { view: self, case_no, case: *case, party: *party })
            })
            .collect();
        parties.sort_by_key(|p| p.case_no);
        parties.dedup_by_key(|p| p.case_no);
        parties
    }

    /// The party of one case.
    pub fn party(&self, case_no: &str) -> Option<Party<'_, 'a>> {
        self.parties().into_iter().find(|p| p.case_no == case_no)
    }

    /// Is a receipt this debtor's own? One that names no payer is, where the court knew of no other party of the case; else it is nobody's own: it
    /// lowers the due and says nothing of who paid.
    pub fn is_own(&self, receipt: &Row<'_>) -> bool {
        receipt.flag("is_own").unwrap_or_else(|| receipt.text("case_no").is_some_and(|case| self.is_alone(case)))
    }

    /// Did the court know of no other party of the debtor's case? A row that names no debtor, a step, a receipt, is then his.
    pub fn is_alone(&self, case_no: &str) -> bool {
        !self.shared.contains(case_no)
    }

    /// Takes out what is another's: rows of the other parties of the debtor's cases, which say that a case is shared and no more, and holds on assets
    /// that have gone.
    fn part_others(&mut self) {
        if let Some(at) = place("parties") {
            let others = |row: &Row<'a>| row.flag("is_own") == Some(false);
            self.shared = self.rows[at].iter().filter(|row| others(row)).filter_map(|row| row.text("case_no")).collect();
            self.rows[at].retain(|row| !others(row));
        }
        if let (Some(at), false) = (place("seizures"), self.left.is_empty()) {
            // A hold stays with the asset.
            let left = &self.left;
            self.rows[at].retain(|hold| hold.text("asset_ref").is_none_or(|asset| !left.contains(asset)));
        }
    }

    /// An asset ends on the day a later answered inquiry of its channel no longer showed it.
    fn end_assets(&mut self) {
        let mut answered: BTreeMap<&str, Day> = BTreeMap::new();
        for inquiry in self.rows("inquiries") {
            let told = matches!(inquiry.text("outcome"), Some("found" | "none"));
            if let (true, Some(channel), Some(on)) = (told, inquiry.text("channel"), inquiry.date("returned_on")) {
                let latest = answered.entry(channel).or_insert(on);
                *latest = on.max(*latest);
            }
        }
        if let Some(at) = place("assets") {
            self.rows[at].retain(|asset| {
                let later = asset.text("channel").and_then(|c| answered.get(c));
                later.is_none_or(|on| *on <= asset.known_on())
            });
        }
    }
}
