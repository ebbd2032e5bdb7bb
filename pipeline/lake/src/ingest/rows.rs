//! Which rows of a file give a row to a table, and the values that a mapping makes of a row: constants, parts, templates.

use std::borrow::Cow;

use arrow_array::StringArray;
use arrow_array::builder::StringBuilder;

use super::cast::{self, Raw, trim};
use super::plan::{ColumnPlan, Group, Plan, Source, TemplatePiece};

/// The rows that the rule of the mapping takes; `None` = all.
pub(crate) fn taken_by_rule(plan: &Plan, inputs: &[Raw], rows: usize) -> Option<Vec<usize>> {
    let (input, rule) = plan.only_if?;
    let text = inputs.get(input)?.to_text();
    Some((0..rows).filter(|row| rule.takes(cell(&text, *row))).collect())
}

/// Those of `taken` where the group has any text; `None` = all rows.
pub(crate) fn taken_by_group(group: &Group, inputs: &[Raw], taken: Option<&[usize]>, rows: usize) -> Option<Vec<usize>> {
    if group.own.is_empty() {
        return taken.map(<[usize]>::to_vec);
    }
    let texts: Vec<StringArray> = group.own.iter().filter_map(|input| Some(inputs.get(*input)?.to_text())).collect();
    let filled = |row: &usize| texts.iter().any(|text| !cell(text, *row).is_empty());
    Some(match taken {
        Some(taken) => taken.iter().copied().filter(filled).collect(),
        None => (0..rows).filter(filled).collect(),
    })
}

/// The values of a column as the mapping makes them; `None` where the file has none.
pub(crate) fn raw<'r>(plan: &ColumnPlan, inputs: &'r [Raw], rows: usize) -> Option<Cow<'r, Raw>> {
    let whole = match &plan.source {
        Source::Absent => return None,
        Source::Constant(text) => return Some(Cow::Owned(cast::constant(text, rows))),
        Source::Input(input) => Cow::Borrowed(inputs.get(*input)?),
        Source::Template(pieces) => Cow::Owned(Raw::Text(joined(pieces, inputs, rows)?)),
    };
    let Some(part) = plan.part else { return Some(whole) };
    let mut out = StringBuilder::new();
    for text in whole.to_text().iter() {
        out.append_option(text.and_then(|text| part.of(trim(text))));
    }
    Some(Cow::Owned(Raw::Text(out.finish())))
}

/// A template filled in row by row; null where any of its texts is empty.
fn joined(pieces: &[TemplatePiece], inputs: &[Raw], rows: usize) -> Option<StringArray> {
    let mut texts = Vec::with_capacity(pieces.len());
    for piece in pieces {
        texts.push(match piece {
            TemplatePiece::Text(_) => None,
            TemplatePiece::Input(input) => Some(inputs.get(*input)?.to_text()),
        });
    }
    let mut out = StringBuilder::new();
    for row in 0..rows {
        let mut made = String::new();
        let mut whole = true;
        for (piece, text) in pieces.iter().zip(&texts) {
            let part = match (piece, text) {
                (TemplatePiece::Text(fixed), _) => fixed,
                (_, Some(text)) => cell(text, row),
                _ => "",
            };
            whole &= !part.is_empty();
            made.push_str(part);
        }
        out.append_option(whole.then_some(made));
    }
    Some(out.finish())
}

fn cell(text: &StringArray, row: usize) -> &str {
    use arrow_array::Array as _;
    if row >= text.len() || text.is_null(row) { "" } else { trim(text.value(row)) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn a_template_with_a_gap_is_no_value() {
        let pieces = [TemplatePiece::Input(0), TemplatePiece::Text("-"), TemplatePiece::Input(1)];
        let column = |texts: [Option<&str>; 4]| Raw::Text(StringArray::from(texts.to_vec()));
        let inputs = [column([Some("a"), Some(" b "), None, Some("d")]), column([Some("1"), Some("2"), Some("3"), Some("  ")])];
        let made = joined(&pieces, &inputs, 4).unwrap();
        assert_eq!(made.iter().collect::<Vec<_>>(), [Some("a-1"), Some("b-2"), None, None]);
    }
}
