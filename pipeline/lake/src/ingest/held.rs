//! The lake as it was before tonight: who is who in it, its rows as the second pass compares them, and the way of those that move.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::identities::IdentitySpill;
use super::layout::{Layout, added};
use super::moves::{Entry, Ledger, Moves, Named, place_of_debtor, place_of_text};
use super::people::People;
use super::place::{encode_basis, encode_debtor};
use super::record::{Header, Id, Value, hex, push_record, unhex};
use super::references::{Basis, References, Target};
use super::retention::{CLOSING, Closings};
use super::state::State;
use super::told::{Told, header};
use super::{Request, identity::Identity};
use crate::columns::{Column, Columns, Day};
use crate::error::Result;
use crate::schema::BucketBy;
use crate::store::lake::{self, LakeInfo};
use crate::store::seal::Seal;
use crate::store::spill::Spill;
use crate::store::vault::Vault;
use crate::store::{parquet, tables};

/// The file number of rows that moved: they are counted apart from what was read.
pub(super) const MOVED: u32 = u32::MAX - 1;

/// A lake that tonight's rows are added to.
pub(super) struct Held {
    pub info: LakeInfo,
    pub state: State,
    folder: PathBuf,
    seal: Seal,
    vault: Vault,
}

impl Held {
    /// The lake of the work folder; `None` where there is none, or one of a format before rows could be added, which is built anew.
    pub(super) fn open(request: &Request) -> Result<Option<Held>> {
        let Some(info) = lake::read(&request.work)?.filter(|info| info.format >= lake::ADDED_TO) else { return Ok(None) };
        let folder = request.work.lake();
        let (seal, vault) = (request.seal.clone(), Vault::open(&request.work.vault(), &request.vault));
        Ok(State::read(&folder)?.map(|state| Held { info, state, folder, seal, vault }))
    }

    /// The buckets a table has, or the whole of it.
    fn buckets(&self, layout: &Layout) -> Vec<Option<u32>> {
        if layout.bucketed() { (0..self.info.buckets).map(Some).collect() } else { vec![None] }
    }

    /// Some columns of a table, a bucket at a time.
    pub(super) fn each(&self, layout: &Layout, names: &[&str], take: &mut dyn FnMut(Option<u32>, Columns) -> Result<()>) -> Result<()> {
        for bucket in self.buckets(layout) {
            for part in tables::parts(&self.folder, &layout.name, bucket)? {
                let there: Vec<&str> = names.iter().copied().filter(|name| self.has(layout, name)).collect();
                take(bucket, parquet::read_columns(&part, &there, &self.seal)?)?;
            }
        }
        Ok(())
    }

    /// Whether the table's files have a column: a lake of an earlier catalog or format lacks those added since.
    fn has(&self, layout: &Layout, name: &str) -> bool {
        self.state.columns.get(&layout.name).is_some_and(|all| all.iter().any(|n| n == name))
    }

    /// Adds the debtors of the lake's vault to the maps.
    pub(super) fn debtors(
        &self,
        identity: &Identity,
        sources: &[String],
        references: &mut References,
        people: &mut Option<People>,
    ) -> Result<()> {
        for bucket in 0..self.info.buckets {
            let Some(rows) = self.vault.read("debtors", bucket)? else { continue };
            let mut by_source: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
            for row in 0..rows.len() {
                by_source.entry(text(&rows, added::SOURCE_ID, row)).or_default().push(row);
            }
            for (name, positions) in by_source {
                let source = source_at(sources, name);
                let place = |row: usize| format!("vault row {row}");
                references.add_debtors(identity, (source, name), &rows.take(&positions), &place, people)?;
            }
        }
        Ok(())
    }

    /// The vault's rows of a table without a debtor.
    pub(super) fn vault_rows(&self, table: &str) -> Result<Option<Columns>> {
        self.vault.read(table, 0)
    }

