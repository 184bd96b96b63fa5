//! The packet in hand: what may the reading of its bytes look at, and say?
//!
//! One value goes with a packet all its way through its connection: what is known of the packet, of its connection, and
//! of the capture. The readers of the protocols begin and name exchanges with it and say whose each byte is
//! ([`PacketInHand::own`]); what that comes to is booked in one place, in [`booking`](crate::booking).
//!
//! What is owned are the bytes of the wire. A conversation inside another (HTTP in TLS, a WebSocket in a stream of HTTP/2)
//! reads bytes that were decoded, more or fewer than those that carried them: the outer one puts `owned` aside while the
//! inner one reads, as `Conversation::decide` does where bytes are read a second time, and owns the bytes of the wire
//! itself, for the exchanges that the inner one has named.

use crate::capture_state::{CaptureState, Owned};
use crate::connection_record::ConnectionRecord;
use crate::connection_state::ConnectionState;
use crate::counts::Counts;
use crate::exchange::{ExchangeId, OpenExchange, ProtocolKind, Told};
use crate::labels::LabelId;
use crate::model::{Ended, Layer, ProblemLayer, ProblemPlace};
use crate::open_exchanges::{Handover, OpenExchanges};
use crate::packet_facts::PacketFacts;
use crate::time_of_day::Found;
use crate::timing::Step;

/// A packet on its way, and what it may touch.
pub(crate) struct PacketInHand<'a> {
    pub facts: &'a PacketFacts,
    /// When its bytes can be read, and what they waited for.
    pub step: Step,
    /// What is kept of its connection.
    pub record: &'a mut ConnectionRecord,
    /// What its connection remembers while packets come.
    pub state: &'a mut ConnectionState,
    /// What all connections of the capture share.
    pub capture_state: &'a mut CaptureState,
    /// Where the bytes being read begin in their frame.
    pub offset: u64,
    /// An exchange that the next message takes over instead of beginning one.
    pub adopt: Option<ExchangeId>,
    /// How long it was held back, where it is an ACK on its own that was.
    pub late_ns: u64,
}

