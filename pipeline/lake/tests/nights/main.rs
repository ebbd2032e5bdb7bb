//! Night after night: what a lake holds does not depend on whether it came as full exports, as changes, or at once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

mod contradictions;
mod random;
mod ranges;
#[path = "../town/mod.rs"]
mod town;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use luheng_lake::columns::{Columns, day};
use luheng_lake::ingest::mapping::{Absent, Mapping, Mode};
use luheng_lake::ingest::{self, IngestReport, RANGE_BYTES, Request};
use luheng_lake::store::audit::{self, Attributes, Sex};
use luheng_lake::store::seal::Seal;
use luheng_lake::store::tables;
use town::{Town, key};

/// Tables, their headers and the columns that tell rows apart.
const TABLES: [(&str, &str, &[usize]); 7] = [
    ("debtors", "debtor_ref,kind,id_kind,id_no,name,known_on", &[0, 5]),
    ("cases", "case_no,duty_kind,claim_fen,known_on,voided_on", &[0, 3]),
    ("parties", "case_no,debtor_ref,role,after_party,known_on", &[0, 1, 4]),
    ("payments", "payment_ref,case_no,debtor_ref,amount_fen,known_on,paid_on", &[0, 4]),
    ("assets", "asset_ref,debtor_ref,class,gross_fen,known_on,voided_on", &[0, 4]),
    ("seizures", "asset_ref,case_no,kind,from_on,rank,known_on", &[0, 1, 2, 3, 5]),
    ("conduct", "row_id,debtor_ref,case_no,kind,happened_on,document_no,known_on,voided_on", &[0, 6]),
];

const CASE_1: &str = "（2025）浙0106执1号";
const CASE_2: &str = "（2025）浙0106执2号";
const CASE_3: &str = "（2025）浙0106执3号";

type Row = (usize, String);

/// Exports of several nights, loaded in one of three ways.
struct Nights {
    exports: PathBuf,
    folder: tempfile::TempDir,
    mode: Mode,
    absent: Absent,
    /// Bytes of a bucket settled at once.
    range_bytes: u64,
}

impl Nights {
    fn new(mode: Mode) -> Nights {
        let folder = tempfile::tempdir().unwrap();
        Nights { exports: folder.path().join("exports"), folder, mode, absent: Absent::Reported, range_bytes: RANGE_BYTES }
    }

    fn request(&self, night: usize) -> Request {
        let base = Town::new().request();
        let mode = if night == 0 { Mode::Full } else { self.mode };
        let mapping = Mapping { mode, absent: self.absent, ..Mapping::default() };
        Request {
            work: luheng_lake::store::paths::Work::at(self.folder.path().join("work")),
            input: self.exports.clone(),
            sources: TABLES.iter().map(|(table, ..)| ((*table).to_owned(), mapping.clone())).collect(),
            as_of: day::parse("2025-06-01").unwrap() + night as i32,
            max_reject_share: 1.0,
            range_bytes: self.range_bytes,
            ..base
        }
    }

    /// Writes one night's files; earlier ones stay only where `stays`.
    fn export(&self, night: usize, rows: &[Row], stays: bool) {
        if !stays {
            let _ = fs::remove_dir_all(&self.exports);
        }
        fs::create_dir_all(&self.exports).unwrap();
        for (table, (name, header, _)) in TABLES.iter().enumerate() {
            let mine: Vec<&str> = rows.iter().filter(|(t, _)| *t == table).map(|(_, row)| row.as_str()).collect();
            let needed = night == 0 || self.mode == Mode::Full;
            if needed || !mine.is_empty() {
                let date = 20_250_601 + night;
                fs::write(self.exports.join(format!("{name}-{date}.csv")), format!("{header}\n{}\n", mine.join("\n"))).unwrap();
            }
        }
    }

    fn load(&self, night: usize) -> IngestReport {
        let report = ingest::ingest(&self.request(night), &mut |_| {}).unwrap();
        for file in &report.files {
            assert_eq!(file.read, file.loaded + file.waiting + file.rejected + file.duplicates, "{}", file.file);
        }
        report
    }

    fn rows(&self, table: &str) -> Columns {
        let request = self.request(0);
        let parts: Vec<Columns> =
            (0..request.buckets).filter_map(|b| tables::read(&request.work.lake(), table, b, &request.seal).unwrap()).collect();
        let all = Columns::concat(&parts).unwrap();
        if all.is_empty() { all } else { all.sorted_by(&["debtor_id", "row_id", "known_on", "seen_on"]).unwrap() }
    }

