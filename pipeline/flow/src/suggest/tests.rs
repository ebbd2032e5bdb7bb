//! The catalog as it is shipped, and a catalog with faults.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use luheng_lake::catalog::CatalogFiles;

use super::*;
use crate::suggest::catalog::COERCIVE;

fn shipped() -> Catalog {
    match Catalog::load(&CatalogFiles::embedded()) {
        Ok(catalog) => catalog,
        Err(faults) => panic!("{}", faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

#[test]
fn the_shipped_catalog_loads_and_is_wide_enough() {
    let catalog = shipped();
    assert!(catalog.measures().count() >= 28, "{}", catalog.measures().count());
    assert!(catalog.measures().filter(|m| m.kind == Kind::Mandatory).count() >= 8);
}

#[test]
fn no_measure_that_is_felt_reads_a_rating() {
    for measure in shipped().measures().filter(|m| m.intrusiveness >= COERCIVE) {
        assert!(!measure.reads_rating(), "{}", measure.id);
        assert!(!measure.legal_basis.is_empty(), "{}", measure.id);
    }
}

#[test]
fn every_measure_rests_on_something_and_every_article_was_read_somewhere() {
    let catalog = shipped();
    for measure in catalog.measures() {
        assert!(!measure.policy_ref.is_empty(), "{}", measure.id);
        assert!(!measure.title.zh.is_empty() && !measure.title.en.is_empty(), "{}", measure.id);
    }
    assert!(catalog.law.articles().all(|a| a.checked.starts_with("domain.md")));
    assert!(catalog.law.articles().all(|a| !a.checked.contains("[m]")));
}

#[test]
fn listing_needs_an_act_and_never_follows_from_inability() {
    let catalog = shipped();
    let listing = catalog.measure("dishonest_listing").unwrap();
    let named = |places: &[usize]| places.iter().map(|at| conditions::all().nth(*at).unwrap().name).collect::<Vec<_>>();
    assert!(named(&listing.requires).contains(&"listing_ground_found"));
    for needed in ["minor", "control_suffices", "security_sufficient", "later_in_rank", "settlement_in_force"] {
        assert!(named(&listing.forbids).contains(&needed), "{needed}");
    }
    for measure in catalog.measures().filter(|m| m.intrusiveness >= COERCIVE) {
        let requires = named(&measure.requires);
        let poor = ["no_means_known", "no_sufficient_means_known", "insolvent_on_known_facts"];
        let is_relief = ["bankruptcy_transfer", "join_shareholder"].contains(&measure.id.as_str());
        assert!(is_relief || !requires.iter().any(|r| poor.contains(r)), "{}", measure.id);
    }
}

#[test]
fn sanctions_need_an_act_that_was_not_sanctioned_before() {
    let catalog = shipped();
    for (id, act) in [("fine", "unsanctioned_act_found"), ("detention", "grave_unsanctioned_act_found")] {
        let measure = catalog.measure(id).unwrap();
        assert!(measure.requires.iter().any(|at| conditions::all().nth(*at).unwrap().name == act), "{id}");
        assert_eq!(measure.approver, "president");
    }
}

#[test]
fn every_condition_is_used_by_a_measure_or_by_the_order() {
    let catalog = shipped();
    let used: BTreeSet<usize> = catalog.measures().flat_map(|m| m.concerns.iter().chain(&m.requires).chain(&m.forbids)).copied().collect();
    for (at, condition) in conditions::all().enumerate() {
        assert!(used.contains(&at) || ["failure_recorded", "rated_unable_willing"].contains(&condition.name), "{}", condition.name);
    }
}

#[test]
fn faults_come_all_at_once_with_file_and_key() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("measures");
    let fine = CatalogFiles::embedded().get("measures/fine.toml").unwrap().to_owned();
    let wrong = fine
        .replace("\"msf_114\"", "\"msf_999\"")
        .replace("\"unsanctioned_act_found\"]", "\"rated_able_willing\", \"no_such_condition\"]")
        .replace("cost_days = 1", "cost_days = 0");
    luheng_lake::store::atomic::create_dir(&folder).unwrap();
    luheng_lake::store::text::write_text(&folder.join("fine.toml"), &wrong).unwrap();
    luheng_lake::store::text::write_text(&folder.join("broken.toml"), "id = \"broken\"\nsurprise = 1\n").unwrap();
    let files = CatalogFiles::embedded().overlay(dir.path()).unwrap();
    let faults: Vec<String> = Catalog::load(&files).unwrap_err().iter().map(ToString::to_string).collect();
    let all = faults.join("\n");
    for expected in ["msf_999", "rated_able_willing", "no_such_condition", "cost_days", "measures/broken.toml", "surprise", "text.zh"] {
        assert!(all.contains(expected), "{expected} in {all}");
    }
    assert!(faults.iter().filter(|f| f.starts_with("measures/fine.toml")).count() >= 4, "{all}");
}

#[test]
fn an_empty_table_has_the_columns_of_the_contract_in_order() {
    let names: Vec<String> = table(Vec::new()).names().map(str::to_owned).collect();
    let expected = "case_no debtor_id rank measure kind eligible preconditions blocked_by evidence_needed initiator approver due_on target gain_fen \
                    gain_low_fen gain_high_fen gain_basis cost_days intrusiveness legal_basis policy_ref text_zh text_en evidence";
    assert_eq!(names.join(" "), expected.split_whitespace().collect::<Vec<_>>().join(" "));
}
