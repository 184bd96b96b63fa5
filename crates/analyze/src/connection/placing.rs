//! Which exchange does this packet belong to?
//!
//! The rules are those of the project's definitions:
//!
//! - a packet with payload belongs to the exchange that owns its first new byte; where it carries bytes of several,
//!   each is given its own bytes, and the first the packet and its headers;
//! - a packet without payload belongs to the exchange that owns the last byte it newly acknowledges (a SYN and a FIN
//!   count as bytes), or, where it acknowledges nothing new, to the exchange in progress.

use std::num::NonZeroU64;

use wirelab_dissect::packet::Segment;

use super::{Connection, Live, Shared, both};
use crate::book::label;
use crate::direction::{Direction, Waiting};
use crate::ledger::{ExId, Nature, PacketMeta};
use crate::model::TcpAnalysis as Name;
use crate::model::{Layer, Span};

impl Connection {
    /// Decides which exchange the packet belongs to.
    #[inline(always)]
    pub(super) fn place(
        &mut self,
        segment: &Segment<'_>,
        from: usize,
        meta: &PacketMeta,
        name: Option<Name>,
        live: &mut Live,
        shared: &mut Shared,
    ) {
        let flags = segment.flags;
        let [ours, theirs] = both(&mut live.directions, from);
        // The number in a bare RST may be anything (RFC 9293, section 3.5.2): it begins nothing.
        let bare_rst = flags.rst() && !flags.ack() && segment.payload_len == 0;
        if !ours.is_known() && !bare_rst {
            ours.begin(segment.seq, flags.syn());
            live.partial |= !flags.syn();
        }
        let acked = if flags.ack() { theirs.acknowledge(segment.ack) } else { None };
        if acked.is_some() {
            // Those of the side that the packet was sent to.
            let [client, server] = &mut live.ledger.acked;
            *(if meta.from_client { server } else { client }) = theirs.acked;
        }
        // Nearly all packets: the next bytes, or an ACK and nothing else, while all that was acknowledged was seen.
        if name.is_none() && flags.is_plain_ack() && theirs.acked <= theirs.next {
            if segment.payload_len == 0 {
                let current = live.ledger.current(meta, &mut self.account, &mut shared.book);
                let exchange = acked.flatten().map_or(current, |owner| live.ledger.clamp(owner));
                return self.give_packet(exchange, meta, meta.from_client, live, shared);
            }
            if ours.position(segment.seq) == ours.next as i64 && !ours.has_waiting() && ours.fin.is_none() {
                let cut = segment.payload_len.saturating_sub(segment.payload.len() as u32);
                return self.deliver(from, 0, segment.payload, cut, meta, live, shared);
            }
        }
        // A copy, so that usual segments need not be put into memory for it.
        let segment = *segment;
        self.place_unusual(&segment, from, meta, name, acked, live, shared);
    }

    /// Decides it for a packet that is not simply the next one.
    #[inline(never)]
    #[expect(clippy::too_many_arguments, reason = "one packet, seen from all sides")]
    fn place_unusual(
        &mut self,
        segment: &Segment<'_>,
        from: usize,
        meta: &PacketMeta,
        name: Option<Name>,
        acked: Option<Option<ExId>>,
        live: &mut Live,
        shared: &mut Shared,
    ) {
        let flags = segment.flags;
        let [_, theirs] = both(&mut live.directions, from);
        // What the other side has acknowledged without our having seen it will not come any more.
        if acked.is_some()
            && theirs.has_waiting()
            && theirs.acked > theirs.next
            && let Some((first, behind)) = theirs.first_waiting()
            && first <= theirs.acked
        {
            self.skip_gap(1 - from, first, behind, live, shared);
            self.drain(1 - from, live, shared);
        }
        // Whoever speaks on after acknowledging bytes that are not in the capture has them: they will not come any more.
        let [_, theirs] = both(&mut live.directions, from);
        if segment.payload_len > 0 && theirs.is_known() && !theirs.has_waiting() && theirs.acked > theirs.next {
            let end = theirs.fin.map_or(theirs.acked, |fin| theirs.acked.min(fin.get()));
            self.skip_gap(1 - from, end, meta.acknowledgment(), live, shared);
        }
        let [ours, _] = both(&mut live.directions, from);
        let position = ours.position(segment.seq);
        // A probe repeats a byte; one that was not delivered yet is data, whatever it is called.
        let is_old = position + i64::from(segment.payload_len) <= ours.next as i64;
        let is_probe = name == Some(Name::KeepAlive) && is_old;
        let is_probe_ack = name == Some(Name::KeepAliveAck);
        if is_probe || is_probe_ack {
            let exchange = live.ledger.keep_alive(meta, &mut self.account, &mut shared.book);
            self.give_packet(exchange, meta, false, live, shared);
            self.give_repeated(exchange, meta, u64::from(meta.app), live, shared);
        } else if segment.payload_len > 0 {
            let start = position + i64::from(flags.syn());
            if flags.syn() {
                self.synchronise(from, position, meta, live, shared);
            }
            self.payload(segment, from, start, meta, live, shared);
        } else if flags.syn() {
            let exchange = self.synchronise(from, position, meta, live, shared);
            self.give_packet(exchange, meta, false, live, shared);
        } else if flags.fin() || flags.rst() {
            let known = flags.fin() && live.directions.get(from).is_some_and(|ours| ours.finished);
            let exchange = live.ledger.close(meta, &mut self.account, &mut shared.book);
            self.give_packet(exchange, meta, false, live, shared);
            if known {
                self.note_repeated(exchange, meta, live);
            }
        } else {
            let current = live.ledger.current(meta, &mut self.account, &mut shared.book);
            let exchange = acked.flatten().map_or(current, |owner| live.ledger.clamp(owner));
            self.give_packet(exchange, meta, meta.from_client, live, shared);
        }
        if flags.fin() {
            let end = position + i64::from(flags.syn()) + i64::from(segment.payload_len);
            if let (Some(ours), Ok(end)) = (live.directions.get_mut(from), u64::try_from(end)) {
                ours.fin = ours.fin.or(NonZeroU64::new(end));
            }
            self.finish(from, meta, live, shared);
        }
    }

