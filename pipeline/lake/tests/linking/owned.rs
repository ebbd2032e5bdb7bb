//! For whom a copy lies where it lies: a link that ends takes back every copy that came by it, and no other; attributes follow a correction.

use luheng_lake::ingest::mapping::Mode;
use luheng_lake::store::audit::Sex;

use crate::exports::*;

/// Changes of one night, then B2 is set apart from A1: the lake is as one that never linked.
fn parts_after(begun: &[Row], changes: &[Row]) {
    let nights = Nights::new(Mode::Delta);
    nights.night(0, begun);
    nights.night(1, changes);
    nights.night(2, &[decision("B2", "A1", "not_same", "2025-06-02")]);
    let all: Vec<Row> = begun.iter().chain(changes).cloned().collect();
    assert_parted(&nights, &all);
}

#[test]
fn the_copy_of_a_receipt_that_was_booked_elsewhere_goes_back_with_him_for_whom_it_lay_there() {
    let other = "（2025）浙0106执9号";
    let begun: Vec<Row> =
        base().into_iter().chain([(1, format!("{other},money,1,2025-01-05,,")), (2, format!("{other},N1,joint,,2025-01-05"))]).collect();
    parts_after(&begun, &[(3, format!("P1B2,{other},N1,1000,2025-05-02,2025-02-01"))]);
}

#[test]
fn holds_follow_an_owner_who_parts_though_their_counted_copy_lies_with_another() {
    let mut begun = base();
    for n in 1..5 {
        begun.push((4, format!("X{n},N{n},vehicle,100,2025-01-20")));
        begun.push((5, format!("X{n},{},seal,2025-01-25,1,2025-01-25", CASES[0])));
    }
    let sold: Vec<Row> = (1..5).map(|n| (4, format!("X{n},B2,vehicle,100,2025-05-20"))).collect();
    parts_after(&begun, &sold);
}

#[test]
fn attributes_follow_a_correction_that_leaves_their_number() {
    let nights = Nights { linking: None, ..Nights::new(Mode::Delta) };
    nights.night(0, &base());
    let before = nights.audited();
    assert_eq!((before[&by_ref("C3")].birth_year, before[&known()].sex), (Some(1961), Some(Sex::Male)));
    nights.night(1, &[row(0, &NAMESAKE.replace("1961-07-09", "1962-07-09").replace("2025-01-01", "2025-05-05"))]);
    let after = nights.audited();
    assert_eq!((after.len(), after[&by_ref("C3")].birth_year), (before.len(), Some(1962)));
}
