//! The field lines of a head, one by one (RFC 9112 section 5).

use std::fmt;

use memchr::memchr;

use crate::http1::Error;
use crate::stream::{after, first, text};

/// The fields of a head, in their order: name and value, the value without the space around it.
///
/// A value that was folded over several lines keeps the line ends and spaces of the fold.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fields<'a> {
    /// What is left: field lines with their line ends.
    rest: &'a [u8],
}

/// Name and value.
type Line<'a> = (&'a [u8], &'a [u8]);

impl<'a> Fields<'a> {
    /// The fields of a head from behind its start line.
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Fields { rest }
    }

    /// The value of the first field of this name, whatever the case of its letters.
    pub fn get(mut self, name: &str) -> Option<&'a [u8]> {
        self.find_map(|(found, value)| found.eq_ignore_ascii_case(name).then_some(value))
    }

    /// The next field, `None` after the last, or what is wrong with the next line.
    #[inline]
    pub(super) fn next_field(&mut self) -> Result<Option<Line<'a>>, Error> {
        loop {
            let (mut line, mut rest) = split_line(self.rest);
            if line.is_empty() {
                self.rest = &[];
                return Ok(None);
            }
            if starts_fold(line) {
                // White space before the first field: skipped, as RFC 9112 section 2.2 allows.
                self.rest = rest;
                continue;
            }
            if starts_fold(rest) {
                line = folded(self.rest);
                rest = after(self.rest, line.len());
                line = strip_line_end(line);
            }
            self.rest = rest;
            let colon = memchr(b':', line).ok_or(Error::FieldLine)?;
            let name = first(line, colon).trim_ascii_end();
            if let Some(&found) = name.iter().find(|&&byte| !is_token(byte)) {
                return Err(Error::FieldName { found });
            }
            if name.is_empty() {
                return Err(Error::FieldName { found: b':' });
            }
            return Ok(Some((name, after(line, colon + 1).trim_ascii())));
        }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a str, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, value) = self.next_field().ok().flatten()?;
        Some((text(name), value))
    }
}

impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.map(|(name, value)| (name, String::from_utf8_lossy(value)))).finish()
    }
}

/// The first line without its line end, and what is behind it.
#[inline]
pub(super) fn split_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    match memchr(b'\n', bytes) {
        Some(end) => (strip_cr(first(bytes, end)), after(bytes, end + 1)),
        None => (strip_cr(bytes), &[]),
    }
}

/// The first line and those that continue it, with their line ends.
#[cold]
fn folded(bytes: &[u8]) -> &[u8] {
    let mut len = 0;
    loop {
        let rest = after(bytes, len);
        len += memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        if !starts_fold(after(bytes, len)) {
            return first(bytes, len);
        }
    }
}

fn starts_fold(line: &[u8]) -> bool {
    matches!(line.first(), Some(b' ' | b'\t'))
}

fn strip_line_end(line: &[u8]) -> &[u8] {
    strip_cr(line.strip_suffix(b"\n").unwrap_or(line))
}

fn strip_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Whether a byte may be part of a token: a method or a field name (RFC 9110 section 5.6.2).
#[inline]
pub(super) fn is_token(byte: u8) -> bool {
    TOKEN.get(usize::from(byte)).copied().unwrap_or(false)
}

const TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let others = b"!#$%&'*+-.^_`|~";
    let mut index = 0;
    while index < others.len() {
        table[others[index] as usize] = true;
        index += 1;
    }
    table
};
