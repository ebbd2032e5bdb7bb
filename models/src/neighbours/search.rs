//! One search: through the tree, or through all where few are eligible. Both give the same answer.

use super::tree::{Index, apart};
use super::{Asked, Found, Near};
use crate::error::Result;

/// Eligible records up to which looking at each is quicker than the tree.
const FEW: usize = 512;
/// Share of the records that must be eligible for the tree to be worth asking: it knows nothing of days, and would name the others first.
const MANY: usize = 8;

/// The `k` nearest to `here`, whose features that do not vary among records add `still` to every distance.
pub(super) fn nearest(index: &Index<'_>, here: &[f64], still: f64, asked: &Asked<'_>, k: usize) -> Result<Found> {
    let records = index.records;
    let own = records.own(asked);
    let open = records.closed_before(asked.before);
    let is_open = |r: &usize| asked.before.is_none_or(|day| records.closed[*r] < day);
    let eligible = open.len() - own.iter().filter(|r| is_open(r)).count();
    let is_eligible = |r: &usize| is_open(r) && own.binary_search(r).is_err();
    let mut found = if eligible <= FEW.max(k) || eligible < records.len() / MANY {
        through_all(index, here, open.iter().copied().filter(is_eligible))
    } else {
        through_tree(index, here, k, own.len(), &is_eligible)?
    };
    let before = |a: &(f64, usize), b: &(f64, usize)| a.0.total_cmp(&b.0).then(records.rank[a.1].cmp(&records.rank[b.1]));
    if found.len() > k {
        found.select_nth_unstable_by(k, before);
        found.truncate(k);
    }
    found.sort_by(before);
    let near = found.into_iter().map(|(distance, record)| Near { record, distance: distance + still }).collect();
    Ok(Found { near, asked: k, eligible })
}

fn through_all(index: &Index<'_>, here: &[f64], eligible: impl Iterator<Item = usize>) -> Vec<(f64, usize)> {
    let records = index.records;
    let of = |r: usize| (records.places.row(records.place[r]).as_slice().map_or(f64::INFINITY, |there| apart(here, there)), r);
    eligible.map(of).collect()
}

/// Asks for more and more places, until those nearer than the farthest hold enough records: then no place not named can be as near.
fn through_tree(index: &Index<'_>, here: &[f64], k: usize, own: usize, is_eligible: &dyn Fn(&usize) -> bool) -> Result<Vec<(f64, usize)>> {
    let records = index.records;
    let all = records.at_place.len();
    let mut most = (k + own + 1).min(all);
    loop {
        let places = index.places(here, most)?;
        let farthest = if most == all { f64::INFINITY } else { places.last().map_or(f64::INFINITY, |p| p.1) };
        let nearer = places.iter().filter(|(_, distance)| *distance < farthest);
        let found: Vec<(f64, usize)> =
            nearer.flat_map(|(p, distance)| records.at_place[*p].iter().filter(|r| is_eligible(r)).map(|r| (*distance, *r))).collect();
        if found.len() >= k || most == all {
            return Ok(found);
        }
        most = (2 * most).min(all);
    }
}
