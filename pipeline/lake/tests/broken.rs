//! Bad input: every file of `data-samples/broken` is named by its fault, and this list says what must become of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods, missing_docs)]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use luheng_lake::catalog::CatalogFiles;
use luheng_lake::columns::day;
use luheng_lake::ingest::discover::{InputFile, discover, form};
use luheng_lake::ingest::mapping::Mapping;
use luheng_lake::ingest::reader::{Chunk, FileReport, ReadOptions, read_file};
use luheng_lake::schema::{Codes, Schema};

/// File, rule, line, column: one row of the file is rejected, the others pass.
const REJECTED: &[(&str, &str, u64, &str)] = &[
    ("assets-unknown_class.parquet", "enumeration", 2, "class"),
    ("cases-bom_and_unknown_status.csv", "enumeration", 3, "status"),
    ("cases-carriage_returns_alone.csv", "enumeration", 3, "status"),
    ("cases-two_commas_for_one.csv", "ragged", 3, ""),
    ("payments-exponent_beyond_measure.jsonl", "range", 2, "amount_fen"),
    ("payments-exponent_that_is_no_fen.jsonl", "kind", 2, "amount_fen"),
    ("payments-half_a_surrogate.jsonl", "kind", 2, "case_no"),
    ("payments-nested_without_end.jsonl", "json", 2, ""),
    ("payments-nul_in_text.jsonl", "nul", 2, ""),
    ("payments-number_as_text_with_unit_and_letters.jsonl", "kind", 2, "amount_fen"),
    ("assets-share_above_one.csv", "range", 3, "ownership_share"),
    ("cases-closed_before_filed.csv", "order", 3, "closed_on"),
    ("cases-court_name_for_code.csv", "court_code", 3, "court_code"),
    ("cases-fewer_fields_than_header.csv", "ragged", 3, ""),
    ("cases-impossible_date.csv", "kind", 3, "filed_on"),
    ("cases-known_before_filed.csv", "known_before", 3, "filed_on"),
    ("cases-line_break_in_quotes.csv", "enumeration", 5, "status"),
    ("cases-missing_case_number.csv", "required", 3, "case_no"),
    ("cases-more_fields_than_header.csv", "ragged", 3, ""),
    ("cases-negative_money.csv", "range", 3, "claim_fen"),
    ("cases-no_enforcement_case_number.csv", "case_no", 3, "case_no"),
    ("cases-nul_byte.csv", "nul", 3, ""),
    ("cases-part_of_a_fen.csv", "kind", 3, "claim_fen"),
    ("cases-text_after_quote.csv", "quote", 3, ""),
    ("cases-unknown_status.csv", "enumeration", 3, "status"),
    ("debtors-impossible_birth_date.csv", "check_digit", 3, "id_no"),
    ("debtors-wrong_check_digit.csv", "check_digit", 3, "id_no"),
    ("debtors-wrong_credit_code.csv", "check_digit", 3, "id_no"),
    ("listings-ground_out_of_range.csv", "range", 3, "ground"),
    ("parties-missing_debtor.csv", "required", 3, "debtor_ref"),
    ("payments-float_that_is_no_fen.jsonl", "kind", 2, "amount_fen"),
    ("payments-key_twice.jsonl", "ragged", 2, "amount_fen"),
    ("payments-line_that_is_no_json.jsonl", "json", 2, ""),
    ("payments-nested_value.jsonl", "kind", 2, "amount_fen"),
];

/// File, and what its message must say: the run stops.
const STOPPED: &[(&str, &[&str])] = &[
    ("assets-cut_off.parquet", &["a whole Parquet file"]),
    ("assets-damaged_page.parquet", &["a whole Parquet file"]),
    ("assets-eleven_million_rows_in_a_few_bytes.parquet", &["11000000 rows in", "at most"]),
    ("assets-encrypted.parquet", &["an encrypted Parquet file", "without encryption"]),
    ("assets-float_for_money.parquet", &["column gross_fen of type Float64", "floats lose fen"]),
    ("assets-long_text_that_repeats.parquet", &["a text that repeats beyond"]),
    ("assets-nested_column.parquet", &["column gross_fen of type List"]),
    ("assets-struct_column.parquet", &["column class of type Struct"]),
    ("cases-bomb_of_blank_lines.csv.zst", &["unfold to more than", "unpack it yourself"]),
    ("cases-bomb_of_one_line.csv.zst", &["line 2", "a line of more than 64 MiB"]),
    ("cases-encodings_mixed.csv", &["line 5", "a line in UTF-8 in a file that began in GB18030"]),
    ("cases-utf16_big_endian.csv", &["UTF-16", "iconv -f UTF-16"]),
    ("cases-utf16_without_mark.csv", &["UTF-16 without its mark", "iconv -f UTF-16"]),
    ("cases-empty.csv", &["required columns are missing", "found no column at all", "case_no", "known_on"]),
    ("cases-header_twice.csv", &["two columns named status", "line 1"]),
    ("cases-missing_known_on.csv", &["found case_no, claim, filed_on", "expected also known_on", "[sources.cases]", "known_on = {"]),
    ("cases-no_parquet.parquet", &["a whole Parquet file"]),
    ("cases-quote_closed_lines_later.csv", &["line 3", "double quote"]),
    ("cases-truncated.csv.gz", &["the archive ends too early", "a whole gzip file"]),
    ("cases-undecodable.csv", &["line 14", "not UTF-8"]),
    ("cases-unterminated_quote.csv", &["line 3", "double quote"]),
    ("cases-utf16.csv", &["a byte-order mark of UTF-16", "export the file again in UTF-8"]),
    ("payments-cut_off.jsonl", &["line 2", "breaks off"]),
    ("payments-json_list.jsonl", &["one object a line"]),
    ("payments-missing_amount.jsonl", &["expected also amount_fen"]),
];

