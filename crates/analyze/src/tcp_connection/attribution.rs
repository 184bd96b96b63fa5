//! Which exchange does this packet belong to?
//!
//! The rules are those of the project's definitions:
//!
//! - a packet with payload belongs to the exchange that owns its first new byte; where it carries bytes of several,
//!   each is given its own bytes, and the first the packet and its headers;
//! - a packet without payload belongs to the exchange that owns the last byte it newly acknowledges (a SYN and a FIN
//!   count as bytes), or, where it acknowledges nothing new, to the exchange in progress.

use std::num::NonZeroU64;

use super::Arrival;
use super::delivery::WaitEnds;
use crate::direction::Waiting;
use crate::exchange::{ExchangeId, ProtocolKind};
use crate::labels::label;
use crate::model::TcpAnalysis;

impl Arrival<'_> {
    /// Decides which exchange the packet belongs to. `payload` is as much of its payload as the capture kept.
    #[inline(always)]
    pub(super) fn attribute(&mut self, payload: &[u8], analysis: Option<TcpAnalysis>) {
        let facts = self.packet.facts;
        let state = &mut *self.packet.state;
        let [ours, theirs] = state.directions.both_mut(facts.from_client);
        // The number in a bare RST may be anything (RFC 9293, section 3.5.2): it begins nothing.
        let bare_rst = facts.flags.rst() && !facts.flags.ack() && facts.app == 0;
        if !ours.is_known() && !bare_rst {
            ours.begin(facts.seq, facts.flags.syn());
            state.partial |= !facts.flags.syn();
        }
        let mut acked = None;
        if let Some(ack) = facts.ack()
            && theirs.is_known()
        {
            acked = theirs.acknowledge(ack, &mut self.packet.capture_state.acknowledged);
            self.packet.late_ns = state.timing.acknowledged(facts, theirs.acked, acked.is_some());
        }
        if !self.packet.capture_state.acknowledged.is_empty() {
            self.packet.acknowledges_several();
        }
        let state = &mut *self.packet.state;
        let [ours, theirs] = state.directions.both_mut(facts.from_client);
        if facts.app > 0 || facts.flags.syn() || facts.flags.fin() {
            let taken = u64::from(facts.app) + u64::from(facts.flags.syn()) + u64::from(facts.flags.fin());
            let end = ours.position(facts.seq).saturating_add_unsigned(taken);
            let end = u64::try_from(end).unwrap_or(0);
            let what = &mut self.packet.capture_state.noteworthy;
            state.timing.passed(facts, end, ours.acked, ours.waiting_since(), &mut self.packet.step, what);
        }
        // Nearly all packets: the next bytes, or an ACK and nothing else, while all that was acknowledged was seen.
        if takes_short_way() && analysis.is_none() && facts.flags.is_plain_ack() && theirs.acked <= theirs.next {
            if facts.app == 0 {
                return self.acknowledge(acked.flatten());
            }
            if ours.position(facts.seq) == ours.next as i64 && !ours.has_waiting() && ours.fin.is_none() {
                return self.deliver(0, payload, facts.app.saturating_sub(payload.len() as u32));
            }
        }
        self.attribute_unusual(payload, analysis, acked);
    }

    /// Decides it for a packet that is not simply the next one.
    #[inline(never)]
    fn attribute_unusual(&mut self, payload: &[u8], analysis: Option<TcpAnalysis>, acked: Option<Option<ExchangeId>>) {
        let facts = self.packet.facts;
        let (flags, from_client) = (facts.flags, facts.from_client);
        // What the other side has acknowledged without our having seen it will not come any more.
        let theirs = self.direction(!from_client);
        if acked.is_some()
            && theirs.acked > theirs.next
            && let Some((first, behind)) = theirs.first_waiting()
            && first <= theirs.acked
        {
            self.skip_gap(!from_client, first, behind);
            self.drain(!from_client, WaitEnds::Unfilled);
        }
        // Whoever speaks on after acknowledging bytes that are not in the capture has them: they will not come any more.
        let theirs = self.direction(!from_client);
        if facts.app > 0 && theirs.is_known() && !theirs.has_waiting() && theirs.acked > theirs.next {
            let end = theirs.fin.map_or(theirs.acked, |fin| theirs.acked.min(fin.get()));
            self.skip_gap(!from_client, end, facts.acknowledgment_place());
        }
        let ours = self.direction(from_client);
        let position = ours.position(facts.seq);
        // A probe repeats a byte; one that was not delivered yet is data, whatever it is called.
        let is_old = position + i64::from(facts.app) <= ours.next as i64;
        let is_probe = analysis == Some(TcpAnalysis::KeepAlive) && is_old;
        if is_probe || analysis == Some(TcpAnalysis::KeepAliveAck) {
            let exchange = self.packet.keep_alive();
            self.packet.belongs(exchange, false);
            self.packet.again(exchange, facts.app);
        } else if facts.app > 0 {
            if flags.syn() {
                self.synchronise(position);
            }
            self.payload(payload, position + i64::from(flags.syn()));
        } else if flags.syn() {
            let exchange = self.synchronise(position);
            self.packet.belongs(exchange, false);
        } else if flags.fin() || flags.rst() {
            let known = flags.fin() && ours.finished;
            let exchange = self.packet.close();
            self.packet.belongs(exchange, false);
            if known {
                self.packet.repeats(exchange);
            }
        } else {
            self.acknowledge(acked.flatten());
        }
        if flags.fin() {
            let end = position + i64::from(flags.syn()) + i64::from(facts.app);
            if let Ok(end) = u64::try_from(end) {
                let ours = self.direction(from_client);
                ours.fin = ours.fin.or(NonZeroU64::new(end));
            }
            self.finish();
        }
    }

    /// A packet without payload that acknowledges bytes of an exchange, or nothing new.
    #[inline]
    fn acknowledge(&mut self, owner: Option<ExchangeId>) {
        let current = self.packet.current();
        let exchange = owner.map_or(current, |owner| self.packet.clamp(owner));
        self.packet.belongs(exchange, self.packet.facts.from_client);
        if self.packet.late_ns > 0 {
            self.packet.was_late(exchange);
        }
    }

    /// A SYN: position 0 of its direction, owned by the set-up.
    fn synchronise(&mut self, position: i64) -> ExchangeId {
        let setup = match self.packet.state.setup {
            Some(setup) => self.packet.clamp(setup),
            None => {
                let setup = self.packet.begin(ProtocolKind::Setup, label::HANDSHAKE);
                self.packet.complete(setup);
                self.packet.state.setup = Some(setup);
                setup
            }
        };
        let ours = self.packet.state.directions.of_mut(self.packet.facts.from_client);
        if position == 0 && ours.next == 0 {
            ours.next = 1;
            self.packet.owns(setup, 1);
            self.packet.goes_on(setup);
        } else {
            self.packet.repeats(setup);
            self.packet.lost_before(setup);
        }
        setup
    }

    /// The payload of the packet, which begins at `start`.
    fn payload(&mut self, payload: &[u8], start: i64) {
        let facts = self.packet.facts;
        let from_client = facts.from_client;
        let cut = facts.app.saturating_sub(payload.len() as u32);
        let ours = self.packet.state.directions.of_mut(from_client);
        let next = ours.next as i64;
        let end = start + i64::from(facts.app);
        if end <= next {
            let owner = u64::try_from(start).ok().and_then(|start| ours.owner(start));
            return self.repeated(owner);
        }
        if start > next {
            let position = start as u64;
            if ours.acked < position {
                if ours.is_waiting(position) {
                    return self.repeated(None);
                }
                let waiting = Waiting { data: payload.to_vec(), cut, packet: *facts };
                if ours.wait(position, waiting, &mut self.packet.capture_state.waiting_budget) {
                    return;
                }
                // No room: what is missing is given up.
                self.give_up(from_client, position);
                if self.direction(from_client).next > position {
                    return self.payload(payload, start);
                }
            }
            self.skip_gap(from_client, position, facts.payload_place());
            self.deliver(0, payload, cut);
        } else {
            let old = (next - start) as usize;
            let new = payload.get(old..).unwrap_or_default();
            self.deliver(old as u32, new, cut.min((end - next) as u32));
        }
        self.drain(from_client, WaitEnds::Filled);
    }

    /// All bytes of the packet have been on the wire before.
    pub(super) fn repeated(&mut self, owner: Option<ExchangeId>) {
        let packet = &mut self.packet;
        let current = packet.current();
        if let Some(owner) = owner {
            packet.lost_before(owner);
        }
        let exchange = owner.map_or(current, |owner| packet.clamp(owner));
        packet.belongs(exchange, !packet.facts.from_client);
        packet.again(exchange, packet.facts.app);
        packet.repeats(exchange);
    }
}

