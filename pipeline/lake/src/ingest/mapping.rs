//! How an exporting system's headers, values and units become the catalog's: `[sources.<table>]` of a configuration, and `catalog/sources`.

mod check;
mod column;
mod rows;

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

pub use column::{ColumnMap, NamedPart, Part};
pub(crate) use column::{Piece, pieces};
pub use rows::OnlyIf;

use super::reject::nearest;
use crate::catalog::CatalogFiles;
use crate::schema::{Codes, Fault, Schema, Table, Title};

/// The mapping of one table. The empty one serves files that already use the catalog's names and units.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mapping {
    /// A file of `catalog/sources` taken as the base; what is said here comes on top.
    pub system: Option<String>,
    /// The files that feed the table, as patterns: `执行案件*.csv`. Empty = those named after the table.
    #[serde(deserialize_with = "rows::patterns")]
    pub file: Vec<String>,
    /// Which rows of a file give a row; absent = all.
    pub only_if: Option<OnlyIf>,
    /// Within which debtor_ref, asset_ref and the like are unique.
    pub source: String,
    /// Whether a file holds everything or only what is new.
    pub mode: Mode,
    /// What a key missing from a full export means.
    pub absent: Absent,
    /// How text files are encoded.
    pub encoding: Encoding,
    /// The day of the export; else the day in the file's name, else the as-of of the night.
    pub seen_on: Option<String>,
    /// Where `known_on` comes from when the file has none; rows so dated carry `known_on_basis = assumed`.
    pub known_on: Option<KnownOn>,
    /// The unit of columns of money that do not state their own.
    pub unit: Option<MoneyUnit>,
    /// Canonical name -> header, or more.
    #[serde(deserialize_with = "column::entries")]
    pub columns: BTreeMap<String, ColumnMap>,
    /// Groups of headers (asset1_class, asset1_value; asset2_class, …): each gives a row of its own, with `columns` for the rest. A group whose
    /// headers are all empty gives none.
    #[serde(deserialize_with = "column::groups")]
    pub repeat: Vec<BTreeMap<String, ColumnMap>>,
    /// Headers to pass over without a warning.
    pub ignore: Vec<String>,
}

/// Whether a file holds everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Everything the source has.
    #[default]
    Full,
    /// Only what is new or changed.
    Delta,
}

/// What a key missing from a full export means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Absent {
    /// It is reported, and stays.
    #[default]
    Reported,
    /// It is retracted.
    Retracted,
}

/// How a text file is encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// UTF-8 or GB18030, whichever the file is.
    #[default]
    Auto,
    /// UTF-8.
    #[serde(rename = "utf-8", alias = "utf8", alias = "UTF-8")]
    Utf8,
    /// GB18030, which holds GBK and GB2312.
    #[serde(alias = "GB18030", alias = "gbk", alias = "GBK", alias = "gb2312", alias = "GB2312")]
    Gb18030,
}

/// Units of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoneyUnit {
    /// 分.
    Fen,
    /// 元.
    Yuan,
    /// 万元.
    WanYuan,
}

impl MoneyUnit {
    /// The power of ten that makes it fen.
    pub fn shift(self) -> i32 {
        match self {
            MoneyUnit::Fen => 0,
            MoneyUnit::Yuan => 2,
            MoneyUnit::WanYuan => 6,
        }
    }
}

/// Where `known_on` comes from when the file has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KnownOn {
    /// The export's day: `known_on = "export"`.
    Export,
    /// Another date plus a lag: `known_on = { from = "filed_on", lag_days = 3 }`.
    From {
        /// The canonical name of the date.
        from: String,
        /// Days after it.
        lag_days: i32,
    },
}

/// Reads a text or a table, with a message of our own where neither fits.
struct TextOr<T>(&'static str, fn(&str) -> Option<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for TextOr<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        (self.1)(text).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

/// A [`KnownOn`] as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownOnTable {
    from: String,
    #[serde(default)]
    lag_days: i32,
    #[serde(skip)]
    export: bool,
}

impl<'de> Deserialize<'de> for KnownOn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let export = |text: &str| (text == "export").then(|| KnownOnTable { from: String::new(), lag_days: 0, export: true });
        let read = deserializer.deserialize_any(TextOr("\"export\" or { from = \"a date\", lag_days = 0 }", export))?;
        Ok(if read.export { KnownOn::Export } else { KnownOn::From { from: read.from, lag_days: read.lag_days } })
    }
}

/// One exporting system: `catalog/sources/<name>.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SystemFile {
    #[allow(dead_code, reason = "stated for whoever reads the file; a file without it is refused")]
    title: Title,
    #[allow(dead_code, reason = "as above")]
    about: String,
    #[serde(default)]
    tables: BTreeMap<String, Mapping>,
}

impl Mapping {
    /// How a column is read in a group of `repeat` (0 where there is none).
    pub(crate) fn column(&self, name: &str, group: usize) -> Option<&ColumnMap> {
        self.repeat.get(group).and_then(|g| g.get(name)).or_else(|| self.columns.get(name))
    }