/// File, kind of warning, column: the rows pass.
const WARNED: &[(&str, &str, &str)] = &[
    ("cases-known_after_as_of.csv", "known_later", "known_on"),
    ("cases-unknown_column.csv", "unknown_column", "claim"),
    ("conduct-unknown_kind.csv", "unknown_code", "kind"),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data-samples/broken")
}

fn read(name: &str) -> luheng_lake::Result<(Vec<Chunk>, FileReport)> {
    read_in(&folder(), name)
}

fn read_in(folder: &Path, name: &str) -> luheng_lake::Result<(Vec<Chunk>, FileReport)> {
    let files = CatalogFiles::embedded();
    let (schema, codes) = (Schema::load(&files).unwrap(), Codes::load(&files).unwrap());
    let table = schema.table(name.split(['-', '.']).next().unwrap()).unwrap();
    let (format, pack) = form(name).unwrap();
    let file = InputFile { table: table.name.clone(), path: folder.join(name), name: name.to_owned(), format, pack, shared: None };
    let options = ReadOptions { as_of: day::parse("2025-06-30").unwrap(), seen_on: None };
    let mut chunks = Vec::new();
    let report = read_file(&file, table, &Mapping::default(), &codes, &options, &mut |chunk| {
        chunks.push(chunk);
        Ok(())
    })?;
    Ok((chunks, report))
}

#[test]
fn each_bad_row_is_rejected_at_its_place_and_no_other() {
    for (name, rule, line, column) in REJECTED {
        let (chunks, report) = read(name).unwrap_or_else(|e| panic!("{name}: {e}"));
        let rejects: Vec<_> = chunks.iter().flat_map(|c| &c.rejects).collect();
        assert_eq!(rejects.len(), 1, "{name}: {rejects:?}");
        assert_eq!((rejects[0].rule, rejects[0].line, rejects[0].column.as_str()), (*rule, *line, *column), "{name}: {rejects:?}");
        assert!(!rejects[0].found.is_empty() && !rejects[0].expected.is_empty(), "{name}");
        assert_eq!((report.rejected, report.good + 1), (1, report.rows), "{name}");
        assert!(report.good >= 1, "{name}");
        for chunk in &chunks {
            assert_eq!(chunk.columns.len(), chunk.lines.len(), "{name}");
            assert!(!chunk.lines.contains(line), "{name}");
        }
    }
}

#[test]
fn identity_numbers_are_in_no_reject() {
    for name in ["debtors-wrong_check_digit.csv", "debtors-wrong_credit_code.csv", "debtors-impossible_birth_date.csv"] {
        let (chunks, _) = read(name).unwrap();
        let text = format!("{:?}", chunks.iter().flat_map(|c| &c.rejects).collect::<Vec<_>>());
        assert!(!text.contains("9900") && !text.contains("9111"), "{text}");
    }
}

#[test]
fn what_cannot_be_read_stops_and_says_why() {
    for (name, parts) in STOPPED {
        let error = read(name).map(|_| panic!("{name} passed")).unwrap_err();
        assert_eq!(error.exit_status(), 3, "{name}: {error}");
        let text = error.to_string();
        assert!(text.contains(name), "{name}: {text}");
        for part in *parts {
            assert!(text.contains(part), "{name}: {part:?} not in {text}");
        }
    }
}

#[test]
fn what_is_only_odd_is_warned_of() {
    for (name, kind, column) in WARNED {
        let (chunks, report) = read(name).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(chunks.iter().all(|c| c.rejects.is_empty()), "{name}");
        let warning = report.warnings.iter().find(|w| w.kind == *kind && w.column == *column);
        assert_eq!(warning.unwrap_or_else(|| panic!("{name}: {:?}", report.warnings)).count, 1, "{name}");
    }
    let (_, report) = read("cases-unknown_column.csv").unwrap();
    assert!(report.warnings.iter().any(|w| w.column == "claim" && w.text.contains("perhaps claim_fen")), "{:?}", report.warnings);
}

