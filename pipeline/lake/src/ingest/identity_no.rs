//! Identity numbers: one written form for each, and their check digits. Pure; the pseudonyms are made elsewhere.

use super::values::{half_width, is_space};
use crate::columns::day;

/// Weights of the 17 digits of a resident identity number (GB 11643).
const RESIDENT_WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// Check signs of a resident identity number by the weighted sum modulo 11.
const RESIDENT_CHECKS: &[u8; 11] = b"10X98765432";
/// The 31 signs of a unified social credit code (GB 32100): no I, O, S, V, Z.
const USCC_SIGNS: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
/// Weights of its first 17 signs.
const USCC_WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

/// Weights of the first eight signs of an organisation code (GB 11714).
const ORGANISATION_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
/// From this serial on, a number of 15 digits was given to a person born in the century before (GB 11643-1989).
const CENTENARIANS: u16 = 996;

/// The number without spaces, half-width, in capitals; nothing is checked.
pub fn tidy(text: &str) -> String {
    text.chars().filter(|c| !is_space(*c)).map(half_width).map(|c| c.to_ascii_uppercase()).collect()
}

/// The normalised number of this kind (a code of `id_kind`), or what was expected where the number cannot be one.
///
/// Resident numbers of 15 digits become 18: the century is 19 (18 for the serials 996 to 999, which were kept for people over a hundred) and the
/// check digit is computed. Passports and others are only tidied.
pub fn normalise(kind: &str, text: &str) -> Result<String, &'static str> {
    match kind {
        "resident_id" => resident(text).ok_or("18 (or 15) digits with a possible date of birth and the right check digit"),
        "uscc" => uscc(text).ok_or("18 signs of GB 32100 with the right check sign"),
        _ => Ok(tidy(text)),
    }
}

/// A resident identity number in 18 signs.
pub fn resident(text: &str) -> Option<String> {
    let text = tidy(text);
    let (number, check) = match text.len() {
        15 => (format!("{}{}{}", text.get(..6)?, century(&text), text.get(6..)?), None),
        18 => (text.get(..17)?.to_owned(), text.bytes().last()),
        _ => return None,
    };
    if !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let year: i16 = number.get(6..10)?.parse().ok()?;
    let month = number.get(10..12)?.parse().ok()?;
    let day_of_month = number.get(12..14)?.parse().ok()?;
    if !(1850..=2200).contains(&year) {
        return None;
    }
    day::from_ymd(year, month, day_of_month)?;
    let sum: u32 = number.bytes().zip(RESIDENT_WEIGHTS).map(|(b, w)| u32::from(b - b'0') * w).sum();
    let expected = RESIDENT_CHECKS[(sum % 11) as usize];
    (check.unwrap_or(expected) == expected).then(|| format!("{number}{}", char::from(expected)))
}

/// The century that a number of 15 digits leaves out.
fn century(fifteen: &str) -> &'static str {
    let serial: Option<u16> = fifteen.get(12..).and_then(|s| s.parse().ok());
    if serial.is_some_and(|s| s >= CENTENARIANS) { "18" } else { "19" }
}

/// The day of birth in a normalised resident number.
pub fn born_on(resident: &str) -> Option<crate::columns::Day> {
    let part = |r: std::ops::Range<usize>| resident.get(r)?.parse::<i16>().ok();
    let (year, month, day_of_month) = (part(6..10)?, part(10..12)?, part(12..14)?);
    day::from_ymd(year, u8::try_from(month).ok()?, u8::try_from(day_of_month).ok()?)
}

/// A unified social credit code.
pub fn uscc(text: &str) -> Option<String> {
    let text = tidy(text);
    if text.len() != 18 {
        return None;
    }
    let mut signs = [0usize; 18];
    for (place, b) in signs.iter_mut().zip(text.bytes()) {
        *place = USCC_SIGNS.iter().position(|s| *s == b)?;
    }
    let sum: usize = signs.iter().zip(USCC_WEIGHTS).map(|(s, w)| s * w).sum();
    (signs[17] == (31 - sum % 31) % 31).then_some(text)
}

