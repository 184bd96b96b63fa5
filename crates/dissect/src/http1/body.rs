//! Where does a body end, and which of its bytes are content (RFC 9112 sections 6 and 7)?

use memchr::memchr;

use crate::http1::head::Body;
use crate::http1::{Error, Mark};
use crate::stream::{after, first, part};

/// Where in a body a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyPlace {
    /// Behind the last byte of the body; its end is still to be told.
    End,
    /// This many bytes of a body whose length is known are to come.
    Length(u64),
    /// In a body that ends with the connection.
    UntilClose,
    /// In the line with a chunk's size.
    Size(SizeLine),
    /// This many bytes of a chunk's data are to come.
    Chunk(u64),
    /// Behind a chunk's data: before CR, or LF.
    ChunkCr,
    /// Behind a chunk's data and CR: before LF.
    ChunkLf,
    /// In the trailer section: bytes of it so far, and whether the line under way is empty so far.
    Trailer { len: u32, empty: bool },
}

/// What was seen of a chunk's size line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SizeLine {
    size: u64,
    len: u32,
    /// Behind the digits: in white space or an extension.
    behind: bool,
}

impl BodyPlace {
    pub(super) fn start(body: Body) -> BodyPlace {
        match body {
            Body::None | Body::Length(0) => BodyPlace::End,
            Body::Length(length) => BodyPlace::Length(length),
            Body::Chunked => BodyPlace::Size(SizeLine::default()),
            Body::UntilClose => BodyPlace::UntilClose,
        }
    }

    /// How many bytes are what, and whether the body ends after them. Not for [`BodyPlace::End`].
    #[inline]
    pub(super) fn step(&mut self, input: &[u8]) -> Result<(usize, Mark, bool), Error> {
        Ok(match *self {
            BodyPlace::End => (0, Mark::Body, true),
            BodyPlace::Length(left) => {
                let len = part(left, input);
                let left = left - len as u64;
                *self = if left == 0 { BodyPlace::End } else { BodyPlace::Length(left) };
                (len, Mark::Body, left == 0)
            }
            BodyPlace::UntilClose => (input.len(), Mark::Body, false),
            BodyPlace::Chunk(left) => {
                let len = part(left, input);
                let left = left - len as u64;
                *self = if left == 0 { BodyPlace::ChunkCr } else { BodyPlace::Chunk(left) };
                (len, Mark::Body, false)
            }
            BodyPlace::Size(line) => (self.size_line(line, input)?, Mark::ChunkSize, false),
            BodyPlace::ChunkCr | BodyPlace::ChunkLf => (self.chunk_end(input)?, Mark::ChunkEnd, false),
            BodyPlace::Trailer { len, empty } => {
                let (taken, end) = self.trailer(len, empty, input)?;
                (taken, Mark::Trailer, end)
            }
        })
    }

    #[inline]
    fn size_line(&mut self, line: SizeLine, input: &[u8]) -> Result<usize, Error> {
        // Mostly the line is here as a whole, and has no extension.
        if line.len == 0
            && let Some((size, taken)) = plain_size(input)
        {
            *self = BodyPlace::of_size(size);
            return Ok(taken);
        }
        self.any_size_line(line, input)
    }

    /// What comes behind the line with a chunk's size.
    #[inline]
    fn of_size(size: u64) -> BodyPlace {
        if size == 0 { BodyPlace::Trailer { len: 0, empty: true } } else { BodyPlace::Chunk(size) }
    }

