//! The stages one by one, and one bucket at a time, for schedulers. Their parts stand in `runs/.<run_id>.stages/` until `seal` publishes them.

use clap::Args;

use super::Common;
use crate::alike;
use crate::error::{Error, Result};
use crate::night;
use crate::stage;
use crate::validate;

/// `luheng stage NAME --bucket I/N`.
#[derive(Debug, Args)]
pub struct One {
    /// disposals, targets, features, score, suggest, sums, quality or backtest
    name: String,
    /// Which bucket of how many, from 0
    #[arg(long, value_name = "I/N")]
    bucket: String,
}

impl One {
    /// Runs the stage on the bucket.
    pub fn run(&self, common: &Common) -> Result<()> {
        let mut opened = common.open()?.with_keys()?;
        let wrong =
            || Error::Usage(format!("--bucket: found \"{}\", expected I/N with I from 0 and N = {}", self.bucket, opened.ctx.buckets));
        let (at, of) = self.bucket.split_once('/').ok_or_else(wrong)?;
        let (at, of): (u32, u32) = (at.parse().map_err(|_| wrong())?, of.parse().map_err(|_| wrong())?);
        if of != opened.ctx.buckets || at >= of {
            return Err(wrong());
        }
        let stage = stage::of_bucket(&self.name)?;
        let rows = if matches!(stage.name, "disposals" | "targets") {
            let parts = night::training_parts(&opened.ctx)?;
            if stage.name == "targets" {
                night::haircuts(&opened.ctx, &parts)?;
            }
            stage::run(stage, at, &parts, None, &mut opened.ctx)?
        } else if stage.name == "backtest" {
            let (models, _) = night::model_in_use(&opened.ctx)?;
            stage::run(stage, at, &validate::parts(&opened.ctx, &models)?, Some(&models), &mut opened.ctx)?
        } else {
            let (parts, models) = night::stage_parts(&opened.ctx)?;
            stage::run(stage, at, &parts, Some(&models), &mut opened.ctx)?
        };
        println!("{} bucket {at}/{of}: {rows} rows", stage.name);
        Ok(())
    }
}

/// `luheng ingest`.
pub fn ingest(common: &Common) -> Result<()> {
    let opened = common.open()?;
    let (input, key) = (opened.input()?, opened.key()?);
    let opened = opened.with_new_keys()?;
    let progress = common.progress();
    let _lock = luheng_lake::store::lock::lock(&opened.ctx.work)?;
    night::ingest(&opened.ctx, &input, &key, &common.pool(&opened)?, &progress, false)?;
    println!("lake  {}", opened.ctx.work.lake().display());
    Ok(())
}

/// `luheng train`.
pub fn train(common: &Common) -> Result<()> {
    let opened = common.open()?.with_keys()?;
    let progress = common.progress();
    let _lock = luheng_lake::store::lock::lock(&opened.ctx.work)?;
    let id = night::train(&opened.ctx, &common.pool(&opened)?, &progress)?;
    println!("model       {id}");
    println!("validation  {}", opened.ctx.work.model(&id).join("validation.json").display());
    match night::approval(&opened.ctx)? {
        Some(approval) if approval.model_id == id => println!("in use ({})", approval.basis),
        Some(approval) => println!("proposed; {} stays in use until `luheng approve {id}`", approval.model_id),
        None => {}
    }
    Ok(())
}

/// `luheng features`, `score`, `suggest`: one stage on every bucket.
pub fn per_bucket(common: &Common, name: &str) -> Result<()> {
    let opened = common.open()?.with_keys()?;
    let progress = common.progress();
    let (parts, models) = night::stage_parts(&opened.ctx)?;
    night::run_buckets(&opened.ctx, &common.pool(&opened)?, name, &parts, &models.id, &progress)?;
    println!("{name}: parts in {}", parts.folder().display());
    Ok(())
}

/// `luheng metrics`: the tables of the whole.
pub fn metrics(common: &Common) -> Result<()> {
    let opened = common.open()?.with_keys()?;
    let progress = common.progress();
    let (parts, models) = night::stage_parts(&opened.ctx)?;
    for stage in ["sums", "quality"] {
        night::run_buckets(&opened.ctx, &common.pool(&opened)?, stage, &parts, &models.id, &progress)?;
    }
    alike::whole(&opened.ctx, &parts, &models, &progress)?;
    night::join_tables(&opened.ctx, &parts, night::previous(&opened.ctx, None)?.as_deref(), &progress)?;
    println!("metrics: tables in {}", parts.folder().display());
    Ok(())
}

/// `luheng report`: sheets and pages from the tables of `metrics`.
pub fn report(common: &Common) -> Result<()> {
    let opened = common.open()?.with_keys()?;
    let (parts, _) = night::stage_parts(&opened.ctx)?;
    night::report(&opened.ctx, &parts, night::previous(&opened.ctx, None)?.as_deref(), &common.progress())?;
    println!("report: {}", parts.folder().join("regional.html").display());
    Ok(())
}

/// `luheng seal`: joins, reports, publishes.
pub fn seal(common: &Common) -> Result<()> {
    let opened = common.open()?.with_keys()?;
    let progress = common.progress();
    let _lock = luheng_lake::store::lock::lock(&opened.ctx.work)?;
    let (parts, models) = night::stage_parts(&opened.ctx)?;
    if let Some(run_id) = night::finished(&opened.ctx, &night::LakeRecord::read(&opened.ctx)?)? {
        println!("already published: {run_id}");
        return Ok(());
    }
    for stage in ["sums", "quality"] {
        night::run_buckets(&opened.ctx, &common.pool(&opened)?, stage, &parts, &models.id, &progress)?;
    }
    let published = night::seal(&opened.ctx, &parts, &models, false, &progress)?;
    println!("published {published}");
    Ok(())
}
