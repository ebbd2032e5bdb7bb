//! One table of one bucket: what the lake held and what tonight brought become one set of facts. Keys, versions and conflicts are settled here.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;

use super::Request;
use super::contradicted::is_shadow;
use super::held::{Held, Index, MOVED};
use super::identity::Identity;
use super::layout::{Layout, added};
use super::mapping::Absent;
use super::record::{Builder, Header, Value, hex, records};
use super::reject::Reject;
use super::settle::{BucketOutcome, TableOutcome};
use super::settled::{conflict, count_contradicted, count_fact, count_repeat, count_replaced, repeats, retraction, row_hash, staying};
use super::split::Split;
use super::state::Counted;
use crate::columns::{Column, Columns, Day};
use crate::error::{Error, Result};
use crate::store::{atomic, parquet, tables};

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
struct Fact<'a> {
    header: Header,
    body: &'a [u8],
    ordinal: u32,
    /// How many versions of the same day of knowledge were exported before it.
    rank: u32,
}

/// What became of one table and bucket.
#[derive(Default)]
struct Resolved<'a> {
    facts: Vec<Fact<'a>>,
    /// Rows of the lake that a full export no longer has, by position, where that retracts them.
    retracted: Vec<usize>,
    /// Of the hashes of counted rows.
    sum: u128,
    table: TableOutcome,
}

