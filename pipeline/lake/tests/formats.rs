//! The same rows in every form an export may take give the same chunks; and real tables load through a mapping.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods, missing_docs)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    StringViewArray, TimestampMicrosecondArray,
};
use luheng_lake::catalog::CatalogFiles;
use luheng_lake::columns::{Columns, day};
use luheng_lake::ingest::discover::discover;
use luheng_lake::ingest::mapping::{Mapping, sources};
use luheng_lake::ingest::reader::{FileReport, ReadOptions, Reject, read_file, with_regions};
use luheng_lake::schema::{Codes, Schema};
use parquet::arrow::ArrowWriter;

struct Catalog {
    schema: Schema,
    codes: Codes,
    mappings: BTreeMap<String, Mapping>,
}

fn catalog(mapping: &str) -> Catalog {
    let files = CatalogFiles::embedded();
    let (schema, codes) = (Schema::load(&files).unwrap(), Codes::load(&files).unwrap());
    let user: BTreeMap<String, Mapping> = toml::from_str(mapping).unwrap();
    let mappings = sources(&files, &codes, &schema, &user, "luheng.toml").unwrap_or_else(|f| panic!("{f:?}"));
    Catalog { schema, codes, mappings }
}

fn read_folder(folder: &Path, catalog: &Catalog, table: &str, as_of: &str) -> (Columns, Vec<Reject>, Vec<FileReport>) {
    let mut schema = catalog.schema.clone();
    schema.tables.values_mut().for_each(|t| t.required = false);
    let options = ReadOptions { as_of: day::parse(as_of).unwrap(), seen_on: None };
    let (mut parts, mut rejects, mut reports) = (Vec::new(), Vec::new(), Vec::new());
    for file in discover(folder, &schema).unwrap().files.iter().filter(|f| f.table == table) {
        let report = read_file(file, &schema.tables[table], &catalog.mappings[table], &catalog.codes, &options, &mut |chunk| {
            assert_eq!(chunk.columns.len(), chunk.lines.len());
            parts.push(chunk.columns);
            rejects.extend(chunk.rejects);
            Ok(())
        });
        reports.push(report.unwrap_or_else(|e| panic!("{e}")));
    }
    (Columns::concat(&parts).unwrap(), rejects, reports)
}

const ROWS: usize = 20_000;

struct Row {
    asset_ref: String,
    class: &'static str,
    gross_fen: i64,
    share: f64,
    in_hand: Option<bool>,
    acquired_on: i32,
    known_on: i32,
    lien_for_case: Option<String>,
}

fn rows() -> Vec<Row> {
    let classes = ["deposit", "vehicle", "real_estate", "equity"];
    (0..ROWS)
        .map(|i| Row {
            asset_ref: format!("资产-{i}, \"{}\"\n号", i % 7),
            class: classes[i % 4],
            gross_fen: (i as i64 * 7_919_993) % 10_000_000_000,
            share: (i % 8) as f64 / 8.0,
            in_hand: [Some(true), Some(false), None][i % 3],
            acquired_on: 15_000 + (i % 3000) as i32,
            known_on: 20_000 + (i % 100) as i32,
            lien_for_case: (i % 5 == 0).then(|| format!("（2024）浙0106执{}号", i + 1)),
        })
        .collect()
}

fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

fn as_csv(rows: &[Row], end: &str) -> String {
    let mut text = format!("gross,asset_ref,debtor_ref,class,ownership_share,in_hand,acquired_on,lien_for_case,known_on{end}");
    for r in rows {
        let flag = r.in_hand.map_or("", |f| if f { "是" } else { "否" });
        let case = r.lien_for_case.as_deref().unwrap_or_default().replace('（', "(").replace('）', " )").replace(" )", ")");
        let quoted = r.asset_ref.replace('"', "\"\"");
        let acquired = day::format_zh(r.acquired_on);
        write!(
            text,
            "{},\"{quoted}\",d1,{},{},{flag},{acquired},{case},{}{end}",
            yuan(r.gross_fen),
            r.class,
            r.share,
            day::format(r.known_on)
        )
        .unwrap();
    }
    text
}

