//! The future changes nothing, and training sees what a run of its day would have seen. Show 3 of the nightly batch.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use luheng::bundle::Bundle;
use luheng::config::Config;
use luheng::context::Context;
use luheng::cutoff::{Facts, Row};
use luheng::rating::Ratings;
use luheng::{features, stage, targets};
use luheng_lake::catalog::CatalogFiles;
use luheng_lake::columns::{Columns, Day, day};
use luheng_lake::schema::{Codes, Schema};
use luheng_lake::store::manifest;
use luheng_lake::store::paths::Work;

use crate::foretold::Seer;
use crate::rewrite::{self, Export};
use crate::town;

/// What a run of the sample configuration is given.
pub fn context(work: &Path) -> Context {
    let files = CatalogFiles::embedded();
    let config = Config::parse(&std::fs::read_to_string(town::configuration()).unwrap(), "luheng.toml").unwrap();
    Context {
        schema: Schema::load(&files).unwrap(),
        codes: Codes::load(&files).unwrap(),
        ratings: Ratings::load(&files, &config).unwrap(),
        work: Work::at(work),
        seals: luheng_lake::store::seal::Seals::default(),
        as_of: day::parse(config.as_of.as_deref().unwrap()).unwrap(),
        seed: config.seed,
        buckets: config.buckets,
        range_bytes: luheng_lake::ingest::RANGE_BYTES,
        files,
        config,
    }
}

/// Dates whose later days a night must not see; each is filled where the town leaves it open.
const FILLED: [&str; 20] = [
    "assets.disposed_on",
    "assets.voided_on",
    "cases.closed_on",
    "cases.notice_served_on",
    "cases.waived_on",
    "conduct.voided_on",
    "incomes.to_on",
    "inquiries.returned_on",
    "judgments.performed_on",
    "listings.removed_on",
    "listings.suspended_from_on",
    "measures.lifted_on",
    "measures.result_on",
    "milestones.done_on",
    "parties.joined_on",
    "parties.left_on",
    "payments.paid_out_on",
    "payments.reversed_on",
    "seizures.lifted_on",
    "stays.to_on",
];

#[test]
fn the_future_changes_nothing() {
    let town = town::town(500, &[]);
    let (base, told) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    town::night(town.path(), base.path(), &["--jobs", "2"]);
    let ctx = context(base.path());
    let seer = Seer { schema: ctx.schema, codes: ctx.codes, as_of: ctx.as_of };
    let (tables, filled) = seer.foretell(&rewrite::exports(town.path()));
    let open: Vec<&&str> = FILLED.iter().filter(|name| !filled.contains(**name)).collect();
    assert!(open.is_empty(), "not filled: {open:?}");
    let folder = rewrite::folder(&tables, Export::csv);
    town::night(folder.path(), told.path(), &["--jobs", "2"]);
    // The future did arrive in the lake: every fact table holds more rows than before.
    for table in tables.iter().filter(|t| seer.schema.tables[&t.name].fact) {
        let rows = |work: &Path| town::lake(work, &table.name).len();
        assert!(rows(told.path()) > rows(base.path()), "{}: no row more", table.name);
    }
    let record = |work: &Path| manifest::read(&work.join("current")).unwrap();
    let (was, is) = (record(base.path()), record(told.path()));
    assert!(is.rejects.values().sum::<u64>() <= was.rejects.values().sum::<u64>() + 20, "{:?}", is.rejects);
    assert_eq!(was.models, is.models, "training saw the future");
    for name in ["features", "ratings", "reasons", "suggestions"] {
        must_equal(name, &town::table(base.path(), name), &town::table(told.path(), name));
    }
    let (was, is) = (town::contents(base.path()), town::contents(told.path()));
    let names: BTreeSet<&String> = was.keys().chain(is.keys()).filter(|name| was.get(*name) != is.get(*name)).collect();
    assert!(names.is_empty(), "{} files differ: {:?}", names.len(), names.iter().take(12).collect::<Vec<_>>());
}

/// Fails with the columns that differ and the first row that does.
fn must_equal(name: &str, was: &Columns, is: &Columns) {
    assert_eq!(was.len(), is.len(), "{name}: rows");
    let differs = |column: &str, at: usize| {
        let cell = |table: &Columns| table.select(&[column]).unwrap().take(&[at]).content_hash();
        cell(was) != cell(is)
    };
    let whole = |table: &Columns, column: &str| table.select(&[column]).unwrap().content_hash();
    let columns: Vec<&str> = was.names().filter(|column| whole(was, column) != whole(is, column)).collect();
    let first = columns.first().and_then(|column| (0..was.len()).find(|at| differs(column, *at)));
    assert!(
        columns.is_empty(),
        "{name}: {columns:?} differ, first in row {first:?}: {:?} and then {:?}",
        first.map(|at| was.take(&[at])),
        first.map(|at| is.take(&[at]))
    );
}

type Values = BTreeMap<(String, String), Vec<Option<u64>>>;

