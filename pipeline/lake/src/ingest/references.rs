//! The small maps that let a row find its bucket: a source's key -> debtor, case -> parties, asset -> the debtors who have had it.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::identity::{Identity, usable};
use super::people::People;
use super::record::{Id, hex};
use crate::bucket::bucket_of;
use crate::columns::{Column, Columns, Day};
use crate::error::Result;

/// What says who a debtor is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Basis {
    /// An identity number.
    Number,
    /// Likeness to another record, with the probability as the lake has it.
    Linked(f64),
    /// The source's own key.
    Ref,
}

/// One debtor as a row finds it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Debtor {
    /// The pseudonym his rows are gathered under.
    pub id: Id,
    /// His own pseudonym: another than `id` only while he is linked to somebody.
    pub base: Id,
    /// The pseudonym of the source's own key, which tells rows of one person under two keys apart.
    pub ref_id: Id,
    pub bucket: u32,
    pub basis: Basis,
}

impl Debtor {
    pub(super) fn target(&self) -> Target {
        Target { id: self.id, bucket: self.bucket, base: self.base }
    }
}

/// Where a row goes: whose copy it is, the bucket, and the own pseudonym of him for whom it lies there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    pub id: Id,
    pub bucket: u32,
    pub base: Id,
}

/// Where the rows of a case or an asset go. The first place is where their counted copy lies.
#[derive(Clone, Default)]
struct Places {
    targets: Vec<Target>,
    /// The first place is that of rows in the lake already: it stays first, else rows would be counted at two places.
    anchored: bool,
}

impl Places {
    fn insert(&mut self, target: Target) -> bool {
        let sorted = usize::from(self.anchored);
        if self.anchored && self.targets.first().is_some_and(|first| first.id == target.id) {
            return false;
        }
        match self.targets[sorted..].binary_search_by(|t| t.id.cmp(&target.id)) {
            Ok(at) => {
                // Two keys of one person, one of them linked: the copy is for the lesser, whichever came first.
                let there = &mut self.targets[sorted + at];
                there.base = there.base.min(target.base);
                false
            }
            Err(at) => {
                self.targets.insert(sorted + at, target);
                true
            }
        }
    }

    fn anchor(&mut self, target: Target) {
        if !self.anchored {
            self.targets.retain(|t| t.id != target.id);
            self.targets.insert(0, target);
            self.anchored = true;
        }
    }
}

/// Which of several versions decides whose number it is: one known by the as-of day before any later one (the future changes
/// nothing), then one with a number, then the newest, then the greatest pseudonym.
pub(super) type Rank = (bool, bool, Day, Day, Id);

/// All maps. `debtors` and `assets` have one map a source.
pub(super) struct References {
    as_of: Day,
    buckets: u32,
    debtors: Vec<HashMap<Box<str>, (Rank, Debtor)>>,
    by_ref_id: HashMap<Id, Debtor>,
    cases: HashMap<Box<str>, Places>,
    assets: Vec<HashMap<Box<str>, Places>>,
}

impl References {
    pub(super) fn new(as_of: Day, buckets: u32, sources: usize) -> References {
        References {
            as_of,
            buckets,
            debtors: vec![HashMap::new(); sources],
            by_ref_id: HashMap::new(),
            cases: HashMap::new(),
            assets: vec![HashMap::new(); sources],
        }
    }

    /// The bucket of a pseudonym.
    pub(super) fn bucket(&self, id: &Id) -> u32 {
        bucket_of(&hex(id), self.buckets)
    }

    /// Reads a piece of the debtors table. `place` says where a row stands, for messages.
    pub(super) fn add_debtors(
        &mut self,
        identity: &Identity,
        source: (usize, &str),
        columns: &Columns,
        place: &dyn Fn(usize) -> String,
        people: &mut Option<People>,
    ) -> Result<()> {
        let [reference, kind, number, known, seen] =
            ["debtor_ref", "id_kind", "id_no", "known_on", "seen_on"].map(|name| columns.get(name));
        let text = |c: Option<&'_ Column>, row: usize| c.and_then(|c| c.text_at(row)).map(str::to_owned);
        for row in 0..columns.len() {
            let Some(reference) = reference.and_then(|c| c.text_at(row)) else { continue };
            let kind = text(kind, row);
            let number = text(number, row);
            let number = usable(kind.as_deref(), number.as_deref());
            if let Some(number) = number {
                identity.check_sample(kind.as_deref(), number, &place(row))?;
            }
            let ref_id = match self.debtors[source.0].get(reference) {
                Some((_, known)) => known.ref_id,
                None => identity.of_ref(source.1, reference),
            };
            let id = number.map_or(ref_id, |n| identity.of_number(n));
            let known_on = known.and_then(|c| c.date_at(row)).unwrap_or(Day::MAX);
            let seen_on = seen.and_then(|c| c.date_at(row)).unwrap_or(Day::MIN);
            let rank = (known_on <= self.as_of, number.is_some(), known_on, seen_on, id);
            let basis = if number.is_some() { Basis::Number } else { Basis::Ref };
            let debtor = Debtor { id, base: id, ref_id, bucket: self.bucket(&id), basis };
            if let Some(people) = people {
                people.offer(ref_id, rank, columns, row);
            }
            let slot = self.debtors[source.0].entry(reference.into()).or_insert((rank, debtor));
            if rank > slot.0 {
                *slot = (rank, debtor);
            }
        }
        Ok(())
    }