fn as_json(rows: &[Row]) -> String {
    let mut text = String::new();
    for r in rows {
        let flag = r.in_hand.map_or("null".to_owned(), |f| f.to_string());
        let case = r.lien_for_case.as_ref().map_or("null".to_owned(), |c| format!("{c:?}"));
        let known = day::format(r.known_on).replace('-', "");
        let reference = serde_json::to_string(&r.asset_ref).unwrap();
        writeln!(
            text,
            "{{\"asset_ref\":{reference},\"gross\":{},\"debtor_ref\":\"d1\",\"class\":\"{}\",\"ownership_share\":{},\"in_hand\":{flag},\"acquired_on\":\"{}\",\"lien_for_case\":{case},\"known_on\":{known}}}",
            yuan(r.gross_fen), r.class, r.share, day::format(r.acquired_on)
        )
        .unwrap();
    }
    text
}

fn write_parquet(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn as_parquet(rows: &[Row]) -> Vec<(&'static str, ArrayRef)> {
    let classes: DictionaryArray<Int32Type> = rows.iter().map(|r| Some(r.class)).collect();
    let gross =
        Decimal128Array::from_iter_values(rows.iter().map(|r| i128::from(r.gross_fen) * 100)).with_precision_and_scale(20, 4).unwrap();
    vec![
        ("asset_ref", Arc::new(StringViewArray::from_iter_values(rows.iter().map(|r| &r.asset_ref)))),
        ("gross", Arc::new(gross)),
        ("debtor_ref", Arc::new(StringArray::from_iter_values(rows.iter().map(|_| "d1")))),
        ("class", Arc::new(classes)),
        ("ownership_share", Arc::new(Float64Array::from_iter_values(rows.iter().map(|r| r.share)))),
        ("in_hand", Arc::new(rows.iter().map(|r| r.in_hand).collect::<BooleanArray>())),
        (
            "acquired_on",
            Arc::new(TimestampMicrosecondArray::from_iter_values(rows.iter().map(|r| i64::from(r.acquired_on) * 86_400_000_000))),
        ),
        ("lien_for_case", Arc::new(rows.iter().map(|r| r.lien_for_case.as_deref()).collect::<StringViewArray>())),
        ("known_on", Arc::new(Date32Array::from_iter_values(rows.iter().map(|r| r.known_on)))),
    ]
}

#[test]
fn every_form_gives_the_same_rows() {
    let catalog = catalog("[assets]\nseen_on = \"2025-01-01\"\ncolumns.gross_fen = { from = \"gross\", unit = \"yuan\" }\n");
    let rows = rows();
    let text = as_csv(&rows, "\n");
    let forms: Vec<(&str, Vec<u8>)> = vec![
        ("assets.csv", text.clone().into_bytes()),
        ("assets-bom.csv", [&[0xef, 0xbb, 0xbf], text.as_bytes()].concat()),
        ("assets-crlf.csv", as_csv(&rows, "\r\n").into_bytes()),
        ("assets-gb.csv", encoding_rs::GB18030.encode(&text).0.into_owned()),
        ("assets.csv.zst", zstd::encode_all(text.as_bytes(), 3).unwrap()),
        ("assets.jsonl", as_json(&rows).into_bytes()),
        ("assets-gb.ndjson", encoding_rs::GB18030.encode(&as_json(&rows)).0.into_owned()),
    ];
    let mut seen = Vec::new();
    let mut check = |folder: &Path, name: &str| {
        let (columns, rejects, reports) = read_folder(folder, &catalog, "assets", "2025-06-30");
        assert!(rejects.is_empty() && reports[0].warnings.is_empty(), "{name}: {:?} {:?}", rejects.first(), reports[0].warnings);
        assert_eq!(columns.len(), ROWS, "{name}");
        seen.push((name.to_owned(), columns.content_hash()));
        columns
    };
    for (name, bytes) in &forms {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(name), bytes).unwrap();
        let columns = check(dir.path(), name);
        let at = 15;
        let get = |c: &str| columns.get(c).unwrap();
        assert_eq!(get("gross_fen").int_at(at), Some(rows[at].gross_fen));
        assert_eq!(get("asset_ref").text_at(at), Some(rows[at].asset_ref.as_str()));
        assert_eq!(get("lien_for_case").text_at(at), Some("（2024）浙0106执16号"));
        assert_eq!((get("known_on_basis").text_at(at), get("seen_on").date_at(at)), (Some("stated"), day::parse("2025-01-01")));
    }
    let dir = tempfile::tempdir().unwrap();
    write_parquet(&dir.path().join("assets.parquet"), as_parquet(&rows));
    check(dir.path(), "parquet");
    let packed = tempfile::tempdir().unwrap();
    let mut gzip =
        flate2::write::GzEncoder::new(File::create(packed.path().join("assets.parquet.gz")).unwrap(), flate2::Compression::fast());
    gzip.write_all(&std::fs::read(dir.path().join("assets.parquet")).unwrap()).unwrap();
    gzip.finish().unwrap();
    check(packed.path(), "packed parquet");
    for (name, hash) in &seen {
        assert_eq!(hash, &seen[0].1, "{name}");
    }
}

