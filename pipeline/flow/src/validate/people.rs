//! The groups a person belongs to: the one door through which a figure reaches the attributes in the vault. They are held in memory for the rows judged,
//! and leave this stage as figures of groups alone.

use std::collections::{BTreeMap, BTreeSet};

use luheng_lake::columns::Day;
use luheng_lake::store::audit::{self, AgeBand, Attributes, Registered, Sex};

use crate::context::Context;
use crate::error::Result;

/// Attributes that the vault knows of natural persons, as the report names them.
pub(super) const KNOWN: [&str; 4] = ["sex", "age", "urban", "registered"];

/// What the vault knows of the debtors judged.
#[derive(Debug, Default)]
pub(super) struct People(BTreeMap<String, Attributes>);

impl People {
    /// Reads those of these debtors.
    ///
    /// # Errors
    /// A vault that cannot be opened.
    pub fn read(ctx: &Context, wanted: &BTreeSet<&str>) -> Result<Self> {
        let mut people = BTreeMap::new();
        for bucket in 0..ctx.buckets {
            let of_bucket = audit::read(&ctx.work.vault(), bucket, &ctx.seals.vault)?;
            people.extend(of_bucket.into_iter().filter(|(id, _)| wanted.contains(id.as_str())));
        }
        Ok(Self(people))
    }

    /// The group of a debtor on a day by an attribute of [`KNOWN`]; none where it is not known.
    pub fn group(&self, attribute: &str, debtor: &str, on: Day) -> Option<&'static str> {
        let person = self.0.get(debtor)?;
        Some(match attribute {
            "sex" => match person.sex? {
                Sex::Female => "female",
                Sex::Male => "male",
            },
            "age" => match person.age_band(on)? {
                AgeBand::Minor => "under_18",
                AgeBand::From18To29 => "18_29",
                AgeBand::From30To44 => "30_44",
                AgeBand::From45To59 => "45_59",
                AgeBand::From60 => "60_over",
            },
            "urban" => {
                if person.urban? {
                    "urban"
                } else {
                    "rural"
                }
            }
            "registered" => match person.registered_elsewhere? {
                Registered::Same => "same_city",
                Registered::OtherCity => "other_city",
                Registered::OtherProvince => "other_province",
            },
            _ => return None,
        })
    }
}

#[cfg(test)]
pub(super) fn of_sexes(sexes: impl Iterator<Item = (String, Sex)>) -> People {
    People(sexes.map(|(id, sex)| (id, Attributes { sex: Some(sex), birth_year: Some(1980), ..Attributes::default() })).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use luheng_lake::columns::day;

    use super::*;

    #[test]
    fn a_group_is_that_of_the_day_and_unknown_stays_unknown() {
        let people = of_sexes([("a".to_owned(), Sex::Female)].into_iter());
        let on = |text| day::parse(text).unwrap();
        assert_eq!(people.group("sex", "a", on("2025-01-01")), Some("female"));
        assert_eq!(
            (people.group("age", "a", on("2024-12-31")), people.group("age", "a", on("2025-01-01"))),
            (Some("30_44"), Some("45_59"))
        );
        assert_eq!((people.group("urban", "a", 0), people.group("sex", "b", 0), people.group("court", "a", 0)), (None, None, None));
    }
}
