//! What a linkage compares, which pairs it looks at, and which it learns from: a document, kept with the model.

use serde::{Deserialize, Serialize};

use super::measure::Measure;

/// One field compared in one way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// The field's name in the records.
    pub field: String,
    /// How.
    pub measure: Measure,
    /// Whether agreement on a common value counts less (the two levels that share a folded text, and the one of the same sound).
    #[serde(default)]
    pub by_frequency: bool,
}

/// The part of a value that two records must share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The folded text.
    Whole,
    /// The sound of a name, all of it.
    Sound,
    /// The sound of the surname.
    Surname,
    /// The first letters of the syllables.
    Initials,
    /// What is proper to a firm's name.
    Core,
    /// The first signs of the folded text, where it has that many.
    First(u8),
    /// The last signs of the folded text, where it has that many.
    Last(u8),
}

/// Records that share all these parts are compared. A missing part shares nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Field and part.
    pub keys: Vec<(String, Part)>,
}

impl Rule {
    /// A rule of these fields and parts.
    pub fn new(keys: &[(&str, Part)]) -> Rule {
        Rule { keys: keys.iter().map(|(field, part)| ((*field).to_owned(), *part)).collect() }
    }

    /// `birth:whole+name:surname`, for messages.
    pub fn name(&self) -> String {
        let part = |part: Part| format!("{part:?}").to_lowercase();
        self.keys.iter().map(|(field, p)| format!("{field}:{}", part(*p))).collect::<Vec<_>>().join("+")
    }

    /// Whether the rule speaks of this field.
    pub(super) fn uses(&self, field: &str) -> bool {
        self.keys.iter().any(|(f, _)| f == field)
    }
}

/// A whole linkage. No magic: every list stands here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    /// What is compared.
    pub comparisons: Vec<Comparison>,
    /// Pairs that share one of these are compared, each once.
    pub candidates: Vec<Rule>,
    /// Pairs to learn from: what a rule speaks of is not learned from its pairs.
    pub learning: Vec<Rule>,
    /// Pairs that share one of these are almost surely matches: their number over `recall` is taken as the number of matches.
    pub certain: Vec<Rule>,
    /// The share of all matches that `certain` is thought to find, above 0, at most 1.
    pub recall: f64,
    /// A block of more pairs than this is left out, with a warning.
    pub block_pairs: u64,
    /// Once a rule has had this many pairs, its larger blocks are left out, with a warning.
    pub rule_pairs: u64,
}

impl Spec {
    /// Natural persons by `name`, `birth`, `region`, `address`, `phone`, `number` (a broken one, against known ones).
    pub fn person() -> Spec {
        use Part::*;
        Spec {
            comparisons: vec![
                comparison("name", Measure::PersonName, true),
                comparison("birth", Measure::Birth, false),
                comparison("region", Measure::Region, false),
                comparison("address", Measure::Address, false),
                comparison("phone", Measure::Exact, false),
                comparison("number", Measure::Number, false),
            ],
            candidates: vec![
                Rule::new(&[("name", Whole)]),
                Rule::new(&[("birth", Whole), ("name", Surname)]),
                Rule::new(&[("region", Whole), ("name", Initials)]),
                Rule::new(&[("name", Sound), ("birth", First(4))]),
                Rule::new(&[("phone", Whole)]),
                Rule::new(&[("number", First(14))]),
            ],
            learning: vec![Rule::new(&[("name", Whole)]), Rule::new(&[("birth", Whole), ("region", First(4))])],
            certain: vec![Rule::new(&[("name", Whole), ("birth", Whole)])],
            recall: 0.7,
            block_pairs: 5_000_000,
            rule_pairs: 200_000_000,
        }
    }

    /// Organisations by `name`, `region`, `address`, `phone`, `number` (organisation code or credit code, compared by what they share).
    pub fn organisation() -> Spec {
        use Part::*;
        Spec {
            comparisons: vec![
                comparison("name", Measure::CompanyName, true),
                comparison("region", Measure::Region, false),
                comparison("address", Measure::Address, false),
                comparison("phone", Measure::Exact, false),
                comparison("number", Measure::Number, false),
            ],
            candidates: vec![
                Rule::new(&[("name", Whole)]),
                Rule::new(&[("name", Core)]),
                Rule::new(&[("number", Whole)]),
                Rule::new(&[("phone", Whole)]),
                Rule::new(&[("address", Whole), ("region", First(4))]),
            ],
            learning: vec![Rule::new(&[("name", Core)]), Rule::new(&[("address", Whole), ("region", First(4))])],
            certain: vec![Rule::new(&[("name", Whole)])],
            recall: 0.8,
            block_pairs: 5_000_000,
            rule_pairs: 200_000_000,
        }
    }
}

/// A comparison of a field.
pub fn comparison(field: &str, measure: Measure, by_frequency: bool) -> Comparison {
    Comparison { field: field.to_owned(), measure, by_frequency }
}
