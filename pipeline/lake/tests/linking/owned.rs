//! For whom a copy lies where it lies: a link that ends takes back every copy that came by it, and no other; attributes follow a correction.

use std::path::PathBuf;

use luheng_lake::ingest::mapping::Mode;
use luheng_lake::store::audit::Sex;
use luheng_lake::store::parquet;

use crate::exports::*;
use crate::town::key;

#[test]
fn the_copy_of_a_receipt_that_was_booked_elsewhere_says_for_whom_it_lies_there() {
    let other = "（2025）浙0106执9号";
    let nights = Nights::new(Mode::Delta);
    let mut begun = base();
    begun.extend([(1, format!("{other},money,1,2025-01-05,,")), (2, format!("{other},N1,joint,,2025-01-05"))]);
    nights.night(0, &begun);
    nights.night(1, &[(3, format!("P1B2,{other},N1,1000,2025-05-02,2025-02-01"))]);
    let request = nights.request(0);
    let read = |path: &PathBuf| parquet::read(&request.work.lake().join(path), &request.seal).unwrap();
    let payments: Vec<_> = nights.files().keys().filter(|path| path.starts_with("payments")).map(read).collect();
    let told: Vec<String> = payments.iter().flat_map(|rows| lines(rows, &["elsewhere", "debtor_id", "debtor_id_unlinked"])).collect();
    // It lies with A1 for the sake of B2, who is linked to him, and with the namesake, who is a party too, for his own.
    let there: Vec<&String> = told.iter().filter(|line| line.starts_with("true") && !line.contains(&key().pseudonym("E1"))).collect();
    let mut expected = [format!("true {} {}", known(), by_ref("B2")), format!("true {} -", by_ref("C3"))];
    expected.sort();
    assert_eq!(there, expected.iter().collect::<Vec<_>>());
}

#[test]
fn holds_follow_an_owner_who_parts_though_their_counted_copy_lies_with_another() {
    let mut begun = base();
    for n in 1..5 {
        begun.push((4, format!("X{n},N{n},vehicle,100,2025-01-20")));
        begun.push((5, format!("X{n},{},seal,2025-01-25,1,2025-01-25", CASES[0])));
    }
    let sold: Vec<Row> = (1..5).map(|n| (4, format!("X{n},B2,vehicle,100,2025-05-20"))).collect();
    let nights = Nights::new(Mode::Delta);
    nights.night(0, &begun);
    nights.night(1, &sold);
    nights.night(2, &[decision("B2", "A1", "not_same", "2025-06-02")]);
    assert_parted(&nights, &[begun, sold].concat());
}

#[test]
fn attributes_follow_a_correction_that_leaves_their_number() {
    let nights = Nights { linking: None, ..Nights::new(Mode::Delta) };
    nights.night(0, &base());
    let before = nights.audited();
    assert_eq!((before[&by_ref("C3")].birth_year, before[&known()].sex), (Some(1961), Some(Sex::Female)));
    nights.night(1, &[row(0, &NAMESAKE.replace("1961-07-09", "1962-07-09").replace("2025-01-01", "2025-05-05"))]);
    let after = nights.audited();
    assert_eq!((after.len(), after[&by_ref("C3")].birth_year), (before.len(), Some(1962)));
}
