//! Rows whose case, debtor or asset is not known yet: kept under pseudonyms in `lake/_waiting`, tried again each night, reported when late.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::layout::{Layout, added};
use super::merge::staying;
use super::record::{Builder, Header, Value, records};
use crate::columns::{Column, ColumnKind, Columns, Day};
use crate::error::Result;
use crate::store::parquet;
use crate::store::seal::Seal;

/// The folder of waiting rows in a lake; Spark and Hive pass over names that begin with an underscore.
pub(super) const FOLDER: &str = "_waiting";
/// The day a row first waited.
const FIRST_WAITED_ON: &str = "first_waited_on";

/// The columns of a waiting record's body: name and kind.
fn columns(layout: &Layout) -> Vec<(String, ColumnKind)> {
    let named = |name: &str, kind| (name.to_owned(), kind);
    let mut out: Vec<_> = layout.plain.iter().map(|&i| layout.columns[i].clone()).collect();
    if layout.fact {
        out.push(named(added::KNOWN_ON_BASIS, ColumnKind::Text));
    }
    for at in layout.debtor_ref.iter().chain(&layout.other_refs) {
        out.push(named(&hashed_name(&layout.columns[*at].0), ColumnKind::Text));
    }
    if layout.fact {
        out.push(named(added::SEEN_ON, ColumnKind::Date));
    }
    out.push(named(added::SOURCE_ID, ColumnKind::Text));
    out.push(named("reason", ColumnKind::Text));
    out
}

/// A reference kept as a pseudonym stands under another name, so that nobody takes it for the court's own key.
fn hashed_name(reference: &str) -> String {
    format!("{reference}_hashed")
}

fn file(lake: &Path, table: &str) -> PathBuf {
    lake.join(FOLDER).join(format!("{table}.parquet"))
}

/// Rows of one table kept from earlier nights.
pub(super) struct Kept {
    /// Under the catalog's names, references as pseudonyms.
    pub columns: Columns,
    pub lines: Vec<u64>,
    /// Name of each row's source.
    pub sources: Vec<String>,
    first: Vec<Day>,
    contents: Vec<u64>,
    /// Those that tonight's input holds too.
    again: HashSet<u64>,
}

impl Kept {
    /// The rows kept in a lake; `None` where there are none.
    pub(super) fn load(lake: &Path, layout: &Layout, as_of: Day, seal: &Seal) -> Result<Option<Kept>> {
        let Some(mut table) = parquet::read_if_present(&file(lake, &layout.name), seal)? else { return Ok(None) };
        if table.is_empty() {
            return Ok(None);
        }
        for at in layout.debtor_ref.iter().chain(&layout.other_refs) {
            let name = &layout.columns[*at].0;
            if let Some(column) = table.get(&hashed_name(name)).cloned() {
                table = table.with(name, column);
            }
        }
        let rows = table.len();
        let day = |row| table.get(FIRST_WAITED_ON).and_then(|c: &Column| c.date_at(row)).unwrap_or(as_of);
        let source = |row| table.get(added::SOURCE_ID).and_then(|c: &Column| c.text_at(row)).unwrap_or_default();
        Ok(Some(Kept {
            lines: (1..=rows as u64).collect(),
            sources: (0..rows).map(|row| source(row).to_owned()).collect(),
            first: (0..rows).map(day).collect(),
            contents: Vec::new(),
            again: HashSet::new(),
            columns: table,
        }))
    }

    /// Takes the contents of the kept rows, in their order.
    pub(super) fn set_contents(&mut self, contents: Vec<u64>) {
        self.contents = contents;
    }

    /// Notes which of tonight's rows were kept waiting before.
    pub(super) fn meet(&mut self, tonight: &[u64]) {
        let known: HashSet<&u64> = self.contents.iter().collect();
        let met: Vec<u64> = tonight.iter().filter(|c| known.contains(c)).copied().collect();
        self.again.extend(met);
    }

    /// The kept rows that tonight's input does not hold: they come in from here.
    pub(super) fn absent(&self) -> Vec<usize> {
        (0..self.contents.len()).filter(|&row| !self.again.contains(&self.contents[row])).collect()
    }

    fn first_waited(&self) -> HashMap<u64, Day> {
        let mut out = HashMap::new();
        for (content, day) in self.contents.iter().zip(&self.first) {
            let slot = out.entry(*content).or_insert(*day);
            *slot = (*slot).min(*day);
        }
        out
    }
}

/// What was written of one table's waiting rows.
#[derive(Default)]
pub(super) struct Waiting {
    /// Rows that wait longer than allowed.
    pub overdue: u64,
    /// Rows dropped as equal to another one, by input file.
    pub duplicates: BTreeMap<u32, u64>,
}

/// Writes a table's waiting rows, equal ones once. `lake`, with the seal of its files, is `None` in a dry run.
pub(super) fn write(
    lake: Option<(&Path, &Seal)>,
    layout: &Layout,
    bytes: &[u8],
    kept: Option<&Kept>,
    as_of: Day,
    max_wait_days: i32,
) -> Result<Waiting> {
    let mut rows = records(bytes)?;
    let order = |h: &Header| (h.key, h.known_on, h.seen_on, h.content, h.file, h.line);
    rows.sort_by_key(|row| order(&row.0));
    let mut out = Waiting::default();
    let mut stay = Vec::with_capacity(rows.len());
    for group in rows.chunk_by(|a, b| (a.0.content, a.0.seen_on) == (b.0.content, b.0.seen_on)) {
        let staying = staying(group);
        for (at, row) in group.iter().enumerate() {
            if staying.contains(&at) {
                stay.push(*row);
            } else {
                *out.duplicates.entry(row.0.file).or_default() += 1;
            }
        }
    }
    let rows = stay;
    let first_waited = kept.map(Kept::first_waited).unwrap_or_default();
    let first = |h: &Header| first_waited.get(&h.content).copied().unwrap_or(as_of);
    out.overdue = rows.iter().filter(|(h, _)| as_of.saturating_sub(first(h)) > max_wait_days).count() as u64;
    if rows.is_empty() {
        return Ok(out);
    }
    if let Some((lake, seal)) = lake {
        let columns = columns(layout);
        let mut builders: Vec<Builder> = columns.iter().map(|(_, kind)| Builder::new(*kind)).collect();
        for (_, body) in &rows {
            let mut rest = *body;
            for builder in &mut builders {
                builder.push(Value::decode(&mut rest)?)?;
            }
        }
        let mut table = Columns::new();
        for ((name, _), builder) in columns.iter().zip(builders) {
            table = table.with(name, builder.finish()?);
        }
        table = table.date(FIRST_WAITED_ON, rows.iter().map(|(h, _)| Some(first(h))));
        parquet::write(&file(lake, &layout.name), &table, seal)?;
    }
    Ok(out)
}