/// An organisation code (GB 11714) in nine signs: `12345678-9` loses its hyphen. `None` where the check sign is wrong.
pub fn organisation_code(text: &str) -> Option<String> {
    let text: String = tidy(text).chars().filter(|c| *c != '-').collect();
    if text.len() != 9 {
        return None;
    }
    let mut sum = 0;
    for (b, weight) in text.bytes().zip(ORGANISATION_WEIGHTS) {
        sum += char::from(b).to_digit(36).filter(|_| b.is_ascii_alphanumeric())? * weight;
    }
    let expected = match 11 - sum % 11 {
        10 => b'X',
        11 => b'0',
        digit => b'0' + digit as u8,
    };
    (text.as_bytes()[8] == expected).then_some(text)
}

/// The organisation code inside a unified credit code: its signs 9 to 17 (GB 32100-2015). `None` where the credit code is not valid, or where
/// these signs are no organisation code (codes assigned to sole traders need not have one).
///
/// The way back does not exist: signs 1 to 8 name the registering office, the category and the division, which the code does not hold.
pub fn organisation_code_of(credit_code: &str) -> Option<String> {
    organisation_code(uscc(credit_code)?.get(8..17)?)
}

/// A business registration number of 15 digits (GS 15-2006: ISO 7064 MOD 11,10, as GB/T 17710). `None` where the check digit is wrong.
///
/// It holds the office and a serial, nothing of the later credit code: without the registrar's table the one cannot be made of the other.
pub fn registration_no(text: &str) -> Option<String> {
    let text = tidy(text);
    if text.len() != 15 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut product = 10;
    for b in text.bytes().take(14) {
        let sum = (product + u32::from(b - b'0')) % 10;
        product = (if sum == 0 { 10 } else { sum }) * 2 % 11;
    }
    let check = u32::from(text.as_bytes()[14] - b'0');
    ((product + check) % 10 == 1).then_some(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_numbers_of_the_brief_check() {
        assert_eq!(resident("990000198502150021").as_deref(), Some("990000198502150021"));
        assert_eq!(resident("９９００００１９８５０２１５００２１").as_deref(), Some("990000198502150021"));
        assert_eq!(resident("990000850215002").as_deref(), Some("990000198502150021"));
        assert_eq!(uscc("91110000600037341L").as_deref(), Some("91110000600037341L"));
        assert_eq!(uscc(" 91110000600037341l").as_deref(), Some("91110000600037341L"));
        assert_eq!(born_on("990000198502150021"), day::from_ymd(1985, 2, 15));
    }

    #[test]
    fn serials_from_996_belong_to_the_century_before() {
        assert_eq!(resident("990000850215995").unwrap().get(6..10), Some("1985"));
        assert_eq!(resident("990000850215996").unwrap().get(6..10), Some("1885"));
    }

    #[test]
    fn codes_of_organisations_check() {
        assert_eq!(organisation_code("60003734-1").as_deref(), Some("600037341"));
        assert_eq!(organisation_code("６０００３７３４１").as_deref(), Some("600037341"));
        assert_eq!(organisation_code("D2143569-X").as_deref(), Some("D2143569X"));
        assert_eq!(organisation_code_of("91110000600037341l").as_deref(), Some("600037341"));
        assert_eq!(registration_no("110108000000016").as_deref(), Some("110108000000016"));
        for wrong in ["600037342", "60003734", "", "D21435690", "６０００３７３４一"] {
            assert_eq!(organisation_code(wrong), None, "{wrong}");
        }
        for wrong in ["110108000000017", "11010800000001", "11010800000001X"] {
            assert_eq!(registration_no(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn wrong_numbers_do_not() {
        for text in [
            "",
            "990000198502150022",
            "990000198502310021",
            "99000019850215002",
            "99000019850215002x",
            "九九0000198502150021",
            "990000850231002",
        ] {
            assert_eq!(resident(text), None, "{text}");
        }
        for text in ["", "91110000600037341M", "9111000060003734IL", "91110000600037341"] {
            assert_eq!(uscc(text), None, "{text}");
        }
        assert_eq!(normalise("passport", " e1234 ").unwrap(), "E1234");
    }

    proptest! {
        /// The check digit finds every single wrong digit.
        #[test]
        fn one_wrong_digit_is_found(place in 0usize..17, by in 1u8..10, serial in 0u32..1000) {
            let good = resident(&format!("990000850215{serial:03}")).unwrap();
            let mut bytes = good.into_bytes();
            bytes[place] = b'0' + (bytes[place] - b'0' + by) % 10;
            prop_assert_eq!(resident(std::str::from_utf8(&bytes).unwrap()), None);
        }

        #[test]
        fn no_text_is_too_strange(text in "\\PC*") {
            let _ = (resident(&text), uscc(&text), born_on(&text));
        }
    }
}
