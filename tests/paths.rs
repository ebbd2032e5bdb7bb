//! The paths to a better grade, found again by trying every choice of acts: each leads where it says, none of less effort does, and who has none has none.

use std::fs;

use luheng::acts::{Acts, Effect};
use luheng::bundle::{Bundle, grade_of};
use luheng::config::Config;
use luheng::rating::{Ratings, Spec};
use luheng_lake::catalog::CatalogFiles;
use luheng_lake::columns::Columns;
use luheng_lake::store::manifest;
use luheng_models::{Design, Direction, ModelArtifact};

use crate::town::{reals, shared_work, table, texts};

fn ratings() -> Ratings {
    Ratings::load(&CatalogFiles::embedded(), &Config::default()).unwrap()
}

/// Every choice of at most four acts.
fn plans(acts: &Acts) -> Vec<Vec<u32>> {
    let mut all = vec![vec![]];
    for act in &acts.acts {
        all = all.iter().flat_map(|plan: &Vec<u32>| (0..=act.most).map(|n| [plan.as_slice(), &[n]].concat())).collect();
    }
    all.retain(|plan| (1..=4).contains(&plan.iter().sum::<u32>()));
    all
}

fn effort(acts: &Acts, plan: &[u32]) -> f64 {
    acts.acts.iter().zip(plan).map(|(act, n)| act.effort * f64::from(*n)).sum()
}

/// What the model says of every row after a plan.
fn after(artifact: &ModelArtifact, spec: &Spec, features: &Columns, rows: &[usize], plan: &[u32], acts: &Acts) -> Vec<f64> {
    let columns = spec.features.iter().zip(&artifact.features).map(|(id, meta)| {
        let column = features.require(id).unwrap();
        let value = |at: &usize| {
            let mut value = column.real_at(*at);
            for (act, n) in acts.acts.iter().zip(plan).filter(|(_, n)| **n > 0) {
                value = match (act.effects.get(id), value, meta.direction) {
                    (Some(Effect::Add(by)), Some(value), _) => Some(value + by * f64::from(*n)),
                    (Some(Effect::Set(to)), Some(value), Direction::Down) if value <= *to => Some(value),
                    (Some(Effect::Set(to)), Some(value), Direction::Up) if value >= *to => Some(value),
                    (Some(Effect::Set(to)), ..) => Some(*to),
                    (_, value, _) => value,
                };
            }
            value.unwrap_or(f64::NAN)
        };
        rows.iter().map(value).collect::<Vec<f64>>()
    });
    let design = Design::from_columns(artifact.features.clone(), columns.collect()).unwrap();
    artifact.predict(&design).unwrap()
}

#[test]
fn a_path_leads_where_it_says_and_none_of_less_effort_does() {
    let work = shared_work();
    let (paths, features, rated) = (table(&work, "paths"), table(&work, "features"), table(&work, "ratings"));
    let id = manifest::read(&work.join("current")).unwrap().models["bundle"].clone();
    let bundle = Bundle::from_json(&fs::read_to_string(work.join("models").join(id).join("model.json")).unwrap(), "model").unwrap();
    let ratings = ratings();
    let acts = &ratings.acts;
    let (case, debtor, axis, act) = (texts(&paths, "case_no"), texts(&paths, "debtor_id"), texts(&paths, "axis"), texts(&paths, "act"));
    let (times, p_after, grade) = (paths.require("times").unwrap(), reals(&paths, "p_after"), texts(&paths, "to_grade"));
    let (cases, debtors) = (texts(&rated, "case_no"), texts(&rated, "debtor_id"));
    let mut found_n = 0;
    for (name, letter, artifact, spec) in
        [("capacity", 'C', &bundle.capacity, &ratings.capacity), ("willingness", 'W', &bundle.willingness, &ratings.willingness)]
    {
        let artifact = artifact.as_ref().unwrap();
        let p = reals(&rated, &format!("{name}_p"));
        let rows: Vec<usize> = (0..rated.len()).filter(|at| p[*at].is_some()).collect();
        // The least effort that reaches a higher grade, by trying everything.
        let mut least: Vec<Option<f64>> = vec![None; rows.len()];
        let mut told: Vec<Option<(Vec<u32>, f64, String)>> = vec![None; rows.len()];
        for (at, row) in rows.iter().enumerate() {
            let of = |i: &usize| axis[*i].as_deref() == Some(name) && case[*i] == cases[*row] && debtor[*i] == debtors[*row];
            for i in (0..paths.len()).filter(of) {
                let plan = &mut told[at].get_or_insert((vec![0; acts.acts.len()], p_after[i].unwrap(), grade[i].clone().unwrap())).0;
                plan[acts.acts.iter().position(|a| Some(&a.id) == act[i].as_ref()).unwrap()] += times.int_at(i).unwrap() as u32;
            }
        }
        for plan in plans(acts) {
            let after = after(artifact, spec, &features, &rows, &plan, acts);
            let effort = effort(acts, &plan);
            for (at, row) in rows.iter().enumerate() {
                let reaches = grade_of(after[at]) > grade_of(p[*row].unwrap());
                if reaches && least[at].is_none_or(|least| effort < least) {
                    least[at] = Some(effort);
                }
                if let Some((own, p, grade)) = &told[at]
                    && *own == plan
                {
                    assert!(
                        reaches && (after[at] - p).abs() < 1e-12 && *grade == format!("{letter}{}", grade_of(after[at])),
                        "{grade} {p}"
                    );
                }
            }
        }
        for (told, least) in told.iter().zip(&least) {
            assert_eq!(told.as_ref().map(|(plan, ..)| effort(acts, plan)), *least, "{name}: {told:?}");
            found_n += usize::from(told.is_some());
        }
    }
    assert!(found_n > 50, "{found_n} paths");
}
