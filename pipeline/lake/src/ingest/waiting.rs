//! Rows whose case, debtor or asset is not known yet: kept under pseudonyms in `lake/_waiting`, tried again each night, reported when late.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::layout::{Layout, added};
use super::record::{Builder, Header, NO_DAY, Said, Value, records};
use crate::columns::{Column, ColumnKind, Columns, Day, day};
use crate::error::Result;
use crate::store::parquet;
use crate::store::seal::Seal;

/// The folder of waiting rows in a lake; Spark and Hive pass over names that begin with an underscore.
pub(super) const FOLDER: &str = "_waiting";
/// The day a row first waited.
const FIRST_WAITED_ON: &str = "first_waited_on";
/// The first export after a row's own in which a row that has a place said otherwise.
const FOLLOWED_ON: &str = "followed_on";

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

/// How many rows of a table wait in a lake, by the day each began to.
pub fn waiting_since(lake: &Path, table: &str, seal: &Seal) -> Result<BTreeMap<Day, u64>> {
    let path = file(lake, table);
    let mut since = BTreeMap::new();
    if path.exists() {
        let days = parquet::read_columns(&path, &[FIRST_WAITED_ON], seal)?;
        let day = days.require(FIRST_WAITED_ON)?;
        for on in (0..days.len()).filter_map(|row| day.date_at(row)) {
            *since.entry(on).or_default() += 1;
        }
    }
    Ok(since)
}

/// When versions of facts were said, those that wait apart from those that have a place: a row that says what one of its side said before says it anew
/// where one of the other side stands between.
#[derive(Default)]
pub(super) struct Versions {
    /// `None` where rows contradict each other: they stand between nothing.
    said: BTreeMap<Said, Option<u64>>,
}

impl Versions {
    /// Takes a row in.
    pub(super) fn add(&mut self, header: &Header) {
        self.add_said((header.key, header.known_on, header.seen_on), header.content);
    }

    fn add_said(&mut self, said: Said, content: u64) {
        let slot = self.said.entry(said).or_insert(Some(content));
        *slot = slot.filter(|there| *there == content);
    }

    /// The last export before a row's own that said something of its key and day of knowledge; [`NO_DAY`] where there is none.
    pub(super) fn last_before(&self, header: &Header) -> Day {
        let (key, known_on, seen_on) = (header.key, header.known_on, header.seen_on);
        let mut earlier = self.said.range((key, known_on, Day::MIN)..(key, known_on, seen_on)).rev();
        earlier.find(|(_, content)| content.is_some()).map_or(NO_DAY, |((.., on), _)| *on)
    }

    /// The first export after a row's own that said something of its key and day of knowledge.
    fn first_after(&self, header: &Header) -> Option<Day> {
        let (key, known_on, seen_on) = (header.key, header.known_on, header.seen_on);
        let later = self.said.range((key, known_on, seen_on)..=(key, known_on, Day::MAX));
        later.filter(|((.., on), content)| *on > seen_on && content.is_some()).map(|((.., on), _)| *on).next()
    }
}

