//! Every change on disk goes through here: write to a temporary name, fsync, rename. A process that dies leaves the old file or the new
//! one, and hidden temporary names that [`sweep`] removes.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};

/// Environment variable for crash tests: the process aborts before its n-th store operation.
pub const ABORT_AT: &str = "LUHENG_TEST_ABORT_AT";

static OPERATIONS: AtomicU64 = AtomicU64::new(0);
static ABORT: OnceLock<Option<u64>> = OnceLock::new();

/// Counts one store operation (create, write, rename, remove, link) and aborts where a crash test asked for it.
pub(crate) fn operation() {
    let n = OPERATIONS.fetch_add(1, Ordering::SeqCst) + 1;
    let at = ABORT.get_or_init(|| std::env::var(ABORT_AT).ok().and_then(|v| v.parse().ok()));
    if *at == Some(n) {
        std::process::abort();
    }
}

/// How many store operations this process has made: the upper end of a crash test.
pub fn operations() -> u64 {
    OPERATIONS.load(Ordering::SeqCst)
}

/// Writes a whole file: temporary name beside it, fsync, rename. Creates the folder if it is missing.
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<()> {
    let parent = parent_of(path)?;
    create_dir(parent)?;
    let temporary = parent.join(temporary_name(path));
    operation();
    let written = File::create(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    if let Err(e) = written {
        // A full disk must not stay full because of us; the first error is the one to report.
        let _ = fs::remove_file(&temporary);
        return Err(Error::io("write", path, e));
    }
    rename(&temporary, path)
}

/// Writes a whole file inside a folder that is itself unseen until it is renamed: the file is not synced to disk one by one, which for a hundred
/// thousand sheets would cost more than making them. A torn file after a loss of power is found by [`crate::store::manifest::verify`].
pub fn write_unseen(path: &Path, bytes: &[u8]) -> Result<()> {
    create_dir(parent_of(path)?)?;
    operation();
    fs::write(path, bytes).map_err(|e| Error::io("write", path, e))
}

/// Gives a file a second name in a folder that is itself unseen until it is renamed; a copy where the disk has no second names.
pub fn link_unseen(from: &Path, to: &Path) -> Result<()> {
    create_dir(parent_of(to)?)?;
    operation();
    fs::hard_link(from, to).or_else(|_| fs::copy(from, to).map(|_| ())).map_err(|e| Error::io("link", to, e))
}

/// Renames a file or a folder over a name on the same disk, and makes the rename durable.
pub fn rename(from: &Path, to: &Path) -> Result<()> {
    operation();
    fs::rename(from, to).map_err(|e| Error::io("rename", to, e))?;
    sync_dir(parent_of(to)?)
}

/// Renames a folder; the target must not exist or be an empty folder.
pub fn rename_dir(from: &Path, to: &Path) -> Result<()> {
    rename(from, to)
}

/// Makes a symbolic link point to `target` (relative to the link's folder) in one step, whether or not it exists.
pub fn switch_link(link: &Path, target: &Path) -> Result<()> {
    let temporary = parent_of(link)?.join(temporary_name(link));
    remove_file(&temporary)?;
    operation();
    std::os::unix::fs::symlink(target, &temporary).map_err(|e| Error::io("link", link, e))?;
    rename(&temporary, link)
}

/// Creates a folder and the ones above it; nothing happens (and nothing is counted) where it exists.
pub fn create_dir(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    operation();
    fs::create_dir_all(path).map_err(|e| Error::io("create", path, e))
}

/// Removes a folder with all in it; nothing happens where there is none.
pub fn remove_dir(path: &Path) -> Result<()> {
    if !path.exists() {
        return Ok(());
    }
    operation();
    fs::remove_dir_all(path).map_err(|e| Error::io("remove", path, e))
}

/// Removes a file or a link; nothing happens where there is none.
pub fn remove_file(path: &Path) -> Result<()> {
    if fs::symlink_metadata(path).is_err() {
        return Ok(());
    }
    operation();
    fs::remove_file(path).map_err(|e| Error::io("remove", path, e))
}

/// Removes what dead processes left in a folder: every name that begins with a dot, but `.lock` and those `keep` wants. Names removed.
/// A missing folder is an empty one. Call it only under the work folder's lock.
pub fn sweep(folder: &Path, keep: &dyn Fn(&str) -> bool) -> Result<Vec<String>> {
    let mut removed = Vec::new();
    for name in names_in(folder)? {
        if !name.starts_with('.') || name == super::lock::LOCK_FILE || keep(&name) {
            continue;
        }
        let path = folder.join(&name);
        if path.is_dir() && !path.is_symlink() {
            remove_dir(&path)?;
        } else {
            remove_file(&path)?;
        }
        removed.push(name);
    }
    Ok(removed)
}

/// The names in a folder, sorted; none where it does not exist. Names that are not UTF-8 are passed over.
pub fn names_in(folder: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(Error::io("list", folder, e)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|e| Error::io("list", folder, e))?;
        if let Ok(name) = entry.file_name().into_string() {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn sync_dir(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|d| d.sync_all()).map_err(|e| Error::io("sync", folder, e))
}

fn temporary_name(path: &Path) -> PathBuf {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    PathBuf::from(format!(".{name}.{}.tmp", std::process::id()))
}

fn parent_of(path: &Path) -> Result<&Path> {
    match path.parent() {
        Some(p) if p.as_os_str().is_empty() => Ok(Path::new(".")),
        Some(p) => Ok(p),
        None => Err(Error::fault(format!("{} has no folder", path.display()))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_leaves_no_temporary() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b.txt");
        write_bytes(&path, b"one").unwrap();
        write_bytes(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(names_in(&dir.path().join("a")).unwrap(), ["b.txt"]);
    }

    #[test]
    fn a_link_is_switched_over_an_existing_one() {
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("current");
        switch_link(&link, Path::new("runs/a")).unwrap();
        switch_link(&link, Path::new("runs/b")).unwrap();
        assert_eq!(fs::read_link(&link).unwrap(), Path::new("runs/b"));
    }

    #[test]
    fn sweeping_removes_hidden_leftovers_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        for name in [".x.1.tmp", ".run.7/part", ".keep/part", "run/part", ".lock"] {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"").unwrap();
        }
        let removed = sweep(dir.path(), &|name| name == ".keep").unwrap();
        assert_eq!(removed, [".run.7", ".x.1.tmp"]);
        assert_eq!(names_in(dir.path()).unwrap(), [".keep", ".lock", "run"]);
        assert!(sweep(&dir.path().join("absent"), &|_| false).unwrap().is_empty());
    }
}
