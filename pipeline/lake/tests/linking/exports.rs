//! Exports of several nights, with debtors who have no number among them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use luheng_lake::columns::{Columns, day};
use luheng_lake::ingest::mapping::{Mapping, Mode};
use luheng_lake::ingest::{self, IngestReport, Linking, Request};
use luheng_lake::schema::Retention;
use luheng_lake::store::audit::{self, Attributes};
use luheng_lake::store::lake::{self, LakeInfo};
use luheng_lake::store::tables;
use luheng_lake::store::vault::Vault;

use crate::imaginary;
use crate::town::{Town, key};

/// Tables, their headers and the columns that tell rows apart.
pub const TABLES: [(&str, &str, &[usize]); 8] = [
    ("debtors", "debtor_ref,kind,id_kind,id_no,name,phone,address,born_on,residence_region,known_on", &[0, 9]),
    ("cases", "case_no,duty_kind,claim_fen,known_on,status,closed_on", &[0, 3]),
    ("parties", "case_no,debtor_ref,role,after_party,known_on", &[0, 1, 4]),
    ("payments", "payment_ref,case_no,debtor_ref,amount_fen,known_on,paid_on", &[0, 4]),
    ("assets", "asset_ref,debtor_ref,class,gross_fen,known_on", &[0, 4]),
    ("seizures", "asset_ref,case_no,kind,from_on,rank,known_on", &[0, 1, 2, 3, 5]),
    ("conduct", "row_id,debtor_ref,case_no,kind,happened_on,document_no,known_on", &[0, 1, 2, 3, 4, 5, 6]),
    ("identity_decisions", "source_a,ref_a,source_b,ref_b,decision,judge_code,decided_on,known_on,document_no,voided_on", &[0, 1, 2, 3, 7]),
];
pub const CASES: [&str; 3] = ["（2025）浙0106执1号", "（2025）浙0106执2号", "（2025）浙0106执3号"];
/// The known one, the same without his number, and one who has no more than the name in common.
pub const KNOWN: &str = "A1,natural,resident_id,990000198502150021,欧阳淼淼,19900006911,文青路88号3幢201室,1985-02-15,990103,2025-01-01";
pub const ALIKE: &str = "B2,natural,other,,歐陽淼淼,19900006911,文青路88号3幢201室,1985-02-15,990103,2025-01-01";
pub const NAMESAKE: &str = "C3,natural,other,,欧阳淼淼,,红旗路1号,1961-07-09,990507,2025-01-01";
pub const HOW: Linking = Linking { threshold: 0.99, review: 0.001, training: 1 };

pub type Row = (usize, String);

/// Exports of several nights.
pub struct Nights {
    pub folder: tempfile::TempDir,
    pub mode: Mode,
    pub linking: Option<Linking>,
    /// By night, where the debtors come from.
    pub sources: Vec<&'static str>,
    pub buckets: u32,
    /// Whether facts leave; the nights are then ten years later.
    pub expires: bool,
}

impl Nights {
    pub fn new(mode: Mode) -> Nights {
        Nights { folder: tempfile::tempdir().unwrap(), mode, linking: Some(HOW), sources: Vec::new(), buckets: 4, expires: false }
    }

    pub fn exports(&self) -> PathBuf {
        self.folder.path().join("exports")
    }

    pub fn request(&self, night: usize) -> Request {
        let mode = if night == 0 { Mode::Full } else { self.mode };
        let source = self.sources.get(night).copied().unwrap_or_default().to_owned();
        let mapping = Mapping { mode, source, ..Mapping::default() };
        let (town, late) = (Town::new().request(), if self.expires { 3_650 } else { 0 });
        Request {
            work: luheng_lake::store::paths::Work::at(self.folder.path().join("work")),
            input: self.exports(),
            sources: TABLES.iter().map(|(table, ..)| ((*table).to_owned(), mapping.clone())).collect(),
            as_of: day::parse("2025-06-01").unwrap() + night as i32 + late,
            max_reject_share: 1.0,
            linking: self.linking,
            buckets: self.buckets,
            retention: Retention { apply: self.expires, ..town.retention },
            ..town
        }
    }

