//! A head that is split over several inputs: the only bytes that are copied.

use memchr::memchr_iter;

use crate::http1::Error;
use crate::stream::{after, first};

/// The part of a head that came in earlier inputs: boxed, since most heads come whole.
#[derive(Clone, Debug, Default)]
pub(super) struct PartialHead(Option<Box<Part>>);

#[derive(Clone, Debug, Default)]
struct Part {
    bytes: Vec<u8>,
    /// The head was complete, and was handed out.
    done: bool,
}

impl PartialHead {
    /// How many bytes of the input belong to the head that begins with what is held, and the whole head where it ends in
    /// this input.
    pub(super) fn collect(&mut self, input: &[u8]) -> Result<(usize, Option<&[u8]>), Error> {
        self.release();
        let Part { bytes, done } = &mut **self.0.get_or_insert_default();
        let before = bytes.len();
        // At most one byte more than may be, so that a head that is too long is seen to be.
        let taken = first(input, MAX_HEAD + 1 - before.min(MAX_HEAD));
        bytes.extend_from_slice(taken);
        match head_end(bytes, before) {
            Some(end) if end <= MAX_HEAD => {
                bytes.truncate(end);
                *done = true;
                Ok((end - before, Some(bytes)))
            }
            None if bytes.len() <= MAX_HEAD => Ok((input.len(), None)),
            _ => Err(TOO_LONG),
        }
    }

    /// Whether nothing of the next head was seen yet.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|part| part.done || part.bytes.is_empty())
    }

    /// What is here of a head that is not complete.
    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_ref().filter(|part| !part.done).map_or(&[], |part| &part.bytes)
    }

    /// Gives back the memory of a head that was handed out.
    #[inline]
    pub(super) fn release(&mut self) {
        if self.0.as_ref().is_some_and(|part| part.done) {
            self.0 = None;
        }
    }
}

/// What reading a head in place gave, as it would have been had the head come in pieces: an error counts when the head is
/// complete, and a head that is too long is that before it is anything else.
#[inline]
pub(super) fn judge<'a, H>(
    bytes: &'a [u8],
    read: Result<Option<(H, &'a [u8])>, Error>,
) -> Result<Option<(H, &'a [u8])>, Error> {
    match read {
        Ok(Some((_, behind))) if bytes.len() - behind.len() > MAX_HEAD => Err(TOO_LONG),
        Ok(read) => Ok(read),
        Err(error) => judge_error(bytes, error).map(|()| None),
    }
}

#[cold]
fn judge_error(bytes: &[u8], error: Error) -> Result<(), Error> {
    match head_end(first(bytes, MAX_HEAD + 1), 0) {
        Some(end) if end <= MAX_HEAD => Err(error),
        None if bytes.len() <= MAX_HEAD => Ok(()),
        _ => Err(TOO_LONG),
    }
}

/// Where a head ends: behind its first empty line that ends at `from` or later.
fn head_end(bytes: &[u8], from: usize) -> Option<usize> {
    for found in memchr_iter(b'\n', after(bytes, from)) {
        let line_end = from + found;
        match first(bytes, line_end) {
            [.., b'\n'] | [.., b'\n', b'\r'] => return Some(line_end + 1),
            _ => {}
        }
    }
    None
}

/// The longest head: eight times what common servers take.
const MAX_HEAD: usize = 64 * 1024;

const TOO_LONG: Error = Error::HeadTooLong { limit: MAX_HEAD as u32 };
