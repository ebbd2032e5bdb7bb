//! The only parser of money, numbers, days and flags. No float touches money; nothing is guessed.

use std::borrow::Cow;

use crate::columns::{Day, day};

/// Why a text is no value of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bad {
    /// Not of this kind at all.
    Form,
    /// A number with more decimals than the unit holds.
    TooFine,
    /// Beyond 64 bits, or a day outside 1850 to 2200.
    TooLarge,
}

/// Text without surrounding space, with full-width letters, digits and signs made half-width.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    let text = text.trim_matches(is_space);
    if text.is_ascii() || !text.chars().any(|c| half_width(c) != c) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().map(half_width).collect())
    }
}

/// White space as exports have it: Unicode's, the byte-order mark and zero-width space included.
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}')
}

pub(crate) fn half_width(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '￥' => '¥',
        _ => c,
    }
}

/// A decimal number times `10^shift`, exactly: `1,234.50` with shift 2 is 123450. Thousands separators must stand every three digits;
/// an exponent is allowed, as JSON writes it.
pub(crate) fn scaled(text: &str, shift: i32) -> Result<i64, Bad> {
    let bytes = text.as_bytes();
    let (negative, mut rest) = match bytes.first() {
        Some(b'-') => (true, &bytes[1..]),
        Some(b'+') => (false, &bytes[1..]),
        _ => (false, bytes),
    };
    let mut exponent = 0i32;
    if let Some(at) = rest.iter().position(|b| matches!(b, b'e' | b'E')) {
        let digits = std::str::from_utf8(&rest[at + 1..]).map_err(|_| Bad::Form)?;
        exponent = digits.parse().map_err(|_| Bad::Form)?;
        if !(-40..=40).contains(&exponent) {
            return Err(Bad::TooLarge);
        }
        rest = &rest[..at];
    }
    let (whole, decimals) = match rest.iter().position(|b| *b == b'.') {
        Some(at) => (&rest[..at], &rest[at + 1..]),
        None => (rest, &rest[rest.len()..]),
    };
    if whole.is_empty() && decimals.is_empty() {
        return Err(Bad::Form);
    }
    let mut value: i128 = 0;
    let mut push = |b: u8| {
        if !b.is_ascii_digit() {
            return Err(Bad::Form);
        }
        value = value.checked_mul(10).and_then(|v| v.checked_add(i128::from(b - b'0'))).ok_or(Bad::TooLarge)?;
        Ok(())
    };
    if whole.contains(&b',') {
        for (i, group) in whole.split(|b| *b == b',').enumerate() {
            let fits = if i == 0 { (1..=3).contains(&group.len()) } else { group.len() == 3 };
            if !fits {
                return Err(Bad::Form);
            }
            group.iter().try_for_each(|b| push(*b))?;
        }
    } else {
        whole.iter().try_for_each(|b| push(*b))?;
    }
    decimals.iter().try_for_each(|b| push(*b))?;
    let decimals = i32::try_from(decimals.len()).map_err(|_| Bad::TooLarge)?;
    rescaled(if negative { -value } else { value }, shift + exponent - decimals)
}

/// `value * 10^shift` as 64 bits, exactly or not at all.
pub(crate) fn rescaled(mut value: i128, shift: i32) -> Result<i64, Bad> {
    for _ in 0..shift.unsigned_abs() {
        if value == 0 {
            break;
        }
        if shift > 0 {
            value = value.checked_mul(10).ok_or(Bad::TooLarge)?;
        } else if value % 10 == 0 {
            value /= 10;
        } else {
            return Err(Bad::TooFine);
        }
    }
    i64::try_from(value).map_err(|_| Bad::TooLarge)
}

/// Money in fen. `shift` is that of the column's unit (fen 0, yuan 2, 万元 6); a unit written behind the number wins.
pub(crate) fn money(text: &str, shift: i32) -> Result<i64, Bad> {
    let text = plain(text);
    let text = text.strip_prefix('¥').unwrap_or(&text);
    let units = [("万元", 6), ("万", 6), ("元", 2), ("分", 0)];
    let stated = units.iter().find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, *shift)));
    let (number, shift) = stated.unwrap_or((text, shift));
    scaled(number.trim_end(), shift)
}

/// A whole number; `12.0` is one.
pub(crate) fn int(text: &str) -> Result<i64, Bad> {
    scaled(&plain(text), 0)
}

/// A number; `percent` also takes `50%`.
pub(crate) fn real(text: &str, percent: bool) -> Result<f64, Bad> {
    let text = plain(text);
    let (text, divide) = match text.strip_suffix('%') {
        Some(number) if percent => (number, 100.0),
        _ => (text.as_ref(), 1.0),
    };
    // Rust also reads "inf", "nan" and "infinity", which are no data.
    if !text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E')) {
        return Err(Bad::Form);
    }
    let value: f64 = text.parse().map_err(|_| Bad::Form)?;
    if value.is_finite() { Ok(value / divide) } else { Err(Bad::TooLarge) }
}

