//! How is a classic pcap file laid out?
//!
//! ```text
//! file header, 24 bytes                             record header, 16 bytes (24 with the modified magic)
//! +-------+-------+-------+-------+-----+------+    +---------+--------------+---------+--------+ - - - - - - +
//! | magic | major | zone  | sigfi | snap | link |   | seconds | µs or ns     | kept    | wire   | interface   |
//! |   4   | minor |   4   | gs  4 | len 4|   4  |   |    4    |       4      |    4    |    4   | etc.  8     |
//! +-------+-------+-------+-------+-----+------+    +---------+--------------+---------+--------+ - - - - - - +
//! ```
//!
//! The magic tells byte order and unit of time (draft-ietf-opsawg-pcap, section 4). The "modified" format of
//! A. Kuznetsov's libpcap patches has eight more bytes in each record header.

use crate::error::ReadError;
use crate::frame::LinkType;
use crate::record::{AtHand, Record, largest_record};
use crate::window::Window;

/// What the file header says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    big_endian: bool,
    record_header: usize,
    link: LinkType,
    largest: u32,
    /// Nanoseconds in a unit of the fraction: 1 or 1,000.
    unit: u32,
    /// Little-endian, with record headers of 16 bytes that are to be taken as they are.
    is_usual: bool,
    /// Before version 2.4 some writers swapped the two lengths of a record.
    may_be_swapped: bool,
}

impl Header {
    /// Whether these are the first bytes of a classic pcap file.
    pub(crate) fn is_magic(first: [u8; 4]) -> bool {
        magic(first).is_some()
    }

    /// Consumes the file header.
    pub(crate) fn read(window: &mut Window<'_>) -> Result<Header, ReadError> {
        let offset = window.offset();
        if !window.need_for(FILE_HEADER, 1, offset, FILE_HEADER as u64)? {
            return Err(ReadError::Header {
                offset: window.len() as u64,
                expected: "a pcap file header of 24 bytes",
                found: format!("the end of the file after {} bytes", window.len()),
            });
        }
        let Some(bytes) = window.bytes().first_chunk::<FILE_HEADER>() else { return Err(ReadError::Empty) };
        let &[m0, m1, m2, m3, a0, a1, b0, b1, _, _, _, _, _, _, _, _, s0, s1, s2, s3, l0, l1, l2, l3] = bytes;
        let Some((big_endian, nanoseconds, record_header)) = magic([m0, m1, m2, m3]) else {
            return Err(ReadError::NotACapture { found: "something without a capture's first four bytes".into() });
        };
        let u16_of = |b: [u8; 2]| if big_endian { u16::from_be_bytes(b) } else { u16::from_le_bytes(b) };
        let u32_of = |b: [u8; 4]| if big_endian { u32::from_be_bytes(b) } else { u32::from_le_bytes(b) };
        let (major, minor) = (u16_of([a0, a1]), u16_of([b0, b1]));
        if major != 2 {
            return Err(ReadError::Header {
                offset: offset + 4,
                expected: "pcap version 2",
                found: format!("version {major}.{minor}"),
            });
        }
        let snap_length = u32_of([s0, s1, s2, s3]);
        // The upper half of the field holds the length of the frame check sequence, and reserved bits.
        let link = LinkType((u32_of([l0, l1, l2, l3]) & 0xffff) as u16);
        window.consume(FILE_HEADER);
        Ok(Header {
            big_endian,
            unit: if nanoseconds { 1 } else { 1_000 },
            is_usual: !big_endian && record_header == USUAL_HEADER && minor >= 4,
            record_header,
            link,
            largest: largest_record(snap_length),
            may_be_swapped: minor < 4,
        })
    }

    /// The next record, if it is whole in the window and nothing about it is odd. `None`: [`Header::record`] tells; it
    /// reads these records the same.
    #[inline]
    pub(crate) fn at_hand(&self, window: &Window<'_>) -> Option<AtHand> {
        if !self.is_usual {
            return None;
        }
        let (head, rest) = window.bytes().split_first_chunk::<USUAL_HEADER>()?;
        let (&[seconds, fraction, kept, wire], []) = head.as_chunks::<4>() else { return None };
        let [seconds, fraction, kept, wire] = [seconds, fraction, kept, wire].map(u32::from_le_bytes);
        if kept > self.largest || kept as usize > rest.len() {
            return None;
        }
        let record = Record {
            time_ns: self.time_ns(seconds, fraction),
            kept,
            back: kept as usize,
            wire_len: wire.max(kept),
            link: self.link,
            file_offset: window.offset() + USUAL_HEADER as u64,
        };
        Some(AtHand { record, head: USUAL_HEADER, whole: USUAL_HEADER + kept as usize })
    }

    /// Consumes the next record, header and data. `None`: the file ended before it.
    pub(crate) fn record(&self, window: &mut Window<'_>, frame: u64) -> Result<Option<Record>, ReadError> {
        let offset = window.offset();
        if !window.need_for(self.record_header, frame, offset, self.record_header as u64)? {
            let found = window.len() as u64;
            if found == 0 {
                return Ok(None);
            }
            return Err(ReadError::Cut { frame, offset, needed: self.record_header as u64, found });
        }
        let Some(&[t0, t1, t2, t3, f0, f1, f2, f3, k0, k1, k2, k3, w0, w1, w2, w3]) =
            window.bytes().first_chunk::<16>()
        else {
            return Ok(None);
        };
        let u32_of = |b: [u8; 4]| if self.big_endian { u32::from_be_bytes(b) } else { u32::from_le_bytes(b) };
        let seconds = u32_of([t0, t1, t2, t3]);
        let fraction = u32_of([f0, f1, f2, f3]);
        let kept = u32_of([k0, k1, k2, k3]);
        let wire = u32_of([w0, w1, w2, w3]);
        let (kept, wire) = if self.may_be_swapped && kept > wire { (wire, kept) } else { (kept, wire) };
        if kept > self.largest {
            return Err(ReadError::Record {
                frame,
                offset,
                expected: format!("a length of at most {} bytes", self.largest),
                found: format!("{kept}"),
            });
        }
        let whole = self.record_header + kept as usize;
        if !window.need_for(whole, frame, offset, whole as u64)? {
            return Err(ReadError::Cut { frame, offset, needed: whole as u64, found: window.len() as u64 });
        }
        window.consume(whole);
        Ok(Some(Record {
            time_ns: self.time_ns(seconds, fraction),
            kept,
            back: kept as usize,
            wire_len: wire.max(kept),
            link: self.link,
            file_offset: offset + self.record_header as u64,
        }))
    }

    #[inline]
    fn time_ns(&self, seconds: u32, fraction: u32) -> u64 {
        u64::from(seconds) * 1_000_000_000 + u64::from(fraction) * u64::from(self.unit)
    }
}

/// Big-endian, nanoseconds, and length of a record header.
fn magic(first: [u8; 4]) -> Option<(bool, bool, usize)> {
    let of = |value: u32| match value {
        0xa1b2_c3d4 => Some((false, 16)),
        0xa1b2_3c4d => Some((true, 16)),
        0xa1b2_cd34 => Some((false, 24)),
        _ => None,
    };
    let big = of(u32::from_be_bytes(first)).map(|(ns, len)| (true, ns, len));
    big.or_else(|| of(u32::from_le_bytes(first)).map(|(ns, len)| (false, ns, len)))
}

const FILE_HEADER: usize = 24;
/// The length of a record's header, but for the modified format.
const USUAL_HEADER: usize = 16;
