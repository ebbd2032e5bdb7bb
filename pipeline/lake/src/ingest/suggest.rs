//! A draft of a mapping for an export nobody has mapped yet: what its headers and values make likely, for a person to finish.
//!
//! Nothing here decides how a file is read: the draft is TOML text, and only what a person puts into the configuration counts.

mod draft;
mod fit;
mod names;
mod propose;
mod sample;

use std::path::Path;

use super::discover::{InputFile, form};
use crate::catalog::CatalogFiles;
use crate::error::{Result, explain};
use crate::schema::{Codes, Fault, Schema};

/// Drafts `[sources.<table>]` for every table the file seems to feed. The text is TOML; what a person has to settle is marked `decide:`.
/// Values of persons are masked in it.
///
/// Errors: a file that cannot be read or has no header (exit 3), a synonym list that is wrong (exit 4).
pub fn suggest(path: &Path, files: &CatalogFiles, schema: &Schema, codes: &Codes) -> Result<String> {
    let synonyms = names::Synonyms::load(files, schema, codes).map_err(|faults| Fault::error(&faults))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let Some((format, pack)) = form(&name) else {
        return Err(explain("no mapping can be drafted")
            .at(path.display())
            .found("a name that does not say what the file holds")
            .expected("a name ending in .csv, .jsonl, .ndjson or .parquet, also with .gz or .zst")
            .remedy("save a sheet of a workbook as CSV (UTF-8); rename other files")
            .input());
    };
    let file = InputFile { table: String::new(), path: path.to_path_buf(), name, format, pack, shared: None };
    let sample = sample::sample(&file)?;
    let proposals = propose::propose(&sample, schema, codes, &synonyms);
    Ok(draft::draft(&file.name, &sample, &proposals, schema))
}
