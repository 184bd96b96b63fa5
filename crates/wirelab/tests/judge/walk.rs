//! What each packet waited for, worked out for one packet at a time by looking back over all before it: slow, and plain.
//!
//! The definitions are those of `docs/time.md` and RFC 9293 (3.7.4: Nagle's algorithm; 3.8.6.3: delayed ACKs).

use super::packets::{Packet, Packets};

pub const MS: u64 = 1_000_000;

/// One connection's packets in order.
pub struct Walk<'a> {
    pub packets: Vec<&'a Packet>,
    /// By packet: the way to the client and back, and to the server, as far as shown by then.
    ways: Vec<[u64; 2]>,
    /// By packet: behind the last byte that the client and the server had sent before it, up to where they had acknowledged,
    /// and whether it was the second of two small segments on their way at a time.
    sent: Vec<[Option<i64>; 2]>,
    acked: Vec<[i64; 2]>,
    two_small: Vec<bool>,
}

/// A segment that an ACK of all that was outstanding let go.
pub struct Release<'a> {
    pub before: &'a Packet,
    pub ack: &'a Packet,
    /// When the ACK can have called the segment forth.
    pub due_ns: u64,
    /// How long the other side held the ACK.
    pub held_ns: u64,
}

impl<'a> Walk<'a> {
    pub fn new(packets: &'a Packets, connection: usize) -> Walk<'a> {
        let packets: Vec<&Packet> = packets.connections[connection].iter().map(|at| &packets.all[*at]).collect();
        let empty = || Vec::with_capacity(packets.len());
        let mut walk = Walk { ways: Vec::new(), sent: Vec::new(), acked: Vec::new(), two_small: empty(), packets };
        let (mut sent, mut acked) = ([None; 2], [i64::MIN; 2]);
        for packet in &walk.packets {
            walk.sent.push(sent);
            walk.acked.push(acked);
            let side = usize::from(!packet.from_client);
            if packet.is_sent() {
                sent[side] = sent[side].max(Some(packet.end));
            }
            acked[side] = acked[side].max(packet.acks);
        }
        let mut ways = [u64::MAX; 2];
        for at in 0..walk.packets.len() {
            if let Some(ns) = walk.way_shown_by(at) {
                let way = &mut ways[usize::from(!walk.packets[at].from_client)];
                *way = ns.min(*way);
            }
            walk.ways.push(ways.map(|way| if way == u64::MAX { 0 } else { way }));
            let two_small = walk.are_two_small(at);
            walk.two_small.push(two_small);
        }
        walk
    }

    /// The shortest way to a side and back that was shown up to a packet.
    pub fn way(&self, at: usize, client: bool) -> u64 {
        self.ways[at][usize::from(!client)]
    }

    /// The place of a packet.
    pub fn place(&self, number: u64) -> usize {
        self.packets.iter().position(|packet| packet.number == number).expect("it is of this connection")
    }

    /// Packets of one side before a place, the last first.
    fn back(&self, at: usize, client: bool) -> impl Iterator<Item = (usize, &'a Packet)> + '_ {
        let packets = self.packets[..at].iter().copied().enumerate().rev();
        packets.filter(move |(_, packet)| packet.from_client == client)
    }

    /// Behind the last byte that a side had sent before a place; `None` before its first.
    pub fn sent(&self, at: usize, client: bool) -> Option<i64> {
        self.sent[at][usize::from(!client)]
    }

    /// Up to where a side had acknowledged before a place.
    pub fn acked(&self, at: usize, by_client: bool) -> i64 {
        self.acked[at][usize::from(!by_client)]
    }

    /// Whether a packet brings bytes that had not passed.
    pub fn is_new(&self, at: usize) -> bool {
        let packet = self.packets[at];
        packet.is_sent() && self.sent(at, packet.from_client).is_none_or(|end| packet.end > end)
    }

    /// Whether a packet acknowledges bytes for the first time.
    pub fn acks_new(&self, at: usize) -> bool {
        let packet = self.packets[at];
        packet.has_ack && packet.acks > self.acked(at, packet.from_client)
    }

    /// The last packet with new bytes of a side before a place.
    pub fn last_new(&self, at: usize, client: bool) -> Option<(usize, &'a Packet)> {
        self.back(at, client).find(|(at, _)| self.is_new(*at))
    }

    /// Whether a packet brings just the next bytes of its side, of which none is missing before it.
    pub fn is_next(&self, at: usize) -> bool {
        let packet = self.packets[at];
        let mut before: Vec<&Packet> = self.back(at, packet.from_client).map(|(_, packet)| packet).collect();
        before.sort_by_key(|packet| packet.start);
        let Some(first) = before.first() else { return true };
        let end =
            before.iter().fold(first.start, |end, packet| if packet.start <= end { end.max(packet.end) } else { end });
        packet.start == end && self.sent(at, packet.from_client) == Some(end)
    }

    /// The last packet with new bytes of payload of a side before a place.
    pub fn last_with_data(&self, at: usize, client: bool) -> Option<usize> {
        self.back(at, client).find(|(at, packet)| packet.len > 0 && self.is_new(*at)).map(|(at, _)| at)
    }

    /// The last packet before a place whose bytes had passed, and were not acknowledged.
    pub fn last_again(&self, at: usize) -> Option<&'a Packet> {
        let again = |at: &usize| {
            let packet = self.packets[*at];
            packet.is_sent() && !self.is_new(*at) && packet.end > self.acked(*at, !packet.from_client)
        };
        (0..at).rev().find(again).map(|at| self.packets[at])
    }

    /// How long after the last packet that it is the first ACK of, this came; nothing where that had been sent again.
    pub fn way_shown_by(&self, at: usize) -> Option<u64> {
        if !self.acks_new(at) {
            return None;
        }
        let ack = self.packets[at];
        let before = self.acked(at, ack.from_client);
        let of = |packet: &Packet| packet.is_sent() && packet.end <= ack.acks && packet.end > before;
        let (sent_at, sent) = self.back(at, !ack.from_client).find(|(at, packet)| of(packet) && self.is_new(*at))?;
        let again = (sent_at..at).any(|at| {
            let packet = self.packets[at];
            packet.from_client != ack.from_client && packet.is_sent() && !self.is_new(at)
        });
        (!again).then(|| ack.ns.saturating_sub(sent.ns))
    }

    /// The largest payload that a side may send in one segment with these options.
    pub fn most(&self, at: usize, client: bool, options: i64) -> Option<i64> {
        let syn = self.back(at, !client).find(|(_, packet)| packet.syn)?;
        Some(syn.1.mss.unwrap_or(536) - options)
    }

    /// Whether a segment is smaller than its side may send, where that is known; and leaves room in the window.
    pub fn is_small(&self, at: usize) -> bool {
        let packet = self.packets[at];
        packet.len > 0 && self.most(at, packet.from_client, packet.options).is_some_and(|most| packet.len < most)
    }

    /// Up to where the other side had allowed a side to send before a place (RFC 7323, section 2).
    pub fn edge(&self, at: usize, client: bool) -> Option<i64> {
        let syn = |client| self.back(at, client).find(|(_, packet)| packet.syn).map(|(_, packet)| packet);
        syn(!client)?;
        let both = [true, false].map(|client| syn(client).and_then(|packet| packet.scale));
        let scale = if both.iter().all(Option::is_some) { both[usize::from(client)].unwrap_or(0) } else { 0 };
        let edges = self
            .back(at, !client)
            .filter(|(_, packet)| packet.has_ack)
            .map(|(_, packet)| packet.acks + (packet.window << if packet.syn { 0 } else { scale.min(14) }) as i64);
        edges.max()
    }

    /// How late a segment may come and still be called forth by an ACK.
    pub fn slack(&self, at: usize, client: bool) -> u64 {
        MS.max(self.way(at, client) / 8)
    }

    /// The last packet of the other side that acknowledged bytes for the first time, or made room where there was none.
    pub fn last_ack(&self, at: usize, client: bool) -> Option<(usize, &'a Packet)> {
        self.back(at, !client).find(|(at, _)| {
            let sent = self.sent(*at, client);
            let made_room = || {
                let (before, after) = (self.edge(*at, client), self.edge(*at + 1, client));
                before.is_some() && after > before && before <= sent
            };
            self.acks_new(*at) || made_room()
        })
    }

    /// Whether everything that a side had sent was acknowledged in time for a segment to follow.
    fn follows_ack(&self, at: usize) -> bool {
        let packet = self.packets[at];
        let all = self.acked(at, !packet.from_client) >= self.sent(at, packet.from_client).unwrap_or(i64::MIN);
        let acked_ns = self.last_ack(at, packet.from_client).map_or(0, |(_, ack)| ack.ns);
        all && packet.ns + self.slack(at, packet.from_client) >= acked_ns + self.way(at, packet.from_client)
    }

    /// Whether a small segment came while the small one before it was on its way.
    fn are_two_small(&self, at: usize) -> bool {
        let packet = self.packets[at];
        let before =
            self.last_new(at, packet.from_client).filter(|(before, _)| self.is_small(*before) && !self.fills(*before));
        // What comes behind a copy was let go by whatever made its sender send again.
        let sent = self.sent(at, packet.from_client).unwrap_or(i64::MIN);
        let is_on_its_way = self.acked(at, !packet.from_client) < sent && packet.start >= sent;
        before.is_some() && self.is_new(at) && self.is_small(at) && is_on_its_way
    }

    /// Whether a side had ever two small segments on their way at a time before a place.
    fn has_no_delay(&self, at: usize, client: bool) -> bool {
        self.back(at, client).any(|(at, _)| self.two_small[at])
    }

    /// Whether a segment leaves no room in the window.
    pub fn fills(&self, at: usize) -> bool {
        let packet = self.packets[at];
        self.edge(at, packet.from_client).is_some_and(|edge| packet.end >= edge)
    }

    /// The ACK that let a small segment go, which had waited for it.
    pub fn release(&self, at: usize) -> Option<Release<'a>> {
        let packet = self.packets[at];
        let client = packet.from_client;
        let (before_at, before) = self.last_new(at, client)?;
        let is_small = self.is_new(at) && self.is_small(at) && self.is_small(before_at) && !self.fills(before_at);
        if !is_small || !self.follows_ack(at) || self.has_no_delay(at, client) {
            return None;
        }
        let (_, ack) = self.last_ack(at, client)?;
        let due_ns = ack.ns + self.way(at, client);
        if ack.ns < before.ns || packet.ns > due_ns + self.slack(at, client) {
            return None;
        }
        let held_ns = ack.ns.saturating_sub(before.ns).saturating_sub(self.way(at, !client));
        Some(Release { before, ack, due_ns, held_ns })
    }
}
