//! `luheng check`: inputs and configuration, read and judged; nothing is written.

use super::Common;
use crate::error::Result;
use crate::night;

/// Prints a data-quality report.
pub fn run(common: &Common) -> Result<()> {
    let opened = common.open()?.with_reading_keys()?;
    print!("{}", night::check(&opened.ctx, &opened.input()?, &opened.key()?)?);
    Ok(())
}
