//! Identity values on their way to the vault: encrypted from the moment they leave memory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Request;
use super::layout::{Layout, added};
use super::record::{Id, NO_DAY, hex};
use super::split::Split;
use crate::columns::{Column, ColumnKind, Columns};
use crate::error::Result;
use crate::store::seal::Seal;
use crate::store::vault::{self, Vault};
use crate::store::{atomic, parquet};

/// Rows that may wait in memory.
const WAITING_ROWS: usize = 100_000;

/// Collects the identity columns of one table by bucket.
pub(super) struct IdentitySpill {
    folder: Option<PathBuf>,
    seal: Seal,
    names: Vec<(String, ColumnKind)>,
    pending: BTreeMap<u32, Vec<Columns>>,
    rows: usize,
    part: usize,
}

fn parts_folder(staging: &Path, table: &str) -> PathBuf {
    staging.join("identities").join(table)
}

impl IdentitySpill {
    pub(super) fn new(staging: Option<&Path>, layout: &Layout, seal: &Seal) -> IdentitySpill {
        IdentitySpill {
            folder: staging.filter(|_| !layout.identity.is_empty()).map(|s| parts_folder(s, &layout.name)),
            seal: seal.clone(),
            names: columns_of(layout),
            pending: BTreeMap::new(),
            rows: 0,
            part: 0,
        }
    }

    /// Takes these rows of a piece of input: (row, debtor, bucket).
    pub(super) fn push(&mut self, columns: &Columns, source: &str, rows: &[(usize, Id, u32)]) -> Result<()> {
        if self.folder.is_none() || rows.is_empty() {
            return Ok(());
        }
        let mut by_bucket: BTreeMap<u32, Vec<(usize, Id)>> = BTreeMap::new();
        for (row, id, bucket) in rows {
            by_bucket.entry(*bucket).or_default().push((*row, *id));
        }
        for (bucket, rows) in by_bucket {
            let positions: Vec<usize> = rows.iter().map(|(row, _)| *row).collect();
            let mut part = Columns::new()
                .text(added::DEBTOR_ID, rows.iter().map(|(_, id)| Some(hex(id))))
                .text(added::SOURCE_ID, rows.iter().map(|_| Some(source).filter(|s| !s.is_empty())));
            let taken = columns.take(&positions);
            for (name, kind) in &self.names {
                let column = taken.get(name).cloned().unwrap_or_else(|| Column::nulls(*kind, positions.len()));
                part = part.with(name, column);
            }
            self.pending.entry(bucket).or_default().push(part);
        }
        self.rows += rows.len();
        if self.rows >= WAITING_ROWS { self.finish() } else { Ok(()) }
    }

    /// Writes what waits in memory.
    pub(super) fn finish(&mut self) -> Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        for (bucket, parts) in std::mem::take(&mut self.pending) {
            let path = folder.join(format!("{bucket:03}")).join(format!("{:06}.parquet", self.part));
            parquet::write(&path, &Columns::concat(&parts)?, &self.seal)?;
        }
        self.rows = 0;
        self.part += 1;
        Ok(())
    }
}

/// The columns of a table in the vault, but for the debtor and the source.
fn columns_of(layout: &Layout) -> Vec<(String, ColumnKind)> {
    let mut names: Vec<(String, ColumnKind)> = Vec::new();
    if layout.bucketed() {
        names.extend(layout.debtor_ref.map(|i| layout.columns[i].clone()));
        names.extend(layout.identity.iter().map(|&i| layout.columns[i].clone()));
        // Without the kind of a number nobody can tell on a later night whether a pseudonym was made of it.
        names.extend(layout.columns.iter().filter(|(name, _)| name == "id_kind").cloned());
        // What a linkage compares beside identity values.
        let compared = |name: &str| layout.is_debtors() && ["kind", "home_region", "residence_region"].contains(&name);
        names.extend(layout.columns.iter().filter(|(name, _)| compared(name)).cloned());
        names.extend(layout.known_on.map(|i| layout.columns[i].clone()));
    } else {
        // Nothing would lead from a row of the lake to its values in the vault: the vault's row is whole.
        names.extend(layout.columns.iter().cloned());
    }
    if layout.fact {
        names.push((added::SEEN_ON.to_owned(), ColumnKind::Date));
    }
    names
}