#[test]
fn every_broken_file_is_in_a_list() {
    let listed: BTreeSet<String> =
        REJECTED.iter().map(|r| r.0).chain(STOPPED.iter().map(|s| s.0)).chain(WARNED.iter().map(|w| w.0)).map(str::to_owned).collect();
    let there: BTreeSet<String> =
        std::fs::read_dir(folder()).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(there, listed);
}

/// The schema without required tables: a folder may hold one file.
fn lenient() -> Schema {
    let mut schema = Schema::load(&CatalogFiles::embedded()).unwrap();
    schema.tables.values_mut().for_each(|t| t.required = false);
    schema
}

/// What discovering a folder says of it.
fn refused(folder: &Path, parts: &[&str]) {
    let error = discover(folder, &lenient()).map(|found| panic!("{parts:?}: {found:?}")).unwrap_err();
    assert_eq!(error.exit_status(), 3, "{error}");
    parts.iter().for_each(|part| assert!(error.to_string().contains(part), "{part:?} not in {error}"));
}

#[test]
fn what_is_no_file_of_the_folder_is_refused() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("passwd"), "secret\n").unwrap();
    let link = |target: &Path| {
        let dir = tempfile::tempdir().unwrap();
        symlink(target, dir.path().join("cases.csv")).unwrap();
        dir
    };
    refused(
        link(&outside.path().join("passwd")).path(),
        &["cases.csv", "a link that leads out of the input folder", "copy the file there"],
    );
    refused(link(outside.path()).path(), &["a link that leads out of the input folder"]);
    refused(link(Path::new("/dev/zero")).path(), &["a link that leads out of the input folder"]);
    refused(link(Path::new(".")).path(), &["a link to a folder that is read already"]);
    refused(link(Path::new("nowhere.csv")).path(), &["cannot open", "cases.csv"]);
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("cases.csv")).unwrap();
    refused(dir.path(), &["cases.csv", "a folder named like a file", "rename the folder"]);
    let dir = tempfile::tempdir().unwrap();
    let made = Command::new("mkfifo").arg(dir.path().join("cases.csv")).status().unwrap();
    assert!(made.success());
    refused(dir.path(), &["a pipe, a device or a socket"]);
    // A link within the folder is a second name of a file, and the folder itself may be reached by a link.
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("cases.csv"), "case_no,known_on\n").unwrap();
    symlink("cases.csv", dir.path().join("cases-again.csv")).unwrap();
    let root = outside.path().join("exports");
    symlink(dir.path(), &root).unwrap();
    assert_eq!(discover(&root, &lenient()).unwrap().files.len(), 2);
}

/// Files that are odd, but hold rows or none.
#[test]
fn odd_files_that_are_sound() {
    let dir = tempfile::tempdir().unwrap();
    let rows = |name: &str, text: &str| {
        fs::write(dir.path().join(name), text).unwrap();
        let (chunks, report) = read_in(dir.path(), name).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(chunks.iter().all(|c| c.rejects.is_empty()), "{name}: {chunks:?}");
        report.rows
    };
    assert_eq!(rows("cases-header_only.csv", "case_no,known_on\n"), 0);
    assert_eq!(rows("cases-header_without_end.csv", "case_no,known_on"), 0);
    assert_eq!(rows("cases-cr.csv", "case_no,known_on\r（2025）浙0106执1号,2025-01-01\r（2025）浙0106执2号,2025-01-01"), 2);
    assert_eq!(rows("cases-quoted.csv", "case_no,known_on,cause\n（2025）浙0106执1号,2025-01-01,\"a\nb\"\"c\"\n"), 1);
    assert_eq!(rows("payments-none.jsonl", "\n\n"), 0);
    // An unread column twice is no harm.
    assert_eq!(rows("cases-twice.csv", "case_no,known_on,x,x\n（2025）浙0106执1号,2025-01-01,1,2\n"), 1);
}

#[test]
fn a_file_that_may_not_be_read_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cases.csv");
    fs::write(&path, "case_no,known_on\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(&path).is_err() {
        let error = read_in(dir.path(), "cases.csv").unwrap_err().to_string();
        assert!(error.contains("cannot open") && error.contains("check the rights"), "{error}");
        return;
    }
    // Root may read everything: a child does it as nobody.
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let test = dir.path().join("test");
    fs::copy(std::env::current_exe().unwrap(), &test).unwrap();
    fs::set_permissions(&test, fs::Permissions::from_mode(0o755)).unwrap();
    let mut child = Command::new(&test);
    child.args(["--exact", "child_reads_a_file", "--nocapture"]).env("LUHENG_TEST_READ", &path).uid(65_534).gid(65_534).current_dir("/");
    let output = child.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("cannot open") && said.contains("check the rights"), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

