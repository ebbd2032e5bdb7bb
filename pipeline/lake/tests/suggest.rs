//! Drafts of mappings: three exports as courts have them, drafted, finished as a person would, and loaded.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods, missing_docs)]

mod town;

use std::collections::BTreeMap;
use std::fs;

use luheng_lake::catalog::CatalogFiles;
use luheng_lake::columns::{Columns, day};
use luheng_lake::ingest::mapping::{Mapping, sources};
use luheng_lake::ingest::suggest::suggest;
use luheng_lake::ingest::{self, Request, identity_no};
use luheng_lake::schema::{Codes, Schema};
use luheng_lake::store::tables;
use serde::Deserialize;
use town::Town;

/// A resident number of the unassigned prefix 99 with its check sign.
fn number(start: &str) -> String {
    "0123456789X".chars().map(|s| format!("{start}{s}")).find(|t| identity_no::resident(t).is_some()).unwrap()
}

const NAMES: [&str; 4] = ["欧阳不存", "司徒无有", "端木乌有", "上官子虚"];

fn draft(folder: &std::path::Path, name: &str, bytes: &[u8]) -> String {
    let files = CatalogFiles::embedded();
    fs::write(folder.join(name), bytes).unwrap();
    suggest(&folder.join(name), &files, &Schema::load(&files).unwrap(), &Codes::load(&files).unwrap()).unwrap_or_else(|e| panic!("{e}"))
}

/// As the user's configuration holds it.
#[derive(Deserialize)]
struct Configuration {
    sources: BTreeMap<String, Mapping>,
}

fn load(draft: &str, files: &[(&str, Vec<u8>)]) -> (Request, ingest::IngestReport, Town) {
    let town = Town::new();
    for table in town.tables() {
        fs::remove_file(town.file(&table)).unwrap();
    }
    for (name, bytes) in files {
        fs::write(town.input().join(name), bytes).unwrap();
    }
    let user: Configuration = toml::from_str(draft).unwrap_or_else(|e| panic!("{e}\n{draft}"));
    let request = town.request();
    let sources = sources(&CatalogFiles::embedded(), &request.codes, &request.schema, &user.sources, "luheng.toml");
    let request = Request { sources: sources.unwrap_or_else(|f| panic!("{f:?}\n{draft}")), ..request };
    let report = ingest::ingest(&request, &mut |_| {}).unwrap_or_else(|e| panic!("{e}\n{draft}"));
    (request, report, town)
}

fn rows(request: &Request, table: &str, by: &[&str]) -> Columns {
    let parts: Vec<Columns> =
        (0..request.buckets).filter_map(|b| tables::read(&request.work.lake(), table, b, &request.seal).unwrap()).collect();
    Columns::concat(&parts).unwrap().sorted_by(by).unwrap()
}

fn no_person(draft: &str) {
    for name in NAMES {
        assert!(!draft.contains(name), "{name} in {draft}");
    }
    assert!(!draft.contains("99000019"), "{draft}");
    assert!(!draft.contains("1990000"), "{draft}");
}

fn chinese() -> Vec<u8> {
    let mut text =
        "案号,被执行人,身份证号码,联系电话,立案日期,执行标的额(万元),案由,案件状态,财产类型,财产估值（万元）,经办备注\n".to_owned();
    for (i, name) in NAMES.iter().enumerate() {
        let id = number(&format!("9900001970010100{i}"));
        let (class, value) = [("房产", "120.5"), ("机动车", "8"), ("", ""), ("银行存款", "0.3")][i];
        let status = ["在办", "已结", "在办", "移送"][i];
        text += &format!(
            "(2025)浙0106执{}号,{name},{id},1990000123{i},2025年1月{}日,{}.5,民间借贷,{status},{class},{value},{name}来电\n",
            i + 1,
            i + 5,
            i + 10
        );
    }
    encoding_rs::GB18030.encode(&text).0.into_owned()
}

