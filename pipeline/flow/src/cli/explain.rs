//! `luheng explain`: one case in the terminal.

use clap::Args;

use super::Common;
use crate::alike;
use crate::error::{Error, Result};
use crate::night;
use crate::report;

/// `luheng explain CASE_NO`.
#[derive(Debug, Args)]
pub struct Explain {
    /// Case number; half-width brackets will do. Or the key of a similar case: says which case and debtor it stands for
    case_no: String,
}

impl Explain {
    /// Prints the sheet as text, or whom a key names.
    pub fn run(&self, common: &Common) -> Result<()> {
        let ctx = common.open_reading()?.with_reading_keys()?.ctx;
        let key: String = self.case_no.split_whitespace().collect();
        if alike::is_key(&key) {
            let found = alike::resolve(&key, &ctx)?;
            if found.is_empty() {
                return Err(Error::Usage(format!(
                    "{key}: no party of this lake has that key; keys of similar cases stand on sheets and in the table alike"
                )));
            }
            found.iter().for_each(|(case_no, debtor)| println!("{key}  {case_no}  {debtor}"));
            return Ok(());
        }
        let case_no = night::case_number(&self.case_no)?;
        let (tables, sheet) = night::published_tables(&ctx, &case_no)?;
        print!("{}", report::explain_case(&case_no, &tables, &sheet)?);
        Ok(())
    }
}
