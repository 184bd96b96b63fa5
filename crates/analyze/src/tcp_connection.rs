//! What does one more segment mean for its connection?
//!
//! A connection finds out who the client is, counts and names its packets, and measures the handshake. Then it decides
//! which exchange each packet belongs to (`attribution`), and hands new bytes, in their order, to the conversation
//! (`delivery`).

mod attribution;
mod delivery;

use wirelab_dissect::packet::Segment;
use wirelab_dissect::tcp::size_and_scale;
use wirelab_dissect::{Sniff, websocket};

use crate::capture_state::CaptureState;
use crate::connection_record::ConnectionRecord;
use crate::connection_state::ConnectionState;
use crate::conversation::Conversation;
use crate::direction::Direction;
use crate::flow::Flow;
use crate::http::{sniff_request, sniff_response};
use crate::model::{Protocol, TcpAnalysis};
use crate::observations::Fact;
use crate::open_connections::{OpenConnection, OpenConnections, OpenPlace};
use crate::packet_facts::PacketFacts;
use crate::packet_in_hand::PacketInHand;
use crate::recorded_twice::RecordedTwice;
use crate::sides::Sides;
use crate::tcp_analysis;

/// One TCP connection.
#[derive(Clone, Debug)]
pub(crate) struct TcpConnection {
    pub record: ConnectionRecord,
    /// Whether a SYN, or its first bytes, said who the client is.
    certain: bool,
    /// Whether it has ended as TCP sees it, and waits to be put away.
    pub closing: bool,
    /// The sequence numbers of the SYNs that were seen or answered: a SYN with another one begins a new connection.
    syn: Sides<Option<u32>>,
    /// Where what is needed only while packets still come is.
    open: Option<OpenPlace>,
}

/// How a segment came: whether the flow's second endpoint sent it, and in which frame, when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Came {
    pub by_second: bool,
    pub number: u64,
    pub time_ns: u64,
}

/// A packet on its way, and the conversation that its bytes go on with.
struct Arrival<'a> {
    packet: PacketInHand<'a>,
    conversation: &'a mut Conversation,
}

impl TcpConnection {
    /// A connection of which the flow's second endpoint is the client, as long as nothing says otherwise.
    pub fn new(number: u32, flow: Flow, client_is_second: bool, time_ns: u64, open: OpenPlace) -> TcpConnection {
        TcpConnection {
            record: ConnectionRecord::new(number, flow, client_is_second, time_ns),
            certain: false,
            closing: false,
            syn: Sides::default(),
            open: Some(open),
        }
    }

    /// Whether packets are still expected.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// What was spoken.
    pub fn protocol(&self, open_connections: &OpenConnections) -> Protocol {
        match self.open.and_then(|place| open_connections.conversation(place)) {
            Some(conversation) if !conversation.is_silent() => conversation.protocol(),
            _ => self.record.protocol,
        }
    }

    /// Whether this segment begins another connection between the same endpoints: a SYN with another number, as
    /// tshark's stream numbers have it. `by_second`: the flow's second endpoint sent it.
    #[inline]
    pub fn is_reused_by(&self, segment: &Segment<'_>, by_second: bool) -> bool {
        segment.flags.syn()
            && !segment.flags.ack()
            && match self.syn.of(by_second == self.record.client_is_second) {
                Some(syn) => *syn != segment.seq,
                None => self.closing || !self.record.is_new(),
            }
    }

