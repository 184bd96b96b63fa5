//! Who wakes the wire at the right moment, when its time is the real one?
//!
//! tokio's timers are 1 ms coarse, and half of a 25 ms round trip would become 13 ms or 14. So a thread of its own sleeps until
//! the very moment, as well as the system's own timers can, and wakes the wire then.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Instant;

/// One alarm, set anew for each wait.
#[derive(Debug)]
pub(super) struct Alarm(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// When to wake whom.
    set: Option<(Instant, Waker)>,
    over: bool,
}

impl Alarm {
    /// Starts its thread.
    pub(super) fn new() -> io::Result<Alarm> {
        let shared = Arc::new(Shared::default());
        let alarm = Alarm(shared.clone());
        thread::Builder::new().name("alarm".to_owned()).spawn(move || shared.keep())?;
        Ok(alarm)
    }

    /// Resolves at `at`. Of several waits only the latest is woken.
    pub(super) async fn until(&self, at: Instant) {
        std::future::poll_fn(|cx| {
            if Instant::now() >= at {
                return Poll::Ready(());
            }
            let mut state = self.0.state();
            let sooner = state.set.as_ref().is_none_or(|(set, _)| at < *set);
            state.set = Some((at, cx.waker().clone()));
            drop(state);
            // Where it sleeps no longer than that, it looks by itself.
            if sooner {
                self.0.changed.notify_one();
            }
            Poll::Pending
        })
        .await;
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.0.state().over = true;
        self.0.changed.notify_one();
    }
}

impl Shared {
    fn keep(&self) {
        let mut state = self.state();
        while !state.over {
            let now = Instant::now();
            state = match &state.set {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some((at, _)) if *at > now => {
                    let left = *at - now;
                    self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
                Some(_) => {
                    if let Some((_, waker)) = state.set.take() {
                        waker.wake();
                    }
                    state
                }
            };
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn it_wakes_when_the_time_has_come_and_not_before() {
        let alarm = Alarm::new().unwrap();
        for ms in [3, 1, 2] {
            let at = Instant::now() + Duration::from_millis(ms);
            alarm.until(at).await;
            assert!(Instant::now() >= at);
        }
    }

    #[tokio::test]
    async fn a_wait_that_is_given_up_does_not_hold_up_a_sooner_one() {
        let alarm = Alarm::new().unwrap();
        let far = Instant::now() + Duration::from_secs(3600);
        tokio::select! {
            biased;
            () = alarm.until(far) => unreachable!(),
            () = tokio::task::yield_now() => {}
        }
        alarm.until(Instant::now() + Duration::from_millis(1)).await;
    }
}
