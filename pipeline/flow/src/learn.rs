//! Training rows to a model on disk, and which model is in use.

use std::path::PathBuf;

use luheng_lake::columns::{Day, day};
use luheng_lake::store::{atomic, text};

use crate::bundle::{APPROVAL_FORMAT, Approval, Bundle};
use crate::context::Context;
use crate::disposals;
use crate::driver::{Pool, timed};
use crate::error::{Error, Result};
use crate::event::Event;
use crate::haircut::Haircuts;
use crate::intake::LakeRecord;
use crate::progress::Progress;
use crate::publish;
use crate::run::Parts;
use crate::stage;
use crate::train::{self, Rows};
use crate::validate::gates;

const TRAINING: &str = ".training";

/// The parts of a training, under one name for every process of it. They hold for one lake, day and configuration.
///
/// # Errors
/// No lake.
pub fn training_parts(ctx: &Context) -> Result<Parts> {
    let cause = publish::cause(ctx, &LakeRecord::read(ctx)?, "training", "");
    Ok(Parts::new(ctx.work.models().join(TRAINING), cause, &ctx.seals.runs))
}

/// Sweeps what trainings that died left; the parts they finished stay where a run goes on from them.
///
/// # Errors
/// A folder that cannot be read or removed.
pub fn sweep(ctx: &Context, keep_parts: bool) -> Result<()> {
    atomic::sweep(&ctx.work.models(), &|name| keep_parts && name == TRAINING)?;
    for name in atomic::names_in(&ctx.work.models())? {
        if ctx.work.model(&name).is_dir() && name != TRAINING {
            atomic::sweep(&ctx.work.model(&name), &|_| false)?;
        }
    }
    Ok(())
}

/// Learns the haircuts, makes the training rows with them bucket by bucket where they are not there yet, trains, writes `models/<id>/`, and approves
/// the model if it is the first.
///
/// # Errors
/// A lake that cannot be read, a full disk, a fault in the rows.
pub fn train(ctx: &Context, pool: &Pool, progress: &Progress) -> Result<String> {
    let parts = training_parts(ctx)?;
    let arguments = vec!["--parts".into(), parts.folder().clone().into(), "--cause".into(), parts.cause().into()];
    pool.run("disposals", &arguments, ctx.buckets, progress)?;
    let mut learned = None;
    timed("haircuts", 1, progress, |_| Ok(learned.insert(haircuts(ctx, &parts)?).classes.len() as u64))?;
    pool.run("targets", &arguments, ctx.buckets, progress)?;
    let mut id = String::new();
    timed("train", 1, progress, |_| {
        let rows = Rows::of_parts(&parts, ctx.buckets)?;
        let trained = train::train(&rows, learned.take(), ctx)?;
        for text in trained.warnings {
            progress.tell(&Event::Warned { text });
        }
        id.clone_from(&trained.bundle.id);
        let folder = ctx.work.model(&id);
        text::write_text(&folder.join("validation.json"), &trained.validation.to_json()?)?;
        text::write_text(&folder.join("card.html"), &trained.validation.card()?)?;
        // Last: a model is there once its file is, and then it can be judged.
        text::write_text(&folder.join("model.json"), &trained.bundle.to_json()?)?;
        let in_use = approval(ctx)?.is_none_or(|approval| approval.model_id == id);
        gates::tell(&trained.bundle, in_use, ctx, progress);
        Ok(rows.index().len() as u64)
    })?;
    atomic::remove_dir(parts.folder())?;
    if approval(ctx)?.is_none() {
        write_approval(
            ctx,
            &Approval {
                format: APPROVAL_FORMAT,
                model_id: id.clone(),
                basis: "first".into(),
                by: None,
                on: None,
                assessment: None,
                trained_as_of: day::format(ctx.as_of),
            },
        )?;
    }
    Ok(id)
}

