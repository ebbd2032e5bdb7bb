//! `luheng check`: inputs and configuration, read and judged; nothing is written.

use std::path::PathBuf;

use clap::Args;
use luheng_lake::ingest::suggest;

use super::Common;
use crate::error::Result;
use crate::night;
use crate::quality::gates;

/// What `check` takes besides.
#[derive(Debug, Args)]
pub struct Check {
    /// Draft a mapping of this export instead, as TOML for a person to finish; no as-of day is needed
    #[arg(long, value_name = "FILE")]
    suggest: Option<PathBuf>,
}

impl Check {
    /// Prints a data-quality report, or the draft of a mapping.
    pub fn run(&self, common: &Common) -> Result<()> {
        if let Some(file) = &self.suggest {
            let ctx = common.open_reading()?.ctx;
            print!("{}", suggest::suggest(file, &ctx.files, &ctx.schema, &ctx.codes)?);
            return Ok(());
        }
        let opened = common.open()?.with_checking_keys()?;
        gates::check_names(&opened.ctx.config.gates, &opened.ctx.schema)?;
        print!("{}", night::check(&opened.ctx, &opened.input()?, &opened.key()?)?);
        Ok(())
    }
}
