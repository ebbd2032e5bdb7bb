//! The sums of every metric laid over the map: each unit in a county, each county in its city and province, the residents beside them.

use std::collections::{BTreeMap, BTreeSet};

use luheng_lake::columns::{Columns, Day};
use polars::prelude::col;

use crate::error::Result;
use crate::frame;
use crate::metrics::case_facts::CaseFacts;
use crate::metrics::definitions::{METRICS, Metric, Sums};
use crate::metrics::places::{Found, Places};

/// The sums of one metric in one region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Numerator.
    pub numerator: i64,
    /// Denominator, where the metric has one of its own.
    pub denominator: i64,
    /// Persons, entries or cases the figure rests on.
    pub units: i64,
    /// Of the numerator, what was placed by the court for want of a residence.
    pub fallback: i64,
}

/// One metric, or one part of it, over all regions.
#[derive(Clone, Debug)]
pub struct Layer {
    /// The metric.
    pub metric: &'static Metric,
    /// The part of a breakdown; `None` for the whole.
    pub part: Option<String>,
    /// Sums by region; a region that is not in it has none.
    pub cells: BTreeMap<String, Cell>,
    /// Units that count in no county of the list.
    pub nowhere: i64,
}

impl Layer {
    fn new(metric: &'static Metric, part: Option<String>) -> Self {
        Self { metric, part, cells: BTreeMap::new(), nowhere: 0 }
    }

    /// `regional.metric`: the metric's name, and the part after a colon.
    pub fn name(&self) -> String {
        self.part.as_ref().map_or_else(|| self.metric.id.to_owned(), |part| format!("{}:{part}", self.metric.id))
    }

    fn add(&mut self, places: &Places, found: &Found, by: Cell) {
        let (county, fallback) = match found {
            Found::Home(county) => (county, 0),
            Found::Fallback(county) => (county, by.numerator),
            Found::Nowhere => {
                self.nowhere = self.nowhere.saturating_add(by.units);
                return;
            }
        };
        for region in std::iter::once(county.as_str()).chain(places.above(county)) {
            let cell = self.cells.entry(region.to_owned()).or_default();
            cell.numerator = cell.numerator.saturating_add(by.numerator);
            cell.denominator = cell.denominator.saturating_add(by.denominator);
            cell.units = cell.units.saturating_add(by.units);
            cell.fallback = cell.fallback.saturating_add(fallback);
        }
    }
}

/// Every metric over the map, in the order of the list, each whole before its parts.
///
/// # Errors
/// A column that a table lacks.
pub fn layers(places: &Places, sums: &Columns, cases: &BTreeMap<String, CaseFacts>) -> Result<Vec<Layer>> {
    let of_debtors = debtor_sums(sums)?;
    let mut layers = Vec::new();
    for metric in METRICS {
        let mut own = BTreeMap::from([(None, Layer::new(metric, None))]);
        match metric.sums {
            Sums::Debtor(_) | Sums::Rated => {
                for sum in of_debtors.iter().filter(|s| s.metric == metric.id) {
                    let court = sum.court.as_deref();
                    let found = if sum.by_court { by_court(places, court) } else { places.find(sum.residence.as_deref(), court) };
                    own.entry(sum.part.clone()).or_insert_with(|| Layer::new(metric, sum.part.clone())).add(places, &found, sum.cell);
                }
            }
            Sums::Case(count) => {
                let whole = own.entry(None).or_insert_with(|| Layer::new(metric, None));
                for case in cases.values() {
                    if let Some((numerator, denominator)) = count(case) {
                        let found = by_court(places, case.court_code.as_deref());
                        whole.add(places, &found, Cell { numerator, denominator, units: 1, fallback: 0 });
                    }
                }
            }
        }
        layers.extend(own.into_values());
    }
    Ok(layers)
}

/// A court's own division is no fallback: the figure is one of courts. A city's own court counts in the city and in no county.
fn by_court(places: &Places, court: Option<&str>) -> Found {
    court.and_then(|c| places.of_court(c)).map_or(Found::Nowhere, |region| Found::Home(region.to_owned()))
}

struct DebtorSum {
    metric: String,
    part: Option<String>,
    by_court: bool,
    residence: Option<String>,
    court: Option<String>,
    cell: Cell,
}

fn debtor_sums(sums: &Columns) -> Result<Vec<DebtorSum>> {
    let keys = ["metric", "part", "by_court", "residence", "court_code"];
    let joined = frame::lazy(sums)?
        .group_by(keys.map(col))
        .agg([col("numerator").sum(), col("denominator").sum(), col("units").sum()])
        .sort(keys, frame::ascending());
    let table = frame::collect(joined)?;
    let rows = frame::rows(&table, &keys)?;
    Ok(rows
        .map(|r| DebtorSum {
            metric: r.owned("metric").unwrap_or_default(),
            part: r.owned("part"),
            by_court: r.flag("by_court").unwrap_or(false),
            residence: r.owned("residence"),
            court: r.owned("court_code"),
            cell: Cell {
                numerator: r.int("numerator").unwrap_or(0),
                denominator: r.int("denominator").unwrap_or(0),
                units: r.int("units").unwrap_or(0),
                fallback: 0,
            },
        })
        .collect())
}

