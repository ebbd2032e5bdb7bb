//! Typed values to text and to Parquet, and back through the readers and the store: nothing is gained or lost on the way.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods, missing_docs)]

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray};
use luheng_lake::catalog::CatalogFiles;
use luheng_lake::columns::{Columns, day};
use luheng_lake::ingest::discover::{InputFile, form};
use luheng_lake::ingest::mapping::Mapping;
use luheng_lake::ingest::reader::{ReadOptions, read_file};
use luheng_lake::schema::{Codes, Schema};
use luheng_lake::store;
use proptest::prelude::*;

/// One asset: key, class, money, share, flag, day.
type Row = (String, Option<usize>, Option<i64>, Option<f64>, Option<bool>, Option<i32>);

const CLASSES: [&str; 4] = ["deposit", "vehicle", "real_estate", "equity"];

fn a_row() -> impl Strategy<Value = Row> {
    // A key is any text that stays itself: no space around it, no NUL.
    let key = "[^\\s\\x00\u{feff}\u{200b}]([^\\x00]{0,12}[^\\s\\x00\u{feff}\u{200b}])?";
    (
        key,
        proptest::option::of(0..CLASSES.len()),
        proptest::option::of(0..=i64::MAX),
        proptest::option::of(0.0..=1.0f64),
        any::<Option<bool>>(),
        proptest::option::of(-43_829i32..=19_000),
    )
}

fn read(path: &Path) -> Columns {
    let files = CatalogFiles::embedded();
    let (schema, codes) = (Schema::load(&files).unwrap(), Codes::load(&files).unwrap());
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    let (format, pack) = form(&name).unwrap();
    let file = InputFile { table: "assets".into(), path: path.to_path_buf(), name, format, pack, shared: None };
    let options = ReadOptions { as_of: 20_000, seen_on: None };
    let mut parts = Vec::new();
    read_file(&file, schema.table("assets").unwrap(), &Mapping::default(), &codes, &options, &mut |chunk| {
        assert!(chunk.rejects.is_empty(), "{:?}", chunk.rejects);
        parts.push(chunk.columns);
        Ok(())
    })
    .unwrap_or_else(|e| panic!("{e}"));
    Columns::concat(&parts).unwrap()
}

fn same(columns: &Columns, rows: &[Row], form: &str) {
    let get = |name: &str| columns.get(name).unwrap();
    assert_eq!(columns.len(), rows.len(), "{form}");
    for (i, (key, class, money, share, flag, on)) in rows.iter().enumerate() {
        assert_eq!(get("asset_ref").text_at(i), Some(key.as_str()), "{form}");
        assert_eq!(get("class").text_at(i), class.map(|c| CLASSES[c]), "{form}");
        assert_eq!(get("gross_fen").int_at(i), *money, "{form}");
        assert_eq!(get("ownership_share").real_at(i), *share, "{form}");
        assert_eq!(get("in_hand").flag_at(i), *flag, "{form}");
        assert_eq!(get("acquired_on").date_at(i), *on, "{form}");
    }
}

fn csv(rows: &[Row]) -> String {
    let cell = |v: Option<String>| v.unwrap_or_default();
    let mut text = "asset_ref,debtor_ref,known_on,class,gross_fen,ownership_share,in_hand,acquired_on\n".to_owned();
    for (key, class, money, share, flag, on) in rows {
        let quoted = format!("\"{}\"", key.replace('"', "\"\""));
        let (money, share, flag) = (money.map(|m| m.to_string()), share.map(|s| s.to_string()), flag.map(|f| f.to_string()));
        let class = class.map_or("", |c| CLASSES[c]);
        text += &format!("{quoted},d,2024-01-01,{class},{},{},{},{}\n", cell(money), cell(share), cell(flag), cell(on.map(day::format)));
    }
    text
}

fn json(rows: &[Row]) -> String {
    let object = |(key, class, money, share, flag, on): &Row| {
        serde_json::json!({
            "asset_ref": key, "debtor_ref": "d", "known_on": "2024-01-01", "class": class.map(|c| CLASSES[c]), "gross_fen": money,
            "ownership_share": share, "in_hand": flag, "acquired_on": on.map(day::format),
        })
    };
    rows.iter().map(|r| format!("{}\n", object(r))).collect()
}

fn parquet(rows: &[Row], path: &Path) {
    let batch = RecordBatch::try_from_iter([
        ("asset_ref", Arc::new(rows.iter().map(|r| Some(r.0.as_str())).collect::<StringArray>()) as ArrayRef),
        ("debtor_ref", Arc::new(rows.iter().map(|_| Some("d")).collect::<StringArray>())),
        ("known_on", Arc::new(rows.iter().map(|_| Some("2024-01-01")).collect::<StringArray>())),
        ("class", Arc::new(rows.iter().map(|r| r.1.map(|c| CLASSES[c])).collect::<StringArray>())),
        ("gross_fen", Arc::new(rows.iter().map(|r| r.2).collect::<Int64Array>())),
        ("ownership_share", Arc::new(rows.iter().map(|r| r.3).collect::<Float64Array>())),
        ("in_hand", Arc::new(rows.iter().map(|r| r.4).collect::<BooleanArray>())),
        ("acquired_on", Arc::new(rows.iter().map(|r| r.5).collect::<Date32Array>())),
    ])
    .unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn typed_values_come_back_from_text_and_from_parquet(rows in proptest::collection::vec(a_row(), 1..20)) {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        std::fs::write(path("assets.csv"), csv(&rows)).unwrap();
        std::fs::write(path("assets.jsonl"), json(&rows)).unwrap();
        parquet(&rows, &path("assets.parquet"));
        let text = read(&path("assets.csv"));
        same(&text, &rows, "csv");
        for name in ["assets.jsonl", "assets.parquet"] {
            let read = read(&path(name));
            same(&read, &rows, name);
            prop_assert_eq!(read.content_hash(), text.content_hash());
        }
        // As the lake keeps it.
        // In the clear and encrypted.
        let key = store::seal::DataKey::new([7; 32].into()).unwrap();
        let sealed = store::seal::Seal::new(Some(key), []);
        store::parquet::write(&path("sealed.parquet"), &text, &sealed).unwrap();
        prop_assert_eq!(store::parquet::read(&path("sealed.parquet"), &sealed).unwrap().content_hash(), text.content_hash());
        let clear = store::seal::Seal::none();
        store::parquet::write(&path("kept.parquet"), &text, &clear).unwrap();
        let kept = store::parquet::read(&path("kept.parquet"), &clear).unwrap();
        same(&kept, &rows, "the lake's own");
        prop_assert_eq!(kept.content_hash(), text.content_hash());
    }
}