/// Rows of the vault under the columns of today: one that came since is null in them.
fn aligned(rows: &Columns, layout: &Layout) -> Columns {
    let first = [added::DEBTOR_ID, added::SOURCE_ID].map(|name| (name.to_owned(), ColumnKind::Text));
    let column = |name: &str, kind| rows.get(name).cloned().unwrap_or_else(|| Column::nulls(kind, rows.len()));
    first.into_iter().chain(columns_of(layout)).fold(Columns::new(), |out, (name, kind)| out.with(&name, column(&name, kind)))
}

/// Writes one bucket of the vault from what it held and the parts in a staging folder: equal rows once, in canonical order.
pub(super) fn settle(request: &Request, staging: &Path, split: &Split, layout: &Layout, bucket: u32) -> Result<()> {
    let folder = parts_folder(staging, &layout.name).join(format!("{bucket:03}"));
    let mut parts = Vec::new();
    for name in atomic::names_in(&folder)? {
        parts.push(parquet::read(&folder.join(name), &request.vault)?);
    }
    let (old, new) = (request.work.vault(), staging.join("vault"));
    let held = if split.adds && !(split.moves.all && layout.bucketed()) {
        Vault::open(&old, &request.vault).read(&layout.name, bucket)?
    } else {
        None
    };
    if let Some(held) = held {
        let stays =
            |row: &usize| !split.moves.debtors.contains_key(text(&held, added::DEBTOR_ID, *row)) && !is_over(split, layout, &held, *row);
        let staying: Vec<usize> = (0..held.len()).filter(stays).collect();
        if parts.is_empty() && staying.len() == held.len() && split.keeps_files {
            return atomic::link_unseen(&vault::file(&old, &layout.name, bucket), &vault::file(&new, &layout.name, bucket));
        }
        parts.push(aligned(&held.take(&staying), layout));
    }
    let mut rows = Columns::concat(&parts)?;
    let staying: Vec<usize> = (0..rows.len()).filter(|row| !is_over(split, layout, &rows, *row)).collect();
    if staying.len() < rows.len() {
        rows = rows.take(&staying);
    }
    if rows.is_empty() {
        return Ok(());
    }
    let order = [added::DEBTOR_ID, added::SOURCE_ID, "debtor_ref", "known_on", added::SEEN_ON];
    let mut names: Vec<&str> = order.into_iter().filter(|name| rows.get(name).is_some()).collect();
    names.extend(rows.names().filter(|name| !order.contains(name)));
    let sorted = rows.sorted_by(&names)?;
    // Said again on a later day is not said anew.
    let equal = |a: usize, b: usize| sorted.iter().all(|(name, c)| name == added::SEEN_ON || same(c, a, b));
    let distinct: Vec<usize> = (0..sorted.len()).filter(|&row| row == 0 || !equal(row - 1, row)).collect();
    Vault::open(&new, &request.vault).write(&layout.name, bucket, &sorted.take(&distinct))?;
    Ok(())
}

/// Whether a row leaves because its period of retention is over.
fn is_over(split: &Split, layout: &Layout, rows: &Columns, row: usize) -> bool {
    let known_on = rows.get("known_on").and_then(|c| c.date_at(row)).unwrap_or(NO_DAY);
    split.leaving.apply && split.leaving.is_over(&layout.name, text(rows, added::DEBTOR_ID, row), known_on)
}

fn text<'a>(rows: &'a Columns, name: &str, row: usize) -> &'a str {
    rows.get(name).and_then(|c| c.text_at(row)).unwrap_or_default()
}

fn same(column: &Column, a: usize, b: usize) -> bool {
    super::record::Value::at(Some(column), a) == super::record::Value::at(Some(column), b)
}
