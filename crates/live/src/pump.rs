//! How are two connections made one?
//!
//! What comes in on one goes out on the other, at once and no faster than it is taken there. An end (FIN) is handed on as an
//! end of that direction alone, a break (RST) as a break of all. So what one side does, the other sees:
//!
//! | on one connection | on the other |
//! |---|---|
//! | bytes | the same bytes, in as many writes as there were reads |
//! | the peer reads nothing, the window is full | nothing more is read, so its window fills, too |
//! | FIN | FIN; the other direction goes on |
//! | RST, or any other failure to read | RST |
//! | a write fails, because the peer is gone | what it had said before is still delivered, then RST |
//!
//! Nothing is kept but what one read has brought and the other side has not taken yet: 64 KiB for each direction at most,
//! and nothing while a connection is silent.

use std::cell::RefCell;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::Sleep;
use wirelab_wire::Stream;

use crate::gate::{Gate, Refusal};

/// How a carried connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Both sides have said all that they had to say.
    InOrder,
    /// One side broke it off.
    Broken,
    /// What the near side asked may not pass.
    Refused,
}

/// Carries all that is said between two connections, until both sides have ended. What `near` says passes the gate.
pub async fn carry(mut near: Stream, mut far: Stream, mut gate: Gate) -> Ended {
    let (mut up, mut down) = (Way::default(), Way::default());
    let stopped = std::future::poll_fn(|cx| {
        let one = up.poll(cx, Pin::new(&mut near), Pin::new(&mut far), Some(&mut gate))?;
        let other = down.poll(cx, Pin::new(&mut far), Pin::new(&mut near), None)?;
        if one.is_ready() && other.is_ready() { Poll::Ready(Ok(())) } else { Poll::Pending }
    })
    .await;
    match stopped {
        Ok(()) if up.broken || down.broken => break_off(near, far),
        Ok(()) => Ended::InOrder,
        Err(Stop::Broken) => break_off(near, far),
        Err(Stop::Refused(refusal)) => {
            far.reset();
            // Behind an answer that is under way, nobody would take it for one of its own.
            if down.carried == 0 {
                let _ = near.write_all(refusal.answer().as_bytes()).await;
                let _ = near.shutdown().await;
                drain(&mut near).await;
            } else {
                near.reset();
            }
            Ended::Refused
        }
    }
}

fn break_off(near: Stream, far: Stream) -> Ended {
    near.reset();
    far.reset();
    Ended::Broken
}

/// Reads and drops what the peer still says, for a moment: with unread bytes a close is a RST, which may overtake the
/// answer (RFC 9112, section 9.6).
async fn drain(near: &mut Stream) {
    let all = async {
        let mut scratch = [0; 1024];
        let mut left = DRAINED;
        while left > 0 {
            match tokio::io::AsyncReadExt::read(near, &mut scratch).await {
                Ok(read @ 1..) => left = left.saturating_sub(read),
                _ => break,
            }
        }
    };
    let _ = tokio::time::timeout(LINGER, all).await;
}

/// Why carrying stopped before both sides had ended.
enum Stop {
    Broken,
    Refused(Refusal),
}

/// One direction.
#[derive(Default)]
struct Way {
    /// What was read and not written yet, from `written` on.
    pending: Vec<u8>,
    written: usize,
    carried: u64,
    has_ended: bool,
    is_done: bool,
    /// Its writer is gone.
    broken: bool,
    /// Until when bytes that might begin a request wait for the rest of it.
    patience: Option<Pin<Box<Sleep>>>,
}

