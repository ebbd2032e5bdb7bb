//! What leaves a lake when its period is over, what stays, and what is said of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

mod town;

use std::collections::BTreeSet;
use std::fs;

use luheng_lake::columns::{Columns, day};
use luheng_lake::ingest::mapping::{Mapping, Mode};
use luheng_lake::ingest::{self, IngestReport, Request};
use luheng_lake::store::{audit, tables, vault::Vault};
use town::{Town, key};

/// Debtors beside A1, B2 and C3 of the town (A1 and B2 have live cases, C3 none): whose last case is long over, over not so long, shared with A1,
/// closed for want of property, the same and resumed since, and one without a case.
const DEBTORS: [&str; 6] = ["OLD", "RECENT", "JOINT", "ZHONGBEN", "RESUMED", "NOCASE"];
/// Who leaves.
const GONE: [&str; 3] = ["OLD", "RESUMED", "NOCASE"];

fn number(n: u32) -> String {
    format!("（2015）浙0106执{n}号")
}

fn rows() -> Vec<(&'static str, String)> {
    let mut rows: Vec<(&'static str, String)> =
        DEBTORS.iter().map(|d| ("debtors", format!("{d},natural,,,某人{d},,1980-01-01,2015-01-01"))).collect();
    let case =
        |n: u32, kind: &str, closed: &str, from: &str| format!("{},money,500000,closed,{closed},2015-01-05,{kind},{from}", number(n));
    let cases = [
        (10, "performed", "2018-03-01", "", &["OLD"][..]),
        (11, "performed", "2021-03-01", "", &["RECENT"]),
        (12, "performed", "2017-03-01", "", &["A1"]),
        (13, "performed", "2016-03-01", "", &["JOINT", "A1"]),
        (14, "no_property", "2015-03-01", "", &["ZHONGBEN"]),
        (15, "no_property", "2015-04-01", "", &["RESUMED"]),
        (16, "performed", "2017-05-01", "15", &["RESUMED"]),
    ];
    for (n, kind, closed, from, parties) in cases {
        let from = from.parse().map(number).unwrap_or_default();
        rows.push(("cases", case(n, kind, closed, &from)));
        for party in parties {
            rows.push(("parties", format!("{},{party},principal,,2015-01-05", number(n))));
            rows.push(("conduct", format!("{party},{},served,2015-02-01,D{n},2015-02-02", number(n))));
        }
        rows.push(("payments", format!("Q{n},{},{},2015-02-01,1000,voluntary,2015-02-02", number(n), parties[0])));
    }
    for debtor in DEBTORS {
        rows.push(("assets", format!("H{debtor},{debtor},vehicle,vehicle,90000,2015-01-20")));
    }
    rows.push(("seizures", format!("HOLD,{},seal,2015-01-25,1,2015-01-25", number(10))));
    rows
}

struct Court {
    town: Town,
    rows: Vec<(&'static str, String)>,
}

impl Court {
    fn new() -> Court {
        let town = Town::new();
        town.rewrite("cases", |rows| rows.iter_mut().for_each(|row| row.push_str(",,")));
        let text = fs::read_to_string(town.file("cases")).unwrap();
        fs::write(town.file("cases"), text.replacen("known_on", "known_on,close_kind,resumed_from", 1)).unwrap();
        Court { town, rows: rows() }
    }

    /// All that the court has, or tonight's changes alone.
    fn export(&self, changes: Option<&[(&str, String)]>) {
        for table in self.town.tables() {
            let text = fs::read_to_string(self.town.file(&table)).unwrap();
            let header = text.lines().next().unwrap().to_owned();
            let own = if changes.is_some() { Vec::new() } else { text.lines().skip(1).map(str::to_owned).collect() };
            let new: Vec<String> = match changes {
                Some(rows) => rows.iter().filter(|(t, _)| *t == table).map(|(_, row)| row.clone()).collect(),
                None => self.rows.iter().filter(|(t, _)| *t == table).map(|(_, row)| row.clone()).collect(),
            };
            let mut lines: Vec<String> = own.into_iter().chain(new).collect();
            lines.sort();
            lines.dedup();
            lines.insert(0, header);
            fs::write(self.town.file(&table), format!("{}\n", lines.join("\n"))).unwrap();
        }
    }

    fn load(&self, night: i32, mode: Mode, apply: bool) -> IngestReport {
        let mut request = self.request();
        request.retention.apply = apply;
        request.as_of += night;
        request.max_reject_share = 1.0;
        let mapping = Mapping { mode, ..Mapping::default() };
        request.sources = self.town.tables().into_iter().map(|table| (table, mapping.clone())).collect();
        let report = ingest::ingest(&request, &mut |_| {}).unwrap();
        for file in &report.files {
            let found = file.loaded + file.waiting + file.rejected + file.duplicates + file.expired;
            assert_eq!(file.read, found, "{}", file.file);
        }
        report
    }

    fn request(&self) -> Request {
        self.town.request()
    }

    fn all(&self, table: &str) -> Columns {
        let request = self.request();
        let read = |b| tables::read(&request.work.lake(), table, b, &request.seal).unwrap();
        Columns::concat(&(0..request.buckets).filter_map(read).collect::<Vec<_>>()).unwrap()
    }

    /// Those of the debtors of a table who are ours.
    fn there(&self, table: &str) -> BTreeSet<&'static str> {
        let rows = self.all(table);
        let ids: BTreeSet<&str> = (0..rows.len()).filter_map(|at| rows.get("debtor_id").unwrap().text_at(at)).collect();
        DEBTORS.into_iter().filter(|d| ids.contains(id(d).as_str())).collect()
    }

    fn people(&self) -> BTreeSet<&'static str> {
        let request = self.request();
        let vault = Vault::open(&request.work.vault(), &request.vault);
        let rows = Columns::concat(&(0..4).filter_map(|b| vault.read("debtors", b).unwrap()).collect::<Vec<_>>()).unwrap();
        let refs: BTreeSet<&str> = (0..rows.len()).filter_map(|at| rows.get("debtor_ref").unwrap().text_at(at)).collect();
        DEBTORS.into_iter().filter(|d| refs.contains(d)).collect()
    }

    fn audited(&self) -> BTreeSet<&'static str> {
        let request = self.request();
        let ids: BTreeSet<String> =
            (0..4).flat_map(|b| audit::read(&request.work.vault(), b, &request.vault).unwrap().into_keys()).collect();
        DEBTORS.into_iter().filter(|d| ids.contains(&id(d))).collect()
    }
}