/// Learns the haircuts of a training from the sales of every bucket, and lays them where the rows to train on are made.
///
/// # Errors
/// A bucket whose sales were not told of this lake and day; a full disk.
pub fn haircuts(ctx: &Context, parts: &Parts) -> Result<Haircuts> {
    let sales = stage::of_bucket("disposals")?;
    for bucket in 0..ctx.buckets {
        if !parts.is_done(sales, bucket)? {
            return Err(Error::Input(format!(
                "targets: haircuts are learned first, of all buckets, and bucket {bucket} has not told its sales: run `luheng stage disposals` on every bucket"
            )));
        }
    }
    let before = train::first_held_out(&parts.join("calendar", ctx.buckets, &[])?, ctx)?;
    let learned = disposals::learn(&parts.join("disposals", ctx.buckets, &[])?, before, ctx)?;
    parts.write_whole("haircuts", &learned.table())?;
    Ok(learned)
}

fn approval_file(ctx: &Context) -> PathBuf {
    ctx.work.models().join("approved.json")
}

/// Which model is in use, and why.
///
/// # Errors
/// A record that cannot be read, or of another format.
pub fn approval(ctx: &Context) -> Result<Option<Approval>> {
    let found: Option<Approval> = publish::read_json(&approval_file(ctx))?;
    match found {
        Some(approval) if approval.format != APPROVAL_FORMAT => Err(Error::Input(format!(
            "{}: format: found {}, expected {APPROVAL_FORMAT}; use the luheng that wrote it",
            approval_file(ctx).display(),
            approval.format
        ))),
        other => Ok(other),
    }
}

/// The newest as-of day that a model was trained on: a proposal that waits for approval is not made anew every night.
///
/// # Errors
/// A validation that cannot be read.
pub fn last_trained(ctx: &Context) -> Result<Option<Day>> {
    let mut newest = approval(ctx)?.and_then(|a| day::parse(&a.trained_as_of));
    for name in atomic::names_in(&ctx.work.models())? {
        newest = newest.max(trained_on(ctx, &name)?);
    }
    Ok(newest)
}

/// The as-of day a model was trained on, as its validation says.
fn trained_on(ctx: &Context, id: &str) -> Result<Option<Day>> {
    let validation: Option<serde_json::Value> = publish::read_json(&ctx.work.model(id).join("validation.json"))?;
    Ok(validation.and_then(|v| day::parse(v["as_of"].as_str()?)))
}

fn write_approval(ctx: &Context, approval: &Approval) -> Result<()> {
    let json = serde_json::to_string_pretty(approval).map_err(|e| Error::Fault(e.to_string()))?;
    text::write_text(&approval_file(ctx), &json)?;
    Ok(())
}

/// Records that a person put a model into use.
///
/// # Errors
/// No such model; one that breaks a gate of `[validate]`.
pub fn approve(ctx: &Context, id: &str, by: &str, on: &str, assessment: &str) -> Result<()> {
    gates::admit(&model(ctx, id)?, ctx)?;
    write_approval(
        ctx,
        &Approval {
            format: APPROVAL_FORMAT,
            model_id: id.to_owned(),
            basis: "person".into(),
            by: Some(by.into()),
            on: Some(on.into()),
            assessment: Some(assessment.into()),
            trained_as_of: trained_on(ctx, id)?.map(day::format).unwrap_or_default(),
        },
    )
}

/// Reads a model bundle.
///
/// # Errors
/// No such model, or a broken one.
pub fn model(ctx: &Context, id: &str) -> Result<Bundle> {
    let file = ctx.work.model(id).join("model.json");
    if !file.is_file() {
        return Err(Error::Usage(format!("model {id}: {} is not there; `luheng train` proposes one", file.display())));
    }
    Bundle::from_json(&text::read_to_string(&file)?, &file.display().to_string())
}

/// The model in use.
///
/// # Errors
/// None is.
pub fn model_in_use(ctx: &Context) -> Result<(Bundle, Approval)> {
    let approval = approval(ctx)?.ok_or_else(|| Error::Input("no model is in use; run `luheng train` first".into()))?;
    Ok((model(ctx, &approval.model_id)?, approval))
}
