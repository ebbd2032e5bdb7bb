//! The records to compare: a pseudonym, whether its number is known, and a text for each field. Values stay here; results name pseudonyms.

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::{Error, Result};

/// A debtor's pseudonym as bytes: the 32 hex digits of contract.md §1.
pub type Pseudonym = [u8; 16];

/// The code of a missing value.
pub(super) const MISSING: u32 = 0;

/// Collects records in any order. One pseudonym may have several records: each name or address under which it is known.
pub struct RecordsBuilder {
    fields: Vec<String>,
    rows: Vec<(Pseudonym, bool)>,
    codes: Vec<Vec<u32>>,
    values: Vec<Vec<Arc<str>>>,
    found: Vec<HashMap<Arc<str>, u32>>,
}

impl RecordsBuilder {
    /// Records with these fields.
    pub fn new(fields: &[&str]) -> RecordsBuilder {
        RecordsBuilder {
            fields: fields.iter().map(|f| (*f).to_owned()).collect(),
            rows: Vec::new(),
            codes: vec![Vec::new(); fields.len()],
            values: vec![vec![Arc::from("")]; fields.len()],
            found: vec![HashMap::new(); fields.len()],
        }
    }

    /// One record: `known` where the pseudonym stands for a valid identity number. Empty text is missing; so is a field left out at the end.
    pub fn push(&mut self, id: Pseudonym, known: bool, values: &[Option<&str>]) {
        self.rows.push((id, known));
        for (field, codes) in self.codes.iter_mut().enumerate() {
            let text = values.get(field).copied().flatten().map(str::trim).filter(|t| !t.is_empty());
            let code = text.map_or(MISSING, |text| match self.found[field].get(text) {
                Some(code) => *code,
                None => {
                    let (code, text) = (self.values[field].len() as u32, Arc::<str>::from(text));
                    self.values[field].push(Arc::clone(&text));
                    self.found[field].insert(text, code);
                    code
                }
            });
            codes.push(code);
        }
    }

    /// The records in their one order: by pseudonym, then values. Whatever is computed of them is the same for any order of `push`.
    ///
    /// A pseudonym with a record of either kind counts as known throughout. Equal records of one pseudonym both stay: they teach how often a value
    /// is written the same. Push one for each reference of a source, not for each export of it.
    pub fn finish(self) -> Records {
        drop(self.found);
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        let texts = |row: usize| self.codes.iter().zip(&self.values).map(move |(c, v)| &v[c[row] as usize]);
        order.sort_unstable_by(|&a, &b| self.rows[a].0.cmp(&self.rows[b].0).then_with(|| texts(a).cmp(texts(b))));
        let mut known: Vec<bool> = order.iter().map(|&row| self.rows[row].1).collect();
        let ids: Vec<Pseudonym> = order.iter().map(|&row| self.rows[row].0).collect();
        for group in groups(&ids) {
            let any = known[group.clone()].contains(&true);
            known[group].fill(any);
        }
        let codes = self.codes.iter().map(|codes| order.iter().map(|&row| codes[row]).collect()).collect();
        Records { fields: self.fields, ids, known, codes, values: self.values }
    }
}

/// Ranges of equal neighbours.
fn groups(ids: &[Pseudonym]) -> Vec<std::ops::Range<usize>> {
    let mut start = 0;
    let ends = (1..=ids.len()).filter(|&end| end == ids.len() || ids[end] != ids[end - 1]);
    ends.map(|end| std::ops::Range { start: std::mem::replace(&mut start, end), end }).collect()
}

/// Records in order; see [`RecordsBuilder::finish`].
pub struct Records {
    fields: Vec<String>,
    pub(super) ids: Vec<Pseudonym>,
    pub(super) known: Vec<bool>,
    pub(super) codes: Vec<Vec<u32>>,
    pub(super) values: Vec<Vec<Arc<str>>>,
}

impl Records {
    /// How many.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The place of a field; an error of configuration (exit 4) where the records lack it.
    pub(super) fn field(&self, name: &str) -> Result<usize> {
        self.fields.iter().position(|f| f == name).ok_or_else(|| {
            let expected = self.fields.join(" ");
            let what = crate::error::explain("a comparison names a field that the records lack");
            let what: Error = what.found(name).expected(expected).remedy("name one of these, or push the field").config();
            what
        })
    }
}
