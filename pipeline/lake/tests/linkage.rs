//! Linkage against known truth: public sets, imaginary people, and the rules of the decision. Figures are printed (`--nocapture`); floors are asserted.
//! What was tuned on what stands in benches/README.md: nothing on febrl_3 or fake_1000.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

mod imaginary;
mod linkage_sets;

use std::collections::BTreeSet;

use imaginary::Town;
use linkage_sets::{Measured, evaluate, fake_1000, febrl, id};
use luheng_lake::link::{Basis, Decision, Declared, Demand, Model, Pairing, Records, RecordsBuilder, Spec, link, score, train};

const FIELDS: [&str; 6] = ["name", "birth", "region", "address", "phone", "number"];

fn push(into: &mut RecordsBuilder, n: u64, known: bool, entry: &imaginary::Entry) {
    let some = |v: &Option<String>| v.clone();
    let values = [Some(entry.name.clone()), some(&entry.birth), Some(entry.region.clone()), some(&entry.address), some(&entry.phone)];
    let values: Vec<Option<&str>> = values.iter().map(|v| v.as_deref()).collect();
    into.push(id(n), known, &values);
}

/// `people` known persons; every third appears once more without a number, as pseudonym `people + n`; so do strangers.
fn court(people: u64, strangers: u64) -> (Records, BTreeSet<(u64, u64)>) {
    let town = Town::new(7);
    let mut builder = RecordsBuilder::new(&FIELDS);
    let mut truth = BTreeSet::new();
    for person in 0..people {
        push(&mut builder, person, true, &town.person(person));
        if person % 3 == 0 {
            push(&mut builder, people + person, false, &town.other(person, 1));
            truth.insert((people + person, person));
        }
    }
    for stranger in 2 * people..2 * people + strangers {
        push(&mut builder, stranger, false, &town.other(stranger, 1));
    }
    (builder.finish(), truth)
}

fn number(id: [u8; 16]) -> u64 {
    u128::from_be_bytes(id) as u64
}

#[test]
fn what_the_generator_put_in_is_learned_and_links_are_right() {
    let (records, truth) = court(20_000, 3_000);
    let trained = train(&records, &Spec::person(), Pairing::Unknown).unwrap();
    println!("warnings {:?}", trained.warnings);
    let shares = |field: &str| trained.model.shares.iter().find(|s| s.field == field).unwrap();
    for share in &trained.model.shares {
        println!("{:8} {:?} m {:.4?} u {:.6?}", share.field, share.basis, share.m, share.u);
    }
    // Of pairs with both values: what the generator leaves the same. Chance adds a little to the lesser levels.
    for (field, level, expected) in [
        ("name", 0, imaginary::NAME_SAME),
        ("birth", 0, imaginary::BIRTH_SAME),
        ("birth", 1, imaginary::BIRTH_SLIP),
        ("region", 0, imaginary::COUNTY_SAME),
        ("address", 0, imaginary::ADDRESS_SAME),
        ("phone", 0, imaginary::PHONE_SAME),
    ] {
        let m = shares(field).m[level];
        assert_eq!(shares(field).basis, Basis::Learned, "{field}");
        assert!((m - expected).abs() < 0.03, "m of {field}, level {level}: {m}, generated with {expected}");
    }
    let close = |value: f64, expected: f64| (value / expected - 1.0).abs() < 0.25;
    assert!(close(shares("region").u[0], 1.0 / imaginary::COUNTIES as f64), "{:?}", shares("region").u);
    assert!(close(shares("birth").u[0], 1.0 / imaginary::BIRTHS as f64), "{:?}", shares("birth").u);
    let links = link(&records, &trained.model, Demand::default(), &Declared::default()).unwrap();
    let right = links.stands_for.iter().filter(|(from, (to, _))| truth.contains(&(number(**from), number(*to)))).count();
    let precision = right as f64 / links.stands_for.len() as f64;
    let recall = right as f64 / truth.len() as f64;
    println!(
        "imaginary court: {} linked of {}, precision {precision:.4}, recall {recall:.4}, threshold 0.99",
        links.stands_for.len(),
        truth.len()
    );
    // What a link weighs is what its steps say, rare names included.
    assert!(links.rows.iter().all(|r| (r.steps.iter().map(|s| s.bits).sum::<f64>() - r.bits).abs() < 1e-6));
    // What is less likely than the threshold is listed, and merged with nobody.
    assert!(links.stands_for.values().all(|(_, probability)| *probability >= Demand::default().threshold));
    let unsure: Vec<_> = links.rows.iter().filter(|r| r.probability < Demand::default().threshold).collect();
    assert!(!unsure.is_empty() && unsure.iter().all(|r| r.decision == Decision::Review), "{}", unsure.len());
    assert!(precision >= 0.99, "precision {precision}");
    assert!(recall >= 0.80, "recall {recall}");
}

