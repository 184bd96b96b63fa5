//! What do new bytes say, and whose are they?
//!
//! Bytes come here in their order: at once, when a gap before them is filled, or when it is given up.

use super::{Connection, Live, Shared, both};
use crate::context::{Context, Owned};
use crate::conversation::Conversation;
use crate::ledger::{PacketMeta, Place};
use crate::model::{Layer, Span};

impl Connection {
    /// Delivers what waited for bytes that have now come.
    pub(super) fn drain(&mut self, from: usize, live: &mut Live, shared: &mut Shared) {
        while let Some((position, segment)) =
            live.directions.get_mut(from).and_then(|ours| ours.ready(&mut shared.waiting_budget))
        {
            let next = live.directions.get(from).map_or(0, |ours| ours.next);
            let old = (next - position) as usize;
            let len = segment.data.len() + segment.cut as usize;
            if old >= len {
                self.repeated(None, &segment.meta, live, shared);
                continue;
            }
            let new = segment.data.get(old..).unwrap_or_default();
            let cut = segment.cut.min((len - old) as u32);
            self.deliver(from, old as u32 + segment.repeated, new, cut, &segment.meta, live, shared);
        }
        if let Some(meta) = live.directions.get(from).and_then(|ours| ours.fin).map(|_| PacketMeta {
            time_ns: self.last_ns,
            from_client: from == usize::from(self.client),
            ..PacketMeta::default()
        }) {
            self.finish(from, &meta, live, shared);
        }
    }

    /// Bytes up to `position` are not in the capture, as is seen at a place behind them.
    pub(super) fn skip_gap(
        &mut self,
        from: usize,
        position: u64,
        shown_at: Place,
        live: &mut Live,
        shared: &mut Shared,
    ) {
        let Some(ours) = live.directions.get_mut(from) else { return };
        let count = position.saturating_sub(ours.next);
        if count == 0 {
            return;
        }
        ours.next = position;
        self.counts.rare().missing_bytes += count;
        live.partial = true;
        let meta = PacketMeta {
            number: shown_at.frame,
            time_ns: self.last_ns,
            from_client: from == usize::from(self.client),
            ..PacketMeta::default()
        };
        self.converse(&meta, shown_at.offset.into(), live, shared, |conversation, from_client, cx| {
            conversation.skip(from_client, count, cx);
        });
        // A gap has no packets: whatever it opened gets its bytes from the packets to come.
        shared.owned.clear();
        live.ledger.unbooked = false;
    }

    /// Hands new bytes to the conversation and books them.
    #[expect(clippy::too_many_arguments, reason = "one packet, seen from all sides")]
    pub(super) fn deliver(
        &mut self,
        from: usize,
        repeated: u32,
        data: &[u8],
        cut: u32,
        meta: &PacketMeta,
        live: &mut Live,
        shared: &mut Shared,
    ) {
        let offset = u64::from(meta.payload_offset + repeated);
        self.converse(meta, offset, live, shared, |conversation, from_client, cx| {
            conversation.read(from_client, data, cx);
            if cut > 0 {
                let last = cx.owned.last().map(|last| last.exchange);
                let exchange = last.unwrap_or_else(|| cx.current());
                conversation.skip(from_client, u64::from(cut), cx);
                cx.own(exchange, Layer::Content, cut as usize);
            }
        });
        if shared.owned.is_empty() || repeated > 0 {
            self.give_first(repeated, meta, live, shared);
        }
        // The packet itself goes to the owner of its first new byte, unless it was given away above.
        let mut first = repeated == 0;
        let [ours, _] = both(&mut live.directions, from);
        for run in shared.owned.chunk_by(|a, b| a.exchange == b.exchange) {
            let exchange = live.ledger.clamp(run.first().map_or(0, |owned| owned.exchange));
            ours.next += run.iter().map(|owned| u64::from(owned.len)).sum::<u64>();
            ours.own(ours.next, exchange);
            let Some(open) = live.ledger.get(exchange) else { continue };
            if first {
                first = false;
                open.packet(meta, !meta.from_client);
                shared.packets.belongs(meta, exchange, open.order);
            }
            open.new_bytes_at(meta);
            open.owns(meta.from_client, ours.next);
            for &Owned { layer, len, .. } in run {
                open.bytes(layer, u64::from(len), meta.from_client);
                shared.packets.span(meta, Span { layer, len });
            }
        }
        live.ledger.unbooked = false;
    }

    /// Gives a packet to the owner of its first new byte, with the bytes before it, or to the exchange in progress where
    /// nobody owns a byte of it.
    #[cold]
    fn give_first(&mut self, repeated: u32, meta: &PacketMeta, live: &mut Live, shared: &mut Shared) {
        let first = match shared.owned.first() {
            Some(first) => live.ledger.clamp(first.exchange),
            None => live.ledger.current(meta, &mut self.account, &mut shared.book),
        };
        self.give_packet(first, meta, !meta.from_client, live, shared);
        self.give_repeated(first, meta, u64::from(repeated), live, shared);
    }

    /// Lets the conversation read, in the surroundings of one packet.
    #[inline]
    fn converse(
        &mut self,
        meta: &PacketMeta,
        offset: u64,
        live: &mut Live,
        shared: &mut Shared,
        read: impl FnOnce(&mut Conversation, bool, &mut Context<'_>),
    ) {
        shared.owned.clear();
        let mut words = shared.packets.take_words(meta);
        let mut cx = Context {
            book: &mut shared.book,
            ledger: &mut live.ledger,
            counts: &mut self.counts,
            problems: &mut shared.problems,
            visitors: &mut shared.visitors,
            owned: &mut shared.owned,
            request_labels: &mut shared.request_labels,
            inflaters: &shared.inflaters,
            words: words.as_mut(),
            meta,
            account: &mut self.account,
            flow: &self.flow,
            client_is_second: self.swapped == (self.client == 0),
            offset,
            partial: live.partial,
            adopt: None,
        };
        read(&mut live.conversation, meta.from_client, &mut cx);
        shared.packets.put_words(meta, words);
    }

    /// Delivers the FIN once everything before it was.
    pub(super) fn finish(&mut self, from: usize, meta: &PacketMeta, live: &mut Live, shared: &mut Shared) {
        let due = live
            .directions
            .get(from)
            .is_some_and(|ours| !ours.finished && ours.fin.is_some_and(|fin| fin.get() == ours.next));
        if !due {
            return;
        }
        self.converse(meta, 0, live, shared, |conversation, from_client, cx| conversation.finish(from_client, cx));
        let exchange = live.ledger.close(meta, &mut self.account, &mut shared.book);
        if let Some(ours) = live.directions.get_mut(from) {
            ours.next += 1;
            ours.finished = true;
            ours.own(ours.next, exchange);
            live.ledger.owns(exchange, meta.from_client, ours.next);
        }
    }
}
