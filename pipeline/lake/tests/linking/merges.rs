//! Who is linked: whom the threshold lets, no two numbers, under the model of the first night.

use std::collections::BTreeMap;

use luheng_lake::ingest::mapping::Mode;
use luheng_lake::ingest::{self, Linking};
use luheng_lake::store::parquet;
use luheng_lake::store::seal::Seal;

use crate::exports::*;
use crate::town::key;

#[test]
fn a_debtor_without_a_number_goes_where_his_like_is_and_a_namesake_does_not() {
    let nights = Nights::new(Mode::Full);
    let report = nights.night(0, &base());
    for table in WITH_DEBTORS {
        assert!(!nights.debtors_of(table).contains(&by_ref("B2")), "{table}");
    }
    let of_known: Vec<String> = nights
        .texts("debtors", &["debtor_id", "identity_basis", "link_probability"])
        .into_iter()
        .filter(|l| l.starts_with(&known()))
        .collect();
    assert_eq!(of_known.len(), 2, "{of_known:?}");
    assert!(of_known[0].ends_with("linked 0.99999") && of_known[1].ends_with("number -"), "{of_known:?}");
    // His receipt in the case of both is the known one's own; the one who follows him in the other names him too.
    assert_eq!(
        nights.texts("payments", &["debtor_id", "case_no", "is_own"]).iter().filter(|l| l.ends_with(&format!("{} true", CASES[2]))).count(),
        2
    );
    assert!(nights.texts("parties", &["after_party"]).contains(&known()));
    assert_eq!(nights.debtors_of("seizures"), [known()]);
    assert!(nights.debtors_of("debtors").contains(&by_ref("C3")));
    let links = lines(&nights.links(), &["left", "right", "decision", "decided_on", "undone_on"]);
    assert!(links.contains(&format!("{} {} linked 2025-06-01 -", by_ref("B2"), known())), "{links:?}");
    assert!(links.contains(&format!("{} {} review - -", by_ref("C3"), known())), "{links:?}");
    let steps = lines(&nights.links(), &["left", "steps"]).into_iter().find(|l| l.starts_with(&by_ref("B2"))).unwrap();
    assert!(steps.contains("name variant +") && steps.contains("birth same +") && !steps.contains("欧阳"), "{steps}");
    // The vault keeps everybody under his own pseudonym, and no reader meets one of those who are linked.
    assert!(nights.identities().contains(&by_ref("B2")));
    assert!(!nights.rows("conduct").names().any(|name| name.ends_with("_unlinked")));
    // Nothing is lost or made by it.
    let off = Nights { linking: None, ..Nights::new(Mode::Full) };
    let plain = off.night(0, &base());
    assert_eq!(report.lake.rows, plain.lake.rows);
    let differ: Vec<&String> = plain.lake.content.keys().filter(|t| plain.lake.content[*t] != report.lake.content[*t]).collect();
    assert_eq!(differ, ["debtors"], "whose rows are gathered under whom is content of that table");
    assert!(off.debtors_of("conduct").contains(&by_ref("B2")));
    assert!(off.links().is_empty());
}

#[test]
fn the_two_may_come_from_two_sources_on_two_nights() {
    let nights = Nights { sources: vec!["330106", "330109"], ..Nights::new(Mode::Delta) };
    let mut rows = base();
    rows.retain(|(_, text)| !text.contains("B2"));
    nights.night(0, &rows);
    nights.night(
        1,
        &[
            row(0, ALIKE),
            (2, format!("{},B2,joined,,2025-05-05", CASES[0])),
            (6, format!(",B2,{},served,2025-05-10,D9,2025-05-11", CASES[0])),
        ],
    );
    let other = key().pseudonym("ref:330109:B2");
    for table in WITH_DEBTORS {
        assert!(!nights.debtors_of(table).contains(&other), "{table}");
    }
    assert_eq!(nights.debtors_of("conduct").iter().filter(|d| **d == known()).count(), 3);
}

#[test]
fn two_known_numbers_are_never_one_whatever_anybody_says() {
    let nights = Nights::new(Mode::Full);
    let twin = KNOWN.replace("A1,", "T9,").replace("990000198502150021", "990000199001010017");
    let other = key().pseudonym("990000199001010017");
    let mut rows = base();
    rows.extend([row(0, &twin), decision("A1", "T9", "same", "2025-05-01"), (2, format!("{},T9,joint,,2025-01-05", CASES[0]))]);
    let report = nights.night(0, &rows);
    let ids = nights.debtors_of("debtors");
    assert!(ids.contains(&known()) && ids.contains(&other));
    assert!(report.warnings.iter().any(|w| w.contains("declared the same was not merged")), "{:?}", report.warnings);
    // The one alike to both is left to a person, who may say.
    assert!(ids.contains(&by_ref("B2")));
    rows.push(decision("B2", "T9", "same", "2025-05-01"));
    let declared = Nights::new(Mode::Full);
    declared.night(0, &rows);
    assert_eq!(declared.debtors_of("debtors").iter().filter(|d| **d == other).count(), 2);
}

