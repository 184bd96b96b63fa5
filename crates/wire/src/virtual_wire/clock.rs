//! How does time pass?
//!
//! The runtime's clock is paused, and nothing moves it but this. tokio would move it by itself to its next timer, but
//! its timers are 1 ms coarse: half of a 25 ms round trip would become 13 ms. So:
//!
//! 1. [`Idle`] says when every task of the run waits for something. Only then may time pass.
//! 2. The next event of the link is due at some nanosecond. Up to the millisecond in which it lies tokio moves the
//!    clock, in whole milliseconds, and stops at every timer of an app on the way ([`reach`]).
//! 3. Inside that millisecond no timer of tokio's can be due, so the clock is moved to the very nanosecond, and
//!    afterwards on to the next whole millisecond before tokio takes over again.
//!
//! ```text
//!   ms    10 .         11          12   ·event      13          14
//!         |--tokio---->|---tokio-->|--->|·····ours->|---tokio-->|
//! ```
//!
//! An app's timers therefore fire at whole milliseconds since the start, rounded up, and frames are stamped exactly.
//!
//! In [real time](Pace::Real) nothing moves the clock. Nobody waits until all are idle: what is due is done at once, and an
//! [`Alarm`] wakes the wire for the next event.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

use super::alarm::Alarm;

/// Whose time a run takes.
#[derive(Debug)]
pub(super) enum Pace {
    /// Its own, which jumps from event to event.
    Virtual,
    /// Everybody's.
    Real(Alarm),
}

impl Pace {
    /// The time of the machine.
    pub(super) fn real() -> io::Result<Pace> {
        Alarm::new().map(Pace::Real)
    }

    /// The runtime that goes with it. In virtual time it has timers only; in real time programs may use sockets, too.
    pub(super) fn runtime(&self, idle: &Arc<Idle>) -> io::Result<Runtime> {
        let mut builder = Builder::new_current_thread();
        match self {
            Pace::Virtual => {
                let idle = idle.clone();
                builder.enable_time().start_paused(true).on_thread_park(move || idle.parked()).build()
            }
            Pace::Real(_) => builder.enable_all().build(),
        }
    }

    /// What tells the wire that something has changed.
    pub(super) fn idle(&self) -> Arc<Idle> {
        let tells_at_once = matches!(self, Pace::Real(_));
        Arc::new(Idle(Mutex::new(State { tells_at_once, ..State::default() })))
    }

    /// Lets programs do what they can do by now.
    pub(super) async fn settle(&self, idle: &Idle) {
        match self {
            Pace::Virtual => idle.wait().await,
            Pace::Real(_) => tokio::task::yield_now().await,
        }
    }

    /// Lets time pass towards `target` (since `started`): all of the way, or less where something may have changed before.
    pub(super) async fn reach(&self, idle: &Idle, started: Instant, target: Duration) {
        match self {
            Pace::Virtual => reach(idle, started, target).await,
            Pace::Real(alarm) => {
                tokio::select! {
                    biased;
                    () = idle.reached() => {}
                    () = alarm.until((started + target).into_std()) => {}
                }
            }
        }
    }
}

/// Tells when the runtime has nothing left to do but to let time pass.
///
/// [`Idle::parked`] is called by the runtime just before it would sleep: with no task ready, and none about to be.
#[derive(Debug, Default)]
pub(super) struct Idle(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Whoever asks is told at once, busy or not: real time waits for nobody.
    tells_at_once: bool,
    asked: bool,
    reached: bool,
    /// How often time was let pass since something last crossed the link.
    turns: u64,
    waiter: Option<Waker>,
}

impl State {
    fn tell(&mut self) {
        self.reached = true;
        if let Some(waiter) = self.waiter.take() {
            waiter.wake();
        }
    }
}

impl Idle {
    /// The next time that everything is idle shall be told.
    pub(super) fn ask(&self) {
        let mut state = self.state();
        if state.tells_at_once {
            state.tell();
        } else {
            state.asked = true;
        }
    }

    /// The runtime is about to sleep.
    pub(super) fn parked(&self) {
        let mut state = self.state();
        state.turns += 1;
        if state.asked || state.turns == MOST_TURNS {
            state.asked = false;
            state.tell();
        }
    }

    /// Something crossed the link.
    pub(super) fn moved(&self) {
        self.state().turns = 0;
    }

    /// Whether programs wake again and again, and never send anything.
    pub(super) fn is_in_vain(&self) -> bool {
        self.state().turns >= MOST_TURNS
    }

    /// Waits until everything is idle, if somebody asks.
    async fn reached(&self) {
        std::future::poll_fn(|cx| {
            let mut state = self.state();
            if std::mem::take(&mut state.reached) {
                Poll::Ready(())
            } else {
                state.waiter = Some(cx.waker().clone());
                Poll::Pending
            }
        })
        .await
    }

    /// Waits until everything else is idle.
    async fn wait(&self) {
        self.ask();
        self.reached().await;
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets time pass, while everything is idle, towards `target` (since `started`): all of the way, or less if an app's
/// timer may be due or something may have changed before. The caller looks again what is due.
async fn reach(idle: &Idle, started: Instant, target: Duration) {
    let now = started.elapsed();
    let Some(left) = target.checked_sub(now) else { return };
    let to_next_ms = (MILLISECOND - now.subsec_nanos() % MILLISECOND) % MILLISECOND;
    if to_next_ms == 0 {
        let whole = target - Duration::from_nanos(u64::from(target.subsec_nanos() % MILLISECOND));
        if whole > now {
            // Frames that apps send meanwhile ask for a look, for their events may come first.
            tokio::select! {
                biased;
                () = idle.reached() => {}
                () = tokio::time::sleep_until(started + whole) => {}
            }
        } else {
            tokio::time::advance(left).await;
        }
    } else {
        tokio::time::advance(left.min(Duration::from_nanos(to_next_ms.into()))).await;
    }
}

/// In nanoseconds.
const MILLISECOND: u32 = 1_000_000;
/// So many timers of programs may run out with nothing sent: seconds of computing, and more than any timeline has.
const MOST_TURNS: u64 = 5_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether somebody who waits is told at the next idle moment.
    fn is_told(idle: &Idle) -> bool {
        let mut wait = std::pin::pin!(idle.reached());
        let mut cx = std::task::Context::from_waker(Waker::noop());
        idle.parked();
        wait.as_mut().poll(&mut cx).is_ready()
    }

    #[test]
    fn idleness_is_told_once_to_who_asks() {
        let idle = Idle::default();
        assert!(!is_told(&idle));
        idle.ask();
        assert!(is_told(&idle));
        assert!(!is_told(&idle));
    }

    #[test]
    fn timers_that_lead_to_nothing_are_noticed() {
        let idle = Idle::default();
        for _ in 1..MOST_TURNS {
            idle.parked();
        }
        idle.moved();
        assert!(!is_told(&idle) && !idle.is_in_vain());
        for _ in 2..MOST_TURNS {
            idle.parked();
        }
        assert!(is_told(&idle) && idle.is_in_vain());
    }
}
