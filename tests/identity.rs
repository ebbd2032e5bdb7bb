//! Nothing of anybody in the sample town is in its work folder outside the vault: all that is packed is unpacked, and every name, number, telephone
//! and address of the town is looked for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use luheng_lake::columns::{ColumnKind, Columns};
use luheng_lake::ingest::identity_no;
use luheng_lake::store::parquet;
use luheng_lake::store::seal::Seal;

use crate::town::{files, sample_town, shared_work};

/// What is looked for, in the form that [`plain`] gives.
struct Values {
    /// Looked for anywhere in a text: numbers, telephones, addresses, and names of three signs or more. In order; none begins with another one.
    anywhere: Vec<String>,
    /// Looked for as the whole of a cell alone: two signs of a person's name may meet in any Chinese sentence.
    whole: BTreeSet<String>,
    /// The first two bytes of those of `anywhere`.
    begins: Vec<bool>,
}

/// Full-width letters and digits as half-width ones, letters as capitals: in whatever way a value is written, it is the same.
fn plain(text: &str) -> String {
    let half = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap(),
        _ => c,
    };
    text.chars().map(|c| half(c).to_ascii_uppercase()).collect()
}

/// A column of a table of the exports, empty cells left out.
fn cells(file: &str, names: &[&str]) -> Vec<BTreeMap<String, String>> {
    let text = fs::read_to_string(sample_town().join(file)).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<String>>());
    let head = lines.next().unwrap();
    assert!(!text.contains('"') && names.iter().all(|name| head.iter().any(|h| h == name)), "{file}");
    lines
        .map(|row| head.iter().cloned().zip(row).filter(|(name, cell)| names.contains(&name.as_str()) && !cell.is_empty()).collect())
        .collect()
}

/// The forms in which an identity number may be written: as exported, as the lake normalises it, and a resident's as it was before 1999.
fn numbers(kind: Option<&str>, number: &str) -> Vec<String> {
    let mut forms = vec![number.to_owned()];
    forms.extend(kind.and_then(|kind| identity_no::normalise(kind, number).ok()));
    forms.extend(identity_no::resident(number).filter(|n| &n[6..8] == "19").map(|n| format!("{}{}", &n[..6], &n[8..17])));
    forms
}

impl Values {
    /// All of the town's debtors and of those its registers list.
    fn of_town() -> (Values, BTreeSet<String>) {
        let (mut anywhere, mut whole) = (BTreeSet::new(), BTreeSet::new());
        for row in [cells("debtors.csv", &["id_kind", "id_no", "name", "phone", "address"]), cells("registers.csv", &["id_kind", "id_no"])]
            .concat()
        {
            let kind = row.get("id_kind").map(String::as_str);
            anywhere.extend(row.get("id_no").into_iter().flat_map(|number| numbers(kind, number)));
            anywhere.extend(["phone", "address"].iter().filter_map(|name| row.get(*name).cloned()));
            if let Some(name) = row.get("name") {
                if name.chars().count() > 2 {
                    anywhere.insert(name.clone())
                } else {
                    whole.insert(name.clone())
                };
            }
        }
        let exported: BTreeSet<String> = anywhere.iter().map(|value| plain(value)).collect();
        let mut kept: Vec<String> = Vec::new();
        for value in &exported {
            if kept.last().is_none_or(|last| !value.starts_with(last.as_str())) {
                kept.push(value.clone());
            }
        }
        let mut begins = vec![false; 1 << 16];
        kept.iter().for_each(|value| begins[pair(value.as_bytes())] = true);
        (Values { anywhere: kept, whole, begins }, exported)
    }

    /// The first value that stands in a text.
    fn find(&self, text: &str) -> Option<&str> {
        let text = plain(text);
        let places =
            (0..text.len().saturating_sub(1)).filter(|at| self.begins[pair(&text.as_bytes()[*at..])] && text.is_char_boundary(*at));
        places.map(|at| &text[at..]).find_map(|rest| self.begins_with(rest))
    }

    /// The value that a text begins with. Of values none of which begins another, it is the last one that is not beyond the text.
    fn begins_with(&self, text: &str) -> Option<&str> {
        let after = self.anywhere.partition_point(|value| value.as_str() <= text);
        self.anywhere[..after].last().map(String::as_str).filter(|value| text.starts_with(value))
    }
}

fn pair(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

/// Every different value of a table's columns, a line each; those of numbers too, for a telephone may stand in one.
fn lines(table: &Columns) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for (_, column) in table.iter() {
        let text = |at: usize| match column.kind() {
            ColumnKind::Text => column.text_at(at).map(str::to_owned),
            ColumnKind::Int => column.int_at(at).map(|n| n.to_string()),
            ColumnKind::Real => column.real_at(at).map(|n| n.to_string()),
            ColumnKind::Date | ColumnKind::Flag => None,
        };
        lines.extend((0..table.len()).filter_map(text));
    }
    lines
}

#[test]
fn nothing_of_anybody_in_the_town_is_outside_the_vault() {
    let work = shared_work();
    let (values, exported) = Values::of_town();
    // Whatever the town exports of somebody is found where it stands, also among other signs and in full width.
    assert!(exported.len() > 6_000 && values.whole.len() > 100, "{} {}", exported.len(), values.whole.len());
    for value in &exported {
        let wide: String = value.chars().map(|c| if c.is_ascii_digit() { char::from_u32(c as u32 + 0xfee0).unwrap() } else { c }).collect();
        for text in [format!("件{value}。"), format!("{wide},")] {
            assert!(values.find(&text).is_some_and(|found| value.starts_with(found)), "{text}");
        }
    }
    let (mut tables, mut texts, mut sealed) = (0, 0, 0);
    for path in files(&work) {
        let place = path.strip_prefix(&work).unwrap().to_str().unwrap().to_owned();
        assert_eq!(values.find(&place), None, "the name of {place}");
        let bytes = fs::read(&path).unwrap();
        // As it lies there: the text of what is not packed, and of Parquet the statistics and all that is said of columns.
        assert_eq!(values.find(&String::from_utf8_lossy(&bytes)), None, "in {place}");
        if place.starts_with("vault/") {
            assert!(bytes.starts_with(b"PARE"), "{place} is in the clear");
            sealed += 1;
        } else if place.ends_with(".parquet") {
            for line in lines(&parquet::read(&path, &Seal::none()).unwrap()) {
                assert_eq!(values.find(&line), None, "in a cell of {place}");
                assert!(!values.whole.contains(&plain(&line)), "{line} is a cell of {place}");
            }
            tables += 1;
        } else {
            assert!(!["gz", "zst", "zip"].iter().any(|packed| place.ends_with(packed)), "{place} is packed in a way not looked into");
            assert!(String::from_utf8(bytes).is_ok(), "{place} is no text");
            texts += 1;
        }
    }
    assert!(tables > 600 && texts > 50 && sealed > 100, "{tables} {texts} {sealed}");
}
