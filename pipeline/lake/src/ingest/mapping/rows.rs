//! Which files feed a table, and which of their rows.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer};

use super::{ColumnMap, Mapping, TextOr};

/// Rows of a wide file that give a row to the table: `only_if = "财产类型"` takes those where that header is not empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnlyIf {
    /// The header.
    pub from: String,
    /// The texts under it that count; empty = all.
    pub is: Vec<String>,
    /// The texts under it that do not.
    pub not: Vec<String>,
}

impl OnlyIf {
    /// Whether a row with this text, trimmed, gives a row.
    pub(crate) fn takes(&self, text: &str) -> bool {
        let among = |list: &[String]| list.iter().any(|t| t == text);
        !text.is_empty() && (self.is.is_empty() || among(&self.is)) && !among(&self.not)
    }
}

/// An [`OnlyIf`] as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OnlyIfTable {
    from: String,
    #[serde(default)]
    is: Vec<String>,
    #[serde(default)]
    not: Vec<String>,
}

impl<'de> Deserialize<'de> for OnlyIf {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let header = |text: &str| Some(OnlyIfTable { from: text.to_owned(), is: Vec::new(), not: Vec::new() });
        let read = deserializer.deserialize_any(TextOr("a header, or { from = \"a header\", is = [], not = [] }", header))?;
        Ok(OnlyIf { from: read.from, is: read.is, not: read.not })
    }
}

/// One text or several.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a pattern of file names, or a list of them")]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// Reads `file`.
pub(super) fn patterns<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(match OneOrMore::deserialize(deserializer)? {
        OneOrMore::One(pattern) => vec![pattern],
        OneOrMore::More(patterns) => patterns,
    })
}

impl Mapping {
    /// Whether a file of this name below the input folder feeds the table by `file`. A pattern without `/` is held against the last part of the name.
    pub fn takes_file(&self, name: &str) -> bool {
        let last = name.rsplit('/').next().unwrap_or(name);
        self.file.iter().any(|pattern| fast_glob::glob_match(pattern, if pattern.contains('/') { name } else { last }))
    }

    /// The headers of a group of `repeat` that nothing else reads: by their text it is seen whether there is a row. One that other columns read
    /// as well, such as that of the case, says nothing of this group.
    pub(crate) fn own_headers(&self, group: usize) -> BTreeSet<&str> {
        let others = self.repeat.iter().enumerate().filter(|(n, _)| *n != group).flat_map(|(_, g)| g.values());
        let others: BTreeSet<&str> = others.chain(self.columns.values()).flat_map(ColumnMap::headers).collect();
        let own = self.repeat.get(group).into_iter().flat_map(BTreeMap::values).flat_map(ColumnMap::headers);
        own.filter(|header| !others.contains(header)).collect()
    }

    /// How many rows of the table one row of a file can give.
    pub(crate) fn groups(&self) -> usize {
        self.repeat.len().max(1)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn patterns_of_files() {
        let mapping: Mapping = toml::from_str("file = [\"执行*.csv\", \"old/*/大表.jsonl\"]").unwrap();
        for (name, takes) in [
            ("执行2025.csv", true),
            ("a/b/执行.csv", true),
            ("执行.csv.gz", false),
            ("old/x/大表.jsonl", true),
            ("old/大表.jsonl", false),
            ("大表.jsonl", false),
        ] {
            assert_eq!(mapping.takes_file(name), takes, "{name}");
        }
        assert_eq!(toml::from_str::<Mapping>("file = \"w.csv\"").unwrap().file, ["w.csv"]);
        assert!(!Mapping::default().takes_file("cases.csv"));
    }

    #[test]
    fn rows_by_the_text_under_a_header() {
        let only = |text: &str| toml::from_str::<Mapping>(text).unwrap().only_if.unwrap();
        let any = only("only_if = \"财产\"");
        assert!(any.takes("房") && !any.takes(""));
        let some = only("only_if = { from = \"财产\", not = [\"无\"] }");
        assert!(some.takes("房") && !some.takes("无") && !some.takes(""));
        let one = only("only_if = { from = \"财产\", is = [\"房\"] }");
        assert!(one.takes("房") && !one.takes("车"));
    }
}
