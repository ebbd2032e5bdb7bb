//! `luheng explain`: one case in the terminal.

use clap::Args;

use super::Common;
use crate::error::Result;
use crate::night;
use crate::report;

/// `luheng explain CASE_NO`.
#[derive(Debug, Args)]
pub struct Explain {
    /// Case number; half-width brackets will do
    case_no: String,
}

impl Explain {
    /// Prints the sheet as text.
    pub fn run(&self, common: &Common) -> Result<()> {
        let ctx = common.open_reading()?.with_reading_keys()?.ctx;
        let case_no = night::case_number(&self.case_no)?;
        let (tables, sheet) = night::published_tables(&ctx, &case_no)?;
        print!("{}", report::explain_case(&case_no, &tables, &sheet)?);
        Ok(())
    }
}
