//! One table of one bucket: what the lake held and what tonight brought become one set of facts. Keys, versions and conflicts are settled here.

use std::collections::BTreeSet;
use std::path::Path;

use super::Request;
use super::contradicted::is_shadow;
use super::held::{Held, Index, MOVED};
use super::identity::Identity;
use super::layout::Layout;
use super::mapping::Absent;
use super::ranges::{self, Fresh, Lying};
use super::record::{Header, hex, records};
use super::reject::Reject;
use super::settle::{BucketOutcome, TableOutcome};
use super::settled::{conflict, count_contradicted, count_fact, count_repeat, count_replaced, repeats, retraction, row_hash, staying};
use super::split::Split;
use super::state::Counted;
use crate::columns::{Columns, Day};
use crate::error::{Error, Result};
use crate::store::large::Growing;
use crate::store::{atomic, tables};

/// More files than this in one folder are made one.
const MAX_PARTS: usize = 8;
/// As are files of which what came since is more than one in this many rows.
const APPEND_AT_MOST: usize = 4;

/// One table and bucket on its way.
pub(super) struct Merge<'a> {
    pub request: &'a Request,
    pub split: &'a Split,
    pub layout: &'a Layout,
    pub identity: &'a Identity,
    pub held: Option<&'a Held>,
    pub lake: &'a Path,
    /// `None` for tables kept whole.
    pub bucket: Option<u32>,
}

/// A row that stays, with the key it gets in the lake.
pub(super) struct Fact<'a> {
    pub header: Header,
    pub body: &'a [u8],
    pub ordinal: u32,
    /// How many versions of the same day of knowledge were exported before it.
    rank: u32,
}

/// What became of the rows of one range.
#[derive(Default)]
struct Resolved<'a> {
    facts: Vec<Fact<'a>>,
    /// Rows of the lake that a full export no longer has, by position, where that retracts them.
    retracted: Vec<usize>,
    /// Of the hashes of counted rows.
    sum: u128,
}

/// What became of one table and bucket, range after range.
struct Settling {
    table: TableOutcome,
    outcome: BucketOutcome,
    rejects: Vec<Reject>,
    sum: u128,
    /// The lake's rows that were looked at, counted ones and the sum of their hashes, where others were not.
    own: (u64, u64, u128),
    /// The lake's rows that stay, of those looked at.
    staying: usize,
    /// Positions of the lake's rows that do not stay, and of those that are retracted.
    dropped: Vec<u64>,
    retracted: Vec<u64>,
    /// Tonight's rows as the lake stores them.
    fresh: Growing,
}

