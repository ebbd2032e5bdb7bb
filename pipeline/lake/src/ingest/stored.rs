//! What the second pass writes: tonight's rows as the lake stores them, and the file of a bucket's table made anew.

use std::borrow::Cow;

use super::layout::{Layout, added};
use super::merge::{Fact, Merge};
use super::ranges::{self, Lying};
use super::record::{Builder, Value, hex};
use super::settled::retraction;
use super::state::Counted;
use crate::columns::{Column, Columns};
use crate::error::{Error, Result};
use crate::store::large::{Forward, Growing};
use crate::store::{atomic, tables};

impl Merge<'_> {
    /// Writes the lake's rows that stay, those retracted and tonight's as one file in the lake's order, range after range.
    pub(super) fn rewrite(&self, fresh: Growing, dropped: &[u64], retracted: &[u64], before: &Counted) -> Result<()> {
        let Some(held) = self.held else { return Err(Error::fault(format!("the lake's rows of {} are gone", self.layout.name))) };
        let seal = &self.request.seal;
        // In the staged lake, which nobody reads yet; not by a name that a lake's file has.
        let tonight = self.file(0).with_extension("compared");
        let has_fresh = fresh.rows() > 0;
        fresh.write(&tonight)?;
        let mut lying = Lying::open(held, self.layout, self.bucket, None, seal)?;
        let mut fresh = if has_fresh { Some(Forward::open(&tonight, added::DEBTOR_ID, seal)?) } else { None };
        let mut out = Growing::new(self.file(0).with_extension("tonight"), seal);
        let ends = if self.bucket.is_some() { ranges::ends(before.stored * ranges::WHOLE, self.request.range_bytes) } else { vec![None] };
        for end in ends {
            let (rows, lines) = lying.before(end.as_deref())?;
            let at = |is_in: &dyn Fn(&u64) -> bool| (0..lines.len()).filter(|&at| is_in(&lines[at])).collect::<Vec<_>>();
            let stay = at(&|line| dropped.binary_search(line).is_err());
            let gone = at(&|line| retracted.contains(line));
            let fresh = fresh.as_mut().map(|fresh| fresh.before(end.as_deref())).transpose()?.unwrap_or_default();
            let joined = self.joined(&fresh, &rows, &stay, &gone)?;
            if !joined.is_empty() {
                out.push(joined)?;
            }
        }
        out.write(&self.file(0))?;
        atomic::remove_file(&tonight)
    }

    /// Tonight's rows, those of the lake that stay and those retracted, in the lake's order.
    fn joined(&self, fresh: &Columns, rows: &Columns, held: &[usize], retracted: &[usize]) -> Result<Columns> {
        // A column that the catalog has got since is null in older rows.
        let aligned = |rows: &Columns| {
            self.layout.stored.iter().fold(Columns::new(), |out, (name, kind)| {
                out.with(name, rows.get(name).cloned().unwrap_or_else(|| Column::nulls(*kind, rows.len())))
            })
        };
        let mut parts = Vec::new();
        if !held.is_empty() {
            parts.push(aligned(&rows.take(held)));
        }
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
        if parts.is_empty() { Ok(Columns::new()) } else { tables::sorted(&Columns::concat(&parts)?) }
    }

    /// Tonight's rows as the lake stores them, in its order.
    pub(super) fn stored(&self, facts: Vec<Fact<'_>>) -> Result<Columns> {
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