    /// Writes one night's files; earlier ones stay only where `stays`.
    pub fn export(&self, night: usize, rows: &[Row], stays: bool) {
        if !stays {
            let _ = fs::remove_dir_all(self.exports());
        }
        fs::create_dir_all(self.exports()).unwrap();
        for (table, (name, header, _)) in TABLES.iter().enumerate() {
            let mine: Vec<&str> = rows.iter().filter(|(t, _)| *t == table).map(|(_, row)| row.as_str()).collect();
            if night == 0 || self.mode == Mode::Full || !mine.is_empty() {
                fs::write(self.exports().join(format!("{name}-{}.csv", 20_250_601 + night)), format!("{header}\n{}\n", mine.join("\n")))
                    .unwrap();
            }
        }
    }

    pub fn load(&self, night: usize) -> IngestReport {
        let report = ingest::ingest(&self.request(night), &mut |_| {}).unwrap();
        for file in &report.files {
            assert_eq!(file.read, file.loaded + file.waiting + file.rejected + file.duplicates + file.expired, "{}", file.file);
        }
        report
    }

    /// Writes and loads.
    pub fn night(&self, night: usize, rows: &[Row]) -> IngestReport {
        self.export(night, rows, false);
        self.load(night)
    }

    pub fn rows(&self, table: &str) -> Columns {
        let request = self.request(0);
        let lake = request.work.lake();
        if table == "identity_decisions" {
            return tables::read_whole(&lake, table, &request.seal).unwrap().unwrap_or_default();
        }
        let parts: Vec<Columns> = (0..request.buckets).filter_map(|b| tables::read(&lake, table, b, &request.seal).unwrap()).collect();
        let all = Columns::concat(&parts).unwrap();
        if all.is_empty() { all } else { all.sorted_by(&["debtor_id", "row_id", "known_on", "seen_on"]).unwrap() }
    }

    pub fn texts(&self, table: &str, names: &[&str]) -> Vec<String> {
        lines(&self.rows(table), names)
    }

    /// Every table file of the lake.
    pub fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let all = luheng_lake::store::input::files_below(&self.request(0).work.lake()).unwrap();
        let lake = self.request(0).work.lake();
        let name = |path: &PathBuf| path.strip_prefix(&lake).unwrap().to_path_buf();
        let is_table = |path: &&PathBuf| path.extension().is_some_and(|e| e == "parquet") && !name(path).starts_with("_rejects.parquet");
        all.iter().filter(is_table).map(|path| (name(path), fs::read(path).unwrap())).collect()
    }

    /// The debtors that rows of a table lie with.
    pub fn debtors_of(&self, table: &str) -> Vec<String> {
        self.texts(table, &["debtor_id"])
    }

    /// Columns of a table that do not say when a row was exported.
    pub fn placed(&self, table: &str) -> Vec<String> {
        let rows = self.rows(table);
        let names: Vec<&str> = rows.names().filter(|name| *name != "seen_on").collect();
        lines(&rows, &names)
    }

    pub fn links(&self) -> Columns {
        self.vault().links().unwrap().unwrap_or_default()
    }

    pub fn vault(&self) -> Vault {
        Vault::open(&self.request(0).work.vault(), &self.request(0).vault)
    }

    /// Under whom the vault keeps debtors.
    pub fn identities(&self) -> Vec<String> {
        let rows = (0..self.buckets).filter_map(|bucket| self.vault().read("debtors", bucket).unwrap());
        rows.flat_map(|rows| lines(&rows, &["debtor_id"])).collect()
    }

    /// The audit attributes of every debtor.
    pub fn audited(&self) -> BTreeMap<String, Attributes> {
        let request = self.request(0);
        (0..request.buckets).flat_map(|b| audit::read(&request.work.vault(), b, &request.vault).unwrap()).collect()
    }

    /// Source rows by table, and the hash of their content.
    pub fn info(&self) -> LakeInfo {
        lake::read(&self.request(0).work).unwrap().unwrap()
    }
}

