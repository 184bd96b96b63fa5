//! The first line of a message (RFC 9112 sections 3 and 4).

use memchr::{memchr, memrchr};

use crate::http1::fields::is_token;
use crate::http1::{Error, Version};
use crate::stream::{after, first, text};

/// Method, target and version of a request line.
pub(super) fn request_line(line: &[u8]) -> Result<(&str, &str, Version), Error> {
    let line = line.trim_ascii_end();
    if let Some((method, target)) = usual_request(line) {
        return Ok((method, text(target), Version::Http11));
    }
    let method_end = memchr(b' ', line).ok_or(Error::RequestLine)?;
    let method = first(line, method_end);
    if method.is_empty() || !method.iter().all(|&byte| is_token(byte)) {
        return Err(Error::RequestLine);
    }
    let rest = after(line, method_end + 1);
    // From behind: a target should have no space in it, but some do.
    let target_end = memrchr(b' ', rest).ok_or(Error::RequestLine)?;
    let target = first(rest, target_end).trim_ascii();
    if target.is_empty() {
        return Err(Error::RequestLine);
    }
    Ok((text(method), text(target), version(after(rest, target_end + 1), Error::RequestLine)?))
}

/// Method and target of a request line as most are, given without white space at its end.
#[inline]
pub(super) fn usual_request(line: &[u8]) -> Option<(&'static str, &[u8])> {
    let (method, rest) = match line {
        [b'G', b'E', b'T', b' ', rest @ ..] => ("GET", rest),
        [b'P', b'O', b'S', b'T', b' ', rest @ ..] => ("POST", rest),
        _ => return None,
    };
    let target = rest.strip_suffix(b" HTTP/1.1")?;
    let spaced = target.first()?.is_ascii_whitespace() || target.last()?.is_ascii_whitespace();
    (!spaced).then_some((method, target))
}

/// Version, status and reason of a status line.
pub(super) fn status_line(line: &[u8]) -> Result<(Version, u16, &str), Error> {
    let version_end = memchr(b' ', line).ok_or(Error::StatusLine)?;
    let version = version(first(line, version_end), Error::StatusLine)?;
    let rest = after(line, version_end).trim_ascii_start();
    let (digits, reason) = rest.split_first_chunk::<3>().ok_or(Error::StatusLine)?;
    if !digits.iter().all(u8::is_ascii_digit) || !matches!(reason.first(), None | Some(b' ' | b'\t')) {
        return Err(Error::StatusLine);
    }
    let status = digits.iter().fold(0, |status, digit| status * 10 + u16::from(digit - b'0'));
    if status < 100 {
        return Err(Error::StatusLine);
    }
    Ok((version, status, text(reason.trim_ascii())))
}

/// A minor version above 1 is one that an HTTP/1.1 recipient understands as 1.1 (RFC 9110 section 2.5).
fn version(word: &[u8], otherwise: Error) -> Result<Version, Error> {
    let number = word.strip_prefix(b"HTTP/").ok_or(otherwise)?;
    match number {
        [b'1', b'.', b'0'] => Ok(Version::Http10),
        [b'1', b'.', b'1'..=b'9'] => Ok(Version::Http11),
        _ => Err(Error::Version),
    }
}
