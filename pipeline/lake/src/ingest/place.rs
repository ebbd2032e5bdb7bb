//! One checked row to records: hashed, pseudonymised, and copied to each bucket that needs it; or kept waiting.

use std::ops::Range;

use super::identity::{self, Identity, minor_until};
use super::layout::Layout;
use super::moves::{self, Entry};
use super::record::{Header, Id, NO_DAY, Said, Value, hex, push_record, unhex};
use super::references::{Basis, Debtor, References, Target};
use super::waiting::Versions;
use crate::columns::{Column, Columns, Day};
use crate::error::{Error, Result};
use crate::schema::BucketBy;

/// Why a row waits.
pub(super) mod reason {
    /// Its debtor is not known.
    pub const DEBTOR: &str = "debtor";
    /// Its case is not known.
    pub const CASE: &str = "case";
    /// Its case has no known party.
    pub const PARTY: &str = "party";
    /// Its asset is not known.
    pub const ASSET: &str = "asset";
}

/// Rows of one table from one place: a piece of a file, or rows kept from earlier nights.
pub(super) struct Batch<'a> {
    pub layout: &'a Layout,
    /// By catalog position.
    pub columns: Vec<Option<&'a Column>>,
    pub basis: Option<&'a Column>,
    pub seen_on: Option<&'a Column>,
    /// Index and name of the source of a row.
    pub source: &'a (dyn Fn(usize) -> (usize, &'a str) + Sync),
    /// References are pseudonyms already (rows kept waiting).
    pub hashed: bool,
    pub file: u32,
    pub lines: &'a [u64],
}

impl<'a> Batch<'a> {
    /// A batch over these columns, found by name.
    pub(super) fn over(
        layout: &'a Layout,
        columns: &'a Columns,
        source: &'a (dyn Fn(usize) -> (usize, &'a str) + Sync),
        file: u32,
        lines: &'a [u64],
    ) -> Batch<'a> {
        Batch {
            layout,
            columns: layout.columns.iter().map(|(name, _)| columns.get(name)).collect(),
            basis: columns.get(super::layout::added::KNOWN_ON_BASIS),
            seen_on: columns.get(super::layout::added::SEEN_ON),
            source,
            hashed: false,
            file,
            lines,
        }
    }

    fn text(&self, at: Option<usize>, row: usize) -> Option<&'a str> {
        at.and_then(|i| self.columns[i]).and_then(|c| c.text_at(row))
    }
}

/// What became of some rows.
pub(super) struct Placed {
    /// Records by bucket; whole tables use the first.
    pub buckets: Vec<Vec<u8>>,
    /// Records of waiting rows.
    pub waiting: Vec<u8>,
    pub waiting_rows: u64,
    /// Where rows lie whose key does not say it.
    pub entries: Vec<Entry>,
    /// Row of the batch, debtor, bucket: for the vault.
    pub identities: Vec<(usize, Id, u32)>,
    /// Content hashes of all rows, asked for where rows were kept waiting.
    pub contents: Vec<u64>,
}

struct Scratch {
    plain: Vec<u8>,
    body: Vec<u8>,
    hashed: Vec<u8>,
    row_id: String,
    copies: Vec<(Target, Option<bool>)>,
}

struct Reference {
    ref_id: Id,
    debtor: Option<Debtor>,
}

/// One row with its references looked up.
struct Row<'a, 'b> {
    batch: &'b Batch<'a>,
    at: usize,
    source: (usize, &'a str),
    debtor: Option<Reference>,
    others: Vec<Option<Reference>>,
}

impl<'a> Row<'a, '_> {
    fn text(&self, column: Option<usize>) -> Option<&'a str> {
        self.batch.text(column, self.at)
    }

    fn value(&self, column: usize) -> Value<'a> {
        Value::at(self.batch.columns[column], self.at)
    }

    fn named(&self, name: &str) -> Value<'a> {
        let column = self.batch.layout.columns.iter().position(|(n, _)| n == name);
        column.map_or(Value::Null, |i| self.value(i))
    }

    fn lacks_key(&self) -> bool {
        let layout = self.batch.layout;
        self.text(layout.row_id).is_none() && layout.key.iter().all(|&at| self.value(at) == Value::Null)
    }
}

/// Places rows against the maps as they stand.
pub(super) struct Placer<'a> {
    pub identity: &'a Identity,
    pub references: &'a References,
    pub buckets: usize,
    pub want_contents: bool,
    /// The table's rows that wait.
    pub awaited: &'a Versions,
}

