//! Lawful counterfactuals: the cheapest there are, by brute force; nothing that was not allowed; and honest where the goal is out of reach.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod truth;

use luheng_models::additive::axis::Edges;
use luheng_models::additive::{Cell, Progress, Shape};
use luheng_models::{
    Additive, AdditiveParams, Ask, Design, Direction, Error, Goal, LogisticParams, Model, Params, Plan, Price, ScorecardParams, Way,
};
use truth::{Draws, fit, meta, sealed, town};

fn pick<T: Copy>(draws: &mut Draws, of: &[T]) -> T {
    of[(draws.bits() % of.len() as u64) as usize]
}

/// A feature of up to five bins with edges at whole numbers; its scores in eighths, so that equal sums are common.
fn shape(draws: &mut Draws, id: &str) -> Shape {
    let bins = 1 + (draws.bits() % 5) as usize;
    let mut cell = || Cell { weight: (1 + draws.bits() % 8) as f64, good: 0.0, score: (draws.bits() % 17) as f64 / 8.0 - 1.0 };
    let cells = (0..bins).map(|_| cell()).collect();
    let missing = cell();
    let edges = Edges::Upper((1..bins).map(|edge| edge as f64).collect());
    Shape { id: id.to_owned(), direction: Direction::Free, edges, cells, missing }
}

fn model(shapes: Vec<Shape>) -> Model {
    let progress = Progress { rounds: 1, loss_before: 1.0, loss_after: 0.5 };
    Model::Additive(Additive { intercept: -0.25, shapes, pairs: Vec::new(), features_progress: progress, pairs_progress: None })
}

fn ask(draws: &mut Draws, feature: &str) -> Ask {
    let unit = (draws.bits() % 4) as f64;
    Ask {
        feature: feature.to_owned(),
        way: pick(draws, &[Way::Up, Way::Down, Way::Either, Way::Either]),
        price: pick(draws, &[Price::Share(8.0 * unit), Price::Step(unit), Price::Unit(unit)]),
        at_least: pick(draws, &[f64::MIN, f64::MIN, 0.5, 1.0]),
        at_most: pick(draws, &[f64::MAX, f64::MAX, 3.5, 2.0]),
        filing: pick(draws, &[None, Some(0.0), Some(2.0)]),
    }
}

/// Every way to move one feature: value and cost. Written anew, from the words of the documentation.
fn ways(shape: &Shape, ask: &Ask, x: f64) -> Vec<(f64, f64)> {
    let total: f64 = shape.cells.iter().map(|cell| cell.weight).sum();
    let share: Vec<f64> = shape.cells.iter().map(|cell| cell.weight / total).collect();
    let mut sum = 0.0;
    let middle = share
        .iter()
        .position(|s| {
            sum += s;
            sum >= 0.5
        })
        .unwrap();
    let here = if x.is_nan() { middle } else { shape.edges.index(x) };
    if x.is_nan() && ask.filing.is_none() {
        return Vec::new();
    }
    let mut ways = Vec::new();
    for bin in 0..share.len() {
        let (above, up_to) = shape.edges.range(bin);
        let way_is_open = x.is_nan() || (bin > here && ask.way != Way::Down) || (bin < here && ask.way != Way::Up);
        let (low, high) = (above.next_up().max(ask.at_least), up_to.min(ask.at_most));
        if !way_is_open || low > high {
            continue;
        }
        let to = if bin >= here && above.is_finite() { low } else { high };
        let passed: f64 = share.iter().enumerate().filter(|(at, _)| here.min(bin) < *at && *at < here.max(bin)).map(|(_, s)| s).sum();
        let cost = match ask.price {
            _ if bin == here => 0.0,
            Price::Share(price) => price * (passed + share[here] / 2.0),
            Price::Step(price) => price * bin.abs_diff(here) as f64,
            Price::Unit(price) => {
                if x.is_nan() {
                    0.0
                } else {
                    price * (to - x).abs()
                }
            }
        };
        ways.push((to, cost + if x.is_nan() { ask.filing.unwrap() } else { 0.0 }));
    }
    ways
}

