//! What does one more segment mean for its connection?
//!
//! A connection puts the segments of both directions in order, hands new bytes to the conversation, and tells the
//! ledger which exchange each packet belongs to. The rules are those of the project's definitions:
//!
//! - a packet with payload belongs to the exchange that owns its first new byte; where it carries bytes of several,
//!   each is given its own bytes, and the first the packet and its headers;
//! - a packet without payload belongs to the exchange that owns the last byte it newly acknowledges (a SYN and a FIN
//!   count as bytes), or, where it acknowledges nothing new, to the exchange in progress.

use std::num::NonZeroU64;

use wirelab_dissect::Sniff;
use wirelab_dissect::packet::{Endpoint, Segment};

use crate::book::{Book, label};
use crate::context::{Context, Counts, Inflaters, Owned, Problems, Visitors};
use crate::conversation::Conversation;
use crate::direction::{Direction, Waiting};
use crate::flow::Flow;
use crate::http::{sniff_request, sniff_response};
use crate::ledger::{Account, Closed, ExId, Ledger, Nature, PacketMeta};
use crate::model::{Part, Protocol, Span, Tally};
use crate::naming::{self, Facts, Name};
use crate::packets::Packets;
use crate::request_labels::RequestLabels;

/// One TCP connection.
///
/// There is one of these for each connection of the capture, closed ones too: it is kept small.
#[derive(Debug)]
pub(crate) struct Connection {
    pub flow: Flow,
    /// Its number, and what its closed exchanges come to.
    account: Account,
    /// Whether the flow's second endpoint sent the first packet. Below, endpoint 0 is the one that did.
    swapped: bool,
    /// Which of them is the client.
    client: u8,
    /// Whether a SYN said so.
    certain: bool,
    /// Whether it has ended as TCP sees it, and waits to be put away.
    pub closing: bool,
    /// Which of them have sent a SYN, as bits, and the sequence numbers of these: a new one on the same endpoints is a
    /// new connection.
    has_syn: u8,
    syn: [u32; 2],
    pub first_ns: u64,
    pub last_ns: u64,
    pub rtt_ns: Option<u64>,
    totals: Totals,
    pub counts: Counts,
    protocol: Protocol,
    /// What is needed only while packets still come.
    live: Option<Box<Live>>,
}

/// Counted as packets come; the parts of the app bytes are summed up from the exchanges.
#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    packets: u64,
    app_packets: u64,
    lower: u64,
    tcp: u64,
    app: u64,
}

/// What a connection remembers while packets still come.
#[derive(Debug, Default)]
pub(crate) struct Live {
    directions: [Direction; 2],
    ledger: Ledger,
    conversation: Conversation,
    setup: Option<ExId>,
    syn_ns: Option<u64>,
    /// Whether its beginning was not captured, or bytes are missing from it.
    partial: bool,
}

impl Live {
    /// As new, with the room that it has.
    fn clear(&mut self) {
        let [a, b] = &mut self.directions;
        a.clear();
        b.clear();
        self.ledger.clear();
        self.conversation = Conversation::Silent;
        self.setup = None;
        self.syn_ns = None;
        self.partial = false;
    }
}

/// What all connections of a capture share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub book: Book,
    pub problems: Problems,
    pub visitors: Visitors,
    pub packets: Packets,
    /// Bytes that segments which came early may still take up, over all connections.
    pub waiting_budget: usize,
    pub owned: Vec<Owned>,
    pub request_labels: RequestLabels,
    pub inflaters: Inflaters,
    /// How many connections have a [`Live`].
    pub live: usize,
    /// Those of connections that have ended, for the next ones.
    #[expect(clippy::vec_box, reason = "the box is what is used again")]
    pub spare: Vec<Box<Live>>,
}

impl Shared {
    fn live(&mut self) -> Box<Live> {
        self.live += 1;
        self.spare.pop().unwrap_or_default()
    }

    fn put_away(&mut self, mut live: Box<Live>) {
        self.live -= 1;
        if self.spare.len() < MOST_SPARE && live.ledger.is_small() {
            live.clear();
            self.spare.push(live);
        }
    }
}

