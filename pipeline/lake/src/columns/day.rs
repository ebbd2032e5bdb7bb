//! Calendar days as days since 1970-01-01 (Date32), China Standard Time; jiff knows the calendar.

use jiff::civil::Date;

/// Days since 1970-01-01.
pub type Day = i32;

/// Parses `YYYY-MM-DD`, nothing else.
pub fn parse(text: &str) -> Option<Day> {
    let b = text.as_bytes();
    if b.len() != 10 || b[4] != b'-' || b[7] != b'-' {
        return None;
    }
    let digits = |from: usize, to: usize| -> Option<i16> {
        let mut n = 0i16;
        for c in &b[from..to] {
            if !c.is_ascii_digit() {
                return None;
            }
            n = n * 10 + i16::from(c - b'0');
        }
        Some(n)
    };
    from_ymd(digits(0, 4)?, u8::try_from(digits(5, 7)?).ok()?, u8::try_from(digits(8, 10)?).ok()?)
}

/// `YYYY-MM-DD`.
pub fn format(day: Day) -> String {
    let (y, m, d) = ymd(day);
    std::format!("{y:04}-{m:02}-{d:02}")
}

/// `2025年6月30日`.
pub fn format_zh(day: Day) -> String {
    let (y, m, d) = ymd(day);
    std::format!("{y}年{m}月{d}日")
}

/// Year, month (1 to 12) and day of the month of a day; days outside the years -9999 to 9999 give the nearest that is inside.
pub fn ymd(day: Day) -> (i16, u8, u8) {
    // Whole 400-year eras have a fixed length, so the day number alone gives the date (the usual "civil from days").
    let z = i64::from(day.clamp(-4_371_587, 2_932_896)) + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let d = of_year - (153 * shifted + 2) / 5 + 1;
    let m = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let y = year_of_era + era * 400 + i64::from(m <= 2);
    (y as i16, m as u8, d as u8)
}

/// The day of a year, month and day of the month; `None` where the calendar has no such day.
pub fn from_ymd(year: i16, month: u8, day: u8) -> Option<Day> {
    let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    let (m, d) = (i64::from(date.month()), i64::from(date.day()));
    let y = i64::from(date.year()) - i64::from(m <= 2);
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let of_year = (153 * (if m > 2 { m - 3 } else { m + 9 }) + 2) / 5 + d - 1;
    let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    i32::try_from(era * 146_097 + of_era - 719_468).ok()
}

/// The same day of the month some months later (or earlier); a day the month lacks becomes its last day.
pub fn add_months(day: Day, months: i32) -> Day {
    let (y, m, d) = ymd(day);
    let total = i32::from(y) * 12 + i32::from(m) - 1 + months;
    let year = i16::try_from(total.div_euclid(12)).unwrap_or(if months < 0 { -9_999 } else { 9_999 });
    let month = total.rem_euclid(12) as u8 + 1;
    (0..4).find_map(|back| from_ymd(year, month, d.saturating_sub(back))).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn every_day_of_five_centuries_goes_and_returns() {
        let mut date = Date::new(1800, 1, 1).unwrap();
        let mut day = from_ymd(1800, 1, 1).unwrap();
        while date.year() < 2300 {
            assert_eq!(ymd(day), (date.year(), date.month() as u8, date.day() as u8));
            assert_eq!(from_ymd(date.year(), date.month() as u8, date.day() as u8), Some(day));
            date = date.tomorrow().unwrap();
            day += 1;
        }
        assert_eq!(from_ymd(1970, 1, 1), Some(0));
    }

    #[test]
    fn only_real_days_parse() {
        assert_eq!(parse("2024-02-29").map(format).as_deref(), Some("2024-02-29"));
        for bad in ["2023-02-29", "2024-13-01", "2024-1-01", "2024-01-1x", "20240101", "", "2024-01-011"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn months_end_where_the_month_ends() {
        let day = parse("2024-01-31").unwrap();
        assert_eq!(format(add_months(day, 1)), "2024-02-29");
        assert_eq!(format(add_months(day, 13)), "2025-02-28");
        assert_eq!(format(add_months(day, -2)), "2023-11-30");
        assert_eq!(format(add_months(parse("2008-02-29").unwrap(), 18 * 12)), "2026-02-28");
        assert_eq!(format_zh(parse("2025-06-30").unwrap()), "2025年6月30日");
    }
}
