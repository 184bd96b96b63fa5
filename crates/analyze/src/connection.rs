//! What does one more segment mean for its connection?
//!
//! A connection finds out who the client is, counts and names its packets, and measures the handshake. Then it decides
//! which exchange each packet belongs to (`placing`), and hands new bytes, in their order, to the conversation
//! (`delivery`).

mod delivery;
mod placing;

use wirelab_dissect::Sniff;
use wirelab_dissect::packet::Segment;

use crate::conversation::Conversation;
use crate::direction::Direction;
use crate::flow::Flow;
use crate::http::{sniff_request, sniff_response};
use crate::in_hand::PacketInHand;
use crate::model::{Protocol, TcpAnalysis};
use crate::naming;
use crate::packet_facts::PacketFacts;
use crate::record::Record;
use crate::shared::Shared;
use crate::sides::Sides;
use crate::state::State;

/// One TCP connection.
#[derive(Debug)]
pub(crate) struct Connection {
    pub record: Record,
    /// Whether a SYN, or its first bytes, said who the client is.
    certain: bool,
    /// Whether it has ended as TCP sees it, and waits to be put away.
    pub closing: bool,
    /// The sequence numbers of the SYNs that were seen or answered: a SYN with another one begins a new connection.
    syn: Sides<Option<u32>>,
    /// What is needed only while packets still come.
    live: Option<Box<Live>>,
}

/// What a connection needs while packets still come.
#[derive(Debug, Default)]
struct Live {
    state: State,
    conversation: Conversation,
}

/// What connections need while their packets come: made for them, and kept for the next ones when they end.
#[derive(Debug, Default)]
pub(crate) struct Lives {
    /// How many connections have one.
    pub count: usize,
    #[expect(clippy::vec_box, reason = "the box is what is used again")]
    spare: Vec<Box<Live>>,
}

impl Lives {
    fn one(&mut self) -> Box<Live> {
        self.count += 1;
        self.spare.pop().unwrap_or_default()
    }

    fn put_away(&mut self, mut live: Box<Live>) {
        self.count -= 1;
        if self.spare.len() < MOST_SPARE && live.state.ledger.is_small() {
            live.state.clear();
            live.conversation = Conversation::default();
            self.spare.push(live);
        }
    }
}

/// A packet on its way, and the conversation that its bytes go on with.
struct Arrival<'a> {
    packet: PacketInHand<'a>,
    conversation: &'a mut Conversation,
}

