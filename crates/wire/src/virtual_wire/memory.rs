//! Where do the buffers of so many sockets lie?
//!
//! A socket has 128 KiB of them, and most never use more than a page at the beginning of each. Allocated one by one,
//! their bytes are cleared one by one as soon as the allocator gives out memory that it cannot know to be fresh: all of
//! it is then really used, a quarter of a megabyte for each connection. A slab of many is so large that every
//! allocator gets it from the system, which clears a page when it is first touched.
//!
//! A buffer is used from its beginning, so the buffers begin a whole number of pages apart: else the little that most
//! of them ever hold would lie on both sides of a page's border, and take two pages instead of one.

use bytes::BytesMut;
use self_cell::{MutBorrow, self_cell};
use smoltcp::iface::{SocketHandle, SocketSet};
use smoltcp::socket::tcp::{Socket, SocketBuffer};

/// The memory of a run's sockets.
pub(super) struct Memory {
    slab_len: usize,
    slab: BytesMut,
    /// What closed connections had.
    free: Vec<Piece>,
}

/// The memory of one socket.
pub(super) struct Piece(BytesMut);

impl Memory {
    /// For so many clients, each with one connection at a time or a few.
    pub(super) fn new(clients: u32) -> Memory {
        let pieces = (clients as usize).saturating_mul(2).min(MOST_PIECES);
        Memory { slab_len: pieces * PIECE, slab: BytesMut::new(), free: Vec::new() }
    }

    pub(super) fn take(&mut self) -> Piece {
        self.free.pop().unwrap_or_else(|| {
            if self.slab.is_empty() {
                self.slab = BytesMut::zeroed(self.slab_len);
            }
            Piece(self.slab.split_to(PIECE))
        })
    }

    pub(super) fn give_back(&mut self, piece: Piece) {
        self.free.push(piece);
    }
}

self_cell! {
    struct WithMemory {
        owner: MutBorrow<BytesMut>,
        #[not_covariant]
        dependent: SocketSet,
    }
}

/// A socket in a piece of memory.
pub(super) struct Held {
    sockets: WithMemory,
    handle: SocketHandle,
}

impl Held {
    pub(super) fn new(Piece(memory): Piece) -> Held {
        let mut handle = SocketHandle::default();
        let sockets = WithMemory::new(MutBorrow::new(memory), |memory| {
            let (receive, send) = memory.borrow_mut().split_at_mut(STRIDE);
            let (receive, _) = receive.split_at_mut(RECEIVE_BUFFER);
            let mut sockets = SocketSet::new(Vec::with_capacity(1));
            handle = sockets.add(Socket::new(SocketBuffer::new(receive), SocketBuffer::new(send)));
            sockets
        });
        Held { sockets, handle }
    }

    /// The socket.
    pub(super) fn socket<T>(&mut self, does: impl FnOnce(&mut Socket<'_>) -> T) -> T {
        self.sockets.with_dependent_mut(|_, sockets| does(sockets.get_mut(self.handle)))
    }

    /// The same, to look at.
    pub(super) fn look<T>(&self, does: impl FnOnce(&Socket<'_>) -> T) -> T {
        self.sockets.with_dependent(|_, sockets| does(sockets.get(self.handle)))
    }

    /// The set that it is the only one in, as an interface takes it.
    pub(super) fn set<T>(&mut self, does: impl FnOnce(&mut SocketSet<'_>) -> T) -> T {
        self.sockets.with_dependent_mut(|_, sockets| does(sockets))
    }

    /// Gives the socket up.
    pub(super) fn into_memory(self) -> Piece {
        Piece(self.sockets.into_owner().into_inner())
    }
}

/// The largest window without scaling.
pub(super) const RECEIVE_BUFFER: usize = 65_535;
const SEND_BUFFER: usize = 65_536;
/// From the beginning of one buffer to that of the next: a multiple of every page size that there is.
const STRIDE: usize = 65_536;
const PIECE: usize = STRIDE + SEND_BUFFER;
/// A slab of 64 MiB: more than what any common allocator keeps for itself.
const MOST_PIECES: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_apart_and_come_back() {
        let mut memory = Memory::new(1);
        let (mut one, two, three) = (memory.take(), memory.take(), memory.take());
        assert_eq!([&one, &two, &three].map(|piece| piece.0.len()), [PIECE; 3]);
        one.0.fill(1);
        assert!(two.0.iter().chain(three.0.iter()).all(|&byte| byte == 0));
        let held = Held::new(one);
        assert_eq!(held.look(|socket| (socket.recv_capacity(), socket.send_capacity())), (RECEIVE_BUFFER, SEND_BUFFER));
        memory.give_back(held.into_memory());
        assert_eq!(memory.take().0[0], 1);
    }
}
