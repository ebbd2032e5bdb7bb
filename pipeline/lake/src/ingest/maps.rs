//! The maps of one night: who is who and where each case's facts go, from the lake and from tonight's debtors, cases and parties.

use std::collections::{BTreeMap, BTreeSet};

use super::agreed::{Word, agreed, read_disputed};
use super::discover::InputFile;
use super::layout::{Layout, added};
use super::mapping::Mode;
use super::people::People;
use super::place::{Batch, Placer};
use super::reader::Chunk;
use super::record::{Id, hex, unhex};
use super::references::{Debtor, Target};
use super::retention::Closings;
use super::split::{Splitter, read};
use super::waiting::{Kept, Versions};
use crate::columns::{Columns, Day};
use crate::error::Result;

/// The table of what persons decided.
const DECISIONS: &str = "identity_decisions";

/// A source and its key of a debtor.
type Key = (String, String);
/// The last word on each pair of keys: days decided, known and exported, and whether they are two.
type Words = BTreeMap<(Key, Key), ([Day; 3], bool)>;
/// Pairs of keys, and whether they are one person.
pub(super) type Decisions = Vec<((Key, Key), bool)>;

impl Splitter<'_> {
    /// Fills the maps from the lake and from tonight's debtors, cases and parties, before any row is placed; notes what moved.
    pub(super) fn read_maps(&mut self, layouts: &[Layout], kept: &[Option<Kept>]) -> Result<()> {
        let mut before = BTreeMap::new();
        let mut people = self.request.linking.map(|_| People::default());
        if let Some(held) = &self.held {
            held.debtors(&self.identity, &self.sources, &mut self.references, &mut people)?;
            before = self.references.by_reference();
        }
        self.read_map("debtors", &mut |splitter, source, file, chunk| {
            let name = splitter.sources[source].clone();
            let place = |row: usize| format!("{} line {}", file.name, chunk.lines.get(row).copied().unwrap_or_default());
            splitter.references.add_debtors(&splitter.identity, (source, &name), &chunk.columns, &place, &mut people)
        })?;
        self.references.index_by_ref_id();
        self.note_debtors(&before);
        self.link(people)?;
        self.references.index_by_ref_id();
        self.out.moves.all = self.held.as_ref().is_some_and(|held| held.info.buckets != self.request.buckets);
        if let Some(held) = &self.held {
            held.places(layouts, &self.sources, &mut self.references, &mut self.out.moves)?;
        }
        let retention = self.request.retention.clone();
        let mut closings = Closings::new(&retention, self.request.as_of);
        if let Some(held) = &self.held {
            held.closings(layouts, &mut closings)?;
        }
        if self.held.is_some() {
            self.out.disputed_cases = read_disputed(&self.request.work.lake(), &self.request.seal)?;
            self.out.disputed_cases.iter().for_each(|case_no| self.references.add_case(case_no));
        }
        let held_cases = self.references.case_numbers();
        let kept_of = |name: &str| layouts.iter().position(|l| l.name == name).and_then(|i| kept[i].as_ref());
        self.read_cases(layouts, &mut closings)?;
        if let Some(kept) = kept_of("cases") {
            self.references.add_cases(&kept.columns);
            closings.add(&kept.columns);
        }
        let mut words: Vec<Word<(String, Debtor)>> = Vec::new();
        self.read_map("parties", &mut |splitter, source, _, chunk| {
            let party = |at| named_at(&chunk.columns, "case_no", at, |reference| splitter.references.debtor(source, reference));
            words.extend(splitter.words(layouts, "parties", source, &chunk, party));
            Ok(())
        })?;
        let (mut found, _) = agreed(words);
        if let Some(kept) = kept_of("parties") {
            found.extend(named(&kept.columns, "case_no", |reference| self.references.debtor_by_ref_id(&unhex(reference)?)));
        }
        for (case_no, debtor) in found {
            let is_new = self.references.parties(&case_no).is_some() && self.references.add_party(&case_no, debtor.target());
            if is_new && held_cases.contains(case_no.as_str()) {
                self.out.moves.cases.insert(case_no);
            }
        }
        self.read_owners(layouts, kept_of("assets"))?;
        self.out.leaving = closings.leaving(&self.references);
        Ok(())
    }

    /// Takes in tonight's cases, each named by any row of it; notes those that may be left without one.
    fn read_cases(&mut self, layouts: &[Layout], closings: &mut Closings<'_>) -> Result<()> {
        let is_full = self.request.sources.get("cases").is_none_or(|m| m.mode == Mode::Full);
        // Changes may contradict what another file of their export day brought on an earlier night.
        let days = self.held.as_ref().filter(|_| !is_full).map(|held| held.days_of("cases")).unwrap_or_default();
        let mut words: Vec<Word<Box<str>>> = Vec::new();
        self.read_map("cases", &mut |splitter, source, _, chunk| {
            splitter.references.add_cases(&chunk.columns);
            closings.add(&chunk.columns);
            let numbers = chunk.columns.get("case_no");
            words.extend(splitter.words(layouts, "cases", source, &chunk, |at| numbers?.text_at(at).map(Box::from)));
            Ok(())
        })?;
        let again = words.iter().filter(|w| days.contains(&w.said.2)).filter_map(|w| w.what.as_deref().map(str::to_owned));
        self.out.disputed_cases.extend(again);
        self.out.disputed_cases.extend(agreed(words).1.into_iter().map(String::from));
        Ok(())
    }

    /// Takes in whose tonight's assets are, and those that waited: they keep each other's facts, and who leaves is known before any row is placed.
    fn read_owners(&mut self, layouts: &[Layout], kept: Option<&Kept>) -> Result<()> {
        let mut words: Vec<Word<(usize, String, Debtor)>> = Vec::new();
        self.read_map("assets", &mut |splitter, source, _, chunk| {
            let owner = |at| {
                let (asset, debtor) = named_at(&chunk.columns, "asset_ref", at, |reference| splitter.references.debtor(source, reference))?;
                Some((source, asset, debtor))
            };
            words.extend(splitter.words(layouts, "assets", source, &chunk, owner));
            Ok(())
        })?;
        let (mut owners, _) = agreed(words);
        if let Some(kept) = kept {
            let debtor = |reference: &str| self.references.debtor_by_ref_id(&unhex(reference)?);
            let source = |at: usize| self.sources.binary_search(&kept.sources[at]).unwrap_or_default();
            let owner = |at| named_at(&kept.columns, "asset_ref", at, debtor).map(|(asset, debtor)| (source(at), asset, debtor));
            owners.extend((0..kept.columns.len()).filter_map(owner));
        }
        for (source, asset, debtor) in owners {
            self.add_owner(source, asset.into(), debtor.target());
        }
        Ok(())
    }

    /// What rows of a table say, each with what tells whether another says otherwise; nothing of a debtor who is not known, which contradicts all the same.
    fn words<T>(&self, layouts: &[Layout], table: &str, source: usize, chunk: &Chunk, what: impl Fn(usize) -> Option<T>) -> Vec<Word<T>> {
        let Some(layout) = layouts.iter().find(|l| l.name == table) else { return Vec::new() };
        let source_of = |_: usize| (source, self.sources[source].as_str());
        let batch = Batch::over(layout, &chunk.columns, &source_of, 0, &chunk.lines);
        let awaited = Versions::default();
        let placer = Placer { identity: &self.identity, references: &self.references, buckets: 1, want_contents: false, awaited: &awaited };
        let told = placer.told(&batch).into_iter().enumerate();
        told.map(|(at, (said, content))| Word { said, content, what: what(at) }).collect()
    }

    /// Takes in an owner of an asset; that of an asset of the lake is noted, for what hangs on it follows.
    fn add_owner(&mut self, source: usize, asset: Box<str>, target: Target) {
        let known = self.held.is_some() && self.references.owners(source, &asset).is_some();
        if self.references.add_owner(source, &asset, target) && known {
            self.out.moves.assets.insert((self.sources[source].clone(), asset.into()));
        }
    }

    fn read_map(&mut self, name: &str, take: &mut dyn FnMut(&mut Self, usize, &InputFile, Chunk) -> Result<()>) -> Result<()> {
        let Some(table) = self.request.schema.table(name) else { return Ok(()) };
        let source = self.source_of(name);
        for file in self.files_of(name) {
            let seen_on = self.first_seen(&file);
            read(self.request, &file, table, seen_on, &mut |chunk| take(self, source, &file, chunk))?;
        }
        Ok(())
    }

    /// What persons have said of pairs of keys, by the as-of day: of each pair the last word, and `not_same` where two are as late.
    pub(super) fn read_decisions(&mut self) -> Result<Decisions> {
        let held = self.held.as_ref().map_or(Ok(None), |held| held.vault_rows(DECISIONS))?;
        let mut words: Words = BTreeMap::new();
        if let Some(rows) = held {
            add_words(&mut words, &rows, self.request.as_of);
        }
        self.read_map(DECISIONS, &mut |splitter, _, _, chunk| {
            add_words(&mut words, &chunk.columns, splitter.request.as_of);
            Ok(())
        })?;
        Ok(words.into_iter().map(|(pair, (.., is_not_same))| (pair, !is_not_same)).collect())
    }

    /// Notes debtors of the lake with another pseudonym. Of two keys of one person that part, the rows cannot be told apart: they stay.
    fn note_debtors(&mut self, before: &BTreeMap<Id, Id>) {
        let after = self.references.by_reference();
        let mut now: BTreeMap<Id, BTreeSet<Id>> = BTreeMap::new();
        for (reference, id) in before {
            now.entry(*id).or_default().insert(after.get(reference).copied().unwrap_or(*id));
        }
        for (old, new) in now {
            match new.iter().copied().collect::<Vec<_>>().as_slice() {
                [new] if *new != old => {
                    self.out.moves.debtors.insert(hex(&old), hex(new));
                }
                [_] => {}
                _ => self.out.warnings.push(format!(
                    "debtors: the keys of {} turn out to be several people; rows loaded so far stay with him: load full exports into a new work folder to part them",
                    if self.request.may_quote() { format!("debtor {}", hex(&old)) } else { "a debtor".to_owned() }
                )),
            }
        }
    }
}

