//! What does a TCP header say?
//!
//! ```text
//!  0                   1                   2                   3
//! +-------------------------------+-------------------------------+
//! |          source port          |       destination port        |
//! |                        sequence number                        |
//! |                     acknowledgment number                     |
//! | offset |  reserved, 9 flags   |            window             |
//! |           checksum            |        urgent pointer         |
//! |                     options, 0 to 40 bytes                    |
//! +---------------------------------------------------------------+
//! ```
//!
//! RFC 9293, section 3.1; options in section 3.2, RFC 7323 (window scale, timestamps), RFC 2018 (selective acknowledgment).

use crate::cursor::Cursor;
use crate::segment::{Endpoint, Header, Notes, Segment};
use crate::stop::{Problem, Stop, StopLayer};

pub use crate::flags::Flags;

/// One option of a TCP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TcpOption<'a> {
    /// One byte of padding.
    NoOperation,
    /// The largest segment that the sender takes.
    MaximumSegmentSize(u16),
    /// The window counts in units of two to this power.
    WindowScale(u8),
    /// The sender understands selective acknowledgments.
    SackPermitted,
    /// Selective acknowledgments: up to four blocks of (first, behind the last) sequence numbers.
    Sack(SackBlocks<'a>),
    /// The sender's clock and the one it last saw.
    Timestamps {
        /// TSval.
        value: u32,
        /// TSecr.
        echo: u32,
    },
    /// Something else.
    Unknown {
        /// Its kind.
        kind: u8,
        /// Its content.
        data: &'a [u8],
    },
    /// An option whose length cannot be, or a known one of the wrong length: nothing behind it can be read.
    Malformed {
        /// Its kind.
        kind: u8,
        /// The length that it states, 0 where there is none.
        length: u8,
    },
}

/// The blocks of a selective acknowledgment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SackBlocks<'a>(&'a [u8]);

impl SackBlocks<'_> {
    /// (first, behind the last) sequence number of each block.
    pub fn iter(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        let (blocks, _) = self.0.as_chunks::<8>();
        blocks
            .iter()
            .map(|&[a, b, c, d, e, f, g, h]| (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h])))
    }
}

/// The options of a TCP header, up to the end-of-options mark or the first malformed one.
pub fn options(raw: &[u8]) -> TcpOptions<'_> {
    TcpOptions { rest: raw, at: 0 }
}

/// Iterates over the options of a TCP header. See [`options`].
#[derive(Clone, Debug)]
pub struct TcpOptions<'a> {
    rest: &'a [u8],
    at: usize,
}

impl TcpOptions<'_> {
    /// How many bytes of the options have been read.
    pub fn position(&self) -> usize {
        self.at
    }
}

/// What the options of a SYN say of what its sender takes: the largest segment (RFC 9293, section 3.7.1), and the shift of
/// its windows (RFC 7323, section 2.2). As [`options`] reads them, of which every connection needs these two alone.
pub fn size_and_scale(raw: &[u8]) -> (Option<u16>, Option<u8>) {
    let (mut rest, mut size, mut scale) = (raw, None, None);
    loop {
        rest = match rest {
            [1, rest @ ..] => rest,
            [2, 4, high, low, rest @ ..] => {
                size = size.or(Some(u16::from_be_bytes([*high, *low])));
                rest
            }
            [3, 3, shift, rest @ ..] => {
                scale = scale.or(Some(*shift));
                rest
            }
            _ => {
                let mut others = TcpOptions { rest, at: 0 };
                match others.next() {
                    None | Some(TcpOption::Malformed { .. }) => return (size, scale),
                    Some(_) => others.rest,
                }
            }
        };
    }
}

impl<'a> Iterator for TcpOptions<'a> {
    type Item = TcpOption<'a>;

    fn next(&mut self) -> Option<TcpOption<'a>> {
        let (&kind, rest) = self.rest.split_first()?;
        match kind {
            0 => {
                self.rest = &[];
                None
            }
            1 => {
                self.rest = rest;
                self.at += 1;
                Some(TcpOption::NoOperation)
            }
            _ => {
                let length = rest.first().copied().unwrap_or(0);
                let Some((whole, rest)) = self.rest.split_at_checked(usize::from(length)).filter(|_| length >= 2)
                else {
                    self.rest = &[];
                    return Some(TcpOption::Malformed { kind, length });
                };
                let option = option(kind, length, whole.get(2..).unwrap_or_default());
                // A known option of the wrong length: where the next one begins is anybody's guess.
                self.rest = if let TcpOption::Malformed { .. } = option { &[] } else { rest };
                self.at += whole.len();
                Some(option)
            }
        }
    }
}

