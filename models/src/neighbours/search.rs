//! Searches: through the tree, through the few that are eligible, or through all side by side. All three give the same answer.

use super::tree::{Index, SIDE_BY_SIDE, apart};
use super::{Asked, Found, Near, Records};
use crate::error::Result;

/// Where fewer than this share of the records is eligible, those alone are looked at: they lie together by day.
const FEW: usize = 8;
/// Blocks that stay in the processor's own memory while one search after the other passes through them.
const TILE: usize = 64;

/// One search, and the nearest it has found so far.
pub(super) struct Search<'a> {
    records: &'a Records,
    /// Contributions of the features that vary.
    here: Vec<f64>,
    /// What the other features add to every distance.
    still: f64,
    before: Option<i32>,
    own: Vec<usize>,
    eligible: usize,
    k: usize,
    found: Vec<(f64, usize)>,
    /// No record farther than this is among the `k` nearest.
    beyond: f64,
}

/// Runs searches together.
pub(super) fn run(index: &Index<'_>, mut searches: Vec<Search<'_>>) -> Result<Vec<Found>> {
    let records = index.records;
    let mut through_all = Vec::new();
    for search in &mut searches {
        match () {
            () if search.eligible < records.len() / FEW || search.eligible <= search.k => search.through_few(),
            () if index.has_tree() => search.through_tree(index)?,
            () => through_all.push(search),
        }
    }
    let blocks = records.at_place.len().div_ceil(SIDE_BY_SIDE);
    for from in (0..blocks).step_by(TILE) {
        for search in &mut through_all {
            (from..(from + TILE).min(blocks)).for_each(|block| search.through_block(index, block));
        }
    }
    Ok(searches.into_iter().map(Search::done).collect())
}

impl<'a> Search<'a> {
    pub fn new(records: &'a Records, here: Vec<f64>, still: f64, asked: &Asked<'_>, k: usize) -> Self {
        let (own, before) = (records.own(asked), asked.before);
        let mut search = Search { records, here, still, before, own, eligible: 0, k, found: Vec::new(), beyond: f64::INFINITY };
        let own = search.own.iter().filter(|r| search.is_open(**r)).count();
        search.eligible = records.closed_before(before).len() - own;
        search
    }

    fn is_open(&self, record: usize) -> bool {
        self.before.is_none_or(|day| self.records.closed[record] < day)
    }

    fn is_eligible(&self, record: usize) -> bool {
        self.is_open(record) && self.own.binary_search(&record).is_err()
    }

    fn distance(&self, place: usize) -> f64 {
        self.records.places.row(place).as_slice().map_or(f64::INFINITY, |there| apart(&self.here, there))
    }

    fn through_few(&mut self) {
        let records = self.records;
        for record in records.closed_before(self.before) {
            self.take(self.distance(records.place[*record]), &[*record]);
        }
    }

    fn through_block(&mut self, index: &Index<'_>, block: usize) {
        let Some(distances) = index.block(block, &self.here, self.beyond) else { return };
        let records = self.records;
        for (at, distance) in records.at_place[block * SIDE_BY_SIDE..].iter().zip(distances) {
            self.take(distance, at);
        }
    }

    /// Asks for more and more places, until those nearer than the farthest hold enough records: then no place not named can be as near.
    fn through_tree(&mut self, index: &Index<'_>) -> Result<()> {
        let records = self.records;
        let all = records.at_place.len();
        let mut most = (self.k + self.own.len() + 1).min(all);
        loop {
            let places = index.places(&self.here, most)?;
            let farthest = if most == all { f64::INFINITY } else { places.last().map_or(f64::INFINITY, |p| p.1) };
            let nearer = || places.iter().filter(|(_, distance)| *distance < farthest);
            let eligible = |p: usize| records.at_place[p].iter().filter(|r| self.is_eligible(**r)).count();
            if most == all || nearer().map(|(p, _)| eligible(*p)).sum::<usize>() >= self.k {
                nearer().for_each(|(p, distance)| self.take(*distance, &records.at_place[*p]));
                return Ok(());
            }
            most = (2 * most).min(all);
        }
    }

    /// Takes those eligible of some records at one distance, unless it is too great.
    fn take(&mut self, distance: f64, records: &[usize]) {
        if distance > self.beyond {
            return;
        }
        for record in records {
            if self.is_eligible(*record) {
                self.found.push((distance, *record));
            }
        }
        // Now and then, so that sorting costs little beside looking.
        if self.found.len() >= 2 * self.k + 64 {
            self.shorten();
        }
    }

    /// Keeps the `k` nearest.
    fn shorten(&mut self) {
        let rank = &self.records.rank;
        if self.found.len() > self.k {
            let before = |a: &(f64, usize), b: &(f64, usize)| a.0.total_cmp(&b.0).then(rank[a.1].cmp(&rank[b.1]));
            let (_, last, _) = self.found.select_nth_unstable_by(self.k - 1, before);
            self.beyond = last.0;
            self.found.truncate(self.k);
        }
    }

    fn done(mut self) -> Found {
        self.shorten();
        let rank = &self.records.rank;
        self.found.sort_by(|a, b| a.0.total_cmp(&b.0).then(rank[a.1].cmp(&rank[b.1])));
        let near = self.found.iter().map(|(distance, record)| Near { record: *record, distance: distance + self.still }).collect();
        Found { near, asked: self.k, eligible: self.eligible }
    }
}
