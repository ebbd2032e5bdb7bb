//! Who is who: pseudonyms from identity numbers or from a source's own key, and hashes of rows that nobody without the key can test.

use zeroize::Zeroizing;

use super::identity_no;
use super::record::Id;
use crate::columns::{Day, day};
use crate::error::{Error, explain};
use crate::store::key::PseudonymKey;

/// Numbers of imaginary people begin with this: no division of China has such a code.
const IMAGINARY: &str = "99";
/// Years until a person is of age.
const OF_AGE: i32 = 18;

/// Makes pseudonyms and row hashes under one key.
pub(super) struct Identity {
    key: PseudonymKey,
    row_key: Zeroizing<[u8; 32]>,
}

impl Identity {
    pub(super) fn new(key: &PseudonymKey) -> Identity {
        Identity { key: key.clone(), row_key: key.row_key() }
    }

    /// The pseudonym of a normalised identity number.
    pub(super) fn of_number(&self, number: &str) -> Id {
        self.key.pseudonym_bytes(number)
    }

    /// The pseudonym of a source's own key of a debtor.
    pub(super) fn of_ref(&self, source: &str, reference: &str) -> Id {
        self.key.pseudonym_bytes(&format!("ref:{source}:{reference}"))
    }

    /// 64 bits that stand for these bytes. Keyed, so nobody without the key can make two rows that share them.
    pub(super) fn hash(&self, bytes: &[u8]) -> u64 {
        let mut cut = [0u8; 8];
        cut.copy_from_slice(&blake3::keyed_hash(&self.row_key, bytes).as_bytes()[..8]);
        u64::from_be_bytes(cut)
    }

    /// The key of rows that the export numbered.
    pub(super) fn key_of_row_id(&self, table: &str, source: &str, row_id: &str, buffer: &mut Vec<u8>) -> u64 {
        start_hash(buffer, b'K', table, source);
        buffer.push(2);
        buffer.extend_from_slice(row_id.as_bytes());
        self.hash(buffer)
    }

    /// Refuses a real person's number under a published key: whoever has the key could find the person.
    pub(super) fn check_sample(&self, kind: Option<&str>, number: &str, place: &str) -> Result<(), Error> {
        if !self.key.is_sample() || is_imaginary(kind, number) {
            return Ok(());
        }
        Err(explain("a published key cannot serve real people")
            .at(place)
            .found("an identity number that does not begin with 99")
            .expected("imaginary numbers only under [identity] sample_key")
            .remedy("drop sample_key: set LUHENG_KEY or [identity] key_file, or let luheng make a key")
            .config())
    }
}

/// Begins what is hashed of a row: what the hash is for, the table, the source.
pub(super) fn start_hash(buffer: &mut Vec<u8>, what: u8, table: &str, source: &str) {
    buffer.clear();
    buffer.push(what);
    buffer.extend_from_slice(table.as_bytes());
    buffer.push(0);
    buffer.extend_from_slice(source.as_bytes());
    buffer.push(0);
}

/// The number a pseudonym may be made of: any but of kind `other`.
pub(super) fn usable<'a>(kind: Option<&str>, number: Option<&'a str>) -> Option<&'a str> {
    number.filter(|n| !n.is_empty() && kind != Some("other"))
}

/// Resident numbers begin with a division's code; credit codes have it from the third sign.
fn is_imaginary(kind: Option<&str>, number: &str) -> bool {
    number.starts_with(IMAGINARY) || kind == Some("uscc") && number.get(2..4) == Some(IMAGINARY)
}

/// The eighteenth birthday of a natural person where it lies after the day the row was known: the date of birth stated, else the one in the
/// number. Nothing else of the date of birth leaves the vault.
pub(super) fn minor_until(born_on: Option<Day>, kind: Option<&str>, number: Option<&str>, known_on: Day) -> Option<Day> {
    let in_number = || match kind {
        Some("resident_id") => number.and_then(identity_no::born_on),
        _ => None,
    };
    let of_age = day::add_months(born_on.or_else(in_number)?, OF_AGE * 12);
    (of_age > known_on).then_some(of_age)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::store::key::KeyOrigin;

    fn identity(origin: KeyOrigin) -> Identity {
        Identity::new(&PseudonymKey::from_hex(&"5a".repeat(32), origin, "test").unwrap())
    }

    #[test]
    fn a_reference_is_told_apart_by_its_source() {
        let identity = identity(KeyOrigin::Environment);
        assert_ne!(identity.of_ref("330106", "1"), identity.of_ref("330109", "1"));
        assert_eq!(identity.of_ref("", "1"), identity.of_number("ref::1"));
    }

    #[test]
    fn a_published_key_serves_prefix_99_alone() {
        let sample = identity(KeyOrigin::Sample);
        assert!(sample.check_sample(Some("resident_id"), "990000198502150021", "x").is_ok());
        assert!(sample.check_sample(Some("uscc"), "91990000MA00000000", "x").is_ok());
        let refused = sample.check_sample(Some("resident_id"), "330106198502150021", "debtors.csv line 2").unwrap_err();
        assert_eq!(refused.exit_status(), 4);
        assert!(!refused.to_string().contains("330106"));
        let own = identity(KeyOrigin::Environment);
        assert!(own.check_sample(Some("resident_id"), "330106198502150021", "x").is_ok());
    }

    #[test]
    fn only_the_birthday_that_matters_leaves_the_vault() {
        let known = day::parse("2025-06-30").unwrap();
        let minor = minor_until(day::parse("2010-02-15"), None, None, known);
        assert_eq!(minor.map(day::format).as_deref(), Some("2028-02-15"));
        assert_eq!(minor_until(day::parse("1985-02-15"), None, None, known), None);
        let by_number = minor_until(None, Some("resident_id"), Some("990000201002150021"), known);
        assert_eq!(by_number, minor);
        assert_eq!(minor_until(None, Some("passport"), Some("990000201002150021"), known), None);
    }

    #[test]
    fn a_number_of_kind_other_names_nobody() {
        assert_eq!(usable(Some("other"), Some("1")), None);
        assert_eq!(usable(None, Some("1")), Some("1"));
        assert_eq!(usable(Some("uscc"), None), None);
    }
}
