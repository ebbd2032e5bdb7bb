//! Which file of an input folder belongs to which table, by name alone (contract.md §2).

use std::path::{Path, PathBuf};

use super::values;
use crate::columns::Day;
use crate::error::{Result, explain};
use crate::schema::Schema;
use crate::store::input;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// Comma-separated values with a header.
    Csv,
    /// One JSON object a line.
    JsonLines,
    /// Parquet.
    Parquet,
}

/// How a file is compressed as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pack {
    /// Not at all.
    Plain,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

/// A file that belongs to a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFile {
    /// The table.
    pub table: String,
    /// Where it is.
    pub path: PathBuf,
    /// Its name below the input folder, with `/`: how messages and rejects call it.
    pub name: String,
    /// What it holds.
    pub format: Format,
    /// How it is compressed.
    pub pack: Pack,
}

impl InputFile {
    /// The export's day where the name states one: `cases-20250630.csv`, `cases_2025-06-30.parquet`; the last one of several.
    pub fn seen_on(&self) -> Option<Day> {
        let name = self.name.rsplit('/').next().unwrap_or(&self.name);
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let alone = |at: usize, len: usize| {
            let digit = |i: Option<usize>| i.and_then(|i| name.as_bytes().get(i)).is_some_and(u8::is_ascii_digit);
            !digit(at.checked_sub(1)) && !digit(Some(at + len))
        };
        (0..name.len()).rev().find_map(|at| {
            [10usize, 8].into_iter().find_map(|len| {
                let text = name.get(at..at + len).filter(|t| digits(t) && alone(at, len))?;
                values::date(text).ok()
            })
        })
    }
}

/// The files of an input folder.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Those that belong to tables, by table and name.
    pub files: Vec<InputFile>,
    /// The names of all others.
    pub ignored: Vec<String>,
}

/// Sorts the files of a folder to tables. Errors: an unreadable folder, a required table without a file (all of them named), unless its rows are
/// in the lake and `adds_to` says that files only add to them.
pub fn discover(folder: &Path, schema: &Schema, adds_to: &dyn Fn(&str) -> bool) -> Result<Found> {
    let mut found = Found::default();
    for path in input::files_below(folder)? {
        let relative = path.strip_prefix(folder).unwrap_or(&path);
        let name = relative.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
        match belongs(&name, schema) {
            Some((table, format, pack)) => found.files.push(InputFile { table, path, name, format, pack }),
            None => found.ignored.push(name),
        }
    }
    found.files.sort_by(|a, b| (&a.table, &a.name).cmp(&(&b.table, &b.name)));
    let missing: Vec<&str> =
        schema.tables.values().filter(|t| t.required && !adds_to(&t.name) && found.files.iter().all(|f| f.table != t.name)).map(|t| t.name.as_str()).collect();
    if missing.is_empty() {
        return Ok(found);
    }
    let seen = if found.ignored.is_empty() { "no other file".to_owned() } else { found.ignored.join(", ") };
    Err(explain("required tables have no file")
        .at(folder.display())
        .found(format!("no file for {}; of no table: {seen}", missing.join(", ")))
        .expected("files named after the tables: cases.csv, parties-2025.parquet, debtors/1.jsonl.gz")
        .remedy("add or rename the files, or name another folder with --input")
        .input())
}

fn belongs(name: &str, schema: &Schema) -> Option<(String, Format, Pack)> {
    let file = name.rsplit('/').next()?;
    let (stem, pack) = match file.strip_suffix(".gz") {
        Some(stem) => (stem, Pack::Gzip),
        None => file.strip_suffix(".zst").map_or((file, Pack::Plain), |stem| (stem, Pack::Zstd)),
    };
    let forms = [(".csv", Format::Csv), (".jsonl", Format::JsonLines), (".ndjson", Format::JsonLines), (".parquet", Format::Parquet)];
    let (stem, format) = forms.iter().find_map(|(end, format)| Some((stem.strip_suffix(end)?, *format)))?;
    let starts = |table: &str| stem.strip_prefix(table).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']));
    let named = schema.tables.keys().filter(|table| starts(table)).max_by_key(|table| table.len());
    // A file named after a table belongs to it wherever it lies; else its nearest folder named after a table decides.
    let folder = || name.split('/').rev().skip(1).find(|part| schema.tables.contains_key(*part));
    Some((named.cloned().or_else(|| folder().map(str::to_owned))?, format, pack))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]
    use super::*;
    use crate::catalog::CatalogFiles;

    fn schema() -> Schema {
        Schema::load(&CatalogFiles::embedded()).unwrap()
    }

    #[test]
    fn names_decide() {
        let schema = schema();
        let table = |name: &str| belongs(name, &schema).map(|(t, ..)| t);
        for (name, expected) in [
            ("cases.csv", "cases"),
            ("cases-2025.csv.gz", "cases"),
            ("cases_杭州.jsonl", "cases"),
            ("part/cases.ndjson.zst", "cases"),
            ("payments/1.parquet", "payments"),
            ("payments/2025/06.csv", "payments"),
            ("payments/cases.csv", "cases"),
        ] {
            assert_eq!(table(name).as_deref(), Some(expected), "{name}");
        }
        for name in ["cases.xlsx", "casesx.csv", "truth.parquet", "cases", "readme.md", "cases.csv.zip", "cases.csv.bak"] {
            assert_eq!(table(name), None, "{name}");
        }
    }

    #[test]
    fn the_day_in_a_name() {
        let file = |name: &str| InputFile {
            table: String::new(),
            path: PathBuf::new(),
            name: name.to_owned(),
            format: Format::Csv,
            pack: Pack::Plain,
        };
        let day = values::date("2025-06-30").ok();
        for name in ["cases-20250630.csv", "20240101/cases_2025-06-30.csv.gz", "cases-20240101-20250630.csv"] {
            assert_eq!(file(name).seen_on(), day, "{name}");
        }
        for name in ["cases.csv", "20250630/cases.csv", "cases-20251331.csv", "cases-202506301.csv", "案件.csv"] {
            assert_eq!(file(name).seen_on(), None, "{name}");
        }
    }

    #[test]
    fn all_missing_tables_are_named() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("cases.csv"), "").unwrap();
        std::fs::write(dir.path().join("notes.txt"), "").unwrap();
        let error = discover(dir.path(), &schema(), &|_| false).unwrap_err();
        assert_eq!(error.exit_status(), 3);
        assert!(error.to_string().contains("no file for debtors, parties; of no table: notes.txt"), "{error}");
    }
}