pub fn lines(rows: &Columns, names: &[&str]) -> Vec<String> {
    let cell = |name: &str, at: usize| {
        let column = rows.get(name).unwrap();
        let number = column.real_at(at).map(|x| x.to_string()).or(column.int_at(at).map(|n| n.to_string()));
        let flag = column.flag_at(at).map(|f| f.to_string());
        column.text_at(at).map(str::to_owned).or(flag).or(number).or(column.date_at(at).map(day::format)).unwrap_or("-".to_owned())
    };
    let mut lines: Vec<String> = (0..rows.len()).map(|at| names.iter().map(|n| cell(n, at)).collect::<Vec<_>>().join(" ")).collect();
    lines.sort();
    lines
}

pub fn known() -> String {
    key().pseudonym("990000198502150021")
}

pub fn by_ref(reference: &str) -> String {
    key().pseudonym(&format!("ref::{reference}"))
}

pub fn row(table: usize, text: &str) -> Row {
    (table, text.to_owned())
}

/// Enough people with a number for the model to know how rare a value is.
pub fn population() -> Vec<Row> {
    let town = imaginary::Town::new(7);
    let person = |n: u64| {
        let entry = town.person(n);
        let birth = entry.birth.filter(|b| day::parse(b).is_some()).unwrap_or_default();
        let address = entry.address.unwrap_or_default();
        (
            0,
            format!(
                "N{n},natural,passport,E{n},{},{},{address},{birth},{},2025-01-01",
                entry.name,
                entry.phone.unwrap_or_default(),
                entry.region
            ),
        )
    };
    (0..300).map(person).collect()
}

/// Debtors and their facts: a case of each of the first two, one that both are parties of, one of the namesake's.
pub fn base() -> Vec<Row> {
    let mut rows = population();
    rows.extend([row(0, KNOWN), row(0, ALIKE), row(0, NAMESAKE)]);
    for (n, case) in CASES.iter().enumerate() {
        rows.push((1, format!("{case},money,500000,2025-01-05,,")));
        for debtor in [["A1"].as_slice(), &["B2", "C3"], &["A1", "B2"]][n] {
            rows.push((2, format!("{case},{debtor},joint,{},2025-01-05", if n == 1 && *debtor == "C3" { "B2" } else { "" })));
            rows.push((3, format!("P{n}{debtor},{case},{debtor},1000,2025-02-02,2025-02-01")));
            rows.push((6, format!(",{debtor},{case},served,2025-01-10,D{n}{debtor},2025-01-11")));
        }
    }
    rows.push((4, "H1,A1,real_estate,90000000,2025-01-20".to_owned()));
    rows.push((4, "H2,B2,vehicle,9000000,2025-01-20".to_owned()));
    rows.push((5, format!("H2,{},seal,2025-01-25,1,2025-01-25", CASES[1])));
    rows
}

pub fn decision(a: &str, b: &str, what: &str, known_on: &str) -> Row {
    (7, format!(",{a},,{b},{what},J01,{known_on},{known_on},（2025）浙0106执1号之一,"))
}

pub const WITH_DEBTORS: [&str; 7] = ["debtors", "cases", "parties", "payments", "assets", "seizures", "conduct"];

/// Whether a lake holds what one would that had never linked.
pub fn assert_parted(nights: &Nights, rows: &[Row]) {
    let off = Nights { linking: None, ..Nights::new(Mode::Full) };
    off.night(0, rows);
    for table in WITH_DEBTORS {
        let (left, right) = (nights.placed(table), off.placed(table));
        let only = |a: &[String], b: &[String]| a.iter().filter(|line| !b.contains(line)).cloned().collect::<Vec<_>>();
        assert_eq!(only(&left, &right), only(&right, &left), "{table}");
        assert_eq!(left, right, "{table}");
    }
}
