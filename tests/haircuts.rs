//! What court sales taught: found as the town planted it, from what was known before the training's cut alone, and reckoned with wherever a model is in use.

use std::fs;
use std::path::Path;

use luheng::bundle::Bundle;
use luheng::context::Context;
use luheng::cutoff::Facts;
use luheng::haircut::Haircuts;
use luheng::{disposals, features, stage, synth, targets, train};
use luheng_lake::columns::{Column, Columns, Day, day};
use luheng_lake::store::tables;

use crate::cutoff::context;
use crate::town::{self, shared_work, table};

/// The bundle in use of a work folder.
pub fn bundle(work: &Path) -> Bundle {
    let approved: serde_json::Value = serde_json::from_str(&fs::read_to_string(work.join("models/approved.json")).unwrap()).unwrap();
    let file = work.join("models").join(approved["model_id"].as_str().unwrap()).join("model.json");
    Bundle::from_json(&fs::read_to_string(file).unwrap(), "model.json").unwrap()
}

fn joined(ctx: &Context, of_bucket: &dyn Fn(&Facts) -> Columns) -> Columns {
    let parts: Vec<Columns> = (0..ctx.buckets).map(|bucket| of_bucket(&stage::facts(ctx, bucket).unwrap())).collect();
    Columns::concat(&parts).unwrap()
}

#[test]
fn planted_haircuts_are_found_within_their_intervals() {
    let learned = bundle(&shared_work()).haircuts.unwrap();
    assert!(learned.before().is_some_and(|before| before < context(&shared_work()).as_of), "{:?}", learned.before);
    let (mut told, mut far) = (0, 0);
    for (class, planted) in synth::planted_haircuts() {
        let Some(found) = learned.classes.get(class).filter(|h| h.sales > 0) else { continue };
        println!(
            "{class}: planted {planted}, the law's {}, learned {} of {} sales, median {:?}, {:?} to {:?}",
            found.legal, found.value, found.sales, found.median, found.low, found.high
        );
        let (Some(low), Some(high)) = (found.low, found.high) else { continue };
        assert!(low <= planted && planted <= high, "{class}");
        // Between the law and what was planted, and nearer to the latter the more sales there were.
        assert!((found.value - planted).abs() <= (found.legal - planted).abs() + 1e-4, "{class}");
        told += 1;
        far += usize::from((found.legal - planted).abs() > 0.2 && (found.value - planted).abs() < 0.7 * (found.legal - planted).abs());
    }
    assert!(told >= 3 && far >= 1, "{told} classes, {far} of them far from the law and found so");
    // What no court sells keeps the law's.
    assert_eq!((learned.classes["deposit"].value, learned.classes["deposit"].sales), (1.0, 0));
}

#[test]
fn they_are_of_what_was_known_before_the_first_day_held_out() {
    let ctx = context(&shared_work());
    let calendar = joined(&ctx, &|facts| targets::calendar(facts, &ctx).unwrap());
    let before = train::first_held_out(&calendar, &ctx).unwrap();
    let learned = bundle(&shared_work()).haircuts.unwrap();
    assert_eq!(learned.before(), before);
    let rows = joined(&ctx, &|facts| disposals::of_bucket(facts, &ctx).unwrap());
    assert_eq!(disposals::learn(&rows, before, &ctx).unwrap(), learned);
    // The days are those of the training rows, axis by axis, though these were made with the means reckoned.
    let training = joined(&ctx, &|facts| targets::of_bucket(facts, &ctx).unwrap());
    let key = |table: &Columns, at: usize| {
        (table.get("case_no").unwrap().text_at(at).unwrap().to_owned(), table.get("day").unwrap().date_at(at).unwrap())
    };
    for axis in ["capacity", "willingness", "revival"] {
        let is = |at: usize| calendar.get(axis).unwrap().flag_at(at) == Some(true);
        let (label, cut_off) = (training.get(&format!("{axis}_label")).unwrap(), training.get(&format!("{axis}_censored_on")).unwrap());
        let came = |at: usize| label.real_at(at).is_some() || cut_off.date_at(at).is_some();
        let mut told: Vec<_> = (0..calendar.len()).filter(|at| is(*at)).map(|at| key(&calendar, at)).collect();
        let mut found: Vec<_> = (0..training.len()).filter(|at| came(*at)).map(|at| key(&training, at)).collect();
        told.sort();
        found.sort();
        assert!(told == found && !told.is_empty(), "{axis}: {} days and {}", told.len(), found.len());
    }
    // Rows whose haircuts were learned a day past the cut train nothing.
    let late = Haircuts { before: before.map(|on| day::format(on + 1)), ..learned };
    let refused = train::train(&train::Rows::held(training.clone()), Some(late), &ctx).unwrap_err();
    assert!(refused.exit_status() == 1 && refused.to_string().contains("stages disposals and targets differ"), "{refused}");
    // An axis with too few rows to be a rating makes no cut, however early they are.
    let flagged =
        |is: &dyn Fn(usize) -> bool| calendar.clone().with("revival", Column::from_flag((0..calendar.len()).map(|at| Some(is(at)))));
    let earliest = calendar.sorted_positions(&["day"]).unwrap()[..10].to_vec();
    let [few, none] =
        [flagged(&|at| earliest.contains(&at)), flagged(&|_| false)].map(|table| train::first_held_out(&table, &ctx).unwrap());
    assert!(few == none && few > before, "{few:?} {none:?} {before:?}");
}