    #[inline(never)]
    fn any_size_line(&mut self, mut line: SizeLine, input: &[u8]) -> Result<usize, Error> {
        let mut taken = 0;
        let mut ended = false;
        while let Some(&byte) = input.get(taken) {
            if line.behind {
                // Extensions mean nothing here, and a quoted one can't hold a line end.
                let rest = after(input, taken);
                let end = memchr(b'\n', rest);
                ended = end.is_some();
                taken += end.map_or(rest.len(), |end| end + 1);
                break;
            }
            match hex(byte) {
                Some(digit) => {
                    if line.size >> 60 != 0 {
                        return Err(Error::ChunkTooLarge);
                    }
                    line.size = line.size << 4 | u64::from(digit);
                    taken += 1;
                }
                None if line.len == 0 && taken == 0 => return Err(Error::ChunkSize { found: byte }),
                None if matches!(byte, b'\r' | b'\n' | b';' | b' ' | b'\t') => line.behind = true,
                None => return Err(Error::ChunkSize { found: byte }),
            }
        }
        line.len = grown(line.len, taken)?;
        *self = if ended { BodyPlace::of_size(line.size) } else { BodyPlace::Size(line) };
        Ok(taken)
    }

    fn chunk_end(&mut self, input: &[u8]) -> Result<usize, Error> {
        let expects_cr = *self == BodyPlace::ChunkCr;
        let (taken, next) = match input {
            [b'\r', b'\n', ..] if expects_cr => (2, BodyPlace::Size(SizeLine::default())),
            [b'\r'] if expects_cr => (1, BodyPlace::ChunkLf),
            [b'\n', ..] => (1, BodyPlace::Size(SizeLine::default())),
            [] => (0, *self),
            [b'\r', found, ..] if expects_cr => return Err(Error::ChunkEnd { found: *found }),
            [found, ..] => return Err(Error::ChunkEnd { found: *found }),
        };
        *self = next;
        Ok(taken)
    }

    fn trailer(&mut self, len: u32, mut empty: bool, input: &[u8]) -> Result<(usize, bool), Error> {
        let mut taken = 0;
        while let Some(found) = memchr(b'\n', after(input, taken)) {
            let line = first(after(input, taken), found);
            taken += found + 1;
            if empty && matches!(line, [] | [b'\r']) {
                grown(len, taken)?;
                *self = BodyPlace::End;
                return Ok((taken, true));
            }
            empty = true;
        }
        let rest = after(input, taken);
        // A lone CR at the end of the input may belong to the empty line that ends the section.
        empty = empty && matches!(rest, [] | [b'\r']);
        *self = BodyPlace::Trailer { len: grown(len, input.len())?, empty };
        Ok((input.len(), false))
    }

    /// Steps over bytes that are missing from the capture; false where they can't be known to be part of the body.
    pub(super) fn skip(&mut self, count: u64) -> bool {
        match *self {
            _ if count == 0 => true,
            BodyPlace::UntilClose => true,
            BodyPlace::Length(left) if count <= left => {
                *self = if count == left { BodyPlace::End } else { BodyPlace::Length(left - count) };
                true
            }
            BodyPlace::Chunk(left) if count <= left => {
                *self = if count == left { BodyPlace::ChunkCr } else { BodyPlace::Chunk(left - count) };
                true
            }
            _ => false,
        }
    }
}

fn grown(len: u32, by: usize) -> Result<u32, Error> {
    match u32::try_from(by).ok().and_then(|by| len.checked_add(by)) {
        Some(len) if len <= MAX_LINE => Ok(len),
        _ => Err(Error::ChunkLineTooLong { limit: MAX_LINE }),
    }
}

/// A size of at most 15 digits and a CR LF behind it: the size, and how long this is.
#[inline]
fn plain_size(input: &[u8]) -> Option<(u64, usize)> {
    let mut size = 0;
    for (at, &byte) in input.iter().take(16).enumerate() {
        match hex(byte) {
            Some(digit) => size = size << 4 | u64::from(digit),
            None if at > 0 && byte == b'\r' && input.get(at + 1) == Some(&b'\n') => return Some((size, at + 2)),
            None => return None,
        }
    }
    None
}

#[inline]
fn hex(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// The longest size line with its extensions, and the longest trailer section.
const MAX_LINE: u32 = 64 * 1024;
