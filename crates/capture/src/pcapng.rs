//! How is a pcapng file laid out?
//!
//! ```text
//! +------+--------+------------------- - - - ---+--------+     a row of blocks, each a type, a length, a body padded to
//! | type | length | body                        | length |     a multiple of four bytes, and the length again
//! |   4  |    4   |                             |    4   |
//! +------+--------+------------------- - - - ---+--------+
//!
//! section header    0x0a0d0d0a   byte order 4, major 2, minor 2, section length 8, options
//! interface         1            link type 2, reserved 2, snap length 4, options
//! packet (obsolete) 2            interface 2, drops 2, time 4 + 4, kept 4, wire 4, data, options
//! simple packet     3            wire 4, data
//! enhanced packet   6            interface 4, time 4 + 4, kept 4, wire 4, data, options
//! ```
//!
//! draft-ietf-opsawg-pcapng, sections 3 and 4. Byte order and interfaces belong to a section: a file can have several.
//! Blocks of any other type are gone over, however long they are.

use crate::comment::{Commented, Comments};
use crate::error::ReadError;
use crate::frame::LinkType;
use crate::record::{AtHand, Record, largest_record};
use crate::window::Window;

/// What is known of the section that is being read.
#[derive(Debug, Default)]
pub(crate) struct Section {
    big_endian: bool,
    interfaces: Vec<Interface>,
    pub(crate) comments: Comments,
}

#[derive(Clone, Copy, Debug)]
struct Interface {
    link: LinkType,
    snap_length: u32,
    /// The longest frame that is believed.
    largest: u32,
    unit: Unit,
    /// Seconds to add to each time.
    offset: i64,
}

/// The unit in which an interface counts time.
#[derive(Clone, Copy, Debug)]
enum Unit {
    /// So many nanoseconds.
    Nanoseconds(u64),
    /// So many of them in a nanosecond.
    PerNanosecond(u64),
    /// Two to this power of them in a second.
    PowerOfTwo(u8),
}

impl Section {
    /// Whether these are the first bytes of a pcapng file.
    pub(crate) fn is_magic(first: [u8; 4]) -> bool {
        first == SECTION.to_be_bytes()
    }

    /// The packet of the next block, if it is an enhanced one without options, whole in the window, and nothing about it
    /// is odd. `None`: [`Section::record`] tells; it reads these blocks the same.
    #[inline]
    pub(crate) fn at_hand(&self, window: &Window<'_>) -> Option<AtHand> {
        let (head, rest) = window.bytes().split_first_chunk::<ENHANCED_HEAD>()?;
        let (&[kind, stated, index, high, low, kept, wire], []) = head.as_chunks::<4>() else { return None };
        let [kind, length, index, high, low, kept, wire] =
            [kind, stated, index, high, low, kept, wire].map(u32::from_le_bytes);
        let interface = self.interfaces.get(index as usize)?;
        let (Unit::Nanoseconds(unit), 0) = (interface.unit, interface.offset) else { return None };
        if self.big_endian || kind != ENHANCED || kept > interface.largest {
            return None;
        }
        // Behind the data only what fills its last four bytes, and the length of the block again.
        let padded = (kept as usize).next_multiple_of(4);
        let whole = ENHANCED_HEAD + padded + 4;
        let trailer = rest.get(padded..)?.first_chunk::<4>()?;
        if length as usize != whole || *trailer != stated {
            return None;
        }
        let record = Record {
            time_ns: (u64::from(high) << 32 | u64::from(low)).saturating_mul(unit),
            kept,
            back: padded + 4,
            wire_len: wire.max(kept),
            link: interface.link,
            file_offset: window.offset() + ENHANCED_HEAD as u64,
        };
        Some(AtHand { record, head: ENHANCED_HEAD, whole })
    }

