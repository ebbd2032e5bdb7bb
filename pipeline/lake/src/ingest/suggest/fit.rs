//! What the values of a header say: whether they can be those of a column, and how they are written.

use std::collections::BTreeMap;

use super::super::mapping::{MoneyUnit, Part};
use super::super::{case_no, identity_no, values};
use super::names::Synonyms;
use crate::schema::{Codes, Column, Grammar, Kind};

/// How the values of a header fit a column.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fit {
    /// The share of values that can be the column's; `None` where any text can.
    pub share: Option<f64>,
    /// Whether such values are a sign by themselves: case numbers, identity numbers with their check digit.
    pub telling: bool,
    /// The format of dates, where the usual ones do not do.
    pub format: Option<&'static str>,
    /// Another format that fits as well.
    pub rival: Option<&'static str>,
    /// The unit of money.
    pub unit: Option<(MoneyUnit, &'static str)>,
    /// Their value -> ours.
    pub values: BTreeMap<String, String>,
    /// Values without a meaning in the list, with how many rows have them.
    pub strange: BTreeMap<String, usize>,
    /// The part that fits where the whole does not.
    pub part: Option<Part>,
}

/// Formats of days tried where the usual ones do not do.
const FORMATS: [&str; 9] = [
    "%Y-%m-%d %H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y%m%d%H%M%S",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
];

/// Signs that part one text from another within a field.
const SEPARATORS: [&str; 5] = ["|", "/", "、", ";", "；"];

/// How the values fit a column, as a whole or in one of the parts between signs.
pub(crate) fn fit(column: &Column, header: &str, texts: &[String], codes: &Codes, synonyms: &Synonyms) -> Fit {
    let whole = fit_whole(column, header, texts, codes, synonyms);
    if whole.share.is_none_or(|share| share >= 0.5) || texts.is_empty() {
        return whole;
    }
    for by in SEPARATORS {
        let parted = texts.iter().filter(|t| t.contains(by)).count();
        if parted * 2 < texts.len() {
            continue;
        }
        for at in 1..=2 {
            let part = Part::Between { by: by.to_owned(), at };
            let pieces: Vec<String> = texts.iter().filter_map(|t| part.of(t)).map(|t| t.trim().to_owned()).collect();
            let fit = fit_whole(column, header, &pieces, codes, synonyms);
            if fit.share.is_some_and(|share| share >= 0.9) {
                return Fit { part: Some(part), ..fit };
            }
        }
    }
    whole
}

#[allow(clippy::cast_precision_loss, reason = "counts of a sample")]
fn share(texts: &[String], fits: impl Fn(&str) -> bool) -> Option<f64> {
    let n = texts.iter().filter(|t| fits(t)).count();
    (!texts.is_empty()).then(|| n as f64 / texts.len() as f64)
}

fn fit_whole(column: &Column, header: &str, texts: &[String], codes: &Codes, synonyms: &Synonyms) -> Fit {
    let plain = |share| Fit { share, ..Fit::default() };
    match (column.kind, column.grammar) {
        (_, Some(Grammar::CaseNo)) => Fit { telling: column.name == "case_no", ..plain(share(texts, |t| case_no::normalise(t).is_some())) },
        (_, Some(Grammar::CourtCode)) => plain(share(texts, |t| case_no::court_code(t).is_some())),
        (_, Some(Grammar::DocumentNo)) | (Kind::Text, _) if column.name != "id_no" => plain(free_text(column, texts)),
        (Kind::Text, _) => {
            let number = |t: &str| identity_no::resident(t).is_some() || identity_no::uscc(t).is_some();
            Fit { telling: true, ..plain(share(texts, number)) }
        }
        (Kind::Date, _) => date_fit(texts),
        (Kind::Money, _) => Fit { unit: Some(unit(header, texts)), ..plain(share(texts, |t| values::money(t, 6).is_ok())) },
        (Kind::Int, _) => plain(share(texts, |t| values::int(t).is_ok())),
        (Kind::Real, _) => plain(share(texts, |t| values::real(t, true).is_ok())),
        (Kind::Flag | Kind::Code, _) => code_fit(column, texts, codes, synonyms),
    }
}

/// Free text may be anything but days and sums, where the column is a number of its own kind.
fn free_text(column: &Column, texts: &[String]) -> Option<f64> {
    match column.name.as_str() {
        "phone" => share(texts, |t| t.bytes().filter(u8::is_ascii_digit).count() >= 7),
        _ => None,
    }
}

fn date_fit(texts: &[String]) -> Fit {
    let usual = share(texts, |t| values::date(t).is_ok());
    if usual.is_none_or(|share| share >= 0.8) {
        return Fit { share: usual, ..Fit::default() };
    }
    let tried = FORMATS.iter().filter_map(|format| Some((share(texts, |t| values::date_as(t, format).is_ok())?, *format)));
    let mut fitting: Vec<(f64, &'static str)> = tried.filter(|(share, _)| *share >= 0.8).collect();
    // The best first; among equals the order of the list.
    fitting.sort_by(|a, b| b.0.total_cmp(&a.0));
    match fitting.as_slice() {
        [] => Fit { share: usual, ..Fit::default() },
        [best] => Fit { share: Some(best.0), format: Some(best.1), ..Fit::default() },
        [best, next, ..] => {
            let rival = (next.0 >= best.0).then_some(next.1);
            Fit { share: Some(best.0), format: Some(best.1), rival, ..Fit::default() }
        }
    }
}

/// The unit of money and why: as the header says it, else as the decimals do.
fn unit(header: &str, texts: &[String]) -> (MoneyUnit, &'static str) {
    let header = header.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|w| header.contains(w));
    if says(&["万元", "万", "wan"]) {
        return (MoneyUnit::WanYuan, "the header says so");
    }
    if says(&["_fen", "分）", "分)", "(分", "（分"]) {
        return (MoneyUnit::Fen, "the header says so");
    }
    if says(&["元", "yuan", "rmb", "cny"]) {
        return (MoneyUnit::Yuan, "the header says so");
    }
    let decimals = |t: &String| t.split_once('.').map_or(0, |(_, d)| d.trim_end_matches('0').len());
    if texts.iter().any(|t| decimals(t) > 2) {
        return (MoneyUnit::WanYuan, "decide: more than two decimals");
    }
    if texts.iter().any(|t| t.contains('.')) {
        return (MoneyUnit::Yuan, "decide: two decimals");
    }
    (MoneyUnit::Yuan, "decide: nothing tells yuan from fen or 万元")
}

fn code_fit(column: &Column, texts: &[String], codes: &Codes, synonyms: &Synonyms) -> Fit {
    let list = if column.kind == Kind::Flag { "flag" } else { column.codes.as_deref().unwrap_or_default() };
    let mut fit = Fit::default();
    let mut known = 0usize;
    for text in texts {
        let plain = values::plain(text);
        let taken = if list == "flag" { values::flag(text).is_ok() } else { codes.contains(list, &plain) };
        if taken {
            known += 1;
        } else if let Some(code) = fit.values.get(text).cloned().or_else(|| synonyms.code(codes, list, text).map(str::to_owned)) {
            known += 1;
            fit.values.insert(text.clone(), code);
        } else {
            *fit.strange.entry(text.clone()).or_default() += 1;
        }
    }
    #[allow(clippy::cast_precision_loss, reason = "counts of a sample")]
    let share = (!texts.is_empty()).then(|| known as f64 / texts.len() as f64);
    // An open list takes what it does not know: a strange code says little against the name.
    let open = column.kind == Kind::Code && !column.closed;
    fit.share = share.map(|s| if open { s.max(0.5) } else { s });
    fit
}