    fn attributes(&self) -> BTreeMap<String, Attributes> {
        let request = self.request(0);
        (0..request.buckets).flat_map(|b| audit::read(&request.work.vault(), b, &request.vault).unwrap()).collect()
    }

    fn texts(&self, table: &str, names: &[&str]) -> Vec<String> {
        let rows = self.rows(table);
        let cell = |name: &str, at: usize| {
            let column = rows.get(name).unwrap();
            let flag = column.flag_at(at).map(|f| f.to_string());
            column.text_at(at).map(str::to_owned).or(flag).or(column.date_at(at).map(day::format)).unwrap_or("-".to_owned())
        };
        let mut lines: Vec<String> = (0..rows.len()).map(|at| names.iter().map(|n| cell(n, at)).collect::<Vec<_>>().join(" ")).collect();
        lines.sort();
        lines
    }
}

fn id(number: &str) -> String {
    key().pseudonym(number)
}

fn by_ref(reference: &str) -> String {
    key().pseudonym(&format!("ref::{reference}"))
}

/// What every night begins with: two debtors, one without a number; two cases.
fn base() -> Vec<Row> {
    let rows = [
        (0, "A1,natural,resident_id,990000198502150021,张三,2025-01-01"),
        (0, "B2,legal,,,李四公司,2025-01-01"),
        (1, &format!("{CASE_1},money,500000,2025-01-05,")),
        (1, &format!("{CASE_2},money,100000,2025-01-06,")),
        (2, &format!("{CASE_1},A1,principal,,2025-01-05")),
        (2, &format!("{CASE_2},B2,principal,,2025-01-06")),
        (3, &format!("P1,{CASE_1},A1,1000,2025-02-02,2025-02-01")),
        (4, "H1,A1,real_estate,90000000,2025-01-20,"),
        (5, &format!("H1,{CASE_1},seal,2025-01-25,1,2025-01-25")),
        (6, &format!(",A1,{CASE_1},served,2025-01-10,D1,2025-01-11,")),
    ];
    rows.into_iter().map(|(table, row)| (table, row.to_owned())).collect()
}

#[test]
fn an_asset_that_changes_hands_ends_where_it_was_and_its_holds_follow() {
    let nights = Nights::new(Mode::Delta);
    nights.export(0, &base(), false);
    nights.load(0);
    nights.export(1, &[(4, "H1,B2,real_estate,90000000,2025-05-20,".to_owned())], false);
    let report = nights.load(1);
    assert_eq!((report.tables["assets"].loaded, report.lake.rows["assets"]), (1, 2));
    let (a, b) = (id("990000198502150021"), by_ref("B2"));
    let mut expected = vec![
        format!("{a} 2025-01-20 false"),
        format!("{a} 2025-05-20 true"),
        format!("{b} 2025-01-20 true"),
        format!("{b} 2025-05-20 false"),
    ];
    expected.sort();
    assert_eq!(nights.texts("assets", &["debtor_id", "known_on", "elsewhere"]), expected);
    assert_eq!(nights.rows("seizures").len(), 2);
    assert_eq!(report.lake.rows["seizures"], 1);
}

#[test]
fn rows_of_one_key_and_day_that_name_two_debtors_or_cases_contradict_each_other() {
    let nights = Nights::new(Mode::Full);
    let mut rows = base();
    rows.push((4, "H1,B2,real_estate,90000000,2025-01-20,".to_owned()));
    rows.push((3, format!("P1,{CASE_2},B2,1000,2025-02-02,2025-02-01")));
    nights.export(0, &rows, false);
    let report = nights.load(0);
    assert_eq!((report.tables["assets"].rejected, report.tables["payments"].rejected), (2, 2));
    assert!(nights.rows("assets").is_empty() && nights.rows("payments").is_empty());
}

