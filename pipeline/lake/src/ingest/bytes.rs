//! The bytes of an export as UTF-8: unpacked, its encoding found, and refused with the line where they cannot be read.

use std::io::{self, BufReader, Read};
use std::path::Path;

use encoding_rs::{DecoderResult, GB18030};

use super::discover::{InputFile, Pack};
use super::mapping::Encoding;
use crate::error::{Error, Result};
use crate::store::input;

/// How much is read at a time.
const STEP: usize = 4 << 20;

/// How far an archive may unfold: beyond this and [`RATIO`] times its own size it is a bomb, not an export.
const UNFOLDED: u64 = 256 << 20;
const RATIO: u64 = 250;

/// The unpacked bytes of a file. Reading an archive fails once it unfolds beyond measure.
pub(crate) fn unpack(path: &Path, pack: Pack) -> Result<Box<dyn Read + Send>> {
    let file = input::open(path)?;
    let packed = file.metadata().map_err(|e| Error::io("read", path, e))?.len();
    let unpacked: Box<dyn Read + Send> = match pack {
        Pack::Plain => return Ok(Box::new(file)),
        Pack::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(1 << 18, file))),
        Pack::Zstd => Box::new(zstd::stream::read::Decoder::new(file).map_err(|e| Error::io("read", path, e))?),
    };
    let limit = UNFOLDED.saturating_add(packed.saturating_mul(RATIO));
    Ok(Box::new(Unfolding { unpacked, left: limit, bomb: Bomb { packed, limit } }))
}

/// An archive being read, and how much may still come out of it.
struct Unfolding {
    unpacked: Box<dyn Read + Send>,
    left: u64,
    bomb: Bomb,
}

impl Read for Unfolding {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.unpacked.read(buffer)?;
        self.left = self.left.checked_sub(n as u64).ok_or_else(|| io::Error::other(self.bomb))?;
        Ok(n)
    }
}

/// What an archive was that unfolded beyond measure.
#[derive(Clone, Copy, Debug)]
struct Bomb {
    packed: u64,
    limit: u64,
}

impl std::fmt::Display for Bomb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes that unfold to more than {} MiB", self.packed, self.limit >> 20)
    }
}

impl std::error::Error for Bomb {}

/// What reading failed of: a damaged archive is the input's fault, anything else the machine's.
pub(crate) fn read_error(file: &InputFile, line: Option<u64>, error: io::Error) -> Error {
    if file.pack == Pack::Plain {
        return Error::io("read", &file.path, error);
    }
    let kind = if file.pack == Pack::Gzip { "gzip" } else { "Zstandard" };
    if let Some(bomb) = error.get_ref().and_then(|e| e.downcast_ref::<Bomb>()) {
        let expected = format!("an archive that unfolds to at most {RATIO} times its size and {} MiB", UNFOLDED >> 20);
        let remedy = "find out who made it; if the export is genuine, unpack it yourself";
        return Error::input(&file.name, line, bomb.to_string(), expected, remedy);
    }
    let found = if error.kind() == io::ErrorKind::UnexpectedEof { "the archive ends too early".to_owned() } else { error.to_string() };
    Error::input(&file.name, line, found, format!("a whole {kind} file"), "export or copy the file again; nothing was changed")
}

enum State {
    /// Only ASCII so far: both encodings agree.
    Open,
    Utf8,
    Gb18030(Box<encoding_rs::Decoder>),
}

/// A file's text, decoded step by step.
pub(crate) struct TextSource<'f> {
    file: &'f InputFile,
    reader: Box<dyn Read + Send>,
    state: State,
    /// Bytes read but not decoded: an incomplete character.
    rest: Vec<u8>,
    /// Line breaks decoded so far.
    lines: u64,
    started: bool,
    ended: bool,
}

impl<'f> TextSource<'f> {
    pub(crate) fn open(file: &'f InputFile, encoding: Encoding) -> Result<Self> {
        let state = match encoding {
            Encoding::Auto => State::Open,
            Encoding::Utf8 => State::Utf8,
            Encoding::Gb18030 => State::Gb18030(Box::new(GB18030.new_decoder_without_bom_handling())),
        };
        let reader = unpack(&file.path, file.pack)?;
        Ok(Self { file, reader, state, rest: Vec::new(), lines: 0, started: false, ended: false })
    }

