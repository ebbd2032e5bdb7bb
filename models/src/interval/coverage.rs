//! What intervals hold on rows they were not fitted on.

use super::Interval;
use super::by_group::check_columns;
use crate::assess::subjects::Subjects;
use crate::error::{Error, Result};

/// What the intervals of some rows held. Shares and means are weighted.
#[derive(Clone, Debug, PartialEq)]
pub struct Coverage {
    /// The group; `None` for all rows.
    pub group: Option<String>,
    /// Its rows.
    pub rows: u64,
    /// Their weight.
    pub weight: f64,
    /// Share of outcomes within their interval, ends included.
    pub held: f64,
    /// The same of the intervals that say something, which is any but all of 0 to 1; `None` if none does.
    pub telling: Option<f64>,
    /// Share of outcomes below their interval.
    pub below: f64,
    /// Share of outcomes above.
    pub above: f64,
    /// Mean width; what a promise kept costs.
    pub mean_width: f64,
    /// Share of intervals that are all of 0 to 1 and so say nothing.
    pub whole: f64,
}

/// Coverage of all rows, then of each group in the order of their names. One entry a row: its interval, its outcome (0 to 1), its weight and,
/// if asked for, its group. The order of rows never matters.
///
/// # Errors
/// [`Error::Shape`], [`Error::Empty`], [`Error::Value`] for ends that are no interval, an outcome outside 0 to 1 or a weight not above 0.
pub fn coverage(intervals: &[Interval], actual: &[f64], weight: &[f64], group: Option<&[String]>) -> Result<Vec<Coverage>> {
    let (low, high): (Vec<f64>, Vec<f64>) = intervals.iter().map(|i| (i.low, i.high)).unzip();
    check_columns(&[("lower end", &low), ("upper end", &high)], actual, weight, group)?;
    if let Some(row) = (0..low.len()).find(|i| low[*i] > high[*i] || !low[*i].is_finite() || !high[*i].is_finite()) {
        return Err(Error::Value { what: "lower end", row, found: low[row], expected: "finite, at most the upper end" });
    }
    let mut order: Vec<usize> = (0..actual.len()).collect();
    order.sort_by(|a, b| {
        let by = |of: &[f64]| (of[*a] + 0.0).total_cmp(&(of[*b] + 0.0));
        by(actual).then_with(|| by(&low)).then_with(|| by(&high)).then_with(|| by(weight))
    });
    let says_nothing = |i: usize| low[i] <= 0.0 && high[i] >= 1.0;
    let of = |name: Option<String>, rows: &[usize]| {
        let all: f64 = rows.iter().map(|i| weight[*i]).sum();
        let mean = |figure: &dyn Fn(usize) -> f64| rows.iter().map(|i| weight[*i] / all * figure(*i)).sum::<f64>();
        let share = |is: &dyn Fn(usize) -> bool| mean(&|i| if is(i) { 1.0 } else { 0.0 });
        let (below, above) = (share(&|i| actual[i] < low[i]), share(&|i| actual[i] > high[i]));
        let held = share(&|i| actual[i] >= low[i] && actual[i] <= high[i]);
        let whole = share(&says_nothing);
        let says: f64 = rows.iter().filter(|i| !says_nothing(**i)).map(|i| weight[*i] / all).sum();
        let telling = (says > 0.0).then(|| share(&|i| !says_nothing(i) && actual[i] >= low[i] && actual[i] <= high[i]) / says);
        Coverage {
            group: name,
            rows: rows.len() as u64,
            weight: all,
            held,
            telling,
            below,
            above,
            mean_width: mean(&|i| high[i] - low[i]),
            whole,
        }
    };
    let mut found = vec![of(None, &order)];
    if let Some(names) = group {
        let numbers = Subjects::new(names);
        let mut members = vec![Vec::new(); numbers.count];
        order.iter().for_each(|row| members[numbers.of[*row]].push(*row));
        found.extend(members.iter().zip(&numbers.first).map(|(rows, first)| of(Some(names[*first].clone()), rows)));
    }
    Ok(found)
}
