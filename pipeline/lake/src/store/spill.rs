//! Rows on their way to a bucket: appended to one file a bucket in compressed frames, so that memory does not grow with the input.
//! These files live in the staging folder only; a crash leaves nothing anyone reads.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::{atomic, input};
use crate::error::{Error, Result, explain};

/// Bytes that may wait in memory over all buckets of one table.
const WAITING_BYTES: usize = 32 << 20;

/// Appends rows of one table to its buckets.
pub struct Spill {
    folder: Option<PathBuf>,
    buffers: Vec<Vec<u8>>,
    limit: usize,
}

impl Spill {
    /// A spill into `<folder>/NNN.rows` for this many buckets; without a folder all is counted as written and thrown away (a dry run).
    pub fn new(folder: Option<PathBuf>, buckets: usize) -> Result<Spill> {
        if let Some(folder) = &folder {
            atomic::create_dir(folder)?;
        }
        let limit = (WAITING_BYTES / buckets.max(1)).clamp(16 << 10, 4 << 20);
        Ok(Spill { folder, buffers: vec![Vec::new(); buckets], limit })
    }

    /// Adds bytes to a bucket. Call [`Spill::flush`] after each batch.
    pub fn push(&mut self, bucket: usize, bytes: &[u8]) {
        if self.folder.is_some()
            && let Some(buffer) = self.buffers.get_mut(bucket)
        {
            buffer.extend_from_slice(bytes);
        }
    }

    /// Writes the buffers that are full, or all of them at the end.
    pub fn flush(&mut self, all: bool) -> Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let limit = if all { 1 } else { self.limit };
        let full: Vec<usize> = (0..self.buffers.len()).filter(|&b| self.buffers[b].len() >= limit).collect();
        let frames: Vec<(usize, std::io::Result<Vec<u8>>)> =
            full.par_iter().map(|&b| (b, zstd::bulk::compress(&self.buffers[b], 1))).collect();
        for (bucket, packed) in frames {
            let path = spill_file(folder, bucket);
            let packed = packed.map_err(|e| Error::io("compress", &path, e))?;
            append(&path, self.buffers[bucket].len(), &packed)?;
            self.buffers[bucket] = Vec::new();
        }
        Ok(())
    }
}

/// All bytes of a bucket in the order they were pushed; empty where there is no file.
pub fn read(folder: &Path, bucket: usize) -> Result<Vec<u8>> {
    let path = spill_file(folder, bucket);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let packed = input::read(&path)?;
    let mut rest = packed.as_slice();
    let mut out = Vec::new();
    while !rest.is_empty() {
        let (raw, length, frame) = split_frame(rest).ok_or_else(|| cut_short(&path))?;
        out.extend(zstd::bulk::decompress(&frame[..length], raw).map_err(|e| Error::io("read", &path, e))?);
        rest = &frame[length..];
    }
    Ok(out)
}

fn split_frame(bytes: &[u8]) -> Option<(usize, usize, &[u8])> {
    let (raw, rest) = bytes.split_first_chunk::<8>()?;
    let (length, rest) = rest.split_first_chunk::<8>()?;
    let (raw, length) = (u64::from_le_bytes(*raw) as usize, u64::from_le_bytes(*length) as usize);
    (rest.len() >= length).then_some((raw, length, rest))
}

fn append(path: &Path, raw: usize, packed: &[u8]) -> Result<()> {
    atomic::operation();
    let mut frame = Vec::with_capacity(packed.len() + 16);
    frame.extend((raw as u64).to_le_bytes());
    frame.extend((packed.len() as u64).to_le_bytes());
    frame.extend_from_slice(packed);
    // No fsync: staging is thrown away after a crash.
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .and_then(|mut file| file.write_all(&frame))
        .map_err(|e| Error::io("write", path, e))
}

fn cut_short(path: &Path) -> Error {
    explain("a temporary file is cut short").at(path.display()).expected("whole frames").remedy("run the ingest again").input()
}

fn spill_file(folder: &Path, bucket: usize) -> PathBuf {
    folder.join(format!("{bucket:03}.rows"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn what_goes_in_comes_out_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let mut spill = Spill::new(Some(dir.path().join("t")), 2).unwrap();
        for n in 0..100u8 {
            spill.push(usize::from(n % 2), &[n]);
            spill.flush(n % 10 == 9).unwrap();
        }
        spill.flush(true).unwrap();
        let odd: Vec<u8> = (0..100).filter(|n| n % 2 == 1).collect();
        assert_eq!(read(&dir.path().join("t"), 1).unwrap(), odd);
        assert!(read(&dir.path().join("t"), 7).unwrap().is_empty());
    }

    #[test]
    fn a_dry_run_writes_nothing() {
        let mut spill = Spill::new(None, 2).unwrap();
        spill.push(0, b"x");
        spill.flush(true).unwrap();
        assert!(spill.buffers.iter().all(Vec::is_empty));
    }
}
