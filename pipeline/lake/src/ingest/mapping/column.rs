//! One column of a mapping: where its values come from, and how they are written there.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::{MoneyUnit, TextOr};
use crate::columns::day;
use crate::ingest::{case_no, identity_no};

/// Where a column comes from and how it is written. One of `from`, `template` and `constant`; none = the header is the canonical name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ColumnMap {
    /// The file's header; absent = the canonical name.
    pub from: Option<String>,
    /// Which part of the text under that header; absent = all of it.
    pub part: Option<Part>,
    /// Text of several headers: `"{案号}-{序号}"`. Where one of them is empty the whole is.
    pub template: Option<String>,
    /// The unit, where it is money.
    pub unit: Option<MoneyUnit>,
    /// The format, where it is a date: `%Y%m%d`.
    pub format: Option<String>,
    /// Their value -> ours; ours empty = null.
    pub values: BTreeMap<String, String>,
    /// One value for every row, instead of a header.
    pub constant: Option<String>,
}

impl ColumnMap {
    /// Every header it names.
    pub(crate) fn headers(&self) -> Vec<&str> {
        let template = self.template.as_deref().and_then(pieces).unwrap_or_default();
        let named = template.into_iter().filter_map(|piece| if let Piece::Header(name) = piece { Some(name) } else { None });
        self.from.as_deref().into_iter().chain(named).collect()
    }
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// `{ by = "|", at = 2 }`: the second of the pieces between the signs `by`; nothing where there are fewer.
    Between {
        /// The sign that parts the text.
        by: String,
        /// Which piece, from 1.
        at: usize,
    },
    /// `"court"` and the like.
    Named(NamedPart),
}

/// Parts that have a name. A text without such a part gives nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedPart {
    /// The court's prefix in a case number.
    Court,
    /// The day of birth in a resident identity number.
    BirthDate,
    /// The division that registered the holder of a resident identity number.
    HomeRegion,
    /// What kind of number an identity number is by its form: a code of `id_kind`. Its check digit is not asked here, so that a wrong one still rejects.
    IdKind,
    /// Whose such a number is: a code of `debtors.kind`; nothing where the form does not say.
    DebtorKind,
}

const NAMED_PARTS: [(&str, NamedPart); 5] = [
    ("court", NamedPart::Court),
    ("birth_date", NamedPart::BirthDate),
    ("home_region", NamedPart::HomeRegion),
    ("id_kind", NamedPart::IdKind),
    ("debtor_kind", NamedPart::DebtorKind),
];

impl Part {
    /// This part of a text; `None` where it has none.
    pub(crate) fn of<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        match self {
            Part::Between { by, at } => text.split(by.as_str()).nth(at.checked_sub(1)?).map(Cow::Borrowed),
            Part::Named(named) => named.of(text).map(Cow::Owned),
        }
    }
}

impl NamedPart {
    fn of(self, text: &str) -> Option<String> {
        let resident = || identity_no::resident(text);
        match self {
            NamedPart::Court => case_no::court(text),
            NamedPart::BirthDate => identity_no::born_on(&resident()?).map(day::format),
            NamedPart::HomeRegion => resident()?.get(..6).map(str::to_owned),
            NamedPart::IdKind => Some(id_kind(text).to_owned()),
            NamedPart::DebtorKind => match id_kind(text) {
                "resident_id" => Some("natural".to_owned()),
                "uscc" => Some("legal".to_owned()),
                _ => None,
            },
        }
    }
}

/// What an identity number looks like: 18 or 15 digits, perhaps an X at the end; 18 signs of a credit code; anything else.
fn id_kind(text: &str) -> &'static str {
    let text = identity_no::tidy(text);
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let resident = (text.len() == 18 && (digits == 18 || (digits == 17 && text.ends_with('X')))) || (text.len() == 15 && digits == 15);
    // A credit code of digits alone begins with the department 9 and the kind 1 to 3; so does no division's code.
    let department = ["91", "92", "93"].iter().any(|start| text.starts_with(start));
    match text.len() {
        18 if department || (!resident && text.bytes().all(|b| b.is_ascii_alphanumeric())) => "uscc",
        15 | 18 if resident => "resident_id",
        _ => "other",
    }
}

/// A piece of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// What stands there.
    Text(&'a str),
    /// The text under this header.
    Header(&'a str),
}

/// The pieces of a template; `None` where a brace is not closed or a header is empty.
pub(crate) fn pieces(template: &str) -> Option<Vec<Piece<'_>>> {
    let mut out = Vec::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        let (text, braced) = rest.split_at(at);
        let (header, behind) = braced.strip_prefix('{')?.split_once('}')?;
        if header.is_empty() || header.contains('{') {
            return None;
        }
        if !text.is_empty() {
            out.push(Piece::Text(text));
        }
        out.push(Piece::Header(header));
        rest = behind;
    }
    if !rest.is_empty() {
        out.push(Piece::Text(rest));
    }
    Some(out)
}

