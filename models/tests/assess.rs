//! Assessment against figures found another way: by definition over all pairs, by leaving rows out, by repeating rows, by scikit-learn and scipy,
//! and by drawing many samples of a world whose truth is known.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod truth;

use luheng_models::assess::{self, Bootstrap, End, Gaps, Scored, auc_difference, auc_interval, bootstrap, group_gaps, top_list, tops};
use truth::Draws;

/// Rows of a small town: two tied scores, outcomes, weights 1 to 3, three rows a subject.
struct Judged {
    p: Vec<f64>,
    q: Vec<f64>,
    label: Vec<f64>,
    weight: Vec<f64>,
    group: Vec<String>,
}

impl Judged {
    /// Only additions and products, so that Python draws the same bits.
    fn new(rows: usize, seed: u64) -> Self {
        let mut draws = Draws(seed);
        let mut set = Judged { p: vec![], q: vec![], label: vec![], weight: vec![], group: vec![] };
        for i in 0..rows {
            let t = draws.unit();
            set.p.push((libm::floor(t * 20.0) + 1.0) / 22.0);
            set.q.push((libm::floor(0.5 * (t + draws.unit()) * 40.0) + 1.0) / 42.0);
            set.label.push(draws.yes(0.15 + 0.6 * t));
            set.weight.push(1.0 + (draws.bits() % 3) as f64);
            set.group.push(format!("g{:05}", i / 3));
        }
        set
    }

    fn take(&self, rows: &[usize]) -> Self {
        let of = |column: &[f64]| rows.iter().map(|i| column[*i]).collect();
        Judged {
            p: of(&self.p),
            q: of(&self.q),
            label: of(&self.label),
            weight: of(&self.weight),
            group: rows.iter().map(|i| self.group[*i].clone()).collect(),
        }
    }

    /// Every row as often as it weighs.
    fn repeated(&self) -> Self {
        let rows: Vec<usize> = (0..self.p.len()).flat_map(|i| vec![i; self.weight[i] as usize]).collect();
        Judged { weight: vec![1.0; rows.len()], ..self.take(&rows) }
    }

    fn scored(&self) -> Scored {
        Scored::new(&self.p, &self.label, &self.weight).unwrap()
    }
}

fn close(found: f64, wanted: f64, tolerance: f64) {
    assert!((found - wanted).abs() <= tolerance, "found {found}, wanted {wanted}");
}

/// scikit-learn 1.9.1 (areas, Brier, log loss, isotonic, logistic), scipy 1.17.1 (KS) and numpy over all pairs of rows repeated by weight
/// (standard errors: the formulas of DeLong 1988 and Obuchowski 1997 written with matrices) on `Judged::new(600, 20)`.
#[test]
fn figures_are_those_of_python() {
    let set = Judged::new(600, 20);
    let got = assess::assess(&set.p, &set.label, &set.weight, &[]).unwrap();
    close(got.auc.unwrap(), 0.664_563_769_727_857_7, 1e-12);
    close(got.ks.unwrap(), 0.306_167_903_250_784_9, 1e-12);
    close(got.brier, 0.242_492_770_308_238_43, 1e-12);
    close(got.log_loss, 0.697_458_996_273_295_6, 1e-12);
    close(got.brier_parts.miscalibration, 0.025_161_432_748_728_313, 1e-12);
    close(got.brier_parts.discrimination, 0.026_849_224_527_786_958, 1e-12);
    close(got.brier_parts.uncertainty, 0.244_180_562_087_297_08, 1e-12);
    close(got.calibration_slope.unwrap(), 0.441_688_31, 1e-6);
    close(got.calibration_shift.unwrap(), -0.269_625_48, 1e-6);
    let row = auc_interval(&set.p, &set.label, &set.weight, None, 0.95).unwrap();
    close(row.auc, got.auc.unwrap(), 1e-14);
    close(row.standard_error.unwrap(), 0.015_565_289_918_598_922, 1e-12);
    let subject = auc_interval(&set.p, &set.label, &set.weight, Some(&set.group), 0.95).unwrap();
    close(subject.standard_error.unwrap(), 0.024_756_033_802_248_417, 1e-12);
    let both = auc_difference(&set.p, &set.q, &set.label, &set.weight, None, 0.95).unwrap();
    close(both.second, 0.632_113_643_722_986_4, 1e-12);
    close(both.difference, 0.032_450_126_004_871_294, 1e-12);
    close(both.standard_error.unwrap(), 0.012_592_694_912_375_404, 1e-12);
    close(both.p_value.unwrap(), 0.009_969_054_660_733_119, 1e-9);
    let both = auc_difference(&set.p, &set.q, &set.label, &set.weight, Some(&set.group), 0.95).unwrap();
    close(both.standard_error.unwrap(), 0.018_182_042_747_971_58, 1e-12);
    let top = &tops(&set.scored(), &[0.1], End::Highest).unwrap()[0];
    close(top.precision, 0.556_707_985_496_247_6, 1e-12);
    close(top.capture.unwrap(), 0.131_387_442_369_564_48, 1e-12);
    close(top.lift.unwrap(), 1.313_874_423_695_644_8, 1e-12);
}

