//! `regional`: every metric for every county, city and province, with its definition, interval, and what must not be printed left out.

use std::collections::{BTreeMap, BTreeSet};

use luheng_lake::columns::{Columns, Day};

use crate::context::Context;
use crate::error::Result;
use crate::frame;
use crate::metrics::case_facts::CaseFacts;
use crate::metrics::definitions::Finish;
use crate::metrics::grid::{self, Cell, Courts, Layer, Residents};
use crate::metrics::places::{Level, Places};
use crate::metrics::suppress::{self, Equation};
use crate::metrics::{interval, smooth};

/// Persons per so many residents.
const PER: f64 = 10_000.0;

/// What the regional figures are made of.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// Sums by debtor, of all buckets.
    pub sums: &'a Columns,
    /// Party facts, of all buckets.
    pub party_facts: &'a Columns,
    /// The lake's `regions`, where the court sent one.
    pub regions: Option<&'a Columns>,
    /// The lake's `population`, where the court sent one.
    pub population: Option<&'a Columns>,
    /// `regional` of the run published before.
    pub previous: Option<&'a Columns>,
}

/// The table `regional`.
///
/// # Errors
/// A column that a table lacks.
pub fn regional(inputs: &Inputs<'_>, ctx: &Context) -> Result<Columns> {
    let built_in = ctx.codes.regions().into_iter().map(|r| (r.code, r.name));
    let courts = ctx.codes.courts().map(|c| (c.code.clone(), c.region.clone()));
    let places = Places::on(ctx.as_of, inputs.regions, built_in)?.with_courts(courts);
    let label = |ground: &str| ctx.codes.label("listings.removal_ground", ground).map(|l| (l.zh.clone(), l.en.clone()));
    Map::new(inputs, places, ctx.as_of, &ctx.config.regional.numerator_scope)?.table(&label)
}

/// Chinese and English name of a part of a breakdown.
type Label<'a> = &'a dyn Fn(&str) -> Option<(String, String)>;

/// Everything a row is read from.
struct Map {
    as_of: Day,
    places: Places,
    layers: Vec<Layer>,
    residents: BTreeMap<String, Residents>,
    courts: Courts,
    scope: String,
    previous: BTreeMap<(String, String, String), f64>,
}

impl Map {
    fn new(inputs: &Inputs<'_>, places: Places, as_of: Day, scope: &str) -> Result<Self> {
        let cases = CaseFacts::read(inputs.party_facts)?;
        let courts = Courts::of(&cases, &places);
        let scope = match scope {
            "auto" if courts.all <= 1 => "this_court",
            "auto" => "these_courts",
            stated => stated,
        };
        Ok(Self {
            as_of,
            layers: grid::layers(&places, inputs.sums, &cases)?,
            residents: grid::residents(inputs.population, &places, as_of)?,
            courts,
            scope: scope.to_owned(),
            previous: values_of(inputs.previous)?,
            places,
        })
    }

    /// Regions that have a row: of figures by residence, those with residents, units or courts; of figures by court, those with a court. Always with
    /// what lies above them; if there is none at all, the provinces, so that the headline is never missing.
    fn regions(&self, by_residence: bool) -> Vec<&str> {
        let mut named: BTreeSet<&str> = self.courts.by_region.keys().map(String::as_str).collect();
        if by_residence {
            named.extend(self.residents.keys().map(String::as_str));
            named.extend(self.layers.iter().filter(|l| l.metric.by_residence()).flat_map(|l| l.cells.keys()).map(String::as_str));
        }
        let mut regions: BTreeSet<&str> = BTreeSet::new();
        for region in named.into_iter().filter(|r| self.places.get(r).is_some()) {
            regions.insert(region);
            regions.extend(self.places.above(region));
        }
        if regions.is_empty() {
            regions.extend(self.places.iter().filter(|(_, p)| p.level == Level::Province).map(|(code, _)| code));
        }
        regions.into_iter().collect()
    }

