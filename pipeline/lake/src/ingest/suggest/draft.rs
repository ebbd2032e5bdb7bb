//! The proposals as TOML with comments: how sure, an example that shows nobody, what a person has to decide.

use std::fmt::Write as _;

use super::propose::{Match, Proposal};
use super::sample::Sample;
use crate::ingest::mapping::{MoneyUnit, Part};
use crate::ingest::reject::{mask, shown};
use crate::schema::{Column, Kind, Schema, Table};

/// Values of a code column listed at most.
const STRANGE_LISTED: usize = 30;

/// A text as TOML writes it on one line, in comments as well.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out + "\""
}

/// The whole draft.
pub(crate) fn draft(name: &str, sample: &Sample, proposals: &[Proposal], schema: &Schema) -> String {
    let mut out = format!(
        "# A draft by `luheng check --suggest`, from {} rows of {}. Read every line; what a person has to settle is marked `decide:`.\n",
        sample.rows,
        shown(name)
    );
    out.push_str("# The number is how sure the draft is, 0 to 1. Values of persons are masked.\n");
    if proposals.is_empty() {
        out.push_str("# decide: no table of the catalog can be fed from these headers: see `luheng catalog tables`.\n");
    }
    let person = proposals.iter().find(|p| p.table.name == "debtors");
    let case = proposals.iter().find_map(|p| p.header_of("case_no"));
    for proposal in proposals {
        Block { name, sample, proposal, person, case, several: proposals.len() > 1 }.write(&mut out);
    }
    unread(&mut out, sample, proposals);
    let required = schema.tables.values().filter(|t| t.required && proposals.iter().all(|p| p.table.name != t.name));
    for table in required {
        let _ = writeln!(out, "\n# not found: the required table {} ({})", table.name, table.title.zh);
    }
    out
}

/// Headers that nothing reads.
fn unread(out: &mut String, sample: &Sample, proposals: &[Proposal]) {
    let read = |place: usize| proposals.iter().any(|p| p.matches.iter().any(|m| m.header == place));
    let unread: Vec<usize> = (0..sample.headers.len()).filter(|place| !read(*place)).collect();
    if unread.is_empty() {
        return;
    }
    out.push_str("\n# decide: headers nothing reads; map them, or list them in `ignore` of one table:\n");
    for place in unread {
        let example = sample.values[place].first().map_or("no value".to_owned(), |v| mask(v));
        let _ = writeln!(out, "#   {}  e.g. {example}", quoted(&sample.headers[place]));
    }
}

/// One table of the draft.
struct Block<'d> {
    name: &'d str,
    sample: &'d Sample,
    proposal: &'d Proposal<'d>,
    person: Option<&'d Proposal<'d>>,
    /// The header of the case number.
    case: Option<usize>,
    several: bool,
}

