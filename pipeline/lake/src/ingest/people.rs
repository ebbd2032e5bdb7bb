//! What is known of each debtor besides his number, as a linkage compares it: one record a key of a source, of its newest version. In memory alone.

use std::collections::BTreeMap;

use super::identity::usable;
use super::identity_no;
use super::record::Id;
use super::references::Rank;
use crate::columns::{Columns, day};
use crate::link::{Records, RecordsBuilder, Spec};

/// Who is compared with whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sort {
    Person,
    Organisation,
}

impl Sort {
    pub(super) const ALL: [Sort; 2] = [Sort::Person, Sort::Organisation];

    /// As the vault's list of models names it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Sort::Person => "person",
            Sort::Organisation => "organisation",
        }
    }

    pub(super) fn spec(self) -> Spec {
        match self {
            Sort::Person => Spec::person(),
            Sort::Organisation => Spec::organisation(),
        }
    }

    fn fields(self) -> &'static [&'static str] {
        match self {
            Sort::Person => &["name", "birth", "region", "address", "phone", "number"],
            Sort::Organisation => &["name", "region", "address", "phone", "number"],
        }
    }
}

/// One version of a debtor. Of versions that contradict each other the greater text decides, so that the order of rows never does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Person {
    sort: Sort,
    /// In the order of [`Sort::fields`].
    values: Vec<Option<String>>,
}

impl Person {
    /// `None` where nothing says whether it is a person or an organisation.
    fn of(columns: &Columns, row: usize) -> Option<Person> {
        let text = |name: &str| columns.get(name).and_then(|c| c.text_at(row)).filter(|t| !t.is_empty());
        let (id_kind, number) = (text("id_kind"), text("id_no"));
        let born_on = columns.get("born_on").and_then(|c| c.date_at(row));
        let sort = match (text("kind"), id_kind) {
            (Some("natural"), _) | (None, Some("resident_id" | "passport")) => Sort::Person,
            (Some(_), _) | (None, Some("uscc")) => Sort::Organisation,
            (None, _) if born_on.is_some() => Sort::Person,
            (None, _) => return None,
        };
        let in_number = || usable(id_kind, number).filter(|_| id_kind == Some("resident_id")).and_then(identity_no::born_on);
        let birth = born_on.or_else(in_number).map(day::format);
        let owned = |name: &str| text(name).map(str::to_owned);
        let region = owned("residence_region").or_else(|| owned("home_region"));
        let mut values = vec![owned("name"), birth, region, owned("address"), owned("phone"), number.map(str::to_owned)];
        if sort == Sort::Organisation {
            values.remove(1);
        }
        Some(Person { sort, values })
    }
}

/// The debtors by the pseudonym of their source's key.
#[derive(Default)]
pub(super) struct People(BTreeMap<Id, (Rank, Option<Person>)>);

impl People {
    /// Takes a version in; the one that decides whose number it is decides here too.
    pub(super) fn offer(&mut self, ref_id: Id, rank: Rank, columns: &Columns, row: usize) {
        if self.0.get(&ref_id).is_some_and(|(known, _)| *known > rank) {
            return;
        }
        let version = (rank, Person::of(columns, row));
        match self.0.get_mut(&ref_id) {
            Some(known) if *known >= version => {}
            Some(known) => *known = version,
            None => drop(self.0.insert(ref_id, version)),
        }
    }

    /// The records of one sort. `own` gives a debtor's own pseudonym, and whether it is made of a number. Also how many of each kind there are.
    pub(super) fn records(&self, sort: Sort, own: &dyn Fn(&Id) -> Option<(Id, bool)>) -> (Records, [usize; 2]) {
        let mut builder = RecordsBuilder::new(sort.fields());
        let mut counts = [0; 2];
        for (ref_id, (_, person)) in &self.0 {
            let (Some(person), Some((id, known))) = (person.as_ref().filter(|p| p.sort == sort), own(ref_id)) else { continue };
            counts[usize::from(known)] += 1;
            let values: Vec<Option<&str>> = person.values.iter().map(Option::as_deref).collect();
            builder.push(id, known, &values);
        }
        (builder.finish(), counts)
    }
}
