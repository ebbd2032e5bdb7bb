//! Counties, cities and provinces on a day: the input table `regions` where it speaks, the built-in list for what it leaves out.

use std::collections::BTreeMap;

use luheng_lake::columns::{Columns, Day};

use crate::error::Result;
use crate::frame;

/// Level of a division, from the top down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// 省级.
    Province,
    /// 地级.
    City,
    /// 县级.
    County,
}

impl Level {
    /// Its code in `regional.level`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::City => "city",
            Self::County => "county",
        }
    }

    /// The level of a code by GB/T 2260: `330000` is a province, `330100` a city, anything else a county.
    pub fn of_code(code: &str) -> Self {
        match (code.ends_with("0000"), code.ends_with("00")) {
            (true, _) => Self::Province,
            (false, true) => Self::City,
            (false, false) => Self::County,
        }
    }
}

/// One division.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its name.
    pub name: String,
    /// Its level.
    pub level: Level,
    /// The division above it.
    pub parent: Option<String>,
}

/// The divisions valid on a day, by code.
#[derive(Clone, Debug, Default)]
pub struct Places {
    by_code: BTreeMap<String, Place>,
    courts: BTreeMap<String, String>,
}

/// Where a unit counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// In the county of residence, or in the division of the court where the figure is one of courts.
    Home(String),
    /// In the county of the court, for want of a residence.
    Fallback(String),
    /// In no county of this list.
    Nowhere,
}

impl Places {
    /// The divisions of a day. A code that the table names at all is the table's, valid or not; every other comes from the built-in list (code, name).
    ///
    /// # Errors
    /// A column that the table lacks.
    pub fn on(day: Day, regions: Option<&Columns>, built_in: impl IntoIterator<Item = (String, String)>) -> Result<Self> {
        let mut by_code: BTreeMap<String, Option<Place>> = BTreeMap::new();
        for (code, name) in built_in {
            let place = Place { name, level: Level::of_code(&code), parent: above(&code) };
            by_code.insert(code, Some(place));
        }
        let mut own: BTreeMap<String, Option<Place>> = BTreeMap::new();
        if let Some(table) = regions {
            let table = table.sorted_by(&["code", "valid_from"])?;
            for row in frame::rows(&table, &["code", "name", "level", "parent", "valid_from", "valid_to"])? {
                let Some(code) = row.owned("code") else { continue };
                let valid = row.date("valid_from").is_none_or(|from| from <= day) && row.date("valid_to").is_none_or(|to| to >= day);
                let level = match row.text("level") {
                    Some("province") => Level::Province,
                    Some("city") => Level::City,
                    Some("county") => Level::County,
                    _ => Level::of_code(&code),
                };
                let parent = row.owned("parent").or_else(|| above(&code));
                let place = valid.then(|| Place { name: row.owned("name").unwrap_or_default(), level, parent });
                let held = own.entry(code).or_default();
                *held = place.or_else(|| held.take());
            }
        }
        by_code.extend(own);
        Ok(Self { by_code: by_code.into_iter().filter_map(|(code, place)| Some((code, place?))).collect(), courts: BTreeMap::new() })
    }

    /// With the courts whose division the catalog states (prefix, division); the others go by the rule of their prefix.
    #[must_use]
    pub fn with_courts(mut self, courts: impl IntoIterator<Item = (String, String)>) -> Self {
        self.courts = courts.into_iter().collect();
        self
    }

    /// A division by its code.
    pub fn get(&self, code: &str) -> Option<&Place> {
        self.by_code.get(code)
    }