impl Block<'_> {
    fn write(&self, out: &mut String) {
        let table = self.proposal.table;
        let _ = writeln!(out, "\n# {} ({}): {}", table.title.zh, table.title.en, table.about);
        let _ = writeln!(out, "[sources.{}]", table.name);
        let named = self.name.split(['-', '_', '.']).next() == Some(table.name.as_str());
        if self.several || !named {
            let _ = writeln!(out, "file = {}", quoted(&pattern(self.name)));
        }
        if table.column("debtor_ref").is_some() {
            let _ = writeln!(
                out,
                "source = \"\"  # decide: within what debtor_ref is unique, as the court's number \"330106\"; one for all its tables"
            );
        }
        self.known_on(out);
        let _ = writeln!(out, "[sources.{}.columns]", table.name);
        for column in &table.columns {
            match self.proposal.matches.iter().find(|m| m.column.name == column.name) {
                Some(found) => self.column(out, found),
                None => self.made(out, column),
            }
        }
    }

    /// The rule of `known_on`, where no header was taken for it.
    fn known_on(&self, out: &mut String) {
        let table = self.proposal.table;
        if table.column("known_on").is_none() || self.proposal.header_of("known_on").is_some() {
            return;
        }
        let dates =
            || self.proposal.matches.iter().filter(|m| m.column.kind == Kind::Date && !m.column.set_in_advance && !m.column.identity);
        let from = dates().find(|m| m.column.happening).or_else(|| dates().next());
        match from {
            Some(m) => {
                let _ = writeln!(
                    out,
                    "known_on = {{ from = {}, lag_days = 0 }}  # decide: how many days after it the court knew",
                    quoted(&m.column.name)
                );
            }
            None => {
                out.push_str("known_on = \"export\"  # decide: nothing here says when the court knew; with \"export\" past days see none of these rows\n");
            }
        }
    }

    fn header(&self, place: usize) -> String {
        quoted(&self.sample.headers[place])
    }

    fn column(&self, out: &mut String, found: &Match) {
        let fit = &found.fit;
        let mut keys = vec![format!("from = {}", self.header(found.header))];
        let mut notes = Vec::new();
        if let Some(part) = &fit.part {
            keys.push(format!("part = {}", written(part)));
            notes.push("decide: is it this piece?".to_owned());
        }
        if let Some((unit, why)) = fit.unit {
            let word = match unit {
                MoneyUnit::Fen => "fen",
                MoneyUnit::Yuan => "yuan",
                MoneyUnit::WanYuan => "wan_yuan",
            };
            keys.push(format!("unit = \"{word}\""));
            notes.push(format!("unit: {why}"));
        }
        if let Some(format) = fit.format {
            keys.push(format!("format = \"{format}\""));
        }
        if let Some(rival) = fit.rival {
            notes.push(format!("decide: {rival} fits as well"));
        }
        if !fit.values.is_empty() {
            let pairs: Vec<String> = fit.values.iter().map(|(theirs, ours)| format!("{} = {}", quoted(theirs), quoted(ours))).collect();
            keys.push(format!("values = {{ {} }}", pairs.join(", ")));
        }
        let value = if keys.len() == 1 { self.header(found.header) } else { format!("{{ {} }}", keys.join(", ")) };
        let sure = format!("{:.2}, e.g. {}", found.score, self.example(found));
        notes.insert(0, sure);
        if found.score < 0.75 {
            notes.push("decide: is it this column?".to_owned());
        }
        let _ = writeln!(out, "{} = {value}  # {}", found.column.name, notes.join("; "));
        self.strange(out, found);
    }

    /// Values that mean no code of the list, for a person to map. They are shown where they come again and look like codes: a value met once
    /// may be a name that slipped into the column.
    fn strange(&self, out: &mut String, found: &Match) {
        let column = found.column;
        if !matches!(column.kind, Kind::Code | Kind::Flag) || found.fit.strange.is_empty() {
            return;
        }
        // Where most values are no codes the header may be another's, and its values anybody's.
        let strangers: usize = found.fit.strange.values().sum();
        let of_codes = strangers * 2 <= self.sample.values[found.header].len();
        let fate = if column.closed || column.kind == Kind::Flag { "rejected until mapped" } else { "kept as they are" };
        let mut values: Vec<String> = Vec::new();
        for (value, rows) in found.fit.strange.iter().take(STRANGE_LISTED) {
            let mark = if *rows > 1 && of_codes && !column.masked { shown(value) } else { mask(value) };
            values.push(format!("{mark} ({rows} rows)"));
        }
        let more = found.fit.strange.len().saturating_sub(STRANGE_LISTED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let list = column.codes.as_deref().unwrap_or("true, false");
        let _ = writeln!(out, "#   decide: values of no code of {list}, {fate}: {}{more}", values.join(", ").replace('\n', " "));
    }

    fn example(&self, found: &Match) -> String {
        let Some(value) = self.sample.values[found.header].first() else { return "no value".to_owned() };
        let column = found.column;
        // Free text may name anybody: only what has a form is shown.
        let formed = found.fit.share.is_some_and(|s| s >= 0.5) && (column.kind != Kind::Text || column.grammar.is_some());
        let in_list = column.kind != Kind::Code || !found.fit.strange.contains_key(value);
        if formed && in_list && !column.masked { shown(value) } else { mask(value) }
    }

    /// A column no header was taken for: made of another where that can be, named where it is required.
    fn made(&self, out: &mut String, column: &Column) {
        let table = self.proposal.table;
        let of_person = |name: &str| self.person.and_then(|p| p.header_of(name));
        let line = match (table.name.as_str(), column.name.as_str()) {
            (_, "debtor_ref") => of_person("debtor_ref").or(of_person("id_no")).or(of_person("name")).map(|place| {
                format!("{}  # decide: no key of the person: this header stands in for it, the same in every table", self.header(place))
            }),
            ("debtors", "id_kind" | "kind") => of_person("id_no").map(|place| {
                let part = if column.name == "kind" { "debtor_kind" } else { "id_kind" };
                format!("{{ from = {}, part = \"{part}\" }}  # by the form of the number", self.header(place))
            }),
            ("cases", "court_code") => self
                .proposal
                .header_of("case_no")
                .map(|place| format!("{{ from = {}, part = \"court\" }}  # as in the case number", self.header(place))),
            ("assets", "asset_ref") => {
                self.asset_template().map(|t| format!("{{ template = {t} }}  # decide: does this tell one asset from another?"))
            }
            _ => None,
        };
        match line {
            Some(line) => {
                let _ = writeln!(out, "{} = {line}", column.name);
            }
            None if column.required && column.name != "known_on" => {
                let _ = writeln!(out, "# not found: {} ({}), required", column.name, column.title.zh);
            }
            None if relevant(table, column) => {
                let _ = writeln!(out, "# not found: {} ({})", column.name, column.title.zh);
            }
            None => {}
        }
    }

    /// A key made of what tells assets apart. Nothing of a person: the key goes into the lake as it is.
    fn asset_template(&self) -> Option<String> {
        let own = ["class", "gross_fen", "acquired_on"].iter().filter_map(|c| self.proposal.header_of(c));
        let headers: Vec<&String> = self.case.into_iter().chain(own).map(|place| &self.sample.headers[place]).collect();
        let fits = self.case.is_some() && headers.iter().all(|h| !h.contains(['{', '}']));
        fits.then(|| quoted(&headers.iter().map(|h| format!("{{{h}}}")).collect::<Vec<_>>().join("-")))
    }
}

