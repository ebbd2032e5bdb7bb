//! Reading what others wrote: exports and configuration. Nothing here writes.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Opens a file for reading.
pub fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(|e| Error::io("open", path, e))
}

/// All bytes of a file.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|e| Error::io("read", path, e))
}

/// All files below a folder, sorted by path; hidden names (beginning with a dot) are passed over, links to files are followed.
pub fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(dir) = waiting.pop() {
        for entry in fs::read_dir(&dir).map_err(|e| Error::io("list", &dir, e))? {
            let path = entry.map_err(|e| Error::io("list", &dir, e))?.path();
            let hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
            if hidden {
                continue;
            }
            if path.is_dir() {
                waiting.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// What lies below a folder of exports.
#[derive(Clone, Debug, Default)]
pub struct Exports {
    /// The files, sorted by path.
    pub files: Vec<PathBuf>,
    /// The folders, sorted by path.
    pub folders: Vec<PathBuf>,
}

/// As [`files_below`], for a folder that others fill: a link may not lead out of it, nor to a folder (which is read anyway), and only files are
/// read.
///
/// Errors: such a link; a pipe, a device or a socket; what cannot be listed.
pub fn exports_below(folder: &Path) -> Result<Exports> {
    let real = |path: &Path| fs::canonicalize(path).map_err(|e| Error::io("open", path, e));
    let root = real(folder)?;
    let mut found = Exports::default();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(dir) = waiting.pop() {
        for entry in fs::read_dir(&dir).map_err(|e| Error::io("list", &dir, e))? {
            let path = entry.map_err(|e| Error::io("list", &dir, e))?.path();
            if path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.')) {
                continue;
            }
            let refuse =
                |found: &str, expected: &str, remedy: &str| Err(Error::input(&path.display().to_string(), None, found, expected, remedy));
            if !real(&path)?.starts_with(&root) {
                return refuse(
                    "a link that leads out of the input folder",
                    "files of the input folder",
                    "copy the file there, or name another --input",
                );
            }
            let kind = fs::metadata(&path).map_err(|e| Error::io("open", &path, e))?;
            if kind.is_dir() {
                if path.is_symlink() {
                    return refuse("a link to a folder that is read already", "each folder once", "remove the link");
                }
                found.folders.push(path.clone());
                waiting.push(path);
            } else if kind.is_file() {
                found.files.push(path);
            } else {
                return refuse("a pipe, a device or a socket", "a file", "copy what it delivers to a file");
            }
        }
    }
    found.files.sort();
    found.folders.sort();
    Ok(found)
}

/// blake3 (hex) and size of a file, read in pieces.
pub fn hash_file(path: &Path) -> Result<(String, u64)> {
    let mut file = open(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0u8; 1 << 18];
    let mut bytes = 0u64;
    loop {
        let n = file.read(&mut buffer).map_err(|e| Error::io("read", path, e))?;
        if n == 0 {
            return Ok((hasher.finalize().to_hex().to_string(), bytes));
        }
        hasher.update(&buffer[..n]);
        bytes += n as u64;
    }
}
