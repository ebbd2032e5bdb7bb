//! One wide export feeds several tables: every row of it is accounted for in each of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods, missing_docs)]

mod town;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use luheng_lake::columns::{Columns, day};
use luheng_lake::ingest::mapping::{Mapping, sources};
use luheng_lake::ingest::{self, IngestReport, Request};
use luheng_lake::store::tables;
use town::Town;

/// A town without files of its own, its configuration and the exports given.
fn request(town: &Town, mapping: &str, files: &[(&str, Vec<u8>)]) -> Request {
    for table in town.tables() {
        fs::remove_file(town.file(&table)).unwrap();
    }
    for (name, bytes) in files {
        fs::write(town.input().join(name), bytes).unwrap();
    }
    let request = town.request();
    let user: BTreeMap<String, Mapping> = toml::from_str(mapping).unwrap_or_else(|e| panic!("{e}"));
    let catalog = luheng_lake::catalog::CatalogFiles::embedded();
    let sources = sources(&catalog, &request.codes, &request.schema, &user, "luheng.toml").unwrap_or_else(|f| panic!("{f:?}"));
    Request { sources, ..request }
}

fn run(request: &Request) -> IngestReport {
    ingest::ingest(request, &mut |_| {}).unwrap_or_else(|e| panic!("{e}"))
}

fn rows(request: &Request, table: &str, by: &[&str]) -> Columns {
    let parts: Vec<Columns> =
        (0..request.buckets).filter_map(|b| tables::read(&request.work.lake(), table, b, &request.seal).unwrap()).collect();
    Columns::concat(&parts).unwrap().sorted_by(by).unwrap()
}

const MAPPING: &str = r#"
[debtors]
file = "执行案件*.csv"
source = "330106"
known_on = { from = "established_on" }
[debtors.columns]
debtor_ref = "证件号码"
id_no = "证件号码"
id_kind = { from = "证件号码", part = "id_kind" }
kind = { from = "证件号码", part = "debtor_kind" }
name = { from = "被执行人/申请人", part = { by = "/", at = 1 } }
born_on = { from = "证件号码", part = "birth_date" }
residence_region = { from = "住所|管辖", part = { by = "|", at = 1 } }
established_on = { from = "立案日期", format = "%Y%m%d" }

[cases]
file = "执行案件*.csv"
source = "330106"
known_on = { from = "filed_on", lag_days = 1 }
ignore = ["备注"]
[cases.columns]
case_no = "案号"
court_code = { from = "案号", part = "court" }
filed_on = { from = "立案日期", format = "%Y%m%d" }
duty_kind = { constant = "money" }
claim_fen = { from = "标的（万元）", unit = "wan_yuan" }
costs_fen = { from = "费用（元）", unit = "yuan" }
interest_fen = "利息分"
status = { from = "状态", values = { "在办" = "open" } }

[parties]
file = "执行案件*.csv"
source = "330106"
known_on = { from = "joined_on" }
[parties.columns]
case_no = "案号"
debtor_ref = "证件号码"
role = { constant = "principal" }
joined_on = { from = "立案日期", format = "%Y%m%d" }

[assets]
file = "执行案件*.csv"
source = "330106"
known_on = { from = "acquired_on" }
only_if = { from = "有财产", not = ["无"] }
[assets.columns]
debtor_ref = "证件号码"
acquired_on = { from = "立案日期", format = "%Y%m%d" }
necessary_home = { from = "唯一住房", values = { "Y" = "true", "N" = "false" } }
[[assets.repeat]]
asset_ref = { template = "{案号}-{财产1类型}-1" }
class = { from = "财产1类型", values = { "房产" = "real_estate", "车辆" = "vehicle" } }
gross_fen = { from = "财产1估值", unit = "wan_yuan" }
[[assets.repeat]]
asset_ref = { template = "{案号}-{财产2类型}-2" }
class = { from = "财产2类型", values = { "房产" = "real_estate", "车辆" = "vehicle" } }
gross_fen = { from = "财产2估值", unit = "wan_yuan" }
"#;

const HEADER: &str = "案号,被执行人/申请人,证件号码,住所|管辖,立案日期,标的（万元）,费用（元）,利息分,状态,有财产,唯一住房,财产1类型,财产1估值,财产2类型,财产2估值,备注,标的额";

const ROWS: [&str; 6] = [
    "(2025)浙0106执1号,张三/李四,990000198502150021,330106|310101,20250105,12.5,300,7,在办,有,Y,房产,100,车辆,3.5,x,1",
    // Two debtors of one case: equal rows for `cases`.
    "(2025)浙0106执1号,王五/李四,990000197001010012,330106|310101,20250105,12.5,300,7,在办,无,,房产,100,,,x,1",
    "(2025)浙0106执2号,赵六,990000196001010018,330106,20250106,1,0,0,在办,有,N,,,车辆,8,,",
    // Neither group has text: no row of assets, though the rule takes it.
    "(2025)浙0106执3号,钱七,990000196101010012,,20250107,2,0,0,在办,有,,,,,,,",
    // Too few fields: a reject of every table.
    "(2025)浙0106执4号,孙八",
    // Its second asset has no class of the list.
    "(2025)浙0106执5号,周九,990000196201010017,330106,20250108,2,0,0,在办,有,,房产,50,飞机,1,,",
];

