//! Which exchanges of a connection may still be given packets?
//!
//! An exchange is opened when its first byte is seen, is given packets, bytes and times while it lasts, and is closed
//! (handed to the capture's [`ExchangeTable`]) when nothing more can belong to it, so that memory grows with open exchanges and
//! not with packets.

use std::collections::VecDeque;

use crate::exchange::{ExchangeId, OpenExchange, ProtocolKind};
use crate::exchange_table::{ExchangeTable, GroupBits};
use crate::labels::{LabelId, label};
use crate::model::{Costs, LayerBytes};
use crate::sides::Sides;
use crate::timing::Ways;

/// The open exchanges of one connection.
///
/// Mostly there is one at a time: when another begins, nothing more can belong to it. So the newest stands here, and
/// those before it, while there are any, elsewhere.
#[derive(Clone, Debug, Default)]
pub(crate) struct OpenExchanges {
    /// The id of the first open exchange.
    first: ExchangeId,
    /// The open exchanges before the newest.
    older: VecDeque<OpenExchange>,
    /// The exchange begun last.
    newest: OpenExchange,
    /// Whether `newest` is one: not before the first, nor after the end.
    any: bool,
    /// The exchange in progress: the one begun last.
    current: ExchangeId,
    /// The connection's close and keep-alive exchanges, once begun.
    close: Option<ExchangeId>,
    keep_alive: Option<ExchangeId>,
}

/// What decides, when an exchange begins, which of those before it are over, and where these go.
pub(crate) struct Handover<'a> {
    pub time_ns: u64,
    /// Positions up to which the client's and the server's bytes are acknowledged.
    pub acked: Sides<u64>,
    /// Whether bytes of the packet in hand have owners, but are not booked yet.
    pub unbooked: bool,
    pub ways: &'a Ways,
    pub closed: &'a mut ClosedExchanges,
    pub table: &'a mut ExchangeTable,
}

/// The closed exchanges of a connection: whose they are, and what they come to.
#[derive(Clone, Debug)]
pub(crate) struct ClosedExchanges {
    /// The connection's number.
    pub connection: u32,
    /// Of which groups these are.
    pub groups: GroupBits,
    pub sums: ClosedSums,
}

/// What they come to, as far as the connection does not count it by itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ClosedSums {
    pub layers: LayerBytes,
    pub useful: u64,
    pub repeated_packets: u64,
}

impl ClosedSums {
    /// Adds an exchange.
    fn count(&mut self, costs: &Costs) {
        self.layers += costs.layers;
        self.useful += u64::from(costs.useful);
        self.repeated_packets += u64::from(costs.repeated_packets);
    }
}

impl ClosedExchanges {
    /// Takes an exchange that is closed.
    fn take(&mut self, open: &mut OpenExchange, id: ExchangeId, ways: &Ways, table: &mut ExchangeTable) {
        self.sums.count(&open.costs);
        self.groups.add(table.add(open, ways, self.connection, id));
    }
}

impl OpenExchanges {
    /// None, with the room that these had.
    pub fn emptied(&mut self) -> OpenExchanges {
        let mut older = std::mem::take(&mut self.older);
        older.clear();
        OpenExchanges { older, ..OpenExchanges::default() }
    }

    /// Whether it takes up no more room than a usual connection's.
    pub fn is_small(&self) -> bool {
        self.older.capacity() <= 8
    }

    /// Begins an exchange; it becomes the one in progress.
    pub fn begin(&mut self, protocol_kind: ProtocolKind, label: LabelId, at: Handover<'_>) -> ExchangeId {
        if self.any {
            if self.older.is_empty() && !at.unbooked && self.newest.is_over(at.acked) {
                self.hand_newest_over(at.ways, at.closed, at.table);
            } else {
                self.keep_newest(at.ways, at.closed, at.table);
            }
        }
        let id = self.newest_id();
        let order = at.table.next_order();
        self.newest = OpenExchange::new(protocol_kind, label, order, at.table.keeps(order), at.time_ns);
        self.any = true;
        self.current = id;
        id
    }

