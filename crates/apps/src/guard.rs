//! How long may a client keep the server waiting?
//!
//! [`Guard`] stands between a connection and the protocol on it and sees to three things that the protocol's own code
//! does not see:
//!
//! - a client must take what is written to it;
//! - a request head that has begun must also end. hyper has one time-out for both "no next request yet" and "a slow
//!   head"; a browser may well be idle for minutes, but a head comes in one piece;
//! - a client that closes its side (FIN) may still wait for its answer (RFC 9112, section 9.6), unless that has no end:
//!   nobody says in words that they have had enough of an event stream, so there closing means leaving, and so it does
//!   where an answer is held until there is something to say;
//! - the last words must arrive. Closing a socket that holds unread bytes sends RST instead of FIN, and a RST makes the
//!   other end throw away what it has not read yet (RFC 1122, section 4.2.2.13). So shutting down means: send FIN, then
//!   read and drop what still comes, for a moment.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use crate::Timeouts;

/// A connection with its time-outs.
#[derive(Debug)]
pub(crate) struct Guard<Io> {
    io: Io,
    /// What was read before anybody could use it.
    ahead: Bytes,
    /// What was written may not be on its way yet.
    is_unflushed: bool,
    phase: Phase,
    head: Deadline,
    stall: Deadline,
    /// Runs from our FIN on.
    linger: Deadline,
    /// How many bytes are still read and dropped after our FIN.
    linger_bytes: usize,
}

/// What the bytes to come are; shared by a guard with the protocol's code.
#[derive(Clone, Debug, Default)]
pub(crate) struct Phase(Arc<AtomicU8>);

impl Phase {
    /// The next byte to come begins a request head.
    pub(crate) fn before_head(&self) {
        // Not after the end: hyper may still finish an answer then.
        self.0.compare_exchange(OTHER, BEFORE_HEAD, Relaxed, Relaxed).ok();
    }

    /// The head has come; what follows is not watched.
    pub(crate) fn after_head(&self) {
        for before in [BEFORE_HEAD, AT_REST, IN_HEAD] {
            self.0.compare_exchange(before, OTHER, Relaxed, Relaxed).ok();
        }
    }

    /// A byte has come.
    fn heard(&self) {
        for before in [BEFORE_HEAD, AT_REST] {
            self.0.compare_exchange(before, IN_HEAD, Relaxed, Relaxed).ok();
        }
    }

    /// The next head is asked for, nothing of it has come, and all that was said before is on its way.
    fn rest(&self) {
        self.0.compare_exchange(BEFORE_HEAD, AT_REST, Relaxed, Relaxed).ok();
    }

    /// Whether the protocol's code could be left now and begun anew with the next head: it has no more to say. It may
    /// have the first bytes of that head, if they came together with the one before.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.is(AT_REST)
    }

    /// The answer to come has no end, and no request can follow it: a client that closes its side has left.
    pub(crate) fn endless(&self) {
        self.0.compare_exchange(OTHER, ENDLESS, Relaxed, Relaxed).ok();
    }

    /// The answer is held until there is something to say, and a client that closes its side meanwhile has left. Until the
    /// value that is given is dropped.
    pub(crate) fn holding(&self) -> Holding {
        self.0.compare_exchange(OTHER, HELD, Relaxed, Relaxed).ok();
        Holding(self.clone())
    }

    /// No byte to come matters, and what is written now are the last words: flushing them also shuts the connection
    /// down. For protocol code that can flush, but has no way to shut down.
    pub(crate) fn over(&self) {
        self.0.store(OVER, Relaxed);
    }

    fn is(&self, phase: u8) -> bool {
        self.0.load(Relaxed) == phase
    }
}

/// See [`Phase::holding`].
#[derive(Debug)]
pub(crate) struct Holding(Phase);

impl Drop for Holding {
    fn drop(&mut self) {
        self.0.0.compare_exchange(HELD, OTHER, Relaxed, Relaxed).ok();
    }
}

impl<Io> Guard<Io> {
    pub(crate) fn new(io: Io, timeouts: Timeouts) -> Guard<Io> {
        Guard {
            io,
            ahead: Bytes::new(),
            is_unflushed: false,
            phase: Phase::default(),
            head: Deadline::new(timeouts.head),
            stall: Deadline::new(timeouts.stall),
            linger: Deadline::new(LINGER),
            linger_bytes: LINGER_BYTES,
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase.clone()
    }

    /// Takes back what was read and not used.
    pub(crate) fn unread(&mut self, bytes: Bytes) {
        self.ahead = bytes;
    }
}

impl<Io: AsyncRead + Unpin> Guard<Io> {
    /// Waits until the client has said something; whether it did before it closed.
    ///
    /// hyper takes 8 KiB for each of its two buffers as soon as it has a connection. If it has one only while there is
    /// something to read or to say, a connection that waits costs nothing, and a thousand that come at once need one
    /// such pair at a time.
    pub(crate) async fn hears_something(&mut self) -> io::Result<bool> {
        if self.ahead.is_empty() {
            let mut byte = [0];
            let read = self.read(&mut byte).await?;
            self.ahead = Bytes::copy_from_slice(&byte[..read]);
        }
        Ok(!self.ahead.is_empty())
    }

