//! What a document needs beside the tables: the words for codes, courts and regional figures. No stage is asked for them: the
//! driver fills this in, so that the report can be tested with made-up words.

use crate::error::{Error, Result};
use luheng_lake::catalog::CatalogFiles;
use luheng_lake::columns::Day;
use luheng_lake::schema::Codes;
use luheng_sheet::Bi;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The words and the unit of a regional figure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetricLabel {
    /// Its title.
    pub title: Bi,
    /// `per_10k`, `share`, `fen`, or the noun of what is counted.
    pub unit: String,
}

/// What every document of a run is given.
#[derive(Clone, Debug, Default)]
pub struct SheetContext {
    /// The day rated.
    pub as_of: Day,
    /// Whether a model of this run is not approved yet: its sheets say 试用模型.
    pub is_trial: bool,
    /// Labels by code list and code.
    pub labels: BTreeMap<String, BTreeMap<String, Bi>>,
    /// Names of courts by the prefix of their case numbers.
    pub courts: BTreeMap<String, String>,
    /// Regional figures by metric, in the order they are printed.
    pub metrics: Vec<(String, MetricLabel)>,
}

/// What is read of a measure's file here: its code and title.
#[derive(Deserialize)]
struct Measure {
    #[serde(alias = "id")]
    code: String,
    title: Title,
}

#[derive(Deserialize)]
struct Title {
    zh: String,
    en: String,
}

impl SheetContext {
    /// The words of the catalog: every code list, every court, every measure's title.
    ///
    /// # Errors
    /// [`Error::Config`] where a measure's file has no title.
    pub fn load(as_of: Day, is_trial: bool, codes: &Codes, files: &CatalogFiles, metrics: Vec<(String, MetricLabel)>) -> Result<Self> {
        let mut labels: BTreeMap<String, BTreeMap<String, Bi>> = BTreeMap::new();
        for list in codes.lists() {
            let entries = codes.codes(list).map(|(code, label)| (code.to_owned(), Bi::new(label.zh.clone(), label.en.clone())));
            labels.insert(list.to_owned(), entries.collect());
        }
        let measures = labels.entry("measure".to_owned()).or_default();
        for (path, text) in files.files("measures/") {
            let measure: Measure = toml::from_str(text).map_err(|e| Error::Config(format!("catalog/{path}: {e}")))?;
            measures.insert(measure.code, Bi::new(measure.title.zh, measure.title.en));
        }
        let courts = codes.courts().map(|court| (court.code.clone(), court.name.clone())).collect();
        Ok(Self { as_of, is_trial, labels, courts, metrics })
    }

    /// The words for a code; the code itself where the list does not know it.
    pub fn label(&self, list: &str, code: &str) -> Bi {
        self.known(list, code).unwrap_or_else(|| Bi::plain(code.to_owned()))
    }

    /// The words for a code, if the list knows it.
    pub fn known(&self, list: &str, code: &str) -> Option<Bi> {
        self.labels.get(list)?.get(code).cloned()
    }

    /// The name of a court, with its code where the name is known.
    pub fn court(&self, code: &str) -> String {
        self.courts.get(code).map_or_else(|| code.to_owned(), |name| format!("{name}（{code}）"))
    }
}
