//! A bucket settled a range of debtors after the other comes to the same files as one settled at once.

use std::collections::BTreeMap;
use std::fs;

use super::{CASE_1, Nights, RANGE_BYTES, Row, base};
use luheng_lake::ingest::mapping::{Absent, Mode};
use luheng_lake::store::input::files_below;

/// Forty debtors more, each with a case, a receipt and an act.
fn many(night: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    for n in 0..40 {
        let case = format!("（2025）浙0106执{}号", n + 100);
        let known = format!("2025-0{}-11", night + 1);
        rows.push((0, format!("E{n},natural,,,某{n},2025-01-02")));
        rows.push((1, format!("{case},money,{}00,2025-01-06,", n + 1)));
        rows.push((2, format!("{case},E{n},principal,,2025-01-06")));
        rows.push((3, format!("Q{n},{case},E{n},{}00,{known},2025-01-10", n + night + 1)));
        rows.push((6, format!(",E{n},{case},served,2025-01-10,D{n},{known},")));
    }
    rows
}

fn files(nights: &Nights) -> BTreeMap<String, Vec<u8>> {
    let lake = nights.request(0).work.lake();
    let name = |path: &std::path::Path| path.strip_prefix(&lake).unwrap().to_string_lossy().into_owned();
    let parquet = |path: &std::path::PathBuf| path.extension().is_some_and(|end| end == "parquet");
    let all = files_below(&lake).unwrap();
    all.iter().filter(|p| parquet(p)).map(|path| (name(path), fs::read(path).unwrap())).collect()
}

#[test]
fn ranges_give_the_files_of_the_whole() {
    // Full exports rewrite what they retract, changes append, contradict what lies there, move it, or make eight files one.
    for (mode, absent) in [(Mode::Delta, Absent::Reported), (Mode::Full, Absent::Retracted)] {
        let whole = Nights { absent, ..Nights::new(mode) };
        let small = Nights { absent, range_bytes: 400, ..Nights::new(mode) };
        assert_eq!(whole.range_bytes, RANGE_BYTES);
        let mut rewritten = false;
        for night in 0..11 {
            let rows: Vec<Row> = match night {
                0 => [base(), many(0)].concat(),
                1 => many(1),
                2 => vec![
                    (0, "E7,natural,resident_id,990000199001010017,某7,2025-05-02".to_owned()),
                    (2, format!("{CASE_1},E9,joint,,2025-02-11")),
                    (4, "H1,E3,real_estate,90000000,2025-05-20,".to_owned()),
                ],
                n => vec![(6, format!(",A1,{CASE_1},summons_kept,2025-01-1{},D2,2025-03-1{},", n % 10, n % 10))],
            };
            for nights in [&whole, &small] {
                nights.export(night, &rows, false);
                nights.load(night);
            }
            if mode == Mode::Delta && night == 3 {
                // An export day said otherwise takes rows out of the lake.
                for nights in [&whole, &small] {
                    nights.export(1, &[(6, ",E5,（2025）浙0106执105号,served,2025-01-10,D5,2025-02-11,2025-04-01".to_owned())], false);
                    assert_eq!(nights.load(3).tables["conduct"].rejected, 2);
                }
                rewritten = true;
            }
            assert_eq!(files(&whole), files(&small), "night {night}, {mode:?}");
        }
        assert!(rewritten || mode == Mode::Full);
        assert!(files(&small).len() > 20);
    }
}
