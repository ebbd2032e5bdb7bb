//! Similar closed cases: found again by looking at all, never a debtor's own or of the same debt, and nobody is named.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use luheng::alike::{self, Ready, Reference};
use luheng::bundle::{Bundle, design};
use luheng::context::Context;
use luheng::{features, stage};
use luheng_lake::columns::Columns;
use luheng_lake::store::manifest;
use luheng_models::ModelArtifact;

use crate::cutoff::context;
use crate::town::{self, reals, shared_work, table, texts};

/// The sample town's model, and its closed parties as the night of the tests saw them.
struct Seen {
    ctx: Context,
    model: ModelArtifact,
    closed: Columns,
    standing: Columns,
}

fn seen() -> Seen {
    let work = shared_work();
    let id = manifest::read(&work.join("current")).unwrap().models["bundle"].clone();
    let bundle = Bundle::from_json(&fs::read_to_string(work.join("models").join(id).join("model.json")).unwrap(), "model").unwrap();
    let (mut ctx, model) = (context(&work), bundle.capacity.unwrap());
    ctx.ratings.means.learned = bundle.haircuts;
    let (mut closed, mut standing) = (Vec::new(), Vec::new());
    for bucket in 0..ctx.buckets {
        let facts = stage::facts(&ctx, bucket).unwrap();
        closed.push(alike::of_bucket(&facts, Some(model.rows), &ctx).unwrap());
        standing.push(features::of_bucket(&facts, &ctx).unwrap().standing);
    }
    let order: &[&str] = &["debt_no", "case_no", "debtor_id", "landmark_days"];
    let closed = Columns::concat(&closed).unwrap().sorted_by(order).unwrap();
    let standing = Columns::concat(&standing).unwrap().sorted_by(&["case_no", "debtor_id"]).unwrap();
    Seen { ctx, model, closed, standing }
}

fn contributions(seen: &Seen, rows: &Columns) -> Vec<Vec<f64>> {
    let design = design(rows, &(0..rows.len()).collect::<Vec<_>>(), &seen.ctx.ratings.capacity).unwrap();
    let parts = seen.model.model.contributions(&design).unwrap().by_feature;
    (0..rows.len()).map(|row| parts.row(row).to_vec()).collect()
}

/// What was told of each party: key and distance, by rank.
fn told() -> BTreeMap<(String, String), Vec<(String, f64)>> {
    let found = table(&shared_work(), "alike");
    let (cases, debtors, keys) = (texts(&found, "case_no"), texts(&found, "debtor_id"), texts(&found, "alike_key"));
    let (distance, rank) = (reals(&found, "distance"), found.require("rank").unwrap());
    let mut told: BTreeMap<(String, String), Vec<(String, f64)>> = BTreeMap::new();
    for at in 0..found.len() {
        let near = told.entry((cases[at].clone().unwrap(), debtors[at].clone().unwrap())).or_default();
        near.push((keys[at].clone().unwrap(), distance[at].unwrap()));
        assert_eq!(rank.int_at(at), Some(near.len() as i64));
    }
    told
}

#[test]
fn the_nearest_are_those_that_looking_at_all_finds() {
    let (seen, told, work) = (seen(), told(), shared_work());
    let (ratings, features) = (table(&work, "ratings"), table(&work, "features"));
    let (here, there) = (contributions(&seen, &features), contributions(&seen, &seen.closed));
    let rated = reals(&ratings, "capacity_p");
    let (cases, debtors, debts) = (texts(&ratings, "case_no"), texts(&ratings, "debtor_id"), texts(&seen.standing, "debt_no"));
    assert_eq!((&cases, &debtors), (&texts(&seen.standing, "case_no"), &texts(&seen.standing, "debtor_id")));
    let status = texts(&seen.standing, "case_status");
    let (day, filed) = (seen.standing.require("as_of").unwrap(), seen.standing.require("debt_filed_on").unwrap());
    let (of_debt, of_debtor, keys) = (texts(&seen.closed, "debt_no"), texts(&seen.closed, "debtor_id"), texts(&seen.closed, "alike_key"));
    let (after, was) = (seen.closed.require("landmark_days").unwrap(), seen.closed.require("was_closed").unwrap());
    let (mut full, mut own_nearer, mut classes) = (0, 0, BTreeSet::new());
    for at in 0..ratings.len() {
        let found = told.get(&(cases[at].clone().unwrap(), debtors[at].clone().unwrap()));
        if rated[at].is_none() {
            assert!(found.is_none(), "an unrated party has none");
            continue;
        }
        let age = day.date_at(at).unwrap() - filed.date_at(at).unwrap();
        let landmark = [30, 90, 180, 365, 730].into_iter().min_by_key(|l| ((age - l).abs(), *l)).unwrap();
        let is_closed = status[at].as_deref() == Some("closed");
        let comparable = |r: &usize| after.int_at(*r) == Some(i64::from(landmark)) && was.flag_at(*r) == Some(is_closed);
        let distance = |r: usize| here[at].iter().zip(&there[r]).map(|(a, b)| (a - b).abs()).sum::<f64>();
        let mut all: Vec<(f64, usize)> = (0..seen.closed.len()).filter(comparable).map(|r| (distance(r), r)).collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let own = |r: &usize| of_debt[*r] == debts[at] || of_debtor[*r] == debtors[at];
        let (mut best, mut met) = (Vec::new(), BTreeSet::new());
        for (distance, r) in all.iter().filter(|(_, r)| !own(r)) {
            if met.insert(of_debt[*r].clone()) && best.len() < 5 {
                best.push(*distance);
            }
        }
        let found = found.cloned().unwrap_or_default();
        assert_eq!(found.len(), best.len(), "{:?} {landmark} {is_closed}", cases[at]);
        for ((key, distance), best) in found.iter().zip(&best) {
            assert!((distance - best).abs() < 1e-9, "{distance} and {best}");
            // The party the key names, on this landmark, is as far off as was told.
            let named = all.iter().find(|(_, r)| keys[*r].as_ref() == Some(key)).unwrap();
            assert!((named.0 - distance).abs() < 1e-9 && !own(&named.1), "{key}");
        }
        full += usize::from(best.len() == 5);
        own_nearer += all.iter().filter(|(d, r)| own(r) && best.last().is_some_and(|last| d < last)).count();
        classes.insert((is_closed, landmark));
    }
    assert!(full > 50 && classes.len() > 3, "{full} parties with five, {classes:?}");
    assert!(own_nearer > 0, "leaving out one's own cases changed nothing");
}

