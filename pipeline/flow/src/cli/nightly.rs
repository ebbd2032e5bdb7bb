//! `luheng nightly`: the whole batch.

use clap::Args;
use luheng_lake::store::seal::Encrypt;

use super::Common;
use crate::error::Result;
use crate::night::{self, Options};

/// Arguments of the batch.
#[derive(Debug, Args)]
pub struct Nightly {
    /// Go on from the last stage of a run that died, where its inputs still match
    #[arg(long)]
    resume: bool,
    /// Build a finished night anew beside the old one; it is published only if every table is the same
    #[arg(long)]
    again: bool,
    /// Train and propose a new model
    #[arg(long)]
    retrain: bool,
}

impl Nightly {
    /// Runs the night and says where its pages are.
    pub fn run(&self, common: &Common) -> Result<()> {
        let opened = common.open()?;
        // Asked first: what is missing there is not worth a new key.
        let (input, key) = (opened.input()?, opened.key()?);
        let opened = opened.with_new_keys()?;
        let progress = common.progress();
        let options = Options { resume: self.resume, again: self.again, retrain: self.retrain };
        let published = night::nightly(&opened.ctx, &input, &key, &common.pool(&opened)?, &progress, &options)?;
        let run = opened.ctx.work.run(&published.run_id);
        if published.was_there {
            println!("already published: {}", published.run_id);
        }
        println!("run            {}", run.display());
        match opened.ctx.config.encrypt() {
            Encrypt::All => println!("score sheets   on demand: luheng sheet CASE_NO --out FILE"),
            _ => println!("score sheets   {}", opened.ctx.work.current().join("sheets/index.html").display()),
        }
        println!("regional page  {}", opened.ctx.work.current().join("regional.html").display());
        println!("oversight      {}", opened.ctx.work.current().join("oversight.html").display());
        println!("data quality   {}", opened.ctx.work.current().join("quality.html").display());
        Ok(())
    }
}
