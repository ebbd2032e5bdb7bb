//! The last stage: a run's tables become documents a judge, a debtor's lawyer or a county leader can read. Nothing is computed here that
//! is not in a table already; what is printed can therefore be checked against the tables, and the terminal says what the paper says.
//!
//! Documents carry the as-of day and never the run or the clock, so equal tables give equal bytes.

mod advice;
mod alike;
mod cells;
mod context;
pub mod explain;
pub mod index;
pub mod oversight;
mod party;
pub mod quality;
mod quality_columns;
pub mod regional;
pub mod sheets;
mod tables;
pub mod wording;
mod write;

pub use cells::Cells;
pub use context::{MetricLabel, SheetContext};
pub use tables::{ByCase, CaseTables, Long, LongTables, RunTables};
pub use write::{NextLong, write_all};

use crate::error::{Error, Result};

/// The sheet of one case as an HTML file.
///
/// # Errors
/// [`Error::Usage`] where the run has no such case.
pub fn sheet_html(case_no: &str, tables: &RunTables, ctx: &SheetContext) -> Result<String> {
    let by_case = ByCase::of(tables);
    let doc = sheets::case_sheet(case_no, &one_case(case_no, &by_case)?, ctx);
    luheng_sheet::html::render(&doc).map_err(|e| Error::Fault(format!("the sheet of {case_no}: {e}")))
}

/// The sheet of one case as plain text for a terminal.
///
/// # Errors
/// [`Error::Usage`] where the run has no such case.
pub fn explain_case(case_no: &str, tables: &RunTables, ctx: &SheetContext) -> Result<String> {
    let by_case = ByCase::of(tables);
    Ok(explain::text(case_no, &one_case(case_no, &by_case)?, ctx))
}

fn one_case<'a>(case_no: &str, by_case: &ByCase<'a>) -> Result<CaseTables<'a>> {
    by_case.case(case_no).ok_or_else(|| {
        Error::Usage(format!("{case_no} is not in this run; sheets exist for cases open, stayed or closed for want of property with something due: see sheets/index.html"))
    })
}

/// The file of a case's sheet below the run's folder: `（2025）浙0106执1234号` is `sheets/2025-浙0106执1234号.html`.
///
/// Different case numbers have different names: the year's brackets become a hyphen, letters and digits of any script stay, and every other
/// character is written as `_` and its code point.
pub fn sheet_name(case_no: &str) -> String {
    let mut name = String::from("sheets/");
    let rest = match case_no.strip_prefix('（') {
        Some(rest) => rest,
        None => {
            name.push('_');
            case_no
        }
    };
    let mut in_year = true;
    for c in rest.chars() {
        match c {
            '）' if in_year => {
                name.push('-');
                in_year = false;
            }
            c if c.is_alphanumeric() => name.push(c),
            c => name.push_str(&format!("_{:x}_", u32::from(c))),
        }
    }
    name.push_str(".html");
    name
}

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
