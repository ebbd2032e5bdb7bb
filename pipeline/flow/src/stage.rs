//! The stages in order: what each reads and writes, and whether it works bucket by bucket or on the whole. Stages meet only in tables.

use luheng_lake::columns::Columns;
use luheng_lake::store::tables;

use crate::bundle::Bundle;
use crate::context::Context;
use crate::cutoff::Facts;
use crate::error::{Error, Result};
use crate::haircut::Haircuts;
use crate::run::Parts;
use crate::tables::Rating;
use crate::{alike, disposals, features, metrics, quality, score, suggest, targets, validate};

/// What a stage works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// One bucket at a time, in any order, in any process.
    Bucket,
    /// All buckets joined.
    Whole,
}

/// One stage.
#[derive(Debug)]
pub struct Stage {
    /// Its name: the verb.
    pub name: &'static str,
    /// Tables it reads.
    pub reads: &'static [&'static str],
    /// Tables it writes.
    pub writes: &'static [&'static str],
    /// What it works on.
    pub per: Per,
}

/// Every stage, in order.
pub const STAGES: &[Stage] = &[
    Stage { name: "ingest", reads: &[], writes: &["lake", "rejects"], per: Per::Whole },
    Stage { name: "disposals", reads: &["lake"], writes: &["disposals", "calendar"], per: Per::Bucket },
    Stage { name: "haircuts", reads: &["disposals", "calendar"], writes: &["haircuts"], per: Per::Whole },
    Stage { name: "targets", reads: &["lake", "haircuts"], writes: &["training"], per: Per::Bucket },
    Stage { name: "train", reads: &["training", "haircuts"], writes: &["model"], per: Per::Whole },
    // `closed` says who of all is looked among for similar cases: how many, the rows of the model's training say.
    Stage { name: "features", reads: &["lake", "model"], writes: &["features", "evidence", "standing", "closed"], per: Per::Bucket },
    Stage {
        name: "score",
        reads: &["features", "evidence", "standing", "model"],
        writes: &["ratings", "reasons", "paths"],
        per: Per::Bucket,
    },
    Stage { name: "alike", reads: &["closed", "features", "standing", "ratings", "model"], writes: &["alike"], per: Per::Whole },
    Stage { name: "suggest", reads: &["lake", "ratings", "model"], writes: &["suggestions"], per: Per::Bucket },
    Stage {
        name: "sums",
        reads: &["lake", "ratings", "model"],
        writes: &["sums", "bucket_alerts", "party_facts", "oversight_sums"],
        per: Per::Bucket,
    },
    Stage { name: "quality", reads: &["lake"], writes: &["quality_sums"], per: Per::Bucket },
    Stage {
        name: "metrics",
        reads: &["standing", "ratings", "reasons", "suggestions", "sums", "bucket_alerts", "party_facts", "oversight_sums"],
        writes: &["cases", "debtors", "worklist", "alerts", "regional", "oversight", "told"],
        per: Per::Whole,
    },
    Stage {
        name: "report",
        reads: &[
            "ratings",
            "reasons",
            "suggestions",
            "cases",
            "debtors",
            "worklist",
            "alerts",
            "regional",
            "oversight",
            "paths",
            "alike",
            "quality_sums",
        ],
        writes: &["sheets"],
        per: Per::Whole,
    },
    Stage { name: "backtest", reads: &["lake", "model"], writes: &["landmarks", "awaited", "channels"], per: Per::Bucket },
    Stage { name: "validate", reads: &["training", "landmarks", "awaited", "channels", "model"], writes: &["backtest"], per: Per::Whole },
];

/// Refuses a list in which a stage reads what none before it writes.
///
/// # Errors
/// Names the stage and the table.
pub fn check() -> Result<()> {
    let mut written: Vec<&str> = Vec::new();
    for stage in STAGES {
        if let Some(missing) = stage.reads.iter().find(|t| !written.contains(t)) {
            return Err(Error::Fault(format!("stage {} reads {missing}, which no earlier stage writes", stage.name)));
        }
        written.extend(stage.writes);
    }
    Ok(())
}

/// A stage that works bucket by bucket, by name.
///
/// # Errors
/// No such stage.
pub fn of_bucket(name: &str) -> Result<&'static Stage> {
    let per_bucket = || STAGES.iter().filter(|s| s.per == Per::Bucket);
    per_bucket().find(|s| s.name == name).ok_or_else(|| {
        let names: Vec<&str> = per_bucket().map(|s| s.name).collect();
        Error::Usage(format!("stage: found \"{name}\", expected one of {}", names.join(", ")))
    })
}

/// One bucket's facts from the lake.
///
/// # Errors
/// A lake that cannot be read.
pub fn facts(ctx: &Context, bucket: u32) -> Result<Facts> {
    facts_of(ctx, bucket, &|_| true)
}

/// As [`facts`], of some tables only: the others are empty.
fn facts_of(ctx: &Context, bucket: u32, is_read: &dyn Fn(&str) -> bool) -> Result<Facts> {
    let read = |table| tables::read(&ctx.work.lake(), table, bucket, &ctx.seals.lake);
    Facts::new(&ctx.schema, |table| if is_read(table) { Ok(read(table)?) } else { Ok(None) })
}

