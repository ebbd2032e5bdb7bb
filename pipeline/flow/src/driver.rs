//! Work by bucket in child processes of the same binary: fed bucket numbers on standard input, one polars thread each, ending with their parent
//! (an end of input ends a child). Two threads calling polars in one process wait for each other; two processes do not (pipeline/README.md).
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "the driver starts processes and times stages")]

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Instant;

use luheng_lake::ingest::RANGE_BYTES;

use crate::error::{Error, Result};
use crate::event::Event;
use crate::progress::Progress;

/// Memory the parent is reckoned to need without the maps of who is who, and what a debtor with a case adds to it: 142, 220 and 324 MiB were measured with
/// 30,000, 100,000 and 300,000 of them (benches/README.md). How many there are is known only once they are read: as many are reckoned with before.
const PARENT_BYTES: u64 = 160 << 20;
const DEBTOR_BYTES: u64 = 600;
const USUAL_DEBTORS: u64 = 100_000;
/// Memory of a child before it settles anything, and what each byte of the records settled at once takes: 96 and 136 MiB with 2 and 16 MiB of records.
const CHILD_BYTES: u64 = 88 << 20;
const PER_BYTE: u64 = 4;
/// Fewer records than this are not worth a range of their own.
const LEAST_RANGE: u64 = 2 << 20;

/// How many children, and how they are started.
#[derive(Clone, Debug)]
pub struct Pool {
    /// Children at once.
    pub jobs: usize,
    /// Arguments that give a child its configuration, work folder and day.
    pub arguments: Vec<OsString>,
    /// Memory to stay within, in bytes, where one was named.
    pub memory: Option<u64>,
}

impl Pool {
    /// At most `jobs` children, and no more than `memory` holds beside the parent; at least one.
    pub fn new(jobs: usize, arguments: Vec<OsString>, memory: Option<u64>) -> Pool {
        let child = CHILD_BYTES + PER_BYTE * RANGE_BYTES;
        let held =
            |bytes: u64| usize::try_from(bytes.saturating_sub(PARENT_BYTES + USUAL_DEBTORS * DEBTOR_BYTES) / child).unwrap_or(usize::MAX);
        Pool { jobs: memory.map_or(jobs, |bytes| jobs.min(held(bytes)).max(1)), arguments, memory }
    }

    /// How many bytes of a bucket's records a child settles at once: fewer where the memory named leaves it less.
    pub fn range_bytes(&self) -> u64 {
        let Some(memory) = self.memory else { return RANGE_BYTES };
        let share = memory.saturating_sub(PARENT_BYTES + USUAL_DEBTORS * DEBTOR_BYTES) / self.jobs.max(1) as u64;
        (share.saturating_sub(CHILD_BYTES) / PER_BYTE).clamp(LEAST_RANGE, RANGE_BYTES)
    }

    /// What to say where the memory named does not hold the parent and its children, given the debtors of the lake.
    pub fn shortage(&self, debtors: u64) -> Option<String> {
        let memory = self.memory?;
        let parent = PARENT_BYTES + debtors * DEBTOR_BYTES;
        let needed = parent + (CHILD_BYTES + PER_BYTE * self.range_bytes()) * self.jobs as u64;
        let mib = |bytes: u64| bytes.div_ceil(1 << 20);
        (needed > memory).then(|| {
            format!(
                "--memory {}MiB: with {debtors} debtors the parent is reckoned to need {}MiB and its {} children {}MiB; it may not be kept to: name at least {}MiB",
                mib(memory),
                mib(parent),
                self.jobs,
                mib(needed - parent),
                mib(needed)
            )
        })
    }

    /// Runs a stage on every bucket; gives the rows written.
    ///
    /// # Errors
    /// The first child that failed, with its own message and exit status.
    pub fn run(&self, stage: &str, arguments: &[OsString], buckets: u32, progress: &Progress) -> Result<u64> {
        timed(stage, u64::from(buckets), progress, |advance| {
            let (next, stop) = (AtomicU32::new(0), AtomicBool::new(false));
            let (sender, done) = mpsc::channel::<Result<u64>>();
            std::thread::scope(|scope| {
                for _ in 0..self.jobs.clamp(1, buckets as usize) {
                    let (sender, next, stop) = (sender.clone(), &next, &stop);
                    scope.spawn(move || {
                        let outcome = self.serve(stage, arguments, next, stop, buckets, &sender);
                        if let Err(error) = outcome {
                            stop.store(true, Ordering::SeqCst);
                            // The receiver outlives every sender.
                            let _ = sender.send(Err(error));
                        }
                    });
                }
                drop(sender);
                let mut rows = 0;
                let mut failed = None;
                for outcome in done {
                    match outcome {
                        Ok(more) => {
                            rows += more;
                            advance(1);
                        }
                        Err(error) => failed = failed.or(Some(error)),
                    }
                }
                failed.map_or(Ok(rows), Err)
            })
        })
    }

