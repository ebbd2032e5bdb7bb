//! The deployment's key: it makes pseudonyms, so whoever has it can test who a pseudonym is. It never enters the work folder.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{atomic, input};
use crate::error::{Error, Result, explain};

/// Environment variable with the key, 64 hex digits; it wins over any configuration.
pub const KEY_VARIABLE: &str = "LUHENG_KEY";

/// What the configuration's `[identity]` says of the key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySource {
    /// `key_file`: a file readable by its owner alone.
    pub key_file: Option<PathBuf>,
    /// `sample_key`: a published key, good for imaginary people (identity numbers of prefix 99) only.
    pub sample_key: Option<String>,
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
    bytes: Zeroizing<[u8; 32]>,
    keyed: Hmac<Sha256>,
    origin: KeyOrigin,
}

impl std::fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PseudonymKey").field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl PseudonymKey {
    /// A key from 64 hex digits. [`Error::Config`] where they are not; the message never shows them.
    pub fn from_hex(hex: &str, origin: KeyOrigin, place: &str) -> Result<PseudonymKey> {
        let bytes = hex_bytes(hex.trim()).ok_or_else(|| {
            explain("the key cannot be used")
                .at(place)
                .found(format!("{} characters", hex.trim().chars().count()))
                .expected("64 hexadecimal digits")
                .remedy("make one with `openssl rand -hex 32`")
                .config()
        })?;
        let keyed = Hmac::<Sha256>::new_from_slice(bytes.as_slice()).map_err(|e| Error::fault(format!("HMAC key: {e}")))?;
        Ok(PseudonymKey { bytes, keyed, origin })
    }

    /// Where it came from.
    pub fn origin(&self) -> &KeyOrigin {
        &self.origin
    }

    /// Whether it is a published key, for imaginary people only.
    pub fn is_sample(&self) -> bool {
        self.origin == KeyOrigin::Sample
    }

    /// 32 lower-case hex digits: HMAC-SHA-256 of the text under this key, cut to 128 bits.
    pub fn pseudonym(&self, text: &str) -> String {
        hex_text(&self.pseudonym_bytes(text))
    }

    /// [`PseudonymKey::pseudonym`] as 16 bytes.
    pub fn pseudonym_bytes(&self, text: &str) -> [u8; 16] {
        let mut cut = [0u8; 16];
        cut.copy_from_slice(&self.mac(text)[..16]);
        cut
    }

    /// A short name for the key, the same for the same key, telling nothing of it.
    pub fn key_id(&self) -> String {
        hex_text(&self.mac("luheng key id")[..6])
    }

    /// The key that encrypts the vault, derived from this one.
    pub fn vault_key(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.mac("luheng vault key"))
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
        let mut mac = self.keyed.clone();
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

/// Finds the key: environment, else `key_file`, else `sample_key`, else the user's state folder, where one is made once.
pub fn load(source: &KeySource) -> Result<PseudonymKey> {
    if let Ok(hex) = std::env::var(KEY_VARIABLE) {
        return PseudonymKey::from_hex(&hex, KeyOrigin::Environment, KEY_VARIABLE);
    }
    match (&source.key_file, &source.sample_key) {
        (Some(_), Some(_)) => Err(explain("two keys are configured")
            .at("[identity]")
            .found("key_file and sample_key")
            .expected("one of them")
            .remedy("real data need key_file; drop sample_key")
            .config()),
        (Some(path), None) => read_key(path, KeyOrigin::File(path.clone())),
        (None, Some(hex)) => PseudonymKey::from_hex(hex, KeyOrigin::Sample, "[identity] sample_key"),
        (None, None) => from_state_folder(&state_file()?),
    }
}

fn read_key(path: &Path, origin: KeyOrigin) -> Result<PseudonymKey> {
    let mode = std::fs::metadata(path).map_err(|e| cannot_read(path, &e))?.mode();
    if mode & 0o077 != 0 {
        return Err(explain("the key file is open to others")
            .at(path.display())
            .found(format!("mode {:03o}", mode & 0o777))
            .expected("a file its owner alone can read (600)")
            .remedy(format!("chmod 600 {}; if others may have read it, make a new key", path.display()))
            .config());
    }
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(|e| cannot_read(path, &e))?);
    PseudonymKey::from_hex(&text, origin, &path.display().to_string())
}

fn cannot_read(path: &Path, e: &std::io::Error) -> Error {
    explain("the key file cannot be read")
        .at(path.display())
        .found(e)
        .expected("64 hexadecimal digits in a file of mode 600")
        .remedy("check [identity] key_file, or set LUHENG_KEY")
        .config()
}