    /// The headers a column is made of: its canonical name where the mapping says nothing, none where it is constant.
    pub(crate) fn wants<'a>(&'a self, column: &'a str, group: usize) -> Vec<&'a str> {
        match self.column(column, group) {
            Some(map) if map.constant.is_some() => Vec::new(),
            Some(map) if map.from.is_some() || map.template.is_some() => map.headers(),
            _ => vec![column],
        }
    }

    /// Every header the mapping names, and the canonical names of the table's columns it says nothing of.
    pub fn headers<'a>(&'a self, table: &'a Table) -> impl Iterator<Item = &'a str> {
        let columns = table.columns.iter().flat_map(|c| (0..self.groups()).flat_map(|group| self.wants(&c.name, group)));
        columns.chain(self.only_if.iter().map(|o| o.from.as_str())).chain(self.ignore.iter().map(String::as_str))
    }

    /// This mapping over a system's: what is said here wins.
    fn over(mut self, base: Mapping) -> Mapping {
        let mut columns = base.columns;
        columns.append(&mut self.columns);
        let mut ignore = base.ignore;
        ignore.append(&mut self.ignore);
        Mapping {
            source: if self.source.is_empty() { base.source } else { self.source },
            mode: if self.mode == Mode::default() { base.mode } else { self.mode },
            absent: if self.absent == Absent::default() { base.absent } else { self.absent },
            encoding: if self.encoding == Encoding::default() { base.encoding } else { self.encoding },
            seen_on: self.seen_on.or(base.seen_on),
            known_on: self.known_on.or(base.known_on),
            unit: self.unit.or(base.unit),
            system: self.system,
            file: if self.file.is_empty() { base.file } else { self.file },
            only_if: self.only_if.or(base.only_if),
            repeat: if self.repeat.is_empty() { base.repeat } else { self.repeat },
            columns,
            ignore,
        }
    }
}

/// The mapping of every table: the user's, over that of the system it names, and the empty one where the user says nothing.
///
/// Errors: every fault of every mapping. `user_file` is the configuration's name in messages.
pub fn sources(
    files: &CatalogFiles,
    codes: &Codes,
    schema: &Schema,
    user: &BTreeMap<String, Mapping>,
    user_file: &str,
) -> Result<BTreeMap<String, Mapping>, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut systems: BTreeMap<&str, SystemFile> = BTreeMap::new();
    for (path, text) in files.files("sources/") {
        match toml::from_str::<SystemFile>(text) {
            Ok(system) => {
                for (name, mapping) in &system.tables {
                    faults.extend(checked(mapping, name, schema, codes, path, &format!("tables.{name}")));
                }
                systems.insert(path.trim_start_matches("sources/").trim_end_matches(".toml"), system);
            }
            Err(error) => faults.push(Fault::toml(path, text, &error)),
        }
    }
    let mut out: BTreeMap<String, Mapping> = schema.tables.keys().map(|name| (name.clone(), Mapping::default())).collect();
    for (name, mapping) in user {
        let place = format!("sources.{name}");
        let mut mapping = mapping.clone();
        if let Some(system) = &mapping.system {
            match systems.get(system.as_str()).and_then(|s| s.tables.get(name)) {
                Some(base) => mapping = mapping.over(base.clone()),
                None => {
                    let known: Vec<&str> = systems.iter().filter(|(_, s)| s.tables.contains_key(name)).map(|(n, _)| *n).collect();
                    let expected = format!("a file of catalog/sources that has tables.{name}: {}", known.join(", "));
                    faults.push(Fault::new(user_file, format!("{place}.system"), system, expected));
                }
            }
        }
        faults.extend(checked(&mapping, name, schema, codes, user_file, &place));
        out.insert(name.clone(), mapping);
    }
    if faults.is_empty() { Ok(out) } else { Err(faults) }
}