#[test]
fn the_threshold_is_kept() {
    // Name and birth alone: likely, not sure.
    let rows: Vec<Row> = base().into_iter().chain([row(0, "F6,natural,other,,欧阳淼,,,1985-02-15,,2025-01-01")]).collect();
    let of = |threshold: f64| {
        let nights = Nights { linking: Some(Linking { threshold, ..HOW }), ..Nights::new(Mode::Full) };
        nights.night(0, &rows);
        let links = nights.links();
        let at = (0..links.len()).find(|&at| links.get("left").unwrap().text_at(at) == Some(by_ref("F6").as_str())).unwrap();
        let decision = links.get("decision").unwrap().text_at(at).unwrap().to_owned();
        (links.get("probability").unwrap().real_at(at).unwrap(), decision, nights.debtors_of("debtors").contains(&by_ref("F6")))
    };
    let (probability, ..) = of(0.999_999);
    assert!(probability > 0.51 && probability < 0.9999, "{probability}");
    assert_eq!(of(probability - 1e-6), (probability, "linked".to_owned(), false));
    assert_eq!(of(probability + 1e-6), (probability, "review".to_owned(), true));
    let absurd = Nights { linking: Some(Linking { threshold: 0.4, ..HOW }), ..Nights::new(Mode::Full) };
    absurd.export(0, &base(), false);
    assert_eq!(ingest::ingest(&absurd.request(0), &mut |_| {}).unwrap_err().exit_status(), 4);
}

#[test]
fn the_model_is_kept_until_another_training_is_asked_for() {
    let model = |nights: &Nights| {
        let rows = parquet::read(&nights.request(0).work.vault().join("link-model.parquet"), &nights.request(0).vault).unwrap();
        lines(&rows, &["links", "training", "hash"])
    };
    let mut nights = Nights::new(Mode::Delta);
    nights.night(0, &base());
    let first = model(&nights);
    nights.night(1, &[(0, "N900,natural,passport,E900,王大山,,,,,2025-05-01".to_owned())]);
    assert_eq!(model(&nights), first);
    nights.linking = Some(Linking { training: 2, ..HOW });
    let report = nights.night(2, &[]);
    assert!(report.warnings.iter().any(|w| w.contains("model was trained of 304 records")), "{:?}", report.warnings);
    let second = model(&nights);
    assert!(second[0].starts_with("person 2 ") && second[0][9..] != first[0][9..], "{second:?}");
    assert!(parquet::read(&nights.request(0).work.vault().join("links.parquet"), &Seal::none()).is_err(), "sealed");
}

/// The counted copy of what they shared may be that of either, and goes where a copy lies already.
#[test]
fn two_parties_of_a_case_who_turn_out_to_be_one_leave_its_rows_counted_once() {
    let word = |debtor: &str| decision(debtor, "A1", "same", "2025-06-02");
    let number = |debtor: &str| {
        let known = KNOWN.replace("A1,", &format!("{debtor},")).replace("2025-01-01", "2025-05-02");
        row(0, &if debtor == "C3" { known } else { known.replace("欧阳淼淼", "歐陽淼淼") })
    };
    for (linking, says) in [(Some(HOW), &word as &dyn Fn(&str) -> Row), (None, &number)] {
        let nights = Nights { linking, ..Nights::new(Mode::Delta) };
        // Nobody is like anybody until it is said.
        let mut rows: Vec<Row> = base().into_iter().filter(|(_, text)| text != ALIKE).collect();
        rows.push(row(0, "B2,natural,other,,某某某,,,,,2025-01-01"));
        rows.extend(["A1", "C3"].map(|debtor| (2, format!("{},{debtor},joint,,2025-01-05", CASES[1]))));
        nights.night(0, &rows);
        let before = nights.info();
        for (night, debtor) in [(1, "C3"), (2, "B2")] {
            nights.night(night, &[says(debtor)]);
            let counted = |rows: &BTreeMap<String, u64>| ["cases", "parties", "payments", "seizures", "conduct"].map(|table| rows[table]);
            assert_eq!(
                counted(&nights.info().rows),
                counted(&before.rows),
                "{debtor} by {}",
                if linking.is_some() { "word" } else { "number" }
            );
        }
        assert!(nights.debtors_of("cases").iter().all(|debtor| *debtor == known()));
    }
}

#[test]
fn a_row_that_waited_goes_where_its_debtor_is_linked() {
    let nights = Nights::new(Mode::Delta);
    let rows: Vec<Row> = base().into_iter().chain([row(6, ",B2,（2025）浙0106执9号,served,2025-05-10,D9,2025-05-11")]).collect();
    nights.night(0, &rows);
    nights.night(1, &[row(1, "（2025）浙0106执9号,money,1,2025-05-12,,"), row(2, "（2025）浙0106执9号,B2,principal,,2025-05-12")]);
    let of_his = nights.texts("conduct", &["document_no", "debtor_id"]);
    assert!(of_his.contains(&format!("D9 {}", known())), "{of_his:?}");
}
