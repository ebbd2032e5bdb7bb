//! `catalog/ratings/*.toml`: what is rated, over which horizon, from which features, and how means are counted.

use std::collections::BTreeMap;

use luheng_lake::catalog::CatalogFiles;
use luheng_models::Params;
use serde::Deserialize;

use crate::acts::Acts;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::features::{self, Feature};
use crate::haircut::Haircuts;

/// A title in both languages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Title {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// What an axis predicts.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Due covered to the good share.
    Covered,
    /// Means-free duties met.
    MeansFreeDuties,
    /// Money received over due.
    RecoveredShare,
    /// After 终本: any money received, or any disposable asset found.
    Revived,
}

/// Which algorithm is used of those that compete.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Competition {
    /// How far the champion's area under the curve may lie below the best.
    pub margin_auc: f64,
    /// How far its Brier score may lie above the best.
    pub margin_brier: f64,
    /// Most training rows that all compete on; more are thinned by hash of the case, and the champion then learns all of them.
    pub most_rows: usize,
    /// Held-out log loss that a table of points may cost by keeping a calibration of one line; where a bend saves more, it bends.
    pub line_price: f64,
}

impl Default for Competition {
    fn default() -> Self {
        Self { margin_auc: 0.005, margin_brier: 0.001, most_rows: 30_000, line_price: 0.005 }
    }
}

/// How cases that were cut off are counted.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Censoring {
    /// Greatest weight of a row that was not cut off.
    pub max_weight: f64,
}

impl Default for Censoring {
    fn default() -> Self {
        Self { max_weight: 10.0 }
    }
}

/// How much of a score may rest on values that few training rows had.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct SupportSpec {
    /// Training rows that make a value known: as many as low, and as many as high.
    pub least_rows: u64,
    /// A party of whose score a greater share rests on values that are not known is not rated.
    pub max_thin_share: f64,
}

impl Default for SupportSpec {
    fn default() -> Self {
        Self { least_rows: 30, max_thin_share: 1.0 }
    }
}

/// One rating.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// `capacity`, `willingness`, `recovery` or `revival`.
    pub id: String,
    /// Title.
    pub title: Title,
    /// What is predicted.
    pub target: Target,
    /// Days of the outcome window.
    pub horizon_days: i32,
    /// Days after the window within which a step is still recorded as done: until then what is not recorded is not known.
    #[serde(default)]
    pub grace_days: i32,
    /// Share from which the outcome is good.
    pub good_share: f64,
    /// Days after the debt's first filing at which training rows are taken.
    pub landmarks_days: Vec<i32>,
    /// Fewest good training rows.
    pub min_good: u64,
    /// Fewest bad training rows.
    pub min_bad: u64,
    /// Least coverage of the required channels.
    pub min_coverage: f64,
    /// Days after which a channel's answer is stale.
    pub stale_days: i32,
    /// Days a rating holds.
    pub valid_days: i32,
    /// Newest share of rows held out.
    pub test_share: f64,
    /// Channels expected of every debtor.
    pub required_channels: Vec<String>,
    /// Ids of the features, in order.
    pub features: Vec<String>,
    /// Algorithm and its parameters: the most explainable of those that compete.
    pub params: Params,
    /// The others, from the most to the least explainable.
    #[serde(default)]
    pub challengers: Vec<Params>,
    /// Which of them is used.
    #[serde(default)]
    pub competition: Competition,
    /// How cases that were cut off are counted.
    #[serde(default)]
    pub censoring: Censoring,
    /// Where the model knows too little of a party to speak.
    #[serde(default)]
    pub support: SupportSpec,
}

/// How an asset's value becomes means.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeansSpec {
    /// The law's share of the value that counts, by class; `other` for the rest.
    pub haircut: BTreeMap<String, f64>,
    /// How sales move it.
    #[serde(default)]
    pub disposals: Disposals,
    /// What sales have taught, as the model in use or the training at work has it; none: the law's shares count.
    #[serde(skip)]
    pub learned: Option<Haircuts>,
    /// Classes that are as good as money.
    pub liquid: Liquid,
    /// Ownership left unstated.
    pub ownership: Ownership,
}

impl MeansSpec {
    /// The law's share of a class.
    pub fn legal(&self, class: &str) -> f64 {
        self.haircut.get(class).or_else(|| self.haircut.get("other")).copied().unwrap_or(0.0)
    }

