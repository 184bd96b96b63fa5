//! How is a stream read once, with one buffer, and without waiting for more than is needed?
//!
//! A [`Window`] shows the next bytes of a source. Records are walked in place; when the next one is not whole, what is
//! left of it moves to the front and the rest of the buffer is read into. It asks the source only while fewer bytes are
//! there than the caller needs, so a pipe that is still being written gives each record as soon as it is whole.

use crate::error::ReadError;
use std::io::{self, Read};

/// A view of the next bytes of a source.
pub(crate) struct Window<'r> {
    source: Box<dyn Read + 'r>,
    buffer: Vec<u8>,
    /// The next byte to show, and the end of those read.
    start: usize,
    end: usize,
    /// Where in the stream the buffer begins.
    base: u64,
    /// The source has said that it is at its end.
    ended: bool,
}

impl<'r> Window<'r> {
    pub(crate) fn new(source: Box<dyn Read + 'r>) -> Window<'r> {
        Window { source, buffer: vec![0; SIZE], start: 0, end: 0, base: 0, ended: false }
    }

    /// Where in the stream the window begins.
    #[inline]
    pub(crate) fn offset(&self) -> u64 {
        self.base + self.start as u64
    }

    /// How many bytes are at hand.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.end - self.start
    }

    /// All bytes at hand.
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Makes at least `needed` bytes available. `false`: the source ended before.
    ///
    /// `frame`, `offset` and `whole` say for which record, for the error: its frame, its begin, its length.
    #[inline]
    pub(crate) fn need_for(&mut self, needed: usize, frame: u64, offset: u64, whole: u64) -> Result<bool, ReadError> {
        if self.len() >= needed {
            return Ok(true);
        }
        self.fill(needed).map_err(|source| self.failure(source, frame, offset, whole))
    }

    /// Goes on by `count` bytes, at most to the end of what is at hand.
    #[inline]
    pub(crate) fn consume(&mut self, count: usize) {
        self.start += count.min(self.len());
    }

    /// Goes on by `count` bytes, reading and forgetting as needed. Returns how many there were.
    pub(crate) fn skip(&mut self, count: u64, frame: u64, offset: u64, whole: u64) -> Result<u64, ReadError> {
        let mut left = count;
        while left > 0 && self.need_for(1, frame, offset, whole)? {
            let step = left.min(self.len() as u64);
            self.consume(step as usize);
            left -= step;
        }
        Ok(count - left)
    }

    /// Goes on by `whole` bytes and shows `count` of them, from `head` on. Nothing, if they are not all at hand.
    #[inline]
    pub(crate) fn take(&mut self, whole: usize, head: usize, count: usize) -> &[u8] {
        let bytes = self.buffer.get(self.start..self.end).unwrap_or_default();
        let Some(record) = bytes.get(..whole) else { return &[] };
        self.start += whole;
        record.get(head..).and_then(|rest| rest.get(..count)).unwrap_or_default()
    }

    /// Consumed bytes, which stay in place until more is needed: `count` of them, from `back` bytes before here.
    #[inline]
    pub(crate) fn behind(&self, back: usize, count: usize) -> &[u8] {
        let from = self.start.wrapping_sub(back);
        self.buffer.get(from..from.wrapping_add(count)).unwrap_or_default()
    }

    /// Nothing more is at hand, and nothing more will be read.
    pub(crate) fn close(&mut self) {
        self.end = self.start;
        self.ended = true;
    }

    /// The source, with what was read of it and not consumed in front.
    pub(crate) fn into_source(self) -> impl Read + 'r {
        let unread = self.bytes().to_vec();
        io::Cursor::new(unread).chain(self.source)
    }

    /// A compressed file that is cut ends with an error of the decompressor, and means the same as a cut file.
    #[cold]
    fn failure(&self, source: io::Error, frame: u64, offset: u64, needed: u64) -> ReadError {
        match source.kind() {
            io::ErrorKind::UnexpectedEof => {
                let found = self.base + self.end as u64 - offset;
                ReadError::Cut { frame, offset, needed, found }
            }
            io::ErrorKind::IsADirectory => ReadError::Directory,
            _ => ReadError::Io { offset: self.base + self.end as u64, source },
        }
    }

    #[cold]
    fn fill(&mut self, needed: usize) -> io::Result<bool> {
        // What is left is less than one record: moving it is cheap, and leaves the most room to read into.
        self.buffer.copy_within(self.start..self.end, 0);
        self.base += self.start as u64;
        self.end -= self.start;
        self.start = 0;
        if self.buffer.len() < needed {
            // Callers bound `needed`, so this happens a few times at most.
            self.buffer.resize(needed.next_power_of_two(), 0);
        }
        // Once a large record is through, what it took is not filled again: that would leave the cache.
        let most = needed.max(SIZE);
        while self.end < needed {
            if self.ended {
                return Ok(false);
            }
            let room = self.buffer.get_mut(self.end..most).unwrap_or_default();
            match self.source.read(room) {
                Ok(0) => self.ended = true,
                // A source that claims more than there was room for is not believed.
                Ok(count) => self.end = (self.end + count).min(self.buffer.len()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}

/// Large enough that system calls do not count, small enough to stay in the second-level cache.
const SIZE: usize = 256 * 1024;