/// true, false, 1, 0, 是, 否.
pub(crate) fn flag(text: &str) -> Result<bool, Bad> {
    match plain(text).as_ref() {
        "1" | "是" => Ok(true),
        "0" | "否" => Ok(false),
        t if t.eq_ignore_ascii_case("true") => Ok(true),
        t if t.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(Bad::Form),
    }
}

/// A day: 2019-07-13, 2019/7/13, 2019.7.13, 20190713, 2019年7月13日, each also with midnight behind it.
pub(crate) fn date(text: &str) -> Result<Day, Bad> {
    if let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = *text.as_bytes() {
        let two = |a: u8, b: u8| (a.is_ascii_digit() && b.is_ascii_digit()).then(|| (a - b'0') * 10 + (b - b'0'));
        if let (Some(century), Some(year), Some(month), Some(day)) = (two(y0, y1), two(y2, y3), two(m0, m1), two(d0, d1)) {
            return ymd(i64::from(century) * 100 + i64::from(year), month.into(), day.into());
        }
    }
    let text = plain(text);
    let text = without_midnight(&text);
    if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        let part = |r: std::ops::Range<usize>| text[r].parse::<i64>().map_err(|_| Bad::Form);
        return ymd(part(0..4)?, part(4..6)?, part(6..8)?);
    }
    let separators = [('-', '-', ""), ('/', '/', ""), ('.', '.', ""), ('年', '月', "日")];
    for (first, second, end) in separators {
        let Some((year, rest)) = text.split_once(first) else { continue };
        let Some((month, day)) = rest.split_once(second) else { return Err(Bad::Form) };
        let day = day.strip_suffix(end).ok_or(Bad::Form)?;
        if year.len() != 4 {
            return Err(Bad::Form);
        }
        return ymd(digits(year)?, digits(month)?, digits(day)?);
    }
    Err(Bad::Form)
}

fn digits(text: &str) -> Result<i64, Bad> {
    let fits = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if fits { text.parse().map_err(|_| Bad::Form) } else { Err(Bad::Form) }
}

fn without_midnight(text: &str) -> &str {
    let Some(at) = text.find(['T', ' ']) else { return text };
    let time = text[at + 1..].trim_end_matches('Z');
    let midnight = time.len() >= 5 && time.starts_with("00:00") && time.bytes().all(|b| matches!(b, b'0' | b':' | b'.'));
    if midnight { &text[..at] } else { text }
}

/// A day that exists, in the years a court's file can speak of.
pub(crate) fn ymd(year: i64, month: i64, day_of_month: i64) -> Result<Day, Bad> {
    let (Ok(y), Ok(m), Ok(d)) = (i16::try_from(year), u8::try_from(month), u8::try_from(day_of_month)) else { return Err(Bad::Form) };
    let day = day::from_ymd(y, m, d).ok_or(Bad::Form)?;
    if (1850..=2200).contains(&year) { Ok(day) } else { Err(Bad::TooLarge) }
}

/// A day in a format of a mapping: `%Y %m %d`, and `%H %M %S`, which are read and passed over; anything else stands for itself.
pub(crate) fn date_as(text: &str, format: &str) -> Result<Day, Bad> {
    let text = plain(text);
    let mut rest: &str = &text;
    let (mut year, mut month, mut day) = (0, 0, 0);
    let mut signs = format.chars();
    while let Some(sign) = signs.next() {
        if sign != '%' {
            rest = rest.strip_prefix(sign).ok_or(Bad::Form)?;
            continue;
        }
        let field = signs.next().ok_or(Bad::Form)?;
        let longest = if field == 'Y' { 4 } else { 2 };
        let end = rest.bytes().take(longest).take_while(u8::is_ascii_digit).count();
        let value = digits(&rest[..end])?;
        rest = &rest[end..];
        match field {
            'Y' => year = value,
            'm' => month = value,
            'd' => day = value,
            _ => {}
        }
    }
    if rest.is_empty() { ymd(year, month, day) } else { Err(Bad::Form) }
}

