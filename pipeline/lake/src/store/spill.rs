//! Rows on their way to a bucket: appended to one file a bucket in compressed frames, so that memory does not grow with the input.
//! These files live in the staging folder only; a crash leaves nothing anyone reads. Under a [`Seal`] with a key each frame is encrypted: a disk stolen
//! during the night tells no more than one stolen by day.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use zeroize::Zeroizing;

use super::seal::{DataKey, Seal};
use super::{atomic, cipher, input};
use crate::error::{Error, Result, explain};

/// Bytes that may wait in memory over all buckets of one table.
const WAITING_BYTES: usize = 32 << 20;

/// Appends rows of one table to its buckets.
pub struct Spill {
    folder: Option<PathBuf>,
    buffers: Vec<Vec<u8>>,
    limit: usize,
    seal: Seal,
    /// Frames written to each bucket.
    frames: Vec<u64>,
}

impl Spill {
    /// A spill into `<folder>/NNN.rows` for this many buckets; without a folder all is counted as written and thrown away (a dry run).
    pub fn new(folder: Option<PathBuf>, buckets: usize, seal: &Seal) -> Result<Spill> {
        if let Some(folder) = &folder {
            atomic::create_dir(folder)?;
        }
        let limit = (WAITING_BYTES / buckets.max(1)).clamp(16 << 10, 4 << 20);
        Ok(Spill { folder, buffers: vec![Vec::new(); buckets], limit, seal: seal.clone(), frames: vec![0; buckets] })
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
        let pack = |bucket: usize| -> Result<Vec<u8>> {
            let path = spill_file(folder, bucket);
            let packed = zstd::bulk::compress(&self.buffers[bucket], 1).map_err(|e| Error::io("compress", &path, e))?;
            match self.seal.writes() {
                Some(key) => cipher::close(&*frame_key(key)?, &place(&path, self.frames[bucket]), &packed),
                None => Ok(packed),
            }
        };
        let packed: Vec<(usize, Result<Vec<u8>>)> = full.par_iter().map(|&bucket| (bucket, pack(bucket))).collect();
        for (bucket, packed) in packed {
            append(&spill_file(folder, bucket), self.buffers[bucket].len(), &packed?)?;
            self.buffers[bucket] = Vec::new();
            self.frames[bucket] += 1;
        }
        Ok(())
    }
}

/// All bytes of a bucket in the order they were pushed; empty where there is no file. The seal is the one they were written under.
pub fn read(folder: &Path, bucket: usize, seal: &Seal) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    each_frame(folder, bucket, seal, &mut |frame| {
        out.extend_from_slice(frame);
        Ok(())
    })?;
    Ok(out)
}

/// As [`read`], a frame at a time: the bytes pushed between two flushes, and no others.
pub fn each_frame(folder: &Path, bucket: usize, seal: &Seal, take: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let path = spill_file(folder, bucket);
    if !path.exists() {
        return Ok(());
    }
    let (mut file, mut ordinal) = (BufReader::new(input::open(&path)?), 0);
    while let Some((raw, frame)) = next_frame(&mut file, &path)? {
        let packed = match seal.writes() {
            Some(key) => cipher::open(&*frame_key(key)?, &place(&path, ordinal), &frame)?.ok_or_else(|| cut_short(&path))?,
            None => frame,
        };
        take(&zstd::bulk::decompress(&packed, raw).map_err(|e| Error::io("read", &path, e))?)?;
        ordinal += 1;
    }
    Ok(())
}

/// How many bytes were pushed to a bucket.
pub fn size(folder: &Path, bucket: usize) -> Result<u64> {
    let path = spill_file(folder, bucket);
    if !path.exists() {
        return Ok(0);
    }
    let (mut file, mut size) = (BufReader::new(input::open(&path)?), 0);
    while let Some((raw, length)) = next_head(&mut file, &path)? {
        size += raw;
        file.seek_relative(i64::try_from(length).map_err(|_| cut_short(&path))?).map_err(|e| Error::io("read", &path, e))?;
    }
    Ok(size)
}

/// The lengths of the next frame's bytes, unpacked and packed; `None` at the end.
fn next_head(file: &mut BufReader<File>, path: &Path) -> Result<Option<(u64, u64)>> {
    if file.fill_buf().map_err(|e| Error::io("read", path, e))?.is_empty() {
        return Ok(None);
    }
    let (mut raw, mut length) = ([0u8; 8], [0u8; 8]);
    match file.read_exact(&mut raw).and_then(|()| file.read_exact(&mut length)) {
        Ok(()) => Ok(Some((u64::from_le_bytes(raw), u64::from_le_bytes(length)))),
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => Err(cut_short(path)),
        Err(e) => Err(Error::io("read", path, e)),
    }
}

