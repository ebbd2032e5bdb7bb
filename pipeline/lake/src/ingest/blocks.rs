//! Text files cut into blocks of whole records, each record with its line. The csv crate takes an unterminated quote for the end of the
//! file and knows no lines across pieces parsed in parallel; so quotes are followed here, once, before it sees a byte.

use std::ops::Range;

use super::bytes::TextSource;
use super::discover::InputFile;
use crate::error::{Error, Result};

/// The longest record accepted: beyond it a quote was surely left open, or the file has no lines.
const LONGEST: usize = 64 << 20;

/// Where a record begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    /// Its first byte in the block.
    pub at: usize,
    /// Its line in the file, from 1.
    pub line: u64,
    /// Whether text follows a closing quote.
    pub bad_quote: bool,
}

/// Whole records.
pub(crate) struct Block {
    pub text: Vec<u8>,
    pub starts: Vec<Start>,
}

impl Block {
    /// Ranges of records of about equal number, for parsing side by side.
    pub(crate) fn pieces(&self, rows: usize) -> Vec<Range<usize>> {
        (0..self.starts.len()).step_by(rows).map(|from| from..(from + rows).min(self.starts.len())).collect()
    }

    /// The bytes of a range of records.
    pub(crate) fn bytes(&self, records: &Range<usize>) -> &[u8] {
        let from = self.starts.get(records.start).map_or(self.text.len(), |s| s.at);
        let to = self.starts.get(records.end).map_or(self.text.len(), |s| s.at);
        &self.text[from..to]
    }
}

/// Reads a file block by block.
pub(crate) struct Blocks<'f> {
    file: &'f InputFile,
    source: TextSource<'f>,
    scanner: Scanner,
    /// The beginning of a record whose end is not read yet, and how far it was scanned.
    carry: Vec<u8>,
    begun: Option<Start>,
    ended: bool,
}

impl<'f> Blocks<'f> {
    /// `quotes`: whether double quotes may hold line breaks, as in CSV.
    pub(crate) fn new(file: &'f InputFile, source: TextSource<'f>, quotes: bool) -> Self {
        Self { file, source, scanner: Scanner::new(quotes), carry: Vec::new(), begun: None, ended: false }
    }

    /// The next records; `None` at the end. Errors: undecodable text, a quote that is never closed.
    pub(crate) fn next(&mut self) -> Result<Option<Block>> {
        if self.ended {
            return Ok(None);
        }
        let mut text = std::mem::take(&mut self.carry);
        let mut starts: Vec<Start> = self.begun.take().into_iter().collect();
        let mut scanned = text.len();
        let mut end = 0;
        while end == 0 {
            self.ended = !self.source.fill(&mut text)?;
            if let Some(at) = self.scanner.scan(&text, scanned, &mut starts).map_err(|line| self.open_quote(line))? {
                end = at;
            }
            if starts.is_empty() && self.scanner.state == State::RecordStart {
                // Blank lines alone: they are counted, and need not be kept.
                text.clear();
            }
            scanned = text.len();
            if self.ended {
                if let Some(line) = self.scanner.open_quote() {
                    return Err(self.open_quote(line));
                }
                end = text.len();
                break;
            }
            if end == 0 && text.len() > LONGEST {
                return Err(self.scanner.open_quote().map_or_else(|| self.too_long(self.scanner.line), |line| self.open_quote(line)));
            }
        }
        if !self.ended && starts.last().is_some_and(|s| s.at >= end) {
            self.begun = starts.pop().map(|s| Start { at: s.at - end, ..s });
        }
        self.carry = text.split_off(end);
        Ok(Some(Block { text, starts }))
    }

    /// Whether the last record of the file lacks its line break, as the end of a cut-off file does.
    pub(crate) fn ended_inside_a_line(&self) -> bool {
        self.ended && self.scanner.state != State::RecordStart
    }

    fn too_long(&self, line: u64) -> Error {
        Error::input(
            &self.file.name,
            Some(line),
            format!("a line of more than {} MiB", LONGEST >> 20),
            "one row a line",
            "check that the file is a table, and export it again",
        )
    }

    fn open_quote(&self, line: u64) -> Error {
        Error::input(
            &self.file.name,
            Some(line),
            "a double quote that opens a field and is not closed before text of other lines",
            "a closing quote, and quotes within a field doubled",
            "correct the line, or have the exporting system double its quotes",
        )
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    RecordStart,
    FieldStart,
    Plain,
    Quoted,
    QuoteEnd,
}

/// Follows records and quotes exactly as the csv crate does.
struct Scanner {
    quotes: bool,
    state: State,
    /// The line of the next byte.
    line: u64,
    /// Whether the last byte was a carriage return, so that a line feed does not count again.
    after_return: bool,
    /// The line where the present quote was opened.
    quote_line: u64,
}

impl Scanner {
    fn new(quotes: bool) -> Self {
        Self { quotes, state: State::RecordStart, line: 1, after_return: false, quote_line: 0 }
    }

