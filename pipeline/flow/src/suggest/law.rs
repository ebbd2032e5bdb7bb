//! `catalog/legal.toml`: what a measure may rest on. The same rule changes its number from text to text, so an article is known by instrument,
//! version and number together, and by the days on which that text is known to have been in force.

use std::collections::BTreeMap;

use luheng_lake::catalog::CatalogFiles;
use luheng_lake::columns::{Day, day};
use luheng_lake::schema::Fault;
use serde::Deserialize;

use crate::rating::Title;

const FILE: &str = "legal.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    instruments: BTreeMap<String, Instrument>,
    articles: Vec<Entry>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Instrument {
    zh: String,
    short_zh: String,
    en: String,
    version: String,
    in_force_from: String,
    in_force_to: Option<String>,
    basis: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    key: String,
    instrument: String,
    article: String,
    zh: String,
    en: String,
    checked: String,
}

/// One article of one text.
#[derive(Clone, Debug)]
pub struct Article {
    /// The key measures name it by.
    pub key: String,
    /// Full title of the instrument, Chinese and English.
    pub instrument: Title,
    /// Year of the amendment, or document number.
    pub version: String,
    /// Number of the article, `全文` where the instrument as a whole is meant.
    pub article: String,
    /// What it says, in our own words.
    pub wording: Title,
    /// First day it is known to have been in force in this text.
    pub in_force_from: Day,
    /// Last day, where it has ended.
    pub in_force_to: Option<Day>,
    /// Where it was read.
    pub checked: String,
    short_zh: String,
}

impl Article {
    /// As a decision cites it: `民事诉讼法（2023年修正）第253条`.
    pub fn citation(&self) -> String {
        if self.article == "全文" {
            format!("{}（{}）", self.short_zh, self.version)
        } else {
            format!("{}（{}）第{}条", self.short_zh, self.version, self.article)
        }
    }

    /// Was this text in force on the day, as far as the catalog knows?
    pub fn is_in_force(&self, on: Day) -> bool {
        self.in_force_from <= on && self.in_force_to.is_none_or(|to| on <= to)
    }
}

/// Every article of the catalog.
#[derive(Clone, Debug, Default)]
pub struct Law {
    articles: BTreeMap<String, Article>,
}

impl Law {
    /// Reads the catalog's articles.
    ///
    /// # Errors
    /// Every fault of the file: a missing or unknown key, a day that is none, an instrument that is not named, a key given twice.
    pub fn load(files: &CatalogFiles) -> Result<Self, Vec<Fault>> {
        let Some(text) = files.get(FILE) else {
            return Err(vec![Fault::new(FILE, "file", "nothing", "the articles measures rest on")]);
        };
        let file: File = toml::from_str(text).map_err(|e| vec![Fault::toml(FILE, text, &e)])?;
        let (mut law, mut faults) = (Self::default(), Vec::new());
        if file.format != 1 {
            faults.push(Fault::new(FILE, "format", file.format.to_string(), "1"));
        }
        for (key, instrument) in &file.instruments {
            if !["stated", "next_new_year"].contains(&instrument.basis.as_str()) {
                faults.push(Fault::new(FILE, format!("instruments.{key}.basis"), instrument.basis.clone(), "stated or next_new_year"));
            }
            if day::parse(&instrument.in_force_from).is_none() {
                faults.push(Fault::new(
                    FILE,
                    format!("instruments.{key}.in_force_from"),
                    instrument.in_force_from.clone(),
                    "a day as YYYY-MM-DD",
                ));
            }
            if let Some(to) = instrument.in_force_to.as_ref().filter(|to| day::parse(to).is_none()) {
                faults.push(Fault::new(FILE, format!("instruments.{key}.in_force_to"), to.clone(), "a day as YYYY-MM-DD"));
            }
        }
        for entry in file.articles {
            let place = format!("articles.{}", entry.key);
            let Some(instrument) = file.instruments.get(&entry.instrument) else {
                faults.push(Fault::new(FILE, format!("{place}.instrument"), entry.instrument, "a key of [instruments]"));
                continue;
            };
            let whole = entry.article == "全文";
            if !whole && (entry.article.is_empty() || !entry.article.bytes().all(|b| b.is_ascii_digit())) {
                faults.push(Fault::new(FILE, format!("{place}.article"), entry.article.clone(), "a number, or 全文"));
            }
            for (name, value) in [("zh", &entry.zh), ("en", &entry.en), ("checked", &entry.checked)] {
                if value.trim().is_empty() {
                    faults.push(Fault::new(FILE, format!("{place}.{name}"), "nothing", "a sentence"));
                }
            }
            let article = Article {
                key: entry.key.clone(),
                instrument: Title { zh: instrument.zh.clone(), en: instrument.en.clone() },
                version: instrument.version.clone(),
                article: entry.article,
                wording: Title { zh: entry.zh, en: entry.en },
                in_force_from: day::parse(&instrument.in_force_from).unwrap_or(Day::MAX),
                in_force_to: instrument.in_force_to.as_deref().and_then(day::parse),
                checked: entry.checked,
                short_zh: instrument.short_zh.clone(),
            };
            if law.articles.insert(entry.key, article).is_some() {
                faults.push(Fault::new(FILE, place, "a second article of this key", "each key once"));
            }
        }
        if faults.is_empty() { Ok(law) } else { Err(faults) }
    }

    /// The article of a key.
    pub fn article(&self, key: &str) -> Option<&Article> {
        self.articles.get(key)
    }

    /// Every article, in order of key.
    pub fn articles(&self) -> impl Iterator<Item = &Article> {
        self.articles.values()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_article_is_cited_with_its_text_and_holds_from_its_day() {
        let law = Law::load(&CatalogFiles::embedded()).unwrap();
        let query = law.article("msf_253").unwrap();
        assert_eq!(query.citation(), "民事诉讼法（2023年修正）第253条");
        assert!(!query.is_in_force(day::parse("2023-12-31").unwrap()));
        assert!(query.is_in_force(day::parse("2024-01-01").unwrap()));
        assert_eq!(law.article("aid_whole").unwrap().citation(), "司法救助意见（法发〔2016〕16号）");
    }

    #[test]
    fn exit_bans_rest_on_the_renumbered_article() {
        // 255 in the text of 2017, 266 in that of 2023; the bankruptcy referral moved from 513 to 511 in 2022.
        let law = Law::load(&CatalogFiles::embedded()).unwrap();
        assert!(law.article("msf_266").unwrap().wording.zh.contains("限制出境"));
        assert!(law.article("msj_511").unwrap().wording.zh.contains("破产"));
    }
}
