//! What one night of the sample town leaves: figures that can be counted again, scores that add up, evidence that resolves.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use luheng_lake::columns::{Columns, day};

use crate::town::{lake, luheng, reals, sample_town, shared_work, table, texts};

const AS_OF: &str = "2026-06-30";

/// A CSV without quoted fields, as rows of name to value.
fn csv(name: &str) -> Vec<BTreeMap<String, String>> {
    let text = fs::read_to_string(sample_town().join(name)).unwrap();
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    assert!(!text.contains('"'), "{name} needs a real reader");
    lines.map(|l| header.iter().zip(l.split(',')).map(|(h, v)| ((*h).to_owned(), v.to_owned())).collect()).collect()
}

/// The newest version of each key.
fn newest(rows: Vec<BTreeMap<String, String>>, key: &[&str]) -> Vec<BTreeMap<String, String>> {
    let mut by_key: BTreeMap<Vec<String>, BTreeMap<String, String>> = BTreeMap::new();
    for row in rows {
        let key: Vec<String> = key.iter().map(|k| row[*k].clone()).collect();
        let known = by_key.get(&key).map_or("", |r| r["known_on"].as_str()).to_owned();
        if row["known_on"] >= known {
            by_key.insert(key, row);
        }
    }
    by_key.into_values().collect()
}

#[test]
fn the_headline_recounted_from_the_input() {
    let people: BTreeMap<String, (String, String)> = newest(csv("debtors.csv"), &["debtor_ref"])
        .into_iter()
        .filter(|d| d["kind"] == "natural")
        .map(|d| {
            (
                d["debtor_ref"].clone(),
                (if d["id_no"].is_empty() { d["debtor_ref"].clone() } else { d["id_no"].clone() }, d["residence_region"].clone()),
            )
        })
        .collect();
    let by = |on: &str| !on.is_empty() && on <= AS_OF;
    let mut listed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for entry in newest(csv("listings.csv"), &["debtor_ref", "case_no", "list", "listed_on"]) {
        let get = |name: &str| entry.get(name).map_or("", String::as_str);
        let suspended = by(get("suspended_from_on")) && (get("suspended_to_on").is_empty() || get("suspended_to_on") >= AS_OF);
        let expired = !get("expires_on").is_empty() && get("expires_on") < AS_OF;
        let wrong = get("void_reason") == "wrong_person";
        let in_force = by(get("listed_on")) && !by(get("removed_on")) && !expired && !suspended && !by(get("voided_on")) && !wrong;
        if get("list") == "dishonest"
            && in_force
            && let Some((person, county)) = people.get(get("debtor_ref"))
            && !county.is_empty()
        {
            listed.entry(county.clone()).or_default().insert(person.clone());
        }
    }
    let regional = table(&shared_work(), "regional");
    let (metric, region, numerator) = (texts(&regional, "metric"), texts(&regional, "region"), regional.require("numerator").unwrap());
    let (value, denominator) = (reals(&regional, "value"), regional.require("denominator").unwrap());
    let mut seen = 0;
    for at in (0..regional.len()).filter(|at| metric[*at].as_deref() == Some("dishonesty_rate_per_10k")) {
        let code = region[at].clone().unwrap();
        let Some(persons) = listed.get(&code) else { continue };
        assert_eq!(numerator.int_at(at).or_else(|| numerator.real_at(at).map(|n| n as i64)), Some(persons.len() as i64), "{code}");
        let people = denominator.int_at(at).map(|n| n as f64).or_else(|| denominator.real_at(at)).unwrap();
        assert!((value[at].unwrap() - persons.len() as f64 / people * 1e4).abs() < 1e-9);
        seen += 1;
    }
    assert_eq!(seen, listed.len(), "every county with a listed person has its figure");
    assert!(seen >= 8);
}