    /// Reads and drops until the client has closed too, or has said or waited too much.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.linger_bytes > 0 && self.linger.poll_passed(cx).is_pending() {
            match ready!(self.poll_drop_some(cx)) {
                Ok(0) | Err(_) => break,
                Ok(count) => self.linger_bytes = self.linger_bytes.saturating_sub(count),
            }
        }
        Poll::Ready(())
    }

    /// Reads and drops until the client has closed its side, which is an error here.
    fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        loop {
            match ready!(self.poll_drop_some(cx)) {
                Ok(0) => return Poll::Ready(io::Error::new(io::ErrorKind::ConnectionAborted, "the client has left")),
                Ok(_) => {}
                Err(error) => return Poll::Ready(error),
            }
        }
    }

    /// Waits until the client has closed its side, which is an error here, or has said something, which is kept: it is the
    /// next request.
    fn poll_left_unasked(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        if !self.ahead.is_empty() {
            return Poll::Pending;
        }
        let mut scratch = [0; 512];
        let mut early = ReadBuf::new(&mut scratch);
        match ready!(Pin::new(&mut self.io).poll_read(cx, &mut early)) {
            Ok(()) if early.filled().is_empty() => {
                Poll::Ready(io::Error::new(io::ErrorKind::ConnectionAborted, "the client has left"))
            }
            Ok(()) => {
                self.ahead = Bytes::copy_from_slice(early.filled());
                Poll::Pending
            }
            Err(error) => Poll::Ready(error),
        }
    }

    /// Reads and drops what there is; how much that was, 0 at the end.
    fn poll_drop_some(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut scratch = [0; 512];
        let mut dropped = ReadBuf::new(&mut scratch);
        ready!(Pin::new(&mut self.io).poll_read(cx, &mut dropped))?;
        Poll::Ready(Ok(dropped.filled().len()))
    }
}

impl<Io: AsyncRead + Unpin> AsyncRead for Guard<Io> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let guard = self.get_mut();
        guard.forget_other_heads();
        let before = buf.filled().len();
        buf.put_slice(&guard.ahead.split_to(guard.ahead.len().min(buf.remaining())));
        let outcome = match Pin::new(&mut guard.io).poll_read(cx, buf) {
            // Nothing after what was there is fine, and an error or the end will come again.
            _ if buf.filled().len() > before => Poll::Ready(Ok(())),
            outcome => outcome,
        };
        match outcome {
            Poll::Ready(result) => {
                if buf.filled().len() > before {
                    guard.phase.heard();
                }
                if guard.phase.is(IN_HEAD) {
                    guard.head.arm();
                }
                Poll::Ready(result)
            }
            Poll::Pending if guard.head.is_armed() => {
                ready!(guard.head.poll_passed(cx));
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the request head took too long")))
            }
            Poll::Pending => {
                if !guard.is_unflushed {
                    guard.phase.rest();
                }
                Poll::Pending
            }
        }
    }
}

impl<Io> Guard<Io> {
    /// The time of a head that has come is over, however the next one does.
    fn forget_other_heads(&mut self) {
        if !self.phase.is(IN_HEAD) {
            self.head.disarm();
        }
    }

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

impl<Io: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guard<Io> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let guard = self.get_mut();
        guard.is_unflushed = true;
        let outcome = Pin::new(&mut guard.io).poll_write(cx, buf);
        guard.watch(cx, outcome)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let guard = self.get_mut();
        guard.is_unflushed = true;
        let outcome = Pin::new(&mut guard.io).poll_write_vectored(cx, bufs);
        guard.watch(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let guard = self.get_mut();
        guard.forget_other_heads();
        let outcome = Pin::new(&mut guard.io).poll_flush(cx);
        ready!(guard.watch(cx, outcome))?;
        guard.is_unflushed = false;
        if guard.phase.is(OVER) {
            return Pin::new(guard).poll_shutdown(cx);
        }
        // hyper reads nothing while it answers, but flushes whenever it has looked whether there is more to write.
        if guard.phase.is(ENDLESS)
            && let Poll::Ready(left) = guard.poll_left(cx)
        {
            return Poll::Ready(Err(left));
        }
        if guard.phase.is(HELD)
            && let Poll::Ready(left) = guard.poll_left_unasked(cx)
        {
            return Poll::Ready(Err(left));
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let guard = self.get_mut();
        if !guard.linger.is_armed() {
            let outcome = Pin::new(&mut guard.io).poll_shutdown(cx);
            ready!(guard.watch(cx, outcome))?;
            guard.phase.over();
            guard.linger.arm();
        }
        guard.poll_linger(cx).map(Ok)
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

const OTHER: u8 = 0;
const BEFORE_HEAD: u8 = 1;
const IN_HEAD: u8 = 2;
const ENDLESS: u8 = 3;
const OVER: u8 = 4;
const AT_REST: u8 = 5;
const HELD: u8 = 6;

const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 256 * 1024;
