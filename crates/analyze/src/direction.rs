//! Which bytes of a segment are new, and who owns the ones that an ACK covers?
//!
//! One direction of a TCP connection (RFC 9293). Sequence numbers are unwrapped into positions: 0 is the SYN, 1 the
//! first byte. Bytes are delivered in order; what comes early waits, within a bound, until the gap is filled, until
//! the other side acknowledges it (so the capture missed it), or until there is no more room.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use crate::exchange::ExchangeId;
use crate::packet_facts::{BytePlace, PacketFacts};
use crate::queue::Queue;
use crate::tcp_analysis::Seen;

/// One direction of a connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Direction {
    /// Sequence number of position 0, once a packet was seen.
    base: u32,
    known: bool,
    /// Position of the next byte to deliver.
    pub next: u64,
    /// Position up to which the other side has acknowledged.
    pub acked: u64,
    /// Position of the FIN, once one was seen: there is a SYN or a byte before it.
    pub fin: Option<NonZeroU64>,
    /// Whether the FIN was delivered.
    pub finished: bool,
    /// Who owns the bytes that are not yet acknowledged, up to a position each. Mostly there is one.
    owners: Queue<(u64, ExchangeId)>,
    /// Segments that came early; `None` where none ever did.
    early: Option<Box<Early>>,
    pub seen: Seen,
}

/// Segments that came before earlier ones.
#[derive(Clone, Debug, Default)]
struct Early {
    /// By position.
    waiting: BTreeMap<u64, Waiting>,
    bytes: usize,
}

/// A segment that came before an earlier one.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub data: Vec<u8>,
    /// Payload bytes that the capture did not keep, behind `data`.
    pub cut: u32,
    pub packet: PacketFacts,
}

impl Waiting {
    fn cost(&self) -> usize {
        self.data.len() + WAITING_COST
    }

    pub fn len(&self) -> u64 {
        self.data.len() as u64 + u64::from(self.cut)
    }
}

impl Direction {
    /// The position of a sequence number: the one nearest to what is expected next. May lie before position 0.
    #[inline]
    pub fn position(&self, seq: u32) -> i64 {
        if !self.known {
            return 1;
        }
        let expected = self.base.wrapping_add(self.next as u32);
        self.next as i64 + i64::from(seq.wrapping_sub(expected) as i32)
    }

    /// The sequence number of a position.
    pub fn sequence(&self, position: u64) -> u32 {
        self.base.wrapping_add(position as u32)
    }

    /// Whether a packet of this direction was seen.
    pub fn is_known(&self) -> bool {
        self.known
    }

    /// Begins with the first packet seen: a SYN is position 0, anything else begins with position 1.
    pub fn begin(&mut self, seq: u32, syn: bool) {
        self.base = if syn { seq } else { seq.wrapping_sub(1) };
        self.known = true;
        self.next = u64::from(!syn);
        self.acked = 0;
    }

    /// Notes who owns the bytes up to `end`.
    #[inline]
    pub fn own(&mut self, end: u64, exchange: ExchangeId) {
        match self.owners.last_mut() {
            Some((last, owner)) if *owner == exchange => *last = end,
            _ => self.owners.push((end, exchange), MOST_OWNERS),
        }
    }

    /// Who owns the byte at a position, while it is not acknowledged.
    pub fn owner(&self, position: u64) -> Option<ExchangeId> {
        self.owners.iter().find(|(end, _)| *end > position).map(|(_, owner)| *owner)
    }

    /// Takes an acknowledgement of this direction's bytes. Gives the owner of the last byte newly acknowledged; the
    /// outer `None` where nothing new is. Where the bytes have several owners, all these are put to `together`.
    #[inline(always)]
    pub fn acknowledge(&mut self, ack: u32, together: &mut Vec<ExchangeId>) -> Option<Option<ExchangeId>> {
        if !self.known {
            return None;
        }
        let position = u64::try_from(self.position(ack)).ok()?;
        if position <= self.acked || position > self.next + MOST_AHEAD {
            return None;
        }
        self.acked = position;
        if self.owners.has_several() {
            return Some(self.acknowledge_several(position, together));
        }
        let Some(&(end, owner)) = self.owners.first() else { return Some(None) };
        if end <= position {
            self.owners.pop();
        }
        Some(Some(owner))
    }

    /// The same, where the bytes under way have several owners.
    fn acknowledge_several(&mut self, position: u64, together: &mut Vec<ExchangeId>) -> Option<ExchangeId> {
        let owner = self.owner(position - 1).or_else(|| self.owners.last_mut().map(|(_, owner)| *owner));
        let mut behind = 0;
        while let Some((end, whole)) = self.owners.first().copied().filter(|(end, _)| *end <= position) {
            self.owners.pop();
            together.push(whole);
            behind = end;
        }
        if behind < position {
            together.extend(owner);
        }
        if together.len() < 2 {
            together.clear();
        }
        owner
    }