/// Whether a column is worth naming where it is not found: its own, not those every table has.
fn relevant(table: &Table, column: &Column) -> bool {
    !["row_id", "voided_on", "void_reason", "document_no", "known_on"].contains(&column.name.as_str()) && table.name != "regions"
}

fn written(part: &Part) -> String {
    match part {
        Part::Between { by, at } => format!("{{ by = {}, at = {at} }}", quoted(by)),
        Part::Named(_) => String::new(),
    }
}

/// A pattern for this file and the next ones of its kind: runs of digits (days, months, numbers) are any signs.
fn pattern(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        let any = c.is_ascii_digit() || matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '\\' | '!');
        match (any, out.ends_with('*')) {
            (true, true) => {}
            (true, false) => out.push('*'),
            (false, _) => out.push(c),
        }
    }
    // The next file may have a day where this one has none.
    if out.contains('*') { out } else { out.replacen('.', "*.", 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_of_any_signs_stays_one_line_of_toml() {
        for text in ["a", "a\"b\\", "a\nb", "\u{7f}\u{85}", "{案号}'"] {
            assert!(!quoted(text).contains('\n'));
            let table: Result<toml::Table, _> = toml::from_str(&format!("a = {}", quoted(text)));
            assert_eq!(table.ok().and_then(|t| t.get("a").and_then(toml::Value::as_str).map(str::to_owned)).as_deref(), Some(text));
        }
    }

    #[test]
    fn a_pattern_takes_the_next_file_too() {
        for (name, expected) in [
            ("执行案件2025.csv", "执行案件*.csv"),
            ("export-2025-06-30.jsonl.gz", "export-*-*-*.jsonl.gz"),
            ("大表.csv", "大表*.csv"),
            ("a[1].csv", "a*.csv"),
        ] {
            assert_eq!(pattern(name), expected);
            assert!(fast_glob::glob_match(pattern(name), name), "{name}");
        }
    }
}
