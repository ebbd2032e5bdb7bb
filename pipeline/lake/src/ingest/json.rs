//! JSON Lines: one object a line. The text of a number is kept as it is written, so that money never passes through a float.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use arrow_array::builder::StringBuilder;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::blocks::Block;
use super::cast::{Raw, RowFault, visible};
use super::check::Batch;
use super::discover::InputFile;
use super::plan::{MOST_COLUMNS, Plan};
use super::reject::{mask, rule};
use crate::error::{Error, Result};

/// The rows of a piece, and how often each key was met.
pub(crate) struct Lines {
    pub batch: Batch,
    pub keys: BTreeMap<String, u64>,
    /// The last line, where it is no JSON object.
    pub broken_end: Option<u64>,
}

/// Splits the lines of a piece into the columns the plan reads.
pub(crate) fn split(block: &Block, records: &Range<usize>, plan: &Plan) -> Result<Lines> {
    let starts = block.starts.get(records.clone()).unwrap_or_default();
    let mut columns: Vec<StringBuilder> =
        plan.inputs.iter().map(|_| StringBuilder::with_capacity(starts.len(), starts.len() * 8)).collect();
    let mut out =
        Lines { batch: Batch { inputs: Vec::new(), lines: Vec::new(), broken: Vec::new() }, keys: BTreeMap::new(), broken_end: None };
    let mut keys = Keys { plan, met: vec![0; plan.inputs.len()], others: BTreeMap::new() };
    let mut cells: Vec<Option<Cow<str>>> = vec![None; plan.inputs.len()];
    for (i, start) in starts.iter().enumerate() {
        let record = records.start + i;
        let text = block.bytes(&(record..record + 1)).trim_ascii();
        cells.fill(None);
        match read(text, &mut keys, &mut cells) {
            Ok(()) => {
                out.batch.lines.push(start.line);
                for (column, cell) in columns.iter_mut().zip(&cells) {
                    column.append_option(cell.as_deref().filter(|c| !c.is_empty()));
                }
            }
            Err(fault) => {
                if fault.rule == rule::JSON && record + 1 == block.starts.len() {
                    out.broken_end = Some(start.line);
                }
                out.batch.broken.push((start.line, fault));
            }
        }
    }
    out.batch.inputs = columns.iter_mut().map(|c| Raw::Text(c.finish())).collect();
    out.keys = keys.others;
    for (input, met) in plan.inputs.iter().zip(keys.met).filter(|(_, met)| *met > 0) {
        out.keys.insert(input.clone(), met);
    }
    Ok(out)
}

fn read<'t>(text: &'t [u8], keys: &mut Keys, cells: &mut [Option<Cow<'t, str>>]) -> std::result::Result<(), RowFault> {
    let whole = |rule, found: String, expected: &str| RowFault { column: usize::MAX, rule, found, expected: expected.to_owned() };
    let mut fault = None;
    let mut json = serde_json::Deserializer::from_slice(text);
    let object = ObjectSeed { keys, cells, fault: &mut fault };
    let read = object.deserialize(&mut json).and_then(|()| json.end());
    if let Err(error) = read {
        // serde_json's message may quote the text; its category and column do not.
        let found = format!("no JSON object: {:?} fault at character {}", error.classify(), error.column()).to_lowercase();
        return Err(whole(rule::JSON, found, "one JSON object a line"));
    }
    if let Some(fault) = fault {
        return Err(fault);
    }
    if cells.iter().flatten().any(|c| c.as_bytes().contains(&0)) {
        return Err(whole(rule::NUL, "a NUL character".to_owned(), "text"));
    }
    Ok(())
}

/// Which keys are read, and how often each was met.
struct Keys<'p> {
    plan: &'p Plan<'p>,
    met: Vec<u64>,
    others: BTreeMap<String, u64>,
}

impl Keys<'_> {
    fn meet(&mut self, key: &str) -> Option<usize> {
        let place = self.plan.inputs.iter().position(|input| input == key);
        match place {
            Some(place) => self.met[place] += 1,
            None => {
                if let Some(n) = self.others.get_mut(key) {
                    *n += 1;
                } else if self.others.len() <= MOST_COLUMNS {
                    // One beyond the limit is enough to refuse the file.
                    self.others.insert(key.to_owned(), 1);
                }
            }
        }
        place
    }

    /// The place in the table of the column that reads an input.
    fn column(&self, input: usize) -> usize {
        self.plan.column_of(input).unwrap_or(usize::MAX)
    }
}

struct ObjectSeed<'s, 'p, 't> {
    keys: &'s mut Keys<'p>,
    cells: &'s mut [Option<Cow<'t, str>>],
    fault: &'s mut Option<RowFault>,
}

impl<'t> DeserializeSeed<'t> for ObjectSeed<'_, '_, 't> {
    type Value = ();

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> std::result::Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'t> Visitor<'t> for ObjectSeed<'_, '_, 't> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> std::result::Result<(), A::Error> {
        while let Some(place) = map.next_key_seed(KeySeed(self.keys))? {
            let value: &'t RawValue = map.next_value()?;
            let Some(place) = place else { continue };
            let column = self.keys.column(place);
            let mut refuse = |rule, found: String, expected: &str| {
                self.fault.get_or_insert(RowFault { column, rule, found, expected: expected.to_owned() });
            };
            if self.cells[place].is_some() {
                refuse(rule::RAGGED, "a key twice in one object".to_owned(), "each key once");
                continue;
            }
            match scalar(value.get()) {
                Some(text) => self.cells[place] = text,
                None => {
                    let found = self.keys.plan.table.columns.get(column).map_or_else(|| mask(value.get()), |c| visible(c, value.get()));
                    refuse(rule::KIND, found, "text, a number, true, false or null");
                }
            }
        }
        Ok(())
    }
}

/// The keys of one object with the text of their scalars, in its order; `None` where the text is no object.
pub(crate) fn pairs(text: &[u8]) -> Option<Vec<(String, String)>> {
    let object: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(text).ok()?;
    let text = |raw: &RawValue| scalar(raw.get()).flatten().map(Cow::into_owned).unwrap_or_default();
    Some(object.iter().map(|(key, raw)| (key.clone(), text(raw))).collect())
}

/// Errors where a file begins with a list instead of an object.
pub(crate) fn refuse_list(file: &InputFile, block: &Block) -> Result<()> {
    if block.text.trim_ascii_start().starts_with(b"[") {
        let remedy = "export the objects one a line, without brackets";
        return Err(Error::input(&file.name, Some(1), "a JSON list", "JSON Lines: one object a line", remedy));
    }
    Ok(())
}

/// The text of a JSON scalar, `Some(None)` for null; `None` for lists and objects.
fn scalar(raw: &str) -> Option<Option<Cow<'_, str>>> {
    match raw.as_bytes().first() {
        Some(b'"') => {
            let inner = raw.get(1..raw.len() - 1).unwrap_or_default();
            let text =
                if inner.contains('\\') { serde_json::from_str::<String>(raw).ok().map(Cow::Owned) } else { Some(Cow::Borrowed(inner)) };
            text.map(Some)
        }
        Some(b'n') => Some(None),
        Some(b'{' | b'[') | None => None,
        Some(_) => Some(Some(Cow::Borrowed(raw))),
    }
}

struct KeySeed<'s, 'p>(&'s mut Keys<'p>);

impl<'t> DeserializeSeed<'t> for KeySeed<'_, '_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> std::result::Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed<'_, '_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> std::result::Result<Self::Value, E> {
        Ok(self.0.meet(key))
    }
}
