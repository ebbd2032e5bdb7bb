//! Links end: by a person's word, by a number, by the configuration. Each row then goes back to whose it was.

use luheng_lake::ingest::mapping::Mode;

use crate::exports::*;
use crate::town::key;

#[test]
fn what_a_person_sets_apart_parts_again_row_by_row() {
    for mode in [Mode::Full, Mode::Delta] {
        let nights = Nights::new(mode);
        nights.night(0, &base());
        let word = decision("B2", "A1", "not_same", "2025-06-02");
        let all: Vec<Row> = base().into_iter().chain([word.clone()]).collect();
        nights.night(1, if mode == Mode::Full { &all } else { std::slice::from_ref(&word) });
        assert_parted(&nights, &base());
        let links = lines(&nights.links(), &["left", "decision", "decided_on", "undone_on"]);
        assert!(links.contains(&format!("{} linked 2025-06-01 2025-06-02", by_ref("B2"))), "{links:?}");
        // And together again when the word is taken back.
        let back = decision("A1", "B2", "same", "2025-06-03");
        let all: Vec<Row> = all.into_iter().chain([back.clone()]).collect();
        nights.night(2, if mode == Mode::Full { &all } else { std::slice::from_ref(&back) });
        assert!(!nights.debtors_of("conduct").contains(&by_ref("B2")));
        let basis = nights.texts("debtors", &["debtor_id", "identity_basis", "link_probability"]);
        assert!(basis.contains(&format!("{} linked 1", known())), "{basis:?}");
        let links = lines(&nights.links(), &["left", "decision", "decided_on", "undone_on"]);
        assert!(links.contains(&format!("{} declared 2025-06-03 -", by_ref("B2"))), "{links:?}");
    }
}

#[test]
fn a_link_switched_off_leaves_no_trace_in_the_lake() {
    let mut nights = Nights::new(Mode::Delta);
    nights.night(0, &base());
    nights.linking = None;
    nights.night(1, &[]);
    assert_parted(&nights, &base());
    assert!(lines(&nights.links(), &["decision", "undone_on"]).contains(&"linked 2025-06-02".to_owned()));
}

#[test]
fn a_number_learnt_that_contradicts_the_link_ends_it() {
    for (number, id) in [("990000199001010017", key().pseudonym("990000199001010017")), ("990000198502150021", known())] {
        let nights = Nights::new(Mode::Delta);
        nights.night(0, &base());
        let learnt = ALIKE.replace("other,,", &format!("resident_id,{number},")).replace("2025-01-01", "2025-05-02");
        nights.night(1, &[row(0, &learnt)]);
        let of_his = nights.texts("conduct", &["document_no", "debtor_id"]);
        assert!(of_his.contains(&format!("D1B2 {id}")) && of_his.contains(&format!("D2B2 {id}")), "{of_his:?}");
        assert!(of_his.contains(&format!("D0A1 {}", known())) && of_his.contains(&format!("D2A1 {}", known())));
        assert_eq!(nights.texts("debtors", &["debtor_id", "identity_basis"]).iter().filter(|l| l.contains("linked")).count(), 0);
        let all: Vec<Row> = base().into_iter().chain([row(0, &learnt)]).collect();
        assert_parted(&nights, &all);
    }
}

#[test]
fn a_word_that_is_not_known_yet_or_was_withdrawn_is_none_and_one_that_confirms_is_certain() {
    let nights = Nights::new(Mode::Delta);
    let not_yet = decision("B2", "A1", "not_same", "2025-07-01");
    nights.night(0, &base().into_iter().chain([not_yet]).collect::<Vec<_>>());
    assert!(!nights.debtors_of("conduct").contains(&by_ref("B2")));
    let basis = || nights.texts("debtors", &["debtor_id", "identity_basis", "link_probability"]);
    assert!(basis().contains(&format!("{} linked 0.99999", known())), "{:?}", basis());
    // Who is linked stays where he is; what the lake says of it is another word.
    nights.night(1, &[decision("B2", "A1", "same", "2025-06-02")]);
    assert!(basis().contains(&format!("{} linked 1", known())), "{:?}", basis());
    let withdrawn = Nights::new(Mode::Full);
    let text = format!("{}2025-05-02", decision("B2", "A1", "not_same", "2025-05-01").1);
    withdrawn.night(0, &base().into_iter().chain([(7, text)]).collect::<Vec<_>>());
    assert!(!withdrawn.debtors_of("conduct").contains(&by_ref("B2")));
}