#[test]
fn standard_error_is_that_of_leaving_rows_out() {
    // DeLong's is the jackknife over good rows and over bad rows, each apart: a path through `assess::auc` alone.
    let set = Judged::new(150, 3).repeated();
    let auc = |rows: &[usize]| assess::auc(&set.take(rows).scored()).unwrap();
    let all: Vec<usize> = (0..set.p.len()).collect();
    let whole = auc(&all);
    let variance: f64 = [1.0, 0.0]
        .into_iter()
        .map(|class| {
            let of: Vec<usize> = all.iter().copied().filter(|i| set.label[*i] == class).collect();
            let n = of.len() as f64;
            let left_out = |out: usize| n * whole - (n - 1.0) * auc(&all.iter().copied().filter(|i| *i != out).collect::<Vec<_>>());
            of.iter().map(|i| left_out(*i) - whole).map(|d| d * d).sum::<f64>() / (n - 1.0) / n
        })
        .sum();
    close(auc_interval(&set.p, &set.label, &set.weight, None, 0.9).unwrap().standard_error.unwrap(), variance.sqrt(), 1e-12);
}

#[test]
fn a_subject_a_row_is_delong_and_weight_two_is_the_row_twice() {
    let set = Judged::new(400, 5);
    let alone: Vec<String> = (0..400).map(|i| format!("{i:04}")).collect();
    let ones = vec![1.0; 400];
    let se = |group: Option<&[String]>| auc_interval(&set.p, &set.label, &ones, group, 0.9).unwrap().standard_error.unwrap();
    close(se(Some(&alone)), se(None), 1e-14);
    let twice = set.repeated();
    for grouped in [false, true] {
        let of = |s: &Judged| {
            let group = grouped.then_some(s.group.as_slice());
            let one = auc_interval(&s.p, &s.label, &s.weight, group, 0.9).unwrap();
            let two = auc_difference(&s.p, &s.q, &s.label, &s.weight, group, 0.9).unwrap();
            [one.standard_error, two.standard_error, two.p_value, one.ends.map(|e| e.0), two.ends.map(|e| e.1)].map(Option::unwrap)
        };
        for (a, b) in of(&set).into_iter().zip(of(&twice)) {
            close(a, b, 1e-9);
        }
    }
    for (a, b) in tops(&set.scored(), &[0.01, 0.2, 1.0], End::Lowest)
        .unwrap()
        .iter()
        .zip(tops(&twice.scored(), &[0.01, 0.2, 1.0], End::Lowest).unwrap())
    {
        close(a.precision, b.precision, 1e-9);
        close(a.capture.unwrap(), b.capture.unwrap(), 1e-9);
    }
}

