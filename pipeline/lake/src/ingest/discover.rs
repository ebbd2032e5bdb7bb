//! Which file of an input folder belongs to which table, by name alone (contract.md §2).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::mapping::{Mapping, Mode};
use super::values;
use crate::columns::Day;
use crate::error::{Error, Result, explain};
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
    /// What the tables it feeds have in common, where it feeds several.
    pub shared: Option<Arc<Shared>>,
}

/// A file that feeds several tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shared {
    /// The tables, sorted.
    pub tables: Vec<String>,
    /// Every header that one of their mappings names.
    pub headers: BTreeSet<String>,
    /// What an unknown header may have meant: a name or title, and how messages call the column.
    pub names: Vec<(String, String)>,
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
    /// What should be looked at, a line each: a mapping whose pattern no file matches.
    pub warnings: Vec<String>,
}

/// Sorts the files of a folder to tables, by name alone. Errors: as [`discover_mapped`].
pub fn discover(folder: &Path, schema: &Schema) -> Result<Found> {
    discover_mapped(folder, schema, &BTreeMap::new(), false)
}

/// Sorts the files of a folder to tables: to those whose mapping has a pattern that matches, and else to the one they are named after.
///
/// Errors: an unreadable folder; a link that leads out of it; a folder named like a file; a mapped file of a form that cannot be read; a
/// required table without a file (all of them named), unless there is a lake and its mapping says that files only add to it.
pub fn discover_mapped(folder: &Path, schema: &Schema, sources: &BTreeMap<String, Mapping>, has_lake: bool) -> Result<Found> {
    let mut found = Found::default();
    let exports = input::exports_below(folder)?;
    for path in &exports.folders {
        let name = name_below(folder, path);
        if form(&name).is_some() && !tables_of(&name, schema, sources).is_empty() {
            let remedy = "rename the folder to that of its table, as cases/; the files in it are then read";
            return Err(Error::input(&name, None, "a folder named like a file", "a file, or a folder named after a table", remedy));
        }
    }
    for path in exports.files {
        let name = name_below(folder, &path);
        let tables = tables_of(&name, schema, sources);
        let Some((format, pack)) = form(&name) else {
            if let Some(table) = tables.first() {
                return Err(no_form(&name, table));
            }
            found.ignored.push(name);
            continue;
        };
        let shared = (tables.len() > 1).then(|| Arc::new(Shared::of(&tables, schema, sources)));
        for table in &tables {
            let table = (*table).to_owned();
            found.files.push(InputFile { table, path: path.clone(), name: name.clone(), format, pack, shared: shared.clone() });
        }
        if tables.is_empty() {
            found.ignored.push(name);
        }
    }
    found.files.sort_by(|a, b| (&a.table, &a.name).cmp(&(&b.table, &b.name)));
    for (table, mapping) in sources.iter().filter(|(table, m)| !m.file.is_empty() && found.files.iter().all(|f| f.table != **table)) {
        let patterns = mapping.file.join(", ");
        found.warnings.push(format!("{table}: no file of the input folder matches sources.{table}.file = {patterns}: the table is empty"));
    }
    let adds_to = |table: &str| has_lake && sources.get(table).is_some_and(|m| m.mode == Mode::Delta);
    check_required(folder, schema, &found, &adds_to).map(|()| found)
}

fn name_below(folder: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(folder).unwrap_or(path);
    relative.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}

fn check_required(folder: &Path, schema: &Schema, found: &Found, adds_to: &dyn Fn(&str) -> bool) -> Result<()> {
    let missing: Vec<&str> = schema
        .tables
        .values()
        .filter(|t| t.required && !adds_to(&t.name) && found.files.iter().all(|f| f.table != t.name))
        .map(|t| t.name.as_str())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let seen = if found.ignored.is_empty() { "no other file".to_owned() } else { found.ignored.join(", ") };
    Err(explain("required tables have no file")
        .at(folder.display())
        .found(format!("no file for {}; of no table: {seen}", missing.join(", ")))
        .expected("files named after the tables: cases.csv, parties-2025.parquet, debtors/1.jsonl.gz")
        .remedy("add or rename the files, name theirs by `file` in a mapping (`luheng check --suggest FILE` drafts one), or give another --input")
        .input())
}

