//! Whose facts leave: debtors whose last case ended so long ago, with all who share a case or an asset with them. It follows from the as-of day, the
//! catalog and what the lake and tonight's files say of cases, so that it comes out the same for full exports and changes, and on every later night.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::held::MOVED;
use super::layout::added;
use super::record::{Header, Id, NO_DAY, hex};
use super::references::{References, Target};
use super::settle::BucketOutcome;
use crate::columns::{Columns, Day, day};
use crate::schema::Retention;

/// The columns of a case that say whether it is at an end.
pub(super) const CLOSING: [&str; 11] = [
    "case_no",
    "status",
    "closed_on",
    "close_kind",
    "close_ground",
    "resumed_from",
    "known_on",
    added::SEEN_ON,
    "voided_on",
    "void_reason",
    added::ELSEWHERE,
];

/// The end of a case or a debtor: the day itself, and the day by which it was known.
type End = (Day, Day);

/// The day a version was known and the day of its export.
type Version = (Day, Day);

/// How cases stand, as known by a day.
pub(super) struct Closings<'a> {
    retention: &'a Retention,
    as_of: Day,
    /// The newest version of each case, and its end; `None` where it is live.
    cases: HashMap<Box<str>, (Version, Option<Closed>)>,
    /// Cases that a later one resumed.
    resumed: HashSet<Box<str>>,
}

#[derive(Clone, Copy)]
struct Closed {
    end: End,
    /// Closed so that it may come alive again: an end only where a later case resumed it.
    may_resume: bool,
}

impl<'a> Closings<'a> {
    pub(super) fn new(retention: &'a Retention, as_of: Day) -> Closings<'a> {
        Closings { retention, as_of, cases: HashMap::new(), resumed: HashSet::new() }
    }

    /// Takes in rows of the table of cases.
    pub(super) fn add(&mut self, rows: &Columns) {
        for row in 0..rows.len() {
            let text = |name: &str| rows.get(name).and_then(|c| c.text_at(row));
            let date = |name: &str| rows.get(name).and_then(|c| c.date_at(row));
            let Some(case_no) = text("case_no") else { continue };
            let known_on = date("known_on").unwrap_or(Day::MAX);
            if known_on > self.as_of || rows.get(added::ELSEWHERE).and_then(|c| c.flag_at(row)).unwrap_or_default() {
                continue;
            }
            let is_void = text("void_reason").is_some() || date("voided_on").is_some_and(|on| on <= self.as_of);
            if let Some(before) = text("resumed_from").filter(|_| !is_void) {
                self.resumed.insert(before.into());
            }
            let is_closed = text("status") == Some("closed") && date("closed_on").is_none_or(|on| on <= self.as_of);
            let closing = [text("close_kind"), text("close_ground")];
            let may_resume = !is_void && closing.into_iter().flatten().any(|c| self.retention.live_closings.contains(c));
            let end = date(if is_void { "voided_on" } else { "closed_on" }).unwrap_or(known_on);
            let closed = (is_void || is_closed).then_some(Closed { end: (end, end.max(known_on)), may_resume });
            let version = (known_on, date(added::SEEN_ON).unwrap_or(Day::MIN));
            let slot = self.cases.entry(case_no.into()).or_insert((version, closed));
            if version > slot.0 {
                *slot = (version, closed);
            } else if version == slot.0 {
                // Rows that contradict each other: what keeps longer.
                slot.1 = slot.1.zip(closed).map(|(a, b)| Closed { end: a.end.max(b.end), may_resume: a.may_resume || b.may_resume });
            }
        }
    }

    fn end(&self, case_no: &str) -> Option<End> {
        let closed = self.cases.get(case_no).and_then(|(_, closed)| *closed)?;
        (!closed.may_resume || self.resumed.contains(case_no)).then_some(closed.end)
    }

    /// Whose period is over. A debtor who shares a case or an asset with a live one is live: what they share is one row, counted once.
    pub(super) fn leaving(&self, references: &References) -> Leaving {
        let months = self.retention.months.clone();
        let mut out = Leaving { apply: self.retention.apply, as_of: self.as_of, months, ..Leaving::default() };
        let Some(shortest) = out.months.values().copied().min() else { return out };
        let mut groups = Groups::default();
        for (case_no, parties) in references.cases() {
            groups.join(parties, Some(self.end(case_no)));
        }
        for owners in references.assets() {
            groups.join(owners, None);
        }
        let is_over = |from: Day| from != Day::MAX && day::add_months(from, shortest) <= self.as_of;
        // The vault keeps a linked debtor under his own pseudonym: what it holds of him leaves by that.
        let mut caseless: BTreeMap<Id, (u32, Day, BTreeSet<Id>)> = BTreeMap::new();
        for (target, known_on) in references.debtors() {
            let group = groups.of(&target);
            match groups.ends[group] {
                Standing::Ended(end) if is_over(end.0) => {
                    out.ended.extend([&target.id, &target.base].map(|id| (hex(id), end)));
                    out.buckets.insert(target.bucket);
                }
                Standing::NoCase => {
                    let (_, newest, own) = caseless.entry(target.id).or_insert_with(|| (target.bucket, known_on, BTreeSet::new()));
                    *newest = known_on.max(*newest);
                    own.insert(target.base);
                }
                Standing::Ended(_) | Standing::Live => {}
            }
        }
        for (id, (bucket, known_on, own)) in caseless.into_iter().filter(|(_, (_, known_on, _))| is_over(*known_on)) {
            out.caseless.extend(own.iter().chain([&id]).map(|id| (hex(id), known_on)));
            out.buckets.insert(bucket);
        }
        out
    }
}

/// How a group of debtors stands.
#[derive(Clone, Copy)]
enum Standing {
    NoCase,
    Ended(End),
    Live,
}

/// Debtors who share cases or assets (union–find).
#[derive(Default)]
struct Groups {
    of: HashMap<Id, usize>,
    above: Vec<usize>,
    ends: Vec<Standing>,
}

impl Groups {
    fn of(&mut self, target: &Target) -> usize {
        let at = *self.of.entry(target.id).or_insert_with(|| {
            self.above.push(self.above.len());
            self.ends.push(Standing::NoCase);
            self.above.len() - 1
        });
        self.root(at)
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.above[at] != at {
            self.above[at] = self.above[self.above[at]];
            at = self.above[at];
        }
        at
    }

