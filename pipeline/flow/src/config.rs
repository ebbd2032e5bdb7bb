//! `luheng.toml`: what a court sets. An empty file is valid; every fault is reported at once, with its key.

use std::collections::BTreeMap;
use std::path::PathBuf;

use luheng_lake::columns::{Day, day};
use luheng_lake::ingest::Linking;
use luheng_lake::ingest::mapping::Mapping;
use luheng_lake::store::key::Algorithm;
use luheng_lake::store::seal::Encrypt;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::validate::Limits;

/// The configuration of one deployment. Keys unknown here are refused.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The day rated, `YYYY-MM-DD`; `--as-of` wins. Never the clock.
    pub as_of: Option<String>,
    /// Folder of exports, beside the configuration file unless absolute; `--input` wins.
    pub input: Option<PathBuf>,
    /// Number of lake buckets, a power of two.
    pub buckets: u32,
    /// Seed of every draw.
    pub seed: u64,
    /// Rejected share of a table above which the run stops (never under 20 rows).
    pub max_reject_share: f64,
    /// Days a row may wait for its case or debtor before it is reported.
    pub max_wait_days: i32,
    /// Runs kept; the oldest go first.
    pub keep_runs: usize,
    /// Age in days from which `nightly` proposes a new model.
    pub train_every_days: i32,
    /// Encryption at rest: `none`, `lake` (every lake table) or `all` (run tables too, and sheets on demand); the vault is always encrypted.
    pub encrypt: String,
    /// Where the master key comes from.
    pub encryption: Encryption,
    /// Folder that overlays the embedded catalog file by file.
    pub catalog: Option<PathBuf>,
    /// Pseudonym key.
    pub identity: Identity,
    /// What is rated, when and by which parameters.
    pub rating: Rating,
    /// How means are counted.
    pub means: Means,
    /// Regional figures.
    pub regional: Regional,
    /// Whether facts leave when their period is over.
    pub retention: Retention,
    /// Limits on data quality that hold a night back; none unless set.
    pub gates: Gates,
    /// Limits on models that hold one back; none unless set.
    pub validate: Limits,
    /// Mapping of each exported table.
    pub sources: BTreeMap<String, Mapping>,
    /// Its own file, for messages; see [`Config::file`].
    #[serde(skip)]
    file: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            as_of: None,
            input: None,
            buckets: 64,
            seed: 20_200_101,
            max_reject_share: 0.05,
            max_wait_days: 90,
            keep_runs: 30,
            train_every_days: 30,
            encrypt: Encrypt::default().name().into(),
            encryption: Encryption::default(),
            catalog: None,
            identity: Identity::default(),
            rating: Rating::default(),
            means: Means::default(),
            regional: Regional::default(),
            retention: Retention::default(),
            gates: Gates::default(),
            validate: Limits::default(),
            sources: BTreeMap::new(),
            file: String::new(),
        }
    }
}

/// Where the pseudonym key comes from (the environment wins), and whether debtors without a number are linked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Identity {
    /// A file of 64 hex digits, readable by its owner alone; beside the configuration file unless absolute.
    pub key_file: Option<PathBuf>,
    /// A published key that serves only identity numbers of the unassigned prefix 99.
    pub sample_key: Option<String>,
    /// The keyed hash that makes pseudonyms: `hmac-sha256` or `hmac-sm3`. A lake keeps to the one it was made with.
    pub pseudonym: String,
    /// Whether debtors without a usable number are linked to those they are like: `off` or `on`. Off unless a court says so: a link is a likelihood
    /// about a person, and whether it holds is measured on the court's own records first (`luheng catalog links` lists what would be joined).
    pub link: String,
    /// The least probability of a link, above 0.5 and below 1.
    pub link_threshold: f64,
    /// The least probability of a pair that is listed for a person to look at, above 0 and at most `link_threshold`.
    pub link_review: f64,
    /// Which training of the linkage model this is. The model of the first night stays until this is another number.
    pub link_training: i64,
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            key_file: None,
            sample_key: None,
            pseudonym: Algorithm::default().name().into(),
            link: "off".into(),
            link_threshold: 0.99,
            link_review: 0.5,
            link_training: 1,
        }
    }
}