    /// Takes the next segment.
    #[inline(never)]
    pub fn take(
        &mut self,
        segment: &Segment<'_>,
        Came { by_second, number, time_ns }: Came,
        near: OpenPlace,
        capture_state: &mut CaptureState,
        open_connections: &mut OpenConnections,
    ) {
        let connection = self.record.closed.connection;
        let place = if open_connections.of(connection, near).is_some() { near } else { self.reopen(open_connections) };
        let Some(open) = open_connections.of(connection, place) else { return };
        self.settle_roles(segment, by_second, open);
        let from_client = by_second == self.record.client_is_second;
        let mut facts = PacketFacts::of(segment, number, time_ns, from_client);
        let [ours, theirs] = open.state.directions.both_mut(from_client);
        let analysis = tcp_analysis::analyze(&mut ours.seen, &theirs.seen, &facts, self.record.rtt_ns);
        if let Some(analysis) = analysis {
            count_analysis(analysis, &mut self.record);
            facts.note = noteworthy(analysis, &facts, &open.state);
            let (since_ns, _) = open.state.timing.since_last(&facts);
            if analysis.is_retransmission() {
                capture_state.back_offs.passes(connection, &facts, since_ns);
            }
            facts.is_again = is_again(analysis);
            if facts.is_again && RecordedTwice::is_moment(since_ns) {
                capture_state.twice.suspect();
            }
        }
        if capture_state.twice.is_looking() && capture_state.twice.has(segment, number, time_ns) {
            // It was recorded again, and not sent.
            facts.note = None;
        }
        self.record.count(&facts);
        if let Some(both_ends) = &mut capture_state.table.both_ends {
            let (client, server) = self.record.ends();
            let mss = size_and_scale(segment.options).0.filter(|_| segment.flags.syn());
            both_ends.passes(connection, [client, server], &facts, mss);
        }
        time_handshake(&facts, &mut open.state, &mut self.record);
        if segment.flags.syn() {
            synchronised(segment, from_client, &mut open.state);
        }
        if capture_state.packets.wanted() {
            let [ours, theirs] = open.state.directions.both_mut(from_client);
            let seq = relative(ours, facts.seq, facts.flags.syn());
            let ack = facts.ack().map(|ack| relative(theirs, ack, false));
            let kept = facts;
            facts.kept_at = capture_state.packets.add(self.record.closed.connection, &kept, analysis, seq, ack);
        }
        let packet = PacketInHand::new(&facts, &mut self.record, &mut open.state, capture_state);
        Arrival { packet, conversation: &mut open.conversation }.attribute(segment.payload, analysis);
        if open.state.directions.all(|one| one.finished && one.acked >= one.next) || facts.flags.rst() {
            self.closing = true;
        }
        let acked = open.state.acked();
        open.state.exchanges.settle(acked, &open.state.timing.ways, &mut self.record.closed, &mut capture_state.table);
    }

    /// Where what it needs is, if that is not where it was looked for: it goes on after its end.
    #[cold]
    fn reopen(&mut self, open_connections: &mut OpenConnections) -> OpenPlace {
        let connection = self.record.closed.connection;
        *self.open.get_or_insert_with(|| {
            let place = open_connections.add(connection);
            if let Some(open) = open_connections.of(connection, place) {
                open.state.partial = true;
            }
            place
        })
    }

    /// No more packets are expected: what is still waiting is given away, and the exchanges are closed.
    pub fn end(&mut self, capture_state: &mut CaptureState, open_connections: &mut OpenConnections) {
        let Some(place) = self.open.take() else { return };
        let Some(open) = open_connections.of(self.record.closed.connection, place) else { return };
        let OpenConnection { state, conversation, .. } = open;
        let facts = PacketFacts::none(self.record.last_ns, true);
        let packet = PacketInHand::new(&facts, &mut self.record, state, capture_state);
        let mut arrival = Arrival { packet, conversation };
        arrival.give_up(true, u64::MAX);
        arrival.give_up(false, u64::MAX);
        if !conversation.is_silent() {
            self.record.protocol = conversation.protocol();
        }
        state.exchanges.end(&state.timing.ways, &mut self.record.closed, &mut capture_state.table);
        open_connections.put_away(place);
    }

    /// Finds out who is the client, as long as nothing has said so.
    #[inline(always)]
    fn settle_roles(&mut self, segment: &Segment<'_>, by_second: bool, open: &mut OpenConnection) {
        if segment.flags.syn() {
            self.settle_by_syn(segment, by_second, open);
        } else if !self.certain && segment.payload_len > 0 {
            self.settle_by_bytes(segment.payload, by_second, open);
        }
    }

