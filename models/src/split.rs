//! Which rows to learn from and which to judge by. Nothing here draws: days decide, or the hash of a name.

/// Row numbers, ascending, of the three parts of a split by time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeSplit {
    /// Rows whose outcome was known before the cut.
    pub train: Vec<usize>,
    /// Rows looked at before the cut whose outcome ripened on it or after: used for neither, or the past would know the future.
    pub purged: Vec<usize>,
    /// Rows looked at on the cut or after.
    pub test: Vec<usize>,
}

/// Splits rows by the day they were looked at (days since 1970-01-01). The outcome of a row is known at the end of its own `end`, which lies after a
/// horizon and whatever lengthened it; the row may be learnt from only if that is before `cut`. A row without an end is never learnt from.
pub fn split_by_time(day: &[i32], end: &[i32], cut: i32) -> TimeSplit {
    let mut split = TimeSplit::default();
    for (row, day) in day.iter().enumerate() {
        let part = match () {
            () if *day >= cut => &mut split.test,
            () if end.get(row).is_some_and(|end| *end < cut) => &mut split.train,
            () => &mut split.purged,
        };
        part.push(row);
    }
    split
}

/// The cut that leaves about `test_share` (0 to 1) of the rows to test: the greatest day on or after which at least that share lies. `None`
/// without rows.
pub fn cut_for(day: &[i32], test_share: f64) -> Option<i32> {
    let mut days = day.to_vec();
    days.sort_unstable();
    let wanted = libm::ceil(test_share.clamp(0.0, 1.0) * days.len() as f64) as usize;
    let first = days.len().checked_sub(wanted.max(1))?;
    Some(days[first])
}

/// Fold, 0 to `folds` − 1, of a group: all its rows together, the same on every machine, another for another seed. 0 folds count as 1.
pub fn fold_of(group: &str, folds: u32, seed: u64) -> u32 {
    fold_for("", group, folds, seed)
}

/// As [`fold_of`], for one purpose: folds of two purposes have nothing to do with each other, though seed and groups are the same. Folds of one purpose within a
/// fold of the other would else all be one.
pub fn fold_for(purpose: &str, group: &str, folds: u32, seed: u64) -> u32 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes());
    if !purpose.is_empty() {
        hasher.update(&(purpose.len() as u64).to_le_bytes());
        hasher.update(purpose.as_bytes());
    }
    hasher.update(group.as_bytes());
    let mut head = [0; 8];
    head.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    (u64::from_le_bytes(head) % u64::from(folds.max(1))) as u32
}

/// Parts of all groups by which rows are thinned.
const PARTS: u32 = 10_000;

/// Of `rows` about `most`, or all where there are no more: whole groups stay or go, by hash for one purpose (see [`fold_for`]). `group` gives a row's.
pub fn thinned<'a>(rows: &[usize], group: impl Fn(usize) -> &'a str, most: usize, (purpose, seed): (&str, u64)) -> Vec<usize> {
    let kept = most as f64 / rows.len().max(1) as f64 * f64::from(PARTS);
    let stays = |row: &&usize| rows.len() <= most || f64::from(fold_for(purpose, group(**row), PARTS, seed)) < kept;
    rows.iter().filter(stays).copied().collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn a_window_that_ends_on_the_cut_is_purged() {
        let split = split_by_time(&[0, 69, 70, 99, 100, i32::MAX], &[30, 99, 100, 129, 130, i32::MAX], 100);
        assert_eq!(split, TimeSplit { train: vec![0, 1], purged: vec![2, 3], test: vec![4, 5] });
    }

    #[test]
    fn a_window_that_was_lengthened_past_the_cut_is_purged() {
        let split = split_by_time(&[0, 0, 100], &[30, 100, 130], 100);
        assert_eq!(split, TimeSplit { train: vec![0], purged: vec![1], test: vec![2] });
        assert_eq!(split_by_time(&[0], &[], 100).purged, [0]);
    }

    #[test]
    fn the_cut_leaves_the_share_asked_for() {
        let days: Vec<i32> = (0..100).rev().collect();
        assert_eq!(cut_for(&days, 0.25), Some(75));
        assert_eq!(split_by_time(&days, &days, 75).test.len(), 25);
        assert_eq!((cut_for(&[], 0.5), cut_for(&[7], 0.0)), (None, Some(7)));
    }

    #[test]
    fn folds_are_even_and_fixed() {
        let mut count = [0; 5];
        (0..5000).for_each(|i| count[fold_of(&format!("group {i}"), 5, 7) as usize] += 1);
        assert!(count.iter().all(|n| (900..1100).contains(n)), "{count:?}");
        assert_eq!([1, 2, 3].map(|seed| fold_of("a", 1000, seed)), [1, 2, 3].map(|seed| fold_of("a", 1000, seed)));
        assert_ne!(fold_of("a", 1000, 1), fold_of("a", 1000, 2));
    }

    #[test]
    fn thinning_leaves_about_as_many_and_whole_groups() {
        let groups: Vec<String> = (0..10_000).map(|i| format!("group {}", i / 2)).collect();
        let of = |row: usize| groups[row].as_str();
        let all: Vec<usize> = (0..groups.len()).collect();
        assert_eq!(thinned(&all, of, all.len(), ("a", 1)), all);
        let kept = thinned(&all, of, 3_000, ("a", 1));
        assert!((2_700..3_300).contains(&kept.len()) && kept.is_sorted(), "{}", kept.len());
        assert!(kept.chunks(2).all(|pair| pair.len() == 2 && groups[pair[0]] == groups[pair[1]]));
        assert_ne!(kept, thinned(&all, of, 3_000, ("b", 1)));
        assert!(thinned(&[], of, 3, ("a", 1)).is_empty());
    }

    #[test]
    fn folds_of_two_purposes_cross_each_other() {
        let (mut count, groups) = ([[0; 4]; 4], (0..8000).map(|i| format!("group {i}")));
        groups.for_each(|group| count[fold_of(&group, 4, 7) as usize][fold_for("bags", &group, 4, 7) as usize] += 1);
        assert!(count.iter().flatten().all(|n| (400..600).contains(n)), "{count:?}");
    }
}
