//! What does one more segment mean for its connection?
//!
//! A connection finds out who the client is, counts and names its packets, and measures the handshake. Then it decides
//! which exchange each packet belongs to (`placing`), and hands new bytes, in their order, to the conversation
//! (`delivery`).

mod delivery;
mod placing;

use wirelab_dissect::Sniff;
use wirelab_dissect::packet::{Endpoint, Segment};

use crate::book::Book;
use crate::context::{Counts, Inflaters, Owned, Problems, Visitors};
use crate::conversation::Conversation;
use crate::direction::Direction;
use crate::flow::Flow;
use crate::http::{sniff_request, sniff_response};
use crate::ledger::{Account, Closed, ExId, Ledger, PacketMeta};
use crate::model::TcpAnalysis as Name;
use crate::model::{Protocol, Tally};
use crate::naming::{self, Facts};
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
    /// Of which of them the SYN was seen or answered, as bits, and the sequence numbers of these: a SYN with another
    /// one begins a new connection.
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

/// Counted as packets come; what the bytes are is summed up from the exchanges.
#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    packets: u64,
    app_packets: u64,
    frame: u64,
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
        let Totals { packets, app_packets, frame, app } = self.totals;
        let Closed { layers, useful, repeated_packets } = self.account.closed;
        // Packets and bytes were counted as they came; what the bytes are, and which were repeated, the exchanges know.
        Tally {
            total_packets: packets,
            app_packets,
            frame_bytes: frame,
            app_bytes: app,
            layers,
            useful_bytes: useful,
            retransmitted_packets: repeated_packets,
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

    /// Takes the next segment.
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
            payload_offset: segment.payload_offset,
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
            meta.record = shared.packets.add(self.account.connection, &kept, &meta, name, seq, ack);
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
            while let Some((first, behind)) = live.directions.get(from).and_then(Direction::first_waiting) {
                self.skip_gap(from, first, behind, &mut live, shared);
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
            self.settle_by_syn(segment.seq, segment.flags.ack().then_some(segment.ack), from);
        } else if !self.certain && segment.payload_len > 0 {
            self.settle_by_bytes(segment.payload, from);
        }
    }

    #[inline(never)]
    fn settle_by_syn(&mut self, seq: u32, answers: Option<u32>, from: usize) {
        self.note_syn(from, seq);
        if let Some(ack) = answers {
            // What it answers may be recorded later: its number is known by now.
            self.note_syn(1 - from, ack.wrapping_sub(1));
        }
        if !self.certain {
            self.client = if answers.is_some() { 1 - from } else { from } as u8;
            self.certain = true;
        }
    }

    /// Notes the sequence number of an endpoint's SYN, if it is the first.
    fn note_syn(&mut self, endpoint: usize, seq: u32) {
        if self.syn_of(endpoint).is_none()
            && let Some(syn) = self.syn.get_mut(endpoint)
        {
            *syn = seq;
            self.has_syn |= 1 << endpoint;
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
        totals.frame += u64::from(meta.lower) + u64::from(meta.tcp) + u64::from(meta.app);
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