    /// A SYN: position 0 of its direction, owned by the set-up.
    fn synchronise(
        &mut self,
        from: usize,
        position: i64,
        meta: &PacketMeta,
        live: &mut Live,
        shared: &mut Shared,
    ) -> ExId {
        let setup = match live.setup {
            Some(setup) => live.ledger.clamp(setup),
            None => {
                let setup =
                    live.ledger.begin(Nature::Setup, label::HANDSHAKE, meta, &mut self.account, &mut shared.book);
                if let Some(open) = live.ledger.get(setup) {
                    open.complete = true;
                }
                live.setup = Some(setup);
                setup
            }
        };
        let from_client = meta.from_client;
        if let Some(ours) = live.directions.get_mut(from) {
            if position == 0 && ours.next == 0 {
                ours.next = 1;
                ours.own(1, setup);
                live.ledger.owns(setup, from_client, 1);
            } else {
                self.note_repeated(setup, meta, live);
            }
        }
        setup
    }

    /// A segment with payload that begins at `start`.
    fn payload(
        &mut self,
        segment: &Segment<'_>,
        from: usize,
        start: i64,
        meta: &PacketMeta,
        live: &mut Live,
        shared: &mut Shared,
    ) {
        let len = i64::from(segment.payload_len);
        let cut = segment.payload_len.saturating_sub(segment.payload.len() as u32);
        let [ours, _] = both(&mut live.directions, from);
        let next = ours.next as i64;
        if start + len <= next {
            let owner = u64::try_from(start).ok().and_then(|start| ours.owner(start));
            return self.repeated(owner, meta, live, shared);
        }
        if start > next {
            let position = start as u64;
            if ours.acked < position {
                if ours.is_waiting(position) {
                    return self.repeated(None, meta, live, shared);
                }
                let waiting = Waiting { data: segment.payload.to_vec(), cut, meta: *meta, repeated: 0 };
                if ours.wait(position, waiting, &mut shared.waiting_budget) {
                    return;
                }
                // No room: what is missing is given up.
                while let Some((first, behind)) = live.directions.get(from).and_then(Direction::first_waiting) {
                    if first >= position {
                        break;
                    }
                    self.skip_gap(from, first, behind, live, shared);
                    self.drain(from, live, shared);
                }
                let next = live.directions.get(from).map_or(0, |ours| ours.next);
                if next > position {
                    return self.payload(segment, from, start, meta, live, shared);
                }
            }
            self.skip_gap(from, position, meta.payload(), live, shared);
            self.deliver(from, 0, segment.payload, cut, meta, live, shared);
        } else {
            let old = (next - start) as usize;
            let new = segment.payload.get(old..).unwrap_or_default();
            let cut = cut.min((start + len - next) as u32);
            self.deliver(from, old as u32, new, cut, meta, live, shared);
        }
        self.drain(from, live, shared);
    }

    /// A packet whose bytes have all been on the wire before.
    pub(super) fn repeated(&mut self, owner: Option<ExId>, meta: &PacketMeta, live: &mut Live, shared: &mut Shared) {
        let current = live.ledger.current(meta, &mut self.account, &mut shared.book);
        let exchange = owner.map_or(current, |owner| live.ledger.clamp(owner));
        self.give_packet(exchange, meta, !meta.from_client, live, shared);
        self.give_repeated(exchange, meta, u64::from(meta.app), live, shared);
        self.note_repeated(exchange, meta, live);
    }

    #[inline]
    pub(super) fn give_packet(
        &self,
        exchange: ExId,
        meta: &PacketMeta,
        push: bool,
        live: &mut Live,
        shared: &mut Shared,
    ) {
        if let Some(open) = live.ledger.get(exchange) {
            open.packet(meta, push);
            shared.packets.belongs(meta, exchange, open.order);
        }
    }

    pub(super) fn give_repeated(
        &self,
        exchange: ExId,
        meta: &PacketMeta,
        len: u64,
        live: &mut Live,
        shared: &mut Shared,
    ) {
        if len > 0 {
            live.ledger.repeated_bytes(exchange, len, meta);
            shared.packets.span(meta, Span { layer: Layer::Retransmitted, len: len as u32 });
        }
    }

    pub(super) fn note_repeated(&self, exchange: ExId, meta: &PacketMeta, live: &mut Live) {
        live.ledger.repeated(exchange, meta.from_client);
    }
}
