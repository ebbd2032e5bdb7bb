//! One luheng at a time in a work folder. The lock is the operating system's, so it falls with the process that held it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};

use super::atomic::create_dir;
use super::paths::Work;
use crate::error::{Error, Result};

/// The lock file in the work folder; it stays there, empty of meaning, when nobody holds the lock.
pub const LOCK_FILE: &str = ".lock";

/// Holds the work folder until dropped.
#[derive(Debug)]
pub struct WorkLock {
    _file: File,
}

/// Takes the work folder, creating it where it is missing. [`Error::InUse`] (exit 75) where another process has it.
pub fn lock(work: &Work) -> Result<WorkLock> {
    create_dir(&work.root)?;
    let path = work.root.join(LOCK_FILE);
    let mut file =
        OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path).map_err(|e| Error::io("open", &path, e))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // What it says is a courtesy: a holder that wrote nothing yet is still a holder.
            let _ = file.read_to_string(&mut holder);
            return Err(Error::InUse { path: work.root.clone(), holder: holder.trim().to_owned() });
        }
        Err(TryLockError::Error(e)) => return Err(Error::io("lock", &path, e)),
    }
    let note = format!("process {}\n", std::process::id());
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| file.write_all(note.as_bytes()))
        .map_err(|e| Error::io("write", &path, e))?;
    Ok(WorkLock { _file: file })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn the_second_one_is_told_who_has_it() {
        let dir = tempfile::tempdir().unwrap();
        let work = Work::at(dir.path().join("work"));
        let held = lock(&work).unwrap();
        let refused = lock(&work).unwrap_err();
        assert_eq!(refused.exit_status(), 75);
        assert!(refused.to_string().contains(&format!("process {}", std::process::id())));
        drop(held);
        assert!(lock(&work).is_ok());
    }
}
