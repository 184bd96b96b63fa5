//! What is known of an exchange while packets may still belong to it?

use crate::labels::LabelId;
use crate::model::{Costs, Layer, Time};
use crate::observations::{Case, Event, Fact, Happened, Room};
use crate::packet_facts::PacketFacts;
use crate::sides::Sides;
use crate::timing::{Noteworthy, Step, Stopwatch, Ways};

/// An exchange of one connection: counted from 0, never reused.
pub(crate) type ExchangeId = u32;

/// What an exchange is in the protocol's own terms, before anyone asks which of them are updates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum ProtocolKind {
    #[default]
    Setup,
    Greeting,
    /// An HTTP request and its answer; the flag marks the first page that a client's address asked for.
    Request {
        first_page: bool,
        html: bool,
    },
    /// A request answered by an event stream, which owns its events, too, where they are compressed.
    EventStream {
        compressed: bool,
    },
    /// A request answered by a switch to WebSocket.
    Upgrade,
    Event,
    Message,
    Turn,
    Control,
    Close,
}

/// Whether an exchange told the client a server's time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Told {
    #[default]
    Nothing,
    Time,
    /// The one that the client had been told before on its connection.
    TimeAgain,
}

/// An exchange that may still be given packets.
#[derive(Clone, Debug, Default)]
pub(crate) struct OpenExchange {
    pub protocol_kind: ProtocolKind,
    pub label: LabelId,
    /// Whether a server's time was found in the answer.
    pub told: Told,
    /// Whether no further byte of a message of it is expected.
    pub complete: bool,
    /// Place among all exchanges of the capture, by first packet.
    pub order: u64,
    pub first_ns: u64,
    pub last_ns: u64,
    /// When the last new byte from the client was seen.
    pub asked_ns: u64,
    /// When the first and the last new byte from the server were seen. 0: never.
    pub answer_first_ns: u64,
    pub answer_last_ns: u64,
    /// The numbers of packets, where the row limit keeps it whole.
    pub numbers: Option<Box<Numbers>>,
    pub costs: Costs,
    /// Of them: the server's packets with new data and the client's ACKs of them.
    pub push: Costs,
    /// Positions behind the last byte it owns, client's and server's.
    pub ends: Sides<u64>,
    /// Where its time goes.
    pub stopwatch: Stopwatch,
    /// Whether the row limit keeps it whole.
    pub kept: bool,
    /// What happened in it that is worth a word.
    pub happened: Option<Box<Happened>>,
    /// Whether bytes of it came in one packet with those of another exchange, or were acknowledged together with them.
    pub shares: bool,
    /// Whether bytes of its answer are missing, so that nobody can read on in it.
    pub is_cut: bool,
}

/// The numbers of the packets of an exchange: behind a pointer, since most exchanges are not kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    /// Of those that belong to it.
    pub own: Vec<u64>,
    /// Of those that it shares with others, whosever they are.
    pub shared: Vec<u64>,
}

impl OpenExchange {
    /// An exchange that begins now.
    #[inline]
    pub fn new(protocol_kind: ProtocolKind, label: LabelId, order: u64, kept: bool, begun_ns: u64) -> OpenExchange {
        // The times are set with the first packet: these are for exchanges that never get one of their own.
        OpenExchange {
            protocol_kind,
            label,
            order,
            kept,
            first_ns: begun_ns,
            last_ns: begun_ns,
            ..OpenExchange::default()
        }
    }

    /// Whether nothing more can belong to it: it is complete, and acknowledged on both sides.
    #[inline]
    pub fn is_over(&self, acked: Sides<u64>) -> bool {
        self.complete && self.ends.client <= acked.client && self.ends.server <= acked.server
    }

    /// Adds a packet, with its headers and everything below.
    #[inline]
    pub fn packet(&mut self, packet: &PacketFacts, push: bool) {
        if self.costs.packets == 0 {
            self.first_ns = packet.time_ns;
        }
        self.last_ns = self.last_ns.max(packet.time_ns);
        if self.kept {
            self.list(packet.number);
        }
        self.costs.packet(packet.headers(), packet.app > 0);
        if push {
            self.push.packet(packet.headers(), packet.app > 0);
        }
    }

    #[cold]
    fn list(&mut self, number: u64) {
        let packets = &mut self.numbers.get_or_insert_default().own;
        if packets.len() < MOST_PACKETS_LISTED {
            packets.push(number);
        }
    }

    /// Notes that a packet has bytes, or an ACK, of it and of others. What it shares with the handshake or the close of its
    /// connection is not its concern: what these cost is told with the connections.
    #[cold]
    pub fn share(&mut self, number: u64) {
        self.shares = true;
        if !self.kept {
            return;
        }
        let shared = &mut self.numbers.get_or_insert_default().shared;
        if shared.len() < MOST_PACKETS_LISTED && shared.last() != Some(&number) {
            shared.push(number);
        }
    }

