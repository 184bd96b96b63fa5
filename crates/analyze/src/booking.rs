//! What does each exchange get of the packet in hand?
//!
//! The one place where exchanges are told what packets cost them, and so the place to listen for whatever else is to be
//! known of each packet and its exchange. Every packet passes [`PacketInHand::belongs`] once: at once, or, if it came
//! before bytes that stand before its own, when these have come or are given up. There its facts are at hand (time,
//! direction, numbers, window), its connection's two directions (what is acknowledged, what comes next) and its exchange;
//! then [`PacketInHand::take_new_bytes`] is given its new bytes, run by run, and [`PacketInHand::again`] those that had been on the
//! wire before.

use crate::both_ends::Run;
use crate::capture_state::Owned;
use crate::exchange::{ExchangeId, OpenExchange, ProtocolKind};
use crate::model::{Layer, Span};
use crate::observations::{Case, Event, Fact};
use crate::packet_facts::PacketFacts;
use crate::packet_in_hand::PacketInHand;

impl PacketInHand<'_> {
    /// The packet, with its headers and everything below, belongs to an exchange. `push`: it is a server's packet with new
    /// data, or the client's ACK of one.
    #[inline]
    pub fn belongs(&mut self, exchange: ExchangeId, push: bool) {
        if let Some(open) = self.state.exchanges.get(exchange) {
            open.packet(self.facts, push);
            self.capture_state.packets.belongs(self.facts, exchange, open.order);
            if let Some(fact) = self.facts.note {
                self.note(exchange, fact);
            }
        }
    }

    /// Notes something about the packet in its exchange.
    #[cold]
    fn note(&mut self, exchange: ExchangeId, fact: Fact) {
        let PacketFacts { number, from_client, lower, tcp, app, .. } = *self.facts;
        let bytes = u64::from(lower) + u64::from(tcp) + u64::from(app);
        let case = Case { packets: [number, 0, 0], ..Case::default() };
        self.observe(exchange, &Event { fact, from_client, case, count: 1, bytes });
    }

    /// The packet is an ACK on its own that was held back.
    #[cold]
    pub fn was_late(&mut self, exchange: ExchangeId) {
        let PacketFacts { number, from_client, lower, tcp, .. } = *self.facts;
        let acknowledged = self.state.timing.last_of(!from_client, number);
        let case = Case { ns: self.late_ns, held_ns: self.late_ns, packets: [acknowledged, number, 0] };
        let bytes = u64::from(lower) + u64::from(tcp);
        self.observe(exchange, &Event { fact: Fact::AckedLate, from_client, case, count: 1, bytes });
    }

    /// A burst of data that is not read begins, so long after the one before; 0 for the first.
    #[cold]
    pub fn burst(&mut self, fact: Fact, exchange: ExchangeId, ns: u64) {
        let PacketFacts { number, from_client, .. } = *self.facts;
        let case = Case { ns, held_ns: 0, packets: [number, 0, 0] };
        self.observe(exchange, &Event { fact, from_client, case, count: u64::from(ns > 0), bytes: 0 });
    }

    /// A client opens a stream of HTTP/2.
    #[cold]
    pub fn stream_opened(&mut self, exchange: ExchangeId) {
        let case = Case { packets: [self.facts.number, 0, 0], ..Case::default() };
        let event = Event { fact: Fact::StreamOpened, from_client: true, case, count: 1, bytes: 0 };
        self.observe(exchange, &event);
    }

    /// A message was compressed: so many bytes from so many.
    pub fn compressed(&mut self, exchange: ExchangeId, bytes: u64, from: u64) {
        let PacketFacts { number, from_client, .. } = *self.facts;
        let case = Case { packets: [number, 0, 0], ..Case::default() };
        self.observe(exchange, &Event { fact: Fact::Compressed, from_client, case, count: from, bytes });
    }

    /// So many bytes of compressed content say so many.
    #[cold]
    pub fn compressed_content(&mut self, exchange: ExchangeId, bytes: usize, from: u64) {
        self.content(Fact::CompressedContent, exchange, bytes, from);
    }

    /// What so many bytes of compressed content say could not be read.
    #[cold]
    pub fn compressed_unread(&mut self, exchange: ExchangeId, bytes: usize) {
        self.content(Fact::CompressedUnread, exchange, bytes, 0);
    }

    fn content(&mut self, fact: Fact, exchange: ExchangeId, bytes: usize, count: u64) {
        let case = Case { packets: [self.facts.number, 0, 0], ..Case::default() };
        self.observe(exchange, &Event { fact, from_client: false, case, count, bytes: bytes as u64 });
    }

    /// The body of an answer ended with its connection: so many bytes before its announced end, or before its last chunk.
    #[cold]
    pub fn short_body(&mut self, exchange: ExchangeId, rest: Option<u64>) {
        let case = Case { packets: [self.facts.number, 0, 0], ..Case::default() };
        let (fact, count) = rest.map_or((Fact::NoLastChunk, 0), |rest| (Fact::ShortBody, rest));
        self.observe(exchange, &Event { fact, from_client: false, case, count, bytes: 0 });
    }

    /// Notes something that happened in an exchange.
    #[cold]
    pub fn observe(&mut self, exchange: ExchangeId, event: &Event) {
        if let Some(open) = self.state.exchanges.get(exchange) {
            open.note(event, &mut self.capture_state.table.observations.room);
        }
    }

    /// Several messages ended in the packet, some perhaps inside of compressed bytes: notes it where they came after a silence.
    #[cold]
    fn messages_together(&mut self, owned: &[Owned], inside: u64) {
        let after_ns = self.step.quiet_ns;
        if self.facts.from_client || after_ns < SILENCE_NS || self.facts.is_again || !self.step.came_freely() {
            return;
        }
        let mut count = inside;
        let mut last = owned.last().map(|owned| self.clamp(owned.exchange));
        for run in owned.chunk_by(|a, b| a.exchange == b.exchange) {
            let exchange = self.clamp(run.first().map_or(0, |owned| owned.exchange));
            // One that goes on in the next packet has not come yet.
            let is_message = |open: &mut OpenExchange| {
                open.complete && matches!(open.protocol_kind, ProtocolKind::Event | ProtocolKind::Message)
            };
            if self.state.exchanges.get(exchange).is_some_and(is_message) {
                (count, last) = (count + 1, Some(exchange));
            }
        }
        if let Some(last) = last.filter(|_| count >= SEVERAL) {
            let case = Case { ns: after_ns, held_ns: 0, packets: [self.facts.number, 0, 0] };
            self.observe(last, &Event { fact: Fact::Together, from_client: false, case, count, bytes: 0 });
        }
    }

    /// Books the new bytes of the packet on those who own them. The packet itself goes to the owner of the first new byte,
    /// and so do the bytes before that, which had been on the wire before; where nobody owns a byte of it, to the exchange
    /// in progress.
    #[inline]
    pub fn take_new_bytes(&mut self, before: u32) {
        if self.capture_state.owned.is_empty() || before > 0 {
            self.take_first(before);
        }
        let (facts, from_client) = (self.facts, self.facts.from_client);
        // Unless it was given away above.
        let mut first = before == 0;
        let mut owned = std::mem::take(&mut self.capture_state.owned);
        let several = owned.len() > 1 && owned.first().map(|one| one.exchange) != owned.last().map(|one| one.exchange);
        for run in owned.chunk_by(|a, b| a.exchange == b.exchange) {
            let exchange = self.clamp(run.first().map_or(0, |owned| owned.exchange));
            let ours = self.state.directions.of_mut(from_client);
            let begin = ours.next;
            ours.next += run.iter().map(|owned| u64::from(owned.len)).sum::<u64>();
            let end = ours.next;
            if let Some(both_ends) = &mut self.capture_state.table.both_ends {
                let run = Run { from_client, seq: ours.sequence(begin), len: (end - begin) as u32 };
                both_ends.reads(self.record.closed.connection, exchange, run);
            }
            if std::mem::take(&mut first) {
                self.belongs(exchange, !from_client);
            }
            self.owns(exchange, end);
            let Some(open) = self.state.exchanges.get(exchange) else { continue };
            if self.step.is_noteworthy() {
                let room = &mut self.capture_state.table.observations.room;
                let what = &self.capture_state.noteworthy;
                open.noteworthy_bytes(&self.step, what, &self.state.timing.ways, facts, room);
                self.step.is_noted();
            } else {
                open.new_bytes(&self.step, &self.state.timing.ways);
            }
            for &Owned { layer, len, .. } in run {
                open.bytes(layer, u64::from(len), from_client);
                self.capture_state.packets.span(facts, Span { layer, len });
            }
        }
        if several {
            self.are_together(owned.iter().map(|owned| owned.exchange));
        }
        let inside = std::mem::take(&mut self.capture_state.messages_inside);
        if several || inside > 0 {
            self.messages_together(&owned, inside);
        }
        owned.clear();
        self.capture_state.owned = owned;
    }

    /// The packet carries, or acknowledges, bytes of several exchanges.
    #[cold]
    fn are_together(&mut self, exchanges: impl Iterator<Item = ExchangeId> + Clone) {
        let state = &mut *self.state;
        let mut first = None;
        let several = exchanges.clone().any(|exchange| {
            let is_said = state.exchanges.get(exchange).is_some_and(|open| open.is_said());
            is_said && *first.get_or_insert(exchange) != exchange
        });
        if several {
            for exchange in exchanges {
                if let Some(open) = state.exchanges.get(exchange)
                    && open.is_said()
                {
                    open.share(self.facts.number);
                }
            }
        }
    }

    /// The packet acknowledges bytes of several exchanges: where it does nothing else, they share it.
    #[cold]
    pub fn acknowledges_several(&mut self) {
        let mut together = std::mem::take(&mut self.capture_state.acknowledged);
        if self.facts.app == 0 {
            self.are_together(together.iter().copied());
        }
        together.clear();
        self.capture_state.acknowledged = together;
    }

    #[cold]
    fn take_first(&mut self, before: u32) {
        let first = match self.capture_state.owned.first() {
            Some(first) => self.clamp(first.exchange),
            None => self.current(),
        };
        self.belongs(first, !self.facts.from_client);
        self.again(first, before);
    }

    /// Bytes of the packet that belongs to `exchange` had been on the wire before.
    pub fn again(&mut self, exchange: ExchangeId, len: u32) {
        if len == 0 {
            return;
        }
        if let Some(open) = self.state.exchanges.get(exchange) {
            open.last_ns = open.last_ns.max(self.facts.time_ns);
            open.bytes(Layer::Retransmitted, u64::from(len), self.facts.from_client);
        }
        self.capture_state.packets.span(self.facts, Span { layer: Layer::Retransmitted, len });
    }

    /// The packet's SYN is a step of the handshake.
    pub fn goes_on(&mut self, handshake: ExchangeId) {
        if let Some(open) = self.state.exchanges.get(handshake) {
            open.stopwatch.is_handshake = true;
            open.stopwatch.step(&self.step, &self.state.timing.ways);
            if let Some(both_ends) = &mut self.capture_state.table.both_ends {
                let run = Run { from_client: self.facts.from_client, seq: self.facts.seq, len: 1 };
                both_ends.reads(self.record.closed.connection, handshake, run);
            }
        }
    }

    /// What the packet carries of `exchange` passed before, and was not acknowledged.
    pub fn lost_before(&mut self, exchange: ExchangeId) {
        if let Some(open) = self.state.exchanges.get(exchange) {
            open.stopwatch.repeated(self.facts, &self.state.timing.ways);
        }
    }

    /// The packet that belongs to `exchange` brought nothing new.
    pub fn repeats(&mut self, exchange: ExchangeId) {
        if let Some(open) = self.state.exchanges.get(exchange) {
            open.costs.repeated_packets = open.costs.repeated_packets.saturating_add(1);
            open.push.repeated_packets = open.push.repeated_packets.saturating_add(u32::from(!self.facts.from_client));
        }
    }
}

/// So many messages in one packet did not come one by one.
const SEVERAL: u64 = 3;
/// So long a silence is no pause between two writes: a tenth of a second, which a person notices.
const SILENCE_NS: u64 = 100_000_000;
