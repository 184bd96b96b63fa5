//! How long may a client keep the server waiting?
//!
//! [`Guard`] stands between a connection and the protocol on it and watches two things that the protocol's own code
//! does not see: that a client takes what is written to it, and that a request head which has begun also ends. hyper
//! has one time-out for both "no next request yet" and "a slow head"; a browser may well be idle for minutes, but a head
//! comes in one piece.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, Sleep};

use crate::Timeouts;

/// A connection with its time-outs.
#[derive(Debug)]
pub(crate) struct Guard<Io> {
    io: Io,
    head: Deadline,
    stall: Deadline,
    expects_head: Head,
}

/// Set while the next byte to come is the first of a request head. Shared with who reads the heads.
#[derive(Clone, Debug, Default)]
pub(crate) struct Head(Arc<AtomicBool>);

impl Head {
    /// From now on, the next byte begins a head.
    pub(crate) fn expect(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// A whole head has come.
    pub(crate) fn arrived(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    fn is_expected(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl<Io> Guard<Io> {
    pub(crate) fn new(io: Io, timeouts: Timeouts) -> Guard<Io> {
        Guard {
            io,
            head: Deadline::new(timeouts.head),
            stall: Deadline::new(timeouts.stall),
            expects_head: Head::default(),
        }
    }

    /// The switch of the time-out for heads; off until it is used.
    pub(crate) fn head(&self) -> Head {
        self.expects_head.clone()
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> Guard<Io> {
    /// Ends the conversation so that the last words arrive: sends FIN, then reads what still comes, for a moment.
    ///
    /// Closing a socket that holds unread bytes sends RST, and a RST makes the other end throw away what it has not read
    /// yet (RFC 9293, section 3.10.4; RFC 1122, section 4.2.2.13).
    pub(crate) async fn close(mut self) {
        if self.shutdown().await.is_err() {
            return;
        }
        let drain = async {
            let mut left = LINGER_BYTES;
            let mut scratch = [0; 256];
            while let Ok(count @ 1..) = self.io.read(&mut scratch).await
                && left > 0
            {
                left = left.saturating_sub(count);
            }
        };
        tokio::time::timeout(LINGER, drain).await.ok();
    }
}

impl<Io: AsyncRead + Unpin> AsyncRead for Guard<Io> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let guard = self.get_mut();
        if !guard.expects_head.is_expected() {
            guard.head.disarm();
        }
        let before = buf.filled().len();
        match Pin::new(&mut guard.io).poll_read(cx, buf) {
            Poll::Ready(result) => {
                if guard.expects_head.is_expected() && buf.filled().len() > before {
                    guard.head.arm();
                }
                Poll::Ready(result)
            }
            Poll::Pending if guard.head.is_armed() => {
                ready!(guard.head.poll_passed(cx));
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the request head took too long")))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<Io: AsyncWrite + Unpin> Guard<Io> {
    /// Any write that is held up starts the stall's time; any that is not ends it.
    fn watch<T>(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if outcome.is_pending() {
            self.stall.arm();
            ready!(self.stall.poll_passed(cx));
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client takes no more bytes")));
        }
        self.stall.disarm();
        outcome
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Guard<Io> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let guard = self.get_mut();
        let outcome = Pin::new(&mut guard.io).poll_write(cx, buf);
        guard.watch(cx, outcome)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let guard = self.get_mut();
        let outcome = Pin::new(&mut guard.io).poll_write_vectored(cx, bufs);
        guard.watch(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let guard = self.get_mut();
        let outcome = Pin::new(&mut guard.io).poll_flush(cx);
        guard.watch(cx, outcome)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let guard = self.get_mut();
        let outcome = Pin::new(&mut guard.io).poll_shutdown(cx);
        guard.watch(cx, outcome)
    }
}

/// A timer that is made when it is first needed: most connections never need one.
#[derive(Debug)]
struct Deadline {
    after: Duration,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    fn new(after: Duration) -> Deadline {
        Deadline { after, timer: None }
    }

    fn arm(&mut self) {
        self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + self.after)));
    }

    fn disarm(&mut self) {
        self.timer = None;
    }

    fn is_armed(&self) -> bool {
        self.timer.is_some()
    }

    fn poll_passed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.timer {
            Some(timer) => timer.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }
}

const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 256 * 1024;
