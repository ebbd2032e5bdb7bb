//! Rows that wait for their case, debtor or asset, and contradict another row of the same key, day of knowledge and export: all of these are refused on
//! the night that brings the last of them. Else the one that waits would count as soon as its case is known, which all rows at once would not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rayon::prelude::*;

use super::held::{Held, MOVED};
use super::layout::{Layout, added};
use super::moves::Named;
use super::record::{Header, NO_DAY, Said, push_record, records};
use super::references::Target;
use super::rehearsal::Rehearsal;
use super::reject::Reject;
use super::settled::conflict_at;
use super::split::{Split, Splitter, rows_folder};
use super::told::{Told, header};
use super::waiting::{self, Versions};
use crate::columns::Day;
use crate::error::Result;
use crate::store::seal::Seal;
use crate::store::spill::{self, Spill};
use crate::store::tables;

fn said(header: &Header) -> Said {
    (header.key, header.known_on, header.seen_on)
}

/// A row that has a place.
#[derive(Clone, Copy)]
struct Lying {
    content: u64,
    /// Of tonight's files.
    tonight: bool,
    target: Target,
}

/// Of one bucket: tonight's rows of the keys asked for, and those of them that say something of the very days.
type Found = (Vec<Header>, Vec<(Said, Lying)>);

/// What was said that waits, and what of it lies somewhere.
#[derive(Default)]
struct Others {
    /// Sorted.
    keys: Vec<u64>,
    lying: BTreeMap<Said, Vec<Lying>>,
    /// Tonight's rows of these keys that have a place, whatever day they are of.
    placed: Versions,
}

impl Others {
    fn take(&mut self, found: impl IntoIterator<Item = (Said, Lying)>) {
        for (said, lying) in found {
            self.lying.entry(said).or_default().push(lying);
        }
    }
}

/// What a waiting row leaves where a row lies that it contradicts: it is counted nowhere, and takes part in the comparison.
fn shadow(header: &Header, target: Target) -> Header {
    // Marked as elsewhere, so that of equal rows it is not the first.
    Header { debtor: target.id, base: target.base, primary: false, own: None, elsewhere: true, placed: false, fresh: true, ..*header }
}

/// Whether a row of a bucket is what a waiting one left there.
pub(super) fn is_shadow(layout: &Layout, header: &Header) -> bool {
    layout.bucketed() && !header.placed
}

impl Split {
    /// Whether a row was read from one of tonight's files: not kept from earlier nights, nor of the lake.
    pub(super) fn is_of_tonight(&self, header: &Header) -> bool {
        let is_kept = |file: &str| file.starts_with(&format!("lake/{}/", waiting::FOLDER));
        header.fresh && header.file != MOVED && self.files.get(header.file as usize).is_none_or(|f| !is_kept(&f.file))
    }

    /// Whether all of a table was exported on the day a row was: what tonight says stands in the place of what was said of that day before.
    pub(super) fn is_made_again(&self, table: &str, seen_on: Day) -> bool {
        self.full.get(table).is_some_and(|day| seen_on == *day || seen_on == NO_DAY)
    }
}