    /// Appends more text to `out`; false at the end of the file.
    pub(crate) fn fill(&mut self, out: &mut Vec<u8>) -> Result<bool> {
        if self.ended {
            return Ok(false);
        }
        let mut raw = std::mem::take(&mut self.rest);
        let before = raw.len();
        let mut limited = self.reader.by_ref().take(STEP as u64);
        limited.read_to_end(&mut raw).map_err(|e| read_error(self.file, Some(self.lines + 1), e))?;
        self.ended = raw.len() - before < STEP;
        if !self.started {
            self.started = true;
            self.byte_order_mark(&mut raw)?;
        }
        let start = out.len();
        self.decode(raw, out)?;
        self.lines += out[start..].iter().filter(|b| **b == b'\n').count() as u64;
        Ok(!self.ended)
    }

    fn byte_order_mark(&mut self, raw: &mut Vec<u8>) -> Result<()> {
        if raw.starts_with(&[0xff, 0xfe]) || raw.starts_with(&[0xfe, 0xff]) {
            return Err(self.utf16("a byte-order mark of UTF-16"));
        }
        // Latin letters and commas in UTF-16 have a zero byte each; in text there is none, but for the odd damage.
        let head = &raw[..raw.len().min(4096)];
        if head.len() >= 8 && head.iter().filter(|b| **b == 0).count() * 4 > head.len() {
            return Err(self.utf16("text that looks like UTF-16 without its mark, or no text at all"));
        }
        if raw.starts_with(&[0xef, 0xbb, 0xbf]) {
            raw.drain(..3);
            self.state = State::Utf8;
        }
        Ok(())
    }

    fn decode(&mut self, raw: Vec<u8>, out: &mut Vec<u8>) -> Result<()> {
        let foreign = raw.iter().position(|b| !b.is_ascii());
        if let (State::Open, Some(at)) = (&self.state, foreign) {
            if raw.len() - at < 4 && !self.ended {
                // The first such character may be cut: decide when it is whole.
                out.extend_from_slice(&raw[..at]);
                self.rest = raw[at..].to_vec();
                return Ok(());
            }
            self.state =
                if looks_like_utf8(&raw) { State::Utf8 } else { State::Gb18030(Box::new(GB18030.new_decoder_without_bom_handling())) };
        }
        match &mut self.state {
            State::Open => out.extend_from_slice(&raw),
            State::Utf8 => {
                let valid = match std::str::from_utf8(&raw) {
                    Ok(_) => raw.len(),
                    Err(e) if e.error_len().is_none() && !self.ended => e.valid_up_to(),
                    Err(e) => return Err(self.undecodable(line_of(&raw[..e.valid_up_to()]), "bytes that are not UTF-8")),
                };
                out.extend_from_slice(&raw[..valid]);
                self.rest = raw[valid..].to_vec();
            }
            State::Gb18030(decoder) => {
                if let Some(line) = line_of_utf8(&raw) {
                    return Err(self.undecodable(line, "a line in UTF-8 in a file that began in GB18030"));
                }
                let start = out.len();
                let room = decoder.max_utf8_buffer_length_without_replacement(raw.len()).unwrap_or(raw.len() * 4 + 16);
                out.resize(start + room, 0);
                let (result, _, written) = decoder.decode_to_utf8_without_replacement(&raw, &mut out[start..], self.ended);
                out.truncate(start + written);
                if result != DecoderResult::InputEmpty {
                    let line = line_of(&out[start..]);
                    return Err(self.undecodable(line, "bytes that are neither UTF-8 nor GB18030"));
                }
            }
        }
        Ok(())
    }

    fn utf16(&self, found: &str) -> Error {
        let name = &self.file.name;
        let remedy = format!("export the file again in UTF-8, or convert it: iconv -f UTF-16 -t UTF-8 {name} > new file");
        Error::input(name, Some(1), found, "text in UTF-8 or GB18030", remedy)
    }

    fn undecodable(&self, line: u64, found: &str) -> Error {
        let line = Some(self.lines + line);
        Error::input(
            &self.file.name,
            line,
            found,
            "text in UTF-8 or GB18030",
            "export the file again in UTF-8, or state `encoding` in its mapping",
        )
    }
}

