//! What is kept of a row that broke a rule, and of things only worth a warning. Identity values never enter either.

use std::collections::BTreeMap;

use crate::columns::Columns;

/// Names of the rules a row can break: stable, people filter by them.
pub mod rule {
    /// A required value is missing.
    pub const REQUIRED: &str = "required";
    /// The value is not of the column's kind.
    pub const KIND: &str = "kind";
    /// The code is not in a closed list.
    pub const ENUMERATION: &str = "enumeration";
    /// The number or day is out of range; negative money.
    pub const RANGE: &str = "range";
    /// Two dates are in the wrong order.
    pub const ORDER: &str = "order";
    /// The identity number cannot be one.
    pub const CHECK_DIGIT: &str = "check_digit";
    /// No case number of an enforcement case.
    pub const CASE_NO: &str = "case_no";
    /// No court code.
    pub const COURT_CODE: &str = "court_code";
    /// No region code.
    pub const REGION: &str = "region";
    /// Known before it happened.
    pub const KNOWN_BEFORE: &str = "known_before";
    /// More or fewer fields than the header, or a key twice.
    pub const RAGGED: &str = "ragged";
    /// Text after a closing quote.
    pub const QUOTE: &str = "quote";
    /// A NUL byte.
    pub const NUL: &str = "nul";
    /// A line that is no JSON object.
    pub const JSON: &str = "json";
    /// Rows of one key contradict each other (found when rows are brought together).
    pub const CONFLICT: &str = "conflict";
}

/// A row that broke a rule. One row gives one reject: its first fault in the order of columns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reject {
    /// The table.
    pub table: String,
    /// The source of the mapping.
    pub source: String,
    /// The file, below the input folder.
    pub file: String,
    /// The line where the row begins, the header being line 1; in Parquet the row, from 1.
    pub line: u64,
    /// The canonical name of the column, empty where the row as a whole is at fault.
    pub column: String,
    /// The rule, one of [`rule`].
    pub rule: &'static str,
    /// What was found, masked.
    pub found: String,
    /// What was expected.
    pub expected: String,
}

impl Reject {
    /// Rejects as the table `rejects`, in the order of contract.md §2.
    pub fn to_columns(rejects: &[Reject]) -> Columns {
        let line = |r: &Reject| i64::try_from(r.line).ok();
        Columns::new()
            .text("table", rejects.iter().map(|r| Some(&r.table)))
            .text("source", rejects.iter().map(|r| Some(&r.source)))
            .text("file", rejects.iter().map(|r| Some(&r.file)))
            .int("line", rejects.iter().map(line))
            .text("column", rejects.iter().map(|r| Some(&r.column).filter(|c| !c.is_empty())))
            .text("rule", rejects.iter().map(|r| Some(r.rule)))
            .text("found", rejects.iter().map(|r| Some(&r.found)))
            .text("expected", rejects.iter().map(|r| Some(&r.expected)))
    }
}

/// Something that does not stop a row but should be looked at; counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning {
    /// `unknown_column`, `missing_column`, `unknown_code` or `known_later`.
    pub kind: &'static str,
    /// The file, below the input folder.
    pub file: String,
    /// The column, as the file or the catalog names it.
    pub column: String,
    /// The unknown code, else empty.
    pub value: String,
    /// In how many rows.
    pub count: u64,
    /// What it means and what to do, in a line.
    pub text: String,
}

/// The kind of warning that quotes a value.
const UNKNOWN_CODE: &str = "unknown_code";
/// What is said of such values where they are not quoted.
const UNQUOTED: &str = "codes that are in no list of the catalog; kept as they are, and not quoted where all is encrypted: `luheng check` with an empty --work names them";

/// How many different unknown codes of a column are named; the rest are counted together.
const NAMED_CODES: usize = 100;

/// Counts of unknown codes and of rows known later, to be added up over the pieces of a file in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    codes: BTreeMap<(usize, String), u64>,
    known_later: u64,
}

impl Counts {
    /// Counts an unknown code in the column of this position.
    pub(crate) fn unknown_code(&mut self, column: usize, code: &str) {
        self.add_code(column, code, 1);
    }

