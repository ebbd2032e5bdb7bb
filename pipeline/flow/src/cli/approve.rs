//! `luheng approve`: a person puts a model into use, and it is on record who, when and on which assessment.

use clap::Args;
use luheng_lake::columns::day;

use super::Common;
use crate::error::{Error, Result};
use crate::night;

/// `luheng approve MODEL`.
#[derive(Debug, Args)]
pub struct Approve {
    /// Id of a model under models/
    model: String,
    /// Who approves: a code, not a name
    #[arg(long, value_name = "WHO")]
    by: String,
    /// The day of approval, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    on: String,
    /// Number of the impact assessment it rests on
    #[arg(long, value_name = "NUMBER")]
    assessment: String,
}

impl Approve {
    /// Records the approval.
    pub fn run(&self, common: &Common) -> Result<()> {
        let opened = common.open_reading()?;
        if day::parse(&self.on).is_none() {
            return Err(Error::Usage(format!("--on: found \"{}\", expected a day as YYYY-MM-DD", self.on)));
        }
        let _lock = luheng_lake::store::lock::lock(&opened.ctx.work)?;
        night::approve(&opened.ctx, &self.model, &self.by, &self.on, &self.assessment)?;
        println!("in use from the next night: {}", self.model);
        Ok(())
    }
}