    /// Consumes blocks up to and with the next packet. `None`: the file ended between two blocks.
    pub(crate) fn record(&mut self, window: &mut Window<'_>, frame: u64) -> Result<Option<Record>, ReadError> {
        loop {
            let offset = window.offset();
            if !window.need_for(12, frame, offset, 12)? {
                return match window.len() as u64 {
                    0 => Ok(None),
                    found => Err(ReadError::Cut { frame, offset, needed: 12, found }),
                };
            }
            let Some(&[t0, t1, t2, t3, l0, l1, l2, l3, m0, m1, m2, m3]) = window.bytes().first_chunk::<12>() else {
                return Ok(None);
            };
            let damaged = |expected: String, found: String| ReadError::Record { frame, offset, expected, found };
            // The type of a section header reads the same in both byte orders; its byte order comes after the length.
            if [t0, t1, t2, t3] == SECTION.to_be_bytes() {
                self.big_endian = match u32::from_be_bytes([m0, m1, m2, m3]) {
                    0x1a2b_3c4d => true,
                    0x4d3c_2b1a => false,
                    found => return Err(damaged("the byte-order mark 1a2b3c4d".into(), format!("{found:08x}"))),
                };
                self.interfaces.clear();
            }
            let kind = self.u32([t0, t1, t2, t3]);
            let stated = self.u32([l0, l1, l2, l3]);
            // Some writers leave the padding out of the length; as Wireshark does, it is put back.
            let length = u64::from(stated).next_multiple_of(4);
            let (least, most) = match kind {
                SECTION => (28, LARGEST_BLOCK),
                INTERFACE => (20, LARGEST_BLOCK),
                ENHANCED => (32, LARGEST_BLOCK),
                PACKET => (32, LARGEST_BLOCK),
                SIMPLE => (16, LARGEST_BLOCK),
                _ => (12, u64::from(u32::MAX) + 1),
            };
            if length < least || length > most {
                return Err(damaged(format!("a block of {least} to {most} bytes"), stated.to_string()));
            }
            if !matches!(kind, SECTION | INTERFACE | ENHANCED | PACKET | SIMPLE) {
                self.go_over(window, frame, length, stated)?;
                continue;
            }
            let whole = length as usize;
            if !window.need_for(whole, frame, offset, length)? {
                return Err(ReadError::Cut { frame, offset, needed: length, found: window.len() as u64 });
            }
            let block = window.bytes().get(..whole).unwrap_or_default();
            let Some((block, &trailer)) = block.split_last_chunk::<4>() else { return Ok(None) };
            if self.u32(trailer) != stated {
                return Err(damaged(format!("the block's length again, {stated}"), self.u32(trailer).to_string()));
            }
            let body = block.get(8..).unwrap_or_default();
            let found = match kind {
                SECTION => self.section(body),
                INTERFACE => self.interface(body),
                _ => self.packet(kind, body, frame),
            };
            let packet = found.map_err(|wrong| damaged(wrong.expected, wrong.found))?;
            window.consume(whole);
            if let Some(packet) = packet {
                return Ok(Some(Record {
                    time_ns: packet.time_ns,
                    kept: packet.kept,
                    // The data begins after the block's head, and the window is now at the block's end.
                    back: whole - 8 - packet.data_at,
                    wire_len: packet.wire_len.max(packet.kept),
                    link: packet.link,
                    file_offset: offset + 8 + packet.data_at as u64,
                }));
            }
        }
    }

    /// Goes over a block that says nothing about packets, without keeping it.
    fn go_over(&self, window: &mut Window<'_>, frame: u64, length: u64, stated: u32) -> Result<(), ReadError> {
        let offset = window.offset();
        let skipped = window.skip(length - 4, frame, offset, length)?;
        if skipped < length - 4 || !window.need_for(4, frame, offset, length)? {
            return Err(ReadError::Cut { frame, offset, needed: length, found: skipped + window.len() as u64 });
        }
        let trailer = self.u32(window.bytes().first_chunk().copied().unwrap_or_default());
        window.consume(4);
        if trailer != stated {
            return Err(ReadError::Record {
                frame,
                offset,
                expected: format!("the block's length again, {stated}"),
                found: trailer.to_string(),
            });
        }
        Ok(())
    }