impl Connection {
    /// A connection of which the flow's second endpoint is the client, as long as nothing says otherwise.
    pub fn new(number: u32, flow: Flow, client_is_second: bool, time_ns: u64, lives: &mut Lives) -> Connection {
        Connection {
            record: Record::new(number, flow, client_is_second, time_ns),
            certain: false,
            closing: false,
            syn: Sides::default(),
            live: Some(lives.one()),
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
    #[inline(always)]
    pub fn take(
        &mut self,
        segment: &Segment<'_>,
        by_second: bool,
        number: u64,
        time_ns: u64,
        shared: &mut Shared,
        lives: &mut Lives,
    ) {
        self.settle_roles(segment, by_second);
        let from_client = by_second == self.record.client_is_second;
        let live = self.live.get_or_insert_with(|| {
            // It goes on after its end.
            let mut live = lives.one();
            live.state.partial = true;
            live
        });
        let mut facts = PacketFacts::of(segment, number, time_ns, from_client);
        let [ours, theirs] = live.state.directions.both_mut(from_client);
        let name = naming::name(&mut ours.seen, &theirs.seen, &facts, self.record.rtt_ns);
        if let Some(name) = name {
            count_name(name, &mut self.record);
        }
        self.record.count(&facts);
        time_handshake(&facts, &mut live.state, &mut self.record);
        if shared.packets.wanted() {
            let [ours, theirs] = live.state.directions.both_mut(from_client);
            let seq = relative(ours, facts.seq, facts.flags.syn());
            let ack = facts.ack().map(|ack| relative(theirs, ack, false));
            let kept = facts;
            facts.record = shared.packets.add(self.record.account.connection, &kept, name, seq, ack);
        }
        let packet = PacketInHand::new(&facts, &mut self.record, &mut live.state, shared);
        Arrival { packet, conversation: &mut live.conversation }.place(segment.payload, name);
        if live.state.directions.all(|one| one.finished && one.acked >= one.next) || facts.flags.rst() {
            self.closing = true;
        }
        let acked = live.state.acked();
        live.state.ledger.settle(acked, &mut self.record.account, &mut shared.book);
    }

    /// No more packets are expected: what is still waiting is given away, and the exchanges are closed.
    pub fn end(&mut self, shared: &mut Shared, lives: &mut Lives) {
        let Some(mut live) = self.live.take() else { return };
        let Live { state, conversation } = &mut *live;
        let facts = PacketFacts::none(self.record.last_ns, true);
        let packet = PacketInHand::new(&facts, &mut self.record, state, shared);
        let mut arrival = Arrival { packet, conversation };
        arrival.give_up(true, u64::MAX);
        arrival.give_up(false, u64::MAX);
        if !live.conversation.is_silent() {
            self.record.protocol = live.conversation.protocol();
        }
        live.state.ledger.end(&mut self.record.account, &mut shared.book);
        lives.put_away(live);
    }

    /// Finds out who is the client, as long as nothing has said so.
    #[inline(always)]
    fn settle_roles(&mut self, segment: &Segment<'_>, by_second: bool) {
        if segment.flags.syn() {
            self.settle_by_syn(segment, by_second);
        } else if !self.certain && segment.payload_len > 0 {
            self.settle_by_bytes(segment.payload, by_second);
        }
    }

    #[inline(never)]
    fn settle_by_syn(&mut self, segment: &Segment<'_>, by_second: bool) {
        let answers = segment.flags.ack();
        if !self.certain {
            self.client_is(by_second != answers);
        }
        let [ours, theirs] = self.syn.both_mut(by_second == self.record.client_is_second);
        ours.get_or_insert(segment.seq);
        if answers {
            // What it answers may be recorded later: its number is known by now.
            theirs.get_or_insert(segment.ack.wrapping_sub(1));
        }
    }

    #[inline(never)]
    fn settle_by_bytes(&mut self, payload: &[u8], by_second: bool) {
        if !self.live.as_ref().is_some_and(|live| live.conversation.is_silent()) {
            return;
        }
        if sniff_request(payload) == Sniff::Yes {
            self.client_is(by_second);
        } else if sniff_response(payload) == Sniff::Yes {
            self.client_is(!by_second);
        }
    }

    /// It is certain by now who the client is.
    fn client_is(&mut self, second: bool) {
        self.certain = true;
        if self.record.client_is_second != second {
            self.record.client_is_second = second;
            self.syn.swap();
            if let Some(live) = &mut self.live {
                live.state.directions.swap();
            }
        }
    }
}

#[cold]
fn count_name(name: TcpAnalysis, record: &mut Record) {
    match name {
        TcpAnalysis::OutOfOrder => record.counts.rare().out_of_order += 1,
        TcpAnalysis::DuplicateAck => record.counts.rare().duplicate_acks += 1,
        TcpAnalysis::KeepAlive | TcpAnalysis::KeepAliveAck => record.counts.rare().keep_alives += 1,
        TcpAnalysis::ZeroWindow => record.counts.rare().zero_windows += 1,
        _ => {}
    }
}

/// Measures the round trip of the handshake: from the SYN to the ACK of the SYN-ACK.
#[inline(always)]
fn time_handshake(packet: &PacketFacts, state: &mut State, record: &mut Record) {
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

/// How many [`Live`] are kept for the next connections.
const MOST_SPARE: usize = 256;
