//! What share of its reckoned value a thing brings when a court sells it, by class: the law's value, moved by the sales there were.
//!
//! Of `n` sales of a class the median of price over reckoned value counts with the credibility Z = n ÷ (n + k) beside the law's value:
//! Z × median + (1 − Z) × legal; k is `[disposals] weight` of `catalog/ratings/means.toml`. This is Bühlmann's credibility with the median in the
//! place of the mean, so that no single price moves it far (Gisler and Reinhard, Robust credibility, ASTIN Bulletin 23 (1993) 117–143). The interval
//! is of the median alone, by order statistics, and holds whatever the prices' distribution (David and Nagaraja, Order Statistics, 2003, §7.1); it
//! is widened to the value where the law's value still pulls that out of it.

use std::collections::BTreeMap;

use luheng_lake::columns::{Columns, Day, day};
use serde::{Deserialize, Serialize};

use crate::bundle::column;
use crate::error::Result;

/// Level of the intervals.
pub const LEVEL: f64 = 0.9;
/// Values keep so many parts: four decimals, which JSON gives back as they were.
const PARTS: f64 = 1e4;

/// One class.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Haircut {
    /// The law's value, as the catalog had it.
    pub legal: f64,
    /// The share that counts, above 0 and at most 1.
    pub value: f64,
    /// Sales it was learned from.
    pub sales: u64,
    /// Median of price over reckoned value; none without sales.
    pub median: Option<f64>,
    /// Lower end of the interval; none where the sales are too few for one.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

/// What one training learned; part of its bundle.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Haircuts {
    /// Only what was known before this day was learned from: the first that any rating of the training held out. None where no time was held out:
    /// then nothing was learned.
    pub before: Option<String>,
    /// Level of the intervals.
    pub level: f64,
    /// Sales that the law's value is worth.
    pub weight: f64,
    /// By class.
    pub classes: BTreeMap<String, Haircut>,
}

impl Haircuts {
    /// Learns from the ratios of price to reckoned value of each class, in any order; a class without any keeps the law's value.
    pub fn learn(ratios: BTreeMap<String, Vec<f64>>, legal: &dyn Fn(&str) -> f64, weight: f64, before: Option<Day>) -> Self {
        let classes = ratios.into_iter().map(|(class, ratios)| {
            let haircut = Haircut::learn(ratios, legal(&class), weight);
            (class, haircut)
        });
        Self { before: before.map(day::format), level: LEVEL, weight, classes: classes.collect() }
    }

    /// The day before which everything was known that was learned from.
    pub fn before(&self) -> Option<Day> {
        day::parse(self.before.as_deref()?)
    }

    /// As one line: what decides the name of a bundle.
    pub fn line(&self) -> String {
        let end = |value: Option<f64>| value.map_or_else(String::new, |v| v.to_string());
        let classes = self
            .classes
            .iter()
            .map(|(class, h)| format!("{class}={},{},{},{},{},{}", h.legal, h.value, h.sales, end(h.median), end(h.low), end(h.high)));
        let classes: Vec<String> = classes.collect();
        format!("{}|{}|{}|{}", self.before.as_deref().unwrap_or_default(), self.level, self.weight, classes.join(";"))
    }

    /// The table `haircuts`, a row a class.
    pub fn table(&self) -> Columns {
        let all = || self.classes.values();
        Columns::new()
            .text("class", self.classes.keys().map(Some))
            .date("before", all().map(|_| self.before()))
            .real("level", all().map(|_| Some(self.level)))
            .real("weight", all().map(|_| Some(self.weight)))
            .real("legal", all().map(|h| Some(h.legal)))
            .real("value", all().map(|h| Some(h.value)))
            .int("sales", all().map(|h| i64::try_from(h.sales).ok()))
            .real("median", all().map(|h| h.median))
            .real("low", all().map(|h| h.low))
            .real("high", all().map(|h| h.high))
    }

    /// Reads the table `haircuts`.
    ///
    /// # Errors
    /// A column that is not there.
    pub fn read(rows: &Columns) -> Result<Self> {
        let (class, before, sales) = (column(rows, "class")?, column(rows, "before")?, column(rows, "sales")?);
        let real = |name: &str, at: usize| -> Result<Option<f64>> { Ok(column(rows, name)?.real_at(at)) };
        let mut classes = BTreeMap::new();
        for at in 0..rows.len() {
            let haircut = Haircut {
                legal: real("legal", at)?.unwrap_or_default(),
                value: real("value", at)?.unwrap_or_default(),
                sales: sales.int_at(at).and_then(|n| u64::try_from(n).ok()).unwrap_or_default(),
                median: real("median", at)?,
                low: real("low", at)?,
                high: real("high", at)?,
            };
            classes.insert(class.text_at(at).unwrap_or_default().to_owned(), haircut);
        }
        let first = |name: &str| -> Result<f64> { Ok(real(name, 0)?.unwrap_or_default()) };
        let (level, weight) = if rows.is_empty() { (LEVEL, 0.0) } else { (first("level")?, first("weight")?) };
        let before = if rows.is_empty() { None } else { before.date_at(0) };
        Ok(Self { before: before.map(day::format), level, weight, classes })
    }
}

impl Haircut {
    fn learn(mut ratios: Vec<f64>, legal: f64, weight: f64) -> Self {
        ratios.sort_unstable_by(f64::total_cmp);
        let n = ratios.len();
        if n == 0 {
            return Self { legal, value: legal, sales: 0, median: None, low: None, high: None };
        }
        let median = (ratios[(n - 1) / 2] + ratios[n / 2]) / 2.0;
        let credibility = n as f64 / (n as f64 + weight);
        let value = kept(credibility * median.min(1.0) + (1.0 - credibility) * legal).clamp(1.0 / PARTS, 1.0);
        let between = median_between(n, LEVEL).map(|(low, high)| (ratios[low], ratios[high]));
        Self {
            legal,
            value,
            sales: n as u64,
            median: Some(kept(median)),
            low: between.map(|(low, _)| kept(low).min(value)),
            high: between.map(|(_, high)| kept(high).max(value)),
        }
    }
}

