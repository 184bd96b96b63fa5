//! A head that is split over several inputs: the only bytes that are copied.

use memchr::memchr_iter;

use crate::http1::Error;
use crate::stream::{after, first};

/// The part of a head that came in earlier inputs.
#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    bytes: Vec<u8>,
    /// The head was complete, and was handed out.
    done: bool,
}

impl Held {
    /// How many bytes of the input belong to the head, and the whole head where it ends in this input.
    ///
    /// The first byte must be the first of a start line, or a later one.
    #[inline]
    pub(super) fn collect<'a>(&'a mut self, input: &'a [u8]) -> Result<(usize, Option<&'a [u8]>), Error> {
        if self.done {
            *self = Held::default();
        }
        if self.bytes.is_empty()
            && let Some(end) = head_end(input, 0)
        {
            return if end > MAX_HEAD { Err(TOO_LONG) } else { Ok((end, Some(first(input, end)))) };
        }
        self.collect_split(input)
    }

    #[cold]
    fn collect_split<'a>(&'a mut self, input: &'a [u8]) -> Result<(usize, Option<&'a [u8]>), Error> {
        let before = self.bytes.len();
        // At most one byte more than may be, so that a head that is too long is seen to be.
        let taken = first(input, MAX_HEAD + 1 - before.min(MAX_HEAD));
        self.bytes.extend_from_slice(taken);
        match head_end(&self.bytes, before) {
            Some(end) if end <= MAX_HEAD => {
                self.bytes.truncate(end);
                self.done = true;
                Ok((end - before, Some(&self.bytes)))
            }
            None if self.bytes.len() <= MAX_HEAD => Ok((input.len(), None)),
            _ => Err(TOO_LONG),
        }
    }

    /// Whether nothing of the next head was seen yet.
    pub(super) fn is_empty(&self) -> bool {
        self.done || self.bytes.is_empty()
    }

    /// Gives back the memory of a head that was handed out.
    #[inline]
    pub(super) fn release(&mut self) {
        if self.done {
            *self = Held::default();
        }
    }
}

/// Where a head ends: behind its first empty line that ends at `from` or later.
#[inline]
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
pub(super) const MAX_HEAD: usize = 64 * 1024;

const TOO_LONG: Error = Error::HeadTooLong { limit: MAX_HEAD as u32 };
