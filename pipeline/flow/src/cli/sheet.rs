//! `luheng sheet`: one score sheet to a file.

use std::path::PathBuf;

use clap::Args;
use luheng_lake::store::text;

use super::Common;
use crate::error::{Error, Result};
use crate::night;
use crate::report;

/// `luheng sheet CASE_NO --out FILE`.
#[derive(Debug, Args)]
pub struct Sheet {
    /// Case number; half-width brackets will do
    case_no: String,
    /// File to write, .html
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Sheet {
    /// Writes the sheet.
    pub fn run(&self, common: &Common) -> Result<()> {
        if self.out.extension().is_none_or(|e| e != "html") {
            return Err(Error::Usage(format!(
                "--out: found {}, expected a file name ending in .html (PDF is not in this version: print the page)",
                self.out.display()
            )));
        }
        let ctx = common.open_reading()?.with_reading_keys()?.ctx;
        let case_no = night::case_number(&self.case_no)?;
        let (tables, sheet) = night::published_tables(&ctx, &case_no)?;
        let html = report::sheet_html(&case_no, &tables, &sheet)?;
        text::write_text(&self.out, &html)?;
        println!("{}", self.out.display());
        Ok(())
    }
}