/// Residents of a region and the year they were counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Residents {
    /// Year, at its end.
    pub year: i64,
    /// Residents (常住人口).
    pub residents: i64,
}

/// Residents of each region, of the latest year published by the day; where a city or a province has no figure of its own and all its parts have one
/// of the same year, their sum.
///
/// # Errors
/// A column that the table lacks.
pub fn residents(population: Option<&Columns>, places: &Places, day: Day) -> Result<BTreeMap<String, Residents>> {
    let mut known: BTreeMap<String, Residents> = BTreeMap::new();
    if let Some(table) = population {
        let table = table.sorted_by(&["region", "year", "published_on", "resident"])?;
        for row in frame::rows(&table, &["region", "year", "resident", "published_on"])? {
            let published = row.date("published_on").is_some_and(|on| on <= day);
            if let (true, Some(region), Some(year), Some(residents)) =
                (published, row.owned("region"), row.int("year"), row.int("resident"))
            {
                known.insert(region, Residents { year, residents });
            }
        }
    }
    // Cities first, then provinces, so that a province may rest on cities that rest on counties.
    let mut wholes: Vec<(std::cmp::Reverse<crate::metrics::places::Level>, &str)> =
        places.iter().filter(|(code, _)| !known.contains_key(*code)).map(|(code, p)| (std::cmp::Reverse(p.level), code)).collect();
    wholes.sort_unstable();
    for (_, code) in wholes {
        let below: Option<Vec<Residents>> = places.below(code).map(|b| known.get(b).copied()).collect();
        if let Some([first, rest @ ..]) = below.as_deref()
            && rest.iter().all(|r| r.year == first.year)
        {
            let residents = rest.iter().fold(first.residents, |sum, r| sum.saturating_add(r.residents));
            known.insert(code.to_owned(), Residents { year: first.year, residents });
        }
    }
    Ok(known)
}

/// How many courts the cases are of, in each region and in all.
#[derive(Clone, Debug, Default)]
pub struct Courts {
    /// Courts by region.
    pub by_region: BTreeMap<String, i64>,
    /// All courts.
    pub all: i64,
}

impl Courts {
    /// Counts the courts of all cases.
    pub fn of(cases: &BTreeMap<String, CaseFacts>, places: &Places) -> Self {
        let courts: BTreeSet<&str> = cases.values().filter_map(|c| c.court_code.as_deref()).collect();
        let mut by_region: BTreeMap<String, i64> = BTreeMap::new();
        for own in courts.iter().filter_map(|c| places.of_court(c)) {
            for region in std::iter::once(own).chain(places.above(own)) {
                *by_region.entry(region.to_owned()).or_default() += 1;
            }
        }
        Self { by_region, all: i64::try_from(courts.len()).unwrap_or(i64::MAX) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn places() -> Places {
        let list = [
            ("330000", "浙江省"),
            ("330100", "杭州市"),
            ("330102", "上城区"),
            ("330106", "西湖区"),
            ("330200", "宁波市"),
            ("330203", "海曙区"),
        ];
        Places::on(20_000, None, list.map(|(c, n)| (c.to_owned(), n.to_owned()))).unwrap()
    }

    #[test]
    fn the_latest_year_published_by_the_day_counts_and_a_whole_may_be_summed() {
        let table = Columns::new()
            .text("region", ["330102", "330102", "330102", "330106", "330200"].map(Some))
            .int("year", [2022, 2023, 2024, 2023, 2023].map(Some))
            .int("resident", [90, 100, 110, 200, 50].map(Some))
            .date("published_on", [Some(19_000), Some(19_900), Some(20_001), Some(19_900), Some(19_900)]);
        let known = residents(Some(&table), &places(), 20_000).unwrap();
        assert_eq!(known["330102"], Residents { year: 2023, residents: 100 });
        assert_eq!(known["330100"], Residents { year: 2023, residents: 300 });
        assert_eq!(known["330000"], Residents { year: 2023, residents: 350 });
        assert!(!known.contains_key("330203"));
    }

    #[test]
    fn sums_roll_up_and_fallbacks_are_counted() {
        let sums = Columns::new()
            .text("metric", [Some("dishonesty_rate_per_10k"); 4])
            .text("part", [None::<&str>; 4])
            .flag("by_court", [Some(false); 4])
            .text("residence", [Some("330106"), Some("330106"), None, Some("320102")])
            .text("court_code", ["浙0106", "浙0203", "浙0203", "浙0203"].map(Some))
            .int("numerator", [3, 2, 4, 1].map(Some))
            .int("denominator", [0; 4].map(Some))
            .int("units", [3, 2, 4, 1].map(Some));
        let layers = layers(&places(), &sums, &BTreeMap::new()).unwrap();
        let headline = &layers[0];
        assert_eq!((headline.cells["330106"].numerator, headline.cells["330106"].fallback), (5, 0));
        assert_eq!((headline.cells["330203"].numerator, headline.cells["330203"].fallback), (4, 4));
        assert_eq!((headline.cells["330000"].numerator, headline.nowhere), (9, 1));
    }
}
