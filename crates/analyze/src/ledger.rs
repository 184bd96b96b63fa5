//! Which exchange does each packet belong to, and what did each exchange cost?
//!
//! One ledger a connection. An exchange is opened when its first byte is seen, is given packets, bytes and times while
//! it lasts, and is closed (handed to the capture's [`Book`]) when nothing more can belong to it, so that memory grows
//! with open exchanges and not with packets.

use std::collections::VecDeque;

use crate::book::{Book, LabelId, label};
use crate::model::{Costs, Layer, LayerBytes};

/// An exchange of one connection: counted from 0, never reused.
pub(crate) type ExId = u32;

/// What an exchange is in the protocol's own terms, before anyone asks which of them are updates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Nature {
    #[default]
    Setup,
    Greeting,
    /// An HTTP request and its answer; the flag marks the first page that a client's address asked for.
    Request {
        first_page: bool,
        html: bool,
        json: bool,
    },
    /// A request answered by an event stream.
    EventStream,
    /// A request answered by a switch to WebSocket.
    Upgrade,
    Event,
    Message,
    Turn,
    Control,
    Close,
}

/// A packet, as the ledger sees it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PacketMeta {
    pub number: u64,
    pub time_ns: u64,
    pub lower: u32,
    pub tcp: u32,
    /// Payload bytes.
    pub app: u32,
    /// Where the payload begins in its frame.
    pub payload_offset: u32,
    pub from_client: bool,
    /// Its place among the kept packets, plus one; 0 where packets are not kept.
    pub record: u32,
}

/// A byte of the capture.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The frame, counted from 1.
    pub frame: u64,
    /// Bytes from the start of it.
    pub offset: u32,
}

impl PacketMeta {
    /// Where its payload begins.
    pub fn payload(&self) -> Place {
        Place { frame: self.number, offset: self.payload_offset }
    }

    /// Where its acknowledgment number stands (RFC 9293, section 3.1).
    pub fn acknowledgment(&self) -> Place {
        Place { frame: self.number, offset: self.payload_offset.saturating_sub(self.tcp) + 8 }
    }

    /// Its bytes that are no payload.
    #[inline]
    pub fn headers(&self) -> [(Layer, u32); 2] {
        [(Layer::Lower, self.lower), (Layer::Tcp, self.tcp)]
    }
}

/// An exchange that may still be given packets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Open {
    pub nature: Nature,
    pub label: LabelId,
    /// Whether a server's time was found in the answer.
    pub has_time: bool,
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
    /// The numbers of its packets, where the row limit keeps it whole.
    #[expect(clippy::box_collection, reason = "a pointer takes up less room in the many that are not kept")]
    pub packets: Option<Box<Vec<u64>>>,
    pub costs: Costs,
    /// Of them: the server's packets with new data and the client's ACKs of them.
    pub push: Costs,
    /// Positions behind the last byte it owns, client's and server's.
    pub ends: [u64; 2],
    /// Whether the row limit keeps it whole.
    pub kept: bool,
}

/// The open exchanges of one connection.
///
/// Mostly there is one at a time: when another begins, nothing more can belong to it. So the newest stands here, and
/// those before it, while there are any, elsewhere.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// The id of the first open exchange.
    first: ExId,
    /// The open exchanges before the newest.
    older: VecDeque<Open>,
    /// The exchange begun last.
    newest: Open,
    /// Whether `newest` is one: not before the first, nor after the end.
    any: bool,
    /// Whether bytes of the packet in hand have owners, but are not booked yet.
    pub unbooked: bool,
    /// Positions up to which the client's and the server's bytes are acknowledged.
    pub acked: [u64; 2],
    /// The exchange in progress: the one begun last.
    current: ExId,
    /// The connection's close and keep-alive exchanges, once begun.
    close: Option<ExId>,
    keep_alive: Option<ExId>,
}

/// What the closed exchanges of a connection come to, as far as the connection does not count it by itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Closed {
    pub layers: LayerBytes,
    pub useful: u64,
    pub repeated_packets: u64,
}

impl Closed {
    /// Adds an exchange.
    fn count(&mut self, costs: &Costs) {
        self.layers += costs.layers;
        self.useful += u64::from(costs.useful);
        self.repeated_packets += u64::from(costs.repeated_packets);
    }
}

/// Whose exchanges are handed over, and what they come to.
#[derive(Debug)]
pub(crate) struct Account {
    /// The connection's number.
    pub connection: u32,
    pub closed: Closed,
}

impl Ledger {
    /// As new, with the room that it has.
    pub fn clear(&mut self) {
        let mut older = std::mem::take(&mut self.older);
        older.clear();
        self.older = older;
        self.first = 0;
        self.any = false;
        self.unbooked = false;
        self.acked = [0; 2];
        self.current = 0;
        self.close = None;
        self.keep_alive = None;
    }

    /// Whether it takes up no more room than a usual connection's.
    pub fn is_small(&self) -> bool {
        self.older.capacity() <= 8
    }

