//! What do programs on the virtual hosts hold in their hands?
//!
//! A listener, connectors and streams as tokio has them. Each call does at once what it causes on the link, as a
//! system call does: two writes are never merged because nobody polled in between.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::end::End;
use super::net::{Key, Shared};
use crate::options::server_address;

/// The server's listening socket.
pub struct VirtualListener {
    net: Shared,
}

/// Makes connections from one client's address.
#[derive(Clone)]
pub struct VirtualConnector {
    net: Shared,
    client: Ipv4Addr,
}

/// One end of a connection. Dropping it closes the connection, with RST if unread bytes are left.
pub struct VirtualStream {
    net: Shared,
    key: Key,
}

impl VirtualListener {
    pub(super) fn new(net: Shared) -> VirtualListener {
        VirtualListener { net }
    }

    /// The next connection and its peer's address.
    pub async fn accept(&mut self) -> io::Result<(VirtualStream, SocketAddr)> {
        let key = std::future::poll_fn(|cx| match self.net.lock().accept(cx.waker()) {
            Some(key) => Poll::Ready(key),
            None => Poll::Pending,
        })
        .await;
        Ok((VirtualStream { net: self.net.clone(), key }, (key.client, key.port).into()))
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        server_address()
    }
}

impl Drop for VirtualListener {
    fn drop(&mut self) {
        self.net.lock().stop_listening();
    }
}

impl VirtualConnector {
    pub(super) fn new(net: Shared, client: Ipv4Addr) -> VirtualConnector {
        VirtualConnector { net, client }
    }

    /// The address that it connects from.
    pub fn client(&self) -> Ipv4Addr {
        self.client
    }

    /// A new connection to the server.
    pub async fn connect(&self) -> io::Result<VirtualStream> {
        let key = self.net.lock().connect(self.client)?;
        // From here on, a connection that nobody waits for any more is given up.
        let mut stream = VirtualStream { net: self.net.clone(), key };
        std::future::poll_fn(|cx| {
            stream.call(|end, _| {
                if end.is_synchronized() {
                    Poll::Ready(Ok(()))
                } else if let Some(error) = end.take_failure() {
                    Poll::Ready(Err(error))
                } else {
                    end.wake_when_writable(cx.waker());
                    Poll::Pending
                }
            })
        })
        .await?;
        Ok(stream)
    }
}

impl VirtualStream {
    /// Breaks the connection off with RST, whatever waits to be sent or read.
    pub fn reset(self) {
        self.net.lock().call(self.key, |end, now| end.reset(now));
    }

    fn call<T>(&mut self, does: impl FnOnce(&mut End, Duration) -> Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        let over = || Poll::Ready(Err(io::Error::new(io::ErrorKind::NetworkDown, "the run is over")));
        self.net.lock().call(self.key, does).unwrap_or_else(over)
    }
}

impl Drop for VirtualStream {
    fn drop(&mut self) {
        self.net.lock().call(self.key, |end, now| end.release(now));
    }
}

impl AsyncRead for VirtualStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        self.get_mut().call(|end, now| {
            // Not all of a large buffer is cleared for the few bytes that there are.
            let readable = end.readable().min(buf.remaining());
            match end.read(buf.initialize_unfilled_to(readable), now) {
                Some(Ok(read)) => {
                    buf.advance(read);
                    Poll::Ready(Ok(()))
                }
                Some(Err(error)) => Poll::Ready(Err(error)),
                None => {
                    end.wake_when_readable(cx.waker());
                    Poll::Pending
                }
            }
        })
    }
}

impl AsyncWrite for VirtualStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[io::IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().call(|end, now| {
            let mut written = 0;
            for buf in bufs {
                // An error after some bytes were taken is met by the next call.
                match end.write(buf) {
                    Ok(taken) => {
                        written += taken;
                        if taken < buf.len() {
                            break;
                        }
                    }
                    Err(error) if written == 0 => return Poll::Ready(Err(error)),
                    Err(_) => break,
                }
            }
            if written == 0 && bufs.iter().any(|buf| !buf.is_empty()) {
                end.wake_when_writable(cx.waker());
                return Poll::Pending;
            }
            end.transmit(now);
            Poll::Ready(Ok(written))
        })
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().call(|end, now| {
            end.finish(now);
            Poll::Ready(Ok(()))
        })
    }
}

macro_rules! debug_by_name {
    ($($name:ident)*) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}

debug_by_name!(VirtualListener VirtualConnector VirtualStream);
