//! Intervals of a share: what they promise, on worlds whose truth is known and on real debts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

mod truth;

use std::path::PathBuf;

use luheng_models::interval::{Coverage, Promise, coverage, subject_weights};
use luheng_models::{Interval, LocalConformal, QuantileConformal, split};
use truth::Draws;

/// A quantile model of the plainest kind: in each cell of the rows learnt from, two empirical quantiles and the mean.
struct Cells(Vec<Option<[f64; 4]>>);

impl Cells {
    fn fit(cell: &[usize], y: &[f64], rows: &[usize], alpha: f64) -> Self {
        let most = cell.iter().max().map_or(0, |c| c + 1);
        let mut of = vec![Vec::new(); most];
        rows.iter().for_each(|i| of[cell[*i]].push(y[*i]));
        let quantiles = |mut y: Vec<f64>| {
            y.sort_by(f64::total_cmp);
            let at = |q: f64| y.get(((q * y.len() as f64) as usize).min(y.len().saturating_sub(1))).copied();
            let mean = y.iter().sum::<f64>() / y.len().max(1) as f64;
            let spread = y.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / y.len().max(1) as f64;
            Some([at(alpha / 2.0)?, mean, at(1.0 - alpha / 2.0)?, spread.sqrt().max(0.01)])
        };
        Cells(of.into_iter().map(quantiles).collect())
    }

    /// Lower end, mean, upper end and spread.
    fn of(&self, cell: usize) -> [f64; 4] {
        self.0.get(cell).copied().flatten().unwrap_or([0.0, 0.5, 1.0, 0.3])
    }
}

/// Learns the model on a third of the subjects, moves its ends on another, and says what is held on the last.
struct Trial<'a> {
    cell: &'a [usize],
    y: &'a [f64],
    subject: &'a [String],
    group: Option<&'a [String]>,
}

impl Trial<'_> {
    fn run(&self, seed: u64, promise: &Promise, local: bool) -> Vec<Coverage> {
        let part = |k: u32| (0..self.y.len()).filter(|i| split::fold_of(&self.subject[*i], 3, seed) == k).collect::<Vec<usize>>();
        let (train, held, test) = (part(0), part(1), part(2));
        let model = Cells::fit(self.cell, self.y, &train, 1.0 - promise.level);
        let said = |rows: &[usize], k: usize| rows.iter().map(|i| model.of(self.cell[*i])[k]).collect::<Vec<f64>>();
        let y = |rows: &[usize]| rows.iter().map(|i| self.y[*i]).collect::<Vec<f64>>();
        let names = |rows: &[usize]| self.group.map(|g| rows.iter().map(|i| g[*i].clone()).collect::<Vec<String>>());
        let (of_held, of_test, ones) = (names(&held), names(&test), vec![1.0; self.y.len()]);
        let name = |k: usize| of_test.as_ref().map(|g| g[k].as_str());
        let intervals: Vec<Interval> = if local {
            let fit =
                LocalConformal::fit(&said(&held, 1), &said(&held, 3), &y(&held), &ones[..held.len()], of_held.as_deref(), promise).unwrap();
            fit.check().unwrap();
            (0..test.len()).map(|k| (k, model.of(self.cell[test[k]]))).map(|(k, m)| fit.interval(m[1], m[3], name(k)).unwrap()).collect()
        } else {
            let fit = QuantileConformal::fit(&said(&held, 0), &said(&held, 2), &y(&held), &ones[..held.len()], of_held.as_deref(), promise)
                .unwrap();
            fit.check().unwrap();
            (0..test.len())
                .map(|k| (k, model.of(self.cell[test[k]])))
                .map(|(k, m)| fit.interval(m[0], m[1], m[2], name(k)).unwrap())
                .collect()
        };
        assert!(intervals.iter().all(|i| 0.0 <= i.low && i.low <= i.estimate && i.estimate <= i.high && i.high <= 1.0));
        coverage(&intervals, &y(&test), &ones[..test.len()], of_test.as_deref()).unwrap()
    }
}

fn shared(file: &str) -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let root = std::env::var_os("LUHENG_SHARED").map_or(beside, PathBuf::from);
    let path = root.join("data").join(file);
    if !path.is_file() {
        println!("skipped: no public data at {}", path.display());
        return None;
    }
    Some(path)
}

