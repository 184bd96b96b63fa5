//! What belongs to the client, and the same of the server.

/// One of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sides<T> {
    pub client: T,
    pub server: T,
}

impl<T> Sides<T> {
    /// The client's, or the server's.
    #[inline(always)]
    pub fn of(&self, client: bool) -> &T {
        if client { &self.client } else { &self.server }
    }

    /// The client's, or the server's.
    #[inline(always)]
    pub fn of_mut(&mut self, client: bool) -> &mut T {
        if client { &mut self.client } else { &mut self.server }
    }

    /// One side's, and the other's.
    #[inline(always)]
    pub fn both_mut(&mut self, client: bool) -> [&mut T; 2] {
        let Sides { client: ours, server: theirs } = self;
        if client { [ours, theirs] } else { [theirs, ours] }
    }

    /// The client is the server, and the server the client.
    pub fn swap(&mut self) {
        std::mem::swap(&mut self.client, &mut self.server);
    }

    /// Whether something holds for both.
    pub fn all(&self, test: impl Fn(&T) -> bool) -> bool {
        test(&self.client) && test(&self.server)
    }
}