#[test]
fn the_oversight_recounted_from_the_input() {
    let work = shared_work();
    let oversight = table(&work, "oversight");
    let (indicator, by, group) = (texts(&oversight, "indicator"), texts(&oversight, "grouped_by"), texts(&oversight, "group"));
    let told = |wanted: [&str; 3]| {
        let at = (0..oversight.len()).find(|&at| [&indicator, &by, &group].map(|c| c[at].as_deref().unwrap()) == wanted);
        at.map(|at| ["numerator", "denominator"].map(|name| oversight.require(name).unwrap().int_at(at).unwrap()))
    };
    // Within the 365 days that end with the day.
    let from = day::format(day::parse(AS_OF).unwrap() - 364);
    let within = |on: &str| on >= from.as_str() && on <= AS_OF;
    let mut advice: BTreeMap<String, [i64; 2]> = BTreeMap::new();
    for row in csv("decisions.csv").iter().filter(|row| within(&row["decided_on"]) && row["known_on"].as_str() <= AS_OF) {
        let cell = advice.entry(row["measure"].clone()).or_default();
        *cell = [cell[0] + i64::from(row["decision"] == "adopted"), cell[1] + 1];
    }
    assert!(advice.values().map(|c| c[1]).sum::<i64>() > 10, "{advice:?}");
    for (measure, cell) in advice.iter().filter(|(measure, _)| !measure.is_empty()) {
        assert_eq!(told(["advice_adopted", "measure", measure]), Some(*cell), "{measure}");
    }
    let mut objections: BTreeMap<String, ([i64; 2], [i64; 2])> = BTreeMap::new();
    for row in csv("objections.csv").iter().filter(|row| within(&row["decided_on"]) && row["known_on"].as_str() <= AS_OF) {
        let upheld = row["outcome"] == "upheld" || row["outcome"] == "partly";
        let (share, days) = objections.entry(row["subject"].clone()).or_default();
        *share = [share[0] + i64::from(upheld), share[1] + 1];
        if upheld {
            let taken = day::parse(&row["decided_on"]).unwrap() - day::parse(&row["filed_on"]).unwrap();
            *days = [days[0] + i64::from(taken), days[1] + 1];
        }
    }
    assert!(!objections.is_empty());
    for (subject, (share, days)) in &objections {
        assert_eq!(told(["objection_upheld", "subject", subject]), Some(*share), "{subject}");
        assert_eq!(told(["objection_days", "subject", subject]).unwrap_or_default(), *days, "{subject}");
    }
    // Every rated party stands in one group of each grouping.
    let ratings = table(&work, "ratings");
    let mut grades: BTreeMap<String, i64> = BTreeMap::new();
    for grade in texts(&ratings, "capacity_grade") {
        *grades.entry(grade.unwrap_or_else(|| "unrated".to_owned())).or_default() += 1;
    }
    for (grade, parties) in &grades {
        assert_eq!(told(["step_overdue", "capacity_grade", grade]).unwrap()[1], *parties, "{grade}");
    }
    for grouping in ["willingness_grade", "claim", "livelihood"] {
        let of = |at: &usize| indicator[*at].as_deref() == Some("untouched") && by[*at].as_deref() == Some(grouping);
        let all: i64 = (0..oversight.len()).filter(of).map(|at| oversight.require("denominator").unwrap().int_at(at).unwrap()).sum();
        assert_eq!(all as usize, ratings.len(), "{grouping}");
    }
}

#[test]
fn points_sum_to_the_score_in_every_row() {
    let work = shared_work();
    let (ratings, reasons) = (table(&work, "ratings"), table(&work, "reasons"));
    let mut sums: BTreeMap<(String, String, String), f64> = BTreeMap::new();
    let points = reals(&reasons, "points");
    for (at, points) in points.iter().enumerate() {
        let key = |name: &str| reasons.require(name).unwrap().text_at(at).unwrap().to_owned();
        *sums.entry((key("case_no"), key("debtor_id"), key("axis"))).or_default() += points.unwrap();
    }
    let mut checked = 0;
    for axis in ["capacity", "willingness"] {
        let (cases, debtors) = (texts(&ratings, "case_no"), texts(&ratings, "debtor_id"));
        for (at, score) in reals(&ratings, &format!("{axis}_score")).into_iter().enumerate() {
            let sum = sums.remove(&(cases[at].clone().unwrap(), debtors[at].clone().unwrap(), axis.to_owned()));
            assert_eq!(score.is_some(), sum.is_some());
            if let (Some(score), Some(sum)) = (score, sum) {
                assert!((score - sum).abs() < 1e-9, "{axis} {score} {sum}");
                checked += 1;
            }
        }
    }
    assert!(checked > 1000 && sums.is_empty());
}

