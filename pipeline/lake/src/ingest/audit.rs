//! Audit attributes, derived where identity values are at hand and kept in the vault alone ([`crate::store::audit`]).

use std::collections::BTreeMap;
use std::path::Path;

use super::Request;
use super::identity::{Identity, usable};
use super::identity_no;
use super::layout::added;
use super::record::unhex;
use super::split::Split;
use crate::columns::{Columns, Day, day};
use crate::error::Result;
use crate::store::audit::{self, Attributes, Registered, Sex};
use crate::store::vault::{self, Vault};
use crate::store::{atomic, tables};

/// Provinces by the first two digits of GB/T 2260, with the permits for residents of Hong Kong, Macao and Taiwan (81 to 83). Prefix 99 is nobody's, but
/// where the input's regions bring it.
const PROVINCES: [&str; 35] = [
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42", "43", "44", "45", "46", "50",
    "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82", "83",
];
/// Municipalities: a province that is one city.
const MUNICIPALITIES: [&str; 4] = ["11", "12", "31", "50"];

/// Writes the attributes of one bucket from its vault and its debtors as settled tonight. They follow from these alone, so they come out the same
/// for full exports and changes, and move with their debtor.
pub(super) fn settle(request: &Request, staging: &Path, split: &Split, bucket: u32, identity: &Identity) -> Result<()> {
    let (old, new) = (request.work.vault(), staging.join("vault"));
    let people = Vault::open(&new, &request.vault).read("debtors", bucket)?.unwrap_or_default();
    let known = tables::read(&staging.join("lake"), "debtors", bucket, &request.seal)?.unwrap_or_default();
    let rows = audit::to_columns(&of_bucket(&people, &known, identity, &split.regions));
    if rows.is_empty() {
        return Ok(());
    }
    let held = if split.adds && !split.moves.all && split.keeps_files { audit::columns(&old, bucket, &request.vault)? } else { None };
    if held.is_some_and(|held| held.content_hash() == rows.content_hash()) {
        return atomic::link_unseen(&vault::file(&old, audit::FOLDER, bucket), &vault::file(&new, audit::FOLDER, bucket));
    }
    audit::write(&new, bucket, &rows, &request.vault)
}

/// What one debtor's rows say, the newest word first. The as-of day does not count: these attributes are no fact that a rating could know too early.
#[derive(Default)]
struct Person<'a> {
    kind: Option<&'a str>,
    home: Option<&'a str>,
    residence: Option<&'a str>,
    number: Option<&'a str>,
    born_on: Option<Day>,
}

fn of_bucket(people: &Columns, known: &Columns, identity: &Identity, regions: &BTreeMap<String, String>) -> BTreeMap<String, Attributes> {
    let mut persons: BTreeMap<&str, Person<'_>> = BTreeMap::new();
    for row in newest_first(known) {
        let says = |name: &str| known.get(name).and_then(|c| c.text_at(row));
        let void = ["voided_on", "void_reason"].iter().any(|name| known.get(name).is_some_and(|c| !c.is_null(row)));
        let elsewhere = known.get(added::ELSEWHERE).and_then(|c| c.flag_at(row)).unwrap_or_default();
        // A record that is only like him says nothing of him.
        let is_linked = says(added::IDENTITY_BASIS) == Some("linked");
        let Some(id) = says(added::DEBTOR_ID).filter(|_| !void && !elsewhere && !is_linked) else { continue };
        let person = persons.entry(id).or_default();
        person.kind = person.kind.or(says("kind"));
        person.home = person.home.or(says("home_region"));
        person.residence = person.residence.or(says("residence_region"));
    }
    for row in newest_first(people) {
        let says = |name: &str| people.get(name).and_then(|c| c.text_at(row));
        let Some(person) = says(added::DEBTOR_ID).and_then(|id| persons.get_mut(id).map(|p| (id, p))) else { continue };
        let (id, person) = person;
        // A number that was corrected since is another person's: the one his pseudonym was made of is his.
        let own = |number: &&str| unhex(id) == Some(identity.of_number(number));
        let number = usable(says("id_kind"), says("id_no")).filter(|_| says("id_kind") == Some("resident_id"));
        person.number = person.number.or(number.filter(own));
        person.born_on = person.born_on.or(people.get("born_on").and_then(|c| c.date_at(row)));
    }
    let natural = |p: &Person<'_>| p.kind == Some("natural") || p.kind.is_none() && p.number.is_some();
    persons.into_iter().filter(|(_, p)| natural(p)).map(|(id, p)| (id.to_owned(), attributes(&p, regions))).collect()
}

/// By known_on, seen_on, then all values: the order of rows in a file says nothing.
fn newest_first(rows: &Columns) -> Vec<usize> {
    let date = |name: &str, row| rows.get(name).and_then(|c| c.date_at(row));
    let texts = |row: usize| rows.iter().filter_map(|(_, c)| c.text_at(row).map(str::to_owned)).collect::<Vec<_>>();
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_cached_key(|&row| std::cmp::Reverse((date("known_on", row), date(added::SEEN_ON, row), texts(row))));
    order
}