/// The least (cost, features changed, which) over all combinations that reach the goal; and the greatest log-odds of any.
fn brute(model: &Model, shapes: &[Shape], asks: &[Ask], row: &[f64], goal: f64, most: usize) -> (Option<(f64, usize, Vec<usize>)>, f64) {
    let Model::Additive(sum) = model else { unreachable!() };
    let score = |row: &[f64]| sum.intercept + shapes.iter().zip(row).map(|(s, x)| s.contribution(*x)).sum::<f64>();
    let mut rows = vec![(row.to_vec(), 0.0, Vec::new())];
    for ask in asks {
        let at = shapes.iter().position(|s| s.id == ask.feature).unwrap();
        let mut more = Vec::new();
        for (row, cost, changed) in &rows {
            for (to, price) in ways(&shapes[at], ask, row[at]) {
                let (mut row, mut changed) = (row.clone(), changed.clone());
                row[at] = to;
                changed.push(at);
                more.push((row, cost + price, changed));
            }
        }
        rows.extend(more);
    }
    rows.retain(|(_, _, changed)| changed.len() <= most);
    let best = rows.iter().map(|(row, _, _)| score(row)).fold(f64::NEG_INFINITY, f64::max);
    let there = rows.into_iter().filter(|(row, _, _)| score(row) >= goal);
    let least = there.map(|(_, cost, mut changed)| {
        changed.sort_unstable();
        ((cost * 1e6).round() / 1e6, changed.len(), changed)
    });
    (least.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2))), best)
}

fn design(rows: &[Vec<f64>]) -> Design {
    let columns = (0..rows[0].len()).map(|j| rows.iter().map(|row| row[j]).collect()).collect();
    Design::from_columns((0..rows[0].len()).map(|j| meta(&format!("x{j}"), Direction::Free)).collect(), columns).unwrap()
}

#[test]
fn brute_force_finds_nothing_cheaper_in_three_thousand_problems() {
    let (mut reached, mut out_of_reach, mut none) = (0, 0, 0);
    for seed in 0..3_000 {
        let mut draws = Draws(seed);
        let n = 1 + (draws.bits() % 4) as usize;
        let shapes: Vec<Shape> = (0..n).map(|j| shape(&mut draws, &format!("x{j}"))).collect();
        let mut asks: Vec<Ask> =
            shapes.iter().filter(|_| seed % 3 > 0).map(|s| s.id.clone()).collect::<Vec<_>>().iter().map(|id| ask(&mut draws, id)).collect();
        if seed % 3 == 0 {
            asks.push(ask(&mut draws, "x0"));
        }
        asks.reverse();
        let row: Vec<f64> = (0..n).map(|_| if draws.unit() < 0.2 { f64::NAN } else { draws.unit() * 5.0 }).collect();
        let model = model(shapes.clone());
        let goal = model.logit(&design(std::slice::from_ref(&row))).unwrap()[0] + (draws.bits() % 16) as f64 / 8.0 - 0.25;
        let most = pick(&mut draws, &[None, None, None, Some(1), Some(2), Some(3), Some(0)]);
        let plan = model.counterfactual(&design(std::slice::from_ref(&row)), 0, goal, &asks, most).unwrap();
        let (least, best) = brute(&model, &shapes, &asks, &row, goal, most.unwrap_or(9));
        assert_eq!(plan.is_reached, least.is_some(), "seed {seed}");
        let changed: Vec<usize> = plan.changes.iter().map(|change| change.feature).collect();
        assert!(changed.windows(2).all(|pair| pair[0] < pair[1]));
        if let Some((cost, number, which)) = least {
            assert!((plan.cost - cost).abs() < 1e-5, "seed {seed}: {} {cost}", plan.cost);
            assert_eq!((changed.len(), &changed), (number, &which), "seed {seed}");
            assert!(plan.after >= goal);
            if number == 0 { none += 1 } else { reached += 1 }
        } else {
            assert_eq!(plan.after, best, "seed {seed}");
            out_of_reach += 1;
        }
        let gained: f64 = plan.changes.iter().map(|change| change.log_odds).sum();
        assert!((plan.after - plan.before - gained).abs() < 1e-12);
    }
    assert!(reached > 300 && out_of_reach > 300 && none > 50, "{reached} {out_of_reach} {none}");
}

#[test]
fn two_cheap_changes_do_not_drive_out_one_where_the_number_is_limited() {
    // x0 and x1 together gain what x2 gains alone, and for less; only with x2 is there room for x3. x4 gains most, and is dear.
    let shapes: Vec<Shape> = [1.0, 1.0, 2.0, 2.0, 2.5]
        .iter()
        .enumerate()
        .map(|(j, gain)| {
            let cell = |score: f64| Cell { weight: 1.0, good: 0.0, score };
            let edges = Edges::Upper(vec![1.0]);
            Shape { id: format!("x{j}"), direction: Direction::Free, edges, cells: vec![cell(0.0), cell(*gain)], missing: cell(0.0) }
        })
        .collect();
    let price = [1.0, 1.0, 3.0, 1.0, 10.0];
    let asks: Vec<Ask> = (0..5).map(|j| Ask { price: Price::Step(price[j]), ..Ask::any(&format!("x{j}"), Way::Up) }).collect();
    let plan = |most| model(shapes.clone()).counterfactual(&design(&[vec![0.5; 5]]), 0, 3.75, &asks, most).unwrap();
    let changed = |plan: &Plan| plan.changes.iter().map(|change| change.feature).collect::<Vec<_>>();
    let (free, limited) = (plan(None), plan(Some(2)));
    assert_eq!((changed(&free), free.cost), (vec![0, 1, 3], 3.0));
    assert_eq!((changed(&limited), limited.cost), (vec![2, 3], 4.0));
}