    fn table(&self, label: Label<'_>) -> Result<Columns> {
        let mut rows = Vec::new();
        for family in self.layers.chunk_by(|a, b| a.metric.id == b.metric.id) {
            let Some(metric) = family.first().map(|l| l.metric) else { continue };
            let regions = self.regions(metric.by_residence());
            let hidden = self.hidden(family, &regions);
            for (at, layer) in family.iter().enumerate() {
                let (definition, definition_id) = self.definition(layer, label);
                let hidden = &hidden[at * regions.len()..(at + 1) * regions.len()];
                let smoothed = self.smoothed(layer, &regions, hidden);
                for (region_at, region) in regions.iter().enumerate() {
                    let mut row = self.row(layer, region, hidden[region_at], smoothed[region_at]);
                    row.definition.clone_from(&definition);
                    row.definition_id.clone_from(&definition_id);
                    row.compare(&self.previous);
                    rows.push(row);
                }
            }
        }
        Ok(columns(&rows))
    }

    /// For each layer of a metric and each region, whether the cell is hidden.
    fn hidden(&self, family: &[Layer], regions: &[&str]) -> Vec<bool> {
        let mut units: Vec<i64> = family.iter().flat_map(|l| regions.iter().map(|r| Self::shown_units(l, r))).collect();
        let mut equations = Vec::new();
        for layer in 0..family.len() {
            for (whole, region) in regions.iter().enumerate() {
                let below = |r: &str| self.places.get(r).and_then(|p| p.parent.as_deref()) == Some(*region);
                let mut parts: Vec<usize> = (0..regions.len()).filter(|&i| below(regions[i])).map(|i| layer * regions.len() + i).collect();
                let whole = layer * regions.len() + whole;
                // What a city's own court adds stands in no row, but subtraction shows it: it is a cell like any other.
                let own = units[whole] - parts.iter().map(|&p| units[p]).sum::<i64>();
                if own > 0 && !parts.is_empty() {
                    parts.push(units.len());
                    units.push(own);
                }
                equations.push(Equation { whole, parts });
            }
        }
        for region in 0..regions.len() {
            let parts = (1..family.len()).map(|layer| layer * regions.len() + region).collect();
            equations.push(Equation { whole: region, parts });
        }
        suppress::hidden(&units, &equations, family.first().map_or(0, |l| l.metric.smallest_cell))
    }

    /// What a cell rests on: the persons or entries counted, or the cases of a share.
    fn shown_units(layer: &Layer, region: &str) -> i64 {
        let cell = layer.cells.get(region).copied().unwrap_or_default();
        match layer.metric.finish {
            Finish::Count | Finish::PerTenThousand => cell.numerator,
            Finish::Share | Finish::MoneyShare => cell.units,
        }
    }

    /// Smoothed rates of the figures printed, per 10,000: cities and counties toward the rate of their province; a province keeps its own.
    fn smoothed(&self, layer: &Layer, regions: &[&str], hidden: &[bool]) -> Vec<Option<f64>> {
        let mut smoothed = vec![None; regions.len()];
        if layer.metric.finish != Finish::PerTenThousand {
            return smoothed;
        }
        let rate = |region: &str| {
            let count = layer.cells.get(region).map_or(0, |c| c.numerator);
            (count, self.residents.get(region).map_or(0, |r| r.residents))
        };
        let province_of = |region: &str| self.places.above(region).last().map_or_else(|| region.to_owned(), |p| (*p).to_owned());
        let level_of = |region: &str| self.places.get(region).map(|p| p.level);
        for (province_at, province) in regions.iter().enumerate().filter(|(_, r)| level_of(r) == Some(Level::Province)) {
            let own = smooth::pooled(&[rate(province)]).filter(|_| !hidden[province_at]);
            smoothed[province_at] = own.map(|r| r * PER);
            for level in [Level::City, Level::County] {
                let here = |i: &usize| !hidden[*i] && level_of(regions[*i]) == Some(level) && province_of(regions[*i]) == *province;
                let at: Vec<usize> = (0..regions.len()).filter(here).collect();
                let rates: Vec<(i64, i64)> = at.iter().map(|&i| rate(regions[i])).collect();
                if let Some(whole) = own.or_else(|| smooth::pooled(&rates)) {
                    for (&i, rate) in at.iter().zip(smooth::toward(whole, &rates)) {
                        smoothed[i] = rate.map(|r| r * PER);
                    }
                }
            }
        }
        smoothed
    }

