//! The whole ingest on small tables: what must not matter does not, what must be kept is kept, and no identity value leaves the vault.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

mod town;

use std::collections::BTreeMap;
use std::fs;

use luheng_lake::columns::{Columns, day};
use luheng_lake::ingest::{self, IngestReport, Request};
use luheng_lake::store::key::{Algorithm, KeyOrigin, PseudonymKey};
use luheng_lake::store::seal::{DataKey, Encrypt, Seal};
use luheng_lake::store::{input, lake, parquet, tables, text, vault::Vault};
use town::{Town, key, vault_seal};

fn run(request: &Request) -> IngestReport {
    ingest::ingest(request, &mut |_| {}).unwrap()
}

/// Every file of a lake but what names lines or files, with its bytes.
fn lake_bytes(request: &Request) -> BTreeMap<String, Vec<u8>> {
    let root = request.work.lake();
    input::files_below(&root)
        .unwrap()
        .into_iter()
        .map(|path| (path.strip_prefix(&root).unwrap().display().to_string(), fs::read(&path).unwrap()))
        .filter(|(name, _)| !["_state.json", "_rejects.parquet"].contains(&name.as_str()))
        .collect()
}

/// All rows of a table over all buckets, in canonical order.
fn rows(request: &Request, table: &str) -> Columns {
    let parts: Vec<Columns> =
        (0..request.buckets).filter_map(|b| tables::read(&request.work.lake(), table, b, &request.seal).unwrap()).collect();
    let all = Columns::concat(&parts).unwrap();
    if all.is_empty() { all } else { all.sorted_by(&["debtor_id", "row_id", "known_on", "seen_on"]).unwrap() }
}

fn texts(table: &Columns, column: &str) -> Vec<String> {
    let column = table.get(column).unwrap();
    (0..column.len()).map(|i| column.text_at(i).unwrap_or("-").to_owned()).collect()
}

#[test]
fn row_order_file_split_and_format_do_not_matter() {
    let plain = Town::new();
    let expected = plain.request();
    run(&expected);

    let shuffled = Town::new();
    for table in shuffled.tables() {
        shuffled.rewrite(&table, |rows| rows.reverse());
    }
    let split = Town::new();
    split.split("conduct");
    split.split("cases");
    let json = Town::new();
    let gb18030 = Town::new();
    let parquet = Town::new();
    for table in json.tables() {
        json.as_json(&table);
        gb18030.as_gb18030(&table);
        parquet.as_parquet(&table);
    }
    for (name, other) in [("shuffled", shuffled), ("split", split), ("json", json), ("gb18030", gb18030), ("parquet", parquet)] {
        let request = other.request();
        run(&request);
        assert_eq!(lake_bytes(&request), lake_bytes(&expected), "{name}");
    }
}

#[test]
fn another_bucket_count_gives_equal_rows_and_content() {
    let town = Town::new();
    let few = town.request();
    let many = Request { buckets: 16, ..Town::at(&town).request() };
    let (a, b) = (run(&few), run(&many));
    assert_eq!(a.lake.content, b.lake.content);
    assert_eq!(a.lake.rows, b.lake.rows);
    for table in town.tables() {
        assert_eq!(rows(&few, &table).content_hash(), rows(&many, &table).content_hash(), "{table}");
    }
    assert_ne!(a.lake.buckets, b.lake.buckets);
}

#[test]
fn case_facts_are_at_every_party_and_say_whose_money_it_is() {
    let town = Town::new();
    let request = town.request();
    let report = run(&request);
    // Case 1 has two parties, one paid; the third receipt names no payer.
    let payments = rows(&request, "payments");
    assert_eq!(payments.len(), 2 * 3);
    assert_eq!(report.tables["payments"].loaded, 3);
    let own = payments.get("is_own").unwrap();
    let count = |want| (0..payments.len()).filter(|&i| own.flag_at(i) == want).count();
    assert_eq!((count(Some(true)), count(Some(false)), count(None)), (2, 2, 2));
    assert_eq!(rows(&request, "cases").len(), 3);
    // The seizure lies with the owner of the asset.
    assert_eq!(texts(&rows(&request, "seizures"), "debtor_id"), texts(&rows(&request, "assets"), "debtor_id"));
    // Each party of a case has the rows of the others too; after_party is a pseudonym.
    let parties = rows(&request, "parties");
    let own = parties.get("is_own").unwrap();
    assert_eq!((0..parties.len()).filter(|&i| own.flag_at(i) == Some(true)).count(), 3);
    assert_eq!((0..parties.len()).filter(|&i| own.flag_at(i) == Some(false)).count(), 2);
    let after: Vec<String> = texts(&parties, "after_party").into_iter().filter(|t| t != "-").collect();
    assert_eq!(after, vec![key().pseudonym("990000198502150021"); 2]);
    assert!(parties.get("debtor_ref").is_none());
}

