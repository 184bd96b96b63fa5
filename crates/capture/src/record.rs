//! What is known of a record of a capture file, whatever the format: the words that the two formats share.

use crate::frame::{Frame, LinkType};

/// What is known of a frame beside its data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    pub(crate) time_ns: u64,
    pub(crate) kept: u32,
    /// How far before the end of what was consumed its data begins.
    pub(crate) back: usize,
    pub(crate) wire_len: u32,
    pub(crate) link: LinkType,
    pub(crate) file_offset: u64,
}

/// A record that is whole in the window and has not been consumed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AtHand {
    pub(crate) record: Record,
    /// Where its data begins, and where the next record does.
    pub(crate) head: usize,
    pub(crate) whole: usize,
}

impl Record {
    /// The frame of this record.
    #[inline]
    pub(crate) fn frame(self, number: u64, data: &[u8]) -> Frame<'_> {
        let Record { time_ns, wire_len, link, file_offset, .. } = self;
        Frame { number, time_ns, wire_len, data, link, file_offset }
    }
}

/// The longest record that is believed, given the snap length that the file states.
///
/// Wireshark and tcpdump write and accept at most 262,144 bytes a frame. A file that states a larger snap length may have
/// larger frames (the kernel builds TCP segments of up to 512 KiB on loopback), up to a bound on the memory of a reader;
/// beyond it the stated snap length means "no limit", and says nothing.
pub(crate) fn largest_record(snap_length: u32) -> u32 {
    if (USUAL_LARGEST..=LARGEST).contains(&snap_length) { snap_length } else { USUAL_LARGEST }
}

const USUAL_LARGEST: u32 = 262_144;
const LARGEST: u32 = 16 * 1024 * 1024;
