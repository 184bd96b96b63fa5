//! What does a connection remember while packets still come?

use crate::direction::Direction;
use crate::exchange::ExchangeId;
use crate::open_exchanges::OpenExchanges;
use crate::sides::Sides;
use crate::timing::Timing;

/// The state of a connection that is open: what its packets have led to so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConnectionState {
    pub directions: Sides<Direction>,
    pub exchanges: OpenExchanges,
    pub timing: Timing,
    /// The exchange of the handshake.
    pub setup: Option<ExchangeId>,
    /// When the last SYN was seen, until the handshake is over.
    pub syn_ns: Option<u64>,
    /// Whether its beginning was not captured, or bytes are missing from it, so that its beginnings can't be trusted.
    pub partial: bool,
}

impl ConnectionState {
    /// As new, with the room that it has.
    pub fn clear(&mut self) {
        *self = ConnectionState { exchanges: self.exchanges.emptied(), ..ConnectionState::default() };
    }

    /// Positions up to which the client's and the server's bytes are acknowledged.
    #[inline]
    pub fn acked(&self) -> Sides<u64> {
        Sides { client: self.directions.client.acked, server: self.directions.server.acked }
    }
}
