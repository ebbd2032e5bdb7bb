//! The map over a small province: two cities, four counties.
#![allow(clippy::unwrap_used)]

use super::*;

const TODAY: Day = 20_000;

fn places() -> Places {
    let list = [
        ("330000", "浙江省"),
        ("330100", "杭州市"),
        ("330102", "上城区"),
        ("330106", "西湖区"),
        ("330108", "滨江区"),
        ("330200", "宁波市"),
        ("330203", "海曙区"),
    ];
    Places::on(TODAY, None, list.map(|(c, n)| (c.to_owned(), n.to_owned()))).unwrap()
}

/// Persons listed by county.
fn sums(persons: &[(&str, i64)]) -> Columns {
    Columns::new()
        .text("metric", persons.iter().map(|_| Some("dishonesty_rate_per_10k")))
        .text("part", persons.iter().map(|_| None::<&str>))
        .flag("by_court", persons.iter().map(|_| Some(false)))
        .text("residence", persons.iter().map(|p| Some(p.0)))
        .text("court_code", persons.iter().map(|_| Some("浙0106")))
        .int("numerator", persons.iter().map(|p| Some(p.1)))
        .int("denominator", persons.iter().map(|_| Some(0)))
        .int("units", persons.iter().map(|p| Some(p.1)))
}

fn population() -> Columns {
    let rows = [
        ("330000", 4_000_000),
        ("330100", 3_000_000),
        ("330102", 1_000_000),
        ("330106", 1_000_000),
        ("330108", 1_000_000),
        ("330200", 1_000_000),
        ("330203", 1_000_000),
    ];
    Columns::new()
        .text("region", rows.iter().map(|r| Some(r.0)))
        .int("year", rows.iter().map(|_| Some(2023)))
        .int("resident", rows.iter().map(|r| Some(r.1)))
        .date("published_on", rows.iter().map(|_| Some(TODAY - 100)))
}

fn figures(persons: &[(&str, i64)], previous: Option<&Columns>) -> Columns {
    let cases = CaseFacts::columns(&[CaseFacts {
        case_no: "（2025）浙0106执1号".into(),
        court_code: Some("浙0106".into()),
        status: "open".into(),
        due_fen: 300,
        received_365d_fen: 100,
        ..CaseFacts::default()
    }]);
    let inputs = Inputs { sums: &sums(persons), party_facts: &cases, regions: None, population: Some(&population()), previous };
    Map::new(&inputs, places(), TODAY, "auto").unwrap().table(&|_| None).unwrap()
}

fn cell<'a>(table: &'a Columns, metric: &str, region: &str) -> frame::Cells<'a> {
    frame::rows(table, &["metric", "region"])
        .unwrap()
        .find(|r| r.text("metric") == Some(metric) && r.text("region") == Some(region))
        .unwrap()
}

const HEADLINE: &str = crate::metrics::definitions::HEADLINE;

#[test]
fn the_headline_is_persons_over_residents_at_every_level() {
    let table = figures(&[("330102", 50), ("330106", 30), ("330108", 20), ("330203", 40)], None);
    let city = cell(&table, HEADLINE, "330100");
    assert_eq!((city.int("numerator"), city.int("denominator"), city.int("denominator_year")), (Some(100), Some(3_000_000), Some(2023)));
    assert!((city.real("value").unwrap() - 100.0 / 3_000_000.0 * 10_000.0).abs() < 1e-12);
    assert_eq!(cell(&table, HEADLINE, "330000").int("numerator"), Some(140));
    let county = cell(&table, HEADLINE, "330106");
    assert!(
        county.real("low95").unwrap() < county.real("value").unwrap() && county.real("value").unwrap() < county.real("high95").unwrap()
    );
    let pulled = county.real("smoothed").unwrap();
    assert!(pulled > county.real("value").unwrap() && pulled < cell(&table, HEADLINE, "330000").real("value").unwrap());
    assert!(county.text("definition").unwrap().contains("本院数据口径"));
}

#[test]
fn a_small_county_is_hidden_with_the_next_smallest_and_nothing_beside_it_tells() {
    let table = figures(&[("330102", 50), ("330106", 30), ("330108", 4), ("330203", 40)], None);
    for (region, hidden) in [("330108", true), ("330106", true), ("330102", false), ("330100", false), ("330000", false)] {
        let row = cell(&table, HEADLINE, region);
        assert_eq!(row.flag("suppressed"), Some(hidden), "{region}");
        for figure in ["value", "low95", "high95", "smoothed", "fallback_share"] {
            assert!(!hidden || row.real(figure).is_none(), "{region} {figure}");
        }
        assert_eq!(row.int("numerator").is_none(), hidden, "{region}");
        assert!(row.int("denominator").is_some());
    }
}

#[test]
fn the_night_before_is_compared_only_in_the_same_words() {
    let before = figures(&[("330203", 40)], None);
    let now = figures(&[("330203", 60)], Some(&before));
    let row = cell(&now, HEADLINE, "330203");
    assert!((row.real("previous").unwrap() - 0.4).abs() < 1e-12 && (row.real("change").unwrap() - 0.2).abs() < 1e-12);
    let other_words = before.text("definition_id", (0..now.len()).map(|_| Some("other")));
    assert_eq!(cell(&figures(&[("330203", 60)], Some(&other_words)), HEADLINE, "330203").real("previous"), None);
}

#[test]
fn figures_of_cases_stand_where_the_court_is_and_small_shares_are_hidden() {
    let table = figures(&[("330203", 40)], None);
    let open = cell(&table, "open_cases_n", "330106");
    assert_eq!((open.int("numerator"), open.flag("additive"), open.int("courts_reporting_n")), (Some(1), Some(true), Some(1)));
    assert_eq!(cell(&table, "recovery_rate_12m", "330106").flag("suppressed"), Some(true));
    assert!(frame::rows(&table, &[]).unwrap().all(|r| r.text("metric") != Some("open_cases_n") || r.text("region") != Some("330203")));
}
