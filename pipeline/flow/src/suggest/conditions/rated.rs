//! Conditions that read the rating: for orders of work the debtor does not feel. A measure of intrusiveness 3 or more may use none of them.

use super::Condition;
use crate::suggest::facts::{Found, Need, Verdict};

const RATE: Need = Need { zh: "有效的能力与意愿评估", en: "a valid rating of capacity and willingness" };

pub(super) const LIST: &[Condition] = &[
    Condition::of_rating("rated_able_willing", "评估为有能力且配合", "rated able and willing", |s| {
        quadrant(&s.rating.quadrant, "able_willing")
    }),
    Condition::of_rating("rated_unable_willing", "评估为能力不足但配合", "rated unable but willing", |s| {
        quadrant(&s.rating.quadrant, "unable_willing")
    }),
];

fn quadrant<'s>(found: &str, wanted: &str) -> Verdict<'s> {
    match found {
        found if found == wanted => Verdict::Met(Found::default()),
        "unrated" | "" => Verdict::Unknown(RATE),
        _ => Verdict::Unmet,
    }
}
