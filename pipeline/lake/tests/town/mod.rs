//! A town of three debtors and two cases, in files that tests may add to, shuffle, split or write in another format.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

use std::fs;
use std::path::{Path, PathBuf};

use luheng_lake::catalog::CatalogFiles;
use luheng_lake::columns::{Columns, day};
use luheng_lake::ingest::{RANGE_BYTES, Request};
use luheng_lake::schema::{Codes, Retention, Schema};
use luheng_lake::store::key::{KeyOrigin, PseudonymKey};
use luheng_lake::store::paths::Work;
use luheng_lake::store::seal::{DataKey, Encrypt, Seal};
use luheng_lake::store::{parquet, text};

const TABLES: [(&str, &str); 7] = [
    (
        "debtors",
        "debtor_ref,kind,id_kind,id_no,name,phone,born_on,known_on
A1,natural,resident_id,990000198502150021,张三,13800000001,1985-02-15,2025-01-01
B2,legal,,,李四公司,,,2025-01-01
C3,natural,,,王五,,,2025-01-01
",
    ),
    (
        "cases",
        "case_no,duty_kind,claim_fen,status,closed_on,known_on
（2025）浙0106执1号,money,500000,open,,2025-01-05
（2025）浙0106执2号,money,100000,open,,2025-01-06
",
    ),
    (
        "parties",
        "case_no,debtor_ref,role,after_party,known_on
（2025）浙0106执1号,A1,principal,,2025-01-05
（2025）浙0106执1号,B2,guarantor,A1,2025-01-05
（2025）浙0106执2号,B2,principal,,2025-01-06
",
    ),
    (
        "payments",
        "payment_ref,case_no,debtor_ref,paid_on,amount_fen,source,known_on
P1,（2025）浙0106执1号,A1,2025-02-01,1000,voluntary,2025-02-02
P2,（2025）浙0106执1号,B2,2025-02-03,2000,deducted,2025-02-04
P3,（2025）浙0106执1号,,2025-02-05,3000,other,2025-02-06
",
    ),
    (
        "assets",
        "asset_ref,debtor_ref,class,channel,gross_fen,known_on
H1,A1,real_estate,real_estate,90000000,2025-01-20
",
    ),
    (
        "seizures",
        "asset_ref,case_no,kind,from_on,rank,known_on
H1,（2025）浙0106执1号,seal,2025-01-25,1,2025-01-25
",
    ),
    (
        "conduct",
        "debtor_ref,case_no,kind,happened_on,document_no,known_on
A1,（2025）浙0106执1号,served,2025-01-10,D1,2025-01-11
B2,（2025）浙0106执1号,report_missing,2025-02-10,D2,2025-02-11
",
    ),
];

/// A folder with exports and a work folder, gone when dropped.
pub struct Town {
    exports: PathBuf,
    folder: tempfile::TempDir,
}

/// The key of all tests.
pub fn key() -> PseudonymKey {
    PseudonymKey::from_hex(&"5a".repeat(32), KeyOrigin::Environment, "test").unwrap()
}

/// The seal of the vaults of all tests.
pub fn vault_seal() -> Seal {
    Seal::new(Some(DataKey::new(zeroize::Zeroizing::new([0x5b; 32])).unwrap()), [])
}

impl Town {
    pub fn new() -> Town {
        let folder = tempfile::tempdir().unwrap();
        let exports = folder.path().join("exports");
        fs::create_dir(&exports).unwrap();
        for (name, rows) in TABLES {
            fs::write(exports.join(format!("{name}.csv")), rows).unwrap();
        }
        Town { exports, folder }
    }

    /// Another work folder over the same exports.
    pub fn at(other: &Town) -> Town {
        Town { exports: other.exports.clone(), folder: tempfile::tempdir().unwrap() }
    }

    pub fn tables(&self) -> Vec<String> {
        TABLES.iter().map(|(name, _)| (*name).to_owned()).collect()
    }

    pub fn input(&self) -> &Path {
        &self.exports
    }

    pub fn file(&self, table: &str) -> PathBuf {
        self.exports.join(format!("{table}.csv"))
    }

    pub fn request(&self) -> Request {
        let files = CatalogFiles::embedded();
        Request {
            work: Work::at(self.folder.path().join("work")),
            input: self.exports.clone(),
            schema: Schema::load(&files).unwrap(),
            codes: Codes::load(&files).unwrap(),
            sources: std::collections::BTreeMap::new(),
            key: key(),
            encrypt: Encrypt::None,
            seal: Seal::none(),
            vault: vault_seal(),
            as_of: day::parse("2025-06-30").unwrap(),
            buckets: 4,
            max_reject_share: 0.05,
            max_wait_days: 90,
            linking: None,
            retention: Retention::load(&files, &Schema::load(&files).unwrap()).unwrap(),
            range_bytes: RANGE_BYTES,
        }
    }

    pub fn append(&self, table: &str, row: &str) {
        let text = fs::read_to_string(self.file(table)).unwrap();
        fs::write(self.file(table), format!("{text}{row}\n")).unwrap();
    }

    /// Changes the rows below the header.
    pub fn rewrite(&self, table: &str, change: impl FnOnce(&mut Vec<String>)) {
        let text = fs::read_to_string(self.file(table)).unwrap();
        let mut rows: Vec<String> = text.lines().map(str::to_owned).collect();
        let header = rows.remove(0);
        change(&mut rows);
        fs::write(self.file(table), format!("{header}\n{}\n", rows.join("\n"))).unwrap();
    }

    /// Moves the last row to a second file.
    pub fn split(&self, table: &str) {
        let mut moved = String::new();
        self.rewrite(table, |rows| moved = rows.pop().unwrap());
        let text = fs::read_to_string(self.file(table)).unwrap();
        let header = text.lines().next().unwrap();
        fs::write(self.exports.join(format!("{table}-part2.csv")), format!("{header}\n{moved}\n")).unwrap();
    }

    pub fn as_json(&self, table: &str) {
        text::write_jsonl(&self.exports.join(format!("{table}.jsonl")), &self.columns(table)).unwrap();
        fs::remove_file(self.file(table)).unwrap();
    }

    pub fn as_gb18030(&self, table: &str) {
        let columns = self.columns(table);
        text::write_csv_gb18030(&self.file(table), &columns).unwrap();
    }

    pub fn as_parquet(&self, table: &str) {
        parquet::write(&self.exports.join(format!("{table}.parquet")), &self.columns(table), &Seal::none()).unwrap();
        fs::remove_file(self.file(table)).unwrap();
    }

    fn columns(&self, table: &str) -> Columns {
        let text = fs::read_to_string(self.file(table)).unwrap();
        let mut lines = text.lines().map(|l| l.split(',').collect::<Vec<_>>());
        let header = lines.next().unwrap();
        let rows: Vec<Vec<&str>> = lines.collect();
        header
            .iter()
            .enumerate()
            .fold(Columns::new(), |out, (at, name)| out.text(name, rows.iter().map(|r| Some(r[at]).filter(|t| !t.is_empty()))))
    }
}
