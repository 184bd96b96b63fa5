//! How is a run ended before its time?

use tokio::sync::watch;

/// A handle with which a run is ended at once: by Ctrl-C, a signal, or the first failure among several runs.
///
/// Cheap to clone; every clone means the same run or runs. The frames recorded until then stay recorded.
#[derive(Clone, Debug)]
pub struct Stop {
    asked: watch::Sender<bool>,
}

impl Stop {
    /// A handle that nobody has used yet.
    pub fn new() -> Stop {
        Stop { asked: watch::Sender::new(false) }
    }

    /// Asks for the end. Any thread may call it, and any number of times. It takes a lock: a signal handler itself
    /// must not call it, the thread that waits for the signal may.
    pub fn now(&self) {
        self.asked.send_replace(true);
    }

    /// Whether the end was asked for.
    pub fn is_set(&self) -> bool {
        *self.asked.borrow()
    }

    /// Resolves when the end is asked for, at once if it was already.
    pub async fn asked(&self) {
        // `self` holds a sender, so the channel cannot close while this waits.
        let _ = self.asked.subscribe().wait_for(|asked| *asked).await;
    }
}

impl Default for Stop {
    fn default() -> Stop {
        Stop::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_clone_stops_the_same_run() {
        let stop = Stop::new();
        let waiting = tokio::spawn({
            let stop = stop.clone();
            async move { stop.asked().await }
        });
        tokio::task::yield_now().await;
        assert!(!stop.is_set() && !waiting.is_finished());
        stop.clone().now();
        assert!(stop.is_set());
        waiting.await.unwrap();
        stop.asked().await;
    }
}