fn id(reference: &str) -> String {
    key().pseudonym(&format!("ref::{reference}"))
}

fn but(gone: &[&str]) -> BTreeSet<&'static str> {
    DEBTORS.into_iter().filter(|d| !gone.contains(d)).collect()
}

#[test]
fn nothing_leaves_unless_asked_and_what_would_is_said() {
    let court = Court::new();
    court.export(None);
    let report = court.load(0, Mode::Full, false);
    assert_eq!((court.there("debtors"), court.people()), (but(&[]), but(&[])));
    let due = &report.retention.due;
    assert_eq!((due["debtors"], due["cases"], due["parties"], due["conduct"], due["assets"], due["payments"]), (3, 3, 3, 3, 3, 3));
    assert!(report.retention.expired.is_empty() && report.retention.exact_from.is_none());
    assert!(report.warnings.iter().any(|w| w.starts_with("retention: ") && w.contains("they stay")), "{:?}", report.warnings);
    // Said again on a night that touches none of it.
    court.export(Some(&[]));
    assert_eq!(&court.load(1, Mode::Delta, false).retention.due, due);
}

#[test]
fn expired_facts_leave_lake_and_vault_and_all_others_stay() {
    let court = Court::new();
    court.export(None);
    let before = court.load(0, Mode::Full, false);
    // A check says the same of the export, and a check of what is not applied says nothing.
    let checked = |apply: bool| {
        let no_lake = Town::at(&court.town);
        let mut request = no_lake.request();
        (request.retention.apply, request.max_reject_share) = (apply, 1.0);
        ingest::check(&request, &mut |_| {}).unwrap().tables
    };
    for (table, rows) in &before.retention.due {
        let (here, applied) = (&checked(false)[table], &checked(true)[table]);
        assert_eq!((here.expired, applied.expired, here.loaded - applied.loaded), (0, *rows, *rows), "{table}");
    }
    court.export(Some(&[]));
    let report = court.load(1, Mode::Delta, true);
    for table in ["debtors", "assets"] {
        assert_eq!(court.there(table), but(&GONE), "{table}");
    }
    for table in ["cases", "parties", "conduct", "payments"] {
        assert_eq!(court.there(table), but(&GONE), "{table}");
    }
    assert_eq!((court.people(), court.audited()), (but(&GONE), but(&GONE)));
    for (table, rows) in &before.retention.due {
        assert_eq!(report.retention.expired[table], *rows, "{table}");
        assert_eq!(report.lake.rows[table], before.lake.rows[table] - rows, "{table}");
    }
    assert!(report.retention.due.is_empty());
    // OLD was last rated before this day.
    assert_eq!(report.retention.exact_from.map(day::format).as_deref(), Some("2018-03-01"));
    assert!(report.warnings.iter().any(|w| w.contains("before 2018-03-01 can no longer be repeated")), "{:?}", report.warnings);
    // Nothing more leaves the next night, and the day is not forgotten.
    court.export(Some(&[]));
    let next = court.load(2, Mode::Delta, true);
    assert!(next.retention.expired.is_empty());
    assert_eq!((next.retention.exact_from, &next.lake.content), (report.retention.exact_from, &report.lake.content));
}

