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
        let (tables, sheet) = night::published_tables(&ctx)?;
        print!("{}", report::explain_case(&night::case_number(&self.case_no)?, &tables, &sheet)?);
        Ok(())
    }
}
