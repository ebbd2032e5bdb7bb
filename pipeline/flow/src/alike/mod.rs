//! The closed cases most like a rated party's, with what was done in them and what came in: something to look up, neither a forecast nor a precedent.
//!
//! **Alike as the capacity model sees them**: two parties are as far apart as the sum, over the model's features, of how far apart their contributions
//! to its log-odds are (`luheng_models::neighbours`). What does not matter to whether a debt is covered makes no two cases unlike, units and unknown
//! values are the model's affair, and what the law keeps out of a rating cannot come back by this door: no feature, no likeness. A space of one's own
//! making (standardised values, say) would have none of that. The contributions are those before the calibration, which is one line for all.
//!
//! **On a comparable day**: a closed party stands here as the court saw it on a landmark, so many days after the debt's first filing
//! (`landmarks_days` of the capacity rating), and a live party is compared with those of the landmark nearest its own age, open ones with open ones,
//! those closed for want of property with such. So nobody is compared with an end that he has not come to. Only parties the model would have
//! learned from are here: live, in money, rated on that day.
//!
//! **Known by the day of the night**: how it ended, what was applied and what was received are read from the view of that day. A debt counts as closed by
//! its last case, if that one is closed for a reason that tells something (`closings`). One closed for want of property on its landmark already has to have
//! been watched for a whole horizon since.
//!
//! A debt never stands beside its own parties, nor a debtor beside his own cases. The bucket's part ([`closed`]) rides with the stage `features`, which has the
//! facts in hand; the search ([`near`]) is a stage of the whole, for it needs the closed parties of every bucket.

mod closed;
mod near;
mod night;
mod resolve;

use luheng_lake::columns::Day;

pub use closed::of_bucket;
pub use near::{Ready, Reference, of_parties};
pub use night::whole;
pub use resolve::resolve;

/// The name of a closed party on other parties' papers: the first 12 hex digits of BLAKE3 over its last case number, `|`, and its `debtor_id`. Who has
/// the lake finds the two again by trying all of them (`luheng explain KEY`); who has the paper alone cannot, for 128 bits of the `debtor_id` are not on it.
pub fn key_of(case_no: &str, debtor_id: &str) -> String {
    blake3::hash(format!("{case_no}|{debtor_id}").as_bytes()).to_hex().as_str()[..KEY_DIGITS].to_owned()
}

/// Hex digits of a key: of a million parties two share one with a chance of one in 560.
const KEY_DIGITS: usize = 12;

/// Is this a key, by its form?
pub fn is_key(text: &str) -> bool {
    text.len() == KEY_DIGITS && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// The landmark nearest an age, both in days; the earlier of two as near.
pub fn nearest(age: Day, landmarks: &[i32]) -> Option<i32> {
    landmarks.iter().copied().min_by_key(|landmark| (age.saturating_sub(*landmark).saturating_abs(), *landmark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_goes_to_the_nearest_landmark() {
        let landmarks = [30, 90, 180, 365, 730];
        assert_eq!([0, 59, 60, 61, 272, 273, 4000].map(|age| nearest(age, &landmarks)), [30, 30, 30, 90, 180, 365, 730].map(Some));
        assert_eq!(nearest(5, &[]), None);
    }

    #[test]
    fn a_key_is_a_hash_of_both_and_names_neither() {
        let key = key_of("（2025）浙0106执1号", "00000000000000000000000000000001");
        assert!(is_key(&key) && !is_key("（2025）浙0106执1号") && !is_key("00000000000"));
        assert_ne!(key, key_of("（2025）浙0106执1号", "00000000000000000000000000000002"));
        assert_ne!(key, key_of("（2025）浙0106执2号", "00000000000000000000000000000001"));
    }
}
