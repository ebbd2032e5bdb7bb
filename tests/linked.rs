//! A town some of whose people come a second time without a number: a linked identity is rated as the person, leaned on less, listed, and undone by a word.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::town::{reals, table, texts};
use crate::verify::Court;

const DAY: &str = "2026-06-30";
// Places in the header of `debtors`.
const REF: usize = 0;
const ID_KIND: usize = 2;
const ID_NO: usize = 3;
const NAME: usize = 4;
const PHONE: usize = 5;
const ADDRESS: usize = 6;

/// A case by its number and its party's row in `ratings`.
struct Rated {
    case_no: String,
    debtor: String,
    basis: String,
    probability: Option<f64>,
    confidence: String,
    figures: [Option<f64>; 3],
}

fn rated(work: &Path, cases: &BTreeSet<String>) -> BTreeMap<String, Rated> {
    let ratings = table(work, "ratings");
    let [case_no, debtor, basis, confidence] = ["case_no", "debtor_id", "identity_basis", "confidence"].map(|name| texts(&ratings, name));
    let figures = ["capacity_p", "willingness_p", "coverage"].map(|name| reals(&ratings, name));
    let probability = reals(&ratings, "link_probability");
    let of = |at: usize| Rated {
        case_no: case_no[at].clone().unwrap(),
        debtor: debtor[at].clone().unwrap(),
        basis: basis[at].clone().unwrap(),
        probability: probability[at],
        confidence: confidence[at].clone().unwrap(),
        figures: [0, 1, 2].map(|n| figures[n][at]),
    };
    let wanted = (0..ratings.len()).filter(|&at| case_no[at].as_ref().is_some_and(|c| cases.contains(c)));
    wanted.map(of).map(|rated| (rated.case_no.clone(), rated)).collect()
}

/// Gives cases of persons with a number, who are alone in them, to the same persons without one: every other time with neither telephone nor address.
/// Cases, and the sources' keys of either.
fn twins(court: &Court) -> BTreeMap<String, (String, String)> {
    let read = |name: &str| fs::read_to_string(court.exports.join(name)).unwrap();
    let (mut debtors, parties) = (read("debtors.csv"), read("parties.csv"));
    let mut shared: BTreeMap<String, usize> = BTreeMap::new();
    let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    parties.lines().skip(1).for_each(|line| *shared.entry(cells(line)[0].clone()).or_default() += 1);
    let (mut made, mut seen) = (BTreeMap::new(), BTreeSet::new());
    let persons: BTreeMap<String, Vec<String>> = debtors.lines().skip(1).map(|line| (cells(line)[REF].clone(), cells(line))).collect();
    let mut moved: Vec<String> = parties.lines().map(str::to_owned).collect();
    for line in moved.iter_mut().skip(1) {
        let party = cells(line);
        let Some(person) = persons.get(&party[1]).filter(|p| p[ID_KIND] == "resident_id" && !p[ID_NO].is_empty()) else { continue };
        if shared[&party[0]] != 1 || made.len() == 40 || !seen.insert(party[1].clone()) {
            continue;
        }
        let mut twin = person.clone();
        let key = format!("T{}", made.len());
        (twin[REF], twin[ID_KIND], twin[ID_NO]) = (key.clone(), "other".to_owned(), String::new());
        if made.len() % 2 == 1 {
            (twin[PHONE], twin[ADDRESS]) = (String::new(), String::new());
        }
        debtors += &format!("{}\n", twin.join(","));
        *line = line.replacen(&party[1], &key, 1);
        made.insert(party[0].clone(), (key, party[1].clone()));
    }
    fs::write(court.exports.join("debtors.csv"), debtors).unwrap();
    fs::write(court.exports.join("parties.csv"), moved.join("\n") + "\n").unwrap();
    made
}