#[test]
fn every_evidence_key_resolves_to_a_row_of_the_debtor_known_by_then() {
    let work = shared_work();
    let as_of = day::parse(AS_OF).unwrap();
    let mut known: BTreeMap<String, BTreeMap<(String, String), i32>> = BTreeMap::new();
    let mut checked = 0;
    for name in ["reasons", "suggestions", "alerts"] {
        let rows = table(&work, name);
        let (debtors, evidence) = (texts(&rows, "debtor_id"), texts(&rows, "evidence"));
        for (debtor, keys) in debtors.into_iter().zip(evidence) {
            for key in keys.iter().flat_map(|k| k.split(';')) {
                let (table, row) = key.split_once(':').unwrap_or_else(|| panic!("{name}: \"{key}\" is no table:row_id"));
                let lake = known.entry(table.to_owned()).or_insert_with(|| first_known(&lake(&work, table)));
                // An alert about a case names no debtor: its row stands at each of the case's parties, here under "".
                let on = lake.get(&(debtor.clone().unwrap_or_default(), row.to_owned()));
                assert!(on.is_some_and(|on| *on <= as_of), "{name}: {key} of {debtor:?}: {on:?}");
                checked += 1;
            }
        }
    }
    assert!(checked > 10_000, "{checked}");
}

/// A count names as many rows as it counts, and each is of the kind it counts: evidence of another act of the same debtor would still resolve.
#[test]
fn the_evidence_of_a_count_is_the_rows_it_counts() {
    const COUNTS: [(&str, &[&str]); 9] = [
        ("reports_filed_n_1095d", &["report_filed"]),
        ("reports_breached_n_1095d", &["report_late", "report_false", "report_missing"]),
        ("summons_kept_n_365d", &["summons_kept"]),
        ("summons_ignored_n_365d", &["summons_ignored"]),
        ("evasions_n_1095d", &["transfer_below_value", "transfer_to_related", "asset_hidden", "sham_litigation"]),
        ("limits_breached_n_1095d", &["limit_breached"]),
        ("duties_breached_n_30d", luheng::conduct::BREACHED),
        ("duties_breached_n_365d", luheng::conduct::BREACHED),
        ("duties_breached_n_1095d", luheng::conduct::BREACHED),
    ];
    let work = shared_work();
    let conduct = lake(&work, "conduct");
    let kinds: BTreeMap<Option<String>, Option<String>> = texts(&conduct, "row_id").into_iter().zip(texts(&conduct, "kind")).collect();
    let reasons = table(&work, "reasons");
    let (features, values, evidence) = (texts(&reasons, "feature"), reals(&reasons, "value"), texts(&reasons, "evidence"));
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for at in 0..reasons.len() {
        let Some((feature, wanted)) = COUNTS.iter().find(|(id, _)| features[at].as_deref() == Some(*id)) else { continue };
        let keys: Vec<&str> = evidence[at].iter().flat_map(|k| k.split(';')).collect();
        assert_eq!(values[at], Some(keys.len() as f64), "{feature}");
        for key in keys {
            let row = key.strip_prefix("conduct:").unwrap_or_else(|| panic!("{feature}: {key}")).to_owned();
            let kind = kinds.get(&Some(row)).cloned().flatten();
            assert!(kind.as_deref().is_some_and(|k| wanted.contains(&k)), "{feature}: {key} is {kind:?}");
            *seen.entry(feature).or_default() += 1;
        }
    }
    assert!(seen.len() >= 4 && seen.values().sum::<usize>() > 1_000, "{seen:?}");
}

