//! What would Wireshark call this packet?
//!
//! The names that Wireshark gives to TCP packets that do not simply move a connection on (retransmission, out-of-order,
//! duplicate ACK, ...), found the way its TCP dissector finds them: from the highest sequence number seen in each
//! direction, the last acknowledgement in the other, the windows and the times. They are opinions about what
//! happened; what a packet costs and which exchange it belongs to does not depend on them.

use crate::model::TcpAnalysis;
use crate::packet_facts::PacketFacts;

/// What is remembered of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    next_ns: u64,
    last_ack_ns: u64,
    /// Sequence number behind the highest byte seen, and the last acknowledgement; of meaning where the flags below say so.
    /// (Options would need a third more room, in every open connection.)
    next: u32,
    last_ack: u32,
    duplicate_acks: u32,
    window: u16,
    has_next: bool,
    has_ack: bool,
    /// Whether the last packet was a keep-alive or a zero window probe.
    probing: Option<TcpAnalysis>,
}

impl Seen {
    /// Sequence number behind the highest byte seen.
    #[inline]
    fn next(&self) -> Option<u32> {
        self.has_next.then_some(self.next)
    }

    /// The last acknowledgement.
    #[inline]
    fn last_ack(&self) -> Option<u32> {
        self.has_ack.then_some(self.last_ack)
    }

    #[inline]
    fn set_next(&mut self, next: u32, time_ns: u64) {
        (self.next, self.has_next, self.next_ns) = (next, true, time_ns);
    }

    #[inline]
    fn set_last_ack(&mut self, ack: u32) {
        (self.last_ack, self.has_ack) = (ack, true);
    }
}

/// TcpAnalysis a packet of direction `ours`, and remembers it. `rtt_ns` is the round trip of the handshake, where it was seen.
#[inline(always)]
pub(crate) fn analyze(
    ours: &mut Seen,
    theirs: &Seen,
    packet: &PacketFacts,
    rtt_ns: Option<u64>,
) -> Option<TcpAnalysis> {
    if is_usual(ours, theirs, packet) { None } else { unusual(ours, theirs, packet, rtt_ns) }
}

/// Whether this is what nearly all packets are: the next bytes, or an ACK of something new. No name fits these; they are
/// remembered here.
#[inline(always)]
fn is_usual(ours: &mut Seen, theirs: &Seen, packet: &PacketFacts) -> bool {
    let Some(ack) = packet.ack() else { return false };
    if !packet.flags.is_plain_ack() || ours.next() != Some(packet.seq) || packet.window == 0 {
        return false;
    }
    let same_ack = ours.last_ack() == Some(ack);
    if packet.app > 1 {
        let end = packet.seq.wrapping_add(packet.app);
        if theirs.last_ack().is_some_and(|ack| !after(end, ack)) {
            return false;
        }
        ours.set_next(end, packet.time_ns);
    } else if packet.app == 1 || same_ack {
        return false;
    }
    if !same_ack {
        ours.duplicate_acks = 0;
        ours.last_ack_ns = packet.time_ns;
        ours.set_last_ack(ack);
    }
    ours.window = packet.window;
    ours.probing = None;
    true
}

