//! Does a sender wait longer each time before it sends the same bytes again?
//!
//! After each time-out a sender waits twice as long as before (RFC 6298, section 5.5), so that a full network gets air. Seen
//! where the same bytes come three times and more, and later each time.

use foldhash::HashMap;

use crate::packet_facts::PacketFacts;

/// The same bytes, again and again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Again {
    from_client: bool,
    seq: u32,
    last_ns: u64,
    pub copies: Vec<Copy>,
}

/// A copy of bytes that had passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Copy {
    pub number: u64,
    /// How long after the one before it.
    pub after_ns: u64,
}

/// The longest wait of a capture that grew.
#[derive(Clone, Debug, Default)]
pub(crate) struct BackOffs {
    pub longest: Option<Again>,
    /// What passed again last, by connection: not in the connection, as in most nothing does.
    last: HashMap<u32, Again>,
}

impl BackOffs {
    /// One more copy passes on a connection, so long after its side had last sent anything.
    #[cold]
    pub fn passes(&mut self, connection: u32, packet: &PacketFacts, since_ns: u64) {
        if self.last.len() >= MOST_CONNECTIONS && !self.last.contains_key(&connection) {
            self.last.clear();
        }
        let again = self.last.entry(connection).or_default();
        again.passes(packet, since_ns);
        let longest_ns = self.longest.as_ref().map_or(0, Again::longest_ns);
        if again.copies.len() >= 2 && again.longest_ns() > longest_ns {
            self.longest = Some(again.clone());
        }
    }
}

impl Again {
    fn passes(&mut self, packet: &PacketFacts, since_ns: u64) {
        let is_same = !self.copies.is_empty() && (self.from_client, self.seq) == (packet.from_client, packet.seq);
        let after_ns = if is_same { packet.time_ns.saturating_sub(self.last_ns) } else { since_ns };
        if after_ns < NO_TIME_OUT_NS {
            // The same packet, doubled on the link or recorded twice.
            return;
        }
        let before_ns = self.copies.last().map_or(0, |copy| copy.after_ns);
        if !is_same || after_ns < before_ns + before_ns / 2 || self.copies.len() >= MOST_COPIES {
            self.copies.clear();
        }
        (self.from_client, self.seq, self.last_ns) = (packet.from_client, packet.seq, packet.time_ns);
        self.copies.push(Copy { number: packet.number, after_ns });
    }

    fn longest_ns(&self) -> u64 {
        self.copies.last().map_or(0, |copy| copy.after_ns)
    }
}

/// No timer of a sender ends so soon.
const NO_TIME_OUT_NS: u64 = 10_000_000;
/// So many doublings of a second are most of a day.
const MOST_COPIES: usize = 16;
/// Connections of which copies are remembered at a time.
const MOST_CONNECTIONS: usize = 4096;