#[test]
fn equal_receipts_of_one_file_are_two_and_of_two_files_one() {
    let town = Town::new();
    town.append("payments", ",（2025）浙0106执2号,B2,2025-03-01,500,voluntary,2025-03-02");
    town.append("payments", ",（2025）浙0106执2号,B2,2025-03-01,500,voluntary,2025-03-02");
    fs::copy(town.file("payments"), town.input().join("payments-again.csv")).unwrap();
    let request = town.request();
    assert_eq!(ingest::check(&request, &mut |_| {}).unwrap().tables["payments"].duplicates, 5);
    let report = run(&request);
    assert_eq!(report.tables["payments"].loaded, 5);
    assert_eq!(report.tables["payments"].duplicates, 5);
    let ids = texts(&rows(&request, "payments"), "row_id");
    let distinct: std::collections::BTreeSet<&String> = ids.iter().collect();
    assert_eq!(distinct.len(), 5);
}

#[test]
fn rows_that_contradict_each_other_are_all_rejected_and_counted_once() {
    let town = Town::new();
    let before = run(&town.request());
    // The same case, known_on and export day, another claim: case 1 has two parties, yet two rejects.
    town.append("cases", "（2025）浙0106执1号,money,999,open,,2025-01-05");
    town.append("conduct", "A1,（2025）浙0106执1号,served,2025-01-10,D1,2025-01-11");
    let request = Town::at(&town).request();
    let checked = ingest::check(&request, &mut |_| {}).unwrap();
    let report = run(&request);
    assert_eq!(checked.tables, report.tables.clone().into_iter().filter(|(_, t)| t.read > 0).collect());
    assert_eq!(checked.rejects.content_hash(), report.rejects.content_hash());
    // Where one of them is in the lake already, it goes too.
    let late = town.request();
    let with_lake = run(&late);
    assert_eq!(with_lake.tables["cases"].rejected, 3);
    assert!(texts(&with_lake.rejects, "file").contains(&"lake/cases".to_owned()));
    assert_eq!(with_lake.lake.content, report.lake.content);
    assert_eq!(rows(&late, "cases").content_hash(), rows(&request, "cases").content_hash());
    assert_eq!(report.tables["cases"].rejected, 2);
    assert_eq!(report.tables["conduct"].duplicates, 1);
    assert_eq!(report.rejects.len(), 2);
    assert_eq!(texts(&report.rejects, "rule"), ["conflict", "conflict"]);
    let lines = report.rejects.get("line").unwrap();
    assert_eq!((lines.int_at(0), lines.int_at(1)), (Some(2), Some(4)));
    assert_eq!(rows(&request, "cases").len(), 1);
    assert_eq!(before.lake.content["conduct"], report.lake.content["conduct"]);
    assert_ne!(before.lake.content["cases"], report.lake.content["cases"]);
}

#[test]
fn the_last_row_known_is_the_version_that_counts() {
    let town = Town::new();
    town.append("cases", "（2025）浙0106执2号,money,100000,closed,2025-05-01,2025-05-02");
    let request = town.request();
    run(&request);
    let table = rows(&request, "cases");
    let ids = texts(&table, "case_no");
    let mine: Vec<usize> = (0..table.len()).filter(|&i| ids[i].ends_with("执2号")).collect();
    let row_ids = texts(&table, "row_id");
    assert_eq!(row_ids[mine[0]], row_ids[mine[1]]);
    let known = table.get("known_on").unwrap();
    assert!(known.date_at(mine[0]) < known.date_at(mine[1]));
    assert_eq!(table.get("status").unwrap().text_at(mine[1]), Some("closed"));
}

