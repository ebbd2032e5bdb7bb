//! Keys as people keep them: 64 hex digits in the environment, in a file of their owner, or made once in the user's state folder.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{atomic, cipher, input};
use crate::error::{Error, Result, explain};

/// The bytes of a key, wiped when dropped.
pub(super) type KeyBytes = Zeroizing<[u8; 32]>;

/// How messages name a kind of key, and where it is set.
pub(super) struct Kind {
    /// "the key", "the master key".
    pub name: &'static str,
    /// The configuration's key for its file.
    pub setting: &'static str,
    /// The environment's variable.
    pub variable: &'static str,
}

/// A key from 64 hex digits found at `place`. [`Error::Config`] where they are not; the message never shows them.
pub(super) fn from_hex(kind: &Kind, hex: &str, place: &str) -> Result<KeyBytes> {
    hex_bytes(hex.trim()).ok_or_else(|| {
        explain(format!("{} cannot be used", kind.name))
            .at(place)
            .found(format!("{} characters", hex.trim().chars().count()))
            .expected("64 hexadecimal digits")
            .remedy("make one with `openssl rand -hex 32`")
            .config()
    })
}

/// The key in the environment, if there is one.
pub(super) fn from_environment(kind: &Kind) -> Result<Option<KeyBytes>> {
    match std::env::var(kind.variable) {
        Ok(hex) => from_hex(kind, &Zeroizing::new(hex), kind.variable).map(Some),
        Err(_) => Ok(None),
    }
}

/// A key from a file that its owner alone can read.
pub(super) fn read(kind: &Kind, path: &Path) -> Result<KeyBytes> {
    let mode = std::fs::metadata(path).map_err(|e| cannot_read(kind, path, &e))?.mode();
    if mode & 0o077 != 0 {
        return Err(explain(format!("{}'s file is open to others", kind.name))
            .at(path.display())
            .found(format!("mode {:03o}", mode & 0o777))
            .expected("a file its owner alone can read (600)")
            .remedy(format!("chmod 600 {}; if others may have read it, make a new key", path.display()))
            .config());
    }
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(|e| cannot_read(kind, path, &e))?);
    from_hex(kind, &text, &path.display().to_string())
}

fn cannot_read(kind: &Kind, path: &Path, e: &std::io::Error) -> Error {
    explain(format!("{}'s file cannot be read", kind.name))
        .at(path.display())
        .found(e)
        .expected("64 hexadecimal digits in a file of mode 600")
        .remedy(format!("check {}, or set {}", kind.setting, kind.variable))
        .config()
}

/// The place of a key in the user's state folder.
pub(super) fn state_file(kind: &Kind, name: &str) -> Result<PathBuf> {
    let folder = match (std::env::var_os("XDG_STATE_HOME"), std::env::var_os("HOME")) {
        (Some(state), _) if Path::new(&state).is_absolute() => PathBuf::from(state),
        (_, Some(home)) if !home.is_empty() => PathBuf::from(home).join(".local/state"),
        _ => {
            return Err(explain(format!("there is no place to keep {}", kind.name))
                .found("neither XDG_STATE_HOME nor HOME")
                .expected("a home folder, or a key")
                .remedy(format!("set {} or {}", kind.variable, kind.setting))
                .config());
        }
    };
    Ok(folder.join("luheng").join(name))
}

/// The key at a place of the state folder, made where there is none; and whether this call made it.
pub(super) fn from_state(kind: &Kind, path: &Path) -> Result<(KeyBytes, bool)> {
    let made = !path.exists();
    if made {
        write_new(path, &new_bytes()?)?;
    }
    Ok((read(kind, path)?, made))
}

/// 32 random bytes.
pub(super) fn new_bytes() -> Result<KeyBytes> {
    let mut bytes = Zeroizing::new([0u8; 32]);
    cipher::random(bytes.as_mut_slice())?;
    Ok(bytes)
}

/// Writes a new key under a temporary name and links it in place, so that of two processes one wins and both read the same key.
pub(super) fn write_new(path: &Path, bytes: &KeyBytes) -> Result<()> {
    let folder = path.parent().ok_or_else(|| Error::fault("the key file has no folder"))?;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|e| Error::io("create", folder, e))?;
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

fn hex_bytes(hex: &str) -> Option<KeyBytes> {
    let bytes = Zeroizing::new(hex_to_bytes(hex)?);
    let mut key = Zeroizing::new([0u8; 32]);
    if bytes.len() != key.len() {
        return None;
    }
    key.copy_from_slice(&bytes);
    Some(key)
}

/// Bytes written as pairs of hex digits; `None` where it is anything else.
pub(super) fn hex_to_bytes(hex: &str) -> Option<Vec<u8>> {
    if !hex.len().is_multiple_of(2) || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    (0..hex.len() / 2).map(|i| u8::from_str_radix(hex.get(2 * i..2 * i + 2)?, 16).ok()).collect()
}

/// Lower-case hex digits.
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
    const KIND: Kind = Kind { name: "the test key", setting: "[test] file", variable: "LUHENG_TEST_KEY_OF_NOBODY" };

    #[test]
    fn only_64_hex_digits_make_a_key_and_none_is_shown() {
        assert_eq!(from_hex(&KIND, HEX, "test").unwrap()[31], 31);
        for bad in ["", "abc", &HEX[1..], &format!("{}+1", &HEX[2..]), &format!("{}é", &HEX[2..])] {
            let error = from_hex(&KIND, bad, "test").unwrap_err();
            assert_eq!(error.exit_status(), 4);
            assert!(bad.is_empty() || !error.to_string().contains(bad));
        }
    }

    #[test]
    fn a_key_file_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        std::fs::write(&path, format!("{HEX}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(read(&KIND, &path).unwrap_err().exit_status(), 4);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(read(&KIND, &path).unwrap(), from_hex(&KIND, HEX, "test").unwrap());
    }

    #[test]
    fn the_state_key_is_made_once_and_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("luheng/key");
        let (first, second) = (from_state(&KIND, &path).unwrap(), from_state(&KIND, &path).unwrap());
        assert_eq!(first.0, second.0);
        assert_eq!((first.1, second.1), (true, false));
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    }
}
