//! The score as one SQL expression, for a database that holds the features: one `CASE` a feature, NULL = missing.
//!
//! Standard SQL (ISO 9075): double-quoted names, floating-point literals that read back to the same bits, additions from left to right. A
//! database with IEEE arithmetic and exact reading of literals gives the same bits; SQLite reads literals to the last digit or one beside it.

use std::fmt::Write as _;

use super::{PointsTable, Steps};

impl PointsTable {
    /// The score as an expression over columns named as the features.
    pub fn sql(&self) -> String {
        let mut text = literal(self.base);
        for steps in &self.steps {
            let _ = write!(text, "\n  + {}", expression(steps));
        }
        text
    }
}

fn expression(steps: &Steps) -> String {
    let column = format!("\"{}\"", steps.id.replace('"', "\"\""));
    let mut text = format!("CASE WHEN {column} IS NULL THEN {}", literal(steps.missing.adds));
    for (value, step) in &steps.special {
        let _ = write!(text, " WHEN {} THEN {}", equals(&column, *value), literal(step.adds));
    }
    for (edge, step) in steps.upper.iter().zip(&steps.steps) {
        let _ = write!(text, " WHEN {} THEN {}", up_to(&column, *edge), literal(step.adds));
    }
    let last = steps.steps.last().unwrap_or(&steps.missing);
    let _ = write!(text, " ELSE {} END", literal(last.adds));
    text
}

/// SQL has no word for infinity: what lies beyond every finite number is infinite.
fn up_to(column: &str, edge: f64) -> String {
    if edge == f64::NEG_INFINITY { format!("{column} < {}", literal(f64::MIN)) } else { format!("{column} <= {}", literal(edge)) }
}

fn equals(column: &str, value: f64) -> String {
    match value {
        f64::INFINITY => format!("{column} > {}", literal(f64::MAX)),
        f64::NEG_INFINITY => format!("{column} < {}", literal(f64::MIN)),
        value => format!("{column} = {}", literal(value)),
    }
}

/// The shortest text that reads back to the same bits, with an exponent so that no database takes it for a decimal; finite.
fn literal(x: f64) -> String {
    if x < 0.0 { format!("({x:e})") } else { format!("{x:e}") }
}