fn no_form(name: &str, table: &str) -> Error {
    let workbook = [".xlsx", ".xls", ".et"].iter().any(|end| name.to_lowercase().ends_with(end));
    let found = if workbook { "a workbook" } else { "a name that does not say what the file holds" };
    let remedy = if workbook { "save the sheet as CSV (UTF-8)" } else { "rename it, or correct the pattern" };
    let expected =
        format!("a name ending in .csv, .jsonl, .ndjson or .parquet, also with .gz or .zst, since sources.{table}.file matches it");
    Error::input(name, None, found, expected, remedy)
}

impl Shared {
    fn of(tables: &[&str], schema: &Schema, sources: &BTreeMap<String, Mapping>) -> Self {
        let mut shared = Shared { tables: tables.iter().map(|t| (*t).to_owned()).collect(), ..Shared::default() };
        let plain = Mapping::default();
        for table in tables.iter().filter_map(|name| schema.table(name)) {
            let mapping = sources.get(&table.name).unwrap_or(&plain);
            shared.headers.extend(mapping.headers(table).map(str::to_owned));
            for column in &table.columns {
                let called = format!("{}.{}", table.name, column.name);
                shared.names.push((column.title.zh.clone(), format!("{called} ({})", column.title.zh)));
                shared.names.push((column.name.clone(), called));
            }
        }
        shared
    }
}

/// What a file holds and how it is packed, by the end of its name.
pub fn form(name: &str) -> Option<(Format, Pack)> {
    stem(name).map(|(_, format, pack)| (format, pack))
}

fn stem(name: &str) -> Option<(&str, Format, Pack)> {
    let file = name.rsplit('/').next()?;
    let (stem, pack) = match file.strip_suffix(".gz") {
        Some(stem) => (stem, Pack::Gzip),
        None => file.strip_suffix(".zst").map_or((file, Pack::Plain), |stem| (stem, Pack::Zstd)),
    };
    let forms = [(".csv", Format::Csv), (".jsonl", Format::JsonLines), (".ndjson", Format::JsonLines), (".parquet", Format::Parquet)];
    forms.iter().find_map(|(end, format)| Some((stem.strip_suffix(end)?, *format, pack)))
}

/// The tables a file feeds, sorted. A table whose mapping names its files takes no other.
fn tables_of<'s>(name: &str, schema: &'s Schema, sources: &BTreeMap<String, Mapping>) -> Vec<&'s str> {
    let mut tables: Vec<&str> =
        schema.tables.keys().filter(|table| sources.get(*table).is_some_and(|m| m.takes_file(name))).map(String::as_str).collect();
    let named = belongs(name, schema).filter(|table| sources.get(*table).is_none_or(|m| m.file.is_empty()));
    tables.extend(named);
    tables.sort_unstable();
    tables.dedup();
    tables
}

fn belongs<'s>(name: &str, schema: &'s Schema) -> Option<&'s str> {
    let (stem, ..) = stem(name)?;
    let starts = |table: &str| stem.strip_prefix(table).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']));
    let named = schema.tables.keys().filter(|table| starts(table)).max_by_key(|table| table.len());
    // A file named after a table belongs to it wherever it lies; else its nearest folder named after a table decides.
    let folder = || name.split('/').rev().skip(1).find_map(|part| schema.tables.get_key_value(part).map(|(table, _)| table));
    named.or_else(folder).map(String::as_str)
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
        let table = |name: &str| belongs(name, &schema);
        for (name, expected) in [
            ("cases.csv", "cases"),
            ("cases-2025.csv.gz", "cases"),
            ("cases_杭州.jsonl", "cases"),
            ("part/cases.ndjson.zst", "cases"),
            ("payments/1.parquet", "payments"),
            ("payments/2025/06.csv", "payments"),
            ("payments/cases.csv", "cases"),
        ] {
            assert_eq!(table(name), Some(expected), "{name}");
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
            shared: None,
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
        let error = discover(dir.path(), &schema()).unwrap_err();
        assert_eq!(error.exit_status(), 3);
        assert!(error.to_string().contains("no file for debtors, parties; of no table: notes.txt"), "{error}");
    }
}