    fn open_quote(&self) -> Option<u64> {
        (self.state == State::Quoted).then_some(self.quote_line)
    }

    /// Scans `text[from..]`, adds the records that begin there; gives the end of the last whole record, or the line of a quote left open.
    fn scan(&mut self, text: &[u8], from: usize, starts: &mut Vec<Start>) -> std::result::Result<Option<usize>, u64> {
        let mut end = None;
        let mut at = from;
        while let Some(&byte) = text.get(at) {
            let line_break = matches!(byte, b'\n' | b'\r');
            match self.state {
                State::RecordStart if line_break => {}
                State::RecordStart | State::FieldStart if byte == b'"' && self.quotes => {
                    self.begin(at, starts);
                    self.state = State::Quoted;
                    self.quote_line = self.line;
                }
                State::Quoted if byte == b'"' => self.state = State::QuoteEnd,
                State::Quoted => {}
                State::QuoteEnd if byte == b'"' => self.state = State::Quoted,
                _ if line_break => {
                    self.state = State::RecordStart;
                    end = Some(at + 1);
                }
                _ => {
                    self.begin(at, starts);
                    if self.state == State::QuoteEnd && byte != b',' {
                        if self.quote_line != self.line {
                            return Err(self.quote_line);
                        }
                        if let Some(start) = starts.last_mut() {
                            start.bad_quote = true;
                        }
                    }
                    self.state = if byte == b',' && self.quotes { State::FieldStart } else { State::Plain };
                }
            }
            if line_break {
                self.line += u64::from(!(byte == b'\n' && self.after_return));
                self.after_return = byte == b'\r';
            } else {
                self.after_return = false;
            }
            at += 1;
            if self.state == State::Plain {
                // The bulk of a file: run to the next sign that means something.
                let run = text[at..].iter().position(|b| matches!(b, b'\n' | b'\r' | b','));
                at += run.unwrap_or(text.len() - at);
            }
        }
        Ok(end)
    }

    fn begin(&mut self, at: usize, starts: &mut Vec<Start>) {
        if self.state == State::RecordStart {
            starts.push(Start { at, line: self.line, bad_quote: false });
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use proptest::prelude::*;

    fn scan(text: &str, cut: usize) -> std::result::Result<Vec<(usize, u64, bool)>, u64> {
        let mut scanner = Scanner::new(true);
        let mut starts = Vec::new();
        let cut = cut.min(text.len());
        scanner.scan(&text.as_bytes()[..cut], 0, &mut starts)?;
        scanner.scan(text.as_bytes(), cut, &mut starts)?;
        scanner.open_quote().map_or(Ok(()), Err)?;
        Ok(starts.iter().map(|s| (s.at, s.line, s.bad_quote)).collect())
    }

    #[test]
    fn records_keep_their_lines() {
        assert_eq!(scan("a,b\nc,d\n", 0), Ok(vec![(0, 1, false), (4, 2, false)]));
        assert_eq!(scan("a\r\n\r\n\nb\r\nc", 0), Ok(vec![(0, 1, false), (6, 4, false), (9, 5, false)]));
        assert_eq!(scan("\"a\nb\",c\nd\n", 0), Ok(vec![(0, 1, false), (8, 3, false)]));
        assert_eq!(scan("a,\"b \"\"q\"\" b\"\nc\n", 0), Ok(vec![(0, 1, false), (14, 2, false)]));
        assert_eq!(scan("a,b\"c\nd\n", 0), Ok(vec![(0, 1, false), (6, 2, false)]));
        assert_eq!(scan("\"a\"b,c\nd\n", 0), Ok(vec![(0, 1, true), (7, 2, false)]));
    }

    #[test]
    fn an_open_quote_says_where_it_was_opened() {
        assert_eq!(scan("a,b\nc,\"d\ne,f\n", 0), Err(2));
        assert_eq!(scan("a,b\nc,\"d\ne,\"f\"\ng,h\n", 0), Err(2));
    }

    proptest! {
        /// Wherever the text is cut, and whatever it holds, the records are those of the csv crate.
        #[test]
        fn records_are_those_of_the_csv_crate(text in "[ab,\"\n\r]{0,40}", cut in 0usize..40) {
            if let Ok(starts) = scan(&text, cut) {
                let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
                prop_assert_eq!(reader.records().count(), starts.len());
                let at: Vec<usize> = starts.iter().map(|s| s.0).collect();
                prop_assert_eq!(scan(&text, 0).unwrap().iter().map(|s| s.0).collect::<Vec<_>>(), at.clone());
                // A reader that begins at a record sees the same rest.
                for (i, from) in at.iter().enumerate() {
                    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(&text.as_bytes()[*from..]);
                    prop_assert_eq!(reader.records().count(), starts.len() - i);
                }
            }
        }
    }
}