#[test]
fn nothing_depends_on_the_order_of_rows_or_on_threads() {
    let set = Judged::new(500, 6);
    let turned = set.take(&Draws(7).shuffle(500));
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let all = |s: &Judged| {
        let by: Vec<String> = s.p.iter().map(|p| if *p < 0.4 { "low" } else { "high" }.to_owned()).collect();
        let how = Gaps { min_subjects: 20, bootstrap: Bootstrap { sets: 200, ..Bootstrap::default() }, ..Gaps::default() };
        let one = auc_interval(&s.p, &s.label, &s.weight, Some(&s.group), 0.9).unwrap();
        let two = auc_difference(&s.q, &s.p, &s.label, &s.weight, Some(&s.group), 0.9).unwrap();
        let gaps = group_gaps(&s.p, &s.label, &s.weight, &s.group, &by, &how).unwrap();
        let ks = bootstrap(&s.p, &s.label, &s.weight, &s.group, &how.bootstrap, assess::ks).unwrap();
        let psi = assess::psi_of_scores((&s.p, &s.weight), (&s.q, &s.weight), 10).unwrap();
        format!("{one:?}{two:?}{gaps:?}{ks:?}{psi:?}")
    };
    let once = pool(1).install(|| all(&set));
    assert_eq!(once, pool(2).install(|| all(&set)), "threads");
    assert_eq!(once, all(&turned), "order");
}

#[test]
fn intervals_hold_the_true_area_as_often_as_they_say_if_subjects_are_counted() {
    // 1,000 samples of 80 subjects, eight rows each, who share half of their score and all of their outcome. The true area is that of
    // 400,000 rows of the same world.
    let sample = |subjects: usize, draws: &mut Draws| {
        let (mut p, mut y, mut group) = (vec![], vec![], vec![]);
        for s in 0..subjects {
            let (own, good) = (draws.normal(), draws.yes(0.4));
            for _ in 0..8 {
                p.push(0.8 * own + 0.6 * draws.normal() + good);
                y.push(good);
                group.push(format!("{s:06}"));
            }
        }
        (p, y, group)
    };
    // good − bad is normal with mean 1 and variance 2.
    let area = 0.5 * libm::erfc(-1.0 / std::f64::consts::SQRT_2 / std::f64::consts::SQRT_2);
    let (mut by_subject, mut by_row) = (0, 0);
    let mut draws = Draws(11);
    for _ in 0..1000 {
        let (p, y, group) = sample(80, &mut draws);
        let ones = vec![1.0; p.len()];
        let holds = |group: Option<&[String]>| {
            let (low, high) = auc_interval(&p, &y, &ones, group, 0.9).unwrap().ends.unwrap();
            usize::from(low <= area && area <= high)
        };
        by_subject += holds(Some(&group));
        by_row += holds(None);
    }
    println!("90 % intervals of 1,000 samples hold the area: {by_subject} by subject, {by_row} by row");
    assert!((870..=930).contains(&by_subject), "{by_subject}");
    assert!(by_row < 700, "repeats counted as rows are far too sure: {by_row}");
}

#[test]
fn two_equal_models_differ_by_chance_as_often_as_the_test_says() {
    let (mut draws, mut found) = (Draws(14), 0);
    for _ in 0..4000 {
        let (mut p, mut q, mut y) = (vec![], vec![], vec![]);
        for _ in 0..200 {
            let (shared, good) = (draws.normal(), draws.yes(0.5));
            p.push(shared + 0.7 * draws.normal() + good);
            q.push(shared + 0.7 * draws.normal() + good);
            y.push(good);
        }
        let found_here = auc_difference(&p, &q, &y, &vec![1.0; 200], None, 0.9).unwrap();
        found += usize::from(found_here.p_value.unwrap() < 0.1);
        let (low, high) = found_here.ends.unwrap();
        assert_eq!(found_here.p_value.unwrap() < 0.1, low > 0.0 || high < 0.0, "interval and test agree");
    }
    println!("of 4,000 pairs of equal models {found} differ at 10 %");
    assert!((340..=460).contains(&found), "{found}");
    let set = Judged::new(200, 1);
    let (points, ones) = (set.p.iter().map(|p| 600.0 * p - 7.0).collect::<Vec<_>>(), vec![1.0; 200]);
    let same = auc_difference(&set.p, &points, &set.label, &ones, None, 0.9).unwrap();
    assert_eq!((same.difference, same.standard_error, same.p_value), (0.0, Some(0.0), None), "the same order in other units");
}