#[test]
fn lines_are_those_of_the_file_for_any_number_of_threads() {
    let dir = tempfile::tempdir().unwrap();
    let mut text = String::from("case_no,debtor_ref,known_on,role\n");
    let mut bad = Vec::new();
    for i in 0..50_000u64 {
        let role = if i % 997 == 0 { "boss" } else { "joint" };
        if i % 997 == 0 {
            bad.push(2 + 3 * i);
        }
        // Three lines a row: a line break in quotes, and a blank line.
        write!(text, "（2025）浙0106执{}号,\"d\n{i}\",2025-01-01,{role}\n\n", i + 1).unwrap();
    }
    std::fs::write(dir.path().join("parties.csv"), text).unwrap();
    let catalog = catalog("");
    let lines = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let (columns, rejects, _) = read_folder(dir.path(), &catalog, "parties", "2025-06-30");
            assert!(rejects.iter().all(|r| r.rule == "enumeration" && r.found == "boss"));
            (rejects.iter().map(|r| r.line).collect::<Vec<_>>(), columns.content_hash())
        })
    };
    assert_eq!(lines(1).0, bad);
    assert_eq!(lines(1), lines(4));
}

#[test]
fn parquet_types_that_cannot_be_exact_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("assets.parquet");
    let text = |v: &str| -> ArrayRef { Arc::new(StringArray::from(vec![v])) };
    let base = || vec![("asset_ref", text("a")), ("debtor_ref", text("d")), ("known_on", text("2025-01-01"))];
    let catalog = catalog("");
    let read = || {
        let file = &discover(dir.path(), &Schema { tables: [("assets".to_owned(), catalog.schema.tables["assets"].clone())].into() })
            .unwrap()
            .files[0];
        let options = ReadOptions { as_of: 20_000, seen_on: None };
        let mut rejects = Vec::new();
        read_file(file, &catalog.schema.tables["assets"], &catalog.mappings["assets"], &catalog.codes, &options, &mut |chunk| {
            rejects.extend(chunk.rejects);
            Ok(())
        })
        .map(|_| rejects)
    };
    let mut columns = base();
    columns.push(("gross_fen", Arc::new(Float64Array::from(vec![1.0]))));
    write_parquet(&path, columns);
    let error = read().unwrap_err().to_string();
    assert!(error.contains("column gross_fen of type Float64") && error.contains("floats lose fen"), "{error}");

    let mut columns = base();
    columns.push(("acquired_on", Arc::new(TimestampMicrosecondArray::from(vec![86_400_000_001i64 * 3600]))));
    write_parquet(&path, columns);
    let rejects = read().unwrap();
    assert_eq!((rejects.len(), rejects[0].rule, rejects[0].column.as_str()), (1, "kind", "acquired_on"));

    // Midnight in China, written with a zone; a region as a number; fen as 32 bits.
    let mut columns = base();
    columns
        .push(("acquired_on", Arc::new(TimestampMicrosecondArray::from(vec![(86_400 * 100 - 28_800) * 1_000_000]).with_timezone("UTC"))));
    columns.push(("region", Arc::new(Int64Array::from(vec![330_106]))));
    columns.push(("gross_fen", Arc::new(Int32Array::from(vec![7]))));
    write_parquet(&path, columns);
    assert!(read().unwrap().is_empty());

    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 40]).unwrap();
    let error = read().unwrap_err();
    assert_eq!(error.exit_status(), 3);
    assert!(error.to_string().contains("a whole Parquet file"), "{error}");
}

