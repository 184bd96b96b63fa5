//! One listener, connector and stream for both makes of the wire, so that apps and clients run unmodified over either.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::virtual_wire::socket::{VirtualConnector, VirtualListener, VirtualStream};

/// A TCP connection over a wire.
#[derive(Debug)]
pub enum Stream {
    /// A socket of the kernel.
    Kernel(tokio::net::TcpStream),
    /// An end of a connection of a virtual wire.
    Virtual(VirtualStream),
}

/// The server's end: accepts connections.
#[derive(Debug)]
pub enum Listener {
    /// A socket of the kernel.
    Kernel {
        /// The socket.
        listener: tokio::net::TcpListener,
        /// `TCP_NODELAY` for what it accepts.
        no_delay: bool,
    },
    /// The server's socket of a virtual wire.
    Virtual(VirtualListener),
}

/// The client's end: makes connections to the server of its wire.
#[derive(Clone, Debug)]
pub enum Connector {
    /// Sockets of the kernel, made on the calling thread (and so in its network namespace).
    Kernel {
        /// Where the server listens.
        server: SocketAddr,
        /// Makes a socket.
        socket: fn() -> io::Result<tokio::net::TcpSocket>,
        /// `TCP_NODELAY` for each.
        no_delay: bool,
    },
    /// One client of a virtual wire.
    Virtual(VirtualConnector),
}

impl Stream {
    /// Breaks the connection off with RST (RFC 9293, section 3.5.2), whatever waits to be sent or read.
    pub fn reset(self) {
        match self {
            // Where it cannot be set, the connection was broken off before.
            Stream::Kernel(stream) => drop(stream.set_zero_linger()),
            Stream::Virtual(stream) => stream.reset(),
        }
    }
}

impl Listener {
    /// The next connection and its peer's address.
    pub async fn accept(&mut self) -> io::Result<(Stream, SocketAddr)> {
        match self {
            Listener::Kernel { listener, no_delay } => {
                let (stream, peer) = listener.accept().await?;
                stream.set_nodelay(*no_delay)?;
                Ok((Stream::Kernel(stream), peer))
            }
            Listener::Virtual(listener) => {
                let (stream, peer) = listener.accept().await?;
                Ok((Stream::Virtual(stream), peer))
            }
        }
    }

    /// Where it listens.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        match self {
            Listener::Kernel { listener, .. } => listener.local_addr(),
            Listener::Virtual(listener) => Ok(listener.local_addr()),
        }
    }
}

impl Connector {
    /// A new connection to the wire's server.
    pub async fn connect(&self) -> io::Result<Stream> {
        match self {
            Connector::Kernel { server, socket, no_delay } => {
                let stream = socket()?.connect(*server).await?;
                stream.set_nodelay(*no_delay)?;
                Ok(Stream::Kernel(stream))
            }
            Connector::Virtual(connector) => Ok(Stream::Virtual(connector.connect().await?)),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Kernel(stream) => Pin::new(stream).poll_read(cx, buf),
            Stream::Virtual(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Kernel(stream) => Pin::new(stream).poll_write(cx, buf),
            Stream::Virtual(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Kernel(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Virtual(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Kernel(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Virtual(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Kernel(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Stream::Virtual(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Stream::Kernel(stream) => stream.is_write_vectored(),
            Stream::Virtual(stream) => stream.is_write_vectored(),
        }
    }
}