impl Placer<'_> {
    /// Places these rows of a batch.
    pub(super) fn place(&self, batch: &Batch<'_>, rows: Range<usize>) -> Result<Placed> {
        let mut out = Placed {
            buckets: vec![Vec::new(); self.buckets.max(1)],
            waiting: Vec::new(),
            waiting_rows: 0,
            entries: Vec::new(),
            identities: Vec::new(),
            contents: Vec::new(),
        };
        let mut scratch = Scratch { plain: Vec::new(), body: Vec::new(), hashed: Vec::new(), row_id: String::new(), copies: Vec::new() };
        for at in rows {
            self.place_row(&self.row(batch, at), &mut scratch, &mut out)?;
        }
        Ok(out)
    }

    /// What tells rows of a batch apart, and whether two say the same: of those that are facts of their own key, by position.
    pub(super) fn told(&self, batch: &Batch<'_>) -> Vec<(Said, u64)> {
        let mut scratch = Scratch { plain: Vec::new(), body: Vec::new(), hashed: Vec::new(), row_id: String::new(), copies: Vec::new() };
        let day = |column: Option<&Column>, at: usize| column.and_then(|c| c.date_at(at)).unwrap_or(NO_DAY);
        let mut out = Vec::with_capacity(batch.lines.len());
        for at in 0..batch.lines.len() {
            let row = self.row(batch, at);
            encode_plain(&row, &mut scratch);
            let content = self.content(&row, &mut scratch);
            let key = self.key(&row, &mut scratch);
            out.push(((key, day(batch.layout.known_on.and_then(|i| batch.columns[i]), at), day(batch.seen_on, at)), content));
        }
        out
    }

    fn row<'a, 'b>(&self, batch: &'b Batch<'a>, at: usize) -> Row<'a, 'b> {
        let source = (batch.source)(at);
        let reference = |column: usize| self.reference(batch, column, at, source);
        Row {
            batch,
            at,
            source,
            debtor: batch.layout.debtor_ref.and_then(reference),
            others: batch.layout.other_refs.iter().map(|&column| reference(column)).collect(),
        }
    }

    fn place_row(&self, row: &Row<'_, '_>, s: &mut Scratch, out: &mut Placed) -> Result<()> {
        let (batch, layout) = (row.batch, row.batch.layout);
        if layout.bucket_by == BucketBy::Subject {
            self.check_subject(row)?;
        }
        encode_plain(row, s);
        let content = self.content(row, s);
        let day = |column: Option<&Column>| column.and_then(|c| c.date_at(row.at)).unwrap_or(NO_DAY);
        let mut header = Header {
            debtor: [0; 16],
            base: [0; 16],
            key: self.key(row, s),
            known_on: day(layout.known_on.and_then(|i| batch.columns[i])),
            seen_on: day(batch.seen_on),
            content,
            file: batch.file,
            line: batch.lines.get(row.at).copied().unwrap_or_default(),
            primary: true,
            own: None,
            repeats: layout.repeats && row.lacks_key(),
            void: ["voided_on", "void_reason"].iter().any(|name| row.named(name) != Value::Null),
            placed: layout.bucketed(),
            fresh: true,
            elsewhere: false,
            given: !s.row_id.is_empty(),
            awaited: NO_DAY,
        };
        header.awaited = self.awaited.last_before(&header);
        if self.want_contents {
            out.contents.push(content);
        }
        s.copies.clear();
        if let Some(reason) = self.targets(row, &mut s.copies) {
            encode_waiting(row, reason, s);
            push_record(&mut out.waiting, &Header { placed: false, ..header }, &s.body);
            out.waiting_rows += 1;
            return Ok(());
        }
        encode_body(row, header.known_on, s);
        for (n, (target, own)) in s.copies.iter().enumerate() {
            let copy = Header { debtor: target.id, base: target.base, primary: n == 0, own: *own, ..header };
            let records = out.buckets.get_mut(target.bucket as usize).ok_or_else(|| Error::fault("a bucket beyond the last"))?;
            push_record(records, &copy, &s.body);
        }
        if let Some(&(target, _)) = s.copies.first()
            && !layout.identity.is_empty()
        {
            // The vault keeps everybody under his own pseudonym: there is nothing to part when a link ends.
            let bucket = if target.base == target.id { target.bucket } else { self.references.bucket(&target.base) };
            out.identities.push((row.at, target.base, bucket));
        }
        if layout.bucketed() && !header.repeats && (header.given || layout.key_may_move()) {
            let place = self.place_of(row);
            out.entries.extend(s.copies.iter().map(|&(target, _)| Entry { key: header.key, place, target }));
        }
        Ok(())
    }

    /// Registers hold numbers of people who need not be debtors: a published key must not serve them either.
    fn check_subject(&self, row: &Row<'_, '_>) -> Result<()> {
        let (Value::Text(number), kind) = (row.named("id_no"), row.named("id_kind")) else { return Ok(()) };
        let kind = if let Value::Text(kind) = kind { Some(kind) } else { None };
        let line = row.batch.lines.get(row.at).copied().unwrap_or_default();
        self.identity.check_sample(kind, number, &format!("{} line {line}", row.batch.layout.name))
    }

    fn reference(&self, batch: &Batch<'_>, column: usize, at: usize, source: (usize, &str)) -> Option<Reference> {
        let text = batch.text(Some(column), at)?;
        if batch.hashed {
            let ref_id = unhex(text)?;
            return Some(Reference { ref_id, debtor: self.references.debtor_by_ref_id(&ref_id) });
        }
        let debtor = self.references.debtor(source.0, text);
        let ref_id = debtor.map_or_else(|| self.identity.of_ref(source.1, text), |d| d.ref_id);
        Some(Reference { ref_id, debtor })
    }

    /// The debtor, case or asset the row hangs on, in 64 bits.
    fn place_of(&self, row: &Row<'_, '_>) -> u64 {
        let layout = row.batch.layout;
        match layout.bucket_by {
            BucketBy::Case => moves::place_of_text(row.text(layout.case_no).unwrap_or_default()),
            BucketBy::Asset => moves::place_of_text(row.text(layout.asset_ref).unwrap_or_default()),
            _ => row.debtor.as_ref().and_then(|r| r.debtor).map_or(0, |d| moves::place_of_debtor(&d.id)),
        }
    }

    /// Everything the source said but the day of the export.
    fn content(&self, row: &Row<'_, '_>, s: &mut Scratch) -> u64 {
        start_hash(&mut s.hashed, b'C', row);
        s.hashed.extend_from_slice(&s.plain);
        for reference in std::iter::once(&row.debtor).chain(&row.others) {
            s.hashed.extend(reference.as_ref().map_or([0; 16], |r| r.ref_id));
        }
        for &column in &row.batch.layout.identity {
            row.value(column).encode(&mut s.hashed);
        }
        self.identity.hash(&s.hashed)
    }

    /// What makes rows versions of one fact: the export's row id, else the key, else every column of its own.
    fn key(&self, row: &Row<'_, '_>, s: &mut Scratch) -> u64 {
        let layout = row.batch.layout;
        if !s.row_id.is_empty() {
            return self.identity.key_of_row_id(&layout.name, row.source.1, &s.row_id, &mut s.hashed);
        }
        start_hash(&mut s.hashed, b'K', row);
        let by_all = layout.key.is_empty() || layout.repeats && row.lacks_key();
        s.hashed.push(u8::from(by_all));
        for &column in if by_all { &layout.all_columns } else { &layout.key } {
            if Some(column) == layout.debtor_ref {
                s.hashed.extend(row.debtor.as_ref().map_or([0; 16], |r| r.ref_id));
            } else {
                row.value(column).encode(&mut s.hashed);
            }
        }
        self.identity.hash(&s.hashed)
    }

    /// The buckets of a row, or why it waits.
    fn targets(&self, row: &Row<'_, '_>, copies: &mut Vec<(Target, Option<bool>)>) -> Option<&'static str> {
        let (layout, maps) = (row.batch.layout, self.references);
        let unknown = |r: &Option<Reference>| r.as_ref().is_some_and(|r| r.debtor.is_none());
        if unknown(&row.debtor) || row.others.iter().any(unknown) {
            return Some(reason::DEBTOR);
        }
        let known_case = |&at: &usize| row.text(Some(at)).is_none_or(|c| maps.parties(c).is_some());
        if !layout.case_refs.iter().all(known_case) {
            return Some(reason::CASE);
        }
        let known_asset = |&at: &usize| row.text(Some(at)).is_none_or(|a| maps.owners(row.source.0, a).is_some());
        if !layout.asset_refs.iter().all(known_asset) {
            return Some(reason::ASSET);
        }
        let debtor = row.debtor.as_ref().and_then(|r| r.debtor);
        match layout.bucket_by {
            BucketBy::Whole => copies.push((Target::default(), None)),
            BucketBy::Debtor => match debtor {
                Some(d) => copies.push((d.target(), None)),
                None => return Some(reason::DEBTOR),
            },
            BucketBy::Subject => {
                let Value::Text(number) = row.named("id_no") else { return Some(reason::DEBTOR) };
                let id = self.identity.of_number(number);
                copies.push((Target { id, bucket: maps.bucket(&id), base: id }, None));
            }
            BucketBy::Asset => match row.text(layout.asset_ref).and_then(|a| maps.owners(row.source.0, a)) {
                Some(owners) => copies.extend(owners.iter().map(|&owner| (owner, None))),
                None => return Some(reason::ASSET),
            },
            BucketBy::Case => {
                let parties = row.text(layout.case_no).and_then(|c| maps.parties(c)).unwrap_or_default();
                if parties.is_empty() {
                    return Some(reason::PARTY);
                }
                copies.extend(parties.iter().map(|&party| (party, debtor.map(|payer| payer.id == party.id))));
            }
        }
        None
    }
}

