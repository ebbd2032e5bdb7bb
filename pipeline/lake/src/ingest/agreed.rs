//! What tonight's files say of who is a party, whose an asset is and which cases there are, before any row is placed. Rows that contradict each other
//! are refused later. Of parties and assets they must say nothing either: copies would lie with those whom a full export names each night, and changes
//! only once. That a case is there they say, for no row of it says otherwise: its name is kept, so that later nights know it where no row of it was left.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::record::Said;
use crate::columns::Columns;
use crate::error::Result;
use crate::store::parquet;
use crate::store::seal::Seal;

/// Something said by a row, and what tells whether another row says otherwise.
pub(super) struct Word<T> {
    pub said: Said,
    pub content: u64,
    /// `None` where it says nothing of what is asked, and may contradict another all the same.
    pub what: Option<T>,
}

/// These words parted, in their order: those that no other contradicts, and the others.
pub(super) fn agreed<T>(words: Vec<Word<T>>) -> (Vec<T>, Vec<T>) {
    let mut sorted: Vec<(Said, u64)> = words.iter().map(|w| (w.said, w.content)).collect();
    sorted.sort_unstable();
    sorted.dedup();
    let contradicted: Vec<Said> = sorted.chunk_by(|a, b| a.0 == b.0).filter(|c| c.len() > 1).map(|c| c[0].0).collect();
    let (mut stand, mut fall) = (Vec::new(), Vec::new());
    for Word { said, what, .. } in words {
        let side = if contradicted.binary_search(&said).is_err() { &mut stand } else { &mut fall };
        side.extend(what);
    }
    (stand, fall)
}

/// Numbers of cases that rows named which contradict each other, of all nights; sealed as the lake is.
fn disputed_file(lake: &Path) -> PathBuf {
    lake.join("_disputed_cases.parquet")
}

/// The numbers kept in a lake.
pub(super) fn read_disputed(lake: &Path, seal: &Seal) -> Result<BTreeSet<String>> {
    let Some(table) = parquet::read_if_present(&disputed_file(lake), seal)? else { return Ok(BTreeSet::new()) };
    let numbers = table.require("case_no")?;
    Ok((0..table.len()).filter_map(|row| numbers.text_at(row).map(str::to_owned)).collect())
}

/// Keeps the numbers in a lake.
pub(super) fn write_disputed(lake: &Path, cases: &BTreeSet<String>, seal: &Seal) -> Result<()> {
    if cases.is_empty() {
        return Ok(());
    }
    parquet::write(&disputed_file(lake), &Columns::new().text("case_no", cases.iter().map(Some)), seal).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::super::record::NO_DAY;
    use super::*;

    #[test]
    fn words_of_one_key_and_day_that_differ_are_none() {
        let word = |key, seen, content, what| Word { said: (key, NO_DAY, seen), content, what: Some(what) };
        let silent = Word { what: None, ..word(3, 5, 11, "") };
        let words = vec![word(1, 5, 10, "a"), word(2, 5, 10, "b"), word(1, 5, 11, "c"), word(1, 6, 11, "d"), word(2, 5, 10, "e")];
        let words = words.into_iter().chain([word(3, 5, 10, "f"), silent]).collect();
        assert_eq!(agreed(words), (vec!["b", "d", "e"], vec!["a", "c", "f"]));
    }
}