/// The features of each party, to the bit.
fn values(table: &Columns, names: &[&str], rows: impl Iterator<Item = usize>) -> Values {
    let text = |name: &str, at: usize| table.require(name).unwrap().text_at(at).unwrap().to_owned();
    let bits = |at: usize| names.iter().map(|name| table.require(name).unwrap().real_at(at).map(f64::to_bits)).collect();
    rows.map(|at| ((text("case_no", at), text("debtor_id", at)), bits(at))).collect()
}

#[test]
fn a_landmark_sees_what_a_run_of_its_day_sees() {
    let mut ctx = context(&town::shared_work());
    let trained_on = ctx.as_of;
    let names: Vec<&str> = features::rated(&ctx).iter().map(|f| f.id).collect();
    let (mut compared, mut known, mut days) = (0, 0, BTreeMap::<Day, Values>::new());
    for bucket in (0..ctx.buckets).step_by(4) {
        ctx.as_of = trained_on;
        let facts = stage::facts(&ctx, bucket).unwrap();
        let training = targets::of_bucket(&facts, &ctx).unwrap();
        let on: Vec<Day> = (0..training.len()).map(|at| training.require("day").unwrap().date_at(at).unwrap()).collect();
        for landmark in on.iter().copied().collect::<BTreeSet<Day>>() {
            ctx.as_of = landmark;
            let run = features::of_bucket(&facts, &ctx).unwrap().features;
            let run = values(&run, &names, 0..run.len());
            let trained = values(&training, &names, (0..on.len()).filter(|at| on[*at] == landmark));
            for (party, learned) in &trained {
                let rated =
                    run.get(party).unwrap_or_else(|| panic!("{party:?} is learned from on {} and not rated", day::format(landmark)));
                let differing: Vec<&str> = (0..names.len()).filter(|at| learned[*at] != rated[*at]).map(|at| names[at]).collect();
                assert!(differing.is_empty(), "{party:?} on {}: {differing:?}", day::format(landmark));
                compared += 1;
                known += learned.iter().flatten().count();
            }
            days.entry(landmark).or_default().extend(trained);
        }
    }
    assert!(compared > 300 && known > compared * 10, "{compared} rows, {known} values");
    // And a whole night of such a day, from the exports on: the day with the most rows.
    let (landmark, mut trained) = days.into_iter().max_by_key(|(on, rows)| (rows.len(), *on)).unwrap();
    let work = tempfile::tempdir().unwrap();
    town::night(&town::sample_town(), work.path(), &["--as-of", &day::format(landmark)]);
    let run = town::table(work.path(), "features");
    let run = values(&run, &names, 0..run.len());
    // It reckons with the haircuts that its own model learned; so do the landmarks then.
    let id = manifest::read(&work.path().join("current")).unwrap().models["bundle"].clone();
    let model = fs::read_to_string(work.path().join("models").join(id).join("model.json")).unwrap();
    ctx.ratings.means.learned = Bundle::from_json(&model, "model").unwrap().haircuts;
    for bucket in (0..ctx.buckets).step_by(4) {
        ctx.as_of = trained_on;
        let training = targets::of_bucket(&stage::facts(&ctx, bucket).unwrap(), &ctx).unwrap();
        let day = training.require("day").unwrap();
        let rows = (0..training.len()).filter(|at| day.date_at(*at) == Some(landmark));
        for (party, learned) in values(&training, &names, rows) {
            assert_eq!(run.get(&party), Some(&learned), "the night of {}", day::format(landmark));
            assert!(trained.remove(&party).is_some(), "{party:?} is learned from by these haircuts alone");
        }
    }
    assert!(trained.is_empty(), "all were compared");
}

/// One table of one debtor, `d`, as the lake keeps it.
fn facts(table: &str, columns: Columns) -> Facts {
    let schema = Schema::load(&CatalogFiles::embedded()).unwrap();
    let rows = columns.len();
    let columns = columns.text("debtor_id", vec![Some("d"); rows]);
    Facts::new(&schema, |name| Ok((name == table).then(|| columns.clone()))).unwrap()
}

/// Versions of one act: day known, day voided, why.
fn acts(versions: &[(Day, Option<Day>, Option<&str>)]) -> Facts {
    let columns = Columns::new()
        .text("row_id", versions.iter().map(|_| Some("a")))
        .date("known_on", versions.iter().map(|v| Some(v.0)))
        .date("voided_on", versions.iter().map(|v| v.1))
        .text("void_reason", versions.iter().map(|v| v.2));
    facts("conduct", columns)
}

fn counted(facts: &Facts, on: Day) -> usize {
    facts.view("d", on).rows("conduct").len()
}

#[test]
fn a_row_counts_from_the_day_it_is_known_and_for_nothing_from_the_day_it_is_void() {
    let plain = acts(&[(100, None, None)]);
    assert_eq!([99, 100, 5000].map(|on| counted(&plain, on)), [0, 1, 1]);
    for reason in ["entered_in_error", "set_aside", "repaired", "expired"] {
        let voided = acts(&[(100, Some(200), Some(reason))]);
        assert_eq!([99, 100, 199, 200, 201].map(|on| counted(&voided, on)), [0, 1, 1, 0, 0], "{reason}");
        // The court learns on day 300 that the row is void since day 200: until then it counted.
        let learned = acts(&[(100, None, None), (300, Some(200), Some(reason))]);
        assert_eq!([199, 250, 299, 300].map(|on| counted(&learned, on)), [1, 1, 1, 0], "{reason}, learned later");
    }
}