fn links(court: &Court, more: &[&str]) -> String {
    let output = court.command(&[&["catalog", "links"], more].concat()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn capped(confidence: &str, probability: f64) -> &str {
    match confidence {
        "high" if probability >= 0.999 => "medium",
        "high" | "medium" if probability < 0.999 => "low",
        other => other,
    }
}

#[test]
fn a_linked_identity_is_rated_as_the_person_leaned_on_less_and_undone_by_a_word() {
    let court = Court::of(500);
    // The town before: in a work folder of its own, for a party whom a later export lacks is one still.
    let whole = court.path("whole");
    court.night_in(&whole, DAY, &[]);
    let all: BTreeSet<String> = texts(&table(&whole, "ratings"), "case_no").into_iter().flatten().collect();
    let before = rated(&whole, &all);
    let debtors = fs::read_to_string(court.exports.join("debtors.csv")).unwrap();
    let twins = twins(&court);
    let config = fs::read_to_string(&court.config).unwrap();
    fs::write(&court.config, config.replace("[identity]", "[identity]\nlink = \"on\"\nlink_threshold = 0.9")).unwrap();
    court.night(DAY, &[]);
    let after = rated(&court.work, &twins.keys().cloned().collect());
    let mut lowered: BTreeMap<&str, usize> = BTreeMap::new();
    for (case_no, now) in &after {
        let was = &before[case_no];
        assert_eq!((&now.debtor, now.basis.as_str(), now.figures), (&was.debtor, "linked", was.figures), "{case_no}");
        let probability = now.probability.unwrap();
        assert!(was.probability.is_none() && probability >= 0.9, "{case_no}: {probability}");
        assert_eq!(now.confidence, capped(&was.confidence, probability), "{case_no}");
        *lowered.entry(&now.confidence).or_default() += usize::from(now.confidence != was.confidence);
    }
    println!("{} of {} cases of the linked are rated; confidence lowered to: {lowered:?}", after.len(), twins.len());
    assert!(after.len() >= 15 && lowered["medium"] > 0, "{lowered:?}");

    // All are listed, without a value of anybody, and by the keys that a decision names where that is asked for.
    let listed = links(&court, &[]);
    assert!(listed.contains(&format!("{} linked, ", twins.len())), "{listed}");
    let names: BTreeSet<&str> = debtors.lines().skip(1).map(|line| line.split(',').nth(NAME).unwrap()).collect();
    assert!(names.iter().all(|name| !listed.contains(name)) && !listed.contains("\"T0\""));
    let with_keys = links(&court, &["--keys"]);
    assert!(twins.values().all(|(twin, known)| [twin, known].iter().all(|key| with_keys.contains(&format!("key \"{key}\"")))));

    // The sheet says so, and a word parts them.
    let (case_no, (twin, known)) = twins.iter().find(|(case_no, _)| after.contains_key(*case_no)).unwrap();
    let sheet = |what: &str| {
        let out = court.path(what);
        let output = court.command(&["sheet", case_no]).arg("--out").arg(&out).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::read_to_string(out).unwrap().contains("系按姓名、出生日期等信息比对并入")
    };
    assert!(sheet("linked.html"));
    let decision =
        format!("source_a,ref_a,source_b,ref_b,decision,judge_code,decided_on,known_on\n,{twin},,{known},not_same,J1,{DAY},{DAY}\n");
    fs::write(court.exports.join("identity_decisions.csv"), decision).unwrap();
    court.night(DAY, &[]);
    let parted = &rated(&court.work, &BTreeSet::from([case_no.clone()]))[case_no];
    assert_eq!((parted.basis.as_str(), parted.probability), ("ref", None));
    assert_ne!(parted.debtor, after[case_no].debtor);
    assert!(!sheet("parted.html"));
    assert!(links(&court, &[]).contains(&format!("{} linked, ", twins.len() - 1)));
    // Off is off: nothing stays linked.
    fs::write(&court.config, config).unwrap();
    court.night(DAY, &[]);
    let off = rated(&court.work, &after.keys().cloned().collect());
    for (case_no, now) in &off {
        assert_eq!((now.basis.as_str(), now.probability), ("ref", None), "{case_no}");
    }
}
