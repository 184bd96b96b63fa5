//! Was this packet recorded before?
//!
//! A capture of two links, or of the two sides of a hop, has packets twice: the same segment with the same identification
//! in its IP header (RFC 791, section 3.1; RFC 6864), within a moment. What a host sends again has an identification of its
//! own, and comes later.
//!
//! To compare each packet with those before it costs time, and most captures have none twice. So it is done at the
//! beginning of a capture, and for a while after each packet that brings nothing new: what was recorded twice does not.

use wirelab_dissect::packet::Segment;

use crate::observations::{Numbers, Room};

/// The packets that were recorded twice.
#[derive(Clone, Debug)]
pub(crate) struct RecordedTwice {
    /// For how many packets more it is looked for.
    left: u32,
    /// The packets seen last, and where the next one goes.
    last: Vec<Copy>,
    next: usize,
    room: Room,
    /// How many, their bytes, and the numbers of both copies.
    pub found: Twins,
}

/// What was recorded twice.
#[derive(Clone, Debug, Default)]
pub(crate) struct Twins {
    pub count: u64,
    pub bytes: u64,
    pub packets: Numbers,
}

/// What is compared of a packet.
#[derive(Clone, Copy, Debug)]
struct Copy {
    seq: u32,
    ack: u32,
    ports: [u16; 2],
    window: u16,
    identification: u16,
    flags: u16,
    payload_len: u32,
    time_ns: u64,
    number: u64,
}

impl Default for RecordedTwice {
    fn default() -> RecordedTwice {
        RecordedTwice { left: AT_FIRST, last: Vec::new(), next: 0, room: Room::default(), found: Twins::default() }
    }
}

impl RecordedTwice {
    /// Whether packets are compared at present.
    #[inline]
    pub fn is_looking(&self) -> bool {
        self.left > 0
    }

    /// Whether copies of a packet may lie as far apart.
    pub fn is_moment(ns: u64) -> bool {
        ns <= MOMENT_NS
    }

    /// A packet brought nothing new, and soon: what follows is compared.
    #[cold]
    pub fn suspect(&mut self) {
        self.left = self.left.max(AFTER_SUSPICION);
    }

    /// Whether the packet was recorded before. To be asked of each while packets are compared.
    #[cold]
    pub fn has(&mut self, segment: &Segment<'_>, number: u64, time_ns: u64) -> bool {
        self.left = self.left.saturating_sub(1);
        let this = Copy {
            seq: segment.seq,
            ack: segment.ack,
            ports: [segment.source.port, segment.destination.port],
            window: segment.window,
            identification: segment.identification,
            flags: segment.flags.0,
            payload_len: segment.payload_len,
            time_ns,
            number,
        };
        // Without an identification, ACKs that say the same may be as many ACKs.
        let tells = this.identification != 0 || this.payload_len > 0 || segment.flags.syn() || segment.flags.fin();
        let before = self.last.iter().find(|before| tells && before.is_same(&this)).copied();
        match before {
            Some(before) => {
                self.suspect();
                self.found.count += 1;
                self.found.bytes += u64::from(segment.lower_len + segment.header_len + segment.payload_len);
                self.found.packets.add(before.number, &mut self.room);
                self.found.packets.add(number, &mut self.room);
            }
            None => {
                match self.last.get_mut(self.next) {
                    Some(oldest) => *oldest = this,
                    None => self.last.push(this),
                }
                self.next = (self.next + 1) % REMEMBERED;
            }
        }
        before.is_some()
    }
}

impl Copy {
    fn is_same(&self, later: &Copy) -> bool {
        (self.seq, self.ack, self.payload_len) == (later.seq, later.ack, later.payload_len)
            && self.ports == later.ports
            && (self.window, self.identification, self.flags) == (later.window, later.identification, later.flags)
            && later.time_ns.abs_diff(self.time_ns) <= MOMENT_NS
    }
}

/// How far two copies may lie apart.
const MOMENT_NS: u64 = 1_000_000;
/// Packets that are compared with the next one.
const REMEMBERED: usize = 32;
/// Packets that are compared at the beginning of a capture, and after one that brought nothing new.
const AT_FIRST: u32 = 256;
const AFTER_SUSPICION: u32 = 256;
