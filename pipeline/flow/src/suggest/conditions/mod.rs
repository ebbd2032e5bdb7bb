//! The named conditions of measures: each reads facts and answers met, unmet or unknown, with the rows that show it. The catalog combines them; no
//! measure has code of its own.

mod acts;
mod case;
mod lists;
mod papers;
mod property;
mod rated;
mod subject;

use super::facts::{Situation, Verdict};

/// One condition.
#[derive(Clone, Copy, Debug)]
pub struct Condition {
    /// Name in the catalog.
    pub name: &'static str,
    /// What it says, in Chinese.
    pub zh: &'static str,
    /// The same in English.
    pub en: &'static str,
    /// Does it read a grade, score or probability? Then no measure of intrusiveness 3 or more may use it.
    pub reads_rating: bool,
    /// The reading.
    pub read: for<'a, 's> fn(&'a Situation<'s>) -> Verdict<'s>,
}

impl Condition {
    /// A condition over facts.
    const fn of(name: &'static str, zh: &'static str, en: &'static str, read: for<'a, 's> fn(&'a Situation<'s>) -> Verdict<'s>) -> Self {
        Self { name, zh, en, reads_rating: false, read }
    }

    /// A condition over the rating.
    const fn of_rating(
        name: &'static str,
        zh: &'static str,
        en: &'static str,
        read: for<'a, 's> fn(&'a Situation<'s>) -> Verdict<'s>,
    ) -> Self {
        Self { name, zh, en, reads_rating: true, read }
    }
}

/// Every condition, in a fixed order: a condition's place in it is how the rest of the stage refers to it.
pub fn all() -> impl Iterator<Item = &'static Condition> {
    let lists: [&'static [Condition]; 7] = [case::LIST, subject::LIST, acts::LIST, property::LIST, lists::LIST, papers::LIST, rated::LIST];
    lists.into_iter().flatten()
}

/// The place of a condition.
pub fn position(name: &str) -> Option<usize> {
    all().position(|c| c.name == name)
}

/// Reads every condition of a party.
pub fn read<'s>(situation: &Situation<'s>) -> Vec<Verdict<'s>> {
    all().map(|c| (c.read)(situation)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_words_of_code_and_given_once() {
        let names: Vec<&str> = all().map(|c| c.name).collect();
        assert!(names.len() >= 30, "{}", names.len());
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        assert!(names.iter().all(|n| n.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
        assert!(all().all(|c| !c.zh.is_empty() && !c.en.is_empty()));
    }

    #[test]
    fn only_the_conditions_of_one_file_read_the_rating() {
        assert!(all().filter(|c| c.reads_rating).all(|c| c.name.starts_with("rated_")));
        assert!(all().filter(|c| c.name.starts_with("rated_")).all(|c| c.reads_rating));
    }
}
