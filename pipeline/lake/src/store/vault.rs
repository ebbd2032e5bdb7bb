//! The identity vault: names and numbers by pseudonym, encrypted at rest, read only where a sheet or an audit asks for a name.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::key::PseudonymKey;
use super::{FileEntry, parquet};
use crate::bucket::folder_name;
use crate::columns::Columns;
use crate::error::Result;

/// A vault folder opened with the deployment's key.
pub struct Vault {
    folder: PathBuf,
    key: Zeroizing<[u8; 32]>,
}

impl Vault {
    /// A vault at `folder` (see [`super::paths::Work::vault`]); nothing is read or created.
    pub fn open(folder: &Path, key: &PseudonymKey) -> Vault {
        Vault { folder: folder.to_path_buf(), key: key.vault_key() }
    }

    /// The identity columns of one table and bucket: debtor_id, source, the table's identity columns, known_on, seen_on. `None` where the
    /// bucket has none. [`crate::Error::Config`] where the key is another one.
    pub fn read(&self, table: &str, bucket: u32) -> Result<Option<Columns>> {
        let path = self.path(table, bucket);
        if path.exists() { parquet::read_encrypted(&path, &self.key).map(Some) } else { Ok(None) }
    }

    /// Writes the identity columns of one table and bucket.
    pub fn write(&self, table: &str, bucket: u32, rows: &Columns) -> Result<FileEntry> {
        parquet::write_encrypted(&self.path(table, bucket), rows, &self.key)
    }

    fn path(&self, table: &str, bucket: u32) -> PathBuf {
        self.folder.join(table).join(folder_name(bucket)).join("part.parquet")
    }
}
