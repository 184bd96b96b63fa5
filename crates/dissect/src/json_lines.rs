//! Which records are in this stream of JSON texts, each on a line of its own (newline-delimited JSON, JSON Lines)?
//!
//! ```text
//! {"time": "16:11:05"} LF      Text, LineEnd     -> Line
//! LF                           LineEnd           -> Blank
//! ```
//!
//! There is no RFC for it; the types `application/x-ndjson` and `application/jsonl` are in use. A text has no line end in it
//! (RFC 8259, section 7, has control characters escaped), so an LF ends it, and a CR before that is white space. Every stream of bytes
//! is lines, so nothing here can fail.

use memchr::memchr;

use crate::stream::{Step, first};

/// What a byte of such a stream is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// A JSON text, or what stands in its place.
    Text,
    /// LF.
    LineEnd,
}

/// What a line end did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A text is complete.
    Line {
        /// Its first bytes, at most 512.
        text: &'a [u8],
        /// How long it is.
        len: u64,
    },
    /// A line with nothing on it: often a sign of life.
    Blank,
    /// The end of a line of which a part is missing.
    Torn,
}

/// Decodes the body of a response of such a type.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    text: Vec<u8>,
    len: u64,
    /// Whether it was told of, and is to be forgotten.
    told: bool,
    /// Whether a part of the line under way is missing.
    torn: bool,
}

impl Decoder {
    /// A decoder at the beginning of a line.
    pub fn new() -> Decoder {
        Decoder::default()
    }

    /// Decodes the next bytes.
    pub fn step<'a>(&'a mut self, input: &[u8]) -> Step<Mark, Event<'a>> {
        if std::mem::take(&mut self.told) {
            self.text.clear();
            self.len = 0;
        }
        match memchr(b'\n', input) {
            Some(0) => {
                self.told = true;
                Step::event(1, Mark::LineEnd, self.line())
            }
            end => {
                let text = first(input, end.unwrap_or(input.len()));
                let room = MOST_KEPT.saturating_sub(self.text.len());
                self.text.extend_from_slice(first(text, room.min(text.len())));
                self.len = self.len.saturating_add(text.len() as u64);
                Step::bytes(text.len(), Mark::Text)
            }
        }
    }

    /// Bytes are missing from the capture here: what is left of the line means nothing.
    pub fn gap(&mut self) {
        self.torn = true;
    }

    fn line(&mut self) -> Event<'_> {
        if std::mem::take(&mut self.torn) {
            return Event::Torn;
        }
        match self.text.trim_ascii() {
            [] => Event::Blank,
            _ => Event::Line { text: &self.text, len: self.len },
        }
    }
}

/// How much of a text is kept.
const MOST_KEPT: usize = 512;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The marks of all bytes, and what happened after which of them.
    fn all<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Mark>, Vec<(usize, String)>) {
        let (mut decoder, mut marks, mut events) = (Decoder::new(), Vec::new(), Vec::new());
        for mut piece in pieces {
            while !piece.is_empty() {
                let step = decoder.step(piece);
                marks.extend(std::iter::repeat_n(step.mark, step.consumed));
                if let Some(event) = step.event {
                    events.push((marks.len(), format!("{event:?}")));
                }
                piece = &piece[step.consumed..];
            }
        }
        (marks, events)
    }

    #[test]
    fn lines_end_with_lf() {
        let (marks, events) = all([&b"{\"a\": 1}\n\n \r\n[]\r\n{"[..]]);
        assert_eq!(marks.iter().filter(|mark| **mark == Mark::LineEnd).count(), 4);
        let told: Vec<&str> = events.iter().map(|(_, event)| event.as_str()).collect();
        let line = |text: &[u8], len| format!("{:?}", Event::Line { text, len });
        assert_eq!(told, [&line(b"{\"a\": 1}", 8), "Blank", "Blank", &line(b"[]\r", 3)]);
    }

    #[test]
    fn a_long_text_is_kept_in_part_and_one_with_a_gap_not_at_all() {
        let mut decoder = Decoder::new();
        let long = [b'x'; 2000];
        assert_eq!(decoder.step(&long).consumed, 2000);
        assert_eq!(decoder.step(b"\n").event, Some(Event::Line { text: &long[..MOST_KEPT], len: 2000 }));
        decoder.step(b"{\"a\"");
        decoder.gap();
        decoder.step(b"1}");
        assert_eq!(decoder.step(b"\n").event, Some(Event::Torn));
        decoder.step(b"2");
        assert_eq!(decoder.step(b"\n").event, Some(Event::Line { text: b"2", len: 1 }));
    }

    proptest! {
        #[test]
        fn cutting_makes_no_difference(text in "[a\n\r{]{0,40}", cut in 1_usize..8) {
            prop_assert_eq!(all(text.as_bytes().chunks(cut)), all([text.as_bytes()]));
        }
    }
}