    fn add_code(&mut self, column: usize, code: &str, count: u64) {
        let named = self.codes.range((column, String::new())..(column + 1, String::new())).count();
        let known = self.codes.contains_key(&(column, code.to_owned()));
        // The empty code stands for all beyond the limit: no data value is empty.
        let code = if known || named < NAMED_CODES { code } else { "" };
        *self.codes.entry((column, code.to_owned())).or_default() += count;
    }

    pub(crate) fn known_later(&mut self, rows: u64) {
        self.known_later += rows;
    }

    pub(crate) fn add(&mut self, other: &Counts) {
        for ((column, code), count) in &other.codes {
            self.add_code(*column, code, *count);
        }
        self.known_later += other.known_later;
    }

    /// The counts as warnings; `names` are the columns of the table.
    pub(crate) fn warnings(&self, file: &str, names: &[&str]) -> Vec<Warning> {
        let mut out = Vec::new();
        for ((column, code), count) in &self.codes {
            let column = names.get(*column).copied().unwrap_or_default();
            let text = if code.is_empty() {
                "further codes that are in no list of the catalog; kept as they are".to_owned()
            } else {
                "this code is in no list of the catalog; kept as it is: map it, or add it to catalog/codes".to_owned()
            };
            out.push(Warning {
                kind: UNKNOWN_CODE,
                file: file.to_owned(),
                column: column.to_owned(),
                value: code.clone(),
                count: *count,
                text,
            });
        }
        if self.known_later > 0 {
            let text = "known_on lies after the as-of day: kept, not read by this run".to_owned();
            out.push(Warning {
                kind: "known_later",
                file: file.to_owned(),
                column: "known_on".to_owned(),
                value: String::new(),
                count: self.known_later,
                text,
            });
        }
        out
    }
}

/// An identity value or key of a person as a message may show it: its length alone.
pub fn mask(found: &str) -> String {
    format!("*** ({} characters)", found.chars().count())
}

/// Any other value as a message may show it: cut to 40 characters, and long runs of digits hidden, since columns get shifted and an
/// identity number or telephone then stands where a code should.
pub fn shown(found: &str) -> String {
    let mut out = String::new();
    let mut run = String::new();
    let flush = |run: &mut String, out: &mut String| {
        if run.len() >= 11 {
            out.push_str("***")
        } else {
            out.push_str(run)
        }
        run.clear();
    };
    for c in found.chars() {
        if c.is_ascii_digit() {
            run.push(c);
        } else {
            flush(&mut run, &mut out);
            out.push(if c.is_control() { '\u{fffd}' } else { c });
        }
    }
    flush(&mut run, &mut out);
    if out.chars().count() > 40 {
        out = out.chars().take(39).chain(['…']).collect();
    }
    out
}

/// The known name nearest to an unknown one, if near enough to be a slip.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest_of(name, known.into_iter().map(|k| (k, &()))).map(|(k, ())| k)
}

/// As [`nearest`], each known name with something that belongs to it.
pub(crate) fn nearest_of<'a, T: Ord>(name: &str, known: impl IntoIterator<Item = (&'a str, &'a T)>) -> Option<(&'a str, &'a T)> {
    let name: String = name.chars().take(100).flat_map(char::to_lowercase).collect();
    let scored = known.into_iter().map(|(k, of)| {
        // `claim` for `claim_fen` and the like: one name begins with the other.
        let long = if name.is_ascii() { name.len() >= 4 } else { name.chars().count() >= 2 };
        let prefix = long && !k.is_empty() && (k.starts_with(&name) || (k.len() >= 4 && name.starts_with(k)));
        (if prefix { 1 } else { strsim::damerau_levenshtein(&name, k) }, k, of)
    });
    scored.min().filter(|(d, k, _)| *d <= slips(k)).map(|(_, k, of)| (k, of))
}

/// How many slips a name bears. A Chinese sign carries a word, so that two names of two signs are never near by chance.
fn slips(name: &str) -> usize {
    let signs = name.chars().count();
    if name.is_ascii() { 1.max(signs / 4) } else { 1.max(signs / 3) }
}

