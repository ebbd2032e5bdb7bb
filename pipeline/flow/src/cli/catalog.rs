//! `luheng catalog`: the lists a clerk or a statistician would review, printed from the very entries the program runs on.

use std::collections::BTreeSet;

use clap::{Args, ValueEnum};
use luheng_lake::bucket::bucket_of;
use luheng_lake::columns::{Columns, day};
use luheng_lake::store::lake;
use luheng_lake::store::vault::Vault;

use super::Common;
use crate::context::Context;
use crate::error::Result;
use crate::{features, intake, metrics, suggest};

/// `luheng catalog WHAT`.
#[derive(Debug, Args)]
pub struct Catalog {
    /// Which list
    what: What,

    /// Of links, also the sources' keys, which `identity_decisions` names: identity values, for the person who decides
    #[arg(long)]
    keys: bool,
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
    /// How long facts stay
    Retention,
}

impl Catalog {
    /// Prints the list.
    pub fn run(&self, common: &Common) -> Result<()> {
        let opened = common.open_reading()?;
        let ctx = if matches!(self.what, What::Links) { opened.with_checking_keys()?.ctx } else { opened.ctx };
        match self.what {
            What::Tables => print!("{}", ctx.schema.dictionary(&ctx.codes)),
            What::Features => print!("{}", features::dictionary()),
            What::Measures => print!("{}", suggest::dictionary(&ctx.files)?),
            What::Legal => print!("{}", suggest::law_dictionary(&ctx.files)?),
            What::Metrics => print!("{}", metrics::dictionary()),
            What::Links => links(&ctx, self.keys)?,
            What::Retention => print!("{}", intake::periods(&ctx)?.dictionary(&ctx.schema)),
        }
        Ok(())
    }
}

/// Every merge, those that ended, and the pairs left to a person, the merges first: pseudonyms and levels of agreement, no value of anybody but, where
/// asked for, the sources' keys.
fn links(ctx: &Context, with_keys: bool) -> Result<()> {
    let vault = Vault::open(&ctx.work.vault(), &ctx.seals.vault);
    let rows = vault.links()?.unwrap_or_default();
    let buckets = lake::read(&ctx.work)?.map_or(1, |info| info.buckets);
    let text = |name: &str, at: usize| rows.get(name).and_then(|c| c.text_at(at)).unwrap_or_default();
    let on = |name: &str, at: usize| rows.get(name).and_then(|c| c.date_at(at)).map(day::format);
    let mut blocks: Vec<(usize, String)> = Vec::new();
    let mut counts = [0usize; 3];
    for at in 0..rows.len() {
        let (rank, state, days) = match (on("decided_on", at), on("undone_on", at)) {
            (Some(from), None) => (0, text("decision", at), format!("since {from}")),
            (Some(from), Some(until)) => (2, "ended", format!("{} from {from} until {until}", text("decision", at))),
            (None, _) => (1, text("decision", at), "a person may decide".to_owned()),
        };
        counts[rank] += 1;
        let probability = rows.get("probability").and_then(|c| c.real_at(at)).unwrap_or_default();
        let (left, right) = (text("left", at), text("right", at));
        let mut block = format!("{state:8} {probability:.6}  {left} -> {right}  {days}\n  {}\n", text("steps", at));
        for id in [left, right].into_iter().filter(|_| with_keys) {
            block += &format!("  {id}: {}\n", keys(&vault, id, buckets)?);
        }
        blocks.push((rank, block));
    }
    blocks.sort_by_key(|(rank, _)| *rank);
    blocks.iter().for_each(|(_, block)| print!("{block}"));
    println!("{} linked, {} left to a person, {} ended", counts[0], counts[1], counts[2]);
    match (&*ctx.config.identity.link, rows.is_empty()) {
        ("on", false) => {
            println!("A row of identity_decisions (same, not_same) decides a pair for good; --keys prints the keys that it names.")
        }
        ("on", true) => println!("Nobody without a number is like anybody known."),
        _ => println!("[identity] link = \"on\" makes links; it is off."),
    }
    Ok(())
}

/// The keys of sources that stand for a debtor, as `identity_decisions` names them: source/key.
fn keys(vault: &Vault, id: &str, buckets: u32) -> Result<String> {
    let rows: Columns = vault.read("debtors", bucket_of(id, buckets))?.unwrap_or_default();
    let text = |name: &str, at: usize| rows.get(name).and_then(|c| c.text_at(at)).unwrap_or_default();
    let his = (0..rows.len()).filter(|&at| text("debtor_id", at) == id);
    let keys: BTreeSet<String> = his.map(|at| format!("source {:?} key {:?}", text("source_id", at), text("debtor_ref", at))).collect();
    Ok(keys.into_iter().collect::<Vec<_>>().join(", "))
}
