//! Which rows and columns a tree sees. Nothing draws: the hash of a group, the seed and the number of the tree decide, so that copies of a row
//! share its fate and the order of rows does not matter.

/// What a hash is for; one hash a group serves all.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    /// Held out of all trees, to tell when to stop.
    Held,
    /// Seen by this tree.
    Tree(u32),
}

impl Purpose {
    fn salt(self) -> u64 {
        match self {
            Purpose::Held => 0x5EED_0000_0000_0001,
            Purpose::Tree(tree) => mix(0x7EEE_0000_0000_0000 ^ u64::from(tree)),
        }
    }
}

/// SplitMix64's finisher (Steele, Lea and Flood, *Fast splittable pseudorandom number generators*, 2014).
fn mix(bits: u64) -> u64 {
    let z = bits.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Hash of each row's group under a seed. Rows of a group lie together, so each group is hashed once.
pub(super) fn hashes(group: &[String], seed: u64) -> Vec<u64> {
    let mut hashes: Vec<u64> = Vec::with_capacity(group.len());
    for (row, name) in group.iter().enumerate() {
        let known = row.checked_sub(1).filter(|before| group[*before] == *name).map(|before| hashes[before]);
        hashes.push(known.unwrap_or_else(|| hash(name, seed)));
    }
    hashes
}

fn hash(name: &str, seed: u64) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes());
    hasher.update(name.as_bytes());
    let mut head = [0; 8];
    head.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(head)
}

/// Whether the group of this hash is among the `share` (0 to 1) taken for a purpose.
pub(super) fn is_taken(hash: u64, purpose: Purpose, share: f64) -> bool {
    // The upper 53 bits as a number from 0 to below 1.
    ((mix(hash ^ purpose.salt()) >> 11) as f64) < share * 9_007_199_254_740_992.0
}

/// The columns, ascending, that a tree sees: `share` of them, at least one.
pub(super) fn columns(of: &[usize], seed: u64, tree: u32, share: f64) -> Vec<usize> {
    let wanted = (libm::ceil(share * of.len() as f64) as usize).clamp(1.min(of.len()), of.len());
    let key = |column: &usize| mix(mix(seed ^ Purpose::Tree(tree).salt()) ^ *column as u64);
    let mut drawn = of.to_vec();
    drawn.sort_by_key(key);
    drawn.truncate(wanted);
    drawn.sort_unstable();
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_groups_is_taken_whole() {
        let group: Vec<String> = (0..20_000).map(|i| format!("{:05}", i / 2)).collect();
        let hashes = hashes(&group, 7);
        for purpose in [Purpose::Held, Purpose::Tree(0), Purpose::Tree(1)] {
            let taken: Vec<bool> = hashes.iter().map(|h| is_taken(*h, purpose, 0.3)).collect();
            assert!(taken.chunks(2).all(|pair| pair[0] == pair[1]));
            let n = taken.iter().filter(|t| **t).count();
            assert!((5_700..6_300).contains(&n), "{n}");
        }
        let both = hashes.iter().filter(|h| is_taken(**h, Purpose::Tree(0), 0.5) && is_taken(**h, Purpose::Tree(1), 0.5)).count();
        assert!((4_600..5_400).contains(&both), "trees draw apart: {both}");
        assert!(hashes.iter().all(|h| is_taken(*h, Purpose::Tree(3), 1.0)));
    }

    #[test]
    fn columns_are_drawn_a_tree() {
        let all: Vec<usize> = (0..10).collect();
        assert_eq!(columns(&all, 1, 0, 1.0), all);
        assert_eq!(columns(&all, 1, 0, 0.01).len(), 1);
        assert_ne!(columns(&all, 1, 0, 0.5), columns(&all, 1, 1, 0.5));
        assert!(columns(&[], 1, 0, 0.5).is_empty());
    }
}