fn add_words(words: &mut Words, columns: &Columns, as_of: Day) {
    let text = |name: &str, row: usize| columns.get(name).and_then(|c| c.text_at(row)).unwrap_or_default().to_owned();
    let day = |name: &str, row: usize| columns.get(name).and_then(|c| c.date_at(row));
    for row in 0..columns.len() {
        let known_on = day("known_on", row).unwrap_or(Day::MAX);
        let is_void = day("voided_on", row).is_some_and(|day| day <= as_of) || text("void_reason", row) == "wrong_person";
        if known_on > as_of || is_void {
            continue;
        }
        let (a, b) = ((text("source_a", row), text("ref_a", row)), (text("source_b", row), text("ref_b", row)));
        let said = [day("decided_on", row), Some(known_on), day(added::SEEN_ON, row)].map(|day| day.unwrap_or(Day::MIN));
        let word = (said, text("decision", row) == "not_same");
        let slot = words.entry((a.clone().min(b.clone()), a.max(b))).or_insert(word);
        *slot = (*slot).max(word);
    }
}

/// The key in a column, such as its case, and the debtor of each row whose debtor is known.
fn named(columns: &Columns, key: &str, debtor: impl Fn(&str) -> Option<Debtor>) -> Vec<(String, Debtor)> {
    (0..columns.len()).filter_map(|row| named_at(columns, key, row, &debtor)).collect()
}

fn named_at(columns: &Columns, key: &str, row: usize, debtor: impl Fn(&str) -> Option<Debtor>) -> Option<(String, Debtor)> {
    let text = |name: &str| columns.get(name).and_then(|c| c.text_at(row));
    Some((text(key)?.to_owned(), debtor(text("debtor_ref")?)?))
}