    fn section(&mut self, body: &[u8]) -> Result<Option<Packet>, Wrong> {
        let Some((&[_, _, _, _, a, b, _, _, _, _, _, _, _, _, _, _], options)) = body.split_first_chunk::<16>() else {
            return Err(Wrong::new("a section header of 16 bytes", body.len()));
        };
        let major = self.u16([a, b]);
        if major != 1 {
            return Err(Wrong::new("pcapng version 1", format!("version {major}")));
        }
        self.keep_comments(options, Commented::Section);
        Ok(None)
    }

    fn interface(&mut self, body: &[u8]) -> Result<Option<Packet>, Wrong> {
        let Some((&[l0, l1, _, _, s0, s1, s2, s3], options)) = body.split_first_chunk::<8>() else {
            return Err(Wrong::new("an interface description of 8 bytes", body.len()));
        };
        if self.interfaces.len() >= MOST_INTERFACES {
            return Err(Wrong::new("at most 65536 interfaces", "one more"));
        }
        let snap_length = self.u32([s0, s1, s2, s3]);
        let mut interface = Interface {
            link: LinkType(self.u16([l0, l1])),
            snap_length,
            largest: largest_record(snap_length),
            unit: Unit::Nanoseconds(1_000),
            offset: 0,
        };
        for (code, value) in (BlockOptions { rest: options, big_endian: self.big_endian }) {
            match (code, value) {
                (IF_TSRESOL, &[resolution]) => interface.unit = unit(resolution),
                (IF_TSOFFSET, value) => {
                    if let Some(&value) = value.first_chunk::<8>() {
                        interface.offset =
                            if self.big_endian { i64::from_be_bytes(value) } else { i64::from_le_bytes(value) };
                    }
                }
                _ => {}
            }
        }
        self.interfaces.push(interface);
        self.keep_comments(options, Commented::Interface);
        Ok(None)
    }

    #[inline]
    fn packet(&mut self, kind: u32, body: &[u8], frame: u64) -> Result<Option<Packet>, Wrong> {
        let (index, ticks, kept, wire_len, data_at) = match kind {
            ENHANCED | PACKET => {
                let Some(&[i0, i1, i2, i3, h0, h1, h2, h3, l0, l1, l2, l3, k0, k1, k2, k3, w0, w1, w2, w3]) =
                    body.first_chunk::<20>()
                else {
                    return Err(Wrong::new("a packet header of 20 bytes", body.len()));
                };
                let index = if kind == ENHANCED { self.u32([i0, i1, i2, i3]) } else { u32::from(self.u16([i0, i1])) };
                let ticks = u64::from(self.u32([h0, h1, h2, h3])) << 32 | u64::from(self.u32([l0, l1, l2, l3]));
                (index, Some(ticks), Some(self.u32([k0, k1, k2, k3])), self.u32([w0, w1, w2, w3]), 20)
            }
            _ => {
                let Some(&wire) = body.first_chunk::<4>() else {
                    return Err(Wrong::new("a packet header of 4 bytes", body.len()));
                };
                (0, None, None, self.u32(wire), 4)
            }
        };
        let Some(&interface) = self.interfaces.get(index as usize) else {
            return Err(Wrong::new(
                format!("one of the {} interfaces described before", self.interfaces.len()),
                format!("interface {index}"),
            ));
        };
        let there = body.len() - data_at;
        let kept = match kept {
            Some(kept) => kept,
            // A simple packet has no length of its own: what was on the wire, or the snap length, or what is there.
            None if interface.snap_length == 0 => wire_len.min(there as u32),
            None => wire_len.min(interface.snap_length).min(there as u32),
        };
        let largest = interface.largest;
        if kept > largest || kept as usize > there {
            return Err(Wrong::new(format!("a length of at most {} bytes", there.min(largest as usize)), kept));
        }
        let options = data_at + (kept as usize).next_multiple_of(4);
        if kind != SIMPLE && options + 4 <= body.len() {
            self.keep_comments(body.get(options..).unwrap_or_default(), Commented::Frame(frame));
        }
        let time_ns = ticks.map_or(0, |ticks| interface.time_ns(ticks));
        Ok(Some(Packet { time_ns, kept, wire_len, link: interface.link, data_at }))
    }