#[test]
fn a_row_of_the_wrong_person_counts_on_no_day() {
    let days = [100, 150, 199, 200, 250, 300, 5000];
    let at_once = acts(&[(100, Some(200), Some("wrong_person"))]);
    assert_eq!(days.map(|on| counted(&at_once, on)), [0; 7]);
    let learned = acts(&[(100, None, None), (300, Some(300), Some("wrong_person"))]);
    assert_eq!(days.map(|on| counted(&learned, on)), [0; 7]);
}

#[test]
fn of_several_versions_the_newest_known_counts() {
    let columns = Columns::new()
        .text("row_id", ["a", "a", "b"].map(Some))
        .date("known_on", [100, 200, 150].map(Some))
        .int("amount_fen", [1, 2, 3].map(Some));
    let facts = facts("conduct", columns);
    let amounts = |on: Day| facts.view("d", on).rows("conduct").iter().map(|r| r.fen("amount_fen")).collect::<Vec<_>>();
    assert_eq!(amounts(149), [Some(1)]);
    assert_eq!(amounts(199), [Some(1), Some(3)]);
    assert_eq!(amounts(200), [Some(2), Some(3)]);
}

fn open<'a>(row: &Row<'a>) -> (Option<&'a str>, Option<&'a str>, Option<Day>) {
    (row.text("status"), row.text("close_kind"), row.date("closed_on"))
}

#[test]
fn a_snapshot_tells_nothing_before_its_day() {
    let case = Columns::new()
        .text("row_id", [Some("a")])
        .date("known_on", [Some(100)])
        .date("closed_on", [Some(200)])
        .text("status", [Some("closed")])
        .text("close_kind", [Some("performed")])
        .date("duty_due_on", [Some(400)]);
    let case = facts("cases", case);
    let (before, on) = (case.view("d", 199), case.view("d", 200));
    assert_eq!(open(&before.rows("cases")[0]), (Some("open"), None, None));
    assert_eq!(open(&on.rows("cases")[0]), (Some("closed"), Some("performed"), Some(200)));
    assert_eq!(before.rows("cases")[0].date("duty_due_on"), Some(400), "set in advance");
    let asset = Columns::new()
        .text("row_id", [Some("a")])
        .date("known_on", [Some(100)])
        .date("disposed_on", [Some(200)])
        .int("disposal_fen", [Some(5)])
        .flag("disposed_to_related", [Some(true)]);
    let asset = facts("assets", asset.text("channel", [Some("bank")]));
    let told = |on: Day| {
        let view = asset.view("d", on);
        let row = view.rows("assets")[0];
        (row.date("disposed_on"), row.fen("disposal_fen"), row.flag("disposed_to_related"))
    };
    assert_eq!(told(199), (None, None, Some(false)));
    assert_eq!(told(200), (Some(200), Some(5), Some(true)));
}

/// Tables that say what somebody has, earns, owes or has paid, and what measures found.
const OF_MEANS: [&str; 6] = ["assets", "seizures", "incomes", "obligations", "payments", "measures"];

#[test]
fn willingness_is_blind_to_means() {
    let ctx = context(&town::shared_work());
    let blind = features::named(&ctx.ratings.willingness.features).unwrap();
    let sees = features::named(&ctx.ratings.capacity.features).unwrap();
    let (mut compared, mut moved) = (0, 0);
    for bucket in (0..ctx.buckets).step_by(8) {
        let facts = stage::facts(&ctx, bucket).unwrap();
        let read = |table: &'static str| luheng_lake::store::tables::read(&ctx.work.lake(), table, bucket, &ctx.seals.lake);
        let bare = Facts::new(&ctx.schema, |table| Ok(if OF_MEANS.contains(&table) { None } else { read(table)? })).unwrap();
        for debtor in facts.debtors() {
            let (view, poor) = (facts.view(debtor, ctx.as_of), bare.view(debtor, ctx.as_of));
            for (rich, poor) in view.parties().into_iter().zip(poor.parties()) {
                let subject = |party| features::Subject { party, means: luheng::means::means_of(&party, &ctx), ctx: &ctx };
                let (with, without) = (subject(rich), subject(poor));
                for feature in &blind {
                    let bits = |s| (feature.compute)(s).number.map(f64::to_bits);
                    assert_eq!(bits(&with), bits(&without), "{} reads what somebody has", feature.id);
                    compared += 1;
                }
                moved += sees.iter().filter(|f| (f.compute)(&with).number != (f.compute)(&without).number).count();
            }
        }
    }
    assert!(compared > 1_000 && moved > 100, "{compared} values compared, {moved} of capacity moved");
}