    /// The share of its value that an asset of a class counts with.
    pub fn share(&self, class: &str) -> f64 {
        let learned = self.learned.as_ref().and_then(|learned| learned.classes.get(class));
        learned.map_or_else(|| self.legal(class), |haircut| haircut.value)
    }
}

/// How sales move a haircut; see [`crate::haircut`].
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Disposals {
    /// Sales that the law's value is worth.
    pub weight: f64,
    /// A price less than this share of the reckoned value is a slip of the unit.
    pub least_ratio: f64,
    /// A price of more than so many times the reckoned value is one too.
    pub most_ratio: f64,
}

impl Default for Disposals {
    fn default() -> Self {
        Self { weight: 10.0, least_ratio: 0.02, most_ratio: 5.0 }
    }
}

/// Classes that are as good as money.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Liquid {
    /// Class codes.
    pub classes: Vec<String>,
}

/// Ownership left unstated.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ownership {
    /// Share taken for a joint owner whose share is not stated.
    pub unstated: f64,
}

/// Which causes of action make a debt one of a business, of refinancing, or of a purchase.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Causes {
    /// Debts of a trade or an enterprise.
    pub business: Vec<String>,
    /// Debts taken up to repay others.
    pub refinancing: Vec<String>,
    /// Debts for a thing bought.
    pub purchase: Vec<String>,
}

/// Which closed cases are told of beside a rated party, and among how many they are sought.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlikeSpec {
    /// How many cases are told of each party.
    pub cases: usize,
    /// Closings that tell something: `close_kind`, or `close_kind:close_ground`.
    pub closings: Vec<String>,
    /// How many likenesses are named of each case.
    pub features: usize,
    /// Rows of the capacity model's training beyond which debts are thinned.
    pub most_records: u64,
}

/// Every rating and the rule of means.
#[derive(Clone, Debug)]
pub struct Ratings {
    /// Performance capacity.
    pub capacity: Spec,
    /// Willingness.
    pub willingness: Spec,
    /// Recovered share.
    pub recovery: Spec,
    /// What a party closed for want of property may still bring.
    pub revival: Spec,
    /// Means.
    pub means: MeansSpec,
    /// Groups of causes.
    pub causes: Causes,
    /// What a debtor can do.
    pub acts: Acts,
    /// Similar closed cases.
    pub alike: AlikeSpec,
}

impl Ratings {
    /// Reads the catalog; the configuration may set horizon, good share and channels of capacity and recovery.
    ///
    /// # Errors
    /// A missing or faulty file, by name.
    pub fn load(files: &CatalogFiles, config: &Config) -> Result<Self> {
        let mut ratings = Self {
            capacity: read(files, "ratings/capacity.toml")?,
            willingness: read(files, "ratings/willingness.toml")?,
            recovery: read(files, "ratings/recovery.toml")?,
            revival: read(files, "ratings/revival.toml")?,
            means: read(files, "ratings/means.toml")?,
            causes: read(files, "ratings/causes.toml")?,
            acts: read(files, "ratings/acts.toml")?,
            alike: read(files, "ratings/alike.toml")?,
        };
        ratings.acts.check(&features::all().map(Feature::meta).collect::<Vec<_>>())?;
        if let Some(days) = config.rating.horizon_days {
            for spec in [&mut ratings.capacity, &mut ratings.willingness, &mut ratings.recovery] {
                spec.horizon_days = days;
            }
        }
        if let Some(share) = config.rating.good_share {
            ratings.capacity.good_share = share;
        }
        if let Some(channels) = &config.rating.required_channels {
            ratings.capacity.required_channels.clone_from(channels);
        }
        Ok(ratings)
    }

    /// Months of income within the horizon of capacity.
    pub fn income_months(&self) -> i64 {
        i64::from(self.capacity.horizon_days / 30)
    }

    /// The four specifications in order.
    pub fn all(&self) -> [&Spec; 4] {
        [&self.capacity, &self.willingness, &self.recovery, &self.revival]
    }
}

fn read<T: serde::de::DeserializeOwned>(files: &CatalogFiles, path: &str) -> Result<T> {
    let text = files.get(path).ok_or_else(|| Error::Config(format!("catalog: {path} is missing")))?;
    toml::from_str(text).map_err(|e| Error::Config(format!("catalog/{path}: {e}")))
}
