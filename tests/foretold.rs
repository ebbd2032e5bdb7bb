//! A town's exports as an omniscient clerk would send them: everything known by the as-of day as it was, and beside it what came later. Whatever the
//! rows say of later days, nothing in them may reach a rating. The catalog decides what is filled, so that a new column is covered at once.

use std::collections::{BTreeMap, BTreeSet};

use luheng_lake::columns::{Day, day};
use luheng_lake::schema::{Check, Codes, Column, Kind, Schema, Table};

use crate::rewrite::Export;

/// One that knows the catalog and the days to come.
pub struct Seer {
    pub schema: Schema,
    pub codes: Codes,
    pub as_of: Day,
}

impl Seer {
    /// The tables with all three kinds of future in them; and which columns were filled with days to come.
    pub fn foretell(&self, tables: &[Export]) -> (Vec<Export>, BTreeSet<String>) {
        let (mut told, mut filled) = (tables.to_vec(), BTreeSet::new());
        for export in &mut told {
            let table = &self.schema.tables[&export.name];
            if table.fact {
                let (later, new) = (self.contradicting(table, export), self.fresh(table, export));
                // A table whose rows are their own key has no two versions of a row: filled, it would hold other facts.
                if !table.key.is_empty() {
                    filled.extend(self.fill(table, export));
                }
                export.rows.extend(later.into_iter().chain(new).map(|row| wide(row, export.head.len())));
            }
        }
        self.carried_on(&mut told);
        (told, filled)
    }

    fn later(&self, row: usize) -> String {
        day::format(self.as_of + 1 + (row % 300) as Day)
    }

    /// Dates not yet come, in rows the court had before they came; and with them what they reveal.
    fn fill(&self, table: &Table, export: &mut Export) -> BTreeSet<String> {
        let mut filled = BTreeSet::new();
        let dates = |c: &&Column| c.kind == Kind::Date && !c.set_in_advance && !c.happening && !c.required && !c.identity;
        for date in table.columns.iter().filter(dates) {
            let at = export.ensure(&date.name);
            let revealed: Vec<(usize, &Column)> = table
                .columns
                .iter()
                .filter(|c| c.revealed_by.as_deref() == Some(date.name.as_str()))
                .map(|c| (export.ensure(&c.name), c))
                .collect();
            for row in 0..export.rows.len() {
                // A state that stands without its date (stayed, active) is known with its row: a date would hide it.
                let stands = |(at, c): &(usize, &Column)| {
                    let cell = export.rows[row][*at].as_str();
                    !cell.is_empty() && c.before.as_deref() != Some(cell)
                };
                if !export.rows[row][at].is_empty() || revealed.iter().any(stands) {
                    continue;
                }
                export.rows[row][at] = self.later(row);
                if !in_order(table, &export.head, &export.rows[row]) {
                    export.rows[row][at].clear();
                    continue;
                }
                filled.insert(format!("{}.{}", table.name, date.name));
                for (at, column) in &revealed {
                    let told = match column.name.as_str() {
                        "status" => "closed".to_owned(),
                        "void_reason" => "set_aside".to_owned(),
                        _ => self.other(column, &export.rows[row][*at], row),
                    };
                    export.rows[row][*at] = told;
                }
            }
        }
        filled
    }

    /// Of every second key a version known later that says otherwise in every column that may be otherwise, past days included.
    fn contradicting(&self, table: &Table, export: &mut Export) -> Vec<Vec<String>> {
        if table.key.is_empty() {
            return Vec::new();
        }
        let known = export.ensure("known_on");
        let key: Vec<usize> = table.key.iter().map(|name| export.ensure(name)).collect();
        let free = |c: &&Column| {
            !table.key.contains(&c.name) && c.name != "id_kind" && !c.identity && !c.masked && c.refers.is_none() && !c.happening
        };
        let places: Vec<(usize, &Column)> = table.columns.iter().filter(free).filter_map(|c| Some((export.at(&c.name)?, c))).collect();
        let mut met = BTreeSet::new();
        let mut versions = Vec::new();
        for (n, row) in export.rows.iter().enumerate() {
            if !met.insert(key.iter().map(|at| row[*at].clone()).collect::<Vec<_>>()) || n % 2 == 1 {
                continue;
            }
            let mut version = row.clone();
            for (at, column) in places.iter().filter(|(at, _)| *at != known) {
                let said = self.other(column, &row[*at], n);
                let before = std::mem::replace(&mut version[*at], said);
                if !in_order(table, &export.head, &version) {
                    version[*at] = before;
                }
            }
            version[known] = self.later(n);
            // Whose it is turns out otherwise, too: the asset another debtor's, the receipt nobody's.
            match (table.name.as_str(), export.at("debtor_ref")) {
                ("assets", Some(at)) if n % 4 == 0 => version[at].clone_from(&export.rows[n / 2][at]),
                ("payments", Some(at)) if n % 4 == 0 => version[at].clear(),
                _ => {}
            }
            versions.push(version);
        }
        assert!(!versions.is_empty(), "{}: no version contradicts", table.name);
        versions
    }