/// What no model may break: only what was asked, only that way, within bounds, and what it says is what the model says.
fn lawful(plan: &Plan, model: &Model, design: &Design, row: usize, asks: &[Ask]) {
    for change in &plan.changes {
        let ask = asks.iter().find(|ask| ask.feature == change.id).expect("a feature nobody asked for");
        let from = design.value(row, change.feature);
        assert_eq!(change.from, from);
        assert!(ask.at_least <= change.to && change.to <= ask.at_most);
        assert!(ask.filing.is_some() || from.is_some());
        match (from, ask.way) {
            (Some(from), Way::Up) => assert!(change.to > from),
            (Some(from), Way::Down) => assert!(change.to < from),
            _ => {}
        }
    }
    let changed = Design::from_columns(design.features().to_vec(), plan.row.iter().map(|x| vec![*x]).collect()).unwrap();
    assert_eq!(model.logit(&changed).unwrap()[0], plan.after);
    let same = (0..plan.row.len()).filter(|j| plan.changes.iter().all(|change| change.feature != *j));
    same.for_each(|j| assert_eq!(design.value(row, j), Some(plan.row[j]).filter(|x| !x.is_nan())));
}

fn town_asks() -> Vec<Ask> {
    vec![
        Ask { filing: Some(0.2), ..Ask::any("rise", Way::Up) },
        Ask { price: Price::Share(2.0), at_least: -1.0, ..Ask::any("fall", Way::Down) },
        Ask { price: Price::Share(0.5), ..Ask::any("hill", Way::Either) },
        Ask::any("same", Way::Up),
        Ask::any("lost", Way::Either),
    ]
}

#[test]
fn on_fitted_models_plans_are_lawful_and_do_what_they_say() {
    let (set, _) = town(3_000, 31);
    let all = [
        Params::Logistic(LogisticParams::default()),
        Params::Scorecard(ScorecardParams::default()),
        Params::Additive(AdditiveParams::default()),
    ];
    for params in all {
        let artifact = sealed(&params, &set, &set);
        let (mut reached, mut filed) = (0, 0);
        for row in (0..set.rows()).step_by(29) {
            let now = artifact.explain(set.design()).unwrap().score[row];
            for (goal, most) in [(Goal::Points(now + 30.0), None), (Goal::Points(now + 30.0), Some(1)), (Goal::Probability(0.6), None)] {
                let plan = artifact.counterfactual(set.design(), row, goal, &town_asks(), most).unwrap();
                lawful(&plan, &artifact.model, set.design(), row, &town_asks());
                assert!(most.is_none_or(|most| plan.changes.len() <= most));
                let points: f64 = plan.changes.iter().map(|change| change.points.unwrap()).sum();
                assert!(!plan.is_reached || !matches!(goal, Goal::Points(_)) || points >= 30.0 - 1e-9, "{points}");
                reached += usize::from(plan.is_reached);
                filed += plan.changes.iter().filter(|change| change.from.is_none()).count();
            }
        }
        assert!(reached > 50 && filed > 0, "{params:?}: {reached} reached, {filed} filed");
    }
}

