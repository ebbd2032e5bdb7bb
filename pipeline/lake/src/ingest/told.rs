//! A row of the lake as the second pass compares it: its key and version, without its values.

use super::identity::Identity;
use super::layout::{Layout, added};
use super::record::{Header, NO_DAY, unhex};
use crate::columns::{Column, Columns};
use crate::error::{Error, Result};
use crate::store::tables;

/// The file number of rows of the lake as it was.
const OF_LAKE: u32 = u32::MAX;

/// The columns by which keys and versions are told, found once for all rows, not by name for each.
pub(super) struct Told<'a> {
    debtor: Option<&'a Column>,
    base: Option<&'a Column>,
    row_id: Option<&'a Column>,
    source: Option<&'a Column>,
    known_on: Option<&'a Column>,
    seen_on: Option<&'a Column>,
    content: Option<&'a Column>,
    primary: Option<&'a Column>,
    elsewhere: Option<&'a Column>,
    given: Option<&'a Column>,
    void: [Option<&'a Column>; 2],
}

impl<'a> Told<'a> {
    pub(super) fn by(rows: &'a Columns) -> Told<'a> {
        Told {
            debtor: rows.get("debtor_id"),
            base: rows.get(&added::unlinked(added::DEBTOR_ID)),
            row_id: rows.get(added::ROW_ID),
            source: rows.get(added::SOURCE_ID),
            known_on: rows.get("known_on"),
            seen_on: rows.get(added::SEEN_ON),
            content: rows.get(tables::CONTENT),
            primary: rows.get(tables::PRIMARY),
            elsewhere: rows.get(added::ELSEWHERE),
            given: rows.get(tables::GIVEN),
            void: ["voided_on", "void_reason"].map(|name| rows.get(name)),
        }
    }

    /// The key a row of the lake was given: of the export's id, or what its own id begins with.
    pub(super) fn key(&self, identity: &Identity, layout: &Layout, at: usize) -> Result<u64> {
        let row_id = text(self.row_id, at);
        if flag(self.given, at) {
            return Ok(identity.key_of_row_id(&layout.name, text(self.source, at), row_id, &mut Vec::new()));
        }
        let digits = row_id.split('-').next().unwrap_or_default();
        u64::from_str_radix(digits, 16).map_err(|_| Error::fault(format!("a row of {} in the lake has no id of ours", layout.name)))
    }
}

/// What the second pass compares of a row of the lake.
pub(super) fn header(identity: &Identity, layout: &Layout, told: &Told<'_>, at: usize) -> Result<Header> {
    let day = |column: Option<&Column>| column.and_then(|c| c.date_at(at)).unwrap_or(NO_DAY);
    let (given, row_id) = (flag(told.given, at), text(told.row_id, at));
    let content = told.content.ok_or_else(|| Error::fault(format!("rows of {} in the lake without {}", layout.name, tables::CONTENT)))?;
    let debtor = unhex(text(told.debtor, at)).unwrap_or_default();
    Ok(Header {
        debtor,
        base: unhex(text(told.base, at)).unwrap_or(debtor),
        key: told.key(identity, layout, at)?,
        known_on: layout.known_on.map_or(NO_DAY, |_| day(told.known_on)),
        seen_on: day(told.seen_on),
        content: content.int_at(at).unwrap_or_default() as u64,
        fresh: false,
        file: OF_LAKE,
        line: at as u64,
        primary: flag(told.primary, at),
        own: None,
        repeats: layout.repeats && !given && row_id.contains('-'),
        void: told.void.iter().any(|column| column.is_some_and(|c| !c.is_null(at))),
        placed: layout.bucketed(),
        elsewhere: flag(told.elsewhere, at),
        given,
        awaited: NO_DAY,
    })
}

fn text(column: Option<&Column>, at: usize) -> &str {
    column.and_then(|c| c.text_at(at)).unwrap_or_default()
}

fn flag(column: Option<&Column>, at: usize) -> bool {
    column.and_then(|c| c.flag_at(at)).unwrap_or_default()
}