/// The length of the next frame's bytes and the packed ones; `None` at the end.
fn next_frame(file: &mut BufReader<File>, path: &Path) -> Result<Option<(usize, Vec<u8>)>> {
    let Some((raw, length)) = next_head(file, path)? else { return Ok(None) };
    let mut frame = Vec::new();
    let found = file.take(length).read_to_end(&mut frame).map_err(|e| Error::io("read", path, e))?;
    if found as u64 == length { Ok(Some((raw as usize, frame))) } else { Err(cut_short(path)) }
}

fn frame_key(key: &DataKey) -> Result<Zeroizing<[u8; 32]>> {
    key.derive(b"spill", "frames")
}

/// Where a frame belongs: its table, bucket and place in the file. One put elsewhere does not open.
fn place(path: &Path, ordinal: u64) -> Vec<u8> {
    let table = path.parent().and_then(Path::file_name).unwrap_or_default();
    let bucket = path.file_name().unwrap_or_default();
    format!("{}/{}/{ordinal}", table.to_string_lossy(), bucket.to_string_lossy()).into_bytes()
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
    explain("a temporary file is cut short or was changed")
        .at(path.display())
        .expected("whole frames of this very ingest")
        .remedy("run the ingest again")
        .input()
}

fn spill_file(folder: &Path, bucket: usize) -> PathBuf {
    folder.join(format!("{bucket:03}.rows"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn fill(folder: &Path, seal: &Seal) {
        let mut spill = Spill::new(Some(folder.to_path_buf()), 2, seal).unwrap();
        for n in 0..100u8 {
            spill.push(usize::from(n % 2), &[n]);
            spill.flush(n % 10 == 9).unwrap();
        }
        spill.flush(true).unwrap();
    }

    fn seal(byte: u8) -> Seal {
        Seal::new(Some(DataKey::new(Zeroizing::new([byte; 32])).unwrap()), [])
    }

    #[test]
    fn what_goes_in_comes_out_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let odd: Vec<u8> = (0..100).filter(|n| n % 2 == 1).collect();
        for (name, seal) in [("plain", Seal::none()), ("sealed", seal(7))] {
            let folder = dir.path().join(name);
            fill(&folder, &seal);
            assert_eq!(read(&folder, 1, &seal).unwrap(), odd);
            assert!(read(&folder, 7, &seal).unwrap().is_empty());
        }
    }

    #[test]
    fn a_sealed_spill_opens_in_its_place_with_its_key_alone() {
        let dir = tempfile::tempdir().unwrap();
        let (folder, elsewhere) = (dir.path().join("cases"), dir.path().join("parties"));
        fill(&folder, &seal(7));
        assert!(read(&folder, 1, &seal(8)).is_err());
        assert!(read(&folder, 1, &Seal::none()).is_err());
        std::fs::rename(&folder, &elsewhere).unwrap();
        assert!(read(&elsewhere, 1, &seal(7)).is_err());
    }

    #[test]
    fn frames_of_a_sealed_spill_open_in_their_order_alone() {
        let dir = tempfile::tempdir().unwrap();
        let (folder, seal) = (dir.path().join("cases"), seal(7));
        let mut spill = Spill::new(Some(folder.clone()), 2, &seal).unwrap();
        for byte in [1, 2] {
            spill.push(1, &[byte; 5]);
            spill.flush(true).unwrap();
        }
        let path = spill_file(&folder, 1);
        let frames = std::fs::read(&path).unwrap();
        // Two equal lengths: both frames are as long.
        let (first, second) = frames.split_at(frames.len() / 2);
        std::fs::write(&path, [second, first].concat()).unwrap();
        assert!(read(&folder, 1, &seal).is_err());
        std::fs::write(&path, &frames).unwrap();
        assert_eq!(read(&folder, 1, &seal).unwrap(), [[1; 5], [2; 5]].concat());
        // Nor do those of another bucket.
        std::fs::rename(&path, spill_file(&folder, 0)).unwrap();
        assert!(read(&folder, 0, &seal).is_err());
    }

    #[test]
    fn a_dry_run_writes_nothing() {
        let mut spill = Spill::new(None, 2, &Seal::none()).unwrap();
        spill.push(0, b"x");
        spill.flush(true).unwrap();
        assert!(spill.buffers.iter().all(Vec::is_empty));
    }
}