impl Way {
    /// Carries what there is. Ready when nothing more will come.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        mut from: Pin<&mut Stream>,
        mut to: Pin<&mut Stream>,
        mut gate: Option<&mut Gate>,
    ) -> Poll<Result<(), Stop>> {
        for _ in 0..TURNS {
            if self.is_done {
                return Poll::Ready(Ok(()));
            }
            ready!(self.poll_write_pending(cx, to.as_mut()));
            if self.is_done {
                continue;
            }
            if self.has_ended {
                // It fails where the peer is gone: that is an end as well.
                let _ = ready!(to.as_mut().poll_shutdown(cx));
                self.is_done = true;
                continue;
            }
            let read =
                SCRATCH.with_borrow_mut(|scratch| self.poll_read(cx, from.as_mut(), to.as_mut(), &mut gate, scratch));
            match read {
                Poll::Ready(result) => result?,
                Poll::Pending => {
                    ready!(self.poll_patience(cx, gate.as_deref_mut()));
                }
            }
        }
        // Others get their turn.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Reads once, and writes what may pass.
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        from: Pin<&mut Stream>,
        to: Pin<&mut Stream>,
        gate: &mut Option<&mut Gate>,
        scratch: &mut [u8],
    ) -> Poll<Result<(), Stop>> {
        let mut buffer = ReadBuf::new(scratch);
        if ready!(from.poll_read(cx, &mut buffer)).is_err() {
            return Poll::Ready(Err(Stop::Broken));
        }
        let bytes = buffer.filled();
        self.carried += bytes.len() as u64;
        if bytes.is_empty() {
            self.has_ended = true;
            if let Some(gate) = gate {
                gate.let_go(&mut self.pending);
            }
            return Poll::Ready(Ok(()));
        }
        match gate {
            Some(gate) if !gate.is_open() => {
                let passed = gate.admit(bytes, &mut self.pending);
                self.patience = gate.holds_back().then(|| Box::pin(tokio::time::sleep(PATIENCE)));
                Poll::Ready(passed.map_err(Stop::Refused))
            }
            _ => {
                let written = match to.poll_write(cx, bytes) {
                    Poll::Ready(Ok(written)) => written,
                    Poll::Ready(Err(_)) => {
                        self.lose_writer();
                        return Poll::Ready(Ok(()));
                    }
                    Poll::Pending => 0,
                };
                self.pending.extend_from_slice(bytes.get(written..).unwrap_or_default());
                Poll::Ready(Ok(()))
            }
        }
    }

    fn poll_write_pending(&mut self, cx: &mut Context<'_>, mut to: Pin<&mut Stream>) -> Poll<()> {
        while let Some(left @ [_, ..]) = self.pending.get(self.written..) {
            match ready!(to.as_mut().poll_write(cx, left)) {
                Ok(count @ 1..) => self.written += count,
                _ => self.lose_writer(),
            }
        }
        if self.written > 0 {
            // A connection that rests takes no room.
            self.pending = Vec::new();
            self.written = 0;
        }
        Poll::Ready(())
    }

    /// The beginning of a line that might have been a request and was never finished: no browser sends one.
    fn poll_patience(&mut self, cx: &mut Context<'_>, gate: Option<&mut Gate>) -> Poll<()> {
        let Some(patience) = &mut self.patience else { return Poll::Pending };
        ready!(patience.as_mut().poll(cx));
        self.patience = None;
        if let Some(gate) = gate {
            gate.let_go(&mut self.pending);
        }
        Poll::Ready(())
    }

    /// The peer takes no more. What it said before may still be on its way: the other direction comes to its own end.
    fn lose_writer(&mut self) {
        self.pending = Vec::new();
        self.written = 0;
        self.broken = true;
        self.is_done = true;
    }
}

thread_local! {
    /// What each read goes to first: most of it is written on at once, so that connections need no buffers of their own.
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ].into_boxed_slice());
}

/// Bytes of one read.
const READ: usize = 1 << 16;
/// Reads and writes of one direction until others get their turn.
const TURNS: u32 = 16;
/// How long the beginning of what might be a request waits for its first line. A browser sends it in one piece.
const PATIENCE: Duration = Duration::from_secs(1);
/// What is still read of a peer that was refused.
const DRAINED: usize = 256 * 1024;
const LINGER: Duration = Duration::from_secs(1);
