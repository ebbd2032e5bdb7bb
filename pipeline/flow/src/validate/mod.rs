//! The verb `validate`: what the models of a bundle are worth through time, for whom, and on which answers they lean. A report and a model card for people
//! who must decide whether to use them; gates of the configuration hold a model back.
//!
//! Reading order: [`bucket`] (what is read of the lake), [`sample`] and [`fold`] (rows, and a model that learned only what was known by a day),
//! [`walk`] (through time, period by period), [`figures`] (what is said), [`judge`], [`expected`], [`stability`], [`groups`], [`channels`]
//! (each one question), [`gates`], [`page`]. This is the only stage that opens the attributes kept for it in the vault ([`people`]): they are joined in
//! memory and leave it as figures of groups alone.

mod assemble;
mod bucket;
mod channels;
mod expected;
mod figures;
mod fold;
pub mod gates;
mod groups;
mod judge;
mod page;
mod page_cells;
mod page_groups;
mod people;
mod sample;
mod stability;
mod walk;

use luheng_lake::store::{atomic, text};

use crate::bundle::Bundle;
use crate::context::Context;
use crate::driver::{Pool, timed};
use crate::error::{Error, Result};
use crate::intake::LakeRecord;
use crate::learn;
use crate::progress::Progress;
use crate::publish;
use crate::run::Parts;

pub use bucket::of_bucket;
pub use figures::{Axis, Gate, Report};
pub use gates::Limits;

/// Level of every interval of the report but that of the recovered share, which has the model's own.
pub const LEVEL: f64 = 0.95;
/// The report beside the model it judges.
pub const REPORT: &str = "backtest.json";
/// The same for people.
pub const PAGE: &str = "backtest.html";

const PARTS: &str = ".validation";
/// Orders of the joined tables: floats are summed in it.
const KEY: [&str; 3] = ["debtor_id", "case_no", "day"];

/// The parts of a back-test of one bundle, under one name for every process of it.
///
/// # Errors
/// No lake.
pub fn parts(ctx: &Context, models: &Bundle) -> Result<Parts> {
    let cause = publish::cause(ctx, &LakeRecord::read(ctx)?, &models.id, "validation");
    Ok(Parts::new(ctx.work.models().join(PARTS), cause, &ctx.seals.runs))
}

/// Judges a bundle (the one in use where none is named) and writes its report and page beside it. Gates are judged, not enforced: see
/// [`gates::held`].
///
/// # Errors
/// No such model, one of other features, a lake or vault that cannot be read, a full disk.
pub fn validate(ctx: &Context, pool: &Pool, progress: &Progress, model: Option<&str>) -> Result<Report> {
    crate::stage::check()?;
    let approval = learn::approval(ctx)?;
    let models = match model {
        Some(id) => learn::model(ctx, id)?,
        None => learn::model_in_use(ctx)?.0,
    };
    let basis = approval.filter(|a| a.model_id == models.id).map_or_else(|| "proposed".to_owned(), |a| a.basis);
    // Training rows too are made anew: with the haircuts of the bundle, not with those that a training would learn today.
    let own = parts(ctx, &models)?;
    let (folder, cause) = (own.folder().clone().into(), own.cause().into());
    let arguments = ["--parts".into(), folder, "--cause".into(), cause, "--model".into(), models.id.clone().into()];
    for stage in ["targets", "backtest"] {
        pool.run(stage, &arguments, ctx.buckets, progress)?;
    }
    let mut report = None;
    timed("validate", 5, progress, |advance| {
        let tables = assemble::Tables {
            training: own.join("training", ctx.buckets, &KEY)?,
            landmarks: own.join("landmarks", ctx.buckets, &KEY)?,
            awaited: own.join("awaited", ctx.buckets, &KEY)?,
            channels: own.join("channels", ctx.buckets, &["channel", "axis", "before", "after"])?,
        };
        advance(1);
        let made = report.insert(assemble::report(ctx, &models, &basis, &tables, advance)?);
        write(ctx, made)?;
        advance(1);
        Ok(tables.training.len() as u64)
    })?;
    atomic::remove_dir(own.folder())?;
    report.ok_or_else(|| Error::Fault("validate: no report was made".into()))
}

fn write(ctx: &Context, report: &Report) -> Result<()> {
    let folder = ctx.work.model(&report.model_id);
    text::write_text(&folder.join(PAGE), &page::page(report, ctx)?)?;
    text::write_text(&folder.join(REPORT), &report.to_json()?)?;
    Ok(())
}