    /// Begins an exchange; it becomes the one in progress.
    pub fn begin(
        &mut self,
        nature: Nature,
        label: LabelId,
        at: &PacketMeta,
        account: &mut Account,
        book: &mut Book,
    ) -> ExId {
        if self.any {
            if self.older.is_empty() && !self.unbooked && self.newest.is_over(self.acked) {
                self.hand_newest_over(account, book);
            } else {
                self.keep_newest(account, book);
            }
        }
        let id = self.newest_id();
        let order = book.next_order();
        self.newest.restart(nature, label, order, book.keeps(order), at);
        self.any = true;
        self.current = id;
        id
    }

    /// Puts the newest to the older ones, since packets may still belong to it.
    #[cold]
    fn keep_newest(&mut self, account: &mut Account, book: &mut Book) {
        while self.older.len() >= MOST_OPEN {
            self.hand_over(account, book);
        }
        if self.older.capacity() == 0 {
            // Mostly there is no second one.
            self.older.reserve_exact(1);
        }
        self.older.push_back(std::mem::take(&mut self.newest));
        self.any = false;
    }

    /// The id of the newest open exchange, or the one that the next will have where none is open.
    #[inline]
    fn newest_id(&self) -> ExId {
        self.first + self.older.len() as u32
    }

    /// The exchange in progress on this connection, begun if there is none yet.
    pub fn current(&mut self, at: &PacketMeta, account: &mut Account, book: &mut Book) -> ExId {
        if !self.any {
            return self.begin(Nature::Turn, label::UNKNOWN, at, account, book);
        }
        self.clamp(self.current)
    }

    /// The exchange that closes this connection.
    pub fn close(&mut self, at: &PacketMeta, account: &mut Account, book: &mut Book) -> ExId {
        match self.close {
            Some(id) => self.clamp(id),
            None => {
                let id = self.begin(Nature::Close, label::CLOSE, at, account, book);
                self.close = Some(id);
                id
            }
        }
    }

    /// The exchange of this connection's TCP keep-alives. It does not become the one in progress.
    pub fn keep_alive(&mut self, at: &PacketMeta, account: &mut Account, book: &mut Book) -> ExId {
        match self.keep_alive {
            Some(id) if id >= self.first => id,
            _ => {
                let before = self.current;
                if self.any {
                    // Over or not, it stays the one in progress.
                    self.keep_newest(account, book);
                }
                let id = self.begin(Nature::Control, label::KEEP_ALIVE, at, account, book);
                self.keep_alive = Some(id);
                if before >= self.first && id > self.first {
                    self.current = before;
                }
                id
            }
        }
    }

    /// An open exchange, or `None` once it was closed.
    #[inline]
    pub fn get(&mut self, id: ExId) -> Option<&mut Open> {
        let at = id.checked_sub(self.first)? as usize;
        if at == self.older.len() && self.any {
            return Some(&mut self.newest);
        }
        self.older.get_mut(at)
    }

    /// The exchange itself where it is still open, else the oldest that is.
    #[inline]
    pub fn clamp(&self, id: ExId) -> ExId {
        id.max(self.first)
    }

    /// Gives bytes to an exchange that had been on the wire before.
    pub fn repeated_bytes(&mut self, id: ExId, len: u64, meta: &PacketMeta) {
        if let Some(open) = self.get(id) {
            open.last_ns = open.last_ns.max(meta.time_ns);
            open.bytes(Layer::Retransmitted, len, meta.from_client);
        }
    }

    /// Says of bytes that were given to an exchange as content what they turned out to be.
    pub fn reclassify(&mut self, id: ExId, layer: Layer, len: u64) {
        let Some(open) = self.get(id) else { return };
        let layers = &mut open.costs.layers;
        let len = len.min(layers[Layer::Content]);
        layers[Layer::Content] -= len;
        layers[layer] += len;
    }

    /// Notes that a packet given to `id` brought nothing new.
    pub fn repeated(&mut self, id: ExId, from_client: bool) {
        if let Some(open) = self.get(id) {
            open.costs.repeated_packets = open.costs.repeated_packets.saturating_add(1);
            open.push.repeated_packets = open.push.repeated_packets.saturating_add(u32::from(!from_client));
        }
    }

    /// Notes that an exchange owns bytes of a direction up to a position.
    #[inline]
    pub fn owns(&mut self, id: ExId, from_client: bool, end: u64) {
        if let Some(open) = self.get(id) {
            open.owns(from_client, end);
        }
    }

    /// Hands over exchanges from the oldest on while they are complete and acknowledged on both sides.
    #[inline]
    pub fn settle(&mut self, account: &mut Account, book: &mut Book) {
        if !self.older.is_empty() {
            self.settle_older(account, book);
        }
    }

    fn settle_older(&mut self, account: &mut Account, book: &mut Book) {
        while self.first != self.current && self.older.front().is_some_and(|open| open.is_over(self.acked)) {
            self.hand_over(account, book);
        }
    }

