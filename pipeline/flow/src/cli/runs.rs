//! `luheng runs` and `luheng verify`: what is kept, and whether it is still what was written.

use clap::Args;
use luheng_lake::columns::{Day, day};
use luheng_lake::store::{atomic, manifest};

use super::Common;
use crate::error::{Error, Result};
use crate::night::LakeRecord;

/// `luheng verify RUN`.
#[derive(Debug, Args)]
pub struct Verify {
    /// A run id, or `current`
    #[arg(default_value = "current")]
    run: String,
}

impl Verify {
    /// Re-hashes every file of the run.
    pub fn run(&self, common: &Common) -> Result<()> {
        let work = common.open_reading()?.ctx.work;
        let folder = if self.run == "current" { work.current() } else { work.run(&self.run) };
        if !folder.join(manifest::MANIFEST_FILE).is_file() {
            return Err(Error::Usage(format!("{}: no such run; `luheng runs` lists them", self.run)));
        }
        let breaches = manifest::verify(&folder)?;
        if breaches.is_empty() {
            println!("{}: every file is what the run wrote", self.run);
            return Ok(());
        }
        let lines: Vec<String> = breaches.iter().map(ToString::to_string).collect();
        Err(Error::Fault(format!(
            "{}: {} breaches\n{}\nbuild the night anew with `luheng nightly --again`",
            self.run,
            lines.len(),
            lines.join("\n")
        )))
    }
}

/// Lists the runs.
pub fn list(common: &Common) -> Result<()> {
    let ctx = common.open_reading()?.ctx;
    // Without a lake nothing is known of what left it.
    let exact_from = LakeRecord::read(&ctx).ok().and_then(|lake| lake.retention.exact_from);
    let work = ctx.work;
    let current = manifest::read(&work.current()).map(|m| m.run_id).unwrap_or_default();
    let mut ids = atomic::names_in(&work.runs()).unwrap_or_default();
    ids.retain(|id| !id.starts_with('.'));
    ids.sort();
    for id in ids {
        let run = manifest::read(&work.run(&id))?;
        let rated = run.tables.get("ratings").copied().unwrap_or(0);
        let mark = if run.run_id == current { "  <- current" } else { "" };
        let is_before = |from: &Day| day::parse(&run.as_of).is_some_and(|on| on < *from);
        let gone = if exact_from.as_ref().is_some_and(is_before) { "  facts have left since: cannot be repeated exactly" } else { "" };
        println!("{id}  as of {}  {rated} parties  {}{gone}{mark}", run.as_of, run.outcome);
    }
    Ok(())
}
