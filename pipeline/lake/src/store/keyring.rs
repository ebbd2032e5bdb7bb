//! `keys.json`: the data keys of a work folder, each wrapped by the master key. One file, so that one rename changes the master key of all of them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::master::{self, MasterKey};
use super::paths::Work;
use super::seal::{DataKey, Encrypt, Seal, Seals};
use super::{atomic, lake, secret, text};
use crate::error::{Error, Result, explain};

/// The format of the file; a reader refuses any it does not know.
const FORMAT: u32 = 1;
/// How keys are wrapped.
const CIPHER: &str = "aes-256-gcm";
/// What a data key is for.
const LAKE: &str = "lake";
const RUNS: &str = "runs";
const VAULT: &str = "vault";

/// A data key as it lies on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Wrapped {
    id: String,
    wrapped: String,
}

/// The wrapped keys of a work folder: `keys.json`. Nothing in it is secret without the master key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keyring {
    format: u32,
    cipher: String,
    /// Which master key wrapped them.
    master_id: String,
    /// By purpose: `lake`, `runs`, `vault`.
    keys: BTreeMap<String, Wrapped>,
}

impl Keyring {
    /// The keys of a work folder; `None` where there are none yet. [`Error::Input`] where the file is damaged or newer than this luheng.
    pub fn read(work: &Work) -> Result<Option<Keyring>> {
        let path = work.keys_json();
        if !path.exists() {
            return Ok(None);
        }
        let refused = |found: String| {
            explain("the wrapped keys cannot be read")
                .at(path.display())
                .found(found)
                .expected(format!("keys of format {FORMAT}, wrapped by {CIPHER}"))
                .remedy("use the luheng that wrote it, or restore the file from a copy: without it nothing that is encrypted can be read")
                .input()
        };
        let keyring: Keyring = serde_json::from_str(&text::read_to_string(&path)?).map_err(|e| refused(e.to_string()))?;
        if keyring.format != FORMAT || keyring.cipher != CIPHER {
            return Err(refused(format!("format {}, cipher {}", keyring.format, keyring.cipher)));
        }
        Ok(Some(keyring))
    }

    fn write(&self, work: &Work) -> Result<()> {
        let json = serde_json::to_string_pretty(self).map_err(|e| Error::fault(format!("writing keys.json: {e}")))?;
        atomic::write_bytes(&work.keys_json(), (json + "\n").as_bytes())
    }

    /// The id of the master key that wrapped them.
    pub fn master_id(&self) -> &str {
        &self.master_id
    }

    /// Purpose and id of each key.
    pub fn ids(&self) -> impl Iterator<Item = (&str, &str)> {
        self.keys.iter().map(|(purpose, key)| (purpose.as_str(), key.id.as_str()))
    }

    fn open(&self, purpose: &str, work: &Work, master: &MasterKey) -> Result<Option<DataKey>> {
        let Some(key) = self.keys.get(purpose) else { return Ok(None) };
        let opened = master.unwrap(purpose, &key.id, &key.wrapped)?;
        opened.map(Some).ok_or_else(|| master::damaged(&work.keys_json().display().to_string(), purpose, &key.id))
    }

    /// Adds a new key for a purpose, in the place of any that was there.
    fn renew(&mut self, purpose: &str, master: &MasterKey) -> Result<()> {
        let key = DataKey::new(secret::new_bytes()?)?;
        let wrapped = Wrapped { id: key.id().to_owned(), wrapped: master.wrap(purpose, &key)? };
        self.keys.insert(purpose.to_owned(), wrapped);
        Ok(())
    }

    fn seals(&self, encrypt: Encrypt, work: &Work, master: &MasterKey) -> Result<Seals> {
        let (lake, runs, vault) = (self.open(LAKE, work, master)?, self.open(RUNS, work, master)?, self.open(VAULT, work, master)?);
        let seal = |key: Option<DataKey>, is_on: bool| -> Result<Seal> {
            if is_on && key.is_none() {
                return Err(not_prepared(work));
            }
            Ok(Seal::new(key.clone().filter(|_| is_on), key))
        };
        let lake = seal(lake, encrypt != Encrypt::None)?;
        // A lake that is still in the clear is read once more, by the ingest that encrypts it.
        let is_encrypted = lake::read(work)?.is_none_or(|info| info.encrypt != Encrypt::None.name());
        Ok(Seals {
            encrypt,
            lake: if is_encrypted { lake.strict() } else { lake },
            // Runs of the time before encryption stay as they were and are read as they are.
            runs: seal(runs, encrypt == Encrypt::All)?,
            vault: Seal::new(vault, []),
        })
    }
}

