//! Suggestions for the debtor of [`crate::fixture`].

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use luheng_lake::columns::{Day, day};

use super::{Catalog, Suggestion, suggest};
pub use crate::fixture::{CASE, DEBTOR, Fact, act, answered_none, context, fact, held, plain};
use crate::means::means_of;
use crate::tables::Rating;

/// Suggestions for the debtor's case on a day.
pub fn suggestions_on(facts: &[Fact], on: &str, rating: &Rating) -> Vec<Suggestion> {
    let ctx = context();
    let held = held(&ctx, facts);
    let day: Day = day::parse(on).unwrap();
    let view = held.view(DEBTOR, day);
    let party = view.party(CASE).expect("the fixture's party");
    let catalog = Catalog::load(&ctx.files).unwrap();
    let rows = suggest(&catalog, &party, rating, &means_of(&party, &ctx), &ctx);
    held.check().unwrap();
    rows
}

/// The same on 2025-06-30, unrated.
pub fn suggestions(facts: &[Fact]) -> Vec<Suggestion> {
    suggestions_on(facts, "2025-06-30", &Rating { quadrant: "unrated".into(), ..Rating::default() })
}

/// The row of one measure.
pub fn of<'s>(rows: &'s [Suggestion], measure: &str) -> &'s Suggestion {
    rows.iter().find(|r| r.measure == measure).unwrap_or_else(|| panic!("{measure} is not listed"))
}
