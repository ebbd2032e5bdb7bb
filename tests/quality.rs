//! The page of data quality: what it says of columns, channels and steps, what moved since the last night, and the gates that hold a night back.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use luheng_lake::columns::{ColumnKind, Columns};
use luheng_lake::store::seal::Seal;
use luheng_lake::store::{manifest, tables};

use crate::town::{lake, must, texts};
use crate::verify::{Court, current, leavings};

const DAY: &str = "2026-06-30";
const BEFORE: &str = "2026-05-31";
const LATER: &str = "2026-07-31";

type Json = serde_json::Value;

fn quality(run: &Path) -> Json {
    serde_json::from_str(&fs::read_to_string(run.join("quality.json")).unwrap()).unwrap()
}

fn of_table<'a>(quality: &'a Json, name: &str) -> &'a Json {
    quality["tables"].as_array().unwrap().iter().find(|t| t["table"] == name).unwrap()
}

fn column<'a>(quality: &'a Json, table: &str, name: &str) -> &'a Json {
    let columns = of_table(quality, table)["columns"].as_array().unwrap();
    columns.iter().find(|c| c["column"] == name).unwrap_or_else(|| panic!("{table}.{name}"))
}

/// Changes a column of an export, row by row.
pub fn change(exports: &Path, file: &str, name: &str, with: impl Fn(usize, &str) -> String) {
    let path = exports.join(file);
    let text = fs::read_to_string(&path).unwrap();
    let at = text.lines().next().unwrap().split(',').position(|n| n == name).unwrap_or_else(|| panic!("{file} has no {name}"));
    let mut out = String::new();
    for (line, row) in text.lines().enumerate() {
        let mut cells: Vec<String> = row.split(',').map(str::to_owned).collect();
        if line > 0 {
            cells[at] = with(line, &cells[at]);
        }
        out += &(cells.join(",") + "\n");
    }
    fs::write(path, out).unwrap();
}

/// Tenfold amounts.
fn shift_payments(exports: &Path) {
    change(exports, "payments.csv", "amount_fen", |_, found| if found.is_empty() { String::new() } else { format!("{found}00") });
}

fn gate(court: &Court, line: &str) {
    let text = fs::read_to_string(&court.config).unwrap();
    let rest: Vec<&str> = text
        .lines()
        .filter(|l| *l != "[gates]" && !l.starts_with("max_reject_share = ") && !l.starts_with("max_psi") && !l.starts_with("max_stale"))
        .collect();
    fs::write(&court.config, format!("{}\n[gates]\n{line}\n", rest.join("\n"))).unwrap();
}

/// A night that a gate holds; gives what it said.
fn held(court: &Court, as_of: &str, run: &str) -> String {
    let output = court.command(&["nightly", "--as-of", as_of]).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(5), "{text}");
    assert_eq!(current(&court.work), run, "current stays");
    let page = text.split("look at ").nth(1).and_then(|t| t.split(" (until").next()).unwrap_or_else(|| panic!("{text}"));
    let html = fs::read_to_string(page).unwrap();
    assert!(html.contains("未通过质量门槛"));
    let folder = Path::new(page).parent().unwrap();
    assert!(folder.join("ratings.parquet").is_file() && folder.join("sheets/index.html").is_file(), "everything is built");
    assert!(!quality(folder)["broken_gates"].as_array().unwrap().is_empty());
    text
}