    /// Puts the newest to the older ones, since packets may still belong to it.
    #[cold]
    fn keep_newest(&mut self, ways: &Ways, closed: &mut ClosedExchanges, table: &mut ExchangeTable) {
        while self.older.len() >= MOST_OPEN {
            self.hand_over(ways, closed, table);
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
    fn newest_id(&self) -> ExchangeId {
        self.first + self.older.len() as u32
    }

    /// The exchange in progress on this connection, begun if there is none yet.
    #[inline]
    pub fn current(&mut self, at: Handover<'_>) -> ExchangeId {
        if !self.any {
            return self.begin(ProtocolKind::Turn, label::UNKNOWN, at);
        }
        self.clamp(self.current)
    }

    /// The exchange that closes this connection.
    pub fn close(&mut self, at: Handover<'_>) -> ExchangeId {
        match self.close {
            Some(id) => self.clamp(id),
            None => {
                let id = self.begin(ProtocolKind::Close, label::CLOSE, at);
                self.close = Some(id);
                id
            }
        }
    }

    /// The exchange of this connection's TCP keep-alives. It does not become the one in progress.
    pub fn keep_alive(&mut self, at: Handover<'_>) -> ExchangeId {
        match self.keep_alive {
            Some(id) if id >= self.first => id,
            _ => {
                let before = self.current;
                if self.any {
                    // Over or not, it stays the one in progress.
                    self.keep_newest(at.ways, at.closed, at.table);
                }
                let id = self.begin(ProtocolKind::Control, label::KEEP_ALIVE, at);
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
    pub fn get(&mut self, id: ExchangeId) -> Option<&mut OpenExchange> {
        let at = id.checked_sub(self.first)? as usize;
        if at == self.older.len() && self.any {
            return Some(&mut self.newest);
        }
        self.older.get_mut(at)
    }

    /// The exchange itself where it is still open, else the oldest that is.
    #[inline]
    pub fn clamp(&self, id: ExchangeId) -> ExchangeId {
        id.max(self.first)
    }

    /// Hands over exchanges from the oldest on while they are complete and acknowledged on both sides.
    #[inline]
    pub fn settle(&mut self, acked: Sides<u64>, ways: &Ways, closed: &mut ClosedExchanges, table: &mut ExchangeTable) {
        if !self.older.is_empty() {
            self.settle_older(acked, ways, closed, table);
        }
    }

    fn settle_older(
        &mut self,
        acked: Sides<u64>,
        ways: &Ways,
        closed: &mut ClosedExchanges,
        table: &mut ExchangeTable,
    ) {
        while self.first != self.current && self.older.front().is_some_and(|open| open.is_over(acked)) {
            self.hand_over(ways, closed, table);
        }
    }

    /// Hands over all that is open: the connection, or the capture, has ended.
    pub fn end(&mut self, ways: &Ways, closed: &mut ClosedExchanges, table: &mut ExchangeTable) {
        while !self.older.is_empty() {
            self.hand_over(ways, closed, table);
        }
        if self.any {
            self.hand_newest_over(ways, closed, table);
        }
    }

    /// Hands over the oldest of the older ones.
    fn hand_over(&mut self, ways: &Ways, closed: &mut ClosedExchanges, table: &mut ExchangeTable) {
        if let Some(mut open) = self.older.pop_front() {
            closed.take(&mut open, self.first, ways, table);
            self.first += 1;
        }
    }

    /// Hands over the newest, the only one that is open.
    fn hand_newest_over(&mut self, ways: &Ways, closed: &mut ClosedExchanges, table: &mut ExchangeTable) {
        closed.take(&mut self.newest, self.first, ways, table);
        self.first += 1;
        self.any = false;
    }
}

/// Beyond this many open exchanges the oldest is closed: a bound for connections of which one side was not captured.
const MOST_OPEN: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixture {
        exchanges: OpenExchanges,
        closed: ClosedExchanges,
        table: ExchangeTable,
        ways: Ways,
    }

    impl Fixture {
        fn new() -> Fixture {
            let closed = ClosedExchanges { connection: 0, groups: GroupBits::default(), sums: ClosedSums::default() };
            Fixture {
                exchanges: OpenExchanges::default(),
                closed,
                table: ExchangeTable::new(0, None),
                ways: Ways::default(),
            }
        }

        fn at(&mut self, unbooked: bool) -> (&mut OpenExchanges, Handover<'_>) {
            let Fixture { exchanges, closed, table, ways } = self;
            (exchanges, Handover { time_ns: 0, acked: Sides::default(), unbooked, ways, closed, table })
        }

        /// Begins a turn in which no more bytes are expected.
        fn turn(&mut self, unbooked: bool) -> ExchangeId {
            let (exchanges, at) = self.at(unbooked);
            let id = exchanges.begin(ProtocolKind::Turn, label::REQUEST, at);
            exchanges.get(id).unwrap().complete = true;
            id
        }
    }

    #[test]
    fn a_keep_alive_leaves_the_exchange_in_progress_open() {
        let mut all = Fixture::new();
        let request = all.turn(false);
        let (exchanges, at) = all.at(false);
        let probe = exchanges.keep_alive(at);
        assert_ne!(probe, request);
        let (exchanges, at) = all.at(false);
        assert_eq!(exchanges.current(at), request);
        assert_eq!(exchanges.get(request).map(|open| open.label), Some(label::REQUEST));
        let (exchanges, at) = all.at(false);
        assert_eq!(exchanges.keep_alive(at), probe);
    }

    #[test]
    fn an_exchange_that_is_over_goes_when_the_next_begins_unless_bytes_of_it_are_not_booked() {
        for (unbooked, remains) in [(false, false), (true, true)] {
            let mut all = Fixture::new();
            let first = all.turn(false);
            all.turn(unbooked);
            assert_eq!(all.exchanges.get(first).is_some(), remains);
        }
    }
}
