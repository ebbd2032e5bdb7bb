//! Audit attributes: sex, year of birth, registered elsewhere, urban. They lie sealed in the vault, so that a back-test can ask whether ratings treat
//! groups alike; nothing that rates, suggests, counts or reports may read them. Only `flow/src/validate` names this module: tests/house holds that.

use std::collections::BTreeMap;
use std::path::Path;

use super::seal::Seal;
use super::{parquet, vault};
use crate::columns::{Columns, Day, day};
use crate::error::{Error, Result};

/// The folder below the vault.
pub(crate) const FOLDER: &str = "audit";

/// The sex that a resident number tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sex {
    /// Digit 17 is even.
    Female,
    /// Digit 17 is odd.
    Male,
}

/// Where the household is registered, seen from where the person lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Registered {
    /// In the same city (prefecture).
    Same,
    /// In another city of the province.
    OtherCity,
    /// In another province.
    OtherProvince,
}

/// Age in completed calendar years on some day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AgeBand {
    /// Under 18.
    Minor,
    /// 18 to 29.
    From18To29,
    /// 30 to 44.
    From30To44,
    /// 45 to 59.
    From45To59,
    /// 60 and more.
    From60,
}

/// What the vault tells of one natural person's groups; `None` is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// From the resident number.
    pub sex: Option<Sex>,
    /// Year of birth. The day stays with the identities: with it, sex and division nearly the whole number would be known.
    pub birth_year: Option<i16>,
    /// Registration against residence.
    pub registered_elsewhere: Option<Registered>,
    /// Whether the residence is a district of a city (市辖区); county-level cities, counties and banners are not.
    pub urban: Option<bool>,
}

impl Attributes {
    /// The band on a day: the age reached in that calendar year. It runs ahead of the birthday by less than a year, and never behind it.
    pub fn age_band(&self, on: Day) -> Option<AgeBand> {
        Some(match day::ymd(on).0 - self.birth_year? {
            ..18 => AgeBand::Minor,
            18..30 => AgeBand::From18To29,
            30..45 => AgeBand::From30To44,
            45..60 => AgeBand::From45To59,
            _ => AgeBand::From60,
        })
    }
}

/// The attributes of the natural persons in one bucket, by debtor_id; empty where the bucket has none, or was last loaded before they were derived.
/// `seal` is the vault's.
///
/// # Errors
/// [`Error::Config`] where the key is another one.
pub fn read(vault: &Path, bucket: u32, seal: &Seal) -> Result<BTreeMap<String, Attributes>> {
    let Some(rows) = columns(vault, bucket, seal)? else { return Ok(BTreeMap::new()) };
    let text = |name: &str, row| rows.get(name).and_then(|c| c.text_at(row));
    let of_row = |row: usize| {
        let attributes = Attributes {
            sex: text("sex", row).and_then(|s| [Sex::Female, Sex::Male].into_iter().find(|sex| sex.name() == s)),
            birth_year: rows.get("birth_year").and_then(|c| c.int_at(row)).and_then(|y| i16::try_from(y).ok()),
            registered_elsewhere: text("registered_elsewhere", row).and_then(|r| Registered::ALL.into_iter().find(|of| of.name() == r)),
            urban: rows.get("urban").and_then(|c| c.flag_at(row)),
        };
        Some((text("debtor_id", row)?.to_owned(), attributes))
    };
    Ok((0..rows.len()).filter_map(of_row).collect())
}

/// The stored form of a bucket's attributes.
pub(crate) fn columns(vault: &Path, bucket: u32, seal: &Seal) -> Result<Option<Columns>> {
    parquet::read_if_present(&vault::file(vault, FOLDER, bucket), &seal.clone().strict())
}

/// One row a debtor, in order of debtor_id.
pub(crate) fn to_columns(of: &BTreeMap<String, Attributes>) -> Columns {
    Columns::new()
        .text("debtor_id", of.keys().map(Some))
        .text("sex", of.values().map(|a| a.sex.map(Sex::name)))
        .int("birth_year", of.values().map(|a| a.birth_year.map(i64::from)))
        .text("registered_elsewhere", of.values().map(|a| a.registered_elsewhere.map(Registered::name)))
        .flag("urban", of.values().map(|a| a.urban))
}

/// Writes a bucket's attributes. [`Error::Fault`] without a key: a vault is never in the clear.
pub(crate) fn write(vault: &Path, bucket: u32, rows: &Columns, seal: &Seal) -> Result<()> {
    if !seal.is_on() {
        return Err(Error::fault("audit attributes were to be written without a key"));
    }
    parquet::write(&vault::file(vault, FOLDER, bucket), rows, seal).map(|_| ())
}

impl Sex {
    fn name(self) -> &'static str {
        match self {
            Sex::Female => "female",
            Sex::Male => "male",
        }
    }
}

impl Registered {
    const ALL: [Registered; 3] = [Registered::Same, Registered::OtherCity, Registered::OtherProvince];

    fn name(self) -> &'static str {
        match self {
            Registered::Same => "same",
            Registered::OtherCity => "other_city",
            Registered::OtherProvince => "other_province",
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_band_is_that_of_the_day_asked_for() {
        let born = |year| Attributes { birth_year: Some(year), ..Attributes::default() };
        let on = |attributes: Attributes, text| attributes.age_band(day::parse(text).unwrap());
        assert_eq!(on(born(1985), "2014-12-31"), Some(AgeBand::From18To29));
        assert_eq!(on(born(1985), "2015-01-01"), Some(AgeBand::From30To44));
        assert_eq!(on(born(1985), "2029-12-31"), Some(AgeBand::From30To44));
        assert_eq!(on(born(1985), "2030-01-01"), Some(AgeBand::From45To59));
        assert_eq!(on(born(2010), "2027-12-31"), Some(AgeBand::Minor));
        assert_eq!(on(born(2010), "2028-01-01"), Some(AgeBand::From18To29));
        assert_eq!(on(born(1966), "2025-06-30"), Some(AgeBand::From45To59));
        assert_eq!(on(born(1966), "2026-06-30"), Some(AgeBand::From60));
        assert_eq!(Attributes::default().age_band(0), None);
    }
}