#[test]
fn equal_distances_go_by_name_and_no_order_of_rows_matters() {
    let seen = seen();
    let work = shared_work();
    let (ratings, features) = (table(&work, "ratings"), table(&work, "features"));
    let of = |closed: &Columns| {
        let reference = Reference::of(closed, Some(&seen.model), &seen.ctx).unwrap();
        let ready: Ready<'_> = reference.ready().unwrap();
        alike::of_parties(&features, &ratings, &seen.standing, &ready).unwrap()
    };
    let told = of(&seen.closed);
    assert_eq!(told.content_hash(), table(&work, "alike").content_hash());
    let backwards: Vec<usize> = (0..seen.closed.len()).rev().collect();
    assert_eq!(of(&seen.closed.take(&backwards)).content_hash(), told.content_hash());
    // Every closed debt once more under another name: each is as near as its twin, and the lesser name stands first.
    let n = seen.closed.len();
    let twin = |name: &str| (0..n).map(|at| seen.closed.require(name).unwrap().text_at(at).map(|t| format!("ｚ{t}"))).collect::<Vec<_>>();
    let twins = ["debt_no", "debtor_id", "alike_key"].into_iter().fold(seen.closed.clone(), |t, name| t.text(name, twin(name)));
    let both = of(&Columns::concat(&[twins, seen.closed.clone()]).unwrap());
    let (keys, distance) = (texts(&both, "alike_key"), reals(&both, "distance"));
    let rank = both.require("rank").unwrap();
    let mut pairs = 0;
    for at in 1..both.len() {
        if rank.int_at(at) == Some(2) && keys[at] == keys[at - 1].as_ref().map(|k| format!("ｚ{k}")) {
            assert_eq!(distance[at].map(f64::to_bits), distance[at - 1].map(f64::to_bits));
            pairs += 1;
        }
    }
    assert!(pairs > 50, "{pairs}");
}

#[test]
fn similar_cases_name_nobody_and_the_court_finds_them() {
    let (work, seen) = (shared_work(), seen());
    let found = table(&work, "alike");
    let closed: BTreeMap<String, (String, String)> = (0..seen.closed.len())
        .map(|at| {
            let text = |name: &str| seen.closed.require(name).unwrap().text_at(at).unwrap().to_owned();
            (text("alike_key"), (text("case_no"), text("debtor_id")))
        })
        .collect();
    let mut named: Vec<&str> = closed.values().flat_map(|(case, debtor)| [case.as_str(), debtor.as_str()]).collect();
    named.sort_unstable();
    named.dedup();
    for name in found.names().filter(|name| !["case_no", "debtor_id"].contains(name)) {
        for text in (0..found.len()).filter_map(|at| found.require(name).unwrap().text_at(at)) {
            assert!(!text.contains("（20") && !text.contains('号'), "{name}: {text}");
            assert!(text.split(|c: char| !c.is_ascii_hexdigit()).all(|word| word.len() < 13), "{name}: {text}");
            assert!(named.binary_search(&text).is_err(), "{name}: {text}");
        }
    }
    // Nor do the sheets.
    let (cases, keys) = (texts(&found, "case_no"), texts(&found, "alike_key"));
    let mut looked = 0;
    for at in (0..found.len()).step_by(97) {
        let file = format!("current/{}", luheng::report::sheet_name(cases[at].as_ref().unwrap()));
        let sheet = fs::read_to_string(work.join(file)).unwrap();
        let (case, debtor) = &closed[keys[at].as_ref().unwrap()];
        assert!(!sheet.contains(case.as_str()) && !sheet.contains(debtor.as_str()), "{case}");
        assert!(sheet.contains("相似不是预测，也不是先例"));
        looked += 1;
    }
    assert!(looked > 5, "{looked}");
    let key = keys[0].as_ref().unwrap();
    let (work, config) = (work.display().to_string(), town::configuration().display().to_string());
    let (case, debtor) = &closed[key];
    let said = town::must(&["explain", key, "--config", &config, "--work", &work]);
    assert_eq!(said, format!("{key}  {case}  {debtor}\n"));
    let (status, said) = town::fails(&["explain", "0123456789ab", "--config", &config, "--work", &work]);
    assert!(status == 2 && said.contains("no party of this lake has that key"), "{status} {said}");
}

#[test]
fn one_thread_tells_what_many_tell() {
    let work = tempfile::tempdir().unwrap();
    let (config, input) = (town::configuration(), town::sample_town());
    let mut night = town::command(&["nightly".as_ref(), "--config".as_ref(), config.as_os_str(), "--input".as_ref(), input.as_os_str()]);
    let done = night.arg("--work").arg(work.path()).env("RAYON_NUM_THREADS", "1").output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(table(work.path(), "alike").content_hash(), table(&shared_work(), "alike").content_hash());
}
