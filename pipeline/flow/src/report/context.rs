//! What a document needs beside the tables: the words for codes, courts, articles and regional figures. No stage is asked for them: the
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
    /// Articles of law by key: instrument, version and article.
    pub legal: BTreeMap<String, Bi>,
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

#[derive(Deserialize)]
struct Legal {
    instruments: BTreeMap<String, Instrument>,
    articles: Vec<Article>,
}

#[derive(Deserialize)]
struct Instrument {
    short_zh: String,
    en: String,
    version: String,
}

#[derive(Deserialize)]
struct Article {
    key: String,
    instrument: String,
    article: String,
}

impl SheetContext {
    /// The words of the catalog: every code list, every court, every measure's title, every article of `legal.toml`.
    ///
    /// # Errors
    /// [`Error::Config`] where a file of the catalog cannot be read or an article names an instrument that is not there.
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
        let legal = files.get("legal.toml").ok_or_else(|| Error::Config("catalog: legal.toml is missing".into()))?;
        Ok(Self { as_of, is_trial, labels, courts, legal: articles(legal)?, metrics })
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

    /// An article by its key; the key itself where it is not in the catalog.
    pub fn article(&self, key: &str) -> Bi {
        self.legal.get(key).cloned().unwrap_or_else(|| Bi::plain(key.to_owned()))
    }
}

/// `民事诉讼法（2023年修正）第253条` by key.
fn articles(text: &str) -> Result<BTreeMap<String, Bi>> {
    let legal: Legal = toml::from_str(text).map_err(|e| Error::Config(format!("catalog/legal.toml: {e}")))?;
    let mut out = BTreeMap::new();
    for Article { key, instrument, article } in legal.articles {
        let Some(named) = legal.instruments.get(&instrument) else {
            return Err(Error::Config(format!(
                "catalog/legal.toml, article {key}: found instrument {instrument}, expected one listed under [instruments]"
            )));
        };
        let zh = format!("{}（{}）{}", named.short_zh, named.version, ordinal(&article));
        out.insert(key, Bi::new(zh, format!("{}, art. {article}", named.en)));
    }
    Ok(out)
}

/// `253` is 第253条; what is not a plain number is left as the catalog writes it.
fn ordinal(article: &str) -> String {
    if article.starts_with(|c: char| c.is_ascii_digit()) { format!("第{article}条") } else { article.to_owned() }
}
