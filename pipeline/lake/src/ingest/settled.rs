//! What one row does to the counts and to the content of its table, and which of several rows are facts.

use super::held::MOVED;
use super::layout::Layout;
use super::record::Header;
use super::reject::{Reject, rule};
use super::settle::{BucketOutcome, TableOutcome};
use super::split::Split;

/// Whether a version says what the one before it said, with none between them that is only not placed yet.
pub(super) fn repeats(before: &Header, header: &Header) -> bool {
    // Two versions that stand in the lake stand because of one between them that was not placed yet.
    let one_is_new = before.fresh || header.fresh;
    one_is_new && before.content == header.content && before.elsewhere == header.elsewhere && header.awaited <= before.seen_on
}

/// Which of several equal rows are facts, those of the lake being the first: one; or, where equal rows of one file are distinct facts, those of the lake
/// and as many more as the file that has most of them.
pub(super) fn staying(equal: &[(Header, &[u8])]) -> std::ops::Range<usize> {
    if !equal.first().is_some_and(|(h, _)| h.repeats) {
        return 0..equal.len().min(1);
    }
    let held = equal.iter().take_while(|(h, _)| !h.fresh).count();
    let most = equal[held..].chunk_by(|a, b| a.0.file == b.0.file).map(<[_]>::len).max().unwrap_or_default();
    0..held.max(most.min(equal.len()))
}

pub(super) fn count_fact(header: &Header, outcome: &mut BucketOutcome, table: &mut TableOutcome) {
    if !header.primary {
        return;
    }
    table.rows += 1;
    match (header.fresh, header.file) {
        (true, MOVED) => table.moved += 1,
        (true, file) => outcome.files.entry(file).or_default().loaded += 1,
        (false, _) => {}
    }
}

/// A row that says what another one said: `known` where that one is the lake's.
pub(super) fn count_repeat(header: &Header, known: bool, outcome: &mut BucketOutcome, table: &mut TableOutcome) {
    if !header.primary {
        return;
    }
    if header.file == MOVED {
        table.met += 1;
        return;
    }
    if !header.fresh {
        table.retired += 1;
        return;
    }
    let settled = outcome.files.entry(header.file).or_default();
    if known {
        settled.loaded += 1;
        settled.unchanged += 1;
    } else {
        settled.duplicates += 1;
    }
}

/// A counted row that contradicts another one.
pub(super) fn count_contradicted(header: &Header, outcome: &mut BucketOutcome, table: &mut TableOutcome) {
    match (header.fresh, header.file) {
        // It left the place where it was counted, and is counted nowhere.
        (true, MOVED) => (table.met, table.contradicted) = (table.met + 1, table.contradicted + 1),
        (true, file) => outcome.files.entry(file).or_default().conflicts += 1,
        (false, _) => (table.retired, table.contradicted) = (table.retired + 1, table.contradicted + 1),
    }
}

/// A counted row in whose place that day's export, made again, says otherwise; true where it is to be told as contradicted, having waited until tonight.
pub(super) fn count_replaced(header: &Header, outcome: &mut BucketOutcome, table: &mut TableOutcome) -> bool {
    match (header.fresh, header.file) {
        (true, MOVED) => table.met += 1,
        (true, file) => outcome.files.entry(file).or_default().conflicts += 1,
        (false, _) => table.retired += 1,
    }
    header.fresh && header.file != MOVED
}

/// The content of a row that a full export no longer has.
pub(super) fn retraction(content: u64) -> u64 {
    content ^ 0x7265_7472_6163_7465
}

/// One source row in the order-free content of its table. The day of the export counts by its place among versions alone, as it does in results:
/// one full load and many nights that come to the same facts have the same content.
pub(super) fn row_hash(header: &Header, ordinal: u32, rank: u32) -> u128 {
    let mut h = blake3::Hasher::new();
    h.update(&header.content.to_le_bytes());
    h.update(&header.key.to_le_bytes());
    h.update(&ordinal.to_le_bytes());
    h.update(&rank.to_le_bytes());
    let mut cut = [0u8; 16];
    cut.copy_from_slice(&h.finalize().as_bytes()[..16]);
    u128::from_be_bytes(cut)
}

/// The reject of a row that contradicts another one.
pub(super) fn conflict(layout: &Layout, header: &Header, split: &Split) -> Reject {
    if header.fresh && header.file != MOVED {
        return conflict_at(layout, header.file, header.line, split);
    }
    Reject { file: format!("lake/{}", layout.name), line: 0, ..conflict_at(layout, u32::MAX, 0, split) }
}

/// The reject of a row of a file that contradicts another one.
pub(super) fn conflict_at(layout: &Layout, file: u32, line: u64, split: &Split) -> Reject {
    let file = split.files.get(file as usize);
    let key: Vec<&str> = match layout.key.as_slice() {
        [] => vec!["all columns"],
        key => key.iter().map(|&i| layout.columns[i].0.as_str()).collect(),
    };
    Reject {
        table: layout.name.clone(),
        source: file.map(|f| f.source.clone()).unwrap_or_default(),
        file: file.map(|f| f.file.clone()).unwrap_or_default(),
        line,
        column: String::new(),
        rule: rule::CONFLICT,
        found: format!("another row of the same key ({}), known_on and export day with other values", key.join(", ")),
        expected: "one row, or rows known or exported on different days".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::NO_DAY;
    use super::*;

    fn row(fresh: bool, file: u32, line: u64, repeats: bool) -> (Header, &'static [u8]) {
        let header = Header {
            debtor: [1; 16],
            key: 2,
            known_on: 20_000,
            seen_on: 20_000,
            content: 3,
            elsewhere: false,
            fresh,
            file,
            line,
            primary: true,
            own: None,
            repeats,
            void: false,
            placed: true,
            given: false,
            awaited: NO_DAY,
            base: [1; 16],
        };
        (header, &[])
    }

    #[test]
    fn of_equal_rows_one_stays_or_as_many_as_the_fullest_file_has() {
        let rows = |repeats| [(0, 1), (1, 1), (1, 2), (2, 1), (2, 2)].map(|(f, l)| row(true, f, l, repeats));
        assert_eq!(staying(&rows(false)), 0..1);
        assert_eq!(staying(&rows(true)), 0..2);
        assert_eq!(staying(&[]), 0..0);
        let held = [row(false, u32::MAX, 0, true), row(false, u32::MAX, 1, true), row(true, 0, 1, true)];
        assert_eq!(staying(&held), 0..2);
        let more = [row(false, u32::MAX, 0, true), row(true, 0, 1, true), row(true, 0, 2, true), row(true, 1, 1, true)];
        assert_eq!(staying(&more), 0..2);
    }
}
