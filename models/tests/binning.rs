//! Optimal bins: that they are the best there are, keep what was asked, and say why.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod truth;

use luheng_models::binning::category::{self, Place};
use luheng_models::binning::certificate::Constraint;
use luheng_models::binning::optimal::{Objective, Optimal, Trend, cut};
use luheng_models::binning::quantile::{self, Cutting};
use luheng_models::{Direction, Error};
use truth::Draws;

const OBJECTIVES: [Objective; 4] = [Objective::Information, Objective::JensenShannon, Objective::Hellinger, Objective::SquaredError];

/// Uniform values, the rate of good of each, and outcomes drawn by it.
fn drawn(n: usize, seed: u64, rate: impl Fn(f64) -> f64) -> (Vec<f64>, Vec<f64>) {
    let mut draws = Draws(seed);
    let x: Vec<f64> = (0..n).map(|_| draws.unit()).collect();
    let y = x.iter().map(|x| f64::from(u8::from(draws.unit() < rate(*x)))).collect();
    (x, y)
}

fn ones(n: usize) -> Vec<f64> {
    vec![1.0; n]
}

fn exact() -> Optimal {
    Optimal { prebins: 200, smoothing: 1e-9, ..Optimal::default() }
}

#[test]
fn never_worse_than_quantiles_under_the_same_constraints() {
    for seed in 0..40 {
        // Forty distinct values, so that every cut is open to both.
        let (x, y) = drawn(2_000, seed, |x| 0.3 + 0.2 * libm::sin(6.0 * x));
        let x: Vec<f64> = x.iter().map(|x| (x * 40.0).floor()).collect();
        for direction in [Direction::Up, Direction::Down, Direction::Free] {
            let how = Cutting { smoothing: 1e-9, ..Cutting::default() };
            let trend = if direction == Direction::Free { Trend::None } else { Trend::of(direction) };
            let quantiles = quantile::cut(&x, &y, &ones(x.len()), direction, &how);
            let optimum = cut(&x, &y, &ones(x.len()), &Optimal { trend, ..exact() }).unwrap();
            assert!(optimum.certificate.is_exact);
            assert!(optimum.bins.information >= quantiles.information - 1e-12, "{seed} {direction:?}");
            assert!(optimum.bins.bins.len() <= 8 && optimum.bins.bins.iter().all(|b| b.weight >= 80.0));
        }
    }
}

#[test]
fn a_step_between_pre_bins_is_found_where_it_is() {
    for objective in OBJECTIVES {
        let (x, y) = drawn(20_000, 3, |x| if x < 0.5137 { 0.1 } else { 0.6 });
        let optimum =
            cut(&x, &y, &ones(x.len()), &Optimal { objective, max_bins: 2, trend: Trend::Ascending, ..Optimal::default() }).unwrap();
        assert!((optimum.bins.upper[0] - 0.5137).abs() < 0.001, "{objective:?}: {}", optimum.bins.upper[0]);
        // A grid of 100 alone is off by up to half a hundredth.
        assert!(optimum.certificate.prebins > 100 && !optimum.certificate.is_exact);
    }
}