#[test]
fn what_left_is_not_loaded_again_and_full_exports_come_to_the_same_lake_as_changes() {
    let (delta, full) = (Court::new(), Court::new());
    for court in [&delta, &full] {
        court.export(None);
        court.load(0, Mode::Full, false);
    }
    let joined = [("conduct", format!("RECENT,{},summons_kept,2025-06-01,D99,2025-06-02", number(11)))];
    delta.export(Some(&joined));
    let a = delta.load(1, Mode::Delta, true);
    fs::write(full.town.file("conduct"), format!("{}{}\n", fs::read_to_string(full.town.file("conduct")).unwrap(), joined[0].1)).unwrap();
    let b = full.load(1, Mode::Full, true);
    assert_eq!((&a.lake.content, &a.lake.rows, &a.retention), (&b.lake.content, &b.lake.rows, &b.retention));
    assert_eq!((b.tables["debtors"].expired, b.tables["cases"].expired, b.tables["conduct"].expired), (3, 3, 3));
    // The very same files once more: their rows are counted for what became of them, and none is back.
    let again = full.load(2, Mode::Full, true);
    assert_eq!((&again.lake.content, again.tables["debtors"].expired), (&b.lake.content, 3));
    assert_eq!((full.there("debtors"), full.people()), (but(&GONE), but(&GONE)));
    // So does a lake that begins with them.
    let anew = Court { town: Town::at(&full.town), rows: rows() };
    let fresh = anew.load(2, Mode::Full, true);
    assert_eq!((&fresh.lake.content, fresh.retention.exact_from), (&b.lake.content, b.retention.exact_from));
}

#[test]
fn a_new_case_keeps_everything_and_another_bucket_count_changes_nothing() {
    let court = Court::new();
    court.export(None);
    let before = court.load(0, Mode::Full, false);
    let fresh = [
        ("cases", "（2025）浙0106执77号,money,500000,open,,2025-06-20,,".to_owned()),
        ("parties", "（2025）浙0106执77号,OLD,principal,,2025-06-20".to_owned()),
    ];
    court.export(Some(&fresh));
    let mut request = court.request();
    (request.retention.apply, request.buckets, request.as_of) = (true, 16, request.as_of + 1);
    let mapping = Mapping { mode: Mode::Delta, ..Mapping::default() };
    request.sources = court.town.tables().into_iter().map(|table| (table, mapping.clone())).collect();
    let report = ingest::ingest(&request, &mut |_| {}).unwrap();
    assert_eq!(report.lake.rows["debtors"], before.lake.rows["debtors"] - 2);
    assert_eq!(report.lake.rows["cases"], before.lake.rows["cases"] - 2 + 1);
    assert_eq!((report.retention.expired["debtors"], report.retention.expired["cases"]), (2, 2));
}

#[test]
fn a_row_that_waits_leaves_when_it_has_waited_for_a_period() {
    let court = Court::new();
    court.export(None);
    court.load(0, Mode::Full, true);
    court.export(Some(&[("conduct", format!("NOBODY,{},served,2015-02-01,D5,2015-02-02", number(90)))]));
    // Known long ago, but it came tonight: its debtor may come tomorrow.
    assert_eq!(court.load(1, Mode::Delta, true).tables["conduct"].waiting, 1);
    court.export(Some(&[]));
    assert_eq!(court.load(61 * 30, Mode::Delta, false).tables["conduct"].waiting, 1);
    let report = court.load(61 * 30, Mode::Delta, true);
    assert_eq!((report.tables["conduct"].waiting, report.tables["conduct"].expired), (0, 1));
}

