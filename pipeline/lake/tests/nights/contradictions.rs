//! Rows of one key and day that say different things, of which some wait for their case: all are refused, on whichever night they come.

use std::collections::BTreeSet;

use super::random::cells;
use super::{CASE_1, CASE_2, CASE_3, Nights, Row, TABLES, base};
use luheng_lake::ingest::IngestReport;
use luheng_lake::ingest::mapping::Mode;

const COLUMNS: [&str; 6] = ["debtor_id", "row_id", "known_on", "seen_on", "voided_on", "elsewhere"];

/// What a full export holds after each night: of one key and day what was said last.
fn all_of(nights: &[Vec<Row>], night: usize, key: fn(&Row) -> String) -> Vec<Row> {
    let mut all: Vec<Row> = Vec::new();
    for of_night in &nights[..=night] {
        let said: BTreeSet<(usize, String)> = of_night.iter().map(|row| (row.0, key(row))).collect();
        all.retain(|row| !said.contains(&(row.0, key(row))));
        all.extend(of_night.iter().cloned());
    }
    all
}

fn key_and_day(row: &Row) -> String {
    cells(row).join(",")
}

/// Loads nights as changes, as full exports and at once; gives the last report of each, their lakes being one.
fn three_ways(nights: &[Vec<Row>]) -> [IngestReport; 3] {
    let (full, delta, once) = (Nights::new(Mode::Full), Nights::new(Mode::Delta), Nights::new(Mode::Full));
    let mut reports = Vec::new();
    for (night, rows) in nights.iter().enumerate() {
        delta.export(night, rows, false);
        full.export(night, &all_of(nights, night, key_and_day), false);
        once.export(night, rows, true);
        reports = vec![delta.load(night), full.load(night)];
        for (table, ..) in TABLES {
            assert_eq!(full.texts(table, &COLUMNS), delta.texts(table, &COLUMNS), "{table} on night {night}");
        }
        assert_eq!(reports[0].lake.content, reports[1].lake.content, "night {night}");
    }
    reports.push(once.load(nights.len() - 1));
    for (table, ..) in TABLES {
        assert_eq!(once.texts(table, &COLUMNS), delta.texts(table, &COLUMNS), "{table} at once");
    }
    assert_eq!(reports[2].lake.content, reports[0].lake.content);
    reports.try_into().unwrap()
}

fn receipt(case: &str, debtor: &str) -> Row {
    (3, format!("P1,{case},{debtor},800,2025-02-10,2025-02-01"))
}

/// Case 3, which has no party yet, and two more debtors.
fn begins() -> Vec<Row> {
    let mut rows = base();
    rows.push((0, "C3,natural,,,王五,2025-01-02".to_owned()));
    rows.push((0, "D4,natural,,,赵六,2025-01-03".to_owned()));
    rows.push((1, format!("{CASE_3},money,30000,2025-02-10,")));
    rows
}

#[test]
fn a_waiting_row_falls_with_those_it_contradicts() {
    let joins = vec![(2, format!("{CASE_3},C3,joint,,2025-02-10"))];
    let said = vec![receipt(CASE_3, "C3"), receipt(CASE_2, "D4"), receipt(CASE_1, "B2")];
    let reports = three_ways(&[begins(), said.clone(), joins.clone()]);
    // P1 as it was known first, and no more.
    assert!(reports.iter().all(|r| r.lake.rows["payments"] == 1));
    assert_eq!(reports[2].tables["payments"].rejected, 3);
    // Two are enough, and two that both wait are two as well.
    for said in [&said[..2], &[receipt(CASE_3, "C3"), receipt("（2025）浙0106执9号", "C3")]] {
        let reports = three_ways(&[begins(), said.to_vec(), joins.clone()]);
        assert!(reports.iter().all(|r| r.lake.rows["payments"] == 1));
        assert_eq!(reports[2].tables["payments"].rejected, 2);
    }
}

#[test]
fn a_waiting_row_falls_with_one_of_its_export_day_that_another_night_brought() {
    let said = [receipt(CASE_3, "C3"), receipt(CASE_1, "B2")];
    for (first, second) in [(0, 1), (1, 0)] {
        let nights = Nights::new(Mode::Delta);
        nights.export(0, &begins(), false);
        nights.load(0);
        nights.export(1, &said[first..=first], false);
        assert_eq!(nights.load(1).tables["payments"].rejected, 0);
        // Another file of the same export day.
        nights.export(1, &said[second..=second], false);
        let report = nights.load(2);
        assert_eq!((report.tables["payments"].rejected, report.tables["payments"].waiting, report.lake.rows["payments"]), (2, 0, 1));
        nights.export(3, &[(2, format!("{CASE_3},C3,joint,,2025-02-10"))], false);
        assert_eq!(nights.load(3).lake.rows["payments"], 1);
    }
}

