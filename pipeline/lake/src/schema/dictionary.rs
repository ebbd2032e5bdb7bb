//! The data dictionary, derived from the catalog, so that it cannot fall behind it.

use std::fmt::Write as _;

use super::codes::Codes;
use super::load::Schema;
use super::table::{Column, Table};

impl Schema {
    /// All tables and columns as Markdown, for `luheng catalog` and the dictionary beside exported tables.
    pub fn dictionary(&self, codes: &Codes) -> String {
        let mut out = String::from("# 数据字典 / data dictionary\n");
        for table in self.tables.values() {
            table_section(&mut out, table, codes);
        }
        out
    }
}

fn table_section(out: &mut String, table: &Table, codes: &Codes) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "\n## `{}` {} / {}\n\n{}\n", table.name, table.title.zh, table.title.en, table.about);
    let key = if table.key.is_empty() { "all columns".to_owned() } else { table.key.join(", ") };
    let or_all = if table.key_optional { ", or all columns" } else { "" };
    let _ = writeln!(out, "Key: {key}{or_all}. Version {}.\n", table.version);
    out.push_str("| column | kind | 名称 | title | notes |\n|---|---|---|---|---|\n");
    for column in &table.columns {
        let name = if column.required { format!("**{}**", column.name) } else { column.name.clone() };
        let notes = notes(column, codes).join("; ");
        let _ = writeln!(out, "| {name} | {} | {} | {} | {notes} |", column.kind.name(), column.title.zh, column.title.en);
    }
}

fn notes(column: &Column, codes: &Codes) -> Vec<String> {
    let mut notes = Vec::new();
    if !column.about.is_empty() {
        notes.push(column.about.clone());
    }
    if column.identity {
        notes.push("identity data, to the vault only".to_owned());
    }
    if let Some(list) = &column.codes {
        let all: Vec<&str> = codes.codes(list).map(|(code, _)| code).collect();
        let values = if all.len() <= 30 { all.join(", ") } else { format!("list `{list}`") };
        notes.push(format!("{}: {values}", if column.closed { "one of" } else { "open list" }));
    }
    if let (Some(min), Some(max)) = (column.min, column.max) {
        notes.push(format!("{min} to {max}"));
    } else if let Some(min) = column.min {
        notes.push(format!("at least {min}"));
    }
    if let Some(table) = &column.refers {
        notes.push(format!("refers to {table}"));
    }
    if column.set_in_advance {
        notes.push("known with its row, though it may lie ahead".to_owned());
    }
    if let Some(by) = &column.revealed_by {
        notes.push(format!("before {by}: {}", column.before.as_deref().unwrap_or("null")));
    }
    notes
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::catalog::CatalogFiles;

    #[test]
    fn every_table_and_column_is_in_the_dictionary() {
        let files = CatalogFiles::embedded();
        let schema = Schema::load(&files).unwrap();
        let text = schema.dictionary(&Codes::load(&files).unwrap());
        for table in schema.tables.values() {
            assert!(text.contains(&format!("## `{}`", table.name)));
        }
        assert!(text.contains("| status | code | 案件状态 | state of the case | one of: closed, open, stayed; before closed_on: open |"));
    }
}