fn attributes(person: &Person<'_>, regions: &BTreeMap<String, String>) -> Attributes {
    let digit = person.number.and_then(|n| n.as_bytes().get(16)).filter(|b| b.is_ascii_digit());
    // As `minor_until` reads it: the day stated, else that of the number.
    let born_on = person.born_on.or_else(|| person.number.and_then(identity_no::born_on));
    // The number's first six digits are the division of its first issue and stay when the registration moves: what is stated wins.
    let home = person.home.or(person.number.and_then(|n| n.get(..6)));
    Attributes {
        sex: digit.map(|b| if b % 2 == 1 { Sex::Male } else { Sex::Female }),
        birth_year: born_on.map(|d| day::ymd(d).0),
        registered_elsewhere: home.zip(person.residence).and_then(|(home, residence)| registered(home, residence, regions)),
        urban: person.residence.and_then(|r| urban(r, regions)),
    }
}

/// Province and city of a division; the city is `None` where the code names none, or one that the list of regions does not know (abolished since).
fn province_and_city<'a>(code: &'a str, regions: &BTreeMap<String, String>) -> Option<(&'a str, Option<&'a str>)> {
    let (province, city) = (code.get(..2)?, code.get(..4)?);
    let listed = |prefix: &str| regions.contains_key(&format!("{prefix:0<6}"));
    if !PROVINCES.contains(&province) && !listed(province) {
        return None;
    }
    if MUNICIPALITIES.contains(&province) {
        return Some((province, Some(province)));
    }
    // Third and fourth digit 90: counties that belong to no city.
    let city = if city.ends_with("90") {
        Some(code).filter(|c| !c.ends_with("00"))
    } else {
        Some(city).filter(|c| !c.ends_with("00") && listed(c))
    };
    Some((province, city))
}

fn registered(home: &str, residence: &str, regions: &BTreeMap<String, String>) -> Option<Registered> {
    let ((home_province, home_city), (province, city)) = (province_and_city(home, regions)?, province_and_city(residence, regions)?);
    if home_province != province {
        return Some(Registered::OtherProvince);
    }
    if home == residence && !home.ends_with("00") {
        return Some(Registered::Same);
    }
    let (home_city, city) = (home_city?, city?);
    Some(if home_city == city { Registered::Same } else { Registered::OtherCity })
}

/// Whether a division at county level is a district of a city: by its name in the list of regions, else by the digits of GB/T 2260 (third and fourth
/// 01–20 or 51–70, a city; fifth and sixth 01–20 or 51–70, its district). That is as fine as the lake knows: the statistical urban–rural code is by
/// village. A test compares both rules over the built-in list.
fn urban(code: &str, regions: &BTreeMap<String, String>) -> Option<bool> {
    if code.len() != 6 || code.ends_with("00") {
        return None;
    }
    match regions.get(code) {
        Some(name) => Some(name.ends_with('区') && !["林区", "特区", "地区", "自治区"].iter().any(|not| name.ends_with(not))),
        None => province_and_city(code, regions).and_then(|_| by_digits(code)),
    }
}

