//! What links do not let out of the vault, and what leaves it.

use std::fs;

use luheng_lake::ingest::mapping::Mode;
use luheng_lake::store::seal::Seal;
use luheng_lake::store::{input, parquet};

use crate::exports::*;

#[test]
fn no_identity_value_leaves_the_vault() {
    let nights = Nights::new(Mode::Full);
    let rows: Vec<Row> = base()
        .into_iter()
        .chain([decision("B2", "A1", "not_same", "2025-05-01"), decision("KEY-77", "B2", "same", "2025-05-01")])
        .collect();
    nights.night(0, &rows);
    let request = nights.request(0);
    let secrets = ["990000198502150021", "欧阳淼淼", "歐陽淼淼", "19900006911", "文青路88号3幢201室", "KEY-77", "A1", "B2"];
    let mut seen = 0;
    for path in input::files_below(&request.work.root).unwrap() {
        let bytes = fs::read(&path).unwrap();
        let in_vault = path.starts_with(request.work.vault());
        for secret in secrets.iter().filter(|s| s.len() > 2) {
            assert!(!bytes.windows(secret.len()).any(|w| w == secret.as_bytes()), "{secret} in {}", path.display());
        }
        if path.extension().is_some_and(|e| e == "parquet") && !in_vault {
            let table = parquet::read(&path, &Seal::none()).unwrap();
            for (name, column) in table.iter() {
                for text in (0..column.len()).filter_map(|i| column.text_at(i)) {
                    seen += 1;
                    assert!(!secrets.contains(&text), "{name} of {} holds an identity value", path.display());
                }
            }
        }
    }
    assert!(seen > 1_000);
    // The list of links itself knows pseudonyms alone.
    for text in lines(&nights.links(), &["left", "right", "steps"]) {
        assert!(!secrets.iter().filter(|s| s.len() > 2).any(|s| text.contains(s)), "{text}");
    }
    let decisions = nights.rows("identity_decisions");
    assert!(decisions.get("ref_a").is_none() && decisions.len() == 2);
}

#[test]
fn audit_attributes_are_a_persons_own_and_not_those_of_one_who_is_like_him() {
    // A district of a city, and later a county.
    let district = KNOWN.replace(",990103,", ",330106,");
    let county = ALIKE.replace(",990103,2025-01-01", ",330122,2025-05-01");
    let others = base().into_iter().filter(|(_, text)| ![KNOWN, ALIKE].contains(&text.as_str()));
    let rows: Vec<Row> = others.chain([row(0, &district), row(0, &county)]).collect();
    let of = |linking| {
        let nights = Nights { linking, ..Nights::new(Mode::Full) };
        nights.night(0, &rows);
        nights.audited()
    };
    let (off, on) = (of(None), of(Some(HOW)));
    assert!(off.contains_key(&by_ref("B2")) && !on.contains_key(&by_ref("B2")));
    assert_eq!((&on[&known()], on[&known()].urban), (&off[&known()], Some(true)));
}

#[test]
fn who_leaves_takes_what_the_vault_holds_of_those_linked_to_him_along() {
    let closed: Vec<Row> = base().into_iter().map(|(t, text)| (t, text.replace("2025-01-05,,", "2025-01-05,closed,2025-03-01"))).collect();
    let caseless: Vec<Row> = base().into_iter().filter(|(table, _)| *table == 0).collect();
    for rows in [closed, caseless] {
        for linking in [None, Some(HOW)] {
            let nights = Nights { linking, expires: true, ..Nights::new(Mode::Delta) };
            for night in 0..2 {
                nights.night(night, if night == 0 { &rows } else { &[] });
                assert_eq!(nights.links().is_empty(), linking.is_none());
                for table in WITH_DEBTORS {
                    assert!(nights.debtors_of(table).is_empty(), "{table}");
                }
                assert!(nights.identities().is_empty(), "night {night}, {linking:?}");
            }
        }
    }
}

#[test]
fn the_lakes_own_records_which_are_in_the_clear_do_not_say_who_is_linked() {
    let nights = Nights::new(Mode::Full);
    nights.night(0, &base());
    assert!(!nights.debtors_of("conduct").contains(&by_ref("B2")));
    for record in ["_state.json", "lake.json"] {
        let text = fs::read_to_string(nights.request(0).work.lake().join(record)).unwrap();
        assert!(![known(), by_ref("B2")].iter().any(|id| text.contains(id)), "{record}");
    }
}