fn option(kind: u8, length: u8, data: &[u8]) -> TcpOption<'_> {
    match (kind, data) {
        (2, &[a, b]) => TcpOption::MaximumSegmentSize(u16::from_be_bytes([a, b])),
        (3, &[shift]) => TcpOption::WindowScale(shift),
        (4, []) => TcpOption::SackPermitted,
        (5, blocks) if !blocks.is_empty() && blocks.len() % 8 == 0 => TcpOption::Sack(SackBlocks(blocks)),
        (8, &[a, b, c, d, e, f, g, h]) => {
            TcpOption::Timestamps { value: u32::from_be_bytes([a, b, c, d]), echo: u32::from_be_bytes([e, f, g, h]) }
        }
        (2..=5 | 8, _) => TcpOption::Malformed { kind, length },
        (kind, data) => TcpOption::Unknown { kind, data },
    }
}

/// Reads the header that begins at the cursor, whose end is that of the IP packet.
#[inline]
pub(crate) fn segment<'a>(
    mut cursor: Cursor<'a>,
    wire_len: u32,
    network: &Header,
    mut notes: Notes,
) -> Result<Segment<'a>, Stop> {
    let begin = cursor;
    let segment_len = begin.left();
    if segment_len < LEAST {
        return Err(begin.stop(StopLayer::Tcp, Problem::Short { needed: LEAST, found: segment_len }));
    }
    // Everything that is counted is in the first 16 bytes; checksum and urgent pointer may have been cut off.
    let &[s0, s1, d0, d1, q0, q1, q2, q3, a0, a1, a2, a3, f0, f1, w0, w1] = cursor.take::<16>(StopLayer::Tcp)?;
    let header_len = u32::from(f0 >> 4) * 4;
    if header_len < LEAST {
        return Err(begin.stop(StopLayer::Tcp, Problem::HeaderLength { least: LEAST, found: header_len }));
    }
    if header_len > segment_len {
        return Err(begin.stop(StopLayer::Tcp, Problem::HeaderTooLong { most: segment_len, found: header_len }));
    }
    cursor.take_some(StopLayer::Tcp, 4)?;
    let options = cursor.take_some(StopLayer::Tcp, header_len - LEAST)?;
    if begin.kept().len() < header_len as usize {
        notes.add(Notes::HEADER_CUT);
    }
    let payload_len = segment_len - header_len;
    Ok(Segment {
        source: Endpoint { addr: network.source, port: u16::from_be_bytes([s0, s1]) },
        destination: Endpoint { addr: network.destination, port: u16::from_be_bytes([d0, d1]) },
        seq: u32::from_be_bytes([q0, q1, q2, q3]),
        ack: u32::from_be_bytes([a0, a1, a2, a3]),
        flags: Flags(u16::from_be_bytes([f0, f1]) & 0x1ff),
        window: u16::from_be_bytes([w0, w1]),
        // The segment lies within the frame: the cursor's end never passes the frame's.
        lower_len: wire_len.wrapping_sub(segment_len),
        header_len,
        payload_len,
        payload_offset: cursor.at(),
        identification: network.identification,
        payload: cursor.kept(),
        options,
        notes,
    })
}

const LEAST: u32 = 20;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Options as they are sent, damaged ones among them.
    fn option_bytes() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            Just(vec![1]),
            Just(vec![2, 4, 5, 180]),
            Just(vec![3, 3, 7]),
            Just(vec![4, 2]),
            Just(vec![8, 10, 1, 2, 3, 4, 5, 6, 7, 8]),
            prop::collection::vec(0..5u8, 1..4),
        ]
    }

    proptest! {
        /// What is looked for alone is what the list of all options says first.
        #[test]
        fn size_and_scale_are_those_of_the_list(raw in prop::collection::vec(option_bytes(), 0..6)) {
            let raw = raw.concat();
            let size = options(&raw).find_map(|one| match one {
                TcpOption::MaximumSegmentSize(size) => Some(size),
                _ => None,
            });
            let scale = options(&raw).find_map(|one| match one {
                TcpOption::WindowScale(shift) => Some(shift),
                _ => None,
            });
            prop_assert_eq!(size_and_scale(&raw), (size, scale));
        }
    }
}
