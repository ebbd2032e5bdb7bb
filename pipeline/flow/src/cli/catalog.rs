//! `luheng catalog`: the lists a clerk or a statistician would review, printed from the very entries the program runs on.

use clap::{Args, ValueEnum};

use luheng_lake::columns::day;
use luheng_lake::store::vault::Vault;

use super::Common;
use crate::context::Context;
use crate::error::Result;
use crate::{features, metrics, suggest};

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
    /// Links of debtors without a number, by pseudonym, with what speaks for each
    Links,
}

impl Catalog {
    /// Prints the list.
    pub fn run(&self, common: &Common) -> Result<()> {
        let opened = common.open_reading()?;
        let ctx = if matches!(self.what, What::Links) { opened.with_ingest_keys()?.ctx } else { opened.ctx };
        match self.what {
            What::Tables => print!("{}", ctx.schema.dictionary(&ctx.codes)),
            What::Features => print!("{}", features::dictionary()),
            What::Measures => print!("{}", suggest::dictionary(&ctx.files)?),
            What::Legal => print!("{}", suggest::law_dictionary(&ctx.files)?),
            What::Metrics => print!("{}", metrics::dictionary()),
            What::Links => links(&ctx)?,
        }
        Ok(())
    }
}

/// Every merge, those undone, and the pairs left to a person: pseudonyms and levels of agreement, no value of anybody.
fn links(ctx: &Context) -> Result<()> {
    let Some(rows) = Vault::open(&ctx.work.vault(), &ctx.seals.vault).links()? else {
        println!("no links; [identity] link = \"on\" makes them");
        return Ok(());
    };
    for at in 0..rows.len() {
        let text = |name: &str| rows.get(name).and_then(|c| c.text_at(at)).unwrap_or_default();
        let on = |name: &str| rows.get(name).and_then(|c| c.date_at(at)).map_or_else(|| "-".to_owned(), day::format);
        let probability = rows.get("probability").and_then(|c| c.real_at(at)).unwrap_or_default();
        let days = format!("decided_on {} undone_on {}", on("decided_on"), on("undone_on"));
        println!("{} {} {} {probability:.6} {days}\n  {}", text("left"), text("right"), text("decision"), text("steps"));
    }
    Ok(())
}
