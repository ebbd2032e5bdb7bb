//! What a list from the top of the order is worth: lift, capture, precision.
//!
//! Where the edge of the list falls among equal predictions it takes an equal part of each, which is what any order of them gives on average.

use super::{Row, Scored};
use crate::error::{Error, Result};

/// Which rows a list is to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Good outcomes, from the highest prediction down.
    Highest,
    /// Bad outcomes, from the lowest prediction up.
    Lowest,
}

impl End {
    fn hits(self, row: &Row) -> f64 {
        row.weight
            * match self {
                End::Highest => row.label,
                End::Lowest => 1.0 - row.label,
            }
    }
}

/// A list from one end of the order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Top {
    /// Share of all weight in the list.
    pub share: f64,
    /// Weight in the list.
    pub weight: f64,
    /// Prediction of the last row in the list.
    pub edge: f64,
    /// Weight of what the list is to find, in it.
    pub hits: f64,
    /// Of the list, the share that is what it is to find.
    pub precision: f64,
    /// Of all there is to find, the share that is in the list; `None` if there is none.
    pub capture: Option<f64>,
    /// Precision over the rate among all rows: 1 is a list drawn blindly; `None` if there is nothing to find.
    pub lift: Option<f64>,
}

/// Lists that hold these shares of all weight, such as 0.01, 0.05, 0.1, 0.2.
///
/// # Errors
/// [`Error::Parameter`] for a share not above 0 or above 1.
pub fn tops(scored: &Scored, shares: &[f64], end: End) -> Result<Vec<Top>> {
    let top = |share: &f64| {
        if *share > 0.0 && *share <= 1.0 {
            return Ok(list(scored, share * scored.weight(), end));
        }
        Err(Error::Parameter { name: "share", found: *share, expected: "above 0, at most 1" })
    };
    shares.iter().map(top).collect()
}

/// The list of `rows` rows (by weight: a row of weight 2 is two).
///
/// # Errors
/// [`Error::Parameter`] unless `rows` is above 0 and no more than the weight of all.
pub fn top_list(scored: &Scored, rows: f64, end: End) -> Result<Top> {
    if rows > 0.0 && rows <= scored.weight() {
        return Ok(list(scored, rows, end));
    }
    Err(Error::Parameter { name: "rows", found: rows, expected: "above 0, at most the weight of all rows" })
}

fn list(scored: &Scored, wanted: f64, end: End) -> Top {
    let ties: Vec<&[Row]> = scored.ties().collect();
    let order: Vec<&[Row]> = match end {
        End::Highest => ties.into_iter().rev().collect(),
        End::Lowest => ties,
    };
    let (mut left, mut hits, mut edge) = (wanted, 0.0, f64::NAN);
    for tie in order {
        let weight: f64 = tie.iter().map(|r| r.weight).sum();
        let part = (left / weight).min(1.0);
        hits += part * tie.iter().map(|r| end.hits(r)).sum::<f64>();
        edge = tie[0].p;
        left -= weight;
        // What rounding leaves over is no row.
        if left <= 1e-12 * wanted {
            break;
        }
    }
    let (all, total) = (scored.rows().iter().map(|r| end.hits(r)).sum::<f64>(), scored.weight());
    let precision = (hits / wanted).min(1.0);
    let rate = all / total;
    let known = all > 0.0;
    Top {
        share: (wanted / total).min(1.0),
        weight: wanted,
        edge,
        hits,
        precision,
        capture: known.then(|| (hits / all).min(1.0)),
        lift: (known && rate > 0.0).then(|| precision / rate),
    }
}
