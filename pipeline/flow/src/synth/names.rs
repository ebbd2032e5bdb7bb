//! Why: invented names, addresses and numbers that pass every check an export must pass, and that can never be a real person's: the prefix 99 is
//! assigned to no division.
use luheng_lake::columns::{Day, day};

use super::random::Stream;

const SURNAMES: &[&str] = &[
    "赵", "钱", "孙", "李", "周", "吴", "郑", "王", "冯", "陈", "沈", "韩", "杨", "朱", "秦", "许", "何", "吕", "张", "孔", "曹", "严",
    "华", "金",
];
const GIVEN: &[&str] = &[
    "安", "白", "辰", "德", "恩", "帆", "谷", "禾", "佳", "可", "蓝", "明", "宁", "平", "青", "然", "素", "彤", "文", "溪", "雅", "一",
    "知", "舟",
];
const TRADES: &[(&str, &str)] = &[
    ("纺织", "C17"),
    ("五金", "C33"),
    ("建材", "F51"),
    ("餐饮", "H62"),
    ("物流", "G54"),
    ("建筑工程", "E47"),
    ("置业", "K70"),
    ("电子商务", "I64"),
    ("农业开发", "A01"),
    ("装饰设计", "E50"),
];

/// Weights of the resident identity number's first 17 digits.
const IDENTITY_WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// Characters of a unified social credit code, in the order of their values.
const CREDIT_ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const CREDIT_WEIGHTS: [u32; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

/// An invented personal name.
pub fn person(stream: &mut Stream) -> String {
    let mut name = String::from(stream.pick(SURNAMES));
    name.push_str(stream.pick(GIVEN));
    if stream.chance(0.8) {
        name.push_str(stream.pick(GIVEN));
    }
    name
}

/// An invented company's name and its industry (GB/T 4754).
pub fn company(stream: &mut Stream, county: &str, kind: &str) -> (String, &'static str) {
    let (trade, industry) = stream.pick(TRADES);
    let name = format!("{county}{}{}{trade}{kind}", stream.pick(GIVEN), stream.pick(GIVEN));
    (name, industry)
}

/// A phone number nobody can have: 199-0000-xxxx.
pub fn phone(stream: &mut Stream) -> String {
    format!("1990000{:04}", stream.between(0, 9999))
}

/// An invented address in a county.
pub fn address(stream: &mut Stream, county: &str) -> String {
    format!("{county}{}{}路{}号", stream.pick(GIVEN), stream.pick(GIVEN), stream.between(1, 400))
}

/// A resident identity number with the right check digit. `region` begins with 99; `serial` is the three digits of the day's order.
pub fn identity_number(region: &str, born: Day, serial: u32) -> String {
    let birth = day::format(born).replace('-', "");
    let stem = format!("{region}{birth}{:03}", serial % 1000);
    let sum: u32 = stem.bytes().zip(IDENTITY_WEIGHTS).map(|(digit, weight)| u32::from(digit.wrapping_sub(b'0')) * weight).sum();
    let check = b"10X98765432"[(sum % 11) as usize] as char;
    format!("{stem}{check}")
}

/// A unified social credit code with the right check character. `region` begins with 99; `serial` is unique.
pub fn credit_code(region: &str, serial: u64) -> String {
    let mut body = Vec::with_capacity(9);
    let mut rest = serial;
    for _ in 0..9 {
        body.push(CREDIT_ALPHABET[(rest % 31) as usize]);
        rest /= 31;
    }
    body.reverse();
    let stem = format!("91{region}{}", String::from_utf8_lossy(&body));
    let value = |c: u8| CREDIT_ALPHABET.iter().position(|a| *a == c).unwrap_or(0) as u32;
    let sum: u32 = stem.bytes().zip(CREDIT_WEIGHTS).map(|(c, weight)| value(c) * weight).sum();
    let check = CREDIT_ALPHABET[((31 - sum % 31) % 31) as usize] as char;
    format!("{stem}{check}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn check_digits_are_those_of_the_standards() {
        let born = day::from_ymd(1985, 2, 15).unwrap();
        assert_eq!(identity_number("990000", born, 2), "990000198502150021");
        let real = "91110000600037341L";
        let value = |c: u8| CREDIT_ALPHABET.iter().position(|a| *a == c).unwrap() as u32;
        let sum: u32 = real.bytes().take(17).zip(CREDIT_WEIGHTS).map(|(c, w)| value(c) * w).sum();
        assert_eq!(CREDIT_ALPHABET[((31 - sum % 31) % 31) as usize], b'L');
        let ours = credit_code("990101", 123_456);
        assert_eq!(ours.len(), 18);
        let sum: u32 = ours.bytes().take(17).zip(CREDIT_WEIGHTS).map(|(c, w)| value(c) * w).sum();
        assert_eq!(CREDIT_ALPHABET[((31 - sum % 31) % 31) as usize], ours.as_bytes()[17]);
    }
}
