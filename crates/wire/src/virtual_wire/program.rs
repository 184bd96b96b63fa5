//! What runs on a host?
//!
//! The future that the caller handed in for it. It is polled by the run itself, for it need not be `Send`, but only
//! when something has woken it; and a panic in it becomes a result.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// The program of one host, until it ends.
pub(super) struct Program<'a, T> {
    future: Option<Pin<Box<dyn Future<Output = T> + 'a>>>,
    bell: Arc<Bell>,
}

/// Woken by what the program waits for; wakes the run.
struct Bell {
    rung: AtomicBool,
    run: Mutex<Option<Waker>>,
}

impl<'a, T> Program<'a, T> {
    pub(super) fn new(future: impl Future<Output = T> + 'a) -> Program<'a, T> {
        let bell = Bell { rung: AtomicBool::new(true), run: Mutex::new(None) };
        Program { future: Some(Box::pin(future)), bell: Arc::new(bell) }
    }

    /// Goes on if it was woken. Ready once: with its result or what its panic said.
    pub(super) fn poll(&mut self, run: &mut Context<'_>) -> Poll<Result<T, String>> {
        let Some(future) = &mut self.future else { return Poll::Pending };
        *self.bell.run.lock().unwrap_or_else(PoisonError::into_inner) = Some(run.waker().clone());
        if !self.bell.rung.swap(false, Ordering::AcqRel) {
            return Poll::Pending;
        }
        let waker = Waker::from(self.bell.clone());
        let result = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut Context::from_waker(&waker))));
        let result = match result {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(result)) => Ok(result),
            Err(panic) => Err(message(&*panic)),
        };
        self.future = None;
        Poll::Ready(result)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Bell>) {
        self.rung.store(true, Ordering::Release);
        if let Some(run) = &*self.run.lock().unwrap_or_else(PoisonError::into_inner) {
            run.wake_by_ref();
        }
    }
}

/// What a panic said.
pub(super) fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("without a message").to_owned()
}