impl Merge<'_> {
    /// Writes the table's files into the staged lake.
    pub(super) fn run(&self, bytes: &[u8], outcome: &mut BucketOutcome, rejects: &mut Vec<Reject>) -> Result<()> {
        let (name, layout) = (&self.layout.name, self.layout);
        let before = self.held.map(|held| held.state.counted(name, self.bucket.unwrap_or_default())).unwrap_or_default();
        let parts = self.held.map_or(Ok(Vec::new()), |held| held.parts(layout, self.bucket))?;
        let keeps = self.split.keeps_files && self.held.is_some_and(|held| held.state.columns.get(name) == Some(&layout.stored_names()));
        let moved = self.split.moves.any();
        let leaving = Some(&self.split.leaving).filter(|l| l.concerns(name, self.bucket));
        if bytes.is_empty() && (parts.is_empty() || keeps && !moved && leaving.is_none() && !self.split.full.contains_key(name)) {
            parts.iter().enumerate().try_for_each(|(n, part)| atomic::link_unseen(part, &self.file(n)))?;
            outcome.tables.insert(name.clone(), TableOutcome::carried(before));
            return Ok(());
        }
        let mut rows = records(bytes)?;
        // Where nothing but the keys of tonight's rows can change, no other row is looked at.
        let is_narrow = keeps && !moved && leaving.is_none() && !parts.is_empty() && !self.split.full.contains_key(name);
        let narrow = if is_narrow { self.narrow(&rows, &before)? } else { None };
        let (index, others) = match narrow {
            Some(narrow) => narrow,
            None => (self.index(None)?, Counted::default()),
        };
        let outdated = if moved { self.outdated(&index, &rows)? } else { vec![false; index.headers.len()] };
        let held = || index.headers.iter().zip(&outdated);
        rows.extend(held().filter(|(_, outdated)| !**outdated).map(|(h, _)| (*h, &[] as &[u8])));
        let left = leaving.filter(|l| l.apply).map(|l| l.take(name, &mut rows, outcome)).unwrap_or_default();
        rows.sort_unstable_by_key(|row| row.0);
        let mut resolved = self.resolve(&rows, &index, outcome, rejects)?;
        if let Some(leaving) = leaving.filter(|l| !l.apply) {
            let is_due = |h: &Header| h.primary && leaving.is_over(name, &hex(&h.debtor), h.known_on);
            resolved.table.due = resolved.facts.iter().filter(|f| is_due(&f.header)).count() as u64;
        }
        resolved.table.left = held().filter(|(h, outdated)| **outdated && h.primary).count() as u64;
        resolved.table.retired += left.held;
        resolved.table.met += left.moved;
        (resolved.table.expired, resolved.table.exact_from) = (left.rows, left.exact_from);
        resolved.table.before = before.rows;
        resolved.table.rows += others.rows;
        resolved.table.sum = format!("{:032x}", resolved.sum.wrapping_add(others.sum()?));
        let added = resolved.facts.iter().filter(|f| f.header.fresh).count();
        let stay = resolved.facts.len() - added;
        let all_stay = stay == index.headers.len() && resolved.retracted.is_empty();
        let appends = all_stay
            && self.bucket.is_some()
            && !parts.is_empty()
            && parts.len() < MAX_PARTS
            && added * APPEND_AT_MOST <= stay + others.stored as usize;
        resolved.table.stored = others.stored + (resolved.facts.len() + resolved.retracted.len()) as u64;
        if keeps && all_stay && (added == 0 || appends) {
            parts.iter().enumerate().try_for_each(|(n, part)| atomic::link_unseen(part, &self.file(n)))?;
            if added > 0 {
                resolved.facts.retain(|f| f.header.fresh);
                self.write(parts.len(), self.stored(resolved.facts)?)?;
            }
        } else if resolved.table.stored > 0 {
            let mut held: Vec<usize> = resolved.facts.iter().filter(|f| !f.header.fresh).map(|f| f.header.line as usize).collect();
            if others.stored > 0 {
                let looked_at: Vec<usize> = index.headers.iter().map(|h| h.line as usize).collect();
                held.extend((0..before.stored as usize).filter(|at| looked_at.binary_search(at).is_err()));
            }
            let retracted = std::mem::take(&mut resolved.retracted);
            resolved.facts.retain(|f| f.header.fresh);
            let mut table = self.stored(resolved.facts)?;
            if !held.is_empty() {
                table = self.joined(&table, &held, &retracted)?;
            }
            self.write(0, table)?;
        }
        outcome.tables.insert(name.clone(), resolved.table);
        Ok(())
    }

    fn file(&self, n: usize) -> std::path::PathBuf {
        tables::folder(self.lake, &self.layout.name, self.bucket).join(tables::part_name(self.bucket, n))
    }

    fn write(&self, n: usize, table: Columns) -> Result<()> {
        parquet::write(&self.file(n), &table, &self.request.seal).map(|_| ())
    }

    /// The rows of the lake, or those of some keys.
    fn index(&self, keys: Option<&[u64]>) -> Result<Index> {
        self.held.map_or(Ok(Index::default()), |held| held.index(self.identity, self.layout, self.bucket, keys))
    }

    /// Which rows of the lake name a debtor by a pseudonym that is no more, or are copies of a row whose counted one comes to lie here too.
    fn outdated(&self, index: &Index, fresh: &[(Header, &[u8])]) -> Result<Vec<bool>> {
        let told = |h: &Header| (h.debtor, h.key, h.known_on, h.seen_on, h.content);
        let counted: BTreeSet<_> = fresh.iter().filter(|(h, _)| h.file == MOVED && h.primary).map(|(h, _)| told(h)).collect();
        let Some(rows) = self.held.map_or(Ok(None), |held| held.rows(self.layout, self.bucket))? else { return Ok(Vec::new()) };
        let followed = self.split.moves.over(self.layout, &rows);
        Ok(index.headers.iter().map(|h| followed.outdates(h.line as usize) || !h.primary && counted.contains(&told(h))).collect())
    }

    /// The lake's rows of tonight's keys, and the counts of all its other rows; `None` where the lake's rows do not stand by themselves.
    fn narrow(&self, fresh: &[(Header, &[u8])], before: &Counted) -> Result<Option<(Index, Counted)>> {
        let mut keys: Vec<u64> = fresh.iter().map(|(h, _)| h.key).collect();
        keys.sort_unstable();
        keys.dedup();
        let index = self.index(Some(&keys))?;
        let mut rows: Vec<(Header, &[u8])> = index.headers.iter().map(|h| (*h, &[] as &[u8])).collect();
        rows.sort_unstable_by_key(|row| row.0);
        let own = self.resolve(&rows, &index, &mut BucketOutcome::default(), &mut Vec::new())?;
        let stands = own.facts.len() == rows.len() && own.table.rows <= before.rows && rows.len() as u64 <= before.stored;
        if !stands {
            return Ok(None);
        }
        let sum = before.sum()?.wrapping_sub(own.sum);
        let others =
            Counted { rows: before.rows - own.table.rows, sum: format!("{sum:032x}"), stored: before.stored - index.headers.len() as u64 };
        Ok(Some((index, others)))
    }

    /// `rows` are sorted by header: debtor, key, known_on, seen_on, content, here before elsewhere, the lake's before tonight's.
    fn resolve<'r>(
        &self,
        rows: &[(Header, &'r [u8])],
        index: &Index,
        outcome: &mut BucketOutcome,
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
                self.of_day(same_day, is_full, &mut facts, index, outcome, &mut out.table, rejects);
            }
            facts.sort_by_key(|f| f.ordinal);
            let first = out.facts.len();
            for mut fact in facts {
                let before = out.facts[first..].last().filter(|b| b.ordinal == fact.ordinal && b.header.known_on == fact.header.known_on);
                if let Some(before) = before.filter(|b| repeats(&b.header, &fact.header)) {
                    // Said again on a later day is not said anew.
                    let known = !before.header.fresh;
                    count_repeat(&fact.header, known, outcome, &mut out.table);
                    continue;
                }
                fact.rank = before.map_or(0, |b| b.rank + 1);
                count_fact(&fact.header, outcome, &mut out.table);
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
                let gone = self.absent(first, day, &mut out)?;
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
    fn absent(&self, first: usize, day: Day, out: &mut Resolved<'_>) -> Result<u128> {
        // A void row counts for nothing: that it is gone too tells nothing.
        let tells = |h: &Header| !h.elsewhere && !h.void && h.seen_on < day;
        let Some(last) = out.facts[first..].last().filter(|f| tells(&f.header)) else { return Ok(0) };
        let header = last.header;
        if header.primary {
            out.table.absent += 1;
        }
        let retracts = self.request.sources.get(&self.layout.name).is_some_and(|m| m.absent == Absent::Retracted);
        if !retracts || !self.layout.fact || header.fresh {
            return Ok(0);
        }
        out.retracted.push(header.line as usize);
        if !header.primary {
            return Ok(0);
        }
        out.table.rows += 1;
        out.table.retracted += 1;
        let rank = last.rank + 1;
        Ok(row_hash(&Header { content: retraction(header.content), ..header }, last.ordinal, rank))
    }

    /// Tonight's rows, those of the lake that stay and those retracted, in the lake's order.
    fn joined(&self, fresh: &Columns, held: &[usize], retracted: &[usize]) -> Result<Columns> {
        let Some(rows) = self.held.map_or(Ok(None), |h| h.rows(self.layout, self.bucket))? else {
            return Err(Error::fault(format!("the lake's rows of {} are gone", self.layout.name)));
        };
        // A column that the catalog has got since is null in older rows.
        let aligned = |rows: &Columns| {
            self.layout.stored.iter().fold(Columns::new(), |out, (name, kind)| {
                out.with(name, rows.get(name).cloned().unwrap_or_else(|| Column::nulls(*kind, rows.len())))
            })
        };
        let mut parts = vec![aligned(&rows.take(held))];
        if !fresh.is_empty() {
            parts.push(fresh.clone());
        }
        if !retracted.is_empty() {
            let gone = aligned(&rows.take(retracted));
            let day = self.split.full.get(&self.layout.name).copied();
            let all = vec![day; gone.len()];
            let content = gone.require(tables::CONTENT)?.clone();
            let content: Vec<Option<i64>> = (0..gone.len()).map(|at| content.int_at(at).map(|c| retraction(c as u64) as i64)).collect();
            let reasons: Vec<Option<&str>> = vec![Some("entered_in_error"); gone.len()];
            parts.push(
                gone.date("voided_on", all.clone()).text("void_reason", reasons).date(added::SEEN_ON, all).int(tables::CONTENT, content),
            );
        }
        tables::sorted(&Columns::concat(&parts)?)
    }

    /// Tonight's rows as the lake stores them, in its order.
    fn stored(&self, facts: Vec<Fact<'_>>) -> Result<Columns> {
        let layout = self.layout;
        let mut named = Vec::with_capacity(facts.len());
        for fact in &facts {
            named.push(row_id(layout, fact)?);
        }
        let mut order: Vec<usize> = (0..facts.len()).collect();
        order.sort_unstable_by(|&a, &b| {
            let last = |i: usize| (facts[i].header.known_on, facts[i].header.seen_on, facts[i].header.content as i64);
            let ids = |i: usize| (facts[i].header.debtor, &named[i]);
            ids(a).cmp(&ids(b)).then_with(|| last(a).cmp(&last(b)))
        });
        let mut builders: Vec<Builder> = layout.body.iter().map(|(_, kind)| Builder::new(*kind)).collect();
        let row_id_at = layout.body_position(added::ROW_ID);
        for &i in &order {
            let mut rest = facts[i].body;
            for (at, builder) in builders.iter_mut().enumerate() {
                let value = Value::decode(&mut rest)?;
                builder.push(if Some(at) == row_id_at { Value::Text(&named[i]) } else { value })?;
            }
            if !rest.is_empty() {
                return Err(Error::fault(format!("a record of {} holds more than its layout", layout.name)));
            }
        }
        let mut values: std::collections::BTreeMap<&str, Column> = std::collections::BTreeMap::new();
        for ((name, _), builder) in layout.body.iter().zip(builders) {
            values.insert(name, builder.finish()?);
        }
        let headers = || order.iter().map(|&i| &facts[i].header);
        let extra = Columns::new()
            .text(added::DEBTOR_ID, headers().map(|h| Some(hex(&h.debtor))))
            .text(added::ROW_ID, order.iter().map(|&i| Some(&named[i])))
            .flag(added::IS_OWN, headers().map(|h| h.own))
            .flag(added::ELSEWHERE, headers().map(|h| Some(h.elsewhere)))
            .text(&added::unlinked(added::DEBTOR_ID), headers().map(|h| Some(hex(&h.base)).filter(|_| h.base != h.debtor)))
            .int(tables::CONTENT, headers().map(|h| Some(h.content as i64)))
            .flag(tables::PRIMARY, headers().map(|h| Some(h.primary)))
            .flag(tables::GIVEN, headers().map(|h| Some(h.given)));
        let mut table = Columns::new();
        for (name, _) in &layout.stored {
            let column = match values.remove(name.as_str()) {
                Some(column) => column,
                None => extra.require(name)?.clone(),
            };
            table = table.with(name, column);
        }
        Ok(table)
    }
}

/// What a fact of tonight is called in the lake.
fn row_id<'a>(layout: &Layout, fact: &Fact<'a>) -> Result<Cow<'a, str>> {
    let mut rest = fact.body;
    for at in 0..=layout.body_position(added::ROW_ID).filter(|_| fact.header.given).unwrap_or_default() {
        if let (Value::Text(text), true) = (Value::decode(&mut rest)?, Some(at) == layout.body_position(added::ROW_ID)) {
            return Ok(Cow::Borrowed(text));
        }
    }
    Ok(Cow::Owned(match fact.ordinal {
        0 => format!("{:016x}", fact.header.key),
        n => format!("{:016x}-{n}", fact.header.key),
    }))
}

impl TableOutcome {
    /// A bucket that nothing touched.
    fn carried(before: Counted) -> TableOutcome {
        let sum = if before.sum.is_empty() { format!("{:032x}", 0) } else { before.sum };
        TableOutcome { stored: before.stored, rows: before.rows, before: before.rows, sum, ..TableOutcome::default() }
    }
}