fn shown(name: &str, measured: &Measured) {
    println!("{name}: {measured}");
}

#[test]
fn febrl_is_linked() {
    let (Some(first), Some(third)) = (febrl("febrl_1.csv"), febrl("febrl_3.csv")) else {
        println!("skipped: no febrl data on this machine");
        return;
    };
    let model = train(&first.records, &linkage_sets::febrl_spec(), Pairing::Within).unwrap();
    println!("{:?}", model.warnings);
    let on_first = evaluate(&first, &model.model, 0.95);
    shown("febrl_1, trained on itself", &on_first);
    let on_third = evaluate(&third, &model.model, 0.95);
    shown("febrl_3, trained on febrl_1", &on_third);
    let own = train(&third.records, &linkage_sets::febrl_spec(), Pairing::Within).unwrap();
    let own = evaluate(&third, &own.model, 0.95);
    shown("febrl_3, trained on itself without labels", &own);
    assert!(on_first.pairs.f1() >= 0.95, "{on_first}");
    for measured in [&on_third, &own] {
        assert!(measured.pairs.precision() >= 0.97 && measured.pairs.recall() >= 0.90, "{measured}");
    }
}

#[test]
fn fake_1000_is_linked() {
    let Some(set) = fake_1000() else {
        println!("skipped: no fake_1000 on this machine");
        return;
    };
    let trained = train(&set.records, &linkage_sets::fake_spec(), Pairing::Within).unwrap();
    println!("{:?}", trained.warnings);
    let measured = evaluate(&set, &trained.model, 0.95);
    shown("fake_1000, trained on itself without labels", &measured);
    assert!(measured.pairs.precision() >= 0.95 && measured.pairs.recall() >= 0.55, "{measured}");
}

#[test]
fn rows_in_any_order_on_any_threads_give_the_same_bits() {
    let town = Town::new(7);
    let built = |reversed: bool, threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut builder = RecordsBuilder::new(&FIELDS);
            let mut people: Vec<u64> = (0..4_000).collect();
            if reversed {
                people.reverse();
            }
            for person in people {
                push(&mut builder, person, person % 2 == 0, &if person % 2 == 0 { town.person(person) } else { town.other(person - 1, 1) });
            }
            let records = builder.finish();
            let model = train(&records, &Spec::person(), Pairing::Unknown).unwrap().model;
            let links = link(&records, &model, Demand::default(), &Declared::default()).unwrap();
            (model.to_json().unwrap(), links.rows, links.stands_for)
        })
    };
    let once = built(false, 1);
    assert!(!once.1.is_empty());
    assert_eq!(once, built(true, 3));
    let read = Model::from_json(&once.0).unwrap();
    assert_eq!(read.to_json().unwrap(), once.0);
}

/// A model learned once of the imaginary court, for the tests of the decision.
fn model() -> Model {
    let (records, _) = court(6_000, 500);
    train(&records, &Spec::person(), Pairing::Unknown).unwrap().model
}

