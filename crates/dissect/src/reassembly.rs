//! What did an IP packet hold that came in fragments?
//!
//! Fragments of one packet share addresses, protocol and identification (RFC 791, section 3.2; RFC 8200, section 4.5).
//! [`Reassembler`] keeps them until the packet is whole, within a bound on packets and bytes: the oldest goes first.
//! A packet whose fragments contradict each other is given up, as RFC 5722 asks for.

use crate::cursor::Cursor;
use crate::segment::{Fragment, Header, Notes, Segment};
use crate::stop::Stop;
use crate::{ip, tcp};
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use wirelab_capture::Frame;

/// Puts fragments of IP packets together.
#[derive(Clone, Debug)]
pub struct Reassembler {
    packets: HashMap<Key, Packet>,
    /// The packets by age. One that is complete leaves its entry behind; a serial number tells it from a later one.
    ages: VecDeque<(Key, u64)>,
    bounds: Bounds,
    bytes: usize,
    serial: u64,
}

/// How much a [`Reassembler`] may keep.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Packets that are not whole yet.
    pub packets: usize,
    /// Bytes of their fragments.
    pub bytes: usize,
}

/// What became of a fragment.
#[derive(Debug)]
pub enum Outcome {
    /// It is kept until the others come.
    Waiting,
    /// It was the last one that was missing.
    Whole(Datagram),
    /// Its packet cannot be put together.
    Refused(Refused),
}

/// Why a packet cannot be put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The snap length cut the fragment.
    #[error("the fragment was cut by the snap length")]
    Cut,
    /// It would end beyond the largest IP packet.
    #[error("the fragment ends beyond 65,535 bytes")]
    TooLarge,
    /// It covers part of another, or ends elsewhere than another said.
    #[error("the fragment contradicts another of its packet")]
    Overlap,
}

/// The content of an IP packet, put together from its fragments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Who sent it.
    pub source: IpAddr,
    /// To whom.
    pub destination: IpAddr,
    /// What it carries.
    pub protocol: u8,
    /// Its content.
    pub data: Vec<u8>,
    /// In how many frames it came.
    pub frames: u32,
    /// The length of these frames on the wire, together.
    pub frame_bytes: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    id: u32,
}

#[derive(Clone, Debug, Default)]
struct Packet {
    data: Vec<u8>,
    /// The parts that are there, by their first byte and the one behind their last.
    parts: Vec<(u32, u32)>,
    total: Option<u32>,
    received: u32,
    frame_bytes: u32,
    serial: u64,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { packets: 1024, bytes: 4 * 1024 * 1024 }
    }
}

impl Default for Reassembler {
    fn default() -> Reassembler {
        Reassembler::new(Bounds::default())
    }
}

impl Reassembler {
    /// Keeps nothing yet.
    pub fn new(bounds: Bounds) -> Reassembler {
        Reassembler { packets: HashMap::new(), ages: VecDeque::new(), bounds, bytes: 0, serial: 0 }
    }

    /// Takes a fragment that [`crate::packet::decode`] found in this frame.
    pub fn push(&mut self, frame: &Frame<'_>, fragment: &Fragment) -> Outcome {
        let key = Key {
            source: fragment.source,
            destination: fragment.destination,
            protocol: fragment.protocol,
            id: fragment.id,
        };
        let begin = fragment.start as usize;
        let Some(data) = frame.data.get(begin..).and_then(|rest| rest.get(..fragment.len as usize)) else {
            self.forget(&key);
            return Outcome::Refused(Refused::Cut);
        };
        let Some(end) = fragment.offset.checked_add(fragment.len).filter(|end| *end <= u32::from(u16::MAX)) else {
            self.forget(&key);
            return Outcome::Refused(Refused::TooLarge);
        };
        let packet = self.packets.entry(key).or_insert_with(|| {
            self.serial += 1;
            self.ages.push_back((key, self.serial));
            Packet { serial: self.serial, ..Packet::default() }
        });
        let part = (fragment.offset, end);
        if packet.parts.contains(&part) {
            // The same again: a frame that was captured twice.
            return Outcome::Waiting;
        }
        let overlaps = packet.parts.iter().any(|&(from, to)| part.0 < to && from < part.1);
        let beyond = packet.total.is_some_and(|total| end > total || !fragment.more);
        let ends_early = !fragment.more && packet.parts.iter().any(|&(_, to)| to > end);
        if overlaps || beyond || ends_early || packet.parts.len() >= MOST_PARTS {
            self.forget(&key);
            return Outcome::Refused(Refused::Overlap);
        }
        if !fragment.more {
            packet.total = Some(end);
        }
        if packet.data.len() < end as usize {
            self.bytes += end as usize - packet.data.len();
            packet.data.resize(end as usize, 0);
        }
        if let Some(place) = packet.data.get_mut(part.0 as usize..end as usize) {
            place.copy_from_slice(data);
        }
        packet.parts.push(part);
        packet.received += fragment.len;
        packet.frame_bytes = packet.frame_bytes.saturating_add(frame.wire_len);
        if packet.total == Some(packet.received) {
            return self.complete(key).map_or(Outcome::Waiting, Outcome::Whole);
        }
        self.keep_to_bounds();
        Outcome::Waiting
    }

    /// How many bytes of fragments are kept.
    pub fn kept_bytes(&self) -> usize {
        self.bytes
    }

    fn complete(&mut self, key: Key) -> Option<Datagram> {
        let packet = self.forget(&key)?;
        Some(Datagram {
            source: key.source,
            destination: key.destination,
            protocol: key.protocol,
            data: packet.data,
            frames: packet.parts.len() as u32,
            frame_bytes: packet.frame_bytes,
        })
    }

    fn forget(&mut self, key: &Key) -> Option<Packet> {
        let packet = self.packets.remove(key)?;
        self.bytes -= packet.data.len();
        // The ages hold at most a few entries of packets that are gone.
        while self.ages.front().is_some_and(|(key, serial)| !self.is_kept(key, *serial)) {
            self.ages.pop_front();
        }
        if self.ages.len() > 2 * self.packets.len() + 16 {
            let packets = &self.packets;
            self.ages.retain(|(key, serial)| packets.get(key).is_some_and(|packet| packet.serial == *serial));
        }
        Some(packet)
    }

    fn keep_to_bounds(&mut self) {
        while self.packets.len() > self.bounds.packets || self.bytes > self.bounds.bytes {
            let Some((key, serial)) = self.ages.pop_front() else { return };
            if self.is_kept(&key, serial) {
                self.forget(&key);
            }
        }
    }

    fn is_kept(&self, key: &Key, serial: u64) -> bool {
        self.packets.get(key).is_some_and(|packet| packet.serial == serial)
    }
}

impl Datagram {
    /// Its TCP segment, if it carries one.
    ///
    /// It is counted as one packet with the bytes of all its frames: `lower_len` is what those frames have besides it.
    /// `payload_offset` counts from the begin of [`Datagram::data`].
    pub fn segment(&self) -> Option<Result<Segment<'_>, Stop>> {
        let cursor = Cursor::new(&self.data, self.data.len() as u32);
        let header =
            Header { source: self.source, destination: self.destination, protocol: self.protocol, identification: 0 };
        (self.protocol == ip::TCP).then(|| tcp::segment(cursor, self.frame_bytes, &header, Notes::default()))
    }
}

/// A packet of 65,535 bytes over the smallest IPv6 link has 54 fragments, over the smallest IPv4 link 8,191. Real ones
/// have fewer than a hundred; the bound keeps hostile ones cheap.
const MOST_PARTS: usize = 256;
