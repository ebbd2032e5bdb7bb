//! Numbers, cells and tables of the page.

use luheng_sheet::{Align, Bi, Block, Cell, Fact, Head, Tone};

use super::figures::{Figures, Measured};
use crate::features;

/// Four digits at most; a dash where there is no figure.
pub(super) fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "—".to_owned(), |v| format!("{v:.3}"))
}

/// A figure with its interval.
pub(super) fn measured(figure: Option<Measured>) -> String {
    let Some(figure) = figure else { return "—".to_owned() };
    match (figure.low, figure.high) {
        (Some(low), Some(high)) => format!("{:.3} [{low:.3}, {high:.3}]", figure.value),
        _ => format!("{:.3}", figure.value),
    }
}

/// A cell that reads alike in both languages.
pub(super) fn cell(text: impl ToString) -> Cell {
    Cell::from(Bi::plain(text.to_string()))
}

/// A cell in both.
pub(super) fn named(words: Bi) -> Cell {
    Cell::from(words)
}

/// A table; the first heads are of words, the rest of numbers.
pub(super) fn table(caption: Bi, heads: &[(&'static str, &'static str)], words: usize, rows: Vec<Vec<Cell>>) -> Block {
    let align = |at: usize| if at < words { Align::Left } else { Align::Right };
    let head = |(at, (zh, en)): (usize, &(&'static str, &'static str))| Head { label: Bi::fixed(zh, en), align: align(at) };
    Block::Table { caption, columns: heads.iter().enumerate().map(head).collect(), rows }
}

/// A label and its value.
pub(super) fn fact(zh: &'static str, en: &'static str, value: impl Into<String>) -> Fact {
    Fact { label: Bi::fixed(zh, en), value: Bi::plain(value.into()) }
}

/// A remark.
pub(super) fn small(zh: impl Into<String>, en: impl Into<String>) -> Block {
    Block::Text { text: Bi::new(zh.into(), en.into()), tone: Tone::Small }
}

/// The words for a feature; its id where the program has it no more.
pub(super) fn feature(id: &str) -> Bi {
    features::all().find(|f| f.id == id).map_or_else(|| Bi::plain(id.to_owned()), |f| Bi::fixed(f.zh, f.en))
}

/// A heading inside a section.
pub(super) fn heading(zh: &'static str, en: &'static str) -> Block {
    Block::Heading { level: 3, text: Bi::fixed(zh, en) }
}

/// Heads of [`figures`].
pub(super) const FIGURES: [(&str, &str); 8] = [
    ("评估点", "rows"),
    ("实际", "came"),
    ("预测", "predicted"),
    ("AUC", "with interval"),
    ("KS", ""),
    ("Brier", ""),
    ("校准误差", "calibration error"),
    ("校准斜率", "slope"),
];

/// The cells of figures; a note that they are of too few where there are none.
pub(super) fn figures(found: Option<&Figures>) -> Vec<Cell> {
    let Some(f) = found else {
        let mut cells = vec![named(Bi::fixed("人数过少，不列", "too few"))];
        cells.resize(FIGURES.len(), cell("—"));
        return cells;
    };
    let numbers = [Some(f.base_rate), Some(f.mean_predicted)].map(number).into_iter();
    let after = [f.ks, Some(f.brier), Some(f.calibration_error), f.calibration_slope].map(number);
    [f.rows.to_string()].into_iter().chain(numbers).chain([measured(f.auc)]).chain(after).map(cell).collect()
}
