//! Where do a client's connections come from? From the kernel wire, the virtual one, or a test.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

/// Opens connections to the server.
///
/// Any `Fn() -> impl Future<Output = io::Result<Io>>` is one, and so is a socket address.
pub trait Connect {
    /// The connection: a byte stream whose drop closes it.
    type Io: AsyncRead + AsyncWrite + Unpin;

    /// Opens one more connection.
    fn connect(&self) -> impl Future<Output = io::Result<Self::Io>>;
}

impl<F, Opened, Io> Connect for F
where
    F: Fn() -> Opened,
    Opened: Future<Output = io::Result<Io>>,
    Io: AsyncRead + AsyncWrite + Unpin,
{
    type Io = Io;

    fn connect(&self) -> impl Future<Output = io::Result<Io>> {
        self()
    }
}

/// A plain TCP connection, with Nagle off, as browsers have it.
impl Connect for SocketAddr {
    type Io = TcpStream;

    async fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(*self).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}
