//! How near a header comes to the names of a column: the catalog's own, its titles, and the list of synonyms.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::values::half_width;
use crate::catalog::CatalogFiles;
use crate::schema::{Codes, Column, Fault, Schema, Table};

/// `catalog/synonyms.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Synonyms {
    columns: BTreeMap<String, Vec<String>>,
    values: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

impl Synonyms {
    /// Errors (exit 4): a file that is no such TOML, a column or code that the catalog has not.
    pub(crate) fn load(files: &CatalogFiles, schema: &Schema, codes: &Codes) -> Result<Self, Vec<Fault>> {
        const FILE: &str = "synonyms.toml";
        let Some(text) = files.get(FILE) else { return Ok(Synonyms::default()) };
        let read: Synonyms = toml::from_str(text).map_err(|e| vec![Fault::toml(FILE, text, &e)])?;
        let mut faults = Vec::new();
        for name in read.columns.keys() {
            let known = match name.split_once('.') {
                Some((table, column)) => schema.table(table).is_some_and(|t| t.column(column).is_some()),
                None => schema.tables.values().any(|t| t.column(name).is_some()),
            };
            if !known {
                faults.push(Fault::new(FILE, format!("columns.{name}"), name, "a column, or table.column, of catalog/tables"));
            }
        }
        for (list, code) in read.values.iter().flat_map(|(list, codes)| codes.keys().map(move |code| (list, code))) {
            if list != "flag" && !codes.contains(list, code) {
                faults.push(Fault::new(FILE, format!("values.{list}"), code, "a code of that list in catalog/codes"));
            }
        }
        if faults.is_empty() { Ok(read) } else { Err(faults) }
    }

    /// The code of a list that a value means: by its name, its titles or a synonym.
    pub(crate) fn code<'a>(&'a self, codes: &'a Codes, list: &str, value: &str) -> Option<&'a str> {
        let value = regular(value);
        let named = |(_, label): &(&str, &crate::schema::Label)| regular(&label.zh) == value || regular(&label.en) == value;
        let by_name = codes.codes(list).find(|(code, _)| regular(code) == value).or_else(|| codes.codes(list).find(named));
        by_name.map(|(code, _)| code).or_else(|| {
            let meant = self.values.get(list)?.iter().find(|(_, words)| words.iter().any(|w| regular(w) == value))?;
            Some(meant.0.as_str())
        })
    }

    fn of(&self, table: &Table, column: &Column) -> impl Iterator<Item = &str> {
        let own = self.columns.get(&format!("{}.{}", table.name, column.name));
        let shared = self.columns.get(&column.name);
        own.into_iter().chain(shared).flatten().map(String::as_str)
    }

    /// How surely a header means a column, 0 to 1: 1 for one of its names, less for a name within the header or with slips.
    pub(crate) fn score(&self, header: &str, table: &Table, column: &Column) -> f64 {
        let header = regular(header);
        let bare = column.name.strip_suffix("_fen").unwrap_or(&column.name);
        let own = [column.name.as_str(), bare, &column.title.zh, &column.title.en];
        let all = own.into_iter().chain(self.of(table, column));
        all.map(|name| near(&header, &regular(name))).fold(0.0, f64::max)
    }
}

/// A name without case, spaces, signs between words, full-width letters and what stands in brackets.
pub(crate) fn regular(name: &str) -> String {
    let mut depth = 0u32;
    let mut out = String::new();
    for c in name.chars().map(half_width) {
        match c {
            '(' | '[' | '【' => depth += 1,
            ')' | ']' | '】' => depth = depth.saturating_sub(1),
            _ if depth > 0 || c.is_whitespace() || matches!(c, '_' | '-' | '.' | ':') => {}
            c => out.extend(c.to_lowercase()),
        }
    }
    out
}

#[allow(clippy::cast_precision_loss, reason = "lengths of names")]
fn near(header: &str, name: &str) -> f64 {
    if header == name && !name.is_empty() {
        return 1.0;
    }
    let (h, n) = (header.chars().count(), name.chars().count());
    // A header of a hundred signs is no name, and would be weighed for long.
    if h == 0 || n == 0 || h > 100 {
        return 0.0;
    }
    // A Chinese sign carries a word, a Latin letter does not.
    let least = if name.is_ascii() { 5 } else { 2 };
    if n >= least && header.contains(name) {
        return 0.5 + 0.4 * n as f64 / h as f64;
    }
    if h >= least && name.contains(header) {
        return 0.4 + 0.4 * h as f64 / n as f64;
    }
    let likeness = 1.0 - strsim::damerau_levenshtein(header, name) as f64 / h.max(n) as f64;
    if likeness >= 0.75 { likeness * 0.95 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn headers_of_three_tongues_find_their_column() {
        let files = CatalogFiles::embedded();
        let (schema, codes) = (Schema::load(&files).unwrap(), Codes::load(&files).unwrap());
        let synonyms = Synonyms::load(&files, &schema, &codes).unwrap_or_else(|f| panic!("{f:?}"));
        for (header, table, column) in [
            ("执行标的额（万元）", "cases", "claim_fen"),
            ("Filing Date", "cases", "filed_on"),
            ("LARQ", "cases", "filed_on"),
            ("case_number", "cases", "case_no"),
            ("身份证号码", "debtors", "id_no"),
            ("财产类型", "assets", "class"),
            ("ＳＦＺＨ", "debtors", "id_no"),
        ] {
            let table = schema.table(table).unwrap();
            let best = table.columns.iter().map(|c| (synonyms.score(header, table, c), c)).max_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
            assert_eq!((best.1.name.as_str(), best.0 > 0.99), (column, true), "{header}: {}", best.0);
        }
        assert_eq!(synonyms.code(&codes, "assets.class", "房产"), Some("real_estate"));
        assert_eq!(synonyms.code(&codes, "assets.class", "银行存款"), Some("deposit"));
        assert_eq!(synonyms.code(&codes, "assets.class", "飞机"), None);
    }
}