#[test]
fn an_export_made_again_stands_in_the_place_of_what_waits_of_its_day_or_lies() {
    let with = |row: Row| [begins(), vec![row]].concat();
    for (first, then, waiting) in [((CASE_3, "C3"), (CASE_1, "B2"), 0), ((CASE_1, "B2"), (CASE_3, "C3"), 1)] {
        let nights = Nights::new(Mode::Full);
        nights.export(0, &with(receipt(first.0, first.1)), false);
        nights.load(0);
        // The export of that day once more, with a row corrected.
        nights.export(0, &with(receipt(then.0, then.1)), false);
        let report = nights.load(1);
        let payments = &report.tables["payments"];
        // A kept row that no longer holds is told as a contradiction; one that lay in the lake is replaced.
        assert_eq!((payments.rejected, payments.waiting, report.lake.rows["payments"]), (1 - waiting, waiting, 2 - waiting));
    }
}

#[test]
fn a_row_that_follows_its_debtor_and_is_contradicted_the_same_night_is_counted_once() {
    let nights = Nights::new(Mode::Delta);
    let conduct = |voided_on: &str| (6, format!(",B2,{CASE_2},summons_kept,2025-01-12,D2,2025-02-10,{voided_on}"));
    nights.export(0, &[begins(), vec![conduct("")]].concat(), false);
    nights.load(0);
    // His number becomes known and his row is said otherwise, by a file of the same export day.
    nights.export(0, &[(0, "B2,natural,resident_id,990000199001010017,李四,2025-05-02".to_owned()), conduct("2025-04-01")], true);
    let mut request = nights.request(1);
    for table in ["debtors", "conduct"] {
        std::fs::rename(nights.exports.join(format!("{table}-20250601.csv")), nights.exports.join(format!("{table}-x-20250601.csv")))
            .unwrap();
    }
    request.as_of += 1;
    let report = luheng_lake::ingest::ingest(&request, &mut |_| {}).unwrap();
    assert_eq!((report.lake.rows["conduct"], report.tables["conduct"].rejected), (1, 2));
}

#[test]
fn a_row_that_follows_its_debtor_and_is_replaced_the_same_night_is_counted_once() {
    let nights = Nights::new(Mode::Full);
    let conduct = |voided_on: &str| (6, format!(",B2,{CASE_2},summons_kept,2025-01-12,D2,2025-02-10,{voided_on}"));
    nights.export(0, &[begins(), vec![conduct("")]].concat(), false);
    nights.load(0);
    let learnt = (0, "B2,natural,resident_id,990000199001010017,李四,2025-05-02".to_owned());
    nights.export(0, &[begins(), vec![learnt, conduct("2025-04-01")]].concat(), false);
    let report = nights.load(1);
    assert_eq!((report.lake.rows["conduct"], report.tables["conduct"].rejected), (2, 0));
    assert!(nights.texts("conduct", &["voided_on"]).contains(&"2025-04-01".to_owned()));
}

#[test]
fn a_check_counts_what_falls_with_a_waiting_row() {
    let nights = Nights::new(Mode::Full);
    nights.export(0, &[begins(), vec![receipt(CASE_3, "C3"), receipt(CASE_1, "B2")]].concat(), false);
    let checked = luheng_lake::ingest::check(&nights.request(0), &mut |_| {}).unwrap();
    let loaded = nights.load(0);
    let counts =
        |report: &IngestReport| (report.tables["payments"].rejected, report.tables["payments"].waiting, report.tables["payments"].read);
    assert_eq!(counts(&loaded), (2, 0, 3));
    assert_eq!((checked.tables["payments"].rejected, checked.tables["payments"].waiting, checked.tables["payments"].read), (2, 0, 3));
}

#[test]
fn who_is_owner_or_party_by_words_that_contradict_each_other_gets_no_copies() {
    let hold = |from: &str| (5, format!("H7,{CASE_1},seal,{from},1,2025-03-05"));
    let owner = |debtor: &str| (4, format!("H7,{debtor},vehicle,900,2025-02-10,"));
    let party = |role: &str| (2, format!("{CASE_1},D4,{role},,2025-02-10"));
    let nights = [
        begins(),
        vec![owner("A1"), owner("B2"), hold("2025-03-01"), party("joint"), party("guarantor")],
        // Holds and receipts of a later night find neither.
        vec![hold("2025-03-02"), (3, format!("P7,{CASE_1},A1,900,2025-03-10,2025-03-01"))],
    ];
    let reports = three_ways(&nights);
    for report in &reports {
        assert_eq!((report.lake.rows["assets"], report.lake.rows["seizures"], report.lake.rows["payments"]), (1, 1, 2));
    }
    assert_eq!(
        (reports[2].tables["seizures"].waiting, reports[2].tables["parties"].rejected, reports[2].tables["assets"].rejected),
        (2, 2, 2)
    );
    // Said anew by one alone, it is his.
    let reports = three_ways(&[nights.to_vec(), vec![vec![(4, "H7,B2,vehicle,900,2025-05-10,".to_owned())]]].concat());
    assert!(reports.iter().all(|r| r.lake.rows["seizures"] == 3));
}

