//! Where do the buffers of so many sockets lie?
//!
//! A socket has up to 128 KiB of them, and most never use more than a page at the beginning of each. Allocated one by one,
//! their bytes are cleared one by one as soon as the allocator gives out memory that it cannot know to be fresh: all of
//! it is then really used, a quarter of a megabyte for each connection. A slab of many is so large that every
//! allocator gets it from the system, which clears a page when it is first touched.
//!
//! A buffer is used from its beginning, so the buffers begin a whole number of pages apart: else the little that most
//! of them ever hold would lie on both sides of a page's border, and take two pages instead of one. A small buffer to
//! send from shares a page with the beginning of the other:
//!
//! ```text
//!   | send       |            receive                     |        64 KiB each: two pages are touched
//!   | send | receive                                      |        half a page and 64 KiB: one is
//! ```

use bytes::BytesMut;
use self_cell::{MutBorrow, self_cell};
use smoltcp::iface::{SocketHandle, SocketSet};
use smoltcp::socket::tcp::{Socket, SocketBuffer};

/// The memory of the sockets of all hosts on one side.
pub(super) struct Memory {
    send_buffer: usize,
    slab_len: usize,
    slab: BytesMut,
    /// What closed connections had.
    free: Vec<Piece>,
}

/// The memory of one socket.
pub(super) struct Piece {
    memory: BytesMut,
    send_buffer: usize,
}

impl Memory {
    /// For so many clients, each with one connection at a time or a few, and so many bytes to send from.
    pub(super) fn new(clients: u32, send_buffer: usize) -> Memory {
        let pieces = (clients as usize).min(MOST_PIECES);
        Memory { send_buffer, slab_len: pieces * piece_len(send_buffer), slab: BytesMut::new(), free: Vec::new() }
    }

    pub(super) fn take(&mut self) -> Piece {
        self.free.pop().unwrap_or_else(|| {
            if self.slab.is_empty() {
                self.slab = BytesMut::zeroed(self.slab_len);
            }
            Piece { memory: self.slab.split_to(piece_len(self.send_buffer)), send_buffer: self.send_buffer }
        })
    }

    pub(super) fn give_back(&mut self, piece: Piece) {
        self.free.push(piece);
    }
}

/// Where the buffer to receive in begins.
fn receive_at(send_buffer: usize) -> usize {
    if send_buffer <= PAGE / 2 { send_buffer } else { send_buffer.next_multiple_of(PAGE) }
}

fn piece_len(send_buffer: usize) -> usize {
    (receive_at(send_buffer) + RECEIVE_BUFFER).next_multiple_of(PAGE)
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
    send_buffer: usize,
}

impl Held {
    pub(super) fn new(Piece { memory, send_buffer }: Piece) -> Held {
        let mut handle = SocketHandle::default();
        let sockets = WithMemory::new(MutBorrow::new(memory), |memory| {
            let (send, receive) = memory.borrow_mut().split_at_mut(receive_at(send_buffer));
            let (send, _) = send.split_at_mut(send_buffer);
            let (receive, _) = receive.split_at_mut(RECEIVE_BUFFER);
            let mut sockets = SocketSet::new(Vec::with_capacity(1));
            handle = sockets.add(Socket::new(SocketBuffer::new(receive), SocketBuffer::new(send)));
            sockets
        });
        Held { sockets, handle, send_buffer }
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
        Piece { memory: self.sockets.into_owner().into_inner(), send_buffer: self.send_buffer }
    }
}

/// The largest window without scaling.
pub(super) const RECEIVE_BUFFER: usize = 65_535;
/// Of memory, where it is smallest; larger ones are multiples of it.
const PAGE: usize = 4096;
/// A slab of 32 MiB and more: more than what any common allocator keeps for itself.
const MOST_PIECES: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_apart_and_come_back() {
        for send_buffer in [1, 2048, 2049, 65_536] {
            let mut memory = Memory::new(1, send_buffer);
            let (mut one, two, three) = (memory.take(), memory.take(), memory.take());
            one.memory.fill(1);
            assert!(two.memory.iter().chain(three.memory.iter()).all(|&byte| byte == 0));
            let held = Held::new(one);
            let capacities = held.look(|socket| (socket.recv_capacity(), socket.send_capacity()));
            assert_eq!(capacities, (RECEIVE_BUFFER, send_buffer));
            memory.give_back(held.into_memory());
            let again = memory.take();
            assert_eq!((again.memory[0], again.send_buffer), (1, send_buffer));
        }
    }

    #[test]
    fn the_beginnings_of_both_buffers_take_as_few_pages_as_they_can() {
        assert_eq!([2048, 2049, 65_536].map(receive_at), [2048, 4096, 65_536]);
        assert_eq!([2048, 2049, 65_536].map(|send_buffer| piece_len(send_buffer) / PAGE), [17, 17, 32]);
    }
}
