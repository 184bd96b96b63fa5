//! What does each exchange get of the packet in hand?
//!
//! The one place where exchanges are told what packets cost them, and so the place to listen for whatever else is to be
//! known of each packet and its exchange. Every packet passes [`PacketInHand::belongs`] once: at once, or, if it came
//! before bytes that stand before its own, when these have come or are given up. There its facts are at hand (time,
//! direction, numbers, window), its connection's two directions (what is acknowledged, what comes next) and its exchange;
//! then [`PacketInHand::take_new_bytes`] is given its new bytes, run by run, and [`PacketInHand::again`] those that had been on the
//! wire before.

use crate::capture_state::Owned;
use crate::exchange::ExchangeId;
use crate::model::{Layer, Span};
use crate::packet_in_hand::PacketInHand;

impl PacketInHand<'_> {
    /// The packet, with its headers and everything below, belongs to an exchange. `push`: it is a server's packet with new
    /// data, or the client's ACK of one.
    #[inline]
    pub fn belongs(&mut self, exchange: ExchangeId, push: bool) {
        if let Some(open) = self.state.exchanges.get(exchange) {
            open.packet(self.facts, push);
            self.capture_state.packets.belongs(self.facts, exchange, open.order);
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
        let several = owned.first().map(|one| one.exchange) != owned.last().map(|one| one.exchange);
        for run in owned.chunk_by(|a, b| a.exchange == b.exchange) {
            let exchange = self.clamp(run.first().map_or(0, |owned| owned.exchange));
            let ours = self.state.directions.of_mut(from_client);
            ours.next += run.iter().map(|owned| u64::from(owned.len)).sum::<u64>();
            let end = ours.next;
            if std::mem::take(&mut first) {
                self.belongs(exchange, !from_client);
            }
            self.owns(exchange, end);
            let Some(open) = self.state.exchanges.get(exchange) else { continue };
            if self.step.is_noteworthy() {
                let room = &mut self.capture_state.table.observations.room;
                open.noteworthy_bytes(&self.step, &self.state.timing.ways, facts, room);
                self.step = self.step.noted();
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