fn digits_checked(row: &str) -> String {
    // The numbers above with the check sign they need.
    let fields: Vec<String> = row.split(',').map(str::to_owned).collect();
    let fixed = fields.into_iter().map(|field| {
        let number = field.len() == 18 && field.starts_with("9900") && field.is_ascii();
        let sign = |s: char| format!("{}{s}", &field[..17]);
        let right = || "0123456789X".chars().map(sign).find(|t| luheng_lake::ingest::identity_no::resident(t).is_some());
        if number { right().unwrap() } else { field.clone() }
    });
    fixed.collect::<Vec<_>>().join(",")
}

fn wide() -> Vec<u8> {
    let text = format!("{HEADER}\n{}\n", ROWS.map(digits_checked).join("\n"));
    encoding_rs::GB18030.encode(&text).0.into_owned()
}

#[test]
fn a_wide_export_feeds_four_tables_and_every_row_is_accounted_for() {
    let town = Town::new();
    let request = request(&town, MAPPING, &[("执行案件2025.csv", wide())]);
    let checked = ingest::check(&request, &mut |_| {}).unwrap();
    let report = run(&request);
    let counts = |table: &str| {
        let t = &report.tables[table];
        assert_eq!(t.read, t.loaded + t.waiting + t.rejected + t.duplicates, "{table}");
        assert_eq!(
            (t.read, t.loaded, t.rejected),
            (checked.tables[table].read, checked.tables[table].loaded, checked.tables[table].rejected)
        );
        (t.read, t.loaded, t.rejected, t.duplicates)
    };
    assert_eq!(counts("debtors"), (6, 5, 1, 0));
    assert_eq!(counts("cases"), (6, 4, 1, 1));
    assert_eq!(counts("parties"), (6, 5, 1, 0));
    // Row 1 gives two, row 2 none by the rule, rows 3 and 4 one and none, the ragged one a reject, row 6 one and a reject.
    assert_eq!(counts("assets"), (6, 4, 2, 0));
    // The file is in the manifest once for each table, with the rows read of it there.
    let inputs: Vec<(&str, u64)> = report.inputs.iter().map(|i| (i.table.as_str(), i.rows_read)).collect();
    assert_eq!(inputs, [("assets", 6), ("cases", 6), ("debtors", 6), ("parties", 6)]);

    let cases = rows(&request, "cases", &["case_no", "debtor_id"]);
    let int = |table: &Columns, column: &str, row: usize| table.get(column).unwrap().int_at(row);
    assert_eq!(
        (int(&cases, "claim_fen", 0), int(&cases, "costs_fen", 0), int(&cases, "interest_fen", 0)),
        (Some(12_500_000), Some(30_000), Some(7))
    );
    assert_eq!(cases.get("court_code").unwrap().text_at(0), Some("浙0106"));
    let parties = rows(&request, "parties", &["case_no", "debtor_id"]);
    assert!((0..5).all(|i| parties.get("role").unwrap().text_at(i) == Some("principal")));
    assert!((0..4).all(|i| cases.get("duty_kind").unwrap().text_at(i) == Some("money")));
    assert_eq!(cases.get("known_on").unwrap().date_at(0), day::parse("2025-01-06"));
    let assets = rows(&request, "assets", &["asset_ref"]);
    let refs: Vec<(&str, Option<i64>, Option<bool>)> = (0..assets.len())
        .map(|i| {
            (
                assets.get("asset_ref").unwrap().text_at(i).unwrap(),
                int(&assets, "gross_fen", i),
                assets.get("necessary_home").unwrap().flag_at(i),
            )
        })
        .collect();
    assert_eq!(
        refs,
        [
            ("(2025)浙0106执1号-房产-1", Some(100_000_000), Some(true)),
            ("(2025)浙0106执1号-车辆-2", Some(3_500_000), Some(true)),
            ("(2025)浙0106执2号-车辆-2", Some(8_000_000), Some(false)),
            ("(2025)浙0106执5号-房产-1", Some(50_000_000), None),
        ]
    );
    let debtors = rows(&request, "debtors", &["debtor_id"]);
    let regions: Vec<&str> = (0..5).filter_map(|i| debtors.get("residence_region").unwrap().text_at(i)).collect();
    assert_eq!(regions, ["330106"; 4]);
}

#[test]
fn an_unknown_column_of_a_wide_file_is_warned_of_once_with_the_nearest_name() {
    let town = Town::new();
    let mapping = MAPPING.replace("ignore = [\"备注\"]", "");
    let header = HEADER.replace("标的额", "申请执行标的");
    let text = String::from_utf8(encoding_rs::GB18030.decode(&wide()).0.into_owned().into_bytes()).unwrap().replace(HEADER, &header);
    let report = run(&request(&town, &mapping, &[("执行案件2025.csv", text.into_bytes())]));
    let unknown: Vec<&String> = report.warnings.iter().filter(|w| w.contains("unknown_column")).collect();
    assert_eq!(unknown.len(), 2, "{unknown:?}");
    assert!(unknown[0].contains("备注") && !unknown[0].contains("perhaps"), "{unknown:?}");
    assert!(unknown[1].contains("perhaps cases.claim_fen (申请执行标的额)"), "{unknown:?}");
    assert!(unknown[1].contains("no column of assets, cases, debtors, parties reads it"), "{unknown:?}");
}

