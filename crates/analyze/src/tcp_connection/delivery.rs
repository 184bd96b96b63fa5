//! What do new bytes say, and whose are they?
//!
//! Bytes come here in their order: at once, when a gap before them is filled, or when it is given up.

use super::Arrival;
use crate::direction::Direction;
use crate::model::Layer;
use crate::packet_facts::{BytePlace, PacketFacts};
use crate::timing::Step;

/// Why what waited for bytes before it need not wait any longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WaitEnds {
    /// They have come.
    Filled,
    /// They are not in the capture.
    Unfilled,
}

impl Arrival<'_> {
    /// Another packet of the same connection.
    fn instead<'b>(&'b mut self, facts: &'b PacketFacts) -> Arrival<'b> {
        Arrival { packet: self.packet.instead(facts), conversation: self.conversation }
    }

    /// One direction of the connection.
    pub(super) fn direction(&mut self, from_client: bool) -> &mut Direction {
        self.packet.state.directions.of_mut(from_client)
    }

    /// Hands new bytes of the packet to the conversation and books them. `before`: the bytes of its payload in front of
    /// them, which had been on the wire before; `cut`: those behind them that the capture did not keep.
    pub(super) fn deliver(&mut self, before: u32, data: &[u8], cut: u32) {
        let Arrival { packet, conversation } = self;
        let from_client = packet.facts.from_client;
        packet.offset = u64::from(packet.facts.payload_offset + before);
        conversation.read(from_client, data, packet);
        if cut > 0 {
            conversation.begin_unseen(packet);
            let last = packet.capture_state.owned.last().map(|last| last.exchange);
            let exchange = last.unwrap_or_else(|| packet.current());
            conversation.skip(from_client, u64::from(cut), packet);
            packet.own(exchange, Layer::Content, cut as usize);
        }
        packet.take_new_bytes(before);
    }

    /// Delivers what waited for bytes that have now come, or that will not come any more.
    pub(super) fn drain(&mut self, from_client: bool, ends: WaitEnds) {
        if !self.direction(from_client).has_waiting() && self.direction(from_client).fin.is_none() {
            return;
        }
        loop {
            let ours = self.packet.state.directions.of_mut(from_client);
            let next = ours.next;
            let Some((position, early)) = ours.ready(&mut self.packet.capture_state.waiting_budget) else { break };
            let old = next - position;
            let mut early_one = self.instead(&early.packet);
            if ends == WaitEnds::Unfilled {
                // Its reader never waited: only the capture lacks what was before it.
                early_one.packet.step = Step::of(&early.packet, early.packet.time_ns);
            }
            match early.len().checked_sub(old) {
                None | Some(0) => early_one.repeated(None),
                Some(new) => {
                    let data = early.data.get(old as usize..).unwrap_or_default();
                    early_one.deliver(old as u32, data, early.cut.min(new as u32));
                }
            }
        }
        let closing = PacketFacts::none(self.packet.record.last_ns, from_client);
        self.instead(&closing).finish();
    }

    /// Bytes of one side up to `position` are not in the capture, as is seen at a place behind them.
    pub(super) fn skip_gap(&mut self, from_client: bool, position: u64, seen_at: BytePlace) {
        let ours = self.direction(from_client);
        let count = position.saturating_sub(ours.next);
        if count == 0 {
            return;
        }
        ours.next = position;
        self.packet.counts().rare().missing_bytes += count;
        self.packet.state.partial = true;
        let gap = PacketFacts { number: seen_at.frame, ..PacketFacts::none(self.packet.record.last_ns, from_client) };
        let Arrival { mut packet, conversation } = self.instead(&gap);
        packet.offset = u64::from(seen_at.offset);
        conversation.skip(from_client, count, &mut packet);
        // A gap has no packets: whatever it opened gets its bytes from the packets to come.
        packet.capture_state.owned.clear();
    }

    /// Gives up the bytes of one side that others still wait for, as long as these begin before a position.
    pub(super) fn give_up(&mut self, from_client: bool, before: u64) {
        while let Some((first, behind)) = self.direction(from_client).first_waiting()
            && first < before
        {
            self.skip_gap(from_client, first, behind);
            self.drain(from_client, WaitEnds::Unfilled);
        }
    }

    /// Delivers the FIN of the packet's side once everything before it was.
    pub(super) fn finish(&mut self) {
        let from_client = self.packet.facts.from_client;
        let ours = self.direction(from_client);
        if ours.finished || ours.fin.is_none_or(|fin| fin.get() != ours.next) {
            return;
        }
        self.packet.offset = 0;
        self.conversation.finish(from_client, &mut self.packet);
        let exchange = self.packet.close();
        let ours = self.direction(from_client);
        ours.next += 1;
        ours.finished = true;
        let end = ours.next;
        self.packet.owns(exchange, end);
    }
}
