//! The packets themselves, kept for lists and pictures when somebody asked for them: no more than a number of packets, and
//! no more parts of them than so many packets have.

use std::collections::VecDeque;

use crate::exchange::ExchangeId;
use crate::model::{Ended, Packet, Span, TcpAnalysis, Words};
use crate::packet_facts::PacketFacts;

/// The packets that are kept: so many at a time, the first ones until somebody takes them away.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeptPackets {
    most: usize,
    first_ns: u64,
    pub rows: VecDeque<Packet>,
    /// The exchange of each: as its connection counts them, and as the capture does.
    pub owners: VecDeque<Option<(ExchangeId, u64)>>,
    /// How many were taken away.
    taken: u32,
    /// Runs of bytes of all packets that are here.
    spans: usize,
}

impl KeptPackets {
    pub fn new(most: usize) -> KeptPackets {
        KeptPackets { most, ..KeptPackets::default() }
    }

    /// Says when the capture begins.
    pub fn begin(&mut self, first_ns: u64) {
        self.first_ns = first_ns;
    }

    /// Whether the next packet is kept.
    #[inline]
    pub fn wanted(&self) -> bool {
        self.rows.len() < self.most && self.spans < self.most.saturating_mul(SPANS_A_PACKET).max(FEW_SPANS)
    }

    /// Keeps a packet. Gives its place, plus one.
    #[cold]
    #[inline(never)]
    pub fn add(
        &mut self,
        connection: u32,
        packet: &PacketFacts,
        analysis: Option<TcpAnalysis>,
        seq: u64,
        ack: Option<u64>,
    ) -> u32 {
        self.rows.push_back(Packet {
            number: packet.number,
            time_s: packet.time_ns.saturating_sub(self.first_ns) as f64 / 1e9,
            connection,
            from_client: packet.from_client,
            exchange: None,
            frame_len: packet.lower + packet.tcp + packet.app,
            lower_len: packet.lower,
            tcp_len: packet.tcp,
            app_len: packet.app,
            payload_offset: packet.payload_offset,
            flags: packet.flags,
            seq,
            ack,
            window: packet.window,
            analysis,
            words: Words::default(),
            ended: Vec::new(),
            spans: Vec::new(),
        });
        self.owners.push_back(None);
        self.taken.wrapping_add(self.rows.len() as u32)
    }

    /// Takes the first packet away if it was read, or if there is no room to let it wait for bytes before its own.
    pub fn take_settled(&mut self) -> Option<Packet> {
        if self.owners.front()?.is_none() && self.wanted() {
            return None;
        }
        let owner = self.owners.pop_front()?;
        self.taken = self.taken.wrapping_add(1);
        let mut row = self.rows.pop_front()?;
        self.spans = self.spans.saturating_sub(row.spans.len());
        row.exchange = owner.and_then(|(_, order)| usize::try_from(order).ok());
        Some(row)
    }

    /// Says which exchange a packet belongs to, and which one of the capture that is.
    #[inline]
    pub fn belongs(&mut self, packet: &PacketFacts, exchange: ExchangeId, order: u64) {
        if packet.kept_at != 0 {
            self.belongs_to(packet, exchange, order);
        }
    }

    #[cold]
    fn belongs_to(&mut self, packet: &PacketFacts, exchange: ExchangeId, order: u64) {
        if let Some(owner) = self.at_of(packet).and_then(|at| self.owners.get_mut(at)) {
            *owner = Some((exchange, order));
        }
    }

    /// Adds a run of payload bytes to a packet.
    #[inline]
    pub fn span(&mut self, packet: &PacketFacts, span: Span) {
        if packet.kept_at != 0 {
            self.add_span(packet, span);
        }
    }

    #[cold]
    fn add_span(&mut self, packet: &PacketFacts, span: Span) {
        if let Some(row) = self.row_of(packet) {
            row.spans.push(span);
            self.spans += 1;
        }
    }

    /// Adds to what a packet says.
    #[cold]
    pub fn say(&mut self, packet: &PacketFacts, text: &str) {
        if let Some(Packet { words: Words { text: words }, .. }) = self.row_of(packet)
            && words.len() < MOST_WORDS
        {
            if !words.is_empty() {
                words.push_str(", ");
            }
            let room = text.floor_char_boundary(MOST_WORDS);
            words.push_str(text.get(..room).unwrap_or_default());
            if room < text.len() {
                words.push('…');
            }
        }
    }

    /// Notes that a message ended in a packet.
    #[inline]
    pub fn ended(&mut self, packet: &PacketFacts, what: Ended) {
        if packet.kept_at != 0 {
            self.add_ended(packet, what);
        }
    }

    #[cold]
    fn add_ended(&mut self, packet: &PacketFacts, what: Ended) {
        if let Some(row) = self.row_of(packet)
            && !row.ended.contains(&what)
        {
            row.ended.push(what);
        }
    }

    fn row_of(&mut self, packet: &PacketFacts) -> Option<&mut Packet> {
        self.at_of(packet).and_then(|at| self.rows.get_mut(at))
    }

    /// The place of a packet among those that are still here.
    fn at_of(&self, packet: &PacketFacts) -> Option<usize> {
        // The record is 0 where the packet was not kept; those taken away are far behind all places.
        let record = packet.kept_at.checked_sub(1)?;
        Some(record.wrapping_sub(self.taken) as usize)
    }
}

/// What a packet says grows no longer than this, and one thing more, which is no longer either.
const MOST_WORDS: usize = 200;
/// Runs of bytes of the kept packets, on the average: a packet of tiny messages may have a thousand, and where all are like
/// that, fewer packets are kept.
const SPANS_A_PACKET: usize = 16;
/// And where only few packets are kept, that many all the same.
const FEW_SPANS: usize = 1 << 16;
