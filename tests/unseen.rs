//! Rows that the court came to know later change nothing of what was known before, whatever they say; and from outcomes that mean nothing nothing is learned.

use luheng::context::Context;
use luheng::cutoff::{Facts, TABLES};
use luheng::{features, stage, targets, train};
use luheng_lake::columns::{Column, Columns, Day, day};
use luheng_lake::store::tables;
use luheng_models::split::fold_of;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::cutoff::context;
use crate::town;

/// Columns that say whose a row is and which version; all others a later row may hold as it likes.
const KEYS: [&str; 4] = ["debtor_id", "row_id", "known_on", "seen_on"];

/// Rows of a lake table that were known on a day, and those that were not; a table without such a day is known.
fn parted(table: &Columns, on: Day) -> (Vec<usize>, Vec<usize>) {
    (0..table.len()).partition(|at| table.get("known_on").and_then(|c| c.date_at(*at)).is_none_or(|known| known <= on))
}

/// `n` rows known after the day: versions of rows there are, or rows of a new key, every other column taken from some other row.
fn later(table: &Columns, on: Day, n: usize, seed: u64) -> Columns {
    let draw = |at: usize, what: &str, of: usize| fold_of(&format!("{what} {at}"), u32::try_from(of).unwrap(), seed) as usize;
    let whose: Vec<usize> = (0..n).map(|at| draw(at, "whose", table.len())).collect();
    let mut made = table.take(&whose);
    let names: Vec<String> = table.names().map(str::to_owned).collect();
    for name in names.iter().filter(|name| !KEYS.contains(&name.as_str())) {
        let from: Vec<usize> = (0..n).map(|at| draw(at, name, table.len())).collect();
        made = made.with(name, table.take(&from).require(name).unwrap().clone());
    }
    // Half are versions of a row, half are rows the court had never seen.
    let ids = (0..n).map(|at| match draw(at, "new", 2) {
        0 => made.require("row_id").unwrap().text_at(at).map(str::to_owned),
        _ => Some(format!("later {at}")),
    });
    let ids = Column::from_text(ids.collect::<Vec<_>>());
    let days = |what: &str| Column::from_date((0..n).map(|at| Some(on + 1 + draw(at, what, 400) as Day)).collect::<Vec<_>>());
    blameless(&made.with("row_id", ids).with("known_on", days("known")).with("seen_on", days("seen")))
}

/// Without the one thing that counts on every day: that a row is another person's.
fn blameless(table: &Columns) -> Columns {
    let mistaken = |at: &usize| table.get("void_reason").and_then(|c| c.text_at(*at)) == Some("wrong_person");
    table.take(&(0..table.len()).filter(|at| !mistaken(at)).collect::<Vec<_>>())
}

/// What is computed as of a day from some facts: features and evidence of every party, and every training row with its labels.
fn computed(ctx: &Context, read: impl Fn(&'static str) -> Option<Columns>) -> (String, String, String, usize) {
    let facts = Facts::new(&ctx.schema, |table| Ok(read(table))).unwrap();
    let (rated, learned) = (features::of_bucket(&facts, ctx).unwrap(), targets::of_bucket(&facts, ctx).unwrap());
    (rated.features.content_hash(), rated.evidence.content_hash(), learned.content_hash(), learned.len())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, rng_seed: RngSeed::Fixed(5), max_shrink_iters: 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_known_later_changes_nothing_before(back in 0_i32..700, bucket in 0_u32..64, seed in any::<u64>(), n in 1_usize..40) {
        let mut ctx = context(&town::shared_work());
        ctx.as_of -= back;
        let held = |table: &'static str| tables::read(&ctx.work.lake(), table, bucket % ctx.buckets, &ctx.seals.lake).unwrap();
        let known = |table: &'static str| held(table).map(|all| all.take(&parted(&all, ctx.as_of).0));
        let (mut added, mut debtors) = (0, 0);
        let told = |table: &'static str| {
            let all = held(table)?;
            let (before, after) = parted(&all, ctx.as_of);
            let order = ["debtor_id", "row_id", "known_on", "seen_on"];
            if all.get("known_on").is_none() || all.get("seen_on").is_none() || before.is_empty() {
                return Some(all);
            }
            let parts = [all.take(&before), blameless(&all.take(&after)), later(&all.take(&before), ctx.as_of, n, seed)];
            Some(Columns::concat(&parts).unwrap().sorted_by(&order).unwrap())
        };
        for table in TABLES {
            added += told(table).map_or(0, |t| t.len()) - known(table).map_or(0, |t| t.len());
            debtors += known(table).map_or(0, |t| t.len());
        }
        prop_assert!(added >= n && debtors > 0, "{added} rows added");
        let (before, after) = (computed(&ctx, known), computed(&ctx, told));
        prop_assert_eq!(before, after, "as of {} in bucket {}", day::format(ctx.as_of), bucket);
    }
}

/// The town's own training rows, each label given to another row of its axis.
#[test]
fn outcomes_dealt_out_anew_teach_nothing() {
    let ctx = context(&town::shared_work());
    let buckets = (0..ctx.buckets).map(|bucket| targets::of_bucket(&stage::facts(&ctx, bucket).unwrap(), &ctx).unwrap());
    let rows = Columns::concat(&buckets.collect::<Vec<_>>()).unwrap().sorted_by(&["debtor_id", "case_no", "day"]).unwrap();
    let mut dealt = rows.clone();
    for name in ["capacity_label", "willingness_label", "recovery_label", "revival_label"] {
        let label = rows.require(name).unwrap();
        let with: Vec<usize> = (0..rows.len()).filter(|at| label.real_at(*at).is_some()).collect();
        let mut other = with.clone();
        other.sort_by_key(|at| fold_of(&format!("{name} {at}"), u32::MAX, 11));
        let mut values = vec![None; rows.len()];
        with.iter().zip(&other).for_each(|(to, from)| values[*to] = label.real_at(*from));
        dealt = dealt.without(name).real(name, values);
    }
    let areas = |rows: &Columns| -> Vec<(String, f64, f64)> {
        let told: serde_json::Value =
            serde_json::from_str(&train::train(&train::Rows::held(rows.clone()), None, &ctx).unwrap().validation.to_json().unwrap())
                .unwrap();
        let axes = told["axes"].as_array().unwrap().iter().filter(|axis| axis["assessment"].is_object());
        let number = |axis: &serde_json::Value, name: &str| axis["assessment"][name].as_f64().unwrap();
        axes.map(|axis| {
            let (rows, rate) = (number(axis, "rows"), number(axis, "base_rate"));
            // Standard error of an area of a half (Hanley and McNeil 1982), rows as if independent: shuffled labels are.
            let error = (1.0 / (12.0 * rows * rate * (1.0 - rate))).sqrt();
            (axis["axis"].as_str().unwrap().to_owned(), number(axis, "auc"), error)
        })
        .collect()
    };
    let (true_areas, dealt_areas) = (areas(&rows), areas(&dealt));
    println!("areas: {true_areas:?}; of outcomes dealt out anew: {dealt_areas:?}");
    assert!(dealt_areas.len() >= 2, "{dealt_areas:?}");
    for (axis, area, error) in &dealt_areas {
        assert!((area - 0.5).abs() < 4.0 * error, "{axis}: {area} of outcomes that mean nothing, standard error {error}");
    }
    let learned = |axis: &str| true_areas.iter().find(|a| a.0 == axis).is_some_and(|a| a.1 > 0.7);
    assert!(learned("capacity") && learned("willingness"), "the same test finds skill where there is some: {true_areas:?}");
}
