//! What does a connection need while its packets come, and where is that kept?
//!
//! Beside the row that is kept for good there is something larger for each connection that is open. It is found by its
//! place, which whoever looks a connection up knows as early as the row's: so a processor can fetch both at the same time.
//! (Where thousands of connections take turns, the wait for memory is most of what a packet costs.)

use crate::connection_state::ConnectionState;
use crate::conversation::Conversation;

/// What a connection needs while packets still come.
#[derive(Clone, Debug, Default)]
pub(crate) struct OpenConnection {
    /// Whose it is.
    connection: u32,
    pub state: ConnectionState,
    pub conversation: Conversation,
}

/// The place of one among [`OpenConnections`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpenPlace(u32);

/// What all connections need that are open: made for them, and kept for the next ones when they end.
#[derive(Clone, Debug, Default)]
pub(crate) struct OpenConnections {
    places: Vec<Option<Box<OpenConnection>>>,
    free: Vec<OpenPlace>,
    #[expect(clippy::vec_box, reason = "the box is what is used again")]
    spare: Vec<Box<OpenConnection>>,
}

impl OpenConnections {
    /// How many connections are open.
    pub fn count(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// Makes one for a connection.
    pub fn add(&mut self, connection: u32) -> OpenPlace {
        let mut open = self.spare.pop().unwrap_or_default();
        open.connection = connection;
        let place = self.free.pop().unwrap_or(OpenPlace(self.places.len() as u32));
        match self.get_mut(place) {
            Some(free) => *free = Some(open),
            None => self.places.push(Some(open)),
        }
        place
    }

    /// That of a connection, if it is at this place.
    #[inline(always)]
    pub fn of(&mut self, connection: u32, place: OpenPlace) -> Option<&mut OpenConnection> {
        self.get_mut(place)?.as_deref_mut().filter(|open| open.connection == connection)
    }

    /// What is spoken on the connection whose place this is.
    pub fn conversation(&self, OpenPlace(place): OpenPlace) -> Option<&Conversation> {
        Some(&self.places.get(place as usize)?.as_ref()?.conversation)
    }

    /// A connection has ended.
    pub fn put_away(&mut self, place: OpenPlace) {
        let Some(mut open) = self.get_mut(place).and_then(Option::take) else { return };
        self.free.push(place);
        if self.spare.len() < MOST_SPARE && open.state.exchanges.is_small() {
            open.state.clear();
            open.conversation = Conversation::default();
            self.spare.push(open);
        }
    }

    #[inline(always)]
    fn get_mut(&mut self, OpenPlace(place): OpenPlace) -> Option<&mut Option<Box<OpenConnection>>> {
        self.places.get_mut(place as usize)
    }
}

/// How many are kept for the next connections.
const MOST_SPARE: usize = 256;