impl Merge<'_> {
    /// Writes the table's files into the staged lake.
    pub(super) fn run(&self, fresh: &Fresh<'_>, outcome: &mut BucketOutcome, rejects: &mut Vec<Reject>) -> Result<()> {
        let (name, layout) = (&self.layout.name, self.layout);
        let before = self.held.map(|held| held.state.counted(name, self.bucket.unwrap_or_default())).unwrap_or_default();
        let parts = self.held.map_or(Ok(Vec::new()), |held| held.parts(layout, self.bucket))?;
        let keeps = self.split.keeps_files && self.held.is_some_and(|held| held.state.columns.get(name) == Some(&layout.stored_names()));
        let moved = self.split.moves.any();
        let leaving = Some(&self.split.leaving).filter(|l| l.concerns(name, self.bucket));
        let is_quiet = keeps && !moved && leaving.is_none() && !self.split.full.contains_key(name);
        if fresh.size == 0 && (parts.is_empty() || is_quiet) {
            parts.iter().enumerate().try_for_each(|(n, part)| atomic::link_unseen(part, &self.file(n)))?;
            outcome.tables.insert(name.clone(), TableOutcome::carried(before));
            return Ok(());
        }
        // Where nothing but the keys of tonight's rows can change, no other row is looked at.
        let narrow = if is_quiet && !parts.is_empty() { self.settled(fresh, &before, true)? } else { None };
        let is_narrow = narrow.is_some();
        let Some(mut settling) = narrow.map_or_else(|| self.settled(fresh, &before, false), |narrow| Ok(Some(narrow)))? else {
            return Err(Error::fault(format!("{name}: the lake's rows do not stand by themselves")));
        };
        let others = if is_narrow { before.less(settling.own)? } else { Counted::default() };
        let added = settling.fresh.rows();
        let all_stay = settling.dropped.is_empty() && settling.retracted.is_empty();
        let stay = settling.staying + others.stored as usize;
        settling.table.before = before.rows;
        settling.table.rows += others.rows;
        settling.table.sum = format!("{:032x}", settling.sum.wrapping_add(others.sum()?));
        settling.table.stored = (stay + added + settling.retracted.len()) as u64;
        let appends = all_stay && self.bucket.is_some() && !parts.is_empty() && parts.len() < MAX_PARTS && added * APPEND_AT_MOST <= stay;
        if keeps && all_stay && (added == 0 || appends) {
            parts.iter().enumerate().try_for_each(|(n, part)| atomic::link_unseen(part, &self.file(n)))?;
            settling.fresh.write(&self.file(parts.len()))?;
        } else if stay + settling.retracted.len() == 0 {
            settling.fresh.write(&self.file(0))?;
        } else {
            self.rewrite(settling.fresh, &settling.dropped, &settling.retracted, &before)?;
        }
        rejects.extend(settling.rejects);
        for (file, settled) in settling.outcome.files {
            outcome.files.entry(file).or_default().add(&settled);
        }
        outcome.tables.insert(name.clone(), settling.table);
        Ok(())
    }

    pub(super) fn file(&self, n: usize) -> std::path::PathBuf {
        tables::folder(self.lake, &self.layout.name, self.bucket).join(tables::part_name(self.bucket, n))
    }

    /// Brings tonight's rows and the lake's together, range after range; `None` where only the lake's rows of tonight's keys were to be looked at, and
    /// they do not stand by themselves.
    fn settled(&self, fresh: &Fresh<'_>, before: &Counted, is_narrow: bool) -> Result<Option<Settling>> {
        let seal = &self.request.seal;
        let moved = self.split.moves.any();
        let beside = before.stored * if is_narrow { ranges::PASSED } else { ranges::COMPARED };
        let ends = if self.bucket.is_some() { ranges::ends(fresh.size + beside, self.request.range_bytes) } else { vec![None] };
        let (keyed, compared) = (ranges::keyed(self.layout), ranges::compared(self.layout));
        let names = if is_narrow { &keyed } else { &compared };
        // What moved is told by columns of references too.
        let open = |held| Lying::open(held, self.layout, self.bucket, Some(names.as_slice()).filter(|_| !moved), seal);
        let mut lying = self.held.map(open).transpose()?;
        let sorted = fresh.sorted(ends.len())?;
        let mut out = Settling {
            table: TableOutcome::default(),
            outcome: BucketOutcome::default(),
            rejects: Vec::new(),
            sum: 0,
            own: (0, 0, 0),
            staying: 0,
            dropped: Vec::new(),
            retracted: Vec::new(),
            fresh: Growing::new(self.file(0).with_extension("tonight"), seal),
        };
        for (n, end) in ends.iter().enumerate() {
            let bytes = sorted.range(n)?;
            let rows = records(&bytes)?;
            let (held, lines) = match &mut lying {
                None => (Columns::new(), Vec::new()),
                Some(lying) if is_narrow => {
                    let mut keys: Vec<u64> = rows.iter().map(|(h, _)| h.key).collect();
                    keys.sort_unstable();
                    keys.dedup();
                    lying.of_keys(self.identity, self.layout, &keys, &compared, end.as_deref())?
                }
                Some(lying) => lying.before(end.as_deref())?,
            };
            let index = ranges::index(self.identity, self.layout, &held, &lines)?;
            if is_narrow && !self.stands(&index, before, &mut out.own)? {
                sorted.done()?;
                return Ok(None);
            }
            let outdated = if moved { self.outdated(&index, &held, &rows) } else { vec![false; index.headers.len()] };
            drop(held);
            let fresh = self.range(rows, index, &outdated, &mut out)?;
            // What was compared is let go before what came of it is encoded.
            drop(bytes);
            if !fresh.is_empty() {
                out.fresh.push(fresh)?;
            }
        }
        sorted.done()?;
        Ok(Some(out))
    }

    /// One range: tonight's rows of it, and the lake's. Gives tonight's as the lake stores them.
    fn range(&self, mut rows: Vec<(Header, &[u8])>, index: Index, outdated: &[bool], out: &mut Settling) -> Result<Columns> {
        let name = &self.layout.name;
        let leaving = Some(&self.split.leaving).filter(|l| l.concerns(name, self.bucket));
        let held = || index.headers.iter().zip(outdated);
        rows.extend(held().filter(|(_, outdated)| !**outdated).map(|(h, _)| (*h, &[] as &[u8])));
        let left = leaving.filter(|l| l.apply).map(|l| l.take(name, &mut rows, &mut out.outcome)).unwrap_or_default();
        rows.sort_unstable_by_key(|row| row.0);
        let mut resolved = self.resolve(&rows, &index, &mut out.outcome, &mut out.table, &mut out.rejects)?;
        if let Some(leaving) = leaving.filter(|l| !l.apply) {
            let is_due = |h: &Header| h.primary && leaving.is_over(name, &hex(&h.debtor), h.known_on);
            out.table.due += resolved.facts.iter().filter(|f| is_due(&f.header)).count() as u64;
        }
        out.table.left += held().filter(|(h, outdated)| **outdated && h.primary).count() as u64;
        out.table.retired += left.held;
        out.table.met += left.moved;
        out.table.expired += left.rows;
        out.table.exact_from = out.table.exact_from.max(left.exact_from);
        out.sum = out.sum.wrapping_add(resolved.sum);
        let mut staying: Vec<u64> = resolved.facts.iter().filter(|f| !f.header.fresh).map(|f| f.header.line).collect();
        staying.sort_unstable();
        out.staying += staying.len();
        out.dropped.extend(index.headers.iter().map(|h| h.line).filter(|line| staying.binary_search(line).is_err()));
        out.retracted.extend(resolved.retracted.iter().map(|&line| line as u64));
        resolved.facts.retain(|f| f.header.fresh);
        drop((rows, index));
        if resolved.facts.is_empty() { Ok(Columns::new()) } else { self.stored(resolved.facts) }
    }

    /// Which rows of the lake name a debtor by a pseudonym that is no more, or are copies of a row whose counted one comes to lie here too.
    fn outdated(&self, index: &Index, held: &Columns, fresh: &[(Header, &[u8])]) -> Vec<bool> {
        let told = |h: &Header| (h.debtor, h.key, h.known_on, h.seen_on, h.content);
        let counted: BTreeSet<_> = fresh.iter().filter(|(h, _)| h.file == MOVED && h.primary).map(|(h, _)| told(h)).collect();
        let followed = self.split.moves.over(self.layout, held);
        let is_outdated = |(at, h): (usize, &Header)| followed.outdates(at) || !h.primary && counted.contains(&told(h));
        index.headers.iter().enumerate().map(is_outdated).collect()
    }

    /// Whether the lake's rows of tonight's keys stand by themselves, so that all other rows can be passed over; adds them up.
    fn stands(&self, index: &Index, before: &Counted, own: &mut (u64, u64, u128)) -> Result<bool> {
        let mut rows: Vec<(Header, &[u8])> = index.headers.iter().map(|h| (*h, &[] as &[u8])).collect();
        rows.sort_unstable_by_key(|row| row.0);
        let mut table = TableOutcome::default();
        let alone = self.resolve(&rows, index, &mut BucketOutcome::default(), &mut table, &mut Vec::new())?;
        *own = (own.0 + rows.len() as u64, own.1 + table.rows, own.2.wrapping_add(alone.sum));
        Ok(alone.facts.len() == rows.len() && own.0 <= before.stored && own.1 <= before.rows)
    }

    /// `rows` are sorted by header: debtor, key, known_on, seen_on, content, here before elsewhere, the lake's before tonight's.
    fn resolve<'r>(
        &self,
        rows: &[(Header, &'r [u8])],
        index: &Index,
        outcome: &mut BucketOutcome,
        table: &mut TableOutcome,
        rejects: &mut Vec<Reject>,
    ) -> Result<Resolved<'r>> {
        let mut out = Resolved::default();
        let key = |h: &Header| (h.debtor, h.key);
        let full = self.split.full.get(&self.layout.name);
        for of_key in rows.chunk_by(|a, b| key(&a.0) == key(&b.0)) {
            let mut facts: Vec<Fact<'r>> = Vec::new();
            for same_day in of_key.chunk_by(|a, b| (a.0.known_on, a.0.seen_on) == (b.0.known_on, b.0.seen_on)) {
                // An export made again stands in the place of that day's, of no other.
                let is_full = self.split.is_made_again(&self.layout.name, same_day[0].0.seen_on);
                self.of_day(same_day, is_full, &mut facts, index, outcome, table, rejects);
            }
            facts.sort_by_key(|f| f.ordinal);
            let first = out.facts.len();
            for mut fact in facts {
                let before = out.facts[first..].last().filter(|b| b.ordinal == fact.ordinal && b.header.known_on == fact.header.known_on);
                if let Some(before) = before.filter(|b| repeats(&b.header, &fact.header)) {
                    // Said again on a later day is not said anew.
                    let known = !before.header.fresh;
                    table.again += u64::from(known && fact.header.repeats && fact.header.primary && self.split.is_of_tonight(&fact.header));
                    count_repeat(&fact.header, known, outcome, table);
                    continue;
                }
                fact.rank = before.map_or(0, |b| b.rank + 1);
                count_fact(&fact.header, outcome, table);
                if fact.header.primary {
                    out.sum = out.sum.wrapping_add(row_hash(&fact.header, fact.ordinal, fact.rank));
                }
                out.facts.push(fact);
            }
            // A version that ends nothing here has no place here.
            if out.facts[first..].iter().all(|f| f.header.elsewhere) {
                out.facts.truncate(first);
            }
            if let Some(&day) = full
                && of_key.iter().all(|(h, _)| !h.fresh || h.file == MOVED)
            {
                let gone = self.absent(first, day, &mut out, table)?;
                out.sum = out.sum.wrapping_add(gone);
            }
        }
        Ok(out)
    }

    /// Rows of one key, day of knowledge and export: equal ones once, contradicting ones none; or, of facts without a key, as many as one file has.
    #[allow(clippy::too_many_arguments, reason = "what is counted belongs to three owners")]
    fn of_day<'r>(
        &self,
        same_day: &[(Header, &'r [u8])],
        is_full: bool,
        facts: &mut Vec<Fact<'r>>,
        index: &Index,
        outcome: &mut BucketOutcome,
        table: &mut TableOutcome,
        rejects: &mut Vec<Reject>,
    ) {
        let mut contents: Vec<&[(Header, &'r [u8])]> = same_day.chunk_by(|a, b| a.0.content == b.0.content).collect();
        let repeats = same_day[0].0.repeats;
        if contents.len() > 1 && !repeats {
            let of_tonight = |c: &&[(Header, &[u8])]| c.iter().any(|(h, _)| self.split.is_of_tonight(h));
            let tonight: Vec<&[(Header, &'r [u8])]> = contents.iter().copied().filter(of_tonight).collect();
            if !is_full || tonight.len() != 1 {
                for (header, _) in same_day.iter().filter(|(h, _)| h.primary) {
                    count_contradicted(header, outcome, table);
                    rejects.push(conflict(self.layout, header, self.split));
                }
                return;
            }
            // The export of that day was made again: it stands in the earlier one's place.
            for (header, _) in contents.iter().filter(|c| !of_tonight(c)).flat_map(|c| c.iter()).filter(|(h, _)| h.primary) {
                if count_replaced(header, outcome, table) {
                    rejects.push(conflict(self.layout, header, self.split));
                }
            }
            contents = tonight;
        }
        contents.retain(|equal| !is_shadow(self.layout, &equal[0].0));
        contents.sort_by_key(|equal| (equal[0].0.void, equal[0].0.content));
        let ordinal_of = |row: &Header| index.row_id(row).split('-').nth(1).and_then(|n| n.parse().ok()).unwrap_or_default();
        let held = same_day.iter().filter(|(h, _)| !h.fresh).map(|(h, _)| ordinal_of(h));
        let mut ordinal: u32 = if repeats { held.max().unwrap_or_default() } else { 0 };
        for equal in contents {
            let stay = staying(equal);
            for (at, (header, body)) in equal.iter().enumerate() {
                if !stay.contains(&at) {
                    count_repeat(header, !equal[0].0.fresh, outcome, table);
                    continue;
                }
                let ordinal = match (repeats, header.fresh) {
                    (false, _) => 0,
                    (true, false) => ordinal_of(header),
                    (true, true) => {
                        ordinal += 1;
                        ordinal
                    }
                };
                facts.push(Fact { header: *header, body, ordinal, rank: 0 });
            }
        }
    }

    /// A key that a full export no longer has: counted, and retracted where the mapping says so. Gives what that adds to the sum.
    fn absent(&self, first: usize, day: Day, out: &mut Resolved<'_>, table: &mut TableOutcome) -> Result<u128> {
        // A void row counts for nothing: that it is gone too tells nothing.
        let tells = |h: &Header| !h.elsewhere && !h.void && h.seen_on < day;
        let Some(last) = out.facts[first..].last().filter(|f| tells(&f.header)) else { return Ok(0) };
        let header = last.header;
        if header.primary {
            table.absent += 1;
        }
        let retracts = self.request.sources.get(&self.layout.name).is_some_and(|m| m.absent == Absent::Retracted);
        if !retracts || !self.layout.fact || header.fresh {
            return Ok(0);
        }
        out.retracted.push(header.line as usize);
        if !header.primary {
            return Ok(0);
        }
        table.rows += 1;
        table.retracted += 1;
        let rank = last.rank + 1;
        Ok(row_hash(&Header { content: retraction(header.content), ..header }, last.ordinal, rank))
    }
}

impl TableOutcome {
    /// A bucket that nothing touched.
    fn carried(before: Counted) -> TableOutcome {
        let sum = if before.sum.is_empty() { format!("{:032x}", 0) } else { before.sum };
        TableOutcome { stored: before.stored, rows: before.rows, before: before.rows, sum, ..TableOutcome::default() }
    }
}