#[test]
fn a_row_without_its_debtor_waits_until_he_comes() {
    let town = Town::new();
    town.append("conduct", "Z9,（2025）浙0106执1号,served,2025-01-10,D9,2025-01-11");
    town.append("conduct", "A1,（2025）浙0106执77号,served,2025-01-10,D8,2025-01-11");
    let first = town.request();
    let report = run(&first);
    assert_eq!((report.tables["conduct"].waiting, report.tables["conduct"].rejected), (2, 0));
    let waiting = first.work.lake().join("_waiting/conduct.parquet");
    let table = parquet::read(&waiting, &Seal::none()).unwrap();
    assert_eq!(table.len(), 2);
    assert!(table.get("debtor_ref").is_none());
    assert!(!texts(&table, "debtor_ref_hashed").contains(&"Z9".to_owned()));

    // The next night exports the first of them again; the other is only kept.
    town.rewrite("conduct", |rows| rows.retain(|r| !r.contains("D8")));
    let second = Request { as_of: first.as_of + 100, ..town.request() };
    let report = run(&second);
    assert_eq!(report.tables["conduct"].waiting, 2);
    assert!(report.warnings.iter().any(|w| w.contains("waited more than 90 days")), "{:?}", report.warnings);
    let first_waited = parquet::read(&waiting, &Seal::none()).unwrap();
    let days = first_waited.get("first_waited_on").unwrap();
    assert!((0..2).all(|i| days.date_at(i) == Some(first.as_of)));

    // The debtor and the case come: both rows are in the lake, one of them from the kept ones.
    town.append("debtors", "Z9,natural,resident_id,,钱五,,,2025-01-01");
    town.append("cases", "（2025）浙0106执77号,money,100,open,,2025-01-05");
    town.append("parties", "（2025）浙0106执77号,A1,principal,,2025-01-05");
    let third = Request { as_of: first.as_of + 101, ..town.request() };
    let report = run(&third);
    assert_eq!(report.tables["conduct"].waiting, 0);
    let documents = texts(&rows(&third, "conduct"), "document_no");
    assert!(documents.contains(&"D8".to_owned()) && documents.contains(&"D9".to_owned()));
    assert!(!waiting.exists());
}

#[test]
fn one_person_under_two_keys_is_one_debtor() {
    let town = Town::new();
    town.append("debtors", "A1-again,natural,resident_id,990000850215002,张三,,,2025-01-02");
    let request = town.request();
    run(&request);
    let debtors = rows(&request, "debtors");
    let id = key().pseudonym("990000198502150021");
    assert_eq!(texts(&debtors, "debtor_id").iter().filter(|d| **d == id).count(), 2);
    let reference = key().pseudonym("ref::C3");
    assert!(texts(&debtors, "debtor_id").contains(&reference));
    assert!(texts(&debtors, "identity_basis").contains(&"ref".to_owned()));
}

#[test]
fn no_identity_value_is_in_any_byte_outside_the_vault() {
    let town = Town::new();
    let request = town.request();
    run(&request);
    let secrets = ["990000198502150021", "张三", "13800000001", "文三路1号", "A1", "B2", "1985-02-15"];
    let mut texts_seen = 0;
    for path in input::files_below(&request.work.root).unwrap() {
        let bytes = fs::read(&path).unwrap();
        for secret in secrets.iter().filter(|s| s.len() > 2) {
            let found = bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
            assert!(!found, "{secret} in {}", path.display());
        }
        if path.extension().is_some_and(|e| e == "parquet") && !path.starts_with(request.work.vault()) {
            let table = parquet::read(&path, &Seal::none()).unwrap();
            assert!(table.get("born_on").is_none());
            for (name, column) in table.iter() {
                for text in (0..column.len()).filter_map(|i| column.text_at(i)) {
                    texts_seen += 1;
                    assert!(!secrets.contains(&text), "{name} of {} holds an identity value", path.display());
                }
            }
        }
    }
    assert!(texts_seen > 100);
    assert!(!format!("{:?}", fs::read_to_string(request.work.lake_json())).contains("A1"));
}

