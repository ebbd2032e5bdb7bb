//! The stages in order: what each reads and writes, and whether it works bucket by bucket or on the whole. Stages meet only in tables.

use luheng_lake::columns::Columns;
use luheng_lake::store::tables;

use crate::bundle::Bundle;
use crate::context::Context;
use crate::cutoff::Facts;
use crate::error::{Error, Result};
use crate::run::Parts;
use crate::tables::Rating;
use crate::{alike, features, metrics, quality, score, suggest, targets, validate};

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
    Stage { name: "targets", reads: &["lake"], writes: &["training"], per: Per::Bucket },
    Stage { name: "train", reads: &["training"], writes: &["model"], per: Per::Whole },
    // `closed` says who of all is looked among for similar cases: how many, the rows of the model's training say.
    Stage { name: "features", reads: &["lake", "model"], writes: &["features", "evidence", "standing", "closed"], per: Per::Bucket },
    Stage {
        name: "score",
        reads: &["features", "evidence", "standing", "model"],
        writes: &["ratings", "reasons", "paths"],
        per: Per::Bucket,
    },
    Stage { name: "alike", reads: &["closed", "features", "standing", "ratings", "model"], writes: &["alike"], per: Per::Whole },
    Stage { name: "suggest", reads: &["lake", "ratings"], writes: &["suggestions"], per: Per::Bucket },
    Stage {
        name: "sums",
        reads: &["lake", "ratings"],
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
    Facts::new(&ctx.schema, |table| Ok(tables::read(&ctx.work.lake(), table, bucket, &ctx.seals.lake)?))
}

/// Runs one stage on one bucket and writes its parts; gives the rows written.
///
/// # Errors
/// Whatever the stage meets.
pub fn run(stage: &'static Stage, bucket: u32, parts: &Parts, models: Option<&Bundle>, ctx: &Context) -> Result<u64> {
    if parts.is_done(stage, bucket)? {
        return Ok(0);
    }
    let written: Vec<(&'static str, Columns)> = match stage.name {
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
    #[test]
    fn each_stage_reads_only_what_was_written_before() {
        assert!(super::check().is_ok());
    }
}