    /// Whether it is something that was said: neither the handshake nor the close of its connection.
    pub fn is_said(&self) -> bool {
        !matches!(self.protocol_kind, ProtocolKind::Setup | ProtocolKind::Close)
    }

    /// Notes that new bytes of it could be read.
    #[inline]
    pub fn new_bytes(&mut self, step: &Step, ways: &Ways) {
        self.bytes_at(step);
        self.stopwatch.step(step, ways);
    }

    /// The same, of a packet of which there may be something to say.
    #[cold]
    pub fn noteworthy_bytes(
        &mut self,
        step: &Step,
        what: &Noteworthy,
        ways: &Ways,
        packet: &PacketFacts,
        room: &mut Room,
    ) {
        self.bytes_at(step);
        let from_client = packet.from_client;
        let headers = u64::from(packet.lower + packet.tcp);
        let (is_unread, is_unknown) = (self.label.is_unread(), self.label.is_unknown());
        let is_many = match self.protocol_kind {
            // What a side says next may be a message of its own: nothing tells where one ends.
            ProtocolKind::Turn => true,
            ProtocolKind::EventStream { compressed } => compressed && !from_client,
            _ => self.is_cut && !from_client,
        };
        let together = self.sent_by(from_client) + packet.app;
        let OpenExchange { stopwatch, happened, .. } = self;
        stopwatch.noteworthy_step(step, what, ways, packet.number, |fact, case, bytes| {
            let bytes = match fact {
                // Where nobody can read, nobody can tell where a message ends.
                Fact::SlowServer | Fact::SlowSender | Fact::Apart if is_unread => return,
                Fact::AckedAhead | Fact::AckedAheadFirst if is_unknown => return,
                // A pause may be one between two of them.
                Fact::SlowSender | Fact::Apart if is_many => return,
                Fact::Apart if together > what.fits => return,
                Fact::Apart => headers,
                _ => bytes,
            };
            note(happened, &Event { fact, from_client, case, count: 1, bytes }, room);
        });
        let pieces = what.pieces;
        if pieces > 0 {
            let case = Case { packets: [packet.number, 0, 0], ..Case::default() };
            let bytes = u64::from(pieces.saturating_sub(1)) * headers;
            self.note(&Event { fact: Fact::Oversized, from_client, case, count: pieces.into(), bytes }, room);
        }
    }

    /// Bytes of one side, as far as they were booked.
    fn sent_by(&self, client: bool) -> u32 {
        let server = self.push.layers.payload();
        (if client { self.costs.layers.payload().saturating_sub(server) } else { server }) as u32
    }

    #[inline]
    fn bytes_at(&mut self, step: &Step) {
        let now_ns = step.now_ns();
        self.last_ns = self.last_ns.max(now_ns);
        if step.is_from_client() {
            self.asked_ns = now_ns;
        } else {
            if self.answer_first_ns == 0 {
                self.answer_first_ns = now_ns;
            }
            self.answer_last_ns = now_ns;
        }
    }

    /// Notes something that happened in it.
    #[cold]
    pub fn note(&mut self, event: &Event, room: &mut Room) {
        note(&mut self.happened, event, room);
    }

    /// What its time went into; `None` where nobody waits, and where nobody can tell where an answer ends.
    #[inline]
    pub fn time(&self, ways: &Ways) -> Option<Time> {
        self.is_timed().then(|| self.stopwatch.time(ways))
    }

    /// The whole of it; 0 where it has none.
    #[inline]
    pub fn total_ns(&self, ways: &Ways) -> u64 {
        if self.is_timed() { self.stopwatch.total_ns(ways) } else { 0 }
    }

    fn is_timed(&self) -> bool {
        match self.protocol_kind {
            ProtocolKind::Control | ProtocolKind::Close => false,
            ProtocolKind::Turn if self.label.is_unread() => false,
            _ => self.stopwatch.has_run(),
        }
    }

    /// Adds payload bytes.
    #[inline]
    pub fn bytes(&mut self, layer: Layer, len: u64, from_client: bool) {
        self.costs.bytes(layer, len);
        if !from_client {
            self.push.bytes(layer, len);
        }
    }

    /// Notes that it owns bytes of a direction up to a position.
    #[inline]
    pub fn owns(&mut self, from_client: bool, end: u64) {
        let last = self.ends.of_mut(from_client);
        *last = end.max(*last);
    }
}

/// Puts something that happened to what is known.
fn note(happened: &mut Option<Box<Happened>>, event: &Event, room: &mut Room) {
    match happened {
        Some(happened) => happened.add(event, room),
        none => *none = Some(Happened::new(event, room)),
    }
}

/// How many packet numbers an exchange lists.
const MOST_PACKETS_LISTED: usize = 1000;
