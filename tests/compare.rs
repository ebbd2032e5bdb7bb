//! Two nights side by side: every changed grade is told, and time, facts and model add up to the change of the score.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use luheng_lake::columns::Columns;
use luheng_lake::store::parquet;
use luheng_lake::store::seal::Seal;

use crate::town::{configuration, must, texts, town};

const FIRST: &str = "2026-05-31";
const SECOND: &str = "2026-06-30";
const AXES: [&str; 2] = ["capacity", "willingness"];

fn run_of(said: &str) -> String {
    said.lines().find(|l| l.starts_with("run ")).unwrap().rsplit('/').next().unwrap().to_owned()
}

/// Axis, case and debtor.
type Key = (String, String, String);

/// Grades and scores by axis and party.
fn graded(run: &Path) -> BTreeMap<Key, (Option<String>, Option<f64>)> {
    let ratings: Columns = parquet::read(&run.join("ratings.parquet"), &Seal::none()).unwrap();
    let (cases, debtors) = (texts(&ratings, "case_no"), texts(&ratings, "debtor_id"));
    let mut out = BTreeMap::new();
    for axis in AXES {
        let (grades, scores) = (texts(&ratings, &format!("{axis}_grade")), ratings.require(&format!("{axis}_score")).unwrap());
        for at in 0..ratings.len() {
            let key = (axis.to_owned(), cases[at].clone().unwrap(), debtors[at].clone().unwrap());
            out.insert(key, (grades[at].clone(), scores.real_at(at)));
        }
    }
    out
}

/// What the file of `--out` says: by axis and party the grades, the scores and the three parts.
fn told(csv: &str) -> BTreeMap<Key, Vec<String>> {
    let row = |line: &str| -> Vec<String> { line.split(',').map(str::to_owned).collect() };
    let lines = csv.lines().skip(1).map(row);
    lines.map(|cells| ((cells[0].clone(), cells[1].clone(), cells[2].clone()), cells[3..].to_vec())).collect()
}

/// Compares two runs of a work folder, checks the file against their tables, and gives the sums of the absolute parts.
fn compared(work: &Path, a: &str, b: &str) -> ([f64; 3], String) {
    let out = work.join("changes.csv");
    let said = must(&["compare", a, b, "--out", out.to_str().unwrap(), "--work", work.to_str().unwrap()]);
    let (before, after) = (graded(&work.join("runs").join(a)), graded(&work.join("runs").join(b)));
    let changed: Vec<_> = after.keys().filter(|key| before.get(*key).is_some_and(|was| was.0 != after[*key].0)).cloned().collect();
    let told = told(&fs::read_to_string(&out).unwrap());
    assert_eq!(told.keys().cloned().collect::<Vec<_>>(), changed);
    let (mut sums, mut split) = ([0.0; 3], 0);
    for (key, cells) in &told {
        let number = |at: usize| cells[at].parse::<f64>().ok();
        assert_eq!((number(2), number(3)), (before[key].1, after[key].1), "{key:?}");
        let (Some(was), Some(is)) = (number(2), number(3)) else { continue };
        let parts = [4, 5, 6].map(|at| number(at).unwrap());
        assert!((parts.iter().sum::<f64>() - (is - was)).abs() < 1e-9, "{key:?}: {cells:?}");
        parts.iter().zip(&mut sums).for_each(|(part, sum)| *sum += part.abs());
        split += 1;
    }
    assert!(split > 0, "{said}");
    (sums, said)
}

#[test]
fn every_changed_grade_is_told_and_its_parts_add_up() {
    let town = town(400, &[]);
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path().join("work");
    let (config, input) = (configuration(), town.path().to_owned());
    let night = |as_of: &str, more: &[&str]| {
        let mut arguments = vec!["nightly", "--config", config.to_str().unwrap(), "--input", input.to_str().unwrap(), "--work"];
        arguments.extend([work.to_str().unwrap(), "--as-of", as_of, "--jobs", "2"]);
        arguments.extend(more);
        must(&arguments)
    };
    let (first, second) = (run_of(&night(FIRST, &[])), run_of(&night(SECOND, &[])));
    let ([time, facts, model], said) = compared(&work, &first, &second);
    assert!(time > 0.0 && facts > 0.0 && model == 0.0, "{time} {facts} {model}\n{said}");
    assert!(said.contains("未变 same") && said.contains("履行能力 capacity"), "{said}");

    // The same day under a model trained on it: nothing but the model moved.
    must(&["train", "--config", config.to_str().unwrap(), "--work", work.to_str().unwrap(), "--as-of", SECOND]);
    let proposed = fs::read_dir(work.join("models")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let in_use: serde_json::Value = serde_json::from_str(&fs::read_to_string(work.join("models/approved.json")).unwrap()).unwrap();
    let mut others = proposed.filter(|name| work.join("models").join(name).is_dir() && in_use["model_id"] != name.as_str());
    let proposed = others.next().unwrap();
    let approve = ["approve", &proposed, "--by", "J01", "--on", SECOND, "--assessment", "PIA-1", "--work", work.to_str().unwrap()];
    must(&approve);
    let third = run_of(&night(SECOND, &[]));
    assert_ne!(second, third);
    let ([time, facts, model], said) = compared(&work, &second, &third);
    assert!(time == 0.0 && facts == 0.0 && model > 0.0, "{time} {facts} {model}\n{said}");
}