    /// Takes in that these share a case with this end (`Some(None)`: live), or an asset (`None`).
    fn join(&mut self, targets: &[Target], case: Option<Option<End>>) {
        let Some(first) = targets.first() else { return };
        let first = self.of(first);
        for target in &targets[1..] {
            let (a, b) = (self.root(first), self.of(target));
            if a != b {
                self.above[b] = a;
                self.ends[a] = later(self.ends[a], self.ends[b]);
            }
        }
        let root = self.root(first);
        match case {
            Some(Some(end)) => self.ends[root] = later(self.ends[root], Standing::Ended(end)),
            Some(None) => self.ends[root] = Standing::Live,
            None => {}
        }
    }
}

fn later(a: Standing, b: Standing) -> Standing {
    match (a, b) {
        (Standing::Live, _) | (_, Standing::Live) => Standing::Live,
        (Standing::Ended(a), Standing::Ended(b)) => Standing::Ended((a.0.max(b.0), a.1.max(b.1))),
        (Standing::NoCase, other) | (other, Standing::NoCase) => other,
    }
}

/// Whose facts leave tonight, or would; kept in the staging folder for the second pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaving {
    /// Whether they do.
    pub(super) apply: bool,
    as_of: Day,
    /// By table.
    pub(super) months: BTreeMap<String, i32>,
    /// Debtors whose last case ended so long ago that the shortest period is over, with that end.
    ended: BTreeMap<String, End>,
    /// Debtors without a case, and the day they were known: their rows go by the day they were known themselves, and not before.
    caseless: BTreeMap<String, Day>,
    buckets: BTreeSet<u32>,
}

/// Rows taken out of one table and bucket.
#[derive(Default)]
pub(super) struct Left {
    /// Source rows that the lake held here.
    pub held: u64,
    /// Those that came tonight from another place.
    pub moved: u64,
    /// Both.
    pub rows: u64,
    /// The first day whose ratings read none of them.
    pub exact_from: Option<Day>,
}

impl Leaving {
    /// Whether a bucket may hold rows that leave.
    pub(super) fn concerns(&self, table: &str, bucket: Option<u32>) -> bool {
        self.months.contains_key(table) && bucket.is_some_and(|b| self.buckets.contains(&b))
    }

    /// Whether a row's period is over.
    pub(super) fn is_over(&self, table: &str, debtor: &str, known_on: Day) -> bool {
        let Some(&months) = self.months.get(table) else { return false };
        let from = match (self.ended.get(debtor), self.caseless.get(debtor)) {
            (Some(end), _) => end.0,
            (None, Some(&debtor_known_on)) if known_on != NO_DAY => known_on.max(debtor_known_on),
            (None, _) => return false,
        };
        day::add_months(from, months) <= self.as_of
    }

    /// The period of a table's waiting rows, where periods are applied.
    pub(super) fn of_waiting(&self, table: &str) -> Option<i32> {
        self.months.get(table).copied().filter(|_| self.apply)
    }

    /// Takes out the rows whose period is over, and counts them; those of tonight's files with their file.
    pub(super) fn take(&self, table: &str, rows: &mut Vec<(Header, &[u8])>, outcome: &mut BucketOutcome) -> Left {
        let mut left = Left::default();
        rows.retain(|(header, _)| {
            let debtor = hex(&header.debtor);
            if !self.is_over(table, &debtor, header.known_on) {
                return true;
            }
            left.exact_from = left.exact_from.max(self.ended.get(&debtor).map(|end| end.1));
            match (header.primary, header.fresh, header.file) {
                (false, ..) => {}
                (true, false, _) => (left.held, left.rows) = (left.held + 1, left.rows + 1),
                (true, true, MOVED) => (left.moved, left.rows) = (left.moved + 1, left.rows + 1),
                (true, true, file) => outcome.files.entry(file).or_default().expired += 1,
            }
            false
        });
        left
    }
}
