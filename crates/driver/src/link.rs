//! One connection of a client: what has come and is not read yet, and every wait bounded by a deadline.

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    task::{Poll, ready},
};

use bytes::BytesMut;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf},
    time::{Instant, timeout_at},
};

use crate::{Connect, Fault, excerpt::excerpt};

/// An open connection.
pub(crate) struct Link<Io> {
    io: Io,
    /// Received and not consumed.
    pub input: BytesMut,
}

impl<Io: AsyncRead + AsyncWrite + Unpin> Link<Io> {
    pub(crate) async fn open<C: Connect<Io = Io>>(connector: &C, deadline: Instant) -> Result<Link<Io>, Fault> {
        let awaited = "the connection to be accepted";
        let io = timeout_at(deadline, connector.connect()).await;
        let io = io.map_err(|_| Fault::Unanswered { awaited, received: 0 })?.map_err(Fault::Connect)?;
        Ok(Link { io, input: BytesMut::new() })
    }

    /// Sends all of `bytes` in one write, so that they leave in one segment if they fit into one.
    pub(crate) async fn send(&mut self, what: &'static str, bytes: &[u8], deadline: Instant) -> Result<(), Fault> {
        let written = async {
            self.io.write_all(bytes).await?;
            self.io.flush().await
        };
        let awaited = "the server to take what the client sends";
        let written = timeout_at(deadline, written).await.map_err(|_| Fault::Unanswered { awaited, received: 0 })?;
        written.map_err(|source| Fault::Send { what, source })
    }

    /// Waits for more bytes, of which `received` have come. Fails where the server closes instead.
    pub(crate) async fn receive(
        &mut self,
        awaited: &'static str,
        received: usize,
        deadline: Instant,
    ) -> Result<(), Fault> {
        match self.receive_or_end(awaited, received, deadline).await? {
            0 => Err(Fault::Ended { awaited, received }),
            _ => Ok(()),
        }
    }

    /// Waits for more bytes, and says how many came: 0 where the server closed instead.
    pub(crate) async fn receive_or_end(
        &mut self,
        awaited: &'static str,
        received: usize,
        deadline: Instant,
    ) -> Result<usize, Fault> {
        let read = timeout_at(deadline, self.read()).await.map_err(|_| Fault::Unanswered { awaited, received })?;
        read.map_err(|source| Fault::Receive { awaited, source })
    }

    /// Waits for more bytes without a deadline. May be dropped at any time: no byte is lost.
    ///
    /// Nothing is held for what may come: thousands of clients wait at the same time.
    pub(crate) async fn read(&mut self) -> io::Result<usize> {
        let Link { io, input } = self;
        if input.is_empty() {
            *input = BytesMut::new();
        }
        poll_fn(|cx| {
            let mut piece = [0; READ_SIZE];
            let mut read = ReadBuf::new(&mut piece);
            ready!(Pin::new(&mut *io).poll_read(cx, &mut read))?;
            input.extend_from_slice(read.filled());
            Poll::Ready(Ok(read.filled().len()))
        })
        .await
    }

    /// Waits, while the server has no reason to speak, until it closes the connection. Bytes are a fault.
    pub(crate) async fn ended(&mut self) -> Result<(), Fault> {
        // A reset of an idle connection ends it just as well.
        if self.input.is_empty() && matches!(self.read().await, Ok(0) | Err(_)) {
            return Ok(());
        }
        Err(Fault::Unasked { found: excerpt(&self.input) })
    }

    /// One write without a deadline, of as much as the connection takes. May be dropped at any time.
    pub(crate) async fn write_some(&mut self, bytes: &mut BytesMut) -> io::Result<usize> {
        self.io.write_buf(bytes).await
    }

    /// Closes the connection, both directions at once, as close(2) does.
    pub(crate) async fn close(mut self) {
        // It may be broken already, and then is closed all the same.
        let _ = self.io.shutdown().await;
    }
}

/// The most that is read at once.
const READ_SIZE: usize = 2048;
