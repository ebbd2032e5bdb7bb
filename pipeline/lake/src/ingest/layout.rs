//! Where each column of a table goes on its way into the lake: kept, replaced by a pseudonym, or to the vault.

use crate::columns::ColumnKind;
use crate::error::{Error, Result};
use crate::schema::{BucketBy, Table};
use crate::store::tables;

/// The columns every fact row has that say when it was known or void: no part of a key.
const BOOKKEEPING: [&str; 4] = ["known_on", "row_id", "voided_on", "void_reason"];

/// Columns the lake adds to a table's own.
pub(super) mod added {
    /// The pseudonym of the debtor whose bucket the row lies in.
    pub const DEBTOR_ID: &str = "debtor_id";
    /// The exporting source, as the mapping names it; null where it names none.
    pub const SOURCE_ID: &str = "source_id";
    /// `stated` or `assumed`.
    pub const KNOWN_ON_BASIS: &str = "known_on_basis";
    /// The day of the export.
    pub const SEEN_ON: &str = "seen_on";
    /// The key of the row.
    pub const ROW_ID: &str = "row_id";
    /// Whether a receipt is this party's own.
    pub const IS_OWN: &str = "is_own";
    /// The debtor a case's row names, of whatever party the copy is.
    pub const NAMED_ID: &str = "named_id";
    /// Whether this version of a fact names another debtor or case than this copy's: it ends the fact here.
    pub const ELSEWHERE: &str = "elsewhere";
    /// What the pseudonym was made of: number, linked or ref.
    pub const IDENTITY_BASIS: &str = "identity_basis";
    /// The eighteenth birthday, where it lies after `known_on`.
    pub const MINOR_UNTIL_ON: &str = "minor_until_on";
    /// Of a linked debtor, how likely it is the same person, rounded down.
    pub const LINK_PROBABILITY: &str = "link_probability";

    /// The column that holds the own pseudonym of a linked debtor, beside the one of the debtor he is linked to.
    pub fn unlinked(name: &str) -> String {
        format!("{name}{}", crate::store::tables::UNLINKED)
    }
}

/// The way of one table's columns. Positions are those of [`Table::columns`].
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub name: String,
    pub version: u16,
    pub fact: bool,
    pub bucket_by: BucketBy,
    /// No key, or a key that may be absent: then all columns are the key.
    pub key: Vec<usize>,
    /// Whether equal rows of one file without a key are distinct facts.
    pub repeats: bool,
    /// All columns that tell facts apart where there is no key.
    pub all_columns: Vec<usize>,
    /// The court's own key of the debtor the row is about.
    pub debtor_ref: Option<usize>,
    /// Other references to debtors, kept as pseudonyms under their own name.
    pub other_refs: Vec<usize>,
    pub case_no: Option<usize>,
    /// Columns whose value must be a known case.
    pub case_refs: Vec<usize>,
    pub asset_ref: Option<usize>,
    /// Columns whose value must be a known asset.
    pub asset_refs: Vec<usize>,
    pub row_id: Option<usize>,
    pub known_on: Option<usize>,
    /// Columns stored as they are.
    pub plain: Vec<usize>,
    /// Columns that go to the vault.
    pub identity: Vec<usize>,
    /// What a record's body holds, in order: name and kind.
    pub body: Vec<(String, ColumnKind)>,
    /// The lake's columns in order.
    pub stored: Vec<(String, ColumnKind)>,
    /// Names and kinds of all catalog columns.
    pub columns: Vec<(String, ColumnKind)>,
}

impl Layout {
    /// The layout of a catalog table.
    pub(super) fn of(table: &Table) -> Result<Layout> {
        let names = |keep: &dyn Fn(&crate::schema::Column) -> bool| -> Vec<usize> {
            table.columns.iter().enumerate().filter(|(_, c)| keep(c)).map(|(i, _)| i).collect()
        };
        let refers = |to: &str| names(&|c| c.refers.as_deref() == Some(to));
        let debtor_ref = table.position("debtor_ref");
        let other_refs: Vec<usize> = refers("debtors").into_iter().filter(|&i| Some(i) != debtor_ref).collect();
        let is_ref = |i: usize| Some(i) == debtor_ref || other_refs.contains(&i);
        let identity = names(&|c| c.identity);
        let plain: Vec<usize> = (0..table.columns.len()).filter(|&i| !is_ref(i) && !identity.contains(&i)).collect();
        let mut key = Vec::new();
        for name in &table.key {
            key.push(table.position(name).ok_or_else(|| Error::fault(format!("table {} has no column {name} of its key", table.name)))?);
        }
        let mut layout = Layout {
            name: table.name.clone(),
            version: table.version,
            fact: table.fact,
            bucket_by: table.bucket_by,
            key,
            repeats: table.key_optional,
            all_columns: names(&|c| !BOOKKEEPING.contains(&c.name.as_str())),
            debtor_ref,
            other_refs,
            case_no: table.position("case_no"),
            case_refs: refers("cases"),
            asset_ref: table.position("asset_ref"),
            asset_refs: refers("assets"),
            row_id: table.position(added::ROW_ID),
            known_on: table.position("known_on"),
            plain,
            identity,
            body: Vec::new(),
            stored: Vec::new(),
            columns: table.columns.iter().map(|c| (c.name.clone(), c.kind.stored())).collect(),
        };
        layout.body = layout.body_columns();
        layout.stored = layout.stored_columns();
        Ok(layout)
    }

