//! Which exchange does each packet belong to, and what did each exchange cost?
//!
//! One ledger a connection. An exchange is opened when its first byte is seen, is given packets, bytes and times while
//! it lasts, and is closed (handed to the capture's [`Book`]) when nothing more can belong to it, so that memory grows
//! with open exchanges and not with packets.

use std::collections::VecDeque;

use crate::book::{Book, LabelId, label};
use crate::costs::{Costs, Parts};
use crate::model::Part;

/// An exchange of one connection: counted from 0, never reused.
pub(crate) type ExId = u32;

/// What an exchange is in the protocol's own terms, before anyone asks which of them are updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Nature {
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
    pub from_client: bool,
    /// Its place among the kept packets, plus one; 0 where packets are not kept.
    pub record: u32,
}

/// An exchange that may still be given packets.
#[derive(Clone, Debug)]
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
    pub packets: Vec<u64>,
    pub costs: Costs,
    /// Of them: the server's packets with new data and the client's ACKs of them.
    pub push: Costs,
    /// Positions behind the last byte it owns, client's and server's.
    pub ends: [u64; 2],
    /// Whether the row limit keeps it whole.
    pub kept: bool,
}

/// The open exchanges of one connection.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// The id of the first open exchange.
    first: ExId,
    open: VecDeque<Open>,
    /// The exchange in progress: the one begun last.
    current: ExId,
    /// The connection's close and keep-alive exchanges, once begun.
    close: Option<ExId>,
    keep_alive: Option<ExId>,
    /// What the exchanges that were handed over come to.
    pub closed: Closed,
}

/// What the closed exchanges of a connection come to, as far as the connection does not count it by itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Closed {
    pub parts: Parts,
    pub useful: u64,
    pub repeated_packets: u64,
}

impl Closed {
    /// Adds those of another.
    pub fn add(&mut self, other: &Closed) {
        self.parts.add(&other.parts);
        self.useful += other.useful;
        self.repeated_packets += other.repeated_packets;
    }
}

impl Ledger {
    /// As new, with the room that it has.
    pub fn clear(&mut self) {
        let mut open = std::mem::take(&mut self.open);
        open.clear();
        *self = Ledger { open, ..Ledger::default() };
    }

    /// Whether it takes up no more room than a usual connection's.
    pub fn is_small(&self) -> bool {
        self.open.capacity() <= 8
    }

    /// Begins an exchange; it becomes the one in progress.
    pub fn begin(&mut self, nature: Nature, label: LabelId, at: &PacketMeta, connection: u32, book: &mut Book) -> ExId {
        self.retire(connection, book, MOST_OPEN);
        let id = self.first + self.open.len() as u32;
        let order = book.next_order();
        if self.open.capacity() == 0 {
            // Most connections never have more than two at a time.
            self.open.reserve_exact(2);
        }
        self.open.push_back(Open {
            nature,
            label,
            has_time: false,
            complete: false,
            order,
            // The time is set with the first packet; `at` only names it for exchanges that never get one of their own.
            first_ns: at.time_ns,
            last_ns: at.time_ns,
            asked_ns: 0,
            answer_first_ns: 0,
            answer_last_ns: 0,
            packets: Vec::new(),
            costs: Costs::default(),
            push: Costs::default(),
            ends: [0; 2],
            kept: book.keeps(order),
        });
        self.current = id;
        id
    }

    /// The exchange in progress on this connection, begun if there is none yet.
    pub fn current(&mut self, at: &PacketMeta, connection: u32, book: &mut Book) -> ExId {
        if self.open.is_empty() {
            return self.begin(Nature::Turn, label::UNKNOWN, at, connection, book);
        }
        self.clamp(self.current)
    }

    /// The exchange that closes this connection.
    pub fn close(&mut self, at: &PacketMeta, connection: u32, book: &mut Book) -> ExId {
        match self.close {
            Some(id) => self.clamp(id),
            None => {
                let id = self.begin(Nature::Close, label::CLOSE, at, connection, book);
                self.close = Some(id);
                id
            }
        }
    }

