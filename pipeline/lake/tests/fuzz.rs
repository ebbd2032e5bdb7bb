//! The fuzz corpus, and every broken sample, through the entries of `fuzz/`: no panic, no fault of the program, in bounded time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods, missing_docs)]

#[path = "../../../fuzz/entries.rs"]
mod entries;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What one input may take: a hang, not a slow machine, is looked for.
const MOST: Duration = Duration::from_secs(60);

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_file()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files
}

fn replay(target: &str, entry: fn(&[u8])) {
    for path in files(&format!("fuzz/corpus/{target}")) {
        let begun = Instant::now();
        entry(&std::fs::read(&path).unwrap());
        assert!(begun.elapsed() < MOST, "{}: {:?}", path.display(), begun.elapsed());
    }
}

#[test]
fn the_corpus_replays() {
    replay("csv", entries::csv);
    replay("json", entries::json);
    replay("parquet", entries::parquet);
    replay("mapping", entries::mapping);
    replay("case_no", entries::case_no);
    replay("identity_no", entries::identity_no);
}

#[test]
fn every_broken_sample_goes_through_the_entries() {
    for path in files("data-samples/broken") {
        let name = path.file_name().unwrap().to_str().unwrap();
        let begun = Instant::now();
        entries::existing(&path, name.split('-').next().unwrap());
        assert!(begun.elapsed() < MOST, "{}: {:?}", path.display(), begun.elapsed());
    }
}

/// Signs that mean something to one of the readers.
const WORDS: [&[u8]; 24] = [
    b"\"",
    b",",
    b"\n",
    b"\r",
    b"\0",
    b"{",
    b"}",
    b"[",
    b":",
    b"\\u0000",
    b"\\ud800",
    b"1e400",
    b"-0",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\x80",
    b"PAR1",
    b"null",
    b"case_no",
    b"known_on",
    b"9900001985021500",
    "（2025）".as_bytes(),
    "执".as_bytes(),
    "号".as_bytes(),
];

/// SplitMix64: the same inputs for the same seed.
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) & 0xffff_ffff).unwrap()
    }

    fn below(&mut self, n: usize) -> usize {
        self.next() % n.max(1)
    }

    /// One input, changed in one to six places.
    fn changed(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut data = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(6) {
            let at = self.below(data.len() + 1);
            match self.below(7) {
                0 if at < data.len() => data[at] ^= 1 << self.below(8),
                1 if at < data.len() => data[at] = u8::try_from(self.below(256)).unwrap(),
                2 => data.truncate(at),
                3 => drop(data.drain(at..(at + self.below(9)).min(data.len()))),
                4 => drop(data.splice(at..at, WORDS[self.below(WORDS.len())].iter().copied())),
                5 => {
                    let end = (at + self.below(40)).min(data.len());
                    let again = data[at..end].to_vec();
                    drop(data.splice(at..at, again));
                }
                _ => {
                    let other = &seeds[self.below(seeds.len())];
                    let from = self.below(other.len() + 1);
                    let piece = other[from..(from + self.below(60)).min(other.len())].to_vec();
                    drop(data.splice(at..at, piece));
                }
            }
        }
        data
    }
}

/// Name, entry, and the end of the names of the broken samples it can begin from.
type Target = (&'static str, fn(&[u8]), &'static str);

/// Where no nightly compiler is at hand: `LUHENG_FUZZ_SECONDS=60 cargo test --release -p luheng-lake --test fuzz -- --ignored --nocapture` changes the
/// corpus and the broken samples for so long with each entry, and keeps what made one panic in `fuzz/artifacts`.
#[test]
#[ignore = "runs for as long as LUHENG_FUZZ_SECONDS says"]
fn changed_inputs_go_through_the_entries() {
    let seconds = std::env::var("LUHENG_FUZZ_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(10);
    let small = |end: &str| {
        let all = files("data-samples/broken").into_iter().filter(|p| p.to_str().unwrap().ends_with(end));
        all.map(|p| std::fs::read(p).unwrap()).filter(|d| d.len() < 6_000).collect::<Vec<_>>()
    };
    let targets: [Target; 6] = [
        ("csv", entries::csv, ".csv"),
        ("json", entries::json, ".jsonl"),
        ("parquet", entries::parquet, ".parquet"),
        ("mapping", entries::mapping, "none"),
        ("case_no", entries::case_no, "none"),
        ("identity_no", entries::identity_no, "none"),
    ];
    let mut broken = Vec::new();
    for (target, entry, end) in targets {
        let mut seeds = small(end);
        seeds.extend(files(&format!("fuzz/corpus/{target}")).iter().map(|p| std::fs::read(p).unwrap()));
        let (mut draws, mut runs, begun) = (Draws(1), 0u64, Instant::now());
        while begun.elapsed() < Duration::from_secs(seconds) {
            let data = draws.changed(&seeds);
            runs += 1;
            let one = Instant::now();
            let passed = std::panic::catch_unwind(|| entry(&data)).is_ok() && one.elapsed() < Duration::from_secs(10);
            if !passed {
                let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/artifacts").join(target);
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(folder.join(format!("{runs}")), &data).unwrap();
                broken.push(format!("{target} {runs}"));
            }
        }
        println!("{target}: {runs} inputs in {:?}", begun.elapsed());
    }
    assert!(broken.is_empty(), "{broken:?}");
}
