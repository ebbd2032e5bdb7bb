//! The stage `alike`: the closed parties of every bucket, then the live ones bucket by bucket.

use luheng_lake::columns::Columns;
use rayon::prelude::*;

use super::near::{Reference, of_parties};
use crate::bundle::Bundle;
use crate::context::Context;
use crate::driver::timed;
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::run::Parts;
use crate::stage::STAGES;

/// Buckets searched side by side; their tables are held until all of them are there.
const TOGETHER: usize = 8;

/// Writes `alike` into the run's folder.
///
/// # Errors
/// A bucket that is missing, and of which table; a full disk.
pub fn whole(ctx: &Context, parts: &Parts, models: &Bundle, progress: &Progress) -> Result<()> {
    let stage = STAGES.iter().find(|s| s.name == "alike").ok_or_else(|| Error::Fault("no stage alike".into()))?;
    timed(stage.name, u64::from(ctx.buckets), progress, |advance| {
        let closed = parts.join("closed", ctx.buckets, &["debt_no", "case_no", "debtor_id", "landmark_days"])?;
        let reference = Reference::of(&closed, models.capacity.as_ref(), ctx)?;
        let ready = reference.ready()?;
        let mut rows = 0;
        let buckets: Vec<u32> = (0..ctx.buckets).collect();
        for some in buckets.chunks(TOGETHER) {
            let of_bucket = |bucket: &u32| -> Result<Columns> {
                let read = |table: &str| parts.read(table, *bucket);
                of_parties(&read("features")?, &read("ratings")?, &read("standing")?, &ready)
            };
            let tables = some.par_iter().map(of_bucket).collect::<Result<Vec<Columns>>>()?;
            for (bucket, table) in some.iter().zip(tables) {
                rows += table.len() as u64;
                // Written anew each time: what a bucket's rows come from lies in every bucket.
                parts.write(stage, *bucket, vec![("alike", table)])?;
                advance(1);
            }
        }
        parts.join_large("alike", ctx.buckets, &Ok, &["case_no", "debtor_id", "rank"], &[])?;
        Ok(rows)
    })?;
    Ok(())
}
