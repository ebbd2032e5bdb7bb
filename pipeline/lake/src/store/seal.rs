//! With which keys files are written and opened. A seal is handed down to whoever reads or writes a table; there is no key of the process.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// A random key of 256 bits that files are encrypted with. Its bytes are wiped when the last holder lets go; nothing prints them.
#[derive(Clone)]
pub struct DataKey {
    id: String,
    keyed: Arc<Zeroizing<[u8; 32]>>,
}

impl DataKey {
    /// A key from its bytes; its id is a digest, the same for the same key, telling nothing of it.
    pub fn new(bytes: Zeroizing<[u8; 32]>) -> Result<DataKey> {
        let id = super::secret::hex_text(&mac(&bytes, &[b"luheng data key id"])?[..8]);
        Ok(DataKey { id, keyed: Arc::new(bytes) })
    }

    /// 16 hex digits that name the key.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The key of one part of one file: no two files and no two columns share one, so that nonces can never meet.
    pub(super) fn derive(&self, salt: &[u8], part: &str) -> Result<Zeroizing<[u8; 32]>> {
        mac(&self.keyed, &[b"luheng file key", salt, part.as_bytes()])
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.keyed
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// HMAC-SHA-256 over parts, each with its length before it, so that no two lists of parts are one text.
pub(super) fn mac(key: &[u8; 32], parts: &[&[u8]]) -> Result<Zeroizing<[u8; 32]>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|e| Error::fault(format!("HMAC key: {e}")))?;
    for part in parts {
        mac.update(&(part.len() as u64).to_le_bytes());
        mac.update(part);
    }
    Ok(Zeroizing::new(mac.finalize().into_bytes().into()))
}

/// The keys for one kind of file: one to write with, or none, and those that may be met when reading. Cheap to clone.
#[derive(Clone, Default)]
pub struct Seal {
    writes: Option<DataKey>,
    opens: Arc<BTreeMap<String, DataKey>>,
    legacy: Option<Arc<Zeroizing<[u8; 32]>>>,
    is_strict: bool,
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal").field("writes", &self.writes.as_ref().map(DataKey::id)).finish_non_exhaustive()
    }
}

impl Seal {
    /// No keys: files are written in the clear, and an encrypted one is refused.
    pub fn none() -> Seal {
        Seal::default()
    }

    /// Writes in the clear where `writes` is `None`; opens what is in the clear and what `writes` or one of `opens` has encrypted.
    pub fn new(writes: Option<DataKey>, opens: impl IntoIterator<Item = DataKey>) -> Seal {
        let opens = opens.into_iter().chain(writes.clone()).map(|key| (key.id.clone(), key)).collect();
        Seal { writes, opens: Arc::new(opens), legacy: None, is_strict: false }
    }

    /// The same, but a file in the clear is refused: of a lake that is encrypted, no file may be otherwise.
    #[must_use]
    pub fn strict(mut self) -> Seal {
        self.is_strict = self.writes.is_some();
        self
    }

    /// The same, and it opens files of format 1, which name no key: the vaults of luheng 0.1.0, whose key came from the pseudonym key.
    #[must_use]
    pub fn with_legacy(mut self, key: Zeroizing<[u8; 32]>) -> Seal {
        self.legacy = Some(Arc::new(key));
        self
    }

    /// The key files are written with.
    pub fn writes(&self) -> Option<&DataKey> {
        self.writes.as_ref()
    }

    /// Whether files are written encrypted.
    pub fn is_on(&self) -> bool {
        self.writes.is_some()
    }

    pub(super) fn key(&self, id: &str) -> Option<&DataKey> {
        self.opens.get(id)
    }

    pub(super) fn legacy(&self) -> Option<&[u8; 32]> {
        self.legacy.as_ref().map(|key| &***key)
    }

    pub(super) fn is_strict(&self) -> bool {
        self.is_strict
    }
}

/// How much of a work folder is encrypted; the vault always is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encrypt {
    /// The vault alone.
    #[default]
    None,
    /// Every lake table too.
    Lake,
    /// Run tables too; sheets are then made on demand.
    All,
}

impl Encrypt {
    /// Every choice.
    pub const ALL: [Encrypt; 3] = [Encrypt::None, Encrypt::Lake, Encrypt::All];

    /// Its name in configurations, in `lake.json` and in manifests.
    pub fn name(self) -> &'static str {
        match self {
            Encrypt::None => "none",
            Encrypt::Lake => "lake",
            Encrypt::All => "all",
        }
    }

    /// The choice of a name.
    pub fn of(name: &str) -> Option<Encrypt> {
        Encrypt::ALL.into_iter().find(|e| e.name() == name)
    }
}

/// The seals of a work folder, one a kind of file.
#[derive(Clone, Debug, Default)]
pub struct Seals {
    /// What they were made for.
    pub encrypt: Encrypt,
    /// Lake tables and what an ingest leaves on its way to them.
    pub lake: Seal,
    /// Tables of runs, and the parts they are joined from.
    pub runs: Seal,
    /// The vault; a seal without a key opens and writes none.
    pub vault: Seal,
}
