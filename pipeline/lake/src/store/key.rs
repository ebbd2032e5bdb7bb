//! The deployment's key: it makes pseudonyms, so whoever has it can test who a pseudonym is. It never enters the work folder.

use std::path::PathBuf;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sm3::Sm3;
use zeroize::Zeroizing;

use super::secret::{self, KeyBytes, Kind, hex_text};
use crate::error::{Error, Result, explain};

/// Environment variable with the key, 64 hex digits; it wins over any configuration.
pub const KEY_VARIABLE: &str = "LUHENG_KEY";
/// The key's name in the user's state folder.
const STATE_FILE: &str = "key";
const KIND: Kind = Kind { name: "the key", setting: "[identity] key_file", variable: KEY_VARIABLE };

/// The keyed hash that makes pseudonyms. A lake keeps the name of its own: the same person has another id under another algorithm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// `hmac-sha256`.
    #[default]
    HmacSha256,
    /// `hmac-sm3`: GB/T 32905, where national algorithms are required.
    HmacSm3,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Algorithm; 2] = [Algorithm::HmacSha256, Algorithm::HmacSm3];

    /// Its name in configurations and in `lake.json`.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::HmacSha256 => "hmac-sha256",
            Algorithm::HmacSm3 => "hmac-sm3",
        }
    }

    /// The algorithm of a name.
    pub fn of(name: &str) -> Option<Algorithm> {
        Algorithm::ALL.into_iter().find(|a| a.name() == name)
    }
}

/// What the configuration's `[identity]` says of the key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySource {
    /// `key_file`: a file readable by its owner alone.
    pub key_file: Option<PathBuf>,
    /// `sample_key`: a published key, good for imaginary people (identity numbers of prefix 99) only.
    pub sample_key: Option<String>,
    /// `pseudonym`: with which algorithm.
    pub algorithm: Algorithm,
}

/// Where the key in use came from; the run says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyOrigin {
    /// [`KEY_VARIABLE`].
    Environment,
    /// `[identity] key_file`.
    File(PathBuf),
    /// `[identity] sample_key`.
    Sample,
    /// The user's state folder; `made` now or on an earlier day.
    State {
        /// The key's file.
        path: PathBuf,
        /// Whether this call made it.
        made: bool,
    },
}

/// The key. Its bytes are wiped when it is dropped; it has no `Debug` that shows them.
#[derive(Clone)]
pub struct PseudonymKey {
    bytes: KeyBytes,
    keyed: Keyed,
    origin: KeyOrigin,
}

/// The hash with the key taken in, to be copied for each text.
#[derive(Clone)]
enum Keyed {
    Sha256(Hmac<Sha256>),
    Sm3(Hmac<Sm3>),
}

impl Keyed {
    fn new(algorithm: Algorithm, key: &KeyBytes) -> Result<Keyed> {
        let broken = |e| Error::fault(format!("HMAC key: {e}"));
        Ok(match algorithm {
            Algorithm::HmacSha256 => Keyed::Sha256(Hmac::new_from_slice(key.as_slice()).map_err(broken)?),
            Algorithm::HmacSm3 => Keyed::Sm3(Hmac::new_from_slice(key.as_slice()).map_err(broken)?),
        })
    }

    fn mac(&self, text: &[u8]) -> [u8; 32] {
        fn finish<M: Mac + Clone>(mac: &M, text: &[u8]) -> [u8; 32] {
            let mut out = [0u8; 32];
            let mut mac = mac.clone();
            mac.update(text);
            // Both hashes give 32 bytes.
            out.copy_from_slice(&mac.finalize().into_bytes());
            out
        }
        match self {
            Keyed::Sha256(mac) => finish(mac, text),
            Keyed::Sm3(mac) => finish(mac, text),
        }
    }
}

