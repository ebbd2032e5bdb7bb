//! Links of a lake against known truth: an imaginary court whose people come a second time without a number, as another register has them.

use std::collections::{BTreeMap, BTreeSet};

use luheng_lake::columns::day;
use luheng_lake::ingest::mapping::Mode;

use crate::exports::*;
use crate::imaginary;
use crate::town::key;

const KNOWN_PEOPLE: u64 = 3_000;
const STRANGERS: u64 = 400;

fn debtor(reference: &str, number: &str, entry: &imaginary::Entry) -> Row {
    let kind = if number.is_empty() { "other" } else { "passport" };
    let birth = entry.birth.clone().filter(|b| day::parse(b).is_some()).unwrap_or_default();
    let [phone, address] = [&entry.phone, &entry.address].map(|value| value.clone().unwrap_or_default());
    (0, format!("{reference},natural,{kind},{number},{},{phone},{address},{birth},{},2025-01-01", entry.name, entry.region))
}

/// Figures are printed (`--nocapture`); floors are asserted.
#[test]
fn links_of_a_court_are_right_and_most_of_them_are_found() {
    let town = imaginary::Town::new(11);
    let mut rows: Vec<Row> = (0..KNOWN_PEOPLE).map(|n| debtor(&format!("N{n}"), &format!("E{n}"), &town.person(n))).collect();
    let twins: BTreeMap<String, String> = (0..KNOWN_PEOPLE)
        .step_by(3)
        .map(|n| {
            rows.push(debtor(&format!("T{n}"), "", &town.other(n, 1)));
            (by_ref(&format!("T{n}")), key().pseudonym(&format!("E{n}")))
        })
        .collect();
    rows.extend((0..STRANGERS).map(|n| debtor(&format!("S{n}"), "", &town.other(2 * KNOWN_PEOPLE + n, 1))));
    let nights = Nights::new(Mode::Full);
    nights.night(0, &rows);
    let links = nights.links();
    let text = |name: &str, at: usize| links.get(name).unwrap().text_at(at).unwrap().to_owned();
    let linked: BTreeSet<(String, String)> = (0..links.len())
        .filter(|&at| text("decision", at) != "review")
        .map(|at| {
            let probability = links.get("probability").unwrap().real_at(at).unwrap();
            // Exactly 1 would be said to be a person's decision.
            assert!((HOW.threshold..1.0).contains(&probability));
            (text("left", at), text("right", at))
        })
        .collect();
    // What the list says is what the lake does: whoever is not in it lies under his own key.
    let own: BTreeSet<String> = nights.debtors_of("debtors").into_iter().collect();
    for twin in twins.keys() {
        assert_ne!(own.contains(twin), linked.iter().any(|(left, _)| left == twin));
    }
    let right = linked.iter().filter(|(left, right)| twins.get(left) == Some(right)).count();
    let (precision, recall) = (right as f64 / linked.len() as f64, right as f64 / twins.len() as f64);
    println!(
        "ingest with link = \"on\": {} of {} without a number linked, {} of them have a twin; precision {precision:.4}, recall {recall:.4}, threshold {}",
        linked.len(),
        twins.len() + STRANGERS as usize,
        twins.len(),
        HOW.threshold
    );
    assert!(precision >= 0.99 && recall >= 0.75, "precision {precision}, recall {recall}");
}