/// A [`Part::Between`] as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartTable {
    by: String,
    at: usize,
    #[serde(skip)]
    named: Option<NamedPart>,
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let named = |text: &str| {
            let named = NAMED_PARTS.iter().find(|(name, _)| *name == text)?.1;
            Some(PartTable { by: String::new(), at: 0, named: Some(named) })
        };
        let expected = "{ by = \"|\", at = 1 }, \"court\", \"birth_date\", \"home_region\", \"id_kind\" or \"debtor_kind\"";
        let read: PartTable = deserializer.deserialize_any(TextOr(expected, named))?;
        Ok(read.named.map_or(Part::Between { by: read.by, at: read.at }, Part::Named))
    }
}

/// A [`ColumnMap`] as it is written: a header alone, or a table.
#[derive(Clone)]
struct Entry(ColumnMap);

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let header = |text: &str| Some(ColumnMap { from: Some(text.to_owned()), ..ColumnMap::default() });
        let expected = "a header, or { from, part, template, unit, format, values, constant }";
        deserializer.deserialize_any(TextOr(expected, header)).map(Entry)
    }
}

type Entries = BTreeMap<String, Entry>;

fn plain(entries: Entries) -> BTreeMap<String, ColumnMap> {
    entries.into_iter().map(|(name, entry)| (name, entry.0)).collect()
}

/// Reads `[columns]`.
pub(super) fn entries<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, ColumnMap>, D::Error> {
    Entries::deserialize(deserializer).map(plain)
}

/// Reads `[[repeat]]`.
pub(super) fn groups<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<BTreeMap<String, ColumnMap>>, D::Error> {
    Ok(Vec::<Entries>::deserialize(deserializer)?.into_iter().map(plain).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn part(text: &str) -> Part {
        toml::from_str::<ColumnMap>(&format!("part = {text}")).unwrap().part.unwrap()
    }

    #[test]
    fn parts_of_a_text() {
        let of = |part: &Part, text: &str| part.of(text).map(Cow::into_owned);
        let second = part(r#"{ by = "|", at = 2 }"#);
        assert_eq!(of(&second, "330106|310101").as_deref(), Some("310101"));
        assert_eq!(of(&second, "330106"), None);
        assert_eq!(of(&part(r#"{ by = "、", at = 1 }"#), "张三、李四").as_deref(), Some("张三"));
        assert_eq!(of(&part("\"court\""), "(2025)浙0106执恢 12号").as_deref(), Some("浙0106"));
        assert_eq!(of(&part("\"court\""), "(2013)杭西执民字第123号"), None);
        assert_eq!(of(&part("\"birth_date\""), "990000198502150021").as_deref(), Some("1985-02-15"));
        assert_eq!(of(&part("\"home_region\""), "990000198502150021").as_deref(), Some("990000"));
        assert_eq!(of(&part("\"home_region\""), "990000198502150022"), None);
        for (text, kind, whose) in [
            ("990000198502150021", "resident_id", Some("natural")),
            ("990000198502150022", "resident_id", Some("natural")),
            ("11010119900307771x", "resident_id", Some("natural")),
            ("110101850215002", "resident_id", Some("natural")),
            ("91330106MA2KXXXX1T", "uscc", Some("legal")),
            ("913301067429155711", "uscc", Some("legal")),
            ("E12345678", "other", None),
        ] {
            assert_eq!(of(&part("\"id_kind\""), text).as_deref(), Some(kind), "{text}");
            assert_eq!(of(&part("\"debtor_kind\""), text).as_deref(), whose, "{text}");
        }
    }

    #[test]
    fn a_template_is_read_whole_or_not_at_all() {
        assert_eq!(pieces("{案号}-{序号}#1").unwrap(), [Piece::Header("案号"), Piece::Text("-"), Piece::Header("序号"), Piece::Text("#1")]);
        for bad in ["{案号", "案号}", "{}", "{a{b}}", "a}b{c"] {
            assert_eq!(pieces(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_unknown_part_says_which_there_are() {
        let error = toml::from_str::<ColumnMap>("part = \"year\"").unwrap_err();
        assert!(error.message().contains("\"court\", \"birth_date\""), "{error}");
        assert!(toml::from_str::<ColumnMap>("part = { by = \"|\" }").is_err());
    }
}