#[test]
fn columns_channels_and_steps_are_counted_as_the_lake_has_them() {
    let court = Court::of(100);
    court.night(DAY, &[]);
    let quality = quality(&court.work.join("current"));
    let parts: Vec<Columns> =
        (0..64).filter_map(|b| tables::read_counted(&court.work.join("lake"), "payments", Some(b), &Seal::none()).unwrap()).collect();
    let payments = Columns::concat(&parts).unwrap();
    let primary: Vec<usize> = (0..payments.len()).filter(|at| payments.require("is_primary").unwrap().flag_at(*at) == Some(true)).collect();
    let known = |at: &usize| payments.require("known_on").unwrap().date_at(*at).unwrap() <= luheng_lake::columns::day::parse(DAY).unwrap();
    let rows: Vec<usize> = primary.into_iter().filter(known).collect();
    assert_eq!(of_table(&quality, "payments")["rows"], rows.len());
    let mut amounts: Vec<i64> = rows.iter().filter_map(|at| payments.require("amount_fen").unwrap().int_at(*at)).collect();
    amounts.sort_unstable();
    let amount = column(&quality, "payments", "amount_fen");
    assert_eq!((amount["min"].as_f64(), amount["max"].as_f64()), (Some(amounts[0] as f64), Some(*amounts.last().unwrap() as f64)));
    let median = amounts[amounts.len().div_ceil(2) - 1] as f64;
    let told = amount["quantiles"].as_array().unwrap().iter().find(|q| q[0] == 50).unwrap()[1].as_f64().unwrap();
    assert!(told <= median && median - told <= median / 128.0, "{told} {median}");
    assert_eq!(amount["completeness"].as_f64(), Some(amounts.len() as f64 / rows.len() as f64));
    let different = amounts.iter().collect::<BTreeSet<_>>().len();
    let told = amount["distinct"].as_f64().unwrap() / different as f64;
    assert!(different > 256 && (0.8..1.2).contains(&told) && amount["distinct_is_exact"] == false, "{different} {told}");
    let days: BTreeSet<_> = rows.iter().filter_map(|at| payments.require("paid_on").unwrap().date_at(*at)).collect();
    assert_eq!(column(&quality, "payments", "paid_on")["distinct"], days.len());
    let paid_on = column(&quality, "payments", "paid_on");
    let months: u64 = paid_on["months"].as_array().unwrap().iter().map(|m| m[1].as_u64().unwrap()).sum();
    assert_eq!(months, rows.len() as u64);
    // Of every column: how many rows have a value, and when the newest of them was known.
    let as_of = luheng_lake::columns::day::parse(DAY).unwrap();
    let mut incomplete = 0;
    for told in of_table(&quality, "payments")["columns"].as_array().unwrap() {
        let values = payments.require(told["column"].as_str().unwrap()).unwrap();
        let there: Vec<usize> = rows.iter().copied().filter(|at| !values.is_null(*at)).collect();
        assert_eq!(told["completeness"].as_f64(), Some(there.len() as f64 / rows.len() as f64), "{told}");
        let newest = there.iter().filter_map(|at| payments.require("known_on").unwrap().date_at(*at)).max();
        assert_eq!(told["known_days_ago"].as_i64(), newest.map(|on| i64::from(as_of - on)), "{told}");
        incomplete += usize::from(!there.is_empty() && there.len() < rows.len());
    }
    assert!(incomplete > 0);
    let sources = of_table(&quality, "payments")["sources"].as_array().unwrap();
    let newest = rows.iter().filter_map(|at| payments.require("known_on").unwrap().date_at(*at)).max().unwrap();
    assert_eq!((sources.len(), sources[0]["known_days_ago"].as_i64()), (1, Some(i64::from(as_of - newest))));
    let kinds = texts(&payments, "source");
    let kinds: BTreeSet<_> = rows.iter().filter_map(|at| kinds[*at].as_ref()).collect();
    assert_eq!(column(&quality, "payments", "source")["distinct"], kinds.len());
    // Every file's rows add up.
    for file in quality["files"].as_array().unwrap() {
        let of = |key: &str| file[key].as_u64().unwrap();
        assert_eq!(
            of("read"),
            of("appended") + of("unchanged") + of("waiting") + of("rejected") + of("duplicates") + of("expired"),
            "{file}"
        );
    }
    let bank = quality["channels"].as_array().unwrap().iter().find(|c| c["channel"] == "bank").unwrap();
    let of = |key: &str| bank[key].as_u64().unwrap();
    assert!(of("sent") >= of("answered") && of("answered") >= of("found") && of("found") > 0 && of("median_days") > 0, "{bank}");
    assert!(quality["steps"].as_array().unwrap().iter().any(|s| s["overdue"].as_u64() > Some(0)), "{}", quality["steps"]);
    // One night has nothing to be compared with, and the figures do not depend on who counted them.
    assert!(amount["psi"].is_null() && quality["previous"].is_null());
    let again = court.path("again");
    court.night_in(&again, DAY, &[]);
    let text = |work: &Path| fs::read_to_string(work.join("current/quality.json")).unwrap();
    assert_eq!(text(&court.work), text(&again));
}

