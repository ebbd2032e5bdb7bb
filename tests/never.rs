//! What may never speak for or against a person: no feature reads it, seen by taking it away. And the dictionary of what is read, current.

use luheng::cutoff::Facts;
use luheng::{features, means, stage};

use crate::{cutoff, town};

/// Tables that no feature reads: remedies used, registers of special subjects, time and steps that are the court's.
const TABLES: [&str; 4] = ["objections", "registers", "stays", "milestones"];

/// Columns that no feature reads: where somebody lives or comes from, who judges, who is owed, what the claim is for a livelihood.
const COLUMNS: [(&str, &str); 13] = [
    ("debtors", "home_region"),
    ("debtors", "residence_region"),
    ("debtors", "industry"),
    ("cases", "court_code"),
    ("cases", "judge_code"),
    ("cases", "livelihood"),
    ("assets", "region"),
    ("seizures", "court_code"),
    ("obligations", "creditor_no"),
    ("judgments", "court_code"),
    ("trajectory", "region"),
    ("parties", "after_party"),
    ("payments", "paid_out_on"),
];

#[test]
fn no_feature_reads_what_may_never_count() {
    let ctx = cutoff::context(&town::shared_work());
    let (mut compared, mut taken) = (0, 0);
    for bucket in (0..ctx.buckets).step_by(8) {
        let whole = stage::facts(&ctx, bucket).unwrap();
        let bare = Facts::new(&ctx.schema, |table| {
            if TABLES.contains(&table) {
                return Ok(None);
            }
            let mut columns = luheng_lake::store::tables::read(&ctx.work.lake(), table, bucket, &ctx.seals.lake)?;
            for (_, column) in COLUMNS.iter().filter(|(of, _)| *of == table) {
                taken += usize::from(columns.as_ref().is_some_and(|c| c.get(column).is_some()));
                columns = columns.map(|c| c.without(column));
            }
            Ok(columns)
        })
        .unwrap();
        for debtor in whole.debtors() {
            let (with, without) = (whole.view(debtor, ctx.as_of), bare.view(debtor, ctx.as_of));
            for (with, without) in with.parties().into_iter().zip(without.parties()) {
                let subject = |party| features::Subject { party, means: means::means_of(&party, &ctx), ctx: &ctx };
                let (with, without) = (subject(with), subject(without));
                for feature in features::all() {
                    let bits = |s| (feature.compute)(s).number.map(f64::to_bits);
                    assert_eq!(bits(&with), bits(&without), "{}", feature.id);
                    compared += 1;
                }
            }
        }
        // A column that was asked for and is not there is remembered as a fault.
        bare.check().unwrap();
    }
    assert!(compared > 10_000 && taken >= COLUMNS.len(), "{compared} values compared, {taken} columns taken away");
}

#[test]
fn the_dictionary_of_features_is_current() {
    let kept = std::fs::read_to_string(town::project().join("notebooks-export/dictionary.md")).unwrap_or_default();
    let told = "run `luheng catalog features > notebooks-export/dictionary.md` and look at what changed";
    assert!(kept == features::dictionary(), "notebooks-export/dictionary.md is not what the entries say: {told}");
}