/// Columns of a CSV file without quotes, by name; what is no number is NaN.
fn columns<const N: usize>(path: &PathBuf, names: [&str; N]) -> Vec<[f64; N]> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    let at = names.map(|name| head.iter().position(|h| *h == name).unwrap());
    lines.map(|line| line.split(',').collect::<Vec<_>>()).map(|cells| at.map(|i| cells[i].parse().unwrap_or(f64::NAN))).collect()
}

/// Number of the fifth that a value lies in; missing apart.
fn fifths(x: &[f64]) -> Vec<usize> {
    let mut sorted: Vec<f64> = x.iter().copied().filter(|x| !x.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    let edges: Vec<f64> = (1..5).map(|k| sorted[k * sorted.len() / 5]).collect();
    x.iter().map(|x| if x.is_nan() { 5 } else { edges.partition_point(|e| e < x) }).collect()
}

/// Taiwan card clients with a bill: what share of it they pay.
struct Clients {
    /// Cells by the share paid the month before and whether the client is late.
    plain: Vec<usize>,
    /// The same, and how the bill changed. That may in part follow from the payment: fit to show coverage, not to claim skill.
    fine: Vec<usize>,
    y: Vec<f64>,
    /// The bill as a share of the limit.
    used: Vec<f64>,
    subject: Vec<String>,
    /// Late or not, by fifths of the limit.
    group: Vec<String>,
}

/// Sex, age and marriage are not read.
fn taiwan() -> Option<Clients> {
    let rows = columns(&shared("credit/taiwan.csv")?, ["LIMIT_BAL", "PAY_0", "BILL_AMT1", "BILL_AMT2", "PAY_AMT1", "PAY_AMT2"]);
    let rows: Vec<(usize, [f64; 6])> = rows.into_iter().enumerate().filter(|(_, r)| r[2] > 0.0).collect();
    let of = |figure: fn(&[f64; 6]) -> f64| rows.iter().map(|(_, r)| figure(r)).collect::<Vec<f64>>();
    let before = fifths(&of(|r| if r[3] > 0.0 { (r[5] / r[3]).clamp(0.0, 1.0) } else { f64::NAN }));
    let change = fifths(&of(|r| if r[3] > 0.0 { r[2] / r[3] } else { f64::NAN }));
    let limit = fifths(&of(|r| r[0]));
    let late: Vec<usize> = rows.iter().map(|(_, r)| usize::from(r[1] > 0.0)).collect();
    let plain: Vec<usize> = before.iter().zip(&late).map(|(before, late)| before * 2 + late).collect();
    Some(Clients {
        fine: plain.iter().zip(&change).map(|(plain, change)| plain * 6 + change).collect(),
        plain,
        y: of(|r| (r[4] / r[2]).clamp(0.0, 1.0)),
        used: of(|r| (r[2] / r[0]).clamp(0.0, 1.0)),
        subject: rows.iter().map(|(i, _)| format!("client {i}")).collect(),
        group: late.iter().zip(&limit).map(|(late, limit)| format!("{} limit {}", ["on time", "late"][*late], limit + 1)).collect(),
    })
}

#[test]
fn nine_of_ten_real_shares_lie_inside_on_rows_not_seen() {
    let Some(clients) = taiwan() else { return };
    for (name, cell, local) in [
        ("plain quantiles", &clients.plain, false),
        ("fine quantiles", &clients.fine, false),
        ("fine, locally weighted", &clients.fine, true),
    ] {
        let trial = Trial { cell, y: &clients.y, subject: &clients.subject, group: None };
        let (mut held, mut telling, mut width, mut whole) = (vec![], 0.0, 0.0, 0.0);
        for seed in 0..10 {
            let all = &trial.run(seed, &Promise::default(), local)[0];
            assert!(all.rows >= 5_000 && (0.88..=0.92).contains(&all.telling.unwrap()), "{all:?}");
            // Over all rows too, where few intervals say nothing.
            assert!(all.held >= 0.88 && (all.held <= 0.92 || all.whole > 0.02), "{all:?}");
            telling += all.telling.unwrap() / 10.0;
            held.push((1e4 * all.held).round() / 1e2);
            width += all.mean_width / 10.0;
            whole += all.whole / 10.0;
        }
        let mean = held.iter().sum::<f64>() / 10.0;
        println!("{name}: % held of about 9,190 rows, ten splits {held:?}, mean {mean:.2}");
        println!("    {telling:.4} of those that say something; mean width {width:.3}; {whole:.3} say nothing");
    }
}

#[test]
fn nine_of_ten_lie_inside_in_each_group_that_was_promised_it() {
    let Some(clients) = taiwan() else { return };
    // The share used of the limit, by a model that knows nothing at all: the mean of all, one spread.
    let blind = vec![0; clients.y.len()];
    let (mut own, mut pooled) = (vec![0.0; 10], vec![0.0; 10]);
    for seed in 0..8 {
        let trial = Trial { cell: &blind, y: &clients.used, subject: &clients.subject, group: Some(&clients.group) };
        let told = trial.run(seed, &Promise::default(), true);
        // No group is heavy enough: all get the pooled ends.
        let one = trial.run(seed, &Promise { min_rows: 1e9, ..Promise::default() }, true);
        for k in 0..10 {
            own[k] += told[k + 1].held / 8.0;
            pooled[k] += one[k + 1].held / 8.0;
        }
    }
    println!("held by group, mean of 8 splits: own {own:.3?}");
    println!("                              pooled {pooled:.3?}");
    assert!(own.iter().all(|h| *h > 0.88), "{own:?}");
    assert!(pooled.iter().any(|h| *h < 0.87), "the groups do differ: {pooled:?}");
}

#[test]
fn real_debts_most_of_which_are_paid_in_full_are_held_and_not_by_chance_alone() {
    // Four of five recovered all: any honest interval of theirs ends at 1.
    let Some(cases) = shared("lendingclub/tables/cases.csv") else { return };
    let Some(payments) = shared("lendingclub/tables/payments.csv") else { return };
    let Some(incomes) = shared("lendingclub/tables/incomes.csv") else { return };
    let claim = columns(&cases, ["claim"]);
    let number = |line: &str| line.split(',').next().unwrap().to_owned();
    let names: Vec<String> = std::fs::read_to_string(&cases).unwrap().lines().skip(1).map(number).collect();
    let mut paid = std::collections::BTreeMap::new();
    for (line, amount) in std::fs::read_to_string(&payments).unwrap().lines().skip(1).zip(columns(&payments, ["amount"])) {
        *paid.entry(number(line)).or_insert(0.0) += amount[0];
    }
    let debtor = |line: &str| line.split(',').next().unwrap().to_owned();
    let mut monthly = std::collections::BTreeMap::new();
    for (line, income) in std::fs::read_to_string(&incomes).unwrap().lines().skip(1).zip(columns(&incomes, ["monthly"])) {
        *monthly.entry(debtor(line)).or_insert(0.0) += income[0];
    }
    let debtors: Vec<String> = std::fs::read_to_string(&incomes).unwrap().lines().skip(1).map(debtor).collect();
    assert!(names.len() >= 15_000 && !debtors.is_empty());
    let y: Vec<f64> = names.iter().zip(&claim).map(|(n, c)| (paid.get(n).copied().unwrap_or(0.0) / c[0]).clamp(0.0, 1.0)).collect();
    // One loan, one debtor, in one order: income over claim and claim.
    let income: Vec<f64> = debtors.iter().map(|d| monthly[d]).chain(std::iter::repeat(f64::NAN)).take(names.len()).collect();
    let (size, means) = (fifths(&claim.iter().map(|c| c[0]).collect::<Vec<_>>()), fifths(&income));
    let cell: Vec<usize> = size.iter().zip(&means).map(|(a, b)| a * 6 + b).collect();
    let trial = Trial { cell: &cell, y: &y, subject: &names, group: None };
    for level in [0.9, 0.95] {
        let (mut held, mut width) = (0.0, 0.0);
        for seed in 0..6 {
            let all = &trial.run(seed, &Promise { level, ..Promise::default() }, false)[0];
            held += all.held / 6.0;
            width += all.mean_width / 6.0;
            assert!(all.rows >= 5_000 && all.above == 0.0 && (all.held - level).abs() < 0.02, "{all:?}");
        }
        println!("level {level}: held {held:.4}, mean width {width:.4}, none above");
        assert!((held - level).abs() < 0.01, "{held}");
    }
}

/// Shares whose spread grows with x, one subject a row.
fn fan(rows: usize, draws: &mut Draws) -> (Vec<f64>, Vec<f64>) {
    let x: Vec<f64> = (0..rows).map(|_| draws.unit()).collect();
    let y = x.iter().map(|x| (0.5 + (0.02 + 0.3 * x) * (draws.unit() - 0.5)).clamp(0.0, 1.0)).collect();
    (x, y)
}

#[test]
fn the_promise_is_kept_on_average_over_samples_whatever_the_ends() {
    // Ends that are far too narrow, too wide, crossed, or know nothing: 2,000 samples of 99 rows held out and one new row each.
    type Ends = fn(f64) -> (f64, f64);
    let worlds: [(&str, Ends); 4] = [
        ("narrow", |x| (0.5 - 0.05 * x, 0.5 + 0.05 * x)),
        ("wide", |_| (0.01, 0.99)),
        ("crossed", |x| (0.5 + 0.1 * x, 0.5 - 0.1 * x)),
        ("blind", |_| (0.5, 0.5)),
    ];
    for (name, ends) in worlds {
        let (mut draws, mut held) = (Draws(31), 0);
        for _ in 0..2000 {
            let (x, y) = fan(100, &mut draws);
            let (low, high): (Vec<f64>, Vec<f64>) = x.iter().map(|x| ends(*x)).unzip();
            let fit = QuantileConformal::fit(&low[1..], &high[1..], &y[1..], &[1.0; 99], None, &Promise::default()).unwrap();
            let around = fit.interval(low[0], 0.5, high[0], None).unwrap();
            held += usize::from(around.low <= y[0] && y[0] <= around.high);
        }
        println!("{name} ends: {held} of 2,000 new rows held");
        // 99 rows and one: exactly 0.9, standard deviation 13.
        assert!((1755..=1845).contains(&held), "{name}: {held}");
    }
}

#[test]
fn ends_are_moved_as_the_paper_says() {
    // E = max(low − y, y − high) is 0.01, 0.02, ... 0.19, in no order: the 18th of 19 at 0.9.
    let y: Vec<f64> = (1..=19).map(|i| 0.6 + f64::from(i * 7 % 20) / 100.0).collect();
    let fit = |level| QuantileConformal::fit(&[0.3; 19], &[0.6; 19], &y, &[1.0; 19], None, &Promise { level, min_rows: 1.0 }).unwrap();
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
    close(fit(0.9).shift.pooled, 0.18);
    close(fit(0.5).shift.pooled, 0.1);
    assert_eq!(fit(0.96).shift.pooled, f64::INFINITY, "19 rows cannot stand for 0.96");
    let around = fit(0.9).interval(0.3, 0.4, 0.6, None).unwrap();
    close(around.low, 0.12);
    close(around.high, 0.78);
    let nothing = fit(0.96).interval(0.3, 0.4, 0.6, None).unwrap();
    assert_eq!((nothing.low, nothing.high), (0.0, 1.0));
    // An end on the bound is not moved, whichever way.
    let around = fit(0.9).interval(0.0, 0.4, 0.6, None).unwrap();
    assert_eq!(around.low, 0.0);
    close(around.high, 0.78);
    // Inward, until they meet.
    let inward =
        QuantileConformal::fit(&[0.1; 19], &[0.9; 19], &[0.5; 19], &[1.0; 19], None, &Promise { level: 0.9, min_rows: 1.0 }).unwrap();
    close(inward.shift.pooled, -0.4);
    let around = inward.interval(0.1, 0.5, 0.9, None).unwrap();
    close(around.low, 0.5);
    let met = inward.interval(0.4, 0.45, 0.6, None).unwrap();
    close(met.low, 0.45);
    close(met.high, 0.5);
    let held = inward.interval(0.1, 0.05, 0.9, None).unwrap();
    assert_eq!((held.low, held.estimate), (0.05, 0.05), "the estimate is always inside");
}

#[test]
fn more_on_the_bound_than_was_promised_asks_for_no_more() {
    // 85 of 100 are 1, where the upper end stands: at 0.8 nothing more need be held, whatever the lower end is; at 0.9 it need.
    let y: Vec<f64> = (0..100).map(|i| if i < 85 { 1.0 } else { f64::from(i - 85) / 20.0 }).collect();
    let low: Vec<f64> = (0..100).map(|i| 0.2 + f64::from(i % 3) / 10.0).collect();
    let fit = |level| QuantileConformal::fit(&low, &[1.0; 100], &y, &[1.0; 100], None, &Promise { level, min_rows: 1.0 }).unwrap();
    assert_eq!(fit(0.8).shift.pooled, f64::NEG_INFINITY);
    let around = fit(0.8).interval(0.3, 1.0, 1.0, None).unwrap();
    assert_eq!((around.low, around.high), (1.0, 1.0));
    fit(0.8).check().unwrap();
    let more = fit(0.9).interval(0.3, 1.0, 1.0, None).unwrap();
    assert!(more.low < 0.5, "{more:?}");
}

#[test]
fn outcomes_on_the_bound_do_not_tie() {
    // 15 % are 0 and 15 % are 1, and the ends given hold 98 %: to hold 90 they must move inward, and the paper's score would tie at 0.
    let mut draws = Draws(8);
    let world = |rows: usize, draws: &mut Draws| {
        let kind: Vec<u64> = (0..rows).map(|_| draws.bits() % 10).collect();
        let y = |k: &u64, u: f64| {
            if *k < 3 {
                if u < 0.5 { 0.0 } else { u - 0.5 }
            } else if *k < 6 {
                if u < 0.5 { 1.0 } else { u }
            } else {
                u
            }
        };
        let y: Vec<f64> = kind.iter().map(|k| y(k, draws.unit())).collect();
        let ends = |k: &u64| {
            if *k < 3 {
                (0.0, 0.5)
            } else if *k < 6 {
                (0.5, 1.0)
            } else {
                (0.02, 0.98)
            }
        };
        let (low, high): (Vec<f64>, Vec<f64>) = kind.iter().map(ends).unzip();
        (low, high, y)
    };
    let (low, high, y) = world(20_000, &mut draws);
    let fit = QuantileConformal::fit(&low, &high, &y, &vec![1.0; 20_000], None, &Promise::default()).unwrap();
    let (low, high, y) = world(20_000, &mut draws);
    let intervals: Vec<Interval> = (0..20_000).map(|i| fit.interval(low[i], 0.5 * (low[i] + high[i]), high[i], None).unwrap()).collect();
    let all = &coverage(&intervals, &y, &vec![1.0; 20_000], None).unwrap()[0];
    println!("with 30 % on a bound and ends too wide: {:.4} held", all.held);
    assert!((all.held - 0.9).abs() < 0.01, "{all:?}");
}

#[test]
fn weights_are_repeats_and_the_order_of_rows_does_not_matter() {
    let mut draws = Draws(3);
    let (mut x, mut y) = fan(600, &mut draws);
    // Many rows alike but for their weight.
    for v in x.iter_mut().chain(&mut y) {
        *v = (libm::floor(*v * 20.0) + 1.0) / 21.0;
    }
    let weight: Vec<f64> = (0..600).map(|i| 1.0 + (i % 3) as f64).collect();
    let group: Vec<String> = x.iter().map(|x| if *x < 0.3 { "low" } else { "high" }.to_owned()).collect();
    let (low, high): (Vec<f64>, Vec<f64>) = x.iter().map(|x| (0.5 - 0.1 * x, 0.5 + 0.1 * x)).unzip();
    let all = |rows: &[usize], weight: &dyn Fn(usize) -> f64| {
        let of = |c: &[f64]| rows.iter().map(|i| c[*i]).collect::<Vec<f64>>();
        let (names, w) = (rows.iter().map(|i| group[*i].clone()).collect::<Vec<_>>(), rows.iter().map(|i| weight(*i)).collect::<Vec<_>>());
        let promise = Promise { level: 0.8, min_rows: 100.0 };
        let fit = QuantileConformal::fit(&of(&low), &of(&high), &of(&y), &w, Some(&names), &promise).unwrap();
        let local = LocalConformal::fit(&vec![0.5; rows.len()], &of(&x), &of(&y), &w, Some(&names), &promise).unwrap();
        let intervals: Vec<Interval> = rows.iter().map(|i| fit.interval(low[*i], 0.5, high[*i], Some(&group[*i])).unwrap()).collect();
        let held = coverage(&intervals, &of(&y), &w, Some(&names)).unwrap();
        (fit, local, held)
    };
    let one: Vec<usize> = (0..600).collect();
    let once = all(&one, &|i| weight[i]);
    let turned = all(&Draws(4).shuffle(600), &|i| weight[i]);
    assert_eq!(format!("{once:?}"), format!("{turned:?}"));
    let twice: Vec<usize> = one.iter().flat_map(|i| vec![*i; weight[*i] as usize]).collect();
    let twice = all(&twice, &|_| 1.0);
    assert_eq!((&once.0, &once.1), (&twice.0, &twice.1));
    for (a, b) in once.2.iter().zip(&twice.2) {
        assert!((a.held - b.held).abs() < 1e-9 && (a.mean_width - b.mean_width).abs() < 1e-9);
    }
    assert_eq!(once.0.shift.groups.len(), 2);
    let text = serde_json::to_string(&once.0).unwrap();
    assert_eq!(serde_json::from_str::<QuantileConformal>(&text).unwrap(), once.0);
    let none = QuantileConformal::fit(&[0.5], &[0.5], &[0.5], &[1.0], None, &Promise::default()).unwrap();
    assert_eq!(serde_json::from_str::<QuantileConformal>(&serde_json::to_string(&none).unwrap()).unwrap(), none, "∞ has a text");
}

#[test]
fn subjects_count_once_where_they_are_weighed_so() {
    let names: Vec<String> = ["a", "b", "b", "b", "b"].map(str::to_owned).into();
    assert_eq!(subject_weights(&names), [1.0, 0.25, 0.25, 0.25, 0.25]);
    // Half of the subjects have one row and large errors, half have nine rows and small ones. One row of each subject is to be held.
    let (mut low, mut high, mut y, mut group) = (vec![], vec![], vec![], vec![]);
    let mut draws = Draws(17);
    for s in 0..2000 {
        for _ in 0..if s % 2 == 0 { 1 } else { 9 } {
            low.push(0.5);
            high.push(0.5);
            y.push(0.5 + if s % 2 == 0 { 0.5 } else { 0.05 } * (2.0 * draws.unit() - 1.0));
            group.push(format!("{s}"));
        }
    }
    let shift = |w: &[f64]| QuantileConformal::fit(&low, &high, &y, w, None, &Promise::default()).unwrap().shift.pooled;
    // By subject: half of 2,000 all held, four fifths of the rest: 0.4. By row: nine of ten rows are held by 0.05 at once.
    assert!((shift(&subject_weights(&group)) - 0.4).abs() < 0.02 && shift(&vec![1.0; y.len()]) < 0.06);
}

#[test]
fn what_is_no_interval_is_refused() {
    let of = |low: f64, high: f64, y: f64, w: f64| QuantileConformal::fit(&[low], &[high], &[y], &[w], None, &Promise::default());
    assert_eq!(of(f64::NAN, 0.5, 0.5, 1.0).unwrap_err().to_string(), "lower end in row 0: found NaN, expected a number");
    assert_eq!(of(0.1, 0.5, 1.5, 1.0).unwrap_err().to_string(), "outcome in row 0: found 1.5, expected 0 to 1");
    assert!(of(0.1, 0.5, 0.5, 0.0).is_err() && of(0.1, f64::NAN, 0.5, 1.0).is_err());
    assert!(of(f64::NEG_INFINITY, f64::INFINITY, 0.5, 1.0).is_ok());
    assert!(QuantileConformal::fit(&[], &[], &[], &[], None, &Promise::default()).is_err());
    assert!(QuantileConformal::fit(&[0.1], &[0.2, 0.3], &[0.5], &[1.0], None, &Promise::default()).is_err());
    assert!(QuantileConformal::fit(&[0.1], &[0.2], &[0.5], &[1.0], Some(&[]), &Promise::default()).is_err());
    for wrong in [Promise { level: 1.0, min_rows: 9.0 }, Promise { level: f64::NAN, min_rows: 9.0 }, Promise { level: 0.9, min_rows: 0.5 }]
    {
        assert!(QuantileConformal::fit(&[0.1], &[0.2], &[0.5], &[1.0], None, &wrong).is_err());
    }
    let fit = of(0.1, 0.5, 0.5, 1.0).unwrap();
    assert!(
        fit.interval(0.1, f64::NAN, 0.5, None).is_err()
            && fit.interval(0.1, 1.5, 0.5, None).is_err()
            && fit.interval(f64::NAN, 0.5, 0.5, None).is_err()
    );
    let local = |p: f64, s: f64| LocalConformal::fit(&[p], &[s], &[0.5], &[1.0], None, &Promise::default());
    assert!(local(0.5, 0.0).is_err() && local(0.5, f64::INFINITY).is_err() && local(1.5, 0.1).is_err() && local(0.5, 0.1).is_ok());
    assert!(local(0.5, 0.1).unwrap().interval(0.5, -1.0, None).is_err());
    let mut broken = fit;
    broken.shift.pooled = f64::NAN;
    assert!(broken.check().is_err());
    let crossed = [Interval { low: 0.6, estimate: 0.5, high: 0.4 }];
    assert!(coverage(&crossed, &[0.5], &[1.0], None).is_err());
}