    fn serve(
        &self,
        stage: &str,
        arguments: &[OsString],
        next: &AtomicU32,
        stop: &AtomicBool,
        buckets: u32,
        done: &mpsc::Sender<Result<u64>>,
    ) -> Result<()> {
        let own = std::env::current_exe().map_err(|e| Error::Fault(format!("cannot find my own program: {e}")))?;
        let mut child = Command::new(own)
            .arg("worker")
            .arg("--stage")
            .arg(stage)
            .args(&self.arguments)
            .args(arguments)
            .env("POLARS_MAX_THREADS", "1")
            .env("RAYON_NUM_THREADS", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| Error::Fault(format!("cannot start a child for stage {stage}: {e}")))?;
        let fed = feed(&mut child, next, stop, buckets, done);
        drop(child.stdin.take());
        let mut said = String::new();
        if let Some(mut errors) = child.stderr.take() {
            // What cannot be read of its last words changes nothing: the status decides.
            let _ = errors.read_to_string(&mut said);
        }
        let status = child.wait().map_err(|e| Error::Fault(format!("stage {stage}: {e}")))?;
        if status.success() && fed.is_ok() {
            return Ok(());
        }
        let said = said.trim();
        let said = said.strip_prefix("error: ").unwrap_or(said).to_owned();
        Err(match status.code() {
            Some(2) => Error::Usage(said),
            Some(3) => Error::Input(said),
            Some(4) => Error::Config(said),
            Some(5) => Error::Gate(said),
            Some(75) => Error::InUse(said),
            _ => Error::Fault(format!("stage {stage}: a child ended with {status}: {said}")),
        })
    }
}

fn feed(child: &mut Child, next: &AtomicU32, stop: &AtomicBool, buckets: u32, done: &mpsc::Sender<Result<u64>>) -> Result<()> {
    let gone = || Error::Fault("a child closed its pipe".into());
    let mut stdin = child.stdin.take().ok_or_else(gone)?;
    let mut answers = BufReader::new(child.stdout.take().ok_or_else(gone)?);
    loop {
        let bucket = next.fetch_add(1, Ordering::SeqCst);
        if bucket >= buckets || stop.load(Ordering::SeqCst) {
            return Ok(());
        }
        writeln!(stdin, "{bucket}").map_err(|_| gone())?;
        let mut line = String::new();
        if answers.read_line(&mut line).map_err(|_| gone())? == 0 {
            return Err(gone());
        }
        let rows = line.trim().parse().map_err(|_| Error::Fault(format!("a child answered \"{}\"", line.trim())))?;
        done.send(Ok(rows)).map_err(|_| gone())?;
    }
}

/// Runs a piece of work as a stage: its start, its progress, its end and its time are told.
///
/// # Errors
/// Those of the work.
pub fn timed(stage: &str, pieces: u64, progress: &Progress, work: impl FnOnce(&dyn Fn(u64)) -> Result<u64>) -> Result<u64> {
    progress.tell(&Event::Started { stage: stage.into(), pieces });
    let start = Instant::now();
    let rows = work(&|pieces| progress.tell(&Event::Advanced { stage: stage.into(), pieces }))?;
    let millis = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    progress.tell(&Event::Finished { stage: stage.into(), rows, millis });
    Ok(rows)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn memory_takes_children_away_then_rows_at_once_and_what_it_cannot_hold_is_said() {
        let pool = |mib: u64| Pool::new(4, Vec::new(), Some(mib << 20));
        assert_eq!([256, 521, 522, 825, 826, 8192].map(|mib| pool(mib).jobs), [1, 1, 2, 3, 4, 4]);
        assert_eq!([256, 330, 370, 640, 8192].map(|mib| pool(mib).range_bytes() >> 20), [2, 6, 16, 16, 16]);
        let free = Pool::new(4, Vec::new(), None);
        assert_eq!((free.jobs, free.range_bytes(), free.shortage(u64::MAX / 1000)), (4, RANGE_BYTES, None));
        assert_eq!(pool(512).shortage(100_000), None);
        let said = pool(256).shortage(100_000).unwrap();
        let expected = "--memory 256MiB: with 100000 debtors the parent is reckoned to need 218MiB and its 1 children 96MiB; it may not be kept to: name at least 314MiB";
        assert_eq!(said, expected);
        assert!(pool(640).shortage(3_000_000).unwrap().contains("the parent is reckoned to need 1877MiB"));
    }
}