    /// Makes debtors findable by the pseudonym of their source's key, as waiting rows name them.
    pub(super) fn index_by_ref_id(&mut self) {
        self.by_ref_id = self.debtors.iter().flat_map(HashMap::values).map(|(_, d)| (d.ref_id, *d)).collect();
    }

    /// Whose own pseudonym each source's key has now.
    pub(super) fn by_reference(&self) -> BTreeMap<Id, Id> {
        self.debtors.iter().flat_map(HashMap::values).map(|(_, d)| (d.ref_id, d.base)).collect()
    }

    /// All debtors, in no order.
    pub(super) fn all(&self) -> impl Iterator<Item = &Debtor> {
        self.debtors.iter().flat_map(HashMap::values).map(|(_, d)| d)
    }

    /// Gathers debtors under those they are linked to: own pseudonym to pseudonym and probability.
    pub(super) fn link(&mut self, links: &BTreeMap<Id, (Id, f64)>) {
        let buckets = self.buckets;
        for (_, debtor) in self.debtors.iter_mut().flat_map(HashMap::values_mut) {
            if let Some((id, probability)) = links.get(&debtor.base) {
                let bucket = bucket_of(&hex(id), buckets);
                *debtor = Debtor { id: *id, bucket, basis: Basis::Linked(*probability), ..*debtor };
            }
        }
    }

    /// Each known case with the parties it has had.
    pub(super) fn cases(&self) -> impl Iterator<Item = (&str, &[Target])> {
        self.cases.iter().map(|(case_no, places)| (case_no.as_ref(), places.targets.as_slice()))
    }

    /// The debtors who have had each known asset.
    pub(super) fn assets(&self) -> impl Iterator<Item = &[Target]> {
        self.assets.iter().flat_map(HashMap::values).map(|places| places.targets.as_slice())
    }

    /// Every known debtor, once for each key of a source, and the day that decided who it is.
    pub(super) fn debtors(&self) -> impl Iterator<Item = (Target, Day)> {
        self.debtors.iter().flat_map(HashMap::values).map(|(rank, debtor)| (debtor.target(), rank.2))
    }

    /// Reads a piece of the cases table.
    pub(super) fn add_cases(&mut self, columns: &Columns) {
        let Some(numbers) = columns.get("case_no") else { return };
        (0..columns.len()).filter_map(|row| numbers.text_at(row)).for_each(|case_no| self.add_case(case_no));
    }

    /// Takes in that there is a case.
    pub(super) fn add_case(&mut self, case_no: &str) {
        if !self.cases.contains_key(case_no) {
            self.cases.insert(case_no.into(), Places::default());
        }
    }

    /// The numbers of the cases known so far.
    pub(super) fn case_numbers(&self) -> HashSet<Box<str>> {
        self.cases.keys().cloned().collect()
    }

    /// Takes in that a debtor is a party of a case; gives whether that is new.
    pub(super) fn add_party(&mut self, case_no: &str, target: Target) -> bool {
        self.places_of_case(case_no).insert(target)
    }

    /// Takes in with which party the counted copies of a case's rows lie in the lake.
    pub(super) fn anchor_case(&mut self, case_no: &str, target: Target) {
        self.places_of_case(case_no).anchor(target);
    }

    /// Takes in that a debtor has, or had, an asset; gives whether that is new.
    pub(super) fn add_owner(&mut self, source: usize, asset_ref: &str, target: Target) -> bool {
        self.places_of_asset(source, asset_ref).insert(target)
    }

    /// Takes in with which owner the counted copies of an asset's rows lie in the lake.
    pub(super) fn anchor_asset(&mut self, source: usize, asset_ref: &str, target: Target) {
        self.places_of_asset(source, asset_ref).anchor(target);
    }

    fn places_of_case(&mut self, case_no: &str) -> &mut Places {
        place_in(&mut self.cases, case_no)
    }

    fn places_of_asset(&mut self, source: usize, asset_ref: &str) -> &mut Places {
        place_in(&mut self.assets[source], asset_ref)
    }

    pub(super) fn debtor(&self, source: usize, reference: &str) -> Option<Debtor> {
        self.debtors[source].get(reference).map(|(_, d)| *d)
    }

    pub(super) fn debtor_by_ref_id(&self, ref_id: &Id) -> Option<Debtor> {
        self.by_ref_id.get(ref_id).copied()
    }

    /// The parties of a known case, that of the counted copies first; `None` where the case is not known.
    pub(super) fn parties(&self, case_no: &str) -> Option<&[Target]> {
        self.cases.get(case_no).map(|places| places.targets.as_slice())
    }

    /// The debtors who have had an asset, that of the counted copies first; `None` where it is not known.
    pub(super) fn owners(&self, source: usize, asset_ref: &str) -> Option<&[Target]> {
        self.assets[source].get(asset_ref).map(|places| places.targets.as_slice())
    }
}

fn place_in<'m>(map: &'m mut HashMap<Box<str>, Places>, name: &str) -> &'m mut Places {
    map.entry(name.into()).or_default()
}