fn kept(value: f64) -> f64 {
    libm::floor(value * PARTS + 0.5) / PARTS
}

/// Places, from 0, of the two of `n` values in order between which the median of what they were drawn from lies at the level; none where not even the
/// least and the greatest hold it. Below the r-th least of them it lies with the probability that fewer than r of n fair coins show heads.
fn median_between(n: usize, level: f64) -> Option<(usize, usize)> {
    let allowed = (1.0 - level) / 2.0;
    let (mut term, mut tail, mut below) = (-(n as f64) * std::f64::consts::LN_2, 0.0, 0);
    for heads in 0..n / 2 {
        tail += libm::exp(term);
        if tail > allowed {
            break;
        }
        below = heads + 1;
        term += libm::log((n - heads) as f64 / (heads + 1) as f64);
    }
    (below > 0).then(|| (below - 1, n - below))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use luheng_models::split;

    use super::*;

    /// A value from 0 to 1 that looks drawn.
    fn draw(at: usize, of: &str) -> f64 {
        (f64::from(split::fold_of(&format!("{of}{at}"), 100_000, 7)) + 0.5) / 100_000.0
    }

    fn one(ratios: Vec<f64>, legal: f64, weight: f64) -> Haircut {
        let learned = Haircuts::learn(BTreeMap::from([("vehicle".to_owned(), ratios)]), &|_| legal, weight, None);
        learned.classes["vehicle"].clone()
    }

    #[test]
    fn few_sales_stay_near_the_law_and_many_leave_it() {
        let after = |n: usize| one(vec![0.4; n], 0.7, 10.0);
        assert_eq!(after(0), Haircut { legal: 0.7, value: 0.7, sales: 0, median: None, low: None, high: None });
        // (1 × 0.4 + 10 × 0.7) ÷ 11, (10 × 0.4 + 10 × 0.7) ÷ 20, (990 × 0.4 + 10 × 0.7) ÷ 1,000
        assert_eq!([1, 10, 990].map(|n| after(n).value), [0.6727, 0.55, 0.403]);
        assert_eq!(
            (after(4).low, after(5).low, after(5).high),
            (None, Some(0.4), Some(0.6)),
            "five sales at least, and its own value in it"
        );
        assert_eq!(one(vec![0.95; 30], 1.0, 10.0).value, 0.9625);
    }

    #[test]
    fn no_single_price_moves_it_and_it_stays_a_share() {
        let mut prices = vec![0.69, 0.7, 0.7, 0.7, 0.71];
        let plain = one(prices.clone(), 0.7, 0.0).value;
        prices[4] = 5.0;
        assert_eq!((plain, one(prices, 0.7, 0.0).value), (0.7, 0.7));
        assert_eq!(one(vec![1.4; 50], 1.0, 10.0).value, 1.0, "a premium is not promised");
        assert_eq!(one(vec![1e-9; 50], 0.0, 0.0).value, 0.0001);
    }

    #[test]
    fn the_order_of_sales_is_nothing() {
        let ratios: Vec<f64> = (0..101).map(|at| 0.3 + draw(at, "r")).collect();
        let turned: Vec<f64> = ratios.iter().rev().copied().collect();
        assert_eq!(one(ratios, 0.7, 10.0), one(turned, 0.7, 10.0));
    }

    #[test]
    fn the_interval_holds_as_often_as_it_promises() {
        // Skewed prices: exp(−x) with x exponential has the median a half.
        let classes = 600;
        let held = |n: usize| {
            let learned = (0..classes).map(|class| one((0..n).map(|at| draw(at, &format!("{n}/{class}/"))).collect(), 0.5, 10.0));
            learned.filter(|h| h.low.unwrap() <= 0.5 && 0.5 <= h.high.unwrap()).count() as f64 / classes as f64
        };
        for n in [6, 25, 120] {
            let held = held(n);
            // Of 600 a share of 0.9 is found within 0.037 of it in 99.7 % of all tries; by order statistics it is never less.
            assert!(held > 0.86, "{n} sales: {held}");
        }
        assert!(held(120) < 0.96, "no wider than it must be");
    }

    #[test]
    fn places_are_those_of_the_binomial() {
        // P(fewer than 2 of 8 heads) = 9/256 = 0.035, fewer than 3: 0.145; of 100, fewer than 42: 0.0443, fewer than 43: 0.0666.
        assert_eq!([1, 4, 5, 8, 100].map(|n| median_between(n, 0.9)), [None, None, Some((0, 4)), Some((1, 6)), Some((41, 58))]);
        assert_eq!(median_between(1_000_000, 0.9), Some((499_177, 500_822)));
    }

    #[test]
    fn a_table_reads_back_as_it_was_written() {
        let ratios = BTreeMap::from([("deposit".to_owned(), Vec::new()), ("vehicle".to_owned(), vec![0.61, 0.64, 0.7, 0.72, 0.73, 0.66])]);
        let learned = Haircuts::learn(ratios, &|_| 0.7, 10.0, day::parse("2025-03-01"));
        assert_eq!(Haircuts::read(&learned.table()).unwrap(), learned);
        assert_eq!(learned.before(), day::parse("2025-03-01"));
        assert!(learned.line().contains("2025-03-01") && learned.line().contains("vehicle=0.7,0.69"), "{}", learned.line());
    }
}
