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
    /// What is left: field lines with their line ends, and the empty line behind them.
    rest: &'a [u8],
}

/// What is next in a head.
pub(super) enum Next<'a> {
    /// A field: name and value.
    Field(&'a [u8], &'a [u8]),
    /// The empty line at the end, and what is behind it.
    End(&'a [u8]),
    /// A line that isn't all here.
    Cut,
}

impl<'a> Fields<'a> {
    /// The fields of a head from behind its start line.
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Fields { rest }
    }

    /// The value of the first field of this name, whatever the case of its letters.
    pub fn get(mut self, name: &str) -> Option<&'a [u8]> {
        self.find_map(|(found, value)| found.eq_ignore_ascii_case(name).then_some(value))
    }

    /// What is next, or what is wrong with the next line.
    #[inline]
    pub(super) fn next_line(&mut self) -> Result<Next<'a>, Error> {
        // White space before the first field is skipped, as RFC 9112 section 2.2 allows.
        while starts_fold(self.rest) {
            let Some(line_end) = memchr(b'\n', self.rest) else { return Ok(Next::Cut) };
            self.rest = after(self.rest, line_end + 1);
        }
        let bytes = self.rest;
        // One look at each byte of the name both checks it and finds its end.
        let name_len = bytes.iter().take_while(|&&byte| is_token(byte)).count();
        let name = first(bytes, name_len);
        match bytes.get(name_len) {
            Some(b':') if name_len > 0 => {
                let behind = after(bytes, name_len + 1);
                let Some(line_end) = memchr(b'\n', behind) else { return Ok(Next::Cut) };
                let mut value = first(behind, line_end);
                match behind.get(line_end + 1) {
                    None => return Ok(Next::Cut),
                    Some(b' ' | b'\t') => {
                        let Some(len) = folded(behind) else { return Ok(Next::Cut) };
                        value = first(behind, len);
                        self.rest = after(behind, len);
                    }
                    Some(_) => self.rest = after(behind, line_end + 1),
                }
                Ok(Next::Field(name, value.trim_ascii()))
            }
            Some(b'\n') if name_len == 0 => Ok(Next::End(after(bytes, 1))),
            Some(b'\r') if bytes.get(1) == Some(&b'\n') && name_len == 0 => Ok(Next::End(after(bytes, 2))),
            None => Ok(Next::Cut),
            Some(_) => self.odd_line(),
        }
    }

    /// A line that begins in an unusual way.
    #[cold]
    fn odd_line(&mut self) -> Result<Next<'a>, Error> {
        let Some(line_end) = memchr(b'\n', self.rest) else { return Ok(Next::Cut) };
        let line = first(self.rest, line_end);
        let colon = memchr(b':', line).ok_or(Error::FieldLine)?;
        let name = first(line, colon).trim_ascii_end();
        if name.is_empty() {
            return Err(Error::FieldName { found: b':' });
        }
        if let Some(&found) = name.iter().find(|&&byte| !is_token(byte)) {
            return Err(Error::FieldName { found });
        }
        let behind = after(self.rest, colon + 1);
        let Some(len) = folded(behind) else { return Ok(Next::Cut) };
        self.rest = after(behind, len);
        Ok(Next::Field(name, first(behind, len).trim_ascii()))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a str, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        match self.next_line() {
            Ok(Next::Field(name, value)) => Some((text(name), value)),
            _ => None,
        }
    }
}

impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.map(|(name, value)| (name, String::from_utf8_lossy(value)))).finish()
    }
}

/// The first line without its line end, and what is behind it; `None` where it has no line end.
#[inline]
pub(super) fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let line_end = memchr(b'\n', bytes)?;
    let line = first(bytes, line_end);
    Some((line.strip_suffix(b"\r").unwrap_or(line), after(bytes, line_end + 1)))
}

/// How long the first line is, and those that continue it, with their line ends; `None` where they aren't all here.
#[cold]
fn folded(bytes: &[u8]) -> Option<usize> {
    let mut len = 0;
    loop {
        len += memchr(b'\n', after(bytes, len))? + 1;
        if !matches!(bytes.get(len)?, b' ' | b'\t') {
            return Some(len);
        }
    }
}

fn starts_fold(line: &[u8]) -> bool {
    matches!(line.first(), Some(b' ' | b'\t'))
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