/// The seals to read a work folder with, and to write what belongs to a run, but not the vault. Makes no key: where none is needed the master
/// key is not asked for.
pub fn open(work: &Work, encrypt: Encrypt, master_file: Option<&PathBuf>) -> Result<Seals> {
    let Some(keyring) = Keyring::read(work)? else {
        return if encrypt == Encrypt::None || lake::read(work)?.is_none() {
            Ok(Seals { encrypt, ..Seals::default() })
        } else {
            Err(not_prepared(work))
        };
    };
    if encrypt == Encrypt::None && !keyring.keys.keys().any(|purpose| purpose != VAULT) {
        return Ok(Seals::default());
    }
    let master = master::load(master_file, Some(&keyring.master_id))?;
    keyring.seals(encrypt, work, &master)
}

/// As [`open`], for those who write the vault too: the keys were made by [`prepare`], in this process or its parent.
pub fn open_with_vault(work: &Work, encrypt: Encrypt, master_file: Option<&PathBuf>) -> Result<Seals> {
    let keyring = Keyring::read(work)?.ok_or_else(|| not_prepared(work))?;
    let master = master::load(master_file, Some(&keyring.master_id))?;
    keyring.seals(encrypt, work, &master)
}

/// The seals of an ingest: the keys it needs are made where they are missing, and the lake gets a new one where a new lake begins. Call it under
/// the work folder's lock.
pub fn prepare(work: &Work, encrypt: Encrypt, master_file: Option<&PathBuf>) -> Result<Seals> {
    let before = Keyring::read(work)?;
    let master = master::load(master_file, before.as_ref().map(|k| k.master_id.as_str()))?;
    let mut keyring = before.clone().unwrap_or_else(|| Keyring {
        format: FORMAT,
        cipher: CIPHER.to_owned(),
        master_id: master.id().to_owned(),
        keys: BTreeMap::new(),
    });
    // Without a lake, and none on its way that died just before it was put in place, what the old key encrypted is gone: the key goes too.
    if lake::read(work)?.is_none() && !is_staged(work)? {
        keyring.keys.remove(LAKE);
    }
    for (purpose, is_needed) in [(VAULT, true), (LAKE, encrypt != Encrypt::None), (RUNS, encrypt == Encrypt::All)] {
        if is_needed && !keyring.keys.contains_key(purpose) {
            keyring.renew(purpose, &master)?;
        }
    }
    if before.as_ref() != Some(&keyring) {
        keyring.write(work)?;
    }
    keyring.seals(encrypt, work, &master)
}

fn is_staged(work: &Work) -> Result<bool> {
    Ok(atomic::names_in(&work.root)?.iter().any(|name| name.starts_with(super::paths::STAGING)))
}

/// Wraps every key of a work folder by another master key, in one rename; no table is touched, and no key lies on disk unwrapped at any moment.
/// `false` where they are wrapped by that key already: a rotation that was cut short can be asked for again. Call it under the work folder's lock.
pub fn rotate(work: &Work, old: impl FnOnce(&str) -> Result<MasterKey>, new: &MasterKey) -> Result<bool> {
    let Some(mut keyring) = Keyring::read(work)? else { return Err(nothing_to_rotate(work)) };
    if keyring.master_id == new.id() {
        return Ok(false);
    }
    let old = old(&keyring.master_id)?;
    for purpose in keyring.keys.keys().cloned().collect::<Vec<_>>() {
        if let Some(key) = keyring.open(&purpose, work, &old)? {
            let wrapped = Wrapped { id: key.id().to_owned(), wrapped: new.wrap(&purpose, &key)? };
            keyring.keys.insert(purpose, wrapped);
        }
    }
    new.id().clone_into(&mut keyring.master_id);
    keyring.write(work)?;
    Ok(true)
}

fn not_prepared(work: &Work) -> Error {
    explain("the work folder has no key for what is to be encrypted")
        .at(work.keys_json().display())
        .found("`encrypt` set after the lake was made, or the file gone")
        .expected("the data keys that an ingest makes")
        .remedy("run `luheng ingest`; where files are encrypted already, restore keys.json")
        .config()
}

