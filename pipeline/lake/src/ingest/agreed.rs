//! What tonight's files say of who is a party and whose an asset is, before any row is placed: rows that contradict each other are
//! refused later, so they must not say it either. Else copies would lie with those whom a full export names each night, and changes only once.

use super::record::Said;

/// Something said by a row, and what tells whether another row says otherwise.
pub(super) struct Word<T> {
    pub said: Said,
    pub content: u64,
    pub what: T,
}

/// What is left of these words when those are taken out that contradict each other, in their order.
pub(super) fn agreed<T>(words: Vec<Word<T>>) -> impl Iterator<Item = T> {
    let mut sorted: Vec<(Said, u64)> = words.iter().map(|w| (w.said, w.content)).collect();
    sorted.sort_unstable();
    sorted.dedup();
    let contradicted: Vec<Said> = sorted.chunk_by(|a, b| a.0 == b.0).filter(|c| c.len() > 1).map(|c| c[0].0).collect();
    let stands = move |w: &Word<T>| contradicted.binary_search(&w.said).is_err();
    words.into_iter().filter(stands).map(|w| w.what)
}

#[cfg(test)]
mod tests {
    use super::super::record::NO_DAY;
    use super::*;

    #[test]
    fn words_of_one_key_and_day_that_differ_are_none() {
        let word = |key, seen, content, what| Word { said: (key, NO_DAY, seen), content, what };
        let words = vec![word(1, 5, 10, "a"), word(2, 5, 10, "b"), word(1, 5, 11, "c"), word(1, 6, 11, "d"), word(2, 5, 10, "e")];
        assert_eq!(agreed(words).collect::<Vec<_>>(), ["b", "d", "e"]);
    }
}