    /// Facts of the past that come to be known later, each under a key of its own.
    fn fresh(&self, table: &Table, export: &mut Export) -> Vec<Vec<String>> {
        let known = export.ensure("known_on");
        let names = ["document_no", "payment_ref", "asset_ref", "creditor_no", "basis_doc_no"];
        let dates = ["listed_on", "sent_on", "from_on", "applied_on", "due_on", "filed_on", "decided_on"];
        let keyed = |name: &&&str| (table.key.is_empty() || table.key.iter().any(|k| k == **name)) && export.at(name).is_some();
        // An asset's number is the asset; in a hold it only says which.
        let named = names.iter().filter(|n| **n != "asset_ref" || table.name == "assets").find(keyed);
        let (at, is_date) = match (named, dates.iter().find(keyed)) {
            (Some(name), _) => (export.at(name).unwrap(), false),
            (None, Some(date)) if table.name != "cases" => (export.at(date).unwrap(), true),
            _ => return Vec::new(),
        };
        let mut new = Vec::new();
        for (n, row) in export.rows.iter().enumerate().filter(|(n, row)| n % 3 == 0 && !row[at].is_empty()) {
            let mut row = row.clone();
            if is_date {
                row[at] = day::format(day::parse(&row[at]).unwrap() + 1);
                blank(&mut row, export.at("removed_on"));
                blank(&mut row, export.at("lifted_on"));
                blank(&mut row, export.at("returned_on"));
                blank(&mut row, export.at("outcome"));
                blank(&mut row, export.at("done_on"));
            } else if table.name == "judgments" {
                row[at] = row[at].replace("民初", "民终");
            } else if table.name == "obligations" {
                row[at] = format!("{}", 900_000 + n);
            } else {
                row[at] += "后";
            }
            blank(&mut row, export.at("voided_on"));
            blank(&mut row, export.at("void_reason"));
            row[known] = self.later(n);
            new.push(row);
        }
        assert!(!new.is_empty(), "{}: nothing new", table.name);
        new
    }