/// Reads the file that the environment names and says what became of it and how much memory it took; the child of other tests.
#[test]
fn child_reads_a_file() {
    let Some(path) = std::env::var_os("LUHENG_TEST_READ").map(PathBuf::from) else { return };
    let name = path.file_name().unwrap().to_str().unwrap();
    let files = CatalogFiles::embedded();
    let (schema, codes) = (Schema::load(&files).unwrap(), Codes::load(&files).unwrap());
    let table = schema.table(name.split(['-', '.']).next().unwrap()).unwrap();
    let (format, pack) = form(name).unwrap();
    let file = InputFile { table: table.name.clone(), path: path.clone(), name: name.to_owned(), format, pack, shared: None };
    let options = ReadOptions { as_of: day::parse("2025-06-30").unwrap(), seen_on: None };
    let read = read_file(&file, table, &Mapping::default(), &codes, &options, &mut |_| Ok(()));
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap().trim().trim_end_matches(" kB").to_owned();
    println!("peak_kb={peak}");
    match read {
        Ok(report) => println!("read {} rows", report.rows),
        Err(error) => println!("{error}"),
    }
}

/// Peak memory in MiB of a child that reads this file, and what it said.
fn peak(path: &Path) -> (u64, String) {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "child_reads_a_file", "--nocapture"]).env("LUHENG_TEST_READ", path).env("RAYON_NUM_THREADS", "2");
    let output = child.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let peak = said.lines().find_map(|l| l.strip_prefix("peak_kb=")).unwrap_or_else(|| panic!("{said}"));
    (peak.parse::<u64>().unwrap() >> 10, said)
}

/// What a file may cost at most, whatever it holds. The record that is never ended is the dearest: 64 MiB of it are held and copied on.
const MOST_MIB: u64 = 400;

#[test]
fn memory_is_bounded_for_every_broken_file() {
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let large = [".zst", ".parquet", "without_end.jsonl"].iter().any(|end| path.to_str().unwrap().ends_with(end));
        if large {
            let (mib, said) = peak(&path);
            assert!(mib < MOST_MIB, "{}: {mib} MiB: {said}", path.display());
        }
    }
}

/// A gigabyte in one line, made here: with and without an open quote, as CSV and as JSON; and an archive of a gigabyte of blank lines.
#[test]
fn a_gigabyte_in_one_line_is_refused_in_bounded_memory() {
    let dir = tempfile::tempdir().unwrap();
    let step = vec![b'a'; 1 << 20];
    for (name, start, part) in [
        ("cases-line.csv", "case_no,known_on\n", "line 2; found a line of more than 64 MiB"),
        ("cases-quote.csv", "case_no,known_on\n\"", "line 2; found a double quote"),
        ("payments-line.jsonl", "{\"case_no\":\"", "line 1; found a line of more than 64 MiB"),
    ] {
        let path = dir.path().join(name);
        let mut file = BufWriter::new(fs::File::create(&path).unwrap());
        file.write_all(start.as_bytes()).unwrap();
        (0..1024).for_each(|_| file.write_all(&step).unwrap());
        drop(file);
        let (mib, said) = peak(&path);
        fs::remove_file(&path).unwrap();
        assert!(said.contains(part), "{name}: {said}");
        assert!(mib < MOST_MIB, "{name}: {mib} MiB");
    }
    let path = dir.path().join("cases-bomb.csv.gz");
    let mut gzip = flate2::write::GzEncoder::new(fs::File::create(&path).unwrap(), flate2::Compression::best());
    let blank = vec![b'\n'; 1 << 20];
    (0..1024).for_each(|_| gzip.write_all(&blank).unwrap());
    gzip.finish().unwrap();
    let (mib, said) = peak(&path);
    assert!(said.contains("unfold to more than") && mib < MOST_MIB, "{mib} MiB: {said}");
}

#[test]
fn keys_and_headers_without_end_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let header: String = (0..20_000).map(|i| format!("c{i},")).collect();
    fs::write(dir.path().join("cases.csv"), header + "case_no,known_on\n").unwrap();
    let object = |row: usize| format!("{{\"case_no\":\"x\",\"paid_on\":1,\"amount_fen\":1,\"known_on\":1,\"k{row}\":1}}\n");
    fs::write(dir.path().join("payments.jsonl"), (0..20_000).map(object).collect::<String>()).unwrap();
    for name in ["cases.csv", "payments.jsonl"] {
        let error = read_in(dir.path(), name).unwrap_err().to_string();
        assert!(error.contains("at most 10000 columns"), "{error}");
    }
}
