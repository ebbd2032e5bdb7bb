//! What a night of the sample town writes, kept word for word: the headline figures, and one sheet as the terminal prints it. A golden changes only
//! with a line in CHANGELOG.md that says why the new one is right; `make golden` accepts what is written now.

use std::fs;

use crate::town::{configuration, must, project, shared_work, table, texts};

fn compare(name: &str, found: &str) {
    let file = project().join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, found).unwrap();
    }
    let kept = fs::read_to_string(&file).unwrap();
    let first = kept.lines().zip(found.lines()).position(|(a, b)| a != b);
    assert!(
        kept == found,
        "{name} differs from line {:?} on; if that is right, say why in CHANGELOG.md and run `make golden`",
        first.map(|n| n + 1)
    );
}

#[test]
fn the_headline_is_the_one_kept() {
    let all = fs::read_to_string(shared_work().join("current/regional.csv")).unwrap();
    let headline = all.lines().enumerate().filter(|(at, line)| *at == 0 || line.contains("dishonesty_rate_per_10k"));
    compare("headline.csv", &headline.map(|(_, line)| format!("{line}\n")).collect::<String>());
}

#[test]
fn a_joint_case_reads_as_kept() {
    let work = shared_work();
    let cases = table(&work, "cases");
    let parties = cases.require("parties_n").unwrap();
    let joint = texts(&cases, "case_no").into_iter().enumerate().find(|(at, _)| parties.int_at(*at) == Some(2)).unwrap().1.unwrap();
    let config = configuration();
    compare("joint.txt", &must(&["explain", &joint, "--work", work.to_str().unwrap(), "--config", config.to_str().unwrap()]));
}