    /// Adds cases, parties and owners of the lake to the maps, under the pseudonyms of tonight; says which cases and assets that moved.
    pub(super) fn places(&self, layouts: &[Layout], sources: &[String], references: &mut References, moves: &mut Moves) -> Result<()> {
        let (own, own_named) = (added::unlinked(added::DEBTOR_ID), added::unlinked(added::NAMED_ID));
        for layout in layouts {
            match layout.name.as_str() {
                "cases" => self.each(layout, &["case_no"], &mut |_, rows| {
                    references.add_cases(&rows);
                    Ok(())
                })?,
                "parties" => {
                    self.each(layout, &["case_no", "debtor_id", &own, added::NAMED_ID, &own_named, tables::PRIMARY], &mut |_, rows| {
                        let (lies_with, named) = (Named::by(&rows, "debtor_id"), Named::by(&rows, added::NAMED_ID));
                        for row in (0..rows.len()).filter(|&row| flag(&rows, tables::PRIMARY, row)) {
                            let target = |named: &Named<'_>| moves.named(named, row).map(|now| target(references, now));
                            let (Some(anchor), Some(party)) = (target(&lies_with), target(&named)) else { continue };
                            let case_no = text(&rows, "case_no", row);
                            if moves.renames(&named, row) {
                                moves.cases.insert(case_no.to_owned());
                            }
                            references.anchor_case(case_no, anchor);
                            references.add_party(case_no, party);
                        }
                        Ok(())
                    })?
                }
                _ if layout.bucket_by == BucketBy::Asset => {
                    self.each(layout, &["asset_ref", "debtor_id", &own, added::SOURCE_ID, tables::PRIMARY], &mut |_, rows| {
                        let lies_with = Named::by(&rows, "debtor_id");
                        for row in (0..rows.len()).filter(|&row| flag(&rows, tables::PRIMARY, row)) {
                            let Some(anchor) = moves.named(&lies_with, row).map(|now| target(references, now)) else { continue };
                            let source = source_at(sources, text(&rows, added::SOURCE_ID, row));
                            references.anchor_asset(source, text(&rows, "asset_ref", row), anchor);
                        }
                        Ok(())
                    })?;
                }
                "assets" => self.each(layout, &["asset_ref", "debtor_id", &own, added::SOURCE_ID, added::ELSEWHERE], &mut |_, rows| {
                    let owner = Named::by(&rows, "debtor_id");
                    for row in (0..rows.len()).filter(|&row| !flag(&rows, added::ELSEWHERE, row)) {
                        let Some(target) = moves.named(&owner, row).map(|now| target(references, now)) else { continue };
                        let (source, asset) = (text(&rows, added::SOURCE_ID, row), text(&rows, "asset_ref", row));
                        if moves.renames(&owner, row) {
                            moves.assets.insert((source.to_owned(), asset.to_owned()));
                        }
                        references.add_owner(source_at(sources, source), asset, target);
                    }
                    Ok(())
                })?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes in how the lake's cases stand.
    pub(super) fn closings(&self, layouts: &[Layout], closings: &mut Closings<'_>) -> Result<()> {
        let Some(layout) = layouts.iter().find(|l| l.name == "cases") else { return Ok(()) };
        self.each(layout, &CLOSING, &mut |_, rows| {
            closings.add(&rows);
            Ok(())
        })
    }

    /// Writes the rows of a table that lie elsewhere from tonight on to where they belong, those whose key has several places included.
    pub(super) fn lay_anew(
        &self,
        layout: &Layout,
        maps: Maps<'_>,
        moves: &Moves,
        mut ledger: Ledger,
        spill: &mut Spill,
        folder: Option<&Path>,
    ) -> Result<()> {
        let mut line = 0u64;
        let mut lay = |layout: &Layout, rows: &Columns, at: usize, spill: &mut Spill| -> Result<Vec<Entry>> {
            line += 1;
            self.lay_row(layout, &maps, moves, rows, at, line, spill)
        };
        let concerned = layout.bucketed() && moves.concern(layout);
        if concerned {
            for bucket in self.buckets(layout) {
                let Some(rows) = self.rows(layout, bucket)? else { continue };
                let followed = moves.over(layout, &rows);
                for at in (0..rows.len()).filter(|&at| flag(&rows, tables::PRIMARY, at) && followed.follows(at)) {
                    let entries = lay(layout, &rows, at, spill)?;
                    ledger.push(&entries)?;
                }
                spill.flush(false)?;
            }
        }
        let keyed = layout.bucketed() && !ledger.is_empty();
        if keyed {
            let own = added::unlinked(added::DEBTOR_ID);
            let mut names = vec!["debtor_id", own.as_str(), added::ROW_ID, added::ELSEWHERE, added::SOURCE_ID, tables::GIVEN];
            let hangs_on = match layout.bucket_by {
                BucketBy::Case => Some("case_no"),
                BucketBy::Asset => Some("asset_ref"),
                _ => None,
            };
            names.extend(hangs_on);
            self.each(layout, &names, &mut |_, rows| {
                let lies_with = Named::by(&rows, "debtor_id");
                let (told, mut entries) = (Told::by(&rows), Vec::new());
                for at in (0..rows.len()).filter(|&at| !flag(&rows, added::ELSEWHERE, at)) {
                    let key = told.key(maps.identity, layout, at)?;
                    let Some(now) = Some(at).filter(|_| ledger.knows(key)).and_then(|at| moves.named(&lies_with, at)) else { continue };
                    let target = target(maps.references, now);
                    let place = hangs_on.map_or_else(|| place_of_debtor(&target.id), |name| place_of_text(text(&rows, name, at)));
                    entries.push(Entry { key, place, target });
                }
                ledger.push_held(&entries)
            })?;
        }
        let moved = ledger.finish()?;
        if moved.is_empty() {
            return spill.flush(true);
        }
        if keyed {
            for bucket in self.buckets(layout) {
                let Some(rows) = self.rows(layout, bucket)? else { continue };
                let (told, followed) = (Told::by(&rows), moves.over(layout, &rows));
                for at in (0..rows.len()).filter(|&at| flag(&rows, tables::PRIMARY, at) && !followed.follows(at)) {
                    let key = told.key(maps.identity, layout, at)?;
                    if moved.contains_key(&key) {
                        lay(layout, &rows, at, spill)?;
                    }
                }
            }
        }
        spill.flush(true)?;
        folder.map_or(Ok(()), |folder| super::moves::copy_elsewhere(folder, &moved, spill, &self.seal))
    }

    /// Hands on the identity values of debtors whose pseudonym changed, to their new bucket.
    pub(super) fn lay_identities(&self, layout: &Layout, moves: &Moves, references: &References, out: &mut IdentitySpill) -> Result<()> {
        if layout.identity.is_empty() || !layout.bucketed() || !moves.all && moves.debtors.is_empty() {
            return Ok(());
        }
        for bucket in 0..self.info.buckets {
            let Some(rows) = self.vault.read(&layout.name, bucket)? else { continue };
            let mut by_source: BTreeMap<&str, Vec<(usize, Id, u32)>> = BTreeMap::new();
            for row in 0..rows.len() {
                let id = text(&rows, "debtor_id", row);
                let Some(now) = unhex(id).map(|id| moves.own(&id)).filter(|_| moves.all || moves.debtors.contains_key(id)) else {
                    continue;
                };
                by_source.entry(text(&rows, added::SOURCE_ID, row)).or_default().push((row, now, references.bucket(&now)));
            }
            for (source, moved) in by_source {
                out.push(&rows, source, &moved)?;
            }
        }
        Ok(())
    }

    /// The days of the exports of a table that were loaded.
    pub(super) fn days_of(&self, table: &str) -> BTreeSet<Day> {
        let of_table = |key: &str| key.strip_prefix(table).is_some_and(|rest| rest.starts_with('/'));
        self.state.files.iter().filter(|(key, _)| of_table(key)).map(|(_, loaded)| loaded.seen_on).collect()
    }

    /// The regions the lake knows.
    pub(super) fn regions(&self) -> Result<Option<Columns>> {
        tables::read_whole(&self.folder, "regions", &self.seal)
    }

    /// All rows of a table in one bucket, as they lie in its files.
    pub(super) fn rows(&self, layout: &Layout, bucket: Option<u32>) -> Result<Option<Columns>> {
        let parts = tables::parts(&self.folder, &layout.name, bucket)?;
        let read = parts.iter().map(|part| parquet::read(part, &self.seal)).collect::<Result<Vec<_>>>()?;
        if read.is_empty() { Ok(None) } else { Columns::concat(&read).map(Some) }
    }

    /// The files of a table in one bucket.
    pub(super) fn parts(&self, layout: &Layout, bucket: Option<u32>) -> Result<Vec<PathBuf>> {
        tables::parts(&self.folder, &layout.name, bucket)
    }

    #[allow(clippy::too_many_arguments, reason = "a row, its table, where it goes and where it is written")]
    fn lay_row(
        &self,
        layout: &Layout,
        maps: &Maps<'_>,
        moves: &Moves,
        rows: &Columns,
        at: usize,
        line: u64,
        spill: &mut Spill,
    ) -> Result<Vec<Entry>> {
        let own = header(maps.identity, layout, &Told::by(rows), at)?;
        let named = moves.named(&Named::by(rows, added::NAMED_ID), at).map(|(id, _)| id);
        let source = text(rows, added::SOURCE_ID, at);
        let source_at = source_at(maps.sources, source);
        let targets: Vec<Target> = match layout.bucket_by {
            BucketBy::Case => maps.references.parties(text(rows, "case_no", at)).unwrap_or_default().to_vec(),
            BucketBy::Asset => maps.references.owners(source_at, text(rows, "asset_ref", at)).unwrap_or_default().to_vec(),
            BucketBy::Debtor | BucketBy::Subject | BucketBy::Whole => vec![target(maps.references, moves.now(&own.base))],
        };
        let body = self.body(layout, maps.references, moves, rows, at, own.given);
        // Where the counted copy stays, it stays counted; where it goes, the first copy is counted in its stead.
        let counted = if moves.all || moves.over(layout, rows).outdates(at) { targets.first().map(|t| t.id) } else { None };
        let mut entries = Vec::new();
        for target in targets {
            let Target { id, bucket, base } = target;
            let is_own = if layout.has_own() { named.map(|named| named == id) } else { None };
            let primary = counted == Some(id);
            let copy = Header { debtor: id, base, primary, own: is_own, fresh: true, elsewhere: false, file: MOVED, line, ..own };
            let mut record = Vec::new();
            push_record(&mut record, &copy, &body);
            spill.push(bucket as usize, &record);
            if !own.repeats && (own.given || layout.key_may_move()) {
                let place = match layout.bucket_by {
                    BucketBy::Case => place_of_text(text(rows, "case_no", at)),
                    BucketBy::Asset => place_of_text(text(rows, "asset_ref", at)),
                    _ => place_of_debtor(&id),
                };
                entries.push(Entry { key: own.key, place, target });
            }
        }
        Ok(entries)
    }

    /// A row of the lake as a record's body: what `place` made of it, with the pseudonyms of tonight.
    fn body(&self, layout: &Layout, references: &References, moves: &Moves, rows: &Columns, at: usize, given: bool) -> Vec<u8> {
        let mut body = Vec::new();
        for (name, _) in &layout.body {
            let refers = name == added::NAMED_ID || layout.other_refs.iter().any(|&i| layout.columns[i].0 == *name);
            match name.as_str() {
                _ if refers => encode_debtor(moves.named(&Named::by(rows, name), at), &mut body),
                // Written with the column before it.
                _ if name.ends_with(tables::UNLINKED) || name == added::LINK_PROBABILITY => {}
                added::IDENTITY_BASIS => encode_basis(basis(references, moves, rows, at), &mut body),
                added::ROW_ID if !given => Value::Null.encode(&mut body),
                _ => Value::at(rows.get(name), at).encode(&mut body),
            }
        }
        body
    }
}

/// What says now who the debtor of a row of the lake is.
fn basis(references: &References, moves: &Moves, rows: &Columns, at: usize) -> Basis {
    let Some((_, own)) = moves.named(&Named::by(rows, added::DEBTOR_ID), at) else { return Basis::Ref };
    match moves.links.get(&hex(&own)) {
        Some((_, probability)) => Basis::Linked(*probability),
        // Own pseudonyms are made of numbers, or they are those of a source's keys.
        None if references.debtor_by_ref_id(&own).is_some() => Basis::Ref,
        None => Basis::Number,
    }
}

fn target(references: &References, (id, base): (Id, Id)) -> Target {
    Target { id, bucket: references.bucket(&id), base }
}

/// What a row needs to find its new place.
#[derive(Clone, Copy)]
pub(super) struct Maps<'a> {
    pub identity: &'a Identity,
    pub references: &'a References,
    pub sources: &'a [String],
}

/// Rows of one table and bucket without their values, each with its position among all of them as its line.
#[derive(Default)]
pub(super) struct Index {
    pub headers: Vec<Header>,
    pub(super) row_ids: Option<Column>,
}

impl Index {
    /// The id a row has in the lake.
    pub(super) fn row_id(&self, row: &Header) -> &str {
        let at = self.headers.binary_search_by_key(&row.line, |h| h.line).ok();
        at.and_then(|at| self.row_ids.as_ref()?.text_at(at)).unwrap_or_default()
    }
}

/// The place of a source's name among all of them.
fn source_at(sources: &[String], name: &str) -> usize {
    sources.binary_search_by(|s| s.as_str().cmp(name)).unwrap_or_default()
}

fn text<'a>(rows: &'a Columns, name: &str, at: usize) -> &'a str {
    rows.get(name).and_then(|c| c.text_at(at)).unwrap_or_default()
}

fn flag(rows: &Columns, name: &str, at: usize) -> bool {
    rows.get(name).and_then(|c| c.flag_at(at)).unwrap_or_default()
}