    /// The words printed with a figure, and the hash that says whether two figures are of the same words.
    fn definition(&self, layer: &Layer, label: Label<'_>) -> (String, String) {
        let metric = layer.metric;
        let (scope_zh, scope_en) = match (metric.by_residence(), self.scope.as_str()) {
            (false, _) => ("", ""),
            (_, "this_court") => ("【本院数据口径，不作排名】", "[data of this court only, not ranked] "),
            (_, "these_courts") => ("【所列法院数据口径，不作排名】", "[data of the courts reporting only, not ranked] "),
            (_, "province") => ("【本省数据口径，不作排名】", "[data of this province only, not ranked] "),
            _ => ("【全国名单口径】", "[national list] "),
        };
        let (part_zh, part_en) = layer.part.as_ref().map_or_else(Default::default, |part| {
            let (zh, en) = label(part).unwrap_or_else(|| (part.clone(), part.clone()));
            (format!("；其中：{zh}"), format!("; of these: {en}"))
        });
        let text = format!(
            "{}：{scope_zh}{}{part_zh} / {}: {scope_en}{}{part_en}",
            metric.title_zh, metric.definition_zh, metric.title_en, metric.definition_en
        );
        let hash = blake3::hash(text.as_bytes()).to_hex();
        let id = format!("{}@{}", layer.name(), &hash.as_str()[..12]);
        (text, id)
    }

    fn row(&self, layer: &Layer, region: &str, suppressed: bool, smoothed: Option<f64>) -> Row {
        let metric = layer.metric;
        let cell = layer.cells.get(region).copied().unwrap_or_default();
        let residents = self.residents.get(region).copied().filter(|_| metric.finish == Finish::PerTenThousand);
        let courts = if metric.by_residence() { self.courts.all } else { self.courts.by_region.get(region).copied().unwrap_or(0) };
        let place = self.places.get(region);
        let mut row = Row {
            as_of: self.as_of,
            region: region.to_owned(),
            region_name: place.map(|p| p.name.clone()).unwrap_or_default(),
            level: place.map_or(Level::County, |p| p.level).code(),
            metric: layer.name(),
            denominator: residents.map(|r| r.residents),
            denominator_year: residents.map(|r| r.year),
            suppressed,
            additive: metric.additive(),
            numerator_scope: self.scope.clone(),
            courts_reporting_n: courts,
            unlocated_n: layer.nowhere,
            ..Row::default()
        };
        if !suppressed {
            row.fill(cell, metric.finish, smoothed);
            row.fallback_share = (metric.by_residence() && cell.numerator > 0).then(|| cell.fallback as f64 / cell.numerator as f64);
        }
        row
    }
}

/// One row of `regional`.
#[derive(Clone, Debug, Default)]
struct Row {
    as_of: Day,
    region: String,
    region_name: String,
    level: &'static str,
    metric: String,
    definition_id: String,
    definition: String,
    numerator: Option<i64>,
    denominator: Option<i64>,
    denominator_year: Option<i64>,
    value: Option<f64>,
    low95: Option<f64>,
    high95: Option<f64>,
    smoothed: Option<f64>,
    suppressed: bool,
    additive: bool,
    numerator_scope: String,
    courts_reporting_n: i64,
    fallback_share: Option<f64>,
    unlocated_n: i64,
    previous: Option<f64>,
    change: Option<f64>,
}