fn state_file() -> Result<PathBuf> {
    let folder = match (std::env::var_os("XDG_STATE_HOME"), std::env::var_os("HOME")) {
        (Some(state), _) if Path::new(&state).is_absolute() => PathBuf::from(state),
        (_, Some(home)) if !home.is_empty() => PathBuf::from(home).join(".local/state"),
        _ => {
            return Err(explain("there is no place to keep a key")
                .found("neither XDG_STATE_HOME nor HOME")
                .expected("a home folder, or a key")
                .remedy("set LUHENG_KEY or [identity] key_file")
                .config());
        }
    };
    Ok(folder.join("luheng/key"))
}

fn from_state_folder(path: &Path) -> Result<PseudonymKey> {
    let made = !path.exists();
    if made {
        make_key(path)?;
    }
    read_key(path, KeyOrigin::State { path: path.to_path_buf(), made })
}

/// Writes a new key under a temporary name and links it in place, so that of two processes one wins and both read the same key.
fn make_key(path: &Path) -> Result<()> {
    let folder = path.parent().ok_or_else(|| Error::fault("the key file has no folder"))?;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|e| Error::io("create", folder, e))?;
    let mut bytes = Zeroizing::new([0u8; 32]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|e| Error::fault(format!("the system gave no random bytes: {e}")))?;
    let hex = Zeroizing::new(hex_text(bytes.as_slice()));
    let temporary = folder.join(format!(".key.{}.tmp", std::process::id()));
    atomic::remove_file(&temporary)?;
    atomic::operation();
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)
        .and_then(|mut file| {
            file.write_all(hex.as_bytes())?;
            file.sync_all()
        })
        .map_err(|e| Error::io("write", &temporary, e))?;
    atomic::operation();
    let linked = std::fs::hard_link(&temporary, path);
    atomic::remove_file(&temporary)?;
    match linked {
        Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => Err(Error::io("create", path, e)),
        _ => input::open(folder)?.sync_all().map_err(|e| Error::io("sync", folder, e)),
    }
}

pub(super) fn hex_bytes(hex: &str) -> Option<Zeroizing<[u8; 32]>> {
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    let mut bytes = Zeroizing::new([0u8; 32]);
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * i..2 * i + 2)?, 16).ok()?;
    }
    hex.bytes().all(|b| b.is_ascii_hexdigit()).then_some(bytes)
}

pub(super) fn hex_text(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(bytes.len() * 2);
    for b in bytes {
        out.push(char::from(DIGITS[usize::from(b >> 4)]));
        out.push(char::from(DIGITS[usize::from(b & 15)]));
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    fn sample() -> PseudonymKey {
        PseudonymKey::from_hex(HEX, KeyOrigin::Sample, "test").unwrap()
    }

    #[test]
    fn pseudonyms_are_the_documented_hmac() {
        // python3: hmac.new(bytes(range(32)), b'990000198502150021', 'sha256').hexdigest()[:32]
        assert_eq!(sample().pseudonym("990000198502150021"), "410127ac69a4e002f501f850f5ab370d");
        assert_eq!(sample().key_id().len(), 12);
        assert_ne!(sample().vault_key().as_slice(), sample().mac("luheng key id"));
        assert_eq!(sample().to_hex().as_str(), HEX);
    }

    #[test]
    fn only_64_hex_digits_make_a_key_and_none_is_shown() {
        for bad in ["", "abc", &HEX[1..], &format!("{}+1", &HEX[2..])] {
            let error = PseudonymKey::from_hex(bad, KeyOrigin::Environment, "LUHENG_KEY").unwrap_err();
            assert_eq!(error.exit_status(), 4);
            assert!(bad.is_empty() || !error.to_string().contains(bad));
        }
        assert!(!format!("{:?}", sample()).contains("0001"));
    }

    #[test]
    fn a_key_file_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        std::fs::write(&path, format!("{HEX}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(read_key(&path, KeyOrigin::File(path.clone())).unwrap_err().exit_status(), 4);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(read_key(&path, KeyOrigin::File(path.clone())).unwrap().key_id(), sample().key_id());
    }

    #[test]
    fn the_state_key_is_made_once_and_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("luheng/key");
        let first = from_state_folder(&path).unwrap();
        let second = from_state_folder(&path).unwrap();
        assert_eq!(first.key_id(), second.key_id());
        assert_eq!(first.origin(), &KeyOrigin::State { path: path.clone(), made: true });
        assert_eq!(second.origin(), &KeyOrigin::State { path: path.clone(), made: false });
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    }
}