/// Whether a mapping's date format can be read: year, month and day once each, no unknown sign.
pub(crate) fn is_date_format(format: &str) -> bool {
    let fields: Vec<char> = format.split('%').skip(1).map(|part| part.chars().next().unwrap_or('%')).collect();
    let once = |f: char| fields.iter().filter(|x| **x == f).count() == 1;
    fields.iter().all(|f| "YmdHMS".contains(*f)) && once('Y') && once('m') && once('d')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn money_is_exact_in_every_unit() {
        for (text, shift, fen) in [
            ("7500.00", 2, 750_000),
            ("7500", 0, 7500),
            ("7500.00", 0, 7500),
            ("12.345678", 6, 12_345_678),
            ("1,234,567.89", 2, 123_456_789),
            ("１２３．４５", 2, 12_345),
            ("¥0.10", 2, 10),
            ("3.5万元", 0, 3_500_000),
            ("12元", 6, 1200),
            ("1.2e3", 2, 120_000),
            ("0.1", 2, 10),
            ("-5", 2, -500),
            (".5", 2, 50),
            ("92233720368547758.07", 2, i64::MAX),
            ("1，000", 2, 100_000),
        ] {
            assert_eq!(money(text, shift), Ok(fen), "{text}");
        }
        for (text, shift, why) in [
            ("0.001", 2, Bad::TooFine),
            ("1.5", 0, Bad::TooFine),
            ("1e-3", 2, Bad::TooFine),
            ("92233720368547758.08", 2, Bad::TooLarge),
            ("1e41", 0, Bad::TooLarge),
            ("", 2, Bad::Form),
            (".", 2, Bad::Form),
            ("12,34", 2, Bad::Form),
            ("1,2345", 2, Bad::Form),
            ("abc", 2, Bad::Form),
            ("1.2.3", 2, Bad::Form),
            ("--1", 2, Bad::Form),
            ("NaN", 2, Bad::Form),
            ("0x10", 0, Bad::Form),
        ] {
            assert_eq!(money(text, shift), Err(why), "{text}");
        }
    }

    #[test]
    fn days_come_in_many_forms_and_must_exist() {
        let expected = day::from_ymd(2019, 7, 9).unwrap();
        for text in [
            "2019-07-09",
            "2019-7-9",
            "20190709",
            "2019/7/9",
            "2019年07月09日",
            "2019年7月9日",
            "2019.07.09",
            "２０１９－０７－０９",
            " 2019-07-09 ",
            "2019-07-09T00:00:00",
            "2019-07-09 00:00:00.000",
        ] {
            assert_eq!(date(text), Ok(expected), "{text}");
        }
        for text in
            ["2019-02-30", "2019-13-01", "20190231", "2019-07-09 14:00:00", "19-07-09", "2019", "x", "2019-07", "0000-00-00", "2023-02-29"]
        {
            assert_eq!(date(text), Err(Bad::Form), "{text}");
        }
        assert_eq!(date("9999-12-31"), Err(Bad::TooLarge));
        assert_eq!(date_as("09.07.2019 13:05", "%d.%m.%Y %H:%M"), Ok(expected));
        assert_eq!(date_as("09.07.2019 13:05x", "%d.%m.%Y %H:%M"), Err(Bad::Form));
        assert!(is_date_format("%Y%m%d") && !is_date_format("%y%m%d") && !is_date_format("%Y-%m") && !is_date_format("%Y%m%d%"));
    }

    #[test]
    fn flags_and_reals() {
        assert_eq!((flag("是"), flag("0"), flag("True"), flag("１")), (Ok(true), Ok(false), Ok(true), Ok(true)));
        assert_eq!(flag("yes"), Err(Bad::Form));
        assert_eq!((real("0.25", true), real("25%", true), real("1e-2", false)), (Ok(0.25), Ok(0.25), Ok(0.01)));
        assert!(real("inf", true).is_err() && real("nan", true).is_err() && real("25%", false).is_err() && real("1e999", false).is_err());
    }

    proptest! {
        #[test]
        fn money_round_trips(fen in any::<i64>()) {
            let (sign, size) = (if fen < 0 { "-" } else { "" }, i128::from(fen).unsigned_abs());
            prop_assert_eq!(money(&format!("{sign}{}.{:02}", size / 100, size % 100), 2), Ok(fen));
            prop_assert_eq!(money(&format!("{sign}{}.{:06}", size / 1_000_000, size % 1_000_000), 6), Ok(fen));
            prop_assert_eq!(money(&fen.to_string(), 0), Ok(fen));
        }

        #[test]
        fn days_round_trip(days in -43_829i32..84_370) {
            let (y, m, d) = day::ymd(days);
            prop_assert_eq!(date(&day::format(days)), Ok(days));
            prop_assert_eq!(date(&format!("{y}年{m}月{d}日")), Ok(days));
            prop_assert_eq!(date(&format!("{y:04}{m:02}{d:02}")), Ok(days));
            prop_assert_eq!(date_as(&format!("{d}/{m}/{y}"), "%d/%m/%Y"), Ok(days));
        }

        #[test]
        fn no_text_is_too_strange(text in "\\PC*") {
            let _ = (money(&text, 2), date(&text), date_as(&text, "%Y-%m-%d"), real(&text, true), flag(&text));
        }
    }
}