/// Where the master key comes from, which wraps the keys of all that is encrypted; the environment wins.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Encryption {
    /// A file of 64 hex digits, readable by its owner alone; beside the configuration file unless absolute.
    pub master_key_file: Option<PathBuf>,
}

/// Rating parameters a deployment may set; what is unset comes from `catalog/ratings`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rating {
    /// `as_of` (default) or `filing+Nd`.
    pub moment: Option<String>,
    /// Last filing day of training cases, for back-tests.
    pub train_until: Option<String>,
    /// Days of the outcome window.
    pub horizon_days: Option<i32>,
    /// Covered share from which the outcome is good.
    pub good_share: Option<f64>,
    /// Inquiry channels expected of every debtor.
    pub required_channels: Option<Vec<String>>,
}

/// How a debtor's means are counted.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Means {
    /// Living costs to be left to a natural person each month (低保 level of the place). Unset: no income is counted as means.
    pub living_cost_monthly_fen: Option<i64>,
}

/// Regional figures.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Regional {
    /// Which listings the input holds: `auto` (by the courts seen), `this_court`, `these_courts`, `province`, `national_list`.
    pub numerator_scope: String,
}

impl Default for Regional {
    fn default() -> Self {
        Self { numerator_scope: "auto".into() }
    }
}

/// How long facts stay: the periods are the catalog's (`retention.toml`).
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Facts whose period is over leave the lake and the vault; else a night only says how many would.
    pub apply: bool,
}

/// Limits on data quality. A night that breaks one is built and not published (exit 5). They change no rating.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Gates {
    /// Share of a table's rows read tonight that may be rejected. Unlike the `max_reject_share` above, which stops the ingest, it has no 20 rows free.
    pub max_reject_share: Option<Limit>,
    /// Days from the newest `known_on` of a table to the as-of day.
    pub max_stale_days: Option<Limit>,
    /// Population stability index of any column of a table against the last published night.
    pub max_psi: Option<Limit>,
}

impl Gates {
    /// The gates by their keys.
    pub fn all(&self) -> [(&'static str, Option<&Limit>); 3] {
        let (share, days, psi) = (&self.max_reject_share, &self.max_stale_days, &self.max_psi);
        [("max_reject_share", share.as_ref()), ("max_stale_days", days.as_ref()), ("max_psi", psi.as_ref())]
    }
}

/// A limit for every table (or rating), or for some: `0.02`, or `{ payments = 0.01, all = 0.05 }`.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Limit {
    /// Every table.
    All(f64),
    /// By table; `all` stands for those not named.
    Tables(BTreeMap<String, f64>),
}

impl Limit {
    /// The name that stands for every table not named.
    pub const ALL: &str = "all";

    /// The limit of a table, if it has one.
    pub fn of(&self, table: &str) -> Option<f64> {
        match self {
            Self::All(limit) => Some(*limit),
            Self::Tables(limits) => limits.get(table).or_else(|| limits.get(Self::ALL)).copied(),
        }
    }

    /// Whether every limit is a number from 0.
    pub fn is_sound(&self) -> bool {
        let sound = |limit: &f64| limit.is_finite() && *limit >= 0.0;
        match self {
            Self::All(limit) => sound(limit),
            Self::Tables(limits) => limits.values().all(sound),
        }
    }
}

/// The day each party is rated on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// All parties on the run's day.
    AsOf,
    /// Each party so many days after its case was filed.
    Filing(i32),
}

impl Config {
    /// Reads a configuration; all its faults come in one error.
    pub fn parse(text: &str, name: &str) -> Result<Self> {
        let read: Self = toml::from_str(text).map_err(|e| Error::Config(format!("{name}: {e}")))?;
        let config = Self { file: name.to_owned(), ..read };
        let faults = config.faults();
        if faults.is_empty() { Ok(config) } else { Err(Error::Config(format!("{name}: {}", faults.join("\n  ")))) }
    }