fn first_known(rows: &Columns) -> BTreeMap<(String, String), i32> {
    let (debtors, ids, on) = (texts(rows, "debtor_id"), texts(rows, "row_id"), rows.get("known_on"));
    let mut first = BTreeMap::new();
    for (at, (debtor, id)) in debtors.into_iter().zip(ids).enumerate() {
        // A register has no day of its own: it has always been known.
        let known = on.map_or(Some(i32::MIN), |c| c.date_at(at)).unwrap();
        for of in [debtor.unwrap(), String::new()] {
            first.entry((of, id.clone().unwrap())).and_modify(|day: &mut i32| *day = known.min(*day)).or_insert(known);
        }
    }
    first
}

#[test]
fn each_fen_of_a_case_is_counted_once() {
    let work = shared_work();
    let (ratings, cases) = (table(&work, "ratings"), table(&work, "cases"));
    let mut due: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for (at, case) in texts(&ratings, "case_no").into_iter().enumerate() {
        due.entry(case.unwrap()).or_default().push(ratings.require("outstanding_fen").unwrap().int_at(at).unwrap());
    }
    let mut joint = 0;
    for (at, case) in texts(&cases, "case_no").into_iter().enumerate() {
        let whole = cases.require("due_fen").unwrap().int_at(at).unwrap();
        let parties = &due[&case.unwrap()];
        assert!(parties.iter().all(|part| *part <= whole), "{parties:?} of {whole}");
        joint += usize::from(parties.iter().sum::<i64>() > whole);
        let expected = cases.require("expected_recovery_fen").unwrap().int_at(at);
        assert!(expected.is_none_or(|e| e >= 0 && e <= whole));
    }
    assert!(joint > 20, "the town has joint debts, whose parts exceed the whole: {joint}");
}

#[test]
fn measures_of_weight_rest_on_law_and_mandatory_steps_stand_first() {
    let suggestions = table(&shared_work(), "suggestions");
    let measures: BTreeSet<String> = texts(&suggestions, "measure").into_iter().flatten().collect();
    assert!(measures.len() >= 25, "{measures:?}");
    let (law, kind) = (texts(&suggestions, "legal_basis"), texts(&suggestions, "kind"));
    let parties: Vec<(Option<String>, Option<String>)> =
        texts(&suggestions, "case_no").into_iter().zip(texts(&suggestions, "debtor_id")).collect();
    let (weight, rank) = (suggestions.require("intrusiveness").unwrap(), suggestions.require("rank").unwrap());
    for at in 0..suggestions.len() {
        assert!(weight.int_at(at).unwrap() < 3 || law[at].is_some(), "row {at}");
        let follows = at > 0 && parties[at] == parties[at - 1] && rank.int_at(at).is_some();
        if follows && kind[at].as_deref() == Some("mandatory") {
            assert_eq!(kind[at - 1].as_deref(), Some("mandatory"), "row {at}: a mandatory step after a discretionary one");
        }
    }
}

#[test]
fn every_case_has_a_sheet_and_the_terminal_says_what_it_says() {
    let work = shared_work();
    let cases = table(&work, "cases");
    for sheet in texts(&cases, "sheet").into_iter().flatten() {
        assert!(work.join("current").join(&sheet).is_file(), "{sheet}");
    }
    let case = texts(&cases, "case_no").into_iter().flatten().next().unwrap();
    let half_width = case.replace('（', "(").replace('）', ")");
    let config = sample_town().join("luheng.toml");
    let said = luheng(&["explain", &half_width, "--work", work.to_str().unwrap(), "--config", config.to_str().unwrap()]);
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.contains(&case) && said.contains("评估参考，不构成对有履行能力或拒不履行的认定"), "{said}");
    assert!(!said.contains('<'), "no markup in a terminal");
}