#[test]
fn bins_keep_every_constraint_and_the_certificate_says_which_bind() {
    let (x, y) = drawn(8_000, 5, |x| 0.1 + 0.7 * x);
    let free = Optimal { max_bins: 1000, min_share: 0.0, prebins: 40, trend: Trend::None, smoothing: 1e-9, ..Optimal::default() };
    let bound = |how: &Optimal| {
        let optimum = cut(&x, &y, &ones(x.len()), how).unwrap();
        let certificate = &optimum.certificate;
        for binding in &certificate.binding {
            assert!(binding.without > certificate.objective && binding.without <= certificate.bound * (1.0 + 1e-12));
        }
        (optimum.bins.clone(), certificate.binding.iter().map(|b| b.constraint).collect::<Vec<_>>())
    };
    let (bins, binding) = bound(&free);
    assert!(bins.bins.len() >= 40 && binding.is_empty());
    let (bins, binding) = bound(&Optimal { max_bins: 3, ..free.clone() });
    assert!(bins.bins.len() == 3 && binding == [Constraint::MaxBins]);
    let (bins, binding) = bound(&Optimal { min_share: 0.2, ..free.clone() });
    assert!(bins.bins.iter().all(|b| b.weight >= 1600.0) && binding == [Constraint::MinShare]);
    let (bins, binding) = bound(&Optimal { max_share: 0.15, max_bins: 8, ..free.clone() });
    assert!(bins.bins.iter().all(|b| b.weight <= 1200.0) && binding.contains(&Constraint::MaxBins));
    let (bins, binding) = bound(&Optimal { min_events: 300.0, ..free.clone() });
    assert!(bins.bins.iter().all(|b| b.good >= 300.0 && b.weight - b.good >= 300.0) && binding == [Constraint::MinEvents]);
    let (bins, binding) = bound(&Optimal { min_gap: 0.1, ..free.clone() });
    let rates: Vec<f64> = bins.bins.iter().map(|b| b.good / b.weight).collect();
    assert!(rates.windows(2).all(|r| (r[1] - r[0]).abs() >= 0.1 - 1e-9) && rates.len() >= 4 && binding == [Constraint::MinGap]);
    let how = Optimal { max_p: 0.01, ..free.clone() };
    let (_, binding) = bound(&how);
    let cuts = cut(&x, &y, &ones(x.len()), &how).unwrap().certificate.cuts;
    assert!(cuts.iter().all(|c| c.p_value <= 0.01 * (1.0 + 1e-9)) && cuts.len() > 2 && binding == [Constraint::MaxP]);
    let (bins, binding) = bound(&Optimal { trend: Trend::Ascending, ..free.clone() });
    let rates: Vec<f64> = bins.bins.iter().map(|b| b.good / b.weight).collect();
    assert!(rates.windows(2).all(|r| r[0] < r[1]) && binding == [Constraint::Trend]);
    let (bins, binding) = bound(&Optimal { fixed: vec![0.25, 0.77, 9.0, -1.0], max_bins: 3, ..free.clone() });
    let below = |edge: f64| x.iter().copied().filter(|x| *x <= edge).fold(f64::NEG_INFINITY, f64::max);
    assert!(bins.upper == [below(0.25), below(0.77)] && binding == [Constraint::MaxBins, Constraint::Fixed]);
}

#[test]
fn what_a_cut_is_for_is_what_the_hand_computes() {
    // 20 rows of rate 0.25, then 20 of rate 0.75: as in the textbook, information ln 3.
    let x: Vec<f64> = (0..40).map(|i| f64::from(i / 20)).collect();
    let y: Vec<f64> = (0..40).map(|i| f64::from(u8::from(if i < 20 { i % 4 == 0 } else { i % 4 != 0 }))).collect();
    let optimum = cut(&x, &y, &ones(40), &exact()).unwrap();
    let certificate = &optimum.certificate;
    assert!((certificate.objective - libm::log(3.0)).abs() < 1e-9 && (certificate.bound - libm::log(3.0)).abs() < 1e-9);
    let [only] = certificate.cuts.as_slice() else { panic!("one cut") };
    assert!(only.at == 0.0 && (only.gains - libm::log(3.0)).abs() < 1e-9 && (only.rise - 0.5).abs() < 1e-12);
    // z² = 0.25 ∕ (0.25 × 0.1) = 10, two-sided.
    assert!((only.p_value - 0.001_565_402_258_002_55).abs() < 1e-12, "{}", only.p_value);
    assert!((certificate.trend, certificate.is_exact) == (Trend::Ascending, true));
}