    /// The file it was read from, as messages name it.
    pub fn file(&self) -> &str {
        if self.file.is_empty() { "configuration" } else { &self.file }
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut expect = |holds: bool, text: String| {
            if !holds {
                faults.push(text);
            }
        };
        expect(
            self.buckets.is_power_of_two() && self.buckets <= 4096,
            format!("buckets: found {}, expected a power of two up to 4096", self.buckets),
        );
        expect(
            (0.0..=1.0).contains(&self.max_reject_share),
            format!("max_reject_share: found {}, expected a share between 0 and 1", self.max_reject_share),
        );
        expect(
            Encrypt::of(&self.encrypt).is_some(),
            format!("encrypt: found \"{}\", expected \"none\", \"lake\" or \"all\" (the vault is always encrypted)", self.encrypt),
        );
        expect(
            Algorithm::of(&self.identity.pseudonym).is_some(),
            format!("identity.pseudonym: found \"{}\", expected \"hmac-sha256\" or \"hmac-sm3\"", self.identity.pseudonym),
        );
        let identity = &self.identity;
        expect(
            ["off", "on"].contains(&identity.link.as_str()),
            format!("identity.link: found \"{}\", expected \"off\" or \"on\"", identity.link),
        );
        expect(
            identity.link_threshold > 0.5 && identity.link_threshold < 1.0,
            format!("identity.link_threshold: found {}, expected a probability above 0.5 and below 1", identity.link_threshold),
        );
        expect(
            identity.link_review > 0.0 && identity.link_review <= identity.link_threshold,
            format!("identity.link_review: found {}, expected a probability above 0 and at most link_threshold", identity.link_review),
        );
        for (key, value) in [("as_of", &self.as_of), ("rating.train_until", &self.rating.train_until)] {
            if let Some(text) = value {
                expect(day::parse(text).is_some(), format!("{key}: found \"{text}\", expected a day as YYYY-MM-DD"));
            }
        }
        if let Some(text) = &self.rating.moment {
            expect(moment(text).is_some(), format!("rating.moment: found \"{text}\", expected \"as_of\" or \"filing+Nd\""));
        }
        if let Some(days) = self.rating.horizon_days {
            expect(days > 0, format!("rating.horizon_days: found {days}, expected a positive number of days"));
        }
        if let Some(share) = self.rating.good_share {
            expect(share > 0.0 && share <= 1.0, format!("rating.good_share: found {share}, expected a share above 0 and up to 1"));
        }
        expect(
            ["auto", "this_court", "these_courts", "province", "national_list"].contains(&self.regional.numerator_scope.as_str()),
            format!(
                "regional.numerator_scope: found \"{}\", expected auto, this_court, these_courts, province or national_list",
                self.regional.numerator_scope
            ),
        );
        for (gate, limit) in self.gates.all() {
            expect(limit.is_none_or(Limit::is_sound), format!("gates.{gate}: found {limit:?}, expected numbers from 0"));
        }
        expect(self.keep_runs >= 1, format!("keep_runs: found {}, expected at least 1", self.keep_runs));
        faults.extend(self.validate.faults());
        faults
    }

    /// The moment parties are rated at.
    pub fn moment(&self) -> Moment {
        self.rating.moment.as_deref().and_then(moment).unwrap_or(Moment::AsOf)
    }

    /// Last filing day of training cases, where one is set.
    pub fn train_until(&self) -> Option<Day> {
        self.rating.train_until.as_deref().and_then(day::parse)
    }

    /// How much is encrypted.
    pub fn encrypt(&self) -> Encrypt {
        Encrypt::of(&self.encrypt).unwrap_or_default()
    }