/// TcpAnalysis a packet that is not simply the next one.
#[inline(never)]
fn unusual(ours: &mut Seen, theirs: &Seen, packet: &PacketFacts, rtt_ns: Option<u64>) -> Option<TcpAnalysis> {
    let (syn, fin, rst) = (packet.flags.syn(), packet.flags.fin(), packet.flags.rst());
    let plain = !syn && !fin && !rst;
    let same_ack = packet.ack().is_some() && packet.ack() == ours.last_ack();
    let next = ours.next();
    let mut found = None;
    let mut duplicate = false;

    if packet.app == 1 && next == Some(packet.seq) && theirs.window == 0 && theirs.next().is_some() && plain {
        found = Some(TcpAnalysis::ZeroWindowProbe);
    } else {
        if packet.window == 0 && plain {
            found = Some(TcpAnalysis::ZeroWindow);
        }
        if let Some(next) = next {
            let at_next = packet.seq == next;
            if after(packet.seq, next) && !rst {
                found = Some(TcpAnalysis::PreviousSegmentNotCaptured);
            }
            if packet.app <= 1 && plain && packet.seq == next.wrapping_sub(1) {
                found = Some(TcpAnalysis::KeepAlive);
            } else if packet.app == 0 && plain && packet.window != 0 && at_next && same_ack {
                if packet.window != ours.window {
                    found = Some(TcpAnalysis::WindowUpdate);
                } else if theirs.probing == Some(TcpAnalysis::KeepAlive) {
                    found = Some(TcpAnalysis::KeepAliveAck);
                } else if theirs.probing == Some(TcpAnalysis::ZeroWindowProbe) {
                    found = Some(TcpAnalysis::ZeroWindowProbeAck);
                } else {
                    duplicate = true;
                    found = Some(TcpAnalysis::DuplicateAck);
                }
            } else if packet.app == 0
                && plain
                && packet.window == 0
                && at_next
                && same_ack
                && theirs.probing == Some(TcpAnalysis::ZeroWindowProbe)
            {
                found = Some(TcpAnalysis::ZeroWindowProbeAck);
            }
        }
    }
    if duplicate {
        ours.duplicate_acks += 1;
    } else if !same_ack {
        ours.duplicate_acks = 0;
    }

    let probing = matches!(found, Some(TcpAnalysis::KeepAlive | TcpAnalysis::ZeroWindowProbe));
    if (packet.app > 0 || syn || fin)
        && !probing
        && let Some(again) = repeated(ours, theirs, packet, rtt_ns)
    {
        found = Some(again);
    }

    let end = packet.seq.wrapping_add(packet.app).wrapping_add(u32::from(syn || fin));
    let advances = ours.next().is_none_or(|next| after(end, next));
    if advances && found != Some(TcpAnalysis::ZeroWindowProbe) && !(rst && ours.next().is_some()) {
        ours.set_next(end, packet.time_ns);
    }
    if let Some(ack) = packet.ack() {
        if !same_ack || found == Some(TcpAnalysis::DuplicateAck) {
            ours.last_ack_ns = packet.time_ns;
        }
        ours.set_last_ack(ack);
    }
    ours.window = packet.window;
    ours.probing = found.filter(|name| matches!(name, TcpAnalysis::KeepAlive | TcpAnalysis::ZeroWindowProbe));
    found
}

/// The name of a packet that brings bytes, a SYN or a FIN from before the highest number seen.
fn repeated(ours: &Seen, theirs: &Seen, packet: &PacketFacts, rtt_ns: Option<u64>) -> Option<TcpAnalysis> {
    let next = ours.next()?;
    let end = packet.seq.wrapping_add(packet.app);
    if packet.app > 0 && theirs.last_ack().is_some_and(|ack| !after(end, ack)) {
        return Some(TcpAnalysis::SpuriousRetransmission);
    }
    let behind = after(next, packet.seq) && !(packet.app > 1 && next.wrapping_sub(1) == packet.seq);
    if !behind {
        return None;
    }
    let since_ack = packet.time_ns.saturating_sub(theirs.last_ack_ns);
    if theirs.duplicate_acks >= 2 && theirs.last_ack() == Some(packet.seq) && since_ack < FAST_RETRANSMISSION_NS {
        return Some(TcpAnalysis::FastRetransmission);
    }
    let near = rtt_ns.filter(|rtt| *rtt > 0).unwrap_or(OUT_OF_ORDER_NS);
    let whole = end.wrapping_add(u32::from(packet.flags.syn() || packet.flags.fin()));
    if packet.time_ns.saturating_sub(ours.next_ns) < near && whole != next {
        return Some(TcpAnalysis::OutOfOrder);
    }
    Some(TcpAnalysis::Retransmission)
}

/// Whether sequence number `a` comes after `b`, modulo 2^32 (RFC 9293, section 3.4).
fn after(a: u32, b: u32) -> bool {
    a != b && a.wrapping_sub(b) < 1 << 31
}

