//! The field lines of a head, one by one (RFC 9112 section 5).

use std::fmt;

use memchr::memchr;

use crate::http1::Error;
use crate::stream::{after, first, line_end, text};

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
    /// A field: name and value, with the space around it and its line end.
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
    #[inline(always)]
    pub(super) fn next_line(&mut self) -> Result<Next<'a>, Error> {
        let bytes = self.rest;
        let name_len = name_len(bytes);
        match bytes.get(name_len) {
            Some(b':') if name_len > 0 => {
                let behind = after(bytes, name_len + 1);
                let Some(end) = line_end(behind) else { return Ok(Next::Cut) };
                match behind.get(end + 1) {
                    None => Ok(Next::Cut),
                    Some(b' ' | b'\t') => self.folded_line(name_len),
                    Some(_) => {
                        self.rest = after(behind, end + 1);
                        Ok(Next::Field(first(bytes, name_len), first(behind, end)))
                    }
                }
            }
            _ => match bytes {
                [b'\r', b'\n', behind @ ..] | [b'\n', behind @ ..] => Ok(Next::End(behind)),
                _ => self.odd_line(),
            },
        }
    }

    /// A field whose value goes on in the next line.
    #[cold]
    fn folded_line(&mut self, name_len: usize) -> Result<Next<'a>, Error> {
        let behind = after(self.rest, name_len + 1);
        let Some(len) = folded(behind) else { return Ok(Next::Cut) };
        let name = first(self.rest, name_len);
        self.rest = after(behind, len);
        Ok(Next::Field(name, first(behind, len)))
    }

    /// A line that begins in an unusual way.
    #[cold]
    #[inline(never)]
    fn odd_line(&mut self) -> Result<Next<'a>, Error> {
        if starts_fold(self.rest) {
            // White space before the first field is skipped, as RFC 9112 section 2.2 allows.
            while starts_fold(self.rest) {
                let Some(line_end) = memchr(b'\n', self.rest) else { return Ok(Next::Cut) };
                self.rest = after(self.rest, line_end + 1);
            }
            return self.next_line();
        }
        if self.rest.iter().all(|&byte| is_token(byte)) {
            return Ok(Next::Cut);
        }
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
        Ok(Next::Field(name, first(behind, len)))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a str, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        match self.next_line() {
            Ok(Next::Field(name, value)) => Some((text(name), value.trim_ascii())),
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
    let end = line_end(bytes)?;
    let line = first(bytes, end);
    Some((line.strip_suffix(b"\r").unwrap_or(line), after(bytes, end + 1)))
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

/// How many bytes of a token there are at the front. The names that most heads have are known by their look; of others,
/// each byte is checked.
#[inline]
fn name_len(bytes: &[u8]) -> usize {
    macro_rules! known {
        ($($name:literal)*) => { match () { $(() if bytes.starts_with($name) => return $name.len() - 1,)* () => {} } };
    }
    match bytes.first() {
        Some(b'A') => known!(b"Accept:" b"Accept-Language:" b"Accept-Encoding:"),
        Some(b'C') => known!(b"Content-Type:" b"Content-Length:" b"Connection:" b"Cache-Control:"),
        Some(b'H') => known!(b"Host:"),
        Some(b'R') => known!(b"Referer:"),
        Some(b'S') => known!(b"Server:" b"Sec-Fetch-Dest:" b"Sec-Fetch-Mode:" b"Sec-Fetch-Site:"),
        Some(b'U') => known!(b"User-Agent:" b"Upgrade-Insecure-Requests:"),
        _ => {}
    }
    bytes.iter().take_while(|&&byte| is_token(byte)).count()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_where_its_token_ends() {
        for (line, expected) in [
            ("Host: a", 4),
            ("Content-Length: 5", 14),
            ("Content-Lengthy: 5", 15),
            ("Accept-Charset: *", 14),
            ("User-Agents: 2", 11),
            ("x-1_2.3~4-a-rather-long-name: 1", 28),
            ("Sec-WebSocket-Key\r\n", 17),
            ("a b", 1),
            ("", 0),
            (": 1", 0),
            ("K\u{e9}y: 1", 1),
        ] {
            assert_eq!(name_len(line.as_bytes()), expected, "{line}");
        }
    }
}