impl Connection {
    pub fn new(
        index: u32,
        flow: Flow,
        swapped: bool,
        from_lower: bool,
        time_ns: u64,
        shared: &mut Shared,
    ) -> Connection {
        // Until a SYN or the first bytes say otherwise: the lower port serves.
        let client = u8::from(from_lower);
        Connection {
            flow,
            account: Account { connection: index, closed: Closed::default() },
            swapped,
            client,
            certain: false,
            closing: false,
            has_syn: 0,
            syn: [0; 2],
            first_ns: time_ns,
            last_ns: time_ns,
            rtt_ns: None,
            totals: Totals::default(),
            counts: Counts::default(),
            protocol: Protocol::None,
            live: Some(shared.live()),
        }
    }

    /// The client's endpoint and the server's.
    pub fn ends(&self) -> (Endpoint, Endpoint) {
        let [a, b] = self.flow.endpoints();
        if self.swapped == (self.client == 0) { (b, a) } else { (a, b) }
    }

    /// Which endpoint sent a packet: 0 is the one that sent the first. `swapped`: the flow's second endpoint sent it.
    #[inline]
    fn sender(&self, swapped: bool) -> usize {
        usize::from(swapped != self.swapped)
    }

    /// The sequence number of an endpoint's SYN.
    fn syn_of(&self, endpoint: usize) -> Option<u32> {
        self.syn.get(endpoint).copied().filter(|_| self.has_syn & 1 << endpoint != 0)
    }

    /// Its packets and bytes.
    pub fn tally(&self) -> Tally {
        let Totals { packets, app_packets, lower, tcp, app } = self.totals;
        let Closed { parts, useful, repeated_packets } = self.account.closed;
        // Packets and bytes were counted as they came; what the bytes are, and which were repeated, the exchanges know.
        Tally {
            total_packets: packets,
            app_packets,
            frame_bytes: lower + tcp + app,
            lower_bytes: lower,
            tcp_bytes: tcp,
            app_bytes: app,
            useful_bytes: useful,
            retransmitted_packets: repeated_packets,
            ..parts.tally()
        }
    }

    /// Whether packets are still expected.
    pub fn is_live(&self) -> bool {
        self.live.is_some()
    }

    /// What was spoken.
    pub fn protocol(&self) -> Protocol {
        match &self.live {
            Some(live) if !live.conversation.is_silent() => live.conversation.protocol(),
            _ => self.protocol,
        }
    }

    /// Whether this segment begins another connection between the same endpoints: a SYN with another number, as
    /// tshark's stream numbers have it.
    #[inline]
    pub fn is_reused_by(&self, segment: &Segment<'_>, swapped: bool) -> bool {
        segment.flags.syn()
            && !segment.flags.ack()
            && match self.syn_of(self.sender(swapped)) {
                Some(syn) => syn != segment.seq,
                None => self.closing || self.totals.packets > 0,
            }
    }

    /// Takes the next segment. Gives whether the connection has ended as TCP sees it.
    #[inline(always)]
    pub fn take(&mut self, segment: &Segment<'_>, swapped: bool, number: u64, time_ns: u64, shared: &mut Shared) {
        let from = self.sender(swapped);
        self.settle_roles(segment, from);
        let from_client = from == usize::from(self.client);
        self.last_ns = self.last_ns.max(time_ns);
        let mut live = self.live.take().unwrap_or_else(|| {
            let mut live = shared.live();
            live.partial = true;
            live
        });
        let name = self.name(segment, from, time_ns, &mut live);
        let mut meta = PacketMeta {
            number,
            time_ns,
            lower: segment.lower_len,
            tcp: segment.header_len,
            app: segment.payload_len,
            from_client,
            record: 0,
        };
        self.count(&meta);
        self.time_handshake(segment, from_client, time_ns, &mut live);
        if shared.packets.wanted() {
            let [ours, theirs] = both(&mut live.directions, from);
            let seq = relative(ours, segment.seq, segment.flags.syn());
            let ack = segment.flags.ack().then(|| relative(theirs, segment.ack, false));
            let kept = *segment;
            meta.record = shared.packets.add(self.account.connection, &kept, &meta, name.map(Name::text), seq, ack);
        }
        self.place(segment, from, &meta, name, &mut live, shared);
        if live.directions.iter().all(|one| one.finished && one.acked >= one.next) || segment.flags.rst() {
            self.closing = true;
        }
        live.ledger.settle(&mut self.account, &mut shared.book);
        self.live = Some(live);
    }