#[test]
fn a_wide_export_with_chinese_headers_is_drafted_and_loads() {
    let folder = tempfile::tempdir().unwrap();
    let draft = draft(folder.path(), "执行案件台账2025.csv", &chinese());
    no_person(&draft);
    for part in [
        "[sources.cases]",
        "[sources.debtors]",
        "[sources.parties]",
        "[sources.assets]",
        "file = \"执行案件台账*.csv\"",
        "claim_fen = { from = \"执行标的额(万元)\", unit = \"wan_yuan\" }",
        "court_code = { from = \"案号\", part = \"court\" }",
        "id_no = \"身份证号码\"",
        "\"在办\" = \"open\"",
        "\"机动车\" = \"vehicle\"",
        "decide: values of no code of cases.status, rejected until mapped: *** (2 characters) (1 rows)",
        "经办备注",
    ] {
        assert!(draft.contains(part), "{part} not in\n{draft}");
    }
    // A person settles what is marked: the source, the strange status, which rows have an asset.
    let settled = draft
        .replace("source = \"\"", "source = \"330106\"")
        .replace("\"在办\" = \"open\"", "\"在办\" = \"open\", \"移送\" = \"closed\"")
        .replace("[sources.assets]\n", "[sources.assets]\nonly_if = \"财产类型\"\n");
    let (request, report, _town) = load(&settled, &[("执行案件台账2025.csv", chinese())]);
    let loaded: Vec<(&str, u64, u64)> =
        ["debtors", "cases", "parties", "assets"].map(|t| (t, report.tables[t].loaded, report.tables[t].rejected)).to_vec();
    assert_eq!(loaded, [("debtors", 4, 0), ("cases", 4, 0), ("parties", 4, 0), ("assets", 3, 0)], "{:?}\n{settled}", report.warnings);
    let cases = rows(&request, "cases", &["case_no"]);
    assert_eq!(cases.get("claim_fen").unwrap().int_at(0), Some(10_500_000));
    assert_eq!(cases.get("filed_on").unwrap().date_at(0), day::parse("2025-01-05"));
    assert_eq!(cases.get("status").unwrap().text_at(3), Some("closed"));
    assert_eq!(cases.get("cause").unwrap().text_at(0), Some("private_loan"));
    let assets = rows(&request, "assets", &["gross_fen"]);
    assert_eq!(
        (assets.get("class").unwrap().text_at(2), assets.get("gross_fen").unwrap().int_at(2)),
        (Some("real_estate"), Some(120_500_000))
    );
    // The number was used for the pseudonym, not only as the court's key.
    assert_eq!(rows(&request, "debtors", &["debtor_id"]).get("identity_basis").unwrap().text_at(0), Some("number"));
}

#[test]
fn an_export_with_english_headers_is_drafted_and_loads() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = "Docket No,Debtor Name,National ID,Date Filed,Claim Amount,Status\n".to_owned();
    for (i, name) in NAMES.iter().enumerate() {
        let id = number(&format!("9900001970010100{i}"));
        text += &format!("(2025)浙0106执{}号,{name},{id},{}/01/2025,\"12,000.{i}0\",{}\n", i + 1, i + 13, ["pending", "closed"][i % 2]);
    }
    let draft = draft(folder.path(), "register.csv", text.as_bytes());
    no_person(&draft);
    for part in ["format = \"%d/%m/%Y\"", "unit = \"yuan\"", "\"pending\" = \"open\"", "name = \"Debtor Name\"", "case_no = \"Docket No\""]
    {
        assert!(draft.contains(part), "{part} not in\n{draft}");
    }
    let (request, report, _town) = load(&draft.replace("source = \"\"", "source = \"330106\""), &[("register.csv", text.into_bytes())]);
    for table in ["debtors", "cases", "parties"] {
        assert_eq!((report.tables[table].loaded, report.tables[table].rejected), (4, 0), "{table}\n{draft}");
    }
    let cases = rows(&request, "cases", &["case_no"]);
    assert_eq!(cases.get("claim_fen").unwrap().int_at(1), Some(1_200_010));
    assert_eq!(cases.get("filed_on").unwrap().date_at(0), day::parse("2025-01-13"));
}