#[test]
fn on_a_logistic_no_point_of_a_fine_grid_is_cheaper() {
    let (set, _) = town(800, 32);
    let model = fit(&Params::Logistic(LogisticParams::default()), &set);
    let Model::Logistic(logistic) = &model else { unreachable!() };
    let asks = [
        Ask { price: Price::Unit(1.0), filing: Some(0.3), ..Ask::any("rise", Way::Up) },
        Ask { price: Price::Unit(0.4), at_least: -1.5, ..Ask::any("fall", Way::Down) },
        Ask { price: Price::Unit(0.7), ..Ask::any("hill", Way::Either) },
    ];
    let mut partial = 0;
    for row in (0..set.rows()).step_by(7) {
        let x = set.design().x().row(row).to_vec();
        let now = model.logit(set.design()).unwrap()[row];
        let goal = now + 0.1 + 0.3 * (row % 10) as f64;
        let plan = model.counterfactual(set.design(), row, goal, &asks, None).unwrap();
        lawful(&plan, &model, set.design(), row, &asks);
        assert!(plan.after < goal + 1e-6 || plan.changes.iter().any(|c| c.from.is_none()) || !plan.is_reached, "no more than needed");
        let steps = 40;
        let grid = |j: usize| -> Vec<(f64, f64)> {
            let line = &logistic.lines[j];
            let value = |k: usize| line.low + (line.high - line.low) * k as f64 / steps as f64;
            let may = |to: &f64| match asks[j].way {
                _ if x[j].is_nan() => true,
                Way::Up => *to >= x[j],
                Way::Down => *to <= x[j] && *to >= -1.5,
                Way::Either => true,
            };
            // A missing value is first given as the mean.
            let mean = line.low + line.mean * (line.high - line.low);
            let (from, fee) = if x[j].is_nan() { (mean, 0.3) } else { (x[j], 0.0) };
            let price = |to: f64| match asks[j].price {
                Price::Unit(price) => fee + price * (to - from).abs(),
                _ => unreachable!(),
            };
            let stay = (line.contribution(x[j]), 0.0);
            (0..=steps).map(value).filter(may).map(|to| (line.contribution(to), price(to))).chain([stay]).collect()
        };
        let rest = now - (0..3).map(|j| logistic.lines[j].contribution(x[j])).sum::<f64>();
        let mut best = f64::INFINITY;
        for (a, p) in grid(0) {
            for (b, q) in grid(1) {
                for (c, r) in grid(2) {
                    if rest + a + b + c >= goal {
                        best = best.min(p + q + r);
                    }
                }
            }
        }
        assert!(plan.is_reached || best == f64::INFINITY);
        if plan.is_reached {
            assert!(plan.cost <= best + 1e-5, "row {row}: {} {best}", plan.cost);
            partial += usize::from(plan.changes.len() > 1);
        }
    }
    assert!(partial > 10, "{partial}");
}

#[test]
fn categories_move_to_named_ones_alone() {
    let mut colours = shape(&mut Draws(1), "x0");
    let cell = |score: f64| Cell { weight: 5.0, good: 1.0, score };
    colours.edges = Edges::Values(vec![3.0, 4.0, 9.0]);
    colours.cells = [-1.0, 0.5, 1.0, 2.0].map(cell).to_vec();
    let model = model(vec![colours]);
    let ask = Ask { price: Price::Step(2.0), ..Ask::any("x0", Way::Either) };
    let plan = |goal: f64, ask: &Ask| model.counterfactual(&design(&[vec![3.0]]), 0, goal, std::slice::from_ref(ask), None).unwrap();
    let named = plan(0.5, &ask);
    assert!(named.is_reached && named.cost == 2.0 && named.row == [9.0]);
    assert!(!plan(1.5, &ask).is_reached, "the pool of all others is no place to go to");
    assert!(!plan(0.5, &Ask { at_most: 4.0, ..ask.clone() }).is_reached);
    assert!(plan(0.0, &Ask { way: Way::Up, ..ask }).changes.is_empty(), "categories have no order");
}

#[test]
fn what_cannot_be_answered_is_refused_by_name() {
    let (set, _) = town(600, 33);
    let said = |params: Params, asks: &[Ask]| fit(&params, &set).counterfactual(set.design(), 0, 1.0, asks, None).unwrap_err();
    let card = Params::Scorecard(ScorecardParams::default());
    let hill = Ask::any("hill", Way::Either);
    assert!(said(Params::Baseline, std::slice::from_ref(&hill)).to_string().starts_with("baseline does not take counterfactuals"));
    let step = Ask { price: Price::Step(1.0), ..hill.clone() };
    assert!(said(Params::Logistic(LogisticParams::default()), &[step]).to_string().starts_with("logistic does not take a price by bins"));
    assert!(matches!(said(card, &[Ask::any("hills", Way::Up)]), Error::Features { .. }));
    assert!(matches!(said(card, &[hill.clone(), hill.clone()]), Error::Twice { .. }));
    for odd in [
        Ask { price: Price::Share(f64::NAN), ..hill.clone() },
        Ask { at_least: 2.0, at_most: 1.0, ..hill.clone() },
        Ask { filing: Some(-1.0), ..hill.clone() },
    ] {
        assert!(matches!(said(card, &[odd]), Error::Parameter { .. }));
    }
    let model = fit(&card, &set);
    assert!(matches!(model.counterfactual(set.design(), 600, 1.0, &[], None), Err(Error::Shape { .. })));
    assert!(matches!(model.counterfactual(set.design(), 0, f64::NAN, &[], None), Err(Error::Parameter { .. })));
    let artifact = sealed(&card, &set, &set);
    assert!(matches!(artifact.counterfactual(set.design(), 0, Goal::Probability(1.0), &[hill], None), Err(Error::Parameter { .. })));
}
