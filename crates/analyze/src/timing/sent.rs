//! What has one side sent, as far as it tells what its next packet waited for?

use std::collections::VecDeque;
use std::num::NonZeroU32;

use crate::packet_facts::PacketFacts;

/// What one side has sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Sent {
    /// Whether the last segment passed once and is not acknowledged; `earlier` those before it, by their ends and when they
    /// passed. Mostly there is none.
    pub(super) outstanding: bool,
    #[expect(clippy::box_collection, reason = "a pointer takes up less room in the many that never need it")]
    pub(super) earlier: Option<Box<VecDeque<(u64, u64)>>>,
    /// When the last segment with new bytes passed, and the last ACK that newly covers some of them or makes room.
    pub(super) last_ns: u64,
    pub(super) acked_ns: u64,
    /// The numbers of these packets, and the length of the second.
    pub(super) last_packet: Low,
    pub(super) acked_by: Low,
    pub(super) acked_len: u16,
    /// Up to where the other side has allowed it to send; 0 where that is not known.
    pub(super) edge: u64,
    /// Behind the last byte that passed.
    pub(super) end: u64,
    /// The largest segment that the other side takes, as its SYN said; 0 where it was not seen.
    pub(super) mss: u16,
    /// What the other side's windows are to be shifted by (RFC 7323, section 2.2).
    pub(super) scale: u8,
    pub(super) last: Fill,
    /// Whether two small segments were outstanding at a time: Nagle's algorithm is off.
    pub(super) no_delay: bool,
    /// Whether the last segment left no room in the window.
    pub(super) no_room: bool,
}

impl Sent {
    /// A packet of the other side acknowledges, or makes room.
    #[inline]
    pub(super) fn acknowledged_by(&mut self, packet: &PacketFacts) {
        self.acked_ns = packet.time_ns;
        self.acked_by = Low::of(packet.number);
        self.acked_len = (packet.lower + packet.tcp + packet.app) as u16;
    }
}

/// The lower half of a packet's number: in every open connection, the upper half would be for nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Low(u32);

impl Low {
    #[inline]
    pub(super) fn of(number: u64) -> Low {
        Low(number as u32)
    }

    /// The number, which is no larger than this one, and by less than 2^32 packets smaller.
    pub(super) fn before(self, number: u64) -> u64 {
        number.saturating_sub(u64::from((number as u32).wrapping_sub(self.0)))
    }
}

/// A time in steps of 66 µs, in half the room; the same again after three days, when nobody waits any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Coarse(Option<NonZeroU32>);

impl Coarse {
    pub(super) fn of(ns: u64) -> Coarse {
        Coarse(NonZeroU32::new((ns >> 16) as u32))
    }

    /// How long it was ago.
    pub(super) fn since(self, now_ns: u64) -> Option<u64> {
        Some(u64::from(((now_ns >> 16) as u32).wrapping_sub(self.0?.get())) << 16)
    }
}

/// How a segment filled what its sender was allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Fill {
    /// There was none yet.
    #[default]
    None,
    /// Less than the other side takes in one, while room was left.
    Small,
    /// A full one, or one that left no room in the window.
    Full,
}

impl Sent {
    /// Everything up to a position is acknowledged: when the last of the segments that this is the first ACK of had passed.
    #[inline]
    pub(super) fn measured(&mut self, position: u64) -> Option<u64> {
        if position < self.end {
            return self.measured_earlier(position);
        }
        self.forget_earlier();
        std::mem::take(&mut self.outstanding).then_some(self.last_ns)
    }

    #[inline]
    pub(super) fn forget_earlier(&mut self) {
        if let Some(earlier) = &mut self.earlier {
            earlier.clear();
        }
    }

    #[inline(never)]
    pub(super) fn measured_earlier(&mut self, position: u64) -> Option<u64> {
        let earlier = self.earlier.as_mut()?;
        let mut latest = None;
        while let Some(&(end, passed_ns)) = earlier.front()
            && end <= position
        {
            latest = Some(passed_ns);
            earlier.pop_front();
        }
        latest
    }

    /// Puts the last segment to those before it.
    #[inline(never)]
    pub(super) fn keep_last(&mut self) {
        let earlier = self.earlier.get_or_insert_default();
        if earlier.len() + 1 >= MOST_REMEMBERED {
            earlier.pop_front();
        }
        earlier.push_back((self.end, self.last_ns));
    }
}

/// Segments that are remembered until they are acknowledged: more only where one side was not captured.
const MOST_REMEMBERED: usize = 256;