    /// Cases resumed, parties joined, persons met, registers and populations published, all known later.
    fn carried_on(&self, tables: &mut [Export]) {
        let mut by_name: BTreeMap<String, &mut Export> = tables.iter_mut().map(|t| (t.name.clone(), t)).collect();
        let mut resumed = BTreeMap::new();
        let cases = by_name.get_mut("cases").unwrap();
        let [no, kind, from, known, status] = ["case_no", "case_type", "resumed_from", "known_on", "status"].map(|c| cases.at(c).unwrap());
        for at in (0..cases.rows.len()).step_by(4) {
            let mut row = cases.rows[at].clone();
            let number = row[no].clone();
            if number.contains('恢') || resumed.contains_key(&number) {
                continue;
            }
            let next = number.replace("执", "执恢9");
            row[from].clone_from(&number);
            row[no].clone_from(&next);
            row[kind] = "resumed".to_owned();
            row[status] = "open".to_owned();
            for column in ["closed_on", "close_kind", "close_ground", "voided_on", "void_reason", "waived_on", "waived_fen"] {
                blank(&mut row, cases.at(column));
            }
            row[known] = self.later(at);
            cases.rows.push(row);
            resumed.insert(number, next);
        }
        let debtors = by_name.get_mut("debtors").unwrap();
        let (reference, known) = (debtors.at("debtor_ref").unwrap(), debtors.at("known_on").unwrap());
        for n in 0..20 {
            let mut row = vec![String::new(); debtors.head.len()];
            row[reference] = format!("后来{n}");
            row[debtors.at("kind").unwrap()] = "natural".to_owned();
            row[known] = self.later(n);
            debtors.rows.push(row);
        }
        let parties = by_name.get_mut("parties").unwrap();
        let [no, debtor, known] = ["case_no", "debtor_ref", "known_on"].map(|c| parties.at(c).unwrap());
        let mut pairs: BTreeSet<(String, String)> = parties.rows.iter().map(|r| (r[no].clone(), r[debtor].clone())).collect();
        for at in 0..parties.rows.len() {
            let row = parties.rows[at].clone();
            let joined = match at % 10 {
                3 => Some(parties.rows[at / 2][debtor].clone()),
                7 => Some(format!("后来{}", at % 20)),
                _ => None,
            };
            let resumed = resumed.get(&row[no]).map(|next| (next.clone(), row[debtor].clone()));
            for (case_no, person) in resumed.into_iter().chain(joined.map(|person| (row[no].clone(), person))) {
                if pairs.insert((case_no.clone(), person.clone())) {
                    let mut row = row.clone();
                    for column in ["joined_on", "left_on", "left_reason", "voided_on", "void_reason", "after_party"] {
                        blank(&mut row, parties.at(column));
                    }
                    (row[no], row[debtor], row[known]) = (case_no, person, self.later(at));
                    parties.rows.push(row);
                }
            }
        }
        for (name, day_of, changed, to) in
            [("registers", "known_on", "register", "state_organ"), ("population", "published_on", "resident", "1")]
        {
            let export = by_name.get_mut(name).unwrap();
            let (day_at, changed) = (export.at(day_of).unwrap(), export.at(changed).unwrap());
            for at in 0..export.rows.len() {
                let mut row = export.rows[at].clone();
                row[day_at] = self.later(at);
                row[changed] = to.to_owned();
                export.rows.push(row);
            }
        }
    }

    /// Something else that a column may say; dates before the as-of day.
    fn other(&self, column: &Column, cell: &str, row: usize) -> String {
        match (column.kind, &column.codes) {
            (_, _) if column.name == "void_reason" => "entered_in_error".to_owned(),
            (Kind::Code, Some(list)) => {
                let others: Vec<&str> = self.codes.codes(list).map(|(code, _)| code).filter(|code| *code != cell).collect();
                others.get(row % others.len().max(1)).map_or_else(|| cell.to_owned(), |code| (*code).to_owned())
            }
            (Kind::Money, _) => format!("{}", cell.parse::<i64>().unwrap_or_default() + 7_654_300),
            (Kind::Flag, _) => if cell == "true" { "false" } else { "true" }.to_owned(),
            (Kind::Date, _) => day::format(self.as_of - 10 - (row % 40) as Day),
            (Kind::Int, _) => format!("{}", cell.parse::<i64>().unwrap_or_default() % 6 + 1),
            (Kind::Real, _) => "0.25".to_owned(),
            (Kind::Text, _) if column.grammar.is_none() && !matches!(column.name.as_str(), "row_id" | "document_no") => format!("另{row}"),
            _ => cell.to_owned(),
        }
    }
}

fn wide(mut row: Vec<String>, columns: usize) -> Vec<String> {
    row.resize(columns, String::new());
    row
}

fn blank(row: &mut [String], at: Option<usize>) {
    if let Some(at) = at.filter(|at| *at < row.len()) {
        row[at].clear();
    }
}

/// Do the dates of a row stand in the order that the catalog asks for?
fn in_order(table: &Table, head: &[String], row: &[String]) -> bool {
    let cell = |name: &String| head.iter().position(|h| h == name).and_then(|at| row.get(at)).filter(|cell| !cell.is_empty());
    table.checks.iter().all(|check| match check {
        Check::Order { earlier, later } => !matches!((cell(earlier), cell(later)), (Some(a), Some(b)) if a > b),
        Check::CheckDigit { .. } => true,
    })
}
