//! The public sets of ../shared/data/linkage with their truth, and how well a model finds it.
#![allow(dead_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use luheng_lake::link::Part::*;
use luheng_lake::link::{Measure, Model, Pair, Pairing, Records, RecordsBuilder, Rule, Spec, cluster, comparison, score};

/// A set with its truth: the pairs that are one person.
pub struct Set {
    pub records: Records,
    pub truth: BTreeSet<(u64, u64)>,
}

pub fn id(n: u64) -> [u8; 16] {
    u128::from(n).to_be_bytes()
}

fn data(name: &str) -> Option<String> {
    let root = std::env::var("LUHENG_DATA").unwrap_or_else(|_| "/work/shared/data".to_owned());
    std::fs::read_to_string(PathBuf::from(root).join("linkage").join(name)).ok()
}

fn rows(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// Records of these columns, and the pairs that share a group.
fn set(text: &str, fields: &[&str], columns: &[usize], group: impl Fn(&[String]) -> String) -> Set {
    let mut builder = RecordsBuilder::new(fields);
    let mut groups: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for (n, row) in rows(text).iter().enumerate() {
        let values: Vec<Option<&str>> = columns.iter().map(|c| Some(row[*c].as_str())).collect();
        builder.push(id(n as u64), false, &values);
        groups.entry(group(row)).or_default().push(n as u64);
    }
    let pairs =
        |of: &Vec<u64>| -> Vec<(u64, u64)> { of.iter().enumerate().flat_map(|(i, a)| of[i + 1..].iter().map(move |b| (*a, *b))).collect() };
    Set { records: builder.finish(), truth: groups.values().flat_map(pairs).collect() }
}

/// Febrl without `soc_sec_id`, which would decide alone.
pub fn febrl(name: &str) -> Option<Set> {
    let fields = ["given", "surname", "street_no", "street", "suburb", "postcode", "birth"];
    let person = |row: &[String]| row[0].split('-').nth(1).unwrap().to_owned();
    Some(set(&data(name)?, &fields, &[1, 2, 3, 4, 6, 7, 9], person))
}

pub fn febrl_spec() -> Spec {
    Spec {
        comparisons: vec![
            comparison("given", Measure::Text, true),
            comparison("surname", Measure::Text, true),
            comparison("street_no", Measure::Exact, false),
            comparison("street", Measure::Text, true),
            comparison("suburb", Measure::Text, true),
            comparison("postcode", Measure::Text, false),
            comparison("birth", Measure::Birth, false),
        ],
        candidates: vec![
            Rule::new(&[("given", Whole), ("surname", Whole)]),
            Rule::new(&[("birth", Whole)]),
            Rule::new(&[("street", Whole)]),
            Rule::new(&[("suburb", Whole), ("given", First(3))]),
            Rule::new(&[("postcode", Whole), ("surname", First(3))]),
        ],
        learning: vec![Rule::new(&[("birth", Whole)]), Rule::new(&[("given", Whole), ("surname", Whole)])],
        certain: vec![Rule::new(&[("given", Whole), ("surname", Whole), ("birth", Whole)])],
        recall: 0.6,
        ..Spec::person()
    }
}

pub fn fake_1000() -> Option<Set> {
    let fields = ["given", "surname", "birth", "city", "email"];
    Some(set(&data("fake_1000.csv")?, &fields, &[1, 2, 3, 4, 5], |row| row[6].clone()))
}

/// What Splink's own demonstration of this set compares and looks at.
pub fn fake_spec() -> Spec {
    Spec {
        comparisons: vec![
            comparison("given", Measure::Text, true),
            comparison("surname", Measure::Text, true),
            comparison("birth", Measure::Birth, false),
            comparison("city", Measure::Exact, true),
            comparison("email", Measure::Email, false),
        ],
        candidates: vec![
            Rule::new(&[("given", Whole)]),
            Rule::new(&[("surname", Whole)]),
            Rule::new(&[("birth", Whole)]),
            Rule::new(&[("email", Whole)]),
        ],
        learning: vec![Rule::new(&[("given", Whole), ("surname", Whole)]), Rule::new(&[("birth", Whole)])],
        certain: vec![Rule::new(&[("given", Whole), ("birth", Whole)]), Rule::new(&[("email", Whole)])],
        recall: 0.7,
        ..Spec::person()
    }
}

/// Found against true pairs.
#[derive(Clone, Copy)]
pub struct Counts {
    pub right: usize,
    pub found: usize,
    pub truth: usize,
}

impl Counts {
    fn of(found: &BTreeSet<(u64, u64)>, truth: &BTreeSet<(u64, u64)>) -> Counts {
        Counts { right: found.intersection(truth).count(), found: found.len(), truth: truth.len() }
    }

    pub fn precision(&self) -> f64 {
        self.right as f64 / self.found.max(1) as f64
    }

    pub fn recall(&self) -> f64 {
        self.right as f64 / self.truth.max(1) as f64
    }

    pub fn f1(&self) -> f64 {
        2.0 * self.right as f64 / (self.found + self.truth).max(1) as f64
    }
}

/// Pairs that reach the threshold, and pairs of one cluster.
pub struct Measured {
    pub pairs: Counts,
    pub clustered: Counts,
    pub threshold: f64,
}

impl fmt::Display for Measured {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        for (name, c) in [("pairs", self.pairs), ("clusters", self.clustered)] {
            write!(out, "{name}: P {:.4} R {:.4} F1 {:.4} ({} of {}) ", c.precision(), c.recall(), c.f1(), c.right, c.truth)?;
        }
        write!(out, "at {}", self.threshold)
    }
}

/// How well a model finds the truth of a set.
pub fn evaluate(set: &Set, model: &Model, threshold: f64) -> Measured {
    let scores = score(&set.records, model, Pairing::Within, 0.5).unwrap();
    let number = |id: [u8; 16]| u128::from_be_bytes(id) as u64;
    let sure = scores.pairs.iter().filter(|p| p.probability >= threshold);
    let pairs: BTreeSet<(u64, u64)> = sure.map(|p| (number(p.left), number(p.right))).collect();
    let all: Vec<&Pair> = scores.pairs.iter().collect();
    let mut members: BTreeMap<[u8; 16], Vec<u64>> = BTreeMap::new();
    for (member, head) in cluster(&all, &BTreeSet::new(), &BTreeSet::new(), threshold) {
        members.entry(head).or_default().push(number(member));
    }
    let of_cluster =
        |m: &Vec<u64>| -> Vec<(u64, u64)> { m.iter().enumerate().flat_map(|(i, a)| m[i + 1..].iter().map(move |b| (*a, *b))).collect() };
    let clustered: BTreeSet<(u64, u64)> = members.values().flat_map(of_cluster).collect();
    Measured { pairs: Counts::of(&pairs, &set.truth), clustered: Counts::of(&clustered, &set.truth), threshold }
}