impl Splitter<'_> {
    /// Refuses waiting rows that contradict another one, and leaves a shadow where that one lies, so that it falls too. Gives the rows that go on waiting,
    /// and tonight's of their keys that wait no more.
    pub(super) fn refuse_contradicted(
        &mut self,
        layout: &Layout,
        waiting: Vec<u8>,
        spill: &mut Spill,
        rehearsal: &mut Rehearsal,
    ) -> Result<(Vec<u8>, Versions)> {
        let rows = records(&waiting)?;
        let mut compared: Vec<Header> = rows.iter().map(|(h, _)| *h).filter(|h| !h.repeats).collect();
        if compared.is_empty() || !layout.bucketed() {
            return Ok((waiting, Versions::default()));
        }
        compared.sort_unstable_by_key(|h| (said(h), h.content, h.file, h.line));
        let mut others = self.others(layout, &compared, rehearsal)?;
        let mut refused: BTreeSet<(u32, u64)> = BTreeSet::new();
        for of_day in compared.chunk_by(|a, b| said(a) == said(b)) {
            let lying = others.lying.get(&said(&of_day[0])).map_or(&[][..], Vec::as_slice);
            let mut contents: BTreeSet<u64> = lying.iter().map(|l| l.content).collect();
            contents.extend(of_day.iter().map(|h| h.content));
            if contents.len() < 2 {
                continue;
            }
            of_day.iter().for_each(|header| others.placed.add(header));
            let mut tonight: BTreeSet<u64> = lying.iter().filter(|l| l.tonight).map(|l| l.content).collect();
            tonight.extend(of_day.iter().filter(|h| self.out.is_of_tonight(h)).map(|h| h.content));
            let stands = self.out.is_made_again(&layout.name, of_day[0].seen_on) && tonight.len() == 1;
            refused.extend(of_day.iter().filter(|h| !(stands && self.out.is_of_tonight(h))).map(|h| (h.file, h.line)));
            let targets: BTreeSet<Target> = lying.iter().map(|l| l.target).collect();
            for said_once in of_day.chunk_by(|a, b| a.content == b.content) {
                rehearsal.shadow(&said_once[0]);
                for target in &targets {
                    let mut record = Vec::new();
                    push_record(&mut record, &shadow(&said_once[0], *target), &[]);
                    spill.push(target.bucket as usize, &record);
                }
            }
        }
        spill.flush(true)?;
        let mut rejects = Vec::new();
        for &(file, line) in &refused {
            rejects.push(conflict_at(layout, file, line, &self.out));
            let counts = &mut self.out.files[file as usize];
            (counts.waiting, counts.rejected) = (counts.waiting - 1, counts.rejected + 1);
        }
        self.rejects.extend((!rejects.is_empty()).then(|| Reject::to_columns(&rejects)));
        let mut stay = Vec::new();
        for (header, body) in rows.iter().filter(|(h, _)| !refused.contains(&(h.file, h.line))) {
            push_record(&mut stay, header, body);
        }
        Ok((stay, others.placed))
    }

    /// The rows that have a place among tonight's, and in the lake where it holds an export of the same day, of what these headers say.
    fn others(&self, layout: &Layout, compared: &[Header], rehearsal: &mut Rehearsal) -> Result<Others> {
        let keys = |headers: &mut dyn Iterator<Item = &Header>| {
            let mut keys: Vec<u64> = headers.map(|h| h.key).collect();
            keys.dedup();
            keys
        };
        let mut others = Others { keys: keys(&mut compared.iter()), ..Others::default() };
        let is_said = |header: &Header| compared.binary_search_by_key(&said(header), said).is_ok();
        let Some(staging) = self.staging else {
            for header in compared {
                let (target, tonight) = (Target::default(), true);
                others.take(rehearsal.contents_of(header).into_iter().map(|content| (said(header), Lying { content, tonight, target })));
            }
            return Ok(others);
        };
        let folder = rows_folder(staging, &layout.name);
        let of_bucket = |bucket: u32| self.of_tonight(&folder, bucket, &others.keys, &is_said, &self.request.seal);
        let found: Vec<_> = (0..self.request.buckets).into_par_iter().map(of_bucket).collect::<Result<_>>()?;
        for (placed, found) in found {
            placed.iter().for_each(|header| others.placed.add(header));
            others.take(found);
        }
        let Some(held) = &self.held else { return Ok(others) };
        // What waits since an earlier night was compared with the lake's rows of its day when either came.
        let days = held.days_of(&layout.name);
        let anew = keys(&mut compared.iter().filter(|h| self.out.is_of_tonight(h) && (days.contains(&h.seen_on) || h.seen_on == NO_DAY)));
        if !anew.is_empty() {
            self.of_lake(held, layout, &anew, &is_said, &mut others)?;
        }
        Ok(others)
    }

    fn of_tonight(
        &self,
        folder: &Path,
        bucket: u32,
        keys: &[u64],
        is_said: &(dyn Fn(&Header) -> bool + Sync),
        seal: &Seal,
    ) -> Result<Found> {
        let (mut placed, mut found) = (Vec::new(), Vec::new());
        spill::each_frame(folder, bucket as usize, seal, &mut |frame| {
            for (header, _) in records(frame)?.iter().filter(|(h, _)| !h.repeats && keys.binary_search(&h.key).is_ok()) {
                placed.extend(Some(*header).filter(|h| h.file != MOVED));
                if !is_said(header) {
                    continue;
                }
                let target = Target { id: header.debtor, bucket, base: header.base };
                found.push((said(header), Lying { content: header.content, tonight: self.out.is_of_tonight(header), target }));
            }
            Ok(())
        })?;
        Ok((placed, found))
    }

    fn of_lake(&self, held: &Held, layout: &Layout, keys: &[u64], is_said: &dyn Fn(&Header) -> bool, others: &mut Others) -> Result<()> {
        let own = added::unlinked(added::DEBTOR_ID);
        let names = [added::DEBTOR_ID, &own, added::ROW_ID, added::SOURCE_ID, tables::GIVEN, tables::CONTENT, "known_on", added::SEEN_ON];
        held.each(layout, &names, &mut |_, rows| {
            let (told, lies_with) = (Told::by(&rows), Named::by(&rows, added::DEBTOR_ID));
            for at in 0..rows.len() {
                let header = header(&self.identity, layout, &told, at)?;
                if keys.binary_search(&header.key).is_err() || !is_said(&header) {
                    continue;
                }
                if let Some((id, base)) = self.out.moves.named(&lies_with, at) {
                    let target = Target { id, bucket: self.references.bucket(&id), base };
                    others.take([(said(&header), Lying { content: header.content, tonight: false, target })]);
                }
            }
            Ok(())
        })
    }
}
