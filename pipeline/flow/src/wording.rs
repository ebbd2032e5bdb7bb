//! Money, days and shares as people read them: one place, so that a sheet, a reason and a page say the same number the same way.

use luheng_lake::columns::{Day, day};

/// Money in Chinese: `12.35万元` from ten thousand yuan, else `830.00元`.
pub fn yuan(fen: i64) -> String {
    const WAN: u64 = 1_000_000;
    let sign = if fen < 0 { "-" } else { "" };
    let fen = fen.unsigned_abs();
    if fen < WAN {
        return format!("{sign}{}.{:02}元", fen / 100, fen % 100);
    }
    let hundredths = (fen + WAN / 200) / (WAN / 100);
    format!("{sign}{}.{:02}万元", hundredths / 100, hundredths % 100)
}

/// Money in English: `CNY 123,500.00`.
pub fn yuan_en(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let fen = fen.unsigned_abs();
    let digits = (fen / 100).to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("CNY {sign}{grouped}.{:02}", fen % 100)
}

/// A share as a percentage with one decimal: `42.0%`.
pub fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

/// A probability that was rounded down, without rounding it up again: `99.9%`.
pub fn at_least(probability: f64) -> String {
    let text = format!("{:.3}", probability * 100.0);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A day in Chinese: `2025年6月30日`.
pub fn day_zh(on: Day) -> String {
    day::format_zh(on)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_likelihood_is_not_rounded_up() {
        assert_eq!([0.99, 0.999, 0.99999, 0.5].map(at_least), ["99%", "99.9%", "99.999%", "50%"]);
    }

    #[test]
    fn money_reads_as_people_write_it() {
        assert_eq!(yuan(83_000), "830.00元");
        assert_eq!(yuan(12_350_000), "12.35万元");
        assert_eq!(yuan(12_349_999), "12.35万元");
        assert_eq!(yuan(-5), "-0.05元");
        assert_eq!(yuan_en(12_350_000), "CNY 123,500.00");
        assert_eq!(yuan_en(5), "CNY 0.05");
        assert_eq!(percent(0.4204), "42.0%");
    }
}