fn checked(mapping: &Mapping, table: &str, schema: &Schema, codes: &Codes, file: &str, place: &str) -> Vec<Fault> {
    let Some(table) = schema.table(table) else {
        let near = nearest(table, schema.tables.keys().map(String::as_str)).map(|n| format!("; perhaps {n}")).unwrap_or_default();
        return vec![Fault::new(file, place, table, format!("the name of a table{near}"))];
    };
    mapping.check(table, codes, file, place)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn load(text: &str) -> Result<BTreeMap<String, Mapping>, Vec<Fault>> {
        let files = CatalogFiles::embedded();
        let user: BTreeMap<String, Mapping> = toml::from_str(text).unwrap();
        sources(&files, &Codes::load(&files).unwrap(), &Schema::load(&files).unwrap(), &user, "luheng.toml")
    }

    #[test]
    fn every_form_is_read() {
        let all = load(
            r#"
[cases]
source = "330106"
known_on = { from = "filed_on", lag_days = 3 }
unit = "yuan"
encoding = "gb18030"
ignore = ["id"]
[cases.columns]
claim_fen = "标的额"
principal_fen = { from = "本金", unit = "wan_yuan" }
filed_on = { from = "立案日期", format = "%Y%m%d" }
status = { from = "状态", values = { "在办" = "open", "已结" = "closed" } }
court_code = { constant = "浙0106" }
[payments]
known_on = "export"
mode = "delta"
"#,
        )
        .unwrap();
        let cases = &all["cases"];
        assert_eq!(cases.known_on, Some(KnownOn::From { from: "filed_on".into(), lag_days: 3 }));
        assert_eq!(
            (cases.wants("claim_fen", 0), cases.wants("court_code", 0), cases.wants("case_no", 0)),
            (vec!["标的额"], vec![], vec!["case_no"])
        );
        assert_eq!(cases.columns["principal_fen"].unit, Some(MoneyUnit::WanYuan));
        assert_eq!((all["payments"].mode, all["payments"].known_on.clone()), (Mode::Delta, Some(KnownOn::Export)));
        assert_eq!(all["assets"], Mapping::default());
    }

    #[test]
    fn all_faults_at_once() {
        let faults = load(
            r#"
[case]
[cases]
seen_on = "June"
system = "no_such"
known_on = { from = "status" }
ignore = ["s"]
columns.claim = "x"
columns.filed_on = { format = "%y" }
columns.status = { from = "s", values = { a = "running" } }
columns.cause = { from = "c", constant = "d", unit = "yuan" }
"#,
        )
        .unwrap_err();
        let places: Vec<&str> = faults.iter().map(|f| f.place.as_str()).collect();
        assert_eq!(
            places,
            [
                "sources.case",
                "sources.cases.system",
                "sources.cases.seen_on",
                "sources.cases.known_on.from",
                "sources.cases.columns.cause",
                "sources.cases.columns.cause.unit",
                "sources.cases.columns.claim",
                "sources.cases.columns.filed_on.format",
                "sources.cases.columns.status.values",
                "sources.cases.ignore",
            ]
        );
        assert!(faults[0].expected.contains("perhaps cases") && faults[6].expected.contains("perhaps claim_fen"));
    }

    #[test]
    fn contradictions_of_a_wide_mapping_are_named() {
        let faults = load(
            r#"
[assets]
file = ["", "../wide.csv"]
only_if = { from = "类型", is = ["房", "车"], not = ["车"] }
ignore = ["类型", "金额1"]
columns.debtor_ref = { from = "证件", part = { by = "", at = 0 } }
columns.asset_ref = { from = "编号", template = "{案号}" }
columns.channel = { template = "无" }
columns.region = { constant = "330106", part = "court" }
columns.gross_fen = "金额"
[[assets.repeat]]
class = "类型1"
gross_fen = "金额1"
[[assets.repeat]]
class = "类型2"
[seizures]
columns.asset_ref = "证件"
[debtors]
columns.industry = { template = "{证件}-1" }
columns.debtor_ref = "证件"
columns.born_on = { from = "证件", part = "birth_date", format = "%Y%m%d" }
repeat = [{ name = { constant = "x" } }]
"#,
        )
        .unwrap_err();
        let places: Vec<&str> = faults.iter().map(|f| f.place.trim_start_matches("sources.")).collect();
        assert_eq!(
            places,
            [
                "assets.file",
                "assets.file",
                "assets.only_if",
                "assets.columns.asset_ref",
                "assets.columns.channel.template",
                "assets.columns.debtor_ref.part.by",
                "assets.columns.debtor_ref.part.at",
                "assets.columns.region.part",
                "assets.repeat.1.gross_fen",
                "assets.repeat.2",
                "assets.ignore",
                "assets.ignore",
                "debtors.columns.born_on.format",
                "debtors.repeat",
                "debtors.repeat.1",
                "debtors.columns.industry",
            ]
        );
        assert!(faults.iter().all(|f| !f.found.is_empty() && !f.expected.is_empty()), "{faults:?}");
    }

    #[test]
    fn a_slip_in_a_key_is_refused() {
        assert!(toml::from_str::<Mapping>("colums = {}").is_err());
        assert!(toml::from_str::<Mapping>("columns.a = { form = \"x\" }").is_err());
        let error = toml::from_str::<Mapping>("known_on = \"exported\"").unwrap_err();
        assert!(error.message().contains("\"export\" or"), "{error}");
    }

    #[test]
    fn a_system_is_the_base_of_what_the_user_adds() {
        let all = load("[listings]\nsystem = \"shixin_public\"\nsource = \"public\"\ncolumns.document_no = \"decisionNo\"").unwrap();
        let listings = &all["listings"];
        assert_eq!(
            (listings.source.as_str(), listings.wants("case_no", 0), listings.wants("document_no", 0)),
            ("public", vec!["caseCode"], vec!["decisionNo"])
        );
    }
}
