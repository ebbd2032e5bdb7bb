//! The order of what is lawful. Statutory steps come first, by their day; then the mildest set of control that reaches what is due; escalation last.
//! The rating may move a measure within this order and nowhere else.

use std::cmp::{Ordering, Reverse};

use super::catalog::{COERCIVE, Kind, Measure};
use super::gain::{Gain, Hold};
use crate::tables::Rating;

/// An eligible measure on its way to a rank.
#[derive(Debug)]
pub struct Candidate<'m> {
    /// The measure.
    pub measure: &'m Measure,
    /// Its gain, where facts give one.
    pub gain: Option<Gain>,
    /// Its deadline.
    pub due_on: Option<i32>,
}

impl Candidate<'_> {
    /// Does it take new control over property?
    fn takes_control(&self) -> bool {
        self.measure.kind == Kind::Discretionary && self.measure.intrusiveness >= COERCIVE && self.measure.gain.holds.contains(&Hold::Free)
    }

    /// Gain over intrusiveness and cost.
    fn worth(&self) -> f64 {
        let burden = f64::from(self.measure.intrusiveness) + self.measure.cost_days as f64;
        self.gain.as_ref().map_or(0.0, |g| g.fen as f64 / burden)
    }
}

/// Places of the candidates that take more control than the rest of the debt needs once the milder ones are taken: these are withheld, so that what is
/// controlled never passes claim and costs.
pub fn beyond_need(candidates: &[Candidate<'_>], due_fen: i64, rest_fen: i64) -> Vec<usize> {
    let mut taking: Vec<usize> = (0..candidates.len()).filter(|at| candidates[*at].takes_control()).collect();
    taking.sort_by(|a, b| {
        let (a, b) = (&candidates[*a], &candidates[*b]);
        (a.measure.intrusiveness.cmp(&b.measure.intrusiveness))
            .then_with(|| b.worth().total_cmp(&a.worth()))
            .then_with(|| a.measure.id.cmp(&b.measure.id))
    });
    let (mut reached, mut beyond) = (0_i64, escalations_not_needed(candidates, due_fen));
    for at in taking {
        if reached >= rest_fen {
            beyond.push(at);
        } else {
            reached = reached.saturating_add(candidates[at].gain.as_ref().map_or(0, |g| g.fen));
        }
    }
    beyond
}

/// Sales of what this case holds, where the money it already holds pays what is due.
fn escalations_not_needed(candidates: &[Candidate<'_>], due_fen: i64) -> Vec<usize> {
    let in_hand = candidates.iter().filter_map(|c| c.gain.as_ref()).fold(0_i64, |sum, g| sum.saturating_add(g.low_fen));
    let sells = |c: &Candidate<'_>| c.measure.intrusiveness > COERCIVE && c.measure.gain.holds.contains(&Hold::Own);
    (0..candidates.len()).filter(|at| in_hand >= due_fen && sells(&candidates[*at])).collect()
}

/// Candidates in the order they are shown.
pub fn order(candidates: &mut [Candidate<'_>], rating: &Rating, failure_recorded: bool) {
    candidates.sort_by(|a, b| compare(a, b, rating, failure_recorded));
}

fn compare(a: &Candidate<'_>, b: &Candidate<'_>, rating: &Rating, failure_recorded: bool) -> Ordering {
    let by_kind = a.measure.kind.cmp(&b.measure.kind);
    if by_kind != Ordering::Equal {
        return by_kind;
    }
    if a.measure.kind == Kind::Mandatory {
        let day = |c: &Candidate<'_>| (c.due_on.unwrap_or(i32::MAX), c.measure.id.clone());
        return day(a).cmp(&day(b));
    }
    let burden = |c: &Candidate<'_>| i64::from(c.measure.intrusiveness) + c.measure.cost_days;
    (tier(a.measure, rating, failure_recorded).cmp(&tier(b.measure, rating, failure_recorded)))
        .then_with(|| b.worth().total_cmp(&a.worth()))
        .then_with(|| Reverse(fit(&a.measure.profile, rating)).cmp(&Reverse(fit(&b.measure.profile, rating))))
        .then_with(|| burden(a).cmp(&burden(b)))
        .then_with(|| a.measure.id.cmp(&b.measure.id))
}

/// 0: the way out for one who would pay and cannot; 1: everything up to control; 2: escalation after a recorded failure; 3: escalation without one.
fn tier(measure: &Measure, rating: &Rating, failure_recorded: bool) -> u8 {
    let relief = measure.intrusiveness < COERCIVE && measure.profile.iter().any(|p| p == "C-") && measure.profile.iter().any(|p| p == "W+");
    match measure.intrusiveness {
        _ if relief && rating.quadrant == "unable_willing" => 0,
        0..=COERCIVE => 1,
        _ if failure_recorded => 2,
        _ => 3,
    }
}

/// How well a measure fits the rated party: tokens met less tokens contradicted.
fn fit(profile: &[String], rating: &Rating) -> i64 {
    let high = |grade: &Option<String>| grade.as_deref().and_then(|g| g.get(1..)?.parse::<u8>().ok());
    let (capacity, willingness) = (high(&rating.capacity_grade), high(&rating.willingness_grade));
    let side = |grade: Option<u8>, up: bool| match grade {
        Some(4 | 5) => i64::from(up) * 2 - 1,
        Some(1 | 2) => i64::from(!up) * 2 - 1,
        _ => 0,
    };
    profile
        .iter()
        .map(|token| match token.as_str() {
            "W+" => side(willingness, true),
            "W-" => side(willingness, false),
            "C+" => side(capacity, true),
            "C-" => side(capacity, false),
            "C?" => i64::from(capacity.is_none() || rating.coverage.is_some_and(|c| c < 1.0)),
            _ => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use luheng_lake::catalog::CatalogFiles;

    use super::super::Catalog;
    use super::*;

    fn candidate<'m>(catalog: &'m Catalog, id: &str, fen: i64, due_on: Option<i32>) -> Candidate<'m> {
        let gain = (fen > 0).then(|| Gain { fen, low_fen: 0, high_fen: fen, assets: Vec::new(), income: false });
        Candidate { measure: catalog.measure(id).unwrap(), gain, due_on }
    }

    fn ids(candidates: &[Candidate<'_>]) -> Vec<String> {
        candidates.iter().map(|c| c.measure.id.clone()).collect()
    }

    #[test]
    fn statutory_steps_come_first_by_their_day_whatever_the_rating_says() {
        let catalog = Catalog::load(&CatalogFiles::embedded()).unwrap();
        let set = || {
            vec![
                candidate(&catalog, "deposit_freeze", 1_000_000, None),
                candidate(&catalog, "requery", 0, Some(30)),
                candidate(&catalog, "property_report_order", 0, Some(10)),
                candidate(&catalog, "settlement", 0, None),
            ]
        };
        for quadrant in ["able_willing", "unable_willing", "unrated"] {
            let rating = Rating { quadrant: quadrant.into(), ..Rating::default() };
            let mut candidates = set();
            order(&mut candidates, &rating, true);
            assert_eq!(ids(&candidates)[..2], ["property_report_order", "requery"], "{quadrant}");
        }
    }

    #[test]
    fn who_would_pay_and_cannot_is_shown_the_way_out_first() {
        let catalog = Catalog::load(&CatalogFiles::embedded()).unwrap();
        let set = || {
            vec![
                candidate(&catalog, "consumption_limit", 0, None),
                candidate(&catalog, "deposit_freeze", 50_000, None),
                candidate(&catalog, "settlement", 0, None),
            ]
        };
        let mut poor = set();
        order(&mut poor, &Rating { quadrant: "unable_willing".into(), ..Rating::default() }, false);
        assert_eq!(ids(&poor)[0], "settlement");
        let mut able = set();
        order(&mut able, &Rating { quadrant: "able_unwilling".into(), ..Rating::default() }, false);
        assert_eq!(ids(&able), ["deposit_freeze", "settlement", "consumption_limit"]);
    }

    #[test]
    fn escalation_waits_for_a_recorded_failure() {
        let catalog = Catalog::load(&CatalogFiles::embedded()).unwrap();
        let mut candidates = vec![candidate(&catalog, "online_sale", 9_000_000, None), candidate(&catalog, "urged_performance", 0, None)];
        order(&mut candidates, &Rating::default(), false);
        assert_eq!(ids(&candidates), ["urged_performance", "online_sale"]);
    }

    #[test]
    fn the_mildest_set_that_reaches_the_debt_is_enough() {
        let catalog = Catalog::load(&CatalogFiles::embedded()).unwrap();
        let candidates = vec![
            candidate(&catalog, "real_estate_seizure", 500_000, None),
            candidate(&catalog, "deposit_freeze", 800_000, None),
            candidate(&catalog, "settlement", 0, None),
        ];
        assert_eq!(beyond_need(&candidates, 2_000_000, 700_000), [0]);
        assert!(beyond_need(&candidates, 2_000_000, 900_000).is_empty());
        assert_eq!(beyond_need(&candidates, 2_000_000, 0), [1, 0]);
        let mut frozen = candidate(&catalog, "deposit_transfer", 800_000, None);
        frozen.gain.as_mut().unwrap().low_fen = 800_000;
        let sale = candidate(&catalog, "online_sale", 900_000, None);
        assert_eq!(beyond_need(&[frozen, sale], 800_000, 0), [1]);
    }
}
