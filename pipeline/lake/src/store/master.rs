//! The master key: it wraps the data keys of a work folder and never lies in it. Whoever has both reads everything; whoever has one reads nothing.

use std::fmt;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::cipher;
use super::key::KeyOrigin;
use super::seal::{DataKey, mac};
use super::secret::{self, KeyBytes, Kind, hex_text};
use crate::error::{Error, Result, explain};

/// Environment variable with the master key, 64 hex digits; it wins over any configuration.
pub const MASTER_VARIABLE: &str = "LUHENG_MASTER_KEY";
/// Environment variable with the master key to change to.
pub const NEW_MASTER_VARIABLE: &str = "LUHENG_NEW_MASTER_KEY";
/// The master key's name in the user's state folder; one made by a rotation has its id behind it.
const STATE_FILE: &str = "master-key";

const KIND: Kind = Kind { name: "the master key", setting: "[encryption] master_key_file", variable: MASTER_VARIABLE };
const NEW_KIND: Kind = Kind { name: "the new master key", setting: "--new-key-file", variable: NEW_MASTER_VARIABLE };

/// A master key. Its bytes are wiped when it is dropped; nothing prints them.
#[derive(Clone)]
pub struct MasterKey {
    bytes: KeyBytes,
    id: String,
    origin: KeyOrigin,
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterKey").field("id", &self.id).field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl MasterKey {
    fn new(bytes: KeyBytes, origin: KeyOrigin) -> Result<MasterKey> {
        let id = hex_text(&mac(&bytes, &[b"luheng master key id"])?[..8]);
        Ok(MasterKey { bytes, id, origin })
    }

    /// A master key from 64 hex digits. [`Error::Config`] where they are not.
    pub fn from_hex(hex: &str, origin: KeyOrigin) -> Result<MasterKey> {
        MasterKey::new(secret::from_hex(&KIND, hex, MASTER_VARIABLE)?, origin)
    }

    /// 16 hex digits that name it, telling nothing of it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where it came from.
    pub fn origin(&self) -> &KeyOrigin {
        &self.origin
    }

    /// A data key encrypted under this key, in hex. It opens for the same purpose and id alone.
    pub(super) fn wrap(&self, purpose: &str, key: &DataKey) -> Result<String> {
        Ok(hex_text(&cipher::close(&*self.wrapping()?, &bound(purpose, key.id()), key.bytes())?))
    }

    /// A data key that [`MasterKey::wrap`] wrapped; `None` where it is damaged or belongs elsewhere.
    pub(super) fn unwrap(&self, purpose: &str, id: &str, wrapped: &str) -> Result<Option<DataKey>> {
        let Some(wrapped) = secret::hex_to_bytes(wrapped) else { return Ok(None) };
        let Some(plain) = cipher::open(&*self.wrapping()?, &bound(purpose, id), &wrapped)?.map(Zeroizing::new) else { return Ok(None) };
        let mut bytes = Zeroizing::new([0u8; 32]);
        if plain.len() != bytes.len() {
            return Ok(None);
        }
        bytes.copy_from_slice(&plain);
        let key = DataKey::new(bytes)?;
        Ok((key.id() == id).then_some(key))
    }

    fn wrapping(&self) -> Result<KeyBytes> {
        mac(&self.bytes, &[b"luheng key wrapping"])
    }
}

fn bound(purpose: &str, id: &str) -> Vec<u8> {
    format!("luheng data key/{purpose}/{id}").into_bytes()
}

/// Finds the master key: environment, else the file of the configuration, else the user's state folder, where one is made once. Where the work
/// folder's keys are wrapped already, `wanted` is the id of the key that did it: another one is refused, and none is made.
pub fn load(file: Option<&PathBuf>, wanted: Option<&str>) -> Result<MasterKey> {
    let key = match (secret::from_environment(&KIND)?, file) {
        (Some(bytes), _) => MasterKey::new(bytes, KeyOrigin::Environment)?,
        (None, Some(path)) => MasterKey::new(secret::read(&KIND, path)?, KeyOrigin::File(path.clone()))?,
        (None, None) => from_state(wanted)?,
    };
    match wanted {
        Some(id) if id != key.id => Err(explain("the master key is not the one that this work folder's keys are wrapped by")
            .at(origin_text(&key.origin))
            .found(format!("master key id {}", key.id))
            .expected(format!("master key id {id}"))
            .remedy(format!(
                "set {MASTER_VARIABLE} or [encryption] master_key_file to that key; after `luheng key rotate` that is the new one"
            ))
            .config()),
        _ => Ok(key),
    }
}

