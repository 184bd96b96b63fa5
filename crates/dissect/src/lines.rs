//! Which lines are in this stream of text?
//!
//! Many older protocols, and every hand-made one that is spoken with netcat, send lines: words, then LF or CRLF.

use memchr::memchr2;

use crate::stream::{Sniff, Step, first};

/// What a byte of a stream of lines is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// The words.
    Text,
    /// LF, and any CR.
    LineEnd,
}

/// What happened in a stream of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A line is complete: its first bytes, at most 256, without its line end.
    Line(&'a [u8]),
}

/// Decodes one side's lines.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    /// The first bytes of the line under way, where it came in several inputs.
    held: Vec<u8>,
    /// A CR was seen: it belongs to the line end if an LF is next, else to the line.
    cr: bool,
    /// The line under way has begun.
    open: bool,
    /// The line was told of: what is held is to be dropped.
    told: bool,
}

impl Decoder {
    /// A decoder at the beginning of a line.
    pub fn new() -> Self {
        Self::default()
    }

    /// Decodes the next bytes.
    pub fn step<'a>(&'a mut self, input: &'a [u8]) -> Step<Mark, Event<'a>> {
        if self.told {
            *self = Decoder { held: std::mem::take(&mut self.held), ..Decoder::default() };
            self.held.clear();
        }
        match input.first() {
            None => Step::bytes(0, Mark::Text),
            Some(b'\n') => {
                self.told = true;
                Step::event(1, Mark::LineEnd, Event::Line(&self.held))
            }
            Some(b'\r') => {
                self.keep_cr();
                self.cr = true;
                self.open = true;
                Step::bytes(1, Mark::LineEnd)
            }
            Some(_) => {
                self.keep_cr();
                self.open = true;
                let end = memchr2(b'\r', b'\n', input).unwrap_or(input.len());
                self.keep(first(input, end));
                Step::bytes(end, Mark::Text)
            }
        }
    }

    /// The stream has ended, or the other side speaks: what there is of a line that has no line end.
    pub fn finish(&mut self) -> Option<Event<'_>> {
        if self.told || !self.open {
            return None;
        }
        self.keep_cr();
        self.told = true;
        Some(Event::Line(&self.held))
    }

    /// Whether the stream is between two lines.
    pub fn is_idle(&self) -> bool {
        self.told || !self.open
    }

    fn keep_cr(&mut self) {
        if std::mem::take(&mut self.cr) {
            self.keep(b"\r");
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(first(bytes, MAX_PEEK.saturating_sub(self.held.len())));
    }
}

/// Could these first bytes of a stream be lines of text? Yes is said of a whole first line.
pub fn sniff(bytes: &[u8]) -> Sniff {
    let looked_at = first(bytes, MAX_SNIFFED);
    let line_end = memchr::memchr(b'\n', looked_at);
    let line = first(looked_at, line_end.unwrap_or(looked_at.len()));
    let is_text = match std::str::from_utf8(line) {
        Ok(text) => !text.chars().any(is_control),
        // Bytes that a character is cut off at are no objection.
        Err(error) => {
            line_end.is_none()
                && error.error_len().is_none()
                && !first(line, error.valid_up_to()).iter().any(|&byte| is_control(char::from(byte)))
        }
    };
    match (is_text, line_end) {
        (false, _) => Sniff::No,
        (true, Some(_)) => Sniff::Yes,
        (true, None) if looked_at.len() < MAX_SNIFFED => Sniff::NotYet,
        (true, None) => Sniff::No,
    }
}

fn is_control(letter: char) -> bool {
    letter.is_ascii_control() && !matches!(letter, '\t' | '\r')
}

/// How much of a line is shown.
const MAX_PEEK: usize = 256;

/// How far to look for the first line's end.
const MAX_SNIFFED: usize = 1024;