/// A retransmission this soon after the duplicate ACKs that asked for it is a fast one.
const FAST_RETRANSMISSION_NS: u64 = 20_000_000;
/// A late segment this soon after the highest one is out of order, where the round trip time is not known.
const OUT_OF_ORDER_NS: u64 = 3_000_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wirelab_dissect::tcp::Flags;

    use super::*;
    use crate::sides::Sides;

    const PLAIN: PacketFacts = PacketFacts {
        number: 0,
        time_ns: 0,
        lower: 0,
        tcp: 20,
        app: 0,
        payload_offset: 0,
        seq: 1000,
        acknowledgment: 500,
        window: 100,
        flags: Flags::ACK,
        from_client: true,
        is_again: false,
        note: None,
        kept_at: 0,
    };

    /// The round trip of the handshake.
    const RTT_NS: Option<u64> = Some(25_000_000);

    /// TcpAnalysis each packet of a conversation: (from the client, time in ms, packet).
    fn names(packets: &[(bool, u64, PacketFacts)]) -> Vec<Option<TcpAnalysis>> {
        let mut seen = Sides::<Seen>::default();
        packets
            .iter()
            .map(|(client, ms, facts)| {
                let [ours, theirs] = seen.both_mut(*client);
                analyze(ours, theirs, &PacketFacts { time_ns: ms * 1_000_000, ..*facts }, RTT_NS)
            })
            .collect()
    }

    #[test]
    fn bytes_seen_before_are_a_retransmission() {
        let data = PacketFacts { app: 10, ..PLAIN };
        assert_eq!(names(&[(true, 0, data), (true, 200, data)]), [None, Some(TcpAnalysis::Retransmission)]);
    }

    #[test]
    fn bytes_acknowledged_before_are_a_spurious_one() {
        let data = PacketFacts { app: 10, ..PLAIN };
        let ack = PacketFacts { seq: 500, acknowledgment: 1010, ..PLAIN };
        assert_eq!(
            names(&[(true, 0, data), (false, 1, ack), (true, 200, data)]),
            [None, None, Some(TcpAnalysis::SpuriousRetransmission)]
        );
    }

    #[test]
    fn a_gap_filled_soon_is_out_of_order() {
        let first = PacketFacts { app: 10, ..PLAIN };
        let second = PacketFacts { seq: 1010, app: 10, ..PLAIN };
        let third = PacketFacts { seq: 1020, app: 10, ..PLAIN };
        assert_eq!(
            names(&[(true, 0, first), (true, 1, third), (true, 2, second)]),
            [None, Some(TcpAnalysis::PreviousSegmentNotCaptured), Some(TcpAnalysis::OutOfOrder)]
        );
    }

    #[test]
    fn two_duplicate_acks_ask_for_a_fast_retransmission() {
        let first = PacketFacts { app: 10, ..PLAIN };
        let ack = PacketFacts { seq: 500, acknowledgment: 1000, ..PLAIN };
        let got = names(&[
            (true, 0, first),
            (true, 0, PacketFacts { seq: 1010, ..first }),
            (false, 1, ack),
            (false, 1, ack),
            (false, 2, ack),
            (true, 3, first),
        ]);
        assert_eq!(got.last(), Some(&Some(TcpAnalysis::FastRetransmission)));
        assert_eq!(got.get(3), Some(&Some(TcpAnalysis::DuplicateAck)));
    }

    #[test]
    fn a_probe_below_the_next_byte_is_a_keep_alive() {
        let first = PacketFacts { app: 10, ..PLAIN };
        let ack = PacketFacts { seq: 500, acknowledgment: 1010, ..PLAIN };
        let probe = PacketFacts { seq: 1009, ..PLAIN };
        assert_eq!(
            names(&[(true, 0, first), (false, 1, ack), (true, 9000, probe), (false, 9001, ack)]),
            [None, None, Some(TcpAnalysis::KeepAlive), Some(TcpAnalysis::KeepAliveAck)]
        );
    }

    /// Packets whose numbers, lengths and windows are so few that all of them meet.
    fn any_packet() -> impl Strategy<Value = (bool, PacketFacts)> {
        let flags = prop_oneof![8 => Just(Flags::ACK), 1 => (0..32u16).prop_map(Flags)];
        let window = prop_oneof![3 => Just(100), 1 => Just(0), 1 => Just(200)];
        let few = || prop::sample::select(vec![0u32, 1, 2, 5]);
        (any::<bool>(), flags, window, few(), 0..4u32, 0..4u32, 0..40_000_000u64).prop_map(
            |(from_client, flags, window, app, seq, ack, time_ns)| {
                // Around the place where the numbers begin again.
                let number = |steps: u32| u32::MAX.wrapping_sub(4).wrapping_add(steps * 2);
                let (seq, acknowledgment) = (number(seq), number(ack));
                (from_client, PacketFacts { from_client, flags, window, app, seq, acknowledgment, time_ns, ..PLAIN })
            },
        )
    }

    proptest! {
        /// What is taken for usual at once would have no name, and be remembered alike.
        #[test]
        fn usual_packets_have_no_name(packets in prop::collection::vec(any_packet(), 0..40)) {
            let mut seen = Sides::<Seen>::default();
            for (client, packet) in packets {
                let mut again = seen;
                let [ours, theirs] = seen.both_mut(client);
                let [plain_ours, plain_theirs] = again.both_mut(client);
                let plain = unusual(plain_ours, plain_theirs, &packet, RTT_NS);
                if is_usual(ours, theirs, &packet) {
                    prop_assert_eq!(plain, None);
                    prop_assert_eq!(seen, again);
                }
                seen = again;
            }
        }
    }
}
