//! A town's exports read as plain cells and written in other forms: other orders, other files, other formats. The facts stay the same.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Date32Array, Decimal128Array, RecordBatch, StringViewArray};
use luheng_lake::columns::{ColumnKind, Columns, day};
use luheng_lake::store::text;
use parquet::arrow::ArrowWriter;
use tempfile::TempDir;

/// One exported table as text: empty cells are null.
#[derive(Clone)]
pub struct Export {
    pub name: String,
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// Every table of a town, by name. The generator writes no quotes, so that a comma always parts two cells.
pub fn exports(town: &Path) -> Vec<Export> {
    let mut tables: Vec<Export> = fs::read_dir(town).unwrap().map(|entry| export(&entry.unwrap().path())).collect();
    tables.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(tables.len() > 15, "{} tables in {}", tables.len(), town.display());
    tables
}

fn export(path: &Path) -> Export {
    let text = fs::read_to_string(path).unwrap();
    assert!(!text.contains('"') && path.extension().is_some_and(|e| e == "csv"), "{}", path.display());
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<String>>());
    let head = lines.next().unwrap();
    Export { name: path.file_stem().unwrap().to_str().unwrap().to_owned(), head, rows: lines.collect() }
}

/// A folder with every table written by `write`.
pub fn folder(tables: &[Export], write: impl Fn(&Export, &Path)) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    tables.iter().for_each(|table| write(table, folder.path()));
    folder
}

impl Export {
    /// The place of a column.
    pub fn at(&self, column: &str) -> Option<usize> {
        self.head.iter().position(|name| name == column)
    }

    /// The place of a column, added empty where the export lacks it.
    pub fn ensure(&mut self, column: &str) -> usize {
        self.at(column).unwrap_or_else(|| {
            self.head.push(column.to_owned());
            self.rows.iter_mut().for_each(|row| row.push(String::new()));
            self.head.len() - 1
        })
    }

    /// As one CSV file under its own name.
    pub fn csv(&self, folder: &Path) {
        self.csv_part(folder, "", &self.rows);
    }

    fn csv_part(&self, folder: &Path, suffix: &str, rows: &[Vec<String>]) {
        let mut text = self.head.join(",");
        for row in rows {
            text += "\n";
            text += &row.join(",");
        }
        fs::write(folder.join(format!("{}{suffix}.csv", self.name)), text + "\n").unwrap();
    }

    /// As CSV with its rows in an order that has nothing to do with theirs; the same on every machine.
    pub fn csv_shuffled(&self, folder: &Path) {
        let mut rows = self.rows.clone();
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        for last in (1..rows.len()).rev() {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            rows.swap(last, (state % (last as u64 + 1)) as usize);
        }
        assert!(rows.len() < 10 || rows != self.rows, "{} is not shuffled", self.name);
        self.csv_part(folder, "", &rows);
    }

    /// As two CSV files. Equal rows go to one file, as receipts without a number are told apart within a file only; versions of a key go to both.
    pub fn csv_in_two(&self, folder: &Path) {
        let bytes = |row: &[String]| row.iter().flat_map(|cell| cell.bytes()).fold(0_u32, |sum, byte| sum + u32::from(byte));
        let (even, odd): (Vec<_>, Vec<_>) = self.rows.iter().cloned().partition(|row| bytes(row) % 2 == 0);
        assert!(self.rows.len() < 10 || !even.is_empty() && !odd.is_empty(), "{} is not split", self.name);
        self.csv_part(folder, "-1", &even);
        self.csv_part(folder, "-2", &odd);
    }

    /// Takes the numbers off every third receipt and repeats some of those: equal rows that are two receipts.
    pub fn unnumbered(&mut self) {
        let at = self.at("payment_ref").unwrap();
        self.rows.iter_mut().step_by(3).for_each(|row| row[at].clear());
        let twice: Vec<Vec<String>> = self.rows.iter().step_by(12).cloned().collect();
        self.rows.extend(twice);
    }

    /// As CSV in GB18030.
    pub fn csv_gb18030(&self, folder: &Path) {
        let path = folder.join(format!("{}.csv", self.name));
        text::write_csv_gb18030(&path, &self.typed()).unwrap();
        let bytes = fs::read(path).unwrap();
        assert!(bytes.is_ascii() || String::from_utf8(bytes).is_err(), "{} is still UTF-8", self.name);
    }

    /// As JSON Lines: numbers and flags as such.
    pub fn json_lines(&self, folder: &Path) {
        text::write_jsonl(&folder.join(format!("{}.jsonl", self.name)), &self.typed()).unwrap();
    }

    /// As Parquet of another house: text as string views, money as decimals with two places, days as Date32.
    pub fn parquet(&self, folder: &Path) {
        let typed = self.typed();
        let columns = typed.iter().map(|(name, column)| {
            let rows = 0..typed.len();
            let array: ArrayRef = match column.kind() {
                ColumnKind::Int => {
                    let cents = rows.map(|at| column.int_at(at).map(|fen| i128::from(fen) * 100));
                    Arc::new(cents.collect::<Decimal128Array>().with_precision_and_scale(20, 2).unwrap())
                }
                ColumnKind::Date => Arc::new(rows.map(|at| column.date_at(at)).collect::<Date32Array>()),
                ColumnKind::Flag => Arc::new(rows.map(|at| column.flag_at(at)).collect::<BooleanArray>()),
                _ => Arc::new(rows.map(|at| column.text_at(at)).collect::<StringViewArray>()),
            };
            (name, array, true)
        });
        let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
        let file = File::create(folder.join(format!("{}.parquet", self.name))).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }

    /// Money as whole numbers, days as days, true and false as flags, the rest as text.
    fn typed(&self) -> Columns {
        let mut table = Columns::new();
        for (at, name) in self.head.iter().enumerate() {
            let cells: Vec<Option<&str>> = self.rows.iter().map(|row| Some(row[at].as_str()).filter(|cell| !cell.is_empty())).collect();
            let flags = cells.iter().flatten().all(|cell| matches!(*cell, "true" | "false"));
            table = if name.ends_with("_fen") {
                table.int(name, cells.iter().map(|cell| cell.map(|text| text.parse::<i64>().unwrap())))
            } else if name.ends_with("_on") {
                table.date(name, cells.iter().map(|cell| cell.map(|text| day::parse(text).unwrap())))
            } else if flags && cells.iter().any(Option::is_some) {
                table.flag(name, cells.iter().map(|cell| cell.map(|text| text == "true")))
            } else {
                table.text(name, cells)
            };
        }
        table
    }
}