fn from_state(wanted: Option<&str>) -> Result<MasterKey> {
    let first = secret::state_file(&KIND, STATE_FILE)?;
    let Some(id) = wanted else {
        let (bytes, made) = secret::from_state(&KIND, &first)?;
        return MasterKey::new(bytes, KeyOrigin::State { path: first, made });
    };
    let of = |path: &PathBuf| MasterKey::new(secret::read(&KIND, path)?, KeyOrigin::State { path: path.clone(), made: false });
    // An id out of a file names a file only where it is one.
    let rotated =
        secret::state_file(&KIND, &format!("{STATE_FILE}.{}", secret::hex_to_bytes(id).map_or_else(String::new, |b| hex_text(&b))))?;
    if rotated.exists() {
        return of(&rotated);
    }
    if first.exists() {
        return of(&first);
    }
    Err(explain("the master key is missing")
        .at(first.display())
        .found(format!("no such file, and neither {MASTER_VARIABLE} nor [encryption] master_key_file"))
        .expected(format!("master key id {id}, which wraps this work folder's keys"))
        .remedy("restore that key: without it nothing that is encrypted can be read")
        .config())
}

/// The key to change to: environment, else a file, else one made in the user's state folder (`may_make`). `None` where there is none of them.
pub fn load_new(file: Option<&PathBuf>, may_make: bool) -> Result<Option<MasterKey>> {
    if let Some(path) = file {
        return MasterKey::new(secret::read(&NEW_KIND, path)?, KeyOrigin::File(path.clone())).map(Some);
    }
    if let Some(bytes) = secret::from_environment(&NEW_KIND)? {
        return MasterKey::new(bytes, KeyOrigin::Environment).map(Some);
    }
    if !may_make {
        return Ok(None);
    }
    let mut key = MasterKey::new(secret::new_bytes()?, KeyOrigin::Environment)?;
    let path = secret::state_file(&KIND, &format!("{STATE_FILE}.{}", key.id))?;
    secret::write_new(&path, &key.bytes)?;
    key.origin = KeyOrigin::State { path, made: true };
    Ok(Some(key))
}

fn origin_text(origin: &KeyOrigin) -> String {
    match origin {
        KeyOrigin::Environment => MASTER_VARIABLE.to_owned(),
        KeyOrigin::File(path) | KeyOrigin::State { path, .. } => path.display().to_string(),
        KeyOrigin::Sample => "sample key".to_owned(),
    }
}

/// Refuses a wrapped key that does not open though its master key is the right one.
pub(super) fn damaged(place: &str, purpose: &str, id: &str) -> Error {
    explain("a wrapped key is damaged")
        .at(place)
        .found(format!("the key {purpose} {id} does not open with its master key"))
        .expected("what luheng wrote")
        .remedy("restore the file from a copy: without it what that key encrypted cannot be read")
        .input()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn master(byte: &str) -> MasterKey {
        MasterKey::from_hex(&byte.repeat(32), KeyOrigin::Environment).unwrap()
    }

    #[test]
    fn a_wrapped_key_opens_for_its_purpose_id_and_master_alone() {
        let key = DataKey::new(secret::new_bytes().unwrap()).unwrap();
        let wrapped = master("17").wrap("lake", &key).unwrap();
        assert_ne!(wrapped, master("17").wrap("lake", &key).unwrap(), "a nonce was used twice");
        assert!(!wrapped.contains(&hex_text(key.bytes())));
        assert_eq!(master("17").unwrap("lake", key.id(), &wrapped).unwrap().unwrap().id(), key.id());
        assert!(master("18").unwrap("lake", key.id(), &wrapped).unwrap().is_none());
        assert!(master("17").unwrap("vault", key.id(), &wrapped).unwrap().is_none());
        assert!(master("17").unwrap("lake", "0123456789abcdef", &wrapped).unwrap().is_none());
        assert!(master("17").unwrap("lake", key.id(), &wrapped[2..]).unwrap().is_none());
        assert!(master("17").unwrap("lake", key.id(), "no hex").unwrap().is_none());
    }

    #[test]
    fn nothing_prints_a_key() {
        let text = format!("{:?} {:?}", master("17"), DataKey::new(Zeroizing::new([0x17; 32])).unwrap());
        assert!(!text.contains("1717") && !text.contains("23, 23"), "{text}");
        assert_ne!(master("17").id(), master("18").id());
    }
}
