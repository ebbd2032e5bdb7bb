//! Text files: plain, CSV (UTF-8 or GB18030) and JSON Lines. Written whole, like every file.

use std::path::Path;

use super::{FileEntry, atomic, hash_bytes, input};
use crate::columns::{Column, ColumnKind, Columns, day};
use crate::error::{Error, Result, explain};

/// Reads a UTF-8 file; [`Error::Input`] where it is not UTF-8. A byte order mark is dropped.
pub fn read_to_string(path: &Path) -> Result<String> {
    let bytes = input::read(path)?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)),
        Err(e) => Err(explain("a text file cannot be decoded")
            .at(format!("{} byte {}", path.display(), e.utf8_error().valid_up_to()))
            .expected("UTF-8")
            .remedy("save it as UTF-8")
            .input()),
    }
}

/// Writes text as it is.
pub fn write_text(path: &Path, text: &str) -> Result<FileEntry> {
    write_bytes(path, text.as_bytes())
}

/// Writes bytes made by a renderer (a sheet, a picture).
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<FileEntry> {
    atomic::write_bytes(path, bytes)?;
    Ok(FileEntry { content: hash_bytes(bytes), file: None, bytes: bytes.len() as u64 })
}

/// Writes text into a run that is being built ([`atomic::write_unseen`]).
pub fn write_unseen(path: &Path, text: &str) -> Result<FileEntry> {
    atomic::write_unseen(path, text.as_bytes())?;
    Ok(FileEntry { content: hash_bytes(text.as_bytes()), file: None, bytes: text.len() as u64 })
}

/// Writes a table as CSV in UTF-8: header, `\n`, quotes where needed, null as nothing.
pub fn write_csv(path: &Path, table: &Columns) -> Result<FileEntry> {
    write_bytes(path, &csv_bytes(table)?)
}

/// Writes a table as CSV in GB18030, as older court systems export it.
pub fn write_csv_gb18030(path: &Path, table: &Columns) -> Result<FileEntry> {
    let utf8 = String::from_utf8(csv_bytes(table)?).map_err(|e| Error::fault(format!("CSV is not UTF-8: {e}")))?;
    let (bytes, _, _) = encoding_rs::GB18030.encode(&utf8);
    write_bytes(path, &bytes)
}

/// Writes a table as JSON Lines: one object a row, keys in column order, null where null.
pub fn write_jsonl(path: &Path, table: &Columns) -> Result<FileEntry> {
    write_text(path, &jsonl_text(table)?)
}

fn csv_bytes(table: &Columns) -> Result<Vec<u8>> {
    table.check_lengths()?;
    let broken = |e: &dyn std::fmt::Display| Error::fault(format!("writing CSV: {e}"));
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    writer.write_record(table.names()).map_err(|e| broken(&e))?;
    let columns: Vec<&Column> = table.iter().map(|(_, c)| c).collect();
    let mut cell = String::new();
    for row in 0..table.len() {
        for column in &columns {
            cell.clear();
            plain(column, row, &mut cell);
            writer.write_field(&cell).map_err(|e| broken(&e))?;
        }
        writer.write_record(None::<&[u8]>).map_err(|e| broken(&e))?;
    }
    writer.into_inner().map_err(|e| broken(&e))
}

fn plain(column: &Column, row: usize, out: &mut String) {
    use std::fmt::Write;
    // Writing to a String cannot fail.
    let _ = match column.kind() {
        ColumnKind::Text => {
            out.push_str(column.text_at(row).unwrap_or_default());
            Ok(())
        }
        ColumnKind::Int => column.int_at(row).map_or(Ok(()), |v| write!(out, "{v}")),
        ColumnKind::Real => column.real_at(row).map_or(Ok(()), |v| write!(out, "{v}")),
        ColumnKind::Date => column.date_at(row).map_or(Ok(()), |v| write!(out, "{}", day::format(v))),
        ColumnKind::Flag => column.flag_at(row).map_or(Ok(()), |v| write!(out, "{v}")),
    };
}

fn jsonl_text(table: &Columns) -> Result<String> {
    table.check_lengths()?;
    let quote = |text: &str| serde_json::to_string(text).map_err(|e| Error::fault(format!("writing JSON: {e}")));
    let names: Vec<String> = table.names().map(quote).collect::<Result<_>>()?;
    let mut out = String::new();
    for row in 0..table.len() {
        for (i, (_, column)) in table.iter().enumerate() {
            out.push(if i == 0 { '{' } else { ',' });
            out.push_str(&names[i]);
            out.push(':');
            match column.kind() {
                _ if column.is_null(row) => out.push_str("null"),
                ColumnKind::Text => out.push_str(&quote(column.text_at(row).unwrap_or_default())?),
                ColumnKind::Date => {
                    out.push('"');
                    plain(column, row, &mut out);
                    out.push('"');
                }
                _ => plain(column, row, &mut out),
            }
        }
        out.push_str("}\n");
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn sample() -> Columns {
        Columns::new()
            .text("名称", [Some("甲,\"乙\""), None])
            .int("amount_fen", [Some(-5), None])
            .real("share", [Some(0.1), Some(3.0)])
            .date("paid_on", [Some(0), None])
            .flag("is_own", [Some(true), None])
    }

    #[test]
    fn csv_quotes_and_leaves_null_empty() {
        let text = String::from_utf8(csv_bytes(&sample()).unwrap()).unwrap();
        assert_eq!(text, "名称,amount_fen,share,paid_on,is_own\n\"甲,\"\"乙\"\"\",-5,0.1,1970-01-01,true\n,,3,,\n");
    }

    #[test]
    fn json_lines_parse_again() {
        let text = jsonl_text(&sample()).unwrap();
        let rows: Vec<serde_json::Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!(rows[0]["名称"], "甲,\"乙\"");
        assert_eq!(rows[0]["paid_on"], "1970-01-01");
        assert!(rows[1]["amount_fen"].is_null());
    }

    #[test]
    fn gb18030_is_what_it_says() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.csv");
        write_csv_gb18030(&path, &sample()).unwrap();
        assert!(read_to_string(&path).is_err());
        let bytes = std::fs::read(&path).unwrap();
        let (text, _, bad) = encoding_rs::GB18030.decode(&bytes);
        assert!(!bad && text.contains("甲"));
    }
}