impl<'a> PacketInHand<'a> {
    #[inline(always)]
    pub fn new(
        facts: &'a PacketFacts,
        record: &'a mut ConnectionRecord,
        state: &'a mut ConnectionState,
        capture_state: &'a mut CaptureState,
    ) -> PacketInHand<'a> {
        let step = Step::of(facts, record.last_ns);
        PacketInHand { facts, step, record, state, capture_state, offset: 0, adopt: None, late_ns: 0 }
    }

    /// Another packet of the same connection.
    pub fn instead<'b>(&'b mut self, facts: &'b PacketFacts) -> PacketInHand<'b> {
        PacketInHand::new(facts, self.record, self.state, self.capture_state)
    }

    /// Begins an exchange.
    pub fn begin(&mut self, protocol_kind: ProtocolKind, label: LabelId) -> ExchangeId {
        if let Some(exchange) = self.adopt.take() {
            self.name(exchange, protocol_kind, label);
            return exchange;
        }
        let (exchanges, at) = self.exchanges();
        exchanges.begin(protocol_kind, label, at)
    }

    /// The exchange in progress.
    #[inline]
    pub fn current(&mut self) -> ExchangeId {
        let (exchanges, at) = self.exchanges();
        exchanges.current(at)
    }

    /// The exchange that closes the connection.
    pub fn close(&mut self) -> ExchangeId {
        let (exchanges, at) = self.exchanges();
        exchanges.close(at)
    }

    /// The exchange of the connection's TCP keep-alives.
    pub fn keep_alive(&mut self) -> ExchangeId {
        let (exchanges, at) = self.exchanges();
        exchanges.keep_alive(at)
    }

    #[inline(always)]
    fn exchanges(&mut self) -> (&mut OpenExchanges, Handover<'_>) {
        let at = Handover {
            time_ns: self.facts.time_ns,
            acked: self.state.acked(),
            unbooked: !self.capture_state.owned.is_empty(),
            ways: &self.state.timing.ways,
            closed: &mut self.record.closed,
            table: &mut self.capture_state.table,
        };
        (&mut self.state.exchanges, at)
    }

    /// An exchange, or `None` once it was closed.
    #[inline]
    pub fn open(&mut self, exchange: ExchangeId) -> Option<&mut OpenExchange> {
        self.state.exchanges.get(exchange)
    }

    /// The exchange itself where it is still open, else the oldest that is.
    #[inline]
    pub fn clamp(&self, exchange: ExchangeId) -> ExchangeId {
        self.state.exchanges.clamp(exchange)
    }

    /// Says that an exchange owns what the packet's side sends up to a position: a byte, a SYN or a FIN.
    #[inline]
    pub fn owns(&mut self, exchange: ExchangeId, end: u64) {
        let from_client = self.facts.from_client;
        self.state.directions.of_mut(from_client).own(end, exchange);
        if let Some(open) = self.open(exchange) {
            open.owns(from_client, end);
        }
    }

    /// Says what an exchange turned out to be.
    pub fn name(&mut self, exchange: ExchangeId, protocol_kind: ProtocolKind, label: LabelId) {
        if let Some(open) = self.open(exchange) {
            open.protocol_kind = protocol_kind;
            open.label = label;
        }
    }

    /// Says that no further message byte of an exchange is expected.
    pub fn complete(&mut self, exchange: ExchangeId) {
        if let Some(open) = self.open(exchange) {
            open.complete = true;
        }
    }

    /// Says that a server's time was found in the answer.
    pub fn has_time(&mut self, exchange: ExchangeId) {
        if let Some(open) = self.open(exchange) {
            open.told = Told::Time;
        }
    }

    /// Notes that the time that an exchange told was told before.
    pub fn has_time_again(&mut self, exchange: ExchangeId) {
        if let Some(open) = self.open(exchange) {
            open.told = Told::TimeAgain;
        }
    }

    /// Gives the next bytes of the packet to an exchange.
    #[inline]
    pub fn own(&mut self, exchange: ExchangeId, layer: Layer, len: usize) {
        if len == 0 {
            return;
        }
        self.offset += len as u64;
        let len = len as u32;
        match self.capture_state.owned.last_mut() {
            Some(last) if last.exchange == exchange && last.layer == layer => last.len += len,
            _ => self.capture_state.owned.push(Owned { exchange, layer, len }),
        }
    }

    /// Gives bytes with a server's time in them to an exchange.
    pub fn own_time(&mut self, exchange: ExchangeId, len: usize, found: &Found) {
        if let Some(open) = self.open(exchange) {
            open.told = Told::Time;
            // Characters of it that came in an earlier segment were given to the exchange as content.
            open.costs.useful += found.before as u32;
            open.push.useful += found.before as u32;
        }
        let time = &found.range;
        self.own(exchange, Layer::Content, time.start.min(len));
        self.own(exchange, Layer::Useful, time.end.min(len).saturating_sub(time.start));
        self.own(exchange, Layer::Content, len.saturating_sub(time.end));
    }

    /// Says of bytes that were given to an exchange as content what they turned out to be.
    pub fn reclassify(&mut self, exchange: ExchangeId, layer: Layer, len: u64) {
        let Some(open) = self.open(exchange) else { return };
        let layers = &mut open.costs.layers;
        let len = len.min(layers[Layer::Content]);
        layers[Layer::Content] -= len;
        layers[layer] += len;
    }

    /// What a request is called.
    pub fn request_label(&mut self, method: &str, target: &str) -> LabelId {
        self.capture_state.request_labels.of(method, target, &mut self.capture_state.labels)
    }

    /// Says with which status a request was answered: one that did not get what it asked for is another exchange than one
    /// that did, and is called so.
    pub fn answered_with(&mut self, exchange: ExchangeId, status: u16) {
        let CaptureState { request_labels, labels, .. } = &mut *self.capture_state;
        if let Some(open) = self.state.exchanges.get(exchange) {
            open.label = request_labels.with_status(open.label, status, labels);
        }
    }

    /// The label of this text.
    pub fn label(&mut self, text: &str) -> LabelId {
        self.capture_state.labels.id(text)
    }

    /// What is counted on its connection.
    pub fn counts(&mut self) -> &mut Counts {
        &mut self.record.counts
    }

    /// Whether this is the first page that the client's address asks for.
    pub fn is_first_visit(&mut self) -> bool {
        let (client, _) = self.record.ends();
        self.capture_state.visitors.is_first(client.addr)
    }

    /// Whether this is the first page in a frame that the client's address asks for.
    pub fn is_first_frame(&mut self) -> bool {
        let (client, _) = self.record.ends();
        self.capture_state.framed.is_first(client.addr)
    }

    /// Adds to what the packet says, for people, where somebody wants to know.
    #[inline]
    pub fn say(&mut self, text: impl FnOnce() -> String) {
        if self.facts.kept_at != 0 {
            self.say_so(text);
        }
    }

    /// Apart, so that what writes words does not stand between the instructions of those who read on.
    #[cold]
    #[inline(never)]
    fn say_so(&mut self, text: impl FnOnce() -> String) {
        self.capture_state.packets.say(self.facts, &text());
    }

    /// Notes that a message ended in the packet.
    #[inline]
    pub fn ended(&mut self, what: Ended) {
        self.capture_state.packets.ended(self.facts, what);
    }

    /// Notes that the bytes from here on could not be decoded.
    #[cold]
    pub fn problem(&mut self, layer: ProblemLayer, message: impl Into<String>) {
        self.capture_state
            .problems
            .add(ProblemPlace::Frame { frame: self.facts.number, offset: self.offset, layer }, message);
    }
}