impl std::fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PseudonymKey").field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl PseudonymKey {
    /// A key from 64 hex digits, for HMAC-SHA-256. [`Error::Config`] where they are not; the message never shows them.
    pub fn from_hex(hex: &str, origin: KeyOrigin, place: &str) -> Result<PseudonymKey> {
        PseudonymKey::new(secret::from_hex(&KIND, hex, place)?, origin, Algorithm::HmacSha256)
    }

    fn new(bytes: KeyBytes, origin: KeyOrigin, algorithm: Algorithm) -> Result<PseudonymKey> {
        Ok(PseudonymKey { keyed: Keyed::new(algorithm, &bytes)?, bytes, origin })
    }

    /// The same key used with another algorithm: another key id, other pseudonyms.
    pub fn with(self, algorithm: Algorithm) -> Result<PseudonymKey> {
        PseudonymKey::new(self.bytes, self.origin, algorithm)
    }

    /// With which algorithm it makes pseudonyms.
    pub fn algorithm(&self) -> Algorithm {
        match self.keyed {
            Keyed::Sha256(_) => Algorithm::HmacSha256,
            Keyed::Sm3(_) => Algorithm::HmacSm3,
        }
    }

    /// Where it came from.
    pub fn origin(&self) -> &KeyOrigin {
        &self.origin
    }

    /// Whether it is a published key, for imaginary people only.
    pub fn is_sample(&self) -> bool {
        self.origin == KeyOrigin::Sample
    }

    /// 32 lower-case hex digits: the HMAC of the text under this key, cut to 128 bits.
    pub fn pseudonym(&self, text: &str) -> String {
        hex_text(&self.pseudonym_bytes(text))
    }

    /// [`PseudonymKey::pseudonym`] as 16 bytes.
    pub fn pseudonym_bytes(&self, text: &str) -> [u8; 16] {
        let mut cut = [0u8; 16];
        cut.copy_from_slice(&self.mac(text)[..16]);
        cut
    }

    /// A short name for the key and its algorithm, the same for the same two, telling nothing of the key.
    pub fn key_id(&self) -> String {
        hex_text(&self.mac("luheng key id")[..6])
    }

    /// The key that encrypted the vaults of luheng 0.1.0, derived from this one: they stay readable.
    pub fn legacy_vault_key(&self) -> Result<KeyBytes> {
        // There was one algorithm then.
        Ok(Zeroizing::new(Keyed::new(Algorithm::HmacSha256, &self.bytes)?.mac(b"luheng vault key")))
    }

    /// The key of row hashes: without it nobody can test a guess at a row against the lake's keys and content hashes.
    pub fn row_key(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.mac("luheng row key"))
    }

    /// The key in hex, to hand to a child process through its environment, never to a file or a log.
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex_text(self.bytes.as_slice()))
    }

    fn mac(&self, text: &str) -> [u8; 32] {
        self.keyed.mac(text.as_bytes())
    }
}

/// Finds the key: environment, else `key_file`, else `sample_key`, else the user's state folder, where one is made once.
pub fn load(source: &KeySource) -> Result<PseudonymKey> {
    let (bytes, origin) = find(source)?;
    PseudonymKey::new(bytes, origin, source.algorithm)
}

fn find(source: &KeySource) -> Result<(KeyBytes, KeyOrigin)> {
    if let Some(bytes) = secret::from_environment(&KIND)? {
        return Ok((bytes, KeyOrigin::Environment));
    }
    match (&source.key_file, &source.sample_key) {
        (Some(_), Some(_)) => Err(explain("two keys are configured")
            .at("[identity]")
            .found("key_file and sample_key")
            .expected("one of them")
            .remedy("real data need key_file; drop sample_key")
            .config()),
        (Some(path), None) => Ok((secret::read(&KIND, path)?, KeyOrigin::File(path.clone()))),
        (None, Some(hex)) => Ok((secret::from_hex(&KIND, hex, "[identity] sample_key")?, KeyOrigin::Sample)),
        (None, None) => {
            let path = secret::state_file(&KIND, STATE_FILE)?;
            let (bytes, made) = secret::from_state(&KIND, &path)?;
            Ok((bytes, KeyOrigin::State { path, made }))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    fn sample() -> PseudonymKey {
        PseudonymKey::from_hex(HEX, KeyOrigin::Sample, "test").unwrap()
    }

    #[test]
    fn pseudonyms_are_the_documented_hmac() {
        // python3: hmac.new(bytes(range(32)), b'990000198502150021', 'sha256').hexdigest()[:32]
        assert_eq!(sample().pseudonym("990000198502150021"), "410127ac69a4e002f501f850f5ab370d");
        assert_eq!(sample().key_id().len(), 12);
        assert_ne!(sample().legacy_vault_key().unwrap().as_slice(), sample().mac("luheng key id"));
        assert_eq!(sample().to_hex().as_str(), HEX);
        assert!(!format!("{:?}", sample()).contains("0001"));
    }

    #[test]
    fn hmac_sm3_gives_the_published_answers() {
        // GM/T 0042-2015, appendix D.3, as openssl's tests hold it (test/recipes/30-test_evp_data/evpmac_sm3.txt).
        let key: String = (1..=32).map(|n| format!("{n:02x}")).collect();
        let key = PseudonymKey::from_hex(&key, KeyOrigin::Sample, "test").unwrap().with(Algorithm::HmacSm3).unwrap();
        let text = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".repeat(2);
        assert_eq!(hex_text(&key.mac(&text)), "ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a");
        let key = PseudonymKey::from_hex(&"0b".repeat(32), KeyOrigin::Sample, "test").unwrap().with(Algorithm::HmacSm3).unwrap();
        assert_eq!(hex_text(&key.mac("Hi There")), "c0ba18c68b90c88bc07de794bfc7d2c8d19ec31ed8773bc2b390c9604e0be11e");
    }

    #[test]
    fn another_algorithm_is_another_key_and_has_a_name() {
        let national = sample().with(Algorithm::HmacSm3).unwrap();
        assert_ne!(national.key_id(), sample().key_id());
        assert_ne!(national.pseudonym("a"), sample().pseudonym("a"));
        assert_eq!(national.legacy_vault_key().unwrap(), sample().legacy_vault_key().unwrap());
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::of(algorithm.name()), Some(algorithm));
        }
        assert_eq!(Algorithm::of("md5"), None);
    }
}
