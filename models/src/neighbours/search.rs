//! One search: through the tree, or through the records. Both give the same answer.

use super::tree::{Index, SIDE_BY_SIDE, apart};
use super::{Asked, Found, Near, Records};
use crate::error::Result;

/// Where fewer than this share of the records is eligible, those alone are looked at: they lie together by day.
const FEW: usize = 8;

/// The `k` nearest to `here`, whose features that do not vary among records add `still` to every distance.
pub(super) fn nearest(index: &Index<'_>, here: &[f64], still: f64, asked: &Asked<'_>, k: usize) -> Result<Found> {
    let records = index.records;
    let own = records.own(asked);
    let open = records.closed_before(asked.before);
    let is_open = |r: &usize| asked.before.is_none_or(|day| records.closed[*r] < day);
    let eligible = open.len() - own.iter().filter(|r| is_open(r)).count();
    let is_eligible = |r: &usize| is_open(r) && own.binary_search(r).is_err();
    let mut best = Best::new(records, here, k);
    match () {
        () if eligible < records.len() / FEW || eligible <= k => {
            open.iter().filter(|r| is_eligible(r)).for_each(|r| best.offer(records.place[*r], std::iter::once(*r)));
        }
        () if index.has_tree() => through_tree(index, &mut best, own.len(), &is_eligible)?,
        () => {
            for block in 0..records.at_place.len().div_ceil(SIDE_BY_SIDE) {
                let Some(distances) = index.block(block, here, best.beyond) else { continue };
                let at = records.at_place[block * SIDE_BY_SIDE..].iter().zip(distances);
                at.for_each(|(at, distance)| best.take(distance, at.iter().copied().filter(is_eligible)));
            }
        }
    }
    let near = best.done().into_iter().map(|(distance, record)| Near { record, distance: distance + still }).collect();
    Ok(Found { near, asked: k, eligible })
}

/// The nearest so far.
struct Best<'a> {
    records: &'a Records,
    here: &'a [f64],
    k: usize,
    found: Vec<(f64, usize)>,
    /// No record farther than this is among the `k` nearest.
    beyond: f64,
}

impl<'a> Best<'a> {
    fn new(records: &'a Records, here: &'a [f64], k: usize) -> Self {
        Best { records, here, k, found: Vec::new(), beyond: f64::INFINITY }
    }

    /// Looks at records of a place.
    fn offer(&mut self, place: usize, records: impl Iterator<Item = usize>) {
        let distance = self.records.places.row(place).as_slice().map_or(f64::INFINITY, |there| apart(self.here, there));
        self.take(distance, records);
    }

    /// Takes records at a distance, unless it is too great.
    fn take(&mut self, distance: f64, records: impl Iterator<Item = usize>) {
        if distance > self.beyond {
            return;
        }
        self.found.extend(records.map(|r| (distance, r)));
        // Now and then, so that sorting costs little beside looking.
        if self.found.len() >= 2 * self.k + 64 {
            self.shorten();
        }
    }

    /// Keeps the `k` nearest.
    fn shorten(&mut self) {
        let rank = &self.records.rank;
        let before = |a: &(f64, usize), b: &(f64, usize)| a.0.total_cmp(&b.0).then(rank[a.1].cmp(&rank[b.1]));
        if self.found.len() > self.k {
            let (_, last, _) = self.found.select_nth_unstable_by(self.k - 1, before);
            self.beyond = last.0;
            self.found.truncate(self.k);
        }
    }

    fn done(mut self) -> Vec<(f64, usize)> {
        self.shorten();
        let rank = &self.records.rank;
        self.found.sort_by(|a, b| a.0.total_cmp(&b.0).then(rank[a.1].cmp(&rank[b.1])));
        self.found
    }
}

/// Asks for more and more places, until those nearer than the farthest hold enough records: then no place not named can be as near.
fn through_tree(index: &Index<'_>, best: &mut Best<'_>, own: usize, is_eligible: &dyn Fn(&usize) -> bool) -> Result<()> {
    let records = index.records;
    let all = records.at_place.len();
    let mut most = (best.k + own + 1).min(all);
    loop {
        let places = index.places(best.here, most)?;
        let farthest = if most == all { f64::INFINITY } else { places.last().map_or(f64::INFINITY, |p| p.1) };
        let nearer = || places.iter().filter(|(_, distance)| *distance < farthest).map(|(p, _)| *p);
        let eligible = |p: usize| records.at_place[p].iter().copied().filter(is_eligible);
        if most == all || nearer().map(|p| eligible(p).count()).sum::<usize>() >= best.k {
            nearer().for_each(|p| best.offer(p, eligible(p)));
            return Ok(());
        }
        most = (2 * most).min(all);
    }
}
