//! What lies elsewhere than it did: a key whose versions name different debtors or cases, a case with a new party, an asset with a new owner,
//! a debtor whose number became known. Rows follow them, so that each bucket stands alone and holds the end of every fact that left it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::record::{Header, Id, hex, push_record, records, unhex};
use super::references::Target;
use crate::error::Result;
use crate::store::seal::Seal;
use crate::store::spill::{self, Spill};

/// Entries are sorted a part at a time, so that memory does not grow with the input.
const PARTS: usize = 64;
const ENTRY: usize = 8 + 8 + 16 + 4;

/// Where one copy of a row lies whose key does not say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub key: u64,
    /// The debtor, case or asset it hangs on ([`place_of_text`], [`place_of_debtor`]).
    pub place: u64,
    pub debtor: Id,
    pub bucket: u32,
}

/// A case number or an asset in 64 bits.
pub(super) fn place_of_text(text: &str) -> u64 {
    let mut cut = [0u8; 8];
    cut.copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..8]);
    u64::from_be_bytes(cut)
}

/// A debtor in 64 bits.
pub(super) fn place_of_debtor(id: &Id) -> u64 {
    let mut cut = [0u8; 8];
    cut.copy_from_slice(&id[..8]);
    u64::from_be_bytes(cut)
}

/// What moved tonight; kept in the staging folder for the second pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moves {
    /// Every row is laid anew: another bucket count.
    pub(super) all: bool,
    /// Debtors with a new pseudonym: old to new, in hex.
    pub(super) debtors: BTreeMap<String, String>,
    /// Cases of the lake with a party they did not have.
    pub(super) cases: BTreeSet<String>,
    /// Assets of the lake with an owner they did not have: source and asset.
    pub(super) assets: BTreeSet<(String, String)>,
}

impl Moves {
    /// The pseudonym a debtor has now.
    pub(super) fn now(&self, id: &Id) -> Id {
        if self.debtors.is_empty() {
            return *id;
        }
        self.debtors.get(&hex(id)).and_then(|new| unhex(new)).unwrap_or(*id)
    }
}

/// All places of each key of one table.
pub(super) struct Ledger {
    spill: Spill,
    folder: Option<PathBuf>,
    seal: Seal,
    /// Keys of tonight, gathered where the lake holds rows to compare with.
    keys: Option<HashSet<u64>>,
}

impl Ledger {
    /// A ledger in `folder`; without one nothing is kept (a dry run). `gather` keeps tonight's keys for [`Ledger::knows`].
    pub(super) fn new(folder: Option<&Path>, gather: bool, seal: &Seal) -> Result<Ledger> {
        let folder = folder.map(Path::to_path_buf);
        Ok(Ledger { spill: Spill::new(folder.clone(), PARTS, seal)?, folder, seal: seal.clone(), keys: gather.then(HashSet::new) })
    }

    /// Takes entries of tonight's rows.
    pub(super) fn push(&mut self, entries: &[Entry]) -> Result<()> {
        if let Some(keys) = &mut self.keys {
            keys.extend(entries.iter().map(|e| e.key));
        }
        self.push_held(entries)
    }

    /// Takes entries of rows of the lake.
    pub(super) fn push_held(&mut self, entries: &[Entry]) -> Result<()> {
        for entry in entries {
            let mut bytes = [0u8; ENTRY];
            bytes[..8].copy_from_slice(&entry.key.to_be_bytes());
            bytes[8..16].copy_from_slice(&entry.place.to_be_bytes());
            bytes[16..32].copy_from_slice(&entry.debtor);
            bytes[32..].copy_from_slice(&entry.bucket.to_be_bytes());
            self.spill.push((entry.key % PARTS as u64) as usize, &bytes);
        }
        self.spill.flush(false)
    }

    /// Whether tonight brought a row of this key.
    pub(super) fn knows(&self, key: u64) -> bool {
        self.keys.as_ref().is_some_and(|keys| keys.contains(&key))
    }

    /// Whether tonight brought any row that may lie elsewhere than its older versions.
    pub(super) fn is_empty(&self) -> bool {
        self.keys.as_ref().is_none_or(HashSet::is_empty)
    }

    /// The keys with more than one place, each with every debtor a version of it lies with.
    pub(super) fn finish(mut self) -> Result<BTreeMap<u64, Vec<Target>>> {
        self.spill.flush(true)?;
        let mut moved = BTreeMap::new();
        let Some(folder) = &self.folder else { return Ok(moved) };
        for part in 0..PARTS {
            let bytes = spill::read(folder, part, &self.seal)?;
            let mut entries: Vec<Entry> = bytes.chunks_exact(ENTRY).filter_map(entry).collect();
            entries.sort_unstable();
            for of_key in entries.chunk_by(|a, b| a.key == b.key) {
                if of_key.iter().any(|e| e.place != of_key[0].place) {
                    let targets: BTreeSet<Target> = of_key.iter().map(|e| (e.debtor, e.bucket)).collect();
                    moved.insert(of_key[0].key, targets.into_iter().collect());
                }
            }
        }
        Ok(moved)
    }
}

fn entry(bytes: &[u8]) -> Option<Entry> {
    let (key, rest) = bytes.split_first_chunk::<8>()?;
    let (place, rest) = rest.split_first_chunk::<8>()?;
    let (debtor, rest) = rest.split_first_chunk::<16>()?;
    let (bucket, _) = rest.split_first_chunk::<4>()?;
    Some(Entry { key: u64::from_be_bytes(*key), place: u64::from_be_bytes(*place), debtor: *debtor, bucket: u32::from_be_bytes(*bucket) })
}

/// Adds to the spilled rows of a table a copy of every version of a moved key for each debtor another version lies with, marked as elsewhere.
pub(super) fn copy_elsewhere(folder: &Path, moved: &BTreeMap<u64, Vec<Target>>, spill: &mut Spill, seal: &Seal) -> Result<()> {
    let buckets: BTreeSet<u32> = moved.values().flatten().map(|(_, bucket)| *bucket).collect();
    // A row's copies, by key, file and line.
    type Row = (u64, u32, u64);
    let mut rows: BTreeMap<Row, (Header, Vec<u8>, BTreeSet<Id>)> = BTreeMap::new();
    for bucket in buckets {
        let bytes = spill::read(folder, bucket as usize, seal)?;
        for (header, body) in records(&bytes)?.iter().filter(|(h, _)| !h.repeats && !h.elsewhere && moved.contains_key(&h.key)) {
            let row = rows.entry((header.key, header.file, header.line)).or_insert_with(|| (*header, body.to_vec(), BTreeSet::new()));
            row.2.insert(header.debtor);
        }
    }
    for ((key, ..), (header, body, there)) in rows {
        for (debtor, bucket) in moved.get(&key).into_iter().flatten().filter(|(debtor, _)| !there.contains(debtor)) {
            let mut record = Vec::new();
            push_record(&mut record, &Header { debtor: *debtor, primary: false, own: None, elsewhere: true, ..header }, &body);
            spill.push(*bucket as usize, &record);
        }
    }
    spill.flush(true)
}