#[test]
fn too_little_to_tell_is_said_so() {
    let of = |p: &[f64], y: &[f64], group: Option<&[String]>| auc_interval(p, y, &vec![1.0; p.len()], group, 0.9).unwrap();
    let perfect = of(&[0.1, 0.2, 0.8, 0.9], &[0.0, 0.0, 1.0, 1.0], None);
    assert_eq!((perfect.auc, perfect.standard_error, perfect.ends), (1.0, Some(0.0), None), "no knowledge in a standard error of 0");
    let one_good = of(&[0.1, 0.2, 0.8], &[0.0, 0.0, 1.0], None);
    assert_eq!((one_good.standard_error, one_good.ends), (None, None));
    let one_subject = vec!["a".to_owned(), "b".to_owned(), "b".to_owned(), "b".to_owned()];
    assert_eq!(of(&[0.1, 0.9, 0.8, 0.3], &[0.0, 1.0, 1.0, 0.0], Some(&one_subject)).standard_error, None, "good rows of one subject only");
    let flat = of(&[0.5; 4], &[0.0, 1.0, 1.0, 0.0], None);
    assert_eq!((flat.auc, flat.ends), (0.5, Some((0.5, 0.5))));
    assert!(auc_interval(&[1.0, 2.0], &[1.0, 1.0], &[1.0; 2], None, 0.9).is_err());
}

#[test]
fn lists_are_those_counted_by_hand() {
    // From the top: 0.9 good, 0.9 bad, 0.7 good, 0.5 bad, 0.5 good (weight 2), 0.1 bad.
    let s = Scored::new(&[0.5, 0.9, 0.1, 0.9, 0.5, 0.7], &[1.0, 1.0, 0.0, 0.0, 0.0, 1.0], &[2.0, 1.0, 1.0, 1.0, 1.0, 1.0]).unwrap();
    let hits = |rows: f64, end| {
        let top = top_list(&s, rows, end).unwrap();
        close(top.precision, top.hits / rows, 1e-15);
        close(top.share, rows / 7.0, 1e-15);
        top.hits
    };
    for (rows, wanted) in [(1.0, 0.5), (2.0, 1.0), (3.0, 2.0), (4.0, 2.0 + 2.0 / 3.0), (6.0, 4.0), (7.0, 4.0)] {
        close(hits(rows, End::Highest), wanted, 1e-12);
    }
    for (rows, wanted) in [(1.0, 1.0), (2.0, 1.0 + 1.0 / 3.0), (4.0, 2.0), (7.0, 3.0)] {
        close(hits(rows, End::Lowest), wanted, 1e-12);
    }
    let all = &tops(&s, &[1.0], End::Highest).unwrap()[0];
    assert_eq!((all.capture, all.lift, all.edge), (Some(1.0), Some(1.0), 0.1));
    let nothing = Scored::new(&[0.5, 0.6], &[0.0, 0.0], &[1.0; 2]).unwrap();
    let top = top_list(&nothing, 1.0, End::Highest).unwrap();
    assert_eq!((top.precision, top.capture, top.lift), (0.0, None, None));
    for wrong in [0.0, -1.0, f64::NAN, 7.5, f64::INFINITY] {
        assert!(top_list(&s, wrong, End::Highest).is_err() && tops(&s, &[wrong], End::Highest).is_err(), "{wrong}");
    }
}

