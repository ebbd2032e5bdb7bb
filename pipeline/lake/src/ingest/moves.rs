//! What lies elsewhere than it did: a key whose versions name different debtors or cases, a case with a new party, an asset with a new owner,
//! a debtor whose number became known. Rows follow them, so that each bucket stands alone and holds the end of every fact that left it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::layout::{Layout, added};
use super::record::{Header, Id, hex, push_record, records, unhex};
use super::references::Target;
use crate::columns::{Column, Columns};
use crate::error::Result;
use crate::schema::BucketBy;
use crate::store::seal::Seal;
use crate::store::spill::{self, Spill};

/// Entries are sorted a part at a time, so that memory does not grow with the input.
const PARTS: usize = 64;
const ENTRY: usize = 8 + 8 + 16 + 4 + 16;

/// Where one copy of a row lies whose key does not say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub key: u64,
    /// The debtor, case or asset it hangs on ([`place_of_text`], [`place_of_debtor`]).
    pub place: u64,
    pub target: Target,
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Moves {
    /// Every row is laid anew: another bucket count.
    pub(super) all: bool,
    /// Debtors with a new pseudonym of their own: old to new, in hex.
    pub(super) debtors: BTreeMap<String, String>,
    /// Debtors linked tonight: own pseudonym to the one they are gathered under, and the probability as the lake has it.
    pub(super) links: BTreeMap<String, (String, f64)>,
    /// Own pseudonyms gathered under another one than before tonight.
    pub(super) relinked: BTreeSet<String>,
    /// Own pseudonyms whose link is as it was but for the probability.
    pub(super) reweighed: BTreeSet<String>,
    /// Cases of the lake with a party they did not have.
    pub(super) cases: BTreeSet<String>,
    /// Assets of the lake with an owner they did not have: source and asset.
    pub(super) assets: BTreeSet<(String, String)>,
}

impl Moves {
    /// The own pseudonym a debtor has now.
    pub(super) fn own(&self, base: &Id) -> Id {
        if self.debtors.is_empty() {
            return *base;
        }
        self.debtors.get(&hex(base)).and_then(|new| unhex(new)).unwrap_or(*base)
    }

    /// Under which pseudonym a debtor's rows are gathered now, and his own.
    pub(super) fn now(&self, base: &Id) -> (Id, Id) {
        let own = self.own(base);
        if self.links.is_empty() {
            return (own, own);
        }
        (self.links.get(&hex(&own)).and_then(|(to, _)| unhex(to)).unwrap_or(own), own)
    }

    /// As [`Moves::now`], of a debtor that a row of the lake names.
    pub(super) fn named(&self, named: &Named<'_>, at: usize) -> Option<(Id, Id)> {
        unhex(named.base(at)).map(|base| self.now(&base))
    }

    /// Whether a debtor that a row of the lake names goes by another pseudonym now.
    pub(super) fn renames(&self, named: &Named<'_>, at: usize) -> bool {
        if !self.any() {
            return false;
        }
        let base = named.base(at);
        self.debtors.contains_key(base) || self.relinked.contains(base)
    }

    /// Whether any debtor goes by another pseudonym or is linked otherwise.
    pub(super) fn any(&self) -> bool {
        !self.debtors.is_empty() || !self.relinked.is_empty() || !self.reweighed.is_empty()
    }

    /// Whether rows of a table can be among what moved.
    pub(super) fn concern(&self, layout: &Layout) -> bool {
        self.all
            || self.any()
            || layout.bucket_by == BucketBy::Case && !self.cases.is_empty()
            || layout.bucket_by == BucketBy::Asset && !self.assets.is_empty()
    }

    /// What moved, seen from rows of the lake.
    pub(super) fn over<'a>(&'a self, layout: &Layout, rows: &'a Columns) -> Followed<'a> {
        let mut names = vec![added::DEBTOR_ID, added::NAMED_ID];
        names.extend(layout.other_refs.iter().map(|&i| layout.columns[i].0.as_str()));
        let hangs_on = |by: BucketBy, name: &str| Some(name).filter(|_| layout.bucket_by == by).and_then(|name| rows.get(name));
        Followed {
            moves: self,
            names: names.into_iter().map(|name| Named::by(rows, name)).collect(),
            is_debtors: layout.is_debtors(),
            source: rows.get(added::SOURCE_ID),
            case: hangs_on(BucketBy::Case, "case_no").filter(|_| !self.cases.is_empty()),
            asset: hangs_on(BucketBy::Asset, "asset_ref").filter(|_| !self.assets.is_empty()),
        }
    }
}