/// Whether usual packets are told from others at once: always, but where a test holds one way to the other.
#[cfg(not(test))]
const fn takes_short_way() -> bool {
    true
}

#[cfg(test)]
use tests::takes_short_way;

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::net::IpAddr;

    use proptest::prelude::*;
    use wirelab_dissect::packet::{Endpoint, Notes, Segment};
    use wirelab_dissect::tcp::Flags;

    use crate::model::Capture;
    use crate::{Analyzer, Settings};

    thread_local! {
        static SHORT_WAY: Cell<bool> = const { Cell::new(true) };
    }

    pub fn takes_short_way() -> bool {
        SHORT_WAY.get()
    }

    /// A segment that is not far from those before it: what it says, where it begins, what it acknowledges.
    type Step = (bool, &'static [u8], u32, u32, Flags);

    fn analyze(steps: &[Step], short_way: bool) -> Capture {
        SHORT_WAY.set(short_way);
        let mut analyzer = Analyzer::new(Settings { keep_packets: 1000, ..Settings::default() });
        let ends = [40_000, 80].map(|port| Endpoint { addr: IpAddr::from([10, 0, 0, 1]), port });
        let mut next = [1u32, 1];
        for ((from_client, payload, back, unseen, flags), number) in steps.iter().zip(1..) {
            let (ours, theirs) = (usize::from(!from_client), usize::from(*from_client));
            let seq = next[ours].wrapping_sub(*back);
            analyzer.segment(
                &Segment {
                    source: ends[ours],
                    destination: ends[theirs],
                    seq,
                    ack: next[theirs].wrapping_sub(*unseen),
                    flags: *flags,
                    window: 1000,
                    lower_len: 34,
                    header_len: 20,
                    payload_len: payload.len() as u32,
                    payload_offset: 54,
                    identification: 0,
                    payload,
                    options: &[],
                    notes: Notes::default(),
                },
                number,
                number * 1_000_000,
            );
            next[ours] = next[ours].max(seq.wrapping_add(payload.len() as u32 + u32::from(flags.syn() || flags.fin())));
        }
        analyzer.finish("steps", None, "pcap")
    }

    fn step() -> impl Strategy<Value = Step> {
        let said: Vec<&[u8]> = vec![
            b"",
            b"",
            b"GET / HTTP/1.1\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n",
            b"data: x\n\n",
            b"lines\n",
        ];
        let few = || prop_oneof![8 => Just(0u32), 1 => 0..30u32];
        let flags = prop_oneof![
            12 => Just(Flags::ACK),
            1 => Just(Flags(Flags::ACK.0 | Flags::SYN.0)),
            1 => Just(Flags(Flags::ACK.0 | Flags::FIN.0)),
        ];
        (any::<bool>(), prop::sample::select(said), few(), few(), flags)
    }

    proptest! {
        /// A packet that is taken for the next one at once goes where the long way puts it.
        #[test]
        fn the_short_way_leads_where_the_long_one_does(steps in prop::collection::vec(step(), 0..40)) {
            let [short, long] = [true, false].map(|short_way| analyze(&steps, short_way));
            prop_assert_eq!(&short.packets, &long.packets);
            prop_assert_eq!(short, long);
        }
    }
}
