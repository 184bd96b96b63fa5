//! What can go wrong with a capture file, each in one sentence that says where and what to do.

use crate::comment::Commented;
use std::io;
use thiserror::Error;

/// Why a capture could not be read, or not to its end.
///
/// Everything before the place that is named has been given out: an error after some frames does not undo them.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The source itself failed.
    #[error("reading failed at byte {offset}: {source}")]
    Io {
        /// How far the capture had been read.
        offset: u64,
        /// What the operating system or the decompressor said.
        source: io::Error,
    },
    /// Nothing at all to read.
    #[error("this is an empty file, not a capture: record it again, and let the recorder end before it is read")]
    Empty,
    /// A directory was opened as a file.
    #[error("this is a directory, not a capture: name the files in it")]
    Directory,
    /// It begins like something else.
    #[error("this is not a capture but {found}: a pcap or pcapng file (also compressed with gzip or zstd) is expected")]
    NotACapture {
        /// What it looks like.
        found: String,
    },
    /// The file header itself says something that no reader can act on.
    #[error("the file header is damaged at byte {offset}: {expected} expected, {found} found")]
    Header {
        /// Where in the file (after decompression).
        offset: u64,
        /// What should be there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// The file ends in the middle of something.
    #[error(
        "the capture is cut at frame {frame}: a record begins at byte {offset} and needs {needed} bytes, \
         but only {found} are left; the frames before it are whole"
    )]
    Cut {
        /// The number of the frame that is not whole.
        frame: u64,
        /// Where its record begins (after decompression).
        offset: u64,
        /// How many bytes the record, or its header, has.
        needed: u64,
        /// How many there are.
        found: u64,
    },
    /// A record says something that cannot be.
    #[error(
        "the record of frame {frame} at byte {offset} is damaged: {expected} expected, {found} found; \
         nothing behind it can be trusted"
    )]
    Record {
        /// The number of the frame that the record holds, or would be followed by.
        frame: u64,
        /// Where the record begins (after decompression).
        offset: u64,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
}

/// Why a capture could not be written.
#[derive(Debug, Error)]
pub enum WriteError {
    /// The disk is full, the pipe is closed, and the like.
    #[error("writing the capture failed after {frames} frames: {source}")]
    Io {
        /// How many whole frames had been handed over before.
        frames: u64,
        /// What the operating system said.
        source: io::Error,
    },
    /// Classic pcap holds seconds in 32 bits without sign.
    #[error("frame {frame} was seen {seconds} seconds after 1970, later than a pcap file can say (the year 2106)")]
    Time {
        /// The number that the frame would have had.
        frame: u64,
        /// Its time.
        seconds: u64,
    },
    /// A frame cannot have fewer bytes on the wire than were kept of it.
    #[error("frame {frame} has {kept} bytes, but is said to have had only {wire} on the wire")]
    Length {
        /// The number that the frame would have had.
        frame: u64,
        /// Bytes handed over.
        kept: u64,
        /// Bytes on the wire as stated.
        wire: u32,
    },
    /// The length of an option of a pcapng block has 16 bits.
    #[error("a comment on {on} has {length} bytes, and a pcapng file can hold 65535 in one: make several of it")]
    Comment {
        /// What the comment is on.
        on: Commented,
        /// Its length in bytes.
        length: usize,
    },
}