#[test]
fn objectives_and_gains_are_what_the_hand_computes() {
    let x: Vec<f64> = (0..40).map(|i| f64::from(i / 20)).collect();
    let y: Vec<f64> = (0..40).map(|i| f64::from(u8::from(if i < 20 { i % 4 == 0 } else { i % 4 != 0 }))).collect();
    // Shares of good ¼ and ¾, of bad ¾ and ¼.
    let jensen = 0.25 * libm::log(0.5) + 0.75 * libm::log(1.5);
    let hellinger = (0.5 - libm::sqrt(0.75)) * (0.5 - libm::sqrt(0.75));
    for (objective, wanted) in OBJECTIVES.into_iter().zip([libm::log(3.0), jensen, hellinger, 0.0625]) {
        let found = cut(&x, &y, &ones(40), &Optimal { objective, ..exact() }).unwrap().certificate;
        assert!((found.objective - wanted).abs() < 1e-8, "{objective:?}: {} {wanted}", found.objective);
    }
    // Without one of two cuts there is what the other makes alone.
    let (x, y) = drawn(6_000, 19, |x| 0.2 + 0.3 * (x * 3.0).floor());
    let x: Vec<f64> = x.iter().map(|x| (x * 3.0).floor()).collect();
    let whole = cut(&x, &y, &ones(6_000), &exact()).unwrap().certificate;
    assert_eq!(whole.cuts.len(), 2);
    for (lost, kept) in [(0, 1.0), (1, 0.0)] {
        let alone = cut(&x, &y, &ones(6_000), &Optimal { max_bins: 2, fixed: vec![kept], ..exact() }).unwrap().certificate;
        assert!((whole.cuts[lost].gains - (whole.objective - alone.objective)).abs() < 1e-9);
    }
}

#[test]
fn steps_that_cancel_within_a_pre_bin_are_found() {
    let (x, y) = drawn(20_000, 23, |x| {
        if !(0.5..=0.6).contains(&x) {
            0.3
        } else if x < 0.55 {
            0.6
        } else {
            0.02
        }
    });
    let found = |prebins| cut(&x, &y, &ones(x.len()), &Optimal { prebins, trend: Trend::None, ..exact() }).unwrap().bins.information;
    assert!(found(10) > 0.9 * found(200), "{} of {}", found(10), found(200));
}

#[test]
fn auto_turns_only_where_a_turn_tells_enough() {
    let trend = |rate: &dyn Fn(f64) -> f64| {
        let (x, y) = drawn(6_000, 7, rate);
        cut(&x, &y, &ones(x.len()), &Optimal::default()).unwrap().certificate
    };
    assert_eq!(trend(&|x| 0.1 + 0.6 * x).trend, Trend::Ascending);
    assert_eq!(trend(&|x| 0.7 - 0.6 * x).trend, Trend::Descending);
    assert_eq!(trend(&|x| 0.7 - 2.0 * (x - 0.5) * (x - 0.5)).trend, Trend::Peak);
    assert_eq!(trend(&|x| 0.1 + 2.0 * (x - 0.5) * (x - 0.5)).trend, Trend::Valley);
    // It falls a little at its end: not enough for a turn, unless turns are free.
    let (x, y) = drawn(20_000, 7, |x| if x < 0.9 { 0.1 + 0.6 * x } else { 0.55 });
    let with = |turn_penalty| cut(&x, &y, &ones(x.len()), &Optimal { turn_penalty, ..Optimal::default() }).unwrap().certificate.trend;
    assert_eq!((with(0.05), with(0.0)), (Trend::Ascending, Trend::Peak));
    let tried = trend(&|x| 0.1 + 0.6 * x).tried;
    assert_eq!(tried.iter().map(|t| t.trend).collect::<Vec<_>>(), [Trend::Ascending, Trend::Descending, Trend::Peak, Trend::Valley]);
    // A peak may do all that a rise may.
    assert!(tried[2].objective.unwrap() >= tried[0].objective.unwrap() && tried[1].objective.unwrap() < tried[0].objective.unwrap());
}

