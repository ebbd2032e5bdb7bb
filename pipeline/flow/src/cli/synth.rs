//! `luheng synth`: an imaginary town with known truth.

use std::path::PathBuf;

use clap::Args;
use luheng_lake::columns::day;

use super::Common;
use crate::error::{Error, Result};
use crate::synth::{AbilityMode, Spec, write_town};

/// The town wanted.
#[derive(Debug, Args)]
pub struct Synth {
    /// How many debtors
    #[arg(long, value_name = "N", default_value_t = 2000)]
    debtors: usize,
    /// Seed of every draw
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Folder to write to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Share of rows given a fault of real exports
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    dirty: f64,
    /// Draw every debtor without means, all else equal: for tests of the two axes
    #[arg(long)]
    no_ability: bool,
}

impl Synth {
    /// Writes the town.
    pub fn run(&self, common: &Common) -> Result<()> {
        if !(0.0..=1.0).contains(&self.dirty) {
            return Err(Error::Usage(format!("--dirty: found {}, expected a share between 0 and 1", self.dirty)));
        }
        let text = common.as_of.as_deref().unwrap_or("2026-06-30");
        let as_of = day::parse(text).ok_or_else(|| Error::Usage(format!("--as-of: found \"{text}\", expected a day as YYYY-MM-DD")))?;
        let ability = if self.no_ability { AbilityMode::Zero } else { AbilityMode::Drawn };
        let spec = Spec { debtors: self.debtors, seed: self.seed, dirty: self.dirty, ability, as_of };
        write_town(&spec, &self.out)?;
        println!("town  {}", self.out.display());
        Ok(())
    }
}
