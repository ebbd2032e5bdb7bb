//! Code lists with their labels: enumerations, regions, courts, and the ids of the measures.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde::Deserialize;

use super::fault::Fault;
use super::table::Title;
use crate::catalog::CatalogFiles;

/// The words of a code, in both languages.
pub type Label = Title;

/// An administrative division of the built-in list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Six digits of GB/T 2260.
    pub code: String,
    /// Chinese name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// `province`, `city` or `county`.
    pub level: &'static str,
    /// The code of the division above; `None` for a province.
    pub parent: Option<String>,
}

impl Region {
    fn new(code: &str, label: &Label) -> Self {
        let (level, parent) = if code.ends_with("0000") {
            ("province", None)
        } else if code.ends_with("00") {
            ("city", Some(format!("{}0000", &code[..2])))
        } else {
            ("county", Some(format!("{}00", &code[..4])))
        };
        Region { code: code.to_owned(), name: label.zh.clone(), name_en: label.en.clone(), level, parent }
    }
}

/// A court whose prefix of case numbers is known.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Court {
    /// The prefix: 浙0106.
    pub code: String,
    /// Its name.
    #[serde(rename = "zh")]
    pub name: String,
    /// `high`, `intermediate`, `basic` or `special`.
    pub level: String,
    /// The code of its division.
    pub region: String,
    /// How the prefix is known: `known`, `seen` or `rule`.
    pub basis: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegionsFile {
    regions: Vec<RegionEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegionEntry {
    code: String,
    zh: String,
    en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CourtsFile {
    courts: Vec<Court>,
}

/// What is read of a measure's file here: its id and title. The rest is the business of whoever suggests measures.
#[derive(Deserialize)]
struct MeasureEntry {
    id: String,
    title: Title,
}

/// All code lists.
#[derive(Clone, Debug, Default)]
pub struct Codes {
    lists: BTreeMap<String, BTreeMap<String, Label>>,
    courts: BTreeMap<String, Court>,
}

impl Codes {
    /// Reads `catalog/codes`, and the measures' ids as list `measure`. Errors: every fault of every file.
    pub fn load(files: &CatalogFiles) -> Result<Self, Vec<Fault>> {
        let mut codes = Codes::default();
        let mut faults = Vec::new();
        codes.lists.insert("measure".to_owned(), BTreeMap::new());
        codes.lists.insert("region".to_owned(), BTreeMap::new());
        for (path, text) in files.files("codes/") {
            let read = match path {
                "codes/regions.toml" => toml::from_str(text).map(|f| codes.add_regions(path, f, &mut faults)),
                "codes/courts.toml" => {
                    toml::from_str(text).map(|f: CourtsFile| codes.courts.extend(f.courts.into_iter().map(|c| (c.code.clone(), c))))
                }
                _ => toml::from_str(text).map(|f: BTreeMap<String, BTreeMap<String, Label>>| codes.add_lists(path, f, &mut faults)),
            };
            if let Err(error) = read {
                faults.push(Fault::toml(path, text, &error));
            }
        }
        for (path, text) in files.files("measures/") {
            // A file that is wrong in other respects is reported by the reader of measures.
            if let Ok(entry) = toml::from_str::<MeasureEntry>(text) {
                codes.extend("measure", &entry.id, entry.title);
            } else if toml::from_str::<toml::Table>(text).is_err() {
                faults.push(Fault::new(path, "file", "no TOML", "one measure"));
            }
        }
        if faults.is_empty() { Ok(codes) } else { Err(faults) }
    }

    fn add_regions(&mut self, path: &str, file: RegionsFile, faults: &mut Vec<Fault>) {
        for entry in file.regions {
            if entry.code.len() == 6 && entry.code.bytes().all(|b| b.is_ascii_digit()) {
                self.extend("region", &entry.code, Label { zh: entry.zh, en: entry.en });
            } else {
                faults.push(Fault::new(path, "regions.code", entry.code, "six digits"));
            }
        }
    }

    fn add_lists(&mut self, path: &str, lists: BTreeMap<String, BTreeMap<String, Label>>, faults: &mut Vec<Fault>) {
        for (name, list) in lists {
            match self.lists.entry(name) {
                Entry::Occupied(first) => faults.push(Fault::new(path, first.key(), "a second list of this name", "each list once")),
                Entry::Vacant(place) => {
                    place.insert(list);
                }
            }
        }
    }

    /// Adds a code to a list, as an input table of regions does.
    pub fn extend(&mut self, list: &str, code: &str, label: Label) {
        self.lists.entry(list.to_owned()).or_default().insert(code.to_owned(), label);
    }

    /// The words of a code: `label("conduct.kind", "served")`.
    pub fn label(&self, list: &str, code: &str) -> Option<&Label> {
        self.lists.get(list)?.get(code)
    }

    /// Whether the list holds the code. Industry codes are known by their section, their first letter.
    pub fn contains(&self, list: &str, code: &str) -> bool {
        let code = match list {
            "industry" => code.get(..1).unwrap_or(code),
            _ => code,
        };
        self.label(list, code).is_some()
    }

    /// Whether there is such a list.
    pub fn has_list(&self, list: &str) -> bool {
        self.lists.contains_key(list)
    }

    /// The codes of a list with their words, in order of code.
    pub fn codes(&self, list: &str) -> impl Iterator<Item = (&str, &Label)> {
        self.lists.get(list).into_iter().flatten().map(|(code, label)| (code.as_str(), label))
    }

    /// The names of all lists.
    pub fn lists(&self) -> impl Iterator<Item = &str> {
        self.lists.keys().map(String::as_str)
    }

    /// All known regions in order of code.
    pub fn regions(&self) -> Vec<Region> {
        self.codes("region").map(|(code, label)| Region::new(code, label)).collect()
    }

    /// All known courts in order of code.
    pub fn courts(&self) -> impl Iterator<Item = &Court> {
        self.courts.values()
    }

    /// A court by its prefix.
    pub fn court(&self, code: &str) -> Option<&Court> {
        self.courts.get(code)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn zhejiang_has_one_province_eleven_cities_ninety_counties() {
        let codes = Codes::load(&CatalogFiles::embedded()).unwrap_or_else(|f| panic!("{}", Fault::error(&f)));
        let count = |level| codes.regions().iter().filter(|r| r.level == level).count();
        assert_eq!((count("province"), count("city"), count("county")), (1, 11, 90));
        for region in codes.regions() {
            assert!(region.parent.is_none_or(|p| codes.contains("region", &p)), "{}", region.code);
        }
        assert_eq!(codes.label("region", "330106").unwrap().zh, "西湖区");
    }

    #[test]
    fn courts_say_how_their_prefix_is_known() {
        let codes = Codes::load(&CatalogFiles::embedded()).unwrap();
        assert_eq!(codes.court("浙0192").unwrap().basis, "seen");
        assert!(codes.courts().all(|c| codes.contains("region", &c.region) && ["known", "seen", "rule"].contains(&c.basis.as_str())));
    }

    #[test]
    fn every_code_has_both_labels() {
        let codes = Codes::load(&CatalogFiles::embedded()).unwrap();
        for list in codes.lists().filter(|l| *l != "measure") {
            assert!(codes.codes(list).next().is_some(), "{list} is empty");
            for (code, label) in codes.codes(list) {
                assert!(!label.zh.is_empty() && !label.en.is_empty(), "{list} {code}");
            }
        }
        assert!(codes.contains("industry", "C3411") && !codes.contains("industry", "Z1"));
    }
}