/// One line for each thing to look at, however many files of the table it is in. Where it may not `quote`, unknown codes are counted together by their
/// column: in a shifted column one may be a case number or a name.
pub(super) fn warning_lines(table: &str, warned: Vec<Warning>, quote: bool) -> Vec<String> {
    type Thing = (&'static str, String, String, String);
    let mut lines: BTreeMap<Thing, (u64, Vec<String>)> = BTreeMap::new();
    for mut w in warned {
        if !quote && w.kind == UNKNOWN_CODE {
            (w.value, w.text) = (String::new(), UNQUOTED.to_owned());
        }
        let slot = lines.entry((w.kind, w.column, w.value, w.text)).or_default();
        slot.0 += w.count;
        if !slot.1.contains(&w.file) {
            slot.1.push(w.file);
        }
    }
    lines
        .into_iter()
        .map(|((kind, column, value, text), (rows, files))| {
            let mut line = format!("{table}: {kind}");
            for part in [column, value].into_iter().filter(|p| !p.is_empty()) {
                line += &format!(" {part}");
            }
            let more = if files.len() > 1 { format!(" and {} more", files.len() - 1) } else { String::new() };
            let file = files.first().map_or("", String::as_str);
            let rows = if rows > 0 { format!(", {rows} rows") } else { String::new() };
            format!("{line} ({file}{more}{rows}): {text}")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn numbers_of_persons_are_hidden_wherever_they_stand() {
        assert_eq!(shown("990000198502150021"), "***");
        assert_eq!(shown("tel 13800000000!"), "tel ***!");
        assert_eq!(shown("2025-13-01"), "2025-13-01");
        assert_eq!(shown(&"长".repeat(50)).chars().count(), 40);
        assert_eq!(mask("张三"), "*** (2 characters)");
    }

    #[test]
    fn the_nearest_name_is_offered_only_if_near() {
        let known = ["claim_fen", "closed_on", "case_no"];
        assert_eq!(nearest("claim", known), Some("claim_fen"));
        assert_eq!(nearest("close_on", known), Some("closed_on"));
        assert_eq!(nearest("caseno", known), Some("case_no"));
        assert_eq!(nearest("is_mortgaged", known), None);
        // A turn of two letters is one slip; capitals are none.
        assert_eq!(nearest("colsed_on", known), Some("closed_on"));
        assert_eq!(nearest("Case_No", known), Some("case_no"));
        let titles = ["立案日期", "结案日期", "案号", "申请执行标的额"];
        assert_eq!(nearest("立案日", titles), Some("立案日期"));
        assert_eq!(nearest("申请执行标的", titles), Some("申请执行标的额"));
        assert_eq!(nearest("备注", titles), None);
    }

    #[test]
    fn where_nothing_is_quoted_unknown_codes_are_counted_by_their_column() {
        let mut counts = Counts::default();
        for code in ["（2025）浙0106执1号", "张三", "张三"] {
            counts.unknown_code(1, code);
        }
        counts.unknown_code(2, "barter");
        counts.known_later(4);
        let warned = || ["a.csv", "b.csv"].map(|file| counts.warnings(file, &["case_no", "cause", "status"])).concat();
        let quoted = warning_lines("cases", warned(), true);
        assert_eq!(quoted.len(), 4);
        assert!(quoted.iter().any(|line| line.starts_with("cases: unknown_code cause 张三 (a.csv and 1 more, 4 rows): ")), "{quoted:?}");
        let bare = warning_lines("cases", warned(), false);
        let starts = bare.iter().map(|line| line.split(": ").take(2).collect::<Vec<_>>().join(": "));
        assert_eq!(
            starts.collect::<Vec<_>>(),
            [
                "cases: known_later known_on (a.csv and 1 more, 8 rows)",
                "cases: unknown_code cause (a.csv and 1 more, 6 rows)",
                "cases: unknown_code status (a.csv and 1 more, 2 rows)"
            ]
        );
        assert!(!bare.concat().contains("张三") && !bare.concat().contains("浙0106") && !bare.concat().contains("barter"), "{bare:?}");
    }

    #[test]
    fn beyond_the_limit_codes_are_counted_together() {
        let mut counts = Counts::default();
        for i in 0..150 {
            counts.unknown_code(3, &format!("c{i:03}"));
        }
        counts.unknown_code(3, "c001");
        let warnings = counts.warnings("f", &["", "", "", "cause"]);
        assert_eq!(warnings.iter().map(|w| w.count).sum::<u64>(), 151);
        assert!(warnings.len() <= NAMED_CODES + 1);
        assert_eq!(warnings.iter().find(|w| w.value == "c001").unwrap().count, 2);
    }
}