#[test]
fn a_change_said_otherwise_on_its_day_takes_that_version_and_no_other_row() {
    let nights = Nights::new(Mode::Delta);
    let mut rows = base();
    rows.extend((2..12).map(|n| (6, format!(",A1,{CASE_1},served,2025-01-10,D{n:02},2025-01-11,"))));
    nights.export(0, &rows, false);
    nights.load(0);
    let before = nights.texts("conduct", &["document_no", "voided_on"]);
    let said = |voided_on: &str| vec![(6, format!(",A1,{CASE_1},served,2025-01-10,D07,2025-01-11,{voided_on}"))];
    nights.export(1, &said("2025-04-01"), false);
    assert_eq!(nights.load(1).lake.rows["conduct"], 12);
    // The same export day again, in another file of changes.
    nights.export(1, &said("2025-04-02"), false);
    let report = nights.load(2);
    assert_eq!((report.lake.rows["conduct"], report.tables["conduct"].rejected), (11, 2));
    assert_eq!(nights.texts("conduct", &["document_no", "voided_on"]), before);
}

#[test]
fn a_receipt_booked_to_another_case_counts_there_alone() {
    let nights = Nights::new(Mode::Delta);
    nights.export(0, &base(), false);
    nights.load(0);
    nights.export(1, &[(3, format!("P1,{CASE_2},B2,1000,2025-05-02,2025-02-01"))], false);
    nights.load(1);
    let lines = nights.texts("payments", &["debtor_id", "case_no", "elsewhere", "is_own"]);
    let (a, b) = (id("990000198502150021"), by_ref("B2"));
    let mut expected = vec![
        format!("{a} {CASE_1} false true"),
        format!("{a} {CASE_2} true -"),
        format!("{b} {CASE_1} true -"),
        format!("{b} {CASE_2} false true"),
    ];
    expected.sort();
    assert_eq!(lines, expected);
}

#[test]
fn a_party_who_joins_gets_all_rows_of_the_case() {
    let nights = Nights::new(Mode::Delta);
    nights.export(0, &base(), false);
    nights.load(0);
    nights.export(1, &[(2, format!("{CASE_1},B2,joined,A1,2025-05-05"))], false);
    let report = nights.load(1);
    let b = by_ref("B2");
    for (table, own) in [("cases", 2), ("payments", 1), ("parties", 3)] {
        assert_eq!(nights.texts(table, &["debtor_id"]).iter().filter(|d| **d == b).count(), own, "{table}");
    }
    assert_eq!((report.lake.rows["cases"], report.lake.rows["payments"], report.lake.rows["parties"]), (2, 1, 3));
}

#[test]
fn a_number_learnt_later_moves_all_of_a_debtor() {
    let nights = Nights::new(Mode::Delta);
    nights.export(0, &base(), false);
    nights.load(0);
    nights.export(1, &[(0, "B2,natural,resident_id,990000199001010017,李四,2025-05-02".to_owned())], false);
    nights.load(1);
    let (old, new) = (by_ref("B2"), id("990000199001010017"));
    for table in ["debtors", "cases", "parties"] {
        let ids = nights.texts(table, &["debtor_id"]);
        assert!(ids.contains(&new) && !ids.contains(&old), "{table}: {ids:?}");
    }
    // His audit attributes follow him.
    let attributes = nights.attributes();
    assert_eq!((attributes.len(), attributes.contains_key(&old)), (2, false));
    assert_eq!((attributes[&new].sex, attributes[&new].birth_year), (Some(Sex::Male), Some(1990)));
}

#[test]
fn audit_attributes_are_of_natural_persons_and_lie_in_the_vault_alone() {
    let nights = Nights::new(Mode::Delta);
    nights.export(0, &base(), false);
    nights.load(0);
    let attributes = nights.attributes();
    assert_eq!(attributes.keys().collect::<Vec<_>>(), [&id("990000198502150021")]);
    let request = nights.request(0);
    for table in ["debtors", "parties", "conduct"] {
        let rows = nights.rows(table);
        let told = |name: &str| ["sex", "birth_year", "registered_elsewhere", "urban"].contains(&name);
        assert!(!rows.names().any(told), "{table}");
    }
    // Not in the clear, and by no other door.
    let files = luheng_lake::store::input::files_below(&request.work.vault().join("audit")).unwrap();
    assert!(!files.is_empty() && files.iter().all(|f| luheng_lake::store::parquet::read(f, &Seal::none()).is_err()));
    let door = luheng_lake::store::vault::Vault::open(&request.work.vault(), &request.vault);
    assert!((0..request.buckets).all(|b| door.read("audit", b).is_err()));
    // Another bucket count moves them as it moves their debtor.
    nights.export(1, &[], false);
    let many = Request { buckets: 16, ..nights.request(1) };
    ingest::ingest(&many, &mut |_| {}).unwrap();
    let moved: BTreeMap<String, Attributes> = (0..16).flat_map(|b| audit::read(&many.work.vault(), b, &many.vault).unwrap()).collect();
    assert_eq!(moved, attributes);
}