    /// Hands over all that is open: the connection, or the capture, has ended.
    pub fn end(&mut self, account: &mut Account, book: &mut Book) {
        while !self.older.is_empty() {
            self.hand_over(account, book);
        }
        if self.any {
            self.hand_newest_over(account, book);
        }
    }

    /// Hands over the oldest of the older ones.
    fn hand_over(&mut self, account: &mut Account, book: &mut Book) {
        if let Some(open) = self.older.front_mut() {
            account.closed.count(&open.costs);
            book.add(open, account.connection, self.first);
            self.older.pop_front();
            self.first += 1;
        }
    }

    /// Hands over the newest, the only one that is open.
    fn hand_newest_over(&mut self, account: &mut Account, book: &mut Book) {
        account.closed.count(&self.newest.costs);
        book.add(&mut self.newest, account.connection, self.first);
        self.first += 1;
        self.any = false;
    }
}

impl Open {
    /// Makes a new exchange of one that was handed over, field by field: it is large, and there is one for every few
    /// packets.
    #[inline]
    fn restart(&mut self, nature: Nature, label: LabelId, order: u64, kept: bool, at: &PacketMeta) {
        self.nature = nature;
        self.label = label;
        self.has_time = false;
        self.complete = false;
        self.order = order;
        // The time is set with the first packet; `at` only names it for exchanges that never get one of their own.
        self.first_ns = at.time_ns;
        self.last_ns = at.time_ns;
        self.asked_ns = 0;
        self.answer_first_ns = 0;
        self.answer_last_ns = 0;
        self.packets = None;
        self.costs = Costs::default();
        self.push = Costs::default();
        self.ends = [0; 2];
        self.kept = kept;
    }

    /// Whether nothing more can belong to it: it is complete, and acknowledged on both sides.
    #[inline]
    fn is_over(&self, acked: [u64; 2]) -> bool {
        let ([ours, theirs], [a, b]) = (self.ends, acked);
        self.complete && ours <= a && theirs <= b
    }

    /// Adds a packet, with its headers and everything below.
    #[inline]
    pub fn packet(&mut self, meta: &PacketMeta, push: bool) {
        if self.costs.packets == 0 {
            self.first_ns = meta.time_ns;
        }
        self.last_ns = self.last_ns.max(meta.time_ns);
        if self.kept {
            self.list(meta.number);
        }
        self.costs.packet(meta.headers(), meta.app > 0);
        if push {
            self.push.packet(meta.headers(), meta.app > 0);
        }
    }

    #[cold]
    fn list(&mut self, number: u64) {
        let packets = self.packets.get_or_insert_default();
        if packets.len() < MOST_PACKETS_LISTED {
            packets.push(number);
        }
    }

    /// Notes that a packet brought new bytes.
    #[inline]
    pub fn new_bytes_at(&mut self, meta: &PacketMeta) {
        self.last_ns = self.last_ns.max(meta.time_ns);
        if meta.from_client {
            self.asked_ns = meta.time_ns;
        } else {
            if self.answer_first_ns == 0 {
                self.answer_first_ns = meta.time_ns;
            }
            self.answer_last_ns = meta.time_ns;
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
        let [ours, theirs] = &mut self.ends;
        let slot = if from_client { ours } else { theirs };
        *slot = (*slot).max(end);
    }
}

/// Beyond this many open exchanges the oldest is closed: a bound for connections of which one side was not captured.
const MOST_OPEN: usize = 64;
/// How many packet numbers an exchange lists.
const MOST_PACKETS_LISTED: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keep_alive_leaves_the_exchange_in_progress_open() {
        let (mut ledger, mut book) = (Ledger::default(), Book::new(0));
        let mut account = Account { connection: 0, closed: Closed::default() };
        let at = PacketMeta::default();
        let request = ledger.begin(Nature::Turn, label::REQUEST, &at, &mut account, &mut book);
        ledger.get(request).expect("just begun").complete = true;
        let probe = ledger.keep_alive(&at, &mut account, &mut book);
        assert_ne!(probe, request);
        assert_eq!(ledger.current(&at, &mut account, &mut book), request);
        assert_eq!(ledger.get(request).map(|open| open.label), Some(label::REQUEST));
        assert_eq!(ledger.keep_alive(&at, &mut account, &mut book), probe);
    }

    #[test]
    fn an_exchange_that_is_over_goes_when_the_next_begins_unless_bytes_of_it_are_not_booked() {
        for (unbooked, remains) in [(false, false), (true, true)] {
            let (mut ledger, mut book) = (Ledger::default(), Book::new(0));
            let mut account = Account { connection: 0, closed: Closed::default() };
            let at = PacketMeta::default();
            let first = ledger.begin(Nature::Turn, label::REQUEST, &at, &mut account, &mut book);
            ledger.get(first).expect("just begun").complete = true;
            ledger.unbooked = unbooked;
            ledger.begin(Nature::Turn, label::REQUEST, &at, &mut account, &mut book);
            assert_eq!(ledger.get(first).is_some(), remains);
        }
    }
}