#[test]
fn receipts_in_json_lines_with_pinyin_keys_are_drafted_and_load() {
    let folder = tempfile::tempdir().unwrap();
    let line = |i: usize| {
        format!(
            "{{\"ah\":\"（2025）浙0106执{}号\",\"bzxrbh\":\"D{i}\",\"dzrq\":\"2025-02-0{}\",\"dzje\":{}.50,\"kxly\":\"{}\"}}\n",
            i + 1,
            i + 1,
            100 * i,
            ["扣划", "主动履行"][i % 2]
        )
    };
    let json: String = (0..4).map(line).collect();
    let draft = draft(folder.path(), "到账明细20250630.jsonl", json.as_bytes());
    for part in [
        "[sources.payments]",
        "file = \"到账明细*.jsonl\"",
        "amount_fen = { from = \"dzje\", unit = \"yuan\" }",
        "\"扣划\" = \"deducted\"",
        "known_on = { from = \"paid_on\"",
    ] {
        assert!(draft.contains(part), "{part} not in\n{draft}");
    }
    assert!(!draft.contains("[sources.cases]") && draft.contains("# not found: the required table cases"), "{draft}");
    let debtors = "debtor_ref,kind,known_on\n".to_owned() + &(0..4).map(|i| format!("D{i},natural,2025-01-01\n")).collect::<String>();
    let cases = "case_no,known_on\n".to_owned() + &(1..5).map(|i| format!("（2025）浙0106执{i}号,2025-01-01\n")).collect::<String>();
    let parties = "case_no,debtor_ref,known_on\n".to_owned()
        + &(1..5).map(|i| format!("（2025）浙0106执{i}号,D{},2025-01-01\n", i - 1)).collect::<String>();
    let others = [("debtors.csv", debtors), ("cases.csv", cases), ("parties.csv", parties)].map(|(n, t)| (n, t.into_bytes()));
    let files: Vec<(&str, Vec<u8>)> = others.into_iter().chain([("到账明细20250630.jsonl", json.into_bytes())]).collect();
    let (request, report, _town) = load(&draft, &files);
    assert_eq!((report.tables["payments"].loaded, report.tables["payments"].rejected), (4, 0), "{draft}");
    let payments = rows(&request, "payments", &["paid_on"]);
    assert_eq!(payments.get("amount_fen").unwrap().int_at(1), Some(10_050));
    assert_eq!(payments.get("source").unwrap().text_at(0), Some("deducted"));
}

#[test]
fn what_cannot_be_drafted_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let files = CatalogFiles::embedded();
    let (schema, codes) = (Schema::load(&files).unwrap(), Codes::load(&files).unwrap());
    for (name, bytes, part) in
        [("a.xlsx", &b"PK"[..], "save a sheet"), ("a.csv", b"", "no column at all"), ("a.jsonl", b"[{}]", "one object a line")]
    {
        fs::write(folder.path().join(name), bytes).unwrap();
        let error = suggest(&folder.path().join(name), &files, &schema, &codes).unwrap_err();
        assert_eq!(error.exit_status(), 3);
        assert!(error.to_string().contains(part), "{error}");
    }
    let strange = draft(folder.path(), "b.csv", "甲,乙\n欧阳不存,2\n".as_bytes());
    assert!(
        strange.contains("decide: no table of the catalog can be fed") && strange.contains("\"甲\"  e.g. *** (4 characters)"),
        "{strange}"
    );
    no_person(&strange);
}

#[test]
fn values_of_persons_are_masked_and_values_that_cannot_be_a_columns_outweigh_its_header() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = "案号,被执行人,身份证号码,出生日期,承办人,立案日期\n".to_owned();
    for (i, name) in NAMES.iter().enumerate() {
        let id = number(&format!("9900001970010100{i}"));
        text += &format!("(2025)浙0106执{}号,{name},{id},1970-01-01,某法官{i},见卷宗第{i}页\n", i + 1);
    }
    let draft = draft(folder.path(), "执行案件.csv", text.as_bytes());
    no_person(&draft);
    // A day of birth has a form, and is a person's all the same; whoever handles the case has none.
    assert!(draft.contains("born_on = \"出生日期\"") && !draft.contains("1970-01-01"), "{draft}");
    assert!(draft.contains("judge_code = \"承办人\"") && !draft.contains("某法官"), "{draft}");
    assert!(!draft.lines().any(|line| line.starts_with("filed_on")) && !draft.contains("见卷宗"), "{draft}");
}