#[test]
fn a_case_by_words_that_contradict_each_other_is_there_on_later_nights() {
    let case = |claim: u32, known: &str| (1, format!("{CASE_3},money,{claim},{known},"));
    let nights = [
        base(),
        vec![case(30_000, "2025-02-10"), case(40_000, "2025-02-10")],
        // Who is its party, and what was paid in it, of later nights.
        vec![(2, format!("{CASE_3},A1,joint,,2025-02-10"))],
        vec![receipt(CASE_3, "A1")],
    ];
    let reports = three_ways(&nights);
    for report in &reports {
        assert_eq!((report.lake.rows["cases"], report.lake.rows["payments"], report.tables["payments"].waiting), (2, 2, 0));
    }
    assert_eq!(reports[2].tables["cases"].rejected, 2);
    // Said anew by one alone, it is a case like others.
    let reports = three_ways(&[nights.to_vec(), vec![vec![case(50_000, "2025-05-10")]]].concat());
    assert!(reports.iter().all(|r| r.lake.rows["cases"] == 3));
}

#[test]
fn a_case_stays_there_when_another_file_of_its_export_day_contradicts_it() {
    let nights = Nights::new(Mode::Delta);
    nights.export(0, &base(), false);
    nights.load(0);
    nights.export(1, &[(1, format!("{CASE_3},money,30000,2025-02-10,"))], false);
    assert_eq!(nights.load(1).tables["cases"].waiting, 1);
    nights.export(1, &[(1, format!("{CASE_3},money,40000,2025-02-10,"))], false);
    assert_eq!(nights.load(2).tables["cases"].rejected, 2);
    nights.export(3, &[(2, format!("{CASE_3},A1,joint,,2025-02-10")), receipt(CASE_3, "A1")], false);
    let report = nights.load(3);
    assert_eq!((report.tables["parties"].waiting, report.tables["payments"].waiting), (0, 0));
}

#[test]
fn a_row_said_again_after_another_that_waits_is_said_anew() {
    let of = |debtor: &str| (6, format!("R1,{debtor},{CASE_1},served,2025-01-10,D1,2025-02-10,"));
    let comes = (0, "C3,natural,,,王五,2025-01-02".to_owned());
    // Whoever is known first, each of the three words is a version in its turn.
    for (first, then) in [("B2", "C3"), ("C3", "B2")] {
        let nights = [base(), vec![of(first)], vec![of(then)], vec![of(first)], vec![comes.clone()]];
        let reports = three_ways(&nights);
        assert!(reports.iter().all(|r| r.lake.rows["conduct"] == 4), "{first}, {then}: {:?}", reports.map(|r| r.lake.rows["conduct"]));
    }
    // Also where the other one never comes to be known, so that his word waits in the one load of all nights too.
    let reports = three_ways(&[base(), vec![of("B2")], vec![of("C3")], vec![of("B2")]]);
    assert!(reports.iter().all(|r| r.lake.rows["conduct"] == 3));
}

#[test]
fn an_owner_contradicted_by_one_who_is_not_known_yet_gets_no_copies() {
    let owner = |debtor: &str| (4, format!("H1,{debtor},vehicle,600,2025-03-10,"));
    let comes = (0, "C3,natural,,,王五,2025-01-02".to_owned());
    let nights = [base(), vec![owner("B2"), owner("C3")], vec![comes]];
    let reports = three_ways(&nights);
    assert_eq!((reports[0].lake.rows["assets"], reports[2].tables["assets"].rejected), (1, 2));
}

#[test]
fn changes_without_a_key_said_again_and_exports_older_than_the_last_are_told() {
    let nights = Nights::new(Mode::Delta);
    let keyless = |case: &str| (3, format!(",{case},A1,1000,2025-02-02,2025-02-01"));
    nights.export(0, &[begins(), vec![keyless(CASE_1)]].concat(), false);
    nights.load(0);
    nights.export(2, &[keyless(CASE_1), keyless(CASE_1), keyless(CASE_2)], false);
    let report = nights.load(2);
    assert_eq!((report.lake.rows["payments"], report.tables["payments"].unchanged), (4, 1));
    let told =
        |report: &IngestReport, what: &str| report.warnings.iter().filter(|w| w.starts_with("payments: ") && w.contains(what)).count();
    assert_eq!(
        (told(&report, "1 rows of tonight's changes have neither"), told(&report, "loaded after one of")),
        (1, 0),
        "{:?}",
        report.warnings
    );
    nights.export(1, &[receipt(CASE_1, "A1")], false);
    let report = nights.load(3);
    assert_eq!((told(&report, "have neither"), told(&report, "is an export of 2025-06-02, loaded after one of 2025-06-03")), (0, 1));
}
