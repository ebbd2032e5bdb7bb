//! `luheng catalog`: the lists a clerk or a statistician would review, printed from the very entries the program runs on.

use clap::{Args, ValueEnum};

use super::Common;
use crate::error::Result;
use crate::{features, intake, metrics, suggest};

/// `luheng catalog WHAT`.
#[derive(Debug, Args)]
pub struct Catalog {
    /// Which list
    what: What,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// Input tables and their columns
    Tables,
    /// Features of the ratings
    Features,
    /// Enforcement and incentive measures
    Measures,
    /// Articles of law
    Legal,
    /// Regional figures
    Metrics,
    /// How long facts stay
    Retention,
}

impl Catalog {
    /// Prints the list.
    pub fn run(&self, common: &Common) -> Result<()> {
        let ctx = common.open_reading()?.ctx;
        match self.what {
            What::Tables => print!("{}", ctx.schema.dictionary(&ctx.codes)),
            What::Features => print!("{}", features::dictionary()),
            What::Measures => print!("{}", suggest::dictionary(&ctx.files)?),
            What::Legal => print!("{}", suggest::law_dictionary(&ctx.files)?),
            What::Metrics => print!("{}", metrics::dictionary()),
            What::Retention => print!("{}", intake::periods(&ctx)?.dictionary(&ctx.schema)),
        }
        Ok(())
    }
}