    #[inline(never)]
    fn settle_by_syn(&mut self, segment: &Segment<'_>, by_second: bool, open: &mut OpenConnection) {
        let answers = segment.flags.ack();
        if !self.certain {
            self.client_is(by_second != answers, open);
        }
        let [ours, theirs] = self.syn.both_mut(by_second == self.record.client_is_second);
        ours.get_or_insert(segment.seq);
        if answers {
            // What it answers may be recorded later: its number is known by now.
            theirs.get_or_insert(segment.ack.wrapping_sub(1));
        }
    }

    #[inline(never)]
    fn settle_by_bytes(&mut self, payload: &[u8], by_second: bool, open: &mut OpenConnection) {
        if !open.conversation.is_silent() {
            return;
        }
        if sniff_request(payload) == Sniff::Yes {
            self.client_is(by_second, open);
        } else if sniff_response(payload) == Sniff::Yes {
            self.client_is(!by_second, open);
        } else if let Some(side) = websocket::sniff_midway(payload) {
            self.client_is(by_second == (side == websocket::Side::Client), open);
        }
    }

    /// It is certain by now who the client is.
    fn client_is(&mut self, second: bool, open: &mut OpenConnection) {
        self.certain = true;
        if self.record.client_is_second != second {
            self.record.client_is_second = second;
            self.syn.swap();
            open.state.directions.swap();
            open.state.timing.swap();
        }
    }
}

/// What there is to say of a packet with such a name.
#[cold]
fn noteworthy(analysis: TcpAnalysis, packet: &PacketFacts, state: &ConnectionState) -> Option<Fact> {
    match analysis {
        TcpAnalysis::FastRetransmission => Some(Fact::ResentAsAsked),
        TcpAnalysis::SpuriousRetransmission => Some(Fact::ResentInVain),
        TcpAnalysis::Retransmission => {
            let (since_ns, round_trip_ns) = state.timing.since_last(packet);
            let is_pause = since_ns > round_trip_ns.map_or(SHORT_TIME_OUT_NS, |trip| trip + trip / 4 + 1_000_000);
            Some(if is_pause { Fact::ResentAfterPause } else { Fact::Resent })
        }
        TcpAnalysis::ZeroWindow => Some(Fact::ZeroWindow),
        _ => None,
    }
}

/// Whether a packet with such a name brings what was on the wire before, as far as can be told at once.
fn is_again(analysis: TcpAnalysis) -> bool {
    analysis.is_retransmission() || analysis == TcpAnalysis::OutOfOrder
}

#[cold]
fn count_analysis(analysis: TcpAnalysis, record: &mut ConnectionRecord) {
    match analysis {
        TcpAnalysis::OutOfOrder => record.counts.rare().out_of_order += 1,
        TcpAnalysis::DuplicateAck => record.counts.rare().duplicate_acks += 1,
        TcpAnalysis::KeepAlive => record.counts.rare().keep_alives += 1,
        TcpAnalysis::ZeroWindow => record.counts.rare().zero_windows += 1,
        _ => {}
    }
}

/// Notes what a side's SYN says of the segments and windows that it takes.
#[cold]
fn synchronised(segment: &Segment<'_>, from_client: bool, state: &mut ConnectionState) {
    let (mss, scale) = size_and_scale(segment.options);
    state.timing.synchronised(from_client, mss, scale);
}

/// Measures the round trip of the handshake: from the SYN to the ACK of the SYN-ACK.
#[inline(always)]
fn time_handshake(packet: &PacketFacts, state: &mut ConnectionState, record: &mut ConnectionRecord) {
    match (packet.flags.syn(), packet.flags.ack()) {
        (true, false) => state.syn_ns = Some(packet.time_ns),
        (false, true) if packet.from_client && record.rtt_ns.is_none() => {
            if let Some(syn_ns) = state.syn_ns.take() {
                record.rtt_ns = Some(packet.time_ns.saturating_sub(syn_ns));
            }
        }
        _ => {}
    }
}

/// A sequence number counted from the connection's first, as Wireshark shows it.
fn relative(direction: &Direction, seq: u32, syn: bool) -> u64 {
    if direction.is_known() { u64::try_from(direction.position(seq)).unwrap_or(0) } else { u64::from(!syn) }
}

/// The shortest time-out in use, Linux's, where nothing is known of the round trip.
const SHORT_TIME_OUT_NS: u64 = 200_000_000;