    /// The exchange of this connection's TCP keep-alives. It does not become the one in progress.
    pub fn keep_alive(&mut self, at: &PacketMeta, connection: u32, book: &mut Book) -> ExId {
        match self.keep_alive {
            Some(id) if id >= self.first => id,
            _ => {
                let before = self.current;
                let id = self.begin(Nature::Control, label::KEEP_ALIVE, at, connection, book);
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
        self.open.get_mut(id.checked_sub(self.first)? as usize)
    }

    /// The exchange itself where it is still open, else the oldest that is.
    #[inline]
    pub fn clamp(&self, id: ExId) -> ExId {
        id.max(self.first)
    }

    /// Gives a packet, with its headers and everything below, to an exchange. Its payload is given by [`Ledger::bytes`].
    #[inline]
    pub fn packet(&mut self, id: ExId, meta: &PacketMeta, push: bool) {
        let Some(open) = self.get(id) else { return };
        if open.costs.packets == 0 {
            open.first_ns = meta.time_ns;
        }
        open.last_ns = open.last_ns.max(meta.time_ns);
        if open.kept && open.packets.len() < MOST_PACKETS_LISTED {
            open.packets.push(meta.number);
        }
        open.costs.packet(meta);
        if push {
            open.push.packet(meta);
        }
    }

    /// Gives payload bytes to an exchange.
    #[inline]
    pub fn bytes(&mut self, id: ExId, part: Part, len: u64, meta: &PacketMeta) {
        let Some(open) = self.get(id) else { return };
        open.last_ns = open.last_ns.max(meta.time_ns);
        if part != Part::Retransmitted {
            if meta.from_client {
                open.asked_ns = meta.time_ns;
            } else {
                if open.answer_first_ns == 0 {
                    open.answer_first_ns = meta.time_ns;
                }
                open.answer_last_ns = meta.time_ns;
            }
        }
        open.costs.bytes(part, len);
        if !meta.from_client {
            open.push.bytes(part, len);
        }
    }

    /// Says of bytes that were given to an exchange as content what they turned out to be.
    pub fn reclassify(&mut self, id: ExId, part: Part, len: u64) {
        let Some(open) = self.get(id) else { return };
        let parts = &mut open.costs.parts;
        let len = len.min(parts.content);
        parts.content -= len;
        *parts.of(part) += len;
    }

    /// Notes that a packet given to `id` brought nothing new.
    pub fn repeated(&mut self, id: ExId, from_client: bool) {
        if let Some(open) = self.get(id) {
            open.costs.repeated_packets = open.costs.repeated_packets.saturating_add(1);
            open.push.repeated_packets = open.push.repeated_packets.saturating_add(u32::from(!from_client));
        }
    }

    /// Notes that an exchange owns bytes of a direction up to a position.
    pub fn owns(&mut self, id: ExId, from_client: bool, end: u64) {
        if let Some(open) = self.get(id)
            && let Some(slot) = open.ends.get_mut(usize::from(!from_client))
        {
            *slot = (*slot).max(end);
        }
    }

    /// Hands over exchanges from the oldest on while they are complete and acknowledged on both sides.
    #[inline]
    pub fn settle(&mut self, acked: [u64; 2], connection: u32, book: &mut Book) {
        while self.open.len() > 1
            && self.open.front().is_some_and(|open| {
                open.complete
                    && open.ends.iter().zip(&acked).all(|(end, acked)| end <= acked)
                    && self.first != self.current
            })
        {
            self.hand_over(connection, book);
        }
    }

    /// Hands over all that is open: the connection, or the capture, has ended.
    pub fn end(&mut self, connection: u32, book: &mut Book) {
        self.retire(connection, book, 0);
    }

    fn retire(&mut self, connection: u32, book: &mut Book, most: usize) {
        while self.open.len() > most {
            self.hand_over(connection, book);
        }
    }

    fn hand_over(&mut self, connection: u32, book: &mut Book) {
        if let Some(open) = self.open.front_mut() {
            self.closed.parts.add(&open.costs.parts);
            self.closed.useful += u64::from(open.costs.useful);
            self.closed.repeated_packets += u64::from(open.costs.repeated_packets);
            book.add(open, connection, self.first);
            self.open.pop_front();
            self.first += 1;
        }
    }
}

/// Beyond this many open exchanges the oldest is closed: a bound for connections of which one side was not captured.
const MOST_OPEN: usize = 64;
/// How many packet numbers an exchange lists.
const MOST_PACKETS_LISTED: usize = 1000;