#[test]
fn missing_codes_and_infinities_have_their_own_bins() {
    let (mut x, mut y) = drawn(4_000, 9, |x| 0.2 + 0.5 * x);
    for (value, good) in [(f64::NAN, 0.9), (-999.0, 0.1), (f64::INFINITY, 0.8), (f64::NEG_INFINITY, 0.7)] {
        x.extend(vec![value; 400]);
        y.extend((0..400).map(|i| f64::from(u8::from(f64::from(i) < 400.0 * good))));
    }
    x.extend([-998.0; 3]);
    y.extend([1.0; 3]);
    let special = vec![-999.0, -998.0, f64::NEG_INFINITY, f64::INFINITY];
    let bins = cut(&x, &y, &ones(x.len()), &Optimal { special, ..exact() }).unwrap().bins;
    let rate_of = |value: f64| bins.special.iter().find(|s| s.value == value).map(|s| s.bin.good / s.bin.weight);
    assert_eq!((rate_of(-999.0), rate_of(f64::INFINITY), rate_of(f64::NEG_INFINITY)), (Some(0.1), Some(0.8), Some(0.7)));
    assert!(
        bins.woe(f64::NAN) > bins.woe(f64::INFINITY) && bins.woe(f64::INFINITY) > bins.woe(f64::NEG_INFINITY) && bins.woe(-999.0) < 0.0
    );
    // Three rows are too few to tell, and no value of the order.
    assert_eq!((bins.woe(-998.0), bins.index(-998.0), bins.index(-997.0)), (0.0, None, Some(0)));
    assert_eq!(bins.bins.iter().map(|b| b.weight).sum::<f64>(), 4_000.0);
    // Unnamed, infinite values are the ends of the order.
    let bins = cut(&x, &y, &ones(x.len()), &Optimal { trend: Trend::None, ..exact() }).unwrap().bins;
    assert!(bins.special.is_empty() && bins.upper[0] == f64::NEG_INFINITY);
}

#[test]
fn weight_two_is_the_row_twice_and_the_order_of_rows_is_nothing() {
    let (x, y) = drawn(3_000, 11, |x| 0.2 + 0.6 * x);
    let weight: Vec<f64> = (0..x.len()).map(|i| 1.0 + f64::from(u8::from(i % 3 == 0))).collect();
    let twice: Vec<usize> = (0..x.len()).flat_map(|i| vec![i; weight[i] as usize]).rev().collect();
    let of = |v: &[f64]| twice.iter().map(|i| v[*i]).collect::<Vec<_>>();
    for objective in OBJECTIVES {
        let how = Optimal { objective, ..Optimal::default() };
        let (a, b) = (cut(&x, &y, &weight, &how).unwrap(), cut(&of(&x), &of(&y), &ones(twice.len()), &how).unwrap());
        assert_eq!(a.bins, b.bins, "{objective:?}");
        assert!((a.certificate.objective - b.certificate.objective).abs() < 1e-9);
    }
}

#[test]
fn what_cannot_be_is_said_with_what_to_relax() {
    let (x, y) = drawn(500, 13, |_| 0.5);
    let refused = |how: Optimal| cut(&x, &y, &ones(x.len()), &how).unwrap_err().to_string();
    let steep = Optimal { max_share: 0.4, min_gap: 0.9, ..exact() };
    assert_eq!(refused(steep), "no bins keep all constraints (remedy: relax max_share or min_gap)");
    assert_eq!(refused(Optimal { min_events: 400.0, ..exact() }), "no bins keep all constraints (remedy: relax min_events)");
    let both = Optimal { min_events: 400.0, max_share: 0.5, min_gap: 0.9, ..exact() };
    assert_eq!(refused(both), "no bins keep all constraints (remedy: relax two or more at once)");
    assert!(matches!(cut(&x, &ones(500), &ones(500), &exact()), Err(Error::SingleClass { .. })));
    assert!(matches!(cut(&x, &y[1..], &ones(500), &exact()), Err(Error::Shape { .. })));
    assert!(matches!(cut(&x, &y, &ones(500), &Optimal { max_p: 0.0, ..exact() }), Err(Error::Parameter { name: "max_p", .. })));
    // Fewer values than a bin must have: all of them are one.
    let few: Vec<f64> = (0..500).map(|i| if i < 10 { x[i] } else { f64::NAN }).collect();
    assert_eq!(cut(&few, &y, &ones(500), &exact()).unwrap().bins.bins.iter().map(|b| b.weight).collect::<Vec<_>>(), [10.0]);
    let missing = cut(&[f64::NAN; 500], &y, &ones(500), &exact()).unwrap();
    assert!(missing.bins.is_flat() && missing.bins.bins.len() == 1 && missing.certificate.cuts.is_empty());
}