fn by_digits(code: &str) -> Option<bool> {
    let pair = |range: std::ops::Range<usize>| code.get(range)?.parse::<u8>().ok();
    let of_city = |n: u8| matches!(n, 1..=20 | 51..=70);
    Some(of_city(pair(2..4)?) && of_city(pair(4..6)?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::super::record::hex;
    use super::*;
    use crate::catalog::CatalogFiles;
    use crate::schema::Codes;
    use crate::store::key::{KeyOrigin, PseudonymKey};

    fn regions() -> BTreeMap<String, String> {
        let codes = Codes::load(&CatalogFiles::embedded()).unwrap();
        let own =
            [("990000", "某省"), ("990100", "甲市"), ("990103", "丙县"), ("990104", "戊林区"), ("990200", "乙市"), ("990201", "丁区")];
        let listed = codes.codes("region").map(|(code, label)| (code.to_owned(), label.zh.clone()));
        listed.chain(own.map(|(code, name)| (code.to_owned(), name.to_owned()))).collect()
    }

    #[test]
    fn names_and_digits_agree_on_the_districts_of_zhejiang() {
        let regions = regions();
        let counties: Vec<&String> = regions.keys().filter(|c| c.starts_with("33") && !c.ends_with("00")).collect();
        assert_eq!(counties.len(), 90);
        assert!(counties.iter().all(|code| urban(code, &regions) == by_digits(code)));
        assert_eq!(counties.iter().filter(|code| urban(code, &regions) == Some(true)).count(), 37);
    }

    #[test]
    fn registration_is_compared_by_province_then_city_and_only_where_both_are_known() {
        let regions = regions();
        let of = |home, residence| registered(home, residence, &regions);
        assert_eq!(of("330102", "330106"), Some(Registered::Same));
        assert_eq!(of("330203", "330106"), Some(Registered::OtherCity));
        assert_eq!(of("340123", "330106"), Some(Registered::OtherProvince));
        // 332621 was a county of an area that is a city of another code since.
        assert_eq!(of("332621", "331002"), None);
        // Who stayed there stayed in the same city, whichever that is.
        assert_eq!(of("332621", "332621"), Some(Registered::Same));
        assert_eq!(of("330000", "330106"), None);
        assert_eq!(of("110101", "110228"), Some(Registered::Same));
        assert_eq!(of("429004", "429005"), Some(Registered::OtherCity));
        assert_eq!(of("990103", "990201"), Some(Registered::OtherCity));
        assert_eq!(of("980101", "330106"), None);
        // A forest district is a county by its name, whatever its digits say.
        assert_eq!((urban("990104", &regions), by_digits("990104")), (Some(false), Some(true)));
        assert_eq!((urban("990103", &regions), urban("330100", &regions), urban("340103", &regions)), (Some(false), None, Some(true)));
    }

    #[test]
    fn attributes_come_from_the_persons_own_number_and_newest_words() {
        let identity = Identity::new(&PseudonymKey::from_hex(&"5a".repeat(32), KeyOrigin::Environment, "test").unwrap());
        let (he, she) = ("330203198502150019", "990000199001010041");
        let [he, she] = [he, she].map(|n| identity_no::resident(&format!("{}{}", &n[..17], check(n))).unwrap());
        let ids = [hex(&identity.of_number(&he)), hex(&identity.of_number(&she)), "f".repeat(32), "e".repeat(32)];
        let known = Columns::new()
            .text("debtor_id", [Some(&ids[0]), Some(&ids[0]), Some(&ids[1]), Some(&ids[2]), Some(&ids[3])])
            .text("kind", [Some("natural"), Some("natural"), None, Some("legal"), Some("natural")])
            .text("home_region", [None, None, None, None, Some("330105")])
            .text("residence_region", [Some("330106"), Some("330681"), Some("990201"), Some("330106"), None])
            .date("known_on", [Some(20_000), Some(20_100), Some(20_000), Some(20_000), Some(20_000)]);
        let people = Columns::new()
            .text("debtor_id", [Some(&ids[0]), Some(&ids[0]), Some(&ids[1]), Some(&ids[3])])
            .text("id_kind", [Some("resident_id"), Some("resident_id"), Some("resident_id"), None])
            // The newer row has a number that is another person's.
            .text("id_no", [Some(&he), Some(&she), Some(&she), None])
            .date("born_on", [None, None, None, day::parse("2001-05-05")])
            .date("known_on", [Some(20_000), Some(20_100), Some(20_000), Some(20_000)]);
        let found = of_bucket(&people, &known, &identity, &regions());
        let of = |sex, birth_year, registered_elsewhere, urban| Attributes { sex, birth_year, registered_elsewhere, urban };
        assert_eq!(found.get(&ids[0]), Some(&of(Some(Sex::Male), Some(1985), Some(Registered::OtherCity), Some(false))));
        // 990000 is a province of the input's list, but no city.
        assert_eq!(found.get(&ids[1]), Some(&of(Some(Sex::Female), Some(1990), None, Some(true))));
        assert_eq!(found.get(&ids[2]), None);
        assert_eq!(found.get(&ids[3]), Some(&of(None, Some(2001), None, None)));
        // A registration that moved: what is stated wins over the division that his number was issued in.
        let moved = Person { home: Some("330102"), residence: Some("330106"), number: Some(&he), ..Person::default() };
        assert_eq!(attributes(&moved, &regions()).registered_elsewhere, Some(Registered::Same));
        assert_eq!(attributes(&Person { home: None, ..moved }, &regions()).registered_elsewhere, Some(Registered::OtherCity));
    }

    #[test]
    fn voided_rows_and_copies_of_who_lies_elsewhere_tell_of_nobody() {
        let identity = Identity::new(&PseudonymKey::from_hex(&"5a".repeat(32), KeyOrigin::Environment, "test").unwrap());
        let ids = ["a", "b", "c"].map(|id| id.repeat(32));
        let known = Columns::new()
            .text("debtor_id", ids.iter().map(Some))
            .text("kind", [Some("natural"); 3])
            .text("void_reason", [Some("wrong_person"), None, None])
            .flag("elsewhere", [Some(false), Some(true), Some(false)]);
        let found = of_bucket(&Columns::new(), &known, &identity, &regions());
        assert_eq!(found.keys().collect::<Vec<_>>(), [&ids[2]]);
    }

    fn check(number: &str) -> char {
        let found = "0123456789X".chars().find(|c| identity_no::resident(&format!("{}{c}", &number[..17])).is_some());
        found.unwrap()
    }
}