fn few(rows: &[(u64, bool, [&str; 5])]) -> Records {
    let mut builder = RecordsBuilder::new(&FIELDS);
    for (n, known, values) in rows {
        builder.push(id(*n), *known, &values.map(Some));
    }
    builder.finish()
}

const WEI: [&str; 5] = ["欧阳淼淼", "1985-02-15", "990103", "文青路88号3幢201室", "19900006911"];

#[test]
fn known_numbers_never_merge_and_a_tie_is_left_to_a_person() {
    let model = model();
    let two_known = few(&[(1, true, WEI), (2, true, WEI)]);
    let links = link(&two_known, &model, Demand::default(), &Declared::default()).unwrap();
    assert!(links.rows.is_empty() && links.stands_for.is_empty() && links.compared == 0);
    let tie = few(&[(1, true, WEI), (2, true, WEI), (3, false, WEI)]);
    let links = link(&tie, &model, Demand::default(), &Declared::default()).unwrap();
    assert!(links.stands_for.is_empty());
    assert_eq!(links.rows.iter().map(|r| r.decision).collect::<Vec<_>>(), [Decision::Review; 2]);
    let both_same = Declared { same: vec![(id(1), id(2))], ..Declared::default() };
    let links = link(&two_known, &model, Demand::default(), &both_same).unwrap();
    assert!(links.stands_for.is_empty() && links.warnings.len() == 1);
}

#[test]
fn a_link_is_explained_and_undone() {
    let model = model();
    let records = few(&[(1, true, WEI), (3, false, ["歐陽淼淼", "1985-02-15", "990103", "", "19900006911"])]);
    let links = link(&records, &model, Demand::default(), &Declared::default()).unwrap();
    assert_eq!(links.stands_for.get(&id(3)).map(|(to, _)| *to), Some(id(1)));
    let row = &links.rows[0];
    assert_eq!((row.left, row.right, row.decision), (id(3), id(1), Decision::Linked));
    let names: Vec<(&str, &str)> = row.steps.iter().map(|s| (s.field.as_str(), s.level)).collect();
    assert_eq!(names[..3], [("prior", ""), ("name", "variant"), ("birth", "same")]);
    assert_eq!(names[4], ("address", "missing"));
    assert!((row.steps.iter().map(|s| s.bits).sum::<f64>() - row.bits).abs() < 1e-9);
    let undone = Declared { not_same: vec![(id(1), id(3))], same: vec![(id(1), id(3))], ..Declared::default() };
    let links = link(&records, &model, Demand::default(), &undone).unwrap();
    assert!(links.stands_for.is_empty() && links.rows.is_empty(), "what a person set apart stays apart");
}

#[test]
fn unknown_ones_group_and_keep_their_name() {
    let model = model();
    let records = few(&[
        (5, false, WEI),
        (6, false, WEI),
        (7, false, WEI),
        (8, false, ["王大山", "1960-01-01", "990507", "红旗路1号", "19911111111"]),
    ]);
    let links = link(&records, &model, Demand::default(), &Declared::default()).unwrap();
    let to: Vec<_> = links.stands_for.iter().map(|(from, (to, _))| (number(*from), number(*to))).collect();
    assert_eq!(to, [(6, 5), (7, 5)]);
    let standing = Declared { standing: vec![id(7)], ..Declared::default() };
    let links = link(&records, &model, Demand::default(), &standing).unwrap();
    let to: Vec<_> = links.stands_for.iter().map(|(from, (to, _))| (number(*from), number(*to))).collect();
    assert_eq!(to, [(5, 7), (6, 7)]);
    let declared = Declared { same: vec![(id(8), id(5))], ..Declared::default() };
    let links = link(&records, &model, Demand::default(), &declared).unwrap();
    assert_eq!(links.stands_for.get(&id(8)), Some(&(id(5), 1.0)));
}