#[test]
fn groups_are_what_counting_each_by_itself_gives() {
    let set = Judged::new(900, 8);
    let by: Vec<&str> = (0..900).map(|i| ["ash", "birch", "cedar"][i / 3 % 7 % 3]).collect();
    let how = Gaps { cut: 0.5, min_subjects: 50, bootstrap: Bootstrap { sets: 100, ..Bootstrap::default() } };
    let got = group_gaps(&set.p, &set.label, &set.weight, &set.group, &by, &how).unwrap();
    assert_eq!(got.iter().map(|g| g.name.as_str()).collect::<Vec<_>>(), ["ash", "birch", "cedar"]);
    for group in &got {
        let (inside, outside): (Vec<usize>, Vec<usize>) = (0..900).partition(|i| by[*i] == group.name);
        assert_eq!((group.rows, group.subjects), (inside.len() as u64, inside.len() as u64 / 3));
        let judge = |rows: &[usize]| {
            let s = set.take(rows);
            let all = assess::assess(&s.p, &s.label, &s.weight, &[0.5]).unwrap();
            [all.mean_predicted, all.base_rate, all.auc.unwrap(), all.mean_predicted - all.base_rate, all.bands[1].weight / all.weight]
        };
        let columns = |f: &luheng_models::assess::GroupFigures| {
            [f.mean_predicted, f.mean_outcome, f.auc.unwrap(), f.calibration_gap, f.selection_rate]
        };
        let (own, rest) = (judge(&inside), judge(&outside));
        for k in 0..5 {
            let (here, against) = (columns(group.own.as_ref().unwrap())[k], columns(group.against_rest.as_ref().unwrap())[k]);
            close(here.value, own[k], 1e-12);
            close(against.value, own[k] - rest[k], 1e-12);
            let (low, high) = here.ends.unwrap();
            assert!(low < here.value && here.value < high, "{here:?}");
        }
    }
}

/// 300 subjects of 1 to 9 rows who share an outcome: rows are far from independent.
fn repeats(seed: u64) -> Judged {
    let mut draws = Draws(seed);
    let mut set = Judged { p: vec![], q: vec![], label: vec![], weight: vec![], group: vec![] };
    for s in 0..300 {
        let (own, good) = (draws.unit(), draws.yes(0.4));
        for _ in 0..=draws.bits() % 9 {
            set.p.push(0.3 * own + 0.4 * draws.unit() + 0.2 * good);
            set.q.push(draws.unit());
            set.label.push(good);
            set.weight.push(1.0 + (draws.bits() % 2) as f64);
            set.group.push(format!("{s:03}"));
        }
    }
    set
}

#[test]
fn groups_are_drawn_by_subject() {
    let set = repeats(3);
    let how = Gaps { min_subjects: 20, bootstrap: Bootstrap { sets: 3000, level: 0.9, seed: 5 }, ..Gaps::default() };
    // One group of all: the same draws as for the figures by themselves, by another way of adding up.
    let one = vec!["all"; set.p.len()];
    let got = group_gaps(&set.p, &set.label, &set.weight, &set.group, &one, &how).unwrap().remove(0);
    assert_eq!(got.against_rest, None);
    let own = got.own.unwrap();
    let single = |figure: fn(&Scored) -> Option<f64>| {
        bootstrap(&set.p, &set.label, &set.weight, &set.group, &how.bootstrap, figure).unwrap().unwrap()
    };
    for (a, b) in [(own.auc.unwrap(), single(assess::auc)), (own.mean_outcome, single(rate))] {
        close(a.value, b.value, 1e-12);
        close(a.ends.unwrap().0, b.ends.unwrap().0, 1e-12);
        close(a.ends.unwrap().1, b.ends.unwrap().1, 1e-12);
    }
    let formula = auc_interval(&set.p, &set.label, &set.weight, Some(&set.group), 0.9).unwrap().ends.unwrap();
    let (low, high) = own.auc.unwrap().ends.unwrap();
    close(high - low, formula.1 - formula.0, 0.08 * (high - low));
    // Two groups without a subject in common: the variances of two ratios add up.
    let half: Vec<&str> = set.group.iter().map(|g| if g.as_str() < "120" { "a" } else { "b" }).collect();
    let got = group_gaps(&set.p, &set.label, &set.weight, &set.group, &half, &how).unwrap();
    let variance = |name: &str| {
        let rows: Vec<usize> = (0..set.p.len()).filter(|i| half[*i] == name).collect();
        let total: f64 = rows.iter().map(|i| set.weight[*i]).sum();
        let mean = rows.iter().map(|i| set.weight[*i] * set.label[*i]).sum::<f64>() / total;
        let by_subject = |s: usize| {
            rows.iter().filter(|i| set.group[**i] == format!("{s:03}")).map(|i| set.weight[*i] * (set.label[*i] - mean)).sum::<f64>()
        };
        (0..300).map(by_subject).map(|d| d * d).sum::<f64>() / total / total
    };
    let (low, high) = got[0].against_rest.as_ref().unwrap().mean_outcome.ends.unwrap();
    close(high - low, 2.0 * 1.644_854 * (variance("a") + variance("b")).sqrt(), 0.08 * (high - low));
}

