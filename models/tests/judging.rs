//! Whatever comes in, judging answers or refuses: any bits as scores, labels and weights; no panic, no NaN, nothing out of its range.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use luheng_models::assess::{self, Bootstrap, End, Figure, Gaps, Scored};
use luheng_models::calibrate::{Kind, choose};
use luheng_models::interval::{Promise, coverage, subject_weights};
use luheng_models::{Conformal, Isotonic, LocalConformal, QuantileConformal};
use proptest::prelude::*;

/// Any number there is, likely ones more often.
fn wild() -> impl Strategy<Value = f64> {
    prop_oneof![
        2 => any::<u64>().prop_map(f64::from_bits),
        3 => 0.0..=1.0,
        2 => prop::sample::select(vec![0.0, -0.0, 1.0, 0.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 5e-324, 1e-300, 1.0 - f64::EPSILON / 2.0, 1e12, 2.0]),
    ]
}

/// A share, with the hardest ones.
fn share() -> impl Strategy<Value = f64> {
    prop_oneof![3 => 0.0..=1.0, 2 => prop::sample::select(vec![0.0, 1.0, 0.5, 5e-324, 1e-17, 1.0 - f64::EPSILON / 2.0])]
}

/// A weight that is allowed, from the least to the greatest.
fn weight() -> impl Strategy<Value = f64> {
    prop_oneof![3 => 0.1..=5.0, 1 => prop::sample::select(vec![1.0, 5e-324, 1e-300, 1e-160, 1e12, 1e-3])]
}

/// Prediction, second prediction, label, weight, subject, group.
type Row = (f64, f64, f64, f64, u8, u8);

fn rows_of(any: bool) -> BoxedStrategy<Vec<Row>> {
    let names = || (0_u8..9, 0_u8..3);
    if any {
        let row = (wild(), wild(), wild(), wild(), names()).prop_map(|(p, q, y, w, (s, g))| (p, q, y, w, s, g));
        prop::collection::vec(row, 0..12).boxed()
    } else {
        let row = (share(), share(), share(), weight(), names()).prop_map(|(p, q, y, w, (s, g))| (p, q, y, w, s, g));
        prop::collection::vec(row, 1..50).boxed()
    }
}

struct Columns {
    p: Vec<f64>,
    q: Vec<f64>,
    label: Vec<f64>,
    weight: Vec<f64>,
    subject: Vec<String>,
    group: Vec<String>,
}

fn columns(rows: &[Row]) -> Columns {
    let of = |f: fn(&Row) -> f64| rows.iter().map(f).collect::<Vec<f64>>();
    Columns {
        p: of(|r| r.0),
        q: of(|r| r.1),
        label: of(|r| r.2),
        weight: of(|r| r.3),
        subject: rows.iter().map(|r| r.4.to_string()).collect(),
        group: rows.iter().map(|r| r.5.to_string()).collect(),
    }
}

fn within(x: f64, low: f64, high: f64) {
    assert!((low..=high).contains(&x), "{x} outside {low} to {high}");
}

fn ordered(ends: Option<(f64, f64)>, low: f64, high: f64) {
    if let Some((a, b)) = ends {
        within(a, low, high);
        within(b, a, high);
    }
}

fn drawn(figure: Option<Figure>, low: f64, high: f64) {
    if let Some(figure) = figure {
        within(figure.value, low, high);
        ordered(figure.ends, low, high);
    }
}

fn areas(c: &Columns) -> bool {
    for group in [None, Some(c.subject.as_slice())] {
        let Ok(one) = assess::auc_interval(&c.p, &c.label, &c.weight, group, 0.9) else { return false };
        within(one.auc, 0.0, 1.0);
        ordered(one.ends, 0.0, 1.0);
        assert!(one.standard_error.is_none_or(|e| e >= 0.0), "{one:?}");
        if let Some((low, high)) = one.ends {
            assert!(low <= one.auc && one.auc <= high, "{one:?}");
        }
        if let Ok(two) = assess::auc_difference(&c.p, &c.q, &c.label, &c.weight, group, 0.9) {
            within(two.difference, -1.0, 1.0);
            ordered(two.ends, -1.0, 1.0);
            assert!(two.p_value.is_none_or(|p| (0.0..=1.0).contains(&p)) && two.standard_error.is_none_or(|e| e >= 0.0), "{two:?}");
        }
    }
    true
}

fn lists(c: &Columns) -> bool {
    let Ok(scored) = Scored::new(&c.p, &c.label, &c.weight) else { return false };
    for end in [End::Highest, End::Lowest] {
        for top in assess::tops(&scored, &[0.01, 0.3, 1.0], end).unwrap() {
            within(top.precision, 0.0, 1.0);
            within(top.capture.unwrap_or(0.0), 0.0, 1.0);
            within(top.edge, 0.0, 1.0);
            assert!(top.lift.is_none_or(|l| l >= 0.0 && l.is_finite()), "{top:?}");
        }
        if let Ok(top) = assess::top_list(&scored, 1.0, end) {
            within(top.precision, 0.0, 1.0);
        }
    }
    let all = assess::assess(&c.p, &c.label, &c.weight, &[0.5]).unwrap();
    within(all.auc.unwrap_or(0.0), 0.0, 1.0);
    for x in [all.base_rate, all.mean_predicted, all.brier, all.ks.unwrap_or(0.0), all.calibration_error] {
        within(x, -1e-12, 1.0 + 1e-12);
    }
    serde_json::to_string(&all).unwrap();
    true
}