    /// Every division, by code.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Place)> {
        self.by_code.iter().map(|(code, place)| (code.as_str(), place))
    }

    /// The divisions right below one.
    pub fn below<'a>(&'a self, code: &'a str) -> impl Iterator<Item = &'a str> {
        self.iter().filter(move |(_, place)| place.parent.as_deref() == Some(code)).map(|(below, _)| below)
    }

    /// The known divisions above one, nearest first.
    pub fn above(&self, code: &str) -> Vec<&str> {
        let mut chain: Vec<&str> = Vec::new();
        let mut next = self.get(code).and_then(|p| p.parent.as_deref());
        // A province ends the chain; a table whose parents run in a circle would not.
        while let Some(parent) = next.filter(|p| chain.len() < 3 && !chain.contains(p) && self.by_code.contains_key(*p)) {
            chain.push(parent);
            next = self.get(parent).and_then(|p| p.parent.as_deref());
        }
        chain
    }

    fn county<'a>(&self, code: &'a str) -> Option<&'a str> {
        self.get(code).filter(|p| p.level == Level::County).map(|_| code)
    }

    /// The division of a court: `浙0106` and `330106` are both of 330106, `浙01` of the city 330100. A court of no division of its own (`浙0192`,
    /// the internet court; `浙72`, the maritime one) is of the city or, failing that, the province that its prefix names.
    pub fn of_court(&self, court: &str) -> Option<&str> {
        let known = |code: &str| self.by_code.get_key_value(code).map(|(code, _)| code.as_str());
        if let Some(region) = self.courts.get(court).and_then(|region| known(region)) {
            return Some(region);
        }
        let mut chars = court.chars();
        let (province, rest) = match chars.next()? {
            first if first.is_ascii_digit() => (court.get(..2)?, court.get(2..)?),
            first => (province_of(first)?, chars.as_str()),
        };
        let city = rest.get(..2).unwrap_or_default();
        known(&format!("{province}{rest:0<4}"))
            .or_else(|| known(&format!("{province}{city:0<4}")))
            .or_else(|| known(&format!("{province}0000")))
    }

    /// Where a unit counts that lives in `residence`, with the court to fall back on. Who lives in another province counts nowhere here: the court's
    /// county is not where he lives. A code that the list does not know, or that names no county, says as little as none.
    pub fn find(&self, residence: Option<&str>, court: Option<&str>) -> Found {
        if let Some(code) = residence {
            if let Some(county) = self.county(code) {
                return Found::Home(county.to_owned());
            }
            let province = format!("{}0000", code.get(..2).unwrap_or_default());
            if !self.by_code.contains_key(&province) {
                return Found::Nowhere;
            }
        }
        let county = court.and_then(|c| self.of_court(c)).and_then(|c| self.county(c));
        county.map_or(Found::Nowhere, |c| Found::Fallback(c.to_owned()))
    }
}

/// The division above by GB/T 2260.
fn above(code: &str) -> Option<String> {
    let digits = |n: usize| code.get(..n).map(|head| format!("{head:0<6}"));
    match Level::of_code(code) {
        Level::Province => None,
        Level::City => digits(2),
        Level::County => digits(4),
    }
}

/// First two digits of the province whose courts write this character.
fn province_of(sign: char) -> Option<&'static str> {
    // 测 is the sign of imaginary courts, in the imaginary province 990000.
    const SIGNS: &str = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新测";
    const DIGITS: [&str; 32] = [
        "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42", "43", "44", "45", "46", "50",
        "51", "52", "53", "54", "61", "62", "63", "64", "65", "99",
    ];
    SIGNS.chars().position(|c| c == sign).map(|at| DIGITS[at])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn built_in() -> Vec<(String, String)> {
        [("330000", "浙江省"), ("330100", "杭州市"), ("330103", "下城区"), ("330106", "西湖区")].map(|(c, n)| (c.into(), n.into())).to_vec()
    }

    #[test]
    fn parents_follow_the_code_and_courts_their_sign() {
        let places = Places::on(20_000, None, built_in()).unwrap();
        assert_eq!(places.above("330106"), ["330100", "330000"]);
        assert_eq!(places.below("330100").collect::<Vec<_>>(), ["330103", "330106"]);
        for (court, region) in
            [("浙0106", "330106"), ("330106", "330106"), ("浙01", "330100"), ("浙0192", "330100"), ("浙72", "330000"), ("浙", "330000")]
        {
            assert_eq!(places.of_court(court), Some(region), "{court}");
        }
        assert_eq!(places.of_court("苏0102"), None);
        let stated = places.with_courts([("浙8601".to_owned(), "330106".to_owned())]);
        assert_eq!(stated.of_court("浙8601"), Some("330106"));
    }

    #[test]
    fn a_division_that_ended_is_gone_even_if_built_in() {
        let table = Columns::new()
            .text("code", [Some("330103"), Some("330199")])
            .text("name", [Some("下城区"), Some("新区")])
            .text("level", [Some("county"), Some("county")])
            .text("parent", [Some("330100"), None])
            .date("valid_from", [None, Some(19_000)])
            .date("valid_to", [Some(18_000), None]);
        let places = Places::on(20_000, Some(&table), built_in()).unwrap();
        assert_eq!(places.get("330103"), None);
        assert_eq!(places.above("330199"), ["330100", "330000"]);
    }

    #[test]
    fn residence_first_then_the_court_and_other_provinces_nowhere() {
        let places = Places::on(20_000, None, built_in()).unwrap();
        assert_eq!(places.find(Some("330106"), None), Found::Home("330106".into()));
        assert_eq!(places.find(None, Some("浙0106")), Found::Fallback("330106".into()));
        assert_eq!(places.find(Some("330199"), Some("浙0106")), Found::Fallback("330106".into()));
        assert_eq!(places.find(Some("320102"), Some("浙0106")), Found::Nowhere);
        assert_eq!(places.find(None, Some("浙01")), Found::Nowhere);
        assert_eq!(places.find(None, None), Found::Nowhere);
    }
}
