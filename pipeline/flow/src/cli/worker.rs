//! `luheng worker`: a child process. Reads bucket numbers on standard input, answers each with the rows written, ends with its input.

use std::io::{BufRead, Write};
use std::path::PathBuf;

use clap::Args;

use super::Common;
use crate::error::{Error, Result};
use crate::night;
use crate::run::Parts;
use crate::stage;

/// Arguments of a child.
#[derive(Debug, Args)]
pub struct Worker {
    #[arg(long)]
    stage: String,
    #[arg(long)]
    parts: PathBuf,
    #[arg(long, default_value = "")]
    cause: String,
    #[arg(long)]
    model: Option<String>,
}

impl Worker {
    /// Serves until the input ends.
    pub fn run(&self, common: &Common) -> Result<()> {
        let opened = common.open()?;
        let broken = |e: std::io::Error| Error::Fault(format!("pipe to the parent: {e}"));
        let mut answer = std::io::stdout().lock();
        let mut serve: Box<dyn FnMut(u32) -> Result<u64>> = if self.stage == "settle" {
            let opened = opened.with_ingest_keys()?;
            let (key, input) = (opened.key()?, opened.input()?);
            Box::new(move |bucket| night::settle(&opened.ctx, &input, &key, &self.parts, bucket))
        } else {
            let mut opened = opened.with_keys()?;
            let stage = stage::of_bucket(&self.stage)?;
            let parts = Parts::new(self.parts.clone(), self.cause.clone(), &opened.ctx.seals.runs);
            let models = self.model.as_deref().map(|id| night::model(&opened.ctx, id)).transpose()?;
            Box::new(move |bucket| stage::run(stage, bucket, &parts, models.as_ref(), &mut opened.ctx))
        };
        for line in std::io::stdin().lock().lines() {
            let line = line.map_err(broken)?;
            let bucket = line.trim().parse().map_err(|_| Error::Usage(format!("worker: found \"{line}\", expected a bucket number")))?;
            let rows = serve(bucket)?;
            writeln!(answer, "{rows}").and_then(|()| answer.flush()).map_err(broken)?;
        }
        Ok(())
    }
}