#[test]
fn known_on_may_come_from_the_mapping() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("cases-20250630.csv"),
        "case_no,filed_on,known_on\n（2025）浙0106执1号,2025-01-01,\n（2025）浙0106执2号,2025-01-01,2025-02-01\n",
    )
    .unwrap();
    let basis = |mapping: &str| {
        let (columns, rejects, _) = read_folder(dir.path(), &catalog(mapping), "cases", "2025-12-31");
        let known = (0..columns.len()).map(|i| {
            (
                columns.get("known_on").unwrap().date_at(i).map(day::format).unwrap(),
                columns.get("known_on_basis").unwrap().text_at(i).unwrap().to_owned(),
            )
        });
        (known.collect::<Vec<_>>(), rejects.len())
    };
    let stated = ("2025-02-01".to_owned(), "stated".to_owned());
    let assumed = |day: &str| (day.to_owned(), "assumed".to_owned());
    assert_eq!(basis("[cases]\nknown_on = { from = \"filed_on\", lag_days = 3 }"), (vec![assumed("2025-01-04"), stated.clone()], 0));
    assert_eq!(basis("[cases]\nknown_on = \"export\""), (vec![assumed("2025-06-30"), stated.clone()], 0));
    assert_eq!(basis(""), (vec![stated], 1));
}

/// The real debts of `../shared/data/lendingclub`, where the folder is there: all 17,433 of them, no reject.
#[test]
fn the_real_tables_load_through_a_mapping() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/lendingclub/tables");
    if !folder.is_dir() {
        return;
    }
    let catalog = catalog(
        r#"
[cases.columns]
claim_fen = { from = "claim", unit = "yuan" }
[payments.columns]
amount_fen = { from = "amount", unit = "yuan" }
[incomes.columns]
monthly_fen = { from = "monthly", unit = "yuan", values = { nan = "" } }
[obligations.columns]
outstanding_fen = { from = "outstanding", unit = "yuan", values = { nan = "" } }
"#,
    );
    for (table, rows) in [
        ("cases", 17_433),
        ("parties", 17_433),
        ("debtors", 17_433),
        ("payments", 19_737),
        ("assets", 8_452),
        ("incomes", 17_433),
        ("obligations", 34_866),
        ("inquiries", 34_866),
        ("conduct", 2_745),
        ("trajectory", 18_862),
    ] {
        let (columns, rejects, reports) = read_folder(&folder, &catalog, table, "2016-06-30");
        assert!(rejects.is_empty(), "{table}: {:?}", rejects.first());
        assert_eq!(columns.len(), rows, "{table}");
        let unknown: Vec<&str> = reports[0].warnings.iter().filter(|w| w.kind == "unknown_column").map(|w| w.column.as_str()).collect();
        assert_eq!(unknown, if table == "assets" { vec!["is_mortgaged"] } else { vec![] }, "{table}");
    }
}

/// The sample town is clean: no reject, and no warning once its own regions are known.
#[test]
fn the_sample_town_reads_without_a_reject() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data-samples/town");
    let Catalog { schema, codes, mappings } = catalog("");
    let options = ReadOptions { as_of: day::parse("2026-06-30").unwrap(), seen_on: None };
    let found = discover(&folder, &schema).unwrap();
    let codes = with_regions(&codes, &found.files, &schema.tables["regions"], &mappings["regions"], &options).unwrap();
    for file in &found.files {
        let mut rejects = Vec::new();
        let report = read_file(file, &schema.tables[&file.table], &mappings[&file.table], &codes, &options, &mut |chunk| {
            rejects.extend(chunk.rejects);
            Ok(())
        })
        .unwrap_or_else(|e| panic!("{e}"));
        assert!(rejects.is_empty(), "{:?}", rejects.first());
        assert!(report.warnings.is_empty(), "{:?}", report.warnings);
    }
}