#[test]
fn records_of_one_number_teach_best() {
    let town = Town::new(7);
    let mut builder = RecordsBuilder::new(&FIELDS);
    for person in 0..5_000 {
        push(&mut builder, person, true, &town.person(person));
        push(&mut builder, person, true, &town.other(person, 1));
    }
    let trained = train(&builder.finish(), &Spec::person(), Pairing::Within).unwrap();
    for (place, (level, expected)) in
        [(0, imaginary::NAME_SAME), (0, imaginary::BIRTH_SAME), (0, imaginary::COUNTY_SAME)].into_iter().enumerate()
    {
        let share = &trained.model.shares[place];
        assert_eq!(share.basis, Basis::SameNumber);
        assert!((share.m[level] - expected).abs() < 0.02, "{}: {}", share.field, share.m[level]);
    }
    assert_eq!(trained.model.shares[5].basis, Basis::Assumed);
    assert!(trained.warnings.iter().any(|w| w.contains("assumed")));
}

#[test]
fn firms_link_by_what_their_codes_share_and_branches_stay_apart() {
    let mut builder = RecordsBuilder::new(&["name", "region", "address", "phone", "number"]);
    let (seal, branch) = ("甲县恒达贸易有限责任公司", "甲县恒达贸易有限公司宁波分公司");
    builder.push(id(1), true, &[Some(seal), Some("990103"), Some("文青路88号"), None, Some("91110000600037341L")]);
    builder.push(id(2), true, &[Some(branch), Some("990103"), Some("红旗路1号"), None, None]);
    builder.push(id(3), false, &[Some("恒达贸易有限公司"), Some("990103"), None, None, Some("60003734-1")]);
    for other in 10..400u64 {
        let name = format!("乙县{other}号丰收农业有限公司");
        builder.push(id(other), true, &[Some(&name), Some("990201"), Some(&format!("{other}号")), None, None]);
    }
    let records = builder.finish();
    let model = train(&records, &Spec::organisation(), Pairing::Unknown).unwrap().model;
    let links = link(&records, &model, Demand::default(), &Declared::default()).unwrap();
    let to: Vec<_> = links.stands_for.iter().map(|(from, (to, _))| (number(*from), number(*to))).collect();
    assert_eq!(to, [(3, 1)], "{:?}", links.rows);
    let row = links.rows.iter().find(|r| r.decision == Decision::Linked).unwrap();
    let levels: Vec<(&str, &str)> = row.steps.iter().map(|s| (s.field.as_str(), s.level)).collect();
    assert!(levels.contains(&("name", "same_core")) && levels.contains(&("number", "same")), "{levels:?}");
}

#[test]
fn a_model_of_another_format_is_refused() {
    let (records, _) = court(300, 10);
    let model = train(&records, &Spec::person(), Pairing::Unknown).unwrap().model.to_json().unwrap();
    for broken in [model.replacen("\"format\": 1", "\"format\": 2", 1), model.replacen("\"m\": [", "\"m\": [0.5,", 1), String::new()] {
        assert_eq!(Model::from_json(&broken).unwrap_err().exit_status(), 4);
    }
    let lacking = RecordsBuilder::new(&["name"]).finish();
    let refused = link(&lacking, &Model::from_json(&model).unwrap(), Demand::default(), &Declared::default());
    assert_eq!(refused.err().unwrap().exit_status(), 4);
    let demand = Demand { threshold: 0.4, ..Demand::default() };
    assert!(link(&records, &Model::from_json(&model).unwrap(), demand, &Declared::default()).is_err());
}

#[test]
fn a_capped_block_is_said() {
    let mut spec = Spec::person();
    spec.block_pairs = 0;
    let (records, _) = court(600, 50);
    let trained = train(&records, &spec, Pairing::Within).unwrap();
    assert!(trained.warnings.iter().any(|w| w.contains("blocks left out")), "{:?}", trained.warnings);
    let scores = score(&records, &trained.model, Pairing::Within, 0.5).unwrap();
    assert!(scores.warnings.iter().any(|w| w.starts_with("rule name:whole: ")), "{:?}", scores.warnings);
    assert!(scores.warnings.iter().all(|w| !w.contains('王')));
}