fn nothing_to_rotate(work: &Work) -> Error {
    explain("there are no keys to wrap anew")
        .at(work.keys_json().display())
        .found("no such file")
        .expected("the data keys that the first ingest makes")
        .remedy("name the work folder with --work; a new one takes the key given to its first ingest")
        .config()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::columns::Columns;
    use crate::store::key::KeyOrigin;
    use crate::store::parquet;

    fn master(byte: &str) -> MasterKey {
        MasterKey::from_hex(&byte.repeat(32), KeyOrigin::Environment).unwrap()
    }

    fn keyring(work: &Work, purposes: &[&str]) -> Keyring {
        let mut keyring = Keyring { format: FORMAT, cipher: CIPHER.into(), master_id: master("17").id().into(), keys: BTreeMap::new() };
        for purpose in purposes {
            keyring.renew(purpose, &master("17")).unwrap();
        }
        keyring.write(work).unwrap();
        keyring
    }

    #[test]
    fn after_a_rotation_the_same_data_keys_open_with_the_new_master_alone() {
        let dir = tempfile::tempdir().unwrap();
        let work = Work::at(dir.path());
        let before = keyring(&work, &[LAKE, RUNS, VAULT]);
        let seals = before.seals(Encrypt::All, &work, &master("17")).unwrap();
        let path = dir.path().join("a.parquet");
        parquet::write(&path, &Columns::new().int("a", [Some(1)]), &seals.lake).unwrap();

        assert!(
            rotate(
                &work,
                |id| {
                    assert_eq!(id, master("17").id());
                    Ok(master("17"))
                },
                &master("18")
            )
            .unwrap()
        );
        let after = Keyring::read(&work).unwrap().unwrap();
        assert_eq!(after.ids().collect::<Vec<_>>(), before.ids().collect::<Vec<_>>());
        assert_eq!(after.master_id(), master("18").id());
        let seals = after.seals(Encrypt::All, &work, &master("18")).unwrap();
        assert_eq!(parquet::read(&path, &seals.lake).unwrap().len(), 1);
        assert!(parquet::read(&path, &seals.runs).is_err(), "run tables and lake tables have one key");
        assert!(after.seals(Encrypt::All, &work, &master("17")).is_err());
        for (purpose, key) in &before.keys {
            assert_ne!(after.keys[purpose].wrapped, key.wrapped);
        }
        // Asked for again it finds its work done, without the old key.
        assert!(!rotate(&work, |_| Err(Error::fault("not needed")), &master("18")).unwrap());
    }

    #[test]
    fn a_new_lake_has_a_new_key_and_a_lake_that_is_there_or_on_its_way_keeps_its_own() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let (work, file) = (Work::at(dir.path().join("work")), dir.path().join("master"));
        std::fs::write(&file, "17".repeat(32)).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        let made = || {
            prepare(&work, Encrypt::All, Some(&file)).unwrap();
            Keyring::read(&work).unwrap().unwrap()
        };
        let (first, second) = (made(), made());
        let is_kept = |a: &Keyring, b: &Keyring| [LAKE, RUNS, VAULT].map(|purpose| a.keys[purpose] == b.keys[purpose]);
        assert_eq!(is_kept(&first, &second), [false, true, true]);
        let staging = work.staging(1);
        std::fs::create_dir_all(&staging).unwrap();
        let third = made();
        assert_eq!(is_kept(&second, &third), [true; 3]);
        std::fs::remove_dir(&staging).unwrap();
        let info = lake::LakeInfo {
            format: lake::FORMAT,
            hash: lake::HASH.to_owned(),
            encrypt: Encrypt::All.name().to_owned(),
            ..lake::LakeInfo::default()
        };
        lake::write(&work.lake(), &info).unwrap();
        assert_eq!(is_kept(&third, &made()), [true; 3]);
    }

    #[test]
    fn a_damaged_or_exchanged_key_is_refused_by_its_id() {
        let dir = tempfile::tempdir().unwrap();
        let work = Work::at(dir.path());
        let good = keyring(&work, &[LAKE, VAULT]);
        let mut exchanged = good.clone();
        let (lake, vault) = (good.keys[LAKE].clone(), good.keys[VAULT].clone());
        exchanged.keys.insert(LAKE.into(), vault);
        exchanged.keys.insert(VAULT.into(), lake);
        let mut damaged = good.clone();
        damaged.keys.get_mut(LAKE).unwrap().wrapped.replace_range(40..41, "x");
        for bad in [exchanged, damaged] {
            let error = bad.seals(Encrypt::Lake, &work, &master("17")).unwrap_err();
            assert!(error.to_string().contains(&bad.keys[LAKE].id), "{error}");
        }
        std::fs::write(work.keys_json(), "{}").unwrap();
        assert_eq!(Keyring::read(&work).unwrap_err().exit_status(), 3);
    }

    #[test]
    fn without_need_no_key_is_asked_for_and_without_a_key_nothing_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let work = Work::at(dir.path());
        assert!(!open(&work, Encrypt::None, None).unwrap().lake.is_on());
        assert_eq!(rotate(&work, |_| Ok(master("17")), &master("18")).unwrap_err().exit_status(), 4);
        let with_vault = keyring(&work, &[VAULT]);
        // No master key is at hand in this test: had it been asked for, this would be an error.
        assert!(!open(&work, Encrypt::None, Some(&dir.path().join("none"))).unwrap().vault.is_on());
        assert_eq!(with_vault.seals(Encrypt::Lake, &work, &master("17")).unwrap_err().exit_status(), 4);
        assert!(open(&work, Encrypt::Lake, Some(&dir.path().join("none"))).is_err());
    }
}