    /// Keeps the comments among these options.
    fn keep_comments(&mut self, options: &[u8], on: Commented) {
        for (code, value) in (BlockOptions { rest: options, big_endian: self.big_endian }) {
            if code == COMMENT {
                self.comments.keep(on, value);
            }
        }
    }

    fn u16(&self, bytes: [u8; 2]) -> u16 {
        if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
    }

    #[inline]
    fn u32(&self, bytes: [u8; 4]) -> u32 {
        if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    }
}

impl Interface {
    #[inline]
    fn time_ns(&self, ticks: u64) -> u64 {
        let since = match self.unit {
            Unit::Nanoseconds(nanoseconds) => ticks.saturating_mul(nanoseconds),
            Unit::PerNanosecond(0) => 0,
            Unit::PerNanosecond(ticks_each) => ticks / ticks_each,
            Unit::PowerOfTwo(power) => {
                let ns = (u128::from(ticks) * 1_000_000_000) >> power;
                u64::try_from(ns).unwrap_or(u64::MAX)
            }
        };
        match self.offset {
            0 => since,
            offset => {
                let ns = i128::from(since) + i128::from(offset) * 1_000_000_000;
                u64::try_from(ns.max(0)).unwrap_or(u64::MAX)
            }
        }
    }
}

/// if_tsresol: a power of ten, or with the first bit set of two (section 4.2).
fn unit(resolution: u8) -> Unit {
    let power = resolution & 0x7f;
    if resolution & 0x80 != 0 {
        Unit::PowerOfTwo(power)
    } else if power <= 9 {
        Unit::Nanoseconds(10u64.pow(9 - u32::from(power)))
    } else {
        // A unit so small that 64 bits of it are less than a nanosecond: every time is 0.
        Unit::PerNanosecond(10u64.checked_pow(u32::from(power) - 9).unwrap_or(0))
    }
}

/// What a packet block says.
struct Packet {
    time_ns: u64,
    kept: u32,
    wire_len: u32,
    link: LinkType,
    /// Where its data begins in the block's body.
    data_at: usize,
}

/// What is wrong with a block.
struct Wrong {
    expected: String,
    found: String,
}

impl Wrong {
    fn new(expected: impl ToString, found: impl ToString) -> Wrong {
        Wrong { expected: expected.to_string(), found: found.to_string() }
    }
}

/// The options at the end of a block: code 2, length 2, value padded to a multiple of four bytes (section 3.5).
struct BlockOptions<'a> {
    rest: &'a [u8],
    big_endian: bool,
}

impl<'a> Iterator for BlockOptions<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<(u16, &'a [u8])> {
        let (&[c0, c1, l0, l1], rest) = self.rest.split_first_chunk::<4>()?;
        let of = |bytes| if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) };
        let (code, length) = (of([c0, c1]), usize::from(of([l0, l1])));
        if code == END_OF_OPTIONS {
            return None;
        }
        let value = rest.get(..length)?;
        self.rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((code, value))
    }
}

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const PACKET: u32 = 2;
const SIMPLE: u32 = 3;
const ENHANCED: u32 = 6;

/// What stands before the data in an enhanced packet block.
const ENHANCED_HEAD: usize = 28;

const END_OF_OPTIONS: u16 = 0;
const COMMENT: u16 = 1;
const IF_TSRESOL: u16 = 9;
const IF_TSOFFSET: u16 = 14;

/// Blocks that are looked into are held in the buffer: the largest frame, its head and options.
const LARGEST_BLOCK: u64 = 17 * 1024 * 1024;
const MOST_INTERFACES: usize = 65_536;