#[test]
fn the_vault_opens_with_its_key_alone() {
    let town = Town::new();
    let request = town.request();
    run(&request);
    let read = |seal: &Seal| {
        let vault = Vault::open(&request.work.vault(), seal);
        (0..request.buckets).map(|b| vault.read("debtors", b)).collect::<Result<Vec<_>, _>>()
    };
    let parts: Vec<Columns> = read(&request.vault).unwrap().into_iter().flatten().collect();
    let people = Columns::concat(&parts).unwrap().sorted_by(&["debtor_ref"]).unwrap();
    assert_eq!(texts(&people, "name"), ["张三", "李四公司", "王五"]);
    assert_eq!(texts(&people, "phone")[0], "13800000001");
    let other = DataKey::new(zeroize::Zeroizing::new([0x11; 32])).unwrap();
    assert_eq!(read(&Seal::new(Some(other), [])).unwrap_err().exit_status(), 4);
    // And the lake refuses to be made anew under another key.
    let other = PseudonymKey::from_hex(&"11".repeat(32), KeyOrigin::Environment, "test").unwrap();
    let wrong = Request { key: other, ..town.request() };
    let error = ingest::ingest(&wrong, &mut |_| {}).unwrap_err();
    assert_eq!(error.exit_status(), 4);
}

#[test]
fn a_vault_of_luheng_0_1_0_is_still_read() {
    // One bucket of the sample town's vault, as commit da32154 wrote it, with the key published in data-samples/town/luheng.toml.
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vault-0.1.0");
    let sample = "f9fa8be8b1b37a8a09cbe2e9aa9b34689ce364468d6232458b4eeebbe47cdbaf";
    let key = PseudonymKey::from_hex(sample, KeyOrigin::Sample, "test").unwrap();
    let seal = vault_seal().with_legacy(key.legacy_vault_key().unwrap());
    let people = Vault::open(&folder, &seal).read("debtors", 58).unwrap().unwrap();
    let with_number = texts(&people, "id_no").into_iter().zip(texts(&people, "debtor_id")).filter(|(number, _)| number.len() == 18);
    let matching = with_number.filter(|(number, id)| *id == key.pseudonym(number)).count();
    assert!(matching > 10, "{matching} of {}", people.len());
    // Not without that key, and not with another.
    assert_eq!(Vault::open(&folder, &vault_seal()).read("debtors", 58).unwrap_err().exit_status(), 4);
    let other = vault_seal().with_legacy(zeroize::Zeroizing::new([1; 32]));
    assert!(Vault::open(&folder, &other).read("debtors", 58).is_err());
}

#[test]
fn a_lake_keeps_to_its_algorithm_of_pseudonyms() {
    let town = Town::new();
    let first = town.request();
    run(&first);
    assert_eq!(lake::read(&first.work).unwrap().unwrap().pseudonym, "hmac-sha256");
    let national = || Request { key: key().with(Algorithm::HmacSm3).unwrap(), ..town.request() };
    let error = ingest::ingest(&national(), &mut |_| {}).unwrap_err();
    assert_eq!(error.exit_status(), 4);
    assert!(error.to_string().contains("found hmac-sm3; expected hmac-sha256"), "{error}");

    let other = Town::at(&town);
    let request = Request { key: key().with(Algorithm::HmacSm3).unwrap(), ..other.request() };
    let report = run(&request);
    assert_eq!(report.lake.pseudonym, "hmac-sm3");
    assert_ne!(texts(&rows(&request, "debtors"), "debtor_id"), texts(&rows(&first, "debtors"), "debtor_id"));
}

#[test]
fn a_sealed_lake_holds_the_same_and_no_word_of_it_in_the_clear() {
    let town = Town::new();
    town.append("conduct", "Z9,（2025）浙0106执1号,served,2025-01-10,D9,2025-01-11");
    let plain = town.request();
    let expected = run(&plain);
    let other = Town::at(&town);
    let seal = Seal::new(Some(DataKey::new(zeroize::Zeroizing::new([0x5c; 32])).unwrap()), []).strict();
    let sealed = Request { encrypt: Encrypt::Lake, seal, ..other.request() };
    let report = run(&sealed);
    assert_eq!((&report.lake.content, report.lake.encrypt.as_str()), (&expected.lake.content, "lake"));
    for table in ["debtors", "cases", "parties", "payments"] {
        assert_eq!(rows(&sealed, table).content_hash(), rows(&plain, table).content_hash(), "{table}");
    }
    let mut tables = 0;
    for path in input::files_below(&sealed.work.lake()).unwrap() {
        if path.extension().is_some_and(|e| e == "parquet") {
            let bytes = fs::read(&path).unwrap();
            assert!(bytes.starts_with(b"PARE") && bytes.ends_with(b"PARE"), "{}", path.display());
            for word in ["debtor_id", "case_no", "known_on", "浙0106"] {
                assert!(!bytes.windows(word.len()).any(|w| w == word.as_bytes()), "{word} in {}", path.display());
            }
            tables += 1;
        }
    }
    assert!(tables > 10 && sealed.work.lake().join("_waiting/conduct.parquet").is_file());
    // Nor on its way there: a party joins a case of the lake, and the first pass notes which case it is.
    town.append("parties", "（2025）浙0106执2号,A1,principal,,2025-02-06");
    let (staging, split) = ingest::split(&sealed, &mut |_| {}).unwrap();
    assert!(split.adds);
    let on_its_way = input::files_below(&staging).unwrap();
    for path in &on_its_way {
        let bytes = fs::read(path).unwrap();
        for word in ["debtor_id", "浙0106"] {
            assert!(!bytes.windows(word.len()).any(|w| w == word.as_bytes()), "{word} in {}", path.display());
        }
    }
    assert!(on_its_way.len() > 5);
    (0..sealed.buckets).for_each(|bucket| drop(ingest::settle(&sealed, &staging, bucket).unwrap()));
    assert_eq!(ingest::finish(&sealed, &staging).unwrap().lake.rows["parties"], report.lake.rows["parties"] + 1);
}

