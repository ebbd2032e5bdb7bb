//! Bad input: every file of `data-samples/broken` is named by its fault, and this list says what must become of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods, missing_docs)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use luheng_lake::catalog::CatalogFiles;
use luheng_lake::columns::day;
use luheng_lake::ingest::discover::{Format, InputFile, Pack};
use luheng_lake::ingest::mapping::Mapping;
use luheng_lake::ingest::reader::{Chunk, FileReport, ReadOptions, read_file};
use luheng_lake::schema::{Codes, Schema};

/// File, rule, line, column: one row of the file is rejected, the others pass.
const REJECTED: &[(&str, &str, u64, &str)] = &[
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
    ("cases-empty.csv", &["required columns are missing", "found no column at all", "case_no", "known_on"]),
    ("cases-header_twice.csv", &["two columns named status", "line 1"]),
    ("cases-missing_known_on.csv", &["found case_no, claim, filed_on", "expected also known_on", "[sources.cases]", "known_on = {"]),
    ("cases-no_parquet.parquet", &["a whole Parquet file"]),
    ("cases-quote_closed_lines_later.csv", &["line 3", "double quote"]),
    ("cases-truncated.csv.gz", &["the archive ends too early", "a whole gzip file"]),
    ("cases-undecodable.csv", &["line 14", "not UTF-8"]),
    ("cases-unterminated_quote.csv", &["line 3", "double quote"]),
    ("cases-utf16.csv", &["UTF-16", "export the file again in UTF-8"]),
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
    let files = CatalogFiles::embedded();
    let (schema, codes) = (Schema::load(&files).unwrap(), Codes::load(&files).unwrap());
    let table = schema.table(name.split('-').next().unwrap()).unwrap();
    let (stem, pack) = name.strip_suffix(".gz").map_or((name, Pack::Plain), |stem| (stem, Pack::Gzip));
    let format = match stem.rsplit('.').next() {
        Some("csv") => Format::Csv,
        Some("jsonl") => Format::JsonLines,
        _ => Format::Parquet,
    };
    let file = InputFile { table: table.name.clone(), path: folder().join(name), name: name.to_owned(), format, pack, shared: None };
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