    /// No more packets are expected: what is still waiting is given away, and the exchanges are closed.
    pub fn end(&mut self, shared: &mut Shared) {
        let Some(mut live) = self.live.take() else { return };
        for from in 0..2 {
            while let Some(first) = live.directions.get(from).and_then(Direction::first_waiting) {
                self.skip_gap(from, first, &mut live, shared);
                self.drain(from, &mut live, shared);
            }
        }
        if !live.conversation.is_silent() {
            self.protocol = live.conversation.protocol();
        }
        live.ledger.end(&mut self.account, &mut shared.book);
        shared.put_away(live);
    }

    /// Finds out who is the client, as long as nothing has said so.
    #[inline(always)]
    fn settle_roles(&mut self, segment: &Segment<'_>, from: usize) {
        if segment.flags.syn() {
            self.settle_by_syn(segment.seq, segment.flags.ack(), from);
        } else if !self.certain && segment.payload_len > 0 {
            self.settle_by_bytes(segment.payload, from);
        }
    }

    #[inline(never)]
    fn settle_by_syn(&mut self, seq: u32, answers: bool, from: usize) {
        if self.syn_of(from).is_none()
            && let Some(syn) = self.syn.get_mut(from)
        {
            *syn = seq;
            self.has_syn |= 1 << from;
        }
        if !self.certain {
            self.client = if answers { 1 - from } else { from } as u8;
            self.certain = true;
        }
    }

    #[inline(never)]
    fn settle_by_bytes(&mut self, payload: &[u8], from: usize) {
        if !self.live.as_ref().is_some_and(|live| live.conversation.is_silent()) {
            return;
        }
        if sniff_request(payload) == Sniff::Yes {
            self.client = from as u8;
            self.certain = true;
        } else if sniff_response(payload) == Sniff::Yes {
            self.client = (1 - from) as u8;
            self.certain = true;
        }
    }

    /// Finds Wireshark's name for the packet, and counts the names.
    #[inline(always)]
    fn name(&mut self, segment: &Segment<'_>, from: usize, time_ns: u64, live: &mut Live) -> Option<Name> {
        let flags = segment.flags;
        let facts = Facts {
            time_ns,
            seq: segment.seq,
            ack: flags.ack().then_some(segment.ack),
            len: segment.payload_len,
            window: segment.window,
            syn: flags.syn(),
            fin: flags.fin(),
            rst: flags.rst(),
            rtt_ns: self.rtt_ns.unwrap_or(0),
        };
        let [ours, theirs] = both(&mut live.directions, from);
        let name = naming::name(&mut ours.seen, &theirs.seen, &facts)?;
        self.count_name(name);
        Some(name)
    }

    #[cold]
    fn count_name(&mut self, name: Name) {
        match name {
            Name::OutOfOrder => self.counts.rare().out_of_order += 1,
            Name::DuplicateAck => self.counts.rare().duplicate_acks += 1,
            Name::KeepAlive | Name::KeepAliveAck => self.counts.rare().keep_alives += 1,
            Name::ZeroWindow => self.counts.rare().zero_windows += 1,
            _ => {}
        }
    }

    #[inline]
    fn count(&mut self, meta: &PacketMeta) {
        let totals = &mut self.totals;
        totals.packets += 1;
        totals.app_packets += u64::from(meta.app > 0);
        totals.lower += u64::from(meta.lower);
        totals.tcp += u64::from(meta.tcp);
        totals.app += u64::from(meta.app);
    }