    /// How debtors without a number are linked; `None` where they are not.
    pub fn linking(&self) -> Option<Linking> {
        let Identity { link, link_threshold, link_review, link_training, .. } = &self.identity;
        (link == "on").then_some(Linking { threshold: *link_threshold, review: *link_review, training: *link_training })
    }

    /// Hash of what can change a rating: not where files lie, how they are mapped and linked (the lake's content says what came of it), how they are
    /// encrypted, nor how many runs are kept.
    pub fn content_hash(&self) -> String {
        let text = format!("{}|{}|{:?}|{:?}|{:?}", self.buckets, self.seed, self.rating, self.means, self.regional);
        blake3::hash(text.as_bytes()).to_hex().to_string()
    }
}

fn moment(text: &str) -> Option<Moment> {
    if text == "as_of" {
        return Some(Moment::AsOf);
    }
    text.strip_prefix("filing+")?.strip_suffix('d')?.parse().ok().filter(|d| *d >= 0).map(Moment::Filing)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_empty_configuration_is_valid() {
        assert_eq!(Config::parse("", "luheng.toml").unwrap().buckets, 64);
    }

    #[test]
    fn encryption_changes_no_rating_and_its_names_are_three() {
        let of = |text: &str| Config::parse(text, "x.toml").unwrap();
        assert_eq!(of("encrypt = \"all\"\n[encryption]\nmaster_key_file = \"m\"").content_hash(), of("").content_hash());
        assert_eq!(of("encrypt = \"lake\"").encrypt(), Encrypt::Lake);
        let text = Config::parse("encrypt = \"most\"\n[identity]\npseudonym = \"md5\"", "x.toml").unwrap_err().to_string();
        assert!(text.contains("found \"most\"") && text.contains("found \"md5\""), "{text}");
    }

    #[test]
    fn all_faults_come_at_once_and_unknown_keys_are_refused() {
        let text = Config::parse("buckets = 3\nas_of = \"soon\"\n[rating]\nmoment = \"later\"", "x.toml").unwrap_err().to_string();
        assert!(text.contains("buckets") && text.contains("as_of") && text.contains("rating.moment"), "{text}");
        assert!(Config::parse("bucket = 4", "x.toml").unwrap_err().to_string().contains("bucket"));
    }

    #[test]
    fn linking_is_off_unless_asked_for_and_its_numbers_are_probabilities() {
        assert_eq!(Config::parse("", "x.toml").unwrap().linking(), None);
        let on = Config::parse("[identity]\nlink = \"on\"", "x.toml").unwrap().linking();
        assert_eq!(on, Some(Linking { threshold: 0.99, review: 0.5, training: 1 }));
        let wrong = "[identity]\nlink = \"yes\"\nlink_threshold = 0.4\nlink_review = 0.45";
        let text = Config::parse(wrong, "x.toml").unwrap_err().to_string();
        for key in ["identity.link: found \"yes\"", "identity.link_threshold: found 0.4", "identity.link_review: found 0.45"] {
            assert!(text.contains(key), "{text}");
        }
    }

    #[test]
    fn a_gate_is_one_number_or_one_a_table() {
        let gates = Config::parse("[gates]\nmax_psi = 0.25\nmax_stale_days = { payments = 7, all = 30 }", "x.toml").unwrap().gates;
        assert_eq!(gates.max_psi.as_ref().and_then(|l| l.of("cases")), Some(0.25));
        let days = |table| gates.max_stale_days.as_ref().and_then(|l| l.of(table));
        assert_eq!((days("payments"), days("cases")), (Some(7.0), Some(30.0)));
        assert!(gates.max_reject_share.is_none());
        assert!(Config::parse("[gates]\nmax_psi = -1", "x.toml").unwrap_err().to_string().contains("gates.max_psi"));
        assert!(Config::parse("[gates]\nmax_ps = 1", "x.toml").is_err());
    }

    #[test]
    fn moments_read_as_written() {
        assert_eq!(moment("filing+30d"), Some(Moment::Filing(30)));
        assert_eq!(moment("filing-1d"), None);
    }
}