/// Rows of one table kept from earlier nights.
pub(super) struct Kept {
    /// Under the catalog's names, references as pseudonyms.
    pub columns: Columns,
    pub lines: Vec<u64>,
    /// Name of each row's source.
    pub sources: Vec<String>,
    first: Vec<Day>,
    followed: Vec<Option<Day>>,
    contents: Vec<u64>,
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
        let day = |name, row| table.get(name).and_then(|c: &Column| c.date_at(row));
        let source = |row| table.get(added::SOURCE_ID).and_then(|c: &Column| c.text_at(row)).unwrap_or_default();
        Ok(Some(Kept {
            lines: (1..=rows as u64).collect(),
            sources: (0..rows).map(|row| source(row).to_owned()).collect(),
            first: (0..rows).map(|row| day(FIRST_WAITED_ON, row).unwrap_or(as_of)).collect(),
            followed: (0..rows).map(|row| day(FOLLOWED_ON, row)).collect(),
            contents: Vec::new(),
            columns: table,
        }))
    }

    /// Takes the contents of the kept rows, in their order.
    pub(super) fn set_contents(&mut self, contents: Vec<u64>) {
        self.contents = contents;
    }

    /// By content, when rows that have a place followed.
    fn followed(&self) -> HashMap<u64, Vec<Day>> {
        let mut out: HashMap<u64, Vec<Day>> = HashMap::new();
        for (content, on) in self.contents.iter().zip(&self.followed) {
            out.entry(*content).or_default().extend(on);
        }
        out
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

/// Rows of one key and day of knowledge, in the order they were exported, but those that say what the export before them said, with none of those that
/// have a place between.
fn said_anew(rows: &[(Header, &[u8])], placed: &Versions) -> Vec<usize> {
    let (mut out, mut at) = (Vec::new(), 0);
    let mut before: &[(Header, &[u8])] = &[];
    for of_day in rows.chunk_by(|a, b| a.0.seen_on == b.0.seen_on) {
        for (n, (header, _)) in of_day.iter().enumerate() {
            let again = n > 0 && of_day[n - 1].0.content == header.content;
            let goes_on = |b: &Header| b.content == header.content && placed.first_after(b).is_none_or(|on| on >= header.seen_on);
            if !again && !before.iter().any(|(b, _)| goes_on(b)) {
                out.push(at + n);
            }
        }
        (before, at) = (of_day, at + of_day.len());
    }
    out
}

/// Of rows whose equals are facts of their own, as many of each as the file has that holds most of them, the oldest first.
fn said_most(rows: &[(Header, &[u8])]) -> Vec<usize> {
    let mut places: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (at, (header, _)) in rows.iter().enumerate() {
        places.entry(header.content).or_default().push(at);
    }
    let most = |places: &Vec<usize>| {
        let mut of_file: BTreeMap<u32, usize> = BTreeMap::new();
        places.iter().for_each(|&at| *of_file.entry(rows[at].0.file).or_default() += 1);
        of_file.values().copied().max().unwrap_or_default()
    };
    places.values().flat_map(|p| p.iter().copied().take(most(p))).collect()
}

/// What was written of one table's waiting rows.
#[derive(Default)]
pub(super) struct Waiting {
    /// Rows that wait longer than allowed.
    pub overdue: u64,
    /// Rows dropped as equal to another one, by input file.
    pub duplicates: BTreeMap<u32, u64>,
    /// Rows dropped because their period of retention is over, by input file.
    pub expired: BTreeMap<u32, u64>,
}

/// Writes a table's waiting rows, equal ones once. `lake`, with the seal of its files, is `None` in a dry run. With a period of retention, in months,
/// rows leave that were known and have waited longer than that: a row of tonight's waits at least as long for a case that may come tomorrow. `placed`
/// are tonight's rows of the same keys that wait no more.
pub(super) fn write(
    lake: Option<(&Path, &Seal)>,
    layout: &Layout,
    bytes: &[u8],
    kept: Option<&Kept>,
    mut placed: Versions,
    (as_of, max_wait_days, months): (Day, i32, Option<i32>),
) -> Result<Waiting> {
    let mut rows = records(bytes)?;
    let followed = kept.map(Kept::followed).unwrap_or_default();
    for (header, _) in &rows {
        for on in followed.get(&header.content).into_iter().flatten().filter(|on| **on > header.seen_on) {
            placed.add_said((header.key, header.known_on, *on), 0);
        }
    }
    let order = |h: &Header| (h.key, h.known_on, h.seen_on, h.content, h.file, h.line);
    rows.sort_by_key(|row| order(&row.0));
    let mut out = Waiting::default();
    let mut stay = Vec::with_capacity(rows.len());
    for of_key in rows.chunk_by(|a, b| (a.0.key, a.0.known_on) == (b.0.key, b.0.known_on)) {
        let kept = if of_key[0].0.repeats { said_most(of_key) } else { said_anew(of_key, &placed) };
        for (at, row) in of_key.iter().enumerate() {
            if kept.contains(&at) {
                stay.push(*row);
            } else {
                *out.duplicates.entry(row.0.file).or_default() += 1;
            }
        }
    }
    let mut rows = stay;
    let first_waited = kept.map(Kept::first_waited).unwrap_or_default();
    let first = |h: &Header| first_waited.get(&h.content).copied().unwrap_or(as_of);
    if let Some(months) = months {
        rows.retain(|(h, _)| {
            let is_over = day::add_months(first(h).max(h.known_on), months) <= as_of;
            *out.expired.entry(h.file).or_default() += u64::from(is_over);
            !is_over
        });
    }
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
        table = table.date(FOLLOWED_ON, rows.iter().map(|(h, _)| placed.first_after(h)));
        parquet::write(&file(lake, &layout.name), &table, seal)?;
    }
    Ok(out)
}
