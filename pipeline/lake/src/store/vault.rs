//! The identity vault: names and numbers by pseudonym, encrypted at rest, read only where a sheet or an audit asks for a name.

use std::path::{Path, PathBuf};

use super::seal::Seal;
use super::{FileEntry, audit, parquet};
use crate::bucket::folder_name;
use crate::columns::Columns;
use crate::error::{Error, Result};

const LINKS: &str = "links";

/// A vault folder opened with its keys.
pub struct Vault {
    folder: PathBuf,
    seal: Seal,
}

impl Vault {
    /// A vault at `folder` (see [`super::paths::Work::vault`]); nothing is read or created.
    pub fn open(folder: &Path, seal: &Seal) -> Vault {
        Vault { folder: folder.to_path_buf(), seal: seal.clone().strict() }
    }

    /// The identity columns of one table and bucket: debtor_id, source, the table's identity columns, known_on, seen_on. `None` where the
    /// bucket has none. [`crate::Error::Config`] where the key is another one.
    pub fn read(&self, table: &str, bucket: u32) -> Result<Option<Columns>> {
        if table == audit::FOLDER {
            return Err(Error::fault("audit attributes are read through store::audit, by validate alone"));
        }
        parquet::read_if_present(&self.path(table, bucket), &self.seal)
    }

    /// Writes the identity columns of one table and bucket. [`crate::Error::Fault`] without a key: a vault is never in the clear.
    pub fn write(&self, table: &str, bucket: u32, rows: &Columns) -> Result<FileEntry> {
        if !self.seal.is_on() {
            return Err(Error::fault("a vault was to be written without a key"));
        }
        parquet::write(&self.path(table, bucket), rows, &self.seal)
    }

    /// The list of links (`vault/links.parquet`): left, right, probability, bits, steps, decision, model, decided_on, undone_on. `None` before the
    /// first. Debtors stand in it by pseudonym.
    pub fn links(&self) -> Result<Option<Columns>> {
        self.read_list(LINKS)
    }

    pub(crate) fn write_links(&self, rows: &Columns) -> Result<FileEntry> {
        self.write_list(LINKS, rows)
    }

    /// A list beside the tables.
    pub(crate) fn read_list(&self, name: &str) -> Result<Option<Columns>> {
        parquet::read_if_present(&self.list(name), &self.seal)
    }

    pub(crate) fn write_list(&self, name: &str, rows: &Columns) -> Result<FileEntry> {
        if !self.seal.is_on() {
            return Err(Error::fault("a vault was to be written without a key"));
        }
        parquet::write(&self.list(name), rows, &self.seal)
    }

    fn list(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.parquet"))
    }

    fn path(&self, table: &str, bucket: u32) -> PathBuf {
        file(&self.folder, table, bucket)
    }
}

/// The file of one table and bucket in a vault folder.
pub(crate) fn file(folder: &Path, table: &str, bucket: u32) -> PathBuf {
    folder.join(table).join(folder_name(bucket)).join("part.parquet")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use zeroize::Zeroizing;

    use super::super::seal::DataKey;
    use super::*;

    #[test]
    fn a_vault_is_never_in_the_clear_and_gives_no_audit_attributes() {
        let dir = tempfile::tempdir().unwrap();
        let rows = Columns::new().text("debtor_id", [Some("a")]).text("name", [Some("某人")]);
        // Without a key nothing is written, and nothing lies there.
        let open = Vault::open(dir.path(), &Seal::none());
        assert_eq!(open.write("debtors", 0, &rows).unwrap_err().exit_status(), 1);
        assert_eq!(audit::write(dir.path(), 0, &rows, &Seal::none()).unwrap_err().exit_status(), 1);
        assert!(!file(dir.path(), "debtors", 0).exists() && !file(dir.path(), audit::FOLDER, 0).exists());
        let seal = Seal::new(Some(DataKey::new(Zeroizing::new([7; 32])).unwrap()), []);
        let vault = Vault::open(dir.path(), &seal);
        vault.write("debtors", 0, &rows).unwrap();
        assert_eq!(vault.read("debtors", 0).unwrap().unwrap().content_hash(), rows.content_hash());
        // What somebody laid there in the clear is not read.
        parquet::write(&file(dir.path(), "debtors", 1), &rows, &Seal::none()).unwrap();
        assert_eq!(vault.read("debtors", 1).unwrap_err().exit_status(), 4);
        audit::write(dir.path(), 0, &rows, &seal).unwrap();
        assert_eq!(vault.read(audit::FOLDER, 0).unwrap_err().exit_status(), 1);
    }
}
