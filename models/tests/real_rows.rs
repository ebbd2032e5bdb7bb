//! Judging on real rows: a scorecard of Taiwan's card clients, learnt on a third of them, calibrated on another, judged on the last. Sex is what
//! groups are told apart by, as the file names it (11,888 female and 18,112 male, which is the other way round at UCI); it is no feature, and
//! neither are age and marriage.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

mod truth;

use std::path::PathBuf;

use luheng_models::assess::{self, Bootstrap, End, Gaps, Scored, auc_difference, auc_interval, group_gaps, tops};
use luheng_models::calibrate::{Kind, choose};
use luheng_models::{Binning, Design, Direction, LogisticParams, Params, ScorecardParams, TrainingSet, split};
use truth::{fit, meta};

const FEATURES: [&str; 19] = [
    "LIMIT_BAL",
    "PAY_0",
    "PAY_2",
    "PAY_3",
    "PAY_4",
    "PAY_5",
    "PAY_6",
    "BILL_AMT1",
    "BILL_AMT2",
    "BILL_AMT3",
    "BILL_AMT4",
    "BILL_AMT5",
    "BILL_AMT6",
    "PAY_AMT1",
    "PAY_AMT2",
    "PAY_AMT3",
    "PAY_AMT4",
    "PAY_AMT5",
    "PAY_AMT6",
];

/// The rows, 1 = paid; and the sex of each.
fn taiwan() -> Option<(TrainingSet, Vec<String>)> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let root = std::env::var_os("LUHENG_SHARED").map_or(beside, PathBuf::from);
    let path = root.join("data/credit/taiwan.csv");
    if !path.is_file() {
        println!("skipped: no public data at {}", path.display());
        return None;
    }
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    let at = |name: &str| head.iter().position(|h| *h == name).unwrap();
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    let column = |name: &str| rows.iter().map(|row| row[at(name)].parse().unwrap_or(f64::NAN)).collect::<Vec<f64>>();
    let design = Design::from_columns(FEATURES.iter().map(|f| meta(f, Direction::Free)).collect(), FEATURES.map(column).to_vec()).unwrap();
    let paid = column("label").into_iter().map(|bad| 1.0 - bad).collect();
    let subject = (0..rows.len()).map(|i| format!("client {i}")).collect();
    let set = TrainingSet::new(design, paid, vec![1.0; rows.len()], subject, vec![0; rows.len()]).unwrap();
    Some((set, rows.iter().map(|row| row[at("SEX")].to_owned()).collect()))
}

#[test]
fn a_scorecard_of_real_clients_is_calibrated_and_judged() {
    let Some((set, sex)) = taiwan() else { return };
    let part = |k: u32| (0..set.rows()).filter(|i| split::fold_of(&set.group()[*i], 3, 1) == k).collect::<Vec<usize>>();
    let (train, held, test) = (set.take(&part(0)).unwrap(), set.take(&part(1)).unwrap(), set.take(&part(2)).unwrap());
    let sex: Vec<&str> = part(2).into_iter().map(|i| sex[i].as_str()).collect();
    let card = fit(&Params::Scorecard(ScorecardParams { binning: Binning::Optimal, ..ScorecardParams::default() }), &train);
    let plain = fit(&Params::Logistic(LogisticParams::default()), &train);
    for (name, model) in [("scorecard", &card), ("logistic", &plain)] {
        let z = model.logit(held.design()).unwrap();
        let choice = choose((&z, held.label(), held.weight()), held.group(), &Kind::ALL, 5, 1).unwrap();
        println!("{name}: {:?} chosen", choice.kind);
        for c in &choice.candidates {
            println!("    {:?}: loss {:.5}, behind the least by {:.5} ± {:.5}", c.kind, c.loss, c.behind, c.error);
        }
        let z = model.logit(test.design()).unwrap();
        let loss = |kind: Kind| {
            let map = kind.fit(&model.logit(held.design()).unwrap(), held.label(), held.weight()).unwrap();
            let p: Vec<f64> = z.iter().map(|z| luheng_models::linear::link::sigmoid(map.apply(*z))).collect();
            assess::assess(&p, test.label(), test.weight(), &[]).unwrap().log_loss
        };
        let losses = Kind::ALL.map(loss);
        println!("    log loss on the last third: {losses:.5?}");
        let least = losses.into_iter().fold(f64::INFINITY, f64::min);
        assert!(loss(choice.kind) <= least + 0.002, "what was chosen is as good as any on rows not seen");
    }
    let (p, q) = (card.predict(test.design()).unwrap(), plain.predict(test.design()).unwrap());
    let area = auc_interval(&p, test.label(), test.weight(), Some(test.group()), 0.95).unwrap();
    let both = auc_difference(&p, &q, test.label(), test.weight(), Some(test.group()), 0.95).unwrap();
    println!(
        "area of the scorecard {:.4}, 95 % {:.4?}; the logistic's {:.4}; difference {:.4} {:.4?}, p {:.2e}",
        area.auc,
        area.ends.unwrap(),
        both.second,
        both.difference,
        both.ends.unwrap(),
        both.p_value.unwrap()
    );
    assert!(area.ends.unwrap().0 > 0.74 && both.difference > 0.0 && both.p_value.unwrap() < 0.01);
    for top in tops(&Scored::new(&p, test.label(), test.weight()).unwrap(), &[0.01, 0.05, 0.1, 0.2], End::Lowest).unwrap() {
        println!(
            "lowest {:.0} %: {:.1} % unpaid, {:.1} % of all unpaid, lift {:.2}",
            100.0 * top.share,
            100.0 * top.precision,
            100.0 * top.capture.unwrap(),
            top.lift.unwrap()
        );
    }
    let stable = assess::psi_of_scores((&card.predict(train.design()).unwrap(), train.weight()), (&p, test.weight()), 10).unwrap();
    println!("PSI of scores {:.4}, by chance {:.4}, limit {:.4}", stable.psi, stable.by_chance, stable.limit);
    let how = Gaps { cut: 0.7, bootstrap: Bootstrap { seed: 1, ..Bootstrap::default() }, ..Gaps::default() };
    for group in group_gaps(&p, test.label(), test.weight(), test.group(), &sex, &how).unwrap() {
        println!("{}: {} rows", group.name, group.rows);
        let (own, rest) = (group.own.unwrap(), group.against_rest.unwrap());
        for (what, own, rest) in [
            ("predicted", own.mean_predicted, rest.mean_predicted),
            ("outcome", own.mean_outcome, rest.mean_outcome),
            ("area", own.auc.unwrap(), rest.auc.unwrap()),
            ("calibration gap", own.calibration_gap, rest.calibration_gap),
            ("selected at 0.7", own.selection_rate, rest.selection_rate),
        ] {
            println!("    {what}: {:.4} {:.4?}; less the rest {:+.4} {:.4?}", own.value, own.ends.unwrap(), rest.value, rest.ends.unwrap());
        }
        assert!(group.rows > 3_000 && own.auc.unwrap().value > 0.72);
    }
}