#[test]
fn unchanged_files_are_not_read_again_and_untouched_buckets_stay_the_same_files() {
    use std::os::unix::fs::MetadataExt;
    let nights = Nights::new(Mode::Delta);
    nights.export(0, &base(), false);
    nights.load(0);
    let lake = nights.request(0).work.lake();
    let inodes = || -> BTreeMap<PathBuf, u64> {
        let files = luheng_lake::store::input::files_below(&lake).unwrap();
        files
            .into_iter()
            .filter(|f| {
                let name = f.file_name().unwrap().to_string_lossy();
                name.ends_with(".parquet") && !name.starts_with('_')
            })
            .map(|f| (f.clone(), fs::metadata(f).unwrap().ino()))
            .collect()
    };
    let before = inodes();
    // The same files once more, and one of conduct: the rest is neither read nor written.
    nights.export(1, &[(6, format!("R7,A1,{CASE_1},summons_kept,2025-05-10,D7,2025-05-11,"))], true);
    let report = nights.load(1);
    assert_eq!(report.tables["cases"].unchanged, 2);
    let after = inodes();
    let kept = before.iter().filter(|(path, inode)| after.get(*path) == Some(*inode)).count();
    let new: Vec<&PathBuf> = after.keys().filter(|path| !before.contains_key(*path)).collect();
    assert!(kept + 1 >= before.len(), "{kept} of {}: {new:?}", before.len());
    assert!(new.iter().all(|path| path.components().any(|c| c.as_os_str() == "conduct")), "{new:?}");
}

#[test]
fn a_key_missing_from_a_full_export_is_reported_and_retracted_where_asked() {
    for absent in [Absent::Reported, Absent::Retracted] {
        let nights = Nights { absent, ..Nights::new(Mode::Full) };
        nights.export(0, &base(), false);
        nights.load(0);
        let fewer: Vec<Row> = base().into_iter().filter(|(table, _)| *table != 6).collect();
        nights.export(1, &fewer, false);
        let report = nights.load(1);
        assert!(report.warnings.iter().any(|w| w.contains("conduct: 1 keys")), "{:?}", report.warnings);
        let expected: &[&str] = if absent == Absent::Retracted { &["-", "2025-06-02"] } else { &["-"] };
        assert_eq!(nights.texts("conduct", &["voided_on"]), expected);
        // Nothing more happens the next night; and where it is exported again, it counts again.
        nights.export(2, &fewer, false);
        nights.load(2);
        assert_eq!(nights.texts("conduct", &["voided_on"]), expected);
        nights.export(3, &base(), false);
        nights.load(3);
        let newest = nights.texts("conduct", &["seen_on", "voided_on"]).pop().unwrap();
        assert!(newest.ends_with(" -"), "{newest}");
    }
}

#[test]
fn another_bucket_count_lays_all_rows_anew() {
    let nights = Nights::new(Mode::Delta);
    nights.export(0, &base(), false);
    let before = nights.load(0);
    nights.export(1, &[(6, format!("R7,A1,{CASE_1},summons_kept,2025-05-10,D7,2025-05-11,"))], false);
    let request = Request { buckets: 16, ..nights.request(1) };
    let report = ingest::ingest(&request, &mut |_| {}).unwrap();
    assert_eq!(report.lake.rows["conduct"], before.lake.rows["conduct"] + 1);
    for table in ["debtors", "cases", "parties", "payments", "assets", "seizures"] {
        assert_eq!(report.lake.content[table], before.lake.content[table], "{table}");
    }
    let people =
        (0..16).filter_map(|b| luheng_lake::store::vault::Vault::open(&request.work.vault(), &request.vault).read("debtors", b).unwrap());
    assert_eq!(people.map(|p| p.len()).sum::<usize>(), 2);
}

#[test]
fn changes_for_an_empty_lake_are_taken_for_all_and_said() {
    let nights = Nights::new(Mode::Delta);
    nights.export(0, &base(), false);
    let report = ingest::ingest(&nights.request(1), &mut |_| {}).unwrap();
    assert_eq!(report.lake.rows["cases"], 2);
    assert!(report.warnings.iter().any(|w| w.starts_with("cases: there is no lake yet")), "{:?}", report.warnings);
}
