//! Why rows were turned away, with examples that tell of nobody: these pages are read where all else is encrypted.

use std::collections::BTreeMap;

use luheng_lake::columns::Columns;
use luheng_lake::schema::{Kind, Schema};

use super::figures::{RuleQuality, Warning};
use crate::error::Result;

/// Examples of each rule.
const EXAMPLES: usize = 3;
/// The longest code shown as it was found.
const LONGEST_CODE: usize = 24;
/// The longest number or day: shorter than a telephone number.
const LONGEST_NUMBER: usize = 10;

/// Rules that turned rows away, most rows first, from the table `rejects`.
///
/// # Errors
/// A column that the table lacks.
pub fn rules(rejects: &Columns, schema: &Schema) -> Result<Vec<RuleQuality>> {
    let column = |name| rejects.require(name);
    let (table, place, rule, expected) = (column("table")?, column("column")?, column("rule")?, column("expected")?);
    let (file, line, found) = (column("file")?, column("line")?, column("found")?);
    let mut counts: BTreeMap<[String; 4], (u64, Vec<String>)> = BTreeMap::new();
    for at in 0..rejects.len() {
        let key = [table, place, rule, expected].map(|c| c.text_at(at).unwrap_or_default().to_owned());
        let described = schema.tables.get(&key[0]).and_then(|t| t.column(&key[1]));
        let kind = described.filter(|c| !c.identity && !c.masked).map(|c| c.kind);
        let (rows, examples) = counts.entry(key).or_default();
        *rows += 1;
        if examples.len() < EXAMPLES {
            let shown = found.text_at(at).map(|text| told(text, kind)).filter(|text| !text.is_empty());
            let place = format!("{}:{}", file.text_at(at).unwrap_or_default(), line.int_at(at).unwrap_or(0));
            examples.push(shown.map_or_else(|| place.clone(), |shown| format!("{place} {shown}")));
        }
    }
    let mut rules = Vec::new();
    for ([table, column, rule, expected], (rows, examples)) in counts {
        rules.push(RuleQuality { table, column, rule, expected, rows, examples });
    }
    rules.sort_by_key(|r| std::cmp::Reverse(r.rows));
    Ok(rules)
}

/// A warning of the ingest; an unknown code in it is shown as [`told`] shows one.
pub(super) fn warning(text: &str) -> Warning {
    let masked = || {
        let (table, rest) = text.split_once(": unknown_code ")?;
        let (column, rest) = rest.split_once(' ')?;
        let (code, rest) = rest.rsplit_once(" (")?;
        Some(format!("{table}: unknown_code {column} {} ({rest}", told(code, Some(Kind::Code))))
    };
    Warning { place: String::new(), text: masked().unwrap_or_else(|| text.to_owned()), times: 1 }
}

/// What was found, where it is plainly a code, a number or a day; else its shape, for in a shifted column a name or a case number may stand anywhere.
/// `kind` is none for columns of persons: there the masked value of `rejects` says all there is to say.
fn told(found: &str, kind: Option<Kind>) -> String {
    let all = |fits: fn(char) -> bool, longest: usize| !found.is_empty() && found.chars().count() <= longest && found.chars().all(fits);
    match kind {
        Some(Kind::Code) if all(|c| c.is_ascii_lowercase() || c == '_', LONGEST_CODE) => found.to_owned(),
        Some(Kind::Int | Kind::Real | Kind::Money | Kind::Date | Kind::Flag)
            if all(|c| c.is_ascii_digit() || matches!(c, '-' | '/' | '.' | ',' | '+'), LONGEST_NUMBER) =>
        {
            found.to_owned()
        }
        _ if found.starts_with("***") => found.to_owned(),
        _ => found.chars().map(shape).collect(),
    }
}

fn shape(c: char) -> char {
    match c {
        _ if c.is_ascii_digit() => '9',
        _ if c.is_ascii_uppercase() => 'A',
        _ if c.is_ascii_lowercase() => 'a',
        _ if c.is_alphanumeric() => '字',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_tell_of_somebody_is_shown_by_its_shape() {
        assert_eq!(told("chief", Some(Kind::Code)), "chief");
        assert_eq!(told("2025-13-01", Some(Kind::Date)), "2025-13-01");
        assert_eq!(told("-50", Some(Kind::Money)), "-50");
        assert_eq!(told("张三丰", Some(Kind::Code)), "字字字");
        assert_eq!(told("（2025）浙0106执1号", Some(Kind::Code)), "（9999）字9999字9字");
        assert_eq!(told("D000009", Some(Kind::Code)), "A999999");
        assert_eq!(told("13800000000", Some(Kind::Money)), "99999999999");
        assert_eq!(told("document 7", Some(Kind::Text)), "aaaaaaaa 9");
        assert_eq!(told("*** (18 characters)", None), "*** (18 characters)");
        assert_eq!(told("zhangsan", None), "aaaaaaaa");
        let line = |code: &str| format!("cases: unknown_code cause {code} (cases.csv, 1 rows): this code is in no list");
        assert_eq!(warning(&line("barter")).text, line("barter"));
        assert_eq!(warning(&line("(2023)测9执9号")).text, line("(9999)字9字9字"));
        assert_eq!(warning("truth.parquet: ignored").text, "truth.parquet: ignored");
    }
}