#[test]
fn a_column_that_moved_is_flagged_and_its_gate_holds_the_night() {
    let court = Court::of(100);
    court.night(BEFORE, &[]);
    let run = current(&court.work);
    shift_payments(&court.exports);
    gate(&court, "max_psi = { payments = 0.25 }");
    let text = held(&court, DAY, &run);
    assert!(text.contains("max_psi payments.amount_fen: found ") && text.contains("limit 0.25"), "{text}");
    assert!(!text.contains("payments.paid_on"), "{text}");
    // With the gate opened the same night is published, and says what moved.
    gate(&court, "max_psi = 100");
    court.night(DAY, &[]);
    assert_ne!(current(&court.work), run);
    assert!(leavings(&court.work).is_empty(), "the held night is swept");
    let quality = quality(&court.work.join("current"));
    assert_eq!(quality["previous"], run.as_str());
    assert!(column(&quality, "payments", "amount_fen")["psi"].as_f64().unwrap() > 0.25);
    assert!(column(&quality, "cases", "claim_fen")["psi"].as_f64().unwrap() < 0.1);
    let html = fs::read_to_string(court.work.join("current/quality.html")).unwrap();
    assert!(html.contains("payments.amount_fen") && html.contains("显著变化"));
}

#[test]
fn rejects_over_the_gate_hold_the_night_and_within_it_do_not() {
    let court = Court::of(60);
    court.night(BEFORE, &[]);
    let run = current(&court.work);
    change(&court.exports, "parties.csv", "role", |line, found| if line <= 3 { "nonsense".into() } else { found.into() });
    gate(&court, "max_reject_share = { parties = 0.001 }");
    let check = String::from_utf8(court.command(&["check", "--as-of", DAY]).output().unwrap().stdout).unwrap();
    assert!(check.contains("max_reject_share parties: found ") && check.contains("would be held back"), "{check}");
    assert!(held(&court, DAY, &run).contains("max_reject_share parties: found "));
    gate(&court, "max_reject_share = { parties = 0.5 }");
    let check = String::from_utf8(court.command(&["check", "--as-of", DAY]).output().unwrap().stdout).unwrap();
    assert!(check.contains("would hold nothing"), "{check}");
    court.night(DAY, &[]);
    assert_ne!(current(&court.work), run);
    let rules = quality(&court.work.join("current"))["rules"].clone();
    let rule = rules.as_array().unwrap().iter().find(|r| r["rule"] == "enumeration" && r["column"] == "role").unwrap();
    assert_eq!((rule["rows"].as_u64(), rule["examples"][0].as_str()), (Some(3), Some("parties.csv:2 nonsense")));
    // Of all values met tonight three were none.
    let after = quality(&court.work.join("current"));
    let (role, rows) = (column(&after, "parties", "role"), of_table(&after, "parties")["rows"].as_f64().unwrap());
    let values = role["completeness"].as_f64().unwrap() * rows;
    assert_eq!((role["rejected"].as_u64(), role["unlisted"].as_u64()), (Some(3), Some(0)));
    assert!((role["validity"].as_f64().unwrap() - values / (values + 3.0)).abs() < 1e-9, "{role}");
    gate(&court, "max_psi = { paymnts = 1 }");
    let output = court.command(&["nightly", "--as-of", LATER]).output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_table_that_grows_stale_holds_the_night() {
    let court = Court::of(60);
    court.night(DAY, &[]);
    let run = current(&court.work);
    gate(&court, "max_stale_days = { payments = 20 }");
    let check = String::from_utf8(court.command(&["check", "--as-of", LATER]).output().unwrap().stdout).unwrap();
    assert!(check.contains("max_stale_days payments: found "), "{check}");
    let text = held(&court, LATER, &run);
    assert!(text.contains("max_stale_days payments: found ") && !text.contains("max_stale_days cases"), "{text}");
    // What was published is the newest word where tonight's files end before it, and tonight's where they go on.
    let found = |court: &Court| {
        let check = String::from_utf8(court.command(&["check", "--as-of", LATER]).output().unwrap().stdout).unwrap();
        check
            .lines()
            .find_map(|l| l.split("payments: found ").nth(1)?.split(',').next()?.parse::<u32>().ok())
            .unwrap_or_else(|| panic!("{check}"))
    };
    let (days, path) = (found(&court), court.exports.join("payments.csv"));
    let whole = fs::read_to_string(&path).unwrap();
    let few: Vec<&str> = whole.lines().take(3).collect();
    fs::write(&path, few.join("\n") + "\n").unwrap();
    assert_eq!(found(&court), days);
    fs::write(&path, &whole).unwrap();
    // Of the last 21 days some row is the newest.
    change(&court.exports, "payments.csv", "known_on", |at, known| if at == 1 { "2026-07-10".into() } else { known.into() });
    assert_eq!(found(&court), 21);
    change(&court.exports, "payments.csv", "known_on", |at, known| if at == 1 { "2026-08-10".into() } else { known.into() });
    assert_eq!(found(&court), days, "known after the day is not known");
    fs::write(&path, &whole).unwrap();
    gate(&court, "max_stale_days = { payments = 400 }");
    court.night(LATER, &[]);
    assert_ne!(current(&court.work), run);
}

#[test]
fn the_page_names_no_person_case_or_document() {
    let court = Court::of(60);
    // Columns shifted by mistake: a name, a case number and a telephone number stand where codes should.
    for (line, odd) in [(1, "欧阳不存"), (2, "（2023）测9901执25号"), (3, "19900001234")] {
        change(&court.exports, "parties.csv", "role", |at, found| if at == line { odd.into() } else { found.into() });
    }
    change(&court.exports, "cases.csv", "cause", |at, found| if at == 30 { "（2023）测9901执99号".into() } else { found.into() });
    court.night(DAY, &[]);
    let mut words = BTreeSet::from(["欧阳不存", "19900001234", "（2023）测9901执99号"].map(str::to_owned));
    for table in ["cases", "parties", "payments", "conduct", "inquiries", "milestones", "assets"] {
        let rows = lake(&court.work, table);
        for (name, column) in rows.iter().filter(|(_, c)| c.kind() == ColumnKind::Text) {
            if ["case_no", "debtor_id", "document_no", "row_id", "asset_ref", "payment_ref", "basis_doc_no", "judge_code"].contains(&name) {
                words.extend((0..rows.len()).filter_map(|at| column.text_at(at).map(str::to_owned)));
            }
        }
    }
    assert!(words.len() > 500, "{}", words.len());
    assert!(texts(&lake(&court.work, "cases"), "cause").iter().flatten().any(|c| c.contains("执99号")), "the odd code is in the lake");
    let record = manifest::read(&court.work.join("current")).unwrap();
    let told = quality(&court.work.join("current"));
    let (cause, rows) = (column(&told, "cases", "cause"), of_table(&told, "cases")["rows"].as_f64().unwrap());
    let values = cause["completeness"].as_f64().unwrap() * rows;
    assert_eq!(cause["unlisted"], 1);
    assert!((cause["validity"].as_f64().unwrap() - (values - 1.0) / values).abs() < 1e-9, "{cause}");
    assert!(record.files.contains_key("quality.json"));
    for name in ["quality.json", "quality.html"] {
        let mut text = fs::read_to_string(court.work.join("current").join(name)).unwrap();
        // Content hashes of the run's own id are not anybody's.
        text = text.replace(&current(&court.work), "");
        let found = words.iter().find(|word| word.chars().count() > 3 && text.contains(word.as_str()));
        assert_eq!(found, None, "in {name}");
    }
    let warnings = told["warnings"].as_array().unwrap();
    let odd: Vec<&str> =
        warnings.iter().filter_map(|w| w["text"].as_str()).filter(|w| w.starts_with("cases: unknown_code cause ")).collect();
    assert!(odd.len() == 1 && odd[0].contains("(9999)字9999字99字"), "{odd:?}");
    assert!(fs::read_to_string(court.work.join("current/quality.json")).unwrap().contains("字字字字"));
    must(&["verify", "current", "--work", court.work.to_str().unwrap()]);
}