fn rate(s: &Scored) -> Option<f64> {
    Some(s.rows().iter().map(|r| r.weight * r.label).sum::<f64>() / s.rows().iter().map(|r| r.weight).sum::<f64>())
}

#[test]
fn a_small_group_is_told_by_its_size_alone() {
    let set = Judged::new(900, 9);
    let by: Vec<&str> = (0..900).map(|i| if i < 60 { "few" } else { "many" }).collect();
    let how = Gaps { min_subjects: 21, bootstrap: Bootstrap { sets: 100, ..Bootstrap::default() }, ..Gaps::default() };
    let got = group_gaps(&set.p, &set.label, &set.weight, &set.group, &by, &how).unwrap();
    assert_eq!((got[0].rows, got[0].subjects, got[0].own, got[0].against_rest), (60, 20, None, None));
    assert!(got[1].own.is_some() && got[1].against_rest.is_none(), "the difference would tell the few");
    let enough = group_gaps(&set.p, &set.label, &set.weight, &set.group, &by, &Gaps { min_subjects: 20, ..how }).unwrap();
    assert!(enough[0].own.is_some() && enough[1].against_rest.is_some());
    for wrong in
        [Gaps { min_subjects: 1, ..how }, Gaps { cut: f64::NAN, ..how }, Gaps { bootstrap: Bootstrap { sets: 99, ..how.bootstrap }, ..how }]
    {
        assert!(group_gaps(&set.p, &set.label, &set.weight, &set.group, &by, &wrong).is_err());
    }
}

#[test]
fn bootstrap_by_subject_agrees_with_the_formula_by_subject() {
    let set = Judged::new(1500, 13);
    let how = Bootstrap { sets: 4000, level: 0.9, seed: 2 };
    let drawn = bootstrap(&set.p, &set.label, &set.weight, &set.group, &how, assess::auc).unwrap().unwrap();
    let formula = auc_interval(&set.p, &set.label, &set.weight, Some(&set.group), 0.9).unwrap();
    let ((low, high), (a, b)) = (drawn.ends.unwrap(), formula.ends.unwrap());
    println!("area by drawing {low:.4} to {high:.4}, by formula {a:.4} to {b:.4}");
    close(drawn.value, formula.auc, 1e-14);
    close(high - low, b - a, 0.06 * (b - a));
    close(low, a, 0.004);
    // The mean label: its variance by subject is Σ (sum of weight × deviation)² ÷ weight².
    let total: f64 = set.weight.iter().sum();
    let mean = set.label.iter().zip(&set.weight).map(|(y, w)| y * w).sum::<f64>() / total;
    let spread: f64 = (0..500).map(|s| (3 * s..3 * s + 3).map(|i| set.weight[i] * (set.label[i] - mean)).sum::<f64>()).map(|d| d * d).sum();
    let (low, high) = bootstrap(&set.p, &set.label, &set.weight, &set.group, &how, rate).unwrap().unwrap().ends.unwrap();
    close(high - low, 2.0 * 1.644_854 * spread.sqrt() / total, 0.06 * (high - low));
    let none = bootstrap(&[0.5, 0.6], &[1.0, 1.0], &[1.0; 2], &["a".to_owned(), "b".to_owned()], &how, assess::auc).unwrap();
    assert_eq!(none, None, "one class has no area");
}
