//! Case numbers: one written form for each, whatever brackets, spaces and digits an export uses, so that references meet.
//!
//! Grammar (domain.md §6): （year）court type number 号, as in （2025）浙0106执1234号; before 2016 with words: （2013）杭西执民字第123号.

use super::values::{half_width, is_space};

/// The normalised number of an enforcement case, or `None` where the text is none.
///
/// ```
/// use luheng_lake::ingest::case_no::normalise;
/// assert_eq!(normalise(" (2025) 浙0106执 01234 号"), Some("（2025）浙0106执1234号".to_owned()));
/// assert_eq!(normalise("（2025）浙0106民初1234号"), None);
/// ```
pub fn normalise(text: &str) -> Option<String> {
    let text = tidy(text);
    let (year, rest) = split_year(&text)?;
    enforcement(year, rest).or_else(|| legacy(year, rest))
}

/// A number of any document: brackets, spaces and full-width signs made regular where it looks like a case number, else only trimmed.
pub fn normalise_document(text: &str) -> String {
    let tidied = tidy(text);
    match split_year(&tidied) {
        Some((year, rest)) => enforcement(year, rest).unwrap_or_else(|| format!("（{year}）{rest}")),
        None => text.trim_matches(is_space).to_owned(),
    }
}

/// A court's prefix of case numbers: 最高法, or one character and up to four digits.
pub fn court_code(text: &str) -> Option<String> {
    let text = tidy(text);
    let (court, rest) = split_court(&text)?;
    rest.is_empty().then(|| court.to_owned())
}

/// The prefix of the court in the number of an enforcement case; `None` for the numbers before 2016, whose words do not tell.
///
/// ```
/// use luheng_lake::ingest::case_no::court;
/// assert_eq!(court("(2025)浙0106执1234号"), Some("浙0106".to_owned()));
/// ```
pub fn court(text: &str) -> Option<String> {
    let text = tidy(text);
    let (year, rest) = split_year(&text)?;
    enforcement(year, rest)?;
    split_court(rest).map(|(court, _)| court.to_owned())
}

/// Drops all space, makes full-width signs half-width.
fn tidy(text: &str) -> String {
    text.chars().filter(|c| !is_space(*c)).map(half_width).collect()
}

fn is_han(c: char) -> bool {
    matches!(c, '一'..='龥')
}

/// Year and what follows, where the text begins with a year in any brackets.
fn split_year(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix(['(', '（', '[', '〔', '【', '{'])?;
    let (year, rest) = inner.split_at_checked(4)?;
    let rest = rest.strip_prefix([')', '）', ']', '〕', '】', '}'])?;
    let plausible = year.bytes().all(|b| b.is_ascii_digit()) && ("1949"..="2100").contains(&year);
    plausible.then_some((year, rest))
}

fn split_court(text: &str) -> Option<(&str, &str)> {
    if let Some(rest) = text.strip_prefix("最高法") {
        return Some(("最高法", rest));
    }
    let first = text.chars().next().filter(|c| is_han(*c) && *c != '执')?.len_utf8();
    let digits = text[first..].bytes().take(4).take_while(u8::is_ascii_digit).count();
    Some(text.split_at(first + digits))
}

fn enforcement(year: &str, rest: &str) -> Option<String> {
    let (court, rest) = split_court(rest)?;
    let rest = rest.strip_prefix('执')?;
    let kind = rest.chars().next().filter(|c| "恢保异复监协他".contains(*c)).map_or(0, char::len_utf8);
    let (kind, rest) = rest.split_at(kind);
    let rest = rest.strip_prefix("字第").unwrap_or(rest);
    let (number, suffix) = split_number(rest)?;
    Some(format!("（{year}）{court}执{kind}{number}号{suffix}"))
}

fn legacy(year: &str, rest: &str) -> Option<String> {
    let (words, rest) = rest.split_once("字第")?;
    let letters = words.chars().count();
    if !(2..=10).contains(&letters) || !words.chars().all(is_han) || !words.contains('执') {
        return None;
    }
    let (number, suffix) = split_number(rest)?;
    Some(format!("（{year}）{words}字第{number}号{suffix}"))
}

/// The number without leading zeros, and the suffix 之一 behind 号.
fn split_number(text: &str) -> Option<(&str, &str)> {
    let (number, suffix) = text.split_once('号')?;
    let digits = (1..=9).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    let number = number.trim_start_matches('0');
    let counted = suffix.strip_prefix('之').is_some_and(|n| !n.is_empty() && n.chars().all(|c| "一二三四五六七八九十".contains(c)));
    (digits && !number.is_empty() && (suffix.is_empty() || counted)).then_some((number, suffix))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_way_of_writing_gives_one_form() {
        for (text, expected) in [
            ("（2025）浙0106执1234号", "（2025）浙0106执1234号"),
            ("(2025)浙0106执1234号", "（2025）浙0106执1234号"),
            ("〔2025〕浙0106执恢 12 号之一", "（2025）浙0106执恢12号之一"),
            ("（２０２５）浙０１０６执１２３４号", "（2025）浙0106执1234号"),
            ("（2007）测9901执1号", "（2007）测9901执1号"),
            ("（2020）最高法执监7号", "（2020）最高法执监7号"),
            ("（2019）浙执复3号", "（2019）浙执复3号"),
            ("（2016）浙0106执字第0099号", "（2016）浙0106执99号"),
            ("(2013)杭西执民字第123号", "（2013）杭西执民字第123号"),
            ("\u{feff}（2025）浙0106执异5号\u{3000}", "（2025）浙0106执异5号"),
        ] {
            assert_eq!(normalise(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "",
            "2025浙0106执1234号",
            "（25）浙0106执1号",
            "（2025）浙0106执号",
            "（2025）浙0106执0号",
            "（2025）浙0106民初1号",
            "（2025）浙01061执1号",
            "（2025）浙0106执12a号",
            "（2025）浙0106执1",
            "（2025）浙0106执1号之",
            "（1900）浙执1号",
            "（2025）执1号",
        ] {
            assert_eq!(normalise(text), None, "{text}");
        }
    }

    #[test]
    fn documents_are_tidied_but_never_refused() {
        assert_eq!(normalise_document("(2024)浙0106民初 12号"), "（2024）浙0106民初12号");
        assert_eq!(normalise_document("(2024)浙0106执012号"), "（2024）浙0106执12号");
        assert_eq!(normalise_document(" 杭公证字 88 "), "杭公证字 88");
    }

    #[test]
    fn courts() {
        assert_eq!(court_code("浙０１０６").as_deref(), Some("浙0106"));
        assert_eq!(court_code("测9901").as_deref(), Some("测9901"));
        for text in ["", "0106", "浙01061", "浙江省高级人民法院", "ZJ01", "执0106"] {
            assert_eq!(court_code(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn normal_form_is_a_fixed_point(text in "[(（][0-9]{4}[)）][浙沪测][0-9]{0,4}执[恢保异]?[0-9]{1,9}号(之[一二])?") {
            if let Some(once) = normalise(&text) {
                prop_assert_eq!(normalise(&once), Some(once));
            }
        }

        #[test]
        fn no_text_is_too_strange(text in "\\PC*") {
            let _ = (normalise(&text), normalise_document(&text), court_code(&text));
        }
    }
}