#[test]
fn categories_are_joined_by_rate_rare_ones_pooled_and_unseen_ones_named() {
    let mut draws = Draws(17);
    let rates = [("south", 0.1), ("north", 0.6), ("east", 0.12), ("west", 0.58), ("centre", 0.35)];
    let (mut names, mut y): (Vec<Option<&str>>, Vec<f64>) = (Vec::new(), Vec::new());
    for i in 0..10_000 {
        let (name, rate) = rates[i % 5];
        names.push(Some(name));
        y.push(f64::from(u8::from(draws.unit() < rate)));
    }
    for (name, n) in [(Some("islet"), 40), (Some("atoll"), 30), (None, 500)] {
        names.extend(vec![name; n]);
        y.extend((0..n).map(|i| f64::from(u8::from(i % 10 < if n == 40 { 8 } else { 9 }))));
    }
    let how = Optimal { max_bins: 3, min_share: 0.0, ..exact() };
    let found = category::join(&names, &y, &ones(y.len()), &how, 0.01).unwrap();
    let members: Vec<Vec<&str>> = found.groups.iter().map(|g| g.members.iter().map(String::as_str).collect()).collect();
    assert_eq!(members, [vec!["east", "south"], vec!["centre"], vec!["north", "west"]]);
    assert_eq!(found.rare, ["atoll", "islet"]);
    assert_eq!(found.groups.iter().map(|g| g.holds_rare).collect::<Vec<_>>(), [false, false, true]);
    assert_eq!(found.place(Some("islet")), Place::Group(2));
    assert_eq!((found.place(Some("moon")), found.place(None)), (Place::Unseen, Place::Missing));
    assert!(found.woe(Some("moon")) == found.woe(Some("atoll")) && found.woe(None) > found.woe(Some("north")));
    assert_eq!(found.certificate.binding.iter().map(|b| b.constraint).collect::<Vec<_>>(), [Constraint::MaxBins]);
    assert!(found.groups.windows(2).all(|g| g[0].bin.woe < g[1].bin.woe));
    // Any way to make three groups of five categories, tried by hand.
    let all = category::join(&names, &y, &ones(y.len()), &Optimal { max_bins: 1000, ..how.clone() }, 0.0).unwrap();
    let cells: Vec<(f64, f64)> = all.groups.iter().map(|g| (g.bin.weight, g.bin.good)).collect();
    assert_eq!(cells.len(), 7);
    let total = (y.len() as f64, y.iter().sum::<f64>());
    let mut best = 0.0f64;
    for code in 0..3u32.pow(7) {
        let mut groups = [(0.0, 0.0); 3];
        for (at, (n, good)) in cells.iter().enumerate() {
            let group = &mut groups[(code / 3u32.pow(at as u32) % 3) as usize];
            *group = (group.0 + n, group.1 + good);
        }
        let worth = |(n, good): &(f64, f64)| {
            let (p, q) = (good / total.1, (n - good) / (total.0 - total.1));
            if *n == 0.0 || p == 0.0 || q == 0.0 { 0.0 } else { (p - q) * libm::log(p / q) }
        };
        best = best.max(groups.iter().map(worth).sum());
    }
    let joined = category::join(&names, &y, &ones(y.len()), &how, 0.0).unwrap();
    assert!((joined.certificate.objective - best).abs() < 1e-6, "{} {best}", joined.certificate.objective);
    let json = serde_json::to_string(&joined).unwrap();
    assert_eq!(serde_json::from_str::<category::Groups>(&json).unwrap(), joined);
    assert!(category::join(&[None; 2], &[0.0, 1.0], &ones(2), &how, 0.0).unwrap().groups[0].members.is_empty());
    assert!(matches!(category::join(&names, &y, &ones(y.len()), &how, 2.0), Err(Error::Parameter { .. })));
}