/// The first line that is UTF-8 though its neighbours are GB18030. Five Chinese signs that are valid UTF-8 by chance are not met once in 10^11
/// lines of GB18030: each would need the first byte of six and two more below C0, where GB18030 seldom is.
fn line_of_utf8(raw: &[u8]) -> Option<u64> {
    let chinese = |text: &str| text.chars().filter(|c| matches!(c, '一'..='龥')).count() >= 5;
    let foreign = |line: &[u8]| line.len() >= 15 && std::str::from_utf8(line).is_ok_and(chinese);
    raw.split(|b| *b == b'\n').position(foreign).map(|at| at as u64 + 1)
}

fn line_of(before: &[u8]) -> u64 {
    before.iter().filter(|b| **b == b'\n').count() as u64 + 1
}

/// Whether text with other than ASCII is UTF-8. A few bad bytes in much good UTF-8 are damage, not another encoding: taken for GB18030 the
/// file would load as nonsense.
fn looks_like_utf8(raw: &[u8]) -> bool {
    let (mut good, mut bad) = (0usize, 0usize);
    for chunk in raw.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    // A character cut at the end is neither.
    bad -= usize::from(std::str::from_utf8(raw).is_err_and(|e| e.error_len().is_none()));
    bad == 0 || good > 10 * bad
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]
    use super::*;
    use crate::ingest::discover::Format;
    use std::io::Write as _;

    fn decoded(bytes: &[u8], pack: Pack, encoding: Encoding) -> Result<String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cases.csv");
        std::fs::write(&path, bytes).unwrap();
        let file = InputFile { table: "cases".into(), path, name: "cases.csv".into(), format: Format::Csv, pack, shared: None };
        let mut source = TextSource::open(&file, encoding)?;
        let mut out = Vec::new();
        while source.fill(&mut out)? {}
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn both_encodings_and_the_byte_order_mark_are_found() {
        let text = "case_no,status\n（2025）浙0106执1号,执行中\n";
        let gb = GB18030.encode(text).0;
        assert_eq!(decoded(text.as_bytes(), Pack::Plain, Encoding::Auto).unwrap(), text);
        assert_eq!(decoded(&gb, Pack::Plain, Encoding::Auto).unwrap(), text);
        assert_eq!(decoded(&gb, Pack::Plain, Encoding::Gb18030).unwrap(), text);
        assert_eq!(decoded(&[&[0xef, 0xbb, 0xbf], text.as_bytes()].concat(), Pack::Plain, Encoding::Auto).unwrap(), text);
    }

    #[test]
    fn characters_cut_between_steps_survive() {
        let text = format!("{}{}", "a".repeat(STEP - 1), "浙江𠀀".repeat(3));
        assert!(decoded(text.as_bytes(), Pack::Plain, Encoding::Auto).unwrap() == text);
        assert!(decoded(&GB18030.encode(&text).0, Pack::Plain, Encoding::Auto).unwrap() == text);
    }

    #[test]
    fn damage_is_refused_with_its_line() {
        let mut damaged = format!("a\n{}\n", "浙江".repeat(20)).into_bytes();
        damaged.extend([b'x', 0xff, b'\n']);
        let error = decoded(&damaged, Pack::Plain, Encoding::Auto).unwrap_err().to_string();
        assert!(error.contains("cases.csv line 3") && error.contains("not UTF-8"), "{error}");
        let error = decoded(&[0xff, 0xfe, b'a', 0], Pack::Plain, Encoding::Auto).unwrap_err().to_string();
        assert!(error.contains("UTF-16"), "{error}");
        let error = decoded(&[b'a', b'\n', 0xff, 0xff, 0xff], Pack::Plain, Encoding::Auto).unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("neither"), "{error}");
    }

    #[test]
    fn a_truncated_archive_is_refused() {
        let text = (0..20_000).map(|i| format!("{i},{}\n", i * 7919)).collect::<String>();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(text.as_bytes()).unwrap();
        let gzip = gzip.finish().unwrap();
        let zst = zstd::encode_all(text.as_bytes(), 3).unwrap();
        for (bytes, pack) in [(gzip, Pack::Gzip), (zst, Pack::Zstd)] {
            assert!(decoded(&bytes, pack, Encoding::Auto).unwrap() == text);
            let error = decoded(&bytes[..bytes.len() / 2], pack, Encoding::Auto).unwrap_err();
            assert_eq!(error.exit_status(), 3);
            assert!(error.to_string().contains("export or copy the file again"), "{error}");
        }
    }
}