fn refused(mapping: &str, files: &[(&str, Vec<u8>)], parts: &[&str]) {
    let town = Town::new();
    let error = ingest::check(&request(&town, mapping, files), &mut |_| {}).map(|_| panic!("{parts:?}: passed")).unwrap_err();
    assert_eq!(error.exit_status(), 3, "{error}");
    for part in parts {
        assert!(error.to_string().contains(part), "{part:?} not in {error}");
    }
}

#[test]
fn a_mapping_and_a_file_that_do_not_fit_are_refused() {
    let only = MAPPING.replace("from = \"有财产\"", "from = \"财产状况\"");
    refused(&only, &[("执行案件.csv", wide())], &["the header that decides which rows count", "also 财产状况", "[sources.assets] only_if"]);
    let template = MAPPING.replace("{财产2类型}-2", "{财产2号}-2");
    refused(&template, &[("执行案件.csv", wide())], &["required columns are missing", "also 财产2号", "--suggest"]);
    let workbook = MAPPING.replace("*.csv", "*");
    refused(&workbook, &[("执行案件.xlsx", b"PK".to_vec())], &["执行案件.xlsx", "a workbook", "save the sheet as CSV"]);
}

#[test]
fn a_table_whose_mapping_names_its_files_takes_no_other_and_says_when_there_is_none() {
    let town = Town::new();
    let assets = "asset_ref,debtor_ref,known_on\nH1,A1,2025-01-01\n";
    let mapping = MAPPING.replace("[assets]\nfile = \"执行案件*.csv\"", "[assets]\nfile = \"财产*.csv\"");
    let report = run(&request(&town, &mapping, &[("执行案件.csv", wide()), ("assets.csv", assets.into())]));
    assert_eq!(report.ignored, ["assets.csv"]);
    assert_eq!(report.tables["assets"].read, 0);
    assert!(report.warnings.iter().any(|w| w.contains("sources.assets.file = 财产*.csv")), "{:?}", report.warnings);
}

#[test]
fn every_format_of_a_wide_file_gives_the_same_lake() {
    let plain = Town::new();
    let expected = run(&request(&plain, MAPPING, &[("执行案件.csv", wide())]));
    let text = encoding_rs::GB18030.decode(&wide()).0.into_owned();
    let headers: Vec<&str> = HEADER.split(',').collect();
    let lines = text.lines().skip(1).map(|line| {
        let fields: Vec<&str> = line.split(',').collect();
        if fields.len() < headers.len() {
            return "no object".to_owned();
        }
        let pairs = headers.iter().zip(fields).filter(|(_, v)| !v.is_empty());
        serde_json::to_string(&pairs.collect::<BTreeMap<_, _>>()).unwrap()
    });
    let json = lines.map(|l| l + "\n").collect::<String>();
    let town = Town::new();
    let got = run(&request(&town, &MAPPING.replace("*.csv", "*.jsonl"), &[("执行案件.jsonl", json.into_bytes())]));
    assert_eq!(got.lake.content, expected.lake.content);
    assert!(Path::new(&town.input()).exists());
}

#[test]
fn the_example_of_the_readme_runs() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")).unwrap();
    let example = readme.split("```toml").find(|block| block.contains("sources.assets.repeat")).unwrap().split("```").next().unwrap();
    let cases = "[cases]\nfile = \"执行台账*.csv\"\nknown_on = \"export\"\ncolumns.case_no = \"案号\"\n\
                 [parties]\nfile = \"执行台账*.csv\"\nsource = \"330106\"\nknown_on = \"export\"\ncolumns.case_no = \"案号\"\ncolumns.debtor_ref = \"身份证号码\"\n";
    let mapping = format!("{cases}{}", example.replace("[sources.", "[").replace("[[sources.", "[["));
    let row = digits_checked("(2025)浙0106执1号,张三/李四,990000198502150021,有,房产,12.5,,");
    let text = format!("案号,被执行人/代理人,身份证号码,有无财产,财产1,财产1估值,财产2,财产2估值\n{row}\n");
    let town = Town::new();
    let request = request(&town, &mapping, &[("执行台账2025.csv", text.into_bytes())]);
    let report = run(&request);
    for table in ["debtors", "cases", "parties", "assets"] {
        assert_eq!((report.tables[table].read, report.tables[table].loaded), (1, 1), "{table}: {:?}", report.warnings);
    }
    let assets = rows(&request, "assets", &["asset_ref"]);
    assert_eq!(
        (assets.get("asset_ref").unwrap().text_at(0), assets.get("gross_fen").unwrap().int_at(0)),
        (Some("(2025)浙0106执1号-1"), Some(12_500_000))
    );
}