impl Row {
    /// The figure itself. Interval and smoothed rate are left out with it where it is hidden: each would give it away.
    fn fill(&mut self, cell: Cell, finish: Finish, smoothed: Option<f64>) {
        self.numerator = Some(cell.numerator);
        match finish {
            Finish::Count => self.value = Some(cell.numerator as f64),
            Finish::PerTenThousand => {
                if let Some(residents) = self.denominator.filter(|n| *n > 0).map(|n| n as f64) {
                    let (low, high) = interval::poisson(cell.numerator);
                    self.value = Some(cell.numerator as f64 / residents * PER);
                    (self.low95, self.high95) = (Some(low / residents * PER), Some(high / residents * PER));
                    self.smoothed = smoothed;
                }
            }
            Finish::Share | Finish::MoneyShare => {
                self.denominator = Some(cell.denominator);
                self.value = (cell.denominator > 0).then(|| cell.numerator as f64 / cell.denominator as f64);
                if finish == Finish::Share {
                    let ends = interval::wilson(cell.numerator, cell.denominator);
                    (self.low95, self.high95) = (ends.map(|e| e.0), ends.map(|e| e.1));
                }
            }
        }
    }

    /// The night before, if the words are the same; nothing beside a hidden figure.
    fn compare(&mut self, previous: &BTreeMap<(String, String, String), f64>) {
        let key = (self.region.clone(), self.metric.clone(), self.definition_id.clone());
        if let (Some(value), Some(before)) = (self.value, previous.get(&key)) {
            self.previous = Some(*before);
            self.change = Some(value - before);
        }
    }
}

/// Values of an earlier `regional` by region, metric and definition.
fn values_of(previous: Option<&Columns>) -> Result<BTreeMap<(String, String, String), f64>> {
    let Some(table) = previous else { return Ok(BTreeMap::new()) };
    let rows = frame::rows(table, &["region", "metric", "definition_id", "value"])?;
    Ok(rows.filter_map(|r| Some(((r.owned("region")?, r.owned("metric")?, r.owned("definition_id")?), r.real("value")?))).collect())
}

fn columns(rows: &[Row]) -> Columns {
    let text = |f: fn(&Row) -> &str| rows.iter().map(move |r| Some(f(r)));
    let int = |f: fn(&Row) -> Option<i64>| rows.iter().map(f);
    let real = |f: fn(&Row) -> Option<f64>| rows.iter().map(f);
    Columns::new()
        .date("as_of", rows.iter().map(|r| Some(r.as_of)))
        .text("region", text(|r| &r.region))
        .text("region_name", text(|r| &r.region_name))
        .text("level", text(|r| r.level))
        .text("metric", text(|r| &r.metric))
        .text("definition_id", text(|r| &r.definition_id))
        .text("definition", text(|r| &r.definition))
        .int("numerator", int(|r| r.numerator))
        .int("denominator", int(|r| r.denominator))
        .int("denominator_year", int(|r| r.denominator_year))
        .real("value", real(|r| r.value))
        .real("low95", real(|r| r.low95))
        .real("high95", real(|r| r.high95))
        .real("smoothed", real(|r| r.smoothed))
        .flag("suppressed", rows.iter().map(|r| Some(r.suppressed)))
        .flag("additive", rows.iter().map(|r| Some(r.additive)))
        .text("numerator_scope", text(|r| &r.numerator_scope))
        .int("courts_reporting_n", int(|r| Some(r.courts_reporting_n)))
        .real("fallback_share", real(|r| r.fallback_share))
        .int("unlocated_n", int(|r| Some(r.unlocated_n)))
        .text("vintage", rows.iter().map(|_| Some("as_known")))
        .real("previous", real(|r| r.previous))
        .real("change", real(|r| r.change))
}

#[cfg(test)]
mod tests;
