//! What is said of past runs when facts have left the lake.

use std::fs;

use luheng_lake::store::manifest;

use crate::verify::{Court, current};

#[test]
fn facts_leave_when_it_is_asked_for_and_the_runs_that_read_them_are_marked() {
    let court = Court::of(160);
    court.night("2025-12-31", &[]);
    let first = current(&court.work);
    assert_eq!(manifest::read(&court.work.join("current")).unwrap().retention, None);
    // Ten years later all cases that were closed are long over; nobody asked that they go.
    let (_, told) = court.night("2036-06-30", &[]);
    assert!(warned(&court, "they stay until [retention] apply = true"));
    // What is known at the end of an ingest alone is told in its place too, and once.
    assert_eq!(told.matches("they stay until [retention] apply = true").count(), 1, "{told}");
    let expired = |court: &Court| {
        let output = court.command(&["check", "--as-of", "2036-06-30"]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.lines().next().unwrap().ends_with("expired"), "{text}");
        let line = text.lines().find(|line| line.starts_with("cases ")).unwrap().to_owned();
        line.split_whitespace().last().unwrap().parse::<u64>().unwrap()
    };
    assert_eq!(expired(&court), 0);
    let kept = current(&court.work);
    assert!(!listed(&court).contains("cannot be repeated exactly"));

    let config = fs::read_to_string(&court.config).unwrap();
    fs::write(&court.config, format!("{config}\n[retention]\napply = true\n")).unwrap();
    let foretold = expired(&court);
    court.night("2036-06-30", &[]);
    assert!(warned(&court, "can no longer be repeated exactly"));
    let run = manifest::read(&court.work.join("current")).unwrap();
    let retention = run.retention.unwrap();
    assert!(retention.expired["cases"] > 0 && retention.expired["debtors"] > 0, "{retention:?}");
    assert_eq!(foretold, retention.expired["cases"]);
    // Every file's rows add up, those included that left as they came.
    let quality: serde_json::Value = serde_json::from_str(&fs::read_to_string(court.work.join("current/quality.json")).unwrap()).unwrap();
    let mut left = 0;
    for file in quality["files"].as_array().unwrap() {
        let of = |key: &str| file[key].as_u64().unwrap();
        let ends = ["appended", "unchanged", "waiting", "rejected", "duplicates", "expired"];
        assert_eq!(of("read"), ends.iter().map(|key| of(key)).sum::<u64>(), "{file}");
        left += of("expired");
    }
    assert!(left > 0);
    let periods = crate::town::must(&["catalog", "retention", "--config", court.config.to_str().unwrap()]);
    assert!(
        periods.contains("| cases | ") && periods.contains(" | 60 | ") && periods.contains("leave the lake and the vault"),
        "{periods}"
    );
    assert!(retention.exact_from.as_str() > "2020-01-01" && retention.exact_from.as_str() < "2036-06-30", "{retention:?}");
    assert_ne!(run.run_id, kept);
    let listed = listed(&court);
    for line in listed.lines() {
        let is_marked = line.contains("facts have left since: cannot be repeated exactly");
        assert_eq!(is_marked, line.starts_with(&first) && *retention.exact_from > *"2025-12-31", "{retention:?}\n{listed}");
    }
    assert!(listed.contains(&run.run_id));
}

fn warned(court: &Court, text: &str) -> bool {
    manifest::read(&court.work.join("current")).unwrap().warnings.iter().any(|w| w.starts_with("retention: ") && w.contains(text))
}

fn listed(court: &Court) -> String {
    let output = crate::town::command(&["runs", "--work"]).arg(&court.work).arg("--config").arg(&court.config).output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}