/// Values stored as they are, and the basis of known_on: the common part of content and body.
fn encode_plain(row: &Row<'_, '_>, s: &mut Scratch) {
    let layout = row.batch.layout;
    s.plain.clear();
    s.row_id.clear();
    if let Some(row_id) = row.text(layout.row_id) {
        // Two sources may number their rows alike; waiting rows have their prefix already.
        if !row.source.1.is_empty() && !row.batch.hashed {
            s.row_id.push_str(row.source.1);
            s.row_id.push('/');
        }
        s.row_id.push_str(row_id);
    }
    for &column in &layout.plain {
        if Some(column) == layout.row_id && !s.row_id.is_empty() {
            Value::Text(&s.row_id).encode(&mut s.plain);
        } else {
            row.value(column).encode(&mut s.plain);
        }
    }
    if layout.fact {
        Value::at(row.batch.basis, row.at).encode(&mut s.plain);
    }
}

/// The body of a placed record, in the order of [`Layout::body`].
fn encode_body(row: &Row<'_, '_>, known_on: Day, s: &mut Scratch) {
    s.body.clear();
    s.body.extend_from_slice(&s.plain);
    let own = row.batch.layout.has_own().then_some(&row.debtor);
    for reference in row.others.iter().chain(own) {
        encode_debtor(reference.as_ref().and_then(|r| r.debtor).map(|d| (d.id, d.base)), &mut s.body);
    }
    encode_origin(row, s);
    if row.batch.layout.is_debtors() {
        encode_basis(row.debtor.as_ref().and_then(|r| r.debtor).map_or(Basis::Ref, |d| d.basis), &mut s.body);
        let text = |name| match row.named(name) {
            Value::Text(text) => Some(text),
            _ => None,
        };
        let born_on = match row.named("born_on") {
            Value::Date(day) => Some(day),
            _ => None,
        };
        minor_until(born_on, text("id_kind"), text("id_no"), known_on).map_or(Value::Null, Value::Date).encode(&mut s.body);
    }
}

