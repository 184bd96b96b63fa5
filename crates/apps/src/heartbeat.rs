//! When is it time to say that one is still there?
//!
//! Whatever lies between two hosts forgets a connection on which nothing is said: a proxy after a minute, a network address
//! translator after some minutes or hours. And who waits for the other to speak cannot tell silence from a broken way.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The heartbeat of one connection, where it has one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heartbeat {
    after: Option<Duration>,
    spoke: Instant,
}

impl Heartbeat {
    /// After so long a silence, from now on.
    pub(crate) fn new(after: Option<Duration>) -> Heartbeat {
        Heartbeat { after, spoke: Instant::now() }
    }

    /// Something was said.
    pub(crate) fn restart(&mut self) {
        self.spoke = Instant::now();
    }

    /// Resolves when the silence has lasted too long.
    pub(crate) async fn due(&self) {
        match self.after {
            Some(after) => sleep_until(self.spoke + after).await,
            None => std::future::pending().await,
        }
    }
}