    /// Measures the round trip of the handshake: from the SYN to the ACK of the SYN-ACK.
    #[inline(always)]
    fn time_handshake(&mut self, segment: &Segment<'_>, from_client: bool, time_ns: u64, live: &mut Live) {
        let flags = segment.flags;
        match (flags.syn(), flags.ack()) {
            (true, false) => live.syn_ns = Some(time_ns),
            (false, true) if from_client && self.rtt_ns.is_none() => {
                if let Some(syn_ns) = live.syn_ns.take() {
                    self.rtt_ns = Some(time_ns.saturating_sub(syn_ns));
                }
            }
            _ => {}
        }
    }

    /// Decides which exchange the packet belongs to.
    #[inline(always)]
    fn place(
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
            && let Some(first) = theirs.first_waiting()
            && first <= theirs.acked
        {
            self.skip_gap(1 - from, first, live, shared);
            self.drain(1 - from, live, shared);
        }
        // Whoever speaks on after acknowledging bytes that are not in the capture has them: they will not come any more.
        let [_, theirs] = both(&mut live.directions, from);
        if segment.payload_len > 0 && theirs.is_known() && !theirs.has_waiting() && theirs.acked > theirs.next {
            let end = theirs.fin.map_or(theirs.acked, |fin| theirs.acked.min(fin.get()));
            self.skip_gap(1 - from, end, live, shared);
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
                while let Some(first) = live.directions.get(from).and_then(Direction::first_waiting) {
                    if first >= position {
                        break;
                    }
                    self.skip_gap(from, first, live, shared);
                    self.drain(from, live, shared);
                }
                let next = live.directions.get(from).map_or(0, |ours| ours.next);
                if next > position {
                    return self.payload(segment, from, start, meta, live, shared);
                }
            }
            self.skip_gap(from, position, live, shared);
            self.deliver_late(from, 0, segment.payload, cut, meta, live, shared);
        } else {
            let old = (next - start) as usize;
            let new = segment.payload.get(old..).unwrap_or_default();
            let cut = cut.min((start + len - next) as u32);
            self.deliver_late(from, old as u32, new, cut, meta, live, shared);
        }
        self.drain(from, live, shared);
    }

    /// A packet whose bytes have all been on the wire before.
    fn repeated(&mut self, owner: Option<ExId>, meta: &PacketMeta, live: &mut Live, shared: &mut Shared) {
        let current = live.ledger.current(meta, &mut self.account, &mut shared.book);
        let exchange = owner.map_or(current, |owner| live.ledger.clamp(owner));
        self.give_packet(exchange, meta, !meta.from_client, live, shared);
        self.give_repeated(exchange, meta, u64::from(meta.app), live, shared);
        self.note_repeated(exchange, meta, live);
    }

    /// Delivers what waited for bytes that have now come.
    fn drain(&mut self, from: usize, live: &mut Live, shared: &mut Shared) {
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
            self.deliver_late(from, old as u32 + segment.repeated, new, cut, &segment.meta, live, shared);
        }
        if let Some(meta) = live.directions.get(from).and_then(|ours| ours.fin).map(|_| PacketMeta {
            time_ns: self.last_ns,
            from_client: from == usize::from(self.client),
            ..PacketMeta::default()
        }) {
            self.finish(from, &meta, live, shared);
        }
    }

    /// Bytes up to `position` are not in the capture.
    fn skip_gap(&mut self, from: usize, position: u64, live: &mut Live, shared: &mut Shared) {
        let Some(ours) = live.directions.get_mut(from) else { return };
        let count = position.saturating_sub(ours.next);
        if count == 0 {
            return;
        }
        ours.next = position;
        self.counts.rare().missing_bytes += count;
        live.partial = true;
        let meta = PacketMeta {
            number: 0,
            time_ns: self.last_ns,
            from_client: from == usize::from(self.client),
            ..PacketMeta::default()
        };
        self.converse(&meta, 0, live, shared, |conversation, from_client, cx| {
            conversation.skip(from_client, count, cx);
        });
        // A gap has no packets: whatever it opened gets its bytes from the packets to come.
        shared.owned.clear();
        live.ledger.unbooked = false;
    }

    /// Hands new bytes to the conversation and books them, where that did not happen at once.
    #[inline(never)]
    #[expect(clippy::too_many_arguments, reason = "one packet, seen from all sides")]
    fn deliver_late(
        &mut self,
        from: usize,
        repeated: u32,
        data: &[u8],
        cut: u32,
        meta: &PacketMeta,
        live: &mut Live,
        shared: &mut Shared,
    ) {
        self.deliver(from, repeated, data, cut, meta, live, shared);
    }

    /// Hands new bytes to the conversation and books them.
    #[inline]
    #[expect(clippy::too_many_arguments, reason = "one packet, seen from all sides")]
    fn deliver(
        &mut self,
        from: usize,
        repeated: u32,
        data: &[u8],
        cut: u32,
        meta: &PacketMeta,
        live: &mut Live,
        shared: &mut Shared,
    ) {
        let offset = shared.packets.payload_offset(meta) + u64::from(repeated);
        self.converse(meta, offset, live, shared, |conversation, from_client, cx| {
            conversation.read(from_client, data, cx);
            if cut > 0 {
                let last = cx.owned.last().map(|last| last.exchange);
                let exchange = last.unwrap_or_else(|| cx.current());
                conversation.skip(from_client, u64::from(cut), cx);
                cx.own(exchange, Part::Content, cut as usize);
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
            for &Owned { part, len, .. } in run {
                open.bytes(part, u64::from(len), meta.from_client);
                shared.packets.span(meta, Span { part, len });
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
        let mut info = shared.packets.take_info(meta);
        let mut cx = Context {
            book: &mut shared.book,
            ledger: &mut live.ledger,
            counts: &mut self.counts,
            problems: &mut shared.problems,
            visitors: &mut shared.visitors,
            owned: &mut shared.owned,
            request_labels: &mut shared.request_labels,
            inflaters: &shared.inflaters,
            info: info.as_mut(),
            meta,
            account: &mut self.account,
            flow: &self.flow,
            client_is_second: self.swapped == (self.client == 0),
            offset,
            partial: live.partial,
            adopt: None,
        };
        read(&mut live.conversation, meta.from_client, &mut cx);
        shared.packets.put_info(meta, info);
    }

    /// Delivers the FIN once everything before it was.
    fn finish(&mut self, from: usize, meta: &PacketMeta, live: &mut Live, shared: &mut Shared) {
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

    #[inline]
    fn give_packet(&self, exchange: ExId, meta: &PacketMeta, push: bool, live: &mut Live, shared: &mut Shared) {
        if let Some(open) = live.ledger.get(exchange) {
            open.packet(meta, push);
            shared.packets.belongs(meta, exchange, open.order);
        }
    }

    fn give_repeated(&self, exchange: ExId, meta: &PacketMeta, len: u64, live: &mut Live, shared: &mut Shared) {
        if len > 0 {
            live.ledger.repeated_bytes(exchange, len, meta);
            shared.packets.span(meta, Span { part: Part::Retransmitted, len: len as u32 });
        }
    }

    fn note_repeated(&self, exchange: ExId, meta: &PacketMeta, live: &mut Live) {
        live.ledger.repeated(exchange, meta.from_client);
    }
}

/// The direction of a packet, and the other one.
fn both(directions: &mut [Direction; 2], from: usize) -> [&mut Direction; 2] {
    let [a, b] = directions;
    if from == 0 { [a, b] } else { [b, a] }
}

/// A sequence number counted from the connection's first, as Wireshark shows it.
fn relative(direction: &Direction, seq: u32, syn: bool) -> u64 {
    if direction.is_known() { u64::try_from(direction.position(seq)).unwrap_or(0) } else { u64::from(!syn) }
}

/// How many [`Live`] are kept for the next connections.
const MOST_SPARE: usize = 256;
