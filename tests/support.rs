//! A party of whose score too much rests on values few training rows had is not rated, and is told why; a model that does not say what its rows had withholds
//! nobody.

use std::fs;

use luheng::bundle::{Bundle, design};
use luheng::context::Context;
use luheng::{features, score, stage};
use luheng_lake::columns::Columns;
use luheng_lake::store::manifest;
use luheng_models::Draft;

use crate::cutoff::context;
use crate::town::{reals, shared_work, texts};

fn bundle() -> Bundle {
    let work = shared_work();
    let id = manifest::read(&work.join("current")).unwrap().models["bundle"].clone();
    Bundle::from_json(&fs::read_to_string(work.join("models").join(id).join("model.json")).unwrap(), "model").unwrap()
}

/// Every bucket's features, standing, ratings and reasons.
fn rated(bundle: &Bundle, ctx: &Context) -> [Columns; 4] {
    let mut all: [Vec<Columns>; 4] = Default::default();
    for bucket in 0..ctx.buckets {
        let written = features::of_bucket(&stage::facts(ctx, bucket).unwrap(), ctx).unwrap();
        let (ratings, reasons) = score::of_bucket(&written.features, &written.evidence, &written.standing, bundle, ctx).unwrap();
        for (part, whole) in [written.features, written.standing, ratings, reasons].into_iter().zip(&mut all) {
            whole.push(part);
        }
    }
    all.map(|parts| Columns::concat(&parts).unwrap())
}

/// What of each party's score rests on values that are not known, by the numbers of the artifact alone.
fn thin(bundle: &Bundle, features: &Columns, ctx: &Context) -> Vec<f64> {
    let model = bundle.capacity.as_ref().unwrap();
    let design = design(features, &(0..features.len()).collect::<Vec<_>>(), &ctx.ratings.capacity).unwrap();
    let points = model.explain(&design).unwrap().points;
    let known = &model.support.as_ref().unwrap().known;
    let share = |row: usize| {
        let (mut thin, mut all) = (0.0, 0.0);
        for (j, known) in known.iter().enumerate() {
            let is_known = match (design.value(row, j), known.range) {
                (None, _) => known.missing,
                (Some(x), Some((low, high))) => (low..=high).contains(&x),
                (Some(_), None) => false,
            };
            all += points[(row, j)].abs();
            thin += if is_known { 0.0 } else { points[(row, j)].abs() };
        }
        thin / all
    };
    (0..features.len()).map(share).collect()
}

#[test]
fn too_much_on_what_few_training_rows_had_is_no_rating_and_no_low_grade() {
    let bundle = bundle();
    let mut ctx = context(&shared_work());
    ctx.ratings.willingness.support.max_thin_share = 1.0;
    ctx.ratings.capacity.support.max_thin_share = 1.0;
    let [features, standing, all, _] = rated(&bundle, &ctx);
    let thin = thin(&bundle, &features, &ctx);
    // A bound that some of the town pass: with few cases none may pass the catalog's.
    let mut shares: Vec<f64> = thin.clone();
    shares.sort_by(f64::total_cmp);
    let bound = shares[shares.len() * 9 / 10];
    assert!(bound > 0.0 && bound < *shares.last().unwrap(), "{bound}");
    ctx.ratings.capacity.support.max_thin_share = bound;
    let [_, _, ratings, reasons] = rated(&bundle, &ctx);
    let (before, after) = (texts(&all, "capacity_status"), texts(&ratings, "capacity_status"));
    let (p, recovery, grade) = (reals(&ratings, "capacity_p"), reals(&ratings, "recovery_share"), texts(&ratings, "capacity_grade"));
    let (ask, was_asked) = (texts(&ratings, "ask_for"), texts(&standing, "ask_for"));
    let (rare, zh) = (texts(&ratings, "rare_values"), texts(&ratings, "rare_zh"));
    let mut withheld = 0;
    for at in 0..ratings.len() {
        if before[at].as_deref() == Some("rated") && thin[at] > bound {
            assert_eq!((after[at].as_deref(), p[at], recovery[at], &grade[at]), (Some("no_evidence"), None, None, &None));
            let asked = was_asked[at].as_ref().map_or("rare_values".to_owned(), |asked| format!("{asked};rare_values"));
            assert_eq!(ask[at], Some(asked));
            let named = rare[at].as_deref().unwrap().split(';').count();
            assert!((1..=3).contains(&named) && zh[at].as_deref().unwrap().split('；').count() == named);
            withheld += 1;
        } else {
            assert_eq!((&after[at], &ask[at], &rare[at]), (&before[at], &was_asked[at], &None));
            assert_eq!(p[at].is_some(), after[at].as_deref() == Some("rated"));
        }
    }
    assert!(withheld > 10, "{withheld}");
    let (axis, cases, debtors) = (texts(&reasons, "axis"), texts(&reasons, "case_no"), texts(&reasons, "debtor_id"));
    let first = (0..ratings.len()).find(|at| rare[*at].is_some()).unwrap();
    let (case, debtor) = (&texts(&ratings, "case_no")[first], &texts(&ratings, "debtor_id")[first]);
    let own = (0..reasons.len()).filter(|at| cases[*at] == *case && debtors[*at] == *debtor);
    assert!(own.into_iter().all(|at| axis[at].as_deref() != Some("capacity")), "no points without a score");
}

#[test]
fn a_model_that_does_not_say_what_its_rows_had_withholds_nobody() {
    let with = bundle();
    let old = |model: &Option<luheng_models::ModelArtifact>| {
        model.as_ref().map(|model| Draft { support: None, ..model.content.clone() }.seal().unwrap())
    };
    let without =
        Bundle::seal(old(&with.capacity), old(&with.willingness), with.recovery.clone(), with.revival.clone(), with.haircuts.clone())
            .unwrap();
    let read = Bundle::from_json(&without.to_json().unwrap(), "model").unwrap();
    let capacity = read.capacity.as_ref().unwrap();
    assert!(capacity.support.is_none() && !capacity.to_json().unwrap().contains("\"support\""), "an artifact of the time before");
    let mut ctx = context(&shared_work());
    (ctx.ratings.capacity.support.max_thin_share, ctx.ratings.willingness.support.max_thin_share) = (-1.0, -1.0);
    let [_, standing, ratings, _] = rated(&read, &ctx);
    for axis in ["capacity_status", "willingness_status"] {
        assert_eq!(texts(&standing, axis), texts(&ratings, axis));
    }
    // With them, a bound below nothing withholds everybody.
    let [_, _, none, _] = rated(&with, &ctx);
    assert!(reals(&none, "capacity_p").iter().chain(&reals(&none, "willingness_p")).all(Option::is_none));
}