    /// Whether rows lie in buckets.
    pub(super) fn bucketed(&self) -> bool {
        self.bucket_by != BucketBy::Whole
    }

    /// Whether versions of a keyed fact may lie with different debtors or cases: the key does not say where the row lies.
    pub(super) fn key_may_move(&self) -> bool {
        let place = match self.bucket_by {
            BucketBy::Debtor => self.debtor_ref,
            BucketBy::Case => self.case_no,
            BucketBy::Asset => self.asset_ref,
            BucketBy::Subject | BucketBy::Whole => return false,
        };
        !self.key.is_empty() && place.is_none_or(|at| !self.key.contains(&at))
    }

    /// The names of the lake's columns.
    pub(super) fn stored_names(&self) -> Vec<String> {
        self.stored.iter().map(|(name, _)| name.clone()).collect()
    }

    /// Whether it is the table of debtors itself.
    pub(super) fn is_debtors(&self) -> bool {
        self.name == "debtors"
    }

    /// Whether copies of a row must say if it is the party's own: a case's row that names a debtor.
    pub(super) fn has_own(&self) -> bool {
        self.bucket_by == BucketBy::Case && self.debtor_ref.is_some()
    }

    /// The place of `row_id` and `case_no` in the body.
    pub(super) fn body_position(&self, name: &str) -> Option<usize> {
        self.body.iter().position(|(n, _)| n == name)
    }

    fn body_columns(&self) -> Vec<(String, ColumnKind)> {
        let named = |name: &str, kind| (name.to_owned(), kind);
        let mut body: Vec<_> = self.plain.iter().map(|&i| self.columns[i].clone()).collect();
        if self.fact {
            body.push(named(added::KNOWN_ON_BASIS, ColumnKind::Text));
        }
        for &i in &self.other_refs {
            body.push(self.columns[i].clone());
            body.push((added::unlinked(&self.columns[i].0), ColumnKind::Text));
        }
        if self.has_own() {
            body.push(named(added::NAMED_ID, ColumnKind::Text));
            body.push((added::unlinked(added::NAMED_ID), ColumnKind::Text));
        }
        if self.fact {
            body.push(named(added::SEEN_ON, ColumnKind::Date));
        }
        body.push(named(added::SOURCE_ID, ColumnKind::Text));
        if self.is_debtors() {
            body.push(named(added::IDENTITY_BASIS, ColumnKind::Text));
            body.push(named(added::LINK_PROBABILITY, ColumnKind::Real));
            body.push(named(added::MINOR_UNTIL_ON, ColumnKind::Date));
        }
        body
    }

    fn stored_columns(&self) -> Vec<(String, ColumnKind)> {
        let mut stored = Vec::new();
        if self.bucketed() {
            stored.push((added::DEBTOR_ID.to_owned(), ColumnKind::Text));
        }
        for (i, column) in self.columns.iter().enumerate() {
            if Some(i) != self.debtor_ref && !self.identity.contains(&i) {
                stored.push(column.clone());
            }
        }
        for column in &self.body {
            if !stored.contains(column) {
                stored.push(column.clone());
            }
        }
        if self.row_id.is_none() {
            stored.push((added::ROW_ID.to_owned(), ColumnKind::Text));
        }
        if self.has_own() {
            stored.push((added::IS_OWN.to_owned(), ColumnKind::Flag));
        }
        if self.bucketed() {
            stored.push((added::ELSEWHERE.to_owned(), ColumnKind::Flag));
            stored.push((added::unlinked(added::DEBTOR_ID), ColumnKind::Text));
        }
        stored.push((tables::CONTENT.to_owned(), ColumnKind::Int));
        stored.push((tables::PRIMARY.to_owned(), ColumnKind::Flag));
        stored.push((tables::GIVEN.to_owned(), ColumnKind::Flag));
        stored
    }
}
