//! A case in the terminal: the very sheet, as plain text.

use super::{CaseTables, SheetContext, sheets};

/// Columns of a terminal line.
const WIDTH: usize = 100;

/// The sheet of a case as plain text.
pub fn text(case_no: &str, case: &CaseTables<'_>, ctx: &SheetContext) -> String {
    luheng_sheet::text::render(&sheets::case_sheet(case_no, case, ctx), WIDTH)
}