/// The haircuts that a stage reckons with: those of the model it is given, else, where rows to train on are made, those learned for it; the catalog's
/// where there is neither.
fn haircuts(stage: &Stage, parts: &Parts, models: Option<&Bundle>) -> Result<Option<Haircuts>> {
    match models {
        Some(models) => Ok(models.haircuts.clone()),
        None if stage.reads.contains(&"haircuts") => Ok(Some(Haircuts::read(&parts.read_whole("haircuts")?)?)),
        None => Ok(None),
    }
}

/// Runs one stage on one bucket and writes its parts; gives the rows written. The surroundings are given the haircuts that it reckons with.
///
/// # Errors
/// Whatever the stage meets.
pub fn run(stage: &'static Stage, bucket: u32, parts: &Parts, models: Option<&Bundle>, ctx: &mut Context) -> Result<u64> {
    if parts.is_done(stage, bucket)? {
        return Ok(0);
    }
    ctx.ratings.means.learned = haircuts(stage, parts, models)?;
    let ctx = &*ctx;
    let written: Vec<(&'static str, Columns)> = match stage.name {
        "disposals" => {
            let is_read = |table: &str| disposals::TABLES.contains(&table) || targets::CALENDAR.contains(&table);
            let facts = facts_of(ctx, bucket, &is_read)?;
            vec![("disposals", disposals::of_bucket(&facts, ctx)?), ("calendar", targets::calendar(&facts, ctx)?)]
        }
        "targets" => vec![("training", targets::of_bucket(&facts(ctx, bucket)?, ctx)?)],
        "features" => {
            let facts = facts(ctx, bucket)?;
            let written = features::of_bucket(&facts, ctx)?;
            let closed = alike::of_bucket(&facts, needed(models, stage)?.capacity.as_ref().map(|model| model.rows), ctx)?;
            vec![("features", written.features), ("evidence", written.evidence), ("standing", written.standing), ("closed", closed)]
        }
        "score" => {
            let models = needed(models, stage)?;
            let (features, evidence, standing) =
                (parts.read("features", bucket)?, parts.read("evidence", bucket)?, parts.read("standing", bucket)?);
            let (ratings, reasons) = score::of_bucket(&features, &evidence, &standing, models, ctx)?;
            let paths = score::path::of_bucket(&features, &ratings, models, ctx)?;
            vec![("ratings", ratings), ("reasons", reasons), ("paths", paths)]
        }
        "suggest" => {
            let ratings = Rating::read(&parts.read("ratings", bucket)?)?;
            let facts = facts(ctx, bucket)?;
            let suggestions = suggest::of_bucket(&facts, &ratings, ctx)?;
            facts.check()?;
            vec![("suggestions", suggestions)]
        }
        "sums" => {
            let ratings = parts.read("ratings", bucket)?;
            let facts = facts(ctx, bucket)?;
            let sums = metrics::of_bucket(&facts, &ratings, ctx)?;
            facts.check()?;
            vec![("sums", sums.sums), ("bucket_alerts", sums.alerts), ("party_facts", sums.party_facts), ("oversight_sums", sums.oversight)]
        }
        "backtest" => validate::of_bucket(ctx, bucket, needed(models, stage)?)?,
        "quality" => vec![("quality_sums", quality::of_bucket(ctx, bucket)?)],
        other => return Err(Error::Fault(format!("stage {other} does not work by bucket"))),
    };
    let rows = written.iter().map(|(_, table)| table.len() as u64).sum();
    parts.write(stage, bucket, written)?;
    Ok(rows)
}

fn needed<'a>(models: Option<&'a Bundle>, stage: &Stage) -> Result<&'a Bundle> {
    models.ok_or_else(|| Error::Input(format!("{}: no model; run `luheng train` and `luheng approve` first", stage.name)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;

    use luheng_lake::store::seal::Seal;

    use super::*;

    /// Haircuts with a vehicle at a share.
    fn learned(share: f64) -> Haircuts {
        Haircuts::learn(BTreeMap::from([("vehicle".to_owned(), vec![share; 30])]), &|_| 0.7, 0.0, None)
    }

    #[test]
    fn a_stage_reckons_with_the_haircuts_of_its_model_and_only_rows_to_train_on_with_those_just_learned() {
        let folder = tempfile::tempdir().unwrap();
        let parts = Parts::new(folder.path().to_owned(), String::new(), &Seal::none());
        parts.write_whole("haircuts", &learned(0.5).table()).unwrap();
        let bundle = |haircuts| Bundle::seal(None, None, None, None, haircuts).unwrap();
        let of = |name: &str, models: Option<&Bundle>| haircuts(of_bucket(name).unwrap(), &parts, models).unwrap();
        assert_eq!(of("targets", None), Some(learned(0.5)));
        for name in ["targets", "features", "suggest", "sums", "backtest"] {
            assert_eq!(of(name, Some(&bundle(Some(learned(0.6))))), Some(learned(0.6)), "{name}");
            assert_eq!(of(name, Some(&bundle(None))), None, "{name}: a bundle of an older format");
        }
        assert_eq!(of("features", None), None, "the catalog's");
    }

    #[test]
    fn each_stage_reads_only_what_was_written_before() {
        assert!(super::check().is_ok());
    }
}