/// Whatever becomes known on the day or after it, sales at a tenth of their price, what proves void, other values and holds, the haircuts keep every byte.
#[test]
fn what_became_known_on_the_cut_or_later_is_nothing_to_them() {
    let ctx = context(&shared_work());
    let learned = bundle(&shared_work()).haircuts.unwrap();
    let before = learned.before().unwrap();
    let mut added = 0;
    let parts: Vec<Columns> = (0..ctx.buckets)
        .map(|bucket| {
            let facts = Facts::new(&ctx.schema, |name| {
                let Some(all) = tables::read(&ctx.work.lake(), name, bucket, &ctx.seals.lake)? else { return Ok(None) };
                Ok(Some(if name == "assets" { with_later(&all, before, &mut added) } else { all }))
            });
            disposals::of_bucket(&facts.unwrap(), &ctx).unwrap()
        })
        .collect();
    assert!(added > 1_000, "{added}");
    let rows = Columns::concat(&parts).unwrap();
    assert_eq!(disposals::learn(&rows, Some(before), &ctx).unwrap().line(), learned.line());
    // Or the rows added would say nothing: a day later they are read.
    let sold = rows.get("from_on").unwrap();
    let later = (0..rows.len()).filter(|at| sold.date_at(*at) == Some(before)).count();
    let after = disposals::learn(&rows, Some(before + 1), &ctx).unwrap();
    assert!(later > 50 && after.line() != learned.line(), "{later} sales on the day");
    println!("{later} sales on the day; after it: {}", after.line());
}

/// Every asset's rows with another version from the day on: each third void, the others sold at a tenth.
fn with_later(assets: &Columns, from: Day, added: &mut usize) -> Columns {
    let made = assets.clone();
    let at = 0..made.len();
    let void = |at: usize| at.is_multiple_of(3);
    let on = |is: &dyn Fn(usize) -> bool| Column::from_date(at.clone().map(|at| is(at).then_some(from)).collect::<Vec<_>>());
    let gross = made.require("gross_fen").unwrap().clone();
    let price = Column::from_int(at.clone().map(|at| gross.int_at(at).map(|fen| fen / 10)).collect::<Vec<_>>());
    let reason = Column::from_text(at.clone().map(|at| void(at).then_some("set_aside")).collect::<Vec<_>>());
    let made = made
        .with("known_on", on(&|_| true))
        .with("seen_on", on(&|_| true))
        .with("voided_on", on(&|at| void(at)))
        .with("void_reason", reason)
        .with("disposed_on", on(&|at| !void(at)))
        .with("disposal_fen", price);
    *added += made.len();
    Columns::concat(&[assets.clone(), made]).unwrap().sorted_by(&["debtor_id", "row_id", "known_on", "seen_on"]).unwrap()
}

#[test]
fn a_night_reckons_with_the_haircuts_of_its_model() {
    let mut ctx = context(&shared_work());
    let published = table(&shared_work(), "features");
    let features_with = |learned: Option<Haircuts>, ctx: &mut Context| {
        ctx.ratings.means.learned = learned;
        let ctx = &*ctx;
        joined(ctx, &|facts| features::of_bucket(facts, ctx).unwrap().features).sorted_by(&["case_no", "debtor_id"]).unwrap()
    };
    let own = features_with(bundle(&shared_work()).haircuts, &mut ctx);
    assert_eq!(own.content_hash(), published.content_hash());
    let of_law = features_with(None, &mut ctx);
    assert_ne!(of_law.content_hash(), published.content_hash(), "or the town could not tell");
}

/// The same whatever the buckets and the number of processes; and the model is another's where they differ.
#[test]
fn buckets_and_processes_change_no_haircut() {
    let town = town::town(500, &[]);
    let folder = tempfile::tempdir().unwrap();
    let trained = |name: &str, buckets: u32, jobs: &str| {
        let (config, work) = (folder.path().join(format!("{name}.toml")), folder.path().join(name));
        let text = fs::read_to_string(town::configuration()).unwrap();
        fs::write(&config, format!("buckets = {buckets}\n{text}")).unwrap();
        let (config, work_text, input) = (config.display().to_string(), work.display().to_string(), town.path().display().to_string());
        for verb in ["ingest", "train"] {
            town::must(&[verb, "--config", &config, "--work", &work_text, "--input", &input, "--jobs", jobs]);
        }
        bundle(&work)
    };
    let (one, eight) = (trained("one", 1, "1"), trained("eight", 8, "3"));
    assert_eq!(one.haircuts, eight.haircuts);
    assert_eq!(one.id, eight.id);
    assert!(one.haircuts.unwrap().classes.values().any(|h| h.sales > 5 && h.value != h.legal), "or equality would say nothing");
}
