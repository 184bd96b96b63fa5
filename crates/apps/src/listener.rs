//! Where do connections come from, and what if there are none to be had?

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use crate::seldom::Seldom;

/// Where connections come from: a socket of the kernel, a simulated host, or pipes in memory.
pub trait Listener: Send + 'static {
    /// One connection.
    type Io: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next connection and its peer's address. Must lose nothing when the future is dropped.
    fn accept(&mut self) -> impl Future<Output = io::Result<(Self::Io, SocketAddr)>> + Send;

    /// Where it listens.
    fn local_addr(&self) -> io::Result<SocketAddr>;
}

impl Listener for tokio::net::TcpListener {
    type Io = tokio::net::TcpStream;

    async fn accept(&mut self) -> io::Result<(Self::Io, SocketAddr)> {
        tokio::net::TcpListener::accept(self).await
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        tokio::net::TcpListener::local_addr(self)
    }
}

/// The next connection, however long it takes. `seldom` is when a failure may be told again.
///
/// An error of one connection (its client went away while it waited) is passed over. Any other one, such as having no
/// file descriptor left, says something of the machine and may last: wait, twice as long each time, and try again. The
/// server neither dies of it nor spins.
pub(crate) async fn accept_patiently<L: Listener>(listener: &mut L, seldom: &mut Seldom) -> (L::Io, SocketAddr) {
    let mut pause = FIRST_PAUSE;
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_of_one_connection(&error) => tokio::task::yield_now().await,
            Err(error) => {
                if seldom.is_due() {
                    tracing::warn!("no connection can be accepted, clients have to wait: {error}");
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
