//! Do these bytes begin an HTTP/1 message, or where does the next one begin?

use memchr::{memchr, memchr_iter};

use crate::http1::fields::is_token;
use crate::http1::start::{request_line, usual_request};
use crate::stream::{Sniff, after, first, line_end};

/// Could these first bytes of a stream begin an HTTP/1 request?
///
/// Yes is said of a known method and a space, and of any method in a whole request line.
pub fn sniff_request(bytes: &[u8]) -> Sniff {
    let line = first(bytes, MAX_SNIFFED);
    if line_end(line).is_some_and(|end| usual_request(first(line, end).trim_ascii_end()).is_some()) {
        return Sniff::Yes;
    }
    let bytes = after(bytes, blank_bytes(bytes));
    let line = first(bytes, MAX_SNIFFED);
    let Some(method_end) = line.iter().position(|&byte| !is_token(byte)) else {
        return if bytes.len() < MAX_METHOD { Sniff::NotYet } else { Sniff::No };
    };
    if line.get(method_end) != Some(&b' ') || method_end == 0 || method_end > MAX_METHOD {
        return Sniff::No;
    }
    let known = METHODS.contains(&first(line, method_end));
    match memchr(b'\n', line) {
        Some(end) if request_line(first(line, end)).is_ok() => Sniff::Yes,
        Some(_) => Sniff::No,
        // A target has no control characters: other protocols' lines of words end early.
        None if known && line.len() > method_end + 1 => Sniff::Yes,
        None if line.len() < MAX_SNIFFED => Sniff::NotYet,
        None => Sniff::No,
    }
}

/// Could these first bytes of a stream begin an HTTP/1 response?
pub fn sniff_response(bytes: &[u8]) -> Sniff {
    let bytes = after(bytes, blank_bytes(bytes));
    for (index, expected) in STATUS_LINE.iter().enumerate() {
        match bytes.get(index) {
            None => return Sniff::NotYet,
            Some(byte) if byte == expected => {}
            Some(_) => return Sniff::No,
        }
    }
    match (bytes.get(7), bytes.get(8)) {
        (Some(b'0'..=b'9'), Some(b' ')) => Sniff::Yes,
        (None, _) | (Some(b'0'..=b'9'), None) => Sniff::NotYet,
        _ => Sniff::No,
    }
}

/// Where the next request line begins: at the start, or behind a line end. Only a whole line will do.
pub(super) fn find_request(bytes: &[u8]) -> Option<usize> {
    line_starts(bytes).find(|&start| {
        let line = after(bytes, start);
        let line = first(line, MAX_REQUEST_LINE);
        memchr(b'\n', line).is_some_and(|end| request_line(first(line, end)).is_ok())
    })
}

/// Where the next status line begins: at the start, or behind a line end or a body.
pub(super) fn find_response(bytes: &[u8]) -> Option<usize> {
    memchr_iter(b'H', bytes).find(|&start| sniff_response(after(bytes, start)) == Sniff::Yes)
}

fn line_starts(bytes: &[u8]) -> impl Iterator<Item = usize> {
    std::iter::once(0).chain(memchr_iter(b'\n', bytes).map(|line_end| line_end + 1))
}

/// How many bytes of empty lines there are before anything else (RFC 9112 section 2.2).
#[inline]
pub(super) fn blank_bytes(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count()
}

const METHODS: [&[u8]; 9] = [b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"PATCH"];

const STATUS_LINE: &[u8] = b"HTTP/1.";

/// Longer methods are none that was ever registered.
const MAX_METHOD: usize = 24;

/// How far to look for the end of a request line whose method isn't known.
const MAX_SNIFFED: usize = 1024;

/// How far to look for the end of a request line when looking for one.
const MAX_REQUEST_LINE: usize = 8 * 1024;