#[test]
fn a_refused_ingest_leaves_the_old_lake_alone() {
    let town = Town::new();
    let request = town.request();
    run(&request);
    let before = lake_bytes(&request);
    for n in 0..30 {
        town.append("conduct", &format!("A1,（2025）浙0106执1号,served,2025-13-{n:02},D,2025-01-11"));
    }
    let error = ingest::ingest(&town.request(), &mut |_| {}).unwrap_err();
    assert_eq!(error.exit_status(), 3);
    assert!(error.to_string().contains("happened_on"), "{error}");
    assert_eq!(lake_bytes(&request), before);
    assert!(fs::read_dir(&request.work.root).unwrap().all(|e| !e.unwrap().file_name().to_string_lossy().starts_with('.')));
    let checked = ingest::check(&town.request(), &mut |_| {}).unwrap();
    assert_eq!(checked.tables["conduct"].rejected, 30);
    assert_eq!(checked.rejects.len(), 30);
}

#[test]
fn a_swap_cut_short_is_carried_through() {
    let town = Town::new();
    let request = town.request();
    run(&request);
    let before = lake_bytes(&request);
    // As after a crash between moving the old lake away and the new one in.
    let staging = request.work.staging(1);
    fs::create_dir_all(staging.join("old-lake")).unwrap();
    fs::write(staging.join("ready"), "").unwrap();
    fs::rename(request.work.lake(), staging.join("lake")).unwrap();
    let unfinished = request.work.staging(2);
    fs::create_dir_all(unfinished.join("lake")).unwrap();
    ingest::recover(&request.work).unwrap();
    assert_eq!(lake_bytes(&request), before);
    assert!(!staging.exists() && !unfinished.exists());
    assert!(lake::read(&request.work).unwrap().is_some());
}

#[test]
fn minors_are_told_by_a_day_and_nothing_else() {
    let town = Town::new();
    town.append("debtors", "M1,natural,,,小明,,2010-02-15,2025-01-01");
    let request = town.request();
    run(&request);
    let debtors = rows(&request, "debtors");
    let minor = debtors.get("minor_until_on").unwrap();
    let days: Vec<String> = (0..debtors.len()).filter_map(|i| minor.date_at(i)).map(day::format).collect();
    assert_eq!(days, ["2028-02-15"]);
}

#[test]
fn counts_close_for_every_file() {
    let town = Town::new();
    town.append("conduct", "A1,（2025）浙0106执1号,served,not a day,D,2025-01-11");
    town.append("conduct", "Z9,（2025）浙0106执1号,served,2025-01-10,D9,2025-01-11");
    let request = town.request();
    let report = run(&request);
    for file in &report.files {
        assert_eq!(file.read, file.loaded + file.waiting + file.rejected + file.duplicates, "{}", file.file);
    }
    let conduct = &report.tables["conduct"];
    assert_eq!((conduct.read, conduct.loaded, conduct.waiting, conduct.rejected), (4, 2, 1, 1));
    let entry = report.inputs.iter().find(|i| i.table == "conduct").unwrap();
    assert_eq!(entry.rows_read, 4);
    assert_eq!(text::read_to_string(&town.file("conduct")).unwrap().len() as u64, entry.bytes);
}
