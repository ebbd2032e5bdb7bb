//! Which tables a file feeds, and which header is which column.

use std::collections::BTreeSet;

use super::fit::{Fit, fit};
use super::names::Synonyms;
use super::sample::Sample;
use crate::schema::{Codes, Column, Kind, Schema, Table};

/// From here a header is taken for a column.
const SURE_ENOUGH: f64 = 0.6;

/// Columns that many tables have: they say which rows belong together, not what a row is.
const SHARED: [&str; 8] = ["case_no", "debtor_ref", "document_no", "row_id", "known_on", "voided_on", "void_reason", "region"];

/// One header taken for one column.
pub(crate) struct Match<'s> {
    pub column: &'s Column,
    /// The place of the header in the sample.
    pub header: usize,
    /// How sure, 0 to 1.
    pub score: f64,
    pub fit: Fit,
}

/// One table and what feeds it.
pub(crate) struct Proposal<'s> {
    pub table: &'s Table,
    /// In the order of the table's columns.
    pub matches: Vec<Match<'s>>,
}

impl Proposal<'_> {
    /// The header taken for a column.
    pub(crate) fn header_of(&self, column: &str) -> Option<usize> {
        self.matches.iter().find(|m| m.column.name == column).map(|m| m.header)
    }

    fn own(&self) -> impl Iterator<Item = &Match<'_>> {
        self.matches.iter().filter(|m| !SHARED.contains(&m.column.name.as_str()))
    }

    fn weight(&self) -> f64 {
        self.own().map(|m| m.score).sum()
    }
}

/// The tables that the file seems to feed, in the order of the catalog.
pub(crate) fn propose<'s>(sample: &Sample, schema: &'s Schema, codes: &Codes, synonyms: &Synonyms) -> Vec<Proposal<'s>> {
    let person = schema.table("debtors").map(|table| matched(table, sample, codes, synonyms));
    // Whoever is named in a row can stand in for the court's own key of the person.
    let has_person = person.as_ref().is_some_and(|p| ["debtor_ref", "id_no", "name"].iter().any(|c| p.header_of(c).is_some()));
    let mut candidates: Vec<Proposal> = schema.tables.values().map(|table| matched(table, sample, codes, synonyms)).collect();
    candidates.retain(|candidate| complete(candidate, has_person));
    // The heaviest first: a header that fits two tables goes to the one that has more of them.
    candidates.sort_by(|a, b| b.weight().total_cmp(&a.weight()).then_with(|| a.table.name.cmp(&b.table.name)));
    let mut claimed: BTreeSet<usize> = BTreeSet::new();
    let mut out: Vec<Proposal> = Vec::new();
    for mut candidate in candidates {
        let party = candidate.table.name == "parties";
        candidate.matches.retain(|m| SHARED.contains(&m.column.name.as_str()) || !claimed.contains(&m.header));
        let required = complete(&candidate, has_person);
        if required && (party || candidate.own().any(|m| m.score >= 0.7)) {
            claimed.extend(candidate.own().map(|m| m.header));
            out.push(candidate);
        }
    }
    out.sort_by(|a, b| a.table.name.cmp(&b.table.name));
    one_key_of_persons(&mut out);
    out
}

/// A person has one key in all tables: where the table of persons has no header for it, no other table takes one of its own.
fn one_key_of_persons(proposals: &mut [Proposal]) {
    let Some(persons) = proposals.iter().find(|p| p.table.name == "debtors") else { return };
    let key = persons.header_of("debtor_ref");
    for proposal in proposals {
        proposal.matches.retain(|m| m.column.name != "debtor_ref" || Some(m.header) == key);
    }
}

/// Whether every required column is there, or can be made of others.
fn complete(candidate: &Proposal, has_person: bool) -> bool {
    let can_be_made = |column: &Column| match column.name.as_str() {
        "known_on" => true,
        "debtor_ref" => has_person,
        "asset_ref" => candidate.table.name == "assets" && ["class", "gross_fen"].iter().any(|c| candidate.header_of(c).is_some()),
        _ => false,
    };
    let named = candidate.table.name != "debtors" || ["id_no", "name"].iter().any(|c| candidate.header_of(c).is_some());
    named && candidate.table.columns.iter().filter(|c| c.required).all(|c| candidate.header_of(&c.name).is_some() || can_be_made(c))
}

/// The best header for each column of a table, each header once; the surest pairs first.
fn matched<'s>(table: &'s Table, sample: &Sample, codes: &Codes, synonyms: &Synonyms) -> Proposal<'s> {
    let mut pairs: Vec<Match> = Vec::new();
    for column in &table.columns {
        for (header, name) in sample.headers.iter().enumerate() {
            let by_name = synonyms.score(name, table, column);
            let may_tell = matches!(column.name.as_str(), "case_no" | "id_no");
            if by_name < 0.4 && !may_tell {
                continue;
            }
            let fit = fit(column, name, &sample.values[header], codes, synonyms);
            let score = score(by_name, &fit, column);
            if score >= SURE_ENOUGH {
                pairs.push(Match { column, header, score, fit });
            }
        }
    }
    pairs.sort_by(|a, b| b.score.total_cmp(&a.score));
    let (mut columns, mut headers) = (BTreeSet::new(), BTreeSet::new());
    let mut matches: Vec<Match> = Vec::new();
    for pair in pairs {
        if !columns.contains(&pair.column.name) && !headers.contains(&pair.header) {
            columns.insert(pair.column.name.clone());
            headers.insert(pair.header);
            matches.push(pair);
        }
    }
    matches.sort_by_key(|m| table.position(&m.column.name));
    Proposal { table, matches }
}

/// Name and values together: values that cannot be the column's outweigh its name.
fn score(by_name: f64, fit: &Fit, column: &Column) -> f64 {
    match fit.share {
        Some(share) if share < 0.5 => by_name * 0.3,
        Some(share) if fit.telling && share >= 0.8 => by_name.max(0.65) * 0.7 + share * 0.3,
        Some(share) => by_name * 0.7 + share * 0.3 * by_name.max(0.5),
        // Days, sums and codes without a single value to judge by.
        None if !matches!(column.kind, Kind::Text) => by_name * 0.75,
        None => by_name * 0.9,
    }
}