/// How many rows of a table would leave a lake that begins on a day.
fn leaving(court: &Court, on: &str, table: &str) -> u64 {
    let begun = Town::at(&court.town);
    let mut request = begun.request();
    (request.retention.apply, request.max_reject_share, request.as_of) = (true, 1.0, day::parse(on).unwrap());
    ingest::check(&request, &mut |_| {}).unwrap().tables[table].expired
}

#[test]
fn a_fact_leaves_on_its_day_and_not_before() {
    let court = Court::new();
    court.export(None);
    let days = |table, before, on| (leaving(&court, before, table), leaving(&court, on, table));
    // NOCASE goes by the days its rows were known; RESUMED by the end of its last case, OLD by that of its only one.
    assert_eq!(days("debtors", "2019-12-31", "2020-01-01"), (0, 1));
    assert_eq!(days("assets", "2020-01-19", "2020-01-20"), (0, 1));
    assert_eq!(days("debtors", "2022-04-30", "2022-05-01"), (1, 2));
    assert_eq!(days("debtors", "2023-02-28", "2023-03-01"), (2, 3));
    assert_eq!(days("conduct", "2023-02-28", "2023-03-01"), (2, 3));
}

#[test]
fn an_end_counts_from_the_day_it_was_known_and_while_nothing_newer_is() {
    let mut court = Court::new();
    let case = |n: u32, rest: &str| ("cases", format!("{},money,500000,{rest}", number(n)));
    for (n, debtor) in [(20, "LATE"), (21, "REOPENED")] {
        court.rows.push(("debtors", format!("{debtor},natural,,,某人{debtor},,1980-01-01,2015-01-01")));
        court.rows.push(("parties", format!("{},{debtor},principal,,2015-01-05", number(n))));
    }
    // Closed long before the court's system said so; closed by mistake and open again.
    court.rows.push(case(20, "open,,2015-01-05,,"));
    court.rows.push(case(20, "closed,2016-03-01,2024-06-01,performed,"));
    court.rows.push(case(21, "closed,2016-03-01,2016-03-02,performed,"));
    court.rows.push(case(21, "open,,2017-01-01,,"));
    court.export(None);
    assert_eq!((leaving(&court, "2024-05-31", "debtors"), leaving(&court, "2024-06-01", "debtors")), (3, 4));
    let report = court.load(0, Mode::Full, true);
    assert_eq!(report.tables["debtors"].expired, 4);
    // Until that day ratings took LATE's case for open: none of before can be repeated.
    court.export(None);
    let kept = Court { town: Town::at(&court.town), rows: Vec::new() };
    kept.load(0, Mode::Full, false);
    let report = kept.load(1, Mode::Full, true);
    assert_eq!(report.retention.exact_from.map(day::format).as_deref(), Some("2024-06-01"));
}

#[test]
fn who_shares_an_asset_with_a_live_debtor_stays() {
    let mut court = Court::new();
    // What was OLD's is A1's since, who has a live case.
    court.rows.push(("assets", "H1,OLD,real_estate,real_estate,90000000,2015-01-20".into()));
    court.export(None);
    court.load(0, Mode::Full, false);
    court.load(1, Mode::Full, true);
    assert_eq!(court.there("debtors"), but(&["RESUMED", "NOCASE"]));
    // Also where the lake begins with it.
    let begun = Court { town: Town::at(&court.town), rows: Vec::new() };
    begun.load(1, Mode::Full, true);
    assert_eq!(begun.there("debtors"), but(&["RESUMED", "NOCASE"]));
}

#[test]
fn who_shares_an_asset_that_waited_with_one_who_arrives_tonight_stays() {
    let mut court = Court::new();
    court.rows.push(("assets", "HOLD,NEW,vehicle,vehicle,90000,2015-02-20".into()));
    court.export(None);
    assert_eq!(court.load(0, Mode::Full, false).tables["assets"].waiting, 1);
    let arrives = [
        ("debtors", "NEW,natural,,,某人新,,1980-01-01,2025-06-01".to_owned()),
        ("cases", format!("{},money,500000,open,,2025-06-01,,", number(30))),
        ("parties", format!("{},NEW,principal,,2025-06-01", number(30))),
    ];
    court.export(Some(&arrives));
    court.load(1, Mode::Delta, true);
    assert_eq!(court.there("debtors"), but(&["RESUMED", "NOCASE"]));
}