fn groups(c: &Columns) -> bool {
    let bootstrap = Bootstrap { sets: 100, ..Bootstrap::default() };
    let how = Gaps { min_subjects: 2, bootstrap, ..Gaps::default() };
    let Ok(groups) = assess::group_gaps(&c.p, &c.label, &c.weight, &c.subject, &c.group, &how) else { return false };
    for group in groups {
        for (figures, low) in [(group.own, 0.0), (group.against_rest, -1.0)] {
            let Some(f) = figures else { continue };
            [Some(f.mean_predicted), Some(f.mean_outcome), f.auc, Some(f.selection_rate)].into_iter().for_each(|x| drawn(x, low, 1.0));
            drawn(Some(f.calibration_gap), -2.0, 2.0);
        }
    }
    let brier = |s: &Scored| assess::brier(s).ok().map(|(score, _)| score);
    drawn(assess::bootstrap(&c.p, &c.label, &c.weight, &c.subject, &bootstrap, brier).unwrap(), 0.0, 1.0);
    drawn(assess::bootstrap(&c.p, &c.label, &c.weight, &c.subject, &bootstrap, assess::auc).unwrap(), 0.0, 1.0);
    true
}

fn shifts(c: &Columns) -> bool {
    let good = |s: &assess::Stability| {
        assert!(s.psi >= 0.0 && s.psi.is_finite() && s.limit >= 0.0 && s.by_chance >= 0.0, "{s:?}");
        s.cells
            .iter()
            .for_each(|cell| assert!(cell.part >= 0.0 && (0.0..=1.0).contains(&cell.expected) && (0.0..=1.0).contains(&cell.actual)));
    };
    let mut any = false;
    for found in [
        assess::psi(&c.p, &c.q),
        assess::psi_of_shares(&c.p, &c.q, (100.0, 1e-3)),
        assess::psi_of_scores((&c.p, &c.weight), (&c.q, &c.weight), 4),
    ] {
        any |= found.is_ok();
        found.iter().for_each(good);
    }
    any
}

fn calibrated(c: &Columns) -> bool {
    let mut any = false;
    let logit: Vec<f64> = c.p.iter().map(|p| luheng_models::linear::link::logit(*p)).collect();
    for z in [&logit, &c.q] {
        for kind in Kind::ALL {
            let Ok(fit) = kind.fit(z, &c.label, &c.weight) else { continue };
            any = true;
            let ladder: Vec<f64> = (-80..=80).map(|i| fit.apply(f64::from(i) * 0.7)).collect();
            assert!(ladder.windows(2).all(|pair| pair[0] < pair[1]) && ladder.iter().all(|x| x.is_finite()), "{fit:?}");
        }
        for choice in choose((z, &c.label, &c.weight), &c.subject, &Kind::ALL, 3, 1).iter() {
            assert!(choice.candidates.iter().all(|k| k.loss.is_finite() && k.behind >= 0.0 && k.error >= 0.0), "{choice:?}");
        }
    }
    if let Ok(steps) = Isotonic::fit(&c.p, &c.q, &c.weight) {
        let mut x = c.p.clone();
        x.sort_by(f64::total_cmp);
        let y: Vec<f64> = x.iter().map(|x| steps.value(*x)).collect();
        assert!(y.iter().all(|y| y.is_finite()) && y.windows(2).all(|pair| pair[0] <= pair[1]), "{steps:?}");
    }
    any
}

fn held(c: &Columns) -> bool {
    let promise = Promise { level: 0.8, min_rows: 4.0 };
    let _ = Conformal::fit(&c.p, &c.label, 0.9, 3);
    let _ = subject_weights(&c.subject);
    let local = LocalConformal::fit(&c.p, &c.q, &c.label, &c.weight, Some(&c.group), &promise);
    for fit in local.iter() {
        fit.check().unwrap();
        for i in 0..c.p.len() {
            let around = fit.interval(c.p[i], c.q[i], Some(&c.group[i])).unwrap();
            assert!(
                0.0 <= around.low && around.low <= around.estimate && around.estimate <= around.high && around.high <= 1.0,
                "{around:?}"
            );
        }
    }
    let Ok(fit) = QuantileConformal::fit(&c.p, &c.q, &c.label, &c.weight, Some(&c.group), &promise) else { return false };
    fit.check().unwrap();
    assert_eq!(serde_json::from_str::<QuantileConformal>(&serde_json::to_string(&fit).unwrap()).unwrap(), fit);
    let intervals: Vec<_> = (0..c.p.len()).map(|i| fit.interval(c.p[i], c.label[i], c.q[i], Some(&c.group[i])).unwrap()).collect();
    for found in coverage(&intervals, &c.label, &c.weight, Some(&c.group)).unwrap() {
        for x in [found.held, found.below, found.above, found.mean_width, found.whole, found.telling.unwrap_or(0.0)] {
            within(x, 0.0, 1.0 + 1e-9);
        }
    }
    true
}

/// 400 draws, or as many as `PROPTEST_CASES` asks for.
fn often() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: if usual.cases == 256 { 400 } else { usual.cases }, failure_persistence: None, ..usual }
}

proptest! {
    #![proptest_config(often())]

    #[test]
    fn any_bits_are_answered_or_refused(rows in rows_of(true)) {
        let c = columns(&rows);
        for look in [areas, lists, groups, shifts, calibrated, held] {
            look(&c);
        }
    }

    #[test]
    fn what_is_allowed_is_answered(rows in rows_of(false)) {
        let c = columns(&rows);
        for (name, look) in [("lists", lists as fn(&Columns) -> bool), ("groups", groups), ("held", held)] {
            prop_assert!(look(&c), "{} refuses rows that are allowed", name);
        }
        for look in [areas, shifts, calibrated] {
            look(&c);
        }
    }
}
