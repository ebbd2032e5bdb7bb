//! Everything that is read from or written to disk: paths, atomic writes, canonical files, the manifest, keys and the vault.

pub mod atomic;
pub mod audit;
mod cipher;
pub mod input;
pub mod key;
pub mod keyring;
pub mod lake;
pub mod large;
pub mod lock;
pub mod manifest;
pub mod master;
pub mod parquet;
pub mod paths;
pub mod seal;
mod secret;
pub mod spill;
pub mod tables;
pub mod text;
pub mod vault;

use serde::{Deserialize, Serialize};

/// What the manifest holds of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Hash of the plain canonical content: of the columns for Parquet, of the bytes for text.
    pub content: String,
    /// Hash of the bytes on disk where it differs from `content` (Parquet, encrypted files).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Size on disk in bytes.
    pub bytes: u64,
}

/// blake3 of some bytes, in hex.
pub fn hash_bytes(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}
