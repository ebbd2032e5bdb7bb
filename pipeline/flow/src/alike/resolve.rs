//! Whom a key names: for the court, which has the lake.

use luheng_lake::store::tables;

use super::key_of;
use crate::context::Context;
use crate::error::Result;

/// The case and the debtor behind a key: every party of the lake is tried. None where it has no such party, and more than one where keys meet.
///
/// # Errors
/// A lake that cannot be read.
pub fn resolve(key: &str, ctx: &Context) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for bucket in 0..ctx.buckets {
        let Some(parties) = tables::read(&ctx.work.lake(), "parties", bucket, &ctx.seals.lake)? else { continue };
        let (cases, debtors) = (parties.require("case_no")?, parties.require("debtor_id")?);
        for at in 0..parties.len() {
            if let (Some(case_no), Some(debtor)) = (cases.text_at(at), debtors.text_at(at))
                && key_of(case_no, debtor) == key
            {
                found.push((case_no.to_owned(), debtor.to_owned()));
            }
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}