/// A column of the lake that names debtors, beside the one of their own pseudonyms; found once for all rows.
pub(super) struct Named<'a> {
    own: Option<&'a Column>,
    shown: Option<&'a Column>,
}

impl<'a> Named<'a> {
    pub(super) fn by(rows: &'a Columns, name: &str) -> Named<'a> {
        Named { own: rows.get(&added::unlinked(name)), shown: rows.get(name) }
    }

    /// The own pseudonym of the debtor a row names; empty where it names none.
    fn base(&self, at: usize) -> &'a str {
        let text = |column: Option<&'a Column>| column.and_then(|c| c.text_at(at));
        text(self.own).or_else(|| text(self.shown)).unwrap_or_default()
    }
}

/// Rows of the lake and what moved among them.
pub(super) struct Followed<'a> {
    moves: &'a Moves,
    /// The debtor first.
    names: Vec<Named<'a>>,
    is_debtors: bool,
    source: Option<&'a Column>,
    case: Option<&'a Column>,
    asset: Option<&'a Column>,
}

impl Followed<'_> {
    /// Whether a row of the lake belongs elsewhere, or also elsewhere, from tonight on.
    pub(super) fn follows(&self, at: usize) -> bool {
        let text = |column: Option<&Column>| column.and_then(|c| c.text_at(at)).unwrap_or_default().to_owned();
        self.moves.all
            || self.outdates(at)
            || self.case.is_some() && self.moves.cases.contains(&text(self.case))
            || self.asset.is_some() && self.moves.assets.contains(&(text(self.source), text(self.asset)))
    }

    /// Whether a copy that lies in the lake says something that holds no more: its debtor, or one it names, has another pseudonym.
    pub(super) fn outdates(&self, at: usize) -> bool {
        let moves = self.moves;
        moves.any()
            && (self.names.iter().any(|named| moves.renames(named, at))
                || self.is_debtors
                    && !moves.reweighed.is_empty()
                    && self.names.first().is_some_and(|n| moves.reweighed.contains(n.base(at))))
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
            bytes[16..32].copy_from_slice(&entry.target.id);
            bytes[32..36].copy_from_slice(&entry.target.bucket.to_be_bytes());
            bytes[36..].copy_from_slice(&entry.target.base);
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
                    // Of two own pseudonyms under one debtor the second pass keeps the copy of the lesser.
                    moved.insert(of_key[0].key, of_key.iter().map(|e| e.target).collect::<BTreeSet<_>>().into_iter().collect());
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
    let (bucket, rest) = rest.split_first_chunk::<4>()?;
    let (base, _) = rest.split_first_chunk::<16>()?;
    Some(Entry {
        key: u64::from_be_bytes(*key),
        place: u64::from_be_bytes(*place),
        target: Target { id: *debtor, bucket: u32::from_be_bytes(*bucket), base: *base },
    })
}

/// Adds to the spilled rows of a table a copy of every version of a moved key for each debtor another version lies with, marked as elsewhere.
pub(super) fn copy_elsewhere(folder: &Path, moved: &BTreeMap<u64, Vec<Target>>, spill: &mut Spill, seal: &Seal) -> Result<()> {
    let buckets: BTreeSet<u32> = moved.values().flatten().map(|t| t.bucket).collect();
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
        for target in moved.get(&key).into_iter().flatten().filter(|target| !there.contains(&target.id)) {
            let mut record = Vec::new();
            let copy = Header { debtor: target.id, base: target.base, primary: false, own: None, elsewhere: true, ..header };
            push_record(&mut record, &copy, &body);
            spill.push(target.bucket as usize, &record);
        }
    }
    spill.flush(true)
}