    /// Keeps a segment that came early. `false` where there is no room for it.
    pub fn wait(&mut self, position: u64, segment: Waiting, budget: &mut usize) -> bool {
        let cost = segment.cost();
        let early = self.early.get_or_insert_default();
        if early.bytes + cost > MOST_WAITING || cost > *budget {
            return false;
        }
        // Where two segments begin at the same place the longer one tells more.
        if early.waiting.get(&position).is_some_and(|known| known.len() >= segment.len()) {
            return false;
        }
        early.bytes += cost;
        *budget -= cost;
        if let Some(old) = early.waiting.insert(position, segment) {
            early.release(&old, budget);
        }
        true
    }

    /// Whether bytes at this position are waiting already.
    pub fn is_waiting(&self, position: u64) -> bool {
        self.early.as_ref().is_some_and(|early| {
            early.waiting.range(..=position).next_back().is_some_and(|(start, one)| start + one.len() > position)
        })
    }

    /// Whether any segment waits.
    #[inline]
    pub fn has_waiting(&self) -> bool {
        self.early.as_ref().is_some_and(|early| !early.waiting.is_empty())
    }

    /// The position of the first segment that waits, and where that stands.
    #[inline]
    pub fn first_waiting(&self) -> Option<(u64, BytePlace)> {
        let (position, segment) = self.early.as_ref()?.waiting.first_key_value()?;
        Some((*position, segment.packet.payload_place()))
    }

    /// When the first segment that waits was seen; 0 where none waits.
    pub fn waiting_since(&self) -> u64 {
        let first = self.early.as_ref().and_then(|early| early.waiting.first_key_value());
        first.map_or(0, |(_, waiting)| waiting.packet.time_ns)
    }

    /// The first segment that waits, if it begins at or before `next`.
    #[inline]
    pub fn ready(&mut self, budget: &mut usize) -> Option<(u64, Waiting)> {
        let early = self.early.as_mut()?;
        let first = early.waiting.first_entry()?;
        if *first.key() > self.next {
            return None;
        }
        let (position, segment) = first.remove_entry();
        early.release(&segment, budget);
        Some((position, segment))
    }
}

impl Early {
    fn release(&mut self, segment: &Waiting, budget: &mut usize) {
        let cost = segment.cost();
        self.bytes = self.bytes.saturating_sub(cost);
        *budget += cost;
    }
}

/// Bytes that may wait for an earlier segment in one direction.
const MOST_WAITING: usize = 1 << 20;
/// What a waiting segment costs besides its bytes.
const WAITING_COST: usize = 128;
/// Runs of owned bytes that are remembered while they are not acknowledged: more only where one side was not captured.
const MOST_OWNERS: usize = 1024;
/// How far ahead of the bytes seen an acknowledgement is believed: the largest window that can be scaled to (RFC 7323).
const MOST_AHEAD: u64 = 1 << 30;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn positions_unwrap() {
        let mut direction = Direction::default();
        direction.begin(u32::MAX - 1, true);
        direction.next = 1;
        assert_eq!(direction.position(u32::MAX), 1);
        assert_eq!(direction.position(3), 5);
        direction.next = 1 << 33;
        assert_eq!(direction.position(u32::MAX - 1), 1 << 33);
        assert_eq!(direction.position(u32::MAX - 2), (1 << 33) - 1);
    }

    #[test]
    fn an_ack_finds_the_owner_of_the_last_byte_it_newly_covers() {
        let mut direction = Direction::default();
        direction.begin(100, true);
        direction.own(1, 0);
        direction.own(11, 1);
        direction.own(21, 2);
        direction.next = 21;
        assert_eq!(direction.acknowledge(101, &mut Vec::new()), Some(Some(0)));
        assert_eq!(direction.acknowledge(101, &mut Vec::new()), None);
        let mut together = Vec::new();
        assert_eq!(direction.acknowledge(116, &mut together), Some(Some(2)));
        assert_eq!(together, [1, 2], "the one as a whole, the other in part");
        assert_eq!(direction.acknowledge(121, &mut Vec::new()), Some(Some(2)));
        assert_eq!(direction.acknowledge(110, &mut Vec::new()), None);
    }

    proptest! {
        /// The owner of the last byte that an ACK newly covers is found as in a plain list of owners.
        #[test]
        fn owners_are_found_as_in_a_list(steps in prop::collection::vec((any::<bool>(), 1..5u64, 0..3u32), 1..60)) {
            let mut direction = Direction::default();
            direction.begin(0, true);
            let (mut owners, mut acked) = (Vec::new(), 0);
            for (sends, count, owner) in steps {
                if sends {
                    direction.next += count;
                    direction.own(direction.next, owner);
                    owners.resize(direction.next as usize, owner);
                } else {
                    let ack = (acked + count).min(direction.next).saturating_sub(u64::from(owner));
                    let newly = (ack > acked).then(|| owners.get(ack as usize - 1).copied());
                    acked = acked.max(ack);
                    prop_assert_eq!(direction.acknowledge(ack as u32, &mut Vec::new()), newly);
                }
            }
        }
    }
}