/// A debtor that a row names, and his own pseudonym where he is linked.
pub(super) fn encode_debtor(debtor: Option<(Id, Id)>, body: &mut Vec<u8>) {
    let id = debtor.map(|(id, _)| hex(&id));
    let base = debtor.filter(|(id, base)| id != base).map(|(_, base)| hex(&base));
    for text in [id, base] {
        text.as_deref().map_or(Value::Null, Value::Text).encode(body);
    }
}

/// `identity_basis` and `link_probability`.
pub(super) fn encode_basis(basis: Basis, body: &mut Vec<u8>) {
    let (name, probability) = match basis {
        Basis::Number => ("number", None),
        Basis::Linked(probability) => ("linked", Some(probability)),
        Basis::Ref => ("ref", None),
    };
    Value::Text(name).encode(body);
    probability.map_or(Value::Null, Value::Real).encode(body);
}

/// The body of a waiting record, in the order of `waiting::columns`: references as pseudonyms of the source's keys.
fn encode_waiting(row: &Row<'_, '_>, reason: &str, s: &mut Scratch) {
    s.body.clear();
    s.body.extend_from_slice(&s.plain);
    let own = row.batch.layout.debtor_ref.map(|_| &row.debtor);
    for reference in own.into_iter().chain(&row.others) {
        match reference {
            Some(r) => Value::Text(&hex(&r.ref_id)).encode(&mut s.body),
            None => Value::Null.encode(&mut s.body),
        }
    }
    encode_origin(row, s);
    Value::Text(reason).encode(&mut s.body);
}

/// The day of the export and the source.
fn encode_origin(row: &Row<'_, '_>, s: &mut Scratch) {
    if row.batch.layout.fact {
        Value::at(row.batch.seen_on, row.at).encode(&mut s.body);
    }
    let source = row.source.1;
    if source.is_empty() { Value::Null } else { Value::Text(source) }.encode(&mut s.body);
}

fn start_hash(buffer: &mut Vec<u8>, what: u8, row: &Row<'_, '_>) {
    identity::start_hash(buffer, what, &row.batch.layout.name, row.source.1);
}
